"""Advice on receptive fields: how much of the input the head of the network sees, and whether paths agree on where."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.analyses.field.fields import Arm, misaligned_merges
from cnnsum.dims import Dim
from cnnsum.graph.infer import Call
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import GLOBAL_POOLING, MERGING, role_of
from cnnsum.rules.network import Network

#: From which size on, in inputs, a field is far larger than its input, if no more places than this are left.
_TIMES = 8
_FEW_PLACES = 2
#: Positions by which maps may be apart. Half a one is what padding "same" makes of a stride of 2 beside a projection.
_SHIFT = 0.5
_MOST_RELATED = 4


@rule("ARC461", "note")
def field_too_small(network: Network) -> Iterator[Finding]:
    """A receptive field, at the global pooling of a classifier, smaller than the input along every axis.

    Why: Each place of the last map sees a part of the picture only, and the mean over all places is a vote of parts:
    what is larger than that part is never seen as a whole. More layers, strides earlier or dilation make the field
    larger. (For textures, and where objects are small, that may be what is wanted.)

    Fails:

        input: [64, 64, 3]
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, activation: relu}
          - MaxPooling2D: 2
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - GlobalAveragePooling2D
          - Dense: 10

    Passes:

        input: [64, 64, 3]
        layers:
          - Conv2D: {filters: 8, kernel_size: 7, strides: 2, activation: relu}
          - MaxPooling2D: 4
          - Conv2D: {filters: 16, kernel_size: 7, padding: same, activation: relu}
          - Conv2D: {filters: 16, kernel_size: 7, padding: same, activation: relu}
          - GlobalAveragePooling2D
          - Dense: 10
    """
    for call, lengths, sizes in _heads(network):
        if all(size < length for size, length in zip(sizes, lengths, strict=True)):
            yield Finding(
                call.layer,
                f"before `{call.layer.name}` a place sees {_most(network, call)}{_by(sizes)} of {_by(lengths)} "
                "positions",
                "more layers, larger strides or dilation, if objects are larger than that",
            )


@rule("ARC462", "note")
def field_too_large(network: Network) -> Iterator[Finding]:
    """A receptive field, at the global pooling of a classifier, more than 8 times as large as the input, on a map that
    has shrunk to 2 places or fewer.

    Why: A layer whose input field covers the whole picture already can add nothing but more of its border: such layers
    are work that hardly helps (M. Richter and others, "Should You Go Deeper? Optimizing Convolutional Neural Network
    Architectures without Training", 2021). Most often a network for 224 x 224 stands before pictures of 32 x 32. It
    wants fewer strides at the start, or fewer layers.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 8, kernel_size: 7, strides: 4, padding: same, activation: relu}
          - Conv2D: {filters: 16, kernel_size: 7, strides: 4, padding: same, activation: relu}
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu, repeat: 4}
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu, repeat: 4}
          - GlobalAveragePooling2D
          - Dense: 10

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D: 4
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu, repeat: 4}
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu, repeat: 4}
          - GlobalAveragePooling2D
          - Dense: 10
    """
    for call, lengths, sizes in _heads(network):
        shape = network.input_shape(call) or ()
        places = shape[2:] if call in network.channels_first else shape[1:-1]
        small = all(isinstance(dim, int) and dim <= _FEW_PLACES for dim in places)
        if small and all(size > _TIMES * length for size, length in zip(sizes, lengths, strict=True)):
            yield Finding(
                call.layer,
                f"before `{call.layer.name}` a place sees {_by(sizes)} positions, of an input of {_by(lengths)}",
                "a larger input, fewer strides at the start, or fewer layers",
            )


def _most(network: Network, call: Call) -> str:
    """What to say before the size of a field in which positions are left out, or may be."""
    field = network.fields[call.inputs[0]]
    return "" if field is None or all(axis.exact for axis in field) else "at most "


def _by(sizes: list[int]) -> str:
    return " x ".join(map(str, sizes))


def _heads(network: Network) -> Iterator[tuple[Call, list[int], list[int]]]:
    """Global poolings on the way to an output: each with the sizes of the input and of the field, by axis."""
    lengths = _lengths(network)
    if lengths is None:
        return
    leading: dict[Call, bool] = {}
    for call in network.of(GLOBAL_POOLING):
        if not call.inputs or not _leads_out(network, call, leading):  # that of a constant sees nothing
            continue
        seen = network.fields[call.inputs[0]]
        sizes = [axis.size for axis in seen] if seen is not None else []
        found = [size for size in sizes if isinstance(size, int)]
        if len(found) == len(lengths) == len(sizes):
            yield call, lengths, found


def _leads_out(network: Network, call: Call, leading: dict[Call, bool]) -> bool:
    """Whether there is a way from a call to an output without a merge: that of a gate comes back to its map.

    leading: what has been found so, which holds for all calls on the way.
    """
    way: list[Call] = []
    following: Call | None = call
    leads = False
    while following is not None and len(following.inputs) == 1 and not leads:
        if following in leading:
            leads = leading[following]
            break
        way.append(following)
        leads = not network.outputs.isdisjoint(following.outputs)
        following = network.after(following)
    leading.update(dict.fromkeys(way, leads))
    return leads


def _lengths(network: Network) -> list[int] | None:
    """The spatial sizes of the only input, where they are known."""
    if len(network.inference.inputs) != 1:
        return None
    number = network.inference.inputs[0]
    space = network.space(number)
    if not space:
        return None
    known = [dim for dim in space if isinstance(dim, int)]
    return known if len(known) == len(space) else None


@rule("ARC463", "note")
def merge_of_shifted_maps(network: Network) -> Iterator[Finding]:
    """A merge of maps whose positions stand for different places of the input.

    Why: The sum of two maps puts position `i` of one on position `i` of the other. Where one path has padded at one
    side, or cropped, and the other has not, these are different places: a skip connection then brings its details back
    beside where they belong. Half a position is what padding of one side more makes of a stride. Nor is it a finding
    what the strides of one path alone make: a kernel of odd size stands half a step beside the middle of what it steps
    over, and a pyramid of maps that repeats its positions to go up again (an FPN) adds these up, as all of them do.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, name: stem}
          - ZeroPadding2D: {padding: [[4, 0], [4, 0]]}
          - Conv2D: {filters: 8, kernel_size: 5, name: shifted}
          - Add: {from: [stem, shifted]}

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, name: stem}
          - ZeroPadding2D: 2
          - Conv2D: {filters: 8, kernel_size: 5, name: even}
          - Add: {from: [stem, even]}
    """
    if not network.of(MERGING):
        return
    for call, arms, shifts, slack in misaligned_merges(network.inference, network.fields):
        if role_of(call.layer) not in MERGING:
            continue
        strides = arms[0].strides
        if not all(isinstance(stride, (int, float)) for arm in arms for stride in arm.strides):
            continue
        if not all(isinstance(shift, (int, float)) for shift in shifts):
            apart = "have different strides: position after position they drift apart"
        else:
            beside = [
                _in_samples(shift, stride)
                for shift, stride, own in zip(shifts, strides, slack, strict=True)
                if isinstance(shift, (int, float)) and shift > own
            ]
            worst = max(beside, default=0.0)
            if worst <= _SHIFT:
                continue
            apart = f"are {worst:g} {'position' if worst == 1 else 'positions'} apart"
        related = [(network.makers[arm.value], f"positions {_places(arm)}") for arm in arms]
        yield Finding(
            call.layer,
            f"the maps that `{call.layer.name}` merges {apart}",
            "the same padding and strides on all paths",
            related=tuple((maker.layer, words) for maker, words in related[:_MOST_RELATED] if maker is not None),
        )


def _in_samples(shift: Dim | float, stride: Dim | float) -> float:
    """A distance in the input in positions of the maps; 0 where that is not known."""
    return shift / stride if isinstance(shift, (int, float)) and isinstance(stride, (int, float)) else 0


def _places(arm: Arm) -> str:
    centres, strides = (", ".join(map(str, one)) for one in (arm.centres, arm.strides))
    return f"at {centres} of the input and every {strides} from there"
