"""Arithmetic as it was done, and as a teacher writes it: `floor((H - kernel_h)/stride_h) + 1`.

A `Term` is a tree of sums, products and quotients over names, each of which has a value. It keeps the order in which
it was made, where a formula of `dims` is brought to a normal form. `written` prints it twice over: with the names, and
with the numbers in their place but nothing worked out. Knows no layer and no measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd

from cnnsum.dims import Dim
from cnnsum.dims.printer import outside
from cnnsum.typed import Literal, NamedTuple, TypeAlias


class Term(NamedTuple):
    """A piece of arithmetic. `kind` is "name" (parts: the name and its value), "number" (the number), or an operation
    ("+", "*", "//", "%") with the two terms that it is done to.
    """

    kind: Literal["name", "number", "+", "*", "//", "%"]
    parts: tuple[object, ...]


#: Names for terms that stand for themselves: the lengths of an output, once they are explained.
Names = Mapping[Term, Term]

_NO_NAMES: Names = {}


def name(text: str, value: Dim) -> Term:
    """A named number."""
    return Term("name", (text, value))


def number(value: int) -> Term:
    """A number without a name."""
    return Term("number", (int(value),))


ZERO, ONE = number(0), number(1)


def add(left: Term, right: Term) -> Term:
    """The sum."""
    if left == ZERO:
        return right
    return left if right == ZERO else Term("+", (left, right))


def subtract(left: Term, right: Term) -> Term:
    """The difference."""
    return add(left, multiply(number(-1), right))


def multiply(left: Term, right: Term) -> Term:
    """The product."""
    if ZERO in (left, right):
        return ZERO
    if left == ONE:
        return right
    return left if right == ONE else Term("*", (left, right))


def floor_divide(left: Term, right: Term) -> Term:
    """The quotient, rounded down."""
    return left if right == ONE else Term("//", (left, right))


def remainder(left: Term, right: Term) -> Term:
    """What a division leaves."""
    return Term("%", (left, right))


def names_in(term: Term, names: Names = _NO_NAMES) -> dict[str, Dim]:
    """The names in a term with their values, in the order in which they stand there."""
    found: dict[str, Dim] = {}
    _collect(_flat(term, names), found)
    return found


def written(term: Term, names: Names = _NO_NAMES, *, numbers: bool = False) -> str:
    """The term as text: with its names, or with the numbers in their place.

    >>> H, kernel, stride = name("H", 100), name("kernel_h", 3), name("stride_h", 1)
    >>> height = add(floor_divide(subtract(H, kernel), stride), ONE)
    >>> written(height), written(height, numbers=True)
    ('floor((H - kernel_h)/stride_h) + 1', 'floor((100 - 3)/1) + 1')
    >>> written(multiply(height, height), {height: name("H_out", 98)})
    'H_out * H_out'
    """
    return _sum(_flat(term, names), numbers=numbers)


# --- a sum of products ------------------------------------------------------------------------------------------------


class _Factor(NamedTuple):
    """What a product is made of: a "name", a "sum" of several terms, or "floor", "ceil", "ratio", "%" of two sums."""

    kind: Literal["name", "sum", "floor", "ceil", "ratio", "%"]
    parts: tuple[object, ...]


_Product: TypeAlias = "tuple[int, tuple[_Factor, ...]]"  # a number, and what it is multiplied with
_Flat: TypeAlias = "tuple[_Product, ...]"
_Like: TypeAlias = "dict[tuple[_Factor, ...], _Product]"  # by its factors in one order


def _flat(term: Term, names: Names) -> _Flat:
    """The term as a sum of products, like terms taken together; a product of sums stays one."""
    named = names.get(term) if names else None  # to look a term up is to hash all of it
    if named is not None:
        term = named
    kind, parts = term
    if kind == "number":
        (value,) = parts
        assert isinstance(value, int)
        return ((value, ()),) if value else ()
    if kind == "name":
        return ((1, (_Factor(kind, parts),)),)
    if kind == "+":
        return _summed(term, names)
    left, right = (_flat(part, names) for part in parts if isinstance(part, Term))
    if kind == "*":
        (p, first), (q, second) = _as_product(left), _as_product(right)
        return ((p * q, (*first, *second)),) if p * q else ()
    return _divided(kind, left, right)


def _summed(term: Term, names: Names) -> _Flat:
    """A sum, whose summands are put in one after the other: not all of it again for each of them."""
    summands: list[Term] = []
    rest: object = term
    while isinstance(rest, Term) and rest.kind == "+" and (rest is term or not names or rest not in names):
        rest, last = rest.parts
        assert isinstance(last, Term)
        summands.append(last)
    assert isinstance(rest, Term)
    found: _Like = {}
    floors = _put(found, _flat(rest, names))
    for summand in reversed(summands):
        floors |= _put(found, _flat(summand, names))
        if floors:  # which may become a ceiling with what has been added
            whole = tuple(found.values())
            rounded = _rounded_up(whole)
            if rounded is not whole:
                found = {}
                floors = _put(found, rounded)
    return tuple(found.values())


def _put(found: _Like, products: Sequence[_Product]) -> bool:
    """Take the products into those found; whether one is a floor alone."""
    zero = []
    for count, factors in products:
        key = _key(factors)
        before = found.get(key, (0, factors))
        found[key] = before[0] + count, before[1]
        if not found[key][0]:
            zero.append(key)
    for key in zero:
        if key in found and not found[key][0]:
            del found[key]
    return any(len(factors) == 1 and factors[0].kind == "floor" for _, factors in products)


def _key(factors: tuple[_Factor, ...]) -> tuple[_Factor, ...]:
    """The same for products whose factors stand in another order."""
    return factors if len(factors) < 2 else tuple(sorted(factors, key=repr))


def _together(products: Sequence[_Product]) -> _Flat:
    """Like terms taken together, each where the first of them stands."""
    found: _Like = {}
    _put(found, products)
    return tuple(found.values())


def _as_product(flat: _Flat) -> _Product:
    if not flat:
        return 0, ()
    return flat[0] if len(flat) == 1 else (1, (_Factor("sum", flat),))


def _divided(kind: str, above: _Flat, below: _Flat) -> _Flat:
    if kind == "%":
        return ((1, (_Factor("%", (above, below)),)),)
    if not above or below == ((1, ()),):
        return above
    # The sum of n and d less 1, divided by d and rounded down, is n/d rounded up.
    taken = _together((*above, *((-count, factors) for count, factors in below), (1, ())))
    if len(above) > 2 and len(taken) == len(above) - 2:
        return ((1, (_Factor("ceil", (taken, below)),)),)
    exact = len(above) == 1 and len(below) == 1 and _divides(below, above)
    return ((1, (_Factor("ratio" if exact else "floor", (above, below)),)),)


def _rounded_up(flat: _Flat) -> _Flat:
    """The same sum with `ceil(n/d)` in place of `floor((n - 1)/d) + 1`."""
    constant = next((count for count, factors in flat if not factors), 0)
    for index, (count, factors) in enumerate(flat):
        if constant < 1 or count != 1 or len(factors) != 1 or factors[0].kind != "floor":
            continue
        above, below = factors[0].parts
        if isinstance(above, tuple) and len(above) == 2 and above[1] == (-1, ()):
            up = (1, (_Factor("ceil", ((above[0],), below)),))
            return _together((*flat[:index], up, *flat[index + 1 :], (-1, ())))
    return flat


def _divides(below: _Flat, above: _Flat) -> bool:
    d, n = _product_value(below[0]), _product_value(above[0])
    return d is not None and n is not None and n % d == 0


def _product_value(product: _Product) -> int | None:
    value, factors = product
    for kind, parts in factors:
        if kind != "name" or not isinstance(parts[1], int):
            return None
        value *= parts[1]
    return value


def _collect(flat: _Flat, found: dict[str, Dim]) -> None:
    for _, factors in flat:
        for kind, parts in factors:
            if kind == "name":
                found.setdefault(str(parts[0]), parts[1])  # type: ignore[arg-type]  # a name's value
            elif kind == "sum":
                _collect(parts, found)  # type: ignore[arg-type]  # a sum's parts are its products
            else:
                for part in parts:
                    _collect(part, found)  # type: ignore[arg-type]  # the two sums of a division


# --- its text ---------------------------------------------------------------------------------------------------------


def _sum(flat: _Flat, *, numbers: bool) -> str:
    if not flat:
        return "0"
    common = _common(flat)
    if common is not None:
        count, factors, rest = common
        return _product((count, (_Factor("sum", rest), *factors)), numbers=numbers, count_after=True)
    first = next((index for index, (count, _) in enumerate(flat) if count > 0), 0)
    ordered = (flat[first], *flat[:first], *flat[first + 1 :])
    text = _product(ordered[0], numbers=numbers)
    for count, factors in ordered[1:]:
        text += f" {'-' if count < 0 else '+'} {_product((abs(count), factors), numbers=numbers)}"
    return text


def _common(flat: _Flat) -> tuple[int, tuple[_Factor, ...], _Flat] | None:
    """What every term of a sum is a multiple of, and the sum without it; None where it is simpler left inside."""
    if len(flat) < 2 or all(len(factors) + (abs(count) != 1) <= 2 for count, factors in flat):
        return None
    shortest = min((factors for _, factors in flat), key=len)
    shared: list[_Factor] = []
    for factor in shortest:
        if all(factors.count(factor) > shared.count(factor) for _, factors in flat):
            shared.append(factor)
    if not shared:
        return None
    count = gcd(*(count for count, _ in flat))
    rest: list[_Product] = []
    for own, factors in flat:
        left = list(factors)
        for factor in shared:
            left.reverse()
            left.remove(factor)  # the last of equal ones
            left.reverse()
        rest.append((own // count, tuple(left)))
    return count, tuple(shared), tuple(rest)


def _product(product: _Product, *, numbers: bool, count_after: bool = False) -> str:
    count, factors = product
    texts = [_factor(factor, numbers=numbers, alone=len(factors) == 1 and count == 1) for factor in factors]
    if abs(count) != 1 or not texts:
        texts.insert(1 if count_after else 0, str(abs(count)))
    return ("-" if count < 0 else "") + " * ".join(texts)


def _factor(factor: _Factor, *, numbers: bool, alone: bool) -> str:
    kind, parts = factor
    if kind == "name":
        text, value = parts
        return _value(value) if numbers else str(text)
    if kind == "sum":
        return f"({_sum(parts, numbers=numbers)})"  # type: ignore[arg-type]  # a sum's parts are its products
    above, below = (_sum(part, numbers=numbers) for part in parts)  # type: ignore[arg-type]
    if kind == "%":
        return f"({_operand(above)} % {_operand(below)})"
    quotient = f"{_operand(above)}/{_operand(below, divisor=True)}"
    if kind == "ratio":
        return quotient if alone or " " not in quotient else f"({quotient})"
    return f"{kind}({quotient})"


def _operand(text: str, *, divisor: bool = False) -> str:
    visible = outside(text)
    return f"({text})" if " " in visible or (divisor and "/" in visible) else text


def _value(value: object) -> str:
    text = str(value)
    return text if outside(text).removesuffix("()").isidentifier() or text.isdecimal() else f"({text})"
