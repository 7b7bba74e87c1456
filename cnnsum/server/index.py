"""All names in a spec and what each stands for: layers, inputs, blocks, arguments, vars, symbols, own types, files.

Follows the language's own rules of sight: names of layers belong to one list of layers, arguments to one block, all
else to the file and those that it includes. Says nothing of a name that stands for nothing. Knows no protocol.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from cnnsum.diagnostics import Problem
from cnnsum.dims.tokens import WORDS, ExpressionError, tokens
from cnnsum.graph.model import Graph
from cnnsum.layers.kinds import Kind
from cnnsum.readers.native.entry import SPECIAL
from cnnsum.server.language import Declared, Language, Path, shared_path
from cnnsum.server.scalars import part_of
from cnnsum.source import Document
from cnnsum.typed import Any, Literal, NamedTuple

#: What a name stands for: its kind, where it is in sight, and itself.
Key = tuple[Any, ...]
#: How a text is read: as a formula, as the name of a layer, or as a word of its own.
Mode = Literal["number", "layer", "word"]
_TAKEN = re.compile(r"(?P<name>.+):\d{1,5}\Z", re.DOTALL)
_COPY = re.compile(r"\.\d+\Z")
_PATTERN_NAME = re.compile(r"[A-Za-z_]\w*\Z")


class Occurrence(NamedTuple):
    """A name at a place: of the text of a value, or of a key, the characters from `start` to `end`.

    defines: whether it is what gives the name. automatic: whether nothing is written there but the thing itself, which
    has a name all the same.
    """

    key: Key
    document: Document
    path: Path
    is_key: bool
    start: int
    end: int
    defines: bool = False
    automatic: bool = False

    def place(self) -> tuple[int, int]:
        """Where it stands in the text of its document."""
        return part_of(self.document, self.path, self.start, self.end, key=self.is_key)


class _Item(NamedTuple):
    """An item of a list of layers: the name of its type, the path of its fields, and its fields by name, with paths."""

    type: str
    head: tuple[Path, bool]
    fields: dict[str, tuple[object, Path]]


class _Scope(NamedTuple):
    """Where a text stands: in which file, among the layers of which list, in which block ("" for none)."""

    document: Document
    layers: Path
    block: str = ""


class _Leaf(str):
    """A text in a field, with its path."""

    __slots__ = ("path",)
    path: Path


class Index:
    """The names of a spec and of the files that it includes."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.found: list[Occurrence] = []
        self._lists: dict[tuple[str, Path], dict[str, list[tuple[Path, str]]]] = {}
        self._automatic: dict[tuple[str, Path], str] = {}
        self._roles: dict[tuple[str, str], set[Mode]] = {}
        self._given: list[tuple[str, str, object, Path, _Scope]] = []
        self._said: set[Occurrence] = set()
        self._followed: set[tuple[str, str]] = set()
        self._symbols: set[str] = set(language.symbols)
        self._name_automatically()
        for document in language.files:
            self._names(document)
        for document in language.files:
            self._spec(document)
        self._arguments()
        self._by_path: dict[tuple[str, Path, bool], list[Occurrence]] = {}
        for one in self.found:
            self._by_path.setdefault((shared_path(one.document.path), one.path, one.is_key), []).append(one)

    def at(self, document: Document, offset: int) -> Occurrence | None:
        """The name at a place in one of the files."""
        path, is_key = document.path_at(offset)
        found = self._by_path.get((shared_path(document.path), path, is_key), [])
        inside = [one for one in found if one.place()[0] <= offset <= one.place()[1]]
        # A name that is written goes before one that is not; the shorter one before what it is a part of.
        return min(inside, key=lambda one: (one.automatic, one.end - one.start), default=None)

    def of(self, key: Key) -> list[Occurrence]:
        """All that stands for the same."""
        return [one for one in self.found if one.key == key]

    def names_in(self, document: Document, layers: Path) -> dict[str, list[tuple[Path, str]]]:
        """The names of the layers of one list, each with the paths and types of the items that have it."""
        return self._lists.get((shared_path(document.path), layers), {})

    def lists(self) -> Iterator[tuple[tuple[str, Path], dict[str, list[tuple[Path, str]]]]]:
        """All lists of layers, by file and path, with their names."""
        yield from self._lists.items()

    def copies(self, document: Document, path: Path) -> str | None:
        """The name that an item without one is given."""
        return self._automatic.get((shared_path(document.path), path))

    # --- names of layers ----------------------------------------------------------------------------------------------

    def _name_automatically(self) -> None:
        """The names that the reader gave to items without one."""
        model = self.language.analysis.model
        if model is None or model.format != "cnnsum":
            return
        for graph in model.graph.models():
            self._automatic_of(graph)

    def _automatic_of(self, graph: Graph) -> None:
        known = self._automatic
        for layer in graph.layers:
            if layer.place is not None and layer.spec is None:
                name = layer.name[sum(len(part) + 1 for part in layer.block) :]
                known.setdefault((shared_path(layer.place.document.path), layer.place.path), name)
        for path, use in graph.blocks.items():
            if use.place is not None:
                # A copy's number is a part of its path; a name may have dots of its own.
                below = next(
                    (
                        len(path) - length
                        for length in range(1, len(path))
                        if path[: len(path) - length] in graph.blocks
                    ),
                    0,
                )
                name = ".".join(path[below:])
                known.setdefault((shared_path(use.place.document.path), use.place.path), name)

    def _names(self, document: Document) -> None:
        """Collect the names of all lists of layers in a file."""
        value = document.value
        if not isinstance(value, dict):
            return
        names = self._list(document, ("layers",), value.get("layers"))
        self._inputs(document, (), value, names, define=False)
        blocks = value.get("blocks")
        for name, block in blocks.items() if isinstance(blocks, dict) else ():
            if isinstance(block, dict):
                self._list(document, ("blocks", name, "layers"), block.get("layers"))

    def _list(self, document: Document, path: Path, items: object) -> dict[str, list[tuple[Path, str]]]:
        names = self._lists.setdefault((shared_path(document.path), path), {})
        for index, item in enumerate(items if isinstance(items, list) else ()):
            entry = self._item(item, (*path, index))
            if entry is None:
                continue
            given = entry.fields.get("name", (None, ()))[0]
            name = given if isinstance(given, str) else self.copies(document, (*path, index))
            if name is not None and not isinstance(given, str) and "repeat" in entry.fields:
                name = _COPY.sub("", name)
            if name is not None and not name.startswith("$"):
                names.setdefault(name, []).append(((*path, index), entry.type))
            self._nested(document, entry)
        return names

    def _nested(self, document: Document, entry: _Item) -> None:
        """The names of a model within the model."""
        if not self.language.is_model(entry.type) or "layers" not in entry.fields:
            return
        items, path = entry.fields["layers"]
        names = self._list(document, path, items)
        self._inputs(document, path[:-1], document.at(path[:-1]), names, define=False)

    def _item(self, item: object, path: Path) -> _Item | None:
        """An item of a list of layers taken apart; None for what is not one."""
        if isinstance(item, str):
            return _Item(item, (path, False), {})
        if not isinstance(item, dict) or not item:
            return None
        known = (name for name in item if self.language.type(name) or name in self.language.blocks)
        name = next(known, next(iter(item)))
        value, below = item[name], (*path, name)
        if isinstance(value, dict):
            fields = {key: (one, (*below, key)) for key, one in value.items()}
        elif isinstance(value, list):
            names = self.language.by_position(name)
            fields = {key: (one, (*below, at)) for at, (key, one) in enumerate(zip(names, value, strict=False))}
        else:
            first = self.language.by_position(name)[:1] if value is not None else []
            fields = dict.fromkeys(first, (value, below))
        return _Item(name, (below, True), fields)

    # --- one file -----------------------------------------------------------------------------------------------------

    def _spec(self, document: Document) -> None:
        value = document.value
        if not isinstance(value, dict):
            return
        scope = _Scope(document, ("layers",))
        self._inputs(document, (), value, {}, define=True)
        for key in ("vars", "symbols"):
            for name, given in value[key].items() if isinstance(value.get(key), dict) else ():
                self._add(("name", name), document, (key, name), 0, len(name), is_key=True, defines=True)
                for text, path in _texts(given, (key, name)):
                    self._text(text, path, "number", scope)
        self._include(document)
        self._own_types(document, scope)
        blocks = value.get("blocks")
        for name, block in blocks.items() if isinstance(blocks, dict) else ():
            self._block(document, name, block)
        defaults = value.get("defaults")
        for name, fields in defaults.items() if isinstance(defaults, dict) else ():
            self._type(name, document, ("defaults", name), is_key=True)
            known: dict[str, tuple[object, Path]] = {}
            if isinstance(fields, dict):
                known = {key: (one, ("defaults", name, key)) for key, one in fields.items()}
            self._fields(_Item(name, (("defaults", name), True), known), scope)
        self._layers(value.get("layers"), scope)
        for text, path in _texts(value.get("outputs"), ("outputs",)):
            self._text(text, path, "layer", scope)

    def _inputs(
        self, document: Document, path: Path, value: object, names: dict[str, list[tuple[Path, str]]], *, define: bool
    ) -> None:
        """The inputs of a model at a path: their names, and the names in their shapes."""
        if not isinstance(value, dict):
            return
        scope = _Scope(document, (*path, "layers"))
        one, several = value.get("input"), value.get("inputs")
        shapes: list[tuple[object, Path]] = []
        if isinstance(one, (list, dict)):
            given = one.get("name") if isinstance(one, dict) else None
            here: Path = (*path, "input")
            for name in ("input", given) if isinstance(given, str) else ("input",):
                names.setdefault(name, []).append((here, "input"))
            if define:
                key = self._layer_key(scope, "input")
                self._add(key, document, here, 0, len("input"), is_key=True, defines=True, automatic=True)
                if isinstance(given, str):
                    own = self._layer_key(scope, given)
                    self._add(own, document, (*here, "name"), 0, len(given), defines=True)
            shapes.append((one, here))
        for name, shape in several.items() if isinstance(several, dict) else ():
            here = (*path, "inputs", name)
            names.setdefault(name, []).append((here, "input"))
            if define:
                self._add(self._layer_key(scope, name), document, here, 0, len(name), is_key=True, defines=True)
            shapes.append((shape, here))
        if isinstance(several, dict) and len(several) == 1 and not define:
            names.setdefault("input", []).append(((*path, "inputs"), "input"))
        for shape, here in shapes if define else ():
            sizes, below = (shape.get("shape"), (*here, "shape")) if isinstance(shape, dict) else (shape, here)
            for text, at in _texts(sizes, below):
                self._formula(text, at, scope, symbols=True)

    def _include(self, document: Document) -> None:
        folder = os.path.dirname(document.path)
        for text, path in _texts(document.value.get("include"), ("include",)):
            target = os.path.join(folder, text)
            if "\0" not in text and not document.path.startswith("<") and os.path.isfile(target):
                self._add(("file", shared_path(target)), document, path, 0, len(text))

    def _block(self, document: Document, name: str, block: object) -> None:
        self._add(("block", name), document, ("blocks", name), 0, len(name), is_key=True, defines=True)
        if not isinstance(block, dict):
            return
        base: Path = ("blocks", name)
        scope = _Scope(document, (*base, "layers"), name)
        args = block.get("args")
        for arg, default in args.items() if isinstance(args, dict) else ():
            key = ("argument", name, arg)
            self._add(key, document, (*base, "args", arg), 0, len(arg), is_key=True, defines=True)
            self._given.append((name, arg, default, (*base, "args", arg), scope))
        for at, arg in enumerate(args) if isinstance(args, list) else ():
            if isinstance(arg, str):
                self._add(("argument", name, arg), document, (*base, "args", at), 0, len(arg), defines=True)
        self._layers(block.get("layers"), scope)
        for text, path in _texts(block.get("output"), (*base, "output")):
            self._text(text, path, "layer", scope)

    def _own_types(self, document: Document, scope: _Scope) -> None:
        types = document.value.get("layer_types")
        for name, declared in types.items() if isinstance(types, dict) else ():
            base: Path = ("layer_types", name)
            self._add(("type", name), document, base, 0, len(name), is_key=True, defines=True)
            if not isinstance(declared, dict):
                continue
            fields = declared.get("fields")
            for field in fields if isinstance(fields, dict) else ():
                key = ("argument", name, field)
                self._add(key, document, (*base, "fields", field), 0, len(field), is_key=True, defines=True)
            # Names of the pattern's own: fields, and vars of this file, are values there.
            values = {*(fields or {}), *(given if isinstance(given := document.value.get("vars"), dict) else ())}
            named = {text for text, _ in _texts(declared.get("input"), ()) if _PATTERN_NAME.match(text)}
            hidden = named - values
            for part in ("output", "weights", "macs", "elementwise"):
                for text, path in _texts(declared.get(part), (*base, part)):
                    if path[-1] != "dtype":
                        self._formula(text, path, scope, fields=(name, fields or {}), hidden=hidden)
            for text, path in _texts(declared.get("input"), (*base, "input")):
                if text not in hidden:
                    self._formula(text, path, scope, fields=(name, fields or {}), hidden=hidden)

    # --- layers -------------------------------------------------------------------------------------------------------

    def _layers(self, items: object, scope: _Scope) -> None:
        for index, item in enumerate(items if isinstance(items, list) else ()):
            path = (*scope.layers, index)
            entry = self._item(item, path)
            if entry is None:
                continue
            self._one(entry, scope)
            given = entry.fields.get("name", (None, ()))[0]
            if not isinstance(given, str):
                name = self.copies(scope.document, path)
                if name is not None:
                    key = self._layer_key(scope, _COPY.sub("", name) if "repeat" in entry.fields else name)
                    at, is_key = entry.head
                    self._add(key, scope.document, at, 0, len(entry.type), is_key=is_key, defines=True, automatic=True)

    def _one(self, entry: _Item, scope: _Scope) -> None:
        """The names of one item, and of one that stands in a field of another."""
        at, is_key = entry.head
        self._type(entry.type, scope.document, at, is_key=is_key)
        for name, (value, path) in entry.fields.items():
            if name == "name" and isinstance(value, str):
                if value.startswith("$"):
                    self._text(value, path, "word", scope)
                else:
                    self._add(self._layer_key(scope, value), scope.document, path, 0, len(value), defines=True)
            elif name in ("from", "share"):
                for text, below in _texts(value, path):
                    self._text(text, below, "layer", scope)
            elif name in ("when", "repeat", "trainable"):
                for text, below in _texts(value, path):
                    self._text(text, below, "number", scope)
            elif name == "dtype":
                for text, below in _texts(value, path):
                    self._text(text, below, "word", scope)
        rest = {name: given for name, given in entry.fields.items() if name not in SPECIAL}
        if self.language.is_model(entry.type):
            if "layers" in rest:
                items, path = rest["layers"]
                inner = _Scope(scope.document, path, scope.block)
                self._inputs(scope.document, path[:-1], scope.document.at(path[:-1]), {}, define=True)
                self._layers(items, inner)
                if "outputs" in rest:
                    for text, below in _texts(*rest["outputs"]):
                        self._text(text, below, "layer", inner)
        elif entry.type in self.language.blocks:
            for name, (value, path) in rest.items():
                self._argument_name(entry.type, name, scope.document, path)
                self._given.append((entry.type, name, value, path, scope))
        else:
            self._fields(entry._replace(fields=rest), scope)

    def _fields(self, entry: _Item, scope: _Scope) -> None:
        """The texts in the fields of a layer of a known type, read as its fields read them."""
        layer_type = self.language.type(entry.type)
        own = entry.type in self.language.own_types
        for name, (value, path) in entry.fields.items():
            if own:
                self._argument_name(entry.type, name, scope.document, path)
                for text, below in _texts(value, path):
                    self._text(text, below, "number", scope)
            elif layer_type is not None and name in layer_type.schema.fields:
                self._field(layer_type.schema.fields[name].kind, value, path, scope)

    def _field(self, kind: Kind, value: object, path: Path, scope: _Scope) -> None:
        if not any(True for _ in _texts(value, path)):
            return
        reading = _Reading()
        # What is wrong with it is reported elsewhere.
        with suppress(Problem, TypeError, ValueError, AttributeError):
            kind.read(_placed(value, path), reading)
        for raw in reading.layers:
            self._inner(raw, value, path, scope)
        if reading.layers:
            return
        formulas = {leaf.path for leaf in reading.formulas}
        for text, below in _texts(value, path):
            self._text(text, below, "number" if below in formulas else "word", scope)

    def _inner(self, raw: object, value: object, path: Path, scope: _Scope) -> None:
        """A layer in a field of another: it has no name that others could use."""
        places = [path] if not isinstance(value, list) else [(*path, at) for at in range(len(value))]
        for place in places:
            item = scope.document.at(place)
            if isinstance(item, str) and item.startswith("$"):
                self._text(item, place, "word", scope)
                continue
            entry = self._item(item, place)
            if entry is not None and _plain(raw) == item:
                fields = {name: given for name, given in entry.fields.items() if name != "name"}
                self._one(entry._replace(fields=fields), scope)

    def _argument_name(self, owner: str, name: str, document: Document, path: Path) -> None:
        if path and path[-1] == name and name in self.language.args(owner):
            self._add(("argument", owner, name), document, path, 0, len(name), is_key=True)

    def _type(self, name: str, document: Document, path: Path, *, is_key: bool) -> None:
        for kind, known in (("block", self.language.blocks), ("type", self.language.own_types)):
            if name in known:
                self._add((kind, name), document, path, 0, len(name), is_key=is_key)
                return

    def _arguments(self) -> None:
        """What is given to blocks, each text as the block reads it; a block may hand it on to another."""
        waiting, done = self._given, set[tuple[Path, str, Mode]]()
        self._given = []
        while True:
            before = len(done)
            for block, name, value, path, scope in waiting:
                for mode in sorted(self._roles.get((block, name), {"number"})):
                    once = (path, shared_path(scope.document.path), mode)
                    if once not in done:
                        done.add(once)
                        for text, below in _texts(value, path):
                            self._text(text, below, mode, scope)
            if len(done) == before:
                break

    # --- texts --------------------------------------------------------------------------------------------------------

    def _text(self, text: str, path: Path, mode: Mode, scope: _Scope) -> None:
        """A text where a formula, the name of a layer, or a word is expected."""
        if text.startswith("$"):
            self._name(text[1:], path, 1, scope, mode)
        elif mode == "number":
            self._formula(text, path, scope)
        elif mode == "layer":
            self._layer(text, path, scope)

    def _formula(
        self,
        text: str,
        path: Path,
        scope: _Scope,
        *,
        symbols: bool = False,
        fields: tuple[str, dict[str, object]] | None = None,
        hidden: set[str] = frozenset(),  # type: ignore[assignment]
    ) -> None:
        try:
            found = tokens(text)
        except ExpressionError:
            return
        for token, after in zip(found, [*found[1:], None], strict=True):
            if token.kind != "name" or token.text in WORDS or (after is not None and after.text == "("):
                continue
            if token.text in hidden:
                continue
            if fields is not None and token.text in fields[1]:
                key: Key = ("argument", fields[0], token.text)
                self._add(key, scope.document, path, token.start, token.end)
                continue
            if symbols and token.text not in self.language.vars and token.text not in self.language.symbols:
                # The first mention of a symbol that is not declared is what gives it.
                key = ("name", token.text)
                first = token.text not in self._symbols
                self._symbols.add(token.text)
                self._add(key, scope.document, path, token.start, token.end, defines=first)
                continue
            self._name(token.text, path, token.start, scope, "number")

    def _name(self, name: str, path: Path, start: int, scope: _Scope, mode: Mode) -> None:
        """An argument, a var or a symbol, with what it is used for."""
        end = start + len(name)
        if scope.block and name in self.language.args(scope.block):
            self._roles.setdefault((scope.block, name), set()).add(mode)
            self._add(("argument", scope.block, name), scope.document, path, start, end)
        elif name in self.language.vars:
            self._add(("name", name), scope.document, path, start, end)
            if mode == "layer" and (name, mode) not in self._followed:
                self._followed.add((name, mode))
                declared = self.language.vars[name]
                top = _Scope(self.language.document, ("layers",))
                for text, below in _texts(declared.value, declared.path):
                    if not text.startswith("$"):
                        self._layer(text, below, top, declared.document)
        elif name in self._symbols:
            self._add(("name", name), scope.document, path, start, end)

    def _layer(self, text: str, path: Path, scope: _Scope, document: Document | None = None) -> None:
        """The name of a layer, or a path of names into blocks, perhaps with the number of an output."""
        taken = _TAKEN.match(text)
        document = document or scope.document
        names = self._lists.get((shared_path(scope.document.path), scope.layers), {})
        whole = text if text in names or taken is None else taken["name"]
        at = 0
        where = scope
        while at < len(whole):
            names = self._lists.get((shared_path(where.document.path), where.layers), {})
            rest = whole[at:]
            parts = rest.split(".")
            name = next(
                (one for one in (".".join(parts[:count]) for count in range(len(parts), 0, -1)) if one in names), None
            )
            if name is None:
                return
            self._add(self._layer_key(where, name), document, path, at, at + len(name))
            at += len(name) + 1
            used = names[name][0][1]
            number = re.match(r"\d+(?:\.|\Z)", whole[at:])
            if number is not None:
                at += number.end()
            if used not in self.language.blocks:
                return
            block = self.language.blocks[used]
            where = _Scope(block.document, (*block.path, "layers"), used)

    @staticmethod
    def _layer_key(scope: _Scope, name: str) -> Key:
        return "layer", shared_path(scope.document.path), scope.layers, name

    def _add(
        self,
        key: Key,
        document: Document,
        path: Path,
        start: int,
        end: int,
        *,
        is_key: bool = False,
        defines: bool = False,
        automatic: bool = False,
    ) -> None:
        one = Occurrence(key, document, path, is_key, start, end, defines, automatic)
        if one not in self._said:
            self._said.add(one)
            self.found.append(one)


class _Reading:
    """Takes note of what a kind of field reads as a formula, and as a layer."""

    def __init__(self) -> None:
        self.formulas: list[_Leaf] = []
        self.layers: list[object] = []

    def number(self, text: str) -> int:
        """Any number: what the formula comes to is not asked for."""
        if isinstance(text, _Leaf):
            self.formulas.append(text)
        return 1

    def sublayer(self, raw: object) -> object:
        """Nothing that could be used."""
        self.layers.append(raw)
        return None


def _placed(value: object, path: Path) -> object:
    """A value whose texts know where they stand."""
    if isinstance(value, str):
        leaf = _Leaf(value)
        leaf.path = path
        return leaf
    if isinstance(value, list):
        return [_placed(item, (*path, at)) for at, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _placed(item, (*path, key)) for key, item in value.items()}
    return value


def _plain(value: object) -> object:
    """The value without that."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def _texts(value: object, path: Path) -> Iterator[tuple[str, Path]]:
    """The texts in a value, each with its path."""
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _texts(item, (*path, at))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))


__all__ = ["Declared", "Index", "Key", "Occurrence"]
