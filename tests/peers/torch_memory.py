"""The gallery as modules of PyTorch, for the tests: what `bench/memory` builds and how it measures."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

import cnnsum

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "bench" / "memory"))

import torch_measures as measures  # noqa: E402 - the line above says where it is
from torch_graph import Network  # noqa: E402 - as above

__all__ = ["GALLERY", "Network", "load", "measures", "network"]

#: By name; a file that only lends its blocks to others is not a network.
GALLERY = sorted(path.stem for path in (ROOT / "specs").glob("*.yaml") if path.stem != "resnet_blocks")

#: What a spec leaves open.
SIZES = {"fcn": (64, 64, 3)}


def load(name: str, inputs: tuple[int, ...] | None = None) -> cnnsum.Model:
    return cnnsum.load(ROOT / "specs" / f"{name}.yaml", inputs=inputs or SIZES.get(name))


def network(model: cnnsum.Model, device: str = "cpu") -> Network:
    torch.manual_seed(0)
    with torch.device(device):
        return Network(model)
