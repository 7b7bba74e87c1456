"""What holds for every rendering: sums, schemas, errors, and that nothing is imported without need."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable

import jsonschema
import pytest
import report_sample as sample
from hypothesis import given
from hypothesis import strategies as st

import cnnsum
from cnnsum.answers import json_schema
from cnnsum.answers.summary import json_format
from cnnsum.answers.summary import keras_table as keras
from cnnsum.answers.summary.cells import Block
from cnnsum.answers.summary.columns import COLUMNS, parse_columns
from cnnsum.answers.summary.fold import fold
from cnnsum.answers.summary.rendering import OptionError, Options, Report, render, styled_lines
from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.render import units
from cnnsum.render.style import printable
from tests.thorough import each

REPORTS = [sample.horses_or_humans, sample.nested, sample.blocks, sample.symbolic, sample.unnamed, sample.unknown]
reports = pytest.mark.parametrize("make", REPORTS)
Make = Callable[[], Report]


def text(report: Report, format: str = "table", **options: object) -> str:
    return "".join(render(report, format, Options(**options)))


def column(table: str, header: str) -> list[str]:
    """The cells of a table's column, one a row; those that go on in a second line are joined."""
    lines = table.splitlines()
    head = next(line for line in lines if header in line)
    index = [cell.strip() for cell in re.split("[┃]", head)].index(header)
    cells: list[str] = []
    begins = True
    for line in lines:
        if line.startswith("├"):
            begins = True
        elif line.startswith("│"):
            cell = line.split("│")[index].strip()
            if begins:
                cells.append(cell)
            else:
                cells[-1] += f" {cell}" if cell else ""
            begins = False
    return cells


def test_the_rows_add_up_to_the_totals() -> None:
    found = text(sample.horses_or_humans(), columns="layer,params,macs", terminal=120)
    params = sum(int(cell.replace(",", "")) for cell in column(found, "Param #"))
    macs = sum(int(cell.replace(",", "")) for cell in column(found, "MACs"))
    assert f" Total params: {params:,} " in found
    assert f"{macs:,}" in next(line for line in found.splitlines() if line.startswith("   MACs"))


def test_the_rows_of_folded_blocks_add_up_to_the_totals() -> None:
    for depth in (0, 1, 2, 3):
        found = text(sample.blocks(), depth=depth, terminal=130)
        assert f" Total params: {sum(int(cell.replace(',', '')) for cell in column(found, 'Param #')):,} " in found


@reports
def test_plain_text_is_the_styled_text_without_its_styles(make: Make) -> None:
    for options in (
        Options(),
        Options(terminal=60, show_trainable=True, expand_nested=True),
        Options(columns="+" + ",".join(COLUMNS)),
        Options(depth=1, symbolic=True),
    ):
        plain = "".join(render(make(), "table", options)).split("\n")
        styled = ["".join(part for part, _ in line) for line in styled_lines(make(), options)]
        assert plain == [*styled, ""]


@reports
def test_lines_of_estimates_fit_into_a_pipe(make: Make) -> None:
    table = text(make()).split("\n")
    assert max(map(len, table[table.index("") :])) <= 76


@reports
def test_json_is_valid_and_says_what_the_schema_says(make: Make) -> None:
    schema = json_schema("report")
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(text(make(), "json"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document == json_format.document(make())
    assert [layer["name"] for layer in document["layers"]] == [row.name for row in make().rows]


def test_json_has_no_fields_that_the_schema_does_not_describe() -> None:
    """Every object is described in full: the same schema, closed, still accepts the reports."""

    def closed(part: object) -> object:
        if isinstance(part, list):
            return [closed(item) for item in part]
        if not isinstance(part, dict):
            return part
        inner = {key: closed(value) for key, value in part.items()}
        return {**inner, "additionalProperties": False} if "properties" in part else inner

    for make in REPORTS:
        jsonschema.Draft202012Validator(closed(json_schema("report"))).validate(json_format.document(make()))


def test_json_of_formulas_open_dims_and_the_unknown() -> None:
    layers = {layer["name"]: layer for layer in json_format.document(sample.symbolic())["layers"]}
    assert layers["conv"]["outputs"] == [{"shape": [None, "H - 2", "W - 2", "k"], "dtype": "float32"}]
    assert layers["conv"]["params"] == {"total": "28*k", "trainable": "28*k", "non_trainable": 0}
    odd = json_format.document(sample.unknown())["layers"][1]
    assert odd["outputs"] == [{"shape": None, "dtype": "float32"}]
    assert (odd["macs"], odd["memory"]["output"]) == (None, None)
    open_dims = json_format.document(sample.unnamed())["layers"][1]
    assert open_dims["outputs"][0]["shape"] == [None, None, None, 8]


def test_json_of_many_layers_comes_in_chunks() -> None:
    rows = tuple(sample.row(f"dense_{index}", "Dense", (3,)) for index in range(1_100))
    chunks = list(render(sample.report("long", rows), "json"))
    assert max(map(len, chunks)) < len("".join(chunks)) / 2
    assert len(json.loads("".join(chunks))["layers"]) == 1_100


@reports
def test_csv_has_a_line_per_layer_and_exact_numbers(make: Make) -> None:
    found = text(make(), "csv")
    assert found.count("\r\n") == found.count("\n") == len(make().rows) + 1
    rows = list(csv.DictReader(io.StringIO(found, newline="")))
    for line, row in zip(rows, make().rows, strict=True):
        expected = row.params.total
        assert line["layer"] == row.name
        assert line["params"] == ("" if expected is UNKNOWN else str(expected))
        assert line["weights_memory"] == ("" if expected is UNKNOWN else str(4 * expected))


def test_csv_quotes_what_must_be_quoted() -> None:
    report = sample.report("odd", (sample.row('a "b", c', "Dense", (3,)),))
    rows = list(csv.reader(io.StringIO(text(report, "csv", columns="layer,output"), newline="")))
    assert rows == [["layer", "output"], ['a "b", c', "(None, 3)"]]


def test_markdown_escapes_what_would_break_the_table() -> None:
    report = sample.report("a|b", (sample.row("x|y*z\n_w_", "My|Type", (3,)),))
    line = text(report, "markdown").splitlines()[4]
    assert line == r"| x\|y\*z\\n_w\_ | My\|Type | (None, 3) | 0 |"


def test_a_plus_adds_columns_and_a_list_replaces_them() -> None:
    chain, graph = sample.horses_or_humans(), sample.nested()
    assert parse_columns("+macs,+flops", chain) == ["layer", "output", "params", "macs", "flops"]
    assert parse_columns("+macs,flops", graph) == ["layer", "output", "params", "connected", "macs", "flops"]
    assert parse_columns("macs , layer,macs", graph) == ["macs", "layer"]


def test_every_column_can_be_shown_alone() -> None:
    for name, kind in COLUMNS.items():
        found = text(sample.nested(), columns=name, expand_nested=True, keras_only=True)
        assert kind.header in found or kind.header.split()[0] in found
        assert text(sample.nested(), "csv", columns=name).startswith(f"{name}\r\n")
        assert text(sample.nested(), "markdown", columns=name)


def test_a_pipeline_is_opened_as_a_model_is() -> None:
    spec = """input: [H, 24, 3]
layers:
  - Pipeline:
      layers: [{Rescaling: 0.5}, {Pipeline: {layers: [{Conv2D: [4, 3]}, BatchNormalization]}}]
      trainable: false
  - TimeDistributed: {layer: {Dense: 5}}
"""
    report = cnnsum.summarize(cnnsum.loads(spec))
    found = text(report, "csv", columns="layer,output,params,trainable", expand_nested=True)
    assert [line.split(",")[0] for line in found.splitlines()[1:]] == [
        *("pipeline", "rescaling", "pipeline", "conv2d", "batch_normalization", "time_distributed")
    ]
    assert [row.params.total for row in report.rows[0].held] == [0, 128]
    assert [row.params.trainable for row in report.rows[0].held[1].held] == [0, 0]
    assert text(report, "csv", columns="layer").split() == ["layer", "pipeline", "time_distributed"]


@each(
    ("options", "message", "help"),
    [
        ({"columns": "+mcas"}, "there is no column 'mcas'", "did you mean `macs`?"),
        ({"columns": ""}, "there is no column ''", None),
        ({"width": 10}, "Insufficient console width to print summary.", "choose one with --width, as 88"),
        ({"terminal": 12}, "Insufficient console width to print summary.", "choose one with --width, as 88"),
        ({"width": -5}, "Insufficient console width to print summary.", "choose one with --width, as 88"),
        ({"positions": [0.5, 1.0]}, "positions: 3 columns need 3 positions, not 2", None),
        (
            {"layer_range": ("conv", "nothing")},
            "Passed layer_names do not match the layer names in the model.",
            "they go from conv2d to dense_2",
        ),
        ({"layer_range": ("conv", "(")}, "layer range: '(' is not a regular expression: ", None),
    ],
)
def test_options_that_cannot_be_followed_are_refused_before_anything_is_written(
    options: dict[str, object], message: str, help: str | None
) -> None:
    with pytest.raises(OptionError) as caught:
        render(sample.horses_or_humans(), "table", Options(**options))
    assert caught.value.message.startswith(message)
    assert caught.value.help == help


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(OptionError, match="there is no format 'jsn'") as caught:
        render(sample.horses_or_humans(), "jsn")
    assert caught.value.help == "did you mean `json`?"


def test_folded_blocks_know_their_layers_and_inputs() -> None:
    rows = fold(sample.blocks().rows, 2)
    assert [row.name for row in rows] == ["stem", "stage1.0", "stage1.1", "score"]
    block = rows[2]
    assert isinstance(block, Block)
    assert [row.name for row in block.rows] == ["stage1.1.conv", "stage1.1.relu", "stage1.1.add"]
    assert [connection.layer for connection in block.connections] == ["stage1.0"]
    assert (block.macs, block.flops, block.params.total) == (9216, 512, 144)
    rows = sample.blocks().rows
    assert fold(rows, 0) == list(rows)


def test_names_cannot_write_to_the_terminal() -> None:
    report = sample.report("a\x1b]0;title\x07", (sample.row("b\x1b[2J\u202e\ud800\n", "C\x9b", (1,)),))
    found = text(report)
    assert all(character.isprintable() or character == "\n" for character in found)
    assert r'Model: "a\x1b]0;title\x07"' in found
    assert r"b\x1b[2J\u202e\ud800\n" in found


@given(st.text(st.characters(codec="utf-8")))
def test_printable_names_stay_as_they_are(name: str) -> None:
    assert printable(name).isprintable() or not name.isprintable()
    if name.isprintable() and ":" not in name:
        assert printable(name) == name


@each(
    ("size", "keras_text", "own_text"),
    [
        (0, "0.00 B", "0 B"),
        (1023, "1023.00 B", "1,023 B"),
        (1024, "1.00 KB", "1.00 KiB"),
        (1024**2 - 1, "1024.00 KB", "1.00 MiB"),
        (10470660, "9.99 MB", "9.99 MiB"),
        (1024**5, "1.00 PB", "1.00 PiB"),
        (1024**6, "1.00 PB", "1.00 EiB"),
        (1024**7, "1024.00 PB", "1.00 ZiB"),
        (5 * 1024**8, "5242880.00 PB", "5.00 YiB"),
        (1024**9 - 1, "1073741824.00 PB", "1.00 RiB"),
        (1023 * 1024**10, "1124800395214848.00 PB", "1,023.00 QiB"),
        (1024**11, "1125899906842624.00 PB", "1.30e33 B"),
        (10**400 - 1, "1.00e400 B", "1.00e400 B"),
        (4 * Symbol("k").dim, "4*k B", "4*k B"),
        (UNKNOWN, "?", "?"),
    ],
)
def test_sizes_of_memory(size: object, keras_text: str, own_text: str) -> None:
    assert (units.keras_memory(size), units.memory(size)) == (keras_text, own_text)


@each(
    ("number", "expected"),
    [
        *((0, "0"), (999, "999"), (1000, "1.00 K"), (999_994, "999.99 K"), (999_996, "1.00 M"), (10**18, "1.00 E")),
        *((25 * 10**20, "2.50 Z"), (999_996 * 10**18, "1.00 Y"), (10**27, "1.00 R"), (999 * 10**30, "999.00 Q")),
        *((10**33, "1.00e33"), (999_996 * 10**32, "1.00e38"), (10**400, "1.00e400"), (-25 * 10**3000, "-2.50e3001")),
    ],
)
def test_counts(number: int, expected: str) -> None:
    assert units.count(number) == expected


def test_a_report_without_rows_has_a_table() -> None:
    found = list(keras.summary(sample.report("empty", ()), Options()))
    assert found[:1] == ['Model: "empty"']
    assert len(found) == 8


def test_a_table_imports_neither_rich_nor_other_renderers() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/answers'); import report_sample as sample\n"
        "from cnnsum.answers.summary.rendering import render\n"
        "before = set(sys.modules)\n"
        "''.join(render(sample.horses_or_humans())), ''.join(render(sample.nested()))\n"
        "new = {name for name in set(sys.modules) - before if name.startswith(('cnnsum', 'rich'))}\n"
        "print(*sorted(new)); print('rich' in sys.modules, 'dataclasses' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported, heavy = done.stdout.splitlines()
    assert set(imported.split()) == {
        "cnnsum.counted",
        "cnnsum.ink",
        *(f"cnnsum.answers.summary.{name}" for name in ("block", "cells", "keras_table", "rows", "table")),
        *(f"cnnsum.render{name}" for name in ("", ".grid", ".style", ".units", ".wrap")),
    }
    assert heavy == "False False"
