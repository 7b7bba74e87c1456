"""Where a cursor stands: as the readers of YAML and JSON have it, of texts that end at the cursor; and by hand."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.server.cursor import cursor
from cnnsum.server.text import Text
from cnnsum.source import read_text
from tests.thorough import each, some

ROOT = Path(__file__).parent.parent.parent
SPECS = sorted(ROOT.glob("specs/**/*.yaml"))


def at(text):
    """The cursor at the bar."""
    offset = text.index("|")
    return cursor(Text(text[:offset] + text[offset + 1 :]), offset)


def leaves(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from leaves(item, (*path, step))
    if not isinstance(value, (dict, list)):
        yield path, value


def agrees(document, every):
    text = document.text
    for number, (path, value) in enumerate(leaves(document.value)):
        if number % every or value is None or value == "":
            continue
        start, end = document.offsets(path)
        if text[end - 1] in "\"'":
            end -= 1  # behind a closing quote nothing is written
        if "\n" in text[start:end] or document.path_at(start) != (path, False):
            continue
        for shown in (text[:end], text):
            found = cursor(Text(shown), end)
            assert found is not None, (path, shown[-200:])
            assert found.path == path, shown[-200:]
            assert found.expects in ("value", "item")
            assert found.word == text[found.start + len(found.quote) : end]


@each("path", [*some(SPECS, 4), *sorted((ROOT / "tests/corpus/ok").glob("*.yaml"))])
def test_a_cursor_is_where_the_reader_of_yaml_is(path):
    agrees(read_text(path.read_text(encoding="utf-8"), str(path)), 3)


@each("indent", [None, 1, 4])
def test_a_cursor_is_where_the_reader_of_json_is(indent):
    for path in (*some(SPECS, 8), ROOT / "tests/corpus/ok/keras_3.json"):
        value = read_text(path.read_text(encoding="utf-8"), str(path)).value
        agrees(read_text(json.dumps(value, indent=indent), "x.json"), 11)


@each(
    ("text", "path", "expects", "word"),
    [
        ("in|", (), "key", "in"),
        ("input: [1]\nla|", (), "key", "la"),
        ("layers:\n  - Con|", ("layers", 0), "item", "Con"),
        ("layers:\n  - Flatten\n  - |", ("layers", 1), "item", ""),
        ("layers:\n- Flatten\n- |", ("layers", 1), "item", ""),
        ("layers:\n  - Conv2D: {fil|: 3, kernel_size: 3}", ("layers", 0, "Conv2D"), "key", "fil"),
        ("layers:\n  - Conv2D: {filters: 3, padding: sa|", ("layers", 0, "Conv2D", "padding"), "value", "sa"),
        ("layers:\n  - Conv2D:\n      fil|", ("layers", 0, "Conv2D"), "key", "fil"),
        ("layers:\n  - Conv2D:\n      filters: 3\n      |", ("layers", 0, "Conv2D"), "key", ""),
        ("layers:\n  - Add: {from: [a, b|]}", ("layers", 0, "Add", "from", 1), "item", "b"),
        ("layers:\n  - Add:\n      from:\n        - a\n        - b|", ("layers", 0, "Add", "from", 1), "item", "b"),
        ("layers:\n  - Conv2D: [3, |]", ("layers", 0, "Conv2D", 1), "item", ""),
        ("layers:\n  - Activation: re|", ("layers", 0, "Activation"), "value", "re"),
        ('{"layers": [{"Conv2D": {"fil|"}}]}', ("layers", 0, "Conv2D"), "key", "fil"),
        ('{"layers": [{"Conv2D": {"padding": "|"}}]}', ("layers", 0, "Conv2D", "padding"), "value", ""),
        ("outputs: [a,\n  b|", ("outputs", 1), "item", "b"),
        ("blocks:\n  a:\n    args: {x: }\n    |", ("blocks", "a"), "key", ""),
        ("a: 'x # y|'", ("a",), "value", "x # y"),
        ("# - b:\na: |", ("a",), "value", ""),
    ],
)
def test_what_is_being_written(text, path, expects, word):
    found = at(text)
    assert (found.path, found.expects, found.word) == (path, expects, word)


@each("text", ["# a|", "input: [1]  # why|", "a: |-\n  text", "layers: [{Conv2D: [1]}]|"])
def test_nothing_is_written_in_comments_and_behind_brackets(text):
    found = at(text.replace("|-", "\0").replace("|", "|").replace("\0", ">-\n  te|"))
    assert found is None or found.expects == "value"


def test_keys_of_both_sides_are_known():
    found = at("layers:\n  - Conv2D:\n      filters: 3\n      |\n      padding: same\n  - Dense: 3\n")
    assert found.keys == {"filters", "padding"}
    found = at("layers:\n  - Conv2D: {filters: 3, |, padding: same, activation: {a: b}}\n")
    assert found.keys == {"filters", "padding", "activation"}


@given(st.text(st.sampled_from("ab:- \n{}[],\"'#|>&*!$0\t"), max_size=60), st.data())
def test_any_text_has_a_cursor_or_none(text, data):
    offset = data.draw(st.integers(0, len(text)))
    found = cursor(Text(text), offset)
    assert found is None or 0 <= found.start <= offset <= found.end <= len(text)
