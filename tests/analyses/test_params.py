"""Counts of weights and of work, training memory, and what the axes of inputs must fulfil."""

from __future__ import annotations

import json
from typing import Any

import cnnsum
from cnnsum.analyses.params import NO_WEIGHTS, Weights, weights_of
from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.layers.facts import Facts, Weight

H = Symbol("H").dim


def report(layers: list[Any], shape: Any = (8,), **keys: Any) -> cnnsum.Report:
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, **keys}))
    assert [str(found) for found in model.diagnostics] == []
    return cnnsum.summarize(model)


def test_weights_of_a_layer() -> None:
    facts = Facts(
        weights=(Weight("kernel", (3, 4)), Weight("mean", (4,), trainable=False), Weight("n", (), dtype="int64"))
    )
    assert weights_of(facts, "float32", trainable=True) == (13, 4, 56, 16, 0, 0, 0)
    assert weights_of(facts, "float16", trainable=False) == (0, 17, 0, 24 + 8 + 8, 0, 0, 0)
    (unread := Facts()).weights = (Weight("kernel", (3, 4), read=False), Weight("bias", (4,)))
    assert weights_of(unread, "float32", trainable=True).gradient_bytes == 16
    assert weights_of(Facts(), "float32", trainable=True) is NO_WEIGHTS
    assert Weights(1, 2, 3, 4) + Weights(10, 20, 30, 40, 50, 60) == (11, 22, 33, 44, 50, 60, 0)


def test_symbolic_and_unknown_counts() -> None:
    assert str(weights_of(Facts(weights=(Weight("k", (H, 4)),)), "float32", trainable=True).trainable) == "4*H"
    assert weights_of(Facts(weights=(Weight("k", (UNKNOWN,)),)), "float32", trainable=True).trainable is UNKNOWN


def test_equal_layers_are_counted_each() -> None:
    assert report([{"Dense": 8}] * 5).totals.params == (5 * 72, 5 * 72, 0)
    assert report([{"Dense": 8}] * 5).totals.macs == 5 * 64


def test_split() -> None:
    found = report([{"Dense": 8}, "BatchNormalization", {"Dense": {"units": 2, "trainable": False}}]).totals
    assert found.params == (72 + 32 + 18, 72 + 16, 16 + 18)
    assert found.weights == tuple(4 * count for count in found.params)


def test_flops_are_twice_the_macs_and_the_rest() -> None:
    (dense,) = [row for row in report([{"Dense": {"units": 3, "activation": "relu"}}]).rows if row.type == "Dense"]
    assert (dense.macs, dense.flops) == (24, 2 * 24 + 3 + 3)


def sizes(layers: list[Any], shape: Any) -> list[tuple[str, str, int, str]]:
    return [(one.symbol, one.input, one.axis, one.condition) for one in report(layers, shape).sizes]


def test_least_size() -> None:
    layers = [
        {"Conv2D": {"filters": 2, "kernel_size": 5}},
        {"MaxPooling2D": 2},
        {"Conv2D": {"filters": 2, "kernel_size": 3}},
    ]
    # 3 after the pooling, so 6 before, so 10.
    assert sizes(layers, ("H", 64, 3)) == [("H", "input_layer", 1, "H >= 10")]
    (record,) = report(layers, ("H", 64, 3)).sizes
    assert len(record.because) == 1
    assert record.because[0].startswith("conv2d_1: ")


def test_no_condition() -> None:
    assert sizes([{"Dense": 3}], ("H", 64, 3)) == []
    assert sizes([{"Conv2D": {"filters": 2, "kernel_size": 5}}], (64, 64, 3)) == []


def test_equality() -> None:
    layers = [
        {"MaxPooling2D": {"pool_size": 2, "name": "p"}},
        {"UpSampling2D": {"size": 2, "name": "u"}},
        {"Add": {"from": ["u", "input"]}},
    ]
    (record,) = report(layers, ("H", 64, 3)).sizes
    assert "H" in record.condition
    assert any(reason.startswith("add: ") for reason in record.because)
