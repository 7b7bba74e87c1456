"""Architecture files of Ultralytics: counts by hand, scales, sizes, mistakes at their rows. The files are our own."""

from __future__ import annotations

import random

import pytest
import yaml

import cnnsum
from bench.fuzz.rows import rows
from cnnsum.answers.summary.json_format import document
from tests.readers.translating import assert_read_or_refused
from tests.thorough import each, examples

FILE = """\
nc: 3
scales:
  # [depth, width, max_channels]
  n: [0.50, 0.25, 1024]
  l: [1.00, 1.00, 512]
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, Conv, [128, 3, 2]]
  - [-1, 3, C2f, [128, True]]
  - [-1, 1, Conv, [256, 3, 2]]
  - [-1, 1, SPPF, [256, 5]]
head:
  - [-1, 1, nn.Upsample, [None, 2, nearest]]
  - [[-1, 2], 1, Concat, [1]]
  - [-1, 3, C2f, [128]]
  - [[7, 4], 1, Detect, [nc]]
"""


def conv(c1: int, c2: int, k: int = 1, groups: int = 1) -> int:
    """A convolution without bias, and scale and shift of its normalisation."""
    return c1 * c2 * k * k // groups + 2 * c2


def c2f(c1: int, c2: int, n: int) -> int:
    half = c2 // 2
    return conv(c1, 2 * half) + conv((2 + n) * half, c2) + n * 2 * conv(half, half, 3)


def detect(channels: list[int], classes: int) -> int:
    boxes, kinds = max(16, channels[0] // 4, 64), max(channels[0], min(classes, 100))
    total = 16
    for c in channels:
        total += conv(c, boxes, 3) + conv(boxes, boxes, 3) + boxes * 64 + 64
        total += conv(c, kinds, 3) + conv(kinds, kinds, 3) + kinds * classes + classes
    return total


def counts(text: str = FILE, **given: object) -> list[int]:
    report = cnnsum.summarize(cnnsum.loads(text, "own.yaml", **given))
    return [row.params.total for row in report.rows[1:]]


def test_counts_of_every_row_by_hand():
    assert counts() == [
        conv(3, 16, 3),
        conv(16, 32, 3),
        c2f(32, 32, 2),
        conv(32, 64, 3),
        conv(64, 32) + conv(128, 64),
        0,
        0,
        c2f(96, 32, 2),
        detect([32, 64], 3),
    ]
    assert counts(settings={"scale": "l"})[2:4] == [c2f(128, 128, 3), conv(128, 256, 3)]
    assert counts(settings={"nc": 80})[-1] == detect([32, 64], 80)


def test_a_row_is_one_row_and_opens():
    model = cnnsum.loads(FILE, "own.yaml")
    report = cnnsum.summarize(model)
    assert [row.name for row in report.rows] == ["images", *map(str, range(9))]
    assert [row.type for row in report.rows[1:4]] == ["Conv", "Conv", "C2f"]
    assert document(report)["source"]["format"] == "ultralytics"
    assert report.rows[1].place == (7, 5)
    assert [inner.type for inner in report.rows[1].rows] == ["Conv2d", "BatchNorm2d", "SiLU"]
    assert report.outputs[0].shape[1:] == (7, 160 * 160 + 80 * 80)  # type: ignore[index]


def test_sizes_are_those_at_which_the_maps_meet():
    (height, width) = cnnsum.sizes(cnnsum.loads(FILE, "own.yaml")).axes
    # The map that is enlarged must be as large as the one it meets: ceil(H/4) even.
    assert height.record.condition == "(H + 3) % 8 < 4 and H >= 5"
    assert width.size == 640
    assert [cnnsum.loads(FILE, "own.yaml", inputs=(size, 640)).wrong for size in (641, 639, 645)] == [
        True,
        False,
        False,
    ]


def test_the_name_of_the_file_says_the_scale():
    assert cnnsum.loads(FILE, "models/yolov8l-seg.yaml").graph.name == "yolov8l-seg"
    assert counts(FILE)[0] == conv(3, 16, 3)
    assert [row.params.total for row in cnnsum.summarize(cnnsum.loads(FILE, "yolo11l.yaml")).rows][1] == conv(3, 64, 3)
    with pytest.raises(cnnsum.UnusableError, match="scale"):
        cnnsum.loads(FILE, "own.yaml", settings={"scale": "z"})
    with pytest.raises(cnnsum.UnusableError, match="`nc` must be a positive integer, got `many`"):
        cnnsum.loads(FILE, "own.yaml", settings={"nc": "many"})


def edited(old: str, new: str) -> str:
    assert old in FILE
    return FILE.replace(old, new, 1)


#: An edit of the file, the line and code of its first finding, and words of the message or its mend.
FAULTS = [
    ("C2f, [128, True]", "C2, [128, True]]\n  - [-1, 1, C2x, [9]", 10, "UNK701", "C2x"),
    ("- [-1, 1, Conv, [64, 3, 2]]", "- [-1, 1, Convv, [64, 3, 2]]", 7, "UNK701", "Conv"),
    ("[[-1, 2], 1, Concat", "[[-1, 22], 1, Concat", 14, "GRF302", "row 22"),
    ("[[-1, 2], 1, Concat", "[[-1, 6], 1, Concat", 14, "GRF302", "row 6"),
    ("[[-1, 2], 1, Concat", "[[-1, 1], 1, Concat", 14, None, ""),
    ("[[-1, 2], 1, Concat", "[[-1, 0], 1, Concat", 14, "SHP207", "cat"),
    ("[[7, 4], 1, Detect", "[[7, x], 1, Detect", 16, "CFG102", "numbers of rows"),
    ("Conv, [64, 3, 2]", "Conv, []", 7, "CFG101", "output channels"),
    ("Conv, [64, 3, 2]", "Conv, [wide, 3, 2]", 7, "CFG102", "Conv must be a positive number"),
    ("Conv, [64, 3, 2]", "Conv, [-64, 3, 2]", 7, "CFG102", "channels"),
    ("Conv, [64, 3, 2]", "Conv, [64, 3, 0]", 7, "CFG102", "stride"),
    ("Conv, [64, 3, 2]", "Conv, 64", 7, "CFG102", "list"),
    ("[-1, 3, C2f, [128, True]]", "[-1, 0, C2f, [128, True]]", 9, "CFG102", "positive integer"),
    ("[-1, 3, C2f, [128, True]]", "[-1, 3, C2f]", 9, "CFG101", "output channels"),
    ("[-1, 3, C2f, [128, True]]", "C2f", 9, "SPC022", "four values"),
    ("[-1, 3, C2f, [128, True]]", "[-1, 3, 128]", 9, "CFG102", "name"),
    ("nearest]", "nearst]", 13, "CFG102", "nearest"),
    ("nc: 3", "nc: 3\nactivation: ReLU", 2, "CFG102", "nn.ReLU()"),
    ("nc: 3", "nc: 3\nactivation: nn.Relu()", 2, "UNK701", "ReLU"),
    ("backbone:", "backbone: none\nspine:", 6, "SPC022", "rows"),
    ("nc: 3", "nc: many", 1, "CFG102", "positive integer"),
    ("nc: 3", "", 16, "CFG101", "--set nc=80"),
    ("n: [0.50, 0.25, 1024]", "n: [0.33]", 4, "CFG102", "three numbers"),
    ("Conv, [64, 3, 2]", "Conv, [64, 3, 2, 1, 1, 1, True, 7]", 7, "CFG104", "7 arguments"),
    ("C2f, [128, True]", "c2f, [128, True]", 9, "UNK701", "`C2f`"),
    ("C2f, [128, True]", "C2f, [128, Ture]", 9, "CFG102", "did you mean `True`"),
    ("- [-1, 1, nn.Ups", "- [-1, 1, Ups", 13, "UNK701", "did you mean `nn.Upsample`"),
    ("nn.Upsample, [", "nn.Upsampel, [", 13, "UNK701", "did you mean `nn.Upsample`"),
    ("nn.Upsample, [None, 2", "nn.Upsample, [None, two", 13, "CFG102", "a number"),
    ("nn.Upsample, [None, 2", "nn.Upsample, [None, 3", 14, "SHP207", "240 of 160"),
    ("[[-1, 2], 1, Concat", "[-1, 1, Concat", 14, "CFG102", "reads a list of rows"),
    ("1, Concat, [1]", "1, Concat, [2]", 14, "CFG102", "`[1]`: channels"),
    ("1, Concat, [1]", "1, cat, [1]", 14, "UNK701", "--layer-types"),
    ("[[-1, 2], 1, Concat", "[[-1, 2.5], 1, Concat", 14, "CFG102", "numbers of rows"),
    ("[[-1, 2], 1, Concat", "[[-1, -20], 1, Concat", 14, "GRF302", "0 to 5"),
    ("Concat, [1]]", "Concat, [1]", 15, "SPC008", "expected"),
    ("Conv, [256, 3, 2]", "Conv, [256, 3, 1]", 14, "SHP207", "makes 160 of 320"),
    ("Conv, [256, 3, 2]", "Conv, [256, 1000, 2, 0]", 10, "SHP201", "padding"),
    ("Conv, [256, 3, 2]", "Conv, [256, 3, 2, None, 7]", 10, "CFG110", "groups"),
    ("SPPF, [256, 5]", "SPPF, [256, 5, 3, True, 1]", 11, "CFG104", "4 arguments"),
    ("SPPF, [256, 5]", "SPPF, [256, 4]", 11, "SHP207", "81 of 80"),
    ("SPPF, [256, 5]", "Bottleneck, [256, True, 1, [3, 3], 0.5]", 11, None, ""),
    ("SPPF, [256, 5]", "Bottleneck, [256, True, 1, 3, 0.5]", 11, "CFG102", "`[3, 3]`"),
    ("SPPF, [256, 5]", "Bottleneck, [256, True, 1, [3, 3, 3]]", 11, "CFG102", "are a pair"),
    ("SPPF, [256, 5]", "Bottleneck, [256, True, 1, [3, 3], 0.5, 1]", 11, "CFG104", "5 arguments"),
    ("SPPF, [256, 5]", "Bottleneck, [256, True, 1, [3, 3], 0]", 11, "CFG102", ""),
    ("SPPF, [256, 5]", "C2PSA, [256]", 11, None, ""),
    ("SPPF, [256, 5]", "C2PSA, [512]", 11, "CFG102", "as many channels as it reads, 64, got 128 `256`"),
    ("SPPF, [256, 5]", "PSA, [128]", 11, "CFG102", "as many channels as it reads"),
    ("SPPF, [256, 5]", "C2fPSA, [128]", 11, "CFG102", "as many channels as it reads"),
    ("SPPF, [256, 5]", "A2C2f, [256, True, -1]", 11, None, ""),
    ("Detect, [nc]", "Detect, [nclass]", 16, "CFG102", "`nc`"),
    ("Detect, [nc]", "Detect, [nc, 16]", 16, "CFG104", "1 argument"),
    ("Detect, [nc]", "Dectect, [nc]", 16, "UNK701", "did you mean `Detect`"),
    ("[[7, 4], 1, Detect", "[7, 1, Detect", 16, "CFG102", "`[7]`"),
    ("[[7, 4], 1, Detect", "[[7, 8], 1, Detect", 16, "GRF302", "0 to 7"),
    ("scales:", "scale:", 2, "SPC030", "did you mean `scales`"),
    ("head:", "heads:", 12, "SPC030", "did you mean `head`"),
    ("backbone:", "bakcbone:", 6, "SPC030", "did you mean `backbone`"),
    ("nc: 3", "nc: 3\nch: three", 2, "CFG102", "positive integer"),
    ("nc: 3", "nc: 3\nactivation: nn.LeakyReLU(slope=0.1)", 2, "CFG103", "negative_slope"),
]


@each("fault", FAULTS)
def test_a_mistake_is_found_at_its_row(fault: tuple[str, str, int, str | None, str]):
    old, new, line, code, words = fault
    try:
        found = [one for one in cnnsum.loads(edited(old, new), "own.yaml").diagnostics if one.severity == "error"]
    except cnnsum.UnusableError as error:
        found = [*error.diagnostics]
    if code is None:
        assert found == []
        return
    first = min(found, key=lambda one: (one.span.line, one.span.column) if one.span else (0, 0))
    assert (first.code, first.span.line) == (code, line), [str(one) for one in found]  # type: ignore[union-attr]
    assert words in f"{first.message} {first.help}"


def test_a_row_that_nothing_reads_is_said():
    assert not [one for one in cnnsum.loads(FILE, "own.yaml").diagnostics if one.code == "GRF305"]
    (found,) = (
        one
        for one in cnnsum.loads(edited("[[7, 4], 1, Detect", "[[4], 1, Detect"), "own.yaml").diagnostics
        if one.code == "GRF305"
    )
    assert (found.severity, found.message[:5]) == ("warning", "row 7")


def test_a_network_of_torchvision_without_its_last_layers():
    text = "nc: 10\nbackbone:\n  - [-1, 1, TorchVision, [{}]]\nhead:\n  - [-1, 1, Classify, [nc]]\n"
    # The published counts of ResNet-18 and ResNet-50 less those of the last layer, which is left out.
    for name, channels, count in (("resnet18", 512, 11_689_512), ("resnet50", 2048, 25_557_032)):
        model = cnnsum.loads(text.format(f"{channels}, {name}, DEFAULT, True, 2"), "own.yaml")
        assert not model.diagnostics
        row = cnnsum.summarize(model).rows[1]
        assert row.params.total == count - (channels + 1) * 1000
        assert row.outputs[0].shape[1:] == (channels, 7, 7)  # type: ignore[index]
    (found,) = cnnsum.loads(text.format("512, convnext_tiny, DEFAULT, True, 2"), "own.yaml").diagnostics
    assert (found.code, found.severity) == ("UNK701", "warning")


def test_slips_of_names_are_mended(tmp_path):
    from cnnsum.lint.config import Settings
    from cnnsum.lint.mending import mend

    path = tmp_path / "own.yaml"
    text = FILE.replace("- [-1, 1, nn.Ups", "- [-1, 1, Ups").replace("scales:", "scale:").replace("Detect", "Dectect")
    path.write_text(text)
    mended = mend(str(path), Settings())
    assert mended is not None
    assert mended.after == FILE


def test_an_unknown_module_hands_its_channels_on(tmp_path):
    text = edited("- [-1, 1, SPPF, [256, 5]]", "- [-1, 1, Own, [256]]")
    report = cnnsum.summarize(cnnsum.loads(text, "own.yaml"))
    own, after = report.rows[5], report.rows[9]
    assert own.status == "unknown"
    assert own.outputs[0].shape[1] == 64  # type: ignore[index]
    # What follows is counted all the same.
    assert after.params.total == detect([32, 64], 3)
    types = tmp_path / "types.yaml"
    types.write_text("layer_types: {Own: {fields: {c2: }, input: [c, h, w], output: [c, h, w], weights: {w: [c2]}}}\n")
    known = cnnsum.loads(text, "own.yaml", layer_types=[str(types)])
    assert not known.wrong
    assert cnnsum.summarize(known).rows[5].params.total == 256


def test_files_at_random_are_read_or_refused_with_places():
    draw = random.Random(5)
    assert_read_or_refused((yaml.safe_dump(rows(draw)) for _ in range(examples(160))), "own.yaml", 3)


LABELLED = """\
nc: 3
scales:
  # [depth, width, max_channels]
  n: [0.50, 0.25, 1024] # small summary: 20 layers, 7,536 parameters, 0.1 GFLOPs
backbone:
  - [-1, 1, Conv, [64, 3, 2]] # 0-P1/2
  - [-1, 1, Conv, [128, 3, 2]] # 1-P2/4
  - [-1, 1, Conv, [64, 3, 1]] # 2 (P2/4-small)
head:
  - [-1, 1, Classify, [nc]] # Classify
"""


def said(text: str) -> list[tuple[str, int]]:
    from cnnsum.lint.checking import findings_of

    found = findings_of(cnnsum.loads(text, "own.yaml"))
    return [(one.code, one.span.line) for one in found if one.code in ("SHP228", "ARC491") and one.span]


def test_labels_and_counts_in_comments_are_held_to_the_network():
    total = conv(3, 16, 3) + conv(16, 32, 3) + conv(32, 16, 3) + conv(16, 1280) + 1280 * 3 + 3
    text = LABELLED.replace("7,536", f"{total:,}")
    assert said(text) == []
    assert said(LABELLED) == [("ARC491", 4)]
    # A stride that was dropped builds in silence: every label behind it tells.
    assert said(text.replace("Conv, [128, 3, 2]", "Conv, [128, 3]")) == [("ARC491", 4), ("SHP228", 7), ("SHP228", 8)]
    assert said(text.replace("0-P1/2", "0-P1/4")) == [("SHP228", 6)]


def test_gflops_in_comments_are_held_to_the_network():
    # At 224 x 224: three convolutions, one of 1 x 1 and a product; their normalisations and the mean of each channel.
    products = 112**2 * 16 * 27 + 56**2 * (32 * 144 + 16 * 288 + 1280 * 16) + 1280 * 3
    beside = 4 * (112**2 * 16 + 56**2 * (32 + 16 + 1280)) + (56**2 + 1) * 1280
    total = conv(3, 16, 3) + conv(16, 32, 3) + conv(32, 16, 3) + conv(16, 1280) + 1280 * 3 + 3
    text = LABELLED.replace("7,536", f"{total:,}")
    for right in (f"{2 * (products + beside) / 1e9:.4f}", f"{2 * products / 1e9:.4f}", "0.2", "0.24"):
        assert said(text.replace("0.1 GFLOPs", f"{right} GFLOPs")) == [], right
    for wrong in (f"{2 * (products + 2 * beside) / 1e9:.4f}", "0.26", "0.4", "1", "2.4"):
        wrongly = text.replace("0.1 GFLOPs", f"{wrong} GFLOPs")
        assert said(wrongly) == [("ARC491", 4)], wrong
    # They are those of the picture that the file is meant for.
    assert cnnsum.loads(wrongly, "own.yaml").graph.said_totals[1].number == "2.4"
    assert len(cnnsum.loads(wrongly, "own.yaml", inputs={"": (64, 64)}).graph.said_totals) == 1


def test_it_is_written_as_a_spec_with_the_types_that_it_needs(tmp_path):
    text = cnnsum.convert(cnnsum.loads(FILE, "own.yaml"), to="yaml").text
    assert "Integral" in yaml.safe_load(text)["layer_types"]
    before = cnnsum.summarize(cnnsum.loads(FILE, "own.yaml")).totals
    after = cnnsum.summarize(cnnsum.loads(text)).totals
    assert (after.params, after.macs, after.flops) == (before.params, before.macs, before.flops)


def test_a_key_that_stands_twice() -> None:
    found = cnnsum.loads(FILE.replace("nc: 3\n", "nc: 3\nnc: 8\n"), "m.yaml")
    assert [str(one) for one in found.errors] == [
        "m.yaml:2:1: SPC015 the key `nc` stands here for the second time; the last one counts"
    ]
    assert not cnnsum.loads(FILE + "names: {0: cat, 1: dog}\n").errors
