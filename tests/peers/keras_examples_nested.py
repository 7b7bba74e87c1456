"""Models in models, frozen models and layers, dtypes, names."""

from __future__ import annotations

from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras import Input, Model, Sequential, layers  # noqa: E402 - needs Keras
from keras_examples import example, forgetting  # noqa: E402 - as above
from keras_examples_graphs import chain  # noqa: E402 - as above


@example
def nested_functional() -> Any:
    a = Input((8, 8, 3), name="inner_in")
    inner = Model(a, layers.Conv2D(4, 3, name="inner_conv")(a), name="inner")
    x = Input((8, 8, 3))
    return Model(x, layers.Flatten()(inner(x)))


@example
def nested_twice() -> Any:
    a = Input((8,))
    one = Model(a, layers.ReLU()(layers.Dense(8)(a)), name="one")
    b = Input((8,))
    two = Model(b, layers.Add()([one(b), b]), name="two")
    c = Input((8,))
    return Model(c, layers.Dense(2)(two(layers.Dense(8)(c))))


@example
def shared_model() -> Any:
    a = Input((16,))
    tower = Model(a, layers.Dense(4)(layers.Dense(8)(a)), name="tower")
    x, y = Input((16,)), Input((16,))
    return Model([x, y], layers.Concatenate()([tower(x), tower(y)]))


@example
def shared_model_as_output() -> Any:
    a = Input((16,))
    tower = Model(a, layers.Dense(16)(a), name="tower")
    x = Input((16,))
    y = tower(x)
    return Model(x, [tower(y), y])


@example
def shared_chain() -> Any:
    tower = Sequential([Input((16,)), layers.Dense(4), layers.Dense(8)], name="tower")
    x, y = Input((16,)), Input((16,))
    return Model([x, y], [tower(x), tower(y)])


@example
def shared_chain_without_input() -> Any:
    tower = Sequential([layers.Dense(4), layers.Dense(8)], name="tower")
    x, y = Input((16,)), Input((16,))
    return Model([x, y], layers.Add()([tower(x), tower(y)]))


@example
def nested_on_open_sizes() -> Any:
    a = Input((None, None, 3))
    inner = Model(a, layers.Conv2D(4, 3)(a), name="inner")
    x = Input((20, 30, 3))
    y = Input((None, 30, 3))
    return Model([x, y], [inner(x), inner(y)])


@example
def nested_with_several_inputs_and_outputs() -> Any:
    a, b = Input((8,)), Input((4,))
    c = layers.Concatenate()([a, b])
    inner = Model([a, b], [layers.Dense(3)(c), layers.Dense(5)(c)], name="inner")
    x, y = Input((8,)), Input((4,))
    first, second = inner([x, y])
    third, _ = inner([layers.Dense(8)(y), y])
    return Model([x, y], [layers.Concatenate()([first, second, third])])


@example
def nested_with_named_inputs_and_outputs() -> Any:
    a, b = Input((8,), name="b"), Input((4,), name="a")
    c = layers.Concatenate()([a, b])
    inner = Model({"b": a, "a": b}, {"y": layers.Dense(3)(c), "x": layers.Dense(5)(c)}, name="inner")
    x, y = Input((8,)), Input((4,))
    found = inner({"a": y, "b": x})
    return Model([x, y], [layers.Dense(2)(found["x"]), layers.Dense(2)(found["y"])])


@example
def nested_with_an_operation() -> Any:
    a = Input((8,))
    inner = Model(a, layers.Dense(8)(a) * 2.0 + a, name="inner")
    x = Input((8,))
    return Model(x, inner(x) - 1.0)


@example
@forgetting
def layer_shared_by_two_models() -> Any:
    dense = layers.Dense(8, name="shared")
    a = Input((8,))
    one = Model(a, dense(a), name="one")
    b = Input((8,))
    two = Model(b, layers.ReLU()(dense(b)), name="two")
    x = Input((8,))
    return Model(x, layers.Add()([one(x), two(x)]))


# Frozen.


@example
def frozen_layers() -> Any:
    x = Input((8, 8, 3))
    y = layers.Conv2D(4, 3, trainable=False)(x)
    y = layers.BatchNormalization(trainable=False)(y)
    y = layers.BatchNormalization()(y)
    return Model(x, layers.Dense(3)(layers.Flatten()(y)))


@example
def frozen_model() -> Any:
    model = chain()
    model.trainable = False
    return model


@example
def frozen_nested_model() -> Any:
    a = Input((8,))
    inner = Model(a, layers.BatchNormalization()(layers.Dense(8)(a)), name="inner")
    inner.trainable = False
    x = Input((8,))
    return Model(x, layers.Dense(2)(inner(x)))


@example
@forgetting  # that the chain was frozen: a Sequential writes no `trainable` of its own
def frozen_nested_chain_with_a_thawed_layer() -> Any:
    inner = Sequential([Input((8,)), layers.Dense(8, name="thawed"), layers.Dense(4, name="frozen")], name="inner")
    inner.trainable = False
    inner.layers[0].trainable = True
    return Sequential([Input((8,)), inner, layers.Dense(2)])


@example
def frozen_outer_model_with_a_thawed_layer() -> Any:
    model = nested_twice()
    model.trainable = False
    model.layers[1].trainable = True
    return model


@example
def frozen_wrapper() -> Any:
    x = Input((5, 8))
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True), trainable=False)(x)
    return Model(x, layers.TimeDistributed(layers.Dense(3, trainable=False))(y))


@example
def frozen_shared_layer() -> Any:
    a, b = Input((8,)), Input((8,))
    dense = layers.Dense(4, trainable=False)
    return Model([a, b], layers.Dense(1)(layers.Add()([dense(a), dense(b)])))


# Dtypes.


@example
def mixed_precision() -> Any:
    keras.config.set_dtype_policy("mixed_float16")
    x = Input((16, 16, 3))
    y = layers.BatchNormalization()(layers.Conv2D(8, 3)(x))
    y = layers.Dense(4)(layers.Flatten()(layers.ReLU()(y)))
    return Model(x, layers.Activation("softmax", dtype="float32")(y * 2.0))


@example
def bfloat16() -> Any:
    keras.config.set_dtype_policy("mixed_bfloat16")
    x = Input((16, 16, 3))
    return Model(x, layers.LayerNormalization()(layers.Dense(3)(x)) + 1)


@example
def dtypes_of_layers() -> Any:
    x = Input((8,), dtype="float64")
    y = layers.Dense(8, dtype="float16")(x)
    z = layers.Dense(8, dtype="float64")(x)
    w = layers.Dense(8, dtype="mixed_float16")(x)
    return Model(x, [layers.Add()([y, z]), y + w, layers.Dense(3)(y), z, y + 1, -y, layers.Flatten()(y)])


@example
def dtypes_of_inputs() -> Any:
    x, y = Input((8,), dtype="uint8"), Input((8,), dtype="int64")
    z = layers.Rescaling(1 / 255)(x)
    return Model([x, y], [z, layers.Embedding(10, 3)(y), layers.Flatten()(x), layers.Reshape((2, 4))(y)])


@example
def half_precision_chain() -> Any:
    return Sequential(
        [Input((8,), dtype="float16"), layers.Dense(8, dtype="float16"), layers.BatchNormalization(dtype="float16")]
    )


# Names.


@example
def odd_names() -> Any:
    x = Input((8,), name="in")
    y = layers.Dense(4, name="größe<>&")(x)
    z = layers.Dense(4, name="日本語_x")(x)
    w = layers.Dense(4, name="a" * 300)(layers.Add(name="with blanks  in it")([y, z]))
    return Model(x, layers.Dense(2, name="[x]")(w), name="[red]model[]")


@example
def odd_names_in_a_chain() -> Any:
    return Sequential(
        [
            Input((8,), name="ein"),
            layers.Dense(3, name=":smile: :heart:"),
            layers.Dense(3, name="[bold] %s {0} back\\slash [x]"),
        ]
    )


@example
def very_wide_shapes() -> Any:
    x = Input((123456789, 1))
    return Model(x, [layers.Dense(1)(x), layers.Add()([x, x])])


@example
def chain_for_every_time_step() -> Any:
    frames = Sequential(
        [
            Input((16, 16, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(16),
        ]
    )
    x = Input((10, 16, 16, 3))
    return Model(x, layers.LSTM(4)(layers.TimeDistributed(frames)(x)))


@example
def unbuilt_chain_for_every_time_step() -> Any:
    frames = Sequential([layers.Conv2D(8, 3), layers.GlobalAveragePooling2D()])
    x = Input((10, 16, 16, 3))
    return Model(x, layers.LSTM(4)(layers.TimeDistributed(frames)(x)))


@example
def graph_for_every_time_step() -> Any:
    a = Input((16, 16, 3))
    b = layers.Add()([layers.Conv2D(8, 3, padding="same")(a), layers.Conv2D(8, 1)(a)])
    frames = Model(a, layers.GlobalAveragePooling2D()(b))
    frames.layers[1].trainable = False
    x = Input((None, 16, 16, 3))
    return Model(x, layers.LSTM(4)(layers.TimeDistributed(frames)(x)))
