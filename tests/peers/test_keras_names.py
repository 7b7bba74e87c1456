"""The stored names are those of the installed Keras, and every class and operation has a stated behaviour."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("keras")

import keras_names

pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_stored_names_are_those_of_keras() -> None:
    """Made by `python tests/peers/keras_names.py`."""
    assert keras_names.found() == json.loads(keras_names.FILE.read_text(encoding="utf-8"))
