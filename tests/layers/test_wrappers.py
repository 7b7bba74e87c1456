"""Layers that hold a layer, and the layer that they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsum import loads
from cnnsum.diagnostics import Problem
from cnnsum.layers.base import all_types, find
from cnnsum.layers.facts import NOT_FOLLOWED, Kept
from cnnsum.layers.inner import Inner, within
from tests.layers.applying import NAMES, N, apply, bound, count, put, refusal
from tests.thorough import each
from tests.writers.samples import SAMPLES, as_spec

T, C, H = NAMES["T"], NAMES["C"], NAMES["H"]


def inner(type: str, /, name: str = "", *, trainable: bool = True, **fields: Any) -> Inner:
    found = find(type)
    assert found is not None
    return Inner(found, bound(type, **fields), name, trainable)


def test_an_inner_layer_is_equal_by_value():
    one, other = inner("GRU", units=3), inner("GRU", units=3)
    assert one == other
    assert hash(one) == hash(other)
    assert one == one  # noqa: PLR0124 - identity is taken first
    assert one != inner("GRU", units=4)
    assert one != inner("GRU", "name", units=3)
    assert one != inner("GRU", units=3, trainable=False)
    assert one != "GRU"
    assert one.with_fields(units=4) == inner("GRU", units=4)
    assert repr(inner("ReLU", "r")).startswith("Inner(ReLU, {'max_value': None")


def test_an_inner_layer_checks_its_inputs():
    with pytest.raises(Problem, match="ReLU takes 1 input, got 2"):
        inner("ReLU").apply((N, 1), (N, 1))


def test_a_frozen_layer_has_no_trainable_weights():
    facts = apply("TimeDistributed", (N, T, 4), layer=inner("PReLU", trainable=False))
    assert (count(facts), count(facts, trainable=True)) == (4, 0)


def test_time_distributed():
    facts = apply("TimeDistributed", (N, 10, 4, 5), layer=inner("BatchNormalization"))
    assert facts.outputs == ((N, 10, 4, 5),)
    assert count(facts) == 20
    assert (facts.ops, facts.keeps_input, facts.alias) == (10 * 2 * 20, "weights", "")
    assert facts.kept[0] == Kept("mean", (10, 5), "float32", batched=False, use="weights")
    facts = apply("TimeDistributed", (N, T, 4, 5), layer=inner("LSTM", units=3, return_sequences=True))
    assert facts.outputs == ((N, T, 4, 3),)
    assert facts.macs == T * (4 * 4 * (5 + 3) * 3)
    assert facts.kept[0] == Kept("gates", (N, T, 4, 12))
    assert facts.window == NOT_FOLLOWED
    assert apply("TimeDistributed", (N, T, 4), layer=inner("Dropout", rate=0.5)).alias == "bypass"


def test_conditions_of_the_inner_layer_are_those_of_the_wrapper():
    facts = apply("TimeDistributed", (N, T, H, C), layer=inner("GroupNormalization", groups=4))
    assert [need[:3] for need in facts.needs] == [("%", C, 4)]


@each(
    ("mode", "out", "extra", "keeps"),
    [("concat", 6, 0, []), ("sum", 3, 1, []), ("ave", 3, 2, []), ("mul", 3, 1, ["forward output", "backward output"])],
)
def test_bidirectional(mode, out, extra, keeps):
    single = apply("LSTM", (N, 10, 4), units=3)
    facts = apply("Bidirectional", (N, 10, 4), layer=inner("LSTM", "lstm", units=3), merge_mode=mode)
    assert facts.outputs == ((N, out),)
    assert [weight.name for weight in facts.weights] == [
        "forward_lstm/kernel",
        "forward_lstm/recurrent_kernel",
        "forward_lstm/bias",
        "backward_lstm/kernel",
        "backward_lstm/recurrent_kernel",
        "backward_lstm/bias",
    ]
    assert (facts.macs, facts.ops) == (2 * single.macs, 2 * single.ops + extra * out)
    assert (facts.keeps_input, facts.keeps_output) == ("weights", False)
    names = [kept.name for kept in single.kept]
    assert [kept.name for kept in facts.kept] == [
        *[f"forward {name}" for name in names],
        *[f"backward {name}" for name in names],
        *keeps,
    ]


def test_bidirectional_with_states_and_sequences():
    layer = inner("LSTM", "forward_lstm", units=3, return_sequences=True, return_state=True)
    facts = apply("Bidirectional", (N, 10, 4), *[(N, 3)] * 4, layer=layer)
    assert facts.outputs == ((N, 10, 6), *[(N, 3)] * 4)
    assert facts.weights[0].name == "forward_lstm/kernel"
    # The states of an LSTM are factors of its recurrent kernel's gradient alone.
    assert facts.kept[-2:] == tuple(
        Kept(f"{direction} output", (N, 10, 3), use="weights") for direction in ("forward", "backward")
    )
    facts = apply("Bidirectional", (N, 10, 4), layer=layer, merge_mode=None)
    assert facts.outputs == ((N, 10, 3), (N, 10, 3), *[(N, 3)] * 4)
    assert facts.keeps_output


def test_two_different_directions():
    facts = apply(
        "Bidirectional",
        (N, 10, 4),
        layer=inner("LSTM", "a", units=3),
        backward_layer=inner("GRU", "b", units=2, go_backwards=True),
    )
    assert facts.outputs == ((N, 5),)
    assert facts.weights[-1].name == "backward_b/bias"


def test_both_directions_of_cells() -> None:
    one = inner("GRUCell", "c", units=5)
    facts = apply("Bidirectional", (N, 10, 4), layer=inner("RNN", "rnn", cell=one))
    assert (facts.outputs, count(facts)) == (((N, 10),), 2 * count(apply("GRU", (N, 10, 4), units=5)))
    assert facts.weights[0].name == "forward_rnn/c/kernel"
    cells = (inner("LSTMCell", units=3), inner("SimpleRNNCell", units=2))
    facts = apply("Bidirectional", (N, 10, 4), layer=inner("RNN", cell=cells, return_state=True, return_sequences=True))
    assert facts.outputs == ((N, 10, 4), *[(N, 3), (N, 3), (N, 2)] * 2)
    stateful = inner("RNN", cell=one, go_backwards=True, stateful=True)
    problem = refusal("Bidirectional", (N, 10, 4), layer=inner("RNN", cell=one), backward_layer=stateful)
    assert "needs layers with the same `stateful`, got false and true" in str(problem)


def settled(**fields: Any) -> dict[str, Any]:
    """The fields of a Bidirectional as a reader has them, whose layers are there already."""
    reading = type("Reading", (), {"sublayer": staticmethod(lambda layer: layer)})
    found, problems = find("Bidirectional").bind(fields, reading)  # type: ignore[union-attr, arg-type]  # Keras has it; a reading of layers alone
    assert not problems
    return found


def test_a_mirrored_layer_is_none_of_its_own() -> None:
    """As Keras writes it into every file, under a name."""
    forward = inner("GRU", "forward_gru_1", units=3, return_sequences=True, zero_output_for_mask=True)
    backward = inner("GRU", "backward_gru_1", **{**forward.fields, "go_backwards": True})
    found = settled(layer=forward, backward_layer=backward)
    assert (found["backward_layer"], found["layer"]) == (None, inner("GRU", "gru_1", units=3, return_sequences=True))
    facts = apply("Bidirectional", (N, 10, 4), **found)
    assert [facts.weights[at].name for at in (0, -1)] == ["forward_gru_1/kernel", "backward_gru_1/bias"]
    assert facts.weights == apply("Bidirectional", (N, 10, 4), layer=forward, backward_layer=backward).weights
    named = settled(layer=forward, backward_layer=inner("GRU", "other", **backward.fields))
    assert (named["backward_layer"], named["layer"].name) == (None, "forward_gru_1")


@each(
    "other",
    [
        inner("GRU", units=3, go_backwards=True, use_bias=False),
        inner("GRU", units=3, go_backwards=True, trainable=False),
        inner("LSTM", units=3, go_backwards=True),
    ],
)
def test_a_layer_that_differs_stays(other: Inner) -> None:
    assert settled(layer=inner("GRU", units=3), backward_layer=other)["backward_layer"] == other


def test_a_first_layer_that_goes_backwards_stays_beside_the_other() -> None:
    one, other = inner("GRU", units=3, go_backwards=True), inner("GRU", units=3)
    assert settled(layer=one, backward_layer=other)["backward_layer"] == other


@each("wrapper", ["TimeDistributed", "Bidirectional", "SpectralNormalization", "Pipeline", "RNN", "StackedRNNCells"])
@each("key", sorted(key for key, known in all_types().items() if not known.is_operation))
def test_every_layer_in_every_wrapper(wrapper: str, key: str) -> None:
    """It holds it, or says why not; nothing asks for what is not there."""
    shapes, fields = SAMPLES.get(key) or SAMPLES[find(key).name]  # type: ignore[union-attr]  # it is one of all types
    one = {key: as_spec(fields)}
    within = {"Pipeline": {"layers": [one, one]}, "RNN": {"cell": one}, "StackedRNNCells": {"cells": [one]}}
    for more in ([], [5], [5, 6], None):
        shape = [] if more is None else [*more, *shapes[0]]
        spec = {"input": shape, "layers": [{wrapper: within.get(wrapper, {"layer": one})}]}
        model = loads(json.dumps(spec))
        assert model.diagnostics or model.inference.calls


def refused(field: str, code: str, message: str, problem: Problem) -> None:
    assert (problem.code, problem.field[:1], str(problem)) == (code, (field,) if field else (), message)


def test_what_is_refused():
    shape = (N, 10, 4)
    refused(
        "layer",
        "SHP204",
        "LSTM needs an input of rank 3 (batch axis included), got (N, 10)",
        refusal("Bidirectional", (N, 10), layer=inner("LSTM", units=3)),
    )
    refused(
        "layer",
        "CFG121",
        "Bidirectional needs a recurrent layer, got ReLU",
        refusal("Bidirectional", shape, layer=inner("ReLU")),
    )
    refused(
        "layer",
        "CFG121",
        "Bidirectional needs layers with different `go_backwards`, got true for both",
        refusal("Bidirectional", shape, layer=inner("LSTM", units=3, go_backwards=True)),
    )
    refused(
        "backward_layer",
        "CFG121",
        "Bidirectional needs layers with the same `return_state`, got false and true",
        refusal(
            "Bidirectional",
            shape,
            layer=inner("LSTM", units=3),
            backward_layer=inner("LSTM", units=3, go_backwards=True, return_state=True),
        ),
    )
    refused(
        "",
        "GRF303",
        "Bidirectional needs as many initial states for each direction, got 1",
        refusal("Bidirectional", shape, (N, 3), layer=inner("GRU", units=3)),
    )
    refused(
        "",
        "SHP204",
        "TimeDistributed needs an input of rank 3 or more (batch axis included), got (N, 10)",
        refusal("TimeDistributed", (N, 10), layer=inner("ReLU")),
    )
    problem = refusal("TimeDistributed", shape, layer=inner("Softmax", axis=3))
    assert problem.field == ("layer", "axis")


def test_within():
    problem = Problem("X", "y", ("axis", 1))
    assert within(problem, "layer").field == ("layer", "axis", 1)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["concat", "sum", None]), st.booleans())
def test_formulas_give_the_numbers(steps, depth, mode, sequences):
    layer = inner("GRU", units=3, return_sequences=sequences)
    formula = apply("Bidirectional", (N, T, C), layer=layer, merge_mode=mode)
    assert put(formula, T=steps, C=depth) == put(
        apply("Bidirectional", (N, steps, depth), layer=layer, merge_mode=mode)
    )
    layer = inner("LayerNormalization")
    formula = apply("TimeDistributed", (N, T, H, C), layer=layer)
    assert put(formula, T=steps, C=depth, H=2) == put(apply("TimeDistributed", (N, steps, 2, depth), layer=layer))
