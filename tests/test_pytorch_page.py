"""docs/pytorch_operations.md: it names the operations of exported programs that are known, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from cnnsum.layers.vocabulary import TORCH

PAGE = Path(__file__).resolve().parent.parent / "docs" / "pytorch_operations.md"
ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def test_the_page_names_what_is_known():
    """Made by `python bench/torch/operations_page.py FOLDER`."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    known = {name.removeprefix("aten.") for name in TORCH.all_types() if name.startswith("aten.")}
    assert {name for name, *_ in rows} == known
    assert len(rows) == len(known)
    # What networks hold is compared with PyTorch by itself, too.
    assert [name for name, networks, _, programs in rows if networks.strip() and not programs.strip()] == []
    assert f"are below: {len(known)} names" in PAGE.read_text(encoding="utf-8")
