"""Layers that do something in training only: dropout and noise. At inference the output is the input itself.

So none has weights, work or storage of its own at inference; they differ in what backpropagation keeps.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, equal
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, show_shape, size
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.kinds import Extent, PlainInt, Rate, Real
from cnnsum.layers.requiring import require_rank

#: One byte an element.
MASK = "bool"


def _masked(x: Shape, rate: float, mask: Shape) -> Facts:
    return Facts(x, kept=() if rate == 0 else (Kept("mask", mask, MASK),), alias="view" if rate == 0 else "bypass")


def _noise_shape(x: Shape, noise_shape: tuple[Dim | None, ...] | None, what: str) -> Shape:
    if noise_shape is None:
        return x
    if len(noise_shape) != len(x):
        reason = f"{what} needs a noise_shape of as many axes as its input {show_shape(x)}, got {len(noise_shape)}"
        raise Problem("SHP209", reason, "noise_shape")
    shape = tuple([dim if own is None else own for own, dim in zip(noise_shape, x, strict=True)])
    for own, dim in zip(shape[1:], x[1:], strict=True):
        if own != 1 and equal(own, dim) is False:
            raise Problem(
                "SHP209",
                f"{what} needs a noise_shape that broadcasts to its input {show_shape(x)}, got {show_shape(shape)}",
                "noise_shape",
            )
    return shape


@layer(role="dropout", built=True)
def Dropout(x: Shape, *, rate: Rate, noise_shape: Extent | None = None, seed: PlainInt | None = None) -> Facts:
    """In training set a part `rate` of the elements to 0 and scale up the rest; the shape stays.

    `noise_shape` has 1 for the axes that are dropped as one, and null for the others, batch axis first. No weights, no
    operations at inference. Backpropagation keeps the mask, one byte an element.
    """
    return _masked(x, rate, _noise_shape(x, noise_shape, "Dropout"))


@layer(role="alpha dropout", built=True)
def AlphaDropout(x: Shape, *, rate: Rate, noise_shape: Extent | None = None, seed: PlainInt | None = None) -> Facts:
    """Dropout that keeps mean and variance, for networks with `selu`: dropped elements get its lowest value.

    No weights, no operations at inference. Backpropagation keeps the mask, one byte an element.
    """
    return _masked(x, rate, _noise_shape(x, noise_shape, "AlphaDropout"))


@layer(role="channel dropout", built=True)
def SpatialDropout1D(x: Shape, *, rate: Rate, seed: PlainInt | None = None) -> Facts:
    """Dropout of whole channels of `(T, C)`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps the mask, one byte per channel of each sample.
    """
    require_rank(x, 3, "SpatialDropout1D")
    return _masked(x, rate, (x[0], 1, x[2]))


@layer(role="channel dropout", built=True)
def SpatialDropout2D(
    x: Shape, *, rate: Rate, data_format: DataFormat | None = None, seed: PlainInt | None = None
) -> Facts:
    """Dropout of whole channels of `(H, W, C)`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps the mask, one byte per channel of each sample.
    """
    require_rank(x, 4, "SpatialDropout2D")
    return _masked(x, rate, (x[0], x[1], 1, 1) if data_format == "channels_first" else (x[0], 1, 1, x[3]))


@layer(role="channel dropout", built=True)
def SpatialDropout3D(
    x: Shape, *, rate: Rate, data_format: DataFormat | None = None, seed: PlainInt | None = None
) -> Facts:
    """Dropout of whole channels of `(D, H, W, C)`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps the mask, one byte per channel of each sample.
    """
    require_rank(x, 5, "SpatialDropout3D")
    return _masked(x, rate, (x[0], x[1], 1, 1, 1) if data_format == "channels_first" else (x[0], 1, 1, 1, x[4]))


@layer(role="gaussian dropout", built=True)
def GaussianDropout(x: Shape, *, rate: Rate, seed: PlainInt | None = None) -> Facts:
    """In training multiply by noise of mean 1 and deviation `sqrt(rate / (1 - rate))`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps the noise.
    """
    return Facts(x, kept=() if rate == 0 else (Kept("noise", x),), alias="view" if rate == 0 else "bypass")


@layer(role="noise", built=True)
def GaussianNoise(x: Shape, *, stddev: Rate, seed: PlainInt | None = None) -> Facts:
    """In training add noise of mean 0 and deviation `stddev`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps nothing.
    """
    return Facts(x, alias="bypass", gradient="same")


@layer(built=True)
def Masking(x: Shape, *, mask_value: Real = 0.0) -> Facts:
    """Mark the time steps whose features all equal `mask_value`, and set them to 0: the shape stays.

    No weights. Operations: 3 per element, to compare, to collect and to multiply. Backpropagation keeps the marks, one
    byte per step.
    """
    if len(x) < 2:
        raise Problem("SHP204", f"Masking needs an axis of features, got {show_shape(x)}")
    return Facts(x, ops=3 * size(x), kept=(Kept("mask", (*x[:-1], 1), MASK),), alias="inplace")


@layer(built=True)
def ActivityRegularization(x: Shape, *, l1: Real = 0.0, l2: Real = 0.0) -> Facts:
    """Add `l1 * sum(abs(x)) + l2 * sum(x * x)` to the loss; the output is the input.

    No weights, no operations at inference. Backpropagation keeps the input, for the gradient of the penalty.
    """
    return Facts(x, keeps_input=l1 != 0 or l2 != 0, alias="view")
