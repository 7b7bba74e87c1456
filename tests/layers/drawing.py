"""Hypothesis strategies for the fields and input shapes of convolution, pooling, reshaping and dense layers.

Most cases are legal, some are not: a kernel may be larger than its input, groups may not divide the channels.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

#: Fields, and an input shape without the batch axis; None is a spatial axis of no known size.
Case = tuple[dict[str, Any], tuple[int | None, ...]]


def numbers(axes: int, low: int, high: int) -> st.SearchStrategy[Any]:
    """One number for all axes, or a number for each."""
    one = st.integers(low, high)
    return st.one_of(one, st.lists(one, min_size=axes, max_size=axes))


@st.composite
def shapes(draw: st.DrawFn, axes: int, high: int = 9, *, anonymous: bool = True, depth: int = 6) -> Any:
    """A data format and a shape without the batch, sometimes with None for a spatial axis."""
    data_format = draw(st.sampled_from([None, "channels_last", "channels_first"]))
    length = st.integers(1, high)
    if anonymous:
        length = st.one_of(length, length, length, st.none())
    lengths = draw(st.lists(length, min_size=axes, max_size=axes))
    channels = draw(st.integers(1, depth))
    return data_format, (channels, *lengths) if data_format == "channels_first" else (*lengths, channels)


def some(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Each field drawn, or left out so that its default counts."""
    return {name: draw(strategy) for name, strategy in fields.items() if draw(st.booleans())}


def axes_of(name: str) -> int:
    return int(next(letter for letter in name if letter.isdigit()))


ACTIVATIONS = st.sampled_from([None, "relu", "gelu", "softmax"])


@st.composite
def convolutions(draw: st.DrawFn, name: str) -> Case:
    axes = axes_of(name)
    data_format, shape = draw(shapes(axes))
    paddings = ["valid", "same", *(["causal"] if name == "Conv1D" else [])]
    fields = {"kernel_size": draw(numbers(axes, 1, 4)), "data_format": data_format}
    fields |= some(
        draw,
        {
            "strides": numbers(axes, 1, 3),
            "padding": st.sampled_from(paddings),
            "dilation_rate": numbers(axes, 1, 3),
            "activation": ACTIVATIONS,
            "use_bias": st.booleans(),
        },
    )
    if "Depthwise" not in name:
        fields["filters"] = draw(st.integers(1, 6))
    if name in {"Conv1D", "Conv2D", "Conv3D"}:
        fields |= some(draw, {"groups": st.integers(1, 3), "lora_rank": st.integers(1, 3)})
    elif "Transpose" in name:
        fields |= some(draw, {"output_padding": st.one_of(st.none(), numbers(axes, 0, 2))})
    else:
        fields |= some(draw, {"depth_multiplier": st.integers(1, 3)})
    return fields, shape


@st.composite
def poolings(draw: st.DrawFn, name: str) -> Case:
    axes = axes_of(name)
    data_format, shape = draw(shapes(axes))
    fields = {"pool_size": draw(numbers(axes, 1, 4)), "data_format": data_format}
    strides = st.one_of(st.none(), numbers(axes, 1, 3))
    return fields | some(draw, {"strides": strides, "padding": st.sampled_from(["valid", "same"])}), shape


@st.composite
def whole(draw: st.DrawFn, name: str) -> Case:
    data_format, shape = draw(shapes(axes_of(name)))
    return {"data_format": data_format} | some(draw, {"keepdims": st.booleans()}), shape


@st.composite
def adaptive(draw: st.DrawFn, name: str) -> Case:
    axes = axes_of(name)
    data_format, shape = draw(shapes(axes))
    return {"output_size": draw(numbers(axes, 1, 8)), "data_format": data_format}, shape


@st.composite
def borders(draw: st.DrawFn, name: str) -> Case:
    axes = axes_of(name)
    data_format, shape = draw(shapes(axes))
    amount = st.integers(0, 3)
    pair = st.lists(amount, min_size=2, max_size=2)
    each = st.lists(st.one_of(amount, pair), min_size=axes, max_size=axes)
    fields = some(draw, {name[:-2].removeprefix("Zero").lower(): st.one_of(amount, pair if axes == 1 else each)})
    if name == "Cropping1D":
        return fields, (*draw(st.lists(st.integers(1, 9), min_size=1, max_size=1)), 2)
    return fields | {"data_format": data_format}, shape


@st.composite
def enlargements(draw: st.DrawFn, name: str) -> Case:
    axes = axes_of(name)
    data_format, shape = draw(shapes(axes))
    if axes == 1:
        return some(draw, {"size": st.integers(1, 4)}), shape
    fields = some(draw, {"size": numbers(axes, 1, 4)}) | {"data_format": data_format}
    if axes == 2:
        fields |= some(draw, {"interpolation": st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos3"])})
    return fields, shape


@st.composite
def resizings(draw: st.DrawFn, name: str) -> Case:
    data_format, shape = draw(shapes(2))
    fields = {"height": draw(st.integers(1, 9)), "width": draw(st.integers(1, 9)), "data_format": data_format}
    if name == "Resizing":
        fields |= some(draw, {"interpolation": st.sampled_from(["bilinear", "nearest"]), "antialias": st.booleans()})
    elif None in shape:  # an unknown size must be large enough here, and no size is known to be
        shape = tuple(5 if dim is None else dim for dim in shape)
    return fields, shape


dims = st.lists(st.integers(1, 4), min_size=0, max_size=4)


@st.composite
def flattenings(draw: st.DrawFn, _name: str) -> Case:
    data_format = draw(st.sampled_from([None, "channels_last", "channels_first"]))
    return {"data_format": data_format}, tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4, None]), max_size=4)))


@st.composite
def reshapes(draw: st.DrawFn, _name: str) -> Case:
    shape = draw(dims)
    target = draw(st.one_of(dims, st.permutations(shape)))
    if target and draw(st.booleans()):
        target[draw(st.integers(0, len(target) - 1))] = -1
    return {"target_shape": target}, tuple(shape)


@st.composite
def permutations(draw: st.DrawFn, _name: str) -> Case:
    shape = draw(dims.filter(bool))
    order = draw(st.permutations(range(1, len(shape) + 1)))
    return {"dims": draw(st.one_of(st.just(order), st.just(order[:-1])))}, tuple(shape)


@st.composite
def denses(draw: st.DrawFn, _name: str) -> Case:
    fields = {"units": draw(st.integers(1, 5))}
    fields |= some(draw, {"use_bias": st.booleans(), "activation": ACTIVATIONS, "lora_rank": st.integers(1, 3)})
    return fields, tuple(draw(st.lists(st.integers(1, 5), max_size=3)))


EQUATIONS = [
    *("abc,cd->abd", "ab,bc->ac", "abc,cde->abde", "abcd,cde->abe", "abc,bcd->ad", "abcd,bcd->acd"),
    *("...x,xy->...y", "...bc,cd->...bd", "ab...,bc->ac..."),
    *("abc,cd->ab", "abc,de->abd", "abc,cd"),
]


@st.composite
def einsums(draw: st.DrawFn, _name: str) -> Case:
    sizes = {letter: draw(st.integers(1, 4)) for letter in "abcdefg"}
    equation = draw(st.sampled_from(EQUATIONS))
    letters, result = equation.split(",")[0], equation.split("->")[-1].replace("...", "")
    shape = [sizes.setdefault(letter, 3) for letter in letters.replace("...", "")]
    output = [sizes.setdefault(letter, 2) for letter in result]
    if "..." in letters:
        more = [draw(st.integers(1, 4))] * draw(st.integers(1, 3))  # equal sizes: Keras turns their order round
        shape = [*more[1:], *shape] if letters.startswith("...") else [*shape[1:], *more]
        output = output if letters.startswith("...") else output[1:]
    else:
        shape, output = shape[1:], output[1:]
    if output and draw(st.integers(0, 5)) == 0:
        output[0] += 1
    fields: dict[str, Any] = {"equation": equation, "output_shape": output}
    axes = st.sampled_from(["d", "b", "bd", "y", "c"])
    fields |= some(draw, {"bias_axes": axes, "activation": ACTIVATIONS, "lora_rank": st.integers(1, 3)})
    return fields, tuple(shape)


@st.composite
def embeddings(draw: st.DrawFn, _name: str) -> Case:
    fields = {"input_dim": draw(st.integers(1, 9)), "output_dim": draw(st.integers(1, 9))}
    fields |= some(draw, {"lora_rank": st.integers(1, 3), "mask_zero": st.booleans()})
    return fields, tuple(draw(dims))


@st.composite
def vectors(draw: st.DrawFn, _name: str) -> Case:
    return {"n": draw(st.integers(1, 5))}, tuple(draw(st.lists(st.integers(1, 5), max_size=2)))


@st.composite
def plain(draw: st.DrawFn, _name: str) -> Case:
    return {}, tuple(draw(dims))


TYPES: dict[str, Any] = {
    **dict.fromkeys(["Conv1D", "Conv2D", "Conv3D"], convolutions),
    **dict.fromkeys(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"], convolutions),
    **dict.fromkeys(["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"], convolutions),
    **{f"{kind}Pooling{axes}D": poolings for kind in ("Max", "Average") for axes in (1, 2, 3)},
    **{f"Global{kind}Pooling{axes}D": whole for kind in ("Max", "Average") for axes in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{axes}D": adaptive for kind in ("Max", "Average") for axes in (1, 2, 3)},
    **{f"{kind}{axes}D": borders for kind in ("ZeroPadding", "Cropping") for axes in (1, 2, 3)},
    **{f"UpSampling{axes}D": enlargements for axes in (1, 2, 3)},
    **dict.fromkeys(["Resizing", "CenterCrop"], resizings),
    "Flatten": flattenings,
    "Reshape": reshapes,
    "Permute": permutations,
    "RepeatVector": vectors,
    "Dense": denses,
    "EinsumDense": einsums,
    "Embedding": embeddings,
    "Identity": plain,
}
