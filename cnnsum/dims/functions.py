"""The functions of the spec language, but for `floor`, which is an operator too (see `values`)."""

from __future__ import annotations

import math
from collections.abc import Callable

from cnnsum.dims.expr import UNKNOWN, Dim, Expr, Unknown
from cnnsum.dims.making import ceil_div, maximum, minimum
from cnnsum.dims.values import (
    Operand,
    OperationError,
    Ratio,
    as_float,
    checked,
    floor_over,
    known,
    less,
    operand,
    plus,
    quotient,
    settle,
    shown,
    times,
)


def ceil(x: object) -> Operand:
    """The smallest whole number not below x."""
    x = operand(x)
    if isinstance(x, float):
        return checked(math.ceil(x))
    if isinstance(x, Ratio):
        return known(ceil_div(x.above, x.below))
    return x


def nearest(x: object) -> Operand:
    """The nearest whole number; from the middle between two, the even one, as Python's `round`."""
    x = operand(x)
    if isinstance(x, float):
        return checked(round(x))
    if not isinstance(x, Ratio):
        return x
    above, below = x.above, x.below
    if not isinstance(below, int):
        raise OperationError(f"{shown(x)} cannot be rounded: {shown(below)} is a formula", "use ceil or floor")
    up: Dim = (2 * above + below) // (2 * below)
    if below % 2:
        return known(up)
    # Rounding up from the middle is wrong where it gives an odd number: where 2*above - below is a multiple of
    # 4*below, one is too many. The difference of two floors is 1 just there.
    middle = 2 * above - below
    return known(up - (middle // (4 * below) - (middle - 1) // (4 * below)))


def divisible(x: object, by: object) -> Operand:
    """X rounded to a multiple of `by`, at least `by`, and never below 90 % of x.

    The rounding of channel counts in MobileNet and EfficientNet: max(by, int(x + by/2)//by*by), and one `by` more
    where that is less than 0.9*x.
    """
    x, by = operand(x), operand(by)
    if isinstance(by, float) and by.is_integer():
        by = int(by)
    if not isinstance(by, int) or by < 1:
        raise OperationError(f"divisible(x, by) needs a whole number of 1 or more for `by`, not {by}")
    if isinstance(x, Ratio) and x.plain:
        x = float(x)
    if isinstance(x, int | float):
        near = max(by, int(x + by / 2) // by * by)
        return checked(near + by if near < 0.9 * x else near)
    rounded = largest(by, times(floor_over(plus(times(2, x), by), 2 * by), by))
    try:
        return plus(rounded, by) if less(times(10, rounded), times(9, x)) else rounded
    except OperationError as fault:
        raise OperationError(f"divisible({shown(x)}, {by}) is not a single formula", fault.help) from None


def largest(*values: object) -> Operand:
    """The largest of the values."""
    return _extreme(max, maximum, values)


def smallest(*values: object) -> Operand:
    """The smallest of the values."""
    return _extreme(min, minimum, values)


def _extreme(choose: Callable[..., Operand], formula: Callable[..., Dim], values: tuple[object, ...]) -> Operand:
    numbers = [operand(value) for value in values]
    if any(isinstance(number, Unknown) for number in numbers):
        return UNKNOWN
    if all(isinstance(number, int | Expr) for number in numbers):
        return known(formula(*numbers))
    if any(isinstance(number, Ratio) and not number.plain for number in numbers):
        return _extreme_fraction(formula, numbers)
    decimal = next((float(n) for n in numbers if isinstance(n, float | Ratio) and not isinstance(n, bool)), 0.0)
    for number in numbers:
        as_float(number, decimal)
    return choose(settle(number) for number in numbers)


def _extreme_fraction(formula: Callable[..., Dim], numbers: list[Operand]) -> Operand:
    """The extreme of fractions, over the denominator that they have in common: max(H/2, 4) is max(H, 8)/2."""
    parts: list[tuple[Dim, int]] = []
    for number in numbers:
        if isinstance(number, float):
            as_float(next(one for one in numbers if isinstance(one, Ratio) and not one.plain), number)  # which raises
        above, below = (number.above, number.below) if isinstance(number, Ratio) else (number, 1)
        if not isinstance(below, int) or isinstance(above, float):
            raise OperationError("a fraction by a formula cannot be compared", "use ceil or floor on it first")
        parts.append((above, below))
    common = math.lcm(*(below for _, below in parts))
    return checked(quotient(known(formula(*(above * (common // below) for above, below in parts))), common))
