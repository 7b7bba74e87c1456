"""Where a formula over the sizes of a network is above a limit: the worst of a range of sizes, or the first that is.

Solved on the formula, never by trying sizes one by one where there are many. Knows formulas, conditions and sets of
sizes, and nothing of what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product
from math import lcm, prod

from cnnsum.analyses.sizes.closed import ClosedForm
from cnnsum.analyses.sizes.conditions import Requirement, put
from cnnsum.analyses.sizes.largest import MOST, UnsolvedError, first, solution, within
from cnnsum.dims import Dim, Expr, Symbol, Unknown, substitute, symbols_of
from cnnsum.dims.expr import Extreme, Floor
from cnnsum.dims.making import replace
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.search import is_monotone
from cnnsum.dims.sets import SizeSet
from cnnsum.typed import NamedTuple

#: Combinations of sizes that are tried, where nothing better is known.
MOST_TRIED = 1 << 14
#: Residue classes that are looked at for conditions that also depend on symbols which stay open.
_MOST_CLASSES = 1 << 15
_MOST_PARTS = 64


class NoSizesError(UnsolvedError):
    """The network accepts no sizes in the ranges, so that there is nothing to hold."""


class Range(NamedTuple):
    """The sizes that a symbol may have, both included; `high` is None where there is no largest."""

    low: int = 1
    high: int | None = None


class Break(NamedTuple):
    """Sizes at which a formula is above a limit.

    point: a size by symbol: the worst of the range, where that has an end; else the first. start: the first, where all
    symbols have the same size; None where that is not known. onward: whether it stays above from there on.
    """

    point: Mapping[str, int]
    start: int | None
    onward: bool


def broken(formula: Expr, limit: int, requirements: Sequence[Requirement], ranges: Mapping[str, Range]) -> Break | None:
    """Where a formula is above a limit within some ranges; None where it is so at no size that the network accepts.

    ranges: by symbol; a symbol without one has all sizes that are declared of it.

    Raises UnsolvedError where that cannot be decided; NoSizesError where no sizes in the ranges are accepted at all.

    >>> H, W = Symbol("H"), Symbol("W")
    >>> broken(3 * H.dim * W.dim, 3_000_000, (), {})
    Break(point={'H': 1001, 'W': 1001}, start=1001, onward=True)
    >>> broken(3 * H.dim * W.dim, 3_000_000, (), {"H": Range(1, 2000), "W": Range(1, 1024)})
    Break(point={'H': 2000, 'W': 1024}, start=1001, onward=True)
    >>> broken(3 * H.dim * W.dim, 3_000_000, (), {"H": Range(1, 900), "W": Range(1, 1024)}) is None
    True
    """
    known = {symbol.name: _narrowed(symbol, requirements, ranges) for symbol in symbols_of(formula)}
    narrowed = {name: symbol.dim for name, symbol in known.items()}
    # What is known of the sizes shows that a formula only rises, where nothing else would; of some sizes also that it
    # does not depend on them: where H is 5 or more, `min(H, 4)` is 4.
    narrow = substitute(formula, narrowed)
    if isinstance(narrow, Unknown):
        raise UnsolvedError
    requirements = [one._replace(need=put(one.need, narrowed)) for one in requirements]
    symbols = sorted(symbols_of(narrow) or known.values(), key=lambda symbol: symbol.name)
    spans = {symbol: ranges.get(symbol.name, Range()) for symbol in symbols}
    if len(symbols) == 1:
        found = _on_one(narrow, limit, symbols, requirements, spans)
    elif _all_rise(narrow, symbols):
        found = _rising(narrow, limit, symbols, requirements, spans)
    else:
        found = _tried(narrow, limit, symbols, requirements, spans)
    if found is None or len(symbols) == len(known):
        return found
    return found._replace(point={**{name: symbol.minimum for name, symbol in known.items()}, **found.point})


def _all_rise(formula: Dim, symbols: Sequence[Symbol]) -> bool:
    """Whether a formula falls along no symbol."""
    return all(is_monotone(part, symbol) for part in parts(formula) for symbol in symbols)


def _narrowed(symbol: Symbol, requirements: Sequence[Requirement], ranges: Mapping[str, Range]) -> Symbol:
    """The symbol with all that is known of it: the least size of its range that is accepted, and a common factor."""
    span = ranges.get(symbol.name, Range())
    legal = SizeSet.multiples(symbol.multiple_of, max(symbol.minimum, span.low, 1))
    for one in requirements:
        if one.allowed is not None and one.symbols == {symbol}:
            try:
                legal &= one.allowed
            except PeriodError:
                continue
    least = legal.least
    if least is None or (span.high is not None and least > span.high):
        raise NoSizesError
    step = legal.multiple_of
    return Symbol(
        symbol.name,
        anonymous=symbol.anonymous,
        minimum=least,
        multiple_of=step if step % symbol.multiple_of == 0 else symbol.multiple_of,
    )


_Spans = Mapping[Symbol, Range]
_Accepts = Callable[[int], bool]


def _on_one(
    formula: Dim, limit: int, tied: Sequence[Symbol], requirements: Sequence[Requirement], spans: _Spans
) -> Break | None:
    """A formula in symbols that all have the same size, which is that of the first."""
    step = lcm(*(one.multiple_of for one in tied))
    least = max(one.minimum for one in tied)
    symbol = Symbol(tied[0].name, anonymous=tied[0].anonymous, minimum=-(-least // step) * step, multiple_of=step)
    form = ClosedForm([formula], [symbol], requirements, {one.name: symbol.dim for one in tied})
    low = max(spans[one].low for one in tied)
    high = min([high for one in tied if (high := spans[one].high) is not None], default=None)
    legal = [SizeSet.multiples(one.multiple_of, max(one.minimum, 1)) for one in tied]
    legal += [one.allowed for one in form.requirements if one.allowed is not None and one.symbols == {symbol}]

    asked = _asked_of(form)

    def accepts(value: int) -> bool:
        return asked((value,))

    if any(not one.symbols for one in form.requirements) or first(legal, accepts, low, high or MOST) is None:
        raise NoSizesError
    (tied_formula,) = form.dims
    start = _first_above(tied_formula, limit, symbol, legal, accepts, low, high)
    if start is None:
        return None
    onward = is_monotone(tied_formula, symbol) is True
    worst = solution((), legal, accepts, low, high).value if high is not None and onward else None
    return Break(dict.fromkeys([one.name for one in tied], worst or start), start, onward)


def _asked_of(form: ClosedForm) -> Callable[[Sequence[int]], bool]:
    """Whether the network accepts sizes; raises UnsolvedError where too much was looked at for all that were asked."""
    left = _MOST_CLASSES

    def accepts(values: Sequence[int]) -> bool:
        nonlocal left
        left -= form.classes(values)
        if left < 0:
            raise UnsolvedError
        return form.refusal(values) is None

    return accepts


def _first_above(
    formula: Dim, limit: int, symbol: Symbol, legal: Sequence[SizeSet], accepts: _Accepts, low: int, high: int | None
) -> int | None:
    """The smallest accepted size at which a formula in one symbol is above a limit."""
    fits = within(formula, limit, symbol)
    try:
        above = ~fits
    except PeriodError:
        raise UnsolvedError from None
    return first([*legal, above], accepts, low, high or MOST)


def _rising(
    formula: Dim, limit: int, symbols: Sequence[Symbol], requirements: Sequence[Requirement], spans: _Spans
) -> Break | None:
    """A formula that falls along no symbol: it is worst where all of them are largest."""
    form = ClosedForm([formula], symbols, requirements, {})
    given: dict[str, int] = {}
    for symbol in symbols:
        high = spans[symbol].high
        if high is None:
            continue
        legal = _legal(form, symbol)
        largest = solution((), legal, lambda _: True, spans[symbol].low, high).value
        if largest is None:
            raise NoSizesError
        given[symbol.name] = largest
    free = [symbol for symbol in symbols if symbol.name not in given]
    if not free:
        corner = [given[symbol.name] for symbol in symbols]
        values = form(corner)
        if values is not None and values[0] is not None and values[0] <= limit:
            return None
        if form.refusal(corner) is not None:
            return _related(formula, limit, symbols, requirements, spans)
        start = _tied_start(formula, limit, symbols, requirements, spans)
        return Break(given, start, onward=start is not None)
    rest = substitute(formula, given)
    if isinstance(rest, int):
        if rest <= limit:
            return None
        return Break({**given, **{symbol.name: _least(form, symbol, spans[symbol]) for symbol in free}}, None, True)
    left = [one for one in form.requirements if not one.symbols or any(one.symbols & {symbol} for symbol in free)]
    found = _on_one(rest, limit, free, [one._replace(need=put(one.need, given)) for one in left], spans)
    return None if found is None else Break({**given, **found.point}, found.start, found.onward)


def _related(
    formula: Dim, limit: int, symbols: Sequence[Symbol], requirements: Sequence[Requirement], spans: _Spans
) -> Break | None:
    """The largest sizes do not go together: the worst may be where all are the same, else all must be tried."""
    try:
        found = _on_one(formula, limit, symbols, requirements, spans)
    except UnsolvedError:
        found = None
    return found or _tried(formula, limit, symbols, requirements, spans)


def _tied_start(
    formula: Dim, limit: int, symbols: Sequence[Symbol], requirements: Sequence[Requirement], spans: _Spans
) -> int | None:
    """The first size of all symbols at once that is too much, where one is told from the ranges alone."""
    low = {symbol: Range(max(spans[symbol].low for symbol in symbols), None) for symbol in symbols}
    try:
        found = _on_one(formula, limit, symbols, requirements, low)
    except UnsolvedError:
        return None
    if found is None or found.start is None:
        return None
    return found.start if all(found.start <= (spans[symbol].high or MOST) for symbol in symbols) else None


def _tried(
    formula: Dim, limit: int, symbols: Sequence[Symbol], requirements: Sequence[Requirement], spans: _Spans
) -> Break | None:
    """Every combination of sizes; for formulas that rise and fall, where there are not too many."""
    form = ClosedForm([formula], symbols, requirements, {})
    sizes: list[list[int]] = []
    for symbol in symbols:
        high = spans[symbol].high
        if high is None:
            raise UnsolvedError
        inside = _legal(form, symbol)[0].within(spans[symbol].low, high)
        sizes.append([*islice(inside, MOST_TRIED + 1)])
    if prod(map(len, sizes)) > MOST_TRIED:
        raise UnsolvedError
    accepts = _asked_of(form)
    worst: tuple[int, tuple[int, ...]] | None = None
    accepted = False
    for values in product(*sizes):
        if not accepts(values):
            continue
        accepted = True
        found = form(values)
        if found is not None and found[0] is not None and (worst is None or found[0] > worst[0]):
            worst = found[0], values
    if not accepted:
        raise NoSizesError
    if worst is None or worst[0] <= limit:
        return None
    return Break({symbol.name: value for symbol, value in zip(symbols, worst[1], strict=True)}, None, onward=False)


def _legal(form: ClosedForm, symbol: Symbol) -> list[SizeSet]:
    """What a symbol alone must fulfil; the first of the sets holds what is declared of it."""
    own = [one.allowed for one in form.requirements if one.symbols == {symbol} and one.allowed is not None]
    return [SizeSet.multiples(symbol.multiple_of, max(symbol.minimum, 1)), *own]


def _least(form: ClosedForm, symbol: Symbol, span: Range) -> int:
    found = first(_legal(form, symbol), lambda _: True, span.low)
    if found is None:
        raise UnsolvedError
    return found


# --- formulas of which another is the largest: each may be seen to rise where their maximum is not --------------------


def parts(formula: Dim) -> list[Dim]:
    """Formulas of which the given one is the largest: it is within a limit where all of them are.

    >>> from cnnsum.dims import maximum
    >>> H, W = Symbol("H").dim, Symbol("W").dim
    >>> parts(2 * maximum(H, W) + 5)
    [2*H + 5, 2*W + 5]
    """
    found = [formula]
    while True:
        for place, one in enumerate(found):
            largest = _largest(one)
            if largest is not None:
                found[place : place + 1] = [replace(one, {largest: arg}) for arg in largest.args]
                break
        else:
            return list(dict.fromkeys(found))
        if len(found) > _MOST_PARTS:
            return [formula]


def _largest(formula: Dim) -> Extreme | None:
    """A maximum that a formula grows with."""
    for monomial, factor in formula.terms if isinstance(formula, Expr) else ():
        for atom, power in monomial:
            if not isinstance(atom, Extreme) or atom.kind != "max":
                continue
            others = [other for other, _ in monomial if other is not atom]
            grows = power == 1 and factor > 0 and all(other.lo is not None and other.lo >= 0 for other in others)
            if grows and _appears_once(formula, atom):  # the formula depends on it in no other way
                return atom
    return None


def _appears_once(formula: Dim, atom: Extreme) -> bool:
    count = 0
    for monomial, _ in formula.terms if isinstance(formula, Expr) else ():
        for other, _ in monomial:
            if other == atom:
                count += 1
            elif isinstance(other, Floor | Extreme) and _within(other, atom):
                return False
    return count == 1


def _within(outer: Floor | Extreme, atom: Extreme) -> bool:
    """Whether a maximum stands inside another atom."""
    dims = outer.args if isinstance(outer, Extreme) else (outer.numerator, outer.denominator)
    for dim in dims:
        for monomial, _ in dim.terms if isinstance(dim, Expr) else ():
            for other, _ in monomial:
                if other == atom or (isinstance(other, Floor | Extreme) and _within(other, atom)):
                    return True
    return False
