"""Pooling of windows, of whole axes, and to a wanted size, in Keras's words.

Three families, each one rule of `arithmetic.pooling`; the declarations only name the fields, with Keras's order and
defaults.
"""

from __future__ import annotations

from cnnsum.layers.arithmetic.pooling import pool, pool_adaptive, pool_whole
from cnnsum.layers.arithmetic.slide import Sizes, Sliding
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Layout, Shape
from cnnsum.layers.keras.fields import POOL, DataFormat, Padding
from cnnsum.layers.kinds import Flag, One, Pair, Triple


def _windows(
    what: str, pool_size: Sizes, strides: Sizes | None, padding: Padding, data_format: Layout | None
) -> Sliding:
    """Windows without holes, side by side where no strides are given."""
    ones = (1,) * len(pool_size)
    return Sliding(what, pool_size, strides or pool_size, ones, padding, data_format, POOL)


@layer(role="max pooling", built=True, aliases="MaxPool1D")
def MaxPooling1D(
    x: Shape,
    *,
    pool_size: One = (2,),
    strides: One | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The largest of each window of a sequence, per channel: `(T, C)` becomes `(T', C)`.

    Lengths: padding "valid" gives `T' = floor((T - pool_size) / strides) + 1`, the first window and one more for each
    stride that fits; "same" gives `ceil(T / strides)`, a window for each stride begun. Strides not given are the
    pool_size.
    No weights: the largest of some numbers needs nothing learned. Operations: `pool_size - 1` comparisons per output
    element. Backpropagation keeps the input and the index of each maximum (int64), which tells where the gradient goes.
    """
    return pool(x, _windows("MaxPooling1D", pool_size, strides, padding, data_format), largest=True)


@layer(role="max pooling", built=True, aliases="MaxPool2D")
def MaxPooling2D(
    x: Shape,
    *,
    pool_size: Pair = (2, 2),
    strides: Pair | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The largest of each window of an image, per channel: `(H, W, C)` becomes `(H', W', C)`.

    Lengths: padding "valid" gives `H' = floor((H - ph) / strides) + 1`, the first window and one more for each stride
    that fits; "same" gives `ceil(H / strides)`, a window for each stride begun; the same for `W`. Strides not given are
    the pool_size.
    No weights: the largest of some numbers needs nothing learned. Operations: `ph * pw - 1` comparisons per output
    element. Backpropagation keeps the input and the index of each maximum (int64), which tells where the gradient goes.
    """
    return pool(x, _windows("MaxPooling2D", pool_size, strides, padding, data_format), largest=True)


@layer(role="max pooling", built=True, aliases="MaxPool3D")
def MaxPooling3D(
    x: Shape,
    *,
    pool_size: Triple = (2, 2, 2),
    strides: Triple | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The largest of each window of a volume, per channel: `(D, H, W, C)` becomes `(D', H', W', C)`.

    Lengths as in MaxPooling2D. No weights. Operations: `pd * ph * pw - 1` comparisons per output element.
    Backpropagation keeps the input and the index of each maximum (int64), which tells where the gradient goes.
    """
    return pool(x, _windows("MaxPooling3D", pool_size, strides, padding, data_format), largest=True)


@layer(role="mean pooling", built=True, aliases="AvgPool1D")
def AveragePooling1D(
    x: Shape,
    *,
    pool_size: One,
    strides: One | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The mean of each window of a sequence, per channel: `(T, C)` becomes `(T', C)`.

    Lengths as in MaxPooling1D. No weights. Operations: `pool_size` per output element (its additions but one, and
    the division). Backpropagation keeps the input, as `torch.nn.functional.avg_pool1d` does.
    """
    return pool(x, _windows("AveragePooling1D", pool_size, strides, padding, data_format), largest=False)


@layer(role="mean pooling", built=True, aliases="AvgPool2D")
def AveragePooling2D(
    x: Shape,
    *,
    pool_size: Pair,
    strides: Pair | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The mean of each window of an image, per channel: `(H, W, C)` becomes `(H', W', C)`.

    Lengths as in MaxPooling2D. No weights. Operations: `ph * pw` per output element (the additions and the division).
    Backpropagation keeps the input, as `torch.nn.functional.avg_pool2d` does.
    """
    return pool(x, _windows("AveragePooling2D", pool_size, strides, padding, data_format), largest=False)


@layer(role="mean pooling", built=True, aliases="AvgPool3D")
def AveragePooling3D(
    x: Shape,
    *,
    pool_size: Triple,
    strides: Triple | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Facts:
    """The mean of each window of a volume, per channel: `(D, H, W, C)` becomes `(D', H', W', C)`.

    Lengths as in MaxPooling2D. No weights. Operations: `pd * ph * pw` per output element (the additions and the
    division). Backpropagation keeps the input, as `torch.nn.functional.avg_pool3d` does.
    """
    return pool(x, _windows("AveragePooling3D", pool_size, strides, padding, data_format), largest=False)


@layer(role="global max pooling", built=True, aliases="GlobalMaxPool1D")
def GlobalMaxPooling1D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The largest value of each channel of a sequence: `(T, C)` becomes `(C)`, or `(1, C)` with keepdims.

    No weights. Operations: `T - 1` comparisons per channel. Backpropagation keeps the index of each maximum (int64),
    which is what `torch.max` along an axis keeps.
    """
    return pool_whole("GlobalMaxPooling1D", x, 1, data_format, keepdims, largest=True)


@layer(role="global max pooling", built=True, aliases="GlobalMaxPool2D")
def GlobalMaxPooling2D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The largest value of each channel of an image: `(H, W, C)` becomes `(C)`, or `(1, 1, C)` with keepdims.

    No weights. Operations: `H * W - 1` comparisons per channel. Backpropagation keeps the index of each maximum
    (int64), which is what `torch.max` along the flattened axes keeps.
    """
    return pool_whole("GlobalMaxPooling2D", x, 2, data_format, keepdims, largest=True)


@layer(role="global max pooling", built=True, aliases="GlobalMaxPool3D")
def GlobalMaxPooling3D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The largest value of each channel of a volume: `(D, H, W, C)` becomes `(C)`, or `(1, 1, 1, C)` with keepdims.

    No weights. Operations: `D * H * W - 1` comparisons per channel. Backpropagation keeps the index of each maximum
    (int64), which is what `torch.max` along the flattened axes keeps.
    """
    return pool_whole("GlobalMaxPooling3D", x, 3, data_format, keepdims, largest=True)


@layer(role="global mean pooling", built=True, aliases="GlobalAvgPool1D")
def GlobalAveragePooling1D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The mean of each channel of a sequence: `(T, C)` becomes `(C)`, or `(1, C)` with keepdims.

    No weights. Operations: `T` per channel (the additions and the division). Backpropagation keeps nothing: the
    gradient of a mean needs only the shape, as in `torch.mean`.
    """
    return pool_whole("GlobalAveragePooling1D", x, 1, data_format, keepdims, largest=False)


@layer(role="global mean pooling", built=True, aliases="GlobalAvgPool2D")
def GlobalAveragePooling2D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The mean of each channel of an image: `(H, W, C)` becomes `(C)`, or `(1, 1, C)` with keepdims.

    No weights. Operations: `H * W` per channel (the additions and the division). Backpropagation keeps nothing: the
    gradient of a mean needs only the shape, as in `torch.mean`.
    """
    return pool_whole("GlobalAveragePooling2D", x, 2, data_format, keepdims, largest=False)


@layer(role="global mean pooling", built=True, aliases="GlobalAvgPool3D")
def GlobalAveragePooling3D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The mean of each channel of a volume: `(D, H, W, C)` becomes `(C)`, or `(1, 1, 1, C)` with keepdims.

    No weights. Operations: `D * H * W` per channel (the additions and the division). Backpropagation keeps nothing:
    the gradient of a mean needs only the shape, as in `torch.mean`.
    """
    return pool_whole("GlobalAveragePooling3D", x, 3, data_format, keepdims, largest=False)


@layer(role="adaptive max pooling")
def AdaptiveMaxPooling1D(x: Shape, *, output_size: One, data_format: DataFormat | None = None) -> Facts:
    """The largest of each of `output_size` windows that cover a sequence: `(T, C)` becomes `(output_size, C)`.

    Window `i` reads from `floor(i * T / output_size)` to `ceil((i + 1) * T / output_size)`. No weights. Operations:
    one comparison less than positions in a window. Backpropagation keeps the input and the index of each maximum
    (int64).
    """
    return pool_adaptive("AdaptiveMaxPooling1D", x, output_size, data_format, largest=True)


@layer(role="adaptive max pooling")
def AdaptiveMaxPooling2D(x: Shape, *, output_size: Pair, data_format: DataFormat | None = None) -> Facts:
    """The largest of each of `oh x ow` windows that cover an image: `(H, W, C)` becomes `(oh, ow, C)`.

    Windows along each axis as in AdaptiveMaxPooling1D. No weights. Operations: one comparison less than positions in a
    window. Backpropagation keeps the input and the index of each maximum (int64).
    """
    return pool_adaptive("AdaptiveMaxPooling2D", x, output_size, data_format, largest=True)


@layer(role="adaptive max pooling")
def AdaptiveMaxPooling3D(x: Shape, *, output_size: Triple, data_format: DataFormat | None = None) -> Facts:
    """The largest of each of `od x oh x ow` windows that cover a volume: `(D, H, W, C)` becomes `(od, oh, ow, C)`.

    Windows along each axis as in AdaptiveMaxPooling1D. No weights. Operations: one comparison less than positions in a
    window. Backpropagation keeps the input and the index of each maximum (int64).
    """
    return pool_adaptive("AdaptiveMaxPooling3D", x, output_size, data_format, largest=True)


@layer(role="adaptive mean pooling")
def AdaptiveAveragePooling1D(x: Shape, *, output_size: One, data_format: DataFormat | None = None) -> Facts:
    """The mean of each of `output_size` windows that cover a sequence: `(T, C)` becomes `(output_size, C)`.

    Windows as in AdaptiveMaxPooling1D. No weights. Operations: the positions in all windows. Backpropagation keeps the
    input, as `torch.nn.functional.adaptive_avg_pool1d` does; nothing where there is one window.
    """
    return pool_adaptive("AdaptiveAveragePooling1D", x, output_size, data_format, largest=False)


@layer(role="adaptive mean pooling")
def AdaptiveAveragePooling2D(x: Shape, *, output_size: Pair, data_format: DataFormat | None = None) -> Facts:
    """The mean of each of `oh x ow` windows that cover an image: `(H, W, C)` becomes `(oh, ow, C)`.

    Windows as in AdaptiveMaxPooling1D. No weights. Operations: the positions in all windows. Backpropagation keeps the
    input, as `torch.nn.functional.adaptive_avg_pool2d` does; nothing where there is one window.
    """
    return pool_adaptive("AdaptiveAveragePooling2D", x, output_size, data_format, largest=False)


@layer(role="adaptive mean pooling")
def AdaptiveAveragePooling3D(x: Shape, *, output_size: Triple, data_format: DataFormat | None = None) -> Facts:
    """The mean of each of `od x oh x ow` windows that cover a volume: `(D, H, W, C)` becomes `(od, oh, ow, C)`.

    Windows as in AdaptiveMaxPooling1D. No weights. Operations: the positions in all windows. Backpropagation keeps the
    input, as `torch.nn.functional.adaptive_avg_pool3d` does; nothing where there is one window.
    """
    return pool_adaptive("AdaptiveAveragePooling3D", x, output_size, data_format, largest=False)
