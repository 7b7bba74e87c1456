"""Findings as JSON, `cnnsum.check/1`, which docs/json.md describes. One finding is one line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cnnsum.diagnostics import Diagnostic, Span
from cnnsum.lint.report.findings import CheckReport, Replacement

SCHEMA = "cnnsum.check/1"


def render(report: CheckReport) -> Iterator[str]:
    """One object, file by file."""
    yield f'{{\n"schema": "{SCHEMA}",\n"version": {json.dumps(report.version)},\n"files": ['
    for number, file in enumerate(report.files):
        yield f"{',' if number else ''}\n"
        head = json.dumps({"path": file.path, "suppressed": file.suppressed, "failing": file.failing})
        yield f'{head[:-1]}, "findings": ['
        yield ",".join(
            f"\n  {json.dumps(_finding(found, file.path, file.mends.get(place)))}"
            for place, found in enumerate(file.findings)
        )
        yield "]}"
    yield f'\n],\n"counts": {json.dumps(report.counts())}\n}}\n'


def _finding(found: Diagnostic, path: str, mend: Replacement | None) -> dict[str, object]:
    fix = None if mend is None else {**_place(mend.span, path), "text": mend.text, "safe": mend.safe}
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        **_place(found.span, path),
        "help": found.help,
        "fix": fix,
        "related": [{"message": related.message, **_place(related.span, path)} for related in found.related],
    }


def _place(span: Span | None, path: str) -> dict[str, object]:
    if span is None:
        return {"path": path, "line": None, "column": None, "end_line": None, "end_column": None}
    return span._asdict()
