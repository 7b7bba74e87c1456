"""Which findings are shown while a text is written: errors at once, advice as soon as there is a pause.

Until it is looked for again, advice stays where it was said, moved by what is typed before it and dropped where
something is typed in it. What is shown after a pause is what `cnnsum check` says, to the word.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic
from cnnsum.server.analysis import Analysis
from cnnsum.server.text import Text


class Showing:
    """What is shown of one text. advice: what is not an error, with its place."""

    def __init__(self) -> None:
        self._advice: list[tuple[int, int, Diagnostic]] = []

    def edited(self, start: int, end: int, length: int) -> None:
        """Take note of a change: `length` characters in the place of those between two offsets."""
        moved = []
        for low, high, one in self._advice:
            if high < start:
                moved.append((low, high, one))
            elif low > end:
                more = length - (end - start)
                moved.append((low + more, high + more, one))
        self._advice = moved

    def at_once(self, analysis: Analysis, text: Text) -> list[tuple[int, int, Diagnostic]]:
        """What is shown before there is time for advice."""
        found = analysis.errors.findings
        if any(one.severity == "error" for one in found):
            self._advice = []
        known = {(one.code, one.message) for one in found}
        shown = [(*_place(one, text, analysis.path), one) for one in found]
        return shown + [said for said in self._advice if (said[2].code, said[2].message) not in known]

    def in_time(self, analysis: Analysis, text: Text) -> list[tuple[int, int, Diagnostic]]:
        """What is shown after a pause."""
        errors = set(analysis.errors.findings)
        found = [(*_place(one, text, analysis.path), one) for one in analysis.checked.findings]
        self._advice = [said for said in found if said[2] not in errors]
        return found


def _place(one: Diagnostic, text: Text, path: str) -> tuple[int, int]:
    """Where a finding is shown; at the beginning, of one in a file that is included."""
    span = one.span
    if span is None or span.path != path:
        return 0, min(1, len(text))
    start = text.start_of(span.line - 1) + span.column - 1
    end = text.start_of(span.end_line - 1) + span.end_column - 1
    return min(start, len(text)), min(max(start, end), len(text))
