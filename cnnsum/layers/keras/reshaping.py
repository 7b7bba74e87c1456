"""Layers that move, drop, add or repeat positions and compute nothing new: reshape, pad, crop, enlarge, resize."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, at_least
from cnnsum.layers.arithmetic.shaping import SUPPORT, crop, enlarge, filled, pad, reshaped, taps
from cnnsum.layers.arithmetic.slide import arrange, channels, spatial
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Shape, Status, Window, size, turned
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.kinds import (
    Axes,
    Flag,
    Kind,
    One,
    Pads1,
    Pads2,
    Pads3,
    Pair,
    Pos,
    Reading,
    Real,
    Text,
    Triple,
    choice,
    integer,
    items,
    wrong,
)
from cnnsum.layers.requiring import require_rank
from cnnsum.typed import Annotated

Interpolation = Annotated[str, choice(*SUPPORT)]
#: How Resizing fills what is left over: Keras has no other way.
FillMode = Annotated[str, choice("constant")]


def _read_target(value: object, reading: Reading) -> tuple[Dim, ...]:
    expects = "a positive integer or -1"

    def one(item: object, reading: Reading) -> Dim:
        if item is None:
            return -1
        dim = integer(item, reading, expects)
        if isinstance(dim, int) and dim < 1 and dim != -1:
            raise wrong(expects, dim)
        return dim

    if isinstance(value, (list, tuple)):
        return items(value, reading, one, "a list of sizes, one of which may be -1")
    return (one(value, reading),)


Target = Annotated[tuple[Dim, ...], Kind("a list of sizes, one of which may be -1", _read_target)]


@layer(role="flatten")
def Flatten(x: Shape, *, data_format: DataFormat | None = None) -> Facts:
    """Put all axes but the batch into one: `(H, W, C)` becomes `(H * W * C)`.

    No weights, no work, nothing kept: the output is the input's storage. With channels_first and spatial axes the
    channels are moved to the end first, which makes a copy.
    """
    moved = data_format == "channels_first" and len(x) > 2
    return Facts((x[0], size(x)), alias="" if moved else "view", dtype="input", window=EVERYTHING)


@layer(role="reshape")
def Reshape(x: Shape, *, target_shape: Target) -> Facts:
    """Give the elements another shape: `target_shape`, the batch axis left out; -1 is the size that is left over.

    The number of elements must stay the same. No weights, no work, nothing kept: the output is the input's storage.
    """
    return reshaped(x, (x[0], *filled(x[1:], target_shape, x, "target_shape")))


@layer(role="permute")
def Permute(x: Shape, *, dims: Axes) -> Facts:
    """Put the axes in another order: `dims` are their numbers, from 1 without the batch axis.

    With dims 2, 1 `(T, C)` becomes `(C, T)`. No weights, no work, nothing kept. The elements are copied.
    """
    if sorted(dims) != list(range(1, len(dims) + 1)):
        count = len(dims)
        message = f"`dims` must hold each number from 1 to {count} once, got {list(dims)}"
        named = [axis for axis in dims if axis != 0]
        help = f"the first axis is 1, and the last comes first in {list(range(count, 0, -1))}"
        if sorted(named) == list(range(1, count)):
            help = f"the batch stays where it is, and has no number here: {named}"
        raise Problem("CFG114", message, "dims", help=help)
    require_rank(x, len(dims) + 1, "Permute")
    return Facts((x[0], *(x[axis] for axis in dims)), dtype="input", window=turned((0, *map(int, dims))))


@layer(role="repeat")
def RepeatVector(x: Shape, *, n: Pos) -> Facts:
    """Repeat a vector as the steps of a sequence: `(C)` becomes `(n, C)`. No weights, no work, nothing kept."""
    require_rank(x, 2, "RepeatVector")
    return Facts((x[0], n, x[1]), window=EVERYTHING)


@layer(role="padding")
def ZeroPadding1D(x: Shape, *, padding: Pads1 = ((1, 1),), data_format: DataFormat | None = None) -> Facts:
    """Put zeros before and after a sequence: `(T, C)` becomes `(before + T + after, C)`.

    No weights, no work, nothing kept.
    """
    return pad("ZeroPadding1D", x, padding, data_format)


@layer(role="padding")
def ZeroPadding2D(x: Shape, *, padding: Pads2 = ((1, 1), (1, 1)), data_format: DataFormat | None = None) -> Facts:
    """Put zeros around an image: `(H, W, C)` becomes `(top + H + bottom, left + W + right, C)`.

    `padding` is one amount, one for the height and one for the width, or a pair for each. No weights, no work,
    nothing kept.
    """
    return pad("ZeroPadding2D", x, padding, data_format)


@layer(role="padding")
def ZeroPadding3D(
    x: Shape, *, padding: Pads3 = ((1, 1), (1, 1), (1, 1)), data_format: DataFormat | None = None
) -> Facts:
    """Put zeros around a volume: each of `(D, H, W)` grows by the amounts before and after it.

    No weights, no work, nothing kept.
    """
    return pad("ZeroPadding3D", x, padding, data_format)


@layer(role="cropping")
def Cropping1D(x: Shape, *, cropping: Pads1 = ((1, 1),)) -> Facts:
    """Take positions off the ends of a sequence: `(T, C)` becomes `(T - before - after, C)`.

    No weights, no work, nothing kept.
    """
    return crop("Cropping1D", x, cropping, None)


@layer(role="cropping")
def Cropping2D(x: Shape, *, cropping: Pads2 = ((0, 0), (0, 0)), data_format: DataFormat | None = None) -> Facts:
    """Take rows and columns off an image: `(H, W, C)` becomes `(H - top - bottom, W - left - right, C)`.

    `cropping` is one amount, one for the height and one for the width, or a pair for each. No weights, no work,
    nothing kept.
    """
    return crop("Cropping2D", x, cropping, data_format)


@layer(role="cropping")
def Cropping3D(x: Shape, *, cropping: Pads3 = ((1, 1), (1, 1), (1, 1)), data_format: DataFormat | None = None) -> Facts:
    """Take positions off the sides of a volume: each of `(D, H, W)` shrinks by the amounts before and after it.

    No weights, no work, nothing kept.
    """
    return crop("Cropping3D", x, cropping, data_format)


@layer(role="upsampling")
def UpSampling1D(x: Shape, *, size: One = (2,)) -> Facts:
    """Repeat every step of a sequence `size` times: `(T, C)` becomes `(T * size, C)`.

    No weights, no work, nothing kept.
    """
    return enlarge("UpSampling1D", x, size, None)


@layer(role="upsampling")
def UpSampling2D(
    x: Shape,
    *,
    size: Pair = (2, 2),
    data_format: DataFormat | None = None,
    interpolation: Interpolation = "nearest",
) -> Facts:
    """Enlarge an image by whole factors: `(H, W, C)` becomes `(H * size, W * size, C)`.

    No weights. Operations: "nearest" repeats rows and columns and costs nothing. "bilinear" reads 2 x 2 positions per
    output element, "bicubic" 4 x 4, "lanczos3" 6 x 6, "lanczos5" 10 x 10: a product each, and their sum. Nothing kept:
    the gradient depends on the sizes alone.
    """
    return enlarge("UpSampling2D", x, size, data_format, interpolation)


@layer(role="upsampling")
def UpSampling3D(x: Shape, *, size: Triple = (2, 2, 2), data_format: DataFormat | None = None) -> Facts:
    """Repeat the positions of a volume: each of `(D, H, W)` is multiplied by its size.

    No weights, no work, nothing kept.
    """
    return enlarge("UpSampling3D", x, size, data_format)


@layer(role="resizing")
def Resizing(
    x: Shape,
    *,
    height: Pos,
    width: Pos,
    interpolation: Interpolation = "bilinear",
    crop_to_aspect_ratio: Flag = False,
    pad_to_aspect_ratio: Flag = False,
    fill_mode: FillMode = "constant",
    fill_value: Real = 0.0,
    antialias: Flag = False,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Resize an image to a fixed size: `(H, W, C)` becomes `(height, width, C)`.

    Operations: per output element as in UpSampling2D. That is an upper bound with pad_to_aspect_ratio, where a part of
    the output is filled, and unknown with antialias, where the reach grows with the reduction. No weights. Nothing
    kept.
    """
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        message = "Resizing cannot both crop and pad to the aspect ratio, got true for both"
        raise Problem("CFG116", message, "pad_to_aspect_ratio")
    spatial(x, 2, data_format, "Resizing")
    out = arrange(x[0], (height, width), channels(x, data_format), data_format)
    ops: Dim = UNKNOWN if antialias and interpolation != "nearest" else taps(SUPPORT[interpolation], 2) * size(out)
    status: Status = "bound" if pad_to_aspect_ratio else "exact"
    return Facts(out, ops=ops, window=None if out == x else NOT_FOLLOWED, status=status)


@layer
def CenterCrop(
    x: Shape,
    *,
    height: Pos,
    width: Pos,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Cut the middle out of an image: `(H, W, C)` becomes `(height, width, C)`.

    An image that is smaller is resized instead, by bilinear interpolation.
    No weights. Operations: none where it is cut, those of Resizing where it is resized; not known where an open size
    decides it. Nothing kept.
    """
    lengths = spatial(x, 2, data_format, "CenterCrop")
    wanted = (height, width)
    out = arrange(x[0], wanted, channels(x, data_format), data_format)
    enough = [at_least(length, least) for length, least in zip(lengths, wanted, strict=True)]
    if not all(enough):
        # A bound would be taken for the number of every size: by sweeps, by budgets, by what evaluates formulas.
        ops = taps(1, 2) * size(out) if False in enough else UNKNOWN
        return Facts(out, ops=ops, window=NOT_FOLLOWED)
    windows = tuple(Window(1, before=-((length - least) // 2)) for length, least in zip(lengths, wanted, strict=True))
    return Facts(out, window=windows)
