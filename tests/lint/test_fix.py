"""Mending: what is written, that the rest of a text stays, that a second round finds nothing, and files on a disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from calling import call
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.lint.mending import mend
from cnnsum.lint.settings import Settings

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))
HEAD = "input: [32, 32, 3]\nlayers:\n"
NORM = "  - BatchNormalization\n"


def mended(path: Path, text: str, *, unsafe: bool = False) -> str:
    path.write_text(text, encoding="utf-8", newline="")
    found = mend(str(path), Settings(), unsafe=unsafe)
    if found is None:
        return text
    assert found.before == text
    return found.after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Names.
        ("  - Conv2d: {filters: 4, kernel_size: 3}\n", "  - Conv2D: {filters: 4, kernel_size: 3}\n"),
        ("  - Conv2D: {filters: 4, kernal_size: 3}  # why\n", "  - Conv2D: {filters: 4, kernel_size: 3}  # why\n"),
        ("  - 'Conv2d': {filters: 4, kernel_size: 3}\n", "  - 'Conv2D': {filters: 4, kernel_size: 3}\n"),
        ("  - Dense: {units: 4, activation: softmx}\n", "  - Dense: {units: 4, activation: softmax}\n"),
        ("  - Flattn\n", "  - Flatten\n"),
        # A field, in every form in which a layer is written.
        (
            "  - Conv2D: {filters: 4, kernel_size: 3}\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n" + NORM,
        ),
        (
            "  - Conv2D: {filters: 4, kernel_size: 3, }\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false }\n" + NORM,
        ),
        ("  - Conv2D: [4, 3]\n" + NORM, "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n" + NORM),
        (
            "  - Conv2D: [4, [3, 5]]\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: [3, 5], use_bias: false}\n" + NORM,
        ),
        ("  - Dense: 8\n" + NORM, "  - Dense: {units: 8, use_bias: false}\n" + NORM),
        (
            "  - Conv2D:\n      filters: 4\n      kernel_size: 3 # here\n\n" + NORM,
            "  - Conv2D:\n      filters: 4\n      kernel_size: 3 # here\n      use_bias: false\n\n" + NORM,
        ),
        (
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: true}\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n" + NORM,
        ),
        (
            "  - Conv2D: {filters: 4, kernel_size: 3, activation: relu}\n  - ReLU\n",
            "  - Conv2D: {filters: 4, kernel_size: 3, activation: linear}\n  - ReLU\n",
        ),
    ],
)
def test_what_is_mended(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    assert mended(path, HEAD + before) == HEAD + after
    assert mended(path, HEAD + after) == HEAD + after
    windows = (HEAD + before).replace("\n", "\r\n")
    assert mended(path, windows) == (HEAD + after).replace("\n", "\r\n")


@pytest.mark.parametrize(
    "text",
    [
        # Two names are as near, no name is near, the name is another layer's.
        HEAD + "  - MaxPool: 2\n",
        HEAD + "  - Nothing\n",
        HEAD + "  - Flatten: {name: aa}\n  - Dense: {units: 3, from: ab}\n",
        # An expression decides.
        "vars: {bias: true}\n" + HEAD + "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: bias}\n" + NORM,
        # A softmax twice is a mistake, but which is meant?
        HEAD + "  - Flatten\n  - Dense: {units: 3, activation: softmax}\n  - Softmax\n",
    ],
)
def test_what_is_left_alone(text: str, tmp_path: Path) -> None:
    assert mended(tmp_path / "spec.yaml", text) == text


def test_what_is_not_safe(tmp_path: Path) -> None:
    text = HEAD + "  - Flatten: {name: first}\n  - Dense: {units: 3, from: frist}\n"
    found = mended(tmp_path / "spec.yaml", text, unsafe=True)
    assert found == text.replace("frist", "first")


BLOCK = """\
input: [32, 32, 3]
blocks:
  unit:
    args: {norm: true}
    layers:
      - Conv2D: {filters: 4, kernel_size: 3}
      - BatchNormalization: {when: norm}
      - ReLU
layers:
  - unit
  - unit: {norm: NORM}
"""


def test_a_block_is_mended_if_all_its_copies_need_it(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    assert "use_bias: false" in mended(path, BLOCK.replace("NORM", "true"))
    assert "use_bias" not in mended(path, BLOCK.replace("NORM", "false"))


def test_json(tmp_path: Path) -> None:
    text = '{"input": [8, 8, 3],\n "layers": [{"Conv2D": {"filters": 4, "kernal_size": 3}},\t"BatchNormalization"]}'
    found = mended(tmp_path / "spec.json", text)
    assert found == text.replace('"kernal_size": 3', '"kernel_size": 3, "use_bias": false')
    assert json.loads(found)


def test_other_encodings_and_included_files_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes((HEAD + "  - Flattn\n").encode("utf-16"))
    assert mend(str(path), Settings()) is None
    (tmp_path / "blocks.yaml").write_text("blocks:\n  unit:\n    layers:\n      - Flattn\n", encoding="utf-8")
    text = "include: blocks.yaml\n" + HEAD + "  - unit\n"
    assert mended(path, text) == text


NAMES = st.sampled_from(["Conv2D", "Conv2d", "conv2D", "Dense", "Dnse", "Flatten", "Flattn", "ReLU", "Relu", "Nothing"])
FIELDS = st.sampled_from(
    ["", ": {filters: 4, kernel_size: 3}", ": {filters: 4, kernal_size: 3}", ": [4, 3]", ": 4", ": {units: 4}"]
)


@given(st.lists(st.tuples(NAMES, FIELDS, st.booleans()), min_size=1, max_size=6), st.booleans())
@settings(max_examples=60 * EXAMPLES, deadline=None)
def test_a_second_round_finds_nothing(layers: list[tuple[str, str, bool]], unsafe: bool) -> None:
    import tempfile

    lines = "".join(f"  - {name}{fields}\n" + NORM * norm for name, fields, norm in layers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        once = mended(path, HEAD + lines, unsafe=unsafe)
        assert mended(path, once, unsafe=unsafe) == once
    errors = [sum(one.severity == "error" for one in cnnsum.loads(text).diagnostics) for text in (HEAD + lines, once)]
    assert errors[1] <= errors[0]


# The command.


def test_fix_writes_and_checks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(HEAD + "  - Flattn\n", encoding="utf-8")
    Path("b.yaml").write_text(HEAD + "  - Nothing\n", encoding="utf-8")
    shown = call("check", "--diff", ".")
    assert shown.code == 1
    assert shown.out.splitlines()[-2:] == ["-  - Flattn", "+  - Flatten"]
    assert shown.err == "would mend 1 finding in 1 file\n"
    assert "Flattn" in Path("a.yaml").read_text(encoding="utf-8")
    code, out, err = call("check", "--fix", ".")
    assert code == 1
    assert Path("a.yaml").read_text(encoding="utf-8") == HEAD + "  - Flatten\n"
    assert out.startswith("b.yaml:3:5: UNK701")
    assert err == "mended 1 finding in 1 file\n2 files, 1 error\n"
    assert call("check", "--diff", ".").out == ""


def test_fix_is_for_files() -> None:
    assert call("check", "--fix", "-").code == 2
    assert call("check", "--diff", "--watch", ".").code == 2
