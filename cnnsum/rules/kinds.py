"""What rules mean by their words: which roles convolve, which activate, which only pass values on.

One place for each such list. Knows calls and their roles, and no type by its name; says nothing about them.
"""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.graph.infer import Call
from cnnsum.graph.model import Layer
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.base import Role
from cnnsum.layers.facts import Layout
from cnnsum.layers.meanings import Meaning, field_with, said

Roles = frozenset[Role]

CONVOLUTIONS: Roles = frozenset(("convolution",))
TRANSPOSED: Roles = frozenset(("transposed convolution",))
#: Layers that slide a kernel over their input, position by position or with a stride.
SLIDING: Roles = CONVOLUTIONS | {"depthwise convolution", "separable convolution"}
#: Layers with a kernel over axes of space, whichever way it goes.
KERNELS: Roles = SLIDING | TRANSPOSED
#: Layers that make weighted sums, and whose last step may be an activation.
WEIGHTED: Roles = KERNELS | {"dense", "einsum"}

POOLING: Roles = frozenset(("max pooling", "mean pooling"))
#: Layers whose outputs each see a window of their input.
WINDOWED: Roles = SLIDING | POOLING
GLOBAL_POOLING: Roles = frozenset(("global max pooling", "global mean pooling"))
PADDING: Roles = frozenset(("padding",))
CROPPING: Roles = frozenset(("cropping",))
#: Layers that move the border of a map.
BORDERS: Roles = PADDING | CROPPING
UPSAMPLING: Roles = frozenset(("upsampling",))
DROPOUT: Roles = frozenset(("dropout", "alpha dropout", "gaussian dropout", "channel dropout"))
NOISE: Roles = DROPOUT | {"noise"}
SHAPING: Roles = frozenset(("flatten", "reshape", "permute", "repeat"))
MERGING: Roles = frozenset(("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"))
NORMALIZATIONS: Roles = frozenset(
    (
        "batch normalization",
        "instance normalization",
        "layer normalization",
        "group normalization",
        "rms normalization",
        "unit normalization",
    )
)
#: Those that take the mean of a group of channels of one sample.
OF_GROUPS: Roles = frozenset(("group normalization", "instance normalization"))
GATED: Roles = frozenset(("lstm", "gru"))
RECURRENT: Roles = GATED | {"simple recurrence"}
#: Layers whose channels are the last axis, whichever axis those of convolutions are.
OF_LAST_AXIS: Roles = RECURRENT | {
    *("dense", "embedding"),
    *("attention", "additive attention", "multi-head attention", "grouped attention"),
}

#: Functions that give numbers between 0 and 1 and are nearly flat over most of their range.
SQUASHING = frozenset(("sigmoid", "hard_sigmoid", "softmax"))
#: Functions that never give a negative number.
NOT_NEGATIVE = frozenset(
    ("relu", "relu6", "sigmoid", "hard_sigmoid", "softmax", "softplus", "exponential", "sparsemax", "squareplus")
)


def role_of(layer: Layer) -> Role:
    """What a layer is to rules; "" for a nested model, an input, an operation, and a type that is not known."""
    type = layer.type
    return "" if type is None or type.is_operation else type.role


def field_for(layer: Layer, meaning: Meaning) -> str:
    """The name of the field with this meaning in the file; "" where the layer has none."""
    return "" if layer.type is None else field_with(layer.type, meaning)


def phrase(layer: Layer, what: str, **values: object) -> str:
    """What a mend calls something that each framework has in a way of its own."""
    assert layer.type is not None
    return layer.type.vocabulary.meanings().phrases[what].format(**values)


def axes_said(layer: Layer, rank: int) -> tuple[int, ...]:
    """The axes that a layer normalises, sums over or joins, counted from 0, the batch; () where it names none."""
    axes = said(layer, "axes", rank) or ()
    return tuple([axis % rank if -rank <= axis < rank else axis for axis in axes]) if rank else ()


def function_of(call: Call) -> str | None:
    """The activation that is the last step of a call, by its name; None where there is none, or one not known here.

    That of a recurrent layer is inside of it, and no such step.
    """
    type = call.layer.type
    if type is None:
        return None
    if type.role != "activation":
        name: object = said(call.layer, "activation") if type.role in WEIGHTED else None
    elif type.function == "relu" and field_with(type, "upper bound"):
        if said(call.layer, "slope below"):
            return "leaky_relu"
        if said(call.layer, "threshold"):
            return None
        most = said(call.layer, "upper bound")
        # One that is cut elsewhere is another function: what it does to a relu6 is not nothing.
        return "relu" if most is None else f"relu{most:g}" if isinstance(most, (int, float)) else None
    else:
        name = type.function or said(call.layer, "activation")
    return name if isinstance(name, str) and name in FUNCTIONS and name != "linear" else None


def is_not_negative(function: str | None) -> bool:
    """Whether a function of that name never gives a negative number."""
    return function in NOT_NEGATIVE or (function is not None and function.startswith("relu"))


def is_linear(call: Call) -> bool:
    """Whether a weighted layer has no activation of its own."""
    return said(call.layer, "activation") in {None, "linear"}


def is_activation(call: Call) -> bool:
    """Whether a call does nothing else than to activate."""
    return role_of(call.layer) == "activation" or (call.layer.is_operation and function_of(call) is not None)


def layout_of(call: Call) -> Layout | None:
    """Where the layer takes its channels to be; None for one that does not say, and for one that works on the last axis
    in every framework.
    """
    return None if role_of(call.layer) in OF_LAST_AXIS else call.layer.layout


def is_channels_first(call: Call) -> bool:
    """Whether the layer takes the axis after the batch for its channels."""
    return call.layer.layout == "channels_first" and layout_of(call) is not None


def spelled(count: Dim) -> str:
    """A count with its thousands apart."""
    return f"{count:,}" if isinstance(count, int) else str(count)
