"""docs/from_keras.md: the Python there, run with Keras, prints the table that the page shows of the spec beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "from_keras.md"


def test_both_columns_of_the_page_are_one_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = pytest.importorskip("keras")
    keras.backend.clear_session()
    monkeypatch.setenv("COLUMNS", "80")
    page = PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    printed = capsys.readouterr().out
    (shown,) = re.findall(r"^\$ cnnsum small\.yaml --keras\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for here, there in (("conv2d_1.1", "conv2d_2"), ("conv2d_1.0", "conv2d_1")):
        assert here in shown
        shown = shown.replace(here, there)
    assert "Total params: 5,306" in printed
    assert shown.split() == printed.split()
