"""Patterns of .gitignore, held to git itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.lint.gitignore import Patterns, read

PATHS = [
    "a.yaml",
    "b.yaml",
    "a/b.yaml",
    "a/c/b.yaml",
    "build/x.yaml",
    "a/build/x.yaml",
    "[x].yaml",
    "a b.yaml",
    "#.yaml",
]
PATHS += ["!x.yaml", "ab.yaml", "a/b/c/d.yaml", "x/build", "build.yaml", "a-b.yaml", "a^b.yaml", "\\a.yaml"]
LINES = [
    *(
        "*.yaml",
        "!a.yaml",
        "a",
        "a/",
        "/a",
        "/a/",
        "build",
        "build/",
        "/build/",
        "a/*",
        "a/**",
        "**/build",
        "a/**/b.yaml",
    ),
    *("?.yaml", "[ab].yaml", "[!a].yaml", "[^a].yaml", "[a-c]*", "\\#.yaml", "#.yaml", "\\!x.yaml", "\\[x\\].yaml"),
    *(
        "a b.yaml",
        "a\\ b.yaml",
        "a.yaml  ",
        "a.yaml\\ ",
        "[[:alpha:]].yaml",
        "[]-]*",
        "a/b",
        "**",
        "*",
        "!*/",
        "a**",
        "/*",
    ),
    *(
        "a[-^]b.yaml",
        "\\\\a.yaml",
        "x/",
        "[",
        "a\\",
        "**/",
        "!b.yaml",
        "!build/",
        "?",
        "*/*/b.yaml",
        "é*",
        "[c-a].yaml",
    ),
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def ignored_by_git(repository: Path, lines: list[str]) -> set[str]:
    (repository / ".gitignore").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=repository,
        input="\0".join(PATHS),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return {path for path in done.stdout.split("\0") if path}


def ignored_by_us(lines: list[str]) -> set[str]:
    patterns = read("\n".join(lines) + "\n")
    return {path for path in PATHS if patterns.covers(path)}


def test_each_pattern_as_git_reads_it(repository: Path) -> None:
    for line in LINES:
        assert ignored_by_us([line]) == ignored_by_git(repository, [line]), line


@settings(max_examples=40)
@given(st.lists(st.sampled_from(LINES), min_size=2, max_size=5))
def test_patterns_together_as_git_reads_them(repository: Path, lines: list[str]) -> None:
    assert ignored_by_us(lines) == ignored_by_git(repository, lines)


def test_a_letter_is_a_letter() -> None:
    """Git sees bytes, and takes this letter for two."""
    assert Patterns(["?.yaml"]).covers("é.yaml")
    assert Patterns(["é*"]).covers("é.yaml")


def test_what_no_pattern_speaks_of() -> None:
    assert Patterns(["b"]).verdict("a", folder=False) is None
    assert not Patterns(["", "# a comment"])
