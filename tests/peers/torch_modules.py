"""One module of PyTorch against one layer type of its vocabulary: shapes, weights, products, what backward needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from cnnsum.diagnostics import Problem
from cnnsum.layers.facts import Facts
from cnnsum.layers.inner import Inner
from cnnsum.layers.vocabulary import TORCH

#: What PyTorch raises of a size that does not fit.
REFUSALS = (RuntimeError, ValueError, AssertionError, IndexError, NotImplementedError)

#: Bytes of an element. PyTorch takes float32 for the masks of dropout on a CPU, where others take a byte.
BYTES = {None: 4, "float32": 4, "bool": 4, "int64": 8}


class Reading:
    """What a reader lends to the kinds: a layer in a field is a mapping of its type to its fields."""

    def number(self, text: str) -> Any:
        raise AssertionError(text)

    def sublayer(self, raw: Any) -> Inner:
        ((name, fields),) = raw.items()
        return Inner(*bound(name, fields))


def bound(name: str, fields: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    found = TORCH.find(name)
    assert found is not None, name
    typed, problems = found.bind(fields, Reading())
    if problems:
        raise problems[0]
    return found, typed


def ours(name: str, fields: dict[str, Any], *shapes: tuple[int, ...], keywords: tuple[str, ...] = ()) -> Facts | None:
    """The facts of a call, or None where it is refused."""
    try:
        found, typed = bound(name, fields)
        return found.apply(shapes, typed, keywords)
    except Problem:
        return None


def run(module: nn.Module, *inputs: Any, **more: Any) -> Any:
    """What a module gives, or None where it refuses."""
    try:
        return module(*inputs, **more)
    except REFUSALS:
        return None


def shapes_of(given: Any) -> list[tuple[int, ...]]:
    """The shapes of all tensors in what a module gives."""
    return [tuple(one.shape) for one in tree_leaves(given) if isinstance(one, torch.Tensor)]


def held(module: nn.Module) -> list[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the parameters and buffers, in the order of `state_dict`."""
    return [(name, tuple(one.shape)) for name, one in module.state_dict().items()]


def weights(facts: Facts) -> list[tuple[str, tuple[Any, ...]]]:
    return [(one.name, one.shape) for one in facts.weights]


@contextmanager
def plain() -> Iterator[None]:
    """PyTorch's own kernels, one operation after another: no oneDNN, no fused attention."""
    with torch.backends.mkldnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH):
        yield


def products(module: nn.Module, *inputs: Any, **more: Any) -> int:
    """Multiply-accumulates of a call."""
    with plain(), FlopCounterMode(display=False) as counter:
        module(*inputs, **more)
    assert counter.get_total_flops() % 2 == 0
    return int(counter.get_total_flops() // 2)


def saved(module: nn.Module, *inputs: Any, **more: Any) -> int:
    """Bytes that autograd keeps of a call for the backward pass, without parameters and buffers, each storage once."""
    outside = {one.untyped_storage()._cdata for one in module.state_dict(keep_vars=True).values()}
    seen: dict[int, Any] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in outside:
            seen[storage._cdata] = storage  # held, so that no other storage gets the same number
        return tensor

    with plain(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = module(*inputs, **more)
    total = sum(storage.nbytes() for storage in seen.values())
    del result
    return total


def elements(shape: Any) -> int:
    return int(torch.Size(shape).numel())


def kept(facts: Facts, *shapes: tuple[int, ...]) -> int:
    """The same as we say it. shapes: of the inputs, one for each tensor."""
    total = sum(elements(one.shape) * BYTES[one.dtype] for one in facts.kept)
    if facts.keeps_input == "rest":
        total += sum(elements(shape) * 8 for shape in shapes[1:])  # indices
    elif facts.keeps_input:
        total += sum(elements(shape) * 4 for shape in shapes)
    if facts.keeps_output == "rest":
        total += sum(elements(shape) * BYTES[facts.rest] for shape in facts.outputs[1:])
    elif facts.keeps_output:
        total += elements(facts.outputs[0]) * 4
    return total
