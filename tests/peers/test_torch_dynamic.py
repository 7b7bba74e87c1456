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
    assert report.diagnostics == ()
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
