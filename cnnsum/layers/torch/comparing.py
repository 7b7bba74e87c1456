"""What is made of two inputs, element by element or pair by pair, in PyTorch's words."""

from __future__ import annotations

from cnnsum.layers.arithmetic.axes import without
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, seen_along, show_shape, size
from cnnsum.layers.kinds import Flag, PlainInt, Pos, Real
from cnnsum.layers.requiring import axis_of, require_equal, require_rank
from cnnsum.layers.torch.fields import given_channels


@layer(weights="weight bias")
def Bilinear(
    input1: Shape,
    input2: Shape,
    *,
    in1_features: Pos | None = None,
    in2_features: Pos | None = None,
    out_features: Pos,
    bias: Flag = True,
) -> Facts:
    """Sum up all products of an element of one input and one of the other: `(..., D1)` and `(..., D2)` becomes
    `(..., out_features)`.

    Weights: weight `out_features x D1 x D2`, a factor for each pair, and bias `out_features`.
    MACs: each output element is a sum of `D1 * D2` products of a pair and its factor.
    Operations: the product of each pair, `D1 * D2` for all outputs together. Bias: one addition per output element.
    Backpropagation keeps both inputs: the gradient of a factor is made of its pair.
    """
    require_rank(input2, len(input1), "the second input of Bilinear")
    for own, other in zip(input1[:-1], input2[:-1], strict=True):
        reason = f"Bilinear needs inputs that differ in their last axis only, got {show_shape(input1)} and "
        require_equal(own, other, reason + show_shape(input2))
    first = given_channels(input1, -1, in1_features, "Bilinear", "in1_features")
    second = given_channels(input2, -1, in2_features, "Bilinear", "in2_features")
    out = (*input1[:-1], out_features)
    weights: tuple[Weight, ...] = (Weight("weight", (out_features, first, second)),)
    if bias:
        weights += (Weight("bias", (out_features,)),)
    return Facts(
        out,
        weights=weights,
        macs=size(out) * first * second,
        ops=size(input1) * second + (size(out) if bias else 0),
        keeps_input="factors",
    )


@layer
def CosineSimilarity(x1: Shape, x2: Shape, *, dim: PlainInt = 1, eps: Real = 1e-8) -> Facts:
    """The cosine of the angle between vectors along an axis: `(D, ...)` and `(D, ...)` becomes `(...)`.

    Inputs are broadcast; `dim` counts the batch axis. No weights.
    Operations: 8 per element: squares and their sums for both lengths, two quotients, a product and its sum.
    Backpropagation keeps the inputs, both divided by their lengths, and the lengths, twice each: as they are, and not
    below `eps`.
    """
    both = broadcast((x1, x2), "CosineSimilarity")
    place = axis_of(both, dim, "CosineSimilarity", "dim")
    out = without(both, (place,), keepdims=False)
    length = without(both, (place,), keepdims=True)
    kept = [Kept("vector divided by its length", both)] * 2
    kept += [Kept("length", length), Kept("length, not below eps", length)] * 2
    return Facts(
        out, ops=8 * size(both), keeps_input=True, kept=tuple(kept), rows=both[0], window=seen_along(both, (place,))
    )


@layer
def PairwiseDistance(x1: Shape, x2: Shape, *, p: Real = 2.0, eps: Real = 1e-6, keepdim: Flag = False) -> Facts:
    """The distance of vectors, the norm of order `p` of what they differ by: `(..., D)` and `(..., D)` becomes `(...)`.

    Inputs are broadcast; the vectors are along the last axis, which `keepdim` leaves as 1. No weights.
    Operations: 4 per element: the difference, eps, an absolute value or a square, and the sum; 5 with another power
    than 1 and 2. Backpropagation keeps the differences and the output.
    """
    both = broadcast((x1, x2), "PairwiseDistance")
    if len(both) < 2:
        require_rank(both, 2, "PairwiseDistance")  # PyTorch takes one sample without an axis for it; a spec has one
    place = len(both) - 1
    out = without(both, (place,), keepdims=keepdim)
    each = 4 if p in (0, 1, 2, float("inf"), -float("inf")) else 5
    return Facts(
        out,
        ops=each * size(both),
        keeps_output=True,
        kept=(Kept("differences", both),),
        rows=both[0],
        window=seen_along(both, (place,)),
    )
