"""One hypothesis strategy for every layer class of Keras: fields and input shapes, most of them valid.

Sizes are small, axes are open here and there, and some draws are wrong on purpose: what Keras refuses must be refused.
A strategy draws a `Case`; families share one. `NOT_DRAWN` says why a class has none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - needs Keras

Draw = Callable[[Any], Any]
Fields = dict[str, Any]


class Case(NamedTuple):
    """Fields of a layer, and the shapes (without the batch axis) and dtypes that it is called on.

    listed: whether it takes its inputs as a list. keywords: names of the inputs after the first.
    """

    fields: Fields
    shapes: list[tuple[int | None, ...]]
    dtypes: list[str]
    listed: bool = False
    keywords: tuple[str, ...] = ()


CODE = "holds code or a saved graph, which is never run"
ABSTRACT = "a base class, which is not a layer of a file"
NOT_DRAWN = {
    **dict.fromkeys(("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"), CODE),
    **dict.fromkeys(("Layer", "Wrapper", "InputSpec"), ABSTRACT),
    "InputLayer": "stands before every layer that is drawn",
    **dict.fromkeys(("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells"), "drawn inside of RNN"),
}

SIZES = st.integers(1, 12)
FEW = st.integers(1, 6)
FLAG = st.booleans()
ACTIVATION = st.sampled_from(["linear", "relu", "tanh", "softmax", "gelu", None])
PADDING = st.sampled_from(["valid", "same"])


def some(draw: Draw, **choices: Any) -> Fields:
    """Some of the fields, each with a value of its strategy."""
    return {name: draw(choice) for name, choice in choices.items() if draw(FLAG)}


def axis(draw: Draw) -> int | None:
    return None if draw(st.integers(0, 7)) == 0 else int(draw(SIZES))


def placed(draw: Draw, rank: int, fields: Fields, channels: int | None = None) -> tuple[int | None, ...]:
    """The shape of an image or the like, with the channels where `data_format`, which is drawn, puts them."""
    spatial = tuple(axis(draw) for _ in range(rank))
    channels = draw(FEW) if channels is None else channels
    chosen = draw(st.sampled_from([None, "channels_last", "channels_first"]))
    if chosen is not None:
        fields["data_format"] = chosen
    return (channels, *spatial) if chosen == "channels_first" else (*spatial, channels)


def each(rank: int, item: Any) -> Any:
    """A value for all axes, or one for each."""
    return st.one_of(item, st.tuples(*[item] * rank))


def one(fields: Fields, shape: tuple[int | None, ...], dtype: str = "float32") -> Case:
    return Case(fields, [shape], [dtype])


def anything(draw: Draw, least: int = 1, most: int = 4) -> tuple[int | None, ...]:
    """A shape of any rank, with open axes here and there and a last one that is known."""
    rank = draw(st.integers(least, most))
    return (*[axis(draw) for _ in range(rank - 1)], draw(FEW))


# --- convolution and pooling ------------------------------------------------------------------------------------------


def strided(draw: Draw, rank: int) -> Fields:
    fields = some(draw, padding=PADDING, strides=each(rank, st.integers(1, 3)), use_bias=FLAG, activation=ACTIVATION)
    if draw(st.integers(0, 3)) == 0:
        fields["dilation_rate"] = draw(each(rank, st.integers(1, 3)))
    return fields


def convolution(rank: int) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
        fields = {"filters": draw(FEW) * groups, "kernel_size": draw(each(rank, st.integers(1, 5)))}
        fields.update(strided(draw, rank))
        if groups > 1:
            fields["groups"] = groups
        if rank == 1 and draw(st.integers(0, 5)) == 0:
            fields["padding"] = "causal"
        odd = draw(st.integers(0, 9)) == 0
        return one(fields, placed(draw, rank, fields, groups * draw(FEW) + odd))

    return made()


def transposed(rank: int) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields = {"filters": draw(FEW), "kernel_size": draw(each(rank, st.integers(1, 5)))}
        fields.update(strided(draw, rank))
        if draw(st.integers(0, 3)) == 0:
            fields["output_padding"] = draw(each(rank, st.integers(0, 2)))
        return one(fields, placed(draw, rank, fields))

    return made()


def depthwise(rank: int, *, separable: bool) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields = {"kernel_size": draw(each(rank, st.integers(1, 5))), **strided(draw, rank)}
        if separable:
            fields["filters"] = draw(FEW)
        fields.update(some(draw, depth_multiplier=st.integers(1, 3)))
        return one(fields, placed(draw, rank, fields))

    return made()


def pooling(rank: int) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields = {"pool_size": draw(each(rank, st.integers(1, 4))), **some(draw, padding=PADDING)}
        if draw(FLAG):
            fields["strides"] = draw(each(rank, st.integers(1, 4)))
        return one(fields, placed(draw, rank, fields))

    return made()


def global_pooling(rank: int) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields = some(draw, keepdims=FLAG)
        return one(fields, placed(draw, rank, fields))

    return made()


def adaptive(rank: int) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields = {"output_size": draw(each(rank, st.integers(1, 5)))}
        return one(fields, placed(draw, rank, fields))

    return made()


def margins(rank: int, name: str, *, placeable: bool) -> Any:
    """Padding and cropping: a number, one for each axis, or a pair for each."""

    @st.composite
    def made(draw: Draw) -> Case:
        number = st.integers(0, 4)
        pair = st.tuples(number, number)
        kinds = [number, pair] if rank == 1 else [number, st.tuples(*[number] * rank), st.tuples(*[pair] * rank)]
        fields = {name: draw(st.one_of(*kinds))}
        extra: Fields = fields if placeable else {}
        shape = placed(draw, rank, extra)
        if not placeable and extra.get("data_format") == "channels_first":
            shape = (*shape[1:], shape[0])
        return one(fields, shape)

    return made()


def upsampling(rank: int) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields: Fields = {"size": draw(st.integers(1, 3) if rank == 1 else each(rank, st.integers(1, 3)))}
        if rank == 2:
            fields.update(some(draw, interpolation=st.sampled_from(["nearest", "bilinear", "bicubic"])))
        extra: Fields = {} if rank == 1 else fields
        shape = placed(draw, rank, extra)
        return one(fields, (*shape[1:], shape[0]) if rank == 1 and "first" in str(extra) else shape)

    return made()


# --- recurrent --------------------------------------------------------------------------------------------------------


def cell_fields(draw: Draw, kind: str) -> Fields:
    fields = {"units": draw(FEW), **some(draw, use_bias=FLAG, dropout=st.just(0.2), recurrent_dropout=st.just(0.1))}
    if kind == "GRU":
        fields.update(some(draw, reset_after=FLAG))
    if kind == "LSTM":
        fields.update(some(draw, unit_forget_bias=FLAG))
    return fields


def over_time(draw: Draw) -> Fields:
    return some(draw, return_sequences=FLAG, return_state=FLAG, go_backwards=FLAG)


def recurrent(kind: str) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        return one({**cell_fields(draw, kind), **over_time(draw)}, (axis(draw), draw(FEW)))

    return made()


@st.composite
def rnn(draw: Draw) -> Case:
    kinds = draw(st.lists(st.sampled_from(["SimpleRNN", "GRU", "LSTM"]), min_size=1, max_size=3))
    cells = [getattr(layers, f"{kind}Cell")(**cell_fields(draw, kind)) for kind in kinds]
    cell = cells[0] if len(cells) == 1 else draw(st.sampled_from([cells, layers.StackedRNNCells(cells)]))
    return one({"cell": cell, **over_time(draw)}, (axis(draw), draw(FEW)))


def convolutional_recurrent(rank: int) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields = {"filters": draw(FEW), "kernel_size": draw(each(rank, st.integers(1, 3))), **over_time(draw)}
        fields.update(some(draw, padding=PADDING, strides=each(rank, st.integers(1, 2)), use_bias=FLAG))
        shape = placed(draw, rank, fields)
        return one(fields, (axis(draw), *shape))

    return made()


@st.composite
def bidirectional(draw: Draw) -> Case:
    kind = draw(st.sampled_from(["SimpleRNN", "GRU", "LSTM"]))
    inner = getattr(layers, kind)(**{**cell_fields(draw, kind), **over_time(draw), "go_backwards": False})
    fields = {"layer": inner, **some(draw, merge_mode=st.sampled_from(["concat", "sum", "mul", "ave", None]))}
    return one(fields, (axis(draw), draw(FEW)))


@st.composite
def time_distributed(draw: Draw) -> Case:
    inner, shape = draw(
        st.sampled_from(
            [
                (lambda: layers.Dense(3), (4,)),
                (lambda: layers.Conv2D(2, 3), (6, 5, 3)),
                (layers.BatchNormalization, (5, 2)),
                (lambda: layers.MaxPooling1D(2), (7, 2)),
                (layers.Flatten, (3, 2)),
            ]
        )
    )
    return one({"layer": inner()}, (axis(draw), *shape))


@st.composite
def spectral(draw: Draw) -> Case:
    if draw(FLAG):
        return one({"layer": layers.Conv2D(draw(FEW), 3, use_bias=draw(FLAG))}, (8, axis(draw), draw(FEW)))
    return one({"layer": layers.Dense(draw(FEW))}, anything(draw))


# --- attention --------------------------------------------------------------------------------------------------------


def attention(*, additive: bool) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        width, keys, batch = draw(FEW), axis(draw), draw(FEW)
        fields = some(draw, use_scale=FLAG, dropout=st.just(0.1))
        if not additive:
            fields.update(some(draw, score_mode=st.sampled_from(["dot", "concat"])))
        shapes = [(axis(draw), width), (keys, batch)] + ([(keys, width)] if draw(FLAG) else [])
        if len(shapes) == 2:
            shapes[1] = (keys, width)
        return Case(fields, shapes, ["float32"] * len(shapes), listed=True)

    return made()


@st.composite
def multi_head(draw: Draw) -> Case:
    fields: Fields = {"num_heads": draw(st.integers(1, 4)), "key_dim": draw(FEW)}
    fields.update(some(draw, value_dim=FEW, use_bias=FLAG, dropout=st.just(0.1), output_shape=FEW))
    width, keys = draw(FEW), axis(draw)
    shapes = [(axis(draw), draw(FEW)), (keys, width)]
    keywords = ("value",)
    if draw(FLAG):
        shapes, keywords = [*shapes, (keys, draw(FEW))], ("value", "key")
    return Case(fields, shapes, ["float32"] * len(shapes), keywords=keywords)


@st.composite
def grouped_query(draw: Draw) -> Case:
    shared, heads = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    odd = draw(st.integers(0, 9)) == 0
    fields = {"head_dim": draw(FEW), "num_query_heads": shared * heads + odd, "num_key_value_heads": heads}
    fields.update(some(draw, use_bias=FLAG, dropout=st.just(0.1)))
    width = draw(FEW)
    return Case(fields, [(axis(draw), width), (axis(draw), width)], ["float32"] * 2, keywords=("value",))


# --- merging ----------------------------------------------------------------------------------------------------------


def merging(*, fewest: int = 2, most: int = 4) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        shape = anything(draw)
        count = draw(st.integers(fewest, most))
        shapes = [tuple(1 if draw(st.integers(0, 5)) == 0 else dim for dim in shape) for _ in range(count)]
        return Case({}, shapes, ["float32"] * count, listed=True)

    return made()


@st.composite
def concatenate(draw: Draw) -> Case:
    shape = anything(draw)
    where = draw(st.integers(-len(shape), len(shape)).filter(bool))
    at = where - 1 if where > 0 else where
    shapes = []
    for _ in range(draw(st.integers(2, 4))):
        sizes = list(shape)
        sizes[at] = draw(FEW)
        if draw(st.integers(0, 12)) == 0:
            sizes[0] = 17
        shapes.append(tuple(sizes))
    return Case({"axis": where}, shapes, ["float32"] * len(shapes), listed=True)


@st.composite
def dot(draw: Draw) -> Case:
    width = draw(FEW)
    first, second = (axis(draw), width), (axis(draw), width)
    fields = {"axes": draw(st.sampled_from([2, -1, (2, 2), (1, 1)])), **some(draw, normalize=FLAG)}
    return Case(fields, [first, second], ["float32"] * 2, listed=True)


# --- normalization, core, reshaping -----------------------------------------------------------------------------------


def normalization(*choices: str, several: bool = False) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        shape = (*anything(draw, 1, 3)[:-1], draw(FEW), draw(FEW))
        fields = some(draw, **dict.fromkeys(choices, FLAG))
        if draw(FLAG):
            fields["axis"] = draw(st.sampled_from([-1, -2, *([[-2, -1]] if several else [])]))
        return one(fields, shape)

    return made()


@st.composite
def group_normalization(draw: Draw) -> Case:
    groups = draw(st.sampled_from([1, 2, 3, -1]))
    odd = draw(st.integers(0, 9)) == 0
    shape = (*anything(draw, 1, 3)[:-1], max(groups, 1) * draw(FEW) + odd)
    return one({"groups": groups, **some(draw, center=FLAG, scale=FLAG)}, shape)


@st.composite
def dense(draw: Draw) -> Case:
    fields = {"units": draw(st.sampled_from([1, 2, 5, 0, -3])), **some(draw, use_bias=FLAG, activation=ACTIVATION)}
    if draw(st.integers(0, 4)) == 0:
        fields["lora_rank"] = draw(st.integers(1, 3))
    return one(fields, anything(draw))


@st.composite
def einsum_dense(draw: Draw) -> Case:
    b, t, d = draw(FEW), axis(draw), draw(FEW)
    equation, output, bias = draw(
        st.sampled_from(
            [
                ("abc,cd->abd", (None, b), "d"),
                ("abc,cde->abde", (None, b, 2), "de"),
                ("...x,xy->...y", b, "y"),
                ("abc,dc->abd", (None, b), "bd"),
            ]
        )
    )
    fields = {"equation": equation, "output_shape": output}
    if draw(FLAG):
        fields["bias_axes"] = bias
    return one(fields, (t if bias != "bd" else draw(FEW), d))


@st.composite
def embedding(draw: Draw) -> Case:
    fields = {"input_dim": draw(SIZES), "output_dim": draw(FEW), **some(draw, mask_zero=FLAG)}
    if draw(st.integers(0, 4)) == 0:
        fields["lora_rank"] = draw(st.integers(1, 3))
    return one(
        fields, tuple(axis(draw) for _ in range(draw(st.integers(0, 2)))), draw(st.sampled_from(["int32", "float32"]))
    )


@st.composite
def reversible(draw: Draw) -> Case:
    fields = {"input_dim": draw(SIZES), "output_dim": draw(FEW), **some(draw, tie_weights=FLAG, mask_zero=FLAG)}
    return one(fields, (axis(draw),), "int32")


@st.composite
def reshape(draw: Draw) -> Case:
    sizes = [draw(st.sampled_from([1, 2, 3, 4])) for _ in range(draw(st.integers(1, 3)))]
    target = list(draw(st.permutations(sizes)))
    if draw(FLAG):
        target[draw(st.integers(0, len(target) - 1))] = -1
    if draw(st.integers(0, 6)) == 0:
        target.append(draw(st.sampled_from([1, 5])))
    if draw(st.integers(0, 4)) == 0:
        return one({"target_shape": target}, (None, *sizes))
    return one({"target_shape": target}, tuple(sizes))


@st.composite
def permute(draw: Draw) -> Case:
    shape = anything(draw)
    dims = list(draw(st.permutations(range(1, len(shape) + 1))))
    if draw(st.integers(0, 9)) == 0:
        dims[0] = draw(st.sampled_from([0, 7]))
    return one({"dims": dims}, shape)


@st.composite
def repeat_vector(draw: Draw) -> Case:
    shape = (draw(FEW),) if draw(st.integers(0, 9)) else (2, 3)
    return one({"n": draw(SIZES)}, shape)


@st.composite
def flatten(draw: Draw) -> Case:
    fields = some(draw, data_format=st.sampled_from(["channels_last", "channels_first"]))
    return one(fields, anything(draw))


@st.composite
def prelu(draw: Draw) -> Case:
    shape = tuple(draw(FEW) for _ in range(draw(st.integers(1, 3))))
    fields = {}
    if draw(FLAG):
        fields["shared_axes"] = draw(st.lists(st.integers(1, len(shape)), min_size=1, max_size=2, unique=True))
        if draw(FLAG) and 1 in fields["shared_axes"]:
            shape = (None, *shape[1:])
    return one(fields, shape)


def same_shape(*, least: int = 1, most: int = 4, **choices: Any) -> Any:
    """A layer that changes no shape; a choice that is not a strategy is always given."""

    @st.composite
    def made(draw: Draw) -> Case:
        given = {name: value for name, value in choices.items() if not isinstance(value, st.SearchStrategy)}
        drawn = {name: value for name, value in choices.items() if isinstance(value, st.SearchStrategy)}
        return one({**given, **some(draw, **drawn)}, anything(draw, least, most))

    return made()


@st.composite
def spatial_dropout(draw: Draw, rank: int) -> Case:
    fields: Fields = {"rate": draw(st.sampled_from([0.0, 0.5, 1.5]))}
    if rank == 1:
        return one(fields, (axis(draw), draw(FEW)))
    return one(fields, placed(draw, rank, fields))


# --- preprocessing ----------------------------------------------------------------------------------------------------


@st.composite
def category_encoding(draw: Draw) -> Case:
    fields = {"num_tokens": draw(SIZES), **some(draw, output_mode=st.sampled_from(["multi_hot", "one_hot", "count"]))}
    return one(
        fields, tuple(draw(FEW) for _ in range(draw(st.integers(1, 2)))), draw(st.sampled_from(["int32", "float32"]))
    )


MODES = st.sampled_from(["int", "multi_hot", "one_hot", "count"])


@st.composite
def discretization(draw: Draw) -> Case:
    edges = sorted(draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)))
    fields = {"bin_boundaries": [float(edge) for edge in edges], **some(draw, output_mode=MODES)}
    return one(fields, (draw(FEW),))


@st.composite
def normalization_of_data(draw: Draw) -> Case:
    shape = (*anything(draw, 1, 3)[:-1], draw(FEW))
    if draw(FLAG):
        return one({"mean": 1.5, "variance": 2.0, **some(draw, invert=FLAG)}, shape)
    return one({"axis": -1, **some(draw, invert=FLAG)}, shape)


@st.composite
def spectrogram(draw: Draw) -> Case:
    length = draw(st.integers(2, 17))
    fields: Fields = {"frame_length": length, **some(draw, frame_step=st.integers(1, min(length, 8)), padding=PADDING)}
    fields.update(some(draw, mode=st.sampled_from(["log", "magnitude", "psd", "real", "imag"]), expand_dims=FLAG))
    if draw(FLAG):
        fields["fft_length"] = length + draw(st.integers(0, 16))
    return one(fields, (draw(st.integers(16, 64)), draw(FEW)))


@st.composite
def mel(draw: Draw) -> Case:
    fields = {"fft_length": draw(st.sampled_from([64, 128])), "sequence_stride": draw(st.integers(8, 64))}
    fields.update(some(draw, num_mel_bins=st.integers(1, 16), power_to_db=FLAG))
    return one(fields, (draw(st.integers(128, 400)),))


@st.composite
def boxes(draw: Draw) -> Case:
    return one({"max_number": draw(FEW)}, (4, 4, 3))


def augmentation(**choices: Any) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        given = {
            name: draw(value) if isinstance(value, st.SearchStrategy) else value for name, value in choices.items()
        }
        shape = (axis(draw), axis(draw), 3)
        return one(given, shape, draw(st.sampled_from(["float32", "float32", "uint8"])))

    return made()


def resized(*, several: bool = False) -> Any:
    @st.composite
    def made(draw: Draw) -> Case:
        fields: Fields = {"height": draw(SIZES), "width": draw(SIZES)}
        if several:
            ways = st.sampled_from(["bilinear", "nearest", "bicubic", "lanczos3"])
            fields.update(some(draw, interpolation=ways, crop_to_aspect_ratio=FLAG))
        shape = placed(draw, 2, fields)
        return one(fields, shape)

    return made()


@st.composite
def pipeline(draw: Draw) -> Case:
    members = [layers.Rescaling(2.0), layers.RandomFlip(), layers.CenterCrop(4, 5), layers.Resizing(6, 7)]
    chosen = draw(st.lists(st.sampled_from(range(4)), min_size=1, max_size=3, unique=True))
    return one({"layers": [members[index] for index in chosen]}, (draw(SIZES), draw(SIZES), 3))


RATE = st.sampled_from([0.0, 0.3, 0.5])
FACTOR = st.sampled_from([0.1, 0.4])

STRATEGIES: dict[str, Any] = {
    **{f"Conv{rank}D": convolution(rank) for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": transposed(rank) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": depthwise(rank, separable=False) for rank in (1, 2)},
    **{f"SeparableConv{rank}D": depthwise(rank, separable=True) for rank in (1, 2)},
    **{f"{kind}Pooling{rank}D": pooling(rank) for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": global_pooling(rank) for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{rank}D": adaptive(rank) for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": margins(rank, "padding", placeable=True) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": margins(rank, "cropping", placeable=rank > 1) for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": upsampling(rank) for rank in (1, 2, 3)},
    **{kind: recurrent(kind) for kind in ("SimpleRNN", "GRU", "LSTM")},
    "RNN": rnn(),
    **{f"ConvLSTM{rank}D": convolutional_recurrent(rank) for rank in (1, 2, 3)},
    "Bidirectional": bidirectional(),
    "TimeDistributed": time_distributed(),
    "SpectralNormalization": spectral(),
    "Attention": attention(additive=False),
    "AdditiveAttention": attention(additive=True),
    "MultiHeadAttention": multi_head(),
    "GroupedQueryAttention": grouped_query(),
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply"), merging()),
    "Subtract": merging(most=3),
    "Concatenate": concatenate(),
    "Dot": dot(),
    "BatchNormalization": normalization("center", "scale", "renorm"),
    "LayerNormalization": normalization("center", "scale", several=True),
    "RMSNormalization": normalization(several=True),
    "UnitNormalization": normalization(several=True),
    "GroupNormalization": group_normalization(),
    "Dense": dense(),
    "EinsumDense": einsum_dense(),
    "Embedding": embedding(),
    "ReversibleEmbedding": reversible(),
    "Reshape": reshape(),
    "Permute": permute(),
    "RepeatVector": repeat_vector(),
    "Flatten": flatten(),
    "PReLU": prelu(),
    "Activation": same_shape(activation="relu"),
    "ReLU": same_shape(max_value=st.sampled_from([6.0, None, -1.0]), negative_slope=RATE, threshold=RATE),
    "LeakyReLU": same_shape(negative_slope=RATE),
    "ELU": same_shape(alpha=RATE),
    "Softmax": same_shape(axis=st.sampled_from([-1, 1])),
    "Identity": same_shape(),
    "ActivityRegularization": same_shape(l1=RATE),
    "Dropout": same_shape(rate=0.5),
    "AlphaDropout": same_shape(rate=0.5),
    "GaussianDropout": same_shape(rate=0.5),
    "GaussianNoise": same_shape(stddev=0.5),
    **{f"SpatialDropout{rank}D": spatial_dropout(rank) for rank in (1, 2, 3)},
    "Masking": same_shape(least=2, most=3, mask_value=RATE),
    "Rescaling": same_shape(scale=2.0, offset=RATE),
    "CategoryEncoding": category_encoding(),
    "Discretization": discretization(),
    "Normalization": normalization_of_data(),
    "STFTSpectrogram": spectrogram(),
    "MelSpectrogram": mel(),
    "CenterCrop": resized(),
    "RandomCrop": resized(),
    "Resizing": resized(several=True),
    "Pipeline": pipeline(),
    **dict.fromkeys(
        (
            *("AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix", "MixUp"),
            *("RandAugment", "RandomColorJitter", "RandomElasticTransform", "RandomErasing", "RandomFlip"),
            *("RandomGaussianBlur", "RandomGrayscale", "RandomInvert", "RandomPerspective", "RandomShear"),
            "Solarization",
        ),
        augmentation(),
    ),
    **dict.fromkeys(
        (
            *("RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomHue", "RandomRotation"),
            *("RandomSaturation", "RandomSharpness"),
        ),
        augmentation(factor=FACTOR),
    ),
    "RandomPosterization": augmentation(factor=st.integers(1, 8)),
    "RandomTranslation": augmentation(height_factor=FACTOR, width_factor=FACTOR),
    "RandomZoom": augmentation(height_factor=FACTOR),
}
NOT_DRAWN |= {
    "Equalization": "Keras 3.15 cannot write a model with it: the output is the input's own tensor",
    **dict.fromkeys(
        ("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization"),
        "needs TensorFlow even to be made; their rules are held to Keras's sources (tests/layers)",
    ),
    "MaxNumBoundingBoxes": "takes a mapping of boxes and labels (test_keras_more.py)",
}
