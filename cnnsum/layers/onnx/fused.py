"""Further operations of onnxruntime (`com.microsoft`): those that its optimizer and its tools for language models and
diffusion models write, beside products, attention and whole numbers, which are with the standard's own.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.arithmetic.contents import whole
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Constant, Facts, Shape, size
from cnnsum.layers.kinds import Ints, PlainInt, PlainPos, Pos, Positives, Text
from cnnsum.layers.onnx.fields import MICROSOFT, Switch
from cnnsum.layers.onnx.products import convolved
from cnnsum.layers.onnx.windows import max_pool, pad
from cnnsum.layers.requiring import axis_of, require_axes, require_equal, require_multiple, require_rank


def _sum_and(name: str, ops: int, doc: str) -> Rule:
    def rule(*tensors: Shape, axis: PlainInt = 1, is_inner_broadcast: Switch = False, outputs: PlainInt = 1) -> Facts:
        out = broadcast(tensors[:1], name)
        return Facts(*(out, out)[: max(outputs, 1)], ops=ops * size(out), keeps_output=True, dtype="first", rest="bool")

    return named(rule, name, f"{doc} Operations: {ops} per element.")


for _name, _ops, _doc in (
    ("BiasAdd", 2, "The sum of a tensor, a bias and another tensor."),
    ("BiasSoftmax", 6, "Softmax of the sum of a tensor and a bias."),
    ("BiasDropout", 2, "The sum of a tensor and a bias, elements dropped in training."),
):
    layer(key=f"{MICROSOFT}.{_name}", name=_name, ignored="seed")(_sum_and(_name, _ops, _doc))


@layer(key=f"{MICROSOFT}.BiasSplitGelu", name="BiasSplitGelu")
def split_gelu(x: Shape, bias: Shape) -> Facts:
    """One half of the last axis, times gelu of the other, both with a bias. Operations: 12 per element."""
    require_axes(x, 1, "BiasSplitGelu")
    require_multiple(x[-1], 2, "BiasSplitGelu needs an even last axis")
    out = (*x[:-1], x[-1] // 2)
    return Facts(out, ops=12 * size(out), keeps_input=True, window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{MICROSOFT}.GemmFastGelu", name="GemmFastGelu")
def gemm_gelu(x: Shape, weight: Shape, bias: Shape | None = None) -> Facts:
    """A product with a matrix, and gelu. Operations: 8 per output element, 1 more with a bias."""
    require_axes(x, 1, "GemmFastGelu")
    require_rank(weight, 2, "the weight of GemmFastGelu")
    require_equal(x[-1], weight[0], f"GemmFastGelu needs {weight[0]} numbers on the last axis", inputs=(0, 1))
    out = (*x[:-1], weight[1])
    ops = (8 if bias is None else 9) * size(out)
    return Facts(out, macs=size(out) * weight[0], ops=ops, keeps_input=True, dtype="first")


@layer(key=f"{MICROSOFT}.CDist", name="CDist")
def distances(x: Shape, other: Shape, *, metric: Text = "sqeuclidean") -> Facts:
    """How far each row of one matrix is from each of another: `(n, k)` and `(m, k)` become `(n, m)`. MACs: `k` per
    output element.
    """
    require_rank(x, 2, "CDist")
    require_rank(other, 2, "CDist")
    require_equal(x[1], other[1], "CDist needs rows of one length", inputs=(0, 1))
    return Facts((x[0], other[0]), macs=other[0] * x[1], ops=other[0], keeps_input=True, dtype="first", rows=None)


@layer(key=f"{MICROSOFT}.Inverse", name="Inverse")
def inverse(x: Shape) -> Facts:
    """The inverse of each matrix. Its work is not known."""
    require_axes(x, 2, "Inverse")
    require_equal(x[-1], x[-2], "Inverse needs square matrices")
    return Facts(x, ops=UNKNOWN, keeps_output=True, window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{MICROSOFT}.ComplexMul", name="ComplexMul", aliases=f"{MICROSOFT}.ComplexMulConj")
def complex_product(x: Shape, other: Shape) -> Facts:
    """The product of complex numbers, whose parts are the last axis. Operations: 3 per element."""
    out = broadcast((x, other), "ComplexMul")
    return Facts(out, ops=3 * size(out), keeps_input=True, dtype="first")


@layer(key=f"{MICROSOFT}.ExpandDims", name="ExpandDims", reads=True, settings="axis")
def expanded(x: Shape, axis: Shape) -> Facts:
    """An axis of 1 more."""
    found = whole(axis)
    if not found:
        return Facts((UNKNOWN,) * (len(x) + 1), alias="view", dtype="first")
    at = found[0] if found[0] >= 0 else found[0] + len(x) + 1
    if not 0 <= at <= len(x):
        raise Problem("SHP204", f"ExpandDims of a tensor with {len(x)} axes has no axis {found[0]}")
    return Facts((*x[:at], 1, *x[at:]), alias="view", window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{MICROSOFT}.Pad", name="Pad", reads=True, settings="amounts value")
def padded(x: Shape, amounts: Shape, value: Shape | None = None, *, mode: Text = "constant") -> Facts:
    """So many elements more before and after each axis, or below 0 so many less: as of the standard's Pad."""
    return pad(x, amounts, value)


# --- images with the channels last ------------------------------------------------------------------------------------


def _turned(facts: Facts) -> Facts:
    """The facts of what slides over channels first, of an output with channels last."""
    facts.outputs = tuple([one and (one[0], *one[2:], one[1]) for one in facts.outputs])
    facts.window = NOT_FOLLOWED
    return facts


@layer(key=f"{MICROSOFT}.NhwcConv", name="NhwcConv", aliases=f"{MICROSOFT}.NhwcFusedConv")
def nhwc_conv(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    added: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Positives | None = None,
    group: Pos = 1,
    kernel_shape: Positives | None = None,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """A convolution with the channels last: `(N, ..., C)` becomes `(N, ..., filters)`, the weight `(filters, C, ...)`.
    Operations: 1 per output element for each of bias, sum and activation.
    """
    require_axes(x, 3, "NhwcConv")
    first = (x[0], x[-1], *x[1:-1])
    facts = convolved(
        "NhwcConv", first, weight, bias is not None, auto_pad, kernel_shape, pads, strides, dilations, group
    )
    if added is not None:
        facts.ops = facts.ops + size(facts.outputs[0] or ())
    return _turned(facts)


@layer(key=f"{MICROSOFT}.NhwcMaxPool", name="NhwcMaxPool")
def nhwc_max_pool(
    x: Shape,
    *,
    auto_pad: Text = "NOTSET",
    ceil_mode: Switch = False,
    dilations: Positives | None = None,
    kernel_shape: Positives,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """The largest of each window, per channel, which are the last axis. Lengths as of MaxPool."""
    require_axes(x, 3, "NhwcMaxPool")
    facts = max_pool(
        (x[0], x[-1], *x[1:-1]),
        auto_pad=auto_pad,
        ceil_mode=ceil_mode,
        dilations=dilations,
        kernel_shape=kernel_shape,
        pads=pads,
        strides=strides,
    )
    facts.gradient = "none"
    return _turned(facts)


def _group_norm(name: str, ops: int) -> Rule:
    def rule(
        x: Shape,
        gamma: Shape,
        beta: Shape,
        skip: Shape | None = None,
        bias: Shape | None = None,
        *,
        groups: Pos,
        channels_last: Switch = True,
        outputs: PlainInt = 1,
    ) -> Facts:
        require_axes(x, 3, name)
        channels = x[-1] if channels_last else x[1]
        require_multiple(channels, groups, f"{name} needs channels that are a multiple of {groups}")
        outs = (x, x)[: max(outputs, 1)]
        return Facts(*outs, ops=ops * size(x), keeps_input=True, window=NOT_FOLLOWED, dtype="first")

    return named(rule, name, f"Groups of channels normalised, and an activation. Operations: {ops} per element.")


for _name, _ops in (("GroupNorm", 10), ("SkipGroupNorm", 11)):
    layer(key=f"{MICROSOFT}.{_name}", name=_name)(_group_norm(_name, _ops))


# --- language models --------------------------------------------------------------------------------------------------


@layer(key=f"{MICROSOFT}.GatherBlockQuantized", name="GatherBlockQuantized", reads=True, weights="table")
def gathered(
    table: Shape,
    indices: Shape,
    scales: Shape,
    zero_points: Shape | None = None,
    *,
    bits: PlainPos = 4,
    gather_axis: PlainInt = 0,
    quantize_axis: PlainInt = -1,
) -> Facts:
    """Rows of a table whose numbers have a few bits each: `(V, D)` and `(...)` become `(..., D)`. Operations: 2 per
    element. Bytes that hold several numbers do so along the last axis.
    """
    require_axes(table, 1, "GatherBlockQuantized")
    at = axis_of(table, gather_axis, "GatherBlockQuantized")
    several = isinstance(table, Constant) and table.dtype == "uint8"
    held = (*table[:-1], table[-1] * (8 // bits)) if several and bits < 8 else tuple(table)
    if not isinstance(table, Constant):
        held = (*table[:-1], UNKNOWN)  # whether its bytes hold several numbers is not known
    out = (*held[:at], *indices, *held[at + 1 :])
    return Facts(out, ops=2 * size(out), gradient="none", window=NOT_FOLLOWED, dtype="of 2")


def _experts(name: str, x: Shape, chosen: Dim, each: Dim) -> Facts:
    require_rank(x, (2, 3), name)
    rows = x[1] if len(x) == 3 else 1
    return Facts(x, macs=rows * chosen * each, ops=UNKNOWN, keeps_input=True, window=NOT_FOLLOWED, dtype="first")


#: Attributes that change values, or say again what the weights do.
_OF_EXPERTS = (
    "swiglu_fusion swiglu_limit swiglu_limit_after_activation use_sparse_mixer normalize_routing_weights "
    "activation_type"
)


@layer(key=f"{MICROSOFT}.MoE", name="MoE", ignored=_OF_EXPERTS)
def experts(
    x: Shape,
    router: Shape,
    first: Shape,
    first_bias: Shape | None,
    second: Shape,
    second_bias: Shape | None = None,
    third: Shape | None = None,
    third_bias: Shape | None = None,
    *,
    k: PlainPos = 1,
) -> Facts:
    """`k` of several networks for each row, chosen by a router, their outputs weighted. MACs: those of the chosen."""
    each: Dim = 0
    for weight in (first, second, third):
        if weight is not None:
            require_rank(weight, 3, "a weight of MoE")
            each = each + weight[1] * weight[2]
    return _experts("MoE", x, k, each)


@layer(key=f"{MICROSOFT}.QMoE", name="QMoE", weights="first second third", ignored=f"{_OF_EXPERTS} weights_prepacked")
def quantized_experts(
    x: Shape,
    router: Shape,
    first: Shape,
    first_scales: Shape | None = None,
    first_bias: Shape | None = None,
    second: Shape | None = None,
    second_scales: Shape | None = None,
    second_bias: Shape | None = None,
    third: Shape | None = None,
    third_scales: Shape | None = None,
    third_bias: Shape | None = None,
    first_zero_points: Shape | None = None,
    second_zero_points: Shape | None = None,
    third_zero_points: Shape | None = None,
    router_weights: Shape | None = None,
    first_global_scale: Shape | None = None,
    second_global_scale: Shape | None = None,
    first_act_scale: Shape | None = None,
    second_act_scale: Shape | None = None,
    first_act_block_scale: Shape | None = None,
    second_act_block_scale: Shape | None = None,
    *,
    k: PlainPos = 1,
    expert_weight_bits: PlainPos = 4,
) -> Facts:
    """`k` of several networks for each row, whose weights have a few bits each. MACs: those of the chosen."""
    each: Dim = 0
    for weight in (first, second, third):
        if weight is not None:
            require_rank(weight, 3, "a weight of QMoE")
            each = each + weight[1] * weight[2] * (8 // expert_weight_bits)
    return _experts("QMoE", x, k, each)


@layer(key=f"{MICROSOFT}.MatMulBnb4", name="MatMulBnb4", weights="weight", ignored="quant_type training_mode transB")
def matmul_of_four_bits(
    x: Shape,
    weight: Shape,
    absmax: Shape,
    *,
    K: PlainPos,  # noqa: N803 - the attribute is called so
    N: PlainPos,  # noqa: N803
) -> Facts:
    """Multiply the last axis by a matrix whose numbers have 4 bits each: `(..., K)` becomes `(..., N)`. MACs as of
    MatMulNBits.
    """
    require_axes(x, 1, "MatMulBnb4")
    require_equal(x[-1], K, f"MatMulBnb4 needs {K} on the last axis")
    out = (*x[:-1], N)
    return Facts(out, macs=size(out) * K, keeps_input="weights", dtype="first")


@layer(key=f"{MICROSOFT}.WordConvEmbedding", name="WordConvEmbedding")
def words_of_letters(
    x: Shape,
    weight: Shape,
    bias: Shape,
    letters: Shape,
    *,
    char_embedding_size: PlainInt | None = None,
    conv_window_size: PlainInt | None = None,
    embedding_size: PlainInt | None = None,
) -> Facts:
    """A vector for each word by a convolution over its letters: `(..., letters)` becomes `(..., filters)`. Its work
    depends on the length of words, and is not known.
    """
    require_axes(x, 2, "WordConvEmbedding")
    require_axes(weight, 1, "the weight of WordConvEmbedding")
    out = (*x[:-1], weight[0])
    return Facts(out, macs=UNKNOWN, ops=UNKNOWN, gradient="none", window=NOT_FOLLOWED, dtype="of 1")


@layer(key=f"{MICROSOFT}.TorchEmbedding", name="TorchEmbedding")
def rows_of(table: Shape, indices: Shape, padding: Shape | None = None, scaled: Shape | None = None) -> Facts:
    """Rows of a table that indices name: `(V, D)` and `(...)` become `(..., D)`."""
    require_rank(table, 2, "TorchEmbedding")
    return Facts((*indices, table[1]), window=NOT_FOLLOWED, dtype="first")
