"""Compares the weights that a file holds with those that the layers' rules give. They are used for nothing else where
there is a rule.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, Problem
from cnnsum.dims import UNKNOWN, Dim, equal
from cnnsum.graph import findings
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Layer
from cnnsum.layers.facts import Weight, show_shape
from cnnsum.layers.meanings import said

#: Shapes that a message shows.
_MOST_SHOWN = 4


def compare_stored(inference: Inference) -> list[Diagnostic]:
    """A warning for every layer that the file holds weights of other shapes for. Their order does not count.

    Layers that Keras stores in another way than it has them are passed over: quantized ones and those with LoRA.
    """
    found: list[Diagnostic] = []
    seen: set[Layer] = set()
    for call in inference.calls:
        layer = call.layer
        if layer.stored is None or layer in seen or call.facts.status == "unknown":
            continue
        seen.add(layer)
        if said(layer, "rewritten"):
            continue
        if not _fit(layer.stored, call.facts.weights):
            message = (
                f"the file holds {_shown(layer.stored)} for `{layer.name}`, which has {_shown(call.facts.weights)}"
            )
            help = "the weights belong to another model, or cnnsum is wrong about this layer: please report it then"
            if not layer.stored:
                # Keras writes the weights of a layer object that stands in two places with the first alone.
                help = f"the layer may share its weights with another, which the file holds them for; else {help}"
            found.append(findings.of_layer(layer, Problem("SHP225", message, help=help), "warning"))
    return found


def _fit(stored: tuple[Weight, ...], own: tuple[Weight, ...]) -> bool:
    if len(stored) != len(own):
        return False
    left = [weight.shape for weight in stored]
    # Those whose every size is known first: what may be anything takes what is left.
    for weight in sorted(own, key=lambda weight: any(type(dim) is not int for dim in weight.shape)):
        match = next((shape for shape in left if _may_be(shape, weight.shape)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _may_be(stored: tuple[Dim, ...], own: tuple[Dim, ...]) -> bool:
    return len(stored) == len(own) and all(
        mine is UNKNOWN or mine == held or equal(mine, held) is not False
        for held, mine in zip(stored, own, strict=True)
    )


def _shown(weights: tuple[Weight, ...]) -> str:
    if not weights:
        return "no weights"
    listed = [show_shape(weight.shape) for weight in weights[:_MOST_SHOWN]]
    more = len(weights) - len(listed)
    return f"weights of {' and '.join(listed) if len(listed) < 3 else ', '.join(listed)}" + (
        f" and {more} more" if more else ""
    )
