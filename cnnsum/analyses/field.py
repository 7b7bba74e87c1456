"""Receptive fields: which input samples each value depends on, per spatial axis.

Output sample `i` of a value sees the input samples from `i * stride + first` to `i * stride + last`. Where paths
meet, the union counts. After a layer that looks at everything (flattening, global pooling) nothing but "everything"
can be said.
"""

from __future__ import annotations

from math import gcd
from typing import Any, NamedTuple

from cnnsum.dims import UNKNOWN, Dim, ceil_div, maximum
from cnnsum.graph.infer import Inference
from cnnsum.layers.facts import Window


class Axis(NamedTuple):
    """One spatial axis: `stride`, `first` and `last` count parts of an input sample, `parts` of which make a sample.

    Upsampling makes the parts: its output samples lie closer than the input's.
    """

    stride: Dim = 1
    first: Dim = 0
    last: Dim = 0
    parts: int = 1

    @property
    def size(self) -> Dim:
        """Input samples from the first to the last that output sample 0 sees."""
        return self.last // self.parts - self.offset + 1

    @property
    def offset(self) -> Dim:
        """The first input sample that output sample 0 sees; below 0 where that is padding."""
        return ceil_div(self.first, self.parts)

    @property
    def jump(self) -> Dim | float:
        """Input samples from one output sample to the next; a fraction after upsampling."""
        stride, parts = self.stride, self.parts
        if parts == 1:
            return stride
        return stride / parts if isinstance(stride, int) else UNKNOWN


#: A field: an axis each; None where all of the input is seen.
Field = tuple[Axis, ...] | None

_SELF = Axis()


def receptive_fields(inference: Inference) -> list[Field]:
    """The field of every value, in the order of `Inference.values`."""
    fields: list[Field] = [()] * len(inference.values)
    for number in inference.inputs:
        shape = inference.values[number].shape
        fields[number] = (_SELF,) * max(len(shape) - 2, 0) if shape is not None else None
    through: dict[tuple[Any, Any], Field] = {}
    for call in inference.calls:
        window = call.facts.window
        seen = _union([fields[number] for number in call.inputs])
        if seen is not None and window is not None:
            key = (seen, window)
            if key not in through:
                through[key] = _seen_through(seen, window)
            seen = through[key]
        for number in call.outputs:
            shape = inference.values[number].shape
            fields[number] = seen if shape is not None else None
    return fields


def _union(seen: list[Field]) -> Field:
    if not seen:
        return None
    first = seen[0]
    if len(seen) == 1 or all(other == first for other in seen[1:]):
        return first
    result = first
    for other in seen[1:]:
        if result is None or other is None or len(result) != len(other):
            return None
        result = tuple([_join(a, b) for a, b in zip(result, other, strict=True)])
    return result


def _join(a: Axis, b: Axis) -> Axis:
    parts = a.parts * b.parts // gcd(a.parts, b.parts)
    p, q = parts // a.parts, parts // b.parts
    return Axis(
        _larger(p * a.stride, q * b.stride),
        -_larger(-p * a.first, -q * b.first),
        _larger(p * a.last, q * b.last),
        parts,
    )


def _larger(a: Dim, b: Dim) -> Dim:
    return max(a, b) if isinstance(a, int) and isinstance(b, int) else maximum(a, b)


def _seen_through(seen: tuple[Axis, ...], window: tuple[Window, ...] | str) -> Field:
    """The field of what a window sees of values with this field."""
    if isinstance(window, str) or len(window) != len(seen):
        return None
    if not all(isinstance(step.up, int) for step in window):
        return None
    return tuple([_through(axis, step) for axis, step in zip(seen, window, strict=True)])


def _through(axis: Axis, window: Window) -> Axis:
    size, stride, dilation, before, up = window
    assert isinstance(up, int)
    low = -before
    high = low + dilation * (size - 1)
    result = Axis(
        axis.stride * stride, up * axis.first + axis.stride * low, up * axis.last + axis.stride * high, up * axis.parts
    )
    return result if result.parts == 1 else _reduced(result)


def _reduced(axis: Axis) -> Axis:
    """The same field in as few parts as possible."""
    stride, first, last, parts = axis
    if not (isinstance(stride, int) and isinstance(first, int) and isinstance(last, int)):
        return axis
    common = gcd(gcd(stride, parts), gcd(first, last))
    return Axis(stride // common, first // common, last // common, parts // common)
