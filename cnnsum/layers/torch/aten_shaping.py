"""Operations of exported programs that move, cut, join or repeat elements and compute nothing. Keys as in
`aten_elementwise`; axes are counted with the batch, as PyTorch counts them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, ceil_div, maximum, minimum, prod
from cnnsum.layers.arithmetic.axes import places_of, require_outputs
from cnnsum.layers.arithmetic.broadcast import broadcast, joined
from cnnsum.layers.arithmetic.resizing import scaled
from cnnsum.layers.arithmetic.shaping import filled, reshaped
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Shape, show_shape, size, turned
from cnnsum.layers.kinds import Axes, Int, Ints, Nat, Naturals, Numbers, PlainInt, PlainPos, Pos, Positives, Real, Text
from cnnsum.layers.requiring import (
    axis_of,
    require_at_least,
    require_axes,
    require_equal,
    require_multiple,
    require_rank,
)
from cnnsum.layers.torch.fields import named, over

#: What stands for "to the end" in a slice.
_END = 2**63 - 1


@layer(key="aten.view", aliases="aten._unsafe_view aten.view_copy")
def view(x: Shape, *, size: Ints) -> Facts:
    """The same elements in another shape; -1 is what is left over. The output is the input's storage."""
    return reshaped(x, filled(x, size, x, "size"))


@layer(key="aten.reshape")
def reshape(x: Shape, *, shape: Ints) -> Facts:
    """The same elements in another shape; -1 is what is left over."""
    return reshaped(x, filled(x, shape, x, "shape"))


@layer(key="aten.view_as", aliases="aten.reshape_as")
def view_as(x: Shape, other: Shape) -> Facts:
    """The same elements in the shape of another tensor."""
    require_equal(prod(x), prod(other), f"view_as needs as many elements, got {show_shape(x)} and {show_shape(other)}")
    return Facts(other, alias="view", dtype="first")


@layer(key="aten.flatten")
def flatten(x: Shape, *, start_dim: PlainInt = 0, end_dim: PlainInt = -1) -> Facts:
    """Some axes made one."""
    if not x:
        return Facts((1,), alias="view", dtype="input")
    first, last = axis_of(x, start_dim, "flatten", "start_dim"), axis_of(x, end_dim, "flatten", "end_dim")
    return reshaped(x, (*x[:first], prod(x[first : last + 1]), *x[last + 1 :]))


@layer(key="aten.unflatten")
def unflatten(x: Shape, *, dim: PlainInt, sizes: Ints) -> Facts:
    """One axis made several; -1 is what is left over."""
    axis = axis_of(x, dim, "unflatten", "dim")
    return reshaped(x, (*x[:axis], *filled((x[axis],), sizes, x, "sizes"), *x[axis + 1 :]))


def _turned(x: Shape, order: tuple[int, ...]) -> Facts:
    out = tuple([x[axis] for axis in order])
    if order[:1] != (0,):
        return Facts(out, alias="view", dtype="input", window=NOT_FOLLOWED)
    return Facts(out, alias="view", dtype="input", window=turned(order))


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


@layer(key="aten.t", aliases="aten.numpy_T aten.t_copy aten.mT")
def t(x: Shape) -> Facts:
    """The last two axes exchanged."""
    return _turned(x, (*range(len(x) - 2), *reversed(range(max(len(x) - 2, 0), len(x)))))


@layer(key="aten.movedim")
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
    out = tuple([length for axis, length in enumerate(x) if axis not in places or length != 1])
    return Facts(out, alias="view", dtype="input", window=None if out == x else NOT_FOLLOWED)


@layer(key="aten.unsqueeze", aliases="aten.unsqueeze_copy")
def unsqueeze(x: Shape, *, dim: PlainInt) -> Facts:
    """An axis of 1 more."""
    if not -len(x) - 1 <= dim <= len(x):
        raise Problem("SHP205", f"unsqueeze: {show_shape(x)} has no place {dim} for an axis", "dim")
    at = dim % (len(x) + 1)
    return Facts((*x[:at], 1, *x[at:]), alias="view", dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.expand", aliases="aten.expand_copy aten.broadcast_to")
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
    return Facts(tuple(out), alias="view", dtype="input")


@layer(key="aten.expand_as")
def expand_as(x: Shape, other: Shape) -> Facts:
    """Stretched to the shape of another tensor."""
    return Facts(broadcast((x, other), "expand_as"), alias="view", dtype="first")


@layer(key="aten.broadcast_tensors")
def broadcast_tensors(*tensors: Shape) -> Facts:
    """All tensors stretched to one shape."""
    out = broadcast(tensors, "broadcast_tensors")
    return Facts(*[out] * len(tensors), alias="view", dtype="first")


@layer(key="aten.select", aliases="aten.select_copy")
def select(x: Shape, *, dim: PlainInt, index: Int) -> Facts:
    """One element along an axis, which goes."""
    axis = axis_of(x, dim, "select", "dim")
    if isinstance(index, int):
        least = index + 1 if index >= 0 else -index
        reason = f"select: {show_shape(x)} has no element {index} on axis {axis}"
        require_at_least(x[axis], least, reason, code="SHP205", field="index")
    return Facts((*x[:axis], *x[axis + 1 :]), alias="view", gradient="parts", dtype="input", window=NOT_FOLLOWED)


def _place(length: Dim, at: Dim | None, default: Dim) -> Dim:
    """A place in an axis as Python counts it, within the axis."""
    if at is None or at == _END:
        return default
    if isinstance(at, int) and at < 0:
        return maximum(0, length + at)
    if isinstance(at, int) and at == 0:
        return 0
    return minimum(at, length)


@layer(key="aten.slice", aliases="aten.slice_copy")
def slice(x: Shape, *, dim: PlainInt = 0, start: Int | None = None, end: Int | None = None, step: Pos = 1) -> Facts:
    """A part of an axis, from `start` to before `end`."""
    axis = axis_of(x, dim, "slice", "dim")
    length = x[axis]
    first, last = _place(length, start, 0), _place(length, end, length)
    count = last - first
    if step != 1:
        count = ceil_div(count, step)
    if at_least(count, 0) is not True:
        count = maximum(0, count)
    return Facts((*x[:axis], count, *x[axis + 1 :]), alias="view", gradient="parts", dtype="input")


@layer(key="aten.narrow")
def narrow(x: Shape, *, dim: PlainInt, start: Int, length: Nat) -> Facts:
    """So many elements of an axis from a place on."""
    axis = axis_of(x, dim, "narrow", "dim")
    if isinstance(start, int):
        reason = f"narrow from {start} by {length} on axis {axis}"
        # Below 0 it is counted from the end, which is as far as it goes.
        require_at_least(
            0 - start if start < 0 else x[axis] - start, length, reason, code="SHP205", field="length", got=x
        )
        if start < 0:
            require_at_least(x[axis], 0 - start, reason, code="SHP205", field="start", got=x)
    return Facts((*x[:axis], length, *x[axis + 1 :]), alias="view", gradient="parts", dtype="input")


def _parts(x: Shape, axis: int, sizes: list[Dim]) -> Facts:
    return Facts(*[(*x[:axis], part, *x[axis + 1 :]) for part in sizes], alias="view", gradient="parts", dtype="input")


@layer(key="aten.split")
def split(x: Shape, *, split_size: Pos, dim: PlainInt = 0) -> Facts:
    """Parts of that size along an axis; the last has what is left."""
    axis = axis_of(x, dim, "split", "dim")
    length = x[axis]
    if not isinstance(length, int) or not isinstance(split_size, int):
        count = length // split_size
        require_multiple(length, split_size, f"split: axis {axis} must be a multiple of {split_size}")
        if not isinstance(count, int):
            raise Problem("UNK704", f"split of {show_shape(x)} gives an unknown number of parts", "split_size")
        require_outputs(count, "split", "split_size")
        return _parts(x, axis, [split_size] * count)
    require_outputs(-(-length // split_size), "split", "split_size")
    return _parts(x, axis, [min(split_size, length - at) for at in range(0, length, split_size)])


@layer(key="aten.split_with_sizes", aliases="aten.split_with_sizes_copy")
def split_with_sizes(x: Shape, *, split_sizes: Naturals, dim: PlainInt = 0) -> Facts:
    """Parts of these sizes along an axis, which they must fill."""
    axis = axis_of(x, dim, "split_with_sizes", "dim")
    require_outputs(len(split_sizes), "split_with_sizes", "split_sizes")
    total = sum(split_sizes, start=0)
    require_equal(x[axis], total, f"split into {list(split_sizes)} needs {total} on axis {axis}, got {show_shape(x)}")
    return _parts(x, axis, list(split_sizes))


@layer(key="aten.chunk")
def chunk(x: Shape, *, chunks: PlainPos, dim: PlainInt = 0) -> Facts:
    """So many parts along an axis, of equal size but for the last."""
    axis = axis_of(x, dim, "chunk", "dim")
    require_outputs(chunks, "chunk", "chunks")
    length = x[axis]
    if not isinstance(length, int):
        require_multiple(length, chunks, f"chunk: axis {axis} must be a multiple of {chunks}", field="chunks")
        return _parts(x, axis, [length // chunks] * chunks)
    each = max(-(-length // chunks), 1)
    return _parts(x, axis, [min(each, length - at) for at in range(0, max(length, 1), each)])


@layer(key="aten.unbind")
def unbind(x: Shape, *, dim: PlainInt = 0) -> Facts:
    """Each element of an axis by itself."""
    axis = axis_of(x, dim, "unbind", "dim")
    count = x[axis]
    if not isinstance(count, int):
        raise Problem("UNK704", f"unbind of {show_shape(x)} gives an unknown number of parts", "dim")
    require_outputs(count, "unbind", "dim")
    return Facts(*[(*x[:axis], *x[axis + 1 :])] * count, alias="view", gradient="parts", dtype="input")


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


@layer(key="aten.flip", aliases="aten.fliplr aten.flipud aten.roll aten.rot90")
def moved(x: Shape) -> Facts:
    """The elements of some axes in another order."""
    return Facts(x, dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.repeat", aliases="aten.tile")
def repeat(x: Shape, *, repeats: Naturals) -> Facts:
    """The tensor so many times along each axis."""
    extra = len(repeats) - len(x)
    if extra < 0:
        raise Problem("SHP204", f"repeat needs a number for each axis of {show_shape(x)}", "repeats")
    padded = ((1,) * extra) + x
    return Facts(tuple([dim * times for dim, times in zip(padded, repeats, strict=True)]), dtype="input")


@layer(key="aten.repeat_interleave")
def repeat_interleave(x: Shape, *, repeats: Nat, dim: PlainInt) -> Facts:
    """Each element of an axis so many times."""
    axis = axis_of(x, dim, "repeat_interleave", "dim")
    return Facts((*x[:axis], x[axis] * repeats, *x[axis + 1 :]), dtype="input")


@layer(key="aten.unfold")
def unfold(x: Shape, *, dimension: PlainInt, size: Nat, step: Pos) -> Facts:
    """Windows along an axis, each as a last axis of its own."""
    axis = axis_of(x, dimension, "unfold", "dimension")
    require_at_least(x[axis], size, f"unfold needs at least {size} on axis {axis}", field="size", got=x)
    return Facts((*x[:axis], (x[axis] - size) // step + 1, *x[axis + 1 :], size), alias="view", dtype="input")


@layer(key="aten.im2col")
def im2col(x: Shape, *, kernel_size: Positives, dilation: Positives, padding: Naturals, stride: Positives) -> Facts:
    """The windows of an image as columns: `(N, C, H, W)` becomes `(N, C * kh * kw, places)`."""
    require_rank(x, 4, "im2col")
    numbers = [
        over(value, 2, "im2col", field)
        for field, value in (
            ("kernel_size", kernel_size),
            ("dilation", dilation),
            ("padding", padding),
            ("stride", stride),
        )
    ]
    places: Dim = 1
    for length, kernel, spread, amount, step in zip(x[2:], *numbers, strict=True):
        span = (kernel - 1) * spread + 1
        require_at_least(length + 2 * amount, span, f"im2col needs at least {span} samples", got=x)
        places = places * ((length + 2 * amount - span) // step + 1)
    return Facts((x[0], x[1] * prod(numbers[0]), places), dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.col2im")
def col2im(x: Shape, *, output_size: Positives, kernel_size: Positives) -> Facts:
    """Columns put back as the windows of an image, summed where they overlap."""
    require_rank(x, 3, "col2im")
    window = prod(over(kernel_size, 2, "col2im", "kernel_size"))
    require_multiple(x[1], window, f"col2im needs channels that are a multiple of {window}, got {show_shape(x)}")
    return Facts(
        (x[0], x[1] // window, *over(output_size, 2, "col2im", "output_size")),
        ops=size(x),
        dtype="input",
        window=NOT_FOLLOWED,
    )


@layer(
    key="aten.pad",
    aliases="aten.constant_pad_nd aten.reflection_pad1d aten.reflection_pad2d aten.reflection_pad3d "
    "aten.replication_pad1d aten.replication_pad2d aten.replication_pad3d",
)
def pad(x: Shape, *, pad: Ints | None = None, padding: Ints | None = None, mode: Text = "constant") -> Facts:
    """More samples before and after the last axes, the last axis first; below 0 fewer."""
    amounts = pad if pad is not None else padding or ()
    if len(amounts) % 2 or len(amounts) > 2 * len(x):
        raise Problem(
            "CFG102", f"`pad` must be pairs for some of the axes of {show_shape(x)}, got {list(amounts)}", "pad"
        )
    out = list(x)
    for index in range(0, len(amounts), 2):
        axis = len(x) - 1 - index // 2
        out[axis] = x[axis] + amounts[index] + amounts[index + 1]
        require_at_least(out[axis], 0, f"pad takes more off axis {axis} than there is", field="pad", got=x)
    return Facts(tuple(out), dtype="input")


@layer(key="aten.pixel_shuffle")
def pixel_shuffle(x: Shape, *, upscale_factor: Pos) -> Facts:
    """Channels made places: `(N, C * r * r, H, W)` becomes `(N, C, H * r, W * r)`."""
    require_axes(x, 3, "pixel_shuffle")
    r = upscale_factor
    require_multiple(x[-3], r * r, f"pixel_shuffle needs channels that are a multiple of {r * r}, got {show_shape(x)}")
    return Facts((*x[:-3], x[-3] // (r * r), x[-2] * r, x[-1] * r), dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.pixel_unshuffle")
def pixel_unshuffle(x: Shape, *, downscale_factor: Pos) -> Facts:
    """Places made channels: `(N, C, H * r, W * r)` becomes `(N, C * r * r, H, W)`."""
    require_axes(x, 3, "pixel_unshuffle")
    r = downscale_factor
    for axis in (-2, -1):
        require_multiple(x[axis], r, f"pixel_unshuffle needs sizes that are a multiple of {r}, got {show_shape(x)}")
    return Facts((*x[:-3], x[-3] * r * r, x[-2] // r, x[-1] // r), dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.channel_shuffle", aliases="aten.native_channel_shuffle")
def channel_shuffle(x: Shape, *, groups: Pos) -> Facts:
    """The channels of all groups, one of each after the other."""
    require_axes(x, 3, "channel_shuffle")
    require_multiple(x[1], groups, f"channel_shuffle needs channels that are a multiple of {groups}", field="groups")
    return Facts(x, dtype="input")


@layer(key="aten.index_select")
def index_select(x: Shape, index: Shape, *, dim: PlainInt) -> Facts:
    """The elements of an axis that an index names."""
    axis = axis_of(x, dim, "index_select", "dim")
    return Facts((*x[:axis], *index, *x[axis + 1 :]), kept=(Kept("index", index, "int64"),), dtype="first")


@layer(key="aten.gather", aliases="aten.take_along_dim")
def gather(x: Shape, index: Shape) -> Facts:
    """The elements that an index names, one for each of its own."""
    return Facts(index, kept=(Kept("index", index, "int64"),), dtype="first")


@layer(
    key="aten.scatter",
    aliases="aten.scatter_add aten.index_put aten.index_add aten.masked_scatter aten.slice_scatter "
    "aten.select_scatter aten.copy aten.fill aten.index_copy aten.index_fill",
)
def written_over(x: Shape, *others: Shape) -> Facts:
    """The first tensor with elements of others written over some of its own."""
    return Facts(x, dtype="first")


@layer(key="aten.index")
def index(x: Shape, *indices: Shape, indices_places: Axes | None = None) -> Facts:
    """The elements that tensors of indices name, for the axes at `indices_places`; slices of the others."""
    places = tuple(range(len(indices))) if indices_places is None else indices_places
    if len(places) != len(indices) or any(place >= len(x) for place in places):
        raise Problem("SHP205", f"index: {show_shape(x)} has not as many axes as there are indices")
    found = broadcast(indices, "index") if indices else ()
    together = places == tuple(range(places[0], places[0] + len(places))) if places else True
    rest = [dim for axis, dim in enumerate(x) if axis not in places]
    at = places[0] if places and together else 0
    out = (*rest[:at], *found, *rest[at:])
    return Facts(out, kept=tuple([Kept("index", one, "int64") for one in indices]), dtype="first", window=NOT_FOLLOWED)


@layer(key="aten.meshgrid")
def meshgrid(*tensors: Shape, indexing: Text = "ij") -> Facts:
    """Coordinates of a grid."""
    lengths = [shape[0] if shape else 1 for shape in tensors]
    if indexing == "xy" and len(lengths) > 1:
        lengths[:2] = lengths[1::-1]
    return Facts(*[tuple(lengths)] * len(tensors), alias="view", dtype="first")


#: Ways to enlarge an image, and the operations of each per output element.
ENLARGING = {
    **{f"upsample_nearest{axes}d": 0 for axes in (1, 2, 3)},
    **{f"_upsample_nearest_exact{axes}d": 0 for axes in (1, 2, 3)},
    "upsample_linear1d": 3,
    "upsample_bilinear2d": 7,
    "_upsample_bilinear2d_aa": 7,
    "upsample_trilinear3d": 15,
    "upsample_bicubic2d": 31,
    "_upsample_bicubic2d_aa": 31,
}


def _enlarging(name: str, ops: int) -> Rule:
    def rule(
        x: Shape,
        *,
        output_size: Positives | None = None,
        size: Positives | None = None,
        scale_factors: Numbers | None = None,
        scales: Real | None = None,
        scales_d: Real | None = None,
        scales_h: Real | None = None,
        scales_w: Real | None = None,
    ) -> Facts:
        lengths = x[2:]
        wanted = output_size or size
        if wanted is None and scale_factors is not None:
            wanted = tuple([scaled(length, scale) for length, scale in zip(lengths, scale_factors, strict=False)])
        if wanted is None or len(wanted) != len(lengths):
            raise Problem("SHP204", f"{name} needs a size for each axis of space, got {show_shape(x)}")
        out = (*x[:2], *wanted)
        return Facts(out, ops=ops * prod(out[1:]), dtype="input", window=None if out == x else NOT_FOLLOWED)

    return named(rule, name, f"Enlarge an image, or make it smaller. Operations: {ops} per output element.")


for _name, _ops in ENLARGING.items():
    layer(key=f"aten.{_name}", name=_name)(_enlarging(_name, _ops))
