"""Weights beside a Keras config: exact counts of layers that only their authors know, and no false differences."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

import keras_custom  # noqa: E402 - the import above is what skips
import keras_examples_graphs  # noqa: E402, F401 - adds its models
import keras_examples_nested  # noqa: E402, F401
from keras_examples import MODELS  # noqa: E402
from keras_text import lines_of, theirs  # noqa: E402

import cnnsum  # noqa: E402

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"line_length": 61, "show_trainable": True},
    {"expand_nested": True, "show_trainable": True, "line_length": 200},
)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", keras_custom.MODELS)
def test_layers_of_their_authors_own(name: str, suffix: str, tmp_path: Path) -> None:
    keras.backend.clear_session()
    model = keras_custom.MODELS[name]()
    path = tmp_path / f"model.{suffix}"
    model.save(path)
    read = cnnsum.load(path)
    assert not [found for found in read.diagnostics if found.severity == "error" or found.code in ("SHP225", "SPC067")]
    report = cnnsum.summarize(read)
    for choice in CHOICES:
        if choice.get("expand_nested") and name == "subclassed_model":
            continue  # what a model by subclassing is made of, the file does not say
        assert lines_of(report, **dict(choice)) == theirs(model, **choice), choice
    by_name = {row.name: row for row in report.rows}
    for layer in model.layers:
        row = by_name[layer.name]
        if not isinstance(layer, keras.Model):
            expected = sorted((tuple(one.shape), str(one.dtype)) for one in layer.weights)
            assert sorted((tuple(one.shape), one.dtype) for one in row.weights) == expected, layer.name


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", MODELS)
def test_what_keras_holds_is_what_its_rules_give(name: str, suffix: str, tmp_path: Path) -> None:
    keras.backend.clear_session()
    path = tmp_path / f"model.{suffix}"
    try:
        MODELS[name]().save(path)
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        pytest.skip(f"Keras cannot write it: {error}")
    read = cnnsum.load(path)
    assert [str(found) for found in read.diagnostics if found.code in ("SHP225", "SPC067")] == []
