"""All models of keras.applications: our report of the file that Keras writes, against Keras's model."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

from keras_loading import loads  # noqa: E402 - after the choice of the backend
from keras_text import check_numbers, check_text, forgotten, lines_of, theirs  # noqa: E402 - after the backend

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

NAMES = [
    name
    for name in sorted(dir(keras.applications))
    if name[0].isupper() and callable(getattr(keras.applications, name))
]


def test_there_are_forty() -> None:
    assert len(NAMES) == 40


@pytest.mark.parametrize("name", NAMES)
def test_application(name: str) -> None:
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None)
    text = model.to_json()
    report = cnnsum.summarize(loads(text))
    assert report.diagnostics == ()
    check_text(model, report, {"expand_nested": True, "show_trainable": True})
    assert lines_of(report) == theirs(model)
    check_numbers(model, report)
    without = cnnsum.summarize(loads(json.dumps(forgotten(json.loads(text)))))
    assert without.totals == report.totals
    assert [row.outputs for row in without.rows] == [row.outputs for row in report.rows]
    assert lines_of(without) == lines_of(report)
    size = model.inputs[0].shape[1:]
    if None in size:
        size = (224, 224, 3)
        model = getattr(keras.applications, name)(weights=None, input_shape=size)
        report = cnnsum.summarize(loads(text, inputs=size))
    check_work(model, report)


def check_work(model: Any, report: Any) -> None:
    """MACs of every layer by the textbook: a kernel is used once for every position of the output. No application
    calls a layer twice.
    """
    total = 0
    for layer, row in zip(model._operations, report.rows, strict=True):
        expected = macs_of(layer)
        assert row.macs == expected, row.name
        total += expected
    assert report.totals.macs == total > 10**7
    assert report.totals.flops >= 2 * total


def macs_of(layer: Any) -> int:
    if hasattr(layer, "layers"):
        return sum(map(macs_of, layer.layers))
    sizes = layer._inbound_nodes[-1].output_tensors[0].shape[1:-1]
    kind = type(layer).__name__
    if kind in {"Conv2D", "DepthwiseConv2D"}:
        # (height, width, input channels of a group, filters), or (height, width, channels, multiplier).
        return math.prod(sizes) * math.prod(layer.kernel.shape)
    if kind == "SeparableConv2D":
        return math.prod(sizes) * (math.prod(layer.depthwise_kernel.shape) + math.prod(layer.pointwise_kernel.shape))
    return math.prod(sizes) * math.prod(layer.kernel.shape) if kind == "Dense" else 0
