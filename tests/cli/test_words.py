"""`cnnsum help`, `gallery`, `init` and `completion`: what helps before there is a model, and at writing a call."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from calling import call

import cnnsum
from cnnsum.cli.names import COMMANDS
from cnnsum.cli.specs import gallery
from tests.thorough import each, some

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@each("name", COMMANDS)
def test_help_of_each_command(name: str) -> None:
    code, out, err = call("help", name)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: cnnsum {name}")
    assert out == call(name, "--help").out


def test_help_without_a_command_and_of_one_that_is_none() -> None:
    assert call("help") == call("--help")
    code, out, err = call("help", "chek")
    assert (code, out) == (2, "")
    assert "there is no command `chek` (did you mean `check`?)" in err


def test_the_gallery_is_listed_and_printed() -> None:
    code, out, _ = call("gallery")
    assert code == 0
    names = [line.split()[0] for line in out.splitlines()]
    assert {"resnet50", "unet", "torch/unet"} <= set(names)
    assert "resnet_blocks" not in names
    assert all(len(line.split()) > 1 for line in out.splitlines())
    assert call("gallery", "unet").out == (ROOT / "specs" / "unet.yaml").read_text(encoding="utf-8")
    path = call("gallery", "torch/unet", "--path").out.strip()
    assert cnnsum.load(path).graph.name == "unet"
    code, _, err = call("gallery", "rensnet50")
    assert (code, "did you mean `resnet50`?" in err) == (2, True)


@each("name", some([one.name for one in gallery()], 4))
def test_a_network_of_the_gallery_to_start_from(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With what it includes, so that it is the same network."""
    monkeypatch.chdir(tmp_path)
    assert call("init", "net.yaml", "--from-gallery", name).code == 0
    there = cnnsum.summarize(cnnsum.load(ROOT / "specs" / f"{name}.yaml"))
    here = cnnsum.summarize(cnnsum.load("net.yaml"))
    assert here.totals.params == there.totals.params


def test_a_spec_to_start_from() -> None:
    code, out, err = call("init")
    assert (code, out, err) == (0, "", "wrote model.yaml: `cnnsum model.yaml` summarises it\n")
    assert call("check", "--fail-on", "note", "model.yaml").code == 0
    report = cnnsum.summarize(cnnsum.load("model.yaml"))
    assert report.outputs[0].shape[1:] == (10,)
    before = Path("model.yaml").read_text(encoding="utf-8")
    assert before.count("\n#") > 3
    code, out, err = call("init")
    assert (code, "'model.yaml' is there already" in err) == (2, True)
    assert call("init", "other.yaml").code == 0
    assert Path("other.yaml").read_text(encoding="utf-8") == before.replace("model.yaml", "other.yaml")
    assert call("init", "-").out == before


@each(
    ("arguments", "written", "better"),
    [
        (["init", "a.json"], "yaml", "a.yaml"),
        (["init", "a.keras", "--from-gallery", "vgg16"], "yaml", "a.yaml"),
        (["gallery", "vgg16", "-o", "a.JSON"], "yaml", "a.yaml"),
        (["schema", "-o", "a.yml"], "json", "a.json"),
        (["convert", "m.yaml", "--to", "yaml", "-o", "a.json"], "yaml", "a.yaml"),
        (["convert", "m.yaml", "--to", "keras", "-o", "a.keras"], "keras", "a.json"),
        (["convert", "m.yaml", "--to", "torch", "-o", "a.yaml"], "torch", "a.py"),
        (["convert", "m.yaml", "--to", "keras-py", "-o", "a.json"], "keras-py", "a.py"),
    ],
)
def test_a_file_is_not_named_as_what_it_is_not(arguments: list[str], written: str, better: str) -> None:
    Path("m.yaml").write_text("input: [8]\nlayers:\n- Dense: 2\n", encoding="utf-8")
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert f" is not a name for {written}: call it '{better}'" in err
    assert not any(path.stem == "a" for path in Path().iterdir())
    for name in (better, "a.txt", "a"):
        assert call(*[name if word.startswith("a.") else word for word in arguments]).code == 0
        assert Path(name).stat().st_size
        Path(name).unlink()


def test_a_path_of_the_gallery_is_of_one_network() -> None:
    assert call("gallery", "--path") == (2, "", call("gallery", "--path").err)
    assert "--path is of one network: give its NAME" in call("gallery", "--path").err


def test_nothing_is_written_over() -> None:
    Path("resnet_blocks.yaml").write_text("mine", encoding="utf-8")
    code, _, err = call("init", "r.yaml", "--from-gallery", "resnet50")
    assert (code, "'resnet_blocks.yaml' is there already" in err) == (2, True)
    assert Path("resnet_blocks.yaml").read_text(encoding="utf-8") == "mine"
    assert not Path("r.yaml").exists()
    assert call("init", "-", "--from-gallery", "resnet50").code == 2


#: Lines to be completed, words that are offered, and whether files are.
LINES = [
    ("cnnsum ", {"show", "check", "gallery", "completion"}, True),
    ("cnnsum che", {"check"}, True),
    ("cnnsum net", set(), True),
    ("cnnsum net.yaml --col", {"--columns", "--color"}, False),
    ("cnnsum net.yaml --columns layer,ker", {"layer,kernel"}, False),
    ("cnnsum net.yaml --columns +ma", {"+macs", "+macs_bar"}, False),
    ("cnnsum net.yaml --format ", {"table", "json", "csv"}, False),
    ("cnnsum show --optimizer adam", {"adam", "adamw", "adamax"}, False),
    ("cnnsum check ", set(), True),
    ("cnnsum check --select SHP,ARC49", {"SHP,ARC491", "SHP,ARC492", "SHP,ARC493"}, False),
    ("cnnsum rule SHP20", {"SHP201", "SHP209"}, False),
    ("cnnsum layers Conv2", {"Conv2D", "Conv2d", "Conv2DTranspose"}, False),
    ("cnnsum explain net.yaml den", {"dense", "Dense"}, False),
    ("cnnsum explain lost.yaml den", set(), False),
    ("cnnsum explain net.yaml --only m", {"macs", "memory"}, False),
    ("cnnsum help ex", {"explain"}, False),
    ("cnnsum init --from-gallery resnet1", {"resnet18", "resnet101", "resnet152"}, False),
]


@pytest.fixture
def _model() -> None:
    Path("net.yaml").write_text("input: [28, 28, 1]\nlayers: [Flatten, Dense: 10]\n", encoding="utf-8")


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which `cnnsum` is a command."""
    program = tmp_path / "bin" / "cnnsum"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cnnsum "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.usefixtures("_model")
@pytest.mark.skipif(shutil.which("fish") is None, reason="completion of fish")
def test_what_fish_completes(installed: dict[str, str]) -> None:
    """In a real fish, by the script that is printed for it."""
    asked = [f"complete -C {_quoted(line)}; echo end" for line, _, _ in LINES]
    script = "\n".join(["cnnsum completion fish | source", *asked])
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], env=installed, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = done.stdout.split("end\n")
    for (line, words, files), answer in zip(LINES, answers[:-1], strict=True):
        offered = {one.partition("\t")[0] for one in answer.splitlines()}
        wanted = words | ({"net.yaml"} if files and "net.yaml".startswith(line.rpartition(" ")[2]) else set())
        assert wanted <= offered if wanted else not offered, f"{line}: {offered}"


@pytest.mark.usefixtures("_model")
@pytest.mark.skipif(shutil.which("bash") is None, reason="completion of bash")
def test_what_bash_completes(installed: dict[str, str]) -> None:
    """In a real bash, by the script that is printed for it."""
    lines = [f"try {' '.join(map(_quoted, line.split(' ')))}" for line, _, _ in LINES]
    script = "\n".join(
        [
            'eval "$(cnnsum completion bash)"',
            "complete -p cnnsum >/dev/null || exit 9",
            "compopt() { FILES=yes; }",  # bash has it within a completion alone
            'try() { FILES=no; COMPREPLY=(); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); complete_it; }',
            "complete_it() { _cnnsum_completion cnnsum; show; }",
            'show() { echo "$FILES ${COMPREPLY[*]}"; }',
            *lines,
        ]
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env=installed,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for (line, words, files), found in zip(LINES, done.stdout.splitlines(), strict=True):
        offered, *rest = found.split()
        assert (offered == "yes") is files, line
        assert words <= set(rest) if words else not rest, f"{line}: {rest}"


def _quoted(word: str) -> str:
    return f"'{word}'"


@each("shell", ["bash", "zsh", "fish"])
def test_the_scripts(shell: str) -> None:
    code, out, err = call("completion", shell)
    assert (code, err) == (0, "")
    assert out.startswith("# ")
    assert f"completion {shell}" in out.splitlines()[0]
    assert f"_CNNSUM_COMPLETE={shell}_complete" in out
    assert call("completion", "tcsh").code == 2
