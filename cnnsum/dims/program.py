"""Several formulas as one program, for values at many points.

`substitute` walks a formula anew for each point. Here the formulas are taken apart once. What depends on the last
symbol only (its floors and their products) is kept by its value, what depends on the symbols before it by theirs, and
a point is left with products of the two, sums and maxima: in a grid of heights and widths a floor of the height is
calculated once per height. Whatever is the same in several formulas is calculated once.

A program is a list of instructions over numbered registers; no text is ever compiled or executed. This module knows
formulas only.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import floordiv, itemgetter, mul

from cnnsum.dims.expr import Atom, Dim, Expr, Floor, Monomial, Symbol, Unknown, symbols_of, terms_of
from cnnsum.dims.making import part_of
from cnnsum.typed import TypeAlias

_MOST_KEPT = 1 << 13  # values of one symbol, and of those before it together, that results are kept for

_Numbers: TypeAlias = tuple[int, ...]
_Pick: TypeAlias = Callable[[Sequence[int]], object]  # the one register that is read, or a tuple of several
_Operation: TypeAlias = Callable[..., int]  # of what is picked for it
_Instruction: TypeAlias = tuple[_Operation, _Pick]
_Answers: TypeAlias = Callable[[Sequence[int]], _Numbers]


class Program:
    """Formulas over named symbols, to be evaluated at many points.

    dims: the formulas. names: the order in which the values of a point are given, each symbol of the formulas once; a
    sweep is fastest where the last one changes at every point.

    Raises ValueError where a symbol has no name in `names`, or a name no symbol in the formulas.

    >>> H, W = Symbol("H").dim, Symbol("W", minimum=32).dim
    >>> program = Program([3 * (H // 2) * W, H + 1, 7], ["H", "W"])
    >>> program([5, 32])
    (192, 6, 7)
    >>> list(program.many([(1, 32), (2, 33)]))
    [(0, 2, 7), (99, 3, 7)]
    >>> program([5, 31])
    Traceback (most recent call last):
    ValueError: W must be at least 32, not 31
    """

    __slots__ = ("_layout", "_names", "_stage")

    def __init__(self, dims: Sequence[Dim], names: Sequence[str]) -> None:
        self._names = tuple(names)
        listed = f"({', '.join(self._names)})"
        symbols: dict[str, list[Symbol]] = {name: [] for name in self._names}
        if len(symbols) < len(self._names):
            raise ValueError(f"a name stands twice in {listed}")
        for symbol in sorted({symbol for dim in dims for symbol in symbols_of(dim)}, key=lambda one: one.order):
            if symbol.name not in symbols:
                raise ValueError(f"the symbol {symbol} has no value: its name is not in {listed}")
            symbols[symbol.name].append(symbol)
        for name, found in symbols.items():
            if not found:
                raise ValueError(f"no formula depends on a symbol {name}")
        known = [dim for dim in dims if not isinstance(dim, Unknown)]
        self._layout: list[int | None] | None = None  # where each answer is among those of the known formulas
        if len(known) < len(dims):
            numbers = iter(range(len(known)))
            self._layout = [None if isinstance(dim, Unknown) else next(numbers) for dim in dims]
        self._stage = _stage(known, self._names, symbols)

    def __call__(self, values: Sequence[int]) -> tuple[int | None, ...]:
        """The values of the formulas at one point, None for an unknown one.

        Raises ValueError for a value that its symbol cannot have, as `substitute` does, and where there are more or
        fewer values than names; ZeroDivisionError where a formula divides by 0 there.
        """
        values = tuple(values)
        if len(values) != len(self._names):
            raise ValueError(f"a point has a value for each of ({', '.join(self._names)}), got {len(values)}")
        found = self._stage(values)
        if self._layout is None:
            return found
        return tuple([None if index is None else found[index] for index in self._layout])

    def many(self, points: Iterable[Sequence[int]]) -> Iterator[tuple[int | None, ...]]:
        """The values at each point, in order; raises as a call does, when it comes to the point that is wrong."""
        return map(self, points)


def _stage(
    dims: Sequence[int | Expr], names: tuple[str, ...], symbols: Mapping[str, list[Symbol]]
) -> Callable[[_Numbers], _Numbers]:
    """What calculates the formulas from values in the order of the names."""
    numbers = tuple([dim for dim in dims if isinstance(dim, int)])
    return (lambda _: numbers) if len(numbers) == len(dims) else _Stage(dims, names, symbols)


class _Stage:
    """Formulas as sums of products, each with three parts: a number that does not depend on the last symbol (row), a
    number that depends on nothing else (column), and atoms of both.

    Rows are the formulas of a stage before this one. Both numbers are kept, so that at a point their products are
    taken first; the instructions for sums, and for atoms of both, follow.
    """

    __slots__ = ("_before", "_code", "_column_code", "_columns", "_last", "_pick", "_pick_column", "_rows")

    def __init__(self, dims: Sequence[int | Expr], names: tuple[str, ...], symbols: Mapping[str, list[Symbol]]) -> None:
        points = _PointTape(names[-1])
        answers = [points.value(dim) for dim in dims]
        self._code, self._pick = points.finish(answers, len(points.products))
        self._before = _stage([row for row, _ in points.products], names[:-1], symbols)
        self._rows: dict[_Numbers, _Numbers] = {}

        self._last = symbols[names[-1]]
        column = _ColumnTape(self._last)
        factors = [column.product(monomial) for _, monomial in points.products]
        self._column_code, self._pick_column = column.finish(factors, 1 + len(self._last))
        self._columns: dict[int, _Numbers] = {}

    def __call__(self, values: _Numbers) -> _Numbers:
        last = values[-1]
        column = self._columns.get(last)
        if column is None:
            if len(self._columns) >= _MOST_KEPT:
                self._columns.clear()
            column = self._columns[last] = self._column(last)
        others = values[:-1]
        row = self._rows.get(others)
        if row is None:
            if len(self._rows) >= _MOST_KEPT:
                self._rows.clear()
            row = self._rows[others] = self._before(others)
        return _run(self._code, list(map(mul, row, column)), self._pick)

    def _column(self, value: int) -> _Numbers:
        registers = [1]
        for symbol in self._last:
            part = part_of(symbol, value)
            assert isinstance(part, int)
            registers.append(part)
        return _run(self._column_code, registers, self._pick_column)


def _run(code: list[_Instruction], registers: list[int], answers: _Answers) -> _Numbers:
    append = registers.append
    for operate, pick in code:
        append(operate(pick(registers)))
    return answers(registers)


class _Tape(ABC):
    """Instructions in order, equal ones once. The result of the i-th has the number i, the i-th input ~i."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, object, tuple[int, ...]], int] = {}
        self._atoms: dict[Atom, int] = {}

    @abstractmethod
    def terms(self, dim: int | Expr) -> list[tuple[int, int]]:
        """The terms of a sum: the number of each and its coefficient."""

    def value(self, dim: int | Expr) -> int:
        """The number of a formula's value."""
        numbers, factors = zip(*self.terms(dim), strict=True)
        if all(factor == 1 for factor in factors):
            return self._put("sum", None, numbers) if len(numbers) > 1 else numbers[0]
        return self._put("dot", factors, numbers) if len(numbers) > 1 else self._put("times", factors[0], numbers)

    def product(self, monomial: Monomial, first: int | None = None) -> int:
        """The number of a product of atoms, times that of another number; of nothing it is the first input, 1."""
        numbers = [] if first is None else [first]
        for atom, power in monomial:
            number = self._atom(atom)
            numbers.append(number if power == 1 else self._put("power", power, (number,)))
        if len(numbers) > 1:
            return self._put("product", None, tuple(numbers))
        return numbers[0] if numbers else ~0

    def finish(self, answers: Sequence[int], inputs: int) -> tuple[list[_Instruction], _Answers]:
        """The instructions, and what picks the answers, for registers that begin with the inputs."""

        def places(numbers: Sequence[int]) -> list[int]:
            return [~number if number < 0 else inputs + number for number in numbers]

        code: list[_Instruction] = [
            (_operation(kind, constant), itemgetter(*places(numbers))) for kind, constant, numbers in self._made
        ]
        first, *others = places(answers)
        return code, itemgetter(first, *others) if others else lambda registers: (registers[first],)

    def _atom(self, atom: Atom) -> int:
        number = self._atoms.get(atom)
        if number is None:
            number = self._atoms[atom] = self._new_atom(atom)
        return number

    def _new_atom(self, atom: Atom) -> int:
        assert not isinstance(atom, Symbol), "symbols are inputs"
        if not isinstance(atom, Floor):
            return self._put(atom.kind, None, tuple(map(self.value, atom.args)))
        numerator = self.value(atom.numerator)
        if isinstance(atom.denominator, int):
            return self._put("floor", atom.denominator, (numerator,))
        return self._put("quotient", None, (numerator, self.value(atom.denominator)))

    def _put(self, kind: str, constant: object, numbers: tuple[int, ...]) -> int:
        return self._made.setdefault((kind, constant, numbers), len(self._made))


class _ColumnTape(_Tape):
    """What depends on one name only. The inputs are 1 and the symbols of that name, as their atoms."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        super().__init__()
        self._atoms.update((symbol, ~i) for i, symbol in enumerate(symbols, 1))

    def terms(self, dim: int | Expr) -> list[tuple[int, int]]:
        return [(self.product(monomial), factor) for monomial, factor in terms_of(dim)]


class _PointTape(_Tape):
    """What is left to do at a point. The inputs are the products: of a row's formula and a column's atoms."""

    def __init__(self, last: str) -> None:
        super().__init__()
        self._last = last
        #: The number of each product.
        self.products: dict[tuple[int | Expr, Monomial], int] = {}

    def terms(self, dim: int | Expr) -> list[tuple[int, int]]:
        # What is multiplied with the same of the last symbol is one term, its coefficient a formula of the others.
        rows: dict[tuple[Monomial, Monomial], list[tuple[Monomial, int]]] = {}
        for monomial, factor in terms_of(dim):
            row: list[tuple[Atom, int]] = []
            column: list[tuple[Atom, int]] = []
            mixed: list[tuple[Atom, int]] = []
            for item in monomial:
                names = {symbol.name for symbol in item[0].symbols}
                (row if self._last not in names else column if len(names) == 1 else mixed).append(item)
            rows.setdefault((tuple(column), tuple(mixed)), []).append((tuple(row), factor))
        return [(self._term(row, *parts), 1) for parts, row in rows.items()]

    def _term(self, row: list[tuple[Monomial, int]], column: Monomial, mixed: Monomial) -> int:
        formula = row[0][1] if len(row) == 1 and not row[0][0] else Expr(tuple(row))
        number = ~self.products.setdefault((formula, column), len(self.products))
        return self.product(mixed, number) if mixed else number


def _operation(kind: str, constant: object) -> _Operation:
    """What an instruction does with what it picks, as a built-in where there is one: it costs least."""
    if kind == "dot":
        assert isinstance(constant, tuple), "it has a factor for each term"
        return lambda numbers: sum(map(mul, constant, numbers))
    if kind == "quotient":
        return lambda pair: floordiv(*pair)
    bound = {"times": "__mul__", "floor": "__rfloordiv__", "power": "__rpow__"}
    if kind in bound:
        operation: _Operation = getattr(constant, bound[kind])
        return operation
    plain: dict[str, _Operation] = {"sum": sum, "product": math.prod, "max": max, "min": min}
    return plain[kind]
