"""Pooling: the maximum or the mean of windows, of whole axes, and of as many windows as an output is to have.

Three families, each one rule for one, two and three axes; the declarations only name the fields, with Keras's order
and defaults.
"""

from __future__ import annotations

from math import gcd

from cnnsum.dims import UNKNOWN, Dim, ceil_div, divides, prod
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Kept, Reach, Shape, Window, less, size
from cnnsum.layers.kinds import DataFormat, Flag, One, Padding, Pair, Triple
from cnnsum.layers.slide import Sizes, Sliding, arrange, channels, slide, spatial


def _pool(
    what: str,
    x: Shape,
    pool_size: Sizes,
    strides: Sizes | None,
    padding: str,
    data_format: str | None,
    *,
    largest: bool,
) -> Facts:
    ones = (1,) * len(pool_size)
    sliding = Sliding(what, pool_size, strides or pool_size, ones, padding, data_format, "pool_size")
    lengths, window = slide(x, sliding)
    depth = channels(x, data_format)
    out = arrange(x[0], lengths, depth, data_format)
    reads = prod(pool_size)
    return Facts(
        out,
        ops=prod(lengths) * depth * (reads - 1 if largest else reads),
        keeps_input=True,
        kept=(Kept("indices", out, "int64"),) if largest else (),
        window=window,
    )


@layer(aliases="MaxPool1D")
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
    return _pool("MaxPooling1D", x, pool_size, strides, padding, data_format, largest=True)


@layer(aliases="MaxPool2D")
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
    return _pool("MaxPooling2D", x, pool_size, strides, padding, data_format, largest=True)


@layer(aliases="MaxPool3D")
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
    return _pool("MaxPooling3D", x, pool_size, strides, padding, data_format, largest=True)


@layer(aliases="AvgPool1D")
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
    return _pool("AveragePooling1D", x, pool_size, strides, padding, data_format, largest=False)


@layer(aliases="AvgPool2D")
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
    return _pool("AveragePooling2D", x, pool_size, strides, padding, data_format, largest=False)


@layer(aliases="AvgPool3D")
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
    return _pool("AveragePooling3D", x, pool_size, strides, padding, data_format, largest=False)


def _global(what: str, x: Shape, axes: int, data_format: str | None, keepdims: bool, *, largest: bool) -> Facts:
    spatial(x, axes, data_format, what)
    depth = channels(x, data_format)
    out = arrange(x[0], (1,) * axes, depth, data_format) if keepdims else (x[0], depth)
    return Facts(
        out,
        ops=less(size(x), depth) if largest else size(x),
        kept=(Kept("indices", out, "int64"),) if largest else (),
        window=EVERYTHING,
    )


@layer(aliases="GlobalMaxPool1D")
def GlobalMaxPooling1D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The largest value of each channel of a sequence: `(T, C)` becomes `(C)`, or `(1, C)` with keepdims.

    No weights. Operations: `T - 1` comparisons per channel. Backpropagation keeps the index of each maximum (int64),
    which is what `torch.max` along an axis keeps.
    """
    return _global("GlobalMaxPooling1D", x, 1, data_format, keepdims, largest=True)


@layer(aliases="GlobalMaxPool2D")
def GlobalMaxPooling2D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The largest value of each channel of an image: `(H, W, C)` becomes `(C)`, or `(1, 1, C)` with keepdims.

    No weights. Operations: `H * W - 1` comparisons per channel. Backpropagation keeps the index of each maximum
    (int64), which is what `torch.max` along the flattened axes keeps.
    """
    return _global("GlobalMaxPooling2D", x, 2, data_format, keepdims, largest=True)


@layer(aliases="GlobalMaxPool3D")
def GlobalMaxPooling3D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The largest value of each channel of a volume: `(D, H, W, C)` becomes `(C)`, or `(1, 1, 1, C)` with keepdims.

    No weights. Operations: `D * H * W - 1` comparisons per channel. Backpropagation keeps the index of each maximum
    (int64), which is what `torch.max` along the flattened axes keeps.
    """
    return _global("GlobalMaxPooling3D", x, 3, data_format, keepdims, largest=True)


@layer(aliases="GlobalAvgPool1D")
def GlobalAveragePooling1D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The mean of each channel of a sequence: `(T, C)` becomes `(C)`, or `(1, C)` with keepdims.

    No weights. Operations: `T` per channel (the additions and the division). Backpropagation keeps nothing: the
    gradient of a mean needs only the shape, as in `torch.mean`.
    """
    return _global("GlobalAveragePooling1D", x, 1, data_format, keepdims, largest=False)


@layer(aliases="GlobalAvgPool2D")
def GlobalAveragePooling2D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The mean of each channel of an image: `(H, W, C)` becomes `(C)`, or `(1, 1, C)` with keepdims.

    No weights. Operations: `H * W` per channel (the additions and the division). Backpropagation keeps nothing: the
    gradient of a mean needs only the shape, as in `torch.mean`.
    """
    return _global("GlobalAveragePooling2D", x, 2, data_format, keepdims, largest=False)


@layer(aliases="GlobalAvgPool3D")
def GlobalAveragePooling3D(x: Shape, *, data_format: DataFormat | None = None, keepdims: Flag = False) -> Facts:
    """The mean of each channel of a volume: `(D, H, W, C)` becomes `(C)`, or `(1, 1, 1, C)` with keepdims.

    No weights. Operations: `D * H * W` per channel (the additions and the division). Backpropagation keeps nothing:
    the gradient of a mean needs only the shape, as in `torch.mean`.
    """
    return _global("GlobalAveragePooling3D", x, 3, data_format, keepdims, largest=False)


def _adapt(what: str, x: Shape, output_size: Sizes, data_format: str | None, *, largest: bool) -> Facts:
    lengths = spatial(x, len(output_size), data_format, what)
    depth = channels(x, data_format)
    out = arrange(x[0], output_size, depth, data_format)
    reads: Dim = depth
    exact = True
    for length, count in zip(lengths, output_size, strict=True):
        along, known = _windows_total(length, count)
        reads = reads * along
        exact = exact and known
    whole = all(count == 1 for count in output_size)
    return Facts(
        out,
        ops=less(reads, size(out)) if largest else reads,
        # PyTorch turns an adaptive mean of one window into `torch.mean`, which keeps nothing.
        keeps_input=largest or not whole,
        kept=(Kept("indices", out, "int64"),) if largest else (),
        window=EVERYTHING if whole else _even_windows(lengths, output_size),
        status="exact" if exact else "bound",
    )


def _windows_total(length: Dim, count: Dim) -> tuple[Dim, bool]:
    """The samples in all `count` windows together, and whether that is exact.

    Window `i` reads from `floor(i * n / count)` to `ceil((i + 1) * n / count)`. Summed up, every border that is not
    between two samples is read twice: `n + count - gcd(n, count)`. For a formula `n`, the gcd is the sum of
    `phi(d)` over the divisors `d` of `count` that divide `n`.
    """
    if length is UNKNOWN or divides(count, length):
        return length, True
    if not isinstance(count, int) or count > _MOST_WINDOWS:
        return length + count - 1, False
    if isinstance(length, int):
        return length + count - gcd(length, count), True
    total = length + count
    for divisor in range(1, count + 1):
        if count % divisor == 0:
            coprime = sum(gcd(number, divisor) == 1 for number in range(divisor))
            total = total - coprime * (1 - (ceil_div(length, divisor) - length // divisor))
    return total, True


_MOST_WINDOWS = 1024


def _even_windows(lengths: Shape, output_size: Sizes) -> Reach:
    """Windows side by side where every axis is a multiple of its count; others are not followed."""
    if not all(divides(count, length) for length, count in zip(lengths, output_size, strict=True)):
        return NOT_FOLLOWED
    steps = [length // count for length, count in zip(lengths, output_size, strict=True)]
    return tuple(Window(step, step) for step in steps)


@layer
def AdaptiveMaxPooling1D(x: Shape, *, output_size: One, data_format: DataFormat | None = None) -> Facts:
    """The largest of each of `output_size` windows that cover a sequence: `(T, C)` becomes `(output_size, C)`.

    Window `i` reads from `floor(i * T / output_size)` to `ceil((i + 1) * T / output_size)`. No weights. Operations:
    one comparison less than samples in a window. Backpropagation keeps the input and the index of each maximum (int64).
    """
    return _adapt("AdaptiveMaxPooling1D", x, output_size, data_format, largest=True)


@layer
def AdaptiveMaxPooling2D(x: Shape, *, output_size: Pair, data_format: DataFormat | None = None) -> Facts:
    """The largest of each of `oh x ow` windows that cover an image: `(H, W, C)` becomes `(oh, ow, C)`.

    Windows along each axis as in AdaptiveMaxPooling1D. No weights. Operations: one comparison less than samples in a
    window. Backpropagation keeps the input and the index of each maximum (int64).
    """
    return _adapt("AdaptiveMaxPooling2D", x, output_size, data_format, largest=True)


@layer
def AdaptiveMaxPooling3D(x: Shape, *, output_size: Triple, data_format: DataFormat | None = None) -> Facts:
    """The largest of each of `od x oh x ow` windows that cover a volume: `(D, H, W, C)` becomes `(od, oh, ow, C)`.

    Windows along each axis as in AdaptiveMaxPooling1D. No weights. Operations: one comparison less than samples in a
    window. Backpropagation keeps the input and the index of each maximum (int64).
    """
    return _adapt("AdaptiveMaxPooling3D", x, output_size, data_format, largest=True)


@layer
def AdaptiveAveragePooling1D(x: Shape, *, output_size: One, data_format: DataFormat | None = None) -> Facts:
    """The mean of each of `output_size` windows that cover a sequence: `(T, C)` becomes `(output_size, C)`.

    Windows as in AdaptiveMaxPooling1D. No weights. Operations: the samples in all windows. Backpropagation keeps the
    input, as `torch.nn.functional.adaptive_avg_pool1d` does; nothing where there is one window.
    """
    return _adapt("AdaptiveAveragePooling1D", x, output_size, data_format, largest=False)


@layer
def AdaptiveAveragePooling2D(x: Shape, *, output_size: Pair, data_format: DataFormat | None = None) -> Facts:
    """The mean of each of `oh x ow` windows that cover an image: `(H, W, C)` becomes `(oh, ow, C)`.

    Windows as in AdaptiveMaxPooling1D. No weights. Operations: the samples in all windows. Backpropagation keeps the
    input, as `torch.nn.functional.adaptive_avg_pool2d` does; nothing where there is one window.
    """
    return _adapt("AdaptiveAveragePooling2D", x, output_size, data_format, largest=False)


@layer
def AdaptiveAveragePooling3D(x: Shape, *, output_size: Triple, data_format: DataFormat | None = None) -> Facts:
    """The mean of each of `od x oh x ow` windows that cover a volume: `(D, H, W, C)` becomes `(od, oh, ow, C)`.

    Windows as in AdaptiveMaxPooling1D. No weights. Operations: the samples in all windows. Backpropagation keeps the
    input, as `torch.nn.functional.adaptive_avg_pool3d` does; nothing where there is one window.
    """
    return _adapt("AdaptiveAveragePooling3D", x, output_size, data_format, largest=False)
