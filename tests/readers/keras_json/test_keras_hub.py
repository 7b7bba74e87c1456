"""Models of KerasHub's layers, as Keras wrote and counted them (bench/keras_hub_files.py, keras-hub 0.32.0)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cnnsum
from cnnsum.answers.summary.records import TensorRecord

MODELS = json.loads((Path(__file__).parent / "keras_hub.json").read_text(encoding="utf-8"))


def test_every_row_has_the_shapes_and_parameters_of_keras(tmp_path: Path) -> None:
    for number, one in enumerate(MODELS):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(one["model"]), encoding="utf-8")
        model = cnnsum.load(path)
        assert not model.diagnostics, (number, [str(each) for each in model.diagnostics])
        summary = cnnsum.summarize(model)
        shown = {row.name: (row.type, row.params.total) for row in summary.rows}
        wanted = {name: (type, count) for name, type, _, count, _ in one["rows"]}
        # Keras lists no operations among its layers.
        assert {name: found for name, found in shown.items() if name in wanted} == wanted, number
        assert summary.totals.params.total == one["total"]
        # Of a model within it Keras says what it was built with.
        given = {row[0]: row[2] for row in one["rows"] if row[2] is not None}
        shapes = {row.name: [_plain(one) for one in row.outputs] for row in summary.rows if row.name in given}
        assert shapes == given, number
        weights = {row.name: sorted([*map(list, (weight.shape for weight in row.weights))]) for row in summary.rows}
        of_layers = {row[0]: row[4] for row in one["rows"] if row[4] is not None}
        assert {name: weights[name] for name in of_layers} == of_layers, number


def _plain(tensor: TensorRecord) -> list[int | None]:
    return [dim if isinstance(dim, int) else None for dim in tensor.shape or ()]


def test_no_spec_is_written_of_them(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    path.write_text(json.dumps(MODELS[0]["model"]), encoding="utf-8")
    for to in ("yaml", "json", "keras-py", "torch"):
        with pytest.raises(cnnsum.UnusableError) as refused:
            cnnsum.convert(cnnsum.load(path), to=to)
        assert refused.value.diagnostics[0].span is not None
    # As Keras's file it keeps its class and module.
    assert '"module": "keras_hub.src.layers' in cnnsum.convert(cnnsum.load(path), to="keras").text


@pytest.mark.parametrize(
    ("layer", "field", "value"),
    [
        ("ViTEncoder", "num_layers", 10**9),
        ("BertBackbone", "num_layers", 2**70),
        ("InvertedResidualBlock", "expansion", float("inf")),
        ("InvertedResidualBlock", "squeeze_excite_ratio", 1e300),
        ("InvertedResidualBlock", "expansion", float("nan")),
    ],
)
def test_numbers_that_no_layer_has_are_refused(layer: str, field: str, value: float, tmp_path: Path) -> None:
    tree = next(
        copy
        for copy in (json.loads(json.dumps(one["model"])) for one in MODELS)
        if any(one["class_name"] == layer for one in copy["config"]["layers"])
    )
    for one in tree["config"]["layers"]:
        if one["class_name"] == layer:
            one["config"][field] = value
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    codes = {one.code for one in cnnsum.load(path).diagnostics}
    assert codes & {"CFG102", "CFG120"}, codes
