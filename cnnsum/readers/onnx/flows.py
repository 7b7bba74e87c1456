"""What ONNX's operations do with the axes of their inputs, as `cnnsum.readers.samples` follows them.

Names operations; those that stand nowhere here leave axes where they are, as far as they have the same sizes.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.dims import UNKNOWN
from cnnsum.readers.samples import (
    Axes,
    Factor,
    Flow,
    Flows,
    Seen,
    along,
    attended,
    convolved,
    looked_up,
    lost,
    multiplied,
    picked,
    product,
    recurrent,
    reshaped,
    stays,
    turned,
)
from cnnsum.typed import Any


def _transposed(fields: Mapping[str, Any], rank: int) -> tuple[int, ...] | None:
    order = fields.get("perm")
    return tuple(order) if order is not None else tuple(range(rank)[::-1])


def _gemm(seen: Seen) -> tuple[Axes | None, ...]:
    a, b = seen.axes(0, 2), seen.axes(1, 2)
    if a is None or b is None:
        return ()
    a = a[::-1] if seen.fields.get("transA") else a
    return multiplied(a, b[::-1] if seen.fields.get("transB") else b, seen)


def _gathered(seen: Seen) -> tuple[Axes | None, ...]:
    x, indices, axis = seen.axes(0, 1), seen.axes(1), seen.fields.get("axis", 0)
    if indices == () and type(axis) is int:
        return picked(seen)
    return looked_up(0, 1)(seen) if axis == 0 and x is not None else ()


def _normalized(seen: Seen) -> tuple[Axes | None, ...]:
    x, axis = seen.axes(0), seen.fields.get("axis", -1)
    if x is not None and type(axis) is int and -len(x) <= axis < len(x):
        seen.mix(x, *range(axis if axis < 0 else axis - len(x), 0))
    return stays(seen)


def _recurrence(states: tuple[int, ...]) -> Flow:
    def flow(seen: Seen) -> tuple[Axes | None, ...]:
        first = seen.fields.get("layout") == 1
        known = {place: (1, 0) if first else (0, 1) for place in states if seen.layer.nodes}
        found = recurrent(seen, int(first), 1 - first, _given(seen, known))
        if found is None:
            return ()
        steps, batch = found
        other = (Factor(UNKNOWN),)
        last = (batch, other, other) if first else (other, batch, other)
        return ((batch, steps, other, other) if first else (steps, other, batch, other), *(last,) * len(states))

    return flow


def _given(seen: Seen, places: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """The places of initial states that are given in their turn, and not by a keyword."""
    node = seen.layer.nodes[0]
    count = len(seen.given) - len(node.keywords)
    named = {one: count + at for at, one in enumerate(node.keywords)}
    found = {}
    for place, axes in places.items():
        name = ("initial_h", "initial_c")[place - 5]
        at = place if place < count else named.get(name)
        if at is not None:
            found[at] = axes
    return found


#: By the key of a type.
FLOWS: Flows = {
    "ai.onnx.Transpose": turned(_transposed),
    **dict.fromkeys([f"ai.onnx.{name}" for name in ("Reshape", "Flatten", "Squeeze", "Unsqueeze")], reshaped),
    **dict.fromkeys(
        [
            f"ai.onnx.{name}"
            for name in ("Einsum", "GatherND", "GatherElements", "Shape", "Size", "ScatterND", "NonZero", "TopK")
        ],
        lost,
    ),
    "ai.onnx.MatMul": product(),
    "ai.onnx.Gemm": _gemm,
    **dict.fromkeys(("ai.onnx.Conv", "ai.onnx.ConvTranspose"), convolved),
    **dict.fromkeys(("ai.onnx.Softmax", "ai.onnx.LogSoftmax"), along("axis")),
    **dict.fromkeys(("ai.onnx.LayerNormalization", "ai.onnx.RMSNormalization"), _normalized),
    "ai.onnx.Gather": _gathered,
    **dict.fromkeys(("ai.onnx.Attention", "com.microsoft.MultiHeadAttention"), attended),
    "ai.onnx.LSTM": _recurrence((5, 6)),
    **dict.fromkeys(("ai.onnx.GRU", "ai.onnx.RNN"), _recurrence((5,))),
}
