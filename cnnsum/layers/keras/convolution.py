"""Convolutions and transposed convolutions along one, two or three axes, in Keras's words.

Each family is one rule of `arithmetic.convolution`; the declarations only name the fields, with Keras's order and
defaults.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least
from cnnsum.layers.arithmetic.convolution import (
    Weights,
    convolve,
    convolve_depthwise,
    convolve_separable,
    convolve_transposed,
    kernel_and_bias,
    require_output_padding,
)
from cnnsum.layers.arithmetic.slide import Sizes, Sliding
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Weight
from cnnsum.layers.keras.fields import KERNEL, Activation, CausalPadding, DataFormat, Padding
from cnnsum.layers.kinds import Flag, NatOne, NatPair, NatTriple, One, Pair, Pos, Real, Triple, show


def _convolution(
    x: Shape,
    sliding: Sliding,
    filters: Dim,
    groups: Dim,
    activation: str | None,
    use_bias: bool,
    lora_rank: Dim | None,
) -> Facts:
    _refuse_stride_and_dilation(sliding)

    def weights(depth: Dim) -> Weights:
        return kernel_and_bias((*sliding.kernel, depth, filters), filters, use_bias, lora_rank)

    return convolve(x, sliding, filters, groups, activation, use_bias, weights)


def _transposed(
    x: Shape,
    sliding: Sliding,
    filters: Dim,
    output_padding: Sizes | None,
    activation: str | None,
    use_bias: bool,
) -> Facts:
    _refuse_stride_and_dilation(sliding)
    if output_padding is not None:
        require_output_padding(sliding.what, output_padding, sliding.strides, "stride")

    def weights(depth: Dim) -> Weights:
        return kernel_and_bias((*sliding.kernel, filters, depth), filters, use_bias)

    return convolve_transposed(x, sliding, filters, 1, output_padding, activation, use_bias, weights)


ONE_OF_THE_TWO = "one of the two must be 1"


def _refuse_stride_and_dilation(sliding: Sliding) -> None:
    """Keras slides a kernel with gaps by 1 only: raise Problem where both are above 1."""
    if _above_one(sliding.dilation) and _above_one(sliding.strides):
        raise Problem(
            "CFG111",
            f"{sliding.what} cannot have both strides and dilation_rate above 1, "
            f"got strides {show(sliding.strides)} and dilation_rate {show(sliding.dilation)}",
            "dilation_rate",
            help=ONE_OF_THE_TWO,
        )


def _above_one(sizes: Sizes) -> bool:
    return any(dim != 1 and (isinstance(dim, int) or at_least(dim, 2)) for dim in sizes)


@layer(role="convolution", weights="kernel bias", aliases="Convolution1D")
def Conv1D(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: One,
    strides: One = (1,),
    padding: CausalPadding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: One = (1,),
    groups: Pos = 1,
    activation: Activation | None = None,
    use_bias: Flag = True,
    lora_rank: Pos | None = None,
    lora_alpha: Real | None = None,
) -> Facts:
    """Slide `filters` kernels along a sequence: `(T, C)` becomes `(T', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `T' = floor((T - span) /
    strides) + 1`, the first place of the kernel and one more for each stride that fits; "same" and "causal" (all zeros
    before the first position) gives `ceil(T / strides)`, as zeros around the sequence make a place for each stride.
    Weights: kernel `kernel_size x C/groups x filters`, bias `filters`. Every place of the sequence uses the same
    kernels, so their number does not depend on its size.
    MACs: each output element is a sum of `kernel_size * C/groups` products, taps on padding included. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with. With
    padding "causal" it keeps the longer copy that the zeros before the first position make of it.
    """
    sliding = Sliding("Conv1D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _convolution(x, sliding, filters, groups, activation, use_bias, lora_rank)


@layer(role="convolution", weights="kernel bias", aliases="Convolution2D")
def Conv2D(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Pair = (1, 1),
    groups: Pos = 1,
    activation: Activation | None = None,
    use_bias: Flag = True,
    lora_rank: Pos | None = None,
    lora_alpha: Real | None = None,
) -> Facts:
    """Slide `filters` kernels over an image: `(H, W, C)` becomes `(H', W', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `H' = floor((H - span) /
    strides) + 1`, the first place of the kernel and one more for each stride that fits; "same" gives `ceil(H /
    strides)`, as zeros around the image make a place for each stride begun; the same for `W`.
    Weights: kernel `kh x kw x C/groups x filters`, bias `filters`. Every place of the image uses the same kernels, so
    their number does not depend on its size.
    MACs: each output element is a sum of `kh * kw * C/groups` products, taps on padding included. Bias: one addition
    per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    sliding = Sliding("Conv2D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _convolution(x, sliding, filters, groups, activation, use_bias, lora_rank)


@layer(role="convolution", weights="kernel bias", aliases="Convolution3D")
def Conv3D(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: Triple,
    strides: Triple = (1, 1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Triple = (1, 1, 1),
    groups: Pos = 1,
    activation: Activation | None = None,
    use_bias: Flag = True,
    lora_rank: Pos | None = None,
    lora_alpha: Real | None = None,
) -> Facts:
    """Slide `filters` kernels through a volume: `(D, H, W, C)` becomes `(D', H', W', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `D' = floor((D - span) /
    strides) + 1`, the first place of the kernel and one more for each stride that fits; "same" gives `ceil(D /
    strides)`, as zeros around the volume make a place for each stride begun; the same for `H` and `W`.
    Weights: kernel `kd x kh x kw x C/groups x filters`, bias `filters`. Every place of the volume uses the same
    kernels, so their number does not depend on its size.
    MACs: each output element is a sum of `kd * kh * kw * C/groups` products, taps on padding included. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    sliding = Sliding("Conv3D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _convolution(x, sliding, filters, groups, activation, use_bias, lora_rank)


@layer(role="transposed convolution", weights="kernel bias", aliases="Convolution1DTranspose")
def Conv1DTranspose(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: One,
    strides: One = (1,),
    padding: Padding = "valid",
    output_padding: NatOne | None = None,
    data_format: DataFormat | None = None,
    dilation_rate: One = (1,),
    activation: Activation | None = None,
    use_bias: Flag = True,
) -> Facts:
    """Run a convolution backwards, which makes a sequence longer: `(T, C)` becomes `(T', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `T' = (T - 1) * strides +
    max(span, strides)`, a stride from position to position and a kernel at the last; with an output_padding `(T - 1)
    * strides + span + output_padding`; "same" gives `T * strides`, or `(T - 1) * strides + span % 2 + output_padding`.
    Weights: kernel `kernel_size x filters x C`, bias `filters`. Every place of the sequence uses the same kernels, so
    their number does not depend on its size.
    MACs: every input position is multiplied with the whole kernel, `T * kernel_size * C * filters` in all. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    sliding = Sliding("Conv1DTranspose", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _transposed(x, sliding, filters, output_padding, activation, use_bias)


@layer(role="transposed convolution", weights="kernel bias", aliases="Convolution2DTranspose")
def Conv2DTranspose(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    output_padding: NatPair | None = None,
    data_format: DataFormat | None = None,
    dilation_rate: Pair = (1, 1),
    activation: Activation | None = None,
    use_bias: Flag = True,
) -> Facts:
    """Run a convolution backwards, which enlarges an image: `(H, W, C)` becomes `(H', W', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `H' = (H - 1) * strides +
    max(span, strides)`, a stride from position to position and a kernel at the last; with an output_padding `(H - 1)
    * strides + span + output_padding`; "same" gives `H * strides`, or `(H - 1) * strides + span % 2 + output_padding`.
    Weights: kernel `kh x kw x filters x C`, bias `filters`. Every place of the image uses the same kernels, so their
    number does not depend on its size.
    MACs: every input position is multiplied with the whole kernel, `H * W * kh * kw * C * filters` in all. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    sliding = Sliding("Conv2DTranspose", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _transposed(x, sliding, filters, output_padding, activation, use_bias)


@layer(role="transposed convolution", weights="kernel bias", aliases="Convolution3DTranspose")
def Conv3DTranspose(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: Triple,
    strides: Triple = (1, 1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    output_padding: NatTriple | None = None,
    dilation_rate: Triple = (1, 1, 1),
    activation: Activation | None = None,
    use_bias: Flag = True,
) -> Facts:
    """Run a convolution backwards, which enlarges a volume: `(D, H, W, C)` becomes `(D', H', W', filters)`.

    (`data_format` stands before `output_padding`, as Keras has it here.) Lengths as in Conv2DTranspose.
    Weights: kernel `kd x kh x kw x filters x C`, bias `filters`. Every place of the volume uses the same kernels, so
    their number does not depend on its size.
    MACs: every input position is multiplied with the whole kernel, `D * H * W * kd * kh * kw * C * filters` in all.
    Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    sliding = Sliding("Conv3DTranspose", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _transposed(x, sliding, filters, output_padding, activation, use_bias)


def _depthwise(x: Shape, sliding: Sliding, depth_multiplier: Dim, activation: str | None, use_bias: bool) -> Facts:
    def weights(depth: Dim) -> Weights:
        return kernel_and_bias((*sliding.kernel, depth, depth_multiplier), depth * depth_multiplier, use_bias)

    return convolve_depthwise(x, sliding, depth_multiplier, activation, use_bias, weights)


@layer(role="depthwise convolution", weights="kernel depthwise bias")
def DepthwiseConv1D(
    x: Shape,
    *,
    kernel_size: One,
    strides: One = (1,),
    padding: Padding = "valid",
    depth_multiplier: Pos = 1,
    data_format: DataFormat | None = None,
    dilation_rate: One = (1,),
    activation: Activation | None = None,
    use_bias: Flag = True,
) -> Facts:
    """Slide kernels along each channel of a sequence alone: `(T, C)` becomes `(T', C * depth_multiplier)`.

    Lengths as in Conv1D. Weights: kernel `kernel_size x C x depth_multiplier`, bias `C * depth_multiplier`: each
    channel has kernels of its own and does not see the others, which saves a factor of the channels.
    MACs: each output element is a sum of `kernel_size` products. Bias: one addition per output element. Backpropagation
    keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    sliding = Sliding("DepthwiseConv1D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _depthwise(x, sliding, depth_multiplier, activation, use_bias)


@layer(role="depthwise convolution", weights="kernel depthwise bias")
def DepthwiseConv2D(
    x: Shape,
    *,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    depth_multiplier: Pos = 1,
    data_format: DataFormat | None = None,
    dilation_rate: Pair = (1, 1),
    activation: Activation | None = None,
    use_bias: Flag = True,
) -> Facts:
    """Slide kernels over each channel of an image alone: `(H, W, C)` becomes `(H', W', C * depth_multiplier)`.

    Lengths as in Conv2D. Weights: kernel `kh x kw x C x depth_multiplier`, bias `C * depth_multiplier`: each channel
    has kernels of its own and does not see the others, which saves a factor of the channels.
    MACs: each output element is a sum of `kh * kw` products. Bias: one addition per output element. Backpropagation
    keeps the input: the gradient of a kernel is made of the values that it was multiplied with.
    """
    sliding = Sliding("DepthwiseConv2D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _depthwise(x, sliding, depth_multiplier, activation, use_bias)


def _separable(
    x: Shape, sliding: Sliding, filters: Dim, depth_multiplier: Dim, activation: str | None, use_bias: bool
) -> Facts:
    def weights(depth: Dim) -> Weights:
        inner = depth * depth_multiplier
        ones = (1,) * len(sliding.kernel)
        both = (
            Weight("depthwise_kernel", (*sliding.kernel, depth, depth_multiplier)),
            Weight("pointwise_kernel", (*ones, inner, filters)),
        )
        return (*both, Weight("bias", (filters,))) if use_bias else both

    return convolve_separable(x, sliding, filters, depth_multiplier, activation, use_bias, weights)


@layer(role="separable convolution", weights="depthwise pointwise bias", aliases="SeparableConvolution1D")
def SeparableConv1D(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: One,
    strides: One = (1,),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: One = (1,),
    depth_multiplier: Pos = 1,
    activation: Activation | None = None,
    use_bias: Flag = True,
) -> Facts:
    """A depthwise convolution, then a 1-wide one that mixes the channels: `(T, C)` becomes `(T', filters)`.

    Lengths as in Conv1D. `M` is `C * depth_multiplier`.
    Weights: depthwise kernel `kernel_size x C x depth_multiplier`, pointwise kernel `1 x M x filters`, bias `filters`.
    Two small kernels stand in for one of `kernel_size x C x filters`.
    MACs: `M * (kernel_size + filters)` per output position: each channel with its kernel, then a mix of the channels.
    Bias: one addition per output element.
    Backpropagation keeps the input and the depthwise output `(T', M)`, what the two kernels were multiplied with.
    """
    sliding = Sliding("SeparableConv1D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _separable(x, sliding, filters, depth_multiplier, activation, use_bias)


@layer(role="separable convolution", weights="depthwise pointwise bias", aliases="SeparableConvolution2D")
def SeparableConv2D(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Pair = (1, 1),
    depth_multiplier: Pos = 1,
    activation: Activation | None = None,
    use_bias: Flag = True,
) -> Facts:
    """A depthwise convolution, then a 1x1 one that mixes the channels: `(H, W, C)` becomes `(H', W', filters)`.

    Lengths as in Conv2D. `M` is `C * depth_multiplier`.
    Weights: depthwise kernel `kh x kw x C x depth_multiplier`, pointwise kernel `1 x 1 x M x filters`, bias `filters`.
    Two small kernels stand in for one of `kh x kw x C x filters`.
    MACs: `M * (kh * kw + filters)` per output position: each channel with its kernel, then a mix of the channels. Bias:
    one addition per output element.
    Backpropagation keeps the input and the depthwise output `(H', W', M)`, what the two kernels were multiplied with.
    """
    sliding = Sliding("SeparableConv2D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL)
    return _separable(x, sliding, filters, depth_multiplier, activation, use_bias)
