"""Networks that PyTorch's exporters write as ONNX: parameters, MACs, shapes and legal sizes.

The judges are `onnx` for the file's tensors, PyTorch's counter for MACs, and onnxruntime for what runs.
"""

from __future__ import annotations

import json
import os
from math import prod
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

import numpy as np  # noqa: E402 - comes with them
import torch_zoo as zoo  # noqa: E402 - needs PyTorch
from onnx_networks import FREE, dynamic_axes, exported  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from bench.onnx.make_networks import FOLDER, write  # noqa: E402 - as above
from cnnsum.dims import evaluate, substitute  # noqa: E402 - as above
from tests.thorough import some  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

#: What the older exporter refuses with free sizes: an adaptive pooling.
NOT_WRITTEN = frozenset(("alexnet",))
#: Sizes that onnxruntime runs against the standard: it rounds a length below 0 towards 0, so that a pooling has a
#: window where its kernel does not fit.
ROUNDED = {"aspp": (3, 4)}
#: Static networks, and what they are given.
ZOO = {
    "alexnet": (3, 224, 224),
    "vgg16": (3, 224, 224),
    "resnet18": (3, 224, 224),
    "resnet50": (3, 224, 224),
    "mobilenet_v2": (3, 224, 224),
    "densenet121": (3, 224, 224),
    "squeezenet": (3, 224, 224),
    "unet": (3, 64, 64),
}
MOST = 96
#: Sizes at which the file is read again with them, beside the formulas of the open sizes.
READ_AGAIN = frozenset(some(range(1, MOST + 1), 8))
#: Further networks, and their counts.
STORED = {one["file"]: one for one in json.loads((FOLDER / "counts.json").read_text(encoding="utf-8"))}


def session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def given(running: Any, shapes: list[tuple[int, ...]]) -> list[list[tuple[int, ...]] | None]:
    """The shapes of what comes out for each shape that goes in; None where it does not run.

    It runs in a child: where nothing is left of an axis, onnxruntime may divide by it, which ends the process. Then
    another child goes on behind that shape.
    """
    found: list[list[tuple[int, ...]] | None] = []
    while len(found) < len(shapes):
        there, here = os.pipe()
        child = os.fork()
        if not child:
            for shape in shapes[len(found) :]:
                os.write(here, json.dumps(_given(running, shape)).encode() + b"\n")
            os._exit(0)
        os.close(here)
        with os.fdopen(there, encoding="utf-8") as file:
            said = [json.loads(line) for line in file]
        os.waitpid(child, 0)
        found += [None if one is None else [tuple(shape) for shape in one] for one in said]
        if len(found) < len(shapes):
            found.append(None)
    return found


def _given(running: Any, shape: tuple[int, ...]) -> list[tuple[int, ...]] | None:
    try:
        outputs = running.run(None, {running.get_inputs()[0].name: np.zeros((1, *shape), np.float32)})
    except Exception:  # noqa: BLE001 - onnxruntime has a class for each reason
        return None
    return [one.shape for one in outputs]


def held(path: Path) -> int:
    """Elements of the floating-point tensors with axes that a file holds."""
    tensors = onnx.load(path).graph.initializer
    return sum(prod(one.dims) for one in tensors if one.data_type == onnx.TensorProto.FLOAT and one.dims)


@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize("name", ZOO)
def test_counts(name: str, dynamo: bool, tmp_path: Path) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    module, shape, path = getattr(zoo, name)().eval(), ZOO[name], tmp_path / "m.onnx"
    exported(module, shape, path, dynamo=dynamo)
    report = cnnsum.summarize(cnnsum.load(path))
    assert not report.diagnostics
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, *shape))
    assert report.totals.macs * 2 == counter.get_total_flops()
    assert report.totals.params.total == held(path)
    assert [[one.shape for one in report.outputs]] == given(session(path), [shape])


@pytest.mark.parametrize("file", some(sorted(STORED), 8))
def test_more_networks(file: str, tmp_path: Path) -> None:
    """What is written is run by onnxruntime and gives what the network gives; the counts are those that are stored, to
    which tests/readers/onnx/test_networks.py holds cnnsum.
    """
    name, _, exporter = file.partition(".")[0].rpartition("_")
    assert write(name, dynamo=exporter == "new", folder=tmp_path) == STORED[file]


@pytest.mark.parametrize(
    ("name", "dynamo"),
    [*[(name, False) for name in FREE if name not in NOT_WRITTEN], ("windows", True), ("detector", True)],
)
def test_every_size(name: str, dynamo: bool, tmp_path: Path) -> None:
    """Each size from 1 to 96 is run, one axis after the other: those that are accepted run, and give these shapes."""
    network, path = FREE[name], tmp_path / "m.onnx"
    exported(network.make().eval(), network.shape, path, free=dynamic_axes(network.shape), dynamo=dynamo)
    running = session(path)
    report = cnnsum.summarize(cnnsum.load(path))
    assert not [one for one in report.diagnostics if one.severity == "error"]
    names = [str(dim) for dim in report.inputs[0].shape[2:]]
    conditions = [one.condition for one in report.sizes]
    for axis, symbol in enumerate(names, 1):
        found, expected = [], []
        shapes = [
            tuple(size if at == axis else own for at, own in enumerate(network.shape)) for size in range(1, MOST + 1)
        ]
        for size, (shape, came) in enumerate(zip(shapes, given(running, shapes), strict=True), 1):
            values = dict(zip(names, shape[1:], strict=True))
            if came is not None and size not in ROUNDED.get(name, ()):
                expected.append(size)
            if all(evaluate(condition, {"N": 1, **values}) for condition in conditions):
                found.append(size)
                if came is not None:
                    read = [cnnsum.summarize(cnnsum.load(path, settings=values))] if size in READ_AGAIN else []
                    for outputs in (report.outputs, *[one.outputs for one in read]):
                        assert [(1, *[substitute(dim, values) for dim in one.shape[1:]]) for one in outputs] == came
        assert found == expected, symbol


@pytest.mark.parametrize("name", ["inception", "autoencoder", "volumes"])
def test_the_work_is_that_of_the_exported_program(name: str, tmp_path: Path) -> None:
    """Of the same network as `torch.export` writes it: parameters, MACs, FLOPs, the peak, what autograd keeps."""
    network, path = FREE[name], tmp_path / "m.onnx"
    module = network.make().eval()
    exported(module, network.shape, path)
    torch.export.save(torch.export.export(module, (torch.zeros(1, *network.shape),)), tmp_path / "m.pt2")
    mine, program = (cnnsum.summarize(cnnsum.load(one)).totals for one in (path, tmp_path / "m.pt2"))
    for what in ("params", "macs", "flops", "saved", "outputs"):
        assert getattr(mine, what) == getattr(program, what), what
    assert mine.peak.bytes == program.peak.bytes
