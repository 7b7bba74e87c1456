"""What a network costs at all points of a grid at once, and which of them it accepts: its formulas over arrays.

Needs NumPy, and is loaded where that is. Gives the same as `analyses.sizes.closed.ClosedForm` point by point; where a
formula does not tell, it says so, and inference is asked. Knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnsum.analyses.sizes.closed import Legality
from cnnsum.analyses.sizes.conditions import Requirement
from cnnsum.answers.variants.reading import Closed
from cnnsum.dims import Symbol
from cnnsum.dims.vector import Evaluated, Vector, VectorProgram
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.dims.vector import Array

#: The code of a point that the formulas accept, and of one that they say nothing of.
ACCEPTED, UNTOLD = 0, -1


class Costed(NamedTuple):
    """What became of the points of a grid.

    codes: ACCEPTED, UNTOLD, or the place of a reason, counted from 1. costs: in the order of MEASURES, each an array of
    all points in order; None where it is not known. What they are of a point that is not accepted means nothing.
    """

    codes: Array
    costs: list[Array | None]


class Grids:
    """The formulas of a network, to be evaluated at grids of its open names and of the variants of its family.

    closed: the network. axes: its open names, by the axis of the grid that they lie along; the family has an axis of
    its own, before all others. reasons: why points are refused. together: whether the family differs in numbers.
    """

    def __init__(self, closed: Closed, axes: Sequence[Sequence[str]]) -> None:
        assert closed.family is not None, "it was read for a family"
        assert closed.maxima is not None, "it was read for a family"
        self._legality = Legality([*closed.symbols.values()], closed.requirements, {})
        own = {symbol.name for symbol in closed.family.symbols}
        self.together = bool(own)
        by_symbol = {symbol.name: name for name, symbol in closed.symbols.items()}
        #: The name that an open symbol has the values of, which may be another: `batch` is N.
        self._names = {symbol: by_symbol[symbol] for symbol in by_symbol}
        self._numbers = {name: np.array(numbers) for name, numbers in closed.family.numbers().items()}
        along = [[closed.symbols[name].name for name in names if name in closed.symbols] for names in axes]
        single, related = self._legality.single, self._legality.related
        #: Conditions on one open symbol, its place with each, and those on several.
        self._single = [(place, one) for place, found in enumerate(single) for one in found]
        self._related = [one for one in related if not {symbol.name for symbol in one.symbols} & own]
        #: What depends on vars: where it does not hold, inference says with numbers what that means.
        self._own = [one for one in related if {symbol.name for symbol in one.symbols} & own]
        self._axes = 1 + len(along)
        self._axis_of = {name: axis for axis, names in enumerate(along, 1) for name in names}
        conditions = [*(one for _, one in self._single), *self._related, *self._own]
        sides = [side for one in conditions for side in (one.need.left, one.need.right)]
        pairs = [dim for pair in closed.less_where for dim in pair]
        self._counts = len(closed.costs), len(pairs), len(closed.doubtful), len(sides)
        self._program = VectorProgram(
            [*closed.costs, *pairs, *closed.doubtful, *sides], [sorted(own), *along], closed.maxima.of
        )
        self.reasons = [
            *(self._legality.said(one) for _, one in self._single),
            *(self._legality.said(one) for one in self._related),
        ]
        self._bounds: dict[int, int] = {}
        for place, symbol in enumerate(self._legality.symbols):
            self._bounds[place] = len(self.reasons)
            self.reasons += self._legality.declared(symbol)
        self._never = self._legality.never
        if self._never is not None:
            self.reasons.append(self._legality.said(self._never))

    def __call__(self, places: Sequence[int], values: dict[str, Array]) -> Costed:
        """The costs of some variants of the family, by their places, at the values of each open name."""
        arrays = {name: self._laid(numbers[list(places)], 0) for name, numbers in self._numbers.items()}
        for name, axis in self._axis_of.items():
            arrays[name] = self._laid(values[self._names[name]], axis)
        shape = [1] * self._axes
        shape[0] = len(places)
        for array in arrays.values():
            shape = [max(a, b) for a, b in zip(shape, array.shape, strict=True)]
        found = self._program(arrays)
        costs, pairs, doubtful, sides = self._parts(found)
        codes = self._codes(arrays, sides, shape)
        untold = self._untold(found, pairs, doubtful, sides, shape)
        if untold is not None:
            codes[untold & (codes == ACCEPTED)] = UNTOLD
        return Costed(
            codes.ravel(),
            [None if one is None else np.broadcast_to(one.array, shape).ravel() for one in costs],
        )

    def _laid(self, values: Array, axis: int) -> Array:
        shape = [1] * self._axes
        shape[axis] = len(values)
        return np.reshape(values, shape)

    def _parts(self, found: Evaluated) -> list[list[Vector | None]]:
        remaining = iter(found.vectors)
        return [[next(remaining) for _ in range(count)] for count in self._counts]

    def _codes(self, arrays: dict[str, Array], sides: Sequence[Vector | None], shape: list[int]) -> Array:
        """Why each point is refused: by its symbols in their order, then by what relates several."""
        codes = np.zeros(shape, dtype=np.int32)
        if self._never is not None:
            codes[...] = len(self.reasons)
            return codes
        pairs = [(sides[at], sides[at + 1]) for at in range(0, len(sides), 2)]
        for place, symbol in enumerate(self._legality.symbols):
            along = self._alone(place, symbol, arrays[symbol.name], pairs)
            if along.any():
                codes = np.where(codes == ACCEPTED, along, codes)
        for at, one in enumerate(self._related, len(self._single)):
            codes = np.where((codes == ACCEPTED) & _refused(one, *pairs[at], unknown=False), at + 1, codes)
        return np.ascontiguousarray(codes)

    def _alone(self, place: int, symbol: Symbol, values: Array, pairs: Sequence[tuple[Vector | None, ...]]) -> Array:
        """The code of each value of a symbol by itself."""
        codes = np.zeros(values.shape, dtype=np.int32)
        first = self._bounds[place]
        for refused, code in ((values < symbol.minimum, first + 1), (values % symbol.multiple_of != 0, first + 2)):
            codes = np.where((codes == ACCEPTED) & refused, code, codes)
        for at, (about, one) in enumerate(self._single):
            if about == place:
                codes = np.where((codes == ACCEPTED) & _refused(one, *pairs[at], unknown=True), at + 1, codes)
        return codes

    def _untold(
        self,
        found: Evaluated,
        pairs: Sequence[Vector | None],
        doubtful: Sequence[Vector | None],
        sides: Sequence[Vector | None],
        shape: list[int],
    ) -> Array | None:
        """The points that only inference tells of; None: there are none."""
        masks = [] if found.undefined is None else [found.undefined]
        masks += [_array(one) == _array(other) for one, other in zip(pairs[::2], pairs[1::2], strict=True)]
        masks += [_array(one) < 1 for one in doubtful]
        own = sides[2 * (len(self._single) + len(self._related)) :]
        masks += [_refused(one, own[2 * at], own[2 * at + 1], unknown=True) for at, one in enumerate(self._own)]
        masks = [mask for mask in masks if np.any(mask)]
        if not masks:
            return None
        untold = np.zeros(shape, dtype=bool)
        for mask in masks:
            untold |= mask
        return untold


def _array(vector: Vector | None) -> Array:
    """The numbers; of what is not known, numbers that equal none and are not sizes."""
    return np.array(-1) if vector is None else vector.array


def _refused(requirement: Requirement, left: Vector | None, right: Vector | None, *, unknown: bool) -> Array:
    """Where a condition does not hold; `unknown`: what that is where it is not known."""
    if left is None or right is None:
        return np.array(unknown)
    a, b = left.array, right.array
    relation = requirement.need.relation
    found: Array
    if relation == "==":
        found = a != b
    elif relation == ">=":
        found = a < b
    elif relation == "%":
        nothing = b == 0
        found = (a % np.where(nothing, 1, b) != 0) | nothing
    else:
        found = (a != b) & (a != 1) & (b != 1)
    return found
