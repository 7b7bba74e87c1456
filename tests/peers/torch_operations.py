"""Small programs of PyTorch, by the operation that each is for: what `test_torch_operations.py` exports.

`F(2, 3)` is a tensor of floats, `I(5, 2, 3)` one of indices below 5, `B(2, 3)` of truths; a program takes them in the
order of its function. Names are those of operations, without `aten.`; one program may be there for several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as nnf

aten = torch.ops.aten


class Input(NamedTuple):
    """A tensor that a program is given."""

    kind: str
    shape: tuple[int, ...]
    high: int = 2

    def tensor(self, shape: tuple[int, ...] | None = None) -> torch.Tensor:
        """One of this kind, of another shape if it is given."""
        sizes = self.shape if shape is None else shape
        if self.kind == "float":
            return torch.rand(sizes) + 0.25
        drawn = torch.randint(0, self.high, sizes)
        return drawn.bool() if self.kind == "bool" else drawn.to(getattr(torch, self.kind))


def F(*shape: int) -> Input:
    return Input("float", shape)


def I(high: int, *shape: int) -> Input:  # noqa: E743 - as F and B
    return Input("int64", shape, high)


def B(*shape: int) -> Input:
    return Input("bool", shape)


class _Of:
    """Functions by name, where they are not `torch.ops.aten`'s."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        vars(self).update(functions)


class Program(NamedTuple):
    """A function of tensors, and what it is given. names: of the operations that it is for. counted: whether PyTorch
    counts the products in it, which it does not of those with a vector, and of those within an operation. core: whether
    its decomposed form is compared too, in which samples may stand behind another axis.
    """

    names: tuple[str, ...]
    run: Callable[..., Any]
    inputs: tuple[Input, ...]
    counted: bool = True
    core: bool = True


PROGRAMS: list[Program] = []


def add(names: str, run: Callable[..., Any], *inputs: Input, counted: bool = True, core: bool = True) -> None:
    PROGRAMS.append(Program(tuple(names.split()), run, inputs, counted, core))


IMAGE = F(2, 4, 6, 8)

# --- element by element -----------------------------------------------------------------------------------------------


def _each(names: str, *inputs: Input, of: Any = torch, **fields: Any) -> None:
    """One program for several operations, which gives what each of them gives of the same inputs."""
    runs = [getattr(of, name, None) or getattr(aten, name) for name in names.split()]
    add(names, lambda *given: tuple(run(*given, **fields) for run in runs), *inputs)


_each(
    "abs cos sin log log1p log2 log10 erf cosh sinh acos asin atan lgamma digamma exp expm1 exp2 sqrt reciprocal tan "
    "rsqrt square neg sign floor ceil round trunc frac isnan isinf isfinite nan_to_num logit sigmoid tanh logical_not "
    "clone detach positive zeros_like ones_like rand_like randn_like empty_like arctan negative "
    "alias relu",
    F(2, 3, 4),
)
_each("abs neg sign square bitwise_not sqrt exp sigmoid floor isnan cos relu logical_not reciprocal", I(5, 2, 3))
_each(
    "gelu silu elu selu celu mish softplus leaky_relu hardsigmoid hardswish relu6 softshrink hardshrink hardtanh ",
    F(2, 3, 4),
    of=nnf,
)
add("bernoulli", lambda x: torch.bernoulli(x / 2), F(2, 3))
add("log_sigmoid", nnf.logsigmoid, F(2, 3))
add("rrelu", nnf.rrelu, F(2, 3))
add("threshold", lambda x: nnf.threshold(x, 0.1, 20), F(2, 3))
add("clamp", lambda x: x.clamp(0, 1), F(2, 3))
add("clamp_min", lambda x: torch.clamp_min(x, 0.5), F(2, 3))
add("clamp_max", lambda x: torch.clamp_max(x, 0.5), F(2, 3))
add("clip", lambda x: torch.clip(x, 0.1, 0.5), F(2, 3))
add("full_like", lambda x: torch.full_like(x, 3), F(2, 3))
add("tril", torch.tril, F(3, 5))
add("triu", torch.triu, F(2, 3, 5))
add("cumsum", lambda x: torch.cumsum(x, 1), F(2, 5))
add("cumsum", lambda x: torch.cumsum(x, 1), I(4, 2, 5))
add("cumsum", lambda x: torch.cumsum(x, 1, dtype=torch.float32), B(2, 5))
add("cumprod", lambda x: torch.cumprod(x, -1), F(2, 5))
add("prelu", nnf.prelu, F(2, 4, 3), F(4))
add("dropout", lambda x: nnf.dropout(x, 0.5, True), F(2, 3))
add("feature_dropout", lambda x: nnf.dropout2d(x, 0.5, True), IMAGE)
add("alpha_dropout", lambda x: nnf.alpha_dropout(x, 0.5, True), F(2, 3))
add("softmax _softmax", lambda x: x.softmax(-1), F(2, 3, 4))
add("softmax", lambda x: x.softmax(-1, dtype=torch.float64), F(2, 3))
add("log_softmax _log_softmax", lambda x: x.log_softmax(1), F(2, 3, 4))
add("glu", lambda x: nnf.glu(x, 1), F(2, 4, 3))
add("where", torch.where, B(2, 1, 4), F(2, 3, 4), F(3, 1))
add("where", lambda c, x: torch.where(c, x, 0.0), B(2, 3), F(2, 3))
add("masked_fill", lambda x, m: x.masked_fill(m, -1.0), F(2, 3, 4), B(3, 4))
add("masked_fill", lambda x, m: x.masked_fill(m, float("-inf")), F(2, 3, 4), B(2, 3, 4))
add("addcmul", torch.addcmul, F(2, 3), F(2, 1), F(3))
add("addcdiv", torch.addcdiv, F(2, 3), F(2, 3), F(2, 3))
add("lerp", lambda x, y: torch.lerp(x, y, 0.3), F(2, 3), F(2, 3))
add("to _to_copy", lambda x: x.to(torch.float16), F(2, 3))
add("to", lambda x: x.long(), F(2, 3))
add("to", lambda x, y: x.to(y), F(2, 3), I(4, 2))
add("type_as", lambda x, y: x.type_as(y), F(2, 3), I(4, 2))
add("contiguous", lambda x: x.transpose(0, 1).contiguous(), F(2, 3))

_BINARY = (
    "add sub mul div floor_divide remainder fmod pow atan2 xlogy logaddexp maximum minimum fmax fmin eq ne lt le gt ge "
    "isclose logical_and logical_or logical_xor hypot subtract multiply divide true_divide rsub"
)
_each(_BINARY, F(2, 1, 4), F(3, 1))
_each("add sub mul div eq gt pow maximum logical_and atan2 rsub", I(4, 2, 3), I(4, 3))
add(
    "floor_divide remainder fmod",
    lambda x, y: (torch.floor_divide(x, y + 1), torch.remainder(x, y + 1), torch.fmod(x, y + 1)),
    *(I(9, 2, 3), I(4, 3)),
)
for _number in (2, 2.5):
    for _input in (F(2, 3), I(5, 2, 3)):
        _runs = [torch.add, torch.sub, torch.mul, torch.div, torch.pow, torch.lt, torch.remainder, torch.rsub]
        _of = lambda x, runs=_runs, number=_number: tuple(run(x, number) for run in runs)  # noqa: E731 - one of four
        add("add sub mul div pow lt remainder rsub", _of, _input)
add("add mul", lambda x, y: x + y * x, F(2, 3), I(4, 2, 3))
add("add", lambda x, y: x + y, B(2, 3), I(4, 2, 3))
add("div", lambda x, y: torch.div(x, y, rounding_mode="floor"), F(2, 3), F(2, 3))
add("div", lambda x, y: torch.div(x, y + 1, rounding_mode="trunc"), I(9, 2, 3), I(4, 2, 3))
add("pow", lambda x: 2.0**x, F(2, 3))
add("rsub", lambda x: 1 - x, F(2, 3))
_each("bitwise_and bitwise_or bitwise_xor", I(4, 2, 3), I(4, 3))
_each("bitwise_and bitwise_or bitwise_xor logical_and", B(2, 3), B(3))
add("__and__", aten.__and__.Tensor, B(2, 3), B(2, 3))
add("__or__", aten.__or__.Tensor, B(2, 3), B(2, 3))
add("__xor__", aten.__xor__.Tensor, I(4, 2, 3), I(4, 2, 3))
add("__lshift__", lambda x: x << 2, I(4, 2, 3))
add("__rshift__", lambda x: x >> 1, I(4, 2, 3))

# --- other shapes -----------------------------------------------------------------------------------------------------

add("view", lambda x: x.view(x.shape[0], -1), F(2, 3, 4))
add("view", lambda x: x.view(x.shape[0], 2, -1), F(2, 4, 6))
add("reshape", lambda x: x.permute(0, 2, 1).reshape(x.shape[0], -1), F(2, 3, 4))
add("view_as", lambda x, y: x.view_as(y), F(2, 12), F(2, 3, 4))
add("reshape_as", lambda x, y: x.reshape_as(y), F(2, 12), F(2, 3, 4))
add("flatten", lambda x: x.flatten(1), F(2, 3, 4, 5))
add("flatten", lambda x: x.flatten(1, 2), F(2, 3, 4, 5))
add("unflatten", lambda x: x.unflatten(1, (2, -1)), F(2, 6, 4))
add("permute", lambda x: x.permute(0, 2, 3, 1), IMAGE)
add("transpose", lambda x: x.transpose(1, -1), IMAGE)
add("swapaxes", lambda x: torch.swapaxes(x, 0, 2), F(2, 3, 4))
add("swapdims", lambda x: torch.swapdims(x, 1, 2), F(2, 3, 4))
add("t", lambda x: x.t(), F(2, 3))
add("mT", lambda x: x.mT, F(2, 3, 4))
add("numpy_T", lambda x: x.T, F(2, 3))
add("movedim", lambda x: torch.movedim(x, 1, -1), IMAGE)
add("movedim", lambda x: torch.movedim(x, (0, 1), (2, 0)), F(2, 3, 4))
add("squeeze", lambda x: x.squeeze(1), F(2, 1, 3, 1))
add("squeeze", lambda x: x.squeeze(), F(2, 1, 3, 1))
add("squeeze", lambda x: x.squeeze((1, 2)), F(2, 1, 3, 1))
add("unsqueeze", lambda x: x.unsqueeze(-1), F(2, 3))
add("expand", lambda x: x.expand(5, -1, 4), F(3, 1))
add("expand_as", lambda x, y: x.expand_as(y), F(3, 1), F(2, 3, 4))
add("broadcast_to", lambda x: torch.broadcast_to(x, (4, 3)), F(1, 3))
add("broadcast_tensors", torch.broadcast_tensors, F(3, 1), F(2, 1, 4))
add("select", lambda x: x[:, 1], F(2, 3, 4))
add("select", lambda x: x.select(-1, -1), F(2, 3, 4))
add("slice", lambda x: x[:, 1:], F(2, 5, 4))
add("slice", lambda x: x[:, :-1, ::2], F(2, 5, 7))
add("slice", lambda x: x[..., -3:], F(2, 5, 7))
add("slice", lambda x: x[:, 2:100], F(2, 5))
add("narrow", lambda x: x.narrow(1, 1, 2), F(2, 5))
add("split", lambda x: x.split(2, 1), F(2, 5))
add("split_with_sizes", lambda x: x.split([1, 3], 1), F(2, 4, 3))
add("chunk", lambda x: x.chunk(3, 1), F(2, 6, 3))
add("chunk", lambda x: x.chunk(4, 1), F(2, 8))
add("tensor_split", lambda x: x.tensor_split(3, 1), F(2, 8))
add("tensor_split", lambda x: x.tensor_split((1, 4), 1), F(2, 8))
add("hsplit", lambda x: torch.hsplit(x, 2), F(2, 8))
add("vsplit", lambda x: torch.vsplit(x, (1, 3)), F(6, 8))
add("unbind", lambda x: x.unbind(1), F(2, 3, 4))
add("cat", lambda x, y: torch.cat([x, y], 1), F(2, 3), F(2, 5))
add("cat", lambda x, y: torch.cat([x, y], -1), F(2, 3), I(4, 2, 5))
add("concat", lambda x, y: torch.concat([x, y], 0), F(2, 3), F(4, 3))
add("stack", lambda x, y: torch.stack([x, y], 1), F(2, 3), F(2, 3))
add("hstack", lambda x, y: torch.hstack([x, y]), F(2, 3), F(2, 4))
add("vstack", lambda x, y: torch.vstack([x, y]), F(2, 3), F(4, 3))
add("flip", lambda x: x.flip(-1, 1), F(2, 3, 4))
add("fliplr", torch.fliplr, F(2, 3))
add("flipud", torch.flipud, F(2, 3))
add("roll", lambda x: x.roll((1, -2), (1, 2)), F(2, 3, 4))
add("rot90", lambda x: torch.rot90(x, 1, (1, 2)), F(2, 3, 4))
add("repeat", lambda x: x.repeat(2, 1, 3), F(3, 4))
add("tile", lambda x: torch.tile(x, (2,)), F(3, 4))
add("repeat_interleave", lambda x: x.repeat_interleave(2, 1), F(2, 3))
add("repeat_interleave", lambda x: x.repeat_interleave(2), F(2, 3))
add("unfold", lambda x: x.unfold(1, 3, 2), F(2, 9))
add("im2col", lambda x: nnf.unfold(x, (2, 3), 1, 1, 2), IMAGE)
add("col2im", lambda x: nnf.fold(x, (4, 5), (2, 2)), F(2, 8, 12))
add("pad constant_pad_nd", lambda x: nnf.pad(x, (1, 2, 3, -1)), IMAGE)
add("pad", lambda x: nnf.pad(x, (1, 2, 1, 1), mode="reflect"), IMAGE)
add("pad", lambda x: nnf.pad(x, (1, 2), mode="replicate"), F(2, 3, 4))
add("pad", lambda x: nnf.pad(x, (1, 2), mode="circular"), F(2, 3, 4))
add("pixel_shuffle", lambda x: nnf.pixel_shuffle(x, 2), F(2, 8, 3, 5))
add("pixel_unshuffle", lambda x: nnf.pixel_unshuffle(x, 2), IMAGE)
add("channel_shuffle", lambda x: nnf.channel_shuffle(x, 2), IMAGE)
add("index_select", lambda x, i: x.index_select(1, i), F(2, 5, 3), I(5, 4))
add("gather", lambda x, i: x.gather(1, i), F(2, 5), I(5, 2, 3))
add("take_along_dim", lambda x, i: torch.take_along_dim(x, i, 1), F(2, 5), I(5, 1, 3))
add("index", lambda x, i: x[:, i], F(2, 5, 3), I(5, 4, 6))
add("index", lambda x, i, j: x[i, :, j], F(5, 3, 5), I(5, 4), I(5, 4))
add("index", lambda x, i, j: x[:, i, j], F(2, 5, 5, 3), I(5, 4, 1), I(5, 6))
add("index", lambda x, i, j: x[i[:, None], j], F(5, 5), I(5, 4), I(5, 3))
add("scatter", lambda x, i, s: x.scatter(1, i, s), F(2, 5), I(5, 2, 3), F(2, 3))
add("scatter_add", lambda x, i, s: x.scatter_add(1, i, s), F(2, 5), I(5, 2, 3), F(2, 3))
add("index_put", lambda x, i, s: x.index_put((i,), s), F(5, 3), I(5, 4), F(4, 3))
add("index_add", lambda x, i, s: x.index_add(0, i, s), F(5, 3), I(5, 4), F(4, 3))
add("index_copy", lambda x, i, s: x.index_copy(0, i, s), F(5, 3), I(5, 4), F(4, 3))
add("index_fill", lambda x, i: x.index_fill(0, i, 2.0), F(5, 3), I(5, 4))
add("masked_scatter", lambda x, m, s: x.masked_scatter(m, s), F(2, 3), B(2, 3), F(2, 3))
add("slice_scatter", lambda x, y: torch.slice_scatter(x, y, 1, 1, 3), F(2, 5), F(2, 2))
add("select_scatter", lambda x, y: torch.select_scatter(x, y, 1, 1), F(2, 5), F(2))
add("meshgrid", lambda x, y: torch.meshgrid(x, y, indexing="ij"), F(3), F(4))
add("meshgrid", lambda x, y: torch.meshgrid(x, y, indexing="xy"), F(3), F(4))
add("diagonal", lambda x: torch.diagonal(x, 0, 1, 2), F(2, 3, 4))
add("diff", torch.diff, F(2, 5))
add("diagonal", lambda x: torch.diagonal(x, -1), F(4, 3))
add("as_strided", lambda x: torch.as_strided(x, (2, 2), (1, 2)), F(2, 5))
for _axes, _mode in ((1, "nearest"), (2, "nearest"), (3, "nearest"), (1, "linear"), (2, "bilinear"), (3, "trilinear")):
    _name = f"upsample_{_mode}{_axes}d"
    _shape = F(2, 3, *(4, 5, 6)[:_axes])
    add(_name, lambda x, mode=_mode: nnf.interpolate(x, scale_factor=2, mode=mode), _shape)
    add(_name, lambda x, mode=_mode, axes=_axes: nnf.interpolate(x, size=(7, 8, 9)[:axes], mode=mode), _shape)
add("upsample_bicubic2d", lambda x: nnf.interpolate(x, scale_factor=1.5, mode="bicubic"), IMAGE)
for _axes in (1, 2, 3):
    _shape = F(2, 3, *(4, 5, 6)[:_axes])
    _name = f"_upsample_nearest_exact{_axes}d"
    add(_name, lambda x: nnf.interpolate(x, scale_factor=2.5, mode="nearest-exact"), _shape)
add("_upsample_bilinear2d_aa", lambda x: nnf.interpolate(x, size=(3, 3), mode="bilinear", antialias=True), IMAGE)
add("_upsample_bicubic2d_aa", lambda x: nnf.interpolate(x, size=(3, 3), mode="bicubic", antialias=True), IMAGE)
add("upsample_bilinear2d", lambda x, y: nnf.interpolate(x, size=y.shape[-2:], mode="bilinear"), IMAGE, F(2, 4, 9, 10))
add("grid_sampler", lambda x, g: nnf.grid_sample(x, g, align_corners=False), IMAGE, F(2, 3, 5, 2))
add("affine_grid_generator", lambda t: nnf.affine_grid(t, [2, 3, 4, 5], align_corners=False), F(2, 2, 3), counted=False)

# --- along axes -------------------------------------------------------------------------------------------------------

_each("sum mean prod nansum var std logsumexp max min median mode any all argmax argmin", F(2, 3, 4), dim=-1)
_each("sum mean amax amin var std logsumexp nansum", F(2, 3, 4), dim=(1, 2), keepdim=True)
_each("sum mean prod var std max min median any all argmax argmin", F(2, 3))
_each("sum prod max min any all argmax count_nonzero amax", I(5, 2, 3), dim=1)
add("_is_all_true", aten._is_all_true, B(2, 3))
add("_is_any_true", aten._is_any_true, B(2, 3))
_each("max min", F(2, 1, 4), F(3, 1))
add("sum", lambda x: x.sum(1), B(2, 3))
add("sum", lambda x: x.sum(1, dtype=torch.float32), I(4, 2, 3))
add("mean", lambda x: x.mean(1, dtype=torch.float64), F(2, 3))
add("mean", lambda x: x.float().mean((2, 3)), IMAGE)
add("norm", lambda x: aten.norm.ScalarOpt_dim(x, 2, [1], True), F(2, 3))
add("linalg_vector_norm", lambda x: nnf.normalize(x, dim=1), F(2, 3, 4))
add("frobenius_norm", lambda x: aten.frobenius_norm.dim(x, [1], True), F(2, 3))
add("var_mean", lambda x: torch.var_mean(x, 1, keepdim=True), F(2, 3, 4))
add("std_mean", lambda x: torch.std_mean(x, (0, 1)), F(2, 3, 4))
add("topk", lambda x: x.topk(2, 1), F(2, 5, 3))
add("sort", lambda x: x.sort(-1), F(2, 5))
add("argsort", lambda x: x.argsort(1), F(2, 5))
add("one_hot", lambda x: nnf.one_hot(x, 5), I(5, 2, 3))
add("aminmax", lambda x: torch.aminmax(x, dim=1), F(2, 5))
add("cummax", lambda x: torch.cummax(x, 1), F(2, 5))
add("nonzero_static", lambda x: torch.nonzero_static(x, size=4), B(2, 5))
add("kthvalue", lambda x: torch.kthvalue(x, 2, 1), F(2, 5))
add("cummin", lambda x: torch.cummin(x, 0), F(2, 5))
for _axes in (1, 2, 3):
    _shape = F(2, 3, *(9, 8, 7)[:_axes])
    _run = getattr(nnf, f"max_pool{_axes}d")
    add(f"max_pool{_axes}d", lambda x, run=_run: run(x, 3, 2, 1, ceil_mode=True), _shape)
    add(f"max_pool{_axes}d", lambda x, run=_run: run(x, 2, dilation=2), _shape)
    add(f"max_pool{_axes}d_with_indices", lambda x, run=_run: run(x, 2, return_indices=True), _shape)
    _mean, _adaptive = getattr(nnf, f"avg_pool{_axes}d"), getattr(nnf, f"adaptive_avg_pool{_axes}d")
    _largest = getattr(nnf, f"adaptive_max_pool{_axes}d")
    add(f"avg_pool{_axes}d", lambda x, run=_mean: run(x, 3, 2, 1, ceil_mode=True), _shape)
    add(f"adaptive_avg_pool{_axes}d", lambda x, run=_adaptive: run(x, 2), _shape)
    add(f"adaptive_avg_pool{_axes}d", lambda x, run=_adaptive: run(x, 1), _shape)
    add(f"adaptive_max_pool{_axes}d", lambda x, run=_largest: run(x, 2), _shape)
add("adaptive_avg_pool2d", lambda x: nnf.adaptive_avg_pool2d(x, (3, None)), IMAGE)

# --- normalisation ----------------------------------------------------------------------------------------------------

add(
    "batch_norm _native_batch_norm_legit_no_training",
    nnf.batch_norm,
    *(IMAGE, F(4), F(4), F(4), F(4)),
)
add("batch_norm", lambda x, w, b: nnf.batch_norm(x, None, None, w, b, True), IMAGE, F(4), F(4))
add("instance_norm", nnf.instance_norm, IMAGE)
add("layer_norm native_layer_norm", lambda x, w, b: nnf.layer_norm(x, (4,), w, b), F(2, 3, 4), F(4), F(4))
add("layer_norm", lambda x: nnf.layer_norm(x, (3, 4)), F(2, 3, 4))
add("rms_norm", lambda x, w: nnf.rms_norm(x, (4,), w), F(2, 3, 4), F(4))
add("_weight_norm", lambda v, g: torch._weight_norm(v, g, 0), F(4, 3, 2), F(4, 1, 1))
add("group_norm native_group_norm", lambda x, w, b: nnf.group_norm(x, 2, w, b), IMAGE, F(4), F(4))
add("local_response_norm", lambda x: nnf.local_response_norm(x, 3), IMAGE)

# --- products ---------------------------------------------------------------------------------------------------------

for _axes in (1, 2, 3):
    _shape = F(2, 4, *(9, 8, 7)[:_axes])
    _conv, _back = getattr(nnf, f"conv{_axes}d"), getattr(nnf, f"conv_transpose{_axes}d")
    _kernel = (3, 2, 3)[:_axes]
    add(f"conv{_axes}d convolution", lambda x, w, b, run=_conv: run(x, w, b, 2, 1), _shape, F(6, 4, *_kernel), F(6))
    add(f"conv{_axes}d", lambda x, w, run=_conv: run(x, w, None, 1, "same", 2), _shape, F(6, 4, *_kernel))
    add(f"conv{_axes}d", lambda x, w, run=_conv: run(x, w, groups=2), _shape, F(6, 2, *_kernel))
    add(f"conv_transpose{_axes}d", lambda x, w, b, run=_back: run(x, w, b, 2), _shape, F(4, 6, *_kernel), F(6))
    add(f"conv_transpose{_axes}d", lambda x, w, run=_back: run(x, w, None, 2, 1, 1, 2), _shape, F(4, 3, *_kernel))
add("linear addmm", nnf.linear, F(2, 3, 4), F(5, 4), F(5))
add("linear", nnf.linear, F(2, 4), F(5, 4))
add("matmul bmm", torch.matmul, F(2, 3, 4), F(2, 4, 5))
add("matmul", torch.matmul, F(2, 3, 4), F(4, 5))
add("matmul", torch.matmul, F(2, 1, 3, 4), F(6, 4, 5))
add("matmul", torch.matmul, F(2, 3, 4), F(4), counted=False)
add("matmul", torch.matmul, F(4), F(4, 5), counted=False)
add("matmul", torch.matmul, F(4), F(2, 4, 5), counted=False)
add("bmm", torch.bmm, F(2, 3, 4), F(2, 4, 5))
add("mm", torch.mm, F(3, 4), F(4, 5))
add("mv", torch.mv, F(3, 4), F(4), counted=False)
add("dot", torch.dot, F(4), F(4), counted=False)
add("addmm", torch.addmm, F(5), F(3, 4), F(4, 5))
add("baddbmm", torch.baddbmm, F(2, 3, 5), F(2, 3, 4), F(2, 4, 5))
add("addmv", torch.addmv, F(3), F(3, 4), F(4), counted=False)
add("addbmm", torch.addbmm, F(3, 5), F(2, 3, 4), F(2, 4, 5), counted=False)
add("outer", torch.outer, F(3), F(4))
add("einsum", lambda x, y: torch.einsum("bhqd,bhkd->bhqk", x, y), F(2, 3, 4, 5), F(2, 3, 6, 5))
add("einsum", lambda x, y: torch.einsum("bij,jk->bik", x, y), F(2, 3, 4), F(4, 5))
add("einsum", lambda x, y: torch.einsum("bchw,hkc->bkhw", x, y), IMAGE, F(6, 5, 4), core=False)
add("bilinear", nnf.bilinear, F(2, 3), F(2, 4), F(5, 3, 4), F(5), counted=False, core=False)
add("scaled_dot_product_attention", nnf.scaled_dot_product_attention, F(2, 3, 4, 8), F(2, 3, 6, 8), F(2, 3, 6, 8))
add(
    "scaled_dot_product_attention",
    nnf.scaled_dot_product_attention,
    *(F(2, 3, 4, 8), F(2, 3, 6, 8), F(2, 3, 6, 8), F(4, 6)),
)
add(
    "scaled_dot_product_attention",
    lambda q, k, v: nnf.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True),
    *(F(2, 4, 6, 8), F(2, 2, 6, 8), F(2, 2, 6, 8)),
)
add("embedding", nnf.embedding, I(7, 2, 3), F(7, 4))
add("cdist", torch.cdist, F(2, 3, 4), F(2, 5, 4))
add("cosine_similarity", lambda x, y: nnf.cosine_similarity(x, y, 1), F(2, 3), F(2, 3))
add("linalg_cross", torch.linalg.cross, F(2, 3), F(2, 3))

# --- of a size --------------------------------------------------------------------------------------------------------

add("zeros", lambda x: x + torch.zeros(x.shape[1]), F(2, 3))
add("empty", lambda x: torch.empty((2, 4)) * x.shape[0], F(2, 3))
add("ones", lambda x: x + torch.ones(x.shape[0], 1, dtype=torch.int64), F(2, 3))
add("full", lambda x: x + torch.full((x.shape[1],), 2.0), F(2, 3))
add("full", lambda x: torch.full((x.shape[1],), 2), F(2, 3))
add("new_zeros", lambda x: x.new_zeros((x.shape[0], 4)), F(2, 3))
add("new_ones", lambda x: x.new_ones((2, 4)), I(3, 2))
add("new_full", lambda x: x.new_full((2, 4), 3), F(2, 3))
add("new_empty", lambda x: x.new_empty((2, 4)), F(2, 3))
add("rand", lambda x: torch.rand(x.shape[0], 2), F(2, 3))
add("randn", lambda x: torch.randn(2, x.shape[1]), F(2, 3))
add("randint", lambda x: torch.randint(0, 5, (2, x.shape[1])), F(2, 3))
add("arange", lambda x: torch.arange(x.shape[1]), F(2, 3))
add("arange", lambda x: torch.arange(1, x.shape[1], 2, dtype=torch.float32), F(2, 7))
add("arange", lambda x: torch.arange(0.0, 1.0, 0.25) + x[0, 0], F(2, 7))
add("linspace", lambda x: torch.linspace(0, 1, x.shape[1]), F(2, 3))
add("eye", lambda x: torch.eye(x.shape[1], 5), F(2, 3))
add("scalar_tensor", lambda x: x + torch.scalar_tensor(0.5), F(2, 3))

# --- what only decompositions and passes over a program make --------------------------------------------------------

_each("alias_copy detach_copy t_copy lift_fresh_copy fill zero", F(2, 3), of=_Of(fill=lambda x: aten.fill(x, 2.0)))
_each("uniform exponential log_normal", F(2, 3), of=aten)
_each("squeeze_copy unsqueeze_copy", F(2, 1, 3), of=_Of(unsqueeze_copy=lambda x: aten.unsqueeze_copy(x, 1)))
add("view_copy _unsafe_view", lambda x: (aten.view_copy(x, [-1]), aten._unsafe_view(x, [3, 2])), F(2, 3))
add("permute_copy", lambda x: aten.permute_copy(x, [1, 0, 2]), F(2, 3, 4))
add("transpose_copy expand_copy", lambda x: aten.transpose_copy(aten.expand_copy(x, [4, -1, 3]), 0, 1), F(2, 3))
add("select_copy slice_copy", lambda x: (aten.select_copy(x, 1, 0), aten.slice_copy(x, 1, 1, 3)), F(2, 4))
add("split_with_sizes_copy", lambda x: aten.split_with_sizes_copy(x, [1, 3], 1), F(2, 4))
add("_safe_softmax", lambda x: aten._safe_softmax(x, -1), F(2, 4))
add("_prelu_kernel", aten._prelu_kernel, F(2, 3, 4), F(1, 3, 1))
add("native_channel_shuffle", lambda x: aten.native_channel_shuffle(x, 2), IMAGE)
add(
    "native_batch_norm",
    lambda x, w, b, m, v: aten.native_batch_norm(x, w, b, m, v, False, 0.1, 1e-5)[0],
    IMAGE,
    *[F(4)] * 4,
)
add("copy", aten.copy, F(2, 3), F(2, 3))
add("concatenate", lambda x, y: torch.concatenate([x, y], 1), F(2, 3), F(2, 4))
add("row_stack", lambda x, y: aten.row_stack([x, y]), F(3), F(3))
add("dsplit", lambda x: torch.dsplit(x, 2), F(2, 3, 4))
add("ger", torch.ger, F(3), F(4))
add(
    "grid_sampler grid_sampler_3d",
    lambda x, g: nnf.grid_sample(x, g, align_corners=True),
    F(2, 3, 4, 5, 6),
    F(2, 2, 3, 4, 3),
)
for _axes in (1, 2, 3):
    for _kind in ("reflection", "replication"):
        _name, _amounts = f"{_kind}_pad{_axes}d", [1, 2, 0, 1, 1, 1][: 2 * _axes]
        _run = getattr(aten, _name)
        add(_name, lambda x, run=_run, by=_amounts: run(x, by), F(2, 3, *(4, 5, 6)[:_axes]), core=False)
_STATE, _WEIGHTS = F(1, 2, 5), (F(20, 4), F(20, 5), F(20), F(20))
add(
    "lstm",
    lambda x, h, c, *weights: torch.lstm(x, (h, c), list(weights), True, 1, 0.0, False, False, True),
    *(F(2, 3, 4), _STATE, _STATE, *_WEIGHTS),
    counted=False,
    core=False,
)
for _name, _run, _gates in (("gru", torch.gru, 3), ("rnn_tanh", torch.rnn_tanh, 1), ("rnn_relu", torch.rnn_relu, 1)):
    _own = (F(5 * _gates, 4), F(5 * _gates, 5), F(5 * _gates), F(5 * _gates))
    _recurrent = lambda x, h, *weights, run=_run: run(x, h, list(weights), True, 1, 0.0, False, False, True)  # noqa: E731
    add(_name, _recurrent, F(2, 3, 4), _STATE, *_own, counted=False, core=False)

# --- spectra, complex numbers, linear algebra -------------------------------------------------------------------------

SQUARE = _Of(run=lambda x: x @ x.mT + torch.eye(4))
add("fft_fft fft_ifft", lambda x: torch.fft.ifft(torch.fft.fft(x, dim=1)), F(2, 6, 5), core=False)
add("fft_rfft fft_irfft", lambda x: torch.fft.irfft(torch.fft.rfft(x)), F(2, 3, 8), core=False)
add("fft_rfft2 fft_irfft2", lambda x: torch.fft.irfft2(torch.fft.rfft2(x, norm="ortho"), s=(6, 8)), IMAGE, core=False)
add("fft_fft2 fft_ifft2 abs", lambda x: torch.fft.ifft2(torch.fft.fft2(x)).abs(), IMAGE, core=False)
add("fft_fftn fft_ifftn", lambda x: torch.fft.ifftn(torch.fft.fftn(x, dim=(1, 2)), dim=(1, 2)), F(2, 4, 6), core=False)
add(
    "fft_rfftn fft_irfftn",
    lambda x: torch.fft.irfftn(torch.fft.rfftn(x, dim=(1, 2)), dim=(1, 2)),
    F(2, 4, 6),
    core=False,
)
add("fft_hfft fft_ihfft", lambda x: torch.fft.hfft(torch.fft.ihfft(x)), F(2, 8), core=False)
add("fft_fftshift fft_ifftshift", lambda x: torch.fft.ifftshift(torch.fft.fftshift(x)), F(2, 8), core=False)
add("fft_fftfreq fft_rfftfreq", lambda x: (x, torch.fft.fftfreq(8), torch.fft.rfftfreq(9)), F(2, 8), core=False)
add(
    "stft hann_window hamming_window",
    lambda x: torch.stft(x, 16, 4, window=torch.hann_window(16) + torch.hamming_window(16), return_complex=True).abs(),
    F(2, 64),
    core=False,
)
add("view_as_complex view_as_real", lambda x: torch.view_as_real(torch.view_as_complex(x) * 2), F(2, 3, 2), core=False)
add(
    "complex real imag conj angle",
    lambda x, y: (torch.complex(x, y).conj().real, torch.complex(x, y).imag),
    F(2, 3),
    F(2, 3),
    core=False,
)
add("polar angle", lambda x, y: torch.polar(x, y).angle(), F(2, 3), F(2, 3), core=False)
add("linalg_inv inverse", lambda x: torch.linalg.inv(SQUARE.run(x)), F(2, 4, 4), counted=False, core=False)
add("linalg_det det", lambda x: torch.linalg.det(SQUARE.run(x)), F(2, 4, 4), counted=False, core=False)
add(
    "linalg_solve", lambda x, y: torch.linalg.solve(SQUARE.run(x), y), F(2, 4, 4), F(2, 4, 3), counted=False, core=False
)
add("trace", torch.trace, F(4, 4), core=False)
add("tensordot", lambda x, y: torch.tensordot(x, y, dims=([1, 2], [0, 1])), F(2, 3, 4), F(3, 4, 5), core=False)
add("inner", torch.inner, F(2, 3, 4), F(5, 4), core=False)
add("vdot", torch.vdot, F(4), F(4), counted=False, core=False)
add("linalg_vecdot", torch.linalg.vecdot, F(2, 3, 4), F(2, 3, 4), counted=False, core=False)
add("kron", torch.kron, F(2, 3), F(4, 5), counted=False, core=False)

# --- losses and distances ---------------------------------------------------------------------------------------------

for _loss in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "soft_margin_loss"):
    add(_loss, getattr(nnf, _loss), F(2, 3), F(2, 3), core=False)
add("mse_loss", lambda x, y: nnf.mse_loss(x, y, reduction="none"), F(2, 3), F(2, 3), core=False)
add(
    "binary_cross_entropy",
    lambda x, y: nnf.binary_cross_entropy(x.sigmoid(), y.sigmoid()),
    F(2, 3),
    F(2, 3),
    core=False,
)
add("binary_cross_entropy_with_logits", nnf.binary_cross_entropy_with_logits, F(2, 3), F(2, 3), core=False)
add("cross_entropy_loss", nnf.cross_entropy, F(2, 5), I(5, 2), core=False)
add(
    "cross_entropy_loss",
    lambda x, y: nnf.cross_entropy(x, y, reduction="none"),
    F(2, 5, 4, 4),
    I(5, 2, 4, 4),
    core=False,
)
add("nll_loss_nd", lambda x, y: nnf.nll_loss(x.log_softmax(1), y), F(2, 5), I(5, 2), core=False)
add("pairwise_distance", nnf.pairwise_distance, F(2, 5), F(2, 5), core=False)
add("dist", torch.dist, F(2, 5), F(2, 5), core=False)
add("pdist", nnf.pdist, F(4, 5), core=False)
add("cosine_embedding_loss", nnf.cosine_embedding_loss, F(2, 5), F(2, 5), F(2), core=False)
add("searchsorted", lambda x: torch.searchsorted(torch.arange(4.0), x), F(2, 5), core=False)
add("bucketize", lambda x: torch.bucketize(x, torch.arange(4.0)), F(2, 5), core=False)
add("isin", lambda x: torch.isin(x, torch.arange(4.0)), F(2, 5), core=False)
add("multinomial", lambda x: torch.multinomial(x, 3), F(2, 5), core=False)

# --- others -----------------------------------------------------------------------------------------------------------

for _one in ("acosh", "asinh", "atanh", "erfc", "erfinv", "sinc", "deg2rad", "rad2deg", "signbit", "sgn", "fix", "i0"):
    add(_one, getattr(torch, _one), F(2, 3), core=False)
for _one in ("isneginf", "isposinf", "isreal"):
    add(_one, getattr(torch, _one), F(2, 3), core=False)
for _one in (
    "copysign",
    "heaviside",
    "nextafter",
    "ldexp",
    "float_power",
    "logaddexp2",
    "greater",
    "less_equal",
    "not_equal",
):
    add(_one, getattr(torch, _one), F(2, 3), F(2, 3), core=False)
add("gcd lcm", lambda x, y: torch.gcd(x, y) + torch.lcm(x, y), I(9, 2, 3), I(9, 2, 3), core=False)
add("logcumsumexp", lambda x: torch.logcumsumexp(x, 1), F(2, 3), core=False)
add("moveaxis", lambda x: torch.moveaxis(x, 1, 3), IMAGE, core=False)
add("adjoint", torch.adjoint, F(2, 3, 4), core=False)
add("ravel", torch.ravel, F(2, 3, 4), core=False)
for _least in (1, 2, 3):
    add(f"atleast_{_least}d", getattr(torch, f"atleast_{_least}d"), F(4), core=False)
add("atleast_3d", torch.atleast_3d, F(2, 4), core=False)
add("diag_embed", lambda x: torch.diag_embed(x, 1), F(2, 3), core=False)
add("diag", torch.diag, F(4, 5), core=False)
add("diag", torch.diag, F(4), core=False)
add("take", torch.take, F(2, 3), I(6, 4, 2), core=False)
add("scatter_reduce", lambda x, i, y: x.scatter_reduce(1, i, y, "amax"), F(2, 5), I(5, 2, 3), F(2, 3), core=False)
# A program has as many parts as there were when it was exported, and this one does not say so of its sizes: halves.
add(
    "unsafe_chunk unsafe_split",
    lambda x: (*x.unsafe_chunk(2, 1), *x.unsafe_split((x.shape[2] + 1) // 2, 2)),
    F(2, 4, 6),
    core=False,
)
add("nanmean", lambda x: x.nanmean(1), F(2, 3, 4), core=False)
add("nanmedian", lambda x: x.nanmedian(1), F(2, 3, 4), core=False)
add("linalg_norm", lambda x: torch.linalg.norm(x, dim=(1, 2)), F(2, 3, 4), core=False)
add("randperm", lambda x: x[:, torch.randperm(4)], F(2, 4), core=False)
add("logspace", lambda x: x + torch.logspace(0, 1, 4), F(2, 4), core=False)
add("randint_like", lambda x: torch.randint_like(x, 5), F(2, 4), core=False)
add("renorm", lambda x: x.renorm(2, 0, 1.0), F(2, 4), core=False)
add(
    "fake_quantize_per_tensor_affine",
    lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 255),
    F(2, 4),
    core=False,
)
add(
    "lstm_cell",
    lambda x, h, c, w, u: torch.lstm_cell(x, [h, c], w, u),
    F(2, 3),
    F(2, 4),
    F(2, 4),
    F(16, 3),
    F(16, 4),
    core=False,
)
add("gru_cell", torch.gru_cell, F(2, 3), F(2, 4), F(12, 3), F(12, 4), core=False)
add(
    "rnn_tanh_cell rnn_relu_cell",
    lambda x, h, w, u: torch.rnn_tanh_cell(x, torch.rnn_relu_cell(x, h, w, u), w, u),
    F(2, 3),
    F(2, 4),
    F(4, 3),
    F(4, 4),
    core=False,
)
add("embedding_bag", lambda x, i: nnf.embedding_bag(i, x, mode="mean"), F(9, 4), I(9, 2, 3), core=False)
add("embedding_bag", lambda x, i: nnf.embedding_bag(i, x, mode="sum"), F(9, 4), I(9, 2, 3), core=False)
