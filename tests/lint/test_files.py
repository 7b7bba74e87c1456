"""Which files are found: folders, globs, .gitignore, exclusions."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cnnsum.lint.files import Target, targets


def make(folder: Path, *names: str, **texts: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def none(_path: str, _folder: bool) -> bool:
    return False


def found(*paths: str) -> list[str]:
    return [target.path.replace(os.sep, "/") for target in targets(paths, none)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_is_searched(here: Path) -> None:
    make(here, "b.yaml", "a.YML", "c.json", "d.txt", "e", "x/y/f.yml", ".hidden/g.yaml", "yaml")
    make(here, ".git/h.yaml", ".venv/i.yaml", "node_modules/j.json", "x/node_modules/k.json", "x/__pycache__/l.json")
    assert found(".") == ["a.YML", "b.yaml", "c.json", ".hidden/g.yaml", "x/y/f.yml"]
    assert found("x") == ["x/y/f.yml"]
    assert found("./x/") == ["x/y/f.yml"]
    assert found("node_modules") == ["node_modules/j.json"]
    assert targets(["x"], none) == [Target(os.path.join("x", "y", "f.yml"), sought=True)]


def test_what_is_named_is_taken_as_it_is(here: Path) -> None:
    make(here, "model", "a.yaml")
    assert targets(["model", "gone.yaml", "-"], none) == [Target("model"), Target("gone.yaml"), Target("-")]


def test_each_file_once(here: Path) -> None:
    make(here, "x/a.yaml")
    once = [Target(os.path.join(".", "x", "a.yaml"))]
    assert targets([".", os.path.join(".", "x", "a.yaml"), "x"], none) == once
    assert targets([os.path.join(".", "x", "a.yaml"), "."], none) == once


def test_globs(here: Path) -> None:
    make(here, "a1.yaml", "a2.yaml", "x/a3.yaml", "x/b.txt", "[a].yaml")
    assert found("a*.yaml") == ["a1.yaml", "a2.yaml"]
    assert found("**/*.yaml") == ["[a].yaml", "a1.yaml", "a2.yaml", "x/a3.yaml"]
    assert found("[a].yaml") == ["[a].yaml"]
    assert found("z*.yaml") == ["z*.yaml"]
    assert found("x*") == ["x/a3.yaml"]


def test_links(here: Path) -> None:
    make(here, "real/a.yaml")
    (here / "linked.yaml").symlink_to(here / "real" / "a.yaml")
    (here / "broken.yaml").symlink_to(here / "nowhere")
    (here / "real" / "again").symlink_to(here)
    assert found(".") == ["linked.yaml", "real/a.yaml"]


def test_gitignore_without_a_repository(here: Path) -> None:
    make(here, "a.yaml", "b.yaml", "x/a.yaml", "x/b.yaml", "out/c.yaml", **{".gitignore": "b.yaml\n/out/\n"})
    make(here / "x", **{".gitignore": "a.yaml\n!b.yaml\n"})
    assert found(".") == ["a.yaml", "x/b.yaml"]
    assert found("out") == ["out/c.yaml"]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_gitignore_as_git_has_it(here: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    make(here, "a.yaml", "b.yaml", "c.yaml", "x/a.yaml", "x/y/b.yaml", "x/y/z.json", "x/w/q.json", "out/c.yaml")
    make(here, **{".gitignore": "b.yaml\n/out/\n*.json\n"})
    make(here / "x", **{".gitignore": "!q.json\n/y/\n"})
    (here / ".git" / "info" / "exclude").write_text("c.yaml\n", encoding="utf-8")
    command = ["git", "-c", "core.excludesFile=", "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    wanted = {name for name in listed if name.endswith((".yaml", ".json"))}
    assert set(found(".")) == wanted
    assert set(found("x")) == {name for name in wanted if name.startswith("x/")}


def test_exclusions(here: Path) -> None:
    make(here, "a.yaml", "old/a.yaml", "old/x/b.yaml")

    def old(path: str, folder: bool) -> bool:
        return folder and path == str(here / "old")

    assert [target.path for target in targets(["."], old)] == ["a.yaml"]
    named = os.path.join("old", "x", "b.yaml")
    assert [target.path for target in targets([named], old)] == [named]
    assert targets([named], old, force_exclude=True) == []
    assert [target.path for target in targets(["old"], old)] == [os.path.join("old", "a.yaml"), named]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who may not read everything")
def test_a_folder_that_may_not_be_read(here: Path) -> None:
    make(here, "a.yaml", "x/b.yaml")
    (here / "x").chmod(0)
    try:
        assert found(".") == ["a.yaml"]
    finally:
        (here / "x").chmod(0o700)
