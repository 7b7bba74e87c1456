"""What PyTorch keeps of exported programs that permute, reshape and multiply, against `totals.saved`: to the byte.

Where an operation copies a view before it keeps it, the copy is kept, and not the storage that the view is of.
"""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch.export import Dim, export, save  # noqa: E402 - needs PyTorch
from torch_following import SCALARS, kept, measured  # noqa: E402 - as above
from torch_layouts import NETWORKS  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("name", NETWORKS)
def test_programs(name: str, tmp_path: Path) -> None:
    net, shape = NETWORKS[name].make(), NETWORKS[name].shape
    path = tmp_path / "net.pt2"
    for batch in (1, 2):
        x = torch.randn(batch, *shape)
        save(export(net, (x,)), path)
        report = cnnsum.summarize(cnnsum.load(path))
        assert report.totals.saved == kept(net, x), batch
        assert sum(row.memory.saved for row in report.rows) == report.totals.saved  # type: ignore[misc]  # numbers
    if name.endswith("steps first"):
        return  # the first axis is not the batch
    # With one sample axes of the batch collapse: what is a view then is a copy with more.
    save(export(net, (x,), dynamic_shapes=({0: Dim("batch", min=1)},)), path)
    model = cnnsum.load(path)
    for batch in (1, 2, 3):
        report = cnnsum.summarize(model, batch=batch)
        assert report.totals.saved == kept(net, torch.randn(batch, *shape)), batch


@pytest.mark.parametrize("name", NETWORKS)
def test_decomposed(name: str, tmp_path: Path) -> None:
    """Where every copy is an operation of its own, and every weight is turned by one."""
    net, x = NETWORKS[name].make(), torch.randn(2, *NETWORKS[name].shape)
    program = export(net, (x,)).run_decompositions()
    save(program, tmp_path / "net.pt2")
    assert cnnsum.summarize(cnnsum.load(tmp_path / "net.pt2")).totals.saved == kept(program.module(), x)


#: Those whose step is fullest where the copies are: elsewhere gradients of parts of tensors are.
STEPS = [
    *("fused, by einsum", "windows", "windows, scaled after", "one window", "vit", "vit, unbound", "grouped"),
    *("experts", "experts first", "experts, sent", "layers", "shuffled", "next", "kernel"),
]


@pytest.mark.parametrize("name", STEPS)
def test_steps(name: str, tmp_path: Path) -> None:
    net, shape = NETWORKS[name].make(), NETWORKS[name].shape
    path = tmp_path / "net.pt2"
    save(export(net, (torch.randn(2, *shape),)), path)
    report = cnnsum.summarize(cnnsum.load(path), batch=2, optimizer="sgd", step=True)
    found = report.totals.training
    assert 0 <= measured(net, (2, *shape)) - (found.peak_step - found.weights) <= SCALARS  # type: ignore[operator]
