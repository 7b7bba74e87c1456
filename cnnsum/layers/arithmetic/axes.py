"""Axes that are named, left out, summed over: what operations along axes have in common. Names no type."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, Expr, at_least, ceil_div, maximum, minimum, prod
from cnnsum.layers.facts import Shape, less, size
from cnnsum.layers.requiring import axis_of

#: Outputs of one operation. A file that asks for more is damaged, or means harm.
MAX_OUTPUTS = 10_000
#: From here on a number stands for the end of an axis, whatever its length.
END = 2**31 - 1
#: Formulas of more parts make no place that may lie on either side of 0: each such place has its length four times.
_MOST_PARTS = 12


def places_of(x: Shape, axes: tuple[int, ...] | None, what: str, field: str = "axis") -> tuple[int, ...]:
    """Axes counted from 0; None means all axes."""
    if axes is None:
        return tuple(range(len(x)))
    places = tuple([axis_of(x, axis, what, field) for axis in axes])
    if len(set(places)) != len(places):
        raise Problem("SHP205", f"{what} needs each axis once, got {list(axes)}", field)
    return places


def flat(x: Shape) -> Shape:
    """The shape of all elements in one row."""
    return (prod(x),)


def work_along(x: Shape, out: Shape, per_input: int, per_output: int = 0) -> tuple[Dim, Dim | None]:
    """Operations of a sum and the like, some per element of the input less some per element of the output, as
    `Facts.ops` and `Facts.rows`.
    """
    if x[:1] == out[:1]:
        return less(per_input * size(x), per_output * size(out)), None
    return less(per_input * prod(x), per_output * prod(out)), 1


def place_in(length: Dim, at: Dim) -> Dim:
    """A place in an axis as Python counts it, below 0 from the end, held within the axis.

    >>> from cnnsum.dims import Symbol
    >>> T = Symbol("T").dim
    >>> place_in(15, T), place_in(15, 0 - T), place_in(T, -2)
    (min(T, 15), max(15 - T, 0), max(T - 2, 0))
    """
    if at == 0:
        return 0
    if at is UNKNOWN or length is UNKNOWN:
        return UNKNOWN
    if isinstance(at, int) and at >= END:
        return length
    is_from_start = at_least(at, 0)
    if is_from_start:
        return at if at_least(length, at) else minimum(at, length)
    if is_from_start is False:
        return maximum(0, length + at)
    if sum(one.size for one in (length, at) if isinstance(one, Expr)) > _MOST_PARTS:
        return UNKNOWN
    # At most one of the two is not 0: that from the end is less than the length, wherever it counts.
    return minimum(maximum(0, at), length) + minimum(maximum(0, length + at), length * maximum(0, 0 - at))


def part_of(length: Dim, start: Dim, end: Dim, step: Dim = 1) -> Dim:
    """How many elements of an axis lie from one place to before another, in steps of 1 or more."""
    first, last = place_in(length, start), place_in(length, end)
    if last is length and not isinstance(start, int) and at_least(start, 0) is False:
        count = minimum(0 - start, length)
    else:
        count = last - first
    if step != 1:
        count = ceil_div(count, step)
    return count if at_least(count, 0) is True else maximum(0, count)


def require_outputs(count: int, what: str, field: str) -> None:
    """An operation must give one output at least, and not so many that listing them is the harm."""
    if not 0 < count <= MAX_OUTPUTS:
        raise Problem("UNK704", f"{what} into {count:,} outputs is not supported, only 1 to {MAX_OUTPUTS:,}", field)


def without(x: Shape, places: tuple[int, ...], *, keepdims: bool) -> Shape:
    """The shape without the axes at these places, or with 1 there."""
    if keepdims:
        return tuple([1 if axis in places else dim for axis, dim in enumerate(x)])
    return tuple([dim for axis, dim in enumerate(x) if axis not in places])
