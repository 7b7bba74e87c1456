"""All models of keras.applications, each built once: our report of the files that Keras writes, against its model."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("keras")

from advising import advice_on
from keras_applications import NAMES, made
from keras_loading import load, loads
from keras_text import check_numbers, check_text, forgotten, lines_of, theirs

import cnnsum
from cnnsum.answers.summary.rendering import render
from cnnsum.writers import write

pytestmark = pytest.mark.filterwarnings("ignore")


class Application(NamedTuple):
    """A network of Keras, its file, and what is read of that."""

    name: str
    network: Any
    text: str
    read: cnnsum.Model


@pytest.fixture(scope="module", params=NAMES)
def application(request: pytest.FixtureRequest) -> Application:
    network = made(request.param)
    text = network.to_json()
    return Application(request.param, network, text, loads(text))


def test_there_are_forty() -> None:
    assert len(NAMES) == 40


def test_application(application: Application) -> None:
    name, model, text, read = application
    report = cnnsum.summarize(read)
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
        model = made(name, input_shape=size)
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


# What the rules say: each finding is one that the network is known for.

#: By the beginning of a name: codes and their counts; what is not here is silent.
EXPECTED = {
    # Every convolution but those right before a sum has a bias and a batch normalisation; in v1 the 1x1 convolutions
    # of the first block of three stages stride beside the projection.
    "ResNet50": {"ARC401": 53, "ARC421": 3},
    "ResNet101": {"ARC401": 104, "ARC421": 3},
    "ResNet152": {"ARC401": 155, "ARC421": 3},
    "ResNet50V2": {},
    "ResNet101V2": {},
    "ResNet152V2": {},
    # 103 of 138 and of 144 million weights are in `fc1`.
    "VGG16": {"ARC451": 1},
    "VGG19": {"ARC451": 1},
    # Padding "same" at stride 2 on even sizes: the stem; in EfficientNetV2 all stages whose input is even.
    "MobileNet": {"ARC423": 1},
    "MobileNetV2": {"ARC423": 1},
    "EfficientNetV2B0": {"ARC423": 5},
    "EfficientNetV2B1": {"ARC423": 4},
    "EfficientNetV2B2": {"ARC423": 2},
    "EfficientNetV2B3": {"ARC423": 3},
    "EfficientNetV2S": {"ARC423": 5},
    "EfficientNetV2M": {"ARC423": 5},
    "EfficientNetV2L": {"ARC423": 5},
    # The first block projects 16 channels to 16, and the next expands them by a 1x1 convolution, with nothing between.
    "MobileNetV3Small": {"ARC415": 1},
    # 224 positions, a kernel of 3 and a stride of 2 without padding leave one over.
    "NASNetMobile": {"ARC422": 1},
}


def test_advice(application: Application) -> None:
    assert Counter(found.code for found in advice_on(application.read)) == EXPECTED.get(application.name, {})


# The same in other files.


def report_of(model: cnnsum.Model, *left_out: str) -> Any:
    """All that is said of a model but its file and the places in it, and under these keys."""
    assert [str(found) for found in model.diagnostics] == []
    found = json.loads("".join(render(cnnsum.summarize(model), "json")))
    found.pop("source")
    return without(found, "place", *left_out)


def without(value: Any, *keys: str) -> Any:
    if isinstance(value, dict):
        return {key: without(item, *keys) for key, item in value.items() if key not in keys}
    return [without(item, *keys) for item in value] if isinstance(value, list) else value


def test_files(application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.src.legacy.saving import legacy_h5_format
    from keras.src.saving import saving_lib

    # Weights are left out of all but one: the largest have a gigabyte, and no reader of ours looks at them.
    if application.name != "MobileNetV2":
        monkeypatch.setattr(legacy_h5_format, "save_weights_to_hdf5_group", lambda *_: None)
        monkeypatch.setattr(saving_lib, "_save_state", lambda *_args, **_keys: None)
    expected = report_of(application.read)
    for suffix in ("keras", "h5"):
        path = tmp_path / f"model.{suffix}"
        application.network.save(path)
        assert report_of(load(path)) == expected


def test_as_a_spec(application: Application) -> None:
    read = application.read
    text, findings = write(read.graph, read.inference, "yaml")
    assert findings == []
    # What a spec leaves out is the default, which a Keras file writes: its config may name fewer fields.
    assert report_of(loads(text), "block", "config") == report_of(read, "block", "config")
