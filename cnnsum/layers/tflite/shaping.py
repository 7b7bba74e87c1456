"""Operators of TensorFlow Lite that give the same elements in another shape or order, put tensors together or take them
apart, and those that give a shape itself or make a tensor of one.

Numbers that a program computes from sizes are followed through all of them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.arithmetic.axes import require_outputs
from cnnsum.layers.arithmetic.contents import MOST, content_of, plain, together, whole
from cnnsum.layers.arithmetic.programs import (
    axes_of,
    concatenated,
    length_of,
    parted,
    ranged,
    tiled,
    transposed,
    unknown_of,
    with_numbers,
)
from cnnsum.layers.arithmetic.shaping import filled, reshaped
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Content, Facts, Shape, show_shape
from cnnsum.layers.kinds import Ints, PlainInt, PlainPos, Text
from cnnsum.layers.requiring import axis_of, require_equal
from cnnsum.layers.tflite.fields import PREFIX, Fused, fused, lengths_in, whole_numbers


@layer(key=f"{PREFIX}.RESHAPE", name="RESHAPE", reads=True)
def reshape(x: Shape, shape: Shape | None = None, *, new_shape: Ints | None = None) -> Facts:
    """The same elements in another shape, which an input or an option has; -1 is what is left over."""
    wanted = whole_numbers(shape) if shape is not None else new_shape
    if wanted is None and shape is not None and len(shape) != 1:
        wanted = new_shape  # a shape of another rank is passed over
    if wanted == (0,) and shape is None:
        wanted = ()  # how old files say that there are no axes
    if wanted is None:
        return with_numbers(x, Facts(unknown_of(length_of(shape)), alias="view", window=NOT_FOLLOWED))
    if UNKNOWN in wanted:
        out = tuple([UNKNOWN if one == -1 else one for one in wanted])
        return with_numbers(x, Facts(out, alias="view", window=NOT_FOLLOWED))
    if any(isinstance(one, int) and one < -1 for one in wanted):
        raise Problem("CFG113", f"RESHAPE has no size below -1, got {list(wanted)}", "new_shape")
    return with_numbers(x, reshaped(x, filled(x, tuple(wanted), x, "new_shape")))


@layer(key=f"{PREFIX}.SQUEEZE", name="SQUEEZE", reads=True)
def squeeze(x: Shape, *, squeeze_dims: Ints | None = None) -> Facts:
    """Without axes of 1: those that are named, or all of them."""
    if not squeeze_dims:
        if any(dim is UNKNOWN for dim in x):
            return Facts(None, alias="view", dtype="first")
        out = tuple([dim for dim in x if dim != 1])
    else:
        places = axes_of(x, tuple(dict.fromkeys(squeeze_dims)), None, "SQUEEZE") or ()
        for axis in places:
            require_equal(x[axis], 1, f"SQUEEZE needs a size of 1 on axis {axis}, got {show_shape(x)}")
        out = tuple([dim for axis, dim in enumerate(x) if axis not in places])
    return with_numbers(x, Facts(out, alias="view", window=None if out == x else NOT_FOLLOWED))


@layer(key=f"{PREFIX}.EXPAND_DIMS", name="EXPAND_DIMS", reads=True)
def expand_dims(x: Shape, axis: Shape) -> Facts:
    """An axis of 1 more, at this place of the output."""
    found = whole(axis)
    rank = len(x) + 1
    if found is None or len(found) != 1:
        return with_numbers(x, Facts(unknown_of(rank), alias="view", window=NOT_FOLLOWED))
    if not -rank <= found[0] < rank:
        raise Problem("SHP205", f"EXPAND_DIMS: {show_shape(x)} has no place {found[0]} for an axis")
    at = found[0] % rank
    return with_numbers(x, Facts((*x[:at], 1, *x[at:]), alias="view", window=NOT_FOLLOWED))


@layer(key=f"{PREFIX}.TRANSPOSE", name="TRANSPOSE", reads=True)
def transpose(x: Shape, perm: Shape) -> Facts:
    """The axes in another order."""
    order = whole(perm)
    if order is None:
        return Facts(unknown_of(len(x)), alias="view", dtype="first", window=NOT_FOLLOWED)
    turned = tuple([axis + len(x) if -len(x) <= axis < 0 else axis for axis in order])
    return transposed("TRANSPOSE", x, turned)


@layer(key=f"{PREFIX}.TILE", name="TILE", reads=True)
def tile(x: Shape, multiples: Shape) -> Facts:
    """The tensor so many times along each axis."""
    return tiled("TILE", x, lengths_in(multiples, "TILE"))


# --- together and apart -----------------------------------------------------------------------------------------------


@layer(key=f"{PREFIX}.CONCATENATION", name="CONCATENATION", reads=True)
def concatenation(*tensors: Shape, axis: PlainInt = 0, fused_activation_function: Fused = "linear") -> Facts:
    """Put tensors end to end along an axis."""
    return fused(concatenated("CONCATENATION", tensors, axis), fused_activation_function)


@layer(key=f"{PREFIX}.PACK", name="PACK", reads=True)
def pack(*tensors: Shape, values_count: PlainInt = 0, axis: PlainInt = 0) -> Facts:
    """Put tensors of one shape side by side along a new axis."""
    first = tensors[0]
    rank = len(first) + 1
    if not -rank <= axis < rank:
        raise Problem("SHP205", f"PACK: {show_shape(first)} has no place {axis} for an axis", "axis")
    at = axis % rank
    sizes = list(first)
    for index, other in enumerate(tensors[1:], 1):
        if len(other) != len(first):
            raise Problem("SHP207", f"PACK needs tensors of one shape, got {show_shape(first)} and {show_shape(other)}")
        for place, (own, new) in enumerate(zip(sizes, other, strict=True)):
            reason = f"PACK needs tensors of one shape, got {show_shape(first)} and {show_shape(other)}"
            sizes[place] = require_equal(own, new, reason, code="SHP207", inputs=(0, index))
    out = (*sizes[:at], len(tensors), *sizes[at:])
    contents: tuple[Content, ...] = ()
    if len(tensors) <= MOST and at == 0 and any(content_of(one) is not None for one in tensors):
        parts = [content_of(one) or (UNKNOWN,) * (plain((prod(one),)) or (MOST + 1,))[0] for one in tensors]
        if sum(map(len, parts)) <= MOST:
            contents = (tuple([number for part in parts for number in part]),)
    return Facts(out, gradient="parts", dtype="first", contents=contents)


@layer(key=f"{PREFIX}.UNPACK", name="UNPACK", reads=True)
def unpack(x: Shape, *, num: PlainPos, axis: PlainInt = 0) -> Facts:
    """The slices of an axis, each a tensor without it."""
    at = axis_of(x, axis, "UNPACK")
    require_outputs(num, "UNPACK", "num")
    require_equal(x[at], num, f"UNPACK into {num} needs as many on axis {at}, got {show_shape(x)}", field="num")
    out = (*x[:at], *x[at + 1 :])
    content = content_of(x)
    contents: tuple[Content, ...] = ()
    if content is not None and at == 0 and len(content) % num == 0:
        each = len(content) // num
        contents = tuple([content[index * each : (index + 1) * each] for index in range(num)])
    return Facts(*[out] * num, alias="view", gradient="parts", dtype="first", contents=contents, window=NOT_FOLLOWED)


def _parts(what: str, x: Shape, at: int, parts: tuple[Dim, ...]) -> Facts:
    total: Dim = sum(parts, start=0)
    if UNKNOWN not in parts:
        reason = f"{what} into {[*map(str, parts)]} needs {total} on axis {at}, got {show_shape(x)}"
        require_equal(x[at], total, reason, code="SHP203")
    return parted(x, at, parts)


@layer(key=f"{PREFIX}.SPLIT", name="SPLIT", reads=True)
def split(axis: Shape, x: Shape, *, num_splits: PlainPos) -> Facts:
    """Equal parts along an axis."""
    require_outputs(num_splits, "SPLIT", "num_splits")
    found = whole(axis)
    if found is None or len(found) != 1:
        return Facts(*[unknown_of(len(x))] * num_splits, gradient="parts", dtype="of 1", window=NOT_FOLLOWED)
    at = axis_of(x, found[0], "SPLIT")
    facts = _parts("SPLIT", x, at, (x[at] // num_splits,) * num_splits)
    facts.dtype = "of 1"
    return facts


@layer(key=f"{PREFIX}.SPLIT_V", name="SPLIT_V", reads=True)
def split_by(x: Shape, sizes: Shape, axis: Shape, *, num_splits: PlainPos) -> Facts:
    """Parts of these lengths along an axis; -1 is what is left over."""
    require_outputs(num_splits, "SPLIT_V", "num_splits")
    found, parts = whole(axis), whole_numbers(sizes)
    if found is None or len(found) != 1 or parts is None:
        return Facts(*[unknown_of(len(x))] * num_splits, gradient="parts", dtype="first", window=NOT_FOLLOWED)
    if len(parts) != num_splits:
        raise Problem("CFG102", f"SPLIT_V has {num_splits} outputs, and lengths of {len(parts)}", "num_splits")
    at = axis_of(x, found[0], "SPLIT_V")
    if list(parts).count(-1) == 1 and UNKNOWN not in parts:
        rest = x[at] - (sum(parts, start=0) + 1)
        if isinstance(rest, int) and rest < 0:
            raise Problem("SHP203", f"SPLIT_V into {list(parts)} needs more on axis {at}, got {show_shape(x)}")
        parts = tuple([rest if part == -1 else part for part in parts])
    if any(isinstance(part, int) and part < 0 for part in parts):
        raise Problem("CFG102", f"SPLIT_V makes no part shorter than 0, got {list(parts)}")
    return _parts("SPLIT_V", x, at, tuple(parts))


# --- tensors of nothing but a shape -----------------------------------------------------------------------------------


@layer(key=f"{PREFIX}.SHAPE", name="SHAPE")
def shape_of(x: Shape, *, dtype: Text = "int32") -> Facts:
    """The sizes of a tensor as numbers. Has no gradient."""
    return Facts((len(x),), gradient="none", dtype=dtype, contents=(tuple(x),), rows=1)


@layer(key=f"{PREFIX}.RANK", name="RANK")
def rank(x: Shape) -> Facts:
    """How many axes a tensor has. Has no gradient."""
    return Facts((), gradient="none", dtype="int32", contents=((len(x),),), rows=1)


@layer(key=f"{PREFIX}.FILL", name="FILL", reads=True)
def fill(shape: Shape, value: Shape) -> Facts:
    """A tensor of a shape that an input has, filled with a number. Has no gradient."""
    wanted = lengths_in(shape, "FILL")
    if wanted is None:
        return Facts(unknown_of(length_of(shape)), gradient="none", dtype="of 1")
    count, number = prod(wanted), content_of(value)
    is_short = isinstance(count, int) and 0 <= count <= MOST and number is not None and len(number) == 1
    content = number * count if is_short and number is not None and isinstance(count, int) else None
    return Facts(tuple(wanted), gradient="none", dtype="of 1", contents=together(content))


@layer(key=f"{PREFIX}.RANGE", name="RANGE", reads=True)
def range_of(start: Shape, limit: Shape, delta: Shape) -> Facts:
    """Numbers from a start to before a limit, at equal distances. Has no gradient."""
    return ranged("RANGE", start, limit, delta)
