"""Whatever stands in a file: findings and texts come out, and no exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsum.answers import renderer
from cnnsum.lint.checking import check_file
from cnnsum.lint.comments import suppressions
from cnnsum.lint.config import KEYS, read
from cnnsum.lint.report.findings import CheckReport
from cnnsum.lint.settings import Settings

COMMENTS = [
    *("# cnnsum: ignore[", "SHP201", ", ", "]", "ignore", "\n", "\r", " ", "a: 1", "'", '"', "|", "- ", "é", "\t", "#"),
    *("# cnnsum: ignore[SHP201]", "\n"),
]
SPEC = [
    *("input: [8, 8, 3]\n", "layers:\n", "  - Conv2D: [8, 30]", "  - Dnse: 3", "lint: ", "{ignore: [SHP201]}", "\n"),
    *("[", "}", "# cnnsum: ignore[UNK701]", "input: [8, 8, 3]\nlayers:\n", "\n"),
]
TOML = [
    *(*KEYS, " = ", "[", "]", '"SHP"', '"NO"', "{", "}", "\n", "true", "3", "#", "'", ".", '"""', "x = 1\n"),
    *('ignore = ["NO"]\n', "[per-file-ignores]\n", '"*.yaml" = ["X"]\n', "[budget]\n"),
]


def texts(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces) | st.text(max_size=3), max_size=12).map("".join)


@given(texts(COMMENTS))
def test_comments(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for one in suppressions(text):
        line = lines[one.line - 1]
        for code in one.codes:
            assert line[code.column - 1 :].startswith(code.text)
        for fault in one.faults:
            assert 1 <= fault.column < fault.end <= len(line) + 1


@given(texts(TOML))
def test_configuration(text: str) -> None:
    """Every fault has a place within the text, or at its end."""
    for encoding in ("utf-8", "utf-16"):
        config = read(text.encode(encoding, "replace"), "/x/cnnsum.toml")
        assert config is not None
        for fault in config.faults:
            assert fault.code == "SPC049"
            assert fault.span is not None
            assert 1 <= fault.span.line <= text.count("\n") + 2


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anything") / "a.yaml"


@given(texts(SPEC))
def test_files(file: Path, text: str) -> None:
    """What is found in a folder is what is found where the file is named, and every format can write it."""
    file.write_bytes(text.encode("utf-8", "replace"))
    named = check_file(str(file), Settings(fail_on="note"))
    sought = check_file(str(file), Settings(fail_on="note"), sought=True)
    assert named is not None
    assert sought in (None, named)
    assert named.failing == len(named.findings)
    report = CheckReport("1", (named,), lambda _path, line: (text.split("\n") + [""] * line)[line - 1])
    assert json.loads("".join(renderer("check", "json")(report)))["files"][0]["failing"] == named.failing
    assert json.loads("".join(renderer("check", "sarif")(report)))["runs"]
    assert "".join(renderer("check", "github")(report)).count("\n") == len(named.findings)
    for format in ("text", "junit"):
        assert not set("".join(renderer("check", format)(report))) & set("\x00\x07\x1b\r\x7f")
