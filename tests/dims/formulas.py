"""Random formulas as trees, which can be calculated with numbers and with symbols."""

from __future__ import annotations

import operator

from hypothesis import strategies as st

from cnnsum.dims import Symbol, ceil_div, maximum, minimum

SYMBOLS = {"H": Symbol("H"), "W": Symbol("W", minimum=0), "M": Symbol("M", minimum=8, multiple_of=8)}
OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "ceil": ceil_div,
    "max": maximum,
    "min": minimum,
}


def calculate(tree, values):
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return values[tree]
    sign, a, b = tree
    return OPERATIONS[sign](calculate(a, values), calculate(b, values))


def trees(names=("H", "W", "M"), *, extremes=True, size=8):
    leaves = st.sampled_from(names) | st.integers(-9, 9)
    divisors = st.sampled_from([2, 2, 2, 3, 4, 5, 8, -2, -3])
    signs = ["+", "-", "+", "-"] + (["max", "min"] if extremes else [])

    def grow(inner):
        return (
            st.tuples(st.sampled_from(signs), inner, inner)
            | st.tuples(st.just("*"), inner, st.integers(-4, 4) | inner)
            | st.tuples(st.sampled_from(["//", "//", "%", "ceil"]), inner, divisors)
        )

    return st.recursive(leaves, grow, max_leaves=size)


SIZES = {
    "H": st.integers(1, 70),
    "W": st.integers(0, 70),
    "M": st.integers(1, 12).map(lambda part: 8 * part),
}
VALUES = st.fixed_dictionaries(SIZES)
DIMS = {name: symbol.dim for name, symbol in SYMBOLS.items()}
