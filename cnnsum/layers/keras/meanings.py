"""What the fields of Keras's layers mean (`cnnsum.layers.meanings`)."""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.layers.base import Role
from cnnsum.layers.meanings import Compute, Meaning, Meanings

_FIELDS: dict[Meaning, tuple[str, ...]] = {
    "bias": ("use_bias",),
    "kernel": ("kernel_size", "pool_size"),
    "stride": ("strides",),
    "dilation": ("dilation_rate",),
    "padding": ("padding",),
    "channels": ("filters", "units"),
    "groups": ("groups",),
    "rate": ("rate",),
    "axes": ("axis",),
    "parts": ("groups",),
    "kept": ("momentum",),
    "rows": ("input_dim",),
    "heads": ("num_heads", "num_query_heads"),
    "head width": ("key_dim", "head_dim"),
    "value width": ("value_dim",),
    "score": ("score_mode",),
    "weighs scores": ("use_scale",),
    "causal": ("use_causal_mask",),
    "gated": ("use_gate",),
    "reach": ("sliding_window",),
    "gives scores": ("return_attention_scores",),
    "states": ("units",),
    "gate activation": ("recurrent_activation",),
    "reset after": ("reset_after",),
    "every step": ("return_sequences",),
    "inner": ("layer",),
    "backward": ("backward_layer",),
    "result": ("output_shape",),
    "layout": ("data_format",),
    "multiplier": ("depth_multiplier",),
    "scales": ("scale",),
    "shifts": ("center",),
    "root mean square": ("rms_scaling",),
    "upper bound": ("max_value",),
    "slope below": ("negative_slope",),
    "threshold": ("threshold",),
    "factors": ("size",),
    "order": ("dims",),
    "sides": ("padding", "cropping"),
    "activation": ("activation",),
    "epsilon": ("epsilon",),
    "interpolation": ("interpolation",),
}


def _axes(fields: Mapping[str, object], _rank: int) -> tuple[object, ...]:
    axis = fields.get("axis", -1)
    return axis if isinstance(axis, tuple) else (-1 if axis is None else axis,)


def _affine(fields: Mapping[str, object], _rank: int) -> bool:
    return bool(fields["scale"] or fields["center"])


def _sides(fields: Mapping[str, object], _rank: int) -> list[object] | None:
    amounts = fields["padding"] if "padding" in fields else fields["cropping"]
    return [side for pair in amounts for side in pair] if isinstance(amounts, tuple) else None


def _rewritten(fields: Mapping[str, object], _rank: int) -> bool:
    """By LoRA, or by a quantization."""
    return fields.get("lora_rank") is not None or fields.get("quantization") is not None


def _fast_kernel(_fields: Mapping[str, object], _rank: int) -> Mapping[str, object]:
    """What Keras asks before it takes cuDNN's."""
    return {
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "recurrent_dropout": 0,
        "unroll": False,
        "use_bias": True,
        "reset_after": True,
    }


_VALUES: dict[tuple[Role, Meaning], Compute] = {
    ("", "axes"): _axes,
    ("", "rewritten"): _rewritten,
    ("lstm", "fast kernel"): _fast_kernel,
    ("gru", "fast kernel"): _fast_kernel,
    ("batch normalization", "affine"): _affine,
    ("padding", "sides"): _sides,
    ("cropping", "sides"): _sides,
}

MEANINGS = Meanings(
    _FIELDS,
    _VALUES,
    {
        "upsampling": "`UpSampling{axes}D`",
        "softmax along": "a layer `Softmax: {{axis: {axis}}}`",
        "normalization along": "`axis: {axis}`",
        "joined along": "`axis: {axis}`, the channels",
        "padding before": "a `ZeroPadding` layer before it, and `padding: valid`",
        "padding that fits": "`padding: same`",
        "momentum of others": "PyTorch's momentum {momentum:g} is {kept:g} here",
        "usual momentum": "0.99 is the default",
        "layout": "`[{moved}]`, or `data_format: channels_first`",
    },
    {
        "kernel": ("kernel",),
        "bias": ("bias",),
        "scale": ("gamma", "scale"),
        "shift": ("beta",),
        "slope": ("alpha",),
        "table": ("embeddings",),
        "depthwise kernel": ("depthwise_kernel",),
        "pointwise kernel": ("pointwise_kernel",),
        "recurrent kernel": ("recurrent_kernel",),
    },
    {"kernel_size": "kernel", "strides": "stride", "pool_size": "pool", "dilation_rate": "dilation"},
)
