"""Values at points are those of `substitute`, residues are the formula, and a trend is one."""

from __future__ import annotations

from itertools import product
from math import prod

from hypothesis import given, settings

from cnnsum.dims import Expr, Symbol, bounds, substitute
from cnnsum.dims.expr import trend
from cnnsum.dims.pieces import has_period, periods
from cnnsum.dims.residues import polynomials
from cnnsum.dims.sampling import disagree, samples
from tests.dims.formulas import DIMS, SYMBOLS, calculate, trees
from tests.thorough import examples

H, W = Symbol("H"), Symbol("W", minimum=0)
FAR = 10**9


@settings(max_examples=examples(100), deadline=None)
@given(trees(size=6))
def test_samples_are_values_at_legal_points(tree):
    symbols = frozenset(SYMBOLS.values())
    points = [
        dict(zip("HWM", values, strict=True))
        for values in zip(*(samples(DIMS[n], symbols) for n in "HWM"), strict=True)
    ]
    dim = calculate(tree, DIMS)
    values = samples(dim, symbols) if isinstance(dim, Expr) else (dim,) * len(points)
    assert values == tuple(calculate(tree, point) for point in points)


def test_a_division_by_zero_has_no_value():
    values = samples(H.dim // W.dim, frozenset((H, W)))
    assert values[0] is None
    assert all(value is not None for value in values[1:] if value != values[0])


def test_disagree_on_the_sign():
    assert disagree((None, 3, -1))
    assert not any(map(disagree, ((0, 3), (-1, -7), (None,), (3, None), ())))


@settings(max_examples=examples(100), deadline=None)
@given(trees(extremes=False, size=5))
def test_polynomials_are_the_formula_on_its_residues(tree):
    dim = calculate(tree, DIMS)
    if not isinstance(dim, Expr) or not has_period(dim):
        return
    steps = dict(sorted(periods(dim).items(), key=lambda item: item[0].name))
    if max(steps.values()) > 16 or any(len(atom.symbols) > 1 for monomial, _ in dim.terms for atom, _ in monomial):
        return
    found = list(polynomials(dim, steps))
    for residues, polynomial in zip(product(*map(range, steps.values())), found, strict=True):
        for times in product((0, 1, 3), repeat=len(steps)):
            values = {}
            for (symbol, period), residue, time in zip(steps.items(), residues, times, strict=True):
                first = next(part for part in range(symbol.lo, symbol.lo + period) if part % period == residue)
                values[symbol.name] = (first + period * time) * symbol.multiple_of
            products = [factor * prod(map(pow, times, exponents)) for exponents, factor in polynomial.items()]
            assert sum(products) == substitute(dim, values)


@settings(max_examples=examples(150), deadline=None)
@given(trees(extremes=False, size=5))
def test_a_trend_has_one_end(tree):
    dim = calculate(tree, DIMS)
    direction = trend(dim) if isinstance(dim, Expr) else 0
    if not direction:
        return
    least = {symbol.name: symbol.minimum for symbol in SYMBOLS.values()}
    far = {name: (value + FAR) // 8 * 8 for name, value in least.items()}
    low, high = bounds(direction * dim)
    assert high is None
    assert low == direction * substitute(dim, least)
    assert direction * substitute(dim, far) > low + 1_000


def test_trends():
    assert trend(H.dim // 3 * (W.dim // 2) + H.dim - 7) == 1
    assert trend(7 - 2 * H.dim) == -1
    assert trend(H.dim - W.dim) == trend((H.dim - 9) // 2 * W.dim) == trend(H.dim % 2) == 0
