"""Advice on what kernels see together: uneven overlap, grids of dilated kernels, weights that see only padding."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod

from cnnsum.analyses.field.seen import ITSELF, Seen, through
from cnnsum.graph.infer import Call
from cnnsum.layers.facts import Window
from cnnsum.layers.meanings import promised, said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    DROPOUT,
    NORMALIZATIONS,
    SLIDING,
    TRANSPOSED,
    field_for,
    is_activation,
    phrase,
    role_of,
)
from cnnsum.rules.network import Network, known
from cnnsum.rules.steps import Axis, Step, is_dilated, steps_of

#: What a convolution hands on as it is, place by place.
_KEEPS_PLACES = NORMALIZATIONS | DROPOUT
#: Positions that kernels may span before they are not looked at.
_WIDEST = 1 << 13


@rule("ARC431", "warning")
def checkerboard(network: Network) -> Iterator[Finding]:
    """A transposed convolution whose kernel is not a multiple of its stride.

    Why: Every input position spreads the kernel over the output, a stride apart. Where the stride does not divide the
    kernel, some output positions are the sum of more products than their neighbours, in a regular pattern: the
    checkerboard of generated pictures (A. Odena, V. Dumoulin, C. Olah, "Deconvolution and Checkerboard Artifacts",
    2016). A kernel smaller than the stride leaves positions that get nothing but the bias.

    Fails:

        input: [16, 16, 8]
        layers:
          - Conv2DTranspose: {filters: 8, kernel_size: 3, strides: 2, padding: same}

    Passes:

        input: [16, 16, 8]
        layers:
          - Conv2DTranspose: {filters: 8, kernel_size: 4, strides: 2, padding: same}
    """
    for call in network.of(TRANSPOSED):
        kernels, strides = promised(said(call.layer, "kernel")), promised(said(call.layer, "stride"))
        for kernel, stride in zip(kernels, strides, strict=True):
            if not known(kernel, stride) or kernel % stride == 0:
                continue
            overlap = (
                f"leave {stride - kernel} of {stride} output positions without any"
                if kernel < stride
                else "overlap unevenly"
            )
            yield Finding(
                call.layer,
                f"the kernels of `{call.layer.name}`, {kernel} at stride {stride}, {overlap}",
                f"a kernel of {stride * (kernel // stride + 1)}, or "
                f"{phrase(call.layer, 'upsampling', axes=len(kernels))} and a convolution",
                field_for(call.layer, "kernel"),
            )
            break


@rule("ARC432", "warning")
def gridding(network: Network) -> Iterator[Finding]:
    """Dilated convolutions in a row that together see a grid and not an area.

    Why: A kernel with dilation 2 reads every second position. Another one of dilation 2 on top of it reads the same
    grid, further out: neighbours are computed from positions that have nothing in common. Dilations without a common
    factor, such as 1, 2, 3, cover everything (P. Wang and others, "Understanding Convolution for Semantic
    Segmentation", 2017, who call that hybrid dilated convolution). Looked at are convolutions of stride 1 in a row,
    with only normalisation, activation and dropout between them. What counts is what a place sees of the input of the
    network, position by position, with all that stands before them: kernels before the first dilated one fill holes.

    Fails:

        input: [64, 64, 8]
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 2, padding: same, activation: relu}
          - Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 4, padding: same, activation: relu}

    Passes:

        input: [64, 64, 8]
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, activation: relu}
          - Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 2, padding: same, activation: relu}
          - Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 3, padding: same, activation: relu}
    """
    if len([call for call in network.of(SLIDING) if is_dilated(call.facts.window)]) < 2:
        return
    for run in _runs(network):
        dilated = [call for call, _ in run if is_dilated(call.facts.window)]
        if len(dilated) < 2:
            continue
        last = run[-1][0]
        field = network.fields[last.outputs[0]]
        shape = network.output_shape(last)
        if field is None or shape is None or len(field) != len(run[0][1]):
            continue
        for axis, place in enumerate(network.axes_of_space(last, len(shape))):
            along = [steps[axis] for _, steps in run]
            holes = _holes(field[axis].seen)
            if holes is not None and _holes(_seen_by(along)) is not None:
                rates = ", ".join(str(step.dilation) for step in along if step.size != 1)
                yield Finding(
                    dilated[-1].layer,
                    f"with `{last.layer.name}`, convolutions of dilation {rates} in a row see a grid with holes: "
                    f"along axis {place} {holes[0]} of {holes[1]} positions",
                    "dilations without a common factor, such as 1, 2, 3",
                    field_for(dilated[-1].layer, "dilation"),
                    ((dilated[0].layer, "the first of them"),),
                )
                break


def _runs(network: Network) -> Iterator[list[tuple[Call, tuple[Step, ...]]]]:
    """Convolutions of stride 1 in a row, each with its windows."""
    done: set[int] = set()
    for call in network.calls:
        run: list[tuple[Call, tuple[Step, ...]]] = []
        following: Call | None = call
        while following is not None and id(following) not in done:
            if role_of(following.layer) in SLIDING:
                steps = steps_of(following)
                if steps is None or any(step.stride != 1 for step in steps) or (run and len(steps) != len(run[0][1])):
                    break
                done.add(id(following))
                run.append((following, steps))
            elif not run or not _passes_on(following):
                break
            following = network.after(following)
        if run:
            yield run


def _passes_on(call: Call) -> bool:
    return role_of(call.layer) in _KEEPS_PLACES or is_activation(call)


def _seen_by(steps: list[Step]) -> Seen | None:
    """What kernels one on top of the other see of the input of the first."""
    seen: Seen | None = ITSELF
    for step in steps:
        seen = through(seen, Window(*step))
    return seen


def _holes(seen: Seen | None) -> tuple[int, int] | None:
    """How many positions are seen, and of how many; None where none is left out by any output, or that is not known."""
    if seen is None or any(not one.gaps for one in seen.outputs):
        return None
    return seen.most, seen.size


@rule("ARC433", "warning")
def weights_that_see_padding(network: Network) -> Iterator[Finding]:
    """A kernel so large for its input that some of its weights are only ever multiplied with padding.

    Why: With padding "same" a kernel of 3 fits on a picture of 1 x 1; eight of its nine weights meet zeros at its only
    place. They cost memory and work, are never trained, and do harm when the network is used at another size.

    Fails:

        input: [4, 4, 8]
        layers:
          - MaxPooling2D: 4
          - Conv2D: {filters: 8, kernel_size: 3, padding: same}

    Passes:

        input: [4, 4, 8]
        layers:
          - MaxPooling2D: 4
          - Conv2D: {filters: 8, kernel_size: 1}
    """
    for call in network.of(SLIDING):
        axes = network.axes(call)
        if not isinstance(call.facts.window, tuple) or len(axes) < len(call.facts.window):
            continue
        used = _used(axes)
        if used is not None:
            small = [axis for axis, taps in zip(axes, used, strict=True) if taps < axis.step.size]
            total = prod(axis.step.size for axis in axes)
            where = " and ".join(
                f"{axis.length} {'position' if axis.length == 1 else 'positions'} along axis {axis.number}"
                for axis in small
            )
            yield Finding(
                call.layer,
                f"{total - prod(used)} of the {total} weights of each kernel of `{call.layer.name}` see only padding: "
                f"its input has {where}",
                "a smaller kernel, or a larger input",
                field_for(call.layer, "kernel"),
            )


@lru_cache(1 << 10)
def _used(axes: tuple[Axis, ...]) -> tuple[int, ...] | None:
    """How many taps of a kernel meet a position, along each axis; None where all do, or of a kernel beyond the
    limit.
    """
    if any(axis.step.size > _WIDEST for axis in axes):
        return None
    used = tuple([_taps_on_samples(step, length, out) for _, length, out, step in axes])
    return used if any(taps < axis.step.size for axis, taps in zip(axes, used, strict=True)) else None


def _taps_on_samples(step: Step, length: int, out: int) -> int:
    """How many taps of a kernel meet a position of the input at one of its places, along an axis of that length."""
    used = 0
    for tap in range(step.size):
        place = step.dilation * tap - step.before
        first = max(0, -(place // step.stride))  # the first output whose tap is not before the input
        used += first < out and place + first * step.stride < length
    return used
