"""`cnnsum rule`: the reference of codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnnsum.cli.rule import command
from cnnsum.diagnostics import CODES
from cnnsum.rules.base import all_rules

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGE = DOCS / "rules.md"


def call(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, list(arguments))
    return done.exit_code, done.output


def test_every_code_is_listed() -> None:
    code, out = call()
    assert code == 0
    for one, title in CODES.items():
        if not one.startswith("ARC"):
            assert f"\n  {one}  {title}\n" in out
    assert call("SHP20")[1].split("\n")[:2] == ["Shapes:", f"  SHP201  {CODES['SHP201']}"]
    assert call("SHP201", "SHP202")[1].count("This fails:") == 2
    for rule in all_rules().values():
        assert f"\n  {rule.code}  {rule.severity:<7}  {CODES[rule.code]}\n" in out


@pytest.mark.parametrize("name", ["ARC401", "arc401"])
def test_one_rule(name: str) -> None:
    code, out = call(name)
    assert code == 0
    assert out.startswith("ARC401  bias that a normalisation takes away  (warning)\n\nA layer with a bias")
    assert "This fails:\n\n    input: [32, 32, 3]\n" in out
    assert "use_bias: false" in out.partition("This passes:")[2]


def test_the_page_is_what_the_command_prints() -> None:
    """Made by `cnnsum rule ARC --format markdown -o docs/rules.md`, and without ARC for docs/codes.md."""
    assert call("ARC", "--format", "markdown") == (0, PAGE.read_text(encoding="utf-8"))
    assert call("--format", "markdown") == (0, (DOCS / "codes.md").read_text(encoding="utf-8"))


def test_one_rule_as_markdown() -> None:
    code, out = call("ARC492", "--format", "markdown")
    assert code == 0
    assert out.startswith("# ARC492 name that Keras refuses\n\n*Warning.* A layer with `/`")
    assert out.count("```json\n") == 2


def test_json() -> None:
    code, out = call("--format", "json")
    found = json.loads(out)
    assert (code, found["schema"]) == (0, "cnnsum.rules/1")
    assert [rule["code"] for rule in found["rules"]] == list(CODES)
    (one,) = json.loads(call("ARC413", "--format", "json")[1])["rules"]
    assert one["severity"] == "warning"
    assert one["theme"] == "activation"
    assert one["fails"] == "input: [100]\nlayers:\n  - Dense: {units: 1, activation: softmax}\n"


def test_unknown_codes() -> None:
    assert call("ARC499") == (2, call("ARC499")[1])
    assert "there is no code `ARC499` (did you mean" in call("ARC499")[1]
    assert "there is no code `S`" in call("S")[1]


def test_a_file(tmp_path: Path) -> None:
    target = tmp_path / "rules.md"
    assert call("ARC", "--format", "markdown", "-o", str(target)) == (0, "")
    assert target.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
