"""Networks that multiply views: attention, experts and others, written by hand without fused kernels, for the tests of
what PyTorch keeps of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import nn


class Attention(nn.Module):  # type: ignore[misc]  # PyTorch does not type it
    """One layer for queries, keys and values, as timm writes it; scaled before or after the product."""

    def __init__(self, width: int = 32, heads: int = 4, *, after: bool = False, unbind: bool = False) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.heads, self.after, self.unbind = heads, after, unbind

    def scores(self, q: Any, k: Any) -> Any:
        scale = q.shape[-1] ** -0.5
        return (q @ k.transpose(-2, -1)) * scale if self.after else (q * scale) @ k.transpose(-2, -1)

    def forward(self, x: Any, bias: Any = None) -> Any:
        batch, count, width = x.shape
        qkv = self.qkv(x).reshape(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0) if self.unbind else (qkv[0], qkv[1], qkv[2])
        scores = self.scores(q, k)
        if bias is not None:
            scores = scores + bias
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, count, width))


class Windows(nn.Module):  # type: ignore[misc]
    """A block of a Swin: attention within windows, shifted or not, and a mask for the borders."""

    def __init__(self, width: int, heads: int, side: int, shift: int = 0, **how: bool) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, heads, **how)
        self.bias = nn.Parameter(torch.zeros(heads, side * side, side * side))
        self.after = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.side, self.shift = side, shift

    def forward(self, x: Any) -> Any:
        batch, high, wide, width = x.shape
        y, side = self.norm(x), self.side
        if self.shift:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = y.view(batch, high // side, side, wide // side, side, width).permute(0, 1, 3, 2, 4, 5)
        y = self.attention(y.contiguous().view(-1, side * side, width), self.bias)
        y = y.view(batch, high // side, wide // side, side, side, width).permute(0, 1, 3, 2, 4, 5)
        y = y.reshape(batch, high, wide, width)
        if self.shift:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        x = x + y
        return x + self.mlp(self.after(x))


class Swin(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.patches, self.norm = nn.Conv2d(3, 16, 2, 2), nn.LayerNorm(16)
        self.blocks = nn.Sequential(Windows(16, 2, 4), Windows(16, 2, 4, 2, unbind=True))
        self.merged, self.reduce = nn.LayerNorm(64), nn.Linear(64, 32, bias=False)
        self.last, self.head = Windows(32, 4, 4, after=True), nn.Linear(32, 5)

    def forward(self, x: Any) -> Any:
        x = self.blocks(self.norm(self.patches(x).permute(0, 2, 3, 1)))
        batch, high, wide, width = x.shape
        x = x.reshape(batch, high // 2, 2, wide // 2, 2, width).permute(0, 1, 3, 4, 2, 5).flatten(3)
        return self.head(self.last(self.reduce(self.merged(x))).mean((1, 2)))


class Vit(nn.Module):  # type: ignore[misc]
    def __init__(self, width: int = 32, depth: int = 2, **how: bool) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, 17, width))
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.LayerNorm(width),
                    Attention(width, **how),
                    nn.LayerNorm(width),
                    nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)),
                ]
            )
            for _ in range(depth)
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x: Any) -> Any:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.places
        for first, attention, second, mlp in self.blocks:
            x = x + attention(first(x))
            x = x + mlp(second(x))
        return self.head(self.norm(x)[:, 0])


class Separate(nn.Module):  # type: ignore[misc]
    """A layer each for queries, keys and values, multiplied by matmul or by einsum."""

    def __init__(self, width: int = 32, heads: int = 4, *, einsum: bool = False) -> None:
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.heads, self.einsum = heads, einsum

    def forward(self, x: Any) -> Any:
        batch, count, width = x.shape
        q, k, v = (one(x).view(batch, count, self.heads, -1) for one in (self.q, self.k, self.v))
        if self.einsum:
            scores = torch.einsum("bqhd,bkhd->bhqk", q, k).softmax(-1)
            return self.out(torch.einsum("bhqk,bkhd->bqhd", scores, v).flatten(2))
        q, k, v = (one.transpose(1, 2) for one in (q, k, v))
        scores = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(width // self.heads), -1)
        return self.out((scores @ v).transpose(1, 2).contiguous().view(batch, count, width))


class Fused(nn.Module):  # type: ignore[misc]
    """Parts of one tensor, unbound along an axis in the middle, and multiplied by einsum."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.qkv, self.out, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads

    def forward(self, x: Any) -> Any:
        batch, count, width = x.shape
        q, k, v = self.qkv(x).view(batch, count, 3, self.heads, width // self.heads).unbind(2)
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k).mul(0.3).softmax(-1)
        return self.out(torch.einsum("bhqk,bkhd->bqhd", scores, v).flatten(2))


class Projected(nn.Module):  # type: ignore[misc]
    """Weights of several axes, which einsum copies where it turns them."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        shape = (width, heads, width // heads)
        self.first = nn.Linear(width, width)
        self.q, self.k, self.v = (nn.Parameter(torch.randn(shape)) for _ in range(3))
        self.out = nn.Parameter(torch.randn(heads, width // heads, width))

    def forward(self, x: Any) -> Any:
        x = self.first(x)
        q, k, v = (torch.einsum("btd,dhk->bhtk", x, one) for one in (self.q, self.k, self.v))
        return torch.einsum("bhtk,hkd->btd", (q @ k.mT).softmax(-1) @ v, self.out)


class Grouped(nn.Module):  # type: ignore[misc]
    """Fewer heads for keys and values, repeated; or one for all, which the product repeats."""

    def __init__(self, width: int = 32, heads: int = 4, groups: int = 2) -> None:
        super().__init__()
        self.heads, self.groups, self.depth = heads, groups, width // heads
        self.q, self.out = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * groups * self.depth)

    def spread(self, x: Any) -> Any:
        batch, count, _ = x.shape
        x = x.view(batch, count, self.groups, self.depth).transpose(1, 2)
        if self.groups == 1:
            return x
        x = x[:, :, None].expand(batch, self.groups, self.heads // self.groups, count, self.depth)
        return x.reshape(batch, self.heads, count, self.depth)

    def forward(self, x: Any) -> Any:
        batch, count, width = x.shape
        q = self.q(x).view(batch, count, self.heads, self.depth).transpose(1, 2)
        k, v = map(self.spread, self.kv(x).chunk(2, -1))
        return self.out(((q @ k.mT).softmax(-1) @ v).transpose(1, 2).reshape(batch, count, width))


class Experts(nn.Module):  # type: ignore[misc]
    """A mixture of experts: a weight of all of them, and equations of how it is multiplied."""

    def __init__(self, up: str, down: str, mixed: str, spread: str = "") -> None:
        super().__init__()
        self.first, self.gate = nn.Linear(32, 32), nn.Linear(32, 4)
        self.up, self.down = nn.Parameter(torch.randn(4, 32, 64)), nn.Parameter(torch.randn(4, 64, 32))
        self.equations, self.spread = (up, down, mixed), spread

    def forward(self, x: Any) -> Any:
        x = self.first(x)
        gates = self.gate(x).softmax(-1)
        up, down, mixed = self.equations
        sent = torch.einsum(self.spread, gates, x) if self.spread else x
        y = torch.einsum(down, F.gelu(torch.einsum(up, sent, self.up)), self.down)
        return torch.einsum(mixed, y, gates)


class Dotted(nn.Module):  # type: ignore[misc]
    """Axes of two tensors summed over, in the order in which they lie and in another."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.weight, self.turned = nn.Parameter(torch.randn(6, 4, 3)), nn.Parameter(torch.randn(3, 6, 4))

    def forward(self, x: Any) -> Any:
        y = self.first(x).transpose(1, 2)
        some = torch.tensordot(y, self.weight, dims=([1, 2], [0, 1])).sum()
        return some + torch.tensordot(y, self.turned, dims=([2, 1], [2, 1])).sum()


class Both(nn.Module):  # type: ignore[misc]
    """What is permuted and reshaped, and kept as it was by something else."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.left, self.right = nn.Linear(12, 12), nn.Linear(12, 5), nn.Linear(12, 3)

    def forward(self, x: Any) -> Any:
        y = torch.tanh(self.first(x))
        turned = y.view(y.shape[0], 4, 4, 3).permute(0, 2, 1, 3).reshape(y.shape[0], 4, 12)
        return self.left(turned).sum() + self.right(y).sum()


class Layers(nn.Module):  # type: ignore[misc]
    """Linear layers on what is not contiguous: copied, or as it is where its rows can be counted with one stride."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.turned, self.part = nn.Linear(6, 6), nn.Linear(4, 3), nn.Linear(3, 2)
        self.moved = nn.Linear(6, 2, bias=False)

    def forward(self, x: Any) -> Any:
        y = self.first(x).tanh()
        some = self.turned(y.transpose(1, 2)).sum() + self.part(y[..., :3]).sum()
        return some + self.moved(y.transpose(0, 1)).sum()


class Folded(nn.Module):  # type: ignore[misc]
    """Matrices and vectors times many matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.matrix, self.vector = nn.Parameter(torch.randn(5, 4)), nn.Parameter(torch.randn(6))

    def forward(self, x: Any) -> Any:
        y = self.first(x)
        some = (self.matrix @ y).sum() + (y @ self.vector).sum()
        return some + (y.transpose(1, 2) @ self.matrix.t()).sum()


class Shuffled(nn.Module):  # type: ignore[misc]
    """Channels of a picture shuffled by a view, a permutation and a copy."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1)

    def forward(self, x: Any) -> Any:
        x = self.first(x).relu()
        batch, channels, high, wide = x.shape
        x = x.view(batch, 2, channels // 2, high, wide).transpose(1, 2).reshape(batch, channels, high, wide)
        return self.last(x)


class Next(nn.Module):  # type: ignore[misc]
    """A block of a ConvNeXt: channels last between two permutations."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem, self.deep = nn.Conv2d(3, width, 2, 2), nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale, self.last = nn.Parameter(torch.ones(width)), nn.Conv2d(width, 6, 2, 2)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = self.norm(self.deep(x).permute(0, 2, 3, 1))
        y = self.scale * self.down(F.gelu(self.up(y)))
        return self.last(x + y.permute(0, 3, 1, 2)).mean((2, 3))


class Axial(nn.Module):  # type: ignore[misc]
    """Attention along the rows of a picture, and then along its columns."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.rows, self.columns = Attention(width, 2), Attention(width, 2)

    def forward(self, x: Any) -> Any:
        batch, high, wide, width = x.shape
        x = x + self.rows(x.reshape(batch * high, wide, width)).view(batch, high, wide, width)
        y = x.transpose(1, 2).reshape(batch * wide, high, width)
        return x + self.columns(y).view(batch, wide, high, width).transpose(1, 2)


class Kernel(nn.Module):  # type: ignore[misc]
    """PyTorch's own attention, whose output has the heads behind the places."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.qkv, self.out, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads

    def forward(self, x: Any) -> Any:
        batch, count, width = x.shape
        qkv = self.qkv(x).reshape(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*qkv.unbind(0))
        return self.out(y.transpose(1, 2).reshape(batch, count, width))


class Crossed(nn.Module):  # type: ignore[misc]
    """PyTorch's layer of attention, on two sequences; with weights that are asked for it is no fused kernel."""

    def __init__(self, *, weights: bool, first: bool) -> None:
        super().__init__()
        self.before, self.out, self.weights = nn.Linear(32, 32), nn.Linear(32, 3), weights
        self.attention = nn.MultiheadAttention(32, 4, batch_first=first)

    def forward(self, x: Any) -> Any:
        return self.out(self.attention(self.before(x), x, 2 * x, need_weights=self.weights)[0])


class Network(NamedTuple):
    """A network, and the shape of its input but for the batch."""

    make: Callable[[], nn.Module]
    shape: tuple[int, ...]


SEQUENCE, PICTURE = (10, 32), (3, 16, 16)

NETWORKS = {
    "fused": Network(Attention, SEQUENCE),
    "fused, scaled after": Network(lambda: Attention(after=True), SEQUENCE),
    "fused, unbound": Network(lambda: Attention(after=True, unbind=True), SEQUENCE),
    "fused, by einsum": Network(Fused, SEQUENCE),
    "windows": Network(lambda: Windows(32, 4, 4), (8, 8, 32)),
    "windows, scaled after": Network(lambda: Windows(32, 4, 4, after=True), (8, 8, 32)),
    "one window": Network(lambda: Windows(32, 4, 4), (4, 4, 32)),
    "swin": Network(Swin, PICTURE),
    "vit": Network(Vit, PICTURE),
    "vit, unbound": Network(lambda: Vit(after=True, unbind=True), PICTURE),
    "separate": Network(Separate, SEQUENCE),
    "separate, by einsum": Network(lambda: Separate(einsum=True), SEQUENCE),
    "projected": Network(Projected, SEQUENCE),
    "grouped": Network(Grouped, SEQUENCE),
    "one group": Network(lambda: Grouped(groups=1), SEQUENCE),
    "experts": Network(lambda: Experts("btd,edh->bteh", "bteh,ehd->bted", "bted,bte->btd"), SEQUENCE),
    "experts first": Network(lambda: Experts("btd,edh->ebth", "ebth,ehd->bted", "bted,bte->btd"), SEQUENCE),
    "experts, sent": Network(
        lambda: Experts("ebtd,edh->ebth", "ebth,ehd->ebtd", "ebtd,bte->btd", "bte,btd->ebtd"), SEQUENCE
    ),
    "dotted": Network(Dotted, (4, 6)),
    "both": Network(Both, (4, 12)),
    "layers": Network(Layers, (4, 6)),
    "folded": Network(Folded, (4, 6)),
    "shuffled": Network(Shuffled, (3, 8, 8)),
    "next": Network(Next, PICTURE),
    "axial": Network(Axial, (4, 6, 16)),
    "kernel": Network(Kernel, SEQUENCE),
    "crossed": Network(lambda: Crossed(weights=False, first=True), SEQUENCE),
    "crossed, steps first": Network(lambda: Crossed(weights=False, first=False), SEQUENCE),
    "crossed, with weights": Network(lambda: Crossed(weights=True, first=True), SEQUENCE),
    "crossed, with weights, steps first": Network(lambda: Crossed(weights=True, first=False), SEQUENCE),
}
