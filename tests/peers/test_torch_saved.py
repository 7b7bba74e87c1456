"""What PyTorch keeps for the backward pass of whole networks, against `totals.saved`: to the byte.

The networks are made from cnnsum's own graph (`bench/memory/torch_graph.py`), and run on a CPU.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch_memory  # noqa: E402 - needs PyTorch
from torch_memory import measures  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

BATCH = 2

#: Smaller inputs for what takes long.
SMALLER = {
    "c3d": (16, 32, 32, 3),
    "densenet121": (128, 128, 3),
    "resnet101": (64, 64, 3),
    "resnet152": (64, 64, 3),
    "unet": (128, 128, 3),
    "vgg16": (96, 96, 3),
    "vgg19": (64, 64, 3),
    "xception": (128, 128, 3),
}


def saved(model: cnnsum.Model) -> int:
    assert [str(found) for found in model.diagnostics] == []
    total = cnnsum.summarize(model, batch=BATCH).totals.saved
    assert isinstance(total, int)
    return total


def kept(model: cnnsum.Model) -> int:
    """What PyTorch keeps, with a byte for each element of a dropout mask: on a CPU it takes float32 for them."""
    net = torch_memory.network(model)
    return measures.kept(net, BATCH) - 3 * net.masks


@pytest.mark.parametrize("name", torch_memory.GALLERY)
def test_gallery(name: str) -> None:
    model = torch_memory.load(name, SMALLER.get(name))
    assert kept(model) == saved(model)


def conv(filters: int, size: Any = 3, **fields: Any) -> Any:
    return {"Conv2D": {"filters": filters, "kernel_size": size, "padding": "same", **fields}}


#: Layers that no network of the gallery has, or not in this way: the input and the layers.
PIECES: dict[str, tuple[Any, list[Any]]] = {
    "sequence": (
        [24, 6],
        [
            {"Conv1D": {"filters": 8, "kernel_size": 5, "dilation_rate": 2, "activation": "tanh"}},
            {"SeparableConv1D": {"filters": 10, "kernel_size": 3, "activation": "gelu"}},
            {"DepthwiseConv1D": {"kernel_size": 3, "depth_multiplier": 2, "activation": "relu"}},
            {"Conv1DTranspose": {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}},
            {"AveragePooling1D": 2},
            {"UpSampling1D": 3},
            "GlobalMaxPooling1D",
            {"Dense": [5, "softmax"]},
        ],
    ),
    "image": (
        [16, 16, 3],
        [
            conv(8, [1, 5], activation="mish"),
            conv(8, groups=4, activation="softplus"),
            {"UpSampling2D": 2},
            {"MaxPooling2D": {"pool_size": 3, "strides": 2, "padding": "same"}},
            {"Permute": {"dims": [3, 1, 2]}},
            {"Softmax": {"axis": -1}},
            {"Reshape": {"target_shape": [8, 256]}},
            "LayerNormalization",
            {"Dense": {"units": 6, "activation": "silu"}},
            "Flatten",
            {"Activation": "log_softmax"},
        ],
    ),
    "volume": (
        [8, 8, 8, 2],
        [
            {"Conv3D": {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"}},
            "BatchNormalization",
            {"Conv3DTranspose": {"filters": 3, "kernel_size": 2, "strides": 2}},
            {"AveragePooling3D": 2},
            {"GlobalAveragePooling3D": {"keepdims": True}},
            {"Dense": 4},
        ],
    ),
    "gates": (
        [8, 8, 3],
        [
            conv(4, name="x"),
            conv(4, 1, activation="hard_sigmoid", name="gate", **{"from": "x"}),
            {"Multiply": {"from": ["x", "gate"], "name": "gated"}},
            {"GlobalMaxPooling2D": {"keepdims": True, "from": "gated"}},
            {"Dense": {"units": 4, "activation": "sigmoid", "name": "scale"}},
            {"Multiply": {"from": ["gated", "scale"]}},
            {"Dropout": 0.3},
            {"Activation": "hard_silu"},
        ],
    ),
    "tokens": (
        {"tokens": {"shape": [12], "dtype": "int32"}},
        [
            {"Embedding": {"input_dim": 50, "output_dim": 16, "name": "words"}},
            {"MultiHeadAttention": {"num_heads": 2, "key_dim": 8, "value_dim": 5, "from": ["words", "words"]}},
            {"Dense": {"units": 32, "activation": "relu"}},
            {"Dense": {"units": 3, "activation": "softmax"}},
        ],
    ),
}


@pytest.mark.parametrize("name", PIECES)
def test_pieces(name: str) -> None:
    given, layers = PIECES[name]
    key = "inputs" if isinstance(given, dict) else "input"
    model = cnnsum.loads(json.dumps({key: given, "layers": layers}))
    expected = saved(model)
    assert kept(model) == expected


def test_fields_that_differ_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="ReLU with negative_slope"):
        torch_memory.network(cnnsum.loads('{"input": [4], "layers": [{"ReLU": {"negative_slope": 0.1}}]}'))
    with pytest.raises(NotImplementedError, match="layer type LSTM"):
        torch_memory.network(cnnsum.loads('{"input": [4, 2], "layers": [{"LSTM": 3}]}'))
