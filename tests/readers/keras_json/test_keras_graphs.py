"""Keras files in small, with numbers worked by hand."""

from __future__ import annotations

import pytest
from keras_writing import (
    called,
    codes,
    functional,
    image,
    load,
    made,
    messages,
    operation,
    report,
    rows,
    sequential,
    shapes,
)

import cnnsum
from cnnsum.answers.summary.keras_table import summary
from cnnsum.answers.summary.options import Options


def dense(name: str, *calls: object, units: int = 4, **fields: object) -> dict[str, object]:
    return made("Dense", name, *calls, units=units, **fields)


def text(found: cnnsum.Report, **options: bool) -> str:
    return "\n".join(summary(found, Options(terminal=200, **options)))


def test_chain() -> None:
    found = report(
        sequential(
            image((100, 100, 3)),
            made("Conv2D", "conv2d", filters=32, kernel_size=[3, 3], activation="relu"),
            made("MaxPooling2D", "pool", pool_size=[2, 2]),
            made("Flatten", "flatten"),
            dense("dense", units=1),
        )
    )
    assert shapes(found) == {"conv2d": ["? 98 98 32"], "pool": ["? 49 49 32"], "flatten": ["? 76832"], "dense": ["? 1"]}
    assert [row.params.total for row in found.rows] == [896, 0, 0, 76833]
    assert found.totals.params == (77729, 77729, 0)
    assert found.totals.weights == (4 * 77729, 4 * 77729, 0)
    assert not found.connected
    assert "Connected to" not in text(found)


def test_branches_and_merge() -> None:
    found = report(
        functional(
            [
                image((8,)),
                dense("a", "image"),
                dense("b", "image"),
                made("Add", "sum", ["a", "b"]),
                made("Concatenate", "all", ["sum", "image", "sum"]),
            ],
            ["all", "sum"],
        )
    )
    assert shapes(found)["all"] == ["? 16"]
    assert found.connected
    assert [tuple(connection) for connection in rows(found)["all"].connections] == [
        ("sum", 0, 0),
        ("image", 0, 0),
        ("sum", 0, 0),
    ]
    assert [output.name for output in found.outputs] == ["all", "sum"]
    # 8 * 4 + 4, twice.
    assert found.totals.params.total == 72
    # 8 * 4 products, twice.
    assert found.totals.macs == 64


def test_shared_layer_is_counted_once_and_works_twice() -> None:
    found = report(
        functional(
            [image((8,), "x"), image((8,), "y"), dense("d", "x", "y"), made("Add", "sum", ["d:0", "d:1"])], "sum"
        )
    )
    row = rows(found)["d"]
    assert row.params.total == 36
    assert row.macs == 2 * 32
    assert [tuple(connection) for connection in row.connections] == [("x", 0, 0), ("y", 0, 0)]
    assert found.totals.params.total == 36
    # Both outputs, at batch 1 and 4 bytes.
    assert row.memory.output == 2 * 16


def test_layer_at_two_depths() -> None:
    found = report(
        functional(
            [image((4,)), dense("d", "image", "relu"), made("ReLU", "relu", "d"), made("Add", "sum", ["d:1", "image"])],
            "sum",
        )
    )
    # A layer stands where its first call does.
    assert [row.name for row in found.rows] == ["image", "d", "relu", "sum"]


def test_nested_model_is_one_row() -> None:
    inner = functional(
        [image((8,), "x"), dense("d", "x"), made("ReLU", "r", "d")], "r", name="inner", calls=["image", "more"]
    )
    found = report(
        functional(
            [image((8,)), dense("more", "image", units=8), inner, made("Add", "sum", ["inner:0", "inner:1"])],
            ["sum", "inner:2"],
        )
    )
    row = rows(found)["inner"]
    assert (row.type, row.params.total, row.macs) == ("Functional", 36, 64)
    assert [(one.name, one.params.total) for one in row.rows] == [("x", 0), ("d", 36), ("r", 0)]
    # In `output_layers`, and only there, Keras counts the call at which a Functional model was built.
    assert [output.name for output in found.outputs] == ["sum", "inner"]
    assert "   └ d (Dense)" in text(found, expand_nested=True)


def test_model_in_a_model_in_a_model() -> None:
    model = sequential(image((8,), "i"), dense("deep"), name="one", calls=["x"])
    for name in ("two", "three"):
        model = functional([image((8,), "x"), model], str(model["name"]), name=name, calls=["x"])
        model["config"]["output_layers"] = [model["config"]["layers"][1]["name"], 0 if name == "two" else 1, 0]
    found = report(functional([image((8,), "x"), model], "three:1"))
    assert found.totals.params.total == 36
    assert found.rows[1].rows[1].rows[1].rows[0].name == "deep"


def test_nested_chain_without_input_starts_at_what_it_is_called_on() -> None:
    tail = sequential(made("Flatten", "f"), dense("d"), name="tail", calls=["image"])
    found = report(functional([image((3, 5)), tail], "tail"))
    assert rows(found)["tail"].params.total == 15 * 4 + 4
    assert [one.name for one in rows(found)["tail"].rows] == ["f", "d"]


def test_several_inputs_and_outputs_by_name() -> None:
    inputs = {"b": ["x", 0, 0], "a": ["y", 0, 0]}
    found = report(
        functional(
            [image((8,), "x"), image((2,), "y"), made("Concatenate", "c", ["x", "y"])],
            {"z": "c", "k": ["x", "c"]},
            inputs=inputs,
        )
    )
    # Keras sorts the names.
    assert [one.name for one in found.inputs] == ["y", "x"]
    assert [one.name for one in found.outputs] == ["x", "c", "c"]


def test_unused_input_is_shown() -> None:
    found = report(functional([image((8,), "x"), image((2,), "y"), dense("d", "x")], "d"))
    assert [row.name for row in found.rows] == ["x", "y", "d"]


def test_operations_and_constants() -> None:
    found = report(
        functional(
            [
                image((8,)),
                operation("Multiply", "twice", "image", 2.0),
                operation("Subtract", "rest", 1.0, "twice"),
                operation("TrueDivide", "half", "rest", 2),
                operation("Negative", "minus", "half"),
                operation("Add", "sum", "minus", "image"),
            ],
            "sum",
        )
    )
    assert shapes(found) == {name: ["? 8"] for name in ("image", "twice", "rest", "half", "minus", "sum")}
    assert [row.type for row in found.rows][1:] == ["Multiply", "Subtract", "TrueDivide", "Negative", "Add"]
    assert found.totals.flops == 5 * 8


def test_array_constant() -> None:
    array = {"class_name": "__tensor__", "config": {"value": [[1.0, 2.0, 3.0]] * 4, "dtype": "float32"}}
    found = report(functional([image((1, 3)), operation("Add", "sum", "image", array)], "sum"))
    assert shapes(found)["sum"] == ["? 4 3"]


def test_array_constant_in_a_list() -> None:
    """A token that is set before the others: an input of whatever takes lists of tensors."""
    token = {"class_name": "__numpy__", "config": {"value": [[[1.0, 2.0, 3.0]]], "dtype": "float32"}}
    found = report(
        functional(
            [
                image((6, 3), batch=1),
                made("Concatenate", "a", called([token, "image"]), module="keras.src.ops.numpy", axis=1),
                made("Concatenate", "b", called(["image", token]), axis=1),
                made("Add", "c", called([token, "image"])),
            ],
            ["a", "b", "c"],
        )
    )
    assert shapes(found) == {"image": ["1 6 3"], "a": ["1 7 3"], "b": ["1 7 3"], "c": ["1 6 3"]}


@pytest.mark.parametrize("view", ["Identity", "Flatten", "Reshape"])
def test_a_view_of_an_array(view: str) -> None:
    """It is one of no value of the network: the moments of its training step looked for one."""
    array = {"class_name": "__tensor__", "config": {"value": [[1.0, 2.0, 3.0]], "dtype": "float32"}}
    fields = {"target_shape": [3]} if view == "Reshape" else {}
    layers = [
        image((3,), batch=1),
        made(view, "seen", called([array]), **fields),
        made("Add", "sum", called(["image", "seen"])),
    ]
    found = load(functional(layers, "sum"))
    assert shapes(cnnsum.summarize(found))["sum"] == ["1 3"]
    assert isinstance(cnnsum.summarize(found).totals.training.total, int)


def test_states_and_keywords() -> None:
    found = report(
        functional(
            [
                image((10, 4)),
                image((None, 4), "other"),
                made("LSTM", "lstm", "image", units=6, return_state=True),
                made(
                    "LSTM",
                    "next",
                    called("other", initial_state=["lstm:0:1", "lstm:0:2"]),
                    units=6,
                    return_sequences=True,
                ),
                made("MultiHeadAttention", "attend", called(value="image", query="next"), num_heads=2, key_dim=3),
            ],
            "attend",
        )
    )
    assert shapes(found)["lstm"] == ["? 6"] * 3
    assert shapes(found)["next"] == ["? ? 6"]
    assert shapes(found)["attend"] == ["? ? 6"]
    # Keras lists arguments by name in the order of their names.
    assert [connection.layer for connection in rows(found)["attend"].connections] == ["next", "image"]


def test_first_input_by_name_and_masks() -> None:
    found = report(
        functional(
            [
                image((5, 4)),
                image((5,), "m", dtype="bool"),
                dense("d", called(inputs="image")),
                made(
                    "Bidirectional", "both", called("d", mask="m"), layer={"class_name": "GRU", "config": {"units": 3}}
                ),
                made("LSTM", "lstm", called(sequences="d", mask="m"), units=2),
            ],
            ["both", "lstm"],
        )
    )
    assert shapes(found)["both"] == ["? 6"]
    assert shapes(found)["lstm"] == ["? 2"]


def test_frozen() -> None:
    """Whether weights are trained is for their layer to say. A chain's own switch is never read back by Keras, that of
    the outermost Functional model counts.
    """
    inner = sequential(image((8,), "i"), dense("thawed"), dense("cold"), name="inner")
    inner["config"]["trainable"] = False
    inner["config"]["layers"][2]["config"]["trainable"] = False
    outer = sequential(image((8,)), inner, dense("last"))
    found = report(outer)
    assert found.totals.params == (36 + 20 + 20, 36 + 20, 20)
    assert [row.trainable for row in found.rows] == [True, True]
    graph = functional([image((8,), "i"), dense("thawed", "i"), dense("cold", "thawed")], "cold", name="inner")
    graph["config"]["trainable"] = False
    assert [row.trainable for row in report(sequential(image((8,)), graph, dense("last"))).rows] == [False, True]
    assert report(graph).totals.params.trainable == 0
    outer["config"]["trainable"] = False
    assert report(outer).totals.params == (36 + 20 + 20, 36 + 20, 20)


def test_frozen_wrapper_does_not_reach_its_layer() -> None:
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 3}}
    found = report(sequential(image((5, 8)), made("TimeDistributed", "t", layer=layer, trainable=False)))
    assert (found.totals.params, found.rows[0].trainable) == ((27, 27, 0), False)
    layer["config"]["trainable"] = False
    assert report(sequential(image((5, 8)), made("TimeDistributed", "t", layer=layer))).totals.params == (27, 0, 27)


def policy(name: str) -> dict[str, object]:
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": name}, "registered_name": None}


def test_dtypes() -> None:
    found = report(
        functional(
            [
                image((8,)),
                dense("half", "image", dtype=policy("mixed_float16")),
                dense("small", "image", dtype=policy("float16")),
                operation("Add", "sum", "half", "image_4"),
                image((4,), "image_4"),
                made("Add", "again", ["half", "small"]),
            ],
            ["sum", "again"],
        )
    )
    dtypes = {row.name: row.outputs[0].dtype for row in found.rows}
    assert dtypes["half"] == dtypes["small"] == "float16"
    assert dtypes["sum"] == dtypes["again"] == "float32"
    assert rows(found)["half"].memory.weights == 36 * 4
    assert rows(found)["small"].memory.weights == 36 * 2
    assert found.totals.weights.total == 36 * 6


def test_dtype_inside_a_wrapper() -> None:
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 3, "dtype": policy("float16")}}
    found = report(sequential(image((5, 8)), made("TimeDistributed", "t", layer=layer, dtype=policy("float32"))))
    assert found.totals.weights.total == 27 * 2


def test_fixed_batch() -> None:
    model = sequential(image((8,), batch=7), dense("d"))
    found = report(model)
    assert (found.batch, shapes(found)["d"], found.rows[0].memory.output) == (7, ["7 4"], 7 * 16)
    with pytest.raises(cnnsum.UnusableError, match="the file fixes the batch at 7"):
        cnnsum.summarize(load(model), batch=3)


def test_shape_of_the_build_declares_the_input() -> None:
    found = report(sequential(dense("d"), build_input_shape=[None, 8]))
    assert (shapes(found), found.totals.params.total) == ({"d": ["? 4"]}, 36)
    assert len(found.inputs) == 1


def test_unbuilt() -> None:
    model = sequential(made("Conv2D", "c", filters=8, kernel_size=3), made("ReLU", "r"), dense("d"), name="later")
    assert codes(model) == ["GRF312"]
    found = cnnsum.summarize(load(model))
    lines = text(found)
    assert "c (Conv2D)" in lines
    assert lines.count("0 (unbuilt)") == 2
    assert " Total params: 0 (0.00 B)" in lines
    assert str(found.totals.params.total) == str(found.totals.macs) == "?"
    found = report(model, inputs=(20, 20, 3))
    assert found.totals.params.total == 224 + 36
    found = report(model, inputs=(None, None, 3))
    assert shapes(found)["d"] == ["? ? ? 4"]


def test_channels_first() -> None:
    found = report(
        sequential(
            image((3, 32, 20)),
            made("Conv2D", "c", filters=8, kernel_size=3, data_format="channels_first"),
            made("BatchNormalization", "n", axis=1),
            made("MaxPooling2D", "p", data_format="channels_first"),
        )
    )
    assert shapes(found) == {"c": ["? 8 30 18"], "n": ["? 8 30 18"], "p": ["? 8 15 9"]}
    assert found.totals.params == (224 + 32, 224 + 16, 16)


def test_other_input_sizes() -> None:
    model = functional([image((32, 32, 3)), made("Conv2D", "c", "image", filters=4, kernel_size=3)], "c")
    assert shapes(report(model, inputs=(64, 33, 3)))["c"] == ["? 62 31 4"]
    assert shapes(report(model, inputs={"image": (None, None, 3)}))["c"] == ["? ? ? 4"]
    found = report(model, inputs=("H", 7, 3))
    assert [str(dim) for dim in rows(found)["c"].outputs[0].shape or ()][1] == "H - 2"
    assert shapes(report(model, inputs=("H", 7, 3), settings={"H": 9}))["c"] == ["? 7 5 4"]
    with pytest.raises(cnnsum.UnusableError, match="the model has no input `imag`"):
        load(model, inputs={"imag": (1,)})
    with pytest.raises(cnnsum.UnusableError, match="the model has no symbol `W`"):
        load(model, settings={"W": 3})
    with pytest.raises(cnnsum.UnusableError, match="H=0: a size must be a positive integer, got 0"):
        load(model, inputs=("H", 7, 3), settings={"H": 0})


def test_odd_names() -> None:
    names = ["[x]", "größe", "a" * 300, "with blanks", "%s {}"]
    model = sequential(image((8,), "i"), *[dense(name) for name in names])
    assert [row.name for row in report(model).rows] == names
    assert messages(functional([image((8,), "[x]"), dense("y", "[z]")], "y")) == [
        "GRF302 there is no layer `[z]`",
    ]


def test_memory_of_a_file_that_fixes_a_batch_of_0_is_for_one_sample() -> None:
    model = load(sequential(image((4,), batch=0), dense("d")))
    assert {cnnsum.summarize(model, symbolic=symbolic).batch for symbolic in (True, False)} == {1}
