"""Graphs that run again and again, sequences, and branches that sizes choose: the shapes that onnxruntime gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx")

import numpy as np
import onnx
import onnx.parser
import onnxruntime
from onnx import numpy_helper

import cnnsum
from cnnsum.dims import evaluate

_HEAD = '<ir_version: 8, opset_import: ["" : 17]>\n'
_PRODUCT = (
    "b (int64 i, bool c, float[N,4] s) => (bool d, float[N,4] t, float[N,4] y) "
    "{ d = Identity(c) t = MatMul(s, W) y = Relu(t) }"
)
_GROWS = "b (int64 i, bool c, float[n,4] s) => (bool d, float[m,4] t) { d = Identity(c) t = Concat<axis: int=0>(s, s) }"
_INSERTS = "b (int64 i, bool c, seq(float) s) => (bool d, seq(float) t) { d = Identity(c) t = SequenceInsert(s, x) }"
_SUM = "b (float[4] s, float[3] e) => (float[4] t, float[4] y) { u = MatMul(e, V) t = Add(s, u) y = Relu(t) }"
_TWO = (
    "b (float[4] s, float[3] e, float[4] f) => (float[4] t, float[4] y, float z) "
    "{ u = MatMul(e, V) t = Add(s, u) y = Mul(t, f) z = ReduceSum<keepdims: int=0>(y) }"
)

#: Graphs, and how often a body runs, by the sizes of the inputs; `W` is (4, 4) and `V` (3, 4).
CASES = {
    "known": (f"(float[2,4] x) => (float[2,4] o, float[k,2,4] ys) <int64 M = {{5}}> "
              f"{{ o, ys = Loop<body: graph = {_PRODUCT}>(M, , x) }}"),
    "many": (f"(float[2,4] x) => (float[2,4] o, float[k,2,4] ys) <int64 M = {{500}}> "
             f"{{ o, ys = Loop<body: graph = {_PRODUCT}>(M, , x) }}"),
    "by a size": (f"(float[N,4] x, float[T,3] q) => (float[N,4] o, float[k,N,4] ys) <int64 z = {{0}}> "
                  f"{{ n = Shape(q) M = Gather<axis: int=0>(n, z) o, ys = Loop<body: graph = {_PRODUCT}>(M, , x) }}"),
    "grows": (f"(float[2,4] x) => (float[p,4] o) <int64 M = {{3}}> {{ o = Loop<body: graph = {_GROWS}>(M, , x) }}"),
    "inserts": (f"(float[2,4] x) => (float[p,4] o) <int64 M = {{3}}> {{ z = SequenceEmpty() "
                f"q = Loop<body: graph = {_INSERTS}>(M, , z) o = ConcatFromSequence<axis: int=0>(q) }}"),
    "scan": (f"(float[4] s, float[6,3] x) => (float[4] o, float[k,4] ys) "
             f"{{ o, ys = Scan<body: graph = {_SUM}, num_scan_inputs: int=1>(s, x) }}"),
    "scan along others": (f"(float[4] s, float[3,T] x) => (float[4] o, float[4,k] ys) "
                          f"{{ o, ys = Scan<body: graph = {_SUM}, num_scan_inputs: int=1, scan_input_axes: ints=[1], "
                          "scan_output_axes: ints=[-1]>(s, x) }"),
    "scan of two": (f"(float[4] s, float[T,3] x, float[4,T] q) => (float[4] o, float[4,k] ys, float[k] zs) "
                    f"{{ o, ys, zs = Scan<body: graph = {_TWO}, num_scan_inputs: int=2, scan_input_axes: ints=[0,1], "
                    "scan_output_axes: ints=[1,0]>(s, x, q) }"),
    "map": ("(float[2,4] x, float[N,4] y) => (float[p,4] o) { q = SequenceConstruct(x, y) "
            "r = SequenceMap<body: graph = b (float[n,4] e) => (float[n,4] t) { t = Relu(e) }>(q) "
            "o = ConcatFromSequence<axis: int=0>(r) }"),
    "parts": ("(float[7,4] x) => (float[p,4] o, float[a,4] b, float[4] f, int64 n) "
              "<int64 two = {2}, int64 one = {1}, int64[2] parts = {3,4}> { q = SplitToSequence<axis: int=0>(x, two) "
              "o = SequenceAt(q, one) r = SplitToSequence<axis: int=0>(x, parts) b = SequenceAt(r, one) "
              "e = SplitToSequence<axis: int=0, keepdims: int=0>(x) f = SequenceAt(e, one) n = SequenceLength(r) }"),
    "branch": ("(float[2,1,4] x) => (float[a,b] o) <int64 one = {1}, int64[1] ones = {1}> { n = Shape(x) "
               "m = Gather<axis: int=0>(n, one) c = Equal(m, one) "
               "o = If(c)<then_branch: graph = t () => (float[a,b] p) { p = Squeeze(x, ones) }, "
               "else_branch: graph = e () => (float[a,b] p) { p = Identity(x) }> }"),
}  # fmt: skip
SYMBOLS = {"N": 5, "T": 7}


@pytest.mark.parametrize("name", CASES)
def test_shapes_are_those_of_onnxruntime(name: str, tmp_path: Path) -> None:
    text = f"{_HEAD}g {CASES[name]}"
    proto = onnx.parser.parse_model(text)
    for held, shape in (("W", (4, 4)), ("V", (3, 4))):
        if f" {held})" in text:
            proto.graph.initializer.append(numpy_helper.from_array(np.ones(shape, np.float32), held))
    path = tmp_path / "m.onnx"
    path.write_bytes(proto.SerializeToString())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {
        one.name: np.ones([size if isinstance(size, int) else SYMBOLS[size] for size in one.shape], np.float32)
        for one in session.get_inputs()
    }
    model = cnnsum.load(path)
    assert not model.diagnostics
    found: list[Any] = [
        tuple([evaluate(str(dim), SYMBOLS) for dim in one.shape]) for one in cnnsum.summarize(model).outputs
    ]
    assert found == [np.asarray(one).shape for one in session.run(None, feeds)]
