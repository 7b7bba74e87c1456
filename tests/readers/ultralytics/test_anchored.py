"""Files with anchors, of YOLOv5 and YOLOv7: their heads and some modules are others than Ultralytics's of the name.

The networks are written here row by row from their published descriptions. Their counts are those of the programs that
their authors published (YOLOv5 v7.0, YOLOv7 v0.1), of which each row of all 28 and 26 files was compared.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum

ANCHORS = [[10, 13, 16, 30, 33, 23], [30, 61, 62, 45, 59, 119], [116, 90, 156, 198, 373, 326]]
#: Depth, width and parameters of the scales of YOLOv5, for 80 classes.
SCALES = {
    "n": (0.33, 0.25, 1_872_157),
    "s": (0.33, 0.5, 7_235_389),
    "m": (0.67, 0.75, 21_190_557),
    "l": (1.0, 1.0, 46_563_709),
    "x": (1.33, 1.25, 86_749_405),
}


def yolov5(depth: float, width: float, head: list[Any] | None = None) -> str:
    """The rows: a stem, four stages, then a path up and one down, each of which narrows, joins and convolves."""
    rows: list[Any] = [[-1, 1, "Conv", [64, 6, 2, 2]]]
    for channels, blocks in ((128, 3), (256, 6), (512, 9), (1024, 3)):
        rows += [[-1, 1, "Conv", [channels, 3, 2]], [-1, blocks, "C3", [channels]]]
    rows.append([-1, 1, "SPPF", [1024, 5]])
    for channels, joined in ((512, 6), (256, 4)):
        rows += [[-1, 1, "Conv", [channels, 1, 1]], [-1, 1, "nn.Upsample", ["None", 2, "nearest"]]]
        rows += [[[-1, joined], 1, "Concat", [1]], [-1, 3, "C3", [channels, False]]]
    for channels, joined, given in ((256, 14, 512), (512, 10, 1024)):
        rows += [[-1, 1, "Conv", [channels, 3, 2]], [[-1, joined], 1, "Concat", [1]], [-1, 3, "C3", [given, False]]]
    rows.append(head or [[17, 20, 23], 1, "Detect", ["nc", "anchors"]])
    value = {"nc": 80, "depth_multiple": depth, "width_multiple": width, "anchors": ANCHORS}
    return json.dumps({**value, "backbone": rows[:10], "head": rows[10:]})


@pytest.mark.parametrize("name", SCALES)
def test_every_scale_of_yolov5(name: str):
    depth, width, count = SCALES[name]
    model = cnnsum.loads(yolov5(depth, width), f"yolov5{name}.yaml")
    assert not model.diagnostics
    report = cnnsum.summarize(model)
    assert report.totals.params.total == count
    # 3 boxes at each place of the three maps, of which each has its sides, its certainty and 80 classes.
    assert report.outputs[0].shape[1:] == (3 * (80**2 + 40**2 + 20**2), 85)
    if name == "s":
        # The authors' table says 16.5 GFLOPs, a multiply-accumulate counted as two.
        assert round(2 * report.totals.macs / 1e9, 1) == 16.4


def test_masks_of_yolov5():
    head = [[17, 20, 23], 1, "Segment", ["nc", "anchors", 32, 256]]
    report = cnnsum.summarize(cnnsum.loads(yolov5(0.33, 0.5, head), "m.yaml"))
    assert report.totals.params.total == 7_621_277
    assert [one.shape[1:] for one in report.outputs] == [(25200, 117), (32, 160, 160)]


def conv(channels: int, k: int = 1, s: int = 1, source: int = -1) -> list[Any]:
    return [source, 1, "Conv", [channels, k, s, "None", 1, "nn.LeakyReLU(0.1)"]]


def elan(inner: int, channels: int) -> list[Any]:
    """Two narrow paths, one of them two convolutions deeper, joined: C.-Y. Wang et al., 2022."""
    narrow = [conv(inner), conv(inner, source=-2), conv(inner, 3), conv(inner, 3)]
    return [*narrow, [[-1, -2, -3, -4], 1, "Concat", [1]], conv(channels)]


def test_yolov7_tiny():
    rows = [conv(32, 3, 2), conv(64, 3, 2), *elan(32, 64)]
    for inner in (64, 128, 256):
        rows += [[-1, 1, "MP", []], *elan(inner, 2 * inner)]
    cut = len(rows)
    rows += [conv(256), conv(256, source=-2), [-1, 1, "SP", [5]], [-2, 1, "SP", [9]], [-3, 1, "SP", [13]]]
    rows += [[[-1, -2, -3, -4], 1, "Concat", [1]], conv(256), [[-1, -7], 1, "Concat", [1]], conv(256)]
    for channels, joined in ((128, 21), (64, 14)):
        rows += [conv(channels), [-1, 1, "nn.Upsample", ["None", 2, "nearest"]], conv(channels, source=joined)]
        rows += [[[-1, -2], 1, "Concat", [1]], *elan(channels // 2, channels)]
    for channels, joined in ((128, 47), (256, 37)):
        rows += [conv(channels, 3, 2), [[-1, joined], 1, "Concat", [1]], *elan(channels // 2, channels)]
    rows += [conv(128, 3, source=57), conv(256, 3, source=65), conv(512, 3, source=73)]
    rows.append([[74, 75, 76], 1, "IDetect", ["nc", "anchors"]])
    value = {"nc": 80, "depth_multiple": 1.0, "width_multiple": 1.0, "anchors": ANCHORS}
    model = cnnsum.loads(json.dumps({**value, "backbone": rows[:cut], "head": rows[cut:]}), "yolov7-tiny.yaml")
    assert not model.wrong
    report = cnnsum.summarize(model)
    assert report.totals.params.total == 6_228_762
    # Implicit knowledge: a number for each channel that comes in, and for each of 3 * 85 that goes out.
    assert report.rows[-1].params.total == sum(c + c * 255 + 255 + 255 for c in (128, 256, 512))


def _conv(c1: int, c2: int, k: int = 1, g: int = 1) -> int:
    return k * k * c1 * c2 // g + 2 * c2


#: A module of YOLOv7 behind 64 channels, 8 places wide, and its parameters worked out by hand.
MODULES = [
    ("RepConv", [64, 3, 1], 2 * 64 + _conv(64, 64, 3) + _conv(64, 64)),
    ("RepConv", [128, 3, 1], _conv(64, 128, 3) + _conv(64, 128)),
    ("DownC", [128], _conv(64, 64) + _conv(64, 64, 3) + _conv(64, 64)),
    ("Stem", [128, 3, 2], 2 * _conv(64, 64, 3) + _conv(64, 64) + _conv(128, 128)),
    ("SPPCSPC", [64], 3 * _conv(64, 64) + 2 * _conv(64, 64, 3) + _conv(256, 64) + _conv(128, 64)),
    ("Bottleneck", [64], _conv(64, 32) + _conv(32, 64, 3)),
    ("BottleneckCSPA", [64], 2 * _conv(64, 32) + _conv(64, 64) + _conv(32, 32) + _conv(32, 32, 3)),
    ("BottleneckCSPB", [64], 3 * _conv(64, 64) + _conv(64, 64, 3) + _conv(128, 64)),
    ("BottleneckCSPC", [64], 2 * _conv(64, 32) + _conv(64, 64) + 2 * _conv(32, 32) + _conv(32, 32, 3)),
    (
        "ResCSPC",
        [64],
        2 * _conv(64, 32) + _conv(64, 64) + _conv(32, 16) + _conv(16, 16, 3) + _conv(16, 32) + _conv(32, 32),
    ),
    # A kernel of 3 by 1 behind one of 1 by 3; kernels of 1 and of 3, each with half of the channels, in 32 groups.
    ("CrossConv", [64, 3, 1], 2 * (64 * 64 * 3 + 2 * 64)),
    ("C3SPP", [64, [5, 9, 13]], 2 * _conv(64, 32) + _conv(64, 64) + _conv(32, 16) + _conv(64, 32)),
    ("MixConv2d", [64, [1, 3]], 64 * 32 // 32 + 64 * 32 * 9 // 32 + 2 * 64),
    ("ResXCSPB", [64], 4 * _conv(64, 64) + _conv(64, 64, 3, 32) + _conv(128, 64)),
]


@pytest.mark.parametrize(("module", "args", "count"), MODULES)
def test_modules_by_hand(module: str, args: list[Any], count: int):
    rows = [[-1, 1, "Conv", [64, 3, 2]], [-1, 1, module, args], [[-1], 1, "Detect", ["nc", "anchors"]]]
    model = cnnsum.loads(json.dumps({"nc": 1, "anchors": 3, "backbone": rows[:2], "head": rows[2:]}), "m.yaml")
    assert not model.wrong, model.errors
    assert cnnsum.summarize(model).rows[2].params.total == count


def test_a_head_with_auxiliary_maps():
    rows = [[-1, 1, "Conv", [64, 3, 2]], [-1, 1, "Conv", [128, 3, 2]], [[0, 1], 1, "IAuxDetect", ["nc", [[1, 2]]]]]
    model = cnnsum.loads(json.dumps({"nc": 1, "anchors": [[1, 2]], "backbone": rows[:2], "head": rows[2:]}), "m.yaml")
    report = cnnsum.summarize(model)
    # The first map has implicit knowledge; the second is read in training alone.
    assert report.rows[3].params.total == (64 + 64 * 6 + 6 + 6) + (128 * 6 + 6)
    assert [one.shape[1:] for one in report.outputs] == [(320 * 320, 6), (6, 160, 160)]
