"""Convolutions and transposed convolutions along one, two or three axes.

Each family is one rule; the declarations below it only name the fields, with Keras's order and defaults.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, prod
from cnnsum.layers.base import layer, require_at_least, require_multiple, show_shape
from cnnsum.layers.core import kernel_and_bias
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.functions import Activation, activated
from cnnsum.layers.kinds import (
    CausalPadding,
    DataFormat,
    Flag,
    NatOne,
    NatPair,
    NatTriple,
    One,
    Padding,
    Pair,
    Pos,
    Triple,
)
from cnnsum.layers.slide import (
    Sizes,
    Sliding,
    arrange,
    known_channels,
    padded_copy,
    refuse_stride_and_dilation,
    slide,
    spatial,
    unslide,
)


def _convolution(
    x: Shape,
    sliding: Sliding,
    filters: Dim,
    groups: Dim,
    activation: str | None,
    use_bias: bool,
    lora_rank: Dim | None,
) -> Facts:
    refuse_stride_and_dilation(sliding)
    lengths, window = slide(x, sliding)
    depth = known_channels(x, sliding.data_format, sliding.what)
    if groups != 1:
        depth = _grouped(sliding.what, x, filters, depth, groups)
    positions = prod(lengths)
    elements = positions * filters
    padded = padded_copy(x, sliding)
    return activated(
        arrange(x[0], lengths, filters, sliding.data_format),
        activation=activation,
        weights=kernel_and_bias((*sliding.kernel_size, depth, filters), filters, use_bias, lora_rank),
        macs=elements * (depth * prod(sliding.kernel_size)),
        ops=elements if use_bias else 0,
        keeps_input=False if padded else "weights",
        kept=padded,
        window=window,
    )


def _grouped(what: str, x: Shape, filters: Dim, depth: Dim, groups: Dim) -> Dim:
    """The channels that one filter sees."""
    require_multiple(
        filters,
        groups,
        f"{what} needs filters that are a multiple of groups, got {filters} filters in {groups} groups",
        field="groups",
        code="CFG110",
    )
    require_multiple(
        depth,
        groups,
        f"{what} needs channels that are a multiple of groups, got {groups} groups for {show_shape(x)}",
        field="groups",
    )
    return depth // groups


@layer(weights="kernel bias", aliases="Convolution1D", ignored="lora_alpha")
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
) -> Facts:
    """Slide `filters` kernels along a sequence: `(T, C)` becomes `(T', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `T' = floor((T - span) /
    strides) + 1`, the first place of the kernel and one more for each stride that fits; "same" and "causal" (all zeros
    before the first sample) gives `ceil(T / strides)`, as zeros around the sequence make a place for each stride begun.
    Weights: kernel `kernel_size x C/groups x filters`, bias `filters`. Every place of the sequence uses the same
    kernels, so their number does not depend on its size.
    MACs: each output element is a sum of `kernel_size * C/groups` products, taps on padding included. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the samples that it was multiplied with. With
    padding "causal" it keeps the longer copy that the zeros before the first sample make of it.
    """
    sliding = Sliding("Conv1D", kernel_size, strides, dilation_rate, padding, data_format)
    return _convolution(x, sliding, filters, groups, activation, use_bias, lora_rank)


@layer(weights="kernel bias", aliases="Convolution2D", ignored="lora_alpha")
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
) -> Facts:
    """Slide `filters` kernels over an image: `(H, W, C)` becomes `(H', W', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `H' = floor((H - span) /
    strides) + 1`, the first place of the kernel and one more for each stride that fits; "same" gives `ceil(H /
    strides)`, as zeros around the image make a place for each stride begun; the same for `W`.
    Weights: kernel `kh x kw x C/groups x filters`, bias `filters`. Every place of the image uses the same kernels, so
    their number does not depend on its size.
    MACs: each output element is a sum of `kh * kw * C/groups` products, taps on padding included. Bias: one addition
    per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the samples that it was multiplied with.
    """
    sliding = Sliding("Conv2D", kernel_size, strides, dilation_rate, padding, data_format)
    return _convolution(x, sliding, filters, groups, activation, use_bias, lora_rank)


@layer(weights="kernel bias", aliases="Convolution3D", ignored="lora_alpha")
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
) -> Facts:
    """Slide `filters` kernels through a volume: `(D, H, W, C)` becomes `(D', H', W', filters)`.

    Lengths: with `span = (kernel_size - 1) * dilation_rate + 1`, padding "valid" gives `D' = floor((D - span) /
    strides) + 1`, the first place of the kernel and one more for each stride that fits; "same" gives `ceil(D /
    strides)`, as zeros around the volume make a place for each stride begun; the same for `H` and `W`.
    Weights: kernel `kd x kh x kw x C/groups x filters`, bias `filters`. Every place of the volume uses the same
    kernels, so their number does not depend on its size.
    MACs: each output element is a sum of `kd * kh * kw * C/groups` products, taps on padding included. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the samples that it was multiplied with.
    """
    sliding = Sliding("Conv3D", kernel_size, strides, dilation_rate, padding, data_format)
    return _convolution(x, sliding, filters, groups, activation, use_bias, lora_rank)


def _transposed(
    x: Shape,
    sliding: Sliding,
    filters: Dim,
    output_padding: Sizes | None,
    activation: str | None,
    use_bias: bool,
) -> Facts:
    if output_padding is not None:
        _check_output_padding(sliding.what, output_padding, sliding.strides)
    refuse_stride_and_dilation(sliding)
    lengths, window = unslide(x, sliding, output_padding)
    depth = known_channels(x, sliding.data_format, sliding.what)
    positions = prod(spatial(x, len(sliding.kernel_size), sliding.data_format, sliding.what))
    return activated(
        arrange(x[0], lengths, filters, sliding.data_format),
        activation=activation,
        weights=kernel_and_bias((*sliding.kernel_size, filters, depth), filters, use_bias),
        macs=positions * depth * filters * prod(sliding.kernel_size),
        ops=prod(lengths) * filters if use_bias else 0,
        keeps_input="weights",
        window=window,
    )


def _check_output_padding(what: str, output_padding: Sizes, strides: Sizes) -> None:
    for index, (extra, stride) in enumerate(zip(output_padding, strides, strict=True)):
        reason = (
            f"{what} needs an output_padding smaller than its stride, got output_padding {extra} and stride {stride}"
        )
        if at_least(stride, extra + 1) is False:
            raise Problem("CFG112", reason, ("output_padding", index))
        require_at_least(stride, extra + 1, reason, code="CFG112")


@layer(weights="kernel bias", aliases="Convolution1DTranspose")
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
    max(span, strides)`, a stride from each sample to the next and a kernel at the last; with an output_padding `(T - 1)
    * strides + span + output_padding`; "same" gives `T * strides`, or `(T - 1) * strides + span % 2 + output_padding`.
    Weights: kernel `kernel_size x filters x C`, bias `filters`. Every place of the sequence uses the same kernels, so
    their number does not depend on its size.
    MACs: every input sample is multiplied with the whole kernel, `T * kernel_size * C * filters` in all. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the samples that it was multiplied with.
    """
    sliding = Sliding("Conv1DTranspose", kernel_size, strides, dilation_rate, padding, data_format)
    return _transposed(x, sliding, filters, output_padding, activation, use_bias)


@layer(weights="kernel bias", aliases="Convolution2DTranspose")
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
    max(span, strides)`, a stride from each sample to the next and a kernel at the last; with an output_padding `(H - 1)
    * strides + span + output_padding`; "same" gives `H * strides`, or `(H - 1) * strides + span % 2 + output_padding`.
    Weights: kernel `kh x kw x filters x C`, bias `filters`. Every place of the image uses the same kernels, so their
    number does not depend on its size.
    MACs: every input sample is multiplied with the whole kernel, `H * W * kh * kw * C * filters` in all. Bias: one
    addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the samples that it was multiplied with.
    """
    sliding = Sliding("Conv2DTranspose", kernel_size, strides, dilation_rate, padding, data_format)
    return _transposed(x, sliding, filters, output_padding, activation, use_bias)


@layer(weights="kernel bias", aliases="Convolution3DTranspose")
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
    MACs: every input sample is multiplied with the whole kernel, `D * H * W * kd * kh * kw * C * filters` in all. Bias:
    one addition per output element.
    Backpropagation keeps the input: the gradient of a kernel is made of the samples that it was multiplied with.
    """
    sliding = Sliding("Conv3DTranspose", kernel_size, strides, dilation_rate, padding, data_format)
    return _transposed(x, sliding, filters, output_padding, activation, use_bias)
