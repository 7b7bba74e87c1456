"""docs/tflite.md: its table has the operators that have a rule."""

from pathlib import Path

from bench.tflite_page import HEAD, table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tflite.md"


def test_the_table_has_what_is_known():
    """Made by `python -m bench.tflite_page`."""
    assert PAGE.read_text(encoding="utf-8").endswith(HEAD + table())
