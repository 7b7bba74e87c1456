"""Files of other programs, told by what they hold: what each is, and the nearest way from it to something readable.

One table, asked in four ways: by the first bytes, by the entries of an archive, by a text that is not one of ours, by
the keys of a mapping. Loaded only for a file that cannot be read, or that is not a model; knows no reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from cnnsum.source.other_bytes import (
    is_caffemodel,
    is_cntk,
    is_core_ml,
    is_executorch,
    is_flax,
    is_graph_def,
    is_mnn,
    is_paddle,
    is_safetensors,
    is_saved_model,
    is_torch7,
    names_in_tar,
)
from cnnsum.typed import Any, NamedTuple


class Other(NamedTuple):
    """A kind of file, and how it is known.

    what: ends the sentence "this is". way: the help. magic: what its bytes begin with. has: decides by the first
    64 KiB of bytes. entry: ends the path of an entry of the archive. inside: are all in the folder. text: is found in
    the text. keys: are all among those of the mapping, and `holds` is true of it; one of the two is enough. header:
    whether its beginning lists what is in it.
    """

    what: str
    way: str | None
    magic: tuple[bytes, ...] = ()
    has: Callable[[bytes], bool] | None = None
    entry: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    text: re.Pattern[str] | None = None
    keys: tuple[str, ...] = ()
    holds: Callable[[Mapping[Any, Any]], bool] | None = None
    header: bool = False


_KERAS = "cnnsum reads architectures: write one with `model.to_json()`"
#: How an exported program of PyTorch is written.
TORCH = 'torch.export.save(torch.export.export(model, inputs), "model.pt2")'
EXPORT = f"in the program that has the model: `{TORCH}`"
_PICKLE = f"a pickle is a program; cnnsum runs none: where the model is made, write `{TORCH}`"
_CONVERTED = "it is made for running: give the model that it was converted from, as `model.to_json()` or `.pt2`"
_ONNX = "cnnsum reads the binary file: `onnx.save(onnx.load(path, format='{}'), 'model.onnx')` writes it"
_TRAINED = f"give the file of the network that is trained; {EXPORT}"
#: The nearest way from weights alone.
_SAVED = f"weights name no layers: of Keras give `model.to_json()`, of PyTorch what `{TORCH}` writes"
_OF_JAX = (
    "weights name no layers: `jax2tf.convert` and `tf.lite.TFLiteConverter` write a `.tflite` of a network of JAX, "
    "which cnnsum reads"
)
_PADDLE = "`paddle2onnx --model_dir FOLDER --save_file model.onnx` writes what cnnsum reads"
_HUB = "`keras.Model(b.input, b.output).to_json()`, where `b` is the backbone, writes what cnnsum reads"
_NO_MODEL = "a model is a spec, a file that Keras wrote, or a program that PyTorch exported"

#: Files by which a folder is known to be one model.
FOLDERS = frozenset(("saved_model.pb", "keras_metadata.pb"))
#: How the names of files end that are read.
_READ = (".keras", ".h5", ".hdf5", ".onnx", ".tflite", ".pt2", ".prototxt", ".cfg", "model.json")

#: Words of training that no spec has, and how many of them make a configuration of one.
_OF_TRAINING = frozenset(
    (
        *("lr", "lr0", "lrf", "learning_rate", "base_lr", "optimizer", "momentum", "weight_decay", "scheduler"),
        *("epochs", "max_epochs", "num_epochs", "warmup_epochs", "batch_size", "train_batch_size", "num_workers"),
        *("trainer", "solver", "loss", "metrics", "seed", "datamodule", "dataset", "checkpoint", "gpus", "devices"),
    )
)
_SEVERAL = 3


def _unpack(program: str) -> str:
    return f"unpack it first: `{program} -dc FILE | cnnsum -`"


def _is_tar(head: bytes) -> bool:
    return bool(names_in_tar(head))


def _is_nemo(head: bytes) -> bool:
    return any(name.endswith("model_config.yaml") for name in names_in_tar(head))


def _is_pointer(value: Mapping[Any, Any]) -> bool:
    outs = value["outs"]
    return isinstance(outs, list) and all(_has(one, "path") for one in outs)


def _is_report(value: Mapping[object, object]) -> bool:
    return str(value["schema"]).startswith("cnnsum.")


def _is_graph_model(value: Mapping[object, object]) -> bool:
    topology = value["modelTopology"]
    return value.get("format") == "graph-model" or (isinstance(topology, dict) and "node" in topology)


def _has(value: object, key: str) -> bool:
    return isinstance(value, dict) and key in value


def _is_history(value: Mapping[Any, Any]) -> bool:
    return all(isinstance(one, list) and one and isinstance(one[0], (int, float)) for one in value.values())


def _is_training(value: Mapping[Any, Any]) -> bool:
    """Whether several words of training are among the keys, or among those of a mapping in it."""
    keys = {str(key).lower() for one in (value, *value.values()) if isinstance(one, dict) for key in one}
    return len(keys & _OF_TRAINING) >= _SEVERAL


def _lines(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


_PYTHON = r"^(?:from [\w.]+ import |import \w|class \w+.*:\s*$|def \w+\()"

OTHERS: tuple[Other, ...] = (
    # --- by their bytes
    Other("an HDF5 file", _KERAS, (b"\x89HDF\r\n\x1a\n",)),
    Other("a MATLAB file of numbers", _SAVED, (b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")),
    Other("a zip archive", _KERAS, (b"PK\x03\x04",)),
    Other("a PNG image", f"a picture holds no network: {_NO_MODEL}", (b"\x89PNG\r\n\x1a\n",)),
    Other("a JPEG image", f"a picture holds no network: {_NO_MODEL}", (b"\xff\xd8\xff",)),
    Other("a GIF image", f"a picture holds no network: {_NO_MODEL}", (b"GIF8",)),
    Other("a PDF document", _NO_MODEL, (b"%PDF-",), text=re.compile(r"\A%PDF-")),
    Other("a gzip archive", _unpack("gzip"), (b"\x1f\x8b",)),
    Other("a bzip2 archive", _unpack("bzip2"), (b"BZh",)),
    Other("an xz archive", _unpack("xz"), (b"\xfd7zXZ\x00",)),
    Other("a zstd archive", _unpack("zstd"), (b"\x28\xb5\x2f\xfd",)),
    Other("a NumPy array", f"arrays are weights alone: {_NO_MODEL}", (b"\x93NUMPY",)),
    Other("a program", _NO_MODEL, (b"\x7fELF",)),
    Other("a checkpoint of NeMo, that is, a config and weights", EXPORT, has=_is_nemo),
    Other("a tar archive", "unpack it and give the model in it: `tar -xf FILE`", has=_is_tar),
    Other("an engine of TensorRT", f"{_CONVERTED}, or the `.onnx`", (b"ftrt", b"ptrt")),
    Other("a model of RKNN", f"{_CONVERTED}, or the `.onnx`", (b"RKNN",)),
    Other("a model of Ascend (om)", f"{_CONVERTED}, or the `.onnx`", (b"IMOD",)),
    Other("a model of ExecuTorch", _CONVERTED, has=is_executorch),
    Other("a model of MNN", f"{_CONVERTED}, or the `.onnx`", has=is_mnn),
    Other("a model of ncnn", f"{_CONVERTED}, or the `.onnx`", (b"\xdd\x85\x76\x00",)),
    Other(
        "a program of MLIR, as bytes",
        "give the model that it was made of, as `.pt2`, `.onnx` or `.tflite`",
        (b"ML\xefR",),
    ),
    Other("weights of darknet", "give the `.cfg` that they belong to", (b"\0\0\0\0\1\0\0\0", b"\0\0\0\0\2\0\0\0")),
    Other("weights of Caffe", "give the `.prototxt` that they belong to", has=is_caffemodel),
    Other(
        "a model of PaddlePaddle",
        _PADDLE,
        has=is_paddle,
        inside=("inference.pdiparams",),
        keys=("base_code", "program"),
    ),
    Other(
        "a model of CNTK", "`model.save('model.onnx', format=ModelFormat.ONNX)` writes what cnnsum reads", has=is_cntk
    ),
    Other("a model of Torch7", "load it with `torchfile` and write the network anew, as a spec", has=is_torch7),
    Other(
        "a frozen graph of TensorFlow (GraphDef)",
        "`python -m tf2onnx.convert --graphdef FILE --output model.onnx --inputs ... --outputs ...` writes what cnnsum "
        "reads; of a Keras model write `model.to_json()`",
        has=is_graph_def,
    ),
    Other("weights of Flax (MessagePack)", _OF_JAX, has=is_flax),
    Other("a checkpoint of Orbax, that is, weights of JAX", _OF_JAX, inside=("_CHECKPOINT_METADATA",)),
    Other("a checkpoint of Orbax, that is, weights of JAX", _OF_JAX, inside=("_METADATA",)),
    Other("a GGUF model", f"it holds weights and names no layers. {EXPORT.capitalize()}", (b"GGUF",)),
    Other("a Python pickle", _PICKLE, tuple(bytes((0x80, version)) for version in range(2, 6))),
    Other("a Python pickle, compressed by joblib", _PICKLE, (b"x\x01", b"x^", b"x\x9c", b"x\xda", b"ZF0x")),
    Other("a file of safetensors, that is, weights alone", EXPORT, has=is_safetensors, header=True),
    Other(
        "a TensorFlow SavedModel, whose graph is not one of layers",
        "the layers of one that Keras wrote stand beside it, in `keras_metadata.pb`: give that, or the folder; "
        "of another model write `model.to_json()` or `model.save('model.keras')`",
        has=is_saved_model,
        entry=("saved_model.pb", "keras_metadata.pb"),
    ),
    Other(
        "a Core ML model",
        _CONVERTED,
        has=is_core_ml,
        inside=("Manifest.json", "Data"),
        keys=("itemInfoEntries", "rootModelIdentifier"),
    ),
    Other("a compiled model of Core ML", _CONVERTED, inside=("coremldata.bin",)),
    Other(
        "a model of MLflow",
        "the model itself lies in a folder of it, `data/`",
        inside=("MLmodel",),
        keys=("flavors", "artifact_path"),
    ),
    Other(
        "a backbone of KerasHub with its weights, whose config names no layers",
        _HUB,
        inside=("config.json", "model.weights.h5"),
    ),
    Other(
        "a model of Hugging Face, whose config names no layers",
        f"`AutoModel.from_config(config)` makes the model of it; then `{TORCH}`",
        inside=("config.json", "model.safetensors"),
    ),
    Other(
        "a model of Hugging Face, whose config names no layers",
        f"`AutoModel.from_config(config)` makes the model of it; then `{TORCH}`",
        inside=("config.json", "pytorch_model.bin"),
    ),
    Other(
        "a checkpoint of TensorFlow, that is, weights alone",
        _SAVED,
        inside=("checkpoint",),
        text=re.compile(r"\Amodel_checkpoint_path:"),
    ),
    # --- by the entries of an archive
    Other(
        "an archive of TorchServe",
        "unpack it: the model is in it, as its handler loads it",
        entry=("MAR-INF/MANIFEST.json",),
    ),
    Other("a model of Qualcomm's SNPE (dlc)", _CONVERTED, entry=("dlc.metadata",)),
    Other(
        "a PyTorch file: TorchScript, that is, a program and its weights",
        f"export the module that it was made of: `{TORCH}`",
        entry=("constants.pkl", "code/__torch__.py"),
    ),
    Other("a PyTorch file: pickled objects and weights", _PICKLE, entry=("data.pkl",)),
    Other(
        "an archive of weights without an architecture",
        "write the architecture with `model.to_json()`, or the model with `model.save('model.keras')`",
        entry=(".npy", ".weights.h5"),
    ),
    # --- by their text
    Other(
        "a Git LFS pointer, not the file itself",
        "`git lfs pull` fetches it",
        text=re.compile(r"\Aversion https://git-lfs"),
    ),
    Other(
        "a web page",
        "download the file itself: on GitHub its address is under `Raw`",
        text=re.compile(r"\A\s*<(?:!DOCTYPE\s+html|html)\b", re.IGNORECASE),
    ),
    Other(
        "a model of OpenVINO", _CONVERTED, text=re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?<net\s[^>]*\bversion=", re.DOTALL)
    ),
    Other("a model of ncnn", f"{_CONVERTED}, or the `.onnx`", text=re.compile(r"\A7767517\s")),
    Other(
        "a Python pickle",
        _PICKLE,
        text=re.compile(r"\A(?:c[\w.]+\n\w+\n|\((?:d|l)p?\d*\n|\(i[\w.]+\n\w+\n|ccopy_reg\n)"),
    ),
    Other(
        "a program of MLIR",
        "give the model that it was made of, as `.pt2`, `.onnx` or `.tflite`",
        text=_lines(r"^\s*(?:module\b.*\{|func\.func\b.*\{|builtin\.module\b.*\{)\s*$"),
    ),
    Other(
        "a graph of NNEF",
        "give the model that it was converted from, as `.onnx` or `.tflite`",
        text=re.compile(r"\Aversion \d+\.\d+;[^\0]*?^graph \w+", re.MULTILINE),
    ),
    Other("a model of PMML", _NO_MODEL, text=re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?<PMML\b")),
    Other("a model of trees (LightGBM), which has no layers", _NO_MODEL, text=re.compile(r"\Atree\nversion=")),
    Other(
        "a model of ONNX as a text of protobuf",
        _ONNX.format("textproto"),
        text=re.compile(
            r"\A\s*(?:ir_version|opset_import|producer_name|graph)\b\s*[:{].*^graph\s*\{", re.DOTALL | re.MULTILINE
        ),
    ),
    Other("a model of ONNX as a text", _ONNX.format("onnxtxt"), text=re.compile(r"\A\s*<\s*ir_version\s*:")),
    Other(
        "a graph of TensorFlow as text",
        "of a Keras model write `model.to_json()` instead",
        text=_lines(r"^node\s*\{\s*$"),
    ),
    Other(
        "Python source",
        f"cnnsum runs no program. In it, behind the model: `{TORCH}`",
        text=_lines(r"^(?:import torch|from torch)\b"),
    ),
    Other(
        "Python source",
        "cnnsum runs no program. In it, behind the model: `open('model.json', 'w').write(model.to_json())`",
        text=_lines(r"^(?:import (?:keras|tensorflow)|from (?:keras|tensorflow))\b"),
    ),
    Other(
        "Python source",
        f"cnnsum runs no program. In it, write `model.to_json()` of Keras to a file, or `{TORCH}`",
        text=_lines(_PYTHON),
    ),
    Other(
        "what a server says of a file that it has not",
        "look at the address that it was downloaded from",
        text=re.compile(r"\A404: Not Found"),
    ),
    Other(
        "what `model.summary()` prints",
        f"it does not say all. {_KERAS}",
        text=_lines(r"^.{0,3}Layer \(type\).*Output Shape"),
    ),
    Other(
        "what PyTorch prints of a module",
        f"it does not say all. {EXPORT.capitalize()}",
        text=_lines(r"\A\w+\($\n +\(\w+\): \w+\("),
    ),
    Other("a list of packages", _NO_MODEL, text=re.compile(r"\A(?:\s*#.*\n|\s*\n)*[\w.\[\],-]+ *(?:==|>=|~=) *\d")),
    Other(
        "a table of values",
        _NO_MODEL,
        text=re.compile(r"\A(?:[^\n,:{}\[\]]*,){2,}[^\n,:{}\[\]]*\n(?:[^\n,:{}\[\]]*,){2,}"),
    ),
    # --- by their keys
    Other(
        "a Jupyter notebook",
        f"a cell behind the model writes what cnnsum reads: `model.to_json()` of Keras, or `{TORCH}`",
        keys=("cells", "nbformat"),
    ),
    Other(
        "a config of Hugging Face, which names no layers",
        f"`AutoModel.from_config(config)` makes the model of it; then `{TORCH}`",
        keys=("model_type",),
    ),
    Other(
        "a config of diffusers, which names no layers",
        f"`from_config` of its class makes the model of it; then `{TORCH}`",
        keys=("_class_name", "_diffusers_version"),
    ),
    Other(
        "a graph model of TensorFlow.js, which holds operations of TensorFlow and not layers",
        "write the Keras model that it was made of with `model.to_json()`, or convert that to a tfjs_layers_model",
        keys=("modelTopology",),
        holds=_is_graph_model,
    ),
    Other("a model of trees (XGBoost), which has no layers", _NO_MODEL, keys=("learner", "version")),
    Other(
        "an index of weights of Hugging Face, which names no layers",
        f"`AutoModel.from_config(config)` makes the model of the `config.json` beside it; then `{TORCH}`",
        keys=("weight_map",),
    ),
    Other("a pointer of DVC, not the file itself", "`dvc pull` fetches it", keys=("outs",), holds=_is_pointer),
    Other("a model of ONNX as JSON", _ONNX.format("json"), keys=("irVersion", "graph")),
    Other("a symbol of MXNet", _CONVERTED, keys=("nodes", "arg_nodes", "heads")),
    Other(
        "a description of a dataset, which names no layers",
        "the network of Ultralytics stands in a file such as `yolov8.yaml`, which its training names as `model`",
        keys=("names",),
        holds=lambda value: "train" in value or "val" in value,
    ),
    Other("an environment of conda", _NO_MODEL, keys=("dependencies", "channels")),
    Other("a list of packages", _NO_MODEL, keys=("dependencies", "name", "version")),
    Other("a workflow of CI", _NO_MODEL, keys=("jobs", "on")),
    Other("a file of Docker Compose", _NO_MODEL, keys=("services",)),
    Other("a file of annotations (COCO)", _NO_MODEL, keys=("images", "annotations")),
    Other("a tokenizer", _NO_MODEL, keys=("model",), holds=lambda value: _has(value["model"], "vocab")),
    Other("the history of a training", _NO_MODEL, keys=("loss",), holds=_is_history),
    Other(
        "a config of OpenMMLab, which names no layers",
        f"`MODELS.build(config.model)` makes the model of it; then `{TORCH}`",
        keys=("model",),
        holds=lambda value: _has(value["model"], "type"),
    ),
    Other(
        "a config of Detectron2, which names no layers",
        f"`build_model(config)` makes the model of it; then `{TORCH}`",
        keys=("MODEL",),
    ),
    Other(
        "a configuration of Hydra, which names no layers",
        _TRAINED,
        keys=("defaults",),
        holds=lambda value: isinstance(value["defaults"], list),
    ),
    Other("a configuration of a training, which names no layers", _TRAINED, holds=_is_training),
    Other("what cnnsum wrote about a model", "give it the model itself", keys=("schema",), holds=_is_report),
)


def of_bytes(head: bytes) -> Other | None:
    """What a file is by its first bytes, 64 KiB of them where there are as many."""
    for one in OTHERS:
        if head.startswith(one.magic or (b"\xff\xff\xff\xff",)) or (one.has is not None and one.has(head)):
            return one
    return None


def of_entries(names: Iterable[str]) -> Other | None:
    """What an archive is by the paths of its entries; one that holds a file that is read is told to be unpacked."""
    listed = list(names)
    for one in OTHERS:
        if one.entry and any(name.endswith(one.entry) for name in listed):
            return one
    read = next((name for name in listed if name.lower().endswith(_READ)), None)
    if read is None:
        return None
    return Other(f"an archive with `{read}` in it", f"unpack that and give it: `unzip FILE {read}`")


def of_folder(names: Iterable[str]) -> Other | None:
    """What a folder is by the files in it, of those that a program writes as the one thing."""
    listed = set(names)
    found = next((one for one in OTHERS if one.inside and listed.issuperset(one.inside)), None)
    return found or of_entries(name for name in listed if name in FOLDERS)


def of_text(text: str) -> Other | None:
    """What a text is that is not a spec and no JSON."""
    return next((one for one in OTHERS if one.text is not None and one.text.search(text)), None)


def of_value(value: object) -> Other | None:
    """What a file is by the mapping that it holds."""
    if not isinstance(value, dict):
        return None
    for one in OTHERS:
        of_mappings = one.keys or one.holds is not None
        if of_mappings and all(key in value for key in one.keys) and (one.holds is None or one.holds(value)):
            return one
    return None
