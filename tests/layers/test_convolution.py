"""Convolutions of every kind: shapes, weights, work, windows, and what they refuse."""

from __future__ import annotations

from typing import Any

from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.layers.facts import Kept, Weight, Window
from tests.layers.applying import NAMES, N, apply, holds, put, refusal
from tests.thorough import each

C, H, W, T, k = (NAMES[name] for name in "CHWTk")
CH = "channels_first"


def test_conv2d_as_in_vgg() -> None:
    facts = apply("Conv2D", (N, 224, 224, 3), filters=64, kernel_size=3, padding="same", activation="relu")
    assert facts.outputs == ((N, 224, 224, 64),)
    assert facts.weights == (Weight("kernel", (3, 3, 3, 64)), Weight("bias", (64,)))
    assert facts.macs == 86_704_128
    assert facts.ops == 2 * 224 * 224 * 64
    assert (facts.keeps_input, facts.keeps_output, facts.kept, facts.alias) == (True, True, (), "")
    assert facts.window == (Window(3, before=1), Window(3, before=1))


@each(
    ("fields", "length", "out"),
    [
        ({"kernel_size": 3}, 10, 8),
        ({"kernel_size": 3}, 3, 1),
        ({"kernel_size": 3, "strides": 2}, 10, 4),
        ({"kernel_size": 3, "strides": 2}, 11, 5),
        ({"kernel_size": 3, "dilation_rate": 4}, 10, 2),
        ({"kernel_size": 3, "padding": "same"}, 10, 10),
        ({"kernel_size": 3, "padding": "same", "strides": 2}, 225, 113),
        ({"kernel_size": 7, "padding": "same", "strides": 4}, 2, 1),
        ({"kernel_size": 3, "padding": "causal", "strides": 3}, 10, 4),
        ({"kernel_size": 3, "padding": "causal", "dilation_rate": 8}, 10, 10),
    ],
)
def test_lengths(fields: dict[str, Any], length: int, out: int) -> None:
    facts = apply("Conv1D", (N, length, 2), filters=5, **fields)
    assert facts.outputs == ((N, out, 5),)
    assert facts.macs == out * fields["kernel_size"] * 2 * 5
    symbolic = apply("Conv1D", (N, T, 2), filters=5, **fields)
    assert put(symbolic, T=length) == put(facts)
    assert all(holds(need, T=length) for need in symbolic.needs)


@each(
    ("fields", "before"),
    [
        ({"kernel_size": 3}, 0),
        ({"kernel_size": 3, "padding": "same"}, 1),
        ({"kernel_size": 4, "padding": "same"}, 1),
        ({"kernel_size": 3, "padding": "same", "dilation_rate": 4}, 4),
        ({"kernel_size": 3, "padding": "same", "strides": 2}, 0),  # TensorFlow puts the odd zero behind an even length
        ({"kernel_size": 1, "padding": "same", "strides": 2}, 0),
        ({"kernel_size": 3, "padding": "causal", "dilation_rate": 2}, 4),
    ],
)
def test_zeros_before_the_first_sample(fields: dict[str, Any], before: int) -> None:
    (window,) = apply("Conv1D", (N, 12, 1), filters=1, **fields).window
    assert window.before == before


def test_same_padding_depends_on_the_length_where_the_stride_does_not_divide_it() -> None:
    (window,) = apply("Conv1D", (N, T, 1), filters=1, kernel_size=3, strides=2, padding="same").window
    assert [put(window.before, T=length) for length in (224, 225)] == [0, 1]
    (window,) = apply("Conv1D", (N, T, 1), filters=1, kernel_size=1, strides=3, padding="same").window
    assert [put(window.before, T=length) for length in range(1, 8)] == [0] * 7


@each("axes", [1, 2, 3])
@each("name", ["Conv{}D", "Conv{}DTranspose", "DepthwiseConv{}D", "SeparableConv{}D"])
def test_channels_first_is_the_same_layer(name: str, axes: int) -> None:
    if axes == 3 and name.startswith(("Depthwise", "Separable")):
        return
    fields: dict[str, Any] = {"kernel_size": 3, "strides": 2, "padding": "same"}
    if not name.startswith("Depthwise"):
        fields["filters"] = 4
    lengths = (7, H, 9)[:axes]
    last = apply(name.format(axes), (N, *lengths, 6), **fields)
    first = apply(name.format(axes), (N, 6, *lengths), data_format=CH, **fields)
    assert first.outputs[0] == (N, last.outputs[0][-1], *last.outputs[0][1:-1])
    for member in ("weights", "macs", "ops", "window"):
        assert getattr(first, member) == getattr(last, member)


def test_groups_share_out_the_channels() -> None:
    facts = apply("Conv2D", (N, 8, 8, 32), filters=64, kernel_size=3, groups=4, use_bias=False)
    assert facts.weights == (Weight("kernel", (3, 3, 8, 64)),)
    assert facts.macs == 6 * 6 * 64 * 9 * 8
    symbolic = apply("Conv2D", (N, 8, 8, C), filters=64, kernel_size=3, groups=4, use_bias=False)
    (need,) = symbolic.needs
    assert (need.relation, need.left, need.right) == ("%", C, 4)
    assert put(symbolic, C=32) == put(facts)


def test_symbolic_kernel_and_filters() -> None:
    facts = apply("Conv2D", (N, H, W, 3), filters="8*k", kernel_size=["2*k+1", 3], padding="same", use_bias=False)
    assert facts.outputs == ((N, H, W, 8 * k),)
    assert facts.macs == H * W * 8 * k * (2 * k + 1) * 9
    assert put(facts, k=2) == put(
        apply("Conv2D", (N, H, W, 3), filters=16, kernel_size=[5, 3], padding="same", use_bias=False)
    )


def test_a_kernel_must_fit() -> None:
    facts = apply("Conv2D", (N, H, 9, 3), filters=1, kernel_size=5)
    (need,) = facts.needs
    assert (need.relation, need.left, need.right) == (">=", H, 5)
    assert need.reason == "Conv2D with kernel_size 5 needs at least 5 positions on axis 1, got (N, H, 9, 3)"


def test_unknown_dims_are_absorbed() -> None:
    facts = apply("Conv2D", (N, UNKNOWN, 9, 3), filters=4, kernel_size=5, strides=2, padding="same")
    assert facts.outputs[0][1] is UNKNOWN
    assert facts.outputs[0][2] == 5
    assert facts.macs is UNKNOWN
    assert facts.weights[0].shape == (5, 5, 3, 4)
    assert facts.needs == ()


def test_lora() -> None:
    facts = apply("Conv2D", (N, 9, 9, 3), filters=8, kernel_size=3, lora_rank=2)
    assert facts.weights == (
        Weight("kernel", (3, 3, 3, 8), trainable=False),
        Weight("bias", (8,)),
        Weight("lora_kernel_a", (3, 3, 3, 2), dtype="float32"),
        Weight("lora_kernel_b", (2, 8), dtype="float32"),
    )


@each(
    ("fields", "out"),
    [
        ({"kernel_size": 3}, 12),
        ({"kernel_size": 3, "strides": 2}, 21),
        ({"kernel_size": 1, "strides": 3}, 30),
        ({"kernel_size": 3, "dilation_rate": 2}, 14),
        ({"kernel_size": 3, "strides": 2, "padding": "same"}, 20),
        ({"kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0}, 19),
        ({"kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1}, 20),
        ({"kernel_size": 4, "strides": 2, "padding": "same", "output_padding": 0}, 18),
        ({"kernel_size": 3, "strides": 2, "output_padding": 1}, 22),
    ],
)
def test_transposed_lengths(fields: dict[str, Any], out: int) -> None:
    facts = apply("Conv1DTranspose", (N, 10, 4), filters=6, **fields)
    assert facts.outputs == ((N, out, 6),)
    assert facts.weights == (Weight("kernel", (fields["kernel_size"], 6, 4)), Weight("bias", (6,)))
    assert facts.macs == 10 * fields["kernel_size"] * 4 * 6
    assert facts.ops == out * 6
    assert facts.keeps_input
    assert put(apply("Conv1DTranspose", (N, T, 4), filters=6, **fields), T=10) == put(facts)


def test_transposed_windows() -> None:
    (window,) = apply("Conv1DTranspose", (N, 10, 4), filters=6, kernel_size=4, strides=2, padding="same").window
    assert window == Window(4, 1, 1, 2, 2)


def test_depthwise() -> None:
    facts = apply("DepthwiseConv2D", (N, 112, 112, 32), kernel_size=3, strides=1, padding="same", depth_multiplier=2)
    assert facts.outputs == ((N, 112, 112, 64),)
    assert facts.weights == (Weight("kernel", (3, 3, 32, 2)), Weight("bias", (64,)))
    assert facts.macs == 112 * 112 * 64 * 9
    assert facts.ops == 112 * 112 * 64


def test_separable_keeps_what_the_depthwise_half_makes() -> None:
    facts = apply("SeparableConv2D", (N, 16, 16, 8), filters=32, kernel_size=3, depth_multiplier=2, activation="relu")
    between = (N, 14, 14, 16)
    assert facts.outputs == ((N, 14, 14, 32),)
    assert facts.weights == (
        Weight("depthwise_kernel", (3, 3, 8, 2)),
        Weight("pointwise_kernel", (1, 1, 16, 32)),
        Weight("bias", (32,)),
    )
    assert facts.macs == 14 * 14 * (16 * 9 + 16 * 32)
    assert facts.ops == 2 * 14 * 14 * 32
    assert facts.kept == (Kept("depthwise", between),)
    assert facts.scratch == (between,)


ANONYMOUS = Symbol("d", anonymous=True).dim
BOTH = "got strides [2, 2] and dilation_rate [2, 2]"


@each(
    ("name", "shape", "fields", "code", "field", "message"),
    [
        (
            "Conv2D",
            (N, 3, 32, 3),
            {"kernel_size": 5},
            "SHP201",
            (),
            "Conv2D with kernel_size 5 needs at least 5 positions on axis 1, got (N, 3, 32, 3)",
        ),
        (
            "Conv2D",
            (N, 32, 8, 3),
            {"kernel_size": 5, "dilation_rate": 2},
            "SHP201",
            (),
            "Conv2D with kernel_size 5 and dilation_rate 2 needs at least 9 positions on axis 2, got (N, 32, 8, 3)",
        ),
        (
            "Conv2D",
            (N, 32, 32),
            {"kernel_size": 5},
            "SHP204",
            (),
            "Conv2D needs an input of rank 4 (batch axis included), got (N, 32, 32)",
        ),
        (
            "Conv2D",
            (N, 32, 32, ANONYMOUS),
            {"kernel_size": 5},
            "SHP206",
            (),
            "Conv2D needs to know the size of the axis that its weights span, got (N, 32, 32, None)",
        ),
        (
            "Conv2D",
            (N, 32, 32, 3),
            {"kernel_size": 3, "strides": 2, "dilation_rate": 2},
            "CFG111",
            ("dilation_rate",),
            f"Conv2D cannot have both strides and dilation_rate above 1, {BOTH}",
        ),
        (
            "Conv2DTranspose",
            (N, 32, 32, 3),
            {"kernel_size": 3, "strides": 2, "dilation_rate": 2},
            "CFG111",
            ("dilation_rate",),
            f"Conv2DTranspose cannot have both strides and dilation_rate above 1, {BOTH}",
        ),
        (
            "Conv2D",
            (N, 32, 32, 3),
            {"kernel_size": 3, "groups": 2},
            "SHP203",
            ("groups",),
            "Conv2D needs channels that are a multiple of groups, got 2 groups for (N, 32, 32, 3)",
        ),
        (
            "Conv2D",
            (N, 32, 32, 3),
            {"kernel_size": 3, "groups": 3},
            "CFG110",
            ("groups",),
            "Conv2D needs filters that are a multiple of groups, got 4 filters in 3 groups",
        ),
        (
            "Conv2DTranspose",
            (N, 32, 32, 3),
            {"kernel_size": 3, "strides": [1, 2], "output_padding": [0, 2]},
            "CFG112",
            ("output_padding", 1),
            "Conv2DTranspose needs an output_padding smaller than its stride, got output_padding 2 and stride 2",
        ),
        (
            "Conv2DTranspose",
            (N, 1, 8, 3),
            {"kernel_size": 2, "strides": 2, "output_padding": 0, "padding": "same"},
            "SHP210",
            (),
            "Conv2DTranspose with this output_padding needs more positions on axis 1, got (N, 1, 8, 3)",
        ),
        (
            "Conv2D",
            (N, 32, 32, 3),
            {"kernel_size": [3, 0]},
            "CFG102",
            ("kernel_size", 1),
            "`kernel_size` must be a positive integer, got 0",
        ),
        (
            "Conv2D",
            (N, 32, 32, 3),
            {"kernel_size": 3, "padding": "causal"},
            "CFG102",
            ("padding",),
            "`padding` must be one of valid, same, got 'causal'",
        ),
    ],
)
def test_refusals(name: str, shape: tuple, fields: dict[str, Any], code: str, field: tuple, message: str) -> None:
    problem = refusal(name, shape, filters=4, **fields)
    assert (problem.code, problem.field, str(problem)) == (code, field, message)


def test_depthwise_may_have_strides_and_dilation_as_in_keras() -> None:
    facts = apply("DepthwiseConv2D", (N, 9, 9, 3), kernel_size=3, strides=2, dilation_rate=2)
    assert facts.outputs == ((N, 3, 3, 3),)


def test_a_stride_above_one_by_its_symbol_is_refused_with_dilation() -> None:
    assert refusal("Conv1D", (N, T, 3), filters=4, kernel_size=3, strides="k+1", dilation_rate=2).code == "CFG111"
    assert apply("Conv1D", (N, T, 3), filters=4, kernel_size=3, strides="k", dilation_rate=2, padding="same")


@each(
    ("name", "shape", "fields", "padded"),
    [
        ("Conv1D", (N, 100, 4), {"filters": 8, "kernel_size": (3,), "padding": "causal"}, (N, 102, 4)),
        ("Conv1D", (N, 100, 4), {"filters": 8, "kernel_size": (3,), "padding": "causal", "strides": (2,)}, (N, 102, 4)),
        ("Conv1D", (N, 100, 4), {"filters": 8, "kernel_size": (1,), "padding": "causal"}, None),
        ("Conv1D", (N, 100, 4), {"filters": 8, "kernel_size": (4,), "padding": "same"}, (N, 103, 4)),
        ("Conv2D", (N, 9, 9, 4), {"filters": 8, "kernel_size": (2, 3), "padding": "same"}, (N, 10, 11, 4)),
        ("Conv2D", (N, 9, 9, 4), {"filters": 8, "kernel_size": (3, 3), "padding": "same"}, None),
        ("Conv2D", (N, 9, 9, 4), {"filters": 8, "kernel_size": (2, 2), "padding": "valid"}, None),
        ("DepthwiseConv2D", (N, 9, 9, 4), {"kernel_size": (2, 2), "padding": "same"}, (N, 10, 10, 4)),
    ],
)
def test_what_is_padded_on_one_side_is_kept(name, shape, fields, padded):
    facts = apply(name, shape, **fields)
    kept = [item.shape for item in facts.kept]
    assert (kept, facts.keeps_input) == (([padded], False) if padded else ([], True))
