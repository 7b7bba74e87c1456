"""A graph as parts that are called: layers, and units that hold parts, which code makes classes or functions of.

A unit is the network, a use of a block, or a model within the model. A use of a block stays together where one call can
do all that its layers do; where others read and write between its layers it is opened into the unit around it. Knows no
framework, and no code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import gcd

from cnnsum.graph.infer import Call as Found
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import BlockUse, Graph, Layer, Node, Tensor
from cnnsum.layers.facts import Shape

Path = tuple[str, ...]
#: By the call, who reads which of its outputs; None reads those of the unit.
Readers = dict[Node, list[tuple[int, Node | None]]]


class Known:
    """What inference found of each call: the shapes that it reads and makes."""

    def __init__(self, inference: Inference) -> None:
        self.values = inference.values
        self._calls: dict[Layer, list[Found]] = {}
        for found in inference.calls:
            self._calls.setdefault(found.layer, []).append(found)
        #: Which of a layer's calls each node is, in the order in which they run.
        self._places: dict[Layer, list[Node]] = {}

    def call(self, node: Node) -> Found | None:
        """The call, of a layer that is not a model."""
        found = self._calls.get(node.layer)
        if not found:
            return None
        ordered = self._places.get(node.layer)
        if ordered is None:
            ordered = self._places[node.layer] = sorted(node.layer.nodes, key=lambda one: one.position)
        place = ordered.index(node)
        return found[place] if place < len(found) else found[0]

    def shapes(self, numbers: Sequence[int]) -> tuple[Shape | None, ...]:
        """The shapes of values."""
        return tuple([None if number < 0 else self.values[number].shape for number in numbers])


class Part:
    """Something that is called: a layer, or a unit with parts of its own. name: what it is called in the unit around.

    given: whether the name was given by hand. copied: whether it is one of the copies of a `repeat`.
    """

    __slots__ = ("copied", "given", "layer", "name", "unit")

    def __init__(self, name: str, layer: Layer | None, unit: Unit | None, *, given: bool) -> None:
        stem, dot, number = name.rpartition(".")
        self.copied = bool(dot) and number.isdigit()
        self.name = stem if self.copied else name
        self.layer = layer
        self.unit = unit
        self.given = given


class Use:
    """One call of a part. inputs: the tensors that it reads; keywords: as of `Node`; node: of a layer, the call."""

    __slots__ = ("inputs", "node", "outputs", "part")

    def __init__(self, part: Part, node: Node | None, inputs: list[Tensor], outputs: list[Tensor]) -> None:
        self.part = part
        self.node = node
        self.inputs = inputs
        self.outputs = outputs


class Unit:
    """Parts that are called one after another. title: the name of the block, or of the model; use: of a block.

    inputs, outputs: the tensors that come from outside and go there, in the unit's first call.
    """

    __slots__ = ("inputs", "outputs", "path", "title", "use", "uses")

    def __init__(self, title: str, path: Path, use: BlockUse | None) -> None:
        self.title = title
        self.path = path
        self.use = use
        self.uses: list[Use] = []
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []

    def units(self) -> Iterator[Unit]:
        """The units within it, innermost first, and itself. Each once."""
        seen: set[int] = set()
        for use in self.uses:
            inner = use.part.unit
            if inner is not None and id(inner) not in seen:
                seen.add(id(inner))
                yield from inner.units()
        yield self


class Shaped:
    """What every writer of code says of the shapes of calls and of units, by what inference found."""

    def __init__(self, inference: Inference) -> None:
        self.known = Known(inference)

    def shapes(self, use: Use) -> Sequence[Shape | None]:
        """The shapes of what a call gives."""
        if use.part.unit is not None:
            inner = use.part.unit if use.part.layer is not None else None
            return [self.shape_of(one) for one in (use.outputs if inner is None else inner.outputs)]
        assert use.node is not None
        found = self.known.call(use.node)
        return [] if found is None else self.known.shapes(found.outputs)

    def shape_of(self, tensor: Tensor) -> Shape | None:
        """The shape of a tensor, wherever it is made."""
        layer = tensor.node.layer
        if layer.spec is not None:
            return layer.spec.shape
        if layer.graph is not None:
            return self.shape_of(layer.graph.outputs[tensor.index])
        found = self.known.call(tensor.node)
        shapes = () if found is None else self.known.shapes(found.outputs)
        return shapes[tensor.index] if tensor.index < len(shapes) else None

    def input_shapes(self, unit: Unit) -> Sequence[Shape | None]:
        """The shapes of what a unit is called on."""
        return [self.shape_of(tensor) for tensor in unit.inputs]


def unit_of(graph: Graph, *, shared: bool = True) -> Unit:
    """The network as a unit. shared: whether a unit may be called twice, with the same weights."""
    return _Builder(graph, shared).whole()


class _Builder:
    """Builds the units of one graph."""

    def __init__(self, graph: Graph, shared: bool) -> None:
        self.graph = graph
        self.shared = shared
        self.parts: dict[Layer, Part] = {}
        #: What a chain without an input starts from.
        self.start = Tensor(Node(Layer("input", None)))

    def whole(self) -> Unit:
        graph = self.graph
        run = set(graph.order().nodes)  # a layer that is used may have calls that nobody reads
        nodes = [node for layer in graph.layers if layer.spec is None for node in layer.nodes if node in run]
        unit = Unit(graph.name, (), None)
        unit.inputs = [Tensor(node) for node in graph.inputs] or [self.start]
        unit.outputs = list(graph.outputs)
        self._fill(unit, nodes)
        return unit

    def _fill(self, unit: Unit, nodes: list[Node]) -> None:
        """Find what a unit calls. Blocks that hold one another up are opened until there is an order."""
        opened: set[Path] = set()
        while True:
            uses = self._uses(unit, nodes, opened)
            ordered, stuck = _sorted(uses, unit.inputs)
            if not stuck:
                unit.uses = ordered
                return
            paths = {use.part.unit.path for use in stuck if use.part.unit is not None and use.part.layer is None}
            assert paths, "a graph with a cycle is not a model"
            opened |= paths

    def _uses(self, unit: Unit, nodes: list[Node], opened: set[Path]) -> list[Use]:
        groups: dict[Node | Path, list[Node]] = {}
        for node in nodes:
            path = self._child(node.layer, unit.path, opened)
            groups.setdefault(node if path is None else path, []).append(node)
        readers: Readers = {}
        for node in nodes:
            for tensor in node.inputs:
                readers.setdefault(tensor.node, []).append((tensor.index, node))
        for tensor in unit.outputs:
            readers.setdefault(tensor.node, []).append((tensor.index, None))
        uses: list[Use] = []
        for key, own in groups.items():
            if isinstance(key, Node):
                uses.append(self._leaf(key, unit.path))
                continue
            found = self._block(key, own, unit, readers)
            if found is None:
                opened.add(key)
                return self._uses(unit, nodes, opened)
            uses += found
        return uses

    def _child(self, layer: Layer, path: Path, opened: set[Path]) -> Path | None:
        """The use of a block below `path` that a layer stands in; None where it stands in none."""
        for length in range(len(path) + 1, len(layer.block) + 1):
            below = layer.block[:length]
            if below in self.graph.blocks and below not in opened:
                return below
        return None

    def _leaf(self, node: Node, path: Path) -> Use:
        layer = node.layer
        part = self.parts.get(layer)
        if part is None:
            name = _local(layer.name, path)
            unit = None if layer.graph is None else _Builder(layer.graph, self.shared).whole()
            part = self.parts[layer] = Part(name, layer, unit, given=not _is_automatic(layer, name))
        outputs = 1 if layer.graph is None else len(layer.graph.outputs)
        starts = not node.inputs and not node.constants and not self.graph.inputs
        inputs = [self.start] if starts else list(node.inputs)
        return Use(part, node, inputs, [Tensor(node, index) for index in range(outputs)])

    def _block(self, path: Path, nodes: list[Node], around: Unit, readers: Readers) -> list[Use] | None:
        """The calls of a use of a block; None where it cannot be one part."""
        counts: dict[Layer, list[Node]] = {}
        for node in nodes:
            counts.setdefault(node.layer, []).append(node)
        times = gcd(*[len(own) for own in counts.values()])
        calls = _chunks(counts, times) if self.shared else None
        if calls is None:
            if times > 1 and not self.shared:
                return None
            calls = [_Chunk(nodes)]
        outputs: set[tuple[int, int]] = set()
        for chunk in calls:
            for place, node in enumerate(chunk.nodes):
                outputs.update((place, index) for index, reader in readers.get(node, ()) if reader not in chunk.members)
        local = ".".join(path[len(around.path) :])
        use = self.graph.blocks[path]
        unit = Unit(use.name, path, use)
        unit.inputs = calls[0].outside
        listed = sorted(outputs)
        unit.outputs = [Tensor(calls[0].nodes[place], index) for place, index in listed]
        self._fill(unit, calls[0].nodes)
        automatic = local.rpartition(".")[0] if local.rpartition(".")[2].isdigit() else local
        stem = use.name.lower()
        given = automatic != stem and not (automatic.startswith(f"{stem}_") and automatic[len(stem) + 1 :].isdigit())
        part = Part(local, None, unit, given=given)
        return [
            Use(part, None, chunk.outside, [Tensor(chunk.nodes[place], index) for place, index in listed])
            for chunk in calls
        ]


class _Chunk:
    """The nodes of one call of a block, and the tensors from outside, in the order in which they are first read."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.members: set[Node | None] = set(nodes)
        self.outside = list(
            dict.fromkeys([tensor for node in nodes for tensor in node.inputs if tensor.node not in self.members])
        )

    def form(self) -> list[object]:
        """How its nodes read one another and what comes from outside: equal for two calls of one thing."""
        places = {node: place for place, node in enumerate(self.nodes)}
        outside = {tensor: place for place, tensor in enumerate(self.outside)}
        return [
            (
                node.layer.name,
                node.keywords,
                repr(node.constants),
                [(places[one.node], one.index) if one.node in places else outside[one] for one in node.inputs],
            )
            for node in self.nodes
        ]


def _chunks(counts: dict[Layer, list[Node]], times: int) -> list[_Chunk] | None:
    """The nodes of a block as so many calls of it that are alike; None where they are not."""
    calls = []
    for number in range(times):
        nodes = []
        for own in counts.values():
            each = len(own) // times
            nodes += own[number * each : (number + 1) * each]
        calls.append(_Chunk(nodes))
    forms = [chunk.form() for chunk in calls]
    return calls if all(one == other for one, other in pairwise(forms)) else None


def _sorted(uses: list[Use], inputs: list[Tensor]) -> tuple[list[Use], list[Use]]:
    """The uses, each after those that it reads, else in their order; and those for which there is no order."""
    made = {}
    for number, use in enumerate(uses):
        if use.node is not None:
            made[use.node] = number
        else:
            for tensor in use.outputs:
                made[tensor.node] = number
    given = {tensor.node for tensor in inputs}
    needs = [
        {made[tensor.node] for tensor in use.inputs if tensor.node in made and tensor.node not in given} for use in uses
    ]
    readers: list[list[int]] = [[] for _ in uses]
    for number, before in enumerate(needs):
        for other in before:
            readers[other].append(number)
    left = [len(before) for before in needs]
    ready = [number for number, count in enumerate(left) if not count]
    heapify(ready)
    ordered = []
    while ready:
        number = heappop(ready)
        ordered.append(number)
        for reader in readers[number]:
            left[reader] -= 1
            if not left[reader]:
                heappush(ready, reader)
    done = set(ordered)
    return [uses[number] for number in ordered], [use for number, use in enumerate(uses) if number not in done]


def _local(name: str, path: Path) -> str:
    """A layer's name without the path of the unit that it stands in."""
    prefix = ".".join(path) + "."
    return name[len(prefix) :] if path and name.startswith(prefix) else name


def _is_automatic(layer: Layer, name: str) -> bool:
    from cnnsum.writers.code.names import is_automatic

    stem, dot, number = name.rpartition(".")
    return is_automatic(stem if dot and number.isdigit() else name, layer.type_name)


def ordered(nodes: Sequence[Node]) -> list[Node]:
    """Calls of one graph, each after those that it needs, else in their order."""
    part = Part("", None, None, given=False)
    uses = [Use(part, node, list(node.needs), [Tensor(node)]) for node in nodes]
    return [use.node for use in _sorted(uses, [])[0] if use.node is not None]
