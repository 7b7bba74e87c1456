"""Files of Keras 1: its names of layers and fields. Layer lists and counts are those of its published examples."""

from __future__ import annotations

import json
from typing import Any

import yaml

import cnnsum
from cnnsum.answers.summary.records import Report
from tests.thorough import each


def sequential(*layers: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    listed = [{"class_name": name, "config": {"name": f"l{at}", **said}} for at, (name, said) in enumerate(layers)]
    return {"class_name": "Sequential", "config": listed, "keras_version": "1.2.2"}


def conv(filters: int, size: int, **more: Any) -> tuple[str, dict[str, Any]]:
    said = {"nb_filter": filters, "nb_row": size, "nb_col": size, "subsample": [1, 1], "border_mode": "valid"}
    regular = {"init": "glorot_uniform", "bias": True, "W_regularizer": None, "b_constraint": None}
    return "Convolution2D", {**said, **regular, "dim_ordering": "tf", "activation": "relu", **more}


def dense(units: int, **more: Any) -> tuple[str, dict[str, Any]]:
    return "Dense", {"output_dim": units, "input_dim": None, "init": "glorot_uniform", "bias": True, **more}


POOL = ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": "tf"})
#: The example mnist_cnn.py, whose summary is in many tutorials.
MNIST = sequential(
    conv(32, 3, batch_input_shape=[None, 28, 28, 1], input_dtype="float32"),
    conv(32, 3),
    POOL,
    ("Dropout", {"p": 0.25}),
    ("Flatten", {}),
    dense(128, activation="relu"),
    ("Dropout", {"p": 0.5}),
    dense(10, activation="softmax"),
)
#: imdb_lstm.py.
IMDB = sequential(
    (
        "Embedding",
        {"input_dim": 20000, "output_dim": 128, "init": "uniform", "dropout": 0.2, "batch_input_shape": [None, 80]},
    ),
    (
        "LSTM",
        {
            "output_dim": 128,
            "input_dim": 128,
            "inner_init": "orthogonal",
            "forget_bias_init": "one",
            "inner_activation": "hard_sigmoid",
            "dropout_W": 0.2,
            "dropout_U": 0.2,
            "consume_less": "cpu",
        },
    ),
    dense(1, activation="sigmoid"),
)


def report_of(value: Any) -> Report:
    model = cnnsum.loads(json.dumps(value), "model.json")
    assert not model.wrong, [str(one) for one in model.diagnostics]
    assert not any(one.code == "UNK701" for one in model.diagnostics)
    return cnnsum.summarize(model)


def test_published_examples():
    assert report_of(MNIST).totals.params.total == 600_810
    assert [row.type for row in report_of(MNIST).rows[:3]] == ["Conv2D", "Conv2D", "MaxPooling2D"]
    assert report_of(IMDB).totals.params.total == 2_691_713


def test_yaml_of_keras_1():
    report = cnnsum.summarize(cnnsum.loads(yaml.safe_dump(MNIST), "model.yaml"))
    assert report.totals.params.total == 600_810


def test_vgg_16_channels_first():
    """The file of weights that went round for Keras 1: pads, then convolutions without any."""
    layers: list[tuple[str, dict[str, Any]]] = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            first = {} if layers else {"batch_input_shape": [None, 3, 224, 224]}
            layers.append(("ZeroPadding2D", {"padding": [1, 1], "dim_ordering": "th", **first}))
            layers.append(conv(filters, 3, dim_ordering="th"))
        layers.append(("MaxPooling2D", {**POOL[1], "dim_ordering": "th"}))
    layers += [("Flatten", {}), dense(4096), ("Dropout", {"p": 0.5}), dense(4096), ("Dropout", {"p": 0.5}), dense(1000)]
    assert report_of(sequential(*layers)).totals.params.total == 138_357_544


#: A layer of Keras 1 on a shape, what it gives, and its parameters by hand.
LAYERS = [
    ("Convolution1D", {"nb_filter": 8, "filter_length": 3, "subsample_length": 2}, (20, 4), (9, 8), 3 * 4 * 8 + 8),
    (
        "Convolution3D",
        {"nb_filter": 2, "kernel_dim1": 3, "kernel_dim2": 2, "kernel_dim3": 1, "dim_ordering": "tf"},
        (5, 5, 5, 1),
        (3, 4, 5, 2),
        6 * 2 + 2,
    ),
    (
        "AtrousConvolution2D",
        {"nb_filter": 4, "nb_row": 3, "nb_col": 3, "atrous_rate": [2, 2], "border_mode": "valid", "bias": False},
        (9, 9, 2),
        (5, 5, 4),
        9 * 2 * 4,
    ),
    (
        "Deconvolution2D",
        {"nb_filter": 4, "nb_row": 3, "nb_col": 3, "subsample": [2, 2], "output_shape": [None, 11, 11, 4]},
        (5, 5, 2),
        (11, 11, 4),
        9 * 2 * 4 + 4,
    ),
    ("SeparableConvolution2D", {"nb_filter": 4, "nb_row": 3, "nb_col": 3}, (9, 9, 2), (7, 7, 4), 9 * 2 + 2 * 4 + 4),
    ("MaxPooling1D", {"pool_length": 3, "stride": 2, "border_mode": "valid"}, (9, 2), (4, 2), 0),
    ("UpSampling1D", {"length": 3}, (4, 2), (12, 2), 0),
    ("GRU", {"output_dim": 5, "return_sequences": True}, (7, 3), (7, 5), 3 * (3 * 5 + 25 + 5)),
    ("SimpleRNN", {"output_dim": 5}, (7, 3), (5,), 15 + 25 + 5),
    ("BatchNormalization", {"mode": 0, "axis": -1, "gamma_init": "one"}, (7, 3), (7, 3), 12),
    ("TimeDistributedDense", {"output_dim": 5}, (7, 3), (7, 5), 20),
    ("GaussianNoise", {"sigma": 0.1}, (7, 3), (7, 3), 0),
    ("SpatialDropout2D", {"p": 0.1, "dim_ordering": "th"}, (3, 7, 7), (3, 7, 7), 0),
    ("LocallyConnected1D", {"nb_filter": 2, "filter_length": 3}, (7, 3), (5, 2), 5 * (3 * 3 * 2 + 2)),
]


@each("case", LAYERS)
def test_layers(case: tuple[str, dict[str, Any], tuple[int, ...], tuple[int, ...], int]):
    name, said, shape, wanted, params = case
    (row,) = report_of(sequential((name, {**said, "batch_input_shape": [None, *shape]}))).rows
    assert row.outputs[0].shape[1:] == wanted  # type: ignore[index]
    assert row.params.total == params


@each(("mode", "wanted"), [("concat", (8,)), ("sum", (4,)), ("mul", (4,)), ("ave", (4,)), ("max", (4,)), ("dot", (1,))])
def test_merge(mode: str, wanted: tuple[int, ...]):
    inputs = [
        {"class_name": "InputLayer", "name": name, "inbound_nodes": [], "config": {"name": name, **said}}
        for name, said in (("a", {"batch_input_shape": [None, 4]}), ("b", {"batch_input_shape": [None, 4]}))
    ]
    merge = {"name": "m", "mode": mode, "concat_axis": -1, "dot_axes": -1, "mode_type": "raw", "output_shape": None}
    node = {"class_name": "Merge", "name": "m", "config": merge, "inbound_nodes": [[["a", 0, 0], ["b", 0, 0]]]}
    ends = {"input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["m", 0, 0]]}
    value = {
        "class_name": "Model",
        "config": {"name": "net", "layers": [*inputs, node], **ends},
        "keras_version": "1.2.2",
    }
    assert report_of(value).rows[-1].outputs[0].shape[1:] == wanted  # type: ignore[index]


def test_wrappers():
    inner = {"class_name": "LSTM", "config": {"name": "in", "output_dim": 5, "inner_init": "orthogonal"}}
    both = ("Bidirectional", {"layer": inner, "merge_mode": "concat", "batch_input_shape": [None, 7, 3]})
    (row,) = report_of(sequential(both)).rows
    assert (row.outputs[0].shape[1:], row.params.total) == ((10,), 2 * 4 * (15 + 25 + 5))  # type: ignore[index]


def test_a_mistake_stands_at_the_name_of_the_file():
    value = sequential(conv(-3, 3, border_mode="sam", batch_input_shape=[None, 9, 9, 1]))
    text = json.dumps(value, indent=1)
    found = cnnsum.loads(text, "model.json").diagnostics
    lines = text.splitlines()
    assert [lines[one.span.line - 1].split('"')[1] for one in found if one.span] == ["nb_filter", "border_mode"]


def test_a_layer_of_ones_own_keeps_its_fields(tmp_path):
    types = tmp_path / "types.yaml"
    types.write_text(
        "layer_types: {Mine: {fields: {output_dim: , p: 1}, input: [d], output: [output_dim], weights: {w: [d, p]}}}"
    )
    value = sequential(("Mine", {"output_dim": 7, "p": 3, "batch_input_shape": [None, 4]}))
    report = cnnsum.summarize(cnnsum.loads(json.dumps(value), "model.json", layer_types=[str(types)]))
    assert (report.rows[0].outputs[0].shape[1:], report.rows[0].params.total) == ((7,), 12)  # type: ignore[index]
