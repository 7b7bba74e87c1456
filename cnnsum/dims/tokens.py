"""The words and signs of the spec language's expressions, and the error that names a place among them."""

from __future__ import annotations

import re

from cnnsum.typed import NamedTuple

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<string>"[^"]*"|'[^']*')
    | (?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%<>(),{}])
    | (?P<end>\Z)
    | (?P<bad>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
WORDS = frozenset({"and", "or", "not", "in", "if", "else", "true", "false", "True", "False"})
CONSTANTS = {"true": True, "True": True, "false": False, "False": False}
#: What people write behind a number for the zeros that follow it.
_SCALES = {"k": "000", "K": "000", "M": "000000"}
_INSTEAD = {
    ";": "values stand apart by commas",
    "=": "to compare, write ==",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "^": "a power is written **",
    "?": "a choice is written `a if condition else b`",
    "$": "inside an expression a name stands without $",
    "[": "an expression is one number; a list is written outside of it",
    ".": "a name has no parts",
    '"': "the text has no closing quote",
    "'": "the text has no closing quote",
}


class ExpressionError(Exception):
    """An expression that has no value. `start` and `end` are offsets in the text, the end exclusive."""

    def __init__(self, message: str, start: int, end: int, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.help = help


class UnknownNameError(ExpressionError):
    """A name that stands for nothing. The caller knows the names there are, and can suggest one."""

    def __init__(self, name: str, start: int, end: int) -> None:
        super().__init__(f"the name `{name}` is not known here", start, end)
        self.name = name


class Token(NamedTuple):
    """A number, name, string or sign with its place; `end` is the last, `bad` a character that has no place."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The tokens of a text, `end` last. Raises ExpressionError."""
    found: list[Token] = []
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        assert match is not None
        kind = match.lastgroup
        assert kind is not None
        token = Token(kind, match[kind], match.start(kind), match.end())
        if kind == "bad":
            help = _INSTEAD.get(token.text)
            raise ExpressionError(f"the character {token.text!r} has no place here", token.start, token.end, help)
        if kind == "name" and found and found[-1].kind == "number" and found[-1].end == token.start:
            number = found[-1]
            message = f"`{number.text}{token.text}` is neither a number nor a name"
            digits = token.text.replace("_", "")
            help = f"write {number.text}{digits}" if digits.isdecimal() else None
            if number.text == "0" and re.fullmatch("[bB][01]+", token.text):
                help = f"write {int(token.text[1:], 2)}"
            if re.fullmatch(r"x\d+(?:x\d+)*", token.text):
                help = f"a size for each axis is written [{', '.join(f'{number.text}{token.text}'.split('x'))}]"
            product = f"a product is written {number.text}*{token.text}"
            zeros = _SCALES.get(token.text)
            help = help or (f"write {number.text}{zeros}; {product}" if zeros else product)
            raise ExpressionError(message, number.start, token.end, help)
        found.append(token)
        if kind == "end":
            return found
        at = token.end
