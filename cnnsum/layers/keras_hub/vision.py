"""KerasHub's layers of transformers for images: patches as tokens, and blocks that are normalised before."""

from __future__ import annotations

from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Layout, Shape, Weight, size, unknown_facts
from cnnsum.layers.keras.attention import MultiHeadAttention
from cnnsum.layers.keras.convolution import Conv2D
from cnnsum.layers.keras.core import Dense
from cnnsum.layers.keras.fields import Activation, DataFormat
from cnnsum.layers.keras.normalization import LayerNormalization
from cnnsum.layers.keras_hub.positions import TokenAndPositionEmbedding
from cnnsum.layers.keras_hub.transformers import Blocks, head_size
from cnnsum.layers.kinds import Extent, Flag, Pair, PlainInt, Pos, Rate, Real, Text
from cnnsum.layers.requiring import require_equal, require_rank


def patches(
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
    parts.add("", Facts(images, weights=(*(() if token is None else (token,)), *frozen)))
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
    return patches(
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
    return patches(
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


def _side_by_side(weight: Weight) -> Weight:
    """`D x heads x h` as `D x D`, `heads x h x D` likewise, and `heads x h` as a vector."""
    shape = weight.shape
    if weight.name.startswith("attention_output"):
        joined = (*((prod(shape[:-1]),) if len(shape) > 1 else ()), shape[-1])
    else:
        joined = (*shape[:-2], prod(shape[-2:]))
    return weight._replace(shape=joined)


def encoder_block(
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
    matrices: bool = False,
) -> Shape:
    """Attention and two dense layers, each normalised before, and added to its input. rates: of attention, and of what
    is added. matrices: whether the weights of the attention are matrices and vectors, heads side by side.
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
    if matrices:
        attended.weights = tuple([_side_by_side(one) for one in attended.weights])
    x = parts.sum(parts.drop(parts.add(names[1], attended, inner), rates[1]))
    inner = parts.add(names[2], LayerNormalization(x), x)
    wide = parts.add(names[3], Dense(inner, units=units, activation=activation, use_bias=biases[1]), inner)
    out = parts.add(names[4], Dense(parts.drop(wide, rates[1]), units=x[2], use_bias=biases[1]), wide)
    return parts.sum(parts.drop(out, rates[1]))


@layer(weights="kernel bias")
def ViTEncoder(
    inputs: Shape,
    *,
    num_layers: Blocks,
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
        x = encoder_block(
            parts, names, x, num_heads, mlp_dim, "gelu", biases=biases, rates=rates, causal=False, what="ViTEncoder"
        )
    x = parts.add("ln", LayerNormalization(x), x)
    return parts.facts(x, keeps_input=True, window=EVERYTHING)


def _clip_layer(
    parts: Parts, prefix: str, x: Shape, heads: Dim, units: Dim, activation: str, *, causal: bool, what: str
) -> Shape:
    names = ("layer_norm_1", "attention", "layer_norm_2", "dense_1", "dense_2")
    quick = activation == "quick_gelu"
    out = encoder_block(
        parts,
        (
            f"{prefix}{names[0]}",
            f"{prefix}{names[1]}",
            f"{prefix}{names[2]}",
            f"{prefix}{names[3]}",
            f"{prefix}{names[4]}",
        ),
        x,
        heads,
        units,
        "silu" if quick else activation,
        biases=(True, True),
        rates=(0.0, 0.0),
        causal=causal,
        what=what,
    )
    if quick:
        parts.add("", Facts(out, ops=size((*x[:2], units))))
    return out


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
    out = _clip_layer(
        parts,
        "",
        x,
        num_heads,
        intermediate_dim,
        intermediate_activation,
        causal=use_causal_mask,
        what="CLIPEncoderLayer",
    )
    return parts.facts(out, keeps_input=True, window=EVERYTHING)


def _clip_stack(
    parts: Parts,
    x: Shape,
    layers: int,
    heads: Dim,
    units: Dim,
    activation: str,
    at: int | None,
    *,
    causal: bool,
    what: str,
) -> Facts:
    """The layers of an encoder of CLIP, and a normalisation behind. at: of which layer the output is given, too."""
    for number in range(layers):
        x = _clip_layer(parts, f"encoder_layer_{number}.", x, heads, units, activation, causal=causal, what=what)
    out = parts.add("layer_norm", LayerNormalization(x), x)
    # Of a mapping Keras takes the outputs in the order of their names: `intermediate_output`, `sequence_output`.
    outputs = (out,) if at is None else (x, out)
    return parts.facts(*outputs, keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="kernel bias")
def CLIPVisionEncoder(
    images: Shape,
    *,
    patch_size: Pos,
    hidden_dim: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    intermediate_dim: Pos,
    intermediate_activation: Text = "quick_gelu",
    intermediate_output_index: PlainInt | None = None,
    image_shape: Extent = (),
    data_format: DataFormat = "channels_last",
) -> Facts:
    """CLIP's encoder of images, a model as one layer: `(H, W, C)` becomes `(patches + 1, hidden_dim)`.

    Weights: those of a CLIPVisionEmbedding, of a layer normalisation, of `num_layers` CLIPEncoderLayer, and of a layer
    normalisation. With `intermediate_output_index` it gives the output of that layer, too.
    """
    parts = Parts()
    require_rank(images, 4, "CLIPVisionEncoder")
    sides = images[1:3] if data_format == "channels_last" else images[2:]
    facts = CLIPVisionEmbedding(
        images, hidden_dim=hidden_dim, patch_size=(patch_size, patch_size), image_size=sides, data_format=data_format
    )
    x = parts.add("embedding", facts)
    x = parts.add("pre_layer_norm", LayerNormalization(x), x)
    return _clip_stack(
        parts,
        x,
        num_layers,
        num_heads,
        intermediate_dim,
        intermediate_activation,
        intermediate_output_index,
        causal=False,
        what="CLIPVisionEncoder",
    )


@layer(weights="kernel bias")
def CLIPTextEncoder(
    token_ids: Shape,
    *,
    vocabulary_size: Pos,
    embedding_dim: Pos,
    hidden_dim: Pos,
    num_layers: Blocks,
    num_heads: Pos,
    intermediate_dim: Pos,
    intermediate_activation: Text = "quick_gelu",
    intermediate_output_index: PlainInt | None = None,
    max_sequence_length: Pos = 77,
) -> Facts:
    """CLIP's encoder of texts, a model as one layer: `(T)` becomes `(T, hidden_dim)`.

    Weights: those of a TokenAndPositionEmbedding, of `num_layers` CLIPEncoderLayer, and of a layer normalisation. With
    `intermediate_output_index` it gives the output of that layer, too.
    """
    parts = Parts()
    tokens = TokenAndPositionEmbedding(
        token_ids, vocabulary_size=vocabulary_size, sequence_length=max_sequence_length, embedding_dim=embedding_dim
    )
    return _clip_stack(
        parts,
        parts.add("embedding", tokens),
        num_layers,
        num_heads,
        intermediate_dim,
        intermediate_activation,
        intermediate_output_index,
        causal=True,
        what="CLIPTextEncoder",
    )


@layer
def CLIPVisionPooler(vision_embeddings: Shape) -> Facts:
    """The first row of a sequence: `(T, D)` becomes `(D)`. No weights and no work."""
    require_rank(vision_embeddings, 3, "CLIPVisionPooler")
    return Facts((vision_embeddings[0], vision_embeddings[2]))


@layer
def CLIPTextPooler(text_embeddings: Shape, token_ids: Shape) -> Facts:
    """The row of a sequence where its text ends: `(T, D)` becomes `(D)`. No weights; finding it is not counted."""
    require_rank(text_embeddings, 3, "CLIPTextPooler")
    return Facts((text_embeddings[0], text_embeddings[2]))


def match(what: str, vision_embedding: Shape, text_embedding: Shape, weights: tuple[str, ...]) -> Facts:
    """A number for every pair of a batch of images and one of texts, twice; weights: single numbers."""
    for x in (vision_embedding, text_embedding):
        require_rank(x, 2, what)
    depth = vision_embedding[1]
    require_equal(
        depth, text_embedding[1], f"{what} needs embeddings of one depth, got {depth} and {text_embedding[1]}"
    )
    pairs = (text_embedding[0], vision_embedding[0])
    return Facts(
        (vision_embedding[0], text_embedding[0]),
        pairs,
        weights=tuple([Weight(one, ()) for one in weights]),
        macs=size(pairs) * depth,
        ops=3 * (size(vision_embedding) + size(text_embedding)) + len(weights) * size(pairs),
        keeps_input=True,
    )


@layer(weights="logit_scale")
def CLIPHead(vision_embedding: Shape, text_embedding: Shape) -> Facts:
    """How well each image matches each text: a batch of either, `(D)` each, becomes a number for every pair, twice.

    Weights: logit_scale, one number. MACs: D for every pair. Operations: of both normalisations, and of the scale.
    """
    return match("CLIPHead", vision_embedding, text_embedding, ("logit_scale",))


@layer(weights="kernel bias")
def PaliGemmaVit(
    images: Shape,
    *,
    image_size: Pos,
    patch_size: Pos,
    num_heads: Pos,
    hidden_dim: Pos,
    num_layers: Blocks,
    intermediate_dim: Pos,
    num_classes: Pos,
    pooling: Text | None = None,
    classifier_activation: Activation | None = None,
) -> Facts:
    """PaliGemma's encoder of images, a model as one layer: `(H, W, C)` becomes `(patches, num_classes)`; with `pooling`
    "gap" or "zero" `(num_classes)`.

    Weights: a convolution that cuts patches, a row for each place, per layer four matrices with biases, two dense
    layers and two layer normalisations, one more at the end, and a dense layer. With `pooling` "map" nothing is known.
    """
    if pooling not in (None, "gap", "zero"):
        return unknown_facts()
    parts = Parts()
    sizes = ((image_size, image_size), (patch_size, patch_size))
    facts = patches("PaliGemmaVit", images, sizes, hidden_dim, "channels_last", bias=True, more=0, token=None)
    x = parts.add("embeddings", facts)
    for number in range(num_layers):
        at = f"encoder_block_{number}."
        names = ("layer_norm_1", "multi_head_attention", "layer_norm_2", "mlp_dense_1", "mlp_dense_2")
        x = encoder_block(
            parts,
            (f"{at}{names[0]}", f"{at}{names[1]}", f"{at}{names[2]}", f"{at}{names[3]}", f"{at}{names[4]}"),
            x,
            num_heads,
            intermediate_dim,
            "gelu",
            biases=(True, True),
            rates=(0.0, 0.0),
            causal=False,
            what="PaliGemmaVit",
            matrices=True,
        )
    x = parts.add("encoder_layer_norm", LayerNormalization(x), x)
    if pooling is not None:
        if pooling == "gap":
            parts.sum(x)
        x = (x[0], x[2])
    facts = Dense(x, units=num_classes, activation=classifier_activation)
    return parts.facts(parts.add("image_classifier", facts, x), keeps_input=True, window=NOT_FOLLOWED)
