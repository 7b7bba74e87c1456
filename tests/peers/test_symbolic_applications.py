"""Networks of keras.applications with free sizes: formulas and accepted sizes against inference with numbers."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("keras")

from keras_applications import made
from symbolic import compare

from cnnsum.readers import How, read
from cnnsum.source import read_text
from tests.thorough import THOROUGH

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # Keras with numpy runs layers on unset memory
]

NETWORKS = [
    *("VGG16", "ResNet50", "ResNet50V2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Small"),
    *("DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "NASNetMobile", "Xception", "ConvNeXtTiny"),
]
#: All small ones, of which many are refused; of the others some, in steps of no power of two, as all strides are.
SIZES = range(1, 201) if THOROUGH else [*range(1, 41), *range(41, 201, 7)]


@pytest.mark.parametrize("name", NETWORKS)
def test_formulas_and_numbers_agree(name: str) -> None:
    # With its top, ConvNeXt has chains within it that fix their own inputs to 224, and refuse any other size.
    model = made(name, include_top=name not in ("NASNetMobile", "ConvNeXtTiny"))
    graph, _ = read(read_text(model.to_json(), name), How(free=frozenset(("spatial",))))
    random = Random(name)
    symbols = [symbol for symbol in graph.symbols if symbol != str(graph.batch)]
    points = [dict.fromkeys(symbols, size) for size in SIZES]
    points += [{symbol: random.randrange(1, 300) for symbol in symbols} for _ in range(3)]
    accepted, _ = compare(graph, points)
    assert accepted > 3
