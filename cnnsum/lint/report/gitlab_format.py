"""Findings as a code quality report of GitLab.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from cnnsum.ink import harmless
from cnnsum.lint.report.findings import CheckReport
from cnnsum.lint.report.fingerprints import fingerprinted, plain

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def render(report: CheckReport) -> Iterator[str]:
    """A list of findings; what has no place stands at the first line, for GitLab asks for one."""
    issues = []
    for file, _, found, print in fingerprinted(report):
        span = found.span
        begin, end = (1, 1) if span is None else (span.line, span.end_line)
        issue = {
            "description": harmless(found.message),
            "check_name": found.code,
            "fingerprint": print,
            "severity": _SEVERITIES[found.severity],
            "location": {
                "path": plain(file.path if span is None else span.path),
                "lines": {"begin": begin, "end": end},
            },
        }
        if found.help is not None:
            issue["content"] = {"body": harmless(found.help)}
        issues.append(issue)
    yield json.dumps(issues, indent=1) + "\n"
