"""Chains, graphs, operations, and layers with several inputs, outputs, or a layer inside."""

from __future__ import annotations

from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras import Input, Model, Sequential, layers, ops  # noqa: E402 - needs Keras
from keras_examples import example, forgetting  # noqa: E402 - as above


@example
def chain() -> Any:
    return Sequential(
        [
            Input((100, 100, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


@example
def chain_of_a_fixed_batch() -> Any:
    return Sequential([Input((100, 3), batch_size=7), layers.Conv1D(4, 3), layers.LSTM(5, stateful=True)])


@example
def unbuilt_chain() -> Any:
    return Sequential(
        [layers.Conv2D(32, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)], name="later"
    )


@example
def empty_chain() -> Any:
    return Sequential()


@example
def chain_of_an_input_alone() -> Any:
    return Sequential([Input((3,))])


@example
def chain_built_by_hand() -> Any:
    model = Sequential([layers.Conv2D(8, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)])
    model.build((None, 20, 20, 3))
    return model


@example
def chain_built_at_a_fixed_batch() -> Any:
    model = Sequential([layers.Dense(8), layers.Dense(3)])
    model.build((4, 20))
    return model


@example
def chain_with_open_sizes() -> Any:
    return Sequential(
        [
            Input((None, None, 3)),
            layers.Conv2D(8, 3, strides=2, padding="same"),
            layers.Conv2DTranspose(4, 3, strides=2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )


@example
def chain_of_chains() -> Any:
    inner = Sequential([Input((20, 20, 3)), layers.Conv2D(4, 3), layers.ReLU()], name="inner")
    outer = Sequential([Input((20, 20, 3)), inner, layers.Flatten(), layers.Dense(3)])
    return Sequential([Input((20, 20, 3)), layers.Rescaling(1 / 255), outer, layers.Dropout(0.5)])


@example
def chain_that_starts_with_a_chain() -> Any:
    inner = Sequential([Input((20, 20, 3)), layers.Conv2D(4, 3), layers.ReLU()], name="inner")
    return Sequential([inner, layers.Flatten(), layers.Dense(3)])


@example
def chain_of_unbuilt_chains() -> Any:
    inner = Sequential([layers.Conv2D(4, 3), layers.ReLU()])
    other = Sequential([layers.Conv2D(8, 3), Sequential([layers.Flatten(), layers.Dense(3)])])
    return Sequential([Input((20, 20, 3)), inner, other])


@example
def unbuilt_chain_of_chains() -> Any:
    inner = Sequential([layers.Conv2D(4, 3), layers.ReLU()])
    return Sequential([inner, layers.Flatten(), layers.Dense(3)])


@example
def chain_with_a_functional_model() -> Any:
    x = Input((20, 20, 3))
    y = layers.Conv2D(4, 3, padding="same")(x)
    inner = Model(x, layers.Add()([y, layers.Conv2D(4, 1)(x)]), name="block")
    return Sequential([Input((20, 20, 3)), inner, layers.Flatten(), layers.Dense(3)])


@example
def chain_with_a_layer_twice() -> Any:
    # Keras lets a Sequential model hold a layer once only, by name; two layers of equal settings are two layers.
    return Sequential([Input((20,)), layers.Dense(20, name="a"), layers.Dense(20, name="b")])


# Graphs.


@example
def residual() -> Any:
    x = Input((32, 32, 3), name="image")
    y = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    z = layers.ReLU()(layers.BatchNormalization()(y))
    z = layers.Conv2D(8, 3, padding="same")(z)
    return Model(x, layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.Add()([y, z]))))


@example
def functional_chain() -> Any:
    x = Input((32, 32, 3))
    return Model(x, layers.Flatten()(layers.Conv2D(8, 3)(x)))


@example
def same_tensor_twice() -> Any:
    x = Input((8,))
    y = layers.Dense(8)(x)
    return Model(x, [layers.Add()([y, y]), layers.Concatenate()([y, x, y]), y])


@example
def output_that_is_used_again() -> Any:
    x = Input((8,))
    y = layers.Dense(8)(x)
    return Model(x, [layers.Dense(2)(y), y, y])


@example
def output_is_the_input() -> Any:
    x = Input((8,))
    return Model(x, [x, layers.Dense(2)(x)])


@example
def only_an_input() -> Any:
    x = Input((8,))
    return Model(x, x)


@example
def shared_layer() -> Any:
    a, b = Input((8,), name="a"), Input((8,), name="b")
    dense = layers.Dense(4, name="shared")
    return Model([a, b], layers.Concatenate()([dense(a), dense(b)]))


@example
def layer_at_two_depths() -> Any:
    x = Input((8,))
    dense = layers.Dense(8, name="shared")
    y = dense(x)
    z = layers.ReLU()(dense(layers.Dropout(0.5)(y)))
    return Model(x, layers.Add()([z, y]))


@example
def shared_layer_of_different_sizes() -> Any:
    a, b = Input((8, 8, 3)), Input((None, 16, 3))
    conv = layers.Conv2D(4, 3)
    pool = layers.GlobalMaxPooling2D()
    return Model([a, b], layers.Subtract()([pool(conv(a)), pool(conv(b))]))


@example
@forgetting
def shared_layer_also_used_outside() -> Any:
    # Calls that do not lead to the outputs are not in the file, but Keras prints the last call of all.
    x = Input((8,))
    dense = layers.Dense(8, name="shared")
    unused = dense(layers.ReLU()(x))
    del unused
    return Model(x, layers.Add()([dense(x), x]))


@example
def unused_inputs() -> Any:
    a, b, c = Input((8,), name="a"), Input((5, 5), name="b"), Input((2,), name="c")
    return Model([a, b, c], layers.Dense(3)(c))


@example
def unused_input_of_a_chain() -> Any:
    a, b = Input((8,), name="a"), Input((5, 5), name="b")
    return Model([a, b], layers.Dense(3)(a))


@example
def named_inputs_and_outputs() -> Any:
    inputs = {"z": Input((8,), name="z"), "a": Input((8,), name="a"), "m": Input((4,), name="other")}
    x = layers.Dense(4)(inputs["z"])
    y = layers.Dense(4)(inputs["a"])
    return Model(inputs, {"sum": layers.Add()([x, y, inputs["m"]]), "first": x, "a": [y, inputs["m"]]})


@example
def nested_lists_of_inputs() -> Any:
    a, b, c = Input((8,)), Input((8,)), Input((8,))
    return Model([a, [b, c]], [layers.Add()([a, b]), [layers.Subtract()([b, c])]])


@example
def many_branches() -> Any:
    x = Input((16, 16, 8))
    arms = [layers.Conv2D(n, k, padding="same", activation="relu")(x) for n, k in ((4, 1), (8, 3), (2, 5))]
    arms.append(layers.AveragePooling2D(3, strides=1, padding="same")(x))
    y = layers.Concatenate()(arms)
    return Model(x, layers.Multiply()([y, layers.Dense(22)(layers.GlobalAveragePooling2D(keepdims=True)(y))]))


@example
def fixed_batch() -> Any:
    x = Input((8,), batch_size=16)
    y = Input((8,), batch_size=16)
    return Model([x, y], layers.Dot(1)([layers.Dense(8)(x), y]))


@example
def open_axes_everywhere() -> Any:
    x = Input((None, None, 3))
    y = layers.UpSampling2D()(layers.MaxPooling2D()(layers.Conv2D(3, 3, padding="same")(x)))
    return Model(x, [layers.Resizing(7, 9)(y), layers.ZeroPadding2D(2)(y), layers.Cropping2D(1)(x)])


@example
def channels_first() -> Any:
    keras.config.set_image_data_format("channels_first")
    x = Input((3, 32, 32))
    y = layers.Conv2D(8, 3, strides=2, data_format="channels_first")(x)
    y = layers.BatchNormalization(axis=1)(y)
    y = layers.MaxPooling2D(data_format="channels_first")(y)
    y = layers.SeparableConv2D(4, 3, data_format="channels_first")(y)
    return Model(x, layers.Flatten(data_format="channels_first")(y))


# Operations.


@example
def operations() -> Any:
    x, y = Input((8, 4)), Input((8, 4))
    z = -(x + y) * 2.0
    z = z - y
    z = z / 2.0
    z = 1.0 - z
    z = 3.0 / (z + 0.5)
    z = z**2
    return Model([x, y], [z, abs(x), ops.sqrt(y), ops.relu(x), x * y])


@example
def operations_on_axes() -> Any:
    x = Input((8, 4))
    return Model(
        x,
        [
            ops.mean(x, axis=1),
            ops.sum(x, axis=(1, 2), keepdims=True),
            ops.reshape(x, (-1, 4, 8)),
            ops.transpose(x, (0, 2, 1)),
            ops.expand_dims(x, -1),
            ops.matmul(x, ops.transpose(x, (0, 2, 1))),
            ops.concatenate([x, x], axis=1),
            ops.stack([x, x, x], axis=2),
            ops.squeeze(ops.max(x, axis=1, keepdims=True), 1),
            ops.softmax(x),
        ],
    )


@example
def operations_on_arrays() -> Any:
    import numpy as np

    x = Input((8, 4))
    return Model(
        x,
        [
            x + np.ones((4,), "float32"),
            ops.multiply(np.ones((8, 1), "float32"), x),
            ops.add(x, np.zeros((8, 4), "float32")),
        ],
    )


@example
def operations_of_two_kinds_of_numbers() -> Any:
    x = Input((8,), dtype="int32")
    y = Input((8,))
    return Model([x, y], [ops.cast(x, "float32") + y, x + 1, x > 3, ops.where(y > 0.5, y, 0.0)])


# Layers with several inputs, outputs, or a layer inside.


@example
def lstm_states() -> Any:
    x, y = Input((10, 4)), Input((None, 4))
    _, h, c = layers.LSTM(6, return_state=True)(x)
    z = layers.LSTM(6, return_sequences=True)(y, initial_state=[h, c])
    return Model([x, y], layers.Dense(3)(z))


@example
def gru_state() -> Any:
    x, y = Input((10, 4)), Input((None, 4))
    z, h = layers.GRU(6, return_state=True, return_sequences=True)(x)
    w = layers.GRU(6, reset_after=False)(y, initial_state=h)
    return Model([x, y], [z, w, layers.SimpleRNN(2)(y)])


@example
def both_directions() -> Any:
    x = Input((None,), dtype="int32")
    y = layers.Embedding(100, 16)(x)
    y = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(y)
    z, *_ = layers.Bidirectional(layers.GRU(4, return_state=True), merge_mode="sum")(y)
    return Model(
        x, [layers.Dense(1, activation="sigmoid")(z), layers.Bidirectional(layers.LSTM(3), merge_mode=None)(y)[1]]
    )


@example
def masked_sequence() -> Any:
    x = Input((None,), dtype="int32")
    y = layers.Embedding(100, 16, mask_zero=True)(x)
    return Model(x, layers.Bidirectional(layers.LSTM(8))(layers.Dropout(0.2)(y)))


@example
def every_time_step() -> Any:
    x = Input((5, 16, 16, 3))
    y = layers.TimeDistributed(layers.Conv2D(4, 3))(x)
    y = layers.TimeDistributed(layers.BatchNormalization())(y)
    y = layers.TimeDistributed(layers.Flatten())(y)
    return Model(x, layers.LSTM(3)(y))


@example
def every_time_step_of_an_open_number() -> Any:
    x = Input((None, 16, 16, 3))
    return Model(x, layers.TimeDistributed(layers.GlobalMaxPooling2D())(x))


@example
def attention() -> Any:
    x, y = Input((10, 16)), Input((None, 16))
    z = layers.MultiHeadAttention(4, 8)(x, y)
    # Keras takes the scores of queries and keys for square, so the queries are their own keys here.
    z, scores = layers.MultiHeadAttention(2, 8, value_dim=3)(z, z, return_attention_scores=True)
    w = layers.Attention()([x, y])
    return Model([x, y], [layers.LayerNormalization()(z), scores, w, layers.AdditiveAttention()([x, y, y])])


@example
def self_attention() -> Any:
    x = Input((10, 16))
    y = layers.MultiHeadAttention(4, 8, dropout=0.1)(x, x)
    y = layers.LayerNormalization()(layers.Add()([x, y]))
    z = layers.Dense(64, activation="gelu")(y)
    z = layers.Dense(16)(layers.Dropout(0.1)(z))
    return Model(x, layers.LayerNormalization()(y + z))


@example
def attention_by_keywords() -> Any:
    x, y, mask = Input((10, 16)), Input((7, 16)), Input((10, 7), dtype="bool")
    return Model(
        [x, y, mask], layers.MultiHeadAttention(4, 8)(query=x, value=y, attention_mask=mask, use_causal_mask=True)
    )


@example
def called_by_keyword() -> Any:
    x = Input((10, 16))
    return Model(x, layers.Dense(3)(inputs=layers.Dropout(0.3)(x, training=True)))
