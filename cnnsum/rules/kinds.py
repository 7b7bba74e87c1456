"""What rules mean by their words: which layer types convolve, which activate, which only pass values on.

One place for each such list. Knows calls; says nothing about them.
"""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.graph.infer import Call
from cnnsum.graph.model import Layer
from cnnsum.layers.arithmetic.functions import FUNCTIONS

_AXES = ("1D", "2D", "3D")
CONVOLUTIONS = frozenset(f"Conv{axes}" for axes in _AXES)
TRANSPOSED = frozenset(f"Conv{axes}Transpose" for axes in _AXES)
DEPTHWISE = frozenset(("DepthwiseConv1D", "DepthwiseConv2D"))
SEPARABLE = frozenset(("SeparableConv1D", "SeparableConv2D"))
#: Layers that slide a kernel over their input, sample by sample or with a stride.
SLIDING = CONVOLUTIONS | DEPTHWISE | SEPARABLE
#: Layers that make weighted sums, and whose last step may be an activation.
WEIGHTED = SLIDING | TRANSPOSED | {"Dense", "EinsumDense"}

POOLING = frozenset(f"{kind}Pooling{axes}" for kind in ("Max", "Average") for axes in _AXES)
GLOBAL_POOLING = frozenset(f"Global{kind}Pooling{axes}" for kind in ("Max", "Average") for axes in _AXES)
PADDING = frozenset(f"ZeroPadding{axes}" for axes in _AXES)
CROPPING = frozenset(f"Cropping{axes}" for axes in _AXES)
UPSAMPLING = frozenset(f"UpSampling{axes}" for axes in _AXES)
DROPOUT = frozenset(("Dropout", "AlphaDropout", "GaussianDropout", *(f"SpatialDropout{axes}" for axes in _AXES)))
NOISE = DROPOUT | {"GaussianNoise"}
SHAPING = frozenset(("Flatten", "Reshape", "Permute", "RepeatVector"))
ACTIVATIONS = frozenset(("Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"))
MERGING = frozenset(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"))
NORMALIZATIONS = frozenset(
    ("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization")
)
RECURRENT = frozenset(("SimpleRNN", "LSTM", "GRU"))

#: Functions that give numbers between 0 and 1 and are nearly flat over most of their range.
SQUASHING = frozenset(("sigmoid", "hard_sigmoid", "softmax"))
#: Functions that never give a negative number.
NOT_NEGATIVE = frozenset(
    ("relu", "relu6", "sigmoid", "hard_sigmoid", "softmax", "softplus", "exponential", "sparsemax", "squareplus")
)
_LAYERS_AS_FUNCTIONS = {"LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}


def type_of(layer: Layer) -> str:
    """The key of a layer's type; "" for a nested model, an input, and a type that is not known."""
    return layer.type.key if layer.type is not None else ""


def function_of(call: Call) -> str | None:
    """The activation that is the last step of a call, by its name; None where there is none, or one not known here.

    That of a recurrent layer is inside of it, and no such step.
    """
    layer = call.layer
    kind = type_of(layer)
    if kind == "ReLU":
        if layer.fields["negative_slope"]:
            return "leaky_relu"
        if layer.fields["threshold"]:
            return None
        most = layer.fields["max_value"]
        # One that is cut elsewhere is another function: what it does to a relu6 is not nothing.
        return "relu" if most is None else f"relu{most:g}" if isinstance(most, (int, float)) else None
    if kind in _LAYERS_AS_FUNCTIONS:
        return _LAYERS_AS_FUNCTIONS[kind]
    if kind == "Activation" or kind in WEIGHTED:
        name = layer.fields.get("activation")
        return name if name in FUNCTIONS and name != "linear" else None
    if layer.is_operation and layer.type is not None:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in layer.type.name)[1:]
        return name if name in FUNCTIONS else None
    return None


def is_not_negative(function: str | None) -> bool:
    """Whether a function of that name never gives a negative number."""
    return function in NOT_NEGATIVE or (function is not None and function.startswith("relu"))


def is_linear(call: Call) -> bool:
    """Whether a weighted layer has no activation of its own."""
    return call.layer.fields.get("activation") in {None, "linear"}


def is_activation(call: Call) -> bool:
    """Whether a call does nothing else than to activate."""
    return type_of(call.layer) in ACTIVATIONS or (call.layer.is_operation and function_of(call) is not None)


def axes_of_space(call: Call, rank: int) -> tuple[int, ...]:
    """The axes of an input of that rank that a sliding or pooling layer takes for space."""
    return tuple(range(2, rank)) if is_channels_first(call) else tuple(range(1, rank - 1))


def is_channels_first(call: Call) -> bool:
    """Whether the layer takes the axis after the batch for its channels."""
    return call.layer.fields.get("data_format") == "channels_first"


def spelled(count: Dim) -> str:
    """A count with its thousands apart."""
    return f"{count:,}" if isinstance(count, int) else str(count)
