"""Hostile texts: each ends at once, with one clear message."""

from __future__ import annotations

import time

import pytest

from cnnsum.diagnostics import UnusableError
from cnnsum.source import document, raw, read, read_text
from tests.thorough import each

LONG = 2_000_000
DEEP = "nested too deep: more than 100 levels of lists and mappings"


def bomb(levels: int, width: int = 10) -> str:
    first = f"a0: &a0 [{', '.join('x' * width)}]\n"
    return first + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]\n" for i in range(1, levels))


def merges(levels: int) -> str:
    return "a0: &a0 {x: 1}\n" + "".join(
        f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}], k{i}: 1}}\n" for i in range(1, levels)
    )


def towers(count: int) -> str:
    return "".join(f"- &t{i} {'[' * 90}{f'*t{i - 1}' if i else 'x'}{']' * 90}\n" for i in range(count))


ALIASES = "the aliases of this file stand for more than 100,000 values"
EARLY = "the text ends too early: a list or mapping is not closed"
HOSTILE = {
    "open lists": ("[" * 1_000_000, DEEP, 101),
    "nested lists": ("[" * 1_000_000 + "]" * 1_000_000, DEEP, 101),
    "open mappings": ('{"a":' * 1_000_000, DEEP, 501),
    "mixed": ('[{"a":' * 60 + "1" + "}]" * 60, DEEP, 301),
    "brackets in strings": ('["]", ' * 200 + "1" + ', "["]' * 200, DEEP, 601),
    "flow lists": ("a: " + "[" * 1_000_000, DEEP, 103),
    "flow mappings": ("a: " + "{a: " * 100_000, DEEP, 400),
    "block mappings": ("".join(" " * i + "a:\n" for i in range(2000)), DEEP, 101),
    "block lists": ("- " * 500_000, DEEP, 201),
    "question marks": ("? " * 500_000, DEEP, 201),
    "towers of aliases": (towers(12), DEEP, 97),
    "bomb": (bomb(10), ALIASES, 45),
    "bomb of merges": (merges(30), ALIASES, 20),
    "aliases": ("- &a x\n" + "- *a\n" * 100_001, ALIASES, 3),
    "unclosed string": ('{"a": "' + "x" * LONG, "the text ends within this string", 7),
    "unclosed list": ("[" + "1," * 900_000, EARLY, 1_800_002),
    "unclosed quote": ("a: '" + "x" * LONG, "this quote is never closed", 4),
    "late fault": ("[" + "1," * 900_000 + "x]", "expected a value", 1_800_002),
    "digits": ("a: " + "9" * LONG, f"a number of {LONG} digits is too long (at most 100)", 4),
    "digits of JSON": ("[" + "9" * LONG + "]", f"a number of {LONG} digits is too long (at most 100)", 2),
    "backslashes": ('["' + "\\" * 1_000_001, "the text ends within this string", 2),
    "long key": (f'"{"k" * 1_000_000}": 1', "no key can follow here: the line above is not complete", 1),
    "colons": ("a: " * 300_000, "a second `:` on one line", 5),
    "spaces": (" " * LONG, "the file is empty", 1),
    "comment": ("#" * LONG, "the file is empty", 1),
    "control": ("a: " + "x" * 1_000_000 + "\x01", "a control character (U+0001) cannot stand in YAML", 1_000_004),
}


LOOKED_AHEAD = {"flow lists": [1003]}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_at_once(name):
    text, message, column = HOSTILE[name]
    started = time.process_time()
    with pytest.raises(UnusableError) as caught:
        read_text(text, "x")
    seconds = time.process_time() - started
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert found.message == message
    # libyaml from 0.2.6 on stops at a level of its own where it looks ahead of what was read.
    assert found.span.column in {column, *LOOKED_AHEAD.get(name, ())}
    # All take far less; a slow and busy machine is allowed for.
    assert seconds < 3


@each(
    ("text", "findings"),
    [
        ('{"a": "' + "x" * LONG + '"}', 0),
        ('{"a": "' + "\\n" * (LONG // 2) + '"}', 0),
        ("a: " + "x" * LONG, 0),
        ('a: "' + "x" * LONG + '"', 0),
        ("[" + ("1" * 99 + ",") * 100_000 + "1]", 0),
        ("[" + '"[]{}:",' * 400_000 + "1]", 0),
        ('["' + "\\ud800\\udc00" * 100_000 + '"]', 0),
        ("{" + '"a": 1,' * 100_000 + '"a": 1}', 100),
        ("a: 1\n" * 100_000, 100),
        ("- &a x\n" + "- *a\n" * 100_000, 0),
        ("[" * 100 + "]" * 100, 0),
        ("a: " + "[" * 99 + "]" * 99, 0),
        ("[" + "9" * 100 + ", " + "0." + "9" * 400 + ', "' + "9" * 200 + '"]', 0),
        (towers(1), 0),
    ],
    ids=range(14),
)
def test_a_large_text_is_read_at_once(text, findings):
    started = time.process_time()
    found = read_text(text, "x")
    assert time.process_time() - started < 3
    assert len(found.diagnostics) == findings


def test_too_large_for_yaml(monkeypatch):
    monkeypatch.setattr(document, "MAX_YAML", 2**20)
    with pytest.raises(UnusableError, match="SPC007 the file is too large for YAML: more than 1 MiB"):
        read_text("a: " + "x" * 2**20, "x")
    assert read_text('{"a": "' + "x" * 2**20 + '"}', "x").format == "json"


def test_too_large(monkeypatch, tmp_path):
    monkeypatch.setattr(raw, "MAX_BYTES", 2**20)
    path = tmp_path / "x.json"
    path.write_bytes(b"[" + b" " * 2**20 + b"]")
    with pytest.raises(UnusableError) as caught:
        read(str(path))
    assert str(caught.value) == f"SPC007 `{path}` is too large: more than 1 MiB"
