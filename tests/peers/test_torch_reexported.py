"""Programs of programs: what was exported once, and again after PyTorch made modules of it, is the same network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnnsum

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs PyTorch
from torch.export import ExportedProgram, export, unflatten  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Any) -> Any:
        return torch.relu(x + self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2)
        self.blocks = nn.Sequential(Block(4), Block(4))
        self.head = nn.Linear(4, 5)

    def forward(self, x: Any) -> Any:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


def again(how: str, x: tuple[Any, ...]) -> ExportedProgram:
    plain = export(Net().eval(), x)
    kept = export(Net().eval(), x, preserve_module_call_signature=("blocks.0", "blocks.1"))
    if how == "signatures":
        return kept
    made = {"module": plain.module, "unflattened": lambda: unflatten(plain), "both": lambda: unflatten(kept)}[how]()
    return export(made, x)


@pytest.mark.parametrize("how", ["signatures", "module", "unflattened", "both"])
def test_it_is_the_same_network(how: str, tmp_path: Path) -> None:
    x = (torch.zeros(2, 3, 17, 17),)
    path, other = tmp_path / "plain.pt2", tmp_path / "again.pt2"
    torch.export.save(export(Net().eval(), x), path)
    torch.export.save(again(how, x), other)
    plain, found = (cnnsum.summarize(cnnsum.load(one)) for one in (path, other))
    assert found.diagnostics == ()
    for name in ("params", "buffers", "macs", "flops", "training"):
        assert getattr(found.totals, name) == getattr(plain.totals, name)

    def rows(report: cnnsum.Report) -> list[Any]:
        return [(row.outputs, row.params, row.macs) for row in report.rows]

    assert rows(found) == rows(plain)
    # Of what PyTorch took apart the classes are not recorded any more, and the paths are.
    named = [(row.name, row.type) for row in plain.rows]
    if how in ("signatures", "module"):
        assert [(row.name, row.type) for row in found.rows] == named
    else:
        assert [row.name for row in found.rows[2:6]] == [
            "blocks.0.conv.conv2d",
            "blocks.0.norm.batch_norm",
            "blocks.0.add",
            "blocks.0.relu",
        ]
