"""Operations of onnxruntime's own (`com.microsoft`), one by one: the shapes and dtypes that it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("onnx")

import numpy as np
import onnx
import onnxruntime
from onnx import helper

import cnnsum
from cnnsum.layers.onnx.fields import WITHOUT_SHAPE
from cnnsum.layers.vocabulary import ONNX


class Case(NamedTuple):
    """An operation, its inputs (dtype and shape; None for one that is left out), the numbers in some of them, its
    attributes and how many outputs it has.
    """

    type: str
    inputs: tuple[Any, ...]
    attributes: dict[str, Any] = {}  # noqa: RUF012 - never changed
    outputs: int = 1
    numbers: dict[int, Any] = {}  # noqa: RUF012 - as above


F, I, B, S = "float32", "int32", "uint8", "int8"  # noqa: E741 - dtypes
SCALE, ZERO = (F, ()), (B, ())
QUANTIZED = (SCALE, ZERO)

CASES = (
    Case("Attention", ((F, (2, 5, 8)), (F, (8, 24)), (F, (24,))), {"num_heads": 2}),
    Case("Attention", ((F, (2, 5, 8)), (F, (8, 28)), (F, (28,))), {"num_heads": 2, "qkv_hidden_sizes": [8, 8, 12]}),
    Case(
        "Attention",
        ((F, (2, 5, 8)), (F, (8, 24)), (F, (24,)), None, (F, (2, 2, 2, 3, 4))),
        {"num_heads": 2, "unidirectional": 1},
        2,
    ),
    Case("QAttention", ((B, (2, 5, 8)), (B, (8, 24)), (F, (24,)), SCALE, SCALE, None, ZERO, ZERO), {"num_heads": 2}),
    Case("MultiHeadAttention", ((F, (2, 5, 8)), (F, (2, 7, 8)), (F, (2, 7, 12))), {"num_heads": 2}),
    Case("MultiHeadAttention", ((F, (2, 5, 8)), (F, (2, 2, 7, 4)), (F, (2, 2, 7, 4))), {"num_heads": 2}),
    Case(
        "MultiHeadAttention",
        (*[(F, (2, 5, 8))] * 3, None, None, None, (F, (2, 2, 3, 4)), (F, (2, 2, 3, 4))),
        {"num_heads": 2},
        3,
    ),
    Case(
        "GroupQueryAttention",
        ((F, (1, 5, 16)), (F, (1, 5, 8)), (F, (1, 5, 8)), None, None, (I, (1,)), (I, ())),
        {"num_heads": 2, "kv_num_heads": 1},
        3,
        {5: 4, 6: 5},
    ),
    Case(
        "GroupQueryAttention",
        ((F, (1, 5, 128)), None, None, None, None, (I, (1,)), (I, ())),
        {"num_heads": 4, "kv_num_heads": 2},
        1,
        {5: 4, 6: 5},
    ),
    Case("RotaryEmbedding", ((F, (2, 5, 8)), ("int64", (1,)), (F, (9, 2)), (F, (9, 2))), {"num_heads": 2}),
    Case(
        "EmbedLayerNormalization",
        ((I, (2, 5)), (I, (2, 5)), (F, (9, 8)), (F, (7, 8)), (F, (2, 8)), (F, (8,)), (F, (8,)), (I, (2, 5))),
        {},
        3,
    ),
    Case("SkipLayerNormalization", ((F, (2, 5, 8)), (F, (2, 5, 8)), (F, (8,)), (F, (8,)), (F, (8,)))),
    Case("SkipSimplifiedLayerNormalization", ((F, (2, 5, 8)), (F, (2, 5, 8)), (F, (8,)))),
    Case("BiasGelu", ((F, (2, 8)), (F, (8,)))),
    Case("FastGelu", ((F, (2, 8)), (F, (8,)))),
    Case("QuickGelu", ((F, (2, 8)),), {"alpha": 1.7}),
    Case("Gelu", ((F, (2, 8)),)),
    Case("FusedMatMul", ((F, (3, 2, 4)), (F, (3, 5, 4))), {"transB": 1}),
    Case("FusedGemm", ((F, (2, 4)), (F, (4, 5)), (F, (5,))), {"activation": "Relu"}),
    Case("FusedConv", ((F, (1, 4, 9, 8)), (F, (6, 2, 3, 3))), {"group": 2, "strides": [2, 2], "activation": "Relu"}),
    Case("MatMulNBits", ((F, (2, 3, 64)), (B, (8, 2, 16)), (F, (16,))), {"K": 64, "N": 8, "bits": 4, "block_size": 32}),
    Case("MatMulBnb4", ((F, (2, 3, 64)), (B, (256,)), (F, (8,))), {"K": 64, "N": 8, "block_size": 64, "quant_type": 1}),
    Case("GatherBlockQuantized", (("uint4", (6, 32)), ("int64", (2, 3)), (F, (6, 2))), {"block_size": 16}),
    Case(
        "GatherBlockQuantized", ((B, (6, 16)), ("int64", (2, 3)), (F, (6, 2))), {"block_size": 16, "bits": 4}, 1, {0: 1}
    ),
    Case("DynamicQuantizeMatMul", ((F, (2, 4)), (B, (4, 5)), SCALE, ZERO)),
    Case("MatMulIntegerToFloat", ((B, (2, 4)), (B, (4, 5)), SCALE, SCALE, ZERO, ZERO)),
    Case(
        "DynamicQuantizeLSTM",
        (
            *((F, (7, 2, 3)), (S, (1, 3, 16)), (S, (1, 4, 16)), (F, (1, 32)), None, None, None, None),
            *((F, (1,)), (S, (1,)), (F, (1,)), (S, (1,))),
        ),
        {"hidden_size": 4},
        3,
    ),
    Case("QLinearAdd", ((B, (2, 4)), *QUANTIZED, (B, (4,)), *QUANTIZED, *QUANTIZED)),
    Case("QLinearMul", ((B, (2, 4)), *QUANTIZED, (B, (4,)), *QUANTIZED, *QUANTIZED)),
    Case("QLinearSigmoid", ((B, (2, 4)), *QUANTIZED, *QUANTIZED)),
    Case("QLinearLeakyRelu", ((B, (2, 4)), *QUANTIZED, *QUANTIZED)),
    Case("QLinearSoftmax", ((B, (2, 4)), *QUANTIZED, *QUANTIZED), {"opset": 13}),
    Case("QLinearConcat", (*QUANTIZED, (B, (2, 4)), *QUANTIZED, (B, (2, 3)), *QUANTIZED), {"axis": 1}),
    Case("QLinearAveragePool", ((B, (1, 3, 8, 8)), *QUANTIZED, *QUANTIZED), {"kernel_shape": [2, 2]}),
    Case(
        "QLinearAveragePool",
        ((B, (1, 8, 9, 3)), *QUANTIZED, *QUANTIZED),
        {"kernel_shape": [2, 2], "strides": [2, 2], "channels_last": 1},
    ),
    Case("QLinearGlobalAveragePool", ((B, (1, 3, 8, 8)), *QUANTIZED, *QUANTIZED)),
    Case("QLinearGlobalAveragePool", ((B, (1, 8, 8, 3)), *QUANTIZED, *QUANTIZED), {"channels_last": 1}),
    Case("QLinearWhere", (("bool", (2, 1)), (B, (4,)), *QUANTIZED, (B, (2, 4)), *QUANTIZED, *QUANTIZED)),
    Case("QGemm", ((B, (2, 4)), *QUANTIZED, (B, (5, 4)), *QUANTIZED), {"transB": 1}),
    Case(
        "QLinearConv",
        ((B, (1, 8, 9, 4)), *QUANTIZED, (B, (6, 4, 3, 3)), *QUANTIZED, *QUANTIZED),
        {"channels_last": 1, "strides": [2, 2]},
    ),
    Case("NhwcMaxPool", ((B, (1, 8, 9, 3)),), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Case("CDist", ((F, (3, 4)), (F, (5, 4))), {"metric": "sqeuclidean"}),
    Case("Inverse", ((F, (2, 3, 3)),), {}, 1, {0: "eye"}),
    Case("ExpandDims", ((F, (2, 3)), (I, ())), {}, 1, {1: -1}),
    Case("Trilu", ((F, (2, 3, 3)),)),
    Case("GatherND", ((F, (2, 3, 4)), ("int64", (5, 2)))),
    Case("GridSample", ((F, (1, 2, 5, 6)), (F, (1, 3, 4, 2)))),
    Case("Pad", ((F, (2, 3)), ("int64", (4,))), {}, 1, {1: 1}),
    Case("MatMulInteger16", (("int16", (2, 4)), ("int16", (4, 5)))),
    Case(
        "MoE",
        ((F, (3, 8)), (F, (3, 4)), (F, (4, 16, 8)), (F, (4, 16)), (F, (4, 8, 16)), (F, (4, 8))),
        {"k": 2, "activation_type": "gelu"},
    ),
    Case(
        "WordConvEmbedding",
        ((I, (2, 9)), (F, (5, 1, 3, 4)), (F, (5,)), (F, (20, 4))),
        {"embedding_size": 5, "conv_window_size": 3, "char_embedding_size": 4},
        1,
        {0: 1},
    ),
)
_CODES = {"uint4": onnx.TensorProto.UINT4}


def _code(dtype: str) -> int:
    return _CODES.get(dtype) or helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


@pytest.mark.parametrize("case", CASES, ids=[f"{one.type}-{at}" for at, one in enumerate(CASES)])
def test_shapes_are_those_of_onnxruntime(case: Case, tmp_path: Path) -> None:
    held, inputs, feeds = [], [], {}
    for at, one in enumerate(case.inputs):
        if one is None:
            continue
        dtype, shape = one
        given = case.numbers.get(at)
        if dtype == "uint4":
            held.append(helper.make_tensor(f"i{at}", _code(dtype), shape, [1] * int(np.prod(shape))))
        elif at == 0 and given is None:
            inputs.append(helper.make_tensor_value_info("i0", _code(dtype), shape))
            feeds["i0"] = np.ones(shape, dtype)
        else:
            value = np.ones(shape, dtype) if given is None else np.full(shape, given if given != "eye" else 0, dtype)
            value = value + np.eye(shape[-1], dtype=dtype) if given == "eye" else value
            held.append(onnx.numpy_helper.from_array(value.astype(dtype), f"i{at}"))
    names = [f"i{at}" if one is not None else "" for at, one in enumerate(case.inputs)]
    outputs = [f"o{at}" for at in range(case.outputs)]
    node = helper.make_node(case.type, names, outputs, domain="com.microsoft", **case.attributes)
    graph = helper.make_graph([node], "g", inputs, [onnx.ValueInfoProto(name=name) for name in outputs], held)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    path = tmp_path / "m.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    wanted = [(one.shape, str(one.dtype)) for one in session.run(None, feeds)]
    model = cnnsum.load(path)
    assert not model.diagnostics
    found = [model.inference.values[number] for number in model.inference.outputs]
    assert [(one.shape, one.dtype) for one in found] == wanted


#: Attributes of which a node with them is not known.
UNKNOWN = {
    "GroupQueryAttention": {"kv_cache_bit_width", "k_quant_type", "v_quant_type"},
    "QMoE": {"fc1_expert_weight_bits", "fc2_expert_weight_bits", "fc3_expert_weight_bits", "quant_type"},
}


def test_every_operation_has_the_inputs_and_attributes_of_onnxruntimes_schemas() -> None:
    schemas = {
        one.name: one
        for one in onnxruntime.capi.onnxruntime_pybind11_state.get_all_operator_schema()
        if one.domain == "com.microsoft"
    }
    known = {key: type for key, type in ONNX.all_types().items() if key.startswith("com.microsoft.")}
    assert len(known) > 60
    for key, type in known.items():
        schema = schemas[key.rpartition(".")[2]]
        read = {*type.schema.fields, *type.schema.inputs, *type.ignored, *WITHOUT_SHAPE}
        assert set(schema.attributes) - read == UNKNOWN.get(schema.name, set()), key
        assert type.schema.most is None or type.schema.most >= len(schema.inputs), key
