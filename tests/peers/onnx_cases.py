"""The node tests of the ONNX standard (`onnx.backend.test`): models, and the outputs that they must give."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

import cnnsum
from cnnsum.dims import UNKNOWN

#: Numbers of an input that are put into the model: shapes, axes, lengths.
MOST = 64
#: What has outputs whose sizes are in its data, and in no shape.
BY_DATA = frozenset(
    ("NonZero", "Unique", "NonMaxSuppression", "ImageDecoder", "StringSplit", "StringNormalizer", "TfIdfVectorizer")
)
_DTYPES = {
    "float": "float32",
    "double": "float64",
    "float8e4m3fn": "float8_e4m3fn",
    "float8e5m2": "float8_e5m2",
    "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2fnuz": "float8_e5m2fnuz",
    "float4e2m1": "float4_e2m1fn",
    "float8e8m0": "float8_e8m0fnu",
}


class Case(NamedTuple):
    """A model with its short inputs put in as tensors, and of each output shape and dtype; None for one of neither."""

    name: str
    model: bytes
    outputs: tuple[tuple[tuple[int, ...], str] | None, ...]


def _made(value: Any) -> tuple[tuple[int, ...], str] | None:
    if isinstance(value, onnx.TensorProto):
        name = onnx.TensorProto.DataType.Name(value.data_type).lower()
        return tuple(value.dims), _DTYPES.get(name, name)
    if isinstance(value, np.ndarray) or np.isscalar(value):
        found = np.asarray(value)
        dtype = "string" if found.dtype.kind in "UO" else str(found.dtype)
        return found.shape, _DTYPES.get(dtype, dtype)
    return None  # a sequence, or what is not there


@cache
def cases() -> tuple[Case, ...]:
    """All of them; takes a minute."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(map(_case, load_model_tests(kind="node")))


def _is_numbers(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "iufb" or dtype.name == "bfloat16"


def _case(given: Any) -> Case:
    model = onnx.ModelProto()
    model.CopyFrom(given.model)
    inputs, outputs = given.data_sets[0]
    held = []
    for one, raw in zip(model.graph.input, inputs, strict=False):
        value = np.asarray(raw) if np.isscalar(raw) else raw
        if isinstance(value, np.ndarray) and value.ndim <= 1 and value.size <= MOST and _is_numbers(value.dtype):
            held.append(numpy_helper.from_array(value, one.name))
    names = {one.name for one in held}
    kept = [one for one in model.graph.input if one.name not in names]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    model.graph.initializer.extend(held)
    # What a case must give is not told to cnnsum.
    for one in model.graph.output:
        one.type.Clear()
    del model.graph.value_info[:]
    return Case(given.name, model.SerializeToString(), tuple(map(_made, outputs)))


def verdicts(folder: Any) -> Iterator[tuple[Case, str]]:
    """Of each case "agrees", "by data", "no tensor", "undecided", or what disagrees."""
    path = folder / "case.onnx"
    for case in cases():
        path.write_bytes(case.model)
        yield case, _verdict(case, cnnsum.load(path))


def _verdict(case: Case, model: cnnsum.Model) -> str:
    if model.errors:
        return f"refused: {model.errors[0].message}"
    inference = model.inference
    if None in case.outputs or len(inference.outputs) != len(case.outputs):
        return "no tensor"  # or one that the file holds
    for number, expected in zip(inference.outputs, case.outputs, strict=True):
        shape, dtype = inference.values[number]
        assert expected is not None
        known = shape is not None and all(isinstance(dim, int) for dim in shape)
        agree = shape is None or (
            len(shape) == len(expected[0])
            and all(dim is UNKNOWN or dim == size for dim, size in zip(shape, expected[0], strict=True))
        )
        if not agree or dtype not in ("?", expected[1]):
            return f"{(shape, dtype)} for {expected}"
        if not known or dtype == "?":
            types = {layer.type_name for layer in model.graph.layers}
            return "by data" if types & BY_DATA else "undecided"
    return "agrees"
