"""Networks of many kinds, as the two exporters of PyTorch write them, without weights (bench/onnx/make_networks.py).

The counts are those of PyTorch and of the `onnx` package, and the shapes those of onnxruntime, which ran the files.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from cnnsum.lint.checking import findings_of
from tests.thorough import some

FOLDER = Path(__file__).parent / "networks"
#: Networks; most are there as both exporters write them.
KINDS = 25
COUNTS = json.loads((FOLDER / "counts.json").read_text(encoding="utf-8"))

TRIED = some(COUNTS, 2)


def test_every_file_has_its_counts() -> None:
    assert len({one["file"].rpartition("_")[0] for one in COUNTS}) == KINDS
    assert {one["file"] for one in COUNTS} == {path.name for path in FOLDER.glob("*.gz")}


@pytest.mark.parametrize("wanted", TRIED, ids=[one["file"].partition(".")[0] for one in TRIED])
def test_counts(wanted: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(gzip.decompress((FOLDER / wanted["file"]).read_bytes()))
    model = cnnsum.load(path)
    assert not model.diagnostics
    report = cnnsum.summarize(model)
    assert report.totals.params.total == wanted["params"]
    assert report.totals.macs == wanted["macs"]
    assert [list(one.shape) for one in report.outputs] == wanted["outputs"]
    assert not [one for one in findings_of(model) if not one.code.startswith("ARC")]
