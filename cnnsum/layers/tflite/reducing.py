"""Operators of TensorFlow Lite that sum up along axes."""

from __future__ import annotations

from cnnsum.dims import UNKNOWN
from cnnsum.layers.arithmetic import contents
from cnnsum.layers.arithmetic.axes import without, work_along
from cnnsum.layers.arithmetic.contents import Operation, whole
from cnnsum.layers.arithmetic.programs import axes_of, reduced, unknown_of
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, seen_along
from cnnsum.layers.kinds import Text
from cnnsum.layers.requiring import axis_of
from cnnsum.layers.tflite.fields import PREFIX, Switch

#: Reductions: operations per element of the input, less so many per output element, what backpropagation keeps, what
#: they do with two numbers.
REDUCTIONS: dict[str, tuple[int, int, str, Operation | None]] = {
    "MEAN": (1, 0, "", None),
    "SUM": (1, 1, "", contents.plus),
    "REDUCE_PROD": (1, 1, "input", contents.times),
    "REDUCE_MAX": (1, 1, "both", contents.largest),
    "REDUCE_MIN": (1, 1, "both", contents.smallest),
    "REDUCE_ANY": (1, 1, "", contents.either),
    "REDUCE_ALL": (1, 1, "", contents.both),
}


def _reduction(name: str, ops: int, less: int, keeps: str, operation: Operation | None) -> Rule:
    def rule(x: Shape, axes: Shape, *, keep_dims: Switch = False) -> Facts:
        listed = whole(axes)
        places = axes_of(x, None if listed is None else _once(x, listed), None, name)
        if places is None:
            out = unknown_of(len(x)) if keep_dims else None
            return Facts(out, ops=UNKNOWN, dtype="first", window=NOT_FOLLOWED)
        facts = reduced(x, places, keep_dims, (ops, less), keeps, operation)
        facts.window = seen_along(x, places) if x and places else None
        return facts

    return named(rule, name, f"`{name}` along axes. Operations: {ops} per element of the input.")


def _once(x: Shape, axes: tuple[int, ...]) -> tuple[int, ...]:
    """Axes without those that are named again, which the runtime passes over."""
    rank = len(x)
    return tuple(dict.fromkeys([axis + rank if -rank <= axis < 0 else axis for axis in axes]))


for _name, _how in REDUCTIONS.items():
    layer(key=f"{PREFIX}.{_name}", name=_name, reads=True)(_reduction(_name, *_how))


def _place_of(name: str) -> Rule:
    def rule(x: Shape, axis: Shape, *, dtype: Text = "int64") -> Facts:
        listed = whole(axis)
        if listed is None or len(listed) != 1:
            out = None if not x else unknown_of(len(x) - 1)
            return Facts(out, ops=UNKNOWN, gradient="none", dtype=dtype, window=NOT_FOLLOWED)
        at = axis_of(x, listed[0], name)
        found = without(x, (at,), keepdims=False)
        work, rows = work_along(x, found, 1, 1)
        return Facts(found, ops=work, rows=rows, gradient="none", dtype=dtype, window=seen_along(x, (at,)))

    return named(rule, name, "The place of the largest, or smallest, along an axis. Operations: 1 per element.")


for _name in ("ARG_MAX", "ARG_MIN"):
    layer(key=f"{PREFIX}.{_name}", name=_name, reads=True)(_place_of(_name))
