"""Windows as columns and back, and the rarer kinds of pooling, in PyTorch's words."""

from __future__ import annotations

from math import isinf

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.pooling import pool
from cnnsum.layers.arithmetic.resizing import scaled
from cnnsum.layers.arithmetic.slide import Sizes, Sliding, slide, spatial
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Shape, show_shape, size, with_shape
from cnnsum.layers.kinds import Flag, Kind, One, Pair, Reading, Real, Triple, items, real, wrong
from cnnsum.layers.requiring import require_at_least, require_equal, require_multiple, require_rank
from cnnsum.layers.torch.fields import KERNEL, Pads, Pads1, Pads2, Pads3
from cnnsum.layers.torch.pooling import mean_of, windows_of
from cnnsum.typed import Annotated


@layer
def Unfold(
    input: Shape,
    *,
    kernel_size: Pair,
    dilation: Pair = (1, 1),
    padding: Pads2 = ((0, 0), (0, 0)),
    stride: Pair = (1, 1),
) -> Facts:
    """Put the values of each window of an image into a column: `(C, H, W)` becomes `(C * kh * kw, L)`.

    Lengths: there are `floor((H + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1` windows along an axis,
    and `L` in all, those of a row side by side.
    No weights, and no operations: values are copied. Nothing kept: the gradient is the same sums as `Fold` makes.
    """
    lengths, _ = slide(input, Sliding("Unfold", kernel_size, stride, dilation, padding, "channels_first", KERNEL))
    return Facts((input[0], input[1] * prod(kernel_size), prod(lengths)), window=NOT_FOLLOWED)


@layer
def Fold(
    input: Shape,
    *,
    output_size: Pair,
    kernel_size: Pair,
    dilation: Pair = (1, 1),
    padding: Pads2 = ((0, 0), (0, 0)),
    stride: Pair = (1, 1),
) -> Facts:
    """Add columns up to the image whose windows they stand for: `(C * kh * kw, L)` becomes `(C, H, W)`.

    Lengths are the `output_size`; `L` must be the number of its windows, `floor((H + 2 * padding - dilation *
    (kernel_size - 1) - 1) / stride) + 1` along an axis. No weights. Operations: one addition per input element.
    Nothing kept: the gradient is a copy of values, as `Unfold` makes it.
    """
    require_rank(input, 3, "Fold")
    per_window = prod(kernel_size)
    shown = show_shape(input)
    reason = f"Fold with a kernel of {counted(per_window, 'position')} needs a multiple of them on axis 1, got {shown}"
    require_multiple(input[1], per_window, reason, field="kernel_size")
    out = (input[0], input[1] // per_window, *output_size)
    sliding = Sliding("Fold", kernel_size, stride, dilation, padding, "channels_first", KERNEL)
    lengths, _ = slide(out, sliding)
    count = prod(lengths)
    reason = f"Fold into [{', '.join(map(str, output_size))}] needs {count} columns, one for each window, got {shown}"
    require_equal(input[2], count, reason, field="output_size")
    return Facts(out, ops=size(input), window=NOT_FOLLOWED)


def _power(x: Shape, what: str, norm_type: float, kernel: Sizes, stride: Sizes | None, ceil: bool) -> Facts:
    """Pooling by a norm. The largest or the least absolute value is its limit."""
    if norm_type == 0:
        raise Problem("CFG102", "`norm_type` must be a number other than 0, got 0", "norm_type")
    still: Sizes = (1,) * len(kernel)
    pads: Pads = ((0, 0),) * len(kernel)
    sliding = windows_of(what, kernel, stride, pads, still, ceil)
    if isinf(norm_type):
        facts = pool(x, sliding, largest=True)
        facts.ops = facts.ops + size(x)
        facts.kept += (Kept("absolute values", x),)
        return facts
    facts = mean_of(x, sliding)
    (out,) = facts.outputs
    assert out is not None
    facts.ops = size(x) + prod(kernel) * size(out)
    facts.kept = (Kept("powers", x), *[Kept("means, step by step to the root", out)] * 4)
    return facts


@layer(role="norm pooling")
def LPPool1d(
    input: Shape, *, norm_type: Real, kernel_size: One, stride: One | None = None, ceil_mode: Flag = False
) -> Facts:
    """The norm of each window of a sequence, per channel, the root of a sum of powers: `(C, T)` becomes `(C, T')`.

    Lengths: `floor((T - kernel_size) / stride) + 1`; with `ceil_mode` the quotient is rounded up, but no window begins
    behind the input. A stride that is not given is the kernel_size. With a `norm_type` of infinity it is the largest
    absolute value. No weights.
    Operations: a power per input element, and `kernel_size` per output element, additions and a root.
    Backpropagation keeps the input, its powers, and four tensors of the output's shape on the way to the root.
    """
    return _power(input, "LPPool1d", norm_type, kernel_size, stride, ceil_mode)


@layer(role="norm pooling")
def LPPool2d(
    input: Shape, *, norm_type: Real, kernel_size: Pair, stride: Pair | None = None, ceil_mode: Flag = False
) -> Facts:
    """The norm of each window of an image, per channel, the root of a sum of powers: `(C, H, W)` becomes `(C, H', W')`.

    Lengths: `floor((H - kernel_size) / stride) + 1`; with `ceil_mode` the quotient is rounded up, but no window begins
    behind the input. A stride that is not given is the kernel_size. With a `norm_type` of infinity it is the largest
    absolute value. No weights.
    Operations: a power per input element, and `kh * kw` per output element, additions and a root.
    Backpropagation keeps the input, its powers, and four tensors of the output's shape on the way to the root.
    """
    return _power(input, "LPPool2d", norm_type, kernel_size, stride, ceil_mode)


@layer(role="norm pooling")
def LPPool3d(
    input: Shape, *, norm_type: Real, kernel_size: Triple, stride: Triple | None = None, ceil_mode: Flag = False
) -> Facts:
    """The norm of each window of a volume, per channel, the root of a sum of powers: `(C, D, H, W)` becomes
    `(C, D', H', W')`.

    Lengths: `floor((D - kernel_size) / stride) + 1`; with `ceil_mode` the quotient is rounded up, but no window begins
    behind the input. A stride that is not given is the kernel_size. With a `norm_type` of infinity it is the largest
    absolute value. No weights.
    Operations: a power per input element, and `kd * kh * kw` per output element, additions and a root.
    Backpropagation keeps the input, its powers, and four tensors of the output's shape on the way to the root.
    """
    return _power(input, "LPPool3d", norm_type, kernel_size, stride, ceil_mode)


def _ratios(count: int) -> Kind:
    """Shares of the input's sizes, one for all axes or one for each."""
    expects = f"a number between 0 and 1, or a list of {'two' if count == 2 else 'three'}"

    def one(value: object, reading: Reading) -> float:
        number: float = real(value, reading)
        if not 0 < number < 1:
            raise wrong("a number between 0 and 1", value)
        return number

    def read(value: object, reading: Reading) -> tuple[float, ...]:
        if isinstance(value, (list, tuple)):
            return items(value, reading, one, expects, count)
        return (one(value, reading),) * count

    return Kind(expects, read)


Ratio2 = Annotated[tuple[float, ...], _ratios(2)]
Ratio3 = Annotated[tuple[float, ...], _ratios(3)]


def _fractional(
    x: Shape,
    what: str,
    kernel: Sizes,
    output_size: Sizes | None,
    output_ratio: tuple[float, ...] | None,
    return_indices: bool,
) -> Facts:
    if (output_size is None) == (output_ratio is None):
        problem = "neither" if output_size is None else "both"
        message = f"{what} takes either `output_size` or `output_ratio`, got {problem}"
        raise Problem("CFG116", message, () if output_size is None else "output_ratio")
    lengths = spatial(x, len(kernel), "channels_first", what)
    sizes = output_size or tuple([scaled(one, part) for one, part in zip(lengths, output_ratio or (), strict=True)])
    field = "output_size" if output_size else "output_ratio"
    # Windows of volumes leave a position more over than they need.
    more = 1 if len(kernel) == 3 else 0
    for axis, (length, count, window) in enumerate(zip(lengths, sizes, kernel, strict=True), 2):
        require_at_least(count, 1, with_shape(f"{what} needs an output on axis {axis}", x), field=field)
        reason = f"{what} needs {count} windows of {window} on axis {axis}, each a position further at least"
        require_at_least(length, count + window - 1 + more, with_shape(reason, x), field=field)
    out = (*x[:2], *sizes)
    return Facts(
        *((out, out) if return_indices else (out,)),
        ops=size(out) * (prod(kernel) - 1),
        keeps_input=True,
        keeps_output="rest" if return_indices else False,
        kept=() if return_indices else (Kept("indices", out, "int64"),),
        rest="int64",
        window=NOT_FOLLOWED,
    )


@layer
def FractionalMaxPool2d(
    input: Shape,
    *,
    kernel_size: Pair,
    output_size: Pair | None = None,
    output_ratio: Ratio2 | None = None,
    return_indices: Flag = False,
) -> Facts:
    """The largest of windows that begin at random places, per channel: `(C, H, W)` becomes `(C, H', W')`.

    Lengths are the `output_size`, or `floor(H * output_ratio)`. No weights.
    Operations: `kh * kw - 1` comparisons per output element.
    Backpropagation keeps the input and the index of each maximum (int64).
    """
    return _fractional(input, "FractionalMaxPool2d", kernel_size, output_size, output_ratio, return_indices)


@layer
def FractionalMaxPool3d(
    input: Shape,
    *,
    kernel_size: Triple,
    output_size: Triple | None = None,
    output_ratio: Ratio3 | None = None,
    return_indices: Flag = False,
) -> Facts:
    """The largest of windows that begin at random places, per channel: `(C, D, H, W)` becomes `(C, D', H', W')`.

    Lengths are the `output_size`, or `floor(D * output_ratio)`. No weights.
    Operations: `kd * kh * kw - 1` comparisons per output element.
    Backpropagation keeps the input and the index of each maximum (int64).
    """
    return _fractional(input, "FractionalMaxPool3d", kernel_size, output_size, output_ratio, return_indices)


def _unpooled(
    x: Shape, indices: Shape, what: str, kernel: Sizes, stride: Sizes | None, padding: Pads, output_size: Sizes | None
) -> Facts:
    lengths = spatial(x, len(kernel), "channels_first", what)
    require_rank(indices, len(x), f"the indices of {what}")
    for own, other in zip(x, indices, strict=True):
        reason = f"{what} needs an index for each maximum, got {show_shape(x)} and {show_shape(indices)}"
        require_equal(own, other, reason)
    found: list[Dim] = []
    steps = stride or kernel
    for axis, (length, window, step, (pad, _)) in enumerate(zip(lengths, kernel, steps, padding, strict=True), 2):
        usual = (length - 1) * step - 2 * pad + window
        given = usual if output_size is None else output_size[axis - 2]
        if output_size is not None:
            reason = f"{what} takes an output_size by less than the stride ({step}) beside {usual}, got {given}"
            require_at_least(given, usual - step + 1, reason, code="CFG116", field="output_size")
            require_at_least(usual + step - 1, given, reason, code="CFG116", field="output_size")
        require_at_least(
            given, 1, with_shape(f"{what} with this padding leaves nothing on axis {axis}", x), field="padding"
        )
        found.append(given)
    return Facts((*x[:2], *found), keeps_input="rest", window=NOT_FOLLOWED)


@layer
def MaxUnpool1d(
    input: Shape,
    indices: Shape,
    *,
    kernel_size: One,
    stride: One | None = None,
    padding: Pads1 = ((0, 0),),
    output_size: One | None = None,
) -> Facts:
    """Put maxima back where a MaxPool1d found them, zeros elsewhere: `(C, T)` and its indices becomes `(C, T')`.

    Lengths: `(T - 1) * stride - 2 * padding + kernel_size`, or the `output_size`, an argument of the call in PyTorch,
    which differs by less than the stride. A stride that is not given is the kernel_size.
    No weights, and no operations. Backpropagation keeps the indices.
    """
    return _unpooled(input, indices, "MaxUnpool1d", kernel_size, stride, padding, output_size)


@layer
def MaxUnpool2d(
    input: Shape,
    indices: Shape,
    *,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pads2 = ((0, 0), (0, 0)),
    output_size: Pair | None = None,
) -> Facts:
    """Put maxima back where a MaxPool2d found them, zeros elsewhere: `(C, H, W)` and its indices becomes `(C, H', W')`.

    Lengths: `(H - 1) * stride - 2 * padding + kernel_size`, or the `output_size`, an argument of the call in PyTorch,
    which differs by less than the stride. A stride that is not given is the kernel_size.
    No weights, and no operations. Backpropagation keeps the indices.
    """
    return _unpooled(input, indices, "MaxUnpool2d", kernel_size, stride, padding, output_size)


@layer
def MaxUnpool3d(
    input: Shape,
    indices: Shape,
    *,
    kernel_size: Triple,
    stride: Triple | None = None,
    padding: Pads3 = ((0, 0), (0, 0), (0, 0)),
    output_size: Triple | None = None,
) -> Facts:
    """Put maxima back where a MaxPool3d found them, zeros elsewhere: `(C, D, H, W)` and its indices becomes
    `(C, D', H', W')`.

    Lengths: `(D - 1) * stride - 2 * padding + kernel_size`, or the `output_size`, an argument of the call in PyTorch,
    which differs by less than the stride. A stride that is not given is the kernel_size.
    No weights, and no operations. Backpropagation keeps the indices.
    """
    return _unpooled(input, indices, "MaxUnpool3d", kernel_size, stride, padding, output_size)
