"""ONNX files whose numbers follow from a size that is open: slices, indices, parts, and what is checked of them.

What runs is what ONNX Runtime 1.32 ran of these files, of the lengths from 1 to 30.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnnsum
from bench.fuzz.onnx_files import node
from cnnsum.lint.checking import findings_of
from tests.readers.onnx.test_onnx_files import load, model, numbers, weight


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


def legal(found: cnnsum.Model) -> list[int]:
    """The accepted lengths from 1 to 30."""
    assert not found.wrong
    return list(cnnsum.sizes(found, range=(1, 30)).axes[0].legal or ())


def rows(name: str, *places: tuple[int, ...]) -> dict[str, Any]:
    flat = [one for row in places for one in row]
    return {"name": name, "dims": [len(places), len(places[0])], "data_type": 7, "int64_data": flat}


def scalar(name: str, value: int) -> dict[str, Any]:
    return {"name": name, "dims": [], "data_type": 7, "int64_data": [value]}


def test_a_slice_that_an_open_size_places(tmp_path: Path) -> None:
    tree = model(
        [
            node("Shape", ["x"], ["shape"]),
            node("Gather", ["shape", "one"], ["length"], axis=0),
            node("Neg", ["length"], ["start"]),
            node("Slice", ["table", "start", "end", "zero"], ["part"]),
            node("Add", ["x", "part"], ["y"]),
        ],
        2, "T", 4,
        held=(weight("table", 15, 4), numbers("one", 1), numbers("zero", 0), numbers("end", 2**63 - 1)),
    )  # fmt: skip
    assert legal(load(tree, tmp_path)) == list(range(1, 16))


PICKED = [
    (node("Gather", ["x", "at"], ["y"], axis=1), numbers("at", 0, 5), 6),
    (node("Gather", ["x", "at"], ["y"], axis=1), numbers("at", 0, -7), 7),
    (node("Gather", ["x", "at"], ["y"], axis=1), scalar("at", 5), 6),
    (node("GatherElements", ["x", "at"], ["y"], axis=1), {**rows("at", (2, 4)), "dims": [1, 2, 1]}, 5),
    (node("GatherND", ["x", "at"], ["y"]), rows("at", (1, 5), (0, 1)), 6),
    (node("GatherND", ["x", "at"], ["y"], batch_dims=1), rows("at", (8,), (1,)), 9),
    (node("TopK", ["x", "at"], ["y", "z"], axis=1), numbers("at", 7), 7),
]


@pytest.mark.parametrize(("picks", "places", "least"), PICKED)
def test_indices_are_those_of_elements(picks: Any, places: Any, least: int, tmp_path: Path) -> None:
    found = load(model([picks], 2, "T", 4, held=(places,)), tmp_path)
    assert legal(found) == list(range(least, 31))
    fixed = load(model([picks], 2, least - 1, 4, held=(places,)), tmp_path)
    assert {one.code for one in fixed.diagnostics} <= {"SHP205", "SHP201"}
    assert fixed.wrong
    assert not load(model([picks], 2, least, 4, held=(places,)), tmp_path).wrong


@pytest.mark.parametrize(
    ("writes", "places"),
    [
        (node("ScatterElements", ["x", "at", "new"], ["y"], axis=1), {**rows("at", (2, 5)), "dims": [1, 2, 1]}),
        (node("ScatterND", ["x", "at", "new"], ["y"]), rows("at", (0, 5, 1))),
    ],
)
def test_elements_that_are_written_over_are_there(writes: Any, places: Any, tmp_path: Path) -> None:
    new = weight("new", *([1, 2, 1] if len(places["dims"]) == 3 else [1]))
    assert legal(load(model([writes], 2, "T", 4, held=(places, new)), tmp_path)) == list(range(6, 31))


@pytest.mark.parametrize(
    "makes",
    [
        [node("ConstantOfShape", ["left"], ["y"])],
        [
            node("Concat", ["left", "length"], ["lengths"], axis=0),
            node("Split", ["big", "lengths"], ["y", "z"], axis=0),
        ],
    ],
)
def test_a_size_that_is_computed_is_not_below_0(makes: list[Any], tmp_path: Path) -> None:
    tree = model(
        [
            node("Shape", ["x"], ["shape"]),
            node("Gather", ["shape", "one"], ["length"], axis=0),
            node("Sub", ["twenty", "length"], ["left"]),
            node("Expand", ["x", "wide"], ["wider"]),
            node("Transpose", ["table"], ["big"]),
            *makes,
        ],
        2, "T", 4,
        held=(weight("table", 4, 20), numbers("one", 1), numbers("twenty", 20), numbers("wide", 2, 1, 4)),
    )  # fmt: skip
    assert legal(load(tree, tmp_path)) == list(range(1, 21))


def test_a_range_that_ends_before_it_starts_has_no_numbers(tmp_path: Path) -> None:
    tree = model(
        [
            node("Shape", ["x"], ["shape"]),
            node("Gather", ["shape", "at"], ["length"], axis=0),
            node("Sub", ["five", "length"], ["left"]),
            node("Range", ["zero", "left", "at"], ["places"]),
            node("Unsqueeze", ["places", "axis"], ["y"]),
        ],
        2, "T", 4,
        held=(scalar("zero", 0), scalar("at", 1), scalar("five", 5), numbers("axis", 0)),
    )  # fmt: skip
    assert str(cnnsum.summarize(load(tree, tmp_path)).outputs[0].shape[1]) == "max(5 - T, 0)"


def test_a_range_as_long_as_an_axis_stays_within_a_table(tmp_path: Path) -> None:
    tree = model(
        [
            node("Shape", ["x"], ["shape"]),
            node("Gather", ["shape", "at"], ["length"], axis=0),
            node("Range", ["zero", "length", "at"], ["places"]),
            node("Unsqueeze", ["places", "axis"], ["row"]),
            node("Cast", ["row"], ["whole"], to=7),
            node("Gather", ["table", "whole"], ["rows"], axis=0),
            node("Add", ["x", "rows"], ["y"]),
        ],
        2, "T", 4,
        held=(weight("table", 16, 4), scalar("zero", 0), scalar("at", 1), numbers("axis", 0)),
    )  # fmt: skip
    assert legal(load(tree, tmp_path)) == list(range(1, 17))
