"""The table of operations with odd fields against real Keras, on each of the backends that it was made with."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("keras")

from make_operation_fields import on_all_backends, table

from tests.layers.operation_fields import TABLE


def test_the_table_is_what_keras_says() -> None:
    assert table(on_all_backends()) == json.loads(TABLE.read_text(encoding="utf-8"))
