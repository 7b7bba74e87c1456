"""The words that a spec may use: its framework's layer types, its own types, blocks and vars, also those it includes.

Sees values, whether or not they make a model. Knows no place in a text.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property

from cnnsum.diagnostics import UnusableError
from cnnsum.layers.base import LayerType
from cnnsum.layers.vocabulary import VOCABULARIES
from cnnsum.model import read_types
from cnnsum.readers.native.entry import MODELS
from cnnsum.readers.native.faults import Findings
from cnnsum.readers.native.spec import vocabulary_of
from cnnsum.source import Document
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.server.analysis import Analysis

Path = tuple["str | int", ...]


class Declared(NamedTuple):
    """Something that a file declares: a block, a layer type, a var, a symbol. path: of its value."""

    document: Document
    path: Path

    @property
    def value(self) -> object:
        """What is declared."""
        return self.document.at(self.path)

    def member(self, key: str) -> dict[str, object]:
        """A mapping in it, or a list of names as one; empty where it has none."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        if isinstance(value, list):
            return dict.fromkeys(name for name in value if isinstance(name, str))
        return value if isinstance(value, dict) else {}


class Language:
    """The words of one spec. files: its document and those that it includes."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis.around
        document = self.analysis.document
        assert document is not None
        self.document = document
        self.value: dict[str, object] = document.value

    @cached_property
    def files(self) -> list[Document]:
        """The document, and those that it includes and that can be read."""
        model = self.analysis.model
        if model is not None and model.format == "cnnsum":
            return [self.document, *model.graph.included]
        from cnnsum.readers.native.include import included

        if "include" not in self.value:
            return [self.document]
        return [self.document, *included(self.document, Findings())[0]]

    @property
    def framework(self) -> str:
        """The name of the framework in whose words its layers are read."""
        return vocabulary_of(self.value).name

    def _declared(self, key: str) -> dict[str, Declared]:
        found: dict[str, Declared] = {}
        for document in self.files:
            value = document.value.get(key) if isinstance(document.value, dict) else None
            for name in value if isinstance(value, dict) else ():
                found.setdefault(name, Declared(document, (key, name)))
        return found

    @cached_property
    def blocks(self) -> dict[str, Declared]:
        """The blocks, by name."""
        return self._declared("blocks")

    @cached_property
    def own_types(self) -> dict[str, Declared]:
        """The layer types that the files declare, by name."""
        return self._declared("layer_types")

    @cached_property
    def vars(self) -> dict[str, Declared]:
        """The vars, by name."""
        return self._declared("vars")

    @cached_property
    def symbols(self) -> dict[str, Declared]:
        """The symbols that are declared, by name."""
        return self._declared("symbols")

    def type(self, name: str) -> LayerType | None:
        """The layer type of the framework of that name; None for a block, and for a type of the file's own."""
        if name in self.blocks or name in self.own_types:
            return None
        return VOCABULARIES[self.framework].find(name) or self._configured.get(name)

    @cached_property
    def _configured(self) -> Mapping[str, LayerType]:
        """The types that the configuration declares."""
        settings = self.analysis.settings
        try:
            return read_types(settings.layer_types, settings.plugins)
        except UnusableError:
            return {}

    def args(self, name: str) -> dict[str, object]:
        """The arguments of a block, or the fields of a type of the file's own, with their defaults."""
        if name in self.blocks:
            return self.blocks[name].member("args")
        return self.own_types[name].member("fields") if name in self.own_types else {}

    def by_position(self, name: str) -> list[str]:
        """The fields of a layer, or the arguments of a block, in the order of values without names."""
        found = self.type(name)
        return found.by_position(name) if found is not None else list(self.args(name))

    def is_model(self, name: str) -> bool:
        """Whether a layer of that name holds a model."""
        return name in MODELS and name not in self.blocks and name not in self.own_types


def shared_path(path: str) -> str:
    """The path of a file by which it is the same file, however it is named."""
    return path if path.startswith("<") else os.path.realpath(path)
