"""The best of several names varied at once: the variant that is within all limits and has the most of one measure.

All variants are looked at, by the programs of a sweep, so that the answer is exact: nothing is taken to rise only. What
is found is inferred with numbers once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from cnnsum.answers.fit.recorded import as_text, recorded
from cnnsum.answers.fit.records import Best, Limit
from cnnsum.answers.rows import Row, numbers_of, plain_columns
from cnnsum.answers.sweep.ask import Sweep
from cnnsum.answers.sweep.choosing import Choice
from cnnsum.answers.sweep.space import values_of
from cnnsum.answers.variants.costs import MEASURES
from cnnsum.answers.variants.ranges import Grid, Varied, type_of
from cnnsum.answers.variants.reading import Names, Reading
from cnnsum.diagnostics import AskedError, Diagnostic, UnusableError, did_you_mean
from cnnsum.dims.sets import SizeSet

#: The step of a decimal without a range, and how many times the file's value is the last that is looked at.
STEP = Fraction(1, 20)
TIMES = 4
#: The last batch that is looked at without a range.
LAST_BATCH = 1_024


def best(
    reading: Reading,
    varied: Sequence[Varied],
    limits: Sequence[Limit],
    maximize: str,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    begins: Callable[[Sweep], object] = lambda _sweep: None,
) -> Best:
    """The variant with the most of `maximize`, a measure or a name that is varied, among those within all limits; of
    equal ones the first, in the order of a sweep. progress: is told how many of how many variants were looked at;
    begins: of the sweep, before it begins.

    Raises UnusableError for what cannot be varied or is not known, and where there are too many variants.
    """
    asked = {*(limit.measure for limit in limits), *([maximize.strip()] if maximize.strip() in MEASURES else [])}
    sweep = Sweep(reading, _with_values(reading, varied), Choice(top=1), asked=asked, named=False)
    sweep.progress = progress
    begins(sweep)
    target = _target(maximize, sweep)
    held = recorded(reading.model({}), sweep.names)
    places = [_place(limit.measure, sweep) for limit in limits]
    found = _Search(places, [limit.most for limit in limits], target)
    found.held = [(sweep.names.index(name), values) for name, (values, _) in held.items()]
    for part in sweep.every():
        found.look_at(plain_columns(part), len(sweep.names) + len(MEASURES))
    if found.unknown:
        raise UnusableError(Diagnostic("SPC057", "a measure that is limited or maximized is not known of this network"))
    values = None if found.row is None else found.row[: len(sweep.names)]
    return Best(
        sweep.head.model,
        sweep.head.optimizer,
        tuple([axis.names for axis in sweep.axes]),
        tuple(maximize.split("=")),
        values,
        None if values is None else sweep.alone(values).costs,
        tuple(limits),
        sweep.count,
        found.accepted,
        found.within,
        tuple(found.least),
        as_text(held),
    )


def _target(maximize: str, sweep: Sweep) -> int:
    """The column that is maximized."""
    varied = [name for axis in sweep.axes if type_of(values_of(axis)) in (int, float) for name in axis.names]
    numbers = [*varied, *MEASURES]
    wanted = maximize.partition("=")[0].strip()
    if wanted not in numbers:
        help = did_you_mean(wanted, numbers) or f"choose from {', '.join(numbers)}"
        message = f"there is no number `{wanted}` to maximize"
        raise AskedError("maximize", Diagnostic("SPC052", message, None, "error", help))
    if wanted in varied and wanted in MEASURES:
        message = f"`{wanted}` is a measure, and what is varied: it does not say which is maximized"
        help = f"give what is varied another name in the file, `{wanted}_`"
        raise AskedError("maximize", Diagnostic("SPC052", message, None, "error", help))
    return sweep.names.index(wanted) if wanted in varied else _place(wanted, sweep)


def _place(measure: str, sweep: Sweep) -> int:
    """The column of a measure: behind those of what is varied, of which one may be called so."""
    return len(sweep.names) + MEASURES.index(measure)


def _with_values(reading: Reading, varied: Sequence[Varied]) -> list[Varied]:
    """The axes: where no values were given, up to some times what the file has."""
    known = Names(reading, [name for axis in varied for name in axis.names])
    return [axis if axis.values is not None else axis._replace(values=_usual(known, axis)) for axis in varied]


def _usual(known: Names, axis: Varied) -> Grid:
    name = axis.names[0]
    kind = known.kind(name)
    one = Fraction(1)
    if kind == "batch":
        return Grid(one, Fraction(LAST_BATCH), one)
    value = known.fixed.get(name) if kind == "size" else known.file_value(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        help = f"say which: --vary {axis}=FIRST:LAST:STEP"
        raise UnusableError(Diagnostic("SPC057", f"the file does not say how large `{axis}` is", None, "error", help))
    step = one if isinstance(value, int) else STEP
    return Grid(step, max(step, TIMES * Fraction(str(value))), step)


class _Search:
    """The best row so far. places, most: the columns that are limited; target: the one that is maximized.

    accepted, within: how many variants were. least: of each limited column the least number that any had. unknown:
    whether a number that is asked about is not known. held: columns, and the only values that are accepted there.
    """

    def __init__(self, places: Sequence[int], most: Sequence[int], target: int) -> None:
        self._limits = [*zip(places, most, strict=True)]
        self._target = target
        self.row: Row | None = None
        self._value: float = 0
        self.accepted = self.within = 0
        self.least: list[int | None] = [None] * len(self._limits)
        self.unknown = False
        self.held: list[tuple[int, SizeSet]] = []

    def look_at(self, columns: Sequence[Sequence[object]], status: int) -> None:
        """Take some variants into account."""
        legal = [place for place, one in enumerate(columns[status]) if one == "legal"]
        for at, values in self.held:
            column = columns[at]
            legal = [place for place in legal if isinstance(size := column[place], int) and size in values]
        if not legal:
            return
        self.accepted += len(legal)
        within = [True] * len(legal)
        for number, (at, most) in enumerate(self._limits):
            column = columns[at]
            amounts = numbers_of([column[place] for place in legal])
            if len(amounts) < len(legal):
                self.unknown = True
                return
            least = int(min(amounts))
            before = self.least[number]
            self.least[number] = least if before is None else min(before, least)
            within = [so_far and amount <= most for so_far, amount in zip(within, amounts, strict=True)]
        kept = [place for place, is_within in zip(legal, within, strict=True) if is_within]
        self.within += len(kept)
        target = columns[self._target]
        found = numbers_of([target[place] for place in kept])
        if len(found) < len(kept):
            self.unknown = True
            return
        largest = max(found, default=self._value)
        if kept and (self.row is None or largest > self._value):
            place = kept[found.index(largest)]
            self.row, self._value = tuple([column[place] for column in columns]), largest
