"""Operations of exported programs that give the same elements in another shape or order and compute nothing. Keys as in
`aten_elementwise`; axes are counted with the batch, as PyTorch counts them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, maximum, minimum, prod
from cnnsum.layers.arithmetic.axes import places_of
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.arithmetic.shaping import filled, reshaped
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Reach, Shape, show_shape, size, turned, within
from cnnsum.layers.kinds import Axes, Ints, Nat, Naturals, PlainInt, PlainPos, Text
from cnnsum.layers.requiring import (
    axis_of,
    require_axes,
    require_equal,
)
from cnnsum.layers.strides import RESHAPED, ROWS, VIEWED, Strides, Taken, stretched


def _of_strides(strides: Strides, facts: Facts) -> Facts:
    """The facts, with what is said of how the outputs lie."""
    facts.strides = strides
    return facts


@layer(key="aten.view", aliases="aten._unsafe_view aten.view_copy")
def view(x: Shape, *, size: Ints) -> Facts:
    """The same elements in another shape; -1 is what is left over. The output is the input's storage."""
    return _of_strides(VIEWED, reshaped(x, filled(x, size, x, "size")))


@layer(key="aten.reshape")
def reshape(x: Shape, *, shape: Ints) -> Facts:
    """The same elements in another shape; -1 is what is left over. The output is the input's storage, where strides can
    say where its elements are there; else, behind a permutation, a copy.
    """
    return _of_strides(RESHAPED, reshaped(x, filled(x, shape, x, "shape")))


@layer(key="aten.view_as", aliases="aten.reshape_as")
def view_as(x: Shape, other: Shape) -> Facts:
    """The same elements in the shape of another tensor."""
    require_equal(prod(x), prod(other), f"view_as needs as many elements, got {show_shape(x)} and {show_shape(other)}")
    return Facts(other, alias="view", dtype="first", strides=RESHAPED)


@layer(key="aten.flatten")
def flatten(x: Shape, *, start_dim: PlainInt = 0, end_dim: PlainInt = -1) -> Facts:
    """Some axes made one."""
    if not x:
        return Facts((1,), alias="view", dtype="input", strides=VIEWED)
    first, last = axis_of(x, start_dim, "flatten", "start_dim"), axis_of(x, end_dim, "flatten", "end_dim")
    return _of_strides(RESHAPED, reshaped(x, (*x[:first], prod(x[first : last + 1]), *x[last + 1 :])))


@layer(key="aten.ravel")
def ravel(x: Shape) -> Facts:
    """All axes made one."""
    return _of_strides(RESHAPED, reshaped(x, (prod(x),)))


def _with_axes(name: str, least: int) -> Rule:
    def rule(x: Shape) -> Facts:
        if least == 3 and len(x) == 2:
            out: Shape = (*x, 1)
        elif least == 3 and len(x) == 1:
            out = (1, *x, 1)
        else:
            out = (*(1,) * (least - len(x)), *x)
        return Facts(out, alias="view", dtype="input", strides=VIEWED)

    return named(rule, name, f"The tensor with at least {least} axes.")


for _least in (1, 2, 3):
    layer(key=f"aten.atleast_{_least}d", name=f"atleast_{_least}d")(_with_axes(f"atleast_{_least}d", _least))


@layer(key="aten.unflatten")
def unflatten(x: Shape, *, dim: PlainInt, sizes: Ints) -> Facts:
    """One axis made several; -1 is what is left over."""
    axis = axis_of(x, dim, "unflatten", "dim")
    out = (*x[:axis], *filled((x[axis],), sizes, x, "sizes"), *x[axis + 1 :])
    return _of_strides(VIEWED, reshaped(x, out))


def _turned(x: Shape, order: tuple[int, ...]) -> Facts:
    out = tuple([x[axis] for axis in order])
    window: Reach = turned(order) if order[:1] == (0,) else NOT_FOLLOWED
    return Facts(out, alias="view", dtype="input", window=window, strides=Strides(Taken(order)))


@layer(key="aten.permute", aliases="aten.permute_copy")
def permute(x: Shape, *, dims: Axes) -> Facts:
    """The axes in another order."""
    order = places_of(x, dims, "permute", "dims")
    if len(order) != len(x):
        raise Problem("CFG114", f"permute needs each axis of {show_shape(x)} once, got {list(dims)}", "dims")
    return _turned(x, order)


@layer(key="aten.transpose", aliases="aten.transpose_copy")
def transpose(x: Shape, *, dim0: PlainInt, dim1: PlainInt) -> Facts:
    """Two axes exchanged."""
    first, second = axis_of(x, dim0, "transpose", "dim0"), axis_of(x, dim1, "transpose", "dim1")
    order = list(range(len(x)))
    order[first], order[second] = second, first
    return _turned(x, tuple(order))


@layer(key="aten.swapaxes")
def swapaxes(x: Shape, *, axis0: PlainInt, axis1: PlainInt) -> Facts:
    """Two axes exchanged."""
    return transpose(x, dim0=axis0, dim1=axis1)


@layer(key="aten.swapdims")
def swapdims(x: Shape, *, dim0: PlainInt, dim1: PlainInt) -> Facts:
    """Two axes exchanged."""
    return transpose(x, dim0=dim0, dim1=dim1)


@layer(key="aten.t", aliases="aten.numpy_T aten.t_copy aten.mT aten.adjoint aten.mH")
def t(x: Shape) -> Facts:
    """The last two axes exchanged."""
    return _turned(x, (*range(len(x) - 2), *reversed(range(max(len(x) - 2, 0), len(x)))))


@layer(key="aten.movedim", aliases="aten.moveaxis")
def movedim(x: Shape, *, source: Axes, destination: Axes) -> Facts:
    """Some axes moved to other places."""
    came = places_of(x, source, "movedim", "source")
    went = places_of(x, destination, "movedim", "destination")
    if len(came) != len(went):
        raise Problem("CFG116", "movedim needs as many destinations as sources", "destination")
    placed = dict(zip(went, came, strict=True))
    rest = iter([axis for axis in range(len(x)) if axis not in came])
    return _turned(x, tuple([placed[at] if at in placed else next(rest) for at in range(len(x))]))


@layer(key="aten.squeeze", aliases="aten.squeeze_copy")
def squeeze(x: Shape, *, dim: Axes | None = None) -> Facts:
    """Without axes of 1: all of them, or those that are named."""
    places = range(len(x)) if dim is None else places_of(x, dim, "squeeze", "dim") if x else ()
    left = tuple([axis for axis, length in enumerate(x) if axis not in places or length != 1])
    out = tuple([x[axis] for axis in left])
    window: Reach = None if out == x else NOT_FOLLOWED
    return Facts(out, alias="view", dtype="input", window=window, strides=Strides(Taken(left)))


@layer(key="aten.unsqueeze", aliases="aten.unsqueeze_copy")
def unsqueeze(x: Shape, *, dim: PlainInt) -> Facts:
    """An axis of 1 more."""
    if not -len(x) - 1 <= dim <= len(x):
        raise Problem("SHP205", f"unsqueeze: {show_shape(x)} has no place {dim} for an axis", "dim")
    at = dim % (len(x) + 1)
    strides = Strides(Taken((*range(at), -1, *range(at, len(x)))))
    return Facts((*x[:at], 1, *x[at:]), alias="view", dtype="input", window=NOT_FOLLOWED, strides=strides)


@layer(key="aten.expand", aliases="aten.expand_copy aten.broadcast_to", reads=True)
def expand(x: Shape, *, size: Ints) -> Facts:
    """Axes of 1 stretched; -1 leaves one as it is."""
    extra = len(size) - len(x)
    if extra < 0:
        raise Problem("SHP204", f"expand needs a size for each axis of {show_shape(x)}", "size")
    out: list[Dim] = []
    for at, wanted in enumerate(size):
        own = x[at - extra] if at >= extra else 1
        if wanted == -1:
            out.append(own)
        elif own == 1:
            out.append(wanted)
        else:
            out.append(require_equal(own, wanted, f"expand to {list(size)}: {show_shape(x)} is not of that size"))
    facts = Facts(tuple(out), alias="view", dtype="input", strides=stretched(x, tuple(out)))
    facts.within = within(x)
    return facts


@layer(key="aten.expand_as")
def expand_as(x: Shape, other: Shape) -> Facts:
    """Stretched to the shape of another tensor."""
    out = broadcast((x, other), "expand_as")
    return Facts(out, alias="view", dtype="first", strides=stretched(x, out))


@layer(key="aten.broadcast_tensors")
def broadcast_tensors(*tensors: Shape) -> Facts:
    """All tensors stretched to one shape."""
    out = broadcast(tensors, "broadcast_tensors")
    return Facts(*[out] * len(tensors), alias="view", dtype="first")


@layer(key="aten.flip", aliases="aten.fliplr aten.flipud aten.roll")
def moved(x: Shape) -> Facts:
    """The elements of some axes in another order."""
    return Facts(x, dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.rot90")
def rot90(x: Shape, *, k: PlainInt = 1, dims: Axes = (0, 1)) -> Facts:
    """Turned by `k` right angles in the plane of two axes."""
    places = places_of(x, dims, "rot90", "dims")
    if len(places) != 2:
        raise Problem("CFG116", f"rot90 turns in a plane of two axes, got {list(dims)}", "dims")
    first, second = places
    out = list(x)
    if k % 2:
        out[first], out[second] = x[second], x[first]
    return Facts(tuple(out), dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.tile")
def tile(x: Shape, *, dims: Naturals) -> Facts:
    """The tensor so many times along each axis, the last ones where there are fewer numbers."""
    return repeat(x, repeats=(*(1,) * (len(x) - len(dims)), *dims))


@layer(key="aten.diagonal", name="diagonal")
def diagonal_of(x: Shape, *, offset: PlainInt = 0, dim1: PlainInt = 0, dim2: PlainInt = 1) -> Facts:
    """The diagonal of two axes, as a last axis in their place."""
    first, second = places_of(x, (dim1, dim2), "diagonal", "dim1")
    rows, columns = x[first] - max(-offset, 0), x[second] - max(offset, 0)
    rest = [dim for axis, dim in enumerate(x) if axis not in (first, second)]
    out = (*rest, maximum(0, minimum(rows, columns)))
    return Facts(out, alias="view", gradient="parts", dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.diag_embed")
def diag_embed(x: Shape, *, offset: PlainInt = 0, dim1: PlainInt = -2, dim2: PlainInt = -1) -> Facts:
    """The last axis as a diagonal of two new ones."""
    require_axes(x, 1, "diag_embed")
    length = x[-1] + abs(offset)
    rank = len(x) + 1
    first, second = sorted(place % rank for place in (dim1, dim2))
    out = list(x[:-1])
    out.insert(first, length)
    out.insert(second, length)
    return Facts(tuple(out), dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.diag")
def diag(x: Shape, *, diagonal: PlainInt = 0) -> Facts:
    """A matrix with a vector on its diagonal, or the diagonal of a matrix."""
    if len(x) == 1:
        return diag_embed(x, offset=diagonal)
    facts = diagonal_of(x, offset=diagonal)
    facts.alias = ""
    return facts


@layer(key="aten.diff")
def diff(x: Shape, *, n: PlainPos = 1, dim: PlainInt = -1) -> Facts:
    """Differences of neighbours along an axis, `n` times. Operations: 1 per element of each."""
    axis = axis_of(x, dim, "diff", "dim")
    out = (*x[:axis], maximum(0, x[axis] - n), *x[axis + 1 :])
    return Facts(out, ops=n * size(out), dtype="input")


@layer(key="aten.as_strided")
def as_strided(x: Shape, *, size: Naturals) -> Facts:
    """Elements of the input's storage in another shape, at distances of their own."""
    return Facts(tuple(size), alias="view", gradient="parts", dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.repeat")
def repeat(x: Shape, *, repeats: Naturals) -> Facts:
    """The tensor so many times along each axis."""
    extra = len(repeats) - len(x)
    if extra < 0:
        raise Problem("SHP204", f"repeat needs a number for each axis of {show_shape(x)}", "repeats")
    padded = ((1,) * extra) + x
    out = tuple([dim * times for dim, times in zip(padded, repeats, strict=True)])
    return Facts(out, dtype="input", strides=ROWS)


@layer(key="aten.repeat_interleave")
def repeat_interleave(x: Shape, *, repeats: Nat, dim: PlainInt | None = None) -> Facts:
    """Each element of an axis so many times; without one, of all elements in a row."""
    if dim is None:
        return Facts((prod(x) * repeats,), dtype="input", window=NOT_FOLLOWED)
    axis = axis_of(x, dim, "repeat_interleave", "dim")
    return Facts((*x[:axis], x[axis] * repeats, *x[axis + 1 :]), dtype="input")


@layer(key="aten.meshgrid")
def meshgrid(*tensors: Shape, indexing: Text = "ij") -> Facts:
    """Coordinates of a grid."""
    lengths = [shape[0] if shape else 1 for shape in tensors]
    if indexing == "xy" and len(lengths) > 1:
        lengths[:2] = lengths[1::-1]
    return Facts(*[tuple(lengths)] * len(tensors), alias="view", dtype="first")
