"""The variants of a sweep in arrays: the formulas of the network at a whole grid at once. Needs NumPy.

What formulas do not tell of, inference is asked about, so that every variant is what it is alone. How the network is
read is the business of `readings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

import numpy as np

from cnnsum.answers.rows import Part
from cnnsum.answers.sweep.readings import TOGETHER, Home, Readings
from cnnsum.answers.sweep.space import Space, values_of
from cnnsum.answers.variants.costs import MEASURES, Outcome
from cnnsum.answers.variants.ranges import Grid, Varied
from cnnsum.answers.variants.reading import Names
from cnnsum.answers.variants.vectors import UNTOLD
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.dims.vector import Array

#: Points that are evaluated at a time.
POINTS = 1 << 16


def parts(known: Names, slow: Space, fast: Space, *, first: bool = True) -> Iterator[Part]:
    """The variants column by column: values, costs, status and why. slow: vars; fast: sizes and the batch.

    first: whether a sweep begins with them: raises UnusableError where the first of them cannot be read.
    """
    readings = Readings(known, slow, fast, first=first)
    together = max(1, POINTS // fast.size)
    for start in range(0, slow.size, TOGETHER):
        points = [*slow.points(start, min(start + TOGETHER, slow.size))]
        homes = readings.homes(points)
        for row in range(0, len(points), together):
            rows = range(row, min(row + together, len(points)))
            for block in fast.blocks(POINTS):
                yield _Block(readings, points, homes, rows, block).part()


class _Block:
    """Some variants: the rows of some combinations of vars at a block of sizes."""

    def __init__(
        self,
        readings: Readings,
        points: Sequence[tuple[object, ...]],
        homes: list[Home],
        rows: range,
        block: Sequence[range],
    ) -> None:
        self.readings = readings
        self.points = points
        self.homes = homes
        self.rows = rows
        self.block = block
        self.inner = prod(map(len, block))
        self.axis_values = [_values(axis, places) for axis, places in zip(readings.fast.axes, block, strict=True)]
        self.open_values = {
            name: values
            for axis, values in zip(readings.fast.axes, self.axis_values, strict=True)
            for name in axis.names
        }
        shape = len(rows), self.inner
        self.codes = np.zeros(shape, dtype=np.int32)
        self.costs: list[Array] = [np.zeros(shape, dtype=np.int64) for _ in MEASURES]
        self.told: list[Outcome] = []

    def part(self) -> Part:
        """All columns of these variants."""
        by_grids: dict[int, list[int]] = {}
        for row, number in enumerate(self.rows):
            by_grids.setdefault(id(self.homes[number].grids), []).append(row)
        for same in by_grids.values():
            self._fill(same)
        return [*self._value_columns(), *self._outcome_columns()]

    def _fill(self, rows: list[int]) -> None:
        """Tell of rows that have the same formulas, or none."""
        homes = [self.homes[self.rows[row]] for row in rows]
        grids = homes[0].grids
        if grids is None:
            for row, home in zip(rows, homes, strict=True):
                if home.outcome is None:
                    self._ask(row, range(self.inner))
                else:
                    self._put(row, slice(None), home.outcome)
            return
        found = grids([home.place for home in homes], self.open_values)
        codes = found.codes.reshape(len(rows), self.inner)
        if codes.any():
            moved = np.where(codes > 0, codes + len(self.told), codes)
            self.told += [Outcome("illegal", None, reason) for reason in grids.reasons]
            self.codes[rows] = moved
        for measure, costs in enumerate(found.costs):
            self._widen(measure, None if costs is None else costs.dtype)
            self.costs[measure][rows] = None if costs is None else costs.reshape(len(rows), self.inner)
        untold = codes == UNTOLD
        if not untold.any():
            return
        for row, mask in zip(rows, untold, strict=True):
            if not mask.any():
                continue
            if len(self.points) > 1 and grids.together:
                # Read by itself, more of it is told.
                self.homes[self.rows[row]] = self.readings.alone(self.points[self.rows[row]])
                self.codes[row] = 0
                self._fill([row])
            else:
                self._ask(row, np.flatnonzero(mask))

    def _widen(self, measure: int, dtype: object) -> None:
        if dtype != np.int64 and self.costs[measure].dtype == np.int64:
            self.costs[measure] = self.costs[measure].astype(object)

    def _ask(self, row: int, places: Iterable[int]) -> None:
        """Tell of some sizes of a row by inference."""
        shape = tuple(map(len, self.block))
        for place in places:
            at = np.unravel_index(place, shape) if shape else ()
            inner = [
                int(values[one])
                for values, one, axis in zip(self.axis_values, at, self.readings.fast.axes, strict=True)
                for _ in axis.names
            ]
            self._put(row, place, self.readings.outcome(self.points[self.rows[row]], inner))

    def _put(self, row: int, place: int | slice, outcome: Outcome) -> None:
        if outcome.costs is None:
            self.told.append(outcome)
            self.codes[row, place] = len(self.told)
            return
        self.codes[row, place] = 0
        for measure, cost in enumerate(outcome.costs):
            if cost is None or abs(cost) >= 2**63:
                self._widen(measure, object)
            self.costs[measure][row, place] = cost

    def _value_columns(self) -> Iterator[Array]:
        """The values of each name at every variant."""
        for column in zip(*[self.points[number] for number in self.rows], strict=True):
            values = np.empty(len(column), dtype=object)
            values[:] = column
            yield np.repeat(values, self.inner)
        shape = [len(places) for places in self.block]
        for axis, values in enumerate(self.axis_values):
            along = values.reshape([-1 if other == axis else 1 for other in range(len(shape))])
            whole = np.broadcast_to(along, (len(self.rows), *shape)).ravel()
            for _ in self.readings.fast.axes[axis].names:
                yield whole

    def _outcome_columns(self) -> Iterator[Array]:
        """The costs, status and why."""
        codes = self.codes.ravel()
        legal = codes == 0
        for costs in self.costs:
            column = costs.ravel()
            if not legal.all():
                column = column.astype(object)
                column[~legal] = None
            yield column
        for texts in (["legal", *(one.status for one in self.told)], ["", *(one.why for one in self.told)]):
            yield np.array(texts, dtype=object)[codes]


def _values(axis: Varied, places: range) -> Array:
    """The values of an open name at some places: whole numbers, as was checked."""
    values = values_of(axis)
    if isinstance(values, Grid):
        return int(values.first) + int(values.step) * np.arange(places.start, places.stop, dtype=np.int64)
    return np.array(values[places.start : places.stop], dtype=np.int64)
