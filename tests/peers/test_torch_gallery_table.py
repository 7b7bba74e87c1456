"""The stored table of the gallery (tests/gallery/gallery.csv) against PyTorch: its numbers, whatever cnnsum says today.

Counts, work, outputs, gradients and the slots of Adam are those of tensors without storage; what is kept, and the worst
moment of a step, are measured on a CPU.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import gallery_table
import pytest
from gallery_table import Line

torch = pytest.importorskip("torch")

import torch_memory  # noqa: E402 - needs PyTorch
from test_torch_peak import NETWORKS as TO_THE_BYTE  # noqa: E402 - as above
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402 - as above
from torch_memory import measures  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

LINES = gallery_table.read()
#: Numbers without axes: the loss, and its gradient.
SCALARS = 64
#: A kernel of even size pads one side alone; the gradient of the padded copy, alive for a moment, is not modelled.
PADDED = {"unet": 2**18}


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Hooks make cycles: the tensors of one network would stand beside those of the next."""
    yield
    gc.collect()


def name_of(line: Line) -> str:
    return f"{line.network}-{line.sizes}-{line.samples}"


def network(line: Line, device: str) -> Any:
    return torch_memory.network(torch_memory.load(line.network, line.shape), device)


@pytest.mark.parametrize("line", LINES, ids=name_of)
def test_counts_work_and_what_training_adds(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(line, "meta")
    made: list[int] = []
    monkeypatch.setattr(type(net), "_check", lambda _self, _number, _call, tensor, _order: made.append(tensor.nbytes))
    with FlopCounterMode(display=False) as counter:
        outputs = net(*net.example(line.samples, "meta"))
    assert counter.get_total_flops() == 2 * line.macs * line.samples
    given = sum(tensor.nbytes for tensor in net.example(line.samples, "meta"))
    assert sum(made) in (line.outputs, line.outputs - given)
    variables = net.state_dict().values()
    assert sum(tensor.numel() for tensor in variables) == line.parameters
    assert sum(tensor.nbytes for tensor in variables) == line.weights
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    assert sum(parameter.numel() for parameter in trained) == line.trainable
    optimizer = torch.optim.Adam(trained, foreach=False)
    measures.loss(outputs, [torch.empty_like(output) for output in outputs]).backward()
    assert sum(parameter.grad.nbytes for parameter in trained) == line.gradients
    optimizer.step()
    slots = [tensor for state in optimizer.state.values() for name, tensor in state.items() if name != "step"]
    assert sum(tensor.nbytes for tensor in slots) == line.optimizer


@pytest.mark.parametrize("line", LINES, ids=name_of)
def test_what_is_kept(line: Line) -> None:
    net = network(line, "cpu")
    # A dropout mask has a byte for each element; on a CPU PyTorch takes float32 for them.
    kept = measures.kept(net, line.samples) - 3 * net.masks
    assert kept == line.saved


@pytest.mark.parametrize(
    "line", [line for line in LINES if line.network in TO_THE_BYTE and line.samples > 1], ids=name_of
)
def test_the_worst_moment_of_a_step(line: Line) -> None:
    net = network(line, "cpu")
    measured = measures.peak(net, line.samples)
    # Masks of dropout, as above, where they are there at that moment.
    most = SCALARS + 3 * net.masks + PADDED.get(line.network, 0)
    assert 0 <= measured - (line.peak_step - line.weights - line.optimizer) <= most
