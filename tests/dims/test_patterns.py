"""Patterns that repeat, against the sets of whole numbers that they stand for."""

from __future__ import annotations

import itertools
import operator
import random

import pytest

from cnnsum.dims import patterns
from cnnsum.dims.patterns import LONGEST_PERIOD, Pattern, PeriodError
from tests.thorough import each

FAR = range(-60, 61)
EVERY = [(period, bits) for period in (1, 2, 3, 4, 6) for bits in range(1 << period)]


def members(period, bits):
    return {n for n in FAR if bits >> n % period & 1}


@each(("period", "bits"), EVERY)
def test_one_pattern(period, bits):
    given = members(period, bits)
    one = patterns.pattern(period, bits)
    assert {n for n in FAR if patterns.contains(one, n)} == given
    assert not any(members(less, one.bits & (1 << less) - 1) == given for less in range(1, one.period))
    assert members(*patterns.inverted(one)) == {*FAR} - given
    for n in range(-20, 21):
        assert patterns.at_most(one, n) == max([m for m in given if m <= n], default=None)
        assert patterns.at_least(one, n) == min([m for m in given if m >= n], default=None)
        assert members(*patterns.turned(one, n)) == {m for m in FAR if (m - n) % period in given}
        for length in (1, 2, 5, 13):
            inside = [m - n for m in range(n, n + length) if m in given]
            assert patterns.window(one, n, length) == sum(1 << m for m in inside)
            assert list(patterns.positions(patterns.window(one, n, length))) == inside
            starts = [m for m in range(n, n + length) if m in given and m - 1 not in given]
            assert patterns.beginnings(one, n, n + length - 1) == len(starts)
    for step in (1, 2, 5):
        assert members(*patterns.spaced(one, step)) == {m for m in FAR if m % step == 0 and m // step in given}
    for divisor in patterns.divisors(one.period):
        assert {n for n in FAR if patterns.folded(one, divisor) >> n % divisor & 1} == {
            n for n in FAR if any((n - m) % divisor == 0 for m in given)
        }


def test_two_patterns():
    draw = random.Random(1)
    for a, b in (draw.choices(EVERY, k=2) for _ in range(300)):
        one, other = patterns.pattern(*a), patterns.pattern(*b)
        for operation in (operator.and_, operator.or_, operator.xor):
            assert members(*patterns.combined(one, other, operation)) == operation(members(*a), members(*b))
        assert patterns.meet(one, other) == bool(members(*a) & members(*b))


def test_runs():
    assert list(patterns.runs(0)) == []
    for bits in range(1, 200):
        runs = list(patterns.runs(bits, 7))
        inside = [n for first, last in runs for n in range(first, last + 1)]
        assert inside == [7 + n for n in range(9) if bits >> n & 1]
        assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(runs))
    assert patterns.joined([(9, 12), (1, 3), (4, 4), (6, 5), (10, 11), (14, 14)]) == [(1, 4), (9, 12), (14, 14)]


def test_periods_have_an_end():
    longest = Pattern(LONGEST_PERIOD, 1)
    assert patterns.spaced(Pattern(2, 1), LONGEST_PERIOD // 2) == longest
    with pytest.raises(PeriodError, match="the period 2,097,152 is above 1,048,576"):
        patterns.spaced(Pattern(1024, 1), 2048)
    with pytest.raises(PeriodError, match="the period 3,145,728 is above 1,048,576"):
        patterns.spaced(longest, 3)
    with pytest.raises(PeriodError, match="the period 3,145,728 is above 1,048,576"):
        patterns.combined(longest, Pattern(3, 1), operator.and_)
