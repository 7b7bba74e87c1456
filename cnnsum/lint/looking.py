"""Whether a file that was found in a folder is a model, by what it holds.

A repository has many files in YAML and JSON. What is not a model is passed over. A broken model is not: its `layers`
may be misspelt or empty, or the file may not be YAML any more.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cnnsum.diagnostics import folded, letters_apart
from cnnsum.lint.files import CONTAINERS
from cnnsum.readers.ultralytics import is_ultralytics
from cnnsum.source import Document
from cnnsum.source.document import MESSAGES

_KERAS = ("class_name", "modelTopology", "model_config")
_MARKS = re.compile(rb"layers|class_name|modelTopology|model_config|graph_module|backbone")
# A row of Ultralytics, `[-1, 1, Conv, [64, 3, 2]]`, also as a list in lines of its own. Nothing else is written so.
_MODULE = rb"[\"']?(?:nn\.|torchvision\.)?[A-Z]\w*[\"']?"
_ROW = re.compile(
    rb"\[[ \t]*(?:-?\d+|\[[-\d, \t]+\])[ \t]*,[ \t]*\d+[ \t]*,[ \t]*" + _MODULE + rb"[ \t]*,[ \t]*\["
    rb"|-[ \t]+-?\d+\s+-[ \t]+\d+\s+-[ \t]+" + _MODULE + rb"\s+-[ \t]"
)
# Keys, at whatever depth: a text that is not YAML has none.
_KEYS = re.compile(rb"""(?<![\w$./-])["']?([A-Za-z][\w-]{1,12})["']?[ \t]*:""")
_TYPES = re.compile(
    rb"\b(?:Conv[123]D|Dense|Flatten|(?:Max|Average|GlobalMax|GlobalAverage)Pooling[123]D|BatchNormalization|LSTM|GRU)\b"
)
# darknet's sections, of which settings of programs have others.
_SECTIONS = re.compile(rb"^[ \t]*\[[ \t]*(?:net|network|convolutional)[ \t]*\]", re.MULTILINE)
_MESSAGES = re.compile(MESSAGES.encode())
# What Keras and PyTorch write into JSON, and nobody else.
_CLASS = re.compile(
    rb'"class_name"\s*:\s*"(?:Sequential|Functional|Model|InputLayer)"|"(?:modelTopology|model_config|graph_module)"\s*:'
)
_INPUTS = ("input", "inputs")
#: Keys of a spec that nothing else has beside an input shape, and those that a spec may stand under by mistake.
_OWN = frozenset(("blocks", "defaults", "vars", "budget", "lint", "layer_types", "data_format", "symbols", "dtype"))
_BESIDE = frozenset(("name", "include", *_OWN))
#: What stands above the rows of Ultralytics; a dataset has the first alone.
_ABOVE_ROWS = frozenset(("nc", "scales"))
_AROUND = frozenset(("model", "network", "net", "architecture", "spec"))
#: Bytes in which keys are looked for: data has the same keys again and again.
_HEAD = 1 << 18
#: Of those keys so many beside an input make a spec, whatever else there is.
_ENOUGH = 2
_MOST_ITEMS = 20
_MOST_AXES = 5


def may_be_model(data: bytes) -> bool:
    """Whether a file could be a model: a quick look at its bytes, which most files do not pass."""
    data = _letters(data)
    if any(marks.search(data) is not None for marks in (_MARKS, _SECTIONS, _ROW)) or _is_caffe(data):
        return True
    keys = _keys(data)
    has_input = any(map(_is_input, keys))
    if any(map(_is_layers, keys)) or keys >= _ABOVE_ROWS:
        return True
    return has_input and (
        keys <= {*_INPUTS, *_BESIDE} or len(keys) == 1 or not _OWN.isdisjoint(keys) or _TYPES.search(data) is not None
    )


def seems_model(data: bytes) -> bool:
    """Whether the bytes of a file that cannot be read were meant as a model."""
    data = _letters(data)
    if _SECTIONS.search(data) is not None or _ROW.search(data) is not None or _is_caffe(data):
        return True
    if b"\0" in data[:1024]:
        return False
    keys = _keys(data)
    if keys >= _ABOVE_ROWS:
        return True
    if any(map(_is_input, keys)) and len(_OWN & keys) >= _ENOUGH:
        return True
    signs = (any(map(_is_input, keys)), any(map(_is_layers, keys)), _TYPES.search(data) is not None)
    return sum(signs) > 1 or _CLASS.search(data) is not None


def seems_budgeted(data: bytes) -> bool:
    """Whether there is a budget in the bytes of a file that cannot be read."""
    return "budget" in _keys(_letters(data))


def _is_caffe(data: bytes) -> bool:
    """Whether a text is one of a network of Caffe, as its reader finds it."""
    if _MESSAGES.search(data) is None:
        return False
    from cnnsum.source.prototxt import is_prototxt

    return is_prototxt(data.decode("latin-1"))


def _letters(data: bytes) -> bytes:
    """A text without its mark, and the zeros beside most letters of UTF-16 and UTF-32, or in it by mistake."""
    from cnnsum.source.raw import unmarked

    data, encoding = unmarked(data)
    if encoding not in ("", "utf-8"):
        return data.replace(b"\0", b"")
    if b"\0" not in data:
        return data
    from cnnsum.source.broken_off import without_zeros

    return without_zeros(data) or data


def _keys(data: bytes) -> set[str]:
    return {key.decode("ascii", "replace") for key in set(_KEYS.findall(data, 0, _HEAD))}


@lru_cache(1 << 8)
def _is_layers(key: str) -> bool:
    """Whether a key is `layers`, or that with a slip."""
    return letters_apart(folded(key), "layers", 1) <= 1


@lru_cache(1 << 8)
def _is_input(key: str) -> bool:
    return any(letters_apart(folded(key), name, 1) <= 1 for name in _INPUTS)


def is_model(document: Document) -> bool:
    """Whether what a file holds is a model, or clearly meant as one."""
    value = document.value
    if document.format in ("onnx", "tflite", "cfg", "prototxt"):
        return True
    return isinstance(value, dict) and _is_model(document, (), alone=document.format == "yaml")


def _is_model(document: Document, path: tuple[str, ...], *, alone: bool) -> bool:
    """Whether a mapping of a file is a model. alone: whether an input shape by itself is one."""
    value = document.at(path)
    if any(key in value for key in _KERAS):
        return _is_keras(document, path)
    if "config" in value and _is_keras(document, path):
        return True
    if ("graph_module" in value and "schema_version" in value) or is_ultralytics(value):
        return True
    keys = [key for key in value if isinstance(key, str)]
    if _ABOVE_ROWS.issubset(keys):
        return True
    if "_target_" in value:  # what Hydra makes an object of
        return False
    if str(value.get("schema")).startswith("cnnsum."):  # a report of our own has `layers`, too
        return False
    if any(map(_is_input, keys)) and any(map(_is_layers, keys)):
        return True
    for key in keys:
        items = value[key]
        if isinstance(items, list) and (_has_layers if _is_layers(key) else _is_of_layers)(items[:_MOST_ITEMS]):
            return True
        if isinstance(items, list) and sum(map(_is_row, items[:_MOST_ITEMS])) > 1:
            return True
        if key in _AROUND and isinstance(items, dict) and _is_model(document, (*path, key), alone=False):
            return True
    if not alone or not any(key in _INPUTS and _is_shape(value[key]) for key in keys):
        return False
    return set(keys) <= {*_INPUTS, *_BESIDE} or len(_OWN.intersection(keys)) >= _ENOUGH


def _is_row(item: object) -> bool:
    """Whether an item of a list is a row of Ultralytics: what it reads, how often it stands, its module, arguments."""
    if not isinstance(item, list) or len(item) < 4:
        return False
    read, times, module, arguments = item[:4]
    is_call = isinstance(module, str) and isinstance(arguments, list)
    return is_call and isinstance(read, (int, list)) and type(times) is int


def _has_layers(items: list[object]) -> bool:
    return any(map(_is_layer, items))


def _is_of_layers(items: list[object]) -> bool:
    """Whether most items are layers, one of them with fields: a list of words may be one of anything."""
    return 2 * sum(map(_is_layer, items)) > len(items) and any(isinstance(item, dict) for item in items)


def _is_shape(value: object) -> bool:
    """Whether a value is the shape of an input, or names some."""
    if isinstance(value, dict):
        return bool(value) and all(isinstance(one, list) and _is_shape(one) for one in value.values())
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_AXES:
        return False
    return any(type(dim) is int for dim in value) and all(isinstance(dim, (int, str)) for dim in value)


def _is_keras(document: Document, path: tuple[str, ...]) -> bool:
    from cnnsum.readers.keras import MODEL_CLASSES, locate, locate_nameless

    value = document.at(path)
    found = locate(value)
    if found is None:
        return locate_nameless(value) is not None
    model = document.at((*path, *found))
    # A single layer, an optimizer or a tokenizer has a `class_name` and a `config`, too.
    config = model["config"]
    return model["class_name"] in MODEL_CLASSES or (isinstance(config, dict) and "layers" in config)


def _is_layer(item: object) -> bool:
    """Whether an item of a list is a layer of a known type."""
    from cnnsum.layers.vocabulary import VOCABULARIES

    name = next(iter(item)) if isinstance(item, dict) and len(item) == 1 else item
    return isinstance(name, str) and any(one.find(name) is not None for one in VOCABULARIES.values())


def why_not(path: str) -> str:
    """Why a file that was passed over was taken for no model."""
    import os

    from cnnsum.diagnostics import UnusableError
    from cnnsum.source import read

    if not os.path.isfile(path):
        return "a link that leads nowhere"
    if not path.lower().endswith(CONTAINERS):
        try:
            with open(path, "rb") as file:
                if not may_be_model(file.read()):
                    return "it has no `layers`, nor what is spelled like it"
        except OSError as error:
            return error.strerror or "it cannot be read"
    try:
        document = read(path)
    except UnusableError as error:
        return f"it cannot be read, and nothing in it looks like a model: {error.diagnostics[0].message}"
    if not isinstance(document.value, dict):
        return "it is not a mapping"
    if str(document.value.get("schema")).startswith("cnnsum."):
        return "a report of cnnsum"
    if "blocks" in document.value or "layer_types" in document.value:
        return "it declares blocks or layer types for other files"
    return "its `layers` are not those of a network" if "layers" in document.value else "it has no `layers`"
