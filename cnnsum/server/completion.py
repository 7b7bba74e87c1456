"""What may be written at the cursor: keys, types, words, and the names that the spec itself gives.

Looks at the text before the cursor for the place, and at all that can be read of the text for names.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator

from cnnsum.layers.base import REQUIRED
from cnnsum.layers.kinds import show
from cnnsum.server import said
from cnnsum.server.analysis import Analysis
from cnnsum.server.cursor import Cursor, cursor
from cnnsum.server.index import Index
from cnnsum.server.language import Language
from cnnsum.server.said import Schema
from cnnsum.server.text import Text
from cnnsum.typed import Literal, NamedTuple

Path = tuple["str | int", ...]
Kind = Literal["type", "block", "key", "field", "word", "layer", "name", "file"]

#: Keys whose values are names of layers.
_OF_LAYERS = ("from", "share", "outputs", "output")
_FILES = (".yaml", ".yml", ".json")
_MOST_FILES = 500
#: The name in an expression that is being written: what stands of it before the cursor, and behind.
_NAME_BEFORE = re.compile(r"(?:[A-Za-z_]\w*)?\Z")
_NAME_BEHIND = re.compile(r"\w*")


class Completion(NamedTuple):
    """One thing that may be written in the place of the text from `start` to `end`.

    text: what is written; with `$1`, `$2` where something is still to be filled in, if `is_snippet`, and `plain` else.
    rank: the lower, the nearer.
    """

    label: str
    kind: Kind
    start: int
    end: int
    text: str
    plain: str
    detail: str = ""
    documentation: str = ""
    is_snippet: bool = False
    rank: int = 0


def completions(
    analysis: Analysis, text: Text, offset: int, index: Callable[[], Index | None] | None = None
) -> list[Completion]:
    """What may be written at a place of a spec, and the modules of a row of an architecture file; nothing in others.
    index: gives the names, if they are known.
    """
    found = cursor(text, offset)
    if found is None:
        return []
    if _is_spec(analysis):
        return list(_Completer(analysis, text, found, index).all())
    return list(_modules(found))


def _modules(at: Cursor) -> Iterator[Completion]:
    """Those that a row may have in the place of its module."""
    if at.expects == "item" and len(at.path) > 1:
        from cnnsum.readers.ultralytics.unknown import is_module, modules

        for rank, name in enumerate(modules() if is_module(at.path) else ()):
            yield Completion(name, "type", at.start, at.end, name, name, rank=rank)


def _is_spec(analysis: Analysis) -> bool:
    """Whether a text is a spec, or could still become one: it has no keys that a spec does not have."""
    whole = analysis.whole
    if whole is None or not isinstance(whole.value, (dict, list)):
        return True
    if isinstance(whole.value, list):
        return False
    known = said.keys(said.said((), "keras"), "keras")
    return analysis.language is not None and (analysis.is_model or all(key in known for key in whole.value))


class _Completer:
    def __init__(
        self, analysis: Analysis, text: Text, at: Cursor, index: Callable[[], Index | None] | None = None
    ) -> None:
        self._index = index
        self.analysis = analysis
        self.text = text
        self.at = at
        self.is_json = text.text.lstrip()[:1] == "{"
        self.language: Language | None = analysis.language
        self.framework = "keras" if self.language is None else self.language.framework

    def all(self) -> Iterator[Completion]:
        """Every completion; a word that is found in two ways is given once."""
        seen: set[str] = set()
        for one in self._all():
            if one.label not in seen:
                seen.add(one.label)
                yield one

    def _all(self) -> Iterator[Completion]:
        at = self.at
        path = at.path
        if self._holds_layers(path, at):
            yield from self._types()
            return
        here = said.said(path, self.framework)
        if at.expects == "key":
            if path and path[-1] == "from":
                yield from self._inputs(path)
            elif at.dash and said.is_list(here, self.framework) and path[-1] in _OF_LAYERS:
                yield from self._layers()
            else:
                yield from self._keys(here)
            return
        if any(step in _OF_LAYERS for step in path[-2:]) and self._is_of_layers(path):
            yield from self._layers()
        elif "include" in path[:1]:
            yield from self._files()
        else:
            yield from self._values(here)

    # --- what holds layers --------------------------------------------------------------------------------------------

    def _holds_layers(self, path: Path, at: Cursor) -> bool:
        """Whether a layer, or the key that is its type, is expected."""
        if at.expects == "key" and at.dash and path and path[-1] == "layers":
            return True
        if at.expects == "key" and len(path) == 1 and path[0] == "defaults":
            return True
        if at.expects not in ("item", "key") or not path:
            return False
        if isinstance(path[-1], int) and len(path) > 1 and path[-2] == "layers":
            return True
        return path[-1] == "layer" and len(path) > 1 and path[0] in ("layers", "blocks")

    def _types(self) -> Iterator[Completion]:
        """Blocks, own types, and the types of the framework."""
        language = self.language
        if language is not None and self.at.path[:1] != ("defaults",):
            for name, block in language.blocks.items():
                needed = [arg for arg, default in block.member("args").items() if default is None]
                args = ", ".join(_argument(arg, default) for arg, default in block.member("args").items())
                yield self._layer(name, "block", needed, f"block: {args}" if args else "block", "", rank=0)
        if language is not None:
            for name, declared in language.own_types.items():
                needed = [arg for arg, default in declared.member("fields").items() if default is None]
                yield self._layer(name, "type", needed, "layer type of this file", "", rank=1)
        known = said.keys(said.said(("layers", 0), self.framework), self.framework)
        for name, key in known.items():
            found = None if language is None else language.type(name)
            fields = {} if found is None else found.schema.fields
            first = [] if found is None else found.by_position(name)
            needed = [field for field in first if fields[field].default is REQUIRED]
            detail = ", ".join(
                field if fields[field].default is REQUIRED else f"{field}={show(fields[field].default)}"
                for field in first
            )
            yield self._layer(name, "type", needed, detail, key.description, rank=2)

    def _layer(self, name: str, kind: Kind, needed: list[str], detail: str, doc: str, *, rank: int) -> Completion:
        at = self.at
        is_key = at.expects == "key" and not at.dash
        if is_key or (self.is_json and at.quote):
            return self._key(name, kind, detail, doc, rank=rank, opens=bool(needed) and is_key, fields=needed)
        before = "- " if at.dash else ""
        if not needed:
            text = before + self._quoted(name)
            return self._made(name, kind, text, text, detail, doc, rank=rank)
        listed = ", ".join(f"{self._quoted(field)}: ${number}" for number, field in enumerate(needed, 1))
        fields = f"{{{listed}}}"
        written = f"{self._quoted(name)}: {fields}"
        plain = f"{self._quoted(name)}: {{"
        if at.flow:  # an item of a list in brackets is in braces of its own
            written, plain = f"{{{written}}}", f"{{{plain}"
        return self._made(name, kind, before + written, before + plain, detail, doc, is_snippet=True, rank=rank)

    # --- keys ---------------------------------------------------------------------------------------------------------

    def _keys(self, here: list[Schema]) -> Iterator[Completion]:
        """The keys of a mapping that it does not have yet, those that it must have first."""
        owner = next((step for step in reversed(self.at.path) if isinstance(step, str)), "")
        language = self.language
        if language is not None and len(self.at.path) > 1 and not self._is_declaration():
            for arg, default in language.args(owner).items():
                yield self._key(arg, "field", _argument(arg, default), "", rank=0 if default is None else 1)
        found = None if language is None else language.type(owner)
        fields = {} if found is None else found.schema.fields
        for name, key in said.keys(here, self.framework).items():
            field = fields.get(name)
            required = field is not None and field.default is REQUIRED
            detail = "required" if required else "" if key.default is None else f"= {_written(key.default[0])}"
            rank = 0 if required else 1 if field is not None or not fields else 2
            yield self._key(name, "field" if field is not None else "key", detail, key.description, rank=rank)

    def _is_declaration(self) -> bool:
        return self.at.path[0] in ("vars", "symbols", "layer_types", "inputs", "input", "budget", "lint") or (
            self.at.path[0] == "blocks" and "layers" not in self.at.path
        )

    def _key(
        self,
        name: str,
        kind: Kind,
        detail: str,
        doc: str,
        *,
        rank: int,
        opens: bool = False,
        fields: list[str] | None = None,
    ) -> Completion:
        at = self.at
        quoted = self._quoted(name)
        if name in at.keys and name != at.word:
            return self._made(name, kind, quoted, quoted, f"{detail} (there already)".strip(), doc, rank=9)
        if at.colon:
            return self._made(name, kind, quoted, quoted, detail, doc, rank=rank)
        if opens:
            listed = ", ".join(f"{self._quoted(field)}: ${number}" for number, field in enumerate(fields or (), 1))
            text = f"{quoted}: {{{listed}}}"
            return self._made(name, kind, text, f"{quoted}: ", detail, doc, is_snippet=True, rank=rank)
        return self._made(name, kind, f"{quoted}: ", f"{quoted}: ", detail, doc, rank=rank)

    def _inputs(self, path: Path) -> Iterator[Completion]:
        """The names of the inputs of a layer, in a mapping below `from`."""
        owner = path[-2] if len(path) > 1 else ""
        found = None if self.language is None or not isinstance(owner, str) else self.language.type(owner)
        for name in () if found is None else found.schema.inputs:
            yield self._key(name, "key", "input", "", rank=0)

    # --- values -------------------------------------------------------------------------------------------------------

    def _values(self, here: list[Schema]) -> Iterator[Completion]:
        """Words, and names of values."""
        path = self.at.path
        owner = next((step for step in reversed(path[:-1]) if isinstance(step, str)), "")
        is_argument = self.language is not None and bool(self.language.args(owner)) and "args" not in path
        for word in said.words(here, self.framework):
            yield self._made(word, "word", self._quoted(word, value=True), self._quoted(word, value=True), rank=1)
        of_shape = path[:1] in (("input",), ("inputs",))
        if said.takes(here, "formula", self.framework) or is_argument or of_shape or path[:1] == ("vars",):
            yield from self._names("")
        if said.takes(here, "whole", self.framework) or is_argument or self.at.word.startswith("$"):
            yield from self._names("$")
        if is_argument:
            yield from self._layers()

    def _names(self, sign: str) -> Iterator[Completion]:
        """Arguments of the block around, vars and symbols."""
        language = self.language
        if language is None:
            return
        block = self._block()
        for name, default in language.args(block).items() if block in language.blocks else ():
            yield self._named(sign + name, _argument(name, default), rank=2)
        for name, declared in language.vars.items():
            yield self._named(sign + name, f"= {_written(declared.value)}", rank=3)
        if not sign:
            for name in self._symbols():
                yield self._named(name, "symbol", rank=3)
            if block or "repeat" in str(self.text.text):
                yield self._named("index", "counts the copies of a `repeat`", rank=5)

    def _named(self, name: str, detail: str, *, rank: int) -> Completion:
        """A name in the place of the value, or of the name at the cursor where an expression is being written."""
        at = self.at
        before = _NAME_BEFORE.search(at.word)
        if before is None or not before.start() or name.startswith("$"):
            text = self._quoted(name, value=True)
            return self._made(name, "name", text, text, detail, rank=rank)
        cursor = at.start + len(at.quote) + len(at.word)
        start = cursor - len(before[0])
        end = cursor + len(_NAME_BEHIND.match(self.text.text, cursor)[0])  # type: ignore[index]  # it matches everywhere
        return Completion(name, "name", start, end, name, name, detail, rank=rank)

    def _symbols(self) -> list[str]:
        """The symbols of the inputs; that of the batch has no name in a spec that does not give it one."""
        assert self.language is not None
        model = self.analysis.around.model
        batch = None if model is None else str(model.graph.batch)
        found = [] if model is None else [one for one in model.graph.symbols if one.isidentifier() and one != batch]
        return list(dict.fromkeys((*self.language.symbols, *found)))

    def _block(self) -> str:
        """The block around, or ""."""
        path = self.at.path
        return str(path[1]) if path[:1] == ("blocks",) and len(path) > 2 else ""

    def _is_of_layers(self, path: Path) -> bool:
        return path[0] in ("outputs", "layers", "blocks")

    def _layers(self) -> Iterator[Completion]:
        """Names of layers that are in sight: those above the cursor first, the nearest before the others."""
        language = self.language
        if language is None:
            return
        path = self.at.path
        at = next((number for number in range(len(path) - 1, -1, -1) if path[number] == "layers"), None)
        layers: Path = (*path[:2], "layers") if path[-2:-1] == ("output",) or path[-1] == "output" else ("layers",)
        number: object = None
        if at is not None and at + 1 < len(path):
            layers, number = path[: at + 1], path[at + 1]
        index = (None if self._index is None else self._index()) or Index(language)
        names = index.names_in(language.document, layers)
        if path[0] == "blocks":
            names = {"input": [], **names}
        for name, places in names.items():
            where = places[0][0][-1] if places and isinstance(places[0][0][-1], int) else -1
            far = 0 if not isinstance(number, int) or not isinstance(where, int) else number - where
            if far == 0 and number is not None and places and places[0][0][:-1] == layers:
                continue  # itself
            text = self._quoted(name, value=True)
            what = places[0][1] if places else "what the block reads"
            rank = 10 + min(far, 900) if far > 0 else 1000
            yield self._made(name, "layer", text, text, what, rank=rank)

    def _files(self) -> Iterator[Completion]:
        """Files beside this one that could be included."""
        folder = os.path.dirname(self.analysis.path)
        if self.analysis.path.startswith("<"):
            return
        try:
            names = sorted(os.listdir(folder or os.curdir))[:_MOST_FILES]
        except OSError:
            return
        for name in names:
            if name.endswith(_FILES) and name != os.path.basename(self.analysis.path):
                text = self._quoted(name, value=True)
                yield self._made(name, "file", text, text)

    # --- texts --------------------------------------------------------------------------------------------------------

    def _quoted(self, name: str, *, value: bool = False) -> str:
        """A word as it is written at the cursor, whose quotes it keeps."""
        quote = self.at.quote
        if self.is_json and value and name in ("true", "false") and not quote:
            return name
        if self.is_json or quote == '"':
            return json.dumps(name, ensure_ascii=False)
        return f"'{name}'" if quote else name

    def _made(
        self,
        label: str,
        kind: Kind,
        text: str,
        plain: str,
        detail: str = "",
        documentation: str = "",
        *,
        is_snippet: bool = False,
        rank: int = 5,
    ) -> Completion:
        return Completion(label, kind, self.at.start, self.at.end, text, plain, detail, documentation, is_snippet, rank)


def _argument(name: str, default: object) -> str:
    return name if default is None else f"{name}={_written(default)}"


def _written(value: object) -> str:
    return "null" if value is None else value if isinstance(value, str) else show(value)
