"""From the fields of an item, as they are written, to checked fields: defaults of the file, `$name`, expressions.

Knows no graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from cnnsum.diagnostics import Problem, Related, Suggestion
from cnnsum.graph.model import POLICIES, Policy, policy
from cnnsum.layers.base import LayerType
from cnnsum.layers.inner import Inner
from cnnsum.layers.kinds import show
from cnnsum.readers.native.entry import SPECIAL, Entry, Types, used_here
from cnnsum.readers.native.faults import Fault, Findings, ReportedError, Site
from cnnsum.readers.native.scope import Scope, Written, plain, resolve, whole
from cnnsum.source import Document
from cnnsum.typed import Any

#: Problems of a name rather than of the value below it.
_AT_KEYS = ("CFG103", "UNK701")
#: Fields that are words for what a layer reads.
_MEANS_FROM = ("inputs", "input", "from_", "bottom")


class Reader:
    """What the kinds of fields ask of the language; see `cnnsum.layers.kinds.Reading`.

    evaluated: whether an expression was met, so that the result holds for this scope only. model: makes a layer of the
    model that stands in a field, where there can be one. defaults: by file, of which `document` is the one whose fields
    are being read. says_dtype: as of the frame that they are read in. open: the layers in fields that are being read,
    as they are written, one within the other.
    """

    __slots__ = ("defaults", "document", "evaluated", "model", "open", "says_dtype", "scope", "types")

    def __init__(self, types: Types, scope: Scope, defaults: dict[Document, Defaults]) -> None:
        self.types = types
        self.scope = scope
        self.defaults = defaults
        self.document: Document | None = None
        self.open: list[object] = []
        self.says_dtype = False
        self.evaluated = False
        self.model: Callable[[dict[str, Any]], Inner] | None = None

    def number(self, text: str) -> Any:
        """The value of an expression; raises Problem."""
        self.evaluated = True
        if type(text) is not Written:
            return self.scope.number(text)
        try:
            return text.scope.number(text)
        except Fault as fault:
            if fault.site is None:
                fault.site = text.site
            raise

    def sublayer(self, raw: object) -> object:
        """The layer that a field holds; raises Problem."""
        from cnnsum.readers.native.inner import sublayer

        return sublayer(raw, self)


class Defaults:
    """What one file says of all layers of a type: `defaults`, and the `data_format` of the network."""

    __slots__ = ("_merged", "data_format", "failed", "fields", "special")

    def __init__(self, data_format: str | None = None) -> None:
        self.data_format = data_format
        #: By type: its fields; `trainable` and the policy; the fields that were wrong.
        self.fields: dict[LayerType, dict[str, Any]] = {}
        self.special: dict[LayerType, tuple[bool | None, Policy | None]] = {}
        self.failed: dict[LayerType, set[str]] = {}
        self._merged: dict[LayerType, dict[str, object]] = {}

    def of(self, type: LayerType) -> dict[str, Any]:
        """The fields that layers of this type have unless they say otherwise."""
        merged = self._merged.get(type)
        if merged is None:
            merged = dict(self.fields.get(type, ()))
            if self.data_format is not None and "data_format" in type.schema.fields:
                merged.setdefault("data_format", self.data_format)
            self._merged[type] = merged
        return merged

    def are_good(self, type: LayerType, raw: Mapping[str, Any]) -> bool:
        """Whether nothing that they give a layer with the fields `raw` is wrong, which is reported."""
        return type not in self.failed or self.failed[type].issubset(raw)


class Binder:
    """Gives entries their checked fields, and remembers those that are the same wherever they stand."""

    __slots__ = ("_known", "defaults", "findings", "reader")

    def __init__(self, types: Types, findings: Findings, top: Scope, defaults: dict[Document, Defaults]) -> None:
        self.reader = Reader(types, top, defaults)
        self.findings = findings
        self.defaults = defaults
        self._known: dict[object, tuple[LayerType, dict[str, object]]] = {}

    def bind(self, entry: Entry, scope: Scope, use: Entry | None) -> tuple[LayerType | None, dict[str, Any]]:
        """The type and the checked fields; no type where something is wrong with them, which is reported."""
        if entry.bound is not None:
            return entry.bound
        type = entry.type
        if type is None:
            return None, {}
        key = (type, entry.shown, entry.document)
        known = self._known.get(key)
        if known is not None:
            entry.bound = known
            return known
        raw = entry.raw
        defaults = self.defaults[entry.document]
        given = defaults.of(type)
        good = defaults.are_good(type, raw)
        if entry.dollar:
            raw = dict(raw)
            for name, value in entry.raw.items():
                try:
                    raw[name] = whole(value, scope)
                except Problem as problem:
                    self.findings.problem(problem, entry.site(name), used_here(use))
                    del raw[name]
                    good = False
        reader = self.reader
        outer = reader.scope, reader.evaluated, reader.document
        reader.scope, reader.document = scope, entry.document
        reader.evaluated = False
        fields, problems = type.bind({**given, **raw} if given else raw, reader)
        evaluated = reader.evaluated
        reader.scope, reader.evaluated, reader.document = outer
        if problems or not good:
            self._report(entry, problems, raw, use, good=good)
            return None, {}
        if entry.dollar:
            for name in raw:
                if name in fields:
                    fields[name] = plain(fields[name])
        bound = type, fields
        if not evaluated and not entry.dollar:
            entry.bound = self._known[key] = bound
        return bound

    def _is_no_text(self, key: Site) -> bool:
        """Whether the key is a number or the like, which the reader of the file has reported."""
        wrong = [found.span for found in key.document.diagnostics if found.code == "SPC016"]
        return bool(wrong) and key.span() in wrong

    def _report(self, entry: Entry, problems: list[Problem], raw: Any, use: Entry | None, *, good: bool) -> None:
        fields = entry.type.schema.fields if entry.type is not None else ()
        cuts = [*_cut_by_commas(entry)]
        cut = {name for names, _ in cuts for name in names}
        # A field that is missing because its name is misspelt is one mistake.
        meant = [problem.help or "" for problem in problems if problem.code == "CFG103"]
        for problem in problems:
            if isinstance(problem, ReportedError):
                continue
            if problem.code == "CFG101":
                missing = problem.message.rpartition(" ")[2]
                if not good or any(isinstance(help, Suggestion) and missing in help for help in meant):
                    continue
                if any(name.startswith(missing + ":") for name in raw):
                    continue
            if problem.code == "CFG103" and self._is_no_text(entry.site(*problem.field, key=True)):
                continue
            if problem.code == "CFG103" and (colon := without_space(problem.field[0], fields)) is not None:
                self.findings.problem(colon, entry.site(*problem.field, key=True))
                continue
            name = problem.field[0] if problem.field else None
            if name in cut:
                continue
            value = _value_at(raw, problem.field)
            if problem.code in ("CFG102", "SPC026") and isinstance(entry.positional, tuple) and isinstance(value, str):
                problem.help = _by_name(entry, problem.field, value) or problem.help
            if problem.code == "CFG103" and name in _MEANS_FROM and isinstance(value, (str, list)):
                listed = value if isinstance(value, str) else f"[{', '.join(map(str, value))}]"
                problem.help = f"what it reads stands in `from`: `from: {listed}`"
            if type(value) is Written and value.site is not None:
                # It was given elsewhere, and `$name` stands here.
                here = Related(entry.site(*problem.field).span(), "it is used here")
                self.findings.problem(problem, value.site, (here,))
                continue
            self.findings.problem(
                problem,
                entry.site(*problem.field, key=problem.code in _AT_KEYS) if problem.field else entry.head,
                # A formula may be right in one use of a block and wrong in another.
                used_here(use) if problem.code == "CFG102" and isinstance(value, str) else (),
            )
        for names, text in cuts:
            named = "" if isinstance(entry.positional, tuple) else f"{names[0]}: "
            if text.startswith("("):
                message, mend = "a list stands in square brackets", f"[{text.strip('()')}]"
            else:
                message = "a comma ends the value here: an expression that holds one stands in quotes"
                mend = f'"{text}"'
            self.findings.add("SPC034", message, entry.site(names[0]), help=f"`{named}{mend}`")


def without_space(key: str | int, names: Iterable[str]) -> Problem | None:
    """The problem of a key that became of `filters:8` in braces, where YAML needs a space after the colon, or of
    `filters=8`.
    """
    name, equals, rest = str(key).partition("=")
    if equals and name.strip() in names:
        message = f"a field stands before a colon, not before `=`: `{name.strip()}`"
        return Problem("SPC008", message, help=f"write `{name.strip()}: {rest.strip()}`")
    name, colon, rest = str(key).partition(":")
    if not colon or (name not in names and name not in SPECIAL):
        return None
    return Problem("SPC008", f"a space is missing after `{name}:`", help=f"write `{name}: {rest}`" if rest else None)


def _cut_by_commas(entry: Entry) -> Iterator[tuple[list[str], str]]:
    """The fields that became of values with commas in brackets, each with the whole value: of
    `{filters: divisible(width, 8)}` these are `filters`, and `8)` without a value; of `[8, (3, 3)]` two values.
    """
    listed = isinstance(entry.positional, tuple)
    names: list[str] = []
    parts: list[str] = []
    for name, value in entry.raw.items():
        part = str(value) if listed or not names else name
        if names and not listed and value is not None:
            names, parts = [], []  # it was never closed
            part = str(value)
        if names or (isinstance(value, str) and value.count("(") > value.count(")")):
            names.append(name)
            parts.append(part)
            text = ", ".join(parts)
            if len(names) > 1 and text.count("(") <= text.count(")"):
                yield names, text
                names, parts = [], []


def _by_name(entry: Entry, path: tuple[str | int, ...], word: str) -> str | None:
    """Which field a word was meant for that stands at the place of another."""
    if entry.type is None or len(path) != 1:
        return None
    fields = entry.type.schema.fields
    meant = next((name for name, field in fields.items() if word in field.kind.choices and name != path[0]), None)
    return None if meant is None else f"at this place stands `{path[0]}`; by name: `{meant}: {word}`"


def _value_at(raw: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path in the fields, or the last one on the way to it."""
    for step in path:
        try:
            raw = raw[step]
        except (LookupError, TypeError):
            break
    return raw


def truth(value: object, scope: Scope, name: str) -> bool:
    """The value of a key that is true or false; raises Problem."""
    value = resolve(value, scope)
    if not isinstance(value, bool):
        raise Problem("CFG102", f"`{name}` must be true or false, got {show(value)}")
    return value


def policy_of(value: object, scope: Scope | None = None) -> Policy:
    """The policy that `dtype` names; raises Problem."""
    if scope is not None:
        value = plain(whole(value, scope))
    if isinstance(value, str) and value in POLICIES:
        return policy(value)
    from cnnsum.diagnostics import did_you_mean
    from cnnsum.layers.keras.foreign import dtype

    help = did_you_mean(value, POLICIES, dtype) if isinstance(value, str) else None
    raise Problem(
        "CFG102",
        f"`dtype` must be the name of a dtype or of a policy, got {show(value)}",
        help=help or "float32, float16, bfloat16, float64, mixed_float16 or mixed_bfloat16",
    )


def read_defaults(
    raw: object, site: Site, known: dict[Document, Defaults], types: Types, scope: Scope, findings: Findings
) -> None:
    """Check the mapping `defaults` of the file that `site` is in, and keep what is good of it in `known`."""
    if not isinstance(raw, dict):
        findings.add("SPC022", f"`defaults` is a mapping of layer types to fields, not {show(raw)}", site)
        return
    from cnnsum.readers.native.defaults import read

    read(raw, site, known, types, scope, findings)
