"""How a text of a value is written: between which signs it stands, and how another is written in its place."""

from __future__ import annotations

import json
import re

from cnnsum.source import Document
from cnnsum.source.yaml_scalars import resolve
from cnnsum.typed import NamedTuple

Path = tuple["str | int", ...]
_BEFORE = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")
#: What YAML takes for a text without quotes, wherever it stands.
_PLAIN = re.compile(r"[A-Za-z_$][\w.+*/$-]*(?:[ :][\w.+*/$-]+)*\Z", re.ASCII)
_MOST_DIGITS = 100


class Scalar(NamedTuple):
    """Where a text is written, without quotes and anchors; `inside` is where its first character stands.

    inside: None where it is not written as it is: with escapes, on several lines, or elsewhere, behind an alias.
    """

    start: int
    end: int
    inside: int | None


def scalar(document: Document, path: Path, *, key: bool = False) -> Scalar:
    """How the text at a path, or its key, is written."""
    start, end = document.offsets(path, key=key)
    written = document.text[start:end]
    skipped = _BEFORE.match(written)
    start += skipped.end() if skipped is not None and document.format == "yaml" else 0
    written = document.text[start:end]
    value = path[-1] if key else document.at(path)
    if written == value:
        return Scalar(start, end, start)
    if len(written) > 1 and written[0] in "\"'" and written[1:-1] == value and written[-1] == written[0]:
        return Scalar(start, end, start + 1)
    return Scalar(start, end, None)


def part_of(document: Document, path: Path, start: int, end: int, *, key: bool = False) -> tuple[int, int]:
    """Where a part of a text stands; all of it where the part cannot be told."""
    found = scalar(document, path, key=key)
    return (found.start, found.end) if found.inside is None else (found.inside + start, found.inside + end)


def written(document: Document, text: str, like: Scalar) -> str:
    """A text as the document writes it in the place of another: in quotes where that has some, or where it needs them.

    >>> from cnnsum.source import read_text
    >>> document = read_text("{name: a}", "<text>")
    >>> place = scalar(document, ("name",))
    >>> [written(document, one, place) for one in ("b", "b: c", "true", "#")]
    ['b', '"b: c"', '"true"', '"#"']
    """
    quote = document.text[like.start : like.start + 1]
    if document.format == "json" or quote == '"':
        return json.dumps(text, ensure_ascii=False)
    if quote == "'":
        return "'" + text.replace("'", "''") + "'"
    if _PLAIN.match(text) and ": " not in text and isinstance(resolve(text, _MOST_DIGITS), str):
        return text
    return json.dumps(text, ensure_ascii=False)
