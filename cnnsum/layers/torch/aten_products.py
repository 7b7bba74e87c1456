"""Operations of exported programs that multiply and sum up: convolutions, products of matrices, attention.

Weights are inputs like others: the rule takes channels and kernels from their shapes, and the reader knows which of
them are parameters. Keys as in `aten_elementwise`.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.arithmetic.convolution import convolve, convolve_transposed
from cnnsum.layers.arithmetic.products import multiplied, sums_of_products
from cnnsum.layers.arithmetic.slide import Sizes, Sliding
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, show_shape, size
from cnnsum.layers.kinds import Flag, Naturals, PlainInt, Pos, Positives, Real, Text
from cnnsum.layers.requiring import (
    axis_of,
    require_axes,
    require_equal,
    require_indices,
    require_multiple,
    require_rank,
)
from cnnsum.layers.strides import LIKE_FIRST, ROWS, UNFOLLOWED, Dense, Read, Strides, repeated
from cnnsum.layers.torch.fields import KERNEL, Amounts, Pads, Word, copy_for_same, over

#: What is kept of a tensor and a product that are added up: each factor for the gradient of the other.
_OF_A_SUM = ((), (2,), (1,))


def _convolved(
    what: str,
    x: Shape,
    weight: Shape,
    bias: bool,
    stride: Sizes,
    padding: Word | tuple[Dim, ...],
    dilation: Sizes,
    groups: Dim,
    transposed: bool = False,
    output_padding: Sizes = (),
) -> Facts:
    require_axes(weight, 3, f"{what}'s weight")
    kernel = weight[2:]
    axes = len(kernel)
    require_rank(x, axes + 2, what)
    pads: Word | Pads = (
        padding
        if isinstance(padding, str)
        else tuple([(amount, amount) for amount in over(padding, axes, what, "padding")])
    )
    sliding = Sliding(
        what,
        kernel,
        over(stride, axes, what, "stride"),
        over(dilation, axes, what, "dilation"),
        pads,
        "channels_first",
        KERNEL,
    )
    depth = weight[0] if transposed else weight[1] * groups
    require_equal(x[1], depth, f"{what} with this weight needs {depth} channels, got {show_shape(x)}", inputs=(0, 1))
    if transposed:
        extra = over(output_padding, axes, what, "output_padding") if output_padding else (0,) * axes
        return convolve_transposed(x, sliding, weight[1] * groups, groups, extra, None, bias, lambda _depth: ())
    facts = convolve(x, sliding, weight[0], groups, None, bias, lambda _depth: ())
    if padding == "same":
        copy_for_same(x, facts, kernel, sliding.dilation)
    return facts


@layer(key="aten.conv1d", aliases="aten.conv2d aten.conv3d")
def conv(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    stride: Positives = (1,),
    padding: Amounts = (0,),
    dilation: Positives = (1,),
    groups: Pos = 1,
) -> Facts:
    """Slide kernels over a tensor: `(N, C, ...)` becomes `(N, filters, ...)`, filters the first axis of the weight.

    Lengths: `floor((H + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1`. MACs: each output element is a sum
    over its kernel and the channels of its group. Bias: one addition per output element. Backpropagation keeps the
    input.
    """
    return _convolved("convolution", x, weight, bias is not None, stride, padding, dilation, groups)


@layer(key="aten.conv_transpose1d", aliases="aten.conv_transpose2d aten.conv_transpose3d")
def conv_transpose(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    stride: Positives = (1,),
    padding: Naturals = (0,),
    output_padding: Naturals = (0,),
    groups: Pos = 1,
    dilation: Positives = (1,),
) -> Facts:
    """Run a convolution backwards, which enlarges a tensor.

    Lengths: `(H - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1`. MACs: every input position
    is multiplied with the whole kernel of its group. Bias: one addition per output element. Backpropagation keeps the
    input.
    """
    return _convolved(
        "transposed convolution", x, weight, bias is not None, stride, padding, dilation, groups, True, output_padding
    )


@layer(key="aten.convolution")
def convolution(
    x: Shape,
    weight: Shape,
    bias: Shape | None = None,
    *,
    stride: Positives = (1,),
    padding: Naturals = (0,),
    dilation: Positives = (1,),
    transposed: Flag = False,
    output_padding: Naturals = (0,),
    groups: Pos = 1,
) -> Facts:
    """A convolution, or one run backwards. MACs and lengths as of these. Backpropagation keeps the input."""
    return _convolved(
        "convolution", x, weight, bias is not None, stride, padding, dilation, groups, transposed, output_padding
    )


@layer(key="aten.linear")
def linear(x: Shape, weight: Shape, bias: Shape | None = None) -> Facts:
    """Multiply the last axis by a matrix: `(..., D)` becomes `(..., units)`, units the first axis of the weight.

    MACs: each output element is a sum of `D` products. Bias: one addition per output element. Backpropagation keeps the
    input.
    """
    if not x:
        raise Problem("SHP204", "linear needs an input with axes, got ()")
    reason = f"linear with this weight needs {weight[-1]} on the last axis, got {show_shape(x)}"
    depth = require_equal(x[-1], weight[-1], reason, inputs=(0, 1))
    out = (*x[:-1], *weight[:-1])
    # A vector of features, without a batch, is one sample.
    elements = size(out) if len(out) > 1 else prod(out)
    rows = 1 if len(out) < 2 else None
    facts = Facts(
        out, macs=elements * depth, ops=elements if bias else 0, keeps_input=((1,), (0,)), dtype="first", rows=rows
    )
    facts.strides = Strides("rows", (_as_matrix(x),)) if len(x) > 2 else ROWS
    return facts


def _as_matrix(x: Shape, *, turned: bool = False) -> Read:
    """All axes but the last made one; turned: of the transposed matrices."""
    axes = tuple(range(len(x)))
    if turned:
        axes = (*axes[:-2], axes[-1], axes[-2])
    shape = tuple([x[axis] for axis in axes])
    return Read(axes, shape, (prod(shape[:-1]), shape[-1]))


def _factors(x: Shape, other: Shape) -> tuple[Read | None, ...]:
    """The form in which a product of matrices keeps its factors (`_matmul_impl` in
    `aten/src/ATen/native/LinearAlgebra.cpp`): a matrix or a vector as it is, and what it is multiplied with as one
    matrix; matrices on both sides in a row, those of one repeated where it has fewer.

    Where the smaller factor has no gradient the larger may be multiplied in another form, but is then not kept.
    """
    if len(x) < 3 and len(other) < 3:
        return ()
    if len(other) < 3 or (len(other) == len(x) == 3 and other[0] == 1 != x[0]):
        return (_as_matrix(x),)
    if len(x) < 3 or (len(other) == len(x) == 3 and x[0] == 1 != other[0]):
        return None, _as_matrix(other, turned=True)
    before = broadcast((x[:-2], other[:-2]), "matmul")
    return tuple([_in_a_row(one, before) for one in (x, other)])


def _in_a_row(x: Shape, before: Shape) -> Read:
    """Matrices repeated along the axes before them, and these made one."""
    shape = (*before, *x[-2:])
    return Read(repeated(x, shape), shape, (prod(before), *x[-2:]))


@layer(key="aten.matmul", aliases="aten.bmm aten.mm aten.mv aten.dot aten.__matmul__")
def matmul(x: Shape, other: Shape) -> Facts:
    """Multiply matrices, the axes before them broadcast: `(..., n, k)` and `(..., k, m)` become `(..., n, m)`.

    MACs: each output element is a sum of `k` products. Backpropagation keeps both factors.
    """
    facts = multiplied("matmul", x, other)
    facts.strides = Strides("rows", _factors(x, other))
    return facts


@layer(key="aten.addmm", aliases="aten.baddbmm aten.addmv")
def addmm(added: Shape, x: Shape, other: Shape) -> Facts:
    """A tensor and a product of matrices. MACs as of matmul. Backpropagation keeps both factors."""
    facts = multiplied("addmm", x, other, added=True)
    facts.keeps_input = _OF_A_SUM
    facts.strides = ROWS
    return facts


@layer(key="aten.addbmm")
def addbmm(added: Shape, x: Shape, other: Shape) -> Facts:
    """A matrix and the sum of products of as many pairs of matrices: `(b, n, k)` and `(b, k, m)` become `(n, m)`.

    MACs: each output element is a sum of `b * k` products. Backpropagation keeps both factors.
    """
    for shape in (x, other):
        require_rank(shape, 3, "addbmm")
    require_equal(x[0], other[0], f"addbmm needs as many matrices, got {show_shape(x)} and {show_shape(other)}")
    facts = multiplied("addbmm", x, other)
    out = x[1], other[2]
    return Facts(out, macs=facts.macs * x[0], ops=prod(out), keeps_input=_OF_A_SUM, dtype="input", rows=1)


@layer(key="aten.outer", aliases="aten.ger")
def outer(x: Shape, other: Shape) -> Facts:
    """Each element of a vector times each of another. Operations: 1 per output element. Backpropagation keeps both."""
    for shape in (x, other):
        require_rank(shape, 1, "outer")
    out = (*x, *other)
    return Facts(out, ops=size(out), keeps_input="factors", dtype="input")


@layer(key="aten.cdist", aliases="aten._cdist_forward")
def cdist(x: Shape, other: Shape) -> Facts:
    """The distance of each row to each row of another: `(..., P, M)` and `(..., R, M)` become `(..., P, R)`.

    Operations: 3 per output element and column. Backpropagation keeps the inputs and the output.
    """
    if min(len(x), len(other)) < 2:
        raise Problem("SHP204", f"cdist needs matrices, got {show_shape(x)} and {show_shape(other)}")
    depth = require_equal(x[-1], other[-1], f"cdist needs as many columns, got {show_shape(x)} and {show_shape(other)}")
    out = (*broadcast((x[:-2], other[:-2]), "cdist"), x[-2], other[-2])
    return Facts(out, ops=3 * depth * size(out), keeps_input=True, keeps_output=True, dtype="input")


@layer(key="aten.cosine_similarity")
def cosine_similarity(x: Shape, other: Shape, *, dim: PlainInt = 1) -> Facts:
    """The cosine of the angle between vectors along an axis, which goes.

    Operations: 6 per element: three products and sums. Backpropagation keeps the inputs, their lengths, twice, and
    the vectors of length 1.
    """
    whole = broadcast((x, other), "cosine_similarity")
    axis = axis_of(whole, dim, "cosine_similarity", "dim")
    out = (*whole[:axis], *whole[axis + 1 :])
    length = (*whole[:axis], 1, *whole[axis + 1 :])
    kept = [
        Kept(f"{what} of the {which}", shape)
        for which in ("first", "second")
        for what, shape in (("length", length), ("length, not 0", length), ("direction", whole))
    ]
    own = ((0,), (1,))
    return Facts(out, ops=6 * size(whole), keeps_input=own, kept=tuple(kept), dtype="float", window=EVERYTHING)


@layer(key="aten.linalg_cross", aliases="aten.cross")
def cross(x: Shape, other: Shape) -> Facts:
    """The cross product of vectors of three. Operations: 3 per element. Backpropagation keeps both."""
    out = broadcast((x, other), "cross")
    return Facts(out, ops=3 * size(out), keeps_input="factors", dtype="input", window=EVERYTHING)


def _summed(operands: tuple[Shape, ...], equation: str) -> Strides:
    """How the sums of products of two tensors lie, and in what form the factors are kept (`einsum` and
    `sumproduct_pair` in `aten/src/ATen/native/Linear.cpp`): permuted and reshaped to matrices, so many in a row as the
    letters of both and the output say. The product is a view of theirs.
    """
    left, _, out = equation.partition("->")
    terms = left.split(",")
    if any(len(set(term)) < len(term) for term in terms):
        return UNFOLLOWED  # diagonals
    first, second = (
        {letter: dim for letter, dim in zip(term, shape, strict=True) if dim != 1}
        for term, shape in zip(terms, operands, strict=True)
    )
    gone = sorted({letter for letter in left if letter not in out and letter != ","}, key=lambda one: (one > "Z", one))
    summed = [one for one in gone if one in first and one in second]
    both = [one for one in out if one in first and one in second]
    own = [one for one in out if one in first and one not in second]
    others = [one for one in out if one not in both and one not in own]
    reads: list[Read | None] = []
    for term, sizes, groups in zip(terms, (first, second), ((both, own, summed), (both, summed, others)), strict=True):
        shape = [[sizes[one] for one in group if one in sizes] for group in groups]
        axes = [term.index(one) for group in groups for one in group if one in sizes]
        # What only one of the factors has, and the output has not, is summed before.
        fresh = any(one in sizes for one in gone if one not in summed)
        if summed or fresh:
            reads.append(Read(tuple(axes), (*shape[0], *shape[1], *shape[2]), tuple(map(prod, shape)), fresh))
        else:
            reads.append(None)
    order = Dense(tuple([out.index(one) for one in (*both, *own, *others)]))
    return Strides(order if summed else "not followed", tuple(reads))


@layer(key="aten.einsum")
def einsum(*operands: Shape, equation: Text) -> Facts:
    """Sums of products as an equation says, such as `bhqd,bhkd->bhqk`.

    MACs: the product of the sizes of all letters. Backpropagation keeps the factors.
    """
    if "." in equation or "->" not in equation:
        raise Problem("UNK702", f"einsum with the equation `{equation}` is not known", "equation")
    facts = sums_of_products(operands, equation, "einsum")
    facts.strides = _summed(operands, equation.replace(" ", "")) if len(operands) == 2 else UNFOLLOWED
    return facts


@layer(key="aten.scaled_dot_product_attention")
def scaled_dot_product_attention(
    query: Shape,
    key: Shape,
    value: Shape,
    attn_mask: Shape | None = None,
    *,
    dropout_p: Real = 0.0,
    is_causal: Flag = False,
    enable_gqa: Flag = False,
) -> Facts:
    """Means of values, weighted by how well queries match keys: `(..., L, E)` becomes `(..., L, Ev)`.

    MACs: `L * S * (E + Ev)` for each head, products of queries and keys, and of weights and values. Operations: 5 per
    weight for softmax, one per query element. Backpropagation keeps queries, keys, values, the output, and a number per
    query, as the fused kernels do.
    """
    what = "scaled_dot_product_attention"
    shapes = f"got {show_shape(query)}, {show_shape(key)} and {show_shape(value)}"
    if not len(query) == len(key) == len(value) >= 2:
        raise Problem("SHP204", f"{what} needs query, key and value of the same rank, {shapes}")
    require_equal(query[-1], key[-1], f"{what} needs a query and a key of the same depth, {shapes}", inputs=(0, 1))
    require_equal(key[-2], value[-2], f"{what} needs a key and a value of the same length, {shapes}", inputs=(1, 2))
    if enable_gqa and len(query) > 2:
        for shape in (key, value):
            reason = f"{what} needs heads of the query that are a multiple of those of key and value, {shapes}"
            require_multiple(query[-3], shape[-3], reason)
    before = query[:-2] if enable_gqa else broadcast((query[:-2], key[:-2], value[:-2]), what)
    scores = (*before, query[-2], key[-2])
    out = (*before, query[-2], value[-1])
    many = size(scores)
    return Facts(
        out,
        macs=many * (query[-1] + value[-1]),
        ops=5 * many + size(query) + (many if attn_mask is not None else 0),
        keeps_input=True,
        keeps_output=True,
        # The logarithm of the sum of each row of exponentials, in float32 whatever the dtype.
        kept=(
            Kept("log of sums", (*before, query[-2]), "float32"),
            *((Kept("mask of scores", scores, "bool"),) if dropout_p else ()),
        ),
        dtype="first",
        # The fused kernels make it like the queries; where that cannot be it is a product of matrices.
        strides=LIKE_FIRST if out == query else ROWS,
    )


@layer(key="aten.embedding", aliases="aten.embedding_renorm", reads=True)
def embedding(weight: Shape, indices: Shape) -> Facts:
    """A row of a table for each index: `(...)` becomes `(..., D)`. No MACs. Backpropagation keeps the indices."""
    require_indices(indices, weight, 0, "embedding")
    out = (*indices, *weight[1:])
    return Facts(out, kept=(Kept("indices", indices, "int64"),), dtype="first", strides=ROWS)


@layer(key="aten.bilinear")
def bilinear(first: Shape, second: Shape, weight: Shape, bias: Shape | None = None) -> Facts:
    """`first @ weight[k] @ second` for each `k`. MACs: one for each element of the weight and one for each output and
    column, per row. Backpropagation keeps the inputs.
    """
    require_axes(first, 1, "bilinear")
    require_rank(weight, 3, "bilinear's weight")
    out = (*first[:-1], weight[0])
    elements = size(out)
    macs = elements * weight[1] * (weight[2] + 1)
    return Facts(out, macs=macs, ops=elements if bias else 0, keeps_input=((1, 2), (0, 2), (0, 1)))


@layer(key="aten.embedding_bag", aliases="aten._embedding_bag aten._embedding_bag_forward_only", settings="offsets")
def embedding_bag(
    weight: Shape,
    indices: Shape,
    offsets: Shape,
    per_sample_weights: Shape | None = None,
    *,
    mode: PlainInt = 0,
    include_last_offset: Flag = False,
) -> Facts:
    """The sums, means or maxima of rows of a table, a bag of indices each; and the bag of each index, how many each bag
    has, and which were the largest. Operations: 1 per element. Backpropagation keeps all of these and the indices.
    """
    require_rank(weight, 2, "embedding_bag")
    require_rank(offsets, 1, "embedding_bag's offsets")
    bags = offsets[0] - 1 if include_last_offset else offsets[0]
    out = (bags, weight[1])
    largest = out if mode == 2 else (bags,)
    bag_of = (0,) if mode == 0 else indices  # a sum needs none
    ops = prod(indices) * weight[1]
    kept = (Kept("indices", indices, "int64"), Kept("offsets", offsets, "int64"), Kept("bags", indices, "int64"))
    return Facts(out, bag_of, (bags,), largest, ops=ops, kept=kept, dtype="first", rest="int64", rows=1)
