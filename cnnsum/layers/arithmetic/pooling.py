"""Pooling: the maximum or the mean of windows, of whole axes, and of as many windows as an output is to have.

One rule each for one, two and three axes. Names no layer type.
"""

from __future__ import annotations

from math import gcd

from cnnsum.dims import UNKNOWN, Dim, ceil_div, divides, prod
from cnnsum.layers.arithmetic.slide import Sizes, Sliding, arrange, channels, slide, spatial
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Kept, Layout, Reach, Shape, Window, less, size


def pool(x: Shape, sliding: Sliding, *, largest: bool) -> Facts:
    """The largest or the mean of each window, per channel."""
    lengths, window = slide(x, sliding)
    depth = channels(x, sliding.layout)
    out = arrange(x[0], lengths, depth, sliding.layout)
    reads = prod(sliding.kernel)
    return Facts(
        out,
        ops=prod(lengths) * depth * (reads - 1 if largest else reads),
        keeps_input=True,
        kept=(Kept("indices", out, "int64"),) if largest else (),
        window=window,
    )


def with_indices(facts: Facts) -> Facts:
    """The same pooling with the indices of the maxima as a second output, which backpropagation then keeps as that."""
    (out,) = facts.outputs
    facts.outputs = (out, out)
    facts.rest = "int64"
    facts.kept = ()
    facts.keeps_output = "rest"
    return facts


def pool_whole(what: str, x: Shape, axes: int, layout: Layout | None, keepdims: bool, *, largest: bool) -> Facts:
    """The largest or the mean of all positions, per channel."""
    spatial(x, axes, layout, what)
    depth = channels(x, layout)
    out = arrange(x[0], (1,) * axes, depth, layout) if keepdims else (x[0], depth)
    return Facts(
        out,
        ops=less(size(x), depth) if largest else size(x),
        kept=(Kept("indices", out, "int64"),) if largest else (),
        window=EVERYTHING,
    )


def pool_adaptive(what: str, x: Shape, output_size: Sizes, layout: Layout | None, *, largest: bool) -> Facts:
    """The largest or the mean of `output_size` windows that cover the input, per channel."""
    lengths = spatial(x, len(output_size), layout, what)
    depth = channels(x, layout)
    out = arrange(x[0], output_size, depth, layout)
    reads: Dim = depth
    exact = True
    for length, count in zip(lengths, output_size, strict=True):
        along, known = _windows_total(length, count)
        reads = reads * along
        exact = exact and known
    whole = all(count == 1 for count in output_size)
    return Facts(
        out,
        ops=less(reads, size(out)) if largest else reads,
        # PyTorch turns an adaptive mean of one window into `torch.mean`, which keeps nothing.
        keeps_input=largest or not whole,
        kept=(Kept("indices", out, "int64"),) if largest else (),
        window=EVERYTHING if whole else _even_windows(lengths, output_size),
        status="exact" if exact else "bound",
    )


def _windows_total(length: Dim, count: Dim) -> tuple[Dim, bool]:
    """The positions in all `count` windows together, and whether that is exact.

    Window `i` reads from `floor(i * n / count)` to `ceil((i + 1) * n / count)`. Summed up, every border that is not
    between two positions is read twice: `n + count - gcd(n, count)`. For a formula `n`, the gcd is the sum of
    `phi(d)` over the divisors `d` of `count` that divide `n`.
    """
    if length is UNKNOWN or divides(count, length):
        return length, True
    if not isinstance(count, int) or count > _MOST_WINDOWS:
        return length + count - 1, False
    if isinstance(length, int):
        return length + count - gcd(length, count), True
    total = length + count
    for divisor in range(1, count + 1):
        if count % divisor == 0:
            coprime = sum(gcd(number, divisor) == 1 for number in range(divisor))
            total = total - coprime * (1 - (ceil_div(length, divisor) - length // divisor))
    return total, True


_MOST_WINDOWS = 1024


def _even_windows(lengths: Shape, output_size: Sizes) -> Reach:
    """Windows side by side where every axis is a multiple of its count; others are not followed."""
    if not all(divides(count, length) for length, count in zip(lengths, output_size, strict=True)):
        return NOT_FOLLOWED
    steps = [length // count for length, count in zip(lengths, output_size, strict=True)]
    return tuple(Window(step, step) for step in steps)
