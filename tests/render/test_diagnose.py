"""Diagnostics as text: every line as it is printed."""

from __future__ import annotations

import subprocess
import sys

from cnnsum.diagnostics import Diagnostic, Related, Span
from cnnsum.ink import harmless
from cnnsum.render.diagnose import in_order, render, segments
from cnnsum.render.style import ERROR, NOTE, WARNING
from tests.thorough import each


def drawn(diagnostics, text="", **other):
    lines = {"m.yaml": text, **other}

    def line_of(path, number):
        return lines[path].split("\n")[number - 1] if path in lines else None

    return list(render(diagnostics, line_of))


def at(line, column, end_column, *, code="SHP204", message="no", end_line=None, **other):
    return Diagnostic(code, message, Span("m.yaml", line, column, end_line or line, end_column), **other)


def test_everything():
    text = "layers:\n  - Conv2D: {filters: 32}\n  - Add: {from: [a, b]}"
    related = Related(Span("m.yaml", 2, 5, 2, 11), "the other arm is made here")
    found = at(3, 16, 22, message="the arms do not fit", help="crop one", related=(related,))
    assert drawn([found], text) == [
        "m.yaml:3:16: SHP204 the arms do not fit",
        "    3 |   - Add: {from: [a, b]}",
        "      |                ^^^^^^",
        "  help: crop one",
        "  m.yaml:2:5: the other arm is made here",
        "    2 |   - Conv2D: {filters: 32}",
        "      |     ^^^^^^",
    ]


def test_without_a_place():
    assert drawn([Diagnostic("SPC001", "there is no file `x`", help="did you mean `y`?")]) == [
        "SPC001 there is no file `x`",
        "  help: did you mean `y`?",
    ]


def test_sorted_by_position_with_an_empty_line_between():
    found = [at(10, 1, 2), at(2, 3, 4, code="SHP205"), at(2, 3, 4), Diagnostic("SPC001", "x"), at(2, 1, 9)]
    other = Diagnostic("CFG101", "a", Span("a.yaml", 99, 1, 99, 1))
    lines = drawn([*found, other], "\n" * 10)
    assert lines == [
        "SPC001 x",
        "",
        "a.yaml:99:1: CFG101 a",
        "",
        "m.yaml:2:1: SHP204 no",
        "",
        "m.yaml:2:3: SHP204 no",
        "",
        "m.yaml:2:3: SHP205 no",
        "",
        "m.yaml:10:1: SHP204 no",
    ]
    assert [one.code for one in in_order(found)] == ["SPC001", "SHP204", "SHP204", "SHP205", "SHP204"]


def test_a_line_that_is_not_at_hand_is_left_out():
    found = Diagnostic("SHP204", "no", Span("other.yaml", 1, 1, 1, 2))
    assert drawn([found], "a") == ["other.yaml:1:1: SHP204 no"]


@each(
    ("line", "place", "carets"),
    [
        ("a: b", (1, 4, 5), "   ^"),
        ("a: b", (1, 4, 4), "   ^"),  # nothing: the place of a missing value
        ("a: b", (1, 5, 5), "    ^"),  # just behind the line
        ("a: b", (1, 50, 60), "    ^"),  # far behind it: the text has changed
        ("a: b", (1, 4, 60), "   ^"),
        ("a: [b,", (1, 4, 2, 2), "   ^^^"),  # goes on in the next line
        ("a: [b,   ", (1, 4, 2, 2), "   ^^^"),
        ("a:\tb", (1, 4, 5), "   ^"),
        ("日本: b", (1, 5, 6), "      ^"),
        ("日本: b", (1, 1, 3), "^^^^"),
        ("e\u0301e: b", (1, 3, 4), " ^"),
        ("\x1b[31m: b", (1, 1, 6), "^^^^^"),
    ],
)
def test_carets(line, place, carets):
    start, first, *rest = place
    end_line, end = rest if len(rest) == 2 else (start, rest[0])
    _, shown, marks = drawn([at(start, first, end, end_line=end_line)], line + "\n")
    assert marks == "      | " + carets
    assert shown.startswith("    1 | ")


def test_large_line_numbers():
    lines = list(render([at(1234567, 1, 2)], lambda *_: "abc"))
    assert lines[1:] == ["1234567 | abc", "        | ^"]


@each(("column", "length"), [(1, 5), (60, 5), (5000, 3), (9990, 11), (5000, 4000), (1, 10_000)])
def test_long_lines_are_cut_around_the_caret(column, length):
    line = "".join(chr(97 + index % 26) for index in range(10_000))
    _, shown, marks = drawn([at(1, column, column + length)], line)
    assert len(shown) <= 8 + 100 + 6
    assert len(marks) <= len(shown)
    first, last = marks.index("^"), marks.rindex("^")
    assert shown[first : last + 1] == line[column - 1 :][: last - first + 1]
    assert last - first + 1 == length or last - first + 1 > 50
    assert ("..." in shown[:11]) == (column > 52)


def test_control_characters_do_not_reach_the_terminal():
    evil = "\x1b]0;x\x07\u202e\x85\u2028\ud800"
    span = Span(f"a{evil}", 1, 1, 1, 3)
    found = Diagnostic("SHP204", evil, span, help=evil, related=(Related(span, evil),))
    lines = list(render([found], lambda *_: evil + "\tx"))
    escaped = r"\x1b]0;x\x07\u202e\x85\u2028\ud800"
    picture = "\ufffd]0;x\ufffd\ufffd\ufffd\ufffd\ufffd x"
    assert lines == [
        f"a{escaped}:1:1: SHP204 {escaped}",
        f"    1 | {picture}",
        "      | ^^",
        f"  help: {escaped}",
        f"  a{escaped}:1:1: {escaped}",
        f"    1 | {picture}",
        "      | ^^",
    ]


def test_a_message_is_one_line_of_limited_length():
    (line,) = drawn([Diagnostic("SPC001", "a\nb" + "c" * 10_000)])
    assert line.startswith(r"SPC001 a\nbccc")
    assert line.endswith("c...")
    assert len(line) < 2_100


def test_visible_leaves_text_alone():
    for text in ("", "plain", "日本語 é 😀", "a b"):
        assert harmless(text) == text


@each(("severity", "style"), [("error", ERROR), ("warning", WARNING), ("note", NOTE)])
def test_segments_carry_styles(severity, style):
    kind = [] if severity == "error" else [(f"{severity}: ", style)]
    found = at(1, 4, 5, severity=severity, help="h", related=(Related(Span("m.yaml", 1, 1, 1, 2), "r"),))
    assert list(segments([found], lambda *_: "a: b")) == [
        [("m.yaml:1:4:", "bold"), (" ", ""), ("SHP204", style), (" ", ""), *kind, ("no", "bold")],
        [("    1 | ", NOTE), ("a: b", "")],
        [("      | ", NOTE), ("   ", ""), ("^", style)],
        [("  ", ""), ("help:", NOTE), (" h", "")],
        [("  ", ""), ("m.yaml:1:1:", "bold"), (" ", ""), ("r", "")],
        [("    1 | ", NOTE), ("a: b", "")],
        [("      | ", NOTE), ("", ""), ("^", NOTE)],
    ]


def test_nothing_to_say():
    assert drawn([]) == []


def test_nothing_heavy_is_imported():
    program = (
        "import sys, cnnsum.render.diagnose\n"
        "heavy = {'yaml', 'json', 'rich', 'click', 'difflib', 'dataclasses', 'unicodedata', 'hashlib'}\n"
        "print(*heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
