"""Advice on kernels and strides: positions that nobody reads, borders that fall off, features that shift."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import lcm

from cnnsum.dims import at_least
from cnnsum.layers.meanings import promised, said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    BORDERS,
    KERNELS,
    POOLING,
    SLIDING,
    WINDOWED,
    field_for,
    phrase,
    role_of,
)
from cnnsum.rules.network import Network, known
from cnnsum.rules.steps import Axis, Step, leaps, steps_of

#: Below it an odd number is 1, which is said often: a kernel of one position, a stride that takes all.
_ODD = 3
#: A period of strides beyond this is nobody's network.
_LONGEST = 4096


@rule("ARC421", "warning")
def samples_that_nobody_reads(network: Network) -> Iterator[Finding]:
    """A stride that leaps over positions that no layer reads.

    Why: A kernel of 1 with a stride of 2 reads every second row and column, a quarter of all values. Where that is the
    only reader (or all others leap alike), three quarters were computed for nothing. Give the stride to a layer whose
    kernel covers it, as later versions of ResNet do with the 3x3 convolution of a bottleneck.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - Conv2D: {filters: 32, kernel_size: 1, strides: 2}

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, strides: 2, activation: relu}
          - Conv2D: {filters: 32, kernel_size: 1}
    """
    leaping = [call for call in network.of(WINDOWED) if leaps(call.facts.window)]
    for number in sorted({number for call in leaping for number in call.inputs}):
        readers = network.readers[number]
        if number in network.outputs or not all(role_of(reader.layer) in WINDOWED for reader in readers):
            continue
        if _is_part(network, number):
            continue
        steps = [steps_of(reader) or () for reader in readers]
        shape = network.values[number].shape or ()
        axes = network.axes_of_space(readers[0], len(shape))
        if any(network.axes_of_space(reader, len(shape)) != axes for reader in readers):
            continue
        for axis, along in zip(axes, zip(*steps, strict=False), strict=False):
            length = shape[axis]
            read, period = _read(along)
            if len(read) < period and along[0].stride > 1 and at_least(length, along[0].span + 1) is not False:
                layer = readers[0].layer
                yield Finding(
                    layer,
                    f"of every {period} positions along axis {axis} that `{layer.name}` is given, "
                    f"{period - len(read)} {'is' if period - len(read) == 1 else 'are'} never read",
                    "a kernel as large as the stride, or the stride in the layer before",
                    field_for(layer, "stride"),
                )
                break


def _is_part(network: Network, number: int) -> bool:
    """Whether a value is another one padded or cropped: a second reader of that may see what this one's does not."""
    maker = network.makers[number]
    while maker is not None and maker.inputs and role_of(maker.layer) in BORDERS:
        number = maker.inputs[0]
        if len(network.readers[number]) > 1 or number in network.outputs:
            return True
        maker = network.makers[number]
    return False


def _read(steps: tuple[Step, ...]) -> tuple[set[int], int]:
    """The positions of a period that any of some kernels along one axis reads, and the period."""
    period = lcm(*(step.stride for step in steps))
    if period > _LONGEST:
        return {0}, 1
    read: set[int] = set()
    for step in steps:
        for start in range(0, period, step.stride):
            read.update((start - step.before + step.dilation * tap) % period for tap in range(min(step.size, period)))
    return read, period


@rule("ARC422", "note")
def border_that_falls_off(network: Network) -> Iterator[Finding]:
    """A stride with padding "valid" that does not fit the size, so that the last rows or columns are not read.

    Why: A window that does not fit is left out, and with it up to a stride of positions at the right and at the bottom.
    What is seen there is lost, and sizes on the way back up (a decoder, a skip connection) differ by one. Padding that
    falls off is not meant.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 4}
          - MaxPooling2D: 2

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3}
          - MaxPooling2D: 2
    """
    for call in network.of(WINDOWED):
        if said(call.layer, "padding") != "valid" or not call.inputs:
            continue
        before = network.before(call)
        if len(network.readers[call.inputs[0]]) > 1 or (before is not None and role_of(before.layer) in BORDERS):
            continue
        for axis, length, out, step in network.axes(call):
            lost = length - (out - 1) * step.stride - step.span
            if step.stride > 1 and lost > 0:
                yield Finding(
                    call.layer,
                    f"`{call.layer.name}` does not read the last {lost} of {length} positions of axis {axis}",
                    f"another size before it, or {phrase(call.layer, 'padding that fits')}",
                    field_for(call.layer, "stride" if said(call.layer, "stride") is not None else "kernel"),
                )
                break


@rule("ARC423", "note")
def features_that_shift(network: Network) -> Iterator[Finding]:
    """Padding "same" that cannot be split evenly, in a layer with a kernel.

    Why: Where the padding is odd, the end gets one zero more than the beginning: every feature moves by half a
    position, once for each such layer. A kernel of even size does that at stride 1, any kernel at a stride that leaves
    an odd rest, such as 3 at stride 2 on an even size. Weights from PyTorch, which pads evenly, then see another
    picture. Keras's own networks put a `ZeroPadding2D` before such a layer.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 4, padding: same}

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same}
    """
    for call in network.of(SLIDING):
        if said(call.layer, "padding") != "same":
            continue
        uneven = _uneven(network.axes(call))
        if uneven is not None:
            (axis, _, _, step), padding = uneven
            yield Finding(
                call.layer,
                f"`{call.layer.name}` pads axis {axis} by {step.before} before and {padding - step.before} after: "
                f"features shift by half a position",
                "an odd kernel" if step.stride == 1 else phrase(call.layer, "padding before"),
                "padding",
            )


@lru_cache(1 << 10)
def _uneven(axes: tuple[Axis, ...]) -> tuple[Axis, int] | None:
    """The first axis along which "same" pads one side more than the other, and its padding."""
    for axis in axes:
        padding = (axis.out - 1) * axis.step.stride + axis.step.span - axis.length
        if padding > 0 and padding % 2 and axis.length > 1:
            return axis, padding
    return None


@rule("ARC424", "warning")
def stride_of_one_sample(network: Network) -> Iterator[Finding]:
    """A pooling that has one position to pool, or whose window is a single position.

    Why: The largest or the mean of one number is that number. Such a layer stands where the picture has become too
    small for it, or where a size was forgotten.

    Fails:

        input: [4, 4, 8]
        layers:
          - MaxPooling2D: 4
          - MaxPooling2D: {pool_size: 2, padding: same}

    Passes:

        input: [8, 8, 8]
        layers:
          - MaxPooling2D: 4
          - MaxPooling2D: {pool_size: 2, padding: same}
    """
    for call in network.of(POOLING):
        steps = network.axes(call)
        rank = len(call.facts.window) if isinstance(call.facts.window, tuple) else 0
        if not steps or len(steps) < rank:
            continue
        if all(length == 1 for _, length, _, _ in steps):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` has one position to pool: it gives its input",
                "leave it out, or a larger input",
            )
        elif all(step.size == 1 and step.stride == 1 for _, _, _, step in steps):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` pools windows of one position: it gives its input",
                f"a `{field_for(call.layer, 'kernel')}` of at least 2",
                field_for(call.layer, "kernel"),
            )


@rule("ARC425", "note")
def dilation_of_one(network: Network) -> Iterator[Finding]:
    """A dilation along an axis on which the kernel is 1.

    Why: A dilation spreads the positions that a kernel reads apart. A kernel of 1 reads one position, and there is
    nothing to spread.

    Fails:

        input: [32, 32, 8]
        layers:
          - Conv2D: {filters: 16, kernel_size: 1, dilation_rate: 2}

    Passes:

        input: [32, 32, 8]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, dilation_rate: 2}
    """
    for call in network.of(SLIDING):
        rates = said(call.layer, "dilation") or ()
        if all(rate == 1 for rate in rates):
            continue
        pairs = list(zip(promised(said(call.layer, "kernel")), rates, strict=False))
        spread = [kernel for kernel, rate in pairs if known(rate) and rate > 1]
        if spread and all(kernel == 1 for kernel in spread):
            yield Finding(
                call.layer,
                f"the dilation of `{call.layer.name}` has no effect: its kernel is 1",
                "a larger kernel, or no dilation",
                field_for(call.layer, "dilation"),
            )


@rule("ARC426", "warning")
def stride_by_position(network: Network) -> Iterator[Finding]:
    """A stride of 3 or more, given by its place behind a kernel of one number, both of them odd: `Conv2D: [32, 3, 3]`.

    Why: Values in a list are fields in their order: the number behind the kernel is the stride. `[32, 3, 3]` is no
    kernel of 3 x 3 but one of 3 x 3 at stride 3, which makes the map a ninth of what it was. A kernel of one number is
    square already. Even numbers (patches of 4 x 4 or 16 x 16 that do not overlap) and kernels along one axis are not
    meant; nor is a stride that is given by name.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: [16, 3, 3]

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: [16, 3]
    """
    for call in network.of(KERNELS):
        layer = call.layer
        names = None if layer.place is None else layer.place.positional
        if layer.place is None or not isinstance(names, tuple):
            continue
        axes, wanted = len(promised(said(layer, "kernel"))), (field_for(layer, "kernel"), field_for(layer, "stride"))
        # Where the channels of the input come first, numbers in their order are how everybody writes a layer.
        if axes < 2 or not set(wanted) <= set(names) or names.index(wanted[0]) > 1:
            continue
        values = layer.place.document.at(layer.place.fields)
        kernel, stride = (values[names.index(name)] for name in wanted)
        if type(kernel) is int and type(stride) is int and kernel % 2 and stride % 2 and min(kernel, stride) >= _ODD:
            by = " x ".join([str(kernel)] * axes)
            yield Finding(
                layer,
                f"the {stride} behind the kernel of `{layer.name}` is its stride: a kernel of {by} at stride {stride}",
                f"leave it out, or `{wanted[1]}: {stride}` by name if that is meant",
                wanted[1],
            )
