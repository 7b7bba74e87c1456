"""A report as text: `render` finds what makes a format, and imports only what that needs."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.answers import FORMATS as REGISTERED
from cnnsum.answers import OptionError, renderer
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report

#: The formats that `render` knows.
FORMATS = tuple(REGISTERED["summary"])
#: Those that need nothing but a report: a page, or a picture of one, is asked for together with it.
OF_A_REPORT = tuple(one for one, home in REGISTERED["summary"].items() if not home.startswith("answers.page."))

__all__ = ["FORMATS", "OF_A_REPORT", "OptionError", "Options", "Report", "render", "styled_lines"]


def render(report: Report, format: str = "table", options: Options | None = None) -> Iterator[str]:
    """Return an iterator over a report's text in a format, in chunks to be written one after the other.

    Raises OptionError for an unknown format and for options that cannot be followed, before the first chunk.
    """
    options = Options() if options is None else options
    if options.chart is None:
        return renderer("summary", format)(report, options)
    if format not in REGISTERED["chart"]:
        raise OptionError(f"a chart cannot be written as {format}", "it is text, or a picture with --format svg")
    from cnnsum.answers.summary.charted import Charted

    return renderer("chart", format)(Charted(report, options.chart), options)


def styled_lines(report: Report, options: Options | None = None) -> Iterator[list[tuple[str, str]]]:
    """Yield the table's lines as spans (text, style) for a colour terminal; styles are strings that rich reads."""
    options = Options() if options is None else options
    if options.chart is not None:
        from cnnsum.answers.summary import chart
        from cnnsum.answers.summary.charted import Charted

        return chart.styled_lines(Charted(report, options.chart), options)
    from cnnsum.answers.summary import table

    return table.styled_lines(report, options)
