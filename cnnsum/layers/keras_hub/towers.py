"""KerasHub's encoders of SigLIP, models as one layer each, and the layers of DINOv2."""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Shape, Weight, size
from cnnsum.layers.keras.attention import MultiHeadAttention
from cnnsum.layers.keras.core import Dense
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.keras.normalization import LayerNormalization
from cnnsum.layers.keras_hub.positions import TokenAndPositionEmbedding
from cnnsum.layers.keras_hub.transformers import Blocks, head_size
from cnnsum.layers.keras_hub.vision import encoder_block, match, patches
from cnnsum.layers.kinds import Extent, Flag, Nat, Pair, Pos, Rate, Real, Text
from cnnsum.layers.requiring import require_rank


def _keras(activation: str) -> str:
    """What Keras calls an activation of KerasHub's."""
    return activation.removesuffix("_approximate")


def _siglip(parts: Parts, x: Shape, layers: int, heads: Dim, units: Dim, activation: str, what: str) -> Shape:
    for number in range(layers):
        at = f"encoder_block_{number}."
        names = (f"{at}layer_norm1", f"{at}self_attn", f"{at}layer_norm2", f"{at}mlp.fc1", f"{at}mlp.fc2")
        x = encoder_block(
            parts,
            names,
            x,
            heads,
            units,
            activation,
            biases=(True, True),
            rates=(0.0, 0.0),
            causal=False,
            what=what,
        )
    return parts.add("post_layer_norm", LayerNormalization(x), x)


@layer(weights="kernel bias")
def SigLIPVisionEncoder(
    images: Shape,
    *,
    patch_size: Pos,
    hidden_dim: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    intermediate_dim: Pos,
    intermediate_activation: Text = "gelu_approximate",
    layer_norm_epsilon: Real = 1e-6,
    image_shape: Extent = (),
    data_format: DataFormat = "channels_last",
) -> Facts:
    """SigLIP's encoder of images, a model as one layer: `(H, W, C)` becomes `(hidden_dim)`.

    Weights: a convolution that cuts patches, a row for each place, the numbers of the places (nothing trains them),
    `num_layers` blocks of attention and two dense layers, a layer normalisation; then a learned row that attends to all
    others, and two dense layers on it.
    """
    what = "SigLIPVisionEncoder"
    require_rank(images, 4, what)
    sides = images[1:3] if data_format == "channels_last" else images[2:]
    places = (sides[0] // patch_size) * (sides[1] // patch_size)
    frozen = Weight("position_ids", (1, places), trainable=False, dtype="int")
    sizes = (sides, (patch_size, patch_size))
    parts = Parts()
    facts = patches(what, images, sizes, hidden_dim, data_format, bias=True, more=0, token=None, frozen=(frozen,))
    x = parts.add("embedding", facts)
    x = _siglip(parts, x, num_layers, num_heads, intermediate_dim, _keras(intermediate_activation), what)
    probe = (x[0], 1, hidden_dim)
    parts.add("head", Facts(probe, weights=(Weight("probe", (1, 1, hidden_dim)),)))
    depth = head_size(x, num_heads, what)
    pooled = parts.add("head.attention", MultiHeadAttention(probe, x, num_heads=num_heads, key_dim=depth), probe, x)
    inner = parts.add("head.layernorm", LayerNormalization(pooled), pooled)
    wide = parts.add(
        "head.fc1", Dense(inner, units=intermediate_dim, activation=_keras(intermediate_activation)), inner
    )
    parts.sum(parts.add("head.fc2", Dense(wide, units=hidden_dim), wide))
    return parts.facts((x[0], hidden_dim), keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="kernel bias")
def SigLIPTextEncoder(
    token_ids: Shape,
    *,
    vocabulary_size: Pos,
    embedding_dim: Pos,
    hidden_dim: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    intermediate_dim: Pos,
    intermediate_activation: Text = "gelu_approximate",
    layer_norm_epsilon: Real = 1e-6,
    max_sequence_length: Pos = 64,
    projection_dim: Pos | None = None,
) -> Facts:
    """SigLIP's encoder of texts, a model as one layer: `(T)` becomes `(projection_dim)`, of the last token.

    Weights: tables of tokens and places, the numbers of the places (nothing trains them), `num_layers` blocks of
    attention and two dense layers, a layer normalisation, and a dense layer.
    """
    what = "SigLIPTextEncoder"
    parts = Parts()
    tokens = TokenAndPositionEmbedding(
        token_ids, vocabulary_size=vocabulary_size, sequence_length=max_sequence_length, embedding_dim=embedding_dim
    )
    x = parts.add("embedding", tokens)
    frozen = Weight("position_ids", (1, max_sequence_length), trainable=False, dtype="int")
    parts.add("embedding", Facts(x, weights=(frozen,)))
    x = _siglip(parts, x, num_layers, num_heads, intermediate_dim, _keras(intermediate_activation), what)
    last = (x[0], x[2])
    units = hidden_dim if projection_dim is None else projection_dim
    return parts.facts(parts.add("head", Dense(last, units=units), last), keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="logit_scale logit_bias")
def SigLIPHead(vision_embedding: Shape, text_embedding: Shape) -> Facts:
    """A CLIPHead with a bias: two numbers in all."""
    return match("SigLIPHead", vision_embedding, text_embedding, ("logit_scale", "logit_bias"))


@layer(weights="cls_token")
def DINOV2Embedding(
    inputs: Shape,
    masks: Shape | None = None,
    *,
    hidden_dim: Pos,
    patch_size: Pos,
    image_shape: Pair,
    num_register_tokens: Nat = 0,
    use_mask_token: Flag = True,
    dropout_rate: Rate = 0.0,
    position_embedding_shape: Pair | None = None,
    data_format: DataFormat = "channels_last",
) -> Facts:
    """Cut an image into patches and make a row of each: `(H, W, C)` becomes `(patches + 1 + num_register_tokens,
    hidden_dim)`.

    Weights: cls_token, mask_token (`use_mask_token`), register_tokens, a convolution that cuts patches, a row for each
    place, and as many as `position_embedding_shape` has, which nothing trains.
    """
    what = "DINOV2Embedding"
    stored = image_shape if position_embedding_shape is None else position_embedding_shape
    places = (stored[0] // patch_size) * (stored[1] // patch_size) + 1
    more = [Weight("position_embeddings", (1, places, hidden_dim), trainable=False)]
    if use_mask_token:
        more.append(Weight("mask_token", (1, hidden_dim)))
    registers = not (isinstance(num_register_tokens, int) and num_register_tokens == 0)
    if registers:
        more.append(Weight("register_tokens", (1, num_register_tokens, hidden_dim)))
    token = Weight("cls_token", (1, 1, hidden_dim))
    sizes = (image_shape, (patch_size, patch_size))
    facts = patches(what, inputs, sizes, hidden_dim, data_format, bias=True, more=1, token=token, frozen=tuple(more))
    # The rows of the places are held with an axis before them.
    facts.weights = tuple(
        [
            one._replace(shape=(1, *one.shape)) if one.name.endswith("embeddings") and len(one.shape) == 2 else one
            for one in facts.weights
        ]
    )
    (out, *_) = facts.outputs
    if registers and out is not None:
        facts.outputs = ((out[0], out[1] + num_register_tokens, out[2]),)
    return facts


@layer(weights="kernel bias")
def DINOV2Encoder(
    inputs: Shape,
    *,
    num_layers: Blocks,
    hidden_dim: Pos,
    num_heads: Pos,
    intermediate_dim: Pos,
    layer_scale_init_value: Real = 1.0,
    use_swiglu_ffn: Flag = False,
    dropout_rate: Rate = 0.0,
    drop_path_rate: Rate = 0.0,
) -> Facts:
    """Blocks of attention and dense layers, normalised before and scaled behind: `(T, D)` stays; and what each block
    gives.

    Weights: per block those of MultiHeadAttention, two dense layers, two layer normalisations and two scales. With
    `use_swiglu_ffn` one half of the wide layer gates the other, each of two thirds of `intermediate_dim`, rounded up to
    a multiple of 8.
    """
    what = "DINOV2Encoder"
    depth = head_size(inputs, num_heads, what)
    parts = Parts()
    x = inputs
    for number in range(num_layers):
        at = f"layers_{number}."
        inner = parts.add(f"{at}norm1", LayerNormalization(x), x)
        attended = MultiHeadAttention(inner, inner, num_heads=num_heads, key_dim=depth, dropout=dropout_rate)
        parts.drop(parts.add(f"{at}attention", attended, inner), dropout_rate)
        _scaled(parts, f"{at}layer_scale1", x)
        inner = parts.add(f"{at}norm2", LayerNormalization(x), x)
        if use_swiglu_ffn:
            units = ((intermediate_dim * 2 // 3) + 7) // 8 * 8
            both = parts.add(f"{at}mlp.weights_in", Dense(inner, units=2 * units), inner)
            wide = (*both[:-1], units)
            parts.activate(wide, "silu")
            parts.add("", Facts(wide, ops=size(wide), keeps_input=True), both)
            parts.add(f"{at}mlp.weights_out", Dense(wide, units=x[2]), wide)
        else:
            wide = parts.add(f"{at}mlp.fc1", Dense(inner, units=intermediate_dim, activation="gelu"), inner)
            parts.add(f"{at}mlp.fc2", Dense(wide, units=x[2]), wide)
        _scaled(parts, f"{at}layer_scale2", x)
    return parts.facts(x, *[x] * num_layers, keeps_input=True, window=EVERYTHING)


def _scaled(parts: Parts, name: str, x: Shape) -> None:
    """A scale for each of a row, and the sum with what there was before."""
    parts.add(name, Facts(x, weights=(Weight("lambda1", (x[2],)),), ops=size(x), keeps_input=True), x)
    parts.sum(x)
