"""`cnnsum MODEL --convention NAME`: one more line, or one more object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import call

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"
LENET = str(SPECS / "lenet5.yaml")


def test_the_line_stands_below_its_unit() -> None:
    plain = call(LENET).out.splitlines()
    found = call(LENET, "--convention", "torchinfo").out.splitlines()
    (line,) = [line for line in found if line not in plain]
    assert line == "   as torchinfo      423.04 K    423,038"
    assert found[found.index(line) - 1].startswith("   MACs ")
    found = call(LENET, "--convention", "keras-flops").out.splitlines()
    (line,) = [line for line in found if line not in plain]
    assert line.startswith("   as keras-flops ")
    assert found[found.index(line) - 1].startswith("   FLOPs ")


def test_what_is_not_known_is_a_bound() -> None:
    out = call(str(SPECS / "vit_b16.yaml"), "--convention", "keras-flops").out
    assert "\n   as keras-flops  at least 22.66 G\n" in out


def test_json() -> None:
    found = json.loads(call(LENET, "--convention", "thop", "--format", "json").out)
    assert found["convention"] == {
        "convention": "thop",
        "tool": "thop 0.1.1",
        "unit": "MACs",
        "theirs": 418_125,
        "known": 418_125,
    }
    assert "convention" not in json.loads(call(LENET, "--format", "json").out)


def test_an_unknown_convention_is_refused() -> None:
    code, out, err = call(LENET, "--convention", "torchinf")
    assert (code, out) == (2, "")
    assert err.startswith(
        "SPC059 unknown convention `torchinf`\n  help: did you mean `torchinfo`? Or choose from fvcore,"
    )


@pytest.mark.parametrize("name", ["onnx/unet.onnx", "pt2/static.pt2"])
def test_operations_of_a_file_are_not_known_and_the_reason_is_said(name: str) -> None:
    path = str(SPECS.parent / "tests" / "readers" / name)
    assert (
        "\n   as torch        not known; why: `cnnsum explain --convention torch`\n"
        in call(path, "--convention", "torch").out
    )
    (reason,) = json.loads(call("explain", path, "--convention", "torch", "--format", "json").out)["reasons"]
    assert reason["reason"].startswith("torch counts networks in Python: what it says of operations of ")
