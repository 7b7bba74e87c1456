"""Convolution, pooling, reshaping and dense layers against real Keras, over drawn fields and shapes.

Whatever Keras accepts must get Keras's shape and weights here, and whatever it refuses must be refused. The windows are
held to what Keras computes: an impulse at every place of the input, and the outputs that it reaches.

`CNNSUM_EXAMPLES` scales the number of examples.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from cnnsum.diagnostics import Problem
from cnnsum.dims import Symbol, is_anonymous
from cnnsum.layers.base import COMMON, REQUIRED, find
from cnnsum.layers.facts import Window
from tests.layers.applying import Reading, apply
from tests.layers.drawing import TYPES, Case

keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
    pytest.mark.filterwarnings("ignore::UserWarning:keras"),
]

EXAMPLES = max(1, round(12 * float(os.environ.get("CNNSUM_EXAMPLES", "1"))))
drawn = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def ours(name: str, shape: tuple[int | None, ...], fields: dict[str, Any]) -> Any:
    symbols = [Symbol(f"d{axis}", anonymous=True).dim for axis in range(len(shape) + 1)]
    x = (symbols[0], *(symbols[axis] if dim is None else dim for axis, dim in enumerate(shape, 1)))
    return apply(name, x, **fields)


@pytest.mark.parametrize("name", TYPES)
def test_shapes_and_weights_are_those_of_keras(name: str) -> None:
    @drawn
    @given(TYPES[name](name))
    def check(case: Case) -> None:
        fields, shape = case
        refused = None
        try:
            layer = getattr(keras.layers, name)(**fields)
            symbolic = layer(keras.Input(shape))
            expected = tuple(symbolic.shape)
            if 0 in expected:
                refused = "an output without elements"
        except (ValueError, TypeError, IndexError, NotImplementedError) as error:
            refused = str(error)
        try:
            facts = ours(name, shape, fields)
        except Problem as problem:
            note(f"Problem: {problem}")
            assert refused is not None, "Keras accepts it"
            return
        assert refused is None, facts.outputs
        assert tuple(None if is_anonymous(dim) else dim for dim in facts.outputs[0]) == expected
        assert sorted((weight.name, weight.shape, weight.trainable) for weight in facts.weights) == sorted(
            (weight.name, tuple(weight.shape), weight.trainable) for weight in layer.weights
        )
        if facts.dtype is None:
            assert symbolic.dtype == "float32"

    check()


@pytest.mark.parametrize("name", TYPES)
def test_fields_stand_in_the_order_of_keras_with_its_defaults(name: str) -> None:
    layer_type = find(name)
    assert layer_type is not None
    schema = layer_type.schema
    parameters = {
        key: parameter.default
        for key, parameter in inspect.signature(getattr(keras.layers, name).__init__).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and key != "self"
    }
    assert set(parameters) <= set(schema.fields) | set(schema.ignored) | COMMON
    taken = [key for key in parameters if key in schema.fields]
    # What Keras takes by name alone, and what its files alone say.
    others = {"lora_rank", "lora_alpha", "quantization", "bounding_box_format"}
    assert [key for key in schema.fields if key in parameters or key not in others] == taken
    for key in taken:
        field = schema.fields[key]
        default = parameters[key]
        if default is inspect.Parameter.empty:
            assert field.default is REQUIRED
        elif default is None:
            assert field.default is None
        else:
            assert field.default == field.kind.read(default, Reading())


@pytest.mark.parametrize("name", TYPES)
def test_aliases_are_those_of_keras(name: str) -> None:
    layer_type = find(name)
    assert layer_type is not None
    real = getattr(keras.layers, name)
    assert set(layer_type.aliases) == {
        other for other in dir(keras.layers) if other != name and getattr(keras.layers, other) is real
    }


def reached(window: Window, inputs: int, outputs: int) -> Any:
    """Which output (column) reads which input (row)."""
    pattern = np.zeros((inputs, outputs), bool)
    for out in range(outputs):
        for tap in range(window.size):
            place, rest = divmod(out * window.stride - window.before + window.dilation * tap, window.up)
            if rest == 0 and 0 <= place < inputs:
                pattern[place, out] = True
    return pattern


SLIDING = [
    *["Conv1D", "Conv1DTranspose", "DepthwiseConv1D", "SeparableConv1D", "MaxPooling1D", "AveragePooling1D"],
    *["ZeroPadding1D", "Cropping1D", "UpSampling1D"],
]


MOVING = {"kernel_size", "pool_size", "strides", "dilation_rate", "output_padding", "padding", "cropping", "size"}


def impulses(length: int) -> Any:
    return np.eye(length, dtype="float32")[:, :, None]


@pytest.mark.parametrize("name", SLIDING)
def test_windows_along_an_axis_are_what_keras_computes(name: str) -> None:
    @drawn
    @given(TYPES[name](name), st.integers(1, 12))
    def check(case: Case, length: int) -> None:
        fields = {key: value for key, value in case[0].items() if key in MOVING}
        if "Conv" in name:
            fields |= {"use_bias": False} if "Depthwise" in name else {"use_bias": False, "filters": 1}
        try:
            facts = ours(name, (length, 1), fields)
        except Problem:
            return
        (window,) = facts.window
        layer = getattr(keras.layers, name)(**fields)
        layer.build((None, length, 1))
        layer.set_weights([np.ones(weight.shape) for weight in layer.weights])
        computed = np.asarray(layer(impulses(length)))[:, :, 0] != 0
        expected = reached(window, length, facts.outputs[0][1])
        note(f"{window}\n{computed.astype(int)}\n{expected.astype(int)}")
        assert (computed == expected).all()

    check()


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
def test_windows_of_interpolations_are_what_keras_computes(interpolation: str, factor: int) -> None:
    length = 7
    (window, _) = ours("UpSampling2D", (length, 1, 1), {"size": [factor, 1], "interpolation": interpolation}).window
    layer = keras.layers.UpSampling2D((factor, 1), interpolation=interpolation)
    computed = np.abs(np.asarray(layer(impulses(length)[:, :, None, :]))[:, :, 0, 0]) > 1e-6
    expected = reached(window, length, length * factor)
    if interpolation in {"nearest", "bilinear"}:
        assert (computed == expected).all()
    else:  # some weights inside the reach are 0
        assert not (computed & ~expected).any()
        assert window.size <= max(1, 2 * factor) * 5


@pytest.mark.parametrize(("length", "crop"), [(7, 3), (8, 3), (7, 4), (8, 8)])
def test_the_window_of_a_centre_crop_is_what_keras_computes(length: int, crop: int) -> None:
    (window, _) = ours("CenterCrop", (length, 1, 1), {"height": crop, "width": 1}).window
    layer = keras.layers.CenterCrop(crop, 1)
    computed = np.asarray(layer(impulses(length)[:, :, None, :]))[:, :, 0, 0] != 0
    assert (computed == reached(window, length, crop)).all()


@given(st.integers(1, 12), st.integers(1, 12))
@drawn
def test_the_windows_of_adaptive_pooling_are_what_keras_computes(length: int, count: int) -> None:
    facts = ours("AdaptiveAveragePooling1D", (length, 1), {"output_size": count})
    computed = np.asarray(keras.layers.AdaptiveAveragePooling1D(count)(impulses(length)))[:, :, 0] != 0
    assert facts.ops == computed.sum()
    if isinstance(facts.window, tuple):
        assert (computed == reached(facts.window[0], length, count)).all()
