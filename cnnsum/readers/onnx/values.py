"""Tensors, attributes and types of an ONNX file as plain values.

Knows how the format holds numbers; knows no operation and no graph.
"""

from __future__ import annotations

from math import prod

from cnnsum.graph.model import MAX_DIM, MAX_RANK
from cnnsum.layers.onnx.dtypes import DTYPES
from cnnsum.readers.programs import MOST_NUMBERS, is_packed, short, unpacked
from cnnsum.typed import Any, NamedTuple

#: The fields that hold numbers one by one.
_LISTS = ("int64_data", "int32_data", "float_data", "double_data", "uint64_data")

#: Where an attribute has its value, by the number of its kind (`AttributeProto.AttributeType`), and what is empty.
_KINDS: dict[int, tuple[str, Any]] = {
    1: ("f", 0.0),
    2: ("i", 0),
    3: ("s", ""),
    4: ("t", None),
    5: ("g", None),
    6: ("floats", []),
    7: ("ints", []),
    8: ("strings", []),
    10: ("graphs", None),
}


class TensorValue(NamedTuple):
    """A tensor that the file holds. numbers: what is in it, row by row, where that is short; None where it is not."""

    shape: tuple[int, ...]
    dtype: str
    numbers: tuple[int | float, ...] | None


class MalformedError(Exception):
    """A part of the file is not what the format has there."""


def tensor_of(value: dict[str, Any]) -> TensorValue:
    """The tensor of a message; raises MalformedError for sizes that nothing has."""
    shape = sizes_of(value.get("dims") or [])
    dtype = DTYPES.get(value.get("data_type") or 0, "?")
    return TensorValue(shape, dtype, _numbers(value, shape, dtype))


def sizes_of(dims: list[int]) -> tuple[int, ...]:
    """The sizes of a tensor; raises MalformedError for those that nothing has."""
    if len(dims) > MAX_RANK or any(not 0 <= dim < MAX_DIM for dim in dims):
        raise MalformedError("a tensor has sizes that none can have")
    return tuple(dims)


def _numbers(value: dict[str, Any], shape: tuple[int, ...], dtype: str) -> tuple[int | float, ...] | None:
    raw = value.get("raw_data")
    if value.get("data_location"):
        return None
    if raw:
        return unpacked(raw, shape, dtype)
    listed: list[int | float] = next((value[name] for name in _LISTS if value.get(name)), [])
    if len(listed) != prod(shape) or len(listed) > MOST_NUMBERS or dtype == "float16" or not is_packed(dtype):
        return None
    found = tuple(map(bool, listed)) if dtype == "bool" else tuple(listed)
    return tuple(map(short, found)) if dtype == "float32" else found


def attribute_of(value: dict[str, Any]) -> Any:
    """The value of an attribute: a number, a text, a list, or the message of a tensor or a graph; None for others."""
    kind = value.get("type")
    if kind in _KINDS:
        name, empty = _KINDS[kind]
    elif kind:
        return None
    else:  # very old files do not say
        name, empty = next(((name, empty) for name, empty in _KINDS.values() if name in value), ("", None))
    found = value.get(name, empty)
    if name == "f" and isinstance(found, float):
        return short(found)
    return [short(one) for one in found] if name == "floats" and found else found


class Recorded(NamedTuple):
    """What the file says of a tensor: sizes (a number, a text, None for one that it leaves open), and the dtype.

    sizes: None where not even the rank is said, or it is not a tensor.
    """

    sizes: tuple[int | str | None, ...] | None
    dtype: str | None


def recorded_of_branches(attributes: dict[str, Any], at: int) -> Recorded | None:
    """What both branches of an `If` say alike of an output, by their attributes; None where they do not go together.

    A branch names its outputs with their types, and what is said of tensors inside it may stand there, too.
    """
    found: list[Recorded] = []
    for name in ("then_branch", "else_branch"):
        graph = attribute_of(attributes[name]) if name in attributes else None
        if not isinstance(graph, dict) or at >= len(outputs := graph.get("output") or []):
            return None
        same = [one for one in graph.get("value_info") or [] if one.get("name") == outputs[at].get("name")]
        said = [recorded_of(one) for one in (outputs[at], *same)]
        found.append(next((one for one in said if one.sizes is not None), said[0]))
    one, other = found
    dtype = one.dtype if one.dtype == other.dtype else None
    if one.sizes is None or other.sizes is None or len(one.sizes) != len(other.sizes):
        return Recorded(None, dtype)
    return Recorded(tuple([a if a == b else None for a, b in zip(one.sizes, other.sizes, strict=True)]), dtype)


def recorded_of(value: dict[str, Any]) -> Recorded:
    """What a `ValueInfo` says; of what may be there or not, what it is where it is there."""
    type = value.get("type") or {}
    type = (type.get("optional_type") or {}).get("elem_type") or type
    tensor = type.get("tensor_type")
    if tensor is None:
        return Recorded(None, None)
    dtype = DTYPES.get(tensor.get("elem_type") or 0)
    shape = tensor.get("shape")
    if shape is None:
        return Recorded(None, dtype)
    sizes: list[int | str | None] = []
    for dim in shape.get("dim") or []:
        size = dim.get("dim_value")
        if size is not None:
            sizes.append(size if 0 <= size < MAX_DIM else None)
        else:
            sizes.append(dim.get("dim_param") or None)
    return Recorded(tuple(sizes) if len(sizes) <= MAX_RANK else None, dtype)
