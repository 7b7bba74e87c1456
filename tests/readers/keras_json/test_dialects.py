"""Old dialects of Keras: models as Keras 2, TensorFlow and TF.js wrote them, with counts worked by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum
from cnnsum.diagnostics import UnusableError
from tests.thorough import each


def report_of(value: Any, **keys: Any) -> cnnsum.Report:
    model = cnnsum.loads(json.dumps(value), "model.json", **keys)
    assert [str(found) for found in model.diagnostics if found.code != "SPC074"] == []
    return cnnsum.summarize(model)


def shapes(report: cnnsum.Report) -> dict[str, Any]:
    return {row.name: tuple(str(dim) for dim in row.outputs[0].shape[1:]) for row in report.rows}  # type: ignore[index]


def config(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "trainable": True, "dtype": "float32", **fields}


def conv(name: str, filters: int, **fields: Any) -> dict[str, Any]:
    """A Conv2D with all that Keras 2.4 writes of one."""
    found = config(name, filters=filters, kernel_size=[3, 3], strides=[1, 1], padding="valid")
    found |= {"data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1, "activation": "relu"}
    found |= {"use_bias": True, "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}}
    found |= {"bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None}
    found |= {"bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None}
    return {"class_name": "Conv2D", "config": {**found, "bias_constraint": None, **fields}}


def dense(name: str, units: int, **fields: Any) -> dict[str, Any]:
    return {"class_name": "Dense", "config": config(name, units=units, activation="linear", use_bias=True, **fields)}


NORM = {
    "class_name": "BatchNormalization",
    "config": config("bn", axis=[3], momentum=0.99, epsilon=0.001, center=True, scale=True),
}
POOL = {
    "class_name": "MaxPooling2D",
    "config": config("pool", pool_size=[2, 2], padding="valid", strides=[2, 2], data_format="channels_last"),
}
FLATTEN = {"class_name": "Flatten", "config": config("flatten", data_format="channels_last")}
COUNT = (3 * 3 * 3 + 1) * 8 + 4 * 8 + (15 * 15 * 8 + 1) * 10


def chain(*, input_layer: bool) -> list[dict[str, Any]]:
    shape = [None, 32, 32, 3]
    if input_layer:
        first = {"batch_input_shape": shape, "dtype": "float32", "sparse": False, "ragged": False, "name": "conv_input"}
        return [{"class_name": "InputLayer", "config": first}, conv("conv", 8), NORM, POOL, FLATTEN, dense("out", 10)]
    return [conv("conv", 8, batch_input_shape=shape), NORM, POOL, FLATTEN, dense("out", 10)]


@pytest.mark.parametrize("input_layer", [True, False])
def test_sequential_of_keras_2(input_layer: bool) -> None:
    value = {
        "class_name": "Sequential",
        "config": {"name": "net", "layers": chain(input_layer=input_layer)},
        "keras_version": "2.4.0",
        "backend": "tensorflow",
    }
    report = report_of(value)
    assert report.name == "net"
    assert report.totals.params.total == COUNT
    assert shapes(report) == {
        "conv": ("30", "30", "8"),
        "bn": ("30", "30", "8"),
        "pool": ("15", "15", "8"),
        "flatten": ("1800",),
        "out": ("10",),
    }


def test_bare_list_of_keras_2_1() -> None:
    value = {"class_name": "Sequential", "config": chain(input_layer=False), "keras_version": "2.1.6"}
    report = report_of(value)
    assert (report.name, report.totals.params.total) == ("sequential", COUNT)


def test_a_place_in_a_bare_list() -> None:
    layers = chain(input_layer=False)
    layers[0]["config"]["filters"] = -1
    text = json.dumps({"class_name": "Sequential", "config": layers}, indent=1)
    (found,) = cnnsum.loads(text, "model.json").diagnostics
    assert (found.code, found.span and text.splitlines()[found.span.line - 1].strip()) == ("CFG102", '"filters": -1,')


def node(*references: Any) -> list[Any]:
    return [[[*reference, {}] for reference in references]]


def functional(layers: list[Any], outputs: list[Any], **keys: Any) -> dict[str, Any]:
    inputs = [[layer["name"], 0, 0] for layer in layers if layer["class_name"] == "InputLayer"]
    found = {"name": "graph", "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Model", "config": found, "keras_version": "2.2.4-tf", "backend": "tensorflow", **keys}


def layer(found: dict[str, Any], inbound: list[Any]) -> dict[str, Any]:
    return {**found, "name": found["config"]["name"], "inbound_nodes": inbound}


def image(name: str, *shape: int) -> dict[str, Any]:
    return layer(
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, *shape], "dtype": "float32", "name": name}},
        [],
    )


ADD = {"class_name": "Add", "config": config("add")}


def test_functional_of_keras_2() -> None:
    layers = [
        image("in", 32, 32, 3),
        layer(conv("a", 8, padding="same"), node(("in", 0, 0))),
        layer(conv("b", 8, padding="same"), node(("a", 0, 0)) + node(("b", 0, 0))),
        layer(ADD, node(("a", 0, 0), ("b", 1, 0))),
    ]
    report = report_of(functional(layers, [["add", 0, 0]]))
    assert report.totals.params.total == (27 + 1) * 8 + (72 + 1) * 8
    assert [row.name for row in report.rows] == ["in", "a", "b", "add"]
    assert report.totals.macs == 32 * 32 * (8 * 27 + 2 * 8 * 72)


def test_a_reference_alone_is_a_call() -> None:
    layers = [image("in", 5), layer(dense("a", 4), [["in", 0, 0]]), layer(dense("b", 3), [["a", 0, 0]])]
    assert report_of(functional(layers, [["b", 0, 0]])).totals.params.total == 24 + 15


def test_nested_models_of_keras_2() -> None:
    inner = functional([image("x", 32, 32, 3), layer(conv("c", 4), node(("x", 0, 0)))], [["c", 0, 0]])
    inner["config"]["name"] = "inner"
    tail = {"class_name": "Sequential", "config": {"name": "tail", "layers": [FLATTEN, dense("d", 2)]}}
    layers = [
        image("in", 32, 32, 3),
        layer({"class_name": "Model", "config": inner["config"]}, node(("in", 0, 0))),
        layer(tail, node(("inner", 0, 0))),
    ]
    report = report_of(functional(layers, [["tail", 0, 0]]))
    assert shapes(report) == {"in": ("32", "32", "3"), "inner": ("30", "30", "4"), "tail": ("2",)}
    assert report.totals.params.total == 28 * 4 + (3600 + 1) * 2


def test_the_outputs_of_a_nested_model_are_counted_from_0() -> None:
    inner = functional([image("x", 8), layer(dense("c", 4), node(("x", 0, 0)))], [["c", 0, 0]])
    inner["config"]["name"] = "inner"
    layers = [
        image("in", 8),
        image("other", 8),
        layer({"class_name": "Model", "config": inner["config"]}, node(("in", 0, 0)) + node(("other", 0, 0))),
    ]
    report = report_of(functional(layers, [["inner", 0, 0], ["inner", 1, 0]]))
    assert len(report.outputs) == 2
    assert report.totals.macs == 2 * 32


def test_a_model_first_in_a_chain() -> None:
    base = functional([image("x", 32, 32, 3), layer(conv("c", 4), node(("x", 0, 0)))], [["c", 0, 0]])
    base["config"]["name"] = "base"
    layers = [{"class_name": "Model", "config": base["config"]}, FLATTEN, dense("d", 2)]
    value = {"class_name": "Sequential", "config": {"name": "top", "layers": layers}}
    assert report_of(value).totals.params.total == 28 * 4 + 3601 * 2


def test_operations_of_tensorflow() -> None:
    def op(name: str, function: str, call: list[Any]) -> dict[str, Any]:
        found = {"class_name": "TFOpLambda", "config": config(name, function=function)}
        return layer(found, [call])

    layers = [
        image("in", 8, 8, 3),
        layer(conv("a", 4, padding="same"), node(("in", 0, 0))),
        op("plus", "__operators__.add", ["a", 0, 0, {"y": 3.0, "name": None}]),
        op("relu", "nn.relu", ["plus", 0, 0, {"name": None}]),
        op("times", "math.multiply", ["relu", 0, 0, {"y": ["a", 0, 0], "name": None}]),
        op("mean", "math.reduce_mean", ["times", 0, 0, {"axis": [1, 2], "keepdims": True}]),
        op("both", "concat", [["mean", 0, 0, {"axis": -1}], ["mean", 0, 0, {"axis": -1}]]),
        op("flat", "reshape", ["both", 0, 0, {"shape": [-1, 8]}]),
        op("minus", "math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["flat", 0, 0], "name": None}]),
    ]
    report = report_of(functional(layers, [["minus", 0, 0]], class_name="Functional"))
    found = shapes(report)
    assert found["times"] == ("8", "8", "4")
    assert (found["mean"], found["both"]) == (("1", "1", "4"), ("1", "1", "8"))
    assert found["flat"] == found["minus"] == ("8",)


def test_an_unknown_operation_is_unknown() -> None:
    odd = {"class_name": "TFOpLambda", "config": config("odd", function="signal.fft")}
    layers = [image("in", 8), layer(odd, [["in", 0, 0, {}]]), layer(dense("d", 2), node(("odd", 0, 0)))]
    model = cnnsum.loads(json.dumps(functional(layers, [["d", 0, 0]])))
    assert [(found.code, found.severity) for found in model.diagnostics] == [("UNK701", "warning")]
    assert cnnsum.summarize(model).rows[1].status == "unknown"


LSTM = {"class_name": "LSTM", "config": config("l", units=5, time_major=False)}


@each(
    ("written", "count"),
    [
        # Keras 2 without the field had the gates of 2014: one bias of three units.
        ({"class_name": "GRU", "config": config("r", units=5)}, 3 * 5 * (4 + 5 + 1)),
        ({"class_name": "GRU", "config": config("r", units=5, reset_after=True)}, 3 * 5 * (4 + 5 + 2)),
        ({"class_name": "LSTM", "config": config("r", units=5, implementation=2, time_major=False)}, 4 * 5 * 10),
        (
            {"class_name": "Bidirectional", "config": config("r", layer=LSTM, merge_mode="concat")},
            2 * 4 * 5 * 10,
        ),
        ({"class_name": "LeakyReLU", "config": config("r", alpha=0.3)}, 0),
        ({"class_name": "BatchNormalizationV1", "config": config("r", axis=-1)}, 16),
        ({"class_name": "LayerNormalization", "config": config("r", axis=[2], epsilon=0.001)}, 8),
    ],
)
def test_layers_of_keras_2(written: dict[str, Any], count: int) -> None:
    written["config"]["batch_input_shape"] = [None, 7, 4]
    value = {"class_name": "Sequential", "config": {"name": "net", "layers": [written]}, "keras_version": "2.3.1"}
    assert report_of(value).totals.params.total == count


def test_mixed_precision_of_tensorflow() -> None:
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    found = dense("d", 3, batch_input_shape=[None, 8])
    found["config"]["dtype"] = policy
    value = {"class_name": "Sequential", "config": {"name": "net", "layers": [found]}}
    assert report_of(value).rows[0].outputs[0].dtype == "float16"


def test_yaml_of_keras_2() -> None:
    text = """\
backend: tensorflow
class_name: Sequential
config:
  layers:
  - class_name: Conv2D
    config:
      activation: relu
      batch_input_shape: !!python/tuple
      - null
      - 28
      - 28
      - 1
      filters: 6
      kernel_size: !!python/tuple [5, 5]
      name: conv
      strides: !!python/tuple
      - 1
      - 1
      trainable: true
  name: net
keras_version: 2.3.1
"""
    model = cnnsum.loads(text, "model.yaml")
    assert [str(found) for found in model.diagnostics if found.code != "SPC074"] == []
    assert cnnsum.summarize(model).totals.params.total == 26 * 6
    with pytest.raises(UnusableError, match="SAF601"):
        cnnsum.loads(text.replace("python/tuple\n      - null", "python/object/apply:os.system\n      - null"))


# TF.js.


def browser(**shape_of: list[int]) -> dict[str, Any]:
    value = {"class_name": "Sequential", "config": {"name": "net", "layers": chain(input_layer=False)}}
    weights = {
        "conv/kernel": [3, 3, 3, 8],
        "conv/bias": [8],
        "bn/gamma": [8],
        "bn/moving_variance": [8],
        "out/kernel": [1800, 10],
        "out/bias": [10],
        **shape_of,
    }
    manifest = [{"name": name, "shape": shape, "dtype": "float32"} for name, shape in weights.items()]
    return {
        "format": "layers-model",
        "generatedBy": "keras v2.4.0",
        "convertedBy": "TensorFlow.js Converter v2.0.1",
        "modelTopology": {"keras_version": "2.4.0", "backend": "tensorflow", "model_config": value},
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": manifest}],
    }


def test_tfjs() -> None:
    assert report_of(browser()).totals.params.total == COUNT
    bare = browser()
    bare["modelTopology"] = bare["modelTopology"]["model_config"]
    assert report_of(bare).totals.params.total == COUNT


def test_tfjs_weights_that_differ() -> None:
    text = json.dumps(browser(**{"out/kernel": [1801, 10], "gone/kernel": [3]}))
    found = cnnsum.loads(text, "model.json").diagnostics
    assert [(one.code, one.severity, one.message) for one in found] == [
        (
            "SHP225",
            "warning",
            "the file records a weight `out/kernel` of shape (1801, 10), but it is (1800, 10)",
        ),
        (
            "SHP225",
            "warning",
            "the file records a weight `gone/kernel` of shape (3), but no layer of the model has that weight",
        ),
    ]
    assert [one.span and text[one.span.column - 1 : one.span.end_column - 1] for one in found] == ["[1801, 10]", "[3]"]


@each(
    "value",
    [
        {"modelTopology": {"node": []}, "format": "graph-model"},
        {"modelTopology": None},
        {"model_config": []},
        {"modelTopology": {"model_config": {"class_name": "Sequential", "config": 3}}},
        {"class_name": "Sequential", "config": None},
    ],
)
def test_what_is_no_model(value: Any) -> None:
    with pytest.raises(UnusableError, match="SPC040"):
        cnnsum.loads(json.dumps(value))


@each("call", [[["in", 0]], [[3, 0, 0]], [["in", "0", 0]], ["in"], [None], {"x": 3}, [["_CONSTANT_VALUE", -1]]])
def test_malformed_calls(call: Any) -> None:
    layers = [image("in", 8), layer(dense("d", 2), [call])]
    found = cnnsum.loads(json.dumps(functional(layers, [["d", 0, 0]]))).diagnostics
    assert found
    assert {one.code for one in found} <= {"SPC041", "GRF302", "GRF303"}


def _tuple(*items: Any) -> dict[str, Any]:
    return {"class_name": "__tuple__", "items": list(items)}


def _slice(start: int | None = None, stop: int | None = None, step: int | None = None) -> dict[str, Any]:
    return {"start": start, "stop": stop, "step": step}


#: An operation of TensorFlow over (N, 12, 8, 6), how Keras 2 writes its arguments, and what it gives.
OPERATIONS_OF_KERAS_2 = [
    ("__operators__.getitem", {"slice_spec": [_slice(), _slice(2, 10, 2)]}, (4, 8, 6)),
    ("__operators__.getitem", {"slice_spec": _tuple(_slice(), 0)}, (8, 6)),
    ("__operators__.getitem", {"slice_spec": _tuple(_slice(), _slice(1), _slice(None, -1))}, (11, 7, 6)),
    ("__operators__.getitem", {"slice_spec": _tuple({"class_name": "__ellipsis__"}, 0)}, (12, 8)),
    ("__operators__.getitem", {"slice_spec": _tuple(_slice(), None, _slice(0, 3))}, (1, 3, 8, 6)),
    ("__operators__.getitem", {"slice_spec": _tuple(_slice(), -1, _slice(None, None, -1))}, (8, 6)),
    ("image.resize", {"size": _tuple(24, 16)}, (24, 16, 6)),
    ("clip_by_value", {"clip_value_min": 0.0, "clip_value_max": 1.0}, (12, 8, 6)),
    ("math.reduce_prod", {"axis": -1, "keepdims": True}, (12, 8, 1)),
    ("math.cumsum", {"axis": 1}, (12, 8, 6)),
    ("math.greater", {"y": 0.5}, (12, 8, 6)),
]


@each("case", OPERATIONS_OF_KERAS_2)
def test_operations_of_keras_2(case: tuple[str, dict[str, Any], tuple[int, ...]]) -> None:
    function, options, shape = case
    class_name = "SlicingOpLambda" if function.endswith("getitem") else "TFOpLambda"
    images = {"batch_input_shape": [None, 12, 8, 6], "dtype": "float32", "name": "a"}
    operation = {"name": "b", "trainable": True, "dtype": "float32", "function": function}
    layers = [
        {"class_name": "InputLayer", "config": images, "name": "a", "inbound_nodes": []},
        {"class_name": class_name, "config": operation, "name": "b", "inbound_nodes": [["a", 0, 0, options]]},
    ]
    config = {"name": "m", "layers": layers, "input_layers": [["a", 0, 0]], "output_layers": [["b", 0, 0]]}
    value = {"class_name": "Functional", "keras_version": "2.15.0", "backend": "tensorflow", "config": config}
    model = cnnsum.loads(json.dumps(value), "m.json")
    assert not model.diagnostics, [str(one) for one in model.diagnostics]
    assert cnnsum.summarize(model).outputs[0].shape[1:] == shape  # type: ignore[index]
