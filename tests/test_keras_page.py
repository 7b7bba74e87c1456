"""docs/keras.md is what its script makes, and what it says of layers without a rule is so."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from cnnsum.layers.base import find

DOCS = Path(__file__).resolve().parent.parent / "docs"


def script():
    spec = importlib.util.spec_from_file_location("make_keras_page", DOCS / "make_keras_page.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_page_is_fresh():
    """Made by `python docs/make_keras_page.py`."""
    assert (DOCS / "keras.md").read_text(encoding="utf-8") == script().page()


def test_every_class_has_a_rule_or_a_reason():
    page = script()
    layers = json.loads(page.NAMES.read_text(encoding="utf-8"))["layers"]
    assert len(layers) == 144
    without = {name for name in layers if find(name) is None}
    assert without == {*page.WITHOUT_RULE, "Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}
