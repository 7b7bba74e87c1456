"""Advice on normalisation: biases that it takes away, statistics of nothing, axes, and what stands around it."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.dims import prod
from cnnsum.graph.infer import Call
from cnnsum.layers.meanings import promised, said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    DROPOUT,
    KERNELS,
    NORMALIZATIONS,
    OF_GROUPS,
    WEIGHTED,
    axes_said,
    field_for,
    is_activation,
    is_linear,
    phrase,
    role_of,
)
from cnnsum.rules.network import Network

#: Keras's default is 0.99, and networks use 0.9 and more; PyTorch's momentum is 1 less Keras's.
_LEAST_MOMENTUM = 0.5


@rule("ARC401", "warning")
def bias_that_is_taken_away(network: Network) -> Iterator[Finding]:
    """A layer with a bias whose output goes to a normalisation that subtracts the mean of every channel.

    Why: A bias is one number per channel. Batch normalisation (and group normalisation with one channel a group)
    subtracts the mean of the channel, and the bias with it; its own `beta` does what the bias was meant for. The bias
    is trained, stored and moved for nothing.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3}
          - BatchNormalization
          - ReLU

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization
          - ReLU
    """
    for call in network.of(WEIGHTED):
        if not said(call.layer, "bias") or not is_linear(call):
            continue
        after = network.after(call)
        if after is not None and all(_is_centred(network, one) for one in network.calls_of(call.layer)):
            field = field_for(call.layer, "bias")
            yield Finding(
                call.layer,
                f"the bias of `{call.layer.name}` has no effect: `{after.layer.name}` subtracts it with the mean",
                f"`{field}: false`",
                field,
                ((after.layer, "here its channels are centred"),),
                # Weights that were trained with the bias would fit no more.
                mend=(call.layer, field, "false", not network.graph.exported),
            )


def _is_centred(network: Network, made: Call) -> bool:
    """Whether the only reader of what a call makes takes the mean of every channel from the channel."""
    call = network.after(made)
    if call is None:
        return False
    shape = network.input_shape(call)
    if shape is None:
        return False
    kind = role_of(call.layer)
    axes = axes_said(call.layer, len(shape))
    if kind in OF_GROUPS:
        if len(shape) < 3 or said(call.layer, "parts") not in {-1, shape[axes[0]]}:
            return False
    elif kind != "batch normalization" or not call.layer.trainable or not network.graph.trainable:
        return False
    return axes == (1 if made in network.channels_first else len(shape) - 1,)


@rule("ARC402", "warning")
def normalization_of_one_element(network: Network) -> Iterator[Finding]:
    """A normalisation whose every group has one element.

    Why: One number less its own mean is 0, whatever it was; divided by its own length it is 1 or -1. Nothing of the
    input is left. Groups of one element come of a layer normalisation over an axis of size 1, and of a group
    normalisation with one channel a group where there is no space left to take a mean over.

    Fails:

        input: [8, 8, 16]
        layers:
          - GlobalAveragePooling2D
          - GroupNormalization: {groups: 16}
          - Dense: 10

    Passes:

        input: [8, 8, 16]
        layers:
          - GlobalAveragePooling2D
          - GroupNormalization: {groups: 4}
          - Dense: 10
    """
    for call in network.of(NORMALIZATIONS - {"batch normalization"}):
        kind = role_of(call.layer)
        shape = network.input_shape(call)
        if shape is None:
            continue
        field = field_for(call.layer, "axes")
        places = axes_said(call.layer, len(shape))
        if kind in OF_GROUPS:
            field = field_for(call.layer, "parts")
            axis = places[0]
            depth, groups = shape[axis], said(call.layer, "parts")
            rest = prod(shape[1:axis] + shape[axis + 1 :])
            size = rest if groups in {-1, depth} else None
        else:
            size = prod([shape[axis] for axis in set(places)])
        if size == 1:
            yield Finding(
                call.layer,
                f"`{call.layer.name}` normalises every element by itself: nothing of its input is left",
                "normalise over more than one element, or leave it out",
                field,
            )


@rule("ARC403", "warning")
def normalization_twice(network: Network) -> Iterator[Finding]:
    """A normalisation whose input is the output of another one of the same type.

    Why: What has been normalised is not changed by normalising it again, but for the second scale and shift, which the
    first could have learned.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization
          - BatchNormalization

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization
    """
    for call in network.of(NORMALIZATIONS):
        kind = role_of(call.layer)
        before = network.before(call)
        same = before is not None and role_of(before.layer) == kind
        rank = len(network.input_shape(call) or ())
        if before is not None and same and _alike(before, call, rank):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` normalises what `{before.layer.name}` has just normalised",
                "leave one of the two out",
                related=((before.layer, "the first normalisation"),),
            )


def _alike(first: Call, second: Call, rank: int) -> bool:
    return all(said(first.layer, one, rank) == said(second.layer, one, rank) for one in ("axes", "parts"))


@rule("ARC404", "warning")
def dropout_before_batch_normalization(network: Network) -> Iterator[Finding]:
    """A dropout whose output goes straight, or through an activation, to a batch normalisation.

    Why: Dropout changes the variance of its output between training and use, and batch normalisation has only the
    variance of training in its moving statistics: the two disagree, and the network is worse in use than in training
    (X. Li and others, "Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift", 2018).

    Fails:

        input: [64]
        layers:
          - Dense: {units: 32, activation: relu}
          - Dropout: 0.5
          - BatchNormalization
          - Dense: 10

    Passes:

        input: [64]
        layers:
          - Dense: {units: 32, activation: relu}
          - BatchNormalization
          - Dropout: 0.5
          - Dense: 10
    """
    for call in network.of({"batch normalization"}):
        before = network.before(call)
        if before is not None and is_activation(before):
            before = network.before(before)
        if before is not None and role_of(before.layer) in DROPOUT and 0 < promised(said(before.layer, "rate")) < 1:
            yield Finding(
                before.layer,
                f"`{before.layer.name}` shifts the variance that `{call.layer.name}` measures in training",
                "put the dropout after the last batch normalisation, or leave it out",
                related=((call.layer, "the normalisation of what is dropped out"),),
            )


@rule("ARC405", "note")
def frozen_batch_normalization(network: Network) -> Iterator[Finding]:
    """A frozen batch normalisation of the output of a layer that is trained.

    Why: Frozen, it works with its moving statistics and never updates them (in Keras also in training). They describe
    what the layer before it gave when it was frozen; that layer is trained on, and they fit less and less.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization: {trainable: false}
          - ReLU

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false, trainable: false}
          - BatchNormalization: {trainable: false}
          - ReLU
          - Conv2D: {filters: 16, kernel_size: 3}
    """
    if not network.graph.trainable:
        return
    for call in network.of({"batch normalization"}):
        if call.layer.trainable:
            continue
        before = network.before(call)
        if before is not None and role_of(before.layer) in WEIGHTED and before.layer.trainable:
            yield Finding(
                call.layer,
                f"`{call.layer.name}` is frozen, but `{before.layer.name}` before it is trained",
                "freeze both, or neither",
                related=((before.layer, "this layer is trained"),),
            )


@rule("ARC406", "warning")
def momentum_of_another_library(network: Network) -> Iterator[Finding]:
    """A batch normalisation with a momentum below 0.5, or of 1.

    Why: In Keras the momentum is the part of the moving statistics that is kept (0.99); in PyTorch it is the part that
    is replaced (0.1). 0.1 copied from there makes the statistics those of the last batch alone, and 1 never moves
    them.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization: {momentum: 0.1}

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization: {momentum: 0.9}
    """
    for call in network.of({"batch normalization"}):
        kept, field = said(call.layer, "kept"), field_for(call.layer, "kept")
        if isinstance(kept, (int, float)) and not _LEAST_MOMENTUM <= kept < 1:
            part = f"keeps only {kept:g} of its statistics at each batch"
            effect = "never moves its statistics" if kept >= 1 else part
            momentum = call.layer.fields[field]
            assert isinstance(momentum, (int, float)), "a part is said"
            help = phrase(
                call.layer,
                "momentum of others" if kept < 1 else "usual momentum",
                momentum=momentum,
                kept=1 - momentum,
            )
            yield Finding(call.layer, f"`{call.layer.name}` {effect}", help, field)


@rule("ARC407", "warning")
def normalization_of_the_wrong_axis(network: Network) -> Iterator[Finding]:
    """A normalisation along another axis than that of the channels of the convolution before it: a batch or group
    normalisation whose `axis` is a spatial one, a layer normalisation over a spatial axis and not the channels.

    Why: With `channels_first` the channels are axis 1, and `axis` has the default -1: the normalisation then learns a
    scale for each column of the picture, which is a bug that trains.

    Fails:

        input: [3, 32, 32]
        data_format: channels_first
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization

    Passes:

        input: [3, 32, 32]
        data_format: channels_first
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, use_bias: false}
          - BatchNormalization: {axis: 1}
    """
    for call in network.of(NORMALIZATIONS):
        made = network.before(call)
        while made is not None and made in network.functions and is_activation(made):
            made = network.before(made)
        shape = network.input_shape(call)
        if made is None or shape is None or role_of(made.layer) not in KERNELS:
            continue
        right = 1 if made in network.channels_first else len(shape) - 1
        axes = axes_said(call.layer, len(shape))
        if right not in axes:
            wrong = ", ".join(map(str, axes))
            yield Finding(
                call.layer,
                f"`{call.layer.name}` normalises axis {wrong}; the channels of `{made.layer.name}` are axis {right}",
                phrase(call.layer, "normalization along", axis=right),
                field_for(call.layer, "axes"),
                ((made.layer, "the convolution"),),
            )


@rule("ARC408", "warning")
def normalization_of_the_answer(network: Network) -> Iterator[Finding]:
    """A normalisation of the answer: what a softmax or a sigmoid at the end of the network has given.

    Why: Probabilities that are moved to mean 0 and scaled to variance 1 are not probabilities any more: they do not sum
    to 1, and some of them are negative. A normalisation belongs before the last layer with weights.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 10, activation: softmax}
          - BatchNormalization

    Passes:

        input: [100]
        layers:
          - BatchNormalization
          - Dense: {units: 10, activation: softmax}
    """
    for call in network.of(NORMALIZATIONS):
        before = network.before(call)
        if before is None or call.outputs[0] not in network.outputs:
            continue
        function = network.functions.get(before)
        if function in {"softmax", "log_softmax", "sigmoid"}:
            yield Finding(
                call.layer,
                f"`{call.layer.name}` normalises the answer, the {function} of `{before.layer.name}`",
                "leave it out, or put it before the last weights",
                related=((before.layer, f"the {function}"),),
            )
