"""Inference: run every layer's rule through the graph and collect what it says.

The result is a flat program: a list of calls in the order in which they run, nested models opened, over numbered
values. Knows no measure, no batch size and no screen. A layer that fails yields unknown values, and nothing
downstream repeats its error.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from math import lcm

from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, DiagnosticList, Problem
from cnnsum.dims import (
    UNKNOWN,
    Dim,
    Expr,
    Symbol,
    ceil_div,
    divides,
    equal,
    is_anonymous,
    maximum,
    minimum,
    prod,
    substitute,
    symbols_of,
)
from cnnsum.graph.model import (
    COUNTS,
    MAX_DIM,
    MAX_LAYERS,
    MAX_RANK,
    Claim,
    Computed,
    FromSizes,
    Graph,
    InputSpec,
    Layer,
    Node,
    SizeOf,
    Tensor,
)
from cnnsum.graph.order import CycleError, Order, calls_without_use, dead_ends
from cnnsum.graph.promotion import FLOATS, OF_INPUTS, dtype_of_result, made
from cnnsum.layers.base import LayerType, is_mask
from cnnsum.layers.facts import (
    Constant,
    Content,
    Facts,
    Kept,
    Need,
    Sentence,
    Shape,
    Use,
    show_shape,
    unknown_facts,
    with_shape,
)
from cnnsum.layers.kinds import PlainReading
from cnnsum.typed import NamedTuple

#: Calls after nested models are opened; a file that asks for more is refused (a model nested twice, 30 deep, is 2**30).
MAX_CALLS = MAX_LAYERS


class Call:
    """One run of one layer: its facts, and the numbers of the values that it reads and makes.

    `path` names the nested models that it runs in, outermost first. A constant among its inputs is not a value of the
    program, and not in `inputs`: the layer's nodes have those.
    """

    __slots__ = ("facts", "inputs", "layer", "outputs", "path")

    def __init__(
        self, layer: Layer, facts: Facts, inputs: tuple[int, ...], outputs: tuple[int, ...], path: tuple[Layer, ...]
    ) -> None:
        self.layer = layer
        self.facts = facts
        self.inputs = inputs
        self.outputs = outputs
        self.path = path

    def views(self) -> Iterator[tuple[int, int]]:
        """Each output of a view with the input whose storage it is: of as many inputs as outputs each its own, else the
        first. A view of a constant is one of no value.
        """
        if not self.inputs:
            return
        apart = len(self.inputs) == len(self.outputs)
        for at, number in enumerate(self.outputs):
            yield number, self.inputs[at if apart else 0]


class Value(NamedTuple):
    """A tensor: its shape, None where even the rank is unknown, and its dtype."""

    shape: Shape | None
    dtype: str


class Constraint(NamedTuple):
    """A condition that inference could not decide: whose it is, and the values that the layer was called on.

    inputs: the numbers of the values, -1 for an input that is a constant.
    """

    layer: Layer
    need: Need
    inputs: tuple[int, ...]


class Inference:
    """What inference found.

    calls: the flat program. values: every tensor in it. made_by: for each call of the outer graph, by
    `Node.position`, the values of its outputs and the range of its calls. needs: conditions that could not be
    decided, in the order in which the layers run.
    contents: the numbers in values that are computed from sizes, by the number of the value.
    nested: the inference of each nested model on its own inputs.
    """

    __slots__ = (
        "calls",
        "contents",
        "diagnostics",
        "inputs",
        "made_by",
        "needs",
        "nested",
        "order",
        "outputs",
        "values",
    )

    def __init__(self, order: Order) -> None:
        self.order = order
        self.calls: list[Call] = []
        self.values: list[Value] = []
        self.contents: dict[int, Content] = {}
        self.made_by: list[tuple[tuple[int, ...], int, int]] = []
        self.inputs: tuple[int, ...] = ()
        self.outputs: tuple[int, ...] = ()
        self.needs: list[Constraint] = []
        self.diagnostics = DiagnosticList()
        self.nested: dict[Layer, Inference] = {}

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of the layers of which not everything is known."""
        return tuple(dict.fromkeys(call.layer.name for call in self.calls if call.facts.status == "unknown"))

    @property
    def stored(self) -> tuple[Layer, ...]:
        """Those of them of which the weights are known all the same, because the file holds them."""
        calls = (call for call in self.calls if call.facts.status == "unknown" and call.facts.weights)
        return tuple(dict.fromkeys(call.layer for call in calls if call.facts.has_known_weights))

    def output_of(self, node: Node) -> list[Value]:
        """The outputs of a call of the outer graph."""
        return [self.values[number] for number in self.made_by[node.position][0]]

    def calls_of(self, node: Node) -> list[Call]:
        """The calls that a call of the outer graph consists of: itself, or those of a nested model."""
        _, start, end = self.made_by[node.position]
        return self.calls[start:end]


Memo = dict[object, Facts]


def infer(graph: Graph, inputs: tuple[Value, ...] | None = None) -> Inference:
    """Infer every shape of the graph, on the inputs that it declares or on others.

    Never raises: whatever is wrong becomes a diagnostic, with the values that depend on it unknown.
    """
    if any(layer.graph is not None for layer in graph.layers) and _calls(graph, {}) > MAX_CALLS:
        problem = Problem("GRF306", f"the nested models expand to more than {MAX_CALLS:,} calls")
        return _nothing(graph, problem)
    # Where the graph is not whole, layers that lead nowhere are not news.
    whole = not any(found.severity == "error" for found in graph.diagnostics)
    return _infer(graph, inputs, {}, whole=whole)


def _calls(graph: Graph, counted: dict[Graph, int]) -> int:
    """Calls of layers in the graph after its nested models are opened, without opening them."""
    count = counted.get(graph)
    if count is None:
        count = 0
        for layer in graph.layers:
            count += len(layer.nodes) * (1 if layer.graph is None else _calls(layer.graph, counted))
        counted[graph] = count
    return count


def _nothing(graph: Graph, problem: Problem) -> Inference:
    """What is known of a graph that cannot be run."""
    result = Inference(Order([], [], [], connected=False))
    if isinstance(problem, CycleError):
        found = _finding(problem.node.layer, problem)
    else:
        span = None if graph.place is None else graph.place.span()
        found = Diagnostic(problem.code, str(problem), span, "error", problem.help)
    result.diagnostics.append(found)
    return result


def _infer(graph: Graph, inputs: tuple[Value, ...] | None, memo: Memo, *, whole: bool) -> Inference:
    try:
        order = graph.order()
    except CycleError as error:
        return _nothing(graph, error)
    result = Inference(order)
    if whole:
        _tell_unused(dead_ends(graph, order.unused), result)
    if inputs is None:
        inputs = tuple(_declared(node.layer, result) for node in graph.inputs if node.layer.spec is not None)
    if graph.sequential and not graph.inputs:
        if whole:
            from cnnsum.graph.findings import no_input

            result.diagnostics.append(no_input(graph))
        result.values.append(_UNKNOWN_VALUE)
        result.made_by.extend(((0,), 0, 0) for _ in order.nodes)
        result.outputs = (0,) * len(graph.outputs)
        for layer in order.layers:
            if layer.graph is not None:
                result.nested[layer] = _infer(layer.graph, None, memo, whole=whole)
        return result
    result.inputs = tuple(range(len(inputs)))
    result.values.extend(inputs)
    runner = _Runner(result, memo, graph.backend, graph.counts, _samples(graph, inputs))
    result.outputs = runner.run(graph, result.inputs, (), result.made_by)
    if order.unused:
        runner.check_unused(graph)
    reported = set(result.diagnostics)
    for layer in order.layers:
        if layer.graph is not None and layer.graph.inputs:
            # A nested model is listed as it was built: on the inputs that it declares itself.
            called_on = _first_inputs(result, layer) if layer.graph.resized else None
            inner = result.nested[layer] = _infer(layer.graph, called_on, memo, whole=whole)
            result.diagnostics.extend(found for found in inner.diagnostics if found not in reported)
            reported.update(inner.diagnostics)
    return result


def _samples(graph: Graph, inputs: tuple[Value, ...]) -> tuple[Dim, ...]:
    """How many samples there are: the sizes of the batch axes of the inputs, mostly one."""
    if graph.samples is None:
        return (1,)
    number, axis = graph.samples
    if axis == 0:
        return tuple(dict.fromkeys([shape[0] for shape, _ in inputs if shape]))
    shape = inputs[number].shape
    return () if shape is None or axis >= len(shape) else (shape[axis],)


def fixed_inputs(graph: Graph, shapes: Sequence[Shape | None]) -> list[Need]:
    """The conditions under which a model can be called on tensors of these shapes: on the sizes that its inputs fix.

    Keras builds no other call, and refuses one of a Functional model when it runs; a chain whose call was built on an
    open axis (`None`) takes any size there. Keras 2 takes any size everywhere. Raises Problem for a size that it cannot
    be called on.
    """
    needs: list[Need] = []
    if graph.takes_any:
        return needs
    for index, (node, shape) in enumerate(zip(graph.inputs, shapes, strict=True)):
        spec = node.layer.spec
        if spec is None or shape is None or node.layer.place is None or len(spec.shape) != len(shape):
            continue
        for axis in range(1, len(shape)):
            wanted, got = spec.shape[axis], shape[axis]
            if not isinstance(wanted, int) or got is UNKNOWN or (graph.sequential and is_anonymous(got)):
                continue
            same = equal(got, wanted)
            if same:
                continue
            of = with_shape(
                f"`{graph.name}` takes {show_shape(spec.shape)}, as its own input `{node.layer.name}` says", shape
            )
            if same is False:
                help = "a model is called on the sizes that it declares; `null` there leaves one open"
                raise Problem("SHP202", str(of), help=help)
            needs.append(Need("==", got, wanted, of, "", (index, index) if len(shapes) > 1 else ()))
    return needs


def _first_inputs(result: Inference, layer: Layer) -> tuple[Value, ...]:
    """What a nested model is called on first."""
    node = next(node for node in layer.nodes if node.position >= 0)
    found = []
    for made_in, index in node.inputs:
        numbers = result.made_by[made_in.position][0]
        found.append(result.values[numbers[index]] if index < len(numbers) else _UNKNOWN_VALUE)
    return tuple(found)


class _Runner:
    """Runs graphs into one flat program."""

    __slots__ = (
        *("_batches", "_contents", "_dtypes", "_reported", "_weights", "_within"),
        *("backend", "calls", "counts", "memo", "result", "values"),
    )

    def __init__(self, result: Inference, memo: Memo, backend: str, counts: str, batches: tuple[Dim, ...]) -> None:
        self.result = result
        self.backend = backend
        self.counts = counts
        self.memo = memo
        self.calls = result.calls
        self.values = result.values
        #: What a call gives, shared by the calls that repeat it: by its facts, its compute dtype, and the dtypes of its
        #: inputs where that of the result follows from them.
        self._dtypes: dict[tuple[object, ...], tuple[Value, ...]] = {}
        self._reported: set[Diagnostic] = set()
        self._weights: dict[Layer, Facts] = {}
        self._contents = result.contents
        self._within: dict[int, tuple[Dim, Dim]] = {}
        self._batches = batches

    def run(
        self,
        graph: Graph,
        inputs: tuple[int, ...],
        path: tuple[Layer, ...],
        made_by: list[tuple[tuple[int, ...], int, int]],
    ) -> tuple[int, ...]:
        """Run every call of a graph; fills `made_by` and returns the numbers of the graph's outputs."""
        self._run(graph.order().nodes, dict(zip(graph.inputs, inputs, strict=False)), path, made_by)
        return tuple([self._number(made_by, tensor.node, tensor.index, None) for tensor in graph.outputs])

    def check_unused(self, graph: Graph) -> None:
        """Run the calls that no output depends on for what is wrong with them and what they need; forget them again.

        A framework builds every layer of a file: one that cannot be built makes the file wrong, whether or not an
        output depends on it.
        """
        try:
            nodes = calls_without_use(graph)
        except CycleError as error:
            self._refuse(error.node.layer, error)
            return
        result = self.result
        kept = len(result.made_by), len(self.calls), len(self.values)
        given: dict[Node, int] = {}
        for position, node in enumerate(nodes, len(result.made_by)):
            node.position = position
            if node.layer.spec is not None:
                given[node] = len(self.values)
                self.values.append(Value(*node.layer.spec))
        self._run(nodes, given, (), result.made_by)
        for node in nodes:
            node.position = -1
        for grown, length in zip((result.made_by, self.calls, self.values), kept, strict=True):
            del grown[length:]  # type: ignore[attr-defined]  # lists of several types

    def _run(
        self,
        nodes: list[Node],
        given: dict[Node, int],
        path: tuple[Layer, ...],
        made_by: list[tuple[tuple[int, ...], int, int]],
    ) -> None:
        calls = self.calls
        values = self.values
        memo = self.memo
        for node in nodes:
            layer = node.layer
            start = len(calls)
            if layer.spec is not None:
                made: tuple[int, ...] = (given[node],) if node in given else self._not_given(layer)
            else:
                read: list[int] = []
                for made_in, index in node.inputs:
                    outputs = made_by[made_in.position][0]
                    read.append(outputs[index] if index < len(outputs) else self._number(made_by, made_in, index, node))
                numbers = tuple(read)
                if layer.graph is not None:
                    made = self._nested(layer, node, numbers, path) or self._unknown()
                    if node.claim is not None:
                        made = self._claimed(made, node.claim)
                else:
                    shapes = tuple([values[number].shape for number in numbers])
                    for index, shape, _ in node.constants:
                        shapes = (*shapes[:index], shape, *shapes[index:])
                    options = node.options
                    if node.computed:
                        options = {**options, **self._computed(node, made_by)}
                    key: object = (layer.key, node.keywords, shapes, not numbers)
                    if options:
                        key = (key, *options.items())
                    if node.constants:
                        key = (key, *[one.index for one in node.constants])
                    if layer.type is not None and layer.type.reads:
                        shapes = self._with_numbers(shapes, node, numbers)
                        key = (
                            key,
                            *[(one.numbers, one.dtype, one.within) for one in shapes if isinstance(one, Constant)],
                        )
                    times: Dim = 1
                    if layer.times:
                        times = self._how_often(node, made_by)
                        key = (key, times)
                    if layer.one is not None:
                        key = (key, layer.one)
                    facts = memo.get(key)
                    if facts is None:
                        facts = self._apply(layer, layer.type, shapes, node, options)
                        if times != 1:
                            _repeat(facts, times)
                        if layer.owned is not None:
                            facts.weights = layer.owned
                            if not numbers:
                                facts.alias = ""  # a view of a weight: no value has that storage
                        if layer.autocast:
                            facts.kept += _cast_weights(layer, facts)
                        if layer.detached:
                            facts.gradient = "none"
                        if isinstance(facts.keeps_input, tuple):
                            facts.keeps_input = _as_called(facts.keeps_input, len(numbers), node)
                        if facts.strides is not None and layer.is_operation:
                            facts.strides = facts.strides.called(_places(len(numbers), node), shapes)
                        if facts.weights:
                            self._make(facts)
                        if facts.status != "unknown" and not facts.claimed:
                            memo[key] = facts
                        elif layer.stored is not None:
                            facts.weights = layer.stored
                        if layer.one is not None:
                            from cnnsum.layers.inner import as_of

                            facts.weights = as_of(layer.one, facts.weights)
                    if facts.weights and (path or len(layer.nodes) > 1):
                        facts = self._with_same_weights(layer, facts, numbers)
                    if facts.needs:
                        given_to = with_constants(numbers, node)
                        self.result.needs.extend(Constraint(layer, need, given_to) for need in facts.needs)
                    first = len(values)
                    made = self._give(facts, node, numbers, first)
                    calls.append(Call(layer, facts, numbers, made, path))
            made_by.append((made, start, len(calls)))

    def _how_often(self, node: Node, made_by: list[tuple[tuple[int, ...], int, int]]) -> Dim:
        """How often a program runs a call each time that it comes by."""
        times: Dim = 1
        for counted_by in node.layer.times:
            found: object = counted_by
            if isinstance(counted_by, SizeOf):
                found = self._size(counted_by, node, made_by)
            elif isinstance(counted_by, Tensor):
                content = self._contents.get(self._number(made_by, counted_by.node, counted_by.index, node))
                found = content[0] if content else UNKNOWN
            times = times * (maximum(found, 0) if isinstance(found, (int, Expr)) else UNKNOWN)
        return times

    def _make(self, facts: Facts) -> None:
        """Give weights whose dtype the backend chooses the one that it makes them in, and counts the graph's."""
        if any(weight.dtype == "int" for weight in facts.weights):
            facts.weights = tuple(
                [one if one.dtype != "int" else one._replace(dtype=made("int", self.backend)) for one in facts.weights]
            )
        if self.counts != COUNTS:
            facts.weights = tuple(
                [
                    one._replace(dtype=self.counts) if one.buffer and one.dtype == COUNTS else one
                    for one in facts.weights
                ]
            )

    def _nested(self, layer: Layer, node: Node, numbers: tuple[int, ...], path: tuple[Layer, ...]) -> tuple[int, ...]:
        graph = layer.graph
        assert graph is not None
        numbers = numbers[: len(node.arguments)]
        if not graph.inputs and graph.sequential and len(numbers) == 1:
            # A chain without an input shape of its own starts at whatever it is called on, and is listed at that.
            # (The declared shape is then never read: where that of the call is not known, nothing is.)
            shape, dtype = self.values[numbers[0]]
            graph.adopt([InputSpec(shape or (), dtype)])
            graph.resized = True
        if len(numbers) != len(graph.inputs):
            count = counted(len(graph.inputs), "input")
            problem = Problem("GRF303", f"{layer.type_name} takes {count}, got {len(numbers)}")
            self._refuse(layer, problem)
        else:
            given = tuple([self._cast(*pair) for pair in zip(numbers, graph.inputs, strict=True)])
            try:
                needs = fixed_inputs(graph, [self.values[number].shape for number in numbers])
                self.result.needs.extend(Constraint(layer, need, numbers) for need in needs)
                return self.run(graph, given, (*path, layer), [])
            except CycleError as error:
                self._refuse(error.node.layer, error)
            except Problem as problem:
                self._refuse(layer, problem)
        return tuple([n for _ in graph.outputs for n in self._unknown()])

    def _claimed(self, made: tuple[int, ...], claim: Claim) -> tuple[int, ...]:
        """The outputs of a nested model, those that are not known as the file has them."""
        found = list(made)
        for index, shape in enumerate(claim.outputs[: len(made)]):
            if shape is not None and self.values[made[index]].shape is None:
                self.values.append(Value(shape, claim.dtype or "float32"))
                found[index] = len(self.values) - 1
        return tuple(found)

    def _with_same_weights(self, layer: Layer, facts: Facts, inputs: tuple[int, ...]) -> Facts:
        """The facts of a call of a shared layer, or unknown ones where the call needs weights of other shapes.

        Where that depends on symbols it is a condition on them.
        """
        first = self._weights.setdefault(layer, facts)
        if first.weights == facts.weights or "unknown" in (first.status, facts.status):
            return facts
        for owned, needed in zip(first.weights, facts.weights, strict=False):
            if owned.shape == needed.shape:
                continue
            what = f"`{layer.name}` is shared, but its calls need a {owned.name} of different shapes"
            message = Sentence("{}: {} and {}", (what, owned.shape, needed.shape))
            pairs = [pair for pair in zip(owned.shape, needed.shape, strict=False) if pair[0] != pair[1]]
            if len(owned.shape) != len(needed.shape) or any(equal(*pair) is False for pair in pairs):
                self._refuse(layer, Problem("SHP221", str(message)))
                return unknown_facts()
            self.result.needs.extend(
                Constraint(layer, Need("==", *pair, message), inputs) for pair in pairs if equal(*pair) is None
            )
        return facts if len(first.weights) == len(facts.weights) else unknown_facts()

    def _cast(self, number: int, source: Node) -> int:
        """The value in the dtype that an input of a nested model declares."""
        value = self.values[number]
        if value.shape is None or source.layer.spec is None or source.layer.spec.dtype == value.dtype:
            return number
        self.values.append(Value(value.shape, source.layer.spec.dtype))
        return len(self.values) - 1

    def _computed(self, node: Node, made_by: list[tuple[tuple[int, ...], int, int]]) -> dict[str, object]:
        """The fields of a call that are computed from sizes of tensors, at the sizes that these have."""
        found: dict[str, object] = {}
        for name, value in node.computed.items():
            if isinstance(value, tuple) and not isinstance(value, (SizeOf, Computed)):
                found[name] = tuple([self._size(one, node, made_by) for one in value])
            else:
                found[name] = self._size(value, node, made_by)
        return found

    def _size(self, size: FromSizes, node: Node, made_by: list[tuple[tuple[int, ...], int, int]]) -> Dim:
        if isinstance(size, int):
            return size
        if isinstance(size, SizeOf):
            shape = self.values[self._number(made_by, size.tensor.node, size.tensor.index, node)].shape
            return UNKNOWN if shape is None or not -len(shape) <= size.axis < len(shape) else shape[size.axis]
        operation = OPERATIONS_ON_SIZES.get(size.operation)
        if operation is None:
            return UNKNOWN
        try:
            return operation(*[self._size(one, node, made_by) for one in size.numbers])
        except (TypeError, ZeroDivisionError):
            return UNKNOWN

    def _apply(
        self,
        layer: Layer,
        type: LayerType | None,
        shapes: tuple[Shape | None, ...],
        node: Node,
        options: Mapping[str, object],
    ) -> Facts:
        if type is None:
            return _as_claimed(node, weightless=layer.weightless)
        keywords = node.keywords
        if any(map(is_mask, keywords)):
            shapes, keywords = without_masks(type, shapes, keywords)
        if () in shapes and not layer.is_operation:
            self._refuse(layer, Problem("SHP204", f"{type.name} needs an input with a batch axis, got ()"))
            return unknown_facts(weightless=not type.weights)
        try:
            fields = {**layer.fields, **options} if options else layer.fields
            if node.computed:  # what was read from a file was checked there
                fields = {**fields, **{name: type.read_field(name, fields[name], _PLAIN) for name in node.computed}}
            facts = type.apply(shapes, fields, keywords)
            _check_limits(*facts.outputs, *[weight.shape for weight in facts.weights])
            facts = _per_sample(facts, self._batches, self.result.needs)
        except Problem as problem:
            from cnnsum.graph.findings import of_call

            self._report(of_call(node, problem, shapes))
            self._tell_mistakes(layer, type, fields, (None,) * len(shapes), keywords, problem)
            return _as_claimed(node, weightless=not type.weights)
        if None in shapes:
            self._tell_mistakes(layer, type, fields, shapes, keywords)
        if node.claim is None:
            return facts
        if facts.status == "unknown":
            return _as_claimed(node, weightless=not facts.weights)
        return facts if all(map(_is_whole, facts.outputs)) else _filled(facts, node.claim)

    def _tell_mistakes(
        self,
        layer: Layer,
        type: LayerType,
        fields: Mapping[str, object],
        shapes: tuple[Shape | None, ...],
        keywords: tuple[str, ...],
        told: Problem | None = None,
    ) -> None:
        """Report what is wrong with a layer's fields whatever it is called on, besides what was told of this call.

        Not of operations of a program, which ran as they are.
        """
        if not layer.is_operation:
            from cnnsum.graph.mistakes import own_mistakes

            for problem in own_mistakes(type, layer.key, fields, shapes, keywords):
                if told is None or (problem.code, problem.field) != (told.code, told.field):
                    self._refuse(layer, problem)

    def _refuse(self, layer: Layer, problem: Problem) -> None:
        self._report(_finding(layer, problem))

    def _report(self, found: Diagnostic) -> None:
        """Add a diagnostic, once: a shared layer fails at every call alike."""
        if found not in self._reported:
            self._reported.add(found)
            self.result.diagnostics.append(found)

    def _not_given(self, layer: Layer) -> tuple[int, ...]:
        self._refuse(layer, Problem("GRF311", f"`{layer.name}` is not among the inputs of its model"))
        return self._unknown()

    def _with_numbers(
        self, shapes: tuple[Shape | None, ...], node: Node, numbers: tuple[int, ...]
    ) -> tuple[Shape | None, ...]:
        """The shapes of a call's inputs, those whose numbers are known with them."""
        given = list(shapes)
        for index, number in enumerate(with_constants(numbers, node)):
            shape, content = given[index], self._contents.get(number)
            within = self._within.get(number)
            if (content is not None or within is not None) and shape is not None:
                given[index] = found = Constant(shape)
                found.numbers, found.dtype, found.within = content or (), self.values[number].dtype, within
        for constant in node.constants:
            given[constant.index] = found = Constant(constant.shape)
            found.numbers, found.dtype = constant.numbers, constant.dtype
        return tuple(given)

    def _give(self, facts: Facts, node: Node, numbers: tuple[int, ...], first: int) -> tuple[int, ...]:
        values = self.values
        layer = node.layer
        given_as: list[str] = []
        if facts.dtype in OF_INPUTS:
            given_as = [values[number].dtype for number in numbers]
            for constant in node.constants:
                given_as.insert(constant.index, constant.dtype)
        key: tuple[object, ...] = (id(facts), layer.policy.compute)
        if given_as:
            key = (*key, *given_as)
        given = self._dtypes.get(key)
        if given is None:
            dtype = facts.dtype or layer.policy.compute
            if facts.dtype in OF_INPUTS:
                dtype = dtype_of_result(facts.dtype, given_as, self.backend) if given_as else layer.policy.compute
                if dtype in FLOATS and layer.casts:
                    # Layers cast floating-point inputs to their compute dtype before they do anything.
                    dtype = layer.policy.compute
            given = self._dtypes[key] = tuple(
                # A rule that hands on a shape means the sizes, and not the numbers that came with it.
                [Value(tuple(shape) if isinstance(shape, Constant) else shape, dtype) for shape in facts.outputs]
            )
        if facts.rest is not None:
            rest = facts.rest if isinstance(facts.rest, tuple) else (facts.rest,) * (len(given) - 1)
            given = (
                given[0],
                *[Value(value.shape, dtype) for value, dtype in zip(given[1:], rest, strict=False)],
            )
        values.extend(given)
        within = facts.within
        if within is None and facts.alias == "view" and len(numbers) == 1 and numbers[0] in self._within:
            whole, made = self.values[numbers[0]].shape, facts.outputs[0]
            if whole is not None and made is not None and equal(prod(whole), prod(made)):
                within = self._within[numbers[0]]
        if within is not None:
            self._within[first] = within
        if facts.contents:
            for number, content in enumerate(facts.contents, first):
                if content is not None:
                    self._contents[number] = content
        if len(given) == 1:
            return (first,)
        return tuple(range(first, first + len(given)))

    def _number(
        self, made_by: list[tuple[tuple[int, ...], int, int]], made_in: Node, index: int, used_in: Node | None
    ) -> int:
        numbers, start, end = made_by[made_in.position]
        if index < len(numbers):
            return numbers[index]
        # How many outputs a layer has that failed, or is of an unknown type, is not known, and that has been reported.
        failed = end == start + 1 and self.calls[start].facts.status == "unknown" and made_in.layer.graph is None
        if not failed and self.values[numbers[0]].shape is not None:
            layer = made_in.layer if used_in is None else used_in.layer
            count = counted(len(numbers), "output")
            problem = Problem("GRF304", f"output {index} of `{made_in.layer.name}` does not exist: it has {count}")
            self._refuse(layer, problem)
        return self._unknown()[0]

    def _unknown(self) -> tuple[int, ...]:
        self.values.append(_UNKNOWN_VALUE)
        return (len(self.values) - 1,)


def _finding(layer: Layer, problem: Problem) -> Diagnostic:
    """A problem of a layer, which most networks have none of."""
    from cnnsum.graph.findings import of_layer

    return of_layer(layer, problem)


def _tell_unused(layers: list[Layer], result: Inference) -> None:
    """Add what says that nothing uses these layers; copies of one line of a file are one finding."""
    if layers:
        from cnnsum.graph.findings import unused

        result.diagnostics.extend(dict.fromkeys(map(unused, layers)))


def _declared(layer: Layer, result: Inference) -> Value:
    """The value of an input, of which nothing is known where it is beyond all limits."""
    assert layer.spec is not None
    try:
        _check_limits(layer.spec.shape)
    except Problem as problem:
        result.diagnostics.append(_finding(layer, problem))
        return Value(None, layer.spec.dtype)
    return Value(*layer.spec)


def _check_limits(*shapes: Shape | None) -> None:
    """Raise Problem for a tensor that nothing can hold; its sizes would soon be too long to be printed."""
    for shape in shapes:
        if shape is None:
            continue
        if len(shape) > MAX_RANK:
            message = f"a tensor of {len(shape):,} axes: no framework has more than {MAX_RANK}"
            raise Problem("SHP226", message)
        for dim in shape:
            if type(dim) is int and dim >= MAX_DIM:
                raise Problem("SHP226", "a tensor with a size of 2**63 or more, which no framework can index")
            if type(dim) is int and dim < 0:
                raise Problem("SHP226", f"a tensor with a size of {dim}, but no size is below 0")


def _per_sample(facts: Facts, batches: tuple[Dim, ...], needs: list[Constraint]) -> Facts:
    """The facts with work per sample, where the first axis of what is made is not the batch as it came in.

    batches: the first axes of the inputs. Each input has a row for each sample, unless its rows are known to be several
    to each sample of the first input (regions of a picture, texts of one).
    Work that is done once however many samples there are (on a sum over the batch) is told as that of one sample,
    which bounds the work per sample.
    """
    rows = facts.rows
    if rows is None:
        shape = facts.outputs[0]
        rows = shape[0] if shape else 1
    if not batches or rows is UNKNOWN or (facts.macs == 0 and facts.ops == 0) or 0 in batches:
        return facts
    batch = batches[0]
    if rows in batches and (rows == batch or not (type(rows) is type(batch) is int and rows % batch == 0)):
        return facts
    if isinstance(batch, Expr):
        # Half a batch is half the samples, of a batch that has halves.
        (symbol,) = batch.symbols
        step = lcm(
            1, *[one.need.right for one in needs if one.need[:2] == ("%", batch) and type(one.need.right) is int]
        )
        if step > 1:
            batch = Symbol(symbol.name, anonymous=symbol.anonymous, multiple_of=step).dim
            even = {symbol.name: batch}
            rows = substitute(rows, even)
            facts.macs, facts.ops = substitute(facts.macs, even), substitute(facts.ops, even)
    facts.repeats = rows // batch if divides(batch, rows) else UNKNOWN
    facts.macs, whole = _share(facts.macs, rows, batch)
    facts.ops, shared = _share(facts.ops, rows, batch)
    if not (whole and shared) and facts.status == "exact":
        facts.status = "bound"
    return facts


def _repeat(facts: Facts, times: Dim) -> None:
    """Count what a call costs as often as it runs. What the other runs keep for backpropagation is not known."""
    facts.macs = facts.macs if facts.macs == 0 else facts.macs * times
    facts.ops = facts.ops if facts.ops == 0 else facts.ops * times
    facts.repeats = facts.repeats * times
    if facts.keeps_input or facts.keeps_output or facts.kept:
        facts.kept = (*facts.kept, Kept("that of the other runs", (UNKNOWN,), batched=False))


def _share(work: Dim, rows: Dim, batch: Dim) -> tuple[Dim, bool]:
    """One sample's share of work that is done `rows` times for a batch, and whether it is that exactly."""
    total = work * rows
    if divides(batch, total):
        share = total // batch
        return (share if symbols_of(share).isdisjoint(symbols_of(batch)) else UNKNOWN), True
    if isinstance(batch, Expr) and isinstance(total, (int, Expr)):
        return (total, False) if symbols_of(total).isdisjoint(batch.symbols) else (UNKNOWN, True)
    return (UNKNOWN, True) if batch is UNKNOWN or batch == 0 else (ceil_div(total, batch), False)


def _as_claimed(node: Node, *, weightless: bool) -> Facts:
    """The facts of a call that no rule can tell of, with what the file records of its outputs."""
    if node.claim is None:
        return unknown_facts(weightless=weightless)
    return unknown_facts(*node.claim.outputs, weightless=weightless, dtype=node.claim.dtype)


def _is_whole(shape: Shape | None) -> bool:
    return shape is not None and UNKNOWN not in shape


def _filled(facts: Facts, claim: Claim) -> Facts:
    """The facts, with what the rule does not know of the outputs as the file has it: true as far as the file is."""
    outputs: list[Shape | None] = []
    for shape, said in zip_longest(facts.outputs, claim.outputs[: len(facts.outputs)]):
        found = shape
        if said is not None and (shape is None or len(shape) == len(said)):
            found = (
                said if shape is None else tuple([b if a is UNKNOWN else a for a, b in zip(shape, said, strict=True)])
            )
        outputs.append(found)
        facts.claimed = facts.claimed or found != shape
    facts.outputs = tuple(outputs)
    if facts.claimed and facts.status == "exact":
        facts.status = "bound"
    return facts


def with_constants(numbers: tuple[int, ...], node: Node) -> tuple[int, ...]:
    """The numbers of a call's inputs, with -1 for each constant among them."""
    for index, _, _ in node.constants:
        numbers = (*numbers[:index], -1, *numbers[index:])
    return numbers


def _cast_weights(layer: Layer, facts: Facts) -> tuple[Kept, ...]:
    """The copies of matrices and kernels that a call under autocast makes and keeps: for gradients of its inputs, but
    for operations that keep all of theirs in any case. Of trained weights that it borrows there are copies already.
    """
    compute = layer.policy.compute
    use: Use = "" if facts.keeps_input is True else "inputs"
    return tuple(
        [
            Kept(f"{one.name} in {compute}", one.shape, compute, batched=False, use=use)
            for one in (*(layer.owned or ()), *[weight for _, weight in layer.borrows if not weight.trainable])
            if len(one.shape) > 1 and one.dtype in FLOATS and one.dtype != compute
        ]
    )


def _as_called(needs: tuple[tuple[int, ...], ...], count: int, node: Node) -> tuple[tuple[int, ...], ...]:
    """What `Facts.keeps_input` says of a rule's inputs, of the `count` that are not constants; these are `~place`."""
    places = _places(count, node)
    called = {place: at if at >= 0 else ~place for place, at in places}
    return tuple(
        tuple([called.get(one, ~one) for one in needs[place]]) if place < len(needs) else ()
        for place, at in places
        if at >= 0
    )


def _places(count: int, node: Node) -> list[tuple[int, int]]:
    """For each input of a call its place among those of the rule, and that among the `count` that are not constants,
    -1 for a constant.
    """
    given = with_constants(tuple(range(count)), node)
    known = node.layer.type.schema.inputs if node.layer.type is not None else ()
    places = [*range(len(given) - len(node.keywords)), *map(known.index, node.keywords)]
    return [*zip(places, given, strict=True)]


def without_masks(
    type: LayerType, shapes: tuple[Shape | None, ...], keywords: tuple[str, ...]
) -> tuple[tuple[Shape | None, ...], tuple[str, ...]]:
    """The inputs without the masks that the layer's rule has no use for."""
    known = type.schema.inputs
    split = len(shapes) - len(keywords)
    kept = [
        (shape, keyword)
        for shape, keyword in zip(shapes[split:], keywords, strict=True)
        if keyword in known or not is_mask(keyword)
    ]
    return (*shapes[:split], *[shape for shape, _ in kept]), tuple([keyword for _, keyword in kept])


#: What programs compute from sizes: by the name of the operation.
OPERATIONS_ON_SIZES: dict[str, Callable[..., Dim]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "neg": lambda size: 0 - size,
    "max": maximum,
    "min": minimum,
}

_UNKNOWN_VALUE = Value(None, "?")
_PLAIN = PlainReading()
