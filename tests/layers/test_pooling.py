"""Pooling: windows, whole axes, and adaptive windows."""

from __future__ import annotations

import itertools
from math import ceil, floor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol, substitute
from cnnsum.layers.arithmetic.pooling import _windows_total
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Kept, Window
from tests.layers.applying import NAMES, N, apply, put, refusal
from tests.thorough import each

C, H, W, T, n = (NAMES[name] for name in "CHWTn")
FIRST = "channels_first"


def test_max_pooling() -> None:
    facts = apply("MaxPooling2D", (N, 224, 225, 64))
    out = (N, 112, 112, 64)
    assert facts.outputs == (out,)
    assert (facts.weights, facts.macs, facts.ops) == ((), 0, 112 * 112 * 64 * 3)
    assert (facts.keeps_input, facts.keeps_output, facts.kept) == (True, False, (Kept("indices", out, "int64"),))
    assert facts.window == (Window(2, 2), Window(2, 2))
    assert facts.dtype is None


def test_average_pooling() -> None:
    facts = apply("AveragePooling2D", (N, H, 9, C), pool_size=3, strides=2, padding="same")
    assert facts.outputs == ((N, (H + 1) // 2, 5, C),)
    assert facts.ops == (H + 1) // 2 * 5 * C * 9
    assert (facts.keeps_input, facts.kept) == (True, ())
    assert put(facts.window, H=9) == (Window(3, 2, before=1), Window(3, 2, before=1))


@each(
    ("fields", "out"),
    [
        ({}, 5),
        ({"pool_size": 3}, 3),
        ({"pool_size": 3, "strides": 1}, 8),
        ({"pool_size": 3, "padding": "same"}, 4),
        ({"pool_size": 11, "padding": "same"}, 1),
        ({"pool_size": 2, "strides": 5}, 2),
    ],
)
def test_lengths(fields: dict[str, Any], out: int) -> None:
    facts = apply("MaxPooling1D", (N, 10, 3), **fields)
    assert facts.outputs == ((N, out, 3),)
    assert put(apply("MaxPooling1D", (N, T, 3), **fields), T=10) == put(facts)


@each("axes", [1, 2, 3])
@each("kind", ["Max", "Average"])
def test_channels_first_is_the_same_layer(kind: str, axes: int) -> None:
    lengths = (8, 9, H)[:axes]
    for name, fields in (("{}Pooling{}D", {"pool_size": 3}), ("Adaptive{}Pooling{}D", {"output_size": 4})):
        last = apply(name.format(kind, axes), (N, *lengths, 5), **fields)
        first = apply(name.format(kind, axes), (N, 5, *lengths), data_format=FIRST, **fields)
        assert first.outputs[0] == (N, 5, *last.outputs[0][1:-1])
        assert (first.ops, first.window, first.keeps_input) == (last.ops, last.window, last.keeps_input)
    flat = apply(f"Global{kind}Pooling{axes}D", (N, 5, *lengths), data_format=FIRST)
    assert flat.outputs == ((N, 5),)
    kept = apply(f"Global{kind}Pooling{axes}D", (N, 5, *lengths), data_format=FIRST, keepdims=True)
    assert kept.outputs == ((N, 5, *(1,) * axes),)


def test_global_average_keeps_nothing() -> None:
    facts = apply("GlobalAveragePooling2D", (N, 7, 7, 2048))
    assert facts.outputs == ((N, 2048),)
    assert facts.ops == 7 * 7 * 2048
    assert (facts.keeps_input, facts.keeps_output, facts.kept, facts.window) == (False, False, (), EVERYTHING)
    assert apply("GlobalAveragePooling2D", (N, H, W, 8), keepdims=True).outputs == ((N, 1, 1, 8),)


def test_global_max_keeps_where_the_maxima_are() -> None:
    facts = apply("GlobalMaxPooling1D", (N, 100, 16))
    assert facts.ops == 99 * 16
    assert (facts.keeps_input, facts.kept) == (False, (Kept("indices", (N, 16), "int64"),))


@given(st.integers(1, 40), st.integers(1, 12))
def test_adaptive_windows_are_counted_exactly(length: int, count: int) -> None:
    reads = sum(ceil((i + 1) * length / count) - floor(i * length / count) for i in range(count))
    mean = apply("AdaptiveAveragePooling1D", (N, length, 2), output_size=count)
    assert mean.ops == 2 * reads
    assert mean.outputs == ((N, count, 2),)
    assert mean.keeps_input is (count > 1)
    largest = apply("AdaptiveMaxPooling1D", (N, length, 2), output_size=count)
    assert largest.ops == 2 * (reads - count)
    assert largest.kept == (Kept("indices", (N, count, 2), "int64"),)
    for facts, name in ((mean, "AdaptiveAveragePooling1D"), (largest, "AdaptiveMaxPooling1D")):
        symbolic = apply(name, (N, T, 2), output_size=count)
        assert put(symbolic.ops, T=length) == facts.ops
        assert symbolic.status == "exact"


def test_adaptive_windows_lie_side_by_side_where_the_length_is_a_multiple() -> None:
    assert apply("AdaptiveMaxPooling2D", (N, 14, 7, 3), output_size=7).window == (Window(2, 2), Window(1, 1))
    assert apply("AdaptiveMaxPooling2D", (N, 7 * H, 7, 3), output_size=7).window == (Window(H, H), Window(1, 1))
    assert apply("AdaptiveMaxPooling2D", (N, 15, 7, 3), output_size=7).window == NOT_FOLLOWED
    assert apply("AdaptiveMaxPooling2D", (N, 14, 7, 3), output_size=1).window == EVERYTHING


def test_a_symbolic_count_of_windows_gives_a_bound() -> None:
    facts = apply("AdaptiveAveragePooling1D", (N, T, 2), output_size="n")
    assert (facts.status, facts.ops) == ("bound", 2 * (T + n - 1))
    assert apply("AdaptiveAveragePooling1D", (N, 6 * n, 2), output_size="n").status == "exact"


def test_unknown_dims_are_absorbed() -> None:
    facts = apply("MaxPooling2D", (N, UNKNOWN, 8, 3))
    assert facts.outputs[0][1] is UNKNOWN
    assert facts.outputs[0][2:] == (4, 3)
    assert facts.ops is UNKNOWN
    assert apply("AdaptiveMaxPooling1D", (N, UNKNOWN, 3), output_size=4).ops is UNKNOWN


@each(
    ("name", "shape", "fields", "code", "message"),
    [
        (
            "MaxPooling2D",
            (N, 8, 1, 3),
            {},
            "SHP201",
            "MaxPooling2D with pool_size 2 needs at least 2 positions on axis 2, got (N, 8, 1, 3)",
        ),
        (
            "AveragePooling3D",
            (N, 8, 8, 3),
            {"pool_size": 2},
            "SHP204",
            "AveragePooling3D needs an input of rank 5 (batch axis included), got (N, 8, 8, 3)",
        ),
        (
            "GlobalMaxPooling2D",
            (N, 8, 3),
            {},
            "SHP204",
            "GlobalMaxPooling2D needs an input of rank 4 (batch axis included), got (N, 8, 3)",
        ),
        ("AveragePooling2D", (N, 8, 8, 3), {}, "CFG101", "AveragePooling2D needs `pool_size`"),
        (
            "MaxPooling1D",
            (N, 8, 3),
            {"strides": 0},
            "CFG102",
            "`strides` must be a positive integer, got 0",
        ),
    ],
)
def test_refusals(name: str, shape: tuple, fields: dict[str, Any], code: str, message: str) -> None:
    problem = refusal(name, shape, **fields)
    assert (problem.code, str(problem)) == (code, message)


def test_names_of_keras() -> None:
    for alias in ("MaxPool2D", "AvgPool3D", "GlobalAvgPool1D", "GlobalMaxPool2D"):
        fields = {"pool_size": 2} if alias.startswith("Avg") else {}
        axes = int(alias[-2])
        assert apply(alias, (N, *(8,) * axes, 3), **fields).outputs


def test_windows_that_overlap_are_counted_sample_by_sample() -> None:
    height = Symbol("H", minimum=12).dim
    for length, count in itertools.product(range(12, 40), range(1, 13)):
        borders = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
        expected = sum(end - start for start, end in borders)
        assert _windows_total(length, count) == (expected, True)
        total, exact = _windows_total(height, count)
        assert (substitute(total, {"H": length}), exact) == (expected, True)
