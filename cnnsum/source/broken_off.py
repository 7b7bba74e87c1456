"""Files of which nothing is there, or not all: what each would be by its name, and how one gets it again.

Loaded only for a file that cannot be read. Knows names of files, and nothing of what stands in them.
"""

from __future__ import annotations

import os

from cnnsum.diagnostics import SMALLEST_SPEC
from cnnsum.source.others import FOLDERS, TORCH
from cnnsum.tuples import NamedTuple


class Kind(NamedTuple):
    """A kind of file. ends: how its name ends. what: ends the sentence "this would be". way: what writes one."""

    ends: tuple[str, ...]
    what: str
    way: str | None = None


_KERAS = "`model.save('model.keras')`"
_KINDS = (
    Kind((*FOLDERS,), "part of a TensorFlow SavedModel", "Keras 2's `model.save('folder')` or `model.to_json()`"),
    Kind((".keras",), "a Keras archive", _KERAS),
    Kind(("config.json",), "the architecture in a Keras archive", f"{_KERAS}, or `model.to_json()`"),
    Kind((".h5", ".hdf5"), "a model of Keras in HDF5", f"`model.save('model.h5')`, or better {_KERAS}"),
    Kind((".pt2",), "an exported program of PyTorch", f"`{TORCH}`"),
    Kind((".onnx",), "an ONNX model", "the exporter that made it"),
    Kind((".tflite",), "a TensorFlow Lite model", "the converter that made it"),
    Kind((".cfg",), "a network of darknet"),
    Kind((".prototxt",), "a network of Caffe"),
)


def kind(path: str) -> Kind | None:
    """What a file, or a folder that a program writes as one thing, would be by its name."""
    name = next(iter(FOLDERS)) if os.path.isdir(path) else path.lower()
    return next((one for one in _KINDS if name.endswith(one.ends)), None)


def again(path: str) -> str:
    """How one gets a file again that is not whole."""
    found = kind(path)
    written = f", or write it again with {found.way}" if found is not None and found.way else ""
    return f"fetch or copy the file again{written}"


def of_nothing(path: str) -> tuple[str, str]:
    """The message about a file without a character, and its help."""
    found = kind(path)
    if found is None:
        return "the file is empty", SMALLEST_SPEC
    return f"the file is empty; by its name it would be {found.what}", again(path)
