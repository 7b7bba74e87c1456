"""Operations on the axes of tensors: sums along axes, products of matrices, reshaping, joining and splitting.

What `ops.mean(x, axis=1)` or `x @ y` leaves in a Keras file; found and called as `operations` says. The first axis is
an axis like the others: it may be moved, joined, cut and summed over. Work that has another first axis than its result
says so (`Facts.rows`).
"""

from __future__ import annotations

from itertools import pairwise

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.axes import flat, places_of, require_outputs, without, work_along
from cnnsum.layers.arithmetic.broadcast import broadcast, constant, joined
from cnnsum.layers.arithmetic.functions import FUNCTIONS, work
from cnnsum.layers.arithmetic.shaping import filled, reshaped
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import (
    EVERYTHING,
    NOT_FOLLOWED,
    Alias,
    Facts,
    Gradient,
    Kept,
    Reach,
    Shape,
    Window,
    seen_along,
    show_shape,
    size,
    turned,
)
from cnnsum.layers.keras.operations import MATH, NN, NUMPY, doc
from cnnsum.layers.kinds import Axes, Counts, Cuts, Flag, Ints, PlainInt, PlainPos, Widths, choice
from cnnsum.layers.requiring import require_at_least, require_equal, require_multiple
from cnnsum.typed import Annotated

#: Sums and the like: name -> what it gives, operations for n elements as (per element, less one per output), what
#: backpropagation keeps, dtype of the output ("" for the input's).
_REDUCTIONS = {
    "All": ("whether all hold", (1, 1), "", "bool"),
    "Amax": ("the largest", (1, 1), "both", ""),
    "Amin": ("the smallest", (1, 1), "both", ""),
    "Any": ("whether any holds", (1, 1), "", "bool"),
    "CountNonzero": ("how many are not 0,", (1, 1), "", "int32"),
    "Max": ("the largest", (1, 1), "both", ""),
    "Mean": ("the mean", (1, 0), "", "own float"),
    "Min": ("the smallest", (1, 1), "both", ""),
    "Median": ("the median", (1, 0), "input", "float"),
    "Nanmax": ("the largest number", (1, 1), "both", "promoted"),
    "Nanmean": ("the mean of the numbers", (1, 0), "input", "float"),
    "Nanmedian": ("the median of the numbers", (1, 0), "input", "float"),
    "Nanmin": ("the smallest number", (1, 1), "both", "promoted"),
    "Nanprod": ("the product of the numbers", (1, 1), "both", "own sum"),
    "Nanstd": ("the standard deviation of the numbers", (4, 0), "both", "float"),
    "Nansum": ("the sum of the numbers", (1, 1), "input", "sum"),
    "Nanvar": ("the variance of the numbers", (4, 0), "input", "float"),
    "Prod": ("the product", (1, 1), "both", "own sum"),
    "Ptp": ("the largest less the smallest", (2, 1), "both", ""),
    "Std": ("the standard deviation", (4, 0), "both", "own float"),
    "Sum": ("the sum", (1, 1), "", "sum"),
    "Var": ("the variance", (4, 0), "input", "float"),
}
_KEEPS = {"": "nothing", "input": "the input", "both": "the input and the output"}


def _reduction(name: str, what: str, counts: tuple[int, int], keeps: str, dtype: str) -> Rule:
    def rule(x: Shape, *, axis: Axes | None = None, keepdims: Flag = False) -> Facts:
        places = places_of(x, axis, name)
        out = without(x, places, keepdims=keepdims)
        ops, rows = work_along(x, out, *counts)
        return Facts(
            out,
            ops=ops,
            rows=rows,
            keeps_input=bool(keeps),
            keeps_output=keeps == "both",
            window=seen_along(x, places),
            dtype=dtype or "input",
        )

    work = f"{counts[0]} per element of the input" + (", less 1 per output element" if counts[1] else "")
    rule.__doc__ = (
        f"Gives {what} of the elements along `axis`, which is left out, or 1 with `keepdims`.\n\n"
        f"No weights. Operations: {work}. Backpropagation keeps {_KEEPS[keeps]}.\n"
    )
    return rule


for _name, _row in _REDUCTIONS.items():
    layer(key=NUMPY + _name, name=_name, ignored="initial dtype")(_reduction(_name, *_row))
layer(key=MATH + "Logsumexp", name="Logsumexp")(
    _reduction("Logsumexp", "the logarithm of the sum of exp", (4, 0), "both", "float")
)


def _of_rows(x: Shape, name: str, places: tuple[int, ...]) -> Facts:
    return Facts(x, ops=work(name, size(x)), keeps_output=True, window=seen_along(x, places), dtype="input")


def _softmax(what: str, name: str) -> Rule:
    def rule(x: Shape, *, axis: Axes | None = (-1,)) -> Facts:
        return _of_rows(x, name, places_of(x, axis, what))

    return rule


def _sparsemax(what: str, name: str) -> Rule:
    def rule(x: Shape, *, axis: PlainInt = -1) -> Facts:
        return _of_rows(x, name, places_of(x, (axis,), what))

    return rule


for _make, _name, _own in (
    (_softmax, "LogSoftmax", "log_softmax"),
    (_softmax, "Softmax", "softmax"),
    (_sparsemax, "Sparsemax", "sparsemax"),
):
    _step = FUNCTIONS[_own]
    _rule = _make(_name, _own)
    _work = "an unknown number of" if _step.ops is None else _step.ops
    _rule.__doc__ = doc(f"The function `{_own}` of the elements along `axis`; the shape stays.", _work, _step.keeps)
    layer(key=NN + _name, name=_name, role="activation", function=_own)(_rule)


def _argument(name: str, which: str) -> Rule:
    def rule(x: Shape, *, axis: PlainInt | None = None, keepdims: Flag = False) -> Facts:
        places = places_of(x, None if axis is None else (axis,), name)
        out = without(x, places, keepdims=keepdims)
        window = seen_along(x, places)
        ops, rows = work_along(x, out, 1, 1)
        return Facts(out, ops=ops, rows=rows, window=window, dtype="int32")

    rule.__doc__ = (
        f"The index of the {which} element along `axis`, which is left out, or 1 with `keepdims`.\n\n"
        "No weights. Operations: 1 per element of the input, less 1 per output element. Has no gradient.\n"
    )
    return rule


layer(key=NUMPY + "Argmax", name="Argmax")(_argument("Argmax", "largest"))
layer(key=NUMPY + "Argmin", name="Argmin")(_argument("Argmin", "smallest"))
layer(key=NUMPY + "Nanargmax", name="Nanargmax")(_argument("Nanargmax", "largest"))
layer(key=NUMPY + "Nanargmin", name="Nanargmin")(_argument("Nanargmin", "smallest"))


@layer(key=NUMPY + "Matmul", name="Matmul", role="product")
def _matmul(x1: Shape, x2: Shape) -> Facts:
    """The product of matrices `(..., T, D)` and `(..., D, K)`: `(..., T, K)`; the other axes are broadcast.

    No weights. MACs: `D` per output element. Backpropagation keeps the inputs, unless one is a constant.
    """
    if not x1 or not x2:
        raise Problem("SHP204", f"Matmul needs inputs of rank 1 or more, got {show_shape(x1)} and {show_shape(x2)}")
    # As numpy does it: a vector is a row on the left and a column on the right, and that axis is left out again.
    left, right = x1 if len(x1) > 1 else (1, *x1), x2 if len(x2) > 1 else (*x2, 1)
    depth = require_equal(
        left[-1],
        right[-2],
        f"Matmul needs as many columns in {show_shape(x1)} as rows in {show_shape(x2)}, got {left[-1]} and {right[-2]}",
    )
    full = (*broadcast((left[:-2], right[:-2]), "Matmul"), left[-2], right[-1])
    out = full[:-1] if len(x2) == 1 else (*full[:-2], full[-1]) if len(x1) == 1 else full
    fixed = constant(x1, full) or constant(x2, full)
    return Facts(
        out,
        macs=size(out) * depth,
        keeps_input=False if fixed else "factors",
        dtype="product",
        window=_product_window(x1, x2),
    )


def _product_window(x1: Shape, x2: Shape) -> Reach:
    """What a row of a product of matrices sees: its row of the left one, and all rows of the right one.

    A constant matrix on the right has no rows of the input; with more axes than one, the others stay side by side.
    """
    if len(x2) < 3 and len(x1) > len(x2):
        return None
    return EVERYTHING if max(len(x1), len(x2)) <= 3 else NOT_FOLLOWED


@layer(key=NUMPY + "Average", name="Average")
def _average(x: Shape, weights: Shape | None = None, *, axis: PlainInt | None = None) -> Facts:
    """Gives the mean of the elements along `axis`, which is left out; weighted, if there is a second input.

    The weights are those of each element, or a constant for the elements of the axis. No weights of its own.
    Operations: 1 per element of the input, and 2 more with weights. Backpropagation keeps the inputs if there are
    weights, otherwise nothing.
    """
    places = places_of(x, None if axis is None else (axis,), "Average")
    if weights is not None:
        along = tuple([x[place] for place in places])
        wanted = x if len(weights) == len(x) else along
        reason = f"Average needs weights of {show_shape(x)} or {show_shape(along)}, got {show_shape(weights)}"
        if len(weights) != len(wanted):
            raise Problem("SHP202", reason)
        for own, needed in zip(weights, wanted, strict=True):
            require_equal(needed, own, reason)
    out = without(x, places, keepdims=False)
    ops, rows = work_along(x, out, 1 if weights is None else 3)
    return Facts(
        out,
        ops=ops,
        rows=rows,
        keeps_input=weights is not None,
        window=seen_along(x, places),
        dtype="float",
    )


@layer(key=NN + "Normalize", name="Normalize", ignored="epsilon")
def _normalize(x: Shape, *, axis: Axes | None = (-1,), order: PlainPos = 2) -> Facts:
    """Divide by the norm along `axis` (Euclidean with `order` 2); the shape stays.

    No weights. Operations: 3 per element. Backpropagation keeps the output, and the norm per row.
    """
    places = places_of(x, axis, "Normalize")
    return Facts(
        x,
        ops=3 * size(x),
        keeps_output=True,
        kept=(Kept("norm", without(x, places, keepdims=False)),),
        window=seen_along(x, places),
        dtype="float",
    )


def _moved(
    *outputs: Shape,
    alias: Alias = "",
    gradient: Gradient = "",
    window: Reach = NOT_FOLLOWED,
) -> Facts:
    """Operations that compute nothing."""
    return Facts(*outputs, alias=alias, gradient=gradient, dtype="input", window=window)


@layer(key=NUMPY + "Reshape", name="Reshape")
def _reshape(x: Shape, *, newshape: Ints) -> Facts:
    """Give the elements another shape, batch axis first; -1 is the size that is left over.

    Other axes may go into the first one (windows of an image, steps of a sequence): it is then a multiple of the
    batch. No weights, no work, nothing kept: the output is the input's storage.
    """
    return reshaped(x, filled(x, newshape, x, "newshape"))


@layer(key=NUMPY + "Transpose", name="Transpose")
def _transpose(x: Shape, *, axes: Axes | None = None) -> Facts:
    """Put the axes in another order. No weights, no work, nothing kept."""
    rank = len(x)
    given = tuple(reversed(range(rank))) if axes is None else axes
    order = tuple([axis + rank if axis < 0 else axis for axis in given])
    if sorted(order) != list(range(rank)):
        raise Problem("SHP205", f"Transpose needs each axis of {show_shape(x)} once, got {list(given)}", "axes")
    return _moved(tuple([x[axis] for axis in order]), window=turned(order))


@layer(key=NUMPY + "Swapaxes", name="Swapaxes")
def _swapaxes(x: Shape, *, axis1: PlainInt, axis2: PlainInt) -> Facts:
    """Exchange two axes. No weights, no work, nothing kept."""
    (first,) = places_of(x, (axis1,), "Swapaxes", "axis1")
    (second,) = places_of(x, (axis2,), "Swapaxes", "axis2")
    out = list(x)
    out[first], out[second] = x[second], x[first]
    order = list(range(len(x)))
    order[first], order[second] = second, first
    return _moved(tuple(out), window=turned(tuple(order)))


@layer(key=NUMPY + "ExpandDims", name="ExpandDims")
def _expand_dims(x: Shape, *, axis: Axes) -> Facts:
    """Insert an axis of 1 at each place of the output that `axis` names. No weights, no work, nothing kept."""
    rank = len(x) + len(axis)
    for one in axis:
        if not -rank <= one < rank:
            raise Problem("SHP205", f"ExpandDims: a result of rank {rank} has no axis {one}", "axis")
    places = {one % rank for one in axis}
    if len(places) != len(axis):
        raise Problem("SHP205", f"ExpandDims needs each new axis once, got {list(axis)}", "axis")
    rest = iter(x)
    out = tuple([1 if place in places else next(rest) for place in range(rank)])
    behind = min(places, default=rank) >= max(len(x) - 1, 1)
    return _moved(out, alias="view", window=None if behind else NOT_FOLLOWED)


@layer(key=NUMPY + "Squeeze", name="Squeeze")
def _squeeze(x: Shape, *, axis: Axes | None = None) -> Facts:
    """Leave out axes of 1: those of `axis`, or all. No weights, no work, nothing kept."""
    if axis is None:
        return _moved(tuple([dim for dim in x if dim != 1]), alias="view")
    places = places_of(x, axis, "Squeeze")
    for place in places:
        require_equal(x[place], 1, f"Squeeze needs size 1 on axis {place}, got {show_shape(x)}")
    return _moved(without(x, places, keepdims=False), alias="view")


@layer(key=NUMPY + "Concatenate", name="Concatenate")
def _concatenate(*xs: Shape, axis: PlainInt = 0) -> Facts:
    """Put the inputs end to end along `axis`. No weights, no operations, nothing kept."""
    return _moved(joined(xs, axis, "Concatenate"), gradient="parts", window=None)


@layer(key=NUMPY + "Stack", name="Stack")
def _stack(*xs: Shape, axis: PlainInt = 0) -> Facts:
    """Put inputs of equal shapes side by side along a new axis. No weights, no operations, nothing kept."""
    rank = len(xs[0]) + 1
    if not -rank <= axis < rank:
        raise Problem("SHP205", f"Stack: a result of rank {rank} has no axis {axis}", "axis")
    place = axis % rank
    ones = [(*x[:place], 1, *x[place:]) for x in xs]
    return _moved(joined(ones, place, "Stack"), gradient="parts")


@layer(key=NUMPY + "Split", name="Split")
def split(x: Shape, *, indices_or_sections: Cuts, axis: PlainInt = 0) -> Facts:
    """Cut an axis into equal sections, or at the given indices; an output for each.

    No weights, no work, nothing kept.
    """
    (place,) = places_of(x, (axis,), "Split")
    length = x[place]
    pieces: list[Dim]
    if isinstance(indices_or_sections, tuple):
        require_outputs(len(indices_or_sections) + 1, "Split", "indices_or_sections")
        last = max(indices_or_sections, default=0)
        reason = f"Split at {list(indices_or_sections)} needs {last} elements on axis {place}, got {show_shape(x)}"
        require_at_least(length, last, reason, field="indices_or_sections")
        pieces = [end - start for start, end in pairwise((0, *indices_or_sections))]
        pieces.append(length - last)
    else:
        require_outputs(indices_or_sections, "Split", "indices_or_sections")
        reason = f"Split needs {indices_or_sections} sections of equal size on axis {place}, got {show_shape(x)}"
        require_multiple(length, indices_or_sections, reason, field="indices_or_sections")
        pieces = [length // indices_or_sections] * indices_or_sections
    return _moved(*[(*x[:place], piece, *x[place + 1 :]) for piece in pieces], window=None)


#: Those of `numpy.pad`, and PyTorch's "circular".
PadMode = Annotated[
    str,
    choice(
        *("constant", "edge", "linear_ramp", "maximum", "mean", "median", "minimum"),
        *("reflect", "symmetric", "wrap", "empty", "circular"),
    ),
]


@layer(key=NUMPY + "Pad", name="Pad", ignored="constant_values")
def _pad(x: Shape, *, pad_width: Widths, mode: PadMode = "constant") -> Facts:
    """Add elements before and after each axis: `(T, C)` becomes `(before + T + after, C)`. A pair per axis.

    No weights, no work, nothing kept.
    """
    pairs = pad_width * len(x) if len(pad_width) == 1 else pad_width
    if len(pairs) != len(x):
        raise Problem("CFG102", f"`pad_width` must be a pair for each axis of {show_shape(x)}", "pad_width")
    out = tuple([dim + before + after for dim, (before, after) in zip(x, pairs, strict=True)])
    plain = mode == "constant" and pairs[:1] == ((0, 0),) and pairs[-1:] == ((0, 0),)
    window: Reach = tuple([Window(1, before=before) for before, _ in pairs[1:-1]]) if plain else NOT_FOLLOWED
    return _moved(out, window=window)


@layer(key=NUMPY + "Repeat", name="Repeat")
def _repeat(x: Shape, *, repeats: Counts, axis: PlainInt | None = None) -> Facts:
    """Repeat every element along an axis, by one number or each by its own. No weights, no work, nothing kept."""
    if axis is None:
        x = flat(x)
    (place,) = places_of(x, (axis or 0,), "Repeat")
    counts = repeats if isinstance(repeats, tuple) else (repeats,)
    if len(counts) == 1:
        length = x[place] * counts[0]
    else:
        reason = (
            f"Repeat by {counted(len(counts), 'number')} needs as many elements on axis {place}, got {show_shape(x)}"
        )
        require_equal(x[place], len(counts), reason)
        length = sum(counts)
    return _moved((*x[:place], length, *x[place + 1 :]))


def _same_shape(what: str, ops: int, *, alias: Alias = "") -> Rule:
    def rule(x: Shape, *, axis: Axes | None = None) -> Facts:
        places = places_of(x, axis, what)
        window: Reach = None if places == (len(x) - 1,) else NOT_FOLLOWED
        return Facts(x, ops=ops * size(x), alias=alias, dtype="input", window=window)

    return rule


for _name, _what, _ops in (
    ("Flip", "Turn an axis round", 0),
    ("Roll", "Move the elements along an axis, the last ones to the front", 0),
):
    _rule = _same_shape(_name, _ops)
    _rule.__doc__ = f"{_what}; the shape stays.\n\nNo weights. Operations: {_ops} per element. Nothing kept.\n"
    layer(key=NUMPY + _name, name=_name, ignored="shift")(_rule)
