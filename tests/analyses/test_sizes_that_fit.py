"""The mend of a merge whose arms differ for the size of the input: the nearest sizes at which they fit."""

from __future__ import annotations

import pytest

import cnnsum.model
from cnnsum.model import loads

UNET = """
input: [{size}, 3]
layers:
  - Conv2D: {{filters: 8, kernel_size: 3, padding: same, name: a}}
  - MaxPooling2D: {by}
  - UpSampling2D: {by}
  - Concatenate: {{from: [a, up_sampling2d]}}
"""


def help_of(text: str) -> str | None:
    found = [one for one in loads(text).diagnostics if one.severity == "error"]
    assert len(found) == 1, found
    return found[0].help


def test_both_neighbours_are_named() -> None:
    expected = "it fits with 64 or 66 in place of 65 on axes 1 and 2 of `input_layer`: `cnnsum sizes` says why"
    assert help_of(UNET.format(size="65, 65", by=2)) == expected


def test_each_axis_has_its_own() -> None:
    help = help_of(UNET.format(size="64, 70", by=4))
    assert help == "it fits with 68 or 72 in place of 70 on axis 2 of `input_layer`: `cnnsum sizes` says why"


def test_no_size_is_named_where_none_fits() -> None:
    text = UNET.format(size="64, 64", by=2).replace("UpSampling2D: 2", "UpSampling2D: 3")
    assert "fits with" not in (help_of(text) or "")


def test_a_sum_in_pytorchs_words() -> None:
    text = """
framework: torch
input: [3, 33]
layers:
  - Conv1d: {out_channels: 8, kernel_size: 3, padding: 1, name: a}
  - MaxPool1d: 2
  - Upsample: {scale_factor: 2}
  - add: {from: [a, upsample]}
"""
    assert help_of(text) == "it fits with 32 or 34 in place of 33 on axis 2 of `input_layer`: `cnnsum sizes` says why"


def test_sizes_that_are_symbols_already_are_left_to_sizes() -> None:
    assert not loads(UNET.format(size="H, W", by=2)).errors


@pytest.mark.parametrize(("layers", "readings"), [(40, 2), (4000, 1)])
def test_a_large_network_is_not_read_again_for_a_mend(
    layers: int, readings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read it takes as long as all else: nobody waits twice as long for a help."""
    read = []
    monkeypatch.setattr(cnnsum.model, "read", lambda *given: read.append(given) or cnnsum.readers.read(*given))
    text = UNET.format(size="65, 65", by=2) + "  - ReLU\n" * layers
    assert ("fits with" in (help_of(text) or "")) == (readings == 2)
    assert len(read) == readings
