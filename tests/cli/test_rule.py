"""`cnnsum rule`: the reference of the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnnsum.cli.rule import command
from cnnsum.diagnostics import CODES
from cnnsum.rules.base import all_rules

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "rules.md"


def call(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, list(arguments))
    return done.exit_code, done.output


def test_every_rule_is_listed() -> None:
    code, out = call()
    assert code == 0
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
    """Made by `cnnsum rule --format markdown -o docs/rules.md`."""
    assert call("--format", "markdown") == (0, PAGE.read_text(encoding="utf-8"))


def test_one_rule_as_markdown() -> None:
    code, out = call("ARC492", "--format", "markdown")
    assert code == 0
    assert out.startswith("# ARC492 name that Keras refuses\n\n*Warning.* A layer with `/`")
    assert out.count("```json\n") == 2


def test_json() -> None:
    code, out = call("--format", "json")
    found = json.loads(out)
    assert (code, found["schema"]) == (0, "cnnsum.rules/1")
    assert [rule["code"] for rule in found["rules"]] == [code for code in CODES if code.startswith("ARC")]
    (one,) = json.loads(call("ARC413", "--format", "json")[1])["rules"]
    assert one["severity"] == "warning"
    assert one["theme"] == "activation"
    assert one["fails"] == "input: [100]\nlayers:\n  - Dense: {units: 1, activation: softmax}\n"


def test_unknown_codes() -> None:
    assert call("ARC499") == (2, call("ARC499")[1])
    assert "there is no rule `ARC499` (did you mean" in call("ARC499")[1]
    assert "`SHP201` (input too small) is no rule of advice" in call("SHP201")[1]


def test_a_file(tmp_path: Path) -> None:
    target = tmp_path / "rules.md"
    assert call("--format", "markdown", "-o", str(target)) == (0, "")
    assert target.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
