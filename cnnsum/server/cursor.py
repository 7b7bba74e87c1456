"""Where a cursor stands in a text that is being written: the path above it, and what is expected there.

Works by indentation and brackets, on the text before the cursor alone, whether or not the whole can be read. Knows the
signs of YAML and JSON, and nothing of what stands between them.
"""

from __future__ import annotations

import re

from cnnsum.server.text import Text
from cnnsum.typed import Literal, NamedTuple

Path = tuple["str | int", ...]
#: A key of a mapping; a value; an item of a list, which may become a mapping.
Expects = Literal["key", "value", "item"]

_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#\[\]{},"'][^#\[\]{},"']*?)[ \t]*:(?=[ \t]|$)""")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*")
_BLOCK_TEXT = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?$")
#: What stands in brackets. A plain text may hold spaces, colons and quotes, but not begin or end with them.
_FLOW = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<comment>(?:^|(?<=[ \t\r\n]))\#[^\r\n]*)
      | (?P<open>[\[{])
      | (?P<close>[\]}])
      | (?P<comma>,)
      | (?P<quoted>"(?:[^"\\]|\\.)*(?:"|\Z) | '(?:[^']|'')*(?:'|\Z))
      | (?P<colon>:(?=[ \t\r\n,\[\]{}"']|\Z))
      | (?P<plain>(?:[^\s,\[\]{}:"'\#]
                   | :(?![ \t\r\n,\[\]{}]|\Z)
                   | (?<=\S)["'\#]
                   | [ \t]+(?=[^\s,\[\]{}:\#]))+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: Characters of a flow that are looked at behind the cursor, for keys that are there already.
_AHEAD = 2_000


class Cursor(NamedTuple):
    """What is being written. path: of the mapping whose key it is, or of the value.

    start, end: the word at the cursor, with its quotes; word: what stands before the cursor of it, without them.
    keys: those that the mapping has already. quote: the sign that the word begins with, or "". flow: whether brackets
    are around it. dash: whether a list is expected whose item has no dash yet. colon: whether a colon follows.
    """

    path: Path
    expects: Expects
    start: int
    end: int
    word: str
    keys: frozenset[str] = frozenset()
    quote: str = ""
    flow: bool = False
    dash: bool = False
    colon: bool = False


class _Frame:
    """A mapping or a list that is open: its column, and the key or the number that is being written."""

    __slots__ = ("column", "is_list", "keys", "step")

    def __init__(self, column: int, step: str | int, *, is_list: bool) -> None:
        self.column = column
        self.step = step
        self.is_list = is_list
        self.keys: set[str] = set()


def cursor(text: Text, offset: int) -> Cursor | None:
    """What is being written at a place; None within a comment or a block of text."""
    scanner = _Scanner(text.text, offset)
    if text.text.lstrip()[:1] in ("{", "[") and offset > len(text.text) - len(text.text.lstrip()):
        found = scanner.flow(0, [])
        return found if isinstance(found, Cursor) else None
    return scanner.block(text)


class _Scanner:
    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self.offset = offset

    def block(self, text: Text) -> Cursor | None:
        """Line after line, by indentation, up to the cursor."""
        frames: list[_Frame] = []
        last = text.line_of(self.offset)
        at_line = 0
        skip_above: int | None = None  # a block of text goes on below this column
        while at_line <= last:
            start = text.start_of(at_line)
            end = min(text.end_of(at_line), self.offset) if at_line == last else text.end_of(at_line)
            line = self.text[start:end]
            bare = line.lstrip(" ")
            column = len(line) - len(bare)
            if skip_above is not None:
                if not bare.strip() or column > skip_above:
                    if at_line == last and (bare.strip() or column > skip_above):
                        return None
                    at_line += 1
                    continue
                skip_above = None
            if at_line == last:
                if _in_comment(line):
                    return None
                return self._last(text, line, column, frames)
            if not bare.strip() or bare.startswith(("#", "---", "...", "%")):
                at_line += 1
                continue
            value = self._enter(frames, line, column)
            if value is not None:
                rest = line[value:].lstrip()
                begin = start + len(line) - len(rest)
                rest = re.sub(r"^(?:[&!][^\s,\[\]{}]*[ \t]+)+", "", rest)
                begin = start + len(line) - len(rest)
                if rest[:1] in ("{", "["):
                    found = self.flow(begin, frames)
                    if isinstance(found, Cursor) or found is None:
                        return found
                    at_line = text.line_of(found) + 1 if text.line_of(found) >= at_line else at_line + 1
                    continue
                if _BLOCK_TEXT.match(rest):
                    skip_above = frames[-1].column if frames else -1
            at_line += 1
        return None

    def _enter(self, frames: list[_Frame], line: str, column: int) -> int | None:
        """Take a line into the frames; where its value begins, None where it goes on with a value above."""
        at = column
        while True:
            bare = line[at:]
            if bare.startswith("- ") or bare.rstrip() == "-":
                # A list at the column of a mapping is the value of its last key.
                while frames and frames[-1].column > at:
                    frames.pop()
                if frames and frames[-1].is_list and frames[-1].column == at:
                    assert isinstance(frames[-1].step, int)
                    frames[-1].step += 1
                else:
                    frames.append(_Frame(at, 0, is_list=True))
                at += 1
                at += len(line[at:]) - len(line[at:].lstrip(" "))
                if at >= len(line):
                    return at
                continue
            key = _KEY.match(bare)
            if key is None:
                while frames and frames[-1].column > at:
                    frames.pop()
                return at
            while frames and (frames[-1].column > at or (frames[-1].is_list and frames[-1].column == at)):
                frames.pop()
            name = _unquoted(key[1])
            if frames and not frames[-1].is_list and frames[-1].column == at:
                frames[-1].step = name
            else:
                frames.append(_Frame(at, name, is_list=False))
            frames[-1].keys.add(name)
            return at + key.end()

    def _last(self, text: Text, line: str, column: int, frames: list[_Frame]) -> Cursor | None:
        """The line of the cursor, up to it."""
        start = text.start_of(text.line_of(self.offset))
        bare = line[column:]
        stripped = bare
        at = column
        # Dashes open lists; what is behind the last of them is what is written.
        while stripped.startswith("- ") or stripped.rstrip() == "-":
            if stripped == "-":
                return None
            self._enter(frames, line[: at + 2], at)
            frames[-1].is_list = True
            at += 1
            at += len(line[at:]) - len(line[at:].lstrip(" "))
            stripped = line[at:]
        key = _KEY.match(stripped)
        if key is not None:
            value = self._enter(frames, line, at)
            assert value is not None
            rest = line[value:].lstrip()
            begin = start + len(line) - len(rest)
            if rest[:1] in ("{", "["):
                found = self.flow(begin, frames)
                return found if isinstance(found, Cursor) else None
            return self._word(tuple(frame.step for frame in frames), "value", begin)
        if stripped[:1] in ("{", "["):
            if frames and not frames[-1].is_list and frames[-1].column >= at:
                return None
            found = self.flow(start + at, frames)
            return found if isinstance(found, Cursor) else None
        begin = start + at
        is_dash = line[:at].rstrip().endswith("-")
        if is_dash:
            return self._word(tuple(frame.step for frame in frames), "item", begin)
        # A key at this column, of the mapping that stands there, or of a new one below the last key.
        while frames and (frames[-1].column > at or (frames[-1].is_list and frames[-1].column >= at)):
            frames.pop()
        if frames and not frames[-1].is_list and frames[-1].column == at:
            keys = frozenset(frames[-1].keys | self._keys_below(text, at))
            path = tuple(frame.step for frame in frames[:-1])
            return self._word(path, "key", begin, keys=keys)
        path = tuple(frame.step for frame in frames)
        keys = frozenset(self._keys_below(text, at))
        return self._word(path, "key", begin, keys=keys, dash=bool(frames) and not frames[-1].is_list)

    def _keys_below(self, text: Text, column: int) -> set[str]:
        """The keys at a column in the lines below the cursor, up to one that ends the mapping."""
        found = set()
        for number in range(text.line_of(self.offset) + 1, text.lines):
            line = self.text[text.start_of(number) : text.end_of(number)]
            bare = line.lstrip(" ")
            if not bare.strip() or bare.startswith("#"):
                continue
            here = len(line) - len(bare)
            if here < column or (here == column and bare.startswith("- ")):
                break
            key = _KEY.match(bare) if here == column else None
            if key is not None:
                found.add(_unquoted(key[1]))
        return found

    def _word(
        self,
        path: Path,
        expects: Expects,
        begin: int,
        *,
        keys: frozenset[str] = frozenset(),
        dash: bool = False,
    ) -> Cursor:
        """The word that begins at a place outside of brackets."""
        written = self.text[begin : self.offset]
        quote = written[:1] if written[:1] in ("'", '"') else ""
        pattern = r"[^\r\n:]*" if not quote else rf"[^\r\n{quote}]*{quote}?"
        after = re.compile(pattern).match(self.text, self.offset)
        assert after is not None
        tail = after.group() if quote else re.split(r"[ \t]+#|[ \t]*$", after.group(), maxsplit=1)[0]
        colon = self.text[self.offset + len(tail) :].lstrip(" \t")[:1] == ":"
        return Cursor(
            path, expects, begin, self.offset + len(tail), written[len(quote) :], keys, quote, dash=dash, colon=colon
        )

    # --- brackets -----------------------------------------------------------------------------------------------------

    def flow(self, begin: int, frames: list[_Frame]) -> Cursor | int | None:
        """From an opening bracket on: the cursor, if it stands before all are closed; else where they are.

        None within a comment.
        """
        above = tuple(frame.step for frame in frames)
        opened: list[_Frame] = []
        keyed = False  # whether the innermost mapping has a key that waits for its value
        word: tuple[int, int] | None = None  # the scalar before, which a colon would make a key
        at = begin
        while at < len(self.text):
            match = _FLOW.match(self.text, at)
            assert match is not None
            kind, end = match.lastgroup, match.end()
            if self.offset <= at and opened:
                break
            # Behind a closing quote nothing can be written.
            closed = kind == "quoted" and self.offset == end and end - at > 1 and match.group()[-1] == match.group()[0]
            if at < self.offset <= end and kind in ("plain", "quoted") and not closed:
                return self._in_flow(above, opened, keyed, at, end)
            if kind == "comment" and self.offset <= end:
                return None
            if kind == "open":
                opened.append(_Frame(0, 0 if match.group() == "[" else "", is_list=match.group() == "["))
                keyed, word = False, None
            elif kind == "close":
                if opened:
                    opened.pop()
                if not opened:
                    return end
                keyed, word = not opened[-1].is_list, None
            elif kind == "comma":
                if opened[-1].is_list:
                    assert isinstance(opened[-1].step, int)
                    opened[-1].step += 1
                keyed, word = False, None
            elif kind == "colon" and word is not None and not opened[-1].is_list and not keyed:
                name = _unquoted(self.text[word[0] : word[1]])
                opened[-1].step = name
                opened[-1].keys.add(name)
                keyed, word = True, None
            elif kind in ("plain", "quoted"):
                word = at, end
            at = end
        if not opened:
            return at
        if word is not None and word[1] == self.offset:
            return None  # behind a closing quote
        return self._in_flow(above, opened, keyed, self.offset, self.offset)

    def _in_flow(self, above: Path, opened: list[_Frame], keyed: bool, start: int, end: int) -> Cursor:
        written = self.text[start : self.offset]
        quote = written[:1] if written[:1] in ("'", '"') else ""
        if not quote:
            end = start + len(self.text[start:end].rstrip())
            end = max(end, self.offset)
        elif "\n" in self.text[start:end]:
            end = self.offset
        colon = re.compile(r"[ \t]*:").match(self.text, end) is not None
        path = tuple(frame.step for frame in opened)
        last = opened[-1]
        common = {
            "start": start,
            "end": end,
            "word": written[len(quote) :],
            "quote": quote,
            "flow": True,
            "colon": colon,
        }
        if last.is_list:
            return Cursor((*above, *path), "item", **common)  # type: ignore[arg-type]
        if keyed:
            return Cursor((*above, *path), "value", **common)  # type: ignore[arg-type]
        keys = frozenset(last.keys | self._keys_ahead(end))
        return Cursor((*above, *path[:-1]), "key", keys=keys, **common)  # type: ignore[arg-type]

    def _keys_ahead(self, at: int) -> set[str]:
        """The keys behind the cursor in the same braces."""
        found: set[str] = set()
        depth = 0
        word: tuple[int, int] | None = None
        stop = min(len(self.text), at + _AHEAD)
        while at < stop:
            match = _FLOW.match(self.text, at)
            assert match is not None
            kind = match.lastgroup
            if kind == "open":
                depth += 1
            elif kind == "close":
                depth -= 1
                if depth < 0:
                    break
            elif kind in ("plain", "quoted"):
                word = match.span()
            elif kind == "colon" and depth == 0 and word is not None:
                found.add(_unquoted(self.text[word[0] : word[1]]))
            if kind in ("comma", "colon"):
                word = None
            at = match.end()
        return found


def _in_comment(line: str) -> bool:
    """Whether the end of a line stands in a comment; a `#` in quotes begins none."""
    bare = re.sub(r""""(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)""", lambda quoted: "x" * len(quoted.group()), line)
    return _COMMENT.search(bare) is not None


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0] else text
