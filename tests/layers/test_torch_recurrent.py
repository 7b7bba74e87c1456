"""Recurrent layers in PyTorch's words, worked out by hand. N samples, 3 steps of 5 numbers, 4 units."""

from __future__ import annotations

from applying import N
from torch_applying import apply, refusal, weights

from cnnsum.layers.facts import Facts
from tests.thorough import each

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


@each(
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


@each(
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


# --- operations of exported programs ----------------------------------------------------------------------------------

BOTH = {"num_layers": 2, "bidirectional": True}


def given(facts: Facts, *states: tuple[object, ...]) -> list[tuple[object, ...]]:
    """What the operation is called on besides its input: states, and the weights in the module's order."""
    return [*states, *[one.shape for one in facts.weights]]


@each(
    ("operation", "module", "fields", "states"),
    [
        ("lstm", "LSTM", {}, [(1, N, 4)] * 2),
        ("lstm", "LSTM", {"bias": False, "dropout": 0.5, **BOTH}, [(4, N, 4)] * 2),
        ("lstm", "LSTM", {"proj_size": 2, **BOTH}, [(4, N, 2), (4, N, 4)]),
        ("gru", "GRU", {"dropout": 0.5, **BOTH}, [(4, N, 4)]),
        ("rnn_tanh", "RNN", {"bias": False}, [(1, N, 4)]),
        ("rnn_relu", "RNN", {"nonlinearity": "relu"}, [(1, N, 4)]),
    ],
)
def test_operations_count_and_keep_what_modules_do(operation, module, fields, states):
    theirs = apply(module, X, *states, hidden_size=4, **fields)
    said = {name: fields[name] for name in ("num_layers", "dropout", "bidirectional") if name in fields}
    said |= {"has_biases": fields.get("bias", True), "train": True}
    ours = apply(f"aten.{operation}", X, *given(theirs, *states), **said, batch_first=True)
    numbers = ("outputs", "macs", "ops", "kept", "keeps_input", "keeps_output", "scratch", "window", "status")
    assert {name: getattr(ours, name) for name in numbers} == {name: getattr(theirs, name) for name in numbers}
    assert ours.weights == ()  # the reader's
    # Without training nothing is dropped; with the steps first the input itself is kept, for each direction's weights.
    whole = apply(f"aten.{operation}", X, *given(theirs, *states), **{**said, "train": False}, batch_first=True)
    assert [one for one in ours.kept if one.dtype != "bool"] == list(whole.kept)
    turned = apply(f"aten.{operation}", (3, N, 5), *given(theirs, *states), **said)
    assert turned.outputs == ((3, N, ours.outputs[0][2]), *ours.outputs[1:])
    assert (turned.macs, turned.ops, turned.rows) == (ours.macs, ours.ops, N)
    assert list(turned.kept) == [one for one in ours.kept if one.name != "input, steps first"]
    first = [at for at, one in enumerate(theirs.weights, 1 + len(states)) if one.name.startswith("weight_ih_l0")]
    assert turned.keeps_input == (tuple(first),)


@each(
    ("operation", "module", "fields", "count"),
    [
        ("lstm_cell", "LSTMCell", {}, 2),
        ("gru_cell", "GRUCell", {"bias": False}, 1),
        ("rnn_tanh_cell", "RNNCell", {}, 1),
        ("rnn_relu_cell", "RNNCell", {"nonlinearity": "relu", "bias": False}, 1),
    ],
)
def test_steps_count_and_keep_what_cells_do(operation, module, fields, count):
    theirs = apply(module, (N, 5), *[(N, 4)] * count, hidden_size=4, **fields)
    ours = apply(f"aten.{operation}", (N, 5), *given(theirs, *[(N, 4)] * count))
    numbers = ("outputs", "macs", "ops", "kept", "keeps_input", "keeps_output", "scratch", "status")
    assert {name: getattr(ours, name) for name in numbers} == {name: getattr(theirs, name) for name in numbers}
    alone = apply(f"aten.{operation}", (5,), *given(theirs, *[(4,)] * count))
    assert (alone.outputs, alone.macs, alone.rows) == (((4,),) * count, ours.macs, 1)


@each(
    ("operation", "shapes", "fields", "words"),
    [
        ("lstm", [X, (1, N, 4), (1, N, 4), (16, 5)], {}, "needs 2 initial states and 4 weights for each layer"),
        ("gru", [X, (1, N, 4), (12, 5), (12, 4)], {}, "needs 1 initial state and 4 weights for each layer"),
        (
            "gru",
            [X, (1, N, 4), (12, 6), (12, 4)],
            {"has_biases": False},
            "gru with this weight needs 6 features, got (N, 3, 5)",
        ),
        (
            "rnn_tanh",
            [X, (1, N, 4), (5, 5), (4, 4)],
            {"has_biases": False},
            "needs a weight_ih_l0 of (4, 5), got (5, 5)",
        ),
        ("rnn_tanh", [X, (2, N, 4), (4, 5), (4, 4)], {"has_biases": False}, "needs an initial state of (1, N, 4)"),
        ("rnn_relu", [(N, 5), (1, N, 4), (4, 5), (4, 4)], {"has_biases": False}, "rank 3"),
        ("gru_cell", [(N, 5), (N, 4)], {}, "needs 1 state and 2 weights, or 4 with biases"),
        ("gru_cell", [(N, 5), (N, 4), (12, 5), (12, 3)], {}, "gru_cell needs a weight_hh of (12, 4), got (12, 3)"),
    ],
)
def test_operations_on_weights_that_do_not_fit(operation, shapes, fields, words):
    more = {} if "cell" in operation else {"batch_first": True}
    assert words in str(refusal(f"aten.{operation}", *shapes, **fields, **more))
