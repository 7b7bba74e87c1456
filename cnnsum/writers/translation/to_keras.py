"""From PyTorch's words to Keras's, where Keras does exactly the same: channels move to the end.

What PyTorch computes with channels first is computed with channels last; where a layer counts axes of its own (a
reshaping, a norm of the last axes) they are exchanged before it. Each rule says in what it differs from Keras, or why
there is no way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnsum.dims import Dim
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Constant, Graph, Node, Policy, Tensor
from cnnsum.graph.promotion import FLOATS
from cnnsum.layers.facts import Shape
from cnnsum.layers.pairs import OF_TORCH, Pair
from cnnsum.layers.vocabulary import KERAS
from cnnsum.typed import TypeAlias
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.translation.base import Call, CannotError, Moved, Notes, Rule, Translator

RULES: dict[str, Rule] = {}
#: Numbers of a window, by axis.
_Axes: TypeAlias = Sequence[Dim]

_ORDER = (
    "Features come in another order than in PyTorch, whose channels are first: with weights from there, "
    "permute those of the next Dense."
)
#: Functions whose result is never below 0, where zeros around it are as good as the smallest number for a maximum.
_NEVER_BELOW_ZERO = ("relu", "relu6", "sigmoid", "hard_sigmoid", "softmax", "softplus")


def rule(*keys: str) -> Callable[[Rule], Rule]:
    """Declare who translates calls of these types."""

    def declare(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(keys, function))
        return function

    return declare


def _each(name: str) -> tuple[str, ...]:
    return tuple([name.format(axes) for axes in (1, 2, 3)])


class ToKeras(Translator):
    """Translates one graph of PyTorch."""

    def __init__(self, graph: Graph, inference: Inference, refusals: Refusals) -> None:
        super().__init__(graph, inference, refusals, KERAS, RULES)

    def moves_input(self, node: Node) -> bool:
        """Images and volumes do; of a sequence it depends on who reads it first."""
        spec = node.layer.spec
        assert spec is not None
        readers = self.readers_of(Tensor(node))
        if len(spec.shape) >= 4:
            return True
        slide = [one.layer.type is not None and one.layer.type.key in _SLIDING for one in readers]
        return len(spec.shape) == 3 and bool(readers) and all(slide)

    def moved_shape(self, shape: Shape) -> Shape:
        """Channels last."""
        return (shape[0], *shape[2:], shape[1])

    def policy(self, call: Call) -> Policy:
        """Some layers of Keras give what their policy says, where PyTorch leaves whole numbers as they are."""
        policy = call.layer.policy
        dtype = call.dtype
        return policy if dtype is None or dtype in FLOATS else Policy(dtype, dtype)


_SLIDING = frozenset(
    (
        *_each("Conv{}d"),
        *_each("ConvTranspose{}d"),
        *_each("MaxPool{}d"),
        *_each("AvgPool{}d"),
        *_each("BatchNorm{}d"),
    )
)

# --- where the channels are -------------------------------------------------------------------------------------------


def _rank(call: Call, number: int = 0) -> int:
    return len(call.shape(number))


def _exchange(call: Call, number: int, *, moved: bool) -> Tensor:
    """An input with its channels last (`moved`), or as PyTorch has them."""
    given = call.inputs[number]
    rank = _rank(call, number)
    if given.moved == moved or rank < 3:
        return given.tensor
    known = call.translator.exchanged
    found = known.get((given.tensor, moved, call.layer.block))
    if found is None:
        order = [*range(2, rank), 1] if moved else [rank - 1, *range(1, rank - 1)]
        suffix = f"to {'back' if moved else 'front'} {number}"
        found = known[given.tensor, moved, call.layer.block] = call.made(
            "Permute", {"dims": order}, given.tensor, suffix=suffix
        )
    return found


def _last(call: Call, number: int = 0) -> Tensor:
    return _exchange(call, number, moved=True)


def _as_in_torch(call: Call, number: int = 0) -> Tensor:
    return _exchange(call, number, moved=False)


def _axis(call: Call, axis: int, moved: bool, rank: int | None = None) -> int:
    """Where an axis of PyTorch's tensor is in Keras's."""
    count = _rank(call) if rank is None else rank
    place = axis % count
    if not moved or count < 3 or place == 0:
        return -1 if place == count - 1 else place
    return -1 if place == 1 else place - 1


def _pair(call: Call) -> Pair:
    assert call.layer.type is not None
    key = call.layer.type.key
    axes = _rank(call) - 2
    return OF_TORCH.get((key, axes)) or next(one for (name, _), one in OF_TORCH.items() if name == key)


def _same_fields(call: Call) -> dict[str, object]:
    """The fields that both have, with the names of Keras's."""
    return {ours: call.fields[theirs] for ours, theirs in _pair(call).fields.items() if theirs in call.fields}


def _only(call: Call, **wanted: object) -> None:
    """Refuse other values of fields that Keras has no word for."""
    for name, value in wanted.items():
        if call.fields[name] != value:
            raise CannotError(f"layers of Keras have no `{name}`")


def _number(value: object, what: str) -> int:
    if not isinstance(value, int):
        raise CannotError(f"{what} is not known", "give the symbol a value with --set, or the input a size with -i")
    return value


# --- windows ----------------------------------------------------------------------------------------------------------


def _padded(call: Call, x: Tensor, fields: dict[str, object], kernel: _Axes, stride: _Axes, dilation: _Axes) -> Tensor:
    """What a convolution reads, with the padding in its fields, or in a layer of its own before it."""
    padding = call.fields["padding"]
    if padding in ("same", "valid"):
        fields["padding"] = padding
        return x
    amounts = [_number(before, "its padding") for before, _ in call.pads("padding")]
    spans = [
        (_number(window, "its kernel") - 1) * _number(spread, "its dilation")
        for window, spread in zip(kernel, dilation, strict=True)
    ]
    if not any(amounts):
        return x
    if all(step == 1 for step in stride) and all(2 * one == span for one, span in zip(amounts, spans, strict=True)):
        fields["padding"] = "same"
        return x
    return call.made(f"ZeroPadding{len(amounts)}D", {"padding": _spelled(amounts)}, x, suffix="pads")


def _spelled(amounts: list[int]) -> object:
    return amounts[0] if len(amounts) == 1 else amounts


@rule(*_each("Conv{}d"))
def _convolution(call: Call) -> Moved:
    _only(call, padding_mode="zeros")
    kernel, stride, dilation = (call.sizes(name) for name in ("kernel_size", "stride", "dilation"))
    fields = _same_fields(call)
    x = _padded(call, _last(call), fields, kernel, stride, dilation)
    depth, groups = call.shape()[1], call.fields["groups"]
    if groups == depth and groups != 1 and len(kernel) < 3:
        multiplier, left = divmod(_number(call.fields["out_channels"], "out_channels"), _number(groups, "groups"))
        if not left:
            del fields["filters"], fields["groups"]
            fields["depth_multiplier"] = multiplier
            return Moved(call.made(f"DepthwiseConv{len(kernel)}D", fields, x, last=True), True)
    return Moved(call.made(_pair(call).keras, fields, x, last=True), True)


@rule(*_each("ConvTranspose{}d"))
def _transposed(call: Call) -> Moved:
    _only(call, padding_mode="zeros", groups=1)
    if any(one != 1 for one in call.sizes("dilation")):
        raise CannotError("with a `dilation` Keras cuts its result otherwise than PyTorch")
    words = set()
    kernel, stride, more = (call.sizes(name) for name in ("kernel_size", "stride", "output_padding"))
    for window, step, (pad, _), extra in zip(kernel, stride, call.pads("padding"), more, strict=True):
        size, jump = _number(window, "its kernel"), _number(step, "its stride")
        if size == jump and not pad and not extra:
            continue  # both words mean the same
        if not pad and extra == max(jump - size, 0):
            words.add("valid" if size >= jump else "same")
        elif 2 * pad == size - jump and not extra:
            words.add("same")
        else:
            words |= {"valid", "same"}
    if len(words) > 1:
        raise CannotError("Keras's `padding: same` and `valid` leave no result of this size at these places")
    fields = {**_same_fields(call), "padding": words.pop() if words else "valid"}
    return Moved(call.made(_pair(call).keras, fields, _last(call), last=True), True)


@rule(*_each("MaxPool{}d"), *_each("AvgPool{}d"))
def _pooling(call: Call) -> Moved:
    is_max = call.layer.type is not None and call.layer.type.role == "max pooling"
    _only(call, ceil_mode=False)
    if is_max:
        _only(call, return_indices=False)
        if any(one != 1 for one in call.sizes("dilation")):
            raise CannotError("pooling of Keras has no `dilation`")
    elif call.fields.get("divisor_override") is not None:
        raise CannotError("pooling of Keras has no `divisor_override`")
    fields = _same_fields(call)
    x = _last(call)
    amounts = [_number(before, "its padding") for before, _ in call.pads("padding")]
    if any(amounts):
        if is_max and not _never_below_zero(call):
            raise CannotError("pooling of Keras pads by itself only, and zeros around it would be maxima")
        if not is_max and not call.fields["count_include_pad"]:
            raise CannotError("pooling of Keras pads by itself only, and counts zeros around it")
        x = call.made(f"ZeroPadding{len(amounts)}D", {"padding": _spelled(amounts)}, x, suffix="pads")
    return Moved(call.made(_pair(call).keras, fields, x, last=True), True)


def _never_below_zero(call: Call) -> bool:
    source = call.node.inputs[0].node.layer
    return source.type is not None and source.type.function in _NEVER_BELOW_ZERO


@rule(*_each("AdaptiveAvgPool{}d"), *_each("AdaptiveMaxPool{}d"))
def _adaptive(call: Call) -> Moved:
    if call.fields.get("return_indices"):
        raise CannotError("layers of Keras have no `return_indices`")
    sizes = call.outputs[0]
    assert call.layer.type is not None
    kind = "Max" if "max" in call.layer.type.role else "Average"
    axes = _rank(call) - 2
    if sizes is not None and all(size == 1 for size in sizes[2:]):
        return Moved(call.made(f"Global{kind}Pooling{axes}D", {"keepdims": True}, _last(call), last=True), True)
    wanted = call.fields["output_size"]
    if wanted is None or (isinstance(wanted, tuple) and None in wanted):
        raise CannotError("adaptive pooling of Keras asks for every size")
    return Moved(call.made(_pair(call).keras, _same_fields(call), _last(call), last=True), True)


# --- products and tables ----------------------------------------------------------------------------------------------


@rule("Linear")
def _linear(call: Call) -> Moved:
    return Moved(call.made("Dense", _same_fields(call), _as_in_torch(call), last=True))


@rule("Embedding")
def _embedding(call: Call) -> Moved:
    _only(call, max_norm=None)
    return Moved(call.made("Embedding", _same_fields(call), _as_in_torch(call), last=True))


@rule("MultiheadAttention")
def _attention(call: Call) -> Moved:
    _only(call, add_bias_kv=False, add_zero_attn=False)
    if call.node.keywords or len(call.inputs) > 3:
        raise CannotError("masks of PyTorch say what does not count, and those of Keras what does")
    if any(tensor.index for layer in call.translator.graph.layers for node in layer.nodes
           for tensor in node.inputs if tensor.node is call.node):  # fmt: skip
        raise CannotError("Keras gives weights of each head, and not their mean")
    depth = _number(call.shape()[-1], "its depth")
    fields = {**_same_fields(call), "key_dim": depth // _number(call.fields["num_heads"], "num_heads")}
    query, key, value = (_as_in_torch(call, number) for number in range(3))
    return Moved(call.made("MultiHeadAttention", fields, query, value, key, last=True))


@rule("GRU", "LSTM", "RNN")
def _recurrent(call: Call) -> Moved:
    assert call.layer.type is not None
    name = call.layer.type.name
    _only(call, num_layers=1, bidirectional=False, dropout=0.0)
    if call.fields.get("proj_size"):
        raise CannotError("layers of Keras have no `proj_size`")
    if name != "GRU" and call.fields["bias"]:
        raise CannotError(f"{_pair(call).keras} of Keras has one bias where {name} of PyTorch has two", "`bias: false`")
    if len(call.inputs) > 1 or _reads_more(call):
        raise CannotError("its states are given in another form in Keras")
    fields = {**_same_fields(call), "return_sequences": True}
    if name == "RNN":
        fields["activation"] = call.fields["nonlinearity"]
    return Moved(call.made(_pair(call).keras, fields, _as_in_torch(call), last=True))


def _reads_more(call: Call) -> bool:
    return any(number for number in call.translator.outputs_read(call.node))


# --- normalisation ----------------------------------------------------------------------------------------------------


def _affine(call: Call, word: str) -> dict[str, object]:
    scale = bool(call.fields[word])
    return {"scale": scale, "center": scale and call.fields.get("bias", True)}


@rule(*_each("BatchNorm{}d"))
def _batch_norm(call: Call) -> Moved:
    _only(call, track_running_stats=True)
    if call.fields["momentum"] is None:
        raise CannotError("BatchNormalization of Keras has a momentum, and no mean of all batches")
    rank = _rank(call)
    fields = {
        "epsilon": call.fields["eps"],
        "momentum": round(1 - call.number("momentum"), 12),
        **_affine(call, "affine"),
    }
    return Moved(call.made("BatchNormalization", fields, _last(call), last=True), rank > 2)


@rule("GroupNorm")
def _group_norm(call: Call) -> Moved:
    fields = {**_same_fields(call), **_affine(call, "affine")}
    return Moved(call.made("GroupNormalization", fields, _last(call), last=True), _rank(call) > 2)


@rule("LayerNorm", "RMSNorm")
def _layer_norm(call: Call) -> Moved:
    if call.fields["eps"] is None:
        raise CannotError("RMSNormalization of Keras has an epsilon of its own", "give `eps`")
    axes = [-1 - number for number in reversed(range(len(call.sizes("normalized_shape"))))]
    fields = {**_same_fields(call), "axis": axes}
    if "bias" in call.fields:
        fields.update(_affine(call, "elementwise_affine"))
    elif not call.fields["elementwise_affine"]:
        raise CannotError("RMSNormalization of Keras has a scale")
    return Moved(call.made(_pair(call).keras, fields, _as_in_torch(call), last=True))


@rule("Dropout", "AlphaDropout")
def _dropout(call: Call) -> Moved:
    given = call.inputs[0]
    return Moved(call.made(_pair(call).keras, _same_fields(call), given.tensor, last=True), given.moved)


@rule(*_each("Dropout{}d"))
def _channel_dropout(call: Call) -> Moved:
    return Moved(call.made(_pair(call).keras, _same_fields(call), _last(call), last=True), True)


# --- activations ------------------------------------------------------------------------------------------------------


def _activation(call: Call) -> Moved:
    type = call.layer.type
    assert type is not None
    given = call.inputs[0]
    fields = {name: value for name, value in call.fields.items() if name != "inplace"}
    key = "Activation"
    made: dict[str, object] = {"activation": type.function}
    if type.function == "relu":
        key, made = "ReLU", {}
    elif type.function == "relu6":
        key, made = "ReLU", {"max_value": 6}
    elif type.function == "leaky_relu" and "negative_slope" in fields:
        key, made = "LeakyReLU", {"negative_slope": fields["negative_slope"]}
    elif type.function == "elu":
        key, made = "ELU", {"alpha": fields["alpha"]}
    elif type.key in ("Softmax", "softmax"):
        if fields["dim"] is None:
            raise CannotError("its axis is not said", "give `dim`")
        key, made = "Softmax", {"axis": _axis(call, call.axis("dim"), given.moved)}
    elif any(value != type.schema.fields[name].default for name, value in fields.items()) or not _is_keras(
        type.function
    ):
        raise CannotError(f"Keras has no activation like {type.name} with these fields")
    return Moved(call.made(key, made, given.tensor, last=True), given.moved)


def _is_keras(function: str) -> bool:
    return function in (
        *("selu", "celu", "sigmoid", "tanh", "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink", "soft_shrink"),
        *("tanh_shrink", "silu", "gelu", "mish", "softplus", "softsign", "log_sigmoid"),
    )


rule(
    *("ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "GELU", "Sigmoid", "LogSigmoid", "Tanh", "Hardtanh"),
    *("Hardsigmoid", "Hardswish", "Hardshrink", "Softshrink", "Tanhshrink", "SiLU", "Mish", "Softplus", "Softsign"),
    *("Softmax", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid"),
    *("logsigmoid", "tanh", "tanhshrink", "hardsigmoid", "hardswish", "softplus", "softsign", "softmax"),
)(_activation)


# --- shapes -----------------------------------------------------------------------------------------------------------


@rule("Flatten", "flatten")
def _flatten(call: Call) -> Moved:
    given = call.inputs[0]
    rank = _rank(call)
    if call.axis("start_dim") % rank != 1 or call.axis("end_dim") % rank != rank - 1:
        raise CannotError("Flatten of Keras is of all axes but the batch's")
    if not given.moved or all(size == 1 for size in call.shape()[2:]):
        return Moved(call.made("Flatten", {}, given.tensor, last=True))
    if not call.translator.leads_to_products(call.node):
        return Moved(call.made("Flatten", {}, _as_in_torch(call), last=True))
    x = call.made("Flatten", {}, given.tensor, last=True)
    call.note(x, _ORDER)
    return Moved(x)


@rule("reshape", "view", "Unflatten")
def _reshape(call: Call) -> Moved:
    target = call.outputs[0]
    if target is None or target[0] != call.shape()[0]:
        raise CannotError("Reshape of Keras leaves the axis of the batch as it is")
    sizes = [_number(size, "a size that it gives") for size in target[1:]]
    return Moved(call.made("Reshape", {"target_shape": sizes}, _as_in_torch(call), last=True))


@rule("permute", "transpose")
def _permute(call: Call) -> Moved:
    rank = _rank(call)
    if "dims" in call.fields:
        order = [axis % rank for axis in call.axes("dims")]
    else:
        order = [*range(rank)]
        first, second = call.axis("dim0") % rank, call.axis("dim1") % rank
        order[first], order[second] = order[second], order[first]
    if order[0] != 0:
        raise CannotError("Permute of Keras leaves the axis of the batch as it is")
    return Moved(call.made("Permute", {"dims": order[1:]}, _as_in_torch(call), last=True))


@rule("Identity")
def _identity(call: Call) -> Moved:
    return Moved(call.made("Identity", {}, call.inputs[0].tensor, last=True), call.inputs[0].moved)


@rule(*_each("ZeroPad{}d"))
def _zeros(call: Call) -> Moved:
    axes = _rank(call) - 2
    given = call.fields["padding"]
    amounts = [_number(one, "a pad") for one in (given if isinstance(given, tuple) else (given,) * (2 * axes))]
    pairs = [[amounts[2 * number], amounts[2 * number + 1]] for number in reversed(range(axes))]
    if any(one < 0 for one in amounts) and any(one > 0 for one in amounts):
        raise CannotError("a layer of Keras pads or cuts, and not both")
    kind, field = ("Cropping", "cropping") if any(one < 0 for one in amounts) else ("ZeroPadding", "padding")
    pairs = [[abs(one) for one in pair] for pair in pairs]
    return Moved(call.made(f"{kind}{axes}D", {field: pairs[0] if axes == 1 else pairs}, _last(call), last=True), True)


@rule("Upsample", "interpolate", "UpsamplingNearest2d")
def _upsample(call: Call) -> Moved:
    scale, mode = call.fields["scale_factor"], call.fields.get("mode", "nearest")
    given = scale if isinstance(scale, tuple) else (scale,) * (_rank(call) - 2)
    factors = [float(one) for one in given if isinstance(one, (int, float))]
    if len(factors) < len(given) or any(one != int(one) for one in factors):
        raise CannotError("UpSampling of Keras takes whole factors")
    if mode not in ("nearest", "bilinear") or call.fields.get("align_corners") or call.fields.get("antialias"):
        raise CannotError(f"Keras interpolates otherwise than PyTorch's `{mode}` here")
    sizes = [int(one) for one in factors]
    fields: dict[str, object] = {"size": _spelled(sizes)}
    if mode != "nearest":
        fields["interpolation"] = mode
    return Moved(call.made(f"UpSampling{len(sizes)}D", fields, _last(call), last=True), True)


# --- several inputs ---------------------------------------------------------------------------------------------------

_MERGES = {"add": "Add", "sub": "Subtract", "mul": "Multiply", "maximum": "Maximum", "minimum": "Minimum"}
_OPERATIONS = {"add": "Add", "sub": "Subtract", "mul": "Multiply", "div": "Divide"}


@rule(*_MERGES, "div")
def _merged(call: Call) -> Moved:
    assert call.layer.type is not None
    key = call.layer.type.key
    if call.fields.get("alpha", 1) != 1:
        raise CannotError("layers of Keras have no `alpha`")
    number = call.fields.get("other")
    if number is None and call.node.constants:
        raise CannotError("a number stands as `other` in a spec of PyTorch")
    if number is not None:
        given = call.inputs[0]
        x = call.made(f"keras.src.ops.numpy.{_OPERATIONS[key]}", {}, given.tensor, last=True)
        x.node.constants = (Constant(1, (), number),)
        return Moved(x, given.moved)
    if key == "div":
        raise CannotError("Keras has no layer that divides")
    tensors, moved = _together(call)
    return Moved(call.made(_MERGES[key], {}, *tensors, last=True), moved)


def _together(call: Call) -> tuple[list[Tensor], bool]:
    ranks = [_rank(call, number) for number in range(len(call.inputs))]
    if len(set(ranks)) > 1:
        raise CannotError("layers of Keras take inputs with as many axes")
    moved = call.inputs[0].moved
    return [_exchange(call, number, moved=moved) for number in range(len(ranks))], moved


@rule("cat")
def _cat(call: Call) -> Moved:
    if call.axis("dim") % _rank(call) == 0:
        raise CannotError("Keras puts no samples together: `dim` is the axis of the batch")
    if len(call.inputs) == 1:
        return Moved(call.made("Identity", {}, call.inputs[0].tensor, last=True), call.inputs[0].moved)
    tensors, moved = _together(call)
    fields = {"axis": _axis(call, call.axis("dim"), moved)}
    return Moved(call.made("Concatenate", fields, *tensors, last=True), moved)


@rule("mean", "amax")
def _mean(call: Call) -> Moved:
    rank = _rank(call)
    axes = sorted(axis % rank for axis in call.axes("dim"))
    kind = "Average" if call.layer.type is not None and call.layer.type.key == "mean" else "Max"
    keep = bool(call.fields["keepdim"])
    if rank == 3 and axes == [1] and not call.inputs[0].moved:
        return Moved(call.made(f"Global{kind}Pooling1D", {"keepdims": keep}, call.inputs[0].tensor, last=True))
    if rank not in (3, 4, 5) or axes != list(range(2, rank)):
        raise CannotError("Keras has layers for the mean and the largest of all places only")
    return Moved(call.made(f"Global{kind}Pooling{rank - 2}D", {"keepdims": keep}, _last(call), last=True), keep)


def translated(graph: Graph, inference: Inference, refusals: Refusals) -> tuple[Graph, Notes]:
    """The graph in Keras's words, and notes of some of its layers."""
    translator = ToKeras(graph, inference, refusals)
    return translator.translated(), translator.notes
