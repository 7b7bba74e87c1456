"""Keras's JSON (`model.to_json()`, of Keras 2 and 3) -> Graph.

Reads Sequential and Functional models, nested ones, shared layers and operations, in whatever they are wrapped: the
config of a .keras archive or of an HDF5 file, a model of TF.js, the root of a SavedModel. The shapes that the file
records are kept for a later comparison and never used. Nothing in the file is executed or imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, DiagnosticList, UnusableError, did_you_mean
from cnnsum.graph.model import Graph
from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.source import Document
from cnnsum.typed import Any

MODEL_CLASSES = frozenset(("Functional", "Model", "Sequential"))
_NOT_FINITE = "SPC018"
_WRITTEN = "a file of `model.to_json()` has `class_name` and `config` at its top"
#: What files wrap a model's config in, by the keys on the way to it.
_WRAPPERS = ((), ("model_config",), ("modelTopology", "model_config"), ("modelTopology",))


def locate(value: object) -> tuple[str, ...] | None:
    """The way to the model in the value of a file; None where there is none.

    >>> locate({"class_name": "Sequential", "config": {"layers": []}})
    ()
    >>> locate({"modelTopology": {"model_config": {"class_name": "Sequential", "config": []}}, "weightsManifest": []})
    ('modelTopology', 'model_config')
    """
    return next((path for path, found in _wrapped(value) if isinstance(found.get("class_name"), str)), None)


def locate_nameless(value: object) -> tuple[str, ...] | None:
    """The way to what would be a model if its `class_name` were a text; None where there is none.

    >>> locate_nameless({"class_name": None, "config": {"layers": [{"class_name": "Dense", "config": {}}]}})
    ()
    """
    for path, found in _wrapped(value):
        layers = layers_of(found["config"]) or ()
        if any(isinstance(layer, dict) and isinstance(layer.get("class_name"), str) for layer in layers):
            return path
    return None


def _wrapped(value: object) -> Iterator[tuple[tuple[str, ...], dict[str, object]]]:
    """What has a `config` where a file may have its model, each with the way to it."""
    for path in _WRAPPERS:
        found: object = value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict) and "config" in found:
            yield path, found


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
    if reader.lacks:
        return read_keras(document, how._replace(compared=True))
    graph.set_aside = not reader.records
    graph.shared = () if reader.objects is None else tuple(reader.objects.again)
    if isinstance(value.get("compile_config"), dict):
        graph.compile_config = value["compile_config"]
    reader.apply_overrides(graph)
    if "modelTopology" in path:
        from cnnsum.readers.keras.manifest import record

        record(graph, document)
    if reader.records and document.weights is not None:
        from cnnsum.readers.keras.weights import attach

        attach(graph, document, how, () if reader.objects is None else reader.objects.holders)
        if document.weights.training:
            graph.compile_config, graph.is_built_without = _training(document.weights.training), True
    # Keras itself writes numbers that are not finite (`ops.pad` with -Infinity): they are not news.
    found = [one for one in document.diagnostics if one.code != _NOT_FINITE]
    graph.diagnostics = DiagnosticList([*found, *reader.finish(graph)])
    return graph


def _training(text: bytes) -> dict[str, object]:
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
    from cnnsum.source.others import of_value

    other = of_value(document.value)
    if other is not None:
        return Diagnostic("SPC040", f"this is {other.what}", document.span(()), "error", other.way)
    path = locate_nameless(document.value)
    if path is not None:
        return _nameless(document, path)
    help = None
    value = document.value
    if isinstance(value, dict) and value.get("class_name") in MODEL_CLASSES and "layers" in value:
        help = f'its layers stand in `config`: {{"class_name": "{value["class_name"]}", "config": {{"layers": [...]}}}}'
    return Diagnostic("SPC040", "this is not a Keras model", document.span(()), help=help or _WRITTEN)


def _nameless(document: Document, path: tuple[str, ...]) -> Diagnostic:
    """What to say of a model whose `class_name` is not text, or is not there."""
    value = document.at(path)
    config = value["config"]
    name = "Functional" if isinstance(config, dict) and "output_layers" in config else "Sequential"
    written = f'`"class_name": "{name}"`'
    if "class_name" in value:
        message = "the `class_name` of this Keras model is not text"
        return Diagnostic("SPC040", message, document.span((*path, "class_name")), help=f"write {written}")
    message = "this Keras model has no `class_name`"
    for key in value:
        near = did_you_mean(key, ["class_name"])
        if near is not None:
            return Diagnostic("SPC040", f"{message}, but `{key}`", document.span((*path, key), key=True), help=near)
    return Diagnostic("SPC040", message, document.span(path), help=f"add {written}")


def _check(document: Document, value: dict[str, Any], path: tuple[str, ...]) -> None:
    """Refuse what is not a model of layers, saying what it is."""
    name = value["class_name"]
    layers = layers_of(value["config"])
    problem = help = None
    if layers is None:
        if name in MODEL_CLASSES:
            problem = f"the config of this {name} model holds no list of layers"
        else:
            problem = f"`{name}` is not a Sequential or Functional model{_held(document)}"
            help = (
                "a subclassed model's file does not hold its graph: write the Functional model of its tensors, "
                "`keras.Model(b.input, b.output).to_json()` where `b` has them, or a spec"
            )
    if problem is not None:
        raise UnusableError(Diagnostic("SPC040", problem, document.span((*path, "class_name")), "error", help))


def _held(document: Document) -> str:
    """How many weights stand beside a model whose layers nothing says: all but those of its optimizer."""
    if document.weights is None or document.weights.root is None:
        return ""
    arrays = [
        array
        for path, group in document.weights.root.walk()
        if not path.startswith("optimizer")
        for array in group.arrays.values()
        if "float" in array.dtype
    ]
    if not arrays:
        return ""
    return f"; its weights are {sum(prod(one.shape) for one in arrays):,} numbers in {counted(len(arrays), 'tensor')}"


def layers_of(config: object) -> list[Any] | None:
    """The layers in a model's config, which up to Keras 2.1 is a bare list for a Sequential model; None without."""
    found = config.get("layers") if isinstance(config, dict) else config
    return found if isinstance(found, list) else None
