"""Attention: outputs that are means of values, weighted by how well queries match keys.

The weights of the mean ("scores" here) are a matrix per sample and head, of the length of the queries by the length of
the keys. It is computed and held whole: fused kernels that avoid that depend on the backend, and are not assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, seen_along, show_shape, size
from cnnsum.layers.keras.core import Quantization
from cnnsum.layers.kinds import Axes, Flag, Kind, Pos, Rate, Reading, choice, integer, items
from cnnsum.layers.requiring import require_equal, require_known, require_multiple, require_rank

_SOFTMAX = FUNCTIONS["softmax"].ops or 0
_SIGMOID = FUNCTIONS["sigmoid"].ops or 0
_MASK = 2  # operations per score: scores outside the mask are set before the softmax, and cleared after it
MASK = "bool"


def _output_sizes(value: Any, reading: Reading) -> tuple[Dim, ...]:
    def one(item: Any, reading: Reading) -> Dim:
        return integer(item, reading, "a positive integer", 1)

    if isinstance(value, (list, tuple)):
        return items(value, reading, one, "a positive integer, or a list of them")
    return (integer(value, reading, "a positive integer, or a list of them", 1),)


OutputSizes = Annotated[tuple[Dim, ...], Kind("a positive integer, or a list of them", _output_sizes)]
ScoreMode = Annotated[str, choice("dot", "concat")]


class _Projections:
    """The dense layers of multi-head attention: what they weigh, cost and make, added up."""

    def __init__(self, what: str, *, use_bias: bool, quantization: str | None) -> None:
        self.what = what
        self.use_bias = use_bias
        self.quantization = quantization
        self.weights: list[Weight] = []
        self.macs: Dim = 0
        self.ops: Dim = 0

    def add(self, name: str, x: Shape, inner: int, into: Shape) -> Shape:
        """Multiply the last `inner` axes of `x` by a kernel that puts the axes `into` in their place."""
        over = x[-inner:]
        for dim in over:
            if not isinstance(dim, int):
                require_known(dim, x, self.what)
        out = (*x[:-inner], *into)
        weights = (Weight("kernel", (*over, *into)), *((Weight("bias", into),) if self.use_bias else ()))
        if self.quantization is not None:
            from cnnsum.layers.keras.quantized import projection

            weights = projection(weights, self.quantization, len(x) - inner, inner)
        self.weights += [Weight(f"{name}/{weight.name}", *weight[1:]) for weight in weights]
        self.macs += size(out) * prod(over)
        if self.use_bias:
            self.ops += size(out)
        return out


def _attend(
    query: Shape,
    value: Shape,
    key: Shape | None,
    masks: Sequence[Shape | None],
    *,
    what: str,
    heads: tuple[Dim, Dim],
    depths: tuple[Dim, Dim],
    into: Shape | None,
    places: tuple[int, ...],
    use_bias: bool,
    use_gate: bool,
    dropout: float,
    masked: bool,
    return_scores: bool,
    quantization: str | None,
) -> Facts:
    """Multi-head attention: `heads` of queries and of keys and values, `depths` of keys and of values per head.

    `places` are the axes that are attended over; the output's last axis becomes `into` (None: stays as in the query).
    """
    key = value if key is None else key
    _check_lengths(query, value, key, places, what)
    masked = masked or _check_masks(masks, query, key, places, what)
    dense = _Projections(what, use_bias=use_bias, quantization=quantization)
    queries = dense.add("query", query, 1, (heads[0], depths[0]))
    keys = dense.add("key", key, 1, (heads[1], depths[0]))
    gate = dense.add("gate", query, 1, (heads[0], depths[1])) if use_gate else None
    values = dense.add("value", value, 1, (heads[1], depths[1]))
    others = [axis for axis in range(1, len(query) - 1) if axis not in places]
    scores = (
        query[0],
        *[query[axis] for axis in others],
        heads[0],
        *[query[axis] for axis in places],
        *[key[axis] for axis in places],
    )
    attended = (*queries[:-1], depths[1])
    out = dense.add("attention_output", attended, 2, (query[-1],) if into is None else into)
    elements = size(scores)
    ops = dense.ops + size(queries) + (_SOFTMAX + (_MASK if masked else 0)) * elements
    kept = [Kept("queries", queries), Kept("keys", keys), Kept("values", values)]
    kept.append(Kept("attended", attended, use="" if gate is not None else "weights"))
    if gate is not None:
        ops += (_SIGMOID + 1) * size(gate)
        kept += [Kept("gate", gate), Kept("attended, gated", gate, use="weights")]
    if not return_scores:
        kept.append(Kept("scores", scores))
    if dropout:
        kept += [Kept("mask of scores", scores, MASK), Kept("scores after dropout", scores)]
    return Facts(
        *((out, scores) if return_scores else (out,)),
        weights=tuple(dense.weights),
        macs=dense.macs + elements * (depths[0] + depths[1]),
        ops=ops,
        keeps_input="weights",
        kept=(*kept, Kept("scores", scores)) if return_scores else tuple(kept),
        scratch=(queries, keys, values, scores),
        window=seen_along(query, places),
    )


def _check_lengths(query: Shape, value: Shape, key: Shape, places: tuple[int, ...], what: str) -> None:
    shapes = f"got {show_shape(query)}, {show_shape(value)} and {show_shape(key)}"
    if not len(query) == len(value) == len(key):
        raise Problem("SHP204", f"{what} needs query, value and key of the same rank, {shapes}")
    for axis in range(1, len(value) - 1):
        if value[axis] != key[axis]:
            reason = f"{what} needs value and key of the same length on axis {axis}, {shapes}"
            require_equal(value[axis], key[axis], reason)
        if axis not in places and query[axis] != key[axis]:
            reason = f"{what} needs query and key of the same size on axis {axis}, not attended over, {shapes}"
            require_equal(query[axis], key[axis], reason)


def _check_masks(masks: Sequence[Shape | None], query: Shape, key: Shape, places: tuple[int, ...], what: str) -> bool:
    """Whether there is a mask; for queries, values, keys (rank 2 each), and attention (queries by keys)."""
    given = False
    for name, mask, lengths in zip(
        ("query_mask", "value_mask", "key_mask", "attention_mask"),
        masks,
        ((query[1],), (key[1],), (key[1],), (query[1], key[1])),
        strict=False,
    ):
        if mask is not None:
            given = True
            for own, length in zip(reversed(mask), reversed(lengths), strict=False) if places == (1,) else ():
                if own not in (1, length):
                    reason = f"{what} needs a {name} that ends in {show_shape(lengths)}, got {show_shape(mask)}"
                    require_equal(own, length, reason)
    return given


@layer(role="multi-head attention", weights="kernel bias", ignored="seed")
def MultiHeadAttention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    query_mask: Shape | None = None,
    value_mask: Shape | None = None,
    key_mask: Shape | None = None,
    attention_mask: Shape | None = None,
    *,
    num_heads: Pos,
    key_dim: Pos,
    value_dim: Pos | None = None,
    dropout: Rate = 0.0,
    use_bias: Flag = True,
    output_shape: OutputSizes | None = None,
    attention_axes: Axes | None = None,
    sliding_window: Pos | None = None,
    flash_attention: Flag | None = None,
    use_gate: Flag = False,
    return_attention_scores: Flag = False,
    use_causal_mask: Flag = False,
    quantization: Quantization | None = None,
) -> Facts:
    """Project query `(T, D)`, key and value `(S, D)` to `num_heads` heads, attend in each, project back to `(T, D)`.

    The key is the value where it is not given. `attention_axes` are the axes attended over (all between batch and
    last); the output's last axis is that of the query, or `output_shape`. With `return_attention_scores`, a second
    output `(num_heads, T, S)`. That and `use_causal_mask` are arguments of the call in Keras. `quantization` is that of
    the projections, as of EinsumDense.

    Weights: kernels query and key `D x num_heads x key_dim`, value `D x num_heads x value_dim`, attention_output
    `num_heads x value_dim x D`, each with a bias; with `use_gate` also gate, like value. MACs: those of the
    projections, and `T * S * num_heads * (key_dim + value_dim)` for the two products. Operations: the biases, 1 per
    element of the projected query, 5 per score, 2 more with any mask; 4 per element of the gate. Backpropagation keeps
    the inputs, the projections, the scores, what they attend to, and with `dropout` also a mask of the scores and the
    scores after it.
    """
    what = "MultiHeadAttention"
    rank = len(value)
    if rank < 3:
        raise Problem("SHP204", f"{what} needs inputs of rank 3 or more (batch axis included), got {show_shape(value)}")
    if flash_attention and (dropout or return_attention_scores):
        raise Problem("CFG116", f"{what} cannot use dropout or return scores with flash_attention", "flash_attention")
    if attention_axes:
        places = tuple([axis if axis >= 0 else rank + axis for axis in attention_axes])
        for place in places:
            if not 0 < place < rank - 1:
                raise Problem(
                    "SHP205", f"{what}: {show_shape(value)} has no axis {place} to attend over", "attention_axes"
                )
    else:
        places = tuple(range(1, rank - 1))
    return _attend(
        query,
        value,
        key,
        (query_mask, value_mask, key_mask, attention_mask),
        what=what,
        heads=(num_heads, num_heads),
        depths=(key_dim, key_dim if value_dim is None else value_dim),
        into=output_shape or None,
        places=places,
        use_bias=use_bias,
        use_gate=use_gate,
        dropout=dropout,
        masked=use_causal_mask or sliding_window is not None,
        return_scores=return_attention_scores,
        quantization=quantization,
    )


@layer(role="grouped attention", weights="kernel bias", ignored="seed", aliases="GroupQueryAttention")
def GroupedQueryAttention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    query_mask: Shape | None = None,
    value_mask: Shape | None = None,
    key_mask: Shape | None = None,
    attention_mask: Shape | None = None,
    *,
    head_dim: Pos,
    num_query_heads: Pos,
    num_key_value_heads: Pos,
    dropout: Rate = 0.0,
    use_bias: Flag = True,
    sliding_window: Pos | None = None,
    flash_attention: Flag | None = None,
    use_gate: Flag = False,
    return_attention_scores: Flag = False,
    use_causal_mask: Flag = False,
    quantization: Quantization | None = None,
) -> Facts:
    """Multi-head attention in which groups of query heads share one head of keys and values.

    `num_key_value_heads` must divide `num_query_heads`. Shapes are those of MultiHeadAttention with key_dim and
    value_dim of `head_dim`. Weights: as there, but that key and value have `num_key_value_heads` heads. MACs: those of
    the projections, and of the products of queries with keys and of scores with values. Operations: as there.
    Backpropagation keeps what MultiHeadAttention keeps.
    """
    what = "GroupedQueryAttention"
    require_rank(query, 3, what)
    if flash_attention and (dropout or return_attention_scores):
        raise Problem("CFG116", f"{what} cannot use dropout or return scores with flash_attention", "flash_attention")
    require_multiple(
        num_query_heads,
        num_key_value_heads,
        f"`num_key_value_heads` must divide `num_query_heads`, got {num_key_value_heads} and {num_query_heads}",
        field="num_key_value_heads",
    )
    require_equal(
        query[-1],
        value[-1],
        f"{what} needs a query and a value of the same depth, got {show_shape(query)} and {show_shape(value)}",
    )
    return _attend(
        query,
        value,
        key,
        (query_mask, value_mask, key_mask, attention_mask),
        what=what,
        heads=(num_query_heads, num_key_value_heads),
        depths=(head_dim, head_dim),
        into=None,
        places=(1,),
        use_bias=use_bias,
        use_gate=use_gate,
        dropout=dropout,
        masked=use_causal_mask or sliding_window is not None,
        return_scores=return_attention_scores,
        quantization=quantization,
    )


def _weigh(
    query: Shape,
    value: Shape,
    key: Shape | None,
    what: str,
    *,
    additive: bool,
    per_element: int,
    per_score: int,
    weights: tuple[Weight, ...],
    dropout: float,
    masked: bool,
    return_scores: bool,
) -> Facts:
    """Attention without projections: `additive` compares by a sum of tanh, otherwise by a product of matrices."""
    key = value if key is None else key
    shapes = f"got {show_shape(query)}, {show_shape(value)} and {show_shape(key)}"
    if not len(query) == len(value) == len(key) or len(query) < 3:
        raise Problem("SHP204", f"{what} needs query, value and key of the same rank, 3 or more, {shapes}")
    require_equal(query[-1], key[-1], f"{what} needs a query and a key of the same depth, {shapes}")
    require_equal(value[-2], key[-2], f"{what} needs a value and a key of the same length, {shapes}")
    for axis in range(1, len(query) - 2):
        if not query[axis] == key[axis] == value[axis]:
            reason = f"{what} needs query, value and key of the same size on axis {axis}, {shapes}"
            require_equal(query[axis], key[axis], reason)
            require_equal(query[axis], value[axis], reason)
    scores = (*query[:-1], key[-2])
    out = (*query[:-1], value[-1])
    elements = size(scores)
    compared = elements * query[-1]
    kept: tuple[Kept, ...] = (Kept("scores", scores),)
    if additive:
        kept += (Kept("tanh of query and key", (*scores, query[-1])),)
    if dropout:
        kept += (Kept("mask of scores", scores, MASK), Kept("scores after dropout", scores))
    return Facts(
        *((out, scores) if return_scores else (out,)),
        weights=weights,
        macs=elements * value[-1] + (0 if additive else compared),
        ops=elements * (per_score + _SOFTMAX + (_MASK if masked else 0)) + compared * per_element,
        keeps_input=True,
        kept=kept,
        scratch=((*scores, query[-1]), scores) if additive else (scores,),
        window=seen_along(query, (len(query) - 2,)),
    )


@layer(role="attention", weights="scale concat_score_weight", ignored="seed")
def Attention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    query_mask: Shape | None = None,
    value_mask: Shape | None = None,
    *,
    use_scale: Flag = False,
    score_mode: ScoreMode = "dot",
    dropout: Rate = 0.0,
    return_attention_scores: Flag = False,
    use_causal_mask: Flag = False,
) -> Facts:
    """For each of T queries the mean of S values, weighted by a softmax of its match with S keys: `(T, D)`.

    The key is the value where it is not given. `score_mode` "dot" matches by the dot product, "concat" by the sum of
    `tanh(query + key)`. With `return_attention_scores`, a second output `(T, S)`. The last two fields are arguments of
    the call in Keras.

    Weights, one number each: scale (`use_scale`), concat_score_weight (score_mode "concat"). MACs: `T * S * D` for the
    match ("dot" only), and as many for the mean. Operations: 5 per score, 1 more for the scale or the weight, 2 with
    any mask; "concat" 3 per score and depth, 4 with the scale. Backpropagation keeps the inputs and the scores, with
    "concat" the tanh, and with `dropout` a mask of the scores and the scores after it.
    """
    additive = score_mode == "concat"
    weights: tuple[Weight, ...] = (Weight("scale", ()),) if use_scale else ()
    if additive:
        weights += (Weight("concat_score_weight", ()),)
    return _weigh(
        query,
        value,
        key,
        "Attention",
        additive=additive,
        per_element=3 + use_scale if additive else 0,
        per_score=int(use_scale or additive),
        weights=weights,
        dropout=dropout,
        masked=use_causal_mask or query_mask is not None or value_mask is not None,
        return_scores=return_attention_scores,
    )


@layer(role="additive attention", weights="scale", ignored="seed score_mode")
def AdditiveAttention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    query_mask: Shape | None = None,
    value_mask: Shape | None = None,
    *,
    use_scale: Flag = True,
    dropout: Rate = 0.0,
    return_attention_scores: Flag = False,
    use_causal_mask: Flag = False,
) -> Facts:
    """Attention that matches query and key by the sum of `scale * tanh(query + key)` over their depth: `(T, D)`.

    Weights: scale, `D` numbers (`use_scale`). MACs: `T * S * D` for the mean of the values. Operations: 5 per score, 2
    more with any mask; 3 per score and depth, 4 with the scale. Backpropagation keeps the inputs, the scores, the
    tanh, and with `dropout` a mask of the scores and the scores after it.
    """
    if use_scale:
        require_known(query[-1], query, "AdditiveAttention")
    return _weigh(
        query,
        value,
        key,
        "AdditiveAttention",
        additive=True,
        per_element=3 + use_scale,
        per_score=0,
        weights=(Weight("scale", (query[-1],)),) if use_scale else (),
        dropout=dropout,
        masked=use_causal_mask or query_mask is not None or value_mask is not None,
        return_scores=return_attention_scores,
    )
