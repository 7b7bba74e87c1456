"""The text of a formula in the spec language: the shortest of the equivalent forms that are tried.

The normal form serves arithmetic, not the eye: it holds `3*H//4` as `H - (H + 3)//4`. Here each floor is tried as a
floor and as a ceiling, by itself and with the terms around it taken in, and as a remainder. What is printed, read
again with the same symbols, is an equal formula. This module knows the grammar's precedence, and nothing of parsing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from math import gcd, lcm

from cnnsum.dims.expr import Atom, Expr, Extreme, Floor, Monomial, Symbol, from_terms, monomial_order, terms_of

_Terms = dict[Monomial, int]
#: Order, factor, text; the factor's sign stands before the text, its size is in it.
_Part = tuple[tuple[object, ...], int, str]


@lru_cache(1 << 12)  # a layer's sizes are made anew by the next that uses them
def text_of(expr: Expr) -> str:
    """The formula as text: terms of higher degree first, then by the alphabet."""
    text = _sum_text(expr.terms)
    factors = _factors(expr)
    if factors != [(expr, 1)]:
        product = "*".join(_factor_text(base, power) for base, power in factors)
        if len(product) < len(text):
            return product
    return text


@lru_cache(1 << 12)  # a factor of one product, such as a height, is one of many
def _sum_text(terms: tuple[tuple[Monomial, int], ...]) -> str:
    rest: _Terms = {}
    floors: list[tuple[int, Floor]] = []
    for monomial, factor in terms:
        atom = monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
        if isinstance(atom, Floor):
            floors.append((factor, atom))
        else:
            rest[monomial] = factor
    parts: list[_Part] = []
    for factor, floor in floors:
        part, rest = _best(factor, floor, rest)
        parts.append(part)
    parts += _parts(rest)
    return _join(parts)


def _best(factor: int, floor: Floor, rest: _Terms) -> tuple[_Part, _Terms]:
    """The shortest way to write `factor*floor`, and the other terms without what was taken into it."""
    order = monomial_order(((floor, 1),))
    best: tuple[_Part, _Terms] | None = None
    least = 0
    for signed, body, others, turned in _forms(factor, floor, rest):
        text = _times(abs(signed), body)
        changed = [term for term in others.items() if rest.get(term[0]) != term[1]]
        gone = [term for term in rest.items() if others.get(term[0]) != term[1]]
        length = 3 * (signed < 0) + 6 * turned + len(text) + _length(changed) - _length(gone)
        if best is None or length < least:
            best, least = ((order, signed, text), others), length
    assert best is not None
    return best


def _length(terms: list[tuple[Monomial, int]]) -> int:
    return sum(3 + len(_term(abs(factor), monomial)) for monomial, factor in terms)


def _forms(factor: int, floor: Floor, rest: _Terms) -> Iterator[tuple[int, str, _Terms, bool]]:
    """Equivalent forms `signed*body + others` of `factor*floor + rest`; of equal length the first is taken.

    The last item says that the numerator begins with a minus, which is harder to read.
    """
    n = floor.denominator
    numerator = dict(terms_of(floor.numerator))
    lead = next(iter(numerator))
    plain = all(map(_is_plain, numerator))  # else the negative would have another form when it is read again
    if isinstance(n, Expr):
        yield factor, _floor(numerator, n), rest, numerator[lead] < 0
        yield -factor, _ceil(_negative(numerator), n), rest, numerator[lead] > 0
        return
    for taken in _absorbable(factor, numerator, rest):
        others = _sum(rest, taken, -1)
        whole = _sum(numerator, {monomial: value // factor for monomial, value in taken.items()}, n)
        negative = _negative(whole)
        turned = whole[lead] < 0
        yield factor, _floor(whole, n), others, turned
        yield factor, _ceil(_shift(whole, 1 - n), n), others, turned
        if plain:
            yield -factor, _floor(_shift(negative, n - 1), n), others, not turned
            yield -factor, _ceil(negative, n), others, not turned
    if factor % n == 0:
        times = -factor // n
        body = _operand(_numerator_text(numerator))
        others = _sum(rest, numerator, -times)
        if len(others) <= len(rest):
            yield times, f"{body}%{n}", others, False


def _absorbable(factor: int, numerator: _Terms, rest: _Terms) -> Iterator[_Terms]:
    """The terms that could move into the floor: multiples of its factor, over what the floor is of."""
    yield {}
    constant: _Terms = {(): rest[()]} if rest.get((), 0) % factor == 0 and () in rest else {}
    if constant:
        yield constant
    # Only of symbols: a floor that is taken in would stay inside when the text is read again.
    shared = {m: rest[m] for m in numerator if m and m in rest and rest[m] % factor == 0 and _is_plain(m)}
    if shared:
        yield shared
        yield shared | constant


def _factors(expr: Expr) -> list[tuple[int | Expr, int]]:
    """The formula as a product of powers, where its symbols are independent of each other: (H + 1)*(W//2)."""
    content = gcd(*(factor for _, factor in expr.terms))
    if expr.terms[0][1] < 0:
        content = -content
    rest = Expr(tuple((monomial, factor // content) for monomial, factor in expr.terms))
    factors: list[tuple[int | Expr, int]] = [] if content == 1 else [(content, 1)]
    counts = _counts(rest)
    for symbol in sorted(expr.symbols, key=lambda symbol: symbol.order):
        # The terms without the symbol are one row of as many as each other row has.
        without = len(rest.terms) - counts[symbol]
        if without and counts[symbol] % without:
            continue
        split = _split(rest, symbol)
        if split is not None:
            factors.append(_root(split[0]))
            rest = split[1]
            counts = _counts(rest)
    factors.append(_root(rest))
    return factors


def _counts(expr: Expr) -> Counter[Symbol]:
    """For each symbol the number of terms that it is in."""
    return Counter(
        chain.from_iterable(
            monomial[0][0].symbols if len(monomial) == 1 else {one for atom, _ in monomial for one in atom.symbols}
            for monomial, _ in expr.terms
        )
    )


def _split(expr: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Two factors, of which only the first depends on the symbol."""
    rows: dict[Monomial, _Terms] = {}
    for monomial, factor in expr.terms:
        inside = tuple(item for item in monomial if symbol in item[0].symbols)
        if any(len(atom.symbols) > 1 for atom, _ in inside):
            return None
        outside = tuple(item for item in monomial if symbol not in item[0].symbols)
        rows.setdefault(inside, {})[outside] = factor
    first = next(iter(rows.values()))
    common = gcd(*first.values())
    if next(iter(first.values())) < 0:
        common = -common
    base = {monomial: factor // common for monomial, factor in first.items()}
    column: _Terms = {}
    for inside, row in rows.items():
        lead = next(iter(row))
        if row.keys() != base.keys() or row[lead] % base[lead]:
            return None
        column[inside] = row[lead] // base[lead]
        if any(factor != column[inside] * base[monomial] for monomial, factor in row.items()):
            return None
    a, b = from_terms(column), from_terms(base)
    return (a, b) if isinstance(a, Expr) and isinstance(b, Expr) else None


def _root(expr: Expr) -> tuple[Expr, int]:
    """The formula as a power: (x + a)**n for one atom x."""
    monomial, factor = expr.terms[0]
    if len(monomial) != 1 or factor != 1 or len(expr.terms) != monomial[0][1] + 1 or len(expr.terms) < 3:
        return expr, 1
    atom, n = monomial[0]
    x = from_terms({((atom, 1),): 1})
    root = x + expr.terms[1][1] // n
    return (root, n) if isinstance(root, Expr) and root**n == expr else (expr, 1)


def _factor_text(base: int | Expr, power: int) -> str:
    if isinstance(base, int):
        return str(base)
    text = _sum_text(base.terms)
    if not (text.isidentifier() or _is_call(text)):
        text = f"({text})"
    return text if power == 1 else f"{text}**{power}"


def _is_plain(monomial: Monomial) -> bool:
    return all(isinstance(atom, Symbol) for atom, _ in monomial)


def _negative(terms: _Terms) -> _Terms:
    return {monomial: -factor for monomial, factor in terms.items()}


def _shift(terms: _Terms, by: int) -> _Terms:
    return _sum(terms, {(): by}, 1)


def _sum(a: _Terms, b: _Terms, times: int) -> _Terms:
    result = dict(a)
    for monomial, factor in b.items():
        total = result.get(monomial, 0) + times * factor
        if total:
            result[monomial] = total
        else:
            result.pop(monomial, None)
    return result


def _floor(numerator: _Terms, n: int | Expr) -> str:
    above, below = _fraction(numerator, n)
    return f"{above}//{below}"


def _ceil(numerator: _Terms, n: int | Expr) -> str:
    above, below = _fraction(numerator, n)
    return f"ceil({above}/{below})"


def _fraction(numerator: _Terms, n: int | Expr) -> tuple[str, str]:
    """Above and below the line, by a common factor made whole (see `_scale`)."""
    denominator = dict(terms_of(n))
    scale = lcm(*(_scale(monomial, factor) for monomial, factor in (*numerator.items(), *denominator.items())))
    above = {monomial: factor * scale for monomial, factor in numerator.items()}
    below = {monomial: factor * scale for monomial, factor in denominator.items()}
    below_text = _join(_parts(below))
    if isinstance(n, Expr) and not below_text.isidentifier():
        below_text = f"({below_text})"
    return _operand(_numerator_text(above)), below_text


def _operand(text: str) -> str:
    """The text as the left side of a division: a single positive product needs no parentheses."""
    return f"({text})" if text.startswith("-") or " " in outside(text) else text


def _numerator_text(terms: _Terms) -> str:
    # The search for the shortest form goes one level deep: at every level it would multiply.
    shallow = all(atom.depth <= 1 for monomial in terms for atom, _ in monomial)
    return _sum_text(tuple(terms.items())) if shallow else _join(_parts(terms))


def _parts(terms: _Terms) -> list[_Part]:
    return [(monomial_order(m), factor, _term(abs(factor), m)) for m, factor in terms.items()]


def _join(parts: list[_Part]) -> str:
    if not parts:
        return "0"
    parts = sorted(parts, key=lambda part: part[0])
    first = next((i for i, part in enumerate(parts) if part[1] > 0), 0)  # a plus first saves the minus in front
    parts.insert(0, parts.pop(first))
    _, factor, text = parts[0]
    pieces = [text]
    if factor < 0:
        # A sign binds more strongly than // and %.
        pieces = [f"-({text})" if "//" in outside(text) or "%" in outside(text) else f"-{text}"]
    pieces += [f" - {text}" if factor < 0 else f" + {text}" for _, factor, text in parts[1:]]
    return "".join(pieces)


def _scale(monomial: Monomial, factor: int) -> int:
    """What a term must be multiplied with to be a whole multiple of its symbols (not only of their parts)."""
    unit = _unit(monomial)
    return unit // gcd(unit, factor)


def _unit(monomial: Monomial) -> int:
    unit = 1
    for atom, power in monomial:
        if isinstance(atom, Symbol) and atom.multiple_of > 1:
            unit *= atom.multiple_of**power
    return unit


def _term(factor: int, monomial: Monomial) -> str:
    """A product with a positive factor."""
    unit = _unit(monomial)
    common = gcd(unit, factor)
    factor //= common
    factors = [] if factor == 1 and monomial else [str(factor)]
    alone = not factors and len(monomial) == 1
    for atom, power in monomial:
        text = _atom_text(atom)
        if isinstance(atom, Floor) and not _is_call(text) and not (alone and power == 1):
            text = f"({text})"
        factors.append(text if power == 1 else f"{text}**{power}")
    text = "*".join(factors)
    return text if common == unit else f"{text}//{unit // common}"


def _times(factor: int, body: str) -> str:
    if factor == 1:
        return body
    return f"{factor}*{body}" if _is_call(body) else f"{factor}*({body})"


def _is_call(text: str) -> bool:
    """Whether the whole text is one ceiling, not a floor of one: `ceil(H/2)`, not `ceil(H/2)//k`."""
    return outside(text) == "ceil()"


def outside(text: str) -> str:
    """The text without what stands in parentheses."""
    if "(" not in text:
        return text
    depth = 0
    kept = []
    for character in text:
        depth -= character == ")"
        if not depth:
            kept.append(character)
        depth += character == "("
    return "".join(kept)


@lru_cache(1 << 12)
def _atom_text(atom: Atom) -> str:
    if isinstance(atom, Symbol):
        return atom.name
    if isinstance(atom, Extreme):
        return f"{atom.kind}({', '.join(map(str, atom.args))})"
    n = atom.denominator
    numerator = dict(terms_of(atom.numerator))
    text = _floor(numerator, n)
    if isinstance(n, int):
        other = _ceil(_shift(numerator, 1 - n), n)
        if len(other) < len(text):
            return other
    return text
