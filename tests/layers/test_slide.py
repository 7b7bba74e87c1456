"""How many positions a kernel has, and what is padded: against PyTorch's arithmetic and against counting."""

from __future__ import annotations

import itertools

import pytest

from cnnsum.dims import Symbol, substitute
from cnnsum.layers.arithmetic.pooling import _windows_total
from cnnsum.layers.arithmetic.slide import Sliding, padded_copy, slide

H = Symbol("H", minimum=12)
CASES = list(itertools.product((1, 2, 3, 5), (1, 2, 3), (1, 2), ((0, 0), (1, 1), (0, 2), (2, 1)), (False, True)))


def positions(length, span, stride, before, after, ceil):
    """`pooling_output_shape_pad_lr` of PyTorch, whose quotients are rounded down."""
    out = (length + before + after - span + (stride - 1 if ceil else 0)) // stride + 1
    return out - 1 if ceil and (out - 1) * stride >= length + before else out


@pytest.mark.parametrize("valid", [False, True])
def test_the_positions_are_those_of_pytorch(valid):
    for kernel, stride, dilation, pads, ceil in CASES:
        before, after = (0, 0) if valid else pads
        sliding = Sliding("p", (kernel,), (stride,), (dilation,), "valid" if valid else (pads,), None, ceil=ceil)
        span = (kernel - 1) * dilation + 1
        if max(before, after) > span // 2:
            continue  # PyTorch's pooling refuses it
        (formula,), _ = slide((1, H.dim, 3), sliding)
        for length in range(12, 26):
            (out,), (window,) = slide((1, length, 3), sliding)
            assert out == positions(length, span, stride, before, after, ceil) == substitute(formula, {"H": length})
            assert (window.before, window.stride) == (before, stride)
            if not ceil:
                assert out == len([n for n in range(-before, length + after, stride) if n + span <= length + after])


def test_what_is_padded_more_on_one_side_is_copied():
    def longer(padding, kernel, strides, *, length=5):
        kept = padded_copy((None, length, length, 4), Sliding("c", kernel, strides, (1, 1), padding, None))
        return [one.shape[1:3] for one in kept]

    assert longer("valid", (2, 2), (1, 1)) == []
    assert longer("same", (3, 3), (1, 1)) == []
    assert longer(((1, 1), (2, 2)), (3, 3), (1, 1)) == []
    assert longer(((1, 2), (0, 0)), (3, 3), (1, 1)) == [(8, 5)]
    # One zero for a span of 2 that moves by one; moved by two, 3 positions of 3 need 7, and 3 of 1 need what is there.
    assert longer("same", (2, 3), (1, 2)) == [(6, 7)]
    assert longer("same", (2, 1), (1, 2)) == [(6, 5)]
    assert longer("same", (2, 2), (1, 2), length=6) == [(7, 6)]


def test_windows_that_overlap_are_counted_sample_by_sample():
    for length, count in itertools.product(range(12, 40), range(1, 13)):
        borders = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
        expected = sum(end - start for start, end in borders)
        assert _windows_total(length, count) == (expected, True)
        total, exact = _windows_total(H.dim, count)
        assert (substitute(total, {"H": length}), exact) == (expected, True)
