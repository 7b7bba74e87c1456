"""The largest value within limits, and what stands beside it, against trying all values one by one."""

from __future__ import annotations

import random

from cnnsum.analyses.sizes.largest import MOST, Solution, first, solution, within
from cnnsum.dims import Symbol
from cnnsum.dims.sets import SizeSet
from tests.thorough import each

H = Symbol("H")


def drawn(draw: random.Random) -> SizeSet:
    kind = draw.randrange(4)
    if kind == 0:
        return SizeSet.multiples(draw.randint(1, 6), draw.randint(1, 9))
    if kind == 1:
        return SizeSet.between(draw.randint(1, 20), draw.randint(10, 60))
    if kind == 2:
        return SizeSet.of(draw.sample(range(1, 60), draw.randint(1, 20)))
    return SizeSet.multiples(draw.randint(2, 6)) | SizeSet.between(3, draw.randint(3, 9))


@each("seed", range(10))
def test_it_is_what_trying_finds(seed: int) -> None:
    for n in range(60):
        compare(random.Random(60 * seed + n))


def compare(draw: random.Random) -> None:
    legal = [drawn(draw) for _ in range(draw.randint(0, 2))]
    fits = [SizeSet.between(1, draw.randint(1, 50)), *(drawn(draw) for _ in range(draw.randint(0, 1)))]
    refused = set(draw.sample(range(1, 60), draw.randint(0, 30)))
    least, most = draw.randint(1, 9), draw.randint(9, 60)

    def accepts(value: int) -> bool:
        return value not in refused

    # Past 60 every set repeats with a period of 60 at the most, or has ended.
    every = [n for n in range(least, 400) if accepts(n) and all(n in one for one in legal)]
    inside = [n for n in every if n <= most]
    within_limits = [n for n in inside if all(n in one for one in fits)]
    value = max(within_limits, default=None)
    found = solution(fits, legal, accepts, least, most)
    assert (found.value, found.next) == (value, min([n for n in every if value is None or n > value], default=None))
    assert first(legal, accepts, least, most) == min(inside, default=None)
    if value is None:
        assert found == Solution(None, False, found.next, None)
        return
    assert found.unlimited == (value == max(inside))
    below = [n for n in every if n < value and n not in within_limits]
    assert found.below in below if below else found.below is None


def test_without_a_last_value_asked_for() -> None:
    every = SizeSet.everything()
    assert solution([every], [every], lambda _: True) == Solution(None, True, None, None)
    assert solution([every], [SizeSet.of((3, 5))], lambda _: True) == Solution(5, True, None, None)
    assert solution([SizeSet.between(1, 4)], [every], lambda _: True) == Solution(4, False, 5, None)
    assert first([SizeSet.between(MOST, MOST + 1)], lambda _: True, 1) == MOST


def test_a_formula_within_a_limit() -> None:
    assert [n for n in range(1, 60) if n in within(3 * H.dim * (H.dim // 2), 1000, H)] == [
        n for n in range(1, 60) if 3 * n * (n // 2) <= 1000
    ]
    assert [len([n for n in range(1, 9) if n in within(7, limit, H)]) for limit in (6, 7, 8)] == [0, 8, 8]
