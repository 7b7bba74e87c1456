"""Attention: outputs that are means of values, weighted by how well queries match keys.

The weights of the mean ("scores" here) are a matrix per sample and head, of the length of the queries by the length of
the keys. It is computed and held whole: fused kernels that avoid that depend on the backend, and are not assumed.
Names no layer type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, Weight, seen_along, show_shape, size
from cnnsum.layers.requiring import require_equal, require_known
from cnnsum.typed import NamedTuple

_SOFTMAX = FUNCTIONS["softmax"].ops or 0
_SIGMOID = FUNCTIONS["sigmoid"].ops or 0
_MASK = 2  # operations per score: scores outside the mask are set before the softmax, and cleared after it
MASK = "bool"

#: How a projection that sums over the last axes (how many are left before them, how many these are) holds its weights,
#: where that is not as they are.
Held = Callable[[tuple[Weight, ...], int, int], tuple[Weight, ...]]


class _Projections:
    """The dense layers of multi-head attention: what they weigh, cost and make, added up."""

    def __init__(self, what: str, *, use_bias: bool, held: Held | None) -> None:
        self.what = what
        self.use_bias = use_bias
        self.held = held
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
        if self.held is not None:
            weights = self.held(weights, len(x) - inner, inner)
        self.weights += [Weight(f"{name}/{weight.name}", *weight[1:]) for weight in weights]
        self.macs += size(out) * prod(over)
        if self.use_bias:
            self.ops += size(out)
        return out


def attend(
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
    held: Held | None,
) -> Facts:
    """Multi-head attention: `heads` of queries and of keys and values, `depths` of keys and of values per head.

    `places` are the axes that are attended over; the output's last axis becomes `into` (None: stays as in the query).
    """
    key = value if key is None else key
    _check_lengths(query, value, key, places, what)
    masked = masked or _check_masks(masks, query, key, places, what)
    dense = _Projections(what, use_bias=use_bias, held=held)
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


def weigh(
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


class Ordered(NamedTuple):
    """Attention over sequences in heads, as `attend_in_heads` counts it.

    heads: how many the depth is split into. more: positions that keys and values have besides those of the input.
    appended: whether their tensors are made anew for that. packed: whether one matrix makes queries, keys and values of
    inputs of one depth, so that those of one tensor are one tensor. listed: whether the weights of the mean are an
    output; averaged: their mean over the heads.
    """

    heads: Dim
    more: int
    packed: bool
    bias: bool
    dropout: float
    masked: bool
    listed: bool
    averaged: bool


def attend_in_heads(query: Shape, key: Shape, value: Shape, plan: Ordered, weights: tuple[Weight, ...]) -> Facts:
    """Multi-head attention with as much depth inside as outside: `(L, E)` and `(S, D)` become `(L, E)`.

    Sequences are turned inside, positions first: what is read of an input is a copy of it. Inputs of one shape are
    taken to be one tensor, where one matrix is for all of them. Queries are scaled into a tensor of their own, and keys
    too where the weights of the mean are not asked for.
    """
    batch, length, depth = query
    positions = key[1] + plan.more
    projected = (batch, positions, depth)
    scores = (batch, plan.heads, length, positions)
    elements = size(scores)
    macs = length * depth * depth * 2 + key[1] * depth * (key[2] + value[2]) + 2 * length * positions * depth
    ops = size(query) + (_SOFTMAX + int(plan.masked)) * elements
    if plan.bias:
        ops = ops + size(query) * 2 + 2 * key[1] * depth
    together = plan.packed and key == value
    alone = together and query == key
    kept = [Kept("query, positions first", query, use="weights")]
    if not alone:
        kept.append(Kept("key, positions first", key, use="weights"))
        if not together:
            kept.append(Kept("value, positions first", value, use="weights"))
    kept.append(Kept("scaled queries", query))
    if not plan.listed:
        kept.append(Kept("scaled keys", projected))
    if together and not plan.more:
        tensors = 3 if alone else 2
        kept.append(Kept("queries, keys and values" if alone else "keys and values", (batch, key[1], tensors * depth)))
    else:
        kept += [Kept("keys", projected)] if plan.listed else []
        kept.append(Kept("values", projected))
    if plan.dropout > 0:
        kept += [Kept("mask of scores", scores, MASK), Kept("scores after dropout", scores)]
    kept += [Kept("scores", scores), Kept("attended", query, use="weights")]
    outputs: tuple[Shape, ...] = (query,)
    if plan.listed:
        outputs += ((batch, length, positions) if plan.averaged else scores,)
        ops = ops + (elements if plan.averaged else 0)
    return Facts(
        *outputs,
        weights=weights,
        macs=macs,
        ops=ops,
        kept=tuple(kept),
        scratch=(query, projected, projected, scores),
        window=EVERYTHING,
    )
