"""What onnxruntime makes of a file: quantized in three ways, and with operations put together.

The work is that of the plain network, in whatever operations; shapes are those that come out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")

import numpy as np  # noqa: E402 - comes with them
from onnx_networks import exported  # noqa: E402 - needs PyTorch
from onnxruntime.quantization import (  # noqa: E402 - needs onnxruntime
    CalibrationDataReader,
    QuantFormat,
    quantize_dynamic,
    quantize_static,
)
from test_onnx_exported import given, session  # noqa: E402 - as above
from torch_dynamic import NETWORKS  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

PICKED = ("inception", "vit", "read", "shuffled", "attended")
WAYS = ("optimized", "dynamic", "operators", "pairs")


class Pictures(CalibrationDataReader):
    """One picture of noise."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.left = [{"x": np.random.default_rng(0).random((1, *shape), dtype=np.float32)}]

    def get_next(self) -> dict[str, Any] | None:
        return self.left.pop() if self.left else None


def made(way: str, plain: Path, path: Path, shape: tuple[int, ...]) -> None:
    if way == "optimized":
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(plain, options, providers=["CPUExecutionProvider"])
    elif way == "dynamic":
        quantize_dynamic(plain, path)
    else:
        kind = QuantFormat.QOperator if way == "operators" else QuantFormat.QDQ
        quantize_static(plain, path, Pictures(shape), quant_format=kind)


@pytest.mark.parametrize("name", PICKED)
def test_the_work_is_that_of_the_plain_network(name: str, tmp_path: Path) -> None:
    network, plain = NETWORKS[name], tmp_path / "plain.onnx"
    exported(network.make().eval(), network.shape, plain)
    expected = cnnsum.summarize(cnnsum.load(plain))
    for way in WAYS:
        path = tmp_path / f"{way}.onnx"
        made(way, plain, path, network.shape)
        report = cnnsum.summarize(cnnsum.load(path))
        assert not report.diagnostics, way
        assert report.totals.macs == expected.totals.macs, way
        assert [[one.shape for one in report.outputs]] == given(session(path), [network.shape]), way
        if way != "optimized":
            assert report.totals.weights.total < expected.totals.weights.total, way
