"""Models within the model whose inputs fix sizes: called on those, as in Keras 3 (checked on its NumPy backend)."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum

MODELS = {
    "Functional": "{Functional: {name: inner, inputs: {x: [32, 32, 3]}, layers: [{Conv2D: [2, 3]}]}}",
    "Sequential": "{Sequential: {name: inner, input: [32, 32, 3], layers: [{Conv2D: [2, 3]}]}}",
}


def load(kind: str, shape: str, **how: Any) -> cnnsum.Model:
    return cnnsum.loads(f"{{input: {shape}, layers: [{MODELS[kind]}]}}", **how)


@pytest.mark.parametrize("kind", MODELS)
def test_other_sizes_are_refused(kind: str) -> None:
    assert load(kind, "[32, 32, 3]").diagnostics == ()
    for model in (load(kind, "[64, 32, 3]"), load(kind, "[32, 32, 3]", inputs=(64, 32, 3))):
        (found,) = model.diagnostics
        assert found.code == "SHP202"
        assert found.message.startswith("`inner` takes (None, 32, 32, 3), as its own input ")
        assert found.message.endswith(" says, got (None, 64, 32, 3)")


@pytest.mark.parametrize("kind", MODELS)
def test_open_sizes_have_a_condition(kind: str) -> None:
    for model in (load(kind, "[32, 32, 3]"), load(kind, "[H, W, 3]")):
        found = cnnsum.sizes(model)
        assert [(axis.record.symbol, axis.record.condition) for axis in found.axes] == [
            ("H", "H == 32"),
            ("W", "W == 32"),
        ]


def test_an_open_axis_of_a_chain_is_open() -> None:
    """Built on `None`, Keras's chain takes any size when it runs, and a Functional model does not."""
    for kind, condition in (("Functional", "H == 32"), ("Sequential", "H >= 3")):
        text = json.dumps(keras(kind, [None, None, None, 3]))
        (height, _) = cnnsum.sizes(cnnsum.loads(text)).axes
        assert height.record.condition == condition


def test_keras_2_takes_other_sizes() -> None:
    model = keras("Functional", [None, 64, 64, 3])
    assert [found.code for found in cnnsum.loads(json.dumps(model)).diagnostics] == ["SHP202"]
    for layer in (model, *model["config"]["layers"], *model["config"]["layers"][1]["config"]["layers"]):
        del layer["module"]
    assert cnnsum.loads(json.dumps(model)).diagnostics == ()


def test_a_model_in_a_wrapper() -> None:
    wrapped = f"{{input: [5, 64, 64, 3], layers: [{{TimeDistributed: {{layer: {MODELS['Functional']}}}}}]}}"
    assert [found.code for found in cnnsum.loads(wrapped).diagnostics] == ["SHP202"]
    assert cnnsum.loads(wrapped.replace("[5, 64, 64", "[5, 32, 32")).diagnostics == ()
    (_, height, width) = cnnsum.sizes(cnnsum.loads(wrapped.replace("[5, 64, 64", "[T, H, W"))).axes
    assert (height.record.condition, width.record.condition) == ("H == 32", "W == 32")


def keras(kind: str, shape: list[int | None]) -> dict[str, Any]:
    def made(kind: str, config: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None, **more}

    def call(name: str, of: list[int | None]) -> list[dict[str, Any]]:
        tensor = {"shape": of, "dtype": "float32", "keras_history": [name, 0, 0]}
        return [{"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}]

    def source(name: str, of: list[int | None]) -> dict[str, Any]:
        config = {"batch_shape": of, "dtype": "float32", "name": name}
        return made("InputLayer", config, name=name, inbound_nodes=[])

    fixed: list[int | None] = [None, 32, 32, 3]
    conv = made("Conv2D", {"name": "conv", "filters": 2, "kernel_size": [3, 3]}, name="conv")
    layers = [source("x", fixed), {**conv, "inbound_nodes": call("x", fixed)}]
    ends = {"input_layers": ["x", 0, 0], "output_layers": ["conv", 0, 0]} if kind == "Functional" else {}
    inner = made(kind, {"name": "inner", "layers": layers, **ends}, name="inner", inbound_nodes=call("i", shape))
    outer = {"name": "m", "layers": [source("i", shape), inner], "input_layers": [["i", 0, 0]]}
    return made("Functional", {**outer, "output_layers": [["inner", 1 if kind == "Functional" else 0, 0]]})
