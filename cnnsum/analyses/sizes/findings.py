"""What is wrong with the conditions on sizes themselves: contradictions, periods too long, facts that do not hold.

Loaded where there are conditions. Knows what `cnnsum.analyses.sizes.solving` found and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cnnsum.analyses.sizes.conditions import Axis, Requirement, text_of, violated
from cnnsum.diagnostics import Diagnostic, Problem, Related
from cnnsum.graph import findings
from cnnsum.graph.model import Graph

#: Pairs of requirements that are looked at for two that exclude each other.
_MOST_PAIRS = 2_000


def judge(axis: Axis, graph: Graph, requirements: list[Requirement]) -> Iterator[Diagnostic]:
    """What is wrong with the conditions on one symbol: contradictions, periods too long, facts that do not hold."""
    if axis.legal.is_empty:
        yield contradiction(requirements[-1], requirements[:-1])
        return
    for one in axis.unsolved:
        message = (
            f"what `{one.layer.name}` needs of {axis.symbol.name} repeats with too long a period to be solved: "
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
