"""Interpolation to other sizes, and borders around the last axes, of channels first. Names no type.

A border may be of a constant, of the positions next to it, mirrored, or of the other end; positions may be cut
off, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, divides, minimum, prod
from cnnsum.layers.arithmetic.pooling import pool_adaptive
from cnnsum.layers.arithmetic.shaping import SUPPORT, enlarged, taps
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Reach, Sentence, Shape, Window, show_shape, with_shape
from cnnsum.layers.requiring import require_at_least, require_multiple

#: Along how many axes each way to interpolate is known, and the table of `SUPPORT` has it as.
MODES = {
    "nearest": ((1, 2, 3), "nearest"),
    "linear": ((1,), "bilinear"),
    "bilinear": ((2,), "bilinear"),
    "bicubic": ((2,), "bicubic"),
    "trilinear": ((3,), "bilinear"),
    "area": ((1, 2, 3), "nearest"),
    "nearest-exact": ((1, 2, 3), "nearest"),
}


def scaled(length: Dim, factor: float) -> Dim:
    """The length times the factor, rounded down. Of a formula it is the fraction that was meant: 0.7 is 7/10.

    Raises Problem where that is not a number, or infinite.
    """
    if not isfinite(factor * length if isinstance(length, int) else factor):
        raise Problem("CFG102", f"a scale of {factor} gives no size")
    if isinstance(length, int):
        return int(length * factor)
    meant = Fraction(factor).limit_denominator(1_000_000)
    return length * meant.numerator // meant.denominator


def require_lengths(what: str, x: Shape, lengths: Sequence[Dim]) -> None:
    """No length may be 0, as a small one is that is made smaller by a factor."""
    for length in lengths:
        reason = Sentence("{} must leave a position along each axis, got {} of {}", (what, tuple(lengths), x))
        require_at_least(length, 1, reason)


def interpolated(what: str, x: Shape, lengths: Sequence[Dim], mode: str, *, corners: bool, antialias: bool) -> Facts:
    """The spatial axes, which come after the channels, made of these lengths.

    corners: whether the positions at the ends stay where they are, which no window says.
    """
    if mode == "area":
        return pool_adaptive(what, x, tuple(lengths), "channels_first", largest=False)
    require_lengths(what, x, lengths)
    support = SUPPORT[MODES[mode][1]]
    out = (*x[:2], *lengths)
    window: Reach = None if out == x else NOT_FOLLOWED
    if window is not None and not corners and all(divides(own, new) for own, new in zip(x[2:], lengths, strict=True)):
        factors = [new // own for own, new in zip(x[2:], lengths, strict=True)]
        if all(isinstance(factor, int) for factor in factors):
            window = enlarged(tuple(factors), support)
    ops: Dim = UNKNOWN if antialias else taps(support, len(lengths)) * prod(out[1:])
    return Facts(out, ops=ops, window=window)


def bordered(what: str, x: Shape, amounts: Sequence[tuple[Dim, Dim]], mode: str, field: str = "padding") -> Facts:
    """So many positions before and after each of the last axes, which the amounts begin with; below 0 so many less.

    mode: "constant", "reflect" (without the position at the border), "replicate" or "circular".
    """
    out = list(x)
    for index, (before, after) in enumerate(amounts):
        axis = len(x) - 1 - index
        length = x[axis]
        cut = minimum(0, before) + minimum(0, after)
        if cut != 0:
            reason = f"{what} takes {counted(0 - cut, 'position')} off axis {axis}"
            require_at_least(length, 0 - cut, with_shape(reason, x), code="SHP210", field=field)
        for amount in (before, after):
            if mode in ("reflect", "circular"):
                least = amount + 1 if mode == "reflect" else amount
                reason = f"{what} with a border of {amount} needs at least {counted(least, 'position')} on axis {axis}"
                require_at_least(length, least, with_shape(reason, x), field=field)
        out[axis] = length + before + after
        require_at_least(
            out[axis], 1, with_shape(f"{what} must leave a position on axis {axis}", x), code="SHP210", field=field
        )
    return Facts(
        tuple(out),
        keeps_input=mode in ("reflect", "replicate"),
        window=_moved(x, amounts),
        dtype="input",
    )


def _moved(x: Shape, amounts: Sequence[tuple[Dim, Dim]]) -> Reach:
    axes = len(x) - 2
    changed = [index for index, pair in enumerate(amounts) if pair != (0, 0)]
    if any(index >= axes for index in changed):
        return NOT_FOLLOWED
    before = [pair[0] for pair in amounts[:axes]] + [0] * (axes - len(amounts))
    return tuple([Window(1, before=amount) for amount in reversed(before)]) or None


def places_of_channels(what: str, x: Shape, factor: Dim, field: str) -> Facts:
    """Channels made places: `(..., C * r * r, H, W)` becomes `(..., C, H * r, W * r)`."""
    if len(x) < 3:
        raise Problem("SHP204", f"{what} needs an input of rank 3 or more, got {show_shape(x)}")
    square = factor * factor
    reason = f"{what} needs channels that are a multiple of {square}, got {show_shape(x)}"
    require_multiple(x[-3], square, reason, field=field)
    out = (*x[:-3], x[-3] // square, x[-2] * factor, x[-1] * factor)
    window: Reach = enlarged((factor, factor)) if len(x) == 4 and isinstance(factor, int) else NOT_FOLLOWED
    return Facts(out, dtype="input", window=window)


def channels_of_places(what: str, x: Shape, factor: Dim, field: str) -> Facts:
    """Places made channels: `(..., C, H * r, W * r)` becomes `(..., C * r * r, H, W)`."""
    if len(x) < 3:
        raise Problem("SHP204", f"{what} needs an input of rank 3 or more, got {show_shape(x)}")
    for axis in (len(x) - 2, len(x) - 1):
        reason = f"{what} needs a size that is a multiple of {factor} on axis {axis}, got {show_shape(x)}"
        require_multiple(x[axis], factor, reason, field=field)
    out = (*x[:-3], x[-3] * factor * factor, x[-2] // factor, x[-1] // factor)
    return Facts(out, dtype="input", window=(Window(factor, factor),) * 2 if len(x) == 4 else NOT_FOLLOWED)
