"""Sets of sizes that repeat: which values of a symbol a condition accepts.

A set is made of stretches of the positive whole numbers, each with a pattern of its own; the last one has no end.
Every set that a condition on one symbol can have is of this kind, as long as its formulas are polynomials and floors
(see `pieces`). Knows numbers and nothing of formulas: `solving` makes the sets, `conditions` writes them.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from itertools import pairwise
from math import gcd, lcm

from cnnsum.dims import patterns
from cnnsum.dims.patterns import ALL, LONGEST_PERIOD, NONE, Pattern, PeriodError, Run

#: Stretches that a set may have; more is a `PeriodError`.
MAX_STRETCHES = 1 << 17
#: Runs of members before the part that repeats, up to which they are kept as runs, whatever made them.
_MOST_RUNS = 1 << 12

_Stretch = tuple[int, Pattern]  # where it begins; it ends where the next one begins


class SizeSet:
    """A set of positive whole numbers that repeats from some number on. Equal sets are equal objects.

    start: the least number from which on it repeats. period: the least with which it does; 1 also where it has no
    members from there on.

    Operations whose result would have a period above `LONGEST_PERIOD`, or more than `MAX_STRETCHES` stretches, raise
    PeriodError; no result is ever an approximation.

    >>> even = SizeSet.multiples(2)
    >>> even & SizeSet.at_least(5)
    SizeSet(H % 2 == 0 and H >= 6)
    >>> 6 in even, (even & ~SizeSet.multiples(4)).nearest_above(7)
    (True, 10)
    """

    __slots__ = ("_hash", "_patterns", "_starts")

    def __init__(self, runs: Iterable[Run], start: int, period: int, residues: Iterable[int]) -> None:
        """The runs, which are all below `start`, and from there on the numbers with these residues."""
        bits = 0
        for residue in residues:
            bits |= 1 << residue % period
        stretches: list[_Stretch] = [(1, NONE)]
        for first, last in patterns.joined(list(runs)):
            stretches += [(max(first, 1), ALL), (last + 1, NONE)]
        if bits:
            stretches.append((max(start, 1), patterns.pattern(_checked(period), bits)))
        self._settle(stretches)

    @classmethod
    def from_stretches(cls, stretches: list[_Stretch]) -> SizeSet:
        """Patterns (see `patterns.pattern`), each with the number from which on it holds; the first holds from 1."""
        result = cls.__new__(cls)
        result._settle(stretches)  # noqa: SLF001 - in the class itself
        return result

    def _settle(self, stretches: list[_Stretch]) -> None:
        """Bring the stretches to one form, and keep them."""
        stretches = _lowered(_merged(stretches))
        if any(pattern.period > 1 for _, pattern in stretches[:-1]):
            stretches = _as_runs(stretches)
        self._starts = tuple(start for start, _ in stretches)
        self._patterns = tuple(pattern for _, pattern in stretches)
        self._hash: int | None = None

    # --- making -------------------------------------------------------------------------------------------------------

    @classmethod
    def everything(cls) -> SizeSet:
        """All positive whole numbers."""
        return cls.from_stretches([(1, ALL)])

    @classmethod
    def at_least(cls, least: int) -> SizeSet:
        """All from `least` on."""
        return cls.from_stretches([(1, NONE), (max(least, 1), ALL)])

    @classmethod
    def multiples(cls, step: int, minimum: int = 1) -> SizeSet:
        """The multiples of `step` from `minimum` on. Raises PeriodError."""
        return cls.from_stretches([(1, NONE), (max(minimum, 1), Pattern(_checked(step), 1))])

    @classmethod
    def of(cls, members: Iterable[int]) -> SizeSet:
        """Exactly these, as far as they are positive."""
        return cls(((member, member) for member in members if member > 0), 1, 1, ())

    @classmethod
    def between(cls, low: int, high: int) -> SizeSet:
        """All from `low` to `high`, both included."""
        return cls([(max(low, 1), high)], 1, 1, ())

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def start(self) -> int:
        """The least number from which on the set repeats."""
        return self._starts[-1]

    @property
    def pattern(self) -> Pattern:
        """What repeats."""
        return self._patterns[-1]

    @property
    def period(self) -> int:
        """The least period of what repeats."""
        return self._patterns[-1].period

    @property
    def residues(self) -> tuple[int, ...]:
        """The residues, modulo the period, of the members from `start` on."""
        return tuple(patterns.positions(self._patterns[-1].bits))

    @property
    def finite(self) -> list[tuple[int, int, Pattern]]:
        """The stretches below `start` that have members: first and last number, and which of them are members."""
        return [stretch for stretch in self._stretches() if stretch[2].bits][: None if self.is_finite else -1]

    def _stretches(self) -> Iterator[tuple[int, int, Pattern]]:
        """First and last number of each stretch, and its pattern; the last ends at 0, which stands for no end."""
        ends = (*(start - 1 for start in self._starts[1:]), 0)
        yield from zip(self._starts, ends, self._patterns, strict=True)

    def __contains__(self, number: int) -> bool:
        return number > 0 and patterns.contains(self._patterns[bisect_right(self._starts, number) - 1], number)

    @property
    def is_empty(self) -> bool:
        """Whether it has no member."""
        return self.least is None

    @property
    def is_finite(self) -> bool:
        """Whether it has a last member, or none at all."""
        return not self._patterns[-1].bits

    @property
    def least(self) -> int | None:
        """The first member, None where there is none."""
        return self.nearest_above(1)

    @property
    def greatest(self) -> int | None:
        """The last member, None where there is none."""
        return self.nearest_below(self.start) if self.is_finite else None

    @property
    def multiple_of(self) -> int:
        """The largest number that all members are multiples of; 0 where there are none."""
        result = 0
        for low, high, pattern in self._stretches():
            if not pattern.bits:
                continue
            # What comes later in the stretch is the period away from one of these.
            end = low + 2 * pattern.period - 1
            for member in _members(pattern, low, min(end, high) if high else end):
                result = gcd(result, member)
                if result == 1:
                    return 1
        return result

    def nearest_below(self, number: int) -> int | None:
        """The largest member up to `number`."""
        index = bisect_right(self._starts, number) - 1
        while index >= 0:
            found = patterns.at_most(self._patterns[index], number)
            if found is not None and found >= self._starts[index]:
                return found
            number = self._starts[index] - 1
            index -= 1
        return None

    def nearest_above(self, number: int) -> int | None:
        """The smallest member from `number` on."""
        number = max(number, 1)
        for index in range(bisect_right(self._starts, number) - 1, len(self._starts)):
            found = patterns.at_least(self._patterns[index], max(number, self._starts[index]))
            if found is not None and (index + 1 == len(self._starts) or found < self._starts[index + 1]):
                return found
        return None

    def within(self, low: int, high: int) -> Iterator[int]:
        """The members from `low` to `high`, both included."""
        low = max(low, 1)
        index = bisect_right(self._starts, low) - 1 if low <= high else len(self._starts)
        while index < len(self._starts) and self._starts[index] <= high:
            last = self._starts[index + 1] - 1 if index + 1 < len(self._starts) else high
            yield from _members(self._patterns[index], max(low, self._starts[index]), min(last, high))
            index += 1

    # --- combining ----------------------------------------------------------------------------------------------------

    def __and__(self, other: SizeSet) -> SizeSet:
        return _combined(self, other, operator.and_)

    def __or__(self, other: SizeSet) -> SizeSet:
        return _combined(self, other, operator.or_)

    def __sub__(self, other: SizeSet) -> SizeSet:
        return _combined(self, ~other, operator.and_)

    def __invert__(self) -> SizeSet:
        """All positive numbers that are not members."""
        inverted = map(patterns.inverted, self._patterns)
        return SizeSet.from_stretches(list(zip(self._starts, inverted, strict=True)))

    def __le__(self, other: SizeSet) -> bool:
        """Whether every member is one of the other's."""
        for low, high, a, b in _aligned(self, ~other):
            if not patterns.meet(a, b):
                continue
            if not high:
                return False
            common = list(_overlap(low, high, a, b, operator.and_))
            ends = [start - 1 for start, _ in common[1:]] + [high]
            for (start, pattern), end in zip(common, ends, strict=True):
                first = patterns.at_least(pattern, start)
                if first is not None and first <= end:
                    return False
        return True

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, SizeSet) or self._tail() != other._tail():
            return False
        if self._starts == other._starts and self._patterns == other._patterns:
            return True
        return all(
            a == b or (high and patterns.last_difference(a, b, low, high) is None)
            for low, high, a, b in _aligned(self, other)
        )

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self._tail())
        return self._hash

    def _tail(self) -> tuple[int, Pattern, int | None]:
        """What is the same for equal sets, in whatever stretches they are kept."""
        return self._starts[-1], self._patterns[-1], self.least

    def condition(self, name: str) -> str:
        """The set as a condition on `name` in the spec language."""
        from cnnsum.dims.conditions import text_of

        return text_of(self, name)

    def __repr__(self) -> str:
        return f"SizeSet({self.condition('H')})"


def intersection(sets: Iterable[SizeSet]) -> SizeSet:
    """The numbers that are members of all. Raises PeriodError."""
    return reduce(operator.and_, sets, SizeSet.everything())


def _checked(period: int) -> int:
    if period > LONGEST_PERIOD:
        raise PeriodError(f"the period {period:,} is above {LONGEST_PERIOD:,}")
    return period


def _members(pattern: Pattern, low: int, high: int) -> Iterator[int]:
    if pattern.period == 1:
        yield from range(low, high + 1 if pattern.bits else low)
        return
    places = list(patterns.positions(pattern.bits)) if high - low > pattern.period else None
    if places is None:
        yield from (low + place for place in patterns.positions(patterns.window(pattern, low, high - low + 1)))
        return
    for base in range(low - low % pattern.period, high + 1, pattern.period):
        for place in places:
            if low <= base + place <= high:
                yield base + place


def _merged(stretches: list[_Stretch]) -> list[_Stretch]:
    """Stretches in order: of those that begin at the same number the last counts, and equal neighbours are one."""
    result: list[_Stretch] = []
    for start, pattern in stretches:
        if result and result[-1][0] >= start:
            result.pop()
        if not result or result[-1][1] != pattern:
            result.append((start, pattern))
    return result


def _lowered(stretches: list[_Stretch]) -> list[_Stretch]:
    """The last stretch begins as low as it can."""
    start, pattern = stretches.pop()
    while stretches:
        low, other = stretches.pop()
        different = patterns.last_difference(pattern, other, low, start - 1)
        if different is not None:
            stretches.append((low, other))
            start = different + 1
            break
        start = low
    return [*stretches, (start, pattern)]


def _as_runs(stretches: list[_Stretch]) -> list[_Stretch]:
    """All but the last as runs, if they are not too many: in that form equal sets are kept alike."""
    count = 0
    for (low, pattern), (end, _) in pairwise(stretches):
        count += patterns.beginnings(pattern, low, end - 1)
        if count > _MOST_RUNS + len(stretches):
            return _extended(stretches)
    runs: list[Run] = []
    for (low, pattern), (end, _) in pairwise(stretches):
        runs += _runs(pattern, low, end - 1)
    result: list[_Stretch] = [(1, NONE)]
    for first, last in patterns.joined(runs):
        result += [(first, ALL), (last + 1, NONE)]
    return _extended(stretches) if len(result) > 2 * _MOST_RUNS else _merged([*result, stretches[-1]])


def _extended(stretches: list[_Stretch]) -> list[_Stretch]:
    """Stretches that hold a pattern at least twice begin and end as far out as they can."""
    upwards: list[_Stretch] = []
    tail_start, tail = stretches[-1]
    for (low, pattern), (end, _) in pairwise(stretches):
        if upwards and upwards[-1][1].period > 1 and low - upwards[-1][0] >= 2 * upwards[-1][1].period:
            different = patterns.first_difference(upwards[-1][1], pattern, low, end - 1)
            if different is None:
                continue
            low = different  # noqa: PLW2901 - the stretch before takes what is below
        upwards.append((low, pattern))
    result = [(tail_start, tail)]
    end = tail_start
    while upwards:
        low, pattern = upwards.pop()
        if pattern.period > 1 and end - low >= 2 * pattern.period:
            *upwards, (low, pattern) = _lowered([*upwards, (low, pattern)])
        result.append((low, pattern))
        end = low
    return _merged(result[::-1])


def _runs(pattern: Pattern, low: int, high: int) -> Iterator[Run]:
    """The members in low..high as runs."""
    if pattern.period == 1:
        if pattern.bits:
            yield low, high
    elif high - low + 1 <= LONGEST_PERIOD:
        yield from patterns.runs(patterns.window(pattern, low, high - low + 1), low)
    else:
        for base in range(low - low % pattern.period, high + 1, pattern.period):
            for first, last in patterns.runs(pattern.bits, base):
                if last >= low and first <= high:
                    yield max(first, low), min(last, high)


def _aligned(a: SizeSet, b: SizeSet) -> Iterator[tuple[int, int, Pattern, Pattern]]:
    """Stretches of both together: first and last number (0 for no end), and both patterns."""
    starts_a, starts_b = a._starts, b._starts  # noqa: SLF001 - of the same module
    patterns_a, patterns_b = a._patterns, b._patterns  # noqa: SLF001
    i = j = 0
    low = 1
    while True:
        end_a = starts_a[i + 1] if i + 1 < len(starts_a) else 0
        end_b = starts_b[j + 1] if j + 1 < len(starts_b) else 0
        end = min(end_a, end_b) if end_a and end_b else end_a or end_b
        yield low, end - 1 if end else 0, patterns_a[i], patterns_b[j]
        if not end:
            return
        i += end == end_a
        j += end == end_b
        low = end


def _combined(a: SizeSet, b: SizeSet, operation: Callable[[int, int], int]) -> SizeSet:
    if a is b:
        return a
    result: list[_Stretch] = []
    for low, high, one, other in _aligned(a, b):
        result += _overlap(low, high, one, other, operation)
        if len(result) > MAX_STRETCHES:
            raise PeriodError(f"more than {MAX_STRETCHES:,} stretches of sizes")
    return SizeSet.from_stretches(result)


def _overlap(low: int, high: int, a: Pattern, b: Pattern, operation: Callable[[int, int], int]) -> Iterator[_Stretch]:
    """Two patterns combined in low..high (without end where `high` is 0)."""
    if a.period == 1 or b.period == 1:
        plain, other = (a, b) if a.period == 1 else (b, a)
        kept = operation(plain.bits, 1)
        if not kept or operation(plain.bits, 0):
            yield low, Pattern(1, kept)  # whatever the other has
        else:
            yield low, other
        return
    length = high - low + 1
    whole = not high or length >= lcm(a.period, b.period) or length > LONGEST_PERIOD
    bits = 0
    if not whole:
        bits = operation(patterns.window(a, low, length), patterns.window(b, low, length))
    if whole or bits.bit_count() > MAX_STRETCHES:
        yield low, patterns.combined(a, b, operation)
        return
    at = low
    for first, last in patterns.runs(bits, low):
        if first > at:
            yield at, NONE
        yield first, ALL
        at = last + 1
    if at <= high:
        yield at, NONE
