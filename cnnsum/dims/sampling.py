"""The values of formulas at a few points.

Two points are enough to refute "always" and "never", and most questions about formulas have the answer "sometimes".
What the points agree on is still to be proved.
"""

from __future__ import annotations

from functools import lru_cache

from cnnsum.dims.expr import Atom, Expr, Floor, Symbol

_CACHE = 1 << 14
_MOST_KEPT = 1 << 14  # values of atoms that are kept at each point

# How far each symbol is from its least value, for the first symbol and those after it by turns: sizes that are small,
# of every remainder, far apart from each other, and large.
_ALONE = (0, 1, 2, 7, 20, 53, 150, 1_000_003)
_TOGETHER = ((0, 0), (1, 2), (6, 3), (0, 4_096), (4_096, 0), (37, 48), (1_000_003, 1_000_028))


def samples(dim: int | Expr, symbols: frozenset[Symbol]) -> tuple[int | None, ...]:
    """The values at points of these symbols, which are those of the formula or more; None where it divides by 0."""
    return (dim,) * len(_points(symbols)) if isinstance(dim, int) else _samples(dim, symbols)


def disagree(values: tuple[int | None, ...]) -> bool:
    """Whether some are negative and some are not."""
    known = [value for value in values if value is not None]
    return bool(known) and min(known) < 0 <= max(known)


@lru_cache(_CACHE)
def _samples(dim: Expr, symbols: frozenset[Symbol]) -> tuple[int | None, ...]:
    result: list[int | None] = []
    for point in _points(symbols):
        if len(point) > _MOST_KEPT:
            point.clear()
            point.update(_point(symbols, len(result)))
        try:
            result.append(value_at(dim, point))
        except ZeroDivisionError:
            result.append(None)
    return tuple(result)


@lru_cache(64)
def _points(symbols: frozenset[Symbol]) -> tuple[dict[Atom, int], ...]:
    """The values of the symbols at each point; those of other atoms are added as they are calculated."""
    return tuple(_point(symbols, i) for i in range(len(_ALONE if len(symbols) == 1 else _TOGETHER)))


def _point(symbols: frozenset[Symbol], number: int) -> dict[Atom, int]:
    result: dict[Atom, int] = {}
    for i, symbol in enumerate(sorted(symbols, key=lambda symbol: symbol.order)):
        offset = _ALONE[number] if len(symbols) == 1 else _TOGETHER[number][i % 2] + i // 2
        result[symbol] = (symbol.lo or 0) + offset
    return result


def value_at(dim: int | Expr, atoms: dict[Atom, int]) -> int:
    """The value where the atoms have these values, among them all symbols; those of other atoms are added.

    Raises ZeroDivisionError.
    """
    if isinstance(dim, int):
        return dim
    total = 0
    for monomial, factor in dim.terms:
        term = factor
        for atom, power in monomial:
            value = atoms.get(atom)
            if value is None:
                value = atoms[atom] = _atom_value(atom, atoms)
            term *= value if power == 1 else value**power
        total += term
    return total


def _atom_value(atom: Atom, atoms: dict[Atom, int]) -> int:
    if isinstance(atom, Floor):
        return value_at(atom.numerator, atoms) // value_at(atom.denominator, atoms)
    assert not isinstance(atom, Symbol), "every symbol has a value"
    values = [value_at(arg, atoms) for arg in atom.args]
    return max(values) if atom.kind == "max" else min(values)
