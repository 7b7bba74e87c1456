"""Modules of torch.nn and how to draw their fields and inputs: a row for each class that the vocabulary declares.

A draw is made by a `random.Random`; most draws are legal. Fields are those of the constructor, by name, and the ones
that a spec has: what is drawn is given to both.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

#: Every input has it.
BATCH = 2


class Case(NamedTuple):
    """Fields by name, the shapes of the inputs, and for inputs of indices the number that they are below."""

    fields: dict[str, Any]
    inputs: tuple[tuple[int, ...], ...]
    below: int = 0


Draw = Callable[[Random], Case]


def some(draw: Random, **fields: Any) -> dict[str, Any]:
    """Each field drawn from its list, or left out."""
    return {name: draw.choice(values) for name, values in fields.items() if draw.random() < 0.6}


def lengths(draw: Random, axes: int, low: int = 1, high: int = 9) -> tuple[int, ...]:
    return tuple(draw.randint(low, high) for _ in range(axes))


def image(draw: Random, axes: int, channels: int | None = None, low: int = 1, high: int = 9) -> tuple[int, ...]:
    """An input with so many axes after the batch and the channels."""
    return (BATCH, channels or draw.choice((1, 2, 3, 4, 6)), *lengths(draw, axes, low, high))


def sizes(draw: Random, axes: int, low: int, high: int) -> Any:
    """A number for all axes, or a list of one for each."""
    return draw.randint(low, high) if draw.random() < 0.5 else list(lengths(draw, axes, low, high))


def maybe(draw: Random, right: int) -> int:
    """The number, and at times another."""
    return right if draw.random() < 0.9 else right + 1


FLAG = (True, False)


def convolution(axes: int) -> Draw:
    def drawn(draw: Random) -> Case:
        x = image(draw, axes, draw.choice((2, 4, 6)), high=12 if axes < 3 else 7)
        same = draw.random() < 0.2
        fields: dict[str, Any] = {
            "in_channels": maybe(draw, x[1]),
            "out_channels": draw.choice((2, 4, 6)),
            "kernel_size": sizes(draw, axes, 1, 4),
            "stride": 1 if same and draw.random() < 0.9 else sizes(draw, axes, 1, 3),
            "padding": "same" if same else draw.choice(("valid", 0, sizes(draw, axes, 0, 3), sizes(draw, axes, 0, 3))),
        }
        fields |= some(draw, dilation=[sizes(draw, axes, 1, 3)], groups=[1, 2, 2, 4], bias=FLAG)
        fields |= {"padding_mode": draw.choice(("reflect", "replicate", "circular"))} if draw.random() < 0.3 else {}
        return Case(fields, (x,))

    return drawn


def transposed(axes: int) -> Draw:
    def drawn(draw: Random) -> Case:
        x = image(draw, axes, draw.choice((2, 4, 6)), high=8 if axes < 3 else 5)
        fields = {
            "in_channels": maybe(draw, x[1]),
            "out_channels": draw.choice((2, 4, 6)),
            "kernel_size": sizes(draw, axes, 1, 4),
        }
        fields |= some(
            draw,
            stride=[sizes(draw, axes, 1, 3)],
            padding=[sizes(draw, axes, 0, 2)],
            output_padding=[0, sizes(draw, axes, 0, 2)],
            groups=[1, 2],
            bias=FLAG,
            dilation=[sizes(draw, axes, 1, 3)],
        )
        return Case(fields, (x,))

    return drawn


def pooling(axes: int, *, largest: bool) -> Draw:
    def drawn(draw: Random) -> Case:
        fields: dict[str, Any] = {"kernel_size": sizes(draw, axes, 1, 4)}
        kernel = fields["kernel_size"]
        # Mostly of half a kernel at most, which is what PyTorch allows.
        most = (kernel if isinstance(kernel, int) else min(kernel)) // 2 + (draw.random() < 0.1)
        fields |= some(draw, stride=[sizes(draw, axes, 1, 3)], padding=[sizes(draw, axes, 0, most)], ceil_mode=FLAG)
        if largest:
            fields |= some(draw, dilation=[sizes(draw, axes, 1, 3)], return_indices=[False, True])
        else:
            fields |= some(draw, count_include_pad=FLAG)
            fields |= some(draw, divisor_override=[3]) if axes > 1 else {}
        return Case(fields, (image(draw, axes, high=12 if axes < 3 else 7),))

    return drawn


def adaptive(axes: int, *, largest: bool) -> Draw:
    def drawn(draw: Random) -> Case:
        wanted: Any = sizes(draw, axes, 1, 6)
        if isinstance(wanted, list) and draw.random() < 0.3 and axes > 1:
            wanted[draw.randrange(axes)] = None
        fields = {"output_size": wanted} | (some(draw, return_indices=FLAG) if largest else {})
        return Case(fields, (image(draw, axes),))

    return drawn


def linear(draw: Random) -> Case:
    x = (BATCH, *lengths(draw, draw.randint(1, 3)))
    fields = {"in_features": maybe(draw, x[-1]), "out_features": draw.randint(1, 9)}
    return Case(fields | some(draw, bias=FLAG), (x,))


def batch_norm(*ranks: int) -> Draw:
    def drawn(draw: Random) -> Case:
        rank = draw.choice(ranks) + (draw.random() < 0.1)
        x = image(draw, rank - 2)
        fields = {"num_features": maybe(draw, x[1])}
        return Case(fields | some(draw, affine=FLAG, track_running_stats=FLAG, bias=FLAG, momentum=[None, 0.3]), (x,))

    return drawn


def instance_norm(axes: int) -> Draw:
    def drawn(draw: Random) -> Case:
        fields: dict[str, Any] = some(draw, affine=FLAG, track_running_stats=FLAG, bias=FLAG)
        # One with running statistics refuses a single sample in training only.
        x = image(draw, axes, low=2 if fields.get("track_running_stats") else 1, high=4)
        return Case({"num_features": x[1], **fields}, (x,))

    return drawn


def last_axes(**more: Any) -> Draw:
    def drawn(draw: Random) -> Case:
        x = (BATCH, *lengths(draw, draw.randint(1, 3)))
        count = draw.randint(1, len(x) - 1)
        shape = [maybe(draw, size) for size in x[-count:]]
        fields = {"normalized_shape": shape[0] if count == 1 and draw.random() < 0.5 else shape}
        return Case(fields | some(draw, elementwise_affine=FLAG, **more), (x,))

    return drawn


def group_norm(draw: Random) -> Case:
    x = image(draw, draw.randint(1, 3), draw.choice((4, 6)), low=2, high=4)
    fields = {"num_groups": draw.choice((1, 2, 2, 4)), "num_channels": maybe(draw, x[1])}
    return Case(fields | some(draw, affine=FLAG, bias=FLAG), (x,))


def local_response_norm(draw: Random) -> Case:
    x = image(draw, draw.choice((0, 1, 1, 2, 2, 3)))
    return Case({"size": draw.randint(1, 5), **some(draw, alpha=[0.1], beta=[0.5], k=[2.0])}, (x,))


def elementwise(**fields: Any) -> Draw:
    """A module that takes any input."""

    def drawn(draw: Random) -> Case:
        return Case(some(draw, **fields), (image(draw, draw.randint(0, 3)),))

    return drawn


def prelu(draw: Random) -> Case:
    x = image(draw, draw.randint(0, 3))
    return Case(some(draw, num_parameters=[1, x[1], maybe(draw, x[1])]), (x,))


def threshold(draw: Random) -> Case:
    return Case({"threshold": 0.1, "value": 2.0, **some(draw, inplace=FLAG)}, (image(draw, 2),))


def along(draw: Random) -> Case:
    x = image(draw, draw.randint(0, 3))
    return Case({"dim": draw.randint(-len(x), len(x) - (draw.random() < 0.9))}, (x,))


def along_or_not(draw: Random) -> Case:
    return along(draw) if draw.random() < 0.7 else elementwise()(draw)


def softmax2d(draw: Random) -> Case:
    return Case({}, (image(draw, draw.choice((0, 2, 2, 2, 3))),))


def dropped(*ranks: int, **more: Any) -> Draw:
    def drawn(draw: Random) -> Case:
        fields = some(draw, p=[0, 0.0, 0.3, 0.5, 0.9, 1.0], inplace=FLAG)
        return Case(fields, (image(draw, draw.choice(ranks) - 2),))

    return drawn


def padding(axes: int, mode: str, **more: Any) -> Draw:
    def drawn(draw: Random) -> Case:
        low = {"constant": -2, "reflect": -1, "replicate": -1, "circular": -1}[mode]
        amounts = [draw.randint(low, 3) for _ in range(2 * axes)]
        fields = {"padding": draw.randint(0, 3) if draw.random() < 0.3 else amounts, **more}
        return Case(fields, (image(draw, axes, low=2 if mode == "constant" else 3, high=6),))

    return drawn


def flatten(draw: Random) -> Case:
    x = image(draw, draw.randint(0, 3))
    return Case(some(draw, start_dim=[0, 1, 2], end_dim=[-1, -2, 1, 2]), (x,))


def unflatten(draw: Random) -> Case:
    x = (BATCH, *lengths(draw, draw.randint(1, 2)))
    dim = draw.randint(1, len(x) - 1)
    first = draw.randint(1, 4)
    x = (*x[:dim], maybe(draw, first * draw.randint(1, 3)), *x[dim + 1 :])
    size = [first, draw.choice((-1, x[dim] // first))]
    return Case({"dim": draw.choice((dim, dim - len(x))), "unflattened_size": size}, (x,))


def interpolation(draw: Random, axes: int) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if draw.random() < 0.9:
        if draw.random() < 0.4:
            fields["size"] = sizes(draw, axes, 1, 9)
        elif draw.random() < 0.5:
            fields["scale_factor"] = draw.choice((2, 3, 2.0, 0.5, 1.5, 0.3, 1.1))
        else:
            fields["scale_factor"] = [draw.choice((1, 2, 0.5, 1.7)) for _ in range(axes)]
    return fields


def upsample(draw: Random) -> Case:
    axes = draw.randint(1, 3)
    right = {1: ["linear"], 2: ["bilinear", "bicubic", "bilinear"], 3: ["trilinear"]}[axes]
    fields = interpolation(draw, axes) | some(draw, mode=["nearest", "nearest-exact", "area", *right, *right])
    if draw.random() < 0.3:
        fields["align_corners"] = draw.choice(FLAG)
    if draw.random() < 0.2:
        fields["recompute_scale_factor"] = draw.choice(FLAG)
    return Case(fields, (image(draw, axes, high=6),))


def upsample2d(draw: Random) -> Case:
    return Case(interpolation(draw, 2), (image(draw, 2, high=6),))


def pixel_shuffle(draw: Random) -> Case:
    factor = draw.randint(1, 3)
    x = image(draw, draw.choice((1, 2, 2, 2)), maybe(draw, factor**2 * draw.randint(1, 2)), low=2, high=4)
    return Case({"upscale_factor": factor}, (x,))


def pixel_unshuffle(draw: Random) -> Case:
    factor = draw.randint(1, 3)
    places = [factor * draw.randint(1, 3) for _ in range(2)]
    return Case({"downscale_factor": factor}, ((BATCH, draw.randint(1, 3), places[0], maybe(draw, places[1])),))


def channel_shuffle(draw: Random) -> Case:
    x = image(draw, draw.choice((0, 1, 2, 2)))
    return Case({"groups": draw.choice((1, 2, 3, x[1]))}, (x,))


def two(*, number: bool = True, **more: Any) -> Draw:
    """Two inputs, of which one may be stretched, or an input and a number."""

    def drawn(draw: Random) -> Case:
        x = image(draw, draw.randint(0, 3), low=2, high=5)
        fields = some(draw, **more)
        if number and draw.random() < 0.3:
            return Case({"other": 1.5, **fields}, (x,))
        y = (BATCH, *[maybe(draw, draw.choice((size, size, 1))) for size in x[1:]])
        return Case(fields, (x, y) if draw.random() < 0.5 else (y, x))

    return drawn


def matrices(*ranks: int) -> Draw:
    def drawn(draw: Random) -> Case:
        before = image(draw, draw.choice(ranks) - 2, high=4)[: draw.choice(ranks) - 2]
        rows, inner, columns = lengths(draw, 3)
        return Case({}, ((*before, rows, inner), (*before, maybe(draw, inner), columns)))

    return drawn


def reduction(draw: Random) -> Case:
    x = image(draw, draw.randint(0, 3), low=2, high=4)
    rank = len(x)
    fields = some(draw, dim=[draw.randint(-rank, rank - 1), [1], draw.sample(range(rank), 2)], keepdim=FLAG)
    return Case(fields if "dim" in fields else {}, (x,))


def chosen(draw: Random) -> Case:
    if draw.random() < 0.3:
        return two(number=False)(draw)
    case = reduction(draw)
    return case if isinstance(case.fields.get("dim", 0), int) else case._replace(fields={"dim": 1})


def targets(field: str) -> Draw:
    def drawn(draw: Random) -> Case:
        first, second = draw.choice((2, 4, 6)), draw.randint(1, 4)
        x = (BATCH, first, second)
        shapes = ([BATCH, -1], [-1, second], [BATCH, 2, first // 2, second], [-1], [BATCH, first * second + 1], [5, -1])
        return Case({field: draw.choice(shapes)}, (x,))

    return drawn


def permute(draw: Random) -> Case:
    x = image(draw, draw.randint(1, 3))
    dims = draw.sample(range(len(x)), len(x))
    return Case({"dims": dims if draw.random() < 0.9 else dims[:-1]}, (x,))


def transpose(draw: Random) -> Case:
    x = image(draw, draw.randint(1, 3))
    return Case({"dim0": draw.randint(-len(x), len(x) - 1), "dim1": draw.randint(-2, 2)}, (x,))


def squeeze(draw: Random) -> Case:
    x = (BATCH, *[draw.choice((1, 1, 3)) for _ in range(3)])
    return Case(some(draw, dim=[draw.randint(-4, 4), [1, 2]]), (x,))


def unsqueeze(draw: Random) -> Case:
    return Case({"dim": draw.randint(-5, 4)}, (image(draw, 2),))


def expand(draw: Random) -> Case:
    x = (BATCH, *[draw.choice((1, 3)) for _ in range(2)])
    return Case({"size": [*draw.choice(((), (4,))), BATCH, draw.choice((-1, 3)), draw.choice((-1, 3, 3, 2))]}, (x,))


def repeat(draw: Random) -> Case:
    return Case({"repeats": list(lengths(draw, draw.choice((2, 3, 3, 4)), high=3))}, (image(draw, 1),))


def roll(draw: Random) -> Case:
    dims = draw.choice((1, [1, 2], -1, 3))
    return Case({"shifts": draw.choice((1, [1, -1])), **some(draw, dims=[dims])}, (image(draw, 1),))


def joined(draw: Random) -> Case:
    x = image(draw, draw.randint(0, 3), high=4)
    at = draw.randrange(len(x))
    others = [(*x[:at], draw.randint(1, 4), *x[at + 1 :]) for _ in range(draw.randint(0, 3))]
    if draw.random() < 0.1 and others:
        others[-1] = (*others[-1], 1)
    fields = {} if at == 0 else {"dim": draw.choice((at, at - len(x)))}
    return Case(fields, (x, *others))


def stacked(draw: Random) -> Case:
    x = image(draw, 1, high=4)
    y = (*x[:2], maybe(draw, x[2]))
    return Case(some(draw, dim=[-1, 1, 3, 4]), (x, y, x) if draw.random() < 0.5 else (x, y))


def chunk(draw: Random) -> Case:
    x = image(draw, 1)
    return Case({"chunks": draw.randint(1, 5), **some(draw, dim=[1, 1, -1, 2, 3])}, (x,))


def split(draw: Random) -> Case:
    x = image(draw, 1, draw.randint(3, 9))
    first = draw.randint(1, 2)
    sections = [first, x[1] - first] if draw.random() < 0.8 else [first, x[1]]
    return Case({"split_size_or_sections": draw.choice((draw.randint(1, 4), sections)), "dim": 1}, (x,))


def narrow(draw: Random) -> Case:
    x = image(draw, 1, 6)
    return Case({"dim": 1, "start": draw.randint(-6, 5), "length": draw.randint(1, 4)}, (x,))


def select(draw: Random) -> Case:
    x = image(draw, 2, 4)
    return Case({"dim": draw.choice((1, -3)), "index": draw.randint(-5, 4)}, (x,))


def pad(draw: Random) -> Case:
    mode = draw.choice(("constant", "constant", "reflect", "replicate", "circular"))
    axes = draw.randint(1, 3)
    amounts = [draw.randint(-1, 2) for _ in range(2 * draw.choice((axes, axes, axes, max(axes - 1, 1))))]
    return Case({"pad": amounts} | ({} if mode == "constant" else {"mode": mode}), (image(draw, axes, low=2),))


def interpolate(draw: Random) -> Case:
    case = upsample(draw)
    return case._replace(fields=case.fields | some(draw, antialias=[False, False, False, True]))


ANY = (2, 3, 4, 5)
INPLACE = {"inplace": FLAG}

ROWS: dict[str, Draw] = {
    **{f"Conv{axes}d": convolution(axes) for axes in (1, 2, 3)},
    **{f"ConvTranspose{axes}d": transposed(axes) for axes in (1, 2, 3)},
    **{f"MaxPool{axes}d": pooling(axes, largest=True) for axes in (1, 2, 3)},
    **{f"AvgPool{axes}d": pooling(axes, largest=False) for axes in (1, 2, 3)},
    **{f"AdaptiveMaxPool{axes}d": adaptive(axes, largest=True) for axes in (1, 2, 3)},
    **{f"AdaptiveAvgPool{axes}d": adaptive(axes, largest=False) for axes in (1, 2, 3)},
    "Linear": linear,
    "BatchNorm1d": batch_norm(2, 3),
    "BatchNorm2d": batch_norm(4),
    "BatchNorm3d": batch_norm(5),
    **{f"InstanceNorm{axes}d": instance_norm(axes) for axes in (1, 2, 3)},
    "LayerNorm": last_axes(bias=FLAG),
    "RMSNorm": last_axes(eps=[1e-6]),
    "GroupNorm": group_norm,
    "LocalResponseNorm": local_response_norm,
    **{name: elementwise(**INPLACE) for name in ("ReLU", "ReLU6", "SELU", "Hardsigmoid", "Hardswish", "SiLU", "Mish")},
    **{name: elementwise() for name in ("Sigmoid", "LogSigmoid", "Tanh", "Tanhshrink", "Softsign")},
    "LeakyReLU": elementwise(negative_slope=[0.2], **INPLACE),
    "PReLU": prelu,
    "RReLU": elementwise(lower=[0.1], upper=[0.5, 0.01], **INPLACE),
    "ELU": elementwise(alpha=[0.5], **INPLACE),
    "CELU": elementwise(alpha=[0.5, 0.0], **INPLACE),
    "GELU": elementwise(approximate=["none", "tanh"]),
    "Hardtanh": elementwise(min_val=[-2.0, 1.0], max_val=[0.5, 2.0], **INPLACE),
    "Hardshrink": elementwise(lambd=[0.3, 1.0]),
    "Softshrink": elementwise(lambd=[0.3, 1.0, -1.0]),
    "Softplus": elementwise(beta=[2.0], threshold=[10.0]),
    "Threshold": threshold,
    **dict.fromkeys(("Softmin", "Softmax", "LogSoftmax"), along_or_not),
    "Softmax2d": softmax2d,
    "GLU": along,
    "Dropout": dropped(*ANY),
    "AlphaDropout": dropped(*ANY),
    "FeatureAlphaDropout": dropped(*ANY),
    "Dropout1d": dropped(3),
    "Dropout2d": dropped(3, 4, 4),
    "Dropout3d": dropped(5),
    "Flatten": flatten,
    "Unflatten": unflatten,
    "Identity": elementwise(),
    **{f"ConstantPad{axes}d": padding(axes, "constant", value=1.5) for axes in (1, 2, 3)},
    **{f"ZeroPad{axes}d": padding(axes, "constant") for axes in (1, 2, 3)},
    **{f"ReflectionPad{axes}d": padding(axes, "reflect") for axes in (1, 2, 3)},
    **{f"ReplicationPad{axes}d": padding(axes, "replicate") for axes in (1, 2, 3)},
    **{f"CircularPad{axes}d": padding(axes, "circular") for axes in (1, 2, 3)},
    "Upsample": upsample,
    "UpsamplingNearest2d": upsample2d,
    "UpsamplingBilinear2d": upsample2d,
    "PixelShuffle": pixel_shuffle,
    "PixelUnshuffle": pixel_unshuffle,
    "ChannelShuffle": channel_shuffle,
}

#: Of functions of `torch.nn.functional` and `torch`, and of methods of tensors.
FUNCTIONS: dict[str, Draw] = {
    "add": two(alpha=[2]),
    "sub": two(alpha=[2]),
    "mul": two(),
    "div": two(),
    "maximum": two(number=False),
    "minimum": two(number=False),
    "matmul": matrices(2, 3, 4, 5),
    "bmm": matrices(3, 3, 3, 4),
    **dict.fromkeys(("mean", "sum", "amax", "amin"), reduction),
    **dict.fromkeys(("max", "min"), chosen),
    **{name: elementwise(**INPLACE) for name in ("relu", "relu6", "selu", "elu", "silu", "mish", "hardswish")},
    "leaky_relu": elementwise(negative_slope=[0.2], **INPLACE),
    **{name: elementwise() for name in ("sigmoid", "tanh", "softsign")},
    "gelu": elementwise(approximate=["none", "tanh"]),
    "softplus": elementwise(beta=[2.0]),
    **dict.fromkeys(("softmax", "log_softmax"), along_or_not),
    "glu": along,
    "flatten": flatten,
    "reshape": targets("shape"),
    "view": targets("size"),
    "permute": permute,
    "transpose": transpose,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "expand": expand,
    "repeat": repeat,
    "roll": roll,
    "cat": joined,
    "stack": stacked,
    "chunk": chunk,
    "split": split,
    "narrow": narrow,
    "select": select,
    "pad": pad,
    "interpolate": interpolate,
}
