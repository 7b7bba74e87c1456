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
    """A file with comments: its bytes before and after, how many findings they silence, and how many none can be
    written for.
    """

    path: str
    was: bytes
    data: bytes
    done: int
    left: int


def ignored(file: CheckedFile) -> Ignored | None:
    """The text of a file in which its findings are silenced; None where there are none."""
    if not file.findings:
        return None
    document = _document(file.path)
    if document is None:
        return Ignored(file.path, b"", b"", 0, len(file.findings))
    lines = document.text.splitlines(keepends=True)
    wanted: dict[int, list[str]] = {}
    for one in file.findings:
        # That there are more findings is said of none of them: a comment would hide what nobody has seen.
        if one.span is None or one.span.path != file.path or one.code == "SPC048" or one.is_of_more:
            continue
        if one.span.line <= len(lines):
            wanted.setdefault(one.span.line, []).append(one.code)
    lines, done = _with_comments(document, lines, [*wanted.items()])
    was, now = document.encoded(document.text), document.encoded("".join(lines))
    return Ignored(file.path, was, now, done, len(file.findings) - done)


def _document(path: str) -> Document | None:
    try:
        document = read(path)
    except UnusableError:
        return None
    return document if document.format == "yaml" and document.is_all_of_its_file else None


def _with_comments(document: Document, lines: list[str], wanted: list[tuple[int, list[str]]]) -> tuple[list[str], int]:
    """Lines with comments wherever they leave the values what they are, and how many findings these silence.

    All are tried at once, and half of them where that changes a value.
    """
    changed = lines.copy()
    for line, codes in wanted:
        changed[line - 1] = _with_comment(lines[line - 1], dict.fromkeys(codes))
    if changed == lines:
        return lines, 0
    if _is_same(document, "".join(changed)):
        return changed, sum(len(codes) for _, codes in wanted)
    if len(wanted) == 1:
        return lines, 0
    half = len(wanted) // 2
    lines, first = _with_comments(document, lines, wanted[:half])
    lines, second = _with_comments(document, lines, wanted[half:])
    return lines, first + second


def _with_comment(whole: str, codes: dict[str, None]) -> str:
    body = whole.rstrip("\r\n")
    there = _THERE.search(body)
    if there is not None:
        listed = dict.fromkeys(code.strip() for code in there[2].split(","))
        body = f"{body[: there.start()]}{there[1]}{', '.join({**listed, **codes})}]{body[there.end() :]}"
    else:
        body = f"{body.rstrip()}  # cnnsum: ignore[{', '.join(codes)}]"
    return body + whole[len(whole.rstrip("\r\n")) :]


def _is_same(document: Document, text: str) -> bool:
    """Whether a text has the values of the document: a comment within a text of several lines would be part of it."""
    try:
        again = read_text(text, document.path)
    except UnusableError:
        return False
    return bool(again.value == document.value)
