"""Activation functions as layers. The shape stays; what each function costs and keeps is in `functions`."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.functions import elementwise
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Weight, seen_along, show_shape, size
from cnnsum.layers.keras.fields import Activation as Function
from cnnsum.layers.kinds import Axes, Real
from cnnsum.layers.requiring import axis_of, require_equal, require_known


@layer(role="activation", built=True)
def Activation(x: Shape, *, activation: Function) -> Facts:
    """Apply a function by name, element by element; the shape stays.

    No weights. Operations: the function's: `relu` 1 per element, `sigmoid` 3, `silu` 4; a function of the file's author
    costs an unknown amount. Backpropagation keeps what the function's gradient is made of: of `relu` and `sigmoid` the
    output, of `silu` the input.
    """
    return elementwise(x, activation)


def _not_negative(value: float, field: str) -> None:
    if isinstance(value, (int, float)) and value < 0:
        raise Problem("CFG108", f"`{field}` must be a number of at least 0, got {value}", field)


@layer(role="activation", function="relu", built=True)
def ReLU(x: Shape, *, max_value: Real | None = None, negative_slope: Real = 0.0, threshold: Real = 0.0) -> Facts:
    """`x` from `threshold` to `max_value`, `negative_slope * (x - threshold)` below; the shape stays.

    No weights. Operations: 1 per element, and one more for each of: a `max_value`, a `negative_slope`, and a
    `threshold` under a slope. Backpropagation keeps the output; with a `max_value` the input, as PyTorch does.
    """
    if max_value is not None:
        _not_negative(max_value, "max_value")
    _not_negative(negative_slope, "negative_slope")
    _not_negative(threshold, "threshold")
    return bent(x, max_value, negative_slope, threshold)


def bent(x: Shape, max_value: float | None, negative_slope: float, threshold: float) -> Facts:
    """The facts of a `ReLU` with these numbers, which the operation, other than the layer, takes of any sign."""
    each = 1 + (max_value is not None)
    if negative_slope != 0:
        each += 1 + (threshold != 0)
    bounded = max_value is not None
    return Facts(x, ops=each * size(x), keeps_input=bounded, keeps_output=not bounded, alias="inplace")


@layer(role="activation", function="leaky_relu", built=True, ignored="alpha")
def LeakyReLU(x: Shape, *, negative_slope: Real = 0.3) -> Facts:
    """`x` above 0, `negative_slope * x` below; the shape stays.

    No weights. Operations: 2 per element. Backpropagation keeps the output.
    """
    _not_negative(negative_slope, "negative_slope")
    return elementwise(x, "leaky_relu")


@layer(role="activation", function="elu", built=True)
def ELU(x: Shape, *, alpha: Real = 1.0) -> Facts:
    """`x` above 0, `alpha * (exp(x) - 1)` below; the shape stays.

    No weights. Operations: 4 per element. Backpropagation keeps the output.
    """
    return elementwise(x, "elu")


@layer(role="activation", function="prelu", weights="alpha")
def PReLU(x: Shape, *, shared_axes: Axes | None = None) -> Facts:
    """`x` above 0, `alpha * x` below, with a learned alpha for every element of a sample; the shape stays.

    Weights: alpha, of the shape of a sample with 1 along the `shared_axes` (counted from 1, the batch axis being 0):
    `[1, 2]` gives an image one alpha per channel. Operations: 2 per element. Backpropagation keeps the input.
    """
    shape = list(x[1:])
    for axis in shared_axes or ():
        if not -len(shape) < axis <= len(shape):
            raise Problem("SHP205", f"PReLU: {show_shape(x)} has no axis {axis}", "shared_axes")
        shape[axis - 1] = 1
    for dim in shape:
        if not isinstance(dim, int):
            require_known(dim, x, "PReLU")
    return Facts(x, weights=(Weight("alpha", tuple(shape)),), ops=2 * size(x), keeps_input=True, alias="inplace")


@layer(role="activation", function="softmax", built=True)
def Softmax(x: Shape, mask: Shape | None = None, *, axis: Axes = (-1,)) -> Facts:
    """`exp(x)` divided by its sum along `axis`; the shape stays. A `mask`, where given, is broadcast to `x`.

    No weights. Operations: 5 per element (maximum, difference, exp, sum, quotient), and 2 for a mask. Backpropagation
    keeps the output.
    """
    places = [axis_of(x, one, "Softmax") for one in axis]
    if mask is not None:
        _fit_mask(x, mask)
    return Facts(
        x,
        ops=(5 if mask is None else 7) * size(x),
        keeps_output=True,
        window=seen_along(x, tuple(places)),
    )


def _fit_mask(x: Shape, mask: Shape) -> None:
    reason = f"Softmax needs a mask that broadcasts to its input {show_shape(x)}, got {show_shape(mask)}"
    if len(mask) > len(x):
        raise Problem("SHP202", reason)
    own: Dim
    for own, dim in zip(reversed(mask[1:] if len(mask) == len(x) else mask), reversed(x), strict=False):
        if own != 1:
            require_equal(own, dim, reason)
