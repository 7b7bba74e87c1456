"""An explanation as JSON (`cnnsum.explain/1`), a layer to a line, and as Markdown, a table to a layer.

Reads the records of `explaining` and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from cnnsum.answers.explain.ask import Explanation
from cnnsum.answers.explain.explaining import Explained
from cnnsum.answers.explain.steps import Step
from cnnsum.answers.explain.text import flow, left_out, symbols
from cnnsum.dims import UNKNOWN
from cnnsum.ink import markdown, markdown_code, markdown_prose
from cnnsum.render import units
from cnnsum.render.style import printable

SCHEMA = "cnnsum.explain/1"


def json_chunks(explanation: Explanation) -> Iterator[str]:
    """Yield the explanation as JSON text."""
    yield f'{{\n "schema": "{SCHEMA}",\n "model": {json.dumps(explanation.model)},\n'
    yield f' "batch": {explanation.batch},\n "layers": ['
    separator = "\n"
    for layer in explanation.layers:
        yield f"{separator}  {json.dumps(_layer(layer))}"
        separator = ",\n"
    yield "]" if separator == "\n" else "\n ]"
    yield f',\n "more": {explanation.more}\n}}\n'


def document(explanation: Explanation) -> dict[str, object]:
    """The same as plain dictionaries and lists."""
    layers = [_layer(layer) for layer in explanation.layers]
    return {
        "schema": SCHEMA,
        "model": explanation.model,
        "batch": explanation.batch,
        "layers": layers,
        "more": explanation.more,
    }


def _layer(layer: Explained) -> dict[str, object]:
    record: dict[str, object] = {
        "name": layer.name,
        "type": layer.type,
        "place": None if layer.place is None else {"line": layer.place[0], "column": layer.place[1]},
        "what": layer.what,
        "inputs": [units.plain_shape(shape) for shape in layer.inputs],
        "outputs": [units.plain_shape(shape) for shape in layer.outputs],
        "settings": dict(layer.settings),
        "symbols": {name: units.plain_number(value) for name, value in layer.symbols},
        "steps": [_step(step) for step in layer.steps],
        "status": layer.status,
        "note": layer.note,
        "same_as": layer.like or None,
    }
    if layer.layers:
        record["layers"] = [_layer(inner) for inner in layer.layers]
    return record


def _step(step: Step) -> dict[str, object]:
    return {
        "measure": step.measure,
        "formula": step.formula,
        "with_numbers": step.with_numbers,
        "value": None if step.value is None else units.plain_number(step.value),
        "unit": step.unit,
        "why": step.why,
        "symbols": {name: units.plain_number(value) for name, value in step.symbols},
    }


def markdown_chunks(explanation: Explanation) -> Iterator[str]:
    """Yield the explanation as Markdown."""
    yield f"# {markdown(printable(explanation.model))}, explained\n\nMemory is for a batch of {explanation.batch:,}.\n"
    for layer in explanation.layers:
        yield from _section(layer, 2)
    if explanation.more:
        yield f"\n{markdown(left_out(explanation))}\n"


def _section(layer: Explained, level: int) -> Iterator[str]:
    yield f"\n{'#' * min(level, 6)} {markdown(printable(layer.name))} ({markdown(printable(layer.type))})\n\n"
    steps = layer.steps
    if layer.like:
        yield f"As {markdown(printable(layer.like))}{', but for:' if layer.own_steps else '.'}\n"
        steps = layer.own_steps
    else:
        settings = ", ".join(f"{name}: {value}" for name, value in layer.settings)
        flowing = _code(flow(layer)) + (f", {markdown(settings)}" if settings else "")
        names = symbols(layer)
        for text in (markdown_prose(layer.what), flowing, _code(names), markdown(layer.note)):
            if text:
                yield f"{text}\n\n"
    if steps:
        yield "| | formula | with numbers | | why |\n|---|---|---|---:|---|\n"
    for step in steps:
        cells = (
            markdown(step.measure),
            _code(step.formula),
            _code(step.with_numbers),
            _value(step),
            markdown_prose(step.why),
        )
        yield f"| {' | '.join(cells)} |\n"
    for inner in layer.layers:
        yield from _section(inner, level + 1)


def _code(text: str | None) -> str:
    return markdown_code(text) if text else ""


def _value(step: Step) -> str:
    if step.value is None:
        return "all of the input"
    if step.value is UNKNOWN:
        return "not known"
    return f"{units.exact(step.value)}{' bytes' if step.unit == 'bytes' else ''}"
