"""`cnnsum convert`: real Keras loads what is written for it. (test_applications.py has the other way.)"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

keras = pytest.importorskip("keras")

import keras_examples_graphs  # noqa: E402, F401 - adds models
import keras_examples_nested  # noqa: E402, F401 - as above
from keras_applications import cheap_weights, text_of  # noqa: E402 - as above
from keras_examples import MODELS  # noqa: E402 - needs Keras
from keras_loading import load, loads  # noqa: E402 - needs Keras

import cnnsum  # noqa: E402 - as above
from cnnsum.answers.summary.rendering import render  # noqa: E402
from cnnsum.layers.base import all_types  # noqa: E402
from cnnsum.writers import write  # noqa: E402
from tests.writers.samples import sample_spec  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

SPECS = Path(__file__).parents[2] / "specs"
OWN_TYPES = {"convnext_tiny", "siamese", "vit_b16"}


@pytest.fixture(autouse=True)
def _as_it_was() -> Any:
    """Some models are built with other settings of Keras, which hold for all that comes after them."""
    keras.backend.clear_session()
    yield
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")


def report_of(model: cnnsum.Model) -> Any:
    found = json.loads("".join(render(cnnsum.summarize(model), "json")))
    found.pop("source")
    found.pop("diagnostics")
    return without_places(found)


def without_places(value: Any) -> Any:
    # What a spec leaves out is the default, which a Keras file writes: its config may name fewer fields.
    if isinstance(value, dict):
        return {key: without_places(item) for key, item in value.items() if key not in ("place", "block", "config")}
    return [without_places(item) for item in value] if isinstance(value, list) else value


def with_names_of_keras(model: cnnsum.Model) -> Any:
    """The report with names that every backend takes: those of layers in blocks have a dot."""
    said = json.dumps(report_of(model))
    for layer in model.graph.layers:
        said = said.replace(json.dumps(layer.name), json.dumps(layer.name.replace(".", "_")))
    return json.loads(said)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_models_by_hand_as_keras(name: str) -> None:
    try:
        text = MODELS[name]().to_json()
    except (TypeError, ValueError, NotImplementedError):
        pytest.skip("Keras cannot write it")
    model = loads(text)
    loaded = keras.models.model_from_json(write(model.graph, model.inference, "keras")[0])
    assert report_of(loads(loaded.to_json())) == report_of(model)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "NASNetMobile", "ConvNeXtTiny", "EfficientNetB0"])
def test_applications_as_keras(name: str) -> None:
    model = loads(text_of(name))
    with cheap_weights():
        loaded = keras.models.model_from_json(write(model.graph, model.inference, "keras")[0])
    assert report_of(loads(loaded.to_json())) == report_of(model)


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SPECS.glob("*.yaml")) if path.stem not in OWN_TYPES and "blocks" not in path.stem],
    ids=lambda path: path.stem,
)
def test_the_gallery_as_keras(path: Path) -> None:
    model = load(str(path), settings={"H": 64, "W": 64} if path.stem == "fcn" else None)
    with cheap_weights():
        loaded = keras.models.model_from_json(write(model.graph, model.inference, "keras")[0])
    mine, theirs = with_names_of_keras(model), report_of(loads(loaded.to_json()))
    for key in ("layers", "totals", "outputs"):
        assert theirs[key] == mine[key]


#: What is not a model of one call to Keras: cells without states, what needs TensorFlow, and
#: classes that Keras itself cannot read or call so: they miss an argument, or give the input as the output.
NOT_ALONE = frozenset(
    (
        *("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells"),
        *("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization"),
        *("Equalization", "Pipeline", "RandomColorDegeneration"),
    )
)
#: Keras 3's own classes; those of Keras 2 and of applications are not among them.
CLASSES = {
    known.key: known
    for known in all_types().values()
    if not known.is_operation
    and known.rule.__module__.rpartition(".")[2] not in ("legacy", "applications")
    and known.key not in NOT_ALONE
}


@pytest.mark.parametrize("key", sorted(CLASSES))
def test_every_layer_of_a_spec_as_keras(key: str) -> None:
    """A sample of each class, written from a spec, is a model to Keras, and the same one."""
    model = loads(sample_spec(key))
    text, findings = write(model.graph, model.inference, "keras")
    if findings:
        pytest.skip(f"the writer refuses it: {findings[0].message}")
    loaded = keras.models.model_from_json(text)
    mine, theirs = report_of(model), report_of(loads(loaded.to_json()))
    assert theirs["totals"] == mine["totals"]
    assert theirs["outputs"] == mine["outputs"]
