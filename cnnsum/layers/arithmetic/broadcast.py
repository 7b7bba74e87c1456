"""Broadcasting: the shape of an elementwise operation on inputs of different shapes.

Two ways: Keras's merging layers leave the batch axis out and put the axes that a shorter input lacks right after it;
operations on tensors do as numpy does, with the batch axis one axis of all. Knows no layer type: `what` is the name
that messages give to the layer.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, equal, is_anonymous, maximum
from cnnsum.layers.facts import Sentence, Shape, show_shape
from cnnsum.layers.requiring import require_broadcast, require_equal
from cnnsum.typed import Literal


def merged(shapes: Sequence[Shape], what: str) -> Shape:
    """The shape that a merging layer gives: all inputs broadcast, the batch axis, which all have, apart.

    Axes are aligned at the end, and an axis of 1 is stretched. An axis that is None in one input and a number in
    another is None in the result, as in Keras.
    """
    out = shapes[0]
    for index in range(1, len(shapes)):
        shape = shapes[index]
        if shape != out:
            (first,) = _combine(out[:1], shape[:1], shapes, index, what, open_wins=False, first=True)
            out = (first, *_combine(out[1:], shape[1:], shapes, index, what, open_wins=True))
    return out


def broadcast(shapes: Sequence[Shape], what: str) -> Shape:
    """The shape of an operation on tensors: numpy's broadcasting. The shape of a scalar is ()."""
    out = shapes[0]
    for index in range(1, len(shapes)):
        shape = shapes[index]
        if shape and shape != out:
            out = _combine(out, shape, shapes, index, what, open_wins=False)
    return out


def in_place(shapes: Sequence[Shape], out: Shape) -> Literal["", "inplace"]:
    """How the storage of what is broadcast to `out` is shared (`Facts.alias`): an input that is not stretched will do.

    Where a symbol decides whether an input is stretched, its size in bytes will tell.
    """
    return "inplace" if any(shape == out or _may_be(shape, out) for shape in shapes) else ""


def _may_be(shape: Shape, out: Shape) -> bool:
    return len(shape) == len(out) and all(equal(a, b) is not False for a, b in zip(shape, out, strict=True))


def _combine(
    a: Shape, b: Shape, shapes: Sequence[Shape], index: int, what: str, *, open_wins: bool, first: bool = False
) -> Shape:
    """Two shapes broadcast. first: they are the first axes alone, and not the last ones."""
    if len(a) < len(b):
        a, b = b, a
    extra = len(a) - len(b)
    if not b:
        return a
    dims = list(a[:extra])
    for axis, right in enumerate(b, start=extra):
        left = a[axis]
        if right in (left, 1) or left is UNKNOWN:
            dims.append(left)
        elif left == 1 or right is UNKNOWN:
            dims.append(right)
        else:
            at = -len(shapes[index]) if first else axis - len(a)
            reason, inputs = _reason(shapes, index, at, left, right, what)
            size = require_broadcast(left, right, reason, inputs=inputs)
            if open_wins and is_anonymous(left) != is_anonymous(right) and not is_anonymous(size):
                size = maximum(left, right)
            dims.append(size)
    return tuple(dims)


def _reason(
    shapes: Sequence[Shape], index: int, axis: int, left: Dim, right: Dim, what: str
) -> tuple[Sentence, tuple[int, int]]:
    """What the axis needs, and the two inputs that disagree on it."""
    own = shapes[index][axis]
    so_far = right if own == left else left
    # The result so far may come from several inputs: name the one that brought this axis.
    other = next((i for i in range(index) if len(shapes[i]) >= -axis and shapes[i][axis] == so_far), 0)
    place = axis + max(len(shapes[other]), len(shapes[index]))
    reason = Sentence(
        "{} needs inputs of equal or broadcastable shapes, got {} and {} (inputs {} and {}, axis {}: {} and {})",
        (what, shapes[other], shapes[index], other + 1, index + 1, place, so_far, own),
    )
    return reason, (other, index)


def joined(shapes: Sequence[Shape], axis: int, what: str) -> Shape:
    """The shape of inputs put end to end along an axis; all other axes must be equal."""
    first = shapes[0]
    rank = len(first)
    if not -rank <= axis < rank:
        raise Problem("SHP205", f"{what}: {show_shape(first)} has no axis {axis}", "axis")
    axis %= rank
    dims = list(first)
    known = list(first)  # like dims, with what later inputs told of axes that are None in the first
    for index in range(1, len(shapes)):
        shape = shapes[index]
        if len(shape) != rank:
            raise Problem("SHP207", str(_joining(shapes, index, axis, what, "ranks", rank, len(shape))))
        dims[axis] = dims[axis] + shape[axis]
        for other in range(rank):
            left, right = known[other], shape[other]
            if other != axis and left != right:
                reason = _joining(shapes, index, axis, what, f"axis {other}:", left, right)
                simpler = known[other] = require_equal(left, right, reason, code="SHP207", inputs=(0, index))
                # Keras prints the first input's axis: another may stand for it where both are None to it.
                if is_anonymous(dims[other]) == is_anonymous(simpler):
                    dims[other] = simpler
    return tuple(dims)


def _joining(shapes: Sequence[Shape], index: int, axis: int, what: str, of: str, left: Dim, right: Dim) -> Sentence:
    return Sentence(
        "{} needs inputs of equal shapes except along axis {}, got {} and {} (input {}, {} {} and {})",
        (what, axis, shapes[0], shapes[index], index + 1, of, left, right),
    )


def constant(shape: Shape, out: Shape) -> bool:
    """Whether an operand is a constant: one without a batch axis, of lower rank than the result."""
    return len(shape) < len(out)
