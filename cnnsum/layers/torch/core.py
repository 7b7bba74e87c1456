"""Products with a matrix, embeddings, and what gives the input as it is."""

from __future__ import annotations

from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Weight, seen_along, size
from cnnsum.layers.kinds import Flag, Pos
from cnnsum.layers.torch.fields import given_channels


@layer(role="dense", weights="weight bias", lazy="LazyLinear")
def Linear(x: Shape, *, in_features: Pos | None = None, out_features: Pos, bias: Flag = True) -> Facts:
    """Multiply the last axis by a matrix: `(..., D)` becomes `(..., out_features)`.

    Weights: weight `out_features x D`, bias `out_features`: every output has a weight for each of the `D` inputs, and a
    bias. MACs: each output element is a sum of `D` products. Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a weight is made of what it was multiplied with.
    """
    depth = given_channels(x, -1, in_features, "Linear", "in_features")
    out = (*x[:-1], out_features)
    weights: tuple[Weight, ...] = (Weight("weight", (out_features, depth)),)
    if bias:
        weights += (Weight("bias", (out_features,)),)
    elements = size(out)
    return Facts(
        out,
        weights=weights,
        macs=elements * depth,
        ops=elements if bias else 0,
        keeps_input="weights",
        # The last axis is one of space, where there is one behind the channels.
        window=seen_along(x, (len(x) - 1,), "channels_first"),
    )
