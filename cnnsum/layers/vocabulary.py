"""Vocabularies: the layer types of each framework, found by name without loading more modules than the name needs.

A vocabulary is a folder beside this file, whose `__init__` lists its modules: thin declarations over
`cnnsum.layers.arithmetic`. Knows where they are, and nothing of what they declare.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from cnnsum.layers import keras, torch

if TYPE_CHECKING:
    from cnnsum.diagnostics import Suggestion
    from cnnsum.layers.base import LayerType
    from cnnsum.layers.meanings import Meanings


class Foreign(Protocol):
    """What a vocabulary knows of the words of others: the suggestion for one that is not its own."""

    def layer(self, name: str, known: Callable[[str], str | None]) -> Suggestion | None:
        """For the name of a layer type; `known` gives the one of those there are that is spelled so in another case."""

    def field(self, name: str, fields: Container[str]) -> Suggestion | None:
        """For the name of a field of a type that has these fields."""


class Vocabulary:
    """The layer types of one framework.

    name: what `framework:` of a spec calls it; it is the name of the folder, too. title: what a text calls it.
    families: its modules, the most used first: a type is looked for in this order, and modules that come after the one
        that has it are not loaded. operations: those of them whose keys are dotted, as no others are.
    channels_first: whether all its layers take the axis after the batch for the channels; else each says so by itself.
    types: those that were loaded, by key and by alias.
    """

    __slots__ = (
        "_meanings",
        "_unread",
        "_unread_operations",
        "channels_first",
        "families",
        "name",
        "operations",
        "prefixes",
        "title",
        "types",
    )

    def __init__(
        self,
        name: str,
        title: str,
        families: tuple[str, ...],
        operations: tuple[str, ...] = (),
        *,
        prefixes: tuple[str, ...] = (),
        channels_first: bool = False,
    ) -> None:
        self.name = name
        self.title = title
        self.families = families
        self.operations = operations
        self.prefixes = prefixes
        self.channels_first = channels_first
        self.types: dict[str, LayerType] = {}
        self._meanings: Meanings | None = None
        self._unread = [family for family in reversed(families) if family not in operations]
        self._unread_operations = list(reversed(operations))

    def module(self, family: str) -> str:
        """The name of the module that declares a family."""
        return f"cnnsum.layers.{self.name}.{family}"

    def find(self, key: str) -> LayerType | None:
        """The layer type of that name, or None."""
        types = self.types
        found = types.get(key)
        if found is not None:
            return found
        for prefix in self.prefixes:
            if key.startswith(prefix):
                return self.find(key.removeprefix(prefix))
        unread = self._unread_operations if "." in key else self._unread
        while found is None and unread:
            import_module(self.module(unread.pop()))
            found = types.get(key)
        return found

    def all_types(self) -> dict[str, LayerType]:
        """Every declared type, by key and by alias."""
        for unread in (self._unread, self._unread_operations):
            while unread:
                import_module(self.module(unread.pop()))
        return self.types

    def foreign(self) -> Foreign:
        """The module that knows the words of other frameworks, and what each means here."""
        module: Any = import_module(f"cnnsum.layers.{self.name}.foreign")
        found: Foreign = module
        return found

    def meanings(self) -> Meanings:
        """What the fields of its types mean, for rules of advice."""
        if self._meanings is None:
            module: Any = import_module(f"cnnsum.layers.{self.name}.meanings")
            self._meanings = module.MEANINGS
        found: Meanings = self._meanings
        return found

    def declared_by(self, run: Callable[[], object]) -> dict[str, LayerType]:
        """The types that are declared while something runs, other than those of this package; they are not kept."""
        before = dict(self.types)
        declared: dict[str, LayerType] = {}
        try:
            run()
        finally:
            for key, type in [*self.types.items()]:
                if before.get(key) is not type and not type.rule.__module__.startswith("cnnsum.layers."):
                    declared[key] = type
                    type.role = (
                        ""  # who asks for a role reads the fields of ours, and a plugin's may be called anything
                    )
                    if key in before:
                        self.types[key] = before[key]  # at its old place: the order is that of tables and schemas
                    else:
                        del self.types[key]
        return declared


KERAS = Vocabulary("keras", "Keras", keras.FAMILIES, keras.OPERATIONS)
TORCH = Vocabulary("torch", "PyTorch", torch.FAMILIES, torch.OPERATIONS, prefixes=torch.PREFIXES, channels_first=True)

#: By the word that a spec names one with.
VOCABULARIES = {one.name: one for one in (KERAS, TORCH)}


def vocabulary_of(module: str) -> Vocabulary:
    """The vocabulary that a module's declarations belong to: that of its folder, Keras's for a plugin."""
    package, _, rest = module.partition("cnnsum.layers.")
    return VOCABULARIES.get(rest.partition(".")[0], KERAS) if not package else KERAS
