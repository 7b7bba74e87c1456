"""Values for the symbols of a report: the same report with numbers in place of formulas.

Works on the plain records; nothing is inferred anew. What it finds at some sizes is what inference at these sizes
finds. Loaded when a report is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.analyses.memory.liveness import Story, told
from cnnsum.analyses.sizes.conditions import put, text_of
from cnnsum.answers.given import whole
from cnnsum.answers.summary.records import (
    Condition,
    InputRecord,
    Peak,
    Report,
    Row,
    SizeRecord,
    TensorRecord,
    Totals,
    TrainingMemory,
)
from cnnsum.diagnostics import did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Expr, equal, substitute, symbols_of
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.sets import SizeSet
from cnnsum.dims.solving import solve
from cnnsum.ink import harmless
from cnnsum.layers.facts import Need
from cnnsum.layers.requiring import holds
from cnnsum.typed import TypeVar, overload

T = TypeVar("T")


def evaluated(report: Report, given: Mapping[str, object]) -> Report:
    """The report with values for some of its symbols; raises ValueError as `Report.evaluate` says."""
    values = _checked(report, given)
    fill = _Fill(report, values)
    return Report(
        name=report.name,
        version=report.version,
        source=report.source,
        batch=fill.dim(report.batch),
        dtype=report.dtype,
        connected=report.connected,
        inputs=fill(report.inputs),
        outputs=fill(report.outputs),
        rows=fill(report.rows),
        totals=fill(report.totals),
        sizes=tuple([_size(record, report, values) for record in report.sizes if record.symbol not in values]),
        diagnostics=report.diagnostics,
        symbols=tuple([symbol for symbol in report.symbols if symbol.name not in values]),
        of_batch=report.of_batch,
        conditions=tuple(_left(report.conditions, values)),
    )


def totals_at(report: Report, values: Mapping[str, int]) -> Totals:
    """The totals of a report alone, with values for some of its symbols, whether or not the network accepts these."""
    return _Fill(report, values)(report.totals)


def _checked(report: Report, given: Mapping[str, object]) -> dict[str, int]:
    """The values as plain numbers."""
    values: dict[str, int] = {}
    symbols = {symbol.name: symbol for symbol in report.symbols}
    for name, one in given.items():
        if name not in symbols:
            help = did_you_mean(name, symbols) or f"its symbols are {', '.join(symbols) or 'none'}"
            raise ValueError(f"the report has no symbol `{name}` ({help})")
        value = whole(one)
        if value is None or value < 1:
            raise ValueError(f"{name} is a size: it must be a positive whole number, not {one!r}")
        if isinstance(report.batch, int) and name in report.of_batch:
            raise ValueError(
                f"the memory in this report is for a batch of {report.batch}: "
                f"summarize(model, symbolic=True) leaves {name} open"
            )
        substitute(symbols[name].dim, {name: value})  # raises ValueError where that contradicts what is declared
        values[name] = value
    for condition in report.conditions:
        if holds(condition.need, values) is False:
            raise ValueError(_refusal(condition, values))
    return values


def _refusal(condition: Condition, values: Mapping[str, int]) -> str:
    need = condition.need
    names = sorted(symbol.name for symbol in symbols_of(need.left) | symbols_of(need.right))
    given = ", ".join(f"{name}={values[name]}" for name in names if name in values)
    return harmless(f"{given} is not accepted: `{condition.layer}` needs {_text(need)} ({need.reason})")


def _text(need: Need) -> str:
    """What must hold: solved where it is about one symbol."""
    symbols = symbols_of(need.left) | symbols_of(need.right)
    solved = solve(*need[:3]) if len(symbols) == 1 else None
    return text_of(need) if solved is None else solved.condition(next(iter(symbols)).name)


def _left(conditions: tuple[Condition, ...], values: Mapping[str, int]) -> list[Condition]:
    """The conditions that still depend on something."""
    result = []
    for condition in conditions:
        need = put(condition.need, values)
        if holds(need, {}) is None:
            result.append(Condition(condition.layer, need))
    return result


def _size(record: SizeRecord, report: Report, values: Mapping[str, int]) -> SizeRecord:
    """What is left of the condition of an axis, where it relates the axis to others that have values now."""
    own = [one for one in report.conditions if record.symbol in _names(one)]
    if not any(name in values for one in own for name in _names(one)):
        return record
    (symbol,) = (symbol for symbol in report.symbols if symbol.name == record.symbol)
    legal = SizeSet.multiples(symbol.multiple_of, symbol.minimum)
    texts: list[str] = []
    forced = []
    exact = True
    for before in own:
        need = put(before.need, values)
        if holds(need, {}) is not None:
            continue
        forced += [
            one._replace(condition=_text(need))
            for one in record.forced_by
            if (one.layer, one.reason) == (before.layer, before.need.reason)
        ]
        solved = solve(*need[:3])
        try:
            if solved is not None:
                legal &= solved
                continue
        except PeriodError:
            exact = False
        text = text_of(need)
        texts.append(f"({text})" if " or " in text else text)
    whole = legal.condition(symbol.name)
    if texts:
        whole = " and ".join([] if legal == SizeSet.everything() else [f"({whole})" if " or " in whole else whole])
        whole = " and ".join([whole, *texts] if whole else texts)
    because = tuple(f"{one.layer}: {one.condition}: {one.reason}" for one in forced)
    return record._replace(condition=whole, because=because, exact=exact, forced_by=tuple(forced))


def _names(condition: Condition) -> set[str]:
    return {symbol.name for symbol in symbols_of(condition.need.left) | symbols_of(condition.need.right)}


class _Fill:
    """Puts the values into records, whatever is in them; what several rows share they share afterwards, too."""

    def __init__(self, report: Report, values: Mapping[str, int]) -> None:
        self._values: Mapping[str, Dim] = dict(values)
        batch = report.of_batch
        #: The batch axis of a shape stays open.
        self._sizes = {name: value for name, value in self._values.items() if name not in batch}
        self._dims: dict[Expr, Dim] = {}
        self._shapes: dict[Expr, Dim] = {}
        self._shared: dict[int, tuple[object, object]] = {}
        equals = [
            equal(self.dim(one.need.left), self.dim(one.need.right))
            for one in report.conditions
            if one.need.relation == "broadcast"
        ]
        #: Whether what is broadcast where sizes differ is equal at these; None where that depends on more.
        self._equal = False if False in equals else None if None in equals else True

    def dim(self, dim: Dim) -> Dim:
        """A count."""
        if not isinstance(dim, Expr):
            return dim
        found = self._dims.get(dim)
        if found is None:
            found = self._dims[dim] = substitute(dim, self._values)
        return found

    @overload
    def __call__(self, value: Expr) -> Dim: ...
    @overload
    def __call__(self, value: T) -> T: ...
    def __call__(self, value: object) -> object:
        """A record, a tuple of them, or a count."""
        if isinstance(value, Expr):
            return self.dim(value)
        if isinstance(value, Row):
            return self._row(value)
        if not isinstance(value, tuple) or not value:
            return value
        known = self._shared.get(id(value))
        if known is not None:
            return known[1]
        if isinstance(value, (TensorRecord, InputRecord)):
            shape = None if value.shape is None else tuple(map(self._axis, value.shape))
            result: object = value._replace(shape=shape)
        elif isinstance(value, Peak):
            result = self._peak(value)
        elif isinstance(value, TrainingMemory):
            result = self._training(value)
        elif hasattr(value, "_make"):
            result = value._make(map(self, value))
        else:
            result = tuple(map(self, value))
        self._shared[id(value)] = value, result  # the value is kept, so that no other gets its id
        return result

    def _axis(self, dim: Dim) -> Dim:
        if not isinstance(dim, Expr):
            return dim
        found = self._shapes.get(dim)
        if found is None:
            found = self._shapes[dim] = substitute(dim, self._sizes)
        return found

    def _peak(self, peak: Peak) -> Peak:
        story = None
        if peak.story is not None:
            story = Story._make(map(self, peak.story))
            found = told(story)
            if found is not None:
                return Peak(*found)
        pairs = self._open(peak.less_where)
        if pairs is None:
            return Peak(UNKNOWN, None, (), (), story)
        alive = tuple([(name, self.dim(size)) for name, size in peak.alive])
        return Peak(self.dim(peak.bytes), peak.layer, alive, pairs, story)

    def _training(self, memory: TrainingMemory) -> TrainingMemory:
        pairs = self._open(memory.less_where)
        narrower = None if memory.where_equal is None or self._equal is False else self._training(memory.where_equal)
        if pairs is None and narrower is not None and self._equal:
            return narrower
        filled = TrainingMemory._make((*map(self, memory[:-1]), narrower))._replace(less_where=pairs or ())
        if pairs is not None:
            return filled
        step = None if memory.peak_step is None else UNKNOWN
        return filled._replace(total=UNKNOWN, transient=UNKNOWN, peak_step=step)

    def _open(self, pairs: tuple[tuple[Dim, Dim], ...]) -> tuple[tuple[Dim, Dim], ...] | None:
        """The pairs that may still be equal; None where some are, so that what depends on it is a bound only."""
        filled = [(self.dim(a), self.dim(b)) for a, b in pairs]
        if any(equal(a, b) is True for a, b in filled):
            return None
        return tuple([pair for pair in filled if equal(*pair) is None])

    def _row(self, row: Row) -> Row:
        known = self._shared.get(id(row))
        if known is not None and isinstance(known[1], Row):
            return known[1]
        filled: Row = object.__new__(type(row))
        for name in Row.__slots__:
            setattr(filled, name, self(getattr(row, name)))
        self._shared[id(row)] = row, filled
        return filled
