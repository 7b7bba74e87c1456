"""Operations that make whole numbers of numbers and numbers of these, in programs that were quantized before export.

Keys are `quantized_decomposed.` and the name of the operation (what PyTorch's pt2e leaves), or `torchao.` and its name.
Scales and zero points are further inputs, or numbers in the program. A weight that is stored as int8 is a buffer of
the program, which one of these turns into the weight of a convolution; no gradient passes any of them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import Facts, Shape, show_shape, size
from cnnsum.layers.kinds import Dtype, Flag, PlainInt, Pos, Positives, Text
from cnnsum.layers.requiring import axis_of, require_equal, require_multiple

#: Operations per element: a product, a rounding, a sum and a bound; a difference and a product; all of these.
_TO_WHOLE, _FROM_WHOLE = 4, 2
#: Operations per element to find the least and the largest.
_RANGE = 2


def _along(x: Shape, scales: Shape, axis: int, name: str) -> None:
    """Scales of channels are as many as there are channels."""
    at = axis_of(x, axis, name, "axis")
    if len(scales) == 1:
        reason = (
            f"{name} has a scale for each element of axis {at}, got {show_shape(x)} and scales {show_shape(scales)}"
        )
        require_equal(x[at], scales[0], reason, field="axis")


def _groups(x: Shape, group_size: Dim, name: str) -> None:
    if not x:
        raise Problem("SHP204", f"{name} needs an input with axes, got ()")
    reason = f"{name} needs a multiple of {group_size} on the last axis, got {show_shape(x)}"
    require_multiple(x[-1], group_size, reason, field="group_size")


def _whole(name: str) -> Rule:
    def rule(
        x: Shape,
        scales: Shape = (),
        zero_points: Shape = (),
        least: Shape = (),
        most: Shape = (),
        *,
        axis: PlainInt | None = None,
        dtype: Dtype | None = None,
        output_dtype: Dtype | None = None,
        group_size: Pos | None = None,
    ) -> Facts:
        if axis is not None:
            _along(x, scales, axis, name)
        if group_size is not None:
            _groups(x, group_size, name)
        return Facts(x, ops=_TO_WHOLE * size(x), gradient="none", dtype=output_dtype or dtype or "int8")

    return named(rule, name, f"Whole numbers for numbers. Operations: {_TO_WHOLE} per element.")


def _number(name: str) -> Rule:
    def rule(
        x: Shape,
        scales: Shape = (),
        zero_points: Shape = (),
        least: Shape = (),
        most: Shape = (),
        *,
        axis: PlainInt | None = None,
        out_dtype: Dtype | None = None,
        output_dtype: Dtype | None = None,
        group_size: Pos | None = None,
    ) -> Facts:
        if axis is not None:
            _along(x, scales, axis, name)
        if group_size is not None:
            _groups(x, group_size, name)
        dtype = out_dtype or output_dtype or "float32"
        return Facts(x, ops=_FROM_WHOLE * size(x), gradient="none", dtype=dtype)

    return named(rule, name, f"The numbers that whole numbers stand for. Operations: {_FROM_WHOLE} per element.")


for _kind in ("per_tensor", "per_channel", "per_channel_group", "per_token"):
    layer(key=f"quantized_decomposed.quantize_{_kind}", name=f"quantize_{_kind}")(_whole(f"quantize_{_kind}"))
    layer(key=f"quantized_decomposed.dequantize_{_kind}", name=f"dequantize_{_kind}")(_number(f"dequantize_{_kind}"))
layer(key="torchao.quantize_affine", name="quantize_affine")(_whole("quantize_affine"))
layer(key="torchao.dequantize_affine", name="dequantize_affine")(_number("dequantize_affine"))


@layer(key="quantized_decomposed.fake_quant_per_channel")
def fake_quant_per_channel(x: Shape, scales: Shape, zero_points: Shape, *, axis: PlainInt) -> Facts:
    """The numbers that whole numbers for the input stand for. Operations: 6 per element."""
    _along(x, scales, axis, "fake_quant_per_channel")
    return Facts(x, ops=(_TO_WHOLE + _FROM_WHOLE) * size(x), gradient="none", dtype="input")


@layer(key="quantized_decomposed.convert_element_type")
def convert_element_type(x: Shape, *, dtype: Dtype) -> Facts:
    """The input in another dtype."""
    return Facts(x, dtype=dtype)


def _chosen(name: str, scale_dtype: str, zero_dtype: str) -> Rule:
    def rule(x: Shape) -> Facts:
        return Facts((1,), (1,), ops=_RANGE * size(x), gradient="none", dtype=scale_dtype, rest=zero_dtype, rows=1)

    return named(rule, name, f"The scale and the zero point that fit all elements. Operations: {_RANGE} per element.")


def _chosen_per_row(name: str) -> Rule:
    def rule(x: Shape) -> Facts:
        if not x:
            raise Problem("SHP204", f"{name} needs an input with axes, got ()")
        out = (*x[:-1], 1)
        return Facts(out, out, ops=_RANGE * size(x), gradient="none", dtype="float64", rest="int64")

    return named(rule, name, f"A scale and a zero point for each row. Operations: {_RANGE} per element.")


for _name in ("choose_qparams", "choose_qparams_symmetric"):
    layer(key=f"quantized_decomposed.{_name}", name=_name)(_chosen(_name, "float64", "int64"))
for _name in ("choose_qparams_per_token", "choose_qparams_per_token_asymmetric"):
    layer(key=f"quantized_decomposed.{_name}", name=_name)(_chosen_per_row(_name))


@layer(key="torchao.choose_qparams_affine")
def choose_qparams_affine(
    x: Shape,
    *,
    mapping_type: Text,
    block_size: Positives,
    scale_dtype: Dtype | None = None,
    zero_point_dtype: Dtype | None = None,
    keepdim: Flag = False,
) -> Facts:
    """A scale and a zero point for each block of elements. Operations: 2 per element."""
    if len(block_size) != len(x):
        message = (
            f"choose_qparams_affine needs a size of blocks for each axis of {show_shape(x)}, got {list(block_size)}"
        )
        raise Problem("CFG102", message, "block_size")
    for dim, one in zip(x, block_size, strict=True):
        require_multiple(dim, one, f"blocks of {list(block_size)} must fill {show_shape(x)}", field="block_size")
    blocks = [dim // one for dim, one in zip(x, block_size, strict=True)]
    out = (
        tuple(blocks)
        if keepdim
        else tuple([count for count, dim in zip(blocks, x, strict=True) if count != 1 or dim == 1])
    )
    facts = Facts(out, out, ops=_RANGE * size(x), gradient="none", dtype=scale_dtype or "input")
    facts.rest = zero_point_dtype or (None if mapping_type == "SYMMETRIC" else "int32")
    return facts
