"""Advice on dropout: rates that cannot be meant, and places where it does harm."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.layers.meanings import promised, said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    DROPOUT,
    field_for,
    is_activation,
    role_of,
)
from cnnsum.rules.network import Network

#: Above it, more is thrown away than any published network does.
_MOST = 0.8
_SOFTMAX = frozenset(("softmax", "log_softmax"))
#: Decimals of a rate that is told: those beyond are of the arithmetic.
_DIGITS = 6


@rule("ARC471", "warning")
def rate_of_nothing_or_all(network: Network) -> Iterator[Finding]:
    """A dropout with a rate of 0 or 1.

    Why: At 0 it does nothing; at 1 it drops everything, and nothing behind it is trained.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dropout: 1
          - Dense: 10

    Passes:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dropout: 0.5
          - Dense: 10
    """
    for call in network.of(DROPOUT):
        rate = said(call.layer, "rate")
        if rate in {0, 1}:
            effect = "does nothing" if rate == 0 else "drops everything in training"
            help = "leave it out, or a rate between 0 and 1"
            yield Finding(
                call.layer,
                f"`{call.layer.name}` {effect}: its rate is {rate:g}",
                help,
                field_for(call.layer, "rate"),
            )


@rule("ARC472", "note")
def rate_to_keep(network: Network) -> Iterator[Finding]:
    """A dropout with a rate above 0.8.

    Why: The rate is the part that is dropped. Older libraries (TensorFlow 1) asked for the part that is kept, and 0.9
    from there drops nine of ten numbers here.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dropout: 0.9
          - Dense: 10

    Passes:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dropout: 0.1
          - Dense: 10
    """
    for call in network.of(DROPOUT):
        rate = said(call.layer, "rate")
        if isinstance(rate, (int, float)) and _MOST < rate < 1:
            field = field_for(call.layer, "rate")
            yield Finding(
                call.layer,
                f"`{call.layer.name}` drops {rate:.0%} of its input",
                f"`{field}: {round(1 - rate, _DIGITS):g}`, if {rate:g} is the part to keep",
                field,
            )


@rule("ARC473", "warning")
def dropped_output(network: Network) -> Iterator[Finding]:
    """A dropout of the answer: the last layer of the network, or between the last weights and their softmax.

    Why: In training some of the answers are then set to 0, whatever the network says: a regression is told that it was
    wrong where it was right, a softmax gets scores that nobody made.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dense: {units: 10, activation: softmax}
          - Dropout: 0.5

    Passes:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dropout: 0.5
          - Dense: {units: 10, activation: softmax}
    """
    for call in network.of(DROPOUT):
        if not 0 < promised(said(call.layer, "rate")) < 1:
            continue
        before, after = network.before(call), network.after(call)
        if before is None or role_of(before.layer) not in {"dense", "activation"}:
            continue
        scored = network.functions.get(before) in {None, "sigmoid", *_SOFTMAX}
        last = call.outputs[0] in network.outputs and scored
        scores = after is not None and is_activation(after) and network.functions.get(after) in _SOFTMAX
        if last or (scores and after is not None and after.outputs[0] in network.outputs):
            yield Finding(
                call.layer, f"`{call.layer.name}` drops parts of the answer", "dropout before the last weights"
            )


@rule("ARC474", "warning")
def dropout_twice(network: Network) -> Iterator[Finding]:
    """A dropout right after a dropout of the same type.

    Why: Together they drop `1 - (1 - a) * (1 - b)`: two of 0.5 are one of 0.75. If that is wanted, one layer says it.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dropout: 0.5
          - Dropout: 0.5
          - Dense: 10

    Passes:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dropout: 0.5
          - Dense: 10
    """
    for call in network.of(DROPOUT):
        before = network.before(call)
        if before is not None and role_of(before.layer) == role_of(call.layer):
            first, second = said(before.layer, "rate"), said(call.layer, "rate")
            if first is None or second is None or network.after(before) is not call:
                continue
            both = round(1 - (1 - first) * (1 - second), _DIGITS)
            yield Finding(
                call.layer,
                f"`{call.layer.name}` drops out what `{before.layer.name}` has left",
                f"one dropout; of {both:g}, if both were meant",
                related=((before.layer, "the first dropout"),),
            )
