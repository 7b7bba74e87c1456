"""Where a token stands, and what it is, as KerasHub's layers add it: tables, waves, rotations, biases."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Weight, show_shape, size
from cnnsum.layers.keras import core, normalization
from cnnsum.layers.kinds import Flag, Int, Pos, Real, Text
from cnnsum.layers.requiring import axis_of, require_at_least, require_known, require_multiple, require_rank


@layer(weights="embeddings")
def PositionEmbedding(inputs: Shape, positions: Shape | None = None, *, sequence_length: Pos) -> Facts:
    """A learned row for every place of a sequence: `(..., T, D)` becomes rows of the same shape, the same per sample.

    Weights: embeddings `sequence_length x D`, of which the first T rows are taken. No work.
    """
    what = "PositionEmbedding"
    if len(inputs) < 3:
        raise Problem("SHP204", f"{what} needs an input of rank 3 or more, got {show_shape(inputs)}")
    require_known(inputs[-1], inputs, what)
    if positions is None:
        reason = f"{what} has rows for {sequence_length} places, got {show_shape(inputs)}"
        require_at_least(sequence_length, inputs[-2], reason, field="sequence_length")
    return Facts(inputs, weights=(Weight("embeddings", (sequence_length, inputs[-1])),))


@layer(weights="embeddings")
def TokenAndPositionEmbedding(
    inputs: Shape,
    positions: Shape | None = None,
    *,
    vocabulary_size: Pos,
    sequence_length: Pos,
    embedding_dim: Pos,
    tie_weights: Flag = True,
) -> Facts:
    """A row of a table for every token, and one for its place, added: `(..., T)` becomes `(..., T, embedding_dim)`.

    Weights: token_embedding `vocabulary_size x embedding_dim` (without `tie_weights` another for the way back) and
    position_embedding `sequence_length x embedding_dim`. Operations: one per element. Backpropagation keeps the tokens.
    """
    parts = Parts()
    tokens = core.ReversibleEmbedding(
        inputs, input_dim=vocabulary_size, output_dim=embedding_dim, tie_weights=tie_weights
    )
    x = parts.add("token_embedding", tokens)
    parts.add("position_embedding", PositionEmbedding(x, positions, sequence_length=sequence_length))
    return parts.facts(parts.sum(x), keeps_input=True)


@layer
def SinePositionEncoding(inputs: Shape, positions: Shape | None = None, *, max_wavelength: Real = 10000) -> Facts:
    """Sines and cosines of the place in a sequence: `(..., T, D)` becomes numbers of the same shape.

    No weights. They are the same for every sample, and their work is not counted.
    """
    if len(inputs) < 3:
        raise Problem("SHP204", f"SinePositionEncoding needs an input of rank 3 or more, got {show_shape(inputs)}")
    return Facts(inputs)


@layer
def RotaryEmbedding(
    inputs: Shape,
    positions: Shape | None = None,
    *,
    max_wavelength: Real = 10000,
    scaling_factor: Real = 1.0,
    rope_type: Text = "linear",
    sequence_axis: Int = 1,
    feature_axis: Int = -1,
) -> Facts:
    """Turn pairs of features by an angle that grows with the place in the sequence; the shape stays.

    No weights. Operations: two products and a sum per element; sines and cosines are the same for every sample, and are
    not counted.
    """
    what = "RotaryEmbedding"
    axes = [axis_of(inputs, axis, what) for axis in (sequence_axis, feature_axis) if isinstance(axis, int)]
    if len(set(axes)) < 2:
        raise Problem("CFG115", "`sequence_axis` and `feature_axis` must be two axes", "feature_axis")
    reason = f"{what} turns pairs: axis {axes[1]} must be even, got {show_shape(inputs)}"
    require_multiple(inputs[axes[1]], 2, reason)
    return Facts(inputs, ops=3 * size(inputs))


@layer
def AlibiBias(attention_scores: Shape, *, alibi_bias_max: Real = 8) -> Facts:
    """Add to scores `(N, heads, T, S)` what falls with the distance, by another slope per head. Operations: one per
    element.
    """
    require_rank(attention_scores, 4, "AlibiBias")
    return Facts(attention_scores, ops=size(attention_scores), alias="inplace")


@layer(weights="embeddings")
def ReversibleEmbedding(
    inputs: Shape,
    *,
    input_dim: Pos,
    output_dim: Pos,
    tie_weights: Flag = True,
    logit_soft_cap: Real | None = None,
    reverse: Flag = False,
) -> Facts:
    """The layer that Keras has now under the same name: a look-up, or with `reverse` the product with the table."""
    return core.ReversibleEmbedding(
        inputs,
        input_dim=input_dim,
        output_dim=output_dim,
        tie_weights=tie_weights,
        logit_soft_cap=logit_soft_cap,
        reverse=reverse,
    )


@layer(weights="scale")
def RMSNormalization(x: Shape, *, input_dim: Pos | None = None) -> Facts:
    """Divide rows by their root mean square, and scale. Weights: scale, as long as a row. Operations: 4 per element."""
    return normalization.RMSNormalization(x)


#: The same under the names that its language models have for it.
for _name in (
    "GptOssLayerNormalization",
    "LlamaLayerNorm",
    "MistralLayerNormalization",
    "MixtralLayerNormalization",
    "Phi3LayerNorm",
    "QwenLayerNorm",
    "QwenMoeLayerNorm",
    "Qwen3LayerNorm",
    "Qwen3MoeLayerNorm",
):
    layer(key=_name, name=_name, weights="scale")(RMSNormalization)


@layer
def Padder(x: Shape) -> Facts:
    """A row of zeros before and behind a sequence: `(T, D)` becomes `(T + 2, D)`. No weights and no work."""
    require_rank(x, 3, "Padder")
    return Facts((x[0], x[1] + 2, x[2]))
