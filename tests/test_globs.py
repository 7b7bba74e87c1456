"""Globs and regular expressions that cannot be made to try for ever."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.globs import ANY, STAR, Char, Glob
from cnnsum.lint.gitignore import Patterns
from cnnsum.regular import MAX_LENGTH, MAX_STATES, Regular, RegularError
from tests.thorough import each, examples

HOSTILE = "*a" * 12 + "*b"
NAME = "a" * 40


def made(pattern: str) -> Glob:
    return Glob([STAR if char == "*" else ANY if char == "?" else Char(char, re.escape(char)) for char in pattern])


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=14))
def test_a_glob_matches_as_fnmatch_does(pattern: str, text: str) -> None:
    assert made(pattern).matches(text) is fnmatch.fnmatchcase(text, pattern)


@each("pattern", [HOSTILE, f"**/{HOSTILE}", f"x/**/{HOSTILE}", "**/" * 200 + "b", "**/a/" * 30 + "b"])
def test_no_pattern_of_paths_takes_more_than_a_moment(pattern: str) -> None:
    # The expression that a backtracking matcher would try has more ways than there are seconds.
    assert Patterns([pattern]).verdict("/".join(["a"] * 60 + [NAME]), folder=False) is None
    assert Patterns([pattern.replace("b", "a")]).covers("x/" + "/".join(["a"] * 60 + [NAME])) is True


PARTS = ["a", "b", "_", ".", r"\d", r"\w", "[ab]", "[^a_]", "[]a]", r"\.", "^", "$", r"\b", r"\B", r"\A", r"\Z"]
PARTS += ["(?:ab|b)", "(a|)", r"\x61", r"\W", "(?P<n>a)", "{", r"[\]a-c]"]
REPEATS = ["", "", "*", "+", "?", "*?", "{2}", "{1,3}", "{,2}", "{1,}", "{0}"]
ONE = st.builds("{}{}".format, st.sampled_from(PARTS), st.sampled_from(REPEATS))
EXPRESSIONS = st.recursive(
    st.lists(ONE, max_size=4).map("".join),
    lambda inner: st.builds("({}|{}){}{}".format, inner, inner, st.sampled_from(REPEATS), inner),
    max_leaves=4,
)


@settings(max_examples=examples(400))
@given(EXPRESSIONS, st.text("ab_1.\nx{", max_size=7))
def test_a_regular_expression_matches_as_pythons_does(pattern: str, text: str) -> None:
    try:
        expected = re.compile(pattern).match(text) is not None
    except re.error:  # a group named twice
        with pytest.raises(RegularError):
            Regular(pattern)
        return
    if re.compile(pattern).groups or text:  # from Python 3.14 on \B is otherwise for ""
        assert Regular(pattern).starts(text) is expected


@each("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+$b", "a*a*a*a*a*a*a*a*b", "(.*)(.*)(.*)(.*)(.*)b", "(a?){200}b"])
def test_no_regular_expression_takes_more_than_a_moment(pattern: str) -> None:
    assert not Regular(pattern).starts("a" * 400)
    assert Regular(pattern.replace("b", "")).starts("a" * 400)


@each(
    ("pattern", "message"),
    [
        (r"(a)\1", "what a group matched"),
        ("(?=a)", "looking around"),
        ("(?i)a", "looking around, flags"),
        ("a" * (MAX_LENGTH + 1), "longer than 1,000 characters"),
        (f"a{{{MAX_STATES + 1}}}", "repeats more than 500 times"),
        ("(a{20}){26}", "more than 500 parts"),
        ("((((a{9}){9}){9}){9}){9}", "more than 500 parts"),
        ("(" * 400 + ")" * 400, "nested too deep"),
        ("[", "unterminated character set"),
        ("a**", "multiple repeat"),
    ],
)
def test_what_cannot_be_matched_so_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(RegularError, match=re.escape(message)):
        Regular(pattern)
