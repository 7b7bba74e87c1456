"""Patterns that repeat among the whole numbers: a period, and which residues are in, as the bits of one number.

Whatever is done to all residues at once is an operation on whole numbers, fast even for tens of thousands of them.
Knows nothing of sizes, and where a pattern begins or ends: `sets` puts patterns together.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import lru_cache, reduce
from math import gcd, lcm

from cnnsum.typed import NamedTuple

#: The longest period that a pattern may have; a longer one is a `PeriodError`.
LONGEST_PERIOD = 1 << 20

Run = tuple[int, int]  # first and last member, both included


class PeriodError(ValueError):
    """The set would have too long a period, or too many parts, to be written down."""


class Pattern(NamedTuple):
    """The numbers n for which bit `n % period` of `bits` is 1. Made by `pattern`, the period is the least."""

    period: int
    bits: int


NONE = Pattern(1, 0)
ALL = Pattern(1, 1)


def pattern(period: int, bits: int) -> Pattern:
    """The pattern with the least period that will do.

    >>> pattern(4, 0b0101)
    Pattern(period=2, bits=1)
    """
    for prime in _primes(period):
        while period % prime == 0:
            step = period // prime
            part = bits & ((1 << step) - 1)
            if bits >> step != bits & ((1 << (period - step)) - 1):
                break
            period, bits = step, part
    return Pattern(period, bits)


@lru_cache(1 << 10)
def _primes(number: int) -> tuple[int, ...]:
    found = []
    factor = 2
    while factor * factor <= number:
        if number % factor == 0:
            found.append(factor)
            while number % factor == 0:
                number //= factor
        factor += 1
    return (*found, number) if number > 1 else tuple(found)


def divisors(number: int) -> list[int]:
    """All divisors, the smallest first."""
    found = [1]
    for prime in _primes(number):
        power, powers = 1, []
        while number % (power * prime) == 0:
            power *= prime
            powers.append(power)
        found += [one * power for one in found for power in powers]
    return sorted(found)


def repeated(one: Pattern, length: int) -> int:
    """The first `length` bits, from number 0 on."""
    period, bits = one
    while period < length:
        bits |= bits << period
        period *= 2
    return bits & ((1 << length) - 1)


def window(one: Pattern, low: int, length: int) -> int:
    """The members among `length` numbers from `low` on, as bits: bit 0 is `low`."""
    shift = low % one.period
    return repeated(one, shift + length) >> shift


def folded(one: Pattern, divisor: int) -> int:
    """Which residues modulo a divisor of the period have a member, as bits."""
    period, bits = one
    for prime in _primes(period // divisor):
        while period // divisor % prime == 0:
            period //= prime
            mask = (1 << period) - 1
            bits = reduce(operator.or_, [bits >> i * period & mask for i in range(prime)])
    return bits


def combined(a: Pattern, b: Pattern, operation: Callable[[int, int], int]) -> Pattern:
    """Two patterns, bit by bit. Raises PeriodError."""
    period = lcm(a.period, b.period)
    if period > LONGEST_PERIOD:
        raise PeriodError(f"the period {period:,} is above {LONGEST_PERIOD:,}")
    return pattern(period, operation(repeated(a, period), repeated(b, period)))


def inverted(one: Pattern) -> Pattern:
    """The numbers that are not in."""
    return Pattern(one.period, one.bits ^ ((1 << one.period) - 1))


def meet(a: Pattern, b: Pattern) -> bool:
    """Whether some number is in both; the common period may be of any length (Chinese remainder theorem)."""
    common = gcd(a.period, b.period)
    return folded(a, common) & folded(b, common) != 0


def contains(one: Pattern, number: int) -> bool:
    """Whether a number is in."""
    return one.bits >> (number % one.period) & 1 == 1


def at_most(one: Pattern, number: int) -> int | None:
    """The largest member up to a number, None where there is none at all; it may be negative."""
    if not one.bits:
        return None
    residue = number % one.period
    below = one.bits & ((2 << residue) - 1)
    if below:
        return number - residue + below.bit_length() - 1
    return number - residue - one.period + one.bits.bit_length() - 1


def at_least(one: Pattern, number: int) -> int | None:
    """The smallest member from a number on, None where there is none at all."""
    if not one.bits:
        return None
    residue = number % one.period
    above = one.bits >> residue
    return number + lowest(above) if above else number - residue + one.period + lowest(one.bits)


def lowest(bits: int) -> int:
    """The place of the lowest bit that is 1."""
    return (bits & -bits).bit_length() - 1


def last_difference(a: Pattern, b: Pattern, low: int, high: int) -> int | None:
    """The largest number in low..high that is in only one of the two."""
    # Two patterns that agree on as many numbers in a row as both periods have are the same (Fine and Wilf).
    length = min(high - low + 1, a.period + b.period)
    at = high - length + 1
    different = window(a, at, length) ^ window(b, at, length)
    return at + different.bit_length() - 1 if different else None


def first_difference(a: Pattern, b: Pattern, low: int, high: int) -> int | None:
    """The smallest number in low..high that is in only one of the two."""
    length = min(high - low + 1, a.period + b.period)
    different = window(a, low, length) ^ window(b, low, length)
    return low + lowest(different) if different else None


def runs(bits: int, low: int = 0) -> Iterator[Run]:
    """The runs of ones, the lowest first; bit 0 stands for `low`."""
    text = bin(bits)[:1:-1]
    at = text.find("1") if bits else -1
    while at >= 0:
        end = text.find("0", at)
        if end < 0:
            yield low + at, low + len(text) - 1
            return
        yield low + at, low + end - 1
        at = text.find("1", end)


def positions(bits: int) -> Iterator[int]:
    """The places of the ones, the lowest first."""
    for first, last in runs(bits):
        yield from range(first, last + 1)


def beginnings(one: Pattern, low: int, high: int) -> int:
    """How many numbers in low..high are in while the number before is not, as far as the pattern goes."""
    before = (one.bits << 1 | one.bits >> (one.period - 1)) & ((1 << one.period) - 1)
    rises = one._replace(bits=one.bits & ~before)
    whole, rest = divmod(high - low + 1, one.period)
    return whole * rises.bits.bit_count() + window(rises, low, rest).bit_count()


def joined(runs: list[Run]) -> list[Run]:
    """Runs in order, those that touch made one, and empty ones left out."""
    result: list[Run] = []
    for first, last in sorted(run for run in runs if run[0] <= run[1]):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return result


def turned(one: Pattern, by: int) -> Pattern:
    """The members moved up by a number, in a pattern that need not have the least period."""
    period, bits = one
    by %= period
    return pattern(period, (bits << by | bits >> (period - by)) & ((1 << period) - 1))


def spaced(one: Pattern, step: int) -> Pattern:
    """The members times a number. Raises PeriodError."""
    if step == 1 or not one.bits:
        return one
    if one.period * step > LONGEST_PERIOD:
        raise PeriodError(f"the period {one.period * step:,} is above {LONGEST_PERIOD:,}")
    text = f"{one.bits:b}"
    return Pattern(one.period * step, int(("0" * (step - 1)).join(text), 2))
