"""Advice on number formats and hardware: answers in half precision, kernels that GPUs like less."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.graph.infer import Call
from cnnsum.layers.meanings import said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    CONVOLUTIONS,
    GATED,
    NOISE,
    field_for,
    is_activation,
    role_of,
)
from cnnsum.rules.network import Network

_HALF = frozenset(("float16", "bfloat16"))
#: Channels that NVIDIA's guide asks for with 16-bit numbers.
_MULTIPLE = 8


@rule("ARC481", "warning")
def half_precision_answer(network: Network) -> Iterator[Finding]:
    """An output of the network that is a softmax or a sigmoid in float16 or bfloat16.

    Why: Half precision has 3 decimal digits (bfloat16 2), and float16 nothing below 0.00000006: small probabilities
    become 0, and their logarithm in the loss minus infinity. Keras's guide to mixed precision asks for a last layer in
    float32, which costs next to nothing.

    Fails:

        dtype: mixed_float16
        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dense: {units: 10, activation: softmax}

    Passes:

        dtype: mixed_float16
        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dense: 10
          - Activation: {activation: softmax, dtype: float32}
    """
    for call, _ in network.ending_in({"softmax", "log_softmax", "sigmoid"}):
        for number in call.outputs:
            dtype = network.values[number].dtype
            if number in network.outputs and dtype in _HALF:
                yield Finding(
                    call.layer,
                    f"`{call.layer.name}` gives the answer in {dtype}",
                    "`dtype: float32` for the layer that makes the output",
                )


@rule("ARC482", "warning")
def half_precision_weights(network: Network) -> Iterator[Finding]:
    """Weights that are trained in float16.

    Why: A step of training changes a weight by a ten thousandth of it or less. float16 has 11 bits: a change below one
    part in 2,048 is rounded away, and the weight stays. Mixed precision computes in float16 and keeps the weights in
    float32.

    Fails:

        dtype: float16
        input: [100]
        layers:
          - Dense: {units: 10, activation: relu}

    Passes:

        dtype: mixed_float16
        input: [100]
        layers:
          - Dense: {units: 10, activation: relu}
    """
    if not network.graph.trainable:
        return
    for call in network.calls:
        layer = call.layer
        if (
            layer.policy.variable == "float16"
            and not layer.freezes
            and any(own.trainable for own in call.facts.weights)
        ):
            yield Finding(
                layer, f"the weights of `{layer.name}` are trained in float16", "`dtype: mixed_float16`", "dtype"
            )
            return  # one policy, one finding


@rule("ARC483", "note")
def slow_recurrence(network: Network) -> Iterator[Finding]:
    """An LSTM or GRU with a field that keeps it from the fast kernel of GPUs.

    Why: Keras runs these layers by one kernel of cuDNN where `activation` is tanh, `recurrent_activation` sigmoid,
    `recurrent_dropout` 0, `unroll` false and `use_bias` true (for a GRU also `reset_after`, its default). With any
    other value it goes step by step, several times slower.

    Fails:

        input: [100, 16]
        layers:
          - LSTM: {units: 32, activation: relu}
          - Dense: 1

    Passes:

        input: [100, 16]
        layers:
          - LSTM: {units: 32}
          - Dense: {units: 1, activation: relu}
    """
    for call in network.of(GATED):
        fields = call.layer.fields
        for field, value in (said(call.layer, "fast kernel") or {}).items():
            if field in fields and fields[field] != value:
                shown = str(value).lower()
                yield Finding(
                    call.layer,
                    f"`{call.layer.name}` cannot use cuDNN's kernel: its `{field}` is not {shown}",
                    f"`{field}: {shown}`, if speed on a GPU matters",
                    field,
                )
                break


@rule("ARC484", "note")
def channels_out_of_step(network: Network) -> Iterator[Finding]:
    """Channels between two layers in half precision that are not a multiple of 8.

    Why: Tensor cores multiply tiles; with 16-bit numbers a channel count that is not a multiple of 8 is padded, or runs
    on a slower kernel (NVIDIA, "Deep Learning Performance: Convolutional Layers User's Guide"). The channels of the
    input and the classes of the output are given, and not meant; neither is a network in float32.

    Fails:

        dtype: mixed_float16
        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 30, kernel_size: 3, activation: relu}
          - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
          - GlobalAveragePooling2D
          - Dense: {units: 10, dtype: float32}

    Passes:

        dtype: mixed_float16
        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
          - GlobalAveragePooling2D
          - Dense: {units: 10, dtype: float32}
    """
    for call in network.of(CONVOLUTIONS | {"dense"}):
        layer = call.layer
        if layer.policy.compute not in _HALF:
            continue
        shape = network.output_shape(call)
        if shape is None or _is_last(network, call) or said(layer, "groups") not in {None, 1}:
            continue
        width = shape[1 if call in network.channels_first else -1]
        if isinstance(width, int) and width > 1 and width % _MULTIPLE:
            field = field_for(layer, "channels")
            yield Finding(
                layer,
                f"`{layer.name}` has {width} {field}, no multiple of {_MULTIPLE}, in {layer.policy.compute}",
                f"`{field}: {width + -width % _MULTIPLE}`",
                field,
            )


def _is_last(network: Network, call: Call) -> bool:
    """Whether what a call gives is an output, but for activations and shapes."""
    following: Call | None = call
    while following is not None:
        if any(number in network.outputs for number in following.outputs):
            return True
        following = network.after(following)
        if following is not None and not (
            is_activation(following) or role_of(following.layer) in NOISE | {"flatten", "reshape"}
        ):
            return False
    return False
