"""Operations that layers have too: pooling, resizing, normalisation, attention, gates, colours.

Found and called as `operations` says. Each is the layer's rule under the operation's name and fields.
"""

from __future__ import annotations

from math import prod

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, maximum
from cnnsum.layers.arithmetic.axes import places_of, without, work_along
from cnnsum.layers.arithmetic.slide import Sliding, arrange, channels, slide, spatial
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Kept, Layout, Shape, seen_along, show_shape, size
from cnnsum.layers.keras import normalization, pooling, reshaping
from cnnsum.layers.keras.fields import KERNEL, DataFormat, Padding
from cnnsum.layers.keras.operations import NN
from cnnsum.layers.keras.reshaping import Interpolation
from cnnsum.layers.kinds import Axes, Flag, Nat, PairList, PlainInt, Sizes
from cnnsum.layers.requiring import require_at_least, require_equal, require_multiple

IMAGE = "keras.src.ops.image."
LINALG = "keras.src.ops.linalg."
_AXES = {3: "1D", 4: "2D", 5: "3D"}


def _pooled(kind: str, x: Shape, pool_size: object, strides: object, padding: str, data_format: Layout | None) -> Facts:
    axes = len(x) - 2
    if len(x) not in _AXES:
        raise Problem("SHP204", f"{kind}Pool needs an input of rank 3 to 5, got {show_shape(x)}")
    sizes = pool_size if isinstance(pool_size, tuple) else (pool_size,) * axes
    steps = sizes if strides is None else strides if isinstance(strides, tuple) else (strides,) * axes
    if len(sizes) != axes or len(steps) != axes:
        raise Problem("CFG102", f"`pool_size` and `strides` must have {axes} items for {show_shape(x)}", "pool_size")
    rule = getattr(pooling, f"{'Max' if kind == 'Max' else 'Average'}Pooling{_AXES[len(x)]}")
    facts: Facts = rule(x, pool_size=sizes, strides=steps, padding=padding, data_format=data_format)
    facts.dtype = "input"
    return facts


@layer(key=NN + "MaxPool", name="MaxPool")
def _max_pool(
    x: Shape,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The largest of each window, as in MaxPooling1D to 3D: `(H, W, C)` becomes `(H', W', C)`.

    No weights. Operations: as many comparisons per output element as the window has elements, less 1. Backpropagation
    keeps the input, and the place of each maximum.
    """
    return _pooled("Max", x, pool_size, strides, padding, data_format)


@layer(key=NN + "AveragePool", name="AveragePool")
def _average_pool(
    x: Shape,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The mean of each window, as in AveragePooling1D to 3D: `(H, W, C)` becomes `(H', W', C)`.

    No weights. Operations: one per element of the window and output element. Backpropagation keeps the input.
    """
    return _pooled("Average", x, pool_size, strides, padding, data_format)


@layer(key=IMAGE + "Resize", name="Resize", ignored="fill_mode fill_value")
def _resize(
    x: Shape,
    *,
    size: PairList,
    interpolation: Interpolation = "bilinear",
    antialias: Flag = False,
    crop_to_aspect_ratio: Flag = False,
    pad_to_aspect_ratio: Flag = False,
    data_format: DataFormat | None = None,
) -> Facts:
    """Resize images to a fixed size, as the layer Resizing does.

    No weights. Operations: those of Resizing. Nothing kept.
    """
    facts: Facts = reshaping.Resizing(
        x,
        height=size[0],
        width=size[1],
        interpolation=interpolation,
        antialias=antialias,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        data_format=data_format,
    )
    facts.dtype = "input"
    return facts


@layer(key=IMAGE + "ExtractPatches", name="ExtractPatches")
def _extract_patches(
    x: Shape,
    *,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """Every window of an image as a row of channels: `(H, W, C)` becomes `(H', W', kh * kw * C)`; three sizes are for
    volumes.

    No weights, no work, nothing kept.
    """
    kernel = size if isinstance(size, tuple) else (size, size)
    axes = len(kernel)
    steps = kernel if strides is None else strides if isinstance(strides, tuple) else (strides,) * axes
    holes = dilation_rate if isinstance(dilation_rate, tuple) else (dilation_rate,) * axes
    if axes not in (2, 3) or not len(steps) == len(holes) == axes:
        raise Problem(
            "CFG102", "`size` must have two or three items, and `strides` and `dilation_rate` as many", "size"
        )
    sliding = Sliding("ExtractPatches", kernel, steps, holes, padding, data_format, KERNEL._replace(kernel="size"))
    lengths, window = slide(x, sliding)
    depth = channels(x, data_format) * prod(kernel)
    return Facts(arrange(x[0], lengths, depth, data_format), window=window, dtype="input")


@layer(key=IMAGE + "RGBToGrayscale", name="RGBToGrayscale")
def _rgb_to_grayscale(x: Shape, *, data_format: DataFormat | None = None) -> Facts:
    """The brightness of each pixel. No weights. Operations: 5 per pixel, 3 products and 2 sums. Nothing kept."""
    lengths = spatial(x, 2, data_format, "RGBToGrayscale")
    out = arrange(x[0], lengths, 1, data_format)
    return Facts(out, ops=5 * size(out), dtype="input")


def _crop_or_pad(
    x: Shape,
    amounts: tuple[Dim | None, Dim | None, Dim | None, Dim | None],
    target: tuple[Dim | None, Dim | None],
    data_format: Layout | None,
    what: str,
    sign: int,
) -> Facts:
    """Images with something added (sign 1) or cut off (sign -1): two of three of before, after and target are given."""
    lengths = spatial(x, 2, data_format, what)
    out: list[Dim] = []
    for length, before, after, wanted in zip(lengths, amounts[:2], amounts[2:], target, strict=True):
        if (before, after, wanted).count(None) != 1:
            raise Problem("CFG102", f"{what} needs two of the amounts before and after and the target size")
        known: Dim = (0 if before is None else before) + (0 if after is None else after)
        reason = f"{what} to {wanted} and {known} more, got {show_shape(x)}"
        if wanted is not None and sign < 0:
            require_at_least(length, wanted + known, reason, code="SHP210")
            out.append(wanted)
        elif wanted is not None:
            require_at_least(wanted, length + known, reason, code="SHP210")
            out.append(wanted)
        else:
            if sign < 0:
                reason = f"{what} takes off {known}, got {show_shape(x)}"
                require_at_least(length, known, reason, code="SHP210")
            out.append(length + sign * known)
    return Facts(arrange(x[0], tuple(out), channels(x, data_format), data_format), dtype="input", window=NOT_FOLLOWED)


@layer(key=IMAGE + "PadImages", name="PadImages")
def _pad_images(
    x: Shape,
    *,
    top_padding: Nat | None = None,
    left_padding: Nat | None = None,
    bottom_padding: Nat | None = None,
    right_padding: Nat | None = None,
    target_height: Nat | None = None,
    target_width: Nat | None = None,
    data_format: DataFormat | None = None,
) -> Facts:
    """Add zeros around images. No weights, no work, nothing kept."""
    amounts = (top_padding, left_padding, bottom_padding, right_padding)
    return _crop_or_pad(x, amounts, (target_height, target_width), data_format, "PadImages", 1)


@layer(key=IMAGE + "CropImages", name="CropImages")
def _crop_images(
    x: Shape,
    *,
    top_cropping: Nat | None = None,
    left_cropping: Nat | None = None,
    bottom_cropping: Nat | None = None,
    right_cropping: Nat | None = None,
    target_height: Nat | None = None,
    target_width: Nat | None = None,
    data_format: DataFormat | None = None,
) -> Facts:
    """Cut off what is around images. No weights, no work, nothing kept."""
    amounts = (top_cropping, left_cropping, bottom_cropping, right_cropping)
    return _crop_or_pad(x, amounts, (target_height, target_width), data_format, "CropImages", -1)


@layer(key=NN + "Glu", name="Glu")
def _glu(x: Shape, *, axis: PlainInt = -1) -> Facts:
    """The first half of an axis, gated by the sigmoid of the second.

    No weights. Operations: 5 per output element. Backpropagation keeps the input.
    """
    (place,) = places_of(x, (axis,), "Glu")
    require_multiple(x[place], 2, f"Glu needs an even size on axis {axis}, got {show_shape(x)}", field="axis")
    out = (*x[:place], x[place] // 2, *x[place + 1 :])
    return Facts(out, ops=5 * size(out), keeps_input=True, dtype="input")


@layer(key=NN + "LayerNorm", name="LayerNorm", ignored="epsilon")
def _layer_norm(
    x: Shape, gamma: Shape | None = None, beta: Shape | None = None, *, axis: Axes = (-1,), rms_scaling: Flag = False
) -> Facts:
    """Normalise each row, as the layer LayerNormalization does; scale and offset are inputs.

    No weights. Operations: those of LayerNormalization. Backpropagation keeps the input, and the statistics per row.
    """
    places_of(x, axis, "LayerNorm")
    facts = normalization.LayerNormalization(
        x, axis=axis, center=beta is not None, scale=gamma is not None, rms_scaling=rms_scaling
    )
    facts.weights = ()
    facts.dtype = "input"
    return facts


@layer(key=NN + "RMSNorm", name="RMSNorm", ignored="epsilon")
def _rms_norm(x: Shape, scale: Shape | None = None, *, axis: Axes = (-1,)) -> Facts:
    """Divide each row by its root mean square, as the layer RMSNormalization does; the scale is an input.

    No weights. Operations: those of RMSNormalization. Backpropagation keeps the input, and the statistic per row.
    """
    places_of(x, axis, "RMSNorm")
    facts = normalization.RMSNormalization(x, axis=axis)
    facts.weights = ()
    facts.dtype = "input"
    return facts


@layer(key=LINALG + "Norm", name="Norm", ignored="ord")
def _norm(x: Shape, *, axis: Axes | None = None, keepdims: Flag = False) -> Facts:
    """The norm of the elements along `axis`, which is left out, or 1 with `keepdims`.

    No weights. Operations: 2 per element of the input. Backpropagation keeps the input and the output.
    """
    places = places_of(x, axis, "Norm")
    if axis is not None and len(places) not in (1, 2):
        raise Problem("SHP205", f"Norm needs one axis, two axes, or all (null), got {list(axis)}", "axis")
    out = without(x, places, keepdims=keepdims)
    ops, rows = work_along(x, out, 2)
    window = seen_along(x, places)
    return Facts(out, ops=ops, rows=rows, keeps_input=True, keeps_output=True, dtype="float", window=window)


@layer(key=NN + "Moments", name="Moments", ignored="synchronized")
def _moments(x: Shape, *, axes: Axes, keepdims: Flag = False) -> Facts:
    """Mean and variance along `axes`. No weights. Operations: 4 per element. Backpropagation keeps the input."""
    places = places_of(x, axes, "Moments", "axes")
    out = without(x, places, keepdims=keepdims)
    ops, rows = work_along(x, out, 4)
    return Facts(out, out, ops=ops, rows=rows, keeps_input=True, dtype="input", window=seen_along(x, places))


@layer(key=NN + "DotProductAttention", name="DotProductAttention", ignored="flash_attention attn_logits_soft_cap")
def _dot_product_attention(
    query: Shape,
    key: Shape,
    value: Shape,
    bias: Shape | None = None,
    mask: Shape | None = None,
    *,
    is_causal: Flag = False,
) -> Facts:
    """Attention of `(T, heads, D)` to `(S, heads, D)`: scores, softmax, and the values weighted with them.

    No weights. MACs: both products, `2 * heads * T * S * D`. Operations: 4 per score (scaling and softmax), one more
    for a bias. Backpropagation keeps the inputs, and the scores after softmax.
    """
    for x in (query, key, value):
        if len(x) != 4:
            raise Problem("SHP204", f"DotProductAttention needs inputs of rank 4, got {show_shape(x)}")
    depth = require_equal(
        query[3], key[3], f"DotProductAttention needs as many features, got {show_shape(query)} and {show_shape(key)}"
    )
    steps = require_equal(
        key[1], value[1], f"DotProductAttention needs as many steps, got {show_shape(key)} and {show_shape(value)}"
    )
    heads = maximum(query[2], key[2]) if query[2] != key[2] else query[2]
    scores = (query[0], heads, query[1], steps)
    return Facts(
        (*query[:3], value[3]),
        macs=size(scores) * (depth + value[3]),
        ops=(4 + (bias is not None)) * size(scores),
        keeps_input=True,
        kept=(Kept("scores", scores),),
        scratch=(scores,),
        window=EVERYTHING,
        dtype="input",
    )
