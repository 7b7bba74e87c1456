"""Operations of ONNX that give the same elements in another shape or order, put tensors together or take them apart,
and those that give a shape itself or make a tensor of one.

Numbers that a program computes from sizes are followed through all of them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, ceil_div, prod
from cnnsum.layers.arithmetic.axes import require_outputs
from cnnsum.layers.arithmetic.contents import MOST, content_of, cut_off, known, together, whole
from cnnsum.layers.arithmetic.programs import (
    axes_of,
    concatenated,
    length_of,
    parted,
    ranged,
    stretched,
    tiled,
    transposed,
    unknown_of,
    with_numbers,
)
from cnnsum.layers.arithmetic.shaping import filled, reshaped
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Sentence, Shape, show_shape, with_shape
from cnnsum.layers.kinds import Anything, Axes, Ints, PlainInt, Text
from cnnsum.layers.onnx.fields import DOMAIN, Code, Switch, axis_from
from cnnsum.layers.requiring import axis_of, require_at_least, require_equal


@layer(key=f"{DOMAIN}.Shape", name="Shape")
def shape(x: Shape, *, start: PlainInt = 0, end: PlainInt | None = None) -> Facts:
    """The sizes of a tensor, or of the axes from `start` to before `end`, as numbers. Has no gradient."""
    found = x[slice(start, end)]
    return Facts((len(found),), gradient="none", dtype="int64", contents=(tuple(found),), rows=1)


@layer(key=f"{DOMAIN}.Size", name="Size")
def elements(x: Shape) -> Facts:
    """How many elements a tensor has. Has no gradient."""
    return Facts((), gradient="none", dtype="int64", contents=((prod(x),),), rows=1)


@layer(key=f"{DOMAIN}.Reshape", name="Reshape", reads=True)
def reshape(x: Shape, target: Shape | None = None, *, allowzero: Switch = False, shape: Ints | None = None) -> Facts:
    """The same elements in another shape; -1 is what is left over, 0 the size that the axis has (with `allowzero` a 0).

    The output is the input's storage.
    """
    wanted = shape if target is None else known(target)
    if wanted is None:
        return with_numbers(x, Facts(unknown_of(length_of(target)), alias="view", window=NOT_FOLLOWED))
    sizes: list[Dim] = list(wanted)
    for axis, size in enumerate(sizes):
        if size == 0 and not allowzero:
            if axis >= len(x):
                raise Problem("SHP205", f"Reshape keeps the size of axis {axis}, which {show_shape(x)} does not have")
            sizes[axis] = x[axis]
    if UNKNOWN in sizes:
        return with_numbers(
            x, Facts(tuple([UNKNOWN if one == -1 else one for one in sizes]), alias="view", window=NOT_FOLLOWED)
        )
    return with_numbers(x, reshaped(x, filled(x, tuple(sizes), x, "shape")))


@layer(key=f"{DOMAIN}.Flatten", name="Flatten", reads=True)
def flatten(x: Shape, *, axis: PlainInt = 1) -> Facts:
    """A matrix: the axes before `axis` made one, and all others made one."""
    at = axis_from(x, axis, "Flatten")
    return with_numbers(x, reshaped(x, (prod(x[:at]), prod(x[at:]))))


@layer(key=f"{DOMAIN}.Transpose", name="Transpose", reads=True)
def transpose(x: Shape, *, perm: Axes | None = None) -> Facts:
    """The axes in another order, or in the reverse."""
    return transposed("Transpose", x, tuple(reversed(range(len(x)))) if perm is None else perm)


@layer(key=f"{DOMAIN}.Squeeze", name="Squeeze", reads=True)
def squeeze(x: Shape, tensor: Shape | None = None, *, axes: Ints | None = None) -> Facts:
    """Without axes of 1: all of them, or those that are named."""
    if tensor is None and axes is None:
        if any(dim is UNKNOWN for dim in x):
            return Facts(None, alias="view", dtype="first")
        out = tuple([dim for dim in x if dim != 1])
    else:
        places = axes_of(x, axes, tensor, "Squeeze")
        if places is None:
            return Facts(None, alias="view", dtype="first")
        for axis in places:
            require_equal(x[axis], 1, f"Squeeze needs a size of 1 on axis {axis}, got {show_shape(x)}", field="axes")
        out = tuple([dim for axis, dim in enumerate(x) if axis not in places])
    return with_numbers(x, Facts(out, alias="view", window=None if out == x else NOT_FOLLOWED))


@layer(key=f"{DOMAIN}.Unsqueeze", name="Unsqueeze", reads=True)
def unsqueeze(x: Shape, tensor: Shape | None = None, *, axes: Ints | None = None) -> Facts:
    """Axes of 1 more, at these places of the output."""
    count = length_of(tensor) if tensor is not None or axes is None else len(axes)
    count = 1 if tensor is not None and not tensor else count  # one axis without a list, which runtimes take
    if not isinstance(count, int) or len(x) + count > MOST:
        return Facts(None, alias="view", dtype="first")
    rank = len(x) + count
    places = axes_of(x, axes, tensor, "Unsqueeze", rank)
    if places is None:
        return Facts(unknown_of(rank), alias="view", dtype="first")
    rest = iter(x)
    out = tuple([1 if axis in places else next(rest) for axis in range(rank)])
    return with_numbers(x, Facts(out, alias="view", window=NOT_FOLLOWED))


@layer(key=f"{DOMAIN}.Expand", name="Expand", reads=True)
def expand(x: Shape, target: Shape) -> Facts:
    """Stretched to a shape, both broadcast."""
    return stretched("Expand", x, known(target))


@layer(key=f"{DOMAIN}.Tile", name="Tile", reads=True)
def tile(x: Shape, repeats: Shape, axis: Shape | None = None) -> Facts:
    """The tensor so many times along each axis."""
    if axis is not None:  # version 1: so many times along one axis
        places, count = whole(axis), content_of(repeats)
        if not places or not count:
            return Facts(unknown_of(len(x)), dtype="first")
        at = axis_of(x, places[0], "Tile")
        return Facts((*x[:at], x[at] * cut_off(count[0]), *x[at + 1 :]), dtype="first")
    return tiled("Tile", x, known(repeats))


# --- together and apart -----------------------------------------------------------------------------------------------


@layer(key=f"{DOMAIN}.Concat", name="Concat", reads=True)
def concat(*tensors: Shape, axis: PlainInt = 1) -> Facts:
    """Put tensors end to end along an axis."""
    return concatenated("Concat", tensors, axis)


@layer(key=f"{DOMAIN}.Split", name="Split", reads=True)
def split(
    x: Shape,
    lengths: Shape | None = None,
    *,
    axis: PlainInt = 0,
    split: Ints | None = None,
    num_outputs: PlainInt | None = None,
    outputs: PlainInt = 1,
) -> Facts:
    """Parts along an axis: of these lengths, or equal ones, the last of them smaller where they cannot be."""
    at = axis_of(x, axis, "Split")
    require_outputs(outputs, "Split", "outputs")
    length = x[at]
    parts: tuple[Dim, ...] | None
    if split is not None or lengths is not None:
        parts = split if lengths is None else known(lengths)
        if parts is None:
            parts = (UNKNOWN,) * outputs
        if len(parts) != outputs:
            raise Problem("CFG102", f"Split has {outputs} outputs, and lengths of {len(parts)}", "split")
        total = sum(parts, start=0)
        reason = f"Split into {list(parts)} needs {total} on axis {at}, got {show_shape(x)}"
        require_equal(length, total, reason, field="split")
        for part in parts:
            require_at_least(part, 0, reason, field="split")
    else:
        each = ceil_div(length, outputs)
        last = length - each * (outputs - 1)
        parts = (*(each,) * (outputs - 1), last)
        require_at_least(last, 0, with_shape(f"Split into {outputs} parts leaves nothing for the last", x))
    return parted(x, at, parts)


# --- tensors of nothing but a shape -----------------------------------------------------------------------------------


@layer(key=f"{DOMAIN}.ConstantOfShape", name="ConstantOfShape", reads=True)
def constant_of_shape(shape: Shape, *, value: Anything = (0.0,), dtype: Text = "float32") -> Facts:
    """A tensor of a shape that an input has, filled with a number. Has no gradient."""
    wanted = known(shape)
    if wanted is None:
        return Facts(unknown_of(length_of(shape)), gradient="none", dtype=dtype)
    out = tuple([UNKNOWN if isinstance(one, int) and one < 0 else one for one in wanted])
    for one in out:
        require_at_least(one, 0, Sentence("ConstantOfShape needs sizes of at least 0, got {}", (out,)))
    count = prod(out)
    number = value if isinstance(value, tuple) and len(value) == 1 else None
    content = number * count if number is not None and isinstance(count, int) and count <= MOST else None
    return Facts(out, gradient="none", dtype=dtype, contents=together(content))


@layer(key=f"{DOMAIN}.Range", name="Range", reads=True, settings="start limit delta")
def range_of(start: Shape, limit: Shape, delta: Shape) -> Facts:
    """Numbers from a start to before a limit, at equal distances. Has no gradient."""
    return ranged("Range", start, limit, delta)


@layer(key=f"{DOMAIN}.RandomNormal", name="RandomNormal", aliases=f"{DOMAIN}.RandomUniform")
def random(*, shape: Ints, dtype: Code = "float32") -> Facts:
    """Random numbers in a shape. Has no gradient."""
    return Facts(tuple(shape), gradient="none", dtype=dtype)


@layer(key=f"{DOMAIN}.OneHot", name="OneHot", reads=True, settings="depth values")
def one_hot(indices: Shape, depth: Shape, values: Shape, *, axis: PlainInt = -1) -> Facts:
    """A row with a single number of its own for each index, as a new axis."""
    found = content_of(depth)
    rank = len(indices) + 1
    if not -rank <= axis < rank:
        raise Problem("SHP205", f"OneHot: {show_shape(indices)} has no place {axis} for an axis", "axis")
    at = axis % rank
    count = cut_off(found[0]) if found else UNKNOWN
    return Facts((*indices[:at], count, *indices[at:]), gradient="none", dtype="of 2")


for _window in ("HannWindow", "HammingWindow", "BlackmanWindow"):

    def _rule(size: Shape, *, output_datatype: Code = "float32") -> Facts:
        """A window of so many numbers, for the spectrum of a signal. Has no gradient."""
        found = known(size)
        return Facts((found[0] if found else UNKNOWN,), gradient="none", dtype=output_datatype)

    layer(key=f"{DOMAIN}.{_window}", name=_window, reads=True)(_rule)
