"""What the open axes of the inputs must fulfil, from the conditions that inference could not decide.

A condition on one symbol alone is listed with the axis of that symbol; lower bounds are joined into one. Conditions
that relate several symbols are listed with each of them, as they stand.
"""

from __future__ import annotations

from cnnsum.dims import Expr, Symbol, symbols_of
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Graph
from cnnsum.layers.facts import Need
from cnnsum.report.records import SizeRecord


def conditions(graph: Graph, inference: Inference) -> tuple[SizeRecord, ...]:
    """One record per symbol of an input's shape that some layer has a condition on."""
    by_symbol: dict[Symbol, dict[Need, list[str]]] = {}
    for layer, need in inference.needs:
        for symbol in symbols_of(need.left) | symbols_of(need.right):
            by_symbol.setdefault(symbol, {}).setdefault(need, []).append(layer.name)
    records = []
    for node in graph.inputs:
        spec = node.layer.spec
        for axis, dim in enumerate(spec.shape if spec is not None else ()):
            if not isinstance(dim, Expr):
                continue
            for symbol in symbols_of(dim):
                needs = by_symbol.pop(symbol, None)
                if needs is not None:
                    records.append(_record(symbol, node.layer.name, axis, needs))
    return tuple(records)


def _record(symbol: Symbol, input: str, axis: int, needs: dict[Need, list[str]]) -> SizeRecord:
    least = 0
    strictest: Need | None = None
    texts: dict[str, None] = {}
    because: list[str] = []
    for need, layers in needs.items():
        bound = _least(need, symbol)
        if bound is None:
            texts[_text(need)] = None
            because.append(f"{layers[0]}: {need.reason}")
        elif bound > least:
            least, strictest = bound, need
    if strictest is not None:
        texts[f"{symbol.name} >= {least}"] = None
        because.append(f"{needs[strictest][0]}: {strictest.reason}")
    return SizeRecord(symbol.name, input, axis, " and ".join(texts), tuple(because))


def _text(need: Need) -> str:
    if need.relation == "%":
        return f"({need.left}) % ({need.right}) == 0"
    return f"{need.left} {need.relation} {need.right}"


def _least(need: Need, symbol: Symbol) -> int | None:
    """The size from which on the condition holds, and below which it never does; None where it is not of that kind."""
    from cnnsum.dims.pieces import nonnegative, pieces

    if need.relation != ">=":
        return None
    exact = pieces(need.left - need.right)
    if exact is None or exact.symbol != symbol:
        return None
    first: dict[int, int] = {}
    for piece in exact.pieces:
        for start, stop in nonnegative(piece.coefficients, piece.start, piece.stop):
            if stop is not None or piece.residue in first:
                return None
            first[piece.residue] = piece.residue + exact.period * start
    if len(first) < exact.period:
        return None
    least = min(first.values())
    return least if all(size < least + exact.period for size in first.values()) else None
