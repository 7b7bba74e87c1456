"""Files that PyTorch and NumPy write and that hold no architecture are called what they are."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from cnnsum.diagnostics import UnusableError
from cnnsum.model import load

pytestmark = pytest.mark.peers
torch: Any = pytest.importorskip("torch")


def told(path: Path) -> tuple[str, str]:
    with pytest.raises(UnusableError) as raised:
        load(path)
    (found,) = raised.value.diagnostics
    return found.message, found.help or ""


def net() -> Any:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU())


def test_torchscript(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(net().eval(), torch.zeros(1, 3, 8, 8)), path)
    message, help = told(path)
    assert "TorchScript" in message
    assert "torch.export.save" in help


@pytest.mark.parametrize("what", ["module", "state"])
@pytest.mark.parametrize("zipped", [True, False])
def test_pickles(what: str, zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    made = net()
    torch.save(made if what == "module" else made.state_dict(), path, _use_new_zipfile_serialization=zipped)
    message, help = told(path)
    assert "pickle" in message
    assert "a pickle is a program; cnnsum runs none" in help
    assert "torch.export.save" in help


def test_arrays(tmp_path: Path) -> None:
    import numpy as np

    np.save(tmp_path / "w.npy", np.zeros(3))
    np.savez(tmp_path / "w.npz", w=np.zeros(3))
    assert "a NumPy array" in told(tmp_path / "w.npy")[0]
    assert "weights without an architecture" in told(tmp_path / "w.npz")[0]
