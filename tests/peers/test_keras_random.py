"""Random graphs of real Keras layers: whatever they are, our text of their file is Keras's."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

keras = pytest.importorskip("keras")

from keras import Input, Model, Sequential, layers  # noqa: E402 - needs Keras
from keras_loading import loads  # noqa: E402 - needs Keras
from keras_text import check_numbers, check_text  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.answers.summary.rendering import OF_A_REPORT, render  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "60"))

Draw = Callable[[Any], Any]
DTYPES = ("float32", "float32", "float32", "mixed_float16", "float16", "mixed_bfloat16")


class Generator:
    """Draws one model: a pool of tensors grows call by call, and some of them become outputs."""

    def __init__(self, draw: Draw, depth: int = 0) -> None:
        self.draw = draw
        self.depth = depth
        #: Layers and models that may be called again, with the shape that they were made for.
        self.known: list[tuple[Any, tuple[int | None, ...]]] = []

    def one(self, items: Any) -> Any:
        return self.draw(st.sampled_from(list(items)))

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def model(self, shapes: list[tuple[int | None, ...]] | None = None, dtype: str = "float32") -> Any:
        if shapes is None:
            shapes = [self.shape() for _ in range(self.number(1, 3))]
        batch = self.one((None, None, None, 4)) if self.depth == 0 else None
        inputs = [Input(shape, batch_size=batch, dtype=dtype) for shape in shapes]
        pool = list(inputs)
        for _ in range(self.number(1, 9 if self.depth == 0 else 4)):
            pool += self.call(pool)
        count = self.number(1, 3)
        outputs = [self.one(pool[len(inputs) :]) for _ in range(count)]
        return Model(self.pack(inputs), self.pack(outputs) if count > 1 else outputs[0])

    def shape(self) -> tuple[int | None, ...]:
        size = self.one((7, 8, None))
        return tuple(self.one([(6,), (size, 4), (size, size, 3)]))

    def pack(self, tensors: list[Any]) -> Any:
        """Tensors as a list, or by name."""
        if self.number(0, 4):
            return tensors
        return {tensor.name.split(":")[0]: tensor for tensor in tensors}

    def call(self, pool: list[Any]) -> list[Any]:
        x = self.one(pool)
        if self.number(0, 4) == 0:
            fitting = [layer for layer, shape in self.known if shape == tuple(x.shape[1:])]
            if fitting:
                return flat(self.one(fitting)(x))
        same = [y for y in pool if y.shape == x.shape]
        kind = self.number(0, 9)
        if kind == 0:
            return [self.operation(x, self.one(same))]
        if kind == 1:
            merge = self.one((layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum))
            return [merge()([x, self.one(same)])]
        if kind == 2:
            return [layers.Concatenate()([self.one(same) for _ in range(self.number(2, 3))])]
        if kind == 3 and self.depth < 2:
            inner = self.nested(tuple(x.shape[1:]), x.dtype)
            found = flat(inner(x))
            self.known.append((inner, tuple(x.shape[1:])))
            return found
        layer = self.layer(len(x.shape) - 2)
        found = flat(layer(x))
        self.known.append((layer, tuple(x.shape[1:])))
        return found

    def operation(self, x: Any, y: Any) -> Any:
        return self.one(
            (
                lambda: x + y,
                lambda: x - y,
                lambda: x * 2.0,
                lambda: x / 2.0,
                lambda: 1.0 - x,
                lambda: -x,
                lambda: x * y,
                lambda: keras.ops.relu(x),
            )
        )()

    def nested(self, shape: tuple[int | None, ...], dtype: str) -> Any:
        # A nested model casts its inputs to what it declares, but Keras infers now that and now the contrary.
        kind = self.number(0, 2)
        if kind == 0:
            inner = Generator(self.draw, self.depth + 1).model([shape], dtype)
        else:
            rank = len(shape) - 1
            members = [self.layer(rank, keep_rank=True) for _ in range(self.number(1, 3))]
            inner = Sequential(([Input(shape, dtype=dtype)] if kind == 1 else []) + members)
        return inner

    def layer(self, rank: int, *, keep_rank: bool = False) -> Any:
        """A layer for inputs with that many spatial axes."""
        common: dict[str, Any] = {}
        if self.number(0, 5) == 0:
            common["trainable"] = False
        if self.number(0, 5) == 0:
            common["dtype"] = self.one(DTYPES)
        units = self.number(1, 5)
        every = [
            lambda: layers.Dense(units, use_bias=bool(self.number(0, 1)), **common),
            lambda: layers.BatchNormalization(scale=bool(self.number(0, 1)), **common),
            lambda: layers.LayerNormalization(**common),
            lambda: layers.Dropout(0.5, **common),
            lambda: layers.ReLU(**common),
        ]
        if rank == 1:
            every += [
                lambda: layers.Conv1D(units, 3, padding="same", **common),
                lambda: layers.LSTM(units, return_sequences=True, **common),
                lambda: layers.Bidirectional(layers.GRU(units, return_sequences=True, **common)),
                lambda: layers.TimeDistributed(layers.Dense(units, **common)),
            ]
            if not keep_rank:
                every += [lambda: layers.LSTM(units, return_state=True, **common), layers.GlobalMaxPooling1D]
        if rank == 2:
            every += [
                lambda: layers.Conv2D(units, self.number(1, 3), padding="same", **common),
                lambda: layers.DepthwiseConv2D(3, padding="same", **common),
                lambda: layers.SeparableConv2D(units, 3, padding="same", **common),
                lambda: layers.MaxPooling2D(2, padding="same", **common),
                lambda: layers.UpSampling2D(**common),
            ]
            if not keep_rank:
                every += [layers.GlobalAveragePooling2D]
        return self.one(every)()


def flat(found: Any) -> list[Any]:
    return list(keras.tree.flatten(found))


# Without shrinking, which takes minutes of building models in Keras.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(st.data())
def test_random_models(data: st.DataObject) -> None:
    keras.backend.clear_session()
    check(Generator(data.draw).model().to_json())


def check(text: str) -> None:
    # Calls outside of the model are not in its file, and neither is what numbers they gave to the others.
    model = keras.models.model_from_json(text)
    report = cnnsum.summarize(loads(text))
    if {found.code for found in report.diagnostics} & {"SHP202", "SHP207"}:
        # Keras lets inputs of open sizes be merged that no size makes equal, such as H and 2*H.
        assert all("None" in found.message for found in report.diagnostics)
        return
    assert [str(found) for found in report.diagnostics] == []
    wide = {"expand_nested": True, "show_trainable": True, "line_length": 150}
    check_text(model, report, {}, wide, {"line_length": 90})
    check_numbers(model, report)
    for format in OF_A_REPORT:
        assert "".join(render(report, format))
