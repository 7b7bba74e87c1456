"""One item of a list of layers, taken apart: its type, its fields, and what the language itself reads of it.

Knows no graph: what the item becomes is the business of `expand`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cnnsum.diagnostics import Related, Suggestion, did_you_mean, folded
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import show
from cnnsum.layers.vocabulary import KERAS, Vocabulary
from cnnsum.readers.native.faults import Findings, Path, Site
from cnnsum.source import Document
from cnnsum.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnsum.readers.native.blocks import Block

#: Models within the model, as Keras calls them.
MODELS = ("Sequential", "Functional", "Model")

#: Keys of an item that are not fields of its type.
SPECIAL = frozenset(("name", "from", "share", "when", "repeat", "trainable", "dtype"))

#: Inputs, as Keras calls them, which are not layers here.
INPUTS = ("InputLayer", "Input")
#: An example in a help line that is longer helps nobody.
_LONGEST = 90
_NO_FIELDS: dict[str, object] = {}


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
        return self.vocabulary.meant(name, lambda word: {folded(one): one for one in self.names()}.get(folded(word)))


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


def parse(item: object, document: Document, path: Path, types: Types, findings: Findings) -> Entry | None:
    """Take an item apart. What is wrong with it is reported; None where it is to be passed over."""
    if type(item) is str:
        entry = Entry(document, path, item)
        return entry if _resolve(entry, types, findings) else None
    if type(item) is not dict or not item:
        message = "a layer is the name of its type, or a mapping of it to its fields"
        shown = show(item) if item != {} else "empty"
        findings.add("SPC027", f"{message}, not {shown}", Site(document, path), help=_listed(item, types))
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
        _require_list_of_inputs(entry, findings)
        return entry
    if entry.type is not None or entry.block is not None:
        _by_position(entry, value, findings)
    return entry


def _require_list_of_inputs(entry: Entry, findings: Findings) -> None:
    """Report inputs of a merge that stand in no list: `from: a, b` in braces is a `from` and a key `b`."""
    first = entry.special.get("from") if entry.special else None
    if entry.type is None or entry.type.schema.most is not None or not isinstance(first, str):
        return
    others = [key for key, value in entry.raw.items() if value is None and key not in entry.type.schema.fields]
    if others:
        help = f"write `from: [{', '.join((first, *others))}]`"
        site = Site(entry.document, (*entry.fields, "from"))
        findings.add("SPC022", "several inputs stand in a list", site, help=help)
        entry.type = entry.block = None


def _listed(item: object, types: Types) -> str | None:
    """How a layer is written that stands in a list with its values, `[Conv2D, 8, 3]`, or is missing: a dash alone."""
    if item is None:
        return "leave the `-` out, or write a layer behind it"
    if not isinstance(item, list) or not item or not isinstance(item[0], str) or types.find(item[0]) is None:
        return None
    return f"write `{item[0]}: {show(item[1:])}`" if item[1:] else f"write `{item[0]}`"


def _take_special(entry: Entry, value: dict[str, object]) -> None:
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
    elif name in INPUTS:
        help = f"`input: {_shape_in(entry)}` beside `layers`, or `inputs:` for several"
        findings.add("SPC027", "an input is declared by the key `input`, not by a layer", entry.head, help=help)
        return False
    elif name in MODELS and not types.declared(name):
        _as_model(entry, findings)
    elif not types.declared(name):
        _unknown(entry, types, findings)
    return True


def is_input(item: object) -> bool:
    """Whether an item of a list of layers declares an input, which is not a layer here."""
    return item in INPUTS or (isinstance(item, dict) and any(name in item for name in INPUTS))


def _shape_in(entry: Entry) -> str:
    """The shape that an input layer was given, without the batch axis, or what one looks like."""
    value = entry.document.at(entry.fields) if entry.fields != entry.path else None
    if isinstance(value, dict):
        whole = value.get("batch_shape", value.get("batch_input_shape"))
        value = whole[1:] if isinstance(whole, list) else value.get("shape", value.get("input_shape"))
    if isinstance(value, list) and value and all(isinstance(size, (int, str)) for size in value):
        return f"[{', '.join(map(str, value))}]"
    return "[height, width, channels]"


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
    from cnnsum.readers.native.written import as_item

    near = as_item(name, types) or _named(entry, types)
    if near is None and types.incomplete:
        return
    if near is None and findings.diagnostics.wants_help("UNK701"):
        near = types.suggest(name)
        if isinstance(near, Suggestion):
            near = _foreign(near, entry, types, findings)
    near = near or "`cnnsum layers` lists the types"
    findings.add("UNK701", f"unknown layer type `{name}`", entry.head, help=near)


def _foreign(help: Suggestion, entry: Entry, types: Types, findings: Findings) -> str:
    """The help for a word of another library, with what its values are called here."""
    from cnnsum.readers.native.foreign import with_framework, with_values

    value = entry.document.at(entry.fields) if entry.fields != entry.path else None
    help = with_values(help, value, types.vocabulary)
    is_first = all(one.code != "UNK701" for one in findings.diagnostics)
    return with_framework(help, entry.document, types.vocabulary) if is_first else help


def _named(entry: Entry, types: Types) -> str | None:
    """How a layer is named whose name stands in the place of its type: `enc1: Conv2D`.

    A type of another library is not a slip: `Activation: relu` in PyTorch's words, which have a layer `relu`.
    """
    name = entry.type_name
    value = entry.document.at(entry.fields)
    if not isinstance(value, str) or types.find(value) is None or (name[:1].isupper() and types.meant(name)):
        return None
    return f"write `{value}: {{name: {name}}}`"


def _by_position(entry: Entry, value: Any, findings: Findings) -> None:
    """Fields given as a list of values, or the first as a single value."""
    block = entry.block
    names = list(block.args) if block is not None else []
    if entry.type is not None:
        names = entry.type.by_position(entry.type_name)
    values = value if isinstance(value, list) else [value]
    first = values[0] if values else None
    doubtful = isinstance(first, dict) or (isinstance(value, str) and ("," in value or "=" in value))
    if doubtful or len(values) > len(names):
        from cnnsum.readers.native.written import by_position

        found = by_position(entry, value, names)
        if found is not None:
            code, message, help = found
            site = entry.site() if code == "CFG104" else Site(entry.document, entry.fields)
            findings.add(code, message, site, help=help)
            entry.type = entry.block = None
            return
    entry.raw = dict(zip(names, values, strict=False))
    entry.positional = tuple(names[: len(values)]) if isinstance(value, list) else names[0]
    _show(entry)


def _inside(type_name: str, item: dict[str, object], others: list[str], types: Types) -> str | None:
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


def _in_flow(value: object) -> str:
    """A plain value as YAML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_in_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_in_flow, value)) + "]"
    if isinstance(value, str):
        return value if re.fullmatch(r"[$A-Za-z_][\w .*+/-]*", value) else '"' + value + '"'
    return "null" if value is None else str(value).lower()


def _several(item: dict[str, object], document: Document, path: Path, types: Types, findings: Findings) -> Entry | None:
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
