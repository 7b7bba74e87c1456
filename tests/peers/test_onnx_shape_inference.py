"""Random graphs of elementwise and shape operations: every shape that ONNX's own shape inference finds is ours, and so
is every shape that onnxruntime makes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.thorough import examples

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

import numpy as np  # noqa: E402 - comes with them
from onnx import TensorProto, helper, shape_inference  # noqa: E402 - needs onnx

import cnnsum  # noqa: E402 - comes after

UNARY = ("Relu", "Abs", "Neg", "Sigmoid", "Exp", "Erf", "Softplus", "Identity", "HardSwish", "LeakyRelu")
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Mean", "Sum")
ON_SIZES = ("Add", "Mul", "Sub")


class Graph:
    """A graph that is being made: its nodes, the shape of each tensor as far as making it needs that, and numbers."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.nodes: list[Any] = []
        self.held: list[Any] = []
        base = tuple(draw(st.lists(st.sampled_from((1, 2, 3, 5, 6)), min_size=2, max_size=4)))
        self.shapes: dict[str, tuple[int, ...]] = {}
        for name in ("a", "b"):
            # Axes of 1, or fewer of them, so that both can be broadcast.
            sizes = tuple(draw(st.sampled_from((size, size, 1))) for size in base)
            self.shapes[name] = sizes[draw(st.integers(0, 1)) if len(sizes) > 2 else 0 :]
        self.inputs = dict(self.shapes)

    def put(self, type: str, *inputs: str, shape: tuple[int, ...] = (), **attributes: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(type, list(inputs), [name], **attributes))
        self.shapes[name] = shape
        return name

    def numbers(self, *values: int, scalar: bool = False) -> str:
        name = f"c{len(self.held)}"
        dims = [] if scalar else [len(values)]
        self.held.append(helper.make_tensor(name, TensorProto.INT64, dims, list(values)))
        return name

    def step(self) -> None:
        draw = self.draw
        name = draw(st.sampled_from([key for key, shape in self.shapes.items() if shape]))
        shape = self.shapes[name]
        match draw(st.integers(0, 6)):
            case 0:
                self.put(draw(st.sampled_from(UNARY)), name, shape=shape)
            case 1:
                others = [key for key, other in self.shapes.items() if other and fits(shape, other)]
                other = draw(st.sampled_from(others))
                self.put(draw(st.sampled_from(BINARY)), name, other, shape=broadcast(shape, self.shapes[other]))
            case 2:
                axis = draw(st.integers(-len(shape), len(shape) - 1))
                at = axis % len(shape)
                joined = (*shape[:at], 2 * shape[at], *shape[at + 1 :])
                self.put("Concat", name, name, shape=joined, axis=axis)
            case 3:
                order = draw(st.permutations(range(len(shape))))
                self.put("Transpose", name, shape=tuple(shape[at] for at in order), perm=order)
            case 4:
                self.slice(name, shape)
            case 5:
                self.reshape(name, shape)
            case _:
                at = draw(st.integers(0, len(shape)))
                if len(shape) < 5:
                    self.put("Unsqueeze", name, self.numbers(at), shape=(*shape[:at], 1, *shape[at:]))

    def slice(self, name: str, shape: tuple[int, ...]) -> None:
        axis = self.draw(st.integers(0, len(shape) - 1))
        start, end = (self.draw(st.integers(-8, 8)) for _ in range(2))
        step = self.draw(st.sampled_from((1, 2, 3)))
        length = len(range(*slice(start, end, step).indices(shape[axis])))
        if length:
            inputs = [self.numbers(one) for one in (start, end, axis, step)]
            self.put("Slice", name, *inputs, shape=(*shape[:axis], length, *shape[axis + 1 :]))

    def reshape(self, name: str, shape: tuple[int, ...]) -> None:
        """A shape that the graph computes: the first size by itself, or with what is added to it and taken away."""
        sizes = self.put("Shape", name)
        first = self.put("Gather", sizes, self.numbers(0, scalar=True), axis=0)
        for _ in range(self.draw(st.integers(0, 2))):
            more = self.numbers(self.draw(st.integers(1, 4)), scalar=True)
            first = self.put("Sub", self.put("Add", first, more), more)
        row = self.put("Unsqueeze", first, self.numbers(0))
        rest = 1
        for size in shape[1:]:
            rest *= size
        target = self.put("Concat", row, self.numbers(-1), axis=0)
        self.put("Reshape", name, target, shape=(shape[0], rest))

    def model(self) -> Any:
        inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in self.inputs.items()]
        last = self.nodes[-1].output[0]
        graph = helper.make_graph(self.nodes, "g", inputs, [onnx.ValueInfoProto(name=last)], self.held)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    rank = max(len(left), len(right))
    pairs = zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True)
    return tuple(max(pair) for pair in pairs)


def ran(model: Any, inputs: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor as onnxruntime makes it."""
    every = onnx.ModelProto()
    every.CopyFrom(model)
    known = {one.name for one in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name not in known]
    every.graph.output.extend([onnx.ValueInfoProto(name=name) for name in names])
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    running = onnxruntime.InferenceSession(every.SerializeToString(), options, providers=["CPUExecutionProvider"])
    wanted = [one.name for one in running.get_inputs()]
    found = running.run(None, {name: np.ones(inputs[name], np.float32) for name in wanted})
    return {one.name: value.shape for one, value in zip(running.get_outputs(), found, strict=True)}


def fits(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(left[::-1], right[::-1], strict=False))


@given(st.data())
@settings(max_examples=examples(400), deadline=None)
def test_shapes_are_those_of_shape_inference(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    made = Graph(data.draw)
    for _ in range(data.draw(st.integers(1, 8))):
        made.step()
    if not made.nodes:
        return
    model = made.model()
    theirs = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    path = Path(tmp_path_factory.mktemp("graph")) / "m.onnx"
    path.write_bytes(model.SerializeToString())
    found = cnnsum.load(path)
    assert not found.errors
    ours = {}
    for layer in found.graph.layers:
        if layer.spec is None:
            (value,) = found.inference.output_of(layer.nodes[0])
            index = layer.place.path[-1]
            ours[model.graph.node[index].output[0]] = value.shape
    for one in (*theirs.graph.value_info, *theirs.graph.output):
        dims = one.type.tensor_type.shape.dim
        expected = tuple([dim.dim_value if dim.HasField("dim_value") else None for dim in dims])
        if one.name in ours and None not in expected:
            assert ours[one.name] == expected, one.name
    for name, shape in ran(model, made.inputs).items():
        assert ours.get(name, shape) == shape, name
