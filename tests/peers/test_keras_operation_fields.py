"""The table of operations with odd fields against real Keras, on each of the backends that it was made with."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("keras")

from make_operation_fields import on_all_backends, table

from tests.layers.operation_fields import TABLE
from tests.thorough import THOROUGH


def test_the_table_is_what_keras_says() -> None:
    """Every value of every field in a thorough run, else a quarter of the values of each."""
    said = on_all_backends(1 if THOROUGH else 4)
    stored: dict[str, dict[str, dict[str, list[str]]]] = {}
    for key, fields in json.loads(TABLE.read_text(encoding="utf-8")).items():
        for name, verdicts in fields.items():
            for verdict, labels in verdicts.items():
                if kept := [label for label in labels if label in said[0][key][name]]:
                    stored.setdefault(key, {}).setdefault(name, {})[verdict] = kept
    assert table(said) == stored
