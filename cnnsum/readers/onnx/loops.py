"""What `Loop`, `Scan` and `SequenceMap` run again and again: the graph, how often, what is handed on. Knows no
shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.readers.onnx.values import MalformedError, attribute_of, tensor_of
from cnnsum.typed import Any, NamedTuple

#: Runs of one graph that are put one after another, and nodes of all runs of a file that stand there by themselves.
_MOST_RUNS, MOST_NODES = 64, 4_000
#: States of a body that stands there once: each result asks for all of them.
_MOST_STATES = 64
#: The version from which on `Scan` has no axis for the batch.
_SCAN = 9


class Body(NamedTuple):
    """A graph that runs again and again.

    states: how many tensors each run hands to the next. runs: how many runs there are, where that is known when the
    file is read. counted_by: the tensor that holds that number, or the one with an axis of that size, and the axis;
    None where neither tells. slices: axes of the inputs that are taken apart, and of the outputs put together.
    """

    graph: Mapping[str, Any]
    states: int
    runs: int | None
    counted_by: tuple[str, int | None] | None
    slices: tuple[int, ...] = ()
    joins: tuple[int, ...] = ()

    @property
    def inputs(self) -> list[str]:
        """The names that the graph has for what it is given."""
        return [one.get("name") or "" for one in self.graph.get("input") or []]

    @property
    def outputs(self) -> list[str]:
        """The names that the graph has for what it gives."""
        return [one.get("name") or "" for one in self.graph.get("output") or []]

    @property
    def is_opened(self) -> bool:
        """Whether every run is to stand there by itself."""
        return self.runs is not None and 0 < self.runs <= _MOST_RUNS and self.nodes <= MOST_NODES

    @property
    def nodes(self) -> int:
        """The nodes of all runs, as far as it is known how many there are."""
        return (self.runs or 0) * len(self.graph.get("node") or [])

    @property
    def is_plain(self) -> bool:
        """Whether all that it is given is tensors, so that one run can stand for all."""
        given = [one.get("type") or {} for one in self.graph.get("input") or []]
        return self.states <= _MOST_STATES and not any(type and "tensor_type" not in type for type in given)


def loop_of(
    inputs: tuple[str, ...], outputs: int, graph: Mapping[str, Any], number: int | None, starts: bool | None
) -> Body | None:
    """A `Loop`. number: the trip count where it is known; starts: the condition, likewise. None for one whose parts do
    not go together.
    """
    states = len(inputs) - 2
    given, made = len(graph.get("input") or []), len(graph.get("output") or [])
    if states < 0 or given != states + 2 or made < states + 1 or outputs > made - 1:
        return None
    if starts is not True or not _goes_on(graph):
        number = 0 if starts is False else None
        return Body(graph, states, number, None)
    return Body(graph, states, number, (inputs[0], None) if inputs[0] else None)


def scan_of(
    inputs: tuple[str, ...], outputs: int, attributes: Mapping[str, Any], graph: Mapping[str, Any], opset: int
) -> Body | None:
    """A `Scan`; None for one whose parts do not go together, and for that of the version before 9."""
    parts = attribute_of(attributes["num_scan_inputs"]) if "num_scan_inputs" in attributes else None
    given, made = len(graph.get("input") or []), len(graph.get("output") or [])
    if opset < _SCAN or not isinstance(parts, int) or not 0 < parts <= len(inputs) or given != len(inputs):
        return None
    states = len(inputs) - parts
    if made < states or outputs > made:
        return None
    slices, joins = (
        _axes(attributes, name, many)
        for name, many in (("scan_input_axes", parts), ("scan_output_axes", made - states))
    )
    if slices is None or joins is None:
        return None
    return Body(graph, states, None, (inputs[states], slices[0]), slices, joins)


def each_member(members: list[tuple[str, ...] | None], inputs: int, graph: Mapping[str, Any]) -> int | None:
    """How often a `SequenceMap` runs, by the members of each of its inputs, None for one that is a tensor; None where
    that is not known, or too much.
    """
    if not members or members[0] is None or len(members) != inputs:
        return None
    kinds = [one.get("type") or {} for one in graph.get("input") or []]
    runs = len(members[0])
    if any(one is not None and len(one) != runs for one in members) or any("sequence_type" in one for one in kinds):
        return None
    return runs if runs * len(graph.get("node") or []) <= MOST_NODES else None


def _axes(attributes: Mapping[str, Any], name: str, many: int) -> tuple[int, ...] | None:
    found = attribute_of(attributes[name]) if name in attributes else None
    axes = tuple(found) if isinstance(found, list) and found else (0,) * many
    return axes if len(axes) == many and all(type(axis) is int for axis in axes) else None


def _goes_on(graph: Mapping[str, Any]) -> bool:
    """Whether the body of a `Loop` never ends it before its count."""
    nodes = graph.get("node") or []
    makers = {name: node for node in nodes for name in node.get("output") or []}
    held = {one.get("name"): one for one in graph.get("initializer") or []}
    name = (graph["output"][0]).get("name") or ""
    for _ in range(len(nodes) + 1):
        if name == ((graph["input"][1]).get("name") or ""):
            return True
        if name in held:
            return _is_true(held[name])
        node = makers.get(name) or {}
        if node.get("op_type") == "Constant":
            found = next((attribute_of(one) for one in node.get("attribute") or []), None)
            return isinstance(found, dict) and _is_true(found)
        if node.get("op_type") != "Identity" or not node.get("input"):
            return False
        name = node["input"][0]
    return False


def _is_true(tensor: dict[str, Any]) -> bool:
    try:
        numbers = tensor_of(tensor).numbers
    except MalformedError:
        return False
    return numbers is not None and len(numbers) == 1 and bool(numbers[0])
