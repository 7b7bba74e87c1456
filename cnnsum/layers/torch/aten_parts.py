"""Operations of exported programs that cut tensors, join them, pick elements of them, and write over some. Keys as in
`aten_elementwise`; axes are counted with the batch, as PyTorch counts them.
"""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, ceil_div, maximum, minimum
from cnnsum.layers.arithmetic.axes import END, part_of, place_in, require_outputs
from cnnsum.layers.arithmetic.broadcast import broadcast, joined
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Sentence, Shape, show_shape
from cnnsum.layers.kinds import Axes, Flag, Int, Ints, Nat, Naturals, PlainInt, PlainPos, Pos
from cnnsum.layers.requiring import (
    axis_of,
    require_at_least,
    require_equal,
    require_indices,
    require_multiple,
    require_places,
)
from cnnsum.layers.strides import ROWS, Strides, Taken


def _elements_along(x: Shape, axis: int, count: int) -> Facts:
    """So many elements along an axis, each by itself."""
    left = (*range(axis), *range(axis + 1, len(x)))
    out = tuple([x[one] for one in left])
    return Facts(
        *[out] * count,
        alias="view",
        gradient="parts",
        dtype="input",
        window=NOT_FOLLOWED,
        strides=Strides(Taken(left)),
    )


@layer(key="aten.select", aliases="aten.select_copy")
def select(x: Shape, *, dim: PlainInt, index: Int) -> Facts:
    """One element along an axis, which goes."""
    axis = axis_of(x, dim, "select", "dim")
    require_places(x, axis, index, index, "select", x, field="index")
    return _elements_along(x, axis, 1)


def _parts(x: Shape, axis: int, sizes: list[Dim], step: Dim = 1) -> Facts:
    """Parts of an axis, of every so many of its elements."""
    axes = tuple(range(len(x)))
    steps = () if step == 1 else tuple([step if one == axis else 1 for one in axes])
    outputs = [(*x[:axis], part, *x[axis + 1 :]) for part in sizes]
    return Facts(*outputs, alias="view", gradient="parts", dtype="input", strides=Strides(Taken(axes, steps)))


@layer(key="aten.slice", aliases="aten.slice_copy")
def slice(x: Shape, *, dim: PlainInt = 0, start: Int | None = None, end: Int | None = None, step: Pos = 1) -> Facts:
    """A part of an axis, from `start` to before `end`."""
    axis = axis_of(x, dim, "slice", "dim")
    count = part_of(x[axis], 0 if start is None else start, END if end is None else end, step)
    return _parts(x, axis, [count], step)


@layer(key="aten.narrow")
def narrow(x: Shape, *, dim: PlainInt, start: Int, length: Nat) -> Facts:
    """So many elements of an axis from a place on."""
    axis = axis_of(x, dim, "narrow", "dim")
    reason = Sentence("narrow from {} by {} on axis {}, got {}", (start, length, axis, x))
    require_at_least(x[axis], 0 - start, reason, code="SHP205", field="start")
    is_from_start = at_least(start, 0)
    if is_from_start is not None:
        # Below 0 it is counted from the end, which is as far as it goes.
        room = x[axis] - start if is_from_start else 0 - start
        require_at_least(room, length, reason, code="SHP205", field="length")
    return _parts(x, axis, [length])


def _equal(x: Shape, axis: int, each: Dim, count: int, what: str) -> Facts:
    """The first `count` parts of that size; the last of all may be smaller, and must not be empty."""
    rest = x[axis] - each * (count - 1)
    if count > 1:
        reason = Sentence("{} into {} parts of {} leaves nothing for the last, got {}", (what, count, each, x))
        require_at_least(rest, 1, reason)
    return _parts(x, axis, [each] * (count - 1) + [rest if at_least(each, rest) else minimum(each, rest)])


@layer(key="aten.split", aliases="aten.unsafe_split")
def split(x: Shape, *, split_size: Pos, dim: PlainInt = 0, outputs: PlainPos | None = None) -> Facts:
    """Parts of that size along an axis; the last has what is left. outputs: how many of them a program takes."""
    axis = axis_of(x, dim, "split", "dim")
    length = x[axis]
    if not isinstance(length, int) or not isinstance(split_size, int):
        count = length // split_size if outputs is None else outputs
        if not isinstance(count, int):
            raise Problem("UNK704", f"split of {show_shape(x)} gives an unknown number of parts", "split_size")
        require_outputs(count, "split", "split_size")
        if outputs is None:
            require_multiple(length, split_size, f"split: axis {axis} must be a multiple of {split_size}")
        return _equal(x, axis, split_size, count, "split")
    require_outputs(-(-length // split_size), "split", "split_size")
    return _parts(x, axis, [min(split_size, length - at) for at in range(0, length, split_size)])


@layer(key="aten.split_with_sizes", aliases="aten.split_with_sizes_copy aten.unsafe_split_with_sizes")
def split_with_sizes(x: Shape, *, split_sizes: Naturals, dim: PlainInt = 0) -> Facts:
    """Parts of these sizes along an axis, which they must fill."""
    axis = axis_of(x, dim, "split_with_sizes", "dim")
    require_outputs(len(split_sizes), "split_with_sizes", "split_sizes")
    total = sum(split_sizes, start=0)
    require_equal(x[axis], total, f"split into {list(split_sizes)} needs {total} on axis {axis}, got {show_shape(x)}")
    return _parts(x, axis, list(split_sizes))


@layer(key="aten.chunk", aliases="aten.unsafe_chunk")
def chunk(x: Shape, *, chunks: PlainPos, dim: PlainInt = 0, outputs: PlainPos | None = None) -> Facts:
    """So many parts along an axis, of equal size but for the last, or fewer where that is all there is. outputs: how
    many of them a program takes.
    """
    axis = axis_of(x, dim, "chunk", "dim")
    require_outputs(chunks, "chunk", "chunks")
    length = x[axis]
    if not isinstance(length, int):
        return _equal(x, axis, ceil_div(length, chunks), min(outputs or chunks, chunks), "chunk")
    if not length:
        return _parts(x, axis, [0] * chunks)
    each = -(-length // chunks)
    return _parts(x, axis, [min(each, length - at) for at in range(0, length, each)])


@layer(key="aten.tensor_split")
def tensor_split(
    x: Shape, *, sections: PlainPos | None = None, indices: Ints | None = None, dim: PlainInt = 0
) -> Facts:
    """So many parts along an axis, the first of them longer by one where they cannot be equal; or parts that begin at
    these indices.
    """
    axis = axis_of(x, dim, "tensor_split", "dim")
    length = x[axis]
    if indices is not None:
        require_outputs(len(indices) + 1, "tensor_split", "indices")
        ends = [place_in(length, at) for at in indices]
        parts = [end - start for start, end in zip((0, *ends), (*ends, length), strict=True)]
        return _parts(x, axis, [part if at_least(part, 0) is True else maximum(0, part) for part in parts])
    if sections is None:
        raise Problem("CFG107", "tensor_split needs either `sections` or `indices`, got neither", "sections")
    require_outputs(sections, "tensor_split", "sections")
    return _parts(x, axis, [(length + sections - 1 - at) // sections for at in range(sections)])


def _equal_parts(name: str, at: int) -> Rule:
    def rule(x: Shape, *, sections: PlainPos | None = None, indices: Ints | None = None) -> Facts:
        axis = 0 if len(x) == 1 and at == 1 else at
        if len(x) <= axis:
            raise Problem("SHP204", f"{name} needs an input of {at + 1} axes or more, got {show_shape(x)}")
        if sections is not None:
            reason = f"{name} needs a multiple of {sections} on axis {axis}, got {show_shape(x)}"
            require_multiple(x[axis], sections, reason, field="sections")
        return tensor_split(x, sections=sections, indices=indices, dim=axis)

    return named(rule, name, "Equal parts along an axis, or parts that begin at these indices.")


def _end_to_end(name: str, at: int) -> Rule:
    def rule(*tensors: Shape) -> Facts:
        # A vector is a row, for those that are put below one another.
        lifted = [shape if len(shape) > at or at == 1 else (*(1,) * (1 - len(shape)), *shape) for shape in tensors]
        if at == 0:
            lifted = [(1, *shape) if len(shape) == 1 else shape for shape in lifted]
        axis = 0 if at == 1 and len(lifted[0]) == 1 else at
        return Facts(joined(lifted, axis, name), gradient="parts", dtype="input")

    return named(rule, name, "Put tensors end to end along the first or the second axis.")


for _name, _at in (("vsplit", 0), ("hsplit", 1), ("dsplit", 2)):
    layer(key=f"aten.{_name}", name=_name)(_equal_parts(_name, _at))
for _name, _at in (("vstack", 0), ("row_stack", 0), ("hstack", 1)):
    layer(key=f"aten.{_name}", name=_name)(_end_to_end(_name, _at))


@layer(key="aten.unbind")
def unbind(x: Shape, *, dim: PlainInt = 0) -> Facts:
    """Each element of an axis by itself."""
    axis = axis_of(x, dim, "unbind", "dim")
    count = x[axis]
    if not isinstance(count, int):
        raise Problem("UNK704", f"unbind of {show_shape(x)} gives an unknown number of parts", "dim")
    require_outputs(count, "unbind", "dim")
    facts = _elements_along(x, axis, count)
    facts.window = None
    return facts


@layer(key="aten.cat", aliases="aten.concat aten.concatenate")
def cat(*tensors: Shape, dim: PlainInt = 0) -> Facts:
    """Put tensors end to end along an axis."""
    kept = [shape for shape in tensors if shape != (0,)] or list(tensors[:1])
    return Facts(joined(kept, dim, "cat"), gradient="parts", dtype="input")


@layer(key="aten.stack")
def stack(*tensors: Shape, dim: PlainInt = 0) -> Facts:
    """Put tensors of one shape next to each other along a new axis."""
    first = tensors[0]
    if not -len(first) - 1 <= dim <= len(first):
        raise Problem("SHP205", f"stack: {show_shape(first)} has no place {dim} for an axis", "dim")
    at = dim % (len(first) + 1)
    lifted = [(*shape[:at], 1, *shape[at:]) for shape in tensors]
    return Facts(joined(lifted, at, "stack"), gradient="parts", dtype="input")


@layer(key="aten.index_select", reads=True)
def index_select(x: Shape, index: Shape, *, dim: PlainInt) -> Facts:
    """The elements of an axis that an index names."""
    axis = axis_of(x, dim, "index_select", "dim")
    require_indices(index, x, axis, "index_select")
    out = (*x[:axis], *index, *x[axis + 1 :])
    return Facts(out, kept=(Kept("index", index, "int64"),), dtype="first", strides=ROWS)


#: What is kept where the gradient of the first of two tensors needs both, and the second is whole numbers.
_OF_FIRST = ((0,), (0,))


@layer(key="aten.take_along_dim")
def take_along_dim(x: Shape, index: Shape, *, dim: PlainInt | None = None) -> Facts:
    """The elements of an axis that an index names; the other axes are broadcast."""
    if dim is None:
        return gather(x, index)
    axis = axis_of(x, dim, "take_along_dim", "dim")
    if len(index) != len(x):
        raise Problem(
            "SHP204", f"take_along_dim needs an index of {counted(len(x), 'axis', 'axes')}, got {show_shape(index)}"
        )
    others = [(*shape[:axis], 1, *shape[axis + 1 :]) for shape in (x, index)]
    found = broadcast(others, "take_along_dim")
    out = (*found[:axis], index[axis], *found[axis + 1 :])
    return Facts(out, keeps_input=_OF_FIRST, dtype="first")


@layer(key="aten.take")
def take(x: Shape, index: Shape) -> Facts:
    """The elements that an index names, counted over all of them. Backpropagation keeps both."""
    return Facts(index, keeps_input=_OF_FIRST, dtype="first", window=NOT_FOLLOWED)


@layer(key="aten.gather")
def gather(x: Shape, index: Shape) -> Facts:
    """The elements that an index names, one for each of its own. Backpropagation keeps both."""
    return Facts(index, keeps_input=_OF_FIRST, dtype="first")


@layer(key="aten.scatter", aliases="aten.index_fill aten.put aten.masked_scatter")
def written_at(x: Shape, *others: Shape) -> Facts:
    """The first tensor with elements of the third, or a number, in place of those that the second names, an index or a
    mask. Backpropagation keeps the second.
    """
    return Facts(x, keeps_input=((), (0, 2), ()), dtype="first")


@layer(key="aten.index_copy")
def copied_to(x: Shape, *others: Shape) -> Facts:
    """The first tensor with slices of the third in place of those that an index names. Backpropagation keeps the index,
    and the third for its shape.
    """
    return Facts(x, keeps_input=((), (0, 2), (2,)), dtype="first")


@layer(key="aten.scatter_add")
def added_at(x: Shape, *others: Shape) -> Facts:
    """The first tensor with elements of the third added to those that an index names. Backpropagation keeps the
    index.
    """
    return Facts(x, keeps_input=((), (0, 2), ()), dtype="first")


@layer(key="aten.index_add")
def added_to(x: Shape, *others: Shape) -> Facts:
    """The first tensor with slices of the third added to those that an index names. Backpropagation keeps the index,
    and the third for its shape.
    """
    return Facts(x, keeps_input=((), (2,), (2,)), dtype="first")


@layer(key="aten.scatter_reduce")
def reduced_at(x: Shape, *others: Shape) -> Facts:
    """The first tensor with elements of the third summed up, or otherwise joined, with those that an index names.
    Backpropagation keeps all of them, and the output.
    """
    return Facts(x, keeps_input=True, keeps_output=True, dtype="first")


@layer(key="aten.index_put")
def put_at(x: Shape, *others: Shape, accumulate: Flag = False) -> Facts:
    """The first tensor with elements of the last in place of those that the indices between them name, or added to
    them. Backpropagation keeps the indices.
    """
    last = len(others)
    needing = (last,) if accumulate else (0, last)
    return Facts(x, keeps_input=((), *[needing] * (last - 1), ()), dtype="first")


@layer(
    key="aten.copy",
    aliases="aten.fill aten.index_reduce aten.diagonal_scatter aten.as_strided_scatter "
    "aten.fake_quantize_per_tensor_affine aten.fake_quantize_per_channel_affine",
)
def written_over(x: Shape, *others: Shape) -> Facts:
    """The first tensor with elements of others written over some of its own."""
    return Facts(x, dtype="first")


@layer(key="aten.fake_quantize_per_tensor_affine_cachemask", aliases="aten.fake_quantize_per_channel_affine_cachemask")
def fake_quantized(x: Shape, *settings: Shape) -> Facts:
    """The input rounded to whole steps, and where it was within bounds, which backpropagation keeps."""
    return Facts(x, x, keeps_output="rest", dtype="first", rest="bool")


def _written(x: Shape, part: Shape, wanted: Shape, what: str) -> Facts:
    """The first tensor with a part of it written over, of the shape that the part must have."""
    reason = f"{what} needs {show_shape(wanted)} to write, got {show_shape(part)}"
    if len(part) != len(wanted):
        raise Problem("SHP204", reason)
    for own, needed in zip(part, wanted, strict=True):
        require_equal(own, needed, reason)
    return Facts(x, dtype="first")


@layer(key="aten.slice_scatter")
def slice_scatter(
    x: Shape, src: Shape, *, dim: PlainInt = 0, start: Int | None = None, end: Int | None = None, step: Pos = 1
) -> Facts:
    """The first tensor with the second written over a part of an axis."""
    (wanted,) = slice(x, dim=dim, start=start, end=end, step=step).outputs
    return _written(x, src, wanted or (), "slice_scatter")


@layer(key="aten.select_scatter")
def select_scatter(x: Shape, src: Shape, *, dim: PlainInt, index: Int) -> Facts:
    """The first tensor with the second written over one element of an axis."""
    (wanted,) = select(x, dim=dim, index=index).outputs
    return _written(x, src, wanted or (), "select_scatter")


@layer(key="aten.index", reads=True)
def index(x: Shape, *indices: Shape, indices_places: Axes | None = None) -> Facts:
    """The elements that tensors of indices name, for the axes at `indices_places`; slices of the others."""
    places = tuple(range(len(indices))) if indices_places is None else indices_places
    if len(places) != len(indices) or not all(0 <= place < len(x) for place in places):
        raise Problem("SHP205", f"index: {show_shape(x)} has not as many axes as there are indices")
    for place, one in zip(places, indices, strict=True):
        require_indices(one, x, place, "index")
    found = broadcast(indices, "index") if indices else ()
    together = places == tuple(range(places[0], places[0] + len(places))) if places else True
    rest = [dim for axis, dim in enumerate(x) if axis not in places]
    at = places[0] if places and together else 0
    out = (*rest[:at], *found, *rest[at:])
    return Facts(out, kept=tuple([Kept("index", one, "int64") for one in indices]), dtype="first", window=NOT_FOLLOWED)
