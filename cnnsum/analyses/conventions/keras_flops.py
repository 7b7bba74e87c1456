"""What keras-flops counts; a rule as those of `conventions`, which says what a rule is.

Its layers are Keras's own, so that a piece is what TensorFlow runs for it and not a module of torch.nn.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.analyses.conventions.pieces import Piece
from cnnsum.dims import UNKNOWN, Dim

_BIAS = "bias counted: 1 per output element"


def keras_flops(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """`keras_flops.get_flops(model, batch_size=1)`: floating-point operations, two for each MAC.

    Adds up what TensorFlow's profiler knows of the operations of the frozen graph. Convolutions, `MatMul`, biases,
    pooling along one or two axes, means, softmax and plain arithmetic have rules; `Einsum` has none, so EinsumDense and
    MultiHeadAttention are counted without their products; nor has relu, or the body of LSTM and GRU. Of a SimpleRNN the
    product of a single step with its input is counted. What was not measured is unknown.

    Source: keras_flops/flops_calculation.py and flops_registory.py; tensorflow/python/profiler/internal/
    flops_registry.py and ops/nn_ops.py. keras-flops 0.1.2 cannot be imported with newer TensorFlow (2.15), which
    registers the same rule itself.
    """
    kind, name = piece.kind, piece.name
    if kind in {"convolution", "linear"} or (kind == "transposed" and piece.axes == 2):
        yield _TWICE, piece.macs
        yield _BIAS, piece.bias * piece.positions
    elif kind == "product" and piece.more["plain"]:
        yield _TWICE, piece.macs
    elif kind == "einsum":
        yield "products written with einsum not counted", -piece.macs
        yield _BIAS, piece.made if piece.has_bias else 0
    elif kind == "attention" and piece.more["plain"]:
        yield "products written with einsum not counted", -piece.macs
        yield "biases, scaling and softmax of attention counted", piece.ops
    elif kind == "recurrent" and name == "simple recurrence":
        yield (
            "recurrent layers not counted but for the input's product at one step",
            (2 * piece.depth * piece.more["units"] + piece.bias - piece.macs),
        )
    elif kind == "recurrent" and name != "simple recurrence" and piece.module and piece.has_bias:
        yield "recurrent layers not counted: their body has no rule", -piece.macs
    elif kind == "normalization":
        yield "normalisation counted", _keras_normalization(piece)
    elif kind == "activation" and name in _KERAS_ACTIVATIONS:
        each = _KERAS_ACTIVATIONS[name]
        yield f"{name} counted: {each} per element", each * piece.made
    elif kind == "pooling":
        yield (
            "pooling counted: the window's size per output element",
            (piece.more["taps"] * piece.made if piece.axes < 3 else 0),
        )
    elif kind == "adaptive" and piece.more["global"]:
        yield "global pooling counted", piece.read - (piece.made if name == "max" else 0)
    elif kind == "upsampling":
        yield "computing the new size counted", 2 if piece.axes == 2 and not piece.function else 0
    elif kind == "arithmetic":
        yield "arithmetic on tensors counted", piece.ops
    elif kind != "embedding" and not (kind == "other" and isinstance(piece.ops, int) and piece.ops == 0):
        yield "not measured", UNKNOWN


_TWICE = "each MAC counted as two operations"
_KERAS_ACTIVATIONS = {
    **dict.fromkeys(
        ("relu", "relu6", "leaky_relu", "elu", "selu", "sigmoid", "tanh", "softplus", "softsign", "exponential"), 0
    ),
    "silu": 1,
    "swish": 1,
    "prelu": 4,
    "gelu": 4,
    "hard_sigmoid": 4,
    "softmax": 5,
}


def _keras_normalization(piece: Piece) -> Dim:
    """Of batch normalisation, and of layer normalisation along the last axis."""
    more = piece.more
    if not more.get("last"):
        return UNKNOWN
    if piece.name == "batch":
        if piece.axes != 2 and not piece.has_kernel:
            return UNKNOWN
        # Work on the vectors; images are normalised by one fused operation, which has its own.
        vectors = 5 if piece.axes != 2 and not more["scale"] else 6
        return 2 * piece.made + vectors * piece.depth
    if piece.name == "layer":
        if more["fused"]:
            return (piece.has_kernel + piece.has_bias) * piece.made + more["rank"]
        if piece.has_kernel and piece.has_bias:
            return 9 * piece.made + 3 * more["rows"]
    return UNKNOWN
