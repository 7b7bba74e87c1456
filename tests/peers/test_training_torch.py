"""What PyTorch keeps, and what it holds at the worst moment of a step, against the estimates: to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs PyTorch
from torch_following import SCALARS, kept, measured  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


def estimated(layers: list[Any], shape: tuple[int, ...], batch: int, **keys: Any) -> int:
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, **keys}))
    assert [str(found) for found in model.diagnostics] == []
    found = cnnsum.summarize(model, batch=batch, optimizer="sgd", step=True).totals.training
    assert isinstance(found.peak_step, int)
    assert isinstance(found.weights, int)
    return found.peak_step - found.weights


def conv(filters: int, size: int = 3, **keys: Any) -> Any:
    return {"Conv2D": {"filters": filters, "kernel_size": size, "padding": "same", **keys}}


CHAINS: dict[str, tuple[Any, list[Any]]] = {
    "convolutions": (
        lambda: [nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)],
        [conv(8), conv(4), conv(6)],
    ),
    "with activations": (
        lambda: [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1), nn.Sigmoid()],
        [conv(8, activation="relu"), conv(16), {"Activation": "sigmoid"}],
    ),
    "normalised and pooled": (
        lambda: [
            *(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(8, 16, 3, padding=1), nn.SiLU()),
        ],
        [conv(8), "BatchNormalization", "ReLU", {"MaxPooling2D": 2}, conv(16), {"Activation": "silu"}],
    ),
    "dense": (
        lambda: [nn.Flatten(), nn.Linear(3 * 256, 64), nn.ReLU(), nn.Linear(64, 200), nn.Tanh()],
        ["Flatten", {"Dense": 64}, "ReLU", {"Dense": 200}, {"Activation": "tanh"}],
    ),
    "activations inside": (
        lambda: [nn.Flatten(), nn.Linear(3 * 256, 64), nn.ReLU(), nn.Linear(64, 900), nn.GELU()],
        ["Flatten", {"Dense": [64, "relu"]}, {"Dense": [900, "gelu"]}],
    ),
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("batch", [1, 5])
def test_chains(name: str, batch: int) -> None:
    make, layers = CHAINS[name]
    assert 0 <= measured(nn.Sequential(*make()), (batch, 3, 16, 16)) - estimated(layers, (16, 16, 3), batch) <= SCALARS


class Residual(nn.Module):  # type: ignore[misc]
    def __init__(self, blocks: int, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)])
            for _ in range(blocks)
        )

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        for first, second in self.blocks:
            x = torch.relu(x + second(torch.relu(first(x))))
        return x


@pytest.mark.parametrize("blocks", [1, 3])
def test_residual(blocks: int) -> None:
    layers: list[Any] = [conv(8, name="out0")]
    for n in range(1, blocks + 1):
        layers += [conv(8, name=f"a{n}"), {"ReLU": {"name": f"r{n}"}}, conv(8, name=f"b{n}")]
        layers += [{"Add": {"from": [f"out{n - 1}", f"b{n}"], "name": f"sum{n}"}}, {"ReLU": {"name": f"out{n}"}}]
    assert 0 <= measured(Residual(blocks, 8), (2, 3, 16, 16)) - estimated(layers, (16, 16, 3), 2) <= SCALARS


class Dense(nn.Module):  # type: ignore[misc]
    def __init__(self, count: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(3 + 5 * n, 5, 3, padding=1) for n in range(count))

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = torch.cat([x, torch.relu(layer(x))], 1)
        return x


def test_concatenations() -> None:
    layers: list[Any] = []
    for n in range(3):
        layers += [conv(5, name=f"c{n}", **{"from": f"x{n - 1}" if n else "input"}), {"ReLU": {"name": f"r{n}"}}]
        layers.append({"Concatenate": {"from": [f"x{n - 1}" if n else "input", f"r{n}"], "name": f"x{n}"}})
    assert 0 <= measured(Dense(3), (2, 3, 16, 16)) - estimated(layers, (16, 16, 3), 2) <= SCALARS


# Frozen layers.


def frozen(layer: nn.Module) -> nn.Module:
    for parameter in layer.parameters():
        parameter.requires_grad_(False)
    return layer


def saved(layers: list[Any], shape: tuple[int, ...]) -> int:
    total = cnnsum.summarize(cnnsum.loads(json.dumps({"input": list(shape), "layers": layers})), batch=2).totals.saved
    assert isinstance(total, int)
    return total


def dense(units: int, **keys: Any) -> Any:
    return {"Dense": {"units": units, **keys}}


def test_what_frozen_layers_keep() -> None:
    first, second = nn.Linear(8, 4), nn.Linear(5, 6)
    layers = [dense(4), dense(5, trainable=False), dense(6)]
    net = nn.Sequential(first, frozen(nn.Linear(4, 5)), second)
    assert kept(net, torch.randn(2, 8)) == saved(layers, (8,)) == 2 * (8 + 5) * 4
    # Nothing for what comes before the first layer that trains, nor for it to be trained through.
    layers = [dense(4, trainable=False, activation="tanh"), dense(5, activation="tanh"), dense(6, trainable=False)]
    net = nn.Sequential(frozen(nn.Linear(8, 4)), nn.Tanh(), nn.Linear(4, 5), nn.Tanh(), frozen(nn.Linear(5, 6)))
    assert kept(net, torch.randn(2, 8)) == saved(layers, (8,)) == 2 * (4 + 5) * 4


def test_a_frozen_convolution_keeps_its_input() -> None:
    """Though only the gradient of its kernel would be made of that."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), frozen(nn.Conv2d(4, 5, 3, padding=1)))
    layers = [conv(4), conv(5, trainable=False)]
    assert kept(net, torch.randn(2, 3, 8, 8)) == saved(layers, (8, 8, 3)) == 2 * (3 + 4) * 64 * 4


def test_where_pytorch_keeps_more_than_it_needs() -> None:
    image, middle = 2 * 3 * 64 * 4, 2 * 4 * 64 * 4
    # The input of a normalisation that works with its moving statistics.
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), frozen(nn.BatchNorm2d(4)).eval())
    layers = [conv(4), {"BatchNormalization": {"trainable": False}}]
    assert (kept(net, torch.randn(2, 3, 8, 8)), saved(layers, (8, 8, 3))) == (image + middle, image)


def test_a_frozen_backbone_needs_what_its_forward_pass_needs() -> None:
    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.backbone = frozen(nn.Sequential(*(nn.Conv2d(n, 8, 3, padding=1) for n in (3, 8, 8))))
            self.head = nn.Linear(8, 2)

        def forward(self, x: Any) -> Any:
            return self.head(self.backbone(x).mean((2, 3)))

    layers = [*(conv(8, trainable=False) for _ in range(3)), "GlobalAveragePooling2D", dense(2)]
    model = cnnsum.loads(json.dumps({"input": [64, 64, 3], "layers": layers}))
    training = cnnsum.summarize(model, batch=2, optimizer="sgd", step=True).totals.training
    # Here the caller holds on to the input, which nothing needs any more behind the first convolution.
    most = measured(Net(), (2, 3, 64, 64)) - 2 * 3 * 64 * 64 * 4
    # Nothing of the backbone is kept, and no gradient comes back to it.
    assert 0 <= most - (training.peak_step - training.weights) <= SCALARS  # type: ignore[operator]  # numbers
    assert training.peak_step <= training.total  # type: ignore[operator]  # numbers
    assert training.saved == 2 * 8 * 4
