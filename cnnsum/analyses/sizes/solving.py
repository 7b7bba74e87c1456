"""Which input sizes a network accepts, and which layers decide it: from the conditions that inference left open.

Conditions on one symbol are solved exactly, by residues (`cnnsum.dims.sets`); those that relate several symbols are
kept as relations, and solved once the others have values. Knows no file format and no screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from cnnsum.diagnostics import Diagnostic, DiagnosticList
from cnnsum.dims import Dim, Expr, Symbol, Unknown, at_least, divides, equal, substitute, symbols_of
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.sets import SizeSet
from cnnsum.dims.solving import solve
from cnnsum.graph.infer import Constraint, Inference
from cnnsum.graph.model import Freed, Graph, Layer
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
            allowed = _solve(need)
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


def sizes_of(graph: Graph, inference: Inference) -> Sizes:
    """The sizes that a network accepts on every axis of its inputs that has a symbol."""
    from cnnsum.analyses.sizes.findings import contradiction, judge

    requirements = _requirements(inference)
    by_symbol = _ForSymbols(requirements)
    facts = {symbol: _learned(symbol, alone) for symbol, alone in by_symbol.alone.items()}
    kept: list[Requirement] = []
    diagnostics = DiagnosticList()
    for one in requirements:
        symbols = one.symbols
        if one.allowed is None and len(symbols) > 1:
            answer = _decided(one.need, {symbol: facts[symbol] for symbol in symbols})
            if answer is False and diagnostics.has_room("SHP222"):
                diagnostics.append(contradiction(one, [other for other in kept if other.symbols & symbols]))
            if answer is True:
                continue
        kept.append(one)
    by_symbol = _ForSymbols(kept)
    resized = _resized(inference)
    axes: list[Axis] = []
    seen: set[Symbol] = set()
    for node in graph.inputs:
        spec = node.layer.spec
        for axis, dim in enumerate(spec.shape if spec is not None else ()):
            for symbol in sorted(symbols_of(dim), key=lambda symbol: symbol.name):
                if axis == 0 and symbol.name not in graph.freed and symbol not in by_symbol.alone:
                    continue  # the batch, which is open in every model
                found = _axis(symbol, (node.layer.name, axis), graph, by_symbol, resized.get(symbol, ()))
                axes.append(found)
                if symbol not in seen:
                    seen.add(symbol)
                    diagnostics.extend(judge(found, graph, by_symbol.alone.get(symbol, [])))
    return Sizes(tuple(axes), tuple(kept), tuple(diagnostics))


def _requirements(inference: Inference) -> list[Requirement]:
    """The conditions of all layers, each once, in the order in which the layers run."""
    grouped: dict[tuple[str, Dim | frozenset[Dim], Dim], list[Constraint]] = {}
    for constraint in inference.needs:
        relation, left, right = constraint.need[:3]
        either_way = relation in {"==", "broadcast"}
        key = (relation, frozenset((left, right)), 0) if either_way else (relation, left, right)
        grouped.setdefault(key, []).append(constraint)
    makers: dict[int, Layer] = {}
    if any(constraint.need.inputs for constraint in inference.needs):
        makers = {number: call.layer for call in inference.calls for number in call.outputs}
        makers.update(
            (number, layer) for number, layer in zip(inference.inputs, _input_layers(inference), strict=False)
        )
    result = []
    for alike in grouped.values():
        layer, need, inputs = alike[0]
        related = [makers[inputs[i]] for i in need.inputs if i < len(inputs) and inputs[i] in makers]
        count = len({constraint.layer for constraint in alike})
        need = _without_factor(need)
        result.append(Requirement(layer, need, tuple(dict.fromkeys(related)), count, _solve(need)))
    return result


def _without_factor(need: Need) -> Need:
    """An equation, or a divisibility by a number, without the factor that both sides have."""
    left, right = need.left, need.right
    if not isinstance(left, Expr) or need.relation not in {"==", "%"} or right == 0:
        return need
    if isinstance(right, Expr):
        factor = gcd(*(coefficient for side in (left, right) for _, coefficient in side.terms))
    else:
        factor = gcd(right, *(coefficient for _, coefficient in left.terms)) if isinstance(right, int) else 1
    return need._replace(left=left // factor, right=right // factor) if factor > 1 else need


def _input_layers(inference: Inference) -> list[Layer]:
    return [layer for layer in inference.order.layers if layer.spec is not None]


def _solve(need: Need) -> SizeSet | None:
    return _solved(need.relation, need.left, need.right)


@lru_cache(1 << 10)
def _solved(relation: str, left: Dim, right: Dim) -> SizeSet | None:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    return solve(relation, left, right)


class _ForSymbols:
    """Requirements by their symbols, in their order.

    alone: those on one symbol alone, for every symbol that there are requirements of; together: those that relate it to
    others.
    """

    def __init__(self, requirements: list[Requirement]) -> None:
        self.alone: dict[Symbol, list[Requirement]] = {}
        self.together: dict[Symbol, list[Requirement]] = {}
        for one in requirements:
            symbols = one.symbols
            for symbol in symbols:
                alone = self.alone.setdefault(symbol, [])
                (alone if len(symbols) == 1 else self.together.setdefault(symbol, [])).append(one)


def _learned(symbol: Symbol, alone: list[Requirement]) -> Dim:
    """The symbol with what the conditions on it alone tell of it: a least value, and what it is a multiple of."""
    legal = SizeSet.everything()
    for one in alone:
        if one.allowed is not None:
            try:
                legal &= one.allowed
            except PeriodError:
                continue
    if legal.is_empty:
        return symbol.dim
    least = legal.least
    assert least is not None
    step = legal.multiple_of
    return Symbol(
        symbol.name,
        anonymous=symbol.anonymous,
        minimum=max(symbol.minimum, least),
        multiple_of=step if step % symbol.multiple_of == 0 else symbol.multiple_of,
    ).dim


def _decided(need: Need, facts: Mapping[Symbol, Dim]) -> bool | None:
    """Whether a relation holds for all sizes, or for none, that the other conditions accept."""
    try:
        return holds(put(need, {symbol.name: dim for symbol, dim in facts.items()}), {})
    except ValueError:
        return None


def _axis(
    symbol: Symbol, place: tuple[str, int], graph: Graph, by_symbol: _ForSymbols, resized: Iterable[Layer]
) -> Axis:
    domain = SizeSet.multiples(symbol.multiple_of, symbol.minimum)
    legal = domain
    own: list[Requirement] = []
    unsolved: list[Requirement] = []
    for one in by_symbol.alone.get(symbol, ()):
        if one.allowed is None:
            unsolved.append(one)
            continue
        try:
            legal &= one.allowed
        except PeriodError:
            unsolved.append(one)
        else:
            own.append(one)
    return Axis(
        symbol,
        *place,
        said=graph.freed.get(symbol.name),
        legal=legal,
        forced_by=tuple(_forcing(own, domain)),
        relations=tuple(by_symbol.together.get(symbol, ())),
        unsolved=tuple(unsolved),
        resized=tuple(resized),
    )


def _forcing(requirements: list[Requirement], domain: SizeSet) -> list[Requirement]:
    """The requirements without which more sizes would be accepted, in their order.

    Each is told as shortly as the others allow: of sizes that they refuse it need not speak.
    """
    distinct: dict[SizeSet, Requirement] = {}
    for one in requirements:
        assert one.allowed is not None
        distinct.setdefault(one.allowed, one)
    kept: list[SizeSet] = []
    before = domain
    for allowed, after in zip(distinct, _behind(list(distinct)), strict=True):
        if not before & after <= allowed:
            kept.append(allowed)
            before &= allowed
    result = []
    before = domain
    for allowed, after in zip(kept, _behind(kept), strict=True):
        rest = before & after
        wanted = rest & allowed
        shorter = next((one for one in _shorter(allowed) if rest & one == wanted), allowed)
        result.append(distinct[allowed]._replace(allowed=shorter))
        before &= allowed
    return result


def _behind(sets: list[SizeSet]) -> list[SizeSet]:
    """For each set what all those after it have in common."""
    common = [SizeSet.everything()]
    for one in reversed(sets[1:]):
        common.append(common[-1] & one)
    return common[::-1][: len(sets)]


def _shorter(allowed: SizeSet) -> Iterator[SizeSet]:
    """Sets that take less to say: a least size alone, or the part that repeats alone."""
    if allowed.least is not None:
        yield SizeSet.at_least(allowed.least)
    if allowed.residues:
        yield SizeSet((), 1, allowed.period, allowed.residues)


def _resized(inference: Inference) -> dict[Symbol, dict[Layer, None]]:
    """For each symbol the layers with a weight whose shape has it, in their order."""
    found: dict[Symbol, dict[Layer, None]] = {}
    seen: set[Layer] = set()
    for call in inference.calls:
        if call.layer not in seen:
            seen.add(call.layer)
            for weight in call.facts.weights:
                for dim in weight.shape:
                    for symbol in symbols_of(dim):
                        found.setdefault(symbol, {})[call.layer] = None
    return found
