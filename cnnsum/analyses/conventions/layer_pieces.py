"""From layers to pieces: how each layer type is taken apart. `pieces_of` is the one way in.

What a piece is, and the layers without products, are in `pieces`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnnsum.analyses.conventions.pieces import (
    Piece,
    View,
    activation,
    activation_layer,
    arithmetic,
    constants,
    norm_pooling,
    normalization,
    pooling,
    rescaling,
    upsampling,
)
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.graph.infer import Call, Value
from cnnsum.layers.base import Role
from cnnsum.layers.facts import Shape, size
from cnnsum.layers.inner import Inner
from cnnsum.layers.meanings import Meaning, said
from cnnsum.layers.vocabulary import KERAS


def _with_activation(view: View, *pieces: Piece) -> tuple[Piece, ...]:
    """The pieces, and one more for the activation that the layer ends in."""
    name = said(view, "activation")
    if name in (None, "linear"):
        return pieces
    return (*pieces, activation(str(name), view.out))


def _convolution(view: View) -> tuple[Piece, ...]:
    macs = view.facts.macs
    if said(view, "rewritten"):
        return (Piece("unknown", view.type.name, macs, module=False),)
    spatial = view.space
    piece = Piece(
        "transposed" if view.role == "transposed convolution" else "convolution",
        macs=macs,
        read=size(view.inputs[0]),
        made=size(view.out),
        kernel=view.weight("kernel"),
        bias=view.weight("bias"),
        positions=prod(spatial),
        axes=len(spatial),
    )
    return _with_activation(view, piece)


def _separable(view: View) -> tuple[Piece, ...]:
    spatial = view.space
    positions = prod(spatial)
    depthwise, pointwise = view.weight("depthwise kernel"), view.weight("pointwise kernel")
    alone = Piece(
        "convolution",
        "depthwise",
        macs=positions * depthwise,
        read=size(view.inputs[0]),
        kernel=depthwise,
        positions=positions,
        axes=len(spatial),
    )
    mixed = Piece(
        "convolution",
        "pointwise",
        macs=positions * pointwise,
        made=size(view.out),
        kernel=pointwise,
        bias=view.weight("bias"),
        positions=positions,
        axes=len(spatial),
    )
    return _with_activation(view, alone, mixed)


def _dense(view: View) -> tuple[Piece, ...]:
    macs = view.facts.macs
    if said(view, "rewritten"):
        return (Piece("unknown", view.type.name, macs, module=False),)
    kernel, bias = view.weight("kernel"), view.weight("bias")
    piece = Piece("linear", macs=macs, made=size(view.out), kernel=kernel, bias=bias, positions=prod(view.out[1:-1]))
    return _with_activation(view, piece)


def _einsum(view: View) -> tuple[Piece, ...]:
    if said(view, "rewritten"):
        return (Piece("unknown", view.type.name, view.facts.macs, module=False),)
    bias = view.weight("bias")
    piece = Piece("einsum", macs=view.facts.macs, made=size(view.out), bias=bias, module=False)
    return _with_activation(view, piece)


def _embedding(view: View) -> tuple[Piece, ...]:
    if said(view, "rewritten"):
        return (Piece("unknown", view.type.name, view.facts.macs, module=False),)
    return (Piece("embedding", made=size(view.out), kernel=view.weight("table")),)


def _product(view: View) -> tuple[Piece, ...]:
    plain = not view.fields.get("normalize")
    return (Piece("product", macs=view.facts.macs, ops=view.facts.ops, made=size(view.out), more={"plain": plain}),)


def _inputs(view: View) -> dict[str, Shape]:
    """The inputs of an attention layer by their names, the first of which are in the order of its type."""
    placed = len(view.inputs) - len(view.keywords)
    return dict(zip((*view.type.schema.inputs[:placed], *view.keywords), view.inputs, strict=False))


def _masked(given: Mapping[str, Shape]) -> bool:
    return any(name.endswith("mask") for name in given)


def _attention_alone(view: View) -> tuple[Piece, ...]:
    """Two products with a softmax between them, written as functions."""
    if view.role == "additive attention" or said(view, "score") != "dot":
        return (Piece("unknown", view.type.name, view.facts.macs, module=False),)
    given = _inputs(view)
    scores = (*given["query"][:-1], given["value"][-2])
    masked = bool(said(view, "causal")) or _masked(given)
    plain = not masked and not said(view, "weighs scores")
    product = Piece("product", macs=view.facts.macs, more={"plain": plain})
    return (product, activation("softmax", scores, function=True))


def _module_of_attention(view: View) -> tuple[Piece, ...]:
    """The attention that torch.nn has itself, whose heads share the depth of the query."""
    given = _inputs(view)
    query, key, value = (given[name] for name in ("query", "key", "value"))
    if not said(view, "batch first") or len(query) != 3 or said(view, "appends keys"):
        return (Piece("unknown", view.type.name, view.facts.macs),)
    depth = query[-1]
    heads = view.number("heads")
    scores = heads * query[1] * key[1]
    more: dict[str, Dim] = {
        "products": 2 * query[1] * key[1] * depth,
        "scores": scores,
        "query length": query[1],
        "key length": key[1],
        "key depth": key[-1],
        "value depth": value[-1],
        "returns scores": view.number("gives scores"),
        "plain": False,
    }
    made, bias = size(view.out), int(bool(said(view, "bias")))
    macs, ops = view.facts.macs, view.facts.ops
    return (Piece("attention", macs=macs, ops=ops, made=made, bias=bias, depth=depth, more=more),)


def _attention(view: View) -> tuple[Piece, ...]:
    """Projections of queries, keys and values to heads, attention in each, and a projection back."""
    if view.type.vocabulary.channels_first:
        return _module_of_attention(view)
    if said(view, "rewritten"):
        return (Piece("unknown", view.type.name, view.facts.macs, module=False),)
    given = _inputs(view)
    query, value = given["query"], given["value"]
    key = given.get("key", value)
    grouped = view.role == "grouped attention"
    heads, width = view.number("heads"), view.number("head width")
    of_values = view.number("value width", width)
    queries = prod(query[1:-1])
    scores = heads * queries * prod(key[1:-1])
    depth = query[-1]
    module = (
        not grouped
        and len(query) == 3
        and len(view.inputs) <= 3
        and heads * width == depth
        and of_values == width
        and said(view, "result") is None
        and not said(view, "gated")
        and said(view, "reach") is None
    )
    masked = _masked(given) or bool(said(view, "causal")) or said(view, "reach") is not None
    more: dict[str, Dim] = {
        "products": scores * (width + of_values),
        "scores": scores,
        "query length": queries,
        "key length": prod(key[1:-1]),
        "key depth": key[-1],
        "value depth": value[-1],
        "returns scores": view.number("gives scores"),
        "plain": not masked and not grouped and not said(view, "gated"),
    }
    piece = Piece(
        "attention",
        macs=view.facts.macs,
        ops=view.facts.ops,
        made=size(view.out),
        bias=int(bool(said(view, "bias"))),
        depth=depth,
        module=module,
        more=more,
    )
    return (piece,)


#: Cells of torch.nn: the activations that they have, and the gates.
_CELLS: Mapping[Role, tuple[tuple[tuple[Meaning, object], ...], int]] = {
    "simple recurrence": ((), 1),
    "lstm": ((("activation", "tanh"), ("gate activation", "sigmoid")), 4),
    "gru": ((("activation", "tanh"), ("gate activation", "sigmoid"), ("reset after", True)), 3),
}


def _stacked(view: View) -> tuple[Piece, ...]:
    """Recurrent layers as torch.nn has them: several in a row, and in both directions, are one module."""
    if not said(view, "batch first") or said(view, "projected"):
        return (Piece("unknown", view.type.name, view.facts.macs),)
    _, steps, depth = view.inputs[0]
    weights = {weight.name: prod(weight.shape) for weight in view.facts.weights}
    return (
        Piece(
            "recurrent",
            view.role,
            macs=view.facts.macs,
            made=size(view.out),
            kernel=sum((count for name, count in weights.items() if name.startswith("weight")), start=0),
            bias=sum((count for name, count in weights.items() if name.startswith("bias_ih")), start=0),
            positions=steps,
            depth=depth,
            more={"units": view.number("states")},
        ),
    )


def _recurrent(view: View) -> tuple[Piece, ...]:
    if view.type.vocabulary.channels_first:
        return _stacked(view)
    wanted, gates = _CELLS[view.role]
    module = all(said(view, meaning) == value for meaning, value in wanted)
    if view.role == "simple recurrence":
        module = said(view, "activation") in {"tanh", "relu"}
    _, steps, depth = view.inputs[0]
    units = view.number("states")
    return (
        Piece(
            "recurrent",
            view.role,
            macs=view.facts.macs,
            made=size(view.out),
            kernel=view.weight("kernel") + view.weight("recurrent kernel"),
            bias=gates * units if said(view, "bias") else 0,
            positions=steps,
            depth=depth,
            module=module,
            more={"units": units},
        ),
    )


def _time_distributed(view: View) -> tuple[Piece, ...]:
    inner = said(view, "inner")
    x = view.inputs[0]
    if not isinstance(inner, Inner):
        return (Piece("unknown", view.type.name, view.facts.macs, module=False),)
    shape = (x[0], *x[2:])
    facts = inner.apply(shape)
    steps = x[1]
    return tuple(_repeated(piece, steps) for piece in _pieces(View(inner.type, inner.fields, facts, [shape])))


def _repeated(piece: Piece, times: Dim) -> Piece:
    return piece._replace(times=piece.times * times)


def _bidirectional(view: View) -> tuple[Piece, ...]:
    forward = said(view, "inner")
    backward = said(view, "backward") or forward
    pieces: tuple[Piece, ...] = ()
    for inner in (forward, backward):
        if not isinstance(inner, Inner) or inner.type.role not in _CELLS:
            return (Piece("unknown", view.type.name, view.facts.macs, module=False),)
        facts = inner.apply(view.inputs[0])
        pieces += _recurrent(View(inner.type, inner.fields, facts, view.inputs[:1]))
    return pieces


_Maker = Callable[[View], "tuple[Piece, ...]"]

_MAKERS: dict[Role, _Maker] = {
    "convolution": _convolution,
    "transposed convolution": _convolution,
    "depthwise convolution": _convolution,
    "separable convolution": _separable,
    "dense": _dense,
    "einsum": _einsum,
    "embedding": _embedding,
    "dot": _product,
    "product": _product,
    "attention": _attention_alone,
    "additive attention": _attention_alone,
    "multi-head attention": _attention,
    "grouped attention": _attention,
    "simple recurrence": _recurrent,
    "lstm": _recurrent,
    "gru": _recurrent,
    "batch normalization": normalization,
    "instance normalization": normalization,
    "layer normalization": normalization,
    "group normalization": normalization,
    "rms normalization": normalization,
    "activation": activation_layer,
    "max pooling": pooling,
    "mean pooling": pooling,
    "global max pooling": pooling,
    "global mean pooling": pooling,
    "adaptive max pooling": pooling,
    "adaptive mean pooling": pooling,
    "norm pooling": norm_pooling,
    "upsampling": upsampling,
    "resizing": upsampling,
    "add": arithmetic,
    "subtract": arithmetic,
    "multiply": arithmetic,
    "divide": arithmetic,
    "average": arithmetic,
    "maximum": arithmetic,
    "minimum": arithmetic,
    "scale": arithmetic,
    "rescaling": rescaling,
    "standardization": constants,
    "time distributed": _time_distributed,
    "bidirectional": _bidirectional,
}


def pieces_of(call: Call, values: Sequence[Value]) -> tuple[Piece, ...]:
    """The pieces of one call; `values` are those of the inference that it belongs to."""
    type = call.layer.type
    shapes = [values[number].shape for number in call.inputs]
    # A module may read an array of the file in the place of a tensor; what operations read beside one counts nowhere.
    nodes = () if type is None or type.is_operation else call.layer.nodes
    arrays = {tuple([(one.index, one.shape) for one in node.constants]) for node in nodes}
    for index, shape in min(arrays, default=(), key=len):
        shapes.insert(index, shape)
    alike = len(arrays) <= 1  # which call is asked about is not known
    if type is None or call.facts.status == "unknown" or any(shape is None for shape in shapes) or not alike:
        return (Piece("unknown", "what cnnsum itself does not know", UNKNOWN),)
    known: list[Shape] = [shape for shape in shapes if shape is not None]
    return _pieces(View(type, call.layer.fields, call.facts, known, call.layer.nodes[0].keywords))


def _pieces(view: View) -> tuple[Piece, ...]:
    return _MAKERS.get(view.role, _other)(view)


def _other(view: View) -> tuple[Piece, ...]:
    """What is not a module: functions and operators where it has no MACs, else something that cannot be told."""
    macs = view.facts.macs
    plain = view.type.vocabulary is KERAS or not view.facts.weights
    if isinstance(macs, int) and macs == 0 and plain:
        return (Piece("other", view.type.key, ops=view.facts.ops, made=size(view.out)),)
    return (Piece("unknown", view.type.key, macs, module=view.type.vocabulary is not KERAS),)
