"""A room for each question that cnnsum answers: what is asked, the records of the answer, and its formats.

Every room has `ask`, the function and the records of the answer. Its formats are registered here, once for the command
line, the library and the tests: `renderer` finds the function of a format, and a format that a question does not have
is an OptionError that lists those it has. Knows the names of rooms and functions, and loads a room when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: The formats of each question, the first of them the default: the module and the function that renders an answer.
#: Those of `STYLED` give lines of spans (text, style) for a width in columns, the others chunks of text; those of a
#: summary, of a chart and of a check give chunks in every format.
FORMATS: Mapping[str, Mapping[str, str]] = {
    "summary": {
        "table": "answers.summary.table:chunks",
        "json": "answers.summary.json_format:chunks",
        "csv": "answers.summary.csv_format:chunks",
        "markdown": "answers.summary.markdown_format:chunks",
    },
    "chart": {"table": "answers.summary.chart:chunks", "svg": "answers.summary.chart_svg:chunks"},
    "sizes": {"text": "answers.sizes.formats:lines", "json": "answers.sizes.formats:json_chunks"},
    "fit": {"text": "answers.fit.formats:lines", "json": "answers.fit.formats:json_chunks"},
    "sweep": {
        "table": "answers.sweep.formats:lines",
        "json": "answers.sweep.formats:json_chunks",
        "csv": "answers.sweep.formats:csv_chunks",
        "markdown": "answers.sweep.formats:markdown_chunks",
    },
    "explain": {
        "text": "answers.explain.text:lines",
        "markdown": "answers.explain.data:markdown_chunks",
        "json": "answers.explain.data:json_chunks",
    },
    "conventions": {"text": "answers.conventions.formats:lines", "json": "answers.conventions.formats:json_chunks"},
    "diff": {
        "text": "answers.diff.formats:lines",
        "markdown": "answers.diff.formats:markdown_chunks",
        "json": "answers.diff.formats:json_chunks",
    },
    "check": {
        format: f"lint.report.{format}_format:render"
        for format in ("text", "concise", "json", "sarif", "github", "gitlab", "junit", "statistics")
    },
}

#: The formats of a screen: their functions give lines of spans.
STYLED = ("table", "text")


class OptionError(ValueError):
    """A choice about the look of an answer that cannot be followed; `help` says what to choose, where that is known."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    @property
    def sentence(self) -> str:
        """What cannot be done, and in brackets the mend."""
        return f"{self.message} ({self.help})" if self.help else self.message


def renderer(question: str, format: str) -> Callable[..., Any]:
    """The function that renders an answer in a format; raises OptionError where the question has no such format."""
    known = FORMATS[question]
    home = known.get(format)
    if home is None:
        from cnnsum.diagnostics import did_you_mean

        message = f"there is no format {format!r}: choose from {', '.join(known)}"
        raise OptionError(message, did_you_mean(format, known))
    from importlib import import_module

    module, _, name = home.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"cnnsum.{module}"), name)
    return found
