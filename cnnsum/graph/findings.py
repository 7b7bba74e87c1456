"""Turn problems of layers, which know no place, into diagnostics, which have one."""

from __future__ import annotations

import re
from math import isqrt

from cnnsum.diagnostics import Diagnostic, Problem, Related, Severity
from cnnsum.graph.model import Graph, Layer, Node
from cnnsum.layers.facts import Shape, show_shape

#: Inputs whose makers are named beside a problem with their shapes; a list of more says nothing.
_MOST_RELATED = 4
#: The rank of a batch of images: of what has more axes, the first is a batch that was written down.
_OF_IMAGES = 4
#: Roles of what gives a vector of a map.
WITHOUT_SPACE = ("flatten", "global max pooling", "global mean pooling")


def of_layer(
    layer: Layer, problem: Problem, severity: Severity = "error", related: tuple[Related, ...] = ()
) -> Diagnostic:
    """A problem of a layer, at the layer or at the field that it names."""
    span = None if layer.place is None else layer.place.span(problem.field)
    if layer.place is not None:
        related = (*related, *layer.place.written)
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
    found = of_layer(node.layer, problem, related=tuple(related))
    if found.help is None and problem.rank is not None and len(node.inputs) == len(shapes) == 1 and shapes[0]:
        found = found._replace(help=_mend_of_rank(node, shapes[0], problem.rank))
    return found


def _of_rank(layer: Layer, rank: int) -> str | None:
    """The layer that does the same to inputs of another rank, by its name: Conv2D for Conv1D."""
    if layer.type is None:
        return None
    name = re.sub("[123](?=[dD])", str(rank - 2), layer.type.name, count=1)
    known = None if name == layer.type.name else layer.type.vocabulary.find(name)
    return None if known is None else f"`{known.name}` takes what is there"


def _mend_of_rank(node: Node, shape: Shape, wanted: int) -> str | None:
    """What gives an input of the rank that is wanted, by what makes it; or the layer that takes it as it is."""
    maker, more = node.inputs[0].node.layer, wanted - len(shape)
    other = _of_rank(node.layer, len(shape))
    if maker.spec is not None and (more == 1 or (more == -1 and wanted >= _OF_IMAGES)):
        # An input is written without the batch axis.
        sizes = list(map(str, shape[2:] if more < 0 else (*shape[1:], 1)))
        what = "channels are an axis of their own" if more > 0 else "the batch is not an axis of an input"
        # A square without channels is a picture; what is not may be a sequence.
        is_either = more > 0 and other is not None and len(set(shape[1:])) > 1
        return f"{what}: [{', '.join(sizes)}]?" + (f" Or {other}" if is_either else "")
    from cnnsum.layers.meanings import field_with, said

    if more > 0 and maker.type is not None and said(maker, "every step") is False:
        return f"`{field_with(maker.type, 'every step')}: true` in `{maker.name}`, which gives its last step alone"
    if more > 0 and maker.type is not None and maker.type.role in WITHOUT_SPACE:
        return f"put it before `{maker.name}`, which leaves no axes of space"
    if maker.spec is not None and len(shape) == 2 and wanted == _OF_IMAGES:
        return _as_picture(shape[1])
    return other


def _as_picture(length: object) -> str:
    """What gives the shape of an image to a row of numbers, which a picture was made into."""
    for channels in (1, 3, 4):
        side = isqrt(length // channels) if isinstance(length, int) else 0
        if side > 1 and side * side * channels == length:
            shape = f"[{side}, {side}, {channels}]"
            return f"an image has a height, a width and channels: {shape}? Or a `Reshape: [{shape}]` before it"
    return "an image has a height, a width and channels, as in [28, 28, 1]"


def unused(layer: Layer) -> Diagnostic:
    """A layer that leads to no output."""
    problem = Problem("GRF305", f"`{layer.name}` is not used: no output depends on it")
    return of_layer(layer, problem, "warning")


def no_input(graph: Graph) -> Diagnostic:
    """A Sequential model that declares no input shape."""
    span = None if graph.place is None else graph.place.span()
    message = "the model declares no input shape, so that nothing can be inferred"
    return Diagnostic("GRF312", message, span, "warning", "give one with --input, as in -i 224,224,3")
