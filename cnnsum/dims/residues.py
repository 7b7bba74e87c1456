"""What a formula of several symbols is on each combination of their residues: a polynomial.

As `pieces` for one symbol, but without maxima and minima. Called by `deciding`, which judges the polynomials.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.dims.expr import Dim, Expr, Monomial, Symbol, terms_of
from cnnsum.dims.pieces import Polynomial, monomial_polynomial
from cnnsum.typed import TypeAlias

Coefficients: TypeAlias = dict[tuple[int, ...], int]  # by the exponent of each symbol; all 0 is the constant
_Parts: TypeAlias = tuple[Monomial, ...]  # the atoms of each symbol in a product


def polynomials(dim: Dim, periods: dict[Symbol, int]) -> Iterator[Coefficients] | None:
    """The formula for each combination of residues, or None where an atom depends on several symbols.

    periods: for each symbol the number of its residues. With residue r of a symbol its variable counts, from 0, the
    values of the symbol's atom that are r modulo the period.

    >>> H, W = Symbol("H"), Symbol("W")
    >>> list(polynomials(H.dim // 2 * W.dim, {H: 2, W: 1}))
    [{(0, 0): 1, (0, 1): 1, (1, 0): 1, (1, 1): 1}, {(0, 0): 0, (0, 1): 0, (1, 0): 1, (1, 1): 1}]
    """
    if not isinstance(dim, int | Expr):
        return None
    places = {symbol: i for i, symbol in enumerate(periods)}
    terms: dict[_Parts, Coefficients] = {}
    for monomial, factor in terms_of(dim):
        parts: list[Monomial] = [()] * len(places)
        for item in monomial:
            if len(item[0].symbols) != 1:
                return None
            (symbol,) = item[0].symbols
            parts[places[symbol]] = (*parts[places[symbol]], item)
        terms[tuple(parts)] = {(): factor}
    return _combine(terms, [_residues(symbol, period) for symbol, period in periods.items()])


class _Residue:
    """One residue of a symbol: what products of atoms of the symbol are there."""

    __slots__ = ("_line", "_made")

    def __init__(self, line: Polynomial) -> None:
        self._line = line
        self._made: dict[Monomial, Polynomial] = {}

    def polynomial(self, monomial: Monomial) -> Polynomial:
        found = self._made.get(monomial)
        if found is None:
            found = self._made[monomial] = monomial_polynomial(monomial, self._line)
        return found


def _residues(symbol: Symbol, period: int) -> list[_Residue]:
    least = symbol.lo
    assert least is not None
    return [_Residue((least + (residue - least) % period, period)) for residue in range(period)]


def _combine(terms: dict[_Parts, Coefficients], symbols: list[list[_Residue]]) -> Iterator[Coefficients]:
    """Multiply what is known of each product with what its atoms of the first symbol are, for every residue of it."""
    if not symbols:
        yield from terms.values()  # one: nothing is left to tell them apart
        return
    for residue in symbols[0]:
        result: dict[_Parts, Coefficients] = {}
        for parts, known in terms.items():
            polynomial = residue.polynomial(parts[0])
            coefficients = result.setdefault(parts[1:], {})
            for exponents, factor in known.items():
                for exponent, value in enumerate(polynomial):
                    place = (*exponents, exponent)
                    coefficients[place] = coefficients.get(place, 0) + factor * value
        yield from _combine(result, symbols[1:])
