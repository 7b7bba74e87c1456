"""Dropout, in PyTorch's words: layers that do something in training only.

At inference the output is the input itself, so none has weights or work; they differ in what backpropagation keeps.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, show_shape
from cnnsum.layers.kinds import Flag, Rate
from cnnsum.layers.requiring import require_rank


def _dropped(x: Shape, p: float, mask: Kept) -> Facts:
    """Nothing where nothing is dropped; where everything is, the input times a single 0."""
    if p == 0:
        return Facts(x, alias="view")
    return Facts(x, kept=(Kept("factor", (), batched=False) if p == 1 else mask,), alias="bypass")


def _by_channel(x: Shape, p: float) -> Facts:
    """Of these the mask is a factor per channel of each sample, in the dtype of the input."""
    return _dropped(x, p, Kept("factors", (*x[:2], *(1 for _ in x[2:]))))


@layer(role="dropout")
def Dropout(x: Shape, *, p: Rate = 0.5, inplace: Flag = False) -> Facts:
    """In training set a part `p` of the elements to 0 and scale up the rest; the shape stays.

    No weights, no operations at inference. Backpropagation keeps the mask, one byte an element (on a CPU a number).
    """
    return _dropped(x, p, Kept("mask", x, "bool"))


@layer(role="channel dropout")
def Dropout1d(x: Shape, *, p: Rate = 0.5, inplace: Flag = False) -> Facts:
    """Dropout of whole channels of `(C, T)`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps a factor per channel of each sample.
    """
    require_rank(x, 3, "Dropout1d")
    return _by_channel(x, p)


@layer(role="channel dropout")
def Dropout2d(x: Shape, *, p: Rate = 0.5, inplace: Flag = False) -> Facts:
    """Dropout of whole channels of `(C, H, W)`, or of `(C, T)`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps a factor per channel of each sample.
    """
    require_rank(x, (3, 4), "Dropout2d")
    return _by_channel(x, p)


@layer(role="channel dropout")
def Dropout3d(x: Shape, *, p: Rate = 0.5, inplace: Flag = False) -> Facts:
    """Dropout of whole channels of `(C, D, H, W)`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps a factor per channel of each sample.
    """
    require_rank(x, 5, "Dropout3d")
    return _by_channel(x, p)


@layer(role="alpha dropout")
def AlphaDropout(x: Shape, *, p: Rate = 0.5, inplace: Flag = False) -> Facts:
    """Dropout that keeps mean and variance, for networks with `SELU`: dropped elements get its lowest value.

    No weights, no operations at inference. Backpropagation keeps a factor per element.
    """
    return _dropped(x, p, Kept("factors", x))


@layer(role="alpha dropout")
def FeatureAlphaDropout(x: Shape, *, p: Rate = 0.5, inplace: Flag = False) -> Facts:
    """AlphaDropout of whole channels of `(C, ...)`; the shape stays.

    No weights, no operations at inference. Backpropagation keeps a factor per channel of each sample.
    """
    if len(x) < 2:
        raise Problem("SHP204", f"FeatureAlphaDropout needs an input with channels, got {show_shape(x)}")
    return _by_channel(x, p)
