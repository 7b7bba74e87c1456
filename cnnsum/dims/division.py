"""Floor division of formulas, brought to one form.

Whole parts leave the floor, common factors cancel, and nested floors become one:
`((a//b) + c)//d == (a + b*c)//(b*d)`. Chains of strided convolutions and pools come out as a single floor. This
module builds on the arithmetic of `expr`, which calls it for `//`.
"""

from __future__ import annotations

from math import gcd

from cnnsum.dims.expr import (
    MAX_BITS,
    UNKNOWN,
    Dim,
    Expr,
    Floor,
    Monomial,
    depth_of,
    from_atom,
    from_terms,
    interval,
    monomial_order,
    multiply_monomials,
    terms_of,
    trend,
)
from cnnsum.dims.pieces import bounds_of, pieces
from cnnsum.dims.sampling import samples

_MAX_PERIOD = 64  # residues that are looked at for each floor that is made
_MAX_STEPS = 1_000  # of a long division: it shrinks with every step, but may first grow


def floor_divide(a: int | Expr, b: int | Expr) -> Dim:
    """The largest whole number not above a/b, as Python's `//`. Raises ZeroDivisionError where b is 0."""
    if isinstance(b, Expr):
        return _by_formula(a, b)
    if isinstance(a, Expr):
        return _by_number(a, b)
    return a // b


def _by_number(expr: Expr, n: int) -> Dim:
    if n == 0:
        raise ZeroDivisionError(f"{expr} is divided by 0")
    if n < 0:
        expr, n = -expr, -n
    only = _only_value(expr, n)
    if only is not None:
        return only
    if n.bit_length() > MAX_BITS:
        return UNKNOWN
    terms = dict(expr.terms)
    whole: dict[Monomial, int] = {}
    while n > 1:
        terms, n = _cancelled(terms, n)
        if n == 1:
            break
        nested = _only_floor(terms)
        if nested is not None:
            if isinstance(nested.denominator, Expr):
                return _through_formula(nested, terms, n, whole)
            terms, n = _flatten(nested, nested.denominator, terms, n)
        terms, n = _reduce(terms, n, whole)
        if n.bit_length() > MAX_BITS:
            return UNKNOWN
        if n > 1 and _only_floor(terms) is None:
            break
    if n == 1:
        return from_terms(_add(whole, terms, 1))
    sign = _orient(terms, n, whole)
    numerator = from_terms(terms)
    if not isinstance(numerator, Expr) or _only_floor(terms) is not None:  # turned, it is simpler than it was
        return from_terms(whole) + sign * (numerator // n)
    only = _only_value(numerator, n)
    part = from_atom(Floor(numerator, n)) if only is None else only
    return from_terms(_add(whole, dict(terms_of(part)), sign)) if isinstance(part, int | Expr) else UNKNOWN


def _only_value(numerator: Expr, n: int) -> int | None:
    """The value of the floor, where it has only one: `(H % 2)//3` is 0."""
    if depth_of(numerator) == 0 or trend(numerator):
        return None  # there is no greatest value
    low, high = interval(numerator)
    if low is None or high is None:
        if len({value // n for value in samples(numerator, numerator.symbols) if value is not None}) > 1:
            return None
        exact = pieces(numerator, _MAX_PERIOD)
        if exact is None:
            return None
        low, high = bounds_of(exact)
    return low // n if low is not None and high is not None and low // n == high // n else None


def _add(a: dict[Monomial, int], b: dict[Monomial, int], factor: int) -> dict[Monomial, int]:
    for monomial, value in b.items():
        a[monomial] = a.get(monomial, 0) + factor * value
    return a


def _reduce(terms: dict[Monomial, int], n: int, whole: dict[Monomial, int]) -> tuple[dict[Monomial, int], int]:
    """Move multiples of n into `whole`, and cancel what is common.

    Coefficients of symbols are left in (-n/2, n/2], those of other atoms positive, the constant in [0, n).
    """
    constant = terms.pop((), 0)
    rest: dict[Monomial, int] = {}
    for monomial, factor in terms.items():
        if _is_deep(monomial):
            # Taken apart, a floor would stand in two places, and the formula would double with every layer.
            quotient = factor // n if factor < 0 or factor % n == 0 else 0
        else:
            quotient = -((n - 2 * factor) // (2 * n))
        remainder = factor - quotient * n
        if quotient:
            whole[monomial] = whole.get(monomial, 0) + quotient
        if remainder:
            rest[monomial] = remainder
    rest[()] = constant
    rest, n = _cancelled(rest, n)
    quotient, constant = divmod(rest.pop((), 0), n)
    if quotient:
        whole[()] = whole.get((), 0) + quotient
    if constant:
        rest[()] = constant
    return rest, n


def _cancelled(terms: dict[Monomial, int], n: int) -> tuple[dict[Monomial, int], int]:
    """Divide by what n and all coefficients but the constant have in common: only the constant leaves a fraction."""
    common = gcd(n, *[factor for monomial, factor in terms.items() if monomial])
    if common > 1:
        terms = {monomial: factor // common for monomial, factor in terms.items()}
        n //= common
    return terms, n


def _is_deep(monomial: Monomial) -> bool:
    return any(atom.depth for atom, _ in monomial)


def _orient(terms: dict[Monomial, int], n: int, whole: dict[Monomial, int]) -> int:
    """Make the first coefficient of symbols positive, by `p//n == -((n - 1 - p)//n)`; return the sign of the floor.

    A coefficient of n/2 says nothing: its negative is n/2 as well, less a whole part.
    """
    symbols = (m for m, factor in terms.items() if m and 2 * factor != n and not _is_deep(m))
    lead = min(symbols, key=monomial_order, default=None)
    if lead is None or terms[lead] > 0:
        return 1
    constant = terms.pop((), 0)
    for monomial, factor in terms.items():
        quotient = -factor // n if 2 * factor == n or _is_deep(monomial) else 0
        terms[monomial] = -factor - quotient * n
        if quotient:
            whole[monomial] = whole.get(monomial, 0) - quotient
    if constant != n - 1:
        terms[()] = n - 1 - constant
    return -1


def _only_floor(terms: dict[Monomial, int]) -> Floor | None:
    """The floor that stands in the sum as it is or negated, if it is the only floor."""
    found: Floor | None = None
    times = 0
    for monomial, factor in terms.items():
        if len(monomial) == 1 and monomial[0][1] == 1 and type(monomial[0][0]) is Floor:
            if found is not None:
                return None
            found, times = monomial[0][0], factor
    if found is None or abs(times) != 1:
        return None
    if isinstance(found.denominator, Expr) and (times < 0 or (interval(found.denominator)[0] or 0) < 1):
        return None
    return found


def _flatten(nested: Floor, by: int, terms: dict[Monomial, int], n: int) -> tuple[dict[Monomial, int], int]:
    """`(a//b + c)//d == (a + b*c)//(b*d)`, and `(-(a//b) + c)//d` the same with `-(a//b) == (b - 1 - a)//b`."""
    sign = terms.pop(((nested, 1),))
    scaled = {monomial: factor * by for monomial, factor in terms.items()}
    if sign < 0:
        scaled[()] = scaled.get((), 0) + by - 1
    return _add(scaled, dict(terms_of(nested.numerator)), sign), n * by


def _through_formula(nested: Floor, terms: dict[Monomial, int], n: int, whole: dict[Monomial, int]) -> Dim:
    """Flatten a floor whose denominator is a formula known to be positive."""
    terms.pop(((nested, 1),))
    numerator = nested.numerator + nested.denominator * from_terms(terms)
    return numerator // (nested.denominator * n) + from_terms(whole)


def _by_formula(a: int | Expr, b: Expr) -> Dim:
    a, divisor = _cancel(a, b)
    if isinstance(divisor, int):
        return a // divisor
    if divisor.terms[0][1] < 0:
        a, divisor = -a, -divisor
    quotient, remainder = _long_division(a, divisor)
    if isinstance(quotient, int | Expr) and isinstance(remainder, int | Expr):
        if remainder == 0:
            return quotient
        if len(divisor.terms) > 1:
            quotient, remainder = 0, a  # more terms would come than go
        floor = Floor(remainder, divisor)
        if floor.lo is not None and floor.lo == floor.hi:
            return quotient + floor.lo
        return quotient + from_atom(floor)
    return UNKNOWN


def _cancel(a: int | Expr, b: Expr) -> tuple[int | Expr, int | Expr]:
    """Divide both by their common number and their common atoms."""
    terms = (*terms_of(a), *b.terms)
    common = gcd(*(factor for _, factor in terms))
    shared = dict(b.terms[0][0])
    for monomial, _ in terms:
        powers = dict(monomial)
        shared = {atom: min(power, powers[atom]) for atom, power in shared.items() if atom in powers}
    if common == 1 and not shared:
        return a, b
    inverse = tuple((atom, -power) for atom, power in shared.items())
    return _scale_down(a, common, inverse), _scale_down(b, common, inverse)


def _scale_down(dim: int | Expr, common: int, inverse: Monomial) -> int | Expr:
    result = from_terms({_strip(multiply_monomials(m, inverse)): factor // common for m, factor in terms_of(dim)})
    assert isinstance(result, int | Expr), "a smaller formula is within the limits"
    return result


def _strip(monomial: Monomial) -> Monomial:
    return tuple((atom, power) for atom, power in monomial if power)


def _long_division(a: int | Expr, b: Expr) -> tuple[Dim, Dim]:
    """Quotient and remainder of polynomials: exact where b divides a, and one remainder for each a up to b."""
    lead, lead_factor = b.terms[0]
    rest = dict(terms_of(a))
    quotient: dict[Monomial, int] = {}
    remainder: dict[Monomial, int] = {}
    for _ in range(_MAX_STEPS):
        if not rest:
            return from_terms(quotient), from_terms(remainder)
        monomial = min(rest, key=monomial_order)
        factor = rest.pop(monomial)
        ratio = multiply_monomials(monomial, tuple((atom, -power) for atom, power in lead))
        times, left = divmod(factor, lead_factor)
        if not times or any(power < 0 for _, power in ratio):
            if factor:
                remainder[monomial] = factor
            continue
        if left:
            remainder[monomial] = left
        ratio = _strip(ratio)
        quotient[ratio] = quotient.get(ratio, 0) + times
        for other, value in b.terms[1:]:
            product = multiply_monomials(other, ratio)
            rest[product] = rest.get(product, 0) - times * value
    return 0, a
