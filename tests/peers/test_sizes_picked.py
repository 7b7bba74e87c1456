"""Operations that pick elements by numbers (indices, slices, cuts, the k largest): at every size from 1 to 40 Keras
runs the network, or does not, and cnnsum says so beforehand.

Keras is run on NumPy: its other backends take an index that is out of range for another one, or for nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import cnnsum  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

ops, layers = keras.ops, keras.layers

#: name -> the network over (20, 4), and the sizes of its first axis that work.
SEQUENCES: dict[str, tuple[Any, str]] = {
    "an index": (lambda x: x[:, 11], "T >= 12"),
    "an index from the end": (lambda x: x[:, -12], "T >= 12"),
    "an index after a slice": (lambda x: x[:, 3:][:, 4], "T >= 8"),
    "a slice": (lambda x: ops.add(x[:, 2:5], 1.0), "T >= 1"),
    "the largest": (lambda x: ops.top_k(ops.transpose(x, (0, 2, 1)), 7)[0], "T >= 7"),
    "taken": (lambda x: ops.take(x, [3, 11, 0], axis=1), "T >= 12"),
    "taken, one": (lambda x: ops.take(x, 5, axis=1), "T >= 6"),
    "taken from the end": (lambda x: ops.take(x, np.array([[1], [-9]]), axis=1), "T >= 9"),
    "taken along": (lambda x: ops.take_along_axis(x, np.array([[[1], [7]]]), axis=1), "T >= 8"),
    "a part": (lambda x: ops.slice_update(x, (0, 2, 0), np.zeros((1, 5, 2), "float32")), "T >= 7"),
    "cut": (lambda x: ops.split(x, [3, 8], axis=1)[0], "T >= 8"),
    "cut in sections": (lambda x: ops.split(x, 4, axis=1)[0], "T % 4 == 0 and T >= 4"),
    "cut in any sections": (lambda x: ops.array_split(x, 3, axis=1)[0], "T >= 1"),
    "repeated": (lambda x: ops.repeat(x, [1, 2] * 10, axis=1), "T == 20"),
    "rolled": (lambda x: ops.roll(x, 30, axis=1), "T >= 1"),
    "a diagonal": (lambda x: ops.diagonal(x, offset=-3, axis1=1, axis2=2), "T >= 1"),
    "cropped": (layers.Cropping1D((2, 5)), "T >= 8"),
    "coded": (lambda x: ops.one_hot(ops.cast(x, "int32"), 3), "T >= 1"),
}

IMAGES: dict[str, tuple[Any, str]] = {
    "cropped to a size": (
        lambda x: ops.image.crop_images(x, top_cropping=3, target_height=6, left_cropping=0, target_width=1),
        "H >= 9",
    ),
    "cropped on both sides": (
        lambda x: ops.image.crop_images(x, top_cropping=3, bottom_cropping=4, left_cropping=0, target_width=1),
        "H >= 7",
    ),
    "padded to a size": (
        lambda x: ops.image.pad_images(x, top_padding=3, target_height=26, left_padding=0, target_width=99),
        "H >= 1 and H <= 23",
    ),
}


def accepted(model: Any, free: str) -> list[int]:
    read = cnnsum.loads(model.to_json(), free=("spatial",))
    assert [str(found) for found in read.diagnostics if found.severity == "error"] == []
    axis = next((axis for axis in read.sizes.axes if axis.symbol.name == free), None)
    return list(range(1, 41)) if axis is None else list(read.sizes.accepted(axis, {}, 1, 40).sizes)


def runs(network: Any, shape: tuple[int, ...]) -> bool:
    """Whether Keras builds the network at a size and NumPy runs it to what was built."""
    keras.utils.clear_session()
    x = keras.Input(shape)
    try:
        y = network(x)
        made = keras.Model(x, y)(np.zeros((1, *shape), "float32"))
    except Exception:  # noqa: BLE001 - whatever it raises, it does not run
        return False
    return tuple(np.shape(made))[1:] == tuple(y.shape)[1:]


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences(name: str) -> None:
    network, condition = SEQUENCES[name]
    x = keras.Input((20, 4))
    mine = accepted(keras.Model(x, network(x)), "T")
    holds = [size for size in range(1, 41) if eval(condition, {"T": size})]
    assert mine == holds
    assert [size for size in range(1, 41) if runs(network, (size, 4))] == mine


@pytest.mark.parametrize("name", IMAGES)
def test_images(name: str) -> None:
    network, condition = IMAGES[name]
    x = keras.Input((20, 20, 3))
    mine = accepted(keras.Model(x, network(x)), "H")
    holds = [size for size in range(1, 41) if eval(condition, {"H": size})]
    assert mine == holds
    assert [size for size in range(1, 41) if runs(network, (size, 20, 3))] == mine
