"""Every layer of Keras with arrays of the file in the place of its inputs: each question is answered."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.layers.base import all_types
from tests.cli.calling import call
from tests.thorough import each, some
from tests.writers.samples import sample_spec

QUESTIONS = (
    ("check", "-", "--select", "ALL"),
    ("explain", "-", "--convention", "fvcore"),
    ("show", "-", "--train", "--format", "json"),
)
#: Numbers of an array that a test writes out.
MOST = 5_000


def networks(key: str) -> list[dict[str, Any]]:
    """A network of one layer: with arrays for all of its inputs, and for each of several alone."""
    try:
        whole = json.loads(cnnsum.convert(cnnsum.loads(sample_spec(key)), "keras").text)
    except UnusableError:
        return []  # nothing that Keras can write
    layers = whole["config"]["layers"]
    shapes = {
        one["config"]["name"]: [1, *one["config"]["batch_shape"][1:]]
        for one in layers
        if one["class_name"] == "InputLayer"
    }
    if whole["class_name"] == "Sequential" or any(prod(shape) > MOST for shape in shapes.values()):
        return []
    chosen = [set(shapes), *({name} for name in shapes if len(shapes) > 1)]
    return [_with_arrays(whole, {name: shapes[name] for name in names}) for names in chosen]


def _with_arrays(value: Any, shapes: dict[str, list[int]]) -> Any:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__" and value["config"]["keras_history"][0] in shapes:
            zeros = _zeros(shapes[value["config"]["keras_history"][0]])
            return {"class_name": "__tensor__", "config": {"value": zeros, "dtype": "float32"}}
        return {name: _with_arrays(one, shapes) for name, one in value.items()}
    return [_with_arrays(one, shapes) for one in value] if isinstance(value, list) else value


def _zeros(shape: list[int]) -> Any:
    return [_zeros(shape[1:]) for _ in range(shape[0])] if shape else 0.0


#: Those whose first input something took for granted, and some of all.
KEYS = [
    *("BatchNormalization", "Bidirectional", "Conv2D", "Embedding", "LSTM", "MaxPooling2D", "MultiHeadAttention"),
    *(
        "Attention",
        "GlobalAveragePooling2D",
        "Pipeline",
        "SeparableConv2D",
        "TimeDistributed",
        "UpSampling2D",
        "ZeroPadding2D",
    ),
    *some(sorted({type.key for type in all_types().values()}), 12),
]


@each("key", KEYS)
def test_a_layer_that_reads_arrays(key: str) -> None:
    """Rules and conventions took the first input of a call for granted, which an array is not."""
    for network in networks(key):
        text = json.dumps(network).encode()
        for question in QUESTIONS:
            done = call(*question, stdin=text)
            assert "a fault in cnnsum" not in done.err + done.out, question
            assert done.code in (0, 1, 2)
