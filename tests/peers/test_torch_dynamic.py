"""Sizes that exported programs with free sizes accept: each size from 1 to 96 is run, one axis after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch.export import Dim, export  # noqa: E402 - needs PyTorch
from torch_dynamic import NETWORKS  # noqa: E402 - as above
from torch_modules import REFUSALS  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.dims import evaluate  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


def runs(module: torch.nn.Module, shape: tuple[int, ...]) -> bool:
    try:
        with torch.no_grad():
            module(torch.zeros(1, *shape))
    except REFUSALS:
        return False
    return True


@pytest.mark.parametrize("name", NETWORKS)
def test_every_size(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    module = network.make().eval()
    free = dict.fromkeys(range(2, 1 + len(network.shape)), Dim.AUTO)
    program = export(module, (torch.zeros(1, *network.shape),), dynamic_shapes=(free,), strict=False)
    path = tmp_path / "program.pt2"
    torch.export.save(program, path)
    report = cnnsum.summarize(cnnsum.load(path))
    assert {one.code for one in report.diagnostics} <= {"SHP227"}
    names = [str(dim) for dim in report.inputs[0].shape[2:]]
    assert all(one.isidentifier() for one in names), "every axis is free"
    accepted = [one.condition for one in report.sizes]
    for axis, symbol in enumerate(names, 1):
        found, expected = [], []
        for size in range(1, 97):
            shape = tuple(size if at == axis else own for at, own in enumerate(network.shape))
            values = dict(zip(names, shape[1:], strict=True))
            if runs(module, shape):
                expected.append(size)
            if all(evaluate(condition, values) for condition in accepted):
                found.append(size)
        assert found == expected, symbol


class Long(torch.nn.Module):
    """What was seen of one run, of more than four elements, is all that the program has."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(2) if x.shape[2] > 4 else x


class Halved(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :, ::2] + x[:, :, 1::2]


RECORDED = {
    "range": (torch.nn.Conv1d(2, 3, 1), {2: Dim("T", min=5, max=40)}),
    "least size that was never seen": (torch.nn.Conv1d(2, 3, 1), {2: Dim("T", min=2)}),
    "window": (torch.nn.Conv1d(2, 3, 3), {2: Dim.AUTO}),
    "branch": (Long(), {2: Dim.AUTO}),
    "two arms": (Halved(), {2: Dim.AUTO}),
    "formula": (torch.nn.Conv1d(2, 3, 1), {2: 2 * Dim("T", min=2, max=20)}),
}


@pytest.mark.parametrize("name", RECORDED)
def test_sizes_that_the_program_is_recorded_for(name: str, tmp_path: Path) -> None:
    """Those that PyTorch runs the program at, and the module itself runs at more."""
    module, free = RECORDED[name]
    program = export(module.eval(), (torch.zeros(1, 2, 16),), dynamic_shapes=(free,), strict=False)
    path = tmp_path / "program.pt2"
    torch.export.save(program, path)
    (axis,) = cnnsum.sizes(cnnsum.load(path)).axes
    step = 2 if name == "formula" else 1
    exported, refused = program.module(), []
    for size in range(1, 97):
        # What PyTorch refuses of its own program, among what the module runs at.
        try:
            exported(torch.zeros(1, 2, size))
        except (AssertionError, *REFUSALS):
            if runs(module, (2, size)):
                refused.append(size)
    condition = axis.recorded[2] if axis.recorded is not None else None
    symbol = axis.record.symbol
    found = [
        step * size
        for size in range(1, 96 // step + 1)
        if condition is not None and evaluate(condition, {symbol: size})
    ]
    accepted = [step * size for size in range(1, 96 // step + 1) if evaluate(axis.record.condition, {symbol: size})]
    assert found == [size for size in refused if size in accepted]
