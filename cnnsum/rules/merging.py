"""Advice on merges: shapes that broadcast, inputs that are the same, axes that are not the channels."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.layers.base import Role
from cnnsum.layers.facts import Shape, show_shape
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import (
    DROPOUT,
    GLOBAL_POOLING,
    KERNELS,
    NORMALIZATIONS,
    POOLING,
    SHAPING,
    Roles,
    axes_said,
    field_for,
    is_activation,
    phrase,
    role_of,
)
from cnnsum.rules.network import Network

_SUMS: Roles = frozenset(("add", "subtract", "average", "maximum", "minimum"))
_TWICE: dict[Role, str] = {
    "add": "twice its input",
    "subtract": "always 0",
    "average": "its input",
    "maximum": "its input",
    "minimum": "its input",
    "concatenate": "its input twice, side by side",
}


@rule("ARC465", "warning")
def accidental_broadcast(network: Network) -> Iterator[Finding]:
    """A sum of maps of different shapes that fit only because an axis of 1 is stretched: the channels, both sides, or
    the places of what has just been pooled to a single one.

    Why: Merging layers stretch an axis of size 1 without a word. One map with 1 channel is then added to every channel
    of the other, and a row and a column make a table. In a residual connection that is a projection with too few
    filters, a pooling too many, or a connection to the wrong level. Adding a vector that weights have made to all
    places of a map, sums of vectors, and inputs that were reshaped for it are not meant.

    Fails:

        input: [32, 32, 16]
        layers:
          - Conv2D: {filters: 1, kernel_size: 3, padding: same, name: residual}
          - Add: {from: [input, residual]}

    Passes:

        input: [32, 32, 16]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, name: residual}
          - Add: {from: [input, residual]}
    """
    for call in network.of(_SUMS):
        shapes = [network.values[number].shape for number in call.inputs]
        out = network.output_shape(call)
        if out is None or len(out) < 3:
            continue
        known = [shape for shape in shapes if shape is not None]
        if any(len(shape) != len(out) for shape in known) or len(known) != len(shapes):
            continue
        makers = [network.makers[number] for number in call.inputs]
        if any(made is not None and (role_of(made.layer) in SHAPING or made.layer.is_operation) for made in makers):
            continue  # whoever gave it that shape meant it
        stretched = [shape for shape in known if _stretched(shape, out)]
        at = 1 if network.is_channels_first(call.outputs[0]) else len(out) - 1
        channels = any(
            shape[at] == 1 != out[at] and all(own == dim for axis, (own, dim) in enumerate(pairs) if axis != at)
            for shape in stretched
            for pairs in (list(zip(shape, out, strict=True)),)
        )
        pooled = any(_is_mean(network, number, out) for number in call.inputs)
        if channels or pooled or len(stretched) == len(known):
            yield Finding(
                call.layer,
                f"`{call.layer.name}` stretches axes of size 1: {' and '.join(map(show_shape, known))}",
                "the same shape on all sides",
            )


def _is_mean(network: Network, number: int, out: Shape) -> bool:
    """Whether a value is one place that was pooled of a map, with no weights since, and that is stretched again."""
    shape = network.values[number].shape
    if shape is None or not _stretched(shape, out):
        return False
    places = network.space(number)
    if not places or any(dim != 1 for dim in places):
        return False
    made = network.makers[number]
    while made is not None and (is_activation(made) or role_of(made.layer) in NORMALIZATIONS | DROPOUT):
        made = network.before(made)
    return made is not None and role_of(made.layer) in POOLING | GLOBAL_POOLING


def _stretched(shape: Shape, out: Shape) -> bool:
    return any(own == 1 and isinstance(dim, int) and dim > 1 for own, dim in zip(shape[1:], out[1:], strict=True))


@rule("ARC466", "warning")
def same_input_twice(network: Network) -> Iterator[Finding]:
    """A merging layer that is given the same value twice.

    Why: The sum of a value with itself is twice the value, its difference 0, its concatenation carries nothing new.
    Most often one of two names in `from` is a slip. A product with itself is a square, and not meant; nor is an input
    of one channel that is made three of, nor what depends on no input: a table of angles has each of them twice.

    Fails:

        input: [32, 32, 16]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, name: a}
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, name: b}
          - Add: {from: [b, b]}

    Passes:

        input: [32, 32, 16]
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, name: a}
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, name: b}
          - Add: {from: [a, b]}
    """
    for call in network.of(_TWICE):
        kind = role_of(call.layer)
        if len(set(call.inputs)) == len(call.inputs):
            continue
        shape = network.input_shape(call)
        if kind == "concatenate" and shape is not None:
            joined = axes_said(call.layer, len(shape))
            if 1 in {shape[-1], *[shape[axis] for axis in joined]}:
                continue
        twice = next(number for at, number in enumerate(call.inputs) if number in call.inputs[:at])
        if kind == "concatenate" and not network.depends_on_input(twice):
            continue
        maker = network.makers[twice]
        whose = f"the output of `{maker.layer.name}`" if maker is not None else "the same input"
        result = f": it gives {_TWICE[kind]}" if len(call.inputs) == 2 else ""
        yield Finding(call.layer, f"`{call.layer.name}` is given {whose} twice{result}", "name each input once", "from")


@rule("ARC467", "warning")
def concatenation_of_places(network: Network) -> Iterator[Finding]:
    """A concatenation of maps along an axis of space, though all of them have the same shape.

    Why: Features of the same places are put side by side along the channels. Along a row they make a picture twice as
    wide, whose halves have nothing to do with each other. The default axis is the last one, which is not the channels
    with `channels_first`.

    Fails:

        input: [3, 32, 32]
        data_format: channels_first
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, from: input, name: a}
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, from: input, name: b}
          - Concatenate: {from: [a, b]}

    Passes:

        input: [3, 32, 32]
        data_format: channels_first
        layers:
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, from: input, name: a}
          - Conv2D: {filters: 8, kernel_size: 3, padding: same, from: input, name: b}
          - Concatenate: {axis: 1, from: [a, b]}
    """
    for call in network.of({"concatenate"}):
        out = network.output_shape(call)
        if out is None or len(out) < 4 or len(call.inputs) < 2:
            continue
        if len({network.values[number].shape for number in call.inputs}) > 1:
            continue
        rights = set()
        for number in call.inputs:
            made = network.makers[number]
            while made is not None and (is_activation(made) or role_of(made.layer) in NORMALIZATIONS):
                made = network.before(made)
            if made is None or role_of(made.layer) not in KERNELS:
                rights.add(-1)
                break
            rights.add(1 if made in network.channels_first else len(out) - 1)
        axis = axes_said(call.layer, len(out))[0]
        if len(rights) == 1 and -1 not in rights and axis not in rights:
            yield Finding(
                call.layer,
                f"`{call.layer.name}` puts maps of one shape end to end along axis {axis}, "
                + ("the batch" if axis == 0 else "a spatial one"),
                phrase(call.layer, "joined along", axis=rights.pop()),
                field_for(call.layer, "axes"),
            )
