"""Networks in the words of the other framework: what is written, what is refused, and code of Keras."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import yaml
from keras_writing import functional, image, made, operation
from keras_writing import load as keras_load

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.writers import write
from tests.cli.calling import call
from tests.thorough import each
from tests.writers.keras_networks import NETWORKS
from tests.writers.networks import NETWORKS as TORCH_NETWORKS

ROOT = Path(__file__).parents[2]


def load(text: str) -> cnnsum.Model:
    model = cnnsum.loads(text)
    assert not model.wrong, model.errors
    return model


def refused(text: str, to: str) -> list[str]:
    model = load(text)
    with pytest.raises(UnusableError) as error:
        write(model.graph, model.inference, to)
    assert {one.code for one in error.value.diagnostics} == {"SPC072"}
    assert all(one.span is not None for one in error.value.diagnostics)
    return [one.message for one in error.value.diagnostics if one.severity == "error"]


def translated(layers: str, framework: str = "torch", input: str = "[8, 8, 3]") -> str:
    text = f"input: {input}\nlayers: [{layers}]\n"
    return cnnsum.convert(load(text if framework == "torch" else f"framework: torch\n{text}"), "yaml", framework).text


def items(text: str) -> list[str]:
    return [line.removeprefix("  - ") for line in text.splitlines() if line.startswith("  - ")]


def test_a_mirrored_way_back_is_that_of_pytorch() -> None:
    both = "Bidirectional: {layer: {GRU: 4}, backward_layer: {GRU: {units: 4, go_backwards: true}}}"
    assert translated(both, input="[9, 3]") == translated("Bidirectional: {layer: {GRU: 4}}", input="[9, 3]")


def test_fractions_are_numbers_in_every_format() -> None:
    text = """input: [8, 8, 2]
layers:
  - Rescaling: {scale: 1/8, offset: -1/2}
  - Rescaling: {scale: [1/2, 1/4]}
  - Normalization: {mean: [1/2, 1], variance: [1/4, 2], name: standard}
"""
    model = load(text)
    code = cnnsum.convert(model, "keras-py").text
    for words in ("Rescaling(0.125, offset=-0.5)", "Rescaling((0.5, 0.25))", "mean=(0.5, 1), variance=(0.25, 2)"):
        assert words in code
    configs = [layer["config"] for layer in json.loads(cnnsum.convert(model, "keras").text)["config"]["layers"]]
    assert (configs[1]["scale"], configs[1]["offset"], configs[2]["scale"]) == (0.125, -0.5, [0.5, 0.25])
    assert (configs[3]["mean"], configs[3]["variance"]) == ([0.5, 1], [0.25, 2])
    assert "mul: {other: 0.125}" in translated("Rescaling: {scale: 1/8}")
    assert refused("input: [2]\nlayers: [Rescaling: {scale: [1/2, 1]}]", "torch") == [
        "`rescaling`: its factors are of each channel"
    ]


def test_channels_move_to_the_front() -> None:
    text = translated(
        "Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}, BatchNormalization, Dense: 5"
    )
    assert yaml.safe_load(text)["input"] == [3, 8, 8]
    assert items(text) == [
        "Conv2d: {out_channels: 4, kernel_size: 3, padding: 1}",
        "ReLU",
        "BatchNorm2d: {eps: 0.001, momentum: 0.01}",
        "permute: {dims: [0, 2, 3, 1]}",
        "Linear: {out_features: 5}",
    ]


@each(
    ("layer", "wanted"),
    [
        # At 8 positions a stride of 2 leaves one position for the end, which `padding` of PyTorch puts on both sides.
        ("Conv2D: {filters: 4, kernel_size: 3, strides: 2, padding: same}",
         ["ZeroPad2d: {padding: [0, 1, 0, 1]}", "Conv2d: {out_channels: 4, kernel_size: 3, stride: 2}"]),
        ("Conv2D: {filters: 4, kernel_size: 2, padding: same}",
         ["Conv2d: {out_channels: 4, kernel_size: 2, padding: same}"]),
        ("MaxPooling2D: {pool_size: 3, strides: 2, padding: same}",
         ["MaxPool2d: {kernel_size: 3, stride: 2, ceil_mode: true}"]),
        ("AveragePooling2D: {pool_size: 3, strides: 1, padding: same}",
         ["AvgPool2d: {kernel_size: 3, stride: 1, padding: 1, count_include_pad: false}"]),
        ("Activation: swish", ["SiLU"]),
        ("ReLU: 6", ["ReLU6"]),
        ("GlobalAveragePooling2D", ["AdaptiveAvgPool2d: {output_size: 1}", "Flatten"]),
        ("Cropping2D: [[[1, 0], [0, 2]]]", ["ZeroPad2d: {padding: [0, -2, -1, 0]}"]),
        ("Flatten", ["permute: {dims: [0, 2, 3, 1]}", "Flatten"]),
        ("DepthwiseConv2D: 3", ["Conv2d: {out_channels: 3, kernel_size: 3, groups: 3}"]),
    ],
)  # fmt: skip
def test_layers_of_keras(layer: str, wanted: list[str]) -> None:
    assert items(translated(layer)) == wanted


@each(
    ("layer", "wanted"),
    [
        ("Conv2d: {out_channels: 4, kernel_size: 3, padding: 1}",
         ["Conv2D: {filters: 4, kernel_size: 3, padding: same}"]),
        ("Conv2d: {out_channels: 4, kernel_size: 3, padding: 1, stride: 2}",
         ["ZeroPadding2D", "Conv2D: {filters: 4, kernel_size: 3, strides: 2}"]),
        ("ReLU6", ["ReLU: {max_value: 6}"]),
        ("relu, MaxPool2d: {kernel_size: 3, stride: 2, padding: 1}",
         ["ReLU", "ZeroPadding2D", "MaxPooling2D: {pool_size: 3, strides: 2}"]),
        ("BatchNorm2d", ["BatchNormalization: {momentum: 0.9, epsilon: 1.0e-05}"]),
        ("Softmax: {dim: 1}", ["Softmax"]),
        ("add: {other: 2}", ["keras.src.ops.numpy.Add: {from: [input_layer, 2]}"]),
    ],
)  # fmt: skip
def test_layers_of_pytorch(layer: str, wanted: list[str]) -> None:
    assert items(translated(layer, "keras", "[3, 8, 8]")) == wanted


@each(
    ("layer", "reason"),
    [
        ("LSTM: 4", "LSTM of PyTorch has two biases where LSTM has one"),
        ("Bidirectional: {layer: {LSTM: 4}}", "LSTM of PyTorch has two biases where LSTM has one"),
        ("Bidirectional: {layer: {GRU: {units: 4, dropout: 0.5}}}", "GRU of PyTorch has no `dropout` like Keras's"),
        ("Bidirectional: {layer: {GRU: 4}, merge_mode: sum}", "GRU of PyTorch has both directions side by side"),
        ("Bidirectional: {layer: {GRU: 4}, backward_layer: {GRU: {units: 3, go_backwards: true}}}", "no `backward_l"),
        ("Bidirectional: {layer: {GRU: 4}, merge_mode: null}", "`merge_mode: null` gives two outputs, and GRU of Py"),
        ("BatchNormalization: {scale: false}", "a module of PyTorch that has a bias has a weight, too"),
        ("GaussianNoise: 0.1", "GaussianNoise has no layer of PyTorch that does exactly the same"),
        ("Activation: exponential", "PyTorch has no module for the activation `exponential`"),
        ("PReLU", "PReLU of PyTorch has a slope for each channel, or one for all"),
        ("UpSampling1D, MultiHeadAttention: {num_heads: 2, key_dim: 3, from: [up_sampling1d, up_sampling1d]}",
         "MultiheadAttention has heads of a depth of 5 / 2, and `key_dim` is 3"),
    ],
)  # fmt: skip
def test_what_pytorch_has_no_words_for(layer: str, reason: str) -> None:
    (message,) = refused(f"input: [6, 5]\nlayers: [{layer}]", "torch")
    assert reason in message


@each(
    ("layer", "reason"),
    [
        ("MaxPool2d: {kernel_size: 3, padding: 1}",
         "pooling of Keras pads by itself only, and zeros around it would be maxima"),
        ("Conv2d: {out_channels: 2, kernel_size: 3, padding_mode: reflect}", "layers of Keras have no `padding_mode`"),
        ("PixelShuffle: 1", "PixelShuffle has no layer of Keras that does exactly the same"),
        ("GELU: {approximate: tanh}", "Keras has no activation like GELU with these fields"),
        ("cat: {from: [input, input]}", "Keras puts no samples together"),
    ],
)  # fmt: skip
def test_what_keras_has_no_words_for(layer: str, reason: str) -> None:
    (message,) = refused(f"framework: torch\ninput: [4, 8, 8]\nlayers: [{layer}]", "keras-py")
    assert reason in message


def test_a_layer_of_another_package_is_not_the_one_of_that_name() -> None:
    norm = made("RMSNormalization", "norm", "given", module="keras_hub.src.layers")
    (message,) = refused(json.dumps(functional([image((8,), "given"), norm], "norm")), "torch")
    assert message == "`norm`: RMSNormalization has no layer of PyTorch that does exactly the same"


def test_padding_that_depends_on_the_size_needs_one() -> None:
    text = "input: [H, 8, 3]\nlayers: [Conv2D: {filters: 4, kernel_size: 3, strides: 2, padding: same}]"
    (message,) = refused(text, "torch")
    assert "`padding: same` with a stride puts positions that depend on the size of the input" in message


def test_a_function_of_keras() -> None:
    model = load(NETWORKS["blocks"])
    assert (
        write(model.graph, model.inference, "keras-py")[0]
        == '''\
"""net in Keras, written by cnnsum."""

import keras
from keras import layers


def residual(x, filters):
    """The block residual: (None, 16, 16, C) becomes (None, 16, 16, filters)."""
    shortcut = layers.Conv2D(filters, 1)(x)  # (None, 16, 16, filters)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, shortcut])
    return layers.ReLU()(x)


def build_head() -> keras.Model:
    """The model head: (None, 16, 16, 16) becomes (None, 196)."""
    inputs = keras.Input((16, 16, 16))
    x = layers.Conv2D(4, 3, activation="relu")(inputs)  # (None, 14, 14, 4)
    x = layers.MaxPooling2D()(x)  # (None, 7, 7, 4)
    x = layers.Flatten()(x)  # (None, 196)
    return keras.Model(inputs, x, name="head")


def build_model() -> keras.Model:
    """The network net: (None, 16, 16, 3) becomes (None, 2)."""
    inputs = keras.Input((16, 16, 3))
    x = residual(inputs, 8)  # (None, 16, 16, 8)
    for _ in range(2):
        x = residual(x, 8)
    for _ in range(3):
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = residual(x, 16)  # (None, 16, 16, 16)
    x = build_head()(x)  # (None, 196)
    x = layers.Dense(2, name="score")(x)  # (None, 2)
    return keras.Model(inputs, x, name="net")
'''
    )


def test_a_flattened_image_has_another_order_which_is_said() -> None:
    model = load("input: [8, 8, 3]\nlayers: [Conv2D: [4, 3], Flatten, Dense: 5]")
    text, _ = write(model.graph, model.inference, "torch")
    assert "# Features come in another order than in Keras, whose channels are last: with weights" in text


@each("to", ["torch", "keras-py"])
@each("name", NETWORKS)
def test_it_is_python(name: str, to: str) -> None:
    model = load(NETWORKS[name])
    text, _ = write(model.graph, model.inference, to)
    ast.parse(text)
    assert all(len(line) <= 100 and line == line.rstrip() for line in text.splitlines())


def test_names_do_no_harm_in_keras_either() -> None:
    model = load("framework: torch\n" + TORCH_NETWORKS["hostile"])
    text, _ = write(model.graph, model.inference, "keras-py")
    tree = ast.parse(text)
    assert {type(one) for one in tree.body} == {ast.Expr, ast.ImportFrom, ast.Import, ast.FunctionDef}
    assert not [one for one in ast.walk(tree) if isinstance(one, (ast.Raise, ast.Import)) and one not in tree.body]


@each("name", [name for name in NETWORKS if name not in ("first", "shared", "sequence")])
def test_there_and_back_it_is_the_same_network(name: str) -> None:
    """What both have exact words for keeps its shapes, parameters and products, whatever it is called."""
    model = load(NETWORKS[name])
    there = cnnsum.loads(cnnsum.convert(model, "yaml", "torch").text)
    assert not there.wrong, there.errors
    assert cnnsum.summarize(there).totals.macs == cnnsum.summarize(model).totals.macs
    totals = cnnsum.summarize(there).totals
    trained = cnnsum.summarize(model).totals.params.trainable
    assert totals.params.trainable == trained


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.yaml").write_text(NETWORKS["same"], encoding="utf-8")
    assert call("convert", "model.yaml", "--to", "yaml", "--framework", "torch", "-o", "torch.yaml") == (0, "", "")
    assert cnnsum.load("torch.yaml").graph.vocabulary.name == "torch"
    assert call("convert", "model.yaml", "--to", "yaml", "--framework", "keras").out.startswith("input:")
    result = call("convert", "model.yaml", "--to", "torch", "--framework", "torch")
    assert (result.code, result.out) == (2, "")
    assert "--framework is of a spec" in result.err


def test_a_call_on_constants_alone() -> None:
    """A Keras file may hold one, whose layer reads nothing; a spec reads no truth value."""
    net = functional([image((4,)), operation("Add", "sum", 1.0, 2.0)], "sum")
    assert "x = 1.0 + 2.0" in write_of(net, "keras-py")
    yes = functional([image((4,)), operation("Add", "sum", True, 2.0)], "sum")
    with pytest.raises(UnusableError):
        write_of(yes, "yaml")


def write_of(net: object, to: str) -> str:
    model = keras_load(net)
    return write(model.graph, model.inference, to)[0]


def test_what_is_known_of_symbols_is_kept() -> None:
    text = "input: [H, 8, 3]\nsymbols: {k: {}, H: {min: 8, multiple_of: 4}}\nlayers: [Conv2D: [2*k, 3]]\n"
    found = yaml.safe_load(cnnsum.convert(load(text), "yaml", "torch").text)
    assert found["symbols"] == {"k": {}, "H": {"min": 8, "multiple_of": 4}}
    assert found["layers"] == [{"Conv2d": {"out_channels": "2*k", "kernel_size": 3}}]
    assert not cnnsum.loads(yaml.safe_dump(found)).wrong


def test_whole_numbers_stay_what_they_are_in_keras() -> None:
    """PyTorch's `cat` gives the dtype of what it reads, Keras's Concatenate that of its policy."""
    text = """framework: torch
input: [3, 8, 8]
layers:
  - AdaptiveAvgPool2d: {output_size: 2, dtype: DTYPE, name: pooled}
  - cat: {dim: 2, from: [pooled, pooled]}
"""
    read = cnnsum.loads(cnnsum.convert(load(text.replace("DTYPE", "int16")), "keras").text)
    shapes = [(value.shape[1:], value.dtype) for value in (read.inference.values[n] for n in read.inference.outputs)]
    assert shapes == [((4, 2, 3), "int16")]
    for to in ("keras", "keras-py"):
        found = refused(text.replace("DTYPE", "int8"), to)
        assert [one.partition(": ")[2] for one in found] == ["Keras has no dtype policy `int8`"] * 2
