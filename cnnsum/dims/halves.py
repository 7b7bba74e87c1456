"""The choice between the two halves of a formula: `p//2` and `(p + 1)//2`, whose sum is p. Called by `expr` only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cnnsum.dims.expr import Floor, Monomial, is_half, terms_of
from cnnsum.typed import TypeAlias

_Sum: TypeAlias = tuple[tuple[Monomial, int], ...]


def pair_halves(terms: dict[Monomial, int]) -> dict[Monomial, int]:
    """The same sum with at most one of the halves of each p.

    `H - H//2` is `(H + 1)//2`, and chains of strided layers only flatten in that form. Written as `c*p + f*half`, the
    other half gives `(c + f)*p - f*other`: take the one without a change of sign, and where both have one (`H % 2` is
    `H - 2*(H//2)`) take `p//2`. The choice starts from the sum without any `(p + 1)//2`, which is the same for equal
    sums, so equal sums end the same.
    """
    terms = dict(terms)
    # A p may hold halves itself, and brings them into the sum: first those that hold others.
    pairs = sorted(_pairs(terms).items(), key=lambda pair: (-pair[1][0][0][0].depth, pair[1][0][0][0].order))
    for p, (even, odd) in pairs:
        _use_even(terms, p, even, odd)
    for p, (even, odd) in pairs:
        _use_even(terms, p, even, odd)  # again: what was chosen before may have brought the other half in
        factor = terms[even]
        lead = terms.get(p[0][0], 0) // p[0][1]
        if lead * factor < 0 and abs(lead) >= abs(factor):
            _add(terms, p, factor)
            terms[even] = 0
            terms[odd] = -factor
    return terms


def _use_even(terms: dict[Monomial, int], p: _Sum, even: Monomial, odd: Monomial) -> None:
    """Put `p - p//2` in place of `(p + 1)//2`."""
    times = terms.pop(odd, 0)
    _add(terms, p, times)
    terms[even] = terms.get(even, 0) - times


def _pairs(terms: Iterable[Monomial]) -> dict[_Sum, tuple[Monomial, Monomial]]:
    """For each p with a half in the sum: its terms, with `p//2` and `(p + 1)//2`."""
    pairs: dict[_Sum, tuple[Monomial, Monomial]] = {}
    todo = [monomial for monomial in terms if is_half(monomial)]
    while todo:
        atom = todo.pop()[0][0]
        assert isinstance(atom, Floor)
        p, halves = _halves(atom)
        if p not in pairs:
            pairs[p] = halves
            todo += [monomial for monomial, _ in p if is_half(monomial)]
    return pairs


@lru_cache(1 << 12)
def _halves(atom: Floor) -> tuple[_Sum, tuple[Monomial, Monomial]]:
    """What it is the half of: the terms of p, with `p//2` and `(p + 1)//2`."""
    terms = terms_of(atom.numerator)
    odd = not terms[-1][0]
    other = Floor(atom.numerator + (-1 if odd else 1), 2)  # type: ignore[arg-type]  # an Expr, one apart
    half, other_half = ((atom, 1),), ((other, 1),)
    return (terms[:-1], (other_half, half)) if odd else (terms, (half, other_half))


def _add(terms: dict[Monomial, int], p: _Sum, factor: int) -> None:
    for monomial, times in p:
        terms[monomial] = terms.get(monomial, 0) + factor * times
