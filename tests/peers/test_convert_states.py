"""`cnnsum convert`: recurrent layers and cells with their states, nested as Keras nests them, and models in models of
several inputs. What is written is built in Keras, and has as many parameters and the same outputs.
"""

from __future__ import annotations

from typing import Any

import pytest

keras = pytest.importorskip("keras")

import cnnsum  # noqa: E402 - needs Keras
from tests.thorough import each  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

#: What RNN runs, and the widths of its states.
CELLS: dict[str, list[int]] = {
    "{LSTMCell: {units: 4}}": [4, 4],
    "{GRUCell: {units: 5}}": [5],
    "{SimpleRNNCell: {units: 6}}": [6],
    "[{LSTMCell: 4}]": [4, 4],
    "[{GRUCell: 5}]": [5],
    "[{LSTMCell: 4}, {GRUCell: 5}]": [4, 4, 5],
    "[{GRUCell: 5}, {LSTMCell: 4}]": [5, 4, 4],
    "[{GRUCell: 5}, {SimpleRNNCell: 4}]": [5, 4],
    "{StackedRNNCells: {cells: [{LSTMCell: 4}, {GRUCell: 5}]}}": [4, 4, 5],
}
LAYERS = ("LSTM", "GRU", "SimpleRNN")


def ends(count: int) -> str:
    """Layers that read each of a layer's outputs, and give the outputs of the network."""
    names = [f"d{at}" for at in range(count)]
    read = "".join(f"  - Dense: {{units: 2, name: {name}, from: 'r:{at}'}}\n" for at, name in enumerate(names))
    return f"{read}outputs: [{', '.join(names)}]\n"


def specs() -> dict[str, str]:
    found: dict[str, str] = {}
    for cell, widths in CELLS.items():
        states = "".join(f", s{at}: [{width}]" for at, width in enumerate(widths))
        read = "".join(f", s{at}" for at in range(len(widths)))
        rnn = f"RNN: {{name: r, cell: {cell}, return_state: true"
        found[f"RNN of {cell}"] = f"input: [7, 3]\nlayers:\n  - {rnn}}}\n{ends(len(widths) + 1)}"
        found[f"RNN of {cell} with states"] = (
            f"inputs: {{x: [7, 3]{states}}}\nlayers:\n  - {rnn}, from: [x{read}]}}\n{ends(len(widths) + 1)}"
        )
        held = f"layer: {{RNN: {{cell: {cell}, return_state: true}}}}"
        found[f"RNN of {cell} in two directions"] = (
            f"input: [7, 3]\nlayers:\n  - Bidirectional: {{name: r, {held}}}\n{ends(2 * len(widths) + 1)}"
        )
        if cell.startswith("{"):
            head, fields = cell[1:-2].split(": {", 1)
            found[f"{cell} by itself"] = (
                f"inputs: {{x: [3]{states}}}\nlayers:\n  - {head}: {{name: r, {fields}, from: [x{read}]}}\n"
                f"{ends(len(widths) + 1)}"
            )
    for name in LAYERS:
        count = 2 if name == "LSTM" else 1
        layer = f"{name}: {{name: r, units: 4, return_state: true}}"
        found[name] = f"input: [7, 3]\nlayers:\n  - {layer}\n{ends(count + 1)}"
    state = "{LSTM: {units: 4, return_state: true}}"
    chains = {
        "LSTM": "LSTM: {units: 4, return_state: true, ",
        "RNN": "RNN: {cell: {LSTMCell: 4}, return_state: true, ",
        "RNN of cells": "RNN: {cell: [{LSTMCell: 4}, {GRUCell: 5}], return_state: true, ",
        "RNN of StackedRNNCells": "RNN: {cell: {StackedRNNCells: {cells: [{LSTMCell: 4}]}}, return_state: true, ",
        "Bidirectional": f"Bidirectional: {{layer: {state}, ",
        "two directions apart": "Bidirectional: {layer: {LSTM: 4}, merge_mode: null, ",
        "a chain": f"Sequential: {{layers: [{state}], ",
        "a chain with an input": f"Sequential: {{input: [7, 3], layers: [{state}], ",
        "a chain in a chain": f"Sequential: {{layers: [Sequential: {{layers: [{state}]}}], ",
        "a model": f"Functional: {{inputs: {{z: [7, 3]}}, layers: [{state}], outputs: [lstm, 'lstm:1'], ",
    }
    for name, start in chains.items():  # the first of several outputs, which a chain of Keras has no word for
        found[f"{name} last"] = f"input: [7, 3]\nlayers:\n  - {start}name: r}}\n"
        found[f"{name} before another"] = found[f"{name} last"] + '  - Dense: {units: 2, from: "r:0"}\n'
    found["a model on a list"] = (
        "inputs: {left: [4], right: [4]}\nlayers:\n  - Functional:\n      name: head\n      from: [left, right]\n"
        "      inputs: {a: [4], b: [4]}\n      layers: [Subtract: {from: [a, b]}, Dense: 1]\n"
    )
    found["a model with inputs by name"] = found["a model on a list"].replace("[left, right]", "{b: right, a: left}")
    found["a model on a list, twice"] = (
        "inputs: {x: [4], y: [4]}\nlayers:\n  - Functional:\n      name: head\n      from: [x, y]\n"
        "      inputs: {a: [4], b: [4]}\n      layers: [Subtract: {from: [a, b]}, Dense: 4]\n"
        "  - Functional: {share: head, from: [head, x]}\n"
    )
    return found


SPECS = specs()


def built(text: str, format: str) -> Any:
    if format == "keras":
        return keras.models.model_from_json(text)
    made: dict[str, Any] = {}
    exec(text, made)  # what cnnsum wrote
    return made["build_model"]()


@each("format", ["keras", "keras-py"])
@each("name", sorted(SPECS))
def test_states_and_lists_of_inputs(name: str, format: str) -> None:
    model = cnnsum.loads(SPECS[name])
    assert [one.message for one in model.diagnostics if one.severity == "error"] == []
    report = cnnsum.summarize(model)
    theirs = built(cnnsum.convert(model, format).text, format)
    assert theirs.count_params() == report.totals.params.total
    outputs = keras.tree.flatten(theirs.outputs)
    assert [tuple(one.shape)[1:] for one in outputs] == [one.shape[1:] for one in report.outputs if one.shape]


def test_a_chain_of_keras_that_gives_all_of_its_last_outputs_stays_one() -> None:
    theirs = keras.Sequential([keras.Input((7, 3)), keras.layers.LSTM(4, return_state=True)])
    written = cnnsum.convert(cnnsum.loads(theirs.to_json()), "keras").text
    assert [tuple(one.shape) for one in built(written, "keras").outputs] == [(None, 4)] * 3
