"""Networks of keras.applications with free sizes: formulas and accepted sizes against inference with numbers."""

from __future__ import annotations

import os
from random import Random

import pytest

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

from symbolic import compare  # noqa: E402 - after keras is known to be there

from cnnsum.readers import How, read  # noqa: E402 - as above
from cnnsum.source import read_text  # noqa: E402 - as above

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # Keras with numpy runs layers on unset memory
]

NETWORKS = [
    *("VGG16", "ResNet50", "ResNet50V2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Small"),
    *("DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "NASNetMobile", "Xception", "ConvNeXtTiny"),
]


@pytest.mark.parametrize("name", NETWORKS)
def test_formulas_and_numbers_agree(name: str) -> None:
    keras.utils.clear_session()
    # With its top, ConvNeXt has chains within it that fix their own inputs to 224, and refuse any other size.
    model = getattr(keras.applications, name)(weights=None, include_top=name not in ("NASNetMobile", "ConvNeXtTiny"))
    graph, _ = read(read_text(model.to_json(), name), How(free=frozenset(("spatial",))))
    random = Random(name)
    symbols = [symbol for symbol in graph.symbols if symbol != str(graph.batch)]
    points = [dict.fromkeys(symbols, size) for size in range(1, 201)]
    points += [{symbol: random.randrange(1, 300) for symbol in symbols} for _ in range(3)]
    accepted, _ = compare(graph, points)
    assert accepted > 3
