"""Operators of TensorFlow Lite that multiply and sum up, and those on the places of an image.

Weights are inputs like others: the rule takes channels and kernels from their shapes, and the reader knows which of
them the file holds. `weights` names the inputs that are such, whatever their dtype.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, divides, prod
from cnnsum.layers.arithmetic.contents import whole
from cnnsum.layers.arithmetic.convolution import convolve, convolve_depthwise
from cnnsum.layers.arithmetic.normalization import normalized_by_neighbours
from cnnsum.layers.arithmetic.pooling import pool
from cnnsum.layers.arithmetic.products import multiplied
from cnnsum.layers.arithmetic.programs import padded, unknown_of
from cnnsum.layers.arithmetic.shaping import SUPPORT, enlarged, filled, taps
from cnnsum.layers.arithmetic.slide import Padding, Sliding, Words
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import (
    EVERYTHING,
    NOT_FOLLOWED,
    Facts,
    Kept,
    Reach,
    Shape,
    Window,
    show_shape,
    size,
    with_shape,
)
from cnnsum.layers.kinds import Nat, PlainInt, Pos
from cnnsum.layers.requiring import require_at_least, require_equal, require_multiple, require_rank
from cnnsum.layers.tflite.fields import PREFIX, Border, Fused, Mirror, Switch, fused, lengths_in, whole_numbers

_KERNEL = Words("kernel", "dilation", "padding 0 (same) takes any size")
_POOL = Words("filter", "dilation", "padding 0 (same) takes any size")


def _sliding(
    what: str, kernel: tuple[Dim, ...], strides: tuple[Dim, ...], dilations: tuple[Dim, ...], padding: str
) -> Sliding:
    border: Padding = "same" if padding == "same" else "valid"
    return Sliding(what, kernel, strides, dilations, border, None, _KERNEL)


def _require_bias(what: str, bias: Shape | None, filters: Dim) -> None:
    if bias is not None:
        require_rank(bias, 1, f"the bias of {what}")
        require_equal(bias[0], filters, f"{what} needs a bias for each of {filters} filters, got {show_shape(bias)}")


def _convolved(
    what: str,
    x: Shape,
    weight: Shape,
    bias: Shape | None,
    strides: tuple[Dim, ...],
    dilations: tuple[Dim, ...],
    padding: str,
    filters: Dim,
    each: Dim,
    kernel: tuple[Dim, ...],
) -> Facts:
    """A convolution of that many filters, which see `each` channels of the input; so many groups follow."""
    axes = len(kernel)
    require_rank(x, axes + 2, what)
    reason = f"{what} with a weight of {show_shape(weight)} needs channels that are a multiple of {each}"
    depth, groups = each, 1
    if isinstance(x[-1], int) and isinstance(each, int) and each > 0:
        require_multiple(x[-1], each, f"{reason}, got {show_shape(x)}")
        depth, groups = x[-1], x[-1] // each
    else:
        require_equal(x[-1], each, f"{reason}, got {show_shape(x)}", inputs=(0, 1))
    _require_bias(what, bias, filters)
    sliding = _sliding(what, kernel, strides, dilations, padding)
    return convolve((*x[:-1], depth), sliding, filters, groups, None, bias is not None, lambda _depth: ())


@layer(key=f"{PREFIX}.CONV_2D", name="CONV_2D", weights="weight bias")
def conv_2d(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    padding: Border = "same",
    stride_w: Pos,
    stride_h: Pos,
    fused_activation_function: Fused = "linear",
    dilation_w_factor: Pos = 1,
    dilation_h_factor: Pos = 1,
) -> Facts:
    """Slide kernels over an image: `(N, H, W, C)` becomes `(N, H', W', filters)`, filters the first axis of the weight.

    Lengths: `ceil(H / stride)` with same, `floor((H - dilation * (kernel - 1) - 1) / stride) + 1` with valid. MACs:
    each output element is a sum over its kernel and the channels of the weight. Bias: one addition per output element,
    and then the activation's operations.
    """
    what = "CONV_2D"
    require_rank(weight, 4, f"the weight of {what}")
    strides, dilations = (stride_h, stride_w), (dilation_h_factor, dilation_w_factor)
    facts = _convolved(what, x, weight, bias, strides, dilations, padding, weight[0], weight[3], weight[1:3])
    return fused(facts, fused_activation_function)


@layer(key=f"{PREFIX}.CONV_3D", name="CONV_3D", weights="weight bias")
def conv_3d(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    padding: Border = "same",
    stride_d: Pos,
    stride_w: Pos,
    stride_h: Pos,
    fused_activation_function: Fused = "linear",
    dilation_d_factor: Pos = 1,
    dilation_w_factor: Pos = 1,
    dilation_h_factor: Pos = 1,
) -> Facts:
    """Slide kernels over a volume; the weight is `(D, H, W, C, filters)`. Lengths and MACs as of CONV_2D."""
    what = "CONV_3D"
    require_rank(weight, 5, f"the weight of {what}")
    strides = (stride_d, stride_h, stride_w)
    dilations = (dilation_d_factor, dilation_h_factor, dilation_w_factor)
    facts = _convolved(what, x, weight, bias, strides, dilations, padding, weight[4], weight[3], weight[:3])
    return fused(facts, fused_activation_function)


@layer(key=f"{PREFIX}.DEPTHWISE_CONV_2D", name="DEPTHWISE_CONV_2D", weights="weight bias")
def depthwise_conv_2d(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    padding: Border = "same",
    stride_w: Pos,
    stride_h: Pos,
    depth_multiplier: PlainInt = 0,
    fused_activation_function: Fused = "linear",
    dilation_w_factor: Pos = 1,
    dilation_h_factor: Pos = 1,
) -> Facts:
    """A convolution of each channel by itself; the weight is `(1, H, W, filters)`. Lengths as of CONV_2D.

    MACs: each output element is a sum over its kernel. Bias: one addition per output element,
    and then the activation's operations.
    """
    what = "DEPTHWISE_CONV_2D"
    require_rank(x, 4, what)
    require_rank(weight, 4, f"the weight of {what}")
    require_equal(weight[0], 1, f"{what} needs a weight whose first axis is 1, got {show_shape(weight)}")
    filters = weight[3]
    depth = x[3]
    if not isinstance(depth, int) and isinstance(filters, int) and depth_multiplier > 0:
        depth = require_equal(depth, filters // depth_multiplier, f"{what}: channels of {show_shape(x)} and its weight")
    reason = f"{what} needs filters that are a multiple of the channels, got {show_shape(weight)} and {show_shape(x)}"
    if depth == 0:
        raise Problem("SHP203", reason)
    require_multiple(filters, depth, reason)
    _require_bias(what, bias, filters)
    sliding = _sliding(what, weight[1:3], (stride_h, stride_w), (dilation_h_factor, dilation_w_factor), padding)
    has_bias = bias is not None
    facts = convolve_depthwise((*x[:3], depth), sliding, filters // depth, None, has_bias, lambda _depth: ())
    return fused(facts, fused_activation_function)


@layer(key=f"{PREFIX}.TRANSPOSE_CONV", name="TRANSPOSE_CONV", weights="weight bias", reads=True)
def transpose_conv(
    output_shape: Shape,
    weight: Shape,
    x: Shape,
    bias: Shape | None = None,
    *,
    padding: Border = "same",
    stride_w: Pos,
    stride_h: Pos,
    fused_activation_function: Fused = "linear",
) -> Facts:
    """Run a convolution backwards, to a shape that an input has; the weight is `(filters, H, W, C)`.

    A convolution of the output must give the lengths of the input. MACs: every input position is multiplied with the
    whole kernel. Bias: one addition per output element,
    and then the activation's operations.
    """
    what = "TRANSPOSE_CONV"
    require_rank(x, 4, what)
    require_rank(weight, 4, f"the weight of {what}")
    require_equal(
        x[3], weight[3], f"{what} with this weight needs {weight[3]} channels, got {show_shape(x)}", inputs=(1, 2)
    )
    wanted = lengths_in(output_shape, what)
    out: Shape
    if wanted is None or len(wanted) != 4:
        out = (UNKNOWN, UNKNOWN, UNKNOWN, weight[0])
    else:
        reason = f"{what} with a weight of {show_shape(weight)} gives {weight[0]} channels, and not {wanted[3]}"
        require_equal(wanted[3], weight[0], reason)
        require_equal(x[0], wanted[0], f"{what} gives {wanted[0]} samples, got {show_shape(x)}", inputs=(0, 2))
        for axis, step in ((1, stride_h), (2, stride_w)):
            over = 1 if padding == "same" else weight[axis]
            length = (wanted[axis] - over) // step + 1
            reason = f"{what} to {wanted[axis]} on axis {axis} needs {length} positions there, got {show_shape(x)}"
            require_equal(x[axis], length, reason, inputs=(0, 2))
        out = (*wanted[:3], weight[0])
    macs = prod(x[1:3]) * prod(weight)
    facts = Facts(
        out, macs=macs, ops=0 if bias is None else size(out), keeps_input="weights", window=NOT_FOLLOWED, dtype="of 2"
    )
    return fused(facts, fused_activation_function)


@layer(key=f"{PREFIX}.FULLY_CONNECTED", name="FULLY_CONNECTED", weights="weight bias")
def fully_connected(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    fused_activation_function: Fused = "linear",
    weights_format: PlainInt = 0,
    keep_num_dims: Switch = False,
) -> Facts:
    """Multiply rows with a matrix of `(units, row)`: all elements in rows of that length, or the last axis as it is.

    MACs: `row` for each output element. Bias: one addition per output element,
    and then the activation's operations.
    """
    what = "FULLY_CONNECTED"
    require_rank(weight, 2, f"the weight of {what}")
    units, row = weight
    if not x:
        raise Problem("SHP204", f"{what} needs an input with axes, got ()")
    reason = f"{what} with a weight of {show_shape(weight)} needs rows of {row}, got {show_shape(x)}"
    if keep_num_dims:
        require_equal(x[-1], row, reason, inputs=(0, 1))
        out: Shape = (*x[:-1], units)
    elif len(x) == 2 and x[1] == row:
        out = (x[0], units)
    else:
        if row == 0:
            raise Problem("SHP203", reason)
        require_multiple(prod(x), row, reason, code="SHP203")
        out = (filled(x, (-1, row), x, "weight")[0], units)
    if bias is not None:
        require_equal(prod(bias), units, f"{what} needs a bias for each of {units} units, got {show_shape(bias)}")
    macs = size(out) * row if len(out) > 1 else prod(out) * row
    facts = Facts(
        out,
        macs=macs,
        ops=0 if bias is None else size(out),
        keeps_input="weights",
        window=EVERYTHING if len(x) > 2 and not keep_num_dims else None,
        rows=None if len(out) > 1 else 1,
    )
    return fused(facts, fused_activation_function)


def _turned(x: Shape, turned: bool) -> Shape:
    return (*x[:-2], x[-1], x[-2]) if turned and len(x) > 1 else x


@layer(key=f"{PREFIX}.BATCH_MATMUL", name="BATCH_MATMUL", weights="x other")
def batch_matmul(x: Shape, other: Shape, *, adj_x: Switch = False, adj_y: Switch = False) -> Facts:
    """Multiply matrices, each turned if asked for, the axes before them broadcast. MACs: `k` per output element."""
    for one in (x, other):
        if len(one) < 2:
            raise Problem("SHP204", f"BATCH_MATMUL needs matrices, got {show_shape(x)} and {show_shape(other)}")
    facts = multiplied("BATCH_MATMUL", _turned(x, adj_x), _turned(other, adj_y))
    facts.dtype = "first"
    return facts


# --- pooling ----------------------------------------------------------------------------------------------------------


def _pool(name: str, *, largest: bool, factor: int, doc: str) -> Rule:
    def rule(
        x: Shape,
        *,
        padding: Border = "same",
        stride_w: Pos,
        stride_h: Pos,
        filter_width: Pos,
        filter_height: Pos,
        fused_activation_function: Fused = "linear",
    ) -> Facts:
        sliding = _sliding(name, (filter_height, filter_width), (stride_h, stride_w), (1, 1), padding)
        facts = pool(x, sliding._replace(words=_POOL), largest=largest)
        facts.ops = factor * facts.ops
        return fused(facts, fused_activation_function)

    return named(rule, name, f"{doc} of each window, per channel. Lengths as of CONV_2D.")


for _name, _largest, _factor, _doc in (
    ("AVERAGE_POOL_2D", False, 1, "The mean"),
    ("MAX_POOL_2D", True, 1, "The largest"),
    ("L2_POOL_2D", False, 2, "The root of the mean square"),
):
    layer(key=f"{PREFIX}.{_name}", name=_name)(_pool(_name, largest=_largest, factor=_factor, doc=_doc))


# --- other sizes ------------------------------------------------------------------------------------------------------


def _resize(name: str, mode: str) -> Rule:
    def rule(x: Shape, lengths: Shape, *, align_corners: Switch = False, half_pixel_centers: Switch = False) -> Facts:
        require_rank(x, 4, name)
        wanted = whole_numbers(lengths)
        if wanted is None or len(wanted) != 2:
            wanted = (UNKNOWN, UNKNOWN)
        for axis, length in enumerate(wanted, 1):
            require_at_least(length, 1, with_shape(f"{name} must leave a position on axis {axis}", x), code="SHP210")
        out = (x[0], *wanted, x[3])
        support = SUPPORT[mode]
        window: Reach = None if out == x else NOT_FOLLOWED
        if window is not None and not align_corners and UNKNOWN not in wanted:
            pairs = list(zip(x[1:3], wanted, strict=True))
            if all(own != 0 and divides(own, new) for own, new in pairs):
                factors = [new // own for own, new in pairs]
                if all(isinstance(factor, int) for factor in factors):
                    window = enlarged(tuple(factors), support)
        return Facts(out, ops=taps(support, 2) * prod(out[1:]), window=window, dtype="first")

    cost = "none" if mode == "nearest" else "a product for each of 4 positions, and their sum"
    return named(rule, name, f"An image at other lengths, which an input has. Operations per output element: {cost}.")


layer(key=f"{PREFIX}.RESIZE_BILINEAR", name="RESIZE_BILINEAR", reads=True)(_resize("RESIZE_BILINEAR", "bilinear"))
layer(key=f"{PREFIX}.RESIZE_NEAREST_NEIGHBOR", name="RESIZE_NEAREST_NEIGHBOR", reads=True)(
    _resize("RESIZE_NEAREST_NEIGHBOR", "nearest")
)


@layer(key=f"{PREFIX}.DEPTH_TO_SPACE", name="DEPTH_TO_SPACE")
def depth_to_space(x: Shape, *, block_size: Pos) -> Facts:
    """Channels made places: `(N, H, W, C * r * r)` becomes `(N, H * r, W * r, C)`."""
    require_rank(x, 4, "DEPTH_TO_SPACE")
    square = block_size * block_size
    reason = f"DEPTH_TO_SPACE needs channels that are a multiple of {square}, got {show_shape(x)}"
    require_multiple(x[3], square, reason, field="block_size")
    window: Reach = enlarged((block_size, block_size)) if isinstance(block_size, int) else NOT_FOLLOWED
    return Facts((x[0], x[1] * block_size, x[2] * block_size, x[3] // square), dtype="first", window=window)


@layer(key=f"{PREFIX}.SPACE_TO_DEPTH", name="SPACE_TO_DEPTH")
def space_to_depth(x: Shape, *, block_size: Pos) -> Facts:
    """Places made channels: `(N, H * r, W * r, C)` becomes `(N, H, W, C * r * r)`."""
    require_rank(x, 4, "SPACE_TO_DEPTH")
    for axis in (1, 2):
        reason = f"SPACE_TO_DEPTH needs a size that is a multiple of {block_size} on axis {axis}, got {show_shape(x)}"
        require_multiple(x[axis], block_size, reason, field="block_size")
    out = (x[0], x[1] // block_size, x[2] // block_size, x[3] * block_size * block_size)
    return Facts(out, dtype="first", window=(Window(block_size, block_size),) * 2)


def _blocks(what: str, x: Shape, block: Shape, amounts: Shape) -> tuple[tuple[int, ...], tuple[Dim, ...]] | None:
    """The length of a block on each axis after the batch, and the amounts before and after each; None where unknown."""
    sizes, found = whole(block), known_pairs(amounts)
    if sizes is None or found is None or any(one is UNKNOWN for one in found):
        return None
    if 2 * len(sizes) != len(found) or len(sizes) >= len(x) or any(one < 1 for one in sizes):
        raise Problem("CFG102", f"{what} needs a block and two amounts for each axis of {show_shape(x)} that it cuts")
    return sizes, found


def known_pairs(amounts: Shape) -> tuple[Dim, ...] | None:
    """The numbers of a list of pairs, in one row."""
    found = whole_numbers(amounts)
    return found if found is not None and len(amounts) == 2 and amounts[1] == 2 else None


@layer(key=f"{PREFIX}.SPACE_TO_BATCH_ND", name="SPACE_TO_BATCH_ND", reads=True)
def space_to_batch(x: Shape, block: Shape, paddings: Shape) -> Facts:
    """Every so many places of an axis a sample of its own, after zeros at both ends."""
    what = "SPACE_TO_BATCH_ND"
    found = _blocks(what, x, block, paddings)
    if found is None:
        return Facts(unknown_of(len(x)), dtype="first", window=NOT_FOLLOWED)
    sizes, amounts = found
    out = list(x)
    for axis, size_of in enumerate(sizes, 1):
        before, after = amounts[2 * axis - 2 : 2 * axis]
        length = x[axis] + before + after
        require_multiple(length, size_of, f"{what} needs a multiple of {size_of} on axis {axis}, got {length}")
        out[axis] = length // size_of
        out[0] = out[0] * size_of
    return Facts(tuple(out), dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.BATCH_TO_SPACE_ND", name="BATCH_TO_SPACE_ND", reads=True)
def batch_to_space(x: Shape, block: Shape, crops: Shape) -> Facts:
    """Samples made places of axes, of which some are cut off at both ends."""
    what = "BATCH_TO_SPACE_ND"
    found = _blocks(what, x, block, crops)
    if found is None:
        return Facts(unknown_of(len(x)), dtype="first", window=NOT_FOLLOWED)
    sizes, amounts = found
    out = list(x)
    for axis, size_of in enumerate(sizes, 1):
        before, after = amounts[2 * axis - 2 : 2 * axis]
        out[axis] = x[axis] * size_of - before - after
        require_at_least(out[axis], 0, with_shape(f"{what} takes more off axis {axis} than there is", x), code="SHP210")
    total = prod(sizes)
    require_multiple(x[0], total, f"{what} needs samples that are a multiple of {total}, got {show_shape(x)}")
    out[0] = x[0] // total
    return Facts(tuple(out), dtype="first", window=NOT_FOLLOWED)


# --- borders ----------------------------------------------------------------------------------------------------------


def _padded(what: str, x: Shape, paddings: Shape, mode: str) -> Facts:
    found = known_pairs(paddings)
    if found is None:
        return Facts(unknown_of(len(x)), dtype="first", window=NOT_FOLLOWED)
    if len(found) != 2 * len(x):
        raise Problem("CFG102", f"{what} needs two amounts for each axis of {show_shape(x)}, got {len(found)}")
    if any(isinstance(one, int) and one < 0 for one in found):
        raise Problem("CFG102", f"{what} takes nothing off an axis, got {list(found)}")
    return padded(what, x, tuple(range(len(x))), found[::2], found[1::2], mode, "channels_last", "")


@layer(key=f"{PREFIX}.PAD", name="PAD", reads=True)
def pad(x: Shape, paddings: Shape) -> Facts:
    """So many zeros before and after each axis."""
    return _padded("PAD", x, paddings, "constant")


@layer(key=f"{PREFIX}.PADV2", name="PADV2", reads=True, settings="value")
def pad_with(x: Shape, paddings: Shape, value: Shape) -> Facts:
    """So many elements of a value before and after each axis."""
    return _padded("PADV2", x, paddings, "constant")


@layer(key=f"{PREFIX}.MIRROR_PAD", name="MIRROR_PAD", reads=True)
def mirror_pad(x: Shape, paddings: Shape, *, mode: Mirror = "reflect") -> Facts:
    """So many elements before and after each axis, mirrored without the one at the border, or with it."""
    return _padded("MIRROR_PAD", x, paddings, mode)


@layer(key=f"{PREFIX}.LOCAL_RESPONSE_NORMALIZATION", name="LOCAL_RESPONSE_NORMALIZATION")
def local_response(x: Shape, *, radius: Nat = 0) -> Facts:
    """Divide by a power of the sum of squares of `2 * radius + 1` channels. Operations: that many and 5 per element."""
    require_rank(x, 4, "LOCAL_RESPONSE_NORMALIZATION")
    facts = normalized_by_neighbours((x[0], x[3], *x[1:3]), 2 * radius + 1)
    facts.kept = tuple([Kept(one.name, (one.shape[0], *one.shape[2:], one.shape[1])) for one in facts.kept])
    facts.outputs, facts.dtype = (x,), "first"
    return facts
