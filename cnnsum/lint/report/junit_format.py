"""Findings as JUnit XML, which most CI servers show: a suite for each file, a case for each finding.

What fails the run (`--fail-on`) is a failure; any other finding is a case that passes, with its text as output. A file
without findings is one case that passes.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.diagnostics import Diagnostic
from cnnsum.ink import harmless, xml
from cnnsum.lint.report.findings import CheckedFile, CheckReport
from cnnsum.render.diagnose import render as render_text


def render(report: CheckReport) -> Iterator[str]:
    """One document."""
    suites = [_suite(file, report) for file in report.files]
    cases = sum(max(1, len(file.findings)) for file in report.files)
    failures = sum(map(_failures, report.files))
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<testsuites name="cnnsum" tests="{cases}" failures="{failures}" errors="0">\n'
    yield from suites
    yield "</testsuites>\n"


def _suite(file: CheckedFile, report: CheckReport) -> str:
    name = _attribute(file.path)
    cases = [_case(found, file, report) for found in file.findings]
    if not cases:
        cases = [f"    <testcase name={name} classname={name}/>\n"]
    head = f'  <testsuite name={name} tests="{len(cases)}" failures="{_failures(file)}" errors="0" package="cnnsum">\n'
    return f"{head}{''.join(cases)}  </testsuite>\n"


def _failures(file: CheckedFile) -> int:
    return sum(map(file.fails, file.findings))


def _case(found: Diagnostic, file: CheckedFile, report: CheckReport) -> str:
    span = found.span
    place = "" if span is None else f' line="{span.line}" column="{span.column}"'
    where = "" if span is None else f" {span.line}:{span.column}"
    text = xml("\n".join(render_text((found,), report.line_of)))
    head = f"    <testcase name={_attribute(found.code + where)} classname={_attribute(file.path)}{place}>\n"
    if not file.fails(found):
        return f"{head}      <system-out>{text}</system-out>\n    </testcase>\n"
    kind, message = _attribute(found.severity), _attribute(found.message)
    return f"{head}      <failure type={kind} message={message}>{text}</failure>\n    </testcase>\n"


def _attribute(text: str) -> str:
    return f'"{xml(harmless(text))}"'
