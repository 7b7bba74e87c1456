"""What a Keras file says of the outputs of layers that are not known, so that what follows them can be inferred.

Sets `Node.claim`; inference uses it where no rule says what a call gives. Also puts findings that say the same of many
layers together. Loaded only where a file has layers that are not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import starmap

from cnnsum.diagnostics import Diagnostic, Related
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.model import Claim, Graph, Layer, Node, Recorded
from cnnsum.layers.kinds import DTYPES
from cnnsum.source import Document

#: Layers whose output has the shape of their input, and that record none themselves.
_KEEPING = frozenset(
    (
        *("Activation", "ActivityRegularization", "ELU", "Identity", "LeakyReLU", "Masking", "PReLU", "ReLU"),
        *("Softmax", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "UnitNormalization"),
        *("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "BatchNormalization", "LayerNormalization"),
        *("GroupNormalization", "RMSNormalization"),
    )
)
#: Places that one finding on many layers names beside its own.
_MOST_PLACES = 8
#: Outputs of one call that are listed; a file that names more is damaged, and inference says so.
_MOST_OUTPUTS = 10_000


def claim(graph: Graph, document: Document) -> dict[Layer, list[tuple[int | None, ...]]]:
    """Give every call of the graph what the file records of its outputs.

    A tensor beside its consumer says more than the shape that the consumer was first built on, which may be that of
    another call. Returns the shapes that are recorded for the first call of each layer.
    """
    said: dict[Node, dict[int, Recorded]] = {}
    for one in starmap(Recorded, (*graph.beside, *graph.builds)):
        if one.is_shape and one.tensor.index < _MOST_OUTPUTS:
            said.setdefault(one.tensor.node, {}).setdefault(one.tensor.index, one)
    shown: dict[Layer, list[tuple[int | None, ...]]] = {}
    for layer in graph.layers:
        if layer.graph is not None and layer.nodes:
            _hand_on(layer.nodes[0], layer.graph, said)
    for node, outputs in said.items():
        shapes = [
            None if index not in outputs else _shape(outputs[index].shape, graph) for index in range(max(outputs) + 1)
        ]
        dtypes = {_dtype_beside(one.path, document) for one in outputs.values()}
        node.claim = Claim(tuple(shapes), dtypes.pop() if len(dtypes) == 1 else None)
        if node.index == 0:
            shown[node.layer] = [tuple(one.shape) for _, one in sorted(outputs.items())]
    for layer in graph.layers:
        if layer.type_name == "Lambda" and layer.nodes and layer not in shown:
            own = _of_lambda(layer)
            if own is not None:
                shown[layer] = [(None, *own)]
                layer.nodes[0].claim = Claim((_shape((None, *own), graph),))
    if graph.sequential:
        _back(graph)
    return shown


def _hand_on(node: Node, inner: Graph, said: dict[Node, dict[int, Recorded]]) -> None:
    """What is recorded of the outputs of a nested model is so of the layers in it that make them, where the model is
    called on what it was built on.
    """
    if node not in said or len(node.inputs) != len(inner.inputs):
        return
    for tensor, source in zip(node.inputs, inner.inputs, strict=True):
        given = said.get(tensor.node, {}).get(tensor.index)
        spec = source.layer.spec
        if given is None or spec is None or len(given.shape) != len(spec.shape):
            return
        built_on = tuple([dim if isinstance(dim, int) else None for dim in spec.shape])
        if tuple(given.shape) != built_on:
            return
    for index, one in said[node].items():
        if index < len(inner.outputs):
            inner.builds.append((inner.outputs[index], one.shape, one.path, None))


def _back(graph: Graph) -> None:
    """Hand claims back through layers of a chain that keep the shape: a chain records fewer than a graph."""
    for layer in reversed(graph.layers):
        if layer.type is None or layer.type.name not in _KEEPING:
            continue
        for node in layer.nodes:
            source = node.inputs[0].node if len(node.inputs) == 1 else None
            if source is not None and source.claim is None and node.claim is not None:
                source.claim = Claim(node.claim.outputs[:1])


def _shape(shape: tuple[int | None, ...], graph: Graph) -> tuple[Dim, ...]:
    """A recorded shape; an open axis is the batch, or of a size that is not known."""
    first: Dim = UNKNOWN if graph.batch is None else graph.batch
    return tuple([first if axis == 0 else UNKNOWN if dim is None else dim for axis, dim in enumerate(shape)])


def _dtype_beside(path: tuple[str | int, ...], document: Document) -> str | None:
    """The dtype that the file records beside a shape."""
    value = document.at(path[:-1])
    dtype = value.get("dtype") if isinstance(value, dict) else None
    return dtype if dtype in DTYPES else None


def _of_lambda(layer: Layer) -> list[int | None] | None:
    """The `output_shape` that a Lambda was made with, without the batch axis."""
    place = layer.place
    value = None if place is None else place.document.at(place.fields)
    shape = value.get("output_shape") if isinstance(value, dict) else None
    if isinstance(shape, list) and all(size is None or (type(size) is int and size >= 0) for size in shape):
        return shape
    return None


def say(
    diagnostics: list[Diagnostic],
    unknown: Mapping[Layer, int],
    shown: Mapping[Layer, list[tuple[int | None, ...]]],
) -> list[Diagnostic]:
    """The findings, those that say the same of several layers as one, with what is known of the layers all the same.

    unknown: the number of the finding of each layer that is not known. shown: the shapes that `claim` gave.
    """
    layers: dict[int, list[Layer]] = {}
    for layer, number in unknown.items():
        layers.setdefault(number, []).append(layer)
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, found in enumerate(diagnostics):
        alike = (found.code, found.message, found.help) if found.severity != "error" else (number,)
        groups.setdefault(alike, []).append(number)
    merged: list[Diagnostic] = []
    for numbers in groups.values():
        found = diagnostics[numbers[0]]
        message = found.message
        if len(numbers) > 1:
            message += f" ({len(numbers)} times)"
            others = [diagnostics[number].span for number in numbers[1 : 1 + _MOST_PLACES]]
            rest = len(numbers) - 1 - len(others)
            words = ["the same"] * len(others)
            if rest:
                words[-1] += f", and {rest:,} more"
            related = [Related(span, word) for span, word in zip(others, words, strict=True) if span is not None]
            found = found._replace(related=(*found.related, *related))
        claimed = [layer for number in numbers for layer in layers.get(number, ()) if layer in shown]
        if len(claimed) == 1:
            shapes = " and ".join(map(str, shown[claimed[0]]))
            message += f"; what follows is inferred from the shape that the file records for it, {shapes}"
        elif claimed:
            message += "; what follows is inferred from the shapes that the file records for them"
        merged.append(found._replace(message=message))
    return merged
