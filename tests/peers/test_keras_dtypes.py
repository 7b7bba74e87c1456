"""Dtypes of operations against Keras: all pairs of dtypes, Python's own numbers too, and all operations that take them.

Keras on TensorFlow is its own code with the tables that it has there; TensorFlow itself is not needed for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras.src import ops  # noqa: E402 - needs Keras
from keras.src.backend.common import dtypes as tables  # noqa: E402 - as above

from cnnsum.graph.promotion import OF_INPUTS, dtype_of_result, promote  # noqa: E402 - as above
from cnnsum.layers.base import all_types  # noqa: E402 - as above
from cnnsum.layers.keras.operations import NUMPY  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

DTYPES = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("bfloat16", "float16", "float32", "float64"),
)
NUMBERS = {"int": int, "float": float}
VALUES = {"int": 2, "float": 2.5, "True": True}
SHAPE = (3, 3)


#: Operations of which Keras has other rules for some pairs (a second input that is a Python number, float64 or int64
#: under one name and not under another): of the 12,701 cases, those in which the two differ are fewer than this.
ODD = {
    *("Arctan2", "BitwiseLeftShift", "BitwiseRightShift", "Cbrt", "Deg2rad", "Gcd", "Heaviside", "Hypot", "I0", "Lcm"),
    *("Ldexp", "LeftShift", "Matmul", "Nanpercentile", "Nanquantile", "Nextafter", "Percentile", "Quantile"),
    *("Rad2deg", "Reciprocal", "RightShift"),
}
MOST_ODD = 270


@pytest.fixture(params=["numpy", "tensorflow"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "tensorflow":
        monkeypatch.setitem(tables.BIT64_TO_BIT32_DTYPE, "int64", "int64")
        monkeypatch.setitem(tables.BIT64_TO_BIT32_DTYPE, "float64", "float64")
        monkeypatch.setitem(tables.PYTHON_DTYPES_MAP, int, "int64")
        monkeypatch.setitem(tables.PYTHON_DTYPES_MAP, "int", "int64")
    return str(request.param)


def test_all_pairs(backend: str) -> None:
    for one, other in product((*DTYPES, *NUMBERS), repeat=2):
        theirs = keras.backend.result_type(NUMBERS.get(one, one), NUMBERS.get(other, other))
        assert promote([one, other], backend) == theirs, (one, other)


def called(make: Any, inputs: tuple[str, ...]) -> str | None:
    """The dtype of what an operation gives; None where it does not take these."""
    given = [VALUES[one] if one in VALUES else keras.KerasTensor(SHAPE, dtype=one) for one in inputs]
    try:
        result = make()(*given)
    except Exception:  # noqa: BLE001 - whatever Keras says of it
        return None
    return str(result.dtype) if isinstance(result, keras.KerasTensor) else None


def compared(backend: str) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    """Operations that are made without arguments: the name, the dtypes of the inputs, ours and Keras's."""
    for key, found in sorted(all_types().items()):
        make = getattr(ops.numpy, key.removeprefix(NUMPY), None) if key.startswith(NUMPY) else None
        if make is None:
            continue
        for count in (1, 2):
            for inputs in product((*DTYPES, *VALUES) if count == 2 else DTYPES, repeat=count):
                theirs = called(make, inputs) if set(inputs) & set(DTYPES) else None
                if theirs is None:
                    continue
                try:
                    shapes = [SHAPE if one in DTYPES else () for one in inputs]
                    facts = found.apply(shapes, dict(found.schema.defaults), ())
                except Exception:  # noqa: BLE001 - what Keras takes and we do not is for other tests
                    continue
                given = ["bool" if one == "True" else one for one in inputs]
                ours = dtype_of_result(facts.dtype, given, backend) if facts.dtype in OF_INPUTS else facts.dtype
                yield make.__name__, inputs, str(ours), theirs


def test_all_operations(backend: str) -> None:
    found = list(compared(backend))
    assert len(found) > 12_000
    wrong = [one for one in found if one[2] != one[3]]
    assert [one for one in wrong if one[0] not in ODD] == []
    assert len(wrong) < MOST_ODD
