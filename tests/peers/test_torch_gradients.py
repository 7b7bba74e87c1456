"""Gradients, slots of the optimizer and kept tensors of exported programs, against a step that PyTorch runs.

Not every parameter has a gradient: some are read where none is asked for, some behind a `detach`, some by nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

import cnnsum

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs PyTorch
from torch.nn import functional as F  # noqa: E402, N812 - as everybody calls it


class Parts(nn.Module):
    """Four linear layers; how they are put together is what differs."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Linear(8, 8) for _ in range(4))


class Backbone(Parts):
    def forward(self, x: Any) -> Any:
        with torch.no_grad():
            y = self.b(torch.tanh(self.a(x)))
        return self.d(torch.tanh(self.c(y)))


class Target(Parts):
    """The weights of `b` are read with a gradient after they were without; its bias is not."""

    def forward(self, x: Any) -> Any:
        with torch.no_grad():
            y = self.b(self.a(x))
        return F.linear(self.c(y), self.b.weight)


class Detached(Parts):
    def forward(self, x: Any) -> Any:
        return self.c(self.b(self.a(x)).detach()) + self.d(x)


class Unread(Parts):
    def forward(self, x: Any) -> Any:
        self.c(x)
        return self.b(torch.tanh(self.a(x)))


class Bent(Parts):
    """Activations whose gradient is made from what they were given, and in place from what they give."""

    def forward(self, x: Any) -> Any:
        x = F.elu(self.b(F.leaky_relu(self.a(x))))
        return F.celu(self.d(F.leaky_relu(self.c(x), inplace=True)), inplace=True)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(30, 8)
        self.inner = nn.Linear(8, 8)
        self.head = nn.Linear(8, 30, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x: Any) -> Any:
        return self.head(self.inner(self.table(x.long())))


class Frozen(Parts):
    def __init__(self) -> None:
        super().__init__()
        self.a.requires_grad_(requires_grad=False)
        self.c.bias.requires_grad_(requires_grad=False)

    def forward(self, x: Any) -> Any:
        return self.c(torch.tanh(self.a(x)))


class Held:
    """A tensor that autograd holds, for as long as it does."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor


def measured(net: nn.Module, x: Any, optimizer: type[Any]) -> tuple[int, int, int]:
    """Bytes of gradients, of the slots of the optimizer, and kept from the forward pass, after a step."""
    alive: WeakSet[Held] = WeakSet()

    def pack(tensor: Any) -> Held:
        held = Held(tensor)
        alive.add(held)
        return held

    stepping = optimizer(net.parameters())
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda held: held.tensor):
        y = net(x)
    own = {one.untyped_storage().data_ptr() for one in net.parameters()}
    storages = [held.tensor.untyped_storage() for held in alive]
    kept = {one.data_ptr(): one.nbytes() for one in storages if one.data_ptr() not in own}
    y.sum().backward()
    stepping.step()
    gradients = sum(one.grad.nbytes for one in net.parameters() if one.grad is not None)
    slots = sum(one.nbytes for state in stepping.state.values() for key, one in state.items() if key != "step")
    return gradients, slots, sum(kept.values())


@pytest.mark.parametrize("net", [Backbone, Target, Detached, Unread, Bent, Tied, Frozen])
@pytest.mark.parametrize("optimizer", ["adam", "adafactor"])
def test_of_exported_programs(net: type[nn.Module], optimizer: str, tmp_path: Path) -> None:
    made, x = net(), torch.ones(4, 8)
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(made, (x,)), path)
    model = cnnsum.load(path)
    report = cnnsum.summarize(model, batch=4, optimizer=f"torch.{optimizer}", step=True)
    found = report.totals.training
    assert found is not None
    assert report.totals.params.trainable == sum(one.numel() for one in made.parameters() if one.requires_grad)
    stepping = {"adam": torch.optim.Adam, "adafactor": torch.optim.Adafactor}[optimizer]
    gradients, slots, kept = measured(made, x, stepping)
    assert (found.gradients, found.optimizer, found.saved) == (gradients, slots, kept)
    assert found.peak_step <= found.total
    assert not report.diagnostics
