"""Every example of `docs/language.md` does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnnsum.graph.infer import infer
from cnnsum.readers.native import read_native
from cnnsum.readers.native.entry import SPECIAL
from cnnsum.readers.native.spec import KEYS
from cnnsum.source import read, read_text
from tests.readers.native.spec_reading import alike
from tests.thorough import each

PAGE = (Path(__file__).parents[3] / "docs" / "language.md").read_text(encoding="utf-8")
FENCES = [
    (match[1], match[2], PAGE[: match.start()].count("\n") + 1)
    for match in re.finditer(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
]
SPECS = [
    (text, FENCES[index + 1][:2] if index + 1 < len(FENCES) else ("", ""))
    for index, (kind, text, _) in enumerate(FENCES)
    if kind == "yaml"
]


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """The examples that begin with a file's name are that file."""
    monkeypatch.chdir(tmp_path)
    for kind, text, _ in FENCES:
        name = re.match(r"# (\w+\.yaml)\n", text)
        if kind == "yaml" and name:
            Path(name[1]).write_text(text, encoding="utf-8")


@each(("text", "following"), SPECS, ids=[f"line {line}" for kind, _, line in FENCES if kind == "yaml"])
def test_examples(text, following):
    if re.match(r"# \w+\.yaml\n", text):
        return
    Path("example.yaml").write_text(text, encoding="utf-8")
    graph = read_native(read("example.yaml"))
    shown = sorted((*graph.diagnostics, *infer(graph).diagnostics), key=lambda one: one.span)
    lines = [f"{one.span.line}:{one.span.column}: {one.code} {one.message}" for one in shown]
    kind, expected = following
    assert lines == (expected.splitlines() if kind == "text" else [])
    if kind == "json":
        assert alike(graph) == alike(read_native(read_text(expected, "example.json")))


def test_all_keys_are_explained():
    table = PAGE[PAGE.index("## All keys") :]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))) == set(KEYS)
    assert (
        set(re.findall(r"^\| `(\w+)` \|", PAGE[PAGE.index("These keys may") : PAGE.index("## Graphs")], re.MULTILINE))
        >= SPECIAL
    )


def test_links_of_the_page_lead_somewhere():
    anchors = {title.lower().replace(" ", "-") for title in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors
