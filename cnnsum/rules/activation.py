"""Advice on activations: those that change nothing, that undo each other, that are missing or in the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from cnnsum.dims import UNKNOWN, Dim, at_least, prod
from cnnsum.graph.infer import Call
from cnnsum.layers.facts import Shape
from cnnsum.layers.meanings import said
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    BORDERS,
    CONVOLUTIONS,
    DROPOUT,
    GLOBAL_POOLING,
    KERNELS,
    NORMALIZATIONS,
    PADDING,
    POOLING,
    RECURRENT,
    SHAPING,
    SQUASHING,
    WEIGHTED,
    Roles,
    axes_said,
    field_for,
    is_activation,
    is_linear,
    is_not_negative,
    phrase,
    role_of,
    spelled,
)
from cnnsum.rules.network import Network, known
from cnnsum.rules.steps import steps_of

#: What passes numbers on as they are, or as means or extremes of them: what is not negative stays so.
#: (AlphaDropout puts a negative number in, and the noise of GaussianDropout may be one.)
_KEEPS_SIGN = (POOLING | GLOBAL_POOLING | BORDERS | DROPOUT | SHAPING | {"identity"}) - {
    "alpha dropout",
    "gaussian dropout",
}
#: Those and what makes numbers that are not negative of several that are not.
_KEEPS_SIGNS = _KEEPS_SIGN | {"concatenate", "add", "multiply", "maximum"}
#: What changes numbers only by factors and summands: two layers with such between them are one linear layer.
_LINEAR = frozenset((*PADDING, *SHAPING, *DROPOUT, "batch normalization", "identity", "mean pooling"))
_RELUS = frozenset(("relu", "relu6"))
#: Functions of the scores before a softmax or sigmoid that cut away a half of them.
_CUTTING = frozenset(("relu", "relu6", "sigmoid", "hard_sigmoid", "softplus", "softmax", "squareplus", "exponential"))
_OF_SCORES = frozenset(("softmax", "log_softmax", "sigmoid"))


@rule("ARC411", "warning")
def activation_twice(network: Network) -> Iterator[Finding]:
    """An activation that is applied to what the same activation has just given.

    Why: A second ReLU changes nothing; a second softmax, sigmoid or tanh presses the numbers of the first into a small
    range (the softmax of probabilities of ten classes is never above 0.24), so that the network hardly learns. Most
    often an `activation` field and an activation layer were meant to be the same.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 10, activation: softmax}
          - Softmax

    Passes:

        input: [100]
        layers:
          - Dense: 10
          - Softmax
    """
    for call, function in network.functions.items():
        before = network.before(call)
        if before is not None and network.functions.get(before) == function and is_activation(call):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` applies {function} to the {function} of `{before.layer.name}`",
                "leave one of the two out",
                related=((before.layer, f"the first {function}"),),
                # Of what the function gives, a second ReLU gives the same: nothing changes, if nothing else reads it.
                mend=(before.layer, field_for(before.layer, "activation"), '"linear"', function in _RELUS)
                if said(before.layer, "activation") == function
                and not is_activation(before)
                and all(network.after(one) is not None for one in network.calls_of(before.layer))
                and len(network.calls_of(before.layer)) == 1
                else None,
            )


@rule("ARC412", "warning")
def cut_scores(network: Network) -> Iterator[Finding]:
    """A softmax or sigmoid of numbers that another activation has made positive.

    Why: A score may be any number: only a score far below the others gives a probability near 0. After a ReLU, a
    sigmoid or a softplus no score is below 0: a sigmoid of them never says less than one half, and a softmax cannot
    tell the classes that are cut apart, and gives them no gradient.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 10, activation: relu}
          - Softmax

    Passes:

        input: [100]
        layers:
          - Dense: 10
          - Softmax
    """
    for call, function in network.ending_in(_OF_SCORES):
        if not is_activation(call):
            continue
        before = network.before(call)
        first = network.functions.get(before) if before is not None else None
        if before is not None and first in _CUTTING and first != function:
            yield Finding(
                call.layer,
                f"`{call.layer.name}` applies {function} to the {first} of `{before.layer.name}`, never below 0",
                f"leave out the {first}",
                related=((before.layer, f"the {first}"),),
            )


@rule("ARC413", "warning")
def softmax_of_one(network: Network) -> Iterator[Finding]:
    """A softmax over an axis of size 1.

    Why: Softmax divides by the sum, and one number divided by itself is 1: the output is 1 whatever the input is. The
    probability of one class against none is a sigmoid.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 1, activation: softmax}

    Passes:

        input: [100]
        layers:
          - Dense: {units: 1, activation: sigmoid}
    """
    for call, function in network.ending_in({"softmax", "log_softmax", "sparsemax"}):
        shape = network.output_shape(call)
        if shape is None:
            continue
        rank = len(shape)  # 0 for a number, of which no axis has a size
        axes = said(call.layer, "axes", rank) or (-1,)
        if axes and all(-rank <= axis < rank and shape[axis] == 1 for axis in axes):
            always = "0" if function == "log_softmax" else "1"
            yield Finding(
                call.layer,
                f"`{call.layer.name}` is a {function} over an axis of size 1: it always gives {always}",
                "`sigmoid` for one class, or an axis with more classes",
                field_for(call.layer, "activation") or field_for(call.layer, "axes"),
            )


@rule("ARC414", "warning")
def squashed_inside(network: Network) -> Iterator[Finding]:
    """A sigmoid or softmax inside the network whose result goes on to a layer with weights.

    Why: The slope of a sigmoid is at most a quarter, and nearly 0 over most of its range; a softmax gives every layer
    behind it numbers that sum to 1. Each such layer makes the gradient of all before it smaller. Gates, whose result
    is multiplied with something, attention, what is also an output, and what one nested model gives another (a picture
    from a generator) are not meant.

    Fails:

        input: [100]
        layers:
          - Dense: {units: 64, activation: sigmoid}
          - Dense: {units: 10, activation: softmax}

    Passes:

        input: [100]
        layers:
          - Dense: {units: 64, activation: relu}
          - Dense: {units: 10, activation: softmax}
    """
    for call, function in network.ending_in(SQUASHING):
        if role_of(call.layer) == "einsum" or call.layer.is_operation:
            continue
        after = network.after(call)
        while after is not None and role_of(after.layer) in _KEEPS_SIGN:
            after = network.after(after)
        if after is not None and role_of(after.layer) in WEIGHTED and after.path == call.path:
            yield Finding(
                call.layer,
                f"{function} inside the network: `{after.layer.name}` reads what `{call.layer.name}` gives",
                "`relu`, or another function that does not flatten out",
                "activation",
                ((after.layer, "the layer that reads it"),),
            )


@rule("ARC415", "note")
def no_activation_between(network: Network) -> Iterator[Finding]:
    """Two layers with weights, no activation between them, and no fewer weights than one layer needs.

    Why: A product of two matrices is a matrix: the two layers can do nothing that one could not, but for the border,
    where padding comes between them. That is sensible where one layer would have more weights: behind a bottleneck
    (MobileNetV2, a low rank), for two long kernels that cross, for a 1x1 convolution that takes channels away before
    a 3x3 one. So the weights of that one layer are counted, with a kernel as large as the two see together, and where
    they are more than those of the two nothing is said; nor is it where one of the two works on every channel alone,
    is used again elsewhere, or is not trained.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 32, kernel_size: 3}
          - Conv2D: {filters: 32, kernel_size: 3}

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - Conv2D: {filters: 32, kernel_size: 3}
    """
    plain: Roles = CONVOLUTIONS | {"dense"}
    for call in network.of(plain):
        between: list[Call] = []
        first = network.before(call)
        while first is not None and role_of(first.layer) in _LINEAR and network.after(first) is not None:
            between.insert(0, first)
            first = network.before(first)
        if first is None or role_of(first.layer) not in plain or not is_linear(first) or first.path != call.path:
            continue
        if network.after(first) is None or not _can_be_one(network, first, call):
            continue
        own = [network.params.by_layer[one.layer] for one in (first, call)]
        two = sum((weights.parameters for weights in own), start=0)
        one = _merged(network, [first, *between, call])
        if isinstance(two, int) and one is not None and one <= two:
            yield Finding(
                call.layer,
                f"no activation stands between `{first.layer.name}` and `{call.layer.name}`: what they do with "
                f"{spelled(two)} weights, one layer can do with {spelled(one)}",
                f"an activation after `{first.layer.name}`, or one layer in place of the two",
                related=((first.layer, "the first of the two"),),
            )


def _can_be_one(network: Network, first: Call, second: Call) -> bool:
    """Whether one layer could stand in the place of two, whatever it costs."""
    for call in (first, second):
        if not call.layer.trainable or said(call.layer, "groups") not in {None, 1}:
            return False
        if len(network.calls_of(call.layer)) > 1:
            return False  # another use of its weights goes on
    return True


def _merged(network: Network, chain: list[Call]) -> int | None:
    """The weights of one layer that does what linear layers in a row do; None where sizes are not known.

    A convolution that sees what they see together, `sum((size - 1) * dilation * strides before it) + 1` positions;
    behind a reshaping, where places and channels are mixed, a matrix from all elements to all elements.
    """
    before, after = network.input_shape(chain[0]), network.output_shape(chain[-1])
    if before is None or after is None:
        return None
    bias = any(said(call.layer, "bias") for call in (chain[0], chain[-1]))
    if any(role_of(call.layer) in SHAPING for call in chain):
        inside, outside = prod(before[1:]), prod(after[1:])
        taps: Dim = 1
    else:
        inside, outside = (
            shape[1 if call in network.channels_first else -1]
            for call, shape in ((chain[0], before), (chain[-1], after))
        )
        taps = _taps(chain)
    weights = inside * outside * taps + (outside if bias else 0)
    return weights if isinstance(weights, int) else None


def _taps(chain: list[Call]) -> Dim:
    """The elements of a kernel that sees at once what layers in a row see; UNKNOWN where sizes are not."""
    found = [steps_of(call) for call in chain if role_of(call.layer) in CONVOLUTIONS | POOLING]
    steps = [one for one in found if one is not None]
    if len(steps) < len(found) or len({len(one) for one in steps}) > 1:
        return UNKNOWN
    total = 1
    for along in zip(*steps, strict=True):
        span, apart, jump = 0, 0, 1
        for step in along:
            if step.size > 1:
                span += (step.size - 1) * step.dilation * jump
                apart = gcd(apart, step.dilation * jump)
            jump *= step.stride
        total *= span // apart + 1 if apart else 1
    return total


@rule("ARC416", "warning")
def relu_without_effect(network: Network) -> Iterator[Finding]:
    """A ReLU of numbers that are never negative.

    Why: ReLU sets what is negative to 0. What comes from another ReLU, a sigmoid or a softmax has nothing negative,
    also after pooling, dropout, padding or concatenation: the layer does nothing.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - MaxPooling2D: 2
          - ReLU

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - MaxPooling2D: 2
    """
    positive: set[int] = set()
    for call in network.calls:
        function = network.functions.get(call)
        inputs = bool(call.inputs) and positive.issuperset(call.inputs)
        if is_not_negative(function) or (inputs and role_of(call.layer) in _KEEPS_SIGNS):
            positive.update(call.outputs)
        if not inputs or function != "relu" or not is_activation(call):
            continue
        before = network.before(call)
        if before is not None and network.functions.get(before) == function:
            continue  # said by ARC411
        yield Finding(
            call.layer,
            f"`{call.layer.name}` does nothing: its input is never negative",
            "leave it out",
            related=((before.layer, "gives numbers of at least 0"),) if before is not None else (),
        )


@rule("ARC417", "warning")
def softmax_across_a_map(network: Network) -> Iterator[Finding]:
    """A Dense layer as the answer, on a map that was never flattened or pooled: its output has places left.

    Why: Dense works on the last axis alone. On `(H, W, C)` it gives its units for each place, `(H, W, units)`, and not
    for the picture. A map of classes as large as the picture, behind layers that brought it back to that size, is
    meant; a smaller one, and one in a network that keeps every size, most often lacks a `Flatten` or a global pooling.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - MaxPooling2D: 2
          - Dense: {units: 10, activation: softmax}

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - MaxPooling2D: 2
          - GlobalAveragePooling2D
          - Dense: {units: 10, activation: softmax}
    """
    sizes = {network.space(number) for number in network.inference.inputs if network.values[number].shape}
    for call in network.of({"dense"}):
        shape = network.output_shape(call)
        if shape is None or len(shape) < 4 or call.outputs[0] not in network.outputs:
            continue
        places = shape[1:-1]
        if not known(*places) or not any(at_least(dim, 2) for dim in places):
            continue
        if places in sizes and not _keeps_every_size(network, sizes):
            continue
        yield Finding(
            call.layer,
            f"`{call.layer.name}` works on the last axis alone: it gives {shape[-1]} for each of {places} places, not "
            "for the whole input",
            "`Flatten` or `GlobalAveragePooling2D` before it, or a 1x1 convolution where a map is meant",
        )


def _keeps_every_size(network: Network, sizes: set[Shape]) -> bool:
    """Whether all maps of a network have the size of its input, so that none was brought back to it."""
    maps = (network.space(number) for call in network.calls for number in call.outputs)
    return all(space in sizes for space in maps if space)


#: What a hidden layer has, and what cuts away half of the scores of a classifier.
_HIDDEN = frozenset(("relu", "relu6"))


@rule("ARC418", "warning")
def cut_answer(network: Network) -> Iterator[Finding]:
    """A ReLU of the last Dense layer, of two units or more, in a network with other weights before it.

    Why: The scores of a classifier are numbers of any sign, and the softmax or the loss makes probabilities of them.
    After a ReLU all classes with a score below 0 are alike, and get no gradient: a class that is there once may never
    come back. (A network that gives features, an encoder, may end so; silence it there.) One unit, which may stand for
    a number that is never negative, is not meant.

    Fails:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - Flatten
          - Dense: {units: 10, activation: relu}

    Passes:

        input: [32, 32, 3]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
          - Flatten
          - Dense: {units: 10, activation: softmax}
    """
    for call, function in network.ending_in(_HIDDEN):
        if not call.outputs or call.outputs[0] not in network.outputs:
            continue
        made: Call | None = call
        while made is not None and (is_activation(made) or role_of(made.layer) in DROPOUT):
            made = network.before(made)
        if made is None or role_of(made.layer) != "dense" or made.path != call.path:
            continue
        units, shape = said(made.layer, "channels"), network.output_shape(made)
        if shape is None or len(shape) != 2 or not isinstance(units, int) or units < 2:
            continue
        earlier = network.calls[: network.calls.index(made)]
        if network.readers[call.outputs[0]] or not any(role_of(one.layer) in WEIGHTED | RECURRENT for one in earlier):
            continue
        yield Finding(
            call.layer,
            f"`{call.layer.name}` gives the answer, {units} scores, through {function}: none of them is below 0",
            "`softmax` or `sigmoid`, or no activation where the loss is given the scores",
            field_for(call.layer, "activation") if said(call.layer, "activation") == function else (),
        )


@rule("ARC419", "warning")
def softmax_along_space(network: Network) -> Iterator[Finding]:
    """A softmax along one spatial axis of a convolution's output, and not along its channels.

    Why: `activation: softmax` sums over the last axis. With `channels_first` that is not the classes but a row of the
    picture: the numbers of one row sum to 1, and the classes of a place do not. A softmax over all axes of space, which
    makes a map of attention, is not meant.

    Fails:

        input: [3, 32, 32]
        data_format: channels_first
        layers:
          - Conv2D: {filters: 5, kernel_size: 3, padding: same, activation: softmax}

    Passes:

        input: [3, 32, 32]
        data_format: channels_first
        layers:
          - Conv2D: {filters: 5, kernel_size: 3, padding: same}
          - Softmax: {axis: 1}
    """
    for call, function in network.ending_in({"softmax", "log_softmax"}):
        shape = network.output_shape(call)
        if shape is None or len(shape) < 3:
            continue
        made: Call | None = call
        while made is not None and (is_activation(made) or role_of(made.layer) in DROPOUT | NORMALIZATIONS):
            made = network.before(made)
        if made is None or role_of(made.layer) not in KERNELS:
            continue
        axes = set(axes_said(call.layer, len(shape)) or (len(shape) - 1,))
        right = 1 if made in network.channels_first else len(shape) - 1
        if len(axes) == 1 and right not in axes and len(shape) > 3:
            yield Finding(
                call.layer,
                f"`{call.layer.name}` is a {function} along axis {axes.pop()}; the channels of `{made.layer.name}` are "
                f"axis {right}",
                phrase(call.layer, "softmax along", axis=right),
                field_for(call.layer, "activation") or field_for(call.layer, "axes"),
                ((made.layer, "the convolution"),) if made is not call else (),
            )
