"""Input, end to end: every file in `tests/corpus/err` says on standard error what its `.txt` holds, and no more; of
every file in `tests/corpus/ok` there is nothing to say.

    CNNSUM_REGENERATE=1 python -m pytest tests/cli/test_corpus.py

writes the expected texts anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from calling import call

from tests.thorough import each

FOLDER = Path(__file__).resolve().parent.parent / "corpus" / "err"
CASES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".yaml", ".json"})
SECONDS = 2.0  # many times what any takes: a loaded machine is not a failure


@each("name", CASES)
def test_corpus(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    monkeypatch.setenv("CNNSUM_TRACEBACK", "1")
    start = time.process_time()
    result = call(name)
    taken = time.process_time() - start
    found = f"exit {result.code}\n{result.err}"
    expected = FOLDER / f"{name}.txt"
    if os.environ.get("CNNSUM_REGENERATE"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")
    assert taken < SECONDS
    if result.code == 2:
        assert not result.out


SOUND = FOLDER.parent / "ok"


@each("name", sorted(path.name for path in SOUND.iterdir()))
def test_sound_specs_are_silent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the summary nor the checker has anything to say of them, advice included."""
    monkeypatch.chdir(SOUND)
    monkeypatch.setenv("CNNSUM_TRACEBACK", "1")
    shown = call(name)
    assert (shown.code, shown.err) == (0, "")
    checked = call("check", "--fail-on", "note", name)
    assert (checked.code, checked.out) == (0, "")


def test_every_expected_text_has_its_case() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*CASES, *(f"{name}.txt" for name in CASES)}


def test_nothing_in_the_corpus_was_executed() -> None:
    assert not Path("/tmp/cnnsum-was-executed").exists()


@each(
    ("raw", "said"),
    [
        (b"PK\x03\x04" + bytes(100), "is damaged: it ends without the list of what is in it: it is cut off"),
        (bytes(range(256)), "is binary, not text"),
        (b"\x80\x04\x95", "is a Python pickle, not text"),
        (b"\xff\xfei\x00n", "not UTF-16-LE: the byte 0x6e cannot stand here"),
        (b"input: [4]\nlayers: [\xc3\x28]\n", "bad:2:10: SPC006 not UTF-8: the byte 0xc3 cannot stand here"),
    ],
)
def test_bytes_that_are_no_text(raw: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad").write_bytes(raw)
    result = call("bad")
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("network.yaml").write_text("input: [4]\nlayers: [Flatten]\n", encoding="utf-8")
    Path("folder").mkdir()
    said = "SPC001 there is no file `netwrok.yaml`\n  help: did you mean `network.yaml`?\n"
    assert call("netwrok.yaml") == (2, "", said)
    assert call("folder") == (2, "", "SPC002 `folder` is a directory\n  help: name a file in it\n")
    assert call("network.yaml/x").code == 2
    assert call("a\0b") == (2, "", "SPC001 there is no file `a\\x00b`\n")
    assert call("x" * 5000).code == 2


@pytest.mark.parametrize(
    "text",
    [
        "input: [4]\nlayers:\n" + "".join(f"  - Dense: {{units: 4, from: lost_{i}}}\n" for i in range(3000)),
        "input: [4]\nlayers:\n" + "".join(f"  - Dens{i}: lost_{i}\n" for i in range(3000)),
        "vars: {"
        + ", ".join(f"v{i}: {i}" for i in range(3000))
        + "}\ninput: [4]\nlayers: [{Dense: w1}, {Dense: w2}]\n",
        "input: [4]\nlayers:\n" + "".join(f"  - Dense: w{i}\n" for i in range(3000)),
    ],
    ids=["wires", "types", "vars", "names"],
)
def test_thousands_of_mistakes_take_no_longer_than_they_must(text: str) -> None:
    """The time grows with the file, though each mistake is compared with all names."""
    start = time.process_time()
    result = call("-", stdin=text.encode())
    assert time.process_time() - start < 5 * SECONDS
    assert result.code == 1
