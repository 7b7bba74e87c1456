"""Sizes that an exported program writes as texts of sympy (`Add(Symbol('s0', integer=True), Integer(-1))`) -> Dim.

A parser of its own, for calls, names, numbers and quoted texts alone; nothing is evaluated. PyTorch 2.5 has formulas
instead (`s0 - 1`), which are read as those of a spec. Knows no graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cnnsum.dims import UNKNOWN, Dim, Expr, evaluate, maximum, minimum, prod

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_][\w.]*)|(?P<number>-?\d+)|'(?P<text>[^']*)'|(?P<mark>[(),=]))")
#: Characters of an expression, and calls within calls: longer ones are not known.
MAX_TEXT = 20_000
MAX_DEPTH = 100


#: A formula without calls; `_NAME` are its symbols.
_FORMULA = re.compile(r"(?:[\w\s+*/%-]|\((?<![A-Za-z_]\()|\))+")
_NAME = re.compile(r"[A-Za-z_]\w*")


class _NotKnownError(Exception):
    """The text is not an expression that is known."""


def parse(text: str, symbol: Callable[[str], Dim]) -> Dim:
    """The value of an expression, with `symbol` for its names; UNKNOWN for what is not understood.

    >>> from cnnsum.dims import Symbol
    >>> H = Symbol("H").dim
    >>> parse("FloorDiv(Add(Symbol('s0', positive=True, integer=True), Integer(-1)), Integer(2))", lambda name: H)
    (H - 1)//2
    >>> parse("Integer(3)", lambda name: H), parse("__import__('os')", lambda name: H)
    (3, ?)
    >>> parse("2*((s0 - 1)//2)", lambda name: H), parse("Mod(s0, 2)", lambda name: H)
    (2*((H - 1)//2), ?)
    """
    if len(text) > MAX_TEXT:
        return UNKNOWN
    if _FORMULA.fullmatch(text):
        return _formula(text, symbol)
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return UNKNOWN
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    try:
        value, end = _Parser(tokens, symbol).expression(0, 0)
    except (_NotKnownError, IndexError, TypeError, ZeroDivisionError):
        return UNKNOWN
    return value if end == len(tokens) else UNKNOWN


def _formula(text: str, symbol: Callable[[str], Dim]) -> Dim:
    from cnnsum.dims.tokens import ExpressionError

    try:
        found = evaluate(text, {name: symbol(name) for name in dict.fromkeys(_NAME.findall(text))})
    except ExpressionError:
        return UNKNOWN
    return found if isinstance(found, (int, Expr)) and not isinstance(found, bool) else UNKNOWN


class _Parser:
    """Reads one list of tokens."""

    def __init__(self, tokens: list[tuple[str, str]], symbol: Callable[[str], Dim]) -> None:
        self.tokens = tokens
        self.symbol = symbol

    def expression(self, at: int, depth: int) -> tuple[Dim, int]:
        """The value of the expression that begins at a token, and the token after it."""
        kind, text = self.tokens[at]
        if depth > MAX_DEPTH:
            raise _NotKnownError
        if kind == "number":
            return int(text), at + 1
        if kind != "name" or self.tokens[at + 1] != ("mark", "("):
            raise _NotKnownError
        if text == "Symbol":
            return self._symbol(at + 2)
        values: list[Dim] = []
        at += 2
        while self.tokens[at] != ("mark", ")"):
            if self.tokens[at][0] == "name" and self.tokens[at + 1] == ("mark", "="):
                at += 3  # `evaluate=False` and the like
            else:
                value, at = self.expression(at, depth + 1)
                values.append(value)
            if self.tokens[at] == ("mark", ","):
                at += 1
        return _apply(text, values), at + 1

    def _symbol(self, at: int) -> tuple[Dim, int]:
        kind, name = self.tokens[at]
        if kind != "text":
            raise _NotKnownError
        while self.tokens[at] != ("mark", ")"):
            at += 1
        return self.symbol(name), at + 1


def _apply(name: str, values: list[Dim]) -> Dim:
    if name == "Integer":
        return values[0]
    if name == "Add":
        return sum(values, start=0)
    if name == "Mul":
        return prod(values)
    if name in ("FloorDiv", "CleanDiv", "IntTrueDiv"):
        return values[0] // values[1]
    if name in ("Mod", "PythonMod"):
        return values[0] % values[1]
    if name == "Max":
        return maximum(*values)
    if name == "Min":
        return minimum(*values)
    if name in ("Pow", "PowByNatural"):
        base, power = values
        if isinstance(power, int) and 0 <= power <= 4:
            return prod([base] * power)
    raise _NotKnownError
