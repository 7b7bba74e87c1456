"""What the page of a model holds: `page`. Sizes that the file fixes are set free, so that its numbers are formulas.

Knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cnnsum.analyses.memory.liveness import Story
from cnnsum.answers.page.opening import opened as opened_of
from cnnsum.answers.page.opening import place, training_at_first
from cnnsum.answers.page.records import Field, Page, Stretch
from cnnsum.answers.picture.ask import picture
from cnnsum.answers.plan.ask import plan as plan_of
from cnnsum.answers.summary.ask import check_checkpoint, require_own
from cnnsum.answers.summary.records import Report
from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import UNKNOWN, Dim, Symbol, symbols_of
from cnnsum.dims.patterns import positions
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.answers.explain.explaining import Explained
    from cnnsum.model import Model

#: A text of more characters or lines than that, or with a longer line, is not text that one reads.
MOST_CHARACTERS = 400_000
MOST_LINES = 8_000
MOST_IN_A_LINE = 2_000


#: More remainders than that are not written into a page: the sizes are then tried one by one.
MOST_REMAINDERS = 4_096


def page(
    model: Model,
    report: Report,
    *,
    optimizer: str = "adam",
    checkpoint: Collection[str] | None = None,
    depth: int | None = None,
    findings: Iterable[Diagnostic] | None = None,
) -> Page:
    """The page of a model, whose own report is given, with the sizes that the file fixes set free: `report.page`, which
    the format html writes.

    optimizer, checkpoint: those of the report, as for `summarize`. depth: blocks that many names below the model are
    closed at first. findings: what is to be said of the model, as `check` finds it; its own diagnostics where that is
    not given.

    Raises ValueError for a report of another model or optimizer, and UnusableError for a checkpoint that there is not.
    """
    require_own("page", model, report, optimizer)
    if checkpoint is not None:
        check_checkpoint(model, checkpoint)
    opened, free, first, notes = opened_of(model, report, optimizer, checkpoint)
    told = tuple(report.diagnostics if findings is None else findings)
    return Page(
        free,
        picture(free, depth=depth),
        _fields(opened, free, report, first),
        _explained(opened, free, notes),
        _story(opened, free),
        told,
        _source(model, notes),
        tuple(notes),
        training=training_at_first(model, free, report, first, optimizer, checkpoint),
    )


def _fields(opened: Model, free: Report, report: Report, first: Mapping[str, int]) -> tuple[Field, ...]:
    """The batch first, then the symbols in the order of the inputs."""
    used = {one for name in _open_symbols(free) for one in name}
    batch = symbols_of(opened.graph.batch) if opened.graph.batch is not None else frozenset()
    conditions = {record.symbol: record.condition for record in free.sizes}
    fields = []
    # A report at one batch has no number that would follow another.
    fixed = batch if type(free.batch) is int else frozenset[Symbol]()
    for symbol in free.symbols:
        if (symbol not in used and symbol not in batch) or symbol in fixed:
            continue
        freed = opened.graph.freed.get(symbol.name)
        given = (freed is not None and freed.size is not None) or (symbol in batch and type(report.batch) is int)
        fields.append(
            Field(
                "batch" if symbol in batch else symbol.name,
                symbol.name,
                first[symbol.name],
                symbol.minimum,
                symbol.multiple_of,
                "samples in a batch" if symbol in batch else place(free, symbol)[0],
                conditions.get(symbol.name, ""),
                given,
                _legal(opened, symbol),
            )
        )
    return tuple(sorted(fields, key=lambda field: field.name != "batch"))


def _legal(opened: Model, symbol: Symbol) -> tuple[Stretch, ...] | None:
    """The sizes that all conditions on a symbol alone accept, as records; see `Field`."""
    axis = next((one for one in opened.sizes.axes if one.symbol == symbol), None)
    if axis is None:
        return None
    legal = axis.legal
    found: list[Stretch] = [
        (first, last, pattern.period, tuple(positions(pattern.bits))) for first, last, pattern in legal.finite
    ]
    if legal.residues:
        found.append((legal.start, None, legal.period, legal.residues))
    everything = found == [(1, None, 1, (0,))]
    return None if everything or sum(len(one[3]) for one in found) > MOST_REMAINDERS else tuple(found)


def _open_symbols(free: Report) -> Iterable[frozenset[Symbol]]:
    for record in free.inputs:
        for dim in record.shape or ():
            yield symbols_of(dim)
    for condition in free.conditions:
        yield symbols_of(condition.need.left) | symbols_of(condition.need.right)


def _explained(opened: Model, free: Report, notes: list[str]) -> tuple[Explained, ...]:
    from cnnsum.answers.explain.explaining import explain

    graph = opened.graph
    if not opened.inference.calls:
        return ()
    batch: Dim = free.batch
    found, more = explain(graph, opened.inference, (), batch)
    if more:
        notes.append(
            f"The arithmetic of the first {len(found):,} layers is shown; of {more:,} more their numbers only."
        )
    return found


def _story(opened: Model, free: Report) -> Story | None:
    """The lifetimes of all storages: those that the report has, or those of a plan where all is numbers."""
    if free.totals.peak.bytes is UNKNOWN:
        return None
    if free.totals.peak.story is not None:
        return free.totals.peak.story
    plan = plan_of(opened, free, order=False)
    return Story(
        tuple([(one.name, one.bytes, one.first, one.last) for one in plan.storages]),
        tuple([one.scratch for one in plan.timeline]),
        tuple([one.layer for one in plan.timeline]),
        (),
    )


def _source(model: Model, notes: list[str]) -> str | None:
    text = model.document.text
    if not text:
        return None  # a file that is not text
    lines = text.splitlines()
    if len(text) > MOST_CHARACTERS or len(lines) > MOST_LINES or max(map(len, lines), default=0) > MOST_IN_A_LINE:
        notes.append("The text of the file is not shown: it is longer than one reads.")
        return None
    return text
