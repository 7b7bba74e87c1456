"""Inference -> Report: runs the analyses and sets their numbers beside the rows. Knows no format and no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cnnsum.analyses.cost import Cost, cost_of
from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.activations import Keeping, saved, value_bytes
from cnnsum.analyses.memory.liveness import peak
from cnnsum.analyses.params import NO_WEIGHTS, Weights
from cnnsum.analyses.params import Params as ParamsOf
from cnnsum.analyses.training.optimizers import OPTIMIZERS
from cnnsum.analyses.training.total import training
from cnnsum.answers.summary.records import (
    Buffers,
    Checkpoint,
    Condition,
    Connection,
    InputRecord,
    LayerMemory,
    OptimizerRecord,
    Params,
    Peak,
    ReceptiveField,
    Report,
    Row,
    SizeRecord,
    Source,
    TensorRecord,
    Totals,
    TrainingMemory,
    WeightRecord,
    WeightsMemory,
)
from cnnsum.dims import UNKNOWN, Dim, Symbol
from cnnsum.graph.infer import Call, Inference, Value
from cnnsum.graph.model import Graph, Layer, Node

if TYPE_CHECKING:
    from collections.abc import Collection

    from cnnsum.analyses.sizes.conditions import Sizes


def build(
    graph: Graph,
    inference: Inference,
    source: Source,
    version: str,
    *,
    batch: Dim = 1,
    optimizer: str = "adam",
    checkpoint: Collection[str] | None = None,
    sizes: Sizes | None = None,
    details: bool = True,
    step: bool = False,
) -> Report:
    """The report of a graph.

    batch: samples that memory is counted for, a number or the batch's symbol.
    checkpoint: the layers whose outputs are kept between segments of the forward pass that are run again; "auto" among
    them chooses. step: also the peak of a training step, moment by moment.
    sizes: what the network accepts on the open axes of its inputs, where there is anything to say.
    details: also where each layer stands in its file, and receptive fields, which only some formats show.
    """
    counted = _Counted(graph, inference, batch, sizes)
    rows = _Builder(inference, counted.counter, counted.bytes_of, counted.params, counted.kept, details=details).rows()
    if graph.program:
        from cnnsum.answers.summary.fold import fold_modules

        rows = fold_modules(rows)
    totals = _totals(graph, inference, counted, optimizer, checkpoint, sizes, step=step or details)
    return Report(
        name=graph.name,
        version=version,
        source=source,
        batch=batch,
        dtype=_model_dtype(inference),
        connected=inference.order.connected,
        inputs=tuple(
            _tensor(node.layer.name, inference.values[n])
            for node, n in zip(graph.inputs, inference.inputs, strict=False)
        ),
        outputs=tuple(
            _tensor(tensor.node.layer.name, inference.values[n])
            for tensor, n in zip(graph.outputs, inference.outputs, strict=False)
        ),
        rows=tuple(rows),
        totals=totals,
        sizes=() if sizes is None else _records(sizes),
        diagnostics=(*graph.diagnostics, *inference.diagnostics),
        symbols=tuple(graph.symbols.values()),
        conditions=() if sizes is None else tuple([Condition(one.layer.name, one.need) for one in sizes.requirements]),
    )


def totals_of(
    graph: Graph, inference: Inference, *, batch: Dim = 1, optimizer: str = "adam", sizes: Sizes | None = None
) -> Totals:
    """The totals of a graph's report, without its rows."""
    return _totals(graph, inference, _Counted(graph, inference, batch, sizes), optimizer, None, sizes, step=False)


class _Counted:
    """What rows and totals are both made of: bytes of every value, parameters, and what backpropagation keeps."""

    def __init__(self, graph: Graph, inference: Inference, batch: Dim, sizes: Sizes | None) -> None:
        # Of a batch that the network cannot run on, no memory is known.
        self.counter = Counter(
            graph.batch, batch if sizes is None or sizes.refused(graph.batch, batch) is None else UNKNOWN
        )
        self.bytes_of = value_bytes(inference, self.counter)
        self.params = ParamsOf(inference.calls, trainable=graph.trainable)
        self.keeping = Keeping(inference, self.bytes_of, self.counter, self.params.by_layer)
        self.kept, self.kept_total = saved(inference, self.keeping)
        #: The same with the shapes that there are at accepted sizes, for all that compares sizes of tensors; pairs of
        #: sizes of which even so only some are equal.
        self.inference, self.sizes = inference, self.bytes_of
        self.doubtful: tuple[tuple[Dim, Dim], ...] = ()
        if sizes is not None:
            from cnnsum.analyses.sizes.settled import doubtful, settled

            self.inference = settled(inference, sizes)
            if self.inference is not inference:
                self.sizes = value_bytes(self.inference, self.counter)
                self.keeping = Keeping(self.inference, self.sizes, self.counter, self.params.by_layer)
            self.doubtful = doubtful(self.inference, self.sizes)


def _totals(
    graph: Graph,
    inference: Inference,
    counted: _Counted,
    optimizer: str,
    checkpoint: Collection[str] | None,
    sizes: Sizes | None,
    *,
    step: bool,
) -> Totals:
    total = cost_of(inference.calls)
    weights = counted.params.total
    kept_total = counted.kept_total
    most = peak(counted.inference, counted.sizes, counted.counter, lambda: _known(sizes))
    outputs: Dim = 0
    for call in inference.calls:
        for number in call.outputs:
            outputs = outputs + counted.bytes_of[number]
    found = training(
        counted.inference,
        counted.keeping,
        counted.sizes,
        counted.counter,
        counted.params,
        kept_total,
        OPTIMIZERS[optimizer],
        checkpoint,
        step=step,
        known=lambda: _known(sizes),
    )
    trained = TrainingMemory(
        *found[:-1], None if found.checkpoint is None else Checkpoint(*found.checkpoint), counted.doubtful
    )
    wrong = any(found.severity == "error" for found in (*graph.diagnostics, *inference.diagnostics))
    if wrong or not inference.inputs:
        # A model that never met an input, or that is wrong somewhere: what its parts add up to is not what it will be.
        outputs = kept_total = UNKNOWN
        trained = TrainingMemory(*(UNKNOWN,) * 7, None if found.peak_step is None else UNKNOWN)
        total = Cost(UNKNOWN, UNKNOWN)
        most = most._replace(bytes=UNKNOWN, story=None)
        if wrong or graph.layers:
            weights = Weights(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    return Totals(
        params=Params(weights.parameters, weights.trainable, weights.non_trainable),
        macs=counted.counter.fill(total.macs),
        flops=counted.counter.fill(total.flops),
        weights=WeightsMemory(weights.bytes, weights.trainable_bytes, weights.non_trainable_bytes),
        buffers=Buffers(weights.buffers, weights.buffer_bytes),
        outputs=outputs,
        saved=kept_total,
        peak=Peak(most.bytes, None if most.call is None else most.call.layer.name, *most[2:]),
        training=trained,
        optimizer=OPTIMIZERS[optimizer].title,
        unknown=inference.unknown,
        compiled=_compiled(graph, inference, wrong=wrong),
        stored=inference.stored,
    )


def _compiled(graph: Graph, inference: Inference, *, wrong: bool) -> OptimizerRecord | None:
    if not graph.compile_config:
        return None
    from cnnsum.analyses.training.compiled import compiled

    found = compiled(graph, inference)
    if found is not None and wrong:
        found = found._replace(params=UNKNOWN, bytes=UNKNOWN, at_least=0)
    return None if found is None else OptimizerRecord(*found)


class _Numbers(NamedTuple):
    """What a layer's row says of all its calls together."""

    outputs: tuple[TensorRecord, ...]
    weights: tuple[WeightRecord, ...]
    params: Params
    macs: Dim
    flops: Dim
    weight_bytes: Dim
    output_bytes: Dim
    status: str


class _Builder:
    """Makes rows; repeated layers share the records of their tensors and weights."""

    def __init__(
        self,
        inference: Inference,
        counter: Counter,
        sizes: list[Dim],
        params: ParamsOf,
        kept: dict[Layer, Dim],
        *,
        details: bool,
    ) -> None:
        self.inference = inference
        self.counter = counter
        self.sizes = sizes
        self.params = params
        self.kept = kept
        self.details = details
        self.fields: list[Any] = []
        if details:
            from cnnsum.analyses.field.fields import receptive_fields

            self.fields = receptive_fields(inference)
        self._shared: dict[tuple[int, int, int, bool], _Numbers] = {}
        self._claimed = _claimed(inference)

    def rows(self, *, nested: bool = False) -> list[Row]:
        """One row per layer, in Keras's order. A nested model is listed without its operations, as Keras lists it."""
        order = self.inference.order
        used = set(order.nodes) if order.connected else None
        return [self.row(layer, used, nested=nested) for layer in order.layers if not (nested and layer.is_operation)]

    def row(self, layer: Layer, used: set[Node] | None, *, nested: bool) -> Row:
        """The row of one layer: the outputs of its last call, the work of all its calls."""
        if not self.inference.inputs:
            return self._unbuilt(layer)
        nodes = layer.nodes if used is None else [node for node in layer.nodes if node in used]
        numbers = self._numbers(layer, nodes)
        return Row(
            layer.name,
            layer.type_name,
            outputs=numbers.outputs,
            weights=numbers.weights,
            params=numbers.params,
            macs=numbers.macs,
            flops=numbers.flops,
            memory=LayerMemory(numbers.weight_bytes, numbers.output_bytes, self._saved(layer, nodes)),
            connections=() if nested else self._connections(nodes),
            block=layer.block,
            module=layer.module,
            place=self._place(layer) if self.details else None,
            receptive_field=self._field(nodes) if self.details else None,
            status=numbers.status,
            built=bool(nodes),
            trainable=layer.trainable,
            rows=() if layer.graph is None else self._nested(layer),
        )

    def _unbuilt(self, layer: Layer) -> Row:
        """The row of a layer in a model that has not met an input: nothing is known but its name."""
        weightless = layer.weightless if layer.type is None else not layer.type.weights
        count: Dim = 0 if weightless else UNKNOWN
        return Row(
            layer.name,
            layer.type_name,
            outputs=(),
            params=Params(count, count, count),
            macs=UNKNOWN,
            flops=UNKNOWN,
            memory=LayerMemory(count, UNKNOWN, UNKNOWN),
            block=layer.block,
            place=self._place(layer) if self.details else None,
            status="unknown",
            built=weightless and layer.type is not None and layer.type.built,
            trainable=layer.trainable,
            rows=() if layer.graph is None else self._nested(layer),
        )

    def _numbers(self, layer: Layer, nodes: list[Node]) -> _Numbers:
        """The numbers of a layer's calls together; layers that repeat each other share them."""
        if len(nodes) == 1:
            made, start, end = self.inference.made_by[nodes[0].position]
            if end - start == 1 and layer.graph is None:
                call = self.inference.calls[start]
                weights = self.params.by_layer[layer]
                claimed = not self._claimed.isdisjoint(call.inputs)
                key = (id(call.facts), id(weights), id(self.inference.values[made[0]]), claimed)
                found = self._shared.get(key)
                if found is None:
                    found = self._shared[key] = self._count(layer, nodes)
                return found
        return self._count(layer, nodes)

    def _count(self, layer: Layer, nodes: list[Node]) -> _Numbers:
        inference = self.inference
        calls: list[Call] = []
        output_bytes: Dim = 0
        for node in nodes:
            made, start, end = inference.made_by[node.position]
            calls += inference.calls[start:end]
            if layer.spec is None:
                for number in made:
                    output_bytes = output_bytes + self.sizes[number]
        weights = self.params.of(calls) if calls else NO_WEIGHTS
        cost = cost_of(calls)
        return _Numbers(
            tuple(TensorRecord(*value) for value in inference.output_of(nodes[-1])) if nodes else (),
            self._weights(calls) if layer.graph is None else (),
            Params(weights.parameters, weights.trainable, weights.non_trainable),
            self.counter.fill(cost.macs),
            self.counter.fill(cost.flops),
            weights.bytes,
            output_bytes,
            _status(calls, self._claimed),
        )

    def _saved(self, layer: Layer, nodes: list[Node]) -> Dim:
        if layer.graph is None:
            return self.kept.get(layer, 0)
        total: Dim = 0
        for owner in dict.fromkeys(call.layer for node in nodes for call in self.inference.calls_of(node)):
            total = total + self.kept.get(owner, 0)
        return total

    def _nested(self, layer: Layer) -> tuple[Row, ...]:
        assert layer.graph is not None
        inner = self.inference.nested.get(layer)
        if inner is None:
            return ()
        sizes = value_bytes(inner, self.counter)
        params = ParamsOf(inner.calls, trainable=self.params.trainable)
        kept, _ = saved(inner, Keeping(inner, sizes, self.counter, params.by_layer))
        builder = _Builder(inner, self.counter, sizes, params, kept, details=self.details)
        return tuple(builder.rows(nested=True))

    def _weights(self, calls: list[Call]) -> tuple[WeightRecord, ...]:
        if not calls or not calls[0].facts.weights:
            return ()
        layer, facts = calls[0].layer, calls[0].facts
        is_unknown = facts.status == "unknown"
        if is_unknown and not facts.has_known_weights:
            return ()
        trains = self.params.trainable and not layer.freezes
        return tuple(
            WeightRecord(
                weight.name,
                weight.shape,
                weight.dtype or layer.policy.variable,
                # What trains of a layer that nothing is known of is not said anywhere.
                None if is_unknown and trains and weight.trainable else weight.trainable and trains,
            )
            for weight in facts.weights
        )

    def _connections(self, nodes: list[Node]) -> tuple[Connection, ...]:
        if len(nodes) == 1 and len(nodes[0].inputs) == 1:
            node, index = nodes[0].inputs[0]
            return (Connection(node.layer.name, node.index, index),)
        return tuple(
            [
                Connection(tensor.node.layer.name, tensor.node.index, tensor.index)
                for node in nodes
                for tensor in node.inputs
            ]
        )

    def _place(self, layer: Layer) -> tuple[int, int] | None:
        if layer.place is None:
            return None
        span = layer.place.span()
        return span.line, span.column

    def _field(self, nodes: list[Node]) -> ReceptiveField | None:
        if not nodes:
            return None
        number = self.inference.made_by[nodes[-1].position][0][0]
        seen = self.fields[number]
        shape = self.inference.values[number].shape
        if seen is None:
            axes = max(len(shape) - 2, 1) if shape is not None else 1
            return ReceptiveField((None,) * axes, (None,) * axes, (None,) * axes)
        if not seen:
            return None
        from cnnsum.analyses.field.fields import aligned_all, is_known

        return ReceptiveField(
            tuple([axis.size for axis in seen]),
            tuple([axis.jump for axis in seen]),
            tuple([axis.offset for axis in seen]),
            aligned_all(seen),
            all(axis.exact for axis in seen) if is_known(seen) or aligned_all(seen) is False else None,
        )


def _claimed(inference: Inference) -> set[int]:
    """The values that follow from what a layer gives whose result is known by the file's word alone."""
    claimed: set[int] = set()
    for call in inference.calls:
        said = call.facts.status == "unknown" and call.facts.outputs[0] is not None
        if said or (claimed and not claimed.isdisjoint(call.inputs)):
            claimed.update(call.outputs)
    return claimed


def _status(calls: list[Call], claimed: set[int]) -> str:
    worst = "exact"
    for call in calls:
        if call.facts.status == "unknown":
            return "unknown"
        if call.facts.status == "bound" or (claimed and not claimed.isdisjoint(call.inputs)):
            worst = "bound"
    return worst


def _tensor(name: str, value: Value) -> InputRecord:
    return InputRecord(name, value.shape, value.dtype)


def _model_dtype(inference: Inference) -> str:
    """The dtype that most layers compute in; float32 where there is none."""
    counts: dict[str, int] = {}
    for call in inference.calls:
        dtype = call.layer.policy.compute
        counts[dtype] = counts.get(dtype, 0) + 1
    return max(counts, key=lambda dtype: counts[dtype]) if counts else "float32"


def _known(sizes: Sizes | None) -> dict[str, Symbol]:
    """What the sizes that the network accepts tell of their symbols."""
    if sizes is None:
        return {}
    from cnnsum.analyses.sizes.envelope import known_of

    return known_of(sizes)


def _records(sizes: Sizes) -> tuple[SizeRecord, ...]:
    from cnnsum.answers.sizes.ask import records

    return records(sizes)
