"""Networks that Keras's own `model.export(format="onnx")` writes: parameters, MACs and outputs are those of the same
network as a `.keras` file.
"""

from __future__ import annotations

import subprocess
import sys
from math import prod
from pathlib import Path

import pytest

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

import cnnsum  # noqa: E402 - needs nothing of them

HERE = Path(__file__).parent
NAMES = ("unet", "words", "separable", "recurrent", "dense", "normalized")
#: Where moving statistics are folded into what is left.
FOLDED = frozenset(("normalized",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("keras")
    command = [sys.executable, str(HERE / "keras_as_onnx.py"), str(there)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not found.returncode, found.stderr[-2000:]
    return there


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_the_keras_file(name: str, folder: Path) -> None:
    exported = cnnsum.load(folder / f"{name}.onnx")
    assert not exported.diagnostics
    ours, theirs = cnnsum.summarize(exported), cnnsum.summarize(cnnsum.load(folder / f"{name}.keras"))
    held = onnx.load(folder / f"{name}.onnx").graph.initializer
    assert ours.totals.params.total == sum(prod(one.dims) for one in held if one.data_type == 1 and one.dims)
    assert name in FOLDED or ours.totals.params.total == theirs.totals.params.total
    assert ours.totals.macs == theirs.totals.macs
    assert [one.shape[1:] for one in ours.outputs] == [one.shape[1:] for one in theirs.outputs]
