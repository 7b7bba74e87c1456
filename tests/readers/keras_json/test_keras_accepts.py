"""Files that Keras reads, or wrote, and that are easily refused or misread. What is right is what Keras counts of each,
or what stands in the sources of the version that wrote it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from keras_writing import called, functional, image, load, made, messages, operation, rows, sequential, shapes, tensor

import cnnsum
from cnnsum.answers.summary.keras_table import summary
from cnnsum.answers.summary.options import Options
from cnnsum.dims import UNKNOWN
from tests.cli.calling import call
from tests.thorough import each

FILES = Path(__file__).parent / "files"


def read(name: str, **options: Any) -> cnnsum.Model:
    return cnnsum.load(FILES / f"{name}.json", **options)


def table(model: cnnsum.Model) -> str:
    return "\n".join(summary(cnnsum.summarize(model), Options(terminal=100)))


def said(model: cnnsum.Model) -> list[str]:
    return [f"{found.severity} {found.code} {found.message}" for found in model.diagnostics]


# Whose a class is.


@pytest.mark.parametrize(("name", "kind"), [("groupnorm", "GroupNormalization"), ("attention", "Attention")])
def test_a_class_of_somebody_else_has_no_rule_of_keras(name: str, kind: str) -> None:
    model = read(name)
    assert said(model) == [f"warning UNK701 unknown layer type `{kind}`, which is not Keras's own"]
    assert cnnsum.summarize(model).totals.params.total is UNKNOWN


@each(
    ("module", "registered", "is_known"),
    [
        ("keras.layers", None, True),
        ("keras", None, True),
        ("keras.src.layers.core.dense", "Dense", True),
        ("tf_keras.src.layers", None, True),
        (None, "Dense", False),
        (None, None, False),
        (None, "Custom>Dense", False),
        ("__main__", "Dense", False),
        ("builtins", "Dense", False),
        ("keras_hub.layers", "keras_hub>Dense", False),
        ("keras_hub.src.layers", "Dense", False),
        ("kerasmine.layers", "Dense", False),
        ("keras.layers", "mine>Dense", False),
    ],
)
def test_whose_a_class_is(module: Any, registered: Any, is_known: bool) -> None:
    layer = {**made("Dense", "d", units=3), "module": module, "registered_name": registered}
    model = load(sequential(image((4,)), layer))
    total = cnnsum.summarize(model).totals.params.total
    assert total == 15 if is_known else total is UNKNOWN
    assert [found.code for found in model.diagnostics] == ([] if is_known else ["UNK701"])


@each(
    ("written", "is_known"),
    [
        ({"class_name": "Dense"}, True),
        ({"class_name": "Dense", "registered_name": "Dense"}, True),
        ({"class_name": "Custom>Dense"}, False),
        ({"class_name": "Dense", "registered_name": "mine>Dense"}, False),
    ],
)
def test_whose_a_class_is_without_modules(written: Any, is_known: bool) -> None:
    layer = {**written, "config": {"name": "d", "trainable": True, "units": 3, "batch_input_shape": [None, 4]}}
    model = load({"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}})
    total = cnnsum.summarize(model).totals.params.total
    assert total == 15 if is_known else total is UNKNOWN
    assert [row.type for row in cnnsum.summarize(model).rows] == ["Dense"]


def test_a_wrapped_class_and_an_operation_of_somebody_else() -> None:
    own = {"module": None, "class_name": "Dense", "config": {"name": "d", "units": 3}, "registered_name": "Dense"}
    assert messages(sequential(image((5, 4)), made("TimeDistributed", "t", layer=own))) == [
        "UNK701 wraps a layer of an unknown type, `Dense`"
    ]
    add = {**operation("Add", "a", "image", "image"), "module": None, "registered_name": "Add"}
    assert messages(functional([image((4,)), add], "a")) == [
        "UNK701 unknown layer type `Add`, which is not Keras's own"
    ]


@each("kind", ["Mine", "Denze", "MaxPool"])
def test_a_class_of_somebody_else_is_never_misspelt(kind: str) -> None:
    layer = {**made(kind, "m"), "module": None, "registered_name": kind}
    (found,) = load(sequential(image((4,)), layer)).diagnostics
    assert found.help == "declare it: --layer-types FILE, or --plugin MODULE"
    (found,) = load(sequential(image((4,)), made("Denze", "m"))).diagnostics
    assert str(found.help).startswith("did you mean `Dense`?")


def function(config: str, **keys: Any) -> dict[str, Any]:
    return {"module": "builtins", "class_name": "function", "config": config, "registered_name": "function", **keys}


@each(
    ("activation", "is_known"),
    [
        ("relu", True),
        (function("relu"), True),
        ({"module": "keras.layers", "class_name": "ReLU", "config": {}, "registered_name": None}, True),
        ("relu_max", False),
        (function("Custom>relu"), False),
        (function("relu", module=None), False),
        (function("relu", module="__main__", registered_name="relu"), False),
        (function("relu", module="keras.activations", registered_name="mine>relu"), False),
        ({"class_name": "__lambda__", "config": {"value": ["", None, None]}}, False),
    ],
)
def test_whose_an_activation_is(activation: Any, is_known: bool) -> None:
    model = load(sequential(image((4,)), made("Dense", "d", units=3, activation=activation)))
    report = cnnsum.summarize(model)
    assert report.totals.params.total == 15
    assert report.totals.macs == 12
    assert report.totals.flops == 24 + 3 + 3 if is_known else report.totals.flops is UNKNOWN
    assert [found.code for found in model.diagnostics] == ([] if is_known else ["UNK706"])


def test_an_activation_alone_is_unknown() -> None:
    report = cnnsum.summarize(read("custom_activation"))
    assert [row.params.total for row in report.rows if row.type == "Dense"] == [136, 18]
    assert report.totals.flops is UNKNOWN
    assert report.totals.peak.bytes is not UNKNOWN


def test_a_layer_as_activation_may_have_weights() -> None:
    """Keras counts them as the layer's, so that they are not 0."""
    own = {"module": None, "class_name": "Snake", "config": {"name": "s"}, "registered_name": "Snake"}
    model = load(sequential(image((4,)), made("Dense", "d", units=3, activation=own)))
    assert [found.code for found in model.diagnostics] == ["UNK702"]
    assert cnnsum.summarize(model).totals.params.total is UNKNOWN


# What is recorded of layers that are not known.


def test_outputs_of_an_unknown_layer_are_not_counted() -> None:
    model = read("multi_output_custom2")
    assert [found.code for found in model.diagnostics] == ["UNK701"]
    report = cnnsum.summarize(model)
    assert rows(report)["dense"].params.total == 15
    assert len(report.outputs) == 2


def test_what_a_model_gives_whose_last_layer_is_unknown() -> None:
    report = cnnsum.summarize(read("nested"))
    assert shapes(report) == {name: ["? 8"] for name in ("input_layer_1", "inner", "dropout_1")} | {"dense_2": ["? 3"]}
    assert rows(report)["dense_2"].params.total == 27
    assert rows(report)["dropout_1"].params.total == 0


def test_layers_without_names_are_called_as_keras_calls_them() -> None:
    model = read("noname")
    assert list(rows(cnnsum.summarize(model))) == ["dense_3", "no_name", "no_name_1", "dense_4"]
    assert rows(cnnsum.summarize(model))["dense_4"].params.total == 15


def test_a_lambda_has_no_weights() -> None:
    model = read("lambda")
    assert [found.code for found in model.diagnostics] == ["SAF603"]
    report = cnnsum.summarize(model)
    assert rows(report)["lambda"].params.total == 0
    assert report.totals.params.total == 15
    assert " Total params: 15 (60.00 B)" in table(model)


@each("kind", ["TFSMLayer", "JaxLayer", "TorchModuleWrapper"])
def test_other_code_may_have_weights(kind: str) -> None:
    assert cnnsum.summarize(load(sequential(image((4,)), made(kind, "k")))).totals.params.total is UNKNOWN


def test_an_unknown_operation_has_no_weights() -> None:
    net = functional([image((4,)), operation("Tensordot", "t", "image", "image")], "t")
    assert cnnsum.summarize(load(net)).totals.params.total == 0


def test_a_lambda_says_its_output_shape() -> None:
    layer = made("Lambda", "l", "image", output_shape=[7])
    following = made("Dense", "d", "l", units=2)
    report = cnnsum.summarize(load(functional([image((4,)), layer, following], "d")))
    assert rows(report)["d"].params.total == 16


def test_open_axes_below_an_unknown_layer_are_none() -> None:
    own = {**made("Odd", "odd", "image"), "module": None}
    following = made("Dense", "d", called(tensor("odd", (None, None, 5))), units=2)
    model = load(functional([image((4, 4)), own, following], "d"))
    assert "(None, None, 2)" in table(model)
    assert "?" not in table(model).replace("?             │", "").replace("             ? │", "")


def test_a_wrapped_unknown_layer_gives_what_the_file_records() -> None:
    own = {"module": None, "class_name": "Odd", "config": {"name": "o"}, "registered_name": "Odd"}
    wrapped = made("TimeDistributed", "t", "image", layer=own)
    following = made("Dense", "d", called(tensor("t", (None, 5, 6))), units=2)
    report = cnnsum.summarize(load(functional([image((5, 4)), wrapped, following], "d")))
    assert rows(report)["d"].params.total == 14


# Findings.


def test_findings_on_one_class_are_one() -> None:
    layers = [made("Lambda", f"l{number}") for number in range(512)]
    model = load(sequential(image((4,)), *layers))
    (found,) = model.diagnostics
    assert found.message == "a Lambda layer is code, which cnnsum never runs: its result is not known (512 times)"
    assert len(found.related) == 8
    assert found.related[-1].message == "the same, and 503 more"
    assert cnnsum.summarize(model).totals.params.total == 0


def test_numbers_that_are_not_finite_are_keras_s_own() -> None:
    pad = made("Pad", "p", called("image", pad_width=[[0, 0], [1, 1]], constant_values=float("-inf")),
               module="keras.src.ops.numpy", pad_width=[[0, 0], [1, 1]])  # fmt: skip
    text = json.dumps(functional([image((4,)), pad], "p"))
    assert "-Infinity" in text
    assert messages(functional([image((4,)), pad], "p")) == []


@each("name", ["shared_build", "shared_dense", "shp220"])
def test_a_shape_that_a_layer_was_built_on_may_be_another_call_s(name: str) -> None:
    assert said(read(name)) == []


def test_a_layer_built_for_other_weights_is_reported() -> None:
    model = sequential(image((8,)), made("Dense", "a", units=4))
    model["config"]["layers"][1]["build_config"] = {"input_shape": [None, 7]}
    assert [message[:7] for message in messages(model)] == ["SHP220 "]
    # A layer without weights may have met anything before.
    model = sequential(image((8,)), made("Dropout", "a", rate=0.5))
    model["config"]["layers"][1]["build_config"] = {"input_shape": [None, 7]}
    assert messages(model) == []


# Values.


def test_one_is_true() -> None:
    model = read("bn_scale_1")
    assert said(model) == []
    assert cnnsum.summarize(model).totals.params.total == 32 + 18


@each(("value", "count"), [(0, 12), (None, 12), (1, 15), (1.0, 15), (True, 15), (False, 12)])
def test_what_python_takes_for_true(value: Any, count: int) -> None:
    report = cnnsum.summarize(load(sequential(image((4,)), made("Dense", "d", units=3, use_bias=value))))
    assert report.totals.params.total == count


def test_wrapped_values() -> None:
    model = read("masking_tensor")
    assert said(model) == []
    assert cnnsum.summarize(model).totals.params.total == 16
    edges = {"class_name": "__numpy__", "config": {"value": [0.0, 1.0], "dtype": "float32"}}
    bins = made("Discretization", "b", bin_boundaries=edges, output_mode="one_hot")
    assert shapes(cnnsum.summarize(load(sequential(image((1,)), bins))))["b"] == ["? 3"]
    target = {"class_name": "__tuple__", "items": [2, 2]}
    assert shapes(cnnsum.summarize(load(sequential(image((4,)), made("Reshape", "r", target_shape=target)))))["r"] == [
        "? 2 2"
    ]


def test_a_frozen_layer_says_so_in_any_way() -> None:
    layer = made("Dense", "d", units=3)
    layer["config"]["trainable"] = 0
    assert cnnsum.summarize(load(sequential(image((4,)), layer))).totals.params.trainable == 0


@each(
    ("shape", "batch", "layer", "gives", "count"),
    [
        ((0,), None, made("Dense", "d", units=3), "(N, 3)", 3),
        ((4,), 0, made("Dense", "d", units=3), "(0, 3)", 15),
        ((8, 0, 3), None, made("Conv2D", "d", filters=3, kernel_size=[1, 1]), None, 12),
        ((8, 0, 3), None, made("Conv2D", "d", filters=3, kernel_size=[1, 1], padding="same"), "(N, 8, 0, 3)", 12),
        ((8, 8, 0), None, made("Conv2D", "d", filters=3, kernel_size=[3, 3]), "(N, 6, 6, 3)", 3),
    ],
)
def test_axes_without_elements_are_keras_s(
    shape: tuple[int, ...], batch: int | None, layer: Any, gives: str | None, count: int
) -> None:
    model = load(sequential(image(shape, batch=batch), layer))
    if gives is None:
        assert messages(sequential(image(shape, batch=batch), layer))[0].startswith("SHP201 ")
        return
    (row,) = cnnsum.summarize(model).rows
    assert model.diagnostics == ()
    assert (str(row.outputs[0].shape), row.params.total) == (gives, count)


def test_a_network_on_nothing_prints_as_keras_prints_it() -> None:
    assert " Total params: 396,293 (1.51 MB)" in table(read("zero_size"))


# Keras 2.


@each(("name", "count"), [("thresholded_relu", 52), ("cudnn_lstm_tf215", 364), ("locally_connected1d_tf215", 1404)])
def test_layers_of_keras_2(name: str, count: int) -> None:
    model = read(name)
    assert cnnsum.summarize(model).totals.params.total == count
    assert [found.severity for found in model.diagnostics if found.code != "SPC074"] == []


@each(
    ("name", "count", "fields"),
    [
        ("convlstm_time_major", 1320, "`time_major` of ConvLSTM2D"),
        (
            "mha_query_shape",
            288,
            (
                "`query_shape` of MultiHeadAttention, `key_shape` of MultiHeadAttention and `value_shape` of "
                "MultiHeadAttention"
            ),
        ),
        ("embedding_batch_input_shape", 148, "`batch_input_shape` of Embedding and `time_major` of LSTM"),
        ("depthwise_groups", 36, "`groups` of DepthwiseConv2D"),
    ],
)
def test_fields_of_keras_2(name: str, count: int, fields: str) -> None:
    model = read(name)
    assert cnnsum.summarize(model).totals.params.total == count
    assert said(model) == [f"note SPC074 Keras 3 refuses this file of an older Keras, for {fields}"]
    assert said(read(name)) == said(model)  # also of layers that were read before


def test_a_note_is_printed_where_notes_are_wanted() -> None:
    path = str(FILES / "depthwise_groups.json")
    for arguments, told in (([path], False), ([path, "-v"], True), (["sizes", path], False), (["check", path], True)):
        done = call(*arguments)
        assert (done.code, "SPC074 note" in done.out + done.err) == (0, told)
    assert '"SPC074"' in call(path, "--format", "json").out


def of_keras_2(kind: str, shape: list[Any], **fields: Any) -> cnnsum.Report:
    layer = {"module": "keras.layers", "class_name": kind, "config": {"name": "k", **fields}, "registered_name": None}
    source = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, *shape], "name": "i"}}
    model = load({"class_name": "Sequential", "config": {"name": "s", "layers": [source, layer]}})
    assert [found.message for found in model.diagnostics if found.code != "SPC074"] == []
    return cnnsum.summarize(model)


@each(
    ("fields", "kernel"),
    [
        # 8 x 8 places; a kernel of 3 x 2 with stride (2, 1) fits 3 x 7 times.
        ({"implementation": 1}, 3 * 7 * (3 * 2 * 4) * 5),
        ({"implementation": 2}, (8 * 8 * 4) * (3 * 7 * 5)),
        ({"implementation": 3}, 3 * 7 * (3 * 2 * 4) * 5),
        # "same": rows of 2 (the first) or 3 of 3; columns of 1 (the first) or 2 of 2.
        ({"implementation": 2, "padding": "same"}, (8 * 8 * 4) * (4 * 8 * 5)),
        ({"implementation": 3, "padding": "same"}, (2 + 3 + 3 + 3) * (1 + 2 * 7) * 4 * 5),
    ],
)
def test_locally_connected(fields: dict[str, Any], kernel: int) -> None:
    places = 4 * 8 if fields.get("padding") == "same" else 3 * 7
    for layout, shape in (("channels_last", [8, 8, 4]), ("channels_first", [4, 8, 8])):
        report = of_keras_2(
            "LocallyConnected2D", shape, filters=5, kernel_size=[3, 2], strides=[2, 1], data_format=layout, **fields
        )
        assert report.totals.params.total == kernel + places * 5


def test_layers_of_cudnn() -> None:
    assert of_keras_2("CuDNNGRU", [5, 4], units=7, time_major=False).totals.params.total == 3 * 7 * (4 + 7) + 6 * 7
    assert of_keras_2("CuDNNLSTM", [5, 4], units=7, return_sequences=True).rows[-1].outputs[0].shape[1:] == (5, 7)


def test_random_sizes_are_open() -> None:
    report = of_keras_2("RandomHeight", [32, 24, 3], factor=0.2, interpolation="bilinear", seed=None)
    assert report.rows[-1].outputs[0].shape[1:] == (UNKNOWN, 24, 3)
    report = of_keras_2("RandomWidth", [32, 24, 3], factor=[-0.2, 0.3], interpolation="bilinear", seed=None)
    assert report.rows[-1].outputs[0].shape[1:] == (32, UNKNOWN, 3)
    assert report.totals.params.total == 0


def test_random_features() -> None:
    params = of_keras_2("RandomFourierFeatures", [12], output_dim=7, scale=1.0).totals.params
    assert (params.total, params.trainable) == (12 * 7 + 7 + 1, 1)


def test_weights_of_tf_js_by_their_old_names() -> None:
    assert said(read("tfjs_depthwise")) == []


def test_a_graph_of_tf_js_is_named() -> None:
    with pytest.raises(cnnsum.UnusableError) as raised:
        read("tfjs_graph", format="keras")
    (found,) = raised.value.diagnostics
    assert found.message.startswith("this is a graph model of TensorFlow.js")
    assert "model.to_json()" in str(found.help)
    with pytest.raises(cnnsum.UnusableError) as raised:
        read("tfjs_graph")
    assert raised.value.diagnostics[0].message == found.message


# Declared types.

TYPES = """
layer_types:
  Cross: {input: [[n, d], [m, e]], output: [n, e], weights: {w: [d, e]}}
  Halves: {input: [4, d], output: [2, d]}
"""


def own(kind: str, name: str, *calls: Any, **keys: Any) -> dict[str, Any]:
    return {**made(kind, name, *calls), "module": None, "registered_name": kind, **keys}


def test_a_declaration_sees_tensors_by_name(tmp_path: Path) -> None:
    path = tmp_path / "types.yaml"
    path.write_text(TYPES, encoding="utf-8")
    sources = [image((5, 4), "a"), image((7, 6), "b"), image((5,), "m", dtype="bool")]
    for one in (called("a", context="b"), called("a", "b"), called("a", context="b", a_mask="m")):
        net = functional([*sources, own("Cross", "c", one, registered_name="my>Cross")], "c")
        model = load(net, layer_types=[path])
        assert [found.code for found in model.diagnostics if found.code != "GRF309"] == []
        row = rows(cnnsum.summarize(model))["c"]
        assert (row.params.total, row.outputs[0].shape[1:]) == (24, (5, 6))  # type: ignore[index]


def test_a_declaration_that_fails_leaves_what_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "types.yaml"
    path.write_text(TYPES, encoding="utf-8")
    following = made("Dense", "d", called(tensor("h", (None, 3))), units=2)
    model = load(functional([image((5, 6)), own("Halves", "h", "image"), following], "d"), layer_types=[path])
    assert [found.code for found in model.diagnostics] == ["SHP202"]
    assert rows(cnnsum.summarize(model))["d"].params.total == 8


def test_time_before_samples_is_not_guessed() -> None:
    following = made("Dense", "d", called(tensor("r", (5, None, 3))), units=2)
    layer = made("LSTM", "r", "image", units=3, time_major=True, return_sequences=True)
    model = load(functional([image((5, 4)), layer, following], "d"))
    assert [found.message.partition(";")[0] for found in model.diagnostics] == [
        "`LSTM` with `time_major`, whose first axis is time, is not known"
    ]
    assert rows(cnnsum.summarize(model))["d"].params.total == 8


def test_a_subclass_of_sequential_is_a_chain() -> None:
    chain = sequential(image((4,)), made("Dense", "d", units=2), name="c", calls=["image"], build_input_shape=[None, 4])
    net = functional([image((4,)), {**chain, "class_name": "MyChain", "module": None}], "c")
    assert messages(net) == []
    assert cnnsum.summarize(load(net)).totals.params.total == 10
    # A layer that holds layers may do anything with them.
    holder = own("Holder", "h", "image")
    holder["config"]["layers"] = [made("Dense", "d", units=2)]
    assert [found.code for found in load(functional([image((4,)), holder], "h")).diagnostics] == ["UNK701"]
