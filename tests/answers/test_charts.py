"""Charts of a few specs against `golden_charts/` (CNNSUM_OVERWRITE=1 writes that anew), and what holds for all.

What the bars and the timeline show is held to the report's own numbers here; those are tested where they are made.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import cnnsum
from cnnsum.answers.plan.ask import plan
from cnnsum.answers.summary.ask import summarize
from cnnsum.answers.summary.chart_data import MOST_BARS, bars, points
from cnnsum.answers.summary.rendering import OptionError, Options, Report, render, styled_lines
from cnnsum.render.charts import ticks
from tests.thorough import each, some

GOLDEN = Path(__file__).parent / "golden_charts"
SPECS = Path(__file__).resolve().parent.parent.parent / "specs"


def report(name: str, **keys: Any) -> Report:
    model = cnnsum.load(SPECS / f"{name}.yaml", **keys)
    found = summarize(model)
    found.plan = plan(model, found, order=False)
    return found


CASES: dict[str, tuple[str, str, Options]] = {
    "unet.memory.txt": ("unet", "table", Options(chart="memory")),
    "unet.memory.wide.txt": ("unet", "table", Options(chart="memory", terminal=160)),
    "unet.memory.ascii.txt": ("unet", "table", Options(chart="memory", ascii=True)),
    "resnet152.memory.txt": ("resnet152", "table", Options(chart="memory")),
    "lenet5.memory.svg": ("lenet5", "svg", Options(chart="memory")),
    "lenet5.params.txt": ("lenet5", "table", Options(chart="params")),
    "lenet5.params.ascii.txt": ("lenet5", "table", Options(chart="params", ascii=True)),
    "lenet5.macs.svg": ("lenet5", "svg", Options(chart="macs")),
    "densenet121.macs.txt": ("densenet121", "table", Options(chart="macs")),
    "resnet50.params.wide.txt": ("resnet50", "table", Options(chart="params", terminal=140)),
}


@each("name", CASES)
def test_golden(name: str) -> None:
    spec, format, options = CASES[name]
    found = "".join(render(report(spec), format, options))
    path = GOLDEN / name
    if os.environ.get("CNNSUM_OVERWRITE"):
        path.write_bytes(found.encode())
    assert found == path.read_bytes().decode()


def test_every_golden_file_is_used() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(CASES)


@each("chart", ["memory", "params", "macs"])
@each("width", some([30, 80, 500, 133], 2))
@each("name", ["vit_b16", "lenet5", "densenet121"])
def test_lines_fit_and_have_the_same_text_in_colours(name: str, width: int, chart: str) -> None:
    found = report(name)
    options = Options(chart=chart, terminal=width)
    plain = "".join(render(found, "table", options)).splitlines()
    colored = ["".join(text for text, _ in line).rstrip() for line in styled_lines(found, options)]
    assert plain == colored
    assert max(map(len, plain)) <= max(min(width, 200), 60)
    assert len(plain) <= MOST_BARS + 4


def test_ascii_is_ascii() -> None:
    for chart in ("memory", "params", "macs"):
        text = "".join(render(report("unet"), "table", Options(chart=chart, ascii=True)))
        assert text.isascii()


@each("name", ["resnet152", "densenet121", "mobilenet_v3_large", "inception_v3", "lenet5", "vgg16"])
def test_bars_add_up(name: str) -> None:
    """Every layer is in one bar, in the order of the rows."""
    found = report(name)
    for measure, total in (("params", found.totals.params.total), ("macs", found.totals.macs)):
        chart = bars(found, measure)
        assert sum(one.amount or 0 for one in chart.bars) == chart.total == total
        assert sum(one.layers for one in chart.bars) + chart.left_out == len(found.rows)
        assert len(chart.bars) <= MOST_BARS


def bar_names(spec: str) -> list[str]:
    return [one.name for one in bars(summarize(cnnsum.loads(spec)), "params").bars]


def test_few_layers_are_bars_of_their_own() -> None:
    assert bar_names("{input: [4], layers: [{Dense: {units: 2, name: a}}, ReLU, {Dense: {units: 3, name: b}}]}") == [
        "a",
        "b",
    ]


def test_many_layers_are_grouped_by_how_their_names_begin() -> None:
    names = [f"block{n // 10}{'abcdefghij'[n % 10]}_dense" for n in range(60)]
    layers = ", ".join(f"{{Dense: {{units: 2, name: {name}}}}}" for name in names)
    assert bar_names(f"{{input: [4], layers: [{layers}]}}") == [f"block{n}" for n in range(6)]


def test_many_layers_without_a_pattern_are_neighbours() -> None:
    layers = ", ".join(f"{{Dense: {{units: 2, name: d{n}}}}}" for n in range(100))
    names = bar_names(f"{{input: [4], layers: [{layers}]}}")
    assert names[:2] == ["from d0", "from d3"]
    assert len(names) == 34


def test_branches_are_grouped_by_where_they_meet() -> None:
    layers, last = [], "input"
    for n in range(8):
        layers += [f"{{Dense: {{units: 4, name: {branch}{'xyzuvwst'[n]}, from: {last}}}}}" for branch in "abcdefg"]
        last = f"meet{'xyzuvwst'[n]}"
        layers.append(f"{{Add: {{name: {last}, from: [{', '.join(b + 'xyzuvwst'[n] for b in 'abcdefg')}]}}}}")
    names = bar_names(f"{{input: [4], layers: [{', '.join(layers)}]}}")
    assert names == [f"meet{letter}" for letter in "xyzuvwst"]


def test_points_add_up_to_the_timeline() -> None:
    found = report("unet")
    assert found.plan is not None
    shown = points(found.plan)
    assert [point.total for point in shown] == [moment.during for moment in found.plan.timeline]
    assert max(point.total for point in shown) == found.totals.peak.bytes
    assert all(min(point.used, point.waiting, point.scratch) >= 0 for point in shown)


def test_round_numbers() -> None:
    assert ticks(64 * 2**20, 5) == [n * 2**24 for n in (1, 2, 3)]
    assert ticks(3, 5) == [1, 2]
    assert ticks(1, 5) == ticks(0, 5) == []


@each("chart", ["memory", "params", "macs"])
def test_pictures_are_xml(chart: str) -> None:
    for name in ("vit_b16", "unet"):
        root = ET.fromstring("".join(render(report(name), "svg", Options(chart=chart))))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for one in root.iter("{http://www.w3.org/2000/svg}rect"):
            assert float(one.get("x", 0)) + float(one.attrib["width"]) <= width + 0.1
            assert float(one.get("y", 0)) + float(one.attrib["height"]) <= height


def test_names_cannot_break_a_picture() -> None:
    model = cnnsum.loads('{name: "a<b>&c", input: [4], layers: [{Dense: {units: 2, name: "<x&\'\\">"}}]}')
    found = summarize(model)
    found.plan = plan(model, found)
    for chart in ("memory", "params"):
        ET.fromstring("".join(render(found, "svg", Options(chart=chart))))


def refusal(found: Report, chart: str, format: str = "table") -> OptionError:
    with pytest.raises(OptionError) as error:
        "".join(render(found, format, Options(chart=chart)))
    return error.value


def test_what_cannot_be_drawn() -> None:
    assert str(refusal(report("fcn"), "memory")) == "the memory depends on sizes that are open"
    assert refusal(report("fcn"), "macs").help == "give them with --input or --set"
    assert str(refusal(report("lenet5"), "macs", "json")) == "a chart cannot be written as json"
    unknown = cnnsum.loads("{input: [4], layers: [Nothing]}")
    found = summarize(unknown)
    found.plan = plan(unknown, found)
    assert "not known" in str(refusal(found, "memory"))


def test_unknown_layers_are_said_to_be_unknown() -> None:
    found = summarize(cnnsum.loads("{input: [4], layers: [{Dense: {units: 2, name: a}}, {Nothing: {name: b}}]}"))
    text = "".join(render(found, "table", Options(chart="params")))
    assert "at least 10" in text
    assert "\n b   ?" in text
    assert "not known" in "".join(render(found, "svg", Options(chart="params")))


def test_a_model_without_anything_to_show() -> None:
    found = summarize(cnnsum.loads("{input: [4], layers: [ReLU]}"))
    assert "none of the layers has any" in "".join(render(found, "table", Options(chart="macs")))
    assert "none of the layers has any" in "".join(render(found, "svg", Options(chart="macs")))


def test_columns_of_bars() -> None:
    found = report("lenet5")
    text = "".join(render(found, "table", Options(columns="layer,macs,macs_bar", keras_only=True, ascii=True)))
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    drawn = {cells[0].split()[0]: cells[2] for cells in lines[1:]}
    # 240,000 MACs are the most, and ten cells; 117,600 are 4.9 of them, in thirds of a cell.
    assert drawn["C3"] == "#" * 10
    assert drawn["C1"] == "#" * 5
    assert drawn["S2"] == ""
    assert drawn["digit"] == "-"
    folded = "".join(render(report("resnet50"), "table", Options(columns="layer,macs_bar", depth=1, keras_only=True)))
    assert folded.count("█" * 10) == 1
    markdown = "".join(render(found, "markdown", Options(columns="layer,params_bar,memory_bar")))
    assert "| C1 | ▏ | ██████████ |" in markdown
