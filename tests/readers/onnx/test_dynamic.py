"""ONNX files whose numbers follow from a size that is open: slices, indices, parts, and what is checked of them.

What runs is what ONNX Runtime 1.32 ran of these files, of the lengths from 1 to 30.
"""

from __future__ import annotations

from pathlib import Path

from bench.fuzz.onnx_files import node
from cnnsum.lint.checking import findings_of
from tests.readers.onnx.test_onnx_files import load, model, numbers


def test_a_shape_that_is_computed_is_checked(tmp_path: Path) -> None:
    """The sum that is a size is no layer: `add` of `torch` gives a tensor of which no number is known."""
    tree = model(
        [
            node("Shape", ["x"], ["shape"]),
            node("Gather", ["shape", "one"], ["length"], axis=0),
            node("Add", ["length", "zero"], ["same"]),
            node("Concat", ["two", "same", "rest"], ["wanted"], axis=0),
            node("Reshape", ["x", "wanted"], ["parts"]),
            node("Split", ["parts"], ["a", "b", "c"], axis=2),
            node("Sum", ["a", "b", "c"], ["y"]),
        ],
        2, "T", 12,
        held=(numbers("one", 1), numbers("zero", 0), numbers("two", 2), numbers("rest", 3, 4)),
    )  # fmt: skip
    assert not findings_of(load(tree, tmp_path))
