"""Protobuf's text format, of which every field becomes a list of what it is given, with the place of each value.

    layer { name: "conv1" bottom: "data" convolution_param { pad: 1 kernel_size: 3 } }

becomes `{"layer": [{"name": ["conv1"], "bottom": ["data"], "convolution_param": [{"pad": [1], "kernel_size": [3]}]}]}`.
Words without quotes are texts, `true` and `false` what they are. Knows no message and none of its fields.
"""

from __future__ import annotations

import re

from cnnsum.source.findings import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_VALUES,
    BadTextError,
    Finding,
    long_number,
    shown,
    too_deep,
    too_many,
)
from cnnsum.source.kept_places import KeptPlaces, Member, Place
from cnnsum.typed import Any

#: Files with a message `layer` or `layers`, whatever stands before it: YAML has a colon behind a key.
_LAYER = re.compile(r"^[ \t]*layers?[ \t]*\{", re.MULTILINE)
_TOKEN = re.compile(
    r"""(?:[\s,;]|\#[^\n]*(?=\n|\Z))*
    (?: (?P<word>[A-Za-z_][\w.]*)
      | (?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?f?|inf|nan))(?![\w.])
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<sign>[:{}<>\[\]])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_SKIPPED = re.compile(r"(?:[\s,;]|#[^\n]*(?=\n|\Z))*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_CLOSES = {"{": "}", "<": ">"}


def is_prototxt(text: str) -> bool:
    """Whether a text is one of a network in this format."""
    return _LAYER.search(text) is not None


def load(text: str) -> tuple[Any, KeptPlaces, list[Finding]]:
    """The fields of the text, and their places; raises BadTextError where it cannot be read."""
    reader = _Reader(text)
    value, members = reader.message("", 0)
    return value, KeptPlaces((0, len(text), members)), []


class _Reader:
    """Reads a text from one token to the next. kind, start, end: of the token that comes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._count = 0
        self.kind = ""
        self.start = self.end = 0
        self._advance()

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self.end)
        if match is None:
            at = _SKIPPED.match(self._text, self.end).end()  # type: ignore[union-attr]  # it matches anywhere
            raise self._bad(f"cannot read {shown(self._text[at : at + 1])} here", at, at + 1)
        self.kind = str(match.lastgroup)
        self.start, self.end = match.span(self.kind)
        self._count += 1
        if self._count > 4 * MAX_VALUES:
            raise BadTextError(too_many(self.start))

    @property
    def _here(self) -> str:
        return self._text[self.start : self.end]

    def _bad(
        self, message: str, start: int | None = None, end: int | None = None, help: str | None = None
    ) -> Exception:
        first = self.start if start is None else start
        last = max(self.end if end is None else end, first + 1)
        code = "SPC009" if self.kind == "end" and start is None else "SPC008"
        return BadTextError(Finding(code, message, first, last, help), offset=first)

    def message(self, closes: str, depth: int, opened: int = 0) -> tuple[dict[str, list[Any]], dict[str, Member]]:
        """The fields up to a closing sign, "" for the end of the text."""
        if depth > MAX_DEPTH:
            raise BadTextError(too_deep(opened))
        value: dict[str, list[object]] = {}
        kept: dict[str, tuple[int, int, list[Place]]] = {}
        while True:
            if self.kind == "end":
                if closes:
                    line = self._text.count("\n", 0, opened) + 1
                    raise self._bad(f"the text ends before the `{closes}` to the one opened in line {line}")
                break
            if self.kind == "sign" and self._here == closes:
                break
            if self.kind != "word":
                raise self._bad(f"expected the name of a field, got {shown(self._here)}")
            name, start, end = self._here, self.start, self.end
            self._advance()
            values, places = self._field(name, depth)
            if not values:
                continue  # an empty list says nothing
            value.setdefault(name, []).extend(values)
            kept.setdefault(name, (start, end, []))[2].extend(places)
        return value, {
            name: (start, end, (places[0][0], places[-1][1], places)) for name, (start, end, places) in kept.items()
        }

    def _field(self, name: str, depth: int) -> tuple[list[Any], list[Place]]:
        colon = self.kind == "sign" and self._here == ":"
        if colon:
            self._advance()
        if self.kind == "sign" and self._here == "[":
            self._advance()
            values, places = [], []
            while not (self.kind == "sign" and self._here == "]"):
                one, place = self._value(name, depth, colon=colon)
                values.append(one)
                places.append(place)
            self._advance()
            return values, places
        one, place = self._value(name, depth, colon=colon)
        return [one], [place]

    def _value(self, name: str, depth: int, *, colon: bool) -> tuple[Any, Place]:
        start = self.start
        if self.kind == "sign" and self._here in _CLOSES:
            closes = _CLOSES[self._here]
            self._advance()
            value, members = self.message(closes, depth + 1, start)
            end = self.end
            self._advance()
            return value, (start, end, members)
        if not colon:
            raise self._bad(f"expected `:` or `{{` behind {shown(name)}, got {shown(self._here)}")
        here, end = self._here, self.end
        if self.kind == "word":
            self._advance()
            return {"true": True, "false": False}.get(here, here), (start, end, None)
        if self.kind == "number":
            if end - start > MAX_DIGITS:
                raise BadTextError(long_number(start, end))
            self._advance()
            return _number(here), (start, end, None)
        if self.kind == "text":
            parts = []
            while self.kind == "text":
                parts.append(_ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), self._here[1:-1]))
                end = self.end
                self._advance()
            return "".join(parts), (start, end, None)
        raise self._bad(
            f"expected a value of {shown(name)}, got {shown(here)}" if here else f"{shown(name)} has no value"
        )


def _number(text: str) -> int | float:
    bare = text.rstrip("fF") if not text.lower().startswith(("0x", "-0x", "+0x")) and "inf" not in text else text
    try:
        return int(bare, 16 if "x" in bare.lower() else 10)
    except ValueError:
        return float(bare)
