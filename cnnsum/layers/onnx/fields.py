"""Kinds of attributes of ONNX's operations, and what many declarations ask alike. Others are in `layers.kinds`.

Of what a declaration reads that is not an attribute of the file, the reader puts in two fields: `opset`, the version of
the operation's domain that the file imports, and `outputs`, of how many outputs the node names.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.facts import Shape
from cnnsum.layers.kinds import Kind, Reading, wrong
from cnnsum.layers.onnx.dtypes import DTYPES, NAMES
from cnnsum.layers.requiring import axis_of
from cnnsum.typed import Annotated

#: The domain of the standard's own operations.
DOMAIN = "ai.onnx"
#: That of onnxruntime's.
MICROSOFT = "com.microsoft"


#: Attributes that no rule reads, as no number that is told depends on them: they change values, or how these come
#: about. One that is neither here nor a field of the type is not known, and then nothing is of the node.
WITHOUT_SHAPE = frozenset(
    (
        *(
            "consumed_inputs",
            "is_test",
            "seed",
            "mode",
            "epsilon",
            "momentum",
            "spatial",
            "alpha",
            "beta",
            "gamma",
            "p",
        ),
        *("activations", "activation_alpha", "activation_beta", "clip", "linear_before_reset", "output_sequence"),
        *("input_forget", "activation", "activation_params", "activation_gamma", "approximate", "broadcast", "value"),
        *("min", "max", "ratio", "k", "stash_type", "saturate", "round_mode", "precision", "block_size", "axis"),
        *("align_corners", "padding_mode", "spatial_scale", "sampling_ratio", "coordinate_transformation_mode"),
        *("cubic_coeff_a", "exclude_outside", "extrapolation_value", "nearest_mode", "storage_order", "periodic"),
        *("select_last_index", "direction", "exclusive", "reverse", "detect_negative", "detect_positive", "bias"),
        *("lambd", "largest", "sorted", "reduction", "ignore_index", "center_point_box", "pattern", "mean", "scale"),
        *("low", "high", "batch_axis", "time_axis", "interleaved", "rotary_embedding_dim", "chunk_size", "update_rule"),
        *("is_causal", "softcap", "softmax_precision", "qk_matmul_output_mode", "left_window_size", "opset"),
        *("right_window_size", "max_gram_length", "max_skip_count", "min_gram_length", "ngram_counts", "weights"),
        *("pool_int64s", "pool_strings", "decay_factor", "norm_coefficient", "norm_coefficient_post"),
        *(
            "accuracy_level",
            "weight_prepacked",
            "do_rotary",
            "local_window_size",
            "rotary_interleaved",
            "smooth_softmax",
        ),
        *("mask_filter_value", "unidirectional", "past_present_share_buffer", "is_packed_batching"),
    )
)


def _read_switch(value: object, _reading: Reading) -> bool:
    if type(value) is not int:
        raise wrong("0 or 1", value)
    return value != 0


def _read_code(value: object, _reading: Reading) -> str:
    if isinstance(value, str) and value in NAMES:
        return NAMES[value]  # before version 6
    if type(value) is not int or value not in DTYPES:
        raise wrong("the number of a dtype", value)
    return DTYPES[value]


#: True or false, which the file has as a number.
Switch = Annotated[bool, Kind("0 or 1", _read_switch)]
#: A dtype, which the file has as a number.
Code = Annotated[str, Kind("the number of a dtype", _read_code)]


def axis_from(x: Shape, axis: int, what: str) -> int:
    """An axis from 0 to the rank itself, which stands for none: where a tensor is cut in two."""
    return len(x) if axis == len(x) else axis_of(x, axis, what)


def numbers(values: tuple[Dim, ...] | None, axes: int, default: int, what: str, field: str) -> tuple[Dim, ...]:
    """A number for each axis."""
    if values is None or not values:
        return (default,) * axes
    if len(values) != axes:
        raise Problem("CFG102", f"`{field}` of {what} must be {axes} numbers, got {list(values)}", field)
    return values
