"""What a formula of one symbol is on each residue class: a polynomial.

An expression of polynomials and floors of one symbol repeats its fractions with the least common multiple of its
denominators. For the sizes of one residue it is a polynomial with whole coefficients, so every question about it has
an exact answer: `pieces` makes the polynomials, `nonnegative` and `extremes` answer. A maximum or minimum splits a
class where its arguments change places. Nothing here guesses: what is past `MAX_PERIOD` gives None.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from math import lcm, prod

from cnnsum.dims.expr import Atom, Dim, Expr, Extreme, Floor, Monomial, Symbol, atoms_of, size_of, symbols_of
from cnnsum.dims.intervals import Interval
from cnnsum.typed import NamedTuple

MAX_PERIOD = 4_096  # residue classes that are looked at, at most
_MAX_WORK = 1 << 16  # atoms that are looked at, over all classes
_MAX_SPLITS = 16  # of one class, by maxima and minima

Polynomial = tuple[int, ...]  # coefficients of 1, t, t**2, ...; the last is not 0
Run = tuple[int, "int | None"]  # start <= t < stop, without end where stop is None


class Piece(NamedTuple):
    """For symbol = residue + period*t, start <= t < stop, the formula is the sum of coefficients[i] * t**i."""

    residue: int
    start: int
    stop: int | None
    coefficients: Polynomial


class Pieces(NamedTuple):
    """A formula of one symbol, piece by piece; each legal value of the symbol is in exactly one."""

    symbol: Symbol
    period: int
    pieces: tuple[Piece, ...]


class _SplitError(Exception):
    """A maximum changes its argument within the run: look at both sides by themselves."""

    def __init__(self, at: int) -> None:
        self.at = at


class NotInPiecesError(Exception):
    """The formula has no pieces, as a floor by a formula has no period, or too many of them."""


@lru_cache(1 << 10)
def pieces(dim: Dim, max_period: int = MAX_PERIOD) -> Pieces | None:
    """The polynomials of a formula of one symbol, or None where it has another number of symbols or too many classes.

    >>> H = Symbol("H")
    >>> for piece in pieces(H.dim // 2 * 2).pieces: print(piece)
    Piece(residue=0, start=1, stop=None, coefficients=(0, 2))
    Piece(residue=1, start=0, stop=None, coefficients=(0, 2))
    """
    try:
        found = tuple(each_piece(dim, max_period))
    except NotInPiecesError:
        return None
    (symbol,) = symbols_of(dim)
    return Pieces(symbol, periods(dim)[symbol] * symbol.multiple_of, found)


def each_piece(dim: Dim, max_period: int = MAX_PERIOD) -> Iterator[Piece]:
    """The same pieces one after the other, made as they are asked for: a question that the first few answer needs no
    more. Raises NotInPiecesError, also after some pieces.
    """
    symbols = symbols_of(dim)
    if len(symbols) != 1 or not isinstance(dim, Expr):
        raise NotInPiecesError
    (symbol,) = symbols
    period = periods(dim)[symbol]
    most = _MAX_WORK // size_of(dim)
    if period > min(max_period, most):
        raise NotInPiecesError
    count = 0
    for residue in range(period):
        for piece in _class(dim, symbol, residue, period):
            count += 1
            if count > most:
                raise NotInPiecesError
            yield piece


def bounds_of(exact: Pieces) -> Interval:
    """The least and the greatest value over all pieces; None is without bound."""
    ranges = [extremes(piece.coefficients, piece.start, piece.stop) for piece in exact.pieces]
    lows = [low for low, _ in ranges if low is not None]
    highs = [high for _, high in ranges if high is not None]
    return (min(lows) if len(lows) == len(ranges) else None), (max(highs) if len(highs) == len(ranges) else None)


def periods(dim: Dim) -> dict[Symbol, int]:
    """For each symbol the step (in multiples of its `multiple_of`) after which all fractions repeat.

    Raises an error for a floor by a formula; `has_period` asks first.
    """
    result: dict[Symbol, int] = {}
    if isinstance(dim, Expr):
        for atom in atoms_of(dim):
            for symbol, period in _atom_periods(atom).items():
                result[symbol] = lcm(result.get(symbol, 1), period)
    return result


def has_period(dim: Dim) -> bool:
    """Whether all floors are by plain numbers."""
    try:
        periods(dim)
    except NotInPiecesError:
        return False
    return True


def class_count(dim: Dim) -> int:
    """How many residue classes a question about a formula may look at.

    >>> H = Symbol("H")
    >>> class_count(H.dim // 4 + H.dim // 6), class_count(H.dim + 1), class_count(7)
    (12, 1, 1)
    """
    try:
        return min(prod(periods(dim).values()), MAX_PERIOD)
    except NotInPiecesError:
        return 1


def _atom_periods(atom: Atom) -> dict[Symbol, int]:
    if isinstance(atom, Symbol):
        return {atom: 1}
    if isinstance(atom, Floor):
        if isinstance(atom.denominator, Expr):
            raise NotInPiecesError
        return {symbol: period * atom.denominator for symbol, period in periods(atom.numerator).items()}
    result: dict[Symbol, int] = {}
    for arg in atom.args:
        for symbol, period in periods(arg).items():
            result[symbol] = lcm(result.get(symbol, 1), period)
    return result


def _class(dim: Dim, symbol: Symbol, residue: int, period: int) -> Iterator[Piece]:
    assert symbol.lo is not None
    todo: list[Run] = [(-((residue - symbol.lo) // period), None)]
    scale = symbol.multiple_of
    splits = 0
    while todo:
        start, stop = todo.pop()
        try:
            yield Piece(residue * scale, start, stop, _polynomial(dim, (residue, period), (start, stop)))
        except _SplitError as split:
            splits += 1
            if splits > _MAX_SPLITS:
                raise NotInPiecesError from split
            todo += [(split.at, stop), (start, split.at)]


def _polynomial(dim: Dim, line: Polynomial, run: Run) -> Polynomial:
    """The formula at symbol = line(t), as a polynomial in t; the same over the whole run, or _SplitError."""
    if isinstance(dim, int):
        return (dim,) if dim else ()
    assert isinstance(dim, Expr)
    total: list[int] = []
    for monomial, factor in dim.terms:
        product = _product((factor,), monomial, line, run)
        total += [0] * (len(product) - len(total))
        for i, value in enumerate(product):
            total[i] += value
    return _strip(total)


def _product(product: Polynomial, monomial: Monomial, line: Polynomial, run: Run) -> Polynomial:
    for atom, power in monomial:
        part = _atom_polynomial(atom, line, run)
        for _ in range(power):
            product = _times(product, part)
    return product


def monomial_polynomial(monomial: Monomial, line: Polynomial) -> Polynomial:
    """A product of atoms without maxima and minima, of one symbol, where the symbol's atom is line(t)."""
    return _product((1,), monomial, line, (0, None))


def _atom_polynomial(atom: Atom, line: Polynomial, run: Run) -> Polynomial:
    if isinstance(atom, Symbol):
        return _strip(list(line))
    if isinstance(atom, Extreme):
        return _choose(atom, line, run)
    numerator = _polynomial(atom.numerator, line, run)
    assert isinstance(atom.denominator, int)
    return _strip([value // atom.denominator for value in numerator])  # exact, but for the constant


def _choose(atom: Extreme, line: Polynomial, run: Run) -> Polynomial:
    best, *others = (_polynomial(arg, line, run) for arg in atom.args)
    for other in others:
        difference = _minus(best, other) if atom.kind == "max" else _minus(other, best)
        runs = nonnegative(difference, *run)
        if not runs:
            best = other
        elif runs != [run]:
            start, stop = runs[0]
            raise _SplitError(start if start != run[0] or stop is None else stop)
    return best


def _strip(values: list[int]) -> Polynomial:
    while values and not values[-1]:
        values.pop()
    return tuple(values)


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    if not a or not b:
        return ()
    result = [0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return tuple(result)


def _minus(a: Polynomial, b: Polynomial) -> Polynomial:
    length = max(len(a), len(b))
    padded_a = a + (0,) * (length - len(a))
    padded_b = b + (0,) * (length - len(b))
    return _strip([x - y for x, y in zip(padded_a, padded_b, strict=True)])


def value_at(polynomial: Polynomial, t: int) -> int:
    """The polynomial's value, by Horner's rule."""
    result = 0
    for coefficient in reversed(polynomial):
        result = result * t + coefficient
    return result


def nonnegative(polynomial: Polynomial, start: int, stop: int | None) -> list[Run]:
    """The runs of whole t in [start, stop) with polynomial(t) >= 0, in order; stop None is without end.

    >>> nonnegative((12, -7, 1), 0, None)  # t*t - 7*t + 12 = (t - 3)*(t - 4)
    [(0, None)]
    >>> nonnegative((11, -7, 1), 0, None)
    [(0, 3), (5, None)]
    """
    result: list[Run] = []
    for first, last, rising in _monotone(polynomial, start, stop):
        run = _crossing(polynomial, first, last, rising=rising)
        if run is None:
            continue
        if result and result[-1][1] == run[0]:
            result[-1] = (result[-1][0], run[1])
        else:
            result.append(run)
    return result


def zeros(polynomial: Polynomial, start: int, stop: int | None) -> list[Run]:
    """The runs of whole t in [start, stop) with polynomial(t) == 0."""
    below = tuple(-coefficient for coefficient in polynomial)
    result: list[Run] = []
    for first, last in nonnegative(polynomial, start, stop):
        result += nonnegative(below, first, last)
    return result


def extremes(polynomial: Polynomial, start: int, stop: int | None) -> tuple[int | None, int | None]:
    """The least and the greatest value on [start, stop), which holds at least one t; None is without bound."""
    low: int | None = None
    high: int | None = None
    below = above = True
    for first, last, rising in _monotone(polynomial, start, stop):
        ends = [value_at(polynomial, first)]
        if last is not None:
            ends.append(value_at(polynomial, last - 1))
        elif len(polynomial) > 1:
            below, above = below and rising, above and not rising
        low = min(ends) if low is None else min(low, *ends)
        high = max(ends) if high is None else max(high, *ends)
    return (low if below else None), (high if above else None)


def _monotone(polynomial: Polynomial, start: int, stop: int | None) -> Iterator[tuple[int, int | None, bool]]:
    """Cut [start, stop) into runs on which the polynomial only rises or only falls (third item: rises)."""
    if stop is not None and start >= stop:
        return
    if len(polynomial) <= 2:
        yield start, stop, len(polynomial) < 2 or polynomial[1] > 0
        return
    at = start
    for first, last in nonnegative(_difference(polynomial), start, stop):
        if first > at:
            yield at, first, False
        yield first, last, True
        if last is None:
            return
        at = last
    if stop is None or at < stop:
        yield at, stop, False


def _difference(polynomial: Polynomial) -> Polynomial:
    """polynomial(t + 1) - polynomial(t), which has one degree less."""
    result = [0] * (len(polynomial) - 1)
    row = [1]
    for coefficient in polynomial[1:]:
        row = [1, *(a + b for a, b in pairwise(row)), 1]  # the next line of Pascal's triangle
        for i, binomial in enumerate(row[:-1]):
            result[i] += coefficient * binomial
    return _strip(result)


def _crossing(polynomial: Polynomial, first: int, last: int | None, *, rising: bool) -> Run | None:
    """The part of a run on which the polynomial only rises or falls, where it is not negative."""
    at_first = value_at(polynomial, first) >= 0
    if len(polynomial) < 2:
        return (first, last) if at_first else None
    if rising == at_first:  # rising from 0 or more, or falling from below 0: the sign stays
        return (first, last) if at_first else None
    step = 1
    low = first  # has the sign of the first; high will have the other, or be the end
    while last is None or low + step < last:
        if (value_at(polynomial, low + step) >= 0) != at_first:
            break
        low += step
        step *= 2
    high = low + step if last is None else min(low + step, last)
    while high - low > 1:
        middle = (low + high) // 2
        if (value_at(polynomial, middle) >= 0) == at_first:
            low = middle
        else:
            high = middle
    if at_first:
        return first, high
    return None if high == last else (high, last)
