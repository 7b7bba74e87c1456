"""The layers that keras.applications defines for itself."""

from __future__ import annotations

from cnnsum.layers.facts import Kept, Weight
from tests.layers.applying import NAMES, N, apply, holds, refusal

H, C = NAMES["H"], NAMES["C"]


def test_layer_scale():
    facts = apply("LayerScale", (N, H, H, 6), init_values=1e-6, projection_dim=6)
    assert (facts.outputs, facts.weights) == (((N, H, H, 6),), (Weight("gamma", (6,)),))
    assert (facts.ops, facts.keeps_input, facts.alias) == (6 * H * H, "weights", "inplace")
    (need,) = apply("LayerScale", (N, 4, C), init_values=1, projection_dim=6).needs
    assert holds(need, C=6)
    problem = refusal("LayerScale", (N, 4, 5), init_values=1, projection_dim=6)
    assert str(problem) == "LayerScale of 6 channels needs as many in its input, got (N, 4, 5)"


def test_custom_scale_layer():
    facts = apply("CustomScaleLayer", (N, 4, 5), (N, 4, 5), scale=0.2)
    assert (facts.outputs, facts.ops, facts.alias, facts.keeps_input) == (((N, 4, 5),), 40, "inplace", False)
    assert refusal("CustomScaleLayer", (N, 4), (N, 5), scale=0.2).code == "SHP202"


def test_stochastic_depth():
    facts = apply("StochasticDepth", (N, 4, 5), drop_path_rate=0.2)
    assert (facts.outputs, facts.ops, facts.alias) == (((N, 4, 5),), 0, "view")
    assert facts.kept == (Kept("mask", (N,)),)
