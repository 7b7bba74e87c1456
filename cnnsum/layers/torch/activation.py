"""Activation functions, in PyTorch's words. The shape stays; what each costs and keeps is in `arithmetic.functions`.

Where a module may write over its input (`inplace`), its gradient is made from the output in place of the input.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.functions import elementwise, work
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, seen_along, show_shape, size
from cnnsum.layers.kinds import Flag, PlainInt, Pos, Real, choice
from cnnsum.layers.requiring import axis_of, require_equal, require_multiple, require_rank
from cnnsum.typed import Annotated, Literal

Approximate = Annotated[Literal["none", "tanh"], choice("none", "tanh")]


@layer(role="activation", function="relu")
def ReLU(x: Shape, *, inplace: Flag = False) -> Facts:
    """`x` above 0, 0 below; the shape stays.

    No weights. Operations: 1 per element. Backpropagation keeps the output.
    """
    return elementwise(x, "relu")


@layer(role="activation", function="relu6")
def ReLU6(x: Shape, *, inplace: Flag = False) -> Facts:
    """`x` between 0 and 6, and these where it is beyond; the shape stays.

    No weights. Operations: 2 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "relu6")


def _bent(x: Shape, name: str, inplace: bool) -> Facts:
    return elementwise(x, name, "output" if inplace else "input")


@layer(role="activation", function="leaky_relu")
def LeakyReLU(x: Shape, *, negative_slope: Real = 0.01, inplace: Flag = False) -> Facts:
    """`x` above 0, `negative_slope * x` below; the shape stays.

    No weights. Operations: 2 per element. Backpropagation keeps the input, or with `inplace` the output.
    """
    return _bent(x, "leaky_relu", inplace)


@layer(role="activation", function="prelu", weights="weight")
def PReLU(x: Shape, *, num_parameters: Pos = 1, init: Real = 0.25) -> Facts:
    """`x` above 0, a learned slope times `x` below; the shape stays.

    Weights: weight, one slope for all channels or, with `num_parameters`, for each. Operations: 2 per element.
    Backpropagation keeps the input.
    """
    if num_parameters != 1:
        if len(x) < 2:
            raise Problem("SHP204", f"PReLU needs an input with channels, got {show_shape(x)}")
        reason = f"PReLU needs one slope or one for each channel of {show_shape(x)}, got {num_parameters}"
        require_equal(x[1], num_parameters, reason, field="num_parameters")
    return Facts(x, weights=(Weight("weight", (num_parameters,)),), ops=2 * size(x), keeps_input=True, alias="inplace")


@layer(role="activation", function="leaky_relu")
def RReLU(x: Shape, *, lower: Real = 1 / 8, upper: Real = 1 / 3, inplace: Flag = False) -> Facts:
    """`x` above 0, `x` times a slope below, which is drawn for each element in training, and else the mean of the two.

    The shape stays. No weights. Operations: 2 per element. Backpropagation keeps the slopes, and the input, or with
    `inplace` the output.
    """
    if lower > upper:
        raise Problem("CFG102", f"`lower` must be at most `upper`, got {lower} and {upper}", "lower")
    facts = _bent(x, "leaky_relu", inplace)
    facts.kept = (Kept("slopes", x),)
    return facts


@layer(role="activation", function="elu")
def ELU(x: Shape, *, alpha: Real = 1.0, inplace: Flag = False) -> Facts:
    """`x` above 0, `alpha * (exp(x) - 1)` below; the shape stays.

    No weights. Operations: 4 per element. Backpropagation keeps the input, or with `inplace` the output.
    """
    return _bent(x, "elu", inplace)


@layer(role="activation", function="selu")
def SELU(x: Shape, *, inplace: Flag = False) -> Facts:
    """`ELU` times a constant, both so that mean and variance are kept; the shape stays.

    No weights. Operations: 4 per element. Backpropagation keeps the input, or with `inplace` the output.
    """
    return _bent(x, "selu", inplace)


@layer(role="activation", function="celu")
def CELU(x: Shape, *, alpha: Real = 1.0, inplace: Flag = False) -> Facts:
    """`x` above 0, `alpha * (exp(x / alpha) - 1)` below; the shape stays.

    No weights. Operations: 5 per element. Backpropagation keeps the input, or with `inplace` the output.
    """
    if alpha == 0:
        raise Problem("CFG102", "`alpha` of CELU must not be 0: it is divided by", "alpha")
    return _bent(x, "celu", inplace)


@layer(role="activation", function="gelu")
def GELU(x: Shape, *, approximate: Approximate = "none") -> Facts:
    """`0.5 * x * (1 + erf(x / sqrt(2)))`; the shape stays.

    No weights. Operations: 5 per element; 8 with `approximate: tanh`, which is
    `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))`. Backpropagation keeps the input.
    """
    facts = elementwise(x, "gelu")
    if approximate == "tanh":
        facts.ops = 8 * size(x)
    return facts


@layer(role="activation", function="sigmoid")
def Sigmoid(x: Shape) -> Facts:
    """`1 / (1 + exp(-x))`; the shape stays.

    No weights. Operations: 3 per element. Backpropagation keeps the output.
    """
    return elementwise(x, "sigmoid")


@layer(role="activation", function="log_sigmoid")
def LogSigmoid(x: Shape) -> Facts:
    """`log(1 / (1 + exp(-x)))`; the shape stays.

    No weights. Operations: 3 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "log_sigmoid")


@layer(role="activation", function="tanh")
def Tanh(x: Shape) -> Facts:
    """`tanh(x)`; the shape stays.

    No weights. Operations: 1 per element. Backpropagation keeps the output.
    """
    return elementwise(x, "tanh")


@layer(role="activation", function="hard_tanh", ignored="min_value max_value")
def Hardtanh(x: Shape, *, min_val: Real = -1.0, max_val: Real = 1.0, inplace: Flag = False) -> Facts:
    """`x` between `min_val` and `max_val`, and these where it is beyond; the shape stays.

    No weights. Operations: 2 per element. Backpropagation keeps the input.
    """
    if min_val >= max_val:
        raise Problem("CFG102", f"`min_val` must be less than `max_val`, got {min_val} and {max_val}", "min_val")
    return elementwise(x, "hard_tanh")


@layer(role="activation", function="hard_sigmoid")
def Hardsigmoid(x: Shape, *, inplace: Flag = False) -> Facts:
    """`min(max(x / 6 + 0.5, 0), 1)`; the shape stays.

    No weights. Operations: 4 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "hard_sigmoid")


@layer(role="activation", function="hard_silu")
def Hardswish(x: Shape, *, inplace: Flag = False) -> Facts:
    """`x * min(max(x / 6 + 0.5, 0), 1)`; the shape stays.

    No weights. Operations: 5 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "hard_silu")


@layer(role="activation", function="hard_shrink")
def Hardshrink(x: Shape, *, lambd: Real = 0.5) -> Facts:
    """`x`, and 0 between `-lambd` and `lambd`; the shape stays.

    No weights. Operations: 2 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "hard_shrink")


@layer(role="activation", function="soft_shrink")
def Softshrink(x: Shape, *, lambd: Real = 0.5) -> Facts:
    """`x` moved by `lambd` towards 0, and 0 where it is nearer than that; the shape stays.

    No weights. Operations: 3 per element. Backpropagation keeps the input.
    """
    if lambd < 0:
        raise Problem("CFG108", f"`lambd` must be a number of at least 0, got {lambd}", "lambd")
    return elementwise(x, "soft_shrink")


@layer(role="activation", function="tanh_shrink")
def Tanhshrink(x: Shape) -> Facts:
    """`x - tanh(x)`; the shape stays.

    No weights. Operations: 2 per element. Backpropagation keeps `tanh(x)`.
    """
    facts = elementwise(x, "tanh_shrink", "")
    facts.kept = (Kept("tanh of the input", x),)
    return facts


@layer(role="activation", function="silu")
def SiLU(x: Shape, *, inplace: Flag = False) -> Facts:
    """`x / (1 + exp(-x))`; the shape stays.

    No weights. Operations: 4 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "silu")


@layer(role="activation", function="mish")
def Mish(x: Shape, *, inplace: Flag = False) -> Facts:
    """`x * tanh(log(1 + exp(x)))`; the shape stays.

    No weights. Operations: 5 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "mish")


@layer(role="activation", function="softplus")
def Softplus(x: Shape, *, beta: Real = 1.0, threshold: Real = 20.0) -> Facts:
    """`log(1 + exp(beta * x)) / beta`, and `x` where `beta * x` is above the threshold; the shape stays.

    No weights. Operations: 3 per element; 5 with another `beta` than 1. Backpropagation keeps the input.
    """
    facts = elementwise(x, "softplus")
    if beta != 1:
        facts.ops = 5 * size(x)
    return facts


@layer(role="activation", function="softsign")
def Softsign(x: Shape) -> Facts:
    """`x / (1 + abs(x))`; the shape stays.

    No weights. Operations: 3 per element. Backpropagation keeps the input, and the divisor.
    """
    facts = elementwise(x, "softsign")
    facts.kept = (Kept("divisor", x),)
    return facts


def _of_rows(x: Shape, name: str, dim: int | None, what: str) -> Facts:
    """A function of the elements along an axis; where none is given PyTorch takes the one that it took of old."""
    if dim is None:
        dim = 0 if len(x) in (0, 1, 3) else 1
    place = axis_of(x, dim, what, "dim")
    facts = elementwise(x, name)
    facts.window = seen_along(x, (place,), "channels_first")
    return facts


@layer(role="activation", function="softmax")
def Softmin(x: Shape, *, dim: PlainInt | None = None) -> Facts:
    """`exp(-x)` divided by its sum along `dim`; the shape stays.

    Without a `dim` it is 1, or 0 where the input has one or three axes: better say it.
    No weights. Operations: 5 per element (maximum, difference, exp, sum, quotient). Backpropagation keeps the output.
    """
    return _of_rows(x, "softmax", dim, "Softmin")


@layer(role="activation", function="softmax")
def Softmax(x: Shape, *, dim: PlainInt | None = None) -> Facts:
    """`exp(x)` divided by its sum along `dim`; the shape stays.

    Without a `dim` it is 1, or 0 where the input has one or three axes: better say it.
    No weights. Operations: 5 per element (maximum, difference, exp, sum, quotient). Backpropagation keeps the output.
    """
    return _of_rows(x, "softmax", dim, "Softmax")


@layer(role="activation", function="softmax")
def Softmax2d(x: Shape) -> Facts:
    """`exp(x)` divided by its sum over the channels of `(C, H, W)`; the shape stays.

    No weights. Operations: 5 per element (maximum, difference, exp, sum, quotient). Backpropagation keeps the output.
    """
    require_rank(x, 4, "Softmax2d")
    return _of_rows(x, "softmax", 1, "Softmax2d")


@layer(role="activation", function="log_softmax")
def LogSoftmax(x: Shape, *, dim: PlainInt | None = None) -> Facts:
    """The logarithm of `Softmax` along `dim`; the shape stays.

    Without a `dim` it is 1, or 0 where the input has one or three axes: better say it.
    No weights. Operations: 5 per element (maximum, difference, exp, sum, difference). Backpropagation keeps the output.
    """
    return _of_rows(x, "log_softmax", dim, "LogSoftmax")


@layer(role="activation", function="threshold")
def Threshold(x: Shape, *, threshold: Real, value: Real, inplace: Flag = False) -> Facts:
    """`x` above the `threshold`, `value` elsewhere; the shape stays.

    No weights. Operations: 1 per element. Backpropagation keeps the input.
    """
    return elementwise(x, "threshold")


@layer(role="activation", function="glu")
def GLU(x: Shape, *, dim: PlainInt = -1) -> Facts:
    """The first half of the elements along `dim`, times the sigmoid of the second: `2 * C` becomes `C`.

    No weights. Operations: 4 per output element. Backpropagation keeps the input.
    """
    place = axis_of(x, dim, "GLU", "dim")
    length = x[place]
    reason = f"GLU needs an even number of elements on axis {place}, got {show_shape(x)}"
    require_multiple(length, 2, reason, field="dim")
    half: Dim = length // 2
    out = (*x[:place], half, *x[place + 1 :])
    return Facts(out, ops=work("glu", size(out)), keeps_input=True, window=seen_along(x, (place,), "channels_first"))
