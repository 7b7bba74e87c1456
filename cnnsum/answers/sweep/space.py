"""The combinations of a sweep, counted and found by their number: no axis is ever written out.

Knows axes and numbers; no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from cnnsum.answers.variants.ranges import Varied
from cnnsum.typed import NamedTuple


class Space(NamedTuple):
    """Axes, each value with each; the last one varies fastest."""

    axes: tuple[Varied, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple([len(values_of(axis)) for axis in self.axes])

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return prod(self.sizes)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all axes, in the order of the values of a point."""
        return tuple([name for axis in self.axes for name in axis.names])

    def point(self, number: int) -> tuple[object, ...]:
        """The values of the names at a combination."""
        found: list[object] = []
        for axis, size in zip(reversed(self.axes), reversed(self.sizes), strict=True):
            number, place = divmod(number, size)
            found += [values_of(axis)[place]] * len(axis.names)
        return tuple(reversed(found))

    def points(self, first: int = 0, last: int | None = None) -> Iterator[tuple[object, ...]]:
        """The points from one combination to before another."""
        return (self.point(number) for number in range(first, self.size if last is None else last))

    def blocks(self, most: int) -> Iterator[tuple[range, ...]]:
        """All combinations in order, in blocks of at most `most`: of each axis the places that are in the block.

        >>> axes = (Varied(("a",), (1, 2)), Varied(("b",), (1, 2, 3)))
        >>> [*Space(axes).blocks(2)]
        [(range(0, 1), range(0, 2)), (range(0, 1), range(2, 3)), (range(1, 2), range(0, 2)), (range(1, 2), range(2, 3))]
        """
        sizes = self.sizes
        if not sizes:
            yield ()
            return
        split = len(sizes) - 1
        while split and prod(sizes[split:]) <= most:
            split -= 1
        inner = prod(sizes[split + 1 :])
        step = max(1, most // inner)
        whole = [range(size) for size in sizes[split + 1 :]]
        for outer in product(*map(range, sizes[:split])):
            for first in range(0, sizes[split], step):
                part = range(first, min(first + step, sizes[split]))
                yield (*(range(place, place + 1) for place in outer), part, *whole)


def values_of(axis: Varied) -> Sequence[object]:
    """The values of an axis, which in a sweep has some."""
    assert axis.values is not None, "a sweep has values"
    return axis.values


def whole(point: Sequence[object]) -> tuple[int, ...]:
    """The values of a point of sizes and the batch: whole numbers, as was checked."""
    found = tuple([value for value in point if isinstance(value, int)])
    assert len(found) == len(point), "sizes are whole numbers"
    return found
