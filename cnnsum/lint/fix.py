"""Mending a text: findings that say what to write become edits of the text, and nothing else in it changes.

Two kinds of findings do. A misspelt name with one name near it is overwritten where it stands; a rule may say that a
field of a layer should have a value (`Mend`). Knows the forms in which a layer's fields can be written, and writes no
file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from cnnsum.diagnostics import Diagnostic, Mend, Suggestion
from cnnsum.lint.report.findings import Replacement
from cnnsum.source import Document
from cnnsum.typed import NamedTuple

#: Misspelt keys, fields and types: who mistyped them meant the near one. A misspelt layer or var may be another's.
_SAFE = frozenset(("CFG103", "SPC030", "UNK701", "CFG102", "BUD503"))
_NAME = re.compile(r"[A-Za-z_][\w.]*")
# What may stand between the items of a list in brackets: commas, spaces, ends of lines, comments.
_BETWEEN = re.compile(r"(?:[\s,]|(?<![^\s,\[])#[^\r\n]*)*")


class Edit(NamedTuple):
    """Put `text` in place of what stands between two offsets."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """A finding, and what mends it. safe: whether the network stays what it was meant to be."""

    finding: Diagnostic
    edit: Edit
    safe: bool


def fixes(document: Document, findings: Iterable[Diagnostic]) -> list[Fix]:
    """The findings of a text that can be mended in it, in the order of their places, without those that overlap.

    What stands in another file (an included one) is mended there.
    """
    found: list[Fix] = []
    findings = list(findings)
    taken = _keys_that_are_there(document, findings)
    for finding in findings:
        if finding.span is None or finding.span.path != document.path:
            continue
        if finding.mend is not None:
            edit = _of_field(document, finding.mend)
            safe = finding.mend.safe
        else:
            edit = _of_name(document, finding)
            if edit is not None and edit.start in taken:
                continue  # there would be two of them, and which holds?
            safe = finding.code in _SAFE and isinstance(finding.help, Suggestion) and finding.help.safe
        if edit is not None and _loses_nothing(document, edit):
            found.append(Fix(finding, edit, safe))
    found.sort(key=lambda fix: (fix.edit.start, fix.edit.end))
    apart: list[Fix] = []
    for fix in found:
        if not apart or fix.edit.start >= apart[-1].edit.end:
            apart.append(fix)
    return apart


def replacements(document: Document, findings: list[Diagnostic]) -> dict[int, Replacement]:
    """What mends each finding that can be mended, by its number among the findings."""
    numbers = {id(finding): number for number, finding in enumerate(findings)}
    return {
        numbers[id(fix.finding)]: Replacement(document.span_of(fix.edit.start, fix.edit.end), fix.edit.text, fix.safe)
        for fix in fixes(document, findings)
    }


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits that do not overlap, in the order of their places."""
    parts: list[str] = []
    at = 0
    for edit in edits:
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join((*parts, text[at:]))


def _loses_nothing(document: Document, edit: Edit) -> bool:
    """Whether every comment and every end of a line that an edit overwrites is in its text, too."""
    old, new = document.text[edit.start : edit.end], edit.text
    if document.format == "json" or not ("#" in old or "\n" in old):
        return True
    return old.count("\n") <= new.count("\n") and all(comment in new for comment in re.findall("#[^\r\n]*", old))


# --- names ------------------------------------------------------------------------------------------------------------


def _of_name(document: Document, finding: Diagnostic) -> Edit | None:
    """Overwrite a misspelt name, in its quotes if it has some."""
    help, span = finding.help, finding.span
    if not isinstance(help, Suggestion) or help.only is None or span is None or not _NAME.fullmatch(help.only):
        return None
    start, end = document.offset(span.line, span.column), document.offset(span.end_line, span.end_column)
    written = document.text[start:end]
    if written == help.given:
        return Edit(start, end, help.only)
    if written[:1] in ("'", '"') and written[1:-1] == help.given and written[-1:] == written[:1]:
        return Edit(start + 1, end - 1, help.only)
    return None


def _keys_that_are_there(document: Document, findings: Iterable[Diagnostic]) -> set[int]:
    """Where keys stand, in the text, that would become one that their mapping has already, or would get twice."""
    meant = {
        help.given: help.only
        for help in (finding.help for finding in findings)
        if isinstance(help, Suggestion) and help.only is not None
    }
    taken: set[int] = set()
    if not meant:
        return taken
    seen: set[int] = set()
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), document.value)]
    while waiting:
        path, value = waiting.pop()
        if not isinstance(value, (dict, list)) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, list):
            waiting += [((*path, index), item) for index, item in enumerate(value)]
            continue
        waiting += [((*path, key), item) for key, item in value.items()]
        wrong = [key for key in value if key in meant]
        for key in wrong:
            if meant[key] in value or sum(meant[other] == meant[key] for other in wrong) > 1:
                start = document.offsets((*path, key), key=True)[0]
                # A key in quotes is overwritten within them.
                taken.add(start + document.text.startswith(('"', "'"), start))
    return taken


# --- fields -----------------------------------------------------------------------------------------------------------


def _of_field(document: Document, mend: Mend) -> Edit | None:
    """Give a field of a layer a value, in whichever form its fields are written."""
    if document.format in ("cfg", "prototxt"):
        return None  # what the file says are not the fields of the layers that it becomes
    value: object = document.value
    for key in mend.fields:
        if not isinstance(value, (dict, list)):
            return None
        try:
            value = value[key]  # type: ignore[index]  # a path of this document
        except (KeyError, IndexError, TypeError):
            return None
    start, end = document.offsets(mend.fields)
    text = document.text
    if document.format == "yaml" and text[start : start + 1] in ("&", "!"):
        return None  # an anchor: the value is another layer's, too; or a tag
    if isinstance(value, dict):
        if mend.field in value:
            return _replace(document, mend, value[mend.field], mend.field)
        return _insert(document, mend, value)
    if isinstance(mend.positional, tuple) and isinstance(value, list):
        at = mend.positional.index(mend.field) if mend.field in mend.positional else len(value)
        if at < len(value):
            return _replace(document, mend, value[at], at)
        return _named(document, mend, mend.positional, value)
    if isinstance(mend.positional, str) and not isinstance(value, (dict, list)) and mend.positional != mend.field:
        given = text[start:end]
        if isinstance(value, str) and given == value and set(",[]{}").intersection(value):
            given = json.dumps(value)  # in braces it would end there
        fields = f"{_key(document, mend.positional)}: {given}, {_item(document, mend.field, mend.value)}"
        return Edit(start, end, f"{{{fields}}}")
    return None


def _named(document: Document, mend: Mend, names: tuple[str, ...], value: list[object]) -> Edit | None:
    """Make a mapping of a list in brackets, each item behind its name; what stands between them stays."""
    start, end = document.offsets(mend.fields)
    text = document.text
    if mend.field in names or not text.startswith("[", start) or len(value) > len(names):
        return None
    parts = ["{"]
    at = start + 1
    for number, name in enumerate(names[: len(value)]):
        low, high = document.offsets((*mend.fields, number))
        if not (at <= low <= high < end) or not _BETWEEN.fullmatch(text[at:low]):
            return None  # an anchor, a tag, or an alias, whose value stands elsewhere
        parts += [text[at:low], f"{_key(document, name)}: {text[low:high]}"]
        at = high
    if not _BETWEEN.fullmatch(text[at : end - 1]):
        return None
    item = _item(document, mend.field, mend.value)
    return Edit(start, end, "".join((*parts, f", {item}" if value else item, text[at : end - 1], "}")))


def _replace(document: Document, mend: Mend, present: object, step: str | int) -> Edit | None:
    """Overwrite a value that stands there, by name or by place; an expression or an argument is left alone."""
    if isinstance(present, (dict, list)) or (isinstance(present, str) and isinstance(json.loads(mend.value), bool)):
        return None
    first, last = document.offsets(mend.fields)
    start, end = document.offsets((*mend.fields, step))
    if not first <= start <= end <= last:
        return None  # an alias: its value is another layer's, too
    return Edit(start, end, _scalar(document, mend.value))


def _insert(document: Document, mend: Mend, value: dict[str, object]) -> Edit | None:
    """Add a field after the last: in braces, or on a line of its own."""
    start, end = document.offsets(mend.fields)
    text = document.text
    ends = [document.offsets((*mend.fields, key)) for key in value]
    if any(not start <= low <= high <= end for low, high in ends):
        return None  # an alias, or a merge: something stands elsewhere
    final = max((high for _, high in ends), default=start + 1)
    if text.startswith("{", start):
        # Behind the last value, so that a comment after it stays one, and a comma too.
        item = _item(document, mend.field, mend.value)
        return Edit(final, final, f", {item}" if value else item)
    if not value or document.format == "json":
        return None
    key = next(iter(value))
    indent = document.span((*mend.fields, key), key=True).column - 1
    line_end = text.find("\n", final)
    at = len(text) if line_end < 0 else line_end
    if text[at - 1 : at] == "\r":
        at -= 1
    ending = "\r\n" if "\r\n" in text else "\n"
    return Edit(at, at, f"{ending}{' ' * indent}{_item(document, mend.field, mend.value)}")


def _item(document: Document, name: str, value: str) -> str:
    return f"{_key(document, name)}: {_scalar(document, value)}"


def _key(document: Document, name: str) -> str:
    return json.dumps(name) if document.format == "json" else name


def _scalar(document: Document, value: str) -> str:
    """A value as the format writes it: JSON keeps the quotes that a plain word of YAML does not need."""
    if document.format == "yaml" and value.startswith('"') and _NAME.fullmatch(value[1:-1]):
        return value[1:-1]
    return value
