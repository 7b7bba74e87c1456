"""ONNX files on which tools are compared: made with `onnx` alone, each for what it is hard at. Weights are zeros."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17


class _Maker:
    """Makes a graph, a node after another."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.held: list[onnx.TensorProto] = []

    def put(self, type: str, *inputs: str, **attributes: object) -> str:
        name = f"{type.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(type, list(inputs), [name], name, **attributes))
        return name

    def weight(self, *sizes: int) -> str:
        return self.hold(np.zeros(sizes, np.float32))

    def hold(self, array: np.ndarray) -> str:
        name = f"held_{len(self.held)}"
        self.held.append(numpy_helper.from_array(array, name))
        return name

    def numbers(self, *numbers: int) -> str:
        return self.hold(np.array(numbers, np.int64))

    def conv(self, x: str, inputs: int, filters: int, kernel: int = 3, stride: int = 1) -> str:
        pads = [kernel // 2] * 4
        weight = self.weight(filters, inputs, kernel, kernel)
        made = self.put("Conv", x, weight, self.weight(filters), pads=pads, strides=[stride] * 2)
        return self.put("Relu", made)

    def save(self, path: Path, sizes: list[int | str], output: str, rank: int = 4) -> Path:
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes)
        y = helper.make_tensor_value_info(output, TensorProto.FLOAT, [None] * rank)
        graph = helper.make_graph(self.nodes, path.stem, [x], [y], self.held)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=10)
        onnx.save(model, path)
        return path


def chain(path: Path) -> Path:
    """100 convolutions of 3 x 3 with 32 channels."""
    made, x = _Maker(), "x"
    for at in range(100):
        x = made.conv(x, 3 if not at else 32, 32)
    return made.save(path, [1, 3, 64, 64], x)


def wide(path: Path) -> Path:
    """100 convolutions of 1 x 1 with 4,096 channels, of one weight: 64 MiB."""
    made, x = _Maker(), "x"
    weight = made.weight(4096, 4096, 1, 1)
    for _ in range(100):
        x = made.put("Conv", x, weight)
    return made.save(path, [1, 4096, 8, 8], x)


def unet(path: Path) -> Path:
    """Four levels, free sizes: runs at multiples of 16 alone."""
    made = _Maker()
    ways, x, channels = [], made.conv("x", 3, 16), 16
    for _ in range(4):
        ways.append((x, channels))
        x = made.conv(made.put("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), channels, 2 * channels)
        channels *= 2
    for way, width in reversed(ways):
        x = made.put("ConvTranspose", x, made.weight(channels, width, 2, 2), strides=[2, 2])
        x, channels = made.conv(made.put("Concat", way, x, axis=1), 2 * width, width), width
    return made.save(path, ["N", 3, "H", "W"], x)


def strided(path: Path) -> Path:
    """Five strides of 2 on free sizes, then a mean: runs at every size."""
    made, x = _Maker(), "x"
    for at in range(5):
        x = made.conv(x, 3 * 2**at, 3 * 2 ** (at + 1), stride=2)
    x = made.put("GlobalAveragePool", x)
    return made.save(path, ["N", 3, "H", "W"], made.put("Flatten", x), 2)


def computed(path: Path) -> Path:
    """Windows of 8 x 8 out of a map by sizes that the program computes, and back: runs at multiples of 8."""
    made = _Maker()
    x = made.conv("x", 3, 16)
    shape = made.put("Shape", x)
    batch, height, width = (made.put("Gather", shape, made.hold(np.array([at])), axis=0) for at in (0, 2, 3))
    rows, columns = (made.put("Div", one, made.numbers(8)) for one in (height, width))
    eight, sixteen = made.numbers(8), made.numbers(16)
    parts = made.put("Concat", batch, sixteen, rows, eight, columns, eight, axis=0)
    windows = made.put("Transpose", made.put("Reshape", x, parts), perm=[0, 2, 4, 3, 5, 1])
    flat = made.put("Reshape", windows, made.numbers(-1, 64, 16))
    scores = made.put("Softmax", made.put("MatMul", flat, made.put("Transpose", flat, perm=[0, 2, 1])), axis=-1)
    mixed = made.put("MatMul", scores, flat)
    again = made.put("Concat", batch, rows, columns, eight, eight, sixteen, axis=0)
    back = made.put("Transpose", made.put("Reshape", mixed, again), perm=[0, 5, 1, 3, 2, 4])
    return made.save(path, ["N", 3, "H", "W"], made.put("Reshape", back, shape))


def resized(path: Path) -> Path:
    """A pyramid whose coarse map is made as large as the fine one by that one's own sizes: runs from 3 on."""
    made = _Maker()
    fine = made.conv("x", 3, 16, stride=2)
    coarse = made.conv(made.put("MaxPool", fine, kernel_shape=[2, 2], strides=[2, 2]), 16, 16)
    sizes = made.put("Concat", made.put("Slice", made.put("Shape", coarse), made.numbers(0), made.numbers(2)),
                     made.put("Slice", made.put("Shape", fine), made.numbers(2), made.numbers(4)), axis=0)  # fmt: skip
    large = made.put("Resize", coarse, "", "", sizes, mode="linear")
    return made.save(path, ["N", 3, "H", "W"], made.put("Add", fine, large))


FILES: tuple[Callable[[Path], Path], ...] = (chain, unet, strided, computed, resized, wide)


def make(folder: Path) -> list[Path]:
    """All files, in that folder."""
    return [one(folder / f"{one.__name__}.onnx") for one in FILES]
