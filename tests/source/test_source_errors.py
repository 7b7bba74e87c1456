"""Every way in which a text can be wrong: code, place, message and help."""

from __future__ import annotations

import pytest

from cnnsum.diagnostics import CODES, SMALLEST_SPEC, Diagnostic, UnusableError
from cnnsum.source import read_text
from tests.thorough import each

INDENT = "values of one list or mapping start in the same column"
QUOTES = "write the text in quotes"
ESCAPE = r"write a backslash as \\, or use single quotes"
TAB = "replace the tab by spaces"
NO_TAG = "leave the tag out: texts, numbers, lists and mappings need none"


def _ends(closers: str) -> str:
    return f"write `{closers}` at the end, if nothing else is missing"


YAML = [
    ("a: b: c", 1, 5, "SPC008", "a second `:` on one line", "write the inner mapping in braces, or the text in quotes"),
    ("a: 1\n  b: 2\n", 2, 3, "SPC008", "this key is indented deeper than the line above it allows", INDENT),
    (
        "a:1\nb: 2\n",
        2,
        1,
        "SPC008",
        "no key can follow here: the line above is not complete",
        "write a space after the `:` of the line above",
    ),
    (
        "a: [1, 2\nb: 3\n",
        2,
        2,
        "SPC008",
        "expected `,` or `]` in this list",
        "write `]` at the end of line 1: `[1, 2]`",
    ),
    ("a: {b: 1 c: 2}", 1, 11, "SPC008", "expected `,` or `}` in this mapping", "a comma is missing before `c`"),
    ("a: {b: [1, 2}", 1, 13, "SPC008", "`}` closes a list that `[` opens", "close it with `]`"),
    (
        "a: {x: 1\n",
        1,
        4,
        "SPC009",
        "this mapping is never closed: `}` is missing",
        "write `}` at the end of line 1: `{x: 1}`",
    ),
    (
        "a:\n  - [1, 2\n",
        2,
        5,
        "SPC009",
        "this list is never closed: `]` is missing",
        "write `]` at the end of line 2: `[1, 2]`",
    ),
    (
        "a: 1\nb: [\n",
        2,
        4,
        "SPC009",
        "this list is never closed: `]` is missing",
        "write `]` at the end of line 2: `[]`",
    ),
    (
        "a: {\n\n",
        1,
        4,
        "SPC009",
        "this mapping is never closed: `}` is missing",
        "write `}` at the end of line 1: `{}`",
    ),
    (
        "b: [3,  # x\n",
        1,
        4,
        "SPC009",
        "this list is never closed: `]` is missing",
        "write `]` at the end of line 1: `[3]`",
    ),
    (
        "b: ['{', {\n",
        1,
        10,
        "SPC009",
        "this mapping is never closed: `}` is missing",
        "write `}` at the end of line 1: `{}`",
    ),
    (
        "b: [[3], {c: 4},\n",
        1,
        4,
        "SPC009",
        "this list is never closed: `]` is missing",
        "write `]` at the end of line 1: `[[3], {c: 4}]`",
    ),
    ("a: [}\n", 1, 5, "SPC008", "`}` closes a list that `[` opens", "close it with `]`"),
    ("a: {b: ]\n", 1, 8, "SPC008", "`]` closes a mapping that `{` opens", "close it with `}`"),
    (
        "a: [3, - ]\n",
        1,
        8,
        "SPC008",
        "a value is missing before this `-`",
        "write one, or quote what is meant as a text",
    ),
    ('a: "abc\n\nb: 2', 1, 4, "SPC009", "this quote is never closed", 'write `"` at the end of line 1: `"abc"`'),
    ("a: 'abc", 1, 4, "SPC009", "this quote is never closed", "write `'` at the end of line 1: `'abc'`"),
    ("a:\n\tb: 1\n", 2, 1, "SPC008", "a tab: YAML indents with spaces", TAB),
    ("a: x\n\tb\n", 2, 1, "SPC008", "a tab: YAML indents with spaces", TAB),
    ("a: |\n\tx\n", 2, 1, "SPC008", "a tab: YAML indents with spaces", TAB),
    ("a:\n    b: 1\n  c: 2\n", 3, 3, "SPC008", "this line is indented like no line above it", INDENT),
    ("- - a\n - b", 2, 2, "SPC008", "this line is indented like no line above it", INDENT),
    ("  a: 1\n b: 2\n", 2, 2, "SPC008", "more text after the end of the value", INDENT),
    ("a: 1\nb\nc: 2\n", 2, 1, "SPC008", "`b` is not a key: it has no `:`", "write `b:`"),
    ("- a\n-b\n- c: 2\n", 2, 1, "SPC008", "a space is missing after `-`", "write `- b`, as every item of a list"),
    ("a = [1]\nb: 2\n", 2, 1, "SPC008", "no key can follow here: the line above is not complete", "write `a: [1]`"),
    ("- a {b: 1, c: 2}\n", 1, 3, "SPC008", "a `:` is missing after `a`", "write `a: {...}`"),
    ("a: @x", 1, 4, "SPC008", "`@` cannot start a value", QUOTES),
    ("a: `x", 1, 4, "SPC008", "a backquote cannot start a value", QUOTES),
    ("a: %x", 1, 4, "SPC008", "`%` cannot start a value", QUOTES),
    ("%x\n", 1, 1, "SPC008", "a line that starts with `%` is a directive, and this one is not known", None),
    ("%YAML 2.0\n---\na: 1", 1, 1, "SPC008", "a version of YAML that is not known", "leave the line out"),
    (r'a: "x\q"', 1, 6, "SPC008", "a backslash that starts no escape of YAML", ESCAPE),
    (r'a: "\ud800"', 1, 7, "SPC008", "a backslash that starts no escape of YAML", ESCAPE),
    ('a: "abc" def', 1, 10, "SPC008", "text after the end of a value", "quote the whole text"),
    ("a: 'it's'", 1, 8, "SPC008", "text after the end of a value", "quote the whole text"),
    ("a: - b", 1, 4, "SPC008", "a list cannot start on this line", "start it on a line of its own, or write it in [ ]"),
    ("a: ]", 1, 4, "SPC008", "a value is missing before `]`", None),
    ("- a\nb: 1", 2, 1, "SPC008", "a line without `-` among the items of a list", "start the item with `- `"),
    ("b: 1\n- a", 2, 1, "SPC008", "a list item among the keys of a mapping", None),
    ("? a\n: b\n: c", 3, 1, "SPC008", "expected a key", None),
    ("a: |x\n", 1, 5, "SPC008", "text on the line that starts a block of text", "start the text on the next line"),
    ("a: *", 1, 4, "SPC008", "a `*` or `&` without a name", "write a text that starts with it in quotes"),
    ("a: &", 1, 4, "SPC008", "a `*` or `&` without a name", "write a text that starts with it in quotes"),
    ("a: !<x", 1, 4, "SPC008", "a `!` that starts no tag", "write a text that starts with it in quotes"),
    ("---\na: 1\n...\nb\n", 4, 1, "SPC008", "more text after the end of the value", INDENT),
    ("a: b\n}", 2, 1, "SPC008", "`}` closes nothing", None),
    ("a: [1]]", 1, 7, "SPC008", "`]` closes nothing", None),
    ("[a]]", 1, 4, "SPC008", "`]` closes nothing", None),
    ("a: b\n---\nc: d\n", 2, 1, "SPC014", "a second document starts here; a file holds one model", None),
    ("a: &x {b: *x}", 1, 11, "SPC012", "the alias `*x` stands within the value that it stands for", None),
    (
        "b: &stem 1\na: *stom",
        2,
        4,
        "SPC013",
        "the alias `*stom` has no anchor `&stom` above it",
        "did you mean `stem`?",
    ),
    (
        "a: \x07",
        1,
        4,
        "SPC021",
        "a control character (U+0007) cannot stand in YAML",
        "remove it, or write it as an escape in double quotes",
    ),
    (
        "a: !!python/object/apply:os.system [ls]",
        1,
        4,
        "SAF601",
        "the tag `!!python/object/apply:os.system` asks for a program to be run; cnnsum runs none",
        "write plain values",
    ),
    ("a: !layer {x: 1}", 1, 4, "SPC019", "unknown tag `!layer`", NO_TAG),
    ("a: [&b !layer x]", 1, 5, "SPC019", "unknown tag `!layer`", NO_TAG),
    ("!!set {a}", 1, 1, "SPC019", "unknown tag `!!set`", NO_TAG),
    ("!!map [a]", 1, 1, "SPC019", "unknown tag `!!map`", NO_TAG),
    ("a: !!int x", 1, 4, "SPC019", "`x` is not what its tag `!!int` says", None),
    ("a: " + "9" * 101, 1, 4, "SPC017", "a number of 101 digits is too long (at most 100)", None),
    ("", 1, 1, "SPC004", "the file is empty", SMALLEST_SPEC),
    (" \n\t\n", 1, 1, "SPC004", "the file is empty", SMALLEST_SPEC),
    ("# only\n  # this\n", 1, 1, "SPC004", "the file is empty", SMALLEST_SPEC),
    ("---\n", 1, 1, "SPC004", "the file is empty", SMALLEST_SPEC),
]

JSON = [
    ('{"a" 1}', 1, 6, "SPC008", "expected `:` after the key", "write `:` before this"),
    (
        '{"a": 1, b c: "2" 3}',
        1,
        10,
        "SPC008",
        "expected a key in double quotes",
        'JSON has keys as in `"input": [64, 64, 3]`',
    ),
    ('[1, ["2" 3]]', 1, 10, "SPC008", "expected `,` or a closing bracket", "write a comma before this"),
    ('{"a": [1,\n 2,} }', 2, 3, "SPC008", "a comma before a closing bracket", "remove the comma"),
    ('{"a": 1} x', 1, 10, "SPC008", "more text after the end of the JSON value", "a file holds one model"),
    ('{"a": 1}\n{"a": 1}\n', 2, 1, "SPC008", "more text after the end of the JSON value", "a file holds one model"),
    ('{"a": [,]}', 1, 8, "SPC008", "expected a value", None),
    (r'{"a": "\q"}', 1, 8, "SPC008", "a backslash that starts no escape of JSON", r"write a backslash as \\"),
    (r'{"a": "\u12"}', 1, 9, "SPC008", "a backslash that starts no escape of JSON", r"write a backslash as \\"),
    (
        '{"a": "x\ty" 1}',
        1,
        9,
        "SPC021",
        "a control character (U+0009) in a string",
        r"write a line break as \n and a tab as \t",
    ),
    ('{"a": "x', 1, 7, "SPC009", "the text ends within this string", None),
    (
        '{"a": [1, {"b": 2}, \n',
        1,
        20,
        "SPC009",
        "the text ends too early: a list or mapping is not closed",
        _ends("]}"),
    ),
    ('{"a": {"b": 1}', 1, 15, "SPC009", "the text ends too early: a list or mapping is not closed", _ends("}")),
    ('{"a"', 1, 5, "SPC009", "the text ends too early: a list or mapping is not closed", _ends("}")),
    ("[", 1, 2, "SPC009", "the text ends too early: a list or mapping is not closed", _ends("]")),
    (r'["\ud800"]', 1, 3, "SPC021", r"`\ud800` is half of a character, without its other half", None),
    (r'["\\\\\uDC00"]', 1, 7, "SPC021", r"`\uDC00` is half of a character, without its other half", None),
    ("[" + "9" * 5000 + "]", 1, 2, "SPC017", "a number of 5000 digits is too long (at most 100)", None),
    ("[-" + "9" * 101 + "]", 1, 3, "SPC017", "a number of 101 digits is too long (at most 100)", None),
]


def errors_of(text: str, path: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(UnusableError) as caught:
        read_text(text, path)
    return caught.value.diagnostics


@each(("text", "line", "column", "code", "message", "help"), YAML, ids=repr)
def test_bad_yaml(text, line, column, code, message, help):
    (found,) = errors_of(text, "x.yaml")
    assert found.span is not None
    assert (found.span.line, found.span.column) == (line, column)
    assert (found.code, found.message, found.help) == (code, message, help)
    assert found.severity == "error"


@each(("text", "line", "column", "code", "message", "help"), JSON, ids=repr)
def test_bad_json(text, line, column, code, message, help):
    (found,) = errors_of(text, "x.json")
    assert found.span is not None
    assert (found.span.line, found.span.column) == (line, column)
    assert (found.code, found.message, found.help) == (code, message, help)


GOES_ON = [
    (
        "a: 1\nb: 2\na: 3",
        {"a": 3, "b": 2},
        [(3, 1, "SPC015", "the key `a` stands here for the second time; the last one counts")],
    ),
    (
        "{a: 1, 'a': 3}",
        {"a": 3},
        [(1, 8, "SPC015", "the key `a` stands here for the second time; the last one counts")],
    ),
    (
        '{"a": 1, "b": {"c": 1, "\\u0063": 2}, "a": 3}',
        {"a": 3, "b": {"c": 2}},
        [
            (1, 24, "SPC015", "the key `c` stands here for the second time; the last one counts"),
            (1, 38, "SPC015", "the key `a` stands here for the second time; the last one counts"),
        ],
    ),
    (
        "k: &k x\n*k : 1\nx: 2",
        {"k": "x", "x": 2},
        [(3, 1, "SPC015", "the key `x` stands here for the second time; the last one counts")],
    ),
    ("{<<: {a: 1}, <<: {b: 2}}", {"a": 1, "b": 2}, [(1, 14, "SPC015", "the key `<<` stands here for the second time")]),
    ("1: a", {"1": "a"}, [(1, 1, "SPC016", "a key must be text, and `1` is not")]),
    ("2.5: a", {"2.5": "a"}, [(1, 1, "SPC016", "a key must be text, and `2.5` is not")]),
    ("true: a", {"true": "a"}, [(1, 1, "SPC016", "a key must be text, and `true` is not")]),
    ("~: a", {"~": "a"}, [(1, 1, "SPC016", "a key must be text, and `~` is not")]),
    ("? \n: a", {"": "a"}, [(1, 2, "SPC016", "a key must be text, and nothing is not")]),
    ("!!int '1': a", {"1": "a"}, [(1, 1, "SPC016", "a key must be text, and `1` is not")]),
    ("[x]: a\nb: 1", {"b": 1}, [(1, 1, "SPC016", "a key must be text, and a list is not")]),
    ("a: {{ x }}", {"a": {}}, [(1, 5, "SPC016", "a key must be text, and a mapping is not")]),
    ("<<: 3", {}, [(1, 5, "SPC020", "`<<` takes a mapping or a list of mappings")]),
    ("<<: [{a: 1}, 3]", {"a": 1}, [(1, 14, "SPC020", "`<<` takes a mapping or a list of mappings")]),
    ("a: .inf", {"a": float("inf")}, [(1, 4, "SPC018", "`.inf` is not a finite number")]),
    ("[-.INF, -.INF]", [float("-inf")] * 2, [(1, c, "SPC018", "`-.INF` is not a finite number") for c in (2, 9)]),
    ("a: 1e999", {"a": float("inf")}, [(1, 4, "SPC018", "`1e999` is not a finite number")]),
    ('{"a": -Infinity}', {"a": float("-inf")}, [(1, 7, "SPC018", "`-Infinity` is not a finite number")]),
]


@each(("text", "value", "expected"), GOES_ON, ids=repr)
def test_reading_goes_on(text, value, expected):
    document = read_text(text, "x")
    assert document.value == value
    found = [(one.span.line, one.span.column, one.code, one.message) for one in document.diagnostics if one.span]
    assert found == expected


def test_what_is_not_finite_is_a_warning():
    (found,) = read_text("[NaN]", "x").diagnostics
    assert (found.severity, found.message) == ("warning", "`NaN` is not a finite number")


def test_a_second_key_points_at_the_first():
    for text in ("{a: 1,\n b: 2, a: 3}", '{"a": 1,\n "b": 2, "a": 3}'):
        (found,) = read_text(text, "x").diagnostics
        (related,) = found.related
        assert (related.span.line, related.span.column, related.message) == (1, 2, "it stands here first")
        assert found.help == "remove or rename one of the two"


def test_braces_of_a_template_are_explained():
    (found,) = read_text("a: {{ x }}", "x").diagnostics
    assert found.help == "`{{` opens two mappings; write a text with braces in quotes"


def test_an_opening_bracket_is_named():
    (found,) = errors_of("a:\n  [1, 2\nb: 3\n", "x.yaml")
    (related,) = found.related
    assert (related.span.line, related.span.column, related.message) == (2, 3, "it is opened here")


def test_all_faults_are_reported_in_one_run():
    text = "a: 1\na: 2\nb: !foo x\nc: !!python/none\nd: " + "1" * 200 + "\n"
    assert [one.code for one in errors_of(text, "x")] == ["SPC015", "SPC019", "SAF601", "SPC017"]
    assert [one.code for one in errors_of("a: 1\na: 2\nb: [", "x")] == ["SPC015", "SPC009"]


def test_long_texts_are_cut_in_messages():
    (found,) = read_text(f"{{{'k' * 90}: 1, {'k' * 90}: 2}}", "x").diagnostics
    assert found.message == f"the key `{'k' * 40}...` stands here for the second time; the last one counts"


def test_every_code_has_a_title():
    for text, *_, code, _, _ in [*YAML, *JSON]:
        assert code in CODES, text


@each(
    ("text", "path", "line", "column", "end"),
    [
        ('{"a": 1, // one\n"b": 2}', "m.json", 1, 10, 16),
        ('{"a": 1 /* one */, "b": 2}', "m.yaml", 1, 9, 18),
        ('{"a": [1, 2] // two\n}', "m.yaml", 1, 14, 20),
        ('{"a": 4 // units\n}', "m.json", 1, 9, 17),
        ('{"a": 4 // that many units\n}', "m.yaml", 1, 9, 27),
        ('{ // a\n"a": 1}', "<stdin>", 1, 3, 7),
        ('// a\n// b\n{"a": 1}', "m.json", 1, 1, 5),
        ('/* a */ {"a": 1}', "m.json", 1, 1, 8),
        ('{"a": 1}\n// b', "m.json", 2, 1, 5),
        ('{"a": 1, /* never closed', "m.json", 1, 10, 25),
    ],
)
def test_comments_in_json(text, path, line, column, end):
    with pytest.raises(UnusableError) as raised:
        read_text(text, path)
    (one,) = raised.value.diagnostics
    assert (one.code, one.message, one.help) == (
        "SPC008",
        "JSON has no comments",
        "remove it, or write YAML with `#`",
    )
    assert (one.span.line, one.span.column, one.span.end_column) == (line, column, end)


def test_a_division_in_yaml_is_no_comment():
    assert read_text('{"a": 8 // 2}', "m.yaml").value == {"a": "8 // 2"}
    assert read_text('{"a": w // 2,\n"b": w // d}', "<stdin>").value == {"a": "w // 2", "b": "w // d"}


def test_a_list_in_braces_is_read_as_one_and_keeps_its_places():
    document = read_text("a: {8, [3, 4]}\nb: {x: {5}}\n", "m.yaml")
    assert document.value == {"a": [8, [3, 4]], "b": {"x": [5]}}
    assert [(one.code, one.help) for one in document.diagnostics] == [
        ("SPC016", "write `[8, [3, 4]]`"),
        ("SPC016", "write `[5]`"),
    ]
    assert document.span(("a", 1, 0))[1:] == (1, 9, 1, 10)
    assert document.span(("b", "x", 0))[1:] == (2, 9, 2, 10)
