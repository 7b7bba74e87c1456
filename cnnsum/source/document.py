"""A file as its reader sees it: plain values, and the place of every one.

The format is found by looking at the content, never at the name. This module knows no model, no layer and no
screen; whatever keeps a file from being read becomes an `UnusableError` with a code and, where there is one, a
place.
"""

from __future__ import annotations

import os
import re

from cnnsum.diagnostics import Diagnostic, Related, Span, UnusableError
from cnnsum.source.findings import BadTextError, Finding, empty
from cnnsum.source.lines import Lines
from cnnsum.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Each reader is imported for its own format only.
    from cnnsum.source.containers import LaterWeights, Weights
    from cnnsum.source.json_text import JsonPlaces
    from cnnsum.source.kept_places import KeptPlaces
    from cnnsum.source.messages import MessagePlaces, Read

#: Of a text in YAML, in characters: who writes it by hand writes kilobytes, and it takes far longer to read than JSON.
MAX_YAML = 4 * 2**20
#: Texts that are read in the place of files, by the real path of each: what an editor has not saved yet.
UNSAVED: dict[str, str] = {}
# A text that is sound JSON up to here is meant as JSON, whatever follows: YAML need not be tried.
_SURELY_JSON = 65_536
#: What a text in protobuf's format has if it is one of a network, and few others have.
MESSAGES = r"layers?[\s:\[]*[{<#]"


class Document:
    """One text, its value, and where each part of the value stands.

    `path` is as the user wrote it ("<stdin>" for "-"), `format` is "yaml", "json", "cfg", "prototxt", "onnx" or
    "tflite", `value` is made of dict, list, str, int, float, bool and None. A file that is not text has an empty one:
    its places are bytes, told as columns of line 1. `digest` is its SHA-256. `diagnostics` are the problems that did
    not stop the reading.
    """

    __slots__ = ("_digest", "_lines", "_places", "_raw", "_weights", "diagnostics", "format", "path", "text", "value")

    def __init__(
        self,
        path: str,
        lines: Lines,
        *,
        format: str,
        value: Any,
        places: JsonPlaces | KeptPlaces | MessagePlaces,
        diagnostics: list[Diagnostic],
        raw: bytes | None = None,
        digest: str = "",
    ) -> None:
        self.path = path
        self._weights: Weights | LaterWeights | None = None
        self.text = lines.text
        self.format = format
        self.value = value
        self.diagnostics = diagnostics
        self._lines = lines
        self._places = places
        self._raw = raw
        self._digest = digest

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file's bytes, in hexadecimal digits; of a message without weights, which are not read."""
        if self._digest:
            return self._digest
        from hashlib import sha256

        # Text that was plain UTF-8 gives its bytes back, so they are not kept.
        return sha256(self.text.encode() if self._raw is None else self._raw).hexdigest()

    @property
    def weights(self) -> Weights | None:
        """The arrays that stand beside the text in a container. They are read when they are first asked for; what is
        wrong with them is then among the diagnostics.
        """
        if callable(self._weights):
            found = self._weights = self._weights()
            if found is not None and found.problem:
                message = f"{found.problem}; it holds what is known of layers of unknown types"
                self.diagnostics.append(Diagnostic("SPC067", message, self.span(), "warning"))
        return self._weights

    @weights.setter
    def weights(self, found: Weights | LaterWeights | None) -> None:
        self._weights = found

    @property
    def is_contained(self) -> bool:
        """Whether it was read out of a container that has weights beside it, which are read when they are asked for."""
        return self._weights is not None

    def at(self, path: tuple[str | int, ...]) -> Any:
        """The value at a path, which must be one of the document."""
        value = self.value
        for step in path:
            value = value[step]
        return value

    def span(self, path: tuple[str | int, ...] = (), *, key: bool = False) -> Span:
        """The place of the value at `path`, or of its key; of the nearest existing ancestor if there is no such value.

        An item of a list has no key: its own place is given.
        """
        start, end = self._places.find(path, key=key)
        return self._lines.span(self.path, start, end)

    def offsets(self, path: tuple[str | int, ...] = (), *, key: bool = False) -> tuple[int, int]:
        """Where the value at `path`, or its key, begins and ends in the text, as `span` has it."""
        return self._places.find(path, key=key)

    def path_at(self, offset: int) -> tuple[tuple[str | int, ...], bool]:
        """The path of the innermost value, or key, at a place in the text, and whether it is the key.

        The end of a value counts as its own: that is where a cursor stands behind it.
        """
        return self._places.path_at(offset)

    def span_of(self, start: int, end: int) -> Span:
        """The span between two places in the text."""
        return self._lines.span(self.path, start, end)

    def offset(self, line: int, column: int) -> int:
        """The place in the text of a line and column, both from 1."""
        return self._lines.offset(line, column)

    def encoded(self, text: str) -> bytes:
        """A text as it would stand in this one's file: in its encoding, behind its byte order mark."""
        from cnnsum.source.raw import encode

        return encode(text, self._raw or b"")

    @property
    def is_all_of_its_file(self) -> bool:
        """Whether the file still holds this text and nothing else: only then may another be written in its place.

        Not so of a text that came through a pipe, of one in an archive or a folder, of a message, and where somebody
        changed the file since it was read.
        """
        from cnnsum.source.raw import holds

        try:
            return os.path.isfile(self.path) and holds(self.path, self.encoded(self.text))
        except OSError:
            return False

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its end; "" if there is no such line."""
        return self._lines.line(number)


def read(path: str) -> Document:
    """Read a file, or standard input for "-". Raises `UnusableError`."""
    from cnnsum.source.raw import decode, read_contents

    if UNSAVED:
        unsaved = UNSAVED.get(os.path.realpath(path))
        if unsaved is not None:
            return read_text(unsaved, path)
    raw, weights, messages = read_contents(path)
    name = "<stdin>" if path == "-" else path
    if messages is not None:
        return _of_messages(messages, name)
    text, plain = decode(raw, name)
    found = _parse(text, name, raw, plain=plain)
    found.weights = weights
    return found


def _of_messages(read: Read, path: str) -> Document:
    from cnnsum.source.messages import MessagePlaces

    places = MessagePlaces(read.message)
    found = read.message
    return Document(path, Lines(""), format=read.format, value=found, places=places, diagnostics=[], digest=read.sha256)


def read_text(text: str, path: str) -> Document:
    """Read a text as if it stood in the file `path`. Raises `UnusableError`."""
    from cnnsum.source.raw import decode

    raw = text.encode("utf-8", "surrogatepass")
    text, plain = decode(raw, path)
    return _parse(text, path, raw, plain=plain)


def _parse(text: str, path: str, raw: bytes, *, plain: bool) -> Document:
    lines = Lines(text)
    try:
        format, (value, places, findings) = _load(text, raw if plain else text.encode(), path)
    except BadTextError as error:
        raise UnusableError(*_diagnostics(_of_others(text) or error.findings, lines, path), line=lines.line) from None
    return Document(
        path,
        lines,
        format=format,
        value=value,
        places=places,
        diagnostics=_diagnostics(findings, lines, path),
        raw=None if plain else raw,
    )


def _of_others(text: str) -> list[Finding] | None:
    """What to say of a text that cannot be read since it is not meant for us at all."""
    from cnnsum.source.others import of_text

    other = of_text(text)
    return None if other is None else [Finding("SPC060", f"this is {other.what}", 0, 0, help=other.way)]


def _load(text: str, data: bytes, path: str) -> tuple[str, tuple[Any, JsonPlaces | KeptPlaces, list[Finding]]]:
    start = text.lstrip(" \t\n\r")
    first = start[:1]
    if not first:
        from cnnsum.source.broken_off import of_nothing

        raise BadTextError(empty(*of_nothing(path)))
    if first in "[#;" and "\n[" in f"\n{text}":
        from cnnsum.source import cfg_text

        if cfg_text.is_cfg(text):
            return "cfg", cfg_text.load(text)
    if first not in "{[" and re.search(MESSAGES, text) is not None:
        from cnnsum.source import prototxt

        if prototxt.is_prototxt(text):
            return "prototxt", prototxt.load(text)
    if first not in "{[":
        _refuse_comment(text, len(text) - len(start))
        return "yaml", _load_yaml(text)
    from cnnsum.source import json_text

    try:
        return "json", json_text.load(text, data)
    except BadTextError as error:
        if error.offset is None or error.offset > _SURELY_JSON or error.findings[0].code == "SPC009":
            raise
        from cnnsum.source.json_text import comment_at

        comment = comment_at(text, error.offset, path)
        if comment is not None:
            raise BadTextError(comment, offset=error.offset) from None
        bad_json, stopped = error, error.offset
    try:
        return "yaml", _load_yaml(text)
    except BadTextError as bad_yaml:
        # Which of the two was meant? What is not JSON from its first value on is YAML; else the name may tell.
        head = re.match(r"[\s\[{]*", text)
        if (head is not None and stopped <= head.end()) or path.lower().endswith((".yaml", ".yml")):
            raise
        raise bad_json from bad_yaml


def _refuse_comment(text: str, start: int) -> None:
    """Refuse a comment of C before a JSON text; in YAML, nothing that could be a model starts like this."""
    if text.startswith(("//", "/*"), start):
        from cnnsum.source.json_text import comment_at

        comment = comment_at(text, start, "")
        if comment is not None and re.match(r"\s*[\[{/]", text[comment.end :]):
            raise BadTextError(comment, offset=start)


def _load_yaml(text: str) -> tuple[Any, KeptPlaces, list[Finding]]:
    if len(text) > MAX_YAML:
        limit = MAX_YAML // 2**20
        raise BadTextError(Finding("SPC007", f"the file is too large for YAML: more than {limit} MiB", 0, 0))
    from cnnsum.source import yaml_text

    return yaml_text.load(text)


def _diagnostics(findings: tuple[Finding, ...] | list[Finding], lines: Lines, path: str) -> list[Diagnostic]:
    return [
        Diagnostic(
            finding.code,
            finding.message,
            lines.span(path, finding.start, finding.end),
            finding.severity,
            finding.help,
            () if finding.related is None else (Related(lines.span(path, *finding.related[:2]), finding.related[2]),),
        )
        for finding in sorted(findings, key=lambda finding: finding.start)
    ]
