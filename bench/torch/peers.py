"""Tools that count the work of PyTorch's modules, side by side: what each counts, and how long it takes.

    python bench/torch/peers.py [--rounds 5] [--time-only]

needs PyTorch, torchinfo, fvcore, thop and ptflops. The numbers are those of the table in docs/conventions.md: what has
become another number is named, and then the exit code is 1. Times are of whole processes on ResNet-50, in seconds of
processor time on one thread (medians of rounds in which every tool runs once): each tool on the module, cnnsum on the
module's exported program and on the spec.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conventions.md"
HELPERS = (str(ROOT), str(ROOT / "tests" / "peers"))
#: The rows of the table, and the networks in `tests/peers/torch_zoo.py`, with the shape of a sample.
NETWORKS = {
    "AlexNet": ("alexnet", (3, 224, 224)),
    "VGG-16": ("vgg16", (3, 224, 224)),
    "ResNet-18": ("resnet18", (3, 224, 224)),
    "ResNet-50": ("resnet50", (3, 224, 224)),
    "MobileNetV2": ("mobilenet_v2", (3, 224, 224)),
    "DenseNet-121": ("densenet121", (3, 224, 224)),
    "SqueezeNet": ("squeezenet", (3, 224, 224)),
    "U-Net": ("unet", (3, 256, 256)),
    "encoder layer": ("encoder", (32, 64)),
    "bidirectional GRU": ("gru", (7, 16)),
    "LSTM": ("lstm", (7, 16)),
}
ORDER = ("torch", "fvcore", "torchinfo", "thop", "ptflops")
RUN = """
import sys
sys.path[:0] = {helpers!r}
import torch, torch_counting, torch_zoo
torch.set_num_threads(1)
print(torch_counting.TOOLS[{tool!r}](torch_zoo.resnet50().eval(), torch.zeros(1, 3, 224, 224)))
"""


def stated() -> dict[str, list[int]]:
    """The numbers of the page, by network: the exact one first."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if name in NETWORKS and len(cells) == 1 + len(ORDER):
            found[name] = [int(cell.replace(",", "")) for cell in cells]
    return found


def counted(name: str) -> list[int]:
    """What each tool counts of a network."""
    import torch
    import torch_counting
    import torch_zoo

    made, shape = NETWORKS[name]
    return [torch_counting.TOOLS[tool](getattr(torch_zoo, made)().eval(), torch.zeros(1, *shape)) for tool in ORDER]


def seconds(command: list[str]) -> float:
    """Processor time of a whole process, on one thread."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **threads, "PYTHONPATH": str(ROOT)})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def times(rounds: int) -> None:
    """Print how long each takes on ResNet-50."""
    import torch
    import torch_zoo

    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/resnet50.pt2"
        torch.export.save(torch.export.export(torch_zoo.resnet50().eval(), (torch.zeros(1, 3, 224, 224),)), program)
        commands = {
            "cnnsum, the program": [sys.executable, "-m", "cnnsum", program],
            "cnnsum, the spec": [sys.executable, "-m", "cnnsum", str(ROOT / "specs" / "torch" / "resnet50.yaml")],
            **{tool: [sys.executable, "-c", RUN.format(helpers=list(HELPERS), tool=tool)] for tool in ORDER},
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                taken[name].append(seconds(command))
    for name, all in taken.items():
        print(f"{name:<20} {statistics.median(all):>6.2f} s")


def main() -> int:
    """Print the table, what differs in it from the page, and the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time-only", action="store_true")
    given = parser.parse_args()
    sys.path[:0] = HELPERS
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    differing = 0
    if not given.time_only:
        page = stated()
        for name in NETWORKS:
            found = counted(name)
            print(f"| {name} | {page[name][0]:,} | {' | '.join(f'{one:,}' for one in found)} |", flush=True)
            for tool, own, other in zip(ORDER, found, page[name][1:], strict=True):
                if own != other:
                    differing += 1
                    print(f"  {tool}: the page has {other:,}")
        print(f"{differing} of {len(ORDER) * len(NETWORKS)} differ from the page")
    times(given.rounds)
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
