"""KerasHub's blocks of T5, DeBERTa, ESM and RoFormer, whose attention knows how far two places are apart."""

from __future__ import annotations

from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.attention import attend
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, Facts, Shape, Weight, size, unknown_facts
from cnnsum.layers.keras.core import Dense
from cnnsum.layers.keras.fields import Activation
from cnnsum.layers.keras.normalization import LayerNormalization, RMSNormalization
from cnnsum.layers.keras_hub.transformers import head_size
from cnnsum.layers.kinds import Flag, Pos, Rate, Real
from cnnsum.layers.requiring import require_equal, require_known, require_rank

_BUCKETS = 32  # of distances that T5 tells apart


def _matrices(weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
    """Kernels as matrices and biases as vectors, the heads of a place side by side."""
    return tuple([one._replace(shape=_joined(one)) for one in weights])


def _joined(weight: Weight) -> Shape:
    shape = weight.shape
    if weight.name == "attention_output/kernel":
        return (prod(shape[:-1]), shape[-1])
    if weight.name.startswith("attention_output"):
        return shape
    return (*shape[:-2], prod(shape[-2:]))


def _attention(
    name: str,
    x: Shape,
    memory: Shape,
    heads: Dim,
    depth: Dim,
    dropout: float,
    *,
    bias: bool = False,
    scores: bool = True,
) -> Facts:
    facts = attend(
        x,
        memory,
        None,
        (),
        what=name,
        heads=(heads, heads),
        depths=(depth, depth),
        into=None,
        places=(1,),
        use_bias=bias,
        use_gate=False,
        dropout=dropout,
        masked=False,
        return_scores=scores,
        held=None,
    )
    facts.weights = _matrices(facts.weights)
    return facts


@layer(weights="kernel")
def T5TransformerLayer(
    hidden_states: Shape,
    attention_mask: Shape | None = None,
    position_bias: Shape | None = None,
    encoder_hidden_states: Shape | None = None,
    encoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    *,
    is_decoder: Flag,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    key_value_dim: Pos,
    num_heads: Pos,
    dropout: Rate,
    activation: Activation | None,
    layer_norm_epsilon: Real,
    use_gated_activation: Flag = False,
    use_relative_attention_bias: Flag = False,
) -> Facts:
    """Attention, in a decoder attention to the encoder, and dense layers, each normalised before: `(T, D)` stays; and
    what is added to the scores, `(num_heads, T, T)`, which the first layer makes and the others hand on.

    Weights: per attention four matrices of `D x num_heads * key_value_dim`, two dense layers (with
    `use_gated_activation` three) of `D x intermediate_dim`, a scale before each; with `use_relative_attention_bias` a
    row of `num_heads` numbers for each of 32 distances. No biases. MACs: of all products. With a cache as input nothing
    is known.
    """
    what = "T5TransformerLayer"
    if self_attention_cache is not None:
        return unknown_facts()
    x = hidden_states
    require_rank(x, 3, what)
    require_known(x[2], x, what)
    require_equal(x[2], hidden_dim, f"{what} adds what it makes to its input: both need one depth", field="hidden_dim")
    parts = Parts()
    attended = _attention(what, x, x, num_heads, key_value_dim, dropout)
    scores = attended.outputs[1]
    assert scores is not None
    parts.add("self_attention_layer_norm", RMSNormalization(x), x)
    parts.add("self_attention", attended, x)
    if use_relative_attention_bias:
        parts.add("self_attention", Facts(x, weights=(Weight("embeddings", (_BUCKETS, num_heads)),)))
    parts.sum(scores)
    parts.sum(parts.drop(x, dropout))
    if is_decoder:
        if encoder_hidden_states is None:
            return unknown_facts()
        require_rank(encoder_hidden_states, 3, f"the encoder's sequence of {what}")
        crossed = _attention(what, x, encoder_hidden_states, num_heads, key_value_dim, dropout)
        parts.add("cross_attention_layer_norm", RMSNormalization(x), x)
        parts.add("cross_attention", crossed, x)
        parts.sum(parts.drop(x, dropout))
    parts.add("layer_norm", RMSNormalization(x), x)
    wide = parts.add("input_projector", Dense(x, units=intermediate_dim, use_bias=False, activation=activation), x)
    if use_gated_activation:
        gate = parts.add("gate_projector", Dense(x, units=intermediate_dim, use_bias=False), x)
        parts.add("", Facts(wide, ops=size(wide), keeps_input=True), wide, gate)
    parts.drop(wide, dropout)
    parts.add("output_projector", Dense(wide, units=hidden_dim, use_bias=False), wide)
    parts.sum(parts.drop(x, dropout))
    bias = scores if position_bias is None else position_bias
    return parts.facts(x, bias, keeps_input=True, window=EVERYTHING)


@layer(weights="weight")
def T5LayerNorm(hidden_states: Shape, *, epsilon: Real = 1e-6) -> Facts:
    """Divide rows by their root mean square, and scale. Weights: as long as a row. Operations: 4 per element."""
    return RMSNormalization(hidden_states)


@layer(weights="rel_embedding gamma beta")
def RelativeEmbedding(inputs: Shape, *, hidden_dim: Pos, bucket_size: Pos, layer_norm_epsilon: Real = 1e-5) -> Facts:
    """A row for each of `2 bucket_size` distances, normalised: `(..., D)` becomes `(2 bucket_size, hidden_dim)`.

    Weights: the rows, and a layer normalisation's. They are the same for every sample, and their work is not counted.
    """
    if not inputs:
        return unknown_facts()
    weights = (
        Weight("rel_embedding", (2 * bucket_size, hidden_dim)),
        Weight("layer_norm.gamma", (hidden_dim,), cast=False),
        Weight("layer_norm.beta", (hidden_dim,), cast=False),
    )
    return Facts((inputs[0], 2 * bucket_size, hidden_dim), weights=weights)


@layer(weights="kernel bias")
def DisentangledAttentionEncoder(
    inputs: Shape,
    rel_embeddings: Shape,
    padding_mask: Shape | None = None,
    attention_mask: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_heads: Pos,
    max_position_embeddings: Pos = 512,
    bucket_size: Pos = 256,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    layer_norm_epsilon: Real = 1e-5,
) -> Facts:
    """A TransformerEncoder that attends to distances, too: queries and keys are matched with those of `rel_embeddings`.

    Weights: those of a TransformerEncoder; the kernels of queries and keys are used for the distances, too. MACs: of
    all products, those with the distances included. Which distance belongs to which pair of places is not counted.
    """
    what = "DisentangledAttentionEncoder"
    depth = head_size(inputs, num_heads, what)
    require_rank(rel_embeddings, 3, f"the distances of {what}")
    require_equal(rel_embeddings[2], inputs[2], f"{what} needs distances as deep as its input")
    parts = Parts()
    x = inputs
    attended = attend(
        x,
        x,
        None,
        (),
        what=what,
        heads=(num_heads, num_heads),
        depths=(depth, depth),
        into=None,
        places=(1,),
        use_bias=True,
        use_gate=False,
        dropout=dropout,
        masked=padding_mask is not None or attention_mask is not None,
        return_scores=False,
        held=None,
    )
    attended.weights = tuple(
        [one._replace(shape=_joined(one)) if one.name == "attention_output/kernel" else one for one in attended.weights]
    )
    parts.add("self_attention_layer", attended)
    distances = (x[0], rel_embeddings[1], num_heads, depth)
    scores = (x[0], num_heads, x[1], rel_embeddings[1])
    chosen = size((x[0], num_heads, x[1], x[1]))
    # Queries and keys of the distances, and the scores of each with the keys and queries of the places.
    macs = 2 * (size(distances) * inputs[2] + size(scores) * depth)
    parts.add("", Facts(x, macs=macs, ops=2 * size(distances) + 4 * chosen))
    for name in ("queries", "keys"):
        parts.keep(f"{name} of the distances", distances)
    parts.sum(parts.drop(x, dropout))
    parts.add("self_attention_layer_norm", LayerNormalization(x), x)
    wide = parts.add("feedforward_intermediate_dense", Dense(x, units=intermediate_dim, activation=activation), x)
    parts.add("feedforward_output_dense", Dense(wide, units=x[2]), wide)
    parts.sum(parts.drop(x, dropout))
    parts.add("feedforward_layer_norm", LayerNormalization(x), x)
    return parts.facts(x, keeps_input=True, window=EVERYTHING)


def _rotated(
    what: str,
    x: Shape,
    heads: tuple[Dim, Dim],
    units: Dim,
    activation: str | None,
    dropout: float,
    *,
    bias: bool,
    first: bool,
    rotates: bool,
) -> Facts:
    """Attention whose queries and keys are turned by their places, and two dense layers. first: whether each is
    normalised before, and by layer; else behind, and by size.
    """
    require_rank(x, 3, what)
    require_known(x[2], x, what)
    reason = f"{what} adds what it makes to its input: {heads[0]} heads of {heads[1]} are not its depth"
    require_equal(x[2], heads[0] * heads[1], reason, field="head_size")
    parts = Parts()

    def normalised(name: str) -> None:
        parts.add(name, LayerNormalization(x) if first else RMSNormalization(x), x)

    if first:
        normalised("attention_norm")
    facts = _attention(what, x, x, heads[0], heads[1], 0.0, bias=bias, scores=False)
    parts.add("attention_layer", facts, x)
    if rotates:
        parts.add("", Facts(x, ops=6 * size(x)))
    parts.sum(parts.drop(x, dropout))
    normalised("feedforward_norm" if first else "attention_norm")
    wide = parts.add("feedforward_intermediate_dense", Dense(x, units=units, activation=activation, use_bias=bias), x)
    parts.add("feedforward_output_dense", Dense(wide, units=x[2], use_bias=bias), wide)
    parts.sum(parts.drop(x, dropout))
    if not first:
        normalised("feedforward_norm")
    return parts.facts(x, keeps_input=True, window=EVERYTHING)


@layer(weights="kernel bias")
def ESMEncoder(
    x: Shape,
    attention_mask: Shape | None = None,
    *,
    heads: Pos,
    head_size: Pos,
    intermediate_size: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "gelu",
    use_bias: Flag = False,
    layer_norm_eps: Real = 1e-12,
    use_rotary: Flag = True,
) -> Facts:
    """Attention with rotations and two dense layers, each normalised before and added to its input: `(T, D)` stays.

    Weights: four matrices `D x D`, two dense layers of `D x intermediate_size`, with biases (`use_bias`), and two layer
    normalisations. MACs: of all products.
    """
    sizes = (heads, head_size)
    return _rotated(
        "ESMEncoder", x, sizes, intermediate_size, activation, dropout, bias=use_bias, first=True, rotates=use_rotary
    )


@layer(weights="kernel bias")
def RoformerV2Encoder(
    x: Shape,
    attention_mask: Shape | None = None,
    *,
    heads: Pos,
    head_size: Pos,
    intermediate_size: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    use_bias: Flag = False,
) -> Facts:
    """An ESMEncoder that is normalised behind its sums, and by size: a scale each."""
    sizes = (heads, head_size)
    return _rotated(
        "RoformerV2Encoder", x, sizes, intermediate_size, activation, dropout, bias=use_bias, first=False, rotates=True
    )


layer(key="RoformerNorm", name="RoformerNorm", weights="scale")(T5LayerNorm)
