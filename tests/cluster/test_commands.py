"""`list` and `check` on a cluster: what they print is what they print without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from started import ENVIRONMENT, ROOT, Started

PLUGIN = '''
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape

@layer
def Own(x: Shape) -> Facts:
    """Passes on what it is given."""
    return Facts(x)
'''


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models in several formats, with types of their own, mistakes, and what is not a model."""
    folder = tmp_path_factory.mktemp("hub")
    for path in sorted((ROOT / "specs").glob("*net*.yaml")):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "program.pt2").write_bytes((ROOT / "tests" / "readers" / "pt2" / "dynamic.pt2").read_bytes())
    for number in range(40):
        layer = ("Dense: 4", "Own", "Dens: 4")[number % 3]
        (folder / f"n{number}.yaml").write_text(f"input: [8]\nlayers:\n  - {layer}\n", encoding="utf-8")
    (folder / "data.json").write_text("[1, 2]\n", encoding="utf-8")
    (folder / "plugged.py").write_text(PLUGIN, encoding="utf-8")
    return folder


def call(hub: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cnnsum", *words],
        cwd=hub,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("list", ".", "--format", "jsonl", "--plugin", "./plugged.py"),
        ("list", ".", "--plugin", "plugged", "--where", "params > 5", "--sort", "-macs"),
        ("check", ".", "--plugin", "plugged", "--format", "json"),
    ],
)
def test_the_same_as_without(hub: Path, cluster: Started, words: tuple[str, ...]) -> None:
    without = call(hub, *words)
    assert without[0] == 1
    assert call(hub, *words, "--dask", cluster.address) == without


def test_a_sweep_is_the_same_as_without(hub: Path, cluster: Started) -> None:
    spec = "vars: {n: 4}\ninput: [H, 8, 1]\nlayers:\n  - Own\n  - Conv2D: {filters: n, kernel_size: 3}\n"
    (hub / "own.yaml").write_text(spec, encoding="utf-8")
    words = ("own.yaml", "--plugin", "plugged", "--sweep", "n=1:9", "--sweep", "H=1:99", "--format", "csv")
    without = call(hub, *words)
    assert without[0] == 0
    assert call(hub, *words, "--dask", cluster.address) == without


def test_a_cluster_of_this_machine_that_is_gone_afterwards(hub: Path) -> None:
    words = ("check", ".", "--plugin", "plugged", "--format", "concise")
    assert call(hub, *words, "--dask", "local", "--jobs", "2") == call(hub, *words)


def test_nothing_is_written_where_there_is_no_cluster(hub: Path) -> None:
    code, out, err = call(hub, "list", ".", "--dask", "no-port", "-o", "list.csv")
    assert (code, out) == (2, "")
    assert err.startswith("SPC085 the cluster at no-port cannot be reached")
    assert not (hub / "list.csv").exists()
    code, _, err = call(hub, "list", ".", "--dask", "tcp://127.0.0.1:9", "--jobs", "2")
    assert code == 2
    assert "--jobs is for processes of this machine" in err
