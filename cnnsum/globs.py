"""Patterns with stars, matched in time that grows with the text, whatever the pattern.

A pattern is runs of fixed length with stars between them. The first run that fits after a star is always the right
one, since what a star leaves over the next star can take: nothing is ever tried a second time, as a backtracking
regular expression would. Knows no syntax: whoever reads patterns makes the characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from cnnsum.typed import NamedTuple


class Char(NamedTuple):
    """One character of a pattern: itself, or (literal "") any that the expression, of one character, matches."""

    literal: str
    expression: str


#: Any text, also none. In `Glob` only.
STAR = None
ANY = Char("", "(?s:.)")


class Glob:
    """A pattern for a whole text.

    >>> a, b = Char("a", "a"), Char("b", "b")
    >>> glob = Glob([STAR, a, STAR, a, ANY, b])
    >>> glob.matches("xaaxb"), glob.matches("a" * 40), glob.matches("axb")
    (True, False, False)
    """

    __slots__ = ("_runs",)

    def __init__(self, chars: Iterable[Char | None]) -> None:
        runs: list[list[Char]] = [[]]
        for is_star, group in groupby(chars, lambda char: char is STAR):
            if is_star:
                runs.append([])
            else:
                runs[-1] = [char for char in group if char is not STAR]
        self._runs = [_Run(run) for run in runs]

    def matches(self, text: str) -> bool:
        """Whether the pattern is for all of the text."""
        first, last = self._runs[0], self._runs[-1]
        if len(self._runs) == 1:
            return len(text) == first.length and first.stands(text, 0)
        at, end = first.length, len(text) - last.length
        if at > end or not first.stands(text, 0) or not last.stands(text, end):
            return False
        for run in self._runs[1:-1]:
            at = run.find(text, at, end)
            if at < 0:
                return False
            at += run.length
        return True


class _Run:
    """Characters without a star between them."""

    __slots__ = ("_expression", "_literal", "length")

    def __init__(self, chars: Sequence[Char]) -> None:
        self.length = len(chars)
        self._literal = "".join(char.literal for char in chars)
        # An expression without repetition has nothing to try again.
        plain = len(self._literal) == self.length
        self._expression = None if plain else re.compile("".join(char.expression for char in chars))

    def stands(self, text: str, at: int) -> bool:
        if self._expression is None:
            return text.startswith(self._literal, at)
        return self._expression.match(text, at) is not None

    def find(self, text: str, at: int, end: int) -> int:
        if self._expression is None:
            return text.find(self._literal, at, end)
        found = self._expression.search(text, at, end)
        return -1 if found is None else found.start()


class PathGlob:
    """A pattern for the parts of a path: sections of them, with any number of parts between two sections."""

    __slots__ = ("_sections",)

    def __init__(self, sections: Sequence[Sequence[Glob]]) -> None:
        self._sections = sections

    def matches(self, parts: Sequence[str]) -> bool:
        """Whether the pattern is for all of the path, given by its parts."""
        first, last = self._sections[0], self._sections[-1]
        if len(self._sections) == 1:
            return len(parts) == len(first) and _fits(first, parts, 0)
        at, end = len(first), len(parts) - len(last)
        if at > end or not _fits(first, parts, 0) or not _fits(last, parts, end):
            return False
        for section in self._sections[1:-1]:
            while not (at + len(section) <= end and _fits(section, parts, at)):
                at += 1
                if at > end:
                    return False
            at += len(section)
        return True


def _fits(section: Sequence[Glob], parts: Sequence[str], at: int) -> bool:
    return all(glob.matches(parts[at + place]) for place, glob in enumerate(section))
