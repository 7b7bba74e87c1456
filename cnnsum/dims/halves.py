"""The choice between the two halves of a formula: `p//2` and `(p + 1)//2`, whose sum is p. Called by `expr` only."""

from __future__ import annotations

from cnnsum.dims.expr import Floor, Monomial, terms_of


def pair_halves(terms: dict[Monomial, int], halves: list[Monomial]) -> dict[Monomial, int]:
    """Choose between `p//2` and `(p + 1)//2`, whose sum is p.

    `H - H//2` is `(H + 1)//2`, and chains of strided layers only flatten in that form. Written as `c*p + f*half`, the
    other half gives `(c + f)*p - f*other`: take the one without a change of sign; where both have one (`H % 2` is
    `H - 2*(H//2)`), and where several halves share a leading term, take `p//2`.
    """
    terms = dict(terms)
    found: dict[tuple[tuple[Monomial, int], ...], tuple[Monomial, Monomial]] = {}
    for half in halves:
        atom = half[0][0]
        assert isinstance(atom, Floor)
        numerator = dict(terms_of(atom.numerator))
        odd = numerator.pop((), 0)
        p = tuple(numerator.items())
        if p not in found:
            other = Floor(atom.numerator + (-1 if odd else 1), 2)  # type: ignore[arg-type]  # an Expr, one apart
            found[p] = (((other, 1),), half) if odd else (half, ((other, 1),))
    leads = [p[0][0] for p in found]
    for p, (even, odd_half) in found.items():
        below = terms.pop(odd_half, 0)
        factor = terms.get(even, 0) - below
        for monomial, times in p:
            terms[monomial] = terms.get(monomial, 0) + below * times
        monomial, times = p[0]
        lead = terms[monomial] // times
        if lead * factor < 0 and abs(lead) >= abs(factor) and leads.count(monomial) == 1:
            for monomial, times in p:
                terms[monomial] += factor * times
            terms[even] = 0
            terms[odd_half] = -factor
        else:
            terms[even] = factor
    return terms
