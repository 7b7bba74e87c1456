"""The layers that keras.applications defines for itself, so that models built from it are known in full."""

from __future__ import annotations

from cnnsum.layers.arithmetic.broadcast import broadcast, in_place
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, show_shape, size
from cnnsum.layers.kinds import Pos, Rate, Real
from cnnsum.layers.requiring import require_equal


@layer(weights="gamma")
def LayerScale(x: Shape, *, init_values: Real, projection_dim: Pos) -> Facts:
    """Multiply every channel by a learned factor that begins at `init_values` (ConvNeXt); the shape stays.

    Weights: gamma, `projection_dim` numbers, which is the number of channels. Operations: 1 per element.
    Backpropagation keeps the input.
    """
    require_equal(
        x[-1],
        projection_dim,
        f"LayerScale of {projection_dim} channels needs as many in its input, got {show_shape(x)}",
    )
    return Facts(x, weights=(Weight("gamma", (projection_dim,)),), ops=size(x), keeps_input="weights", alias="inplace")


@layer(role="scale")
def CustomScaleLayer(x: Shape, residual: Shape, *, scale: Real) -> Facts:
    """`x + residual * scale`, element by element (Inception-ResNet).

    No weights. Operations: 2 per output element. Backpropagation keeps nothing.
    """
    out = broadcast((x, residual), "CustomScaleLayer")
    return Facts(out, ops=2 * size(out), alias=in_place((x, residual), out))


@layer
def StochasticDepth(x: Shape, *, drop_path_rate: Rate) -> Facts:
    """In training drop a sample's whole residual path with probability `drop_path_rate` (ConvNeXt); the shape stays.

    No weights, no operations at inference. Backpropagation keeps one number per sample.
    """
    return Facts(x, kept=(Kept("mask", (x[0],)),), alias="view")
