"""KerasHub's layers of transformers for images: patches as tokens, and blocks that are normalised before."""

from __future__ import annotations

from typing import Annotated, Any

from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Layout, Shape, Weight, size
from cnnsum.layers.keras.attention import MultiHeadAttention
from cnnsum.layers.keras.convolution import Conv2D
from cnnsum.layers.keras.core import Dense
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.keras.normalization import LayerNormalization
from cnnsum.layers.keras_hub.transformers import head_size
from cnnsum.layers.kinds import Flag, Kind, PlainPos, Pos, Rate, Reading, Real, Text, integer, items
from cnnsum.layers.requiring import require_equal


def _pair(value: Any, reading: Reading) -> tuple[Dim, ...]:
    def one(item: Any, reading: Reading) -> Dim:
        return integer(item, reading, "a positive integer", 1)

    if isinstance(value, (list, tuple)):
        return items(value, reading, one, "a positive integer, or two of them")
    return (integer(value, reading, "a positive integer, or two of them", 1),) * 2


Pair = Annotated[tuple[Dim, ...], Kind("a positive integer, or two of them", _pair)]


def _patches(
    what: str,
    images: Shape,
    sizes: tuple[tuple[Dim, ...], tuple[Dim, ...]],
    depth: Dim,
    data_format: Layout,
    *,
    bias: bool,
    more: int,
    token: Weight | None,
    frozen: tuple[Weight, ...] = (),
) -> Facts:
    """Patches of an image as tokens, `more` learned ones before them, and a row of a table for each place."""
    image, patch = sizes
    parts = Parts()
    if token is not None:
        parts.add("", Facts(images, weights=(token, *frozen)))
    facts = Conv2D(images, filters=depth, kernel_size=patch, strides=patch, use_bias=bias, data_format=data_format)
    maps = parts.add("patch_embedding", facts)
    lengths = maps[1:3] if data_format == "channels_last" else maps[2:]
    tokens: Dim = lengths[0] * lengths[1] + more
    places = (image[0] // patch[0]) * (image[1] // patch[1]) + more
    require_equal(tokens, places, f"{what} has rows for {places} places, got {tokens}")
    out = (images[0], places, depth)
    parts.add("position_embedding", Facts(out, weights=(Weight("embeddings", (places, depth)),)))
    return parts.facts(parts.sum(out), keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="class_token")
def ViTPatchingAndEmbedding(
    inputs: Shape,
    *,
    image_size: Pair,
    patch_size: Pair,
    hidden_dim: Pos,
    use_class_token: Flag = True,
    use_patch_bias: Flag = True,
    data_format: DataFormat = "channels_last",
) -> Facts:
    """Cut an image into patches and make a row of each: `(H, W, C)` becomes `(patches + 1, hidden_dim)`.

    Weights: class_token (`use_class_token`), patch_embedding, a convolution with a kernel as large as its stride, and
    position_embedding, a row for each. MACs and operations: of the convolution, and a sum per element.
    """
    token = Weight("class_token", (1, 1, hidden_dim)) if use_class_token else None
    return _patches(
        "ViTPatchingAndEmbedding",
        inputs,
        (image_size, patch_size),
        hidden_dim,
        data_format,
        bias=use_patch_bias,
        more=int(use_class_token),
        token=token,
    )


@layer(weights="class_embedding")
def CLIPVisionEmbedding(
    inputs: Shape, *, hidden_dim: Pos, patch_size: Pair, image_size: Pair, data_format: DataFormat = "channels_last"
) -> Facts:
    """As ViTPatchingAndEmbedding, without a bias. The numbers of the places are a weight, too, which nothing trains."""
    places = (image_size[0] // patch_size[0]) * (image_size[1] // patch_size[1]) + 1
    return _patches(
        "CLIPVisionEmbedding",
        inputs,
        (image_size, patch_size),
        hidden_dim,
        data_format,
        bias=False,
        more=1,
        token=Weight("class_embedding", (hidden_dim,)),
        frozen=(Weight("position_ids", (1, places), trainable=False, dtype="int"),),
    )


def _block(
    parts: Parts,
    names: tuple[str, str, str, str, str],
    x: Shape,
    heads: Dim,
    units: Dim,
    activation: str | None,
    *,
    biases: tuple[bool, bool],
    rates: tuple[float, float],
    causal: bool,
    what: str,
) -> Shape:
    """Attention and two dense layers, each normalised before, and added to its input. rates: of attention, and of what
    is added.
    """
    depth = head_size(x, heads, what)
    inner = parts.add(names[0], LayerNormalization(x), x)
    attended = MultiHeadAttention(
        inner,
        inner,
        num_heads=heads,
        key_dim=depth,
        use_bias=biases[0],
        dropout=rates[0],
        use_causal_mask=causal,
    )
    x = parts.sum(parts.drop(parts.add(names[1], attended, inner), rates[1]))
    inner = parts.add(names[2], LayerNormalization(x), x)
    wide = parts.add(names[3], Dense(inner, units=units, activation=activation, use_bias=biases[1]), inner)
    out = parts.add(names[4], Dense(parts.drop(wide, rates[1]), units=x[2], use_bias=biases[1]), wide)
    return parts.sum(parts.drop(out, rates[1]))


@layer(weights="kernel bias")
def ViTEncoder(
    inputs: Shape,
    *,
    num_layers: PlainPos,
    num_heads: Pos,
    hidden_dim: Pos,
    mlp_dim: Pos,
    use_mha_bias: Flag = True,
    use_mlp_bias: Flag = True,
    dropout_rate: Rate = 0.0,
    attention_dropout: Rate = 0.0,
    layer_norm_epsilon: Real = 1e-6,
) -> Facts:
    """Blocks of attention and two dense layers with gelu, normalised before, and a normalisation: `(T, D)` stays.

    Weights: per block those of MultiHeadAttention, two dense layers and two layer normalisations; one more at the end.
    MACs and operations: theirs, and one operation per element of each sum.
    """
    parts = Parts()
    x = parts.drop(inputs, dropout_rate)
    for number in range(1, num_layers + 1):
        at = f"transformer_block_{number}"
        names = (f"{at}.ln_1", f"{at}.mha", f"{at}.ln_2", f"{at}.mlp.dense_1", f"{at}.mlp.dense_2")
        biases = (use_mha_bias, use_mlp_bias)
        rates = (attention_dropout, dropout_rate)
        x = _block(
            parts, names, x, num_heads, mlp_dim, "gelu", biases=biases, rates=rates, causal=False, what="ViTEncoder"
        )
    x = parts.add("ln", LayerNormalization(x), x)
    return parts.facts(x, keeps_input=True, window=EVERYTHING)


@layer(weights="kernel bias")
def CLIPEncoderLayer(
    x: Shape,
    *,
    hidden_dim: Pos,
    num_heads: Pos,
    intermediate_dim: Pos,
    intermediate_activation: Text = "quick_gelu",
    use_causal_mask: Flag = True,
) -> Facts:
    """Attention and two dense layers, normalised before: `(T, D)` stays. `intermediate_activation` quick_gelu, which is
    the product with a sigmoid, is counted as silu with one more product.
    """
    parts = Parts()
    names = ("layer_norm_1", "attention", "layer_norm_2", "dense_1", "dense_2")
    quick = intermediate_activation == "quick_gelu"
    out = _block(
        parts,
        names,
        x,
        num_heads,
        intermediate_dim,
        "silu" if quick else intermediate_activation,
        biases=(True, True),
        rates=(0.0, 0.0),
        causal=use_causal_mask,
        what="CLIPEncoderLayer",
    )
    if quick:
        parts.add("", Facts(out, ops=size((*x[:2], intermediate_dim))))
    return parts.facts(out, keeps_input=True, window=EVERYTHING)
