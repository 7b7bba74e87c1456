"""Stretches of the positive whole numbers, each with a pattern: how they are brought to one form, and combined.

What a stretch means, and everything that is asked of a set of sizes, is in `sets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import lcm

from cnnsum.dims import patterns
from cnnsum.dims.patterns import ALL, LONGEST_PERIOD, NONE, Pattern, Run

#: Stretches that a set may have; more is a `PeriodError`.
MAX_STRETCHES = 1 << 17
#: Runs of members before the part that repeats, up to which they are kept as runs, whatever made them.
_MOST_RUNS = 1 << 12

Stretch = tuple[int, Pattern]  # where it begins; it ends where the next one begins, and the last does not end


def settled(stretches: list[Stretch]) -> list[Stretch]:
    """The stretches in one form: the last begins as low as it can, and before it there are runs, if not too many."""
    result = _lowered(_merged(stretches))
    return _as_runs(result) if any(pattern.period > 1 for _, pattern in result[:-1]) else result


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    """Stretches in order: of those that begin at the same number the last counts, and equal neighbours are one."""
    result: list[Stretch] = []
    for start, pattern in stretches:
        if result and result[-1][0] >= start:
            result.pop()
        if not result or result[-1][1] != pattern:
            result.append((start, pattern))
    return result


def _lowered(stretches: list[Stretch]) -> list[Stretch]:
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


def _as_runs(stretches: list[Stretch]) -> list[Stretch]:
    """All but the last as runs, if they are not too many: in that form equal sets are kept alike."""
    count = 0
    for (low, pattern), (end, _) in pairwise(stretches):
        count += patterns.beginnings(pattern, low, end - 1)
        if count > _MOST_RUNS + len(stretches):
            return _extended(stretches)
    runs: list[Run] = []
    for (low, pattern), (end, _) in pairwise(stretches):
        runs += _runs(pattern, low, end - 1)
    result: list[Stretch] = [(1, NONE)]
    for first, last in patterns.joined(runs):
        result += [(first, ALL), (last + 1, NONE)]
    return _extended(stretches) if len(result) > 2 * _MOST_RUNS else _merged([*result, stretches[-1]])


def _extended(stretches: list[Stretch]) -> list[Stretch]:
    """Stretches that hold a pattern at least twice begin and end as far out as they can."""
    upwards: list[Stretch] = []
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


def members(pattern: Pattern, low: int, high: int) -> Iterator[int]:
    """The members of a pattern in low..high, in order."""
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


def overlap(low: int, high: int, a: Pattern, b: Pattern, operation: Callable[[int, int], int]) -> Iterator[Stretch]:
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
