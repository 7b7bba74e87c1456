"""Strides followed through a network: which views are copies, and which inputs are copied before they are kept.

Loaded only for networks with operations that say how their outputs lie (`layers.strides`). Sizes may be formulas: what
depends on symbols is left as it is without strides, a view and no copy. Knows no framework: the rules say all of it.

The strides of a reshaped tensor, and those of the result of an elementwise operation, are found as PyTorch finds them
(`computeStride` in `aten/src/ATen/TensorUtils.cpp`, `TensorIterator::reorder_dimensions`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnsum.dims import Dim, at_least, equal
from cnnsum.graph.infer import Call, Inference
from cnnsum.layers.facts import Shape
from cnnsum.layers.strides import Dense, Operand, Read, Taken
from cnnsum.typed import Literal

#: Strides, an axis of 1 having any; "rows" for one row after the other without gaps; None where they are not known.
Lies = tuple[Dim, ...] | Literal["rows"] | None


class _Open(Exception):
    """The answer depends on symbols."""


class Followed:
    """copied: the calls that would give a view, and make a copy. taken: for each call that copies inputs before it
    keeps them the copies' shapes, by the place among the rule's inputs. held: values that are views of constants, which
    have storage whether or not anything keeps them.
    """

    __slots__ = ("copied", "held", "taken")

    def __init__(self, inference: Inference, fill: Callable[[Dim], Dim]) -> None:
        self.copied: set[int] = set()
        self.held: set[int] = set()
        self.taken: dict[int, dict[int, Shape]] = {}
        shapes: list[Shape | None] = [
            None if value.shape is None else tuple([fill(dim) for dim in value.shape]) for value in inference.values
        ]
        lies: list[Lies] = ["rows"] * len(shapes)
        for step, call in enumerate(inference.calls):
            facts = call.facts
            if not call.outputs:
                continue
            how = facts.strides if call.layer.is_operation else None
            given: Lies
            if how is None:
                # Operations that say nothing go through what lies in rows in rows.
                rows = facts.alias != "view" and all(lies[number] == "rows" for number in call.inputs)
                given = "rows" if rows else None
            else:
                operands = [
                    (lies[call.inputs[one.at]] if one.at >= 0 else "rows", _filled(one, call, shapes, fill))
                    for one in how.operands
                ]
                for place, read in enumerate(how.read):
                    if read is not None and _is_copied(*operands[place], read, fill):
                        self.taken.setdefault(step, {})[place] = tuple([fill(dim) for dim in read.target])
                given = None
                out = shapes[call.outputs[0]]
                if out is not None:
                    try:
                        given = self._given(how.given, operands, out, step, fill)
                    except _Open:
                        given = None
                if not call.inputs and step not in self.copied and _is_view(how.given):
                    self.held.update(call.outputs)
            for number in call.outputs:
                lies[number] = given

    def _given(
        self,
        how: object,
        operands: list[tuple[Lies, Shape | None]],
        out: Shape,
        step: int,
        fill: Callable[[Dim], Dim],
    ) -> Lies:
        """The strides of a call's outputs; a copy is noted."""
        if how == "rows":
            return "rows"
        if isinstance(how, Dense):
            return _normal(out, _dense(out, how.order))
        if how == "elements":
            return _elements(operands, out)
        if how == "first":
            return _elements(operands[:1], out)
        lies, shape = operands[0] if operands else (None, None)
        if how == "same":
            return lies
        if how == "contiguous":
            if isinstance(lies, tuple) and shape is not None and _is_decided(shape, lies):
                self.copied.add(step)
            return "rows"
        if how in ("viewed", "reshaped") and lies == "rows":
            return "rows"
        if lies is None or shape is None or how == "not followed":
            return None
        if isinstance(how, Taken):
            if lies == "rows" and how.axes == tuple(range(len(shape))) and out == shape:
                return "rows"
            own = _strides(shape, lies)
            steps = [fill(one) for one in how.steps] or [1] * len(how.axes)
            taken = [0 if axis < 0 else own[axis] * one for axis, one in zip(how.axes, steps, strict=True)]
            return _normal(out, tuple(taken))
        found = _reshaped(shape, _strides(shape, lies), out)
        if found is not None:
            return _normal(out, found)
        if how == "reshaped":
            self.copied.add(step)
            return "rows"
        return None


def _is_view(how: object) -> bool:
    return isinstance(how, Taken) or how in ("same", "viewed", "reshaped", "contiguous")


def _filled(operand: Operand, call: Call, shapes: list[Shape | None], fill: Callable[[Dim], Dim]) -> Shape | None:
    """The shape of an operand with the batch put in."""
    if operand.at >= 0:
        return shapes[call.inputs[operand.at]]
    return tuple([fill(dim) for dim in operand.shape])


def _is_copied(lies: Lies, own: Shape | None, read: Read, fill: Callable[[Dim], Dim]) -> bool:
    """Whether an operand is copied for the form in which it is kept."""
    if read.fresh:
        return True
    if lies is None or own is None:
        return False
    shape = tuple([fill(dim) for dim in read.shape])
    if lies == "rows" and shape == own and read.axes == tuple(range(len(shape))):
        return False
    try:
        every = _strides(own, lies)
        strides = tuple([0 if axis < 0 else every[axis] for axis in read.axes])
        return _reshaped(shape, strides, tuple([fill(dim) for dim in read.target])) is None
    except _Open:
        return False


def _strides(shape: Shape, lies: tuple[Dim, ...] | Literal["rows"]) -> tuple[Dim, ...]:
    return _dense(shape, tuple(range(len(shape)))) if lies == "rows" else lies


def _dense(shape: Shape, order: Sequence[int]) -> tuple[Dim, ...]:
    """Strides without gaps, the axes in this order."""
    strides: list[Dim] = [1] * len(shape)
    stride: Dim = 1
    for axis in reversed(order):
        strides[axis] = stride
        stride = stride * shape[axis]
    return tuple(strides)


def _same(left: Dim, right: Dim) -> bool:
    """Whether two sizes are equal."""
    found = equal(left, right)
    if found is None:
        raise _Open
    return found


def _normal(shape: Shape, strides: tuple[Dim, ...]) -> Lies:
    """The strides, or "rows" where it is known to be that."""
    try:
        runs = _runs(shape, strides)
    except _Open:
        return strides
    return "rows" if not runs or (len(runs) == 1 and runs[0][1] == 1) else strides


def _is_decided(shape: Shape, strides: tuple[Dim, ...]) -> bool:
    """Whether it does not depend on symbols how these strides lie."""
    try:
        _runs(shape, strides)
    except _Open:
        return False
    return True


def _runs(shape: Shape, strides: tuple[Dim, ...]) -> list[tuple[Dim, Dim]]:
    """Axes joined as far as one stride says where their elements are: how many, and that stride. Axes of 1 are none."""
    runs: list[tuple[Dim, Dim]] = []
    for dim, stride in zip(shape, strides, strict=True):
        if _same(dim, 1):
            continue
        if runs and _same(runs[-1][1], dim * stride):
            runs[-1] = (runs[-1][0] * dim, stride)
        else:
            runs.append((dim, stride))
    return runs


def _reshaped(shape: Shape, strides: tuple[Dim, ...], target: Shape) -> tuple[Dim, ...] | None:
    """The strides of the same elements in another shape; None where there are none that say it."""
    if 0 in shape:
        return _dense(target, tuple(range(len(target))))
    result: list[Dim] = [1] * len(target)
    left = len(target) - 1
    for count, stride in reversed(_runs(shape, strides)):
        reached: Dim = 1
        while not _same(reached, count):
            if isinstance(reached, int) and isinstance(count, int) and reached > count:
                return None
            if left < 0:
                if isinstance(reached, int) and isinstance(count, int):
                    return None
                raise _Open
            result[left] = reached * stride
            reached = reached * target[left]
            left -= 1
    return tuple(result)


def _elements(operands: list[tuple[Lies, Shape | None]], out: Shape) -> Lies:
    """The strides of the result of an elementwise operation: the axes in the order that they have in the operands, the
    first that tells two of them apart.
    """
    given = [(lies, shape) for lies, shape in operands if shape != ()]
    if all(lies == "rows" for lies, _ in given):
        return "rows"
    known: list[list[Dim]] = []
    for lies, shape in given:
        if lies is None or shape is None:
            return None
        own = _strides(shape, lies)
        before = len(out) - len(shape)
        known.append([0] * before + [0 if _same(dim, 1) else stride for dim, stride in zip(shape, own, strict=True)])
    order: list[int] = []  # the axis of the least stride first
    for axis in reversed([axis for axis, dim in enumerate(out) if not _same(dim, 1)]):
        order.append(axis)
        at = len(order) - 1
        for before in range(at - 1, -1, -1):
            swap = _compare(order[before], order[at], known, out)
            if swap > 0:
                order[before], order[at] = order[at], order[before]
                at = before
            elif swap < 0:
                break
    rest = [axis for axis in range(len(out)) if axis not in order]
    return _normal(out, _dense(out, (*rest, *reversed(order))))


def _compare(inner: int, outer: int, known: list[list[Dim]], out: Shape) -> int:
    """1 where two axes change places, -1 where not, 0 where nothing tells them apart."""
    for strides in known:
        first, second = strides[inner], strides[outer]
        if first == 0 or second == 0:
            continue
        if _same(first, second):
            if not _at_most(out[inner], out[outer]):
                return 1
        else:
            return -1 if _at_most(first, second) else 1
    return 0


def _at_most(left: Dim, right: Dim) -> bool:
    found = at_least(right, left)
    if found is None:
        raise _Open
    return found
