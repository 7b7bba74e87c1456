"""Findings as workflow commands of GitHub Actions, which become notes on the lines of a pull request.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.diagnostics import CODES
from cnnsum.ink import harmless
from cnnsum.lint.report.findings import CheckReport
from cnnsum.lint.report.fingerprints import plain

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: CheckReport) -> Iterator[str]:
    """One command in one line for each finding."""
    for file in report.files:
        for found in file.findings:
            span = found.span
            fields: dict[str, str | int] = {"file": harmless(plain(file.path if span is None else span.path))}
            place = ""
            if span is not None:
                place = f"{harmless(span.path)}:{span.line}:{span.column}: "
                fields["line"] = span.line
                fields["endLine"] = span.end_line
                if span.line == span.end_line:  # GitHub takes columns within one line only
                    fields["col"] = span.column
                    fields["endColumn"] = span.end_column
            fields["title"] = f"{found.code} {CODES[found.code]}"
            message = [f"{place}{found.code} {harmless(found.message)}"]
            if found.help is not None:
                message.append(f"help: {harmless(found.help)}")
            message += [
                f"{harmless(one.span.path)}:{one.span.line}:{one.span.column}: {harmless(one.message)}"
                for one in found.related
            ]
            listed = ",".join(f"{name}={_value(str(value))}" for name, value in fields.items())
            yield f"::{_COMMANDS[found.severity]} {listed}::{_data(chr(10).join(message))}\n"


def _data(text: str) -> str:
    r"""A message as a command takes it.

    >>> _data("100%\nhelp: a:b, c")
    '100%25%0Ahelp: a:b, c'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    """A value of a field, in which colons and commas end it.

    >>> _value("C:/a,b.yaml")
    'C%3A/a%2Cb.yaml'
    """
    return _data(text).replace(":", "%3A").replace(",", "%2C")
