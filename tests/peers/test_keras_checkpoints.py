"""What `cnnsum diff` says of checkpoints, against `load_weights(..., skip_mismatch=True)` of Keras, on random pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - needs Keras
from keras_loading import loads  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.answers.diff.ask import Side  # noqa: E402 - as above
from cnnsum.answers.diff.ask import compared as diff  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

KINDS = ("Dense", "Conv", "Norm", "Attention", "LSTM", "Both", "Separable", "Nested", "Plain")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two chains of layers on (5, 8); the second is the first with layers changed, taken out, or put in."""

    def one(number: int) -> dict[str, Any]:
        named = draw(st.booleans())
        return {
            "kind": draw(st.sampled_from(KINDS)),
            "name": f"given{number}" if named else None,
            "bias": draw(st.booleans()),
            "units": draw(st.sampled_from((8, 6))),
            "trainable": draw(st.integers(0, 4)) > 0,
        }

    old = [one(number) for number in range(draw(st.integers(1, 5)))]
    new = []
    for at, before in enumerate(old):
        layer = dict(before)
        what = draw(st.sampled_from(("same", "same", "same", "change", "gone", "more", "rename")))
        if what == "change":
            key = draw(st.sampled_from(("bias", "units", "kind", "trainable")))
            layer[key] = one(at)[key]
        if what == "rename":
            layer["name"] = f"other{at}"
        if what == "more":
            new.append(one(at + 50))
        if what != "gone":
            new.append(layer)
    return old, new or old


def layer_of(kind: str, units: int, length: int, keys: dict[str, Any], *, bias: bool) -> Any:
    if kind == "Nested":
        inner = [layers.Input((5, length)), layers.Dense(8, use_bias=bias), layers.BatchNormalization()]
        return keras.Sequential(inner, **keys)
    if kind == "Both":
        return layers.Bidirectional(layers.LSTM(units, return_sequences=True, use_bias=bias), **keys)
    slide = {"filters": units, "kernel_size": 3, "padding": "same", "use_bias": bias}
    make, own = {
        "Dense": (layers.Dense, {"units": units, "use_bias": bias}),
        "Conv": (layers.Conv1D, slide),
        "Norm": (layers.BatchNormalization, {"center": bias}),
        "LSTM": (layers.LSTM, {"units": units, "return_sequences": True, "use_bias": bias}),
        "Separable": (layers.SeparableConv1D, slide),
        "Attention": (layers.MultiHeadAttention, {"num_heads": 2, "key_dim": units, "use_bias": bias}),
        "Plain": (layers.ReLU, {}),
    }[kind]
    return make(**own, **keys)


def made(chain: list[dict[str, Any]]) -> Any:
    keras.utils.clear_session()
    x = inputs = keras.Input((5, 8))
    for one in chain:
        keys = {"name": one["name"]} if one["name"] else {}
        own = layer_of(one["kind"], one["units"], x.shape[-1], keys, bias=one["bias"])
        own.trainable = one["trainable"]
        x = own(x, x) if one["kind"] == "Attention" else own(x)
    return keras.Model(inputs, x)


def theirs(old: Any, new: Any, path: Path, **how: Any) -> int | None:
    """How many weights of the new model Keras loads; None where it refuses the file."""
    for model, value in ((old, 7.0), (new, -1.0)):
        for variable in model.weights:
            variable.assign(keras.ops.full(variable.shape, value))
    old.save_weights(path) if path.name.endswith(".weights.h5") else old.save(path)
    try:
        new.load_weights(path, skip_mismatch=True, **how)
    except ValueError:
        return None
    return sum(float(keras.ops.max(variable)) == 7.0 for variable in new.weights)


@given(pairs())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_loaded(tmp_path: Path, pair: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    old, new = map(made, pair)
    sides = []
    for model in (old, new):
        read = loads(model.to_json())
        assert [str(found) for found in read.diagnostics if found.severity == "error"] == []
        sides.append(Side(read.graph, cnnsum.summarize(read), None))
    total = len(new.weights)
    for format, name, how in (
        ("keras", "m.weights.h5", {}),
        ("h5", "m.h5", {}),
        ("h5-by-name", "m.h5", {"by_name": True}),
    ):
        found = diff(*sides, format).weights
        expected = theirs(old, new, tmp_path / name, **how)
        assert found.total == total
        assert bool(found.refused) == (expected is None), format
        assert found.fit == (expected or 0), format
        if not found.refused:
            assert found.fit + len(found.reshaped) + len(found.skipped) + len(found.missing) == total
