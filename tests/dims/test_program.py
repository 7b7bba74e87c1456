"""Programs give what `substitute` gives, at every point."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol, ceil_div, maximum, minimum, substitute, symbols_of
from cnnsum.dims.program import Program
from tests.dims.formulas import DIMS, SIZES, VALUES, calculate, trees
from tests.thorough import each, examples

H = Symbol("H").dim
W = Symbol("W", minimum=3).dim
K = Symbol("k", minimum=-2).dim
M = Symbol("M", multiple_of=32).dim
ORDERS = st.permutations(list(SIZES))


def names_of(dims):
    return {symbol.name for dim in dims for symbol in symbols_of(dim)}


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(trees(size=8), min_size=1, max_size=4), ORDERS, st.lists(VALUES, min_size=1, max_size=4))
def test_the_values_are_those_of_the_formulas_as_they_were_written(forms, order, points):
    dims = [calculate(tree, DIMS) for tree in forms]
    names = [name for name in order if name in names_of(dims)]
    program = Program(dims, names)
    found = list(program.many([values[name] for name in names] for values in points))
    assert found == [tuple(calculate(tree, values) for tree in forms) for values in points]
    assert found == [program([values[name] for name in names]) for values in points]


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(trees(size=5), min_size=3, max_size=5), ORDERS, VALUES)
@example(["H", "W", ("*", ("+", "H", "M"), ("+", "W", ("%", "H", 2)))], ["H", "W", "M"], {"H": 1, "W": 0, "M": 8})
def test_floors_by_formulas_and_extremes_of_products(forms, order, values):
    a, b, c, *_ = (calculate(tree, DIMS) for tree in forms)
    dims = [maximum(a * b, c, a), minimum(a, b) * maximum(b, c) ** 2, (a * a) // (b * b + 1), (a * b) // 3 - c]
    names = [name for name in order if name in names_of(dims)]
    program = Program(dims, names)
    # A formula past the limits is not known, for which a program has None.
    wanted = [substitute(dim, values) for dim in dims]
    assert program([values[name] for name in names]) == tuple(None if dim is UNKNOWN else dim for dim in wanted)


@each("order", [("H", "W", "k", "M"), ("M", "k", "W", "H"), ("k", "M", "H", "W")])
def test_by_hand(order):
    dims = [5, H * W * K, maximum(H, W, 7) // 2, M // 32, 7 // W, H // (W + M), minimum(H // 2 * K, 4), H // 2 * K**3]
    program = Program(dims, order)
    for h, w, k, m in product((1, 8, 9), (3, 11), (-2, 0, 3), (32, 96)):
        values = {"H": h, "W": w, "k": k, "M": m}
        assert program([values[name] for name in order]) == (
            5, h * w * k, max(h, w, 7) // 2, m // 32, 7 // w, h // (w + m), min(h // 2 * k, 4), h // 2 * k**3,
        )  # fmt: skip


def test_symbols_of_one_name_share_its_value():
    plain, even = Symbol("H"), Symbol("H", minimum=4, multiple_of=2)
    program = Program([plain.dim // 2 + even.dim], ["H"])
    assert program([6]) == (9,)
    for wrong, text in ((2, "H must be at least 4, not 2"), (7, "H must be a multiple of 2, not 7")):
        with pytest.raises(ValueError, match=f"^{text}$"):
            program([wrong])


def test_unknown_is_none():
    assert Program([UNKNOWN, H, UNKNOWN, 3], ["H"])([4]) == (None, 4, None, 3)
    assert Program([UNKNOWN], [])([]) == (None,)
    assert Program([], [])([]) == ()
    assert list(Program([7, 8], []).many([(), ()])) == [(7, 8), (7, 8)]


@each("values", [{"H": 0, "W": 5}, {"H": 5, "W": 2}, {"H": 2, "W": 4, "M": 40}])
def test_illegal_values_are_refused_as_substitute_does(values):
    dim = H // 3 * W + (M if "M" in values else 0)
    with pytest.raises(ValueError, match="must be") as expected:
        substitute(dim, values)
    program = Program([dim], list(values))
    for _ in range(2):  # what was refused once is not kept
        with pytest.raises(ValueError, match="must be") as found:
            program(list(values.values()))
        assert str(found.value) == str(expected.value)


def test_names_and_symbols_must_be_the_same():
    with pytest.raises(ValueError, match=r"^the symbol W has no value: its name is not in \(H\)$"):
        Program([H * W], ["H"])
    with pytest.raises(ValueError, match=r"^no formula depends on a symbol k$"):
        Program([H], ["H", "k"])
    with pytest.raises(ValueError, match=r"^a name stands twice in \(H, H\)$"):
        Program([H], ["H", "H"])
    program = Program([H * W], ["H", "W"])
    for values in ((), (1,), (1, 3, 5)):
        with pytest.raises(ValueError, match=rf"^a point has a value for each of \(H, W\), got {len(values)}$"):
            program(values)


def test_division_by_zero_is_an_error_of_the_point():
    program = Program([H // K], ["H", "k"])
    assert program((7, 2)) == (3,)
    with pytest.raises(ZeroDivisionError):
        program((7, 0))


def test_more_values_than_are_kept():
    program = Program([ceil_div(H, 2) * (W // 3) + H], ["H", "W"])
    points = [(h % 9_000 + 1, h % 8_999 + 3) for h in range(20_000)]
    assert list(program.many(points)) == [(-(-h // 2) * (w // 3) + h,) for h, w in points]


def test_what_depends_on_one_symbol_is_kept_by_its_value(monkeypatch):
    from cnnsum.dims import program as module

    asked = []
    real = module.part_of
    monkeypatch.setattr(
        module, "part_of", lambda symbol, value: asked.append((symbol.name, value)) or real(symbol, value)
    )
    found = list(Program([(H // 2) * (W // 2)], ["H", "W"]).many(product(range(1, 30), range(3, 40))))
    assert len(found) == 29 * 37
    assert len(asked) == 29 + 37
