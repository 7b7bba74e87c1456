"""ONNX files, as far as they are bytes: how they are known, which field has which number, what of them is read.

The numbers are those of `onnx.proto` (ONNX 1.23, IR version 13). Of a tensor no more than `MAX_CONTENT` bytes are read,
which is what shapes take; weights beside the file are not opened. Knows nothing of what the fields mean.
"""

from __future__ import annotations

from cnnsum.source.messages import Read, read_message
from cnnsum.source.protobuf import Field, Schema, decode
from cnnsum.typed import BinaryIO

#: Bytes of a tensor that are read: more are weights, and not a shape, pads or parts (64 numbers of 64 bits).
MAX_CONTENT = 512
#: Bytes of a text in an attribute; what is longer is not a word, and left out.
_MAX_WORD = 4_096
#: Numbers in a list of an attribute, in bytes: trees of ONNX-ML have millions.
_MAX_LIST = 65_536

SCHEMA: Schema = {
    "Model": {
        1: Field("ir_version", "int"),
        2: Field("producer_name", "text"),
        3: Field("producer_version", "text"),
        4: Field("domain", "text"),
        5: Field("model_version", "int"),
        7: Field("graph", "Graph"),
        8: Field("opset_import", "Opset", many=True),
        25: Field("functions", "Function", many=True),
    },
    "Opset": {1: Field("domain", "text"), 2: Field("version", "int")},
    "Graph": {
        1: Field("node", "Node", many=True),
        2: Field("name", "text"),
        5: Field("initializer", "Tensor", many=True),
        11: Field("input", "ValueInfo", many=True),
        12: Field("output", "ValueInfo", many=True),
        13: Field("value_info", "ValueInfo", many=True),
        15: Field("sparse_initializer", "SparseTensor", many=True),
    },
    "Node": {
        1: Field("input", "text", many=True),
        2: Field("output", "text", many=True),
        3: Field("name", "text"),
        4: Field("op_type", "text"),
        5: Field("attribute", "Attribute", many=True),
        7: Field("domain", "text"),
        8: Field("overload", "text"),
        9: Field("metadata_props", "Entry", many=True),
    },
    "Entry": {1: Field("key", "text", most=_MAX_WORD), 2: Field("value", "text", most=_MAX_WORD)},
    "Attribute": {
        1: Field("name", "text"),
        2: Field("f", "float"),
        3: Field("i", "int"),
        4: Field("s", "text", most=_MAX_WORD),
        5: Field("t", "Tensor"),
        6: Field("g", "Graph"),
        7: Field("floats", "float", many=True, most=_MAX_LIST),
        8: Field("ints", "int", many=True, most=_MAX_LIST),
        9: Field("strings", "text", many=True),
        11: Field("graphs", "Graph", many=True),
        20: Field("type", "int"),
        21: Field("ref_attr_name", "text"),
        22: Field("sparse_tensor", "SparseTensor"),
    },
    "ValueInfo": {1: Field("name", "text"), 2: Field("type", "Type")},
    "Type": {
        1: Field("tensor_type", "TensorType"),
        4: Field("sequence_type", "Other"),
        5: Field("map_type", "Other"),
        8: Field("sparse_tensor_type", "TensorType"),
        9: Field("optional_type", "OptionalType"),
    },
    "Other": {},
    "OptionalType": {1: Field("elem_type", "Type")},
    "TensorType": {1: Field("elem_type", "int"), 2: Field("shape", "Shape")},
    "Shape": {1: Field("dim", "Dim", many=True)},
    "Dim": {1: Field("dim_value", "int"), 2: Field("dim_param", "text")},
    "Tensor": {
        1: Field("dims", "int", many=True),
        2: Field("data_type", "int"),
        4: Field("float_data", "float", many=True, most=MAX_CONTENT),
        5: Field("int32_data", "int", many=True, most=MAX_CONTENT),
        6: Field("string_data", "bytes", most=0),
        7: Field("int64_data", "int", many=True, most=MAX_CONTENT),
        8: Field("name", "text"),
        9: Field("raw_data", "bytes", most=MAX_CONTENT),
        10: Field("double_data", "double", many=True, most=MAX_CONTENT),
        11: Field("uint64_data", "int", many=True, most=MAX_CONTENT),
        14: Field("data_location", "int"),
    },
    "SparseTensor": {1: Field("values", "Tensor"), 2: Field("indices", "Tensor"), 3: Field("dims", "int", many=True)},
    "Function": {
        1: Field("name", "text"),
        4: Field("input", "text", many=True),
        5: Field("output", "text", many=True),
        6: Field("attribute", "text", many=True),
        7: Field("node", "Node", many=True),
        9: Field("opset_import", "Opset", many=True),
        10: Field("domain", "text"),
        11: Field("attribute_proto", "Attribute", many=True),
        12: Field("value_info", "ValueInfo", many=True),
        13: Field("overload", "text"),
    },
}

#: The fields of a model, by number, and the kind of each on the wire; those that are not read among them.
_OF_MODEL = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
_GRAPH = 7


def is_onnx(head: bytes) -> bool:
    """Whether a file that begins so is an ONNX model: fields of one as far as one can see, with a version and a graph.

    >>> is_onnx(bytes([8, 8, 58, 2, 18, 0, 66, 2, 16, 17])), is_onnx(b":) text"), is_onnx(b"layers: []")
    (True, False, False)
    """
    at, has_version = 0, False
    while at < len(head):
        number, wire = head[at] >> 3, head[at] & 7
        at += 1
        if head[at - 1] >= 0x80:  # a field from 16 on
            if at >= len(head) or head[at] >= 0x80:
                return False
            number, at = number & 15 | head[at] << 4, at + 1
        if _OF_MODEL.get(number) != wire:
            return False
        if number == _GRAPH:
            return has_version
        has_version = has_version or number == 1
        value = shift = 0
        while at < len(head):
            value |= (head[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if head[at - 1] < 0x80 or shift > 63:
                break
        at += value if wire == 2 else 0
    return False


def read_onnx(file: BinaryIO, path: str) -> Read:
    """What a file holds; raises UnusableError for one that is damaged or passes a limit."""
    return read_message(file, path, "onnx", "ONNX file", lambda data: decode(data, SCHEMA, "Model"))
