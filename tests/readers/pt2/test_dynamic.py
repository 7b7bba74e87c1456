"""Exported programs whose numbers follow from a size that is open: slices, indices, parts, and what is checked of them.

What runs is what PyTorch 2.13 ran of these programs, of the lengths from 1 to 30.
"""

from __future__ import annotations

from cnnsum.lint.checking import findings_of
from tests.readers.pt2.programs import LENGTH, Size, call, program


def test_a_range_as_long_as_an_axis_is_checked() -> None:
    """Nothing reads the range's length but the range itself, which has no tensor for an input."""
    found = program(
        LENGTH,
        call("arange.default", "places", end=Size("t")),
        call("unsqueeze.default", "column", self="places", dim=1),
        call("mul.Tensor", "out", self="x", other="column"),
    )
    assert not findings_of(found)
