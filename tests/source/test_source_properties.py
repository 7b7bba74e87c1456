"""What is written reads back equal, every place points at its value, and nothing breaks the readers."""

from __future__ import annotations

import json
import re

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnsum.diagnostics import Span, UnusableError
from cnnsum.render.diagnose import render
from cnnsum.source import Document, read_text
from cnnsum.source.lines import Lines
from cnnsum.source.yaml_scalars import resolve
from tests.thorough import examples

CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff")


def words(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(text.split(" "))


# Texts that mean something else to one YAML or the other, or to JSON.
TEXTS = (
    st.text(CHARACTERS, max_size=12)
    | words(
        "on 1:30 010 0o7 1_0 1e3 .5 +1 0x1f << = ~ key & &a * *a ! !t | > % @ ` # ? : - -- --- ... { ] \" ' \\ \\ud800"
    )
    | st.sampled_from(["", " a ", "a: b", "a:", "- a", "a #b", "--- a"])
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
CONTAINERS = st.lists(VALUES, max_size=5) | st.dictionaries(TEXTS, VALUES, max_size=5)


class Dumper(yaml.SafeDumper):
    """Quotes what PyYAML takes for a text and YAML 1.2 does not."""

    def ignore_aliases(self, _data):
        return True


def represent_text(dumper, text):
    style = None if isinstance(resolve(text, 1000), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, represent_text)


def paths(value, path=()):
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*path, index))


def piece(document: Document, span: Span) -> str:
    lines = document.text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    # A block keeps its shape only when its first line keeps its indentation.
    lines[0] = " " * (span.column - 1) + lines[0][span.column - 1 :]
    return "\n".join(lines)


@given(CONTAINERS, st.sampled_from([None, 2]), st.booleans())
def test_json_reads_back(value, indent, ascii):
    document = read_text(json.dumps(value, indent=indent, ensure_ascii=ascii), "x")
    assert (document.format, document.diagnostics, document.value) == ("json", [], value)
    for path, item in paths(value):
        assert json.loads(piece(document, document.span(path))) == item
        if path and isinstance(path[-1], str):
            assert json.loads(piece(document, document.span(path, key=True))) == path[-1]


@given(CONTAINERS, st.sampled_from([None, True, False]), st.booleans(), st.sampled_from([10, 10_000]))
def test_yaml_reads_back(value, flow, unicode, width):
    text = yaml.dump(value, Dumper=Dumper, default_flow_style=flow, allow_unicode=unicode, width=width, sort_keys=False)
    # Keras writes NaN and Infinity into JSON: a whole flow of them is read as that, and not as texts of YAML.
    assume(not re.search(r"\b(NaN|Infinity)\b", text))
    document = read_text(text, "x.yaml")
    assert (document.diagnostics, document.value) == ([], value)
    for path, item in paths(value):
        part = piece(document, document.span(path))
        assert read_text(f"{part}\n", "x").value == item if part.strip(" ") not in ("null", "") else item is None
        if path and isinstance(path[-1], str):
            assert read_text(piece(document, document.span(path, key=True)) + "\n", "x").value == path[-1]


@given(CONTAINERS)
def test_both_parsers_of_pyyaml_build_the_same(value):
    from cnnsum.source import yaml_text

    text = yaml.dump(value, Dumper=Dumper, allow_unicode=True)
    fast = read_text(text, "x")
    before = yaml_text._Loader
    yaml_text._Loader = yaml.SafeLoader
    try:
        slow = read_text(text, "x")
    finally:
        yaml_text._Loader = before
    assert slow.value == fast.value
    assert all(slow.span(path) == fast.span(path) for path, _ in paths(value))


@given(st.lists(st.tuples(st.sampled_from("ab:{]"), st.integers(0, 9)), min_size=1, max_size=8))
def test_equal_keys_are_all_found(pairs):
    text = "{" + ", ".join(f"{json.dumps(key)}: {number}" for key, number in pairs) + "}"
    repeated = len(pairs) - len(dict(pairs))
    for document in (read_text(text, "x"), read_text("# yaml\n" + text, "x")):
        assert document.value == dict(pairs)
        assert [one.code for one in document.diagnostics] == ["SPC015"] * repeated


@given(st.text(st.sampled_from("ab\r\n\u2028\x85 "), max_size=30), st.data())
def test_lines(text, data):
    lines = Lines(text)
    offset = data.draw(st.integers(0, len(text)))
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    if text[offset - 1 : offset + 1] != "\r\n":
        assert lines.position(offset) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    all_lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [lines.line(number + 1) for number in range(len(all_lines))] == all_lines


FRAGMENTS = (
    words("a b 1 null NaN 1e999 : [ ] { } , \" ' # *a | > % @ ` ? \\ \\u")
    | words("\x00 \x1b[31m \x85 \u2028 \ufeff \xa0 \U0001f600 e\u0301")
    | st.sampled_from([": ", "- ", ", ", " #", "? ", "&a ", "!t ", "!!python/x ", "<<: ", "9" * 101])
    | st.sampled_from(["\n", "\n  ", "\n    ", "\t", "\r", "---\n", "...\n"])
)
SEEDS = ["", "[", '{"a": ', "a: ", "layers:\n  - Conv2D: {filters: 3}\n", '{"a": [1, {"b": "c"}]}']


@settings(max_examples=examples(400))
@given(st.sampled_from(SEEDS), st.lists(FRAGMENTS, max_size=12).map("".join), st.sampled_from(["x.json", "x.yaml"]))
def test_no_text_breaks_the_reader(start, rest, path):
    text = start + rest
    lines = Lines(text)
    try:
        document = read_text(text, path)
    except UnusableError as error:
        found = list(error.diagnostics)
        assert found
    else:
        found = document.diagnostics
        for inner, _ in paths(document.value):
            span = document.span(inner)
            assert 1 <= span.line <= span.end_line
            assert span.column >= 1
    for one in found:
        if one.span is not None:
            assert (one.span.line, one.span.column) <= (one.span.end_line, one.span.end_column)
            assert one.span.column <= len(lines.line(one.span.line)) + 2
    for line in render(found, lambda _, number: lines.line(number)):
        assert not any(char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\ud800" for char in line)
