"""PyTorch's functions between modules: shapes, work and what is kept, worked by hand."""

from __future__ import annotations

import pytest

from cnnsum.diagnostics import Problem
from cnnsum.layers.facts import Kept, Shape
from tests.layers.applying import NAMES, N
from tests.layers.torch_applying import apply
from tests.thorough import each

H, C, T = NAMES["H"], NAMES["C"], NAMES["T"]


def test_sums_and_products_of_two_or_of_a_number():
    facts = apply("add", (N, 8, 4, 4), (N, 8, 1, 1))
    assert (facts.outputs, facts.ops, facts.gradient, facts.keeps_input) == (((N, 8, 4, 4),), 128, "same", False)
    assert apply("sub", (N, 8), (N, 8), alpha=2).ops == 16
    assert apply("mul", (N, 8), (N, 8)).keeps_input == "factors"
    assert apply("mul", (N, 8), other=0.5).keeps_input is False
    assert apply("div", (N, 8), (N, 8)).keeps_input is True
    assert apply("maximum", (N, 8), (N, 1)).outputs == ((N, 8),)


def test_products_of_matrices():
    facts = apply("matmul", (N, 4, T, 16), (N, 4, 16, T))
    assert (facts.outputs, facts.macs) == (((N, 4, T, T),), 4 * 16 * T * T)
    assert apply("bmm", (N, 3, 5), (N, 5, 7)).macs == 3 * 5 * 7


def test_scaled_dot_product_attention():
    facts = apply("scaled_dot_product_attention", (N, 4, 10, 16), (N, 4, 12, 16), (N, 4, 12, 16))
    assert facts.outputs == ((N, 4, 10, 16),)
    assert facts.macs == 2 * 4 * 10 * 12 * 16
    assert (facts.keeps_input, facts.keeps_output) == (True, True)
    assert facts.kept == (Kept("log of sums", (N, 4, 10), "float32"),)


@each(
    ("name", "fields", "out", "ops"),
    [
        ("mean", {"dim": [2, 3]}, (N, 8), 8 * 16),
        ("mean", {"dim": [2, 3], "keepdim": True}, (N, 8, 1, 1), 8 * 16),
        ("sum", {"dim": 1}, (N, 4, 4), 8 * 16 - 16),
        ("amax", {"dim": [-2, -1]}, (N, 8), 8 * 16 - 8),
    ],
)
def test_reductions(name: str, fields: dict[str, object], out: Shape, ops: int):
    facts = apply(name, (N, 8, 4, 4), **fields)
    assert (facts.outputs, facts.ops) == ((out,), ops)


def test_max_along_an_axis_gives_indices_and_keeps_them():
    facts = apply("max", (N, 8, T), dim=1)
    assert (facts.outputs, facts.rest, facts.keeps_output) == (((N, T), (N, T)), "int64", "rest")
    assert facts.kept == ()
    assert apply("max", (N, 8), (N, 8)).outputs == ((N, 8),)


@each(
    ("name", "fields", "out"),
    [
        ("flatten", {"start_dim": 1}, (N, 60)),
        ("reshape", {"shape": [-1, 20]}, (3 * N, 20)),
        ("view", {"size": [-1, 3, 20]}, (N, 3, 20)),
        ("permute", {"dims": [0, 2, 3, 1]}, (N, 4, 5, 3)),
        ("transpose", {"dim0": 1, "dim1": -1}, (N, 5, 4, 3)),
        ("unsqueeze", {"dim": -1}, (N, 3, 4, 5, 1)),
        ("narrow", {"dim": 1, "start": -2, "length": 2}, (N, 2, 4, 5)),
        ("select", {"dim": 2, "index": -1}, (N, 3, 5)),
    ],
)
def test_views_share_the_storage_of_the_input(name: str, fields: dict[str, object], out: Shape):
    facts = apply(name, (N, 3, 4, 5), **fields)
    assert (facts.outputs, facts.alias) == ((out,), "view")


def test_joining_and_splitting():
    assert apply("cat", (N, 3, 4), (N, 5, 4), (N, 1, 4), dim=1).outputs == ((N, 9, 4),)
    assert apply("cat", (N, 4), (N, 4)).outputs == ((2 * N, 4),)
    assert apply("stack", (N, 4), (N, 4), dim=1).outputs == ((N, 2, 4),)
    assert apply("chunk", (N, 7), chunks=3, dim=1).outputs == ((N, 3), (N, 3), (N, 1))
    assert apply("split", (N, 7), split_size_or_sections=4, dim=1).outputs == ((N, 4), (N, 3))
    assert apply("split", (N, 7), split_size_or_sections=[2, 5], dim=1).outputs == ((N, 2), (N, 5))
    assert apply("repeat", (N, 3), repeats=[1, 2]).outputs == ((N, 6),)
    assert apply("expand", (N, 1), size=[-1, 6]).outputs == ((N, 6),)
    assert apply("roll", (N, 6), shifts=2, dims=1).outputs == ((N, 6),)


def test_pad_and_interpolate():
    assert apply("pad", (N, 3, 8), pad=[1, 2]).outputs == ((N, 3, 11),)
    assert apply("pad", (N, 3, 8), pad=[0, 0, 1, 1]).outputs == ((N, 5, 8),)
    assert apply("interpolate", (N, 3, 8, 8), scale_factor=2, mode="bilinear").ops == 7 * 3 * 256


@each(
    ("name", "shapes", "fields", "words"),
    [
        ("add", [(N, 3)], {}, "got neither"),
        ("mul", [(N, 3), (N, 3)], {"other": 2}, "got both"),
        ("add", [(N, 3), (N, 4)], {}, "equal or broadcastable"),
        ("bmm", [(N, 2, 3), (N, 4, 5)], {}, "as many columns as rows"),
        ("bmm", [(N, 3), (N, 3)], {}, "rank 3"),
        ("max", [(N, 3), (N, 3)], {"dim": 1}, "goes with one input"),
        ("view", [(5, 7)], {"size": [-1, 2, 2]}, "same number of elements"),
        ("permute", [(N, 3, 4)], {"dims": [0, 1]}, "each axis"),
        ("split", [(N, 7)], {"split_size_or_sections": [2, 4], "dim": 1}, "needs 6 on axis 1"),
        ("narrow", [(N, 7)], {"dim": 1, "start": -2, "length": 3}, "narrow from -2 by 3"),
        ("narrow", [(N, 7)], {"dim": 1, "start": 5, "length": 3}, "narrow from 5 by 3"),
        ("select", [(N, 7)], {"dim": 1, "index": 7}, "no element 7"),
        ("roll", [(N, 7)], {"shifts": [1, 2], "dims": 1}, "as many shifts as dims"),
        ("roll", [(N, 7)], {"shifts": [1, 2]}, "needs one shift"),
        ("pad", [(N, 3, 7)], {"pad": [1]}, "pairs of numbers"),
        ("pad", [(N, 3, 7)], {"pad": [7, 0], "mode": "reflect"}, "at least 8 positions"),
        ("interpolate", [(N, 3, 7)], {"size": 3, "antialias": True}, "bilinear and bicubic"),
    ],
)
def test_what_is_refused(name: str, shapes: list[Shape], fields: dict[str, object], words: str):
    with pytest.raises(Problem) as found:
        apply(name, *shapes, **fields)
    assert words in str(found.value)
