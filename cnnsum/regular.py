r"""Regular expressions from a user's command line, matched in time that grows with the text, whatever the expression.

Python's `re` tries one way after another, and `(a*)*b` has more ways than time. Here all ways are followed at once, as
Thompson, "Regular expression search algorithm" (1968), has it; the syntax is Python's, which also says what is wrong
with it. What needs memory of what was matched (`\1`, `(?=...)`) cannot be had that way, and is refused. Knows no names.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cnnsum.typed import NamedTuple, TypeAlias

MAX_LENGTH = 1_000  # characters of an expression
MAX_STATES = 500  # places in it, after `{10}` is written out ten times
MAX_DEPTH = 50  # groups in one another

_ENDLESS = -1
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_COUNT = re.compile(r"\{(?:(\d+)(?:(,)(\d*))?|(,)(\d*))\}", re.ASCII)
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|0[0-7]{0,2}|[0-7]{3}|.)", re.DOTALL)
_NAMED = re.compile(r"\?P<\w+>")


class _Char(NamedTuple):
    """A step that reads a character, if it passes a test."""

    test: Callable[[str], object]


class _At(NamedTuple):
    """A step that reads nothing, and goes on at some places of a text only."""

    test: Callable[[str, int], bool]


class _Split(NamedTuple):
    """A step that reads nothing. then: the numbers of the steps that may come next."""

    then: tuple[int, ...]


class _All(NamedTuple):
    """Parts one after the other."""

    parts: tuple[_Tree, ...]


class _Either(NamedTuple):
    """Parts of which one is there."""

    parts: tuple[_Tree, ...]


class _Repeat(NamedTuple):
    """A part that is there several times. most: `_ENDLESS` for any number."""

    part: _Tree
    least: int
    most: int


_Step: TypeAlias = "_Char | _At | _Split"
_Tree: TypeAlias = "_Char | _At | _All | _Either | _Repeat"


#: A step whose next ones are not known yet.
_OPEN = _Split(())


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
        now: dict[int, _Char] = {}
        if self._enter(0, text, 0, now):
            return True
        for at, char in enumerate(text):
            if not now:
                return False
            then: dict[int, _Char] = {}
            for number, step in now.items():
                if step.test(char) and self._enter(number + 1, text, at + 1, then):
                    return True
            now = then
        return False

    def _enter(self, number: int, text: str, at: int, into: dict[int, _Char]) -> bool:
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
            step = self._steps[number]
            if isinstance(step, _Char):
                into[number] = step
            elif isinstance(step, _Split):
                waiting.extend(step.then)
            elif step.test(text, at):
                waiting.append(number + 1)
        return False

    def _write(self, tree: _Tree) -> None:
        """Append the steps of a piece."""
        if isinstance(tree, (_Char, _At)):
            self._append(tree)
        elif isinstance(tree, _All):
            for part in tree.parts:
                self._write(part)
        elif isinstance(tree, _Either):
            ends = []
            for part in tree.parts[:-1]:
                split = self._append(_OPEN)
                self._write(part)
                ends.append(self._append(_OPEN))
                self._steps[split] = _Split((split + 1, len(self._steps)))
            self._write(tree.parts[-1])
            for end in ends:
                self._steps[end] = _Split((len(self._steps),))
        else:
            part, least, most = tree
            for _ in range(least):
                self._write(part)
            if most == _ENDLESS:
                split = self._append(_OPEN)
                self._write(part)
                self._append(_Split((split,)))
                self._steps[split] = _Split((split + 1, len(self._steps)))
            else:
                splits = []
                for _ in range(most - least):
                    splits.append(self._append(_OPEN))
                    self._write(part)
                for split in splits:
                    self._steps[split] = _Split((split + 1, len(self._steps)))

    def _append(self, step: _Step) -> int:
        if len(self._steps) >= MAX_STATES:
            raise RegularError(f"it has more than {MAX_STATES} parts")
        self._steps.append(step)
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
        trees = tuple([_All(tuple(parts)) for parts in choices])
        return trees[0] if len(trees) == 1 else _Either(trees)

    def _one(self) -> _Tree:
        text, at = self.text, self.at
        char = text[at]
        self.at += 1
        if char == "(":
            return self._group()
        if char == ".":
            return _Char(lambda one: one != "\n")
        if char == "^":
            return _At(_start)
        if char == "$":
            return _At(_before_end)
        if char == "[":
            return self._tested(_CLASS)
        if char == "\\":
            letter = text[at + 1]
            if letter in "123456789" and not re.match(r"[0-7]{3}", text[at + 1 :]):
                raise RegularError(f"`\\{letter}` (what a group matched) is not known here")
            place = {"A": _start, "Z": _end, "b": _edge, "B": _no_edge}.get(letter)
            if place is not None:
                self.at += 1
                return _At(place)
            if letter == "N":
                raise RegularError("`\\N` is not known here")
            return self._tested(_ESCAPE)
        return _Char(char.__eq__)

    def _tested(self, syntax: re.Pattern[str]) -> _Tree:
        """A class or an escape that stands for one character: a single one, `re` tests without a second try."""
        found = syntax.match(self.text, self.at - 1)
        if found is None:
            raise RegularError(f"`{self.text[self.at - 1 :]}` is not known here")
        self.at = found.end()
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Char(re.compile(found[0]).fullmatch)

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
        return _Repeat(tree, least, most)


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
