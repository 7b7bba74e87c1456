"""Sweeps in pieces: what processes tell of their parts of the grid is what one process tells of all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import call

from cnnsum.answers.sweep import pieces

ROOT = Path(__file__).resolve().parent.parent.parent
SWEEP = ("specs/mobilenet_v1.yaml", "--sweep", "alpha=0.25:1:0.25", "--sweep", "H=W=31:49:3", "--sweep", "batch=1,2")
PLUGIN = '''
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape

@layer
def Own(x: Shape) -> Facts:
    """Passes on what it is given."""
    return Facts(x)
'''


@pytest.mark.parametrize(
    "choice",
    [
        (),
        ("--where", "params < 2M and peak > 100KiB"),
        ("--top", "5"),
        ("--sort", "-macs", "--top", "7"),
        ("--pareto", "macs,-params", "--sort", "macs", "--top", "3"),
    ],
)
def test_processes_tell_what_one_tells(choice: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    wanted = call(*SWEEP, *choice, "--format", "csv")
    assert wanted.code == 0
    monkeypatch.setattr(pieces, "PIECE", 10)
    assert call(*SWEEP, *choice, "--format", "csv", "--jobs", "2") == wanted


def test_what_cannot_be_read_is_a_row_or_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pieces, "PIECE", 2)
    spec = "vars: {n: 2}\ninput: [8, 8, 1]\nlayers:\n  - Conv2D: {filters: 12 // n, kernel_size: 1}\n"
    Path("net.yaml").write_text(spec, encoding="utf-8")
    for values in ("n=1,2,0,3,4", "n=0,1,2,3"):
        words = ("net.yaml", "--sweep", values, "--format", "csv")
        assert call(*words, "--jobs", "2") == call(*words)


def test_types_of_plugins_reach_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pieces, "PIECE", 2)
    Path("plugged.py").write_text(PLUGIN, encoding="utf-8")
    Path("net.yaml").write_text("input: [H, 8, 1]\nlayers: [Own, Conv2D: [4, 3]]\n", encoding="utf-8")
    words = ("net.yaml", "--plugin", "./plugged.py", "--sweep", "H=3:12", "--format", "csv")
    assert call(*words, "--jobs", "2") == call(*words)
