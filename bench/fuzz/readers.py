"""The readers that are fuzzed. A new one joins by a line in `READERS`: a name, a suffix, how a sound file is made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml

from bench.fuzz import formats, hub, messages, onnx_files, programs, sections, tflite_files, wire
from bench.fuzz.mutate import flipped, json_text, restructured, spoilt
from bench.fuzz.nets import net
from bench.fuzz.rows import rows
from bench.fuzz.torch_words import TORCH_WORDS
from cnnsum.source import savedmodel

ROOT = Path(__file__).resolve().parent.parent.parent
#: Names of readers, the only ones whose files are drawn, where that is asked for; children have it from their parent.
WANTED = "CNNSUM_FUZZ_READERS"
#: Larger files of the repository take more time than they show.
_MOST_BYTES = 12_000

Tree = Callable[[Random], tuple[Any, dict[str, Any]]]
Written = Callable[[Any, Random], bytes]


class Reader(NamedTuple):
    """One format. tree: plain values of a sound file, and of the files beside it, by name; written: their bytes.

    binary: whether its bytes are damaged beside its values, for files that are not texts; damaged: how.
    """

    name: str
    suffix: str
    weight: int
    tree: Tree
    written: Written
    binary: bool = False
    damaged: Callable[[bytes, Random], bytes] = flipped


class Files(NamedTuple):
    """The model's file and those beside it. sound: nothing was damaged. marks: comments that mends have to keep."""

    name: str
    contents: dict[str, bytes]
    reader: str
    sound: bool


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@cache
def stored(pattern: str) -> tuple[tuple[str, bytes], ...]:
    """Files of the repository that are not too large, with their names."""
    found = sorted(ROOT.glob(pattern))
    return tuple((path.name, path.read_bytes()) for path in found if path.stat().st_size <= _MOST_BYTES)


def _spec(chance: Random) -> tuple[Any, dict[str, Any]]:
    if chance.random() < 0.12:
        _name, data = chance.choice((*stored("specs/*.yaml"), *stored("tests/corpus/ok/*.yaml")))
        return yaml.load(data, Loader=yaml.CSafeLoader), {}
    return formats.spec(net(chance), chance)


def _torch_spec(chance: Random) -> tuple[Any, dict[str, Any]]:
    if chance.random() < 0.12 and (found := stored("specs/torch/*.yaml")):
        return yaml.load(chance.choice(found)[1], Loader=yaml.CSafeLoader), {}
    return formats.spec(net(chance, words=TORCH_WORDS), chance)


def _alone(make: Callable[[Any, Random], Any]) -> Tree:
    return lambda chance: (make(net(chance), chance), {})


def _yaml(value: Any, chance: Random) -> bytes:
    return _bytes(formats.yaml_text(value, chance))


def _cfg(value: Any, chance: Random) -> bytes:
    return _bytes(sections.text(value, chance))


def _prototxt(value: Any, chance: Random) -> bytes:
    return _bytes(messages.text(value, chance))


def _json(value: Any, chance: Random) -> bytes:
    return _bytes(json_text(value, chance))


def _in_archive(value: Any, chance: Random) -> bytes:
    return formats.archive(_json(value, chance), chance)


def _in_program(value: Any, chance: Random) -> bytes:
    return programs.archive(formats.compact(value), chance)


def _in_saved_model(value: Any, chance: Random) -> bytes:
    """The file of layers of a SavedModel, or the program that held them before there was one."""
    text = _json(value, chance)
    node = {"path": b"root", "identifier": b"_tf_keras_network", "metadata": text}
    if chance.random() < 0.3:
        graphs = [{"objects": {"nodes": [{"user": node}]}}]
        return b"\x08\x01" + wire.encode({"graphs": graphs}, savedmodel.SCHEMA, "Program")
    return wire.encode({"nodes": [node]}, savedmodel.SCHEMA, "Metadata")


def _in_hdf5(value: Any, chance: Random) -> bytes:
    return formats.hdf5(formats.compact(value), chance)


def _tflite(chance: Random) -> tuple[Any, dict[str, Any]]:
    return tflite_files.model(chance), {}


READERS: tuple[Reader, ...] = (
    Reader("spec in YAML", ".yaml", 30, _spec, _yaml),
    Reader("spec in JSON", ".json", 8, _spec, _json),
    Reader("spec in PyTorch's words", ".yaml", 14, _torch_spec, _yaml),
    Reader("Ultralytics", ".yaml", 8, lambda chance: (rows(chance), {}), _yaml),
    Reader("darknet", ".cfg", 8, lambda chance: (sections.sections(chance), {}), _cfg),
    Reader("Caffe", ".prototxt", 8, lambda chance: (messages.network(chance), {}), _prototxt),
    Reader("Keras 3", ".json", 22, _alone(formats.keras), _json),
    Reader("KerasHub", ".json", 5, lambda chance: (hub.model(chance), {}), _json),
    Reader("Keras 2", ".json", 10, _alone(formats.keras_2), _json),
    Reader("Keras 1", ".json", 4, _alone(formats.keras_1), _json),
    Reader("Keras 2 in YAML", ".yaml", 4, _alone(formats.keras_2), _yaml),
    Reader("TF.js", ".json", 5, _alone(formats.tfjs), _json),
    Reader("archive", ".keras", 8, _alone(formats.keras), _in_archive, binary=True),
    Reader("exported program", ".pt2", 8, lambda chance: (programs.program(chance), {}), _in_program, binary=True),
    Reader("ONNX", ".onnx", 10, lambda chance: (onnx_files.model(chance), {}), onnx_files.written, True, wire.damaged),
    Reader("SavedModel", ".pb", 4, _alone(formats.saved_model), _in_saved_model, True, wire.damaged),
    Reader("TensorFlow Lite", ".tflite", 8, _tflite, tflite_files.written, binary=True),
    Reader("HDF5", ".h5", 8, _alone(formats.keras), _in_hdf5, binary=True),
    Reader("HDF5 of Keras 2", ".h5", 3, _alone(formats.keras_2), _in_hdf5, binary=True),
)


def files(chance: Random, name: str = "model", *, sound: float = 0.35, only: tuple[str, ...] = ()) -> Files:
    """A model of a random reader, sound with that probability; else its values, its text or its bytes are damaged."""
    wanted = only or tuple(filter(None, os.environ.get(WANTED, "").split(",")))
    readers = [reader for reader in READERS if not wanted or reader.name in wanted]
    reader = chance.choices(readers, [reader.weight for reader in readers])[0]
    if not wanted and chance.random() < 0.04:
        return _corpus(chance)
    tree, beside = reader.tree(chance)
    good = chance.random() < sound
    if not good and chance.random() < 0.6:
        tree = restructured(tree, chance)
        if beside and chance.random() < 0.5:
            beside = {key: restructured(value, chance) for key, value in beside.items()}
        data = reader.written(tree, chance)
    else:
        data = reader.written(tree, chance)
        if not good:
            is_flipped = reader.binary or chance.random() < 0.2
            data = reader.damaged(data, chance) if is_flipped else _spoilt(data, chance)
    contents = {name + reader.suffix: data}
    contents.update((key, _yaml(value, chance)) for key, value in beside.items())
    return Files(name + reader.suffix, contents, reader.name, good)


def _spoilt(data: bytes, chance: Random) -> bytes:
    return _bytes(spoilt(data.decode("utf-8", "surrogateescape"), chance))


def _corpus(chance: Random) -> Files:
    """A file of the tests, most of which have a fault, as it is or with more of them."""
    name, data = chance.choice(
        (*stored("tests/corpus/err/*.yaml"), *stored("tests/corpus/err/*.json"), *stored("tests/corpus/ok/*.json"))
    )
    if chance.random() < 0.7:
        data = _spoilt(data, chance) if chance.random() < 0.7 else flipped(data, chance)
    return Files(name, {name: data}, "corpus", sound=False)


def config(chance: Random, value: Any) -> bytes:
    """A file of other use, in JSON or YAML, sound for the most part."""
    if chance.random() < 0.4:
        value = restructured(value, chance)
    text = json.dumps(value, indent=1)
    return _bytes(spoilt(text, chance) if chance.random() < 0.2 else text)
