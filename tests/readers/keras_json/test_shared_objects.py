"""Objects that a .keras archive has in several places: weights that are counted once."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import cnnsum
from cnnsum.answers.convert.ask import convert

Json = dict[str, object]


def _object(kind: str, config: Json, number: int | None = None, module: str = "keras.layers") -> Json:
    found: Json = {"module": module, "class_name": kind, "config": config, "registered_name": None}
    return found if number is None else {**found, "shared_object_id": number}


def _input(*shape: int) -> Json:
    return _object("InputLayer", {"batch_shape": [None, *shape], "dtype": "float32", "name": "input"})


def _dense(name: str = "dense", number: int | None = None, **more: object) -> Json:
    return _object("Dense", {"name": name, "units": 8, **more}, number)


def _chain(name: str, *layers: Json, number: int | None = None) -> Json:
    return _object("Sequential", {"name": name, "layers": [*layers]}, number, "keras")


def _wrapper(name: str, layer: Json, kind: str = "TimeDistributed") -> Json:
    return _object(kind, {"name": name, "layer": layer})


def _archive(folder: Path, config: Json) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")  # damaged, which is said
    return path


IN_TWO_CHAINS = _chain("whole", _input(8), _dense(number=1), _chain("inner", _input(8), _dense(number=1)))
MODEL_IN_TWO = _chain(
    "whole", _input(8), _chain("part", _input(8), _dense(), number=1), _chain("inner", _chain("part", number=1))
)
IN_WRAPPERS = _chain(
    "whole", _input(2, 8), _dense(number=1), _wrapper("one", _dense(number=1)), _wrapper("two", _dense(number=1))
)
WRAPPER_FIRST = _chain("whole", _input(2, 8), _wrapper("one", _dense(number=1)), _dense(number=1))
#: What an object holds that is met again is not looked at, as in Keras.
WRAPPER_IN_TWO = _chain(
    "whole",
    _input(2, 8),
    {**_wrapper("wrapper", _dense()), "shared_object_id": 1},
    _chain("inner", _input(2, 8), {**_wrapper("wrapper", _dense(number=2)), "shared_object_id": 1}),
)
MODEL_IN_WRAPPER = _chain(
    "whole",
    _input(2, 8),
    _wrapper("wrapper", _chain("part", _input(8), _dense(), number=1)),
    _chain("inner", _input(2, 8), _wrapper("other", _chain("part", _input(8), _dense(), number=1))),
)


@pytest.mark.parametrize(
    "config", [IN_TWO_CHAINS, MODEL_IN_TWO, IN_WRAPPERS, WRAPPER_FIRST, WRAPPER_IN_TWO, MODEL_IN_WRAPPER]
)
def test_weights_are_counted_once(config: Json, tmp_path: Path) -> None:
    report = cnnsum.summarize(cnnsum.load(_archive(tmp_path, config)))
    assert [found.code for found in report.diagnostics] == ["SPC067"]
    assert report.totals.params == (72, 72, 0)
    assert [row.params.total for row in report.rows] == [72] * len(report.rows)
    training = report.totals.training
    assert (training.weights, training.gradients, training.optimizer) == (288, 288, 2 * 288)


def test_an_object_for_each_place(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps(IN_TWO_CHAINS))
    assert cnnsum.summarize(cnnsum.load(tmp_path / "model.json")).totals.params.total == 144


def test_other_numbers_are_other_objects(tmp_path: Path) -> None:
    config = _chain("whole", _input(2, 8), _wrapper("one", _dense(number=1)), _wrapper("two", _dense(number=2)))
    assert cnnsum.summarize(cnnsum.load(_archive(tmp_path, config))).totals.params.total == 144


def test_bidirectional_makes_copies(tmp_path: Path) -> None:
    def unit() -> Json:
        return _object("LSTM", {"name": "unit", "units": 4, "return_sequences": True}, 1)

    config = _chain(
        *("whole", _input(2, 8)), _wrapper("one", unit(), "Bidirectional"), _wrapper("two", unit(), "Bidirectional")
    )
    assert cnnsum.summarize(cnnsum.load(_archive(tmp_path, config))).totals.params.total == 832


def test_what_is_written_has_them_twice(tmp_path: Path) -> None:
    model = cnnsum.load(_archive(tmp_path, IN_TWO_CHAINS))
    converted = convert(model, "yaml")
    assert [one.message for one in converted.diagnostics] == [
        "`dense` shares weights with a layer of another model: it is written with its own"
    ]
    assert cnnsum.summarize(cnnsum.loads(converted.text)).totals.params.total == 144
