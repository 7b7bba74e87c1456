"""Inference -> Report: runs the analyses and sets their numbers beside the rows. Knows no format and no screen."""

from __future__ import annotations

from cnnsum.analyses.counting import Cost, Counter, cost_of
from cnnsum.analyses.memory.activations import Keeping, saved, value_bytes
from cnnsum.analyses.memory.liveness import Largest, largest_formula, peak
from cnnsum.analyses.params import Params as ParamsOf
from cnnsum.analyses.params import Weights
from cnnsum.analyses.training.optimizers import OPTIMIZERS
from cnnsum.analyses.training.total import training
from cnnsum.answers.summary.records import (
    Buffers,
    Checkpoint,
    Condition,
    InputRecord,
    OptimizerRecord,
    Params,
    Peak,
    Report,
    SizeRecord,
    Source,
    Totals,
    TrainingMemory,
    WeightsMemory,
)
from cnnsum.answers.summary.row_building import RowBuilder
from cnnsum.dims import UNKNOWN, Dim, symbols_of
from cnnsum.graph.infer import Inference, Value
from cnnsum.graph.model import Graph
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

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
    details: also where each layer stands in its file, receptive fields, and what each reads of which other, which only
    some formats show.
    """
    counted = _Counted(graph, inference, batch, sizes)
    rows = RowBuilder(
        inference, counted.counter, counted.bytes_of, counted.params, counted.kept, details=details
    ).rows()
    if graph.modular:
        from cnnsum.answers.summary.fold import fold_modules

        rows = fold_modules(rows)
    totals = _totals(graph, inference, counted, optimizer, checkpoint, sizes, step=step or details)
    inputs, outputs = ends_of(graph, inference)
    return Report(
        name=graph.name,
        version=version,
        source=source,
        batch=batch,
        dtype=_model_dtype(inference),
        connected=inference.order.connected,
        inputs=inputs,
        outputs=outputs,
        rows=tuple(rows),
        totals=totals,
        sizes=() if sizes is None else _records(sizes),
        diagnostics=(*graph.diagnostics, *inference.diagnostics),
        symbols=tuple(graph.symbols.values()),
        of_batch=_of_batch(graph, inputs),
        conditions=() if sizes is None else tuple([Condition(one.layer.name, one.need) for one in sizes.requirements]),
    )


def _of_batch(graph: Graph, inputs: tuple[InputRecord, ...]) -> frozenset[str]:
    """The names of the symbols that stand for the batch."""
    sizes = [(axis, dim) for record in inputs for axis, dim in enumerate(record.shape or ())]
    return frozenset(one.name for axis, dim in sizes for one in symbols_of(dim) if graph.holds_samples(axis, one))


def ends_of(graph: Graph, inference: Inference) -> tuple[tuple[InputRecord, ...], tuple[InputRecord, ...]]:
    """What goes into a network, and what comes out of it."""
    return (
        tuple(
            _tensor(node.layer.name, inference.values[n])
            for node, n in zip(graph.inputs, inference.inputs, strict=False)
        ),
        tuple(
            _tensor(tensor.node.layer.name, inference.values[n])
            for tensor, n in zip(graph.outputs, inference.outputs, strict=False)
        ),
    )


def totals_of(
    graph: Graph,
    inference: Inference,
    *,
    batch: Dim = 1,
    optimizer: str = "adam",
    sizes: Sizes | None = None,
    largest: Largest | None = None,
) -> Totals:
    """The totals of a graph's report, without its rows. largest: what finds the largest of formulas in another way."""
    counted = _Counted(graph, inference, batch, sizes)
    return _totals(graph, inference, counted, optimizer, None, sizes, step=False, largest=largest)


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
    largest: Largest | None = None,
) -> Totals:
    largest = largest or _largest_at(sizes)
    total = cost_of(inference.calls)
    weights = counted.params.total
    kept_total = counted.kept_total
    most = peak(counted.inference, counted.sizes, counted.counter, largest)
    outputs: Dim = 0
    for call in inference.calls:
        for number in call.outputs:
            outputs = outputs + counted.bytes_of[number]
    trained = _trained(counted, optimizer, checkpoint, largest, step=step)
    if step and counted.doubtful:
        trained = trained._replace(where_equal=_where_equal(graph, inference, counted, optimizer, checkpoint))
    wrong = any(found.severity == "error" for found in (*graph.diagnostics, *inference.diagnostics))
    if wrong or not inference.inputs:
        # A model that never met an input, or that is wrong somewhere: what its parts add up to is not what it will be.
        outputs = kept_total = UNKNOWN
        trained = TrainingMemory(*(UNKNOWN,) * 7, None if trained.peak_step is None else UNKNOWN)
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
        stored=tuple(dict.fromkeys(layer.name for layer in inference.stored)),
    )


def _trained(
    counted: _Counted, optimizer: str, checkpoint: Collection[str] | None, largest: Largest, *, step: bool
) -> TrainingMemory:
    found = training(
        counted.inference,
        counted.keeping,
        counted.sizes,
        counted.counter,
        counted.params,
        counted.kept_total,
        OPTIMIZERS[optimizer],
        checkpoint,
        step=step,
        of_formulas=largest,
    )
    own = None if found.checkpoint is None else Checkpoint(*found.checkpoint)
    return TrainingMemory(*found[:-1], own, counted.doubtful)


def _where_equal(
    graph: Graph, inference: Inference, counted: _Counted, optimizer: str, checkpoint: Collection[str] | None
) -> TrainingMemory | None:
    """The memory of training at the sizes at which nothing is broadcast; None where there are none, or all are."""
    from cnnsum.analyses.sizes.settled import without_broadcasts
    from cnnsum.analyses.sizes.solving import sizes_of

    narrower = without_broadcasts(inference)
    if narrower is None:
        return None
    sizes = sizes_of(graph, narrower)
    if any(axis.legal.is_empty for axis in sizes.axes):
        return None
    at = _Counted(graph, narrower, counted.counter.batch, sizes)
    found = _trained(at, optimizer, checkpoint, _largest_at(sizes), step=True)
    return None if found.total is UNKNOWN else found


def _compiled(graph: Graph, inference: Inference, *, wrong: bool) -> OptimizerRecord | None:
    if not graph.compile_config:
        return None
    from cnnsum.analyses.training.compiled import compiled

    found = compiled(graph, inference)
    if found is not None and wrong:
        found = found._replace(params=UNKNOWN, bytes=UNKNOWN, at_least=0)
    return None if found is None else OptimizerRecord(*found)


def _tensor(name: str, value: Value) -> InputRecord:
    return InputRecord(name, value.shape, value.dtype)


def _model_dtype(inference: Inference) -> str:
    """The dtype that most layers compute in; float32 where there is none."""
    dtypes = [call.layer.policy.compute for call in inference.calls]
    return max(dict.fromkeys(dtypes), key=dtypes.count) if dtypes else "float32"


def _largest_at(sizes: Sizes | None) -> Largest:
    """What finds the largest of formulas at the sizes that the network accepts."""
    if sizes is None:
        return largest_formula

    def largest(dims: Sequence[Dim]) -> tuple[Dim, int | None]:
        from cnnsum.analyses.sizes.envelope import known_of, largest_of

        return largest_of(dims, known_of(sizes))

    return largest


def _records(sizes: Sizes) -> tuple[SizeRecord, ...]:
    from cnnsum.answers.sizes.ask import records

    return records(sizes)
