"""Keras 3 files, written by hand: `functional([image((8,)), made("Dense", "a", "image", units=3)], "a")`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import cnnsum
from cnnsum.answers.summary.records import Report, Row
from cnnsum.model import Model

Json = dict[str, Any]


def image(
    shape: Sequence[int | None], name: str = "image", *, batch: int | None = None, dtype: str = "float32"
) -> Json:
    config = {"batch_shape": [batch, *shape], "dtype": dtype, "sparse": False, "name": name}
    return {"module": "keras.layers", "class_name": "InputLayer", "config": config, "registered_name": None,
            "name": name, "inbound_nodes": []}  # fmt: skip


def tensor(reference: str, shape: Sequence[int | None] | None = None) -> Json:
    """A tensor by the layer that makes it: `name`, `name:call`, or `name:call:output`."""
    name, call, output = [*reference.split(":"), "0", "0"][:3]
    config: Json = {"dtype": "float32", "keras_history": [name, int(call), int(output)]}
    if shape is not None:
        config["shape"] = list(shape)
    return {"class_name": "__keras_tensor__", "config": config}


def called(*args: Any, **kwargs: Any) -> Json:
    return {"args": [_argument(arg) for arg in args], "kwargs": {name: _argument(arg) for name, arg in kwargs.items()}}


def _argument(arg: Any) -> Any:
    if isinstance(arg, str):
        return tensor(arg)
    return [_argument(item) for item in arg] if isinstance(arg, list) else arg


def made(kind: str, name: str, *calls: Any, module: str = "keras.layers", **fields: Any) -> Json:
    """A layer; each call is the reference of its input, a list of them, or what `called` gives."""
    nodes = [call if isinstance(call, dict) and "args" in call else called(call) for call in calls]
    return {"module": module, "class_name": kind, "config": {"name": name, "trainable": True, **fields},
            "registered_name": None, "name": name, "inbound_nodes": nodes}  # fmt: skip


def operation(kind: str, name: str, *args: Any) -> Json:
    return made(kind, name, called(*args), module="keras.src.ops.numpy")


def functional(
    layers: list[Json], outputs: Any, *, inputs: Any = None, name: str = "net", calls: Sequence[Any] = ()
) -> Json:
    if inputs is None:
        inputs = [[layer["name"], 0, 0] for layer in layers if layer["class_name"] == "InputLayer"]
    config = {"name": name, "trainable": True, "layers": layers, "input_layers": inputs,
              "output_layers": _references(outputs)}  # fmt: skip
    return {"module": "keras", "class_name": "Functional", "config": config, "registered_name": "Functional",
            "name": name, "inbound_nodes": [called(call) for call in calls]}  # fmt: skip


def _references(value: Any) -> Any:
    if isinstance(value, str):
        name, call, output = [*value.split(":"), "0", "0"][:3]
        return [name, int(call), int(output)]
    if isinstance(value, dict):
        return {key: _references(item) for key, item in value.items()}
    return [_references(item) for item in value]


def sequential(*layers: Json, name: str = "chain", calls: Sequence[Any] = (), **config: Any) -> Json:
    for layer in layers:
        layer.pop("inbound_nodes", None)
    return {"module": "keras", "class_name": "Sequential", "registered_name": "Sequential", "name": name,
            "config": {"name": name, "trainable": True, "layers": list(layers), **config},
            "inbound_nodes": [called(call) for call in calls]}  # fmt: skip


def load(model: Any, **options: Any) -> Model:
    return cnnsum.loads(json.dumps(model, indent=1), "model.json", **options)


def report(model: Any, *, batch: int | None = None, **options: Any) -> Report:
    """The report of a model that has nothing wrong with it."""
    found = load(model, **options)
    assert [str(diagnostic) for diagnostic in found.diagnostics] == []
    return cnnsum.summarize(found, batch=batch)


def codes(model: Any, **options: Any) -> list[str]:
    return [diagnostic.code for diagnostic in load(model, **options).diagnostics]


def messages(model: Any, **options: Any) -> list[str]:
    return [f"{found.code} {found.message}" for found in load(model, **options).diagnostics]


def rows(report: Report) -> dict[str, Row]:
    return {row.name: row for row in report.rows}


def shapes(report: Report) -> dict[str, list[str]]:
    """The shapes of the outputs of every row as texts, with `?` for open axes."""
    return {row.name: [_shape(output.shape) for output in row.outputs] for row in report.rows}


def _shape(shape: Any) -> str:
    return "unknown" if shape is None else " ".join(str(dim) if isinstance(dim, int) else "?" for dim in shape)
