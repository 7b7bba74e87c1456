"""Memory of activations: outputs, the peak of inference, and what backpropagation keeps.

Works on the flat program of an inference; the numbers are bytes at one batch size. The definitions are in
docs/measures.md.
"""

from __future__ import annotations

from typing import NamedTuple

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.params import Weights
from cnnsum.dims import UNKNOWN, Dim, maximum
from cnnsum.graph.infer import Call, Inference
from cnnsum.graph.model import Layer


class Peak(NamedTuple):
    """The most bytes alive at once, the call that runs then, and the values alive (by the call that made them)."""

    bytes: Dim
    call: Call | None
    alive: tuple[tuple[str, Dim], ...]


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


def peak(inference: Inference, sizes: list[Dim], counter: Counter) -> Peak:
    """The largest number of live bytes, with the calls run in the listed order.

    A value lives from its making to its last use. A view owns nothing; a layer that works in place takes over the
    storage of its first input where nothing else reads that later. The model's inputs are the caller's: they are
    never written over.
    """
    calls = inference.calls
    storage = _storages(inference)
    last_use = [-1] * len(storage)
    for step, call in enumerate(calls):
        for number in call.inputs:
            last_use[storage[number]] = step
        for number in call.outputs:
            last_use[storage[number]] = max(last_use[storage[number]], step)
    end = len(calls)
    for number in inference.outputs:
        last_use[storage[number]] = end
    protected = {storage[number] for number in inference.inputs}
    _write_in_place(calls, storage, last_use, sizes, protected)

    made_at = _making(calls, storage)
    live: Dim = 0
    for number in inference.inputs:
        live = live + sizes[storage[number]]
    dying: list[list[int]] = [[] for _ in range(end + 1)]
    for number in protected:
        dying[last_use[number] if last_use[number] >= 0 else end].append(number)
    for number in made_at:
        dying[last_use[number]].append(number)
    best: Dim = live
    best_step = -1
    for step, call in enumerate(calls):
        for number in call.outputs:
            if storage[number] == number and made_at.get(number) == step:
                live = live + sizes[number]
        now = live
        for shape in call.facts.scratch:
            now = now + counter.bytes(shape, call.layer.policy.compute)
        if type(now) is int and type(best) is int:
            if now > best:
                best, best_step = now, step
        else:
            best = maximum(best, now)
        for number in dying[step]:
            live = live - sizes[number]
    if type(best) is not int:
        return Peak(best, None, ())
    alive = [
        (number, "input" if number in protected else "")
        for number in (*protected, *made_at)
        if made_at.get(number, -1) <= best_step and (last_use[number] >= best_step or last_use[number] < 0)
    ]
    makers = {number: call.layer.name for call in calls for number in call.outputs} if alive else {}
    names = tuple((makers.get(number, kind), sizes[number]) for number, kind in alive)
    return Peak(best, calls[best_step] if best_step >= 0 else None, names)


def _storages(inference: Inference) -> list[int]:
    """For every value the value whose storage it is: itself, or for a view the first input's."""
    storage = list(range(len(inference.values)))
    for call in inference.calls:
        if call.facts.alias in {"view", "bypass"} and call.inputs:
            origin = storage[call.inputs[0]]
            for number in call.outputs:
                storage[number] = origin
    return storage


def _write_in_place(
    calls: list[Call], storage: list[int], last_use: list[int], sizes: list[Dim], protected: set[int]
) -> None:
    """Let calls that can work in place take over storage that dies with them."""
    moved: dict[int, int] = {}
    for step, call in enumerate(calls):
        if call.facts.alias != "inplace" or len(call.outputs) != 1:
            continue
        output = call.outputs[0]
        for number in call.inputs:
            origin = storage[number]
            origin = moved.get(origin, origin)
            if last_use[origin] == step and origin not in protected and sizes[origin] == sizes[output]:
                moved[output] = origin
                last_use[origin] = last_use[output]
                break
    if moved:
        for number, origin in enumerate(storage):
            storage[number] = moved.get(origin, origin)


def _making(calls: list[Call], storage: list[int]) -> dict[int, int]:
    """The step at which each storage is made, in order."""
    made: dict[int, int] = {}
    for step, call in enumerate(calls):
        for number in call.outputs:
            if storage[number] == number:
                made[number] = step
    return made


def saved(
    inference: Inference, sizes: list[Dim], counter: Counter, weights: dict[Layer, Weights]
) -> tuple[dict[Layer, Dim], Dim]:
    """What backpropagation keeps of the forward pass, by layer and in all; each tensor once, with the first that
    keeps it.

    A layer that trains nothing and reads nothing that training changes keeps nothing.
    """
    kept: set[int] = set()
    by_layer: dict[Layer, Dim] = {}
    total: Dim = 0
    storage = list(range(len(inference.values)))
    differentiated = [False] * len(storage)
    extra: dict[tuple[int, str], Dim] = {}
    for call in inference.calls:
        facts = call.facts
        if facts.alias == "view" and call.inputs:
            for number in call.outputs:
                storage[number] = storage[call.inputs[0]]
        if not (
            (facts.weights and _some(weights[call.layer].trainable))
            or any(differentiated[number] for number in call.inputs)
        ):
            continue
        for number in call.outputs:
            differentiated[number] = True
        amount: Dim = 0
        if facts.status == "unknown":
            amount = UNKNOWN
        if facts.keeps_input:
            for number in call.inputs:
                origin = storage[number]
                if origin not in kept:
                    kept.add(origin)
                    amount = amount + sizes[origin]
        if facts.keeps_output:
            for number in call.outputs:
                origin = storage[number]
                if origin not in kept:
                    kept.add(origin)
                    amount = amount + sizes[origin]
        if facts.kept:
            key = (id(facts), call.layer.policy.compute)
            more = extra.get(key)
            if more is None:
                more = 0
                for item in facts.kept:
                    more = more + counter.bytes(item.shape, item.dtype or call.layer.policy.compute)
                extra[key] = more
            amount = amount + more
        if _some(amount):
            by_layer[call.layer] = by_layer.get(call.layer, 0) + amount
            total = total + amount
    return by_layer, total


def _some(amount: Dim) -> bool:
    """Whether a count is anything but a plain 0."""
    return not isinstance(amount, int) or amount > 0
