"""Every layer type of a spec that `torch_graph` knows: those of `torch_layers`, and functions of PyTorch."""
# ruff: noqa: D102 - `forward` does what the class says

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional
from torch_layers import (
    ANY,
    BY_ROW,
    FIRST,
    LAST,
    Attention,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Embedding,
    LayerNormalization,
    Makes,
    Module,
    Normalization,
    Separable,
    Site,
    Sizes,
    Tensor,
    Transposed,
    Windows,
    activate,
    weights,
)

LARGEST = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)
MEANS = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)


class Weighted(Module):
    """A function of one weight and of the input."""

    order = LAST

    def __init__(self, shape: Sizes, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.weight = weights(*shape)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.weight, x)


class Function(Module):
    """A function of the inputs."""

    def __init__(self, function: Callable[..., Tensor], order: str) -> None:
        super().__init__()
        self.function = function
        self.order = order

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


def plain(function: Callable[..., Tensor], order: str) -> Makes:
    """A function that no field changes."""
    return lambda _: Function(function, order)


def _largest(site: Site) -> Module:
    windows = Windows(site.fields["pool_size"], site.fields)

    def pool(x: Tensor) -> Tensor:
        y, padding = windows.pad(x)
        kind: Any = LARGEST[len(padding) - 1]
        return kind(y, windows.size, windows.strides, padding)

    return Function(pool, FIRST)


def _mean(site: Site) -> Module:
    windows = Windows(site.fields["pool_size"], site.fields)

    def pool(x: Tensor) -> Tensor:
        y, padding = windows.pad(x)
        kind: Any = MEANS[len(padding) - 1]
        return kind(y, windows.size, windows.strides, padding, count_include_pad=False)

    return Function(pool, FIRST)


def _largest_of_all(site: Site) -> Module:
    def pool(x: Tensor) -> Tensor:
        y = x.flatten(2).max(2).values
        return y.reshape(*y.shape, *(1 for _ in x.shape[2:])) if site.fields["keepdims"] else y

    return Function(pool, FIRST)


def _mean_of_all(site: Site) -> Module:
    keep = site.fields["keepdims"]
    return Function(lambda x: x.mean(tuple(range(2, x.dim())), keepdim=keep), FIRST)


def _zeros(site: Site) -> Module:
    padding = site.fields["padding"]
    pairs = padding if isinstance(padding[0], tuple) else (padding,)
    around = [size for pair in reversed(pairs) for size in pair]
    return Function(lambda x: functional.pad(x, around), FIRST)


def _enlarge(site: Site) -> Module:
    factors = tuple(map(float, site.fields["size"]))
    mode = site.fields.get("interpolation", "nearest")
    return Function(lambda x: functional.interpolate(x, scale_factor=factors, mode=mode), FIRST)


def _number(value: Any) -> float:
    """A number, or a quotient that a spec has as a text."""
    if not isinstance(value, str):
        return float(value)
    over, _, under = value.partition("/")
    return float(over) / float(under or 1)


def _rescale(site: Site) -> Module:
    scale, offset = _number(site.fields["scale"]), _number(site.fields["offset"])
    return Function(lambda x: x * scale + offset, ANY)


def _activation(site: Site) -> Module:
    name = site.fields["activation"]
    return Function(lambda x: activate(name, x, -1), LAST if name in BY_ROW else ANY)


def _relu(site: Site) -> Module:
    most = site.fields["max_value"]
    return Function(functional.relu if most is None else lambda x: functional.hardtanh(x, 0.0, most), ANY)


def _softmax(site: Site) -> Module:
    (axis,) = site.fields["axis"]
    return Function(lambda x: functional.softmax(x, axis), LAST)


def _reshape(site: Site) -> Module:
    return Function(lambda x: x.reshape(x.shape[0], *site.fields["target_shape"]), LAST)


def _permute(site: Site) -> Module:
    return Function(lambda x: x.permute(0, *site.fields["dims"]).contiguous(), LAST)


def _concatenate(site: Site) -> Module:
    axis = site.fields["axis"]
    if axis == -1:
        return Function(lambda *inputs: torch.cat(inputs, 1), FIRST)
    return Function(lambda *inputs: torch.cat(inputs, axis), LAST)


def _total(*inputs: Tensor) -> Tensor:
    total = inputs[0]
    for x in inputs[1:]:
        total = total + x
    return total


def _product(*inputs: Tensor) -> Tensor:
    product = inputs[0]
    for x in inputs[1:]:
        product = product * x
    return product


def _token(token: Tensor, x: Tensor) -> Tensor:
    return torch.cat([token.expand(x.shape[0], -1, -1), x], 1)


def _depthwise(site: Site) -> Module:
    return Convolution(site, depthwise=True)


def _with_axes(name: str, make: Makes) -> dict[str, Makes]:
    """The same for one, two and three spatial axes."""
    return {name.replace("*", f"{axes}D"): make for axes in (1, 2, 3)}


MAKERS: dict[str, Makes] = {
    **_with_axes("Conv*", Convolution),
    **_with_axes("DepthwiseConv*", _depthwise),
    **_with_axes("SeparableConv*", Separable),
    **_with_axes("Conv*Transpose", Transposed),
    **_with_axes("MaxPooling*", _largest),
    **_with_axes("AveragePooling*", _mean),
    **_with_axes("GlobalMaxPooling*", _largest_of_all),
    **_with_axes("GlobalAveragePooling*", _mean_of_all),
    **_with_axes("ZeroPadding*", _zeros),
    **_with_axes("UpSampling*", _enlarge),
    "Dense": Dense,
    "BatchNormalization": BatchNormalization,
    "LayerNormalization": LayerNormalization,
    "Normalization": Normalization,
    "Rescaling": _rescale,
    "Activation": _activation,
    "ReLU": _relu,
    "Softmax": _softmax,
    "Dropout": Dropout,
    "Flatten": plain(lambda x: x.flatten(1), ANY),
    "Reshape": _reshape,
    "Permute": _permute,
    "Identity": plain(lambda x: x, ANY),
    "Add": plain(_total, ANY),
    "Subtract": plain(torch.sub, ANY),
    "Multiply": plain(_product, ANY),
    "Concatenate": _concatenate,
    "MultiHeadAttention": Attention,
    "Embedding": Embedding,
    # Layer types that specs of the gallery declare themselves.
    "ClassToken": lambda site: Weighted((1, site.shapes[0][-1]), _token),
    "PositionEmbedding": lambda site: Weighted(site.shapes[0][1:], torch.add),
    "FirstToken": plain(lambda x: x[:, 0].clone(), LAST),
    "LayerScale": lambda site: Weighted(site.shapes[0][-1:], torch.mul),
    "Absolute": plain(torch.abs, ANY),
}
