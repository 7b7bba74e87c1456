"""All models of keras.applications: our report of the file that Keras writes, against Keras's model."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

from keras_text import check_numbers, check_text  # noqa: E402 - after the choice of the backend

import cnnsum  # noqa: E402 - as above

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

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
    report = cnnsum.summarize(cnnsum.loads(text))
    assert report.diagnostics == ()
    check_text(model, report, {}, {"show_trainable": True, "line_length": 133})
    check_numbers(model, report)
    check_work(model, report)
    without = cnnsum.summarize(cnnsum.loads(json.dumps(forgotten(json.loads(text)))))
    assert without.totals == report.totals
    assert [row.outputs for row in without.rows] == [row.outputs for row in report.rows]
    check_text(model, without, {})


def forgotten(value: Any) -> Any:
    """A file without the shapes that Keras recorded; those that declare an input stay."""
    if isinstance(value, dict):
        kept = {key: forgotten(item) for key, item in value.items() if key != "build_config"}
        if kept.get("class_name") == "__keras_tensor__":
            del kept["config"]["shape"]
        return kept
    return [forgotten(item) for item in value] if isinstance(value, list) else value


def check_work(model: Any, report: Any) -> None:
    """MACs of every layer by the textbook: a kernel is used once for every position of the output."""
    total = 0
    for layer, row in zip(model._operations, report.rows, strict=True):
        expected = sum(macs_of(layer, node.output_tensors[0].shape) for node in layer._inbound_nodes)
        assert row.macs == expected, row.name
        total += expected
    assert report.totals.macs == total > 10**7
    assert report.totals.flops >= 2 * total


def macs_of(layer: Any, output: tuple[int | None, ...]) -> int:
    kind = type(layer).__name__
    if kind in {"Conv2D", "DepthwiseConv2D"}:
        assert layer.data_format == "channels_last"
        # (height, width, input channels of a group, filters), or (height, width, channels, multiplier).
        return math.prod(output[1:3]) * math.prod(layer.kernel.shape)
    if kind == "SeparableConv2D":
        return math.prod(output[1:3]) * (
            math.prod(layer.depthwise_kernel.shape) + math.prod(layer.pointwise_kernel.shape)
        )
    if kind == "Dense":
        return math.prod(output[1:-1]) * math.prod(layer.kernel.shape)
    return 0
