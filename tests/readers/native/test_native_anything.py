"""No file ends in a traceback, and long files are read fast."""

from __future__ import annotations

import gc
import json
import os
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.diagnostics import UnusableError
from cnnsum.graph.infer import infer
from cnnsum.readers.how import How
from cnnsum.readers.native import is_native, read_native
from cnnsum.source import read_text
from tests.readers.native.spec_reading import alike, found, good
from tests.thorough import each, examples

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from(
        [2.5, 10**12, "a", "b", "$a", "$b", "input", "2*a", "a +", "x.0", "d:1", "index", "n", "same", "..."]
    ),
    st.sampled_from(
        ["conv", "dense", "Dense", "Conv2D", "Flatten", "blk", "Own", "LSTM", "max(1, 2", "8)", "", "size(output)"]
    ),
)
KEYS = [
    *(
        "name",
        "from",
        "share",
        "when",
        "repeat",
        "trainable",
        "dtype",
        "units",
        "filters",
        "kernel_size",
        "layer",
        "a",
        "b",
    ),
    *(
        "args",
        "layers",
        "output",
        "Dense",
        "Conv2D",
        "blk",
        "Own",
        "Add",
        "LSTM",
        "TimeDistributed",
        "min",
        "multiple_of",
    ),
    *("fields", "input", "weights", "macs", "elementwise", "shape", "8)"),
]
TOP = [
    *(
        "name",
        "input",
        "inputs",
        "outputs",
        "symbols",
        "vars",
        "blocks",
        "defaults",
        "data_format",
        "dtype",
        "trainable",
    ),
    *("layer_types", "include", "budget", "lint", "unknown"),
]
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)
fields = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)
items = st.one_of(
    st.sampled_from(["Flatten", "ReLU", "blk", "Own", "Xyz"]),
    st.tuples(st.sampled_from(["Dense", "Conv2D", "Add", "LSTM", "blk", "Own", "TimeDistributed"]), fields).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    values,
)
lists = st.lists(items, max_size=6)
blocks = st.dictionaries(
    st.sampled_from(["blk", "a", "b", "Dense"]),
    st.one_of(values, st.fixed_dictionaries({"layers": lists}, optional={"args": fields, "output": scalars})),
    max_size=3,
)
own_types = st.dictionaries(st.sampled_from(["Own", "Dense", "a"]), st.one_of(values, fields), max_size=2)
specs = st.fixed_dictionaries(
    {"layers": st.one_of(lists, values)},
    optional={
        **dict.fromkeys(TOP, values),
        "input": st.one_of(st.just([8, "n", 3]), st.just([16]), values),
        "blocks": st.one_of(blocks, values),
        "layer_types": st.one_of(own_types, values),
        "vars": st.one_of(fields, values),
    },
)


def read_anything(value: Any, overrides: How) -> None:
    text = json.dumps(value)
    try:
        graph = read_native(read_text(text, "<text>"), overrides)
    except UnusableError:
        return
    infer(graph)
    for one in graph.diagnostics:
        assert one.code
        assert one.message
        assert one.span is not None
        assert one.span.line >= 1


@settings(max_examples=examples(300 * EXAMPLES), deadline=None)
@given(specs)
def test_any_spec_is_read_or_refused(value):
    read_anything(value, How())


@settings(max_examples=examples(60 * EXAMPLES), deadline=None)
@given(
    specs,
    st.dictionaries(st.sampled_from(["a", "b", "n", "zz"]), scalars, max_size=2),
    st.dictionaries(
        st.sampled_from(["", "input"]),
        st.lists(st.sampled_from([8, 0, "n", "q", None]), max_size=3).map(tuple),
        max_size=1,
    ),
)
def test_any_spec_with_any_value_from_outside(value, chosen, inputs):
    read_anything(value, How(inputs, chosen))


@each(
    ("value", "native"),
    [
        ({"layers": []}, True),
        ({"input": [3]}, True),
        ({"blocks": {}}, True),
        ({"class_name": "Sequential", "layers": []}, False),
        ({"foo": 1}, False),
        ([], False),
        ("layers", False),
    ],
)
def test_what_looks_like_a_spec(value, native):
    assert is_native(value) is native


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from(["same", "valid"])), min_size=1, max_size=4
    )
)
def test_fields_by_name_and_by_position_are_the_same(layers):
    by_name = [{"Conv2D": {"filters": f, "kernel_size": k, "strides": 1, "padding": p}} for f, k, p in layers]
    by_position = [{"Conv2D": [f, k, 1, p]} for f, k, p in layers]
    one, other = [json.dumps({"input": [32, 32, 3], "layers": written}) for written in (by_name, by_position)]
    assert alike(good(one)) == alike(good(other))


def test_a_problem_of_every_layer_is_reported_for_every_layer():
    """Items that are written alike are checked once, but only if they are right."""
    text = "input: [8]\nlayers:\n" + "- Dense: 0\n" * 3
    assert found(text) == [f"{line}:10-11 CFG102 `units` must be a positive integer, got 0" for line in (3, 4, 5)]


@pytest.mark.parametrize("named", [False, True])
def test_long_chains_are_read_fast(named):
    """Below 8 microseconds a layer on a quiet machine of 2020; the limit here leaves room for slow and busy ones."""
    count = 20_000
    plain = {"filters": 8, "kernel_size": 3, "padding": "same"}
    layers = [{"Conv2D": {**plain, "name": f"c{index}"} if named else dict(plain)} for index in range(count)]
    document = read_text(json.dumps({"input": [32, 32, 8], "layers": layers}), "m.json")
    times = []
    gc.disable()
    try:
        for _ in range(3):
            start = time.process_time()
            graph = read_native(document)
            times.append(time.process_time() - start)
            if times[-1] / count < 40e-6:
                break
    finally:
        gc.enable()
    assert graph.sequential
    assert len(graph.layers) == count + 1
    assert graph.outputs[0].node.layer is graph.layers[-1]
    assert min(times) / count < 40e-6
