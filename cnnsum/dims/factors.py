"""Equations of products over several symbols, taken apart into equations of fewer symbols.

Windows of 4 by 4 need `H*W == 16*(H//4)*(W//4)`: that is `H == 4*(H//4)` and `W == 4*(W//4)`, each of which can be
solved. Loaded where a condition relates several symbols.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from math import gcd, prod

from cnnsum.dims.expr import Atom, Dim, Expr, Monomial, Symbol, from_terms, symbols_of
from cnnsum.dims.pieces import pieces
from cnnsum.dims.questions import at_least

_MOST_TERMS = 64  # of a side that is taken apart

#: The terms of a formula, and of its factors by the symbols in them.
_Terms = dict[Monomial, int]
_Factors = dict[frozenset[Symbol], "int | Expr"]
_Equation = tuple[Dim, Dim]


@lru_cache(1 << 10)
def apart(left: Dim, right: Dim) -> tuple[_Equation, ...] | None:
    """Equations that hold together just where left equals right, each of fewer symbols; None where none are found.

    Both sides are taken for products, left = c*L1*...*Ln and right = d*R1*...*Rn, with Li and Ri of the same symbols
    and of no symbols of another factor. Whole numbers p and q are sought for each factor, so that with a = q*L and
    b = p*R the equation is a1*...*an == b1*...*bn, where one side is never above the other: a1 >= b1, ..., an >= bn
    (or all the other way round), with a >= 1 and b >= 0. Then it holds just where each a equals its b:

    Where each does, the products are equal. Where the products are equal, that of the b is, as that of the a, not 0, so
    that each b is 1 or more. If one a were above its b, then a1*...*an >= a*(the product of the other b) > b1*...*bn,
    as those others are above 0: the products would differ.

    >>> H, W = Symbol("H").dim, Symbol("W").dim
    >>> apart(H * W, 16 * (H // 4) * (W // 4))
    ((H, 4*(H//4)), (W, 4*(W//4)))
    >>> apart(H * W, 16 * (H * W // 16))
    """
    if not isinstance(left, Expr) or not isinstance(right, Expr):
        return None
    if len(left.terms) > _MOST_TERMS or len(right.terms) > _MOST_TERMS:
        return None
    groups = _groups((left, right))
    (c, lefts), (d, rights) = _factored(left, groups), _factored(right, groups)
    pairs = _paired(lefts, rights)
    if len(pairs) < 2:
        return None
    ratios = [_ratio(one, other) for one, other in pairs]
    unknown = [at for at, ratio in enumerate(ratios) if ratio is None]
    if len(unknown) > 1:
        return None
    # One that is not known is what the others leave.
    rest = Fraction(d, c) / prod(ratio for ratio in ratios if ratio is not None)
    if unknown:
        ratios[unknown[0]] = rest
    elif rest != 1:
        return None
    found = [
        (one * ratio.denominator, other * ratio.numerator)
        for (one, other), ratio in zip(pairs, ratios, strict=True)
        if ratio is not None
    ]
    for sides in (found, [(b, a) for a, b in found]):
        if all(at_least(a, b) and at_least(a, 1) and at_least(b, 0) for a, b in sides):
            return tuple([(a, b) for a, b in found if a != b])
    return None


def without_common(left: Dim, right: Dim) -> _Equation:
    """Both sides without what is a factor of all their terms and is never 0: they are equal for the same sizes.

    >>> H, W = Symbol("H").dim, Symbol("W").dim
    >>> without_common(H * W, 8 * H)
    (W, 8)
    """
    if not isinstance(left, Expr) or not isinstance(right, Expr):
        return left, right
    common = dict(left.terms[0][0])
    for monomial, _ in (*left.terms, *right.terms):
        powers = dict(monomial)
        common = {atom: min(power, powers[atom]) for atom, power in common.items() if atom in powers}
    common = {atom: power for atom, power in common.items() if atom.lo is not None and atom.lo > 0}
    if not common:
        return left, right
    return _divided(left, common), _divided(right, common)


def _divided(dim: Expr, common: dict[Atom, int]) -> Dim:
    terms: _Terms = {}
    for monomial, factor in dim.terms:
        left = tuple([(atom, power - common.get(atom, 0)) for atom, power in monomial])
        terms[tuple([(atom, power) for atom, power in left if power])] = factor
    return from_terms(terms)


def _groups(dims: Iterable[Expr]) -> list[frozenset[Symbol]]:
    """The symbols of the formulas, those together that stand in one atom: in `H*W//16`, say."""
    groups: list[frozenset[Symbol]] = []
    for dim in dims:
        for monomial, _ in dim.terms:
            for atom, _ in monomial:
                own = frozenset((atom,)) if isinstance(atom, Symbol) else atom.symbols
                apart = [group for group in groups if group.isdisjoint(own)]
                groups = [*apart, own.union(*[group for group in groups if not group.isdisjoint(own)])]
    return groups


def _factored(dim: Expr, groups: list[frozenset[Symbol]]) -> tuple[int, _Factors]:
    """A number and factors whose product is the formula, each of the symbols of one group, or of several groups that
    it could not be taken apart by.
    """
    factors: _Factors = {}
    rest: _Terms = dict(dim.terms)
    for group in groups:
        split = _split(rest, group)
        if split is not None:
            own, rest = split
            factors[group & _symbols(own)] = from_terms(own)  # type: ignore[assignment]  # no UNKNOWN: it has fewer terms
    number = gcd(*rest.values())
    if next(iter(rest.values())) < 0:
        number = -number
    left = from_terms({monomial: factor // number for monomial, factor in rest.items()})
    if isinstance(left, Expr):
        factors[left.symbols] = left
    factors.pop(frozenset(), None)
    return number, factors


def _split(terms: _Terms, group: frozenset[Symbol]) -> tuple[_Terms, _Terms] | None:
    """The factor of these symbols and the other one, whose product the terms are; None where there are no such two.

    Written as a table, with a row for each monomial of these symbols and a column for each of the others, a product has
    rows that are multiples of one row. The factor has no number that divides it.
    """
    rows: dict[Monomial, _Terms] = {}
    for monomial, factor in terms.items():
        own = tuple([(atom, power) for atom, power in monomial if atom.symbols <= group])
        other = tuple([(atom, power) for atom, power in monomial if not atom.symbols <= group])
        rows.setdefault(own, {})[other] = factor
    if len(rows) == 1 and () in rows:
        return None
    first = next(iter(rows.values()))
    key, lead = next(iter(first.items()))
    factors: _Terms = {}
    for own, row in rows.items():
        if row.keys() != first.keys():
            return None
        factors[own] = row[key]
        if any(row[other] * lead != row[key] * factor for other, factor in first.items()):
            return None
    number = gcd(*factors.values()) * (-1 if lead < 0 else 1)
    common = lead // number  # of the first row with the factor's own numbers left out
    return (
        {own: factor // number for own, factor in factors.items()},
        {other: factor // common for other, factor in first.items()},
    )


def _symbols(terms: _Terms) -> frozenset[Symbol]:
    return frozenset[Symbol]().union(*[atom.symbols for monomial in terms for atom, _ in monomial])


def _paired(lefts: _Factors, rights: _Factors) -> list[tuple[int | Expr, int | Expr]]:
    """Factors of both sides with the same symbols: those that share symbols are multiplied."""
    pairs: list[tuple[frozenset[Symbol], int | Expr, int | Expr]] = []
    for symbols, one, other in _alone(lefts, rights):
        apart = []
        for group, a, b in pairs:
            if group.isdisjoint(symbols):
                apart.append((group, a, b))
            else:
                # Products of numbers and formulas are no UNKNOWN; the pair takes in what it shares symbols with.
                symbols, one, other = symbols | group, one * a, other * b  # type: ignore[assignment]  # noqa: PLW2901
        pairs = [*apart, (symbols, one, other)]
    pairs.sort(key=lambda pair: min(symbol.name for symbol in pair[0]))
    return [(one, other) for _, one, other in pairs]


def _alone(lefts: _Factors, rights: _Factors) -> Iterator[tuple[frozenset[Symbol], int | Expr, int | Expr]]:
    for symbols, dim in lefts.items():
        yield symbols, dim, 1
    for symbols, dim in rights.items():
        yield symbols, 1, dim


def _ratio(one: int | Expr, other: int | Expr) -> Fraction | None:
    """How many times the second the first is, for large sizes; None where that is not known."""
    if one == other:
        return Fraction(1)
    ends = [_growth(dim) for dim in (one, other)]
    if ends[0] is None or ends[1] is None or ends[0][0] != ends[1][0] or not ends[1][1]:
        return None
    return ends[0][1] / ends[1][1]


def _growth(dim: int | Expr) -> tuple[int, Fraction] | None:
    """The degree that a formula of one symbol grows with, and the factor."""
    if isinstance(dim, int):
        return 0, Fraction(dim)
    exact = pieces(dim) if len(symbols_of(dim)) == 1 else None
    last = None if exact is None else next((piece for piece in exact.pieces if piece.stop is None), None)
    if exact is None or last is None or not last.coefficients:
        return None
    degree = len(last.coefficients) - 1
    return degree, Fraction(last.coefficients[-1], exact.period**degree)
