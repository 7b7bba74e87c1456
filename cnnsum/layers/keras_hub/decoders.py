"""The decoder blocks of KerasHub's language models, each with its own attention and its own dense layers.

Rotations by places are counted (three operations per element of queries and keys), masks by place are as in Keras's
attention.
"""

from __future__ import annotations

from collections.abc import Callable

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
from cnnsum.layers.requiring import require_known, require_multiple, require_rank
from cnnsum.typed import Literal

_ROTATION = 3  # two products and a sum
Form = Literal["", "heads first", "flat", "together"]


def _as_they_are(weights: list[Weight]) -> list[Weight]:
    return weights


def _heads_first(weights: list[Weight]) -> list[Weight]:
    """The kernels of what goes in as `heads x D x h`."""
    return [
        one
        if one.name.startswith("attention_output")
        else one._replace(shape=(one.shape[1], one.shape[0], one.shape[2]))
        for one in weights
    ]


def _flat(weights: list[Weight]) -> list[Weight]:
    """The kernel of what comes out as a matrix."""
    return [
        one._replace(shape=(prod(one.shape[:-1]), one.shape[-1])) if one.name == "attention_output/kernel" else one
        for one in weights
    ]


def _together(weights: list[Weight]) -> list[Weight]:
    """Queries, keys and values by one product, each head's side by side; the kernel of what comes out as a matrix."""
    into = [one for one in weights if one.name.startswith("query/")]
    joined = [
        one._replace(name=one.name.replace("query", "query_key_value"), shape=(*one.shape[:-1], 3 * one.shape[-1]))
        for one in into
    ]
    return [*joined, *_flat([one for one in weights if one.name.startswith("attention_output")])]


_HELD: dict[Form, Callable[[list[Weight]], list[Weight]]] = {
    "": _as_they_are,
    "heads first": _heads_first,
    "flat": _flat,
    "together": _together,
}


class Decoder:
    """A block of self-attention and dense layers, built step by step."""

    def __init__(self, what: str, x: Shape) -> None:
        require_rank(x, 3, what)
        require_known(x[2], x, what)
        self.what = what
        self.x = x
        self.parts = Parts()

    def rms(self, name: str, x: Shape | None = None) -> Shape:
        """A normalisation by size: of what there is so far, or of something else."""
        x = self.x if x is None else x
        return self.parts.add(name, RMSNormalization(x), x)

    def norm(self, name: str) -> Shape:
        """A layer normalisation."""
        return self.parts.add(name, LayerNormalization(self.x), self.x)

    def attention(
        self,
        name: str,
        heads: tuple[Dim, Dim],
        depth: Dim,
        dropout: float,
        *,
        biases: str = "",
        rotates: bool = True,
        of_heads: bool = False,
        held: Form = "",
    ) -> None:
        """Attention to what there is so far, added to its input. heads: of queries, and of keys and values; biases: of
        which products ("query key value attention_output"). of_heads: whether queries and keys are normalised. held:
        how the weights are held, where that is not as in Keras's attention.
        """
        reason = f"{self.what}: `num_key_value_heads` must divide `num_query_heads`, got {heads[1]} and {heads[0]}"
        require_multiple(heads[0], heads[1], reason, field="num_key_value_heads")
        facts = attend(
            self.x,
            self.x,
            None,
            (),
            what=self.what,
            heads=heads,
            depths=(depth, depth),
            into=None,
            places=(1,),
            use_bias=bool(biases),
            use_gate=False,
            dropout=dropout,
            masked=True,
            return_scores=False,
            held=None,
        )
        kept = biases.split()
        weights = [one for one in facts.weights if not one.name.endswith("bias") or one.name.partition("/")[0] in kept]
        facts.weights = tuple(_HELD[held](weights))
        queries, keys = ((*self.x[:2], count, depth) for count in heads)
        out = self.parts.add(name, facts, self.x)
        if rotates:
            self.parts.add("", Facts(self.x, ops=_ROTATION * (size(queries) + size(keys))))
        if of_heads:
            self.rms("query_norm", queries)
            self.rms("key_norm", keys)
        self.parts.sum(self.parts.drop(out, dropout))

    def feed_forward(self, names: tuple[str, str], units: Dim, activation: str | None, dropout: float = 0.0) -> None:
        """Two dense layers with biases."""
        wide = self.parts.add(names[0], Dense(self.x, units=units, activation=activation), self.x)
        self.parts.sum(self.parts.drop(self.parts.add(names[1], Dense(wide, units=self.x[2]), wide), dropout))

    def gated(self, names: tuple[str, str, str], units: Dim, activation: str | None) -> None:
        """Two dense layers side by side, one the gate of the other, and one back; no biases."""
        wide = self.parts.add(names[0], Dense(self.x, units=units, use_bias=False), self.x)
        gate = self.parts.add(names[1], Dense(self.x, units=units, use_bias=False, activation=activation), self.x)
        product = self.parts.add("", Facts(wide, ops=size(gate), keeps_input=True), wide, gate)
        self.parts.sum(self.parts.add(names[2], Dense(product, units=self.x[2], use_bias=False), product))

    def facts(self) -> Facts:
        """All of it as one layer."""
        return self.parts.facts(self.x, keeps_input=True, window=EVERYTHING)


GATED = ("feedforward_intermediate_dense", "feedforward_gate_dense", "feedforward_output_dense")


def _llama(
    what: str,
    x: Shape,
    cache: Shape | None,
    units: Dim,
    heads: tuple[Dim, Dim],
    depth: Dim | None,
    activation: str | None,
    dropout: float,
    biases: str = "",
) -> Facts:
    if cache is not None:
        return unknown_facts()
    block = Decoder(what, x)
    depth = head_size(x, heads[0], what, "num_query_heads") if depth is None else depth
    block.attention("self_attention", heads, depth, dropout, biases=biases)
    block.rms("self_attention_layernorm")
    block.gated(GATED, units, activation)
    block.rms("feedforward_layernorm")
    return block.facts()


@layer(weights="kernel")
def LlamaTransformerDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    activation: Activation | None = "silu",
    layer_norm_epsilon: Real = 1e-5,
    dropout: Rate = 0.0,
) -> Facts:
    """Grouped attention with rotations and gated dense layers, each normalised by its size before: `(T, D)` stays.

    Weights: products for queries (`D x num_query_heads x h`, h being `D // num_query_heads`), keys and values
    (`D x num_key_value_heads x h`) and back, three dense layers of `D x intermediate_dim`, and two scales; no biases.
    MACs: of all products, for `T * T` pairs of places. With a cache as input nothing is known.
    """
    heads = (num_query_heads, num_key_value_heads)
    what = "LlamaTransformerDecoder"
    cache = self_attention_cache
    return _llama(what, decoder_sequence, cache, intermediate_dim, heads, None, activation, dropout)


@layer(weights="kernel")
def MistralTransformerDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    head_dim: Pos | None = None,
    activation: Activation | None = "silu",
    layer_norm_epsilon: Real = 1e-5,
    dropout: Rate = 0.0,
) -> Facts:
    """A LlamaTransformerDecoder, whose heads may have a depth of their own. That it attends to a window is not counted:
    the products are with all places, as it computes them.
    """
    heads = (num_query_heads, num_key_value_heads)
    what = "MistralTransformerDecoder"
    cache = self_attention_cache
    return _llama(what, decoder_sequence, cache, intermediate_dim, heads, head_dim, activation, dropout)


@layer(weights="kernel bias")
def QwenTransformerDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    activation: Activation | None = "silu",
    layer_norm_epsilon: Real = 1e-5,
    dropout: Rate = 0.0,
) -> Facts:
    """A LlamaTransformerDecoder whose queries, keys and values have biases."""
    heads = (num_query_heads, num_key_value_heads)
    what = "QwenTransformerDecoder"
    biases = "query key value"
    cache = self_attention_cache
    return _llama(what, decoder_sequence, cache, intermediate_dim, heads, None, activation, dropout, biases)


@layer(weights="kernel")
def Phi3Decoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    attention_cache: Shape | None = None,
    attention_cache_update_index: Shape | None = None,
    *,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    activation: Activation | None = "silu",
    layer_norm_epsilon: Real = 1e-5,
    dropout: Rate = 0.0,
) -> Facts:
    """A LlamaTransformerDecoder under other names. `hidden_dim` is the depth that its input has."""
    heads = (num_query_heads, num_key_value_heads)
    cache = attention_cache
    return _llama("Phi3Decoder", decoder_sequence, cache, intermediate_dim, heads, None, activation, dropout)


def _gemma(
    what: str,
    x: Shape,
    units: Dim,
    heads: tuple[Dim, Dim],
    depth: Dim,
    dropout: float,
    norms: tuple[bool, bool],
    *,
    of_heads: bool = False,
) -> Facts:
    block = Decoder(what, x)
    block.rms("pre_attention_norm")
    if norms[0]:
        block.rms("post_attention_norm")
    block.attention("attention", heads, depth, dropout, of_heads=of_heads, held="heads first")
    block.rms("pre_ffw_norm")
    if norms[1]:
        block.rms("post_ffw_norm")
    block.gated(("ffw_gating_2", "ffw_gating", "ffw_linear"), units, "gelu")
    return block.facts()


@layer(weights="kernel")
def GemmaDecoderBlock(
    x: Shape,
    padding_mask: Shape | None = None,
    response_mask: Shape | None = None,
    cache: Shape | None = None,
    *,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    head_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    use_post_ffw_norm: Flag = False,
    use_post_attention_norm: Flag = False,
    dropout: Rate = 0.0,
) -> Facts:
    """Grouped attention with rotations and gated dense layers, normalised by size before, and where asked behind.

    Weights: as LlamaTransformerDecoder, with heads of `head_dim`, and dense layers of half of `intermediate_dim` units;
    a scale for each normalisation. MACs: of all products, for `T * T` pairs of places; a window is not counted. With a
    cache as input nothing is known.
    """
    if cache is not None:
        return unknown_facts()
    heads = (num_query_heads, num_key_value_heads)
    norms = (use_post_attention_norm, use_post_ffw_norm)
    return _gemma("GemmaDecoderBlock", x, intermediate_dim // 2, heads, head_dim, dropout, norms)


layer(key="PaliGemmaDecoderBlock", name="PaliGemmaDecoderBlock", weights="kernel")(GemmaDecoderBlock)


@layer(weights="kernel")
def Gemma3DecoderBlock(
    x: Shape,
    padding_mask: Shape | None = None,
    vision_mask: Shape | None = None,
    cache: Shape | None = None,
    *,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    head_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    use_query_key_norm: Flag = False,
    use_post_ffw_norm: Flag = False,
    use_post_attention_norm: Flag = False,
    gate_dim_reduction: Pos = 2,
    dropout: Rate = 0.0,
) -> Facts:
    """A GemmaDecoderBlock that may normalise queries and keys, with `intermediate_dim // gate_dim_reduction` units."""
    if cache is not None:
        return unknown_facts()
    heads = (num_query_heads, num_key_value_heads)
    norms = (use_post_attention_norm, use_post_ffw_norm)
    units = intermediate_dim // gate_dim_reduction
    return _gemma("Gemma3DecoderBlock", x, units, heads, head_dim, dropout, norms, of_heads=use_query_key_norm)


_ALL = "query key value attention_output"


@layer(weights="kernel bias")
def FalconTransformerDecoder(
    inputs: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    attention_cache: Shape | None = None,
    *,
    num_attention_heads: Pos,
    intermediate_dim: Pos,
    layer_norm_epsilon: Real = 1e-5,
    attention_dropout_rate: Rate = 0.0,
    feedforward_dropout_rate: Rate = 0.0,
) -> Facts:
    """Attention with a bias by distance, then two dense layers with gelu, normalised before: `(T, D)` stays.

    Weights: four products of `D x D` with biases, two dense layers (`D x intermediate_dim` and back), two layer
    normalisations. MACs: of all products. With a cache as input nothing is known.
    """
    what = "FalconTransformerDecoder"
    if attention_cache is not None:
        return unknown_facts()
    block = Decoder(what, inputs)
    depth = head_size(inputs, num_attention_heads, what, "num_attention_heads")
    block.norm("input_layernorm")
    heads = (num_attention_heads, num_attention_heads)
    block.attention("attention", heads, depth, attention_dropout_rate, biases=_ALL, rotates=False, held="flat")
    block.norm("post_attention_layernorm")
    block.feed_forward(("dense_h_to_4h", "dense_4h_to_h"), intermediate_dim, "gelu", feedforward_dropout_rate)
    return block.facts()


@layer(weights="kernel bias")
def BloomDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    cache: Shape | None = None,
    *,
    num_heads: Pos,
    intermediate_dim: Pos,
    dropout: Rate = 0.0,
    layer_norm_epsilon: Real = 1e-5,
    use_causal_mask: Flag = True,
) -> Facts:
    """A FalconTransformerDecoder with other names of its weights."""
    what = "BloomDecoder"
    if cache is not None:
        return unknown_facts()
    block = Decoder(what, decoder_sequence)
    depth = head_size(decoder_sequence, num_heads, what)
    block.norm("pre_attention_layernorm")
    block.attention("self_attention", (num_heads, num_heads), depth, dropout, biases=_ALL, rotates=False, held="flat")
    block.norm("post_attention_layernorm")
    block.feed_forward(("mlp_intermediate_dense", "mlp_output_dense"), intermediate_dim, "gelu", dropout)
    return block.facts()


@layer(weights="kernel bias")
def GPTNeoXDecoder(
    decoder_sequence: Shape,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_heads: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    layer_norm_epsilon: Real = 1e-5,
    rotary_percentage: Rate = 0.25,
) -> Facts:
    """Attention and two dense layers side by side, both of the normalised input: `(T, D)` stays.

    Weights: one product for queries, keys and values, one back, two dense layers (`D x intermediate_dim` and back), all
    with biases, and two layer normalisations. MACs: of all products. The rotation of a part of each head
    (`rotary_percentage`) is counted as one of all. With a cache as input nothing is known.
    """
    what = "GPTNeoXDecoder"
    if self_attention_cache is not None:
        return unknown_facts()
    block = Decoder(what, decoder_sequence)
    depth = head_size(decoder_sequence, num_heads, what)
    block.attention("self_attention", (num_heads, num_heads), depth, dropout, biases=_ALL, held="together")
    block.norm("self_attention_layer_norm")
    names = ("feedforward_intermediate_dense", "feedforward_output_dense")
    block.feed_forward(names, intermediate_dim, activation, dropout)
    block.norm("feedforward_layer_norm")
    return block.facts()
