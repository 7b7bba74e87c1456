"""The expressions of the spec language: text -> value, with our own small parser and no `eval`.

A text is parsed once into nested functions and remembered; blocks repeat the same few texts many times. Every error
is an `ExpressionError` with its place in the text; the caller knows where the text stands in the file. Length,
nesting and the size of numbers are bounded. The meaning of the operators is in `values`.

An operator-precedence (Pratt) parser, after Pratt, "Top Down Operator Precedence" (1973): operators of one level
are collected into one chain, so that long sums are not deep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from cnnsum.dims import functions, values
from cnnsum.dims.expr import UNKNOWN, Dim, Expr, Symbol, Unknown, Varying
from cnnsum.dims.tokens import CONSTANTS, NAME, WORDS, ExpressionError, Token, UnknownNameError, tokens
from cnnsum.dims.values import OperationError, Ratio, Result, Value
from cnnsum.typed import NamedTuple, TypeAlias, overload

MAX_LENGTH = 10_000  # characters of an expression
MAX_PRINTED_LENGTH = 200_000  # of a printed size, which no person wrote
MAX_DEPTH = 100  # parentheses, signs, conditions and functions in one another
MAX_DIGITS = 40  # of a number as it is written

_VALUES = (int, float, str, Expr, Unknown, Ratio)  # a tuple, because a union is built anew at each test

Run: TypeAlias = Callable[[Mapping[str, object]], Result]
_Apply: TypeAlias = Callable[..., Result]
#: An operator, what gives its second operand (`in` has a list there), and where that ends in the text.
_Link: TypeAlias = tuple[_Apply, Callable[[Mapping[str, object]], object], int]

# How strongly an operator binds, the weakest first.
_IF, _OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _SIGN, _POWER = range(9)
_BINDING = {
    "if": _IF, "or": _OR, "and": _AND, "==": _COMPARE, "!=": _COMPARE, "<": _COMPARE, "<=": _COMPARE,
    ">": _COMPARE, ">=": _COMPARE, "in": _COMPARE, "not": _COMPARE, "+": _ADD, "-": _ADD, "*": _MULTIPLY,
    "/": _MULTIPLY, "//": _MULTIPLY, "%": _MULTIPLY, "**": _POWER,
}  # fmt: skip
_OPERATORS: dict[str, _Apply] = {
    "==": values.same, "!=": values.different, "<": values.less, "<=": values.less_or_same,
    ">": values.greater, ">=": values.greater_or_same, "+": values.plus, "-": values.minus, "*": values.times,
    "/": values.over, "//": values.floor_over, "%": values.modulo, "**": values.power,
}  # fmt: skip
# Each function with the number of its arguments; None: one or more.
_FUNCTIONS: dict[str, tuple[_Apply, int | None]] = {
    "min": (functions.smallest, None),
    "max": (functions.largest, None),
    "ceil": (functions.ceil, 1),
    "floor": (values.floor, 1),
    "round": (functions.nearest, 1),
    "divisible": (functions.divisible, 2),
}


@overload
def evaluate(text: str, names: Mapping[str, Value]) -> Value: ...
@overload
def evaluate(text: str, names: Mapping[str, object]) -> object: ...
def evaluate(text: str, names: Mapping[str, object]) -> object:
    """The value of an expression, in which `names` stand for their values; one that differs between variants
    (`Varying`) gives one that differs.

    Raises ExpressionError (for a name that is not in `names`: UnknownNameError).

    >>> evaluate("4*width if deep else width", {"width": 64, "deep": True})
    256
    >>> evaluate("ceil(H/32) - 1", {"H": Symbol("H").dim})
    (H - 1)//32
    >>> evaluate("9**9**9", {})
    Traceback (most recent call last):
    cnnsum.dims.tokens.ExpressionError: the result is larger than 2**63
    """
    node = _parse(text, MAX_LENGTH)
    try:
        return _settled(node, names)
    except OperationError as fault:
        raise ExpressionError(fault.message, node.start, node.end, fault.help) from None


def evaluate_where(text: str, names: Mapping[str, object]) -> tuple[object, list[Expr]]:
    """The value of an expression, and the formulas that it divides by and that may be 0: it has no value there.

    A fraction of formulas, which `evaluate` refuses, is given as such (`values.Ratio`): it may be whole for some sizes.

    >>> value, divisors = evaluate_where("3*H/(H - 4)", {"H": Symbol("H").dim})
    >>> str(value), divisors
    ('3*H/(H - 4)', [H - 4])
    """
    node = _parse(text, MAX_LENGTH)

    def run() -> object:
        try:
            value = node.run(names)
        except _Varies as found:
            return found.value.each(node.run, names)
        return value if isinstance(value, Ratio) and not value.plain else values.settle(value)

    try:
        return values.with_divisors(run)
    except OperationError as fault:
        raise ExpressionError(fault.message, node.start, node.end, fault.help) from None


def parse_dim(text: str, symbols: Mapping[str, Symbol] | None = None) -> Dim:
    """The size that a printed text stands for; names that are not in `symbols` become symbols.

    Raises ExpressionError for a text that is not an expression, or one that has another value than a size.

    >>> parse_dim("2*(H//2) + 1")
    2*(H//2) + 1
    """
    if text == str(UNKNOWN):
        return UNKNOWN
    node = _parse(text, MAX_PRINTED_LENGTH)
    try:
        value: Value = values.settle(node.run(_Symbols(symbols or {})))
    except OperationError as fault:
        raise ExpressionError(fault.message, node.start, node.end, fault.help) from None
    if isinstance(value, int | Expr | Unknown) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"a size is a whole number, not {_describe(value)}", node.start, node.end)


def is_name(text: str) -> bool:
    """Whether the text can name a symbol or variable: letters, digits and `_`, and no word of the language."""
    return NAME.match(text) is not None and text not in WORDS


def _describe(value: Value) -> str:
    return str(value) if isinstance(value, float) else values.kind(value)


def _settled(node: _Node, names: Mapping[str, object]) -> object:
    try:
        return values.settle(node.run(names))
    except _Varies as found:
        varying = found.value
    return varying.each(node.run, names)


class _Varies(Exception):
    """A name stands for a value that differs: the expression is evaluated for each variant."""

    def __init__(self, value: Varying) -> None:
        super().__init__()
        self.value = value


class _Symbols(dict[str, Dim]):
    """Names to sizes: every name that is not declared is a symbol."""

    def __init__(self, declared: Mapping[str, Symbol]) -> None:
        super().__init__((name, symbol.dim) for name, symbol in declared.items())

    def __missing__(self, name: str) -> Dim:
        return Symbol(name).dim


class _Node(NamedTuple):
    """A parsed piece of text: what computes its value, and where it stands."""

    run: Run
    start: int
    end: int


def _commas(text: str) -> str | None:
    """How several numbers, or symbols of one letter, without anything between them are written; None for words."""
    words = text.split()
    letters = all(len(word) == 1 and word.isalpha() for word in words)
    several = len(words) > 1 and (letters or all(map(str.isdecimal, words)))
    return f"commas stand between values: {', '.join(words)}" if several else None


@lru_cache(1 << 12)
def _parse(text: str, limit: int) -> _Node:
    if len(text) > limit:
        raise ExpressionError(f"the expression is longer than {limit:,} characters", 0, len(text))
    parser = _Parser(tokens(text))
    if parser.token.kind == "end":
        raise ExpressionError("the expression is empty", 0, len(text))
    node = parser.expression(_IF)
    if parser.token.kind != "end":
        raise parser.unexpected("an operator", _commas(text))
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.token = tokens[0]
        self.depth = 0

    def advance(self) -> Token:
        token = self.token
        self.at += 1
        self.token = self.tokens[self.at]
        return token

    def unexpected(self, wanted: str, help: str | None = None) -> ExpressionError:
        token = self.token
        found = "the end" if token.kind == "end" else f"`{token.text}`"
        return ExpressionError(f"expected {wanted}, found {found}", token.start, token.end, help)

    def expect(self, text: str) -> Token:
        if self.token.text != text or self.token.kind == "string":
            raise self.unexpected(f"`{text}`")
        return self.advance()

    def inside(self, binding: int) -> _Node:
        """An expression one level deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"the expression is nested deeper than {MAX_DEPTH} levels"
            raise ExpressionError(message, self.token.start, self.token.end)
        node = self.expression(binding)
        self.depth -= 1
        return node

    def operator(self) -> str | None:
        return self.token.text if self.token.kind in ("sign", "name") and self.token.text in _BINDING else None

    def expression(self, binding: int) -> _Node:
        """What stands here, up to an operator that binds less than `binding`."""
        node = self.operand()
        while (operator := self.operator()) is not None and _BINDING[operator] >= binding:
            level = _BINDING[operator]
            if level == _IF:
                node = self.choice(node)
            elif level in (_OR, _AND):
                node = self.logic(node, operator, level)
            elif level == _POWER:
                self.advance()
                exponent = self.inside(_SIGN)
                node = _chain(node, [(_OPERATORS["**"], exponent.run, exponent.end)])
            else:
                node = self.chain(node, level)
        return node

    def chain(self, node: _Node, level: int) -> _Node:
        rest: list[_Link] = []
        while (operator := self.operator()) is not None and _BINDING[operator] == level:
            if level == _COMPARE and rest:
                token = self.token
                help = "write `a < b and b < c`"
                raise ExpressionError("a comparison has two sides", token.start, token.end, help)
            if operator in ("in", "not"):
                rest.append(self.membership())
                continue
            self.advance()
            other = self.expression(level + 1)
            rest.append((_OPERATORS[operator], other.run, other.end))
        return _chain(node, rest)

    def membership(self) -> _Link:
        """`in {a, b}` and `not in {a, b}`: the operand is all that stands in the braces."""
        excluded = self.token.text == "not"
        if excluded:
            self.advance()
        self.expect("in")
        opening = self.token
        if opening.text != "{":
            help = "write the numbers in braces: `x in {1, 2}`"
            raise ExpressionError("`in` is followed by numbers in braces", opening.start, opening.end, help)
        self.advance()
        runs = [self.inside(_IF).run]
        while self.token.text == ",":
            self.advance()
            runs.append(self.inside(_IF).run)
        end = self.expect("}").end
        return values.not_among if excluded else values.among, lambda names: [run(names) for run in runs], end

    def logic(self, node: _Node, word: str, level: int) -> _Node:
        nodes = [node]
        while self.operator() == word:
            self.advance()
            nodes.append(self.expression(level + 1))
        return _logic(nodes, decided=word == "or")

    def choice(self, chosen: _Node) -> _Node:
        self.advance()
        condition = self.inside(_OR)
        self.expect("else")
        return _choice(chosen, condition, self.inside(_IF))

    def operand(self) -> _Node:
        token = self.token
        if token.kind == "number":
            self.advance()
            return _constant(_number(token), token)
        if token.kind == "string":
            self.advance()
            return _constant(token.text[1:-1], token)
        if token.text == "-":
            self.advance()
            return _unary(values.negative, self.inside(_SIGN), token.start)
        if token.text == "not":
            self.advance()
            return _not(self.inside(_NOT), token.start)
        if token.text == "(":
            self.advance()
            node = self.inside(_IF)
            return _Node(node.run, token.start, self.expect(")").end)
        if token.text in CONSTANTS:
            self.advance()
            return _constant(CONSTANTS[token.text], token)
        if token.kind == "name" and token.text not in WORDS:
            self.advance()
            return self.call(token) if self.token.text == "(" else _name(token)
        help = "braces stand only after `in`: `x in {1, 2}`" if token.text == "{" else None
        raise self.unexpected("a number, a name or `(`", help)

    def call(self, name: Token) -> _Node:
        if name.text not in _FUNCTIONS:
            help = f"the functions are {', '.join(sorted(_FUNCTIONS))}"
            raise ExpressionError(f"there is no function `{name.text}`", name.start, name.end, help)
        self.advance()
        args: list[_Node] = []
        if self.token.text != ")":
            args.append(self.inside(_IF))
            while self.token.text == ",":
                self.advance()
                args.append(self.inside(_IF))
        end = self.expect(")").end
        function, count = _FUNCTIONS[name.text]
        if not args or count not in (None, len(args)):
            wanted = "one or more arguments" if count is None else "1 argument" if count == 1 else f"{count} arguments"
            raise ExpressionError(f"{name.text} takes {wanted}, not {len(args)}", name.start, end)
        return _call(function, [arg.run for arg in args], name.start, end)


# --- from the parsed pieces to functions ----------------------------------------------------------------------------


def _number(token: Token) -> int | float | values.Ratio:
    if len(token.text) > MAX_DIGITS:
        raise ExpressionError(f"the number has more than {MAX_DIGITS} digits", token.start, token.end)
    try:
        number = int(token.text) if token.text.isdecimal() else float(token.text)
        values.checked(number)
    except OperationError:
        raise ExpressionError(f"the number {token.text} is too large", token.start, token.end) from None
    return values.exact(number) if isinstance(number, float) else number


def _constant(value: Result, token: Token) -> _Node:
    return _Node(lambda _names: value, token.start, token.end)


def _name(token: Token) -> _Node:
    name, start, end = token.text, token.start, token.end

    def run(names: Mapping[str, object]) -> Result:
        try:
            value = names[name]
        except KeyError:
            raise UnknownNameError(name, start, end) from None
        if isinstance(value, _VALUES):
            return values.exact(value) if isinstance(value, float) else value
        if isinstance(value, Varying):
            raise _Varies(value)
        raise ExpressionError(f"`{name}` is {values.kind(value)}, not a number", start, end)

    return _Node(run, start, end)


def _chain(first: _Node, rest: list[_Link]) -> _Node:
    run_first, start = first.run, first.start

    def run(names: Mapping[str, object]) -> Result:
        value = run_first(names)
        end = start
        try:
            for apply, run_other, end in rest:  # noqa: B007 - names the place of the error
                value = apply(value, run_other(names))
        except OperationError as fault:
            raise ExpressionError(fault.message, start, end, fault.help) from None
        return value

    return _Node(run, start, rest[-1][2])


def _unary(apply: _Apply, node: _Node, start: int) -> _Node:
    return _call(apply, [node.run], start, node.end)


def _call(function: _Apply, args: list[Run], start: int, end: int) -> _Node:
    def run(names: Mapping[str, object]) -> Result:
        try:
            return function(*[arg(names) for arg in args])
        except OperationError as fault:
            raise ExpressionError(fault.message, start, end, fault.help) from None

    return _Node(run, start, end)


def _truth(node: _Node, names: Mapping[str, object]) -> bool:
    value = node.run(names)
    if value is True or value is False:
        return value
    what = values.kind(value) if isinstance(value, str) else "a number"
    raise ExpressionError(f"a condition must be true or false, not {what}", node.start, node.end, "compare: `x != 0`")


def _logic(nodes: list[_Node], *, decided: bool) -> _Node:
    """`or` (decided by the first that is true) and `and` (decided by the first that is false)."""

    def run(names: Mapping[str, object]) -> bool:
        return next((decided for node in nodes if _truth(node, names) is decided), not decided)

    return _Node(run, nodes[0].start, nodes[-1].end)


def _not(node: _Node, start: int) -> _Node:
    return _Node(lambda names: not _truth(node, names), start, node.end)


def _choice(chosen: _Node, condition: _Node, other: _Node) -> _Node:
    def run(names: Mapping[str, object]) -> Result:
        return (chosen if _truth(condition, names) else other).run(names)

    return _Node(run, chosen.start, other.end)
