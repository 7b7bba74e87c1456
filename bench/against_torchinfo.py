"""The same network, the same question: cnnsum on a spec, and torchinfo on the PyTorch module, as whole runs.

    pip install torch torchinfo
    python bench/against_torchinfo.py [--rounds 5]

Prints medians and their ratio, and both counts of parameters.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCHINFO = """
import torch.nn as nn, torchinfo
layers, channels = [], 3
for filters in (32, 64, 128, 256):
    layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
    channels = filters
layers += [nn.Flatten(), nn.Linear(4096, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU()]
layers += [nn.Linear(256, 1), nn.Sigmoid()]
torchinfo.summary(nn.Sequential(*layers), (1, 3, 100, 100))
"""


def run(command: list[str]) -> tuple[float, str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return time.perf_counter() - start, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    commands = {
        "cnnsum": [sys.executable, "-m", "cnnsum", str(ROOT / "specs" / "horses_or_humans.yaml")],
        "torchinfo": [sys.executable, "-c", TORCHINFO + "\n"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(given.rounds + 1):
        for name, command in commands.items():
            taken, text = run(command)
            if turn:
                times[name].append(taken)
            elif "2,617,665" not in text:
                sys.exit(f"{name} counts otherwise:\n{text}")
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in medians.items():
        print(f"  {name:<10} {1000 * taken:>8.1f} ms   {taken / medians['cnnsum']:>6.1f} x")


if __name__ == "__main__":
    main()
