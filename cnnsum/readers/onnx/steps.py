"""The nodes of an ONNX file one after another, with those of its own functions, of branches that are known to run, and
of graphs that run again and again, in the place of the nodes that call them.

Tensors of such a graph get names of their own; those that it holds have one for all its runs. Knows how the format
nests graphs, and no other operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cnnsum.graph.model import MAX_LAYERS
from cnnsum.readers.onnx.parts import Around, Held, Known, Path, Step, hand_on
from cnnsum.readers.onnx.runs import Runs
from cnnsum.readers.onnx.values import attribute_of
from cnnsum.typed import Any

#: Functions within functions, and branches within branches.
_DEEPEST = 20
#: How the standard's own domain is called in files, and in keys.
_STANDARD = ("", "ai.onnx")
#: Operations that hold graphs.
_NESTING = frozenset(("If", "Loop", "Scan", "SequenceMap"))


class TooManyError(Exception):
    """The file's functions expand to more nodes than anything has."""


def versions_of(imports: list[Any]) -> dict[str, int]:
    """The version of each domain that is imported; the standard's is "ai.onnx"."""
    return {_domain(one.get("domain") or ""): one.get("version") or 0 for one in imports}


def _domain(name: str) -> str:
    return "ai.onnx" if name in _STANDARD else name


class Steps:
    """Walks the nodes of a model. known: what is known of tensors when it is asked."""

    def __init__(self, model: Mapping[str, Any], known: Known) -> None:
        self.functions: dict[tuple[str, str, str], tuple[Any, Path]] = {}
        for at, one in enumerate(model.get("functions") or []):
            key = (_domain(one.get("domain") or ""), one.get("name") or "", one.get("overload") or "")
            self.functions.setdefault(key, (one, ("functions", at)))
        self.known = known
        self.versions = versions_of(model.get("opset_import") or [])
        self._count = 0
        self._calls = 0
        #: The names of the tensors that a graph holds, by the graph: it may run more than once.
        self._kept: dict[int, dict[str, str]] = {}
        self._runs = Runs(self._put, known)

    def of(self, graph: Mapping[str, Any], path: Path) -> Iterator[Step | Held]:
        """The nodes of the model's graph, in their order; raises TooManyError where functions make too many of them."""
        if self.functions and self._expanded(graph.get("node") or [], {}, 0) > MAX_LAYERS:
            raise TooManyError
        return self._walk(enumerate(graph.get("node") or []), (*path, "node"), {}, {}, self.versions, "", 0)

    def _key(self, node: Mapping[str, Any]) -> tuple[str, str, str]:
        """What a function is called by."""
        return _domain(node.get("domain") or ""), node.get("op_type") or "", node.get("overload") or ""

    def _expanded(self, nodes: list[Any], counted: dict[tuple[str, str, str], int], depth: int) -> int:
        """How many nodes there are with those of functions, without putting them there. One that calls itself has no
        end.
        """
        count = 0
        for node in nodes:
            key = self._key(node)
            count += 1
            if key not in self.functions or depth >= _DEEPEST:
                continue
            if key not in counted:
                counted[key] = MAX_LAYERS + 1
                counted[key] = self._expanded(self.functions[key][0].get("node") or [], counted, depth + 1)
            count += counted[key]
        return count

    def _walk(
        self,
        nodes: Iterable[tuple[int, Any]],
        path: Path,
        names: Mapping[str, str],
        given: Mapping[str, Any],
        versions: Mapping[str, int],
        prefix: str,
        depth: int,
    ) -> Iterator[Step | Held]:
        for at, node in nodes:
            self._count += 1
            if self._count > MAX_LAYERS:
                raise TooManyError
            place = (*path, at)
            domain, type = _domain(node.get("domain") or ""), node.get("op_type") or ""
            inputs = tuple([names.get(one, one) if one else "" for one in node.get("input") or []])
            outputs = tuple([names.get(one, one) if one else "" for one in node.get("output") or []])
            attributes = _attributes(node, given)
            name = prefix + (node.get("name") or "") if node.get("name") else ""
            scopes = _scopes(node)
            opset = versions.get(domain, 0)
            step = Step(type, domain, name, inputs, outputs, attributes, opset, place, scopes, self._runs.times)
            called = self.functions.get(self._key(node))
            if depth >= _DEEPEST:
                yield step
            elif called is not None:
                yield from self._call(step, *called, depth)
            elif domain != "ai.onnx" or type not in _NESTING:
                yield step
            else:
                around = Around(names, given, versions, prefix, depth)
                inner = self._branch(step, around) or self._runs.of(step, around)
                yield from (step,) if inner is None else inner

    def _call(self, step: Step, function: Mapping[str, Any], path: Path, depth: int) -> Iterator[Step | Held]:
        """The nodes of a function of the file, with the names of the caller."""
        own: dict[str, str] = {}
        formal = function.get("input") or []
        for at, one in enumerate(formal):
            own[one] = step.inputs[at] if at < len(step.inputs) else ""
        nodes = function.get("node") or []
        made = {name for node in nodes for name in node.get("output") or []}
        handed = _named_outputs(function.get("output") or [], step.outputs, made, own)
        given = {one.get("name") or "": one for one in function.get("attribute_proto") or []}
        given.update(step.attributes)
        self._name_inner(nodes, own, [])
        versions = versions_of(function.get("opset_import") or []) or self.versions
        prefix = f"{step.name}/" if step.name else ""
        yield from self._walk(enumerate(nodes), (*path, "node"), own, given, versions, prefix, depth + 1)
        # What a function hands on as it is, or twice.
        for one, outer in handed:
            yield hand_on(step, own.get(one, ""), outer, self._runs.times)

    def _branch(self, step: Step, around: Around) -> Iterator[Step | Held] | None:
        """The branch of an `If` that runs, where that is known."""
        if step.type != "If" or len(step.inputs) != 1:
            return None
        answer = self.known.condition(step.inputs[0])
        name = "then_branch" if answer else "else_branch"
        graph = attribute_of(step.attributes[name]) if answer is not None and name in step.attributes else None
        return None if graph is None else self._put(step, graph, name, around, {}, step.outputs)

    def _put(
        self,
        step: Step,
        graph: Mapping[str, Any],
        attribute: str,
        around: Around,
        formal: Mapping[str, str],
        outputs: tuple[str, ...],
    ) -> Iterator[Step | Held]:
        """The nodes of a graph within a node, which sees the names around it.

        formal: the tensors that stand for its inputs. outputs: what its outputs are called outside.
        """
        names, given, versions, prefix, depth = around
        path: Path = (*step.path, "attribute", attribute)
        outs = [one.get("name") or "" for one in graph.get("output") or []]
        initial = {one.get("name") or "": one for one in graph.get("initializer") or []}
        again = self._kept.get(id(graph))
        nodes = list(enumerate(graph.get("node") or []))
        if again:
            nodes = [(at, node) for at, node in nodes if not _is_kept(node, again)]
        made = {name for _, node in nodes for name in node.get("output") or []}
        own = {name: outer for name, outer in names.items() if name not in made and name not in initial}
        own.update(formal)
        handed = _named_outputs(outs, outputs, made, own)
        self._calls += 1
        self._name_inner([node for _, node in nodes], own, [] if again else list(initial))
        if again is None:
            again = self._kept[id(graph)] = {name: own[name] for name in (*initial, *_constants(nodes)) if name in own}
            for at, (name, one) in enumerate(initial.items()):
                yield Held(own.get(name, ""), one, (*path, "initializer", at))
        else:
            own.update(again)
        yield from self._walk(nodes, (*path, "node"), own, given, versions, prefix, depth + 1)
        for one, outer in handed:
            yield hand_on(step, own.get(one, one), outer, self._runs.times)

    def _name_inner(self, nodes: list[Any], own: dict[str, str], more: list[str]) -> None:
        """Give the tensors that are made inside names that nothing outside has."""
        self._calls += 1
        for name in (*more, *[name for node in nodes for name in node.get("output") or []]):
            if name and name not in own:
                own[name] = f"{name}\0{self._calls}"


def _constants(nodes: list[tuple[int, Any]]) -> list[str]:
    """The tensors that `Constant` nodes of a graph hold."""
    return [name for _, node in nodes if _is_constant(node) for name in node.get("output") or [] if name]


def _is_constant(node: Mapping[str, Any]) -> bool:
    is_one = node.get("op_type") == "Constant" and not node.get("domain")
    return is_one and not any(one.get("ref_attr_name") for one in node.get("attribute") or [])


def _is_kept(node: Mapping[str, Any], kept: Mapping[str, str]) -> bool:
    return _is_constant(node) and all(name in kept for name in node.get("output") or [])


def _named_outputs(
    inner: list[str], outer: tuple[str, ...], made: set[str], own: dict[str, str]
) -> list[tuple[str, str]]:
    """Give what is made inside the names that the outputs have outside; those that are handed on are given back."""
    handed: list[tuple[str, str]] = []
    named: set[str] = set()
    for one, name in zip(inner, outer, strict=False):
        if name and one in made and one not in named:
            own[one] = name
            named.add(one)
        elif name:
            handed.append((one, name))
    return handed


def _attributes(node: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a node; of a function's, those that it takes from its caller with what the caller gives."""
    found: dict[str, Any] = {}
    for one in node.get("attribute") or []:
        name = one.get("name") or ""
        from_caller = one.get("ref_attr_name")
        if not from_caller:
            found[name] = one
        elif from_caller in given:
            found[name] = given[from_caller]
    return found


def _scopes(node: Mapping[str, Any]) -> str:
    """What PyTorch's exporter says of the modules that a node stands in."""
    for one in node.get("metadata_props") or []:
        if one.get("key") == "pkg.torch.onnx.name_scopes":
            return one.get("value") or ""
    return ""
