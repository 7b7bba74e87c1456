"""`cnnsum explain MODEL [LAYER]`: what is printed, in which format, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from calling import call

from tests.thorough import each

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"
SEED = "horses_or_humans.yaml"


@pytest.fixture(autouse=True)
def _in_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPECS)
    for name in ("COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_a_layer_is_explained() -> None:
    code, out, err = call("explain", SEED, "conv2d")
    assert (code, err) == (0, "")
    for part in (
        "conv2d (Conv2D), line 12\n",
        "(None, 100, 100, 3) -> (None, 98, 98, 32); padding: valid; activation: relu\n",
        "= floor((100 - 3)/1) + 1 = 98\n",
        "= (3 * 3 * 3 + 1) * 32 = 896\n",
        "= 98 * 98 * 32 * 3 * 3 * 3 = 8,297,856\n",
        "= 1,349,312 bytes (1.29 MiB)\n",
        "likewise 98\n",
    ):
        assert part in out, part


@each("spec", [SEED, "vit_b16.yaml", "siamese.yaml", "fcn.yaml"])
def test_the_text_fits_into_80_columns(spec: str) -> None:
    code, out, err = call("explain", spec)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert not any(line != line.rstrip() for line in out.splitlines())


def test_a_reason_is_given_once() -> None:
    out = call("explain", SEED).out
    assert out.count("does not depend on its size") == 1
    assert out.count("two floating-point") == 1
    assert "Model" not in out


def test_colors_change_nothing_else() -> None:
    import re

    colored = call("explain", SEED, "--color", "always").out
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == call("explain", SEED).out


REPEATED = "{input: [T, 3], layers: [LSTM: {units: 4 + index, return_sequences: true, repeat: 30}]}"
WITHIN = "{input: [8, 8, 3], layers: [ReLU, Sequential: {name: inner, layers: [ReLU: {repeat: 10}]}, Flatten]}"


def _explained(text: str, *options: str) -> tuple[str, dict[str, Any]]:
    plain = call("explain", "-", *options, stdin=text.encode())
    read = call("explain", "-", *options, "--format", "json", stdin=text.encode())
    assert (plain.code, plain.err, read.code) == (0, "", 0)
    return plain.out, json.loads(read.out)


@pytest.mark.parametrize("markdown", [False, True])
def test_the_first_of_very_many_layers_are_explained(markdown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnsum.answers.explain.explaining.MAX_EXPLAINED", 5)
    monkeypatch.setattr("cnnsum.answers.explain.text.MAX_EXPLAINED", 5)
    out, record = _explained(REPEATED)
    if markdown:
        out = call("explain", "-", "--format", "markdown", stdin=REPEATED.encode()).out.replace("\\", "")
    assert [layer["name"] for layer in record["layers"]] == [f"lstm.{place}" for place in range(5)]
    assert record["more"] == 25
    said = " ".join(out[out.index("25 more") :].split())
    assert said == (
        "25 more layers are not explained here: at most 5 are at once. A name or a pattern chooses which: "
        "`cnnsum explain MODEL LAYER`."
    )


@pytest.mark.parametrize(("number", "more"), [(2_000, 0), (2_001, 1)])
def test_the_limit_on_layers(number: int, more: int) -> None:
    out, record = _explained(f"{{input: [8], layers: [ReLU: {{repeat: {number}}}]}}")
    assert (len(record["layers"]), record["more"]) == (number - more, more)
    assert ("explained here" in out) == (more > 0)


def test_a_name_chooses_among_very_many_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnsum.answers.explain.explaining.MAX_EXPLAINED", 3)
    out, record = _explained(REPEATED, "lstm.20")
    assert ([layer["name"] for layer in record["layers"]], record["more"]) == (["lstm.20"], 0)
    assert "not explained" not in out
    _, record = _explained(REPEATED, "lstm.2*")
    assert ([layer["name"] for layer in record["layers"]], record["more"]) == (["lstm.2", "lstm.20", "lstm.21"], 8)


def test_layers_of_a_nested_model_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnsum.answers.explain.explaining.MAX_EXPLAINED", 6)
    _, record = _explained(WITHIN)
    # ReLU and the model are two of the six; with the rest of the model Flatten is left out.
    inner = record["layers"][1]
    assert (inner["name"], inner["what"]) == ("inner", "A model of 10 layers.")
    assert (len(record["layers"]), len(inner["layers"]), record["more"]) == (2, 4, 7)
    monkeypatch.setattr("cnnsum.answers.explain.explaining.MAX_EXPLAINED", 1)
    _, record = _explained(WITHIN)
    assert (len(record["layers"]), record["more"]) == (1, 12)


def test_json() -> None:
    code, out, _ = call("explain", SEED, "conv2d", "--format", "json", "-b", "2")
    assert code == 0
    record = json.loads(out)
    assert (record["schema"], record["model"], record["batch"]) == ("cnnsum.explain/1", "sequential", 2)
    (layer,) = record["layers"]
    assert (layer["name"], layer["type"], layer["place"]) == ("conv2d", "Conv2D", {"line": 12, "column": 5})
    assert (layer["inputs"], layer["outputs"]) == ([[None, 100, 100, 3]], [[None, 98, 98, 32]])
    steps = {step["measure"]: step for step in layer["steps"]}
    why = steps["parameters"].pop("why")
    assert "Every place of the image uses the same kernels" in why
    assert steps["parameters"] == {
        "measure": "parameters",
        "formula": "(kernel_h * kernel_w * C + 1) * filters",
        "with_numbers": "(3 * 3 * 3 + 1) * 32",
        "value": 896,
        "unit": "parameters",
        "symbols": {"kernel_h": 3, "kernel_w": 3, "C": 3, "filters": 32},
    }
    assert steps["output memory"]["with_numbers"] == "2 * 98 * 98 * 32 * 4"


def test_the_json_of_a_whole_model_tells_every_layer_in_full() -> None:
    layers = json.loads(call("explain", "resnet50.yaml", "--format", "json").out)["layers"]
    assert len(layers) == 193
    assert all(layer["steps"] for layer in layers[1:])
    assert any(layer["same_as"] for layer in layers)


def test_markdown() -> None:
    code, out, _ = call("explain", SEED, "dense", "--format", "markdown")
    assert code == 0
    assert out.startswith("# sequential, explained\n")
    assert "## dense (Dense)\n" in out
    row = "| parameters | `features * units + units` | `4096 * 512 + 512` | 2,097,664 | Kernel `D x units`, bias"
    assert row in out
    tables = [line for line in out.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {6}


def test_markdown_refers_to_equal_layers() -> None:
    out = call("explain", "vit_b16.yaml", "--format", "markdown").out
    assert "\nAs encoder.0.norm1\n" in out or "\nAs encoder.0.norm1.\n" in out


def test_an_unknown_layer() -> None:
    code, out, err = call("explain", SEED, "conv2d_7")
    assert (code, out) == (2, "")
    assert "there is no layer `conv2d_7` (did you mean `conv2d`?)" in err
    assert call("explain", "missing.yaml").code == 2


def test_a_wrong_model_is_explained_as_far_as_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("{input: [8, 8, 3], layers: [Conv2D: [4, 3], Foo: 1, Flatten]}", encoding="utf-8")
    code, out, err = call("explain", str(path))
    assert code == 1
    assert "= 6 * 6 * 4 * 3 * 3 * 3 = 3,888\n" in out
    assert "not known: the type `Foo` is not supported\n" in out
    assert "UNK701" in err


def test_an_output_file(tmp_path: Path) -> None:
    path = tmp_path / "why.md"
    assert call("explain", SEED, "--format", "markdown", "-o", str(path)) == (0, "", "")
    assert path.read_text(encoding="utf-8") == call("explain", SEED, "--format", "markdown").out


def names_of(*arguments: str) -> list[str]:
    found = json.loads(call("explain", SEED, *arguments, "--format", "json").out)
    return [layer["name"] for layer in found["layers"]]


def test_layers_are_chosen_by_type_by_number_and_several_at_once() -> None:
    assert names_of("Conv2D") == ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3"]
    assert names_of("conv2D") == names_of("Conv2D")
    assert names_of("dense_1", "conv2d", "conv2d*") == ["dense_1", "conv2d", "conv2d_1", "conv2d_2", "conv2d_3"]
    assert names_of("18496") == names_of("18,496") == ["conv2d_1"]
    code, out, err = call("explain", SEED, "18496")
    assert (code, err) == (0, "")
    assert "= (3 * 3 * 32 + 1) * 64 = 18,496\n" in out
    assert "MACs" not in out
    code, out, err = call("explain", SEED, "18497")
    assert (code, out) == (2, "")
    assert "there is no layer `18,497` (no layer has that name, that type, or that number among its own)" in err
    code, out, err = call("explain", SEED, "conv2d", "Conv3D")
    assert (code, "there is no layer `Conv3D` (did you mean `conv2d`?)" in err) == (2, True)


def test_a_layer_that_is_called_a_number() -> None:
    spec = b'input: [8]\nlayers:\n  - Dense: {units: 3, name: "27"}\n  - Dense: {units: 27, name: b}\n'
    found = json.loads(call("explain", "-", "27", "--format", "json", stdin=spec).out)
    assert [layer["name"] for layer in found["layers"]] == ["27"]


@each(
    ("topic", "measures"),
    [
        ("shapes", {"output height", "output width", "output channels"}),
        ("parameters", {"parameters", "parameters of kernel", "parameters of bias"}),
        ("macs", {"MACs", "operations", "FLOPs"}),
        ("memory", {"weight memory", "output memory", "saved for backward"}),
        ("field", {"receptive field height", "receptive field width"}),
    ],
)
def test_some_numbers_alone(topic: str, measures: set[str]) -> None:
    found = json.loads(call("explain", SEED, "conv2d", "--only", topic, "--format", "json").out)
    assert {step["measure"] for step in found["layers"][0]["steps"]} == measures
    whole = json.loads(call("explain", SEED, "conv2d", "--format", "json").out)
    assert measures < {step["measure"] for step in whole["layers"][0]["steps"]}
    assert call("explain", SEED, "--convention", "fvcore", "--only", topic).code == 2


def test_a_row_of_the_summary_is_found_by_its_name() -> None:
    """A row may be a block or a module: its name goes before a number, and stands for the layers in it."""
    text = "nc: 3\nbackbone: [[-1, 1, Conv, [8, 3, 2]], [-1, 1, C2f, [8, True]]]\nhead: [[[1], 1, Detect, [nc]]]\n"
    for wanted, first in (("1", "1.cv1.conv"), ("C2f", "1.cv1.conv"), ("1.cv1", "1.cv1.conv"), ("0", "0.conv")):
        found = call("explain", "-", wanted, "--only", "parameters", stdin=text.encode())
        assert found.code == 0, found.err
        assert f"\n\n{first} (Conv2d), line" in found.out, wanted
    found = call("explain", f"{SPECS}/resnet50.yaml", "conv2", "--only", "parameters")
    assert found.out.startswith("resnet50: 35 layers explained")
    # A number that is not a row's name is one that is counted.
    assert "\nconv2d_1 (Conv2D), line" in call("explain", f"{SPECS}/horses_or_humans.yaml", "18,496").out


def test_what_no_field_uses_is_not_told() -> None:
    """And what one uses is, of each number that it changes."""
    spec = "input: [32]\nlayers:\n  - Dense: {{units: 10{}}}\n"
    plain = call("explain", "-", "dense", stdin=spec.format("").encode()).out
    assert "a bias." in plain
    assert not [word for word in ("lora", "factor", "int4", "quantization", "histories") if word in plain]
    low = call("explain", "-", "dense", stdin=spec.format(", lora_rank: 2").encode()).out
    assert low.count("With") == 3
    assert "quantization" not in low
    whole = " ".join(call("explain", "-", "dense", stdin=spec.format(", quantization: int4").encode()).out.split())
    assert "With `quantization` (in the words of Keras's dtype policies" in whole
    assert "the kernel is frozen" not in whole
    for type in ("EinsumDense: {equation: 'ab,bc->ac', output_shape: 4}", "Embedding: [10, 4]"):
        told = call("explain", "-", stdin=f"input: [32]\nlayers: [{type}]\n".encode()).out
        assert "parameters" in told
        assert "lora" not in told
        assert "quantiz" not in told


def test_lengths_are_not_called_as_the_network_calls_its_sizes() -> None:
    spec = (
        "{input: [H, W, 3], symbols: {H: {multiple_of: 4}}, layers: [Conv2D: {filters: 4, kernel_size: 1, strides: 2}, "
    )
    out = call("explain", "-", "conv2d", "conv2d_1", stdin=f"{spec}Conv2D: [4, 1]]}}".encode()).out
    first, _, second = out.partition("\nconv2d_1")
    assert "  C = 3, " in first
    assert "H_in" not in first
    assert "  H_in = H//2, W_in = ceil(W/2), C = 4, " in second
    assert " H_in * W_in * C * 4\n" in second
    assert " H = " not in out


def test_axes_are_called_height_and_width_where_there_are_images() -> None:
    spec = b"""
framework: torch
inputs: {x: [3, 32, 32], y: [2, 3, 128]}
layers:
  - ReLU: {from: x, name: before}
  - Conv2d: {out_channels: 8, kernel_size: 3}
  - Sigmoid: {name: behind}
  - Flatten: {name: flat}
  - ReLU: {from: y, name: none}
  - reshape: {shape: [-1, 3, 2, 64, 2], name: heads}
  - Linear: {out_features: 5, name: projected}
outputs: [flat, projected]
"""
    out = call("explain", "-", "--only", "shapes", stdin=spec).out
    about = {part.split()[0]: part for part in out.split("\n\n")[1:]}
    assert "H = W = 32, C = 3" in about["before"]
    assert "H = W = 30, C = 8" in about["behind"]
    assert "H = W = 30, C = 8" in about["flat"]
    assert "axis1 = 2, axis2 = 3, axis3 = 128" in about["none"]
    assert "output axis 2           2\n" in about["heads"]
    assert "output features         out_features = 5" in about["projected"]
    assert "height" not in about["heads"] + about["projected"]
