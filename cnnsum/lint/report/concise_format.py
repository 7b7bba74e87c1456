"""Findings in one line each, as compilers write them: `path:line:column: severity: CODE message`."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.ink import harmless
from cnnsum.lint.report.findings import CheckReport


def render(report: CheckReport) -> Iterator[str]:
    """One line for each finding."""
    for file in report.files:
        for found in file.findings:
            span = found.span
            place = file.path if span is None else f"{span.path}:{span.line}:{span.column}"
            yield f"{harmless(place)}: {found.severity}: {found.code} {harmless(found.message)}\n"
