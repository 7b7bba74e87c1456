"""Models built by hand in real Keras: the summary, counts, dtypes and bytes of their files are Keras's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras import Input, Model, Sequential, layers  # noqa: E402 - needs Keras
from keras_applications import made  # noqa: E402 - as above
from keras_examples import FORGETTING, MODELS  # noqa: E402 - as above
from keras_examples_graphs import residual  # noqa: E402 - as above
from keras_examples_nested import nested_twice  # noqa: E402 - as above
from keras_loading import loads  # noqa: E402 - needs Keras
from keras_text import CHOICES, check_numbers, check_text, forgotten, lines_of, report_of, theirs  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _fresh_names() -> Any:
    keras.backend.clear_session()
    yield
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    model = MODELS[name]()
    text = model.to_json()
    report = cnnsum.summarize(loads(text))
    assert [found.code for found in report.diagnostics] == ([] if report.inputs else ["GRF312"])
    if name in FORGETTING:
        model = keras.models.model_from_json(text)
    check_text(model, report)
    if report.inputs:
        check_numbers(model, report)


@pytest.mark.parametrize("name", MODELS)
def test_without_recorded_shapes(name: str) -> None:
    text = MODELS[name]().to_json()
    with_them = cnnsum.summarize(loads(text))
    without = cnnsum.summarize(loads(json.dumps(forgotten(json.loads(text)))))
    assert lines_of(without, expand_nested=True) == lines_of(with_them, expand_nested=True)
    assert without.totals == with_them.totals


# Options of the summary.


@pytest.mark.parametrize(
    "chosen", [("conv.*", "dense"), ("dense", "conv2d"), ("flatten", "flatten"), ("nothing", "x"), ("", "re_lu")]
)
def test_layer_range(chosen: tuple[str, str]) -> None:
    x = Input((8, 8, 3))
    model = Model(x, layers.Dense(2)(layers.ReLU()(layers.Flatten()(layers.Conv2D(4, 3)(x)))))
    check_text(model, report_of(model), {"layer_range": chosen}, {"layer_range": chosen, "expand_nested": True})


def test_narrow_and_wide() -> None:
    model = residual()
    report = report_of(model)
    check_text(model, report, *({"line_length": width} for width in (20, 33, 44, 61, 79, 80, 100, 108, 121, 250)))
    for terminal in (30, 44, 80, 100, 130):
        assert lines_of(report, terminal) == theirs(model, terminal)


# Another input size: the model is built again at that size and must be the same as what we infer.


@pytest.mark.parametrize("size", [(160, 160, 3), (331, 200, 3), (None, None, 3)])
@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2", "DenseNet121"])
def test_other_sizes(name: str, size: tuple[int | None, ...]) -> None:
    # MobileNetV2 pads by the parity of sizes that it is given, so those that it was not given must be even too.
    size = (160, 96, 3) if name == "MobileNetV2" else size
    text = made(name, include_top=False, input_shape=(224, 224, 3), name="net").to_json()
    model = made(name, include_top=False, input_shape=size, name="net")
    report = cnnsum.summarize(loads(text, inputs=size))
    assert report.diagnostics == ()
    check_text(model, report)
    check_numbers(model, report)


def test_other_size_with_nested_models() -> None:
    def build(*size: int | None) -> Any:
        keras.backend.clear_session()
        a = Input((*size, 3), name="in")
        inner = Model(a, layers.Conv2D(4, 3, strides=2)(a), name="inner")
        chain = Sequential([Input((*size, 3)), layers.Conv2D(3, 3, padding="same")], name="chain")
        x = Input((*size, 3), name="image")
        return Model(x, layers.GlobalAveragePooling2D()(inner(chain(x))), name="outer")

    for old, new in (((None, None), (40, 50)), ((32, 32), (32, 32))):
        text = build(*old).to_json()
        model = build(*new)
        report = cnnsum.summarize(loads(text, inputs=(*new, 3)))
        assert report.diagnostics == ()
        check_text(model, report)
    # The inner models fix their own inputs, and refuse any other size as Keras does.
    outer = build(32, 32)
    with pytest.raises(ValueError, match=r"(?i)shape"):
        outer.layers[1](Input((64, 33, 3)))
    report = cnnsum.summarize(loads(outer.to_json(), inputs=(64, 33, 3)))
    assert [found.code for found in report.diagnostics] == ["SHP202"]
    assert cnnsum.summarize(loads(outer.to_json(), inputs=(None, None, 3))).diagnostics == ()


def test_choices_differ() -> None:
    """The choices of options are worth their time: no two give the same text."""
    report = report_of(nested_twice())
    texts = {tuple(lines_of(report, **dict(choice))) for choice in CHOICES}
    assert len(texts) == len(CHOICES)
