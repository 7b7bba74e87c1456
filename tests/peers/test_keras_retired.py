"""Fields of older Kerases: each that SPC074 names is one that Keras 3 refuses, and none that it takes is named."""

from __future__ import annotations

from typing import Any

import pytest

keras = pytest.importorskip("keras")

from cnnsum.layers.base import find  # noqa: E402 - needs Keras
from cnnsum.readers.keras.retired import OF_ALL, OF_LAYERS, retired  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2, "name": "d"}, "registered_name": None}
CELL = {**DENSE, "class_name": "LSTMCell"}
LSTM = {**DENSE, "class_name": "LSTM"}
NEEDED: dict[str, dict[str, Any]] = {
    **{f"{name}{axes}D{more}": {"filters": 2, "kernel_size": 3} for axes in "123"
       for name, more in (("Conv", ""), ("Conv", "Transpose"), ("SeparableConv", ""), ("ConvLSTM", ""))},
    **{f"DepthwiseConv{axes}D": {"kernel_size": 3} for axes in "12"},
    **{f"SpatialDropout{axes}D": {"rate": 0.5} for axes in "123"},
    **{name: {"units": 2} for name in ("Dense", "SimpleRNN", "LSTM", "GRU", "SimpleRNNCell", "LSTMCell", "GRUCell")},
    "RNN": {"cell": CELL},
    "Bidirectional": {"layer": LSTM},
    "TimeDistributed": {"layer": DENSE},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 2},
    "Embedding": {"input_dim": 3, "output_dim": 2},
    "Discretization": {"bin_boundaries": [0.0]},
    **{name: {} for name in ("Attention", "AdditiveAttention", "BatchNormalization", "Flatten", "ReLU")},
}  # fmt: skip
del NEEDED["SeparableConv3D"]
#: Fields with which a layer of Keras 2 is written, and one value of each.
VALUES: dict[str, Any] = {
    "batch_input_shape": [None, 4], "input_dtype": "float32", "batch_size": 2, "dynamic": False, "trainable": True,
    "experimental_autocast": True, "time_major": False, "implementation": 2, "query_shape": None, "key_shape": None,
    "value_shape": None, "causal": False, "groups": 1, "kernel_initializer": "zeros", "kernel_regularizer": None,
    "kernel_constraint": None, "fused": None, "virtual_batch_size": None, "adjustment": None, "noise_shape": None,
    "num_constants": 1, "input_length": 4, "zero_output_for_mask": False, "seed": None,
}  # fmt: skip


def takes(name: str, config: dict[str, Any]) -> bool:
    raw = {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
    try:
        keras.saving.deserialize_keras_object(raw)
    except (TypeError, ValueError, KeyError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("name", NEEDED)
def test_what_keras_3_refuses(name: str) -> None:
    base = {"name": "x", "dtype": "float32", **NEEDED[name]}
    assert takes(name, dict(base))
    for field, value in VALUES.items():
        config = {**base, field: value}
        named = field in retired(name, config, has_module=True)
        if named:
            assert not takes(name, config), field
        elif field not in base and takes(name, config):
            layer_type = find(name)
            assert layer_type is not None
            known = {*layer_type.schema.fields, *layer_type.schema.ignored}
            # What Keras 3 takes without a word is not news either.
            assert field in known or field in ("input_length", "batch_input_shape"), field


def test_every_field_of_the_table_was_tried() -> None:
    assert {*OF_ALL, *OF_LAYERS} <= set(VALUES)
    assert {layer for layers in OF_LAYERS.values() for layer in layers} <= set(NEEDED)
