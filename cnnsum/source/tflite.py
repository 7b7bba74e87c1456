"""TensorFlow Lite files, as far as they are bytes: which field has which number, what of them is read.

The numbers are those of `schema.fbs` of TensorFlow Lite (version 3, as of TensorFlow 2.18); a test holds them to the
code that the compiler of FlatBuffers makes of it. Of a tensor no more than `MAX_CONTENT` bytes are read, which is what
shapes take. Knows nothing of what the fields mean.
"""

from __future__ import annotations

from cnnsum.source.flatbuffer import Slot, Tables, decode
from cnnsum.source.messages import Read, read_message
from cnnsum.typed import BinaryIO

#: Bytes of a tensor that are read: more are weights, and not a shape, pads or parts (64 numbers of 64 bits).
MAX_CONTENT = 512

_ACTIVATION = "fused_activation_function"


def _numbers(*fields: tuple[str, str] | None) -> dict[int, Slot]:
    """Fields that are numbers, by their places, None for one that is not read."""
    return {number: Slot(*field) for number, field in enumerate(fields) if field is not None}


_FUSED = _numbers((_ACTIVATION, "int8"))

#: Options of operators: the number of each in `BuiltinOptions`, and its fields that decide shapes or work.
OPTIONS: dict[str, tuple[int, dict[int, Slot]]] = {
    "Conv2DOptions": (
        1,
        _numbers(
            ("padding", "int8"),
            ("stride_w", "int32"),
            ("stride_h", "int32"),
            (_ACTIVATION, "int8"),
            ("dilation_w_factor", "int32"),
            ("dilation_h_factor", "int32"),
        ),
    ),
    "DepthwiseConv2DOptions": (
        2,
        _numbers(
            ("padding", "int8"),
            ("stride_w", "int32"),
            ("stride_h", "int32"),
            ("depth_multiplier", "int32"),
            (_ACTIVATION, "int8"),
            ("dilation_w_factor", "int32"),
            ("dilation_h_factor", "int32"),
        ),
    ),
    "Pool2DOptions": (
        5,
        _numbers(
            ("padding", "int8"),
            ("stride_w", "int32"),
            ("stride_h", "int32"),
            ("filter_width", "int32"),
            ("filter_height", "int32"),
            (_ACTIVATION, "int8"),
        ),
    ),
    "SVDFOptions": (6, _numbers(("rank", "int32"), (_ACTIVATION, "int8"))),
    "RNNOptions": (7, _FUSED),
    "FullyConnectedOptions": (
        8,
        _numbers((_ACTIVATION, "int8"), ("weights_format", "int8"), ("keep_num_dims", "bool")),
    ),
    "ConcatenationOptions": (10, _numbers(("axis", "int32"), (_ACTIVATION, "int8"))),
    "AddOptions": (11, _FUSED),
    "L2NormOptions": (12, _FUSED),
    "LocalResponseNormalizationOptions": (13, _numbers(("radius", "int32"))),
    "LSTMOptions": (14, _numbers((_ACTIVATION, "int8"), None, None, ("kernel_type", "int8"))),
    "ReshapeOptions": (17, {0: Slot("new_shape", "int32", many=True)}),
    "SpaceToDepthOptions": (19, _numbers(("block_size", "int32"))),
    "MulOptions": (21, _FUSED),
    "GatherOptions": (23, _numbers(("axis", "int32"), ("batch_dims", "int32"))),
    "ReducerOptions": (27, _numbers(("keep_dims", "bool"))),
    "SubOptions": (28, _FUSED),
    "DivOptions": (29, _FUSED),
    "SqueezeOptions": (30, {0: Slot("squeeze_dims", "int32", many=True)}),
    "SequenceRNNOptions": (31, _numbers(("time_major", "bool"), (_ACTIVATION, "int8"))),
    "StridedSliceOptions": (
        32,
        _numbers(
            ("begin_mask", "int32"),
            ("end_mask", "int32"),
            ("ellipsis_mask", "int32"),
            ("new_axis_mask", "int32"),
            ("shrink_axis_mask", "int32"),
            ("offset", "bool"),
        ),
    ),
    "SplitOptions": (35, _numbers(("num_splits", "int32"))),
    "TransposeConvOptions": (
        49,
        _numbers(("padding", "int8"), ("stride_w", "int32"), ("stride_h", "int32"), (_ACTIVATION, "int8")),
    ),
    "PackOptions": (59, _numbers(("values_count", "int32"), ("axis", "int32"))),
    "OneHotOptions": (61, _numbers(("axis", "int32"))),
    "UnpackOptions": (64, _numbers(("num", "int32"), ("axis", "int32"))),
    "UnidirectionalSequenceLSTMOptions": (
        71,
        _numbers((_ACTIVATION, "int8"), None, None, ("time_major", "bool")),
    ),
    "MirrorPadOptions": (77, _numbers(("mode", "int8"))),
    "SplitVOptions": (79, _numbers(("num_splits", "int32"))),
    "IfOptions": (92, _numbers(("then_subgraph_index", "int32"), ("else_subgraph_index", "int32"))),
    "WhileOptions": (93, _numbers(("cond_subgraph_index", "int32"), ("body_subgraph_index", "int32"))),
    "DepthToSpaceOptions": (94, _numbers(("block_size", "int32"))),
    "BatchMatMulOptions": (101, _numbers(("adj_x", "bool"), ("adj_y", "bool"))),
    "Conv3DOptions": (
        106,
        _numbers(
            ("padding", "int8"),
            ("stride_d", "int32"),
            ("stride_w", "int32"),
            ("stride_h", "int32"),
            (_ACTIVATION, "int8"),
            ("dilation_d_factor", "int32"),
            ("dilation_w_factor", "int32"),
            ("dilation_h_factor", "int32"),
        ),
    ),
}
UNIONS = {number: name for name, (number, _) in OPTIONS.items()}

TABLES: Tables = {
    "Model": {
        0: Slot("version", "uint32"),
        1: Slot("operator_codes", "OperatorCode", many=True),
        2: Slot("subgraphs", "SubGraph", many=True),
        3: Slot("description", "text"),
        4: Slot("buffers", "Buffer", many=True),
    },
    "OperatorCode": {
        0: Slot("deprecated_builtin_code", "int8"),
        1: Slot("custom_code", "text"),
        2: Slot("version", "int32"),
        3: Slot("builtin_code", "int32"),
    },
    "SubGraph": {
        0: Slot("tensors", "Tensor", many=True),
        1: Slot("inputs", "int32", many=True),
        2: Slot("outputs", "int32", many=True),
        3: Slot("operators", "Operator", many=True),
        4: Slot("name", "text"),
    },
    "Tensor": {
        0: Slot("shape", "int32", many=True),
        1: Slot("type", "int8"),
        2: Slot("buffer", "uint32"),
        3: Slot("name", "text"),
        4: Slot("quantization", "Quantization"),
        5: Slot("is_variable", "bool"),
        6: Slot("sparsity", "Sparsity"),
        7: Slot("shape_signature", "int32", many=True),
    },
    "Quantization": {2: Slot("scale", "count")},
    "Sparsity": {},
    "Buffer": {
        0: Slot("data", "bytes", most=MAX_CONTENT),
        1: Slot("offset", "uint64"),
        2: Slot("size", "uint64"),
    },
    "Operator": {
        0: Slot("opcode_index", "uint32"),
        1: Slot("inputs", "int32", many=True),
        2: Slot("outputs", "int32", many=True),
        3: Slot("builtin_options_type", "uint8"),
        4: Slot("builtin_options", "union", by="builtin_options_type"),
    },
    **{name: fields for name, (_, fields) in OPTIONS.items()},
}


def read_tflite(file: BinaryIO, path: str) -> Read:
    """What a file holds; raises UnusableError for one that is damaged or passes a limit."""
    return read_message(
        file, path, "tflite", "TensorFlow Lite file", lambda data: decode(data, TABLES, "Model", UNIONS)
    )
