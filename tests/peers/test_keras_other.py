"""Normalisation, activation, merging, attention, recurrent layers, wrappers and operations against real Keras."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, Symbol, is_anonymous
from cnnsum.layers.base import find
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.inner import Inner

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))
some = settings(
    max_examples=25 * EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 1,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

Sizes = tuple["int | None", ...]


class Reading:
    """Fields of these tests hold no texts; layers in fields are (type, fields) pairs."""

    def number(self, text: str) -> Any:
        raise AssertionError(text)

    def sublayer(self, raw: Any) -> Any:
        return inner(*raw)


def inner(name: str, fields: dict[str, Any]) -> Inner:
    layer_type = find(name)
    assert layer_type is not None
    typed, problems = layer_type.bind(fields, Reading())
    if problems:
        raise problems[0]
    return Inner(layer_type, typed, "inner", trainable=True)


def open_shapes(shapes: list[Sizes]) -> list[Shape]:
    """Every None is an anonymous symbol of its own, the batch axis one for all."""
    batch = Symbol("N", anonymous=True).dim
    result: list[Shape] = []
    for number, shape in enumerate(shapes):
        dims: list[Dim] = [batch]
        for axis, dim in enumerate(shape):
            dims.append(Symbol(f"A{number}x{axis}", anonymous=True).dim if dim is None else dim)
        result.append(tuple(dims))
    return result


def ours(name: str, shapes: list[Shape], fields: dict[str, Any]) -> Facts | Problem:
    layer_type = find(name)
    assert layer_type is not None, name
    typed, problems = layer_type.bind(fields, Reading())
    if problems:
        return problems[0]
    try:
        return layer_type.apply(shapes, typed)
    except Problem as problem:
        return problem


def theirs(make: Any, shapes: list[Sizes], call: Any) -> Any:
    """(output shapes, weights), or the error."""
    keras.backend.clear_session()
    try:
        layer = make()
        outputs = call(layer, [keras.Input(shape) for shape in shapes])
    except (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError, AttributeError) as error:
        return error
    listed = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [tuple(output.shape) for output in listed], [
        (weight.path.rsplit("/")[-1], tuple(weight.shape), weight.trainable) for weight in getattr(layer, "weights", [])
    ]


def closed(shape: Shape | None) -> tuple[Any, ...]:
    assert shape is not None
    return tuple(None if is_anonymous(dim) else dim for dim in shape)


def compare(name: str, shapes: list[Sizes], fields: dict[str, Any], make: Any, call: Any, *, lenient: str = "") -> None:
    """Both accept and agree, or both refuse. `lenient` is part of a message of Keras that we need not repeat."""
    facts = ours(name, open_shapes(shapes), fields)
    expected = theirs(make, shapes, call)
    if isinstance(expected, Exception):
        assert isinstance(facts, Problem) or (lenient and lenient in str(expected)), (fields, shapes, expected)
        return
    assert not isinstance(facts, Problem), (fields, shapes, str(facts), expected)
    found = (
        [closed(shape) for shape in facts.outputs],
        [(weight.name.rsplit("/")[-1], weight.shape, weight.trainable) for weight in facts.weights],
    )
    assert found == expected, (fields, shapes)


def one(name: str, *shapes: Sizes, lenient: str = "", **fields: Any) -> None:
    """A layer of keras.layers that is called on one tensor."""
    compare(
        name, list(shapes), fields, lambda: getattr(keras.layers, name)(**fields), lambda f, x: f(*x), lenient=lenient
    )


def listed(name: str, *shapes: Sizes, lenient: str = "", **fields: Any) -> None:
    """A layer of keras.layers that is called on a list of tensors."""
    compare(
        name, list(shapes), fields, lambda: getattr(keras.layers, name)(**fields), lambda f, x: f(x), lenient=lenient
    )


dims = st.integers(1, 6)
open_dims = st.one_of(st.none(), dims)
flags = st.booleans()


def tensors(least: int = 1, most: int = 4, dim: Any = open_dims) -> Any:
    """Shapes without batch axis; the last axis is known."""
    return st.builds(lambda head, last: (*head, last), st.lists(dim, min_size=least - 1, max_size=most - 1), dims)


axes = st.integers(-5, 4)


@some
@given(tensors(), axes, flags, flags, flags)
def test_batch_normalization(shape: Sizes, axis: int, center: bool, scale: bool, renorm: bool) -> None:
    assume(axis not in {0, -len(shape) - 1})
    one("BatchNormalization", shape, axis=axis, center=center, scale=scale, renorm=renorm)


@some
@given(tensors(), st.one_of(axes, st.lists(axes, min_size=1, max_size=2, unique=True)), flags, flags)
def test_layer_normalization(shape: Sizes, axis: Any, center: bool, scale: bool) -> None:
    rank = len(shape) + 1
    places = axis if isinstance(axis, list) else [axis]
    assume(all(place % rank for place in places if -rank <= place < rank))
    one("LayerNormalization", shape, axis=axis, center=center, scale=scale)


@some
@given(tensors(), st.sampled_from([-1, 1, 2, 3, 4, 6, 0, -2]), flags, flags)
def test_group_normalization(shape: Sizes, groups: int, center: bool, scale: bool) -> None:
    one("GroupNormalization", shape, groups=groups, center=center, scale=scale)


@some
@given(tensors(), axes)
def test_rms_and_unit_normalization(shape: Sizes, axis: int) -> None:
    assume(axis not in {0, -len(shape) - 1})
    one("RMSNormalization", shape, axis=axis)
    one("UnitNormalization", shape, axis=axis)


@some
@given(
    tensors(),
    st.one_of(st.none(), axes, st.lists(axes, min_size=1, max_size=2, unique=True)),
    st.one_of(st.none(), dims, st.just(0)),
    st.one_of(st.none(), dims, st.just(0)),
)
def test_normalization(shape: Sizes, axis: Any, mean: int | None, variance: int | None) -> None:
    rank = len(shape) + 1
    places = axis if isinstance(axis, list) else [axis] if axis is not None else []
    assume(len({place % rank for place in places}) == len(places))
    fields = {
        "axis": axis,
        "mean": 0.5 if mean == 0 else mean and [0.5] * mean,
        "variance": 0.5 if variance == 0 else variance and [0.5] * variance,
    }
    one("Normalization", shape, **fields)


@some
@given(tensors(), st.one_of(st.none(), st.lists(st.integers(-3, 5), max_size=3)))
def test_prelu(shape: Sizes, shared_axes: Any) -> None:
    one("PReLU", shape, shared_axes=shared_axes)


@pytest.mark.parametrize("name", sorted(set(keras.src.activations.ALL_OBJECTS_DICT) - {"threshold"}))
def test_every_activation_of_keras_is_known(name: str) -> None:
    one("Activation", (4, 6), activation=name)


def test_no_activation_is_known_that_keras_lacks() -> None:
    from cnnsum.layers.arithmetic.functions import FUNCTIONS

    assert set(FUNCTIONS) == set(keras.src.activations.ALL_OBJECTS_DICT)


@some
@given(
    tensors(),
    st.one_of(st.none(), st.floats(-1, 6)),
    st.sampled_from([0.0, 0.1, -0.1]),
    st.sampled_from([0.0, 0.5, -1.0]),
)
def test_activation_layers(shape: Sizes, max_value: Any, slope: float, threshold: float) -> None:
    one("ReLU", shape, max_value=max_value, negative_slope=slope, threshold=threshold)
    one("LeakyReLU", shape, negative_slope=slope)
    one("ELU", shape, alpha=0.5)
    one("Softmax", shape)


@some
@given(tensors(), st.sampled_from([0, 0.25, 1, 1.5, -0.5]))
def test_regularization(shape: Sizes, rate: float) -> None:
    one("Dropout", shape, rate=rate)
    one("AlphaDropout", shape, rate=rate)
    one("GaussianDropout", shape, rate=rate)
    one("GaussianNoise", shape, stddev=rate)
    one("ActivityRegularization", shape, l1=0.1)
    for axes in (1, 2, 3):
        one(f"SpatialDropout{axes}D", shape, rate=rate)


near = st.one_of(st.none(), st.sampled_from([1, 2, 3]))
alike = st.lists(st.lists(near, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3)


@some
@given(st.sampled_from(["Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract"]), alike)
def test_merging(name: str, shapes: list[Sizes]) -> None:
    listed(name, *shapes)


@some
@given(
    st.integers(1, 3).flatmap(lambda rank: st.lists(st.tuples(*[near] * rank), min_size=1, max_size=3)),
    st.integers(-4, 3),
)
def test_concatenate(shapes: list[Sizes], axis: int) -> None:
    rank = len(shapes[0]) + 1
    # Keras lets a wrong axis pass where nothing is to be joined; the batch axis is not supported here.
    assume(-rank <= axis < rank and axis % rank != 0)
    facts = ours("Concatenate", open_shapes(shapes), {"axis": axis})
    if isinstance(facts, Problem) and len(shapes) > 1 and axis < 0:
        # Keras compares wrong axes where `axis` is negative, and fails later: the mathematics decides.
        return
    listed("Concatenate", *shapes, axis=axis)


@some
@given(
    st.lists(near, min_size=1, max_size=3).map(tuple),
    st.lists(near, min_size=1, max_size=3).map(tuple),
    st.one_of(st.sampled_from([1, 2, -1]), st.tuples(st.integers(1, 3), st.integers(1, 3)).map(list)),
    flags,
)
def test_dot(left: Sizes, right: Sizes, axes: Any, normalize: bool) -> None:
    # Keras refuses None against a number, which is legal for the right size: a condition here.
    listed("Dot", left, right, axes=axes, normalize=normalize, lenient="None")


@some
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.one_of(st.none(), st.integers(1, 4))),
    st.one_of(st.none(), dims, st.lists(dims, min_size=1, max_size=2)),
    st.tuples(open_dims, dims),
    st.tuples(open_dims, dims),
    st.one_of(st.none(), st.tuples(open_dims, dims)),
    st.tuples(flags, flags, flags),
    st.sampled_from([0.0, 0.5]),
)
def test_multi_head_attention(
    heads: Any, output_shape: Any, query: Sizes, value: Sizes, key: Any, use: Any, dropout: float
) -> None:
    fields = {
        "num_heads": heads[0],
        "key_dim": heads[1],
        "value_dim": heads[2],
        "output_shape": output_shape,
        "use_bias": use[0],
        "use_gate": use[1],
        "dropout": dropout,
    }
    shapes: list[Sizes] = [query, value] if key is None else [query, value, key]
    # None against a number is unequal to Keras, a condition here.
    one("MultiHeadAttention", *shapes, **fields, lenient="None")


@some
@given(st.tuples(dims, dims, dims, dims), st.sampled_from([None, 1, 2, [1], [2], [1, 2], [-2], [-3, -2]]))
def test_multi_head_attention_over_axes(sizes: Any, axes: Any) -> None:
    one(
        "MultiHeadAttention",
        (sizes[0], sizes[1], sizes[2]),
        (sizes[0], sizes[1], sizes[3]),
        num_heads=2,
        key_dim=3,
        attention_axes=axes,
    )


def test_the_scores_have_the_shape_that_keras_computes() -> None:
    import numpy as np

    layer = keras.layers.MultiHeadAttention(2, 4)
    query, value = np.ones((3, 5, 4)), np.ones((3, 6, 7))
    computed = layer(query, value, return_attention_scores=True)
    facts = ours(
        "MultiHeadAttention",
        [query.shape, value.shape],
        {"num_heads": 2, "key_dim": 4, "return_attention_scores": True},
    )
    assert isinstance(facts, Facts)
    assert list(facts.outputs) == [tuple(one.shape) for one in computed] == [(3, 5, 4), (3, 2, 5, 6)]
    layer = keras.layers.MultiHeadAttention(2, 4, attention_axes=(2,))
    query, value = np.ones((3, 5, 8, 4)), np.ones((3, 5, 6, 7))
    computed = layer(query, value, return_attention_scores=True)
    facts = ours(
        "MultiHeadAttention",
        [query.shape, value.shape],
        {"num_heads": 2, "key_dim": 4, "return_attention_scores": True, "attention_axes": [2]},
    )
    assert isinstance(facts, Facts)
    assert list(facts.outputs) == [tuple(one.shape) for one in computed]


@some
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3)),
    st.tuples(open_dims, dims, dims),
    st.tuples(flags, flags),
)
def test_grouped_query_attention(heads: Any, sizes: Any, use: Any) -> None:
    fields = {"head_dim": heads[0], "num_query_heads": heads[1], "num_key_value_heads": heads[2]}
    fields |= {"use_bias": use[0], "use_gate": use[1]}
    compare(
        "GroupedQueryAttention",
        [(sizes[0], sizes[2]), (sizes[1], sizes[2])],
        fields,
        lambda: keras.layers.GroupQueryAttention(**fields),
        lambda f, x: f(*x),
    )


@some
@given(
    st.tuples(open_dims, dims, dims),
    flags,
    st.sampled_from(["dot", "concat"]),
    st.one_of(st.none(), dims),
    flags,
)
def test_attention(sizes: Any, use_scale: bool, mode: str, key: Any, scores: bool) -> None:
    shapes: list[Sizes] = [(sizes[0], sizes[1]), (sizes[2], 4 if key else sizes[1])]
    if key:
        shapes.append((sizes[2], sizes[1]))
    compare(
        "Attention",
        shapes,
        {"use_scale": use_scale, "score_mode": mode, "return_attention_scores": scores},
        lambda: keras.layers.Attention(use_scale=use_scale, score_mode=mode),
        lambda f, x: f(x, return_attention_scores=scores),
    )
    compare(
        "AdditiveAttention",
        shapes,
        {"use_scale": use_scale, "return_attention_scores": scores},
        lambda: keras.layers.AdditiveAttention(use_scale=use_scale),
        lambda f, x: f(x, return_attention_scores=scores),
    )


recurrent = st.fixed_dictionaries(
    {
        "units": st.integers(0, 4),
        "use_bias": flags,
        "return_sequences": flags,
        "return_state": flags,
        "go_backwards": flags,
        "unroll": flags,
    }
)


@some
@given(st.sampled_from(["SimpleRNN", "LSTM", "GRU"]), recurrent, tensors(2, 3), flags, flags)
def test_recurrent(name: str, fields: dict[str, Any], shape: Sizes, reset_after: bool, with_states: bool) -> None:
    if name == "GRU":
        fields = {**fields, "reset_after": reset_after}
    shapes: list[Sizes] = [shape]
    if with_states:
        shapes += [(max(1, fields["units"]),)] * (2 if name == "LSTM" else 1)
    compare(
        name,
        shapes,
        fields,
        lambda: getattr(keras.layers, name)(**fields),
        lambda f, x: f(x[0], initial_state=x[1:]) if with_states else f(x[0]),
    )


@some
@given(
    st.sampled_from(["SimpleRNN", "LSTM", "GRU"]),
    recurrent,
    st.sampled_from(["concat", "sum", "mul", "ave", None]),
    tensors(2, 2),
    st.sampled_from([None, True, False]),
)
def test_bidirectional(name: str, fields: dict[str, Any], mode: Any, shape: Sizes, backwards: bool | None) -> None:
    fields = {**fields, "units": fields["units"] + 1, "unroll": False}
    other = None if backwards is None else {**fields, "go_backwards": backwards}
    kind = getattr(keras.layers, name)
    compare(
        "Bidirectional",
        [shape],
        {"layer": (name, fields), "merge_mode": mode, "backward_layer": other and (name, other)},
        lambda: keras.layers.Bidirectional(
            kind(**fields), merge_mode=mode, backward_layer=None if other is None else kind(**other)
        ),
        lambda f, x: f(*x),
    )


@some
@given(
    st.sampled_from(
        [
            ("BatchNormalization", {}),
            ("LayerNormalization", {"axis": -1}),
            ("ReLU", {}),
            ("Dropout", {"rate": 0.5}),
            ("PReLU", {}),
        ]
    ),
    tensors(1, 4),
)
def test_time_distributed(wrapped: Any, shape: Sizes) -> None:
    name, fields = wrapped
    compare(
        "TimeDistributed",
        [shape],
        {"layer": wrapped},
        lambda: keras.layers.TimeDistributed(getattr(keras.layers, name)(**fields)),
        lambda f, x: f(*x),
    )


def node(make: Any, shapes: list[Sizes]) -> tuple[str, list[Shape], dict[str, Any], list[Any]]:
    """The one operation of a model, as its file has it: key, input shapes, fields, output shapes."""
    keras.backend.clear_session()
    inputs = [keras.Input(shape) for shape in shapes]
    outputs = make(*inputs)
    listed = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    layers = json.loads(keras.Model(inputs, outputs).to_json())["config"]["layers"]
    (found,) = [one for one in layers if one["class_name"] != "InputLayer"]
    opened = open_shapes(shapes)

    def operands(value: Any) -> list[Shape]:
        if isinstance(value, list):
            return [shape for one in value for shape in operands(one)]
        if not isinstance(value, dict):
            return [()]
        if value["class_name"] == "__tensor__":
            return [np.shape(value["config"]["value"])]
        name = value["config"]["keras_history"][0]
        return [opened[[one["config"]["name"] for one in layers].index(name)]]

    fields = {name: value for name, value in found["config"].items() if name != "name"}
    shapes_in = operands(found["inbound_nodes"][0]["args"])
    return f"{found['module']}.{found['class_name']}", shapes_in, fields, [tuple(one.shape) for one in listed]


def operation(make: Any, *shapes: Sizes) -> None:
    """An operation on tensors: both accept and agree, or both refuse."""
    try:
        key, shapes_in, fields, expected = node(make, list(shapes))
    except (ValueError, TypeError, IndexError) as error:
        raise AssertionError((shapes, error)) from error
    facts = ours(key, shapes_in, fields)
    assert not isinstance(facts, Problem), (key, shapes_in, fields, str(facts))
    assert [closed(shape) for shape in facts.outputs] == expected, (key, shapes_in, fields)
    assert not facts.weights


BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "//": lambda x, y: x // y,
    "%": lambda x, y: x % y,
    "**": lambda x, y: x**y,
    "<": lambda x, y: x < y,
    ">=": lambda x, y: x >= y,
    "!=": lambda x, y: x != y,
    "maximum": keras.ops.maximum,
    "minimum": keras.ops.minimum,
    "divide": keras.ops.divide,
    "arctan2": keras.ops.arctan2,
    "logaddexp": keras.ops.logaddexp,
    "divide_no_nan": keras.ops.divide_no_nan,
    "logical_or": keras.ops.logical_or,
}


@some
@given(st.sampled_from(sorted(BINARY)), st.lists(near, min_size=1, max_size=3).map(tuple), st.data())
def test_binary_operations(name: str, shape: Sizes, data: Any) -> None:
    act = BINARY[name]
    other = data.draw(st.tuples(*[st.one_of(st.just(dim), st.just(1)) for dim in shape]))
    operation(act, shape, other)
    operation(lambda x: act(x, 2.0), shape)
    if name not in {"<", ">=", "!="}:
        operation(lambda x: act(3, x), shape)
        last = 1 if shape[-1] is None else shape[-1]
        operation(lambda x: act(x, np.ones((last,), "float32")), shape)


UNARY = [
    "abs",
    "ceil",
    "cos",
    "exp",
    "expm1",
    "floor",
    "log",
    "log1p",
    "log2",
    "logical_not",
    "negative",
    "reciprocal",
    "round",
    "rsqrt",
    "sign",
    "sin",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "erf",
    "relu",
    "relu6",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "log_sigmoid",
    "leaky_relu",
    "hard_sigmoid",
    "hard_silu",
    "elu",
    "selu",
    "gelu",
    "celu",
    "softmax",
    "log_softmax",
    "hard_tanh",
    "hard_shrink",
    "tanh_shrink",
    "squareplus",
    "sparse_plus",
    "soft_shrink",
    "sparsemax",
    "isfinite",
    "arctan",
    "cosh",
    "exp2",
    "isinf",
    "isnan",
    "log10",
    "ones_like",
    "zeros_like",
    "sinh",
    "trunc",
    "copy",
    "sparse_sigmoid",
    "normalize",
    "stop_gradient",
]


@pytest.mark.parametrize("name", UNARY)
def test_unary_operations(name: str) -> None:
    operation(getattr(keras.ops, name), (None, 4))


SHAPING = {
    "mean": lambda x: keras.ops.mean(x, axis=1),
    "mean of two": lambda x: keras.ops.mean(x, axis=(1, -1), keepdims=True),
    "sum": lambda x: keras.ops.sum(x, axis=-1, keepdims=True),
    "max": lambda x: keras.ops.max(x, axis=2),
    "amin": lambda x: keras.ops.amin(x, axis=[1, 2]),
    "var": lambda x: keras.ops.var(x, axis=1),
    "std": lambda x: keras.ops.std(x, axis=1),
    "prod": lambda x: keras.ops.prod(x, axis=1),
    "any": lambda x: keras.ops.any(x, axis=1),
    "argmax": lambda x: keras.ops.argmax(x, axis=-1),
    "argmin": lambda x: keras.ops.argmin(x, axis=1, keepdims=True),
    "logsumexp": lambda x: keras.ops.logsumexp(x, axis=1),
    "reshape": lambda x: keras.ops.reshape(x, (-1, 12)),
    "reshape two": lambda x: keras.ops.reshape(x, (-1, 2, 6)),
    "transpose": lambda x: keras.ops.transpose(x, (0, 2, 1)),
    "swapaxes": lambda x: keras.ops.swapaxes(x, 1, -1),
    "expand_dims": lambda x: keras.ops.expand_dims(x, 1),
    "expand_dims last": lambda x: keras.ops.expand_dims(x, -1),
    "flip": lambda x: keras.ops.flip(x, 1),
    "roll": lambda x: keras.ops.roll(x, 1, axis=1),
    "cumsum": lambda x: keras.ops.cumsum(x, axis=1),
    "repeat": lambda x: keras.ops.repeat(x, 3, axis=1),
    "pad": lambda x: keras.ops.pad(x, ((0, 0), (1, 2), (0, 1))),
    "split": lambda x: keras.ops.split(x, 2, axis=1),
    "split at": lambda x: keras.ops.split(x, [1, 3], axis=1),
    "clip": lambda x: keras.ops.clip(x, 0, 6),
    "cast": lambda x: keras.ops.cast(x, "float16"),
    "relu": lambda x: keras.activations.relu(x, max_value=4.0),
    "softmax": lambda x: keras.ops.softmax(x, axis=1),
    "matmul": lambda x: x @ np.ones((3, 5), "float32"),
}


@pytest.mark.parametrize("name", SHAPING)
def test_operations_on_axes(name: str) -> None:
    operation(SHAPING[name], (4, 3))


def test_operations_on_open_axes() -> None:
    for name in set(SHAPING) - {"reshape", "reshape two", "split", "split at"}:
        operation(SHAPING[name], (None, 3))
    operation(keras.ops.squeeze, (4, 1, 3, 1))
    operation(lambda x: keras.ops.squeeze(x, 2), (4, 1, None))


@some
@given(st.tuples(near, near, dims, dims), flags)
def test_operations_on_several_tensors(sizes: Any, whole: bool) -> None:
    a, b, c, d = sizes
    operation(lambda x, y: x @ y, (a, b, c), (a if whole else 1, c, d))
    operation(lambda x, y: keras.ops.concatenate([x, y], axis=-1), (b, c), (b, d))
    operation(lambda x, y: keras.ops.stack([x, y], axis=1), (b, c), (b, c))
    operation(lambda x, y: keras.ops.where(x, y, 0.0), (b, c), (1, c))


def test_the_layers_of_applications() -> None:
    from keras.src.applications.convnext import LayerScale, StochasticDepth
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    for shape in ((4, 4, 6), (None, None, 6)):
        facts = ours("LayerScale", open_shapes([shape]), {"init_values": 1e-6, "projection_dim": 6})
        expected = theirs(lambda: LayerScale(1e-6, 6), [shape], lambda f, x: f(*x))
        assert isinstance(facts, Facts)
        assert [closed(one) for one in facts.outputs] == expected[0]
        assert [weight.shape for weight in facts.weights] == [weight[1] for weight in expected[1]]
        compare(
            "CustomScaleLayer",
            [shape, shape],
            {"scale": 0.2},
            lambda: CustomScaleLayer(0.2),
            lambda f, x: f(x),
        )
        compare("StochasticDepth", [shape], {"drop_path_rate": 0.2}, lambda: StochasticDepth(0.2), lambda f, x: f(*x))
