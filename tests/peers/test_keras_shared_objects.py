"""Objects that stand in several places of a file: one in an archive, one for each place in bare JSON."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - needs Keras
from keras_text import check_numbers, check_text  # noqa: E402 - needs Keras, too

import cnnsum  # noqa: E402 - after the imports that need Keras, as the others are sorted

pytestmark = pytest.mark.filterwarnings("ignore")


def _part() -> Any:
    x = keras.Input((8,), name="start")
    return keras.Model(x, layers.Dense(8, name="second")(layers.Dense(4, name="first")(x)), name="part")


def _chain(*parts: Any, name: str = "whole", shape: tuple[int, ...] = (8,)) -> Any:
    return keras.Sequential([keras.Input(shape), *parts], name=name)


def _steps(x: Any, number: int) -> Any:
    return layers.Reshape((1, 8), name=f"reshape_{number}")(x)


def _beside(*parts: Any) -> Any:
    """A model of parts on one input; those that need steps are on it as one step."""
    x = keras.Input((8,), name="x")
    needing = (layers.TimeDistributed, layers.RNN)
    ends = [part(_steps(x, number) if isinstance(part, needing) else x) for number, part in enumerate(parts)]
    return keras.Model(x, ends, name="whole")


def model_in_two_chains() -> Any:
    part = _part()
    return _chain(part, _chain(part, name="inner"))


def layer_in_two_chains() -> Any:
    norm = layers.BatchNormalization(name="norm")
    return _chain(norm, layers.Dense(8, name="dense"), _chain(norm, name="inner"))


def wrapper_in_two_chains() -> Any:
    wrapper = layers.TimeDistributed(layers.Dense(8, name="dense"), name="wrapper")
    return _chain(wrapper, _chain(wrapper, name="inner", shape=(1, 8)), shape=(1, 8))


def model_in_a_wrapper() -> Any:
    part = _part()
    return _beside(part, layers.TimeDistributed(part, name="wrapper"))


def model_in_a_wrapper_first() -> Any:
    part = _part()
    return _beside(layers.TimeDistributed(part, name="wrapper"), part)


def layer_in_wrappers() -> Any:
    dense = layers.Dense(8, name="dense")
    return _beside(dense, layers.TimeDistributed(dense, name="one"), layers.TimeDistributed(dense, name="two"))


def frozen_layer_in_wrappers() -> Any:
    dense = layers.Dense(8, name="dense", trainable=False)
    return _beside(layers.TimeDistributed(dense, name="one"), dense)


def cell_in_two_layers() -> Any:
    cell = layers.LSTMCell(4, name="cell")
    return _beside(layers.RNN(cell, name="one"), layers.RNN(cell, name="two"))


def model_used_and_within_another() -> Any:
    part = _part()
    x = keras.Input((8,), name="outer")
    outer = keras.Model(x, layers.Dense(5, name="top")(part(x)), name="outer_model")
    return _beside(outer, part)


def cell_among_others() -> Any:
    cell = layers.LSTMCell(4, name="cell")
    cells = layers.StackedRNNCells([layers.LSTMCell(8, name="other"), cell], name="cells")
    return _beside(layers.RNN(cell, name="one"), layers.RNN(cells, name="two"))


MODELS: tuple[Callable[[], Any], ...] = (
    *(model_in_two_chains, layer_in_two_chains, wrapper_in_two_chains, model_in_a_wrapper, layer_in_wrappers),
)
#: Keras saves these, but does not load them again: it writes the weights with one place, and misses them at another.
UNLOADABLE: tuple[Callable[[], Any], ...] = (
    *(model_used_and_within_another, model_in_a_wrapper_first, frozen_layer_in_wrappers),
    *(cell_in_two_layers, cell_among_others),
)


@pytest.mark.parametrize("make", MODELS)
def test_an_archive_has_one_object(make: Callable[[], Any], tmp_path: Path) -> None:
    keras.backend.clear_session()
    path = tmp_path / "model.keras"
    make().save(path)
    loaded = keras.models.load_model(path)
    model = cnnsum.load(path)
    assert list(map(str, model.diagnostics)) == []
    report = cnnsum.summarize(model)
    check_text(loaded, report)
    check_numbers(loaded, report)


@pytest.mark.parametrize("make", UNLOADABLE)
def test_an_archive_that_keras_has_no_weights_for(make: Callable[[], Any], tmp_path: Path) -> None:
    from keras.src.saving import saving_lib

    keras.backend.clear_session()
    path = tmp_path / "model.keras"
    make().save(path)
    with pytest.raises(ValueError, match="could not be loaded"):
        keras.models.load_model(path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json").decode()
    made = saving_lib._model_from_config(config, None, compile=False, safe_mode=True)
    check_text(made, cnnsum.summarize(cnnsum.load(path)))


@pytest.mark.parametrize("make", [*MODELS, *UNLOADABLE])
def test_bare_json_has_an_object_for_each_place(make: Callable[[], Any], tmp_path: Path) -> None:
    keras.backend.clear_session()
    path = tmp_path / "model.keras"
    model = make()
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json").decode()
    assert "shared_object_id" in config
    for text in (model.to_json(), config):
        (tmp_path / "model.json").write_text(text)
        made = keras.models.model_from_json(text)
        check_text(made, cnnsum.summarize(cnnsum.load(tmp_path / "model.json")))
