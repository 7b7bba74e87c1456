"""The formats of a picture: the text of three small networks, hostile names, errors, and what Graphviz makes of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import report_sample as sample
from calling import call
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.answers import OptionError
from cnnsum.answers.summary.rendering import Options, Report, render
from cnnsum.ink import dot, dot_html, mermaid
from tests.thorough import each, examples

GOLDEN = Path(__file__).parent / "golden_pictures"
ROOT = Path(__file__).parents[3]
GRAPHVIZ = shutil.which("dot")
needs_graphviz = pytest.mark.skipif(GRAPHVIZ is None, reason="Graphviz is not installed")

RESIDUAL = """\
name: residual
input: [H, 8, 4]
blocks:
  body: {layers: [{Conv2D: [4, 3, 1, same]}, {BatchNormalization: {name: n}}, {Add: {from: [input, n]}}]}
layers:
  - body
  - body
  - GlobalAveragePooling2D
  - Dense: 2
"""
WRONG = "input: [8, 8, 3]\nlayers:\n  - Conv2D: [4, 3]\n  - MaxPooling2D: 9\n  - Flatten\n  - Dense: 2\n"


def report(text: str) -> Report:
    return cnnsum.summarize(cnnsum.loads(text, "model.yaml"))


def text(found: Report, format: str, **options: object) -> str:
    return "".join(render(found, format, Options(**options)))  # type: ignore[arg-type]


CASES: dict[str, tuple[Report, dict[str, object]]] = {
    "nested": (sample.nested(), {"columns": "+macs,output", "symbolic": True}),
    "residual": (report(RESIDUAL), {}),
    "wrong": (report(WRONG), {"columns": "layer,dtype"}),
}


@each("name", CASES)
def test_golden(name: str) -> None:
    found, options = CASES[name]
    for format in ("mermaid", "dot"):
        made = text(found, format, **options)
        path = GOLDEN / f"{name}.{format}"
        if os.environ.get("CNNSUM_OVERWRITE"):
            path.write_bytes(made.encode())
        assert made == path.read_bytes().decode()


def test_every_golden_file_is_used() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{name}.{form}" for name in CASES for form in ("mermaid", "dot")
    }


def nodes(made: str) -> list[str]:
    """The names in bold, whatever the format."""
    return re.findall(r"<b>(.*?)</b>", made)


@each("format", ["mermaid", "dot"])
def test_depth_folds_as_in_a_table(format: str) -> None:
    found = report(RESIDUAL)
    assert nodes(text(found, format, depth=1)) == ["input_layer", "body", "body_1", "global_average_pooling2d", "dense"]
    assert len(nodes(text(found, format, depth=0))) == len(found.rows)
    assert len(re.findall("subgraph", text(found, format, depth=0))) == 2
    assert "subgraph" not in text(found, format, depth=1)


@each("format", ["mermaid", "dot"])
def test_columns_that_there_are_not(format: str) -> None:
    with pytest.raises(OptionError, match="there is no column 'sahpe'"):
        text(report(RESIDUAL), format, columns="sahpe")


def test_more_than_can_be_read_is_folded_and_said() -> None:
    layers = [{"Dense": {"units": 4, "name": f"d{number}"}} for number in range(700)]
    found = report(json.dumps({"input": [4], "layers": layers}))
    made = text(found, "mermaid", depth=0)
    assert re.search(r"^%% folded to ([\d,]+) boxes, as more than 500 cannot be read$", made, re.MULTILINE)
    assert re.search(r'^  note\["folded to', made, re.MULTILINE)
    assert 1 < len(nodes(made)) <= 500
    assert len(nodes(text(found, "dot", depth=0))) == 701
    assert "folded to" not in text(found, "mermaid")


@each("format", ["mermaid", "dot"])
def test_a_name_of_a_megabyte_is_cut(format: str) -> None:
    made = text(
        report(
            json.dumps({"name": "n" * 10**6, "input": [4], "layers": [{"Dense": {"units": 1, "name": "x" * 10**6}}]})
        ),
        format,
    )
    assert len(made) < 3_000
    assert "x…" in made or "x#8230;" in made


def test_options_and_formats() -> None:
    done = call("specs/lenet5.yaml", "--format", "dot", "--plan")
    assert (done.code, "--plan goes with --format" in done.err) == (2, True)
    assert call("specs/lenet5.yaml", "--format", "mermaid").out.startswith("%% lenet5: 9 layers\nflowchart TD\n")


def test_the_picture_in_the_page_is_the_one_that_it_says() -> None:
    page = ROOT / "docs" / "pictures.md"
    whole = page.read_text(encoding="utf-8")
    found = re.search(r"`cnnsum (\S+) --format mermaid` writes what follows.*?```mermaid\n(.*?)```", whole, re.DOTALL)
    assert found is not None
    made = call(found[1], "--format", "mermaid").out
    if os.environ.get("CNNSUM_OVERWRITE"):
        page.write_text(whole[: found.start(2)] + made + whole[found.end(2) :], encoding="utf-8")
    assert made == found[2] or os.environ.get("CNNSUM_OVERWRITE")


# --- hostile names ----------------------------------------------------------------------------------------------------

anything = st.text(st.characters(), max_size=30) | st.text("\n\t \\\"'`#%&<>[](){}|-=._*NGL:;1a", max_size=20)


def shown_by_mermaid(label: str) -> str:
    """What Mermaid draws of a label: numbers of characters are read as these."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)


@settings(max_examples=examples(400))
@given(anything)
def test_labels_of_mermaid_hold_nothing_that_acts(name: str) -> None:
    label = mermaid(name)
    # Mermaid reads the rest with a letter in place of each of the numbers.
    assert not re.search(
        r'["`<>\[\]{}|%&*~$@\\\n#]|--|^[-+=]|\d\.( |$)|(?<!\w)_|_(?!\w)|:\S', re.sub(r"#\d+;", "x", label)
    )
    if name.isprintable() and "##" not in name and name == " ".join(name.split()):
        assert shown_by_mermaid(label) == name


@settings(max_examples=examples(400))
@given(anything)
def test_texts_of_graphviz_end_where_they_should(name: str) -> None:
    quoted = dot(name)
    assert re.fullmatch(r'"(?:[^"\\\n]|\\\\|\\")*"', quoted)
    assert not re.search(r"&(?!amp;)", quoted)
    marked = ET.fromstring(f"<b>{dot_html(name)}</b>").text or ""
    if name.isprintable() and "##" not in name and name.strip():
        assert marked.replace("\\\\", "\\") == name
        assert quoted[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\").replace("&amp;", "&") == name


HOSTILE = (
    *('"', "]", "-->", "%%", '%%{init: {"theme": "dark"}}%%', "<script>x</script>", "a\\N\\G\\l", "\\", "end", "x\ny"),
    *('"]; click n0 "http://e.org"', "&lt;b&gt;", "{{x}}", "1. x", "- x", "}", "];", "<", "\x00", " ", "\u4e2d\u6587"),
)


def hostile(name: str) -> Report:
    """A network that has a text wherever a file may have one."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": f"i{name}", "batch_shape": [None, 8, 8, 3]}},
        {"class_name": "Conv2D", "config": {"name": name, "filters": 2, "kernel_size": 3}},
        {"class_name": name, "config": {"name": f"b{name}"}},
    ]
    config = {"name": name, "layers": layers}
    return cnnsum.summarize(cnnsum.loads(json.dumps({"class_name": "Sequential", "config": config}), "m.json"))


@needs_graphviz
def test_graphviz_draws_hostile_names_as_they_are() -> None:
    made = "".join(text(hostile(name), "dot") for name in HOSTILE)
    drawn = graphviz(made)
    texts = {"".join(one.itertext()) for one in drawn.iter("{http://www.w3.org/2000/svg}text")}
    for name in HOSTILE:
        if name.isprintable() and name.strip():
            assert {name, f"i{name}", f"b{name}"} <= texts
    assert not [*drawn.iter("{http://www.w3.org/2000/svg}a")]


def graphviz(made: str) -> ET.Element:
    """What Graphviz draws of it, in a page around all the drawings."""
    assert GRAPHVIZ is not None
    done = subprocess.run([GRAPHVIZ, "-Tsvg"], input=made, capture_output=True, text=True, check=True, timeout=60)
    assert not done.stderr
    drawings = re.findall(r"<svg.*?</svg>", done.stdout, re.DOTALL)
    assert len(drawings) == made.count("digraph ")
    return ET.fromstring(f"<all>{''.join(drawings)}</all>".replace("xlink:", ""))


@needs_graphviz
@each(
    "path",
    [*(ROOT / "specs").glob("*net*.yaml"), *(ROOT / "tests/corpus/err").glob("*.yaml")],
    ids=lambda path: path.stem,
)
def test_graphviz_draws_every_box_and_edge(path: Path) -> None:
    try:
        found = cnnsum.summarize(cnnsum.load(path))
    except cnnsum.UnusableError:
        return
    made = text(found, "dot")
    drawn = graphviz(made)
    kinds = [one.get("class") for one in drawn.iter("{http://www.w3.org/2000/svg}g")]
    assert kinds.count("node") == len(re.findall(r"^ *n\d+ \[", made, re.MULTILINE))
    assert kinds.count("edge") == len(re.findall(r"^ *n\d+ -> ", made, re.MULTILINE))
    assert kinds.count("cluster") == len(re.findall(r"^ *subgraph ", made, re.MULTILINE))
