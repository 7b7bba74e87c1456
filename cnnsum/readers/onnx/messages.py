"""Messages that a reader of ONNX files makes itself, for nodes that stand for others: tensors, attributes."""

from __future__ import annotations

from cnnsum.typed import Any


def whole_numbers(values: list[int]) -> dict[str, Any]:
    """The message of a tensor that holds a row of whole numbers."""
    return {"dims": [len(values)], "data_type": 7, "int64_data": values}


def whole_number(value: int) -> dict[str, Any]:
    """The message of a tensor that holds one whole number."""
    return {"dims": [], "data_type": 7, "int64_data": [value]}


def true() -> dict[str, Any]:
    """That of one that holds a condition which is met."""
    return {"dims": [], "data_type": 9, "int32_data": [1]}


def number(name: str, value: int) -> dict[str, Any]:
    """The attribute of that name that holds one whole number."""
    return {"name": name, "type": 2, "i": value}


def all_numbers(name: str, values: list[int]) -> dict[str, Any]:
    """The attribute of that name that holds whole numbers."""
    return {"name": name, "type": 7, "ints": values}
