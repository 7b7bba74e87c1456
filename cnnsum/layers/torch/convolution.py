"""Convolutions and transposed convolutions along one, two or three axes, in PyTorch's words."""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, maximum
from cnnsum.layers.arithmetic.convolution import convolve, convolve_transposed, require_output_padding
from cnnsum.layers.arithmetic.slide import Sizes, Sliding
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, with_shape
from cnnsum.layers.kinds import Flag, NatOne, NatPair, NatTriple, One, Pair, Pos, Triple
from cnnsum.layers.requiring import require_at_least
from cnnsum.layers.torch.fields import (
    KERNEL,
    Padding1,
    Padding2,
    Padding3,
    PaddingMode,
    Pads,
    Pads1,
    Pads2,
    Pads3,
    Word,
    copy_for_same,
    given_channels,
)
from cnnsum.typed import Literal

Border = Literal["zeros", "reflect", "replicate", "circular"]


def _weights(kernel: Sizes, rows: Dim, columns: Dim, units: Dim, bias: bool) -> tuple[Weight, ...]:
    """The kernel in PyTorch's order, with two axes of channels before those of space, and the bias."""
    weight = Weight("weight", (rows, columns, *kernel))
    return (weight, Weight("bias", (units,))) if bias else (weight,)


def _convolved(
    x: Shape,
    what: str,
    in_channels: Dim | None,
    out_channels: Dim,
    kernel: Sizes,
    stride: Sizes,
    padding: Word | Pads,
    dilation: Sizes,
    groups: Dim,
    bias: bool,
    padding_mode: Border,
) -> Facts:
    if len(x) == len(kernel) + 2:
        given_channels(x, 1, in_channels, what, "in_channels")
    if padding == "same" and any(step != 1 for step in stride):
        help = "give the positions to add at each end as a number: half of an odd kernel keeps `ceil(size / stride)`"
        raise Problem(
            "CFG116",
            f"{what} takes `padding: same` with stride 1 only, got stride {_listed(stride)}",
            "padding",
            help=help,
        )
    sliding = Sliding(what, kernel, stride, dilation, padding, "channels_first", KERNEL)

    def weights(depth: Dim) -> tuple[Weight, ...]:
        return _weights(kernel, out_channels, depth, out_channels, bias)

    facts = convolve(x, sliding, out_channels, groups, None, bias, weights)
    if padding_mode != "zeros":
        _border(x, facts, what, kernel, dilation, padding, padding_mode)
    elif padding == "same":
        copy_for_same(x, facts, kernel, dilation)
    return facts


def _border(x: Shape, facts: Facts, what: str, kernel: Sizes, dilation: Sizes, padding: Word | Pads, mode: str) -> None:
    """What a border that is not of zeros needs and keeps: a longer copy of the input, made of its own positions.

    PyTorch makes that a step of its own, which keeps the input, too, other than by copying (circular).
    """
    longer = list(x)
    for index, (size, spread) in enumerate(zip(kernel, dilation, strict=True)):
        span = (size - 1) * spread
        if padding == "same":
            before, after = span // 2, span - span // 2
        else:
            before, after = padding[index] if isinstance(padding, tuple) else (0, 0)
        if mode != "replicate":
            least = (after if padding == "same" else before) + (1 if mode == "reflect" else 0)
            needed = counted(least, "position")
            reason = f"{what} with a {mode} border of {before} needs at least {needed} on axis {index + 2}"
            require_at_least(x[index + 2], least, with_shape(reason, x), field="padding")
        longer[index + 2] = x[index + 2] + before + after
    facts.keeps_input = mode != "circular"
    facts.kept = (Kept("padded input", tuple(longer)),)


def _listed(sizes: Sizes) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else f"[{', '.join(map(str, sizes))}]"


@layer(role="convolution", weights="weight bias", lazy="LazyConv1d")
def Conv1d(
    x: Shape,
    *,
    in_channels: Pos | None = None,
    out_channels: Pos,
    kernel_size: One,
    stride: One = (1,),
    padding: Padding1 = ((0, 0),),
    dilation: One = (1,),
    groups: Pos = 1,
    bias: Flag = True,
    padding_mode: PaddingMode = "zeros",
) -> Facts:
    """Slide kernels along a sequence: `(C, T)` becomes `(out_channels, T')`.

    Lengths: `floor((T + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1`; with padding "same" `T`.
    Weights: weight `out_channels x C / groups x kernel_size`, bias `out_channels`. Every place of the sequence uses the
    same kernels, so their number does not depend on its size.
    MACs: each output element is a sum of `C / groups * kernel_size` products. Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    return _convolved(
        x, "Conv1d", in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode
    )


@layer(role="convolution", weights="weight bias", lazy="LazyConv2d")
def Conv2d(
    x: Shape,
    *,
    in_channels: Pos | None = None,
    out_channels: Pos,
    kernel_size: Pair,
    stride: Pair = (1, 1),
    padding: Padding2 = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    groups: Pos = 1,
    bias: Flag = True,
    padding_mode: PaddingMode = "zeros",
) -> Facts:
    """Slide kernels over an image: `(C, H, W)` becomes `(out_channels, H', W')`.

    Lengths: `floor((H + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1`; with padding "same" `H`.
    Weights: weight `out_channels x C / groups x kh x kw`, bias `out_channels`. Every place of the image uses the same
    kernels, so their number does not depend on its size.
    MACs: each output element is a sum of `C / groups * kh * kw` products. Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    return _convolved(
        x, "Conv2d", in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode
    )


@layer(role="convolution", weights="weight bias", lazy="LazyConv3d")
def Conv3d(
    x: Shape,
    *,
    in_channels: Pos | None = None,
    out_channels: Pos,
    kernel_size: Triple,
    stride: Triple = (1, 1, 1),
    padding: Padding3 = ((0, 0), (0, 0), (0, 0)),
    dilation: Triple = (1, 1, 1),
    groups: Pos = 1,
    bias: Flag = True,
    padding_mode: PaddingMode = "zeros",
) -> Facts:
    """Slide kernels through a volume: `(C, D, H, W)` becomes `(out_channels, D', H', W')`.

    Lengths: `floor((D + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1`; with padding "same" `D`.
    Weights: weight `out_channels x C / groups x kd x kh x kw`, bias `out_channels`. Every place of the volume uses the
    same kernels, so their number does not depend on its size.
    MACs: each output element is a sum of `C / groups * kd * kh * kw` products. Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    return _convolved(
        x, "Conv3d", in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode
    )


def _transposed(
    x: Shape,
    what: str,
    in_channels: Dim | None,
    out_channels: Dim,
    kernel: Sizes,
    stride: Sizes,
    padding: Pads,
    output_padding: Sizes,
    groups: Dim,
    bias: bool,
    dilation: Sizes,
    padding_mode: Border,
) -> Facts:
    if padding_mode != "zeros":
        raise Problem("CFG102", f"`padding_mode` of {what} must be zeros, got {padding_mode}", "padding_mode")
    if len(x) == len(kernel) + 2:
        given_channels(x, 1, in_channels, what, "in_channels")
    below = tuple([maximum(step, spread) for step, spread in zip(stride, dilation, strict=True)])
    require_output_padding(what, output_padding, below, "stride or dilation")
    sliding = Sliding(what, kernel, stride, dilation, padding, "channels_first", KERNEL)

    def weights(depth: Dim) -> tuple[Weight, ...]:
        return _weights(kernel, depth, out_channels // groups, out_channels, bias)

    return convolve_transposed(x, sliding, out_channels, groups, output_padding, None, bias, weights)


@layer(role="transposed convolution", weights="weight bias", lazy="LazyConvTranspose1d")
def ConvTranspose1d(
    x: Shape,
    *,
    in_channels: Pos | None = None,
    out_channels: Pos,
    kernel_size: One,
    stride: One = (1,),
    padding: Pads1 = ((0, 0),),
    output_padding: NatOne = (0,),
    groups: Pos = 1,
    bias: Flag = True,
    dilation: One = (1,),
    padding_mode: PaddingMode = "zeros",
) -> Facts:
    """Run a convolution backwards, which enlarges a sequence: `(C, T)` becomes `(out_channels, T')`.

    Lengths: `(T - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1`.
    Weights: weight `C x out_channels / groups x kernel_size`, bias `out_channels`.
    MACs: every input position times the whole kernel, `T * kernel_size * C * out_channels / groups` in all.
    Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    return _transposed(
        x,
        "ConvTranspose1d",
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        output_padding,
        groups,
        bias,
        dilation,
        padding_mode,
    )


@layer(role="transposed convolution", weights="weight bias", lazy="LazyConvTranspose2d")
def ConvTranspose2d(
    x: Shape,
    *,
    in_channels: Pos | None = None,
    out_channels: Pos,
    kernel_size: Pair,
    stride: Pair = (1, 1),
    padding: Pads2 = ((0, 0), (0, 0)),
    output_padding: NatPair = (0, 0),
    groups: Pos = 1,
    bias: Flag = True,
    dilation: Pair = (1, 1),
    padding_mode: PaddingMode = "zeros",
) -> Facts:
    """Run a convolution backwards, which enlarges an image: `(C, H, W)` becomes `(out_channels, H', W')`.

    Lengths: `(H - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1`.
    Weights: weight `C x out_channels / groups x kh x kw`, bias `out_channels`.
    MACs: every input position times the whole kernel, `H * W * kh * kw * C * out_channels / groups` in all.
    Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    return _transposed(
        x,
        "ConvTranspose2d",
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        output_padding,
        groups,
        bias,
        dilation,
        padding_mode,
    )


@layer(role="transposed convolution", weights="weight bias", lazy="LazyConvTranspose3d")
def ConvTranspose3d(
    x: Shape,
    *,
    in_channels: Pos | None = None,
    out_channels: Pos,
    kernel_size: Triple,
    stride: Triple = (1, 1, 1),
    padding: Pads3 = ((0, 0), (0, 0), (0, 0)),
    output_padding: NatTriple = (0, 0, 0),
    groups: Pos = 1,
    bias: Flag = True,
    dilation: Triple = (1, 1, 1),
    padding_mode: PaddingMode = "zeros",
) -> Facts:
    """Run a convolution backwards, which enlarges a volume: `(C, D, H, W)` becomes `(out_channels, D', H', W')`.

    Lengths: `(D - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1`.
    Weights: weight `C x out_channels / groups x kd x kh x kw`, bias `out_channels`.
    MACs: every input position times the whole kernel, `D * H * W * kd * kh * kw * C * out_channels /
    groups` in all. Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    return _transposed(
        x,
        "ConvTranspose3d",
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        output_padding,
        groups,
        bias,
        dilation,
        padding_mode,
    )
