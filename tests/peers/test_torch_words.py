"""Every class and function of torch.nn: none is taken for the Keras word that is spelled most like it."""

from __future__ import annotations

import inspect

import pytest

torch = pytest.importorskip("torch")

from cnnsum.diagnostics import folded  # noqa: E402 - as above
from cnnsum.model import loads  # noqa: E402 - as above

CLASSES = sorted(
    name for name, one in vars(torch.nn).items() if inspect.isclass(one) and issubclass(one, torch.nn.Module)
)
FUNCTIONS = sorted(
    name for name, one in vars(torch.nn.functional).items() if callable(one) and not name.startswith("_")
)


def suggested(text: str) -> list[object]:
    found = loads(f"input: [8, 8, 3]\nlayers:\n  - {text}\n").diagnostics
    return [one.help for one in found if one.code in {"UNK701", "CFG102"}]


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_not_taken_for_another(name: str) -> None:
    for help in suggested(name):
        only = getattr(help, "only", None)
        assert only is None or folded(only) == folded(name) or not help.safe  # type: ignore[attr-defined]  # a Suggestion


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_not_taken_for_another(name: str) -> None:
    for help in suggested(f"Activation: {name}"):
        only = getattr(help, "only", None)
        assert only is None or folded(only) == folded(name) or not help.safe  # type: ignore[attr-defined]  # a Suggestion


@pytest.mark.parametrize(
    ("theirs", "ours"), [("leaky_relu", "leaky_relu"), ("hardsigmoid", "hard_sigmoid"), ("hardswish", "hard_silu")]
)
def test_functions_that_are_called_otherwise_are_the_same(theirs: str, ours: str) -> None:
    keras = pytest.importorskip("keras")
    x = torch.linspace(-8, 8, 161)
    slope = {"negative_slope": 0.2} if theirs == "leaky_relu" else {}
    expected = getattr(torch.nn.functional, theirs)(x, **slope).numpy()
    found = keras.ops.convert_to_numpy(getattr(keras.activations, ours)(x.numpy()))
    assert abs(found - expected).max() < 1e-5


def in_torch(text: str) -> list[object]:
    found = loads(f"framework: torch\ninput: [8, 8, 8]\nlayers:\n  - {text}\n").diagnostics
    return [one.help for one in found if one.code == "UNK701"]


@pytest.mark.parametrize("name", [name for name in CLASSES if name.endswith("Loss")])
def test_every_loss_is_said_to_be_one(name: str) -> None:
    (help,) = in_torch(name)
    assert "loss" in str(help)


def test_words_of_others_mean_what_pytorch_has() -> None:
    from cnnsum.layers.torch import foreign

    named = {meant.own for meant in foreign.LAYERS.values() if meant.own is not None}
    assert {name for name in named if not hasattr(torch.nn, name) and not hasattr(torch, name)} == set()
    own = {folded(name) for name in CLASSES} & foreign.LAYERS.keys()
    assert own <= {
        "adaptivelogsoftmaxwithloss",
        "crossmaplrn2d",
        *(f"{one}{of}" for one in ("module", "parameter") for of in ("dict", "list")),
    }
    parameters = {name for one in CLASSES for name in inspect.signature(getattr(torch.nn, one).__init__).parameters}
    hidden = {"input_size", "hidden_size", "need_weights", "shape", "dim"}  # behind `*args`, or of a call
    assert {own for names in foreign.FIELDS.values() for own in names} - parameters - hidden == set()
