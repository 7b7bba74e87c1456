"""The timeline of memory against a simulation that makes and frees buffers, and by hand."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from memory_simulation import load, orders, programs, simulate, sizes_of

import cnnsum
from cnnsum.analyses.counting import Counter, bytes_of
from cnnsum.analyses.memory.activations import value_bytes
from cnnsum.analyses.memory.liveness import Story, peak, told
from cnnsum.analyses.memory.timeline import Timeline, timeline
from cnnsum.answers.plan.ask import plan as planned
from cnnsum.dims import UNKNOWN, Dim, substitute
from cnnsum.model import Model
from tests.thorough import each, examples


def timeline_of(model: Model, batch: int = 1) -> Timeline:
    counter = Counter(model.graph.batch, batch)
    return timeline(model.inference, value_bytes(model.inference, counter), counter)


def chain(*layers: Any, shape: tuple[Any, ...] = (8,), **keys: Any) -> Model:
    return load({"input": list(shape), "layers": list(layers), **keys})


@given(programs(), st.integers(1, 3))
@settings(max_examples=examples(150))
def test_timeline_is_that_of_the_simulation(program: dict[str, Any], batch: int) -> None:
    model = load(program)
    sizes, counter = sizes_of(model, batch)
    found = timeline(model.inference, sizes, counter)
    before, during, after = simulate(model.inference, sizes, counter)
    assert [step.before for step in found.steps] == before
    assert [step.during for step in found.steps] == during
    assert [step.after for step in found.steps] == after
    most = found.peak
    assert most is not None
    listed = peak(model.inference, list(sizes), counter)
    assert most[0] == listed.bytes == max([found.at_first, *during])
    assert most[1] == (-1 if listed.call is None else model.inference.calls.index(listed.call))


@given(programs(8), st.data())
@settings(max_examples=60)
def test_timeline_of_another_order(program: dict[str, Any], data: st.DataObject) -> None:
    model = load(program)
    sizes, counter = sizes_of(model)
    order = data.draw(st.sampled_from([*islice(orders(model.inference), 30)]))
    found = timeline(model.inference, sizes, counter, order)
    assert [step.during for step in found.steps] == simulate(model.inference, sizes, counter, order)[1]
    assert [step.call for step in found.steps] == [model.inference.calls[number] for number in order]


@given(programs())
@settings(max_examples=60)
def test_storages_add_up_to_the_steps(program: dict[str, Any]) -> None:
    """Every value is in one storage, which is there at every call that reads or makes it."""
    model = load(program)
    found = timeline_of(model)
    holder = {value: storage for storage in found.storages for value in storage.values}
    assert sorted(holder) == list(range(len(model.inference.values)))
    for number, step in enumerate(found.steps):
        assert all(holder[value].alive(number) for value in (*step.call.inputs, *step.call.outputs))
        assert sum(map(int, (s.bytes for s in found.alive(number)))) + sum(map(int, step.scratch)) == step.during  # type: ignore[arg-type]  # numbers
    assert all(holder[value].last == len(found.steps) for value in model.inference.outputs)


def test_by_hand() -> None:
    # Two dense layers with a ReLU in place: 8 numbers, then 10, then 3.
    found = timeline_of(chain({"Dense": 10}, "ReLU", {"Dense": 3}))
    assert [(step.before, step.during, step.after) for step in found.steps] == [
        (32, 72, 40),
        (40, 40, 40),
        (40, 52, 12),
    ]
    assert [(one.values, one.bytes, one.first, one.last) for one in found.storages] == [
        ((0,), 32, -1, 0),
        ((1, 2), 40, 0, 2),
        ((3,), 12, 2, 3),
    ]
    assert found.peak == (72, 0)
    assert [one.values for one in found.alive(0)] == [(0,), (1, 2)]


def test_what_is_written_over() -> None:
    image = 10 * 10 * 4 * 4

    def most(layer: Any, before: tuple[Any, ...] = (), outputs: tuple[str, ...] = ()) -> Dim:
        conv = {"Conv2D": {"filters": 4, "kernel_size": 1, "from": "input", "name": "conv"}}
        name = next(iter(layer))
        keys = {"outputs": [*outputs, name.lower()]} if outputs else {}
        model = chain(conv, *before, layer, shape=(10, 10, 4), **keys)
        plan = planned(model, cnnsum.summarize(model))
        assert plan.arena is not None
        assert plan.peak == plan.arena.bytes
        assert plan.peak == cnnsum.summarize(model).totals.peak.bytes
        return plan.peak

    # The model's own input is not to be written over, whether it is the first or the second; what the layer makes of
    # the other one may take its place.
    for kind in ("Add", "Subtract", "Multiply"):
        assert most({kind: {"from": ["input", "conv"]}}) == 2 * image
        assert most({kind: {"from": ["conv", "input"]}}) == 2 * image
        assert most({kind: {"from": ["input", "conv"]}}, outputs=("conv",)) == 3 * image
    # One that is broadcast is too small, whichever it is; beside the other, it is less than the input was.
    pooled = {"GlobalAveragePooling2D": {"keepdims": True, "from": "conv", "name": "pool"}}
    assert most({"Add": {"from": ["pool", "conv"]}}, (pooled,)) == 2 * image
    assert most({"Add": {"from": ["conv", "pool"]}}, (pooled,)) == 2 * image
    # One of another dtype is no place for the output.
    half = {"Conv2D": {"filters": 8, "kernel_size": 1, "from": "input", "name": "half", "dtype": "float16"}}
    other = {"Conv2D": {"filters": 8, "kernel_size": 1, "from": "half", "name": "other", "dtype": "float16"}}
    assert most({"Add": {"from": ["half", "other"], "dtype": "float16"}}, (half, other)) == 2 * image
    assert most({"Add": {"from": ["half", "other"]}}, (half, other)) == 4 * image


def test_a_view_keeps_its_input_alive() -> None:
    found = timeline_of(chain({"Reshape": [[2, 4]]}, {"Dense": 1}))
    assert [(one.values, one.last) for one in found.storages] == [((0, 1), 1), ((2,), 2)]


def test_inner_tensors_are_there_while_their_layer_runs() -> None:
    # The depthwise half of a separable convolution: 4 x 4 x 2 numbers between input and output.
    found = timeline_of(chain({"SeparableConv2D": {"filters": 3, "kernel_size": 1}}, shape=(4, 4, 2)))
    (step,) = found.steps
    assert step.scratch == (4 * 4 * 2 * 4,)
    assert (step.before, step.during, step.after) == (128, 128 + 192 + 128, 192)


def test_formulas() -> None:
    def during(height: Any) -> list[Dim]:
        found = timeline_of(chain({"Conv2D": [4, 3]}, "ReLU", {"Conv2D": [1, 3]}, shape=(height, 10, 2)))
        return [step.during for step in found.steps]

    for height in (5, 6, 40):
        assert [substitute(size, {"H": height}) for size in during("H")] == during(height)
    model = chain({"Conv2D": [4, 3]}, shape=("H", 10, 2))
    assert timeline_of(model).peak is None


def test_what_is_unknown_passes() -> None:
    """Live bytes are known again once everything unknown has died."""
    model = cnnsum.loads("{input: [8], layers: [{Dense: 3}, Nothing, {Dense: 2}, {Dense: 1}]}")
    found = timeline_of(model)
    assert [step.during is UNKNOWN for step in found.steps] == [False, True, True, True]
    assert found.peak is None


def test_dtypes() -> None:
    """3 x 5 values of each dtype, and a layer with a dtype of its own; int4 is packed, each tensor by itself."""
    for dtype, wide in {"float32": 60, "float16": 30, "bfloat16": 30, "float8_e5m2": 15, "int8": 15, "int4": 8}.items():
        layers = [{"Dense": {"units": 5}}, {"Dense": {"units": 5, "dtype": "float32"}}]
        model = load({"inputs": {"x": {"shape": [3, 5], "dtype": dtype}}, "dtype": dtype, "layers": layers})
        found = timeline_of(model)
        assert [one.bytes for one in found.storages] == [wide, wide, 60], dtype
        assert found.peak == (max(2 * wide, wide + 60), 0 if dtype == "float32" else 1)


def test_int4_rounds_up_per_tensor() -> None:
    # Three outputs of one value are three bytes, not two; weights: 3 kernels of 3 values and 3 biases of one.
    layers = [{"Dense": {"units": 1, "name": f"d{n}", "from": "x"}} for n in range(3)]
    spec = {"inputs": {"x": [3]}, "dtype": "int4", "layers": layers, "outputs": ["d0", "d1", "d2"]}
    report = cnnsum.summarize(load(spec))
    assert report.totals.outputs == 3
    assert report.totals.weights.total == 3 * (2 + 1)
    assert report.totals.peak.bytes == bytes_of(3, report.inputs[0].dtype) + 3
    # A batch is one tensor: 5 samples of one value are 3 bytes.
    assert cnnsum.summarize(load(spec), batch=5).totals.outputs == 9


@each("dtype", ["float16", "no_dtype"])
@each("inner", ["ReLU", "Flatten", "Dropout"])  # in place, a view, and none in inference
def test_what_stands_in_the_copy_of_another_dtype_is_counted(inner: str, dtype: str) -> None:
    """A nested model whose input has another dtype reads a copy that no call makes: nothing vanishes into it."""

    def layer(kind: str, name: str, source: str | None, **config: object) -> dict[str, object]:
        tensor = {"class_name": "__keras_tensor__", "config": {"dtype": "float32", "keras_history": [source, 0, 0]}}
        calls = [] if source is None else [{"args": [tensor], "kwargs": {}}]
        home = "keras" if kind == "Functional" else "keras.layers"
        return {
            "module": home,
            "class_name": kind,
            "name": name,
            "config": {"name": name, **config},
            "inbound_nodes": calls,
        }

    def model(name: str, source: str | None, *layers: dict[str, object]) -> dict[str, object]:
        ends = {"input_layers": [[layers[0]["name"], 0, 0]], "output_layers": [[layers[-1]["name"], 0, 0]]}
        return layer("Functional", name, source, layers=[*layers], **ends)

    start = layer("InputLayer", "x", None, batch_shape=[None, 8], dtype=dtype)
    nested = model(
        "inner",
        "first",
        start,
        layer(inner, "within", "x", dtype="float16", **{"rate": 0.5} if inner == "Dropout" else {}),
    )
    outer = layer("InputLayer", "image", None, batch_shape=[None, 8])
    last = layer("Dense", "last", "inner", units=2)
    net = model("net", None, outer, layer("Dense", "first", "image", units=8), nested, last)
    read = cnnsum.loads(json.dumps(net))
    assert not read.diagnostics
    peak_of = cnnsum.summarize(read, symbolic=True).totals.peak.bytes
    if dtype == "float16":  # of the other nobody knows how large an element is
        held = {one.name: one.bytes for one in cnnsum.plan(read).storages}
        assert held == {"image": 32, "first": 32, "within": 16, "last": 8}
        assert peak_of == 64 * read.graph.batch


def test_a_peak_before_the_first_call_is_told() -> None:
    """A view of the input needs no more than the input, which is there before."""
    story = Story((("input", 12, -1, 1),), (0,), ("flat",), ())
    assert told(story) == (12, None, (("input", 12),))


@each(("length", "most"), [(1, 60), (4, 120), (8, 240)])
def test_what_is_written_in_place_at_some_sizes(length: int, most: int) -> None:
    """The sum may be written over `a` where the length is even, and not where `a` is stretched from 1 to 2.

    At 1: `a`, `up` and the sum, 12 + 24 + 24 bytes. Else while `up` is made: `a`, `down` and `up`, 12 + 6 + 12 bytes
    for each of the length.
    """
    program: dict[str, Any] = {
        "input": ["H", 3],
        "layers": [
            {"Conv1D": {"filters": 3, "kernel_size": 3, "padding": "same", "name": "a"}},
            {"Conv1D": {"filters": 3, "kernel_size": 3, "padding": "same", "strides": 2, "name": "down"}},
            {"UpSampling1D": {"size": 2, "name": "up"}},
            {"Add": {"from": ["a", "up"], "name": "sum"}},
        ],
        "outputs": ["sum", "up"],
    }
    report = cnnsum.summarize(cnnsum.loads(json.dumps(program)))
    assert report.evaluate(H=length).totals.peak.bytes == most
    model = cnnsum.loads(json.dumps(program | {"input": [length, 3]}))
    counter = Counter(model.graph.batch, 1)
    assert peak(model.inference, value_bytes(model.inference, counter), counter).bytes == most
