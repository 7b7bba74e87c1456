"""The pager: what is longer than the screen of a terminal is read in it, and nothing else is."""

from __future__ import annotations

import os
import sys

import pytest
from processes import on_a_terminal, shell

from tests.thorough import each

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")

#: A pager that says how many lines it was given.
COUNTING = f"{sys.executable} -c 'import sys; print(len(sys.stdin.readlines()), \"lines\")'"
LONG = ("specs/vgg16.yaml", "--color", "never")


def test_what_is_longer_than_the_screen() -> None:
    whole = shell("cnnsum specs/vgg16.yaml", COLUMNS="100")[1]
    length = whole.count("\n")
    assert on_a_terminal(*LONG, lines=length, CNNSUM_PAGER=COUNTING) == (0, f"{length} lines\n")
    # A row more leaves room for the prompt.
    assert on_a_terminal(*LONG, lines=length + 1, CNNSUM_PAGER=COUNTING) == (0, whole)
    # Lines that break take as many rows as they fill.
    assert on_a_terminal(*LONG, lines=length + 1, columns=60, COLUMNS="100", CNNSUM_PAGER=COUNTING)[1] != whole


@each(
    ("arguments", "more"),
    [
        (("--no-pager",), {"CNNSUM_PAGER": COUNTING}),
        ((), {"CNNSUM_PAGER": "", "PAGER": COUNTING}),
        ((), {"CNNSUM_PAGER": "cat"}),
        ((), {"CNNSUM_PAGER": "no_such_pager -x"}),
        ((), {"CNNSUM_PAGER": "less 'never closed"}),
        ((), {"CNNSUM_PAGER": COUNTING, "TERM": "dumb"}),
    ],
)
def test_without_a_pager_all_is_printed(arguments: tuple[str, ...], more: dict[str, str]) -> None:
    code, out = on_a_terminal(*LONG, *arguments, lines=10, **more)
    assert (code, out) == (0, shell("cnnsum specs/vgg16.yaml", COLUMNS="100")[1])


def test_the_option_stands_where_git_has_it_too() -> None:
    whole = shell("cnnsum rule")[1]
    assert on_a_terminal("--no-pager", "rule", lines=10, CNNSUM_PAGER=COUNTING) == (0, whole)
    assert on_a_terminal("--no-pager", *LONG, lines=10, CNNSUM_PAGER=COUNTING)[1].startswith("Model:")


def test_a_pager_that_quits_at_once_does_no_harm() -> None:
    assert on_a_terminal("layers", lines=10, CNNSUM_PAGER="true") == (0, "")
    code, out = on_a_terminal("tests/corpus/messages/51_convt.yaml", "--color", "never", lines=5, CNNSUM_PAGER="true")
    assert code == 1  # what is wrong stands below, where one looks when the pager is gone
    assert out.splitlines()[1].startswith("tests/corpus/messages/51_convt.yaml:3:5: UNK701")


def test_less_is_told_what_git_tells_it() -> None:
    """And a choice of the user's own stands."""
    said = "sh -c 'cat > /dev/null; echo $LESS'"
    assert on_a_terminal("rule", lines=10, CNNSUM_PAGER=said) == (0, "FRX\n")
    assert on_a_terminal("rule", lines=10, CNNSUM_PAGER=said, LESS="-S") == (0, "-S\n")


def test_the_own_variable_comes_first() -> None:
    code, out = on_a_terminal("rule", lines=10, PAGER="true", CNNSUM_PAGER=COUNTING)
    assert (code, out.endswith(" lines\n")) == (0, True)


def test_a_pipe_a_file_and_findings_are_never_paged(tmp_path: object) -> None:
    out = shell("cnnsum rule", CNNSUM_PAGER=COUNTING)[1]
    assert out.count("\n") > 100
    assert on_a_terminal("rule", "-o", f"{tmp_path}/rules.txt", lines=10, CNNSUM_PAGER=COUNTING) == (0, "")
    code, out = on_a_terminal("check", "tests/corpus/messages/51_convt.yaml", lines=5, CNNSUM_PAGER=COUNTING)
    assert code == 1
    assert out.count("UNK701") > 5


def test_where_a_pager_fails_at_once_all_is_printed() -> None:
    whole = shell("cnnsum specs/vgg16.yaml", COLUMNS="100")[1]
    for failing in ("false", "sh -c 'exit 127'", "sh -c 'head -c 1 > /dev/null; exit 2'"):
        assert on_a_terminal(*LONG, lines=10, CNNSUM_PAGER=failing) == (0, whole), failing
    # One whose reader interrupts it has been read.
    assert on_a_terminal(*LONG, lines=10, CNNSUM_PAGER="sh -c 'exit 130'") == (0, "")
