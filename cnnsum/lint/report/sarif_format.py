"""Findings as SARIF 2.1.0, the format in which GitHub and others exchange what checkers found.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from cnnsum.diagnostics import CODES, Diagnostic, Span
from cnnsum.ink import harmless
from cnnsum.lint.report.findings import CheckReport, Replacement
from cnnsum.lint.report.fingerprints import fingerprinted, uri

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "cnnsumFinding/v1"


def render(report: CheckReport) -> Iterator[str]:
    """One log with one run."""
    codes = sorted({found.code for found in report.findings()})
    indices = {code: index for index, code in enumerate(codes)}
    results = [
        _result(found, file.path, print, indices, file.mends.get(number))
        for file, number, found, print in fingerprinted(report)
    ]
    driver = {"name": "cnnsum", "version": report.version, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": uri(file.path)}} for file in report.files],
        "results": results,
    }
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(code: str) -> dict[str, object]:
    from cnnsum.codes import meaning, reference

    said = meaning(code)
    rule: dict[str, object] = {
        "id": code,
        "shortDescription": {"text": CODES[code]},
        "fullDescription": {"text": said.what},
        "help": {
            "text": "\n\n".join(filter(None, (said.what, said.why, said.mend))),
            "markdown": "\n".join(reference.markdown([said])),
        },
    }
    if (address := reference.address(code)) is not None:
        rule["helpUri"] = address
    if said.severity:
        rule["defaultConfiguration"] = {"level": said.severity}
    return rule


def _result(
    found: Diagnostic, path: str, print: str, indices: dict[str, int], mend: Replacement | None
) -> dict[str, object]:
    text = found.message if found.help is None else f"{found.message}\nhelp: {found.help}"
    result = {
        "ruleId": found.code,
        "ruleIndex": indices[found.code],
        "level": found.severity,
        "message": {"text": _visible(text)},
        "locations": [_location(found.span, path)],
        "partialFingerprints": {_FINGERPRINT: print},
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": _visible(related.message)}, **_location(related.span, path)}
            for number, related in enumerate(found.related, 1)
        ]
    if mend is not None:
        result["fixes"] = [_fix(mend, found, path)]
    return result


def _fix(mend: Replacement, found: Diagnostic, path: str) -> dict[str, object]:
    region = {"deletedRegion": _region(mend.span), "insertedContent": {"text": mend.text}}
    change = {"artifactLocation": {"uri": uri(path)}, "replacements": [region]}
    return {"description": {"text": _visible(found.help or found.message)}, "artifactChanges": [change]}


def _location(span: Span | None, path: str) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": uri(path if span is None else span.path)}}
    if span is not None:
        place["region"] = _region(span)
    return {"physicalLocation": place}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _visible(text: str) -> str:
    return "\n".join(map(harmless, text.split("\n")))
