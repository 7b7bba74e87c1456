"""MACs against what PyTorch counts while the same network runs: to the last one, on tensors without storage."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import torch_memory  # noqa: E402 - needs PyTorch
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("name", torch_memory.GALLERY)
def test_gallery(name: str) -> None:
    model = torch_memory.load(name)
    net = torch_memory.network(model, "meta")
    # It counts convolutions and products of matrices, two operations to a MAC, and nothing else.
    with FlopCounterMode(display=False) as counter:
        net(*net.example(1, "meta"))
    totals = cnnsum.summarize(model).totals
    assert counter.get_total_flops() == 2 * totals.macs
    parameters = sum(weight.numel() for weight in net.parameters() if weight.requires_grad)
    assert parameters == totals.params.trainable
    assert sum(weight.numel() for weight in net.state_dict().values()) == totals.params.total
