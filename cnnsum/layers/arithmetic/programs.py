"""Operations of programs on tensors whose numbers may be sizes: picked, joined, turned, stretched, bordered, reduced.

Every format of programs has them, under its own names and with its own words for what they are given; here they are
given plain numbers or dims, and the numbers in a tensor are followed (`contents`). Names no type.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, Expr, at_least, ceil_div, maximum
from cnnsum.dims.values import Operand
from cnnsum.layers.arithmetic.axes import END, part_of, place_in, without, work_along
from cnnsum.layers.arithmetic.broadcast import broadcast, joined
from cnnsum.layers.arithmetic.contents import (
    MOST,
    Operation,
    OperationError,
    content_of,
    ends_of,
    known,
    moved,
    plain,
    together,
    whole,
)
from cnnsum.layers.facts import (
    NOT_FOLLOWED,
    Content,
    Facts,
    Kept,
    Layout,
    Reach,
    Shape,
    Window,
    show_shape,
    turned,
    with_shape,
    within,
)
from cnnsum.layers.requiring import axis_of, require_at_least, require_indices


def axes_of(
    x: Shape, given: tuple[Dim, ...] | None, tensor: Shape | None, what: str, rank: int | None = None
) -> tuple[int, ...] | None:
    """The axes that an attribute or, in newer versions, an input names, counted from 0; None where they are not known.

    rank: that of the tensor which the axes are of, where it is not `x`.
    """
    axes: tuple[object, ...] | None = given if tensor is None else whole(tensor)
    if axes is None:
        return None
    count = len(x) if rank is None else rank
    places = []
    for axis in axes:
        if not isinstance(axis, int) or not -count <= axis < count:
            raise Problem("SHP205", f"{what}: {show_shape(x)} has no axis {axis}", "axes")
        places.append(axis % count)
    if len(set(places)) != len(places):
        raise Problem("SHP205", f"{what} needs each axis once, got {list(axes)}", "axes")
    return tuple(places)


def length_of(tensor: Shape | None) -> Dim:
    """How many numbers a tensor of rank 1 has."""
    return UNKNOWN if tensor is None or len(tensor) != 1 else tensor[0]


def unknown_of(rank: Dim) -> Shape | None:
    """A shape of that rank of which no size is known; None where the rank is not known either."""
    return (UNKNOWN,) * rank if isinstance(rank, int) and rank <= MOST else None


# --- parts of axes ----------------------------------------------------------------------------------------------------


def _count(length: Dim, start: Dim, end: Dim, step: Dim) -> tuple[Dim, bool]:
    """How many elements a slice has, and whether it is the whole axis as it is."""
    if not isinstance(step, int) or step == 0:
        return UNKNOWN, False
    if step < 0:
        if not isinstance(length, int):
            from_last = isinstance(start, int) and start in (-1, END, 2**63 - 1)
            is_whole = from_last and isinstance(end, int) and end <= -END
            return ceil_div(length, -step) if is_whole else UNKNOWN, False
        if not isinstance(start, int) or not isinstance(end, int):
            return UNKNOWN, False
        return len(range(*slice(max(start, -length), end if end > -length - 1 else None, step).indices(length))), False
    count = part_of(length, start, end, step)
    return count, step == 1 and place_in(length, start) == 0 and place_in(length, end) is length


def sliced(
    what: str,
    x: Shape,
    places: tuple[int, ...],
    firsts: Sequence[Dim],
    lasts: Sequence[Dim],
    steps: Sequence[Dim] | None,
) -> Facts:
    """A part of the axes at these places, each from a start to before an end, by a step that may be below 0."""
    if steps is None or len(steps) != len(places) or any(place >= len(x) for place in places):
        raise Problem(
            "SHP205", f"{what} of {show_shape(x)} along {list(places)} needs a start, an end and a step for each"
        )
    out = list(x)
    as_is = True
    for axis, start, end, step in zip(places, firsts, lasts, steps, strict=True):
        out[axis], same = _count(x[axis], start, end, step)
        as_is = as_is and same
    shape = tuple(out)
    facts = Facts(shape, alias="view", gradient="parts", dtype="first", window=None if as_is else NOT_FOLLOWED)
    if content_of(x) is not None:
        lengths, starts, ends, strides = plain(x), plain(firsts), plain(lasts), plain(steps)
        if plain(shape) is None or lengths is None or starts is None or ends is None or strides is None:
            return facts
        taken = [range(length) for length in lengths]
        for axis, first, last, stride in zip(places, starts, ends, strides, strict=True):
            length = len(taken[axis])
            low = first if stride > 0 or first >= -length else -length
            taken[axis] = taken[axis][slice(low, last if last >= -length or stride > 0 else None, stride)]
        found = moved(x, shape, lambda at: tuple([one[step] for one, step in zip(taken, at, strict=True)]))
        facts.contents = together(found)
    return facts


def inside(index: object, length: int) -> int | None:
    """An index counted from 0, below 0 from the end; None where there is no such element, or it is not known."""
    return index % length if isinstance(index, int) and -length <= index < length else None


def gathered(what: str, x: Shape, indices: Shape, axis: int) -> Facts:
    """The elements of an axis that indices name: `(V, D)` and `(...)` become `(..., D)`."""
    at = axis_of(x, axis, what)
    require_indices(indices, x, at, what)
    out = (*x[:at], *indices, *x[at + 1 :])
    content, wanted = content_of(x), content_of(indices)
    contents: tuple[Content, ...] = ()
    if content is not None and wanted is not None and len(x) == 1:
        places = [inside(index, len(content)) for index in wanted]
        contents = (tuple([UNKNOWN if place is None else content[place] for place in places]),)
    kept = (Kept("indices", indices, "int64"),)
    return Facts(out, kept=kept, dtype="first", contents=contents, window=NOT_FOLLOWED)


# --- whole tensors ----------------------------------------------------------------------------------------------------


def concatenated(what: str, tensors: Sequence[Shape], axis: int) -> Facts:
    """Tensors end to end along an axis."""
    out = joined(tensors, axis, what)
    contents: tuple[Content, ...] = ()
    if any(content_of(one) is not None for one in tensors):
        if len(out) == 1:
            parts = [content_of(one) or known(one) for one in tensors]
            if all(part is not None for part in parts):
                found = tuple([number for part in parts for number in part or ()])
                contents = (found,) if len(found) <= MOST else ()
        elif axis in (0, -len(out)) and all(content_of(one) is not None for one in tensors):
            contents = (tuple([number for one in tensors for number in content_of(one) or ()]),)
    return Facts(out, gradient="parts", dtype="first", contents=contents)


def transposed(what: str, x: Shape, order: tuple[int, ...]) -> Facts:
    """The axes in another order."""
    if sorted(order) != list(range(len(x))):
        raise Problem("CFG114", f"{what} needs each axis of {show_shape(x)} once, got {list(order)}", "perm")
    out = tuple([x[axis] for axis in order])
    content = moved(x, out, lambda at: tuple([at[order.index(axis)] for axis in range(len(x))]))
    window: Reach = NOT_FOLLOWED if order[:1] not in ((0,), ()) else turned(order)
    return Facts(out, alias="view", dtype="first", window=window, contents=together(content))


def parted(x: Shape, at: int, parts: Sequence[Dim]) -> Facts:
    """A tensor taken apart along an axis, in parts of these lengths."""
    content, sizes = content_of(x), plain(tuple(parts))
    contents: list[Content | None] = []
    if content is not None and len(x) == 1 and sizes is not None:
        start = 0
        for part in sizes:
            contents.append(content[start : start + part])
            start += part
    outputs = [(*x[:at], part, *x[at + 1 :]) for part in parts]
    return Facts(*outputs, alias="view", gradient="parts", dtype="first", contents=tuple(contents))


def with_numbers(x: Shape, facts: Facts) -> Facts:
    """The facts of what leaves the elements in their order, with their numbers."""
    content = content_of(x)
    if content is not None:
        facts.contents = (content,)
    facts.within = within(x)
    facts.dtype = "first"
    return facts


def stretched(what: str, x: Shape, wanted: Shape | None) -> Facts:
    """The tensor and a shape broadcast; the shape is None where nothing is known of it."""
    if wanted is None:
        return Facts(None, alias="view", dtype="first")
    if UNKNOWN in wanted:
        return Facts(unknown_of(max(len(wanted), len(x))), alias="view", dtype="first")
    out = broadcast((x, tuple(wanted)), what)
    extra = len(out) - len(x)
    found = moved(x, out, lambda at: tuple([0 if dim == 1 else step for dim, step in zip(x, at[extra:], strict=True)]))
    facts = Facts(out, alias="view", dtype="first", contents=together(found))
    facts.within = within(x)
    return facts


def tiled(what: str, x: Shape, times: Shape | None) -> Facts:
    """The tensor so many times along each axis."""
    if times is None:
        return Facts(unknown_of(len(x)), dtype="first")
    if len(times) != len(x):
        raise Problem("SHP204", f"{what} needs a number for each axis of {show_shape(x)}, got {len(times)}")
    out = tuple([dim * count for dim, count in zip(x, times, strict=True)])
    lengths = plain(x) or ()
    content = moved(x, out, lambda at: tuple([step % dim for step, dim in zip(at, lengths, strict=True)]))
    return Facts(out, dtype="first", contents=together(content))


def ranged(what: str, start: Shape, limit: Shape, delta: Shape) -> Facts:
    """Numbers from a start to before a limit, at equal distances. Has no gradient."""
    ends = [content_of(one) for one in (start, limit, delta)]
    if any(one is None or len(one) != 1 for one in ends):
        return Facts((UNKNOWN,), gradient="none", dtype="first")
    # Whole numbers in floats count as whole ones.
    given = [one[0] for one in ends if one is not None]
    first, last, step = [int(one) if isinstance(one, float) and one.is_integer() else one for one in given]
    count: Dim = UNKNOWN
    if step == 0:
        raise Problem("CFG102", f"{what} needs a distance between its numbers, got 0")
    if isinstance(step, int) and isinstance(first, (int, Expr)) and isinstance(last, (int, Expr)):
        count = ceil_div(last - first, step) if step > 0 else ceil_div(first - last, -step)
        count = count if at_least(count, 0) is True else maximum(0, count)
    elif isinstance(first, (int, float)) and isinstance(last, (int, float)) and isinstance(step, (int, float)):
        count = max(0, ceil((last - first) / step))
    content = None
    if isinstance(count, int) and count <= MOST and isinstance(first, int) and isinstance(step, int):
        content = tuple([first + at * step for at in range(count)])
    facts = Facts((count,), gradient="none", dtype="first", contents=together(content))
    if content is None and isinstance(first, (int, Expr)) and isinstance(step, int):
        facts.within = ends_of(first, step, count)
    return facts


def padded(
    what: str,
    x: Shape,
    places: tuple[int, ...],
    firsts: Sequence[Dim],
    lasts: Sequence[Dim],
    mode: str,
    layout: Layout,
    field: str = "pads",
) -> Facts:
    """So many elements more before and after each of the axes, or below 0 so many less.

    mode: "constant", "edge", "reflect" (without the position at the border), "symmetric" (with it).
    """
    out = list(x)
    for axis, before, after in zip(places, firsts, lasts, strict=True):
        if mode in ("reflect", "symmetric"):
            for amount in (before, after):
                if amount is not UNKNOWN:
                    least = amount + 1 if mode == "reflect" else amount
                    reason = (
                        f"{what} with a mirrored border of {amount} needs {counted(least, 'position')} on axis {axis}"
                    )
                    require_at_least(x[axis], least, with_shape(reason, x), field=field)
        out[axis] = x[axis] + before + after
        require_at_least(out[axis], 0, with_shape(f"{what} takes more off axis {axis} than there is", x), code="SHP210")
    spatial = range(2, len(x)) if layout == "channels_first" else range(1, len(x) - 1)
    amounts = [firsts[places.index(axis)] if axis in places else 0 for axis in spatial]
    is_spatial = len(x) > 2 and all(out[axis] == x[axis] for axis in range(len(x)) if axis not in spatial)
    window: Reach = NOT_FOLLOWED
    if is_spatial and UNKNOWN not in amounts:
        window = tuple([Window(1, before=amount) for amount in amounts])
    keeps = mode != "constant"
    return Facts(tuple(out), keeps_input=keeps, window=None if tuple(out) == x else window, dtype="first")


def reduced(
    x: Shape,
    places: tuple[int, ...],
    keepdims: bool,
    work: tuple[int, int],
    keeps: str,
    operation: Operation | None,
) -> Facts:
    """A sum or the like along the axes at these places.

    work: operations per element of the input, and so many less per element of the output. keeps: what backpropagation
    keeps: "input", "both" (the output too) or "". operation: what it does with two numbers. The window is not told.
    """
    out = without(x, places, keepdims=keepdims)
    ops, rows = work_along(x, out, *work)
    found: tuple[Content, ...] = ()
    content = content_of(x)
    if operation is not None and content and len(places) == len(x):
        total = content[0]
        for number in content[1:]:
            total = _applied(operation, total, number)
        found = ((total,),)
    return Facts(
        out,
        ops=ops,
        rows=rows,
        keeps_input=keeps in ("input", "both"),
        keeps_output=keeps == "both",
        dtype="first",
        contents=found,
    )


def _applied(operation: Operation, left: Operand, right: Operand) -> Operand:
    try:
        return operation(left, right)
    except (OperationError, TypeError):
        return UNKNOWN
