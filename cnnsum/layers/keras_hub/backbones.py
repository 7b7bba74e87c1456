"""Backbones of KerasHub that stand in another model as one layer: their files name the class, and show no layers.

The order of several outputs is that of their names, as Keras has it.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape
from cnnsum.layers.keras import core
from cnnsum.layers.keras.core import Dense, Embedding
from cnnsum.layers.keras.normalization import LayerNormalization, RMSNormalization
from cnnsum.layers.keras_hub.decoders import (
    GemmaDecoderBlock,
    LlamaTransformerDecoder,
    MistralTransformerDecoder,
    QwenTransformerDecoder,
)
from cnnsum.layers.keras_hub.positions import PositionEmbedding, TokenAndPositionEmbedding
from cnnsum.layers.keras_hub.transformers import Blocks, TransformerDecoder, TransformerEncoder
from cnnsum.layers.keras_hub.vision import ViTEncoder, ViTPatchingAndEmbedding
from cnnsum.layers.kinds import Extent, Flag, Pair, Pos, Rate, Real
from cnnsum.layers.requiring import require_rank


class _Stack:
    """Layers one behind another, on tokens `(T)`."""

    def __init__(self, tokens: Shape, what: str) -> None:
        require_rank(tokens, 2, what)
        self.parts = Parts()
        self.tokens = tokens
        self.x = tokens

    def embed(self, words: Dim, depth: Dim, *, tied: bool = True) -> None:
        """A row of a table for every token; not tied: another table for the way back."""
        facts = core.ReversibleEmbedding(self.tokens, input_dim=words, output_dim=depth, tie_weights=tied)
        self.x = self.parts.add("token_embedding", facts)

    def place(self, words: Dim, depth: Dim, length: Dim) -> None:
        """A row for every token, and one for its place."""
        facts = TokenAndPositionEmbedding(
            self.tokens, vocabulary_size=words, sequence_length=length, embedding_dim=depth
        )
        self.x = self.parts.add("embeddings", facts)

    def norm(self, name: str) -> None:
        """A layer normalisation."""
        self.x = self.parts.add(name, LayerNormalization(self.x), self.x)

    def rms(self, name: str) -> None:
        """A normalisation by size."""
        self.x = self.parts.add(name, RMSNormalization(self.x), self.x)

    def repeat(self, name: str, times: int, block: Callable[[Shape], Facts]) -> None:
        """The same block, with weights of its own each time."""
        for number in range(times):
            self.x = self.parts.add(f"{name}_{number}", block(self.x), self.x)

    def facts(self, *before: Shape) -> Facts:
        """All of it as one layer. before: outputs that come before the last tensor."""
        return self.parts.facts(*before, self.x, keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="kernel bias")
def BertBackbone(
    token_ids: Shape,
    segment_ids: Shape | None = None,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    dropout: Rate = 0.1,
    max_sequence_length: Pos = 512,
    num_segments: Pos = 2,
) -> Facts:
    """BERT as one layer: `(T)` becomes `(hidden_dim)`, of the first token, and `(T, hidden_dim)`.

    Weights: tables of tokens, places and segments, a layer normalisation, `num_layers` TransformerEncoder, and a dense
    layer on the first token. MACs and operations: of these.
    """
    stack = _Stack(token_ids, "BertBackbone")
    parts = stack.parts
    stack.embed(vocabulary_size, hidden_dim)
    parts.add("position_embedding", PositionEmbedding(stack.x, sequence_length=max_sequence_length))
    parts.add("segment_embedding", Embedding(token_ids, input_dim=num_segments, output_dim=hidden_dim))
    parts.sum(parts.sum(stack.x))
    stack.norm("embeddings_layer_norm")
    parts.drop(stack.x, dropout)

    def block(x: Shape) -> Facts:
        return TransformerEncoder(
            x,
            padding_mask=token_ids,
            intermediate_dim=intermediate_dim,
            num_heads=num_heads,
            dropout=dropout,
            activation="gelu",
        )

    stack.repeat("transformer_layer", num_layers, block)
    first = (token_ids[0], hidden_dim)
    pooled = parts.add("pooled_dense", Dense(first, units=hidden_dim, activation="tanh"), first)
    return stack.facts(pooled)


def _encoder(
    what: str,
    tokens: Shape,
    words: Dim,
    layers: int,
    heads: Dim,
    depth: Dim,
    units: Dim,
    dropout: float,
    length: Dim,
) -> Facts:
    stack = _Stack(tokens, what)
    stack.place(words, depth, length)
    stack.norm("embeddings_layer_norm")
    stack.parts.drop(stack.x, dropout)

    def block(x: Shape) -> Facts:
        return TransformerEncoder(
            x, padding_mask=tokens, intermediate_dim=units, num_heads=heads, dropout=dropout, activation="gelu"
        )

    stack.repeat("transformer_layer", layers, block)
    return stack.facts()


@layer(weights="kernel bias")
def DistilBertBackbone(
    token_ids: Shape,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    dropout: Rate = 0.1,
    max_sequence_length: Pos = 512,
) -> Facts:
    """DistilBERT as one layer: `(T)` becomes `(T, hidden_dim)`.

    Weights: tables of tokens and places, a layer normalisation, and `num_layers` TransformerEncoder.
    """
    sizes = (vocabulary_size, num_layers, num_heads, hidden_dim, intermediate_dim)
    return _encoder("DistilBertBackbone", token_ids, *sizes, dropout, max_sequence_length)


layer(key="RobertaBackbone", name="RobertaBackbone", weights="kernel bias")(DistilBertBackbone)
layer(key="XLMRobertaBackbone", name="XLMRobertaBackbone", weights="kernel bias")(DistilBertBackbone)


@layer(weights="kernel bias")
def GPT2Backbone(
    token_ids: Shape,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    dropout: Rate = 0.1,
    max_sequence_length: Pos = 1024,
) -> Facts:
    """GPT-2 as one layer: `(T)` becomes `(T, hidden_dim)`.

    Weights: tables of tokens and places, `num_layers` TransformerDecoder that are normalised before, and a layer
    normalisation.
    """
    return _decoder(
        "GPT2Backbone",
        token_ids,
        (vocabulary_size, hidden_dim, max_sequence_length),
        num_layers,
        (num_heads, intermediate_dim),
        dropout,
        "gelu",
    )


@layer(weights="kernel bias")
def OPTBackbone(
    token_ids: Shape,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    dropout: Rate = 0.1,
    max_sequence_length: Pos = 2048,
) -> Facts:
    """OPT as one layer: a GPT2Backbone with ReLU."""
    return _decoder(
        "OPTBackbone",
        token_ids,
        (vocabulary_size, hidden_dim, max_sequence_length),
        num_layers,
        (num_heads, intermediate_dim),
        dropout,
        "relu",
    )


def _decoder(
    what: str,
    tokens: Shape,
    tables: tuple[Dim, Dim, Dim],
    layers: int,
    sizes: tuple[Dim, Dim],
    dropout: float,
    activation: str,
) -> Facts:
    """tables: words, depth and places. sizes: heads, and units of the dense layers."""
    stack = _Stack(tokens, what)
    stack.place(*tables)
    if activation == "gelu":
        stack.parts.drop(stack.x, dropout)

    def block(x: Shape) -> Facts:
        return TransformerDecoder(
            x,
            decoder_padding_mask=tokens,
            intermediate_dim=sizes[1],
            num_heads=sizes[0],
            dropout=dropout,
            activation=activation,
            normalize_first=True,
        )

    stack.repeat("transformer_layer", layers, block)
    stack.norm("layer_norm")
    return stack.facts()


@layer(weights="kernel")
def LlamaBackbone(
    token_ids: Shape,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_query_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    num_key_value_heads: Pos,
    layer_norm_epsilon: Real = 1e-6,
    dropout: Rate = 0.0,
    tie_word_embeddings: Flag = False,
) -> Facts:
    """Llama as one layer: `(T)` becomes `(T, hidden_dim)`.

    Weights: a table of tokens (unless `tie_word_embeddings` another for the way back), `num_layers`
    LlamaTransformerDecoder, and a scale. KerasHub's files do not say whether there is one table: where it is not said
    there are two, as Keras builds them from the file.
    """
    stack = _Stack(token_ids, "LlamaBackbone")
    stack.embed(vocabulary_size, hidden_dim, tied=tie_word_embeddings)

    def block(x: Shape) -> Facts:
        return LlamaTransformerDecoder(
            x,
            intermediate_dim=intermediate_dim,
            num_query_heads=num_query_heads,
            num_key_value_heads=num_key_value_heads,
            dropout=dropout,
        )

    stack.repeat("transformer_layer", num_layers, block)
    stack.rms("sequence_output_layernorm")
    return stack.facts()


layer(key="Llama3Backbone", name="Llama3Backbone", weights="kernel")(LlamaBackbone)


@layer(weights="kernel")
def MistralBackbone(
    token_ids: Shape,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_query_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    num_key_value_heads: Pos,
    head_dim: Pos | None = None,
    layer_norm_epsilon: Real = 1e-6,
    dropout: Rate = 0.0,
) -> Facts:
    """Mistral as one layer: a LlamaBackbone whose heads may have a depth of their own."""
    stack = _Stack(token_ids, "MistralBackbone")
    stack.embed(vocabulary_size, hidden_dim, tied=False)

    def block(x: Shape) -> Facts:
        return MistralTransformerDecoder(
            x,
            intermediate_dim=intermediate_dim,
            num_query_heads=num_query_heads,
            num_key_value_heads=num_key_value_heads,
            head_dim=head_dim,
            dropout=dropout,
        )

    stack.repeat("transformer_layer", num_layers, block)
    stack.rms("sequence_output_layernorm")
    return stack.facts()


@layer(weights="kernel bias")
def QwenBackbone(
    token_ids: Shape,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    layer_norm_epsilon: Real = 1e-6,
    dropout: Rate = 0.0,
    tie_word_embeddings: Flag = True,
) -> Facts:
    """Qwen as one layer: a LlamaBackbone of QwenTransformerDecoder."""
    stack = _Stack(token_ids, "QwenBackbone")
    stack.embed(vocabulary_size, hidden_dim, tied=tie_word_embeddings)

    def block(x: Shape) -> Facts:
        return QwenTransformerDecoder(
            x,
            intermediate_dim=intermediate_dim,
            num_query_heads=num_query_heads,
            num_key_value_heads=num_key_value_heads,
            dropout=dropout,
        )

    stack.repeat("transformer_layer", num_layers, block)
    stack.rms("sequence_output_layernorm")
    return stack.facts()


@layer(weights="kernel")
def GemmaBackbone(
    token_ids: Shape,
    padding_mask: Shape | None = None,
    *,
    vocabulary_size: Pos,
    num_layers: Blocks,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    hidden_dim: Pos,
    intermediate_dim: Pos,
    head_dim: Pos,
    use_post_ffw_norm: Flag = False,
    use_post_attention_norm: Flag = False,
    layer_norm_epsilon: Real = 1e-6,
    dropout: Rate = 0.0,
) -> Facts:
    """Gemma as one layer: `(T)` becomes `(T, hidden_dim)`.

    Weights: a table of tokens, `num_layers` GemmaDecoderBlock, and a scale. Operations: theirs, and one product per
    element behind the table.
    """
    stack = _Stack(token_ids, "GemmaBackbone")
    stack.embed(vocabulary_size, hidden_dim)
    stack.parts.sum(stack.x)

    def block(x: Shape) -> Facts:
        return GemmaDecoderBlock(
            x,
            hidden_dim=hidden_dim,
            intermediate_dim=intermediate_dim,
            head_dim=head_dim,
            num_query_heads=num_query_heads,
            num_key_value_heads=num_key_value_heads,
            use_post_ffw_norm=use_post_ffw_norm,
            use_post_attention_norm=use_post_attention_norm,
            dropout=dropout,
        )

    stack.repeat("decoder_block", num_layers, block)
    stack.rms("final_normalization")
    return stack.facts()


@layer(weights="kernel bias")
def ViTBackbone(
    images: Shape,
    *,
    image_shape: Extent,
    patch_size: Pair,
    num_layers: Blocks,
    num_heads: Pos,
    hidden_dim: Pos,
    mlp_dim: Pos,
    dropout_rate: Rate = 0.0,
    attention_dropout: Rate = 0.0,
    layer_norm_epsilon: Real = 1e-6,
    use_mha_bias: Flag = True,
    use_mlp_bias: Flag = True,
    use_class_token: Flag = True,
    use_patch_bias: Flag = True,
) -> Facts:
    """ViT as one layer: `(H, W, C)` becomes `(patches + 1, hidden_dim)`.

    Weights: those of a ViTPatchingAndEmbedding and of a ViTEncoder.
    """
    require_rank(images, 4, "ViTBackbone")
    parts = Parts()
    embedded = ViTPatchingAndEmbedding(
        images,
        image_size=images[1:3],
        patch_size=patch_size,
        hidden_dim=hidden_dim,
        use_class_token=use_class_token,
        use_patch_bias=use_patch_bias,
    )
    x = parts.add("vit_patching_and_embedding", embedded)
    encoded = ViTEncoder(
        x,
        num_layers=num_layers,
        num_heads=num_heads,
        hidden_dim=hidden_dim,
        mlp_dim=mlp_dim,
        use_mha_bias=use_mha_bias,
        use_mlp_bias=use_mlp_bias,
        dropout_rate=dropout_rate,
        attention_dropout=attention_dropout,
    )
    return parts.facts(parts.add("vit_encoder", encoded, x), keeps_input=True, window=NOT_FOLLOWED)
