"""Small networks of the kinds that refuse some sizes, for exporting with free sizes. Each takes one tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch_zoo import Joined, Residual, conv


class Resized(NamedTuple):
    """A network, and a size that it is exported with, in place of each axis that is free, channels first."""

    make: Callable[[], nn.Module]
    shape: tuple[int, ...]


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(conv(inputs, outputs, 3), nn.BatchNorm2d(outputs), nn.ReLU())


def unet() -> nn.Module:
    inner: nn.Module = _pair(8, 16)
    for channels in (8, 4):
        up = nn.ConvTranspose2d(2 * channels, channels, 2, 2)
        way = Joined(nn.Identity(), nn.Sequential(nn.MaxPool2d(2), inner, up))
        inner = nn.Sequential(_pair(channels // 2 if channels > 4 else 3, channels), way, _pair(2 * channels, channels))
        if channels == 8:
            inner[0] = _pair(4, 8)
    return nn.Sequential(inner, nn.Conv2d(4, 1, 1))


class Pooled(nn.Module):
    """The mean of a picture, stretched over it."""

    def forward(self, x: Tensor) -> Tensor:
        return nnf.interpolate(nnf.adaptive_avg_pool2d(x, 1), size=x.shape[-2:], mode="bilinear")


def aspp() -> nn.Module:
    """Dilated convolutions side by side, behind a stem that takes a quarter."""
    dilated = [nn.Conv2d(8, 4, 3, padding=rate, dilation=rate) for rate in (1, 2, 4)]
    return nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3), nn.MaxPool2d(3, 2), Joined(*dilated, Pooled()), nn.Conv2d(20, 2, 1))


class Pyramid(nn.Module):
    """Features of three sizes, the coarser ones enlarged and added to the finer: to their size, or by 2."""

    def __init__(self, *, by: float | None) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Conv2d(inputs, 8, 3, 2, 1) for inputs in (3, 8, 8))
        self.by = by

    def forward(self, x: Tensor) -> list[Tensor]:
        found = []
        for one in self.down:
            x = one(x)
            found.append(x)
        total = found[-1]
        given = [total]
        for finer in (found[1], found[0]):
            size = None if self.by else finer.shape[-2:]
            total = nnf.interpolate(total, size=size, scale_factor=self.by) + finer
            given.append(total)
        return given


def inception() -> nn.Module:
    """Branches of one size, then branches that halve it."""
    same = Joined(
        *(conv(3, 4), conv(3, 4, 3), conv(3, 4, 5)),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(3, 4)),
    )
    half = Joined(nn.Conv2d(16, 4, 3, 2), nn.Sequential(conv(16, 4), nn.Conv2d(4, 4, 3, 2)), nn.MaxPool2d(3, 2))
    return nn.Sequential(same, half, half.__class__(nn.Conv2d(24, 4, 5), nn.Conv2d(24, 4, 3, dilation=2)))


def shuffled() -> nn.Module:
    """A picture made of channels and channels of a picture, and added to itself."""
    body = nn.Sequential(nn.PixelUnshuffle(2), conv(12, 16, 3), nn.ReLU(), conv(16, 12, 3), nn.PixelShuffle(2))
    return Residual(body)


def autoencoder() -> nn.Module:
    down = [layer for inputs in (3, 8, 8) for layer in (nn.Conv2d(inputs, 8, 3, 2, 1), nn.ReLU())]
    up = [nn.ConvTranspose2d(8, outputs, 3, 2, 1, 1) for outputs in (8, 8, 3)]
    return Residual(nn.Sequential(*down, *up))


class Tokens(nn.Module):
    """Patches of 4 x 4 as a sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.patches(x).flatten(2).transpose(1, 2)


class Mean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(1)


def vit() -> nn.Module:
    layer = nn.TransformerEncoderLayer(16, 2, 32, 0, batch_first=True, norm_first=True)
    return nn.Sequential(Tokens(), layer, nn.LayerNorm(16), Mean(), nn.Linear(16, 5))


class Normalized(nn.LayerNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def convnext() -> nn.Module:
    def block(width: int) -> nn.Module:
        depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        return Residual(
            nn.Sequential(depthwise, Normalized(width), conv(width, 2 * width), nn.GELU(), conv(2 * width, width))
        )

    return nn.Sequential(nn.Conv2d(3, 8, 4, 4), block(8), Normalized(8), nn.Conv2d(8, 16, 2, 2), block(16))


class Chomped(nn.Module):
    """A convolution that is padded at both ends, without the positions that have seen what comes after."""

    def __init__(self, inputs: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, 8, 3, padding=2 * dilation, dilation=dilation)
        self.cut = 2 * dilation

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x)[..., : -self.cut])


def tcn() -> nn.Module:
    layers = [Chomped(4, 1), Residual(Chomped(8, 2)), Residual(Chomped(8, 4))]
    return nn.Sequential(*layers, nn.AvgPool1d(4), nn.Conv1d(8, 2, 3))


def volumes() -> nn.Module:
    layers = [nn.Conv3d(1, 4, 3, 2, 1), nn.ReLU(), nn.MaxPool3d(2, ceil_mode=True), nn.Conv3d(4, 4, (1, 3, 3))]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool3d(1))


class Read(nn.Module):
    """A picture read by an LSTM, patch by patch."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = Tokens()
        self.lstm = nn.LSTM(16, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(self.tokens(x))[0][:, -1]


class Attended(nn.Module):
    """Channels, then places, weighted by what their means and maxima say."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 5, 3)
        self.channels = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8))
        self.places = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        weights = self.channels(x.mean((2, 3))) + self.channels(x.amax((2, 3)))
        x = x * weights.sigmoid()[:, :, None, None]
        return x * self.places(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)).sigmoid()


class Windows(nn.Module):
    """Attention within windows of 4 x 4, by views: sizes are multiples of 4, or padded to be ones."""

    def __init__(self, *, pads: bool) -> None:
        super().__init__()
        self.stem = conv(3, 8, 3)
        self.attention = nn.Linear(8, 8)
        self.pads = pads

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        height, width = x.shape[-2:]
        if self.pads:
            x = nnf.pad(x, (0, (4 - width % 4) % 4, 0, (4 - height % 4) % 4))
        n, c, h, w = x.shape
        windows = x.view(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, c)
        windows = (windows @ windows.transpose(1, 2)).softmax(-1) @ self.attention(windows)
        back = windows.view(n, h // 4, w // 4, 4, 4, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
        return back[..., :height, :width]


def alexnet() -> nn.Module:
    """Convolutions and poolings without pads: there is a least size."""
    layers = [nn.Conv2d(3, 8, 11, 4), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(8, 8, 5, padding=2), nn.MaxPool2d(3, 2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 5))


_PICTURE = (3, 32, 48)
NETWORKS = {
    "alexnet": Resized(alexnet, (3, 72, 64)),
    "aspp": Resized(aspp, _PICTURE),
    "attended": Resized(Attended, _PICTURE),
    "autoencoder": Resized(autoencoder, _PICTURE),
    "convnext": Resized(convnext, _PICTURE),
    "inception": Resized(inception, _PICTURE),
    "pyramid": Resized(lambda: Pyramid(by=None), _PICTURE),
    "pyramid_by_two": Resized(lambda: Pyramid(by=2.0), _PICTURE),
    "read": Resized(Read, _PICTURE),
    "shuffled": Resized(shuffled, _PICTURE),
    "tcn": Resized(tcn, (4, 40)),
    "unet": Resized(unet, _PICTURE),
    "vit": Resized(vit, _PICTURE),
    "volumes": Resized(volumes, (1, 24, 16, 20)),
    "windows": Resized(lambda: Windows(pads=False), _PICTURE),
    "windows_padded": Resized(lambda: Windows(pads=True), _PICTURE),
}
