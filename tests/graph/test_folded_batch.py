"""Axes folded into the batch: what follows has a multiple of the batch first, and its work is still per sample."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import substitute

NUMPY = "keras.src.ops.numpy"


def network(shape: list[int | None], *calls: tuple[str, dict[str, Any]], batch: int | None = None) -> cnnsum.Model:
    """A Keras file of a chain: operations by their classes, layers by "layers.NAME"."""
    layers = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"batch_shape": [batch, *shape], "dtype": "float32", "name": "x"},
            "name": "x",
            "inbound_nodes": [],
        }
    ]
    before = "x"
    for at, (name, config) in enumerate(calls):
        module, _, class_name = name.rpartition(".")
        tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": [before, 0, 0]}}
        before = f"{class_name.lower()}{at}"
        layers.append(
            {
                "module": f"keras.{module}" if module else NUMPY,
                "class_name": class_name,
                "config": {"name": before, **config},
                "name": before,
                "inbound_nodes": [{"args": [tensor], "kwargs": {}}],
            }
        )
    config = {"name": "chain", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [[before, 0, 0]]}
    return cnnsum.loads(json.dumps({"module": "keras", "class_name": "Functional", "config": config}))


CONVOLUTION = ("layers.Conv2D", {"filters": 4, "kernel_size": [3, 3]})


def shapes(model: cnnsum.Model, batch: int) -> list[tuple[Any, ...]]:
    assert model.diagnostics == ()
    (symbol,) = model.graph.batch.symbols
    values = [model.inference.values[number] for call in model.inference.calls for number in call.outputs]
    return [tuple(substitute(dim, {symbol.name: batch}) for dim in value.shape) for value in values]


def test_time_folded_into_the_batch() -> None:
    model = network(
        [8, 6, 6, 3], ("Reshape", {"newshape": [-1, 6, 6, 3]}), CONVOLUTION, ("Reshape", {"newshape": [-1, 8, 4, 4, 4]})
    )
    assert shapes(model, 2) == [(16, 6, 6, 3), (16, 4, 4, 4), (2, 8, 4, 4, 4)]
    report = cnnsum.summarize(model, batch=2)
    per_picture = 4 * 4 * 4 * 27
    assert (report.totals.params.total, report.totals.macs) == (112, 8 * per_picture)
    assert report.totals.flops == 8 * (2 * per_picture + 64)
    assert report.totals.peak.bytes == 2 * 8 * 4 * (6 * 6 * 3 + 4 * 4 * 4)
    assert report.totals.saved == 2 * 8 * 4 * 6 * 6 * 3
    assert report.outputs[0].shape[1:] == (8, 4, 4, 4)


def test_pixels_folded_into_the_batch() -> None:
    model = network([6, 6, 3], ("Reshape", {"newshape": [-1, 3]}), ("layers.Dense", {"units": 2}))
    assert shapes(model, 5) == [(180, 3), (180, 2)]
    totals = cnnsum.summarize(model).totals
    assert (totals.params.total, totals.macs, totals.flops) == (8, 36 * 6, 36 * 14)


def test_a_fixed_batch_is_folded_as_an_open_one() -> None:
    calls = (("Reshape", {"newshape": [-1, 6, 6, 3]}), CONVOLUTION)
    fixed, free = network([8, 6, 6, 3], *calls, batch=5), network([8, 6, 6, 3], *calls)
    one, other = cnnsum.summarize(fixed).totals, cnnsum.summarize(free, batch=5).totals
    assert (one.macs, one.flops, one.outputs, one.peak.bytes) == (
        other.macs,
        other.flops,
        other.outputs,
        other.peak.bytes,
    )


def test_the_batch_moved_away_from_the_front() -> None:
    model = network([7, 5], ("Transpose", {"axes": [1, 0, 2]}), ("layers.Dense", {"units": 4}))
    assert shapes(model, 2) == [(7, 2, 5), (7, 2, 4)]
    assert cnnsum.summarize(model).totals.macs == 7 * 20


def test_work_that_is_done_once_is_a_bound_and_that_of_pairs_is_not_known() -> None:
    summed = network([7], ("Sum", {"axis": 0, "keepdims": True}), ("layers.Dense", {"units": 4}))
    report = cnnsum.summarize(summed)
    assert [row.status for row in report.rows] == ["exact", "exact", "bound"]
    assert report.rows[2].macs == 28
    pairs = network([7], ("Transpose", {}), ("Einsum", {"subscripts": "tb->tb"}))
    assert cnnsum.summarize(pairs).totals.macs == 0


def test_a_batch_that_does_not_come_out_even_is_refused() -> None:
    model = network([6, 4], ("Reshape", {"newshape": [-1, 2, 6, 4]}), ("layers.Dense", {"units": 3}))
    assert [axis.condition for axis in model.sizes.axes] == ["N % 2 == 0 and N >= 2"]
    report = cnnsum.summarize(model)
    assert (report.batch, report.totals.macs) == (2, 6 * 12)
    assert report.totals.outputs == 4 * 2 * (24 + 18)
    with pytest.raises(UnusableError, match="a batch of 3 is not accepted"):
        cnnsum.summarize(model, batch=3)


def test_no_size_is_refused_that_some_batch_makes_even() -> None:
    model = network([20, 20, 2], ("Reshape", {"newshape": [-1, 10, 2, 20, 2]}))
    assert model.sizes.axes == ()
    free = cnnsum.loads(model.document.text, free=("spatial",))
    height = next(axis for axis in free.sizes.axes if axis.symbol.name == "H")
    assert height.condition == "(H*N*W) % 400 == 0"
    assert list(free.sizes.accepted(height, {"W": 20}, 1, 40).sizes) == list(range(1, 41))
    assert list(free.sizes.accepted(height, {"W": 20, "N": 1}, 1, 40).sizes) == [20, 40]


def test_explained_work_tells_the_rows() -> None:
    model = network([8, 6, 6, 3], ("Reshape", {"newshape": [-1, 6, 6, 3]}), CONVOLUTION)
    (layer,) = cnnsum.explain(model, "conv2d1").layers
    steps = {step.measure: step for step in layer.steps}
    assert steps["MACs"].formula == "H_out * W_out * filters * C * kernel_h * kernel_w * rows"
    assert dict(layer.symbols)["rows"] == 8
    assert steps["output memory"].formula == "H_out * W_out * filters * rows * 4"


def test_samples_in_other_numbers_do_not_meet() -> None:
    text = """
    inputs: {a: [4], b: [4]}
    layers:
    - Concatenate: {from: [a, b], axis: 0, name: both}
    - Dense: {units: 3}
    - Concatenate: {from: [both, a], axis: 1}
    """
    model = cnnsum.loads(text)
    assert "SHP207" in [found.code for found in model.diagnostics]
