"""The names of the layers in a file that Keras wrote: where each is given, and what reads it.

Keras 3 has `keras_history`, Keras 2 lists that begin with a name. A model within a model has names of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.server.index import Occurrence
from cnnsum.server.language import Path, shared_path
from cnnsum.source import Document
from cnnsum.typed import Any


class KerasIndex:
    """The names in one file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Occurrence] = []
        self._models(document.value, ())
        self._by_path = {(one.path, one.is_key): one for one in self.found}

    def at(self, document: Document, offset: int) -> Occurrence | None:
        """The name at a place."""
        path, is_key = document.path_at(offset)
        return self._by_path.get((path, is_key))

    def of(self, key: object) -> list[Occurrence]:
        """All that stands for the same."""
        return [one for one in self.found if one.key == key]

    def _models(self, value: object, path: Path) -> None:
        """All models in a value."""
        if isinstance(value, list):
            for at, item in enumerate(value):
                self._models(item, (*path, at))
        elif isinstance(value, dict):
            if isinstance(value.get("layers"), list):
                self._model(value, path)
            for key, item in value.items():
                if isinstance(item, (dict, list)):
                    self._models(item, (*path, key))

    def _model(self, config: dict[str, Any], path: Path) -> None:
        layers: Path = (*path, "layers")
        names = set()
        for at, layer in enumerate(config["layers"]):
            inner = layer.get("config") if isinstance(layer, dict) else None
            name = inner.get("name") if isinstance(inner, dict) else None
            if not isinstance(name, str):
                continue
            names.add(name)
            self._add(layers, name, (*layers, at, "config", "name"), defines=True)
            if layer.get("name") == name:
                self._add(layers, name, (*layers, at, "name"))
        for at, layer in enumerate(config["layers"]):
            if isinstance(layer, dict):
                for name, where in _read(layer.get("inbound_nodes"), (*layers, at, "inbound_nodes")):
                    if name in names:
                        self._add(layers, name, where)
        for key in ("input_layers", "output_layers"):
            for name, where in _read(config.get(key), (*path, key)):
                if name in names:
                    self._add(layers, name, where)

    def _add(self, layers: Path, name: str, path: Path, *, defines: bool = False) -> None:
        key = "layer", shared_path(self.document.path), layers, name
        self.found.append(Occurrence(key, self.document, path, False, 0, len(name), defines))


def _read(value: object, path: Path) -> Iterator[tuple[str, Path]]:
    """The names in a list of what a layer reads: each the first of a list, with numbers behind it."""
    if isinstance(value, list):
        if len(value) > 1 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], (*path, 0)
        for at, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _read(item, (*path, at))
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                yield from _read(item, (*path, key))
