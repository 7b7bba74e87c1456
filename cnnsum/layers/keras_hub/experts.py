"""The decoder blocks of KerasHub that choose among experts: dense layers side by side, of which a router weighs some.

KerasHub computes every expert for every token and weighs the results, most of them with 0: that is what is counted, and
not the chosen ones alone.
"""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.functions import work
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Weight, size, unknown_facts
from cnnsum.layers.keras.core import Dense
from cnnsum.layers.keras.fields import Activation
from cnnsum.layers.keras_hub.decoders import GATED, Decoder
from cnnsum.layers.keras_hub.transformers import head_size
from cnnsum.layers.kinds import Flag, Naturals, PlainInt, PlainPos, Pos, Rate, Real


def _experts(
    block: Decoder,
    count: Dim,
    units: Dim,
    activation: str | None,
    *,
    joined: bool,
    shared: Dim | None = None,
    biases: bool = False,
) -> None:
    """A router, and the gated dense layers that it weighs. joined: whether gates and products are one kernel. shared:
    the units of one that every token goes through, weighed by a gate of its own. biases: whether all have some.
    """
    x, parts = block.x, block.parts
    depth = x[2]
    logits = parts.add("router", Dense(x, units=count, use_bias=biases), x)
    parts.activate(logits, "softmax")
    wide = (*x[:2], count, units)
    out = (*x[:2], count, depth)
    kernels = [
        *(
            [Weight("gate_dense", (count, depth, 2 * units))]
            if joined
            else [Weight(f"{name}_dense", (count, depth, units)) for name in ("gate", "intermediate")]
        ),
        Weight("output_dense", (count, units, depth)),
    ]
    if biases:
        kernels += [Weight("gate_bias", (count, 2 * units)), Weight("output_bias", (count, depth))]
    macs = 2 * size(wide) * depth + size(out) * units
    # The gate's activation, its product with what it gates, and the sum of all experts, each weighed.
    ops = work(activation, size(wide)) + size(wide) + 2 * size(out)
    if biases:
        ops = ops + 2 * size(wide) + size(out)
    parts.add("experts", Facts(out, weights=tuple(kernels), macs=macs, ops=ops))
    for name in ("gates", "what is gated", "gates, activated"):
        parts.keep(f"experts: {name}", wide)
    parts.keep("experts: products", wide, for_weights=True)
    parts.keep("experts: what is weighed", out)
    if shared is not None:
        product = _gated(block, shared, activation)
        gate = parts.add("shared_expert_gate_dense", Dense(x, units=1, use_bias=False, activation="sigmoid"), x)
        parts.add("", Facts(product, ops=size(product), keeps_input=True), product, gate)
        parts.sum(product)
    parts.sum(x)


def _gated(block: Decoder, units: Dim, activation: str | None) -> Shape:
    x, parts = block.x, block.parts
    wide = parts.add(f"shared.{GATED[0]}", Dense(x, units=units, use_bias=False), x)
    gate = parts.add(f"shared.{GATED[1]}", Dense(x, units=units, use_bias=False, activation=activation), x)
    product = parts.add("", Facts(wide, ops=size(wide), keeps_input=True), wide, gate)
    return parts.add(f"shared.{GATED[2]}", Dense(product, units=x[2], use_bias=False), product)


@layer(weights="kernel")
def MixtralTransformerDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    num_experts: Pos,
    top_k: Pos = 2,
    activation: Activation | None = "silu",
    layer_norm_epsilon: Real = 1e-5,
    dropout: Rate = 0.0,
) -> Facts:
    """A MistralTransformerDecoder with `num_experts` gated dense layers, which a router weighs: `(T, D)` stays.

    Weights: those of its attention, a router `D x num_experts`, and for each expert three matrices of `D x
    intermediate_dim`; two scales. MACs: of all experts for every token, as KerasHub computes them. With a cache as
    input nothing is known.
    """
    what = "MixtralTransformerDecoder"
    if self_attention_cache is not None:
        return unknown_facts()
    block = Decoder(what, decoder_sequence)
    depth = head_size(decoder_sequence, num_query_heads, what, "num_query_heads")
    block.rms("self_attention_layernorm")
    block.attention("self_attention", (num_query_heads, num_key_value_heads), depth, dropout)
    block.rms("feedforward_layernorm")
    _experts(block, num_experts, intermediate_dim, activation, joined=False)
    return block.facts()


@layer(weights="kernel bias")
def QwenMoeTransformerDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    moe_intermediate_dim: Pos,
    shared_expert_intermediate_dim: Pos,
    num_experts: Pos,
    top_k: Pos = 4,
    decoder_sparse_step: PlainPos = 1,
    mlp_only_layers: Naturals = (),
    layer_index: PlainInt | None = None,
    output_router_logits: Flag = False,
    activation: Activation | None = "silu",
    layer_norm_epsilon: Real = 1e-5,
    dropout: Rate = 0.0,
) -> Facts:
    """A QwenTransformerDecoder with experts, and one that every token goes through: `(T, D)` stays.

    Weights: those of its attention, a router `D x num_experts`, for each expert a matrix `D x 2 moe_intermediate_dim`
    and one back, three matrices of `D x shared_expert_intermediate_dim`, a gate of D numbers, and two scales. MACs: of
    all experts for every token, as KerasHub computes them. Files do not say which block of the model it is
    (`layer_index`): where only some of them have experts (`decoder_sparse_step` above 1, `mlp_only_layers`), nothing is
    known, and neither is it with a cache as input, or router logits as output.
    """
    what = "QwenMoeTransformerDecoder"
    all_have = decoder_sparse_step == 1 and not mlp_only_layers
    if self_attention_cache is not None or output_router_logits or (layer_index is None and not all_have):
        return unknown_facts()
    sparse = all_have or (
        layer_index is not None and layer_index not in mlp_only_layers and (layer_index + 1) % decoder_sparse_step == 0
    )
    block = Decoder(what, decoder_sequence)
    depth = head_size(decoder_sequence, num_query_heads, what, "num_query_heads")
    block.rms("self_attention_layernorm")
    heads = (num_query_heads, num_key_value_heads)
    block.attention("self_attention", heads, depth, dropout, biases="query key value")
    block.rms("feedforward_layernorm")
    if sparse:
        shared = shared_expert_intermediate_dim
        _experts(block, num_experts, moe_intermediate_dim, activation, joined=True, shared=shared)
    else:
        block.gated(GATED, intermediate_dim, activation)
    return block.facts()


@layer(weights="kernel")
def Qwen3MoeTransformerDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    moe_intermediate_dim: Pos,
    num_experts: Pos,
    top_k: Pos = 4,
    head_dim: Pos | None = None,
    is_sparse_mlp: Flag = False,
    activation: Activation | None = "silu",
    layer_norm_epsilon: Real = 1e-6,
    dropout: Rate = 0.0,
) -> Facts:
    """A Qwen3TransformerDecoder with experts (`is_sparse_mlp`): queries and keys are normalised by head, no biases.

    Weights: those of its attention and of the two normalisations of heads, a router `D x num_experts`, for each expert
    a matrix `D x 2 moe_intermediate_dim` and one back, and two scales. MACs: of all experts for every token, as
    KerasHub computes them. With a cache as input nothing is known.
    """
    what = "Qwen3MoeTransformerDecoder"
    if self_attention_cache is not None:
        return unknown_facts()
    block = Decoder(what, decoder_sequence)
    depth = head_size(decoder_sequence, num_query_heads, what, "num_query_heads") if head_dim is None else head_dim
    block.rms("self_attention_layernorm")
    block.attention("self_attention", (num_query_heads, num_key_value_heads), depth, dropout, of_heads=True)
    block.rms("feedforward_layernorm")
    if is_sparse_mlp:
        _experts(block, num_experts, moe_intermediate_dim, activation, joined=True)
    else:
        block.gated(GATED, intermediate_dim, activation)
    return block.facts()


@layer(weights="kernel bias")
def GptOssTransformerDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    num_experts: Pos,
    top_k: Pos = 2,
    head_dim: Pos | None = None,
    output_router_logits: Flag = False,
    layer_norm_epsilon: Real = 1e-6,
    dropout: Rate = 0.0,
) -> Facts:
    """A MixtralTransformerDecoder with biases, and with a score for each head that attends to nothing: `(T, D)` stays.

    Weights: those of its attention with biases, a number for each head, a router with a bias, for each expert a matrix
    `D x 2 intermediate_dim` and one back with biases, and two scales. MACs: of all experts for every token, as KerasHub
    computes them. With a cache as input, or router logits as output, nothing is known.
    """
    what = "GptOssTransformerDecoder"
    if self_attention_cache is not None or output_router_logits:
        return unknown_facts()
    block = Decoder(what, decoder_sequence)
    depth = head_size(decoder_sequence, num_query_heads, what, "num_query_heads") if head_dim is None else head_dim
    block.rms("self_attention_layernorm")
    heads = (num_query_heads, num_key_value_heads)
    block.attention("self_attention", heads, depth, dropout, biases="query key value attention_output")
    block.parts.add("self_attention", Facts(block.x, weights=(Weight("sinks", (num_query_heads,)),)))
    block.rms("feedforward_layernorm")
    _experts(block, num_experts, intermediate_dim, "sigmoid", joined=True, biases=True)
    return block.facts()
