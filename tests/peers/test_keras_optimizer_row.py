"""The row of the optimizer, byte for byte as Keras prints it for the file that it reads again."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers, optimizers
from keras_text import check_text, report_of

import cnnsum

# NumPy's own complaint of how Keras copies.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCHEDULE = optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
MADE: dict[str, Any] = {
    "sgd": optimizers.SGD,
    "momentum": lambda: optimizers.SGD(momentum=0.9, nesterov=True),
    "adam": optimizers.Adam,
    "amsgrad": lambda: optimizers.Adam(amsgrad=True),
    "adamw": optimizers.AdamW,
    "nadam": optimizers.Nadam,
    "rmsprop": optimizers.RMSprop,
    "rmsprop_all": lambda: optimizers.RMSprop(momentum=0.9, centered=True, use_ema=True),
    "adagrad": optimizers.Adagrad,
    "adadelta": optimizers.Adadelta,
    "adamax": optimizers.Adamax,
    "ftrl": optimizers.Ftrl,
    "lion": optimizers.Lion,
    "lamb": optimizers.Lamb,
    "adafactor": optimizers.Adafactor,
    "muon": optimizers.Muon,
    "muon_embeddings": lambda: optimizers.Muon(exclude_embeddings=False),
    "schedule_free": optimizers.ScheduleFreeAdamW,
    "loss_scale": lambda: optimizers.LossScaleOptimizer(optimizers.SGD(momentum=0.9)),
    "ema": lambda: optimizers.Adam(use_ema=True, ema_overwrite_frequency=3),
    "accumulation": lambda: optimizers.Adam(gradient_accumulation_steps=4),
    "schedule": lambda: optimizers.Adam(SCHEDULE),
    "scaled": lambda: optimizers.Adam(loss_scale_factor=4.0, clipnorm=1.0, weight_decay=0.1),
}


def model() -> Any:
    """Weights of every rank, of two dtypes, frozen ones and embeddings, a shared layer and a model within."""
    words = keras.Input((6,), dtype="int32", name="words")
    picture = keras.Input((8, 8, 3), name="picture")
    x = layers.Embedding(11, 4, name="tokens")(words)
    x = layers.Dense(4, name="embedding_head")(x)
    shared = layers.Dense(4, name="shared", dtype="mixed_float16")
    x = layers.LayerNormalization(name="norm")(shared(shared(x)))
    x = layers.GlobalAveragePooling1D()(x)
    inner = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(5, 3, name="conv"),
            layers.BatchNormalization(),
            layers.Dense(2, trainable=False, name="frozen"),
            layers.Flatten(),
        ],
        name="embedding_net",
    )
    y = inner(picture)
    y = layers.Dense(4, dtype="float64", name="double")(y)
    return keras.Model([words, picture], layers.Dense(3, name="out")(layers.Concatenate()([x, y])), name="m")


@pytest.mark.parametrize("name", MADE)
def test_the_row_is_keras_s(name: str) -> None:
    keras.utils.clear_session()
    made = model()
    made.compile(MADE[name](), "mse")
    text = made.to_json()
    loaded = keras.models.model_from_json(text)
    assert cnnsum.loads(text).diagnostics == ()
    check_text(loaded, report_of(made))


@pytest.mark.parametrize("name", ["sgd", "adam", "nadam", "adafactor", "loss_scale", "schedule"])
def test_the_row_of_an_hdf5_file(name: str, tmp_path: Any) -> None:
    keras.utils.clear_session()
    made = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d")], name="m")
    made.compile(MADE[name](), keras.losses.MeanSquaredError())
    path = tmp_path / "m.h5"
    made.save(path)
    try:
        loaded = keras.models.load_model(path)
    except (TypeError, ValueError):
        pytest.skip("Keras cannot load what it wrote")
    check_text(loaded, cnnsum.summarize(cnnsum.load(path)))


@pytest.mark.parametrize("name", ["adam", "nadam", "adafactor"])
def test_the_row_of_an_archive(name: str, tmp_path: Any) -> None:
    keras.utils.clear_session()
    made = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d")], name="m")
    made.compile(MADE[name](), "mse")
    path = tmp_path / "m.keras"
    made.optimizer.build(made.trainable_variables)
    made.save(path)
    loaded = keras.models.load_model(path)
    check_text(loaded, cnnsum.summarize(cnnsum.load(path)))
