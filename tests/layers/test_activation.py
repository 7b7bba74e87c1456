"""Activation functions as layers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.layers.facts import EVERYTHING, Weight
from tests.layers.applying import NAMES, N, apply, put, refusal
from tests.thorough import each

H, C = NAMES["H"], NAMES["C"]
OPEN = Symbol("open", anonymous=True).dim


def test_activation():
    facts = apply("Activation", (N, 4, 5), activation="relu")
    assert (facts.outputs, facts.weights, facts.macs, facts.ops) == (((N, 4, 5),), (), 0, 20)
    assert (facts.keeps_input, facts.keeps_output, facts.alias, facts.window) == (False, True, "inplace", None)
    facts = apply("Activation", (N, 4, 5), activation="gelu")
    assert (facts.ops, facts.keeps_input, facts.keeps_output, facts.kept) == (100, True, False, ())
    assert apply("Activation", (N, 4, 5), activation="softmax").alias == ""
    assert apply("Activation", (N, 4), activation={"class_name": "function", "config": "own"}).ops is UNKNOWN


@each(
    ("fields", "each"),
    [
        ({}, 1),
        ({"max_value": 6}, 2),
        ({"negative_slope": 0.1}, 2),
        ({"negative_slope": 0.1, "threshold": 1.0}, 3),
        ({"threshold": 1.0}, 1),
        ({"max_value": 6, "negative_slope": 0.1, "threshold": 1.0}, 4),
    ],
)
def test_relu(fields, each):
    facts = apply("ReLU", (N, 4, 5), **fields)
    bounded = "max_value" in fields
    assert (facts.ops, facts.keeps_input, facts.keeps_output) == (20 * each, bounded, not bounded)
    assert facts.alias == "inplace"


def test_leaky_relu_and_elu():
    assert refusal("LeakyReLU", (N, 4), negative_slope=-1).field == ("negative_slope",)
    assert apply("LeakyReLU", (N, 4, 5)).ops == 40
    assert apply("LeakyReLU", (N, 4, 5), alpha=0.2).keeps_output
    assert apply("ELU", (N, 4, 5)).ops == 80


def test_prelu():
    facts = apply("PReLU", (N, 4, 5, 6))
    assert (facts.weights, facts.ops, facts.keeps_input) == ((Weight("alpha", (4, 5, 6)),), 240, True)
    assert apply("PReLU", (N, OPEN, OPEN, 6), shared_axes=[1, 2]).weights == (Weight("alpha", (1, 1, 6)),)


def test_softmax():
    facts = apply("Softmax", (N, 4, 5))
    assert (facts.ops, facts.keeps_output, facts.window) == (100, True, None)
    assert apply("Softmax", (N, 4, 5), axis=[1, 2]).window == EVERYTHING
    assert apply("Softmax", (N, 4, 5), (N, 1, 5), keywords=("mask",)).ops == 140


@each(
    ("name", "shapes", "fields", "code", "message"),
    [
        ("ReLU", [(N, 4)], {"max_value": -1}, "CFG108", "`max_value` must be a number of at least 0, got -1"),
        ("ReLU", [(N, 4)], {"threshold": -1}, "CFG108", "`threshold` must be a number of at least 0, got -1"),
        ("ELU", [], {}, "GRF303", "ELU takes 1 input, got 0"),
        ("PReLU", [(N, 4)], {"shared_axes": 2}, "SHP205", "PReLU: (N, 4) has no axis 2"),
        (
            "PReLU",
            [(N, OPEN, 4)],
            {},
            "SHP206",
            "PReLU needs to know the size of the axis that its weights span, got (N, None, 4)",
        ),
        ("Softmax", [(N, 4)], {"axis": 3}, "SHP205", "Softmax: (N, 4) has no axis 3"),
        (
            "Softmax",
            [(N, 4, 5), (N, 4, 3)],
            {},
            "SHP202",
            "Softmax needs a mask that broadcasts to its input (N, 4, 5), got (N, 4, 3)",
        ),
    ],
)
def test_what_is_refused(name, shapes, fields, code, message):
    problem = refusal(name, *shapes, **fields)
    assert (problem.code, str(problem)) == (code, message)


@given(st.sampled_from(["ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"]), st.integers(1, 9), st.integers(1, 9))
def test_formulas_give_the_numbers(name, height, channels):
    assert put(apply(name, (N, H, H, C)), H=height, C=channels) == put(apply(name, (N, height, height, channels)))
