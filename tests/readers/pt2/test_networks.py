"""Exported programs of whole networks, of which nothing but the program is left, and what PyTorch says of each.

`bench/torch/make_archives.py` makes such archives, of 160 networks and more, and `check_archives.py` reads them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cnnsum
from tests.thorough import each

HERE = Path(__file__).parent
SPECS = HERE.parents[2] / "specs" / "torch"


class Said(NamedTuple):
    """Parameters, elements of buffers, and MACs by `FlopCounterMode`."""

    parameters: int
    buffers: int
    macs: int


SAID = {
    "resnet50": Said(25_557_032, 53_173, 4_089_184_256),  # torchvision states 25,557,032 and 4.089 G
    "coat_lite_tiny": Said(
        5_721_960, 0, 1_589_037_952
    ),  # some modules are there twice: 62,976 parameters with two names
    "efficientvit_b0": Said(3_410_008, 5_386, 100_233_216),  # parts of it run under `torch.autocast`
}


@each("name", SAID)
def test_counts_are_those_of_pytorch(name: str) -> None:
    report = cnnsum.summarize(cnnsum.load(HERE / f"{name}.pt2"))
    totals = report.totals
    assert (totals.params.total, totals.buffers.total, totals.macs) == SAID[name]
    assert report.diagnostics == ()
    assert [one.shape for one in report.outputs] == [(1, 1000)]


def test_a_program_and_a_spec_of_one_network_agree() -> None:
    program = cnnsum.summarize(cnnsum.load(HERE / "resnet50.pt2"), batch=1).totals
    spec = cnnsum.summarize(cnnsum.load(SPECS / "resnet50.yaml"), batch=1).totals
    assert program.params == spec.params
    assert program.buffers == spec.buffers
    assert (program.macs, program.flops, program.outputs) == (spec.macs, spec.flops, spec.outputs)
    assert program.peak.bytes == spec.peak.bytes
