"""`--open`: the page in a file of its own, and the browser asked to show it."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from tests.cli.calling import call

SEED = "specs/horses_or_humans.yaml"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: found.append(address) or True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return found


def test_the_page_is_written_and_shown(opened: list[str], tmp_path: Path):
    code, out, err = call(SEED, "--open")
    assert (code, out) == (0, "")
    (address,) = opened
    path = Path(unquote(urlparse(address).path))
    assert address.startswith("file://")
    assert path.name == "horses_or_humans.html"
    assert path.parent.parent == tmp_path
    assert os.stat(path.parent).st_mode & 0o077 == 0
    assert err == f"{path}\n"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_file_that_was_named_is_the_one_that_is_shown(opened: list[str], tmp_path: Path):
    target = tmp_path / "a page.html"
    assert call(SEED, "--open", "-o", str(target)).code == 0
    assert opened == [target.as_uri()]
    assert target.exists()


def test_without_a_browser_it_is_said_where_the_page_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, out, err = call(SEED, "--open")
    assert (code, out) == (0, "")
    assert err.startswith("no browser could be started: the page is ")


def test_nothing_else_is_opened(opened: list[str], tmp_path: Path):
    code, _, err = call(SEED, "--open", "--format", "json")
    assert code == 2
    assert "--open goes with --format html, not with json" in err
    assert call(SEED, "--open", "--keras").code == 2
    assert call("missing.yaml", "--open").code == 2
    # A model with errors has a page that shows them, and its code all the same.
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("input: [4]\nlayers: [{Dense: {units: -1}}]\n", encoding="utf-8")
    assert call(str(wrong), "--open").code == 1
    assert len(opened) == 1
