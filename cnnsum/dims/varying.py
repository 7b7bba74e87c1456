"""One reading of a text for many variants: values that differ from variant to variant, and what stands for them.

An expression with such a value is evaluated for each variant, as it would be if that were the only one, and what comes
out differs again. Where it is used, a whole number that differs is a symbol, which has the numbers as its values; of
anything else that differs the first variant's is used, and the variants that have another are left out: they are read
by themselves. So are those of which an expression is wrong, and those with numbers below 1 where the first has none.

Loaded for sweeps only. This module knows values, and no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from math import lcm

from cnnsum.dims.expr import Dim, Expr, Symbol, Varying, symbols_of
from cnnsum.dims.tokens import ExpressionError
from cnnsum.dims.values import OperationError, Ratio, exact, quotient, settle
from cnnsum.typed import TypeAlias

Run: TypeAlias = Callable[[Mapping[str, object]], object]  # what `language.Run` is

#: Variants for which an expression is sooner evaluated as one formula.
_LEAST_TOGETHER = 64
_MOST_DENOMINATOR = 10**9


class Family:
    """Variants that are read together.

    names: the names whose values differ. points: the values of each variant in that order. left_out: the variants that
    are not as the first one, by their places.

    >>> family = Family(("alpha",), [(1,), (0.5,), (0.29,)])
    >>> from cnnsum.dims import evaluate
    >>> filters = evaluate("floor(100 * alpha)", family.values)
    >>> filters.one(), family.numbers()
    (alpha:1, {'alpha:1': [100, 50, 29]})
    >>> evaluate("alpha > 0.3", family.values).one(), family.left_out
    (True, {2})
    """

    def __init__(self, names: Sequence[str], points: Sequence[Sequence[object]]) -> None:
        self.names = tuple(names)
        self.count = len(points)
        self.left_out: set[int] = set()
        self.values: dict[str, object] = {
            name: _Differing(self, list(column)) if any(not _same(one, column[0]) for one in column) else column[0]
            for name, column in zip(names, zip(*points, strict=True), strict=True)
        }
        self._symbols: dict[tuple[int, ...], Symbol] = {}
        #: Expressions with the names that they were evaluated with, and their values.
        self._evaluated: dict[Run, list[tuple[_At, object]]] = {}

    def numbers(self) -> dict[str, list[int]]:
        """The values of the symbols, by name: one for each variant, also for those that are left out."""
        return {symbol.name: list(numbers) for numbers, symbol in self._symbols.items()}

    def evaluated(self, run: Run, names: Mapping[str, object]) -> object:
        """The value of an expression for each variant; raises what it raises for the first."""
        for before, value in self._evaluated.get(run, ()):
            if before.agrees(names):
                return value
        at = _At(names)
        first = settle(run(at))
        found: Sequence[object] = self._by_formula(run, at) or [*self._each(run, at, first)]
        same = all(_same(value, found[0]) for value in found)
        value = found[0] if same else _Differing(self, found)
        self._evaluated.setdefault(run, []).append((at, value))
        return value

    def _by_formula(self, run: Run, at: _At) -> list[int] | None:
        """The values all at once: of the formula that an expression is in one name, where its values are fractions.

        None where that cannot be, and where a few values, the ends among them, are not those of the formula.
        """
        if self.count < _LEAST_TOGETHER or len(at.used) != 1 or find_spec("numpy") is None:
            return None
        (used,) = at.used
        parts = used.numerators()
        if parts is None:
            return None
        numerators, denominator = parts
        ends = min(range(self.count), key=numerators.__getitem__), max(range(self.count), key=numerators.__getitem__)
        symbol = Symbol("numerator", minimum=numerators[ends[0]])
        given = {
            name: quotient(symbol.dim, denominator) if value is used else value for name, value in at.found.items()
        }
        try:
            formula = settle(run({**given}))
            tried = {place: settle(run(at.at(place))) for place in (*ends, *range(0, self.count, self.count // 16))}
        except (OperationError, ExpressionError):
            return None
        if not isinstance(formula, Expr) or symbols_of(formula) != {symbol}:
            return None
        found = _at_all(formula, symbol.name, numerators)
        agreed = found is not None and all(_same(found[place], value) for place, value in tried.items())
        return found if agreed else None

    def _each(self, run: Run, at: _At, first: object) -> Iterator[object]:
        known: dict[tuple[object, ...], object] = {}
        yield first
        for place in range(1, self.count):
            key = at.turn_to(place)
            value = known.get(key, known)
            if value is known:
                used = len(at.used)
                try:
                    value = settle(run(at))
                except (OperationError, ExpressionError):
                    value = None
                if len(at.used) > used:
                    known.clear()
                    key = at.turn_to(place)
                known[key] = value
            if value is None:
                self.left_out.add(place)
            yield first if value is None else value

    @property
    def symbols(self) -> list[Symbol]:
        """The symbols that stand for numbers."""
        return [*self._symbols.values()]

    def symbol(self, numbers: Sequence[int]) -> Dim:
        """What stands for whole numbers, one for each variant."""
        if numbers[0] >= 1:
            self.left_out.update(at for at, number in enumerate(numbers) if number < 1)
            numbers = [number if number >= 1 else numbers[0] for number in numbers]
        if all(number == numbers[0] for number in numbers):
            return numbers[0]
        key = tuple(numbers)
        symbol = self._symbols.get(key)
        if symbol is None:
            # No name in a file has a colon.
            name = f"{'*'.join(self.names)}:{len(self._symbols) + 1}"
            symbol = self._symbols[key] = Symbol(name, minimum=min(key))
        return symbol.dim


class _Differing(Varying):
    """A value for each variant of a family. exact: the same with decimals as fractions, as expressions take them."""

    __slots__ = ("exact", "family", "values")

    def __init__(self, family: Family, values: Sequence[object]) -> None:
        self.family = family
        self.values = values
        fractions = {value: exact(value) for value in values if isinstance(value, float)}
        self.exact = [fractions[value] if isinstance(value, float) else value for value in values]

    def numerators(self) -> tuple[list[int], int] | None:
        """The values as whole numbers over one denominator; None where they are not fractions, or not of one."""
        pairs = [pair for pair in map(_fraction, self.exact) if pair is not None]
        denominator = lcm(*{below for _, below in pairs})
        if len(pairs) < len(self.exact):
            return None
        if denominator > _MOST_DENOMINATOR:
            return None
        return [above * (denominator // below) for above, below in pairs], denominator

    def one(self) -> object:
        """What stands for all of them."""
        numbers = [value for value in self.values if type(value) is int]
        if len(numbers) == len(self.values):
            return self.family.symbol(numbers)
        first = self.values[0]
        self.family.left_out.update(at for at, value in enumerate(self.values) if not _same(value, first))
        return first

    def each(self, run: Run, names: Mapping[str, object]) -> object:
        """The value of an expression for each variant; raises what it raises for the first."""
        return self.family.evaluated(run, names)

    def __str__(self) -> str:
        return f"one of {len(self.values):,} values"


class _At(Mapping[str, object]):
    """Names as they are for one variant. found: those that somebody asked for; used: those of them that differ."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names
        self._place = 0
        self.found: dict[str, object] = {}
        self.used: list[_Differing] = []

    def at(self, place: int) -> _At:
        """The same names, at a variant."""
        self._place = place
        return self

    def turn_to(self, place: int) -> tuple[object, ...]:
        """Give the values of this variant from now on; returns those that were used so far."""
        self._place = place
        return tuple([(one.exact[place], one.values[place].__class__) for one in self.used])

    def __getitem__(self, name: str) -> object:
        found = self.found.get(name, self)
        if found is self:
            found = self.found[name] = self._names[name]
            if isinstance(found, _Differing):
                self.used.append(found)
        return found.exact[self._place] if isinstance(found, _Differing) else found

    def agrees(self, names: Mapping[str, object]) -> bool:
        """Whether all that was asked for is the same among other names."""
        return all((other := names.get(name)) is found or _same(other, found) for name, found in self.found.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _fraction(value: object) -> tuple[int, int] | None:
    """A number as one whole number over another, None for any other value."""
    if type(value) is int:
        return value, 1
    if isinstance(value, Ratio) and isinstance(value.above, int) and isinstance(value.below, int):
        return value.above, value.below
    return None


def _at_all(formula: Expr, name: str, numbers: Sequence[int]) -> list[int] | None:
    """The values of a formula of one symbol, None where it divides by 0."""
    import numpy as np

    from cnnsum.dims.vector import VectorProgram

    if max(map(abs, numbers)) > _MOST_DENOMINATOR**2:
        return None
    found = VectorProgram([formula], [[name]])({name: np.array(numbers, dtype=np.int64)})
    (vector,) = found.vectors
    assert vector is not None, "the formula is known"
    return None if found.undefined is not None else vector.array.tolist()


def _same(a: object, b: object) -> bool:
    """Whether two values are the same, which 1, 1.0 and true are not."""
    if isinstance(a, Ratio) and isinstance(b, Ratio):
        return bool(a.above == b.above and a.below == b.below)
    return a.__class__ is b.__class__ and bool(a == b)
