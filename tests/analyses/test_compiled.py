"""The row of the optimizer: what Keras 3.15 prints of the loaded file, read off its own summaries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from cnnsum.answers.summary.json_format import document
from cnnsum.answers.summary.keras_table import summary
from cnnsum.answers.summary.options import Options
from cnnsum.dims import UNKNOWN
from tests.thorough import each

FILES = Path(__file__).parent.parent / "readers" / "keras_json" / "files"
FILE = json.loads((FILES / "compiled.json").read_text(encoding="utf-8"))


def optimizer(name: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.optimizers", "class_name": name, "config": {"learning_rate": 0.001, **config},
            "registered_name": None}  # fmt: skip


def report(compile_config: Any, **fields: Any) -> cnnsum.Report:
    model = {**FILE, "compile_config": compile_config}
    model["config"] = {**model["config"], **fields}
    found = cnnsum.loads(json.dumps(model))
    assert found.diagnostics == ()
    return cnnsum.summarize(found)


def lines(found: cnnsum.Report) -> list[str]:
    return [line for line in summary(found, Options(terminal=100)) if " params: " in line]


SCHEDULE = {"module": "keras.optimizers.schedules", "class_name": "ExponentialDecay", "config": {}}


@each(
    ("made", "params"),
    [
        (optimizer("SGD"), 2),
        (optimizer("SGD", momentum=0.0), 2),
        (optimizer("SGD", momentum=0.9), 17),
        (optimizer("Adam"), 32),
        (optimizer("Adam", amsgrad=True), 47),
        (optimizer("AdamW"), 32),
        (optimizer("Nadam"), 33),
        (optimizer("RMSprop"), 17),
        (optimizer("RMSprop", momentum=0.9, centered=True), 47),
        (optimizer("Adagrad"), 17),
        (optimizer("Adadelta"), 32),
        (optimizer("Adamax"), 32),
        (optimizer("Ftrl"), 32),
        (optimizer("Lion"), 17),
        (optimizer("Lamb"), 32),
        (optimizer("Adafactor"), 26),
        (optimizer("Muon"), 20),
        (optimizer("ScheduleFreeAdamW"), 32),
        (optimizer("LossScaleOptimizer", inner_optimizer=optimizer("Adam")), 36),
        (optimizer("Adam", use_ema=True), 47),
        (optimizer("Adam", gradient_accumulation_steps=2), 47),
        (optimizer("Adam", learning_rate=SCHEDULE), 31),
        ("adam", 32),
        ("SGD", 2),
    ],
)
def test_variables_of_keras_s_optimizers(made: Any, params: int) -> None:
    found = report({"optimizer": made, "loss": "mse"})
    assert found.totals.params.total == 15
    assert lines(found) == [
        f" Total params: {15 + params} ({(15 + params) * 4}.00 B)",
        " Trainable params: 15 (60.00 B)",
        " Non-trainable params: 0 (0.00 B)",
        f" Optimizer params: {params} ({params * 4}.00 B)",
    ]
    assert document(found)["totals"]["optimizer"]["params"] == params


@each(("config", "params"), [({}, 48), ({"exclude_embeddings": True}, 48), ({"exclude_embeddings": False}, 33)])
def test_muon_has_two_slots_for_embeddings_or_one(config: dict[str, Any], params: int) -> None:
    """As many as Keras 3.15 makes: 15 numbers of an embedding; 12 of a kernel, and 2 of a bias, which has two."""
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 2], "dtype": "int32", "name": "i"}},
        {"class_name": "Embedding", "config": {"name": "e", "input_dim": 5, "output_dim": 3}},
        {"class_name": "Flatten", "config": {"name": "f"}},
        {"class_name": "Dense", "config": {"name": "d", "units": 2}},
    ]
    layers = [{"module": "keras.layers", "registered_name": None, **layer} for layer in layers]
    found = report({"optimizer": optimizer("Muon", **config), "loss": "mse"}, layers=layers)
    assert found.totals.params.total == 29
    assert document(found)["totals"]["optimizer"]["params"] == params


def test_a_file_without_an_optimizer() -> None:
    for config in ({}, None):
        assert len(lines(report(config))) == 3
    # What `compile` takes by itself is RMSprop.
    assert lines(report({"loss": "mse"}))[-1] == " Optimizer params: 17 (68.00 B)"


def test_what_is_frozen_has_no_slots() -> None:
    layers = json.loads(json.dumps(FILE["config"]["layers"]))
    layers[1]["config"]["trainable"] = False
    found = report(FILE["compile_config"], layers=layers)
    assert lines(found)[0] == " Total params: 17 (68.00 B)"
    assert lines(found)[-1] == " Optimizer params: 2 (8.00 B)"


def test_an_optimizer_of_somebody_else() -> None:
    own = {**optimizer("Adam"), "module": None, "registered_name": "Adam"}
    found = report({"optimizer": own})
    assert lines(found)[0] == " Total params: at least 15"
    assert lines(found)[-1] == " Optimizer params: not known"
    assert document(found)["totals"]["optimizer"] == {"name": "Adam (not Keras's own)", "params": None, "bytes": None}


def test_weights_that_are_not_known() -> None:
    layers = json.loads(json.dumps(FILE["config"]["layers"]))
    layers.append({"module": None, "class_name": "Odd", "config": {"name": "o"}, "registered_name": "Odd"})
    model = {**FILE, "config": {**FILE["config"], "layers": layers}}
    found = cnnsum.summarize(cnnsum.loads(json.dumps(model)))
    assert lines(found)[0] == " Total params: at least 47"
    assert lines(found)[-1] == " Optimizer params: at least 32"
    assert found.totals.compiled is not None
    assert found.totals.compiled.params is UNKNOWN


@pytest.mark.parametrize("name", ["compiled.json", "compiled.keras"])
def test_files_of_keras(name: str) -> None:
    found = cnnsum.summarize(cnnsum.load(FILES / name))
    assert lines(found)[0] == " Total params: 47 (188.00 B)"
    assert lines(found)[-1] == " Optimizer params: 32 (128.00 B)"


def test_an_hdf5_file_has_an_optimizer_of_nothing() -> None:
    """Keras builds it on the variables that the model itself owns, which are none, so that no slot is there."""
    found = cnnsum.summarize(cnnsum.load(FILES / "compiled.h5"))
    assert lines(found) == [
        " Total params: 17 (68.00 B)",
        " Trainable params: 15 (60.00 B)",
        " Non-trainable params: 0 (0.00 B)",
        " Optimizer params: 2 (8.00 B)",
    ]


@each(
    "broken",
    [
        {"optimizer": 3},
        {"optimizer": {"class_name": 3}},
        {"optimizer": {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": {}}}},
        {"optimizer": {"class_name": "Adam", "config": 3}},
        {"optimizer": {"class_name": "SGD", "config": {"momentum": "x"}}},
    ],
)
def test_damaged_compile_configs(broken: Any) -> None:
    assert lines(report(broken))


def test_loss_scales_within_loss_scales() -> None:
    nested: Any = optimizer("Adam")
    for _ in range(20):
        nested = optimizer("LossScaleOptimizer", inner_optimizer=nested)
    assert lines(report({"optimizer": nested}))
