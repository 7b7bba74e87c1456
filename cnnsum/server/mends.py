"""Mends of findings, as edits that an editor offers."""

from __future__ import annotations

import os

from cnnsum.diagnostics import UnusableError
from cnnsum.lint.fix import Edit
from cnnsum.lint.mending import mend
from cnnsum.lint.report.findings import CheckedFile
from cnnsum.server.analysis import Analysis
from cnnsum.server.text import Text
from cnnsum.typed import NamedTuple

#: Characters of lines that are looked at whole: a file of JSON may be a line.
_LINES = 2_000


class Offer(NamedTuple):
    """A mend of the finding with a number. safe: whether the network stays what it was meant to be."""

    finding: int
    title: str
    edit: Edit
    safe: bool


def at_hand(analysis: Analysis) -> CheckedFile:
    """What has been found: advice too, if there was time for it."""
    return analysis.checked if "checked" in vars(analysis) else analysis.errors


def offers(analysis: Analysis, text: Text, start: int, end: int) -> list[Offer]:
    """The mends of what stands between two places, or on their lines."""
    if text.end_of(text.line_of(end)) - text.start_of(text.line_of(start)) < _LINES:
        start, end = text.start_of(text.line_of(start)), text.end_of(text.line_of(end))
    checked = at_hand(analysis)
    found = []
    for number, replacement in sorted(checked.mends.items()):
        one = checked.findings[number]
        places = [span for span in (one.span, replacement.span) if span is not None and span.path == analysis.path]
        offsets = [
            (_offset(text, span.line, span.column), _offset(text, span.end_line, span.end_column)) for span in places
        ]
        if not any(low <= end and start <= high for low, high in offsets):
            continue
        span = replacement.span
        edit = Edit(
            _offset(text, span.line, span.column), _offset(text, span.end_line, span.end_column), replacement.text
        )
        title = _title(text, edit)
        found.append(
            Offer(number, title if replacement.safe else f"{title} (may change the network)", edit, replacement.safe)
        )
    return found


def all_safe(analysis: Analysis, text: Text) -> Edit | None:
    """One edit that makes all safe mends, as `cnnsum check --fix` does; None where there is none."""
    if not any(replacement.safe for replacement in at_hand(analysis).mends.values()):
        return None
    if not os.path.isfile(analysis.path):
        return None
    try:
        mended = mend(analysis.path, analysis.settings)
    except UnusableError:
        return None
    if mended is None or mended.before != text.text or mended.after == mended.before:
        return None
    old, new = mended.before, mended.after
    start = _alike(old, new)
    rest = min(len(old), len(new)) - start
    tail = _alike(old[len(old) - rest :][::-1], new[len(new) - rest :][::-1])
    return Edit(start, len(old) - tail, new[start : len(new) - tail])


def _title(text: Text, edit: Edit) -> str:
    old, new = text.text[edit.start : edit.end], " ".join(edit.text.split())
    new = new if len(new) <= 60 else new[:57] + "..."
    if not old.strip():
        return f"Add `{new.strip(', ')}`"
    old = " ".join(old.split())
    return f"Write `{new}` for `{old}`" if len(old) <= 30 else f"Write `{new}`"


def _offset(text: Text, line: int, column: int) -> int:
    return text.start_of(line - 1) + column - 1


def _alike(a: str, b: str) -> int:
    """How many characters two texts have in common at their beginning."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
