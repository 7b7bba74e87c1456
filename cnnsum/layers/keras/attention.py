"""Attention in Keras's words: with projections to heads, with shared heads of keys, and without projections."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.attention import Held, attend, weigh
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Weight, show_shape
from cnnsum.layers.keras.core import Quantization
from cnnsum.layers.kinds import Axes, Flag, Kind, PlainInt, Pos, Rate, Reading, choice, integer, items
from cnnsum.layers.requiring import require_equal, require_known, require_multiple, require_rank
from cnnsum.typed import Annotated


def _output_sizes(value: object, reading: Reading) -> tuple[Dim, ...]:
    def one(item: object, reading: Reading) -> Dim:
        return integer(item, reading, "a positive integer", 1)

    if isinstance(value, (list, tuple)):
        return items(value, reading, one, "a positive integer, or a list of them")
    return (integer(value, reading, "a positive integer, or a list of them", 1),)


OutputSizes = Annotated[tuple[Dim, ...], Kind("a positive integer, or a list of them", _output_sizes)]
ScoreMode = Annotated[str, choice("dot", "concat")]


def _held(quantization: str | None) -> Held | None:
    """How the projections hold their weights."""
    if quantization is None:
        return None
    from cnnsum.layers.keras.quantized import projection

    return lambda weights, left, inner: projection(weights, quantization, left, inner)


@layer(role="multi-head attention", weights="kernel bias", parts=True)
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
    seed: PlainInt | None = None,
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
    return attend(
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
        held=_held(quantization),
    )


@layer(role="grouped attention", weights="kernel bias", parts=True, aliases="GroupQueryAttention")
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
    seed: PlainInt | None = None,
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
    return attend(
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
        held=_held(quantization),
    )


@layer(role="attention", weights="scale concat_score_weight")
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
    seed: PlainInt | None = None,
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
    return weigh(
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


@layer(role="additive attention", weights="scale", ignored="score_mode")
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
    seed: PlainInt | None = None,
) -> Facts:
    """Attention that matches query and key by the sum of `scale * tanh(query + key)` over their depth: `(T, D)`.

    Weights: scale, `D` numbers (`use_scale`). MACs: `T * S * D` for the mean of the values. Operations: 5 per score, 2
    more with any mask; 3 per score and depth, 4 with the scale. Backpropagation keeps the inputs, the scores, the
    tanh, and with `dropout` a mask of the scores and the scores after it.
    """
    if use_scale:
        require_known(query[-1], query, "AdditiveAttention")
    return weigh(
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
