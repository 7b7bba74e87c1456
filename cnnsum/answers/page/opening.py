"""Which sizes of a model its page sets free: as many as leave its numbers what they are at the sizes of the file.

A size that is set free may be one that the file writes out somewhere else, too: a program that was exported with a
batch of 2 has views with a 2 in them, in which nobody sees the batch any more. So every report with free sizes is held
to the report of the file. Knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cnnsum.answers.summary.ask import summarize
from cnnsum.answers.summary.evaluate import totals_at
from cnnsum.answers.summary.records import Report, Totals, TrainingMemory
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import UNKNOWN, Dim, Symbol, symbols_of
from cnnsum.layers.requiring import holds
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.model import Model

#: What an open size is at first, where the file fixes none: near to it, if the network does not accept just that.
_EXAMPLE = {"image": 224, "other": 128}

_KEPT = "Some of the numbers are known at {} only, which {} therefore kept."


class Opened(NamedTuple):
    """A model with sizes set free, its report, what each of its symbols is at first, and what is to be said of it."""

    model: Model
    report: Report
    first: Mapping[str, int]
    notes: list[str]


def opened(model: Model, report: Report, optimizer: str, checkpoint: Collection[str] | None) -> Opened:
    """The model with as many sizes free as can be, whose own report is given; as it is where it has errors."""
    if model.wrong:
        note = "The model has errors: what is known of it is shown, at the sizes of the file."
        return Opened(model, report, first_sizes(model, report, report), [note])
    fixed = model.graph.batch
    for kinds, kept in _kinds(model):
        try:
            freed = model.again(model.how.freeing(*kinds)) if kinds else model
            free = summarize(freed, symbolic=True, optimizer=optimizer, checkpoint=checkpoint)
        except UnusableError:
            continue
        if freed.wrong or ("batch" in kinds and kinds != ("spatial", "batch") and freed.graph.batch == fixed):
            continue
        first = first_sizes(freed, free, report)
        if _tells(free, report, first) and not _is_of_one_batch(model, freed, free):
            return Opened(freed, free, first, [kept] if kept and model.graph.inputs else [])
    kept = _KEPT.format("the sizes of the file", "are")
    return Opened(model, report, first_sizes(model, report, report), [kept] if model.graph.inputs else [])


def _kinds(model: Model) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is tried to be set free, as `How.freeing` has it, the most first; and what is said where that is it."""
    yield ("spatial", "batch"), ""
    if isinstance(model.graph.batch, int):
        yield ("spatial",), _KEPT.format(f"the file's batch of {model.graph.batch:,}", "is")
        yield ("batch",), _KEPT.format("the sizes of the file", "are")
    yield (), _KEPT.format("the sizes of the file", "are")


def first_sizes(opened: Model, free: Report, report: Report) -> dict[str, int]:
    """What each symbol is at first: what the file or the caller says, else an accepted size near to a usual one."""
    batch = symbols_of(opened.graph.batch) if opened.graph.batch is not None else frozenset()
    found: dict[str, int] = {}
    for symbol in free.symbols:
        said = opened.graph.freed.get(symbol.name)
        size = None if said is None else said.size
        if symbol in batch and type(report.batch) is int:
            size = report.batch
        found[symbol.name] = _example(opened, symbol, place(free, symbol)[1]) if size is None else size
    return found


def place(free: Report, symbol: Symbol) -> tuple[str, int]:
    """Where a symbol stands first, and how many axes there are."""
    for record in free.inputs:
        for axis, dim in enumerate(record.shape or ()):
            if symbol in symbols_of(dim):
                return f"axis {axis} of {record.name}", len(record.shape or ())
    return "", 0


def _example(opened: Model, symbol: Symbol, axes: int) -> int:
    """An accepted size near to a usual one."""
    wanted = 1 if axes == 0 else _EXAMPLE["image" if axes == 4 else "other"]
    wanted = max(wanted, symbol.minimum)
    wanted += -wanted % symbol.multiple_of
    axis = next((one for one in opened.sizes.axes if one.symbol == symbol), None)
    near = None if axis is None else opened.sizes.nearest(axis, {}, wanted)
    if near is None or near.accepted:
        return wanted
    return near.above or near.below or wanted


def _tells(free: Report, report: Report, first: Mapping[str, int]) -> bool:
    """Whether a report with free sizes tells what the other does: no less, and at the first sizes the same.

    What is not known exactly at some accepted sizes, though it is a formula, counts as told.
    """
    if 0 in first.values():
        return False  # no size that a network is asked for
    if any(
        one is UNKNOWN and other is not UNKNOWN
        for one, other in zip(_numbers(free.totals), _numbers(report.totals), strict=True)
    ):
        return False
    if any(holds(one.need, first) is False for one in free.conditions):
        return True  # the examples go with no other, so that nothing is known of just these sizes
    here, there = totals_at(free, first), _at(report, first)
    return all(
        one == other or UNKNOWN in (one, other) for one, other in zip(_numbers(here), _numbers(there), strict=True)
    )


def training_at_first(
    model: Model,
    free: Report,
    report: Report,
    first: Mapping[str, int],
    optimizer: str,
    checkpoint: Collection[str] | None,
) -> TrainingMemory | None:
    """The memory of training at the first sizes, where the report with free sizes does not tell it there.

    It is what a report at these sizes tells: the file's own, or one of the file read anew with what it leaves open.
    """
    if free.totals.training.total is UNKNOWN or totals_at(free, first).training.total is not UNKNOWN:
        return None
    there = _at(report, first).training
    if there.total is UNKNOWN:
        settings = {**model.how.settings, **_own(model, report, first)}
        batch = report.batch if type(report.batch) is int else None
        try:
            closed = model.again(model.how._replace(settings=settings))
            there = summarize(closed, batch=batch, optimizer=optimizer, checkpoint=checkpoint).totals.training
        except UnusableError:  # a size without a name
            return None
    return there if type(there.total) is int else None


def _own(model: Model, report: Report, first: Mapping[str, int]) -> dict[str, int]:
    """What the file leaves open, as it is at first; but for the batch, of which the report has a number."""
    batch = symbols_of(model.graph.batch) if model.graph.batch is not None else frozenset()
    return {one.name: first[one.name] for one in report.symbols if one.name in first and one not in batch}


def _at(report: Report, first: Mapping[str, int]) -> Totals:
    """The totals of the file's report; what it leaves open is as at first."""
    return totals_at(report, {one.name: first[one.name] for one in report.symbols if one.name in first})


def _numbers(totals: Totals) -> tuple[Dim, ...]:
    """Every total that a page shows."""
    training = totals.training
    return (
        totals.params.total,
        totals.buffers.total,
        totals.weights.total,
        totals.macs,
        totals.flops,
        totals.outputs,
        totals.saved,
        totals.peak.bytes,
        training.total,
        training.weights,
        training.gradients,
        training.optimizer,
        training.saved,
        training.transient,
        training.master_weights,
    )


def _is_of_one_batch(model: Model, freed: Model, free: Report) -> bool:
    """Whether work per sample is exact at the batch of the file, and a bound once that is free, which layers refuse.

    (Work that is done once however many samples there are is a bound at every batch, and no layer refuses one.)
    """
    symbols = symbols_of(freed.graph.batch) if freed.graph.batch is not None else frozenset()
    if not isinstance(model.graph.batch, int) or not symbols:
        return False
    if all(symbols.isdisjoint(symbols_of(one.need.left) | symbols_of(one.need.right)) for one in free.conditions):
        return False
    return _exact(freed) < _exact(model)


def _exact(model: Model) -> int:
    """How many calls there are of which all is known."""
    return sum(call.facts.status == "exact" for call in model.inference.calls)
