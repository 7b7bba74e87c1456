"""Every layer class of Keras on random fields and shapes: what Keras accepts has its shapes, dtypes and weights here,
and what it refuses is refused.

A few cases of each by default; `CNNSUM_CASES` asks for more, from `CNNSUM_SEED`.
"""

from __future__ import annotations

import inspect
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

keras = pytest.importorskip("keras")

from keras import Input, Model, layers  # noqa: E402 - needs Keras
from keras_loading import loads  # noqa: E402 - needs Keras
from keras_strategies import NOT_DRAWN, STRATEGIES, Case  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

CASES = int(os.environ.get("CNNSUM_CASES", "6"))
SEED = int(os.environ.get("CNNSUM_SEED", "0"))
#: By the name in files; some are exported under other names too.
CLASSES = {made.__name__: made for made in vars(layers).values() if inspect.isclass(made)}
#: What Keras refuses of sizes that are open, and we take for a condition on them: docs/decisions/0009.
OF_OPEN_SIZES = ("only support static input shapes for the spatial dimension", "axis values None", "!= None")
#: Counts what was compared, for the last line of a long run.
COUNTS = {"accepted": 0, "refused": 0, "of open sizes": 0, "refused, with a layer in a field": 0}


@pytest.fixture(autouse=True)
def _as_it_was() -> Any:
    keras.backend.clear_session()
    yield
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")


def test_every_class_is_drawn_or_is_not_for_a_reason() -> None:
    assert CLASSES.keys() == {*STRATEGIES, *NOT_DRAWN}
    assert not STRATEGIES.keys() & NOT_DRAWN.keys()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_class(name: str) -> None:
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
        compare(name, case)

    run()


def compare(name: str, case: Case) -> None:
    keras.backend.clear_session()
    inputs = [Input(shape, dtype=dtype) for shape, dtype in zip(case.shapes, case.dtypes, strict=True)]
    try:
        made = CLASSES[name](**case.fields)
        if case.keywords:
            outputs = made(inputs[0], **dict(zip(case.keywords, inputs[1:], strict=True)))
        else:
            outputs = made(inputs if case.listed else inputs[0])
        if any(dim is not None and dim < 0 for one in keras.tree.flatten(outputs) for dim in one.shape):
            raise ValueError("a negative size")  # noqa: TRY301 - Keras lets some of them pass
        text = Model(inputs, outputs).to_json()
    except Exception as error:  # noqa: BLE001 - whatever Keras raises, it refuses
        check_refused(name, case, error)
        return
    COUNTS["accepted"] += 1
    read = loads(text)
    assert [str(found) for found in read.diagnostics] == []
    row = next(row for row in cnnsum.summarize(read).rows if row.name == made.name)
    theirs = keras.tree.flatten(outputs)
    shapes = [tuple(dim if isinstance(dim, int) else None for dim in one.shape or ()) for one in row.outputs]
    if name == "EinsumDense":
        # Keras leaves open what `output_shape` does, where the input's size is known.
        shapes = [tuple(None if b is None else a for a, b in zip(shapes[0], theirs[0].shape, strict=True))]
    assert shapes == [tuple(one.shape) for one in theirs]
    assert [one.dtype for one in row.outputs] == [one.dtype for one in theirs]
    weights = [(tuple(weight.shape), weight.dtype, weight.trainable) for weight in made.weights]
    assert [(weight.shape, weight.dtype, weight.trainable) for weight in row.weights] == weights
    assert row.params.trainable == sum(int(weight.numpy().size) for weight in made.trainable_weights)


def check_refused(name: str, case: Case, error: Exception) -> None:
    """A file with the same fields is refused too. (Fields that hold a layer are not plain data.)"""
    if any(part in str(error) for part in OF_OPEN_SIZES):
        COUNTS["of open sizes"] += 1
        return
    try:
        text = json.dumps(written(name, case))
    except TypeError:
        COUNTS["refused, with a layer in a field"] += 1
        return
    COUNTS["refused"] += 1
    found = [str(one) for one in loads(text).diagnostics]
    assert found, f"Keras: {type(error).__name__}: {error}"


def written(name: str, case: Case) -> Any:
    """The file of a model with one layer, as Keras would write it."""
    names = [f"in{index}" for index in range(len(case.shapes))]
    tensors = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, *shape], "dtype": dtype, "keras_history": [own, 0, 0]},
        }
        for own, shape, dtype in zip(names, case.shapes, case.dtypes, strict=True)
    ]
    entries: list[Any] = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, *shape], "dtype": dtype, "sparse": False, "name": own},
            "registered_name": None,
            "name": own,
            "inbound_nodes": [],
        }
        for own, shape, dtype in zip(names, case.shapes, case.dtypes, strict=True)
    ]
    named = dict(zip(case.keywords, tensors[1:], strict=False))
    args = [tensors] if case.listed else tensors[: len(tensors) - len(named)]
    entries.append(
        {
            "module": "keras.layers",
            "class_name": name,
            "config": {"name": "layer", "trainable": True, "dtype": "float32", **case.fields},
            "registered_name": None,
            "name": "layer",
            "inbound_nodes": [{"args": args, "kwargs": named}],
        }
    )
    config = {
        "name": "model",
        "trainable": True,
        "layers": entries,
        "input_layers": [[own, 0, 0] for own in names],
        "output_layers": [["layer", 0, 0]],
    }
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def test_the_file_written_here_is_one_of_keras() -> None:
    case = Case({"units": 3}, [(4,)], ["float32"])
    assert keras.models.model_from_json(json.dumps(written("Dense", case))).output_shape == (None, 3)
