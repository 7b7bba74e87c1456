"""Attention and transformers, in PyTorch's words.

What is kept is what PyTorch keeps where it holds the scores as a whole: fused kernels, which depend on the device, keep
less.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.attention import Ordered, attend_in_heads
from cnnsum.layers.arithmetic.axes import require_outputs
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import EVERYTHING, Facts, Shape, Weight, show_shape
from cnnsum.layers.inner import Inner, within
from cnnsum.layers.kinds import Flag, PlainPos, Pos, Rate, Real, Sublayer, choice
from cnnsum.layers.requiring import require_equal, require_multiple, require_rank
from cnnsum.layers.torch.core import Linear
from cnnsum.layers.torch.fields import BatchFirst, given_channels
from cnnsum.layers.torch.normalization import LayerNorm
from cnnsum.typed import Annotated, Literal

Between = Literal["relu", "gelu"]
BetweenLayers = Annotated[Between, choice("relu", "gelu")]

_EVERY_SAMPLE = "leave a mask that is the same for every sample out: it changes no shape and no product"


@layer(role="multi-head attention", weights="in_proj out_proj")
def MultiheadAttention(
    query: Shape,
    key: Shape,
    value: Shape,
    key_padding_mask: Shape | None = None,
    attn_mask: Shape | None = None,
    *,
    embed_dim: Pos | None = None,
    num_heads: Pos,
    dropout: Rate = 0.0,
    bias: Flag = True,
    add_bias_kv: Flag = False,
    add_zero_attn: Flag = False,
    kdim: Pos | None = None,
    vdim: Pos | None = None,
    batch_first: BatchFirst = True,
    need_weights: Flag = True,
    average_attn_weights: Flag = True,
) -> Facts:
    """Means of values, weighted by how well queries match keys, in several heads: `(L, E)` becomes `(L, E)`, beside the
    weights of the means `(L, S)`.

    Key and value are `(S, kdim)` and `(S, vdim)`; both are `E` deep unless that is said. `need_weights` and
    `average_attn_weights` are arguments of the call in PyTorch: without the first there is no second output, and
    without the mean over heads that is `(num_heads, L, S)`. `batch_first` is true, as inputs of a spec are, where
    PyTorch's default is false.

    Weights: in_proj_weight `3*E x E` (or, where kdim or vdim is another, q_proj_weight `E x E`, k_proj_weight
    `E x kdim`, v_proj_weight `E x vdim`), in_proj_bias `3*E`, out_proj.weight `E x E`, out_proj.bias `E`; with
    `add_bias_kv` bias_k and bias_v, `E` each.
    MACs: `2 * L * E * E + S * E * (kdim + vdim)` for the projections, and `2 * L * S * E` for scores and means.
    `add_bias_kv` and `add_zero_attn` each make S one longer behind the projections.
    Operations: the biases, the scaling of queries, and a softmax of all scores.
    Backpropagation keeps copies of the inputs, positions first (inputs of one shape are taken to be one tensor, if
    in_proj_weight is for all), keys and values, scaled queries, scores, and what goes into the last projection; with
    dropout also its mask, and the scores behind it.
    """
    return _attend(
        query,
        key,
        value,
        key_padding_mask,
        attn_mask,
        embed_dim=embed_dim,
        num_heads=num_heads,
        dropout=dropout,
        bias=bias,
        add_bias_kv=add_bias_kv,
        add_zero_attn=add_zero_attn,
        kdim=kdim,
        vdim=vdim,
        need_weights=need_weights,
        average_attn_weights=average_attn_weights,
    )


def _attend(
    query: Shape,
    key: Shape,
    value: Shape,
    key_padding_mask: Shape | None,
    attn_mask: Shape | None,
    *,
    embed_dim: Dim | None,
    num_heads: Dim,
    dropout: float,
    bias: bool,
    add_bias_kv: bool = False,
    add_zero_attn: bool = False,
    kdim: Dim | None = None,
    vdim: Dim | None = None,
    need_weights: bool = False,
    average_attn_weights: bool = True,
    what: str = "MultiheadAttention",
    said: str = "embed_dim",
    heads: str = "num_heads",
) -> Facts:
    """Attention of a layer whose depth and heads are called `said` and `heads`."""
    for name, shape in (("query", query), ("key", key), ("value", value)):
        require_rank(shape, 3, f"the {name} of {what}")
    depth = given_channels(query, 2, embed_dim, what, said)
    require_multiple(
        depth,
        num_heads,
        f"{what} splits its {said} into {heads} equal parts, got {depth} and {num_heads}",
        field=heads,
        code="CFG116",
    )
    own_kdim, own_vdim = depth if kdim is None else kdim, depth if vdim is None else vdim
    _check(query, key, value, own_kdim, own_vdim, what)
    _check_masks(query, key, num_heads, key_padding_mask, attn_mask, what)
    packed = bool(own_kdim == depth) and bool(own_vdim == depth)
    weights: list[Weight] = (
        [Weight("in_proj_weight", (3 * depth, depth))]
        if packed
        else [
            Weight("q_proj_weight", (depth, depth)),
            Weight("k_proj_weight", (depth, own_kdim)),
            Weight("v_proj_weight", (depth, own_vdim)),
        ]
    )
    if bias:
        weights.append(Weight("in_proj_bias", (3 * depth,)))
    if add_bias_kv:
        weights += [Weight("bias_k", (1, 1, depth)), Weight("bias_v", (1, 1, depth))]
    weights.append(Weight("out_proj.weight", (depth, depth)))
    if bias:
        weights.append(Weight("out_proj.bias", (depth,)))
    plan = Ordered(
        num_heads,
        more=int(add_bias_kv) + int(add_zero_attn),
        packed=packed,
        bias=bias,
        dropout=dropout,
        masked=key_padding_mask is not None or attn_mask is not None,
        listed=need_weights,
        averaged=average_attn_weights,
    )
    return attend_in_heads(query, key, value, plan, tuple(weights))


def _check(query: Shape, key: Shape, value: Shape, kdim: Dim, vdim: Dim, what: str) -> None:
    shapes = f"got {show_shape(query)}, {show_shape(key)} and {show_shape(value)}"
    for one in (key, value):
        require_equal(query[0], one[0], f"{what} needs query, key and value of as many samples, {shapes}")
    require_equal(key[1], value[1], f"{what} needs key and value of the same length, {shapes}")
    require_equal(key[2], kdim, f"{what} needs keys of a depth of {kdim}, {shapes}", help=_other_depth("kdim", key[2]))
    reason = f"{what} needs values of a depth of {vdim}, {shapes}"
    require_equal(value[2], vdim, reason, help=_other_depth("vdim", value[2]))


def _other_depth(field: str, depth: Dim) -> str:
    return f"`{field}: {depth}` is for one of another depth than the query"


def _check_masks(
    query: Shape, key: Shape, heads: Dim, key_padding_mask: Shape | None, attn_mask: Shape | None, what: str
) -> None:
    if key_padding_mask is not None:
        _require_shape(key_padding_mask, key[:2], f"the key_padding_mask of {what}")
    if attn_mask is not None:
        of_each = (query[0] * heads, query[1], key[1])
        _require_shape(attn_mask, of_each[1:] if len(attn_mask) == 2 else of_each, f"the attn_mask of {what}")


def _require_shape(mask: Shape, wanted: Shape, what: str) -> None:
    require_rank(mask, len(wanted), what)
    for own, needed in zip(mask, wanted, strict=True):
        reason = f"{what} must be {show_shape(wanted)}, got {show_shape(mask)}"
        require_equal(own, needed, reason, help=_EVERY_SAMPLE)


class _Made:
    """The parts of a layer of a transformer, which all of them have in one depth."""

    def __init__(
        self,
        what: str,
        x: Shape,
        d_model: Dim | None,
        nhead: Dim,
        dim_feedforward: Dim,
        dropout: float,
        activation: Between,
        norm_first: bool,
        bias: bool,
    ) -> None:
        require_rank(x, 3, what)
        given_channels(x, 2, d_model, what, "d_model")
        self.what = what
        self.nhead = nhead
        self.between = dim_feedforward
        self.dropout = dropout
        self.activation: Between = activation
        self.norm_first = norm_first
        self.bias = bias
        self.parts = Parts()

    def attention(
        self, name: str, x: Shape, memory: Shape, padding: Shape | None, mask: Shape | None, number: int
    ) -> Shape:
        """Attention with what is added to its result, and the norm before or behind it."""
        inner = self._before(number, x)
        facts = _attend(
            inner,
            memory,
            memory,
            padding,
            mask,
            embed_dim=None,
            num_heads=self.nhead,
            dropout=self.dropout,
            bias=self.bias,
            what=self.what,
            said="d_model",
            heads="nhead",
        )
        out = self.parts.drop(self.parts.add(name, facts), self.dropout)
        return self._behind(number, self.parts.sum(out))

    def feed_forward(self, x: Shape, number: int) -> Shape:
        """Two products with matrices and an activation between them; likewise."""
        parts = self.parts
        inner = self._before(number, x)
        wide = parts.add("linear1", Linear(inner, out_features=self.between, bias=self.bias), inner)
        parts.activate(wide, self.activation)
        if self.dropout > 0:
            parts.drop(wide, self.dropout)
        if self.dropout > 0 or self.activation == "gelu":
            parts.keep("input of linear2", wide, for_weights=True)  # that of relu is kept for it already
        out = parts.add("linear2", Linear(wide, out_features=x[2], bias=self.bias))
        return self._behind(number, parts.sum(parts.drop(out, self.dropout)))

    def _before(self, number: int, x: Shape) -> Shape:
        return self._norm(number, x, first=number == 1) if self.norm_first else x

    def _behind(self, number: int, x: Shape) -> Shape:
        return x if self.norm_first else self._norm(number, x)

    def _norm(self, number: int, x: Shape, *, first: bool = False) -> Shape:
        """A norm; that of the layer's own input says of itself that it is kept."""
        return self.parts.add(f"norm{number}", _normalized(x, bias=self.bias), *(() if first else (x,)))

    def facts(self, out: Shape, order: tuple[str, ...]) -> Facts:
        """All of it, the weights in the order in which the module holds them."""
        facts = self.parts.facts(out, keeps_input=self.norm_first, window=EVERYTHING)
        facts.weights = tuple([one for part in order for one in facts.weights if one.name.startswith(f"{part}.")])
        return facts


def _normalized(x: Shape, *, bias: bool) -> Facts:
    """A norm of every position."""
    return LayerNorm(x, normalized_shape=(x[2],), bias=bias)


@layer(weights="self_attn linear1 linear2 norm1 norm2")
def TransformerEncoderLayer(
    src: Shape,
    src_mask: Shape | None = None,
    src_key_padding_mask: Shape | None = None,
    *,
    d_model: Pos | None = None,
    nhead: Pos,
    dim_feedforward: Pos = 2048,
    dropout: Rate = 0.1,
    activation: BetweenLayers = "relu",
    layer_norm_eps: Real = 1e-5,
    batch_first: BatchFirst = True,
    norm_first: Flag = False,
    bias: Flag = True,
) -> Facts:
    """Self-attention, then two products with matrices, each added to what it came from and normalised: `(S, E)` becomes
    `(S, E)`.

    `batch_first` is true, as inputs of a spec are, where PyTorch's default is false.

    Weights: self_attn (as MultiheadAttention), linear1 `dim_feedforward x E`, linear2 `E x dim_feedforward`, norm1 and
    norm2 (`E` each), with their biases.
    MACs: `4 * S * E * E + 2 * S * S * E` for attention, `2 * S * E * dim_feedforward` for the products.
    Operations: those of attention, biases, the activation, two sums and two norms.
    Backpropagation keeps what attention keeps, whose scores are not output, the inputs of the norms, their
    statistics, the inputs of the products, what the activation needs, and the masks of dropout.
    """
    made = _Made("TransformerEncoderLayer", src, d_model, nhead, dim_feedforward, dropout, activation, norm_first, bias)
    x = made.attention("self_attn", src, src, src_key_padding_mask, src_mask, 1)
    x = made.feed_forward(x, 2)
    return made.facts(x, ("self_attn", "linear1", "linear2", "norm1", "norm2"))


@layer(weights="self_attn multihead_attn linear1 linear2 norm1 norm2 norm3")
def TransformerDecoderLayer(
    tgt: Shape,
    memory: Shape,
    tgt_mask: Shape | None = None,
    memory_mask: Shape | None = None,
    tgt_key_padding_mask: Shape | None = None,
    memory_key_padding_mask: Shape | None = None,
    *,
    d_model: Pos | None = None,
    nhead: Pos,
    dim_feedforward: Pos = 2048,
    dropout: Rate = 0.1,
    activation: BetweenLayers = "relu",
    layer_norm_eps: Real = 1e-5,
    batch_first: BatchFirst = True,
    norm_first: Flag = False,
    bias: Flag = True,
) -> Facts:
    """Self-attention, attention to a memory, then two products with matrices, each added to what it came from and
    normalised: `(T, E)` and a memory `(S, E)` becomes `(T, E)`.

    `batch_first` is true, as inputs of a spec are, where PyTorch's default is false.

    Weights: self_attn and multihead_attn (as MultiheadAttention), linear1 `dim_feedforward x E`, linear2 `E x
    dim_feedforward`, norm1, norm2 and norm3 (`E` each), with their biases.
    MACs: `6 * T * E * E + 2 * S * E * E + 2 * T * (T + S) * E` for attention, `2 * T * E * dim_feedforward` for the
    products. Operations: those of both attentions, biases, the activation, three sums and three norms.
    Backpropagation keeps what both attentions keep, whose scores are not output, the inputs of the norms and their
    statistics, the inputs of the products, what the activation needs, and the masks of dropout.
    """
    made = _Made("TransformerDecoderLayer", tgt, d_model, nhead, dim_feedforward, dropout, activation, norm_first, bias)
    x = made.attention("self_attn", tgt, tgt, tgt_key_padding_mask, tgt_mask, 1)
    x = made.attention("multihead_attn", x, memory, memory_key_padding_mask, memory_mask, 2)
    x = made.feed_forward(x, 3)
    return made.facts(x, ("self_attn", "multihead_attn", "linear1", "linear2", "norm1", "norm2", "norm3"))


def _stacked(
    parts: Parts, prefix: str, run: Callable[[Shape], Facts], x: Shape, count: int, *, own: bool = True
) -> Shape:
    """A layer `count` times, each time with weights of its own.

    own: whether the first reads what is the input of the whole, which says itself whether that is kept.
    """
    for number in range(count):
        x = parts.add(f"{prefix}layers.{number}", run(x), *(() if own and number == 0 else (x,)))
    return x


def _applied(field: str, inner: Inner, others: tuple[Shape | None, ...]) -> Callable[[Shape], Facts]:
    """How the layer in a field is applied."""

    def run(x: Shape) -> Facts:
        try:
            return inner.apply(x, *others)
        except Problem as problem:
            raise within(problem, field) from None

    return run


def _layer_of(given: object, wanted: str, field: str) -> Inner:
    if not isinstance(given, Inner) or given.type.name != wanted:
        name = given.type.name if isinstance(given, Inner) else "a model"
        raise Problem("CFG102", f"`{field}` must be a {wanted}, got {name}", field)
    return given


@layer(weights="layers norm")
def TransformerEncoder(
    src: Shape,
    mask: Shape | None = None,
    src_key_padding_mask: Shape | None = None,
    *,
    encoder_layer: Sublayer,
    num_layers: PlainPos,
    norm: Sublayer | None = None,
    enable_nested_tensor: Flag = True,
    mask_check: Flag = True,
) -> Facts:
    """Layers of one kind, one behind the other, each with weights of its own, and a norm: `(S, E)` becomes `(S, E)`.

    Weights: layers.0, layers.1, ... (as TransformerEncoderLayer) and norm. MACs: `num_layers` times those of the layer.
    Operations: `num_layers` times those of the layer, and those of the norm.
    Backpropagation keeps what the layers and the norm keep, and their inputs where they need them.
    """
    require_outputs(num_layers, "TransformerEncoder", "num_layers")
    inner = _layer_of(encoder_layer, "TransformerEncoderLayer", "encoder_layer")
    parts = Parts()
    x = _stacked(parts, "", _applied("encoder_layer", inner, (mask, src_key_padding_mask)), src, num_layers)
    if norm is not None:
        x = parts.add("norm", _applied("norm", norm, ())(x), x)
    return parts.facts(x, keeps_input=bool(inner.fields["norm_first"]), window=EVERYTHING)


@layer(weights="layers norm")
def TransformerDecoder(
    tgt: Shape,
    memory: Shape,
    tgt_mask: Shape | None = None,
    memory_mask: Shape | None = None,
    tgt_key_padding_mask: Shape | None = None,
    memory_key_padding_mask: Shape | None = None,
    *,
    decoder_layer: Sublayer,
    num_layers: PlainPos,
    norm: Sublayer | None = None,
) -> Facts:
    """Layers of one kind, one behind the other, all with the same memory, and a norm: `(T, E)` becomes `(T, E)`.

    Weights: layers.0, layers.1, ... (as TransformerDecoderLayer) and norm. MACs: `num_layers` times those of the layer.
    Operations: `num_layers` times those of the layer, and those of the norm.
    Backpropagation keeps what the layers and the norm keep, and their inputs where they need them.
    """
    require_outputs(num_layers, "TransformerDecoder", "num_layers")
    inner = _layer_of(decoder_layer, "TransformerDecoderLayer", "decoder_layer")
    parts = Parts()
    others = (memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
    x = _stacked(parts, "", _applied("decoder_layer", inner, others), tgt, num_layers)
    if norm is not None:
        x = parts.add("norm", _applied("norm", norm, ())(x), x)
    return parts.facts(x, keeps_input=bool(inner.fields["norm_first"]), window=EVERYTHING)


@layer(weights="encoder decoder")
def Transformer(
    src: Shape,
    tgt: Shape,
    src_mask: Shape | None = None,
    tgt_mask: Shape | None = None,
    memory_mask: Shape | None = None,
    src_key_padding_mask: Shape | None = None,
    tgt_key_padding_mask: Shape | None = None,
    memory_key_padding_mask: Shape | None = None,
    *,
    d_model: Pos = 512,
    nhead: Pos = 8,
    num_encoder_layers: PlainPos = 6,
    num_decoder_layers: PlainPos = 6,
    dim_feedforward: Pos = 2048,
    dropout: Rate = 0.1,
    activation: BetweenLayers = "relu",
    custom_encoder: Sublayer | None = None,
    custom_decoder: Sublayer | None = None,
    layer_norm_eps: Real = 1e-5,
    batch_first: BatchFirst = True,
    norm_first: Flag = False,
    bias: Flag = True,
) -> Facts:
    """An encoder of one sequence, and a decoder of another that attends to it: `(S, E)` and `(T, E)` becomes `(T, E)`.

    `batch_first` is true, as inputs of a spec are, where PyTorch's default is false.

    Weights: encoder.layers.0, ... (as TransformerEncoderLayer), encoder.norm, decoder.layers.0, ... (as
    TransformerDecoderLayer), decoder.norm. MACs: those of the layers.
    Operations: those of the layers and of both norms.
    Backpropagation keeps what the layers and norms keep, and their inputs where they need them.
    """
    for name, x in (("source", src), ("target", tgt)):
        require_rank(x, 3, f"the {name} of Transformer")
        given_channels(x, 2, d_model, "Transformer", "d_model")
    reason = f"Transformer needs a source and a target of as many samples, got {show_shape(src)} and {show_shape(tgt)}"
    require_equal(src[0], tgt[0], reason)
    require_outputs(num_encoder_layers, "Transformer", "num_encoder_layers")
    require_outputs(num_decoder_layers, "Transformer", "num_decoder_layers")

    def layer_of(rule: Rule) -> Rule:
        """A layer of the encoder or decoder, with the fields that are the same in both."""
        return partial(
            rule,
            d_model=d_model,
            nhead=nhead,
            dim_feedforward=dim_feedforward,
            dropout=dropout,
            activation=activation,
            norm_first=norm_first,
            bias=bias,
        )

    parts = Parts()
    plain = custom_encoder is None and custom_decoder is None

    def encode(x: Shape) -> Facts:
        return layer_of(TransformerEncoderLayer)(x, src_mask, src_key_padding_mask)

    if custom_encoder is None:
        memory = _stacked(parts, "encoder.", encode, src, num_encoder_layers, own=plain)
        memory = parts.add("encoder.norm", _normalized(memory, bias=bias), memory)
    else:
        inner = _layer_of(custom_encoder, "TransformerEncoder", "custom_encoder")
        memory = parts.add("encoder", _applied("custom_encoder", inner, (src_mask, src_key_padding_mask))(src), src)
    others = (memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)

    def decode(x: Shape) -> Facts:
        return layer_of(TransformerDecoderLayer)(x, *others)

    if custom_decoder is None:
        out = _stacked(parts, "decoder.", decode, tgt, num_decoder_layers, own=plain)
        out = parts.add("decoder.norm", _normalized(out, bias=bias), out)
    else:
        inner = _layer_of(custom_decoder, "TransformerDecoder", "custom_decoder")
        out = parts.add("decoder", _applied("custom_decoder", inner, others)(tgt), tgt)
    return parts.facts(out, keeps_input=norm_first and plain, window=EVERYTHING)
