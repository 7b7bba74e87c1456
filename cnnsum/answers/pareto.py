"""The records that no other is better than: `--pareto params,macs`.

A record is better than another where it is as good by every measure that was named, and better by one. Of equal ones
all are kept. Numbers are compared exactly, whatever their size. Knows no question and no format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby

from cnnsum.diagnostics import AskedError, Diagnostic, did_you_mean
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.dims.vector import Array

#: Records of which each is compared with each, which NumPy does in the time of a few calls.
_FEW = 128


class Front:
    """What is compared: names of columns, the smaller the better, or `-name`, the larger the better.

    names: those of numbers. Raises UnusableError for others.

    >>> front = Front("params,-batch", ["params", "macs", "batch"])
    >>> front.names
    ('params', 'batch')
    >>> front.best([[3, 3, 5, 3], [8, 9, 9, 9]])
    [1, 3]
    """

    def __init__(self, text: str, names: Iterable[str]) -> None:
        known = tuple(names)
        wanted = [name.strip() for name in text.split(",")]
        self._falls = [name.startswith("-") for name in wanted]
        self.names = tuple([name.removeprefix("-") for name in wanted])
        for name in self.names:
            if name not in known:
                help = did_you_mean(name, known) or f"the numbers are {', '.join(known)}"
                raise _refused(f"--pareto: there is no number `{name}`", help)
            if self.names.count(name) > 1:
                raise _refused(f"--pareto: `{name}` is named twice", "name each measure once, with - or without")

    def best(self, columns: Sequence[Sequence[float]]) -> list[int]:
        """The places of the records that none is better than, in order; `columns`: their numbers, by name."""
        if not len(columns[0]):
            return []
        measures = zip(columns, self._falls, strict=True)
        if find_spec("numpy") is not None:
            return _best_of_many([_numbers(column, falls=falls) for column, falls in measures])
        ranks = [_ranks(column, falls=falls) for column, falls in measures]
        return _best_of_two(*ranks) if len(ranks) == 2 else _best_of_few(ranks)


def _refused(message: str, help: str) -> AskedError:
    return AskedError("pareto", Diagnostic("SPC052", message, None, "error", help))


def _ranks(column: Sequence[float], *, falls: bool) -> list[int]:
    """For each number how many others come before it, so that small whole numbers are compared in place of large."""
    values = {value: rank for rank, value in enumerate(sorted(set(column), reverse=falls))}
    return [values[value] for value in column]


def _numbers(column: Sequence[float], *, falls: bool) -> Array:
    """An array of a column's numbers, or of their ranks where they do not all fit 64 bits; the smaller the better."""
    import numpy as np

    found = np.array(column)
    if found.dtype != np.int64 or {*map(type, column)} != {int}:
        return np.array(_ranks(column, falls=falls))
    return ~found if falls else found  # which turns the order round, and fits


def _best_of_two(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """The same for two measures, of which a front may hold nearly all: in the time of a sort."""
    kept: list[int] = []
    least = None  # of the second measure, among all with a smaller first
    for _, group in groupby(sorted(range(len(first)), key=lambda at: (first[at], second[at])), first.__getitem__):
        places = [*group]
        found = second[places[0]]
        if least is None or found < least:
            kept += [at for at in places if second[at] == found]
            least = found
    return sorted(kept)


def _in_order(points: Sequence[tuple[int, ...]]) -> Iterator[int]:
    """The places of points, a better one before all that it is better than: its sum is smaller."""
    return iter(sorted(range(len(points)), key=lambda place: sum(points[place])))


def _best_of_few(ranks: Sequence[Sequence[int]]) -> list[int]:
    points = [*zip(*ranks, strict=True)]
    kept: list[int] = []
    for place in _in_order(points):
        point = points[place]
        if not any(
            other != point and all(a <= b for a, b in zip(other, point, strict=True))
            for other in map(points.__getitem__, kept)
        ):
            kept.append(place)
    return sorted(kept)


def _best_of_many(columns: Sequence[Array]) -> list[int]:
    """The same of arrays, by halves: for n records and k measures in the order of n log(n)**(k - 1), whatever is kept.

    The method is that of H. T. Kung, F. Luccio and F. P. Preparata, On finding the maxima of a set of vectors (JACM 22,
    1975).
    """
    import numpy as np

    measures = np.array(columns)
    order = np.lexsort(measures[::-1])
    points = measures.T[order]
    # Equal records are one here, so that one that is as good by every measure as another is better than it.
    is_new = np.concatenate(([True], (points[1:] != points[:-1]).any(axis=1)))
    distinct = points[is_new]
    best = np.zeros(len(distinct), dtype=bool)
    best[_best_of_sorted(distinct, np.arange(len(distinct)))] = True
    found: list[int] = np.sort(order[best[np.cumsum(is_new) - 1]]).tolist()
    return found


def _best_of_sorted(points: Array, places: Array) -> Array:
    """Which of some distinct points, at places in their order, none of them is better than."""
    import numpy as np

    if points.shape[1] == 1:
        return places[:1]
    if points.shape[1] == 2:
        least = np.minimum.accumulate(points[places, 1])
        falls: Array = np.concatenate(([True], points[places[1:], 1] < least[:-1]))
        lowest: Array = places[falls]
        return lowest
    if len(places) <= _FEW:
        better = _as_good(points[places], points[places])
        alone: Array = places[better.sum(axis=0) == 1]  # each is as good as itself
        return alone
    first, second = (_best_of_sorted(points, half) for half in np.array_split(places, 2))
    # None of the second half is better than one of the first, and by the first measure all of the first are as good.
    return np.concatenate((first, second[~_beaten(points[first, 1:], points[second, 1:])]))


def _as_good(some: Array, others: Array) -> Array:
    """Whether each of some is as good as each of others by every measure: a row for each of some."""
    found = some[:, None, 0] <= others[None, :, 0]
    for measure in range(1, some.shape[1]):
        found &= some[:, None, measure] <= others[None, :, measure]
    return found


def _beaten(some: Array, others: Array) -> Array:
    """Whether each of others has one of some that is as good by every measure."""
    import numpy as np

    if not len(some) or not len(others):
        return np.zeros(len(others), dtype=bool)
    if some.shape[1] == 2:
        return _beaten_by_two(some, others)
    if len(some) * len(others) <= _FEW * _FEW:
        any_as_good: Array = np.logical_or.reduce(_as_good(some, others), axis=0)
        return any_as_good
    last = np.concatenate((some[:, -1], others[:, -1]))
    middle = np.partition(last, len(last) // 2)[len(last) // 2]
    if middle == last.max():
        if middle == last.min():
            return _beaten(some[:, :-1], others[:, :-1])  # by the last measure they are all the same
        middle = last[last < middle].max()
    low, under = some[:, -1] <= middle, others[:, -1] <= middle
    found = np.empty(len(others), dtype=bool)
    found[under] = _beaten(some[low], others[under])
    above = _beaten(some[low, :-1], others[~under, :-1])
    above[~above] = _beaten(some[~low], others[~under][~above])
    found[~under] = above
    return found


def _beaten_by_two(some: Array, others: Array) -> Array:
    """The same for two measures: by the least second measure of all that are as good by the first."""
    import numpy as np

    order = np.argsort(some[:, 0], kind="stable")
    least = np.minimum.accumulate(some[order, 1])
    count = np.searchsorted(some[order, 0], others[:, 0], side="right")
    found: Array = (count > 0) & (least[np.maximum(count, 1) - 1] <= others[:, 1])
    return found
