"""Writing suppressions: `# cnnsum: ignore[CODE]` at the end of the line of each finding that is reported.

Gives texts; the caller writes them. A comment stands only where it leaves the file what it is: not within a text of
several lines, and in no JSON.
"""

from __future__ import annotations

import re

from cnnsum.diagnostics import UnusableError
from cnnsum.lint.report.findings import CheckedFile
from cnnsum.source import Document, read, read_text
from cnnsum.typed import NamedTuple

_THERE = re.compile(r"(#[ \t]*cnnsum:[ \t]*ignore\[)([^\]\n]*)\]")


class Ignored(NamedTuple):
    """A file with comments: its bytes, how many findings they silence, and how many none can be written for."""

    path: str
    data: bytes
    done: int
    left: int


def ignored(file: CheckedFile) -> Ignored | None:
    """The text of a file in which its findings are silenced; None where there are none."""
    if not file.findings:
        return None
    document = _document(file.path)
    if document is None:
        return Ignored(file.path, b"", 0, len(file.findings))
    wanted: dict[int, list[str]] = {}
    for one in file.findings:
        if one.span is not None and one.span.path == file.path and one.code != "SPC048":
            wanted.setdefault(one.span.line, []).append(one.code)
    text = document.text
    done = 0
    for line, codes in sorted(wanted.items(), reverse=True):
        changed = _with_comment(text, line, dict.fromkeys(codes))
        if changed is not None and _is_same(document, changed):
            text = changed
            done += len(codes)
    return Ignored(file.path, document.encoded(text), done, len(file.findings) - done)


def _document(path: str) -> Document | None:
    try:
        document = read(path)
    except UnusableError:
        return None
    return document if document.format == "yaml" and document.is_all_of_its_file else None


def _with_comment(text: str, line: int, codes: dict[str, None]) -> str | None:
    lines = text.splitlines(keepends=True)
    if line > len(lines):
        return None
    whole = lines[line - 1]
    body = whole.rstrip("\r\n")
    there = _THERE.search(body)
    if there is not None:
        listed = dict.fromkeys(code.strip() for code in there[2].split(","))
        body = f"{body[: there.start()]}{there[1]}{', '.join({**listed, **codes})}]{body[there.end() :]}"
    else:
        body = f"{body.rstrip()}  # cnnsum: ignore[{', '.join(codes)}]"
    lines[line - 1] = body + whole[len(whole.rstrip("\r\n")) :]
    return "".join(lines)


def _is_same(document: Document, text: str) -> bool:
    """Whether a text has the values of the document: a comment within a text of several lines would be part of it."""
    try:
        again = read_text(text, document.path)
    except UnusableError:
        return False
    return bool(again.value == document.value)
