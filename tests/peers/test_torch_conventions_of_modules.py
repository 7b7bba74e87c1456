"""What other tools count of networks in PyTorch's words, against the tools: whole networks and single modules."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchinfo")
pytest.importorskip("fvcore")
pytest.importorskip("thop")
pytest.importorskip("ptflops")

import torch_gallery  # noqa: E402 - needs PyTorch
from torch import nn  # noqa: E402 - as above
from torch_counting import TOOLS  # noqa: E402 - needs the tools
from torch_zoo import Last  # noqa: E402 - needs PyTorch

import cnnsum  # noqa: E402 - as above
from cnnsum.answers.conventions.ask import reconcile  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

GALLERY = Path(__file__).resolve().parent.parent.parent / "specs" / "torch"
#: Networks that the tools see as specs say them: no functions of their own in between.
NETWORKS = ("resnet50", "mobilenet_v2", "unet")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, tool: str) -> None:
    model = cnnsum.load(GALLERY / f"{name}.yaml", inputs=(3, 224, 224) if name == "unet" else None)
    shape = model.inference.values[0].shape[1:]
    module = getattr(torch_gallery, name)().eval()
    assert reconcile(model, tool).theirs == TOOLS[tool](module, torch.zeros(1, *shape))


class Attending(nn.Module):
    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(batch_first=True, **fields)

    def forward(self, x: Any) -> Any:
        return self.attention(x, x, x)[0]


class Resizing(nn.Module):
    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.fields = fields

    def forward(self, x: Any) -> Any:
        return nn.functional.interpolate(x, **self.fields)


#: Single modules: the layer of a spec, the sample's shape, the module.
MODULES: dict[str, tuple[str, tuple[int, ...], Callable[[], nn.Module]]] = {
    "conv": ("Conv2d: [3, 8, 3]", (3, 10, 10), lambda: nn.Conv2d(3, 8, 3)),
    "conv without bias": (
        "Conv2d: {out_channels: 8, kernel_size: 3, bias: false}",
        (3, 10, 10),
        lambda: nn.Conv2d(3, 8, 3, bias=False),
    ),
    "groups": (
        "Conv2d: {out_channels: 8, kernel_size: 3, groups: 2}",
        (4, 9, 9),
        lambda: nn.Conv2d(4, 8, 3, groups=2),
    ),
    "strided, dilated": (
        "Conv1d: {out_channels: 8, kernel_size: 3, stride: 2, dilation: 2}",
        (4, 19),
        lambda: nn.Conv1d(4, 8, 3, 2, dilation=2),
    ),
    "conv3d": ("Conv3d: [3, 8, 3]", (3, 7, 6, 5), lambda: nn.Conv3d(3, 8, 3)),
    "transposed": (
        "ConvTranspose2d: {out_channels: 4, kernel_size: 3, stride: 2, padding: 1}",
        (3, 5, 4),
        lambda: nn.ConvTranspose2d(3, 4, 3, 2, 1),
    ),
    "linear": ("Linear: [6, 4]", (6,), lambda: nn.Linear(6, 4)),
    "linear of rows": ("Linear: [6, 4]", (5, 6), lambda: nn.Linear(6, 4)),
    "batch": ("BatchNorm2d", (3, 5, 4), lambda: nn.BatchNorm2d(3)),
    "batch of rows": ("BatchNorm1d", (3, 5), lambda: nn.BatchNorm1d(3)),
    "batch without weights": ("BatchNorm2d: {affine: false}", (3, 5, 4), lambda: nn.BatchNorm2d(3, affine=False)),
    "instance": ("InstanceNorm2d", (3, 5, 4), lambda: nn.InstanceNorm2d(3)),
    "instance with weights": (
        "InstanceNorm2d: {affine: true}",
        (3, 5, 4),
        lambda: nn.InstanceNorm2d(3, affine=True),
    ),
    "layer": ("LayerNorm: 6", (5, 6), lambda: nn.LayerNorm(6)),
    "layer without weights": (
        "LayerNorm: {normalized_shape: 6, elementwise_affine: false}",
        (5, 6),
        lambda: nn.LayerNorm(6, elementwise_affine=False),
    ),
    "layer without shift": (
        "LayerNorm: {normalized_shape: 6, bias: false}",
        (5, 6),
        lambda: nn.LayerNorm(6, bias=False),
    ),
    "group": ("GroupNorm: [2, 6]", (6, 5, 4), lambda: nn.GroupNorm(2, 6)),
    "group without weights": (
        "GroupNorm: {num_groups: 2, affine: false}",
        (6, 5, 4),
        lambda: nn.GroupNorm(2, 6, affine=False),
    ),
    "rms": ("RMSNorm: 6", (5, 6), lambda: nn.RMSNorm(6)),
    "relu": ("ReLU", (6, 5, 4), nn.ReLU),
    "relu6": ("ReLU6", (6, 5, 4), nn.ReLU6),
    "gelu": ("GELU", (6, 5), nn.GELU),
    "silu": ("SiLU", (6, 5), nn.SiLU),
    "elu": ("ELU", (6, 5), nn.ELU),
    "leaky": ("LeakyReLU", (6, 5), nn.LeakyReLU),
    "hardswish": ("Hardswish", (6, 5), nn.Hardswish),
    "sigmoid": ("Sigmoid", (6, 5), nn.Sigmoid),
    "threshold": ("Threshold: [0.1, 20]", (6, 5), lambda: nn.Threshold(0.1, 20)),
    "glu": ("GLU", (6, 4), nn.GLU),
    "prelu": ("PReLU", (6, 5, 4), nn.PReLU),
    "prelu of channels": ("PReLU: 6", (6, 5, 4), lambda: nn.PReLU(6)),
    "softmax": ("Softmax: 1", (5, 6), lambda: nn.Softmax(1)),
    "log softmax": ("LogSoftmax: -1", (5, 6), lambda: nn.LogSoftmax(-1)),
    "max pooling": ("MaxPool2d: [3, 2, 1]", (3, 9, 8), lambda: nn.MaxPool2d(3, 2, 1)),
    "mean pooling": ("AvgPool2d: 2", (3, 9, 8), lambda: nn.AvgPool2d(2)),
    "adaptive mean": ("AdaptiveAvgPool2d: 3", (6, 8, 8), lambda: nn.AdaptiveAvgPool2d(3)),
    "adaptive mean of one": ("AdaptiveAvgPool2d: 1", (6, 8, 8), lambda: nn.AdaptiveAvgPool2d(1)),
    "adaptive max": ("AdaptiveMaxPool2d: 3", (6, 8, 8), lambda: nn.AdaptiveMaxPool2d(3)),
    "nearest": ("Upsample: {scale_factor: 2}", (3, 4, 4), lambda: nn.Upsample(scale_factor=2)),
    "bilinear": (
        "Upsample: {scale_factor: 2, mode: bilinear}",
        (3, 4, 4),
        lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    ),
    "norm pooling 1d": ("LPPool1d: [2, 3]", (4, 12), lambda: nn.LPPool1d(2, 3)),
    "norm pooling": (
        "LPPool2d: {norm_type: 2, kernel_size: 3, stride: 2, ceil_mode: true}",
        (4, 13, 12),
        lambda: nn.LPPool2d(2, 3, 2, ceil_mode=True),
    ),
    "norm pooling 3d": ("LPPool3d: [2, 2]", (4, 6, 6, 6), lambda: nn.LPPool3d(2, 2)),
    "sizes": ("Upsample: {size: [7, 5]}", (3, 4, 4), lambda: nn.Upsample(size=(7, 5))),
    "factor": ("Upsample: {scale_factor: 1.5}", (3, 5, 5), lambda: nn.Upsample(scale_factor=1.5)),
    "factors": ("Upsample: {scale_factor: [1.5, 2]}", (3, 4, 4), lambda: nn.Upsample(scale_factor=(1.5, 2))),
    "resizing by a factor": (
        "interpolate: {scale_factor: 1.5}",
        (3, 5, 5),
        lambda: Resizing(scale_factor=1.5),
    ),
    "resizing by factors": (
        "interpolate: {scale_factor: [1.5, 2]}",
        (3, 4, 4),
        lambda: Resizing(scale_factor=(1.5, 2)),
    ),
    "antialias": (
        "interpolate: {scale_factor: 2, mode: bilinear, antialias: true}",
        (3, 4, 4),
        lambda: Resizing(scale_factor=2, mode="bilinear", antialias=True),
    ),
    "nearest alone": ("UpsamplingNearest2d: {size: 7}", (3, 4, 4), lambda: nn.UpsamplingNearest2d(7)),
    "bilinear alone": (
        "UpsamplingBilinear2d: {scale_factor: 2}",
        (3, 4, 4),
        lambda: nn.UpsamplingBilinear2d(scale_factor=2),
    ),
    **{
        f"{mode} {len(shape) - 1}d{' as a function' * is_function}": (
            f"{'interpolate' if is_function else 'Upsample'}: {{size: 2, mode: {mode}}}",
            shape,
            lambda mode=mode, made=Resizing if is_function else nn.Upsample: made(size=2, mode=mode),
        )
        for mode, shape in (
            *(("linear", (3, 4)), ("trilinear", (3, 4, 4, 4)), ("nearest-exact", (3, 4, 4))),
            *(("area", (3, 4)), ("area", (3, 4, 4)), ("area", (3, 4, 4, 4))),
        )
        for is_function in (False, True)
    },
    "lstm": ("LSTM: [6, 5]", (7, 6), lambda: Last(nn.LSTM(6, 5, batch_first=True))),
    "deep lstm in both directions": (
        "LSTM: {hidden_size: 5, num_layers: 2, bidirectional: true}",
        (7, 6),
        lambda: Last(nn.LSTM(6, 5, 2, batch_first=True, bidirectional=True)),
    ),
    "gru without bias": (
        "GRU: {hidden_size: 5, bias: false}",
        (7, 6),
        lambda: Last(nn.GRU(6, 5, batch_first=True, bias=False)),
    ),
    "relu rnn": (
        "RNN: {hidden_size: 5, nonlinearity: relu}",
        (7, 6),
        lambda: Last(nn.RNN(6, 5, batch_first=True, nonlinearity="relu")),
    ),
    "padding and shape": (
        "ZeroPad2d: 1",
        (3, 4, 4),
        lambda: nn.Sequential(nn.ZeroPad2d(1), nn.Dropout(), nn.Flatten()),
    ),
    "attention": (
        "MultiheadAttention: {num_heads: 2, from: [input, input, input]}",
        (7, 8),
        lambda: Attending(embed_dim=8, num_heads=2),
    ),
    "attention without bias": (
        "MultiheadAttention: {num_heads: 2, bias: false, from: [input, input, input]}",
        (7, 8),
        lambda: Attending(embed_dim=8, num_heads=2, bias=False),
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", MODULES)
def test_module(name: str, tool: str) -> None:
    layer, shape, module = MODULES[name]
    item = f"{{{layer}}}" if ":" in layer else layer
    model = cnnsum.loads(f"{{framework: torch, input: {list(shape)}, layers: [{item}]}}")
    assert not model.diagnostics
    assert reconcile(model, tool).theirs == TOOLS[tool](module().eval(), torch.zeros(1, *shape))
