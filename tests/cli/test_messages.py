"""Usual mistakes, one to a file, and what is said of each: the mend belongs to the message.

Beside the files of `tests/corpus/messages` stands `said.txt`: for each what `cnnsum check` finds, without the lines
of the file. The first finding holds the right mend, and no other misleads.

    CNNSUM_REGENERATE=1 python -m pytest tests/cli/test_messages.py

writes it anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from calling import call

from tests.thorough import each

FOLDER = Path(__file__).resolve().parent.parent / "corpus" / "messages"
SAID = FOLDER / "said.txt"
FILES = sorted(path.name for path in FOLDER.iterdir() if path != SAID)
#: What is right as it stands: spellings that are read, too.
SOUND = {
    "06_padding_SAME.yaml",
    "50_yolo.yaml",
    "30_input_dict.yaml",
    "69_json_trailing_comma.yaml",
    "70_json_single_quotes.yaml",
    "157_hash.json",
    "158_true.json",
}

_SOURCE = re.compile(r" *\d* \| ?|\d+ file")


def said_of(name: str) -> str:
    """What `check` prints of a file, without the lines of the file and the count."""
    lines = call("check", name).out.splitlines()
    return "\n".join([f"# {name}", *(line for line in lines if line and not _SOURCE.match(line))])


def expected() -> dict[str, str]:
    parts = SAID.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    return {part.partition("\n")[0].removeprefix("# "): part for part in parts}


@each("name", FILES)
def test_what_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    monkeypatch.setenv("CNNSUM_TRACEBACK", "1")
    assert said_of(name) == expected()[name]


def test_every_mistake_has_its_mend() -> None:
    """Of the first finding, and of every other that is an error."""
    if os.environ.get("CNNSUM_REGENERATE"):
        before = Path.cwd()
        os.chdir(FOLDER)
        text = "\n\n".join(map(said_of, FILES)) + "\n"
        os.chdir(before)
        SAID.write_text(text, encoding="utf-8")
    found = expected()
    assert sorted(found) == FILES
    assert {name for name, text in found.items() if "\n" not in text} == SOUND
    for name in found.keys() - SOUND:
        first = found[name].split("\n")[2]
        assert first.startswith("  help: "), f"{name}: the first finding has no mend"


#: Files with what their mend says done: what is written, and what stands in its place.
MENDED = {
    "179_symbol_value.yaml": ("{H: 32}", "{H: {multiple_of: 32}}"),
    "180_symbol_range.yaml": ('"32..512"', "{min: 32, multiple_of: 8}"),
    "181_symbol_alone.yaml": ("symbols: H", "symbols: [H]"),
    "15_noclose.yaml": ("kernel_size: 3\n", "kernel_size: 3}\n"),
    "22_from_shape.yaml": (
        "- MaxPooling2D: 2\n",
        "- MaxPooling2D: 2\n  - UpSampling2D: {size: 2, name: up}\n",
    ),
    "27_dense_no_flatten.yaml": ("  - Dense", "  - GlobalAveragePooling2D\n  - Dense"),
    "31_input_layer.yaml": ("layers:\n  - Input: [64,64,3]\n", "input: [64, 64, 3]\nlayers:\n"),
    "34_model_key.yaml": ("model:\n", ""),
    "35_layers_typo.yaml": ("layer:", "layers:"),
    "41_string_num.yaml": ('"3x3"', "[3, 3]"),
    "45_dup_name.yaml": ("name: a}\n  - Conv2D: {filters: 8, kernel_size: 3, name: a}", "name: a}\n  - Conv2D: [8, 3]"),
    "46_cycle.yaml": (", from: b", ""),
    "53_from_forward_minus1.yaml": ("[-1, -2]", "[conv2d_1, conv2d]"),
    "61_stride_dilation.yaml": ("strides: 2", "strides: 1"),
    "77_torch_cat.yaml": ("name: mid}\n", "name: mid_}\n  - Upsample: {scale_factor: 2, name: mid}\n"),
    "78_torch_positional.yaml": ("Conv2d: [3, 8, 3]", "Conv2D: {filters: 8, kernel_size: 3}"),
    "79_sum_of_channels.yaml": ("[input, body]", "[w, body]"),
    "80_valid_arm.yaml": ("kernel_size: 3,", "kernel_size: 3, padding: same,"),
    "74_torch_channels_last.yaml": ("[224, 224, 3]", "[3, 224, 224]"),
    "75_torch_in_features.yaml": ("[400, 10]", "[3600, 10]"),
    "88_unclosed_list.yaml": ("3\nlayers", "3]\nlayers"),
}
#: What the mend asks for beside it.
BESIDE = {
    "22_from_shape.yaml": ("enc1, max_pooling2d]", "enc1, up]"),
    "34_model_key.yaml": ("\n  ", "\n"),
    "41_string_num.yaml": ("(3,3)", "[3, 3]"),
    "79_sum_of_channels.yaml": (
        "  - Add",
        "  - Conv2D: {filters: 32, kernel_size: 1, from: input, name: w}\n  - Add",
    ),
}


@each("name", MENDED)
def test_the_mend_mends(name: str, tmp_path: Path) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    for old, new in (MENDED[name], *([BESIDE[name]] if name in BESIDE else [])):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text.replace("\n  input", "\ninput").removeprefix("  "), encoding="utf-8")
    result = call("check", str(path), "--ignore", "ARC")
    assert (result.code, result.out) == (0, "")
