"""A layer of another framework in a list of layers: what its values are called here, and when to change the framework.

Loaded for a type that is not known. Words are those of the vocabularies; here is what a spec does with them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Suggestion
from cnnsum.layers.base import REQUIRED, LayerType
from cnnsum.layers.foreign import bare
from cnnsum.layers.vocabulary import KERAS, TORCH, Vocabulary
from cnnsum.source import Document

#: Layers of another framework in one file, from which on it was written in that one's words.
_SEVERAL = 2


def with_values(help: Suggestion, value: object, vocabulary: Vocabulary) -> Suggestion:
    """The help for a type, and what its values by position are called here, where the other framework has another
    order.

    value: a list of them, or the first alone.
    """
    if vocabulary is not KERAS or help.only is None or value is None or isinstance(value, dict):
        return help
    theirs, ours = TORCH.find(bare(help.given)), KERAS.find(help.only)
    if theirs is None or ours is None:
        return help
    values = value if isinstance(value, list) else [value]
    names = theirs.by_position(help.given)[: len(values)]
    if len(names) < len(values) or not _is_whole(theirs, names):
        return help
    foreign = KERAS.foreign().field
    found: dict[str, object] = {}
    for name, given in zip(names, values, strict=True):
        meant = foreign(name, ours.schema.fields)
        own = name if name in ours.schema.fields else None if meant is None else meant.only
        if own is None and meant is None:
            return help
        if own is not None and isinstance(given, (int, float)):
            found[own] = given
    if list(found) == ours.by_position(ours.name)[: len(values)] and len(found) == len(values):
        return help
    fields = ", ".join(f"{name}: {given}" for name, given in found.items())
    written = f"{help.only}: {{{fields}}}" if fields else help.only
    says = _and(help, f"values in PyTorch's order ({', '.join(names)}) are `{written}`")
    return Suggestion(says, help.given, None, safe=False)


def _and(help: str, more: str) -> str:
    return f"{help} {more[0].upper()}{more[1:]}" if help.endswith("?") else f"{help}; {more}"


def _is_whole(type: LayerType, names: list[str]) -> bool:
    """Whether fields are all that a type needs: what is less was written in the order of Keras."""
    required = [name for name, field in type.schema.fields.items() if field.default is REQUIRED]
    return all(name in names for name in required)


def with_framework(help: str, document: Document, vocabulary: Vocabulary) -> str:
    """The help for the first layer of another framework, where several of them and none of the spec's own are there."""
    value = document.value
    layers = value.get("layers") if isinstance(value, dict) else None
    if not isinstance(layers, list) or (vocabulary is KERAS and "framework" in value):
        return help
    other = TORCH if vocabulary is KERAS else KERAS
    names = [next(iter(item)) if isinstance(item, dict) and item else item for item in layers]
    found = [
        (vocabulary.find(name) is not None, other.find(name) is not None) for name in names if isinstance(name, str)
    ]
    if found.count((False, True)) < _SEVERAL or (True, False) in found:
        return help
    leave = f"with `framework: {other.name}` at the top" if other is TORCH else "without `framework: torch`"
    says = _and(help, f"or leave the words as they are, {leave}")
    return Suggestion(says, help.given, help.only, help.safe) if isinstance(help, Suggestion) else says
