"""Layers of unknown types: never zero, never fatal, and the file's word for what they give is used as such."""

from __future__ import annotations

from typing import Any

import pytest
from keras_writing import called, functional, image, load, made, rows, sequential, shapes, tensor

import cnnsum
from cnnsum.answers.sizes.ask import answer
from cnnsum.dims import UNKNOWN
from tests.thorough import each


def model(*, height: int | None = 64, recorded: Any = (None, 32, 32, 8), dtype: str = "float32") -> Any:
    """An image, a convolution, a layer that nobody knows, and a convolution and a pooling behind it."""
    given = tensor("odd", recorded)
    given["config"]["dtype"] = dtype
    return functional(
        [
            image((height, height, 3)),
            made("Conv2D", "first", "image", filters=8, kernel_size=[3, 3], padding="same"),
            made("Odd", "odd", "first", module="mine"),
            made("Conv2D", "second", called(given), filters=16, kernel_size=[3, 3], padding="same"),
            made("GlobalAveragePooling2D", "pooled", "second"),
        ],
        "pooled",
    )


def test_what_follows_is_inferred_from_the_recorded_shape():
    found = load(model())
    report = cnnsum.summarize(found)
    assert shapes(report)["second"] == ["? 32 32 16"]
    assert [row.status for row in report.rows] == ["exact", "exact", "unknown", "bound", "bound"]
    assert rows(report)["second"].params.total == (3 * 3 * 8 + 1) * 16
    assert rows(report)["odd"].params.total is UNKNOWN
    assert report.totals.params.total is UNKNOWN
    assert report.totals.unknown == ("odd",)
    (one,) = found.diagnostics
    assert one.message == (
        "unknown layer type `Odd`; what follows is inferred from the shape that the file records for it, "
        "(None, 32, 32, 8)"
    )


def test_the_recorded_dtype_is_used_too():
    report = cnnsum.summarize(load(model(dtype="int32")))
    assert rows(report)["odd"].outputs[0].dtype == "int32"


def test_an_open_axis_of_it_is_not_known():
    report = cnnsum.summarize(load(model(height=None, recorded=(None, None, None, 8))))
    assert [str(dim) for dim in rows(report)["second"].outputs[0].shape][1:] == ["?", "?", "16"]
    assert rows(report)["second"].params.total == (3 * 3 * 8 + 1) * 16


@pytest.mark.parametrize("options", [{"inputs": (32, 32, 3)}, {"free": {"spatial"}}])
def test_at_other_sizes_the_file_says_nothing(options):
    found = load(model(), **options)
    assert [one.message for one in found.diagnostics] == ["unknown layer type `Odd`"]
    assert shapes(cnnsum.summarize(found))["second"] == ["unknown"]


def test_without_a_recorded_shape_nothing_is_known():
    report = cnnsum.summarize(load(model(recorded=None)))
    assert shapes(report)["second"] == ["unknown"]
    assert rows(report)["second"].status == "unknown"


def test_legal_sizes_are_a_bound():
    found = load(model(height=None, recorded=(None, None, None, 8)))
    told = answer(found)
    assert [axis.record.exact for axis in told.axes] == [False, False]


def test_the_input_that_the_next_layer_was_built_on_tells_as_much():
    following = made("Dense", "score", units=3)
    following["build_config"] = {"input_shape": [None, 7]}
    chain = sequential(image((4,)), made("Odd", "odd", module="mine"), following)
    assert rows(cnnsum.summarize(load(chain)))["score"].params.total == 7 * 3 + 3


def test_several_outputs_and_several_calls():
    first = called(tensor("odd:0:1", (None, 5)))
    second = called(tensor("odd:1:0", (None, 6)))
    net = functional(
        [
            image((4,)),
            made("Odd", "odd", "image", "image", module="mine"),
            made("Dense", "a", first, units=2),
            made("Dense", "b", second, units=2),
        ],
        ["a", "b"],
    )
    found = rows(cnnsum.summarize(load(net)))
    assert (found["a"].params.total, found["b"].params.total) == (5 * 2 + 2, 6 * 2 + 2)


def test_two_consumers_that_disagree_are_reported():
    net = functional(
        [
            image((4,)),
            made("Odd", "odd", "image", module="mine"),
            made("Dense", "a", called(tensor("odd", (None, 5))), units=2),
            made("Dense", "b", called(tensor("odd", (None, 6))), units=2),
        ],
        ["a", "b"],
    )
    assert [one.code for one in load(net).diagnostics] == ["UNK701", "SHP220"]


@each("wrong", [["x", 32, 32, 8], [None, {"a": 1}], [None, -4], [None, True], [None, 4.5]])
def test_a_recorded_shape_that_is_none_is_not_used(wrong):
    found = load(model(recorded=wrong))
    assert [one.message for one in found.diagnostics] == ["unknown layer type `Odd`"]
    assert shapes(cnnsum.summarize(found))["second"] == ["unknown"]


@pytest.mark.parametrize("index", [0, 1])
def test_a_model_of_somebody_s_own_class_is_called_from_1_among_the_outputs(index):
    """Keras counts what a Functional model makes when it is built, and there only; the file may not show its layers."""
    found = functional([image((8, 8, 3)), made("Encoder", "encoder", "image", module="mine")], "encoder")
    found["config"]["output_layers"] = [["encoder", index, 0]]
    assert [one.code for one in load(found).diagnostics] == ["UNK701"]


def test_no_layer_of_keras_is():
    found = functional([image((8, 8, 3)), made("Flatten", "flat", "image")], "flat")
    found["config"]["output_layers"] = [["flat", 1, 0]]
    assert [one.code for one in load(found).diagnostics] == ["GRF302"]
