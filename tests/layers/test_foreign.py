"""Words of other libraries: that each stands for something that there is, and never for the nearest spelling."""

from cnnsum.diagnostics import did_you_mean, folded
from cnnsum.graph.model import POLICIES
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.base import all_types, find
from cnnsum.layers.keras import foreign
from cnnsum.layers.torch import foreign as of_torch
from cnnsum.layers.vocabulary import KERAS_HUB, TORCH
from cnnsum.model import loads
from cnnsum.readers.native.spec import KEYS
from tests.thorough import each

#: Those of Keras 3; Keras 2's own are known in its files only, and may have been read by another test.
LAYERS = [
    name
    for name, type in all_types().items()
    if "." not in name and type.rule.__module__ != "cnnsum.layers.keras.legacy"
]
FIELDS = {name for type in all_types().values() for name in type.schema.fields}


def test_every_word_is_written_as_it_is_looked_up():
    for table in (foreign.LAYERS, foreign.ACTIVATIONS, foreign.FIELDS, foreign.NO_FIELDS, foreign.VALUES):
        assert [word for word in table if folded(word) != word] == []
    assert [word for word in (*foreign.DTYPES, *foreign.KEYS) if folded(word) != word] == []


def test_no_word_is_keras_s_own():
    assert {folded(name) for name in LAYERS} & set(foreign.LAYERS) == set()
    assert {folded(name) for name in FUNCTIONS} & set(foreign.ACTIVATIONS) == set()
    assert {folded(name) for name in POLICIES} & set(foreign.DTYPES) == set()
    assert {folded(name) for name in KEYS} & set(foreign.KEYS) == set()


def test_every_word_has_a_meaning_that_there_is():
    assert [word for word, one in foreign.LAYERS.items() if one.own is not None and find(one.own) is None] == []
    assert [word for word, one in foreign.ACTIVATIONS.items() if one.own not in {None, *FUNCTIONS}] == []
    assert [word for word, one in foreign.DTYPES.items() if one.own not in POLICIES] == []
    assert [word for word, one in foreign.KEYS.items() if one.own not in {None, *KEYS}] == []
    assert [own for names in foreign.FIELDS.values() for own in names if own not in FIELDS] == []
    for table in (foreign.LAYERS, foreign.ACTIVATIONS, foreign.VALUES, foreign.KEYS):
        assert [word for word, one in table.items() if one.own is None and not one.says] == []


def test_values_are_told_in_the_words_of_the_framework_that_the_layer_is_of():
    """Keras's table was read for all of them: of a mirrored border PyTorch's Conv2d was told that Keras has none."""
    conv = TORCH.find("Conv2d")
    for word, own in (("edge", "replicate"), ("wrap", "circular"), ("constant", "zeros")):
        _, (problem,) = conv.bind({"out_channels": 8, "kernel_size": 3, "padding_mode": word}, None)
        assert problem.help == f"it is called `{own}` here"
    _, (problem,) = conv.bind({"out_channels": 8, "kernel_size": 3, "padding_mode": "symmetric"}, None)
    assert "Keras" not in str(problem.help)
    assert [word for word in of_torch.VALUES if folded(word) != word] == []


def test_a_vocabulary_without_words_of_others_has_nothing_to_say():
    _, problems = KERAS_HUB.find("TransformerEncoder").bind({"intermediate_dim": 8, "num_heads": 2, "odd": 1}, None)
    assert [problem.code for problem in problems] == ["CFG103"]


def help_of(layer, top="input: [64, 64, 3]\n"):
    return [str(found.help) for found in loads(f"{top}layers:\n  - {layer}\n").diagnostics if found.help]


@each(
    ("layer", "says"),
    [
        ("Dropout2d: 0.5", "it is called `SpatialDropout2D` here"),
        ("BatchNorm2d", "it is called `BatchNormalization` here"),
        ("nn.BatchNorm2d", "it is called `BatchNormalization` here"),
        ("nn.Conv2d: [8, 3]", "write `Conv2D`, without the module"),
        ("tf.keras.layers.Dense: 3", "write `Dense`, without the module"),
        ("keras.layers.MaxPool2D", "write `MaxPool2D`, without the module"),
        ("torch.nn.Linear: 3", "it is called `Dense` here"),
        ("Linear: 3", "it is called `Dense` here"),
        ("SiLU", "it is an activation here: `Activation: silu`"),
        ("nn.Hardswish", "it is an activation here: `Activation: hard_swish`"),
        ("Hsigmoid", "it is an activation here: `Activation: hard_sigmoid`"),
        ("GELU", "it is an activation here: `Activation: gelu`"),
        ("SELU", "it is an activation here: `Activation: selu`"),
        ("ReLU6", "`ReLU: {max_value: 6}` or `Activation: relu6`"),
        ("RReLU", "Keras has no ReLU of random slope: `LeakyReLU` has a fixed one, `PReLU` learns it"),
        ("InstanceNorm2d", "`GroupNormalization: {groups: -1}`, which normalises every channel by itself"),
        ("AdaptiveAvgPool2d: 1", "it is called `AdaptiveAveragePooling2D` here"),
        ("ConvTranspose2d: [8, 2]", "it is called `Conv2DTranspose` here"),
        (
            "ConvTranspose2d: [8, 2, 2]",
            (
                "it is called `Conv2DTranspose` here; values in PyTorch's order (in_channels, out_channels, "
                "kernel_size) are `Conv2DTranspose: {filters: 2, kernel_size: 2}`"
            ),
        ),
        ("GlobalPooling2D", "`GlobalAveragePooling2D` or `GlobalMaxPooling2D`: say which"),
        ("DropPath: 0.1", "it is called `StochasticDepth` here"),
        ("Activation: lrelu", "it is called `leaky_relu` here, of slope 0.2; another one takes a layer `LeakyReLU`"),
        ("Activation: prelu", "`PReLU` has weights: a layer of its own, `- PReLU`, behind this one"),
        ("Activation: hsigmoid", "it is called `hard_sigmoid` here"),
        ("Activation: hswish", "it is called `hard_silu` here"),
        ("Activation: rrelu", "Keras has no ReLU of random slope: `leaky_relu` has a fixed one"),
        ("Activation: torch.nn.SiLU", "write `silu`, without the module"),
        ("Activation: F.relu", "write `relu`, without the module"),
        ("BatchNormalization: {eps: 0.1}", "it is called `epsilon` here"),
        ("BatchNormalization: {num_features: 3}", "leave it out: it follows from the input"),
        ("Dropout: {p: 0.5}", "it is called `rate` here"),
        ("MaxPooling2D: {kernel_size: 2}", "it is called `pool_size` here"),
        ("Dense: {out_features: 3}", "it is called `units` here"),
        ("Conv2D: {out_channels: 3, kernel_size: 3}", "it is called `filters` here"),
        ("Conv2D: {filters: 3, kernel: 3}", "it is called `kernel_size` here"),
        ("Conv2D: {filters: 3, kernel_size: 3, bias: false}", "it is called `use_bias` here"),
        ("Conv2D: {filters: 3, kernel_size: 3, data_format: NCHW}", "it is called `channels_first` here"),
        ("ReLU: {inplace: true}", "leave it out: it changes no number"),
        ("Dense: {units: 3, dtype: fp16}", "it is called `float16` here"),
    ],
)
def test_what_is_said_of_a_word(layer, says):
    assert help_of(layer) == [says]


def test_padding_in_samples():
    (help,) = help_of("Conv2D: {filters: 3, kernel_size: 3, padding: 1}")
    assert "`padding: same`" in help
    assert "`ZeroPadding2D`" in help


def test_keys_of_other_spec_languages():
    assert "it is called `input` here" in help_of("Dense: 3", top="input_shape: [9]\n")
    (help, *_) = help_of("Dense: 3", top="input: [9]\nvariables: {w: 3}\n")
    assert help == "it is called `vars` here"


def test_own_blocks_and_types_go_before():
    text = "blocks: {conv_bn: {layers: [Flatten]}}\ninput: [8, 8, 3]\nlayers:\n  - ConvBN\n"
    assert [one.help for one in loads(text).diagnostics] == ["did you mean `conv_bn`?"]


@each(
    ("given", "choices", "safe"),
    [
        ("conv2d", ["Conv2D"], True),
        ("Kernel-Size", ["kernel_size"], True),
        ("kernal_size", ["kernel_size", "pool_size"], True),
        ("Flattn", ["Flatten"], True),
        ("filtesr", ["filters"], True),  # two letters exchanged
        ("Conv4D", ["Conv2D"], False),  # a number is not mistyped
        ("reul", ["relu"], False),  # too short to be sure
        ("unit", ["units", "unite"], False),  # two as near
        ("GlobalPooling2D", ["GlobalMaxPooling2D"], False),  # a word left out
        ("kernl_sz", ["kernel_size"], False),
    ],
)
def test_what_is_a_slip_for_certain(given, choices, safe):
    found = did_you_mean(given, choices)
    assert (getattr(found, "only", None) is not None and found.safe) == safe
