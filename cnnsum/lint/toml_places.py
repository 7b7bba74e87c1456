"""Where the keys and texts of a TOML file stand, which Python's reader of TOML does not tell.

Finds them by lines, for messages only: what it cannot find has the place of the table that it is in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice

from cnnsum.diagnostics import Span
from cnnsum.source.findings import MAX_DEPTH

_HEADER = re.compile(r"\s*\[\[?(?P<name>[^\]]+)\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(r"\s*(?P<name>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")


class TomlPlaces:
    """The places of the keys of one text."""

    __slots__ = ("_keys", "_lines", "_starts", "path")

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self._lines = text.split("\n")
        #: Of each key: its line, and the columns that it is written in.
        self._keys: dict[tuple[str, ...], tuple[int, int, int]] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(self._lines, 1):
            header = _HEADER.match(line)
            found = header or _PAIR.match(line)
            if found is None:
                continue
            name = (() if header else table) + _parts(found["name"])
            if header:
                table = name
            for length in range(1, len(name) + 1):
                self._keys.setdefault(name[:length], (number, found.start("name") + 1, found.end("name") + 1))

        #: The lines of keys, in order.
        self._starts = sorted(line for line, _, _ in self._keys.values())

    def key(self, path: Sequence[str]) -> Span:
        """The place of a key, or of the nearest table around it."""
        for length in range(len(path), 0, -1):
            if tuple(path[:length]) in self._keys:
                line, start, end = self._keys[tuple(path[:length])]
                place = self.span(line, start, end)
                return place if length == len(path) else self._inline(place, path[length]) or place
        return self.span(1, 1, 1)

    def _inline(self, table: Span, key: str) -> Span | None:
        """The place of a key in a table in braces, `budget = {params = "5M"}`."""
        return self._after(table, f"(?<![\\w-])[\"']?{re.escape(key)}[\"']?(?=\\s*=)")

    def text(self, path: Sequence[str], text: str) -> Span:
        """The place of a text somewhere in the value of a key; that of the key where it cannot be found."""
        place = self.key(path)
        return self._after(place, f"[\"']{re.escape(text)}[\"']") or place

    def _after(self, place: Span, pattern: str) -> Span | None:
        """Where a pattern first matches after a key, and before the next one."""
        later = bisect_right(self._starts, place.line)
        end = self._starts[later] if later < len(self._starts) else len(self._lines) + 1
        for number in range(place.line, end):
            start = place.end_column - 1 if number == place.line else 0
            at = re.compile(pattern).search(self._lines[number - 1], start)
            if at is not None:
                return self.span(number, at.start() + 1, at.end() + 1)
        return None

    def span(self, line: int, start: int, end: int) -> Span:
        """A place in one line."""
        return Span(self.path, line, start, line, end)


def _parts(name: str) -> tuple[str, ...]:
    found = islice(_PART.finditer(name), MAX_DEPTH)
    return tuple([next(part for part in one.groups() if part is not None) for one in found])
