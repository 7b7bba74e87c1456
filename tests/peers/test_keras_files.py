"""Files that Keras writes, .keras and .h5: their weights are not read; files of Keras 2 that Keras 3 still reads."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras_loading import load, loads  # noqa: E402 - needs Keras

import cnnsum  # noqa: E402 - needs Keras

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_weights_are_not_read(suffix: str, tmp_path: Path) -> None:
    keras.backend.clear_session()
    x = keras.Input((4000,))
    model = keras.Model(x, keras.layers.Dense(32_000)(x))
    path = tmp_path / f"large.{suffix}"
    model.save(path)
    assert path.stat().st_size > 500_000_000
    tracemalloc.start()
    assert cnnsum.summarize(load(path)).totals.params.total == 4001 * 32_000
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_weights_alone(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    model.save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(cnnsum.UnusableError, match=r"SPC068 .* holds weights without an architecture"):
        load(tmp_path / "only.weights.h5")


def old(class_name: str, name: str, inbound: list[Any], **fields: Any) -> dict[str, Any]:
    config = {"name": name, "trainable": True, "dtype": "float32", **fields}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": inbound}


def node(*names: str) -> list[Any]:
    return [[[name, 0, 0, {}] for name in names]]


#: Models as Keras 2 writes them, of what Keras 3 still understands.
OLD = {
    "residual": [
        old("InputLayer", "in", [], batch_input_shape=[None, 32, 32, 3]),
        old("Conv2D", "a", node("in"), filters=8, kernel_size=[3, 3], padding="same", activation="relu"),
        old("BatchNormalization", "bn", node("a"), axis=[3], momentum=0.99, epsilon=0.001),
        old("SeparableConv2D", "s", node("bn"), filters=8, kernel_size=[3, 3], padding="same"),
        old("Add", "add", node("a", "s")),
        old("MaxPooling2D", "p", node("add"), pool_size=[2, 2], strides=[2, 2], padding="valid"),
        old("Conv2DTranspose", "t", node("p"), filters=4, kernel_size=[2, 2], strides=[2, 2]),
        old("Concatenate", "c", node("t", "add"), axis=-1),
        old("GlobalAveragePooling2D", "g", node("c"), data_format="channels_last"),
        old("Dense", "d", node("g"), units=10, activation="softmax"),
    ],
    "recurrent": [
        old("InputLayer", "in", [], batch_input_shape=[None, 20]),
        old("Embedding", "e", node("in"), input_dim=100, output_dim=16, mask_zero=False),
        old("LSTM", "l", node("e"), units=8, return_sequences=True),
        old("GRU", "g", node("l"), units=4, reset_after=False),
        old("Dropout", "o", node("g"), rate=0.5, noise_shape=None),
        old("Dense", "d", node("o"), units=1, activation="sigmoid"),
    ],
}


@pytest.mark.parametrize("name", OLD)
def test_what_keras_3_reads_of_keras_2(name: str) -> None:
    layers = OLD[name]
    config = {
        "name": name,
        "layers": layers,
        "input_layers": [["in", 0, 0]],
        "output_layers": [[layers[-1]["name"], 0, 0]],
    }
    value = {"class_name": "Functional", "config": config, "keras_version": "2.15.0", "backend": "tensorflow"}
    text = json.dumps(value)
    # Where Keras 3 looks for it, a file of Keras 2 has the class of Keras 3.
    model = keras.Model.from_config(json.loads(text)["config"])
    read = loads(text)
    assert [str(found) for found in read.diagnostics] == []
    report = cnnsum.summarize(read)
    assert report.totals.params.total == model.count_params()
    for layer, row in zip(model.layers, report.rows, strict=True):
        assert (row.name, tuple(None if not isinstance(d, int) else d for d in row.outputs[0].shape)) == (  # type: ignore[union-attr]
            layer.name,
            tuple(layer.output.shape),
        )


def test_a_layer_object_in_two_models_is_two_once_it_was_written() -> None:
    """No link leads to the first copy in a file, so that Keras makes two layers of what was one."""
    from keras import layers

    tensor, single = keras.Input((3, 4)), keras.Input((4,))
    dense = layers.Dense(4, name="d")
    first, second = (keras.Model(start, dense(start)) for start in (keras.Input((4,)), keras.Input((4,))))
    for model in (
        keras.Model(single, second(first(single))),
        keras.Model(tensor, layers.TimeDistributed(dense)(layers.TimeDistributed(dense)(tensor))),
    ):
        again = keras.models.model_from_json(model.to_json())
        assert (model.count_params(), again.count_params()) == (20, 40)
        assert cnnsum.summarize(loads(model.to_json())).totals.params.total == 40
