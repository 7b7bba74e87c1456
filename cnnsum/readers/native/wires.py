"""What `from` means: names to tensors, backwards and forwards, and the cycles that this allows.

Every name is a path from the top of the file ("stage1.0.expand"); in a block the names are looked for below the
block's own path, so that nothing outside of it is in sight. A name that is not known yet is looked up when all layers
are made.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.diagnostics import did_you_mean
from cnnsum.graph.model import Layer, Node, Tensor
from cnnsum.readers.native.faults import Findings, Site
from cnnsum.readers.native.scope import Written
from cnnsum.typed import Any, TypeAlias


class Later:
    """A name that is used before it is known, or that stands for nothing."""

    __slots__ = ("name", "prefix", "site", "state", "tensors")

    def __init__(self, prefix: str, name: str, site: Site) -> None:
        self.prefix = prefix
        self.name = name
        self.site = site
        #: "" before it is looked up, "busy" meanwhile, then "done"; tensors: None where it stands for nothing.
        self.state = ""
        self.tensors: tuple[Tensor, ...] | None = None


Item: TypeAlias = "Tensor | Later"
Items: TypeAlias = "tuple[Item, ...]"


def fail(layer: Layer) -> None:
    """Make the layer one that nothing is known of, after its problem was reported."""
    layer.type = layer.graph = None
    layer.fields = {}
    layer.key = (None, layer.name)


class Wires:
    """All names of a network, and the calls whose inputs are not known yet."""

    __slots__ = ("_picked", "bent", "findings", "results", "waiting")

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.results: dict[str, Node | Items] = {}
        self.waiting: list[tuple[Node, Items]] = []
        #: The outputs of what is not known yet, each once: what depends on itself is seen by meeting it again.
        self._picked: dict[tuple[str, str], Later] = {}
        #: Whether anything but "the layer before" was connected, so that it is to be seen whether this is a chain.
        self.bent = False

    def find(self, name: str, prefix: str, site: Site) -> Items:
        """What a name stands for: one tensor, or several for the input of a block that was given several."""
        return self._find(name, prefix, site) or (Later(prefix, name, site),)

    def _find(self, name: str, prefix: str, site: Site) -> Items | None:
        found = self.results.get(prefix + name)
        if found is not None:
            return (Tensor(found),) if isinstance(found, Node) else found
        base, colon, index = name.rpartition(":")
        if colon and index.isdecimal() and len(index) < 6:
            found = self.results.get(prefix + base)
            if found is not None:
                return self._pick(found, int(index), base, site)
        return None

    def _pick(self, found: Node | Items, index: int, base: str, site: Site) -> Items:
        if isinstance(found, Node):
            return (Tensor(found, index),)
        if len(found) > 1:
            if index < len(found):
                return (found[index],)
            message = f"`{base}` is {len(found)} tensors here: there is no `{base}:{index}`"
            self.findings.add("GRF304", message, site)
            return (failed(site),)
        (only,) = found or (failed(site),)
        if isinstance(only, Tensor):
            # The result of a block is an output of its last layer, which may have more.
            return (Tensor(only.node, index),) if only.index == 0 else found
        key = only.prefix, f"{only.name}:{index}"
        return (self._picked.setdefault(key, Later(*key, only.site)),)

    def connect(self, node: Node, items: Items) -> None:
        """Give a call its inputs, now or when they are known."""
        for item in items:
            if type(item) is Later:
                self.waiting.append((node, items))
                return
        node.inputs = items  # type: ignore[assignment]  # none of them is a Later

    def resolve(self, items: Items) -> tuple[tuple[Tensor, ...], bool]:
        """The tensors, once all layers are made, and whether all of them exist (what does not is reported)."""
        tensors: list[Tensor] = []
        good = True
        for item in items:
            if isinstance(item, Tensor):
                tensors.append(item)
            else:
                found = self._look_up(item)
                good = good and found is not None
                tensors.extend(found or ())
        return tuple(tensors), good

    def tensors(self, items: Items) -> tuple[Tensor, ...]:
        """Those of the tensors that are known, once all layers are connected."""
        return tuple(
            [tensor for item in items for tensor in ((item,) if isinstance(item, Tensor) else item.tensors or ())]
        )

    def _look_up(self, later: Later) -> tuple[Tensor, ...] | None:
        """The tensors of a name, through the names of layers that are left out. Without recursion: chains are long."""
        meant: dict[Later, Items] = {}
        stack = [later]
        while stack:
            one = stack[-1]
            if one.state == "done":
                stack.pop()
                continue
            if not one.state:
                one.state = "busy"
                found = self._find(one.name, one.prefix, one.site)
                if found is None:
                    self._unknown(one)
                    one.state = "done"
                    continue
                meant[one] = found
                stack += [item for item in found if isinstance(item, Later) and not item.state]
                continue
            tensors: list[Tensor] = []
            for item in meant[one]:
                if isinstance(item, Later) and item.state == "busy":
                    help = "name a layer that needs none of this"
                    self.findings.add("GRF301", f"`{item.prefix}{item.name}` depends on itself", item.site, help=help)
                known = (item,) if isinstance(item, Tensor) else item.tensors
                if known is None:
                    break
                tensors += known
            else:
                one.tensors = tuple(tensors)
            one.state = "done"
        return later.tensors

    def _unknown(self, later: Later) -> None:
        prefix = later.prefix
        if self._in_failed(prefix, later.name):
            return
        message = f"there is no layer `{later.name}`"
        if not self.findings.diagnostics.wants_help("GRF302"):
            self.findings.add("GRF302", message, later.site)
            return
        known = [name[len(prefix) :] for name in self.results if name.startswith(prefix)]
        help = self._of_model(prefix, later.name) or did_you_mean(later.name, known)
        if help is None and later.name in self.results:
            help = (
                "a block sees its own layers and `input`; what else it needs is given to it by an argument or by `from`"
            )
        elif help is None and later.name == "input":
            inputs = [
                name for name, found in self.results.items() if type(found) is Node and found.layer.spec is not None
            ]
            help = f"the model has several inputs: {', '.join(inputs)}"
        elif help is None:
            direct = [name for name in known if "." not in name and name != "input_layer"]
            help = f"the names here are {', '.join(direct[:10])}" + (", ..." if len(direct) > 10 else "")
        self.findings.add("GRF302", message, later.site, help=help)

    def _of_model(self, prefix: str, name: str) -> str | None:
        """Advice on a name of a layer in a model within this one."""
        outer = name.partition(".")[0]
        found = self.results.get(prefix + outer)
        if isinstance(found, Node) and found.layer.graph is not None:
            return f"what is in `{outer}`, a model of its own, is not in sight here; `{outer}` is what it gives"
        return None

    def _in_failed(self, prefix: str, name: str) -> bool:
        """Whether the name is that of a layer in something of which nothing is known, which was reported."""
        outer, dot, _ = name.rpartition(".")
        while dot:
            found = self.results.get(prefix + outer)
            if isinstance(found, tuple) and len(found) == 1 and isinstance(found[0], Tensor):
                found = found[0].node  # the last of several copies
            if isinstance(found, Node) and not (found.layer.type or found.layer.spec or found.layer.graph):
                return True
            outer, dot, _ = outer.rpartition(".")
        return False

    def finish(self) -> None:
        """Connect what waits. A call whose input does not exist yields nothing known; then cycles are opened."""
        for node, items in self.waiting:
            node.inputs, good = self.resolve(items)
            if not good:
                self._cut(node)
        if self.waiting:
            self._open_cycles([node for node, _ in self.waiting])

    def _open_cycles(self, starts: list[Node]) -> None:
        """Report every cycle once, and cut it at the call that closes it. Without recursion: chains are long."""
        done: set[Node] = set()
        for start in starts:
            if start in done:
                continue
            path: list[Node] = [start]
            on_path = {start}
            inputs: list[Iterator[Tensor]] = [iter(start.inputs)]
            while path:
                for tensor in inputs[-1]:
                    node = tensor.node
                    if node in on_path:
                        self._report_cycle(node, path)
                        node.inputs = tuple([one for one in node.inputs if one.node not in on_path])
                        self._cut(node)
                    elif node not in done:
                        path.append(node)
                        on_path.add(node)
                        inputs.append(iter(node.inputs))
                        break
                else:
                    inputs.pop()
                    node = path.pop()
                    on_path.discard(node)
                    done.add(node)

    def _report_cycle(self, node: Node, path: list[Node]) -> None:
        from cnnsum.graph.order import CycleError

        place = node.layer.place
        error = CycleError(node, path)
        self.findings.add(error.code, error.message, None if place is None else place.span(("from",)), help=error.help)

    def _cut(self, node: Node) -> None:
        """Let a call yield nothing known. The inputs that it has stay, so that they are not reported as unused."""
        layer = node.layer
        node.keywords = ()
        if len(layer.nodes) == 1:
            fail(layer)
            return
        # Other calls of the layer are good.
        alone = Layer(layer.name, None, type_name=layer.type_name, place=layer.place, block=layer.block)
        layer.nodes.remove(node)
        for index, other in enumerate(layer.nodes):
            other.index = index
        node.layer = alone
        node.index = 0
        alone.nodes.append(node)


def failed(site: Site) -> Later:
    """Stands for a tensor whose absence has been reported."""
    later = Later("", "", site)
    later.state = "done"
    return later


def names_in(value: object, site: Site) -> list[tuple[Any, Site]] | None:
    """The names that `from` lists, each with its place; None where it is not a list of names."""
    if isinstance(value, str):
        return [(value, site)]
    if isinstance(value, list):
        listed: list[tuple[object, Site]] = []
        for index, item in enumerate(value):
            here = site._replace(path=(*site.path, index))
            # A name that stands for a list of names (`$others`) brings all of them in.
            given = isinstance(item, list) and all(type(one) is Written for one in item)
            listed.extend([(one, here) for one in (item if given else [item])])
        return listed
    return None
