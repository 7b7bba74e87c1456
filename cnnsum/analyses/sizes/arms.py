"""Arms of a merge that no input size makes fit: which layer makes the difference, and what mends it.

Knows the calls and the roles of layers; no file and no answer. Where another input size mends it, `fitting` says which.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.graph.findings import WITHOUT_SPACE
from cnnsum.graph.infer import Call, Inference
from cnnsum.layers.facts import Shape
from cnnsum.layers.meanings import said
from cnnsum.typed import NamedTuple

#: Layers between an arm and what makes the difference; nobody looks further back.
_MOST_STEPS = 200
#: Roles of which `padding: same`, at stride 1, keeps the size.
_SLIDING = ("convolution", "depthwise convolution", "separable convolution", "max pooling", "mean pooling")
_JOINS = "concatenate"


class _Arm(NamedTuple):
    number: int
    shape: Shape


def mend_of_arms(inference: Inference, call: Call) -> str | None:
    """What mends a merge whose inputs differ in size; None where nothing can be said.

    call: one that failed for it. Only the first two arms that differ are looked at.
    """
    arms = [_Arm(number, shape) for number in call.inputs if (shape := _plain(inference, number))]
    if len(arms) < 2:
        return None
    first = arms[0]
    if len({len(arm.shape) for arm in arms}) != 1:
        return _of_ranks(inference, arms)
    rank = len(first.shape)
    last = 1 if _is_channels_first(call) else rank - 1
    ignored = {last} if call.layer.type is not None and call.layer.type.role == _JOINS else set()
    for other in arms[1:]:
        axes = [axis for axis in range(1, rank) if first.shape[axis] != other.shape[axis] and axis not in ignored]
        if axes == [last] and rank > 2 and not ignored:
            return _of_channels(inference, first, other, last)
        if axes and last not in axes:
            return _of_sizes(inference, first, other, axes)
    return None


def _plain(inference: Inference, number: int) -> Shape | None:
    shape = inference.values[number].shape
    return shape if shape and len(shape) > 1 and all(isinstance(size, int) for size in shape[1:]) else None


def _is_channels_first(call: Call) -> bool:
    type = call.layer.type
    return type is not None and (type.vocabulary.channels_first or call.layer.fields.get("axis") == 1)


def _name(inference: Inference, number: int) -> str:
    """The layer that makes a value, as a spec of its own would call it."""
    maker = next((one for one in inference.calls if number in one.outputs), None)
    return "input" if maker is None else maker.layer.name


def _of_ranks(inference: Inference, arms: list[_Arm]) -> str | None:
    """A map among vectors: what made a vector of the one makes one of the other."""
    vector = next((arm for arm in arms if len(arm.shape) == 2), None)
    map = next((arm for arm in arms if len(arm.shape) > 2), None)
    maker = None if vector is None else next((one for one in inference.calls if vector.number in one.outputs), None)
    if vector is None or maker is None or map is None or maker.layer.type is None:
        return None
    here, there = maker.layer.name, _name(inference, map.number)
    if maker.layer.type.role not in WITHOUT_SPACE:
        given, channels = vector.shape[1], map.shape[-1]
        scale = f"what scales or shifts each gives {channels}"
        return f"`{here}` gives {given}, and `{there}` has {channels} channels: {scale}"
    return f"`{here}` leaves no axes of space: merge before it, or put a {maker.layer.type.name} behind `{there}`, too"


def _of_channels(inference: Inference, first: _Arm, other: _Arm, axis: int) -> str:
    """Two arms of a sum with other numbers of channels."""
    fewer, more = sorted((first, other), key=lambda arm: int(arm.shape[axis]))  # type: ignore[arg-type]  # numbers
    wanted = more.shape[axis]
    return (
        f"a convolution with a kernel of 1 and {wanted} channels behind `{_name(inference, fewer.number)}`, or a "
        "concatenation, which takes any channels"
    )


def _of_sizes(inference: Inference, first: _Arm, other: _Arm, axes: list[int]) -> str | None:
    """Two arms that differ along axes of space."""
    axis = axes[0]
    small, large = sorted((first, other), key=lambda arm: int(arm.shape[axis]))  # type: ignore[arg-type]  # numbers
    least, most = int(small.shape[axis]), int(large.shape[axis])  # type: ignore[arg-type]  # as above
    makers = {number: call for call in inference.calls for number in call.outputs}
    changing = _changing(inference, makers, small.number, axis, most)
    if changing is None:
        grown = _changing(inference, makers, large.number, axis, least)
        if grown is None:
            return None
        names = _listed(grown)
        leave = f"leave {_it(grown)} out of this arm, or put the same on the other"
        return f"{names} {_make(grown)} {most} of {least}: {leave}"
    names = _listed(changing)
    told = f"{names} {_make(changing)} {least} of {most}"
    if all(_keeps_with_padding(call) for call in changing):
        return f"{told}: {_padding(changing)} in {_it(changing)} keeps the size"
    factor, rest = divmod(most, least) if least else (0, most)  # nothing enlarges an axis without elements
    before = _name(inference, changing[-1].inputs[0])
    if rest:
        return f"{told}: merge what is before {_it(changing)}, that is `{before}`"
    enlarge = _phrase(changing[0], len(small.shape) - 2, factor)
    return (
        f"{told}: merge what is before {_it(changing)}, that is `{before}`, or put {enlarge} or a transposed "
        f"convolution of stride {factor} behind `{_name(inference, small.number)}`"
    )


def _changing(
    inference: Inference, makers: Mapping[int, Call], number: int, axis: int, wanted: int
) -> list[Call] | None:
    """The calls on the way back from a value that change the size of an axis, up to where it is `wanted`; None where
    it never is.
    """
    found: list[Call] = []
    for _ in range(_MOST_STEPS):
        call = makers.get(number)
        shape = inference.values[number].shape
        if call is None or not call.inputs or call.inputs[0] < 0 or shape is None:
            return None
        before = _plain(inference, call.inputs[0])
        if before is None or len(before) != len(shape):
            return None
        if before[axis] != shape[axis]:
            found.append(call)
            if before[axis] == wanted:
                return found
        number = call.inputs[0]
    return None


def _keeps_with_padding(call: Call) -> bool:
    """Whether padding alone would keep the size: it slides by 1, and its kernel is odd."""
    type = call.layer.type
    if type is None or type.role not in _SLIDING:
        return False
    strides, kernel = said(call.layer, "stride"), said(call.layer, "kernel")
    return (
        isinstance(strides, tuple)
        and all(stride == 1 for stride in strides)
        and isinstance(kernel, tuple)
        and all(isinstance(size, int) and size % 2 == 1 for size in kernel)
    )


def _padding(calls: list[Call]) -> str:
    type = calls[0].layer.type
    if type is None or not type.vocabulary.channels_first:
        return "`padding: same`"
    kernels = [said(call.layer, "kernel") for call in calls]
    amounts = {size // 2 for kernel in kernels if isinstance(kernel, tuple) for size in kernel}
    return f"`padding: {amounts.pop()}`" if len(amounts) == 1 else "a padding of half the kernel"


def _phrase(call: Call, axes: int, factor: int) -> str:
    """An enlargement by a factor, in the words of the call's framework."""
    type = call.layer.type
    if type is not None and type.vocabulary.channels_first:
        return f"`Upsample: {{scale_factor: {factor}}}`"
    return f"`UpSampling{axes}D: {factor}`"


def _listed(calls: list[Call]) -> str:
    names = [f"`{call.layer.name}`" for call in reversed(calls)]
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _make(calls: list[Call]) -> str:
    return "makes" if len(calls) == 1 else "make"


def _it(calls: list[Call]) -> str:
    return "it" if len(calls) == 1 else "them"
