"""What the rules say of the models of keras.applications: each finding is one that the network is known for."""

from __future__ import annotations

import os
from collections import Counter

import pytest

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

from advising import advice_on  # noqa: E402 - after the backend
from keras_loading import loads  # noqa: E402 - after the choice of the backend

pytestmark = pytest.mark.filterwarnings("ignore")

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
    # 224 samples, a kernel of 3 and a stride of 2 without padding leave one over.
    "NASNetMobile": {"ARC422": 1},
}

NAMES = [
    name
    for name in sorted(dir(keras.applications))
    if name[0].isupper() and callable(getattr(keras.applications, name))
]


@pytest.mark.parametrize("name", NAMES)
def test_application(name: str) -> None:
    keras.backend.clear_session()
    model = loads(getattr(keras.applications, name)(weights=None).to_json())
    assert Counter(found.code for found in advice_on(model)) == EXPECTED.get(name, {})
