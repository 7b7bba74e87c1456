"""The network of a spec as a module of PyTorch, made from cnnsum's own graph, so that the same network is measured.

Images have their channels first, as PyTorch has them, and everything else has the axes of the spec; where a layer
needs the other order it gets a view. Only the layer types of `torch_functions` are known, any other is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch_functions import MAKERS
from torch_layers import ANY, FIRST, LAST, REFUSED, Dropout, Module, Site

from cnnsum.graph.infer import Call, Inference
from cnnsum.model import Model

Tensor = torch.Tensor


class Network(nn.Module):
    """The program of a model, call by call; a tensor is let go after the last call that reads it."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        inference: Inference = model.inference
        self.calls = inference.calls
        self.inputs = inference.inputs
        self.outputs = inference.outputs
        self.shapes = [value.shape for value in inference.values]
        self.dtypes = [getattr(torch, inference.values[number].dtype) for number in self.inputs]
        made: dict[Any, Module] = {}
        self.modules_of_calls: list[Module] = []
        for call in self.calls:
            if call.layer not in made:
                made[call.layer] = _module(call, [self.shapes[number] or () for number in call.inputs])
            self.modules_of_calls.append(made[call.layer])
        self.made = nn.ModuleList(made.values())
        readers = {number: module for call, module in self._backwards() for number in call.inputs}
        self.orders = [LAST if readers[number].order == LAST else FIRST for number in self.inputs]
        last = {number: at for at, call in enumerate(self.calls) for number in (*call.outputs, *call.inputs)}
        self.gone: list[list[int]] = [[] for _ in self.calls]
        for number, at in last.items():
            if number not in self.outputs:
                self.gone[at].append(number)
        #: Elements of dropout masks that the last run made.
        self.masks = 0

    def _backwards(self) -> list[tuple[Call, Module]]:
        return list(zip(self.calls, self.modules_of_calls, strict=True))[::-1]

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs, always as a tuple."""
        return self.run(list(inputs))

    def run(self, inputs: list[Tensor]) -> tuple[Tensor, ...]:
        """The same; empties the list, so that an input that nothing keeps is free when the last layer has read it."""
        alive = dict(zip(self.inputs, inputs, strict=True))
        inputs.clear()
        order = dict(zip(self.inputs, self.orders, strict=True))
        dropouts = [module for module in self.made if isinstance(module, Dropout)]
        for module in dropouts:
            module.mask = 0
        for call, module, gone in zip(self.calls, self.modules_of_calls, self.gone, strict=True):
            wanted = order[call.inputs[0]] if module.order == ANY else module.order
            made = module(*[_turned(alive[number], order[number], wanted) for number in call.inputs])
            (number,) = call.outputs
            alive[number], order[number] = made, wanted
            self._check(number, call, made, wanted)
            del made
            for number in gone:
                del alive[number]
        self.masks = sum(module.mask for module in dropouts)
        return tuple(alive[number] for number in self.outputs)

    def _check(self, number: int, call: Call, made: Tensor, order: str) -> None:
        """That PyTorch's shape is the one that cnnsum inferred, wherever that is a number."""
        inferred = self.shapes[number] or ()
        sizes = _turned(made, order, LAST).shape
        if len(inferred) != len(sizes) or any(
            isinstance(dim, int) and dim != size for dim, size in zip(inferred, sizes, strict=True)
        ):
            raise ValueError(f"{call.layer.name}: cnnsum infers {inferred}, PyTorch makes {tuple(sizes)}")

    def example(self, batch: int, device: str = "cpu") -> list[Tensor]:
        """Inputs, their axes as the first layer that reads them wants them: random numbers, zeros for indices."""
        inputs: list[Tensor] = []
        for number, order, dtype in zip(self.inputs, self.orders, self.dtypes, strict=True):
            shape: tuple[Any, ...] = (self.shapes[number] or ())[1:]
            sizes = (batch, *(shape if order == LAST else (shape[-1], *shape[:-1])))
            make = torch.randn if dtype.is_floating_point else torch.zeros
            inputs.append(make(sizes, dtype=dtype, device=device))
        return inputs


def _turned(x: Tensor, order: str, wanted: str) -> Tensor:
    """A view with the channels where they are wanted."""
    if order == wanted:
        return x
    return x.movedim(-1, 1) if wanted == FIRST else x.movedim(1, -1)


def _module(call: Call, shapes: list[Any]) -> Module:
    layer = call.layer
    kind = layer.type_name if layer.type is None else layer.type.name
    if kind not in MAKERS:
        raise NotImplementedError(f"{layer.name}: no module of PyTorch is declared for the layer type {kind}")
    for field in REFUSED:
        if layer.fields.get(field):
            raise NotImplementedError(f"{layer.name}: {kind} with {field}")
    if layer.fields.get("data_format") == "channels_first":
        raise NotImplementedError(f"{layer.name}: channels first")
    module = MAKERS[kind](Site(layer.name, layer.fields, shapes))
    if layer.freezes:
        module.requires_grad_(False)
    return module


def variables(net: nn.Module) -> Sequence[Tensor]:
    """Parameters, buffers and constants: what is not an activation."""
    return [*net.parameters(), *net.buffers()]


def weight_bytes(net: nn.Module) -> int:
    """Bytes of parameters and buffers: cnnsum's weights."""
    return sum(tensor.nbytes for tensor in net.state_dict().values())
