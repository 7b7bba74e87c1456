"""Dense, EinsumDense, Embedding and Identity."""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.facts import EVERYTHING, Kept, Weight
from tests.layers.applying import NAMES, N, apply, count, holds, refusal
from tests.thorough import each

H, W, k = NAMES["H"], NAMES["W"], NAMES["k"]
ANONYMOUS = Symbol("batch", anonymous=True).dim


def test_dense() -> None:
    facts = apply("Dense", (N, 784), units=10)
    assert facts.outputs == ((N, 10),)
    assert facts.weights == (Weight("kernel", (784, 10)), Weight("bias", (10,)))
    assert (facts.macs, facts.ops) == (7840, 10)
    assert (facts.keeps_input, facts.keeps_output, facts.kept, facts.window) == ("weights", False, (), None)


def test_dense_on_more_axes_with_symbols() -> None:
    facts = apply("Dense", (N, H, W, 3), units="4*k", use_bias=False)
    assert facts.outputs == ((N, H, W, 4 * k),)
    assert facts.weights == (Weight("kernel", (3, 4 * k)),)
    assert (facts.macs, facts.ops) == (12 * H * W * k, 0)


@each(
    ("activation", "keeps_output", "kept"),
    [
        ("relu", True, ()),
        ("softmax", True, ()),
        ("gelu", False, (Kept("pre-activation", (N, 10), use="activation"),)),
        ("linear", False, ()),
    ],
)
def test_an_activation_adds_its_work_and_what_it_keeps(activation: str, keeps_output: bool, kept: tuple) -> None:
    facts = apply("Dense", (N, 5), units=10, activation=activation)
    assert facts.ops == 10 + 10 * (FUNCTIONS[activation].ops or 0)
    assert (facts.keeps_output, facts.kept) == (keeps_output, kept)


def test_lora_freezes_the_kernel_and_trains_two_factors() -> None:
    facts = apply("Dense", (N, 100), units=50, lora_rank=4)
    assert facts.weights == (
        Weight("kernel", (100, 50), trainable=False),
        Weight("bias", (50,)),
        Weight("lora_kernel_a", (100, 4), dtype="float32"),
        Weight("lora_kernel_b", (4, 50), dtype="float32"),
    )
    assert (count(facts, trainable=True), count(facts, trainable=False)) == (650, 5000)
    embedding = apply("Embedding", (N, 7), input_dim=100, output_dim=50, lora_rank=4)
    assert (count(embedding, trainable=True), count(embedding, trainable=False)) == (600, 5000)


def test_an_unknown_size_makes_unknown_numbers() -> None:
    facts = apply("Dense", (N, UNKNOWN), units=10)
    assert facts.outputs == ((N, 10),)
    assert facts.macs is UNKNOWN
    assert facts.weights[0].shape[0] is UNKNOWN


def test_an_input_that_is_not_known_leaves_the_output_unknown() -> None:
    facts = apply("Dense", None, units=10)
    assert facts.outputs == (None,)
    assert facts.status == "unknown"


@each(
    ("shape", "fields", "code", "message"),
    [
        ((N,), {"units": 3}, "SHP204", "Dense needs an input of rank 2 or more (batch axis included), got (N,)"),
        (
            (N, ANONYMOUS),
            {"units": 3},
            "SHP206",
            "Dense needs to know the size of the axis that its weights span, got (N, None)",
        ),
        ((N, 3), {"units": 0}, "CFG102", "`units` must be a positive integer, got 0"),
        ((N, 3), {}, "CFG101", "Dense needs `units`"),
    ],
)
def test_dense_refuses(shape: tuple, fields: dict, code: str, message: str) -> None:
    problem = refusal("Dense", shape, **fields)
    assert (problem.code, str(problem)) == (code, message)


@each(
    ("equation", "shape", "output_shape", "bias_axes", "out", "kernel", "bias", "macs"),
    [
        ("abc,cd->abd", (10, 32), [None, 64], "d", (10, 64), (32, 64), (64,), 10 * 32 * 64),
        ("ab,bc->ac", (32,), 64, "c", (64,), (32, 64), (64,), 32 * 64),
        ("...x,xy->...y", (5, 6, 32), 64, "y", (5, 6, 64), (32, 64), (64,), 5 * 6 * 32 * 64),
        ("...bc,cd->...bd", (32,), [64], None, (64,), (32, 64), None, 32 * 64),
        ("ab...,bc->ac...", (32, 5, 6), [64], "c", (64, 5, 6), (32, 64), (64, 1, 1), 5 * 6 * 32 * 64),
        ("abc,cde->abde", (9, 16), [None, 4, 8], "de", (9, 4, 8), (16, 4, 8), (4, 8), 9 * 16 * 4 * 8),
        ("abcd,cde->abe", (9, 4, 8), [None, 16], "e", (9, 16), (4, 8, 16), (16,), 9 * 16 * 4 * 8),
        ("abc,bd->acd", (9, 16), [16, 3], "c", (16, 3), (9, 3), (16, 1), 9 * 16 * 3),
    ],
)
def test_einsum_dense(
    equation: str,
    shape: tuple,
    output_shape: object,
    bias_axes: str | None,
    out: tuple,
    kernel: tuple,
    bias: object,
    macs: int,
) -> None:
    facts = apply("EinsumDense", (N, *shape), equation=equation, output_shape=output_shape, bias_axes=bias_axes)
    assert facts.outputs == ((N, *out),)
    assert [weight.shape for weight in facts.weights] == [kernel] + ([bias] if bias else [])
    assert facts.macs == macs
    elements = 1
    for dim in out:
        elements *= dim
    assert facts.ops == (elements if bias_axes else 0)
    assert facts.keeps_input


def test_einsum_dense_sees_everything_only_where_it_mixes_positions() -> None:
    assert apply("EinsumDense", (N, H, 32), equation="abc,cd->abd", output_shape=[None, 4]).window is None
    assert apply("EinsumDense", (N, 9, 32), equation="abc,bd->adc", output_shape=[4, None]).window == EVERYTHING


def test_einsum_dense_records_that_a_symbol_must_have_the_given_size() -> None:
    facts = apply("EinsumDense", (N, H, 32), equation="abc,cd->abd", output_shape=[10, 64])
    (need,) = facts.needs
    assert holds(need, H=10)
    assert not holds(need, H=11)
    assert facts.outputs == ((N, 10, 64),)


@each(
    ("fields", "shape", "code", "message"),
    [
        (
            {"equation": "abc,cd", "output_shape": 4},
            (N, 2, 3),
            "CFG115",
            "`equation` must have the form X,Y->Z, ...X,Y->...Z or X...,Y->Z... with letters, got 'abc,cd'",
        ),
        (
            {"equation": "abc,cd->abe", "output_shape": [2, 4]},
            (N, 2, 3),
            "CFG115",
            "axis 'e' of the output is in neither input nor kernel, got 'abc,cd->abe'",
        ),
        (
            {"equation": "abc,cde->abd", "output_shape": [2, 4]},
            (N, 2, 3),
            "CFG115",
            "axis 'e' of the kernel is in neither input nor output, got 'abc,cde->abd'",
        ),
        (
            {"equation": "abc,cd->abd", "output_shape": [3, 4]},
            (N, 2, 3),
            "SHP212",
            "EinsumDense: axis 'b' is 2 in the input and 3 in output_shape",
        ),
        (
            {"equation": "abc,cd->abd", "output_shape": [2, None]},
            (N, 2, 3),
            "SHP212",
            "EinsumDense: output_shape must give the size of axis 'd', got null",
        ),
        (
            {"equation": "abc,cd->abd", "output_shape": 4},
            (N, 2, 3),
            "SHP212",
            "EinsumDense: output_shape must give the sizes of 'abd' after the batch, got [4]",
        ),
        (
            {"equation": "abc,cd->abd", "output_shape": [2, 4]},
            (N, 3),
            "SHP212",
            "EinsumDense: 'abc,cd->abd' does not fit the rank of its input, got (N, 3)",
        ),
        (
            {"equation": "abc,cd->abd", "output_shape": [2, 4], "bias_axes": "c"},
            (N, 2, 3),
            "CFG115",
            "`bias_axes` names 'c', which is not an axis of the output of 'abc,cd->abd'",
        ),
    ],
)
def test_einsum_dense_refuses(fields: dict, shape: tuple, code: str, message: str) -> None:
    problem = refusal("EinsumDense", shape, **fields)
    assert (problem.code, str(problem)) == (code, message)


def test_embedding() -> None:
    facts = apply("Embedding", (N, 128), input_dim=20000, output_dim=64, mask_zero=True)
    assert facts.outputs == ((N, 128, 64),)
    assert facts.weights == (Weight("embeddings", (20000, 64)),)
    assert (facts.macs, facts.ops, facts.keeps_input) == (0, 0, "weights")


def test_identity_is_its_input() -> None:
    facts = apply("Identity", (N, H, 3))
    assert (facts.outputs, facts.alias, facts.dtype, facts.macs, facts.ops) == (((N, H, 3),), "view", "input", 0, 0)
    assert not facts.keeps_input


def test_an_axis_of_the_bias_that_the_output_leaves_open() -> None:
    fields = {"equation": "abc,dc->abd", "output_shape": [None, 5], "bias_axes": "bd"}
    problem = refusal("EinsumDense", (N, 2, 4), **fields)
    message = "`output_shape` must give the size of axis 'b', which the bias has, got null"
    assert (problem.code, str(problem)) == ("CFG115", message)
