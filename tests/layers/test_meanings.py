"""What fields mean: the words of roles, in each framework's own fields."""

from __future__ import annotations

import pytest

from cnnsum.layers.base import REQUIRED
from cnnsum.layers.meanings import MEANINGS, field_with, meant
from cnnsum.layers.vocabulary import KERAS, ONNX, TFLITE, TORCH, VOCABULARIES
from tests.thorough import each

#: What rules read of a role without asking whether it is there.
READ = {
    "batch normalization": ("axes", "kept"),
    "concatenate": ("axes",),
    "convolution": ("bias", "kernel", "stride", "dilation", "padding", "channels", "groups"),
    "dense": ("bias", "channels"),
    "dropout": ("rate",),
    "alpha dropout": ("rate",),
    "channel dropout": ("rate",),
    "embedding": ("rows",),
    "group normalization": ("axes", "parts"),
    "layer normalization": ("axes",),
    "max pooling": ("kernel", "stride", "padding"),
    "mean pooling": ("kernel", "stride", "padding"),
    "attention": ("score", "weighs scores", "causal"),
    "multi-head attention": ("heads", "bias", "gives scores"),
    "grouped attention": ("heads", "head width", "bias", "gives scores", "causal", "gated", "reach"),
    "simple recurrence": ("states", "bias"),
    "lstm": ("states", "bias"),
    "gru": ("states", "bias"),
    "time distributed": ("inner",),
    "bidirectional": ("inner", "backward"),
    "padding": ("sides",),
    "transposed convolution": ("bias", "kernel", "stride", "channels"),
    "upsampling": ("factors",),
}
TYPES = [type for one in VOCABULARIES.values() for type in dict.fromkeys(one.all_types().values()) if type.role in READ]


@each("type", TYPES, ids=lambda one: f"{one.vocabulary.name}-{one.key}")
def test_every_type_of_a_role_says_what_the_role_promises(type):
    for meaning in READ[type.role]:
        computed = (type.role, meaning) in type.vocabulary.meanings().values
        assert computed or field_with(type, meaning), meaning


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=VOCABULARIES)
def test_words_are_known(vocabulary):
    said = vocabulary.meanings()
    assert set(said.fields) | {meaning for _, meaning in said.values} <= set(MEANINGS)
    assert said.phrases.keys() == KERAS.meanings().phrases.keys()


def test_one_value_in_two_ways():
    keras, torch = KERAS.find("BatchNormalization"), TORCH.find("BatchNorm2d")
    assert meant(keras, {"momentum": 0.9}, "kept") == meant(torch, {"momentum": 0.1}, "kept") == 0.9
    assert meant(torch, {"momentum": None}, "kept") is None
    assert meant(torch, {}, "axes", 4) == (1,)
    assert meant(TORCH.find("LayerNorm"), {"normalized_shape": (4, 4)}, "axes", 4) == (-2, -1)
    assert [meant(TORCH.find("Softmax"), {"dim": None}, "axes", rank) for rank in (2, 3, 4)] == [(1,), (0,), (1,)]
    assert meant(TORCH.find("ZeroPad2d"), {"padding": (1, 2, 3, 4)}, "sides") == [3, 4, 1, 2]
    assert meant(KERAS.find("ZeroPadding2D"), {"padding": ((3, 4), (1, 2))}, "sides") == [3, 4, 1, 2]


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=VOCABULARIES)
def test_axes_are_a_tuple_whatever_the_type(vocabulary):
    for type in vocabulary.all_types().values():
        if not any(name in type.schema.fields for name in vocabulary.meanings().fields["axes"]):
            continue
        fields = {name: 1 if one.default is REQUIRED else one.default for name, one in type.schema.fields.items()}
        fields |= {"normalized_shape": (4,)} if "normalized_shape" in fields else {}
        for rank in (0, 1, 4):
            found = meant(type, fields, "axes", rank)
            assert isinstance(found, tuple), type.key


@pytest.mark.parametrize("vocabulary", [ONNX, TFLITE], ids=lambda one: one.name)
def test_axes_of_programs_are_a_tuple_where_they_are_said(vocabulary):
    """Rules about convolutions ask what comes behind these: one axis was given as a number there."""
    for type in vocabulary.all_types().values():
        if "axis" in type.schema.fields:
            assert meant(type, {"axis": 1}, "axes", 4) == (1,), type.key
            assert meant(type, {"axis": (1, 2)}, "axes", 4) == (1, 2), type.key
            assert meant(type, {"axis": None}, "axes", 4) is None, type.key
