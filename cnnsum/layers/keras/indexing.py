"""Operations that pick, repeat and rearrange elements: slices, rows by index, codes, sorted values, blocks of images.

Found and called as `operations` says. None has weights. The first axis is an axis like the others.
"""

from __future__ import annotations

import re

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, ceil_div, maximum, minimum, prod
from cnnsum.layers.arithmetic.axes import flat, require_outputs
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.arithmetic.slide import arrange, channels, spatial
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import (
    EVERYTHING,
    NOT_FOLLOWED,
    Facts,
    Gradient,
    Reach,
    Shape,
    Window,
    less,
    seen_along,
    show_shape,
    size,
    turned,
)
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.keras.operations import CORE, MATH, NN, NUMPY
from cnnsum.layers.kinds import Axes, Counts, Dtype, Kind, Nat, PlainInt, Pos, Reading, Text, wrong
from cnnsum.layers.requiring import (
    axis_of,
    require_at_least,
    require_equal,
    require_indices,
    require_multiple,
    require_places,
)
from cnnsum.typed import Annotated

_ELLIPSIS = "..."
Slice = tuple[int | None, int | None, int | None]
#: A text is an ellipsis, None a new axis.
Index = int | str | Slice | None

_EXPECTED = 'indices and slices as between the brackets of Python, as ":, 1:4" or "..., None, 0, ::-2"'
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")


def _read_key(value: object, _reading: Reading) -> tuple[Index, ...]:
    """What stands between the brackets of `x[...]`: integers, None for a new axis, "...", and slices as triples.

    A text as Python has it, or a list of such texts and of integers, nulls, and the objects that Keras writes.
    """
    if isinstance(value, str):
        text = value.strip()
        parts = (text[1:-1] if text[:1] + text[-1:] == "[]" else text).split(",")
        if len(parts) > 1 and not parts[-1].strip():
            del parts[-1]
        value = parts
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        value = value.get("items")
    given = value if isinstance(value, (list, tuple)) else [value]
    return tuple([_read_index(item) for item in given])


def _read_index(item: object) -> Index:
    if isinstance(item, str):
        return _read_part(item)
    if item is None or type(item) is int:
        return item
    if isinstance(item, dict):
        if item.get("class_name") == "__ellipsis__":
            return _ELLIPSIS
        bounds = item.get("config") if item.get("class_name") == "__slice__" else item
        if isinstance(bounds, dict) and bounds.keys() == {"start", "stop", "step"}:
            found = (bounds["start"], bounds["stop"], bounds["step"])
            if all(bound is None or type(bound) is int for bound in found) and found[2] != 0:
                return found
    raise wrong(_EXPECTED, item)


def _read_part(item: str) -> Index:
    """One index or slice of a text."""
    text = item.strip()
    if text == _ELLIPSIS:
        return text
    if text in ("None", "null", "newaxis"):
        return None
    bounds = [part.strip() for part in text.split(":")]
    if len(bounds) > 3 or not all(_INTEGER.fullmatch(part) or (not part and len(bounds) > 1) for part in bounds):
        raise wrong(_EXPECTED, item)
    numbers = [int(part) if part else None for part in bounds]
    if len(numbers) == 1:
        return numbers[0]
    start, stop, step = (*numbers, None)[:3]
    if step == 0:
        raise wrong(_EXPECTED, item, help="a step of 0 goes nowhere")
    return start, stop, step


def spelled(key: tuple[Index, ...]) -> str:
    """A key as a spec has it.

    >>> spelled(((None, None, None), (1, -1, 2), "...", None, 0))
    ':, 1:-1:2, ..., None, 0'
    """
    return ", ".join([_spelled_index(item) for item in key]) or _ELLIPSIS


def _spelled_index(item: Index) -> str:
    if not isinstance(item, tuple):
        return str(item)
    start, stop, step = ("" if bound is None else str(bound) for bound in item)
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


Key = Annotated[tuple[Index, ...], Kind(_EXPECTED, _read_key, spell=spelled)]


def _sliced(length: Dim, start: int | None, stop: int | None, step: int) -> Dim:
    """How many elements a slice of an axis has, as Python counts them."""
    if isinstance(length, int):
        # Not `len`: it counts no further than the machine's largest index, and sizes in a file may be larger.
        first, last, step = slice(start, stop, step).indices(length)
        return max(0, (last - first + step - (1 if step > 0 else -1)) // step)
    if step < 0:
        if start is None and stop is None:
            return ceil_div(length, -step)
        raise Problem("UNK704", "a slice that goes backwards between bounds needs a known size", "key")
    low = _bound(length, 0 if start is None else start)
    high = length if stop is None else _bound(length, stop)
    count = high - low
    return ceil_div(count if at_least(count, 0) else maximum(0, count), step)


def _bound(length: Dim, place: int) -> Dim:
    if place < 0:
        return length + place if at_least(length, -place) else maximum(0, length + place)
    return place if at_least(length, place) else minimum(place, length)


@layer(key=NUMPY + "GetItem", name="GetItem")
def _get_item(x: Shape, *, key: Key = (_ELLIPSIS,)) -> Facts:
    """Pick elements: `x[:, 1:, ::2]` of `(N, H, W, C)` gives `(N, H - 1, ceil(W/2), C)`.

    `key` is what stands between the brackets in Python, as a text: `key: ":, 1:4"`, `key: "..., None, 0"`. The batch
    axis is the first. A slice keeps its axis, a number leaves it out, None makes a new one.

    No weights, no work, nothing kept.
    """
    taken = sum(item is not None and item != _ELLIPSIS for item in key)
    if taken > len(x) or key.count(_ELLIPSIS) > 1:
        raise Problem("SHP205", f"GetItem: {show_shape(x)} has no {taken} axes", "key")
    at = key.index(_ELLIPSIS) if _ELLIPSIS in key else len(key)
    full = (*key[:at], *((None, None, None),) * (len(x) - taken), *key[at + 1 :])
    axis = 0
    out: list[Dim] = []
    for item in full:
        if item is None:
            out.append(1)
            continue
        if isinstance(item, tuple):
            start, stop, step = item
            out.append(_sliced(x[axis], start, stop, step or 1))
        elif isinstance(item, int):
            require_places(x, axis, item, item, "GetItem", x, field="key")
        axis += 1
    made = _moved(tuple(out))
    made.window = _slice_window(full, x)
    return made


def _slice_window(key: tuple[Index, ...], x: Shape) -> Reach:
    """What slices from the front see of a tensor whose axes all stay, the first and the last one whole."""
    slices = [item for item in key if isinstance(item, tuple)]
    if len(key) != len(x) or len(slices) != len(key) or len(x) < 3:
        return None if all(isinstance(item, tuple) for item in key[:-1]) and len(x) < 3 else NOT_FOLLOWED
    whole = (None, 0), (None, 1)
    first, *others = slices[:-1]
    if first[0] not in whole[0] or first[1] is not None or first[2] not in whole[1]:
        return NOT_FOLLOWED
    steps = [(item[0] or 0, item[2] or 1) for item in others]
    if any(start < 0 or step < 0 for start, step in steps):
        return NOT_FOLLOWED
    if all(item[0] in whole[0] and item[1] is None and item[2] in whole[1] for item in others):
        return None  # channels alone are picked
    return tuple([Window(1, step, before=-start) for start, step in steps])


def _moved(*outputs: Shape, gradient: Gradient = "", dtype: str = "input", ops: Dim = 0) -> Facts:
    return Facts(*outputs, ops=ops, gradient=gradient, dtype=dtype, window=NOT_FOLLOWED)


@layer(key=NUMPY + "TakeAlongAxis", name="TakeAlongAxis", reads=True)
def _take_along_axis(x: Shape, indices: Shape, *, axis: PlainInt | None = None) -> Facts:
    """Pick an element for each index along an axis: the shape of the indices. No weights, no work."""
    if axis is None:
        if len(indices) != 1:
            raise Problem("SHP207", f"TakeAlongAxis over all axes needs indices in one row, got {show_shape(indices)}")
        require_indices(indices, flat(x), 0, "TakeAlongAxis")
        return _moved(flat(indices), dtype="first")
    place = axis_of(x, axis, "TakeAlongAxis")
    require_indices(indices, x, place, "TakeAlongAxis")
    if len(indices) != len(x):
        raise Problem("SHP207", f"TakeAlongAxis needs equal ranks, got {show_shape(x)} and {show_shape(indices)}")
    lead = broadcast(((*x[:place], 1, *x[place + 1 :]), (*indices[:place], 1, *indices[place + 1 :])), "TakeAlongAxis")
    return _moved((*lead[:place], indices[place], *lead[place + 1 :]), dtype="first")


@layer(key=NUMPY + "Tile", name="Tile")
def _tile(x: Shape, *, repeats: Counts) -> Facts:
    """Repeat the whole along each axis, counted from the last. No weights, no work, nothing kept."""
    counts = repeats if isinstance(repeats, tuple) else (repeats,)
    counts = (1,) * (len(x) - len(counts)) + counts
    x = (1,) * (len(counts) - len(x)) + x
    return _moved(tuple([dim * count for dim, count in zip(x, counts, strict=True)]))


@layer(key=NUMPY + "Moveaxis", name="Moveaxis")
def _moveaxis(x: Shape, *, source: Axes, destination: Axes) -> Facts:
    """Move axes to other places; the others keep their order. No weights, no work, nothing kept."""
    if len(source) != len(destination):
        raise Problem("CFG102", "`destination` must have as many axes as `source`", "destination")
    wanted = {
        axis_of(x, new, "Moveaxis", "destination"): axis_of(x, old, "Moveaxis", "source")
        for old, new in zip(source, destination, strict=True)
    }
    others = iter(axis for axis in range(len(x)) if axis not in wanted.values())
    order = tuple([wanted[axis] if axis in wanted else next(others) for axis in range(len(x))])
    made = _moved(tuple([x[axis] for axis in order]))
    made.window = turned(order)
    return made


@layer(key=CORE + "Unstack", name="Unstack")
def _unstack(x: Shape, *, num: PlainInt | None = None, axis: PlainInt = 0) -> Facts:
    """Give every element along an axis as an output of its own. No weights, no work, nothing kept."""
    place = axis_of(x, axis, "Unstack")
    # TensorFlow refuses another number than there are; other backends give them all, and Keras goes on with `num`.
    count = x[place] if num is None else num
    require_equal(x[place], count, f"Unstack into {count} needs as many on axis {place}, got {show_shape(x)}")
    if not isinstance(count, int):
        raise Problem("UNK704", f"Unstack needs a known size, got {show_shape(x)}", "axis")
    require_outputs(count, "Unstack", "axis" if num is None else "num")
    return _moved(*[(*x[:place], *x[place + 1 :])] * count)


def _with_classes(x: Shape, num_classes: Dim, axis: int, what: str) -> Shape:
    """The shape with an axis of the classes, as the last one or before one that there is."""
    if axis != -1 and not 0 <= axis < len(x):
        raise Problem("SHP205", f"{what} needs an axis of {show_shape(x)} or -1, got {axis}", "axis")
    return (*x, num_classes) if axis == -1 else (*x[:axis], num_classes, *x[axis:])


@layer(key=NN + "OneHot", name="OneHot", ignored="sparse dtype")
def _one_hot(x: Shape, *, num_classes: Pos, axis: PlainInt = -1) -> Facts:
    """Turn whole numbers into rows with a single 1. No weights. Operations: 1 per output element. Has no gradient."""
    out = _with_classes(x, num_classes, axis, "OneHot")
    window: Reach = None if out[:-1] == x and axis in (-1, len(x)) else NOT_FOLLOWED
    return Facts(out, ops=size(out), gradient="none", window=window)


@layer(key=NN + "MultiHot", name="MultiHot", ignored="sparse dtype")
def _multi_hot(x: Shape, *, num_classes: Pos, axis: PlainInt = -1) -> Facts:
    """Turn lists of whole numbers into a row each, with 1 for those that occur: `OneHot`, and the largest along axis 1.

    No weights. Operations: 1 per output element. Has no gradient.
    """
    codes = _with_classes(x, num_classes, axis, "MultiHot")
    place = 1 if len(x) > 1 else 0
    out = (*codes[:place], *codes[place + 1 :])
    return Facts(out, ops=size(out), gradient="none", dtype="input", window=NOT_FOLLOWED)


@layer(key=MATH + "TopK", name="TopK", ignored="sorted")
def _top_k(x: Shape, *, k: Nat) -> Facts:
    """The k largest elements of each row, and their indices.

    No weights. Operations: 1 per element of the input. Backpropagation keeps the indices.
    """
    if not x:
        raise Problem("SHP204", "TopK needs an input of rank 1 or more, got ()")
    require_at_least(x[-1], k, f"TopK of {k} needs as many elements on its last axis, got {show_shape(x)}", field="k")
    out = (*x[:-1], k)
    return Facts(out, out, ops=size(x), dtype="input", rest="int32")


def _along(what: str, ops: int, dtype: str, usual: int | None) -> Rule:
    """Operations along an axis that keep the shape. usual: the axis where none is given.

    Without an axis (null) they run over all elements in a row.
    """

    def rule(x: Shape, *, axis: PlainInt | None = usual) -> Facts:
        if axis is None:
            x = flat(x)
        window = seen_along(x, (axis_of(x, axis or 0, what),))
        return Facts(x, ops=ops * size(x), dtype=dtype, window=window, gradient="none" if dtype == "int32" else "")

    return rule


def _running(what: str, ops: int, otherwise: str, _usual: int | None) -> Rule:
    def rule(x: Shape, *, axis: PlainInt | None = None, dtype: Dtype | None = None) -> Facts:
        if axis is None:
            x = flat(x)
        window = seen_along(x, (axis_of(x, axis or 0, what),))
        given = "int32" if dtype == "bool" else dtype or otherwise
        return Facts(x, ops=ops * size(x), dtype=given, window=window)

    return rule


def _whole(_what: str, ops: int, dtype: str, _usual: int | None) -> Rule:
    def rule(x: Shape) -> Facts:
        return Facts(x, ops=ops * size(x), dtype=dtype, window=NOT_FOLLOWED)

    return rule


for _make, _name, _what, _dtype, _usual in (
    (_along, "Sort", "The elements along an axis in order", "input", -1),
    (_along, "Argsort", "The indices that put the elements along an axis in order", "int32", -1),
    (_running, "Cumsum", "The sums of all elements up to each one, along an axis", "own number", None),
    (_running, "Cumprod", "The products of all elements up to each one, along an axis", "own number", None),
    (_running, "Nancumsum", "The sums of all numbers up to each one, along an axis", "own number", None),
    (_running, "Nancumprod", "The products of all numbers up to each one, along an axis", "own number", None),
    (_whole, "Tril", "The elements on and below a diagonal, 0 elsewhere", "input", None),
    (_whole, "Triu", "The elements on and above a diagonal, 0 elsewhere", "input", None),
    (_whole, "Fliplr", "Turn the first axis after the batch round", "input", None),
):
    _ops = 0 if _make is _whole else 1
    _rule = _make(_name, _ops, _dtype, _usual)
    _rule.__doc__ = f"{_what}; the shape stays.\n\nNo weights. Operations: {_ops} per element. Nothing kept.\n"
    layer(key=NUMPY + _name, name=_name, ignored="k")(_rule)


@layer(key=NUMPY + "EmptyLike", name="EmptyLike")
def _empty_like(x: Shape, *, dtype: Dtype | None = None) -> Facts:
    """A tensor in the shape of another. No weights, no work, nothing kept."""
    return _moved(x, dtype=dtype or "input")


@layer(key=NUMPY + "FullLike", name="FullLike")
def _full_like(x: Shape, fill_value: Shape | None = None, *, dtype: Dtype | None = None) -> Facts:
    """A tensor of one value in the shape of another. No weights, no work, nothing kept."""
    return _moved(x, dtype=dtype or "first")


@layer(key=NUMPY + "Diff", name="Diff")
def _diff(x: Shape, *, n: Nat = 1, axis: PlainInt = -1) -> Facts:
    """Differences of neighbours along an axis, `n` times.

    No weights. Operations: `n` per output element. Nothing kept.
    """
    place = axis_of(x, axis, "Diff")
    length = x[place] - n
    out = (*x[:place], length if at_least(length, 0) else maximum(0, length), *x[place + 1 :])
    return Facts(out, ops=n * size(out), dtype="input", window=None if place == len(x) - 1 else NOT_FOLLOWED)


def diagonal(x: Shape, offset: int, axis1: int, axis2: int, what: str) -> tuple[Shape, Dim]:
    """The shape without two axes, and the length of their diagonal."""
    first, second = axis_of(x, axis1, what, "axis1"), axis_of(x, axis2, what, "axis2")
    if first == second:
        raise Problem("SHP205", f"{what} needs two axes, got {axis1} twice", "axis2")
    length = minimum(x[first] + min(offset, 0), x[second] - max(offset, 0))
    if not at_least(length, 0):
        length = maximum(0, length)
    return tuple([dim for axis, dim in enumerate(x) if axis not in (first, second)]), length


@layer(key=NUMPY + "Diagonal", name="Diagonal")
def _diagonal(x: Shape, *, offset: PlainInt = 0, axis1: PlainInt = 0, axis2: PlainInt = 1) -> Facts:
    """The diagonal of two axes, as the last axis. No weights, no work, nothing kept."""
    out, length = diagonal(x, offset, axis1, axis2, "Diagonal")
    return _moved((*out, length))


@layer(key=NN + "DepthToSpace", name="DepthToSpace")
def _depth_to_space(x: Shape, *, block_size: Pos, data_format: DataFormat | None = None) -> Facts:
    """Blocks of channels become blocks of an image: `(H, W, C)` becomes `(b*H, b*W, C/(b*b))`.

    No weights, no work, nothing kept.
    """
    height, width = spatial(x, 2, data_format, "DepthToSpace")
    area = block_size * block_size
    reason = f"DepthToSpace with block_size {block_size} needs a multiple of {area} channels, got {show_shape(x)}"
    depth = channels(x, data_format)
    require_multiple(depth, area, reason, field="block_size")
    return _moved(arrange(x[0], (height * block_size, width * block_size), depth // area, data_format))


@layer(key=NN + "SpaceToDepth", name="SpaceToDepth")
def _space_to_depth(x: Shape, *, block_size: Pos, data_format: DataFormat | None = None) -> Facts:
    """Blocks of an image become channels: `(H, W, C)` becomes `(H/b, W/b, b*b*C)`.

    No weights, no work, nothing kept.
    """
    lengths = spatial(x, 2, data_format, "SpaceToDepth")
    for length in lengths:
        reason = f"SpaceToDepth needs a height and width that are multiples of {block_size}, got {show_shape(x)}"
        require_multiple(length, block_size, reason, field="block_size")
    depth = channels(x, data_format) * block_size * block_size
    return _moved(arrange(x[0], (lengths[0] // block_size, lengths[1] // block_size), depth, data_format))


def _terms(subscripts: str, xs: tuple[Shape, ...]) -> tuple[list[str], str]:
    """A letter for each axis of each input, and of the result.

    "..." stands for the axes that are left, aligned at the end; a result that is not given has the letters that occur
    once, in the order of the alphabet, after the axes of "...".
    """
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    plain = [term.replace("...", "", 1) for term in (*terms, right)]
    if len(terms) != len(xs) or not all(term.isalpha() or not term for term in plain):
        raise Problem("CFG115", f"Einsum needs an equation such as `bij,bjk->bik`, got {subscripts!r}", "subscripts")
    counts = [len(x) - len(term) for x, term in zip(xs, plain, strict=False)]
    # Digits cannot be letters of an equation.
    others = "0123456789"[: max([0, *[count for count, term in zip(counts, terms, strict=True) if "..." in term]])]
    if not arrow:
        letters = "".join(plain[:-1])
        right = "..." * ("..." in left) + "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
    full = [
        term.replace("...", others[len(others) - count :] if count > 0 else "")
        for term, count in zip(terms, counts, strict=True)
    ]
    return full, right.replace("...", others)


@layer(key=NUMPY + "Einsum", name="Einsum")
def _einsum(*xs: Shape, subscripts: Text) -> Facts:
    """A sum of products along the axes whose letters are not in the result: `bij,bjk->bik`.

    No weights. MACs: one per combination of all letters, for two inputs; more inputs are taken together one after
    another, which bounds them. Backpropagation keeps the inputs.
    """
    terms, right = _terms(subscripts, xs)
    sizes: dict[str, Dim] = {}
    for term, x in zip(terms, xs, strict=True):
        if len(term) != len(x):
            raise Problem("SHP212", f"Einsum: {term} does not fit {show_shape(x)}", "subscripts")
        for letter, dim in zip(term, x, strict=True):
            if letter in sizes and sizes[letter] != 1 and dim != 1:
                reason = f"Einsum needs one size for {letter!r} of {subscripts!r}, got {sizes[letter]} and {dim}"
                require_equal(sizes[letter], dim, reason)
            elif sizes.get(letter, 1) == 1:
                sizes[letter] = dim
    if any(letter not in sizes for letter in right):
        raise Problem("CFG115", f"Einsum: a letter of the result {right!r} is in no input", "subscripts")
    out = tuple([sizes[letter] for letter in right])
    rest: Dim = prod([dim for letter, dim in sizes.items() if letter != right[:1]])
    products = len(xs) > 1
    return Facts(
        out,
        macs=rest * max(len(xs) - 1, 1) if products else 0,
        ops=0 if products else less(rest, size(out)),
        keeps_input="factors" if products else False,
        dtype="product",
        window=_letters_window(terms, right),
        status="exact" if len(xs) < 3 else "bound",
    )


def _letters_window(terms: list[str], right: str) -> Reach:
    """What an output of an equation sees: its own place of an input whose letters stay where they are, but the last.

    Where an input's places are summed over, or are in the last axis of the result, all of them are seen.
    """
    found: set[str | None] = set()
    places = right[1:-1]
    for term in terms:
        spatial = term[1:-1]
        if right[:1] and right[0] not in term:
            continue  # without the batch's letter it is a constant
        if term[:1] != right[:1]:
            found.add(NOT_FOLLOWED)
        elif places.startswith(spatial) and term[-1:] not in places[: len(spatial)]:
            found.add(None)
        elif spatial and set(spatial).isdisjoint(places):
            found.add(EVERYTHING)
        else:
            found.add(NOT_FOLLOWED)
    return EVERYTHING if EVERYTHING in found else NOT_FOLLOWED if NOT_FOLLOWED in found else None


@layer(key=NUMPY + "Vstack", name="Vstack")
def _vstack(*xs: Shape) -> Facts:
    """Put the inputs end to end along the batch. No weights, no operations, nothing kept."""
    from cnnsum.layers.arithmetic.broadcast import joined

    return _moved(joined(xs, 0, "Vstack"), gradient="parts")


@layer(key=NUMPY + "Hstack", name="Hstack")
def _hstack(*xs: Shape) -> Facts:
    """Put the inputs end to end along the first axis after the batch. No weights, no operations, nothing kept."""
    from cnnsum.layers.arithmetic.broadcast import joined

    return _moved(joined(xs, 1, "Hstack"), gradient="parts")
