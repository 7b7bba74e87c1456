"""Dropout and noise: nothing at inference, a mask in training."""

from __future__ import annotations

from cnnsum.layers.facts import Kept
from tests.layers.applying import NAMES, N, apply, refusal
from tests.thorough import each

C = NAMES["C"]


@each(
    ("name", "fields", "kept"),
    [
        ("Dropout", {"rate": 0.5}, (Kept("mask", (N, 4, 5, C), "bool"),)),
        ("Dropout", {"rate": 0}, ()),
        ("Dropout", {"rate": 0.5, "noise_shape": [None, 1, 1, 1]}, (Kept("mask", (N, 1, 1, 1), "bool"),)),
        ("AlphaDropout", {"rate": 0.5}, (Kept("mask", (N, 4, 5, C), "bool"),)),
        ("SpatialDropout2D", {"rate": 0.5}, (Kept("mask", (N, 1, 1, C), "bool"),)),
        ("SpatialDropout2D", {"rate": 0.5, "data_format": "channels_first"}, (Kept("mask", (N, 4, 1, 1), "bool"),)),
        ("GaussianDropout", {"rate": 0.5}, (Kept("noise", (N, 4, 5, C)),)),
        ("GaussianNoise", {"stddev": 0.5}, ()),
        ("ActivityRegularization", {"l1": 0.5}, ()),
    ],
)
def test_what_each_keeps(name, fields, kept):
    facts = apply(name, (N, 4, 5, C), **fields)
    assert facts.outputs == ((N, 4, 5, C),)
    assert (facts.weights, facts.macs, facts.ops, facts.window) == ((), 0, 0, None)
    does_nothing = name == "ActivityRegularization" or fields.get("rate") == 0
    assert facts.alias == ("view" if does_nothing else "bypass")
    assert facts.kept == kept
    assert facts.keeps_input is (name == "ActivityRegularization")


def test_channels_of_sequences_and_volumes():
    assert apply("SpatialDropout1D", (N, 7, 3), rate=0.5).kept[0].shape == (N, 1, 3)
    assert apply("SpatialDropout3D", (N, 7, 8, 9, 3), rate=0.5).kept[0].shape == (N, 1, 1, 1, 3)


@each(
    ("name", "shape", "fields", "code", "message"),
    [
        ("Dropout", (N, 4), {"rate": 1.5}, "CFG102", "`rate` must be a number from 0 to 1, got 1.5"),
        ("Dropout", (N, 4), {}, "CFG101", "Dropout needs `rate`"),
        (
            "Dropout",
            (N, 4, 5),
            {"rate": 0.5, "noise_shape": [None, 1]},
            "SHP209",
            "Dropout needs a noise_shape of as many axes as its input (N, 4, 5), got 2",
        ),
        (
            "Dropout",
            (N, 4, 5),
            {"rate": 0.5, "noise_shape": [None, 1, 3]},
            "SHP209",
            "Dropout needs a noise_shape that broadcasts to its input (N, 4, 5), got (N, 1, 3)",
        ),
        (
            "SpatialDropout1D",
            (N, 4),
            {"rate": 0.5},
            "SHP204",
            "SpatialDropout1D needs an input of rank 3 (batch axis included), got (N, 4)",
        ),
    ],
)
def test_what_is_refused(name, shape, fields, code, message):
    problem = refusal(name, shape, **fields)
    assert (problem.code, str(problem)) == (code, message)
