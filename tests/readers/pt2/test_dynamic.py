"""Exported programs whose numbers follow from a size that is open: slices, indices, parts, and what is checked of them.

What runs is what PyTorch 2.13 ran of these programs, of the lengths from 1 to 30.
"""

from __future__ import annotations

from typing import Any

import pytest

import cnnsum
from cnnsum.dims import evaluate
from cnnsum.lint.checking import findings_of
from tests.readers.pt2.programs import LENGTH, Size, T, call, number, program


def test_a_range_as_long_as_an_axis_is_checked() -> None:
    """Nothing reads the range's length but the range itself, which has no tensor for an input."""
    found = program(
        LENGTH,
        call("arange.default", "places", end=Size("t")),
        call("unsqueeze.default", "column", self="places", dim=1),
        call("mul.Tensor", "out", self="x", other="column"),
    )
    assert not findings_of(found)


NEGATED = number("_operator.neg", "n", Size("t"))
BEFORE = number("_operator.sub", "before", Size("t"), 5)
PART = {
    "the last of a constant": [
        NEGATED,
        call("ones.default", "held", size=[15, 4]),
        call("slice.Tensor", "part", self="held", dim=0, start=Size("n")),
    ],
    "the first of it, from its end": [
        NEGATED,
        call("ones.default", "held", size=[15, 4]),
        call("slice.Tensor", "part", self="held", dim=0, start=0, end=Size("n")),
    ],
    "from five before the end": [
        BEFORE,
        call("ones.default", "held", size=[40, 4]),
        call("slice.Tensor", "most", self="held", dim=0, start=0, end=Size("t")),
        call("slice.Tensor", "part", self="most", dim=0, start=Size("before")),
    ],
}


def legal(found: cnnsum.Model) -> list[int]:
    """The accepted lengths from 1 to 30."""
    assert not found.wrong
    return list(cnnsum.sizes(found, range=(1, 30)).axes[0].legal or ())


@pytest.mark.parametrize(
    ("part", "accepted"),
    [
        ("the last of a constant", range(1, 16)),
        ("the first of it, from its end", [1, 14]),  # of 14 one row, which is stretched
        ("from five before the end", [1, 2, 4, 5]),  # of 3 the last two, of 4 the last one
    ],
)
def test_a_slice_that_an_open_size_places(part: str, accepted: Any) -> None:
    """Below 0 a place is counted from the end, also where that depends on the size."""
    found = program(LENGTH, *PART[part], call("add.Tensor", "out", self="x", other="part"))
    assert legal(found) == list(accepted)


@pytest.mark.parametrize(
    ("cut", "accepted"),
    [
        (call("select.int", "out", self="x", dim=0, index=Size("before")), range(3, 7)),
        (call("select.int", "out", self="x", dim=1, index=Size("before")), range(3, 31)),
        (call("narrow.default", "out", self="x", dim=1, start=Size("n"), length=2), range(2, 31)),
        (call("slice.Tensor", "out", self="x", dim=1, step=Size("quarter")), range(4, 31)),
    ],
)
def test_an_element_that_an_open_size_places(cut: Any, accepted: range) -> None:
    quarter = number("_operator.floordiv", "quarter", Size("t"), 4)
    assert legal(program(LENGTH, NEGATED, BEFORE, quarter, cut)) == list(accepted)


@pytest.mark.parametrize(
    "picks",
    [
        call("topk.default", "out", "places", self="x", k=7, dim=1),
        call("kthvalue.default", "out", "places", self="x", k=7, dim=1),
    ],
)
def test_the_largest_are_no_more_than_there_are(picks: Any) -> None:
    picks["outputs"] = [{"as_tensor": one} for one in picks["outputs"][0]["as_tensors"]]
    assert legal(program(picks)) == list(range(7, 31))
    assert [one.code for one in program(picks, sizes=(2, 6, 4)).diagnostics] == ["SHP201"]
    assert not program(picks, sizes=(2, 7, 4)).wrong


LEFT = number("_operator.sub", "left", 20, Size("t"))
REST = number("_operator.sub", "rest", Size("t"), 3)


@pytest.mark.parametrize(
    ("makes", "accepted"),
    [
        (call("zeros.default", "out", size=[2, Size("left"), 4]), range(1, 21)),
        (call("arange.default", "out", end=Size("left")), range(1, 21)),
        (call("split_with_sizes.default", "out", "more", self="x", split_sizes=[3, Size("rest")], dim=1), range(3, 31)),
        (call("repeat.default", "out", self="x", repeats=[1, Size("rest"), 1]), range(3, 31)),
        (call("topk.default", "out", self="x", k=Size("left"), dim=1), range(10, 21)),
    ],
)
def test_a_number_that_is_computed_must_be_one_that_the_operation_takes(makes: Any, accepted: range) -> None:
    assert legal(program(LENGTH, LEFT, REST, makes)) == list(accepted)


@pytest.mark.parametrize(
    ("cut", "accepted", "shapes"),
    [
        (call("chunk.default", "a", "b", self="x", chunks=2, dim=1), range(2, 31), (4, 3)),
        (call("chunk.default", "a", "b", "c", "d", self="x", chunks=4, dim=1), [4, 7, 8, *range(10, 31)], (2, 2, 2, 1)),
        (call("chunk.default", "a", "b", "c", self="x", chunks=4, dim=1), range(3, 31), (2, 2, 2)),
        (call("split.Tensor", "a", "b", "c", self="x", split_size=3, dim=1), range(7, 31), (3, 3, 1)),
        (call("split.Tensor", "a", "b", self="x", split_size=Size("half"), dim=1), range(2, 31), (3, 3)),
    ],
)
def test_parts_of_an_open_axis(cut: Any, accepted: Any, shapes: tuple[int, ...]) -> None:
    """The last of all is smaller; a program asks for no part that there is none of. Their lengths at 7."""
    half = number("_operator.floordiv", "half", Size("t"), 2)
    found = program(LENGTH, half, cut)
    assert legal(found) == list(accepted)
    lengths = [one.shape[1] for one in cnnsum.summarize(found).outputs]
    assert tuple(evaluate(str(one), {"T": 7}) for one in lengths) == shapes


def test_an_image_that_is_made_smaller_keeps_a_sample() -> None:
    smaller = call("upsample_nearest1d.vec", "out", input="x", scale_factors=[0.6])
    assert legal(program(smaller, sizes=(2, 4, T))) == list(range(2, 31))
    assert program(smaller, sizes=(2, 4, 1)).wrong


@pytest.mark.parametrize(
    ("places", "accepted"),
    [
        ([call("arange.default", "at", end=Size("t"))], range(1, 17)),
        ([call("arange.start", "at", start=3, end=Size("after"))], range(1, 14)),
        (
            [
                call("arange.start_step", "range", start=0, end=Size("t"), step=2),
                call("unsqueeze.default", "row", self="range", dim=0),
                call("expand.default", "at", self="row", size=[2, -1]),
            ],
            range(1, 17),
        ),
    ],
)
def test_a_range_as_long_as_an_axis_stays_within_a_table(places: Any, accepted: range) -> None:
    """PyTorch's embedding of 16 rows runs no longer ones."""
    after = number("_operator.add", "after", Size("t"), 3)
    looked_up = call("embedding.default", "rows", weight="table", indices="at")
    found = program(LENGTH, after, *places, looked_up, held={"table": (16, 4)})
    assert legal(found) == list(accepted)


def test_a_part_of_a_range_has_other_numbers() -> None:
    """They are not known then, and nothing is asked of them."""
    found = program(
        LENGTH,
        call("arange.default", "all", end=Size("t")),
        call("slice.Tensor", "at", self="all", dim=0, start=0, end=4),
        call("embedding.default", "rows", weight="table", indices="at"),
        held={"table": (16, 4)},
    )
    assert legal(found) == list(range(1, 31))


def test_a_recorded_size_that_a_length_leaves_nothing_of() -> None:
    """The file divides by a quarter of the length, which is 0 at lengths below 4: the step is at fault, and said."""
    quarter = number("_operator.floordiv", "quarter", Size("t"), 4)
    size = f"FloorDiv({T}, FloorDiv({T}, Integer(4)))"
    cut = call("slice.Tensor", "out", self="x", dim=1, step=Size("quarter"))
    found = program(LENGTH, quarter, cut, recorded={"out": (2, size, 4)}, settings={"T": 3})
    assert [one.code for one in found.diagnostics if one.severity == "error"] == ["CFG102"]


def test_numbers_that_are_computed_from_a_range_are_others() -> None:
    """Their least and greatest are not known, in a tensor of the same shape."""
    found = program(
        LENGTH,
        call("arange.default", "range", end=Size("t")),
        call("to.dtype", "floats", self="range"),
        call("mul.Tensor", "squares", self="floats", other="floats"),
        call("to.dtype", "at", self="squares"),
        call("embedding.default", "rows", weight="table", indices="at"),
        held={"table": (16, 4)},
    )
    assert legal(found) == list(range(1, 31))
