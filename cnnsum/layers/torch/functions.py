"""Functions and methods of tensors that stand between modules: sums, products, reshaping, joining, splitting.

Axes are counted as PyTorch counts them, with the batch as axis 0. The rules are those of the operations of exported
programs (`aten_...`), where these say the same.
"""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.broadcast import broadcast, in_place
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import Facts, Gradient, KeepsInput, Shape, show_shape, size
from cnnsum.layers.kinds import (
    Axes,
    Counts,
    Flag,
    Int,
    Kind,
    Naturals,
    PlainInt,
    PlainPos,
    Pos,
    Reading,
    Real,
    choice,
    integer,
    items,
)
from cnnsum.layers.requiring import axis_of, require_equal, require_rank
from cnnsum.layers.torch import activation, aten_parts, aten_products, aten_reducing, aten_shaping
from cnnsum.layers.torch.shaping import Border, Factors, Mode, Wanted, joined_axes, padded, resized
from cnnsum.typed import Annotated

# --- sums and products, element by element ----------------------------------------------------------------------------


def _number_or_tensor(x: Shape, y: Shape | None, other: float | None, what: str) -> tuple[Shape, ...]:
    """The tensors: one and the number `other`, or two."""
    if (y is None) == (other is None):
        given = "neither" if y is None else "both"
        raise Problem("GRF303", f"{what} needs a second input or a number as `other`, got {given}")
    return (x,) if y is None else (x, y)


def _paired(
    what: str, shapes: tuple[Shape, ...], *, each: int = 1, keeps: KeepsInput = False, gradient: Gradient = ""
) -> Facts:
    out = broadcast(shapes, what)
    return Facts(
        out,
        ops=each * size(out),
        keeps_input=keeps if len(shapes) > 1 else False,
        gradient=gradient,
        alias=in_place(shapes, out),
        dtype="input",
    )


@layer(role="add")
def add(x: Shape, y: Shape | None = None, *, other: Real | None = None, alpha: Real = 1) -> Facts:
    """`x + alpha * y`, element by element; the second is a number, or broadcast with the first.

    No weights. Operations: 1 per output element, 2 with an `alpha`. Backpropagation keeps nothing.
    """
    plain = alpha == 1
    shapes = _number_or_tensor(x, y, other, "add")
    return _paired("add", shapes, each=1 if plain else 2, gradient="same" if plain else "")


@layer(role="subtract")
def sub(x: Shape, y: Shape | None = None, *, other: Real | None = None, alpha: Real = 1) -> Facts:
    """`x - alpha * y`, element by element; the second is a number, or broadcast with the first.

    No weights. Operations: 1 per output element, 2 with an `alpha`. Backpropagation keeps nothing.
    """
    return _paired("sub", _number_or_tensor(x, y, other, "sub"), each=1 if alpha == 1 else 2)


@layer(role="multiply")
def mul(x: Shape, y: Shape | None = None, *, other: Real | None = None) -> Facts:
    """`x * y`, element by element; the second is a number, or broadcast with the first.

    No weights. Operations: 1 per output element. Backpropagation keeps the factors, but for a number.
    """
    return _paired("mul", _number_or_tensor(x, y, other, "mul"), keeps="factors")


@layer(role="divide")
def div(x: Shape, y: Shape | None = None, *, other: Real | None = None) -> Facts:
    """`x / y`, element by element; the second is a number, or broadcast with the first.

    No weights. Operations: 1 per output element. Backpropagation keeps the inputs, but for a number.
    """
    facts = _paired("div", _number_or_tensor(x, y, other, "div"), keeps=True)
    facts.dtype = "float"
    return facts


@layer(role="maximum")
def maximum(x: Shape, y: Shape) -> Facts:
    """The larger of each two elements; the inputs are broadcast.

    No weights. Operations: 1 per output element. Backpropagation keeps the inputs.
    """
    return _paired("maximum", (x, y), keeps=True)


@layer(role="minimum")
def minimum(x: Shape, y: Shape) -> Facts:
    """The smaller of each two elements; the inputs are broadcast.

    No weights. Operations: 1 per output element. Backpropagation keeps the inputs.
    """
    return _paired("minimum", (x, y), keeps=True)


# --- products of matrices ---------------------------------------------------------------------------------------------


@layer(role="product")
def matmul(x: Shape, y: Shape) -> Facts:
    """The product of matrices `(..., T, D)` and `(..., D, K)`: `(..., T, K)`; the other axes are broadcast.

    No weights. MACs: `D` per output element. Backpropagation keeps the factors.
    """
    return aten_products.matmul(x, y)


@layer(role="product")
def bmm(x: Shape, y: Shape) -> Facts:
    """The products of matrices `(T, D)` and `(D, K)`, one of each sample: `(T, K)`.

    No weights. MACs: `D` per output element. Backpropagation keeps the factors.
    """
    for shape in (x, y):
        require_rank(shape, 3, "bmm")
    require_equal(x[0], y[0], f"bmm needs as many matrices of each, got {show_shape(x)} and {show_shape(y)}")
    return aten_products.matmul(x, y)


@layer
def scaled_dot_product_attention(
    query: Shape,
    key: Shape,
    value: Shape,
    attn_mask: Shape | None = None,
    *,
    dropout_p: Real = 0.0,
    is_causal: Flag = False,
    scale: Real | None = None,
    enable_gqa: Flag = False,
) -> Facts:
    """Means of values, weighted by how well queries match keys: `(..., L, E)` becomes `(..., L, Ev)`.

    No weights. MACs: `L * S * (E + Ev)` for each head, products of queries and keys, and of weights and values.
    Operations: 5 per weight for softmax, one per query element. Backpropagation keeps queries, keys, values, the
    output, and a number per query, as the fused kernels do.
    """
    return aten_products.scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p=dropout_p, is_causal=is_causal, enable_gqa=enable_gqa
    )


# --- along axes -------------------------------------------------------------------------------------------------------


def _reduced(name: str, what: str, work: str, keeps: str) -> Rule:
    operation = aten_reducing.RULES[name]

    def rule(x: Shape, *, dim: Axes | None = None, keepdim: Flag = False) -> Facts:
        return operation(x, dim=dim, keepdim=keepdim)

    rule.__doc__ = (
        f"Gives {what} of the elements along `dim`, which is left out, or 1 with `keepdim`; of all without a `dim`.\n\n"
        f"No weights. Operations: {work}. Backpropagation keeps {keeps}.\n"
    )
    return rule


_LESS = "1 per element of the input, less 1 per output element"
for _name, _what, _work, _keeps in (
    ("mean", "the mean", "1 per element of the input", "nothing"),
    ("sum", "the sum", _LESS, "nothing"),
    ("amax", "the largest", _LESS, "the input and the output"),
    ("amin", "the smallest", _LESS, "the input and the output"),
):
    layer(key=_name, name=_name)(_reduced(_name, _what, _work, _keeps))


def _chosen(name: str, what: str) -> Rule:
    operation = aten_reducing.RULES[name]

    def rule(x: Shape, y: Shape | None = None, *, dim: PlainInt | None = None, keepdim: Flag = False) -> Facts:
        if y is not None and dim is not None:
            raise Problem("CFG116", f"`dim` of {name} goes with one input, got two", "dim")
        return operation(x, y, dim=None if dim is None else (dim,), keepdim=keepdim)

    rule.__doc__ = (
        f"Gives the {what} elements along `dim`, and their indices; of all without a `dim`; of each two of two "
        f"inputs.\n\nNo weights. Operations: {_LESS}. Backpropagation keeps the indices; without a `dim` the input and "
        "the output; of two inputs both.\n"
    )
    return rule


layer(key="max", name="max")(_chosen("max", "largest"))
layer(key="min", name="min")(_chosen("min", "smallest"))

#: Functions that are as modules are, by the module: with the same fields.
_MODULES = {
    "relu": ("ReLU", "relu"),
    "relu6": ("ReLU6", "relu6"),
    "leaky_relu": ("LeakyReLU", "leaky_relu"),
    "elu": ("ELU", "elu"),
    "selu": ("SELU", "selu"),
    "celu": ("CELU", "celu"),
    "gelu": ("GELU", "gelu"),
    "silu": ("SiLU", "silu"),
    "mish": ("Mish", "mish"),
    "sigmoid": ("Sigmoid", "sigmoid"),
    "logsigmoid": ("LogSigmoid", "log_sigmoid"),
    "tanh": ("Tanh", "tanh"),
    "tanhshrink": ("Tanhshrink", "tanh_shrink"),
    "hardsigmoid": ("Hardsigmoid", "hard_sigmoid"),
    "hardswish": ("Hardswish", "hard_silu"),
    "softplus": ("Softplus", "softplus"),
    "softsign": ("Softsign", "softsign"),
    "softmax": ("Softmax", "softmax"),
    "softmin": ("Softmin", "softmax"),
    "log_softmax": ("LogSoftmax", "log_softmax"),
    "glu": ("GLU", "glu"),
}
for _name, (_module, _function) in _MODULES.items():
    layer(key=_name, name=_name, role="activation", function=_function)(getattr(activation, _module))


# --- other shapes -----------------------------------------------------------------------------------------------------


def _read_sizes(value: object, reading: Reading) -> tuple[Dim, ...]:
    def one(item: object, reading: Reading) -> Dim:
        return integer(item, reading)

    if isinstance(value, (list, tuple)):
        return items(value, reading, one, "a list of sizes, one of which may be -1")
    return (one(value, reading),)


Sizes = Annotated[tuple[Dim, ...], Kind("a list of sizes, one of which may be -1", _read_sizes)]


@layer(role="flatten")
def flatten(x: Shape, *, start_dim: PlainInt = 0, end_dim: PlainInt = -1) -> Facts:
    """Put the axes from `start_dim` to `end_dim` into one: with 1 `(C, H, W)` becomes `(C * H * W)`.

    The default begins with the batch, as that of `torch.flatten` does; that of the module `Flatten` does not. No
    weights, no work, nothing kept: the output is the input's storage.
    """
    return joined_axes(x, start_dim, end_dim, "flatten")


@layer(role="reshape")
def reshape(x: Shape, *, shape: Sizes) -> Facts:
    """Give the elements another shape, batch axis first; -1 is the size that is left over.

    No weights, no work, nothing kept: the output is the input's storage.
    """
    return aten_shaping.reshape(x, shape=shape)


@layer(role="reshape")
def view(x: Shape, *, size: Sizes) -> Facts:
    """Give the elements another shape, batch axis first; -1 is the size that is left over.

    No weights, no work, nothing kept: the output is the input's storage.
    """
    return aten_shaping.view(x, size=size)


@layer(role="permute")
def permute(x: Shape, *, dims: Axes) -> Facts:
    """Put the axes in another order, the batch being 0: with 0, 2, 3, 1 `(C, H, W)` becomes `(H, W, C)`.

    No weights, no work, nothing kept: the output is the input's storage.
    """
    return aten_shaping.permute(x, dims=dims)


@layer(role="permute")
def transpose(x: Shape, *, dim0: PlainInt, dim1: PlainInt) -> Facts:
    """Exchange two axes, the batch being 0: with 1, 2 `(T, D)` becomes `(D, T)`.

    No weights, no work, nothing kept: the output is the input's storage.
    """
    return aten_shaping.transpose(x, dim0=dim0, dim1=dim1)


@layer
def squeeze(x: Shape, *, dim: Axes | None = None) -> Facts:
    """Leave out axes of 1: those of `dim`, or all. No weights, no work, nothing kept."""
    return aten_shaping.squeeze(x, dim=dim)


@layer
def unsqueeze(x: Shape, *, dim: PlainInt) -> Facts:
    """Insert an axis of 1. No weights, no work, nothing kept."""
    return aten_shaping.unsqueeze(x, dim=dim)


@layer
def expand(x: Shape, *, size: Sizes) -> Facts:
    """Stretch axes of 1, and put new ones before; -1 leaves an axis as it is.

    No weights, no work, nothing kept: the output is the input's storage.
    """
    return aten_shaping.expand(x, size=size)


@layer(role="repeat")
def repeat(x: Shape, *, repeats: Naturals) -> Facts:
    """Repeat the tensor so many times along each axis, batch axis first. No weights, no work, nothing kept."""
    return aten_shaping.repeat(x, repeats=repeats)


@layer
def roll(x: Shape, *, shifts: Sizes, dims: Axes | None = None) -> Facts:
    """Move the elements along axes, the last ones to the front; the shape stays. No weights, no work, nothing kept."""
    if dims is not None and len(dims) != len(shifts):
        raise Problem("CFG116", f"roll needs as many shifts as dims, got {len(shifts)} and {len(dims)}", "shifts")
    if dims is None and len(shifts) != 1:
        raise Problem("CFG116", f"roll without dims needs one shift, got {len(shifts)}", "shifts")
    for dim in dims or ():
        axis_of(x, dim, "roll", "dims")
    return aten_shaping.moved(x)


# --- several in one, one in several -----------------------------------------------------------------------------------


@layer(role="concatenate", aliases="concat")
def cat(*tensors: Shape, dim: PlainInt = 0) -> Facts:
    """Put the inputs end to end along `dim`: with 1 `(C, H, W)` and `(D, H, W)` become `(C + D, H, W)`.

    The default is the batch, as that of `torch.cat` is. No weights, no operations. Backpropagation keeps nothing.
    """
    return aten_parts.cat(*tensors, dim=dim)


@layer
def stack(*tensors: Shape, dim: PlainInt = 0) -> Facts:
    """Put inputs of equal shapes side by side along a new axis. No weights, no operations, nothing kept."""
    return aten_parts.stack(*tensors, dim=dim)


@layer
def chunk(x: Shape, *, chunks: PlainPos, dim: PlainInt = 0) -> Facts:
    """Cut an axis into so many parts of equal size, of which the last may be smaller; an output for each.

    No weights, no work, nothing kept: the outputs are the input's storage.
    """
    return aten_parts.chunk(x, chunks=chunks, dim=dim)


@layer
def split(x: Shape, *, split_size_or_sections: Counts, dim: PlainInt = 0) -> Facts:
    """Cut an axis into parts of that size, of which the last may be smaller, or of these sizes; an output for each.

    No weights, no work, nothing kept: the outputs are the input's storage.
    """
    if split_size_or_sections == 0:
        reason = "`split_size_or_sections` must be a positive integer, or a list, got 0"
        raise Problem("CFG102", reason, "split_size_or_sections")
    if isinstance(split_size_or_sections, tuple):
        return aten_parts.split_with_sizes(x, split_sizes=split_size_or_sections, dim=dim)
    return aten_parts.split(x, split_size=split_size_or_sections, dim=dim)


@layer
def narrow(x: Shape, *, dim: PlainInt, start: Int, length: Pos) -> Facts:
    """Take so many elements along `dim`, from `start` on.

    No weights, no work, nothing kept: the output is a part of the input's storage.
    """
    return aten_parts.narrow(x, dim=dim, start=start, length=length)


@layer
def select(x: Shape, *, dim: PlainInt, index: Int) -> Facts:
    """Take one element along `dim`, which is left out.

    No weights, no work, nothing kept: the output is a part of the input's storage.
    """
    return aten_parts.select(x, dim=dim, index=index)


# --- borders and interpolation ----------------------------------------------------------------------------------------

PadMode = Annotated[Border, choice("constant", "reflect", "replicate", "circular")]


@layer(role="padding")
def pad(x: Shape, *, pad: Sizes, mode: PadMode = "constant", value: Real | None = None) -> Facts:
    """Put positions before and after the last axes, the last axis first: with 1, 2 `(C, T)` becomes `(C, 1 + T + 2)`.

    Below 0 positions go. No weights, no work. Backpropagation keeps the input of "reflect" and "replicate".
    """
    if len(pad) % 2:
        raise Problem("CFG102", f"`pad` must be pairs of numbers, got {counted(len(pad), 'number')}", "pad")
    return padded(x, "pad", pad, mode, "pad")


@layer(role="upsampling")
def interpolate(
    x: Shape,
    *,
    size: Wanted | None = None,
    scale_factor: Factors | None = None,
    mode: Mode = "nearest",
    align_corners: Flag | None = None,
    recompute_scale_factor: Flag | None = None,
    antialias: Flag = False,
) -> Facts:
    """Enlarge or reduce the axes of space, as the module `Upsample` does: `(C, H, W)` becomes `(C, H', W')`.

    Lengths: the size, or `floor(H * scale_factor)`.
    No weights. Operations: none of "nearest" and "nearest-exact"; of "linear" 3 per output element, "bilinear" 7,
    "trilinear" 15, "bicubic" 31; "area" is adaptive mean pooling; unknown with antialias, where the reach grows with
    the reduction. Nothing kept (but of "area" the input).
    """
    return resized(
        "interpolate", x, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias=antialias
    )
