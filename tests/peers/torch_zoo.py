"""Networks as modules of torch.nn, for tools that hook modules: each does the same as the spec of its name.

An activation is a module of its own; tensors are added with `+`; where a spec pads before a pooling, so does this.
"""

from __future__ import annotations

import torch
from torch import nn


class Residual(nn.Module):
    """`after(body(x) + shortcut(x))`."""

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None, after: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.after = nn.Identity() if after is None else after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(self.body(x) + self.shortcut(x))


class Joined(nn.Module):
    """The outputs of several branches, channel beside channel."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def conv(
    inputs: int, filters: int, kernel: int = 1, stride: int = 1, *, bias: bool = False, **fields: int
) -> nn.Conv2d:
    return nn.Conv2d(inputs, filters, kernel, stride, kernel // 2, bias=bias, **fields)


def conv_bn(inputs: int, filters: int, kernel: int = 1, stride: int = 1, **fields: object) -> nn.Sequential:
    return nn.Sequential(conv(inputs, filters, kernel, stride, **fields), nn.BatchNorm2d(filters))  # type: ignore[arg-type]


def alexnet() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    layers += [nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    for inputs, filters in ((192, 384), (384, 256), (256, 256)):
        layers += [nn.Conv2d(inputs, filters, 3, padding=1), nn.ReLU()]
    layers += [nn.MaxPool2d(3, 2), nn.Flatten(), nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout()]
    layers += [nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers)


def vgg16() -> nn.Module:
    layers: list[nn.Module] = []
    inputs = 3
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [conv(inputs, filters, 3, bias=True), nn.ReLU()]
            inputs = filters
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU()]
    layers += [nn.Linear(4096, 1000), nn.Softmax(-1)]
    return nn.Sequential(*layers)


def _stem(*, bias: bool) -> list[nn.Module]:
    return [conv_bn(3, 64, 7, 2, bias=bias), nn.ReLU(), nn.ZeroPad2d(1), nn.MaxPool2d(3, 2)]


def _head(inputs: int, *, softmax: bool) -> list[nn.Module]:
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 1000)]
    return [*head, nn.Softmax(-1)] if softmax else head


def resnet18() -> nn.Module:
    layers = _stem(bias=False)
    inputs = 64
    for stage, filters in enumerate((64, 128, 256, 512)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            body = nn.Sequential(conv_bn(inputs, filters, 3, stride), nn.ReLU(), conv_bn(filters, filters, 3))
            layers.append(Residual(body, conv_bn(inputs, filters, 1, stride) if stride > 1 else None, nn.ReLU()))
            inputs = filters
    return nn.Sequential(*layers, *_head(512, softmax=False))


def resnet50() -> nn.Module:
    layers = _stem(bias=True)
    inputs = 64
    for stage, (filters, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(count):
            stride = 2 if stage and not block else 1
            body = nn.Sequential(
                conv_bn(inputs, filters, 1, stride, bias=True),
                nn.ReLU(),
                conv_bn(filters, filters, 3, bias=True),
                nn.ReLU(),
                conv_bn(filters, 4 * filters, bias=True),
            )
            shortcut = None if block else conv_bn(inputs, 4 * filters, 1, stride, bias=True)
            layers.append(Residual(body, shortcut, nn.ReLU()))
            inputs = 4 * filters
    return nn.Sequential(*layers, *_head(2048, softmax=True))


def _inverted(inputs: int, filters: int, stride: int, expansion: int) -> nn.Module:
    inner = expansion * inputs
    layers: list[nn.Module] = [conv_bn(inputs, inner), nn.ReLU6()] if expansion > 1 else []
    layers += [conv_bn(inner, inner, 3, stride, groups=inner), nn.ReLU6(), conv_bn(inner, filters)]
    body = nn.Sequential(*layers)
    return Residual(body) if stride == 1 and inputs == filters else body


def mobilenet_v2() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 32, 3, 2), nn.ReLU6(), _inverted(32, 16, 1, 1)]
    inputs = 16
    for filters, count, stride in ((24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)):
        for block in range(count):
            layers.append(_inverted(inputs, filters, 1 if block else stride, 6))
            inputs = filters
    return nn.Sequential(*layers, conv_bn(320, 1280), nn.ReLU6(), *_head(1280, softmax=True))


def densenet121() -> nn.Module:
    layers = _stem(bias=False)
    channels = 64
    for stage, count in enumerate((6, 12, 24, 16)):
        for _ in range(count):
            body = [nn.BatchNorm2d(channels), nn.ReLU(), conv(channels, 128)]
            body += [nn.BatchNorm2d(128), nn.ReLU(), conv(128, 32, 3)]
            layers.append(Joined(nn.Identity(), nn.Sequential(*body)))
            channels += 32
        layers += [nn.BatchNorm2d(channels), nn.ReLU()]
        if stage < 3:
            channels //= 2
            layers += [conv(2 * channels, channels), nn.AvgPool2d(2)]
    return nn.Sequential(*layers, *_head(channels, softmax=True))


def squeezenet() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    inputs = 64
    for index, (squeeze, expand) in enumerate(((16, 64),) * 2 + ((32, 128),) * 2 + ((48, 192),) * 2 + ((64, 256),) * 2):
        if index in {2, 4}:
            layers.append(nn.MaxPool2d(3, 2))
        branches = [nn.Sequential(conv(squeeze, expand, kernel, bias=True), nn.ReLU()) for kernel in (1, 3)]
        layers += [conv(inputs, squeeze, bias=True), nn.ReLU(), Joined(*branches)]
        inputs = 2 * expand
    layers += [nn.Dropout(), conv(inputs, 1000, bias=True), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers)


def _double(inputs: int, filters: int) -> nn.Sequential:
    return nn.Sequential(conv_bn(inputs, filters, 3), nn.ReLU(), conv_bn(filters, filters, 3), nn.ReLU())


def unet() -> nn.Module:
    inner: nn.Module = _double(512, 1024)
    for filters in (512, 256, 128, 64):
        up = nn.ConvTranspose2d(2 * filters, filters, 2, 2)
        way = Joined(nn.Identity(), nn.Sequential(nn.MaxPool2d(2), inner, up))
        inner = nn.Sequential(_double(filters // 2 if filters > 64 else 3, filters), way, _double(2 * filters, filters))
    return nn.Sequential(inner, nn.Conv2d(64, 1, 1), nn.Sigmoid())


class Attention(nn.Module):
    """nn.MultiheadAttention of a sequence with itself, as nn.TransformerEncoderLayer calls it, or with its scores."""

    def __init__(self, depth: int, heads: int, *, scores: bool = False) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(depth, heads, batch_first=True)
        self.scores = scores

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x, x, x, need_weights=self.scores)[0]


def encoder() -> nn.Module:
    """An encoder layer out of modules; the activation is one of them."""
    feed = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64))
    return nn.Sequential(Residual(Attention(64, 4)), nn.LayerNorm(64), Residual(feed), nn.LayerNorm(64))


def encoder_layer() -> nn.Module:
    """The same in PyTorch's own class, which keeps its activation as a function."""
    return nn.TransformerEncoderLayer(64, 4, 256, batch_first=True)


def attention_with_scores() -> nn.Module:
    return Attention(64, 4, scores=True)


class ByHand(nn.Module):
    """Attention of one head, written out: three linear layers, two products, a softmax, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(64, 64) for _ in range(4))
        self.softmax = nn.Softmax(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = torch.matmul(self.query(x), self.key(x).transpose(1, 2))
        return self.out(torch.matmul(self.softmax(scores), self.value(x)))


def by_hand() -> nn.Module:
    return ByHand()


class Last(nn.Module):
    """A recurrent module of torch.nn, and its outputs at all steps."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)[0]


def lstm() -> nn.Module:
    return nn.Sequential(Last(nn.LSTM(16, 32, batch_first=True)), nn.Linear(32, 8))


def gru() -> nn.Module:
    return nn.Sequential(Last(nn.GRU(16, 32, batch_first=True, bidirectional=True)), nn.Linear(64, 8))


def rnn() -> nn.Module:
    return Last(nn.RNN(16, 32, batch_first=True))


def generator() -> nn.Module:
    """From 8 x 8 to 32 x 32 by transposed convolutions and an upsampling."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.LeakyReLU()]
    layers += [nn.Upsample(scale_factor=2, mode="bilinear"), conv(32, 16, 3, bias=True), nn.GELU(), nn.GroupNorm(4, 16)]
    layers += [nn.Conv2d(16, 3, 1), nn.Tanh(), nn.AvgPool2d(2), nn.Upsample(scale_factor=2)]
    return nn.Sequential(*layers)


def activations() -> nn.Module:
    """Every activation that some tool counts, on a sequence."""
    layers: list[nn.Module] = [nn.Conv1d(4, 8, 3), nn.ELU(), nn.ReLU6(), nn.SiLU(), nn.BatchNorm1d(8)]
    layers += [nn.GELU(), nn.SELU(), nn.Mish(), nn.Hardswish(), nn.Sigmoid(), nn.Softplus(), nn.MaxPool1d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 5), nn.Softmax(-1))
