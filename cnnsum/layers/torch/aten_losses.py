"""Operations of exported programs that compare two tensors: losses within a network, and distances. Keys as in
`aten_elementwise`.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.arithmetic.axes import without
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import Facts, Kept, Shape, show_shape, size
from cnnsum.layers.kinds import Flag, PlainInt, Real
from cnnsum.layers.requiring import axis_of, require_equal

#: Losses of each element: operations per element.
OF_ELEMENTS: dict[str, int] = {
    "mse_loss": 2,
    "smooth_l1_loss": 4,
    "huber_loss": 4,
    "soft_margin_loss": 4,
    "kl_div": 4,
    "binary_cross_entropy": 5,
    "binary_cross_entropy_with_logits": 6,
}


def _of_elements(name: str, ops: int) -> Rule:
    def rule(x: Shape, target: Shape, weight: Shape = (), pos_weight: Shape = (), *, reduction: PlainInt = 1) -> Facts:
        both = broadcast((x, target, weight, pos_weight), name)
        rows = both[0] if both and not reduction else 1
        work = ops * (size(both) if both and not reduction else size((1, *both)))
        return Facts(() if reduction else both, ops=work, keeps_input=True, dtype="input", rows=rows)

    return named(rule, name, f"The loss {name} of each element, or their mean or sum. Operations: {ops} per element.")


#: By the name of the operation.
LOSSES = {name: _of_elements(name, ops) for name, ops in OF_ELEMENTS.items()}

for _name, _rule in LOSSES.items():
    layer(key=f"aten.{_name}", name=_name)(_rule)


@layer(key="aten.poisson_nll_loss")
def poisson_nll_loss(x: Shape, target: Shape, *, log_input: Flag = True, reduction: PlainInt = 1) -> Facts:
    """The loss of counts by their expected numbers, or by the logarithms of these. Operations: 3 per element.
    Backpropagation keeps both, and the exponentials, or the logarithms and what they are of.
    """
    facts = LOSSES["mse_loss"](x, target, reduction=reduction)
    facts.ops = facts.ops // 2 * 3
    facts.keeps_input = ((1,), (0,))
    logarithms = (Kept("logarithms", x), Kept("numbers above 0", x))
    facts.kept = (Kept("exponentials", x),) if log_input else logarithms
    return facts


@layer(key="aten.l1_loss")
def l1_loss(x: Shape, target: Shape, *, reduction: PlainInt = 1) -> Facts:
    """The distance of each element from its target, or their mean or sum. Operations: 2 per element. Backpropagation
    keeps the differences.
    """
    facts = LOSSES["mse_loss"](x, target, reduction=reduction)
    facts.keeps_input = False
    facts.kept = (Kept("differences", broadcast((x, target), "l1_loss")),)
    return facts


def _of_classes(what: str, x: Shape, target: Shape, reduction: int) -> Shape:
    """The shape of a loss of one class among several, whose scores stand along the second axis, or the only one."""
    if not x:
        raise Problem("SHP204", f"{what} needs scores with an axis of classes, got ()")
    classes = 0 if len(x) == 1 else 1
    rest = (*x[:classes], *x[classes + 1 :])
    if target != x:  # else the target is a share of each class
        reason = f"{what} of {show_shape(x)} needs targets of {show_shape(rest)}, got {show_shape(target)}"
        if len(target) != len(rest):
            raise Problem("SHP204", reason)
        for own, other in zip(rest, target, strict=True):
            require_equal(own, other, reason)
    return () if reduction else rest


@layer(key="aten.cross_entropy_loss")
def cross_entropy_loss(x: Shape, target: Shape, weight: Shape | None = None, *, reduction: PlainInt = 1) -> Facts:
    """The logarithm of softmax along the classes at the right one, negative. Operations: 6 per element of the input.
    Backpropagation keeps the logarithms, the target, and for classes the sum of the weights of all targets.
    """
    out = _of_classes("cross_entropy_loss", x, target, reduction)
    if target == x and len(x) > 1:
        logarithms = (Kept("logarithms", x),)
        return Facts(out, ops=6 * size((1, *x)), keeps_input=((), (0,)), kept=logarithms, dtype="first", rows=1)
    kept = (Kept("logarithms", x), Kept("target", target, "int64"), Kept("sum of weights", (), batched=False))
    return Facts(out, ops=6 * size((1, *x)), kept=kept, dtype="first", rows=1)


@layer(key="aten.nll_loss", aliases="aten.nll_loss_nd aten.nll_loss2d")
def nll_loss(x: Shape, target: Shape, weight: Shape | None = None, *, reduction: PlainInt = 1) -> Facts:
    """The element of the right class, negative. Operations: 1 per target. Backpropagation keeps input and target, and
    the sum of the weights of all targets.
    """
    out = _of_classes("nll_loss", x, target, reduction)
    kept = (Kept("sum of weights", (), batched=False),)
    return Facts(out, ops=size((1, *target)), keeps_input=True, kept=kept, dtype="first", rows=1)


@layer(key="aten.nll_loss_forward", aliases="aten.nll_loss2d_forward")
def nll_loss_forward(x: Shape, target: Shape, weight: Shape | None = None, *, reduction: PlainInt = 1) -> Facts:
    """As nll_loss, and the sum of the weights of all targets."""
    facts = nll_loss(x, target, weight, reduction=reduction)
    facts.outputs = (*facts.outputs, ())
    facts.kept, facts.keeps_output = (), "rest"
    return facts


@layer(key="aten.pairwise_distance")
def pairwise_distance(x: Shape, other: Shape, *, keepdim: Flag = False) -> Facts:
    """The distance of rows. Operations: 3 per element. Backpropagation keeps the differences and the distances."""
    both = broadcast((x, other), "pairwise_distance")
    if not both:
        raise Problem("SHP204", "pairwise_distance needs rows, got ()")
    out = without(both, (len(both) - 1,), keepdims=keepdim)
    return Facts(
        out, ops=3 * size((1, *both)), kept=(Kept("differences", both),), keeps_output=True, dtype="input", rows=1
    )


@layer(key="aten.dist")
def dist(x: Shape, other: Shape, *, p: Real = 2.0) -> Facts:
    """The distance of two tensors. Operations: 3 per element. Backpropagation keeps both, and their distance."""
    both = broadcast((x, other), "dist")
    return Facts((), ops=3 * size((1, *both)), keeps_input=True, keeps_output=True, rows=1)


@layer(key="aten.pdist", aliases="aten._pdist_forward")
def pdist(x: Shape, *, p: Real = 2.0) -> Facts:
    """The distance of each pair of rows. Operations: 3 per element of each pair. Backpropagation keeps the input."""
    if len(x) != 2:
        raise Problem("SHP204", f"pdist needs a matrix, got {show_shape(x)}")
    pairs = x[0] * (x[0] - 1) // 2
    return Facts((pairs,), ops=3 * pairs * x[1], keeps_input=True, keeps_output=True, dtype="input", rows=1)


@layer(key="aten.cosine_embedding_loss", aliases="aten.margin_ranking_loss aten.triplet_margin_loss")
def embedding_loss(x: Shape, other: Shape, target: Shape, *, reduction: PlainInt = 1) -> Facts:
    """A loss of pairs or triples. Operations: 6 per element. Backpropagation keeps the inputs."""
    both = broadcast((x, other), "a loss of pairs")
    out = () if reduction else both[:1]
    return Facts(out, ops=6 * size((1, *both)), keeps_input=True, dtype="first", rows=1)


@layer(key="aten.searchsorted")
def searchsorted(sorted: Shape, values: Shape = (), *, out_int32: Flag = False) -> Facts:
    """Where each value would stand in a sorted row. Has no gradient."""
    return Facts(values, ops=size((1, *values)), gradient="none", dtype="int32" if out_int32 else "int64", rows=1)


@layer(key="aten.bucketize")
def bucketize(values: Shape, boundaries: Shape, *, out_int32: Flag = False) -> Facts:
    """Between which boundaries each value is. Has no gradient."""
    return Facts(values, ops=size((1, *values)), gradient="none", dtype="int32" if out_int32 else "int64", rows=1)


@layer(key="aten.isin")
def isin(values: Shape, among: Shape = ()) -> Facts:
    """Whether each element is one of others. Has no gradient."""
    return Facts(values, ops=size((1, *values)), gradient="none", dtype="bool", rows=1)


@layer(key="aten.multinomial")
def multinomial(x: Shape, *, num_samples: PlainInt) -> Facts:
    """So many places of each row, drawn by its numbers. Has no gradient."""
    axis_of(x, -1, "multinomial")
    return Facts((*x[:-1], num_samples), gradient="none", dtype="int64")
