"""Watching: what counts as a change, and that each change is checked once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnsum.lint.run import watched
from cnnsum.lint.watch import changes, state_of, watch


def test_changes() -> None:
    before = {"same": (1, 2), "later": (1, 2), "longer": (1, 2), "gone": (1, 2), "removed": (1, 2), "missing": None}
    after = {"same": (1, 2), "later": (3, 2), "longer": (1, 4), "removed": None, "missing": None, "new": (1, 1)}
    assert changes(before, after) == ["gone", "later", "longer", "new", "removed"]
    assert changes(after, after) == []


def test_the_state_of_files(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"123")
    os.utime(path, ns=(5, 7))
    assert state_of([str(path), str(tmp_path / "gone")]) == {str(path): (7, 3), str(tmp_path / "gone"): None}


def test_each_change_is_checked_once(tmp_path: Path) -> None:
    """Six looks: nothing, a change, nothing, a new file, a file that goes, a change during a check."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_bytes(b"1")
    looks = 0
    checks: list[list[str]] = []

    def pause() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            first.write_bytes(b"22")
        elif looks == 4:
            second.write_bytes(b"1")
        elif looks == 5:
            second.unlink()

    def check(changed: list[str]) -> None:
        checks.append([os.path.basename(path) for path in changed])
        if len(checks) == 4:
            first.write_bytes(b"333")

    watch(lambda: [str(path) for path in tmp_path.iterdir()], check, pause=pause, goes_on=lambda: looks < 7)
    assert checks == [["a.yaml"], ["a.yaml"], ["b.yaml"], ["b.yaml"], ["a.yaml"]]


def test_what_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.yaml", ""), ("b.txt", ""), ("cnnsum.toml", 'exclude = ["c.yaml"]'), ("c.yaml", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert watched(["."]) == ["a.yaml", "cnnsum.toml"]
    (tmp_path / "types.yaml").write_text("layer_types: {Same: }", encoding="utf-8")
    (tmp_path / "cnnsum.toml").write_text('exclude = ["c.yaml", "t*"]\nlayer-types = ["types.yaml"]', encoding="utf-8")
    assert watched(["."]) == ["a.yaml", "cnnsum.toml", "types.yaml"]
    (tmp_path / "cnnsum.toml").write_text("", encoding="utf-8")
    assert watched(["gone.yaml"]) == ["gone.yaml", "cnnsum.toml"]
