"""What moves, drops, adds or repeats elements and computes nothing new: reshape, pad, crop, enlarge. Names no type."""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.arithmetic.slide import Sizes, arrange, channels, first_spatial_axis, spatial
from cnnsum.layers.facts import (
    EVERYTHING,
    NOT_FOLLOWED,
    Facts,
    Layout,
    Reach,
    Shape,
    Window,
    show_shape,
    size,
    with_shape,
)
from cnnsum.layers.requiring import require_at_least, require_equal, require_multiple

#: Positions that an interpolation reaches to each side of an output's place.
SUPPORT = {"nearest": 0, "bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}


def filled(before: Shape, target: tuple[Dim, ...], x: Shape, field: str) -> Shape:
    """The target with the size that is left over in place of its -1."""
    open_axes = [axis for axis, dim in enumerate(target) if dim == -1]
    if len(open_axes) > 1:
        message = f"Reshape can find one size, got -1 at {len(open_axes)} places of {field}"
        raise Problem("CFG113", message, field, help="leave one of them, and write the numbers of the others")
    given, needed = _without_common(before, [dim for dim in target if dim != -1])
    total, wanted = prod(given), prod(needed)
    asked = ", ".join(map(str, target)) + ("," if len(target) == 1 else "")
    reason = f"Reshape to ({asked}) needs the same number of elements, got {show_shape(x)}"
    if not open_axes:
        require_equal(total, wanted, reason, code="SHP211", field=field)
        return target
    if wanted == 0:
        raise Problem("SHP211", reason, field, help="next to a 0, -1 could be any size")
    require_multiple(total, wanted, reason, field=field, code="SHP211")
    axis = open_axes[0]
    return (*target[:axis], total // wanted, *target[axis + 1 :])


def _without_common(left: Shape, right: list[Dim]) -> tuple[list[Dim], list[Dim]]:
    """Both lists without the dims that stand in both: formulas in them then need not be divided."""
    rest: list[Dim] = []
    right = list(right)
    for dim in left:
        if dim is not UNKNOWN and dim in right:
            right.remove(dim)
        else:
            rest.append(dim)
    return rest, right


def reshaped(x: Shape, out: Shape) -> Facts:
    """The same elements in another shape: the output is the input's storage."""
    return Facts(out, alias="view", dtype="input", window=_reshaped_window(x, out))


def _reshaped_window(x: Shape, out: Shape) -> Reach:
    """What stays in its place: all but the channels, which may be split or joined; or nothing, if all is in one row."""
    places = min(len(x), len(out)) - 1
    if x == out or (places > 1 and x[:places] == out[:places]):
        return None
    if len(x) < 3 or (len(out) == 2 and x[0] == out[0]):
        return EVERYTHING
    return NOT_FOLLOWED


def pad(what: str, x: Shape, padding: tuple[tuple[Dim, Dim], ...], layout: Layout | None) -> Facts:
    """So many zeros before and after each spatial axis."""
    lengths = spatial(x, len(padding), layout, what)
    out = tuple(length + before + after for length, (before, after) in zip(lengths, padding, strict=True))
    return Facts(
        arrange(x[0], out, channels(x, layout), layout),
        window=tuple(Window(1, before=before) for before, _ in padding),
    )


def crop(what: str, x: Shape, cropping: tuple[tuple[Dim, Dim], ...], layout: Layout | None) -> Facts:
    """So many positions less at both ends of each spatial axis, of which one must be left."""
    axis = first_spatial_axis(layout)
    out: list[Dim] = []
    for length, (before, after) in zip(spatial(x, len(cropping), layout, what), cropping, strict=True):
        left = length - before - after
        if not isinstance(left, int) or left < 1:
            reason = f"{what} takes {counted(before + after, 'position')} off axis {axis} and must leave one"
            require_at_least(length, before + after + 1, with_shape(reason, x), code="SHP210", field="cropping")
        out.append(left)
        axis += 1
    return Facts(
        arrange(x[0], tuple(out), channels(x, layout), layout),
        window=tuple(Window(1, before=-before) for before, _ in cropping),
    )


def enlarge(what: str, x: Shape, factors: Sizes, layout: Layout | None, interpolation: str = "nearest") -> Facts:
    """Each spatial axis made longer by a whole factor."""
    lengths = spatial(x, len(factors), layout, what)
    out = tuple(length * factor for length, factor in zip(lengths, factors, strict=True))
    shape = arrange(x[0], out, channels(x, layout), layout)
    support = SUPPORT[interpolation]
    return Facts(shape, ops=taps(support, len(factors)) * size(shape), window=enlarged(factors, support))


def taps(support: int, axes: int) -> int:
    """Operations per output element of an interpolation: a product per position that it reads, and their sum."""
    return 2 * (2 * support) ** axes - 1 if support else 0


def enlarged(factors: Sizes, support: int = 0) -> tuple[Window, ...]:
    """The windows of enlarging each axis by a whole factor.

    support: how many input positions an interpolation reaches to each side of an output's place (0: the nearest one,
    1: linear, 2: cubic, 3 and 5: Lanczos), with the positions' centres at half-integers as Keras has them.
    """
    return tuple(
        Window(1)
        if factor == 1
        else Window(factor, 1, 1, factor - 1, factor)
        if support == 0
        else Window(2 * support * factor - factor % 2, 1, 1, factor // 2 + support * factor - 1, factor)
        for factor in factors
    )
