"""Whether a file that was found in a folder is a model, by what it holds.

A repository has many files in YAML and JSON; what is no model is passed over, and what is a broken one is not.
"""

from __future__ import annotations

import re
from typing import Any

from cnnsum.source import Document

_KERAS = ("class_name", "modelTopology", "model_config")
_MARKS = re.compile(rb"layers|class_name|modelTopology|model_config")
# Of a text that cannot be read as YAML or JSON: keys at its top that only a spec has together.
_LAYERS = re.compile(rb"""(?m)(?:^|[{,]\s*)["']?layers["']?[ \t]*:""")
_INPUT = re.compile(rb"""(?m)(?:^|[{,]\s*)["']?inputs?["']?[ \t]*:""")
_CLASS = re.compile(rb'"class_name"\s*:\s*"(?:Sequential|Functional|Model)"')
_MOST_ITEMS = 20


def may_be_model(data: bytes) -> bool:
    """Whether a file could be a model: a quick look at its bytes, which most files do not pass."""
    if b"\0" in data[:4] or data[:1] in (b"\xff", b"\xfe"):
        data = data.replace(b"\0", b"")  # in UTF-16 and UTF-32 most letters have zeros beside them
    return _MARKS.search(data) is not None


def seems_model(data: bytes) -> bool:
    """Whether the bytes of a file that cannot be read were meant as a model."""
    if b"\0" in data[:1024]:
        return False
    return bool((_LAYERS.search(data) and _INPUT.search(data)) or _CLASS.search(data))


def is_model(document: Document) -> bool:
    """Whether what a file holds is a model, or clearly meant as one."""
    value = document.value
    if not isinstance(value, dict):
        return False
    if any(key in value for key in _KERAS):
        return _is_keras(value)
    layers = value.get("layers")
    if layers is None or str(value.get("schema")).startswith("cnnsum."):  # a report of our own has `layers`, too
        return False
    if "input" in value or "inputs" in value:
        return True
    return isinstance(layers, list) and any(_is_layer(item) for item in layers[:_MOST_ITEMS])


def _is_keras(value: dict[str, Any]) -> bool:
    from cnnsum.readers.keras import MODEL_CLASSES, locate

    path = locate(value)
    if path is None:
        return False
    model: Any = value
    for key in path:
        model = model[key]
    # A single layer, an optimizer or a tokenizer has a `class_name` and a `config`, too.
    config = model["config"]
    return model["class_name"] in MODEL_CLASSES or (isinstance(config, dict) and "layers" in config)


def _is_layer(item: object) -> bool:
    """Whether an item of a list is a layer of a known type."""
    from cnnsum.layers.base import find

    name = next(iter(item)) if isinstance(item, dict) and len(item) == 1 else item
    return isinstance(name, str) and find(name) is not None
