"""The table of activation functions, and what a layer with one costs and keeps."""

from __future__ import annotations

import pytest

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN
from cnnsum.layers.arithmetic.functions import FUNCTIONS, activated, function, work
from cnnsum.layers.facts import Kept
from cnnsum.layers.kinds import Kind
from tests.layers.applying import N, Reading, apply, bound
from tests.thorough import each


@each(
    ("name", "ops", "keeps"),
    [
        (None, 0, ""),
        ("linear", 0, ""),
        ("relu", 1, "output"),
        ("relu6", 2, "input"),
        ("elu", 4, "output"),
        ("sigmoid", 3, "output"),
        ("tanh", 1, "output"),
        ("softmax", 5, "output"),
        ("silu", 4, "input"),
        ("swish", 4, "input"),
        ("gelu", 5, "input"),
        ("hard_swish", 5, "input"),
        ("mish", 5, "input"),
        ("softplus", 3, "input"),
        ("sparsemax", None, "output"),
        ("somebody's own", None, "input"),
    ],
)
def test_costs(name, ops, keeps):
    assert function(name) == (ops, keeps)
    if ops is None:
        assert work(name, 10) is UNKNOWN
    else:
        assert work(name, 10) == 10 * ops


def test_a_function_that_needs_its_output_shares_it():
    facts = activated((N, 4, 5), activation="relu", ops=20, macs=7)
    assert (facts.ops, facts.macs, facts.keeps_output, facts.kept) == (40, 7, True, ())


def test_a_function_that_needs_its_input_keeps_a_tensor_of_its_own():
    facts = activated((N, 4, 5), activation="silu", kept=(Kept("x", (N, 1)),))
    assert (facts.ops, facts.keeps_output) == (80, False)
    assert facts.kept == (Kept("x", (N, 1)), Kept("pre-activation", (N, 4, 5), use="activation"))


def test_no_function_costs_nothing():
    facts = activated((N, 4, 5), activation=None, ops=3)
    assert (facts.ops, facts.keeps_output, facts.kept) == (3, False, ())


def test_an_unknown_function_costs_an_unknown_amount():
    assert activated((N, 4), activation="somebody's own").ops is UNKNOWN


@each(
    ("raw", "name"),
    [
        ("relu", "relu"),
        ({"class_name": "function", "config": "relu"}, "relu"),
        ({"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "function"}, "mine"),
        ({"class_name": "ReLU", "config": {"max_value": 6.0, "negative_slope": 0.0}}, "relu6"),
        ({"class_name": "ReLU", "config": {"max_value": None, "negative_slope": 0.1}}, "leaky_relu"),
        ({"class_name": "ReLU", "config": {}}, "relu"),
        ({"class_name": "LeakyReLU", "config": {"negative_slope": 0.1}}, "leaky_relu"),
        ({"class_name": "Activation", "config": {"activation": "gelu"}}, "gelu"),
        ({"class_name": "ThresholdedReLU", "config": {"theta": 1.0}}, "threshold"),
    ],
)
def test_what_files_hold(raw, name):
    assert bound("Activation", activation=raw) == {"activation": name}


@each(
    ("raw", "code", "message", "help"),
    [
        ("rellu", "CFG102", "`activation` must be the name of an activation, got 'rellu'", "did you mean `relu`?"),
        (3, "CFG102", "`activation` must be the name of an activation, got 3", None),
        ({}, "CFG102", "`activation` must be the name of an activation, got a mapping", None),
        (
            {"class_name": "PReLU", "config": {}},
            "UNK702",
            "PReLU has weights of its own: it must be a layer, not an activation",
            None,
        ),
        (
            {"class_name": "Own", "config": {}},
            "UNK702",
            "its activation is a layer, `Own`, whose weights are not known",
            None,
        ),
    ],
)
def test_what_is_no_function(raw, code, message, help):
    with pytest.raises(Problem) as raised:
        bound("Activation", activation=raw)
    assert (raised.value.code, str(raised.value), raised.value.help) == (code, message, help)
    assert raised.value.field == ("activation",)


def test_the_kind_lists_every_function():
    from cnnsum.layers.keras.fields import Activation

    (kind,) = Activation.__metadata__
    assert isinstance(kind, Kind)
    assert set(kind.choices) == set(FUNCTIONS)
    assert kind.read("relu", Reading()) == "relu"


def test_every_function_can_be_a_layer():
    for name in FUNCTIONS:
        assert apply("Activation", (N, 4), activation=name).outputs == ((N, 4),)
