"""The worst moment of a training step of whole networks, as PyTorch runs it on a CPU: to the byte.

Weights are left out on both sides. A network with dropout needs its masks at some moment before the peak, or not at
all: PyTorch's are larger than ours on a CPU (test_torch_saved).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch_memory  # noqa: E402 - needs PyTorch
from torch_memory import measures  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

BATCH = 2

#: Numbers without axes: the loss, and its gradient.
SCALARS = 64

NETWORKS: dict[str, tuple[int, ...] | None] = {
    "alexnet": None,
    "lenet5": None,
    "m5_audio": None,
    "horses_or_humans": None,
    "vgg16": (64, 64, 3),
    "resnet18": (96, 96, 3),
    "resnet50": (96, 96, 3),
    "inception_v3": (139, 139, 3),
    "mobilenet_v1": (96, 96, 3),
    "mobilenet_v2": (96, 96, 3),
    "mobilenet_v3_large": (96, 96, 3),
    "densenet121": (64, 64, 3),
    "unet": None,
    "c3d": (16, 32, 32, 3),
    "efficientnet_b0": (96, 96, 3),
}


#: Factors that are stretched: one of them, in either place, or both.
STRETCHED: dict[str, list[Any]] = {
    "second": [
        {"Dense": {"units": 300, "name": "a"}},
        {"Dense": {"units": 1, "name": "b", "from": "input"}},
        {"Multiply": {"from": ["a", "b"]}},
    ],
    "first": [
        {"Dense": {"units": 300, "name": "a"}},
        {"Dense": {"units": 1, "name": "b", "from": "input"}},
        {"Multiply": {"from": ["b", "a"]}},
    ],
    "both": [
        {"Dense": {"units": 300, "name": "a"}},
        {"Reshape": {"target_shape": [300, 1], "name": "column"}},
        {"Dense": {"units": 200, "name": "b", "from": "input"}},
        {"Reshape": {"target_shape": [1, 200], "name": "row"}},
        {"Multiply": {"from": ["column", "row"]}},
    ],
}


@pytest.mark.parametrize("name", STRETCHED)
def test_stretched_factors(name: str) -> None:
    model = cnnsum.loads(json.dumps({"input": [8], "layers": STRETCHED[name]}))
    training = cnnsum.summarize(model, batch=BATCH, optimizer="sgd", step=True).totals.training
    measured = measures.peak(torch_memory.network(model), BATCH)
    assert 0 <= measured - (training.peak_step - training.weights) <= SCALARS


@pytest.mark.parametrize("name", NETWORKS)
def test_gallery(name: str) -> None:
    model = torch_memory.load(name, NETWORKS[name])
    training = cnnsum.summarize(model, batch=BATCH, optimizer="sgd", step=True).totals.training
    assert isinstance(training.peak_step, int)
    assert isinstance(training.weights, int)
    measured = measures.peak(torch_memory.network(model), BATCH)
    assert 0 <= measured - (training.peak_step - training.weights) <= SCALARS
