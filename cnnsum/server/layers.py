"""Where the layers of a model stand in a text, and what each gives: shapes, parameters, by the item that makes it.

Knows inference and no words: hints and hovers make texts of this.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.analyses.params import Params
from cnnsum.dims import Dim
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Graph, Layer, Node, Place
from cnnsum.layers.facts import Shape
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.model import Model


Path = tuple["str | int", ...]


class Made(NamedTuple):
    """What one item of a list of layers stands for, once: a layer, or a use of a block.

    name: by its path from the top. inputs, outputs: shapes, None for what is not known. parameters: of all that is in
    it. layer: None for a use of a block. inference: that of the model that it is in.
    """

    name: str
    type: str
    place: Place
    outputs: tuple[Shape | None, ...]
    parameters: Dim
    layer: Layer | None
    inference: Inference


def made_by(model: Model) -> dict[Path, list[Made]]:
    """By the path of an item in the model's own document, all that it stands for, in the order in which they are made.

    What stands in an included file is not among them.
    """
    params = Params(model.inference.calls, trainable=model.graph.trainable)
    found: dict[Path, list[Made]] = {}
    for one in _all(model.graph, model.inference, params):
        if one.place.document is model.document:
            found.setdefault(one.place.path, []).append(one)
    # What an item makes as a whole goes before its parts, where those stand at the same item.
    whole = {path: [one for one in made if one.layer is None] for path, made in found.items()}
    return {path: whole[path] or made for path, made in found.items()}


def _all(graph: Graph, inference: Inference, params: Params) -> Iterator[Made]:
    """The layers and the uses of blocks of a graph, and of those within it."""
    sums: dict[tuple[str, ...], Dim] = {}
    for layer in graph.layers:
        weights = params.by_layer.get(layer)
        own: Dim = 0 if weights is None else weights.parameters
        if layer.graph is not None:
            inner = inference.nested.get(layer)
            if inner is not None:
                yield from _all(layer.graph, inner, params)
            for one in {one for nested in layer.graph.models() for one in nested.layers}:
                inside = params.by_layer.get(one)
                own = own + (0 if inside is None else inside.parameters)
        if graph.blocks:
            for depth in range(1, len(layer.block) + 1):
                path = layer.block[:depth]
                if path in graph.blocks:
                    sums[path] = sums.get(path, 0) + own
        if layer.place is not None and layer.spec is None:
            yield Made(layer.name, layer.type_name, layer.place, _outputs(inference, layer), own, layer, inference)
    for path, use in graph.blocks.items():
        if use.place is not None:
            shapes = tuple([_shape(inference, tensor.node, tensor.index) for tensor in use.result()])
            yield Made(".".join(path), use.name, use.place, shapes, sums.get(path, 0), None, inference)


def _outputs(inference: Inference, layer: Layer) -> tuple[Shape | None, ...]:
    """What the first call of a layer gives."""
    node = next((node for node in layer.nodes if _is_run(inference, node)), None)
    return () if node is None else tuple([value.shape for value in inference.output_of(node)])


def _shape(inference: Inference, node: Node, index: int) -> Shape | None:
    """One output of a call, None where it is not known."""
    outputs = inference.output_of(node) if _is_run(inference, node) else []
    return outputs[index].shape if index < len(outputs) else None


def _is_run(inference: Inference, node: Node) -> bool:
    """Whether the results depend on a call, so that it has been run."""
    at, nodes = node.position, inference.order.nodes
    return 0 <= at < min(len(nodes), len(inference.made_by)) and nodes[at] is node
