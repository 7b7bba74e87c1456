"""Watching: what counts as a change, and that each change is checked once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from calling import call

from cnnsum.cli import watching
from cnnsum.cli.watching import changes, state_of, watch
from cnnsum.lint.run import watched


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

    watch(lambda: [str(path) for path in tmp_path.iterdir()], check, read=tuple, pause=pause, goes_on=lambda: looks < 7)
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


def test_what_is_read_counts_from_then_on(tmp_path: Path) -> None:
    """An included file is known once it was read; that it is known is not a change."""
    named, included = tmp_path / "a.yaml", tmp_path / "b.yaml"
    named.write_bytes(b"1")
    included.write_bytes(b"1")
    known: list[str] = []
    checks: list[list[str]] = []
    looks = 0

    def pause() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            included.write_bytes(b"22")

    def check(changed: list[str]) -> None:
        checks.append([os.path.basename(path) for path in changed])
        known[:] = [str(included)]

    watch(lambda: [str(named)], check, read=lambda: known, pause=pause, goes_on=lambda: looks < 4)
    assert checks == [["a.yaml"], ["b.yaml"]]


LIBRARY = "blocks: {twice: {args: {filters: }, layers: [Conv2D: [filters, 3], Conv2D: [filters, 3]]}}"
SPEC = "input: [32, 32, 3]\ninclude: parts.yaml\nlayers:\n  - twice: 8\n"


def test_every_question_can_be_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another includes is missing, comes, changes, and is broken; at last there is an interrupt."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(SPEC, encoding="utf-8")
    steps = iter(
        (
            lambda: Path("parts.yaml").write_text(LIBRARY, encoding="utf-8"),
            lambda: None,
            lambda: Path("a.yaml").write_text(SPEC.replace("8", "16"), encoding="utf-8"),
            lambda: Path("parts.yaml").write_text(LIBRARY.replace("]}}", "]"), encoding="utf-8"),
        )
    )

    def pause(_seconds: float) -> None:
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(watching.time, "sleep", pause)
    done = call("a.yaml", "--watch", "--format", "csv", "--columns", "params")
    assert done.code == 130
    assert [int(line) for line in done.out.split() if line.isdigit()] == [224, 584, 448, 2320]
    assert "parts.yaml" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-", "--watch"), "--watch needs files: standard input does not change"),
        (("a.yaml", "--watch", "--open"), "--watch does not go with --open"),
        (("explain", "a.yaml", "nosuch", "--watch"), "nosuch"),
    ],
)
def test_calls_that_cannot_be_watched(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("input: [4]\nlayers: [Dense: 3]\n", encoding="utf-8")
    done = call(*arguments, stdin=b"")
    assert done.code == 2
    assert said in done.err


def test_a_later_call_that_is_wrong_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that goes, and comes again."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("input: [4]\nlayers: [Dense: {units: 3, name: head}]\n", encoding="utf-8")
    names = iter(("tail", "head"))

    def pause(_seconds: float) -> None:
        name = next(names, None)
        if name is None:
            raise KeyboardInterrupt
        Path("a.yaml").write_text(f"input: [4]\nlayers: [Dense: {{units: 30, name: {name}}}]\n", encoding="utf-8")

    monkeypatch.setattr(watching.time, "sleep", pause)
    done = call("explain", "a.yaml", "head", "--only", "parameters", "--watch")
    assert done.code == 130
    assert done.err.count("no layer") == 1
    assert (done.out.count("= 15"), done.out.count("= 150")) == (2, 1)
