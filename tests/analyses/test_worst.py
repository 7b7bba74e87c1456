"""Where formulas break limits over ranges of sizes: held against trying every size."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnnsum
from cnnsum.analyses.sizes import closed
from cnnsum.analyses.sizes.conditions import Requirement
from cnnsum.analyses.sizes.largest import UnsolvedError
from cnnsum.analyses.sizes.worst import Range, broken, parts
from cnnsum.dims import Expr, Symbol, ceil_div, deciding, maximum, minimum, substitute
from cnnsum.layers.facts import Need

MOST = 12  # sizes in the ranges of the tests

ranges = st.tuples(st.integers(1, MOST), st.integers(1, MOST)).map(lambda ends: Range(min(ends), max(ends)))
symbols = st.builds(Symbol, st.sampled_from("HW"), minimum=st.integers(1, 6), multiple_of=st.integers(1, 3))


@st.composite
def growing(draw: st.DrawFn) -> Expr:
    """A formula such as memory and work are: it grows with both sizes, in steps, and has a maximum in it."""
    h = Symbol("H", minimum=draw(st.integers(1, 5)), multiple_of=draw(st.integers(1, 3))).dim
    w = Symbol("W", minimum=draw(st.integers(1, 5)), multiple_of=draw(st.integers(1, 3))).dim
    factors = st.integers(1, 9)
    first = draw(factors) * h * w + draw(factors) * (h // draw(factors)) * ceil_div(w, draw(factors))
    second = draw(factors) * h + draw(factors) * w * w
    return maximum(first, second) + draw(factors) * h


def accepted(formula: Expr, spans: dict[str, Range]) -> dict[tuple[int, int], int]:
    """The formula at every size of the ranges."""
    of = {symbol.name: symbol for symbol in formula.symbols}
    sizes = {}
    for name in "HW":
        low, high = spans[name]
        sizes[name] = [n for n in range(low, high + 1) if n >= of[name].minimum and n % of[name].multiple_of == 0]
    return {
        (h, w): substitute(formula, {"H": h, "W": w})  # type: ignore[misc]  # both are given, so it is a number
        for h in sizes["H"]
        for w in sizes["W"]
    }


@given(growing(), ranges, ranges, st.integers(1, 20_000))
def test_the_worst_of_a_range_is_found(formula: Expr, high: Range, wide: Range, limit: int) -> None:
    spans = {"H": high, "W": wide}
    every = accepted(formula, spans)
    if not every:
        with pytest.raises(UnsolvedError):
            broken(formula, limit, (), spans)
        return
    found = broken(formula, limit, (), spans)
    if max(every.values()) <= limit:
        assert found is None
        return
    assert found is not None
    assert every[found.point["H"], found.point["W"]] == max(every.values())
    if found.start is not None:
        together = {size: value for (size, other), value in every.items() if size == other}
        assert all((value > limit) == (size >= found.start) for size, value in together.items())


@given(growing(), st.integers(1, 20_000))
def test_the_first_size_that_is_too_much(formula: Expr, limit: int) -> None:
    """Without an end, all symbols grow together."""
    found = broken(formula, limit, (), {})
    assert found is not None
    start = found.start
    assert start is not None
    assert found.onward
    assert found.point == {"H": start, "W": start}
    every = accepted(formula, {"H": Range(1, start), "W": Range(1, start)})
    assert [h for (h, w), value in every.items() if h == w and value > limit] == [start]


def test_what_rises_and_falls_is_tried() -> None:
    h, w = Symbol("H").dim, Symbol("W").dim
    wave = (h % 7) * (w % 5)
    found = broken(wave, 23, (), {"H": Range(1, 20), "W": Range(1, 20)})
    assert found is not None
    assert (found.point["H"] % 7, found.point["W"] % 5) == (6, 4)
    assert broken(wave, 24, (), {"H": Range(1, 20), "W": Range(1, 20)}) is None
    with pytest.raises(UnsolvedError):
        broken(wave, 23, (), {"H": Range(1, 20)})
    with pytest.raises(UnsolvedError):
        broken(wave, 23, (), {"H": Range(1, 1_000), "W": Range(1, 1_000)})


def test_sizes_below_the_least_are_not_tried() -> None:
    h, w = Symbol("H", minimum=5).dim, Symbol("W", minimum=2, multiple_of=2).dim
    found = broken((40 - h) * (w % 5), 1, (), {"H": Range(1, 9), "W": Range(1, 3)})
    assert found is not None
    assert found.point == {"H": 5, "W": 2}


def test_a_sum_of_maxima_is_the_largest_of_four() -> None:
    h, w = Symbol("H").dim, Symbol("W").dim
    first, second = (h, 2 * w), (3 * h + 5, w * w)
    found = parts(maximum(*first) + maximum(*second))
    assert set(found) == {a + b for a in first for b in second}


def test_one_symbol_that_falls_again() -> None:
    """H mod 7 is 6 at 6 for the first time, and not from there on."""
    found = broken(Symbol("H").dim % 7, 5, (), {})
    assert found == ({"H": 6}, 6, False)


def test_only_sizes_that_the_network_accepts_count() -> None:
    """A skip over a strided convolution and back needs even sizes."""
    text = (
        "{input: [H, W, 4], layers: [Conv2D: {filters: 4, kernel_size: 2, strides: 2, padding: same, name: a},"
        " Conv2DTranspose: {filters: 4, kernel_size: 2, strides: 2, name: b}, Add: {from: [input_layer, b]}]}"
    )
    model = cnnsum.loads(text)
    formula = cnnsum.summarize(model).totals.macs
    assert isinstance(formula, Expr)
    found = broken(formula, 16 * 8 * 8 * 2 - 1, model.sizes.requirements, {})
    assert found is not None
    assert found.start == 8
    found = broken(formula, 1, model.sizes.requirements, {"H": Range(5, 11), "W": Range(5, 9)})
    assert found is not None
    assert found.point == {"H": 10, "W": 8}
    with pytest.raises(UnsolvedError):
        broken(formula, 1, model.sizes.requirements, {"H": Range(5, 5)})


def test_sizes_that_must_go_together() -> None:
    """Two inputs that are added: the largest sizes of both do not go together."""
    model = cnnsum.loads(
        "{inputs: {a: [T, 4], b: [U, 4]}, layers: [Conv1D: {filters: 4, kernel_size: 1, from: a, name: c},"
        " Conv1D: {filters: 8, kernel_size: 1, from: b, name: d}, Conv1D: {filters: 4, kernel_size: 1, name: e},"
        " Subtract: {from: [c, e]}]}"
    )
    formula = cnnsum.summarize(model).totals.macs
    assert formula == 16 * Symbol("T").dim + 64 * Symbol("U").dim
    spans = {"T": Range(2, 50), "U": Range(2, 10)}
    assert broken(formula, 80 * 10, model.sizes.requirements, spans) is None
    found = broken(formula, 80 * 10 - 1, model.sizes.requirements, spans)
    assert found is not None
    assert found.point == {"T": 10, "U": 10}


def test_parts_of_a_maximum() -> None:
    h, w = Symbol("H").dim, Symbol("W").dim
    assert parts(h - maximum(h, w)) == [h - maximum(h, w)]
    assert set(parts(2 * h * maximum(3, w, h // 2) + w)) == {6 * h + w, 2 * h * w + w, 2 * h * (h // 2) + w}


SKIPS = """
input: [H, W, 4]
layers:
  - Conv2D: {filters: 4, kernel_size: [2, 3], strides: [2, 3], padding: same, name: a}
  - Conv2DTranspose: {filters: 4, kernel_size: [2, 3], strides: [2, 3], name: b}
  - Concatenate: {from: [input_layer, b], name: c}
"""
SQUARE = (
    SKIPS
    + """
  - Permute: {dims: [2, 1, 3], name: turned}
  - Concatenate: {from: [c, turned]}
"""
)


@pytest.mark.parametrize(("text", "square"), [(SKIPS, False), (SQUARE, True)])
def test_only_sizes_that_go_together_count(text: str, square: bool) -> None:
    """The height must be even, the width a multiple of 3; where an image is laid beside its transpose, both are one."""
    model = cnnsum.loads(text)
    formula = cnnsum.summarize(model).totals.macs
    assert isinstance(formula, Expr)
    for high, wide in itertools.product([(5, 5), (4, 9), (6, 6), (6, 14), (7, 24), (12, 13)], repeat=2):
        every = {
            (h, w): substitute(formula, {"H": h, "W": w})
            for h, w in itertools.product(range(high[0], high[1] + 1), range(wide[0], wide[1] + 1))
            if h % 2 == 0 and w % 3 == 0 and (h == w or not square)
        }
        spans = {"H": Range(*high), "W": Range(*wide)}
        if not every:
            with pytest.raises(UnsolvedError):
                broken(formula, 1, model.sizes.requirements, spans)
            continue
        worst = max(every.values())
        assert broken(formula, worst, model.sizes.requirements, spans) is None
        found = broken(formula, worst - 1, model.sizes.requirements, spans)
        assert found is not None
        assert every[found.point["H"], found.point["W"]] == worst


def test_one_size_is_given_and_the_other_has_no_end() -> None:
    """H is 6 at the most. W is a multiple of 3: of the first that is too much."""
    model = cnnsum.loads(SKIPS)
    formula = cnnsum.summarize(model).totals.macs
    limit = substitute(formula, {"H": 6, "W": 9})
    found = broken(formula, limit, model.sizes.requirements, {"H": Range(1, 7)})
    assert found == ({"H": 6, "W": 12}, found.start, True)


@pytest.mark.parametrize("ends", [None, 9])
def test_a_formula_that_does_not_depend_on_the_sizes_that_are_left(ends: int | None) -> None:
    """A network that accepts H from 5 on has one number of parameters in `4*min(H, 4) + 1`, above a limit or not."""
    model = cnnsum.loads("{input: [H, W, 4], layers: [{Conv2D: [4, 5]}]}")
    h, w = Symbol("H").dim, Symbol("W").dim
    number = 4 * minimum(h, 4) + 1
    spans = {} if ends is None else {"H": Range(1, ends), "W": Range(1, ends)}
    accepted = model.sizes.requirements
    assert broken(number, 17, accepted, spans) is None
    found = broken(number, 16, accepted, spans)
    assert found is not None
    assert substitute(number, found.point) == 17
    assert broken(number * minimum(w, 2), 34, accepted, spans) is None
    found = broken(number * minimum(w, 2), 33, accepted, spans)
    assert found is not None
    assert substitute(number * minimum(w, 2), found.point) == 34
    found = broken(number * w, 17 * 6 - 1, accepted, spans)
    assert found is not None
    assert found.point == {"H": 5, "W": ends or 6}


def test_what_refuses_every_size_is_tried_for_a_bounded_number_of_them_and_said_once(monkeypatch):
    """A condition that relates a size to another, which no size fulfils, cost 18 seconds at a million sizes."""
    tried, said = [], []
    holds, text_of = closed.holds, closed.text_of
    monkeypatch.setattr(closed, "holds", lambda *args: tried.append(args) or holds(*args))
    monkeypatch.setattr(closed, "text_of", lambda need: said.append(need) or text_of(need))
    model = cnnsum.loads("{input: [H, 3], layers: [{Conv1D: [4, 3, 2]}]}")
    (layer,) = [one for one in model.graph.layers if one.spec is None]
    height, batch = Symbol("H"), Symbol("N")
    # Odd at each height, and so never twice the batch; which no height alone could tell.
    impossible = Requirement(layer, Need("==", 2 * (height.dim // 3) + 1, 2 * batch.dim, "never"), (), 1, None)
    with pytest.raises(UnsolvedError):
        broken(3 * height.dim, 300, [impossible], {})
    assert 1_000 < len(tried) <= 2 * (1 << 15) + 10
    assert len(said) <= 1


def test_conditions_on_symbols_that_stay_open_are_asked_about_for_a_bounded_time(monkeypatch):
    """Each is a search over residue classes, of which there are more at each size: a thousand took 40 seconds."""
    h, k = Symbol("H").dim, Symbol("k").dim
    need = Need("==", ceil_div(h, 3 * k) * ceil_div(2 * h, 3 * k), 352, "never", "SHP202")
    looked_at = []
    each_piece = deciding.each_piece
    monkeypatch.setattr(deciding, "each_piece", lambda dim: (looked_at.append(1) or one for one in each_piece(dim)))
    layer = cnnsum.loads("{input: [3], layers: [{Dense: 2}]}").graph.layers[1]
    with pytest.raises(UnsolvedError):
        broken(k * 3, 100, (Requirement(layer, need, (), 1, None),), {"k": Range(1, 2_000)})
    assert 100 < len(looked_at) < 1 << 16
