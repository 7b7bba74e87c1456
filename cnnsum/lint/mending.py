"""Mending files: round after round until nothing is left that can be mended, and only if it did good.

Gives texts; the caller writes them.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.lint.checking import check_document
from cnnsum.lint.fix import Fix, applied, fixes
from cnnsum.lint.settings import Settings
from cnnsum.source import Document, read, read_text

#: Mending a name may bring to light what the wrong one hid; more rounds than this nobody needs.
_MOST_ROUNDS = 20


class Mended(NamedTuple):
    """A file that was mended: its text before and after, and what was done. left: fixes that are not safe."""

    path: str
    before: str
    after: str
    done: tuple[Fix, ...]
    left: int


def mend(path: str, settings: Settings, *, unsafe: bool = False) -> Mended | None:
    """Mend a file; None where nothing can be mended, or the file cannot be read.

    unsafe: also what may change the network. A round after which there are more errors than before, or after which
    something that it mended is still there, is taken back.
    """
    if not os.path.isfile(path):
        return None  # what comes through a pipe cannot be written back
    try:
        document = read(path)
    except UnusableError:
        return None
    if not document.is_plain:
        return None  # another encoding, a mark of byte order, an archive
    before = document.text
    done: list[Fix] = []
    found = check_document(document, settings).findings
    left = 0
    for _ in range(_MOST_ROUNDS):
        possible = fixes(document, found)
        chosen = [fix for fix in possible if fix.safe or unsafe]
        left = len(possible) - len(chosen)
        if not chosen:
            break
        mended = _read_again(document, applied(document.text, (fix.edit for fix in chosen)))
        if mended is None:
            break
        again = check_document(mended, settings).findings
        # What is right now may bring advice; but no new error, and what was mended must be gone. The same may come to
        # light elsewhere: in a layer whose type was not known before.
        gone = _moved(document, chosen)
        if _errors(again) > _errors(found) or any(_placed(mended, one) in gone for one in again):
            break
        document, found = mended, again
        done += chosen
    if not done and not left:
        return None
    return Mended(path, before, document.text, tuple(done), left)


def _read_again(document: Document, text: str) -> Document | None:
    try:
        return read_text(text, document.path)
    except UnusableError:
        return None


_Placed = tuple[str, str, int]


def _placed(document: Document, finding: Diagnostic) -> _Placed:
    """A finding with its place in the text."""
    span = finding.span
    at = document.offset(span.line, span.column) if span is not None and span.path == document.path else -1
    return finding.code, finding.message, at


def _moved(document: Document, chosen: list[Fix]) -> set[_Placed]:
    """The mended findings, where they would stand in the mended text."""
    moved = set()
    for fix in chosen:
        code, message, at = _placed(document, fix.finding)
        edits = [other.edit for other in chosen if other.edit.end <= at and other.edit.start < at]
        moved.add((code, message, at + sum(len(edit.text) - (edit.end - edit.start) for edit in edits)))
    return moved


def _errors(found: tuple[Diagnostic, ...]) -> int:
    return sum(one.severity == "error" for one in found)
