"""PyTorch's modules that move, pad, resize and shuffle: shapes, windows and what is refused, worked by hand."""

from __future__ import annotations

import pytest

from cnnsum.diagnostics import Problem
from cnnsum.layers.facts import EVERYTHING, Window
from tests.layers.applying import NAMES, N, holds
from tests.layers.torch_applying import apply
from tests.thorough import each

H, C, T = NAMES["H"], NAMES["C"], NAMES["T"]


def test_flatten_and_back():
    facts = apply("Flatten", (N, 3, 4, 5))
    assert (facts.outputs, facts.alias, facts.window) == (((N, 60),), "view", EVERYTHING)
    assert apply("Flatten", (N, 3, 4, 5), start_dim=2).outputs == ((N, 3, 20),)
    assert apply("Flatten", (N, 3, 4, 5), start_dim=0, end_dim=1).outputs == ((3 * N, 4, 5),)
    assert apply("Unflatten", (N, 60), dim=1, unflattened_size=[3, -1]).outputs == ((N, 3, 20),)


def test_pads_begin_with_the_last_axis():
    facts = apply("ZeroPad2d", (N, 3, 8, 8), padding=[1, 2, 3, 4])
    assert facts.outputs == ((N, 3, 15, 11),)
    assert facts.window == (Window(1, before=3), Window(1, before=1))
    assert apply("ConstantPad3d", (N, 1, 4, 4, 4), padding=1, value=0.5).outputs == ((N, 1, 6, 6, 6),)
    assert apply("ConstantPad1d", (N, 3, T), padding=[-1, 4], value=0).outputs == ((N, 3, T + 3),)
    assert apply("ReflectionPad1d", (N, 3, 4), padding=3).keeps_input


def test_a_mirror_needs_a_sample_more_than_its_border():
    (need,) = apply("ReflectionPad1d", (N, 3, T), padding=[2, 0]).needs
    assert holds(need, T=3)
    assert not holds(need, T=2)


@each(
    ("fields", "lengths", "each"),
    [
        ({"scale_factor": 2}, (16, 12), 0),
        ({"scale_factor": [1.5, 0.5], "mode": "bilinear"}, (12, 3), 7),
        ({"size": 5, "mode": "bicubic"}, (5, 5), 31),
        ({"size": [4, 9], "mode": "nearest-exact"}, (4, 9), 0),
    ],
)
def test_upsample(fields: dict[str, object], lengths: tuple[int, int], each: int):
    facts = apply("Upsample", (N, 3, 8, 6), **fields)
    assert facts.outputs == ((N, 3, *lengths),)
    assert facts.ops == each * 3 * lengths[0] * lengths[1]


def test_upsample_of_open_sizes_and_to_areas():
    assert apply("Upsample", (N, 3, H, H), scale_factor=2).window == (Window(2, 1, 1, 1, 2),) * 2
    assert apply("UpsamplingBilinear2d", (N, 3, H, 8), scale_factor=0.5).outputs == ((N, 3, H // 2, 4),)
    assert apply("Upsample", (N, 3, 8, 8), size=4, mode="area").ops == 3 * 64


def test_shuffles():
    facts = apply("PixelShuffle", (N, 12, 5, 7), upscale_factor=2)
    assert (facts.outputs, facts.window) == (((N, 3, 10, 14),), (Window(2, 1, 1, 1, 2),) * 2)
    facts = apply("PixelUnshuffle", (N, 3, 10, 14), downscale_factor=2)
    assert (facts.outputs, facts.window) == (((N, 12, 5, 7),), (Window(2, 2),) * 2)
    assert apply("ChannelShuffle", (N, 12, 5, 5), groups=3).outputs == ((N, 12, 5, 5),)


@each(
    ("name", "shape", "fields", "words"),
    [
        ("Flatten", (N, 3, 4), {"start_dim": 2, "end_dim": 1}, "the last comes before the first"),
        ("Flatten", (N, 3), {"start_dim": 2}, "no axis 2"),
        ("Unflatten", (N, 10), {"dim": 1, "unflattened_size": [3, -1]}, "same number of elements"),
        ("ZeroPad2d", (N, 3, 8, 8), {"padding": [1, 2]}, "a list of 4"),
        ("ZeroPad1d", (N, 3, 4), {"padding": -2}, "must leave a position"),
        ("ZeroPad1d", (N, 3, 4), {"padding": [-5, 9]}, "takes 5 positions off"),
        ("ReflectionPad2d", (N, 3, 4, 4), {"padding": 4}, "a border of 4 needs at least 5 positions on axis 3"),
        ("ReplicationPad2d", (N, 3, 4, 4, 4), {"padding": 1}, "rank 3 or 4"),
        ("CircularPad1d", (N, 3, 4), {"padding": 5}, "a border of 5 needs at least 5"),
        ("Upsample", (N, 3, 4, 4), {}, "got neither"),
        ("Upsample", (N, 3, 4, 1), {"scale_factor": 0.6}, "must leave a position"),
        ("Upsample", (N, 3, 4, 4), {"size": 2, "scale_factor": 2}, "got both"),
        ("Upsample", (N, 3, 4, 4), {"size": [2, 2, 2]}, "for each axis of space"),
        ("Upsample", (N, 3, 4, 4), {"size": 2, "mode": "linear"}, "rank 3"),
        ("Upsample", (N, 3, 4, 4), {"size": 2, "align_corners": True}, "linear and cubic modes"),
        ("Upsample", (N, 3, 4, 4), {"size": 2, "recompute_scale_factor": True}, "got a size"),
        ("Upsample", (N, 3, 4, 4), {"scale_factor": 0.2}, "must leave a position"),
        ("PixelShuffle", (N, 6, 4, 4), {"upscale_factor": 2}, "a multiple of 4"),
        ("PixelUnshuffle", (N, 6, 4, 5), {"downscale_factor": 2}, "a multiple of 2 on axis 3"),
        ("PixelShuffle", (N, 4), {"upscale_factor": 2}, "rank 3 or more"),
        ("ChannelShuffle", (N, 4, 4), {"groups": 3}, "a multiple of 3"),
    ],
)
def test_what_is_refused(name: str, shape: tuple[int, ...], fields: dict[str, object], words: str):
    with pytest.raises(Problem) as found:
        apply(name, shape, **fields)
    assert words in str(found.value)
