"""Memory of activations: the bytes of every value, and what backpropagation keeps of them.

Works on the flat program of an inference; the numbers are bytes at one batch size. The definitions are in
docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.params import Weights
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.infer import Call, Inference
from cnnsum.graph.model import Layer
from cnnsum.graph.promotion import FLOATS


def value_bytes(inference: Inference, counter: Counter) -> list[Dim]:
    """Bytes of every value."""
    cache: dict[int, Dim] = {}
    sizes: list[Dim] = []
    for value in inference.values:
        size = cache.get(id(value))
        if size is None:
            size = cache[id(value)] = counter.bytes(value.shape, value.dtype)
        sizes.append(size)
    return sizes


class Keeping:
    """What the backward pass goes through, and which tensors it needs for that.

    storage: for every value the value whose storage it is in training (views share one). wanted: whether the gradient
    of that storage is computed: training changes it, and an output depends on it. active: for every call whether the
    backward pass runs through it; trains: whether weights of its layer are trained.
    """

    __slots__ = ("_counter", "_inference", "_own", "_sizes", "active", "storage", "trains", "wanted")

    def __init__(self, inference: Inference, sizes: list[Dim], counter: Counter, weights: dict[Layer, Weights]) -> None:
        self._inference = inference
        self._sizes = sizes
        self._counter = counter
        self._own: dict[tuple[int, str, bool], Dim] = {}
        calls, values = inference.calls, inference.values
        storage = self.storage = list(range(len(values)))
        wanted = self.wanted = [False] * len(storage)
        active = self.active = [False] * len(calls)
        trains = self.trains = [False] * len(calls)
        for step, call in enumerate(calls):
            facts = call.facts
            if facts.weights and _some(weights[call.layer].trainable):
                trains[step] = True
            moves = trains[step]
            for number in call.inputs:
                moves = moves or wanted[storage[number]]
            if facts.alias == "view" and call.inputs:
                origin = storage[call.inputs[0]]
                for number in call.outputs:
                    storage[number] = origin
            if moves and facts.gradient != "none":
                active[step] = True
                for number in call.outputs:
                    # Whole numbers (the index of a maximum) have no gradient.
                    if values[number].dtype in FLOATS or values[number].shape is None:
                        wanted[storage[number]] = True
        # What no output depends on has no gradient either.
        reached = [False] * len(storage)
        for number in inference.outputs:
            reached[storage[number]] = True
        for step in range(len(calls) - 1, -1, -1):
            call = calls[step]
            if active[step]:
                if any(reached[storage[number]] and wanted[storage[number]] for number in call.outputs):
                    for number in call.inputs:
                        reached[storage[number]] = True
                else:
                    active[step] = False
        for number, reaches in enumerate(reached):
            if not reaches:
                wanted[number] = False

    def amounts(self, start: int, end: int, kept: dict[object, None]) -> Iterator[tuple[int, Dim]]:
        """Bytes that each call from `start` to `end` keeps and none before it does; `kept` is what is kept already.

        Whatever is kept is needed last by the first call that keeps it, since the backward pass runs the calls from the
        last to the first: these are also the bytes that are free again after that call's part of it.
        """
        storage, sizes, wanted = self.storage, self._sizes, self.wanted
        values = self._inference.values
        for step in range(start, end):
            if not self.active[step]:
                continue
            call = self._inference.calls[step]
            facts = call.facts
            amount: Dim = 0 if facts.status != "unknown" else UNKNOWN
            trains = self.trains[step]
            uses = facts.keeps_input
            if uses and (uses != "weights" or trains):
                inputs = facts.kept_inputs(call.inputs)
                if uses == "factors":
                    # Each is a factor in the gradients of the others.
                    moved = [wanted[storage[number]] for number in inputs]
                    inputs = tuple([n for at, n in enumerate(inputs) if any(moved[:at]) or any(moved[at + 1 :])])
                compute = call.layer.policy.compute
                for number in inputs:
                    key: object = storage[number]
                    size = sizes[storage[number]]
                    dtype = values[number].dtype
                    if dtype != compute and dtype in FLOATS and not call.layer.is_operation:
                        # The layer casts it, and keeps what it casts it to.
                        key = (key, compute)
                        size = self._counter.bytes(values[number].shape, compute)
                    if key not in kept:
                        kept[key] = None
                        amount = amount + size
            if facts.keeps_output and (facts.keeps_output != "weights" or trains):
                for number in facts.kept_outputs(call.outputs):
                    origin = storage[number]
                    if origin not in kept:
                        kept[origin] = None
                        amount = amount + sizes[origin]
            if facts.kept:
                amount = amount + self._inner(call, trains=trains)
            yield step, amount

    def _inner(self, call: Call, *, trains: bool) -> Dim:
        """Bytes of what a call keeps besides its inputs and outputs."""
        compute = call.layer.policy.compute
        key = (id(call.facts), compute, trains)
        found = self._own.get(key)
        if found is None:
            found = 0
            for item in call.facts.kept:
                if trains or item.use != "weights":
                    found = found + self._counter.bytes(item.shape, item.dtype or compute)
            self._own[key] = found
        return found


def saved(inference: Inference, keeping: Keeping) -> tuple[dict[Layer, Dim], Dim]:
    """What backpropagation keeps of the forward pass, by layer and in all; each tensor once, with the first that
    keeps it.

    A layer that trains nothing and reads nothing that training changes keeps nothing, and neither does one that no
    output depends on.
    """
    by_layer: dict[Layer, Dim] = {}
    total: Dim = 0
    for step, amount in keeping.amounts(0, len(inference.calls), {}):
        if _some(amount):
            layer = inference.calls[step].layer
            by_layer[layer] = by_layer.get(layer, 0) + amount
            total = total + amount
    return by_layer, total


def _some(amount: Dim) -> bool:
    """Whether a count is anything but a plain 0."""
    return not isinstance(amount, int) or amount > 0
