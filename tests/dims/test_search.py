"""The largest number that will do, and whether a formula only grows."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol, ceil_div, maximum, minimum
from cnnsum.dims.pieces import pieces
from cnnsum.dims.search import is_monotone, largest
from tests.dims.formulas import DIMS, SYMBOLS, calculate, trees
from tests.thorough import each, examples

H, W, K = Symbol("H"), Symbol("W"), Symbol("k", minimum=-3)
M = Symbol("M", multiple_of=8)


@given(st.integers(-50, 50), st.integers(-50, 400), st.integers(-60, 410), st.integers(1, 9))
def test_largest_by_trying_all(least, most, last, step):
    asked = []

    def holds(number):
        asked.append(number)
        return number <= last

    right = [number for number in range(least, most + 1) if number % step == 0 and number <= last]
    assert largest(holds, least, most, step) == (right[-1] if right else None)
    assert all(least <= number <= most and number % step == 0 for number in asked)
    assert len(asked) == len(set(asked))


@each("last", [1, 2, 1000, 10**6 + 1, 10**12])
def test_largest_asks_about_twice_the_logarithm_and_not_far_above(last):
    asked = []
    assert largest(lambda number: not asked.append(number) and number <= last, 1, 10**30) == last
    assert len(asked) <= 2 * last.bit_length() + 2
    assert max(asked) <= 2 * last + 1


def test_a_step_below_one_is_refused():
    with pytest.raises(ValueError, match=r"^numbers cannot be multiples of 0: give a number of 1 or more$"):
        largest(bool, 1, 9, 0)


@each(
    ("dim", "symbol", "answer"),
    [
        (7, H, True),
        (UNKNOWN, H, None),
        (H.dim, W, True),
        (-H.dim, H, False),
        (ceil_div(H.dim, 32) * 64 + 3, H, True),
        (H.dim // 2 * (W.dim // 3) * 5 + H.dim**2, W, True),
        (H.dim - H.dim // 4, H, True),
        (3 * H.dim - W.dim // 2, H, True),
        (3 * H.dim - W.dim // 2, W, False),
        ((H.dim - 5) ** 2, H, False),
        ((H.dim - 5) ** 3, H, True),
        (H.dim % 3, H, False),
        (maximum(H.dim, 9) * 2, H, True),
        (maximum(9 - H.dim, 2), H, False),
        (minimum(H.dim, W.dim), W, True),
        (H.dim // W.dim, H, True),
        (H.dim // W.dim, W, False),
        (-(H.dim // W.dim), W, True),
        (H.dim * K.dim, H, False),
        (H.dim * K.dim, K, True),
        (K.dim**2, K, False),
        (M.dim // 16 - M.dim // 8, M, False),
        (M.dim % 16, M, False),
        (M.dim - M.dim // 3, M, True),
        (W.dim * (H.dim // 3) - W.dim * (H.dim // 4), H, False),
    ],
)
def test_is_monotone(dim, symbol, answer):
    assert is_monotone(dim, symbol) in ({answer} if answer is not False else {False, None})


def test_one_symbol_is_decided():
    falls = [-H.dim, (H.dim - 5) ** 2, H.dim % 3, maximum(9 - H.dim, 2), H.dim // 3 - H.dim // 4]
    assert [is_monotone(dim, H) for dim in falls] == [False] * 5


@settings(max_examples=examples(150), deadline=None)
@given(trees(size=6), st.sampled_from("HWM"))
def test_answers_are_true_of_the_values(tree, name):
    answer = is_monotone(calculate(tree, DIMS), SYMBOLS[name])
    if answer is not True:
        return
    ranges = {"H": range(1, 60, 7), "W": range(0, 60, 7), "M": range(8, 200, 24)}
    steps = {"H": range(1, 26), "W": range(26), "M": range(8, 208, 8)}
    for point in product(*({**ranges, name: (0,)}).values()):
        values = dict(zip(ranges, point, strict=True))
        seen = [calculate(tree, {**values, name: value}) for value in steps[name]]
        assert all(a <= b for a, b in pairwise(seen))


@settings(max_examples=examples(100), deadline=None)
@given(trees(("H",), size=5))
def test_one_symbol_by_brute_force(tree):
    dim = calculate(tree, DIMS)
    seen = [calculate(tree, {"H": h}) for h in range(1, 200)]
    if any(a > b for a, b in pairwise(seen)) and pieces(dim) is not None:
        assert is_monotone(dim, SYMBOLS["H"]) is False
