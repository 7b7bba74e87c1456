"""Pooling of windows, of powers, and to a wanted size, in PyTorch's words.

Each family is one rule for one, two and three axes; the declarations only name the fields, with PyTorch's order and
defaults.
"""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least
from cnnsum.layers.arithmetic.pooling import pool, pool_adaptive, with_indices
from cnnsum.layers.arithmetic.slide import Sizes, Sliding, spatial
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, with_shape
from cnnsum.layers.kinds import Flag, Kind, One, Pair, Pos, Reading, Triple, integer, items
from cnnsum.layers.requiring import require_at_least
from cnnsum.layers.torch.fields import KERNEL, Pads, Pads1, Pads2, Pads3
from cnnsum.typed import Annotated


def windows_of(what: str, kernel: Sizes, stride: Sizes | None, padding: Pads, dilation: Sizes, ceil: bool) -> Sliding:
    """Windows side by side where no stride is given; PyTorch allows pads of half a kernel at most."""
    for index, (length, (amount, _)) in enumerate(zip(kernel, padding, strict=True)):
        reason = (
            f"{what} takes a padding of half of its kernel_size at most, got padding {amount} and kernel_size {length}"
        )
        if at_least(length, 2 * amount) is False:
            raise Problem("CFG116", reason, ("padding", index) if len(kernel) > 1 else "padding")
        require_at_least(length, 2 * amount, reason, code="CFG116", field="padding")
    return Sliding(what, kernel, stride or kernel, dilation, padding, "channels_first", KERNEL, ceil)


def _largest(x: Shape, sliding: Sliding, return_indices: bool) -> Facts:
    facts = pool(x, sliding, largest=True)
    return with_indices(facts) if return_indices else facts


@layer(role="max pooling")
def MaxPool1d(
    x: Shape,
    *,
    kernel_size: One,
    stride: One | None = None,
    padding: Pads1 = ((0, 0),),
    dilation: One = (1,),
    return_indices: Flag = False,
    ceil_mode: Flag = False,
) -> Facts:
    """The largest of each window of a sequence, per channel: `(C, T)` becomes `(C, T')`.

    Lengths: `floor((T + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1`; with `ceil_mode` the quotient
    is rounded up, but no window begins behind the input and its first pad. A stride that is not given is the
    kernel_size.
    No weights: the largest of some numbers needs nothing learned. Operations: `kernel_size - 1` comparisons per output
    element. Backpropagation keeps the input and the index of each maximum (int64), which tells where the gradient goes.
    """
    return _largest(x, windows_of("MaxPool1d", kernel_size, stride, padding, dilation, ceil_mode), return_indices)


@layer(role="max pooling")
def MaxPool2d(
    x: Shape,
    *,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pads2 = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    return_indices: Flag = False,
    ceil_mode: Flag = False,
) -> Facts:
    """The largest of each window of an image, per channel: `(C, H, W)` becomes `(C, H', W')`.

    Lengths: `floor((H + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1`; with `ceil_mode` the quotient
    is rounded up, but no window begins behind the input and its first pad. A stride that is not given is the
    kernel_size.
    No weights: the largest of some numbers needs nothing learned. Operations: `kh * kw - 1` comparisons per output
    element. Backpropagation keeps the input and the index of each maximum (int64), which tells where the gradient goes.
    """
    return _largest(x, windows_of("MaxPool2d", kernel_size, stride, padding, dilation, ceil_mode), return_indices)


@layer(role="max pooling")
def MaxPool3d(
    x: Shape,
    *,
    kernel_size: Triple,
    stride: Triple | None = None,
    padding: Pads3 = ((0, 0), (0, 0), (0, 0)),
    dilation: Triple = (1, 1, 1),
    return_indices: Flag = False,
    ceil_mode: Flag = False,
) -> Facts:
    """The largest of each window of a volume, per channel: `(C, D, H, W)` becomes `(C, D', H', W')`.

    Lengths: `floor((D + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1`; with `ceil_mode` the quotient
    is rounded up, but no window begins behind the input and its first pad. A stride that is not given is the
    kernel_size.
    No weights: the largest of some numbers needs nothing learned. Operations: `kd * kh * kw - 1` comparisons per output
    element. Backpropagation keeps the input and the index of each maximum (int64), which tells where the gradient goes.
    """
    return _largest(x, windows_of("MaxPool3d", kernel_size, stride, padding, dilation, ceil_mode), return_indices)


def mean_of(x: Shape, sliding: Sliding) -> Facts:
    """The mean of each window, with PyTorch's own bound for volumes."""
    if len(sliding.kernel) == 3 and len(x) == 5:
        # PyTorch counts no padding to a volume that is too small.
        for axis, kernel in enumerate(sliding.kernel, 2):
            reason = (
                f"{sliding.what} needs at least {counted(kernel, 'position')} on axis {axis}, its padding not counted"
            )
            require_at_least(x[axis], kernel, with_shape(reason, x), field="kernel_size")
    return pool(x, sliding, largest=False)


@layer(role="mean pooling")
def AvgPool1d(
    x: Shape,
    *,
    kernel_size: One,
    stride: One | None = None,
    padding: Pads1 = ((0, 0),),
    ceil_mode: Flag = False,
    count_include_pad: Flag = True,
) -> Facts:
    """The mean of each window of a sequence, per channel: `(C, T)` becomes `(C, T')`.

    Lengths: `floor((T + 2 * padding - kernel_size) / stride) + 1`; with `ceil_mode` the quotient is rounded up, but no
    window begins behind the input and its first pad. A stride that is not given is the kernel_size.
    No weights: a mean needs nothing learned. Operations: `kernel_size` per output element, additions and a division.
    Backpropagation keeps the input.
    """
    return mean_of(x, windows_of("AvgPool1d", kernel_size, stride, padding, (1,), ceil_mode))


@layer(role="mean pooling")
def AvgPool2d(
    x: Shape,
    *,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pads2 = ((0, 0), (0, 0)),
    ceil_mode: Flag = False,
    count_include_pad: Flag = True,
    divisor_override: Pos | None = None,
) -> Facts:
    """The mean of each window of an image, per channel: `(C, H, W)` becomes `(C, H', W')`.

    Lengths: `floor((H + 2 * padding - kernel_size) / stride) + 1`; with `ceil_mode` the quotient is rounded up, but no
    window begins behind the input and its first pad. A stride that is not given is the kernel_size.
    No weights: a mean needs nothing learned. Operations: `kh * kw` per output element, additions and a division.
    Backpropagation keeps the input.
    """
    return mean_of(x, windows_of("AvgPool2d", kernel_size, stride, padding, (1, 1), ceil_mode))


@layer(role="mean pooling")
def AvgPool3d(
    x: Shape,
    *,
    kernel_size: Triple,
    stride: Triple | None = None,
    padding: Pads3 = ((0, 0), (0, 0), (0, 0)),
    ceil_mode: Flag = False,
    count_include_pad: Flag = True,
    divisor_override: Pos | None = None,
) -> Facts:
    """The mean of each window of a volume, per channel: `(C, D, H, W)` becomes `(C, D', H', W')`.

    Lengths: `floor((D + 2 * padding - kernel_size) / stride) + 1`; with `ceil_mode` the quotient is rounded up, but no
    window begins behind the input and its first pad. A stride that is not given is the kernel_size.
    No weights: a mean needs nothing learned. Operations: `kd * kh * kw` per output element, additions and a division.
    Backpropagation keeps the input.
    """
    return mean_of(x, windows_of("AvgPool3d", kernel_size, stride, padding, (1, 1, 1), ceil_mode))


def _wanted(count: int) -> Kind:
    """Sizes of the output; null for an axis whose size stays."""
    expects = {
        1: "a positive integer",
        2: "a positive integer, or a list of two",
        3: "a positive integer, or a list of three",
    }[count]
    expects += " (null for a size that stays)"

    def one(value: object, reading: Reading) -> Dim | None:
        return None if value is None else integer(value, reading, "a positive integer or null", 1)

    def read(value: object, reading: Reading) -> tuple[Dim | None, ...]:
        if isinstance(value, (list, tuple)):
            return items(value, reading, one, expects, count)
        return (integer(value, reading, expects, 1),) * count

    def spelled(value: tuple[Dim | None, ...]) -> Dim | list[Dim | None] | None:
        return value[0] if all(item == value[0] for item in value) else list(value)

    return Kind(expects, read, spell=spelled)


Wanted1 = Annotated[tuple[Dim | None, ...], _wanted(1)]
Wanted2 = Annotated[tuple[Dim | None, ...], _wanted(2)]
Wanted3 = Annotated[tuple[Dim | None, ...], _wanted(3)]


def _adaptive(
    x: Shape, what: str, wanted: tuple[Dim | None, ...], *, largest: bool, return_indices: bool = False
) -> Facts:
    lengths = spatial(x, len(wanted), "channels_first", what)
    sizes = tuple([length if size is None else size for length, size in zip(lengths, wanted, strict=True)])
    facts = pool_adaptive(what, x, sizes, "channels_first", largest=largest)
    return with_indices(facts) if return_indices else facts


@layer(role="adaptive mean pooling")
def AdaptiveAvgPool1d(x: Shape, *, output_size: Wanted1) -> Facts:
    """The mean of as many windows as the output is to have, per channel: `(C, T)` becomes `(C, T')`.

    Lengths are the `output_size`; null is the size of the input. Window `i` of `n` reads from `floor(i * T / n)` to
    `ceil((i + 1) * T / n)`. No weights.
    Operations: one per position of each window. Backpropagation keeps the input, but for an output of one place.
    """
    return _adaptive(x, "AdaptiveAvgPool1d", output_size, largest=False)


@layer(role="adaptive mean pooling")
def AdaptiveAvgPool2d(x: Shape, *, output_size: Wanted2) -> Facts:
    """The mean of as many windows as the output is to have, per channel: `(C, H, W)` becomes `(C, H', W')`.

    Lengths are the `output_size`; null is the size of the input. Window `i` of `n` reads from `floor(i * H / n)` to
    `ceil((i + 1) * H / n)`. No weights.
    Operations: one per position of each window. Backpropagation keeps the input, but for an output of one place.
    """
    return _adaptive(x, "AdaptiveAvgPool2d", output_size, largest=False)


@layer(role="adaptive mean pooling")
def AdaptiveAvgPool3d(x: Shape, *, output_size: Wanted3) -> Facts:
    """The mean of as many windows as the output is to have, per channel: `(C, D, H, W)` becomes `(C, D', H', W')`.

    Lengths are the `output_size`; null is the size of the input. Window `i` of `n` reads from `floor(i * D / n)` to
    `ceil((i + 1) * D / n)`. No weights.
    Operations: one per position of each window. Backpropagation keeps the input, but for an output of one place.
    """
    return _adaptive(x, "AdaptiveAvgPool3d", output_size, largest=False)


@layer(role="adaptive max pooling")
def AdaptiveMaxPool1d(x: Shape, *, output_size: Wanted1, return_indices: Flag = False) -> Facts:
    """The largest of as many windows as the output is to have, per channel: `(C, T)` becomes `(C, T')`.

    Lengths are the `output_size`; null is the size of the input. Window `i` of `n` reads from `floor(i * T / n)` to
    `ceil((i + 1) * T / n)`. No weights.
    Operations: one per position of each window, less one. Backpropagation keeps the input and the index of each maximum
    (int64).
    """
    return _adaptive(x, "AdaptiveMaxPool1d", output_size, largest=True, return_indices=return_indices)


@layer(role="adaptive max pooling")
def AdaptiveMaxPool2d(x: Shape, *, output_size: Wanted2, return_indices: Flag = False) -> Facts:
    """The largest of as many windows as the output is to have, per channel: `(C, H, W)` becomes `(C, H', W')`.

    Lengths are the `output_size`; null is the size of the input. Window `i` of `n` reads from `floor(i * H / n)` to
    `ceil((i + 1) * H / n)`. No weights.
    Operations: one per position of each window, less one. Backpropagation keeps the input and the index of each maximum
    (int64).
    """
    return _adaptive(x, "AdaptiveMaxPool2d", output_size, largest=True, return_indices=return_indices)


@layer(role="adaptive max pooling")
def AdaptiveMaxPool3d(x: Shape, *, output_size: Wanted3, return_indices: Flag = False) -> Facts:
    """The largest of as many windows as the output is to have, per channel: `(C, D, H, W)` becomes `(C, D', H', W')`.

    Lengths are the `output_size`; null is the size of the input. Window `i` of `n` reads from `floor(i * D / n)` to
    `ceil((i + 1) * D / n)`. No weights.
    Operations: one per position of each window, less one. Backpropagation keeps the input and the index of each maximum
    (int64).
    """
    return _adaptive(x, "AdaptiveMaxPool3d", output_size, largest=True, return_indices=return_indices)
