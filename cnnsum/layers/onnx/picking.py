"""Operations of ONNX that pick elements, write over some, put them in order, or say where they are."""

from __future__ import annotations

from itertools import product

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.arithmetic.contents import MOST, content_of, known, plain, whole
from cnnsum.layers.arithmetic.programs import axes_of, gathered, inside, sliced, unknown_of
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Content, Facts, Kept, Sentence, Shape, show_shape, size
from cnnsum.layers.kinds import Ints, PlainInt, Text
from cnnsum.layers.onnx.fields import DOMAIN, MICROSOFT, Switch
from cnnsum.layers.requiring import (
    axis_of,
    require_at_least,
    require_equal,
    require_indices,
    require_rank,
    require_rows,
)


@layer(key=f"{DOMAIN}.Slice", name="Slice", reads=True)
def slice_of(
    x: Shape,
    from_: Shape | None = None,
    to: Shape | None = None,
    along: Shape | None = None,
    by: Shape | None = None,
    *,
    starts: Ints | None = None,
    ends: Ints | None = None,
    axes: Ints | None = None,
) -> Facts:
    """A part of some axes, each from a start to before an end, by a step that may be below 0."""
    firsts = starts if from_ is None else known(from_)
    lasts = ends if to is None else known(to)
    if along is None and axes is None:
        places: tuple[int, ...] | None = tuple(range(len(firsts))) if firsts is not None else None
    else:
        places = axes_of(x, axes, along, "Slice")
    if firsts is None or lasts is None or places is None or len(firsts) != len(places) or len(lasts) != len(places):
        return Facts(unknown_of(len(x)), alias="view", gradient="parts", dtype="first", window=NOT_FOLLOWED)
    steps: Shape | None = (1,) * len(places) if by is None else known(by)
    return sliced("Slice", x, places, firsts, lasts, steps)


@layer(key=f"{DOMAIN}.Gather", name="Gather", reads=True)
def gather(x: Shape, indices: Shape, *, axis: PlainInt = 0) -> Facts:
    """The elements of an axis that indices name: `(V, D)` and `(...)` become `(..., D)`. Backpropagation keeps the
    indices.
    """
    return gathered("Gather", x, indices, axis)


@layer(key=f"{DOMAIN}.GatherElements", name="GatherElements", reads=True)
def gather_elements(x: Shape, indices: Shape, *, axis: PlainInt = 0) -> Facts:
    """The elements along an axis that indices name, one for each. Backpropagation keeps the indices."""
    place = axis_of(x, axis, "GatherElements")
    require_rank(indices, len(x), "the indices of GatherElements")
    require_indices(indices, x, place, "GatherElements")
    return Facts(indices, kept=(Kept("indices", indices, "int64"),), dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.GatherND", name="GatherND", aliases=f"{MICROSOFT}.GatherND", reads=True)
def gather_nd(x: Shape, indices: Shape, *, batch_dims: PlainInt = 0) -> Facts:
    """The elements or slices that rows of indices name. Backpropagation keeps the indices."""
    if not indices:
        raise Problem("SHP204", "GatherND needs indices with axes, got ()")
    count = indices[-1]
    kept = (Kept("indices", indices, "int64"),)
    if not isinstance(count, int):
        return Facts(None, kept=kept, dtype="first", window=NOT_FOLLOWED)
    if batch_dims + count > len(x):
        raise Problem("SHP204", f"GatherND has {count} indices for each element, got {show_shape(x)}")
    require_rows(indices, count, x[batch_dims:], "GatherND")
    return Facts((*indices[:-1], *x[batch_dims + count :]), kept=kept, dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.ScatterElements", name="ScatterElements", aliases=f"{DOMAIN}.Scatter", reads=True)
def scatter(x: Shape, indices: Shape, updates: Shape, *, axis: PlainInt = 0) -> Facts:
    """The first tensor with elements of the third written over those that indices name."""
    require_indices(indices, x, axis_of(x, axis, "ScatterElements"), "ScatterElements")
    return Facts(x, kept=(Kept("indices", indices, "int64"),), dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.ScatterND", name="ScatterND", reads=True)
def scatter_nd(x: Shape, indices: Shape, updates: Shape, *, reduction: Text = "none") -> Facts:
    """The first tensor with elements or slices of the third written over those that rows of indices name."""
    facts = Facts(x, kept=(Kept("indices", indices, "int64"),), dtype="first", window=NOT_FOLLOWED)
    if indices and isinstance(indices[-1], int):
        require_rows(indices, indices[-1], x, "ScatterND")
    content, places, new = content_of(x), whole(indices), content_of(updates)
    if reduction != "none":
        return facts
    if content is not None and places is not None and new is not None and len(x) == 1 and len(places) == len(new):
        found = list(content)
        for place, number in zip(places, new, strict=True):
            index = inside(place, len(found))
            if index is None:
                return facts
            found[index] = number
        facts.contents = (tuple(found),)
    return facts


@layer(key=f"{DOMAIN}.TensorScatter", name="TensorScatter")
def tensor_scatter(past: Shape, update: Shape, write_indices: Shape | None = None, *, axis: PlainInt = -2) -> Facts:
    """The first tensor with the second written over a part of an axis."""
    return Facts(past, dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.NonZero", name="NonZero", reads=True)
def non_zero(x: Shape) -> Facts:
    """The places of elements that are not 0: a row for each axis. How many there are is in no shape."""
    count: Dim = UNKNOWN
    contents: tuple[Content, ...] = ()
    numbers, lengths = whole(x), plain(x)
    if numbers is not None and lengths is not None:
        places = [at for at, one in zip(product(*map(range, lengths)), numbers, strict=True) if one]
        count = len(places)
        if count * len(x) <= MOST:
            contents = (tuple([at[axis] for axis in range(len(x)) for at in places]),)
    return Facts((len(x) or 1, count), gradient="none", dtype="int64", window=NOT_FOLLOWED, contents=contents)


@layer(key=f"{DOMAIN}.TopK", name="TopK", reads=True)
def top_k(x: Shape, count: Shape | None = None, *, axis: PlainInt = -1, k: PlainInt | None = None) -> Facts:
    """The largest elements along an axis, and their places. Comparisons are not counted."""
    at = axis_of(x, axis, "TopK")
    found = known(count)
    taken = found[0] if found else UNKNOWN if k is None else k
    reason = Sentence("TopK of {} needs as many elements on axis {}, got {}", (taken, at, x))
    require_at_least(x[at], taken, reason, field="" if k is None else "k")
    out = (*x[:at], taken, *x[at + 1 :])
    return Facts(out, out, kept=(Kept("indices", out, "int64"),), dtype="first", rest="int64", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.Unique", name="Unique")
def unique(x: Shape, *, axis: PlainInt | None = None, outputs: PlainInt = 1) -> Facts:
    """The different elements of a tensor, or slices of an axis; where they are. How many there are is in no shape."""
    if axis is None:
        first: Shape = (UNKNOWN,)
        length = prod(x)
    else:
        at = axis_of(x, axis, "Unique")
        first, length = (*x[:at], UNKNOWN, *x[at + 1 :]), x[at]
    found = (first, (UNKNOWN,), (length,), (UNKNOWN,))[: max(outputs, 1)]
    return Facts(*found, gradient="none", dtype="first", rest="int64", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.Compress", name="Compress", reads=True)
def compress(x: Shape, condition: Shape, *, axis: PlainInt | None = None) -> Facts:
    """The elements of an axis, or of all in a row, where a condition is true."""
    flags = content_of(condition)
    known_flags = flags is not None and all(isinstance(one, (bool, int)) for one in flags)
    count: Dim = sum(map(bool, flags or ())) if known_flags else UNKNOWN
    if axis is None:
        return Facts((count,), gradient="parts", dtype="first", window=NOT_FOLLOWED)
    at = axis_of(x, axis, "Compress")
    return Facts((*x[:at], count, *x[at + 1 :]), gradient="parts", dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.CumSum", name="CumSum", aliases=f"{DOMAIN}.CumProd")
def cumulated(x: Shape, axis: Shape) -> Facts:
    """The sum, or the product, of the elements so far along an axis. Operations: 1 per element."""
    return Facts(x, ops=size(x), dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.ReverseSequence", name="ReverseSequence")
def reversed_sequence(x: Shape, lengths: Shape) -> Facts:
    """The first elements of each sequence in the reverse order."""
    return Facts(x, dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.Trilu", name="Trilu", aliases=f"{MICROSOFT}.Trilu")
def triangle(x: Shape, k: Shape | None = None, *, upper: Switch = True) -> Facts:
    """The part of each matrix above or below its diagonal, and 0 elsewhere."""
    if len(x) < 2:
        raise Problem("SHP204", f"Trilu needs matrices, got {show_shape(x)}")
    return Facts(x, dtype="first")


@layer(key=f"{DOMAIN}.NonMaxSuppression", name="NonMaxSuppression", settings="most iou_threshold score_threshold")
def suppressed(
    boxes: Shape,
    scores: Shape,
    most: Shape | None = None,
    iou_threshold: Shape | None = None,
    score_threshold: Shape | None = None,
) -> Facts:
    """The boxes that are left of those that overlap: a row of three numbers each. How many is in no shape."""
    require_rank(boxes, 3, "NonMaxSuppression")
    require_rank(scores, 3, "the scores of NonMaxSuppression")
    require_equal(boxes[0], scores[0], "NonMaxSuppression needs scores for each sample", inputs=(0, 1))
    return Facts((UNKNOWN, 3), gradient="none", dtype="int64", window=NOT_FOLLOWED)
