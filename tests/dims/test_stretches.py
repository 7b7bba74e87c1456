"""Patterns between two numbers, and sets that are kept as such: against the numbers themselves."""

from __future__ import annotations

import operator
import random

import pytest

from cnnsum.dims import patterns, stretches
from cnnsum.dims.patterns import NONE
from cnnsum.dims.sets import SizeSet
from tests.thorough import each

EVERY = [(period, bits) for period in (1, 2, 3, 4, 6, 10) for bits in range(min(1 << period, 70))]


def drawn(draw):
    return patterns.pattern(*draw.choice(EVERY))


def within(one, low, high):
    return [n for n in range(low, high + 1) if patterns.contains(one, n)]


@pytest.mark.parametrize("longest", [5, patterns.LONGEST_PERIOD])
def test_members_between_two_numbers(monkeypatch, longest):
    monkeypatch.setattr(stretches, "LONGEST_PERIOD", longest)
    draw = random.Random(longest)
    for _ in range(300):
        one, low = drawn(draw), draw.randint(1, 30)
        high = low + draw.randint(0, 25)
        given = within(one, low, high)
        assert list(stretches.members(one, low, high)) == given
        assert [n for first, last in stretches._runs(one, low, high) for n in range(first, last + 1)] == given


@pytest.mark.parametrize("most", [1, stretches.MAX_STRETCHES])
def test_two_patterns_between_two_numbers(monkeypatch, most):
    monkeypatch.setattr(stretches, "MAX_STRETCHES", most)
    draw = random.Random(most)
    for _ in range(300):
        one, other, low = drawn(draw), drawn(draw), draw.randint(1, 30)
        high = low + draw.randint(0, 25)
        operation = draw.choice((operator.and_, operator.or_))
        parts = list(stretches.overlap(low, high, one, other, operation))
        found = [n for n in range(low, high + 1) if patterns.contains([p for start, p in parts if start <= n][-1], n)]
        assert found == [n for n in range(low, high + 1) if operation(n in within(one, n, n), n in within(other, n, n))]


@each("most", [0, 3, 1_000])
def test_sets_are_equal_where_their_members_are(monkeypatch, most):
    """However they were made, and whether they are kept as runs or as patterns."""
    monkeypatch.setattr(stretches, "_MOST_RUNS", most)
    draw = random.Random(most)
    for _ in range(150):
        cuts = sorted(draw.sample(range(2, 90), 3))
        parts = [(1, NONE), *((cut, drawn(draw)) for cut in cuts)]
        one, cut = SizeSet.from_stretches(parts), SizeSet.between(1, draw.randint(1, 90))
        again = (one & cut) | (one - cut)
        assert again == one
        assert hash(again) == hash(one)
        number = draw.randint(1, 95)
        other = one - SizeSet.of([number])
        assert (other == one) == (number not in one)
        given = {n for n in range(1, 200) if patterns.contains([p for start, p in parts if start <= n][-1], n)}
        assert {n for n in range(1, 200) if n in one} == {n for n in range(1, 200) if n in again} == given
        assert set(one.within(1, 199)) == given
