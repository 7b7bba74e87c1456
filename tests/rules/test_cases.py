"""Where each rule begins and ends: specs that it must speak of, and their neighbours that it must leave alone."""

from advising import advice_on, codes_of

from cnnsum.model import loads
from tests.thorough import each

HEAD = "input: [32, 32, 8]\nlayers:\n"


def layers(*items, head=HEAD):
    return head + "".join(f"  - {item}\n" for item in items)


def on(shape, *items, top=""):
    return layers(*items, head=f"{top}input: {shape}\nlayers:\n")


FIRST = "Conv2D: {filters: 4, kernel_size: 3, data_format: channels_first}"
SIGMOID = "Conv2D: {filters: 4, kernel_size: 3, activation: sigmoid}"
HALVES = "inputs: {i: {shape: [8], dtype: float16}}\nlayers:\n  - Embedding: [5000, 4]\n"
AUXILIARY = (
    "input: [8]\noutputs: [a, b]\nlayers:\n"
    "  - Dense: {units: 4, activation: softmax, name: a}\n  - Dense: {units: 2, name: b}\n"
)

SPEAKS = {
    # A group normalisation with a group for each channel is one of every channel; a Dense has channels too.
    "bias/instance": ("ARC401", layers("Conv2D: [16, 3]", "GroupNormalization: -1")),
    "bias/dense": ("ARC401", on([8], "Dense: 4", "BatchNormalization", "ReLU")),
    "bias/transposed": ("ARC401", layers("Conv2DTranspose: [8, 4, 2]", "BatchNormalization")),
    "norm/rms": ("ARC402", on([1], "RMSNormalization")),
    "norm/layer twice": ("ARC403", on([8], "LayerNormalization", "LayerNormalization")),
    "norm/dropout, relu": ("ARC404", on([8], "Dense: 4", "Dropout: 0.1", "ReLU", "BatchNormalization")),
    "norm/momentum 1": ("ARC406", on([8], "BatchNormalization: {momentum: 1}")),
    "norm/axis 1 of channels_last": ("ARC407", layers("Conv2D: [4, 3]", "ReLU", "BatchNormalization: {axis: 1}")),
    "norm/layer of columns": ("ARC407", layers(FIRST, "LayerNormalization")),
    "activation/tanh twice": ("ARC411", on([8], "Dense: [4, tanh]", "Activation: tanh")),
    "activation/relu layers": ("ARC411", layers("ReLU", "ReLU")),
    "activation/softplus, sigmoid": ("ARC412", on([8], "Dense: [4, softplus]", "Activation: sigmoid")),
    "softmax/places": ("ARC413", layers("Conv2D: [1, 1]", "Softmax")),
    "softmax/rows": ("ARC413", on([1, 8], "Softmax: {axis: 1}")),
    "squash/conv": ("ARC414", layers(SIGMOID, "Conv2D: [4, 3]")),
    "squash/pooled": ("ARC414", layers("Activation: hard_sigmoid", "GlobalAveragePooling2D", "Dense: 4")),
    "linear/dense": ("ARC415", on([8], "Dense: 8", "Dropout: 0.5", "Dense: 2")),
    "linear/batch norm": ("ARC415", layers("Conv2D: [16, 3]", "BatchNormalization", "Conv2D: [16, 3]")),
    "relu/concatenated": (
        "ARC416",
        layers("ReLU: {name: a}", "Softmax: {from: input, name: b}", "Concatenate: {from: [a, b]}", "ReLU"),
    ),
    "gap/even the shortcut": (
        "ARC421",
        layers(
            "ReLU: {name: x}",
            "Conv2D: {filters: 8, kernel_size: 1, strides: 2, from: x, name: a}",
            "MaxPooling2D: {pool_size: 1, strides: 2, from: x, name: b}",
            "Add: {from: [a, b]}",
        ),
    ),
    "gap/any size": ("ARC421", on("[H, W, 8]", "ReLU", "Conv2D: [8, 1, 2]")),
    "border/conv": ("ARC422", layers("Conv2D: [8, 3, 2]")),
    "shift/stride": ("ARC423", layers("Conv2D: [8, 3, 2, same]")),
    "dilation/row": ("ARC425", layers("Conv2D: {filters: 4, kernel_size: [1, 3], dilation_rate: [2, 1]}")),
    "checkerboard/holes": ("ARC431", layers("Conv2DTranspose: [8, 2, 3]")),
    "grid/2, 2": (
        "ARC432",
        layers(*["Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 2, padding: same, activation: relu}"] * 2),
    ),
    "grid/1, 2, 9": (  # 5 positions of the first two, and steps of 9
        "ARC432",
        layers(
            "Conv2D: {filters: 8, kernel_size: 3, padding: same}",
            "Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 2, padding: same, activation: relu}",
            "BatchNormalization",
            "Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 9, padding: same}",
        ),
    ),
    "padding/5 on 2": ("ARC433", on([2, 2, 4], "Conv2D: {filters: 4, kernel_size: 5, padding: same}")),
    "nothing/permute": ("ARC442", layers("Permute: {dims: [1, 2, 3]}", "ReLU")),
    "nothing/crop": ("ARC442", layers("Cropping2D: 0", "ReLU")),
    "nothing/one input": ("ARC442", layers("Add: {from: [input]}", "ReLU")),
    "index/weight": ("ARC444", on([70000], "Dense: 40000")),
    "layout/last to first": (
        "ARC446",
        layers("Conv2D: [8, 3]", "ReLU", "Conv2D: {filters: 4, kernel_size: 3, data_format: channels_first}"),
    ),
    "rows/half": (
        "ARC454",
        "dtype: float16\ninputs: {i: {shape: [8], dtype: float16}}\nlayers:\n  - Embedding: [5000, 4]\n",
    ),
    "one/filter": ("ARC456", layers("Conv2D: [1, 3]", "ReLU", "Conv2D: [8, 3]")),
    "broadcast/average": (
        "ARC465",
        layers("Conv2D: {filters: 1, kernel_size: 1, name: a}", "Average: {from: [input, a]}"),
    ),
    "twice/concatenate": ("ARC466", layers("ReLU: {name: a}", "Concatenate: {from: [a, a]}")),
    "dropout/0": ("ARC471", on([8], "Dense: 4", "SpatialDropout1D: 0", "Dense: 2").replace("[8]", "[5, 8]")),
    "dropout/scores": ("ARC473", on([8], "Dense: 4", "Dropout: 0.5", "Softmax")),
    "half/bfloat16": ("ARC481", on([8], "Dense: [4, sigmoid]", top="dtype: mixed_bfloat16\n")),
    "recurrent/no bias": ("ARC483", on([9, 4], "GRU: {units: 8, use_bias: false}")),
}

SILENT = {
    "bias/no mean": ("ARC401", layers("Conv2D: [16, 3]", "LayerNormalization")),
    "bias/activation": (
        "ARC401",
        layers("Conv2D: {filters: 16, kernel_size: 3, activation: relu}", "BatchNormalization"),
    ),
    "bias/frozen": ("ARC401", layers("Conv2D: [16, 3]", "BatchNormalization: {trainable: false}")),
    "bias/second reader": (
        "ARC401",
        layers(
            "Conv2D: {filters: 8, kernel_size: 3, name: a}",
            "BatchNormalization: {name: b}",
            "Add: {from: [a, b]}",
        ),
    ),
    "bias/second call": (
        "ARC401",
        layers(
            "Conv2D: {filters: 8, kernel_size: 3, padding: same, name: a}", "BatchNormalization", "Conv2D: {share: a}"
        ),
    ),
    "norm/batch of one place": ("ARC402", on([1, 1, 8], "BatchNormalization")),
    "norm/weights between": (
        "ARC404",
        on([8], "Dense: 4", "Dropout: 0.1", "Dense: 4", "BatchNormalization"),
    ),
    "norm/layer of places and channels": ("ARC407", layers(FIRST, "LayerNormalization: {axis: [1, 2, 3]}")),
    "norm/0.9": ("ARC406", on([8], "BatchNormalization: {momentum: 0.9}")),
    "activation/leaky": ("ARC411", layers("ReLU", "LeakyReLU")),
    "activation/tanh scores": ("ARC412", on([8], "Dense: [4, tanh]", "Softmax")),
    "squash/gate": (
        "ARC414",
        layers(
            "Conv2D: {filters: 8, kernel_size: 1, activation: sigmoid, name: g}",
            "Multiply: {from: [input, g]}",
            "Conv2D: [8, 3]",
        ),
    ),
    "squash/also an output": (
        "ARC414",
        AUXILIARY,
    ),
    "linear/bottleneck": ("ARC415", on([64], "Dense: 8", "Dense: 64")),
    "linear/separable": ("ARC415", layers("DepthwiseConv2D: 3", "Conv2D: [16, 1]")),
    "linear/rows, columns": (
        "ARC415",
        layers("Conv2D: {filters: 16, kernel_size: [1, 7]}", "Conv2D: {filters: 16, kernel_size: [7, 1]}"),
    ),
    "linear/frozen": ("ARC415", layers("Conv2D: [16, 3]", "Conv2D: {filters: 16, kernel_size: 3, trainable: false}")),
    "linear/max": ("ARC415", layers("Conv2D: [16, 3]", "MaxPooling2D", "Conv2D: [16, 3]")),
    "relu/normalised": ("ARC416", layers("ReLU", "BatchNormalization", "ReLU")),
    "relu/alpha dropout": ("ARC416", layers("ReLU", "AlphaDropout: 0.1", "ReLU")),
    "map/whole picture": ("ARC417", layers("MaxPooling2D", "UpSampling2D", "Dense: [4, softmax]")),
    "gap/other arm": (
        "ARC421",
        layers(
            "ReLU: {name: x}",
            "Conv2D: {filters: 8, kernel_size: 1, strides: 2, from: x, name: a}",
            "Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same, from: x, name: b}",
            "Add: {from: [a, b]}",
        ),
    ),
    "gap/shifted arm": (  # the factorized reduction of NASNet: even positions one way, odd ones the other
        "ARC421",
        layers(
            "ReLU: {name: x}",
            "MaxPooling2D: {pool_size: 1, strides: 2, from: x, name: a}",
            "ZeroPadding2D: {padding: [[0, 1], [0, 1]], from: x}",
            "Cropping2D: {cropping: [[1, 0], [1, 0]]}",
            "MaxPooling2D: {pool_size: 1, strides: 2, name: b}",
            "Concatenate: {from: [a, b]}",
        ),
    ),
    "border/fits": ("ARC422", layers("MaxPooling2D: 2", "Conv2D: [8, 4, 2]")),
    "border/padding": ("ARC422", layers("ZeroPadding2D: 1", "Conv2D: [8, 3, 2]")),
    "shift/odd size": ("ARC423", on([33, 33, 8], "Conv2D: [8, 3, 2, same]")),
    "grid/1, 2, 5": (
        "ARC432",
        layers(*[f"Conv2D: {{filters: 8, kernel_size: 3, dilation_rate: {r}, padding: same}}" for r in (1, 2, 5)]),
    ),
    "grid/wavenet": (
        "ARC432",
        on(
            [64, 8],
            *[f"Conv1D: {{filters: 8, kernel_size: 2, dilation_rate: {r}, padding: causal}}" for r in (1, 2, 4)],
        ),
    ),
    "padding/3 on 2": ("ARC433", on([2, 2, 4], "Conv2D: {filters: 4, kernel_size: 3, padding: same}")),
    "crop/other side": (
        "ARC441",
        layers("ZeroPadding2D: {padding: [[0, 1], [0, 1]]}", "Cropping2D: {cropping: [[1, 0], [1, 0]]}"),
    ),
    "nothing/says so": ("ARC442", layers("Identity", "Activation: linear")),
    "layout/permuted": (
        "ARC446",
        layers(
            "Conv2D: [8, 3]",
            "Permute: {dims: [3, 1, 2]}",
            "Conv2D: {filters: 4, kernel_size: 3, data_format: channels_first}",
        ),
    ),
    "heavy/few weights": ("ARC451", on([8, 8, 3], "Flatten", "Dense: 64", "Dense: 10")),
    "heavy/pooled to one": ("ARC451", on([1, 1, 2000], "Flatten", "Dense: 1000")),
    "heads/one": (
        "ARC455",
        on([9, 8], "ReLU: {name: x}", "MultiHeadAttention: {num_heads: 1, key_dim: 8, from: [x, x]}"),
    ),
    "one/attention map": (
        "ARC456",
        layers(
            "Conv2D: {filters: 1, kernel_size: 1, activation: sigmoid, name: m}",
            "Multiply: {from: [input, m]}",
            "Conv2D: [8, 3]",
        ),
    ),
    "broadcast/vector": (
        "ARC465",
        layers(
            "GlobalAveragePooling2D: {keepdims: true}",
            "Conv2D: {filters: 8, kernel_size: 1, name: v}",
            "Add: {from: [input, v]}",
        ),
    ),
    "broadcast/advantage": (
        "ARC465",
        on([8], "Dense: {units: 1, name: v}", "Dense: {units: 4, from: input, name: a}", "Add: {from: [v, a]}"),
    ),
    "twice/square": ("ARC466", layers("Multiply: {from: [input, input]}")),
    "twice/grey to colours": ("ARC466", on([8, 8, 1], "Concatenate: {from: [input, input, input]}")),
    "dropout/features": ("ARC473", on([8], "Dense: [4, relu]", "Dropout: 0.5")),
    "half/float32 head": (
        "ARC481",
        on([8], "Dense: {units: 4, activation: softmax, dtype: float32}", top="dtype: mixed_float16\n"),
    ),
    "half/frozen": ("ARC482", on([8], "Dense: {units: 4, trainable: false}", top="dtype: float16\n")),
    "eights/float32": ("ARC484", layers("Conv2D: [30, 3]", "ReLU", "Conv2D: [30, 3]")),
    "eights/classes": (
        "ARC484",
        on(
            [8],
            "Dense: 10",
            "Softmax",
            top="dtype: mixed_float16\n",
        ),
    ),
}


@each(("code", "text"), SPEAKS.values(), ids=SPEAKS)
def test_speaks(code, text):
    assert codes_of(text, code) == [code]


@each(("code", "text"), SILENT.values(), ids=SILENT)
def test_is_silent(code, text):
    assert codes_of(text, code) == []


@each(("code", "text"), [*SPEAKS.values(), *SILENT.values()], ids=[*SPEAKS, *SILENT])
def test_cases_are_models_without_errors(code, text):
    assert [found for found in loads(text).diagnostics if found.severity == "error"] == []


def test_a_finding_stands_at_its_field():
    text = layers("Conv2D:\n      filters: 16\n      kernel_size: 3\n      use_bias: true", "BatchNormalization")
    (found,) = advice_on(loads(text, "net.yaml"), "ARC401")
    assert str(found) == (
        "net.yaml:6:17: ARC401 the bias of `conv2d` has no effect: `batch_normalization` subtracts it with the mean"
    )
    assert found.help == "`use_bias: false`"
    assert [(one.span.line, one.message) for one in found.related] == [(7, "here its channels are centred")]


def test_copies_of_a_block_are_one_finding():
    text = (
        "blocks: {b: {layers: [Conv2D: {filters: 8, kernel_size: 3}, BatchNormalization, ReLU]}}\n"
        "input: [32, 32, 8]\nlayers:\n  - b: {repeat: 4}\n  - b\n"
    )
    assert codes_of(text, "ARC401") == ["ARC401"]


def test_only_what_is_wanted_is_looked_at():
    text = layers("Conv2D: [8, 3, 2]", "BatchNormalization")
    assert codes_of(text, "ARC401") == ["ARC401"]
    assert set(codes_of(text)) == {"ARC401", "ARC422"}


def test_a_model_with_errors_is_advised_as_far_as_it_is_known():
    text = layers("Conv2D: [8, 3]", "BatchNormalization", "Conv2D: [8, 99]", "Conv2D: [8, 3]", "BatchNormalization")
    assert [found.span.line for found in advice_on(loads(text), "ARC401")] == [3]


def test_huge_kernels_take_no_time():
    big = 10**9
    text = on(
        [8, 8],
        f"Conv1D: {{filters: 8, kernel_size: {big}, padding: same}}",
        f"Conv1D: {{filters: 8, kernel_size: {big}, padding: same, strides: {big - 1}}}",
        f"Conv1D: {{filters: 8, kernel_size: 3, padding: same, dilation_rate: {big}}}",
        f"Conv1D: {{filters: 8, kernel_size: 3, padding: same, dilation_rate: {big}}}",
    )
    assert codes_of(text, "ARC421", "ARC432", "ARC433") == ["ARC433", "ARC433"]
