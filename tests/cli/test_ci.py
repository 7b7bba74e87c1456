"""What others paste into their CI: it can be read, and every command in it is one that cnnsum takes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from calling import call

from cnnsum.cli.check import command
from tests.thorough import each

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


#: What installs cnnsum, which no package index has.
REQUIREMENT = "cnnsum @ git+ADDRESS"


def texts(value: Any) -> list[str]:
    """All texts within a value; the name of a step is none."""
    if isinstance(value, dict):
        return [text for key, item in value.items() if key != "name" for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def commands(value: Any) -> list[str]:
    lines = [line.strip() for text in texts(value) for line in text.splitlines()]
    return [line for line in lines if line.startswith("cnnsum ") and not line.startswith(REQUIREMENT)]


def options(line: str) -> dict[str, Any]:
    """The options that a command line gives; raises where one does not exist."""
    words = shlex.split(line)
    assert words[:2] == ["cnnsum", "check"]
    return command.make_context("check", words[2:]).params


def test_every_recipe_has_a_command_that_exists() -> None:
    recipes = [block for block in BLOCKS if isinstance(block, dict) and "layers" not in block]
    assert len(recipes) == 5
    formats = []
    for recipe in recipes:
        (line,) = commands(recipe)
        formats.append(options(line)["format"])
        assert REQUIREMENT in " ".join(texts(recipe))
    assert formats == [None, "sarif", "gitlab", "junit", None]


def test_every_command_of_the_recipes_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.yaml").write_text("input: [8]\nlayers:\n  - Dense: {units: 3}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for line in [line for block in BLOCKS for line in commands(block)]:
        done = call(*shlex.split(line)[1:])
        assert done.code == 0, (line, done.err)
        output = options(line)["output"]
        assert output is None or (tmp_path / output).stat().st_size


@pytest.mark.parametrize("line", ["cnnsum check --frobnicate", "cnnsum check --format xml"])
def test_a_command_that_does_not_exist_is_seen(line: str) -> None:
    with pytest.raises(click.UsageError):
        options(line)


def test_the_files_that_recipes_hand_on_are_those_that_are_written() -> None:
    for block in BLOCKS:
        for line in commands(block):
            output = options(line)["output"]
            if output is not None:
                assert texts(block).count(output) == 1, line


def test_the_configuration_of_the_page_is_sound(tmp_path: Path) -> None:
    from cnnsum.lint.config import read

    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "types.yaml").write_text("layer_types: {Same: }\n", encoding="utf-8")
    config = read(text.encode(), str(tmp_path / "pyproject.toml"))
    assert config is not None
    assert config.faults == ()
    assert config.budget == {"params": "5M"}


def test_the_spec_of_the_page_is_silent(tmp_path: Path) -> None:
    from cnnsum.lint.checking import check_file

    (text,) = re.findall(r"^```yaml\n(input:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    found = check_file(str(tmp_path / "a.yaml"))
    assert found is not None
    assert (found.findings, found.suppressed) == ((), 1)


def test_the_hook() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    given = options(hook["entry"])
    assert given["models_only"]
    assert given["force_exclude"]
    (own,) = [block for block in BLOCKS if isinstance(block, dict) and "repos" in block]
    (local,) = own["repos"][0]["hooks"]
    assert {key: hook[key] for key in hook if key != "description"} == {
        key: local[key] for key in local if key != "additional_dependencies"
    }


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def test_the_action_pastes_no_input_into_a_script() -> None:
    steps = action()["runs"]["steps"]
    assert all(step["shell"] == "bash" and "${{" not in step["run"] for step in steps)
    (use,) = [block for block in BLOCKS if isinstance(block, list)]
    assert set(use[0]["with"]) <= set(action()["inputs"])


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="the action is a script of bash")
@each(
    ("paths", "arguments", "code", "said"),
    [
        (".", "", 1, "::error file=a b.yaml,line=2,"),
        ("\na b.yaml\n$(touch pwned)\n", "--ignore=UNK", 1, "::error file=$(touch pwned),line=1,"),
        ("a b.yaml", "--ignore=UNK,ARC\n--fail-on=note", 0, ""),
    ],
)
def test_the_action_runs(tmp_path: Path, paths: str, arguments: str, code: int, said: str) -> None:
    """The script of its second step, with cnnsum where the first one puts it."""
    (tmp_path / "a b.yaml").write_text("input: [3]\nlayers: [Dnse: 3]\n", encoding="utf-8")
    (tmp_path / "$(touch pwned)").write_text("layers", encoding="utf-8")
    program = tmp_path / "temp" / "cnnsum" / "bin" / "cnnsum"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cnnsum "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    values = {"PATHS": paths, "ARGUMENTS": arguments, "RUNNER_TEMP": str(tmp_path / "temp"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", action()["runs"]["steps"][1]["run"]],
        cwd=tmp_path,
        env={**os.environ, **values},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout[: len(said)]) == (code, said), done.stderr
    assert not (tmp_path / "pwned").exists()
