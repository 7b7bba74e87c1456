"""The sizes that cnnsum says a network accepts, against the sizes at which real Keras builds it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras_applications import cheap_weights  # noqa: E402 - needs Keras
from keras_loading import load, loads  # noqa: E402 - needs Keras
from test_gallery_keras import SPECS, fcn, unet  # noqa: E402 - as below

import cnnsum  # noqa: E402 - needs Keras is chosen and Keras is known to be there

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # Keras with numpy runs layers on unset memory
]


@pytest.fixture(autouse=True)
def _cheap() -> Iterator[None]:
    """A network is built a hundred times."""
    with cheap_weights():
        yield


def built(model: Any, sizes: range) -> list[int]:
    """The sizes of a square image at which Keras builds the network anew."""
    file = json.loads(model.to_json())
    for layer in file["config"]["layers"]:
        layer.pop("build_config", None)  # or Keras takes the shapes that it was built with for checked
    result = []
    for size in sizes:
        file["config"]["layers"][0]["config"]["batch_shape"] = [None, size, size, 3]
        keras.utils.clear_session()
        try:
            keras.models.model_from_json(json.dumps(file))
        except ValueError:
            continue
        result.append(size)
    return result


def passed(model: Any, sizes: range) -> list[int]:
    """The sizes that an open network passes through all shape rules of its layers; merges are built, so not checked."""
    result = []
    for size in sizes:
        try:
            model.compute_output_spec(keras.KerasTensor((None, size, size, 3)))
        except ValueError:
            continue
        result.append(size)
    return result


def listed(model: cnnsum.Model, sizes: range) -> list[int]:
    """The sizes that `cnnsum sizes --list` gives for both axes."""
    height, width = model.sizes.axes
    both = [list(model.sizes.accepted(axis, {}, sizes.start, sizes.stop - 1).sizes) for axis in (height, width)]
    assert both[0] == both[1]
    return both[0]


#: Built at each of these sizes; all others of up to 110 too where time allows.
EVERY = range(1, 111)
BUILT = {
    "VGG16": EVERY,
    "MobileNet": EVERY,
    "InceptionV3": EVERY if "CNNSUM_EXAMPLES" in os.environ else range(60, 90),
    "NASNetMobile": EVERY if "CNNSUM_EXAMPLES" in os.environ else range(29, 37),
}


@pytest.mark.parametrize("name", BUILT)
def test_applications_that_keras_builds(name: str) -> None:
    network = getattr(keras.applications, name)(weights=None, include_top=False)
    found = loads(network.to_json(), free=("spatial",))
    assert listed(found, BUILT[name]) == built(network, BUILT[name])


OPEN = ("MobileNetV2", "MobileNetV3Small", "DenseNet121", "EfficientNetB0", "Xception", "ResNet50V2", "InceptionV3")


@pytest.mark.parametrize("name", OPEN)
def test_applications_that_are_open(name: str) -> None:
    network = getattr(keras.applications, name)(weights=None, include_top=False)
    assert listed(loads(network.to_json()), EVERY) == passed(network, EVERY)


@pytest.mark.parametrize(("name", "build"), [("unet", unet), ("fcn", fcn)])
def test_networks_of_the_gallery(name: str, build: Callable[[], Any]) -> None:
    found = load(SPECS / f"{name}.yaml", free=("spatial",))
    assert listed(found, EVERY) == built(build(), EVERY)


def test_what_keras_finds_out_at_run_time() -> None:
    image = keras.Input((None, None, 3))
    down = keras.layers.Conv2D(3, 3, strides=2, padding="same")(image)
    network = keras.Model(image, keras.layers.Add()([image, keras.layers.UpSampling2D(2)(down)]))
    found = loads(network.to_json())
    assert listed(found, EVERY) == built(network, EVERY) == [1, *range(2, 111, 2)]


def test_a_network_of_keras_that_accepts_no_size() -> None:
    # Left open, its cells meet at sizes that are not known, and Keras leaves out the reductions that they would need.
    network = keras.applications.NASNetLarge(weights=None, include_top=False)
    assert network.input_shape == (None, None, None, 3)
    found = [one for one in loads(network.to_json()).diagnostics if one.code == "SHP222"]
    assert [one.message.split(":")[0] for one in found] == ["no size of H is accepted", "no size of W is accepted"]
    assert built(network, range(330, 333)) == []
