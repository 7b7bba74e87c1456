"""Comparing one inference with free sizes against many with numbers."""

from __future__ import annotations

from collections.abc import Iterable

from cnnsum.analyses.sizes.conditions import violated
from cnnsum.analyses.sizes.solving import sizes_of
from cnnsum.dims import Dim, Unknown, substitute, symbols_of
from cnnsum.graph.infer import Inference, infer
from cnnsum.graph.model import Graph, InputSpec


def at(graph: Graph, values: dict[str, int]) -> Inference:
    """The inference of a graph with numbers in place of its symbols."""
    specs = [(node.layer, node.layer.spec) for node in graph.inputs]
    try:
        for layer, spec in specs:
            assert spec is not None
            layer.spec = InputSpec(tuple(substitute(dim, values) for dim in spec.shape), spec.dtype)
        return infer(graph)
    finally:
        for layer, spec in specs:
            layer.spec = spec


def fill(dim: Dim, values: dict[str, int]) -> Dim:
    """A dim with numbers put in; what is not known stays so."""
    return dim if isinstance(dim, Unknown) else substitute(dim, values)


def compare(graph: Graph, points: Iterable[dict[str, int]]) -> tuple[int, int]:
    """Hold the symbolic answer to the numbers at each point; how many points were accepted and refused.

    Accepted means that inference with numbers finds no error, and then everything that it infers is what the formulas
    give: shapes, weights, work. Refused means that it does find one.
    """
    free = infer(graph)
    assert not [found for found in free.diagnostics if found.severity == "error"]
    sizes = sizes_of(graph, free)
    accepted = refused = 0
    for values in points:
        numbers = at(graph, values)
        errors = [found for found in numbers.diagnostics if found.severity == "error"]
        guilty = violated(sizes.requirements, values)
        assert (guilty is None) == (not errors), (values, guilty, errors)
        alone = all(
            values[axis.symbol.name] in axis.legal
            for axis in sizes.axes
            if axis.symbol.name in values and not axis.relations
        )
        related = any(axis.relations for axis in sizes.axes)
        assert alone == (guilty is None) or (related and alone), values
        if errors:
            refused += 1
            continue
        accepted += 1
        assert not [one for one in numbers.needs if not symbols_of(one.need.left) <= graph_batch(graph)], values
        assert len(free.values) == len(numbers.values)
        for formula, number in zip(free.values, numbers.values, strict=True):
            assert formula.shape is not None
            assert number.shape is not None
            assert tuple(fill(dim, values) for dim in formula.shape) == number.shape, values
        for formula, number in zip(free.calls, numbers.calls, strict=True):
            if formula.facts is number.facts:
                continue
            for name in ("macs", "ops"):
                wanted = getattr(number.facts, name)
                if formula.facts.status == "exact" and not isinstance(wanted, Unknown):
                    assert fill(getattr(formula.facts, name), values) == wanted, (formula.layer, values)
            for left, right in zip(formula.facts.weights, number.facts.weights, strict=True):
                assert tuple(fill(dim, values) for dim in left.shape) == right.shape, (formula.layer, values)
    return accepted, refused


def graph_batch(graph: Graph) -> frozenset[object]:
    """The symbols of the batch."""
    return frozenset() if graph.batch is None else frozenset(symbols_of(graph.batch))
