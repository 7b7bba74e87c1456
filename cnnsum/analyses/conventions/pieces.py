"""What a layer is made of, in the terms of other tools: one `Piece` for each module or function that a program has.

A layer with an activation is two pieces, a separable convolution is two convolutions, a wrapper is the pieces of what
it wraps. A layer is taken to be the module of torch.nn that does the same; functions without parameters (sums, joins,
reshaping) to be functions and operators. Where torch.nn has no such module, `module` is false.

Knows layer types, their fields and their facts; knows no tool. The MACs of a call's pieces add up to those of its
facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsum.dims import UNKNOWN, Dim, Expr, Unknown, prod
from cnnsum.layers.arithmetic import functions
from cnnsum.layers.base import LayerType, Role
from cnnsum.layers.facts import Facts, Shape, size
from cnnsum.layers.meanings import Meaning, field_with, promised, said
from cnnsum.typed import Literal, NamedTuple

#: The kinds of pieces.
PieceKind = Literal[
    "convolution",
    "transposed",
    "linear",
    "einsum",
    "product",
    "attention",
    "recurrent",
    "normalization",
    "activation",
    "pooling",
    "adaptive",
    "upsampling",
    "embedding",
    "arithmetic",
    "other",
    "unknown",
]


class Piece(NamedTuple):
    """One module or function of a layer. Numbers are per sample.

    name: which of its kind. macs: of this piece, as cnnsum counts them. ops: its elementwise operations.
    read, made: elements of its input and output. kernel, bias: elements of its weights, 0 for none.
    positions: places of the output that the kernel is used for. depth: channels. axes: spatial axes.
    module: whether torch.nn has a module for it. function: written as a function call, as an operation of a Keras file.
    times: how many samples one sample becomes in it (steps that a wrapper folds into the batch).
    scale: how many times as long axes become, one number for all of them or one for each, where that is what is given.
    more: numbers that only this kind has.
    """

    kind: PieceKind
    name: str = ""
    macs: Dim = 0
    ops: Dim = 0
    read: Dim = 0
    made: Dim = 0
    kernel: Dim = 0
    bias: Dim = 0
    positions: Dim = 1
    depth: Dim = 0
    axes: int = 0
    module: bool = True
    function: bool = False
    times: Dim = 1
    scale: float | tuple[float, ...] | None = None
    more: Mapping[str, Dim] = {}

    @property
    def has_kernel(self) -> bool:
        """Whether there is such a weight: only one that is not there has 0 elements."""
        return not isinstance(self.kernel, int) or self.kernel > 0

    @property
    def has_bias(self) -> bool:
        """Likewise."""
        return not isinstance(self.bias, int) or self.bias > 0


class View(NamedTuple):
    """One call of a layer, or of a layer inside another: its fields, its facts, and the shapes of its inputs.

    keywords: names of the last inputs, where they were given by name.
    """

    type: LayerType
    fields: Mapping[str, object]
    facts: Facts
    inputs: Sequence[Shape]
    keywords: Sequence[str] = ()

    @property
    def role(self) -> Role:
        """What the layer is."""
        return self.type.role

    @property
    def is_function(self) -> bool:
        """Whether it is written as a function call, as an operation of a file is, and not as a module."""
        return self.type.is_operation or self.type.name[:1].islower()

    @property
    def space(self) -> Shape:
        """The spatial dims of the first output, in the layout of the layer."""
        first = self.type.vocabulary.channels_first or said(self, "layout") == "channels_first"
        return self.out[2:] if first else self.out[1:-1]

    def number(self, meaning: Meaning, missing: Dim = 0) -> Dim:
        """The number, or truth value, with this meaning."""
        value = said(self, meaning)
        return value if isinstance(value, (int, Expr, Unknown)) else missing

    @property
    def rank(self) -> int:
        """That of the first input, with the batch; 0 where there is none."""
        return len(self.inputs[0]) if self.inputs else 0

    @property
    def out(self) -> Shape:
        """The shape of the first output."""
        return self.facts.outputs[0] or ()

    def weight(self, name: str) -> Dim:
        """Elements of a weight, 0 where there is none; by what it is, or by its name where it is of one kind only."""
        names = self.type.vocabulary.meanings().weights.get(name, (name,))
        return next((prod(weight.shape) for weight in self.facts.weights if weight.name in names), 0)


def activation(name: str, shape: Shape, axis: int = -1, *, function: bool = False) -> Piece:
    """The activation of that name on a tensor; its rows are all that is not along `axis`.

    One of the file's author's own may do anything.
    """
    if name not in functions.FUNCTIONS:
        return Piece("unknown", name, module=False)
    rows = prod([dim for place, dim in enumerate(shape) if place not in {0, axis % max(len(shape), 1)}])
    return Piece("activation", name, made=size(shape), function=function, more={"rows": rows})


def normalization(view: View) -> tuple[Piece, ...]:
    """Batch, layer, group and RMS normalisation; its kernel and bias are scale and shift."""
    fields = view.fields
    x = view.inputs[0]
    n = size(x)
    if view.role == "batch normalization":
        affine = bool(said(view, "affine"))
        axis = promised(said(view, "axes", view.rank))[0] % len(x)
        depth = x[axis]
        if fields.get("renorm"):
            return (Piece("unknown", "renorm", module=False),)
        # torch.nn.BatchNorm has both weights or none.
        weights: tuple[Dim, Dim] = (depth, depth) if affine else (0, 0)
        flags: dict[str, Dim] = {
            "scale": view.number("scales", affine),
            "center": view.number("shifts", affine),
            "last": axis == len(x) - 1,
        }
        return (
            Piece(
                "normalization",
                "batch",
                made=n,
                kernel=weights[0],
                bias=weights[1],
                depth=depth,
                axes=len(x) - 2,
                more=flags,
            ),
        )
    name = view.role.removesuffix(" normalization")
    scale, shift = view.weight("scale"), view.weight("shift")
    if said(view, "root mean square"):
        name = "rms"
    elif (name == "group" and said(view, "scales") != said(view, "shifts")) or (
        name == "layer" and said(view, "shifts") and not said(view, "scales")
    ):
        return (Piece("unknown", "one weight of two", module=False),)
    places = [axis % len(x) for axis in promised(said(view, "axes", view.rank))]
    last = places == [len(x) - 1]
    epsilon = said(view, "epsilon")
    more: dict[str, Dim] = {
        "rank": len(x),
        "rows": prod([dim for place, dim in enumerate(x) if place and place not in places]),
        "last": last,
        "fused": isinstance(epsilon, (int, float)) and epsilon >= 1.001e-5,
    }
    return (Piece("normalization", name, made=n, kernel=scale, bias=shift, axes=len(x) - 2, more=more),)


def activation_layer(view: View) -> tuple[Piece, ...]:
    """An activation that is a layer, or an operation of a Keras file."""
    fields = view.fields
    axis = -1
    name = view.type.function or said(view, "activation") or "linear"
    if name == "prelu":
        alpha = view.weight("slope")
        module = alpha == 1 or alpha == view.out[1 if view.type.vocabulary.channels_first else -1]
        return (Piece("activation", name, made=size(view.out), kernel=alpha, module=module, more={"rows": 0}),)
    if field_with(view.type, "upper bound"):
        bound, slope = said(view, "upper bound"), said(view, "slope below")
        name = "relu" if bound is None else "relu6" if bound == 6 else "hard_tanh"
        if said(view, "threshold") != 0 or (slope != 0 and bound is not None):
            return (Piece("other", view.type.name, ops=view.facts.ops, made=size(view.out)),)
        if slope != 0:
            name = "leaky_relu"
    elif field_with(view.type, "axes"):
        axes = promised(said(view, "axes", view.rank))
        if len(axes) != 1 or (
            fields[field_with(view.type, "axes")] is None and not view.type.vocabulary.channels_first
        ):
            return (Piece("other", view.type.name, ops=view.facts.ops, made=size(view.out)),)
        axis = axes[0]
    if name == "linear":
        return (Piece("other", view.type.name, made=size(view.out)),)
    if name not in functions.FUNCTIONS and view.type.function:
        return (Piece("other", name, ops=view.facts.ops, made=size(view.out)),)
    return (activation(name, view.out, axis, function=view.is_function),)


def pooling(view: View) -> tuple[Piece, ...]:
    """Pooling of windows; global pooling is adaptive pooling to one output, as torch.nn has it."""
    *where, name, _ = view.role.split()
    x = view.inputs[0]
    kind: PieceKind = "adaptive" if where else "pooling"
    taps = prod(promised(said(view, "kernel"))) if kind == "pooling" else 0
    is_global = where == ["global"]
    return (
        Piece(
            kind,
            name,
            ops=view.facts.ops,
            read=size(x),
            made=size(view.out),
            axes=len(x) - 2,
            more={"taps": taps, "global": is_global},
        ),
    )


def norm_pooling(view: View) -> tuple[Piece, ...]:
    """Pooling by the root of a mean of powers, which torch.nn makes of mean pooling and a ReLU."""
    x = view.inputs[0]
    return (Piece("pooling", "norm", ops=view.facts.ops, read=size(x), made=size(view.out), axes=len(x) - 2),)


def upsampling(view: View) -> tuple[Piece, ...]:
    """Enlarging by whole factors, and resizing, which torch.nn has as a function alone."""
    name = said(view, "interpolation")
    # A type that does not say how has one way: what computes nothing copies.
    of_one_way = name is None
    if name is None:
        name = "nearest" if view.facts.ops == 0 else "bilinear"
    antialias = bool(view.fields.get("antialias"))
    if name not in _MODES or (antialias and not view.type.vocabulary.channels_first):
        return (Piece("unknown", name, module=False),)
    scale = said(view, "enlargement")
    return (
        Piece(
            "upsampling",
            f"antialiased {name}" if antialias else name,
            read=size(view.inputs[0]),
            made=size(view.out),
            axes=len(view.out) - 2,
            function=view.role == "resizing" or view.is_function,
            scale=scale if isinstance(scale, (int, float, tuple)) else None,
            more={"has a class of its own": of_one_way and view.type.vocabulary.channels_first},
        ),
    )


#: What torch.nn.functional.interpolate has.
_MODES = frozenset(("nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", "area"))


def arithmetic(view: View) -> tuple[Piece, ...]:
    """Sums, products and the like of tensors, written with operators."""
    return (Piece("arithmetic", ops=view.facts.ops, made=size(view.out)),)


def rescaling(view: View) -> tuple[Piece, ...]:
    """A product and a sum for every element, whether or not the offset is 0."""
    return (Piece("arithmetic", "rescaling", ops=2 * size(view.out), made=size(view.out)),)


def constants(view: View) -> tuple[Piece, ...]:
    """Normalization by constants held as weights: a difference, a quotient, and the limit of the divisors."""
    mean = view.weight("mean")
    known = not view.fields["invert"] and bool(view.facts.weights)
    ops = 2 * size(view.out) + mean if known else UNKNOWN
    return (Piece("arithmetic", "normalization", ops=ops, made=size(view.out)),)
