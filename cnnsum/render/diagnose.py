"""Diagnostics as text: the place, the message, the line with carets under it, and how to mend it.

The lines come as segments of text and style, so that a terminal can show colours; the same segments, joined, are
the plain text. This module knows no terminal and reads no file: whoever calls it says how to get a line. Whatever a
file holds, no control character goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cnnsum.diagnostics import RANK, Diagnostic, Span
from cnnsum.ink import drawn, harmless
from cnnsum.render.style import ERROR, NOTE, WARNING

Segment = tuple[str, str]
"""A text and its style: "", or a style of the terminal such as "bold color(196)"."""

LineOf = Callable[[str, int], "str | None"]
"""Gives the line of a file by path and number, or None where it is not at hand."""

# A whole line of a minified file helps nobody.
_SNIPPET = 100
_LEAST_SNIPPET = 30
_MARGIN = 14  # the number of the line, the bar, and dots on both sides
_LONGEST_MESSAGE = 2_000
_STYLES = {"error": ERROR, "warning": WARNING, "note": NOTE}


def render(diagnostics: Iterable[Diagnostic], line_of: LineOf, columns: int | None = None) -> Iterator[str]:
    """The diagnostics as plain lines, sorted by position, with an empty line between two of them.

    Lines of the file are cut to fit `columns`, those of the terminal if there is one, and to a readable length.
    """
    for line in segments(diagnostics, line_of, columns):
        yield "".join(text for text, _ in line)


def segments(diagnostics: Iterable[Diagnostic], line_of: LineOf, columns: int | None = None) -> Iterator[list[Segment]]:
    """The same lines as `render`, each as segments with their styles."""
    most = _SNIPPET if columns is None else max(_LEAST_SNIPPET, min(_SNIPPET, columns - _MARGIN))
    first = True
    for diagnostic in in_order(diagnostics):
        if not first:
            yield []
        first = False
        style = _STYLES.get(diagnostic.severity, ERROR)
        span = diagnostic.span
        kind = [] if diagnostic.severity == "error" else [(f"{diagnostic.severity}: ", style)]
        yield [*_place(span), (diagnostic.code, style), (" ", ""), *kind, (_cut(diagnostic.message), "bold")]
        if span is not None:
            yield from _snippet(span, line_of, style, most)
        if diagnostic.help is not None:
            yield [("  ", ""), ("help:", NOTE), (" " + _cut(diagnostic.help), "")]
        for related in diagnostic.related:
            yield [("  ", ""), *_place(related.span), (_cut(related.message), "")]
            if related.is_read:
                yield from _snippet(related.span, line_of, NOTE, most)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by position; what has no position comes first."""
    return sorted(
        diagnostics,
        key=lambda one: (one.span is not None, one.span or (), RANK[one.severity], one.code, one.message),
    )


def _cut(message: str) -> str:
    return harmless(message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "...")


def _place(span: Span | None) -> list[Segment]:
    return [] if span is None else [(f"{harmless(span.path)}:{span.line}:{span.column}:", "bold"), (" ", "")]


def _snippet(span: Span, line_of: LineOf, style: str, most: int) -> Iterator[list[Segment]]:
    """The line of a span with carets under it; nothing if the line is empty or not at hand."""
    line = line_of(span.path, span.line)
    if line is None or not line.strip():
        return
    start = min(span.column - 1, len(line))
    # What goes on in the next line is marked to the end of this one; what is empty gets one caret all the same.
    end = len(line.rstrip()) if span.end_line > span.line else min(span.end_column - 1, len(line))
    end = max(end, start + 1)
    low, high = _window(len(line), start, end, most)
    head = "..." if low else ""
    tail = "..." if high < len(line) else ""
    before, marked, after = line[low:start], line[start : min(end, high)], line[max(start, min(end, high)) : high]
    before_text, marked_text = drawn(before), drawn(marked)
    number = f"{span.line:>5}"
    yield [(f"{number} | ", NOTE), (head + before_text + marked_text + drawn(after) + tail, "")]
    indent = " " * (len(head) + _width(before_text))
    yield [(" " * len(number) + " | ", NOTE), (indent, ""), ("^" * max(_width(marked_text), 1), style)]


def _window(length: int, start: int, end: int, most: int) -> tuple[int, int]:
    """The part of a long line to show: it holds the start of the marked part, and some of what is before it."""
    if length <= most:
        return 0, length
    wanted = min(end - start, most * 2 // 3)
    low = max(0, min(start - (most - wanted) // 2, length - most))
    return low, low + most


def _width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
