"""Several formulas as one program over arrays: exact, at millions of points. Needs NumPy, the extra `sweep`.

The values of symbols are arrays that are stretched over each other, an axis of the grid for each that varies by itself.
What depends on one axis is calculated along that axis alone, and sums are taken apart so that as little as possible is
left to do at every point: of N*a(H) + N*b(H) that is one product. What is the same in several formulas is calculated
once.

A number is never cut. Before anything is calculated its bounds are, from the least and the greatest value of each
symbol: where they, and those of all that is made on the way, fit into 64 bits, so are the arrays; elsewhere they hold
Python's whole numbers.

This module knows formulas only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np

from cnnsum.dims.expr import Atom, Dim, Expr, Floor, Monomial, Symbol, Unknown, symbols_of
from cnnsum.dims.intervals import power_interval, product_interval, quotient_interval
from cnnsum.typed import NamedTuple, TypeAlias

#: An array of int64, or of Python's whole numbers. Which of them is only known when it runs.
Array: TypeAlias = np.ndarray

#: The largest number of 64 bits, whose negative there is as well.
MOST = 2**63 - 1

_Bounds: TypeAlias = tuple[int, int]


class Vector(NamedTuple):
    """Numbers at the points of a grid: an array, stretched over the axes that it does not depend on, and its bounds."""

    array: Array
    low: int
    high: int


class _Step(NamedTuple):
    """An instruction: what it does with registers, and those that nothing reads after it."""

    kind: str
    constant: object
    numbers: tuple[int, ...]
    freed: list[int]


class NoValuesError(ValueError):
    """A formula has a symbol that is given no values."""


class VectorProgram:
    """Formulas over named symbols, to be evaluated at all points of a grid at once.

    dims: the formulas. axes: names of symbols, by the axis of the grid that their values lie along. largest: symbols
    that stand for the largest of some formulas, which are calculated, too.

    Raises ValueError where a symbol has no name in `axes`.

    >>> H, N = Symbol("H").dim, Symbol("N").dim
    >>> program = VectorProgram([3 * (H // 2) * N, 7], [["N"], ["H"]])
    >>> first, second = program({"N": np.array([[1], [2]]), "H": np.array([[4, 5, 6]])}).vectors
    >>> first.array.tolist(), second.array.tolist()
    ([[6, 6, 9], [12, 12, 18]], 7)
    """

    def __init__(
        self,
        dims: Sequence[Dim],
        axes: Sequence[Collection[str]],
        largest: Mapping[Symbol, Sequence[Dim]] | None = None,
    ) -> None:
        self._axis = {name: axis for axis, names in enumerate(axes) for name in names}
        self._largest = largest or {}
        self._made: dict[tuple[str, object, tuple[int, ...]], int] = {}
        self._atoms: dict[Atom, int] = {}
        #: The axes that each register depends on.
        self._over: list[frozenset[int]] = []
        self._axes_of: dict[Atom, frozenset[int]] = {}
        self._answers = [None if isinstance(dim, Unknown) else self._value(dim) for dim in dims]
        self._steps = self._with_ends()

    # --- from formulas to instructions --------------------------------------------------------------------------------

    def _put(self, kind: str, constant: object, numbers: Iterable[int], over: Iterable[int] | None = None) -> int:
        key = kind, constant, tuple(numbers)
        number = self._made.get(key)
        if number is None:
            number = self._made[key] = len(self._over)
            self._over.append(
                frozenset[int]().union(*[self._over[one] for one in key[2]]) if over is None else frozenset(over)
            )
        return number

    def _value(self, dim: int | Expr) -> int:
        """The register of a formula."""
        if isinstance(dim, int):
            return self._put("number", dim, ())
        return self._sum(dim.terms)

    def _sum(self, terms: Sequence[tuple[Monomial, int]]) -> int:
        """The register of a sum of products: what all of one axis have in common is taken out of them."""
        axes = {axis for monomial, _ in terms for atom, _ in monomial for axis in self._along(atom)}
        if len(axes) < 2:
            return self._dot([(self._product(monomial), factor) for monomial, factor in terms])
        groups = min((self._grouped(terms, axis) for axis in sorted(axes)), key=len)
        return self._dot([self._group(part, rest) for part, rest in groups.items()])

    def _grouped(self, terms: Sequence[tuple[Monomial, int]], axis: int) -> dict[Monomial, list[tuple[Monomial, int]]]:
        """The terms by what in them depends on an axis."""
        groups: dict[Monomial, list[tuple[Monomial, int]]] = {}
        for monomial, factor in terms:
            part = tuple([item for item in monomial if axis in self._along(item[0])])
            rest = tuple([item for item in monomial if axis not in self._along(item[0])])
            groups.setdefault(part, []).append((rest, factor))
        return groups

    def _group(self, part: Monomial, rest: Sequence[tuple[Monomial, int]]) -> tuple[int, int]:
        """The register of a part times the sum of what it is multiplied with, and a factor."""
        if len(rest) == 1:
            (monomial, factor) = rest[0]
            return self._product(sorted((*part, *monomial), key=lambda item: item[0].order)), factor
        if not part:
            return self._sum(rest), 1
        return self._put("product", None, sorted((self._product(part), self._sum(rest)))), 1

    def _dot(self, terms: Sequence[tuple[int, int]]) -> int:
        if len(terms) == 1 and terms[0][1] == 1:
            return terms[0][0]
        # What depends on least is added first.
        ordered = sorted(terms, key=lambda term: (len(self._over[term[0]]), term[0]))
        numbers, factors = zip(*ordered, strict=True)
        return self._put("dot", factors, numbers)

    def _product(self, monomial: Iterable[tuple[Atom, int]]) -> int:
        """The register of a product of atoms; of nothing it is 1. Those of the same axes are multiplied first."""
        by_axes: dict[frozenset[int], list[int]] = {}
        for atom, power in monomial:
            number = self._atom(atom)
            if power > 1:
                number = self._put("power", power, (number,))
            by_axes.setdefault(self._over[number], []).append(number)
        parts = [
            self._put("product", None, numbers) if len(numbers) > 1 else numbers[0] for numbers in by_axes.values()
        ]
        if len(parts) > 1:
            parts.sort(key=lambda number: (len(self._over[number]), number))
            return self._put("product", None, parts)
        return parts[0] if parts else self._put("number", 1, ())

    def _along(self, atom: Atom) -> frozenset[int]:
        """The axes that an atom depends on."""
        found = self._axes_of.get(atom)
        if found is None:
            names = {symbol for symbol in atom.symbols if symbol not in self._largest}
            for symbol in atom.symbols - names:
                names.update(*map(symbols_of, self._largest[symbol]))
            missing = sorted(symbol.name for symbol in names if symbol.name not in self._axis)
            if missing:
                raise NoValuesError(f"the symbol {missing[0]} has no values")
            found = self._axes_of[atom] = frozenset(self._axis[symbol.name] for symbol in names)
        return found

    def _atom(self, atom: Atom) -> int:
        number = self._atoms.get(atom)
        if number is None:
            number = self._atoms[atom] = self._new_atom(atom)
        return number

    def _new_atom(self, atom: Atom) -> int:
        if isinstance(atom, Symbol):
            if atom in self._largest:
                return self._extreme("max", [dim for dim in self._largest[atom] if not isinstance(dim, Unknown)])
            return self._put("symbol", (atom.name, atom.multiple_of), (), self._along(atom))
        if isinstance(atom, Floor):
            return self._put("floor", None, (self._value(atom.numerator), self._value(atom.denominator)))
        return self._extreme(atom.kind, atom.args)

    def _extreme(self, kind: str, args: Sequence[int | Expr]) -> int:
        """The register of a maximum or minimum: of what depends on the same axes first."""
        by_axes: dict[frozenset[int], dict[int, None]] = {}
        for arg in args:
            number = self._value(arg)
            by_axes.setdefault(self._over[number], {})[number] = None
        parts = [self._put(kind, None, same) if len(same) > 1 else next(iter(same)) for same in by_axes.values()]
        parts.sort(key=lambda number: (len(self._over[number]), number))
        return self._put(kind, None, parts) if len(parts) > 1 else parts[0]

    def _with_ends(self) -> list[_Step]:
        """The instructions, each with the registers that are read by it for the last time."""
        last = {number: step for step, (_, _, numbers) in enumerate(self._made) for number in numbers}
        for number in self._answers:
            if number is not None:
                last[number] = len(self._made)
        freed: list[list[int]] = [[] for _ in range(len(self._made) + 1)]
        for number, step in last.items():
            freed[step].append(number)
        return [_Step(*key, freed[step]) for step, key in enumerate(self._made)]

    # --- at the points of a grid --------------------------------------------------------------------------------------

    def __call__(self, values: Mapping[str, Array]) -> Evaluated:
        """The values of the formulas; `values` has an array of whole numbers for each name, which must be what its
        symbol may be.
        """
        run = _Run(values)
        registers: list[Vector | None] = []
        for kind, constant, numbers, freed in self._steps:
            operands = [registers[number] for number in numbers]
            registers.append(run.step(kind, constant, operands))  # type: ignore[arg-type]  # none is freed before
            for number in freed:
                registers[number] = None
        return Evaluated([None if one is None else registers[one] for one in self._answers], run.undefined)


class Evaluated(NamedTuple):
    """What became of a grid: the values of the formulas, None for unknown ones, and where a formula divides by 0, so
    that nothing is said of that point; None: nowhere.
    """

    vectors: list[Vector | None]
    undefined: Array | None


class _Run:
    """One evaluation. undefined: where something was divided by 0."""

    def __init__(self, values: Mapping[str, Array]) -> None:
        self._values = values
        self.undefined: Array | None = None

    def step(self, kind: str, constant: object, operands: list[Vector]) -> Vector:
        """The result of an instruction."""
        do: Callable[[object, list[Vector]], Vector] = getattr(self, f"_{kind}")
        return do(constant, operands)

    def _number(self, number: int, _: list[Vector]) -> Vector:
        return Vector(np.array(number, dtype=np.int64 if abs(number) <= MOST else object), number, number)

    def _symbol(self, constant: tuple[str, int], _: list[Vector]) -> Vector:
        name, multiple_of = constant
        array = self._values[name]
        if multiple_of > 1:
            array = array // multiple_of
        return Vector(array, int(array.min()), int(array.max()))

    def _dot(self, factors: tuple[int, ...], operands: list[Vector]) -> Vector:
        bounds = [_times((one.low, one.high), factor) for one, factor in zip(operands, factors, strict=True)]
        # Whatever part of the sum is added up so far lies between these.
        reached = sum(min(low, 0) for low, _ in bounds), sum(max(high, 0) for _, high in bounds)
        wide = not _fits(reached, *bounds) or any(abs(factor) > MOST for factor in factors)
        total: Array | None = None
        for one, factor in zip(operands, factors, strict=True):
            array = _wide(one.array) if wide else one.array
            if total is None:
                total = array if factor == 1 else array * factor
            elif factor == 1:
                total = total + array
            elif factor == -1:
                total = total - array
            else:
                total = total + array * factor
        assert total is not None, "a sum has terms"
        return _settled(total, sum(low for low, _ in bounds), sum(high for _, high in bounds))

    def _product(self, _: object, operands: list[Vector]) -> Vector:
        bounds: _Bounds = (1, 1)
        largest = 1
        for one in operands:
            bounds = _known(product_interval(bounds, (one.low, one.high)))
            largest *= max(abs(one.low), abs(one.high), 1)
        wide = largest > MOST
        result, *others = [_wide(one.array) if wide else one.array for one in operands]
        for array in others:
            result = result * array
        return _settled(result, *bounds)

    def _power(self, power: int, operands: list[Vector]) -> Vector:
        (one,) = operands
        wide = max(abs(one.low), abs(one.high), 1) ** power > MOST
        array = _wide(one.array) if wide else one.array
        result = array
        for _ in range(power - 1):
            result = result * array
        return _settled(result, *_known(power_interval((one.low, one.high), power)))

    def _floor(self, _: object, operands: list[Vector]) -> Vector:
        above, below = operands
        divisor = below.array
        if below.low <= 0 <= below.high:
            zero = divisor == 0
            if zero.any():
                self.undefined = zero if self.undefined is None else self.undefined | zero
                divisor = np.where(zero, 1, divisor)
        bounds = quotient_interval((above.low, above.high), (below.low, below.high))
        if bounds[0] is None or bounds[1] is None:
            most = max(abs(above.low), abs(above.high)) + 1
            bounds = -most, most
        low, high = _known(bounds)
        if not _fits((low, high)) or object in (above.array.dtype, divisor.dtype):
            return _settled(_wide(above.array) // _wide(divisor), low, high)
        return _settled(above.array // divisor, low, high)

    def _max(self, _: object, operands: list[Vector]) -> Vector:
        low, high = max(one.low for one in operands), max(one.high for one in operands)
        return self._chosen(np.maximum, operands, low, high)

    def _min(self, _: object, operands: list[Vector]) -> Vector:
        low, high = min(one.low for one in operands), min(one.high for one in operands)
        return self._chosen(np.minimum, operands, low, high)

    @staticmethod
    def _chosen(choose: Callable[[Array, Array], Array], operands: list[Vector], low: int, high: int) -> Vector:
        wide = any(one.array.dtype == object for one in operands)
        result = _wide(operands[0].array) if wide else operands[0].array
        for one in operands[1:]:
            result = choose(result, _wide(one.array) if wide else one.array)
        return _settled(result, low, high)


def _times(bounds: _Bounds, factor: int) -> _Bounds:
    low, high = bounds[0] * factor, bounds[1] * factor
    return (low, high) if factor >= 0 else (high, low)


def _known(bounds: tuple[int | None, int | None]) -> _Bounds:
    low, high = bounds
    assert low is not None, "the bounds of what they come from are known"
    assert high is not None, "the bounds of what they come from are known"
    return low, high


def _fits(*bounds: _Bounds) -> bool:
    return all(low >= -MOST and high <= MOST for low, high in bounds)


def _wide(array: Array) -> Array:
    """The array with Python's whole numbers."""
    return array if array.dtype == object else array.astype(object)


def _settled(array: Array | int, low: int, high: int) -> Vector:
    """A result as an array, of 64 bits where it fits."""
    if isinstance(array, int):  # what NumPy makes of an array without axes
        array = np.array(array, dtype=object)
    array = np.asarray(array)
    if array.dtype == object and _fits((low, high)):
        array = array.astype(np.int64)
    return Vector(array, low, high)
