"""What is said of the standard's operations is what the `onnx` package says of them."""

from __future__ import annotations

from typing import Any

import pytest

onnx = pytest.importorskip("onnx")

from bench.onnx.standard_table import table  # noqa: E402 - needs onnx
from cnnsum.layers.onnx import standard  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_table_is_that_of_the_package() -> None:
    made: dict[str, Any] = {}
    exec(table(), made)
    for name in ("NEWEST", "_SINCE", "_UNTIL", "_INPUTS"):
        assert made[name] == getattr(standard, name), name


def test_every_operation_is_in_its_versions() -> None:
    """The package finds a schema for a name at a version where there is one that is not taken out, and only there."""
    names = {one.name for one in onnx.defs.get_all_schemas_with_history() if not one.domain}
    for name in sorted(names):
        for version in range(1, standard.NEWEST + 1):
            try:
                schema = onnx.defs.get_schema(name, version)
            except onnx.defs.SchemaError:
                schema = None
            known = schema is not None and not schema.deprecated
            assert (standard.not_in(name, version) == "") == known, (name, version)
