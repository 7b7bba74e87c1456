"""A name everywhere it stands: where it is given, where it is used, and another name in its place.

A name is changed only if the network stays what it is: the files are read again with the edits in them, and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnnsum import dims
from cnnsum.graph.model import Layer
from cnnsum.graph.names import snake_case
from cnnsum.lint.fix import Edit, applied
from cnnsum.model import Model
from cnnsum.readers.native.entry import MODELS, SPECIAL
from cnnsum.readers.native.keys import is_good_name
from cnnsum.server.analysis import Analysis
from cnnsum.server.index import Index, Key, Occurrence
from cnnsum.server.keras_index import KerasIndex
from cnnsum.server.language import shared_path
from cnnsum.server.scalars import scalar, written
from cnnsum.source.document import UNSAVED
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.source import Document


class RenameError(Exception):
    """A name that cannot be changed, or not to that one; the text says why."""


class Place(NamedTuple):
    """A part of a file, by its path as it is shared by all that name the file."""

    path: str
    start: int
    end: int


def places(
    indexes: Sequence[Index | KerasIndex], key: Key, *, definitions: bool = True
) -> list[tuple[Place, Occurrence]]:
    """Where a name stands in all the files that the indexes are of, each place once."""
    found: dict[Place, Occurrence] = {}
    for index in indexes:
        for one in index.of(key):
            if definitions or not one.defines:
                found.setdefault(Place(shared_path(one.document.path), *one.place()), one)
    return sorted(found.items(), key=lambda item: item[0])


def definitions(index: Index, key: Key) -> list[tuple[Place, Occurrence]]:
    """Where a name is given."""
    return [(place, one) for place, one in places([index], key) if one.defines]


def renameable(index: Index, one: Occurrence) -> None:
    """Raise RenameError where a name is not one that a file gives."""
    if one.key[0] == "file":
        raise RenameError("this is the path of a file: rename the file")
    if any(other.automatic for other in index.of(one.key)):
        what = "is what the layers start from" if one.key[-1] == "input" else "is an automatic name"
        mend = "" if one.key[-1] == "input" else ": give the layer a `name` first"
        raise RenameError(f"`{one.key[-1]}` {what}{mend}")
    if not any(other.defines for other in index.of(one.key)):
        raise RenameError(f"nothing here gives the name `{one.key[-1]}`")


def renamed(indexes: Sequence[Index], one: Occurrence, name: str) -> dict[str, list[Edit]]:
    """The edits, by the paths of files, that give what stands at a place another name.

    indexes: of all the files that may use it, the one that was asked first. Raises RenameError.
    """
    renameable(indexes[0], one)
    _refuse(indexes, one.key, name)
    wanted = [(other, name) for _, other in places(indexes, one.key)]
    if one.key[0] in ("block", "type"):
        for key, new in _automatic(indexes, one.key, name).items():
            wanted += [(other, new) for _, other in places(indexes, key) if not other.automatic]
    texts: dict[tuple[str, object, bool], tuple[Document, list[tuple[Occurrence, str]]]] = {}
    for other, new in wanted:
        at = (shared_path(other.document.path), other.path, other.is_key)
        texts.setdefault(at, (other.document, []))[1].append((other, new))
    edits: dict[str, dict[tuple[int, int], Edit]] = {}
    for (path, _, _), (document, found) in texts.items():
        for edit in _edits(document, found):
            edits.setdefault(path, {})[edit.start, edit.end] = edit
    result = {path: [by_place[place] for place in sorted(by_place)] for path, by_place in edits.items()}
    _verify(indexes, result)
    return result


def _automatic(indexes: Sequence[Index], key: Key, name: str) -> dict[Key, str]:
    """The names that layers have after a block or a type of the file's own, and those that they will have."""
    old, new = snake_case(str(key[-1])), snake_case(name)
    heads = {(shared_path(one.document.path), one.path, one.is_key) for index in indexes for one in index.of(key)}
    found: dict[Key, str] = {}
    for index in indexes:
        for one in index.found:
            if one.automatic and (shared_path(one.document.path), one.path, one.is_key) in heads:
                given = str(one.key[-1])
                if given.startswith(old):
                    found[one.key] = new + given[len(old) :]
    return found


def _edits(document: Document, found: list[tuple[Occurrence, str]]) -> list[Edit]:
    """The edits of one text in which names stand, perhaps more than one."""
    first = found[0][0]
    place = scalar(document, first.path, key=first.is_key)
    whole = first.path[-1] if first.is_key else document.at(first.path)
    assert isinstance(whole, str)
    inner = sorted({Edit(one.start, one.end, name) for one, name in found})
    if place.inside is not None and all(dims.is_name(edit.text) for edit in inner):
        return [Edit(place.inside + start, place.inside + end, text) for start, end, text in inner]
    return [Edit(place.start, place.end, written(document, applied(whole, inner), place))]


def _refuse(indexes: Sequence[Index], key: Key, name: str) -> None:
    """Raise RenameError for what cannot be the name of such a thing here."""
    kind, old = key[0], key[-1]
    if name == old:
        raise RenameError(f"it is called `{name}` already")
    if kind == "layer":
        if not is_good_name(name) or name == "input":
            raise RenameError(f"`{name}` cannot be the name of a layer")
        for index in indexes:
            for (path, layers), names in index.lists():
                if (path, layers) == (key[1], key[2]) and name in names:
                    raise RenameError(f"there is a layer `{name}` already")
        return
    if not dims.is_name(name) or name == "index" or (kind == "argument" and name in SPECIAL):
        raise RenameError(f"`{name}` cannot be a name here: letters, digits and `_` can")
    for index in indexes:
        language = index.language
        taken: Iterable[str]
        if kind == "argument":
            # An argument would hide a var or a symbol of its name in its block.
            taken = (
                *language.args(key[1]),
                *language.vars,
                *(one.key[-1] for one in index.found if one.key[0] == "name"),
            )
        elif kind == "name":
            taken = (
                *(one.key[-1] for one in index.found if one.key[0] in ("name", "argument") and one.defines),
                *language.vars,
            )
        else:
            taken = (*language.blocks, *language.own_types, *MODELS)
            if language.type(name) is not None:
                raise RenameError(f"`{name}` is a layer type")
        if name in taken:
            raise RenameError(f"there is a `{name}` already")


def _verify(indexes: Sequence[Index], edits: dict[str, list[Edit]]) -> None:
    """Raise RenameError where a network of these files is another one with the edits in them."""
    texts: dict[str, str] = {}
    for index in indexes:
        for document in index.language.files:
            path = shared_path(document.path)
            if path in edits:
                texts[path] = applied(document.text, edits[path])
    before = dict(UNSAVED)
    try:
        UNSAVED.update(texts)
        for index in indexes:
            analysis = index.language.analysis
            path = shared_path(index.language.document.path)
            text = texts.get(path, index.language.document.text)
            again = Analysis(text, analysis.path, analysis.settings, named=analysis.named)
            if _shape_of(analysis.model) != _shape_of(again.model):
                raise RenameError("with that name this would be another network")
    finally:
        UNSAVED.clear()
        UNSAVED.update(before)


def _shape_of(model: Model | None) -> object:
    """What stays the same of a model when names change: types, wires, shapes, and how many findings of each code."""
    if model is None:
        return None
    numbers = {layer: at for at, layer in enumerate(model.graph.layers)}
    wires = [
        (_type_of(layer), [[(numbers.get(one.node.layer), one.index) for one in node.inputs] for node in layer.nodes])
        for layer in model.graph.layers
    ]
    shapes = [len(value.shape) if value.shape is not None else None for value in model.inference.values]
    return wires, shapes, sorted(found.code for found in model.diagnostics)


def _type_of(layer: Layer) -> str:
    """The type of a layer, where it is not a name that the file gives."""
    found = layer.type
    return layer.type_name if found is not None and found.vocabulary.find(layer.type_name) is found else ""
