"""More networks as modules of PyTorch, declared by hand after the papers, for exporters: blocks that other networks
here do not have (squeeze and excitation, shuffled channels, windows that are shifted, layers of language models).

They are as deep as their originals, or less where depth adds nothing; weights are random.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch_dynamic import aspp, autoencoder, inception, tcn, vit, volumes  # noqa: F401 - networks of the table below
from torch_zoo import (  # noqa: F401 - as above, most of them
    Joined,
    Residual,
    activations,
    by_hand,
    conv_bn,
    encoder,
    generator,
    gru,
    lstm,
    mobilenet_v2,
    squeezenet,
)


class Excitation(nn.Module):
    """Channels times what a small network makes of their means."""

    def __init__(self, channels: int, squeezed: int, gate: nn.Module) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(self.up(nnf.relu(self.down(nnf.adaptive_avg_pool2d(x, 1)))))


def _inverted(
    inputs: int, filters: int, stride: int, inner: int, kernel: int, act: nn.Module, gate: nn.Module | None
) -> nn.Module:
    layers: list[nn.Module] = [conv_bn(inputs, inner), act] if inner != inputs else []
    layers += [conv_bn(inner, inner, kernel, stride, groups=inner), act]
    if gate is not None:
        layers.append(Excitation(inner, max(inputs // 4, 8), gate))
    body = nn.Sequential(*layers, conv_bn(inner, filters))
    return Residual(body) if stride == 1 and inputs == filters else body


def _classifier(inputs: int, classes: int = 1000) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)]


def efficientnet_b0() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 32, 3, 2), nn.SiLU()]
    inputs = 32
    table = (
        (1, 16, 1, 1, 3),
        (6, 24, 2, 2, 3),
        (6, 40, 2, 2, 5),
        (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5),
    )
    for expansion, filters, count, stride, kernel in (*table, (6, 320, 1, 1, 3)):
        for at in range(count):
            step = 1 if at else stride
            layers.append(_inverted(inputs, filters, step, expansion * inputs, kernel, nn.SiLU(), nn.Sigmoid()))
            inputs = filters
    return nn.Sequential(*layers, conv_bn(320, 1280), nn.SiLU(), *_classifier(1280))


def mobilenet_v3_small() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 16, 3, 2), nn.Hardswish()]
    inputs = 16
    table = (
        *((3, 16, 16, True, False, 2), (3, 72, 24, False, False, 2), (3, 88, 24, False, False, 1)),
        *((5, 96, 40, True, True, 2), (5, 240, 40, True, True, 1), (5, 120, 48, True, True, 1)),
        *((5, 288, 96, True, True, 2), (5, 576, 96, True, True, 1)),
    )
    for kernel, inner, filters, excited, hard, stride in table:
        act: nn.Module = nn.Hardswish() if hard else nn.ReLU()
        gate = nn.Hardsigmoid() if excited else None
        layers.append(_inverted(inputs, filters, stride, inner, kernel, act, gate))
        inputs = filters
    layers += [conv_bn(96, 576), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(576, 1024), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(1024, 1000))


class Shuffled(nn.Module):
    """ShuffleNet's unit: half of the channels are passed on, or all at half the size; then they are mixed."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        half = filters // 2
        own = inputs if stride > 1 else half
        side = [conv_bn(inputs, inputs, 3, stride, groups=inputs), conv_bn(inputs, half), nn.ReLU()]
        self.side = nn.Sequential(*side) if stride > 1 else None
        body = [conv_bn(own, half), nn.ReLU(), conv_bn(half, half, 3, stride, groups=half), conv_bn(half, half)]
        self.body = nn.Sequential(*body, nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        if self.side is None:
            kept, rest = x.chunk(2, 1)
            found = torch.cat([kept, self.body(rest)], 1)
        else:
            found = torch.cat([self.side(x), self.body(x)], 1)
        batch, channels, height, width = found.shape
        return (
            found.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(batch, channels, height, width)
        )


def shufflenet_v2() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 24, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 24
    for filters, count in ((116, 4), (232, 8), (464, 4)):
        for at in range(count):
            layers.append(Shuffled(inputs, filters, 1 if at else 2))
            inputs = filters
    return nn.Sequential(*layers, conv_bn(464, 1024), nn.ReLU(), *_classifier(1024))


def _inception(inputs: int, one: int, three: tuple[int, int], five: tuple[int, int], pooled: int) -> nn.Module:
    def act(*layers: nn.Module) -> nn.Sequential:
        return nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())])

    pool = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), *act(conv_bn(inputs, pooled)))
    ways = [act(conv_bn(inputs, own[0]), conv_bn(own[0], own[1], 3)) for own in (three, five)]
    return Joined(act(conv_bn(inputs, one)), *ways, pool)


def googlenet() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), conv_bn(64, 64)]
    layers += [nn.ReLU(), conv_bn(64, 192, 3), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)]
    layers += [_inception(192, 64, (96, 128), (16, 32), 32), _inception(256, 128, (128, 192), (32, 96), 64)]
    layers += [nn.MaxPool2d(3, 2, ceil_mode=True), _inception(480, 192, (96, 208), (16, 48), 64)]
    layers += [_inception(512, 160, (112, 224), (24, 64), 64), _inception(512, 128, (128, 256), (24, 64), 64)]
    layers += [_inception(512, 112, (144, 288), (32, 64), 64), _inception(528, 256, (160, 320), (32, 128), 128)]
    layers += [nn.MaxPool2d(2, 2, ceil_mode=True), _inception(832, 256, (160, 320), (32, 128), 128)]
    return nn.Sequential(*layers, _inception(832, 384, (192, 384), (48, 128), 128), *_classifier(1024))


def resnext50() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, (width, count) in enumerate(((128, 3), (256, 4), (512, 6), (1024, 3))):
        for at in range(count):
            stride, filters = 2 if stage and not at else 1, 2 * width
            body = [conv_bn(inputs, width), nn.ReLU(), conv_bn(width, width, 3, stride, groups=32), nn.ReLU()]
            shortcut = None if at else conv_bn(inputs, filters, 1, stride)
            layers.append(Residual(nn.Sequential(*body, conv_bn(width, filters)), shortcut, nn.ReLU()))
            inputs = filters
    return nn.Sequential(*layers, *_classifier(2048))


class Moved(nn.Module):
    """A module on the channels as the last axis."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Scaled(nn.Module):
    """A factor of its own for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def convnext_tiny() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 96, 4, 4), Moved(nn.LayerNorm(96))]
    for stage, (width, count) in enumerate(((96, 3), (192, 3), (384, 9), (768, 3))):
        if stage:
            layers += [Moved(nn.LayerNorm(width // 2)), nn.Conv2d(width // 2, width, 2, 2)]
        for _ in range(count):
            feed = nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
            )
            body = nn.Sequential(nn.Conv2d(width, width, 7, padding=3, groups=width), Moved(feed), Scaled(width))
            layers.append(Residual(body))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(768), nn.Linear(768, 1000))


class Attention(nn.Module):
    """Attention of a sequence to itself by matrices, with a bias of its scores, or a mask of what is still to come."""

    def __init__(self, depth: int, heads: int, *, causal: bool = False) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.mix, self.out = nn.Linear(depth, 3 * depth), nn.Linear(depth, depth)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        batch, length, depth = x.shape
        parts = self.mix(x).reshape(batch, length, 3, self.heads, depth // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = parts[0], parts[1], parts[2]
        scores = query @ key.transpose(-2, -1) * (depth // self.heads) ** -0.5
        if bias is not None:
            scores = scores + bias
        if self.causal:
            scores = scores + torch.full((length, length), float("-inf")).triu(1)
        return self.out((scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, depth))


def _feed(depth: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(depth), nn.Linear(depth, 4 * depth), nn.GELU(), nn.Linear(4 * depth, depth))


class VisionTransformer(nn.Module):
    """ViT of patches of 16, with a class token."""

    def __init__(self, depth: int = 192, blocks: int = 12, heads: int = 3, size: int = 224) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, depth, 16, 16)
        self.token = nn.Parameter(torch.zeros(1, 1, depth))
        self.places = nn.Parameter(torch.zeros(1, (size // 16) ** 2 + 1, depth))
        attending = [Residual(nn.Sequential(nn.LayerNorm(depth), Attention(depth, heads))) for _ in range(blocks)]
        self.blocks = nn.Sequential(*[nn.Sequential(one, Residual(_feed(depth))) for one in attending])
        self.head = nn.Sequential(nn.LayerNorm(depth), nn.Linear(depth, 1000))

    def forward(self, x: Tensor) -> Tensor:
        found = self.patches(x).flatten(2).transpose(1, 2)
        found = torch.cat([self.token.expand(found.shape[0], -1, -1), found], 1) + self.places
        return self.head(self.blocks(found)[:, 0])


def vit_tiny() -> nn.Module:
    return VisionTransformer()


class Windows(nn.Module):
    """Swin's attention in windows of 7 x 7, every second time shifted by 3 and masked where the shift joins borders."""

    def __init__(self, depth: int, heads: int, *, shift: int) -> None:
        super().__init__()
        self.shift, self.norm, self.attention = shift, nn.LayerNorm(depth), Attention(depth, heads)
        self.table = nn.Parameter(torch.zeros(13 * 13, heads))
        places = torch.stack(torch.meshgrid(torch.arange(7), torch.arange(7), indexing="ij")).flatten(1)
        apart = (places[:, :, None] - places[:, None, :]).permute(1, 2, 0) + 6
        self.register_buffer("index", (apart[..., 0] * 13 + apart[..., 1]).flatten())

    def forward(self, x: Tensor) -> Tensor:
        batch, height, width, depth = x.shape
        found = nnf.pad(self.norm(x), (0, 0, 0, (7 - width % 7) % 7, 0, (7 - height % 7) % 7))
        _, rows, columns, _ = found.shape
        shift = self.shift if min(rows, columns) > 7 else 0
        if shift:
            found = torch.roll(found, (-shift, -shift), (1, 2))
        found = found.view(batch, rows // 7, 7, columns // 7, 7, depth).permute(0, 1, 3, 2, 4, 5)
        bias = self.table[self.index].view(49, 49, -1).permute(2, 0, 1).unsqueeze(0)
        if shift:
            marks = torch.zeros(rows, columns)
            for at, part in enumerate((slice(0, -7), slice(-7, -shift), slice(-shift, None))):
                for other, side in enumerate((slice(0, -7), slice(-7, -shift), slice(-shift, None))):
                    marks[part, side] = 3.0 * at + other
            marks = marks.view(rows // 7, 7, columns // 7, 7).permute(0, 2, 1, 3).reshape(-1, 49)
            apart = marks.unsqueeze(1) - marks.unsqueeze(2)
            mask = apart.masked_fill(apart != 0, -100.0).masked_fill(apart == 0, 0.0)
            bias = bias + mask.repeat(batch, 1, 1).unsqueeze(1)
        found = self.attention(found.reshape(-1, 49, depth), bias)
        found = found.view(batch, rows // 7, columns // 7, 7, 7, depth).permute(0, 1, 3, 2, 4, 5)
        found = found.reshape(batch, rows, columns, depth)
        if shift:
            found = torch.roll(found, (shift, shift), (1, 2))
        return x + found[:, :height, :width]


class Merged(nn.Module):
    """Four neighbours made one place."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.norm, self.reduce = nn.LayerNorm(4 * depth), nn.Linear(4 * depth, 2 * depth, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = nnf.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        four = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduce(self.norm(torch.cat(four, -1)))


class Permuted(nn.Module):
    """Axes in another order."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.order)


def swin_tiny() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 96, 4, 4), Permuted(0, 2, 3, 1), nn.LayerNorm(96)]
    for stage, (count, heads) in enumerate(((2, 3), (2, 6), (6, 12), (2, 24))):
        width = 96 * 2**stage
        layers += [Merged(width // 2)] if stage else []
        for at in range(count):
            layers += [Windows(width, heads, shift=3 if at % 2 else 0), Residual(_feed(width))]
    layers += [nn.LayerNorm(768), Permuted(0, 3, 1, 2), *_classifier(768)]
    return nn.Sequential(*layers)


class Dilated(nn.Module):
    """DeepLab's head: dilated kernels and the mean beside one another, then as large as the image."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        rates = (6, 12, 18)
        kernels = [nn.Conv2d(inputs, 64, 3, padding=rate, dilation=rate, bias=False) for rate in rates]
        self.ways = nn.ModuleList([conv_bn(inputs, 64), *[nn.Sequential(one, nn.BatchNorm2d(64)) for one in kernels]])
        self.mean = nn.Conv2d(inputs, 64, 1)
        self.project, self.out = conv_bn(320, 64), nn.Conv2d(64, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = nnf.interpolate(self.mean(nnf.adaptive_avg_pool2d(x, 1)), x.shape[-2:], mode="bilinear")
        found = torch.cat([*[nnf.relu(way(x)) for way in self.ways], mean], 1)
        return nnf.interpolate(self.out(nnf.relu(self.project(found))), scale_factor=8.0, mode="bilinear")


def deeplab() -> nn.Module:
    stem = [conv_bn(3, 32, 3, 2), nn.ReLU(), conv_bn(32, 64, 3, 2), nn.ReLU(), conv_bn(64, 128, 3, 2), nn.ReLU()]
    return nn.Sequential(*stem, Dilated(128, 21))


class Language(nn.Module):
    """A decoder of GPT's kind, whose table of words is the matrix of the scores, too."""

    def __init__(self, words: int = 5000, depth: int = 128, length: int = 64) -> None:
        super().__init__()
        self.table, self.places = nn.Embedding(words, depth), nn.Embedding(length, depth)
        attending = [Residual(nn.Sequential(nn.LayerNorm(depth), Attention(depth, 4, causal=True))) for _ in range(4)]
        self.blocks = nn.Sequential(*[nn.Sequential(one, Residual(_feed(depth))) for one in attending])
        self.norm = nn.LayerNorm(depth)

    def forward(self, x: Tensor) -> Tensor:
        found = self.table(x) + self.places(torch.arange(x.shape[1]))
        return self.norm(self.blocks(found)) @ self.table.weight.T


def language() -> nn.Module:
    return Language()


class Speech(nn.Module):
    """Spectra, two convolutions over time, a recurrent layer that goes both ways, scores for each step."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.Sequential(nn.Conv1d(80, 64, 3, 2, 1), nn.GELU(), nn.Conv1d(64, 64, 3, padding=1), nn.GELU())
        self.steps = nn.LSTM(64, 48, 2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(96, 30)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.steps(self.convs(x).transpose(1, 2))[0]).log_softmax(-1)


def speech() -> nn.Module:
    return Speech()


#: What each is given, without the batch, and whether that are numbers of words.
ZOO: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("efficientnet_b0", "mobilenet_v3_small", "shufflenet_v2", "googlenet", "resnext50"), (3, 224, 224)
    ),
    **dict.fromkeys(("convnext_tiny", "vit_tiny", "swin_tiny"), (3, 224, 224)),
    "deeplab": (3, 96, 128),
    "language": (40,),
    "speech": (80, 100),
    **dict.fromkeys(("mobilenet_v2", "squeezenet"), (3, 224, 224)),
    **dict.fromkeys(("aspp", "autoencoder", "inception", "vit"), (3, 32, 48)),
    **dict.fromkeys(("encoder", "by_hand"), (12, 64)),
    **dict.fromkeys(("gru", "lstm"), (20, 16)),
    "activations": (4, 30),
    "generator": (64, 8, 8),
    "tcn": (4, 40),
    "volumes": (1, 24, 16, 20),
}
WORDS = frozenset(("language",))
