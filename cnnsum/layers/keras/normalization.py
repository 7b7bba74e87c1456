"""Layers that shift and scale, in Keras's words: by the statistics of a batch, a row or a group, or by constants."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.normalization import (
    known_shape,
    normalized_by_batch,
    normalized_by_group,
    normalized_by_row,
    normalized_by_size,
    places_of_rows,
)
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, seen_along, show_shape, size
from cnnsum.layers.kinds import Axes, Flag, Int, Kind, NumberOrNumbers, Reading, Real, integer, real, wrong
from cnnsum.layers.requiring import axis_of, require_equal, require_known, require_multiple
from cnnsum.typed import Annotated, Literal


def _one_axis(value: object, reading: Reading) -> int:
    """Keras 2 wrote an axis as a list of one."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    axis = integer(value, reading, "an axis")
    if not isinstance(axis, int):
        raise wrong("an axis, which cannot depend on a symbol", axis)
    return axis


Axis = Annotated[int, Kind("an axis", _one_axis)]


_CLIPPING = "a mapping of rmin, rmax and dmax to numbers"


def _clipping(value: object, reading: Reading) -> tuple[tuple[str, float], ...]:
    """The bounds of batch renormalization, which Keras 2 has."""
    if not isinstance(value, dict) or not {*value} <= {"rmin", "rmax", "dmax"}:
        raise wrong(_CLIPPING, value)
    found = []
    for name, bound in value.items():
        try:
            found.append((name, real(bound, reading)))
        except Problem as problem:
            problem.field = (name, *problem.field)
            raise
    return tuple(found)


Clipping = Annotated[tuple[tuple[str, float], ...], Kind(_CLIPPING, _clipping, spell=dict)]


@layer(
    role="batch normalization",
    weights="gamma beta moving_mean moving_variance",
    ignored="virtual_batch_size adjustment fused",
)
def BatchNormalization(
    x: Shape,
    *,
    axis: Axis = -1,
    momentum: Real = 0.99,
    epsilon: Real = 1e-3,
    center: Flag = True,
    scale: Flag = True,
    renorm: Flag = False,
    renorm_clipping: Clipping | None = None,
    renorm_momentum: Real = 0.99,
    synchronized: Flag = False,
) -> Facts:
    """Normalise every channel by the mean and deviation that it has over the batch; the shape stays.

    Weights, one number per channel each: gamma (`scale`), beta (`center`), and not trainable moving_mean and
    moving_variance; with `renorm` also moving_stddev, renorm_mean and renorm_stddev. Every place of an image shares the
    numbers of its channel. Operations: 2 per element, as the four vectors fold into one factor and one summand.
    Backpropagation keeps the input, and mean and inverse deviation per channel; frozen, when it works with the moving
    statistics, nothing.
    """
    place = axis_of(x, axis, "BatchNormalization")
    depth = x[place]
    if not isinstance(depth, int):
        require_known(depth, x, "BatchNormalization")
    shape = (depth,)
    weights: list[Weight] = []
    if scale:
        weights.append(Weight("gamma", shape, cast=False))
    if center:
        weights.append(Weight("beta", shape, cast=False))
    statistics = ["moving_mean", "moving_variance"]
    if renorm:
        statistics += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    weights += [Weight(name, shape, trainable=False, cast=False) for name in statistics]
    # Frozen, it works with its moving statistics: a product and a sum, whose gradient needs nothing of the input.
    use: Literal["weights", ""] = "weights" if scale or center else ""
    return normalized_by_batch(x, shape, tuple(weights), use)


@layer(role="layer normalization", weights="gamma beta")
def LayerNormalization(
    x: Shape,
    *,
    axis: Axes = (-1,),
    epsilon: Real = 1e-3,
    center: Flag = True,
    scale: Flag = True,
    rms_scaling: Flag = False,
) -> Facts:
    """Normalise every sample by its own mean and deviation over `axis`; the shape stays.

    Weights of the shape of the normalised axes: gamma (`scale`), beta (`center`). With `rms_scaling`, gamma always and
    beta never. Operations: 5 per element, and one each for gamma and beta. Backpropagation keeps the input, and mean
    and inverse deviation per row.
    """
    places = places_of_rows(x, axis, "LayerNormalization")
    shape = known_shape(x, places, "LayerNormalization") if scale or center or rms_scaling else ()
    weights: tuple[Weight, ...] = ()
    if scale or rms_scaling:
        weights = (Weight("gamma", shape, cast=False),)
    if center and not rms_scaling:
        weights += (Weight("beta", shape, cast=False),)
    return normalized_by_row(x, places, weights)


@layer(role="group normalization", weights="gamma beta")
def GroupNormalization(
    x: Shape, *, groups: Int = 32, axis: Axis = -1, epsilon: Real = 1e-3, center: Flag = True, scale: Flag = True
) -> Facts:
    """Divide the channels into groups; normalise each, in each sample, by its mean and deviation; the shape stays.

    `groups` must divide the channels; -1 is one group per channel (instance normalisation), 1 is one for all of them.
    Weights, one number per channel each: gamma (`scale`), beta (`center`). Operations: 5 per element, and one each for
    gamma and beta. Backpropagation keeps the input, and mean and inverse deviation per sample and group.
    """
    depth = x[axis_of(x, axis, "GroupNormalization")]
    if not isinstance(depth, int):
        require_known(depth, x, "GroupNormalization")
    if groups == -1:
        groups = depth
    elif isinstance(groups, int) and groups < 1:
        raise Problem(
            "CFG106", f"`groups` must be a positive integer, or -1 for one per channel, got {groups}", "groups"
        )
    require_multiple(
        depth, groups, f"{groups} groups must divide the channels of {show_shape(x)}, got {depth}", field="groups"
    )
    weights: tuple[Weight, ...] = ()
    if scale:
        weights = (Weight("gamma", (depth,), cast=False),)
    if center:
        weights += (Weight("beta", (depth,), cast=False),)
    return normalized_by_group(x, groups, weights)


@layer(role="rms normalization", weights="scale")
def RMSNormalization(x: Shape, *, axis: Axes = (-1,), epsilon: Real = 1e-6) -> Facts:
    """Divide every sample by its root mean square over `axis`, and scale; the shape stays.

    Weights: scale, of the shape of the normalised axes. Operations: 4 per element (square, sum, two products).
    Backpropagation keeps the input, and the inverse root mean square per row.
    """
    places = places_of_rows(x, axis, "RMSNormalization")
    return normalized_by_size(x, places, (Weight("scale", known_shape(x, places, "RMSNormalization")),))


@layer(role="unit normalization", built=True)
def UnitNormalization(x: Shape, *, axis: Axes = (-1,)) -> Facts:
    """Divide every sample by its Euclidean length over `axis`; the shape stays.

    No weights. Operations: 3 per element (square, sum, product). Backpropagation keeps the output, and the length per
    row.
    """
    from cnnsum.layers.arithmetic.axes import without

    places = places_of_rows(x, axis, "UnitNormalization")
    return Facts(
        x,
        ops=3 * size(x),
        keeps_output=True,
        kept=(Kept("length", without(x, places, keepdims=False)),),
        window=seen_along(x, places),
    )


@layer(role="standardization")
def Normalization(
    x: Shape,
    *,
    axis: Axes | None = (-1,),
    mean: NumberOrNumbers | None = None,
    variance: NumberOrNumbers | None = None,
    invert: Flag = False,
) -> Facts:
    """Shift and scale by constants to mean 0 and variance 1 along `axis`, or back with `invert`; the shape stays.

    `mean` and `variance` are both given, as numbers or lists; or neither, and then they are learned from data before
    training and held by weights. Weights: mean and variance of the shape of the kept axes, and count, none trainable.
    For an image of 3 channels that is 3 + 3 + 1 = 7 numbers. `axis: null` has one mean and variance for everything.
    Operations: 2 per element. Backpropagation keeps nothing.
    """
    places = tuple(sorted([axis_of(x, one, "Normalization") for one in axis])) if axis else ()
    shape = known_shape(x, places, "Normalization")
    weights: tuple[Weight, ...] = ()
    if mean is None and variance is None:
        weights = (
            Weight("mean", shape, trainable=False),
            Weight("variance", shape, trainable=False),
            Weight("count", (), trainable=False, dtype="int"),
        )
    else:
        _check_statistics(mean, variance, shape)
    return Facts(x, weights=weights, ops=2 * size(x), alias="inplace")


def _check_statistics(mean: object, variance: object, shape: Shape) -> None:
    if mean is None or variance is None:
        raise Problem(
            "CFG107",
            "Normalization needs both `mean` and `variance`, or neither, got only "
            + ("`variance`" if mean is None else "`mean`"),
            "variance" if mean is None else "mean",
        )
    given = _shape_of(mean)
    if given != _shape_of(variance):
        raise Problem(
            "CFG107",
            "`mean` and `variance` must have the same shape, "
            f"got {show_shape(given)} and {show_shape(_shape_of(variance))}",
            "variance",
        )
    if len(given) > len(shape):
        raise Problem(
            "CFG107",
            f"`mean` must have at most as many axes as `axis` names, {len(shape)}, got the shape {show_shape(given)}",
            "mean",
        )
    for own, dim in zip(reversed(given), reversed(shape), strict=False):
        if own != 1:
            require_equal(
                own,
                dim,
                f"`mean` must fit the kept axes {show_shape(shape)}, got the shape {show_shape(given)}",
                code="SHP208",
            )


def _shape_of(value: object) -> Shape:
    """The shape of numbers in nested lists; a number has the shape ()."""
    shape: list[Dim] = []
    while isinstance(value, tuple) and value:
        shape.append(len(value))
        value = value[0]
    return tuple(shape)


@layer(role="rescaling")
def Rescaling(x: Shape, *, scale: NumberOrNumbers, offset: NumberOrNumbers = 0.0) -> Facts:
    """Multiply by `scale` and add `offset`, numbers or lists of one number per channel; the shape stays.

    No weights. Operations: 1 per element, 2 with an offset. Backpropagation keeps nothing.
    """
    for field, value in (("scale", scale), ("offset", offset)):
        given = _shape_of(value)
        if given and given[-1] != 1:
            require_equal(
                given[-1],
                x[-1],
                f"`{field}` must have one number or one per channel of {show_shape(x)}, got {given[-1]}",
                code="SHP208",
            )
    return Facts(x, ops=size(x) if offset == 0 else 2 * size(x), alias="inplace")
