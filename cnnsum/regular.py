r"""Regular expressions from a user's command line, matched in time that grows with the text, whatever the expression.

Python's `re` tries one way after another, and `(a*)*b` has more ways than time. Here all ways are followed at once, as
Thompson, "Regular expression search algorithm" (1968), has it; the syntax is Python's, which also says what is wrong
with it. What needs memory of what was matched (`\1`, `(?=...)`) cannot be had that way, and is refused. Knows no names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_LENGTH = 1_000  # characters of an expression
MAX_STATES = 500  # places in it, after `{10}` is written out ten times
MAX_DEPTH = 50  # groups in one another

_ENDLESS = -1
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_COUNT = re.compile(r"\{(?:(\d+)(?:(,)(\d*))?|(,)(\d*))\}", re.ASCII)
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|0[0-7]{0,2}|[0-7]{3}|.)", re.DOTALL)
_NAMED = re.compile(r"\?P<\w+>")

#: A step is (what it is, an argument): "char" with a test of one character, "split" with the steps that may come next,
#: "at" with a test of a place.
_Step = tuple[str, Any]
_Tree = tuple[Any, ...]


class RegularError(ValueError):
    """A text that is not a regular expression, or none that is known here; the message says why."""


class Regular:
    """A regular expression.

    >>> Regular("conv.*_(1|2)").starts("conv2d_2"), Regular("(a*)*b").starts("a" * 50)
    (True, False)
    """

    __slots__ = ("_steps",)

    def __init__(self, text: str) -> None:
        """Raises RegularError."""
        if len(text) > MAX_LENGTH:
            raise RegularError(f"it is longer than {MAX_LENGTH:,} characters")
        try:
            import warnings

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise RegularError(getattr(error, "msg", "it is nested too deep")) from None
        self._steps: list[_Step] = []
        self._write(_Reader(text).read())

    def starts(self, text: str) -> bool:
        """Whether a beginning of the text matches, as `re.match` has it."""
        now: set[int] = set()
        if self._enter(0, text, 0, now):
            return True
        for at, char in enumerate(text):
            if not now:
                return False
            then: set[int] = set()
            for number in now:
                if self._steps[number][1](char) and self._enter(number + 1, text, at + 1, then):
                    return True
            now = then
        return False

    def _enter(self, number: int, text: str, at: int, into: set[int]) -> bool:
        """Add the steps that read a character and can be reached from a step without reading; True at the end."""
        seen = set()
        waiting = [number]
        while waiting:
            number = waiting.pop()
            if number in seen or number in into:
                continue
            seen.add(number)
            if number == len(self._steps):
                return True
            what, argument = self._steps[number]
            if what == "char":
                into.add(number)
            elif what == "split":
                waiting.extend(argument)
            elif argument(text, at):
                waiting.append(number + 1)
        return False

    def _write(self, tree: _Tree) -> None:
        """Append the steps of a piece."""
        kind = tree[0]
        if kind in ("char", "at"):
            self._append(kind, tree[1])
        elif kind == "all":
            for part in tree[1]:
                self._write(part)
        elif kind == "any":
            ends = []
            for part in tree[1][:-1]:
                split = self._append("split", None)
                self._write(part)
                ends.append(self._append("split", None))
                self._steps[split] = ("split", (split + 1, len(self._steps)))
            self._write(tree[1][-1])
            for end in ends:
                self._steps[end] = ("split", (len(self._steps),))
        else:
            _, part, least, most = tree
            for _ in range(least):
                self._write(part)
            if most == _ENDLESS:
                split = self._append("split", None)
                self._write(part)
                self._append("split", (split,))
                self._steps[split] = ("split", (split + 1, len(self._steps)))
            else:
                splits = []
                for _ in range(most - least):
                    splits.append(self._append("split", None))
                    self._write(part)
                for split in splits:
                    self._steps[split] = ("split", (split + 1, len(self._steps)))

    def _append(self, kind: str, argument: object) -> int:
        if len(self._steps) >= MAX_STATES:
            raise RegularError(f"it has more than {MAX_STATES} parts")
        self._steps.append((kind, argument))
        return len(self._steps) - 1


class _Reader:
    """Reads a text that Python takes for a regular expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def read(self) -> _Tree:
        """Alternatives, up to the end or a closing bracket."""
        choices: list[list[_Tree]] = [[]]
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                choices.append([])
            else:
                choices[-1].append(self._repeated(self._one()))
        trees: list[_Tree] = [("all", tuple(parts)) for parts in choices]
        return trees[0] if len(trees) == 1 else ("any", tuple(trees))

    def _one(self) -> _Tree:
        text, at = self.text, self.at
        char = text[at]
        self.at += 1
        if char == "(":
            return self._group()
        if char == ".":
            return ("char", lambda one: one != "\n")
        if char == "^":
            return ("at", _start)
        if char == "$":
            return ("at", _before_end)
        if char == "[":
            return self._tested(_CLASS)
        if char == "\\":
            letter = text[at + 1]
            if letter in "123456789" and not re.match(r"[0-7]{3}", text[at + 1 :]):
                raise RegularError(f"`\\{letter}` (what a group matched) is not known here")
            place = {"A": _start, "Z": _end, "b": _edge, "B": _no_edge}.get(letter)
            if place is not None:
                self.at += 1
                return ("at", place)
            if letter == "N":
                raise RegularError("`\\N` is not known here")
            return self._tested(_ESCAPE)
        return ("char", char.__eq__)

    def _tested(self, syntax: re.Pattern[str]) -> _Tree:
        """A class or an escape that stands for one character: a single one, `re` tests without a second try."""
        found = syntax.match(self.text, self.at - 1)
        if found is None:
            raise RegularError(f"`{self.text[self.at - 1 :]}` is not known here")
        self.at = found.end()
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ("char", re.compile(found[0]).fullmatch)

    def _group(self) -> _Tree:
        named = _NAMED.match(self.text, self.at)
        if named is not None:
            self.at = named.end()
        elif self.text.startswith("?:", self.at):
            self.at += 2
        elif self.text.startswith("?", self.at):
            raise RegularError(f"`({self.text[self.at : self.at + 2]}` (looking around, flags) is not known here")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RegularError(f"it is nested too deep: more than {MAX_DEPTH} groups in one another")
        inside = self.read()
        self.depth -= 1
        self.at += 1
        return inside

    def _repeated(self, tree: _Tree) -> _Tree:
        text = self.text
        char = text[self.at : self.at + 1]
        count = _COUNT.match(text, self.at) if char == "{" else None
        if char in ("*", "+", "?") and char:
            least, most = {"*": (0, _ENDLESS), "+": (1, _ENDLESS), "?": (0, 1)}[char]
            self.at += 1
        elif count is not None:
            least = int(count[1] or 0)
            last = count[3] or count[5]
            most = int(last) if last else _ENDLESS if count[2] or count[4] else least
            self.at = count.end()
        else:
            return tree
        if text.startswith("+", self.at):
            raise RegularError("`+` after a repetition is not known here")
        if text.startswith("?", self.at):  # as few as will do: whether the text matches is the same
            self.at += 1
        if max(least, most) > MAX_STATES:
            raise RegularError(f"it repeats more than {MAX_STATES} times")
        return ("repeat", tree, least, most)


def _start(_text: str, at: int) -> bool:
    return at == 0


def _end(text: str, at: int) -> bool:
    return at == len(text)


def _before_end(text: str, at: int) -> bool:
    return at == len(text) or (at == len(text) - 1 and text[at] == "\n")


_is_word: Callable[[str], object] = re.compile(r"\w").fullmatch


def _edge(text: str, at: int) -> bool:
    before = at > 0 and _is_word(text[at - 1]) is not None
    return before != (at < len(text) and _is_word(text[at]) is not None)


def _no_edge(text: str, at: int) -> bool:
    return text != "" and not _edge(text, at)
