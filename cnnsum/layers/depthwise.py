"""Depthwise and separable convolutions: each channel by itself, then (where separable) a mix of the channels."""

from __future__ import annotations

from cnnsum.dims import Dim, prod
from cnnsum.layers.base import layer
from cnnsum.layers.core import kernel_and_bias
from cnnsum.layers.facts import Facts, Kept, Shape, Weight
from cnnsum.layers.functions import Activation, activated
from cnnsum.layers.kinds import DataFormat, Flag, One, Padding, Pair, Pos
from cnnsum.layers.slide import Sliding, arrange, known_channels, padded_copy, slide


def _depthwise(x: Shape, sliding: Sliding, depth_multiplier: Dim, activation: str | None, use_bias: bool) -> Facts:
    lengths, window = slide(x, sliding)
    depth = known_channels(x, sliding.data_format, sliding.what)
    units = depth * depth_multiplier
    elements = prod(lengths) * units
    padded = padded_copy(x, sliding)
    return activated(
        arrange(x[0], lengths, units, sliding.data_format),
        activation=activation,
        weights=kernel_and_bias((*sliding.kernel_size, depth, depth_multiplier), units, use_bias),
        macs=elements * prod(sliding.kernel_size),
        ops=elements if use_bias else 0,
        keeps_input=False if padded else "weights",
        kept=padded,
        window=window,
    )


@layer(weights="kernel depthwise bias")
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
    keeps the input: the gradient of a kernel is made of the samples that it was multiplied with.
    """
    sliding = Sliding("DepthwiseConv1D", kernel_size, strides, dilation_rate, padding, data_format)
    return _depthwise(x, sliding, depth_multiplier, activation, use_bias)


@layer(weights="kernel depthwise bias")
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
    keeps the input: the gradient of a kernel is made of the samples that it was multiplied with.
    """
    sliding = Sliding("DepthwiseConv2D", kernel_size, strides, dilation_rate, padding, data_format)
    return _depthwise(x, sliding, depth_multiplier, activation, use_bias)


def _separable(
    x: Shape, sliding: Sliding, filters: Dim, depth_multiplier: Dim, activation: str | None, use_bias: bool
) -> Facts:
    lengths, window = slide(x, sliding)
    depth = known_channels(x, sliding.data_format, sliding.what)
    inner = depth * depth_multiplier
    positions = prod(lengths)
    padded = padded_copy(x, sliding)
    between = arrange(x[0], lengths, inner, sliding.data_format)
    weights: tuple[Weight, ...] = (
        Weight("depthwise_kernel", (*sliding.kernel_size, depth, depth_multiplier)),
        Weight("pointwise_kernel", (*(1 for _ in sliding.kernel_size), inner, filters)),
    )
    if use_bias:
        weights += (Weight("bias", (filters,)),)
    return activated(
        arrange(x[0], lengths, filters, sliding.data_format),
        activation=activation,
        weights=weights,
        macs=positions * inner * (prod(sliding.kernel_size) + filters),
        ops=positions * filters if use_bias else 0,
        keeps_input=False if padded else "weights",
        kept=(*padded, Kept("depthwise", between, use="weights")),
        scratch=(between,),
        window=window,
    )


@layer(weights="depthwise pointwise bias", aliases="SeparableConvolution1D")
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
    sliding = Sliding("SeparableConv1D", kernel_size, strides, dilation_rate, padding, data_format)
    return _separable(x, sliding, filters, depth_multiplier, activation, use_bias)


@layer(weights="depthwise pointwise bias", aliases="SeparableConvolution2D")
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
    sliding = Sliding("SeparableConv2D", kernel_size, strides, dilation_rate, padding, data_format)
    return _separable(x, sliding, filters, depth_multiplier, activation, use_bias)
