"""Findings as a person reads them: each with its line, carets, help and related places."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.ink import harmless
from cnnsum.lint.report.findings import CheckReport
from cnnsum.render.diagnose import Segment, segments


def lines(report: CheckReport, _width: int = 80, room: int | None = None) -> Iterator[list[Segment]]:
    """All findings as lines of styled segments, file by file, with an empty line between two findings.

    room: columns of the terminal, None for as many as a line takes.
    Where the report is to explain, what a code means stands below the first finding of it.
    """
    first = True
    explained: set[str] = set()
    for file in report.files:
        for found in file.findings:
            if not first:
                yield []
            first = False
            drawn = segments((found,), report.line_of, room)
            if found.span is None:
                yield [(f"{harmless(file.path)}:", "bold"), (" ", ""), *next(drawn)]
            yield from drawn
            if report.explain and found.code not in explained:
                explained.add(found.code)
                yield from _meaning(found.code, room)


def _meaning(code: str, room: int | None) -> Iterator[list[Segment]]:
    from cnnsum.codes import meaning, reference

    for line in reference.prose(meaning(code), min(room or 80, 80) - 2):
        yield [("  ", ""), (line, "")] if line else []
