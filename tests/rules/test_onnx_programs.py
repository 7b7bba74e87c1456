"""Advice on ONNX files: their operations are taken for the modules that they are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnnsum
from bench.fuzz import wire
from bench.fuzz.onnx_files import node
from cnnsum.lint.checking import findings_of
from cnnsum.source.onnx import SCHEMA


def _weight(name: str, *dims: int) -> dict[str, Any]:
    return {"name": name, "dims": list(dims), "data_type": 1, "data_location": 1}


def _said(nodes: list[Any], sizes: tuple[int, ...], *held: Any) -> list[tuple[str, str]]:
    dims = [{"dim_value": one} for one in sizes]
    graph = {
        "name": "net",
        "node": nodes,
        "initializer": list(held),
        "input": [{"name": "x", "type": {"tensor_type": {"elem_type": 1, "shape": {"dim": dims}}}}],
        "output": [{"name": nodes[-1]["output"][0]}],
    }
    tree = {"ir_version": 10, "graph": graph, "opset_import": [{"version": 17}]}
    path = Path("model.onnx")
    path.write_bytes(wire.encode(tree, SCHEMA, "Model"))
    model = cnnsum.load(path)
    assert not model.diagnostics
    return [(one.code, one.message) for one in findings_of(model)]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_bias_before_batch_normalisation() -> None:
    nodes = [
        node("Conv", ["x", "w", "b"], ["a"], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["a", "s", "h", "m", "v"], ["y"]),
    ]
    vectors = [_weight(name, 8) for name in "bshmv"]
    assert _said(nodes, (1, 3, 32, 32), _weight("w", 8, 3, 3, 3), *vectors) == [
        ("ARC401", "the bias of `/conv/a` has no effect: `/batchnormalization/y` subtracts it with the mean")
    ]
    nodes[0]["input"].pop()
    assert _said(nodes, (1, 3, 32, 32), _weight("w", 8, 3, 3, 3), *vectors[1:]) == []


def test_activations_kernels_and_layers_that_do_nothing() -> None:
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["b"]),
        node("Relu", ["b"], ["c"]),
        node("ConvTranspose", ["c", "t"], ["d"], strides=[2, 2]),
        node("Relu", ["d"], ["e"]),
        node("GlobalAveragePool", ["e"], ["f"]),
        node("Flatten", ["f"], ["g"]),
        node("Reshape", ["g", "shape"], ["h"]),
        node("Gemm", ["h", "m", "n"], ["y"], transB=1),
    ]
    shape = {"name": "shape", "dims": [2], "data_type": 7, "int64_data": [-1, 8]}
    held = [_weight("w", 8, 3, 3, 3), _weight("t", 8, 8, 3, 3), _weight("m", 5, 8), _weight("n", 5), shape]
    assert [code for code, _ in _said(nodes, (1, 3, 32, 32), *held)] == ["ARC411", "ARC431", "ARC442"]


def test_what_has_no_module_stays_as_it_is() -> None:
    """A padding that is not the same on both sides, a weight that two nodes read, a matrix that is computed."""
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[0, 1, 2, 1]),
        node("Conv", ["a", "w"], ["b"], pads=[1, 1, 1, 1]),
        node("Transpose", ["b"], ["t"], perm=[0, 1, 3, 2]),
        node("MatMul", ["b", "t"], ["c"]),
        node("Erf", ["c"], ["d"]),
        node("Relu", ["d"], ["y"]),
    ]
    assert _said(nodes, (1, 3, 16, 16), _weight("w", 3, 3, 3, 3)) == []
