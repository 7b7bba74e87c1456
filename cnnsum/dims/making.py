"""Sizes made of sizes: products, rounded quotients, the largest and smallest, and values put in for symbols."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

from cnnsum.dims.expr import (
    UNKNOWN,
    Atom,
    Dim,
    Expr,
    Extreme,
    Floor,
    Monomial,
    Symbol,
    Unknown,
    from_atom,
    from_terms,
    order_of,
    symbols_of,
    terms_of,
)
from cnnsum.dims.questions import at_least, divides

_CACHE = 1 << 14
_MAX_ARGS = 16  # of a maximum or minimum; each is compared with each


def prod(dims: Iterable[Dim]) -> Dim:
    """The product: 1 for no sizes at all.

    >>> prod((2, Symbol("H").dim, 3))
    6*H
    """
    return math.prod(dims)


def ceil_div(a: Dim, n: Dim) -> Dim:
    """The smallest whole number not below a/n.

    >>> ceil_div(7, 2), ceil_div(ceil_div(Symbol("H").dim, 2), 2)
    (4, ceil(H/4))
    """
    return (a + (n - 1)) // n if isinstance(n, int) and n > 0 else -(-a // n)


def maximum(*dims: Dim) -> Dim:
    """The largest of one or more sizes; those that another always reaches are left out.

    >>> maximum(Symbol("H").dim, 1), maximum(Symbol("H").dim, 7)
    (H, max(H, 7))
    """
    return _extreme("max", dims)


def minimum(*dims: Dim) -> Dim:
    """The smallest of one or more sizes."""
    return _extreme("min", dims)


def _extreme(kind: str, dims: tuple[Dim, ...]) -> Dim:
    numbers = [dim for dim in dims if isinstance(dim, int)]
    choose = max if kind == "max" else min
    if len(numbers) == len(dims):
        return choose(numbers)
    args: set[int | Expr] = {choose(numbers)} if numbers else set()
    for dim in dims:
        if isinstance(dim, Unknown):
            return UNKNOWN
        if isinstance(dim, Expr):
            args.update(_flat(kind, dim))
    return _extreme_of(kind, tuple(sorted(args, key=order_of)))


def _flat(kind: str, dim: Expr) -> tuple[int | Expr, ...]:
    if len(dim.terms) == 1 and dim.terms[0][1] == 1 and len(dim.terms[0][0]) == 1:
        atom, power = dim.terms[0][0][0]
        if isinstance(atom, Extreme) and power == 1 and atom.kind == kind:
            return atom.args
    return (dim,)


@lru_cache(_CACHE)
def _extreme_of(kind: str, args: tuple[int | Expr, ...]) -> Dim:
    if len(args) > _MAX_ARGS:
        return UNKNOWN
    from cnnsum.dims.sampling import samples

    symbols = frozenset[Symbol]().union(*map(symbols_of, args))
    seen = {arg: samples(arg, symbols) for arg in args}
    kept: list[int | Expr] = []
    for arg in args:
        if any(_covers(kind, other, arg, seen) for other in kept):
            continue
        kept = [other for other in kept if not _covers(kind, arg, other, seen)]
        kept.append(arg)
    return kept[0] if len(kept) == 1 else from_atom(Extreme(kind, tuple(kept)))


def _covers(kind: str, a: int | Expr, b: int | Expr, seen: Mapping[int | Expr, tuple[int | None, ...]]) -> bool:
    """Whether `a` is never the lesser one of a maximum (the greater one of a minimum)."""
    more, less = (a, b) if kind == "max" else (b, a)
    # Most are refuted by a point at which it is not so.
    pairs = zip(seen[more], seen[less], strict=True)
    if any(high is not None and low is not None and high < low for high, low in pairs):
        return False
    return at_least(more, less) is True


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """Put values in place of symbols, by their names; other symbols stay.

    Raises ValueError for a value that the symbol cannot have: below its minimum, or not its multiple.

    >>> H = Symbol("H", multiple_of=32)
    >>> substitute(H.dim // 32 + 1, {"H": 224})
    8
    >>> substitute(H.dim, {"H": 225})
    Traceback (most recent call last):
    ValueError: H must be a multiple of 32, not 225
    """
    atoms: dict[Atom, Dim] = {}
    for symbol in symbols_of(dim):
        if symbol.name in values:
            atoms[symbol] = part_of(symbol, values[symbol.name])
    return replace(dim, atoms) if atoms else dim


def part_of(symbol: Symbol, value: Dim) -> Dim:
    """The value of a symbol's atom: its part by `multiple_of`. Raises ValueError for a value that it cannot have."""
    if isinstance(value, Unknown):
        return value
    if at_least(value, symbol.minimum) is False:
        raise ValueError(f"{symbol.name} must be at least {symbol.minimum}, not {value}")
    if divides(symbol.multiple_of, value) is not True:
        raise ValueError(f"{symbol.name} must be a multiple of {symbol.multiple_of}, not {value}")
    return value // symbol.multiple_of


def replace(dim: Dim, atoms: dict[Atom, Dim]) -> Dim:
    """Put dims in place of atoms, everywhere in the formula. `atoms` also remembers what was made of other atoms."""
    if not isinstance(dim, Expr):
        return dim
    terms: dict[Monomial, int] = {}
    for monomial, factor in dim.terms:
        term: Dim = factor
        for atom, power in monomial:
            value = atoms.get(atom)
            if value is None:
                value = atoms[atom] = _rebuild(atom, atoms)
            term = term * value if power == 1 else term * value**power
        if isinstance(term, Unknown):
            return term
        for own, count in terms_of(term):
            terms[own] = terms.get(own, 0) + count
    return from_terms(terms)


def _rebuild(atom: Atom, atoms: dict[Atom, Dim]) -> Dim:
    if isinstance(atom, Floor):
        return replace(atom.numerator, atoms) // replace(atom.denominator, atoms)
    if isinstance(atom, Extreme):
        return _extreme(atom.kind, tuple(replace(arg, atoms) for arg in atom.args))
    return from_atom(atom)
