"""Protobuf's text format, of which every field becomes a list of what it is given, with the place of each value.

    layer { name: "conv1" bottom: "data" convolution_param { pad: 1 kernel_size: 3 } }

becomes `{"layer": [{"name": ["conv1"], "bottom": ["data"], "convolution_param": [{"pad": [1], "kernel_size": [3]}]}]}`.
Words without quotes are texts, `true`, `True` and `t` a truth, as `1` is to who asks for one. Knows no message of a
network but `layer` and `layers`, by which it is found, and none of their fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

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

#: Files with a message `layer` or `layers` at the beginning of a line, whatever stands before it: YAML has a colon
#: behind a key.
_LAYER = re.compile(r"^[ \t]*layers?\s*\{", re.MULTILINE)
_BLANK = r"(?:[\s,;]|\#[^\n]*(?=\n|\Z))*"
_TOKEN = re.compile(
    _BLANK
    + r"""
    (?: (?P<number>(?:[-+]\s*)?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[fF]?)(?![\w.])
        |[-+]\s*(?i:inf(?:inity)?|nan)(?![\w.]))
      | (?P<word>[A-Za-z_][\w.]*)
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<sign>[:{}<>\[\]])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_SKIPPED = re.compile(_BLANK, re.VERBOSE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_CLOSES = {"{": "}", "<": ">"}
_OPENS = (*_CLOSES, "[")
_NONE = ("", "", 0)
#: So many tokens are read in search of the first layer.
_MOST_BEFORE = 1 << 16
#: Words that are not texts.
_WORDS = {**dict.fromkeys(("true", "True", "t"), True), **dict.fromkeys(("false", "False", "f"), False)}
#: Where a layer may begin, if what stands before it is of this format: two fields, or one, of which YAML has a mapping.
_FIELD = rf"{_BLANK}[A-Za-z_]\w*{_BLANK}"
_BEGINS = re.compile(
    rf"""{_BLANK}(?:[{{<]{_FIELD}[:{{<]|:{_BLANK}(?:\[{_BLANK})?[{{<]{_FIELD}:{_BLANK}
    (?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\w+)(?:\s|\#[^\n]*(?=\n|\Z))+[A-Za-z_]\w*{_BLANK}[:{{<])""",
    re.VERBOSE,
)


def is_prototxt(text: str) -> bool:
    r"""Whether a text is one of a network in this format.

    Either a line begins with a layer, or all that stands before the first is of this format, and nothing of YAML's:
    a field and its value, or a field and a message, again and again.

    >>> is_prototxt('name: "n" layer { name: "c" }'), is_prototxt("layer\n<name: 'c' type: 'ReLU'>")
    (True, True)
    >>> is_prototxt("input: [8, 8, 3]\nlayers: [{Conv2D: 8}]  # layer { }"), is_prototxt("layers: {name: c}")
    (False, False)
    """
    return _LAYER.search(text) is not None or _begins_with_fields(text)


def _begins_with_fields(text: str) -> bool:
    """Whether a text is of this format up to its first layer. Reads on only as long as it is."""
    tokens = islice(_tokens(text), _MOST_BEFORE)
    kind, here, end = next(tokens, _NONE)
    while kind == "word":
        if here in ("layer", "layers") and _BEGINS.match(text, end) is not None:
            return True
        kind, here, _ = next(tokens, _NONE)
        colon = kind == "sign" and here == ":"
        if colon:
            kind, here, _ = next(tokens, _NONE)
        if kind == "sign" and here in (_OPENS if colon else _CLOSES):
            depth = 1
            while depth and kind:
                kind, here, _ = next(tokens, _NONE)
                depth += (kind == "sign") * ((here in _OPENS) - (here in "}>]"))
        elif not colon or kind in ("", "sign"):
            return False
        was = kind
        kind, here, end = next(tokens, _NONE)
        while was == kind == "text":  # texts side by side are one
            kind, here, end = next(tokens, _NONE)
    return False


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """The kinds of a text's tokens, they themselves and where they end, up to the first that is not one."""
    end = 0
    while (match := _TOKEN.match(text, end)) is not None and match.lastgroup not in (None, "end"):
        kind, end = str(match.lastgroup), match.end()
        yield kind, match[kind], end


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
            return _WORDS.get(here, here), (start, end, None)
        if self.kind == "number":
            if end - start > MAX_DIGITS:
                raise BadTextError(long_number(start, end))
            number = _number("".join(here.split()))
            if number is None:
                raise self._bad(
                    f"{shown(here)} is not a number: one that begins with 0 is octal, of digits from 0 to 7"
                )
            self._advance()
            return number, (start, end, None)
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


def _number(text: str) -> int | float | None:
    """A number, which is octal behind a 0 and a float before an f; None for one that is neither.

    >>> [_number(one) for one in ("10", "-010", "0x1f", "1f", "1.5F", "00", "08", "-inf")]
    [10, -8, 31, 1.0, 1.5, 0, None, -inf]
    """
    digits = text.lstrip("+-").lower()
    if digits.startswith("0x"):
        return int(text, 16)
    if not digits.isdecimal():
        return float(text.rstrip("fF") if "i" not in digits else text)
    if digits == "0" or not digits.startswith("0"):
        return int(text)
    return int(text, 8) if not {"8", "9"}.intersection(digits) else None
