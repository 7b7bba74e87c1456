"""Writes docs/keras.md: every layer class and operation of Keras, what cnnsum makes of it, and how that is verified.

python docs/make_keras_page.py

What Keras has is read from tests/peers/keras_names.json, which `python tests/peers/keras_names.py` writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnnsum.layers.base import find

DOCS = Path(__file__).resolve().parent
NAMES = DOCS.parent / "tests" / "peers" / "keras_names.json"

#: What is made of classes that have no rule.
WITHOUT_RULE = {
    "InputLayer": "the input of the model",
    "InputSpec": "no layer: it stands in no file",
    "Layer": "abstract; in a file UNK701",
    "Wrapper": "abstract; in a file UNK701",
}
CODE = "code, never run: SAF603, unless declared"
UNKNOWN = "not known: UNK701, unless declared"
DRAWN = "random cases against Keras"


def page() -> str:
    """The text of the page."""
    return "\n".join(_lines(json.loads(NAMES.read_text(encoding="utf-8")))) + "\n"


def _lines(names: dict[str, Any]) -> Iterator[str]:
    layers, operations = names["layers"], names["operations"]
    known = sum(find(name) is not None for name in layers)
    supported = [key for key in operations if find(key) is not None]
    yield "# Layers and operations of Keras"
    yield ""
    yield f"Every class that `keras.layers` of Keras {names['version']} exports, and every operation that a call of"
    yield "`keras.ops` on symbolic tensors leaves in a file. Made by `python docs/make_keras_page.py`."
    yield ""
    yield f"- Of {len(layers)} layer classes {known} have a rule; what is made of the others is said beside them."
    yield f"- Of {len(operations)} operation classes {len(supported)} have a rule."
    yield "- A layer or operation without a rule is never zero and never fatal: its row says `?`, what follows is"
    yield "  inferred from the shape that the file records for it, and totals are lower bounds."
    yield "  [Declare it](custom_layers.md) to have it counted."
    yield '- "Random cases": fields and shapes are drawn, Keras builds the layer, and shapes, dtypes, weights and what'
    yield "  of them trains are compared (tests/peers/test_keras_classes.py); what Keras refuses must be refused."
    yield '- "Compared": a model with the operation is compared with Keras\'s (tests/peers/test_keras_operations.py and'
    yield "  the models of tests/peers)."
    yield ""
    yield "## Layers"
    yield ""
    yield "| class | in cnnsum | verified |"
    yield "|---|---|---|"
    for name, reason in layers.items():
        yield f"| `{name}` | {_layer(name, reason)} | {reason or DRAWN} |"
    yield ""
    yield "## Operations"
    yield ""
    yield "| operation | in cnnsum | verified |"
    yield "|---|---|---|"
    for key, compared in operations.items():
        rule = find(key) is not None
        shown = key.removeprefix("keras.src.ops.")
        yield f"| `{shown}` | {'a rule' if rule else UNKNOWN} | {'compared' if compared and rule else ''} |"


def _layer(name: str, reason: str) -> str:
    if find(name) is not None:
        return "a rule"
    return WITHOUT_RULE.get(name) or (CODE if "code" in reason else UNKNOWN)


if __name__ == "__main__":
    (DOCS / "keras.md").write_text(page(), encoding="utf-8")
