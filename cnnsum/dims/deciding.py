"""How the questions are decided.

For a formula of one symbol exactly, by the polynomials that it is on the residues (see `pieces`). For several
symbols each combination of residues is a polynomial that is judged by its coefficients; where there are too many
combinations, bounds decide what they can. This module knows formulas only, no network and no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from itertools import product as combinations
from math import gcd
from math import prod as multiply

from cnnsum.dims.expr import (
    Atom,
    Dim,
    Expr,
    Extreme,
    Floor,
    Monomial,
    Symbol,
    Unknown,
    atoms_of,
    from_atom,
    from_terms,
    interval,
    symbols_of,
    terms_of,
    trend,
)
from cnnsum.dims.intervals import Interval
from cnnsum.dims.pieces import NotInPiecesError, Piece, each_piece, has_period, nonnegative, periods, pieces, zeros
from cnnsum.dims.pieces import bounds_of as piece_bounds
from cnnsum.dims.residues import polynomials
from cnnsum.dims.sampling import disagree, samples
from cnnsum.typed import TypeAlias, TypeVar

MAX_CLASSES = 1_024  # combinations of residues that are looked at, where there are several symbols
_MAX_CASES = 16  # combinations of which argument a maximum or minimum is
_MAX_RELAXED = 20  # floors that are replaced by their bounds

_CACHE = 1 << 14
_Factor = TypeVar("_Factor", Floor, Extreme)
#: The coefficient of each product of powers.
_Polynomial: TypeAlias = "Mapping[Monomial, int] | Mapping[tuple[int, ...], int]"


def replace(dim: Dim, atoms: dict[Atom, Dim]) -> Dim:
    """As `making.replace`, which itself asks questions: to put in a maximum's arguments is to compare them."""
    from cnnsum.dims import making

    return making.replace(dim, atoms)


@lru_cache(_CACHE)
def is_zero(d: Expr) -> bool | None:
    """Whether the formula is 0: always, never, or None."""
    low, high = interval(d)
    if (low is not None and low > 0) or (high is not None and high < 0):
        return False
    constant = dict(d.terms).get((), 0)
    if constant % gcd(*(factor for monomial, factor in d.terms if monomial)):
        return False  # the rest is always a multiple of what the constant is not
    values = samples(d, d.symbols)
    if 0 in values and any(values):
        return None
    try:
        return _everywhere(each_piece(d), zero=True)
    except NotInPiecesError:
        pass
    low, high = _wide_bounds(d)
    if (low is not None and low > 0) or (high is not None and high < 0):
        return False
    return _agree(_class_is_zero(part) for part in _classes(d))


@lru_cache(_CACHE)
def is_nonnegative(d: Expr) -> bool | None:
    """Whether the formula is 0 or more: always, never, or None."""
    low, high = interval(d)
    if low is not None and low >= 0:
        return True
    if high is not None and high < 0:
        return False
    if trend(d):
        return None  # the bounds are exact: it has both signs
    if disagree(samples(d, d.symbols)):
        return None
    try:
        return _everywhere(each_piece(d), zero=False)
    except NotInPiecesError:
        pass
    low, high = _wide_bounds(d)
    if low is not None and low >= 0:
        return True
    if high is not None and high < 0:
        return False
    return _agree(_class_is_nonnegative(part) for part in _classes(d))


def _everywhere(exact: Iterable[Piece], *, zero: bool) -> bool | None:
    """Whether all pieces are 0 (or not negative): True for all values, False for none, None for some; the first two
    that differ decide.
    """
    found: set[bool] = set()
    ask = zeros if zero else nonnegative
    for piece in exact:
        runs = ask(piece.coefficients, piece.start, piece.stop)
        if not runs:
            found.add(False)
        elif runs == [(piece.start, piece.stop)]:
            found.add(True)
        else:
            return None
        if len(found) > 1:
            return None
    return found.pop()


def _agree(answers: Iterator[bool | None]) -> bool | None:
    result: bool | None = None
    for answer in answers:
        if answer is None or (result is not None and answer is not result):
            return None
        result = answer
    return result


def _classes(d: Expr) -> Iterator[_Polynomial | None]:
    """The coefficients on each combination of residues, where the formula has no floors; nothing if there are too many.

    The variables are 0 or more. None for a class that is past the limits.

    A maximum or minimum is tried as each of its arguments: more than can be, so that what holds for all holds.
    """
    cases = list(islice(_cases(d), _MAX_CASES + 1))
    if len(cases) > _MAX_CASES or not all(map(has_period, cases)):
        return
    steps = [periods(case) for case in cases]
    if sum(multiply(step.values()) for step in steps) > MAX_CLASSES:
        return
    for case, step in zip(cases, steps, strict=True):
        separate = polynomials(case, step)
        if separate is not None:
            yield from separate
            continue
        for residues in combinations(*map(range, step.values())):
            parts: dict[Atom, Dim] = {}
            for (symbol, period), residue in zip(step.items(), residues, strict=True):
                assert symbol.lo is not None
                start = -((residue - symbol.lo) // period)
                parts[symbol] = _from_zero(symbol).dim * period + (period * start + residue)
            part = replace(case, parts)
            yield None if isinstance(part, Unknown) else dict(terms_of(part))


def _cases(d: Dim) -> Iterator[Dim]:
    extreme = _find_extreme(d)
    if extreme is None:
        yield d
        return
    for arg in extreme.args:
        yield from _cases(replace(d, {extreme: arg}))


def _find_extreme(dim: Dim) -> Extreme | None:
    """An innermost maximum or minimum of the formula."""
    if not isinstance(dim, Expr):
        return None
    for atom in sorted(atoms_of(dim), key=lambda atom: atom.order):
        if isinstance(atom, Symbol):
            continue
        inside = atom.args if isinstance(atom, Extreme) else (atom.numerator, atom.denominator)
        for part in inside:
            found = _find_extreme(part)
            if found is not None:
                return found
        if isinstance(atom, Extreme):
            return atom
    return None


def _class_is_zero(polynomial: _Polynomial | None) -> bool | None:
    if polynomial is None:
        return None
    constant, others = _split(polynomial)
    if not others:
        return constant == 0
    if constant * min(others) > 0 and constant * max(others) > 0:
        return False
    return False if constant % gcd(*others) else None


def _class_is_nonnegative(polynomial: _Polynomial | None) -> bool | None:
    if polynomial is None:
        return None
    constant, others = _split(polynomial)
    if constant >= 0:
        return True if min(others, default=0) >= 0 else None
    return False if max(others, default=0) <= 0 else None


def _split(polynomial: _Polynomial) -> tuple[int, list[int]]:
    """The constant and the other coefficients of a polynomial."""
    constant = 0
    others = []
    for exponents, factor in polynomial.items():
        if any(exponents):
            if factor:
                others.append(factor)
        else:
            constant = factor
    return constant, others


@lru_cache(_CACHE)
def bounds_of(d: Expr) -> Interval:
    """The least and greatest value: exact for one symbol, else sound."""
    exact = pieces(d)
    return _wide_bounds(d) if exact is None else piece_bounds(exact)


def _wide_bounds(d: Expr) -> Interval:
    """Sound bounds for any formula: term by term, or with floors replaced by the fractions that they round."""
    low, high = interval(d)
    other_low, other_high = _relaxed_low(d), _relaxed_low(-d)
    if other_low is not None:
        low = other_low if low is None else max(low, other_low)
    if other_high is not None:
        high = -other_high if high is None else min(high, -other_high)
    return low, high


def _relaxed_low(d: Dim, cases: int = _MAX_CASES) -> int | None:
    """A lower bound with maxima and minima taken apart, and floors as in `_fraction_low`."""
    if not isinstance(d, Expr):
        return d if isinstance(d, int) else None
    found = _find_factor(d, Extreme)
    if found is not None and (found[2] > 0) == (found[0].kind == "max") and len(found[0].args) <= cases:
        # The maximum is at least each of its arguments: the best of the bounds holds.
        extreme, others, factor = found
        rest = d - factor * from_atom(extreme) * others
        lows = [_relaxed_low(rest + factor * others * arg, cases // len(extreme.args)) for arg in extreme.args]
        return max((low for low in lows if low is not None), default=None)
    extreme_inside = _find_extreme(d)
    if extreme_inside is None or len(extreme_inside.args) > cases:
        return _fraction_low(d)
    # It is one of its arguments: the worst of the bounds holds.
    result: int | None = None
    for arg in extreme_inside.args:
        low = _relaxed_low(replace(d, {extreme_inside: arg}), cases // len(extreme_inside.args))
        if low is None:
            return None
        result = low if result is None else min(result, low)
    return result


def _fraction_low(d: Expr) -> int | None:
    """A lower bound from (p - n + 1)/n <= p//n <= p/n, which keeps what terms have in common."""
    scale = 1
    rest: Dim = d
    for _ in range(_MAX_RELAXED):
        if not isinstance(rest, Expr):
            break
        found = _find_factor(rest, Floor)
        if found is None:
            break
        floor, others, factor = found
        n = floor.denominator
        assert isinstance(n, int)
        fraction = floor.numerator - (n - 1 if factor > 0 else 0)
        rest = n * (rest - factor * from_atom(floor) * others) + factor * others * fraction
        scale *= n
    if isinstance(rest, Unknown):
        return None
    low = _shifted_low(rest)
    return None if low is None else -(-low // scale)


def _find_factor(d: Expr, kind: type[_Factor]) -> tuple[_Factor, Dim, int] | None:
    """An atom of a kind (no floor by a formula), what it is multiplied with (never negative), and its coefficient."""
    for monomial, factor in d.terms:
        for i, (atom, power) in enumerate(monomial):
            if isinstance(atom, kind) and not isinstance(getattr(atom, "denominator", None), Expr):
                left = ((atom, power - 1),) if power > 1 else ()
                others = monomial[:i] + left + monomial[i + 1 :]
                if all(other.lo is not None and other.lo >= 0 for other, _ in others):
                    return atom, from_terms({others: 1}), factor
    return None


@lru_cache(_CACHE)
def _from_zero(symbol: Symbol) -> Symbol:
    """A symbol of its own for the distance from the least value: no other symbol has its name."""
    return Symbol(f"{symbol.order}", minimum=0)


def _shifted_low(dim: int | Expr) -> int | None:
    """A lower bound of a polynomial, by the distance of each symbol from its least value."""
    if isinstance(dim, int):
        return dim
    shifted: dict[Atom, Dim] = {}
    for symbol in symbols_of(dim):
        if symbol.lo:
            shifted[symbol] = _from_zero(symbol).dim + symbol.lo
    moved = replace(dim, shifted)
    return interval(moved)[0] if isinstance(moved, int | Expr) else None
