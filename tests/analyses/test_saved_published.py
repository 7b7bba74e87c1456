"""What backpropagation keeps of published networks, against the bytes that PyTorch was measured to keep.

The measurements (docs/measures.md): PyTorch 2.13 on a CPU, training mode, batch 2, 224 x 224, float32. Each network is
torchvision's, written here once more; strided convolutions pad on the side where Keras's `same` does, which changes
no size.
"""

from __future__ import annotations

import json
from typing import Any

import cnnsum

Spec = list[Any]


def saved(layers: Spec, shape: tuple[int, int, int] = (224, 224, 3), **keys: Any) -> int:
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, **keys}))
    assert [str(found) for found in model.diagnostics] == []
    total = cnnsum.summarize(model, batch=2).totals.saved
    assert isinstance(total, int)
    return total


def conv(filters: int, size: int = 3, strides: int = 1, *, bias: bool = False, **keys: Any) -> Any:
    fields = {"filters": filters, "kernel_size": size, "strides": strides, "padding": "same", "use_bias": bias}
    return {"Conv2D": {**fields, **keys}}


def pool(size: int, strides: int, padding: str = "valid") -> Any:
    return {"MaxPooling2D": {"pool_size": size, "strides": strides, "padding": padding}}


def test_vgg16() -> None:
    layers: Spec = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [conv(filters, bias=True, activation="relu")] * count + [pool(2, 2)]
    layers += [{"AdaptiveAveragePooling2D": 7}, "Flatten"]
    layers += [{"Dense": {"units": 4096, "activation": "relu"}}, {"Dropout": 0.5}] * 2 + [{"Dense": 1000}]
    # Two masks of 2 x 4096 elements: a byte each here, and four in PyTorch on a CPU.
    assert saved(layers) == 146_710_528 - 2 * (2 * 4096) * 3


def test_alexnet() -> None:
    layers: Spec = [conv(64, 11, 4, bias=True, activation="relu", padding="valid"), pool(3, 2)]
    layers += [conv(192, 5, bias=True, activation="relu"), pool(3, 2)]
    layers += [conv(filters, bias=True, activation="relu") for filters in (384, 256, 256)] + [pool(3, 2)]
    layers += [{"AdaptiveAveragePooling2D": 6}, "Flatten"]
    layers += [{"Dropout": 0.5}, {"Dense": {"units": 4096, "activation": "relu"}}] * 2 + [{"Dense": 1000}]
    # torchvision pads its input by 2 on every side; here the input is that much larger, and it is kept.
    larger = (228 * 228 - 224 * 224) * 3 * 2 * 4
    assert saved(layers, (228, 228, 3)) - larger == 7_482_368 - (2 * 9216 + 2 * 4096) * 3


def norm(name: str, source: str | None = None) -> Any:
    return {"BatchNormalization": {"name": name} | ({"from": source} if source else {})}


def residual(index: int, source: str, stages: list[tuple[int, int, int]], *, shortcut: tuple[int, int] | None) -> Spec:
    """A residual block: convolutions (filters, size, strides), each normalised, with a ReLU after all but the last."""
    layers: Spec = []
    previous = source
    for number, (filters, size, strides) in enumerate(stages):
        last = number == len(stages) - 1
        layers += [conv(filters, size, strides, **{"from": previous}), norm(f"n{index}.{number}")]
        previous = f"n{index}.{number}"
        if not last:
            previous = f"r{index}.{number}"
            layers.append({"ReLU": {"name": previous}})
    arm = source
    if shortcut is not None:
        arm = f"s{index}"
        layers += [conv(shortcut[0], 1, shortcut[1], **{"from": source}), norm(arm)]
    layers += [{"Add": {"from": [previous, arm], "name": f"a{index}"}}, {"ReLU": {"name": f"out{index}"}}]
    return layers


def stem() -> Spec:
    return [
        conv(64, 7, 2),
        "BatchNormalization",
        "ReLU",
        {"MaxPooling2D": {"pool_size": 3, "strides": 2, "padding": "same", "name": "out0"}},
    ]


HEAD: Spec = ["GlobalAveragePooling2D", {"Dense": 1000}]


def test_resnet18() -> None:
    layers = stem()
    for index in range(8):
        filters, strides = 64 * 2 ** (index // 2), 2 if index in {2, 4, 6} else 1
        shortcut = (filters, strides) if strides == 2 else None
        layers += residual(index + 1, f"out{index}", [(filters, 3, strides), (filters, 3, 1)], shortcut=shortcut)
    assert saved(layers + HEAD) == 44_398_080


def test_resnet50() -> None:
    layers, index = stem(), 0
    for stage, count in enumerate((3, 4, 6, 3)):
        for number in range(count):
            width, strides = 64 * 2**stage, 2 if number == 0 and stage else 1
            shortcut = (4 * width, strides) if number == 0 else None
            stages = [(width, 1, 1), (width, 3, strides), (4 * width, 1, 1)]
            layers += residual(index + 1, f"out{index}", stages, shortcut=shortcut)
            index += 1
    assert saved(layers + HEAD) == 172_031_488


def test_densenet121() -> None:
    layers = stem()
    layers[-1]["MaxPooling2D"]["name"] = "x0"
    channels, index = 64, 0
    for block, count in enumerate((6, 12, 24, 16)):
        for _ in range(count):
            layers += [
                norm(f"n{index}", f"x{index}"),
                "ReLU",
                conv(128, 1),
                "BatchNormalization",
                "ReLU",
                conv(32, name=f"c{index}"),
            ]
            index += 1
            layers.append({"Concatenate": {"from": [f"x{index - 1}", f"c{index - 1}"], "name": f"x{index}"}})
            channels += 32
        if block < 3:
            channels //= 2
            layers += ["BatchNormalization", "ReLU", conv(channels, 1)]
            index += 1
            layers.append({"AveragePooling2D": {"pool_size": 2, "name": f"x{index}"}})
    assert saved([*layers, "BatchNormalization", "ReLU", *HEAD]) == 261_057_280


def test_mobilenet_v2() -> None:
    relu6 = {"ReLU": {"max_value": 6}}
    layers: Spec = [conv(32, strides=2), "BatchNormalization", relu6]
    channels, entered = 32, "BatchNormalization"
    number = 0
    for expansion, filters, count, first in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for copy in range(count):
            strides = first if copy == 0 else 1
            block: Spec = []
            if expansion > 1:
                block += [conv(channels * expansion, 1), "BatchNormalization", relu6]
            depthwise = {"kernel_size": 3, "strides": strides, "padding": "same", "use_bias": False}
            block += [{"DepthwiseConv2D": depthwise}, "BatchNormalization", relu6]
            block += [conv(filters, 1), {"BatchNormalization": {"name": f"out{number}"}}]
            if strides == 1 and channels == filters:
                block += [{"Add": {"from": [entered, f"out{number}"], "name": f"sum{number}"}}]
                entered = f"sum{number}"
            else:
                entered = f"out{number}"
            layers += block
            channels = filters
            number += 1
    layers += [conv(1280, 1), "BatchNormalization", relu6, {"AdaptiveAveragePooling2D": 1}, "Flatten"]
    layers += [{"Dropout": 0.2}, {"Dense": 1000}]
    assert saved(layers) == 156_555_520 - (2 * 1280) * 3
