"""Operators of TensorFlow Lite that pick elements, put them in order, or say where they are."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.arithmetic.axes import END
from cnnsum.layers.arithmetic.contents import plus
from cnnsum.layers.arithmetic.programs import gathered, sliced, unknown_of
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Shape, show_shape, size
from cnnsum.layers.kinds import PlainInt
from cnnsum.layers.requiring import axis_of, require_at_least, require_equal, require_indices, require_rows
from cnnsum.layers.tflite.fields import PREFIX, Switch, lengths_in, whole_numbers


@layer(key=f"{PREFIX}.SLICE", name="SLICE", reads=True)
def slice_of(x: Shape, begin: Shape, lengths: Shape) -> Facts:
    """A part of each axis, from a place on, so many elements; -1 for all that are left."""
    firsts, counts = whole_numbers(begin), whole_numbers(lengths)
    if firsts is None or counts is None or len(firsts) != len(x) or len(counts) != len(x):
        return Facts(unknown_of(len(x)), alias="view", gradient="parts", dtype="first", window=NOT_FOLLOWED)
    lasts: list[Dim] = []
    for axis, (first, count) in enumerate(zip(firsts, counts, strict=True)):
        if isinstance(first, int) and first < 0:
            raise Problem("SHP205", f"SLICE begins at 0 or later, got {first} on axis {axis}")
        if isinstance(count, int) and count < -1:
            raise Problem("CFG102", f"SLICE takes no less than 0, got {count} on axis {axis}")
        if count == -1:
            if first is not UNKNOWN:
                reason = f"SLICE from {first} on needs as many elements on axis {axis}, got {show_shape(x)}"
                require_at_least(x[axis], first, reason, code="SHP205")
            lasts.append(END)
            continue
        last = plus(first, count) if UNKNOWN not in (first, count) else UNKNOWN
        if last is not UNKNOWN:
            reason = f"SLICE of {count} from {first} on needs {last} elements on axis {axis}, got {show_shape(x)}"
            require_at_least(x[axis], last, reason, code="SHP205")
        lasts.append(last)
    facts = sliced("SLICE", x, tuple(range(len(x))), firsts, lasts, (1,) * len(x))
    (out,) = facts.outputs
    if out is not None and UNKNOWN in out:
        # A length may be known where the place is not.
        told = [UNKNOWN if count == -1 else count for count in counts]
        facts.outputs = (tuple([count if one is UNKNOWN else one for one, count in zip(out, told, strict=True)]),)
    return facts


def _has(mask: int, axis: int) -> bool:
    return bool(mask >> axis & 1)


@layer(key=f"{PREFIX}.STRIDED_SLICE", name="STRIDED_SLICE", reads=True)
def strided_slice(
    x: Shape,
    begin: Shape,
    end: Shape,
    strides: Shape,
    *,
    begin_mask: PlainInt = 0,
    end_mask: PlainInt = 0,
    ellipsis_mask: PlainInt = 0,
    new_axis_mask: PlainInt = 0,
    shrink_axis_mask: PlainInt = 0,
    offset: Switch = False,
) -> Facts:
    """A part of some axes, as NumPy's `x[begin:end:stride]`; masks say what is left out, new, or a single place."""
    what = "STRIDED_SLICE"
    firsts, lasts, steps = whole_numbers(begin), whole_numbers(end), whole_numbers(strides)
    if firsts is None or lasts is None or steps is None or not len(firsts) == len(lasts) == len(steps):
        return Facts(None, alias="view", gradient="parts", dtype="first", window=NOT_FOLLOWED)
    count = len(firsts)
    new = [_has(new_axis_mask, at) and not _has(ellipsis_mask, at) for at in range(count)]
    dotted = [at for at in range(count) if _has(ellipsis_mask, at)]
    if len(dotted) > 1:
        raise Problem("CFG102", f"{what} has `...` once at most")
    named = count - sum(new) - len(dotted)
    if named > len(x):
        raise Problem("SHP205", f"{what} names {named} axes of {show_shape(x)}")
    places: list[int] = []
    taken: list[tuple[Dim, Dim, Dim]] = []
    layout: list[int | None] = []  # the axis of the input that each axis of the output is; None for a new one
    axis = 0
    for at in range(count):
        if at in dotted:
            for _ in range(len(x) - named):
                layout.append(axis)
                axis += 1
            continue
        if new[at]:
            layout.append(None)
            continue
        first, last, step = firsts[at], lasts[at], steps[at]
        if offset and UNKNOWN not in (first, last):
            last = plus(first, last)
        if step == 0:
            raise Problem("CFG102", f"{what} needs a stride, got 0 on axis {axis}")
        if _has(shrink_axis_mask, at):
            if isinstance(first, int):
                least = first + 1 if first >= 0 else -first
                reason = f"{what}: {show_shape(x)} has no element {first} on axis {axis}"
                require_at_least(x[axis], least, reason, code="SHP205")
                last, step = (first + 1 if first != -1 else END), 1
            else:
                last, step = UNKNOWN if first is UNKNOWN else plus(first, 1), 1
        else:
            layout.append(axis)
            backwards = isinstance(step, int) and step < 0
            if _has(begin_mask, at):
                first = END if backwards else 0
            if _has(end_mask, at):
                last = -END - 1 if backwards else END
        places.append(axis)
        taken.append((first, last, step))
        axis += 1
    layout += range(axis, len(x))
    parts = tuple(zip(*taken, strict=True)) if taken else ((), (), ())
    facts = sliced(what, x, tuple(places), *parts)
    (inner,) = facts.outputs
    assert inner is not None
    facts.outputs = (tuple([1 if one is None else inner[one] for one in layout]),)
    if len(layout) != len(x):
        facts.window = NOT_FOLLOWED
    return facts


@layer(key=f"{PREFIX}.GATHER", name="GATHER", reads=True)
def gather(x: Shape, indices: Shape, *, axis: PlainInt = 0, batch_dims: PlainInt = 0) -> Facts:
    """The elements of an axis that indices name: `(V, D)` and `(...)` become `(..., D)`. Backpropagation keeps the
    indices.
    """
    if not batch_dims:
        return gathered("GATHER", x, indices, axis)
    at = axis_of(x, axis, "GATHER")
    require_indices(indices, x, at, "GATHER")
    shared = batch_dims + len(indices) if batch_dims < 0 else batch_dims
    if not 0 <= shared <= min(at, len(indices)):
        raise Problem("SHP205", f"GATHER has no {batch_dims} axes before axis {at} of {show_shape(x)}", "batch_dims")
    for place in range(shared):
        reason = f"GATHER needs indices for each sample, got {show_shape(x)} and {show_shape(indices)}"
        require_equal(x[place], indices[place], reason, inputs=(0, 1))
    out = (*x[:at], *indices[shared:], *x[at + 1 :])
    return Facts(out, kept=(Kept("indices", indices, "int64"),), dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.EMBEDDING_LOOKUP", name="EMBEDDING_LOOKUP", weights="table")
def embedding(indices: Shape, table: Shape) -> Facts:
    """The rows of a table that indices name."""
    return Facts((*indices, *table[1:]), kept=(Kept("indices", indices, "int64"),), dtype="of 1", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.GATHER_ND", name="GATHER_ND", reads=True)
def gather_nd(x: Shape, indices: Shape) -> Facts:
    """The elements or slices that rows of indices name. Backpropagation keeps the indices."""
    if not indices:
        raise Problem("SHP204", "GATHER_ND needs indices with axes, got ()")
    count = indices[-1]
    kept = (Kept("indices", indices, "int64"),)
    if not isinstance(count, int):
        return Facts(None, kept=kept, dtype="first", window=NOT_FOLLOWED)
    if count > len(x):
        raise Problem("SHP204", f"GATHER_ND has {count} indices for each element, got {show_shape(x)}")
    require_rows(indices, count, x, "GATHER_ND")
    return Facts((*indices[:-1], *x[count:]), kept=kept, dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.SCATTER_ND", name="SCATTER_ND", reads=True)
def scatter_nd(indices: Shape, updates: Shape, shape: Shape) -> Facts:
    """Zeros of a shape, with elements or slices of a tensor where rows of indices name them."""
    wanted = lengths_in(shape, "SCATTER_ND")
    kept = (Kept("indices", indices, "int64"),)
    return Facts(None if wanted is None else tuple(wanted), kept=kept, dtype="of 1", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.TOPK_V2", name="TOPK_V2", reads=True)
def top_k(x: Shape, k: Shape) -> Facts:
    """The largest elements along the last axis, and their places. Comparisons are not counted."""
    if not x:
        raise Problem("SHP204", "TOPK_V2 needs a tensor with axes, got ()")
    found = lengths_in(k, "TOPK_V2")
    count = found[0] if found else UNKNOWN
    if count is not UNKNOWN:
        require_at_least(x[-1], count, f"TOPK_V2 of {count} needs as many on the last axis, got {show_shape(x)}")
    out = (*x[:-1], count)
    return Facts(out, out, kept=(Kept("indices", out, "int64"),), dtype="first", rest="int32", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.ONE_HOT", name="ONE_HOT", reads=True)
def one_hot(indices: Shape, depth: Shape, on: Shape, off: Shape, *, axis: PlainInt = 0) -> Facts:
    """A row with a single number of its own for each index, as a new axis."""
    found = lengths_in(depth, "ONE_HOT")
    rank = len(indices) + 1
    if not -1 <= axis < rank:
        raise Problem("SHP205", f"ONE_HOT: {show_shape(indices)} has no place {axis} for an axis", "axis")
    at = len(indices) if axis == -1 else axis
    count = found[0] if found else UNKNOWN
    return Facts((*indices[:at], count, *indices[at:]), gradient="none", dtype="of 2")


@layer(key=f"{PREFIX}.WHERE", name="WHERE")
def where(condition: Shape) -> Facts:
    """The places of elements that are true: a row of numbers each. How many there are is in no shape."""
    return Facts((UNKNOWN, len(condition)), gradient="none", dtype="int64", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.REVERSE_V2", name="REVERSE_V2")
def reverse(x: Shape, axes: Shape) -> Facts:
    """The elements along axes in the reverse order."""
    return Facts(x, dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.REVERSE_SEQUENCE", name="REVERSE_SEQUENCE")
def reverse_sequence(x: Shape, lengths: Shape) -> Facts:
    """The first elements of each sequence in the reverse order."""
    return Facts(x, dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{PREFIX}.CUMSUM", name="CUMSUM")
def cumulated(x: Shape, axis: Shape) -> Facts:
    """The sum of the elements so far along an axis. Operations: 1 per element."""
    return Facts(x, ops=size(x), dtype="first", window=NOT_FOLLOWED)
