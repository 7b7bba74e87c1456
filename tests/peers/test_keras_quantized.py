"""Layers that are quantized, or have LoRA, or both: their weights are those that Keras builds from the same file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

keras = pytest.importorskip("keras")

from keras import Input, Model, Sequential, dtype_policies, layers, quantizers  # noqa: E402 - after the choice above
from keras_loading import loads  # noqa: E402 - needs Keras
from keras_text import check_numbers, check_text  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.dims import UNKNOWN  # noqa: E402 - as above
from cnnsum.writers import write  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _settings_as_they_were() -> Iterator[None]:
    yield
    keras.utils.clear_session()
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")


def einsum(equation: str, output: Any, **fields: Any) -> Callable[..., Any]:
    return lambda **more: layers.EinsumDense(equation, output_shape=output, **fields, **more)


#: By name: a layer, and what it is called on.
LAYERS: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "dense": (lambda **more: layers.Dense(5, **more), (7,)),
    "dense_relu": (lambda **more: layers.Dense(4, activation="relu", **more), (3, 8)),
    "dense_without_bias": (lambda **more: layers.Dense(5, use_bias=False, **more), (3, 7)),
    "einsum": (einsum("abc,cd->abd", (4, 5), bias_axes="d"), (4, 7)),
    "einsum_heads": (einsum("abc,cde->abde", (4, 2, 3), bias_axes="de"), (4, 7)),
    "einsum_out": (einsum("abcd,cde->abe", (4, 7), bias_axes="e"), (4, 2, 3)),
    "einsum_out_long": (einsum("abcd,cde->abe", (4, 3)), (4, 9, 3)),
    "einsum_ellipsis": (einsum("...x,xy->...y", 5, bias_axes="y"), (4, 7)),
    "einsum_of_four": (einsum("ab,bcde->acde", (2, 3, 4)), (7,)),
    "einsum_of_one": (einsum("ab,b->ab", (7,)), (7,)),
    "embedding": (lambda **more: layers.Embedding(9, 5, **more), (4,)),
    "reversible": (lambda **more: layers.ReversibleEmbedding(9, 5, **more), (4,)),
    "reversible_untied": (lambda **more: layers.ReversibleEmbedding(9, 5, tie_weights=False, **more), (4,)),
    "conv1d": (lambda **more: layers.Conv1D(4, 3, **more), (8, 3)),
    "conv2d": (lambda **more: layers.Conv2D(4, 3, use_bias=False, **more), (8, 8, 3)),
    "conv3d": (lambda **more: layers.Conv3D(4, 2, groups=2, **more), (5, 5, 5, 4)),
    "transposed": (lambda **more: layers.Conv2DTranspose(4, 3, **more), (8, 8, 3)),
    "depthwise": (lambda **more: layers.DepthwiseConv2D(3, **more), (8, 8, 3)),
    "attention": (lambda **more: Alone(layers.MultiHeadAttention(2, 3, **more)), (4, 7)),
    "attention_wide": (lambda **more: Alone(layers.MultiHeadAttention(3, 4, value_dim=5, **more)), (2, 4, 7)),
    "attention_without_bias": (lambda **more: Alone(layers.MultiHeadAttention(2, 3, use_bias=False, **more)), (4, 5)),
    "attention_grouped": (lambda **more: Alone(layers.GroupQueryAttention(3, 4, 2, **more)), (4, 7)),
    "normalization": (layers.BatchNormalization, (8, 8, 3)),
    "recurrent": (lambda **more: layers.LSTM(3, **more), (4, 6)),
    "relu": (layers.ReLU, (8,)),
    "flatten": (layers.Flatten, (8, 3)),
}
POLICIES = (
    *("float32", "mixed_bfloat16", "int8_from_float32", "int8_from_mixed_bfloat16", "int8_from_bfloat16"),
    *("int4_from_float32", "int4/3_from_float32", "int4/128_from_mixed_float16", "int4/-1_from_float32"),
    *("float8_from_float32", "float8_from_mixed_bfloat16"),
    *("gptq/4/3_from_float32", "gptq/8/-1_from_mixed_bfloat16", "gptq/2/5_from_float32"),
    *("awq/4/3_from_float32", "awq/4/-1_from_mixed_bfloat16"),
)
WITH_LORA = ("Dense", "EinsumDense", "Embedding", "ReversibleEmbedding", "Conv1D", "Conv2D", "Conv3D")


#: With LoRA these cannot be built, but got by `enable_lora`.
UNTIED = (("reversible_untied", "float32"), ("reversible_untied", "mixed_bfloat16"))


class Alone:
    """A layer that is called with its input twice."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def __call__(self, x: Any) -> Any:
        return self.layer(x, x)


def model_of(name: str, **fields: Any) -> Any:
    """A model with one such layer, called `it`."""
    make, shape = LAYERS[name]
    embedding = name.startswith(("embedding", "reversible"))
    x = Input(shape, dtype="int32" if embedding else "float32", name="x")
    return Model(x, make(name="it", **fields)(x))


def check(text: str, model: Any) -> None:
    """The report of a file is that of the model, and its weights are those of the model, in Keras's order."""
    loaded = loads(text)
    report = cnnsum.summarize(loaded)
    assert [str(found) for found in report.diagnostics] == []
    check_numbers(model, report)
    check_text(model, report, {}, {"show_trainable": True, "line_length": 120})
    for call in loaded.inference.calls:
        layer = model.get_layer(call.layer.name)
        assert (call.layer.policy.compute, call.layer.policy.variable) == (layer.compute_dtype, layer.variable_dtype)
        ours = [
            (own.name.split("/")[-1], own.shape, own.dtype or call.layer.policy.variable) for own in call.facts.weights
        ]
        assert ours == [(own.name, tuple(own.shape), str(own.dtype)) for own in layer.weights]
        trained = [own.trainable for own in call.facts.weights]
        assert trained == [own.trainable for own in layer.weights] or not layer.trainable


def rebuilt(text: str) -> Any:
    keras.utils.clear_session()
    return keras.models.model_from_json(text)


@pytest.mark.parametrize("lora", [None, 2])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", LAYERS)
def test_policies(name: str, policy: str, lora: int | None) -> None:
    """Every type in every policy: what Keras builds is what we count; what Keras cannot build we do not count."""
    make, _ = LAYERS[name]
    layer = make()
    if lora is not None and type(layer).__name__ not in WITH_LORA:
        return
    fields: dict[str, Any] = {"dtype": policy, **({} if lora is None else {"lora_rank": lora})}
    try:
        text = model_of(name, **fields).to_json()
    except (AttributeError, NotImplementedError, TypeError, UnboundLocalError, ValueError) as error:
        # The one fails with NumPy's arrays alone; the other has the weights that Keras's own models have.
        if "numpy.ndarray" not in str(error) and (name, policy) not in UNTIED:
            refused(name, fields)
        return
    check(text, rebuilt(text))


def refused(name: str, fields: dict[str, Any]) -> None:
    """Keras cannot build the layer: its weights must not be known."""
    text = model_of(name).to_json()
    value = json.loads(text)
    config = next(layer for layer in value["config"]["layers"] if layer["name"] == "it")["config"]
    config.update(fields)
    loaded = loads(json.dumps(value))
    assert [found.code for found in loaded.diagnostics] == ["UNK705"]
    assert "Keras" in loaded.diagnostics[0].message
    assert cnnsum.summarize(loaded).totals.params.total is UNKNOWN


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", ["dense", "einsum_heads", "attention"])
def test_as_specs_and_back(name: str, policy: str) -> None:
    """A spec says it with a field; the file that is written from Keras's own keeps Keras's words."""
    found = loads(model_of(name, dtype=policy).to_json())
    there = [loads(write(found.graph, found.inference, to)[0]) for to in ("yaml", "keras")]
    wanted = cnnsum.summarize(found)
    for report in map(cnnsum.summarize, there):
        assert report.diagnostics == ()
        assert report.totals == wanted.totals
        assert [row.weights for row in report.rows] == [row.weights for row in wanted.rows]


def test_policies_as_plain_texts() -> None:
    for name in ("dense", "einsum_heads", "embedding", "attention", "conv2d"):
        for policy in ("int8_from_mixed_bfloat16", "int4/3_from_float32"):
            value = json.loads(model_of(name, dtype=policy).to_json())
            next(layer for layer in value["config"]["layers"] if layer["name"] == "it")["config"]["dtype"] = policy
            text = json.dumps(value)
            check(text, rebuilt(text))


# Models that Keras itself quantized.

CONFIGS: dict[str, Callable[[], Any]] = {
    "int8": quantizers.Int8QuantizationConfig,
    "int8 of weights": lambda: quantizers.Int8QuantizationConfig(activation_quantizer=None),
    "int4": quantizers.Int4QuantizationConfig,
    "int4 in blocks": lambda: quantizers.Int4QuantizationConfig(block_size=3),
    "int4 by channel": lambda: quantizers.Int4QuantizationConfig(block_size=None),
    "int4 and inputs": lambda: quantizers.Int4QuantizationConfig(
        block_size=-1, activation_quantizer=quantizers.AbsMaxQuantizer()
    ),
    "float8": quantizers.Float8QuantizationConfig,
}


def network() -> Any:
    x = Input((6,), dtype="int32", name="words")
    y = layers.Embedding(11, 7, name="table")(x)
    y = layers.Conv1D(5, 3, padding="same", activation="relu")(y)
    y = layers.EinsumDense("abc,cde->abde", output_shape=(6, 2, 3), bias_axes="e", name="heads")(y)
    y = layers.EinsumDense("abde,def->abf", output_shape=(6, 5), name="back")(y)
    y = layers.LayerNormalization()(y)
    y = layers.Dense(9, activation="gelu", name="wide")(y)
    return Model(x, layers.Dense(3, use_bias=False, name="last")(layers.Flatten()(y)))


@pytest.mark.parametrize("lora", ["none", "before", "after"])
@pytest.mark.parametrize("name", CONFIGS)
def test_quantized_by_keras(name: str, lora: str) -> None:
    model = network()
    wanted = [model.get_layer(one) for one in ("heads", "wide", "conv1d")]
    if "int4" not in name:  # NumPy's arrays, as above
        wanted.append(model.get_layer("table"))
    if lora == "before":
        for layer in wanted:
            layer.enable_lora(2)
    model.quantize(config=CONFIGS[name]())
    if lora == "after":
        for layer in wanted:
            layer.enable_lora(3, lora_alpha=4)
    model.get_layer("back").trainable = False
    text = model.to_json()
    again = rebuilt(text)
    check(text, again)
    assert sorted(map(str, weights_of(model))) == sorted(map(str, weights_of(again)))


@pytest.mark.parametrize("block", [None, 3])
@pytest.mark.parametrize("name", ["embedding", "reversible", "reversible_untied"])
def test_int4_tables_with_lora(name: str, block: int | None) -> None:
    """Which Keras builds from the file with the arrays of PyTorch and JAX, but not with NumPy's."""
    model = model_of(name)
    model.get_layer("it").enable_lora(2)
    model.quantize(config=quantizers.Int4QuantizationConfig(block_size=block))
    check(model.to_json(), model)


def weights_of(model: Any) -> list[Any]:
    return [(own.path, tuple(own.shape), str(own.dtype), own.trainable) for own in model.weights]


def test_quantized_networks_within_networks() -> None:
    inner = Model(a := Input((6,), name="a"), layers.Dense(4, name="inner_dense")(a), name="inner")
    chain = Sequential([Input((4,)), layers.Dense(5, name="chained"), layers.ReLU()], name="chain")
    shared = layers.Dense(6, name="shared", dtype="int4/2_from_mixed_bfloat16")
    x = Input((6,), name="x")
    model = Model(x, chain(inner(shared(shared(x)))))
    inner.quantize("int8")
    chain.quantize("int4")
    text = model.to_json()
    report = cnnsum.summarize(loads(text))
    assert report.diagnostics == ()
    model = rebuilt(text)
    check_numbers(model, report)
    check_text(model, report)


# What the policy alone does not say.


@pytest.mark.parametrize(
    "made",
    [
        lambda: {"dtype": dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", 16)},
        lambda: {"dtype": dtype_policies.QuantizedFloat8DTypePolicy("int8", "float32", 16)},
        lambda: {"dtype": dtype_policies.QuantizedDTypePolicy("float8", "mixed_bfloat16")},
        lambda: {"dtype": dtype_policies.QuantizedDTypePolicy("int8")},
        lambda: {
            "dtype": "int4/3_from_float32",
            "quantization_config": quantizers.Int4QuantizationConfig(block_size=2),
        },
        lambda: {
            "dtype": "int4/3_from_float32",
            "quantization_config": quantizers.Int4QuantizationConfig(block_size=None),
        },
        lambda: {"dtype": "int4_from_float32", "quantization_config": quantizers.Int8QuantizationConfig()},
        lambda: {
            "dtype": "int8_from_float32",
            "quantization_config": quantizers.Int4QuantizationConfig(block_size=2),
        },
        lambda: {"dtype": "float32", "quantization_config": quantizers.Int8QuantizationConfig()},
        lambda: {
            "dtype": "gptq/4/3_from_float32",
            "quantization_config": quantizers.GPTQConfig(None, None, weight_bits=8, group_size=2),
        },
        lambda: {
            "dtype": dtype_policies.QuantizedDTypePolicy("gptq", "float32"),
            "quantization_config": quantizers.GPTQConfig(None, None),
        },
        lambda: {
            "dtype": dtype_policies.QuantizedDTypePolicy("awq", "float32"),
            "quantization_config": quantizers.AWQConfig(None, None, group_size=2),
        },
        lambda: {"dtype": "int8_from_float32", "trainable": False},
        lambda: {"dtype": "int8_from_float32", "trainable": False, "lora_rank": 2},
    ],
)
@pytest.mark.parametrize("name", ["dense", "einsum_heads"])
def test_configs(name: str, made: Callable[[], dict[str, Any]]) -> None:
    text = model_of(name, **made()).to_json()
    check(text, rebuilt(text))


@pytest.mark.parametrize(
    "policy",
    [
        *("int8_from_float16", "int8_from_mixed_float16", "int8_from_", "int8_from_float32_from_float32"),
        *("int8/4_from_float32", "int4/0_from_float32", "int4/-2_from_float32", "int4/x_from_float32"),
        *("int4/2/3_from_float32", "gptq_from_float32", "gptq/5/4_from_float32", "gptq/4/-2_from_float32"),
        *("awq/8/4_from_float32", "awq/4_from_float32", "float8/3_from_float32", "int8_from_zork"),
    ],
)
def test_policies_that_keras_does_not_have(policy: str) -> None:
    with pytest.raises(ValueError, match=r"[Mm]ode|pair|DTypePolicy"):
        dtype_policies.get(policy)
    refused("dense", {"dtype": policy})


def test_policies_without_sizes() -> None:
    for mode in ("gptq", "awq"):
        fields = {"dtype": dtype_policies.serialize(dtype_policies.QuantizedDTypePolicy(mode, "float32"))}
        with pytest.raises(ValueError, match="must be specified"):
            model_of("dense", dtype=dtype_policies.QuantizedDTypePolicy(mode, "float32"))
        value = json.loads(model_of("dense").to_json())
        value["config"]["layers"][1]["config"].update(fields)
        (found,) = loads(json.dumps(value)).diagnostics
        assert "has the sizes of" in found.message


# Maps of policies.


@pytest.mark.parametrize(
    ("policies", "default"),
    [
        ({"it": "int8_from_float32", "other": "int4_from_float32"}, "mixed_bfloat16"),
        ({"other": "int4_from_float32"}, "mixed_bfloat16"),
        ({"other": "int4_from_float32"}, "int4/2_from_mixed_bfloat16"),
        ({"other": "int4_from_float32"}, None),
        ({}, "int8_from_float32"),
        ({"i.*": "int4/2_from_float32", "x.*": "bfloat16"}, None),
        ({".t": "float8_from_mixed_bfloat16"}, "float32"),
        ({"it": "bfloat16", ".*": "int8_from_float32"}, "float32"),
        ({"it": "gptq/4/3_from_float32"}, "float32"),
        ({"it": "int8_from_float32", "it.x": "int4_from_float32"}, "float32"),
    ],
)
@pytest.mark.parametrize("name", ["dense", "einsum", "normalization"])
def test_maps(name: str, policies: dict[str, str], default: str | None) -> None:
    found = {path: dtype_policies.get(policy) for path, policy in policies.items()}
    text = model_of(name, dtype=dtype_policies.DTypePolicyMap(default, found)).to_json()
    check(text, rebuilt(text))


@pytest.mark.parametrize(
    ("name", "policies"),
    [
        ("dense", {"i(t)": "int8_from_float32"}),
        ("dense", {"i.*": "int8_from_float32", ".*t": "int4_from_float32"}),
        ("attention", {"it/query": "int8_from_float32"}),
        ("attention", {"it": "int8_from_float32"}),
    ],
)
def test_maps_that_are_not_followed(name: str, policies: dict[str, str]) -> None:
    found = {path: dtype_policies.serialize(dtype_policies.get(policy)) for path, policy in policies.items()}
    config = {"default_policy": "float32", "policy_map": found}
    value = json.loads(model_of(name).to_json())
    value["config"]["layers"][1]["config"]["dtype"] = {
        "module": "keras.dtype_policies", "class_name": "DTypePolicyMap", "config": config, "registered_name": None,
    }  # fmt: skip
    (said,) = loads(json.dumps(value)).diagnostics
    assert said.code == "UNK705"
    assert "map of dtype policies" in said.message


# Layers inside others.


def test_wrapped() -> None:
    x = Input((4, 6), name="x")
    y = layers.TimeDistributed(layers.Dense(3, dtype="int8_from_float32", lora_rank=2), name="a")(x)
    y = layers.TimeDistributed(layers.Dense(5), dtype="int4_from_float32", name="b")(y)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True, dtype="int8_from_float32"), name="c")(y)
    text = Model(x, y).to_json()
    report = cnnsum.summarize(loads(text))
    assert report.diagnostics == ()
    check_numbers(rebuilt(text), report)


def test_wrapped_and_not_known() -> None:
    x = Input((8, 8, 2), name="x")
    text = Model(x, layers.SpectralNormalization(layers.Dense(3, dtype="int8_from_float32"), name="it")(x)).to_json()
    assert [found.code for found in cnnsum.summarize(loads(text)).diagnostics] == ["UNK705"]
    value = json.loads(Model(x, layers.TimeDistributed(layers.Dense(3), name="it")(x)).to_json())
    value["config"]["layers"][1]["config"]["layer"]["config"].update(dtype="awq/4/2_from_float32", lora_rank=2)
    (found,) = loads(json.dumps(value)).diagnostics
    assert (found.code, found.severity) == ("UNK705", "warning")
    assert "wraps a quantized Dense" in found.message


# The scales of EinsumDense are laid out by rules of their own.


@st.composite
def equations(draw: st.DrawFn) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """An equation, the input's shape and the output's without the batch."""
    sizes = dict(zip("bcdefgh", (2, 3, 5, 4, 7, 6, 3), strict=True))
    given_letters = draw(st.permutations("bcde"))[: draw(st.integers(1, 4))]
    added = draw(st.permutations("fgh"))[: draw(st.integers(0, 3))]
    kept = [letter for letter in given_letters if draw(st.booleans())]
    result = draw(st.permutations([*kept, *added]))
    kernel = [letter for letter in (*given_letters, *added) if letter in added or draw(st.booleans())]
    kernel = draw(st.permutations(kernel or given_letters))
    equation = f"a{''.join(given_letters)},{''.join(kernel)}->a{''.join(result)}"
    return equation, tuple(sizes[one] for one in given_letters), tuple(sizes[one] for one in result)


@settings(max_examples=100)
@given(equations(), st.sampled_from(["int8", "int4", "int4/2", "gptq/4/3", "gptq/3/-1", "awq/4/2"]))
def test_equations(case: tuple[str, tuple[int, ...], tuple[int, ...]], mode: str) -> None:
    equation, shape, output = case
    layer = layers.EinsumDense(equation, output_shape=output, name="it", dtype=f"{mode}_from_float32")
    config = {"name": "it", "equation": equation, "output_shape": list(output), "dtype": f"{mode}_from_float32"}
    chain = {
        "class_name": "Sequential",
        "module": "keras",
        "config": {
            "name": "chain",
            "layers": [
                {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, *shape]}},
                {"module": "keras.layers", "class_name": "EinsumDense", "config": config, "registered_name": None},
            ],
        },
    }
    chain["config"]["layers"][0]["config"] |= {"name": "x", "dtype": "float32"}  # type: ignore[index]
    loaded = loads(json.dumps(chain))
    try:
        layer.build((None, *shape))
    except (UnboundLocalError, ValueError, IndexError):
        assert [found.code for found in loaded.diagnostics] == ["UNK705"]
        return
    assert [str(found) for found in loaded.diagnostics] == []
    (call,) = loaded.inference.calls
    ours = [(own.name, own.shape, own.dtype or "float32") for own in call.facts.weights]
    assert ours == [(own.name, tuple(own.shape), str(own.dtype)) for own in layer.weights]


SPEC = """
input: [4, 7]
layers:
  - Dense: {units: 5, quantization: int8, lora_rank: 2, name: a, dtype: mixed_bfloat16}
  - Dense: {units: 6, quantization: int4/3, name: b}
  - EinsumDense: {equation: 'abc,cde->abde', output_shape: [4, 2, 3], bias_axes: de, quantization: gptq/4/3}
  - Dense: {units: 9, quantization: float8/16, name: c}
  - TimeDistributed: {layer: {Dense: {units: 3, quantization: int8}}}
  - Dense: {units: 9, name: d}
"""


def test_specs_as_keras() -> None:
    found = loads(SPEC)
    text, findings = write(found.graph, found.inference, "keras")
    assert findings == []
    report = cnnsum.summarize(loads(text))
    assert report.totals == cnnsum.summarize(found).totals
    check_numbers(rebuilt(text), report)
