"""Attention as one operation: that of ONNX, and the fused ones of onnxruntime; embeddings, positions as rotations.

MACs: products of queries and keys, and of weights and values, `L * S * (E + Ev)` for each head; 5 operations per weight
for softmax. Masks are not counted on: what they leave out is computed all the same.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Constant, Facts, Kept, Shape, show_shape, size
from cnnsum.layers.kinds import Ints, PlainInt, Pos
from cnnsum.layers.onnx.fields import DOMAIN, MICROSOFT, Switch
from cnnsum.layers.requiring import require_equal, require_multiple, require_rank

_SOFTMAX = 5


def _heads(x: Shape, heads: Dim | None, what: str) -> Shape:
    """A tensor with its heads as the second axis: `(N, L, heads * E)` becomes `(N, heads, L, E)`."""
    if len(x) == 4:
        return x
    require_rank(x, (3, 4), what)
    if not heads:
        raise Problem("CFG101", f"{what} of rank 3 needs the number of its heads, got {show_shape(x)}")
    require_multiple(x[2], heads, f"{what} needs a multiple of {heads} on the last axis, got {show_shape(x)}")
    return (x[0], heads, x[1], x[2] // heads)


def _attended(query: Shape, key: Shape, value: Shape, what: str) -> tuple[Shape, Shape, Dim, Dim]:
    """What heads give, their weights, MACs and operations."""
    shapes = f"got {show_shape(query)}, {show_shape(key)} and {show_shape(value)}"
    require_equal(query[3], key[3], f"{what} needs a query and a key of the same depth, {shapes}", inputs=(0, 1))
    require_equal(key[2], value[2], f"{what} needs a key and a value of the same length, {shapes}", inputs=(1, 2))
    require_multiple(query[1], key[1], f"{what} needs heads of the query that are a multiple of the key's, {shapes}")
    scores = (*query[:3], key[2])
    many = size(scores)
    return (*query[:3], value[3]), scores, many * (query[3] + value[3]), _SOFTMAX * many + size(query)


def _facts(outputs: tuple[Shape, ...], scores: Shape, macs: Dim, ops: Dim) -> Facts:
    return Facts(
        *outputs,
        macs=macs,
        ops=ops,
        keeps_input=True,
        keeps_output=True,
        kept=(Kept("log of sums", scores[:3], "float32"),),
        window=NOT_FOLLOWED,
        dtype="first",
    )


def _as_long(x: Shape, length: Dim) -> Shape:
    """A tensor by heads with another length."""
    return (*x[:2], length, x[3])


def _joined(out: Shape) -> Shape:
    return (out[0], out[2], out[1] * out[3])


@layer(key=f"{DOMAIN}.Attention", name="Attention")
def attention(
    query: Shape,
    key: Shape,
    value: Shape,
    attn_mask: Shape | None = None,
    past_key: Shape | None = None,
    past_value: Shape | None = None,
    nonpad_kv_seqlen: Shape | None = None,
    *,
    q_num_heads: Pos | None = None,
    kv_num_heads: Pos | None = None,
    outputs: PlainInt = 1,
) -> Facts:
    """Means of values, weighted by how well queries match keys: `(N, heads, L, E)` becomes `(N, heads, L, Ev)`; keys
    and values of the past before the new ones; all keys, all values and the weights as further outputs.

    Backpropagation keeps queries, keys, values, the output, and a number per query.
    """
    what = "Attention"
    q, k, v = _heads(query, q_num_heads, what), _heads(key, kv_num_heads, what), _heads(value, kv_num_heads, what)
    if past_key is not None and past_value is not None:
        require_rank(past_key, 4, what)
        require_rank(past_value, 4, what)
        k, v = (*k[:2], past_key[2] + k[2], k[3]), (*v[:2], past_value[2] + v[2], v[3])
    out, scores, macs, ops = _attended(q, k, v, what)
    given = out if len(query) == 4 else _joined(out)
    return _facts((given, k, v, scores)[: max(outputs, 1)], scores, macs, ops)


@layer(key="ai.onnx.preview.FlexAttention", name="FlexAttention", ignored="scale softmax_precision score_mod prob_mod")
def flex_attention(query: Shape, key: Shape, value: Shape) -> Facts:
    """Attention whose scores and weights graphs of its own may change: `(N, heads, L, E)` becomes `(N, heads, L, Ev)`.
    What these graphs cost is not counted.
    """
    what = "FlexAttention"
    for one in (query, key, value):
        require_rank(one, 4, what)
    out, scores, macs, ops = _attended(query, key, value, what)
    return _facts((out,), scores, macs, ops)


@layer(
    key=f"{MICROSOFT}.MultiHeadAttention",
    name="MultiHeadAttention",
    aliases=f"{MICROSOFT}.DecoderMaskedMultiHeadAttention",
    ignored="output_qk",
)
def multi_head_attention(
    query: Shape,
    key: Shape | None = None,
    value: Shape | None = None,
    fourth: Shape | None = None,
    fifth: Shape | None = None,
    sixth: Shape | None = None,
    seventh: Shape | None = None,
    eighth: Shape | None = None,
    ninth: Shape | None = None,
    tenth: Shape | None = None,
    eleventh: Shape | None = None,
    *,
    num_heads: Pos,
    outputs: PlainInt = 1,
) -> Facts:
    """Attention of heads that lie along the last axis: `(N, L, D)` becomes `(N, L, Dv)`; of packed ones `(N, L, heads,
    3, E)`, or keys and values `(N, S, heads, 2, E)`. How much of the past counts is in no shape, so that the work is
    not known where there is one.
    """
    what = "MultiHeadAttention"
    q, k, v = _unpacked(query, key, value, num_heads, what)
    if seventh is not None and len(seventh) == 4:
        # A buffer for all steps is as long as it is; else the new ones are put after those of the past.
        is_past = eighth is not None and len(eighth) == 4 and ninth is None
        length = seventh[2] + k[2] if is_past else UNKNOWN
        k, v = _as_long(k, length), _as_long(v, length)
    made, scores, macs, ops = _attended(q, k, v, what)
    return _facts((_joined(made), k, v, scores)[: max(outputs, 1)], scores, macs, ops)


def _unpacked(
    query: Shape, key: Shape | None, value: Shape | None, heads: Dim, what: str
) -> tuple[Shape, Shape, Shape]:
    """Queries, keys and values by heads, however they are put together."""
    if key is None and len(query) == 5:
        one: Shape = (query[0], query[2], query[1], query[4])
        return one, one, one
    if key is None and len(query) == 3:  # of a step: all three along the last axis
        require_multiple(query[2], 3 * heads, f"{what} needs three parts of {heads} heads, got {show_shape(query)}")
        one = _heads((*query[:2], query[2] // 3), heads, what)
        return one, one, one
    require_rank(query, 3, what)
    q = _heads(query, heads, what)
    if key is not None and value is None and len(key) == 5:
        one = (key[0], key[2], key[1], key[4])
        return q, one, one
    if key is None or value is None:
        raise Problem("GRF303", f"{what} needs a key and a value, or all of them packed")
    return q, _heads(key, heads, what), _heads(value, heads, what)


@layer(key=f"{MICROSOFT}.PackedMultiHeadAttention", name="PackedMultiHeadAttention")
def packed_multi_head_attention(
    query: Shape,
    key: Shape | None = None,
    value: Shape | None = None,
    bias: Shape | None = None,
    token_offset: Shape | None = None,
    cumulative_sequence_length: Shape | None = None,
    attention_bias: Shape | None = None,
    *,
    num_heads: Pos,
) -> Facts:
    """Attention of sequences that lie end to end: `(T, D)` becomes `(T, Dv)`, packed `(T, heads, 3, E)` `(T, heads *
    E)`. How long each is, is in no shape, and so is the work.
    """
    require_rank(query, (2, 4), "PackedMultiHeadAttention")
    width = query[1] * query[3] if len(query) == 4 else query[1] if value is None else value[-1]
    return Facts((query[0], width), macs=UNKNOWN, ops=UNKNOWN, keeps_input=True, window=NOT_FOLLOWED, dtype="first")


@layer(key=f"{MICROSOFT}.PackedAttention", name="PackedAttention")
def packed_attention(
    x: Shape,
    weights: Shape,
    bias: Shape,
    token_offset: Shape | None = None,
    cumulative_sequence_length: Shape | None = None,
    attention_bias: Shape | None = None,
    *,
    num_heads: Pos,
    qkv_hidden_sizes: Ints | None = None,
) -> Facts:
    """Attention with the three projections before it, of sequences that lie end to end: `(T, D)` becomes `(T, E)`. How
    long each is, is in no shape, and so is the work.
    """
    require_rank(x, 2, "PackedAttention")
    require_rank(weights, 2, "the weight of PackedAttention")
    width = _projected(weights[1], qkv_hidden_sizes, num_heads, "PackedAttention")[2]
    return Facts((x[0], width), macs=UNKNOWN, ops=UNKNOWN, keeps_input=True, window=NOT_FOLLOWED, dtype="first")


def _projected(width: Dim, sizes: tuple[Dim, ...] | None, heads: Dim, what: str) -> tuple[Dim, Dim, Dim]:
    """How wide queries, keys and values are, that one product makes."""
    if sizes is not None and len(sizes) == 3:
        return sizes[0], sizes[1], sizes[2]
    require_multiple(width, 3 * heads, f"{what} needs three projections of {heads} heads")
    return (width // 3,) * 3


@layer(
    key=f"{MICROSOFT}.GroupQueryAttention",
    name="GroupQueryAttention",
    ignored="k_norm_epsilon q_norm_epsilon qk_norm_epsilon sliding_window_cache causal qk_output",
)
def group_query_attention(
    query: Shape,
    key: Shape | None = None,
    value: Shape | None = None,
    past_key: Shape | None = None,
    past_value: Shape | None = None,
    seqlens_k: Shape | None = None,
    total_sequence_length: Shape | None = None,
    cos_cache: Shape | None = None,
    sin_cache: Shape | None = None,
    position_ids: Shape | None = None,
    attention_bias: Shape | None = None,
    head_sink: Shape | None = None,
    k_scale: Shape | None = None,
    v_scale: Shape | None = None,
    q_norm_weight: Shape | None = None,
    k_norm_weight: Shape | None = None,
    query_seqlens: Shape | None = None,
    *,
    num_heads: Pos,
    kv_num_heads: Pos,
    outputs: PlainInt = 1,
) -> Facts:
    """Attention whose queries share heads of keys: `(N, L, D)` becomes `(N, L, D)`. How much of the past counts is in
    no shape, so that the work and the further outputs are not known where there is one.
    """
    what = "GroupQueryAttention"
    if key is None or value is None:
        require_rank(query, 3, what)
        require_multiple(query[2], num_heads + 2 * kv_num_heads, f"{what} needs parts for all heads on the last axis")
        each = query[2] // (num_heads + 2 * kv_num_heads)
        q: Shape = (query[0], num_heads, query[1], each)
        k: Shape = (query[0], kv_num_heads, query[1], each)
        v: Shape = k
    else:
        q, k, v = _heads(query, num_heads, what), _heads(key, kv_num_heads, what), _heads(value, kv_num_heads, what)
    made, scores, macs, ops = _attended(q, k, v, what)
    if past_key is not None:
        macs = ops = UNKNOWN
        k, v = _as_long(k, UNKNOWN), _as_long(v, UNKNOWN)
        scores = (*scores[:3], UNKNOWN)
    return _facts((_joined(made), k, v, scores)[: max(outputs, 1)], scores, macs, ops)


@layer(key=f"{MICROSOFT}.Attention", name="Attention")
def fused_attention(
    x: Shape,
    weights: Shape,
    bias: Shape | None = None,
    mask_index: Shape | None = None,
    past: Shape | None = None,
    attention_bias: Shape | None = None,
    past_sequence_length: Shape | None = None,
    *,
    num_heads: Pos,
    qkv_hidden_sizes: Ints | None = None,
    past_present_share_buffer: Switch = False,
    outputs: PlainInt = 1,
) -> Facts:
    """Attention of a sequence to itself with the three projections before it: `(N, L, D)` and a weight of `(D, 3 * E)`
    become `(N, L, E)`; keys and values of the past before the new ones.
    """
    what = "Attention"
    require_rank(x, 3, what)
    require_rank(weights, 2, "the weight of Attention")
    require_equal(x[2], weights[0], f"{what} with this weight needs {weights[0]} numbers, got {show_shape(x)}")
    q, k, v = (
        _heads((x[0], x[1], width), num_heads, what)
        for width in _projected(weights[1], qkv_hidden_sizes, num_heads, what)
    )
    if past is not None:
        require_rank(past, 5, "the past of Attention")
        # A buffer for all steps is as long as it is, and how much of it counts is in no shape.
        length = UNKNOWN if past_present_share_buffer else past[3] + x[1]
        k, v = _as_long(k, length), _as_long(v, length)
    out, scores, macs, ops = _attended(q, k, v, what)
    projected = x[1] * weights[1]
    kept = past if past is not None and past_present_share_buffer else (2, x[0], k[1], k[2], k[3])
    outs: tuple[Shape, ...] = (_joined(out), kept)
    return _facts(outs[: max(outputs, 1)], scores, macs + projected * x[2], ops + (projected if bias else 0))


@layer(key=f"{MICROSOFT}.QAttention", name="QAttention", weights="weights")
def quantized_attention(
    x: Shape,
    weights: Shape,
    bias: Shape,
    x_scale: Shape,
    weight_scale: Shape,
    mask_index: Shape | None = None,
    x_zero_point: Shape | None = None,
    weight_zero_point: Shape | None = None,
    past: Shape | None = None,
    *,
    num_heads: Pos,
    past_present_share_buffer: Switch = False,
    outputs: PlainInt = 1,
) -> Facts:
    """Attention as of onnxruntime's own, whose projections are products of whole numbers."""
    facts = fused_attention(
        x,
        weights,
        bias,
        past=past,
        num_heads=num_heads,
        past_present_share_buffer=past_present_share_buffer,
        outputs=outputs,
    )
    facts.dtype, facts.gradient = "of 3", "none"
    return facts


@layer(key=f"{DOMAIN}.RotaryEmbedding", name="RotaryEmbedding")
def rotary(x: Shape, second: Shape, third: Shape, fourth: Shape | None = None, *, num_heads: PlainInt = 0) -> Facts:
    """Pairs of numbers turned by an angle for each position. Operations: 3 per element."""
    return Facts(x, ops=3 * size(x), keeps_input=True, dtype="first")


@layer(key=f"{MICROSOFT}.RotaryEmbedding", name="RotaryEmbedding")
def fused_rotary(x: Shape, places: Shape, cosines: Shape, sines: Shape, *, num_heads: PlainInt = 0) -> Facts:
    """Pairs of numbers turned by an angle for each position. Operations: 3 per element."""
    return Facts(x, ops=3 * size(x), keeps_input=True, dtype="first")


@layer(key=f"{MICROSOFT}.EmbedLayerNormalization", name="EmbedLayerNormalization", reads=True)
def embedded(
    ids: Shape,
    segments: Shape | None = None,
    words: Shape | None = None,
    positions: Shape | None = None,
    segment_rows: Shape | None = None,
    gamma: Shape | None = None,
    beta: Shape | None = None,
    mask: Shape | None = None,
    position_ids: Shape | None = None,
    *,
    mask_index_type: Switch = True,
    outputs: PlainInt = 1,
) -> Facts:
    """The sum of rows of tables for each word, its position and its segment, normalised: `(N, L)` becomes `(N, L, D)`.
    Operations: 9 per element.
    """
    if not words:
        raise Problem("GRF303", "EmbedLayerNormalization needs its table of words")
    out = (*ids, words[-1])
    dtype = words.dtype if isinstance(words, Constant) else "?"
    outs = (out, ids[:1], out)[: max(outputs, 1)]
    return Facts(*outs, ops=9 * size(out), window=NOT_FOLLOWED, rest=("int32", dtype))
