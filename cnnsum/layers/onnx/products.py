"""Operations of ONNX that multiply and sum up: convolutions, products of matrices, recurrence.

Weights are inputs like others: the rule takes channels and kernels from their shapes, and the reader knows which of
them the file holds.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.arithmetic.convolution import convolve, convolve_transposed
from cnnsum.layers.arithmetic.products import multiplied, sums_of_products
from cnnsum.layers.arithmetic.slide import Padding, Sliding, Words
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Kept, Shape, show_shape, size
from cnnsum.layers.kinds import Ints, Nat, Naturals, PlainInt, PlainPos, Pos, Positives, Real, Text
from cnnsum.layers.onnx.fields import DOMAIN, MICROSOFT, Switch, numbers
from cnnsum.layers.requiring import require_equal, require_rank

#: What messages say of operations that slide a kernel.
KERNEL = Words("kernel_shape", "dilations", "`pads` make the input larger")


def padding_of(auto_pad: str, pads: tuple[Dim, ...] | None, axes: int, what: str) -> Padding:
    """The padding that attributes tell: a word, or all numbers before the axes and then all after them."""
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        return "same"
    if auto_pad not in ("NOTSET", "VALID", ""):
        raise Problem("CFG102", f"`auto_pad` of {what} is NOTSET, VALID, SAME_UPPER or SAME_LOWER, got `{auto_pad}`")
    if auto_pad == "VALID" or not pads:
        return "valid"
    if len(pads) != 2 * axes:
        raise Problem("CFG102", f"`pads` of {what} must be {2 * axes} numbers, got {list(pads)}", "pads")
    return tuple(zip(pads[:axes], pads[axes:], strict=True))


def convolved(
    what: str,
    x: Shape,
    weight: Shape,
    bias: bool,
    auto_pad: str,
    kernel: tuple[Dim, ...] | None,
    pads: tuple[Dim, ...] | None,
    strides: tuple[Dim, ...] | None,
    dilations: tuple[Dim, ...] | None,
    group: Dim,
) -> Facts:
    """A convolution with a weight of `(filters, channels of a group, ...)`."""
    axes = len(weight) - 2
    if axes < 1:
        raise Problem("SHP204", f"{what} needs a weight of 3 axes or more, got {show_shape(weight)}")
    require_rank(x, axes + 2, what)
    for own, said in zip(weight[2:], kernel or (), strict=False):
        require_equal(own, said, f"`kernel_shape` of {what} is not that of its weight {show_shape(weight)}")
    padding = padding_of(auto_pad, pads, axes, what)
    steps, spread = numbers(strides, axes, 1, what, "strides"), numbers(dilations, axes, 1, what, "dilations")
    sliding = Sliding(what, weight[2:], steps, spread, padding, "channels_first", KERNEL)
    depth = weight[1] * group
    require_equal(x[1], depth, f"{what} with this weight needs {depth} channels, got {show_shape(x)}", inputs=(0, 1))
    facts = convolve((x[0], depth, *x[2:]), sliding, weight[0], group, None, bias, lambda _depth: ())
    facts.dtype = "first"
    return moved_lower(facts, auto_pad)


def moved_lower(facts: Facts, auto_pad: str) -> Facts:
    """The facts of what slides; SAME_LOWER has the larger half of the zeros before, which no window says."""
    if auto_pad == "SAME_LOWER":
        facts.window = NOT_FOLLOWED
    return facts


@layer(key=f"{DOMAIN}.Conv", name="Conv")
def conv(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Positives | None = None,
    group: Pos = 1,
    kernel_shape: Positives | None = None,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """Slide kernels over a tensor: `(N, C, ...)` becomes `(N, filters, ...)`, filters the first axis of the weight.

    Lengths: `floor((H + pads - dilation * (kernel - 1) - 1) / stride) + 1`, or `ceil(H / stride)` with SAME. MACs: each
    output element is a sum over its kernel and the channels of its group. Bias: one addition per output element.
    Backpropagation keeps the input.
    """
    return convolved("Conv", x, weight, bias is not None, auto_pad, kernel_shape, pads, strides, dilations, group)


@layer(key=f"{MICROSOFT}.FusedConv", name="FusedConv")
def fused_conv(
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
    """A convolution, the sum with another tensor, and an activation. Operations: 1 per output element for each."""
    facts = convolved("FusedConv", x, weight, bias is not None, auto_pad, kernel_shape, pads, strides, dilations, group)
    (out,) = facts.outputs
    facts.ops = facts.ops + (1 if added is None else 2) * size(out or ())
    return facts


@layer(key=f"{DOMAIN}.ConvTranspose", name="ConvTranspose")
def conv_transpose(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Positives | None = None,
    group: Pos = 1,
    kernel_shape: Positives | None = None,
    output_padding: Naturals | None = None,
    output_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Positives | None = None,
) -> Facts:
    """Run a convolution backwards, which enlarges a tensor.

    Lengths: `(H - 1) * stride + dilation * (kernel - 1) + 1 + output_padding - pads`; `H * stride` with SAME; those of
    `output_shape` where there is one. MACs: every input position is multiplied with the whole kernel of its group.
    Bias: one addition per output element. Backpropagation keeps the input.
    """
    what = "ConvTranspose"
    axes = len(weight) - 2
    if axes < 1:
        raise Problem("SHP204", f"{what} needs a weight of 3 axes or more, got {show_shape(weight)}")
    require_rank(x, axes + 2, what)
    steps, spread = numbers(strides, axes, 1, what, "strides"), numbers(dilations, axes, 1, what, "dilations")
    extra = numbers(output_padding, axes, 0, what, "output_padding")
    found = padding_of(auto_pad, pads, axes, what)
    padding = ((0, 0),) * axes if found in ("valid", "same") else found
    depth = require_equal(
        x[1], weight[0], f"{what} with this weight needs {weight[0]} channels, got {show_shape(x)}", inputs=(0, 1)
    )
    sliding = Sliding(what, weight[2:], steps, spread, padding, "channels_first", KERNEL)
    x = (x[0], depth, *x[2:])
    facts = convolve_transposed(x, sliding, weight[1] * group, group, extra, None, bias is not None, lambda _depth: ())
    facts.dtype = "first"
    lengths: tuple[Dim, ...] | None = None
    if output_shape:
        lengths = numbers(output_shape[-axes:], axes, 1, what, "output_shape")
    elif found == "same":
        lengths = tuple([length * step for length, step in zip(x[2:], steps, strict=True)])
    if lengths is not None:
        out = (x[0], weight[1] * group, *lengths)
        facts.outputs = (out,)
        facts.ops = size(out) if bias is not None else 0
        facts.window = NOT_FOLLOWED
    return facts


@layer(key=f"{DOMAIN}.DeformConv", name="DeformConv")
def deform_conv(
    x: Shape,
    weight: Shape,
    offset: Shape,
    bias: Shape | None = None,
    mask: Shape | None = None,
    *,
    dilations: Positives | None = None,
    group: Pos = 1,
    kernel_shape: Positives | None = None,
    pads: Ints | None = None,
    strides: Positives | None = None,
    offset_group: Pos = 1,
) -> Facts:
    """A convolution whose kernels read at places that another tensor moves. MACs as of Conv; finding the places and
    interpolating there is not counted, so that operations are not known.
    """
    facts = convolved(
        "DeformConv", x, weight, bias is not None, "NOTSET", kernel_shape, pads, strides, dilations, group
    )
    facts.ops = UNKNOWN
    facts.window = NOT_FOLLOWED
    facts.keeps_input = True
    return facts


@layer(key=f"{DOMAIN}.MatMul", name="MatMul")
def matmul(x: Shape, other: Shape) -> Facts:
    """Multiply matrices, the axes before them broadcast: `(..., n, k)` and `(..., k, m)` become `(..., n, m)`.

    MACs: each output element is a sum of `k` products. Backpropagation keeps both factors.
    """
    facts = multiplied("MatMul", x, other)
    facts.dtype = "first"
    return facts


def _turned(x: Shape, turned: bool) -> Shape:
    return (*x[:-2], x[-1], x[-2]) if turned and len(x) > 1 else x


@layer(key=f"{MICROSOFT}.FusedMatMul", name="FusedMatMul", aliases=f"{MICROSOFT}.TransposeMatMul")
def fused_matmul(
    x: Shape,
    other: Shape,
    *,
    transA: Switch = False,  # noqa: N803 - the attribute is called so
    transB: Switch = False,  # noqa: N803
    transBatchA: Switch = False,  # noqa: N803
    transBatchB: Switch = False,  # noqa: N803
    alpha: Real = 1.0,
) -> Facts:
    """A product of matrices, of which each may be turned before, or have its first axis put before the last. MACs as of
    MatMul.
    """
    left = _turned((*x[1:-1], x[0], x[-1]) if transBatchA and len(x) > 2 else x, transA)
    right = _turned((*other[1:-1], other[0], other[-1]) if transBatchB and len(other) > 2 else other, transB)
    facts = multiplied("FusedMatMul", left, right)
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.Gemm", name="Gemm", aliases=f"{MICROSOFT}.FusedGemm")
def gemm(
    a: Shape,
    b: Shape,
    c: Shape | None = None,
    *,
    alpha: Real = 1.0,
    beta: Real = 1.0,
    transA: Switch = False,  # noqa: N803 - the attribute is called so
    transB: Switch = False,  # noqa: N803
) -> Facts:
    """Multiply two matrices, each turned if asked for, and add a third, broadcast: `(n, k)` and `(k, m)` become
    `(n, m)`.

    MACs: each output element is a sum of `k` products. One addition per output element. Backpropagation keeps both
    factors.
    """
    require_rank(a, 2, "Gemm")
    require_rank(b, 2, "the second input of Gemm")
    facts = multiplied("Gemm", _turned(a, transA), _turned(b, transB), added=c is not None)
    (out,) = facts.outputs
    assert out is not None
    if c:
        both = broadcast((out, c), "Gemm")
        for own, wanted in zip(both, out, strict=False):
            require_equal(own, wanted, f"Gemm adds a tensor that fits {show_shape(out)}, got {show_shape(c)}")
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.Einsum", name="Einsum")
def einsum(*operands: Shape, equation: Text) -> Facts:
    """Sums of products as an equation says, such as `bhqd,bhkd->bhqk`.

    MACs: the product of the sizes of all letters. Backpropagation keeps the factors.
    """
    facts = sums_of_products(operands, equation, "Einsum")
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.Det", name="Det")
def determinant(x: Shape) -> Facts:
    """The determinant of each matrix. Its work is not known."""
    if len(x) < 2:
        raise Problem("SHP204", f"Det needs matrices, got {show_shape(x)}")
    require_equal(x[-1], x[-2], f"Det needs square matrices, got {show_shape(x)}")
    return Facts(x[:-2], ops=UNKNOWN, keeps_input=True, dtype="first")


def _recurrent(
    what: str,
    gates: int,
    states: int,
    inputs: tuple[Shape, Shape, Shape],
    direction: str,
    hidden: Dim | None,
    layout: int,
    outputs: int,
) -> Facts:
    x, kernel, recurrent = inputs
    require_rank(x, 3, what)
    require_rank(kernel, 3, f"the weight of {what}")
    require_rank(recurrent, 3, f"the recurrent weight of {what}")
    directions = 2 if direction == "bidirectional" else 1
    units = recurrent[2]
    if hidden is not None:
        units = require_equal(units, hidden, f"{what} of {hidden} units, got a weight {show_shape(recurrent)}")
    reason = f"{what} needs {kernel[2]} numbers for each step, got {show_shape(x)}"
    depth = require_equal(x[2], kernel[2], reason, inputs=(0, 1))
    require_equal(
        kernel[1], gates * units, f"{what} of {units} units needs {gates} gates, got a weight {show_shape(kernel)}"
    )
    steps, batch = (x[1], x[0]) if layout else (x[0], x[1])
    every = (batch, steps, directions, units) if layout else (steps, directions, batch, units)
    last = (batch, directions, units) if layout else (directions, batch, units)
    return Facts(
        *(every, *(last,) * states)[: max(outputs, 1)],
        macs=steps * (directions * gates * units * (depth + units)),
        keeps_input=True,
        keeps_output=True,
        kept=(Kept("gates", (batch, steps, directions * gates * units)),),
        window=EVERYTHING,
        rows=batch,
        status="bound",
        dtype="first",
    )


@layer(key=f"{DOMAIN}.LSTM", name="LSTM")
def lstm(
    x: Shape,
    weight: Shape,
    recurrent: Shape,
    bias: Shape | None = None,
    sequence_lens: Shape | None = None,
    initial_h: Shape | None = None,
    initial_c: Shape | None = None,
    peepholes: Shape | None = None,
    *,
    direction: Text = "forward",
    hidden_size: Pos | None = None,
    layout: PlainInt = 0,
    outputs: PlainInt = 1,
) -> Facts:
    """An LSTM over a sequence: its outputs, and its last states.

    `(steps, batch, D)` becomes `(steps, directions, batch, units)`. MACs: the products of every step with all kernels;
    the operations of its gates are not counted. Backpropagation keeps the input and the gates of every step.
    """
    return _recurrent("LSTM", 4, 2, (x, weight, recurrent), direction, hidden_size, layout, outputs)


@layer(key=f"{DOMAIN}.GRU", name="GRU")
def gru(
    x: Shape,
    weight: Shape,
    recurrent: Shape,
    bias: Shape | None = None,
    sequence_lens: Shape | None = None,
    initial_h: Shape | None = None,
    *,
    direction: Text = "forward",
    hidden_size: Pos | None = None,
    layout: PlainInt = 0,
    outputs: PlainInt = 1,
) -> Facts:
    """A GRU over a sequence: its outputs, and its last state. Numbers as of LSTM, of three gates."""
    return _recurrent("GRU", 3, 1, (x, weight, recurrent), direction, hidden_size, layout, outputs)


@layer(key=f"{DOMAIN}.RNN", name="RNN")
def rnn(
    x: Shape,
    weight: Shape,
    recurrent: Shape,
    bias: Shape | None = None,
    sequence_lens: Shape | None = None,
    initial_h: Shape | None = None,
    *,
    direction: Text = "forward",
    hidden_size: Pos | None = None,
    layout: PlainInt = 0,
    outputs: PlainInt = 1,
) -> Facts:
    """A simple recurrence over a sequence: its outputs, and its last state. Numbers as of LSTM, of one gate."""
    return _recurrent("RNN", 1, 1, (x, weight, recurrent), direction, hidden_size, layout, outputs)


@layer(key=f"{MICROSOFT}.MatMulNBits", name="MatMulNBits", weights="weight")
def matmul_of_bits(
    x: Shape,
    weight: Shape,
    scales: Shape,
    zero_points: Shape | None = None,
    g_idx: Shape | None = None,
    bias: Shape | None = None,
    *,
    K: PlainPos,  # noqa: N803
    N: PlainPos,  # noqa: N803
    bits: PlainPos = 4,
    block_size: Nat = 32,
) -> Facts:
    """Multiply the last axis by a matrix whose numbers have a few bits each: `(..., K)` becomes `(..., N)`.

    MACs: each output element is a sum of `K` products; making numbers of the bits is not counted.
    """
    if not x:
        raise Problem("SHP204", "MatMulNBits needs an input with axes, got ()")
    require_equal(x[-1], K, f"MatMulNBits needs {K} on the last axis, got {show_shape(x)}")
    out = (*x[:-1], N)
    return Facts(out, macs=size(out) * K, ops=size(out) if bias else 0, keeps_input="weights", dtype="first")
