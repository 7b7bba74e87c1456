"""Reshape, pad, crop, enlarge and resize; and, for all types of `drawing`, symbols against numbers.

`CNNSUM_EXAMPLES` scales the number of examples.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Window
from tests.layers.applying import NAMES, N, apply, holds, put, refusal
from tests.layers.drawing import TYPES
from tests.thorough import each, examples

EXAMPLES = examples(max(1, round(32 * float(os.environ.get("CNNSUM_EXAMPLES", "1")))))
C, H, W, T, n = (NAMES[name] for name in "CHWTn")
A = Symbol("a", anonymous=True).dim
FIRST = "channels_first"
NOTHING = (0, 0, False, False, ())


def cost(facts: Any) -> tuple:
    return facts.macs, facts.ops, facts.keeps_input, facts.keeps_output, facts.kept


def test_flatten_is_a_view() -> None:
    facts = apply("Flatten", (N, 7, 7, 512))
    assert (facts.outputs, facts.alias, facts.dtype, facts.window) == (((N, 25088),), "view", "input", EVERYTHING)
    assert cost(facts) == NOTHING
    assert apply("Flatten", (N, H, W, 3)).outputs == ((N, 3 * H * W),)
    assert apply("Flatten", (N,)).outputs == ((N, 1),)


def test_flatten_of_channels_first_moves_the_channels() -> None:
    assert apply("Flatten", (N, 3, 7, 7), data_format=FIRST).alias == ""
    assert apply("Flatten", (N, 3), data_format=FIRST).alias == "view"


@each(
    ("shape", "target", "out"),
    [
        ((12,), [3, 4], (3, 4)),
        ((12,), [3, -1], (3, 4)),
        ((12,), -1, (12,)),
        ((12,), [None, 6], (2, 6)),
        ((H, W, 3), [-1, 3], (H * W, 3)),
        ((H, W, 16), [-1, 8], (2 * H * W, 8)),
        ((H, W, C), ["H*W", -1], (H * W, C)),
        ((H, W, 8), ["H", "W", 2, -1], (H, W, 2, 4)),
        ((H, 6), [2, "H", 3], (2, H, 3)),
        ((A, 6), [-1, 6], (A, 6)),
        ((A, 6), [-1, 3], (2 * A, 3)),
    ],
)
def test_reshape(shape: tuple, target: Any, out: tuple) -> None:
    facts = apply("Reshape", (N, *shape), target_shape=target)
    assert facts.outputs == ((N, *out),)
    assert (facts.alias, facts.dtype, facts.needs) == ("view", "input", ())
    assert cost(facts) == NOTHING


def test_reshape_records_what_it_cannot_decide() -> None:
    (need,) = apply("Reshape", (N, H, 3), target_shape=[-1, 12]).needs
    assert [holds(need, H=size) for size in (4, 6, 8)] == [True, False, True]
    (need,) = apply("Reshape", (N, H, 3), target_shape=[4, 6]).needs
    assert [holds(need, H=size) for size in (4, 8)] == [False, True]


def test_reshape_of_channels_alone_sees_sample_by_sample() -> None:
    assert apply("Reshape", (N, H, W, 8), target_shape=["H", "W", 2, 4]).window is None
    assert apply("Reshape", (N, H, W, 2, 4), target_shape=["H", "W", 8]).window is None
    assert apply("Reshape", (N, H, W, 8), target_shape=["H*W", 8]).window == NOT_FOLLOWED


def test_permute_copies() -> None:
    facts = apply("Permute", (N, H, W, 3), dims=[3, 1, 2])
    assert (facts.outputs, facts.alias) == (((N, 3, H, W),), "")
    assert cost(facts) == NOTHING


def test_repeat_vector() -> None:
    assert apply("RepeatVector", (N, 32), n="n").outputs == ((N, n, 32),)


@each(
    ("padding", "out", "before"),
    [
        (1, (H + 2, W + 2), (1, 1)),
        ([1, 2], (H + 2, W + 4), (1, 2)),
        ([[0, 1], [2, 3]], (H + 1, W + 5), (0, 2)),
        ([3, [0, 1]], (H + 6, W + 1), (3, 0)),
    ],
)
def test_zero_padding_and_cropping(padding: Any, out: tuple, before: tuple) -> None:
    facts = apply("ZeroPadding2D", (N, H, W, 3), padding=padding)
    assert facts.outputs == ((N, *out, 3),)
    assert facts.window == tuple(Window(1, before=amount) for amount in before)
    assert cost(facts) == NOTHING
    back = apply("Cropping2D", facts.outputs[0], cropping=padding)
    assert back.outputs == ((N, H, W, 3),)
    assert back.window == tuple(Window(1, before=-amount) for amount in before)
    assert back.needs == ()
    first = apply("ZeroPadding2D", (N, 3, H, W), padding=padding, data_format=FIRST)
    assert first.outputs == ((N, 3, *out),)


def test_one_axis_takes_a_pair() -> None:
    assert apply("ZeroPadding1D", (N, T, 3), padding=[2, 0]).outputs == ((N, T + 2, 3),)
    facts = apply("Cropping1D", (N, T, 3), cropping=[2, 0])
    assert facts.outputs == ((N, T - 2, 3),)
    (need,) = facts.needs
    assert [holds(need, T=length) for length in (2, 3)] == [False, True]


def test_up_sampling_repeats() -> None:
    facts = apply("UpSampling2D", (N, H, 7, 3), size=[2, 3])
    assert facts.outputs == ((N, 2 * H, 21, 3),)
    assert facts.window == (Window(2, before=1, up=2), Window(3, before=2, up=3))
    assert cost(facts) == NOTHING
    assert apply("UpSampling1D", (N, T, 3)).outputs == ((N, 2 * T, 3),)
    assert apply("UpSampling3D", (N, 3, H, H, H), data_format=FIRST).outputs == ((N, 3, 2 * H, 2 * H, 2 * H),)


@each(("interpolation", "ops"), [("nearest", 0), ("bilinear", 7), ("bicubic", 31), ("lanczos3", 71)])
def test_interpolation_costs_a_product_a_sample(interpolation: str, ops: int) -> None:
    facts = apply("UpSampling2D", (N, 4, 4, 3), interpolation=interpolation)
    assert facts.ops == ops * 8 * 8 * 3
    assert cost(facts)[2:] == NOTHING[2:]
    assert apply("Resizing", (N, 4, 4, 3), height=8, width=8, interpolation=interpolation).ops == facts.ops


def test_resizing() -> None:
    facts = apply("Resizing", (N, H, W, 3), height=224, width=224)
    assert (facts.outputs, facts.window, facts.status) == (((N, 224, 224, 3),), NOT_FOLLOWED, "exact")
    assert facts.dtype is None
    assert apply("Resizing", (N, H, W, 3), height=224, width=224, antialias=True).ops is UNKNOWN
    assert apply("Resizing", (N, H, W, 3), height=224, width=224, pad_to_aspect_ratio=True).status == "bound"


def test_centre_crop() -> None:
    facts = apply("CenterCrop", (N, 10, 9, 3), height=4, width=4)
    assert (facts.outputs, facts.ops) == (((N, 4, 4, 3),), 0)
    assert facts.window == (Window(1, before=-3), Window(1, before=-2))
    small = apply("CenterCrop", (N, 10, 3, 3), height=4, width=4)
    assert (small.outputs, small.ops, small.window) == (((N, 4, 4, 3),), 7 * 4 * 4 * 3, NOT_FOLLOWED)
    either = apply("CenterCrop", (N, H, 9, 3), height=4, width=4)
    assert (either.outputs, either.ops) == (((N, 4, 4, 3),), UNKNOWN)
    assert either.needs == ()


@each(
    ("name", "shape", "fields", "code", "field", "message"),
    [
        (
            "Reshape",
            (N, 4, 5),
            {"target_shape": [3, -1]},
            "SHP211",
            ("target_shape",),
            "Reshape to (3, -1) needs the same number of elements, got (N, 4, 5)",
        ),
        (
            "Reshape",
            (N, 4, 5),
            {"target_shape": [21]},
            "SHP211",
            (),
            "Reshape to (21,) needs the same number of elements, got (N, 4, 5)",
        ),
        (
            "Reshape",
            (N, 4, 5),
            {"target_shape": [-1, -1]},
            "CFG113",
            ("target_shape",),
            "Reshape can find one size, got -1 at 2 places of target_shape",
        ),
        (
            "Reshape",
            (N, 4, 5),
            {"target_shape": [-2, 4]},
            "CFG102",
            ("target_shape", 0),
            "`target_shape` must be a positive integer or -1, got -2",
        ),
        (
            "Permute",
            (N, 4, 5),
            {"dims": [0, 1]},
            "CFG114",
            ("dims",),
            "`dims` must hold each number from 1 to 2 once, got [0, 1]",
        ),
        (
            "Permute",
            (N, 4, 5),
            {"dims": [1]},
            "SHP204",
            (),
            "Permute needs an input of rank 2 (batch axis included), got (N, 4, 5)",
        ),
        (
            "RepeatVector",
            (N, 4, 5),
            {"n": 2},
            "SHP204",
            (),
            "RepeatVector needs an input of rank 2 (batch axis included), got (N, 4, 5)",
        ),
        (
            "Cropping2D",
            (N, 4, 5, 3),
            {"cropping": [1, [2, 3]]},
            "SHP210",
            (),
            "Cropping2D takes 5 positions off axis 2 and must leave one, got (N, 4, 5, 3)",
        ),
        (
            "Resizing",
            (N, 4, 5, 3),
            {"height": 4, "width": 4, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
            "CFG116",
            ("pad_to_aspect_ratio",),
            "Resizing cannot both crop and pad to the aspect ratio, got true for both",
        ),
        (
            "UpSampling2D",
            (N, 4, 5, 3),
            {"interpolation": "linear"},
            "CFG102",
            ("interpolation",),
            "`interpolation` must be one of nearest, bilinear, bicubic, lanczos3, lanczos5, got 'linear'",
        ),
    ],
)
def test_refusals(name: str, shape: tuple, fields: dict[str, Any], code: str, field: tuple, message: str) -> None:
    problem = refusal(name, shape, **fields)
    assert (problem.code, problem.field, str(problem)) == (code, field, message)


@pytest.mark.parametrize("name", TYPES)
def test_a_formula_with_a_number_put_in_is_the_number(name: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(TYPES[name](name), st.data())
    def check(case: tuple, data: st.DataObject) -> None:
        fields, shape = case
        numbers = [data.draw(st.integers(1, 12)) if dim is None else dim for dim in shape]
        symbolic = [data.draw(st.booleans()) for _ in shape]
        assume(any(symbolic))
        x = (N, *(Symbol(f"d{i}").dim if free else numbers[i] for i, free in enumerate(symbolic)))
        values = {f"d{i}": number for i, number in enumerate(numbers)}
        try:
            formula = apply(name, x, **fields)
        except Problem:
            formula = None
        try:
            number = apply(name, (N, *numbers), **fields)
        except Problem:
            assert formula is None or not all(holds(need, **values) for need in formula.needs)
            return
        assert formula is not None
        assert all(holds(need, **values) for need in formula.needs)
        left, right = put(formula, **values), put(number)
        if name == "CenterCrop" and formula.ops is UNKNOWN:  # it is cut, or resized
            assert left["outputs"] == right["outputs"]
            return
        if left["ops"] is UNKNOWN and right["ops"] is not UNKNOWN:  # a formula of more terms than formulas may have
            assert name in {"AdaptiveMaxPooling3D", "AdaptiveAveragePooling3D"}
            assert sum(symbolic) > 1
            right["ops"] = UNKNOWN
        if name.startswith("Adaptive") or name in {"Reshape", "Resizing"}:  # what a formula leaves open is bounded
            assert left.pop("window") in {EVERYTHING, NOT_FOLLOWED, right.pop("window")}
        assert left == right

    check()
