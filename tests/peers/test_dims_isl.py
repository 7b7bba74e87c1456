"""isl, the integer set library, as the oracle for equality and order of formulas with floors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.dims import Symbol, at_least, ceil_div, equal

isl = pytest.importorskip("islpy")

DIMS = {"H": Symbol("H").dim, "W": Symbol("W", minimum=3).dim}
LEGAL = {"H": "H >= 1", "W": "W >= 3"}


def trees(names):
    divisors = st.sampled_from([2, 3, 4, 5])
    return st.recursive(
        st.sampled_from(names) | st.integers(-9, 9),
        lambda inner: (
            st.tuples(st.sampled_from(["+", "-"]), inner, inner)
            | st.tuples(st.just("*"), inner, st.integers(-4, 4))
            | st.tuples(st.sampled_from(["//", "//", "%", "ceil"]), inner, divisors)
        ),
        max_leaves=5,
    )


def ours(tree):
    if not isinstance(tree, tuple):
        return DIMS[tree] if isinstance(tree, str) else tree
    sign, a, b = tree
    a, b = ours(a), ours(b)
    return {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "//": lambda: a // b,
        "%": lambda: a % b,
        "ceil": lambda: ceil_div(a, b),
    }[sign]()


def theirs(tree):
    """The tree in isl's own notation, so that it shares nothing with our printer."""
    if not isinstance(tree, tuple):
        return f"({tree})"
    sign, a, b = tree
    if sign == "//":
        return f"floor({theirs(a)}/{b})"
    if sign == "ceil":
        return f"ceil({theirs(a)}/{b})"
    if sign == "%":
        return f"({theirs(a)} - {b}*floor({theirs(a)}/{b}))"
    return f"({b}*{theirs(a)})" if sign == "*" else f"({theirs(a)} {sign} {theirs(b)})"


def answer(names, condition):
    """True where the condition holds for all legal values, False where for none, else None."""
    variables = ", ".join(names)
    legal = isl.Set(f"{{ [{variables}] : {' and '.join(LEGAL[name] for name in names)} }}")
    holds = legal.intersect(isl.Set(f"{{ [{variables}] : {condition} }}"))
    if holds.is_empty():
        return False
    return True if legal.is_subset(holds) else None


@settings(max_examples=300, deadline=None)
@given(trees(["H"]), trees(["H"]))
def test_one_symbol_exactly(a, b):
    assert equal(ours(a), ours(b)) is answer(["H"], f"{theirs(a)} = {theirs(b)}")
    assert at_least(ours(a), ours(b)) is answer(["H"], f"{theirs(a)} >= {theirs(b)}")


@settings(max_examples=200, deadline=None)
@given(trees(["H", "W"]), trees(["H", "W"]))
def test_two_symbols(a, b):
    same = equal(ours(a), ours(b))
    truth = answer(["H", "W"], f"{theirs(a)} = {theirs(b)}")
    assert same in (None, truth)
    assert truth is not True or same is True  # equality is complete; "never" may stay open
    reaches = at_least(ours(a), ours(b))
    assert reaches is answer(["H", "W"], f"{theirs(a)} >= {theirs(b)}")
