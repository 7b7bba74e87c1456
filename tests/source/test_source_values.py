"""What YAML and JSON texts stand for, and where."""

from __future__ import annotations

import hashlib

import pytest

from cnnsum.diagnostics import Span, UnusableError
from cnnsum.source import Document, read, read_text
from tests.thorough import each


@each(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("2001-12-14", "2001-12-14"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("+5", 5),
        ("-5", -5),
        ("-", [None]),
        ("-x", "-x"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 1e-3),
        ("1.0e+3", 1000.0),
        ("1e", "1e"),
        (".", "."),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
        ("!!float 1", 1.0),
        ("!!null ''", None),
        ("!!bool 'true'", True),
        ("!!map {a: 1}", {"a": 1}),
        ("!!seq [1]", [1]),
        ("=", "="),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("H//2 + 1", "H//2 + 1"),
        ("4*filters", "4*filters"),
        # No white space to YAML.
        ("\xa0", "\xa0"),
    ],
)
def test_scalars_follow_the_core_schema(text, value):
    found = read_text(f"[{text}]" if text[0] not in "|>-" else f"- {text}", "x.yaml").value[0]
    assert found == value
    assert type(found) is type(value)


def test_a_field_without_a_value_is_none():
    assert read_text("args: {filters: , strides: 1, project}", "x").value == {
        "args": {"filters": None, "strides": 1, "project": None}
    }


def test_a_key_that_only_yaml_1_1_would_turn_into_something_else_is_text():
    document = read_text("on: 1\nyes: 2\n1:30: 3\n", "x")
    assert document.value == {"on": 1, "yes": 2, "1:30": 3}
    assert document.diagnostics == []


class TestMerge:
    def test_own_keys_win_wherever_they_stand(self):
        text = "base: &base {a: 1, b: 2}\nafter:\n  <<: *base\n  b: 3\nbefore:\n  b: 3\n  <<: *base\n"
        value = read_text(text, "x").value
        assert value["after"] == value["before"] == {"a": 1, "b": 3}

    def test_the_first_of_several_wins(self):
        text = "x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y], c: 3}\n"
        assert read_text(text, "x").value["z"] == {"a": 1, "b": 2, "c": 3}

    def test_a_merge_may_hold_a_merge(self):
        text = "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y, c: 3}\n"
        assert read_text(text, "x").value["z"] == {"a": 1, "b": 2, "c": 3}

    def test_a_mapping_in_place(self):
        assert read_text("{<<: {a: 1}, b: 2}", "x").value == {"a": 1, "b": 2}

    def test_in_quotes_it_is_a_key(self):
        assert read_text("'<<': 1", "x").value == {"<<": 1}

    def test_as_a_value_it_is_a_text_and_still_merges_later(self):
        assert read_text("a: <<\nb: {<<: {c: 1}}", "x").value == {"a": "<<", "b": {"c": 1}}

    def test_a_merged_value_stands_where_it_was_written(self):
        document = read_text("x: &x {a: 1}\ny: {<<: *x}\n", "x")
        assert document.span(("y", "a")) == Span("x", 1, 11, 1, 12)
        assert document.span(("y", "a"), key=True) == Span("x", 1, 8, 1, 9)


class TestYamlSpans:
    text = (
        "input: [100, 100, 3]\r\n"
        "layers:\r\n"
        "  - Conv2D: {filters: 32, kernel_size: , 'padding': same}\r\n"
        "  - Flatten   # a comment\r\n"
        "  - Dense:\r\n"
        "      units: 1\r\n"
        "\r\n"
        "# the end\r\n"
        "text: |\r\n"
        "  a\r\n"
        "  b\r\n"
        "\r\n"
        "last: &x {a: 1}\r\n"
        "again: *x\r\n"
    )

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ((), (1, 1, 14, 10)),
            (("input",), (1, 8, 1, 21)),
            (("input", 2), (1, 19, 1, 20)),
            (("layers",), (3, 3, 6, 15)),
            (("layers", 0), (3, 5, 3, 58)),
            (("layers", 0, "Conv2D", "filters"), (3, 23, 3, 25)),
            (("layers", 0, "Conv2D", "kernel_size"), (3, 40, 3, 40)),
            (("layers", 0, "Conv2D", "padding"), (3, 53, 3, 57)),
            (("layers", 1), (4, 5, 4, 12)),
            (("layers", 2), (5, 5, 6, 15)),
            (("layers", 2, "Dense"), (6, 7, 6, 15)),
            (("text",), (9, 7, 11, 4)),
            (("again",), (14, 8, 14, 10)),
            (("again", "a"), (13, 14, 13, 15)),
            # What does not exist stands where the nearest thing around it does.
            (("layers", 7), (3, 3, 6, 15)),
            (("layers", -1), (3, 3, 6, 15)),
            (("layers", "x"), (3, 3, 6, 15)),
            (("input", 2, "x", 3), (1, 19, 1, 20)),
            ((0,), (1, 1, 14, 10)),
        ],
    )
    def test_values(self, path, place):
        assert read_text(self.text, "m.yaml").span(path) == Span("m.yaml", *place)

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            (("input",), (1, 1, 1, 6)),
            (("layers", 0, "Conv2D", "padding"), (3, 42, 3, 51)),
            # A list's items have no keys.
            (("layers", 1), (4, 5, 4, 12)),
            ((), (1, 1, 14, 10)),
            (("layers", 0, "Conv2D", "strides"), (3, 13, 3, 58)),
        ],
    )
    def test_keys(self, path, place):
        assert read_text(self.text, "m.yaml").span(path, key=True) == Span("m.yaml", *place)


class TestJsonSpans:
    text = '{"a": {"b": [1, {"c": "x"}], "d": {}},\n "\\u0065": [ ], "a\\"[": 5 }\n'

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ((), (1, 1, 2, 28)),
            (("a",), (1, 7, 1, 38)),
            (("a", "b", 1, "c"), (1, 23, 1, 26)),
            (("a", "d"), (1, 35, 1, 37)),
            (("e",), (2, 12, 2, 15)),
            (('a"[',), (2, 25, 2, 26)),
            (("a", "d", "x", "y"), (1, 35, 1, 37)),
            (("a", "b", 9), (1, 13, 1, 28)),
            (("a", "b", "c"), (1, 13, 1, 28)),
            (("z",), (1, 1, 2, 28)),
        ],
    )
    def test_values(self, path, place):
        assert read_text(self.text, "m.json").span(path) == Span("m.json", *place)

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            (("a",), (1, 2, 1, 5)),
            (("a", "b", 1, "c"), (1, 18, 1, 21)),
            (("a", "b", 0), (1, 14, 1, 15)),
            (("e",), (2, 2, 2, 10)),
            (("a", "d", "x"), (1, 35, 1, 37)),
        ],
    )
    def test_keys(self, path, place):
        assert read_text(self.text, "m.json").span(path, key=True) == Span("m.json", *place)

    def test_of_two_equal_keys_the_last_counts(self):
        document = read_text('{"a": 1, "a": 2}', "x")
        assert document.value == {"a": 2}
        assert document.span(("a",)) == Span("x", 1, 15, 1, 16)

    def test_a_value_alone(self):
        assert read_text("[]", "x").span((0, "a")) == Span("x", 1, 1, 1, 3)


class TestFormat:
    @pytest.mark.parametrize(
        ("text", "format"),
        [
            ('{"a": 1}', "json"),
            ("\n\t [1]\n", "json"),
            ("{a: 1}", "yaml"),
            ('{"a": 1, # why\n "b": 2}', "yaml"),
            ("{'a': 1}", "yaml"),
            ("[1, 2,]", "yaml"),
            ("a: 1", "yaml"),
            ("7", "yaml"),
            ('"text"', "yaml"),
        ],
    )
    def test_is_found_by_content(self, text, format):
        for path in ("x.json", "x.yaml", "x"):
            assert read_text(text, path).format == format

    @pytest.mark.parametrize(
        ("text", "path", "message"),
        [
            # Sound JSON up to the fault, so the name tells.
            ('{"a": 1 "b": 2}', "x.json", "expected `,` or a closing bracket"),
            ('{"a": 1 "b": 2}', "x.txt", "expected `,` or a closing bracket"),
            ('{"a": 1 "b": 2}', "x.yaml", "expected `,` or `}` in this mapping"),
            # No JSON from the first key on, whatever the name.
            ("{a: 1 b: 2}", "x.json", "expected `,` or `}` in this mapping"),
        ],
    )
    def test_the_better_guess_gives_the_message(self, text, path, message):
        with pytest.raises(UnusableError) as caught:
            read_text(text, path)
        assert [one.message for one in caught.value.diagnostics] == [message]


class TestDocument:
    def test_lines(self):
        document = read_text("a: 1\r\nb: 'x\u2028y'\rc: 3\n\n", "x")
        assert [document.line(number) for number in range(7)] == ["", "a: 1", "b: 'x\u2028y'", "c: 3", "", "", ""]
        assert document.span(("c",)) == Span("x", 3, 4, 3, 5)

    def test_columns_are_code_points(self):
        assert read_text("{\U0001f600é: 1}", "x").span(("\U0001f600é",)) == Span("x", 1, 6, 1, 7)
        assert read_text('{"\U0001f600é": 1}', "x").span(("\U0001f600é",)) == Span("x", 1, 8, 1, 9)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_encodings(self, tmp_path, encoding):
        path = tmp_path / "model.yaml"
        raw = "name: é\n".encode(encoding)
        path.write_bytes(raw)
        document = read(str(path))
        assert (document.value, document.path) == ({"name": "é"}, str(path))
        assert document.sha256 == hashlib.sha256(raw).hexdigest()
        assert document.span(("name",)) == Span(str(path), 1, 7, 1, 8)

    def test_attributes(self):
        document = read_text("a: 1\n", "dir/x.yaml")
        assert isinstance(document, Document)
        assert (document.path, document.text, document.format) == ("dir/x.yaml", "a: 1\n", "yaml")
        assert document.sha256 == hashlib.sha256(b"a: 1\n").hexdigest()
