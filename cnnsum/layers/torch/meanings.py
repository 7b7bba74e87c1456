"""What the fields of PyTorch's modules mean (`cnnsum.layers.meanings`)."""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.layers.base import Role
from cnnsum.layers.meanings import Compute, Meaning, Meanings

_FIELDS: dict[Meaning, tuple[str, ...]] = {
    "bias": ("bias",),
    "kernel": ("kernel_size",),
    "stride": ("stride",),
    "dilation": ("dilation",),
    "padding": ("padding",),
    "channels": ("out_channels", "out_features"),
    "groups": ("groups",),
    "rate": ("p",),
    "axes": ("dim", "normalized_shape"),
    "parts": ("num_groups",),
    "kept": ("momentum",),
    "rows": ("num_embeddings",),
    "heads": ("num_heads",),
    "gives scores": ("need_weights",),
    "batch first": ("batch_first",),
    "projected": ("proj_size",),
    "factors": ("scale_factor",),
    "enlargement": ("scale_factor",),
    "order": ("dims",),
    "sides": ("padding", "pad"),
    "affine": ("affine",),
    "epsilon": ("eps",),
    "interpolation": ("mode",),
}


def _channels(_fields: Mapping[str, object], _rank: int) -> tuple[int, ...]:
    return (1,)


def _each(_fields: Mapping[str, object], _rank: int) -> int:
    """Each channel is a group."""
    return -1


def _last(fields: Mapping[str, object], _rank: int) -> tuple[int, ...]:
    shape = fields["normalized_shape"]
    return tuple(range(-len(shape), 0)) if isinstance(shape, tuple) else (-1,)


def _dim(fields: Mapping[str, object], rank: int) -> tuple[object, ...] | None:
    """Where none is said, `_get_softmax_dim` of PyTorch chooses."""
    if "dim" not in fields:
        return _last(fields, rank) if "normalized_shape" in fields else None
    dim = fields["dim"]
    if dim is None:
        return (1 if rank not in (0, 1, 3) else 0,)
    return dim if isinstance(dim, tuple) else (dim,)


def _softmax(fields: Mapping[str, object], rank: int) -> tuple[object, ...]:
    """`Softmax2d` takes the channels, and says none."""
    return _dim(fields, rank) or (1,)


def _kept(fields: Mapping[str, object], _rank: int) -> object:
    """PyTorch's momentum is the part that is replaced; None is the mean of all batches."""
    momentum = fields["momentum"]
    return 1 - momentum if isinstance(momentum, (int, float)) else None


def _padding(fields: Mapping[str, object], _rank: int) -> str:
    padding = fields["padding"]
    if isinstance(padding, str):
        return padding
    is_nothing = isinstance(padding, tuple) and all(side == 0 for pair in padding for side in pair)
    return "valid" if is_nothing else "explicit"


def _sides(fields: Mapping[str, object], _rank: int) -> list[object] | None:
    """The field has pairs, the last axis first."""
    amounts = fields["padding"] if "padding" in fields else fields["pad"]
    if not isinstance(amounts, tuple):
        return None
    return [side for at in range(len(amounts) - 2, -1, -2) for side in amounts[at : at + 2]]


def _factors(fields: Mapping[str, object], _rank: int) -> object:
    factor = fields["scale_factor"]
    return factor if factor is None or isinstance(factor, tuple) else (factor,)


def _appends_keys(fields: Mapping[str, object], _rank: int) -> bool:
    return bool(fields["add_bias_kv"] or fields["add_zero_attn"])


def _states(fields: Mapping[str, object], _rank: int) -> object:
    return fields["hidden_size"] * fields["num_layers"] * (1 + fields["bidirectional"])  # type: ignore[operator]  # numbers, by their kinds


_SLIDING: tuple[Role, ...] = ("convolution", "max pooling", "mean pooling")
_RECURRENT: tuple[Role, ...] = ("simple recurrence", "lstm", "gru")
_VALUES: dict[tuple[Role, Meaning], Compute] = {
    ("batch normalization", "axes"): _channels,
    ("group normalization", "axes"): _channels,
    ("instance normalization", "axes"): _channels,
    ("instance normalization", "parts"): _each,
    ("layer normalization", "axes"): _last,
    ("rms normalization", "axes"): _last,
    ("activation", "axes"): _softmax,
    ("", "axes"): _dim,
    ("batch normalization", "kept"): _kept,
    **{(role, "padding"): _padding for role in _SLIDING},
    ("padding", "sides"): _sides,
    ("upsampling", "factors"): _factors,
    ("multi-head attention", "appends keys"): _appends_keys,
    **{(role, "states"): _states for role in _RECURRENT},
}

MEANINGS = Meanings(
    _FIELDS,
    _VALUES,
    {
        "upsampling": "`Upsample`",
        "softmax along": "`Softmax: {{dim: {axis}}}`",
        "normalization along": "`GroupNorm: 1`, or the channels last before it",
        "joined along": "`dim: {axis}`, the channels",
        "padding before": "a `ZeroPad` before it",
        "padding that fits": "a `padding`",
        "momentum of others": "Keras's momentum {momentum:g} is {kept:g} here",
        "usual momentum": "0.1 is the default",
        "layout": "`[{moved}]`",
    },
    {
        "kernel": ("weight",),
        "bias": ("bias",),
        "scale": ("weight",),
        "shift": ("bias",),
        "slope": ("weight",),
        "table": ("weight",),
    },
    {"kernel_size": "kernel"},
)
