"""Arithmetic as it is written: order, grouping, rounding, and the numbers put in; and numbers that tell it."""

from __future__ import annotations

import os
from typing import Any

from explaining import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.answers.explain import arithmetic
from cnnsum.answers.explain.arithmetic import written
from cnnsum.answers.explain.tracing import TracedStride, named, plain, term_of, traced
from cnnsum.dims import UNKNOWN, Symbol, ceil_div, equal, maximum, prod
from tests.thorough import each

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "100"))
H, W, C, k, s, f = (named(text, value) for text, value in zip("HWCksf", (100, 80, 3, 5, 2, 32), strict=True))


@each(
    ("value", "formula", "numbers"),
    [
        (k * k * C * f + f, "(k * k * C + 1) * f", "(5 * 5 * 3 + 1) * 32"),
        (C * f + f, "C * f + f", "3 * 32 + 32"),
        ((H - k) // s + 1, "floor((H - k)/s) + 1", "floor((100 - 5)/2) + 1"),
        ((H - 1) // s + 1, "ceil(H/s)", "ceil(100/2)"),
        (ceil_div(H, s), "ceil(H/s)", "ceil(100/2)"),
        (H - 1 + 1, "H", "100"),
        (C + C + C, "3 * C", "3 * 3"),
        (4 * C * f + 4 * f * f + 4 * f, "(C + f + 1) * 4 * f", "(3 + 32 + 1) * 4 * 32"),
        (H // s, "H/s", "100/2"),
        (H // 3, "floor(H/3)", "floor(100/3)"),
        (H * W // s * C, "((H * W)/s) * C", None),
        (H // (C * s // 2), "floor(H/((C * s)/2))", "floor(100/((3 * 2)/2))"),
        (H // (W // s), "floor(H/(W/s))", "floor(100/(80/2))"),
        ((H - k) % s, "((H - k) % s)", "((100 - 5) % 2)"),
        (-k + H, "H - k", "100 - 5"),
        (1 - k, "1 - k", "1 - 5"),
        (H * 0 + W, "W", "80"),
        (prod((H, W, C)) * 2, "2 * H * W * C", "2 * 100 * 80 * 3"),
    ],
)
def test_it_reads_as_it_was_done(value: Any, formula: str, numbers: str | None) -> None:
    assert written(term_of(value)) == formula
    if numbers is not None:
        assert written(term_of(value), numbers=True) == numbers
        assert evaluate(numbers) == value


def test_a_named_result_stands_for_its_arithmetic() -> None:
    out = (H - k) // s + 1
    names = {term_of(out): arithmetic.name("H_out", int(out))}
    assert written(term_of(out * out * f), names) == "H_out * H_out * f"
    assert written(term_of(out * out * f), names, numbers=True) == "48 * 48 * 32"
    assert arithmetic.names_in(term_of(out * f), names) == {"H_out": 48, "f": 32}


numbers = st.integers(1, 30).map(lambda value: named(f"n{value}", value))
traces = st.recursive(
    numbers | st.integers(0, 5),
    lambda inner: st.tuples(st.sampled_from("+-*/%"), inner, inner),
    max_leaves=8,
)


def work(tree: Any) -> Any:
    if not isinstance(tree, tuple):
        return tree
    sign, left, right = tree[0], work(tree[1]), work(tree[2])
    if sign in "/%":
        right = right * right + 1  # never 0, nor below
        return left // right if sign == "/" else left % right
    return left + right if sign == "+" else left - right if sign == "-" else left * right


@settings(max_examples=EXAMPLES)
@given(traces)
def test_whatever_is_done_the_text_has_its_value(tree: Any) -> None:
    value = work(tree)
    names = {f"n{number}": number for number in range(1, 31)}
    assert evaluate(written(term_of(value), numbers=True)) == value
    assert evaluate(written(term_of(value)), names) == value


def test_a_traced_number_is_the_number() -> None:
    assert (H, H + 1, H // 3, type(plain(H))) == (100, 101, 33, int)
    assert {100: "a"}[H] == "a"
    assert H * UNKNOWN is UNKNOWN
    assert traced(UNKNOWN, term_of(1)) is UNKNOWN
    assert maximum(H, k) == 100
    assert H * 0.5 == 50


def test_a_traced_stride_is_not_taken_for_1() -> None:
    one = traced(1, arithmetic.name("stride", 1), TracedStride)
    assert (one == 1, one != 1, one == TracedStride(1), one == H) == (False, True, True, False)
    assert hash(one) == hash(1)
    assert written(term_of(H // one + 1)) == "H/stride + 1"


def test_a_traced_formula_is_the_formula() -> None:
    symbol = Symbol("n").dim
    size = named("H", symbol)
    out = (size - k) // s + 1
    assert equal(out, (symbol - 5) // 2 + 1)
    assert written(term_of(out)) == "floor((H - k)/s) + 1"
    assert written(term_of(out), numbers=True) == "floor((n - 5)/2) + 1"
    assert written(term_of(size * named("f", 3) * (symbol + 1)), numbers=True) == "n * 3 * (n + 1)"


def test_a_long_sum_is_put_together_once(monkeypatch):
    keys = []
    monkeypatch.setattr(arithmetic, "_key", lambda factors: keys.append(factors) or factors)
    term = arithmetic.ZERO
    for index in range(300):
        term = arithmetic.add(term, arithmetic.name(f"a{index}", index))
    text = arithmetic.written(term)
    assert text.count(" + ") == 299
    assert len(keys) == 300
