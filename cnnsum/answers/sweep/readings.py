"""Where the combinations of vars of a sweep are told of: which are read together, and which by themselves.

Variants whose vars differ are read together as far as one reading stands for all of them (`dims.varying`): a width that
makes other numbers of filters, but no other layers. Vars that make other layers are found out once, and read anew for
each combination of their values. What a reading together does not tell of, each variant is read for by itself. Needs
NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnsum.answers.sweep.one_by_one import error_of, sets_batch, wrong_at_all
from cnnsum.answers.sweep.space import Space, values_of
from cnnsum.answers.variants.costs import Outcome
from cnnsum.answers.variants.reading import Closed, Names, NotClosedError, inferred
from cnnsum.answers.variants.vectors import UNTOLD, Grids
from cnnsum.diagnostics import UnusableError
from cnnsum.dims.varying import Family
from cnnsum.typed import NamedTuple

#: Variants of vars that are read together.
TOGETHER = 1 << 15
#: Fewer combinations of vars are read one by one: that is as quick.
_LEAST_TOGETHER = 4
#: Where a reading together stands for few variants, so many times more are tried with the next.
_GROWTH = 64


class Home(NamedTuple):
    """Where a combination of vars is told of: its formulas and its place in their family; or what became of all its
    sizes; or neither, where inference is asked for each.
    """

    grids: Grids | None
    place: int = 0
    outcome: Outcome | None = None


ASKED = Home(None)


class Readings:
    """The readings of a network for the combinations of its vars.

    slow: vars; fast: sizes and the batch, which each reading leaves open. first: whether a sweep begins with them.
    """

    def __init__(self, known: Names, slow: Space, fast: Space, *, first: bool = True) -> None:
        self.known = known
        self.slow = slow
        self.fast = fast
        self.axes = [axis.names for axis in fast.axes]
        #: The vars that make other layers; None: nobody knows yet.
        self.structural: tuple[str, ...] | None = None
        self._first = slow.point(0) if first else None

    def homes(self, points: Sequence[tuple[object, ...]]) -> list[Home]:
        """Where each combination of vars is told of."""
        if sets_batch(self.known, self.slow.names):
            return [ASKED] * len(points)
        if len(points) < _LEAST_TOGETHER:
            return [self.alone(point) for point in points]
        if self.structural is None:
            self.structural = self._found_structural(points)
        homes: list[Home] = [ASKED] * len(points)
        groups: dict[tuple[object, ...], list[int]] = {}
        places = [self.slow.names.index(name) for name in self.structural]
        for number, point in enumerate(points):
            groups.setdefault(tuple([(point[at], point[at].__class__) for at in places]), []).append(number)
        for numbers in groups.values():
            self._read_together(points, numbers, homes)
        return homes

    def _read_together(self, points: Sequence[tuple[object, ...]], numbers: list[int], homes: list[Home]) -> None:
        most = len(numbers)
        while numbers:
            these, numbers = numbers[:most], numbers[most:]
            found = self._family([points[number] for number in these]) if len(these) > 1 else None
            if found is None:
                homes[these[0]] = self.alone(points[these[0]])
                left = these[1:]
            else:
                grids, left_out = found
                left = [these[place] for place in sorted(left_out)]
                for place, number in enumerate(these):
                    if place not in left_out:
                        homes[number] = Home(grids, place)
            most = max(1, _GROWTH * (len(these) - len(left))) if len(left) > len(these) // 2 else TOGETHER
            numbers = [*left, *numbers]

    def _family(self, points: Sequence[tuple[object, ...]]) -> tuple[Grids, set[int]] | None:
        """The formulas of some combinations of vars, and the places of those that they are not of; None where the first
        combination has none.
        """
        family = Family(self.slow.names, points)
        try:
            closed = Closed(self.known, self.fast.names, {}, {}, family)
        except (NotClosedError, UnusableError):
            return None
        if not closed.is_known and not closed.unknown:
            return None
        grids = Grids(closed, self.axes)
        told = [place for place in range(len(points)) if place not in family.left_out]
        return (grids, family.left_out) if all(self._agrees(grids, points, at) for at in {told[0], told[-1]}) else None

    def _agrees(self, grids: Grids, points: Sequence[tuple[object, ...]], place: int) -> bool:
        """Whether inference finds what the formulas of a family say, at the first sizes."""
        values = {name: np.array([value]) for name, value in self._firsts().items()}
        found = grids([place], values)
        code = found.codes[0]
        if code == UNTOLD:
            return True
        outcome = self.outcome(points[place], tuple(self._firsts().values()))
        costs = tuple([None if one is None else int(one[0]) for one in found.costs])
        return (code == 0) == (outcome.status == "legal") and (bool(code) or outcome.costs == costs)

    def _firsts(self) -> dict[str, object]:
        return {name: values_of(axis)[0] for axis in self.fast.axes for name in axis.names}

    def outcome(self, values: Sequence[object], inner: Sequence[object]) -> Outcome:
        """What inference finds of one variant. Raises UnusableError where it is the first."""
        names = (*self.slow.names, *self.fast.names)
        try:
            return inferred(self.known, dict(zip(names, (*values, *inner), strict=True)))
        except UnusableError as error:
            if values == self._first and tuple(inner) == tuple(self._firsts().values()):
                raise
            return error_of(error)

    def _found_structural(self, points: Sequence[tuple[object, ...]]) -> tuple[str, ...]:
        """The vars of which no two values can be read together with the others as they are first, or last."""
        found: list[str] = []
        start = 0
        for axis in self.slow.axes:
            ends = [values_of(axis)[0], values_of(axis)[-1]]
            if len(values_of(axis)) > 1 and not any(
                self._goes_together(point, start, start + len(axis.names), ends) for point in (points[0], points[-1])
            ):
                found += axis.names
            start += len(axis.names)
        return tuple(found)

    def _goes_together(self, point: tuple[object, ...], start: int, end: int, ends: Sequence[object]) -> bool:
        """Whether the ends of an axis, whose values stand from `start` to `end`, are of one reading."""
        for one, other in (ends, reversed(ends)):
            two = [(*point[:start], *[value] * (end - start), *point[end:]) for value in (one, other)]
            found = self._family(two)
            if found is not None and not found[1]:
                return True
        return False

    def alone(self, point: tuple[object, ...]) -> Home:
        """Where one combination of vars is told of, read by itself. Raises UnusableError where it is the first."""
        if not self.fast.names:
            return Home(None, 0, self.outcome(point, ()))
        try:
            closed = Closed(self.known, self.fast.names, {}, {}, Family(self.slow.names, [point]))
        except NotClosedError as error:
            return Home(None, 0, wrong_at_all(error))
        except UnusableError as error:
            if point == self._first:
                raise
            return Home(None, 0, error_of(error))
        if not closed.is_known and not closed.unknown:
            return ASKED
        from cnnsum.dims.vector import NoValuesError

        try:
            return Home(Grids(closed, self.axes))
        except NoValuesError:  # costs depend on a size that is not an axis's, such as a batch that stays open
            return ASKED
