"""The arithmetic of windows against PyTorch's own layers: pads, rounding up, dilation, groups, in every rank.

Lengths, parameters and multiply-accumulates; what PyTorch refuses must be refused.
"""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs PyTorch
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402 - as above

from cnnsum.diagnostics import Problem  # noqa: E402 - as above
from cnnsum.layers.arithmetic.convolution import convolve, convolve_transposed, kernel_and_bias  # noqa: E402 - as above
from cnnsum.layers.arithmetic.pooling import pool  # noqa: E402 - as above
from cnnsum.layers.arithmetic.slide import Sliding  # noqa: E402 - as above
from cnnsum.layers.facts import Facts  # noqa: E402 - as above

CASES = 150


def drawn(seed: int, axes: int) -> tuple[random.Random, tuple[tuple[int, ...], ...]]:
    """Lengths, kernels, strides and dilations."""
    draw = random.Random(seed)
    ranges = ((1, 12), (1, 4), (1, 4), (1, 3))
    return draw, tuple(tuple(draw.randint(*between) for _ in range(axes)) for between in ranges)


def both(pads: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((pad, pad) for pad in pads)


def shape_of(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return tuple(module(torch.zeros(shape)).shape)
    except RuntimeError:
        return None


def ours(rule: object, *arguments: object, **more: object) -> Facts | None:
    try:
        return rule(*arguments, **more)
    except Problem:
        return None


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_pooling(axes: int, largest: bool) -> None:
    refused = 0
    for seed in range(CASES):
        draw, (lengths, kernel, strides, dilation) = drawn(seed, axes)
        ceil = draw.random() < 0.5
        if not largest:
            dilation = (1,) * axes
        pads = tuple(draw.randint(0, size // 2) for size in kernel)
        fields = {"padding": pads, "ceil_mode": ceil} | ({"dilation": dilation} if largest else {})
        module = getattr(nn, f"{'Max' if largest else 'Avg'}Pool{axes}d")(kernel, strides, **fields)
        x = (2, 3, *lengths)
        sliding = Sliding("Pool", kernel, strides, dilation, both(pads), "channels_first", ceil=ceil)
        facts, theirs = ours(pool, x, sliding, largest=largest), shape_of(module, x)
        if axes == 3 and not largest and any(map(int.__lt__, lengths, kernel)):
            assert theirs is None  # a rule of this layer alone: it counts no padding to an input that is too small
            refused += 1
            continue
        assert (facts and facts.outputs[0]) == theirs, (x, module)
        refused += theirs is None
    assert 0 < refused < CASES * 2 // 3


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_convolution(axes: int) -> None:
    refused = 0
    for seed in range(CASES):
        draw, (lengths, kernel, strides, dilation) = drawn(seed, axes)
        pads = tuple(draw.randint(0, 3) for _ in kernel)
        groups, bias = draw.choice((1, 2, 4)), draw.random() < 0.5
        module = getattr(nn, f"Conv{axes}d")(4, 8, kernel, strides, pads, dilation, groups, bias)
        x = (1, 4, *lengths)
        sliding = Sliding("Conv", kernel, strides, dilation, both(pads), "channels_first")
        facts = ours(
            convolve,
            x,
            sliding,
            8,
            groups,
            None,
            bias,
            lambda depth: kernel_and_bias((*kernel, depth, 8), 8, bias),  # noqa: B023 - called at once
        )
        refused += check(facts, module, x)
    assert 0 < refused < CASES * 2 // 3


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_transposed_convolution(axes: int) -> None:
    refused = 0
    for seed in range(CASES):
        draw, (lengths, kernel, strides, dilation) = drawn(seed, axes)
        pads = tuple(draw.randint(0, 3) for _ in kernel)
        extra = tuple(draw.randint(0, max(stride - 1, 0)) for stride in strides)
        groups, bias = draw.choice((1, 2, 4)), draw.random() < 0.5
        module = getattr(nn, f"ConvTranspose{axes}d")(4, 8, kernel, strides, pads, extra, groups, bias, dilation)
        x = (1, 4, *lengths)
        sliding = Sliding("Back", kernel, strides, dilation, both(pads), "channels_first")
        facts = ours(
            convolve_transposed,
            x,
            sliding,
            8,
            groups,
            extra,
            None,
            bias,
            lambda depth: kernel_and_bias((*kernel, 8 // groups, depth), 8, bias),  # noqa: B023 - called at once
        )
        refused += check(facts, module, x)
    assert 0 < refused < CASES * 2 // 3


def check(facts: Facts | None, module: nn.Module, x: tuple[int, ...]) -> bool:
    """Whether both refuse; else shape, parameters and products must be the same."""
    theirs = shape_of(module, x)
    if theirs is not None and 0 in theirs:
        theirs = None  # PyTorch hands on a tensor without elements, which no later layer can take
    assert (facts and facts.outputs[0]) == theirs, (x, module)
    if facts is None:
        return True
    held = [weight.shape for weight in facts.weights]
    assert sum(torch.Size(shape).numel() for shape in held) == sum(weight.numel() for weight in module.parameters())
    with FlopCounterMode(display=False) as counter:
        module(torch.zeros(x))
    assert counter.get_total_flops() == 2 * facts.macs, (x, module)
    return False
