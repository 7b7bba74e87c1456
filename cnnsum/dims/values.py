"""What the operators and functions of the spec language do with their operands.

Whole numbers stay whole: a division that does not come out even is kept as a fraction, so that `ceil`, `floor` and
`round` are exact, for formulas too; only a result that is still a fraction becomes a float. Results are bounded.
This module raises `OperationError` with the bare fact; `language` adds the place. It knows no text.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from cnnsum.dims.expr import UNKNOWN, Dim, Expr, Unknown, symbols_of
from cnnsum.dims.questions import at_least, equal
from cnnsum.typed import TypeAlias, TypeVar, overload

Value: TypeAlias = int | float | bool | str | Expr | Unknown

T = TypeVar("T")

LIMIT = 2**63  # of the magnitude of whole numbers, coefficients included
_MAX_EXPONENT = 64  # of a formula
_MAX_DECIMAL = 10**9  # of the two parts of a decimal number that is calculated with as a fraction


class OperationError(Exception):
    """What is wrong with an operation, and how to mend it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class Ratio:
    """A division that did not come out even; the denominator is positive where it is a number."""

    __slots__ = ("above", "below")

    def __init__(self, above: int | Expr, below: int | Expr) -> None:
        self.above = above
        self.below = below

    @property
    def plain(self) -> bool:
        """Whether no symbol is in it."""
        return isinstance(self.above, int) and isinstance(self.below, int)

    def __float__(self) -> float:
        assert isinstance(self.above, int)
        assert isinstance(self.below, int)
        return self.above / self.below

    def __str__(self) -> str:
        is_sum = isinstance(self.above, Expr) and len(self.above.terms) > 1
        above = f"({self.above})" if is_sum else str(self.above)
        return f"{above}/{self.below}" if str(self.below).isalnum() else f"{above}/({self.below})"


_OPERANDS = (int, float, Expr, Unknown, Ratio)

#: Lists of the formulas that are divided by, for those who want to know them.
_watching: list[list[Expr]] = []


def with_divisors(run: Callable[[], T]) -> tuple[T, list[Expr]]:
    """What an evaluation gives, and the formulas that it divides by and that may be 0: where one is, there is no value.

    The value does not show them all: `(H - 4)*W // (H - 4)` is W.
    """
    found: list[Expr] = []
    _watching.append(found)
    try:
        return run(), [one for one in dict.fromkeys(found) if equal(one, 0) is not False]
    finally:
        _watching.pop()


Operand: TypeAlias = int | float | Expr | Unknown | Ratio
Result: TypeAlias = Value | Ratio  # of a part of an expression


def kind(value: object) -> str:
    """What a value is, in words."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) <= 40 else "a text"
    if isinstance(value, list | tuple):
        return "a list"
    return "a mapping" if isinstance(value, dict) else f"a {type(value).__name__}"


def shown(value: object) -> str:
    """A value in a message: long formulas are cut."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def operand(value: object) -> Operand:
    """The value as a number, or the fault that it is not a number."""
    if isinstance(value, _OPERANDS) and not isinstance(value, bool):
        return value
    raise OperationError(f"a number is needed here, not {kind(value)}")


def checked(value: T) -> T:
    """A result, if it is within the limits."""
    if isinstance(value, int):
        if -LIMIT <= value <= LIMIT:
            return value
    elif isinstance(value, float):
        if math.isfinite(value):
            return value
        raise OperationError("the result is too large for a floating-point number")
    elif isinstance(value, Expr):
        if all(-LIMIT <= factor <= LIMIT for _, factor in value.terms):
            return value
    else:
        return value
    raise OperationError("the result is larger than 2**63")


def settle(value: T | Ratio) -> T | float:
    """The value of a whole expression: a fraction becomes a float."""
    if isinstance(value, Ratio):
        if value.plain:
            return float(value)
        raise OperationError(
            f"{shown(value)} is not always a whole number",
            f"use ceil({shown(value)}) or floor({shown(value)})",
        )
    return value


def exact(number: float) -> int | float | Ratio:
    """A decimal number as the fraction that its digits say; a float where those are too many.

    >>> str(exact(0.29)), exact(2.0), exact(1e-300)
    ('29/100', 2, 1e-300)
    """
    from decimal import Decimal  # which only a decimal number in an expression needs

    if not math.isfinite(number):
        return number
    above, below = Decimal(repr(number)).as_integer_ratio()
    if abs(above) > _MAX_DECIMAL or below > _MAX_DECIMAL:
        return number
    found = quotient(above, below)
    assert isinstance(found, int | Ratio)
    return found


def _by_floats(
    operate: Callable[[float, float], float], a: Operand, b: Operand, *, divides: bool = False
) -> float | Unknown:
    """What an operator makes of two numbers of which one is a float: the other becomes one, too."""
    x, y = as_float(a, b), as_float(b, a)
    if divides and isinstance(y, float) and y == 0:
        raise OperationError("division by zero")
    return UNKNOWN if isinstance(x, Unknown) or isinstance(y, Unknown) else checked(operate(x, y))


def as_float(value: Operand, other: Operand) -> float | Unknown:
    """The value as a float, because the `other` is one."""
    if isinstance(value, Expr) or (isinstance(value, Ratio) and not value.plain):
        raise OperationError(
            f"the formula {shown(value)} is exact and cannot be calculated with the decimal number {other!r}",
            "write the number as a fraction of whole numbers, as in 3*H/4",
        )
    if isinstance(value, Unknown):
        return value
    try:
        return float(value)
    except OverflowError:
        raise OperationError("the number is too large for a floating-point number") from None


def _split(value: Operand) -> tuple[Dim, Dim]:
    assert not isinstance(value, float)
    return (value.above, value.below) if isinstance(value, Ratio) else (value, 1)


def quotient(above: Dim, below: Dim) -> Dim | Ratio:
    """above/below: a size where it comes out even, else a fraction in lowest terms."""
    if isinstance(below, int) and below == 0:
        raise OperationError("division by zero")
    if isinstance(above, Unknown) or isinstance(below, Unknown):
        return UNKNOWN
    if _watching and isinstance(below, Expr):
        _watching[-1].append(below)
    if isinstance(above, int) and isinstance(below, int):
        common = math.gcd(above, below) * (-1 if below < 0 else 1)
        above, below = above // common, below // common
        if below == 1:
            return above
        if abs(above) > LIMIT or below > LIMIT:
            raise OperationError("the fraction has more than 19 digits")
        return Ratio(above, below)
    if isinstance(below, int) and below < 0:
        above, below = -above, -below
    whole = above // below
    if equal(whole * below, above) is True:
        return whole
    if isinstance(below, int) and isinstance(above, Expr):
        common = math.gcd(below, *(factor for _, factor in above.terms))
        if common > 1 and isinstance(less := above // common, Expr):
            above, below = less, below // common
    return Ratio(above, below)


# --- operators ------------------------------------------------------------------------------------------------------


@overload
def plus(a: Dim, b: Dim) -> Dim: ...
@overload
def plus(a: object, b: object) -> Operand: ...
def plus(a: object, b: object) -> Operand:
    """A + b."""
    if type(a) is int and type(b) is int:
        return checked(a + b)
    x, y = operand(a), operand(b)
    if isinstance(x, float) or isinstance(y, float):
        return _by_floats(operator.add, x, y)
    if isinstance(x, Ratio) or isinstance(y, Ratio):
        (p, q), (r, s) = _split(x), _split(y)
        return checked(quotient(p * s + r * q, q * s))
    return known(x + y, x, y)


def minus(a: object, b: object) -> Operand:
    """A - b."""
    if type(a) is int and type(b) is int:
        return checked(a - b)
    return plus(a, negative(b))


def negative(a: object) -> Operand:
    """-a."""
    a = operand(a)
    return Ratio(-a.above, a.below) if isinstance(a, Ratio) else checked(-a)


def times(a: object, b: object) -> Operand:
    """A * b."""
    if type(a) is int and type(b) is int:
        return checked(a * b)
    x, y = operand(a), operand(b)
    if isinstance(x, float) or isinstance(y, float):
        return _by_floats(operator.mul, x, y)
    if isinstance(x, Ratio) or isinstance(y, Ratio):
        (p, q), (r, s) = _split(x), _split(y)
        return checked(quotient(p * r, q * s))
    return known(x * y, x, y)


def over(a: object, b: object) -> Operand:
    """A / b: exact where a and b are."""
    x, y = operand(a), operand(b)
    if isinstance(x, float) or isinstance(y, float):
        return _by_floats(operator.truediv, x, y, divides=True)
    (p, q), (r, s) = _split(x), _split(y)
    return checked(quotient(p * s, q * r))


def floor_over(a: object, b: object) -> Operand:
    """A // b."""
    if type(a) is int and type(b) is int and b:
        return checked(a // b)
    x, y = operand(a), operand(b)
    if isinstance(x, float) or isinstance(y, float):
        return _by_floats(operator.floordiv, x, y, divides=True)
    if isinstance(y, int) and y == 0:
        raise OperationError("division by zero")
    return floor(over(x, y))


def floor(x: object) -> Operand:
    """The largest whole number not above x."""
    x = operand(x)
    if isinstance(x, float):
        return checked(math.floor(x))
    if isinstance(x, Ratio):
        return known(x.above // x.below)
    return x


def modulo(a: object, b: object) -> Operand:
    """A % b, with the sign of b."""
    if type(a) is int and type(b) is int and b:
        return a % b
    x, y = operand(a), operand(b)
    if isinstance(x, float) or isinstance(y, float):
        return _by_floats(operator.mod, x, y, divides=True)
    if isinstance(y, int) and y == 0:
        raise OperationError("division by zero")
    return minus(x, times(y, floor_over(x, y)))


def power(a: object, b: object) -> Operand:
    """A ** b, refused before it is calculated where it would be too large."""
    a, b = operand(a), operand(b)
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return UNKNOWN
    if isinstance(b, Ratio):
        if not b.plain:
            raise OperationError(f"the exponent {shown(b)} is a formula", "an exponent must be a number")
        b = float(b)
    if isinstance(b, Expr):
        raise OperationError(f"the exponent {shown(b)} is a formula", "an exponent must be a number")
    if isinstance(b, int) and not isinstance(a, float):
        return _whole_power(a, b)
    base = as_float(a, float(b))
    assert isinstance(base, float)
    try:
        result = base**b
    except OverflowError:
        raise OperationError("the result is too large for a floating-point number") from None
    except ZeroDivisionError:
        raise OperationError("division by zero: 0 has no negative power") from None
    if isinstance(result, complex):
        raise OperationError(f"the negative number {a} has no power {b}")
    real: float = result
    return checked(real)


def _whole_power(a: int | Expr | Ratio, b: int) -> Operand:
    if b < 0:
        return over(1, _whole_power(a, -b))
    if isinstance(a, Ratio):
        return over(_whole_power(a.above, b), _whole_power(a.below, b))
    if isinstance(a, int):
        if (abs(a).bit_length() - 1) * b > LIMIT.bit_length():
            raise OperationError("the result is larger than 2**63")
        whole: int = a**b
        return checked(whole)
    if b > _MAX_EXPONENT:
        raise OperationError(f"the exponent {b} is too large: a formula takes exponents up to {_MAX_EXPONENT}")
    return known(a**b, a)


def known(result: T, *operands: object) -> T:
    """UNKNOWN comes from UNKNOWN, and otherwise says that a formula is past the limits of `expr`."""
    if result is UNKNOWN and not any(value is UNKNOWN for value in operands):
        raise OperationError("the formula becomes too large")
    return checked(result)


# --- comparisons ----------------------------------------------------------------------------------------------------


def same(a: object, b: object) -> bool:
    """A == b. A text, a truth value and a number are never the same."""
    return _same("==", a, b)


def different(a: object, b: object) -> bool:
    """A != b."""
    return not _same("!=", a, b)


def among(a: object, members: list[object]) -> bool:
    """Whether A is one of the members."""
    return any(same(a, member) for member in members)


def not_among(a: object, members: list[object]) -> bool:
    """Whether A is not among the members."""
    return not among(a, members)


def less(a: object, b: object) -> bool:
    """A < b."""
    return not _reaches("<", a, b)


def less_or_same(a: object, b: object) -> bool:
    """A <= b."""
    return _reaches("<=", b, a, turned=True)


def greater(a: object, b: object) -> bool:
    """A > b."""
    return not _reaches(">", b, a, turned=True)


def greater_or_same(a: object, b: object) -> bool:
    """A >= b."""
    return _reaches(">=", a, b)


def _same(sign: str, a: object, b: object) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    if isinstance(a, bool) or isinstance(b, bool):
        return isinstance(a, bool) and isinstance(b, bool) and a is b
    x, y = _comparable(a, b)
    if isinstance(x, float) or isinstance(y, float):
        return x == y
    return _decided(equal(x, y), sign, a, b)


def _reaches(sign: str, a: object, b: object, *, turned: bool = False) -> bool:
    """Whether a >= b, asked by an operator (`turned`: written with b first)."""
    x, y = _comparable(a, b)
    if isinstance(x, float) or isinstance(y, float):
        return x >= y  # both are plain numbers
    return _decided(at_least(x, y), sign, *((b, a) if turned else (a, b)))


def _comparable(a: object, b: object) -> tuple[Dim | float, Dim | float]:
    """Both values as sizes that compare as they do, or both as plain numbers, one of them a float."""
    a, b = operand(a), operand(b)
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        raise OperationError("the comparison is with a size that is not known")
    if isinstance(a, float) or isinstance(b, float):
        x, y = (float(value) if isinstance(value, Ratio) and value.plain else value for value in (a, b))
        if isinstance(x, int | float) and isinstance(y, int | float):
            return x, y
        as_float(x, y)  # these raise: a formula and a decimal number
        as_float(y, x)
    (p, q), (r, s) = _split(a), _split(b)
    if not (isinstance(q, int) and isinstance(s, int)):
        raise OperationError("a fraction by a formula cannot be compared")
    return p * s, r * q


def _decided(answer: bool | None, sign: str, a: object, b: object) -> bool:
    if answer is not None:
        return answer
    names = sorted({symbol.name for value in (a, b) for part in _split(operand(value)) for symbol in symbols_of(part)})
    settings = " ".join(f"--set {name}=..." for name in names)
    raise OperationError(
        f"whether {shown(a)} {sign} {shown(b)} depends on {' and '.join(names)}",
        f"give {'it a value' if len(names) == 1 else 'them values'} with {settings}",
    )
