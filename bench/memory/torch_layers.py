"""Layers as modules of PyTorch: those that have weights of their own, and what all of them need.

A `same` padding that would be longer at the end than at the beginning is as long on both sides, as long as the output
has the same size: the padding then lies inside of PyTorch's convolution and makes no tensor of its own. What a layer
computes is so moved by a sample, and no number of bytes and no MAC is changed.
"""
# ruff: noqa: D102 - `forward` does what the class says

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

Tensor = torch.Tensor
Sizes = tuple[int, ...]


#: Fields that a layer must leave as they are by default.
REFUSED = (
    *("output_padding", "lora_rank", "renorm", "rms_scaling", "noise_shape", "negative_slope", "threshold", "dropout"),
    *("output_shape", "use_gate", "return_attention_scores", "attention_axes", "sliding_window", "use_causal_mask"),
)


class Site(NamedTuple):
    """Where a layer stands: its name, its fields, and the shapes of its inputs as the spec has them."""

    name: str
    fields: dict[str, Any]
    shapes: list[Any]


Makes = Callable[[Site], "Module"]

#: How a module wants the axes of its inputs, and gives those of its output: the channels right behind the batch, or
#: last as in the spec. One that is made of single elements takes what comes.
FIRST, LAST, ANY = "first", "last", "any"

ACTIVATIONS: dict[str | None, Callable[[Tensor], Tensor]] = {
    None: lambda x: x,
    "linear": lambda x: x,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_sigmoid": functional.hardsigmoid,
    "silu": functional.silu,
    "swish": functional.silu,
    "hard_silu": functional.hardswish,
    "hard_swish": functional.hardswish,
    "gelu": functional.gelu,
    "mish": functional.mish,
    "softplus": functional.softplus,
}

#: Functions of all channels of a place.
BY_ROW: dict[str | None, Callable[[Tensor, int], Tensor]] = {
    "softmax": functional.softmax,
    "log_softmax": functional.log_softmax,
}

CONVOLUTIONS = (functional.conv1d, functional.conv2d, functional.conv3d)
TRANSPOSED = (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d)


class Module(nn.Module):
    """A layer."""

    order = FIRST


def weights(*shape: int) -> nn.Parameter:
    """Small random numbers, so that nothing overflows."""
    return nn.Parameter(torch.randn(shape) / math.sqrt(max(1, math.prod(shape[1:]))))


def activate(name: str | None, x: Tensor, axis: int) -> Tensor:
    """Apply an activation by name; `axis` is that of the channels."""
    return BY_ROW[name](x, axis) if name in BY_ROW else ACTIVATIONS[name](x)


class Windows:
    """How a kernel slides: its size, strides, dilation, and the zeros around the input."""

    def __init__(self, size: Sizes, fields: dict[str, Any]) -> None:
        self.size = size
        self.strides = fields.get("strides") or size
        self.dilation = fields.get("dilation_rate") or (1,) * len(size)
        self.padding = fields["padding"]

    def pad(self, x: Tensor) -> tuple[Tensor, Sizes]:
        """The input, its channels first, and how much PyTorch is to pad on both sides of each axis."""
        if self.padding == "valid":
            return x, (0,) * len(self.size)
        if self.padding == "causal":
            return functional.pad(x, ((self.size[0] - 1) * self.dilation[0], 0)), (0,)
        both: list[int] = []
        around: list[int] = []
        even = True
        for length, size, stride, dilation in zip(x.shape[2:], self.size, self.strides, self.dilation, strict=True):
            span = (size - 1) * dilation + 1
            out = -(-length // stride)
            total = max((out - 1) * stride + span - length, 0)
            side = -(-total // 2)
            even = even and (length + 2 * side - span) // stride + 1 == out
            both.append(side)
            around = [total // 2, total - total // 2, *around]
        return (x, tuple(both)) if even else (functional.pad(x, around), (0,) * len(self.size))


class Convolution(Module):
    """Conv1D, 2D, 3D and the depthwise ones, which are grouped by channel."""

    def __init__(self, site: Site, *, depthwise: bool = False) -> None:
        super().__init__()
        fields, channels = site.fields, site.shapes[0][-1]
        self.windows = Windows(fields["kernel_size"], fields)
        self.groups = channels if depthwise else fields["groups"]
        filters = channels * fields["depth_multiplier"] if depthwise else fields["filters"]
        self.kernel = weights(filters, channels // self.groups, *self.windows.size)
        self.bias = weights(filters) if fields["use_bias"] else None
        self.activation = fields["activation"]

    def forward(self, x: Tensor) -> Tensor:
        y, padding = self.windows.pad(x)
        convolve: Any = CONVOLUTIONS[len(padding) - 1]
        y = convolve(y, self.kernel, self.bias, self.windows.strides, padding, self.windows.dilation, self.groups)
        return activate(self.activation, y, 1)


class Separable(Module):
    """SeparableConv1D and 2D: a depthwise convolution, then one of a single sample."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        fields, self.channels = site.fields, site.shapes[0][-1]
        self.windows = Windows(fields["kernel_size"], fields)
        inner = self.channels * fields["depth_multiplier"]
        self.depthwise = weights(inner, 1, *self.windows.size)
        self.pointwise = weights(fields["filters"], inner, *(1 for _ in self.windows.size))
        self.bias = weights(fields["filters"]) if fields["use_bias"] else None
        self.activation = fields["activation"]

    def forward(self, x: Tensor) -> Tensor:
        y, padding = self.windows.pad(x)
        convolve: Any = CONVOLUTIONS[len(padding) - 1]
        y = convolve(y, self.depthwise, None, self.windows.strides, padding, self.windows.dilation, self.channels)
        return activate(self.activation, convolve(y, self.pointwise, self.bias), 1)


class Transposed(Module):
    """Conv1DTranspose, 2D and 3D."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        fields = site.fields
        self.windows = Windows(fields["kernel_size"], fields)
        self.kernel = weights(site.shapes[0][-1], fields["filters"], *self.windows.size)
        self.bias = weights(fields["filters"]) if fields["use_bias"] else None
        self.activation = fields["activation"]
        self.padding: list[int] = []
        self.more: list[int] = []
        windows = self.windows
        for size, stride, dilation in zip(windows.size, windows.strides, windows.dilation, strict=True):
            span = (size - 1) * dilation + 1
            side = max(-(-(span - stride) // 2), 0) if windows.padding == "same" else 0
            self.padding.append(side)
            self.more.append(max(stride - span + 2 * side, 0))

    def forward(self, x: Tensor) -> Tensor:
        windows = self.windows
        convolve: Any = TRANSPOSED[len(self.padding) - 1]
        y = convolve(x, self.kernel, self.bias, windows.strides, self.padding, self.more, 1, windows.dilation)
        return activate(self.activation, y, 1)


class Dense(Module):
    """A product of the last axis with a matrix."""

    order = LAST

    def __init__(self, site: Site) -> None:
        super().__init__()
        fields = site.fields
        self.kernel = weights(fields["units"], site.shapes[0][-1])
        self.bias = weights(fields["units"]) if fields["use_bias"] else None
        self.activation = fields["activation"]

    def forward(self, x: Tensor) -> Tensor:
        return activate(self.activation, functional.linear(x, self.kernel, self.bias), -1)


class BatchNormalization(Module):
    """With the statistics of the batch, as in training."""

    mean: Tensor
    variance: Tensor

    def __init__(self, site: Site) -> None:
        super().__init__()
        fields = site.fields
        if fields["axis"] != -1:
            raise NotImplementedError(f"{site.name}: axis")
        size = site.shapes[0][-1]
        self.gamma = nn.Parameter(torch.ones(size)) if fields["scale"] else None
        self.beta = nn.Parameter(torch.zeros(size)) if fields["center"] else None
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("variance", torch.ones(size))
        self.momentum, self.epsilon = 1 - fields["momentum"], fields["epsilon"]

    def forward(self, x: Tensor) -> Tensor:
        gamma, beta, momentum, epsilon = self.gamma, self.beta, self.momentum, self.epsilon
        return functional.batch_norm(x, self.mean, self.variance, gamma, beta, True, momentum, epsilon)


class LayerNormalization(Module):
    """Over the last axis."""

    order = LAST

    def __init__(self, site: Site) -> None:
        super().__init__()
        fields = site.fields
        if fields["axis"] != (-1,):
            raise NotImplementedError(f"{site.name}: axis")
        size = site.shapes[0][-1]
        self.gamma = nn.Parameter(torch.ones(size)) if fields["scale"] else None
        self.beta = nn.Parameter(torch.zeros(size)) if fields["center"] else None
        self.epsilon = fields["epsilon"]

    def forward(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], self.gamma, self.beta, self.epsilon)


class Normalization(Module):
    """By constants, or by what was learned of data before."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        if site.fields["axis"] != (-1,):
            raise NotImplementedError(f"{site.name}: axis")
        learned = site.fields["mean"] is None
        # Constants are not weights.
        size = (site.shapes[0][-1], *(1 for _ in site.shapes[0][2:]))
        self.register_buffer("mean", torch.zeros(size), persistent=learned)
        self.register_buffer("deviation", torch.ones(size), persistent=learned)
        if learned:
            self.register_buffer("count", torch.zeros((), dtype=torch.int32))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


class Attention(Module):
    """MultiHeadAttention, written out: the scores are made whole, as no fused kernel would."""

    order = LAST

    def __init__(self, site: Site) -> None:
        super().__init__()
        fields = site.fields
        query, value = site.shapes[0], site.shapes[1]
        key = site.shapes[2] if len(site.shapes) > 2 else value
        self.heads = fields["num_heads"]
        self.depth = fields["key_dim"]
        keys, values = self.heads * self.depth, self.heads * (fields["value_dim"] or self.depth)
        bias = fields["use_bias"]
        self.query, self.key = nn.Linear(query[-1], keys, bias), nn.Linear(key[-1], keys, bias)
        self.value, self.out = nn.Linear(value[-1], values, bias), nn.Linear(values, query[-1], bias)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, query: Tensor, value: Tensor, key: Tensor | None = None) -> Tensor:
        queries = self._split(self.query(query) / math.sqrt(self.depth))
        keys = self._split(self.key(value if key is None else key))
        scores = functional.softmax(queries @ keys.transpose(2, 3), -1)
        attended = scores @ self._split(self.value(value))
        return self.out(attended.transpose(1, 2).flatten(2))


class Embedding(Module):
    """Rows of a table."""

    order = LAST

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.table = weights(site.fields["input_dim"], site.fields["output_dim"])

    def forward(self, x: Tensor) -> Tensor:
        return functional.embedding(x, self.table)


class Dropout(Module):
    """Counts the elements of its mask."""

    order = ANY

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.rate = site.fields["rate"]
        self.mask = 0

    def forward(self, x: Tensor) -> Tensor:
        if not self.rate:
            return x
        self.mask += x.numel()
        return functional.dropout(x, self.rate, training=True)
