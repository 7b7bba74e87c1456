"""What other tools count, against the tools: whole networks and single modules, run in evaluation mode."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchinfo")
pytest.importorskip("fvcore")
pytest.importorskip("thop")
pytest.importorskip("ptflops")

import torch_zoo  # noqa: E402 - as below
from conventions_specs import SPECS  # noqa: E402 - needs the tools
from torch import nn  # noqa: E402 - as above
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402 - as above
from torch_counting import TOOLS, by_fvcore  # noqa: E402 - needs the tools

import cnnsum  # noqa: E402 - as above
from cnnsum.answers.conventions.ask import reconcile  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

GALLERY = Path(__file__).resolve().parent.parent.parent / "specs"
NETWORKS = [
    *("alexnet", "vgg16", "resnet18", "resnet50", "mobilenet_v2", "densenet121", "squeezenet", "unet"),
    *("encoder", "encoder_layer", "attention_with_scores", "by_hand", "lstm", "gru", "rnn", "generator", "activations"),
]

#: What a tool misses of a network because of how the network is written, which no spec says.
EXCEPTIONS = {
    # The class keeps torch.nn.functional.relu itself, which it took before ptflops replaced it: 2 x 32 x 256.
    ("encoder_layer", "ptflops"): -16_384,
}


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def first(shape: tuple[int, ...]) -> Any:
    """An input for PyTorch: channels stand first in images, and in nothing else of the zoo but `activations`."""
    return torch.zeros(1, shape[-1], *shape[:-1]) if len(shape) > 2 else torch.zeros(1, *shape)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, tool: str) -> None:
    own = "encoder" if name == "encoder_layer" else name
    model = cnnsum.loads(SPECS[own]) if own in SPECS else cnnsum.load(GALLERY / f"{own}.yaml")
    x = first(model.inference.values[0].shape[1:])
    if name == "activations":
        x = x.transpose(1, 2)
    measured = TOOLS[tool](getattr(torch_zoo, name)().eval(), x)
    assert reconcile(model, tool).theirs + EXCEPTIONS.get((name, tool), 0) == measured


#: Single modules: the layer of a spec, the sample's shape there, the module of PyTorch (channels first).
MODULES: dict[str, tuple[str, tuple[int, ...], Callable[[], nn.Module]]] = {
    "no bias": (
        "Conv2D: {filters: 8, kernel_size: 3, use_bias: false}",
        (10, 10, 3),
        lambda: nn.Conv2d(3, 8, 3, bias=False),
    ),
    "groups": ("Conv2D: {filters: 8, kernel_size: 3, groups: 2}", (9, 9, 4), lambda: nn.Conv2d(4, 8, 3, groups=2)),
    "dilated": (
        "Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 2}",
        (9, 9, 4),
        lambda: nn.Conv2d(4, 8, 3, dilation=2),
    ),
    "depthwise": (
        "DepthwiseConv2D: {kernel_size: 3, depth_multiplier: 2}",
        (9, 9, 4),
        lambda: nn.Conv2d(4, 8, 3, groups=4),
    ),
    "separable": (
        "SeparableConv2D: {filters: 6, kernel_size: 3}",
        (9, 9, 4),
        lambda: nn.Sequential(nn.Conv2d(4, 4, 3, groups=4, bias=False), nn.Conv2d(4, 6, 1)),
    ),
    "conv3d": ("Conv3D: {filters: 8, kernel_size: 3}", (7, 6, 5, 3), lambda: nn.Conv3d(3, 8, 3)),
    "transposed 3d": (
        "Conv3DTranspose: {filters: 4, kernel_size: 2, strides: 2}",
        (5, 4, 3, 3),
        lambda: nn.ConvTranspose3d(3, 4, 2, 2),
    ),
    "batch": ("BatchNormalization", (5, 4, 3), lambda: nn.BatchNorm2d(3)),
    "batch without weights": (
        "BatchNormalization: {center: false, scale: false}",
        (5, 4, 3),
        lambda: nn.BatchNorm2d(3, affine=False),
    ),
    "layer": ("LayerNormalization", (5, 6), lambda: nn.LayerNorm(6)),
    "layer without weights": (
        "LayerNormalization: {center: false, scale: false}",
        (5, 6),
        lambda: nn.LayerNorm(6, elementwise_affine=False),
    ),
    "layer without shift": ("LayerNormalization: {center: false}", (5, 6), lambda: nn.LayerNorm(6, bias=False)),
    "group": ("GroupNormalization: 2", (5, 4, 6), lambda: nn.GroupNorm(2, 6)),
    "group without weights": (
        "GroupNormalization: {groups: 2, center: false, scale: false}",
        (5, 4, 6),
        lambda: nn.GroupNorm(2, 6, affine=False),
    ),
    "rms": ("RMSNormalization", (5, 6), lambda: nn.RMSNorm(6)),
    "prelu": ("PReLU: {shared_axes: [1, 2]}", (5, 4, 6), lambda: nn.PReLU(6)),
    "leaky": ("LeakyReLU", (5, 6), lambda: nn.LeakyReLU(0.3)),
    "clipped": ("ReLU: {max_value: 4}", (5, 6), lambda: nn.Hardtanh(0, 4)),
    "softmax": ("Softmax: {axis: 1}", (5, 6), lambda: nn.Softmax(1)),
    "log_softmax": ("Activation: log_softmax", (5, 6), lambda: nn.LogSoftmax(-1)),
    "max pooling": ("MaxPooling2D: 2", (9, 8, 3), lambda: nn.MaxPool2d(2)),
    "max pooling 3d": ("MaxPooling3D: 2", (4, 6, 8, 3), lambda: nn.MaxPool3d(2)),
    "mean pooling 3d": ("AveragePooling3D: 2", (4, 6, 8, 3), lambda: nn.AvgPool3d(2)),
    "global mean 3d": ("GlobalAveragePooling3D", (4, 6, 8, 3), lambda: nn.AdaptiveAvgPool3d(1)),
    "global max": ("GlobalMaxPooling2D", (6, 8, 3), lambda: nn.AdaptiveMaxPool2d(1)),
    "adaptive mean": ("AdaptiveAveragePooling2D: 3", (8, 8, 6), lambda: nn.AdaptiveAvgPool2d(3)),
    "adaptive max": ("AdaptiveMaxPooling2D: 3", (8, 8, 6), lambda: nn.AdaptiveMaxPool2d(3)),
    "bicubic": (
        "UpSampling2D: {size: 2, interpolation: bicubic}",
        (4, 4, 3),
        lambda: nn.Upsample(scale_factor=2, mode="bicubic"),
    ),
    "nearest 3d": ("UpSampling3D: 2", (4, 4, 4, 3), lambda: nn.Upsample(scale_factor=2)),
    "lstm without bias": (
        "LSTM: {units: 5, use_bias: false, return_sequences: true}",
        (7, 6),
        lambda: torch_zoo.Last(nn.LSTM(6, 5, batch_first=True, bias=False)),
    ),
    "gru without bias": (
        "GRU: {units: 5, use_bias: false, return_sequences: true}",
        (7, 6),
        lambda: torch_zoo.Last(nn.GRU(6, 5, batch_first=True, bias=False)),
    ),
    "relu rnn": (
        "SimpleRNN: {units: 5, activation: relu, return_sequences: true}",
        (7, 6),
        lambda: torch_zoo.Last(nn.RNN(6, 5, batch_first=True, nonlinearity="relu")),
    ),
    "padding and shape": (
        "ZeroPadding2D: 1",
        (4, 4, 3),
        lambda: nn.Sequential(nn.ZeroPad2d(1), nn.Dropout(), nn.Flatten()),
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", MODULES)
def test_module(name: str, tool: str) -> None:
    layer, shape, module = MODULES[name]
    item = f"{{{layer}}}" if ":" in layer else layer
    model = cnnsum.loads(f"{{input: {list(shape)}, layers: [{item}]}}")
    assert not model.diagnostics
    assert reconcile(model, tool).theirs == TOOLS[tool](module().eval(), first(shape))


def test_functions_for_tools_that_replace_functions() -> None:
    """An operation of a Keras file is a function: counted once by ptflops, not at all by tools that hook modules."""
    import json

    relu = {
        "module": "keras.src.ops.nn",
        "class_name": "Relu",
        "config": {"name": "relu"},
        "name": "relu",
        "inbound_nodes": [
            {
                "args": [
                    {
                        "class_name": "__keras_tensor__",
                        "config": {"shape": [None, 6], "dtype": "float32", "keras_history": ["i", 0, 0]},
                    }
                ],
                "kwargs": {},
            }
        ],
    }
    source = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 6], "name": "i"},
        "name": "i",
        "inbound_nodes": [],
    }
    config = {"name": "m", "layers": [source, relu], "input_layers": [["i", 0, 0]], "output_layers": [["relu", 0, 0]]}
    model = cnnsum.loads(
        json.dumps({"module": "keras.src.models.functional", "class_name": "Functional", "config": config})
    )

    class Net(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.nn.functional.relu(x)

    for tool, measure in TOOLS.items():
        assert reconcile(model, tool).theirs == measure(Net().eval(), torch.zeros(1, 6)), tool


def test_the_notes_are_true() -> None:
    """Each is a number that its tool gives under other circumstances."""
    x = torch.zeros(1, 32, 64)
    net = torch_zoo.encoder_layer().eval()
    with FlopCounterMode(display=False) as counter:
        net(x)
    products = 2 * 32 * 32 * 64
    assert counter.get_total_flops() == 2 * (1_703_936 - products)
    with FlopCounterMode(display=False) as counter:
        nn.LSTM(16, 32, batch_first=True)(torch.zeros(1, 7, 16))
    assert counter.get_total_flops() == 0
    attention = 4 * 32 * 64 * 64 + products
    with torch.no_grad():
        assert by_fvcore(net, x) == 1_593_344 - (attention - products)
