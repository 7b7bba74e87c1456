"""What a network costs as formulas over its open sizes, at many sizes: evaluated, never inferred again.

Takes formulas and the conditions on their symbols; knows no report and no screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cnnsum.analyses.sizes.conditions import Requirement, holds, put, text_of
from cnnsum.dims import Dim, Symbol, Unknown, symbols_of
from cnnsum.dims import substitute as put_in
from cnnsum.dims.program import Program
from cnnsum.dims.solving import solve

_MOST_KEPT = 1 << 16  # answers about a size that are remembered


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
        self.requirements: list[Requirement] = []
        for one in requirements:
            need = put(one.need, given)
            if holds(need, {}) is not True:
                self.requirements.append(one._replace(need=need, allowed=solve(*need[:3])))
        self.less_where = tuple([(put_in(a, given), put_in(b, given)) for a, b in less_where])
        every = [*self.dims, *(dim for pair in self.less_where for dim in pair)]
        seen = frozenset[Symbol]().union(*map(symbols_of, every))
        names = [symbol.name for symbol in self.symbols if symbol in seen]
        self._places = [place for place, symbol in enumerate(self.symbols) if symbol in seen]
        self._program = Program(every, names)
        self._refused: dict[tuple[int, int], str | None] = {}
        self._single = [self._about(symbol) for symbol in self.symbols]
        several = [one for one in self.requirements if len(one.symbols) != 1]
        #: Conditions on no symbol that do not hold, and those on several or that were not solved.
        self._never = next((one for one in several if not one.symbols), None)
        self._related = [one for one in several if one.symbols]

    @property
    def is_known(self) -> bool:
        """Whether every formula is known."""
        return not any(isinstance(dim, Unknown) for dim in self.dims)

    def refusal(self, values: Sequence[int]) -> str | None:
        """Why the network does not accept these sizes, None where it does."""
        if self._never is not None:
            return _said(self._never)
        for place, value in enumerate(values):
            key = place, value
            if key not in self._refused:
                if len(self._refused) >= _MOST_KEPT:
                    self._refused.clear()
                self._refused[key] = self._refusal_of(place, value)
            if (said := self._refused[key]) is not None:
                return said
        if self._related:
            by_name = {symbol.name: value for symbol, value in zip(self.symbols, values, strict=True)}
            for one in self._related:
                if holds(one.need, by_name) is False:
                    return _said(one)
        return None

    def __call__(self, values: Sequence[int]) -> tuple[int | None, ...] | None:
        """The formulas' values; None where they would be a bound only. The sizes must be accepted ones."""
        found = self._program([values[place] for place in self._places])
        count = len(self.dims)
        for place in range(count, len(found), 2):
            if found[place] == found[place + 1]:
                return None
        return found[:count]

    def _about(self, symbol: Symbol) -> list[Requirement]:
        return [one for one in self.requirements if one.symbols == {symbol}]

    def _refusal_of(self, place: int, value: int) -> str | None:
        symbol = self.symbols[place]
        if value < symbol.minimum:
            return f"{symbol.name} must be at least {symbol.minimum}"
        if value % symbol.multiple_of:
            return f"{symbol.name} must be a multiple of {symbol.multiple_of}"
        for one in self._single[place]:
            accepted = value in one.allowed if one.allowed is not None else holds(one.need, {symbol.name: value})
            if not accepted:
                return _said(one)
        return None


def _said(requirement: Requirement) -> str:
    text = requirement.condition if requirement.allowed is not None else text_of(requirement.need)
    return f"`{requirement.layer.name}` needs {text}"
