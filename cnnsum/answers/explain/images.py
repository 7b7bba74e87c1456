"""Which tensors of a network are images: made or read by layers of images, with nothing between that mixes axes.

Knows the roles of layers, and no framework, file or screen.
"""

from __future__ import annotations

from cnnsum.answers.explain.symbols import OF_IMAGES
from cnnsum.graph.infer import Call, Inference
from cnnsum.layers.base import Role

#: What leaves every axis what it was.
_IN_PLACE: frozenset[Role] = frozenset(
    (
        *(
            "dropout",
            "alpha dropout",
            "gaussian dropout",
            "noise",
            "activation",
            "rescaling",
            "standardization",
            "scale",
        ),
        *("add", "subtract", "multiply", "divide", "average", "maximum", "minimum", "concatenate", "identity"),
        "unit normalization",
    )
)


def images_of(inference: Inference) -> set[int]:
    """The numbers of the values that are images, or volumes."""
    found: set[int] = set()
    for call in inference.calls:
        if call.layer.type is not None and call.layer.type.role in OF_IMAGES:
            found.update(call.inputs, call.outputs)
    for calls in (inference.calls, inference.calls[::-1]):
        for call in calls:
            alike = _alike(inference, call)
            if not found.isdisjoint(alike):
                found.update(alike)
    return found


def _alike(inference: Inference, call: Call) -> list[int]:
    """The inputs and outputs of a call that have the same axes."""
    role = None if call.layer.type is None else call.layer.type.role
    numbers = [*call.inputs, *call.outputs]
    shapes = [inference.values[number].shape for number in numbers]
    first = shapes[len(call.inputs)] if call.outputs else None
    if first is None or role is None:
        return []
    if role in _IN_PLACE:
        return [number for number, shape in zip(numbers, shapes, strict=True) if len(shape or ()) == len(first)]
    # Nobody says what it does: what has the same sizes has the same axes.
    return [] if role else [number for number, shape in zip(numbers, shapes, strict=True) if shape == first]
