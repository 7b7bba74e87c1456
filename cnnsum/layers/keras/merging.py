"""Layers that merge several tensors into one: sums, products, extremes, concatenation, dot products.

Inputs of different shapes are broadcast as `broadcast.merged` says. Operations are counted per output element.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.broadcast import in_place, joined, merged
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Gradient, KeepsInput, Kept, Shape, show_shape, size
from cnnsum.layers.kinds import AxisOrAxes, Flag, PlainInt
from cnnsum.layers.requiring import require_equal


def _merge(
    shapes: tuple[Shape, ...], what: str, extra: int = 0, *, keeps_input: KeepsInput = False, gradient: Gradient = ""
) -> Facts:
    count = len(shapes)
    out = merged(shapes, what)
    return Facts(
        out,
        ops=(count - 1 + extra) * size(out),
        keeps_input=keeps_input if count > 1 else False,
        gradient=gradient,
        alias=in_place(shapes, out),
    )


@layer(role="add")
def Add(*inputs: Shape) -> Facts:
    """Add all inputs, element by element; shapes are equal or broadcast (an axis of 1 is stretched).

    No weights. Operations: inputs less one, per output element. Backpropagation keeps nothing.
    """
    return _merge(inputs, "Add", gradient="same")


@layer(role="subtract")
def Subtract(left: Shape, right: Shape) -> Facts:
    """The first input less the second, element by element; shapes are equal or broadcast.

    No weights. Operations: 1 per output element. Backpropagation keeps nothing.
    """
    return _merge((left, right), "Subtract")


@layer(role="multiply")
def Multiply(*inputs: Shape) -> Facts:
    """Multiply all inputs, element by element; shapes are equal or broadcast (`(H, W, C)` by `(1, 1, C)`).

    No weights. Operations: inputs less one, per output element. Backpropagation keeps the factors.
    """
    return _merge(inputs, "Multiply", keeps_input="factors")


@layer(role="average")
def Average(*inputs: Shape) -> Facts:
    """The mean of all inputs, element by element; shapes are equal or broadcast.

    No weights. Operations: one per input (the sums and the division), per output element. Backpropagation keeps
    nothing.
    """
    return _merge(inputs, "Average", 1)


@layer(role="maximum")
def Maximum(*inputs: Shape) -> Facts:
    """The largest of all inputs, element by element; shapes are equal or broadcast.

    No weights. Operations: inputs less one, per output element. Backpropagation keeps the inputs.
    """
    return _merge(inputs, "Maximum", keeps_input=True)


@layer(role="minimum")
def Minimum(*inputs: Shape) -> Facts:
    """The smallest of all inputs, element by element; shapes are equal or broadcast.

    No weights. Operations: inputs less one, per output element. Backpropagation keeps the inputs.
    """
    return _merge(inputs, "Minimum", keeps_input=True)


@layer(role="concatenate")
def Concatenate(*inputs: Shape, axis: PlainInt = -1) -> Facts:
    """Put the inputs end to end along `axis`; all other axes must be equal.

    No weights, no operations. Backpropagation keeps nothing.
    """
    return Facts(joined(inputs, axis, "Concatenate"), gradient="parts")


@layer(role="dot")
def Dot(left: Shape, right: Shape, *, axes: AxisOrAxes, normalize: Flag = False) -> Facts:
    """Sum products along one axis of each input: `(..., D, ...)` and `(..., D, ...)` give all their other axes.

    `axes` is one axis for both inputs, or a pair. Two inputs of one axis each give `(1)`. No weights. MACs: `D` per
    output element. Backpropagation keeps the inputs. With `normalize` the inputs are first scaled to length 1: 3
    operations per element of each, and what is kept are the scaled inputs and the lengths.
    """
    if len(axes) > 2 or not axes:
        raise Problem("CFG109", f"`axes` must be an axis or a list of two, got {len(axes)}", "axes")
    places = [
        _contracted(shape, axis, which)
        for shape, axis, which in zip((left, right), axes * 2 if len(axes) == 1 else axes, (1, 2), strict=False)
    ]
    first, second = places
    depth = require_equal(
        left[first],
        right[second],
        f"Dot needs equal sizes on axis {first} of {show_shape(left)} and axis {second} of {show_shape(right)}, "
        f"got {left[first]} and {right[second]}",
    )
    out = (*left[:first], *left[first + 1 :], *right[1:second], *right[second + 1 :])
    if len(out) == 1:
        out = (*out, 1)
    kept: tuple[Kept, ...] = ()
    ops: Dim = 0
    if normalize:
        ops = 3 * (size(left) + size(right))
        for name, shape, place in (("first", left, first), ("second", right, second)):
            lengths = (*shape[:place], *shape[place + 1 :])
            kept += (Kept(f"{name} input, scaled", shape), Kept(f"lengths of the {name} input", lengths))
    most = max(len(left), len(right))
    return Facts(
        out,
        macs=size(out) * depth,
        ops=ops,
        keeps_input=False if normalize else "factors",
        kept=kept,
        # Either the places of an input are summed over, or those of the second are what stands at a position.
        window=None if most < 3 else EVERYTHING if most == 3 else NOT_FOLLOWED,
    )


def _contracted(x: Shape, axis: int, which: int) -> int:
    rank = len(x)
    if rank < 2:
        raise Problem("SHP204", f"Dot needs inputs of rank 2 or more (batch axis included), got {show_shape(x)}")
    if not -rank <= axis < rank or axis % rank == 0:
        raise Problem("SHP205", f"Dot: input {which} {show_shape(x)} has no axis {axis} to sum along", "axes")
    return axis % rank
