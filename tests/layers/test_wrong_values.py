"""Every field of every layer type and operation with values of the wrong kind: a finding, never a fault."""

from __future__ import annotations

import json
import math
from typing import Any

from cnnsum import UnusableError, loads, summarize
from cnnsum.diagnostics import Problem
from cnnsum.dims import ExpressionError, evaluate
from cnnsum.layers.base import REQUIRED, Field, LayerType, all_types
from cnnsum.layers.keras import OPERATIONS
from cnnsum.layers.kinds import PlainReading
from cnnsum.layers.vocabulary import KERAS_HUB, ONNX, TFLITE, TORCH
from tests.layers.applying import NAMES, N
from tests.thorough import THOROUGH, each, some

WRONG: list[Any] = [
    *(None, True, 0, -1, 2.5, 10**30, -(10**30), 1e308, math.nan, math.inf, "", "zzz", "same", "H", [], [1], [2, 2]),
    *([None], [3, "H"], ["a"], [True], [[1, 2], [3]], [[[[1]]]], [1, 2, 3, 4, 5, 6, 7], {}, {"a": 1}),
    *({"class_name": "Dense"}, {"class_name": "Foo", "config": 3}, {"class_name": "Dense", "config": {"units": []}}),
]


class Reading:
    """What a reader lends to the kinds, for fields that hold no layer."""

    def number(self, text: str) -> Any:
        try:
            return evaluate(text, NAMES)
        except ExpressionError as error:
            raise Problem("CFG102", str(error)) from None

    def sublayer(self, _raw: object) -> Any:
        raise AssertionError("such types are tried with files")


SHAPES: list[list[Any]] = [[8, 8, 4], [8, 4], [4], [8, 8, 8, 4], [2, 8, 8, 4]]
OPEN = [[NAMES["H"], NAMES["W"], 4], [NAMES["T"], 4], [NAMES["C"]]]
TYPES = [*{known.key: known for known in all_types().values()}.values()]
#: Those of other words, too; a file of ONNX or TensorFlow Lite has no formulas.
OTHERS = [
    *{id(known): known for one in (TORCH, KERAS_HUB, ONNX, TFLITE) for known in one.all_types().values()}.values()
]
FAMILIES = sorted({known.rule.__module__ for known in (*TYPES, *OTHERS)})


def plausible(field: Field) -> Any:
    """A value that a field may well take."""
    known = {
        "true or false": True,
        "a text": "a",
        "a number": 0.5,
        "a number from 0 to 1": 0.5,
        "a layer": {"class_name": "Dense", "config": {"units": 2}},
        "a list of layers": [{"class_name": "LSTMCell", "config": {"units": 2}}],
        "a list of integers": [2],
        "a list of sizes": [2],
    }
    if field.name == "equation":
        return "ab,bc->ac"
    return field.kind.choices[0] if field.kind.choices else known.get(field.kind.expects, 1)


def holds_layers(known: LayerType) -> bool:
    return any("layer" in field.kind.expects or "cell" in field.kind.expects for field in known.schema.fields.values())


def required(known: LayerType) -> dict[str, Any]:
    return {field.name: plausible(field) for field in known.schema.fields.values() if field.default is REQUIRED}


def inputs(known: LayerType) -> int:
    return min(max(known.schema.least, 1), 3)


@each("family", FAMILIES)
def test_no_value_of_a_field_is_a_fault_of_ours(family: str) -> None:
    for known in (*TYPES, *OTHERS):
        if known.rule.__module__ != family or holds_layers(known):
            continue
        base = required(known)
        reading = PlainReading() if known.vocabulary in (ONNX, TFLITE) else Reading()
        for name in known.schema.fields:
            for wrong in some(WRONG, 2, len(name)):
                fields, problems = known.bind({**base, name: wrong}, reading)
                assert all(str(problem) for problem in problems)
                for shape in () if problems else (*SHAPES, *OPEN):
                    try:
                        known.apply([(N, *shape)] * inputs(known), fields)
                    except Problem:
                        continue
                    except Exception as error:
                        raise AssertionError(f"{known.key} {name}={wrong!r} of {shape}: {error!r}") from error


def keras(known: LayerType, fields: dict[str, Any]) -> str:
    """A model in Keras's format with one layer or operation."""
    shape = [None, *SHAPES[0]]
    module, _, name = known.key.rpartition(".")
    names = [f"i{number}" for number in range(inputs(known))]
    layers: list[dict[str, Any]] = [
        {
            "class_name": "InputLayer",
            "name": one,
            "config": {"batch_shape": shape, "dtype": "float32", "name": one},
            "inbound_nodes": [],
        }
        for one in names
    ]
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"shape": shape, "dtype": "float32", "keras_history": [one, 0, 0]}}
        for one in names
    ]
    call = {"args": tensors if module or len(tensors) == 1 else [tensors], "kwargs": {}}
    layers.append(
        {
            "module": module or "keras.layers",
            "class_name": name,
            "name": "x",
            "config": {"name": "x", **fields},
            "inbound_nodes": [call],
        }
    )
    config = {
        "name": "m",
        "layers": layers,
        "input_layers": [[one, 0, 0] for one in names],
        "output_layers": [["x", 0, 0]],
    }
    return json.dumps({"class_name": "Functional", "config": config})


def spec(known: LayerType, fields: dict[str, Any]) -> str:
    """A spec with one layer."""
    names = [f"i{number}" for number in range(inputs(known))]
    layer = {known.name: {"from": names if len(names) > 1 else names[0], **fields}}
    return json.dumps({"inputs": dict.fromkeys(names, SHAPES[0]), "layers": [layer]})


def findings(text: str) -> tuple[Any, ...]:
    """What is wrong with a file; any fault of ours is raised."""
    try:
        model = loads(text)
        summarize(model)
    except UnusableError as error:
        return error.diagnostics
    return model.diagnostics


def test_no_value_of_a_layer_that_holds_others_is_a_fault_of_ours() -> None:
    for known in filter(holds_layers, TYPES):
        for name in known.schema.fields:
            for wrong in some(WRONG, 2, len(name)):
                for text in (
                    keras(known, required(known) | {name: wrong}),
                    spec(known, required(known) | {name: wrong}),
                ):
                    assert all(one.span is not None for one in findings(text)), text


def test_a_wrong_value_is_a_finding_with_a_place() -> None:
    told, step = 0, 6 if THOROUGH else 18
    for number, known in enumerate(TYPES):
        operation = known.rule.__module__.rpartition(".")[2] in OPERATIONS
        for wrong in WRONG[number % step :: step]:
            fields = required(known) | dict.fromkeys((*known.schema.fields, "trainable", "dtype"), wrong)
            for text in [keras(known, fields)] if operation else [keras(known, fields), spec(known, fields)]:
                found = findings(text)
                told += len(found)
                assert all(one.span is not None for one in found), (known.key, wrong, found)
    assert told > 30_000 // step
