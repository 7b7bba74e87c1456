"""Helpers for the tests of the spec language: read a text, and say shortly what came out."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from cnnsum.diagnostics import UnusableError
from cnnsum.graph.infer import infer
from cnnsum.graph.model import Graph
from cnnsum.readers.how import How
from cnnsum.readers.native import read_native
from cnnsum.source import read_text


def spec(text: str, *, path: str = "m.yaml", **overrides: Any) -> Graph:
    """The graph of a spec; errors in it are allowed."""
    return read_native(read_text(dedent(text).lstrip("\n"), path), How(**overrides))


def good(text: str, **overrides: Any) -> Graph:
    """The graph of a spec with nothing wrong in it, shapes included."""
    graph = spec(text, **overrides)
    assert [str(found) for found in graph.diagnostics] == []
    assert [str(found) for found in infer(graph).diagnostics] == []
    return graph


def found(text: str, **overrides: Any) -> list[str]:
    """What is wrong with a spec: `line:column-end CODE message | help`, sorted by place."""
    try:
        diagnostics = list(spec(text, **overrides).diagnostics)
    except UnusableError as error:
        diagnostics = list(error.diagnostics)
    lines = []
    for one in diagnostics:
        place = ""
        if one.span is not None:
            place = f"{one.span.line}:{one.span.column}-{one.span.end_column} "
        note = "" if one.severity == "error" else f"{one.severity}: "
        lines.append(
            (one.span or (), f"{place}{one.code} {note}{one.message}" + (f" | {one.help}" if one.help else ""))
        )
    return [line for _, line in sorted(lines)]


def names(graph: Graph) -> list[str]:
    """The names of all layers but the inputs."""
    return [layer.name for layer in graph.layers if layer.spec is None]


def wiring(graph: Graph) -> dict[str, list[str]]:
    """For each layer the names of what each of its calls reads; `:1` marks another output than the first."""
    result: dict[str, list[str]] = {}
    for layer in graph.layers:
        if layer.spec is None:
            result[layer.name] = [
                ", ".join(one.node.layer.name + (f":{one.index}" if one.index else "") for one in node.inputs)
                for node in layer.nodes
            ]
    return result


def fields(graph: Graph, name: str, *wanted: str) -> Any:
    """The checked fields of a layer."""
    (layer,) = [layer for layer in graph.layers if layer.name == name]
    values = tuple(layer.fields[one] for one in wanted)
    return values[0] if len(values) == 1 else values


def shapes(graph: Graph) -> list[str]:
    """The shapes of the outputs."""
    inference = infer(graph)
    return [str(inference.values[number].shape) for number in inference.outputs]


def alike(graph: Graph) -> list[Any]:
    """All that matters of a graph but its names and places, for comparing two ways to write it."""
    number = {node: (index, call) for index, layer in enumerate(graph.layers) for call, node in enumerate(layer.nodes)}
    return [
        (
            layer.type_name,
            layer.fields,
            layer.policy,
            layer.trainable,
            layer.spec,
            [[(number[one.node], one.index) for one in node.inputs] for node in layer.nodes],
        )
        for layer in graph.layers
    ] + [(number[one.node], one.index) for one in graph.outputs]
