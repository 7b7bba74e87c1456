"""What operations of exported programs keep for the backward pass: the bytes that PyTorch 2.13 keeps on a CPU.

`tests/peers/test_torch_kept_subsets.py` asks PyTorch itself; these are its answers, for where it is not installed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum
from tests.readers.pt2.test_programs import program

FLOAT32, COMPLEX64 = 7, 10
IMAGE = (2, 4, 9, 9)
ELEMENTS = 2 * 4 * 9 * 9


def argument(value: Any) -> Any:
    if isinstance(value, str):
        return {"as_tensor": {"name": value}}
    if isinstance(value, bool):
        return {"as_bool": value}
    if isinstance(value, int):
        return {"as_int": value}
    if isinstance(value, float):
        return {"as_float": value}
    return {"as_ints": list(value)}


def tensor(shape: tuple[int, ...], dtype: int = FLOAT32, *, trains: bool = False) -> Any:
    return {"dtype": dtype, "sizes": [{"as_int": size} for size in shape], "requires_grad": trains}


def node(operation: str, made: str, **fields: Any) -> Any:
    """A call that gives one tensor; a field that is a text is a tensor."""
    return {
        "target": f"torch.ops.aten.{operation}",
        "inputs": [{"name": name, "arg": argument(value), "kind": 1} for name, value in fields.items()],
        "outputs": [{"as_tensor": {"name": name}} for name in made.split()],
        "metadata": {},
    }


def of(nodes: list[Any], metas: dict[str, Any]) -> cnnsum.Report:
    """The report of a program whose first operation adds a trained parameter to its input: `given`, a tensor of IMAGE.

    The last tensor that is made is the output.
    """
    value: Any = program()
    graph = value["graph_module"]["graph"]
    first = node("add.Tensor", "given", self="x", other="p_moves")
    metas = {"x": tensor(IMAGE), "p_moves": tensor(IMAGE, trains=True), "given": tensor(IMAGE), **metas}
    graph.update(nodes=[first, *nodes], tensor_values=metas)
    last = nodes[-1]["outputs"][0]["as_tensor"]["name"]
    value["graph_module"]["signature"] = {
        "input_specs": [
            {"parameter": {"arg": {"name": "p_moves"}, "parameter_name": "moves"}},
            {"user_input": {"arg": argument("x")}},
        ],
        "output_specs": [{"user_output": {"arg": argument(last)}}],
    }
    return cnnsum.summarize(cnnsum.loads(json.dumps(value)))


def kept(report: cnnsum.Report) -> Any:
    assert not report.diagnostics
    assert report.totals.training is not None
    return report.totals.training.saved


def test_complex_numbers_have_a_gradient() -> None:
    """`torch.fft.rfft2(x).abs()` keeps `x`, for its size, and what the transform gives."""
    half = (2, 4, 9, 5)
    nodes = [node("fft_rfft2.default", "f", self="given"), node("abs.default", "a", self="f")]
    report = of(nodes, {"f": tensor(half, COMPLEX64), "a": tensor(half)})
    assert kept(report) == 4 * ELEMENTS + 8 * 2 * 4 * 9 * 5
    assert report.totals.training is not None
    assert report.totals.training.gradients == 4 * ELEMENTS


@pytest.mark.parametrize(
    ("operation", "fields", "shape", "expected"),
    [
        ("fft_fft.default", {}, IMAGE, 8 * ELEMENTS),
        ("fft_rfft.default", {"n": 5}, (2, 4, 9, 3), 4 * ELEMENTS + 8 * 72 * 3),
        ("fft_rfft.default", {"n": 12}, (2, 4, 9, 7), 4 * 72 * 12 + 8 * 72 * 7),
        ("polar.default", {"angle": "given"}, IMAGE, 8 * ELEMENTS),
    ],
)
def test_what_operations_on_complex_numbers_keep(
    operation: str, fields: dict[str, Any], shape: tuple[int, ...], expected: int
) -> None:
    name = "abs" if operation.startswith("polar") else "self"
    nodes = [node(operation, "f", **{name: "given"}, **fields), node("abs.default", "a", self="f")]
    assert kept(of(nodes, {"f": tensor(shape, COMPLEX64), "a": tensor(shape)})) == expected
