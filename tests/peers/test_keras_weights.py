"""Weights beside a Keras config: exact counts of layers that only their authors know, and no false differences."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

keras = pytest.importorskip("keras")

import keras_custom  # noqa: E402 - needs Keras
import keras_examples_graphs  # noqa: E402, F401 - adds its models
import keras_examples_nested  # noqa: E402, F401
from keras_examples import MODELS  # noqa: E402
from keras_strategies import STRATEGIES, Case  # noqa: E402
from keras_text import lines_of, theirs  # noqa: E402

import cnnsum  # noqa: E402

CASES = int(os.environ.get("CNNSUM_CASES", "3"))
SEED = int(os.environ.get("CNNSUM_SEED", "0"))

#: Models with own layers in a chain.
CHAINS = ("chain_of_own_layers", "nested_models", "mlp_mixer")

pytestmark = pytest.mark.filterwarnings("ignore")

CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"line_length": 61, "show_trainable": True},
    {"expand_nested": True, "show_trainable": True, "line_length": 200},
)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", keras_custom.MODELS)
def test_layers_of_their_authors_own(name: str, suffix: str, tmp_path: Path) -> None:
    keras.backend.clear_session()
    model = keras_custom.MODELS[name]()
    path = tmp_path / f"model.{suffix}"
    model.save(path)
    read = cnnsum.load(path)
    assert not [found for found in read.diagnostics if found.severity == "error" or found.code in ("SHP225", "SPC067")]
    report = cnnsum.summarize(read)
    for choice in CHOICES:
        if choice.get("expand_nested") and name == "subclassed_model":
            continue  # what a model by subclassing is made of, the file does not say
        if suffix == "h5" and name in CHAINS and (choice.get("expand_nested") or name == "chain_of_own_layers"):
            continue  # nor does HDF5 hold any shape within a chain
        assert lines_of(report, **dict(choice)) == theirs(model, **choice), choice
    by_name = {row.name: row for row in report.rows}
    for layer in model.layers:
        row = by_name[layer.name]
        if not isinstance(layer, keras.Model):
            expected = sorted((tuple(one.shape), str(one.dtype)) for one in layer.weights)
            assert sorted((tuple(one.shape), one.dtype) for one in row.weights) == expected, layer.name


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", MODELS)
def test_what_keras_holds_is_what_its_rules_give(name: str, suffix: str, tmp_path: Path) -> None:
    keras.backend.clear_session()
    path = tmp_path / f"model.{suffix}"
    try:
        MODELS[name]().save(path)
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        pytest.skip(f"Keras cannot write it: {error}")
    read = cnnsum.load(path)
    assert [str(found) for found in read.diagnostics if found.code in ("SHP225", "SPC067")] == []


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_every_class_holds_what_its_rule_gives(name: str) -> None:
    @seed(SEED)
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(STRATEGIES[name])
    def run(case: Case) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for suffix in ("keras", "h5"):
                path = Path(folder) / f"model.{suffix}"
                try:
                    built(name, case).save(path)
                except Exception:  # noqa: BLE001 - what Keras refuses is compared elsewhere
                    continue
                wrong = [str(found) for found in cnnsum.load(path).diagnostics if found.code in ("SHP225", "SPC067")]
                assert wrong == []

    run()
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")


def built(name: str, case: Case) -> Any:
    keras.backend.clear_session()
    inputs = [keras.Input(shape, dtype=dtype) for shape, dtype in zip(case.shapes, case.dtypes, strict=True)]
    layer = getattr(keras.layers, name)(**case.fields)
    if case.keywords:
        return keras.Model(inputs, layer(inputs[0], **dict(zip(case.keywords, inputs[1:], strict=True))))
    return keras.Model(inputs, layer(inputs if case.listed else inputs[0]))
