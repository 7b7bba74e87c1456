"""Specs in PyTorch's words (`specs/torch`) against modules of PyTorch: weights, shapes, MACs, what is kept, sizes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import torch_gallery  # noqa: E402 - needs PyTorch
from torch_modules import products, saved, shapes_of  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.dims import evaluate  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

SPECS = Path(__file__).resolve().parents[2] / "specs" / "torch"
NETWORKS = sorted(path.stem for path in SPECS.glob("*.yaml"))

#: Sizes without the batch, small enough for a CPU.
SIZES = {
    "lstm": (35,),
    "unet": (3, 32, 48),
    "vit_b16": (3, 224, 224),
    "wavenet": (256, 1200),
    "yolo_like": (3, 64, 96),
}
SAMPLES = 2
#: A mask of dropout on a CPU has the type of what it masks, 3 bytes more for each element than elsewhere.
MASKED = {"lstm": 3 * 35 * 1500 * 3, "mobilenet_v2": 3 * 1280}


def sizes(name: str) -> tuple[int, ...]:
    return SIZES.get(name, (3, 64, 64))


def report(name: str) -> cnnsum.Report:
    return cnnsum.summarize(cnnsum.load(SPECS / f"{name}.yaml", inputs=sizes(name)), batch=SAMPLES)


def example(name: str) -> torch.Tensor:
    shape = (SAMPLES, *sizes(name))
    return torch.randint(10_000, shape) if name == "lstm" else torch.rand(shape)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_pytorchs(name: str) -> None:
    ours = report(name)
    module = getattr(torch_gallery, name)()
    weights = [elements(weight.shape) for row in ours.rows for weight in row.weights]
    assert Counter(weights) == Counter(one.numel() for one in module.state_dict().values())
    assert ours.totals.params.total == sum(one.numel() for one in module.parameters())
    assert ours.totals.buffers.total == sum(one.numel() for one in module.buffers())
    given = example(name)
    module.train()
    assert [tuple(one.shape)[1:] for one in ours.outputs] == [shape[1:] for shape in shapes_of(module(given))]
    assert ours.totals.macs * SAMPLES == products(module, given)
    assert ours.totals.training.saved + SAMPLES * MASKED.get(name, 0) == saved(module, given)


def elements(shape: tuple[int, ...]) -> int:
    return int(torch.Size(shape).numel())


@pytest.mark.parametrize(
    ("name", "inputs"), [("unet", (3, "S", 64)), ("wavenet", (256, "S")), ("yolo_like", (3, "S", 64))]
)
def test_sizes_are_those_that_run(name: str, inputs: tuple[int | str, ...]) -> None:
    """Every size of a small range, on tensors without storage."""
    model = cnnsum.load(SPECS / f"{name}.yaml", inputs=inputs)
    found = [one.condition for one in cnnsum.summarize(model).sizes]
    with torch.device("meta"):
        module = getattr(torch_gallery, name)()
    for size in range(1, 70):
        shape = (SAMPLES, *(size if one == "S" else one for one in inputs))
        try:
            runs = bool(shapes_of(module(torch.empty(shape, device="meta"))))
        except RuntimeError:
            runs = False
        assert all(evaluate(condition, {"S": size}) for condition in found) == runs, size
