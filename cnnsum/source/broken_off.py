"""Files of which nothing is there, or not all, or zeros for letters: what each would be, and how one gets it again.

Loaded only for a file that cannot be read. Knows names of files, and nothing of what stands in them.
"""

from __future__ import annotations

import os

from cnnsum.diagnostics import SMALLEST_SPEC, Diagnostic, Span
from cnnsum.source.lines import Lines
from cnnsum.source.others import FOLDERS, TORCH
from cnnsum.typed import NamedTuple


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


_HEAD = 65_536
#: What no text has: control characters but for white space, and the escape that terminals colour by.
_CONTROL = bytes([*range(0x01, 0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])


def without_zeros(data: bytes) -> bytes | None:
    r"""The text that some bytes are but for zeros in them; None where they are not text, or hold no zero.

    >>> without_zeros(b"input: [3]\n\0\0"), without_zeros(b"\x08\x07\0pytorch"), without_zeros(b"\0\0")
    (b'input: [3]\n', None, None)
    """
    if b"\0" not in data:
        return None
    text = data.replace(b"\0", b"")
    head = text[:_HEAD]
    if not head.strip() or len(head.translate(None, _CONTROL)) != len(head):
        return None
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 or len(text) <= _HEAD:  # where the head ends within a letter
            return None
    return text


def of_zeros(data: bytes, path: str) -> Diagnostic | None:
    """The finding for a text with zeros in it; None where the bytes are not text."""
    if without_zeros(data) is None:
        return None
    at = data.index(b"\0")
    before = data[:at].decode("utf-8", "replace")
    line, column = Lines(before).position(len(before))
    span = Span(path, line, column, line, column + 1)
    if data[:1] == b"\0" or data[1:2] == b"\0":
        return Diagnostic("SPC005", "every other byte is zero, as in UTF-16", span, help="save the file as UTF-8")
    if not data[at:].strip(b"\0"):
        help = f"{again(path)}: one that was not written to its end ends with zeros"
        return Diagnostic("SPC005", "from here on the file holds zero bytes, and no text", span, help=help)
    return Diagnostic("SPC005", "a zero byte stands here, which no text holds", span, help="take it out")
