"""Writes the ONNX files of tests/readers/onnx, without the weights of more than 512 bytes.

With PyTorch, onnx, onnxscript and onnxruntime: `python tests/peers/make_onnx_samples.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx_networks import dynamic_axes, exported
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from torch_dynamic import unet

SAMPLES = Path(__file__).resolve().parent.parent / "readers" / "onnx"
KEPT = 512


class Pictures(CalibrationDataReader):
    """A few pictures of noise."""

    def __init__(self) -> None:
        self.left = [{"x": np.random.default_rng(at).random((1, 3, 16, 16), dtype=np.float32)} for at in range(2)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self.left.pop() if self.left else None


def without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, its larger tensors in a file that is not there, and without where its author's code stood."""
    for node in model.graph.node:
        kept = [one for one in node.metadata_props if one.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.ClearField("doc_string")
    for part in (model, model.graph, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > KEPT:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", "weights.bin"
    return model


def write() -> None:
    """All of them."""
    torch.manual_seed(0)
    SAMPLES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        network = unet().eval()
        shape = (3, 32, 32)
        for name, dynamo in (("unet.onnx", False), ("unet_dynamo.onnx", True)):
            exported(network, shape, there / name, free=dynamic_axes(shape), dynamo=dynamo)
        block = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2))
        classifier = torch.nn.Sequential(block, torch.nn.Flatten(), torch.nn.Linear(8 * 8 * 8, 5)).eval()
        exported(classifier, (3, 16, 16), there / "plain.onnx")
        quantize_static(there / "plain.onnx", there / "quantized.onnx", Pictures(), quant_format=QuantFormat.QDQ)
        for name in ("unet.onnx", "unet_dynamo.onnx", "plain.onnx", "quantized.onnx"):
            model = without_weights(onnx.load(there / name))
            (SAMPLES / name).write_bytes(model.SerializeToString())


if __name__ == "__main__":
    write()
