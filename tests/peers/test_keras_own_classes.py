"""Random models with layers of the test's own among Keras's, many under names of Keras's: the rows of Keras's layers
are Keras's, and nothing is ever counted of the others.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras import layers, ops  # noqa: E402 - needs Keras

import cnnsum  # noqa: E402 - as above
from cnnsum.answers.summary.records import Row  # noqa: E402 - as above
from cnnsum.dims import UNKNOWN  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


def own(name: str, how: str) -> Any:
    """A class of that name. how: what it gives: its input scaled, twice as wide, or two of them."""

    class Own(layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=(shape[-1],), name="scale")

        def call(self, x: Any) -> Any:
            y = x * self.scale
            return (y, x) if how == "two" else ops.concatenate([x, y], axis=-1) if how == "wide" else y

        def compute_output_shape(self, shape: Any) -> Any:
            wide = (*shape[:-1], shape[-1] * 2)
            return (shape, shape) if how == "two" else wide if how == "wide" else shape

    Own.__name__ = Own.__qualname__ = name
    return Own


#: Names of Keras's, and others, each in three kinds.
NAMES = ("Dense", "GroupNormalization", "Attention", "Conv2D", "Add", "Mine", "Snake", "Patches", "Lambda")
CLASSES = {(name, how): own(name, how) for name in NAMES for how in ("same", "wide", "two")}
for (_name, _how), _class in CLASSES.items():
    if _name in ("Patches", "Conv2D"):
        keras.saving.register_keras_serializable(package=f"p_{_how}")(_class)


class Builder:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def keras_layer(self) -> Any:
        pick = self.random.choice
        units = pick((2, 3, 5))
        return pick(
            (
                lambda: layers.Dense(units, activation=pick((None, "relu", ops.tanh))),
                lambda: layers.Conv1D(units, 3, padding="same"),
                layers.LayerNormalization,
                layers.BatchNormalization,
                lambda: layers.Dropout(0.5),
                lambda: layers.LSTM(units, return_sequences=True),
                lambda: layers.Activation("relu"),
            )
        )()

    def own_layer(self, *hows: str) -> Any:
        return CLASSES[self.random.choice(NAMES), self.random.choice(hows)]()

    def chain(self, x: Any) -> Any:
        inner = [
            self.own_layer("same", "wide") if self.random.random() < 0.4 else self.keras_layer()
            for _ in range(self.random.randint(1, 3))
        ]
        return keras.Sequential([keras.Input(tuple(x.shape[1:])), *inner])(x)

    def step(self, x: Any) -> Any:
        kind = self.random.random()
        if kind < 0.4:
            return self.keras_layer()(x)
        if kind < 0.65:
            return self.own_layer("same", "wide")(x)
        if kind < 0.75:
            first, second = self.own_layer("two")(x)
            return layers.Concatenate()([first, second]) if self.random.random() < 0.5 else second
        if kind < 0.85:
            return self.chain(x)
        if kind < 0.93:
            return layers.Add()([x, self.own_layer("same")(x)])
        return x * 2.0 + x

    def model(self) -> Any:
        source = keras.Input((6, 4))
        x = source
        for _ in range(self.random.randint(2, 8)):
            x = self.step(x)
        return keras.Model(source, layers.Dense(2)(x))


def compare(theirs: Any, rows: list[Row], totals: list[int]) -> None:
    found = {row.name: row for row in rows}
    for layer in theirs.layers:
        row = found.get(layer.name)
        if row is None:
            continue  # Sequential models are listed without their inputs, and models within without operations
        if isinstance(layer, keras.Model):
            compare(layer, list(row.rows), totals)
        elif type(layer).__module__.startswith("keras."):
            if hasattr(layer, "count_params"):
                assert row.params.total == layer.count_params(), layer.name
            totals.append(row.params.total)  # type: ignore[arg-type]
            if hasattr(layer, "output") and not isinstance(layer.output, (list, tuple)):
                shape = tuple(dim if isinstance(dim, int) else None for dim in row.outputs[0].shape)  # type: ignore[union-attr]
                assert shape == layer.output.shape, layer.name
        else:
            assert row.type == type(layer).__name__
            assert row.params.total is UNKNOWN, layer.name


@pytest.mark.parametrize("seed", range(60))
def test_random_models(seed: int) -> None:
    keras.backend.clear_session()
    made = Builder(seed).model()
    found = cnnsum.loads(made.to_json())
    assert [one.code for one in found.diagnostics if one.severity == "error"] == []
    assert {one.code for one in found.diagnostics} <= {"UNK701"}
    totals: list[int] = []
    report = cnnsum.summarize(found)
    compare(made, list(report.rows), totals)
    assert totals
