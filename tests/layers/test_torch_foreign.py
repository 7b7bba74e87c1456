"""Words of other libraries in a spec of PyTorch's: what is said of each, and that it is never the nearest spelling."""

from __future__ import annotations

from cnnsum.diagnostics import folded
from cnnsum.layers.foreign import LOSSES
from cnnsum.layers.torch import foreign
from cnnsum.layers.vocabulary import KERAS, TORCH
from cnnsum.model import loads
from tests.thorough import each

LAYERS = sorted(name for name in KERAS.all_types() if "." not in name)
OWN = {folded(name) for name in TORCH.all_types()}


def test_every_word_is_written_as_it_is_looked_up():
    for table in (foreign.LAYERS, foreign.FIELDS, foreign.NO_FIELDS, dict.fromkeys(LOSSES)):
        assert [word for word in table if folded(word) != word] == []
    assert [word for word, meant in foreign.LAYERS.items() if meant.own is None and not meant.says] == []


@each("name", LAYERS)
def test_every_layer_of_keras_is_told(name):
    key = folded(name)
    assert key in OWN or TORCH.meant(name, lambda _: None), f"what is {name} in PyTorch?"


def test_a_layer_of_keras_that_nobody_has_looked_up_is_said_to_be_one(monkeypatch):
    """Declaring a type is enough: what it is in the other framework may be told, and need not be."""
    monkeypatch.setitem(KERAS.types, "ChannelScale", KERAS.find("Dense"))
    (said,) = help_of("ChannelScale: 3")
    assert said == "it is a layer of Keras, and none of PyTorch is known to be the same"
    assert help_of("keras.layers.ChannelScale: 3") == [said]
    assert KERAS.meant("TransformerDecoder", lambda _: None) == (
        "it is a layer of PyTorch, and none of Keras is known to be the same"
    )
    functions = [name for name in TORCH.all_types() if name.islower() and "." not in name]
    said = [KERAS.meant(name, lambda _: None) for name in functions]
    assert len(functions) > 50
    assert not [one for one in said if one and "is known to be" in one]  # they are words of the field


def test_every_meaning_is_there():
    assert [meant.own for meant in foreign.LAYERS.values() if meant.own and TORCH.find(meant.own) is None] == []
    fields = {name for type in TORCH.all_types().values() for name in type.schema.fields}
    assert [own for names in foreign.FIELDS.values() for own in names if own not in fields] == []


def test_no_word_is_pytorch_s_own():
    assert OWN & foreign.LAYERS.keys() == set()


def help_of(layer, top="input: [3, 64, 64]\n"):
    found = loads(f"framework: torch\n{top}layers:\n  - {layer}\n").diagnostics
    return [str(one.help) for one in found if one.help]


@each(
    ("layer", "says"),
    [
        ("Dense: 3", "it is called `Linear` here"),
        ("keras.layers.Dense: 3", "it is called `Linear` here"),
        ("Conv2DTranspose: [8, 2]", "it is called `ConvTranspose2d` here"),
        (
            "Activation: relu",
            "the function itself is a layer: `ReLU`, `Sigmoid`, `Tanh`, `GELU`, `SiLU`, `Softmax`, ...",
        ),
        ("GlobalAveragePooling2D", "`AdaptiveAvgPool2d: 1`, then `Flatten`"),
        ("GlobalMaxPool1D", "`AdaptiveMaxPool1d: 1`, then `Flatten`"),
        ("UpSampling2D: 2", "it is called `Upsample` here, with a `scale_factor`"),
        (
            "BatchNormalization",
            "`BatchNorm2d` for images, `BatchNorm1d` for sequences and rows, `BatchNorm3d` for volumes",
        ),
        ("DepthwiseConv2D: 3", "`Conv2d` with as many `groups` as there are channels"),
        ("ZeroPadding2D: 1", "it is called `ZeroPad2d` here"),
        ("SpatialDropout3D: 0.5", "it is called `Dropout3d` here"),
        ("LayerNormalization", "it is called `LayerNorm` here, and takes the sizes of the last axes"),
        ("SimpleRNN: 3", "it is called `RNN` here"),
        ("Bidirectional: {layer: {LSTM: 3}}", "`bidirectional: true` in `RNN`, `LSTM` or `GRU`"),
        ("MultiHeadAttention: [2, 8]", "did you mean `MultiheadAttention`?"),
        ("RandomFlip", "PyTorch has no layer for preprocessing: leave it to what loads the data"),
        ("ModuleList", "write its layers one by one, or as a block"),
        ("CrossEntropyLoss", "a loss is not a layer of the network, but of its training: leave it out"),
        ("nn.MSELoss", "a loss is not a layer of the network, but of its training: leave it out"),
        ("F.cross_entropy", "a loss is not a layer of the network, but of its training: leave it out"),
        ("TripletMarginWithDistanceLoss", "a loss is not a layer of the network, but of its training: leave it out"),
        ("Linear: {units: 3}", "it is called `out_features` here"),
        ("LSTM: {units: 3}", "it is called `hidden_size` here"),
        ("Conv2d: {filters: 3, kernel_size: 3}", "it is called `out_channels` here"),
        ("Conv2d: {out_channels: 3, kernel_size: 3, strides: 2}", "it is called `stride` here"),
        ("Conv2d: {out_channels: 3, kernel_size: 3, use_bias: false}", "it is called `bias` here"),
        (
            "Conv2d: {out_channels: 3, kernel_size: 3, data_format: channels_first}",
            "leave it out: layers of PyTorch have channels first",
        ),
        ("Conv2d: {out_channels: 3, kernel_size: 3, activation: relu}", "a layer of its own behind this one: `- ReLU`"),
        ("Linear: {out_features: 3, bias_regularizer: l2}", "leave it out: it changes no number"),
        ("MaxPool2d: {pool_size: 2}", "it is called `kernel_size` here"),
    ],
)
def test_what_is_said_of_a_word(layer, says):
    assert says in help_of(layer)
