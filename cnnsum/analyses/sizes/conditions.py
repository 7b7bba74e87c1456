"""Conditions on sizes, and what they accept: records, and how one condition is tried, filled in, written and solved.

Knows no graph but the layers whose conditions they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import Dim, Expr, Symbol, Unknown, substitute, symbols_of
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.program import Program
from cnnsum.dims.sets import SizeSet
from cnnsum.dims.solving import solve
from cnnsum.graph.model import Freed, Layer
from cnnsum.layers.facts import Need
from cnnsum.layers.requiring import holds
from cnnsum.typed import NamedTuple

#: Conditions that are put to the test, size by size, where they cannot be solved: on each side of a size for the
#: nearest, and for a list. True: where other symbols are left in one of them, False: where there are none.
_MOST_TRIED = {False: 1 << 15, True: 1 << 9}
_MOST_LISTED = {False: 1 << 20, True: 1 << 12}


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


class Recorded(NamedTuple):
    """What a file records of a symbol, in the spec language, where the network accepts other sizes.

    wider: the least recorded size that is not accepted. refused: those that are, and that the framework refuses when
    the model is run. None where there is none.
    """

    condition: str
    wider: int | None
    refused: str | None


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
    recorded: Recorded | None = None

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


class Near(NamedTuple):
    """Whether a size is accepted, and the nearest others that are: None where there are none, or none was found.

    below_to, above_to: the last size that was tried, where the search was given up; None where it was not.
    """

    accepted: bool
    below: int | None
    above: int | None
    below_to: int | None
    above_to: int | None


class Listed(NamedTuple):
    """Accepted sizes of a range. to: where the search was given up, the last size that was looked at."""

    sizes: tuple[int, ...]
    to: int | None


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

    def accepted(self, axis: Axis, given: Mapping[str, int], low: int, high: int) -> Listed:
        """The sizes of an axis between two, both included, with those of other symbols given."""
        legal, left = self._with(axis, given)
        trial = _Trial(axis.symbol.name, left, _MOST_LISTED)
        found: list[int] = []
        for size in legal.within(low, high):
            if trial.left <= 0:
                return Listed(tuple(found), size - 1)
            if trial.accepts(size):
                found.append(size)
        return Listed(tuple(found), None)

    def nearest(self, axis: Axis, given: Mapping[str, int], size: int) -> Near:
        """Whether a size is accepted, and the nearest others that are, with those of other symbols given."""
        legal, left = self._with(axis, given)
        name = axis.symbol.name
        accepted = size in legal and _Trial(name, left, {}).accepts(size)
        below, below_to = _first(_Trial(name, left, _MOST_TRIED), legal.nearest_below, size, -1)
        above, above_to = _first(_Trial(name, left, _MOST_TRIED), legal.nearest_above, size, 1)
        return Near(accepted, below, above, below_to, above_to)

    def unsolved(self, axis: Axis, given: Mapping[str, int]) -> tuple[bool, frozenset[str]]:
        """Whether a condition on the axis is put to the test size by size, for it could not be solved, with sizes of
        other symbols given; and the other symbols without a size that conditions relate it to.
        """
        _, left = self._with(axis, given)
        names = [{one.name for one in symbols_of(need.left) | symbols_of(need.right)} for need in left]
        own = axis.symbol.name
        return {own} in names, frozenset[str]().union(*names) - {own}

    def _with(self, axis: Axis, given: Mapping[str, int]) -> tuple[SizeSet, list[Need]]:
        """What is accepted with other sizes given, and the conditions that are left to be tried."""
        others = {name: size for name, size in given.items() if name != axis.symbol.name}
        legal = axis.legal
        tried = [one.need for one in axis.unsolved]
        for requirement in axis.relations:
            need = put(requirement.need, others)
            allowed = solve_need(need)
            if allowed is None:
                tried.append(need)
                continue
            try:
                legal &= allowed
            except PeriodError:
                tried.append(need)
        return legal, tried


class _Trial:
    """Puts sizes of one symbol into conditions, one by one.

    A condition on this symbol alone is put together once, as a program. One that is left with other symbols is put in
    as a formula: that it cannot hold is then all that can be found. left: the conditions that may still be put to the
    test; there are fewer where formulas are among them, which take a hundred times as long.
    """

    __slots__ = ("_name", "_needs", "_programs", "left")

    def __init__(self, name: str, needs: Iterable[Need], most: Mapping[bool, int]) -> None:
        self._name = name
        self._needs: list[Need] = []
        self._programs: list[Callable[[int], bool]] = []
        for need in needs:
            test = test_of(need, name)
            if test is not None:
                self._programs.append(test)
            else:
                self._needs.append(need)
        self.left = most.get(bool(self._needs), 1)

    def accepts(self, size: int) -> bool:
        """Whether no condition is violated; conditions that were put to the test count, the first violated one last."""
        for test in self._programs:
            self.left -= 1
            if not test(size):
                return False
        for need in self._needs:
            self.left -= 1
            if holds(need, {self._name: size}) is False:
                return False
        return True


def _first(trial: _Trial, next_of: Callable[[int], int | None], size: int, step: int) -> tuple[int | None, int | None]:
    """The first accepted size beyond one, up (1) or down (-1); the last that was tried, if the search was given up."""
    tried = size
    while (found := next_of(tried + step)) is not None:
        if trial.left <= 0:
            return None, tried
        if trial.accepts(found):
            return found, None
        tried = found
    return None, None


def test_of(need: Need, name: str) -> Callable[[int], bool] | None:
    """Whether a condition holds at a size, put together once for many sizes; None where it is not about the symbol of
    that name alone.
    """
    sides = (need.left, need.right)
    if {one.name for side in sides for one in symbols_of(side)} != {name}:
        return None
    if any(isinstance(side, Unknown) for side in sides):
        return None
    program = Program(sides, (name,))

    def test(size: int) -> bool:
        try:
            left, right = program((size,))
        except ZeroDivisionError:  # a formula that has no value there
            return False
        assert left is not None, "no side is unknown"
        assert right is not None, "no side is unknown"
        return _meets(need.relation, left, right)

    return test


def _meets(relation: str, left: int, right: int) -> bool:
    """Whether two numbers are as a condition needs them; see `Need`."""
    if relation == "==":
        return left == right
    if relation == ">=":
        return left >= right
    if relation == "%":
        return left % right == 0 if right else left == 0
    return left in (1, right) or right == 1


def violated(requirements: Iterable[Requirement], values: Mapping[str, int]) -> Requirement | None:
    """The first requirement that does not hold at these sizes; those that need other sizes too are passed over."""
    return next((one for one in requirements if holds(one.need, values) is False), None)


def put(need: Need, values: Mapping[str, Dim]) -> Need:
    """The condition with values in place of symbols; one that cannot hold, where a formula has no value at these."""
    try:
        return need._replace(left=substitute(need.left, values), right=substitute(need.right, values))
    except ZeroDivisionError:
        return need._replace(relation=">=", left=0, right=1)


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
