"""Operations of exported programs on the places of an image: windows as columns, borders, shuffles, interpolation.
Keys as in `aten_elementwise`.
"""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, maximum, prod
from cnnsum.layers.arithmetic.resizing import require_lengths, scaled
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, show_shape, size, with_shape
from cnnsum.layers.kinds import Ints, Nat, Naturals, Numbers, PlainInt, Pos, Positives, Real, Text
from cnnsum.layers.requiring import (
    axis_of,
    require_at_least,
    require_axes,
    require_equal,
    require_multiple,
    require_rank,
)
from cnnsum.layers.torch.fields import over


@layer(key="aten.unfold")
def unfold(x: Shape, *, dimension: PlainInt, size: Nat, step: Pos) -> Facts:
    """Windows along an axis, each as a last axis of its own."""
    axis = axis_of(x, dimension, "unfold", "dimension")
    require_at_least(x[axis], size, with_shape(f"unfold needs at least {size} on axis {axis}", x), field="size")
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
        require_at_least(length + 2 * amount, span, with_shape(f"im2col needs at least {counted(span, 'position')}", x))
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
    aliases="aten.constant_pad_nd",
)
def pad(x: Shape, *, pad: Ints | None = None, padding: Ints | None = None, mode: Text = "constant") -> Facts:
    """More positions before and after the last axes, the last axis first; below 0 fewer."""
    return _padded(x, pad if pad is not None else padding or (), mode)


@layer(key="aten.reflection_pad", aliases="aten.reflection_pad1d aten.reflection_pad2d aten.reflection_pad3d")
def reflection_pad(x: Shape, *, padding: Ints) -> Facts:
    """Mirrored values before and after the last axes, without those at the border. Backpropagation keeps the input."""
    return _padded(x, padding, "reflect")


@layer(key="aten.replication_pad", aliases="aten.replication_pad1d aten.replication_pad2d aten.replication_pad3d")
def replication_pad(x: Shape, *, padding: Ints) -> Facts:
    """The values at the border again, before and after the last axes. Backpropagation keeps the input."""
    return _padded(x, padding, "replicate")


def _padded(x: Shape, amounts: Shape, mode: str) -> Facts:
    if len(amounts) % 2 or len(amounts) > 2 * len(x):
        raise Problem(
            "CFG102", f"`pad` must be pairs for some of the axes of {show_shape(x)}, got {list(amounts)}", "pad"
        )
    out = list(x)
    for index in range(0, len(amounts), 2):
        axis = len(x) - 1 - index // 2
        before, after = amounts[index], amounts[index + 1]
        out[axis] = x[axis] + before + after
        require_at_least(out[axis], 0, with_shape(f"pad takes more off axis {axis} than there is", x), field="pad")
        if mode in ("reflect", "circular"):
            least = maximum(before, after) + (mode == "reflect")
            require_at_least(
                x[axis], least, with_shape(f"pad by `{mode}` needs {least} on axis {axis}", x), field="pad"
            )
    return Facts(tuple(out), keeps_input=mode in ("reflect", "replicate"), dtype="input")


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
        require_lengths(name, x, wanted)
        out = (*x[:2], *wanted)
        return Facts(out, ops=ops * prod(out[1:]), dtype="input", window=None if out == x else NOT_FOLLOWED)

    return named(rule, name, f"Enlarge an image, or make it smaller. Operations: {ops} per output element.")


for _name, _ops in ENLARGING.items():
    layer(key=f"aten.{_name}", name=_name)(_enlarging(_name, _ops))


@layer(key="aten.grid_sampler", aliases="aten.grid_sampler_2d aten.grid_sampler_3d aten.cudnn_grid_sampler")
def grid_sampler(x: Shape, grid: Shape, *, interpolation_mode: PlainInt = 0) -> Facts:
    """Values of an image at places of a grid: `(N, C, H, W)` and `(N, H', W', 2)` become `(N, C, H', W')`.

    Operations: those of interpolation between 2 neighbours along each axis (0), none (1), or between 4 (2).
    Backpropagation keeps the image and the grid.
    """
    axes = len(x) - 2
    reason = f"grid_sampler needs a grid of {axes} coordinates, got {show_shape(x)} and {show_shape(grid)}"
    if axes < 1 or len(grid) != len(x):
        raise Problem("SHP204", reason)
    require_equal(grid[-1], axes, reason)
    require_equal(grid[0], x[0], f"grid_sampler needs a grid for each sample, got {show_shape(grid)}")
    out = (*x[:2], *grid[1:-1])
    neighbours = {0: 2**axes, 1: 0, 2: 4**axes}.get(interpolation_mode, 0)
    work = max(2 * neighbours - 1, 0) * prod(out[1:])
    return Facts(out, ops=work, keeps_input=True, dtype="first", window=NOT_FOLLOWED)


@layer(key="aten.affine_grid_generator")
def affine_grid_generator(theta: Shape, *, size: Positives) -> Facts:
    """The places in an image that each place of an output of that size comes from, turned and moved by a matrix.

    MACs: a product of each place, in coordinates of one more, with the matrix. Backpropagation keeps
    nothing.
    """
    if len(size) not in (4, 5):
        raise Problem("CFG102", f"`size` of affine_grid_generator must be 4 or 5 numbers, got {list(size)}", "size")
    places = size[2:]
    out = (size[0], *places, len(places))
    macs = prod(places) * len(places) * (len(places) + 1)
    return Facts(out, macs=macs, dtype="first", window=NOT_FOLLOWED)
