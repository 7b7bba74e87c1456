"""The largest of many formulas, as few of them as needed: for the peak of memory, which has one formula per step.

Loaded where sizes depend on symbols. What is left out is always reached by one that is kept, at every size that the
network accepts; that is proved, never measured. Knows formulas, and nothing of what they count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import comb, prod
from operator import add

from cnnsum.dims import UNKNOWN, Dim, Expr, Symbol, Unknown, at_least, substitute, symbols_of
from cnnsum.dims.expr import Atom, Extreme, Floor, Monomial, from_atom, from_terms, interval, order_of, terms_of
from cnnsum.dims.sampling import value_at
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.analyses.sizes.conditions import Sizes

#: Formulas that are kept, at most: nobody would read an answer with more.
MOST_KEPT = 16

#: Comparisons that are proved residue by residue, which takes long; past them what is not seen at once stays.
_MOST_PROOFS = 36

#: Terms of polynomials that are multiplied with each other, in all; past them formulas are compared in other ways.
_MOST_PRODUCTS = 50_000

#: Multiples of a symbol's step, from its minimum on, at which formulas are compared before anything is proved.
_SAMPLES = (0, 1, 2, 5, 17, 40, 1_000)


def largest_of(dims: Sequence[Dim], known: Mapping[str, Symbol]) -> tuple[Dim, int | None]:
    """The largest of some formulas, and which it is where one of them always is.

    known: what else is known of symbols, by name: a larger minimum, a number that they are multiples of. The answer
    holds for such sizes.

    >>> H = Symbol("H").dim
    >>> largest_of([H + 3, 2 * H, H], {}), largest_of([H + 3, 2 * H, H], {"H": Symbol("H", minimum=4)})
    ((max(H + 3, 2*H), None), (2*H, 1))
    """
    if any(isinstance(dim, Unknown) for dim in dims):
        return UNKNOWN, None
    common = common_of(dims)
    places = {dim: place for place, dim in reversed([*enumerate(dims)])}
    kept = _kept(not_covered([*places], known), common, known)
    if len(kept) == 1:
        return kept[0], places[kept[0]]
    if not kept:
        return UNKNOWN, None
    # Of equal sizes a product is shorter: N*max(a, b) for max(N*a, N*b).
    args = [arg for dim in kept if not isinstance(arg := without(dim, common), Unknown)]
    result = from_atom(Extreme("max", tuple(sorted(args, key=order_of))))
    for symbol in common:
        result = result * (symbol.dim // symbol.multiple_of)
    return result, None


def common_of(dims: Sequence[Dim]) -> list[Symbol]:
    """The symbols that every formula is a multiple of, as all bytes are of the batch."""
    found: set[Symbol] | None = None
    for dim in dims:
        for monomial, _ in dim.terms if isinstance(dim, Expr) else (((), 0),):
            here = {atom for atom, _ in monomial if isinstance(atom, Symbol) and atom.minimum >= 0}
            found = here if found is None else found & here
            if not found:
                return []
    return sorted(found or (), key=lambda symbol: symbol.name)


def known_of(sizes: Sizes) -> dict[str, Symbol]:
    """What the sizes that a network accepts tell of their symbols: a minimum, and what they are multiples of."""
    found: dict[str, Symbol] = {}
    for axis in sizes.axes:
        least, step = axis.legal.least, axis.legal.multiple_of
        symbol = axis.symbol
        if least is not None and step % symbol.multiple_of == 0:
            least = max(least, symbol.minimum)
            found[symbol.name] = Symbol(symbol.name, anonymous=symbol.anonymous, minimum=least, multiple_of=step)
    return found


def without(dim: Dim, common: Sequence[Symbol]) -> Dim:
    """A formula divided by symbols that all its terms have."""
    if not common or not isinstance(dim, Expr):
        return dim
    terms: dict[Monomial, int] = {}
    for monomial, factor in dim.terms:
        rest = [(atom, power - (atom in common)) for atom, power in monomial]
        terms[tuple([item for item in rest if item[1]])] = factor
    return from_terms(terms)


#: A formula in the amounts that its atoms are above their least values.
_Shifted = dict[Monomial, int]

#: Terms that one product is shifted into, at most.
_MOST_SHIFTED = 32


def not_covered(dims: list[Dim], known: Mapping[str, Symbol]) -> list[Dim]:
    """The formulas that others do not cover at sight, alone or in a mean of two.

    A formula covers another where, in the amounts that each atom is above its least value, each of its coefficients is
    at least the other's: whole numbers are compared, and nothing is proved. Of the thousands of layers that a network
    repeats, each a little smaller than the one before, this leaves one or two. Where a backward pass drops tensors
    layer by layer while gradients come up, each moment is a mean of an early and a late one, so never above both.
    """
    shift = _Shift(known)
    shifted = [shift(dim) for dim in dims]
    found = [one for one in shifted if one is not None]
    if len(found) < 2:
        return dims
    largest = [max(found, key=lambda one: one.get((), 0)), max(found, key=_at_large_sizes)]
    left = [one for one in found if not any(one is not other and _covers(other, one) for other in largest)]
    outer = {id(one) for one in _outermost(left)}
    return [dim for dim, one in zip(dims, shifted, strict=True) if one is None or id(one) in outer]


def _outermost(formulas: Sequence[_Shifted]) -> list[_Shifted]:
    """The formulas without those that a mean of two others covers: a convex hull, by Graham's scan."""
    found: list[_Shifted] = []
    for one in sorted(formulas, key=_at_large_sizes):
        while found and (_covers(one, found[-1]) or (len(found) > 1 and _mean_covers(found[-2], one, found[-1]))):
            found.pop()
        found.append(one)
    return found


def _covers(a: _Shifted, b: _Shifted) -> bool:
    return all(b.get(monomial, 0) <= factor for monomial, factor in a.items()) and all(
        factor <= 0 for monomial, factor in b.items() if monomial not in a
    )


def _mean_covers(a: _Shifted, b: _Shifted, one: _Shifted) -> bool:
    """Whether `t*a + (1 - t)*b` covers a formula, for some t from 0 to 1.

    >>> x: Monomial = ((Symbol("x"), 1),)
    >>> _mean_covers({(): 9}, {x: 8}, {(): 5, x: 3}), _mean_covers({(): 9}, {x: 8}, {(): 5, x: 4})
    (True, False)
    """
    # The least and the most that t may be, as fractions: every monomial asks for t * (p - q) >= factor - q.
    least, least_of, most, most_of = 0, 1, 1, 1
    for monomial in {**a, **b, **one}:
        q = b.get(monomial, 0)
        step, needed = a.get(monomial, 0) - q, one.get(monomial, 0) - q
        if step == 0 and needed > 0:
            return False
        if step > 0 and needed * least_of > least * step:
            least, least_of = needed, step
        if step < 0 and needed * most_of > most * step:
            most, most_of = -needed, -step
    return least * most_of <= most * least_of


def _at_large_sizes(one: _Shifted) -> int:
    return sum(factor * _SAMPLES[-1] ** sum(power for _, power in monomial) for monomial, factor in one.items())


class _Shift:
    """Writes formulas in the amounts that their atoms are above their least values."""

    def __init__(self, known: Mapping[str, Symbol]) -> None:
        self._known: dict[str, Dim] = {name: symbol.dim for name, symbol in known.items()}
        self._least: dict[Atom, int | None] = {}
        self._monomials: dict[Monomial, _Shifted | None] = {}

    def __call__(self, dim: Dim) -> _Shifted | None:
        """The formula, or None where an atom has no least value, or its products are too many."""
        found: _Shifted = {}
        for monomial, factor in terms_of(dim) if not isinstance(dim, Unknown) else ():
            if monomial not in self._monomials:
                self._monomials[monomial] = self._product(monomial)
            parts = self._monomials[monomial]
            if parts is None:
                return None
            for part, times in parts.items():
                found[part] = found.get(part, 0) + factor * times
        return found

    def _product(self, monomial: Monomial) -> _Shifted | None:
        if prod(power + 1 for _, power in monomial) > _MOST_SHIFTED:
            return None
        found: _Shifted = {(): 1}
        for atom, power in monomial:
            if atom not in self._least:
                self._least[atom] = self._least_of(atom)
            least = self._least[atom]
            if least is None:
                return None
            # (least + x)**power, by the binomial theorem
            found = {
                (*part, (atom, taken)) if taken else part: times * comb(power, taken) * least ** (power - taken)
                for part, times in found.items()
                for taken in range(power + 1)
            }
        return found

    def _least_of(self, atom: Atom) -> int | None:
        dim = substitute(from_atom(atom), self._known)
        return None if isinstance(dim, Unknown) else interval(dim)[0]


def _kept(dims: list[Dim], common: Sequence[Symbol], known: Mapping[str, Symbol]) -> list[Dim]:
    """The formulas that no other always reaches; nothing where there are too many."""
    rest = [without(dim, common) for dim in dims]
    narrowed = [substitute(dim, {name: symbol.dim for name, symbol in known.items()}) for dim in rest]
    forms = _Forms(rest if any(isinstance(dim, Unknown) for dim in narrowed) else narrowed)
    # Those that are large at the last sample reach most of the others.
    order = sorted(range(len(dims)), key=lambda i: forms.seen[i][-1], reverse=True)
    kept: list[int] = []
    for i in order:
        if not any(forms.reaches(other, i) for other in kept):
            kept = [other for other in kept if not forms.reaches(i, other)]
            kept.append(i)
            if len(kept) > MOST_KEPT:  # those that follow are smaller at the last sample: they replace none
                return []
    return [dims[i] for i in kept]


#: A polynomial of how much each symbol is above its minimum: by the powers of the symbols, in the order of their names.
_Polynomial = dict[tuple[int, ...], Fraction]


class _Forms:
    """Formulas that are compared with each other: seen at some sizes, then between polynomials, then by `at_least`.

    Each step decides most of what the one before leaves open, and takes longer.
    """

    def __init__(self, dims: list[Dim]) -> None:
        self.dims = dims
        symbols = sorted(frozenset[Symbol]().union(*map(symbols_of, dims)), key=lambda symbol: symbol.name)
        self.seen = _seen(dims, symbols)
        self._places = {symbol: place for place, symbol in enumerate(symbols)}
        self._atoms: dict[Atom, tuple[_Polynomial, _Polynomial] | None] = {}
        self._monomials: dict[Monomial, tuple[_Polynomial, _Polynomial] | None] = {}
        self._proofs = 0
        self._products = 0
        self._larger: dict[tuple[Monomial, Monomial], bool] = {}
        self._between = [*map(self._bounds, dims)]

    def reaches(self, a: int, b: int) -> bool:
        """Whether one formula is at least the other, always."""
        if any(p < q for p, q in zip(self.seen[a], self.seen[b], strict=True)):
            return False
        upper, lower = self._between[a], self._between[b]
        if upper is not None and lower is not None and _is_positive(_sum(upper[0], lower[1], -1)):
            return True
        # The same with what the two share taken out.
        difference = self.dims[a] - self.dims[b]
        bounds = self._bounds(difference)
        if bounds is not None and _is_positive(bounds[0]):
            return True
        if self._is_covered(difference):
            return True
        self._proofs += 1
        return self._proofs <= _MOST_PROOFS and at_least(difference, 0) is True

    def _is_covered(self, difference: Dim) -> bool:
        """Whether each term that is taken away has terms that are added and at least as large, one by one.

        So ceil(H/4)*ceil(W/4) covers ceil(H/8)*ceil(W/8), at all sizes from 1 on.
        """
        if not isinstance(difference, Expr):
            return isinstance(difference, int) and difference >= 0
        left = {monomial: factor for monomial, factor in difference.terms if factor > 0}
        for monomial, factor in difference.terms:
            needed = -factor
            if needed <= 0:
                continue
            for larger in [*left]:
                if self._is_larger(larger, monomial):
                    used = min(needed, left[larger])
                    needed -= used
                    left[larger] -= used
                    if not left[larger]:
                        del left[larger]
                    if not needed:
                        break
            if needed:
                return False
        return True

    def _is_larger(self, a: Monomial, b: Monomial) -> bool:
        """Whether a product is at least another, atom by atom."""
        found = self._larger.get((a, b))
        if found is None:
            atoms = [atom for atom, power in a for _ in range(power)]
            found = self._larger[a, b] = all(atom.lo is not None and atom.lo >= 0 for atom, _ in (*a, *b)) and _matches(
                atoms, [atom for atom, power in b for _ in range(power)]
            )
        return found

    def _bounds(self, dim: Dim) -> tuple[_Polynomial, _Polynomial] | None:
        """Two polynomials that the formula lies between; None where there are none of this simple kind."""
        low: _Polynomial = {}
        high: _Polynomial = {}
        for monomial, factor in terms_of(dim) if not isinstance(dim, Unknown) else ():
            if monomial not in self._monomials:
                self._monomials[monomial] = self._product(monomial)
            bounds = self._monomials[monomial]
            if bounds is None:
                return None
            low = _sum(low, bounds[0 if factor > 0 else 1], factor)
            high = _sum(high, bounds[1 if factor > 0 else 0], factor)
        return low, high

    def _product(self, monomial: Monomial) -> tuple[_Polynomial, _Polynomial] | None:
        one = {(0,) * len(self._places): Fraction(1)}
        low, high = one, one
        for atom, power in monomial:
            if atom not in self._atoms:
                self._atoms[atom] = self._atom(atom)
            bounds = self._atoms[atom]
            if bounds is None:
                return None
            for _ in range(power):
                self._products += len(low) * len(bounds[0]) + len(high) * len(bounds[1])
                if self._products > _MOST_PRODUCTS:
                    return None
                low, high = _times(low, bounds[0]), _times(high, bounds[1])
        return low, high

    def _atom(self, atom: Atom) -> tuple[_Polynomial, _Polynomial] | None:
        """A symbol is itself; a floor is above the quotient less one. Below 0 products would turn around."""
        zero = (0,) * len(self._places)
        if isinstance(atom, Symbol):
            if atom.lo is None or atom.lo < 0:
                return None
            place = self._places[atom]
            power = (*zero[:place], 1, *zero[place + 1 :])
            line = {zero: Fraction(atom.lo), power: Fraction(1)}
            return line, line
        if not isinstance(atom, Floor) or not isinstance(atom.denominator, int) or atom.lo is None or atom.lo < 0:
            return None
        numerator = self._bounds(atom.numerator)
        if numerator is None:
            return None
        step = Fraction(1, atom.denominator)
        low = _sum({zero: step - 1}, numerator[0], step)
        high = _sum({}, numerator[1], step)
        return (low if _is_positive(low) else {}), high


def _matches(larger: list[Atom], smaller: list[Atom]) -> bool:
    """Whether each of some atoms has one that is at least as large, and the others are at least 1."""
    if not smaller:
        return all(atom.lo is not None and atom.lo >= 1 for atom in larger)
    first, *rest = smaller
    for place, atom in enumerate(larger):
        if atom == first or (atom.symbols == first.symbols and at_least(from_atom(atom), from_atom(first)) is True):
            return _matches([*larger[:place], *larger[place + 1 :]], rest)
    return False


def _is_positive(polynomial: _Polynomial) -> bool:
    """Whether it is shown to be 0 or more."""
    return all(factor >= 0 for factor in polynomial.values())


def _sum(a: _Polynomial, b: _Polynomial, times: int | Fraction) -> _Polynomial:
    result = dict(a)
    for power, factor in b.items():
        result[power] = result.get(power, 0) + factor * times
    return result


def _times(a: _Polynomial, b: _Polynomial) -> _Polynomial:
    result: _Polynomial = {}
    for left, p in a.items():
        for right, q in b.items():
            power = tuple(map(add, left, right))
            result[power] = result.get(power, 0) + p * q
    return result


def _seen(dims: list[Dim], symbols: list[Symbol]) -> list[tuple[int, ...]]:
    """What each formula is at some sizes."""
    if not symbols:
        return [(dim,) for dim in dims if isinstance(dim, int)]
    steps: list[tuple[int, ...]] = [(sample,) * len(symbols) for sample in _SAMPLES]
    if 1 < len(symbols) < 4:
        steps = [*product((0, 3, 400), repeat=len(symbols)), *steps]
    # A few points: formulas are not taken apart for them, which takes as long as there are symbols.
    columns: list[list[int]] = []
    for step in steps:
        point: dict[Atom, int] = {symbol: (symbol.lo or 0) + n for symbol, n in zip(symbols, step, strict=True)}
        try:
            columns.append([value_at(dim, point) for dim in dims if not isinstance(dim, Unknown)])
        except ZeroDivisionError:
            continue  # a size that no layer accepts which divides by it
    return [*zip(*columns, strict=True)] or [() for dim in dims if not isinstance(dim, Unknown)]
