"""Convolutions of every kind: with groups, depthwise, separable, transposed; along one, two or three axes as one rule.

A vocabulary gives the weights, since frameworks hold them in different orders; everything else follows from how the
kernel slides. Names no layer type.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, prod
from cnnsum.layers.arithmetic.functions import activated
from cnnsum.layers.arithmetic.slide import (
    Sizes,
    Sliding,
    arrange,
    known_channels,
    padded_copy,
    slide,
    spatial,
    unslide,
)
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, Window, show_shape
from cnnsum.layers.requiring import require_at_least, require_multiple

Weights = tuple[Weight, ...]


def kernel_and_bias(kernel: Shape, units: Dim, use_bias: bool, lora_rank: Dim | None = None) -> Weights:
    """Kernel, bias, and what `lora_rank` adds: the kernel is frozen, and two factors of that rank are trained."""
    if lora_rank is None:
        return (Weight("kernel", kernel), Weight("bias", (units,))) if use_bias else (Weight("kernel", kernel),)
    return (
        Weight("kernel", kernel, trainable=False),
        *((Weight("bias", (units,)),) if use_bias else ()),
        Weight("lora_kernel_a", (*kernel[:-1], lora_rank), dtype="float32"),
        Weight("lora_kernel_b", (lora_rank, units), dtype="float32"),
    )


def convolve(
    x: Shape,
    sliding: Sliding,
    filters: Dim,
    groups: Dim,
    activation: str | None,
    use_bias: bool,
    weights: Callable[[Dim], Weights],
) -> Facts:
    """A convolution: each of `filters` outputs of a place is a sum over the kernel and the channels of its group.

    weights: those of a layer whose filters see that many channels.
    """
    lengths, window = slide(x, sliding)
    depth = known_channels(x, sliding.layout, sliding.what)
    if groups != 1:
        depth = _grouped(sliding.what, x, filters, depth, groups)
    return _summed(x, sliding, lengths, window, filters, depth, activation, use_bias, weights(depth))


def convolve_depthwise(
    x: Shape,
    sliding: Sliding,
    multiplier: Dim,
    activation: str | None,
    use_bias: bool,
    weights: Callable[[Dim], Weights],
) -> Facts:
    """A convolution of each channel by itself, with `multiplier` kernels each.

    weights: those of a layer on that many channels.
    """
    lengths, window = slide(x, sliding)
    depth = known_channels(x, sliding.layout, sliding.what)
    filters = depth * multiplier
    return _summed(x, sliding, lengths, window, filters, 1, activation, use_bias, weights(depth))


def _summed(
    x: Shape,
    sliding: Sliding,
    lengths: Shape,
    window: tuple[Window, ...],
    filters: Dim,
    depth: Dim,
    activation: str | None,
    use_bias: bool,
    weights: Weights,
) -> Facts:
    elements = prod(lengths) * filters
    padded = padded_copy(x, sliding)
    return activated(
        arrange(x[0], lengths, filters, sliding.layout),
        activation=activation,
        weights=weights,
        macs=elements * (depth * prod(sliding.kernel)),
        ops=elements if use_bias else 0,
        keeps_input=not padded,
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


def convolve_separable(
    x: Shape,
    sliding: Sliding,
    filters: Dim,
    multiplier: Dim,
    activation: str | None,
    use_bias: bool,
    weights: Callable[[Dim], Weights],
) -> Facts:
    """A depthwise convolution, then one of 1 that mixes the channels; what is between the two is kept.

    weights: those of a layer on that many channels.
    """
    lengths, window = slide(x, sliding)
    depth = known_channels(x, sliding.layout, sliding.what)
    inner = depth * multiplier
    positions = prod(lengths)
    padded = padded_copy(x, sliding)
    between = arrange(x[0], lengths, inner, sliding.layout)
    return activated(
        arrange(x[0], lengths, filters, sliding.layout),
        activation=activation,
        weights=weights(depth),
        macs=positions * inner * (prod(sliding.kernel) + filters),
        ops=positions * filters if use_bias else 0,
        keeps_input=not padded,
        kept=(*padded, Kept("depthwise", between)),
        scratch=(between,),
        window=window,
    )


def convolve_transposed(
    x: Shape,
    sliding: Sliding,
    filters: Dim,
    groups: Dim,
    output_padding: Sizes | None,
    activation: str | None,
    use_bias: bool,
    weights: Callable[[Dim], Weights],
) -> Facts:
    """A convolution run backwards: each input position is multiplied with the whole kernel of its group.

    weights: those of a layer on that many channels.
    """
    lengths, window = unslide(x, sliding, output_padding)
    depth = known_channels(x, sliding.layout, sliding.what)
    each = filters
    if groups != 1:
        _grouped(sliding.what, x, filters, depth, groups)
        each = filters // groups
    positions = prod(spatial(x, len(sliding.kernel), sliding.layout, sliding.what))
    return activated(
        arrange(x[0], lengths, filters, sliding.layout),
        activation=activation,
        weights=weights(depth),
        macs=positions * depth * each * prod(sliding.kernel),
        ops=prod(lengths) * filters if use_bias else 0,
        keeps_input=True,
        window=window,
    )


def require_output_padding(what: str, output_padding: Sizes, below: Sizes, field: str) -> None:
    """What is added at the end of each axis must be less than these, which the text calls `field`."""
    for index, (extra, most) in enumerate(zip(output_padding, below, strict=True)):
        reason = (
            f"{what} needs an output_padding smaller than its {field}, got output_padding {extra} and {field} {most}"
        )
        if at_least(most, extra + 1) is False:
            raise Problem("CFG112", reason, ("output_padding", index))
        require_at_least(most, extra + 1, reason, code="CFG112")
