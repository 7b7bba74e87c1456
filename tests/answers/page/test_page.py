"""The data of pages: equal to reports at chosen sizes, whole for every kind of model, harmless whatever its names."""

from __future__ import annotations

import json
import random
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from keras_writing import functional, image, made

import cnnsum
from bench.fuzz import wire
from bench.fuzz.onnx_files import node
from cnnsum.answers.page.ask import page
from cnnsum.answers.page.data import MOST_OF_A_NAME, document
from cnnsum.answers.summary.json_format import document as report_document
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.rendering import render
from cnnsum.dims.language import evaluate
from cnnsum.source.onnx import SCHEMA
from tests.thorough import each

SPECS = Path("specs")


def page_of(model: cnnsum.Model, **given: Any) -> dict[str, Any]:
    report = cnnsum.summarize(model, **given)
    found = document(page(model, report, optimizer=given.get("optimizer", "adam")))
    json.dumps(found)
    return found


def number(found: dict[str, Any], value: Any, sizes: dict[str, int]) -> int | None:
    """A number of a page at some sizes, by Python's own evaluation of its formula."""
    if value is None or isinstance(value, int):
        return value
    evaluated = evaluate(found["formulas"][value[0]], sizes)
    assert isinstance(evaluated, int)
    return evaluated


def accepted(found: dict[str, Any], sizes: dict[str, int]) -> bool:
    """Whether the conditions of a page hold, as `page/src/legal.ts` judges them."""
    for one in found["conditions"]:
        left, right = number(found, one["left"], sizes), number(found, one["right"], sizes)
        if left is None or right is None:
            continue
        meets = {
            "==": left == right,
            ">=": left >= right,
            "%": right != 0 and left % right == 0,
            "broadcast": left == right or 1 in (left, right),
        }
        if not meets[one["relation"]]:
            return False
    return True


def training(found: dict[str, Any], sizes: dict[str, int]) -> tuple[int | None, int | None]:
    """The total and the transient of a training step, as `page/src/training.ts` tells them."""
    told = found["totals"]["training"]
    own = [told]
    if all(
        number(found, one["left"], sizes) == number(found, one["right"], sizes)
        for one in found["conditions"]
        if one["relation"] == "broadcast"
    ):
        own.append(told["where_equal"])
    if sizes == first_of(found):
        own.append(told["at_first"])
    for held in own:
        if held and not any(number(found, a, sizes) == number(found, b, sizes) for a, b in held["less_where"]):
            return number(found, held["total"], sizes), number(found, held["transient"], sizes)
    return None, None


def first_of(found: dict[str, Any]) -> dict[str, int]:
    return {field["symbol"]: field["value"] for field in found["fields"]}


def report_at(name: str, found: dict[str, Any], sizes: dict[str, int]) -> dict[str, Any]:
    """The JSON report of the same network, read at these sizes."""
    inputs = {
        one["name"]: tuple(number(found, dim, sizes) for dim in one["shape"][1:])  # type: ignore[misc]
        for one in found["inputs"]
    }
    model = cnnsum.load(name, inputs=inputs)
    batch = next(field for field in found["fields"] if field["name"] == "batch")
    return report_document(cnnsum.summarize(model, batch=sizes[batch["symbol"]]))


def leaves(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for one in layers for inner in (leaves(one["layers"]) if one.get("layers") else [one])]


@each("name", ["horses_or_humans", "unet", "resnet18", "mobilenet_v2", "fcn", "m5_audio", "torch/unet", "torch/lstm"])
def test_numbers_at_chosen_sizes_are_those_of_a_report_at_these_sizes(name: str):
    path = str(SPECS / f"{name}.yaml")
    found = page_of(cnnsum.load(path))
    draw = random.Random(name)
    points = []
    while len(points) < 3:
        sizes = {field["symbol"]: field["value"] for field in found["fields"]}
        if points:
            for field in found["fields"]:
                sizes[field["symbol"]] = draw.choice(
                    [field["value"], 16 * draw.randrange(4, 30), draw.randrange(1, 400)]
                )
        if accepted(found, sizes):
            points.append(sizes)
    for sizes in points:
        there = report_at(path, found, sizes)
        totals, own = there["totals"], found["totals"]
        assert number(found, own["params"], sizes) == totals["params"]["total"], sizes
        for key in ("macs", "flops"):
            assert number(found, own[key], sizes) == totals[key], (key, sizes)
        assert number(found, own["training"]["total"], sizes) == totals["memory"]["training"]["total"], sizes
        assert number(found, own["saved"], sizes) == totals["memory"]["saved"], sizes
        rows = leaves(there["layers"])
        by_name = {row["name"]: row for row in found["rows"]}
        for row in rows:
            mine = by_name[row["name"]]
            assert number(found, mine["params"], sizes) == row["params"]["total"], row["name"]
            assert number(found, mine["macs"], sizes) == row["macs"], row["name"]
            assert number(found, mine["output_memory"], sizes) == row["memory"]["output"], row["name"]
            for one, other in zip(mine["outputs"], row["outputs"], strict=True):
                pairs = zip(one["shape"], other["shape"], strict=True)
                # A report leaves the batch open in shapes.
                assert all(dim is None or number(found, given, sizes) == dim for given, dim in pairs), row["name"]


#: Two maps that are of one size at nearly every size of the input, and are broadcast at the others.
PYRAMID = """
input: [{sizes}, 3]
defaults: {{Conv2D: {{padding: same}}}}
layers:
  - Conv2D: {{filters: 8, kernel_size: 3, strides: 2, name: a}}
  - Conv2D: {{filters: 8, kernel_size: 3, strides: 2, name: b}}
  - UpSampling2D: 2
  - Add: {{from: [a, up_sampling2d]}}
  - Conv2D: {{filters: 8, kernel_size: 3}}
"""


@each("sizes", ["512, 512", "H, W"])
def test_training_is_told_of_maps_that_are_of_one_size_at_nearly_all_sizes(sizes: str, tmp_path: Path):
    path = tmp_path / "m.yaml"
    path.write_text(PYRAMID.format(sizes=sizes))
    found = page_of(cnnsum.load(path))
    assert found["totals"]["training"]["at_first"] is None
    for height, width in ((512, 512), (511, 64), (1, 512), (512, 2), (2, 2), (1, 1), (3, 4)):
        at = {"N": 3, "H": height, "W": width}
        steps = report_at(str(path), found, at)["totals"]["memory"]["training"]
        assert steps["total"] is not None
        assert training(found, at) == (steps["total"], steps["transient"]), at


@each("sizes", ["512, 512", "H, W"])
def test_training_that_no_formula_tells_is_told_at_the_first_sizes(
    sizes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cnnsum.answers.summary.build._where_equal", lambda *_: None)
    path = tmp_path / "m.yaml"
    path.write_text(PYRAMID.format(sizes=sizes))
    found = page_of(cnnsum.load(path), optimizer="sgd")
    first = first_of(found)
    steps = report_document(cnnsum.summarize(cnnsum.load(path, inputs=(first["H"], first["W"], 3)), optimizer="sgd"))[
        "totals"
    ]["memory"]["training"]
    assert number(found, found["totals"]["training"]["at_first"]["total"], {}) == steps["total"]
    assert training(found, {**first, "H": first["H"] * 2, "W": first["W"] * 2}) == (None, None)


def test_a_field_for_the_batch_and_for_every_size():
    found = page_of(cnnsum.load("specs/unet.yaml"), batch=4)
    assert [(one["name"], one["value"], one["given"]) for one in found["fields"]] == [
        ("batch", 4, True),
        ("H", 256, True),
        ("W", 256, True),
    ]
    assert found["fields"][1]["condition"] == "H % 16 == 0 and H >= 16"
    # What a file leaves open is an accepted size near to a usual one, and said to be an example.
    text = "{input: [H, W, 3], layers: [{Conv2D: [8, 3, 2]}, {Conv2DTranspose: [8, 2, 2]}]}"
    found = page_of(cnnsum.loads(text))
    assert [(one["name"], one["value"], one["given"]) for one in found["fields"]][1:] == [
        ("H", 224, False),
        ("W", 224, False),
    ]
    declared = "{symbols: {H: {min: 64, multiple_of: 32}}, input: [H, H, 3], layers: [{Conv2D: [8, 3]}]}"
    (_batch, height) = page_of(cnnsum.loads(declared))["fields"]
    assert (height["minimum"], height["multiple_of"], height["value"]) == (64, 32, 224)


def test_fields_have_the_names_of_the_file_whatever_the_caller_gives():
    def fields(text: str, *shape: int | str, name: str = "m.yaml") -> list[tuple[str, int, int]]:
        found = page_of(cnnsum.loads(text, name, inputs=shape))
        return [(one["name"], one["value"], one["minimum"]) for one in found["fields"]][1:]

    rest = "layers: [{Conv2D: [8, 3]}]}"
    declared = "{symbols: {H: {min: 32, multiple_of: 32}}, input: [H, W, 3], " + rest
    assert fields(declared, 64, 96, 3) == [("H", 64, 32), ("W", 96, 1)]
    assert fields(declared, 64, "W", 3) == [("H", 64, 32), ("W", 224, 1)]
    assert fields("{vars: {size: 32}, input: [size, size, 3], " + rest, 64, 64, 3) == [("size", 64, 1)]
    # A Keras file that leaves its sizes open without a name, and a program that has one.
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, None, None, 3], "name": "i"}},
        {"class_name": "Conv2D", "config": {"name": "c", "filters": 4, "kernel_size": [3, 3]}},
    ]
    keras = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    assert fields(keras, 64, 96, 3, name="m.json") == [("H", 64, 1), ("W", 96, 1)]
    for path in ("tests/readers/onnx/unet.onnx", "tests/readers/pt2/dynamic.pt2"):
        found = page_of(cnnsum.load(path, inputs=(3, 64, 96)))
        assert [(one["name"], one["value"]) for one in found["fields"]][1:] == [("H", 64), ("W", 96)]


def test_a_name_of_two_inputs_is_one_field():
    text = "{inputs: {a: [H, W, 3], b: [H, W, 3]}, layers: [{Concatenate: {from: [a, b]}}, {Conv2D: [8, 3]}]}"
    found = page_of(cnnsum.loads(text, inputs={"a": (64, 32, 3)}))
    assert [(one["name"], one["value"]) for one in found["fields"]][1:] == [("H", 64), ("W", 32)]
    with pytest.raises(cnnsum.UnusableError, match="`H` is both 64 and 32"):
        cnnsum.loads("{input: [H, H, 3], layers: [{Conv2D: [8, 3]}]}", inputs=(64, 32, 3), free=["spatial"])


def test_a_field_has_the_sizes_that_are_accepted_whatever_the_others_are():
    (batch, height, _) = page_of(cnnsum.load("specs/unet.yaml"))["fields"]
    assert batch["legal"] is None
    assert height["legal"] == ((1, None, 16, (0,)),)
    # Two sizes of which neither is bound alone, and a size that is the only one.
    (_, height) = page_of(cnnsum.loads("{input: [8, 8, 3], layers: [{Reshape: [[64, 3]]}]}"))["fields"][:2]
    assert height["legal"] is None, "a relation of two sizes"
    (_, length) = page_of(cnnsum.loads("{input: [12, 3], layers: [{Reshape: [[3, 4, 3]]}]}"))["fields"]
    assert length["legal"] == ((12, 12, 1, (0,)),)


def assert_totals_are_those_of_the_report(path: Path) -> dict[str, Any]:
    """Every total of a page, at the sizes of the file, is the one of the file's report; the page is returned."""
    found = page_of(cnnsum.load(path))
    told = report_document(cnnsum.summarize(cnnsum.load(path)))["totals"]
    memory, own = told["memory"], found["totals"]
    sizes = first_of(found)
    assert {name: number(found, own[name], sizes) for name in own if name != "training"} == {
        "params": told["params"]["total"],
        "trainable": told["params"]["trainable"],
        "non_trainable": told["params"]["non_trainable"],
        "buffers": told.get("buffers", 0),
        "macs": told["macs"],
        "flops": told["flops"],
        "weights": memory["weights"],
        "outputs": memory["outputs"],
        "saved": memory["saved"],
        "peak": memory["peak"],
    }
    steps = memory["training"]
    assert training(found, sizes) == (steps["total"], steps["transient"])
    for name in ("weights", "gradients", "saved"):
        assert number(found, own["training"][name], sizes) == steps[name], name
    return found


def windows(path: Path, batch: int) -> None:
    """An ONNX program that writes its batch out: windows of an image, whose rows a product with a matrix makes."""

    def numbers(name: str, *values: int) -> dict[str, Any]:
        return {"name": name, "dims": [len(values)], "data_type": 7, "int64_data": list(values)}

    def tensor(name: str, *dims: int) -> dict[str, Any]:
        sizes = [{"dim_value": one} for one in dims]
        return {"name": name, "type": {"tensor_type": {"elem_type": 1, "shape": {"dim": sizes}}}}

    graph = {
        "name": "windows",
        "node": [
            node("Reshape", ["x", "windows"], ["cut"]),
            node("MatMul", ["cut", "w"], ["made"]),
            node("Relu", ["made"], ["kept"]),
            node("Reshape", ["kept", "images"], ["y"]),
        ],
        "initializer": [
            numbers("windows", batch * 4, 16, 6),
            numbers("images", batch, 64, 5),
            {"name": "w", "dims": [6, 5], "data_type": 1, "data_location": 1},
        ],
        "input": [tensor("x", batch, 64, 6)],
        "output": [tensor("y", batch, 64, 5)],
    }
    tree = {"ir_version": 10, "graph": graph, "opset_import": [{"version": 21}]}
    path.write_bytes(wire.encode(tree, SCHEMA, "Model"))


@each("name", ["pair.pt2", "windows.onnx"])
def test_a_batch_that_the_program_writes_out_is_kept(name: str, tmp_path: Path):
    # PyTorch counts 20,736 multiply-adds for two samples of tests/readers/pt2/pair.pt2.
    path, macs = Path("tests/readers/pt2/pair.pt2"), 10_368
    if name == "windows.onnx":
        path, macs = tmp_path / name, 64 * 6 * 5
        windows(path, 2)
    found = assert_totals_are_those_of_the_report(path)
    assert number(found, found["totals"]["macs"], first_of(found)) == macs
    assert "batch" not in [one["name"] for one in found["fields"]]
    note = "Some of the numbers are known at the file's batch of 2 only, which is therefore kept."
    assert note in found["notes"]


@each("name", ["static.pt2", "resnet50.pt2", "efficientvit_b0.pt2", "tagger.pt2", "coat_lite_tiny.pt2"])
def test_totals_at_the_sizes_of_a_program_are_those_of_its_report(name: str):
    assert_totals_are_those_of_the_report(Path("tests/readers/pt2") / name)


def test_a_batch_that_nothing_but_the_input_says_can_be_chosen():
    found = assert_totals_are_those_of_the_report(Path("tests/readers/pt2/resnet50.pt2"))
    assert [one["name"] for one in found["fields"]] == ["batch", "H", "W"]


def test_findings_stand_at_their_layers():
    text = """\
input: [32, 32, 3]
layers:
  - Conv2D: [8, 3]
  - BatchNormalization
  - Conv2D: {filters: 0, kernel_size: 3}
  - Flatten
"""
    model = cnnsum.loads(text, "m.yaml")
    found = page_of(model)
    (wrong,) = [one for one in found["findings"] if one["severity"] == "error"]
    assert found["rows"][wrong["row"]]["type"] == "Conv2D"
    assert wrong["line"] == found["rows"][wrong["row"]]["line"] == 5
    assert found["source"] == text.rstrip("\n")
    assert any("has errors" in note for note in found["notes"])


def test_what_is_said_of_no_layer_stands_at_none():
    text = "input: [8, 8, 3]\nlayers:\n  - Conv2D: [8, 3]\n  - Flatten\noutputs: [nothing]\nbatch: -1\n"
    found = page_of(cnnsum.loads(text, "m.yaml"))
    assert {one["line"]: one["row"] for one in found["findings"]} == {5: None, 6: None}


def hostile(name: str) -> cnnsum.Model:
    spec = {
        "name": name,
        "input": [8, 8, 3],
        "layers": [
            {"Conv2D": {"filters": 2, "kernel_size": 3, "name": name}},
            {name: {}},
            {"Flatten": {"name": f"{name}2"}},
        ],
    }
    return cnnsum.loads(json.dumps(spec), "m.json")


@each(
    "name",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "'\"><img src=x onerror=alert(1)>",
        "##[error]\n::error::x",
        "\u202e\u0000\x1b[31m\u2028",
        "x" * 1_000_000,
    ],
)
def test_names_stay_names(name: str):
    model = hostile(name)
    report = cnnsum.summarize(model)
    report.page = page(model, report)
    text = "".join(render(report, "html", Options()))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    policy = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{policy}'" in text
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert not set("<>&#") & set(data)
    assert data.isascii()
    assert data.isprintable()
    found = json.loads(data)
    assert max(len(row["name"]) for row in found["rows"]) <= 6 * MOST_OF_A_NAME
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img" not in text
    assert len(text) < 400_000


def test_models_of_every_kind_have_a_page():
    texts = [
        "{input: [3], layers: [Dense: 2]}",
        "{layers: [{Dense: 2}]}",
        "{input: [4], layers: [{Nothing: {name: b}}]}",
        "{input: [4], layers: [{Dense: {units: -1}}]}",
        "{input: [4], layers: []}",
        "{batch: 3, input: [4, 4, 1], layers: [{Conv2D: [2, 3]}]}",
        # An axis of 0, as a file of Keras may have it.
        json.dumps(
            functional([image((0, 1)), made("Flatten", "flat", "image"), made("Dense", "d", "flat", units=2)], ["d"])
        ),
    ]
    for text in texts:
        found = page_of(cnnsum.loads(text))
        for edge in found["edges"]:
            assert 0 <= edge["source"] < len(found["rows"])
            assert 0 <= edge["target"] < len(found["rows"])


def test_more_layers_than_a_page_opens_with_are_said_to_be_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cnnsum.answers.page.data.MOST_ROWS", 200)
    found = page_of(cnnsum.loads("{input: [4, 4, 1], layers: [{ReLU: {repeat: 500}}]}"))
    assert (len(found["rows"]), found["left_out"]) == (200, 301)
    assert "The page has the first 200 layers; of 301 more it has the totals only." in found["notes"]


def test_a_report_alone_is_no_page():
    from cnnsum.answers import OptionError

    report = cnnsum.summarize(cnnsum.load("specs/lenet5.yaml"))
    with pytest.raises(OptionError, match="more than a report"):
        "".join(render(report, "html", Options()))
