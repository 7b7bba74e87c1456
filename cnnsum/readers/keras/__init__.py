"""Keras 3 JSON (`model.to_json()`) -> Graph.

Reads Sequential and Functional models, nested ones, shared layers and operations. The shapes that the file records
are kept for a later comparison and never used. Nothing in the file is executed or imported.
"""

from __future__ import annotations

from typing import Any

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import Graph
from cnnsum.readers.declare import NO_OVERRIDES, Overrides
from cnnsum.source import Document

MODEL_CLASSES = frozenset(("Functional", "Model", "Sequential"))


def is_keras(value: object) -> bool:
    """Whether a value looks like what `model.to_json()` writes.

    >>> is_keras({"class_name": "Sequential", "config": {"layers": []}})
    True
    """
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value


def read_keras(document: Document, overrides: Overrides = NO_OVERRIDES) -> Graph:
    """The graph of a Keras model; raises UnusableError where the file holds no model."""
    from cnnsum.readers.keras.model import ModelReader

    value: Any = document.value
    _check_dialect(document, value)
    reader = ModelReader(document, overrides)
    graph = reader.model(value, ())
    reader.apply_overrides(graph)
    graph.diagnostics = [*document.diagnostics, *reader.diagnostics]
    return graph


def _check_dialect(document: Document, value: dict[str, Any]) -> None:
    """Refuse what is not a Keras 3 model, saying what it is."""
    name = value["class_name"]
    config = value["config"]
    problem = help = None
    if name in MODEL_CLASSES and ("module" not in value or str(value.get("keras_version", "3")) < "3"):
        problem = "this file was written by Keras 2, which is not supported yet"
        help = "load it in Keras 3 and write it again with `model.to_json()`"
    elif not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        if name in MODEL_CLASSES:
            problem = f"the config of this {name} model holds no list of layers"
        else:
            problem = f"`{name}` is not a Sequential or Functional model"
            help = "a subclassed model's file does not hold its graph: build it as Functional, or write it as a spec"
    if problem is not None:
        raise UnusableError(Diagnostic("SPC040", problem, document.span(("class_name",)), "error", help))
