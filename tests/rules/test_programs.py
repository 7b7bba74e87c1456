"""Advice on exported programs: their operations are taken for the modules that they are of."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import cnnsum
from cnnsum.lint.checking import findings_of

ADVICE = Path(__file__).parent.parent / "readers" / "pt2" / "advice.pt2"


def test_a_bias_before_batch_normalisation() -> None:
    """A program with a parameter that no module has, which stays an operation, exported with PyTorch 2.13."""
    found = [one for one in findings_of(cnnsum.load(ADVICE)) if one.code.startswith("ARC")]
    assert [(one.code, one.message) for one in found] == [
        ("ARC401", "the bias of `stem.conv` has no effect: `stem.norm` subtracts it with the mean"),
        ("ARC406", "`stem.last` keeps only 0.01 of its statistics at each batch"),
    ]
    assert found[0].help == "`bias: false`"
    assert all(one.mend is None for one in found)
    with zipfile.ZipFile(ADVICE) as archive:
        text = archive.read("arc2/models/model.json").decode()
    span = found[0].span
    assert span is not None
    assert text[span.column - 1 :].startswith('{"target":"torch.ops.aten.conv2d.default"')


def test_a_program_is_not_changed_by_advice() -> None:
    model = cnnsum.load(ADVICE)
    before = cnnsum.summarize(model)
    findings_of(model)
    after: Any = cnnsum.summarize(model)
    assert [(row.name, row.type, row.params) for row in after.rows] == [
        (row.name, row.type, row.params) for row in before.rows
    ]
    assert after.totals == before.totals
    assert {layer.type.key for layer in model.graph.layers if layer.type is not None} >= {"aten.conv1d", "aten.mul"}


def test_a_program_without_the_fault() -> None:
    with zipfile.ZipFile(ADVICE) as archive:
        value = json.loads(archive.read("arc2/models/model.json"))
    for node in value["graph_module"]["graph"]["nodes"]:
        for one in node["inputs"]:
            if "batch_norm" in node["target"] and one["name"] == "momentum":
                one["arg"] = {"as_float": 0.1}
            if "conv2d" in node["target"] and one["name"] == "bias":
                one["arg"] = {"as_none": True}
    assert findings_of(cnnsum.loads(json.dumps(value))) == []
