"""The choice between the two halves of a formula: `p//2` and `(p + 1)//2`, whose sum is p. Called by `expr` only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from cnnsum.dims.expr import Floor, Monomial, is_half, terms_of

_Sum: TypeAlias = tuple[tuple[Monomial, int], ...]


def pair_halves(terms: dict[Monomial, int]) -> dict[Monomial, int]:
    """The same sum with at most one of the halves of each p, always the same one for the same sum.

    `H - H//2` is `(H + 1)//2`, and chains of strided layers only flatten in that form. Written as `c*p + f*half`, the
    other half gives `(c + f)*p - f*other`: take the one without a change of sign. Where both have one (`H % 2` is
    `H - 2*(H//2)`), and where halves of different p share a term, so that one choice would change the other's, take
    `p//2`.
    """
    terms = dict(terms)
    # A p may hold halves itself: first those that hold others.
    pairs = sorted(_pairs(terms).items(), key=lambda pair: pair[1][0][0][0].order, reverse=True)
    pairs.sort(key=lambda pair: pair[1][0][0][0].depth, reverse=True)
    for p, (even, odd) in pairs:
        below = terms.pop(odd, 0)
        _add(terms, p, below)
        terms[even] = terms.get(even, 0) - below
    left = [(p, even, odd) for p, (even, odd) in pairs if terms[even]]
    shared = [monomial for p, _, _ in left for monomial, _ in p]
    for p, even, odd in left:
        factor = terms[even]
        lead = terms.get(p[0][0], 0) // p[0][1]
        alone = all(shared.count(monomial) == 1 and not is_half(monomial) for monomial, _ in p)
        if alone and lead * factor < 0 and abs(lead) >= abs(factor):
            _add(terms, p, factor)
            terms[even] = 0
            terms[odd] = -factor
    return terms


def _pairs(terms: Iterable[Monomial]) -> dict[_Sum, tuple[Monomial, Monomial]]:
    """For each p with a half in the sum: its terms, with `p//2` and `(p + 1)//2`."""
    pairs: dict[_Sum, tuple[Monomial, Monomial]] = {}
    todo = [monomial for monomial in terms if is_half(monomial)]
    while todo:
        half = todo.pop()
        atom = half[0][0]
        assert isinstance(atom, Floor)
        numerator = dict(terms_of(atom.numerator))
        odd = numerator.pop((), 0)
        p = tuple(numerator.items())
        if p not in pairs:
            other = Floor(atom.numerator + (-1 if odd else 1), 2)  # type: ignore[arg-type]  # an Expr, one apart
            pairs[p] = (((other, 1),), half) if odd else (half, ((other, 1),))
            todo += [monomial for monomial, _ in p if is_half(monomial)]
    return pairs


def _add(terms: dict[Monomial, int], p: _Sum, factor: int) -> None:
    for monomial, times in p:
        terms[monomial] = terms.get(monomial, 0) + factor * times
