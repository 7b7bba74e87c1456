"""Normalisation by the statistics of a batch, a row or a group.

Operations are those of inference, per element of the input. With statistics taken from the input itself they are five:
the sum for the mean, the deviation, its square, the sum for the variance, the product with the inverse deviation; and
one each for scale and shift. Work per row or group (square roots, quotients) is not counted: it is not per element.
Names no layer type.
"""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Layout, Shape, Weight, seen_along, size
from cnnsum.layers.requiring import axis_of, require_known
from cnnsum.typed import Literal

#: Statistics are taken in float32 whatever the compute dtype.
STATISTICS = "float32"


def normalized_by_batch(x: Shape, shape: Shape, weights: tuple[Weight, ...], use: Literal["weights", ""] = "") -> Facts:
    """By mean and deviation over the batch, which are of that shape; two operations fold all four vectors.

    use: "weights" where only the gradients of weights need what is kept (`Kept.use`).
    """
    return Facts(
        x,
        weights=weights,
        ops=2 * size(x),
        keeps_input=use or True,
        kept=(
            Kept("mean", shape, STATISTICS, batched=False, use=use),
            Kept("inverse deviation", shape, STATISTICS, batched=False, use=use),
        ),
        alias="inplace",
    )


def normalized_by_row(
    x: Shape, places: tuple[int, ...], weights: tuple[Weight, ...], layout: Layout | None = None
) -> Facts:
    """By mean and deviation over the axes at these places, then an operation for each weight."""
    rows = _without(x, places)
    return Facts(
        x,
        weights=weights,
        ops=(5 + len(weights)) * size(x),
        keeps_input=True,
        kept=(Kept("mean", rows, STATISTICS), Kept("inverse deviation", rows, STATISTICS)),
        window=seen_along(x, places, layout),
    )


def normalized_by_group(x: Shape, groups: Dim, weights: tuple[Weight, ...]) -> Facts:
    """By mean and deviation of so many groups of channels in each sample, then an operation for each weight."""
    return Facts(
        x,
        weights=weights,
        ops=(5 + len(weights)) * size(x),
        keeps_input=True,
        kept=(Kept("mean", (x[0], groups), STATISTICS), Kept("inverse deviation", (x[0], groups), STATISTICS)),
        window=EVERYTHING if len(x) > 2 else None,
    )


def normalized_by_size(
    x: Shape, places: tuple[int, ...], weights: tuple[Weight, ...], layout: Layout | None = None
) -> Facts:
    """By the root of the mean square over the axes at these places: a square, a sum, a product, one for a weight."""
    return Facts(
        x,
        weights=weights,
        ops=(3 + len(weights)) * size(x),
        keeps_input=True,
        kept=(Kept("inverse root mean square", _without(x, places), STATISTICS),),
        window=seen_along(x, places, layout),
    )


def _without(x: Shape, places: tuple[int, ...]) -> Shape:
    """The shape without these axes; most networks have statistics of the batch alone, and need no other."""
    from cnnsum.layers.arithmetic.axes import without

    return without(x, places, keepdims=False)


def normalized_by_neighbours(x: Shape, count: Dim) -> Facts:
    """By a power of the mean square over so many channels around each: a square, a mean, a product with a constant, a
    sum with one, the power, a quotient. The channels are the second axis.
    """
    channels = x[1] + count - 1
    return Facts(
        x,
        ops=(count + 5) * size(x),
        keeps_input=True,
        kept=(
            Kept("squares, padded", (x[0], channels, *x[2:])),
            Kept("base of the power", x),
            Kept("divisor", x),
        ),
    )


def places_of_rows(x: Shape, axes: tuple[int, ...], what: str) -> tuple[int, ...]:
    """Axes counted from 0, in the order in which sorting leaves them as they are written."""
    if len(axes) == 1:
        return (axis_of(x, axes[0], what),)
    return tuple([axis_of(x, axis, what) for axis in sorted(axes)])


def known_shape(x: Shape, places: tuple[int, ...], what: str) -> Shape:
    """The shape of a weight that spans these axes."""
    shape = tuple([x[place] for place in places])
    for dim in shape:
        if not isinstance(dim, int):
            require_known(dim, x, what)
    return shape
