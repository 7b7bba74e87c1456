"""The networks of `specs/torch` as modules of PyTorch, written by hand from the papers: what the specs are held to."""

from __future__ import annotations

import torch
import torch_zoo
from torch import nn
from torch_zoo import Last, Residual, conv, conv_bn


def resnet50() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for width, count in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(count):
            stride = 2 if width > 64 and not block else 1
            body = [conv_bn(inputs, width), nn.ReLU(), conv_bn(width, width, 3, stride), nn.ReLU()]
            shortcut = None if block else conv_bn(inputs, 4 * width, 1, stride)
            layers.append(Residual(nn.Sequential(*body, conv_bn(width, 4 * width)), shortcut, nn.ReLU()))
            inputs = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def mobilenet_v2() -> nn.Module:
    *features, _, _, _, _ = torch_zoo.mobilenet_v2().children()
    return nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 1000))


def unet() -> nn.Module:
    *inside, _ = torch_zoo.unet().children()
    return nn.Sequential(*inside)


class Tokens(nn.Module):
    """Patches as tokens, one of their own before them, and a vector for the place of each."""

    def __init__(self, width: int, patch: int, size: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.embedding = nn.Parameter(torch.zeros(1, (size // patch) ** 2 + 1, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return torch.cat([self.token.expand(len(x), -1, -1), tokens], 1) + self.embedding


class First(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, 0]


def vit_b16(size: int = 224) -> nn.Module:
    layers = [
        nn.TransformerEncoderLayer(768, 12, 3072, 0, "gelu", batch_first=True, norm_first=True) for _ in range(12)
    ]
    return nn.Sequential(Tokens(768, 16, size), *layers, nn.LayerNorm(768), First(), nn.Linear(768, 1000))


class ChannelNorm(nn.LayerNorm):
    """LayerNorm of every place over its channels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.inner = nn.Sequential(
            nn.LayerNorm(width, 1e-6), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.scale = nn.Parameter(torch.ones(width, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.inner(self.depthwise(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.scale * inner + x


def convnext_tiny() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 96, 4, 4), ChannelNorm(96)]
    for width, count in ((96, 3), (192, 3), (384, 9), (768, 3)):
        if width > 96:
            layers += [ChannelNorm(width // 2), nn.Conv2d(width // 2, width, 2, 2)]
        layers += [ConvNeXtBlock(width) for _ in range(count)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), ChannelNorm(768), nn.Flatten(), nn.Linear(768, 1000))


def _leaky(inputs: int, channels: int, kernel: int = 1, stride: int = 1) -> nn.Module:
    return nn.Sequential(conv_bn(inputs, channels, kernel, stride), nn.LeakyReLU(0.1))


class Detector(nn.Module):
    """Darknet-53, and three necks and heads, of which the second and third also see finer features."""

    def __init__(self) -> None:
        super().__init__()
        stages = []
        for depth, channels in zip((1, 2, 8, 8, 4), (64, 128, 256, 512, 1024), strict=True):
            half = channels // 2
            inner = [Residual(nn.Sequential(_leaky(channels, half), _leaky(half, channels, 3))) for _ in range(depth)]
            stages.append(nn.Sequential(_leaky(half, channels, 3, 2), *inner))
        self.finest = nn.Sequential(_leaky(3, 32, 3), *stages[:3])
        self.stages = nn.ModuleList(stages[3:])
        self.ups = nn.ModuleList(
            nn.Sequential(_leaky(2 * channels, channels), nn.Upsample(scale_factor=2)) for channels in (256, 128)
        )
        self.necks = nn.ModuleList(
            nn.Sequential(
                *(_leaky(inputs, channels), _leaky(channels, 2 * channels, 3), _leaky(2 * channels, channels)),
                *(_leaky(channels, 2 * channels, 3), _leaky(2 * channels, channels)),
            )
            for inputs, channels in ((1024, 512), (768, 256), (384, 128))
        )
        self.heads = nn.ModuleList(
            nn.Sequential(_leaky(channels, 2 * channels, 3), conv(2 * channels, 255, bias=True))
            for channels in (512, 256, 128)
        )

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        fine = self.finest(x)
        middle = self.stages[0](fine)
        found = [self.necks[0](self.stages[1](middle))]
        for up, neck, seen in zip(self.ups, [*self.necks][1:], (middle, fine), strict=True):
            found.append(neck(torch.cat([up(found[-1]), seen], 1)))
        return [head(one) for head, one in zip(self.heads, found, strict=True)]


def yolo_like() -> nn.Module:
    return Detector()


def lstm() -> nn.Module:
    layers = Last(nn.LSTM(1500, 1500, 2, dropout=0.65, batch_first=True))
    return nn.Sequential(nn.Embedding(10000, 1500), nn.Dropout(0.65), layers, nn.Dropout(0.65), nn.Linear(1500, 10000))


class Gated(nn.Module):
    """A layer of WaveNet: what the next one reads, if there is one, and what it says to the end."""

    def __init__(self, dilation: int, *, last: bool) -> None:
        super().__init__()
        self.padded = nn.ZeroPad1d((dilation, 0))
        self.filter, self.gate = (nn.Conv1d(32, 32, 2, dilation=dilation) for _ in range(2))
        self.skip = nn.Conv1d(32, 1024, 1)
        self.residual = None if last else nn.Conv1d(32, 32, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        padded = self.padded(x)
        product = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        return product if self.residual is None else self.residual(product) + x, self.skip(product)


class WaveNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(256, 32, 1)
        self.layers = nn.ModuleList(Gated(2 ** (index % 10), last=index == 29) for index in range(30))
        self.end = nn.Sequential(nn.ReLU(), nn.Conv1d(1024, 512, 1), nn.ReLU(), nn.Conv1d(512, 256, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        x, total = self.layers[0](x)
        for layer in [*self.layers][1:]:
            x, said = layer(x)
            total = said + total
        return self.end(total)


def wavenet() -> nn.Module:
    return WaveNet()
