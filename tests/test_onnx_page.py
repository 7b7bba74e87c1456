"""docs/onnx.md: its table has the operations that are known, and says of all others that they are not."""

from __future__ import annotations

import re
from pathlib import Path

from cnnsum.layers.vocabulary import ONNX

PAGE = Path(__file__).resolve().parent.parent / "docs" / "onnx.md"
ROW = re.compile(r"^\| `([\w.]+)` \| (.*) \| ?\d* ?\|$", re.MULTILINE)
#: What the reader does itself.
READ = {f"ai.onnx.{name}" for name in ("Constant", "If", "Loop", "Scan", "ConcatFromSequence", "SplitToSequence")} | {
    f"ai.onnx.Sequence{what}" for what in ("Empty", "Construct", "Insert", "Erase", "At", "Length", "Map")
}


def test_the_table_has_what_is_known():
    """Made by `python bench/onnx/operations_page.py`."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    keys = [name if "." in name else f"ai.onnx.{name}" for name, _ in rows]
    assert len(keys) == len(set(keys)) > 200
    known = {key for key, (_, rule) in zip(keys, rows, strict=True) if rule != "unknown"}
    # What the reader makes of one run of a Loop or a Scan (`ai.onnx.Loop.state`) is not an operator of a file, nor is a
    # part of a tensor that is split into a sequence.
    inner = ("ai.onnx.Loop.", "ai.onnx.Scan.", "ai.onnx.SequenceAt.")
    parts = {key for key in ONNX.all_types() if key.startswith(inner)}
    assert known == set(ONNX.all_types()) - parts | READ
    assert len(keys) > len(known)
