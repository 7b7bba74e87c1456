"""Sliding windows: layouts, output lengths and windows of everything that moves a kernel along spatial axes.

One, two and three axes, both layouts, and every way to pad are one rule here. All functions take dims, so a length may
be a number or a formula. Knows no layer type: `what` is the name that messages give to the layer, and `words` are those
of its fields.
"""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.dims import Dim, at_least, ceil_div, maximum, minimum
from cnnsum.layers.facts import Kept, Layout, Shape, Window, show_shape, with_shape
from cnnsum.layers.requiring import require_at_least, require_known, require_rank
from cnnsum.typed import Literal, NamedTuple

Sizes = tuple[Dim, ...]
#: "valid": none. "same": as many zeros as give an output for each stride begun, the smaller half of them before the
#: first position, as TensorFlow has it. "causal": all of them before it. Or a pair (before, after) for each axis.
Padding = Literal["valid", "same", "causal"] | tuple[tuple[Dim, Dim], ...]


class Words(NamedTuple):
    """What messages call the fields of a layer that slides. enough: the mend of an input that is too small."""

    kernel: str = "kernel_size"
    dilation: str = "dilation"
    enough: str | None = None


class Sliding(NamedTuple):
    """How a kernel moves: the layer's name for messages, then one number for each spatial axis.

    layout: None is "channels_last". ceil: whether a last window that begins inside, but ends beyond the padded input is
    counted (`ceil_mode` of PyTorch's pooling, Caffe's rounding).
    """

    what: str
    kernel: Sizes
    strides: Sizes
    dilation: Sizes
    padding: Padding
    layout: Layout | None
    words: Words = Words()
    ceil: bool = False


def spatial(x: Shape, axes: int, layout: Layout | None, what: str) -> Shape:
    """The spatial dims of an input that must have `axes` of them, a batch axis and a channel axis."""
    if len(x) != axes + 2:
        require_rank(x, axes + 2, what)
    return x[2:] if layout == "channels_first" else x[1:-1]


def channels(x: Shape, layout: Layout | None) -> Dim:
    """The channel dim."""
    return x[1] if layout == "channels_first" else x[-1]


def known_channels(x: Shape, layout: Layout | None, what: str) -> Dim:
    """The channel dim of an input that a weight takes a size from."""
    dim = x[1] if layout == "channels_first" else x[-1]
    if not isinstance(dim, int):
        require_known(dim, x, what)
    return dim


def arrange(batch: Dim, lengths: Shape, depth: Dim, layout: Layout | None) -> Shape:
    """A shape from its parts, in the layout."""
    return (batch, depth, *lengths) if layout == "channels_first" else (batch, *lengths, depth)


def first_spatial_axis(layout: Layout | None) -> int:
    """The axis of `x` that the spatial axes begin at."""
    return 2 if layout == "channels_first" else 1


def slide(x: Shape, sliding: Sliding) -> tuple[Shape, tuple[Window, ...]]:
    """Output lengths and windows of a kernel that slides over the spatial axes.

    With `span = (kernel - 1) * dilation + 1` and `total` the length with its padding, there are
    `floor((total - span) / stride) + 1` outputs. "same" and "causal" pad so that these are `ceil(length / stride)`:
    `(out - 1) * stride + span - length` zeros in all for the one, `span - 1` before the first position for the other.
    With `ceil` the quotient is rounded up, but the last window begins inside the input or in the padding before it:
    PyTorch's rule (`pooling_output_shape`).
    """
    what, kernels, strides, dilations, padding, layout, _, ceil = sliding
    spatial(x, len(kernels), layout, what)
    axis = first = first_spatial_axis(layout)
    lengths: list[Dim] = []
    windows: list[Window] = []
    for kernel, stride, dilation in zip(kernels, strides, dilations, strict=True):
        length = x[axis]
        span = kernel if dilation == 1 else (kernel - 1) * dilation + 1
        before: Dim = 0
        if padding == "same":
            out = length if stride == 1 else (length - 1) // stride + 1
            before = _half_padding(length, out, stride, span)
        elif padding == "causal":
            out = length if stride == 1 else (length - 1) // stride + 1
            before = span - 1
        elif padding == "valid" and not ceil:
            if not isinstance(length, int) or not isinstance(span, int) or length < span:
                _require_span(x, axis, span, sliding, kernel, dilation)
            out = length - (span - 1) if stride == 1 else (length - span) // stride + 1
        else:
            before, after = (0, 0) if padding == "valid" else padding[axis - first]
            more = span - before - after
            _require_span(x, axis, more - (stride - 1) if ceil else more, sliding, kernel, dilation)
            if not ceil:
                out = (length - more) // stride + 1
            else:
                out = minimum(ceil_div(length - more, stride), (length + before - 1) // stride) + 1
        lengths.append(out)
        windows.append(Window(kernel, stride, dilation, before))
        axis += 1
    return tuple(lengths), tuple(windows)


def padded_copy(x: Shape, sliding: Sliding) -> tuple[Kept, ...]:
    """The copy of the input that a convolution works on, and keeps, where zeros cannot be as long on both sides.

    Such zeros are not part of a convolution, but a tensor of their own, in PyTorch and Keras alike. They are those of
    "causal", of pairs of two different numbers, and of "same" with an even span that moves by one. With larger strides
    the zeros of "same" depend on the length, and the same positions are met by as many on both sides.
    """
    padding = sliding.padding
    if padding == "valid":
        return ()
    kernels = list(zip(sliding.kernel, sliding.strides, sliding.dilation, strict=True))
    spans = [(kernel - 1) * dilation + 1 for kernel, _, dilation in kernels]
    axis = first_spatial_axis(sliding.layout)
    longer = list(x)
    if isinstance(padding, tuple):
        uneven = any(before != after for before, after in padding)
    elif padding == "causal":
        uneven = spans[0] != 1
    else:
        ones = [span for span, (_, stride, _) in zip(spans, kernels, strict=True) if stride == 1]
        uneven = any(isinstance(span, int) and span % 2 == 0 for span in ones)
    if not uneven:
        return ()
    for at, (span, (_, stride, _)) in enumerate(zip(spans, kernels, strict=True), axis):
        length = x[at]
        if isinstance(padding, tuple):
            longer[at] = length + sum(padding[at - axis])
        elif padding == "causal" or stride == 1:
            longer[at] = length + (span - 1)
        else:
            longer[at] = length + maximum(0, ((length - 1) // stride) * stride + span - length)
    return (Kept("padded input", tuple(longer)),)


def _half_padding(length: Dim, out: Dim, stride: Dim, span: Dim) -> Dim:
    if stride == 1 or span in (1, 2):  # there are never more zeros than span - 1
        return (span - 1) // 2
    total = (out - 1) * stride + span - length
    if isinstance(total, int):
        return total // 2 if total > 0 else 0
    # (out - 1) * stride - length is at least -stride, so that a span of the stride or more leaves nothing negative.
    return (total if at_least(span, stride) else maximum(0, total)) // 2


def _require_span(x: Shape, axis: int, least: Dim, sliding: Sliding, kernel: Dim, dilation: Dim) -> None:
    words = sliding.words
    dilated = "" if dilation == 1 else f" and {words.dilation} {dilation}"
    needed = counted(least, "position")
    what = f"{sliding.what} with {words.kernel} {kernel}{dilated} needs at least {needed} on axis {axis}"
    require_at_least(x[axis], least, with_shape(what, x), help=words.enough, field=words.kernel)


def unslide(x: Shape, sliding: Sliding, output_padding: Sizes | None) -> tuple[Shape, tuple[Window, ...]]:
    """Output lengths and windows of a transposed convolution.

    With `span` as in `slide`, "valid" gives `(n - 1) * stride + span + output_padding`, where the `output_padding` that
    is not given is `max(stride - span, 0)`; "same" gives `n * stride`, or with an `output_padding` given
    `(n - 1) * stride + span % 2 + output_padding`; pairs cut what they name off both ends of the result of "valid", in
    which an `output_padding` that is not given is 0. The result is the window's kernel slid by 1 over the input with
    its positions spread `stride` apart, `before` zeros in front.
    """
    what, kernels, strides, dilations, padding, layout, *_ = sliding
    spatial(x, len(kernels), layout, what)
    axis = first = first_spatial_axis(layout)
    extras = (None,) * len(kernels) if output_padding is None else output_padding
    lengths: list[Dim] = []
    windows: list[Window] = []
    for kernel, stride, dilation, extra in zip(kernels, strides, dilations, extras, strict=True):
        length = x[axis]
        span = kernel if dilation == 1 else (kernel - 1) * dilation + 1
        before = span - 1
        if padding == "valid":
            out = (length - 1) * stride + (maximum(span, stride) if extra is None else span + extra)
        elif isinstance(padding, tuple):
            cut, end = padding[axis - first]
            out = (length - 1) * stride + span + (0 if extra is None else extra) - cut - end
            before = before - cut
            _require_output(x, axis, out, what, "padding")
        else:
            if extra is None:
                out = length * stride
                total = stride + span - 2
            else:
                out = (length - 1) * stride + span % 2 + extra
                total = span + span % 2 - 2 + extra
                _require_output(x, axis, out, what, "output_padding")
            before = minimum((total + 1) // 2, before)
        lengths.append(out)
        windows.append(Window(kernel, 1, dilation, before, stride))
        axis += 1
    return tuple(lengths), tuple(windows)


def _require_output(x: Shape, axis: int, out: Dim, what: str, field: str) -> None:
    if not isinstance(out, int) or out < 1:
        require_at_least(
            out,
            1,
            f"{what} with this {field} needs more positions on axis {axis}, got {show_shape(x)}",
            code="SHP210",
            field=field,
        )
