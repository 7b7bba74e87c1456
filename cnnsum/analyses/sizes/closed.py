"""What a network costs as formulas over its open sizes, at many sizes: evaluated, never inferred again.

Takes formulas and the conditions on their symbols; knows no report and no screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cnnsum.analyses.sizes.conditions import Requirement, put, test_of, text_of
from cnnsum.dims import Dim, Symbol, symbols_of
from cnnsum.dims import substitute as put_in
from cnnsum.dims.pieces import class_count
from cnnsum.dims.program import Program
from cnnsum.dims.solving import solve
from cnnsum.layers.requiring import holds

_MOST_KEPT = 1 << 16  # answers about a size that are remembered


class Legality:
    """What a network needs of its open symbols.

    symbols: in the order of their values. requirements: the conditions; given: values of all other symbols. single: for
    each symbol the conditions on it alone. never: a condition on no symbol that does not hold. related: conditions on
    several, and those that were not solved.
    """

    def __init__(
        self, symbols: Sequence[Symbol], requirements: Iterable[Requirement], given: Mapping[str, Dim]
    ) -> None:
        self.symbols = tuple(symbols)
        self.requirements: list[Requirement] = []
        for one in requirements:
            need = put(one.need, given)
            if holds(need, {}) is not True:
                self.requirements.append(one._replace(need=need, allowed=solve(*need[:3])))
        self.single = [[one for one in self.requirements if one.symbols == {symbol}] for symbol in self.symbols]
        alone = {id(one) for found in self.single for one in found}
        self.never = next((one for one in self.requirements if not one.symbols), None)
        self.related = [one for one in self.requirements if one.symbols and id(one) not in alone]
        self._open = [one for one in self.related if not one.symbols <= frozenset(self.symbols)]
        self._tests = [[(one, _test(one, symbol)) for one in found] for symbol, found in self._by_symbol()]
        self._refused: dict[tuple[int, int], str | None] = {}
        self._sentences: dict[int, str] = {}

    def _by_symbol(self) -> Iterable[tuple[Symbol, list[Requirement]]]:
        return zip(self.symbols, self.single, strict=True)

    def refusal(self, values: Sequence[int]) -> str | None:
        """Why the network does not accept these sizes, None where it does."""
        if self.never is not None:
            return self.said(self.never)
        for place, value in enumerate(values):
            key = place, value
            if key not in self._refused:
                if len(self._refused) >= _MOST_KEPT:
                    self._refused.clear()
                self._refused[key] = self._refusal_of(place, value)
            if (said := self._refused[key]) is not None:
                return said
        if self.related:
            by_name = {symbol.name: value for symbol, value in zip(self.symbols, values, strict=True)}
            for one in self.related:
                if holds(one.need, by_name) is False:
                    return self.said(one)
        return None

    def classes(self, values: Sequence[int]) -> int:
        """How many residue classes `refusal` looks at, at most, since conditions depend on symbols besides these."""
        if not self._open:
            return 0
        by_name = {symbol.name: value for symbol, value in zip(self.symbols, values, strict=True)}
        needs = [put(one.need, by_name) for one in self._open]
        return sum(class_count(side) for need in needs for side in (need.left, need.right))

    def _refusal_of(self, place: int, value: int) -> str | None:
        symbol = self.symbols[place]
        too_small, no_multiple = self.declared(symbol)
        if value < symbol.minimum:
            return too_small
        if value % symbol.multiple_of:
            return no_multiple
        for one, accepts in self._tests[place]:
            if not accepts(value):
                return self.said(one)
        return None

    @staticmethod
    def declared(symbol: Symbol) -> tuple[str, str]:
        """What a value is refused with that the symbol cannot have: below its minimum, and not its multiple."""
        return (
            f"{symbol.name} must be at least {symbol.minimum}",
            f"{symbol.name} must be a multiple of {symbol.multiple_of}",
        )

    def said(self, requirement: Requirement) -> str:
        """What a condition refuses with: written once, for a search has many sizes refused by one condition."""
        found = self._sentences.get(id(requirement))
        if found is None:
            text = requirement.condition if requirement.allowed is not None else text_of(requirement.need)
            found = self._sentences[id(requirement)] = f"`{requirement.layer.name}` needs {text}"
        return found


class ClosedForm:
    """Formulas over symbols, and what the network needs of the symbols.

    dims: the formulas; what is not known is None at every point. symbols: those that are open, in the order of their
    values; a point is evaluated soonest where the last one changes from point to point. given: values of all others.
    less_where: pairs of formulas; where the two of a pair are equal, the formulas are bounds and no more.
    """

    def __init__(
        self,
        dims: Sequence[Dim],
        symbols: Sequence[Symbol],
        requirements: Iterable[Requirement],
        given: Mapping[str, Dim],
        less_where: Iterable[tuple[Dim, Dim]] = (),
    ) -> None:
        self.symbols = tuple(symbols)
        self.dims = tuple([put_in(dim, given) for dim in dims])
        self._legality = Legality(symbols, requirements, given)
        self.requirements = self._legality.requirements
        self.refusal = self._legality.refusal
        self.classes = self._legality.classes
        self.less_where = tuple([(put_in(a, given), put_in(b, given)) for a, b in less_where])
        every = [*self.dims, *(dim for pair in self.less_where for dim in pair)]
        seen = frozenset[Symbol]().union(*map(symbols_of, every))
        names = [symbol.name for symbol in self.symbols if symbol in seen]
        self._places = [place for place, symbol in enumerate(self.symbols) if symbol in seen]
        self._program = Program(every, names)

    def __call__(self, values: Sequence[int]) -> tuple[int | None, ...] | None:
        """The formulas' values; None where they would be a bound only. The sizes must be accepted ones."""
        found = self._program([values[place] for place in self._places])
        count = len(self.dims)
        for place in range(count, len(found), 2):
            if found[place] == found[place + 1]:
                return None
        return found[:count]


def _test(requirement: Requirement, symbol: Symbol) -> Callable[[int], bool]:
    """What tries a size of the one symbol of a condition."""
    allowed = requirement.allowed
    if allowed is not None:
        return lambda value: value in allowed
    found = test_of(requirement.need, symbol.name)
    # What is not known of a size is not held for accepted.
    return found or (lambda value: holds(requirement.need, {symbol.name: value}) is True)
