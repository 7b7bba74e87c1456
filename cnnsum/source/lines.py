r"""Offsets of a text to lines and columns.

A line ends with "\n", "\r\n" or "\r", as in every editor; the further line breaks of Unicode, which YAML 1.1 and
`str.splitlines` know, end no line. A column is a code point.
"""

from __future__ import annotations

import re
from itertools import accumulate, count
from operator import add

from cnnsum.diagnostics import Span


class Lines:
    r"""The lines of one text. The table of their starts is made when it is first asked for.

    >>> lines = Lines("a: 1\r\nb: 2")
    >>> lines.position(6), lines.line(1)
    ((2, 1), 'a: 1')
    """

    __slots__ = ("_last", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] | None = None
        self._last: tuple[int, str] = (0, "")

    @property
    def starts(self) -> list[int]:
        """Where each line begins; not to be changed."""
        return self._starts or self._find_starts()

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character at `offset`."""
        from bisect import bisect_right  # a run without findings tells no place

        starts = self._starts or self._find_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both from 1."""
        starts = self._starts or self._find_starts()
        return starts[line - 1] + column - 1

    def span(self, path: str, start: int, end: int) -> Span:
        """The span from `start` up to, and without, `end`."""
        from bisect import bisect_right

        starts = self._starts or self._find_starts()
        line = bisect_right(starts, start)
        end_line = bisect_right(starts, end, line - 1)
        return Span(path, line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line `number`, without its end; "" where the text has no such line."""
        starts = self._starts or self._find_starts()
        if not 0 < number <= len(starts):
            return ""
        if self._last[0] != number:
            end = starts[number] if number < len(starts) else len(self.text)
            # Kept, because all findings of a file of one long line ask for the same line.
            self._last = (number, self.text[starts[number - 1] : end].rstrip("\r\n"))
        return self._last[1]

    def _find_starts(self) -> list[int]:
        if "\r" in self.text:
            starts = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", self.text))]
        else:
            # All in C: the lengths of the lines before, plus one line end each.
            starts = list(map(add, accumulate(map(len, self.text.split("\n")), initial=0), count()))
            starts.pop()
        self._starts = starts
        return starts
