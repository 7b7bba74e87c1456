"""Random small networks, and a simulation of their memory: buffers, made and freed as a plain interpreter would."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

import cnnsum
from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.activations import value_bytes
from cnnsum.graph.infer import Inference
from cnnsum.model import Model

KINDS = ("Dense", "Dense", "ReLU", "Dropout", "Reshape", "Add", "Concatenate", "LSTM", "BatchNormalization")
KINDS = (*KINDS, "Multiply", "Subtract", "Stretched", "share", "attention")


@st.composite
def programs(draw: st.DrawFn, most: int = 10) -> dict[str, Any]:
    """A spec with chains, branches, shared inputs, views, layers that work in place, and several outputs."""
    layers: list[Any] = []
    pool = [("input", 8), ("other", 12)]
    owners: list[tuple[str, int, int]] = []  # of weights: the name, and the widths that it reads and gives
    for number in range(draw(st.integers(1, most))):
        kind, name = draw(st.sampled_from(KINDS)), f"l{number}"
        source, width = draw(st.sampled_from(pool[-4:]))
        read = width
        fields: dict[str, Any] = {"name": name, "from": source}
        if kind == "Dense":
            fields["units"] = width = draw(st.sampled_from((2, 8, 12, 30)))
        elif kind == "Dropout":
            fields["rate"] = 0.5
        elif kind == "Reshape":
            fields["target_shape"] = [-1]
        elif kind == "Stretched":
            # One of the two inputs is broadcast, and may be the first.
            layers.append({"Dense": {"name": f"{name}n", "from": source, "units": 1}})
            kind = draw(st.sampled_from(("Maximum", "Multiply", "Add")))
            fields["from"] = draw(st.permutations([source, f"{name}n"]))
        elif kind in {"Add", "Subtract", "Multiply", "Concatenate"}:
            fields["from"] = [source, draw(st.sampled_from([one for one, wide in pool if wide == width]))]
            width *= 2 if kind == "Concatenate" else 1
        elif kind == "share":
            shareable = [owner for owner in owners if owner[1] == width]
            if not shareable:
                continue
            kind = "Dense"
            fields["share"], _, width = draw(st.sampled_from(shareable))
        elif kind == "attention":
            kind = draw(st.sampled_from(("MultiHeadAttention", "Attention")))
            layers.append({"Reshape": {"name": f"{name}r", "from": source, "target_shape": [-1, 2]}})
            fields |= {"name": f"{name}a", "from": [f"{name}r", f"{name}r"]}
            fields |= {"num_heads": 2, "key_dim": 3} if kind == "MultiHeadAttention" else {}
            layers.append({kind: fields})
            kind, fields = "Reshape", {"name": name, "from": f"{name}a", "target_shape": [-1]}
        elif kind == "LSTM":
            layers.append({"Reshape": {"name": f"{name}r", "from": source, "target_shape": [-1, 2]}})
            fields |= {"from": f"{name}r", "units": 6, "return_state": True}
            width = 6
            pool += [(f"{name}:1", 6), (f"{name}:2", 6)]
        if draw(st.integers(0, 7)) == 0 and "share" not in fields:
            fields["dtype"] = "float16"
        layers.append({kind: fields})
        pool.append((name, width))
        if kind == "Dense" and "share" not in fields:
            owners.append((name, read, width))
    if not layers:
        layers.append({"ReLU": {"name": "only", "from": "input"}})
        pool.append(("only", 8))
    outputs = draw(st.lists(st.sampled_from(pool[2:]), min_size=1, max_size=3, unique=True))
    return {"inputs": {"input": [8], "other": [12]}, "layers": layers, "outputs": [name for name, _ in outputs]}


def load(program: dict[str, Any]) -> Model:
    """The model of a spec, which may have layers that lead nowhere and inputs that nothing reads."""
    model = cnnsum.loads(json.dumps(program))
    assert [str(found) for found in model.diagnostics if found.code not in {"GRF305", "GRF309"}] == []
    return model


def sizes_of(model: Model, batch: int = 1) -> tuple[list[int], Counter]:
    """The bytes of every value, and what counts them."""
    counter = Counter(model.graph.batch, batch)
    return [int(size) for size in value_bytes(model.inference, counter)], counter  # type: ignore[arg-type]  # numbers


class Buffer:
    """Bytes that are taken, and the values that are in them."""

    def __init__(self, bytes: int, value: int, *, given: bool = False) -> None:
        self.bytes = bytes
        self.values = {value}
        self.given = given


def simulate(
    inference: Inference, sizes: Sequence[int], counter: Counter, order: Sequence[int] | None = None
) -> tuple[list[int], list[int], list[int]]:
    """The bytes that are taken before, during and after every call, run in an order."""
    calls = [inference.calls[number] for number in (range(len(inference.calls)) if order is None else order)]
    read_at_all = {number for call in calls for number in call.inputs}
    taken = [Buffer(sizes[number], number, given=True) for number in inference.inputs]
    where = dict(zip(inference.inputs, taken, strict=True))

    def needed(buffer: Buffer, after: int) -> bool:
        if buffer.given and not buffer.values & read_at_all:
            return True
        if buffer.values & set(inference.outputs):
            return True
        return any(buffer.values & set(call.inputs) for call in calls[after + 1 :])

    before, during, after = [], [], []
    for step, call in enumerate(calls):
        before.append(sum(buffer.bytes for buffer in taken))
        free = None
        if call.facts.alias == "inplace":
            for number in call.inputs:
                old = where[number]
                alike = inference.values[number].dtype == inference.values[call.outputs[0]].dtype
                if alike and not old.given and old.bytes == sizes[call.outputs[0]] and not needed(old, step):
                    free = old
                    break
        for number in call.outputs:
            if call.facts.alias in {"view", "bypass"}:
                where[number] = where[call.inputs[0]]
                where[number].values.add(number)
            elif free is not None:
                where[number] = free
                free.values.add(number)
            else:
                where[number] = Buffer(sizes[number], number)
                taken.append(where[number])
        inner = sum(int(counter.bytes(shape, call.layer.policy.compute)) for shape in call.facts.scratch)  # type: ignore[arg-type]  # numbers
        during.append(sum(buffer.bytes for buffer in taken) + inner)
        taken = [buffer for buffer in taken if needed(buffer, step)]
        after.append(sum(buffer.bytes for buffer in taken))
    return before, during, after


def orders(inference: Inference) -> Iterator[tuple[int, ...]]:
    """Every order in which the calls can run."""
    calls = inference.calls
    maker = {number: place for place, call in enumerate(calls) for number in call.outputs}
    needs = [{maker[number] for number in call.inputs if number in maker} for call in calls]

    def further(done: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(done) == len(calls):
            yield done
            return
        for place in range(len(calls)):
            if place not in done and needs[place] <= set(done):
                yield from further((*done, place))

    return further(())
