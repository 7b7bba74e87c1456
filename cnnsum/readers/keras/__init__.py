"""Keras's JSON (`model.to_json()`, of Keras 2 and 3) -> Graph.

Reads Sequential and Functional models, nested ones, shared layers and operations, in whatever they are wrapped: the
config of a .keras archive or of an HDF5 file, a model of TF.js. The shapes that the file records are kept for a later
comparison and never used. Nothing in the file is executed or imported.
"""

from __future__ import annotations

from typing import Any

from cnnsum.diagnostics import Diagnostic, DiagnosticList, UnusableError
from cnnsum.graph.model import Graph
from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.source import Document

MODEL_CLASSES = frozenset(("Functional", "Model", "Sequential"))
_NOT_FINITE = "SPC018"
#: What files wrap a model's config in, by the keys on the way to it.
_WRAPPERS = ((), ("model_config",), ("modelTopology", "model_config"), ("modelTopology",))


def locate(value: object) -> tuple[str, ...] | None:
    """The way to the model in the value of a file; None where there is none.

    >>> locate({"class_name": "Sequential", "config": {"layers": []}})
    ()
    >>> locate({"modelTopology": {"model_config": {"class_name": "Sequential", "config": []}}, "weightsManifest": []})
    ('modelTopology', 'model_config')
    """
    for path in _WRAPPERS:
        found: Any = value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict) and isinstance(found.get("class_name"), str) and "config" in found:
            return path
    return None


def read_keras(document: Document, how: How = AS_WRITTEN) -> Graph:
    """The graph of a Keras model; raises UnusableError where the file holds no model."""
    from cnnsum.readers.keras.model import ModelReader

    path = locate(document.value)
    if path is None:
        raise UnusableError(_not_a_model(document))
    value = document.at(path)
    _check(document, value, path)
    reader = ModelReader(document, how)
    graph = reader.model(value, path)
    if isinstance(value.get("compile_config"), dict):
        graph.compile_config = value["compile_config"]
    reader.apply_overrides(graph)
    if "modelTopology" in path:
        from cnnsum.readers.keras.manifest import record

        record(graph, document)
    if document.weights is not None:
        from cnnsum.readers.keras.weights import attach

        attach(graph, document, how)
        if document.weights.training:
            graph.compile_config, graph.is_built_without = _training(document.weights.training), True
    # Keras itself writes numbers that are not finite (`ops.pad` with -Infinity): they are not news.
    found = [one for one in document.diagnostics if one.code != _NOT_FINITE]
    graph.diagnostics = DiagnosticList([*found, *reader.finish(graph)])
    return graph


def _training(text: bytes) -> dict[str, Any]:
    """The optimizer in the `training_config` of an HDF5 file, as the config of a .keras archive has it."""
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    made = found.get("optimizer_config") if isinstance(found, dict) else None
    return {"optimizer": made} if isinstance(made, dict) else {}


def _not_a_model(document: Document) -> Diagnostic:
    """What to say of a file without a model of layers."""
    value: Any = document.value
    topology = value.get("modelTopology") if isinstance(value, dict) else None
    if isinstance(value, dict) and (
        value.get("format") == "graph-model" or (isinstance(topology, dict) and "node" in topology)
    ):
        message = "this is a graph model of TensorFlow.js, which holds operations of TensorFlow and not layers"
        help = (
            "write the Keras model that it was made of with `model.to_json()`, or convert that to a tfjs_layers_model"
        )
        return Diagnostic("SPC040", message, document.span(()), "error", help)
    return Diagnostic("SPC040", "this is not a Keras model", document.span(()))


def _check(document: Document, value: dict[str, Any], path: tuple[str, ...]) -> None:
    """Refuse what is not a model of layers, saying what it is."""
    name = value["class_name"]
    layers = layers_of(value["config"])
    problem = help = None
    if layers is None:
        if name in MODEL_CLASSES:
            problem = f"the config of this {name} model holds no list of layers"
        else:
            problem = f"`{name}` is not a Sequential or Functional model"
            help = (
                "a subclassed model's file does not hold its graph: write the Functional model of its tensors, "
                "`keras.Model(b.input, b.output).to_json()` where `b` has them, or a spec"
            )
    elif "module" not in value:
        from cnnsum.readers.keras.legacy import is_keras_1

        configs = [layer.get("config") for layer in layers[:10] if isinstance(layer, dict)]
        if str(value.get("keras_version", "")).startswith("1.") or any(
            isinstance(config, dict) and is_keras_1(config) for config in configs
        ):
            problem = "this file was written by Keras 1, which is not supported"
            help = "load it in Keras 2.0 to 2.2, which reads it, and write it again with `model.to_json()`"
    if problem is not None:
        raise UnusableError(Diagnostic("SPC040", problem, document.span((*path, "class_name")), "error", help))


def layers_of(config: object) -> list[Any] | None:
    """The layers in a model's config, which up to Keras 2.1 is a bare list for a Sequential model; None without."""
    found = config.get("layers") if isinstance(config, dict) else config
    return found if isinstance(found, list) else None
