"""The weights that a TF.js model lists beside its architecture, as claims to be compared with the inferred ones."""

from __future__ import annotations

from cnnsum.graph.model import Graph, RecordedWeight
from cnnsum.source import Document
from cnnsum.typed import Any


def record(graph: Graph, document: Document) -> None:
    """Set aside the shapes in `weightsManifest`; what is not written as TF.js writes it is left out."""
    groups = document.value.get("weightsManifest")
    for number, group in enumerate(groups if isinstance(groups, list) else ()):
        weights: Any = group.get("weights") if isinstance(group, dict) else None
        for place, weight in enumerate(weights if isinstance(weights, list) else ()):
            if not isinstance(weight, dict):
                continue
            name, shape = weight.get("name"), weight.get("shape")
            if isinstance(name, str) and isinstance(shape, list) and all(type(size) is int for size in shape):
                path = ("weightsManifest", number, "weights", place, "shape")
                graph.recorded_weights.append(RecordedWeight(name, tuple(shape), path))
