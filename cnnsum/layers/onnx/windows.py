"""Operations of ONNX on the places of an image: pooling, resizing, borders, shuffles, columns."""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.arithmetic.contents import content_of, known, plain, whole
from cnnsum.layers.arithmetic.pooling import pool, pool_whole, with_indices
from cnnsum.layers.arithmetic.programs import axes_of, padded, unknown_of
from cnnsum.layers.arithmetic.resizing import channels_of_places, interpolated, places_of_channels, scaled
from cnnsum.layers.arithmetic.slide import Sliding
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Kept, Shape, show_shape, size, with_shape
from cnnsum.layers.kinds import Ints, Numbers, PlainInt, PlainPos, Pos, Positives, Real, Text
from cnnsum.layers.onnx.fields import DOMAIN, MICROSOFT, Switch, numbers
from cnnsum.layers.onnx.products import KERNEL, moved_lower, padding_of
from cnnsum.layers.requiring import require_at_least, require_axes, require_equal, require_multiple, require_rank


def _sliding(
    what: str,
    x: Shape,
    kernel: tuple[Dim, ...],
    auto_pad: str,
    pads: tuple[Dim, ...] | None,
    strides: tuple[Dim, ...] | None,
    dilations: tuple[Dim, ...] | None,
    ceil_mode: bool,
) -> Sliding:
    axes = len(kernel)
    require_rank(x, axes + 2, what)
    steps, spread = numbers(strides, axes, 1, what, "strides"), numbers(dilations, axes, 1, what, "dilations")
    padding = padding_of(auto_pad, pads, axes, what)
    return Sliding(what, kernel, steps, spread, padding, "channels_first", KERNEL, ceil_mode)


@layer(key=f"{DOMAIN}.MaxPool", name="MaxPool")
def max_pool(
    x: Shape,
    *,
    auto_pad: Text = "NOTSET",
    ceil_mode: Switch = False,
    dilations: Positives | None = None,
    kernel_shape: Positives,
    pads: Ints | None = None,
    strides: Positives | None = None,
    outputs: PlainInt = 1,
) -> Facts:
    """The largest of each window, per channel; their places as a second output.

    Lengths: `floor((H + pads - dilation * (kernel - 1) - 1) / stride) + 1`; `ceil_mode` rounds up, but the last window
    begins inside the input or in the padding before it. Backpropagation keeps the input and the places.
    """
    sliding = _sliding("MaxPool", x, kernel_shape, auto_pad, pads, strides, dilations, ceil_mode)
    facts = moved_lower(pool(x, sliding, largest=True), auto_pad)
    facts.dtype = "first"
    return with_indices(facts) if outputs > 1 else facts


@layer(key=f"{DOMAIN}.AveragePool", name="AveragePool")
def average_pool(
    x: Shape,
    *,
    auto_pad: Text = "NOTSET",
    ceil_mode: Switch = False,
    count_include_pad: Switch = False,
    dilations: Positives | None = None,
    kernel_shape: Positives,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """The mean of each window, per channel, with or without the zeros around. Lengths as of MaxPool. Backpropagation
    keeps the input.
    """
    sliding = _sliding("AveragePool", x, kernel_shape, auto_pad, pads, strides, dilations, ceil_mode)
    facts = moved_lower(pool(x, sliding, largest=False), auto_pad)
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.LpPool", name="LpPool")
def lp_pool(
    x: Shape,
    *,
    auto_pad: Text = "NOTSET",
    ceil_mode: Switch = False,
    dilations: Positives | None = None,
    kernel_shape: Positives,
    p: Real = 2,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """The norm of each window, per channel: two operations per position that a window reads. Lengths as of MaxPool.
    Backpropagation keeps the input and the output.
    """
    sliding = _sliding("LpPool", x, kernel_shape, auto_pad, pads, strides, dilations, ceil_mode)
    facts = moved_lower(pool(x, sliding, largest=False), auto_pad)
    facts.ops = 2 * facts.ops
    facts.keeps_output = True
    facts.dtype = "first"
    return facts


def _whole(name: str, *, largest: bool, factor: int = 1) -> Rule:
    def rule(x: Shape) -> Facts:
        require_axes(x, 3, name)
        facts = pool_whole(name, x, len(x) - 2, "channels_first", keepdims=True, largest=largest)
        facts.ops = factor * facts.ops
        facts.keeps_input = factor > 1
        facts.dtype = "first"
        return facts

    return named(rule, name, f"All positions made one, per channel. Operations: {factor} per element.")


for _name, _largest, _factor in (
    ("GlobalAveragePool", False, 1),
    ("GlobalMaxPool", True, 1),
    ("GlobalLpPool", False, 2),
):
    layer(key=f"{DOMAIN}.{_name}", name=_name)(_whole(_name, largest=_largest, factor=_factor))


@layer(key=f"{DOMAIN}.MaxUnpool", name="MaxUnpool", reads=True)
def max_unpool(
    x: Shape,
    indices: Shape,
    output_shape: Shape | None = None,
    *,
    kernel_shape: Positives,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """The largest of each window put back to where it was. Backpropagation keeps the places."""
    what = "MaxUnpool"
    axes = len(kernel_shape)
    require_rank(x, axes + 2, what)
    kept = (Kept("indices", indices, "int64"),)
    if output_shape is not None:
        found = known(output_shape)
        return Facts(None if found is None else tuple(found), kept=kept, window=NOT_FOLLOWED, dtype="first")
    steps = numbers(strides, axes, 1, what, "strides")
    sides = numbers(pads, 2 * axes, 0, what, "pads")
    lengths = [(x[at + 2] - 1) * steps[at] - sides[at] - sides[at + axes] + kernel_shape[at] for at in range(axes)]
    return Facts((*x[:2], *lengths), kept=kept, window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{DOMAIN}.RoiAlign", name="RoiAlign", aliases=f"{DOMAIN}.MaxRoiPool")
def roi_align(
    x: Shape,
    rois: Shape,
    batch_indices: Shape | None = None,
    *,
    output_height: Pos = 1,
    output_width: Pos = 1,
    pooled_shape: Positives | None = None,
) -> Facts:
    """The same number of positions of each region, per channel. Its operations are not known."""
    require_rank(x, 4, "RoiAlign")
    lengths = pooled_shape or (output_height, output_width)
    return Facts((rois[0], x[1], *lengths), ops=UNKNOWN, keeps_input=True, window=NOT_FOLLOWED, dtype="first", rows=1)


# --- other sizes ------------------------------------------------------------------------------------------------------

_MODES = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic", "": "nearest", "bilinear": "bilinear"}


def _resized(what: str, x: Shape, lengths: tuple[Dim, ...] | None, mode: str, corners: bool, antialias: bool) -> Facts:
    """The tensor with axes of these lengths; UNKNOWN ones are not known."""
    if mode not in _MODES:
        raise Problem("CFG102", f"`mode` of {what} is nearest, linear or cubic, got `{mode}`", "mode")
    if lengths is None:
        return Facts(unknown_of(len(x)), ops=UNKNOWN, window=NOT_FOLLOWED, dtype="first")
    for axis, length in enumerate(lengths):
        require_at_least(length, 1, with_shape(f"{what} must leave a position on axis {axis}", x), code="SHP210")
    if len(x) > 2 and lengths[:2] == x[:2]:
        of_mode = {"linear": "trilinear" if len(x) == 5 else "bilinear", "bilinear": "bilinear", "cubic": "bicubic"}
        facts = interpolated(what, x, lengths[2:], of_mode.get(mode, "nearest"), corners=corners, antialias=antialias)
    else:
        facts = Facts(lengths, ops=0 if _MODES[mode] == "nearest" else UNKNOWN, window=NOT_FOLLOWED)
    facts.dtype = "first"
    return facts


def _scaled(what: str, x: Shape, scales: tuple[object, ...], axes: tuple[int, ...]) -> tuple[Dim, ...]:
    if len(scales) != len(axes):
        raise Problem(
            "CFG102",
            f"{what} needs a scale for each of {counted(len(axes), 'axis', 'axes')}, got {len(scales)}",
            "scales",
        )
    out = list(x)
    for axis, scale in zip(axes, scales, strict=True):
        out[axis] = scaled(x[axis], float(scale)) if isinstance(scale, (int, float)) else UNKNOWN
    return tuple(out)


@layer(key=f"{DOMAIN}.Resize", name="Resize", reads=True, settings="roi scales sizes")
def resize(
    x: Shape,
    roi: Shape | None = None,
    scales: Shape | None = None,
    sizes: Shape | None = None,
    *,
    antialias: Switch = False,
    axes: Ints | None = None,
    coordinate_transformation_mode: Text = "half_pixel",
    keep_aspect_ratio_policy: Text = "stretch",
    mode: Text = "nearest",
    opset: PlainInt = 99,
) -> Facts:
    """Make axes of other lengths: those of `sizes`, or the old ones times `scales`, rounded down.

    Operations per output element: none for nearest, otherwise a product and a sum for each position that is read.
    """
    if opset < 11:  # two inputs, the second the scales
        scales, roi = roi, None
    places = axes_of(x, axes, None, "Resize") if axes is not None else tuple(range(len(x)))
    assert places is not None
    corners = coordinate_transformation_mode == "align_corners"
    given = content_of(scales)
    if scales is not None and len(scales) == 1 and scales[0] != 0:
        lengths = None
        if given is not None and coordinate_transformation_mode == "tf_crop_and_resize":
            given = None if content_of(roi) is None else given
        if given is not None:
            if coordinate_transformation_mode == "tf_crop_and_resize":
                lengths = _cropped(x, given, content_of(roi), places)
            else:
                lengths = _scaled("Resize", x, given, places)
        return _resized("Resize", x, lengths, mode, corners, antialias)
    wanted = known(sizes)
    if wanted is None:
        return _resized("Resize", x, None, mode, corners, antialias)
    if len(wanted) != len(places):
        raise Problem(
            "CFG102",
            f"Resize needs a size for each of {counted(len(places), 'axis', 'axes')}, got {len(wanted)}",
            "sizes",
        )
    out = list(x)
    if keep_aspect_ratio_policy in ("not_larger", "not_smaller"):
        for axis, length in zip(places, _of_one_scale(x, places, wanted, keep_aspect_ratio_policy), strict=True):
            out[axis] = length
    else:
        for axis, length in zip(places, wanted, strict=True):
            # The batch and the channels stay as they are, whatever formula the program has for them.
            out[axis] = x[axis] if axis < 2 and length is UNKNOWN and axis < len(x) - 2 else length
    return _resized("Resize", x, tuple(out), mode, corners, antialias)


def _cropped(
    x: Shape, scales: tuple[object, ...], roi: tuple[object, ...] | None, axes: tuple[int, ...]
) -> tuple[Dim, ...]:
    """Lengths of a part of each axis, from `roi`'s first half to its second, times the scale."""
    out = list(x)
    count = len(axes)
    for at, axis in enumerate(axes):
        given = [scales[at], *(roi[at::count] if roi and len(roi) == 2 * count else ())]
        known_ones = [float(one) for one in given if isinstance(one, (int, float))]
        length = x[axis]
        out[axis] = UNKNOWN
        if len(known_ones) == 3 and isinstance(length, int):
            scale, start, end = known_ones
            out[axis] = scaled(1, length * (end - start) * scale)
    return tuple(out)


def _of_one_scale(x: Shape, axes: tuple[int, ...], wanted: Shape, policy: str) -> list[Dim]:
    """Lengths by the one scale that makes all at most, or at least, as long as is wanted, rounded."""
    own, new = plain(tuple([x[axis] for axis in axes])), plain(wanted)
    if own is None or new is None or min(*own, *new) < 1:
        return [UNKNOWN] * len(axes)
    ratios = [length / had for length, had in zip(new, own, strict=True)]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return [int(scale * had + 0.5) for had in own]


@layer(key=f"{DOMAIN}.Upsample", name="Upsample", reads=True, settings="factors")
def upsample(
    x: Shape,
    factors: Shape | None = None,
    *,
    mode: Text = "nearest",
    scales: Numbers | None = None,
    height_scale: Real | None = None,
    width_scale: Real | None = None,
) -> Facts:
    """Make axes longer by factors, rounded down. Operations as of Resize."""
    given = scales if factors is None else content_of(factors)
    if given is None and height_scale is not None and width_scale is not None:
        given = (1, 1, height_scale, width_scale)
    lengths = None if given is None else _scaled("Upsample", x, given, tuple(range(len(x))))
    return _resized("Upsample", x, lengths, mode, False, False)


@layer(key=f"{DOMAIN}.DepthToSpace", name="DepthToSpace")
def depth_to_space(x: Shape, *, blocksize: Pos, mode: Text = "DCR") -> Facts:
    """Channels made places: `(N, C * r * r, H, W)` becomes `(N, C, H * r, W * r)`."""
    require_rank(x, 4, "DepthToSpace")
    facts = places_of_channels("DepthToSpace", x, blocksize, "blocksize")
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.SpaceToDepth", name="SpaceToDepth")
def space_to_depth(x: Shape, *, blocksize: Pos, mode: Text = "DCR") -> Facts:
    """Places made channels: `(N, C, H * r, W * r)` becomes `(N, C * r * r, H, W)`."""
    require_rank(x, 4, "SpaceToDepth")
    facts = channels_of_places("SpaceToDepth", x, blocksize, "blocksize")
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.Pad", name="Pad", reads=True, settings="amounts constant_value axes")
def pad(
    x: Shape,
    amounts: Shape | None = None,
    constant_value: Shape | None = None,
    axes: Shape | None = None,
    *,
    mode: Text = "constant",
    pads: Ints | None = None,
    paddings: Ints | None = None,
) -> Facts:
    """So many elements more before and after each axis, or below 0 so many less: a constant, the border, a mirror."""
    given = (pads if pads is not None else paddings) if amounts is None else known(amounts)
    places = axes_of(x, None, axes, "Pad") if axes is not None else tuple(range(len(x)))
    if given is None or places is None:
        return Facts(unknown_of(len(x)), window=NOT_FOLLOWED, dtype="first")
    count = len(places)
    if len(given) != 2 * count:
        raise Problem("CFG102", f"Pad needs {2 * count} numbers for {show_shape(x)}, got {len(given)}", "pads")
    return padded("Pad", x, places, given[:count], given[count:], mode, "channels_first")


@layer(key=f"{DOMAIN}.CenterCropPad", name="CenterCropPad", reads=True)
def center_crop_pad(x: Shape, shape: Shape, *, axes: Ints | None = None) -> Facts:
    """Axes cut or filled at both ends to lengths that an input has."""
    places = axes_of(x, axes, None, "CenterCropPad") if axes is not None else tuple(range(len(x)))
    wanted = known(shape)
    if wanted is None or places is None or len(wanted) != len(places):
        return Facts(unknown_of(len(x)), window=NOT_FOLLOWED, dtype="first")
    out = list(x)
    for axis, length in zip(places, wanted, strict=True):
        out[axis] = length
    return Facts(tuple(out), window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{DOMAIN}.GridSample", name="GridSample", aliases=f"{MICROSOFT}.GridSample")
def grid_sample(x: Shape, grid: Shape, *, mode: Text = "linear") -> Facts:
    """Values of an image at places that another tensor names: `(N, C, ...)` and `(N, ..., 2)` become `(N, C, ...)`.

    Its operations are not known. Backpropagation keeps both.
    """
    require_rank(grid, len(x), "the grid of GridSample")
    require_equal(x[0], grid[0], "GridSample needs a grid for each sample", inputs=(0, 1))
    out = (*x[:2], *grid[1:-1])
    return Facts(out, ops=UNKNOWN, keeps_input=True, window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{DOMAIN}.AffineGrid", name="AffineGrid", reads=True)
def affine_grid(theta: Shape, sizes: Shape) -> Facts:
    """Places in an image, moved by a matrix for each sample. Its operations are not known."""
    wanted = known(sizes)
    if wanted is None or len(wanted) < 3:
        return Facts(None, ops=UNKNOWN, dtype="first")
    out = (wanted[0], *wanted[2:], len(wanted) - 2)
    return Facts(out, ops=UNKNOWN, keeps_input=True, window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{DOMAIN}.Col2Im", name="Col2Im", reads=True)
def col2im(
    x: Shape,
    image_shape: Shape,
    block_shape: Shape,
    *,
    dilations: Positives | None = None,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """Columns put together as an image, summed where they overlap: `(N, C * block, places)` becomes `(N, C, ...)`."""
    require_rank(x, 3, "Col2Im")
    lengths, block = known(image_shape), whole(block_shape)
    if lengths is None:
        return Facts(unknown_of(UNKNOWN), ops=UNKNOWN, dtype="first")
    count: Dim = UNKNOWN if block is None else prod(block)
    if block is not None:
        require_multiple(x[1], count, f"Col2Im needs columns of a multiple of {count}, got {show_shape(x)}")
    out = (x[0], UNKNOWN if block is None else x[1] // count, *lengths)
    return Facts(out, ops=size(x), window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{DOMAIN}.LRN", name="LRN")
def local_response(x: Shape, *, size: PlainPos) -> Facts:
    """Divide by a power of the mean square over so many channels around each. Operations: `size + 5` per element."""
    from cnnsum.layers.arithmetic.normalization import normalized_by_neighbours

    require_axes(x, 2, "LRN")
    facts = normalized_by_neighbours(x, size)
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.MeanVarianceNormalization", name="MeanVarianceNormalization")
def mean_variance(x: Shape, *, axes: Ints = (0, 2, 3)) -> Facts:
    """Subtract the mean along axes and divide by the deviation. Operations: 5 per element. Backpropagation keeps the
    input.
    """
    axes_of(x, axes, None, "MeanVarianceNormalization")
    return Facts(x, ops=5 * size(x), keeps_input=True, window=EVERYTHING, dtype="first")
