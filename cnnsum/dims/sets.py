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
from math import gcd, lcm

from cnnsum.dims import patterns, stretches
from cnnsum.dims.patterns import ALL, LONGEST_PERIOD, NONE, Pattern, PeriodError, Run
from cnnsum.dims.stretches import MAX_STRETCHES, Stretch


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
        parts: list[Stretch] = [(1, NONE)]
        for first, last in patterns.joined(list(runs)):
            parts += [(max(first, 1), ALL), (last + 1, NONE)]
        if bits:
            parts.append((max(start, 1), patterns.pattern(_checked(period), bits)))
        self._settle(parts)

    @classmethod
    def from_stretches(cls, parts: list[Stretch]) -> SizeSet:
        """Patterns (see `patterns.pattern`), each with the number from which on it holds; the first holds from 1."""
        result = cls.__new__(cls)
        result._settle(parts)  # noqa: SLF001 - in the class itself
        return result

    def _settle(self, parts: list[Stretch]) -> None:
        parts = stretches.settled(parts)
        self._starts = tuple(start for start, _ in parts)
        self._patterns = tuple(pattern for _, pattern in parts)
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
            for member in stretches.members(pattern, low, min(end, high) if high else end):
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
            yield from stretches.members(self._patterns[index], max(low, self._starts[index]), min(last, high))
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
            if not high or high - low >= lcm(a.period, b.period):
                return False
            common = list(stretches.overlap(low, high, a, b, operator.and_))
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


#: The patterns of all numbers from one on, which most conditions of a long network are.
_FROM_ON = (NONE, ALL)


def _start(one: SizeSet) -> int:
    return one.start


def _combined(a: SizeSet, b: SizeSet, operation: Callable[[int, int], int]) -> SizeSet:
    if a is b:
        return a
    if operation is operator.and_:
        for everything, rest in ((a, b), (b, a)):
            if everything._patterns == (ALL,):  # noqa: SLF001 - of the same module
                return rest
        if a._patterns == b._patterns == _FROM_ON:  # noqa: SLF001 - of the same module
            return max(a, b, key=_start)
    result: list[Stretch] = []
    for low, high, one, other in _aligned(a, b):
        result += stretches.overlap(low, high, one, other, operation)
        if len(result) > MAX_STRETCHES:
            raise PeriodError(f"more than {MAX_STRETCHES:,} stretches of sizes")
    return SizeSet.from_stretches(result)
