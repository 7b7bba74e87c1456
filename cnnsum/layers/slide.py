"""Sliding windows: layouts, output lengths and windows of everything that moves a kernel along spatial axes.

One, two and three dimensions and both layouts are one rule here. All functions take dims, so a length may be a number
or a formula. Knows no layer type: `what` is the name that messages give to the layer.
"""

from __future__ import annotations

from typing import NamedTuple

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, maximum, minimum
from cnnsum.layers.base import require_at_least, require_known, require_rank, show, show_shape
from cnnsum.layers.facts import Kept, Shape, Window

Sizes = tuple[Dim, ...]


class Sliding(NamedTuple):
    """How a layer's kernel moves: the layer's name for messages, and its fields, one size per spatial axis."""

    what: str
    kernel_size: Sizes
    strides: Sizes
    dilation_rate: Sizes
    padding: str
    data_format: str | None
    noun: str = "kernel_size"


def spatial(x: Shape, axes: int, data_format: str | None, what: str) -> Shape:
    """The spatial dims of an input that must have `axes` of them, a batch axis and a channel axis."""
    if len(x) != axes + 2:
        require_rank(x, axes + 2, what)
    return x[2:] if data_format == "channels_first" else x[1:-1]


def channels(x: Shape, data_format: str | None) -> Dim:
    """The channel dim."""
    return x[1] if data_format == "channels_first" else x[-1]


def known_channels(x: Shape, data_format: str | None, what: str) -> Dim:
    """The channel dim of an input that a weight takes a size from."""
    dim = x[1] if data_format == "channels_first" else x[-1]
    if not isinstance(dim, int):
        require_known(dim, x, what)
    return dim


def arrange(batch: Dim, lengths: Shape, depth: Dim, data_format: str | None) -> Shape:
    """A shape from its parts, in the layout."""
    return (batch, depth, *lengths) if data_format == "channels_first" else (batch, *lengths, depth)


def first_spatial_axis(data_format: str | None) -> int:
    """The axis of `x` that the spatial axes begin at."""
    return 2 if data_format == "channels_first" else 1


def slide(x: Shape, sliding: Sliding) -> tuple[Shape, tuple[Window, ...]]:
    """Output lengths and windows of a kernel that slides over the spatial axes.

    With `span = (kernel - 1) * dilation + 1`, padding "valid" gives `floor((n - span) / stride) + 1`; "same" and
    "causal" give `ceil(n / stride)`. As in TensorFlow, "same" pads `(out - 1) * stride + span - n` zeros, the smaller
    half of them before the first sample; "causal" pads `span - 1` before it.
    """
    what, kernel_size, strides, dilation_rate, padding, data_format, noun = sliding
    spatial(x, len(kernel_size), data_format, what)
    axis = first_spatial_axis(data_format)
    lengths: list[Dim] = []
    windows: list[Window] = []
    for kernel, stride, dilation in zip(kernel_size, strides, dilation_rate, strict=True):
        length = x[axis]
        span = kernel if dilation == 1 else (kernel - 1) * dilation + 1
        if padding == "valid":
            if not isinstance(length, int) or not isinstance(span, int) or length < span:
                _require_span(x, axis, span, f"{what} with {noun} {kernel}", dilation, noun)
            out = length - (span - 1) if stride == 1 else (length - span) // stride + 1
            before: Dim = 0
        else:
            out = length if stride == 1 else (length - 1) // stride + 1
            before = span - 1
        if padding == "same":
            before = _half_padding(length, out, stride, span)
        lengths.append(out)
        windows.append(Window(kernel, stride, dilation, before))
        axis += 1
    return tuple(lengths), tuple(windows)


def padded_copy(x: Shape, sliding: Sliding) -> tuple[Kept, ...]:
    """The copy of the input that a convolution works on, and keeps, where zeros cannot be as long on both sides.

    Such zeros are not part of a convolution, but a tensor of their own, in PyTorch and Keras alike. They are those of
    "causal", and of "same" with an even span that moves by one. With larger strides they depend on the length, and the
    same samples are met by as many on both sides.
    """
    kernels = list(zip(sliding.kernel_size, sliding.strides, sliding.dilation_rate, strict=True))
    spans = [(kernel - 1) * dilation + 1 for kernel, _, dilation in kernels]
    causal = sliding.padding == "causal" and spans[0] != 1
    even = [isinstance(span, int) and span % 2 == 0 for span in spans]
    uneven = sliding.padding == "same" and any(
        is_even and stride == 1 for is_even, (_, stride, _) in zip(even, kernels, strict=True)
    )
    if not causal and not uneven:
        return ()
    axis = first_spatial_axis(sliding.data_format)
    longer = list(x)
    for at, (span, (_, stride, _)) in enumerate(zip(spans, kernels, strict=True), axis):
        length = x[at]
        more = span - 1 if causal or stride == 1 else ((length - 1) // stride) * stride + span - length
        longer[at] = length + (more if causal or stride == 1 else maximum(0, more))
    return (Kept("padded input", tuple(longer), use="weights"),)


def _half_padding(length: Dim, out: Dim, stride: Dim, span: Dim) -> Dim:
    if stride == 1:
        return (span - 1) // 2
    total = (out - 1) * stride + span - length
    if isinstance(total, int):
        return total // 2 if total > 0 else 0
    # (out - 1) * stride - length is at least -stride, so that a span of the stride or more leaves nothing negative.
    return (total if at_least(span, stride) else maximum(0, total)) // 2


def _require_span(x: Shape, axis: int, span: Dim, what: str, dilation: Dim, field: str) -> None:
    dilated = "" if dilation == 1 else f" and dilation_rate {dilation}"
    reason = f"{what}{dilated} needs at least {span} samples on axis {axis}"
    require_at_least(x[axis], span, reason, help="`padding: same` accepts any size", field=field, got=x)


def unslide(x: Shape, sliding: Sliding, output_padding: Sizes | None) -> tuple[Shape, tuple[Window, ...]]:
    """Output lengths and windows of a transposed convolution.

    With `span` as in `slide`, padding "valid" gives `(n - 1) * stride + span + output_padding`, where the
    `output_padding` that is not given is `max(stride - span, 0)`; "same" gives `n * stride`, or with an
    `output_padding` given `(n - 1) * stride + span % 2 + output_padding`. The result is the window's kernel slid by 1
    over the input with its samples spread `stride` apart, `before` zeros in front.
    """
    what, kernel_size, strides, dilation_rate, padding, data_format, _ = sliding
    spatial(x, len(kernel_size), data_format, what)
    axis = first_spatial_axis(data_format)
    extras = (None,) * len(kernel_size) if output_padding is None else output_padding
    lengths: list[Dim] = []
    windows: list[Window] = []
    for kernel, stride, dilation, extra in zip(kernel_size, strides, dilation_rate, extras, strict=True):
        length = x[axis]
        span = kernel if dilation == 1 else (kernel - 1) * dilation + 1
        before = span - 1
        if padding == "valid":
            out = (length - 1) * stride + (maximum(span, stride) if extra is None else span + extra)
        else:
            if extra is None:
                out = length * stride
                total = stride + span - 2
            else:
                out = (length - 1) * stride + span % 2 + extra
                total = span + span % 2 - 2 + extra
                _require_output(x, axis, out, what)
            before = minimum((total + 1) // 2, before)
        lengths.append(out)
        windows.append(Window(kernel, 1, dilation, before, stride))
        axis += 1
    return tuple(lengths), tuple(windows)


def _require_output(x: Shape, axis: int, out: Dim, what: str) -> None:
    if not isinstance(out, int) or out < 1:
        require_at_least(
            out,
            1,
            f"{what} with this output_padding needs more samples on axis {axis}, got {show_shape(x)}",
            code="SHP210",
            field="output_padding",
        )


def enlarge(factors: Sizes, support: int = 0) -> tuple[Window, ...]:
    """The windows of enlarging each axis by a whole factor.

    support: how many input samples an interpolation reaches to each side of an output's place (0: the nearest one,
    1: linear, 2: cubic, 3 and 5: Lanczos), with the samples' centres at half-integers as Keras has them.
    """
    return tuple(
        Window(1)
        if factor == 1
        else Window(factor, 1, 1, factor - 1, factor)
        if support == 0
        else Window(2 * support * factor - factor % 2, 1, 1, factor // 2 + support * factor - 1, factor)
        for factor in factors
    )


def refuse_stride_and_dilation(sliding: Sliding) -> None:
    """Keras slides a kernel with gaps by 1 only: raise Problem where both are above 1."""
    if _above_one(sliding.dilation_rate) and _above_one(sliding.strides):
        raise Problem(
            "CFG111",
            f"{sliding.what} cannot have both strides and dilation_rate above 1, "
            f"got strides {show(sliding.strides)} and dilation_rate {show(sliding.dilation_rate)}",
            "dilation_rate",
        )


def _above_one(sizes: Sizes) -> bool:
    return any(dim != 1 and (isinstance(dim, int) or at_least(dim, 2)) for dim in sizes)
