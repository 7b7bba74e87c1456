"""KerasHub's blocks of networks for images: EfficientNet, MobileNet, DeepLab, and the stages of MiT and ViTDet."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, maximum
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.arithmetic.resizing import scaled
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, Weight, size, unknown_facts
from cnnsum.layers.keras.convolution import Conv2D, DepthwiseConv2D
from cnnsum.layers.keras.core import Dense
from cnnsum.layers.keras.fields import Activation, DataFormat
from cnnsum.layers.keras.normalization import BatchNormalization, LayerNormalization
from cnnsum.layers.keras.pooling import GlobalAveragePooling2D
from cnnsum.layers.keras.reshaping import ZeroPadding2D
from cnnsum.layers.keras_hub.transformers import head_size
from cnnsum.layers.kinds import Flag, Nat, Pair, PlainPos, Pos, Positives, Rate, Real
from cnnsum.layers.requiring import require_equal, require_rank


class _Maps:
    """A block of convolutions on maps `(H, W, C)`, built step by step, and its weights in that order."""

    def __init__(self, x: Shape, what: str) -> None:
        require_rank(x, 4, what)
        self.parts = Parts()
        self.x = x
        self.first: Shape | None = x

    def _add(self, name: str, facts: Facts) -> None:
        """A step. What it reads is kept, but for the block's own input, which the block keeps itself."""
        inputs = (self.x,) if self.first is None else ()
        self.first = None
        self.x = self.parts.add(name, facts, *inputs)

    def conv(
        self,
        name: str,
        filters: Dim,
        kernel: tuple[Dim, ...],
        strides: tuple[Dim, ...] = (1, 1),
        *,
        pad: Dim = 0,
        groups: Dim = 1,
        bias: bool = False,
    ) -> None:
        if not (isinstance(pad, int) and pad == 0):
            self._add("", ZeroPadding2D(self.x, padding=((pad, pad), (pad, pad))))
        facts = Conv2D(self.x, filters=filters, kernel_size=kernel, strides=strides, groups=groups, use_bias=bias)
        self._add(name, facts)

    def depthwise(self, name: str, kernel: tuple[Dim, ...], strides: tuple[Dim, ...]) -> None:
        facts = DepthwiseConv2D(self.x, kernel_size=kernel, strides=strides, padding="same", use_bias=False)
        self._add(name, facts)

    def norm(self, name: str, activation: str | None = None) -> None:
        self._add(name, BatchNormalization(self.x))
        if activation is not None:
            self.parts.activate(self.x, activation)

    def excite(self, names: tuple[str, str], narrow: Dim, activations: tuple[str | None, str]) -> None:
        """Weigh the channels by what two dense layers make of their means."""
        x = self.x
        means = self.parts.add("", GlobalAveragePooling2D(x, keepdims=True))
        facts = Conv2D(means, filters=narrow, kernel_size=(1, 1), activation=activations[0])
        inner = self.parts.add(names[0], facts, means)
        facts = Conv2D(inner, filters=x[3], kernel_size=(1, 1), activation=activations[1])
        gate = self.parts.add(names[1], facts, inner)
        self.parts.add("", Facts(x, ops=size(x), keeps_input=True), x, gate)

    def join(self, x: Shape, rate: float = 0.0) -> None:
        """The sum with the block's input; whole samples of what is added are dropped."""
        if rate > 0:
            self.parts.drop((x[0], 1, 1, 1), rate)
        self.parts.sum(self.x)

    def facts(self) -> Facts:
        return self.parts.facts(self.x, keeps_input=True, window=NOT_FOLLOWED)


def _narrow(filters: int, ratio: float) -> Dim:
    return maximum(1, scaled(filters, ratio))


def _adds(strides: Dim, filters: tuple[Dim, Dim], nores: bool) -> bool:
    return strides == 1 and filters[0] == filters[1] and not nores


@layer(weights="kernel gamma beta moving_mean moving_variance")
def MBConvBlock(
    inputs: Shape,
    *,
    input_filters: PlainPos,
    output_filters: PlainPos,
    expand_ratio: PlainPos = 1,
    kernel_size: PlainPos = 3,
    strides: PlainPos = 1,
    data_format: DataFormat = "channels_last",
    se_ratio: Real = 0.0,
    activation: Activation | None = "swish",
    dropout: Rate = 0.2,
    nores: Flag = False,
) -> Facts:
    """Widen the channels, slide a kernel over each, weigh them (`se_ratio`), and narrow them: `(H, W, C)` becomes
    `(H', W', output_filters)`, with `H' = ceil(H / strides)`.

    Weights: convolutions of 1 to `expand_ratio` times the channels (unless it is 1), of each channel by itself, and
    back, with batch normalisations; two with biases that weigh channels. The input is added where its shape is that of
    the output, unless `nores`. MACs and operations: of these, and of each sum.
    """
    block = _Maps(inputs, "MBConvBlock")
    _channels(inputs, input_filters, "MBConvBlock")
    filters = input_filters * expand_ratio
    if expand_ratio != 1:
        block.conv("expand_conv", filters, (1, 1))
        block.norm("expand_bn", activation)
    block.depthwise("dwconv2", (kernel_size, kernel_size), (strides, strides))
    block.norm("bn", activation)
    if 0 < se_ratio <= 1:
        block.excite(("se_reduce", "se_expand"), _narrow(input_filters, se_ratio), (activation, "sigmoid"))
    kernel = 1 if expand_ratio != 1 else kernel_size
    block.conv("project_conv", output_filters, (kernel, kernel), pad=kernel // 2)
    block.norm("project_bn")
    if _adds(strides, (input_filters, output_filters), nores):
        block.join(inputs, dropout)
    return block.facts()


@layer(weights="kernel gamma beta moving_mean moving_variance")
def FusedMBConvBlock(
    inputs: Shape,
    *,
    input_filters: PlainPos,
    output_filters: PlainPos,
    expand_ratio: PlainPos = 1,
    kernel_size: PlainPos = 3,
    strides: PlainPos = 1,
    data_format: DataFormat = "channels_last",
    se_ratio: Real = 0.0,
    activation: Activation | None = "swish",
    projection_activation: Activation | None = None,
    dropout: Rate = 0.2,
    nores: Flag = False,
    projection_kernel_size: PlainPos = 1,
) -> Facts:
    """An MBConvBlock whose first convolution has a kernel of `kernel_size` over all channels, in place of the one over
    each by itself.
    """
    block = _Maps(inputs, "FusedMBConvBlock")
    _channels(inputs, input_filters, "FusedMBConvBlock")
    kernel = (kernel_size, kernel_size)
    block.conv("expand_conv", input_filters * expand_ratio, kernel, (strides, strides), pad=kernel_size // 2)
    block.norm("expand_bn", activation)
    if 0 < se_ratio <= 1:
        block.excite(("se_reduce", "se_expand"), _narrow(input_filters, se_ratio), (activation, "sigmoid"))
    size_of_projection = (projection_kernel_size, projection_kernel_size)
    block.conv("project_conv", output_filters, size_of_projection, pad=projection_kernel_size // 2)
    block.norm("project_bn", projection_activation if expand_ratio == 1 else None)
    if _adds(strides, (input_filters, output_filters), nores):
        block.join(inputs, dropout)
    return block.facts()


@layer(weights="kernel gamma beta moving_mean moving_variance")
def CBABlock(
    inputs: Shape,
    *,
    input_filters: PlainPos,
    output_filters: PlainPos,
    kernel_size: PlainPos = 3,
    strides: PlainPos = 1,
    data_format: DataFormat = "channels_last",
    activation: Activation | None = "swish",
    dropout: Rate = 0.2,
    nores: Flag = False,
) -> Facts:
    """A convolution, a batch normalisation and an activation; the input is added where its shape is that of the output.

    Weights: a kernel, no bias, and the four vectors of the normalisation. `(H, W, C)` becomes `(H', W',
    output_filters)`, half a kernel of zeros around it.
    """
    block = _Maps(inputs, "CBABlock")
    _channels(inputs, input_filters, "CBABlock")
    block.conv("conv", output_filters, (kernel_size, kernel_size), (strides, strides), pad=kernel_size // 2)
    block.norm("bn", activation)
    if _adds(strides, (input_filters, output_filters), nores):
        block.join(inputs, dropout)
    return block.facts()


def _channels(x: Shape, filters: Dim, what: str, field: str = "input_filters") -> None:
    require_equal(x[3], filters, f"{what} needs {filters} channels, got {x[3]}", field=field)


#: More channels than these are a slip, and not a layer.
_MOST_CHANNELS = 1 << 24


def _by_eights(count: float, field: str) -> int:
    """What MobileNet rounds a number of channels to: multiples of 8, and no more than a tenth less."""
    if not 0 <= count < _MOST_CHANNELS:
        raise Problem("CFG102", f"comes to {count:g} channels, and not to a number that a layer can have", field)
    rounded = max(8, int(count + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * count else rounded


_HARD = ("relu", "hard_sigmoid")


@layer(weights="kernel gamma beta moving_mean moving_variance")
def DepthwiseConvBlock(
    inputs: Shape,
    *,
    infilters: PlainPos,
    filters: PlainPos,
    kernel_size: Pair = (3, 3),
    stride: Pair = (2, 2),
    squeeze_excite_ratio: Real | None = None,
    residual: Flag = False,
) -> Facts:
    """Slide a kernel over each channel, weigh the channels (`squeeze_excite_ratio`), and mix them: `(H, W, infilters)`
    becomes `(H', W', filters)`, a row of zeros around it.

    Weights: both kernels without biases, a batch normalisation behind each, and two convolutions of 1 with biases that
    weigh the channels.
    """
    block = _Maps(inputs, "DepthwiseConvBlock")
    block.conv("conv1", infilters, kernel_size, stride, pad=1, groups=infilters)
    block.norm("bn1", "relu")
    if squeeze_excite_ratio:
        narrow = _by_eights(infilters * squeeze_excite_ratio, "squeeze_excite_ratio")
        block.excite(("squeeze_excite.conv_reduce", "squeeze_excite.conv_expand"), narrow, _HARD)
    block.conv("conv2", filters, (1, 1))
    block.norm("bn2")
    if residual:
        block.join(inputs)
    return block.facts()


@layer(weights="kernel gamma beta moving_mean moving_variance")
def InvertedResidualBlock(
    inputs: Shape,
    *,
    expansion: Real,
    infilters: PlainPos,
    filters: PlainPos,
    kernel_size: Pair,
    stride: Pair,
    squeeze_excite_ratio: Real | None,
    activation: Activation | None,
    padding: Nat,
) -> Facts:
    """Widen the channels, slide a kernel over each, weigh them (`squeeze_excite_ratio`), and narrow them to `filters`.

    Weights: three convolutions without biases, a batch normalisation behind each, and two convolutions of 1 with biases
    that weigh the channels. Within it there are `expansion` channels, rounded to a multiple of 8. The input is added
    where its shape is that of the output.
    """
    block = _Maps(inputs, "InvertedResidualBlock")
    wide = _by_eights(expansion, "expansion")
    block.conv("conv1", wide, (1, 1))
    block.norm("bn1", activation)
    block.conv("conv2", wide, kernel_size, stride, pad=padding, groups=wide)
    block.norm("bn2", activation)
    if squeeze_excite_ratio:
        narrow = _by_eights(wide * squeeze_excite_ratio, "squeeze_excite_ratio")
        block.excite(("se.conv_reduce", "se.conv_expand"), narrow, _HARD)
    block.conv("conv3", filters, (1, 1))
    block.norm("bn3")
    if all(one == 1 for one in stride) and infilters == filters:
        block.join(inputs)
    return block.facts()


@layer(weights="kernel gamma beta moving_mean moving_variance")
def ConvBnActBlock(inputs: Shape, *, filter: Pos, activation: Activation | None) -> Facts:
    """A convolution of 1 without a bias to `filter` channels, a batch normalisation and an activation."""
    block = _Maps(inputs, "ConvBnActBlock")
    block.conv("conv", filter, (1, 1))
    block.norm("bn", activation)
    return block.facts()


@layer(weights="kernel gamma beta moving_mean moving_variance")
def SpatialPyramidPooling(
    inputs: Shape,
    *,
    dilation_rates: Positives,
    num_channels: Pos = 256,
    activation: Activation | None = "relu",
    dropout: Rate = 0.0,
) -> Facts:
    """Look at a map through kernels of several dilations, and at its mean, side by side: `(H, W, C)` becomes `(H, W,
    num_channels)`.

    Weights: a convolution of 1, one of 3 for each of `dilation_rates`, one of the mean, and one that mixes all of them,
    without biases; a batch normalisation behind each. Resizing the mean is not counted.
    """
    what = "SpatialPyramidPooling"
    require_rank(inputs, 4, what)
    parts = Parts()
    wide = (*inputs[:3], num_channels)

    def normalised(name: str, x: Shape) -> None:
        parts.add(f"{name}.bn", BatchNormalization(x), x)
        if activation is not None:
            parts.activate(x, activation)

    parts.add("aspp_1", Conv2D(inputs, filters=num_channels, kernel_size=(1, 1), use_bias=False))
    normalised("aspp_1", wide)
    for number, rate in enumerate(dilation_rates, 2):
        facts = Conv2D(
            inputs,
            filters=num_channels,
            kernel_size=(3, 3),
            padding="same",
            dilation_rate=(rate, rate),
            use_bias=False,
        )
        parts.add(f"aspp_{number}", facts)
        normalised(f"aspp_{number}", wide)
    mean = parts.add("", GlobalAveragePooling2D(inputs, keepdims=True))
    pooled = parts.add("pooling", Conv2D(mean, filters=num_channels, kernel_size=(1, 1), use_bias=False), mean)
    normalised("pooling", pooled)
    joined = (*inputs[:3], (2 + len(dilation_rates)) * num_channels)
    facts = Conv2D(joined, filters=num_channels, kernel_size=(1, 1), use_bias=False)
    parts.add("projection", facts, joined)
    normalised("projection", wide)
    return parts.facts(parts.drop(wide, dropout), keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="kernel bias gamma beta")
def OverlappingPatchingAndEmbedding(
    x: Shape, *, project_dim: Pos = 32, patch_size: PlainPos = 7, stride: Pos = 4
) -> Facts:
    """Cut an image into patches that overlap, and make a row of each: `(H, W, C)` becomes `(patches, project_dim)`.

    Weights: a convolution of `patch_size`, half of it zeros around the image, and a layer normalisation.
    """
    block = _Maps(x, "OverlappingPatchingAndEmbedding")
    block.conv("proj", project_dim, (patch_size, patch_size), (stride, stride), pad=patch_size // 2, bias=True)
    maps = block.x
    rows = (maps[0], maps[1] * maps[2], project_dim)
    out = block.parts.add("norm", LayerNormalization(rows), rows)
    return block.parts.facts(out, keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="kernel bias")
def ViTDetPatchingAndEmbedding(
    x: Shape, *, kernel_size: Pair = (16, 16), strides: Pair = (16, 16), embed_dim: Pos = 768
) -> Facts:
    """A convolution whose kernel is as large as its stride: `(H, W, C)` becomes a map of patches of `embed_dim`."""
    return Conv2D(x, filters=embed_dim, kernel_size=kernel_size, strides=strides)


@layer(weights="pos_embed")
def AddPositionalEmbedding(x: Shape, *, img_size: Pos, patch_size: Pos, embed_dim: Pos) -> Facts:
    """Add a learned number to each element of a map of `img_size // patch_size` patches a side."""
    side = img_size // patch_size
    weight = Weight("pos_embed", (1, side, side, embed_dim))
    require_rank(x, 4, "AddPositionalEmbedding")
    for dim, wanted in zip(x[1:], weight.shape[1:], strict=True):
        require_equal(dim, wanted, f"AddPositionalEmbedding has numbers for {side} x {side} patches of {embed_dim}")
    return Facts(x, weights=(weight,), ops=size(x))


@layer(weights="kernel bias gamma beta")
def WindowedTransformerEncoder(
    x: Shape,
    *,
    project_dim: Pos,
    intermediate_dim: Pos,
    num_heads: Pos,
    use_bias: Flag = True,
    use_rel_pos: Flag = False,
    window_size: Nat = 0,
    input_size: Pair | None = None,
    activation: Activation | None = "gelu",
    layer_norm_epsilon: Real = 1e-6,
) -> Facts:
    """Attention within windows of `window_size` a side (0: of the whole map), and two dense layers, each normalised
    before and added to its input: `(H, W, D)` stays.

    Weights: one product for queries, keys and values, one back, two dense layers, two layer normalisations; with
    `use_rel_pos` a row of a head's depth for each distance within a window, along each axis. MACs: of all products,
    those with the distances included; where windows stand over the edge, of whole windows.
    """
    what = "WindowedTransformerEncoder"
    require_rank(x, 4, what)
    require_equal(
        x[3], project_dim, f"{what} adds what it makes to its input: both need one depth", field="project_dim"
    )
    depth = head_size((x[0], x[1] * x[2], project_dim), num_heads, what)
    whole = isinstance(window_size, int) and window_size == 0
    height, width = (x[1], x[2]) if whole else (window_size, window_size)
    windows: Dim = 1 if whole else -(-x[1] // window_size) * -(-x[2] // window_size)
    tokens = (x[0], windows * height * width, project_dim)
    parts = Parts()
    parts.add("layer_norm1", LayerNormalization(x), x)
    joined = parts.add("attention.qkv", Dense(tokens, units=3 * project_dim, use_bias=use_bias), tokens)
    scores = (x[0], windows * num_heads, height * width, height * width)
    parts.activate(scores, "softmax")
    parts.keep("queries, keys and values", joined)
    macs: Dim = 2 * size(scores) * depth
    ops: Dim = size(tokens)
    weights: tuple[Weight, ...] = ()
    if use_rel_pos:
        sides = input_size if whole and input_size is not None else (height, width)
        weights = tuple(
            [Weight(f"rel_pos_{axis}", (2 * side - 1, depth)) for axis, side in zip("hw", sides, strict=True)]
        )
        macs = macs + size(tokens) * (height + width)
        ops = ops + 2 * size(scores)
    parts.add("attention", Facts(tokens, weights=weights, macs=macs, ops=ops))
    parts.add("attention.projection", Dense(tokens, units=project_dim), tokens)
    parts.sum(x)
    parts.add("layer_norm2", LayerNormalization(x), x)
    wide = parts.add("mlp_block.dense", Dense(x, units=intermediate_dim, activation="gelu"), x)
    parts.add("mlp_block.dense_1", Dense(wide, units=project_dim), wide)
    return parts.facts(parts.sum(x), keeps_input=True, window=NOT_FOLLOWED)


@layer(weights="embeddings kernel bias gamma beta")
def SAMPromptEncoder(
    images: Shape | None = None,
    points: Shape | None = None,
    labels: Shape | None = None,
    boxes: Shape | None = None,
    masks: Shape | None = None,
    *,
    hidden_size: Pos = 256,
    image_embedding_size: Pair = (64, 64),
    input_image_size: Pair = (1024, 1024),
    mask_in_channels: Pos = 16,
    activation: Activation | None = "gelu",
) -> Facts:
    """What points, boxes and masks say of an image: a map `image_embedding_size` of what the masks say, one of its
    places, and a row for each point and each corner of a box, all of `hidden_size` numbers.

    Weights: random frequencies (nothing trains them), a row for each of six kinds of prompt, three convolutions and two
    layer normalisations for masks. MACs: of the convolutions on the masks, and of the waves of points and corners.
    """
    what = "SAMPromptEncoder"
    given = next((one for one in (points, labels, boxes, masks) if one is not None), None)
    if given is None:
        return unknown_facts()
    parts = Parts()
    kinds = ("foreground_point", "background_point", "top_left_corner", "bottom_right_corner", "not_a_point", "no_mask")
    waves = Weight("positional_embedding", (2, hidden_size // 2), trainable=False)
    weights = (waves, *(Weight(f"{name}_embed", (1, hidden_size)) for name in kinds))
    macs: Dim = 0
    tokens: Dim = 0
    for one, rank, corners in ((points, 3, 1), (boxes, 4, 2)):
        if one is not None:
            require_rank(one, rank, f"a prompt of {what}")
            tokens = tokens + one[1] * corners
            macs = macs + size(one) * (hidden_size // 2)
    parts.add("", Facts(given, weights=weights, macs=macs))
    side = (given[0], 4 * image_embedding_size[0], 4 * image_embedding_size[1], 1)
    if masks is not None:
        require_rank(masks, 5, f"the masks of {what}")
        side = (masks[0], masks[1] * side[1], side[2], 1)  # one below the other: windows do not overlap

    def step(name: str, facts: Facts) -> Shape:
        if masks is not None:
            return parts.add(name, facts, x)
        (out, *_) = facts.outputs
        assert out is not None
        return parts.add(name, Facts(out, weights=facts.weights))  # there is nothing to run it on

    x: Shape = side
    for name, filters in (("mask_downscaler.0", mask_in_channels // 4), ("mask_downscaler.3", mask_in_channels)):
        x = step(name, Conv2D(x, filters=filters, kernel_size=(2, 2), strides=(2, 2)))
        x = step(f"{name}.norm", LayerNormalization(x))
        if activation is not None and masks is not None:
            parts.activate(x, activation)
    x = step("mask_downscaler.6", Conv2D(x, filters=hidden_size, kernel_size=(1, 1)))
    dense = (given[0], *image_embedding_size, hidden_size)
    # Of a mapping Keras takes the outputs in the order of their names: dense, dense_positional, sparse.
    return parts.facts(dense, dense, (given[0], tokens, hidden_size), keeps_input=True)
