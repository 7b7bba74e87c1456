"""Pictures of Keras's applications: the edges are those of the models that Keras builds, and few are left to see."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

import cnnsum
from cnnsum.answers.picture.ask import lifted, picture
from cnnsum.answers.picture.records import Box
from tests.thorough import some

pytestmark = pytest.mark.filterwarnings("ignore")

keras = pytest.importorskip("keras")

APPLICATIONS = ("ResNet50", "DenseNet121", "MobileNetV2", "ConvNeXtTiny", "InceptionV3", "NASNetMobile", "Xception")
LARGE = ("NASNetLarge", "EfficientNetV2L", "InceptionResNetV2")


def layers(boxes: tuple[Box, ...]) -> Iterator[Box]:
    for box in boxes:
        yield from layers(box.boxes) if box.boxes else (box,)


def edges(model: Any) -> set[tuple[str, str]]:
    """What feeds what in a Functional model of Keras, through nested Sequential models, which list no inputs."""
    found: set[tuple[str, str]] = set()
    inside = {
        layer.name: [f"{layer.name}/{one.name}" for one in getattr(layer, "layers", ())] for layer in model.operations
    }
    for layer in model.operations:
        found |= set(pairwise(inside[layer.name]))
        for node in layer._inbound_nodes:
            for tensor in node.input_tensors:
                before = tensor._keras_history.operation.name
                if before in inside:
                    found.add(((inside[before] or [before])[-1], (inside[layer.name] or [layer.name])[0]))
    return found


@pytest.mark.parametrize("name", [*APPLICATIONS, *some(LARGE, 3)])
def test_the_edges_are_those_of_keras(name: str) -> None:
    model = getattr(keras.applications, name)(weights=None)
    seen = picture(cnnsum.summarize(cnnsum.loads(model.to_json(), "model.json")))
    assert {(edge.source, edge.target) for edge in seen.edges} == edges(model)
    assert len([*layers(seen.boxes)]) == seen.layers
    assert 5 <= len(seen.boxes) <= 40
    # What is left to see is little more than a chain, or a chain of two tensors.
    assert len(lifted(seen)) < 2 * len(seen.boxes)
