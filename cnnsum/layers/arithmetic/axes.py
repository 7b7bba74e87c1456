"""Axes that are named, left out, summed over: what operations along axes have in common. Names no type."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.facts import Shape, less, size
from cnnsum.layers.requiring import axis_of

#: Outputs of one operation. A file that asks for more is damaged, or means harm.
MAX_OUTPUTS = 10_000


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


def require_outputs(count: int, what: str, field: str) -> None:
    """An operation must give one output at least, and not so many that listing them is the harm."""
    if not 0 < count <= MAX_OUTPUTS:
        raise Problem("UNK704", f"{what} into {count:,} outputs is not supported, only 1 to {MAX_OUTPUTS:,}", field)


def without(x: Shape, places: tuple[int, ...], *, keepdims: bool) -> Shape:
    """The shape without the axes at these places, or with 1 there."""
    if keepdims:
        return tuple([1 if axis in places else dim for axis, dim in enumerate(x)])
    return tuple([dim for axis, dim in enumerate(x) if axis not in places])
