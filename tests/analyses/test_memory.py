"""Memory of activations: outputs, the peak against a simulation step by step, and what backpropagation keeps."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.analyses.counting import Counter, bytes_of
from cnnsum.analyses.memory.activations import value_bytes
from cnnsum.analyses.memory.liveness import peak
from cnnsum.dims import UNKNOWN, substitute
from cnnsum.model import Model
from tests.thorough import examples


def load(layers: list[Any], shape: Any = (8,), **keys: Any) -> Model:
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, **keys}))
    assert [str(found) for found in model.diagnostics if found.code != "GRF305"] == []
    return model


def report(layers: list[Any], shape: Any = (8,), *, batch: int = 1, **keys: Any) -> cnnsum.Report:
    return cnnsum.summarize(load(layers, shape, **keys), batch=batch)


# The peak.


def simulated(model: Model, batch: int) -> tuple[int, list[int]]:
    """The peak, and the live bytes during every call, by simulation: buffers, and who will still read them."""
    inference = model.inference
    counter = Counter(model.graph.batch, batch)
    size = value_bytes(inference, counter)
    buffer: dict[int, int] = {number: number for number in inference.inputs}
    borrowed = set(inference.inputs)

    def needed(which: int, after: int) -> bool:
        """Whether anything reads the buffer after that call, views that are still to be made included."""
        views = {number for number, owner in buffer.items() if owner == which}
        for call in inference.calls[after + 1 :]:
            if views & set(call.inputs):
                return True
        return bool(views & set(inference.outputs))

    # First which buffer every value has: views need the whole program to be known, so they are spread beforehand.
    for call in inference.calls:
        for number in call.outputs:
            view = call.facts.alias in {"view", "bypass"}
            buffer[number] = buffer[call.inputs[0]] if view else number
    for step, call in enumerate(inference.calls):
        if call.facts.alias == "inplace":
            (output,) = call.outputs
            for number in call.inputs:
                old = buffer[number]
                if old not in borrowed and size[old] == size[output] and not needed(old, step):
                    for value, owner in list(buffer.items()):
                        if owner == output:
                            buffer[value] = old
                    break
    made: set[int] = set(borrowed)
    most, each = sum(int(size[number]) for number in borrowed), []
    for step, call in enumerate(inference.calls):
        made |= {buffer[number] for number in call.outputs}
        now = {buffer[number] for number in (*call.inputs, *call.outputs)}
        unread = {
            number for number in borrowed if not any(number == buffer[i] for c in inference.calls for i in c.inputs)
        }
        live = {which for which in made if which in now or which in unread or needed(which, step)}
        scratch = sum(int(counter.bytes(shape, call.layer.policy.compute)) for shape in call.facts.scratch)
        each.append(sum(int(size[which]) for which in live) + scratch)
        most = max(most, each[-1])
    return most, each


KINDS = (
    "Dense",
    "ReLU",
    "Dropout",
    "Reshape",
    "Add",
    "Concatenate",
    "LSTM",
    "Identity",
    "BatchNormalization",
    "Multiply",
)


@st.composite
def programs(draw: st.DrawFn) -> dict[str, Any]:
    layers: list[Any] = []
    pool = [("input", 8), ("other", 12)]
    for number in range(draw(st.integers(1, 10))):
        kind, name = draw(st.sampled_from(KINDS)), f"l{number}"
        source, width = draw(st.sampled_from(pool))
        fields: dict[str, Any] = {"name": name, "from": source}
        if kind == "Dense":
            fields["units"] = width = draw(st.sampled_from((4, 8, 12)))
        elif kind == "Dropout":
            fields["rate"] = 0.5
        elif kind == "Reshape":
            fields["target_shape"] = [-1]
        elif kind in {"Add", "Multiply", "Concatenate"}:
            fields["from"] = [source, draw(st.sampled_from([one for one, wide in pool if wide == width]))]
            width *= 2 if kind == "Concatenate" else 1
        elif kind == "LSTM":
            layers.append({"Reshape": {"name": f"{name}r", "from": source, "target_shape": [-1, 2]}})
            fields |= {"from": f"{name}r", "units": 6, "return_state": True}
            width = 6
            pool += [(f"{name}:1", 6), (f"{name}:2", 6)]
        layers.append({kind: fields})
        pool.append((name, width))
    outputs = draw(st.lists(st.sampled_from(pool[2:]), min_size=1, max_size=3, unique=True))
    return {"inputs": {"input": [8], "other": [12]}, "layers": layers, "outputs": [name for name, _ in outputs]}


@given(programs(), st.integers(1, 3))
@settings(max_examples=examples(300), deadline=None)
def test_peak_is_that_of_the_simulation(program: dict[str, Any], batch: int) -> None:
    model = cnnsum.loads(json.dumps(program))
    assert [str(found) for found in model.diagnostics if found.code not in {"GRF305", "GRF309"}] == []
    counter = Counter(model.graph.batch, batch)
    sizes = value_bytes(model.inference, counter)
    found = peak(model.inference, sizes, counter)
    most, each = simulated(model, batch)
    assert found.bytes == most
    alive = sum(int(size) for _, size in found.alive)
    if found.call is None:
        assert most == alive
        return
    step = model.inference.calls.index(found.call)
    assert each[step] == most
    assert alive + sum(int(counter.bytes(shape, "float32")) for shape in found.call.facts.scratch) == most


def test_peak_by_hand() -> None:
    # 8, 100 and 4 numbers: the input stays (it is the caller's), and dies with its last reader.
    assert report([{"Dense": 100}, {"Dense": 4}]).totals.peak.bytes == (8 + 100) * 4
    assert report([{"Dense": 100}, {"Dense": 50}]).totals.peak.bytes == (100 + 50) * 4
    # In place, views, and dropout (which passes its input on in inference) need nothing.
    assert (
        report([{"Dense": 100}, "ReLU", {"Dropout": 0.5}, {"Reshape": [[10, 10]]}, "Flatten"]).totals.peak.bytes == 432
    )
    # The input is never written over.
    assert report(["ReLU"], (100,)).totals.peak.bytes == 800


def test_peak_where_the_input_is_read_again() -> None:
    layers = [{"Dense": {"units": 100, "name": "a"}}, {"ReLU": {"name": "r"}}, {"Add": {"from": ["a", "r"]}}]
    found = report(layers).totals.peak
    # `a` is read again, so the ReLU needs room of its own; the addition does not.
    assert (found.bytes, found.layer) == (2 * 400, "r")
    assert dict(found.alive) == {"a": 400, "r": 400}


def test_peak_of_symbolic_sizes() -> None:
    layers = [{"Conv2D": [4, 3]}, {"Conv2D": [1, 3]}]
    symbolic = report(layers, ("H", 10, 2)).totals.peak.bytes
    for height in (5, 6, 40):
        assert substitute(symbolic, {"H": height}) == report(layers, (height, 10, 2)).totals.peak.bytes


def test_unknown_layers_make_the_peak_unknown() -> None:
    text = json.dumps({"input": [8], "layers": [{"Dense": 3}, "Nothing", {"Dense": 2}]})
    assert cnnsum.summarize(cnnsum.loads(text)).totals.peak.bytes is UNKNOWN


# Saved.


def rows(found: cnnsum.Report) -> dict[str, int]:
    return {row.name: row.memory.saved for row in found.rows if row.memory.saved}  # type: ignore[misc]  # plain numbers


def test_horses_or_humans_by_hand() -> None:
    """The worked numbers of the interface's example: a ReLU in a convolution keeps its output."""
    found = report(
        [{"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}}, {"MaxPooling2D": 2}], (100, 100, 3)
    )
    conv, pool = found.rows[1:] if len(found.rows) == 3 else found.rows
    assert conv.memory.output == 98 * 98 * 32 * 4 == 1_229_312
    assert conv.memory.saved == 120_000 + 1_229_312 == 1_349_312
    assert conv.memory.weights == 3_584
    assert (conv.macs, conv.flops) == (8_297_856, 17_210_368)
    # Two operations on every output element: the bias, and the ReLU.
    assert conv.flops == 2 * conv.macs + 2 * 98 * 98 * 32
    # The pooling's input is kept already; one int64 for every maximum.
    assert pool.memory.saved == 49 * 49 * 32 * 8


def test_every_tensor_is_kept_once_with_the_first() -> None:
    found = report(
        [
            {"Dense": {"units": 8, "name": "a", "activation": "relu"}},
            {"Dense": {"units": 8, "name": "b"}},
            {"Dense": {"units": 8, "name": "c", "from": "a"}},
            {"Multiply": {"from": ["b", "c"], "name": "m"}},
            {"Multiply": {"from": ["b", "a"], "name": "n"}},
        ],
        outputs=["m", "n"],
    )
    # a: input and output; b and c read what is kept; n, which runs first as in Keras: b; m: c.
    assert rows(found) == {"a": 64, "n": 32, "m": 32}
    assert found.totals.saved == 128


def test_views_share_what_is_kept() -> None:
    assert rows(
        report([{"Dense": {"units": 8, "activation": "relu", "name": "a"}}, {"Reshape": [[2, 4]]}, {"Dense": 3}])
    ) == {"a": 64}


def test_dropout_makes_a_tensor_in_training() -> None:
    found = report(
        [
            {"Dense": {"units": 8, "name": "a"}},
            {"Dropout": {"rate": 0.5, "name": "d"}},
            {"Dense": {"units": 3, "name": "b"}},
        ]
    )
    # A mask of one byte an element, and what comes out of it, which the next layer reads.
    assert rows(found) == {"a": 32, "d": 8, "b": 32}


def test_what_trains_nothing_keeps_nothing() -> None:
    frozen = {"Dense": {"units": 8, "trainable": False, "activation": "tanh"}}
    found = report(["ReLU", frozen, frozen, {"Dense": {"units": 3, "name": "last"}}, "Softmax"])
    assert rows(found) == {"last": 32, "softmax": 12}
    # After a layer that trains, a frozen one must hand its gradient on: for that its output is enough, here of tanh.
    found = report([{"Dense": {"units": 8, "name": "first"}}, frozen])
    assert rows(found) == {"first": 32, "dense": 32}


def test_what_no_gradient_comes_back_to_keeps_nothing() -> None:
    layers = [
        {"Dense": {"units": 8, "name": "a", "activation": "tanh"}},
        {"Dense": {"units": 8, "name": "b", "activation": "tanh"}},
        {"Discretization": {"name": "steps", "bin_boundaries": [0.0]}},
        {"Dense": {"units": 3, "name": "out", "from": "a"}},
    ]
    # a: its input and its output, which `out` reads, too. b trains nothing: the steps behind it have no gradient.
    assert rows(report(layers, outputs=["steps", "out"])) == {"a": 64}


def test_batch_and_dtype() -> None:
    layers = [{"Dense": {"units": 8, "name": "a"}}, "BatchNormalization"]
    once, thrice = (report(layers, batch=batch).totals for batch in (1, 3))
    # Mean and deviation are of the batch, not of a sample.
    assert once.saved == 32 + 32 + 2 * 8 * 4
    assert thrice.saved == 3 * (32 + 32) + 2 * 8 * 4
    assert (once.outputs, thrice.outputs) == (64, 192)
    half = cnnsum.summarize(cnnsum.loads(json.dumps({"input": [8], "layers": layers, "dtype": "mixed_float16"})))
    assert half.totals.weights.total == (72 + 32) * 4
    assert half.rows[0].memory.output == 8 * 2 or half.rows[1].memory.output == 8 * 2


def test_bytes() -> None:
    assert bytes_of(5, "float16") == 10
    assert bytes_of(5, "int4") == 3
    assert bytes_of(5, "string") is UNKNOWN
    assert Counter(None, 4).bytes(None, "float32") is UNKNOWN
    assert Counter(None, 4).bytes((), "float64") == 8
