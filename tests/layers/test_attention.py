"""Attention layers: shapes, weights, work by hand, what is kept, and what is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.dims import Symbol
from cnnsum.layers.facts import EVERYTHING, Kept, Weight
from tests.layers.applying import NAMES, N, apply, count, put, refusal
from tests.thorough import each

T, C = NAMES["T"], NAMES["C"]
OPEN = Symbol("open", anonymous=True).dim


def test_multi_head_attention():
    facts = apply("MultiHeadAttention", (N, 5, 8), (N, 6, 7), num_heads=2, key_dim=3, value_dim=4)
    assert facts.outputs == ((N, 5, 8),)
    assert facts.weights == (
        Weight("query/kernel", (8, 2, 3)),
        Weight("query/bias", (2, 3)),
        Weight("key/kernel", (7, 2, 3)),
        Weight("key/bias", (2, 3)),
        Weight("value/kernel", (7, 2, 4)),
        Weight("value/bias", (2, 4)),
        Weight("attention_output/kernel", (2, 4, 8)),
        Weight("attention_output/bias", (8,)),
    )
    projections = 5 * 8 * 6 + 6 * 7 * 6 + 6 * 7 * 8 + 5 * 8 * 8
    assert facts.macs == projections + 5 * 6 * 2 * (3 + 4)
    biases = 5 * 6 + 6 * 6 + 6 * 8 + 5 * 8
    assert facts.ops == biases + 5 * 6 + 5 * (2 * 5 * 6)
    assert (facts.keeps_input, facts.keeps_output, facts.window) == ("weights", False, EVERYTHING)
    assert facts.kept == (
        Kept("queries", (N, 5, 2, 3)),
        Kept("keys", (N, 6, 2, 3)),
        Kept("values", (N, 6, 2, 4)),
        Kept("attended", (N, 5, 2, 4), use="weights"),
        Kept("scores", (N, 2, 5, 6)),
    )
    assert facts.scratch == ((N, 5, 2, 3), (N, 6, 2, 3), (N, 6, 2, 4), (N, 2, 5, 6))


def test_multi_head_attention_with_everything():
    facts = apply(
        "MultiHeadAttention",
        (N, 5, 8),
        (N, 6, 7),
        (N, 6, 9),
        (N, 5, 6),
        keywords=("key", "attention_mask"),
        num_heads=2,
        key_dim=3,
        dropout=0.1,
        use_bias=False,
        use_gate=True,
        output_shape=[2, 2],
        return_attention_scores=True,
    )
    assert facts.outputs == ((N, 5, 2, 2), (N, 2, 5, 6))
    assert [(weight.name, weight.shape) for weight in facts.weights] == [
        ("query/kernel", (8, 2, 3)),
        ("key/kernel", (9, 2, 3)),
        ("gate/kernel", (8, 2, 3)),
        ("value/kernel", (7, 2, 3)),
        ("attention_output/kernel", (2, 3, 2, 2)),
    ]
    assert facts.ops == 5 * 6 + (5 + 2) * 60 + 4 * (5 * 2 * 3)
    assert [kept.name for kept in facts.kept] == [
        "queries",
        "keys",
        "values",
        "attended",
        "gate",
        "attended, gated",
        "mask of scores",
        "scores after dropout",
        "scores",
    ]


def test_attention_over_some_axes():
    facts = apply("MultiHeadAttention", (N, 5, 7, 8), (N, 6, 7, 8), num_heads=2, key_dim=3, attention_axes=1)
    assert facts.kept[-1].shape == (N, 7, 2, 5, 6)
    both = apply("MultiHeadAttention", (N, 5, 7, 8), (N, 5, 7, 8), num_heads=2, key_dim=3)
    assert both.kept[-1].shape == (N, 2, 5, 7, 5, 7)


def test_causal_and_sliding_masks_cost_like_any():
    plain = apply("MultiHeadAttention", (N, 5, 8), (N, 5, 8), num_heads=2, key_dim=3).ops
    for fields in ({"use_causal_mask": True}, {"sliding_window": 2}):
        facts = apply("MultiHeadAttention", (N, 5, 8), (N, 5, 8), num_heads=2, key_dim=3, **fields)
        assert facts.ops == plain + 2 * 50


def test_the_encoder_of_a_transformer_by_hand():
    # Self-attention of 8 heads of 64 over 512 channels: four projections of 512 x 512.
    facts = apply("MultiHeadAttention", (N, T, 512), (N, T, 512), num_heads=8, key_dim=64)
    assert count(facts) == 4 * (512 * 512 + 512)
    assert facts.macs == 4 * 512 * 512 * T + 2 * 512 * T * T


def test_grouped_query_attention():
    facts = apply("GroupedQueryAttention", (N, 5, 8), (N, 6, 8), head_dim=4, num_query_heads=4, num_key_value_heads=2)
    assert facts.outputs == ((N, 5, 8),)
    assert facts.weights[2] == Weight("key/kernel", (8, 2, 4))
    assert facts.kept[-1].shape == (N, 4, 5, 6)
    assert facts.macs == 5 * 8 * 16 + 2 * 6 * 8 * 8 + 2 * 4 * 5 * 6 * 4 + 5 * 16 * 8


def test_attention():
    facts = apply("Attention", (N, 5, 8), (N, 6, 8))
    assert (facts.outputs, facts.weights) == (((N, 5, 8),), ())
    assert (facts.macs, facts.ops) == (2 * 5 * 6 * 8, 5 * 30)
    assert (facts.keeps_input, facts.kept) == (True, (Kept("scores", (N, 5, 6)),))
    facts = apply("Attention", (N, 5, 8), (N, 6, 3), (N, 6, 8), use_scale=True, return_attention_scores=True)
    assert facts.outputs == ((N, 5, 3), (N, 5, 6))
    assert (facts.weights, facts.ops) == ((Weight("scale", ()),), 6 * 30)
    facts = apply("Attention", (N, 5, 8), (N, 6, 8), score_mode="concat", use_scale=True, dropout=0.1)
    assert [weight.name for weight in facts.weights] == ["scale", "concat_score_weight"]
    assert (facts.macs, facts.ops) == (5 * 6 * 8, 6 * 30 + 4 * 240)
    assert [kept.name for kept in facts.kept] == [
        "scores",
        "tanh of query and key",
        "mask of scores",
        "scores after dropout",
    ]


def test_additive_attention():
    facts = apply("AdditiveAttention", (N, 5, 8), (N, 6, 8), use_causal_mask=True)
    assert (facts.outputs, facts.weights) == (((N, 5, 8),), (Weight("scale", (8,)),))
    assert (facts.macs, facts.ops) == (240, 7 * 30 + 4 * 240)


@each(
    ("name", "shapes", "fields", "code", "message"),
    [
        (
            "MultiHeadAttention",
            [(N, 5, 8), (N, 6, 8), (N, 7, 8)],
            {"num_heads": 2, "key_dim": 3},
            "SHP202",
            (
                "MultiHeadAttention needs value and key of the same length on axis 1, "
                "got (N, 5, 8), (N, 6, 8) and (N, 7, 8)"
            ),
        ),
        (
            "MultiHeadAttention",
            [(N, 5, 8), (N, 6, 7, 8)],
            {"num_heads": 2, "key_dim": 3},
            "SHP204",
            (
                "MultiHeadAttention needs query, value and key of the same rank, "
                "got (N, 5, 8), (N, 6, 7, 8) and (N, 6, 7, 8)"
            ),
        ),
        (
            "MultiHeadAttention",
            [(N, 5, 8), (N, 6, OPEN)],
            {"num_heads": 2, "key_dim": 3},
            "SHP206",
            "MultiHeadAttention needs to know the size of the axis that its weights span, got (N, 6, None)",
        ),
        (
            "MultiHeadAttention",
            [(N, 5, 8), (N, 6, 8)],
            {"num_heads": 2, "key_dim": 3, "attention_axes": 2},
            "SHP205",
            "MultiHeadAttention: (N, 6, 8) has no axis 2 to attend over",
        ),
        (
            "MultiHeadAttention",
            [(N, 5, 8), (N, 6, 8)],
            {"num_heads": 2, "key_dim": 3, "flash_attention": True, "dropout": 0.5},
            "CFG116",
            "MultiHeadAttention cannot use dropout or return scores with flash_attention",
        ),
        (
            "MultiHeadAttention",
            [(N, 5, 8), (N, 6, 8), (N, 6, 8), (N, 4)],
            {"num_heads": 2, "key_dim": 3},
            "SHP202",
            "MultiHeadAttention needs a query_mask that ends in (5,), got (N, 4)",
        ),
        (
            "GroupedQueryAttention",
            [(N, 5, 8), (N, 6, 8)],
            {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 3},
            "SHP203",
            "`num_key_value_heads` must divide `num_query_heads`, got 3 and 4",
        ),
        (
            "Attention",
            [(N, 5, 8), (N, 6, 7)],
            {},
            "SHP202",
            "Attention needs a query and a key of the same depth, got (N, 5, 8), (N, 6, 7) and (N, 6, 7)",
        ),
        (
            "Attention",
            [(N, 5, 8), (N, 6, 8)],
            {"score_mode": "sum"},
            "CFG102",
            "`score_mode` must be one of dot, concat, got 'sum'",
        ),
        ("Attention", [(N, 5, 8)], {}, "GRF303", "Attention takes 2 to 5 inputs, got 1"),
    ],
)
def test_what_is_refused(name, shapes, fields, code, message):
    problem = refusal(name, *shapes, **fields)
    assert (problem.code, str(problem)) == (code, message)


@given(st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_formulas_give_the_numbers(steps, depth, gate):
    fields = {"num_heads": 2, "key_dim": 3, "use_gate": gate}
    formula = apply("MultiHeadAttention", (N, T, C), (N, T, C), **fields)
    numbers = apply("MultiHeadAttention", (N, steps, depth), (N, steps, depth), **fields)
    assert put(formula, T=steps, C=depth) == put(numbers)
    formula = apply("AdditiveAttention", (N, T, C), (N, T, C))
    assert put(formula, T=steps, C=depth) == put(apply("AdditiveAttention", (N, steps, depth), (N, steps, depth)))
