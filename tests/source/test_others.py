"""Files of other programs: each is called by its name, with the nearest way to something that can be read."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile

import pytest

from cnnsum.diagnostics import UnusableError
from cnnsum.model import load
from cnnsum.source import others
from tests.thorough import each


def field(number: int, data: bytes | int) -> bytes:
    """A field of a protocol buffer: an integer or bytes, as its encoding has them."""
    if isinstance(data, int):
        return bytes([number << 3, data])
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


#: saved_model.proto: a version, and graphs with their tags. Model.proto of Core ML: a version, and a description.
SAVED_MODEL = field(1, 1) + field(2, field(1, field(4, b"serve") + field(5, b"2.15.0")))
CORE_ML = field(1, 7) + field(2, field(1, field(1, b"image"))) + b"\0"
HEADER = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
SAFETENSORS = struct.pack("<Q", len(HEADER)) + HEADER + bytes(4)


def tar(*names: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 600
            file.addfile(entry, io.BytesIO(bytes(600)))
    return made.getvalue()


#: graph.proto of TensorFlow: a node, its name and its operation. caffe.proto: a name, and a layer with the same.
#: framework.proto of PaddlePaddle: a block, 0 and -1, and its variables. CNTK.proto: a version, and a dictionary.
NODE = field(1, b"input") + field(2, b"Placeholder")
GRAPH_DEF = field(1, NODE) + field(1, field(1, b"w") + field(2, b"Const"))
LAYER = field(1, b"conv1") + field(2, b"Convolution")
CAFFEMODEL = field(1, b"net") + b"\xa2\x06" + bytes([len(LAYER)]) + LAYER
PADDLE = field(1, b"\x08\x00\x10" + b"\xff" * 9 + b"\x01" + field(3, b"x"))
CNTK = field(1, 1) + field(2, field(1, b"CompositeFunction"))
FLAX = b"\x81\xa6params\x81\xa7Dense_0\x82\xa4bias\xc7\x16\x01\x93\x91\x04\xa7float32"


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    return made.getvalue()


@each(
    ("raw", "what", "way"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image", "a picture holds no network"),
        (b"\xff\xd8\xff\xe0\0", "a JPEG image", "a picture holds no network"),
        (b"\x80\x04\x95\0", "a Python pickle", "a pickle is a program; cnnsum runs none"),
        (b"GGUF\x03\0\0\0", "a GGUF model", "torch.export.save"),
        (SAFETENSORS, "a file of safetensors", "torch.export.save"),
        (SAVED_MODEL, "a TensorFlow SavedModel", "model.to_json()"),
        (CORE_ML, "a Core ML model", "give the model that it was converted from"),
        (GRAPH_DEF, "a frozen graph of TensorFlow", "tf2onnx.convert"),
        (CAFFEMODEL, "weights of Caffe", ".prototxt"),
        (PADDLE, "a model of PaddlePaddle", "paddle2onnx"),
        (b'{"base_code": {"magic": "pir"}, "program": {}}', "a model of PaddlePaddle", "paddle2onnx"),
        (CNTK, "a model of CNTK", "ModelFormat.ONNX"),
        (b"B\0C\0N\0\0\0B\0V\0e\0r\0", "a model of CNTK", "model.onnx"),
        (FLAX, "weights of Flax", "jax2tf"),
        (tar("m/model.onnx", "m/b"), "a tar archive", "tar -xf FILE"),
        (tar("./model_config.yaml", "./model_weights.ckpt"), "a checkpoint of NeMo", "torch.export.save"),
        (b"ftrt\0\0\0\0", "an engine of TensorRT", "`.onnx`"),
        (b"RKNN\0\0\0\0", "a model of RKNN", "`.onnx`"),
        (b"\xdd\x85\x76\0\0\0", "a model of ncnn", "`.onnx`"),
        (b"ML\xefR\1\0MLIR", "a program of MLIR", "`.onnx`"),
        (b"\x20\0\0\0ET12\0\0\0\0", "a model of ExecuTorch", "it was converted from"),
        (b"\x1c\0\0\0\0\0\0\0\3\0\0\0MNN\0", "a model of MNN", "it was converted from"),
        (struct.pack("<4i", 0, 2, 5, 32013312) + bytes(40), "weights of darknet", "`.cfg`"),
        (struct.pack("<4i", 4, 1, 3, 0)[:8] + b"\3\0\0\0V 1\x0d\0\0\0nn.Sequential", "a model of Torch7", "as a spec"),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64\0\0", "a MATLAB file", "weights name no layers"),
        (b"x\x9c\xec\xbd\0", "compressed by joblib", "a pickle is a program"),
        (b"cnumpy\ndtype\n(S'f4'\n", "a Python pickle", "a pickle is a program"),
        (b"(dp0\nS'w'\np1\n", "a Python pickle", "a pickle is a program"),
        (archive("MAR-INF/MANIFEST.json", "model.pt"), "an archive of TorchServe", "unpack it"),
        (archive("m/model.tflite", "readme"), "an archive with `m/model.tflite` in it", "unzip FILE m/model.tflite"),
        (archive("dlc.metadata", "model.params"), "SNPE", "it was converted from"),
        (b"module @jit_f {\n  func.func public @main(%arg0: tensor<4xf32>) {\n", "a program of MLIR", "`.onnx`"),
        (b"version 1.0;\n\ngraph Net(x) -> (y)\n{\n}\n", "a graph of NNEF", "`.tflite`"),
        (b'model_checkpoint_path: "model.ckpt-1"\n', "a checkpoint of TensorFlow", "weights name no layers"),
        (b"tree\nversion=v3\nnum_class=1\n", "a model of trees", "a model is a spec"),
        (b'{"metadata": {}, "weight_map": {"a": "b"}}', "an index of weights of Hugging Face", "AutoModel"),
        (b'{"model_type": "bert", "architectures": ["BertModel"]}', "a config of Hugging Face", "AutoModel"),
        (b'{"cells": [], "nbformat": 4}', "a Jupyter notebook", "model.to_json()"),
        (b"outs:\n- md5: abc\n  path: model.h5\n", "a pointer of DVC", "dvc pull"),
        (b"%PDF-1.4\n", "a PDF document", "a model is a spec"),
        (b"\x1f\x8b\x08\0", "a gzip archive", "gzip -dc FILE | cnnsum -"),
        (archive("m/data.pkl", "m/data/0"), "pickled objects and weights", "torch.export.save"),
        (archive("m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"), "TorchScript", "torch.export.save"),
        (archive("saved/saved_model.pb"), "a TensorFlow SavedModel", "model.to_json()"),
        (archive("a.npy"), "an archive of weights", "model.to_json()"),
        (archive("a.txt"), "an archive without `config.json`", "model.to_json()"),
        (b"<!DOCTYPE html>\n<html></html>\n", "a web page", "`Raw`"),
        (b"7767517\n75 83\nInput data 0 1 data 0=4\n", "a model of ncnn", "it was converted from"),
        (b'<?xml version="1.0"?>\n<net name="m" version="11">\n<layers>\n', "a model of OpenVINO", "converted from"),
        (b'node {\n  name: "x"\n  op: "Placeholder"\n}\n', "a graph of TensorFlow as text", "model.to_json()"),
        (b"def net():\n    return 1\n", "Python source", "model.to_json()"),
        (b"ir_version: 8\ngraph {\n}\n", "a model of ONNX as a text of protobuf", "format='textproto'"),
        (
            b'<ir_version: 8, opset_import: ["" : 17]>\ng (float[N] x) => (float[N] y) { }',
            "a model of ONNX as a text",
            "onnxtxt",
        ),
        (b'{"irVersion": "8", "graph": {"node": []}}', "a model of ONNX as JSON", "format='json'"),
        (b'{"nodes": [], "arg_nodes": [], "heads": []}', "a symbol of MXNet", "it was converted from"),
        (b'{"_class_name": "UNet", "_diffusers_version": "0.2"}', "a config of diffusers", "torch.export.save"),
        (b'{"itemInfoEntries": {}, "rootModelIdentifier": "x"}', "a Core ML model", "it was converted from"),
        (b'{"modelTopology": {"node": []}, "format": "graph-model"}', "a graph model of TensorFlow.js", "to_json()"),
    ],
)
def test_what_a_file_is(raw, what, way, tmp_path):
    (tmp_path / "file").write_bytes(raw)
    with pytest.raises(UnusableError) as raised:
        load(tmp_path / "file")
    (found,) = raised.value.diagnostics
    assert what in found.message
    assert way in (found.help or "")


def test_a_folder_that_is_a_model_of_another_program(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(SAVED_MODEL)
    with pytest.raises(UnusableError) as raised:
        load(tmp_path)
    (found,) = raised.value.diagnostics
    assert (found.code, "a TensorFlow SavedModel" in found.message, "model.to_json()" in found.help) == (
        "SPC002",
        True,
        True,
    )


@each(
    ("names", "what", "way"),
    [
        (("Manifest.json", "Data"), "a Core ML model", "it was converted from"),
        (("coremldata.bin", "model.mil"), "a compiled model of Core ML", "it was converted from"),
        (("_CHECKPOINT_METADATA", "_METADATA", "d"), "a checkpoint of Orbax", "jax2tf"),
        (("inference.pdmodel", "inference.pdiparams"), "a model of PaddlePaddle", "paddle2onnx"),
        (("MLmodel", "data"), "a model of MLflow", "data/"),
        (("config.json", "model.safetensors", "tokenizer.json"), "a model of Hugging Face", "AutoModel"),
        (("config.json", "model.weights.h5", "tokenizer.json"), "a backbone of KerasHub", "b.output"),
        (("checkpoint", "model.ckpt-1.index"), "a checkpoint of TensorFlow", "weights name no layers"),
    ],
)
def test_what_a_folder_is(names, what, way, tmp_path):
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UnusableError) as raised:
        load(tmp_path)
    (found,) = raised.value.diagnostics
    assert (found.code, what in found.message, way in (found.help or "")) == ("SPC002", True, True)


def test_every_kind_has_a_way_and_can_be_known():
    for one in others.OTHERS:
        assert one.way, one.what
        assert "\n" not in one.way
        assert any((one.magic, one.has, one.entry, one.inside, one.text, one.keys, one.holds)), one.what


@each(
    "text",
    [
        "input: [4]\nlayers: {\n",
        "input: [4]\nlayers:\n  - Dense: {units: 3\n",
        "# class Net: import torch\ninput: [4]\nlayers: [Dense: ]]\n",
        "layer {: 3\n",
    ],
)
def test_a_broken_spec_is_no_other_file(text):
    assert others.of_text(text) is None


def test_what_is_read_loads_no_table():
    """A plain file of ours is not looked up among those of others."""
    import subprocess
    import sys

    code = (
        "import sys; from cnnsum.model import loads; loads('{input: [4], layers: [Dense: 1]}');"
        "sys.exit('cnnsum.source.others' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_safetensors_hold_is_said(tmp_path):
    """The header: 8 bytes of its length, then each tensor's dtype, shape and place."""
    shapes = {f"layers.{number}.weight": [64, 32, 3, 3] for number in range(40)} | {"a\x1b[31m": [7]}
    header = {"__metadata__": {"format": "pt"}}
    header |= {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 9]} for name, shape in shapes.items()}
    text = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(100))
    with pytest.raises(UnusableError) as raised:
        load(path)
    (found,) = raised.value.diagnostics
    assert found.code == "SPC005"
    assert f"weights alone: 41 tensors of {40 * 64 * 32 * 9 + 7:,} elements" in found.message
    assert found.help.startswith("they are `layers.0.weight` [64, 32, 3, 3], ")
    assert " and 33 more (F16)" in found.help
    # A damaged header is not read further: the kind of the file is said all the same.
    for broken in (text[:200], text.replace(b"64,", b"-64,"), text.replace(b'"shape"', b'"shapes"')):
        path.write_bytes(len(broken).to_bytes(8, "little") + broken + bytes(100))
        with pytest.raises(UnusableError, match="a file of safetensors"):
            load(path)
