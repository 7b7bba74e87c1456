"""Conditions on one symbol, solved: which of its values fulfil them.

On each residue class of the symbol both sides are polynomials (see `pieces`), so the classes and where in them a
condition begins to hold are found exactly. A difference that only rises or only falls needs no residues: where it
crosses 0 is found by bisection. What has several symbols, or too long a period, is not solved.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnsum.dims import patterns
from cnnsum.dims.expr import Atom, Dim, Expr, Floor, Symbol, Unknown, symbols_of
from cnnsum.dims.patterns import ALL, NONE, Pattern, PeriodError
from cnnsum.dims.pieces import MAX_PERIOD, has_period, nonnegative, periods, pieces, zeros
from cnnsum.dims.sampling import value_at
from cnnsum.dims.search import slope_of
from cnnsum.dims.sets import SizeSet

# A residue class of the symbol's part, and the first of its values that is in and the first that is not; None: all
# from the first on are in.
_ClassRun = tuple[int, int, "int | None"]


def solve(relation: str, left: Dim, right: Dim) -> SizeSet | None:
    """The values of the only symbol for which the relation holds, or None where that is not solved.

    relation: "==" (left equals right), ">=" (left is at least right), "%" (left is a multiple of right, and 0 is the
    only multiple of 0), "broadcast" (left equals right, or one of them is 1). Values that the symbol cannot have are
    not members. Where there is no symbol, all positive numbers are members, or none is.

    Not solved: several symbols, a period of more than `MAX_PERIOD` classes (see `period_of`) unless one side only
    rises against the other, remainders by a formula that do not come out even, and UNKNOWN.

    >>> H = Symbol("H").dim
    >>> solve("==", 2 * (H // 2), H), solve(">=", H // 4, 3)
    (SizeSet(H % 2 == 0 and H >= 2), SizeSet(H >= 12))
    """
    symbols = symbols_of(left) | symbols_of(right)
    if len(symbols) > 1 or isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    differences = [left - right]
    if relation == "broadcast":
        differences += [left - 1, right - 1]
    elif relation == "%":
        differences = [left if right == 0 else left % right]
    try:
        result: SizeSet | None = None
        domain = SizeSet.everything()
        for symbol in symbols:
            domain = SizeSet.multiples(symbol.multiple_of, symbol.minimum)
        for difference in differences:
            found = _solve(difference, zero=relation != ">=")
            if found is None:
                return None
            found = found & domain
            result = found if result is None else result | found
    except PeriodError:
        return None
    return result


def period_of(left: Dim, right: Dim) -> int | None:
    """The period with which left - right repeats, up to what it grows by; None where it has none, or several symbols.

    Remainders of left by a number n are those of `period_of(left % n, 0)`.

    >>> H = Symbol("H").dim
    >>> period_of(5000 * (H // 5000), H)
    5000
    """
    difference = left - right
    if not isinstance(difference, Expr) or not has_period(difference):
        return None
    found = periods(difference)
    if len(found) != 1:
        return None
    ((symbol, period),) = found.items()
    return period * symbol.multiple_of


def _solve(difference: Dim, *, zero: bool) -> SizeSet | None:
    """The values for which the difference is 0, or is not negative; values that the symbol cannot have may be among
    them.
    """
    if isinstance(difference, Unknown):
        return None
    if isinstance(difference, int):
        return SizeSet.everything() if (difference == 0 if zero else difference >= 0) else SizeSet.of(())
    (symbol,) = difference.symbols
    direction = slope_of(difference, symbol)
    if direction is not None:
        rising = difference if direction == 1 else -difference
        return _crossing(rising, symbol, rises=direction == 1, zero=zero)
    if not has_period(difference):
        return None
    period = periods(difference)[symbol]
    if period > MAX_PERIOD:
        return None
    if _is_linear(difference):
        return _from_lines(difference, symbol, period, zero=zero)
    exact = pieces(difference)
    if exact is None:
        return None
    ask = zeros if zero else nonnegative
    scale = symbol.multiple_of
    runs: list[_ClassRun] = []
    for piece in exact.pieces:
        base = piece.residue // scale
        for first, stop in ask(piece.coefficients, piece.start, piece.stop):
            runs.append((base, base + period * first, None if stop is None else base + period * stop))
    return _from_classes(runs, symbol, period)


# --- what only rises or falls -----------------------------------------------------------------------------------------


def _crossing(rising: Expr, symbol: Symbol, *, rises: bool, zero: bool) -> SizeSet:
    """The values for which a formula that never falls is 0, or at least 0, or at most 0 (where `rises` is not so)."""
    least = symbol.lo or 0
    first = _first(rising, symbol, 0) if rises or zero else least
    past = None if rises and not zero else _first(rising, symbol, 1)
    if first is None:
        return SizeSet.of(())
    scale = symbol.multiple_of
    return SizeSet.at_least(first * scale) if past is None else SizeSet.between(first * scale, (past - 1) * scale)


def _first(rising: Expr, symbol: Symbol, level: int) -> int | None:
    """The first part of the symbol for which a formula that never falls is `level` or more, None where none is."""

    def reached(part: int) -> bool:
        return value_at(rising, {symbol: part}) >= level

    low = symbol.lo or 0
    inverse = _inverse(rising, level)
    if inverse is not None:
        return max(low, inverse)
    if reached(low):
        return low
    step = 1
    most = abs(low) + (1 << (2 * _bits(rising) + 64))
    while not reached(low + step):
        low += step
        step *= 2
        if step > 1 << 64:
            if low > most or not reached(most):
                return None
            step = most - low
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return high


def _inverse(rising: Expr, level: int) -> int | None:
    """The same without trying, for the whole numbers: None where more than one term has the symbol.

    a*(p//n) + c >= level where p >= n*ceil((level - c)/a); so a chain of layers is undone one by one.
    """
    while True:
        constant = 0
        only: tuple[Atom, int] | None = None
        for monomial, factor in rising.terms:
            if not monomial:
                constant = factor
            elif only is not None or len(monomial) > 1 or monomial[0][1] != 1:
                return None
            else:
                only = monomial[0][0], factor
        if only is None or only[1] < 0:
            return None
        atom, factor = only
        level = -((constant - level) // factor)
        if isinstance(atom, Symbol):
            return level
        if not isinstance(atom, Floor) or not isinstance(atom.denominator, int) or isinstance(atom.numerator, int):
            return None
        level *= atom.denominator
        rising = atom.numerator


def _bits(dim: int | Expr) -> int:
    """The bits of all numbers in the formula together.

    What only rises and has a limit is there at a number not much longer: no floor, sum or maximum needs a larger one
    than the product of all of them.
    """
    if isinstance(dim, int):
        return dim.bit_length()
    total = 0
    for monomial, factor in dim.terms:
        total += factor.bit_length() + sum(power * _atom_bits(atom) for atom, power in monomial)
    return total


def _atom_bits(atom: Atom) -> int:
    if isinstance(atom, Symbol):
        return atom.minimum.bit_length() + atom.multiple_of.bit_length()
    return sum(map(_bits, (atom.numerator, atom.denominator) if isinstance(atom, Floor) else atom.args))


# --- what grows by as much in every period ----------------------------------------------------------------------------


def _is_linear(dim: int | Expr) -> bool:
    """Whether the formula is a sum of multiples of the symbol and of floors of such sums."""
    return isinstance(dim, int) or all(
        not monomial
        or (
            len(monomial) == 1
            and monomial[0][1] == 1
            and (isinstance(atom := monomial[0][0], Symbol) or (isinstance(atom, Floor) and _is_linear(atom.numerator)))
        )
        for monomial, _ in dim.terms
    )


def _from_lines(difference: Expr, symbol: Symbol, period: int, *, zero: bool) -> SizeSet:
    """The solution for a linear formula: one period of its values, and how much it grows by in each, tell all."""
    least = symbol.lo or 0
    values = _column(difference, range(least, least + period + 1), {})
    growth = values.pop() - values[0]
    if not growth:
        values.reverse()
        bits = "".join(["0" if value else "1" for value in values] if zero else ["01"[value >= 0] for value in values])
        part = patterns.turned(Pattern(period, int(bits, 2)), least)
        repeated = patterns.spaced(part, symbol.multiple_of)
        return SizeSet.from_stretches([(1, NONE), (max(least * symbol.multiple_of, 1), repeated)])
    if zero:
        return SizeSet.of(
            symbol.multiple_of * (least + i - period * (value // growth))
            for i, value in enumerate(values)
            if value % growth == 0 and value // growth <= 0
        )
    runs: list[_ClassRun] = []
    for i, value in enumerate(values, least):
        if growth > 0:
            runs.append((i, i + period * max(0, -(value // growth)), None))
        elif value >= 0:
            runs.append((i, i, i + period * (value // -growth + 1)))
    return _from_classes(runs, symbol, period)


def _column(dim: int | Expr, parts: range, seen: dict[Atom, list[int]]) -> list[int]:
    """The values of a linear formula at all these parts of its symbol."""
    if isinstance(dim, int):
        return [dim] * len(parts)
    total: list[int] | None = None
    constant = 0
    for monomial, factor in dim.terms:
        if not monomial:
            constant = factor
            continue
        atom = monomial[0][0]
        column = seen.get(atom)
        if column is None:
            if isinstance(atom, Floor):
                n = atom.denominator
                assert isinstance(n, int)
                column = [value // n for value in _column(atom.numerator, parts, seen)]
            else:
                column = list(parts)
            seen[atom] = column
        if total is None:
            total = column if factor == 1 else [factor * value for value in column]
        else:
            total = [value + factor * other for value, other in zip(total, column, strict=True)]
    assert total is not None
    return [value + constant for value in total] if constant else list(total)


# --- from classes to sets ---------------------------------------------------------------------------------------------


def _from_classes(runs: Iterable[_ClassRun], symbol: Symbol, period: int) -> SizeSet:
    """The set of these values, of each class of the symbol's part those from the first to the one before the second."""
    changes: list[tuple[int, int]] = []  # a part, and the class that is in from there on, or no longer in
    for residue, first, stop in runs:
        changes.append((first, residue % period))
        if stop is not None:
            changes.append((stop, residue % period))
    changes.sort()
    stretches: list[tuple[int, Pattern]] = [(0, NONE)]
    bits = 0
    scale = symbol.multiple_of
    for index, (at, residue) in enumerate(changes):
        bits ^= 1 << residue
        if index + 1 == len(changes):
            stretches.append((at, patterns.pattern(period, bits)))
            break
        end = changes[index + 1][0]
        if end - at > period:
            stretches.append((at, patterns.pattern(period, bits)))
        elif end > at:
            stretches.append((at, NONE))
            for first, last in patterns.runs(patterns.window(Pattern(period, bits), at, end - at), at):
                stretches += [(first, ALL), (last + 1, NONE)]
    return SizeSet.from_stretches(
        [(1, NONE), *((max(at * scale, 1), patterns.spaced(part, scale)) for at, part in stretches)]
    )


__all__ = ["MAX_PERIOD", "period_of", "solve"]
