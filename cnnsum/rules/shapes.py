"""Advice on shapes: layers that do nothing, that undo the one before, and tensors too large to be indexed."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.dims import Dim, at_least, prod
from cnnsum.graph.infer import Call
from cnnsum.layers.base import Role
from cnnsum.layers.facts import Shape
from cnnsum.layers.meanings import promised, said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    BORDERS,
    CROPPING,
    GLOBAL_POOLING,
    KERNELS,
    MERGING,
    PADDING,
    POOLING,
    UPSAMPLING,
    Roles,
    field_for,
    is_activation,
    phrase,
    role_of,
    spelled,
)
from cnnsum.rules.network import Network

#: The largest index of a signed integer of 32 bits.
_LARGEST = 2**31 - 1


@rule("ARC441", "warning")
def crop_of_padding(network: Network) -> Iterator[Finding]:
    """A cropping right after a padding, or the other way round, that takes off what was put on at the same side.

    Why: Positions are put on and taken off again, and one layer with the difference does the same; or, the other way
    round, the border of the picture is replaced by zeros. Padding at one side and cropping at the other, which shifts
    the picture, is not meant.

    Fails:

        input: [32, 32, 3]
        layers:
          - ZeroPadding2D: 2
          - Cropping2D: 1
          - Conv2D: {filters: 8, kernel_size: 3}

    Passes:

        input: [32, 32, 3]
        layers:
          - ZeroPadding2D: 1
          - Conv2D: {filters: 8, kernel_size: 3}
    """
    for call in network.of(BORDERS):
        before = network.before(call)
        if before is None or network.after(before) is not call:
            continue
        kinds = {role_of(before.layer), role_of(call.layer)}
        if not (kinds & PADDING and kinds & CROPPING):
            continue
        pads, crops = (
            next(_sides(one) for one in (before, call) if role_of(one.layer) in family)
            for family in (PADDING, CROPPING)
        )
        if any(at_least(pad, 1) and at_least(crop, 1) for pad, crop in zip(pads, crops, strict=False)):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` and `{before.layer.name}` before it pad and crop the same sides",
                _in_place_of(pads, crops, is_padded_first=role_of(before.layer) in PADDING),
                related=((before.layer, "the layer before"),),
            )


def _sides(call: Call) -> list[Dim]:
    """How much is put on or taken off, by axis and side."""
    return promised(said(call.layer, "sides"))


def _in_place_of(pads: list[Dim], crops: list[Dim], *, is_padded_first: bool) -> str:
    """What does the same as a padding and a cropping of the same sides."""
    if not is_padded_first:
        return "crop and pad other sides, or leave both out, if the border was not to be made zero"
    left = [pad - crop for pad, crop in zip(pads, crops, strict=False)]
    numbers = [one for one in left if isinstance(one, int)]
    if len(numbers) < len(left):
        return "one layer with the difference of the two"
    if not any(numbers):
        return "leave both out: they do nothing"
    if min(numbers) < 0 < max(numbers):
        return f"a padding and a cropping of other sides: by side, the difference is {', '.join(map(str, numbers))}"
    kind = "padding" if max(numbers) > 0 else "cropping"
    amounts = [abs(number) for number in numbers]
    shown = str(amounts[0]) if len(set(amounts)) == 1 else f"{', '.join(map(str, amounts))} by side"
    return f"one {kind} with the difference of the two: {shown}"


_SINGLE = "it merges a single input"
#: Layers that may give their input as it is.
_MAY_DO_NOTHING: Roles = BORDERS | UPSAMPLING | MERGING | {"flatten", "reshape", "permute", "rescaling"}


@rule("ARC442", "note")
def layer_that_does_nothing(network: Network) -> Iterator[Finding]:
    """A layer whose output is its input, as it stands: a reshaping to the same shape, a padding of 0, and the like.

    Why: It does no harm, but it says something that is not so; often a value was forgotten, or a shape before it has
    changed. Layers that say that they do nothing (`Identity`, `Activation: linear`) are not
    meant.

    Fails:

        input: [10]
        layers:
          - Dense: {units: 10, activation: relu}
          - Flatten
          - Dense: 2

    Passes:

        input: [10]
        layers:
          - Dense: {units: 10, activation: relu}
          - Dense: 2
    """
    for call in network.of(_MAY_DO_NOTHING):
        reason = _nothing(network, call)
        if reason:
            help = (
                "name all that it merges, `from: [..., ...]`, or leave it out" if reason == _SINGLE else "leave it out"
            )
            yield Finding(call.layer, f"`{call.layer.name}` does nothing: {reason}", help)


def _nothing(network: Network, call: Call) -> str:
    """Why a call gives its input, or ""."""
    kind = role_of(call.layer)
    shape = network.input_shape(call)
    same = shape is not None and shape == network.output_shape(call)
    if kind in {"flatten", "reshape"} and same:
        return "its input has that shape already"
    order = said(call.layer, "order") if kind == "permute" else None
    if order is not None and list(order) == sorted(order):
        return "the axes stay where they are"
    if kind in BORDERS and all(side == 0 for side in _sides(call)):
        return "it pads by 0" if kind in PADDING else "it crops by 0"
    factors = said(call.layer, "factors") if kind in UPSAMPLING else None
    if factors is not None and all(factor == 1 for factor in factors):
        return "it enlarges by 1"
    if kind == "rescaling" and (call.layer.fields["scale"], call.layer.fields["offset"]) == (1, 0):
        return "it scales by 1"
    if kind in MERGING and len(call.inputs) == 1 and call.layer.fields.get("other") is None:
        return "" if any(node.constants for node in call.layer.nodes) else _SINGLE
    return ""


@rule("ARC443", "note")
def reshaped_twice(network: Network) -> Iterator[Finding]:
    """A reshaping of what has just been reshaped.

    Why: Both only give the same elements another shape; the last one says it all.

    Fails:

        input: [4, 4, 8]
        layers:
          - Flatten
          - Reshape: {target_shape: [16, 8]}
          - Dense: 2

    Passes:

        input: [4, 4, 8]
        layers:
          - Reshape: {target_shape: [16, 8]}
          - Dense: 2
    """
    kinds: frozenset[Role] = frozenset(("flatten", "reshape"))
    for call in network.of(kinds):
        before = network.before(call)
        if before is None or role_of(before.layer) not in kinds:
            continue
        if network.after(before) is call and before not in network.channels_first and not _nothing(network, call):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` reshapes what `{before.layer.name}` has just reshaped",
                f"leave out `{before.layer.name}`",
                related=((before.layer, "the first reshaping"),),
            )


@rule("ARC444", "warning")
def too_many_elements(network: Network) -> Iterator[Finding]:
    """A tensor of one sample, or a weight, with more than 2,147,483,647 elements.

    Why: That is the largest index in 32 bits, with which many kernels count (cuDNN's convolutions, TensorFlow's GPU
    kernels). Beyond it they refuse, or are slow, or have been wrong. Most often a Flatten or an attention stands where
    the picture is still large.

    Fails:

        input: [1024, 1024, 3]
        layers:
          - Conv2D: {filters: 64, kernel_size: 3, padding: same}
          - Flatten
          - Dense: 64

    Passes:

        input: [1024, 1024, 3]
        layers:
          - Conv2D: {filters: 64, kernel_size: 3, padding: same}
          - GlobalAveragePooling2D
          - Dense: 64
    """
    total = network.params.total.elements
    has_large_weights = not isinstance(total, int) or total > _LARGEST
    # Many layers give the very shape that they are given.
    shapes = {id(value.shape): value.shape for value in network.values}
    has_large_values = any(_beyond(shape[1:]) for shape in shapes.values() if shape)
    if not has_large_weights and not has_large_values:
        return
    for call in network.calls:
        for number in call.outputs:
            shape = network.values[number].shape
            count = _beyond(shape[1:]) if shape else 0
            if count:
                yield _too_many(call, f"the output of `{call.layer.name}` has {spelled(count)} elements per sample")
        for weight in call.facts.weights:
            count = _beyond(weight.shape)
            if count:
                yield _too_many(call, f"the {weight.name} of `{call.layer.name}` has {spelled(count)} elements")


def _beyond(shape: Shape) -> int:
    """The elements of what has more of them than 32 bits can index; 0 of others, and where their number is open."""
    count = prod(shape)
    return count if isinstance(count, int) and count > _LARGEST else 0


def _too_many(call: Call, what: str) -> Finding:
    return Finding(call.layer, f"{what}: more than 32 bits can index", "a smaller size before it, or a pooling")


@rule("ARC445", "note")
def pooling_of_one_place(network: Network) -> Iterator[Finding]:
    """A global pooling over a single place.

    Why: The mean of one number is that number. The map has shrunk to 1 x 1 before: the network is too deep for its
    input, or the pooling is a Flatten in disguise.

    Fails:

        input: [8, 8, 16]
        layers:
          - MaxPooling2D: 8
          - GlobalAveragePooling2D
          - Dense: 2

    Passes:

        input: [8, 8, 16]
        layers:
          - GlobalAveragePooling2D
          - Dense: 2
    """
    for call in network.of(GLOBAL_POOLING):
        shape = network.input_shape(call)
        if shape is None:
            continue
        space = shape[2:] if call in network.channels_first else shape[1:-1]
        if space and all(dim == 1 for dim in space):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` has one place to pool",
                "fewer reductions before it"
                if call.layer.fields["keepdims"]
                else "`Flatten`, or fewer reductions before it",
            )


@rule("ARC446", "warning")
def layout_that_changes(network: Network) -> Iterator[Finding]:
    """A layer with another `data_format` than the one before it, without a Permute between them.

    Why: One takes the last axis for the channels, the other the first: what is a row of the picture for one is a
    channel for the other. Shapes often fit all the same, and the network trains, badly.

    Fails:

        input: [32, 32, 32]
        layers:
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D: {pool_size: 2, data_format: channels_first}

    Passes:

        input: [32, 32, 32]
        layers:
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}
          - MaxPooling2D: 2
    """
    calls = [call for call in network.of(_WITH_LAYOUT) if field_for(call.layer, "layout")]
    firsts = network.channels_first.intersection(calls)
    if not 0 < len(firsts) < len(calls):
        return
    for call in calls:
        before = network.before(call)
        while before is not None and (is_activation(before) or role_of(before.layer) in _TRANSPARENT):
            before = network.before(before)
        if before is None or role_of(before.layer) not in _WITH_LAYOUT or not field_for(before.layer, "layout"):
            continue
        if (before in firsts) != (call in firsts):
            formats = ["channels_first" if one in firsts else "channels_last" for one in (before, call)]
            field = field_for(call.layer, "layout")
            yield Finding(
                call.layer,
                f"`{call.layer.name}` is {formats[1]}, but `{before.layer.name}` before it {formats[0]}",
                f"the same `{field}` everywhere, or a `Permute` between the two",
                field,
                ((before.layer, f"{formats[0]}"),),
            )


_WITH_LAYOUT = KERNELS | POOLING | GLOBAL_POOLING | UPSAMPLING | BORDERS
_TRANSPARENT = frozenset(("batch normalization", "group normalization", "dropout"))


#: Channels of pictures; sizes below which a picture is not one, nor a sequence; kinds that take axes for space.
_COLOURS = frozenset((1, 3, 4))
_PICTURE = 16
_SEQUENCE = 256


@rule("ARC447", "warning")
def channels_before_space(network: Network) -> Iterator[Finding]:
    """An input whose first axis looks like channels, read by a layer that takes its last axis for them; or the reverse.

    Why: PyTorch writes a picture as channels, height, width, and Keras as height, width, channels. Given `[3, 224,
    224]`, a network for channels at the end sees a strip 3 pixels high with 224 channels, and most of it fits. Looked
    at are inputs with 1, 3 or 4 of something before sizes of at least 16 (of which the last two are equal, or the first
    kernel is higher than 1), and sequences of at most 4 steps with 256 channels or more.

    Fails:

        input: [3, 64, 64]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
          - GlobalAveragePooling2D
          - Dense: 10

    Passes:

        input: [64, 64, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
          - GlobalAveragePooling2D
          - Dense: 10
    """
    for number, source in zip(network.inference.inputs, network.graph.inputs, strict=False):
        shape = network.values[number].shape
        sizes = [dim for dim in (shape or ())[1:] if isinstance(dim, int)]
        if shape is None or len(sizes) != len(shape) - 1:
            continue
        for reader in network.readers[number]:
            following: Call | None = reader
            while following is not None and (is_activation(following) or role_of(following.layer) in _SAME_PLACES):
                following = network.after(following)
            if following is not None and _takes_for_space(network, following, sizes):
                first = following in network.channels_first
                right = [sizes[-1], *sizes[:-1]] if first else [*sizes[1:], sizes[0]]
                taken, left = (sizes[0], sizes[-1]) if first else (sizes[-1], sizes[0])
                yield Finding(
                    source.layer,
                    f"the input `{source.layer.name}` is {sizes}, and `{following.layer.name}` takes {taken} for "
                    f"the channels and {left} for a size",
                    phrase(following.layer, "layout", moved=", ".join(map(str, right))),
                    related=((following.layer, f"reads channels from the {'first' if first else 'last'} axis"),),
                )
                break


def _takes_for_space(network: Network, call: Call, sizes: list[int]) -> bool:
    """Whether a layer slides over what looks like the channels of an input of these sizes."""
    if role_of(call.layer) not in _LOOKS_AROUND:
        return False
    window = said(call.layer, "kernel")
    if not isinstance(window, tuple) or len(window) + 1 != len(sizes):
        return False
    first, rest = (sizes[-1], sizes[:-1]) if call in network.channels_first else (sizes[0], sizes[1:])
    if len(rest) == 1:
        return first <= max(_COLOURS) and rest[0] >= _SEQUENCE and window[0] != 1
    if first not in _COLOURS or min(rest[-2:]) < _PICTURE:
        return False
    along_rows = window[0] == 1 and any(size != 1 for size in window)  # a kernel for a single row means it
    return not along_rows and (rest[-1] == rest[-2] or window[0] != 1)


_LOOKS_AROUND = KERNELS | POOLING
_SAME_PLACES = frozenset(("batch normalization", "dropout", "rescaling", "standardization", "noise"))
