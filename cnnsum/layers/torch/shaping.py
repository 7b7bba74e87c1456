"""Modules that move, drop, add or repeat positions and compute little: flatten, borders, interpolation, shuffles."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.resizing import (
    MODES,
    bordered,
    channels_of_places,
    interpolated,
    places_of_channels,
    scaled,
)
from cnnsum.layers.arithmetic.shaping import filled, reshaped
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, show_shape, with_shape
from cnnsum.layers.kinds import Flag, Kind, PlainInt, Pos, Reading, Real, choice, integer, items, real, wrong
from cnnsum.layers.requiring import axis_of, require_at_least, require_multiple, require_rank
from cnnsum.typed import Annotated, Literal, TypeVar

T = TypeVar("T")

Mode = Annotated[str, choice(*MODES)]


def joined_axes(x: Shape, start_dim: int, end_dim: int, what: str) -> Facts:
    """The axes from one to another made one."""
    if not x:
        return Facts((1,), alias="view", dtype="input")
    first, last = axis_of(x, start_dim, what, "start_dim"), axis_of(x, end_dim, what, "end_dim")
    if first > last:
        reason = f"{what} from axis {first} to axis {last} of {show_shape(x)}: the last comes before the first"
        raise Problem("SHP205", reason, "end_dim")
    return reshaped(x, (*x[:first], prod(x[first : last + 1]), *x[last + 1 :]))


@layer(role="flatten")
def Flatten(x: Shape, *, start_dim: PlainInt = 1, end_dim: PlainInt = -1) -> Facts:
    """Put the axes from `start_dim` to `end_dim` into one: `(C, H, W)` becomes `(C * H * W)`.

    The batch is axis 0. No weights, no work, nothing kept: the output is the input's storage.
    """
    return joined_axes(x, start_dim, end_dim, "Flatten")


def _sizes(value: object, reading: Reading) -> tuple[Dim, ...]:
    """Sizes of axes, -1 for what is left over."""

    def one(item: object, reading: Reading) -> Dim:
        dim = integer(item, reading, "a positive integer or -1")
        if isinstance(dim, int) and dim < 1 and dim != -1:
            raise wrong("a positive integer or -1", dim)
        return dim

    if not isinstance(value, (list, tuple)):
        return (one(value, reading),)
    return items(value, reading, one, "a list of sizes, one of which may be -1")


Target = Annotated[tuple[Dim, ...], Kind("a list of sizes, one of which may be -1", _sizes)]


@layer(role="reshape")
def Unflatten(x: Shape, *, dim: PlainInt, unflattened_size: Target) -> Facts:
    """Put several axes in the place of one: `(C * H)` becomes `(C, H)`; -1 is the size that is left over.

    No weights, no work, nothing kept: the output is the input's storage.
    """
    axis = axis_of(x, dim, "Unflatten", "dim")
    return reshaped(x, (*x[:axis], *filled((x[axis],), unflattened_size, x, "unflattened_size"), *x[axis + 1 :]))


@layer(role="identity")
def Identity(x: Shape) -> Facts:
    """Give the input as it is. No weights, no work, nothing kept."""
    return Facts(x, alias="view", dtype="input")


# --- borders ----------------------------------------------------------------------------------------------------------


def _amounts(count: int) -> Kind:
    """Positions before and after the last axes, the last axis first; one number is all of them."""
    expects = f"an integer, or a list of {2 * count}"

    def one(value: object, reading: Reading) -> Dim:
        return integer(value, reading)

    def read(value: object, reading: Reading) -> tuple[Dim, ...]:
        if isinstance(value, (list, tuple)):
            return items(value, reading, one, expects, 2 * count)
        return (integer(value, reading, expects),) * (2 * count)

    return Kind(expects, read)


Around1 = Annotated[tuple[Dim, ...], _amounts(1)]
Around2 = Annotated[tuple[Dim, ...], _amounts(2)]
Around3 = Annotated[tuple[Dim, ...], _amounts(3)]

Border = Literal["constant", "reflect", "replicate", "circular"]


def padded(x: Shape, what: str, amounts: tuple[Dim, ...], mode: Border, field: str = "padding") -> Facts:
    """Borders around as many of the last axes as there are pairs; all but constants only around those of space."""
    pairs = [*zip(amounts[::2], amounts[1::2], strict=True)]
    if mode == "constant":
        if len(x) < len(pairs):
            raise Problem("SHP204", f"{what} needs an input of {len(pairs)} axes or more, got {show_shape(x)}")
    else:
        require_rank(x, (len(pairs) + 1, len(pairs) + 2), what)
    return bordered(what, x, pairs, mode, field)


@layer(role="padding")
def ConstantPad1d(x: Shape, *, padding: Around1, value: Real) -> Facts:
    """Put a number at both ends of the last axis: `(C, T)` becomes `(C, left + T + right)`; below 0 values go.

    No weights, no work, nothing kept.
    """
    return padded(x, "ConstantPad1d", padding, "constant")


@layer(role="padding")
def ConstantPad2d(x: Shape, *, padding: Around2, value: Real) -> Facts:
    """Put a number around images: `(C, H, W)` becomes `(C, top + H + bottom, left + W + right)`; below 0 values go.

    `padding` is left, right, top, bottom, or one number. No weights, no work, nothing kept.
    """
    return padded(x, "ConstantPad2d", padding, "constant")


@layer(role="padding")
def ConstantPad3d(x: Shape, *, padding: Around3, value: Real) -> Facts:
    """Put a number around volumes `(C, D, H, W)`; below 0 values go.

    `padding` is left, right, top, bottom, front, back, or one number. No weights, no work, nothing kept.
    """
    return padded(x, "ConstantPad3d", padding, "constant")


@layer(role="padding")
def ZeroPad1d(x: Shape, *, padding: Around1) -> Facts:
    """Put zeros at both ends of the last axis: `(C, T)` becomes `(C, left + T + right)`; below 0 values go.

    No weights, no work, nothing kept.
    """
    return padded(x, "ZeroPad1d", padding, "constant")


@layer(role="padding")
def ZeroPad2d(x: Shape, *, padding: Around2) -> Facts:
    """Put zeros around images: `(C, H, W)` becomes `(C, top + H + bottom, left + W + right)`; below 0 values go.

    `padding` is left, right, top, bottom, or one number. No weights, no work, nothing kept.
    """
    return padded(x, "ZeroPad2d", padding, "constant")


@layer(role="padding")
def ZeroPad3d(x: Shape, *, padding: Around3) -> Facts:
    """Put zeros around volumes `(C, D, H, W)`; below 0 values go.

    `padding` is left, right, top, bottom, front, back, or one number. No weights, no work, nothing kept.
    """
    return padded(x, "ZeroPad3d", padding, "constant")


@layer(role="padding")
def ReflectionPad1d(x: Shape, *, padding: Around1) -> Facts:
    """Mirror a sequence at its ends: `(C, T)` becomes `(C, left + T + right)`; each is less than `T`.

    No weights, no work. Backpropagation keeps the input.
    """
    return padded(x, "ReflectionPad1d", padding, "reflect")


@layer(role="padding")
def ReflectionPad2d(x: Shape, *, padding: Around2) -> Facts:
    """Mirror images at their borders: `(C, H, W)` becomes `(C, top + H + bottom, left + W + right)`.

    `padding` is left, right, top, bottom, or one number; each is less than the size of its axis. No weights, no work.
    Backpropagation keeps the input.
    """
    return padded(x, "ReflectionPad2d", padding, "reflect")


@layer(role="padding")
def ReflectionPad3d(x: Shape, *, padding: Around3) -> Facts:
    """Mirror volumes `(C, D, H, W)` at their borders.

    `padding` is left, right, top, bottom, front, back, or one number; each is less than the size of its axis. No
    weights, no work. Backpropagation keeps the input.
    """
    return padded(x, "ReflectionPad3d", padding, "reflect")


@layer(role="padding")
def ReplicationPad1d(x: Shape, *, padding: Around1) -> Facts:
    """Repeat the first and the last value of a sequence: `(C, T)` becomes `(C, left + T + right)`.

    No weights, no work. Backpropagation keeps the input.
    """
    return padded(x, "ReplicationPad1d", padding, "replicate")


@layer(role="padding")
def ReplicationPad2d(x: Shape, *, padding: Around2) -> Facts:
    """Repeat the values at the borders of images: `(C, H, W)` becomes `(C, top + H + bottom, left + W + right)`.

    `padding` is left, right, top, bottom, or one number. No weights, no work. Backpropagation keeps the input.
    """
    return padded(x, "ReplicationPad2d", padding, "replicate")


@layer(role="padding")
def ReplicationPad3d(x: Shape, *, padding: Around3) -> Facts:
    """Repeat the values at the borders of volumes `(C, D, H, W)`.

    `padding` is left, right, top, bottom, front, back, or one number. No weights, no work. Backpropagation keeps the
    input.
    """
    return padded(x, "ReplicationPad3d", padding, "replicate")


@layer(role="padding")
def CircularPad1d(x: Shape, *, padding: Around1) -> Facts:
    """Put values of the other end at both ends of a sequence: `(C, T)` becomes `(C, left + T + right)`.

    Each is `T` at most. No weights, no work, nothing kept.
    """
    return padded(x, "CircularPad1d", padding, "circular")


@layer(role="padding")
def CircularPad2d(x: Shape, *, padding: Around2) -> Facts:
    """Put values of the other side around images: `(C, H, W)` becomes `(C, top + H + bottom, left + W + right)`.

    `padding` is left, right, top, bottom, or one number; each is the size of its axis at most. No weights, no work,
    nothing kept.
    """
    return padded(x, "CircularPad2d", padding, "circular")


@layer(role="padding")
def CircularPad3d(x: Shape, *, padding: Around3) -> Facts:
    """Put values of the other side around volumes `(C, D, H, W)`.

    `padding` is left, right, top, bottom, front, back, or one number; each is the size of its axis at most. No weights,
    no work, nothing kept.
    """
    return padded(x, "CircularPad3d", padding, "circular")


# --- interpolation ----------------------------------------------------------------------------------------------------


def _read_lengths(value: object, reading: Reading) -> tuple[Dim, ...] | Dim:
    def one(item: object, reading: Reading) -> Dim:
        return integer(item, reading, "a positive integer", 1)

    if isinstance(value, (list, tuple)):
        return items(value, reading, one, "a positive integer, or a list of them")
    return one(value, reading)


def _read_factors(value: object, reading: Reading) -> tuple[float, ...] | float:
    if isinstance(value, (list, tuple)):
        return items(value, reading, real, "a number, or a list of them")
    return real(value, reading)


#: A number is for all axes: a list of one is not, and PyTorch refuses it for two.
Wanted = Annotated[Dim | tuple[Dim, ...], Kind("a positive integer, or a list of them", _read_lengths)]
Factors = Annotated[float | tuple[float, ...], Kind("a number, or a list of them", _read_factors)]


def resized(
    what: str,
    x: Shape,
    size: Dim | tuple[Dim, ...] | None,
    scale_factor: float | tuple[float, ...] | None,
    mode: str,
    align_corners: bool | None,
    recompute: bool | None = None,
    *,
    antialias: bool = False,
) -> Facts:
    """The spatial axes made of that size, or that many times as long, rounded down."""
    axes = MODES[mode][0]
    require_rank(x, [count + 2 for count in axes], f"{what} with mode {mode}")
    if (size is None) == (scale_factor is None):
        given = "neither" if size is None else "both"
        raise Problem("CFG107", f"{what} needs either `size` or `scale_factor`, got {given}", "size")
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        reason = f"`align_corners` of {what} goes with linear and cubic modes only, got {mode}"
        raise Problem("CFG116", reason, "align_corners")
    if recompute and size is not None:
        reason = f"`recompute_scale_factor` of {what} goes with a scale_factor, got a size"
        raise Problem("CFG116", reason, "recompute_scale_factor")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise Problem("CFG116", f"`antialias` of {what} goes with bilinear and bicubic modes, got {mode}", "antialias")
    field = "size" if scale_factor is None else "scale_factor"
    if size is not None:
        wanted: tuple[Dim, ...] = _for_each_axis(what, x, size, field)
    else:
        assert scale_factor is not None, "one of the two is given"
        factors = _for_each_axis(what, x, scale_factor, field)
        wanted = tuple([scaled(length, factor) for length, factor in zip(x[2:], factors, strict=True)])
    for axis, length in enumerate(wanted, 2):
        require_at_least(
            length, 1, with_shape(f"{what} must leave a position on axis {axis}", x), code="SHP210", field=field
        )
    return interpolated(what, x, wanted, mode, corners=bool(align_corners), antialias=antialias)


def _for_each_axis(what: str, x: Shape, given: T | tuple[T, ...], field: str) -> tuple[T, ...]:
    """What is given for all axes of space, or for each."""
    axes = len(x) - 2
    wanted = given if isinstance(given, tuple) else (given,) * axes
    if len(wanted) != axes:
        reason = f"`{field}` of {what} must be a number for each axis of space of {show_shape(x)}, got {len(wanted)}"
        raise Problem("CFG102", reason, field)
    return wanted


@layer(role="upsampling")
def Upsample(
    x: Shape,
    *,
    size: Wanted | None = None,
    scale_factor: Factors | None = None,
    mode: Mode = "nearest",
    align_corners: Flag | None = None,
    recompute_scale_factor: Flag | None = None,
) -> Facts:
    """Enlarge or reduce the axes of space, to a `size` or by a `scale_factor`: `(C, H, W)` becomes `(C, H', W')`.

    Lengths: the size, or `floor(H * scale_factor)`.
    No weights. Operations: "nearest" and "nearest-exact" copy; "linear" reads 2 positions per output element,
    "bilinear" 2 x 2, "trilinear" 2 x 2 x 2, "bicubic" 4 x 4: a product each, and their sum; "area" is adaptive mean
    pooling. Nothing kept: the gradient depends on the sizes alone (but of "area" the input).
    """
    return resized("Upsample", x, size, scale_factor, mode, align_corners, recompute_scale_factor)


@layer(role="upsampling")
def UpsamplingNearest2d(x: Shape, *, size: Wanted | None = None, scale_factor: Factors | None = None) -> Facts:
    """Enlarge the axes of space by copying, to a `size` or by a `scale_factor`: `(C, H, W)` becomes `(C, H', W')`.

    Lengths: the size, or `floor(H * scale_factor)`. No weights, no work, nothing kept.
    """
    return resized("UpsamplingNearest2d", x, size, scale_factor, "nearest", None)


@layer(role="upsampling")
def UpsamplingBilinear2d(x: Shape, *, size: Wanted | None = None, scale_factor: Factors | None = None) -> Facts:
    """Enlarge images by interpolation between their corners, to a `size` or by a `scale_factor`: `(C, H, W)` becomes
    `(C, H', W')`.

    Lengths: the size, or `floor(H * scale_factor)`. No weights. Operations: 7 per output element. Nothing kept.
    """
    return resized("UpsamplingBilinear2d", x, size, scale_factor, "bilinear", True)


# --- shuffles ---------------------------------------------------------------------------------------------------------


@layer
def PixelShuffle(x: Shape, *, upscale_factor: Pos) -> Facts:
    """Make places of channels: `(C * r * r, H, W)` becomes `(C, H * r, W * r)`, `r` the factor.

    No weights, no work, nothing kept.
    """
    return places_of_channels("PixelShuffle", x, upscale_factor, "upscale_factor")


@layer
def PixelUnshuffle(x: Shape, *, downscale_factor: Pos) -> Facts:
    """Make channels of places: `(C, H * r, W * r)` becomes `(C * r * r, H, W)`, `r` the factor.

    No weights, no work, nothing kept.
    """
    return channels_of_places("PixelUnshuffle", x, downscale_factor, "downscale_factor")


@layer
def ChannelShuffle(x: Shape, *, groups: Pos) -> Facts:
    """Put the first channel of every group first, then the second of every group, and so on; the shape stays.

    No weights, no work, nothing kept.
    """
    if len(x) < 3:
        raise Problem("SHP204", f"ChannelShuffle needs an input of rank 3 or more, got {show_shape(x)}")
    reason = f"ChannelShuffle needs channels that are a multiple of {groups}, got {show_shape(x)}"
    require_multiple(x[1], groups, reason, field="groups")
    return Facts(x, dtype="input")
