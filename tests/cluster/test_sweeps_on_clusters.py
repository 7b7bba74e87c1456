"""Sweeps and lists whose workers die, for want of memory or killed, and a scheduler that goes away in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from started import ENVIRONMENT, Started

import cnnsum
from cnnsum.answers.sweep import pieces
from cnnsum.diagnostics import UnusableError

NET = "vars: {n: 4}\ninput: [H, 8, 1]\nlayers:\n  - Conv2D: {filters: n, kernel_size: 3}\n  - Flatten\n  - Dense: n\n"
#: A layer that takes all memory, of workers alone: the process that asks must not die of it.
PLUGIN = f'''
import os, sys
sys.path.append({str(Path(__file__).parent)!r})
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape
from working import hog

@layer
def Hog(x: Shape) -> Facts:
    """Takes memory."""
    if "TAKES_MEMORY" in os.environ:
        hog()
    return Facts(x)
'''


@pytest.fixture
def model(tmp_path: Path) -> cnnsum.Model:
    (tmp_path / "net.yaml").write_text(NET, encoding="utf-8")
    return cnnsum.load(tmp_path / "net.yaml")


def swept(model: cnnsum.Model, cluster: Started | None) -> cnnsum.Sweep:
    values = {"n": range(1, 61), "H": range(3, 33)}
    return cnnsum.sweep(model, values, dask=None if cluster is None else cluster.address)


def test_a_worker_that_is_killed_in_the_middle_of_a_sweep(
    model: cnnsum.Model, cluster: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [*swept(model, None)]
    assert len(wanted) == 1800
    monkeypatch.setattr(pieces, "PIECE", 20)
    variants = iter(swept(model, cluster))
    found = [next(variants)]
    os.kill(cluster.processes()[0], signal.SIGKILL)
    found += variants
    assert found == wanted


def test_a_scheduler_that_goes_away_in_the_middle_of_a_sweep(
    model: cnnsum.Model, start: Callable[..., Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 20)
    cluster = start(1)
    variants = iter(swept(model, cluster))
    next(variants)
    cluster.scheduler.kill()
    with pytest.raises(UnusableError, match=r"SPC085 the scheduler at .* went away: \d+ of 120 were answered"):
        list(variants)


def test_what_takes_more_memory_than_a_worker_has(start: Callable[..., Started], tmp_path: Path) -> None:
    (tmp_path / "plugged.py").write_text(PLUGIN, encoding="utf-8")
    for number in range(20):
        layer = "Hog" if number == 7 else "Dense: 4"
        (tmp_path / f"n{number:02}.yaml").write_text(f"input: [8]\nlayers:\n  - {layer}\n", encoding="utf-8")
    # Given up at the first death: every worker takes its time to come back.
    cluster = start(1, TAKES_MEMORY="1", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")

    def call(*words: str) -> tuple[int, list[str], str]:
        command = [sys.executable, "-m", "cnnsum", *words, "--plugin", "./plugged.py", "--dask", cluster.address]
        done = subprocess.run(
            command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120
        )
        return done.returncode, done.stdout.splitlines(), done.stderr

    code, lines, _ = call("list", ".", "--format", "csv", "--columns", "path,params,status,why")
    assert code == 1
    ended = "SPC075 the process that checked it ended without an answer: every worker that was given it died"
    assert lines[1:] == [
        f"n{number:02}.yaml,,error,1:1: {ended}" if number == 7 else f"n{number:02}.yaml,36,ok," for number in range(20)
    ]
    code, lines, said = call("n07.yaml", "--sweep", "batch=1:9", "-o", "sweep.csv")
    assert (code, lines) == (2, [])
    assert said.startswith("SPC075 part 1 of 1 of the sweep ended without an answer: every worker that was given it")
    assert not (tmp_path / "sweep.csv").exists()
