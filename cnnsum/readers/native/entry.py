"""One item of a list of layers, taken apart: its type, its fields, and what the language itself reads of it.

Knows no graph: what the item becomes is the business of `expand`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cnnsum.diagnostics import Problem, Related, Suggestion, did_you_mean, folded
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import show
from cnnsum.layers.vocabulary import KERAS, Vocabulary
from cnnsum.readers.native.faults import Findings, Path, Site
from cnnsum.source import Document

if TYPE_CHECKING:
    from cnnsum.readers.native.blocks import Block

#: Models within the model, as Keras calls them.
MODELS = ("Sequential", "Functional", "Model")

#: Keys of an item that are not fields of its type.
SPECIAL = frozenset(("name", "from", "share", "when", "repeat", "trainable", "dtype"))

_INPUTS = ("InputLayer", "Input")
_IS_ASSIGNMENT = re.compile(r"\w+ *=[^=]")
#: An example in a help line that is longer helps nobody.
_LONGEST = 90
_NO_FIELDS: dict[str, Any] = {}


def used_here(use: Entry | None) -> tuple[Related, ...]:
    """For a problem inside of a block: the use of the block that it shows in."""
    if use is None or use.block is None or not use.block.args:
        return ()
    return (Related(use.head.span(), f"in this use of `{use.block.name}`"),)


class Types:
    """What a name in a list of layers may stand for: a block or layer type of the file, or a type of its vocabulary."""

    __slots__ = ("_known", "blocks", "incomplete", "own", "vocabulary")

    def __init__(self, own: Mapping[str, LayerType], vocabulary: Vocabulary = KERAS) -> None:
        self.vocabulary = vocabulary
        #: Whether something that would have declared blocks or types failed (reported): then an unknown name is no
        #: mistake of its own.
        self.incomplete = False
        self.blocks: dict[str, Block] = {}
        self.own: dict[str, LayerType | None] = {**own}
        self._known: dict[str, LayerType | Block | None] = {}

    def find(self, name: str) -> LayerType | Block | None:
        """The block or type of that name; None where there is none, or where it was declared wrongly."""
        found = self._known.get(name)
        if found is None:
            found = self.blocks.get(name) or self.own.get(name)
            if found is None and name not in self.own:
                found = self.vocabulary.find(name)
            self._known[name] = found
        return found

    def declared(self, name: str) -> bool:
        """Whether the file declares it, be it wrongly."""
        return name in self.blocks or name in self.own

    def names(self) -> Iterable[str]:
        """All of them, for suggestions."""
        return (*self.blocks, *self.own, *(key for key in self.vocabulary.all_types() if "." not in key))

    def suggest(self, name: str) -> str | None:
        """The help for a name that stands for nothing: what it is called here, or the nearest name."""
        return did_you_mean(name, self.names(), self.meant)

    def meant(self, name: str) -> Suggestion | None:
        """What a word of another library is called here."""
        return self.vocabulary.foreign().layer(
            name, lambda word: {folded(one): one for one in self.names()}.get(folded(word))
        )


class Entry:
    """An item of a list of layers.

    type, block, model: what it is, of a model within the model what it holds; all None where that is not known (and
    reported). raw: its fields by name. special: the keys of the language, or None. path: of the item; fields: of the
    value that holds the fields. positional: as in `Place`.
    """

    __slots__ = (
        "block",
        "bound",
        "document",
        "dollar",
        "fields",
        "model",
        "path",
        "positional",
        "raw",
        "shown",
        "special",
        "type",
        "type_name",
    )

    def __init__(self, document: Document, path: Path, type_name: str) -> None:
        self.document = document
        self.path = path
        self.fields = path
        self.type_name = type_name
        self.type: LayerType | None = None
        self.block: Block | None = None
        self.model: Mapping[str, Any] | None = None
        self.raw: Mapping[str, Any] = _NO_FIELDS
        self.special: dict[str, Any] | None = None
        self.positional: tuple[str, ...] | str | None = None
        #: The fields as Python shows them: equal texts are equal fields, and 1, 1.0 and true differ. dollar: whether a
        #: text in them begins with `$`. bound: the checked fields, where they are the same for every use.
        self.shown = ""
        self.dollar = False
        self.bound: tuple[LayerType, dict[str, Any]] | None = None

    def site(self, *field: str | int, key: bool = False) -> Site:
        """Where the item stands, or a value in it, or that value's key."""
        if not field:
            return Site(self.document, self.path)
        if isinstance(self.positional, str):
            return Site(self.document, (*self.fields, *field[1:]))
        if self.positional is not None:
            if field[0] not in self.positional:
                return Site(self.document, self.path)
            return Site(self.document, (*self.fields, self.positional.index(str(field[0])), *field[1:]))
        return Site(self.document, (*self.fields, *field), key)

    @property
    def head(self) -> Site:
        """Where the name of the type stands."""
        return (
            Site(self.document, self.fields, key=True) if self.fields != self.path else Site(self.document, self.path)
        )


def parse(item: Any, document: Document, path: Path, types: Types, findings: Findings) -> Entry | None:
    """Take an item apart. What is wrong with it is reported; None where it is to be passed over."""
    if type(item) is str:
        entry = Entry(document, path, item)
        return entry if _resolve(entry, types, findings) else None
    if type(item) is not dict or not item:
        message = "a layer is the name of its type, or a mapping of it to its fields"
        findings.add("SPC027", f"{message}, not {show(item) if item != {} else 'empty'}", Site(document, path))
        return Entry(document, path, "?")
    if len(item) > 1:
        return _several(item, document, path, types, findings)
    ((type_name, value),) = item.items()
    entry = Entry(document, path, type_name)
    entry.fields = (*path, type_name)
    if isinstance(value, dict):
        _take_special(entry, value)
    if not _resolve(entry, types, findings):
        return None
    if entry.special and entry.type is not None and "dtype" in entry.special and "dtype" in entry.type.schema.fields:
        # What a Cast casts to is a field of it: an operation has no dtype of its own.
        entry.raw = {**entry.raw, "dtype": entry.special.pop("dtype")}
        _show(entry)
    if value is None or isinstance(value, dict):
        return entry
    if entry.type is not None or entry.block is not None:
        _by_position(entry, value, findings)
    return entry


def _take_special(entry: Entry, value: dict[str, Any]) -> None:
    if SPECIAL.isdisjoint(value):
        entry.raw = value
    else:
        entry.special = {key: item for key, item in value.items() if key in SPECIAL}
        entry.raw = {key: item for key, item in value.items() if key not in SPECIAL}
    _show(entry)


def _show(entry: Entry) -> None:
    entry.shown = repr(entry.raw)
    entry.dollar = "$" in entry.shown and ("'$" in entry.shown or '"$' in entry.shown)


def _resolve(entry: Entry, types: Types, findings: Findings) -> bool:
    """Find the type or block; False where the item is not a layer at all."""
    name = entry.type_name
    found = types.find(name)
    if isinstance(found, LayerType):
        entry.type = found
    elif found is not None:
        entry.block = found
    elif name in _INPUTS:
        help = "`input: [height, width, channels]` beside `layers`, or `inputs:` for several"
        findings.add("SPC027", "an input is declared by the key `input`, not by a layer", entry.head, help=help)
        return False
    elif name in MODELS and not types.declared(name):
        _as_model(entry, findings)
    elif not types.declared(name):
        _unknown(entry, types, findings)
    return True


def _as_model(entry: Entry, findings: Findings) -> None:
    """Take the fields for a model within the model."""
    if "layers" in entry.raw or "share" in (entry.special or ()):
        entry.model = entry.raw
        return
    help = f"`{entry.type_name}: {{input: [...], layers: [...]}}`"
    findings.add("SPC031", f"the {entry.type_name} has no `layers`", entry.head, help=help)


def _unknown(entry: Entry, types: Types, findings: Findings) -> None:
    name = entry.type_name
    head, colon, rest = name.partition(":")
    if colon and rest and types.find(head) is not None:
        # A brace that closes stands in the value, if the key is cut within braces.
        shown = rest if rest[0] != "{" or rest[-1] == "}" else "{...}"
        help = f"write `{head}: {shown}`"
        findings.add("SPC008", f"a space is missing after `{head}:`", entry.head, help=help)
        return
    near = _as_item(name, types) or _named(entry, types)
    if near is None and types.incomplete:
        return
    if near is None and findings.diagnostics.wants_help("UNK701"):
        near = types.suggest(name)
    near = near or "`cnnsum layers` lists the types"
    findings.add("UNK701", f"unknown layer type `{name}`", entry.head, help=near)


def _named(entry: Entry, types: Types) -> str | None:
    """How a layer is named whose name stands in the place of its type: `enc1: Conv2D`.

    A type of another library is none: `Activation: relu` in PyTorch's words, which have a layer `relu`.
    """
    name = entry.type_name
    value = entry.document.at(entry.fields)
    if not isinstance(value, str) or types.find(value) is None or (name[:1].isupper() and types.meant(name)):
        return None
    return f"write `{value}: {{name: {name}}}`"


def _as_item(name: str, types: Types) -> str | None:
    """How a call such as Conv2D(32, 3) is written as an item."""
    head, bracket, rest = name.partition("(")
    if not bracket or not rest.endswith(")") or types.find(head) is None:
        return None
    values = rest[:-1].strip()
    if "=" in values:
        return f"write `{head}: {{{values.replace('=', ': ')}}}`"
    return f"write `{head}: [{values}]`" if values else f"write `{head}`"


def _by_position(entry: Entry, value: Any, findings: Findings) -> None:
    """Fields given as a list of values, or the first as a single value."""
    block = entry.block
    names = list(block.args) if block is not None else list(entry.type.schema.fields) if entry.type is not None else []
    what = f"`{block.name}`" if block is not None else entry.type_name
    if isinstance(value, str) and _IS_ASSIGNMENT.match(value):
        help = f"write `{entry.type_name}: {{{value.replace('=', ': ')}}}`"
        site = Site(entry.document, entry.fields)
        findings.add("SPC027", "fields stand in a mapping, each with a colon", site, help=help)
        entry.type = entry.block = None
        return
    listed = _list_without_brackets(value) if isinstance(value, str) else None
    if listed is not None:
        site = Site(entry.document, entry.fields)
        help = "a formula that holds a comma stands in quotes" if "(" in listed else f"write `[{listed}]`"
        findings.add("SPC022", "a list of fields stands in square brackets", site, help=help)
        entry.type = entry.block = None
        return
    values = value if isinstance(value, list) else [value]
    if len(values) > len(names):
        kind = "arguments" if block is not None else "fields"
        has = f"it has {len(names)}: {', '.join(names)}" if names else f"it has no {kind}"
        plural = f"{len(values)} values" if len(values) > 1 else "a value"
        meant = None if entry.type is None else _meant_by_values(entry.type, values)
        findings.add("CFG104", f"{what} got {plural} but {has}", entry.site(), help=meant)
        entry.type = entry.block = None
        return
    entry.raw = dict(zip(names, values, strict=False))
    entry.positional = tuple(names[: len(values)]) if isinstance(value, list) else names[0]
    _show(entry)


def _meant_by_values(type: LayerType, values: list[Any]) -> str | None:
    """What a list of more values than fields was meant for: the inputs of a merge, or one value that is a list."""
    listed = f"[{', '.join(map(str, values))}]"
    if type.schema.most is None and all(isinstance(one, str) for one in values):
        return f"what it merges stands in `from`: `{type.name}: {{from: {listed}}}`"
    if len(type.schema.fields) == 1 and all(isinstance(one, (int, str)) for one in values):
        (field,) = type.schema.fields.values()
        whole = [one for one in values if isinstance(one, int)]
        try:
            field.kind.read(whole, None)  # type: ignore[arg-type]  # integers need no reader
        except (Problem, AttributeError):  # also of a kind that asks the reader
            return None
        return f"a list that is one value stands in brackets of its own: `{type.name}: [{listed}]`"
    return None


def _list_without_brackets(text: str) -> str | None:
    """The inside of the list that was meant by `8, 3` or `(8, 3)`; None for any other text, an equation included."""
    inside = text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text
    depth = 0
    outside: list[str] = []
    for part in re.split(r"([()])", inside):
        if part in ("(", ")"):
            depth += 1 if part == "(" else -1
            if depth < 0:
                return None
        elif not depth:
            outside.append(part)
    outer = "".join(outside)
    if depth or "," not in outer or re.search("[^\\w\\s,.+*/$-]|->", outer):
        return None
    return inside.strip(" ,")


def _inside(type_name: str, item: dict[str, Any], others: list[str], types: Types) -> str | None:
    """Where keys beside the layer belong, if all of them are of the language or fields of the layer."""
    found = types.find(type_name)
    fields: list[str] = []
    if found is not None:
        fields = list(found.schema.fields if isinstance(found, LayerType) else found.args)
    if not all(name in SPECIAL or name in fields for name in others):
        return None
    listed = [f"`{name}`" for name in others]
    names = " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
    advice = f"write {names} inside `{type_name}`"
    value = item[type_name]
    if found is None and not isinstance(value, dict):
        return advice
    if not isinstance(value, dict):
        values = value if isinstance(value, list) else [value]
        value = dict(zip(fields, values, strict=False)) if len(values) <= len(fields) else {}
    whole = {**value, **{name: item[name] for name in others}}
    written = f"`{type_name}: {_in_flow(whole)}`"
    return f"{advice}: {written}" if len(written) <= _LONGEST else advice


def _in_flow(value: Any) -> str:
    """A plain value as YAML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_in_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_in_flow, value)) + "]"
    if isinstance(value, str):
        return value if re.fullmatch(r"[$A-Za-z_][\w .*+/-]*", value) else '"' + value + '"'
    return "null" if value is None else str(value).lower()


def _several(item: dict[str, Any], document: Document, path: Path, types: Types, findings: Findings) -> Entry | None:
    """An item with more than one key: say what was probably meant; its first key counts as the layer."""
    names = list(item)
    first = next((name for name in names if types.find(name) is not None), names[0])
    others = [name for name in names if name != first]
    second = others[0]
    site = Site(document, (*path, second), key=True)
    help: str | None
    if "type" in item or "class_name" in item:
        key = "type" if "type" in item else "class_name"
        type_name = str(item[key])
        help = f"a layer is its type with its fields: `{type_name}: {{...}}`"
        findings.add(
            "SPC027",
            f"a layer is not written with the key `{key}`",
            Site(document, (*path, first), key=True),
            help=help,
        )
        return Entry(document, path, type_name)
    if item[first] is None and types.find(second) is None:
        message = f"`{second}` stands beside `{first}`"
        help = f"write it in `{first}`, that is, indented below it"
    else:
        message = f"an item of the list is one layer, and this one has {len(names)} keys: {', '.join(names[:6])}"
        help = _inside(first, item, others, types) or "begin each layer with `- `"
    findings.add("SPC027", message, site, help=help)
    entry = Entry(document, path, first)
    entry.fields = (*path, first)
    for key, value in item.items():
        if isinstance(value, dict) and key == first:
            _take_special(entry, value)
        elif key in SPECIAL:
            entry.special = {**(entry.special or {}), key: value}
    if types.find(first) is None and not types.declared(first):
        return Entry(document, path, first)
    return entry
