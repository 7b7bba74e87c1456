"""Programs over arrays give what the formulas give number by number, also beyond 64 bits."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol, ceil_div, maximum, minimum, substitute, symbols_of
from cnnsum.dims.program import Program
from cnnsum.dims.vector import MOST, VectorProgram
from tests.dims.formulas import DIMS, calculate, trees
from tests.thorough import each, examples

H, W, M = DIMS.values()
#: How a grid may be laid out: names by the axis that they lie along.
LAYOUTS = [[["H"], ["W"], ["M"]], [["M", "H"], ["W"]], [["H", "W", "M"]], [["W"], ["M", "H"]]]
#: Values that a symbol may have, the largest so large that products of two and three do not fit into 64 bits.
LEAST = {"H": 1, "W": 0, "M": 8}
SIZES = st.sampled_from([1, 2, 7, 63, 2**31 - 1, 2**32, 10**15])


def grid(layout, values):
    """Arrays for the names, each along its axis."""
    arrays = {}
    for axis, names in enumerate(layout):
        for name in names:
            shape = [1] * len(layout)
            shape[axis] = len(values[name])
            arrays[name] = np.array(values[name]).reshape(shape)
    return arrays


def points(layout, values):
    """The values of each name at every point, in order."""
    for at in product(*(range(len(values[names[0]])) for names in layout)):
        yield {name: values[name][i] for i, names in zip(at, layout, strict=True) for name in names}


def spread(vector, layout, values):
    shape = [len(values[names[0]]) for names in layout]
    return np.broadcast_to(vector.array, shape).ravel().tolist()


@st.composite
def grids(draw):
    layout = draw(st.sampled_from(LAYOUTS))
    values = {}
    for names in layout:
        count = draw(st.integers(1, 4))
        for name in names:
            found = draw(st.lists(SIZES, min_size=count, max_size=count))
            values[name] = [8 * one if name == "M" else one for one in found]
    return layout, values


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(trees(size=8), min_size=1, max_size=4), grids())
def test_a_grid_is_its_points(forms, grid_):
    layout, values = grid_
    dims = [calculate(tree, DIMS) for tree in forms]
    found = VectorProgram(dims, layout)(grid(layout, values))
    assert found.undefined is None
    for tree, vector in zip(forms, found.vectors, strict=True):
        wanted = [calculate(tree, point) for point in points(layout, values)]
        assert spread(vector, layout, values) == wanted
        assert vector.low <= min(wanted)
        assert max(wanted) <= vector.high
        fits = vector.low >= -MOST and vector.high <= MOST
        assert vector.array.dtype == (np.int64 if fits else object)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(trees(size=4), min_size=3, max_size=3), grids())
def test_products_of_formulas_and_extremes(forms, grid_):
    layout, values = grid_
    a, b, c = (calculate(tree, DIMS) for tree in forms)
    dims = [maximum(a * b, c, a), minimum(a, b) * maximum(b, c) ** 2, (a * a) // (b * b + 1), (a * b) // 3 - c]
    found = VectorProgram(dims, layout)(grid(layout, values))
    for dim, vector in zip(dims, found.vectors, strict=True):
        if dim is UNKNOWN:
            assert vector is None
        else:
            assert spread(vector, layout, values) == [substitute(dim, point) for point in points(layout, values)]


def test_a_hundred_thousand_points_beyond_64_bits():
    """Against the program that knows no arrays, at random points of which most numbers have more than 64 bits."""
    chance = random.Random(5)
    dims = [
        12 * H * W * M + 768 * M * ceil_div(H, 2) * ceil_div(W, 2),
        maximum(H * W, 3 * ceil_div(H, 4) * M, W * M - 5 * H),
        (H * W * M) // (H + 7) - (W + 3) // 8,
        (H + W) ** 3 // 1_000_003,
        (2 * H - W) % 1_000_000_007,
    ]
    names = ["H", "W", "M"]
    program, vectors = Program(dims, names), VectorProgram(dims, [names])
    large = 0
    count = examples(25_000)
    for _ in range(4):
        values = {
            name: [8 * (chance.randrange(1, 1 << chance.randrange(8, 40))) for _ in range(count)] for name in names
        }
        found = vectors({name: np.array(column) for name, column in values.items()}).vectors
        wanted = zip(*program.many(zip(*values.values(), strict=True)), strict=True)
        for vector, column in zip(found, wanted, strict=True):
            assert tuple(vector.array.tolist()) == column
            large += sum(abs(number) > MOST for number in column)
    assert large > 4 * count


def test_a_symbol_that_stands_for_the_largest():
    most = Symbol("most", minimum=0)
    args = [H * W, 100 * H, W * W, 7]
    found = VectorProgram([most.dim * M + 1], [["M"], ["H"], ["W"]], {most: args})
    values = {"M": [8, 16], "H": [1, 50], "W": [0, 3, 99]}
    layout = [["M"], ["H"], ["W"]]
    (vector,) = found(grid(layout, values)).vectors
    wanted = [p["M"] * max(p["H"] * p["W"], 100 * p["H"], p["W"] ** 2, 7) + 1 for p in points(layout, values)]
    assert spread(vector, layout, values) == wanted


@each("divisor", [W - 3, (W - 3) * H, W // 4])
def test_a_division_by_zero_is_told(divisor):
    dims = [H, (7 * H) // divisor]
    values = {"H": [1, 2], "W": [3, 4, 2, 9]}
    layout = [["H"], ["W"]]
    found = VectorProgram(dims, layout)(grid(layout, values))
    undefined = np.broadcast_to(found.undefined, (2, 4)).ravel().tolist()
    got = spread(found.vectors[1], layout, values)
    for point, wrong, number in zip(points(layout, values), undefined, got, strict=True):
        below = substitute(divisor, point)
        assert wrong == (below == 0)
        if below:
            assert number == 7 * point["H"] // below


def test_a_symbol_without_values():
    with pytest.raises(ValueError, match="the symbol W has no values"):
        VectorProgram([H * W], [["H"]])
    assert {symbol.name for symbol in symbols_of(H * W)} == {"H", "W"}
