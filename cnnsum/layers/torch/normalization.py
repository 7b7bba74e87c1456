"""Layers that shift and scale by statistics, in PyTorch's words: of a batch, of a row, of a group, of neighbours."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.normalization import (
    STATISTICS,
    normalized_by_batch,
    normalized_by_group,
    normalized_by_neighbours,
    normalized_by_row,
    normalized_by_size,
)
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, show_shape, size, with_shape
from cnnsum.layers.kinds import Anything, Flag, Pos, Real
from cnnsum.layers.requiring import require_at_least, require_equal, require_multiple, require_rank
from cnnsum.layers.torch.fields import Lengths, given_channels


def _vectors(shape: Shape, affine: bool, bias: bool) -> tuple[Weight, ...]:
    """A factor and a summand for each of what is normalised."""
    if not affine:
        return ()
    weight = Weight("weight", shape, cast=False)
    return (weight, Weight("bias", shape, cast=False)) if bias else (weight,)


def _running(depth: Dim, tracked: bool) -> tuple[Weight, ...]:
    """The statistics that are stored for inference, and how many batches they were taken from."""
    if not tracked:
        return ()
    return (
        Weight("running_mean", (depth,), trainable=False, dtype=STATISTICS, cast=False, buffer=True),
        Weight("running_var", (depth,), trainable=False, dtype=STATISTICS, cast=False, buffer=True),
        Weight("num_batches_tracked", (), trainable=False, dtype="int64", cast=False, buffer=True),
    )


def _by_batch(x: Shape, what: str, num_features: Dim | None, affine: bool, tracked: bool, bias: bool) -> Facts:
    # Without vectors PyTorch does not mind another number of channels.
    depth = given_channels(x, 1, num_features if affine or tracked else None, what, "num_features")
    vectors = _vectors((depth,), affine, bias)
    facts = normalized_by_batch(x, (depth,), (*vectors, *_running(depth, tracked)))
    if not tracked:
        # The statistics are those of the batch in inference, too.
        facts.ops = (5 + len(vectors)) * size(x)
        facts.alias = ""
    return facts


@layer(role="batch normalization", weights="weight bias", lazy="LazyBatchNorm1d")
def BatchNorm1d(
    x: Shape,
    *,
    num_features: Pos | None = None,
    eps: Real = 1e-5,
    momentum: Real | None = 0.1,
    affine: Flag = True,
    track_running_stats: Flag = True,
    bias: Flag = True,
) -> Facts:
    """Normalise every channel of `(C)` or `(C, T)` by its mean and deviation over the batch; the shape stays.

    Weights: weight and bias with `affine`, `C` each; with `track_running_stats` the buffers running_mean and
    running_var, `C` each, and num_batches_tracked, a number.
    Operations: 2 per element, as the four vectors fold into one factor and one summand; without running statistics 5,
    and one each for weight and bias.
    Backpropagation keeps the input, and mean and inverse deviation per channel.
    """
    require_rank(x, (2, 3), "BatchNorm1d")
    return _by_batch(x, "BatchNorm1d", num_features, affine, track_running_stats, bias)


@layer(role="batch normalization", weights="weight bias", lazy="LazyBatchNorm2d")
def BatchNorm2d(
    x: Shape,
    *,
    num_features: Pos | None = None,
    eps: Real = 1e-5,
    momentum: Real | None = 0.1,
    affine: Flag = True,
    track_running_stats: Flag = True,
    bias: Flag = True,
) -> Facts:
    """Normalise every channel of an image `(C, H, W)` by its mean and deviation over the batch; the shape stays.

    Weights: weight and bias with `affine`, `C` each; with `track_running_stats` the buffers running_mean and
    running_var, `C` each, and num_batches_tracked, a number. Every place of an image shares the numbers of its channel.
    Operations: 2 per element, as the four vectors fold into one factor and one summand; without running statistics 5,
    and one each for weight and bias.
    Backpropagation keeps the input, and mean and inverse deviation per channel.
    """
    require_rank(x, 4, "BatchNorm2d")
    return _by_batch(x, "BatchNorm2d", num_features, affine, track_running_stats, bias)


@layer(role="batch normalization", weights="weight bias", lazy="LazyBatchNorm3d")
def BatchNorm3d(
    x: Shape,
    *,
    num_features: Pos | None = None,
    eps: Real = 1e-5,
    momentum: Real | None = 0.1,
    affine: Flag = True,
    track_running_stats: Flag = True,
    bias: Flag = True,
) -> Facts:
    """Normalise every channel of a volume `(C, D, H, W)` by its mean and deviation over the batch; the shape stays.

    Weights: weight and bias with `affine`, `C` each; with `track_running_stats` the buffers running_mean and
    running_var, `C` each, and num_batches_tracked, a number.
    Operations: 2 per element, as the four vectors fold into one factor and one summand; without running statistics 5,
    and one each for weight and bias.
    Backpropagation keeps the input, and mean and inverse deviation per channel.
    """
    require_rank(x, 5, "BatchNorm3d")
    return _by_batch(x, "BatchNorm3d", num_features, affine, track_running_stats, bias)


@layer(role="batch normalization", weights="weight bias")
def SyncBatchNorm(
    x: Shape,
    *,
    num_features: Pos | None = None,
    eps: Real = 1e-5,
    momentum: Real | None = 0.1,
    affine: Flag = True,
    track_running_stats: Flag = True,
    process_group: Anything | None = None,
    bias: Flag = True,
) -> Facts:
    """Normalise every channel by its mean and deviation over the batches of all processes; the shape stays.

    Weights: weight and bias with `affine`, `C` each; with `track_running_stats` the buffers running_mean and
    running_var, `C` each, and num_batches_tracked, a number.
    Operations: 2 per element, as the four vectors fold into one factor and one summand; without running statistics 5,
    and one each for weight and bias.
    Backpropagation keeps the input, and mean and inverse deviation per channel.
    """
    return _by_batch(x, "SyncBatchNorm", num_features, affine, track_running_stats, bias)


def _by_instance(x: Shape, axes: int, num_features: Dim | None, affine: bool, tracked: bool, bias: bool) -> Facts:
    what = f"InstanceNorm{axes}d"
    require_rank(x, axes + 2, what)
    depth = given_channels(x, 1, num_features if affine or tracked else None, what, "num_features")
    if not tracked:
        reason = f"{what} needs 2 positions or more in each channel"
        require_at_least(prod(x[2:]), 2, with_shape(reason, x), field="num_features")
    vectors = _vectors((depth,), affine, bias)
    facts = normalized_by_group(x, depth, vectors)
    # PyTorch takes the channels of all samples for those of one, and repeats the vectors for that.
    repeated = ["weight, repeated"] if affine else []
    if tracked:
        # They are what inference works with, as in batch normalisation.
        facts.ops = 2 * size(x)
        facts.window = None
        facts.alias = "inplace"
        facts.weights = (*vectors, *_running(depth, tracked))
        repeated += ["running mean, repeated", "running variance, repeated"]
    facts.kept = (*facts.kept, *[Kept(name, (x[0], depth), STATISTICS) for name in repeated])
    return facts


@layer(role="instance normalization", weights="weight bias", lazy="LazyInstanceNorm1d")
def InstanceNorm1d(
    x: Shape,
    *,
    num_features: Pos | None = None,
    eps: Real = 1e-5,
    momentum: Real | None = 0.1,
    affine: Flag = False,
    track_running_stats: Flag = False,
    bias: Flag = True,
) -> Facts:
    """Normalise every channel of every sequence `(C, T)` by its own mean and deviation; the shape stays.

    Weights: weight and bias with `affine`, `C` each; with `track_running_stats` the buffers running_mean and
    running_var, `C` each, and num_batches_tracked, a number.
    Operations: 5 per element, and one each for weight and bias; 2 with running statistics.
    Backpropagation keeps the input, and per sample and channel mean and inverse deviation, the weight and the running
    statistics where there are any.
    """
    return _by_instance(x, 1, num_features, affine, track_running_stats, bias)


@layer(role="instance normalization", weights="weight bias", lazy="LazyInstanceNorm2d")
def InstanceNorm2d(
    x: Shape,
    *,
    num_features: Pos | None = None,
    eps: Real = 1e-5,
    momentum: Real | None = 0.1,
    affine: Flag = False,
    track_running_stats: Flag = False,
    bias: Flag = True,
) -> Facts:
    """Normalise every channel of every image `(C, H, W)` by its own mean and deviation; the shape stays.

    Weights: weight and bias with `affine`, `C` each; with `track_running_stats` the buffers running_mean and
    running_var, `C` each, and num_batches_tracked, a number.
    Operations: 5 per element, and one each for weight and bias; 2 with running statistics.
    Backpropagation keeps the input, and per sample and channel mean and inverse deviation, the weight and the running
    statistics where there are any.
    """
    return _by_instance(x, 2, num_features, affine, track_running_stats, bias)


@layer(role="instance normalization", weights="weight bias", lazy="LazyInstanceNorm3d")
def InstanceNorm3d(
    x: Shape,
    *,
    num_features: Pos | None = None,
    eps: Real = 1e-5,
    momentum: Real | None = 0.1,
    affine: Flag = False,
    track_running_stats: Flag = False,
    bias: Flag = True,
) -> Facts:
    """Normalise every channel of every volume `(C, D, H, W)` by its own mean and deviation; the shape stays.

    Weights: weight and bias with `affine`, `C` each; with `track_running_stats` the buffers running_mean and
    running_var, `C` each, and num_batches_tracked, a number.
    Operations: 5 per element, and one each for weight and bias; 2 with running statistics.
    Backpropagation keeps the input, and per sample and channel mean and inverse deviation, the weight and the running
    statistics where there are any.
    """
    return _by_instance(x, 3, num_features, affine, track_running_stats, bias)


def _last_axes(x: Shape, normalized_shape: Shape, what: str) -> tuple[int, ...]:
    """The axes at the end of the input, which must be of this shape."""
    count = len(normalized_shape)
    reason = f"{what} needs an input that ends in {show_shape(normalized_shape)}, got {show_shape(x)}"
    if len(x) < count:
        raise Problem("SHP204", reason, "normalized_shape")
    for own, wanted in zip(x[-count:], normalized_shape, strict=True):
        require_equal(own, wanted, reason, field="normalized_shape")
    return tuple(range(len(x) - count, len(x)))


@layer(role="layer normalization", weights="weight bias")
def LayerNorm(
    x: Shape,
    *,
    normalized_shape: Lengths,
    eps: Real = 1e-5,
    elementwise_affine: Flag = True,
    bias: Flag = True,
) -> Facts:
    """Normalise by mean and deviation over the last axes, which are of the `normalized_shape`; the shape stays.

    Weights of that shape: weight and bias with `elementwise_affine`. Operations: 5 per element, and one each for weight
    and bias. Backpropagation keeps the input, and mean and inverse deviation per row.
    """
    places = _last_axes(x, normalized_shape, "LayerNorm")
    return normalized_by_row(x, places, _vectors(normalized_shape, elementwise_affine, bias), "channels_first")


@layer(role="group normalization", weights="weight bias")
def GroupNorm(
    x: Shape,
    *,
    num_groups: Pos,
    num_channels: Pos | None = None,
    eps: Real = 1e-5,
    affine: Flag = True,
    bias: Flag = True,
) -> Facts:
    """Divide the channels into groups; normalise each, in each sample, by its mean and deviation; the shape stays.

    `num_groups` must divide the channels.
    Weights: weight and bias with `affine`, `C` each. Operations: 5 per element, and one each for weight and bias.
    Backpropagation keeps the input, and mean and inverse deviation per sample and group.
    """
    if num_channels is not None:
        reason = f"GroupNorm needs a num_channels that is a multiple of num_groups, got {num_channels} and {num_groups}"
        require_multiple(num_channels, num_groups, reason, field="num_channels", code="CFG110")
    depth = given_channels(x, 1, num_channels if affine else None, "GroupNorm", "num_channels")
    reason = f"{num_groups} groups must divide the channels of {show_shape(x)}, got {depth}"
    require_multiple(depth, num_groups, reason, field="num_groups")
    return normalized_by_group(x, num_groups, _vectors((depth,), affine, bias))


@layer(role="rms normalization", weights="weight")
def RMSNorm(x: Shape, *, normalized_shape: Lengths, eps: Real | None = None, elementwise_affine: Flag = True) -> Facts:
    """Divide by the root mean square over the last axes, which are of the `normalized_shape`; the shape stays.

    Weights: weight of that shape with `elementwise_affine`. Operations: 3 per element (square, sum, product), and one
    for the weight. Backpropagation keeps the input, and the inverse root mean square per row.
    """
    places = _last_axes(x, normalized_shape, "RMSNorm")
    return normalized_by_size(x, places, _vectors(normalized_shape, elementwise_affine, bias=False), "channels_first")


@layer
def LocalResponseNorm(x: Shape, *, size: Pos, alpha: Real = 1e-4, beta: Real = 0.75, k: Real = 1.0) -> Facts:
    """Divide by a power of the mean square over `size` channels around each; the shape stays.

    No weights. Operations: `size + 5` per element: a square, their mean, a product, a sum, a power, a quotient.
    Backpropagation keeps the input, the squares with zeros around the channels, the base of the power, and the divisor.
    """
    if len(x) < 3:
        raise Problem("SHP204", f"LocalResponseNorm needs an input of rank 3 or more, got {show_shape(x)}")
    return normalized_by_neighbours(x, size)
