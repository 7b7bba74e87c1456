"""`cnnsum check` over many files, against check-jsonschema and yamllint on the same files, in one run.

    python bench/check_many.py [--files 1000] [--layers 60] [--rounds 3]

The others are found beside this Python or on the PATH, and left out where they are not installed. They do less: one
holds the files to a JSON Schema, the other to rules of style; neither infers a shape. Every command runs once a
round, in turn; the figures are medians. A second table has one file: checked, and summed up.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CNNSUM = [sys.executable, "-m", "cnnsum"]
UNIT = (
    "  - Conv2D: {{filters: {}, kernel_size: 3, padding: same, use_bias: false}}",
    "  - BatchNormalization",
    "  - ReLU",
)
HEAD = ("  - GlobalAveragePooling2D", "  - Dropout: 0.2", "  - Dense: 10")
# What check-jsonschema holds the files to: the outline of a spec.
SCHEMA = {
    "type": "object",
    "required": ["input", "layers"],
    "properties": {
        "input": {"type": "array", "items": {"type": "integer"}},
        "layers": {"type": "array", "items": {"type": ["string", "object"], "maxProperties": 1}},
    },
}


def write(folder: Path, files: int, layers: int) -> None:
    """Specs that differ in their widths."""
    for number in range(files):
        lines = [f"name: net_{number}", "input: [64, 64, 3]", "layers:"]
        lines += [UNIT[index % 3].format(8 + (number + index) % 24) for index in range(layers - len(HEAD))]
        (folder / f"net_{number:05}.yaml").write_text("\n".join([*lines, *HEAD, ""]), encoding="utf-8")


def program(name: str) -> str | None:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def seconds(command: list[str], folder: Path) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, text=True
    )
    taken = time.perf_counter() - start
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]}: {done.stderr}")
    return taken


def measure(commands: dict[str, list[str]], rounds: int, folder: Path) -> dict[str, float]:
    """Median seconds of each command; one more round before warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            taken = seconds(command, folder)
            if turn:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, given.files, given.layers)
        paths = sorted(path.name for path in folder.glob("*.yaml"))
        (folder / "schema").write_text(json.dumps(SCHEMA), encoding="utf-8")
        commands = {
            "cnnsum check": [*CNNSUM, "check", "."],
            "cnnsum check, one process": [*CNNSUM, "check", ".", "--jobs", "1"],
        }
        others = {
            "check-jsonschema": ["--schemafile", "schema", *paths],
            "yamllint": ["-d", "relaxed", *paths],
        }
        for other, arguments in others.items():
            found = program(other)
            if found is None:
                print(f"{other} is not installed: left out")
            else:
                commands[other] = [found, *arguments]
        print(f"{given.files} files of {given.layers} layers, {os.cpu_count()} processors")
        for label, taken in measure(commands, given.rounds, folder).items():
            print(f"  {label:<28}{taken:>8.2f} s {given.files / taken:>9.0f} files/s")
        single = {
            "summary": [*CNNSUM, paths[0]],
            "check": [*CNNSUM, "check", paths[0]],
        }
        medians = measure(single, 5 * given.rounds, folder)
        print("one file")
        for label, taken in medians.items():
            print(f"  {label:<28}{1000 * taken:>8.0f} ms{taken / medians['summary']:>9.2f} x")


if __name__ == "__main__":
    main()
