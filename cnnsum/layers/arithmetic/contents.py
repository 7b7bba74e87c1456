"""Numbers in tensors that are computed from sizes: what operations make of them, element by element.

Programs compute shapes with tensors: the shape of one, a part of it, a product, put end to end with others. The numbers
are dims (for floats also fractions of dims, and floats), row by row; what cannot be followed is UNKNOWN, element by
element. Names no type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product

from cnnsum.dims import UNKNOWN, Dim, Expr, Unknown, at_least, equal, maximum, prod
from cnnsum.dims.functions import ceil, largest, nearest, smallest
from cnnsum.dims.values import Operand, OperationError, Ratio, exact, floor, minus, negative, over, plus, power, times
from cnnsum.layers.facts import Constant, Content, Shape

#: Numbers in a tensor that are followed: shapes, pads and parts are shorter.
MOST = 64

Operation = Callable[..., Operand]


def content_of(x: Shape | None) -> Content | None:
    """The numbers in a tensor, where all places of them are known; an element may be UNKNOWN."""
    if not isinstance(x, Constant) or len(x.numbers) > MOST or prod(x) != len(x.numbers):
        return None
    return x.numbers


def known(x: Shape | None) -> tuple[Dim, ...] | None:
    """The sizes or places in a tensor of rank 0 or 1; UNKNOWN ones where only their count is known, else None.

    What is not a whole number is not a size: it is not known what a program makes of it.

    >>> x = Constant((2,))
    >>> x.numbers = (3, 0.5)
    >>> known(x)
    (3, ?)
    """
    if x is None or len(x) > 1:
        return None
    found = content_of(x)
    if found is not None:
        return tuple([one if isinstance(one, (int, Expr)) else UNKNOWN for one in found])
    count = prod(x)
    return (UNKNOWN,) * count if isinstance(count, int) and count <= MOST else None


def whole(x: Shape | None) -> tuple[int, ...] | None:
    """The numbers in a tensor where all of them are plain whole ones; else None."""
    found = content_of(x)
    if found is None:
        return None
    numbers = tuple([one for one in found if type(one) is int])
    return numbers if len(numbers) == len(found) else None


def ends_of(first: Dim, step: Dim, count: Dim) -> tuple[Dim, Dim] | None:
    """The least and the greatest of numbers at equal distances (`Facts.within`); None where there may be none."""
    if not isinstance(step, int) or not at_least(count, 1):
        return None
    last = first + (count - 1) * step
    return (first, last) if step > 0 else (last, first)


def together(content: Content | None) -> tuple[Content | None, ...]:
    """The contents of the one output that an operation has (`Facts.contents`)."""
    return () if content is None else (content,)


def plain(x: Sequence[object]) -> tuple[int, ...] | None:
    """The sizes of a tensor, or other numbers, where all are plain whole ones; else None."""
    sizes = tuple([dim for dim in x if isinstance(dim, int)])
    return sizes if len(sizes) == len(x) else None


def is_float(x: Shape) -> bool:
    """Whether the numbers of a tensor are those of a floating-point one."""
    return isinstance(x, Constant) and ("float" in x.dtype or x.dtype == "double")


def combined(operation: Operation, *inputs: Shape) -> Content | None:
    """An operation on each element of tensors that are broadcast; None where a content is not known.

    >>> x, y = Constant((2,)), Constant(())
    >>> x.numbers, y.numbers = (3, UNKNOWN), (2,)
    >>> combined(times, x, y)
    (6, ?)
    """
    contents = [one for one in map(content_of, inputs) if one is not None]
    if len(contents) < len(inputs):
        return None
    sizes = [one for one in map(plain, inputs) if one is not None]
    if len(sizes) < len(inputs):
        return None
    rank = max(map(len, sizes))
    shapes = [[1] * (rank - len(one)) + list(one) for one in sizes]
    out = [max(dims) if 0 not in dims else 0 for dims in zip(*shapes, strict=True)]
    if prod(out) > MOST:
        return None
    found = []
    for place in product(*map(range, out)):
        elements = []
        for shape, content in zip(shapes, contents, strict=True):
            at = 0
            for dim, step in zip(shape, place, strict=True):
                at = at * dim + (step if dim != 1 else 0)
            if at >= len(content):
                return None  # they do not go together, which the shape's own rule says
            elements.append(content[at])
        found.append(_applied(operation, elements))
    return tuple(found)


def _applied(operation: Operation, elements: Sequence[Operand]) -> Operand:
    """The result for one element; UNKNOWN where it cannot be told."""
    try:
        return operation(*[exact(one) if type(one) is float else one for one in elements])
    except (OperationError, ZeroDivisionError, OverflowError, ValueError, TypeError):
        return UNKNOWN


def moved(x: Shape, out: Shape, place: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Content | None:
    """The content of a tensor of that shape: each element is the one of `x` at the place that `place` gives."""
    content, sizes, wanted = content_of(x), plain(x), plain(out)
    if content is None or sizes is None or wanted is None or math.prod(wanted) > MOST:
        return None
    found = []
    for at in product(*map(range, wanted)):
        index = 0
        for dim, step in zip(sizes, place(at), strict=True):
            index = index * dim + step
        found.append(content[index])
    return tuple(found)


# --- operations on elements -------------------------------------------------------------------------------------------


def divided(a: Operand, b: Operand) -> Dim:
    """The quotient of whole numbers, rounded towards 0, as programs divide.

    >>> divided(-7, 2), divided(7, 2)
    (-3, 3)
    """
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    if not isinstance(a, (int, Expr)) or not isinstance(b, (int, Expr)) or not at_least(b, 1):
        return UNKNOWN
    return a // b if at_least(a, 0) else maximum(0, a) // b - maximum(0, 0 - a) // b


def remainder(a: Operand, b: Operand) -> Dim:
    """What is left of a division of whole numbers, with the sign of the divisor."""
    if not isinstance(a, (int, Expr)) or not isinstance(b, (int, Expr)) or not at_least(b, 1):
        return UNKNOWN
    return a % b


def cut_off(a: Operand) -> Dim:
    """A number without what comes after the point, as a cast to whole numbers does it."""
    if isinstance(a, bool):
        return int(a)
    if isinstance(a, float):
        return int(a) if math.isfinite(a) else UNKNOWN
    if isinstance(a, Ratio):
        return divided(a.above, a.below)
    return a


def absolute(a: Operand) -> Operand:
    """The size of a number without its sign."""
    return abs(a) if isinstance(a, (int, float)) else largest(a, negative(a))


def sign(a: Operand) -> int | Unknown:
    """1, 0 or -1."""
    if isinstance(a, (int, float)):
        return (a > 0) - (a < 0)
    return 1 if isinstance(a, Expr) and at_least(a, 1) else UNKNOWN


def same(a: Operand, b: Operand) -> bool | Unknown:
    """Whether two numbers are equal at all sizes; UNKNOWN where that depends."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b
    answer = equal(a, b) if isinstance(a, (int, Expr)) and isinstance(b, (int, Expr)) else None
    return UNKNOWN if answer is None else answer


def below(a: Operand, b: Operand) -> bool | Unknown:
    """Whether one number is less than another at all sizes; UNKNOWN where that depends."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a < b
    answer = at_least(a, b) if isinstance(a, (int, Expr)) and isinstance(b, (int, Expr)) else None
    return UNKNOWN if answer is None else not answer


def opposite(a: object) -> bool | Unknown:
    """Not."""
    return not a if isinstance(a, bool) else UNKNOWN


def both(a: object, b: object) -> bool | Unknown:
    """And."""
    if a is False or b is False:
        return False
    return a is True and b is True if isinstance(a, bool) and isinstance(b, bool) else UNKNOWN


def either(a: object, b: object) -> bool | Unknown:
    """Or."""
    return opposite(both(opposite(a), opposite(b)))


def chosen(condition: Operand, a: Operand, b: Operand) -> Operand:
    """One number or another, as a condition says."""
    if isinstance(condition, bool):
        return a if condition else b
    if condition is UNKNOWN and isinstance(a, (int, Expr)) and isinstance(b, (int, Expr)) and equal(a, b):
        return a
    return UNKNOWN


__all__ = [
    "MOST",
    "Operation",
    "OperationError",
    "absolute",
    "below",
    "both",
    "ceil",
    "chosen",
    "combined",
    "content_of",
    "cut_off",
    "divided",
    "either",
    "ends_of",
    "floor",
    "is_float",
    "known",
    "largest",
    "minus",
    "moved",
    "nearest",
    "negative",
    "opposite",
    "over",
    "plain",
    "plus",
    "power",
    "remainder",
    "same",
    "sign",
    "smallest",
    "times",
    "together",
    "whole",
]
