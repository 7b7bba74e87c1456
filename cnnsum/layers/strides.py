"""How tensors lie in memory, as rules say it of operations whose views need not be in the order of their axes.

A stride is the distance of neighbours along an axis, in elements. A rule says from what strides of its inputs those of
its outputs follow, and in what form it multiplies its inputs, which may be copies; `analyses.memory.strides` follows
them through a network. Knows dims and nothing else: no layers, no graphs, no batch size.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.dims import Dim
from cnnsum.typed import Literal, NamedTuple

#: How outputs lie: "rows" one row after the other, without gaps; "elements" without gaps, the axes in the order that
#: they have in the inputs; "first" likewise, in that of the first input; "same" as the first input does; "viewed" so,
#: in another shape; "reshaped" so, but copied to rows where no strides can say it; "contiguous" as the first input
#: does, but copied to rows if it does not lie in them; "not followed".
Lying = Literal["rows", "elements", "first", "same", "viewed", "reshaped", "contiguous", "not followed"]


class Taken(NamedTuple):
    """Outputs that are parts of the first input: for each axis that of the input, -1 for one that it has not (of 1, or
    repeated), and every how many elements are taken along it, where that is not every one.
    """

    axes: tuple[int, ...]
    steps: tuple[Dim, ...] = ()


class Dense(NamedTuple):
    """Outputs without gaps, the axes in this order: the first is the one of the largest stride."""

    order: tuple[int, ...]


class Read(NamedTuple):
    """The form in which an operation multiplies an input and keeps it for the backward pass: its axes in another order
    (-1 for one along which it is repeated), of this shape, and reshaped to the target, for which it may be copied.

    fresh: whether it is a tensor of its own in any case.
    """

    axes: tuple[int, ...]
    shape: tuple[Dim, ...]
    target: tuple[Dim, ...]
    fresh: bool = False


class Operand(NamedTuple):
    """What stands for an input of a rule in a call: a place among the call's inputs, -1 for a constant; its shape."""

    at: int
    shape: tuple[Dim, ...]


class Strides(NamedTuple):
    """`Facts.strides`: how the outputs lie, and in what form inputs are kept, one after the other, None as they are.

    operands: what the inputs of the rule are in the call, put in by inference.
    """

    given: Lying | Taken | Dense
    read: tuple[Read | None, ...] = ()
    operands: tuple[Operand, ...] = ()

    def called(self, places: Sequence[tuple[int, int]], shapes: Sequence[tuple[Dim, ...] | None]) -> Strides:
        """The same of a call: for each of its inputs the place among the rule's and that in the call, and the shape."""
        operands = [Operand(-1, ())] * (1 + max([place for place, _ in places], default=-1))
        for (place, at), shape in zip(places, shapes, strict=True):
            operands[place] = Operand(at, shape or ())
        return self._replace(operands=tuple(operands))


#: The whole word, for rules that say no more than that.
ROWS = Strides("rows")
ELEMENTS = Strides("elements")
LIKE_FIRST = Strides("first")
AS_FIRST = Strides("same")
VIEWED = Strides("viewed")
RESHAPED = Strides("reshaped")
CONTIGUOUS = Strides("contiguous")
UNFOLLOWED = Strides("not followed")


def stretched(own: tuple[Dim, ...], out: tuple[Dim, ...]) -> Strides:
    """A tensor repeated along axes of 1, and along axes before those that it has."""
    return Strides(Taken(repeated(own, out)))


def repeated(own: tuple[Dim, ...], out: tuple[Dim, ...]) -> tuple[int, ...]:
    """For each axis of what a tensor is broadcast to the tensor's own, -1 where it is repeated."""
    before = len(out) - len(own)
    return tuple(
        [
            axis - before if axis >= before and (own[axis - before] != 1 or dim == 1) else -1
            for axis, dim in enumerate(out)
        ]
    )
