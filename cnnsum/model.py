"""The library's surface: a file to a `Model`, a `Model` to a `Report`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from cnnsum import __version__
from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.graph.infer import Inference, infer
from cnnsum.graph.model import Graph
from cnnsum.readers import Overrides, read
from cnnsum.report.build import build
from cnnsum.report.records import Report, Source
from cnnsum.source import Document, read_text
from cnnsum.source import read as read_document

Shape = tuple["int | str | None", ...]


class Model:
    """A model that was read and inferred.

    graph: its layers. format: the name of the reader. inference: what every layer's rule said.
    """

    __slots__ = ("document", "format", "graph", "inference")

    def __init__(self, document: Document, graph: Graph, format: str) -> None:
        self.document = document
        self.graph = graph
        self.format = format
        self.inference: Inference = infer(graph)
        if graph.recorded or any(layer.graph is not None for layer in graph.layers):
            from cnnsum.graph.compare import compare

            self.inference.diagnostics.extend(compare(graph, self.inference))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that was found wrong with the model."""
        return (*self.graph.diagnostics, *self.inference.diagnostics)

    def __repr__(self) -> str:
        return f"Model({self.graph.name!r}, {len(self.graph.layers)} layers)"


def load(
    path: str | os.PathLike[str],
    *,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    format: str | None = None,
) -> Model:
    """Read a model file; "-" is standard input.

    inputs: other shapes for its inputs, without the batch axis, by name or one for the only input; a text is a symbol.
    settings: values of vars and symbols. dtype: the dtype policy of layers that name none. format: "cnnsum" or "keras",
    where it is not to be found out from the content.

    Raises UnusableError, which holds diagnostics, where the file cannot be read or is no model. What is wrong inside
    a model is in `Model.diagnostics`.
    """
    return from_document(read_document(os.fspath(path)), inputs, settings, dtype, format)


def loads(
    text: str,
    path: str = "<text>",
    *,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    format: str | None = None,
) -> Model:
    """Read a model from a text, as `load` does from a file; `path` is what diagnostics call it."""
    return from_document(read_text(text, path), inputs, settings, dtype, format)


def from_document(
    document: Document,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    format: str | None = None,
) -> Model:
    """The model in a text that was read, as `load` gives it."""
    shapes: Mapping[str, Shape] = inputs if isinstance(inputs, Mapping) else {} if inputs is None else {"": inputs}
    overrides = Overrides(shapes, {} if settings is None else settings, dtype)
    graph, found = read(document, overrides, format)
    return Model(document, graph, found)


def summarize(model: Model, *, batch: int | None = None, optimizer: str = "adam", details: bool = True) -> Report:
    """The report of a model.

    batch: samples that memory is estimated for (default: what the file fixes, else 1). optimizer: the one that
    training memory is estimated for. details: whether the report also holds places and receptive fields.

    Raises UnusableError for an unknown optimizer, or for a batch that contradicts the file's.
    """
    from cnnsum.analyses.training import OPTIMIZERS

    optimizer = optimizer.lower()
    if optimizer not in OPTIMIZERS:
        help = did_you_mean(optimizer, OPTIMIZERS) or f"choose from {', '.join(OPTIMIZERS)}"
        raise UnusableError(Diagnostic("SPC054", f"unknown optimizer `{optimizer}`", help=help))
    graph = model.graph
    fixed = graph.batch if isinstance(graph.batch, int) else None
    if batch is not None and (batch < 1 or (fixed is not None and batch != fixed)):
        message = f"the file fixes the batch at {fixed}" if fixed is not None else "a batch is at least 1"
        raise UnusableError(Diagnostic("SPC055", f"{message}, got {batch}"))
    document = model.document
    return build(
        graph,
        model.inference,
        Source(document.path, model.format, document.sha256 if details else ""),
        __version__,
        batch=batch or fixed or 1,
        optimizer=optimizer,
        details=details,
    )


def check(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Diagnostic]:
    """Everything that is wrong with some model files, those that cannot be read included."""
    found: list[Diagnostic] = []
    for path in [paths] if isinstance(paths, (str, os.PathLike)) else paths:
        try:
            found.extend(load(path).diagnostics)
        except UnusableError as error:
            found.extend(error.diagnostics)
    return found
