"""Windows: every count against one that enumerates the places, and against PyTorch's arithmetic; what is padded."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnsum.diagnostics import Problem
from cnnsum.dims import Symbol, substitute
from cnnsum.layers.arithmetic.slide import Padding, Sliding, padded_copy, slide, unslide
from cnnsum.layers.requiring import set_aside
from tests.thorough import each

H = Symbol("H", minimum=12)
CASES = list(itertools.product((1, 2, 3, 5), (1, 2, 3), (1, 2), ((0, 0), (1, 1), (0, 2), (2, 1)), (False, True)))
SMALL = st.integers(1, 4)


def counted(length: int, kernel: int, stride: int, dilation: int, before: int, after: int, *, ceil: bool) -> int:
    """The windows that there are, place by place.

    They begin every `stride` positions of the padded input and end inside of it. With `ceil` they go on until one
    reaches the end or would begin beyond the input itself.
    """
    span = (kernel - 1) * dilation + 1
    ends = length + before + after
    if not ceil:
        return sum(start + span <= ends for start in range(0, ends + 1, stride))
    if ends <= span - stride:
        return 0
    count = 1
    while (count - 1) * stride + span < ends and count * stride < length + before:
        count += 1
    return count


@given(
    length=st.integers(1, 20),
    kernel=SMALL,
    stride=SMALL,
    dilation=st.integers(1, 3),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
    ceil=st.booleans(),
)
def test_pads_and_rounding(
    length: int, kernel: int, stride: int, dilation: int, before: int, after: int, ceil: bool
) -> None:
    span = (kernel - 1) * dilation + 1
    assume(before < span and after < span)
    # What PyTorch allows of a window that ends beyond the input: half of it may be padding.
    assume(not ceil or (before <= span // 2 and after <= span // 2))
    sliding = Sliding("Pool", (kernel,), (stride,), (dilation,), ((before, after),), None, ceil=ceil)
    wanted = counted(length, kernel, stride, dilation, before, after, ceil=ceil)
    symbolic, _ = slide((1, Symbol("T").dim, 8), sliding)
    needs = set_aside()
    legal = all(substitute(need.left, {"T": length}) >= substitute(need.right, {"T": length}) for need in needs)
    if not wanted:
        assert not legal
        with pytest.raises(Problem, match="needs at least"):
            slide((1, length, 8), sliding)
        return
    (out,), (window,) = slide((1, length, 8), sliding)
    assert out == wanted
    assert (window.before, window.stride, window.dilation, window.size) == (before, stride, dilation, kernel)
    assert legal
    assert substitute(symbolic[0], {"T": length}) == out


@each("layout", ["channels_last", "channels_first"])
@each("axes", [1, 2, 3])
def test_one_rule_for_every_rank_and_layout(axes: int, layout: str) -> None:
    lengths = (9, 10, 11)[:axes]
    pads = ((1, 0), (2, 2), (0, 3))[:axes]
    x = (1, *lengths, 8) if layout == "channels_last" else (1, 8, *lengths)
    sliding = Sliding("Pool", (3,) * axes, (2,) * axes, (1,) * axes, pads, layout)
    out, windows = slide(x, sliding)
    assert out == (4, 6, 6)[:axes]
    assert [window.before for window in windows] == [1, 2, 0][:axes]


@each(
    ("padding", "length", "kept"),
    [
        ("valid", 10, None),
        ("same", 10, None),
        (((1, 1),), 10, None),  # as many on both sides are part of the convolution
        (((1, 0),), 10, 11),
        (((0, 4),), 10, 14),
        ("causal", 10, 12),
    ],
)
def test_zeros_of_two_lengths_are_a_copy(padding: Padding, length: int, kept: int | None) -> None:
    copies = padded_copy((1, length, 8), Sliding("Conv", (3,), (1,), (1,), padding, None))
    assert [copy.shape for copy in copies] == ([] if kept is None else [(1, kept, 8)])


@given(length=st.integers(1, 9), kernel=SMALL, stride=SMALL, cut=st.integers(0, 2), end=st.integers(0, 2))
def test_a_transposed_convolution_undoes_the_lengths_of_one(
    length: int, kernel: int, stride: int, cut: int, end: int
) -> None:
    """What comes out is an input of which the convolution with the same pads makes this length."""
    pads: Padding = ((cut, end),)
    assume((length - 1) * stride + kernel - cut - end >= 1)
    (out,), (window,) = unslide((1, length, 8), Sliding("Back", (kernel,), (stride,), (1,), pads, None), None)
    again, _ = slide((1, out, 8), Sliding("Conv", (kernel,), (stride,), (1,), pads, None))
    assert again == (length,)
    assert window.before == kernel - 1 - cut


def test_a_transposed_convolution_may_have_nothing_left() -> None:
    sliding = Sliding("Back", (2,), (1,), (1,), ((1, 1),), None)
    with pytest.raises(Problem, match="with this padding needs more positions on axis 1"):
        unslide((1, 1, 8), sliding, None)


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
