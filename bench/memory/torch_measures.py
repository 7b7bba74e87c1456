"""How bytes are measured in PyTorch: what a forward pass keeps, and the most that a training step holds.

Storages are counted, each once, so that views cost nothing.
"""
# ruff: noqa: SLF001 - only PyTorch's inner names tell one storage from another

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch_graph import Network, variables

#: What the profiler calls an allocation, or the end of one.
MEMORY = "[memory]"


def kept(net: Network, batch: int) -> int:
    """Bytes that autograd keeps of a forward pass for the backward pass, without parameters and buffers."""
    outside = {tensor.untyped_storage()._cdata for tensor in variables(net)}
    seen: dict[int, Any] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in outside:
            # Held, so that no other storage gets the same number.
            seen[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        net.run(net.example(batch))
    return sum(storage.nbytes() for storage in seen.values())


class Following(TorchDispatchMode):  # type: ignore[misc]  # PyTorch does not type it
    """Adds up the storages of all tensors that are made while it is on, and takes off what is freed.

    Where two gradients meet, PyTorch's engine adds the later one into the first if nothing else refers to that, but
    not while a mode like this is on. So it is done here. Who refers to a tensor is a count that this mode is part of:
    `alone` is what it is where nothing else does.
    """

    def __init__(self, outside: set[int], alone: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.live = self.peak = 0
        self.known = outside
        self.alone = alone
        self.met = (0, 0)

    def follow(self, tensor: torch.Tensor) -> None:
        """Count the storage of a tensor as long as it is there."""
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key not in self.known:
            self.known.add(key)
            self.live += size
            weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.live -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.add.Tensor and torch._C._current_autograd_node() is not None:
            # The count of the storage has one more, for the name that it has in Python here.
            self.met = args[0]._use_count(), torch._C._storage_Use_Count(args[0].untyped_storage()._cdata)
            if self.met == self.alone and args[0].shape == args[1].shape:
                func = torch.ops.aten.add_.Tensor
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.follow(leaf)
        self.peak = max(self.peak, self.live)
        return result


def alone() -> tuple[int, int]:
    """How often a gradient is referred to where two meet that nothing else refers to."""
    x = torch.zeros(2, requires_grad=True) * torch.ones(2)
    with Following(set()) as following:
        (x * torch.ones(2) + x * torch.ones(2)).sum().backward()
    return following.met


def peak(net: Network, batch: int) -> int:
    """The most bytes at any moment of a forward and a backward pass: inputs, activations and gradients, no weights.

    The loss is the sum of the outputs times constants, which are not counted.
    """
    for parameter in net.parameters():
        parameter.grad = None
    with torch.no_grad():
        constants = [torch.randn_like(output) for output in net.run(net.example(batch))]
    following = Following({tensor.untyped_storage()._cdata for tensor in (*variables(net), *constants)}, alone())
    inputs = net.example(batch)
    for tensor in inputs:
        following.follow(tensor)
    del tensor
    with following:
        loss(net.run(inputs), constants).backward()
    return following.peak


def loss(outputs: tuple[torch.Tensor, ...], constants: list[torch.Tensor]) -> torch.Tensor:
    """A number whose gradient reaches every output."""
    return torch.stack([(output * held).sum() for output, held in zip(outputs, constants, strict=True)]).sum()


def allocated(net: Network, batch: int) -> int:
    """The same as the CPU's allocator sees it: with whatever the kernels take for themselves while they run."""
    for parameter in net.parameters():
        parameter.grad = None
    with torch.no_grad():
        constants = [torch.randn_like(output) for output in net.run(net.example(batch))]
    with torch.autograd.profiler.profile(profile_memory=True) as profile:
        loss(net.run(net.example(batch)), constants).backward()
    found = [(event.start_ns(), event.nbytes()) for event in profile.kineto_results.events() if event.name() == MEMORY]
    live = most = 0
    for _, change in sorted(found, key=lambda event: event[0]):
        live += change
        most = max(most, live)
    return most


def on_gpu(net: Network, batch: int) -> int:
    """The same on a GPU with weights and the slots of Adam, by PyTorch's own count; the optimizer's step is no part."""
    net.to("cuda")
    optimizer = torch.optim.Adam([parameter for parameter in net.parameters() if parameter.requires_grad])
    with torch.no_grad():
        constants = [torch.randn_like(output) for output in net.run(net.example(batch, "cuda"))]
    # The first step makes the slots, and what the libraries hold for themselves.
    loss(net.run(net.example(batch, "cuda")), constants).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    loss(net.run(net.example(batch, "cuda")), constants).backward()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - sum(tensor.nbytes for tensor in constants)
