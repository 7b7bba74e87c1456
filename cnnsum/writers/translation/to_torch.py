"""From Keras's words to PyTorch's, where PyTorch does exactly the same: channels move to the front.

What Keras computes with channels last is computed with channels first; where a layer works on the last axis (`Dense` on
an image, attention), axes are exchanged before it and behind it. Each rule says in what it differs from PyTorch, or why
there is no way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cnnsum.dims import Dim, Expr
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Graph, Node, Tensor
from cnnsum.layers.facts import Shape
from cnnsum.layers.inner import Inner
from cnnsum.layers.pairs import OF_KERAS, Pair
from cnnsum.layers.vocabulary import TORCH
from cnnsum.typed import TypeAlias
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.translation.base import Call, CannotError, Moved, Notes, Rule, Translator

RULES: dict[str, Rule] = {}
#: Numbers of a window, by axis.
_Axes: TypeAlias = Sequence[Dim]

_ORDER = (
    "Features come in another order than in Keras, whose channels are last: with weights from there, "
    "permute those of the next Linear."
)


def rule(*keys: str) -> Callable[[Rule], Rule]:
    """Declare who translates calls of these types."""

    def declare(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(keys, function))
        return function

    return declare


def _each(name: str) -> tuple[str, ...]:
    return tuple([name.format(axes) for axes in (1, 2, 3)])


class ToTorch(Translator):
    """Translates one graph of Keras."""

    def __init__(self, graph: Graph, inference: Inference, refusals: Refusals) -> None:
        super().__init__(graph, inference, refusals, TORCH, RULES)

    def moves_input(self, node: Node) -> bool:
        """Images and volumes do; of a sequence it depends on who reads it first."""
        spec = node.layer.spec
        assert spec is not None
        readers = self.readers_of(Tensor(node))
        last = [one for one in readers if one.layer.layout != "channels_first"]
        if len(spec.shape) >= 4:
            return bool(last) or not readers
        return len(spec.shape) == 3 and bool(readers) and all(_slides(one) for one in readers)

    def moved_shape(self, shape: Shape) -> Shape:
        """Channels first."""
        return (shape[0], shape[-1], *shape[1:-1])


def _slides(node: Node) -> bool:
    return node.layer.layout == "channels_last"


# --- where the channels are -------------------------------------------------------------------------------------------


def _rank(call: Call, number: int = 0) -> int:
    return len(call.shape(number))


def _exchange(call: Call, number: int, *, moved: bool) -> Tensor:
    """An input with its channels first (`moved`), or as Keras has them."""
    given = call.inputs[number]
    rank = _rank(call, number)
    if given.moved == moved or rank < 3:
        return given.tensor
    order = (0, rank - 1, *range(1, rank - 1)) if moved else (0, *range(2, rank), 1)
    known = call.translator.exchanged
    found = known.get((given.tensor, moved, call.layer.block))
    if found is None:
        suffix = f"to {'front' if moved else 'back'} {number}"
        if rank == 3:
            found = call.made("transpose", {"dim0": 1, "dim1": 2}, given.tensor, suffix=suffix)
        else:
            found = call.made("permute", {"dims": list(order)}, given.tensor, suffix=suffix)
        known[given.tensor, moved, call.layer.block] = found
    return found


def _first(call: Call, number: int = 0) -> Tensor:
    """An input with its channels on axis 1, wherever Keras's layer has them."""
    return _exchange(call, number, moved=call.layer.layout != "channels_first")


def _as_in_keras(call: Call, number: int = 0) -> Tensor:
    return _exchange(call, number, moved=False)


def _spatial(call: Call) -> tuple[Dim, ...]:
    shape = call.shape()
    return shape[2:] if call.layer.layout == "channels_first" else shape[1:-1]


def _channels(call: Call) -> Dim:
    return call.shape()[1 if call.layer.layout == "channels_first" else -1]


def _result(call: Call, tensor: Tensor) -> Moved:
    """The result of a layer that has its channels first in PyTorch."""
    return Moved(tensor, call.layer.layout != "channels_first")


def _number(value: object, what: str) -> int:
    if not isinstance(value, int):
        raise CannotError(f"{what} is not known", "give the symbol a value with --set, or the input a size with -i")
    return value


# --- activations ------------------------------------------------------------------------------------------------------

#: Where the function of that name has other numbers in Keras than the module of PyTorch has by default.
_FIELDS_OF_FUNCTIONS = {"leaky_relu": {"negative_slope": 0.2}, "threshold": {"threshold": 0.0, "value": 0.0}}
_BY_ROW = ("softmax", "log_softmax", "glu")


def _module_of(function: str) -> str:
    function = {"swish": "silu", "hard_swish": "hard_silu"}.get(function, function)
    for key, type in TORCH.all_types().items():
        if type.function == function and key == type.name and key[0].isupper() and key not in ("Softmin", "RReLU"):
            return key
    raise CannotError(f"PyTorch has no module for the activation `{function}`")


def _activate(call: Call, x: Tensor, function: object, *, moved: bool, rank: int) -> Tensor:
    """Apply an activation to a result; nothing for the identity."""
    if function in (None, "linear"):
        return x
    assert isinstance(function, str)
    fields: dict[str, object] = dict(_FIELDS_OF_FUNCTIONS.get(function, {}))
    if function in _BY_ROW:
        fields["dim"] = 1 if moved and rank > 2 else -1
    return call.made(_module_of(function), fields, x, suffix="activation", last=True)


def _activated(call: Call, x: Tensor, *, moved: bool, rank: int) -> Moved:
    first = call.layer.layout == "channels_first"
    if first and call.fields.get("activation") in _BY_ROW:
        raise CannotError("its activation is along the last axis, which is not that of the channels")
    return Moved(_activate(call, x, call.fields.get("activation"), moved=moved, rank=rank), moved)


def _is_last(call: Call) -> bool:
    return call.fields.get("activation") in (None, "linear")


@rule("Activation")
def _activation(call: Call) -> Moved:
    given = call.inputs[0]
    if call.fields["activation"] == "linear":
        return Moved(call.made("Identity", {}, given.tensor, last=True), given.moved)
    return Moved(
        _activate(call, given.tensor, call.fields["activation"], moved=given.moved, rank=_rank(call)), given.moved
    )


@rule("ReLU")
def _relu(call: Call) -> Moved:
    most, slope, threshold = (call.fields[name] for name in ("max_value", "negative_slope", "threshold"))
    given = call.inputs[0]
    fields: dict[str, object] = {}
    if threshold == 0 and slope == 0 and most is None:
        key = "ReLU"
    elif threshold == 0 and slope == 0 and most == 6:
        key, fields = "ReLU6", {}
    elif threshold == 0 and slope == 0 and isinstance(most, (int, float)) and most > 0:
        key, fields = "Hardtanh", {"min_val": 0.0, "max_val": float(most)}
    elif threshold == 0 and most is None:
        key, fields = "LeakyReLU", {"negative_slope": slope}
    else:
        raise CannotError("PyTorch has no module for a ReLU with these limits together")
    return Moved(call.made(key, fields, given.tensor, last=True), given.moved)


@rule("LeakyReLU", "ELU")
def _by_element(call: Call) -> Moved:
    given = call.inputs[0]
    return Moved(call.made(_pair(call).torch, _same_fields(call), given.tensor, last=True), given.moved)


@rule("PReLU")
def _prelu(call: Call) -> Moved:
    shape = call.shape()
    shared = call.axes("shared_axes")
    if set(shared) != set(range(1, len(shape) - 1)):
        message = "PReLU of PyTorch has a slope for each channel, or one for all"
        raise CannotError(message, f"`shared_axes: {list(range(1, len(shape) - 1))}` shares it in Keras")
    x = _exchange(call, 0, moved=True)
    return Moved(
        call.made("PReLU", {"num_parameters": _number(shape[-1], "its channels")}, x, last=True), len(shape) > 2
    )


@rule("Softmax")
def _softmax(call: Call) -> Moved:
    if len(call.inputs) > 1:
        raise CannotError("Softmax of PyTorch takes no mask")
    axes = call.axes("axis")
    given = call.inputs[0]
    if len(axes) != 1:
        raise CannotError("Softmax of PyTorch is along one axis")
    return Moved(call.made("Softmax", {"dim": _axis(call, axes[0], given.moved)}, given.tensor, last=True), given.moved)


def _axis(call: Call, axis: int, moved: bool, rank: int | None = None) -> int:
    """Where an axis of Keras's tensor is in PyTorch's."""
    count = _rank(call) if rank is None else rank
    place = axis % count
    if not moved or count < 3 or place == 0:
        return axis if axis == -1 and not moved else place
    return 1 if place == count - 1 else place + 1


# --- fields -----------------------------------------------------------------------------------------------------------


def _pair(call: Call, axes: int = 0) -> Pair:
    assert call.layer.type is not None
    key = call.layer.type.key
    return OF_KERAS.get((key, axes)) or next(one for (name, _), one in OF_KERAS.items() if name == key)


def _same_fields(call: Call, axes: int = 0) -> dict[str, object]:
    """The fields that both have, with the names of PyTorch's."""
    return {theirs: call.fields[ours] for ours, theirs in _pair(call, axes).fields.items() if ours in call.fields}


# --- windows ----------------------------------------------------------------------------------------------------------


def _pads(call: Call, kernel: Iterable[Dim], stride: Iterable[Dim], dilation: Iterable[Dim]) -> list[tuple[int, int]]:
    """Positions before and after each axis, as padding "same" puts them at this size of the input."""
    found = []
    for length, window, step, spread in zip(_spatial(call), kernel, stride, dilation, strict=True):
        span = (_number(window, "its kernel") - 1) * _number(spread, "its dilation") + 1
        jump = _number(step, "its stride")
        if jump == 1:
            total = span - 1
        elif not isinstance(length, int):
            rest = "`padding: same` with a stride puts positions that depend on the size of the input"
            raise CannotError(rest, "give the input a size with -i, or a ZeroPadding layer and `padding: valid`")
        else:
            total = max((-(-length // jump) - 1) * jump + span - length, 0)
        found.append((total // 2, total - total // 2))
    return found


def _around(pads: list[tuple[int, int]]) -> list[int]:
    """Pads as PyTorch lists them, the last axis first."""
    return [amount for pair in reversed(pads) for amount in pair]


def _note_of_size(call: Call) -> str:
    sizes = " x ".join(map(str, _spatial(call)))
    return f"As Keras pads an input of {sizes}; another size may need other pads."


def _plain_numbers(call: Call, *names: str) -> None:
    for name in names:
        value = call.fields.get(name)
        if isinstance(value, Expr) or (isinstance(value, tuple) and any(isinstance(one, Expr) for one in value)):
            raise CannotError(f"its `{name}` is a formula", "give the symbol a value with --set")


def _padded(call: Call, x: Tensor, fields: dict[str, object], kernel: _Axes, stride: _Axes, dilation: _Axes) -> Tensor:
    """What a convolution reads, with the padding in its fields, or in a layer of its own before it."""
    padding = call.fields["padding"]
    axes = len(kernel)
    if padding == "causal":
        (length,), (spread,) = kernel, dilation
        before = (_number(length, "its kernel") - 1) * _number(spread, "its dilation")
        return call.made("ZeroPad1d", {"padding": [before, 0]}, x, suffix="pads") if before else x
    if padding == "valid":
        return x
    pads = _pads(call, kernel, stride, dilation)
    if all(before == after for before, after in pads):
        fields["padding"] = [before for before, _ in pads]
    elif all(step == 1 for step in stride):
        fields["padding"] = "same"
    else:
        x = call.made(f"ZeroPad{axes}d", {"padding": _around(pads)}, x, suffix="pads")
        call.note(x, _note_of_size(call))
    return x


def _no_lora(call: Call) -> None:
    for name in ("lora_rank", "quantization"):
        if call.fields.get(name) is not None:
            raise CannotError(f"modules of PyTorch have no `{name}`")


@rule(*_each("Conv{}D"))
def _convolution(call: Call) -> Moved:
    _no_lora(call)
    fields = _same_fields(call)
    kernel, stride, dilation = (call.sizes(name) for name in ("kernel_size", "strides", "dilation_rate"))
    x = _padded(call, _first(call), fields, kernel, stride, dilation)
    x = call.made(_pair(call).torch, fields, x, last=_is_last(call))
    return _activated(call, x, moved=call.layer.layout != "channels_first", rank=_rank(call))


@rule("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise(call: Call) -> Moved:
    x = _depthwise_part(call, bias=bool(call.fields["use_bias"]), last=_is_last(call))
    return _activated(call, x, moved=call.layer.layout != "channels_first", rank=_rank(call))


def _depthwise_part(call: Call, *, bias: bool, last: bool, suffix: str = "") -> Tensor:
    kernel, stride, dilation = (call.sizes(name) for name in ("kernel_size", "strides", "dilation_rate"))
    depth = _number(_channels(call), "the channels of its input")
    fields = {
        "out_channels": depth * _number(call.fields["depth_multiplier"], "its depth_multiplier"),
        "kernel_size": kernel,
        "stride": stride,
        "dilation": dilation,
        "groups": depth,
        "bias": bias,
    }
    x = _padded(call, _first(call), fields, kernel, stride, dilation)
    return call.made(f"Conv{len(kernel)}d", fields, x, suffix=suffix, last=last)


@rule("SeparableConv1D", "SeparableConv2D")
def _separable(call: Call) -> Moved:
    x = _depthwise_part(call, bias=False, last=False, suffix="depthwise")
    fields = {"out_channels": call.fields["filters"], "kernel_size": 1, "bias": call.fields["use_bias"]}
    x = call.made(f"Conv{len(call.sizes('kernel_size'))}d", fields, x, last=_is_last(call))
    return _activated(call, x, moved=call.layer.layout != "channels_first", rank=_rank(call))


@rule(*_each("Conv{}DTranspose"))
def _transposed(call: Call) -> Moved:
    if call.fields["output_padding"] is not None:
        raise CannotError("its `output_padding` moves the positions otherwise than that of PyTorch")
    if any(one != 1 for one in call.sizes("dilation_rate")):
        raise CannotError("with a `dilation_rate` Keras cuts its result otherwise than PyTorch")
    fields = _same_fields(call)
    more, before, cut = [], [], []
    for window, step in zip(call.sizes("kernel_size"), call.sizes("strides"), strict=True):
        length, jump = _number(window, "its kernel"), _number(step, "its stride")
        more.append(max(jump - length, 0))
        total = max(length - jump, 0) if call.fields["padding"] == "same" else 0
        before.append(total // 2)
        cut.append(total - 2 * (total // 2))
    fields["output_padding"] = more
    fields["padding"] = before
    axes = len(before)
    x = call.made(_pair(call).torch, fields, _first(call), last=_is_last(call) and not any(cut))
    if any(cut):
        pads = [(0, -one) for one in cut]
        x = call.made(f"ZeroPad{axes}d", {"padding": _around(pads)}, x, suffix="cut", last=_is_last(call))
    return _activated(call, x, moved=call.layer.layout != "channels_first", rank=_rank(call))


@rule(*_each("MaxPooling{}D"), *_each("AveragePooling{}D"))
def _pooling(call: Call) -> Moved:
    fields = _same_fields(call)
    kernel = call.sizes("pool_size")
    stride = call.sizes("strides") or kernel
    if fields["stride"] is None or fields["stride"] == kernel:
        del fields["stride"]
    axes = len(kernel)
    is_max = "Max" in _pair(call).torch
    x = _first(call)
    if call.fields["padding"] == "same":
        pads = _pads(call, kernel, stride, (1,) * axes)
        if not is_max and any(pair != (0, 0) for pair in pads):
            fields["count_include_pad"] = False
        lengths = [_number(size, "its pool_size") for size in kernel]
        if all(first == second and 2 * first <= size for (first, second), size in zip(pads, lengths, strict=True)):
            fields["padding"] = [first for first, _ in pads]
        elif all(first == 0 for first, _ in pads) and all(isinstance(one, int) for one in _spatial(call)):
            fields["ceil_mode"] = True
            fields.pop("count_include_pad", None)
        elif is_max:
            x = call.made(
                f"ConstantPad{axes}d", {"padding": _around(pads), "value": float("-inf")}, x, suffix="pads"
            )  # fmt: skip
            call.note(x, _note_of_size(call))
        else:
            raise CannotError(
                "`padding: same` puts more positions on one side, and AvgPool of PyTorch the same on both"
            )
    return _result(call, call.made(_pair(call).torch, fields, x, last=True))


@rule(*_each("GlobalAveragePooling{}D"), *_each("GlobalMaxPooling{}D"))
def _global_pooling(call: Call) -> Moved:
    axes = _rank(call) - 2
    assert call.layer.type is not None
    kind = "Max" if "max" in call.layer.type.role else "Avg"
    if axes == 1 and not call.inputs[0].moved and call.layer.layout != "channels_first":
        fields = {"dim": 1, "keepdim": call.fields["keepdims"]}
        return Moved(call.made("amax" if kind == "Max" else "mean", fields, call.inputs[0].tensor, last=True))
    keep = bool(call.fields["keepdims"])
    x = call.made(f"Adaptive{kind}Pool{axes}d", {"output_size": 1}, _first(call), last=keep)
    if keep:
        return _result(call, x)
    return Moved(call.made("Flatten", {}, x, suffix="flat", last=True))


@rule(*_each("AdaptiveAveragePooling{}D"), *_each("AdaptiveMaxPooling{}D"))
def _adaptive(call: Call) -> Moved:
    return _result(call, call.made(_pair(call).torch, _same_fields(call), _first(call), last=True))


# --- products and tables ----------------------------------------------------------------------------------------------


@rule("Dense")
def _dense(call: Call) -> Moved:
    _no_lora(call)
    x = call.made("Linear", _same_fields(call), _as_in_keras(call), last=_is_last(call))
    return _activated(call, x, moved=False, rank=_rank(call))


@rule("Embedding")
def _embedding(call: Call) -> Moved:
    _no_lora(call)
    return Moved(call.made("Embedding", _same_fields(call), _as_in_keras(call), last=True))


@rule("TimeDistributed")
def _time_distributed(call: Call) -> Moved:
    inner = call.fields["layer"]
    if not isinstance(inner, Inner) or inner.type.role != "dense":
        raise CannotError("only a Dense works on every step without more in PyTorch")
    fields = {"out_features": inner.fields["units"], "bias": inner.fields["use_bias"]}
    function = inner.fields["activation"]
    x = call.made("Linear", fields, _as_in_keras(call), last=function in (None, "linear"))
    return Moved(_activate(call, x, function, moved=False, rank=_rank(call)))


@rule("MultiHeadAttention")
def _attention(call: Call) -> Moved:
    _no_lora(call)
    fields = call.fields
    depth = call.shape()[-1]
    heads, key = _number(fields["num_heads"], "num_heads"), _number(fields["key_dim"], "key_dim")
    if heads * key != depth:
        raise CannotError(f"MultiheadAttention has heads of a depth of {depth} / {heads}, and `key_dim` is {key}")
    for name in ("output_shape", "attention_axes", "sliding_window"):
        if fields[name] is not None:
            raise CannotError(f"MultiheadAttention of PyTorch has no `{name}`")
    for name in ("use_gate", "return_attention_scores", "use_causal_mask"):
        if fields[name]:
            raise CannotError(f"MultiheadAttention of PyTorch has no `{name}`")
    if fields["value_dim"] not in (None, key):
        raise CannotError("values of MultiheadAttention are as deep as its keys")
    if call.node.keywords or len(call.inputs) > 3:
        names = [name for name in call.node.keywords if name not in ("query", "value", "key")]
        if names or len(call.inputs) > 3:
            raise CannotError("masks of Keras say what counts, and those of PyTorch what does not")
    given = dict(zip(("query", "value", "key"), range(len(call.inputs) - len(call.node.keywords)), strict=False))
    given.update(zip(call.node.keywords, range(len(given), len(call.inputs)), strict=True))
    tensors = {name: _as_in_keras(call, place) for name, place in given.items()}
    depths = {name: call.shape(place)[-1] for name, place in given.items()}
    depths.setdefault("key", depths["value"])
    made = {
        "num_heads": heads,
        "dropout": fields["dropout"],
        "bias": fields["use_bias"],
        "need_weights": False,
        **({"kdim": depths["key"]} if depths["key"] != depth else {}),
        **({"vdim": depths["value"]} if depths["value"] != depth else {}),
    }
    query, value = tensors["query"], tensors["value"]
    return Moved(call.made("MultiheadAttention", made, query, tensors.get("key", value), value, last=True))


def _recurrence(name: str, fields: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """A recurrent layer's type in PyTorch and its fields, where both go through a sequence in the same way."""
    pair = OF_KERAS[name, 0]
    if name != "GRU" and fields["use_bias"]:
        raise CannotError(f"{pair.torch} of PyTorch has two biases where {name} has one", "`use_bias: false`")
    if name == "GRU" and not fields["reset_after"]:
        raise CannotError("GRU of PyTorch resets after the product", "`reset_after: true`")
    wanted = {"activation": "tanh", "recurrent_activation": "sigmoid"}
    made: dict[str, object] = {theirs: fields[ours] for ours, theirs in pair.fields.items()}
    for field, function in wanted.items():
        if name == "SimpleRNN" and field == "activation" and fields[field] == "relu":
            made["nonlinearity"] = "relu"
        elif field in fields and fields[field] != function:
            raise CannotError(f"{pair.torch} of PyTorch has no other `{field}` than {function}")
    for field in ("dropout", "recurrent_dropout", "return_state", "go_backwards"):
        if fields[field]:
            raise CannotError(f"{pair.torch} of PyTorch has no `{field}` like Keras's")
    return pair.torch, made


_STATES = "its states or masks are given in another form in PyTorch"


@rule("GRU", "LSTM", "SimpleRNN")
def _recurrent(call: Call) -> Moved | list[Moved]:
    assert call.layer.type is not None
    key, fields = _recurrence(call.layer.type.key, call.fields)
    if len(call.inputs) > 1:
        raise CannotError(_STATES)
    last = bool(call.fields["return_sequences"])
    x = call.made(key, fields, _as_in_keras(call), last=last)
    return Moved(x if last else call.made("select", {"dim": 1, "index": -1}, x, suffix="last", last=True))


@rule("Bidirectional")
def _bidirectional(call: Call) -> Moved:
    inner = call.fields["layer"]
    assert isinstance(inner, Inner)
    name = inner.type.key
    if (name, 0) not in OF_KERAS:
        raise CannotError(f"{name} has no layer of PyTorch that does exactly the same")
    key, fields = _recurrence(name, inner.fields)
    if call.fields["merge_mode"] is None:
        message = f"`merge_mode: null` gives two outputs, and {key} of PyTorch has both directions in one"
        raise CannotError(message, "`merge_mode: concat`")
    if call.fields["backward_layer"] is not None:
        raise CannotError(f"{key} of PyTorch has no `backward_layer` of its own")
    if call.fields["merge_mode"] != "concat":
        raise CannotError(f"{key} of PyTorch has both directions side by side", "`merge_mode: concat`")
    if len(call.inputs) > 1:
        raise CannotError(_STATES)
    every = bool(inner.fields["return_sequences"])
    x = call.made(key, {**fields, "bidirectional": True}, _as_in_keras(call), last=every)
    if every:
        return Moved(x)
    # The last step of the way back is the first of the sequence.
    units = _number(inner.fields["units"], "`units`")
    ends = []
    for suffix, index, start in (("forward", -1, 0), ("backward", 0, units)):
        step = call.made("select", {"dim": 1, "index": index}, x, suffix=f"{suffix}_step")
        ends.append(call.made("narrow", {"dim": 1, "start": start, "length": units}, step, suffix=suffix))
    return Moved(call.made("cat", {"dim": 1}, *ends, suffix="last", last=True))


# --- normalisation ----------------------------------------------------------------------------------------------------


def _affine(call: Call, word: str) -> dict[str, object]:
    center, scale = call.fields["center"], call.fields["scale"]
    if center and not scale:
        raise CannotError(
            "a module of PyTorch that has a bias has a weight, too: here `center` is true and `scale` not"
        )
    return {word: scale} if scale == center else {word: True, "bias": False}


def _of_channels(call: Call) -> Tensor:
    """The input with the axis that is normalised on axis 1."""
    axis = call.axis("axis") % _rank(call)
    if axis == _rank(call) - 1:
        return _exchange(call, 0, moved=True)
    if axis == 1:
        return _as_in_keras(call)
    raise CannotError(f"PyTorch normalises axis 1, and Keras axis {axis} here")


@rule("BatchNormalization")
def _batch_normalization(call: Call) -> Moved:
    if call.fields["renorm"] or call.fields["synchronized"]:
        raise CannotError("BatchNorm of PyTorch has no `renorm` and no `synchronized`")
    rank = _rank(call)
    if rank not in (2, 3, 4, 5):
        raise CannotError(f"BatchNorm of PyTorch takes no input of {rank} axes")
    axes = max(rank - 2, 1)
    x = _of_channels(call)
    momentum = round(1 - call.number("momentum"), 12)
    fields = {**_same_fields(call, axes), "momentum": momentum, **_affine(call, "affine")}
    moved = rank > 2 and call.axis("axis") % rank == rank - 1
    return Moved(call.made(_pair(call, axes).torch, fields, x, last=True), moved)


@rule("GroupNormalization")
def _group_normalization(call: Call) -> Moved:
    rank = _rank(call)
    x = _of_channels(call)
    fields = {**_same_fields(call), **_affine(call, "affine")}
    if call.fields["groups"] == -1:
        fields["num_groups"] = call.shape()[call.axis("axis")]
    return Moved(call.made("GroupNorm", fields, x, last=True), rank > 2 and call.axis("axis") % rank == rank - 1)


@rule("LayerNormalization", "RMSNormalization")
def _by_row(call: Call) -> Moved:
    if call.fields.get("rms_scaling"):
        raise CannotError("LayerNorm of PyTorch has no `rms_scaling`")
    shape = call.shape()
    axes = sorted(axis % len(shape) for axis in call.axes("axis"))
    if axes != list(range(len(shape) - len(axes), len(shape))):
        raise CannotError("LayerNorm of PyTorch normalises the last axes")
    sizes = [_number(shape[axis], "a size of its weights") for axis in axes]
    fields = {**_same_fields(call), "normalized_shape": sizes}
    if "center" in call.fields:
        fields.update(_affine(call, "elementwise_affine"))
    return Moved(call.made(_pair(call).torch, fields, _as_in_keras(call), last=True))


@rule("Dropout", "AlphaDropout")
def _dropout(call: Call) -> Moved:
    if call.fields["noise_shape"] is not None:
        raise CannotError("Dropout of PyTorch has no `noise_shape`")
    given = call.inputs[0]
    return Moved(call.made(_pair(call).torch, _same_fields(call), given.tensor, last=True), given.moved)


@rule(*_each("SpatialDropout{}D"))
def _channel_dropout(call: Call) -> Moved:
    x = _first(call) if "data_format" in call.fields else _exchange(call, 0, moved=True)
    moved = call.layer.layout != "channels_first"
    return Moved(call.made(_pair(call).torch, _same_fields(call), x, last=True), moved)


# --- shapes -----------------------------------------------------------------------------------------------------------


@rule("Flatten")
def _flatten(call: Call) -> Moved:
    given = call.inputs[0]
    if _rank(call) == 2:
        return Moved(call.made("Identity", {}, given.tensor, last=True))
    order = given.moved and not all(size == 1 for size in call.shape()[1:-1])
    if call.layer.layout == "channels_first" and "data_format" in call.fields and _rank(call) > 2:
        # Keras puts the channels last before it flattens.
        x = call.made("permute", {"dims": [0, *range(2, _rank(call)), 1]}, _as_in_keras(call), suffix="to back")
        return Moved(call.made("Flatten", {}, x, last=True))
    if order and not call.translator.leads_to_products(call.node):
        return Moved(call.made("Flatten", {}, _as_in_keras(call), last=True))
    x = call.made("Flatten", {}, given.tensor, last=True)
    if order:
        call.note(x, _ORDER)
    return Moved(x)


@rule("Reshape")
def _reshape(call: Call) -> Moved:
    target = call.outputs[0]
    if target is None:
        raise CannotError("its shape is not known")
    sizes = [_number(size, "a size that it gives") for size in target[1:]]
    return Moved(call.made("reshape", {"shape": [-1, *sizes]}, _as_in_keras(call), last=True))


@rule("Permute")
def _permute(call: Call) -> Moved:
    return Moved(call.made("permute", {"dims": [0, *call.axes("dims")]}, _as_in_keras(call), last=True))


@rule("RepeatVector")
def _repeat(call: Call) -> Moved:
    x = call.made("unsqueeze", {"dim": 1}, call.inputs[0].tensor, suffix="step")
    return Moved(call.made("repeat", {"repeats": [1, _number(call.fields["n"], "n"), 1]}, x, last=True))


@rule(*_each("ZeroPadding{}D"), *_each("Cropping{}D"))
def _zeros(call: Call) -> Moved:
    sign = -1 if "cropping" in call.fields else 1
    pads = call.pads("cropping" if sign == -1 else "padding")
    amounts = [(sign * _number(first, "a pad"), sign * _number(second, "a pad")) for first, second in pads]
    x = _first(call) if "data_format" in call.fields else _exchange(call, 0, moved=True)
    moved = call.layer.layout != "channels_first"
    return Moved(call.made(f"ZeroPad{len(pads)}d", {"padding": _around(amounts)}, x, last=True), moved)


@rule(*_each("UpSampling{}D"))
def _upsampling(call: Call) -> Moved:
    mode = call.fields.get("interpolation", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise CannotError(f"PyTorch interpolates otherwise where Keras says `{mode}`")
    sizes = call.sizes("size")
    scale = sizes[0] if all(one == sizes[0] for one in sizes) else list(sizes)
    fields = {"scale_factor": scale, **({"mode": mode} if mode != "nearest" else {})}
    x = _first(call) if "data_format" in call.fields else _exchange(call, 0, moved=True)
    moved = call.layer.layout != "channels_first"
    return Moved(call.made("Upsample", fields, x, last=True), moved)


@rule("Identity", "ActivityRegularization", "Masking")
def _identity(call: Call) -> Moved:
    if call.layer.type_name == "Masking":
        raise CannotError("PyTorch has no masks that go along with a tensor")
    return Moved(call.made("Identity", {}, call.inputs[0].tensor, last=True), call.inputs[0].moved)


@rule("Rescaling")
def _rescaling(call: Call) -> Moved:
    given = call.inputs[0]
    scale, offset = call.fields["scale"], call.fields["offset"]
    if not isinstance(scale, (int, float)) or not isinstance(offset, (int, float)):
        raise CannotError("its factors are of each channel")
    x = call.made("mul", {"other": float(scale)}, given.tensor, suffix="scale", last=not offset)
    if offset:
        x = call.made("add", {"other": float(offset)}, x, suffix="offset", last=True)
    return Moved(x, given.moved)


# --- several inputs ---------------------------------------------------------------------------------------------------


def _together(call: Call) -> tuple[list[Tensor], bool]:
    """The inputs, all with their channels in one place: that of the first of the highest rank."""
    ranks = [_rank(call, number) for number in range(len(call.inputs))]
    if len(set(ranks)) > 1:
        return [_as_in_keras(call, number) for number in range(len(ranks))], False
    moved = call.inputs[0].moved
    return [_exchange(call, number, moved=moved) for number in range(len(ranks))], moved


@rule("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average")
def _merged(call: Call) -> Moved:
    tensors, moved = _together(call)
    mean = call.layer.type_name == "Average"
    key = "add" if mean else _pair(call).torch
    x = tensors[0]
    for number, other in enumerate(tensors[1:], 1):
        x = call.made(key, {}, x, other, suffix=f"{number}", last=number == len(tensors) - 1 and not mean)
    if mean:
        x = call.made("div", {"other": float(len(tensors))}, x, suffix="mean", last=True)
    return Moved(x, moved)


@rule("Concatenate")
def _concatenate(call: Call) -> Moved:
    tensors, moved = _together(call)
    axis = _axis(call, call.axis("axis"), moved)
    return Moved(call.made("cat", {"dim": axis}, *tensors, last=True), moved)


def translated(graph: Graph, inference: Inference, refusals: Refusals) -> tuple[Graph, Notes]:
    """The graph in PyTorch's words, and notes of some of its layers."""
    translator = ToTorch(graph, inference, refusals)
    return translator.translated(), translator.notes
