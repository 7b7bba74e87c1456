r"""The patterns of a .gitignore, as git reads them.

Used for .gitignore files and for `exclude` and the paths of `per-file-ignores`, so that there is one language of
patterns. Knows paths as texts, with `/` between their parts; looks at no file.

>>> found = Patterns(["*.yaml", "!keep.yaml", "/build/"])
>>> found.verdict("a/old.yaml", folder=False), found.verdict("keep.yaml", folder=False)
(True, False)
>>> found.verdict("build", folder=True), found.verdict("a/build", folder=True)
(True, None)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnnsum.globs import ANY, STAR, Char, Glob, PathGlob
from cnnsum.typed import NamedTuple

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\s",
    "xdigit": "0-9A-Fa-f",
    "punct": r"!-/:-@\[-`{-~",
    "blank": r" \t",
}


class _Pattern(NamedTuple):
    glob: PathGlob
    negated: bool
    folders_only: bool
    #: Whether the whole path is matched, or the last part of it.
    whole: bool


class Patterns:
    """Patterns in their order; the last one that matches decides."""

    __slots__ = ("_patterns",)

    def __init__(self, lines: Iterable[str]) -> None:
        self._patterns = [found for found in map(_pattern, lines) if found is not None]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Whether a path, relative to where the patterns stand, is left out; None where no pattern matches it."""
        parts = path.split("/")
        name = parts[-1:]
        for pattern in reversed(self._patterns):
            if (folder or not pattern.folders_only) and pattern.glob.matches(parts if pattern.whole else name):
                return not pattern.negated
        return None

    def covers(self, path: str) -> bool:
        """Whether a file is left out, itself or with a folder that it is in."""
        parts = path.split("/")
        for count in range(1, len(parts)):
            if self.verdict("/".join(parts[:count]), folder=True):
                return True
        return bool(self.verdict(path, folder=False))


def read(text: str) -> Patterns:
    """The patterns in the text of a .gitignore."""
    return Patterns(line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n"))


def _pattern(line: str) -> _Pattern | None:
    if line.startswith("#"):
        return None
    # Spaces at the end do not count, unless a backslash is before them.
    end = len(line)
    while end and line[end - 1] == " " and not _escaped(line, end - 1):
        end -= 1
    line = line[:end]
    negated = line.startswith("!")
    line = line[negated:]
    folders_only = line.endswith("/")
    if folders_only:
        line = line[:-1]
    if not line:
        return None
    glob = _read(line.removeprefix("/"))
    # One that is broken matches nothing, and so says nothing.
    return None if glob is None else _Pattern(glob, negated, folders_only, "/" in line)


def _escaped(line: str, at: int) -> bool:
    before = line[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _read(glob: str) -> PathGlob | None:
    """The pattern that a text stands for; None for one that git matches with nothing."""
    sections: list[list[Glob]] = [[]]
    part: list[Char | None] = []
    at = 0
    while at < len(glob):
        char = glob[at]
        if char == "/" or glob.startswith("\\/", at):
            sections[-1].append(Glob(part))
            part = []
            at += 1 + (char != "/")
        elif char == "*":
            end = at
            while glob.startswith("*", end):
                end += 1
            starts = at == 0 or glob[at - 1] == "/"
            if end - at == 2 and starts and (end == len(glob) or glob[end] == "/"):
                if end == len(glob):
                    # All that is in a folder, but not the folder.
                    return PathGlob([*sections, [Glob([STAR])] if at else []])
                sections.append([])
                end += 1
            else:
                part.append(STAR)
            at = end
        elif char == "?":
            part.append(ANY)
            at += 1
        elif char == "[":
            bracket = _bracket(glob, at)
            if bracket is None:
                return None
            text, at = bracket
            part.append(Char("", text))
        else:
            if char == "\\":
                at += 1
                if at == len(glob):
                    return None
            part.append(Char(glob[at], re.escape(glob[at])))
            at += 1
    sections[-1].append(Glob(part))
    return PathGlob(sections)


def _bracket(glob: str, at: int) -> tuple[str, int] | None:
    """The regular expression of the bracket at a place, and where it ends; None where it does not."""
    at += 1
    negated = glob[at : at + 1] in ("!", "^")
    at += negated
    members: list[str] = []
    first = True
    while first or not glob.startswith("]", at):
        if at >= len(glob):
            return None
        first = False
        named = re.compile(r"\[:(\w*):\]").match(glob, at)
        if named is not None:
            if named[1] not in _CLASSES:
                return None
            members.append(_CLASSES[named[1]])
            at = named.end()
            continue
        low, at = _member(glob, at)
        if glob.startswith("-", at) and at + 1 < len(glob) and glob[at + 1] != "]":
            high, at = _member(glob, at + 1)
            if low <= high:
                members.append(f"{_plain(low)}-{_plain(high)}")
            continue
        members.append(_plain(low))
    inside = "".join(members)
    if negated:
        return f"[^{inside}]" if inside else ANY.expression, at + 1
    return f"[{inside}]" if inside else "(?!)", at + 1


def _member(glob: str, at: int) -> tuple[str, int]:
    if glob[at] == "\\" and at + 1 < len(glob):
        at += 1
    return glob[at], at + 1


def _plain(char: str) -> str:
    return f"\\{char}" if char in r"\]^-[&~|" else char
