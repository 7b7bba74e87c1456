"""Texts that steer terminals, CI servers, spreadsheets and pages, in every place that a file can set: no output of any
command and format carries them.

What must not come out is said here by the categories of Unicode, not by the table that `cnnsum.ink` has.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from calling import call
from hypothesis import example, given
from hypothesis import strategies as st

from cnnsum import loads, summarize
from cnnsum.ink import csv_lines, harmless, inked, inked_line, markdown, markdown_code, markdown_prose, xml
from cnnsum.writers.copying import text_of
from tests.thorough import each, some

#: Each begins with what counts at the beginning of a cell or a line only.
TEXTS = {
    "screen": "a\x1b[31mR\x07\x9b2J\x7f\x85b\u202ec\u2066\u200b\u200f\u061c\ufeff\u2028\u2029\u00ad\ufff9\U000e0041",
    "lines": "x\n::error file=a::pwn\r\n::set-output name=a::b\r##[error]x ##vso[task.setvariable variable=a]b\tc",
    "command": "::error file=a::pwn",
    "formula": "=cmd|' /C calc'!A0",
    "at": "@SUM(A1)",
    "minus": "-2+3",
    "markup": "<script>x</script>|`b`|[l](http://e.org)![i](//e.org)]]>&amp;\"'--> www.e.org",
}
CELLS = ("formula", "at", "minus")


def keras(bad: str) -> str:
    """A Keras file with the text wherever a file has one."""

    def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
        return {
            "module": "keras.layers",
            "class_name": class_name,
            "config": {"name": name, **config},
            "registered_name": None,
        }

    layers = [
        layer("InputLayer", "image", batch_shape=[None, 16, 16, 3]),
        layer("Conv2D", bad, filters=4, kernel_size=3),
        layer("Conv2D", "b" + bad, filters=4, kernel_size=3, activation="relu"),
        layer("BatchNormalization", f"n{bad}"),
        layer("Flatten", "flat"),
        layer("Dense", f"d {bad}", units=2),
    ]
    return json.dumps({"module": "keras", "class_name": "Sequential", "config": {"name": bad, "layers": layers}})


def broken(bad: str) -> str:
    """A Keras file of an unknown class, unknown fields and wrong values."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, 4]}},
        {"class_name": bad, "module": bad, "registered_name": bad, "config": {"name": bad, bad: bad}},
        {"class_name": "Dense", "config": {"name": f"d{bad}", "units": bad, "activation": bad, bad: 1, "dtype": bad}},
    ]
    return json.dumps({"class_name": "Sequential", "config": {"name": bad, "layers": layers, bad: bad}})


def spec(bad: str) -> str:
    """A spec with names, blocks, vars and declared types."""
    value = {
        "name": bad,
        "input": ["H", "W", 3],
        "vars": {"width": 4, "why": bad},
        "layer_types": {"Own": {"parameters": ["u"], "inputs": ["[*s, c]"], "output": "[*s, u]", "doc": bad}},
        "blocks": {"stem": {"parameters": ["n"], "layers": [{"Conv2D": ["n", 3]}, {"ReLU": {"name": f"r{bad}"}}]}},
        "layers": [
            {"Conv2D": {"filters": "width", "kernel_size": 3, "name": bad}},
            {"stem": 8},
            "GlobalAveragePooling2D",
            {"Dense": {"units": 2, "name": f"z{bad}"}},
        ],
    }
    return json.dumps(value)


def wrong(bad: str) -> str:
    """A spec with a mistake for each kind of message."""
    value = {
        "name": bad,
        bad: bad,
        "input": [8, 8, 3],
        "vars": {bad: 1, "v": bad},
        "lint": {"ignore": [bad], bad: 1},
        "budget": {bad: bad, "params": bad},
        "blocks": {bad: {"layers": [bad]}, "b": {"layers": [{bad: bad}], bad: 1}},
        "layers": [
            bad,
            {bad: {bad: bad}},
            {"Dense": {"units": bad, bad: bad}},
            {"Add": {"from": [bad, "x"]}},
            {"Dense": {"units": 2, "name": bad, "activation": bad}},
        ],
        "outputs": [bad],
    }
    return json.dumps(value)


def commented(bad: str) -> str:
    """YAML with the text in comments that are read."""
    word = " ".join(bad.split())
    plain = "".join(char for char in word if char == "\x85" or unicodedata.category(char) not in ("Cc", "Cs"))
    return f"input: [8, 8, 3]\nlayers:\n  - Conv2D: [4, 3]  # cnnsum: ignore[SHP201, {plain}] {plain}\n  - Dense: 'q'\n"


FILES = {
    "keras.json": keras,
    "broken.json": broken,
    "spec.json": spec,
    "wrong.json": wrong,
    "commented.yaml": commented,
}
REPORTS = [
    *([], ["--keras"], ["--train"], ["--plan"], ["--symbolic"], ["--color", "always"], ["-v", "--show-trainable"]),
    *(["--format", "json"], ["--format", "csv"], ["--format", "csv", "--columns", "layer,type,connected"]),
    *(["--format", "markdown"], ["--columns", "+macs,+share"], ["--depth", "0"], ["--convention", "fvcore"]),
    *(
        ["--format", form, *more]
        for form in ("mermaid", "dot")
        for more in ([], ["--columns", "+block", "--depth", "1"])
    ),
    *(["--chart", "params"], ["--chart", "params", "--format", "svg"], ["--chart", "memory"]),
    *(["--chart", "memory", "--format", "svg"], ["--layer-range", "zz", "zz"], ["--sweep", "batch=1:3"]),
    *(["--sweep", "batch=1:3", "--format", form] for form in ("json", "csv", "markdown")),
]


def calls(name: str) -> Iterator[tuple[str, list[str]]]:
    """Every command and format for a file, and what the format of its output is."""
    for options in REPORTS if name != "commented.yaml" else [[]]:
        form = options[options.index("--format") + 1] if "--format" in options else "text"
        yield form, [name, *options]
    for form in ("text", "markdown", "json"):
        yield form, ["explain", name, "--format", form]
        yield form, ["diff", name, "other.json", "--format", form, "-v"]
    yield "text", ["explain", name, "nothing*"]
    yield "json", ["explain", name, "--convention", "fvcore", "--format", "json"]
    yield "text", ["explain", name, "--convention", "fvcore"]
    for form in ("text", "json"):
        yield form, ["sizes", name, "--format", form, "--list", "1:9"]
        yield form, ["fit", name, "--params", "1M", "--vary", "batch", "--format", form]
    yield "text", ["fit", name, "--params", "1M", "--vary", "width"]
    for form in ("keras", "yaml", "json"):
        yield form, ["convert", name, "--to", form]
    for form in ("text", "concise", "json", "sarif", "github", "gitlab", "junit"):
        yield form, ["check", name, "--format", form, "--select", "ALL"]
    yield "text", ["check", name, "--statistics"]
    yield "text", ["check", name, "--diff", "--unsafe-fixes"]
    yield "text", ["check", name, "--show-settings"]
    yield "text", ["check", ".", "--config", "x"]
    yield "json", ["check", name, "--write-baseline", "-", "--format", "concise"]


# Everything that the two formats of graphs write, and within their quotes and tags nothing that ends these.
LABEL = r'"(?:[^"%<>`{}|\\\[\]]|</?b>|<br>)+"'
MERMAID = re.compile(
    rf"%% [^%<>{{}}]*|flowchart TD| *n\d+(?:\(\[|\[\[?){LABEL}(?:\]\)|\]\]?):::\w+| *subgraph g\d+\[{LABEL}\]"
    rf"| *end|  n\d+ (?:-- {LABEL} )?--> n\d+|  classDef \w+ [\w:#,]+"
)
QUOTED = r'"(?:[^"\\]|\\\\|\\")*"'
SAID = r"(?:[^<>\\]|\\\\|</?b>|<br/>)+"
DOT = re.compile(
    rf"digraph {QUOTED} \{{|  (?:graph|node|edge) \[[\w=, .\"#]+\]| *n\d+ \[label=<{SAID}>[\w=, \"#]*\]"
    rf"| *subgraph cluster_\d+ \{{| *graph \[label={QUOTED}[\w=, \"#]+\]| *\}}|  n\d+ -> n\d+(?: \[label={QUOTED}\])?"
)


def unwanted(text: str) -> list[str]:
    """Characters that no output may hold."""
    acting = {char for char in set(text) if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    acting -= {"\n", "\u200c", "\u200d"}
    if not acting:
        return []
    return [
        char for at, char in enumerate(text) if char in acting and not (char == "\r" and text[at + 1 : at + 2] == "\n")
    ]


def assert_harmless(text: str, form: str, told: object) -> None:
    if "always" in str(told):
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # the colours that were asked for
    assert not unwanted(text), (told, unwanted(text))
    assert not re.search(r"##\w*\[", text), told
    for line in text.split("\n"):
        ours = form == "github" and re.match("::(error|warning|notice) file=", line)
        assert ours or not line.lstrip().startswith("::"), (told, line)


def assert_format(out: str, form: str, told: object) -> None:
    if form in ("json", "sarif", "gitlab", "keras"):
        json.loads(out)
    elif form == "yaml":
        yaml.safe_load(out)
    elif form in ("svg", "junit"):
        for element in ET.fromstring(out).iter():
            assert element.tag.rpartition("}")[2] != "script", told
    elif form == "csv":
        for cell in (cell for row in csv.reader(io.StringIO(out, newline="")) for cell in row):
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")) or re.fullmatch(r"-?[\d.]+", cell), (
                told
            )
    elif form == "mermaid":
        for line in out.splitlines():
            assert MERMAID.fullmatch(line), (told, line)
    elif form == "dot":
        for line in out.splitlines():
            assert DOT.fullmatch(line), (told, line)
    elif form == "markdown":
        shown = re.sub(r"(?m)^(`{3,})\w*\n(.*\n)*?\1$", "", out)  # blocks of code show what stands in them
        shown = re.sub(r"(`+)[^`\n](.*?[^`\n])?\1(?!`)", "", re.sub(r"\\.", "", shown))
        assert not re.search(r"<(?!/?(details|summary)>)|\]\(|://", shown), (told, shown)
        rows = [re.sub(r"\\.", "", line) for line in out.split("\n") if line.startswith("|")]
        for above, row in pairwise(rows):
            if re.fullmatch(r"[|\-: ]+", row):
                assert above.count("|") == row.count("|"), told


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", TEXTS)
def test_no_output_carries_what_acts(kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bad = TEXTS[kind]
    Path(name).write_text(FILES[name](bad), encoding="utf-8", newline="")
    Path("other.json").write_text(keras(f"other {bad}"), encoding="utf-8")
    seen = 0
    # What acts on a screen and in a log is tried in twice as many calls as the rest.
    for form, arguments in some([*calls(name)], 2 if kind in ("screen", "lines") else 4, len(kind) % 4):
        if kind in CELLS and form not in ("csv", "text") and "check" not in arguments:
            continue  # these count in cells
        done = call(*arguments)
        told = arguments
        assert "a fault in cnnsum itself" not in done.err + done.out, (told, done.err)
        assert_harmless(done.err, "text", told)
        assert_harmless(done.out, form, told)
        if done.out and "--write-baseline" not in told:
            seen += 1
            assert_format(done.out, form, told)
    assert seen > 2


@each("kind", TEXTS)
def test_names_of_files_and_what_the_caller_writes(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bad = TEXTS[kind].replace("/", "").replace("\0", "")
    name = f"{bad}.yaml"
    Path(name).write_text("input: [4]\nlayers: [{Dens: 3}, {Dense: {units: x}}]\n", encoding="utf-8")
    Path("cnnsum.toml").write_text(f"{json.dumps(bad)} = 1\nselect = [{json.dumps(bad)}]\n", encoding="utf-8")
    runs = [("text", ["show", "--", name]), ("text", ["explain", "--", name]), ("text", ["show", f"./no {bad}"])]
    runs += [(form, ["check", ".", "--format", form]) for form in ("text", "concise", "json", "sarif", "github")]
    runs += [(form, ["check", ".", "--format", form]) for form in ("gitlab", "junit")]
    runs += [("text", ["check", ".", "--diff"]), ("text", ["check", "--show-settings", "--", name])]
    for option in ("--set", "-i", "--dtype", "--from", "--layer-types", "-o", "--optimizer", "--columns", "--format"):
        runs.append(("text", ["show", f"{option}={bad}" if option[1] == "-" else f"{option}{bad}", name]))
    runs += [
        ("text", ["check", "--select", bad]),
        ("text", ["layers", bad]),
        ("text", ["rule", bad]),
        ("text", [f"z{bad}"]),
    ]
    for form, arguments in runs:
        done = call(*arguments)
        assert "a fault in cnnsum itself" not in done.err + done.out, (arguments, done.err)
        assert_harmless(done.err, "text", arguments)
        assert_harmless(done.out, form, arguments)
        if done.out:
            assert_format(done.out, form, arguments)


@each("kind", TEXTS)
def test_the_texts_of_the_library(kind: str) -> None:
    from cnnsum import UnusableError, explain

    bad = TEXTS[kind]
    model = loads(keras(bad), "m.json")
    report = summarize(model)
    assert_harmless(str(report), "text", "str")
    assert_harmless(report._repr_html_(), "text", "html")
    assert ET.fromstring(report._repr_html_()).tag == "div"
    assert_harmless(str(explain(model)), "text", "explain")
    for found in loads(broken(bad), f"{bad}.json").diagnostics:
        assert_harmless(str(found), "text", "diagnostic")
    with pytest.raises(UnusableError) as error:
        loads(f"{{{bad}", f"{bad}.yaml")
    assert_harmless(str(error.value), "text", "error")


# --- the functions ----------------------------------------------------------------------------------------------------

anything = st.text(st.characters(), max_size=40) | st.text("\n\r\t \x1b:#[|`<\u200d\u202e\ufeffab=", max_size=20)


@given(anything)
@example("#[##[##[")
@example("a\u200d##[b]")
@example("\u0928\u094d\u200d\u092f")
def test_one_name(text: str) -> None:
    found = harmless(text)
    assert not unwanted(found)
    assert "\n" not in found
    assert not re.search(r"##\w*\[", found)
    assert harmless(found) == found
    if text.isprintable() and not re.search(r"##\w*\[", text):
        assert found == text


@given(st.lists(anything, max_size=6), st.sampled_from(["text", "json", "github", "yaml"]))
def test_a_whole_text(chunks: list[str], form: str) -> None:
    found = "".join(inked(chunks, form))
    assert not [char for char in unwanted(found) if char != "\t"]
    assert "".join(inked([found], form)) == found
    if form != "json":
        assert_harmless(found.replace("\t", " "), form, chunks)
    assert found == "".join(inked(["".join(chunks)], form))  # wherever it was cut


@given(anything)
def test_json_reads_back(text: str) -> None:
    written = json.dumps(text, ensure_ascii=False)
    assert json.loads("".join(inked([written], "json"))) == text


@given(st.dictionaries(anything, anything | st.lists(anything, max_size=3), max_size=4))
def test_yaml_reads_back(value: dict[str, Any]) -> None:
    if any("\ud800" <= char <= "\udfff" for char in str(value) + "".join(map(str, value.values()))):
        return
    written = text_of(value, "yaml")
    assert_harmless(written, "yaml", value)
    assert yaml.safe_load(written) == value


@given(st.lists(st.lists(anything | st.integers() | st.floats(allow_nan=False), min_size=1, max_size=4), max_size=3))
def test_cells_of_a_table(rows: list[list[Any]]) -> None:
    read = [*csv.reader(io.StringIO(csv_lines(rows), newline=""))]
    assert len(read) == len(rows)
    for row, cells in zip(rows, read, strict=True):
        for value, cell in zip(row, cells, strict=True):
            assert cell == str(value) or isinstance(value, str)
            if isinstance(value, str) and not re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", value):
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))


@given(anything)
def test_pages(text: str) -> None:
    assert ET.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>').text is not None or not text
    for made in (markdown(text), markdown_code(text), markdown_prose(text)):
        assert "\n" not in made
        assert not unwanted(made)
        assert not re.search(r"(?<!\\)(\\\\)*\|", made)


def test_a_styled_line_that_could_do_harm_is_plain() -> None:
    line = [("a", "bold"), (" b", "")]
    assert inked_line(line) == line
    assert inked_line([(":", "bold"), (":error", "")]) == [("\\x3a:error", "")]
    assert inked_line([("##", "bold"), ("[x", "")]) == [("\\x23#[x", "")]


@each(
    ("text", "shown"),
    [
        ("conv2d_1", "conv2d_1"),
        ("शर्मा क्‍ष", "शर्मा क्‍ष"),  # joiners where letters join
        ("\N{MAN}\u200d\N{PERSONAL COMPUTER}", "\N{MAN}\u200d\N{PERSONAL COMPUTER}"),
        ("a\u200db", "a\\u200db"),
        ("\u200dक", "\\u200dक"),
        ("a\u200bb", "a\\u200bb"),
        ("\ufeffa", "\\ufeffa"),
        ("größe 層", "größe 層"),
    ],
)
def test_scripts_are_shown_as_they_are_written(text: str, shown: str) -> None:
    assert harmless(text) == shown
