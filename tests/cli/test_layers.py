"""`cnnsum layers`: the reference of layer types."""

from __future__ import annotations

import pytest
from calling import call

from cnnsum.layers.base import LayerType, all_types
from cnnsum.layers.vocabulary import KERAS, VOCABULARIES
from tests.thorough import in_batches

NAMED = [(name, known) for one in VOCABULARIES.values() for name, known in one.all_types().items()]


def test_every_type_is_listed_with_what_it_does() -> None:
    code, out, err = call("layers")
    assert (code, err) == (0, "")
    for known in all_types().values():
        assert f"\n  {known.name:<24} {known.doc.split()[0]}" in out


@in_batches(NAMED)
def test_the_reference_of_every_type(named: tuple[str, LayerType]) -> None:
    name, known = named
    code, out, err = call("layers", name)
    assert (code, err) == (0, "")
    frameworks = [one.title for one in VOCABULARIES.values() if one.find(name) is not None]
    if frameworks == [KERAS.title]:
        assert out.startswith(known.name)
    else:  # of each framework that has one
        assert [one for one in ("Keras", "PyTorch") if f"{one} (`framework: " in out] == frameworks
        assert f"\n{known.name}" in out
    for field in known.schema.fields:
        assert f"\n  {field} " in out


def test_an_unknown_type() -> None:
    code, out, err = call("layers", "Conv2DD")
    assert (code, out) == (2, "")
    assert err.endswith("Error: there is no layer type `Conv2DD` (did you mean `Conv2D`?)\n")


def test_the_types_of_one_framework() -> None:
    code, out, err = call("layers", "--framework", "torch")
    assert (code, err) == (0, "")
    assert "\n  Conv2d " in out
    assert "\n  Conv2D " not in out
    assert call("layers", "Dropout", "--framework", "keras").out.startswith("Dropout\n")
    code, out, err = call("layers", "Conv2D", "--framework", "torch")
    assert (code, err) == (0, "")
    assert out.startswith("`Conv2D` in the words of PyTorch: `Conv2d`\n\nConv2d")
    code, out, err = call("layers", "Denze", "--framework", "keras")
    assert (code, out) == (2, "")
    assert "there is no layer type `Denze` of Keras (did you mean `Dense`" in err
    code, out, err = call("layers", "--framework", "jax")
    assert (code, out) == (2, "")
    assert err.endswith(
        "Error: Invalid value for --framework: 'jax' is not one of keras, torch, onnx, tflite, keras_hub.\n"
    )


@pytest.mark.parametrize(
    ("word", "says"),
    [
        (
            "nn.BatchNorm2d",
            "`nn.BatchNorm2d` in the words of Keras: it is called `BatchNormalization`\n\nBatchNormalization",
        ),
        ("convolutional", "`convolutional` in the words of Keras: it is called `Conv2D`\n\nConv2D"),
        ("tf.keras.layers.Dense", "`tf.keras.layers.Dense` in the words of PyTorch: it is called `Linear`\n\nLinear"),
        ("Convolution", "`Convolution` in the words of Keras: `Conv1D`, `Conv2D` or `Conv3D`: say which\n"),
    ],
)
def test_a_word_of_another_library(word: str, says: str) -> None:
    code, out, err = call("layers", word)
    assert (code, err) == (0, "")
    assert says in out


@pytest.mark.parametrize(
    ("words", "first", "inputs"),
    [
        (("onnx.Conv",), ["ONNX", "", "Conv"], "Inputs: x, weight, bias"),
        (("Conv", "--framework", "onnx"), ["ONNX", "", "Conv"], "Inputs: x, weight, bias"),
        (("com.microsoft.Gelu",), ["ONNX", "", "com.microsoft.Gelu"], "Inputs: x"),
        (("tflite.CONV_2D",), ["TensorFlow Lite", "", "CONV_2D"], "Inputs: x, weight, bias"),
    ],
)
def test_operations_of_files_have_a_reference(words: tuple[str, ...], first: list[str], inputs: str) -> None:
    code, out, err = call("layers", *words)
    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == first
    assert inputs in out.splitlines()
    assert "opset" not in out


def test_operations_of_files_are_listed_where_they_are_asked_for() -> None:
    out = call("layers", "--framework", "onnx").out
    for name in ("Conv", "ai.onnx.preview.training.Adam", "com.microsoft.FusedConv"):
        assert f"\n  {name} " in out
    assert "com.microsoft" not in call("layers").out
    assert "did you mean `Conv`" in call("layers", "Konv", "--framework", "onnx").err
