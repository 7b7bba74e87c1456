"""Which input sizes a network accepts, and which layers decide it: from the conditions that inference left open.

Conditions on one symbol are solved exactly, by residues (`cnnsum.dims.sets`); those that relate several symbols are
kept as relations, and solved once the others have values. Knows no file format and no screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import gcd

from cnnsum.analyses.sizes.conditions import (
    Axis,
    Requirement,
    Sizes,
    put,
    solve_need,
)
from cnnsum.diagnostics import Diagnostic, DiagnosticList
from cnnsum.dims import Dim, Expr, Symbol, symbols_of
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.sets import SizeSet
from cnnsum.graph.infer import Constraint, Inference
from cnnsum.graph.model import Graph, Layer
from cnnsum.layers.facts import Need
from cnnsum.layers.requiring import holds


def sizes_of(graph: Graph, inference: Inference) -> Sizes:
    """The sizes that a network accepts on every axis of its inputs that has a symbol."""
    from cnnsum.analyses.sizes.findings import compared, contradiction, judge

    requirements = _requirements(inference)
    by_symbol = _ForSymbols(requirements)
    facts = {symbol: _learned(symbol, alone) for symbol, alone in by_symbol.alone.items()}
    kept: list[Requirement] = []
    diagnostics = DiagnosticList()
    for one in requirements:
        symbols = one.symbols
        if one.allowed is None and symbols:
            answer = _decided(one.need, {symbol: facts[symbol] for symbol in symbols})
            if answer is False and diagnostics.has_room("SHP222"):
                diagnostics.append(contradiction(one, [other for other in kept if other.symbols & symbols]))
            if answer is True:
                continue
            one = _narrowed(one, facts)  # noqa: PLW2901 - the same for all sizes that the others accept
        kept.append(one)
    by_symbol = _ForSymbols(kept)
    resized = _resized(inference)
    axes: list[Axis] = []
    seen: set[Symbol] = set()
    for node in graph.inputs:
        spec = node.layer.spec
        for axis, dim in enumerate(spec.shape if spec is not None else ()):
            for symbol in sorted(symbols_of(dim), key=lambda symbol: symbol.name):
                is_batch = graph.holds_samples(axis, symbol)
                if is_batch and symbol.name not in graph.freed and symbol not in by_symbol.alone:
                    continue  # the batch, which is open in every model
                found = _axis(symbol, (node.layer.name, axis), graph, by_symbol, resized.get(symbol, ()))
                differs: list[Diagnostic] = []
                if graph.claims:
                    recorded, differs = compared(found, graph, is_whole=not inference.unknown)
                    found = found._replace(recorded=recorded)
                axes.append(found)
                if symbol not in seen:
                    seen.add(symbol)
                    diagnostics.extend(judge(found, graph, by_symbol.alone.get(symbol, [])))
                    diagnostics.extend(differs)
    return Sizes(tuple(axes), tuple(kept), tuple(diagnostics))


def _requirements(inference: Inference) -> list[Requirement]:
    """The conditions of all layers, each once, in the order in which the layers run."""
    grouped: dict[tuple[str, Dim | frozenset[Dim], Dim], list[Constraint]] = {}
    for constraint in _apart(inference.needs):
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
        result.append(Requirement(layer, need, tuple(dict.fromkeys(related)), count, solve_need(need)))
    return result


def _apart(constraints: Iterable[Constraint]) -> Iterator[Constraint]:
    """The same conditions, with those on products of several sizes taken apart into conditions on each that are solved.

    Conditions that are not solved by themselves are left together: what is known of their symbols may decide them.
    """
    for constraint in constraints:
        need = constraint.need
        parts = None
        if need.relation == "==" and len(symbols_of(need.left) | symbols_of(need.right)) > 1:
            from cnnsum.dims.factors import apart

            equations = apart(need.left, need.right)
            parts = None if equations is None else [need._replace(left=a, right=b) for a, b in equations]
        if parts is None or any(_is_of_one(part) and solve_need(part) is None for part in parts):
            yield constraint
        else:
            for part in parts:
                yield constraint._replace(need=part)


def _is_of_one(need: Need) -> bool:
    return len(symbols_of(need.left) | symbols_of(need.right)) == 1


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


def _narrowed(one: Requirement, facts: Mapping[Symbol, Dim]) -> Requirement:
    """The requirement on fewer symbols, where it is an equation whose sides have a factor in common at all sizes that
    the other conditions accept: `H*W == 32*(H//4)` is `W == 8` for multiples of 4.
    """
    if one.need.relation != "==":
        return one
    from cnnsum.dims.factors import without_common

    try:
        need = put(one.need, {symbol.name: facts[symbol] for symbol in one.symbols})
    except ValueError:
        return one
    left, right = without_common(need.left, need.right)
    rest = symbols_of(left) | symbols_of(right)
    # What is known of the rest is told by its own conditions.
    if len(rest) != 1 or any(facts.get(symbol) != symbol.dim for symbol in rest):
        return one
    need = _without_factor(need._replace(left=left, right=right))
    allowed = solve_need(need)
    return one if allowed is None else one._replace(need=need, allowed=allowed)


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
