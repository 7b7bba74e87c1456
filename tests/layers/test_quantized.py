"""Quantized layers: weights worked out by hand. What real Keras builds is compared in tests/peers."""

from __future__ import annotations

from typing import Any

from cnnsum.dims import substitute
from cnnsum.layers.facts import Kept, Weight
from cnnsum.layers.keras.quantized import scheme
from tests.layers.applying import NAMES, N, apply, bound, count, put, refusal
from tests.thorough import each

C, H, k = NAMES["C"], NAMES["H"], NAMES["k"]


def frozen(name: str, shape: tuple[Any, ...], dtype: str | None = None) -> Weight:
    return Weight(name, shape, trainable=False, dtype=dtype)


@each(
    ("text", "held"),
    [
        ("int8", (frozen("kernel", (7, 5), "int8"), frozen("kernel_scale", (5,)))),
        # Five columns of 4 bits are three bytes; seven rows in blocks of three are three groups.
        ("int4", (frozen("kernel", (7, 3), "int8"), frozen("kernel_scale", (5,)))),
        (
            "int4/3",
            (
                frozen("kernel", (7, 3), "int8"),
                frozen("kernel_scale", (3, 5)),
                frozen("kernel_zero", (3, 5), "int8"),
                frozen("g_idx", (7,), "float32"),
            ),
        ),
        (
            "gptq/4/3",
            (
                frozen("kernel", (3, 7), "uint8"),
                frozen("kernel_scale", (5, 3)),
                frozen("kernel_zero", (5, 3), "uint8"),
                frozen("g_idx", (7,), "float32"),
            ),
        ),
        (
            "gptq/3/-1",  # only elements of 4 bits are packed
            (
                frozen("kernel", (5, 7), "uint8"),
                frozen("kernel_scale", (5, 1)),
                frozen("kernel_zero", (5, 1), "uint8"),
                frozen("g_idx", (7,), "float32"),
            ),
        ),
        (
            "awq/4/7",
            (
                frozen("kernel", (3, 7), "uint8"),
                frozen("kernel_scale", (5, 1)),
                frozen("kernel_zero", (5, 1), "uint8"),
                frozen("awq_scales", (7,)),
                frozen("g_idx", (7,), "float32"),
            ),
        ),
    ],
)
def test_dense(text: str, held: tuple[Weight, ...]) -> None:
    facts = apply("Dense", (N, 7), units=5, quantization=text)
    assert facts.weights == (Weight("bias", (5,)), *held)
    assert (facts.outputs, facts.macs, facts.ops) == (((N, 5),), 35, 5)


def test_float8_keeps_the_kernel_and_adds_histories() -> None:
    facts = apply("Dense", (N, 7), units=5, quantization="float8/16")
    assert [(own.name, own.shape) for own in facts.weights] == [
        ("inputs_scale", ()),
        ("inputs_amax_history", (16,)),
        ("kernel_scale", ()),
        ("kernel_amax_history", (16,)),
        ("outputs_grad_scale", ()),
        ("outputs_grad_amax_history", (16,)),
        ("kernel", (7, 5)),
        ("bias", (5,)),
    ]
    assert count(facts, trainable=True) == count(facts) == 3 * 17 + 40
    assert count(apply("Dense", (N, 7), units=5, quantization="float8")) == 3 * 1025 + 40


def test_factors_are_trained_beside_a_table_of_integers() -> None:
    facts = apply("Dense", (N, 3, 7), units=5, use_bias=False, lora_rank=2, quantization="int8")
    a, b = Weight("lora_kernel_a", (7, 2), dtype="float32"), Weight("lora_kernel_b", (2, 5), dtype="float32")
    assert facts.weights == (a, b, frozen("kernel", (7, 5), "int8"), frozen("kernel_scale", (5,)))
    # Three rows by the kernel, and by one factor after the other.
    assert facts.macs == 3 * (7 * 5 + 7 * 2 + 2 * 5)
    assert facts.kept == (Kept("product with the first factor", (N, 3, 2), use="weights"),)
    float8 = apply("Dense", (N, 3, 7), units=5, lora_rank=2, quantization="float8")
    assert float8.macs == 3 * 7 * 5
    assert [own.trainable for own in float8.weights if own.name == "kernel"] == [False]
    einsum = apply(
        "EinsumDense", (N, 3, 7), equation="abc,cd->abd", output_shape=[3, 5], lora_rank=2, quantization="int4"
    )
    assert einsum.macs == facts.macs
    embedding = apply("Embedding", (N, 3), input_dim=9, output_dim=5, lora_rank=2, quantization="int8")
    assert embedding.macs == 3 * 2 * 5


def test_einsum() -> None:
    fields: dict[str, Any] = {"equation": "abc,cde->abde", "output_shape": [4, 2, 3], "bias_axes": "e"}
    x = (N, 4, 7)
    int8 = apply("EinsumDense", x, **fields, quantization="int8")
    bias = Weight("bias", (3,))
    assert int8.weights == (bias, frozen("kernel", (7, 2, 3), "int8"), frozen("kernel_scale", (1, 1, 2, 3)))
    int4 = apply("EinsumDense", x, **fields, quantization="int4")
    assert int4.weights == (bias, frozen("kernel", (7, 3), "int8"), frozen("kernel_scale", (6,)))
    gptq = apply("EinsumDense", x, **fields, quantization="gptq/4/2")
    assert [(own.name, own.shape) for own in gptq.weights[1:]] == [
        ("kernel", (3, 7)),
        ("kernel_scale", (6, 4)),
        ("zero_point", (6, 4)),
        ("g_idx", (7,)),
    ]


def test_longest_axis_that_depends_on_symbols() -> None:
    fields: dict[str, Any] = {"equation": "abc,cde->abde", "quantization": "gptq/8/-1"}
    problem = refusal("EinsumDense", (N, 4, C), output_shape=[4, 2, "k"], **fields)
    assert (problem.code, "depends on symbols" in str(problem)) == ("UNK705", True)
    facts = apply("EinsumDense", (N, 4, C), output_shape=[4, 1, 1], **fields)
    assert facts.weights[0].shape == (1, C)
    facts = apply("EinsumDense", (N, 4, C), output_shape=[4, "C + 1", 2], **fields)
    assert facts.weights[0].shape == (2, C * (C + 1))


@each("text", ["int8", "int4", "int4/3", "gptq/4/3", "gptq/8/-1", "awq/4/5", "float8"])
def test_symbols(text: str) -> None:
    formulas = apply("Dense", (N, H, C), units="k", quantization=text)
    for numbers in ({"C": 7, "k": 5, "H": 2}, {"C": 6, "k": 8, "H": 1}):
        plain = apply("Dense", (N, numbers["H"], numbers["C"]), units=numbers["k"], quantization=text)
        assert put(formulas.weights, **numbers) == plain.weights
        assert substitute(formulas.macs, numbers) == plain.macs


def test_embeddings() -> None:
    fields: dict[str, Any] = {"input_dim": 9, "output_dim": 5}
    int8 = apply("Embedding", (N, 3), **fields, quantization="int8")
    assert int8.weights == (frozen("embeddings", (9, 5), "int8"), frozen("embeddings_scale", (9,)))
    int4 = apply("ReversibleEmbedding", (N, 3), **fields, tie_weights=False, quantization="int4/3")
    assert int4.weights == (
        frozen("embeddings", (9, 3), "int8"),
        frozen("embeddings_scale", (9, 2)),
        frozen("embeddings_zero", (9, 2), "int8"),
        frozen("g_idx", (5,), "float32"),
        frozen("reverse_embeddings", (3, 9), "int8"),
        frozen("reverse_embeddings_scale", (2, 9)),
        frozen("reverse_embeddings_zero", (2, 9)),
    )
    tied = apply("ReversibleEmbedding", (N, 3, 5), **fields, reverse=True, quantization="int8", lora_rank=2)
    assert [own.name for own in tied.weights[2:]] == ["embeddings", "embeddings_scale"]
    assert tied.macs == 3 * 5 * 9


def test_attention() -> None:
    facts = apply("MultiHeadAttention", (N, 4, 7), (N, 4, 7), num_heads=2, key_dim=3, quantization="int8")
    assert [(own.name, own.shape) for own in facts.weights[-6:]] == [
        ("value/bias", (2, 3)),
        ("value/kernel", (7, 2, 3)),
        ("value/kernel_scale", (1, 1, 2, 3)),
        ("attention_output/bias", (7,)),
        ("attention_output/kernel", (2, 3, 7)),
        ("attention_output/kernel_scale", (1, 1, 7)),
    ]
    problem = refusal(
        *("MultiHeadAttention", (N, 4, 7), (N, 4, 7)),
        num_heads=2,
        key_dim=3,
        output_shape=[2, 5],
        quantization="awq/4/2",
    )
    assert (problem.code, str(problem)) == (
        "UNK705",
        "Keras cannot build an EinsumDense in awq but with a kernel of 2 or 3 axes",
    )


@each(
    ("text", "normal"),
    [
        ("int8", "int8"),
        ("int4", "int4"),
        ("int4/-1", "int4"),
        ("int4/128", "int4/128"),
        ("float8", "float8"),
        ("float8/1024", "float8"),
        ("float8/16", "float8/16"),
        ("gptq/4/-1", "gptq/4/-1"),
        ("awq/4/128", "awq/4/128"),
    ],
)
def test_each_way_is_written_in_one_way(text: str, normal: str) -> None:
    assert bound("Dense", units=1, quantization=text)["quantization"] == normal == str(scheme(normal))


@each(
    "text",
    [
        *("", "int", "int2", "INT8", "int8/1", "int4/0", "int4/-2", "int4/x", "int4/1/2", "float8/0", "float8/-1"),
        *("gptq", "gptq/4", "gptq/5/2", "gptq/4/0", "gptq/4/-2", "awq/8/2", "awq/4", "int8_from_float32", 8, ["int8"]),
    ],
)
def test_ways_that_do_not_exist(text: Any) -> None:
    problem = refusal("Dense", (N, 7), units=5, quantization=text)
    assert (problem.code, problem.field) == ("CFG102", ("quantization",))


@each(
    ("name", "fields", "why"),
    [
        ("Dense", {"units": 5, "lora_rank": 2, "quantization": "gptq/4/2"}, "Dense in gptq that has a lora_rank"),
        ("Dense", {"units": 5, "lora_rank": 2, "quantization": "awq/4/2"}, "Dense in awq that has a lora_rank"),
        ("Embedding", {"input_dim": 5, "output_dim": 5, "quantization": "float8"}, "no Embedding in float8"),
        ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 5, "quantization": "awq/4/2"}, "in awq, only in int8"),
        ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 5, "quantization": "int8"}, "has `...`"),
        (
            "EinsumDense",
            {"equation": "ab,b->ab", "output_shape": 7, "quantization": "gptq/4/2"},
            "but with a kernel of 2 or 3 axes",
        ),
    ],
)
def test_what_keras_cannot_build(name: str, fields: dict[str, Any], why: str) -> None:
    problem = refusal(name, (N, 7), **fields)
    assert (problem.code, problem.field) == ("UNK705", ("quantization",))
    assert why in str(problem)
