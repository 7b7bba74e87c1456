"""Specs in PyTorch's words: `framework: torch` at the top."""

from __future__ import annotations

import pytest

import cnnsum

SMALL = """\
framework: torch
input: [3, 32, 32]
layers:
  - Conv2d: [3, 16, 3]
  - MaxPool2d: {kernel_size: 3, stride: 2, padding: 1, ceil_mode: true}
  - nn.Conv2d: {out_channels: 32, kernel_size: 3, padding: same, bias: false}
  - AdaptiveAvgPool2d: 1
"""


def test_types_fields_and_layout_are_those_of_pytorch():
    report = cnnsum.summarize(cnnsum.loads(SMALL))
    assert [(row.type, row.outputs[0].shape[1:], row.params.total) for row in report.rows] == [
        ("Conv2d", (16, 30, 30), 3 * 16 * 9 + 16),
        ("MaxPool2d", (16, 16, 16), 0),  # ceil((30 + 2 - 3) / 2) + 1
        ("Conv2d", (32, 16, 16), 16 * 32 * 9),
        ("AdaptiveAvgPool2d", (32, 1, 1), 0),
    ]
    assert report.totals.macs == 30 * 30 * 16 * 27 + 16 * 16 * 32 * 144


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("[3, 16, 3]", "[4, 16, 3]", "SHP202", "Conv2d was made for in_channels 4"),
        ("nn.Conv2d", "Conv2D", "UNK701", "unknown layer type `Conv2D`"),
        ("out_channels", "filters", "CFG103", "Conv2d has no field `filters`"),
        ("padding: same", "padding: same, stride: 2", "CFG116", "with stride 1 only"),
        ("padding: 1, ", "padding: 2, ", "CFG116", "half of its kernel_size"),
        ("framework: torch", "framework: pytorch", "CFG102", "must be one of keras, torch"),
        ("framework: torch", "framework: torch\ndata_format: channels_last", "CFG103", "a word of Keras"),
    ],
)
def test_what_is_wrong_is_said_in_its_words(old: str, new: str, code: str, words: str):
    assert old in SMALL
    report = cnnsum.summarize(cnnsum.loads(SMALL.replace(old, new)))
    found = [one for one in report.diagnostics if one.code == code]
    assert found, report.diagnostics
    assert words in found[0].message or words in str(found[0])
