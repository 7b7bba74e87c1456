"""Networks of Keras, written by its own `export(format="onnx")` and as `.keras`: run as `keras_as_onnx.py FOLDER`, in a
process of its own, as the backend is PyTorch here (with TensorFlow that needs tf2onnx).
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
warnings.simplefilter("ignore")

import keras  # noqa: E402 - its backend was chosen before
import numpy as np  # noqa: E402 - as above
from keras import layers as kl  # noqa: E402 - as above


def unet() -> Any:
    given = keras.Input((32, 32, 3))
    fine = kl.Conv2D(8, 3, padding="same")(given)
    deep = kl.UpSampling2D()(kl.Conv2D(16, 3, padding="same")(kl.MaxPooling2D()(fine)))
    return keras.Model(given, kl.Conv2DTranspose(4, 2, strides=2)(kl.Concatenate()([deep, fine])))


def words() -> Any:
    given = keras.Input((40,), dtype="int32")
    found = kl.Conv1D(24, 5, activation="relu")(kl.Embedding(100, 16)(given))
    return keras.Model(given, kl.Dense(2)(kl.GlobalMaxPooling1D()(found)))


def separable() -> Any:
    given = keras.Input((24, 32, 3))
    found = kl.SeparableConv2D(12, 3, strides=2, padding="same", activation="relu")(given)
    found = kl.DepthwiseConv2D(5, padding="same")(found)
    found = kl.Conv2D(12, 3, dilation_rate=2, groups=3, padding="same")(found)
    return keras.Model(given, kl.Dense(7, activation="softmax")(kl.GlobalAveragePooling2D()(found)))


def recurrent() -> Any:
    given = keras.Input((20, 16))
    return keras.Model(given, kl.Dense(4)(kl.LSTM(8)(kl.LSTM(12, return_sequences=True)(given))))


def dense() -> Any:
    given = keras.Input((30,))
    inner = kl.Dense(8, activation="tanh")(kl.Dense(64, activation="elu")(given))
    return keras.Model(given, kl.Dense(30, use_bias=False)(inner))


def normalized() -> Any:
    given = keras.Input((32, 32, 3))
    found = kl.BatchNormalization()(kl.Conv2D(8, 3, use_bias=False)(given))
    return keras.Model(given, kl.Dense(5)(kl.Flatten()(kl.AveragePooling2D(3)(found))))


NETWORKS = (unet, words, separable, recurrent, dense, normalized)


def main() -> None:
    """Write them all."""
    folder = Path(sys.argv[1])
    random = np.random.default_rng(0)  # equal biases would be one tensor, and those of zeros none
    for make in NETWORKS:
        keras.utils.set_random_seed(0)
        model = make()
        dtype = "int32" if make is words else "float32"
        for weight in model.weights:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        model(np.ones((1, *model.input_shape[1:]), dtype))
        model.save(folder / f"{make.__name__}.keras")
        model.export(folder / f"{make.__name__}.onnx", format="onnx", verbose=False)


if __name__ == "__main__":
    main()
