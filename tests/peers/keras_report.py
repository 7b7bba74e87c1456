"""Turn a Keras model into a `Report` of what Keras itself says of it, so that nothing but rendering is tested."""

from __future__ import annotations

from typing import Any

from cnnsum.answers.summary.records import (
    Connection,
    LayerMemory,
    Params,
    Peak,
    Report,
    Row,
    Source,
    TensorRecord,
    Totals,
    TrainingMemory,
    WeightRecord,
    WeightsMemory,
)
from cnnsum.dims import Dim, Symbol

UNNAMED = Symbol("unnamed", anonymous=True).dim


def report_of(model: Any) -> Report:
    from keras import Sequential, tree
    from keras.src.models import Functional
    from keras.src.utils.summary_utils import count_params, weight_memory_size

    functional = isinstance(model, Functional) and not isinstance(model, Sequential)
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth] if functional else None
    connected = functional and not is_chain(model, nodes, tree)
    layers = model._operations if functional else model.layers
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    sizes = int(weight_memory_size(trainable)), int(weight_memory_size(frozen))
    counts = count_params(trainable), count_params(frozen)
    nothing = TrainingMemory(0, 0, 0, 0, 0, 0)
    return Report(
        name=model.name,
        version="0",
        source=Source("model.json", "keras", ""),
        batch=1,
        dtype="float32",
        connected=connected,
        inputs=(),
        outputs=(),
        rows=tuple(row_of(layer, nodes) for layer in layers),
        totals=Totals(
            params=Params(sum(counts), *counts),
            macs=0,
            flops=0,
            weights=WeightsMemory(sum(sizes), *sizes),
            outputs=0,
            saved=0,
            peak=Peak(0, None, ()),
            training=nothing,
            optimizer="adam",
            unknown=(),
        ),
    )


def is_chain(model: Any, nodes: list[Any], tree: Any) -> bool:
    """Keras's own test: one node at every depth, one input each, no layer called twice."""
    chain: list[Any] = []
    for depth in model._nodes_by_depth.values():
        if len(depth) > 1 or (len(depth) == 1 and len(tree.flatten(depth[0].input_tensors)) > 1):
            return False
        chain += depth
    return all(sum(node in chain for node in layer._inbound_nodes) <= 1 for layer in model.layers)


def row_of(layer: Any, nodes: list[Any] | None) -> Row:
    known = bool(layer._inbound_nodes) or bool(getattr(layer, "_build_shapes_dict", None))
    outputs = []
    if layer._inbound_nodes:
        outputs = [TensorRecord(shape_of(t.shape), str(t.dtype)) for t in layer._inbound_nodes[-1].output_tensors]
    elif known:
        shape = layer.output_shape if hasattr(layer, "output_shape") else None
        shape = layer.compute_output_shape(**layer._build_shapes_dict) if shape is None else shape
        outputs = [TensorRecord(shape_of(shape), "float32")]
    weights = getattr(layer, "weights", [])
    built = getattr(layer, "built", True)
    counted = layer.count_params() if built and hasattr(layer, "count_params") else 0
    connections = [
        Connection(history.operation.name, history.node_index, history.tensor_index)
        for node in layer._inbound_nodes
        if nodes is None or node in nodes
        for history in [tensor._keras_history for tensor in node.input_tensors]
    ]
    return Row(
        layer.name,
        type(layer).__name__,
        outputs=tuple(outputs),
        weights=tuple(WeightRecord(w.name, tuple(w.shape), str(w.dtype), w.trainable) for w in weights),
        params=Params(counted, counted, 0),
        macs=0,
        flops=0,
        memory=LayerMemory(0, 0, 0),
        connections=tuple(connections),
        built=built,
        trainable=getattr(layer, "trainable", True),
        rows=tuple(row_of(inner, nodes) for inner in getattr(layer, "layers", ())),
    )


def shape_of(shape: Any) -> tuple[Dim, ...]:
    return tuple(UNNAMED if size is None else size for size in shape)
