"""Recurrent layers in PyTorch's words, worked out by hand. N samples, 3 steps of 5 numbers, 4 units."""

from __future__ import annotations

import pytest
from applying import N
from torch_applying import apply, refusal, weights

X = (N, 3, 5)


def test_lstm():
    facts = apply("LSTM", X, hidden_size=4)
    assert facts.outputs == ((N, 3, 4), (1, N, 4), (1, N, 4))
    assert weights(facts) == {
        "weight_ih_l0": (16, 5),
        "weight_hh_l0": (16, 4),
        "bias_ih_l0": (16,),
        "bias_hh_l0": (16,),
    }
    assert facts.macs == 3 * 16 * (5 + 4)
    # per step and unit: 4 sums, 8 biases, 3 sigmoids of 3, 2 tanh, f * c + i * g, o * tanh(c)
    assert facts.ops == 3 * 4 * (4 + 8 + 9 + 2 + 4)
    kept = {one.name: one.shape for one in facts.kept}
    assert kept == {
        "input, steps first": X,
        "gates": (N, 3, 16),
        "tanh of the carry": (N, 3, 4),
        "states": (N, 3, 4),
        "carries": (N, 3, 4),
    }


def test_two_layers_both_ways_with_a_projection():
    facts = apply("LSTM", X, hidden_size=4, num_layers=2, bidirectional=True, proj_size=2, bias=False)
    assert facts.outputs == ((N, 3, 4), (4, N, 2), (4, N, 4))
    one = {"weight_ih_l0": (16, 5), "weight_hh_l0": (16, 2), "weight_hr_l0": (2, 4)}
    two = {"weight_ih_l1": (16, 4), "weight_hh_l1": (16, 2), "weight_hr_l1": (2, 4)}
    assert weights(facts) == {
        **one,
        **{f"{name}_reverse": shape for name, shape in one.items()},
        **two,
        **{f"{name}_reverse": shape for name, shape in two.items()},
    }
    assert facts.macs == 3 * 2 * (16 * (5 + 2) + 16 * (4 + 2) + 2 * 2 * 4)


def test_rnn_and_gru():
    facts = apply("RNN", X, hidden_size=4, nonlinearity="relu")
    assert facts.outputs == ((N, 3, 4), (1, N, 4))
    assert facts.macs == 3 * 4 * 9
    assert facts.ops == 3 * 4 * (1 + 2 + 1)
    facts = apply("GRU", X, (1, N, 4), hidden_size=4)
    assert facts.macs == 3 * 12 * 9
    assert facts.ops == 3 * 4 * (3 + 6 + 1 + 2 * 3 + 1 + 4)


def test_cells():
    facts = apply("LSTMCell", (N, 5), hidden_size=4)
    assert facts.outputs == ((N, 4), (N, 4))
    assert weights(facts) == {"weight_ih": (16, 5), "weight_hh": (16, 4), "bias_ih": (16,), "bias_hh": (16,)}
    assert facts.macs == 16 * 9
    assert apply("GRUCell", (N, 5), (N, 4), hidden_size=4).outputs == ((N, 4),)
    assert apply("RNNCell", (N, 5), hidden_size=4).keeps_output is True


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("LSTM", {"batch_first": False}, "inputs of a spec have the batch axis first"),
        ("LSTM", {"input_size": 6}, "made for input_size 6"),
        ("LSTM", {"proj_size": 4}, "a proj_size below its hidden_size, got 4 and 4"),
        ("GRU", {"proj_size": 2}, "GRU has no field `proj_size`"),
        ("RNN", {"nonlinearity": "gelu"}, "must be one of tanh, relu"),
        ("GRU", {"dropout": 1.5}, "a number from 0 to 1"),
    ],
)
def test_refusals(name, fields, words):
    assert words in str(refusal(name, X, hidden_size=4, **fields))


@pytest.mark.parametrize(
    ("name", "states", "words"),
    [
        ("LSTM", [(1, N, 4)], "needs 2 initial states or none, got 1"),
        ("GRU", [(2, N, 4)], "needs an initial state of (1, N, 4)"),
        ("GRU", [(1, N, 5)], "needs an initial state of (1, N, 4)"),
        ("RNN", [(N, 4)], "the initial state of RNN needs an input of rank 3"),
    ],
)
def test_initial_states_that_do_not_fit(name, states, words):
    assert words in str(refusal(name, X, *states, hidden_size=4))


def test_states_with_the_batch_first_fit_one_sample_only():
    facts = apply("GRU", X, (N, 1, 4), hidden_size=4)
    assert {(need.left, need.right) for need in facts.needs} == {(N, 1), (1, N)}


def test_layers_without_end_are_refused():
    assert refusal("RNN", X, hidden_size=4, num_layers=10**9).code == "UNK704"
