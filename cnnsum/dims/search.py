"""The largest number that will do, and whether a formula only grows: what a search over one symbol needs.

A search is only right on what holds up to some point and never again; `is_monotone` proves that of a formula. This
module knows numbers and formulas, and nothing of what they measure.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.dims.expr import Atom, Dim, Expr, Extreme, Floor, Monomial, Symbol, Unknown, interval, symbols_of


def largest(holds: Callable[[int], bool], least: int, most: int, multiple_of: int = 1) -> int | None:
    """The largest multiple of `multiple_of` in least..most for which `holds` is true; None where there is none.

    `holds` must be true up to some number and false from there on. It is asked about twice the logarithm of the answer
    times, never far above the answer: first at distances that double, then by halves.

    Raises ValueError for a `multiple_of` below 1.

    >>> largest(lambda n: n * n <= 1000, 1, 1 << 60)
    31
    >>> largest(lambda n: n * n <= 1000, 1, 1 << 60, multiple_of=8)
    24
    >>> largest(lambda n: n * n <= 1000, 40, 100) is None
    True
    """
    if multiple_of < 1:
        raise ValueError(f"numbers cannot be multiples of {multiple_of}: give a number of 1 or more")
    low = -(-least // multiple_of)
    end = most // multiple_of + 1  # counted as a number for which it does not hold
    if low >= end or not holds(low * multiple_of):
        return None
    step = 1
    while low + step < end and holds((low + step) * multiple_of):
        low += step
        step *= 2
    high = min(low + step, end)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle * multiple_of):
            low = middle
        else:
            high = middle
    return low * multiple_of


def is_monotone(dim: Dim, symbol: Symbol) -> bool | None:
    """Whether the formula never falls as the symbol grows and the others stay: False where it falls somewhere, None
    where neither is shown.

    With one symbol the answer is exact, up to the period that `pieces` looks at.

    >>> H, W = Symbol("H"), Symbol("W")
    >>> is_monotone(H.dim // 2 * (W.dim - 1), H), is_monotone(H.dim - H.dim // 4, H), is_monotone(H.dim % 2, H)
    (True, True, False)
    """
    if isinstance(dim, Unknown):
        return None
    if symbol not in symbols_of(dim):
        return True
    assert isinstance(dim, Expr)
    if slope_of(dim, symbol) == 1:
        return True
    from cnnsum.dims.making import replace
    from cnnsum.dims.pieces import pieces
    from cnnsum.dims.questions import at_least

    step = replace(dim, {symbol: symbol.dim // symbol.multiple_of + 1}) - dim
    answer = at_least(step, 0)
    if answer is None and pieces(step) is not None:
        return False  # an answer about one symbol is exact: it falls at some steps
    return answer


# A slope is 1 where something never falls as the symbol grows, -1 where it never rises, 0 where it stays, and None
# where nothing is shown; a sign is 1 where it is never negative, -1 where it is never positive, else None.


def slope_of(dim: int | Expr, symbol: Symbol) -> int | None:
    """1 where the formula never falls as the symbol grows, -1 where it never rises, 0 where it has no such symbol; None
    where neither is shown by how it is made.

    >>> H = Symbol("H")
    >>> slope_of((H.dim - 3) // 2 + H.dim, H), slope_of(-H.dim, H), slope_of(H.dim - H.dim // 4, H)
    (1, -1, None)
    """
    if isinstance(dim, int) or symbol not in dim.symbols:
        return 0
    result: int | None = 0
    for monomial, factor in dim.terms:
        slope = _product_slope(monomial, symbol)
        result = _agreed(result, slope if slope is None or factor > 0 else -slope)
        if result is None:
            return None
    return result


def _agreed(a: int | None, b: int | None) -> int | None:
    """The slope of a sum."""
    if a is None or b is None or a * b < 0:
        return None
    return a or b


def _turned(slope: int | None, sign: int | None) -> int | None:
    """The slope of something times a factor of that sign that stays."""
    if slope == 0:
        return 0
    return None if slope is None or sign is None else slope * sign


def _product_slope(monomial: Monomial, symbol: Symbol) -> int | None:
    slope: int | None = 0
    sign: int | None = 1
    for atom, power in monomial:
        atom_slope = _atom_slope(atom, symbol)
        atom_sign = _sign(atom.lo, atom.hi)
        if power % 2 == 0:
            atom_slope = _turned(atom_slope, atom_sign)
            atom_sign = 1
        slope = _agreed(_turned(slope, atom_sign), _turned(atom_slope, sign))
        sign = None if sign is None or atom_sign is None else sign * atom_sign
        if slope is None:
            return None
    return slope


def _atom_slope(atom: Atom, symbol: Symbol) -> int | None:
    if symbol not in atom.symbols:
        return 0
    if isinstance(atom, Symbol):
        return 1
    if isinstance(atom, Extreme):
        slope: int | None = 0
        for arg in atom.args:
            slope = _agreed(slope, slope_of(arg, symbol))
        return slope
    assert isinstance(atom, Floor)
    above = slope_of(atom.numerator, symbol)
    if isinstance(atom.denominator, int):
        return above
    low = interval(atom.denominator)[0]
    if low is None or low < 1:
        return None
    below = _turned(slope_of(atom.denominator, symbol), _sign(*interval(atom.numerator)))
    return _agreed(above, None if below is None else -below)


def _sign(low: int | None, high: int | None) -> int | None:
    if low is not None and low >= 0:
        return 1
    return -1 if high is not None and high <= 0 else None
