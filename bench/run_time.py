"""Whole-run time of cnnsum, as ratios to what it cannot avoid and to Keras, measured in one run.

    python bench/run_time.py [--rounds 15] [--layers 100000]

Every command runs once per round, in turn, so that a busy machine slows all alike; the figure is the ratio of the
medians. Keras's rows need `pip install 'cnnsum[peers]'` and are left out without it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = "import click, yaml"
RICH = "import click, yaml, rich.console, rich.table"
MAKE = """
import sys, keras
model = getattr(keras.applications, sys.argv[1])(weights=None)
open(sys.argv[2], "w").write(model.to_json())
"""
KERAS = "import sys, keras; keras.models.model_from_json(open(sys.argv[1]).read()).summary()"


def environment() -> dict[str, str]:
    """The caller's, but with compiled files kept, which an installed package has."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "KERAS_BACKEND": "numpy", "COLUMNS": "100"}


def seconds(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(
    commands: dict[str, list[str]],
    rounds: int,
    folder: Path,
    taken_by: Callable[[list[str], Path], float] = seconds,
) -> dict[str, float]:
    """Median seconds of each command, as `taken_by` tells them; one more round before warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            taken = taken_by(command, folder)
            if turn:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def show(medians: dict[str, float], base: str) -> None:
    for name, taken in medians.items():
        print(f"  {name:<44} {1000 * taken:>9.1f} ms   {taken / medians[base]:>7.2f} x")


def write_chain(path: Path, layers: int) -> None:
    """A chain in the native language."""
    layer = {"Conv2D": {"filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu"}}
    path.write_text(json.dumps({"input": [32, 32, 8], "layers": [layer] * layers}))


def peak_memory(command: list[str], folder: Path) -> float:
    """Peak resident MiB of a command, in a process of its own so that earlier children do not count."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    found = subprocess.run(
        [sys.executable, "-c", code, *command],
        check=True,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    return int(found.stdout) / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--layers", type=int, default=100_000)
    given = parser.parse_args()
    python = [sys.executable, "-c"]
    cnnsum = [sys.executable, "-m", "cnnsum"]
    seed = str(ROOT / "specs" / "horses_or_humans.yaml")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = f'python -c "{BASE}"'
        commands = {
            base: [*python, BASE],
            f'python -c "{RICH}"': [*python, RICH],
            "cnnsum horses_or_humans.yaml": [*cnnsum, seed],
        }
        print(f"Start-up, medians of {given.rounds} rounds:")
        show(measure(commands, given.rounds, folder), base)

        if importlib.util.find_spec("keras") is not None:
            for model in ("ResNet50", "NASNetLarge"):
                file = str(folder / f"{model}.json")
                subprocess.run([*python, MAKE, model, file], check=True, env=environment(), cwd=folder)
                commands = {
                    base: [*python, BASE],
                    f"cnnsum {model}.json": [*cnnsum, file],
                    f"Keras (numpy): model_from_json, summary, {model}": [*python, KERAS, file],
                }
                print(f"{model}, medians of 3 rounds:")
                show(measure(commands, 3, folder), base)
        else:
            print("Keras is not installed: its rows are left out.")

        print("A chain of Conv2D layers in JSON, medians of 3 rounds:")
        commands = {base: [*python, BASE]}
        for layers in (given.layers // 2, given.layers):
            path = folder / f"chain_{layers}.json"
            write_chain(path, layers)
            commands[f"cnnsum, {layers:,} layers"] = [*cnnsum, str(path)]
        show(measure(commands, 3, folder), base)
        for label, command in commands.items():
            print(f"  {label:<44} {peak_memory(command, folder):>9.1f} MiB")


if __name__ == "__main__":
    main()
