"""Attention and transformers in PyTorch's words, worked out by hand. N samples, 3 and 5 positions, a depth of 8."""

from __future__ import annotations

from applying import N, count
from torch_applying import apply, refusal, weights

from tests.thorough import each

QUERY, KEY = (N, 3, 8), (N, 5, 8)


def test_attention_to_another_sequence():
    facts = apply("MultiheadAttention", QUERY, KEY, KEY, num_heads=2)
    assert facts.outputs == (QUERY, (N, 3, 5))
    assert weights(facts) == {
        "in_proj_weight": (24, 8),
        "in_proj_bias": (24,),
        "out_proj.weight": (8, 8),
        "out_proj.bias": (8,),
    }
    # queries and outputs; keys and values; scores and means of all heads
    assert facts.macs == 2 * 3 * 64 + 2 * 5 * 64 + 2 * 3 * 5 * 8
    scores = 2 * 3 * 5
    # scaling and two biases of 3 x 8, two biases of 5 x 8, a softmax of 5 per score, and the mean over heads
    assert facts.ops == 3 * 24 + 2 * 40 + 5 * scores + scores
    assert {one.name: one.shape for one in facts.kept} == {
        "query, positions first": QUERY,
        "key, positions first": KEY,
        "scaled queries": QUERY,
        "keys and values": (N, 5, 16),
        "scores": (N, 2, 3, 5),
        "attended": QUERY,
    }


def test_other_depths_of_keys_and_values():
    facts = apply(
        "MultiheadAttention", QUERY, (N, 5, 6), (N, 5, 7), num_heads=2, kdim=6, vdim=7, bias=False, add_bias_kv=True
    )
    assert facts.outputs == (QUERY, (N, 3, 6))
    assert weights(facts) == {
        "q_proj_weight": (8, 8),
        "k_proj_weight": (8, 6),
        "v_proj_weight": (8, 7),
        "bias_k": (1, 1, 8),
        "bias_v": (1, 1, 8),
        "out_proj.weight": (8, 8),
    }


def test_scores_of_every_head_or_none():
    one = {"num_heads": 2, "average_attn_weights": False}
    assert apply("MultiheadAttention", QUERY, KEY, KEY, **one).outputs == (QUERY, (N, 2, 3, 5))
    assert apply("MultiheadAttention", QUERY, KEY, KEY, need_weights=False, num_heads=2).outputs == (QUERY,)


def test_an_encoder_of_the_base_size():
    """One layer of BERT base: 768 wide, 12 heads, 3,072 between; 7,087,872 parameters each of its twelve."""
    layer = {"nhead": 12, "dim_feedforward": 3072, "activation": "gelu"}
    assert count(apply("TransformerEncoderLayer", (N, 512, 768), **layer)) == 7_087_872
    encoder = {"encoder_layer": {"TransformerEncoderLayer": layer}, "num_layers": 12}
    facts = apply("TransformerEncoder", (N, 512, 768), **encoder)
    assert count(facts) == 85_054_464
    assert facts.macs == 12 * (4 * 512 * 768**2 + 2 * 512**2 * 768 + 2 * 512 * 768 * 3072)


def test_the_transformer_of_the_paper():
    """The base model of "Attention is all you need" without embeddings, and with two norms more, at the ends."""
    facts = apply("Transformer", (N, 10, 512), (N, 7, 512))
    assert facts.outputs == ((N, 7, 512),)
    attention, between, norm = 4 * 512**2 + 4 * 512, 2 * 512 * 2048 + 2048 + 512, 2 * 512
    assert count(facts) == 6 * (attention + between + 2 * norm) + 6 * (2 * attention + between + 3 * norm) + 2 * norm
    assert facts.weights[0].name == "encoder.layers.0.self_attn.in_proj_weight"
    assert facts.weights[-1].name == "decoder.norm.bias"


@each(
    ("shapes", "fields", "words"),
    [
        ((QUERY, KEY, KEY), {"num_heads": 3}, "splits its embed_dim into num_heads equal parts, got 8 and 3"),
        ((QUERY, KEY, KEY), {"num_heads": 2, "embed_dim": 16}, "made for embed_dim 16"),
        ((QUERY, (N, 5, 6), KEY), {"num_heads": 2}, "needs keys of a depth of 8"),
        ((QUERY, KEY, (N, 4, 8)), {"num_heads": 2}, "key and value of the same length"),
        ((QUERY, KEY, KEY, (N, 3)), {"num_heads": 2}, "the key_padding_mask of MultiheadAttention must be (N, 5)"),
        ((QUERY, KEY, KEY, None), {"num_heads": 2, "batch_first": False}, "batch axis first"),
    ],
)
def test_refusals(shapes, fields, words):
    assert words in str(refusal("MultiheadAttention", *shapes, **fields))


def test_a_layer_in_a_field():
    layer = {"TransformerEncoderLayer": {"nhead": 3}}
    problem = refusal("TransformerEncoder", QUERY, encoder_layer=layer, num_layers=2)
    assert "splits its d_model into nhead equal parts, got 8 and 3" in str(problem)
    assert problem.field[0] == "encoder_layer"
    problem = refusal("TransformerEncoder", QUERY, encoder_layer={"Linear": {"out_features": 8}}, num_layers=2)
    assert "must be a TransformerEncoderLayer, got Linear" in str(problem)
