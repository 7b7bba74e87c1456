"""What a table may be: a format by the name of the file, columns of fields, one line a layer, colours on demand."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from calling import call

import cnnsum
from cnnsum.answers import json_schema
from cnnsum.cli.formats import SUFFIXES
from tests.thorough import each

ROOT = Path(__file__).resolve().parent.parent.parent
UNET = str(ROOT / "specs" / "unet.yaml")
TORCH = str(ROOT / "specs" / "torch" / "unet.yaml")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@each(
    ("name", "begins"),
    [
        ("out.json", '{\n "schema": "cnnsum.report/1"'),
        ("OUT.JSON", '{\n "schema": "cnnsum.report/1"'),
        ("out.csv", "layer,type,output"),
        ("out.md", "# unet"),
        ("out.mmd", "%% unet: 68 layers"),
        ("out.dot", "digraph"),
        ("out.txt", 'Model: "unet"'),
        ("out", 'Model: "unet"'),
    ],
)
def test_the_name_of_the_file_chooses_the_format(name: str, begins: str) -> None:
    assert call(UNET, "-o", name).code == 0
    written = Path(name).read_text(encoding="utf-8")
    as_asked = SUFFIXES.get(Path(name).suffix.lower(), "table")
    assert written == call(UNET, "--format", as_asked).out.replace("\r\n", "\n")
    assert written.startswith(begins)


@each(
    ("call_", "said"),
    [
        (("show", UNET, "-o", "o.csv", "--format", "json"), "--format json and the name 'o.csv' contradict"),
        (
            ("sizes", UNET, "-o", "o.csv"),
            "'o.csv' asks for csv, which sizes does not write: its formats are text, json",
        ),
        (("fit", UNET, "--memory", "1GiB", "-o", "o.svg"), "'o.svg' asks for svg, which fit does not write"),
        (("check", UNET, "-o", "o.html"), "'o.html' asks for html, which check does not write"),
        (("rule", "-o", "o.dot"), "'o.dot' asks for dot, which rule does not write"),
    ],
)
def test_names_that_contradict(call_: tuple[str, ...], said: str) -> None:
    code, out, err = call(*call_)
    assert (code, out) == (2, "")
    assert said in err
    assert not list(Path().glob("o.*"))


def test_other_commands_follow_the_name() -> None:
    for arguments in (("sizes", UNET), ("diff", UNET, UNET), ("explain", UNET), ("check", UNET), ("rule", "SHP204")):
        assert call(*arguments, "-o", "o.json").code == 0
        assert json.loads(Path("o.json").read_text(encoding="utf-8"))["schema"].startswith("cnnsum.")
    assert call("check", UNET, "-o", "o.sarif").code == 0
    assert json.loads(Path("o.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert call(UNET, "--chart", "params", "-o", "o.svg").code == 0
    assert Path("o.svg").read_text(encoding="utf-8").startswith("<svg")


def test_colours_where_they_are_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = call(UNET).out
    assert "\x1b[" not in plain
    for value, is_colored in (("1", True), ("3", True), ("", False), ("0", False)):
        monkeypatch.setenv("FORCE_COLOR", value)
        assert ("\x1b[" in call(UNET).out) is is_colored
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" not in call(UNET, "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert call(UNET).out == plain


def columns(path: str, names: str) -> dict[str, dict[str, str]]:
    text = call(path, "--format", "csv", "--columns", f"layer,{names}").out
    return {row["layer"]: row for row in csv.DictReader(io.StringIO(text))}


def test_columns_of_fields() -> None:
    names = "kernel,strides,padding,groups,dilation,activation"
    found = columns(UNET, names)
    assert list(found["left1.conv2d"].values())[1:] == ["3x3", "1x1", "same", "1", "1x1", ""]
    assert list(found["max_pooling2d"].values())[1:] == ["2x2", "2x2", "valid", "", "", ""]
    assert found["left1.re_lu"]["activation"] == "relu"
    found = columns(TORCH, names)
    assert list(found["left1.conv2d"].values())[1:] == ["3x3", "1x1", "1x1", "1", "1x1", ""]
    assert found["left1.re_lu"]["activation"] == "relu"
    assert "3x3" in call(UNET, "--columns", "layer,kernel").out


@each("path", [UNET, TORCH, *map(str, sorted((ROOT / "specs").glob("*.yaml"))[:4])])
def test_the_config_of_each_layer(path: str) -> None:
    """What a layer of the graph has, as JSON."""
    text = call(path, "--format", "json").out
    found = json.loads(text)
    jsonschema.Draft202012Validator(json_schema("report")).validate(found)
    model = cnnsum.load(path)
    layers = {layer.name: layer for layer in model.graph.layers}
    for row in found["layers"]:
        layer = layers[row["name"]]
        if layer.type is None:
            assert row["config"] is None
            continue
        assert list(row["config"]) == list(layer.type.schema.fields)
        for name, value in row["config"].items():
            if type(layer.fields[name]) in {int, float, bool, str}:
                assert value == layer.fields[name]


def test_configs_of_formulas_and_of_layers_in_layers() -> None:
    text = b"input: [T, 4]\nlayers:\n  - Reshape: [[T, 2, 2]]\n  - TimeDistributed: {layer: {Dense: 3}}\n"
    reshape, wrapped = json.loads(call("-", "--format", "json", stdin=text).out)["layers"][-2:]
    assert reshape["config"] == {"target_shape": ["T", 2, 2]}
    assert wrapped["config"]["layer"]["type"] == "Dense"
    assert wrapped["config"]["layer"]["config"]["units"] == 3
    report = cnnsum.summarize(cnnsum.loads(text.decode())).evaluate(T=8)
    assert dict(report.rows[-2].config.pairs) == {"target_shape": (8, 2, 2)}


def test_what_is_known_of_totals_that_are_not() -> None:
    text = '{"input": [8], "layers": [{"Dense": 3}, {"Foo": 2}]}'
    found = json.loads(call("-", "--format", "json", stdin=text.encode()).out)
    jsonschema.Draft202012Validator(json_schema("report")).validate(found)
    assert found["totals"]["params"]["total"] is None
    assert found["totals"]["at_least"] == {"params": 27, "trainable": 27, "macs": 24, "flops": 51, "weights": 108}
    assert "at_least" not in json.loads(call(UNET, "--format", "json").out)["totals"]


def test_one_line_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    report = cnnsum.summarize(cnnsum.load(UNET))
    for width in (60, 100, 300):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = call(UNET, "--style", "compact").out.split("\n")
        assert max(map(len, lines)) <= width
        table = lines[1 : len(report.rows) + 2]
        assert table[0].startswith("Layer (t")
        assert lines[len(report.rows) + 2].startswith(" Total params: ")
        for line, row in zip(table[1:], report.rows, strict=True):
            assert line.startswith(row.name[:5])
            assert f" {row.params.total:,} " in line
    assert lines[len(report.rows) + 2 :] == call(UNET).out.split("\n")[-len(lines) + len(report.rows) + 2 :]
    colored = call(UNET, "--style", "compact", "--color", "always").out
    assert "\x1b[" in colored


@each("arguments", [("n.yaml",), ("n.yaml", "--style", "compact"), ("explain", "n.yaml")])
def test_findings_stand_below_the_result(arguments: tuple[str, ...]) -> None:
    """Whoever reads the end of the output sees what is wrong: both streams in the order in which they are written."""
    Path("n.yaml").write_text("input: [9]\nlayers: [Dense: 2, Dense: {unit: 3}]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cnnsum", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    result, said, rest = done.stdout.partition("n.yaml:2:28: CFG103 ")
    assert said
    assert "dense" in result
    assert "dense" not in rest
