"""Receptive fields: which input positions each value depends on, per spatial axis.

Output position `i` of a value sees no input position before `i * stride + first` and none after `i * stride + last`,
where both are truly seen unless the layers before enlarge (A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill, 2019, gives the same recurrence for paths of plain windows, with sizes and
paddings in place of the first and last position). Where paths meet, the union counts, and whether they look at the same
place: their strides and the centres of their fields are the same. After a layer that looks at everything (flattening,
global pooling) nothing but "everything" can be said. What is seen between the first and the last is in `seen`.

A layer may put the axes in another order. Until one looks along an axis that has moved, nothing has been seen that was
not seen before, and turning the axes back leaves all as it was; a position of the turned tensor sees all of what its
last axis was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import gcd

from cnnsum.analyses.field import seen as spans
from cnnsum.analyses.field.seen import Seen
from cnnsum.dims import UNKNOWN, Dim, Unknown, at_least, ceil_div, divides, equal, maximum
from cnnsum.graph.infer import Call, Inference
from cnnsum.layers.facts import EVERYTHING, Shape, Turn, Window
from cnnsum.typed import NamedTuple, TypeVar


class Axis(NamedTuple):
    """One spatial axis: `stride`, `first` and `last` count parts of an input position, which has `parts` of them.

    Upsampling makes the parts: its output positions lie closer than the input's. Where paths of different strides have
    met, no one field holds for all outputs: everything is UNKNOWN.
    aligned: whether all paths from the input look at the same place, as far as they have met; None where that depends
        on symbols.
    seen: the same, position by position; None where that is not known.
    slack: how many input positions the strides on the way to here have put it beside where their outputs would stand
        for the middle of as many inputs as they step over, each by less than that half step: no padding does better
        for a kernel of odd size.
    """

    stride: Dim = 1
    first: Dim = 0
    last: Dim = 0
    parts: int = 1
    aligned: bool | None = True
    seen: Seen | None = None
    slack: float = 0.0

    @property
    def size(self) -> Dim:
        """Input positions from the first to the last that an output sees: of the output that sees furthest."""
        return (self.last - self.first) // self.parts + 1 if self.seen is None else self.seen.size

    @property
    def offset(self) -> Dim:
        """The first input position that output 0 sees; below 0 where that is padding."""
        seen = self.seen
        return ceil_div(self.first, self.parts) if seen is None or not seen.outputs[0].span else seen.outputs[0].first

    @property
    def jump(self) -> Dim | float:
        """Input positions from one output position to the next; a fraction after upsampling."""
        return _fraction(self.stride, self.parts)

    @property
    def centre(self) -> Dim | float:
        """Where output 0 looks, in input positions: the middle of what it sees, a fraction between two positions.

        Where outputs see unlike, the mean over all of them, each brought to output 0 by the stride.
        """
        return _fraction(*_middle(self))

    @property
    def exact(self) -> bool:
        """Whether there is an output that sees `size` positions; else that is an upper bound, for there are gaps."""
        return self.seen is not None and self.seen.most == self.seen.size

    @property
    def steady(self) -> bool:
        """Whether all outputs see alike: each as much as the one before, `stride` further on."""
        return self.parts == 1 and (self.seen is None or len(self.seen.outputs) == 1)


#: A field: an axis each; None where all of the input is seen. Where that is not known, the axes' numbers are UNKNOWN.
Field = tuple[Axis, ...] | None

T = TypeVar("T")

#: Of integers that a float holds.
_MOST_BITS = 1_023
_SELF = Axis(seen=spans.ITSELF)
_NO_ONE_FIELD = Axis(UNKNOWN, UNKNOWN, UNKNOWN, 1, aligned=False)
_UNDECIDED = _NO_ONE_FIELD._replace(aligned=None)


class _Turned(NamedTuple):
    """What a value sees whose axes stand in another order: `field` is what it saw before, `order` as of `Turn`."""

    field: tuple[Axis, ...]
    order: tuple[int, ...]


def not_followed(shape: Shape | None) -> Field:
    """The field of a value of which it is not known what it sees."""
    return (_UNDECIDED,) * max(len(shape or ()) - 2, 1)


def is_known(field: Field) -> bool:
    """Whether it is known what a value with this field sees."""
    return field is None or not any(axis.size is UNKNOWN for axis in field)


class Arm(NamedTuple):
    """One input of a merge: the number of its value; per spatial axis its stride and the centre of its output 0."""

    value: int
    strides: tuple[Dim | float, ...]
    centres: tuple[Dim | float, ...]


class Misaligned(NamedTuple):
    """A call that merges values whose positions do not stand for the same places of the input.

    arms: its inputs. shifts: per spatial axis, how many input positions the outermost centres of output 0 are apart: 0
    along an axis that is aligned, UNKNOWN where the strides differ, so that the distance grows with every position (and
    where it is the half of a formula). slack: how much of that strides of one arm alone make, as in every pyramid whose
    maps go down by kernels of odd size, and up by repetition.
    """

    call: Call
    arms: tuple[Arm, ...]
    shifts: tuple[Dim | float, ...]
    slack: tuple[float, ...]


def receptive_fields(inference: Inference) -> list[Field]:
    """The field of every value, in the order of `Inference.values`."""
    values = inference.values
    # What no call makes (an input of a nested model that is cast) may depend on everything.
    fields: list[Field] = [None] * len(values)
    for number in inference.inputs:
        shape = values[number].shape
        fields[number] = (_SELF,) * max(len(shape) - 2, 0) if shape is not None else None
    channels_first = _channels_first(inference)
    turns: dict[int, _Turned] = {}
    for call in inference.calls:
        window = call.facts.window
        out = values[call.outputs[0]].shape if call.outputs else None
        kept = _kept_turned(inference, call, turns, fields) if turns or isinstance(window, Turn) else None
        if kept is not None:
            for number in call.outputs:
                places = _places_of_space(kept.order, channels_first=channels_first)
                if places is not None:
                    fields[number] = tuple([kept.field[place] for place in places])
                else:
                    turns[number] = kept
                    fields[number] = None if len(kept.order) == 3 else not_followed(out)
            continue
        seen = _arms_field(inference, call, fields, channels_first=channels_first)
        if isinstance(window, Turn):
            seen = seen if seen in (None, ()) else not_followed(out)
        elif seen is not None and window is not None:
            if isinstance(window, str):
                seen = None if window == EVERYTHING or not seen else not_followed(out)
            else:
                seen = _seen_through(seen, window)
        for number in call.outputs:
            shape = values[number].shape
            fields[number] = seen if shape is not None else not_followed(None)
    return fields


def _places_of_space(order: tuple[int, ...], *, channels_first: bool) -> tuple[int, ...] | None:
    """Which axis of space each is, where batch and channels have stayed or come back; None where they have not."""
    first, rank = (2, len(order)) if channels_first else (1, len(order) - 1)
    if order[0] != 0 or (order[1] != 1 if channels_first else order[-1] != rank):
        return None
    return tuple([axis - first for axis in order[first:rank]])


def _kept_turned(inference: Inference, call: Call, turns: dict[int, _Turned], fields: list[Field]) -> _Turned | None:
    """What a call gives whose input's axes have moved, or that moves them, and that looks along none of them."""
    if len(call.inputs) != 1:
        arms = [turns.get(number) for number in call.inputs]
        first = arms[0] if arms else None
        shapes = [inference.values[number].shape for number in (*call.inputs, *call.outputs)]
        alike = first is not None and all(arm == first for arm in arms) and all(shape == shapes[0] for shape in shapes)
        return first if alike and call.facts.window is None and call.facts.alias == "inplace" else None
    (number,) = call.inputs
    before = turns.get(number)
    window = call.facts.window
    if isinstance(window, Turn):
        if before is not None:
            return _Turned(before.field, tuple([before.order[axis] for axis in window.order]))
        field = fields[number]
        if not field or not is_known(field) or window.order[:1] != (0,) or len(field) != len(window.order) - 2:
            return None
        return _Turned(field, window.order)
    element_by_element = call.facts.alias in ("inplace", "bypass") and not call.facts.weights
    return before if window is None and element_by_element else None


def aligned_all(field: tuple[Axis, ...]) -> bool | None:
    """Whether all paths look at the same place along every axis; None where that depends on symbols."""
    return _all([axis.aligned for axis in field])


def _all(flags: Iterable[bool | None]) -> bool | None:
    flags = set(flags)
    return False if False in flags else None if None in flags else True


def misaligned_merges(inference: Inference, fields: list[Field] | None = None) -> list[Misaligned]:
    """The merges of values that look at different places of the same input, in the order in which they run.

    Only what is so for certain: not what depends on symbols, nor a merge of which an arm sees everything.
    fields: what `receptive_fields` gives, if that is at hand.
    """
    if fields is None:
        fields = receptive_fields(inference)
    #: The model's inputs that a value depends on, as bits of a number: two pictures have no places in common.
    sources = [0] * len(inference.values)
    for at, number in enumerate(inference.inputs):
        sources[number] = 1 << at
    found = []
    for call in inference.calls:
        inputs = call.inputs
        common = -1
        union = 0
        for number in inputs:
            common &= sources[number]
            union |= sources[number]
        for number in call.outputs:
            sources[number] = union
        merged = fields[call.outputs[0]] if call.outputs else None
        if len(inputs) < 2 or not common or merged is None:
            continue
        arms = [fields[number] for number in inputs]
        shifts = _shifts([arm for arm in arms if arm is not None]) if None not in arms else ()
        # What has other axes than its inputs (a look-up in all of the elements) does not merge them place by place.
        same = len(merged) == len(shifts)
        if same and any(isinstance(shift, Unknown) or shift != 0 for shift in shifts):
            slacks = [[axis.slack for axis in axes] for axes in zip(*[arm or () for arm in arms], strict=True)]
            slack = tuple([max(one) - min(one) for one in slacks])
            found.append(Misaligned(call, tuple([_arm(number, fields[number]) for number in inputs]), shifts, slack))
    return found


def _arm(number: int, field: Field) -> Arm:
    axes = field or ()
    return Arm(number, tuple([axis.jump for axis in axes]), tuple([axis.centre for axis in axes]))


def _shifts(arms: list[tuple[Axis, ...]]) -> tuple[Dim | float, ...]:
    """How far the arms are apart, per axis; nothing where their axes are not the same."""
    if any(len(arm) != len(arms[0]) for arm in arms):
        return ()
    return tuple([_shift(axes) for axes in zip(*arms, strict=True)])


def _shift(axes: tuple[Axis, ...]) -> Dim | float:
    first = axes[0]
    shift: float = 0
    lowest = highest = 0.0
    for other in axes[1:]:
        if other == first:
            continue
        stride, centre = _alignment(first, other)
        if stride is False:
            return UNKNOWN
        if stride and centre is False:
            (here, p), (there, q) = _middle(first), _middle(other)
            apart = _fraction(there * p - here * q, p * q)
            if not isinstance(apart, (int, float)):
                return apart
            lowest, highest = min(lowest, apart), max(highest, apart)
            shift = highest - lowest
    return int(shift) if shift == int(shift) else shift


def _alignment(a: Axis, b: Axis) -> tuple[bool | None, bool | None]:
    """Whether two axes have the same stride, and whether their fields have the same centre."""
    (here, p), (there, q) = _middle(a), _middle(b)
    return equal(a.stride * b.parts, b.stride * a.parts), equal(here * q, there * p)


def _middle(axis: Axis) -> tuple[Dim, int]:
    """The centre of an axis, as a numerator and a denominator."""
    seen = axis.seen
    if seen is None or not seen.most:
        return axis.first + axis.last, 2 * axis.parts
    period = len(seen.outputs)
    middles: list[Dim] = [
        period * (2 * one.first + one.span - 1) - 2 * place * seen.step
        for place, one in enumerate(seen.outputs)
        if one.span
    ]
    return sum(middles[1:], middles[0]), 2 * period * len(middles)


def _fraction(dim: Dim, parts: int) -> Dim | float:
    """A number of parts in whole positions, or as a float; UNKNOWN where a formula cannot be divided, or no float holds
    the number.
    """
    if isinstance(dim, int):
        if dim % parts == 0:
            return dim // parts
        return dim / parts if dim.bit_length() < _MOST_BITS else UNKNOWN
    return dim if parts == 1 else dim // parts if divides(parts, dim) else UNKNOWN


def _channels_first(inference: Inference) -> bool:
    return any(call.layer.layout == "channels_first" for call in inference.calls)


def _arms_field(inference: Inference, call: Call, fields: list[Field], *, channels_first: bool) -> Field:
    """What a call's inputs see together, at the same place."""
    inputs = call.inputs
    if call.facts.window is None and call.outputs:
        out = inference.values[call.outputs[0]].shape
        if len(inputs) == 1 and inference.values[inputs[0]].shape == out:
            return fields[inputs[0]]
        # A layer that works place by place, and has other places than its input: it stretches or joins along an axis
        # (or takes a part), and says not how.
        moved = False
        for number in inputs:
            shape = inference.values[number].shape
            if shape is not None and out is not None and len(out) < len(shape):
                # An axis is left out: if one that is followed is now the last, all of it stands at one position.
                field = fields[number]
                if field is not None and len(field) > max(len(out) - 2, 0):
                    if len(out) == 2:
                        return None
                    moved = True
            elif _other_places(shape, out, channels_first=channels_first):
                if _sees_all_along(inference, fields[number], shape, out, channels_first=channels_first):
                    return None
                moved = True
        if moved:
            return None if any(fields[number] is None for number in inputs) else not_followed(out)
    return union([fields[number] for number in inputs])


def _sees_all_along(
    inference: Inference, field: Field, shape: Shape | None, out: Shape | None, *, channels_first: bool
) -> bool:
    """Whether a value that is stretched from one position along some axes sees all of the input along all of them."""
    if field is None or shape is None or out is None:
        return False
    places = slice(2, None) if channels_first else slice(1, -1)
    lengths = [
        source.shape[places]
        for number in inference.inputs
        if (source := inference.values[number]).shape is not None and len(source.shape) == len(field) + 2
    ]
    if not lengths or len(field) != len(shape[places]):
        return False
    for at, (axis, own, made) in enumerate(zip(field, shape[places], out[places], strict=True)):
        if own == made:
            continue
        if own != 1 or not all(
            at_least(0, axis.first) and at_least(axis.last, axis.parts * (length[at] - 1)) for length in lengths
        ):
            return False
    return True


def _other_places(shape: Shape | None, out: Shape | None, *, channels_first: bool) -> bool:
    """Whether a tensor has other spatial sizes than the one that is made of it, whatever the symbols are."""
    if shape is None or out is None or shape == out or len(shape) != len(out):
        return False
    places = slice(2, None) if channels_first else slice(1, -1)
    pairs = zip(shape[places], out[places], strict=True)
    return any(a is not b and (equal(a, b) is False or (a == 1 and not isinstance(b, int))) for a, b in pairs)


def union(seen: list[Field]) -> Field:
    """What one of several fields sees."""
    if not seen:
        return None
    first = seen[0]
    if len(seen) == 1 or all(other == first for other in seen[1:]):
        return first
    if None in seen:
        return None
    result = first
    for other in seen[1:]:
        assert result is not None
        assert other is not None
        if len(result) != len(other):
            return (_UNDECIDED,) * max(len(result), len(other), 1)
        result = _by_axis(_join, result, other)
    return result


def _by_axis(make: Callable[[Axis, T], Axis], axes: tuple[Axis, ...], others: tuple[T, ...]) -> tuple[Axis, ...]:
    """What is made of each axis and what meets it there. Most is square: what was found along one axis holds along the
    next.
    """
    found: list[Axis] = []
    for at, (axis, other) in enumerate(zip(axes, others, strict=True)):
        alike = at > 0 and other == others[at - 1] and axis == axes[at - 1]
        found.append(found[-1] if alike else make(axis, other))
    return tuple(found)


def _join(a: Axis, b: Axis) -> Axis:
    if a is b or a == b:
        return a
    same_stride, same_centre = _alignment(a, b)
    if not same_stride:
        # One path looks further and further ahead of the other: what is seen of both grows from output to output.
        return _NO_ONE_FIELD if same_stride is False or a.aligned is False or b.aligned is False else _UNDECIDED
    parts = a.parts * b.parts // gcd(a.parts, b.parts)
    p, q = parts // a.parts, parts // b.parts
    return Axis(
        p * a.stride,
        -_larger(-p * a.first, -q * b.first),
        _larger(p * a.last, q * b.last),
        parts,
        aligned=_all((a.aligned, b.aligned, same_centre)),
        seen=spans.merge([a.seen, b.seen]),
        slack=max(a.slack, b.slack),
    )


def _larger(a: Dim, b: Dim) -> Dim:
    return max(a, b) if isinstance(a, int) and isinstance(b, int) else maximum(a, b)


def _seen_through(seen: tuple[Axis, ...], window: tuple[Window, ...]) -> Field:
    """The field of what a window sees of values with this field."""
    if not seen:
        return None
    if len(window) != len(seen) or not all(isinstance(step.up, int) for step in window):
        return (_UNDECIDED,) * len(window)
    return _by_axis(through, seen, window)


def through(axis: Axis, window: Window) -> Axis:
    """What is seen along an axis through a window, whose taps see what `axis` says."""
    size, stride, dilation, before, up = window
    assert isinstance(up, int)
    low = -before
    high = low + dilation * (size - 1)
    result = Axis(
        axis.stride * stride,
        up * axis.first + axis.stride * low,
        up * axis.last + axis.stride * high,
        up * axis.parts,
        axis.aligned,
        spans.through(axis.seen, window),
        axis.slack + _slack(axis, window),
    )
    return result if result.parts == 1 else _reduced(result)


def _slack(axis: Axis, window: Window) -> float:
    """What a step puts its outputs beside the middle of what it steps over, in input positions; half a step at most.

    >>> two_by_two, three = Window(2, stride=2), Window(3, stride=2, before=1)
    >>> _slack(Axis(stride=4), two_by_two), _slack(Axis(stride=4), three)
    (0.0, 2.0)
    """
    if window.stride == 1 and window.up == 1:
        return 0.0
    numbers = [one for one in window if isinstance(one, int)]
    if len(numbers) < len(window):
        return 0.0
    size, stride, dilation, before, up = numbers
    if not isinstance(axis.stride, int) or max(map(abs, (*numbers, axis.stride))).bit_length() > _MOST_BITS // 3:
        return 0.0
    beside = (dilation * (size - 1) - stride + up) / 2 - before  # in positions that are `up` times as dense
    half = (max(stride, up) - 1) / 2
    return min(abs(beside), half) * axis.stride / (axis.parts * up)


def _reduced(axis: Axis) -> Axis:
    """The same field in as few parts as possible."""
    stride, first, last, parts = axis[:4]
    if not (isinstance(stride, int) and isinstance(first, int) and isinstance(last, int)):
        return axis
    common = gcd(gcd(stride, parts), gcd(first, last))
    return axis._replace(stride=stride // common, first=first // common, last=last // common, parts=parts // common)
