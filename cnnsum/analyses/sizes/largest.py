"""The largest value of a symbol within limits on formulas, solved backwards.

Each limit is solved exactly, whether the formula only rises or not; the answer is the largest value that is legal and
within all of them. Knows formulas and sets of sizes, nothing of what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnsum.dims import Dim, Symbol, Unknown, substitute
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.search import is_monotone, largest
from cnnsum.dims.sets import SizeSet
from cnnsum.dims.solving import solve
from cnnsum.typed import NamedTuple

#: No size is larger: what is within the limits here is not limited.
MOST = 1 << 48
#: Values that are tried one by one, where a condition is not solved.
MOST_TRIED = 1 << 15


class UnsolvedError(ValueError):
    """A limit, or a condition on the sizes, that is solved by trying only."""


class Solution(NamedTuple):
    """The largest value; None where no value is within the limits, or any is.

    unlimited: whether the limits have no effect on it: it is the largest that was asked for, or that is legal, or any
    value will do. next: the next larger legal value; with none within the limits, the least. below: a smaller legal
    value that is not within the limits, where there is one: what is limited does not only rise.
    """

    value: int | None
    unlimited: bool
    next: int | None
    below: int | None


def within(formula: Dim, limit: int, symbol: Symbol) -> SizeSet:
    """The values of a symbol for which a formula is at most a limit; raises UnsolvedError.

    >>> H = Symbol("H")
    >>> within(3 * H.dim * (H.dim // 2), 1000, H)
    SizeSet(H <= 25)
    """
    if isinstance(formula, int):
        return SizeSet.everything() if formula <= limit else SizeSet.of(())
    solved = None if isinstance(formula, Unknown) else solve(">=", limit, formula)
    if solved is not None:
        return solved
    if isinstance(formula, Unknown) or not is_monotone(formula, symbol):
        raise UnsolvedError

    def holds(value: int) -> bool:
        found = substitute(formula, {symbol.name: value})
        return isinstance(found, int) and found <= limit

    domain = SizeSet.multiples(symbol.multiple_of, symbol.minimum)
    last = largest(holds, domain.least or 1, MOST, symbol.multiple_of)
    return SizeSet.of(()) if last is None else domain & SizeSet.between(1, last)


def solution(
    fits: Sequence[SizeSet],
    legal: Sequence[SizeSet],
    accepts: Callable[[int], bool],
    least: int = 1,
    most: int | None = None,
) -> Solution:
    """The largest value from `least` to `most` that is in all sets of `legal` and of `fits`.

    accepts: what else a legal value must fulfil, asked for one value at a time. Raises UnsolvedError where too many
    values had to be tried for it.
    """
    end = MOST if most is None else most
    value = _last([*legal, *fits], accepts, least, end)
    if value is None:
        return Solution(None, False, first(legal, accepts, least, MOST), None)
    following = first(legal, accepts, value + 1, MOST)
    below = _below(fits, legal, accepts, least, value)
    if value != _last(legal, accepts, value, end):
        return Solution(value, False, following, below)
    ends = most is not None or any(one.is_finite for one in legal)
    return Solution(value if ends else None, True, following if ends else None, below)


def _last(sets: Sequence[SizeSet], accepts: Callable[[int], bool], least: int, most: int) -> int | None:
    """The largest value that is in all sets."""
    value = most
    for _ in range(MOST_TRIED):
        before = value
        for one in sets:
            found = one.nearest_below(value)
            if found is None or found < least:
                return None
            value = found
        if value == before:
            if accepts(value):
                return value
            value -= 1
        if value < least:
            return None
    raise UnsolvedError


def first(sets: Sequence[SizeSet], accepts: Callable[[int], bool], least: int, most: int = MOST) -> int | None:
    """The smallest value from `least` to `most` that is in all sets, and that `accepts` is true of.

    Raises UnsolvedError where too many values had to be tried.
    """
    value = least
    for _ in range(MOST_TRIED):
        before = value
        for one in sets:
            found = one.nearest_above(value)
            if found is None or found > most:
                return None
            value = found
        if value == before:
            if accepts(value):
                return value
            value += 1
        if value > most:
            return None
    raise UnsolvedError


def _below(
    fits: Sequence[SizeSet], legal: Sequence[SizeSet], accepts: Callable[[int], bool], least: int, value: int
) -> int | None:
    """The smallest legal value before `value` that is not within the limits."""
    found = []
    for one in fits:
        try:
            found.append(first([*legal, ~one], accepts, least, value - 1))
        except (PeriodError, UnsolvedError):
            continue
    return min((each for each in found if each is not None), default=None)
