"""Questions about sizes, with three answers: yes for every value, no for every value, or None.

None means that it depends on the values, or cannot be decided here. The answers are sound, never guessed: a caller
that gets None records a constraint. How they are found is in `deciding`, which is loaded for the first formula:
known sizes do not pay for it.
"""

from __future__ import annotations

from cnnsum.dims.expr import Dim, Expr, Unknown, symbols_of
from cnnsum.dims.intervals import Interval


def equal(a: Dim, b: Dim) -> bool | None:
    """Whether two sizes are the same: True always, False never, None sometimes or undecided.

    >>> from cnnsum.dims import Symbol
    >>> H = Symbol("H").dim
    >>> equal((H + 1) // 2, H - H // 2), equal(H, H + 1), equal(2 * (H // 2), H)
    (True, False, None)
    """
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return None
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    difference = a - b
    if isinstance(difference, Unknown):
        return None
    if isinstance(difference, int):
        return difference == 0
    from cnnsum.dims.deciding import is_zero

    return is_zero(difference)


def at_least(a: Dim, b: Dim) -> bool | None:
    """Whether a >= b: True always, False never, None sometimes or undecided.

    >>> from cnnsum.dims import Symbol
    >>> H = Symbol("H").dim
    >>> at_least(H, H // 2), at_least(H // 2, H), at_least(H, 7)
    (True, False, None)
    """
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return None
    if isinstance(a, int) and isinstance(b, int):
        return a >= b
    difference = a - b
    if isinstance(difference, Unknown):
        return None
    if isinstance(difference, int):
        return difference >= 0
    from cnnsum.dims.deciding import is_nonnegative

    return is_nonnegative(difference)


def divides(n: Dim, d: Dim) -> bool | None:
    """Whether d is a multiple of n: True always, False never, None sometimes or undecided. 0 divides only 0.

    >>> from cnnsum.dims import Symbol
    >>> H = Symbol("H").dim
    >>> divides(2, H * (H + 1)), divides(2, 2 * H + 1), divides(2, H)
    (True, False, None)
    """
    if isinstance(n, int):
        if n == 0:
            return equal(d, 0)
        return d % n == 0 if isinstance(d, int) else equal(d % n, 0)
    return equal(d % n, 0)


def bounds(dim: Dim) -> Interval:
    """The least and the greatest value; None where there is none, or none is known.

    >>> from cnnsum.dims import Symbol
    >>> bounds(Symbol("H", minimum=32).dim // 5 - 2)
    (4, None)
    """
    if isinstance(dim, int):
        return dim, dim
    if isinstance(dim, Unknown):
        return None, None
    from cnnsum.dims.deciding import bounds_of

    return bounds_of(dim)


def is_anonymous(dim: Dim) -> bool:
    """Whether the size depends on a symbol that the file gave no name (Keras's `None`)."""
    return isinstance(dim, Expr) and any(symbol.anonymous for symbol in symbols_of(dim))
