"""Operations of ONNX on whole numbers that stand for others: quantized networks.

Scales and zero points are further inputs. A weight of whole numbers is one of the file like others, in its own bytes:
`weights` names the inputs that are such. No gradient passes any of these.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.arithmetic.axes import without
from cnnsum.layers.arithmetic.broadcast import broadcast, joined
from cnnsum.layers.arithmetic.pooling import pool_whole
from cnnsum.layers.arithmetic.products import multiplied
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Layout, Shape, size
from cnnsum.layers.kinds import Ints, PlainInt, Pos, Positives, Real, Text
from cnnsum.layers.onnx.dtypes import DTYPES
from cnnsum.layers.onnx.fields import DOMAIN, MICROSOFT, Switch
from cnnsum.layers.onnx.products import convolved, lstm
from cnnsum.layers.onnx.windows import average_pool
from cnnsum.layers.requiring import axis_of, require_axes, require_rank

#: Operations per element: a product, a rounding, a sum and a bound; a difference and a product; to find the least and
#: the largest.
_TO_WHOLE, _FROM_WHOLE, _RANGE = 4, 2, 2


@layer(key=f"{DOMAIN}.QuantizeLinear", name="QuantizeLinear", aliases=f"{MICROSOFT}.QuantizeLinear")
def quantize(x: Shape, scale: Shape, zero_point: Shape | None = None, *, output_dtype: PlainInt = 0) -> Facts:
    """Whole numbers for numbers, by a scale for all or for each element of an axis. Operations: 4 per element."""
    dtype = DTYPES.get(output_dtype, "?") if output_dtype else "of 2" if zero_point is not None else "uint8"
    return Facts(x, ops=_TO_WHOLE * size(x), gradient="none", dtype=dtype)


@layer(key=f"{DOMAIN}.DequantizeLinear", name="DequantizeLinear", aliases=f"{MICROSOFT}.DequantizeLinear", weights="x")
def dequantize(x: Shape, scale: Shape, zero_point: Shape | None = None, *, output_dtype: PlainInt = 0) -> Facts:
    """Numbers for whole numbers. Operations: 2 per element."""
    dtype = DTYPES.get(output_dtype, "?") if output_dtype else "of 1"
    return Facts(x, ops=_FROM_WHOLE * size(x), gradient="none", dtype=dtype)


@layer(key=f"{DOMAIN}.DynamicQuantizeLinear", name="DynamicQuantizeLinear")
def quantize_dynamically(x: Shape) -> Facts:
    """Whole numbers for numbers, by a scale that is found from them; the scale and the zero point. Operations: 6 per
    element.
    """
    ops = (_TO_WHOLE + _RANGE) * size(x)
    return Facts(x, (), (), ops=ops, gradient="none", dtype="uint8", rest=("float32", "uint8"))


@layer(key=f"{DOMAIN}.QLinearConv", name="QLinearConv", aliases=f"{MICROSOFT}.QLinearConv", weights="weight bias")
def qlinear_conv(
    x: Shape,
    x_scale: Shape,
    x_zero_point: Shape,
    weight: Shape,
    weight_scale: Shape,
    weight_zero_point: Shape,
    y_scale: Shape,
    y_zero_point: Shape,
    bias: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Positives | None = None,
    group: Pos = 1,
    kernel_shape: Positives | None = None,
    pads: Ints | None = None,
    strides: Positives | None = None,
    channels_last: Switch = False,
) -> Facts:
    """A convolution of whole numbers, its output scaled to whole ones again. MACs as of Conv; 4 operations more per
    output element. `channels_last` is onnxruntime's.
    """
    if channels_last:
        require_axes(x, 3, "QLinearConv")
        x = (x[0], x[-1], *x[1:-1])
    facts = convolved(
        "QLinearConv", x, weight, bias is not None, auto_pad, kernel_shape, pads, strides, dilations, group
    )
    (out,) = facts.outputs
    facts.ops = facts.ops + _TO_WHOLE * size(out or ())
    facts.dtype, facts.gradient = "of 7", "none"
    if channels_last and out is not None:
        facts.outputs, facts.window = ((out[0], *out[2:], out[1]),), NOT_FOLLOWED
    return facts


@layer(key=f"{DOMAIN}.ConvInteger", name="ConvInteger", weights="weight")
def conv_integer(
    x: Shape,
    weight: Shape,
    x_zero_point: Shape | None = None,
    weight_zero_point: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Positives | None = None,
    group: Pos = 1,
    kernel_shape: Positives | None = None,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """A convolution of whole numbers. MACs as of Conv."""
    facts = convolved("ConvInteger", x, weight, False, auto_pad, kernel_shape, pads, strides, dilations, group)
    facts.dtype, facts.gradient = "int32", "none"
    return facts


@layer(key=f"{DOMAIN}.QLinearMatMul", name="QLinearMatMul", weights="other")
def qlinear_matmul(
    x: Shape,
    x_scale: Shape,
    x_zero_point: Shape,
    other: Shape,
    other_scale: Shape,
    other_zero_point: Shape,
    y_scale: Shape,
    y_zero_point: Shape,
) -> Facts:
    """A product of matrices of whole numbers, scaled to whole ones again. MACs as of MatMul; 4 operations more per
    output element.
    """
    facts = multiplied("QLinearMatMul", x, other)
    facts.ops = _TO_WHOLE * size(facts.outputs[0] or ())
    facts.dtype, facts.gradient = "of 7", "none"
    return facts


@layer(key=f"{DOMAIN}.MatMulInteger", name="MatMulInteger", aliases=f"{MICROSOFT}.MatMulInteger16", weights="other")
def matmul_integer(
    x: Shape, other: Shape, x_zero_point: Shape | None = None, other_zero_point: Shape | None = None
) -> Facts:
    """A product of matrices of whole numbers. MACs as of MatMul."""
    facts = multiplied("MatMulInteger", x, other)
    facts.dtype, facts.gradient = "int32", "none"
    return facts


@layer(key=f"{MICROSOFT}.DynamicQuantizeMatMul", name="DynamicQuantizeMatMul", weights="other")
def dynamic_matmul(
    x: Shape, other: Shape, other_scale: Shape, other_zero_point: Shape | None = None, bias: Shape | None = None
) -> Facts:
    """A product of matrices whose first is made whole before, and the result numbers again. MACs as of MatMul."""
    facts = multiplied("DynamicQuantizeMatMul", x, other, added=bias is not None)
    facts.ops = facts.ops + (_TO_WHOLE + _RANGE) * size(x) + _FROM_WHOLE * size(facts.outputs[0] or ())
    facts.dtype, facts.gradient = "first", "none"
    return facts


@layer(key=f"{MICROSOFT}.MatMulIntegerToFloat", name="MatMulIntegerToFloat", weights="other")
def matmul_to_float(
    x: Shape,
    other: Shape,
    x_scale: Shape,
    other_scale: Shape,
    x_zero_point: Shape | None = None,
    other_zero_point: Shape | None = None,
    bias: Shape | None = None,
) -> Facts:
    """A product of matrices of whole numbers, made numbers again. MACs as of MatMul."""
    facts = multiplied("MatMulIntegerToFloat", x, other, added=bias is not None)
    facts.ops = facts.ops + _FROM_WHOLE * size(facts.outputs[0] or ())
    facts.dtype, facts.gradient = "of 2", "none"
    return facts


@layer(key=f"{MICROSOFT}.QGemm", name="QGemm", weights="other bias")
def qgemm(
    x: Shape,
    x_scale: Shape,
    x_zero_point: Shape,
    other: Shape,
    other_scale: Shape,
    other_zero_point: Shape,
    bias: Shape | None = None,
    y_scale: Shape | None = None,
    y_zero_point: Shape | None = None,
    *,
    alpha: Real = 1.0,
    transA: Switch = False,  # noqa: N803 - the attribute is called so
    transB: Switch = False,  # noqa: N803
) -> Facts:
    """A product of two matrices of whole numbers and a bias. MACs as of MatMul."""
    require_rank(x, 2, "QGemm")
    require_rank(other, 2, "the second matrix of QGemm")
    left, right = x[::-1] if transA else x, other[::-1] if transB else other
    facts = multiplied("QGemm", left, right, added=bias is not None)
    facts.ops = facts.ops + _TO_WHOLE * size(facts.outputs[0] or ())
    facts.dtype = "float32" if y_zero_point is None else "of 2"
    facts.gradient = "none"
    return facts


def _of_two(name: str) -> Rule:
    def rule(
        x: Shape,
        x_scale: Shape,
        x_zero_point: Shape,
        other: Shape,
        other_scale: Shape,
        other_zero_point: Shape,
        y_scale: Shape,
        y_zero_point: Shape | None = None,
    ) -> Facts:
        out = broadcast((x, other), name)
        return Facts(out, ops=(2 * _FROM_WHOLE + 1 + _TO_WHOLE) * size(out), gradient="none", dtype="first")

    return named(rule, name, f"`{name}` of tensors of whole numbers. Operations: 9 per element.")


def _of_one(name: str, ops: int) -> Rule:
    def rule(
        x: Shape,
        x_scale: Shape,
        x_zero_point: Shape | None = None,
        y_scale: Shape | None = None,
        y_zero_point: Shape | None = None,
    ) -> Facts:
        return Facts(x, ops=(_FROM_WHOLE + ops + _TO_WHOLE) * size(x), gradient="none", dtype="first")

    return named(rule, name, f"`{name}` of whole numbers. Operations: {ops + 6} per element.")


for _name in ("QLinearAdd", "QLinearMul"):
    layer(key=f"{MICROSOFT}.{_name}", name=_name)(_of_two(_name))
for _name, _ops in (("QLinearSigmoid", 3), ("QLinearLeakyRelu", 2), ("QLinearSoftmax", 5)):
    layer(key=f"{MICROSOFT}.{_name}", name=_name)(_of_one(_name, _ops))


@layer(key=f"{MICROSOFT}.QLinearAveragePool", name="QLinearAveragePool")
def qlinear_mean(
    x: Shape,
    x_scale: Shape,
    x_zero_point: Shape,
    y_scale: Shape,
    y_zero_point: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    ceil_mode: Switch = False,
    channels_last: Switch = False,
    count_include_pad: Switch = False,
    kernel_shape: Positives,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """The mean of each window, per channel, of whole numbers. Lengths as of AveragePool."""
    if channels_last:
        require_axes(x, 3, "QLinearAveragePool")
        x = (x[0], x[-1], *x[1:-1])
    facts = average_pool(
        x, auto_pad=auto_pad, ceil_mode=ceil_mode, kernel_shape=kernel_shape, pads=pads, strides=strides
    )
    facts.gradient = "none"
    (out,) = facts.outputs
    if channels_last and out is not None:
        facts.outputs, facts.window = ((out[0], *out[2:], out[1]),), NOT_FOLLOWED
    return facts


@layer(key=f"{MICROSOFT}.QLinearWhere", name="QLinearWhere")
def qlinear_where(condition: Shape, x: Shape, x_scale: Shape, x_zero_point: Shape, y: Shape, *rest: Shape) -> Facts:
    """Elements of one tensor of whole numbers or another, as a condition says. Operations: 6 per element."""
    out = broadcast((condition, x, y), "QLinearWhere")
    return Facts(out, ops=(_FROM_WHOLE + _TO_WHOLE) * size(out), gradient="none", dtype="of 1")


@layer(key=f"{MICROSOFT}.QLinearReduceMean", name="QLinearReduceMean")
def qlinear_reduced(
    x: Shape,
    x_scale: Shape,
    x_zero_point: Shape | None = None,
    y_scale: Shape | None = None,
    y_zero_point: Shape | None = None,
    *,
    axes: Ints,
    keepdims: Switch = True,
) -> Facts:
    """The mean along axes, of whole numbers. Operations: 3 per element."""
    places = tuple([axis_of(x, axis, "QLinearReduceMean") for axis in axes if isinstance(axis, int)])
    out = without(x, places or tuple(range(len(x))), keepdims=keepdims)
    return Facts(out, ops=(_FROM_WHOLE + 1) * size(x), gradient="none", window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{MICROSOFT}.DynamicQuantizeLSTM", name="DynamicQuantizeLSTM", weights="weight recurrent")
def dynamic_lstm(
    x: Shape,
    weight: Shape,
    recurrent: Shape,
    bias: Shape | None = None,
    sequence_lens: Shape | None = None,
    initial_h: Shape | None = None,
    initial_c: Shape | None = None,
    peepholes: Shape | None = None,
    weight_scale: Shape | None = None,
    weight_zero_point: Shape | None = None,
    recurrent_scale: Shape | None = None,
    recurrent_zero_point: Shape | None = None,
    *,
    direction: Text = "forward",
    hidden_size: Pos | None = None,
    outputs: PlainInt = 1,
) -> Facts:
    """An LSTM whose products are of whole numbers; its weights have the gates last. Numbers as of LSTM."""
    require_rank(weight, 3, "the weight of DynamicQuantizeLSTM")
    require_rank(recurrent, 3, "the recurrent weight of DynamicQuantizeLSTM")
    turned, inner = ((one[0], one[2], one[1]) for one in (weight, recurrent))
    facts = lstm(x, turned, inner, direction=direction, hidden_size=hidden_size, outputs=outputs)
    facts.gradient = "none"
    return facts


@layer(key=f"{MICROSOFT}.QLinearGlobalAveragePool", name="QLinearGlobalAveragePool")
def qlinear_global_mean(
    x: Shape, x_scale: Shape, x_zero_point: Shape, y_scale: Shape, y_zero_point: Shape, *, channels_last: Switch = False
) -> Facts:
    """The mean of all positions, per channel, of whole numbers. Operations: 1 per element."""
    require_axes(x, 3, "QLinearGlobalAveragePool")
    layout: Layout = "channels_last" if channels_last else "channels_first"
    facts = pool_whole("QLinearGlobalAveragePool", x, len(x) - 2, layout, keepdims=True, largest=False)
    facts.dtype, facts.gradient = "first", "none"
    return facts


@layer(key=f"{MICROSOFT}.QLinearConcat", name="QLinearConcat")
def qlinear_concat(y_scale: Shape, y_zero_point: Shape, *tensors: Shape, axis: PlainInt = 1) -> Facts:
    """Put tensors of whole numbers end to end; each comes with its scale and zero point. Operations: 6 per element."""
    if not tensors:
        raise Problem("GRF303", "QLinearConcat needs tensors to put together")
    out = joined(tensors[::3], axis, "QLinearConcat")
    return Facts(out, ops=(_FROM_WHOLE + _TO_WHOLE) * size(out), gradient="none", dtype="of 2")
