"""What is wrong with the conditions on sizes themselves: contradictions, periods too long, facts that do not hold.

Loaded where there are conditions. Knows what `cnnsum.analyses.sizes.solving` found and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cnnsum.analyses.sizes.conditions import Axis, Recorded, Requirement, text_of, violated
from cnnsum.diagnostics import Diagnostic, Problem, Related, Span
from cnnsum.dims import Symbol, symbols_of
from cnnsum.dims.patterns import PeriodError
from cnnsum.dims.pieces import has_period
from cnnsum.dims.sets import SizeSet
from cnnsum.dims.solving import solve
from cnnsum.graph import findings
from cnnsum.graph.model import Graph, SizeClaim

#: Pairs of requirements that are looked at for two that exclude each other.
_MOST_PAIRS = 2_000


def judge(axis: Axis, graph: Graph, requirements: list[Requirement]) -> Iterator[Diagnostic]:
    """What is wrong with the conditions on one symbol: contradictions, periods too long, facts that do not hold."""
    if axis.legal.is_empty:
        yield contradiction(requirements[-1], requirements[:-1])
        return
    for one in axis.unsolved:
        periodic = has_period(one.need.left) and has_period(one.need.right)
        why = "repeats with too long a period to be" if periodic else "divides by a formula, and is not"
        message = (
            f"what `{one.layer.name}` needs of {axis.symbol.name} {why} solved: "
            f"the sizes given are a bound ({text_of(one.need)})"
        )
        yield findings.of_layer(one.layer, Problem("SHP223", message), "warning")
    condition, refused = axis.declared or ("", None)
    if refused is None:
        return
    symbol = axis.symbol
    guilty = violated(axis.forced_by, {symbol.name: refused}) if refused % symbol.multiple_of == 0 else None
    why = f": `{guilty.layer.name}` needs {guilty.condition}" if guilty is not None else ""
    message = f"`{symbol.name}` is declared as {condition}, but {refused} is not accepted{why}"
    place = graph.declared.get(symbol.name)
    yield Diagnostic("SHP224", message, None if place is None else place.span(), "warning")


class _Claimed:
    """What the file records of one symbol: the sizes that it promises, those that it holds the program to, and the
    claims that narrow each of them last. is_read: whether all that is about the symbol could be solved.
    """

    def __init__(self, symbol: Symbol, legal: SizeSet, graph: Graph) -> None:
        domain = SizeSet.multiples(symbol.multiple_of, symbol.minimum)
        self.promised = self.held = domain
        self.promises: SizeClaim | None = None
        self.held_by: SizeClaim | None = None
        self.is_read = True
        for claim in graph.claims:
            symbols = symbols_of(claim.left) | symbols_of(claim.right)
            if symbols and symbol not in symbols:
                continue
            found = solve("==" if claim.relation == "!=" else claim.relation, claim.left, claim.right)
            if not symbols or found is None:
                self.is_read = False
                continue
            try:
                self._add(claim, ~found & domain if claim.relation == "!=" else found, legal)
            except PeriodError:
                self.is_read = False

    def _add(self, claim: SizeClaim, allowed: SizeSet, legal: SizeSet) -> None:
        promised = self.promised & allowed
        if promised != self.promised:
            self.promised, self.promises = promised, claim
        if claim.is_held and not self.held <= allowed:
            if not self.held & legal <= allowed:
                self.held_by = claim
            self.held &= allowed


def compared(axis: Axis, graph: Graph, *, is_whole: bool) -> tuple[Recorded | None, list[Diagnostic]]:
    """What the file records of a symbol where that differs from what the network accepts, and the findings of it.

    A condition on several symbols, or one that is not solved, is not compared. is_whole: whether every layer is known,
    so that what no known one refuses is accepted.
    """
    claimed = _Claimed(axis.symbol, axis.legal, graph)
    symbol = axis.symbol.name
    found: list[Diagnostic] = []
    recorded = claimed.promised.condition(symbol)
    wider = (claimed.promised - axis.legal).least if claimed.is_read and claimed.promises is not None else None
    if claimed.promises is not None and wider is not None:
        guilty = violated(axis.forced_by, {symbol: wider})
        why = f": `{guilty.layer.name}` needs {guilty.condition}" if guilty is not None else ""
        message = f"`{symbol}` is recorded as {recorded}, but {wider} is not accepted{why}"
        found.append(Diagnostic("SHP224", message, _span(graph, claimed.promises), "warning"))
    refused = None
    if claimed.held_by is not None and is_whole and not axis.relations and not axis.unsolved:
        recorded = claimed.held.condition(symbol)
        refused = (axis.legal - claimed.held).condition(symbol)
        message = f"`{symbol}` is recorded as {recorded}, and the network accepts {refused}, too"
        help = "PyTorch refuses to run this program at those: export it with `dynamic_shapes` that allow them"
        found.append(Diagnostic("SHP227", message, _span(graph, claimed.held_by), "note", help))
    return None if wider is None and refused is None else Recorded(recorded, wider, refused), found


def held_to(symbol: Symbol, graph: Graph) -> SizeSet | None:
    """The sizes of a symbol that the file records, where PyTorch refuses all others; None where it refuses none."""
    domain = SizeSet.multiples(symbol.multiple_of, symbol.minimum)
    held = _Claimed(symbol, domain, graph).held
    return None if held == domain else held


def _span(graph: Graph, claim: SizeClaim) -> Span | None:
    return None if graph.place is None else graph.place.document.span(claim.path)


def contradiction(last: Requirement, others: list[Requirement]) -> Diagnostic:
    """No size is accepted: the two requirements that exclude each other, where two are enough for it."""
    first = None
    # Equal ones exclude the same; and of a thousand different ones two will be found soon, or nobody misses them.
    distinct = {one.allowed: one for one in reversed([*others, last]) if one.allowed is not None}
    different = [*reversed(distinct.values())]
    pairs = ((one, other) for index, one in enumerate(different) for other in different[:index])
    for one, other in islice(pairs, _MOST_PAIRS):
        if one.allowed is not None and other.allowed is not None and (one.allowed & other.allowed).is_empty:
            first, last = other, one
            break
    if first is None and others:
        first = others[-1]
    names = " and ".join(sorted(symbol.name for symbol in last.symbols))
    message = f"no size of {names} is accepted: `{last.layer.name}` needs {last.condition}"
    related: tuple[Related, ...] = ()
    if first is not None:
        message += f", `{first.layer.name}` needs {first.condition}"
        if first.layer.place is not None:
            related = (Related(first.layer.place.span(), f"`{first.layer.name}` needs {first.condition}"),)
    return findings.of_layer(last.layer, Problem("SHP222", message, last.need.field), related=related)
