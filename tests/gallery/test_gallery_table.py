"""The table of the gallery's numbers: it is what cnnsum says today, and its lines hold together."""

from __future__ import annotations

import gallery_table
from gallery_table import Line

from tests.thorough import each

LINES = gallery_table.read()


@each("line", LINES, ids=lambda line: f"{line.network}-{line.sizes}")
def test_it_is_what_is_said_today(line: Line) -> None:
    """`python tests/gallery/gallery_table.py` writes it anew, where a number is meant to change."""
    assert gallery_table.measured(line.network, line.shape, line.samples) == line


def test_every_network_is_there() -> None:
    assert list(dict.fromkeys(line.network for line in LINES)) == gallery_table.NETWORKS
    assert gallery_table.text(LINES) == gallery_table.TABLE.read_text(encoding="utf-8")


@each("line", LINES, ids=lambda line: f"{line.network}-{line.sizes}")
def test_what_holds_of_every_line(line: Line) -> None:
    assert line.weights == 4 * line.parameters
    assert line.gradients == 4 * line.trainable
    assert line.optimizer == 2 * line.gradients
    assert line.total == line.weights + line.gradients + line.optimizer + line.saved + line.transient
    # What is kept is there in the middle of a step, beside weights and slots.
    assert (
        line.weights + line.optimizer + max(line.saved, line.gradients) <= line.peak_step <= line.total + line.outputs
    )
    assert line.peak <= line.outputs + line.samples * 4 * 10**6
