"""Operations of ONNX that sum up along axes, normalise, or work on rows."""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.arithmetic import contents
from cnnsum.layers.arithmetic.axes import without, work_along
from cnnsum.layers.arithmetic.contents import Operation
from cnnsum.layers.arithmetic.normalization import (
    STATISTICS,
    normalized_by_batch,
    normalized_by_group,
    normalized_by_row,
    normalized_by_size,
)
from cnnsum.layers.arithmetic.programs import axes_of, reduced
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Shape, seen_along, show_shape, size
from cnnsum.layers.kinds import Ints, PlainInt, Pos, Real, Text
from cnnsum.layers.onnx.fields import DOMAIN, MICROSOFT, Code, Switch, axis_from
from cnnsum.layers.requiring import axis_of, require_axes, require_equal, require_multiple

#: Reductions: operations per element of the input, less so many per output element, what backpropagation keeps, what
#: they do with two numbers.
REDUCTIONS: dict[str, tuple[int, int, str, Operation | None]] = {
    "ReduceSum": (1, 1, "", contents.plus),
    "ReduceMean": (1, 0, "", None),
    "ReduceProd": (1, 1, "input", contents.times),
    "ReduceMax": (1, 1, "both", contents.largest),
    "ReduceMin": (1, 1, "both", contents.smallest),
    "ReduceL1": (2, 1, "input", None),
    "ReduceL2": (2, 0, "both", None),
    "ReduceSumSquare": (2, 1, "input", None),
    "ReduceLogSum": (1, 0, "both", None),
    "ReduceLogSumExp": (4, 0, "both", None),
}


def _reduction(name: str, ops: int, less: int, keeps: str, operation: Operation | None) -> Rule:
    def rule(
        x: Shape,
        tensor: Shape | None = None,
        *,
        axes: Ints | None = None,
        keepdims: Switch = True,
        noop_with_empty_axes: Switch = False,
    ) -> Facts:
        given = axes_of(x, axes, tensor, name) if axes is not None or tensor is not None else ()
        if given is None:
            return Facts((UNKNOWN,) * len(x) if keepdims else None, ops=UNKNOWN, dtype="first", window=NOT_FOLLOWED)
        if not given and noop_with_empty_axes:
            return Facts(x, ops=ops * size(x), keeps_input=keeps != "", dtype="first")
        places = given or tuple(range(len(x)))
        facts = reduced(x, places, keepdims, (ops, less), keeps, operation)
        facts.window = seen_along(x, places, "channels_first") if x else None
        return facts

    return named(rule, name, f"`{name}` along axes, or of all elements. Operations: {ops} per element of the input.")


for _name, _how in REDUCTIONS.items():
    layer(key=f"{DOMAIN}.{_name}", name=_name, reads=True)(_reduction(_name, *_how))


@layer(key=f"{DOMAIN}.ArgMax", name="ArgMax", aliases=f"{DOMAIN}.ArgMin")
def arg_max(x: Shape, *, axis: PlainInt = 0, keepdims: Switch = True) -> Facts:
    """The place of the largest, or of the smallest, along an axis. Operations: 1 per element of the input."""
    at = axis_of(x, axis, "ArgMax")
    out = without(x, (at,), keepdims=keepdims)
    work, rows = work_along(x, out, 1, 1)
    window = seen_along(x, (at,), "channels_first")
    return Facts(out, ops=work, rows=rows, gradient="none", dtype="int64", window=window)


# --- rows -------------------------------------------------------------------------------------------------------------


def _rows(name: str, ops: int) -> Rule:
    def rule(x: Shape, *, axis: PlainInt | None = None, opset: PlainInt = 99) -> Facts:
        # Before version 13 the axes from `axis` on are one row.
        at = axis_from(x, (-1 if opset >= 13 else 1) if axis is None else axis, name)
        places = (at,) if opset >= 13 else tuple(range(at, len(x)))
        window = seen_along(x, places, "channels_first") if places and at < len(x) else None
        return Facts(x, ops=ops * size(x), keeps_output=True, dtype="first", window=window)

    return named(rule, name, f"`{name}` of rows along an axis. Operations: {ops} per element.")


for _name, _ops in (("Softmax", 5), ("LogSoftmax", 5), ("Hardmax", 2)):
    layer(key=f"{DOMAIN}.{_name}", name=_name)(_rows(_name, _ops))


@layer(key=f"{DOMAIN}.LpNormalization", name="LpNormalization")
def lp_normalization(x: Shape, *, axis: PlainInt = -1, p: PlainInt = 2) -> Facts:
    """Divide by the norm along an axis. Operations: 3 per element. Backpropagation keeps the input."""
    at = axis_of(x, axis, "LpNormalization")
    window = seen_along(x, (at,), "channels_first")
    return Facts(x, ops=3 * size(x), keeps_input=True, dtype="first", window=window)


# --- normalisation ----------------------------------------------------------------------------------------------------


def _of_channels(x: Shape, vectors: tuple[Shape | None, ...], what: str) -> None:
    require_axes(x, 2, what)
    for vector in vectors:
        if vector:
            require_equal(vector[0], x[1], f"{what} of {vector[0]} channels, got {show_shape(x)}")


@layer(key=f"{DOMAIN}.BatchNormalization", name="BatchNormalization")
def batch_normalization(
    x: Shape,
    scale: Shape,
    bias: Shape,
    mean: Shape,
    var: Shape,
    *,
    training_mode: Switch = False,
    outputs: PlainInt = 1,
) -> Facts:
    """Normalise each channel by mean and deviation: the stored ones, or in training those of the batch, which are then
    further outputs.

    Operations: 2 per element. Backpropagation keeps the input, and mean and inverse deviation.
    """
    if len(x) == 1:
        x_channels: Shape = (x[0], 1)
        _of_channels(x_channels, (scale, bias, mean, var), "BatchNormalization")
    else:
        _of_channels(x, (scale, bias, mean, var), "BatchNormalization")
    facts = normalized_by_batch(x, scale, ())
    facts.outputs = (x, *(mean, var, mean, var)[: max(outputs, 1) - 1])
    facts.dtype = "first"
    facts.rest = "float32" if outputs > 1 else None
    return facts


@layer(key=f"{DOMAIN}.InstanceNormalization", name="InstanceNormalization")
def instance_normalization(x: Shape, scale: Shape, bias: Shape) -> Facts:
    """Normalise each channel of each sample. Operations: 7 per element. Backpropagation keeps the input."""
    _of_channels(x, (scale, bias), "InstanceNormalization")
    facts = normalized_by_group(x, x[1], ())
    facts.ops = facts.ops + 2 * size(x)
    facts.dtype = "first"
    return facts


@layer(key=f"{DOMAIN}.GroupNormalization", name="GroupNormalization")
def group_normalization(x: Shape, scale: Shape, bias: Shape, *, num_groups: Pos) -> Facts:
    """Normalise groups of channels of each sample. Operations: 7 per element. Backpropagation keeps the input."""
    require_axes(x, 2, "GroupNormalization")
    require_multiple(x[1], num_groups, f"GroupNormalization needs channels that are a multiple of {num_groups}")
    facts = normalized_by_group(x, num_groups, ())
    facts.ops = facts.ops + 2 * size(x)
    facts.dtype = "first"
    return facts


def _last(x: Shape, axis: int, what: str) -> tuple[int, ...]:
    return tuple(range(axis_of(x, axis, what), len(x)))


@layer(key=f"{DOMAIN}.LayerNormalization", name="LayerNormalization")
def layer_normalization(
    x: Shape,
    scale: Shape,
    bias: Shape | None = None,
    *,
    axis: PlainInt = -1,
    stash_type: Code = "float32",
    outputs: PlainInt = 1,
) -> Facts:
    """Normalise the axes from `axis` on; mean and inverse deviation as further outputs.

    Operations: 5 per element, and one each for scale and shift. Backpropagation keeps the input, and mean and inverse
    deviation of each row.
    """
    places = _last(x, axis, "LayerNormalization")
    facts = normalized_by_row(x, places, (), "channels_first")
    facts.ops = facts.ops + (1 if bias is None else 2) * size(x)
    rows = without(x, places, keepdims=True)
    facts.outputs = (x, rows, rows)[: max(outputs, 1)]
    facts.dtype, facts.rest = "first", stash_type
    return facts


@layer(key=f"{DOMAIN}.RMSNormalization", name="RMSNormalization")
def rms_normalization(x: Shape, scale: Shape, *, axis: PlainInt = -1) -> Facts:
    """Divide by the root of the mean square of the axes from `axis` on. Operations: 4 per element. Backpropagation
    keeps the input.
    """
    facts = normalized_by_size(x, _last(x, axis, "RMSNormalization"), (), "channels_first")
    facts.ops = facts.ops + size(x)
    facts.dtype = "first"
    return facts


def _skipped(name: str, ops: int) -> Rule:
    def rule(
        x: Shape,
        skip: Shape,
        scale: Shape,
        second: Shape | None = None,
        third: Shape | None = None,
        *,
        outputs: PlainInt = 1,
    ) -> Facts:
        places = (len(x) - 1,) if x else ()
        facts = normalized_by_row(x, places, (), "channels_first")
        facts.ops = ops * size(x)
        rows = without(x, places, keepdims=True)
        facts.outputs = (x, rows, rows, x)[: max(outputs, 1)]
        facts.dtype, facts.rest = "first", STATISTICS
        return facts

    return named(rule, name, f"The sum of two tensors, its last axis normalised. Operations: {ops} per element.")


for _name, _ops in (("SkipLayerNormalization", 8), ("SkipSimplifiedLayerNormalization", 5)):
    layer(key=f"{MICROSOFT}.{_name}", name=_name)(_skipped(_name, _ops))


@layer(key=f"{DOMAIN}.SimplifiedLayerNormalization", name="SimplifiedLayerNormalization")
def simplified(x: Shape, scale: Shape, *, axis: PlainInt = -1, outputs: PlainInt = 1) -> Facts:
    """Divide by the root of the mean square of the axes from `axis` on. Operations: 4 per element."""
    facts = rms_normalization(x, scale, axis=axis)
    rows = without(x, _last(x, axis, "SimplifiedLayerNormalization"), keepdims=True)
    facts.outputs = (x, rows)[: max(outputs, 1)]
    facts.rest = STATISTICS
    return facts


# --- losses -----------------------------------------------------------------------------------------------------------


def _loss(name: str, ops: int) -> Rule:
    def rule(
        x: Shape, target: Shape, weights: Shape | None = None, *, reduction: Text = "mean", outputs: PlainInt = 1
    ) -> Facts:
        require_axes(x, 2, name)
        out = (x[0], *x[2:]) if reduction == "none" else ()
        found = (out, x)[: max(outputs, 1)]
        rows: Dim | None = None if out else 1
        return Facts(
            *found,
            ops=ops * (size(x) if out else prod(x)),
            rows=rows,
            keeps_input=True,
            dtype="first",
            window=EVERYTHING,
        )

    return named(rule, name, f"A loss over the second axis. Operations: {ops} per element of the input.")


for _name, _ops in (("SoftmaxCrossEntropyLoss", 6), ("NegativeLogLikelihoodLoss", 1)):
    layer(key=f"{DOMAIN}.{_name}", name=_name)(_loss(_name, _ops))


@layer(key=f"{DOMAIN}.SwiGLU", name="SwiGLU")
def swiglu(x: Shape, other: Shape | None = None, *, axis: PlainInt = -1, alpha: Real = 1.0) -> Facts:
    """One half of an axis, or one tensor, times swish of the other. Operations: 5 per output element."""
    if other is not None:
        return Facts(x, ops=5 * size(x), keeps_input=True, dtype="first")
    at = axis_of(x, axis, "SwiGLU")
    require_multiple(x[at], 2, f"SwiGLU needs an even size on axis {at}, got {show_shape(x)}")
    out = (*x[:at], x[at] // 2, *x[at + 1 :])
    return Facts(out, ops=5 * size(out), keeps_input=True, dtype="first")
