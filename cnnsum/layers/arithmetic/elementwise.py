"""Elementwise operations of programs, as the line of a vocabulary's table has each: its work, what its gradient keeps.

Inputs are broadcast as NumPy does it, and the numbers in a tensor are followed where the line says how. Names no type.
"""

from __future__ import annotations

from cnnsum.layers.arithmetic.broadcast import broadcast, in_place
from cnnsum.layers.arithmetic.contents import Operation, combined, together
from cnnsum.layers.facts import Content, Facts, KeepsInput, Shape, size


def of_one(x: Shape, ops: int, keeps: str, dtype: str, contents: tuple[Content | None, ...] = ()) -> Facts:
    """An operation on each element.

    ops: per element. keeps: what backpropagation keeps, "input", "output" or "". dtype: of the output, "" for the
    input's. contents: the numbers in what it gives.
    """
    return Facts(
        x,
        ops=ops * size(x),
        keeps_input=keeps == "input",
        keeps_output=keeps == "output",
        alias="inplace",
        dtype=dtype or "first",
        contents=contents,
    )


def of_two(
    name: str, x: Shape, other: Shape, ops: int, keeps: str, dtype: str, contents: tuple[Content | None, ...] = ()
) -> Facts:
    """An operation on two tensors. keeps: "inputs", "factors" or ""; the rest as of `of_one`."""
    shapes = (x, other)
    out = broadcast(shapes, name)
    kept: KeepsInput = "factors" if keeps == "factors" else keeps == "inputs"
    return Facts(
        out,
        ops=ops * size(out),
        keeps_input=kept,
        alias=in_place(shapes, out),
        dtype=dtype or "first",
        contents=contents,
    )


def followed(operation: Operation | None, *inputs: Shape) -> tuple[Content | None, ...]:
    """The numbers in what an operation gives; none where it is not followed."""
    return () if operation is None else together(combined(operation, *inputs))
