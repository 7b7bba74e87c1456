"""From the items of `layers` to layers and calls: repeats, blocks, conditions, sharing, names.

Plain layers of a long file take a short way: equal items are checked once. Knows the language and the graph, no shapes.
"""

from __future__ import annotations

from typing import Any

from cnnsum.diagnostics import Problem, Related, did_you_mean
from cnnsum.graph.model import Layer, Node, Place, Policy, Tensor
from cnnsum.graph.names import Names
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import show
from cnnsum.readers.native.entry import Entry, Types, parse
from cnnsum.readers.native.faults import Findings, Site
from cnnsum.readers.native.fields import Binder, Defaults, policy_of, truth
from cnnsum.readers.native.scope import Scope, Written, plain, resolve, whole
from cnnsum.readers.native.wires import Items, Wires, failed, names_in
from cnnsum.source import Document

class Frame:
    """Where layers are made: the file itself, or one use of a block.

    prefix: the path of the names in it ("" or "stage1."). block: the same as segments. current: the output of the layer before.
    replay: where the use shares another's layers, those layers in their order. related: the use, for messages about its layers.
    """

    __slots__ = ("block", "current", "policy", "prefix", "related", "replay", "scope", "trainable")

    def __init__(self, scope: Scope, prefix: str, block: tuple[str, ...], policy: Policy, *, trainable: bool) -> None:
        self.scope = scope
        self.prefix = prefix
        self.block = block
        self.policy = policy
        self.trainable = trainable
        self.current: Items = ()
        self.replay: Any = None
        self.related: tuple[Related, ...] = ()


class Use:
    """A use of a block, for others to share: its entry, its names, and the layers that it made, in their order."""

    __slots__ = ("entry", "layers", "scope")

    def __init__(self, entry: Entry, scope: Scope, layers: list[Layer]) -> None:
        self.entry = entry
        self.scope = scope
        self.layers = layers


class Expander:
    """Makes the layers and calls of a network."""

    def __init__(
        self, types: Types, findings: Findings, top: Scope, defaults: dict[Document, Defaults], names: Names
    ) -> None:
        self.types = types
        self.findings = findings
        self.top = top
        self.defaults = defaults
        self.names = names
        self.wires = Wires(findings)
        self.results = self.wires.results
        self.binder = Binder(types, findings, top, defaults)
        self.layers: list[Layer] = []
        #: Whether anything but "the layer before" was connected, so that it is to be seen whether this is a chain.
        self.wired = False
        #: Calls of layers made in blocks, in their order; names of uses of blocks with what they made.
        self._tape: list[Layer] = []
        self._uses: dict[str, list[Use]] = {}
        self._places: dict[str, Site] = {}
        self._left_out: set[str] = set()

    def reserve(self, items: list[Any]) -> None:
        """Take the names that the file gives by hand, so that no automatic name collides with one."""
        taken = self.names.taken
        for item in items:
            if type(item) is dict:
                for fields in item.values():
                    if type(fields) is dict and "name" in fields:
                        name = fields["name"]
                        if type(name) is str:
                            taken.add(name)

    def top_level(self, items: list[Any], document: Document, frame: Frame) -> None:
        """Make the layers of the file itself. An item that was met before is neither parsed nor checked again."""
        known: dict[str, tuple[LayerType, dict[str, Any], str | None, tuple[str, ...] | str | None, Policy, bool]] = {}
        automatic = self.names.automatic
        results = self.results
        layers = self.layers
        path: tuple[str | int, ...]
        current = frame.current
        late = not current or any(type(item) is not Tensor for item in current)
        for index, item in enumerate(items):
            shown = repr(item)
            made = known.get(shown)
            if made is not None and not late:
                layer_type, fields, written, positional, policy, trainable = made
                name = automatic(layer_type.name)
                path = ("layers", index)
                place = Place(document, path, None if written is None else ("layers", index, written), positional)
                layer = Layer(name, layer_type, fields, place=place, policy=policy, trainable=trainable)
                layers.append(layer)
                node = results[name] = Node(layer, current)  # type: ignore[arg-type]  # not late: all are tensors
                current = (Tensor(node),)
                continue
            entry = parse(item, document, ("layers", index), self.types, self.findings)
            if entry is None:
                continue
            frame.current = current
            self.add(entry, frame)
            current = frame.current
            late = any(type(item) is not Tensor for item in current)
            if entry.special is None and entry.type is not None:
                layer = layers[-1]
                if layer.type is not None:
                    written = None if entry.fields == entry.path else entry.type_name
                    known[shown] = layer.type, layer.fields, written, entry.positional, layer.policy, layer.trainable

    def add(self, entry: Entry, frame: Frame) -> None:
        """Make what one entry stands for, and let it be the layer before of what follows."""
        special = entry.special
        if not frame.current and (special is None or "from" not in special):
            self._no_source(entry, frame)
        if special is None:
            self._one(entry, frame, frame.scope, self._automatic(entry, frame), frame.current, ())
            return
        given = self._given_name(entry, frame)
        copies = self._copies(entry, frame)
        shared = self._shared(entry, frame, copies) if "share" in special else None
        items, keywords, first = self._source(entry, frame)
        if copies is None:
            if not self._wanted(entry, frame.scope, frame):
                frame.current = first
                self._register(entry, frame, given, first, left_out=True)
                return
            twin = shared[0] if shared else None
            name = self._automatic(entry, frame) if given is None and twin is None else given
            self._one(entry, frame, frame.scope, name, items, keywords, twin, given=given is not None)
            return
        base = self._automatic(entry, frame) if given is None else given
        frame.current = first if copies == 0 else items
        for index in range(copies):
            scope = frame.scope.with_index(index)
            name = f"{base}.{index}"
            if self._wanted(entry, scope, frame):
                twin = shared[index % len(shared)] if shared else None
                self._one(entry, frame, scope, name, items, keywords, twin, given=True, index=index)
            else:
                frame.current = first
                self._register(entry, frame, name, first, left_out=True)
            items, keywords, first = frame.current, (), frame.current
        if entry.block is not None:
            copied = [self._uses.get(f"{frame.prefix}{base}.{index}") for index in range(copies)]
            self._uses[frame.prefix + base] = [uses[0] for uses in copied if uses is not None]
        self._register(entry, frame, base, frame.current, left_out=copies == 0)

    def _no_source(self, entry: Entry, frame: Frame) -> None:
        """The first layer of a model with several inputs must say which it starts from."""
        inputs = [name for name, found in self.results.items() if isinstance(found, Node)]
        message = f"this layer comes first and the model has several inputs: say with `from` what it starts from"
        self.findings.add("GRF303", message, entry.head, help=f"its inputs are {', '.join(inputs)}")
        frame.current = (failed(entry.site()),)

    # --- one layer or one use of a block ------------------------------------------------------------------------------

    def _one(
        self,
        entry: Entry,
        frame: Frame,
        scope: Scope,
        name: str | None,
        items: Items,
        keywords: tuple[str, ...],
        twin: Layer | Use | None = None,
        *,
        given: bool = False,
        index: int = 0,
    ) -> None:
        """Make one copy of an entry under the name `name`, local to the frame; `given` by hand it may be taken."""
        if entry.block is not None and not entry.block.broken and not isinstance(twin, Layer):
            if keywords:
                message = f"block `{entry.block.name}` takes its inputs in their order: a list of names"
                self.findings.add("SPC036", message, entry.site("from"))
            self._use(entry, frame, scope, name, items, twin, given=given, index=index)
            return
        if isinstance(twin, Layer):
            layer = twin
        else:
            layer = None if frame.replay is None else next(frame.replay, None)
            if layer is None:
                layer = self._layer(entry, frame, scope, name)
                self.layers.append(layer)
            if frame.prefix:
                self._tape.append(layer)
        node = Node(layer, (), keywords)
        self.wires.connect(node, items)
        frame.current = (Tensor(node),)
        if given:
            self._register(entry, frame, name, node)
        elif name is not None:
            self.results[frame.prefix + name] = node

    def _layer(self, entry: Entry, frame: Frame, scope: Scope, name: str | None) -> Layer:
        layer_type, fields = self.binder.bind(entry, scope, frame.related)
        policy, trainable = frame.policy, frame.trainable
        if layer_type is not None:
            default = self.defaults[entry.document].special.get(layer_type)
            if default is not None:
                trainable = trainable and default[0] is not False
                policy = default[1] or policy
        special = entry.special
        if special is not None:
            if "trainable" in special:
                own = self._own_trainable(entry, scope, frame)
                # A layer's own word counts more than `defaults`; nothing thaws what a block or the model froze.
                trainable = frame.trainable and own
            if "dtype" in special:
                policy = self._own_policy(entry, scope, frame) or policy
        return Layer(
            frame.prefix + (name or ""),
            layer_type,
            fields,
            type_name=entry.type_name if layer_type is None else layer_type.name,
            place=Place(entry.document, entry.path, entry.fields, entry.positional),
            policy=policy,
            trainable=trainable,
            block=frame.block,
        )

    def _use(
        self,
        entry: Entry,
        frame: Frame,
        scope: Scope,
        name: str | None,
        items: Items,
        twin: Use | None,
        *,
        given: bool,
        index: int,
    ) -> None:
        block = entry.block
        assert block is not None
        if name is None:
            # A use that shares and has no name of its own: its layers need a path all the same.
            name = self.names.automatic(block.name, frame.prefix)[len(frame.prefix) :]
        full = frame.prefix + name
        start = len(self._tape)
        if twin is None:
            if not frame.prefix:
                block.check_use(entry, self.findings)
            inner_scope = block.bind(entry, scope, self.top, full + ".", index)
        else:
            inner_scope = Scope(twin.scope.cells, twin.scope.parent, full + ".")
        policy, trainable = frame.policy, frame.trainable
        if entry.special is not None:
            if "trainable" in entry.special:
                trainable = trainable and self._own_trainable(entry, scope, frame)
            if "dtype" in entry.special:
                policy = self._own_policy(entry, scope, frame) or policy
        inner = Frame(inner_scope, full + ".", (*frame.block, *name.split(".")), policy, trainable=trainable)
        inner.related = (Related(entry.head.span(), f"in this use of `{block.name}`"),) if block.args else ()
        inner.current = items
        inner.replay = iter(twin.layers) if twin is not None else frame.replay
        self.results[full + ".input"] = items
        self.names.taken.update([f"{full}.{one}" for one in block.names])
        for one in block.entries:
            self.add(one, inner)
        result = inner.current
        if block.output is not None:
            result = self.wires.find(block.output, full + ".", block.site("output"))
        frame.current = result
        if given:
            self._register(entry, frame, name, result)
        else:
            self.results[full] = result
            self._places[full] = entry.site()
        if twin is None:
            self._uses[full] = [Use(entry, inner_scope, self._tape[start:])]
        else:
            # The layers were another's: who shares what stands around this use finds them there.
            self._uses[full] = [Use(entry, inner_scope, twin.layers)]
            del self._tape[start:]

    # --- the keys of the language ---------------------------------------------------------------------------------------

    def _automatic(self, entry: Entry, frame: Frame) -> str:
        kind = entry.block or entry.type
        prefix = frame.prefix
        name = self.names.automatic(entry.type_name if kind is None else kind.name, prefix)
        return name[len(prefix) :] if prefix else name

    def _given_name(self, entry: Entry, frame: Frame) -> str | None:
        """The name given by hand, or None."""
        assert entry.special is not None
        name = entry.special.get("name")
        if name is None:
            return None
        site = entry.site("name")
        try:
            name = plain(whole(name, frame.scope))
        except Problem as problem:
            self.findings.problem(problem, site, frame.related)
            return None
        if not isinstance(name, str):
            self.findings.add("CFG102", f"`name` must be a text, got {show(name)}", site)
        elif not name or any(sign in name for sign in ":/$") or name.strip() != name:
            what = f"`{name}` cannot be a name" if name else "a name cannot be empty"
            help = "`:` picks an output, `/` and `$` have no place in a name" if name else None
            self.findings.add("SPC029", what, site, help=help)
        elif name == "input":
            message = "no layer can be called `input`: it is the name of what the layers start from"
            self.findings.add("SPC029", message, site)
        else:
            return name
        return None

    def _copies(self, entry: Entry, frame: Frame) -> int | None:
        """How many copies `repeat` asks for; None without `repeat`."""
        assert entry.special is not None
        if "repeat" not in entry.special:
            return None
        try:
            copies = resolve(entry.special["repeat"], frame.scope)
            if isinstance(copies, bool) or not isinstance(copies, int) or copies < 0:
                raise Problem("CFG102", f"`repeat` must be an integer of at least 0, got {show(copies)}")  # noqa: TRY301 - reported as any other
        except Problem as problem:
            self.findings.problem(problem, entry.site("repeat"), frame.related)
            return None
        return copies

    def _wanted(self, entry: Entry, scope: Scope, frame: Frame) -> bool:
        assert entry.special is not None
        if "when" not in entry.special:
            return True
        try:
            return truth(entry.special["when"], scope, "when")
        except Problem as problem:
            self.findings.problem(problem, entry.site("when"), frame.related)
            return True

    def _own_trainable(self, entry: Entry, scope: Scope, frame: Frame) -> bool:
        assert entry.special is not None
        try:
            return truth(entry.special["trainable"], scope, "trainable")
        except Problem as problem:
            self.findings.problem(problem, entry.site("trainable"), frame.related)
            return True

    def _own_policy(self, entry: Entry, scope: Scope, frame: Frame) -> Policy | None:
        assert entry.special is not None
        try:
            return policy_of(entry.special["dtype"], scope)
        except Problem as problem:
            self.findings.problem(problem, entry.site("dtype"), frame.related)
            return None

    def _source(self, entry: Entry, frame: Frame) -> tuple[Items, tuple[str, ...], Items]:
        """The inputs, the names of those that are given by name, and the first of them."""
        special = entry.special
        if special is None or "from" not in special:
            return frame.current, (), frame.current
        self.wired = True
        site = entry.site("from")
        try:
            value = whole(special["from"], frame.scope)
        except Problem as problem:
            self.findings.problem(problem, site, frame.related)
            return frame.current, (), frame.current
        keywords: tuple[str, ...] = ()
        listed = names_in(value, site)
        if isinstance(value, dict) and value:
            keywords = self._keywords(entry, value)
            listed = [(name, site._replace(path=(*site.path, key))) for key, name in value.items() if key in keywords]
        if not listed or not all(isinstance(name, str) and name for name, _ in listed):
            message = f"`from` must be the name of a layer, or a list of names, got {show(value)}"
            self.findings.add("CFG102", message, site)
            return frame.current, (), frame.current
        found = []
        for name, where in listed:
            prefix, here = frame.prefix, where
            if type(name) is Written:
                prefix, here = name.scope.prefix, name.site or where
            found.append(self.wires.find(str(name), prefix, here))
        return tuple([item for items in found for item in items]), keywords, found[0]

    def _keywords(self, entry: Entry, value: dict[str, Any]) -> tuple[str, ...]:
        """The inputs given by name, those that the type has."""
        if entry.type is None:
            return tuple(value)
        inputs = entry.type.schema.inputs
        for name in value:
            if name not in inputs:
                help = did_you_mean(name, inputs) or f"its inputs are {', '.join(inputs)}"
                self.findings.add(
                    "GRF304", f"{entry.type.name} has no input `{name}`", entry.site("from", name, key=True), help=help
                )
        return tuple([name for name in value if name in inputs])

    def _shared(self, entry: Entry, frame: Frame, copies: int | None) -> list[Layer | Use] | None:
        """What an entry with `share` uses again: one thing, or one for each copy."""
        from cnnsum.readers.native.share import find_shared

        self.wired = True
        found = find_shared(entry, frame, copies, self.results, self._uses, self.findings)
        if found is None:
            # Reported: what would share is a layer of its own of which nothing is known.
            entry.type = entry.block = None
        return found

    def _register(
        self, entry: Entry, frame: Frame, name: str | None, result: Node | Items, *, left_out: bool = False
    ) -> None:
        """Let a name given by hand stand for a result. Of a name given twice the kept layer counts, or else the first."""
        if not name:
            return
        full = frame.prefix + name
        if full in self.results:
            if left_out:
                return
            if full not in self._left_out:
                first = self._places.get(full)
                related = () if first is None else (Related(first.span(), f"the first `{name}` is here"),)
                self.findings.add("GRF307", f"the name `{name}` is used twice", entry.site("name"), related=related)
                return
            self._left_out.discard(full)
        elif left_out:
            self._left_out.add(full)
        self.results[full] = result
        self._places[full] = entry.site("name") if "name" in (entry.special or ()) else entry.site()
