"""Vocabularies: the layer types of each framework, found by name without loading more modules than the name needs.

A vocabulary is a folder beside this file, whose `__init__` lists its modules: thin declarations over
`cnnsum.layers.arithmetic`. Knows where they are, and nothing of what they declare. They are loaded by `__import__`, the
list too: importlib would be loaded for this alone, and most runs look for types of one framework.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from cnnsum.typed import TYPE_CHECKING, NamedTuple, Protocol

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

    def value(self, name: str, words: Container[str]) -> Suggestion | None:
        """For the value of a field that is a choice of these words."""


class _NoForeign:
    """Of a vocabulary that no spec is written in, which knows no words of others."""

    def layer(self, _name: str, _known: Callable[[str], str | None]) -> None:
        """None."""

    def field(self, _name: str, _fields: Container[str]) -> None:
        """None."""

    def value(self, _name: str, _words: Container[str]) -> None:
        """None."""


class Lists(NamedTuple):
    """The modules of a vocabulary.

    families: all of them, the most used first: a type is looked for in this order, and modules that come after the one
    that has it are not loaded. operations: those whose keys are dotted, as no others are. prefixes: what may stand
    before a name. standard: the module that knows which dtypes go together, where the framework has a standard of that.
    """

    families: tuple[str, ...]
    operations: tuple[str, ...]
    prefixes: tuple[str, ...]
    standard: str = ""


class Vocabulary:
    """The layer types of one framework.

    name: what `framework:` of a spec calls it; it is the name of the folder, too. title: what a text calls it.
    channels_first: whether all its layers take the axis after the batch for the channels; else each says so by itself.
    freezes_held: whether the switch of a layer freezes the layers that it holds; else each of them has one of its own.
    domain: what stands before the names of most operations of a file, which alone has such words.
    types: those that were loaded, by key and by alias.
    """

    __slots__ = (
        *("_lists", "_meanings", "_ordered", "_unread", "channels_first", "domain", "freezes_held", "name", "title"),
        "types",
    )

    def __init__(
        self, name: str, title: str, *, channels_first: bool = False, freezes_held: bool = False, domain: str = ""
    ) -> None:
        self.name = name
        self.domain = domain
        self.title = title
        self.channels_first = channels_first
        self.freezes_held = freezes_held
        self.types: dict[str, LayerType] = {}
        self._lists: Lists | None = None
        self._meanings: Meanings | None = None
        self._ordered = False
        #: The modules that were not loaded, the next one last: those of types, and those of operations.
        self._unread: tuple[list[str], list[str]] = ([], [])

    @property
    def lists(self) -> Lists:
        """What its folder says of its modules."""
        if self._lists is None:
            folder = __import__(f"cnnsum.layers.{self.name}", fromlist=("FAMILIES",))
            found = self._lists = Lists(
                folder.FAMILIES, folder.OPERATIONS, getattr(folder, "PREFIXES", ()), getattr(folder, "STANDARD", "")
            )
            of_types = [family for family in reversed(found.families) if family not in found.operations]
            self._unread = (of_types, list(reversed(found.operations)))
        return self._lists

    def module(self, family: str) -> str:
        """The name of the module that declares a family."""
        return f"cnnsum.layers.{self.name}.{family}"

    def find(self, key: str) -> LayerType | None:
        """The layer type of that name, or None."""
        types = self.types
        found = types.get(key)
        if found is not None:
            return found
        for prefix in self.lists.prefixes:
            if key.startswith(prefix):
                return self.find(key.removeprefix(prefix))
        of_types, of_operations = self._unread
        unread = of_operations if "." in key else of_types
        while found is None and unread:
            __import__(self.module(unread.pop()))
            found = types.get(key)
        return found

    def find_word(self, word: str) -> LayerType | None:
        """The type that somebody means by a word, who may leave the domain out, or name the vocabulary in its place.

        >>> ONNX.find_word("onnx.Conv") is ONNX.find_word("Conv") is ONNX.find("ai.onnx.Conv")
        True
        """
        if not self.domain:
            return self.find(word)
        return self.find(word) or self.find(f"{self.domain}.{word.removeprefix(f'{self.name}.')}")

    def all_types(self) -> dict[str, LayerType]:
        """Every declared type, by key and by alias, in the order of the families, whichever were loaded first."""
        if not self._ordered:
            families = self.lists.families
            for unread in self._unread:
                while unread:
                    __import__(self.module(unread.pop()))
            places = {self.module(family): place for place, family in enumerate(families)}
            found = sorted(self.types.items(), key=lambda item: places.get(item[1].rule.__module__, len(places)))
            self.types.clear()
            self.types.update(found)
            self._ordered = True
        return self.types

    def foreign(self) -> Foreign:
        """The module that knows the words of other frameworks, and what each means here."""
        folder = __import__(f"cnnsum.layers.{self.name}", fromlist=("foreign",))
        found: Foreign = getattr(folder, "foreign", _NoForeign())
        return found

    def meant(self, word: str, known: Callable[[str], str | None]) -> Suggestion | None:
        """What a layer of another library is called here. Of a type of another framework that no table has, it is said
        that it is one: whoever declares a type need not tell the other frameworks of it.

        known: the spelling here of a name in another case, or None.
        """
        return self.foreign().layer(word, known) or self._elsewhere(word)

    def _elsewhere(self, word: str) -> Suggestion | None:
        from cnnsum.diagnostics import Suggestion
        from cnnsum.layers.foreign import bare

        name = bare(word)
        if not name[:1].isupper():  # functions are called by words of the field
            return None
        for other in VOCABULARIES.values():
            if other is not self and other.find(name) is not None:
                says = f"it is a layer of {other.title}, and none of {self.title} is known to be the same"
                return Suggestion(says, word, None, safe=False)
        return None

    def meanings(self) -> Meanings:
        """What the fields of its types mean, for rules of advice."""
        if self._meanings is None:
            module = __import__(f"cnnsum.layers.{self.name}.meanings", fromlist=("MEANINGS",))
            self._meanings = module.MEANINGS
        found: Meanings = self._meanings
        return found

    def mistaken_dtypes(self, key: str, dtypes: Sequence[str]) -> str:
        """Why a type does not take inputs of these dtypes; "" where it does, or the vocabulary has no such table."""
        standard = self.lists.standard
        if not standard:
            return ""
        module = __import__(self.module(standard), fromlist=("mistaken_dtypes",))
        found: str = module.mistaken_dtypes(key.removeprefix(f"{self.domain}."), dtypes)
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


KERAS = Vocabulary("keras", "Keras")
TORCH = Vocabulary("torch", "PyTorch", channels_first=True, freezes_held=True)
#: Operations of files alone: no spec is written in these words.
ONNX = Vocabulary("onnx", "ONNX", channels_first=True, domain="ai.onnx")
TFLITE = Vocabulary("tflite", "TensorFlow Lite", domain="tflite")
#: Layers in files of Keras whose classes are KerasHub's.
KERAS_HUB = Vocabulary("keras_hub", "KerasHub")

#: By the word that a spec names one with.
VOCABULARIES = {one.name: one for one in (KERAS, TORCH)}
#: By the name of the folder.
EVERY = {**VOCABULARIES, ONNX.name: ONNX, TFLITE.name: TFLITE, KERAS_HUB.name: KERAS_HUB}


def vocabulary_of(module: str) -> Vocabulary:
    """The vocabulary that a module's declarations belong to: that of its folder, Keras's for a plugin."""
    package, _, rest = module.partition("cnnsum.layers.")
    return EVERY.get(rest.partition(".")[0], KERAS) if not package else KERAS
