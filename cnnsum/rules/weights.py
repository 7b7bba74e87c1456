"""Advice on weights and memory: where most of them are, and which of them nothing reaches."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.graph.infer import Call
from cnnsum.graph.model import Layer
from cnnsum.layers.facts import Shape
from cnnsum.layers.meanings import said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    CONVOLUTIONS,
    DROPOUT,
    NORMALIZATIONS,
    field_for,
    is_activation,
    role_of,
    spelled,
)
from cnnsum.rules.network import Network

#: Shares of all parameters, and of the peak, from which one is worth a word, and the sizes below which none is.
_SHARE = Fraction(1, 2)
_FEW_PARAMETERS = 1_000_000
_FEW_LAYERS = 5
_PEAK_TIMES = 2
_SMALL_PEAK = 16 * 2**20
#: What is alive at every moment takes the square of the calls where every layer reads all before it.
_MOST_CALLS = 10_000

#: The values that an index of a dtype can have: 2**bits of whole numbers, and the whole numbers that are exact in a
#: float with that many bits of precision.
_INDICES = {
    "bool": 2,
    "int8": 2**7,
    "uint8": 2**8,
    "int16": 2**15,
    "uint16": 2**16,
    "bfloat16": 2**8 + 1,
    "float16": 2**11 + 1,
    "float32": 2**24 + 1,
}


@rule("ARC451", "warning")
def dense_after_flatten(network: Network) -> Iterator[Finding]:
    """A Dense layer on a flattened map that holds more than half of all parameters, of a million or more.

    Why: It has a weight for every place, channel and unit. That makes the file large, overfits first, and ties the
    network to one size of input. A global pooling before it, or one more reduction, costs little accuracy and leaves
    some per cent of the weights (M. Lin and others, "Network In Network", 2013).

    Fails:

        input: [64, 64, 3]
        layers:
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}
          - Flatten
          - Dense: {units: 64, activation: relu}
          - Dense: 10

    Passes:

        input: [64, 64, 3]
        layers:
          - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}
          - GlobalAveragePooling2D
          - Dense: {units: 64, activation: relu}
          - Dense: 10
    """
    for layer, share, own in _heavy(network):
        if _is_after_flatten(network, layer):
            left = _pooled(network, layer)
            yield Finding(
                layer,
                f"`{layer.name}` holds {share:.0%} of all parameters ({spelled(own)}), on a flattened map",
                "a global pooling in place of the Flatten"
                + (f", which leaves {spelled(left)} of them" if left is not None else "")
                + ", or one more pooling before it",
            )


@rule("ARC452", "note")
def heavy_layer(network: Network) -> Iterator[Finding]:
    """A layer, other than a Dense on a flattened map or an Embedding, with more than half of all parameters.

    Why: Where one of many layers holds most of a million parameters or more, it is what to change first when the
    network is to be smaller, and often a number was mistyped.

    Fails:

        input: [32, 32, 64]
        layers:
          - Conv2D: {filters: 64, kernel_size: 1, activation: relu}
          - Conv2D: {filters: 64, kernel_size: 1, activation: relu}
          - Conv2D: {filters: 4096, kernel_size: 3, activation: relu}
          - GlobalAveragePooling2D
          - Dense: {units: 16, activation: relu}
          - Dense: 10

    Passes:

        input: [32, 32, 64]
        layers:
          - Conv2D: {filters: 64, kernel_size: 1, activation: relu}
          - Conv2D: {filters: 64, kernel_size: 1, activation: relu}
          - Conv2D: {filters: 512, kernel_size: 3, activation: relu}
          - GlobalAveragePooling2D
          - Dense: {units: 16, activation: relu}
          - Dense: 10
    """
    for layer, share, own in _heavy(network):
        if role_of(layer) != "embedding" and not _is_after_flatten(network, layer):
            yield Finding(
                layer,
                f"`{layer.name}` holds {share:.0%} of all parameters ({spelled(own)})",
                "fewer units or filters, if it can do with them",
            )


def _heavy(network: Network) -> list[tuple[Layer, float, int]]:
    """Layers with most of many parameters: each with its share and its own."""
    counts = {layer: own.parameters for layer, own in network.params.by_layer.items()}
    total = network.params.total.parameters
    owners = [layer for layer, own in counts.items() if own != 0]
    if not isinstance(total, int) or total < _FEW_PARAMETERS:
        return []
    found = []
    for layer in owners:
        own = counts[layer]
        if isinstance(own, int) and own > _SHARE * total and (len(owners) >= _FEW_LAYERS or role_of(layer) == "dense"):
            found.append((layer, own / total, own))
    return found


def _pooled(network: Network, layer: Layer) -> int | None:
    """The weights of a Dense layer if it were given a mean for each channel of the map that was flattened for it."""
    call = network.calls_of(layer)[0]
    flattening = _flattening(network, call)
    shape = network.input_shape(flattening) if flattening is not None else None
    if flattening is None or shape is None:
        return None
    depth = shape[1 if network.is_channels_first(flattening.inputs[0]) else -1]
    weights = _weights_on(call, [(shape[0], depth)])
    return weights if isinstance(weights, int) else None


def _weights_on(call: Call, shapes: list[Shape | None], **fields: object) -> Dim:
    """The weights that a layer would have on other inputs or with other fields; UNKNOWN where it refuses them."""
    type = call.layer.type
    assert type is not None
    try:
        facts = type.apply(shapes, {**call.layer.fields, **fields})
    except Problem:
        return UNKNOWN
    return sum((prod(weight.shape) for weight in facts.weights), start=0)


def _flattening(network: Network, call: Call) -> Call | None:
    """The reshaping that a Dense layer reads, through dropout and the like; None where there is none."""
    before = network.before(call)
    while before is not None and (role_of(before.layer) in DROPOUT | NORMALIZATIONS or is_activation(before)):
        before = network.before(before)
    return before if before is not None and role_of(before.layer) in {"flatten", "reshape"} else None


def _is_after_flatten(network: Network, layer: Layer) -> bool:
    """Whether a Dense layer reads, through dropout and the like, a map that was flattened with its places."""
    if role_of(layer) != "dense":
        return False
    before = _flattening(network, network.calls_of(layer)[0])
    if before is None:
        return False
    shape, flat = network.input_shape(before), network.output_shape(before)
    return shape is not None and flat is not None and len(flat) == 2 and prod(network.space(before.inputs[0])) != 1


@rule("ARC453", "note")
def lonely_peak(network: Network) -> Iterator[Finding]:
    """A tensor without which the network would need less than half of its memory at every moment.

    Why: The memory for activations is that of the worst moment. Where a single tensor makes it, a smaller one there
    (an earlier stride, fewer channels, a reshaping that comes later) halves what the network needs to run. At each
    moment all that is alive beside the tensor counts, so that a long skip connection is not taken for a short moment.
    An output of the network is asked for, and not meant. Networks of more than 10,000 calls are not looked at.

    Fails:

        input: [256, 256, 16]
        layers:
          - MaxPooling2D: 4
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
          - UpSampling2D: 8
          - MaxPooling2D: 8
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}

    Passes:

        input: [256, 256, 16]
        layers:
          - MaxPooling2D: 4
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
    """
    from cnnsum.analyses.counting import Counter
    from cnnsum.analyses.memory.activations import value_bytes
    from cnnsum.analyses.memory.timeline import timeline

    if len(network.inference.calls) > _MOST_CALLS:
        return
    counter = Counter(network.graph.batch, 1)
    sizes = value_bytes(network.inference, counter)
    # Where less than half is left without a tensor, that is more than half of the peak.
    if 2 * max([size for size in sizes if isinstance(size, int)], default=0) < _SMALL_PEAK:
        return
    story = timeline(network.inference, sizes, counter)
    if story.peak is None or story.peak[0] < _SMALL_PEAK or story.peak[1] < 0:
        return
    most, at = story.peak
    alive = [(storage.bytes, storage) for storage in story.alive(at) if isinstance(storage.bytes, int)]
    if not alive:
        return
    largest = max(alive, key=lambda pair: pair[0])[1]
    if any(number in network.outputs for number in largest.values):
        return  # the network is asked for it, and it lives to the end
    # Every moment without that tensor: where it is there, what else is.
    moments = [(story.at_first, largest.first < 0)]
    moments += [(step.during, largest.alive(number)) for number, step in enumerate(story.steps)]
    rest = max(
        live - largest.bytes if there and isinstance(largest.bytes, int) else live
        for live, there in moments
        if isinstance(live, int)
    )
    maker = network.makers[largest.values[0]]
    if maker is not None and rest and most > _PEAK_TIMES * rest:
        yield Finding(
            maker.layer,
            f"with the output of `{maker.layer.name}` {_mebibytes(most)} are needed at once, "
            f"without it never more than {_mebibytes(rest)}",
            "a smaller tensor there, if the network can do with it",
        )


@rule("ARC454", "warning")
def rows_out_of_reach(network: Network) -> Iterator[Finding]:
    """An embedding with more rows than its input has values.

    Why: An index of 8 bits names 256 rows, one of 16 bits float 2,049 (whole numbers beyond 2,048 are not exact). All
    other rows are never read and never trained; indices that should name them name others.

    Fails:

        inputs: {words: {shape: [32], dtype: uint8}}
        layers:
          - Embedding: [30000, 16]
          - GlobalAveragePooling1D
          - Dense: 2

    Passes:

        inputs: {words: {shape: [32], dtype: int32}}
        layers:
          - Embedding: [30000, 16]
          - GlobalAveragePooling1D
          - Dense: 2
    """
    for call in network.of({"embedding"}):
        if not call.inputs:  # it reads a constant
            continue
        dtype = network.values[call.inputs[0]].dtype
        rows, reach = said(call.layer, "rows"), _INDICES.get(dtype)
        if reach is not None and isinstance(rows, int) and rows > reach:
            yield Finding(
                call.layer,
                f"`{call.layer.name}` has {spelled(rows)} rows, but {dtype} indices reach only {spelled(reach)}",
                "an input of int32",
                field_for(call.layer, "rows"),
            )


@rule("ARC455", "note")
def head_as_wide_as_the_model(network: Network) -> Iterator[Finding]:
    """A MultiHeadAttention of several heads, each as wide as the whole input.

    Why: In Keras `key_dim` is the width of one head; PyTorch's `embed_dim` is that of all heads together. With the
    width of the model for `key_dim`, the attention has nearly as many times the weights and the work as it has heads.

    Fails:

        input: [100, 64]
        layers:
          - Dense: {units: 64, name: x}
          - MultiHeadAttention: {num_heads: 8, key_dim: 64, from: [x, x]}

    Passes:

        input: [100, 64]
        layers:
          - Dense: {units: 64, name: x}
          - MultiHeadAttention: {num_heads: 8, key_dim: 8, from: [x, x]}
    """
    for call in network.of({"multi-head attention"}):
        shape = network.input_shape(call)
        if shape is None:
            continue
        heads, width = said(call.layer, "heads"), said(call.layer, "head width")
        if isinstance(heads, int) and isinstance(width, int) and heads > 1 and width == shape[-1]:
            field = field_for(call.layer, "head width")
            share = f"a `{field}` that is a part of it"
            if width % heads == 0:
                share = f"`{field}: {width // heads}`"
                shapes = [network.values[number].shape for number in call.inputs]
                now, then = (_weights_on(call, shapes, **{field: one}) for one in (width, width // heads))
                # Inputs that are given by name may stand in another order.
                if now == sum((prod(weight.shape) for weight in call.facts.weights), start=0) and isinstance(then, int):
                    share += f" ({spelled(then)} weights in place of {spelled(now)})"
            yield Finding(
                call.layer,
                f"each of the {heads} heads of `{call.layer.name}` is as wide as its input, {width}",
                f"{share}, if all heads together were meant",
                field,
            )


@rule("ARC456", "warning")
def one_unit_inside(network: Network) -> Iterator[Finding]:
    """A layer of one unit, or one filter, whose output goes on to another layer with weights.

    Why: Whatever the network knows of a sample (or of a place) has to pass through a single number. As the last layer
    that is an answer; before another one it is most often a mistyped number. A map of one channel that is multiplied
    with another one is not meant.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 1, activation: relu}
          - Dense: {units: 10, activation: softmax}

    Passes:

        input: [100]
        layers:
          - Dense: {units: 10, activation: relu}
          - Dense: {units: 10, activation: softmax}
    """
    for call in network.of(CONVOLUTIONS | {"dense"}):
        if _count(call) != 1:
            continue
        shape = network.input_shape(call)
        if shape is None or 1 in {shape[-1], shape[1]}:
            continue
        after = network.after(call)
        while after is not None and (role_of(after.layer) in DROPOUT | NORMALIZATIONS or is_activation(after)):
            after = network.after(after)
        if after is not None and role_of(after.layer) in CONVOLUTIONS | {"dense"} and after.path == call.path:
            field = field_for(call.layer, "channels")
            yield Finding(
                call.layer,
                f"all that `{after.layer.name}` sees comes through the single number that `{call.layer.name}` gives",
                f"more {field}",
                field,
                ((after.layer, "the layer that reads it"),),
            )


def _count(call: Call) -> object:
    return said(call.layer, "channels")


def _mebibytes(size: int) -> str:
    """Bytes in MiB with one decimal, however many they are."""
    whole, rest = divmod(10 * size, 2**20)
    tenths = whole + (2 * rest + whole % 2 > 2**20)
    return f"{tenths // 10}.{tenths % 10} MiB"
