r"""A text as an editor has it: lines and characters counted as the two have agreed, and changes to it.

A line ends as `source.lines` has it. Whatever an editor sends is taken: a place behind the end of a line is its end, a
line that is not there the end of the text.
"""

from __future__ import annotations

from bisect import bisect_right

from cnnsum.source.lines import Lines
from cnnsum.typed import Literal

#: What characters of a line are counted in. LSP's own is UTF-16.
Units = Literal["utf-8", "utf-16", "utf-32"]


class Text:
    r"""One state of a text. Lines and characters count from 0.

    >>> text = Text("a: \U0001f600 b\r\nc", "utf-16")
    >>> text.position(5), text.offset(0, 6), text.offset(0, 99), text.offset(7, 0)
    ((0, 6), 5, 6, 9)
    """

    __slots__ = ("_lines", "is_plain", "text", "units")

    def __init__(self, text: str, units: Units = "utf-16") -> None:
        self.text = text
        self.units = units
        self._lines = Lines(text)
        #: Whether every character counts as one.
        self.is_plain = units == "utf-32" or text.isascii()

    def __len__(self) -> int:
        return len(self.text)

    @property
    def lines(self) -> int:
        """How many lines there are; an empty text has one."""
        return len(self._lines.starts)

    def line_of(self, offset: int) -> int:
        """The line of a place."""
        return bisect_right(self._lines.starts, offset) - 1

    def start_of(self, line: int) -> int:
        """Where a line begins."""
        starts = self._lines.starts
        return starts[line] if line < len(starts) else len(self.text)

    def end_of(self, line: int) -> int:
        """Where a line ends, before what ends it."""
        starts = self._lines.starts
        if line + 1 >= len(starts):
            return len(self.text)
        end = starts[line + 1] - 1
        return end - 1 if self.text[end - 1 : end + 1] == "\r\n" else end

    def position(self, offset: int) -> tuple[int, int]:
        """Line and character of a place."""
        line = self.line_of(offset)
        start = self._lines.starts[line]
        return line, offset - start if self.is_plain else self._width(self.text[start:offset])

    def offset(self, line: int, character: int) -> int:
        """The place of a line and a character; within a character that takes several units, its beginning."""
        if line < 0 or line >= self.lines:
            return 0 if line < 0 else len(self.text)
        start, end = self.start_of(line), self.end_of(line)
        if self.is_plain:
            return max(start, min(start + character, end))
        # No character is less than a unit, so it is among the first so many.
        near = self.text[start : min(end, start + character)]
        return start + bisect_right(range(len(near) + 1), character, key=lambda count: self._width(near[:count])) - 1

    def changed(self, start: int, end: int, new: str) -> Text:
        """The text with `new` in the place of what stands between two offsets."""
        end = max(start, end)
        return Text(self.text[:start] + new + self.text[end:], self.units)

    def _width(self, text: str) -> int:
        if self.units == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2 if self.units == "utf-16" else len(text)
