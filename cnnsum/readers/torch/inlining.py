"""Programs within a program that only set a mode (no gradient, mixed precision): their nodes, among those around them.

Knows how the schema holds a program in an argument; knows no operation. What an operation chooses or repeats (`cond`,
`while_loop`) is left as it is: which nodes run, and how often, is not in the file.
"""

from __future__ import annotations

from cnnsum.readers.torch.arguments import dtype_of, list_in, mapping_in
from cnnsum.readers.torch.autocasting import Autocast
from cnnsum.typed import Any, NamedTuple

Path = tuple[str | int, ...]

_MODES = frozenset(("wrap_with_set_grad_enabled", "wrap_with_autocast"))
_HIGHER = "torch.ops.higher_order."
#: Programs within programs within programs: nobody nests modes deeper.
_DEEPEST = 20


class PlacedNode(NamedTuple):
    """A node, where the file has it, whether it runs without a gradient, and what casts its inputs."""

    node: Any
    path: Path
    detached: bool = False
    autocast: Autocast | None = None


class Program(NamedTuple):
    """The nodes of a program in their order; the sizes of all their tensors; and other names of outputs of modes."""

    nodes: list[PlacedNode]
    metas: dict[str, Any]
    names: dict[str, str]


def inlined(nodes: list[object], metas: dict[str, object], path: Path) -> Program:
    """The nodes of a program, with those of modes in their places.

    Tensors of a mode's program are called what its caller calls them; names that it makes itself are made new.
    """
    if not any(_mode(node) for node in nodes):
        return Program([PlacedNode(node, (*path, at)) for at, node in enumerate(nodes)], metas, {})
    program = Program([], dict(metas), {})
    taken = set(metas)
    for node in nodes:
        taken.update(_made(node))
    _Inlining(program, taken).put(nodes, path, program.names, PlacedNode(None, path), depth=0)
    return program


class _Inlining:
    def __init__(self, program: Program, taken: set[str]) -> None:
        self.program = program
        self.taken = taken

    def put(self, nodes: list[Any], path: Path, names: dict[str, str], within: PlacedNode, depth: int) -> None:
        """Add nodes; within: what holds for those around them."""
        for index, node in enumerate(nodes):
            place = (*path, index)
            mode = _mode(node) if depth < _DEEPEST else None
            if mode is None:
                found = _with_names(node, names) if names else node
                self.program.nodes.append(within._replace(node=found, path=place))
                continue
            arguments = list_in(node.get("inputs"))
            at, graph = mode
            own = dict(zip(_names(graph.get("inputs")), self._given(arguments[at + 1 :], names), strict=False))
            inner = list_in(graph.get("nodes"))
            metas = graph.get("tensor_values")
            for one in inner:
                for name in _made(one):
                    own[name] = self._free(name)
                    if isinstance(metas, dict) and name in metas:
                        self.program.metas[own[name]] = metas[name]
            inside = within
            if not str(node["target"]).endswith("set_grad_enabled"):
                inside = inside._replace(autocast=_autocast(arguments[:at]))
            elif _is_false(arguments[0]):
                inside = inside._replace(detached=True)
            there = (*place, "inputs", at, "arg", "as_graph", "graph", "nodes")
            self.put(inner, there, own, inside, depth=depth + 1)
            for outer, name in zip(_made(node), _names(graph.get("outputs")), strict=False):
                names[outer] = own.get(name, name)

    def _given(self, arguments: list[object], names: dict[str, str]) -> list[str]:
        given = [name for argument in arguments for name in _names([mapping_in(argument).get("arg")])]
        return [names.get(name, name) for name in given]

    def _free(self, name: str) -> str:
        found, count = name, 0
        while found in self.taken:
            count += 1
            found = f"{name}.{count}"
        self.taken.add(found)
        return found


def _mode(node: Any) -> tuple[int, dict[str, Any]] | None:
    """Where a node that sets a mode holds its program, and the program; None for other nodes."""
    target = mapping_in(node).get("target")
    if not isinstance(target, str) or target.removeprefix(_HIGHER) not in _MODES or not target.startswith(_HIGHER):
        return None
    for at, argument in enumerate(list_in(node.get("inputs"))):
        held = mapping_in(mapping_in(mapping_in(argument).get("arg")).get("as_graph")).get("graph")
        if isinstance(held, dict):
            return at, held
    return None


def _autocast(arguments: list[Any]) -> Autocast | None:
    """What a region is cast to: device, dtype, and whether it is; None where nothing is cast there."""
    held = [mapping_in(mapping_in(one).get("arg")) for one in arguments]
    device = held[0].get("as_string") if held else None
    if not isinstance(device, str) or any(one.get("as_bool") is False for one in held[2:3]):
        return None
    kind = device.partition(":")[0]
    dtype = dtype_of(held[1].get("as_scalar_type")) if len(held) > 1 else None
    return Autocast(kind, dtype or ("bfloat16" if kind == "cpu" else "float16"))


def _is_false(argument: Any) -> bool:
    return mapping_in(mapping_in(argument).get("arg")).get("as_bool") is False


def _made(node: Any) -> list[str]:
    """The names of tensors and of numbers that a node gives."""
    return _names(mapping_in(node).get("outputs"))


def _names(tagged: Any) -> list[str]:
    """The names in tagged values, each of a tensor, of a list of them, or of a number."""
    found: list[str] = []
    for one in list_in(tagged):
        for tag, value in mapping_in(one).items():
            held = value if isinstance(value, list) else [value]
            if tag == "as_optional_tensor":
                held = [mapping_in(value).get("as_tensor")]
            names = [mapping_in(each).get("name", mapping_in(each).get("as_name")) for each in held]
            found += [name for name in names if isinstance(name, str)]
    return found


def _with_names(node: object, names: dict[str, str]) -> object:
    """A node whose arguments and outputs have other names."""
    if not isinstance(node, dict):
        return node
    inputs = [
        {**one, "arg": _renamed(one.get("arg"), names)} if isinstance(one, dict) else one
        for one in list_in(node.get("inputs"))
    ]
    return {**node, "inputs": inputs, "outputs": _renamed(node.get("outputs"), names)}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """A value with other names of tensors and numbers; programs in it stay as they are."""
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if not isinstance(value, dict) or "as_graph" in value:
        return value
    found = {}
    for key, one in value.items():
        if key in ("name", "as_name") and isinstance(one, str):
            found[key] = names.get(one, one)
        else:
            found[key] = _renamed(one, names) if isinstance(one, (dict, list)) else one
    return found
