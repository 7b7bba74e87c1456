"""PyTorch's embeddings, comparisons, columns and rarer pooling, worked out by hand."""

from __future__ import annotations

from applying import NAMES, N
from torch_applying import apply, refusal, weights

import cnnsum
from tests.thorough import each

H = NAMES["H"]


def test_tables():
    facts = apply("Embedding", (N, 7), num_embeddings=100, embedding_dim=16, padding_idx=-1)
    assert facts.outputs == ((N, 7, 16),)
    assert weights(facts) == {"weight": (100, 16)}
    facts = apply("EmbeddingBag", (N, 7), num_embeddings=100, embedding_dim=16)
    assert facts.outputs == ((N, 16),)
    assert facts.ops == 7 * 16  # six additions and a division
    facts = apply("EmbeddingBag", (N, 7), (N, 7), num_embeddings=100, embedding_dim=16, mode="sum")
    assert facts.ops == 6 * 16 + 7 * 16


def test_two_inputs():
    facts = apply("Bilinear", (N, 2, 3), (N, 2, 4), out_features=5)
    assert facts.outputs == ((N, 2, 5),)
    assert weights(facts) == {"weight": (5, 3, 4), "bias": (5,)}
    assert facts.macs == 2 * 5 * 3 * 4
    assert facts.ops == 2 * 3 * 4 + 2 * 5
    facts = apply("CosineSimilarity", (N, 3, 4), (N, 1, 4), dim=-1)
    assert facts.outputs == ((N, 3),)
    assert facts.ops == 8 * 3 * 4
    assert apply("PairwiseDistance", (N, 6), (N, 6), keepdim=True).outputs == ((N, 1),)


def test_columns_and_back():
    facts = apply("Unfold", (N, 3, 10, 12), kernel_size=[4, 5])
    assert facts.outputs == ((N, 60, 7 * 8),)
    facts = apply("Fold", (N, 60, 56), output_size=[10, 12], kernel_size=[4, 5])
    assert facts.outputs == ((N, 3, 10, 12),)
    assert facts.ops == 60 * 56


def test_pooling():
    facts = apply("LPPool2d", (N, 3, 8, 8), norm_type=2, kernel_size=2)
    assert facts.outputs == ((N, 3, 4, 4),)
    assert facts.ops == 3 * 64 + 4 * 3 * 16
    facts = apply("FractionalMaxPool2d", (N, 3, 10, H), kernel_size=2, output_ratio=0.7)
    assert facts.outputs == ((N, 3, 7, H * 7 // 10),)
    facts = apply("MaxUnpool2d", (N, 3, 4, 4), (N, 3, 4, 4), kernel_size=3, stride=2, padding=1)
    assert facts.outputs == ((N, 3, 7, 7),)
    facts = apply("MaxUnpool2d", (N, 3, 4, 4), (N, 3, 4, 4), kernel_size=2, output_size=[9, 8])
    assert facts.outputs == ((N, 3, 9, 8),)


def test_indices_are_kept_once():
    """By the pooling that found them, whose output they are, and by what puts the maxima back."""
    model = cnnsum.loads(
        """
framework: torch
input: [1, 4, 4]
layers:
  - Conv2d: {out_channels: 2, kernel_size: 1}
  - MaxPool2d: {kernel_size: 2, return_indices: true, name: pool}
  - MaxUnpool2d: {kernel_size: 2, from: ["pool:0", "pool:1"]}
"""
    )
    assert not model.diagnostics
    # the input of the convolution and that of the pooling in float32, and 2 x 2 x 2 indices of 8 bytes
    assert cnnsum.summarize(model, batch=1).totals.saved == 16 * 4 + 2 * 16 * 4 + 8 * 8


@each(
    ("name", "shapes", "fields", "words"),
    [
        ("Embedding", [(N, 7)], {"num_embeddings": 5, "embedding_dim": 2, "padding_idx": 5}, "has no row 5"),
        (
            "EmbeddingBag",
            [(N, 7)],
            {"num_embeddings": 5, "embedding_dim": 2, "mode": "max", "sparse": True},
            "no `sparse`",
        ),
        ("Bilinear", [(N, 2, 3), (N, 4, 3)], {"out_features": 5}, "differ in their last axis only"),
        ("Fold", [(N, 60, 55)], {"output_size": [10, 12], "kernel_size": [4, 5]}, "needs 56 columns"),
        ("Fold", [(N, 61, 56)], {"output_size": [10, 12], "kernel_size": [4, 5]}, "needs a multiple"),
        ("LPPool1d", [(N, 3, 8)], {"norm_type": 0, "kernel_size": 2}, "other than 0"),
        ("FractionalMaxPool2d", [(N, 3, 9, 9)], {"kernel_size": 2}, "got neither"),
        ("FractionalMaxPool3d", [(N, 3, 9, 9, 9)], {"kernel_size": 2, "output_size": 8}, "needs 8 windows of 2"),
        (
            "MaxUnpool1d",
            [(N, 3, 4), (N, 3, 4)],
            {"kernel_size": 2, "output_size": 10},
            "less than the stride (2) beside 8",
        ),
        ("MaxUnpool1d", [(N, 3, 4), (N, 3, 5)], {"kernel_size": 2}, "an index for each maximum"),
    ],
)
def test_refusals(name, shapes, fields, words):
    assert words in str(refusal(name, *shapes, **fields))
