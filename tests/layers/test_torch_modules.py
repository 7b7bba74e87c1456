"""PyTorch's modules that normalise, activate and drop: weights, buffers, work and what is kept, worked by hand."""

from __future__ import annotations

import pytest

from cnnsum.diagnostics import Problem
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Kept, Weight
from tests.layers.applying import NAMES, N
from tests.layers.torch_applying import apply
from tests.thorough import each

H, C, T = NAMES["H"], NAMES["C"], NAMES["T"]


def test_batch_norm_has_two_weights_and_three_buffers():
    facts = apply("BatchNorm2d", (N, 16, 8, 8))
    assert facts.outputs == ((N, 16, 8, 8),)
    assert facts.weights == (
        Weight("weight", (16,), cast=False),
        Weight("bias", (16,), cast=False),
        Weight("running_mean", (16,), trainable=False, dtype="float32", cast=False, buffer=True),
        Weight("running_var", (16,), trainable=False, dtype="float32", cast=False, buffer=True),
        Weight("num_batches_tracked", (), trainable=False, dtype="int64", cast=False, buffer=True),
    )
    assert (facts.ops, facts.macs, facts.alias, facts.window) == (2 * 16 * 64, 0, "inplace", None)
    assert [kept.shape for kept in facts.kept] == [(16,), (16,)]


@each(
    ("fields", "names", "each"),
    [
        ({"affine": False}, "running_mean running_var num_batches_tracked", 2),
        ({"track_running_stats": False}, "weight bias", 7),
        ({"track_running_stats": False, "bias": False}, "weight", 6),
        ({"track_running_stats": False, "affine": False}, "", 5),
    ],
)
def test_batch_norm_with_less(fields: dict[str, bool], names: str, each: int):
    facts = apply("BatchNorm1d", (N, 6, T), **fields)
    assert [weight.name for weight in facts.weights] == names.split()
    assert facts.ops == each * 6 * T


def test_instance_norm_repeats_its_weight_for_every_sample():
    facts = apply("InstanceNorm2d", (N, 4, 8, 8), affine=True)
    assert [weight.name for weight in facts.weights] == ["weight", "bias"]
    assert facts.kept == tuple(
        Kept(name, (N, 4), "float32") for name in ("mean", "inverse deviation", "weight, repeated")
    )
    assert (facts.ops, facts.window) == (7 * 4 * 64, EVERYTHING)
    assert apply("InstanceNorm1d", (N, 4, 8), track_running_stats=True).window is None


def test_layer_norm_is_over_the_last_axes():
    facts = apply("LayerNorm", (N, T, 16), normalized_shape=16)
    assert facts.weights == (Weight("weight", (16,), cast=False), Weight("bias", (16,), cast=False))
    assert facts.ops == 7 * 16 * T
    assert facts.kept[0].shape == (N, T)
    facts = apply("LayerNorm", (N, 3, 8, 8), normalized_shape=[8, 8], bias=False)
    assert (facts.ops, facts.kept[0].shape, facts.window) == (6 * 192, (N, 3), EVERYTHING)
    assert apply("LayerNorm", (N, 3, 8, 8), normalized_shape=8).window == NOT_FOLLOWED


def test_group_norm_and_rms_norm():
    facts = apply("GroupNorm", (N, 6, 4, 4), num_groups=3)
    assert ([weight.shape for weight in facts.weights], facts.ops) == ([(6,), (6,)], 7 * 96)
    assert facts.kept[0].shape == (N, 3)
    facts = apply("RMSNorm", (N, T, 8), normalized_shape=8, elementwise_affine=False)
    assert (facts.weights, facts.ops) == ((), 3 * 8 * T)


def test_local_response_norm_keeps_the_squares_with_their_padding():
    facts = apply("LocalResponseNorm", (N, 96, 27, 27), size=5)
    assert facts.kept[0].shape == (N, 100, 27, 27)
    assert facts.ops == 10 * 96 * 27 * 27


def test_an_activation_in_place_keeps_its_output():
    for name in ("LeakyReLU", "ELU", "SELU", "CELU", "RReLU"):
        facts = apply(name, (N, 4))
        assert (facts.keeps_input, facts.keeps_output) == (True, False)
        facts = apply(name, (N, 4), inplace=True)
        assert (facts.keeps_input, facts.keeps_output) == (False, True)


def test_prelu_has_a_slope_for_all_or_for_each_channel():
    assert apply("PReLU", (N, 4, 8)).weights == (Weight("weight", (1,)),)
    assert apply("PReLU", (N, 4, 8), num_parameters=4).weights == (Weight("weight", (4,)),)


def test_glu_halves_an_axis():
    facts = apply("GLU", (N, 6, T), dim=1)
    assert (facts.outputs, facts.ops, facts.window) == (((N, 3, T),), 4 * 3 * T, None)


def test_softmax_without_a_dim_takes_the_one_of_old():
    assert apply("Softmax", (N, 4, 8)).window == NOT_FOLLOWED  # along the batch
    assert apply("Softmax", (N, 4, 8, 8)).window is None
    assert apply("Softmax", (N, 4, 8), dim=2).window == EVERYTHING


def test_dropout_keeps_a_byte_an_element_and_that_of_channels_a_number_each():
    assert apply("Dropout", (N, 4, 8)).kept == (Kept("mask", (N, 4, 8), "bool"),)
    assert apply("Dropout2d", (N, 4, 8, 8)).kept == (Kept("factors", (N, 4, 1, 1)),)
    assert apply("Dropout", (N, 4), p=0).kept == ()
    assert apply("Dropout", (N, 4), p=0).alias == "view"
    assert apply("Dropout", (N, 4), p=1).kept[0].shape == ()


@each(
    ("name", "shape", "fields", "words"),
    [
        ("BatchNorm2d", (N, 4, 8, 8), {"num_features": 5}, "made for num_features 5"),
        ("BatchNorm1d", (N, 4, 8, 8), {}, "rank 2 or 3"),
        ("InstanceNorm1d", (N, 4, 1), {}, "2 positions or more"),
        ("LayerNorm", (N, 4, 8), {"normalized_shape": [4, 7]}, r"ends in (4, 7), got (N, 4, 8)"),
        ("LayerNorm", (N, 4), {"normalized_shape": []}, "a list of them"),
        ("RMSNorm", (4,), {"normalized_shape": [2, 4]}, "ends in (2, 4)"),
        ("GroupNorm", (N, 4, 8), {"num_groups": 3}, "3 groups must divide"),
        ("GroupNorm", (N, 4, 8), {"num_groups": 3, "num_channels": 4}, "a multiple of num_groups, got 4 and 3"),
        ("LocalResponseNorm", (N, 4), {"size": 3}, "rank 3 or more"),
        ("PReLU", (N, 4), {"num_parameters": 3}, "one slope or one for each channel"),
        ("GLU", (N, 5), {}, "an even number of elements on axis 1"),
        ("Softmax", (N, 5), {"dim": 2}, "no axis 2"),
        ("Softmax2d", (N, 5, 5), {}, "rank 4"),
        ("Hardtanh", (N, 5), {"min_val": 2}, "less than `max_val`"),
        ("RReLU", (N, 5), {"lower": 0.5}, "at most `upper`"),
        ("Dropout1d", (N, 5), {}, "rank 3"),
        ("Dropout", (N, 5), {"p": 1.5}, "from 0 to 1"),
    ],
)
def test_what_is_refused(name: str, shape: tuple[int, ...], fields: dict[str, object], words: str):
    with pytest.raises(Problem) as found:
        apply(name, shape, **fields)
    assert words in str(found.value)


def test_linear_mixes_the_last_axis_which_is_one_of_space_behind_the_channels():
    assert apply("Linear", (N, 8), out_features=4).window is None
    assert apply("Linear", (N, 3, 8), out_features=4).window == EVERYTHING
    assert apply("Linear", (N, 3, 8, 8), out_features=4).window == NOT_FOLLOWED
