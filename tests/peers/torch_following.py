"""What PyTorch keeps for the backward pass, and the most bytes that a training step holds, for the tests, on a CPU.

Every tensor is followed by its storage (a dispatch mode, and a weak reference to each storage). The loss is the sum of
the outputs times constants: these are held beside the network, and taken off.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

#: Bytes of numbers without axes that PyTorch makes on its way: the loss, its gradient, counters of batches.
SCALARS = 64


class Following(TorchDispatchMode):  # type: ignore[misc]  # PyTorch is not typed here
    """Adds up the storage of all tensors made while it is on, and takes off what is freed."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self.known: set[int] = set()

    def _gone(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.live -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                key = storage._cdata
                if key not in self.known:
                    self.known.add(key)
                    self.live += storage.nbytes()
                    weakref.finalize(storage, self._gone, key, storage.nbytes())
        self.peak = max(self.peak, self.live)
        return result


def kept(net: nn.Module, x: Any) -> int:
    """Bytes that PyTorch keeps for the backward pass, storages counted once, parameters and buffers left out."""
    outside = {one.untyped_storage().data_ptr() for one in (*net.parameters(), *net.buffers())}
    seen: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in outside:
            seen[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        net(x)
    return sum(storage.nbytes() for storage in seen.values())


def measured(net: nn.Module, shape: tuple[int, ...], forward: Callable[..., Any] | None = None) -> int:
    """The most bytes at any moment of a step, without weights and the loss's constants, the input included."""
    x = torch.randn(*shape)
    run = net if forward is None else lambda x: forward(net, x)
    outside = {p.untyped_storage()._cdata for p in (*net.parameters(), *net.buffers())}
    constants = torch.randn(run(x).shape)
    for parameter in net.parameters():
        parameter.grad = None
    following = Following()
    outside |= {x.untyped_storage()._cdata, constants.untyped_storage()._cdata}
    following.known |= outside
    following.live = x.untyped_storage().nbytes()
    with following:
        (run(x) * constants).sum().backward()
    return following.peak
