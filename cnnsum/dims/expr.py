"""The normal form: sums of integer coefficients times products of atoms.

An atom is a symbol, a floor, or a maximum or minimum. Whatever can be brought to one form is brought to it when it
is made, so that most equal formulas are equal objects; what the normal form leaves open, `questions` decides. This
module knows no network, no text and no screen: division is in `division`, printing in `printer`.

In the normal form the atom of a symbol that is known to be a multiple of m stands for its m-th part. So `H//2` is
`16*h` where `H = 32*h`, and every division that the facts allow comes out even by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain

from cnnsum.dims.intervals import Interval, power_interval, product_interval, quotient_interval
from cnnsum.typed import NoReturn, TypeAlias

# What grows past these limits becomes UNKNOWN: every walk over a formula stays short, whatever the network.
MAX_DEPTH = 32  # floors, maxima and minima in one another
MAX_SIZE = 1_000  # atoms and coefficients in all, counted as often as they would be printed
MAX_DEGREE = 64
MAX_BITS = 512  # of a coefficient, or of what is divided by: a size has 63
MAX_EXTREMES = 16  # maxima and minima, counted as often as they would be printed: each is compared with each

_CACHE = 1 << 14  # results kept per operation: more than a network of a thousand symbolic layers makes


class Unknown:
    """A size that nothing is known about. It absorbs all arithmetic and equals nothing: ask `is UNKNOWN`."""

    __slots__ = ()

    def _absorb(self, _other: object = None) -> Unknown:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _absorb
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = _absorb

    def __eq__(self, _other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 63

    def __bool__(self) -> NoReturn:
        raise TypeError("an unknown size has no truth value: ask `is UNKNOWN`")

    def _compare(self, _other: object) -> NoReturn:
        raise TypeError("an unknown size cannot be compared: ask at_least()")

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def __repr__(self) -> str:
        return "?"

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


class Varying:
    """A value that differs between variants of a text: made by `varying`. Whoever needs one value asks for `one`."""

    __slots__ = ()

    def one(self) -> object:
        """What stands for all of them, which whoever asks takes for a value of the text."""
        raise NotImplementedError

    def each(self, run: Callable[[Mapping[str, object]], object], names: Mapping[str, object]) -> object:
        """The value of an expression that has it among its names."""
        raise NotImplementedError


class Symbol:
    """A named whole number, with what is known of it: `minimum`, and a number that it is a multiple of.

    Symbols are equal when all of that is. `anonymous` marks a size that the file left open without a name.

    >>> Symbol("H", multiple_of=32).dim // 2
    H//2
    >>> Symbol("H", multiple_of=32).dim % 2
    0
    """

    __slots__ = (
        "_hash",
        "_symbols",
        "anonymous",
        "degree",
        "depth",
        "dim",
        "hi",
        "lo",
        "minimum",
        "multiple_of",
        "name",
        "order",
    )
    size = 1
    extremes = 0
    rises = True

    def __init__(self, name: str, *, anonymous: bool = False, minimum: int = 1, multiple_of: int = 1) -> None:
        if multiple_of < 1:
            raise ValueError(f"{name} cannot be a multiple of {multiple_of}: give a number of 1 or more")
        self.name = name
        self.anonymous = anonymous
        self.minimum = minimum
        self.multiple_of = multiple_of
        self.degree = 1
        self.depth = 0
        self.lo: int | None = -(-minimum // multiple_of)
        self.hi: int | None = None
        self.order = (0, name, minimum, multiple_of, anonymous)
        self._hash = hash(self.order)
        self._symbols: frozenset[Symbol] | None = None  # made when asked for: it would refer to itself
        self.dim = Expr((((((self, 1),)), multiple_of),))

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The symbol itself: what every atom answers."""
        if self._symbols is None:
            self._symbols = frozenset((self,))
        return self._symbols

    def __reduce__(self) -> tuple[object, ...]:
        return _symbol, (self.name, self.anonymous, self.minimum, self.multiple_of)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Symbol) and self.order == other.order)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return self.name


def _symbol(name: str, anonymous: bool, minimum: int, multiple_of: int) -> Symbol:
    """The symbol that a pickle was made of."""
    return Symbol(name, anonymous=anonymous, minimum=minimum, multiple_of=multiple_of)


class Floor:
    """`numerator // denominator`, already in lowest terms: made by `division` only."""

    __slots__ = (
        "_hash",
        "degree",
        "denominator",
        "depth",
        "extremes",
        "hi",
        "lo",
        "numerator",
        "order",
        "rises",
        "size",
        "symbols",
    )

    def __init__(self, numerator: int | Expr, denominator: int | Expr) -> None:
        self.numerator = numerator
        self.denominator = denominator
        self._hash = hash((numerator, denominator, 1))
        self.degree = max(1, degree_of(numerator))
        self.depth = 1 + max(depth_of(numerator), depth_of(denominator))
        self.size = 1 + size_of(numerator) + size_of(denominator)
        self.extremes = extremes_of(numerator) + extremes_of(denominator)
        self.symbols = symbols_of(numerator) | symbols_of(denominator)
        self.rises = isinstance(denominator, int) and trend(numerator) == 1
        self.order = (1, order_of(numerator), order_of(denominator))
        self.lo, self.hi = quotient_interval(interval(numerator), interval(denominator))

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is Floor
            and self._hash == other._hash
            and self.denominator == other.denominator
            and self.numerator == other.numerator
        )

    def __hash__(self) -> int:
        return self._hash


class Extreme:
    """The largest (`max`) or smallest (`min`) of two or more sizes, none of which is always the one."""

    __slots__ = ("_hash", "args", "degree", "depth", "extremes", "hi", "kind", "lo", "order", "size", "symbols")
    rises = False  # a minimum may have a greatest value

    def __init__(self, kind: str, args: tuple[int | Expr, ...]) -> None:
        self.kind = kind
        self.args = args
        self._hash = hash((kind, args))
        self.degree = max(1, *map(degree_of, args))
        self.depth = 1 + max(map(depth_of, args))
        self.size = 1 + sum(map(size_of, args))
        self.extremes = 1 + sum(map(extremes_of, args))
        self.symbols = frozenset[Symbol]().union(*map(symbols_of, args))
        self.order = (2, kind, tuple(map(order_of, args)))
        lows, highs = zip(*map(interval, args), strict=True)
        known_lows = [low for low in lows if low is not None]
        known_highs = [high for high in highs if high is not None]
        if kind == "max":
            self.lo = max(known_lows, default=None)
            self.hi = max(known_highs) if len(known_highs) == len(args) else None
        else:
            self.lo = min(known_lows) if len(known_lows) == len(args) else None
            self.hi = min(known_highs, default=None)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is Extreme and self._hash == other._hash and self.kind == other.kind and self.args == other.args
        )

    def __hash__(self) -> int:
        return self._hash


class Expr:
    """A formula over symbols, in normal form. It is never a plain number: what comes out as one is an `int`.

    It answers `+ - * // %`, `**` with a whole exponent, and `==`, which compares the form. It has no truth value and
    no order, because both may depend on the symbols: ask `equal`, `at_least` or `divides`. `str` gives the text in
    the spec language.
    """

    __slots__ = ("_hash", "_order", "_size", "_symbols", "_text", "terms")

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms
        self._hash: int | None = None  # most formulas are never looked up
        self._order: tuple[object, ...] | None = None
        self._size = 0
        self._symbols: frozenset[Symbol] | None = None
        self._text: str | None = None

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The symbols of the formula, also those inside of floors."""
        if self._symbols is None:
            self._symbols = frozenset(chain.from_iterable(atom.symbols for atom in atoms_of(self)))
        return self._symbols

    @property
    def size(self) -> int:
        """The number of atoms and coefficients, about what printing costs."""
        if not self._size:
            self._size = sum([1 + sum([atom.size for atom, _ in monomial]) for monomial, _ in self.terms])
        return self._size

    @property
    def order(self) -> tuple[object, ...]:
        """A key that sorts formulas: the same on every run, and different for different formulas."""
        if self._order is None:
            self._order = tuple((monomial_order(monomial), factor) for monomial, factor in self.terms)
        return self._order

    def __add__(self, other: Dim) -> Dim:
        if type(other) is int:
            return _add_number(self, other)
        return _add(self, other) if isinstance(other, _NUMBERS) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Expr:
        return Expr(tuple((monomial, -factor) for monomial, factor in self.terms))

    def __sub__(self, other: Dim) -> Dim:
        if type(other) is int:
            return _add_number(self, -other)
        return _add(self, -other) if isinstance(other, _NUMBERS) else NotImplemented

    def __rsub__(self, other: Dim) -> Dim:
        if type(other) is int:
            return _add_number(-self, other)
        return _add(-self, other) if isinstance(other, _NUMBERS) else NotImplemented

    def __mul__(self, other: Dim) -> Dim:
        if type(other) is int:
            return _multiply_by_number(self, other)
        return _multiply(self, other) if isinstance(other, _NUMBERS) else NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return _floor_divide(self, other) if isinstance(other, _NUMBERS) else NotImplemented

    def __rfloordiv__(self, other: Dim) -> Dim:
        return _floor_divide(other, self) if isinstance(other, _NUMBERS) else NotImplemented

    def __mod__(self, other: Dim) -> Dim:
        return self - other * (self // other) if isinstance(other, _NUMBERS) else NotImplemented

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * (other // self) if isinstance(other, _NUMBERS) else NotImplemented

    def __pow__(self, exponent: int) -> Dim:
        if not isinstance(exponent, int):
            return NotImplemented
        if exponent < 0:
            raise ValueError(f"{self} cannot be raised to the negative power {exponent}")
        if exponent > MAX_DEGREE:
            return UNKNOWN
        result: Dim = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expr) and hash(self) == hash(other) and self.terms == other.terms)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self.terms)
        return self._hash

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self} has no truth value, it may depend on symbols: ask equal(), at_least() or divides()")

    def _compare(self, _other: object) -> NoReturn:
        raise TypeError(f"{self} has no fixed order, it may depend on symbols: ask equal() or at_least()")

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def __repr__(self) -> str:
        if self._text is None:
            from cnnsum.dims.printer import text_of

            self._text = text_of(self)
        return self._text

    __str__ = __repr__


_NUMBERS = (int, Expr)  # a tuple, because a union is built anew at each test
Atom: TypeAlias = Symbol | Floor | Extreme
Monomial: TypeAlias = tuple[tuple[Atom, int], ...]  # atoms in order, each with its power; () is the constant
Dim: TypeAlias = int | Expr | Unknown


# --- facts of a dim -------------------------------------------------------------------------------------------------


def symbols_of(dim: Dim) -> frozenset[Symbol]:
    """The symbols that a dim is made of: none for a number and for UNKNOWN."""
    return dim.symbols if isinstance(dim, Expr) else frozenset()


def atoms_of(expr: Expr) -> set[Atom]:
    """The atoms of the formula itself, not those inside of them."""
    return {atom for monomial, _ in expr.terms for atom, _ in monomial}


def degree_of(dim: int | Expr) -> int:
    """The degree as a polynomial, a floor counting as what it is the floor of."""
    return 0 if isinstance(dim, int) else max(monomial_degree(monomial) for monomial, _ in dim.terms)


def monomial_degree(monomial: Monomial) -> int:
    """The degree of a product of atoms."""
    return sum(atom.degree * power for atom, power in monomial)


def depth_of(dim: int | Expr) -> int:
    """How deep floors, maxima and minima are nested."""
    return 0 if isinstance(dim, int) else max(atom.depth for atom in atoms_of(dim))


def size_of(dim: int | Expr) -> int:
    """The number of atoms and coefficients, about what printing costs."""
    return 1 if isinstance(dim, int) else dim.size


def extremes_of(dim: int | Expr) -> int:
    """The number of maxima and minima, counted as often as they would be printed."""
    return 0 if isinstance(dim, int) else sum([atom.extremes for monomial, _ in dim.terms for atom, _ in monomial])


def trend(dim: int | Expr) -> int:
    """1 where the formula is made so that it falls with no symbol and grows without bound with each it has; -1 for the
    negative of such a formula; 0 for others.

    The `interval` is then exact: one end is the value at the least values of the symbols, and there is no other end.
    """
    if isinstance(dim, int):
        return 0
    sign = 0
    for monomial, factor in dim.terms:
        if not monomial:
            continue
        if sign and (factor > 0) != (sign > 0):
            return 0
        sign = 1 if factor > 0 else -1
        for atom, power in monomial:
            if not atom.rises or ((power > 1 or len(monomial) > 1) and (atom.lo is None or atom.lo < 0)):
                return 0
    return sign


def order_of(dim: int | Expr) -> tuple[object, ...]:
    """A key that sorts dims: the same on every run, and different for different dims."""
    return dim.order if isinstance(dim, Expr) else ((monomial_order(()), dim),)


@lru_cache(_CACHE)
def monomial_order(monomial: Monomial) -> tuple[object, ...]:
    """Higher degrees first, then by the alphabet: the order of terms in a sum (graded lexicographic)."""
    return (-monomial_degree(monomial), tuple((atom.order, -power) for atom, power in monomial))


def interval(dim: int | Expr) -> Interval:
    """Sound bounds, from the bounds of each term by itself."""
    if isinstance(dim, int):
        return dim, dim
    low: int | None = 0
    high: int | None = 0
    for monomial, factor in dim.terms:
        part: Interval
        if len(monomial) == 1 and monomial[0][1] == 1:
            atom = monomial[0][0]
            least, greatest = (atom.lo, atom.hi) if factor > 0 else (atom.hi, atom.lo)
            part = None if least is None else factor * least, None if greatest is None else factor * greatest
        else:
            part = (factor, factor)
            for atom, power in monomial:
                part = product_interval(part, power_interval((atom.lo, atom.hi), power))
        low = None if low is None or part[0] is None else low + part[0]
        high = None if high is None or part[1] is None else high + part[1]
        if low is None and high is None:
            break
    return low, high


# --- arithmetic -----------------------------------------------------------------------------------------------------


def from_terms(terms: dict[Monomial, int]) -> Dim:
    """The sum of the terms in normal form: an `int` if nothing else is left, UNKNOWN if it is past the limits."""
    if any(map(is_half, terms)):
        from cnnsum.dims.halves import pair_halves

        terms = pair_halves(terms)
    items = [item for item in terms.items() if item[1]]
    if not items:
        return 0
    if len(items) == 1 and not items[0][0]:
        return items[0][1]
    size = len(items)
    extremes = 0
    for monomial, factor in items:
        degree = 0
        for atom, power in monomial:
            size += atom.size
            extremes += atom.extremes
            degree += atom.degree * power
        if degree > MAX_DEGREE or factor.bit_length() > MAX_BITS:
            return UNKNOWN
    if size > MAX_SIZE or extremes > MAX_EXTREMES:
        return UNKNOWN
    if len(items) > 1:
        items.sort(key=_item_order)
    result = Expr(tuple(items))
    result._size = size  # noqa: SLF001 - known here already
    return result


def is_half(monomial: Monomial) -> bool:
    """Whether it is one floor by 2."""
    return (
        len(monomial) == 1 and monomial[0][1] == 1 and type(monomial[0][0]) is Floor and monomial[0][0].denominator == 2
    )


def _item_order(item: tuple[Monomial, int]) -> tuple[object, ...]:
    return monomial_order(item[0])


def from_atom(atom: Atom) -> Dim:
    """One atom as a formula (of a symbol that is a multiple of m: its m-th part)."""
    return UNKNOWN if atom.depth > MAX_DEPTH else from_terms({((atom, 1),): 1})


def _add_number(a: Expr, number: int) -> Dim:
    """The sum with a number: the constant is the last term, and no other term is chosen by it."""
    terms = a.terms
    if not terms[-1][0]:
        number += terms[-1][1]
        terms = terms[:-1]
    elif a.size >= MAX_SIZE:
        return UNKNOWN
    if number.bit_length() > MAX_BITS:
        return UNKNOWN
    return Expr((*terms, ((), number)) if number else terms)


def _multiply_by_number(a: Expr, number: int) -> Dim:
    """The product with a number: the order of the terms stays, and so does the choice between halves."""
    if number in (0, 1):
        return a if number else 0
    terms = []
    for monomial, factor in a.terms:
        product = factor * number
        if product.bit_length() > MAX_BITS:
            return UNKNOWN
        terms.append((monomial, product))
    return Expr(tuple(terms))


@lru_cache(_CACHE)
def _add(a: Expr, b: int | Expr) -> Dim:
    terms = dict(a.terms)
    for monomial, factor in terms_of(b):
        terms[monomial] = terms.get(monomial, 0) + factor
    return from_terms(terms)


@lru_cache(_CACHE)
def _multiply(a: Expr, b: int | Expr) -> Dim:
    if isinstance(b, int):
        return from_terms({monomial: factor * b for monomial, factor in a.terms})
    if len(a.terms) * len(b.terms) > MAX_SIZE:
        return UNKNOWN
    terms: dict[Monomial, int] = {}
    for left, p in a.terms:
        for right, q in b.terms:
            monomial = multiply_monomials(left, right)
            terms[monomial] = terms.get(monomial, 0) + p * q
    return from_terms(terms)


@lru_cache(_CACHE)
def _floor_divide(a: int | Expr, b: int | Expr) -> Dim:
    from cnnsum.dims.division import floor_divide

    return floor_divide(a, b)


def terms_of(dim: int | Expr) -> tuple[tuple[Monomial, int], ...]:
    """The terms of a sum; a number is a constant term."""
    return dim.terms if isinstance(dim, Expr) else (((), dim),)


@lru_cache(_CACHE)
def multiply_monomials(a: Monomial, b: Monomial) -> Monomial:
    """The product of two products of atoms."""
    powers = dict(a)
    for atom, power in b:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda item: item[0].order))
