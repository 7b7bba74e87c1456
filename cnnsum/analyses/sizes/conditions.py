"""Conditions on sizes, and what they accept: records, and how one condition is tried, filled in, written and solved.

Knows no graph but the layers whose conditions they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import Dim, Expr, Symbol, Unknown, at_least, divides, equal, substitute, symbols_of
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.sets import SizeSet
from cnnsum.dims.solving import solve
from cnnsum.graph.model import Freed, Layer
from cnnsum.layers.facts import Need

#: Sizes that are tried one by one where the period of a condition is too long to be solved.
_MOST_TRIED = 1 << 15


class Requirement(NamedTuple):
    """A condition on the sizes of inputs, and whose it is.

    layer: the first that has it. makers: of the tensors that it relates, where it relates several (a model's input is
    its input layer). layers: how many have it. allowed: the sizes that it accepts; None where it relates several
    symbols, or its period is too long.
    """

    layer: Layer
    need: Need
    makers: tuple[Layer, ...]
    layers: int
    allowed: SizeSet | None

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The symbols that it is about."""
        return symbols_of(self.need.left) | symbols_of(self.need.right)

    @property
    def condition(self) -> str:
        """The condition in the spec language."""
        if self.allowed is None:
            return text_of(self.need)
        (symbol,) = self.symbols
        return self.allowed.condition(symbol.name)


class Axis(NamedTuple):
    """One axis of an input: its symbol, and the sizes of the symbol that the network accepts.

    said: what the file says of a symbol that was set free. legal: the sizes that all conditions on this symbol alone
    accept. forced_by: the requirements that make it so; leaving one of them out would accept more.
    relations: requirements that relate it to other symbols. unsolved: those whose period is too long, so that `legal`
    is a bound. resized: layers whose weights have other shapes at another size, so that trained weights fit one size.
    """

    symbol: Symbol
    input: str
    axis: int
    said: Freed | None
    legal: SizeSet
    forced_by: tuple[Requirement, ...]
    relations: tuple[Requirement, ...]
    unsolved: tuple[Requirement, ...]
    resized: tuple[Layer, ...]

    @property
    def exact(self) -> bool:
        """Whether `legal` and the relations are all there is."""
        return not self.unsolved

    @property
    def declared(self) -> tuple[str, int | None] | None:
        """What the file declares of the symbol, and the least declared size that is not accepted.

        None where it declares nothing.
        """
        least, step = self.symbol.minimum, self.symbol.multiple_of
        if self.said is not None and self.said.size is None:
            least, step = self.said.minimum, self.said.multiple_of
        if (least, step) == (1, 1):
            return None
        declared = SizeSet.multiples(step, least)
        return declared.condition(self.symbol.name), (declared - self.legal).least

    @property
    def condition(self) -> str:
        """All that the axis must fulfil, in the spec language."""
        others = [
            f"({text})" if " or " in (text := text_of(one.need)) else text for one in self.unsolved + self.relations
        ]
        own = self.legal.condition(self.symbol.name)
        if not others:
            return own
        if self.legal == SizeSet.everything():
            return " and ".join(others)
        return " and ".join([f"({own})" if " or " in own else own, *others])


class Sizes(NamedTuple):
    """The sizes that a network accepts, by axis, and what is wrong with the conditions themselves."""

    axes: tuple[Axis, ...]
    requirements: tuple[Requirement, ...]
    diagnostics: tuple[Diagnostic, ...]

    def refused(self, symbol: Dim | None, batch: Dim) -> Requirement | None:
        """The first requirement on the batch (halves of it, say) that does not hold for this one."""
        if not isinstance(symbol, Expr) or not isinstance(batch, int):
            return None
        about = [one for one in self.requirements if not one.symbols.isdisjoint(symbol.symbols)]
        return violated(about, {one.name: batch for one in symbol.symbols})

    def accepted(self, axis: Axis, given: Mapping[str, int], low: int, high: int) -> Iterator[int]:
        """The sizes of an axis between two, both included, with those of other symbols given."""
        legal, tried = self._with(axis, given)
        for size in legal.within(low, high):
            if not tried or holds_all(tried, {**given, axis.symbol.name: size}):
                yield size

    def nearest(self, axis: Axis, given: Mapping[str, int], size: int) -> tuple[int | None, int | None]:
        """The largest accepted size that is not above `size`, and the smallest that is not below it."""
        legal, tried = self._with(axis, given)
        below = legal.nearest_below(size)
        above = legal.nearest_above(size)
        if not tried:
            return below, above
        for _ in range(_MOST_TRIED):
            if below is None or holds_all(tried, {**given, axis.symbol.name: below}):
                break
            below = legal.nearest_below(below - 1)
        for _ in range(_MOST_TRIED):
            if above is None or holds_all(tried, {**given, axis.symbol.name: above}):
                return below, above
            above = legal.nearest_above(above + 1)
        return below, None

    def _with(self, axis: Axis, given: Mapping[str, int]) -> tuple[SizeSet, list[Requirement]]:
        """What is accepted with other sizes given, and the requirements that are left to be tried."""
        others = {name: size for name, size in given.items() if name != axis.symbol.name}
        legal = axis.legal
        tried = list(axis.unsolved)
        for requirement in axis.relations:
            need = put(requirement.need, others)
            allowed = solve_need(need)
            if allowed is None:
                tried.append(requirement)
                continue
            try:
                legal &= allowed
            except PeriodError:
                tried.append(requirement)
        return legal, tried


def violated(requirements: Iterable[Requirement], values: Mapping[str, int]) -> Requirement | None:
    """The first requirement that does not hold at these sizes; those that need other sizes too are passed over."""
    return next((one for one in requirements if holds(one.need, values) is False), None)


def holds_all(requirements: Iterable[Requirement], values: Mapping[str, int]) -> bool:
    """Whether none of the requirements is violated."""
    return violated(requirements, values) is None


def holds(need: Need, values: Mapping[str, int]) -> bool | None:
    """Whether a condition holds at these sizes; None where it depends on more.

    Raises ValueError for a size that its symbol cannot have.
    """
    left, right = substitute(need.left, values), substitute(need.right, values)
    if need.relation == "==":
        return equal(left, right)
    if need.relation == ">=":
        return at_least(left, right)
    if need.relation == "%":
        return divides(right, left)
    answers = equal(left, right), equal(left, 1), equal(right, 1)
    return True if True in answers else None if None in answers else False


def put(need: Need, values: Mapping[str, Dim]) -> Need:
    """The condition with values in place of symbols."""
    return need._replace(left=substitute(need.left, values), right=substitute(need.right, values))


def text_of(need: Need) -> str:
    """A condition in the spec language."""
    left, right = str(need.left), str(need.right)
    if need.relation == "%":
        return f"{_operand(left)} % {_operand(right)} == 0"
    if need.relation == "broadcast":
        ones = [f"{side} == 1" for side, dim in ((left, need.left), (right, need.right)) if not isinstance(dim, int)]
        return " or ".join([f"{left} == {right}", *ones])
    return f"{left} {need.relation} {right}"


def _operand(text: str) -> str:
    return text if text.isalnum() else f"({text})"


def solve_need(need: Need) -> SizeSet | None:
    """The sizes for which a condition on one symbol holds; None where it cannot be solved."""
    return _solved(need.relation, need.left, need.right)


@lru_cache(1 << 10)
def _solved(relation: str, left: Dim, right: Dim) -> SizeSet | None:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    return solve(relation, left, right)
