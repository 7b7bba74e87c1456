"""Operations of exported programs that sum up: means and maxima along axes, pooling, normalisation, sorting; and those
that make a tensor of nothing but a size. Keys as in `aten_elementwise`.
"""

from __future__ import annotations

from math import ceil

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, ceil_div
from cnnsum.layers.arithmetic.axes import places_of, without, work_along
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.arithmetic.contents import ends_of
from cnnsum.layers.arithmetic.normalization import (
    normalized_by_batch,
    normalized_by_group,
    normalized_by_row,
    normalized_by_size,
)
from cnnsum.layers.arithmetic.pooling import pool, pool_adaptive, with_indices
from cnnsum.layers.arithmetic.slide import Sizes, Sliding
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, KeepsOutput, Kept, Sentence, Shape, seen_along, show_shape, size
from cnnsum.layers.kinds import Anything, Axes, Dtype, Flag, Nat, Naturals, PlainInt, Pos, Positives
from cnnsum.layers.requiring import axis_of, require_at_least, require_axes, require_equal, require_multiple
from cnnsum.layers.strides import ROWS
from cnnsum.layers.torch.fields import KERNEL, Number, over

#: Reductions: operations per element of the input, less so many per output element, what backpropagation keeps, the
#: dtype of the output, and whether the places of what was chosen are a second output.
REDUCTIONS: dict[str, tuple[int, int, str, str, bool]] = {
    "sum": (1, 1, "", "sum", False),
    "mean": (1, 0, "", "input", False),
    "prod": (1, 1, "both", "sum", False),
    "nansum": (1, 1, "", "sum", False),
    "nanmean": (1, 0, "input", "input", False),
    **dict.fromkeys(("linalg_norm", "linalg_matrix_norm", "nuclear_norm"), (2, 0, "both", "input", False)),
    "nanmedian": (1, 1, "both", "input", True),
    **dict.fromkeys(("amax", "amin"), (1, 1, "both", "input", False)),
    **dict.fromkeys(("argmax", "argmin"), (1, 1, "", "int64", False)),
    **dict.fromkeys(("any", "all"), (1, 1, "", "bool", False)),
    "var": (4, 0, "input", "input", False),
    "std": (4, 0, "both", "input", False),
    **dict.fromkeys(("norm", "linalg_vector_norm", "frobenius_norm"), (2, 0, "both", "input", False)),
    "logsumexp": (4, 0, "both", "input", False),
    "count_nonzero": (1, 1, "", "int64", False),
    **dict.fromkeys(("max", "min", "median"), (1, 1, "both", "input", True)),
}


def _reduction(name: str, ops: int, less: int, keeps: str, dtype: str, places: bool) -> Rule:
    given = dtype

    def rule(
        x: Shape,
        other: Shape | None = None,
        *,
        dim: Axes | None = None,
        keepdim: Flag = False,
        dtype: Dtype | None = None,
    ) -> Facts:
        dtype = dtype or given
        if other is not None:  # `torch.max` of two tensors
            out = broadcast((x, other), name)
            return Facts(out, ops=size(out), keeps_input=True, dtype="input")
        axes = places_of(x, dim or None, name, "dim") if x else ()
        out = without(x, axes, keepdims=keepdim)
        work, rows = work_along(x, out, ops, less)
        window = seen_along(x, axes, "channels_first") if x else None
        if places and dim is not None:
            # The indices of what was chosen tell where the gradient goes.
            return Facts(
                *(out, out), ops=work, rows=rows, keeps_output="rest", dtype=dtype, rest="int64", window=window
            )
        return Facts(
            out,
            ops=work,
            rows=rows,
            keeps_input=keeps in ("input", "both"),
            keeps_output=keeps == "both",
            dtype=dtype,
            window=window,
            strides=ROWS,
        )

    return named(rule, name, f"`{name}` along axes, or of all elements. Operations: {ops} per element of the input.")


#: By the name of the operation, for those who reduce by another name.
RULES = {name: _reduction(name, *how) for name, how in REDUCTIONS.items()}

#: Other names of reductions, of all elements of a tensor of truths.
_ALSO = {"all": "aten._is_all_true", "any": "aten._is_any_true"}

for _name, _reduced in RULES.items():
    layer(key=f"aten.{_name}", name=_name, aliases=_ALSO.get(_name, ""))(_reduced)


def _with_mean(name: str) -> Rule:
    def rule(x: Shape, *, dim: Axes | None = None, keepdim: Flag = False) -> Facts:
        axes = places_of(x, dim or None, name, "dim") if x else ()
        out = without(x, axes, keepdims=keepdim)
        work, rows = work_along(x, out, 4, 0)
        window = seen_along(x, axes, "channels_first") if x else None
        kept: KeepsOutput = "first" if name == "std_mean" else False
        return Facts(out, out, ops=work, rows=rows, keeps_input=True, keeps_output=kept, dtype="input", window=window)

    return named(rule, name, "The spread along axes, and the mean. Operations: 4 per element of the input.")


for _name in ("var_mean", "std_mean"):
    layer(key=f"aten.{_name}", name=_name)(_with_mean(_name))


@layer(key="aten.aminmax")
def aminmax(x: Shape, *, dim: PlainInt | None = None, keepdim: Flag = False) -> Facts:
    """The smallest and the largest along an axis, or of all elements. Operations: 2 per element of the input.
    Backpropagation keeps the input and both.
    """
    axes = places_of(x, None if dim is None else (dim,), "aminmax", "dim") if x else ()
    out = without(x, axes, keepdims=keepdim)
    work, rows = work_along(x, out, 2, 2)
    window = seen_along(x, axes, "channels_first") if x else None
    return Facts(out, out, ops=work, rows=rows, keeps_input=True, keeps_output=True, dtype="input", window=window)


@layer(key="aten.cummax", aliases="aten.cummin")
def cummax(x: Shape, *, dim: PlainInt) -> Facts:
    """The largest of the elements so far along an axis, and its place. Operations: 1 per element. Backpropagation keeps
    the input and the places.
    """
    axis_of(x, dim, "cummax", "dim")
    return Facts(x, x, ops=size(x), keeps_input=True, keeps_output="rest", dtype="input", rest="int64")


def _needs(what: str, count: Dim, axis: int, x: Shape) -> Sentence:
    return Sentence("{} of {} needs as many elements on axis {}, got {}", (what, count, axis, x))


@layer(key="aten.kthvalue")
def kthvalue(x: Shape, *, k: Pos, dim: PlainInt = -1, keepdim: Flag = False) -> Facts:
    """The element at place `k` of those along an axis in order, and where it is."""
    axis = axis_of(x, dim, "kthvalue", "dim") if x else 0
    require_at_least(x[axis] if x else 1, k, _needs("kthvalue", k, axis, x), field="k")
    out = without(x, (axis,) if x else (), keepdims=keepdim)
    return Facts(out, out, keeps_output="rest", dtype="input", rest="int64")


@layer(key="aten.mode")
def mode(x: Shape, *, dim: PlainInt = -1, keepdim: Flag = False) -> Facts:
    """The most frequent element along an axis, and where it is. Backpropagation keeps the places."""
    axis = axis_of(x, dim, "mode", "dim") if x else 0
    out = without(x, (axis,) if x else (), keepdims=keepdim)
    return Facts(out, out, keeps_output="rest", dtype="input", rest="int64")


@layer(key="aten.nonzero_static")
def nonzero_static(x: Shape, *, size: Nat) -> Facts:
    """The places of so many elements that are not 0: a row each."""
    return Facts((size, len(x)), gradient="none", dtype="int64")


@layer(key="aten.topk")
def topk(x: Shape, *, k: Nat, dim: PlainInt = -1) -> Facts:
    """The largest elements along an axis, and their places."""
    axis = axis_of(x, dim, "topk", "dim") if x else 0
    require_at_least(x[axis] if x else 1, k, _needs("topk", k, axis, x), field="k")
    out = (*x[:axis], k, *x[axis + 1 :]) if x else ()
    return Facts(out, out, kept=(Kept("indices", out, "int64"),), dtype="input", rest="int64")


@layer(key="aten.sort")
def sort(x: Shape, *, dim: PlainInt = -1) -> Facts:
    """The elements along an axis in order, and their places."""
    return Facts(x, x, kept=(Kept("indices", x, "int64"),), dtype="input", rest="int64")


@layer(key="aten.argsort")
def argsort(x: Shape, *, dim: PlainInt = -1) -> Facts:
    """The places of the elements along an axis in order."""
    return Facts(x, dtype="int64")


@layer(key="aten.one_hot")
def one_hot(x: Shape, *, num_classes: Pos) -> Facts:
    """A row with a single 1 for each number."""
    return Facts((*x, num_classes), dtype="int64")


# --- pooling ----------------------------------------------------------------------------------------------------------


def _windows(
    name: str, axes: int, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil: bool
) -> Sliding:
    kernel = over(kernel, axes, name, "kernel_size")
    pads = tuple([(amount, amount) for amount in over(padding, axes, name, "padding")])
    steps = over(stride, axes, name, "stride") if stride else kernel
    return Sliding(name, kernel, steps, over(dilation, axes, name, "dilation"), pads, "channels_first", KERNEL, ceil)


def _max_pool(name: str, axes: int, *, indices: bool) -> Rule:
    def rule(
        x: Shape,
        *,
        kernel_size: Positives,
        stride: Positives = (),
        padding: Naturals = (0,),
        dilation: Positives = (1,),
        ceil_mode: Flag = False,
    ) -> Facts:
        facts = pool(x, _windows(name, axes, kernel_size, stride, padding, dilation, ceil_mode), largest=True)
        facts.dtype = "input"
        return with_indices(facts) if indices else facts

    return named(rule, name, "The largest of each window, per channel. Backpropagation keeps the input and indices.")


def _avg_pool(name: str, axes: int) -> Rule:
    def rule(
        x: Shape, *, kernel_size: Positives, stride: Positives = (), padding: Naturals = (0,), ceil_mode: Flag = False
    ) -> Facts:
        facts = pool(x, _windows(name, axes, kernel_size, stride, padding, (1,), ceil_mode), largest=False)
        facts.dtype = "input"
        return facts

    return named(rule, name, "The mean of each window, per channel. Backpropagation keeps the input.")


def _adaptive(name: str, axes: int, *, largest: bool) -> Rule:
    def rule(x: Shape, *, output_size: Positives) -> Facts:
        facts = pool_adaptive(name, x, over(output_size, axes, name, "output_size"), "channels_first", largest=largest)
        facts.dtype = "input"
        return with_indices(facts) if largest else facts

    return named(rule, name, "The largest or the mean of as many windows as the output is to have, per channel.")


for _axes in (1, 2, 3):
    for _name, _rule in (
        (f"max_pool{_axes}d", _max_pool(f"max_pool{_axes}d", _axes, indices=False)),
        (f"max_pool{_axes}d_with_indices", _max_pool(f"max_pool{_axes}d", _axes, indices=True)),
        (f"avg_pool{_axes}d", _avg_pool(f"avg_pool{_axes}d", _axes)),
        (f"adaptive_avg_pool{_axes}d", _adaptive(f"adaptive_avg_pool{_axes}d", _axes, largest=False)),
        (f"_adaptive_avg_pool{_axes}d", _adaptive(f"adaptive_avg_pool{_axes}d", _axes, largest=False)),
        (f"adaptive_max_pool{_axes}d", _adaptive(f"adaptive_max_pool{_axes}d", _axes, largest=True)),
    ):
        layer(key=f"aten.{_name}", name=_name)(_rule)


# --- normalisation ----------------------------------------------------------------------------------------------------


def _channels(x: Shape, vectors: tuple[Shape | None, ...], what: str) -> None:
    require_axes(x, 2, what)
    for vector in vectors:
        if vector:
            require_equal(vector[0], x[1], f"{what} of {vector[0]} channels, got {show_shape(x)}")


@layer(
    key="aten.batch_norm",
    aliases="aten.native_batch_norm aten._native_batch_norm_legit aten._native_batch_norm_legit_functional "
    "aten.cudnn_batch_norm aten._batch_norm_with_update",
)
def batch_norm(
    x: Shape,
    weight: Shape | None = None,
    bias: Shape | None = None,
    running_mean: Shape | None = None,
    running_var: Shape | None = None,
    *,
    training: Flag = True,
) -> Facts:
    """Normalise each channel by mean and deviation, those of the batch or the running ones.

    Operations: 2 per element. Backpropagation keeps the input, and mean and inverse deviation of the batch.
    """
    _channels(x, (weight, bias, running_mean, running_var), "batch_norm")
    facts = normalized_by_batch(x, (x[1],), ())
    facts.dtype = "first"
    if not training:
        facts.kept = ()
    return facts


@layer(key="aten._native_batch_norm_legit_no_training", aliases="aten._batch_norm_no_update")
def batch_norm_inference(
    x: Shape,
    weight: Shape | None = None,
    bias: Shape | None = None,
    running_mean: Shape | None = None,
    running_var: Shape | None = None,
) -> Facts:
    """Normalise each channel by running mean and deviation. Operations: 2 per element.

    Backpropagation keeps the input.
    """
    return batch_norm(x, weight, bias, running_mean, running_var, training=False)


@layer(key="aten.instance_norm")
def instance_norm(
    x: Shape,
    weight: Shape | None = None,
    bias: Shape | None = None,
    running_mean: Shape | None = None,
    running_var: Shape | None = None,
) -> Facts:
    """Normalise each channel of each sample, with the weight repeated for each sample.

    Operations: 5 per element. Backpropagation keeps the input, mean and inverse deviation, and the weights.
    """
    _channels(x, (weight, bias, running_mean, running_var), "instance_norm")
    facts = normalized_by_group(x, x[1], ())
    if weight is not None:
        facts.kept += (Kept("weights", (x[0], x[1])),)
    facts.dtype = "first"
    return facts


def _last_axes(x: Shape, wanted: Shape, what: str) -> tuple[int, ...]:
    """The last axes of the input, which must be of the lengths wanted."""
    first = len(x) - len(wanted)
    if first < 0:
        raise Problem("SHP204", f"{what} over {len(wanted)} axes, got {show_shape(x)}", "normalized_shape")
    for own, length in zip(x[first:], wanted, strict=True):
        require_equal(own, length, f"{what} over {list(wanted)}, got {show_shape(x)}")
    return tuple(range(first, len(x)))


@layer(key="aten.layer_norm", aliases="aten.native_layer_norm")
def layer_norm(
    x: Shape, weight: Shape | None = None, bias: Shape | None = None, *, normalized_shape: Positives
) -> Facts:
    """Normalise the last axes, which must be `normalized_shape`.

    Operations: 5 per element, and one each for scale and shift. Backpropagation keeps the input, and mean and inverse
    deviation of each row.
    """
    facts = normalized_by_row(x, _last_axes(x, normalized_shape, "layer_norm"), ())
    facts.ops = facts.ops + sum(size(x) for one in (weight, bias) if one is not None)
    facts.dtype = "first"
    facts.strides = ROWS
    return facts


@layer(key="aten.rms_norm", aliases="aten._fused_rms_norm")
def rms_norm(x: Shape, weight: Shape | None = None, *, normalized_shape: Positives) -> Facts:
    """Divide by the root of the mean square of the last axes. Operations: 3 per element, and one for the weight.
    Backpropagation keeps the input, and the inverse root mean square of each row.
    """
    facts = normalized_by_size(x, _last_axes(x, normalized_shape, "rms_norm"), ())
    if weight is not None:
        facts.ops = facts.ops + size(x)
    facts.dtype = "first"
    facts.strides = ROWS
    return facts


@layer(key="aten._weight_norm")
def weight_norm(v: Shape, g: Shape, *, dim: PlainInt = 0) -> Facts:
    """A weight of the direction of `v` and the length `g`, along all axes but one: `torch.nn.utils.weight_norm`.

    Operations: 3 per element. Backpropagation keeps both tensors, and the norms where the axis is the first or the
    last one, which PyTorch does at once.
    """
    axis_of(v, dim, "_weight_norm", "dim")
    broadcast((v, g), "_weight_norm")
    kept = (Kept("norms", g, batched=False),)
    return Facts(v, ops=3 * size(v), keeps_input=True, kept=kept, window=NOT_FOLLOWED, dtype="input")


@layer(key="aten.group_norm", aliases="aten.native_group_norm")
def group_norm(
    x: Shape, weight: Shape | None = None, bias: Shape | None = None, *, num_groups: Pos = 1, group: Pos | None = None
) -> Facts:
    """Normalise groups of channels of each sample.

    Operations: 5 per element, and one each for scale and shift. Backpropagation keeps the input, and mean and inverse
    deviation of each group.
    """
    num_groups = num_groups if group is None else group
    _channels(x, (weight, bias), "group_norm")
    require_multiple(x[1], num_groups, f"group_norm needs channels that are a multiple of {num_groups}")
    facts = normalized_by_group(x, num_groups, ())
    facts.ops = facts.ops + sum(size(x) for one in (weight, bias) if one is not None)
    facts.dtype = "first"
    facts.strides = ROWS
    return facts


# --- tensors of nothing but a size ------------------------------------------------------------------------------------


@layer(key="aten.zeros", aliases="aten.ones aten.empty aten.empty_permuted aten.rand aten.randn")
def made(*, size: Naturals = (), dtype: Dtype | None = None) -> Facts:
    """A tensor of that size, filled with a number or at random. Has no gradient."""
    return Facts(tuple(size), gradient="none", dtype=dtype or "float32")


@layer(key="aten.full")
def full(*, size: Naturals = (), fill_value: Anything = 0.0, dtype: Dtype | None = None) -> Facts:
    """A tensor of that size, filled with a number, of whose dtype it is. Has no gradient."""
    kind = {bool: "bool", int: "int64"}.get(type(fill_value), "float32")
    return Facts(tuple(size), gradient="none", dtype=dtype or kind)


@layer(key="aten.randint")
def randint(*, size: Naturals = (), dtype: Dtype | None = None) -> Facts:
    """Whole numbers at random, in a tensor of that size. Has no gradient."""
    return Facts(tuple(size), gradient="none", dtype=dtype or "int64")


@layer(key="aten.new_zeros", aliases="aten.new_ones aten.new_full aten.new_empty")
def made_like(x: Shape, *, size: Naturals = (), dtype: Dtype | None = None) -> Facts:
    """A tensor of that size and of the dtype of another. Has no gradient."""
    return Facts(tuple(size), gradient="none", dtype=dtype or "first")


@layer(key="aten.scalar_tensor")
def scalar(*, dtype: Dtype | None = None) -> Facts:
    """A number as a tensor. Has no gradient."""
    return Facts((), gradient="none", dtype=dtype or "float32")


@layer(key="aten.arange")
def arange(*, start: Number = 0, end: Number, step: Number = 1, dtype: Dtype | None = None) -> Facts:
    """Numbers from `start` to before `end`. Has no gradient."""
    if step == 0:
        raise Problem("CFG102", "`step` must be a number other than 0, got 0", "step")
    if not isinstance(start, float) and not isinstance(end, float) and not isinstance(step, float):
        span = end - start
        if isinstance(step, int):
            reason = Sentence("arange from {} to {} needs a step of the other sign, got {}", (start, end, step))
            require_at_least(span if step > 0 else 0 - span, 0, reason, code="CFG102", field="end")
        length = ceil_div(span, step)
        facts = Facts((length,), gradient="none", dtype=dtype or "int64")
        facts.within = ends_of(start, step, length)
        return facts
    if not isinstance(start, (int, float)) or not isinstance(end, (int, float)) or not isinstance(step, (int, float)):
        raise Problem("UNK704", f"arange of {start} to {end} gives an unknown number of elements", "end")
    count = (end - start) / step
    if not abs(count) < 2**63:
        raise Problem("CFG102", f"`end` must be nearer to `start`, got {end}", "end")
    return Facts((max(ceil(count), 0),), gradient="none", dtype=dtype or "float32")


@layer(key="aten.randperm")
def randperm(*, n: Nat, dtype: Dtype | None = None) -> Facts:
    """The numbers below `n` in some order. Has no gradient."""
    return Facts((n,), gradient="none", dtype=dtype or "int64")


@layer(key="aten.linspace", aliases="aten.logspace")
def linspace(*, steps: Nat, dtype: Dtype | None = None) -> Facts:
    """So many numbers at equal distances. Has no gradient."""
    return Facts((steps,), gradient="none", dtype=dtype or "float32")


@layer(key="aten.eye")
def eye(*, n: Nat, m: Nat | None = None, dtype: Dtype | None = None) -> Facts:
    """A matrix of ones on its diagonal. Has no gradient."""
    return Facts((n, n if m is None else m), gradient="none", dtype=dtype or "float32")


@layer(key="program.unread", name="unread")
def unread() -> Facts:
    """Parameters of a module that no operation reads: they are stored, and nothing is done with them. An empty tensor
    stands for the output that there is not.
    """
    return Facts((0,), gradient="none", dtype="float32")
