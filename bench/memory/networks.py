"""The networks of the gallery that the measurements of memory are about, and the table they print."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import torch
from torch_graph import Network

import cnnsum

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"
NAMES = ("alexnet", "vgg16", "resnet18", "resnet50", "mobilenet_v2", "densenet121", "unet", "vit_b16")


class Run(NamedTuple):
    """What to measure: a network, its model, and the batch."""

    name: str
    model: cnnsum.Model
    net: Network
    batch: int


def arguments(about: str | None) -> argparse.ArgumentParser:
    """The options that all measurements have."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of the gallery (default: {' '.join(NAMES)})")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("-i", "--inputs", help="another size of the input, like 64,64,3")
    return parser


def runs(given: argparse.Namespace) -> list[Run]:
    """Every network that was asked for, one by one."""
    inputs = tuple(map(int, given.inputs.split(","))) if given.inputs else None
    found: list[Run] = []
    for name in given.names or NAMES:
        model = cnnsum.load(SPECS / f"{name}.yaml", inputs=inputs)
        torch.manual_seed(0)
        found.append(Run(name, model, Network(model), given.batch))
    return found


def heading(*titles: str) -> None:
    """The first line of the table."""
    print(f"{'':<18}", *(f"{title:>16}" for title in titles))


def line(name: str, *cells: float) -> None:
    """A line of the table: counts of bytes, and ratios."""
    print(f"{name:<18}", *(f"{cell:>16,}" if isinstance(cell, int) else f"{cell:>16.5f}" for cell in cells), flush=True)
