"""Exported programs of whole networks, of which nothing but the program is left, and what PyTorch says of each.

`bench/torch/make_archives.py` makes such archives, of 300 networks and more, and `check_archives.py` reads them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cnnsum
from cnnsum.dims import evaluate
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


def test_all_layers_of_a_detector() -> None:
    """On a picture and a thousand regions of its maps, each of which the second head reads."""
    report = cnnsum.summarize(cnnsum.load(HERE / "fasterrcnn_resnet50_fpn.pt2"))
    totals = report.totals
    # Torchvision states 41,755,286 and 134.38 G.
    assert (totals.params.total, totals.buffers.total, totals.macs) == (41_755_286, 106_240, 134_379_721_216)
    assert report.diagnostics == ()
    sides = (200, 100, 50, 25, 13)
    maps = [(1, channels, side, side) for channels in (3, 12) for side in sides]
    assert [one.shape for one in report.outputs] == [*maps, (1000, 91), (1000, 364)]


def test_the_backbone_of_a_detector_with_free_sizes() -> None:
    model = cnnsum.load(HERE / "ssd300_vgg16.pt2")
    report = cnnsum.summarize(model)
    assert {one.code for one in report.diagnostics} <= {"SHP227"}
    # PyTorch runs the backbone itself on these squares of those from 1 to 320 that were tried.
    tried = (1, 38, 75, 76, 255, 256, 257, 267, 268, 287, 288, 300, 320)
    accepted = [side for side in tried if all(evaluate(one.condition, {"H": side, "W": side}) for one in report.sizes)]
    assert accepted == [268, 287, 288, 300, 320]
    at_another = cnnsum.summarize(cnnsum.load(HERE / "ssd300_vgg16.pt2", inputs=(3, 289, 640)))
    assert (at_another.totals.params.total, at_another.totals.macs) == (22_943_936, 60_991_332_352)
    sides = ((512, 36, 80), (1024, 18, 40), (512, 9, 20), (256, 5, 10), (256, 3, 8), (256, 1, 6))
    assert [one.shape for one in at_another.outputs] == [(1, *side) for side in sides]


def test_a_program_and_a_spec_of_one_network_agree() -> None:
    program = cnnsum.summarize(cnnsum.load(HERE / "resnet50.pt2"), batch=1).totals
    spec = cnnsum.summarize(cnnsum.load(SPECS / "resnet50.yaml"), batch=1).totals
    assert program.params == spec.params
    assert program.buffers == spec.buffers
    assert (program.macs, program.flops, program.outputs) == (spec.macs, spec.flops, spec.outputs)
    assert program.peak.bytes == spec.peak.bytes
