"""Faults in Keras files: one message each, at the right place, and no cascade."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from keras_writing import called, codes, functional, image, load, made, messages, operation, rows, sequential, tensor

import cnnsum
from cnnsum.answers.summary.keras_table import summary
from cnnsum.answers.summary.options import Options
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import UNKNOWN
from cnnsum.writers import write
from tests.thorough import each


def dense(name: str, *calls: object, units: int = 4, **fields: object) -> dict[str, Any]:
    return made("Dense", name, *calls, units=units, **fields)


def chain(*layers: dict[str, Any]) -> dict[str, Any]:
    return functional([image((8,)), *layers], layers[-1]["name"])


# What the file records of shapes.


def test_recorded_shapes_that_differ() -> None:
    model = chain(
        dense("a", "image"), dense("b", called(tensor("a", (None, 5)))), dense("c", called(tensor("b", (None, 7))))
    )
    found = load(model).diagnostics
    # That of `b` is as wrong, but follows from that of `a`.
    assert [(one.code, one.severity) for one in found] == [("SHP220", "warning")]
    assert found[0].message == "the file records (None, 5) for the output of `a`, but it is (None, 4)"
    span = found[0].span
    assert span is not None
    lines = json.dumps(model, indent=1).split("\n")
    # The place is that of the recorded shape: a list that begins after `"shape": `.
    assert lines[span.line - 1].lstrip().startswith('"shape": [')
    assert lines[span.line - 1][span.column - 1] == "["
    assert lines[span.line + 1].strip() == "5"


def test_recorded_build_shapes_that_differ() -> None:
    model = sequential(image((8,)), dense("a"), dense("b"))
    model["config"]["layers"][2]["build_config"] = {"input_shape": [None, 3]}
    (found,) = messages(model)
    assert found == (
        "SHP220 the file says that `b` was built on (None, 3), which gives it a kernel of (3, 4), "
        "but its input needs one of (4, 4)"
    )
    model["config"]["layers"][2]["build_config"] = {"input_shape": [None, None]}
    assert codes(model) == []


def test_recorded_shapes_in_nested_models() -> None:
    inner = functional(
        [image((8,), "x"), dense("d", called(tensor("x", (None, 9))))], "d", name="inner", calls=["image"]
    )
    assert codes(functional([image((8,)), inner], "inner:1")) == ["SHP220"]


@each("shape", [[None, 4, 1], [], ["x", 4], [[4], 4], [None, "4"]])
def test_recorded_shapes_that_are_none(shape: Any) -> None:
    model = chain(dense("a", "image"), dense("b", called(tensor("a", ()))))
    model["config"]["layers"][2]["inbound_nodes"][0]["args"][0]["config"]["shape"] = shape
    assert codes(model) == ["SHP220"]


# Layers that cannot be known.


def test_unknown_layer() -> None:
    model = chain(
        dense("a", "image"), made("Denze", "b", "a"), dense("c", "b"), dense("d", "image"), made("Add", "e", ["c", "d"])
    )
    found = load(model)
    assert [(one.code, one.severity) for one in found.diagnostics] == [("UNK701", "warning")]
    assert found.diagnostics[0].help == "did you mean `Dense`? Or declare it: --layer-types FILE, or --plugin MODULE"
    report = cnnsum.summarize(found)
    assert str(report.totals.params.total) == "?"
    assert [rows(report)[name].status for name in "abcde"] == ["exact", "unknown", "unknown", "exact", "unknown"]
    text = "\n".join(summary(report, Options(terminal=120)))
    assert " Total params: at least 72\n" in text
    assert report.totals.unknown == ("b", "c", "e")


def test_layer_of_the_users_own() -> None:
    assert codes(chain(made("Dense", "a", "image", module="mine"))) == ["UNK701"]


def test_unknown_layer_in_a_wrapper() -> None:
    found = load(sequential(image((5, 8)), made("TimeDistributed", "t", layer={"class_name": "Zork", "config": {}})))
    assert [(one.code, one.severity) for one in found.diagnostics] == [("UNK701", "warning")]
    assert cnnsum.summarize(found).rows[-1].status == "unknown"


def test_lambda_is_never_run() -> None:
    found = load(chain(made("Lambda", "code", "image", function={"class_name": "__lambda__"}))).diagnostics
    assert [(one.code, one.severity) for one in found] == [("SAF603", "warning")]
    assert "a Lambda layer is code, which cnnsum never runs" in found[0].message


def test_wrong_fields_are_all_reported() -> None:
    model = chain(made("Conv2D", "c", "image", filters=-1, kernel_size="x", padding="half"))
    assert codes(model) == ["CFG102"] * 3


def test_unknown_fields_are_warnings() -> None:
    found = load(chain(dense("d", "image", novelty=1))).diagnostics
    assert [(one.code, one.severity) for one in found] == [("CFG103", "warning")]
    assert cnnsum.summarize(load(chain(dense("d", "image", novelty=1)))).totals.params.total == 36


def test_layer_that_does_not_fit_its_input() -> None:
    model = chain(made("Conv2D", "c", "image", filters=3, kernel_size=3), made("ReLU", "r", "c"), dense("d", "r"))
    assert len(codes(model)) == 1


# References.


def test_missing_reference() -> None:
    model = chain(dense("first", "image"), dense("b", "frist"), dense("c", "b"))
    assert messages(model) == ["GRF302 there is no layer `frist`"]
    assert load(model).diagnostics[0].help == "did you mean `first`?"


def test_references_out_of_range() -> None:
    assert messages(chain(dense("a", "image"), dense("b", "a:1"))) == [
        "GRF302 `a` is called once: there is no call 1"
    ]  # fmt: skip
    assert messages(chain(dense("a", "image"), dense("b", "a:0:3"))) == [
        "GRF304 b: output 3 of `a` does not exist: it has 1 output"
    ]  # fmt: skip
    assert codes(chain(dense("a", "image"), dense("b", "a:0:-1"))) == ["GRF304"]
    assert codes(functional([image((8,)), dense("a", "image")], "nothing")) == ["GRF302"]


def test_missing_reference_of_a_nested_model() -> None:
    inner = sequential(image((8,), "x"), dense("d"), name="inner", calls=["nowhere"])
    assert codes(functional([image((8,)), inner, made("ReLU", "r", "inner")], "r")) == ["GRF302"]


def test_missing_reference_among_others() -> None:
    assert codes(chain(dense("a", "image"), made("Concatenate", "c", ["a", "b", "image"]), dense("d", "c"))) == [
        "GRF302"
    ]


def test_cycle() -> None:
    model = chain(dense("a", "c"), dense("b", "a"), dense("c", "b"))
    assert messages(model) == ["GRF301 `c` depends on itself: c <- b <- a <- c"]
    assert codes(chain(dense("a", "a"))) == ["GRF301"]
    report = cnnsum.summarize(load(model))
    assert report.rows == ()


def test_cycle_in_a_nested_model() -> None:
    inner = functional(
        [image((8,), "x"), made("Add", "p", ["x", "q"]), dense("q", "p")], "q", name="inner", calls=["image"]
    )
    assert codes(functional([image((8,)), inner, dense("d", "inner")], "d")) == ["GRF301"]


def test_name_twice() -> None:
    model = chain(dense("a", "image"), dense("a", "image"), dense("b", "a"))
    assert messages(model) == ["GRF307 the name `a` is used twice"]


def test_unused_layers() -> None:
    found = load(functional([image((8,)), dense("a", "image"), dense("b", "image"), dense("c", "b")], "a")).diagnostics
    assert [(one.code, one.severity, one.message) for one in found] == [
        ("GRF305", "warning", "`c` is not used: no output depends on it"),
    ]


def test_inputs_that_are_none() -> None:
    layers = [image((8,)), dense("a", "image")]
    assert codes(functional(layers, "a", inputs=["a", 0, 0])) == ["GRF310", "GRF311"]
    assert codes(functional(layers, "a", inputs=[])) == ["GRF311"]


def test_too_many_inputs_of_a_nested_model() -> None:
    inner = sequential(image((8,), "x"), dense("d"), name="inner", calls=[["image", "image"]])
    assert messages(functional([image((8,)), inner], "inner")) == ["GRF303 inner: Sequential takes 1 input, got 2"]


# Layout.


@each(
    ("layer", "code"),
    [
        (5, "SPC041"),
        ({"class_name": 5}, "SPC041"),
        ({"class_name": "Dense", "name": "a"}, "SPC041"),
        ({"class_name": "Dense", "config": {"units": 3}}, "SPC041"),
        ({"class_name": "Dense", "config": [], "name": "a"}, "SPC041"),
    ],
)
def test_layers_that_are_none(layer: Any, code: str) -> None:
    model = chain(dense("a", "image"), dense("b", "a"))
    model["config"]["layers"][1] = layer
    named = isinstance(layer, dict) and "name" in layer
    assert codes(model) == [code] if named else [code, "GRF302"]


@each("nodes", [5, None, "x", {}, [5], [[["image", 0, {}]]], [{"args": 5}], [{"args": [], "kwargs": []}]])
def test_calls_that_are_none(nodes: Any) -> None:
    model = chain(dense("a", "image"), dense("b", "a"))
    model["config"]["layers"][1]["inbound_nodes"] = nodes
    assert codes(model) == ["SPC041"]


@each("history", [None, [], ["image"], ["image", "0", 0], [0, 0, 0], ["image", 0, 0, 0], {}])
def test_tensors_that_are_none(history: Any) -> None:
    model = chain(dense("a", "image"), dense("b", "a"))
    model["config"]["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = history
    assert codes(model) == ["SPC041"]


@pytest.mark.parametrize("shape", [[None, 0], [0, 8]])
def test_axes_without_elements(shape: Any) -> None:
    """Keras builds such models; their kernels and their outputs have no elements either."""
    model = chain(dense("a", "image"), dense("b", "a"))
    model["config"]["layers"][0]["config"]["batch_shape"] = shape
    found = load(model)
    assert [one for one in found.diagnostics if one.severity == "error"] == []
    first = cnnsum.summarize(found).rows[1]
    units = first.outputs[0].shape[-1]
    assert first.params.total == shape[-1] * units + units
    with pytest.raises(UnusableError, match="no axes without elements"):
        write(found.graph, found.inference, "yaml")


@each("shape", [None, 5, [], [None, -3], [None, "8"], [None, 8.0], [None, True]])
def test_input_shapes_that_are_none(shape: Any) -> None:
    model = chain(dense("a", "image"), dense("b", "a"))
    model["config"]["layers"][0]["config"]["batch_shape"] = shape
    assert codes(model) == ["SPC042"]


@each(
    ("model", "message"),
    [
        ({"class_name": "Functional", "module": "keras", "config": {}}, "holds no list of layers"),
        ({"class_name": "Functional", "module": "keras", "config": 5}, "holds no list of layers"),
        ({"class_name": "Functional", "module": "keras", "config": {"layers": 5}}, "holds no list of layers"),
        ({"class_name": "Mine", "module": "me", "config": {"width": 5}}, "is not a Sequential or Functional model"),
        ({"class_name": "Mine", "module": "me", "config": 5}, "is not a Sequential or Functional model"),
        ({"class_name": "Mine", "module": "me", "config": {"layers": 5}}, "is not a Sequential or Functional model"),
        ({"class_name": "Dense"}, "not a Keras model"),
    ],
)
def test_files_that_hold_no_model(model: Any, message: str) -> None:
    with pytest.raises(cnnsum.UnusableError, match=message) as caught:
        cnnsum.loads(json.dumps(model))
    assert caught.value.diagnostics[0].code == "SPC040"
    assert caught.value.diagnostics[0].span is not None


@each("wrapped", [False, True])
@each(
    ("changes", "message", "help"),
    [
        (
            {"class_name": None},
            "the `class_name` of this Keras model is not text",
            'write `"class_name": "Functional"`',
        ),
        (
            {"class_name": ["Model"]},
            "the `class_name` of this Keras model is not text",
            'write `"class_name": "Functional"`',
        ),
        ({"class_name": ...}, "this Keras model has no `class_name`", 'add `"class_name": "Functional"`'),
        (
            {"class_name": ..., "class_nam": "Functional"},
            "this Keras model has no `class_name`, but `class_nam`",
            "did you mean `class_name`?",
        ),
    ],
)
def test_a_model_whose_class_name_is_broken(changes: dict[str, Any], message: str, help: str, *, wrapped: bool) -> None:
    model = {**chain(dense("a", "image")), **changes}
    model = {key: value for key, value in model.items() if value is not ...}
    text = json.dumps({"model_config": model} if wrapped else model)
    with pytest.raises(UnusableError) as caught:
        cnnsum.loads(text)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.help) == ("SPC040", message, help)
    assert found.span is not None
    assert text[found.span.column - 1 :].startswith(("{", "null", "[", '"class_nam"'))


@each("listed", [False, True])
@each("merge", ["Add", "Concatenate"])
def test_a_merge_is_called_on_a_list(merge: str, *, listed: bool) -> None:
    """Keras 3.15 refuses `Add()(x)`, and takes `Add()([x])`."""
    tensors = tensor("a", (None, 4))
    model = chain(dense("a", "image"), made(merge, "m", [tensors] if listed else tensors))
    assert codes(model) == ([] if listed else ["GRF303"])


def test_a_merge_in_a_chain_is_called_on_no_list() -> None:
    assert codes(sequential(image((8,)), made("Add", "m"))) == ["GRF303"]


def test_what_is_written_of_a_merge_of_one_is_what_keras_takes() -> None:
    text = "{input: [8], layers: [{Dense: {units: 4, name: a}}, {Add: {from: [a]}}]}"
    written = cnnsum.convert(cnnsum.loads(text), "keras").text
    assert json.loads(written)["class_name"] == "Functional"
    again = cnnsum.loads(written)
    assert not again.wrong
    assert "Add: {from: [a]" in cnnsum.convert(again, "yaml").text


def test_a_sequential_model_without_a_class_name() -> None:
    model = sequential(image((8,)), dense("a"))
    del model["class_name"]
    with pytest.raises(UnusableError) as caught:
        cnnsum.loads(json.dumps(model))
    assert caught.value.diagnostics[0].help == 'add `"class_name": "Sequential"`'


def test_subclass_of_functional() -> None:
    model = chain(dense("a", "image"))
    model["class_name"] = "Mine"
    assert cnnsum.summarize(load(model)).totals.params.total == 36


# Limits.


def bomb(depth: int, calls: int) -> dict[str, Any]:
    """A model called several times in a model called several times in a model..."""
    model = sequential(image((8,), "x"), dense("d", units=8), name="m0")
    for level in range(depth):
        name = model["name"]
        model["inbound_nodes"] = [called("x" if n == 0 else f"{name}:{n - 1}") for n in range(calls)]
        shift = int(model["class_name"] == "Functional")
        model = functional([image((8,), "x"), model], f"{name}:{calls - 1 + shift}", name=f"m{level + 1}")
    return model


def test_models_that_expand_without_end() -> None:
    start = time.perf_counter()
    model = cnnsum.loads(json.dumps(bomb(22, 4)))
    assert [one.code for one in model.diagnostics] == ["GRF306"]
    assert cnnsum.summarize(model).rows == ()
    assert time.perf_counter() - start < 2


def test_models_that_expand_a_little() -> None:
    report = cnnsum.summarize(cnnsum.loads(json.dumps(bomb(10, 2))))
    assert report.diagnostics == ()
    assert report.totals.params.total == 72
    assert report.totals.macs == 64 * 2**10


def test_models_nested_too_deep() -> None:
    with pytest.raises(cnnsum.UnusableError) as caught:
        cnnsum.loads(json.dumps(bomb(40, 2)))
    assert caught.value.diagnostics[0].code == "SPC010"
    text = '{"class_name": "Sequential", "config": {"layers": [' * 1000 + "]}}" * 1000
    with pytest.raises(cnnsum.UnusableError) as caught:
        cnnsum.loads(text)
    assert caught.value.diagnostics[0].code == "SPC010"


def test_long_chain_needs_no_recursion() -> None:
    layers = [image((8,)), dense("d0", "image", units=8)]
    layers += [dense(f"d{n}", f"d{n - 1}", units=8) for n in range(1, 3000)]
    report = cnnsum.summarize(cnnsum.loads(json.dumps(functional(layers, "d2999"))))
    assert report.diagnostics == ()
    assert report.totals.params.total == 3000 * 72


def test_operation_that_is_not_known_takes_nothing_else_along() -> None:
    model = chain(dense("a", "image"), operation("Zork", "z", "a"), dense("b", "image"))
    assert "UNK701" in codes(model)


def quantized(dtype: Any, **fields: Any) -> Any:
    layer = dense("a", "image", **fields)
    layer["config"]["dtype"] = dtype
    return functional([image((8,)), layer], "a")


def policy(kind: str, **config: Any) -> Any:
    return {"module": "keras.dtype_policies", "class_name": kind, "config": config, "registered_name": None}


@each(
    ("dtype", "fields", "why"),
    [
        ("gptq/4/2_from_float32", {"lora_rank": 2}, "Keras cannot build a Dense in gptq that has a lora_rank"),
        ("int4/0_from_float32", {}, "Keras has no dtype policy `int4/0_from_float32`"),
        ("int8_from_mixed_float16", {}, "Keras has no int8 with computation in float16"),
        (policy("QuantizedDTypePolicy", mode=3), {}, "Keras has no dtype policy `QuantizedDTypePolicy` with mode 3"),
        (policy("Int2DTypePolicy", mode="int2"), {}, "Keras has no dtype policy `Int2DTypePolicy` with mode 'int2'"),
        (policy("QuantizedDTypePolicy", mode="int8", source_name=[1]), {}, "from [1]"),
        (policy("QuantizedFloat8DTypePolicy", mode="float8", amax_history_length=0), {}, "with histories of 0"),
        (policy("QuantizedDTypePolicy", mode="awq"), {}, "neither its dtype policy nor its quantization_config has"),
        (
            "int4_from_float32",
            {"quantization_config": {"class_name": "Mine", "config": {}}},
            "its quantization_config is not known, `Mine`",
        ),
        (
            "int4_from_float32",
            {"quantization_config": {"class_name": "Int4QuantizationConfig", "config": {"block_size": "x"}}},
            "Keras has no dtype policy of Int4QuantizationConfig(x)",
        ),
        (policy("DTypePolicyMap", policy_map={"(a|a)*": "int8_from_float32"}), {}, "a pattern that is not read"),
    ],
)
def test_quantized_layers_are_not_counted_as_if_they_were_not(dtype: Any, fields: Any, why: str) -> None:
    model = load(quantized(dtype, **fields))
    assert [(one.code, one.severity) for one in model.diagnostics] == [("UNK705", "warning")]
    assert model.diagnostics[0].message.startswith("`a` is quantized, and its weights are not known: ")
    assert why in model.diagnostics[0].message
    assert cnnsum.summarize(model).totals.params.total is UNKNOWN


@each(
    ("dtype", "params", "held"),
    [
        ("int8_from_float32", 8 * 3 + 3 + 3, 8 * 3 + 4 * 6),
        (policy("QuantizedDTypePolicy", mode="int8"), 8 * 3 + 3 + 3, 8 * 3 + 4 * 6),
        ("int4_from_float32", 8 * 2 + 3 + 3, 8 * 2 + 4 * 6),
        (policy("Int4DTypePolicy", mode="int4/5", source_name="float32"), 16 + 6 + 6 + 8 + 3, 16 + 6 + 4 * (6 + 8 + 3)),
        ("gptq/4/-1_from_float32", 2 * 8 + 3 + 3 + 8 + 3, 2 * 8 + 3 + 4 * (3 + 8 + 3)),
        ("float8_from_mixed_bfloat16", 8 * 3 + 3 + 3 * 1025, 4 * (8 * 3 + 3 + 3 * 1025)),
        (policy("DTypePolicyMap", policy_map={"a": "int8_from_float32"}), 8 * 3 + 3 + 3, 8 * 3 + 4 * 6),
        (policy("DTypePolicyMap", default_policy="mixed_bfloat16", policy_map={"b": "int8_from_float32"}), 27, 108),
    ],
)
def test_quantized_layers(dtype: Any, params: int, held: int) -> None:
    model = load(quantized(dtype, units=3))
    assert model.diagnostics == ()
    report = cnnsum.summarize(model)
    assert (report.totals.params.total, report.totals.weights.total) == (params, held)


def test_a_dtype_from_outside_takes_the_place_of_a_quantized_one() -> None:
    report = cnnsum.summarize(load(quantized("int8_from_float32", units=3), dtype="float16"))
    assert (report.totals.params.total, report.totals.weights.total) == (27, 54)


def test_layers_that_cannot_be_quantized_have_the_dtype_alone() -> None:
    layer = made("ReLU", "a", "image", dtype=policy("QuantizedDTypePolicy", mode="int8", source_name="mixed_bfloat16"))
    model = load(functional([image((8,)), layer], "a"))
    assert model.diagnostics == ()
    assert cnnsum.summarize(model).rows[1].outputs[0].dtype == "bfloat16"


def test_names_of_configs_are_unique_too() -> None:
    """Keras builds no model of two layers with one name, whatever stands beside their configs."""
    layers = [image((8,)), made("Dense", "a", "image", units=3), made("Dense", "b", "a", units=3)]
    layers[2]["config"]["name"] = "a"
    found = cnnsum.loads(json.dumps(functional(layers, "b")), "model.json")
    assert [(one.code, str(one)) for one in found.diagnostics] == [
        ("GRF307", "model.json:1:608: GRF307 the name `a` is used twice")
    ]


def test_an_output_that_no_layer_can_have_takes_no_room() -> None:
    """Its number is how many outputs would have to be listed."""
    layers = [image((8,)), made("Dense", "a", "image", units=3), made("Dense", "b", "a", units=3)]
    recorded = layers[2]["inbound_nodes"][0]["args"][0]["config"]
    recorded |= {"shape": [None, 3], "keras_history": ["a", 0, 10**30]}
    found = cnnsum.loads(json.dumps(functional(layers, "b")), "model.json")
    assert [one.code for one in found.diagnostics if one.severity == "error"] == ["GRF304"]


def test_a_size_of_the_whole_chain_that_cannot_be_has_a_place() -> None:
    chain = sequential(made("Dense", "a", units=3), build_input_shape=[None, 10**30])
    (found,) = [one for one in cnnsum.loads(json.dumps(chain), "model.json").diagnostics if one.code == "SHP226"]
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("model.json", 1)
