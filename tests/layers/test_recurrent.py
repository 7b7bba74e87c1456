"""Recurrent layers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.layers.facts import EVERYTHING, Kept, Weight
from tests.layers.applying import NAMES, N, apply, put, refusal
from tests.thorough import each

T, C = NAMES["T"], NAMES["C"]
OPEN = Symbol("open", anonymous=True).dim


def test_simple_rnn():
    facts = apply("SimpleRNN", (N, 10, 4), units=3)
    assert facts.outputs == ((N, 3),)
    assert facts.weights == (Weight("kernel", (4, 3)), Weight("recurrent_kernel", (3, 3)), Weight("bias", (3,)))
    assert (facts.macs, facts.ops) == (10 * (4 + 3) * 3, 10 * 3 * 3)
    assert (facts.keeps_input, facts.keeps_output, facts.window) == ("weights", False, EVERYTHING)
    assert facts.kept == (Kept("states", (N, 10, 3)),)
    facts = apply("SimpleRNN", (N, 10, 4), units=3, activation="silu", return_sequences=True, use_bias=False)
    assert (facts.outputs, facts.keeps_output) == (((N, 10, 3),), True)
    assert facts.kept == (Kept("pre-activations", (N, 10, 3)),)
    assert facts.ops == 10 * 3 * (1 + 4)


def test_lstm():
    facts = apply("LSTM", (N, 10, 4), units=3, return_state=True)
    assert facts.outputs == ((N, 3), (N, 3), (N, 3))
    assert [weight.shape for weight in facts.weights] == [(4, 12), (3, 12), (12,)]
    assert facts.macs == 4 * 10 * (4 + 3) * 3
    assert facts.ops == 10 * 3 * (4 + 4 + 3 * 3 + 2 * 1 + 4)
    assert facts.kept == (
        Kept("gates", (N, 10, 12)),
        Kept("carries", (N, 10, 3)),
        Kept("activated carries", (N, 10, 3)),
        Kept("states", (N, 10, 3), use="weights"),
    )


def test_gru():
    facts = apply("GRU", (N, 10, 4), units=3)
    assert [weight.shape for weight in facts.weights] == [(4, 9), (3, 9), (2, 9)]
    assert facts.macs == 3 * 10 * (4 + 3) * 3
    assert facts.ops == 10 * 3 * (3 + 6 + 1 + 2 * 3 + 1 + 4)
    before = apply("GRU", (N, 10, 4), units=3, reset_after=False)
    assert [weight.shape for weight in before.weights] == [(4, 9), (3, 9), (9,)]
    assert facts.ops - before.ops == 10 * 3 * 3
    assert apply("GRU", (N, 10, 4), units=3, use_bias=False, go_backwards=True, unroll=True).weights[2:] == ()


def test_initial_states_and_masks():
    assert apply("LSTM", (N, T, 4), (N, 3), (N, 3), units=3).outputs == ((N, 3),)
    assert apply("GRU", (N, T, 4), (N, 3), (N, T), units=3).outputs == ((N, 3),)
    assert apply("GRU", (N, T, 4), (N, T), keywords=("mask",), units=3).outputs == ((N, 3),)


def test_dropout_keeps_masks_and_what_it_leaves():
    facts = apply("SimpleRNN", (N, 10, 4), units=3, dropout=0.5, recurrent_dropout=0.5)
    assert not facts.keeps_input
    assert facts.kept[1:] == (
        Kept("mask of inputs", (N, 4), "bool"),
        Kept("inputs after dropout", (N, 10, 4), use="weights"),
        Kept("mask of states", (N, 3), "bool"),
        Kept("states after dropout", (N, 10, 3), use="weights"),
    )


def test_an_unknown_function_makes_the_work_unknown():
    own = {"class_name": "function", "config": "own"}
    assert apply("LSTM", (N, 10, 4), units=3, recurrent_activation=own).ops is UNKNOWN
    assert apply("LSTM", (N, 10, 4), units=3, recurrent_activation=own).macs == 840


@each(
    ("name", "shapes", "fields", "code", "message"),
    [
        (
            "LSTM",
            [(N, 4)],
            {"units": 3},
            "SHP204",
            "LSTM needs an input of rank 3 (batch axis included), got (N, 4)",
        ),
        (
            "GRU",
            [(N, 4, OPEN)],
            {"units": 3},
            "SHP206",
            "GRU needs to know the size of the axis that its weights span, got (N, 4, None)",
        ),
        (
            "GRU",
            [(N, 4, 5), (N, 2)],
            {"units": 3},
            "SHP202",
            "GRU of 3 units needs initial states of as many, got (N, 2)",
        ),
        ("LSTM", [(N, 4, 5), (N, 3)], {"units": 3}, "GRF303", "LSTM needs 2 initial states or none, got 1"),
        (
            "GRU",
            [(N, 4, 5), (N, 3), (N, 5)],
            {"units": 3},
            "SHP202",
            "GRU needs a mask with one element per step of (N, 4, 5), got (N, 5)",
        ),
        ("GRU", [(N, 4, 5)], {"units": 0}, "CFG102", "`units` must be a positive integer, got 0"),
    ],
)
def test_what_is_refused(name, shapes, fields, code, message):
    problem = refusal(name, *shapes, **fields)
    assert (problem.code, str(problem)) == (code, message)


@given(
    st.sampled_from(["SimpleRNN", "LSTM", "GRU"]),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
)
def test_formulas_give_the_numbers(name, steps, depth, units, sequences, states):
    fields = {"return_sequences": sequences, "return_state": states}
    formula = apply(name, (N, T, C), units="n", **fields)
    numbers = apply(name, (N, steps, depth), units=units, **fields)
    assert put(formula, T=steps, C=depth, n=units) == put(numbers)
