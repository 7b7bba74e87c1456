"""Turn problems of layers, which know no place, into diagnostics, which have one."""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, Problem, Related, Severity
from cnnsum.graph.model import Graph, Layer, Node
from cnnsum.layers.facts import Shape, show_shape

#: Inputs whose makers are named beside a problem with their shapes; a list of more says nothing.
_MOST_RELATED = 4


def of_layer(
    layer: Layer, problem: Problem, severity: Severity = "error", related: tuple[Related, ...] = ()
) -> Diagnostic:
    """A problem of a layer, at the layer or at the field that it names."""
    span = None if layer.place is None else layer.place.span(problem.field)
    message = str(problem) if f"`{layer.name}`" in str(problem) else f"{layer.name}: {problem}"
    return Diagnostic(problem.code, message, span, severity, problem.help, related)


def of_call(node: Node, problem: Problem, shapes: tuple[Shape | None, ...]) -> Diagnostic:
    """A problem of one call; where several shapes do not go together, with the places that make them."""
    related: list[Related] = []
    if problem.code.startswith("SHP") and not node.constants and 1 < len(node.inputs) <= _MOST_RELATED:
        for tensor, shape in zip(node.inputs, shapes, strict=False):
            maker = tensor.node.layer
            if maker.place is not None and shape is not None:
                related.append(Related(maker.place.span(), f"`{maker.name}` gives {show_shape(shape)}"))
    return of_layer(node.layer, problem, related=tuple(related))


def unused(layer: Layer) -> Diagnostic:
    """A layer that leads to no output."""
    problem = Problem("GRF305", f"`{layer.name}` is not used: no output depends on it")
    return of_layer(layer, problem, "warning")


def no_input(graph: Graph) -> Diagnostic:
    """A Sequential model that declares no input shape."""
    span = None if graph.place is None else graph.place.span()
    message = "the model declares no input shape, so that nothing can be inferred"
    return Diagnostic("GRF312", message, span, "warning", "give one with --input, as in -i 224,224,3")
