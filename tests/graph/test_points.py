"""Sizes at which claims of a file are tried: those that the network accepts."""

from __future__ import annotations

import cnnsum
from cnnsum.dims import Symbol
from cnnsum.graph.infer import Inference
from cnnsum.graph.points import Points

SPEC = "framework: torch\ninput: [3, H, W]\nlayers: [PixelUnshuffle: 2, {Conv2d: [12, 4, 3]}]\n"


def inference() -> Inference:
    return cnnsum.loads(SPEC).inference


def test_sizes_that_must_be_multiples_are_tried() -> None:
    points, size = Points(inference()), Symbol("H").dim
    assert not points.agree(size, size // 2)
    assert points.agree(2 * (size // 2), size)  # at the sizes that are accepted alone
    assert not points.agree(size, Symbol("W").dim)


def test_what_is_equal_anyway_needs_no_point() -> None:
    size = Symbol("H").dim
    assert Points(inference()).agree(size + size, 2 * size)
