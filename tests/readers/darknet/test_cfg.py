"""Darknet's cfg files: published counts, shapes by darknet's own formulas, mistakes at their lines."""

from __future__ import annotations

import random

import pytest

import cnnsum
from bench.fuzz import sections
from cnnsum.answers.summary.json_format import document
from cnnsum.answers.summary.records import Report
from tests.readers.darknet import networks
from tests.readers.darknet.networks import Section, conv, last, pool, route, yolo
from tests.readers.translating import assert_read_or_refused, assert_told
from tests.thorough import each, examples


def report(size: int, layers: list[Section], channels: int = 3) -> Report:
    model = cnnsum.loads(networks.text(size, layers, channels), "own.cfg")
    assert not model.wrong, [str(one) for one in model.diagnostics]
    return cnnsum.summarize(model)


def shapes(size: int, layers: list[Section], channels: int = 3) -> list[object]:
    return [row.outputs[0].shape[1:] for row in report(size, layers, channels).rows[1:]]  # type: ignore[index]


#: Network, size, and in billions what darknet's authors publish for it: twice the MACs of its convolutions, and of
#: fully connected layers for classifiers (pjreddie.com/darknet/yolo, pjreddie.com/darknet/imagenet, the README of
#: AlexeyAB's darknet, whose 60.1 for YOLOv4 has 0.03 for additions and comparisons in it).
PUBLISHED = [
    ("darknet19", networks.darknet19(), 256, 7.29),
    ("darknet19", networks.darknet19(), 448, 22.33),
    ("darknet53", networks.darknet53(), 256, 18.57),
    ("yolov2", networks.yolov2(), 608, 62.94),
    ("yolov3", networks.yolov3(), 416, 65.86),
    ("yolov3", networks.yolov3(), 608, 140.69),
    ("yolov3-tiny", networks.yolov3_tiny(), 416, 5.56),
    ("yolov4", networks.yolov4(), 416, 60.10),
    ("vgg-16", networks.vgg16(), 224, 30.94),
    ("resnet50", networks.resnet((3, 4, 6, 3)), 256, 9.74),
]


@each("known", PUBLISHED)
def test_billions_of_operations_are_those_that_darknet_prints(known: tuple[str, list[Section], int, float]):
    _name, layers, size, billions = known
    macs = report(size, layers).totals.macs
    # Darknet prints three digits, the pages two, some of them cut and some rounded.
    assert abs(2 * macs / 1e9 - billions) < 0.01  # type: ignore[operator]


#: Parameters, and the numbers that the published `.weights` hold: its bytes less those of its head, by four.
STORED = [
    ("yolov2", networks.yolov2(), 50_962_889, (203_934_260 - 16) // 4),
    ("yolov3", networks.yolov3(), 61_949_149, (248_007_048 - 20) // 4),
    ("yolov3-tiny", networks.yolov3_tiny(), 8_852_366, 8_858_734),
    ("yolov4", networks.yolov4(), 64_363_101, (257_717_640 - 20) // 4),
    ("vgg-16", networks.vgg16(), 138_357_544, 138_357_544),
    ("darknet53", networks.darknet53(), 41_609_928, None),
]


@each("known", STORED)
def test_parameters_are_what_the_weights_hold(known: tuple[str, list[Section], int, int | None]):
    _name, layers, params, stored = known
    totals = report(416 if "yolo" in known[0] else 224, layers).totals
    assert totals.params.total == params
    if stored is not None:
        # PyTorch counts the batches of each normalisation, darknet does not.
        normalizations = sum(said.get("batch_normalize", 0) for _, said in layers)
        assert params + totals.buffers.total - normalizations == stored  # type: ignore[operator]


def test_rows_are_sections_by_number():
    found = report(416, networks.yolov3_tiny())
    assert [row.name for row in found.rows] == ["image", *map(str, range(24))]
    assert [row.type for row in found.rows[15:24]] == [
        *("convolutional", "convolutional", "yolo", "route", "convolutional"),
        *("upsample", "route", "convolutional", "convolutional"),
    ]
    assert [inner.type for inner in found.rows[1].rows] == ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    assert document(found)["source"]["format"] == "darknet"
    assert found.rows[1].place == (7, 1)
    assert [one.shape[1:] for one in found.outputs] == [(255, 13, 13), (255, 26, 26)]  # type: ignore[index]


@each(
    "window",
    [
        (2, 2, None),
        (2, 1, None),
        (3, 2, None),
        (3, 1, None),
        (5, 1, None),
        (4, 2, None),
        (3, 3, 0),
        (2, 2, 0),
        (5, 2, 1),
    ],
)
def test_maxpool_is_darknets(window: tuple[int, int, int | None]):
    size, stride, padding = window
    said = {"size": size, "stride": stride} | ({} if padding is None else {"padding": padding})
    for height in range(size, size + 5):
        wanted = (height + (size - 1 if padding is None else padding) - size) // stride + 1
        assert shapes(height, [("maxpool", said)]) == [(3, wanted, wanted)], height


def test_shapes_by_hand():
    assert shapes(24, [conv(8, 3, 2), route(-1, 0), route(-1, groups=2, group_id=1)]) == [
        *((8, 12, 12), (16, 12, 12), (8, 12, 12)),
    ]
    assert shapes(24, [("reorg", {"stride": 2}), ("reorg", {"stride": 2, "reverse": 1})]) == [(12, 12, 12), (3, 24, 24)]
    assert shapes(24, [("local", {"filters": 4, "size": 3, "stride": 2})]) == [(4, 11, 11)]
    assert shapes(24, [("local", {"filters": 4, "size": 3, "stride": 2, "pad": 1})]) == [(4, 12, 12)]
    assert shapes(24, [conv(8, 3, dilation=4), ("avgpool", {}), ("connected", {"output": 5}), ("softmax", {})]) == [
        *((8, 24, 24), (8, 1, 1), (5, 1, 1), (5, 1, 1)),
    ]
    assert shapes(24, [("deconv", {"filters": 2, "size": 4, "stride": 2, "padding": 1})]) == [(2, 48, 48)]
    assert shapes(24, [("crop", {"crop_height": 9, "crop_width": 7})]) == [(3, 9, 7)]
    assert shapes(24, [conv(8, 3, 2), ("avgpool", {}), conv(8), ("scale_channels", {"from": 0})])[-1] == (8, 12, 12)
    assert shapes(24, [conv(8), conv(8), ("sam", {"from": -2})])[-1] == (8, 24, 24)
    assert shapes(24, [("convolutional", {"filters": 4, "size": 3, "stride_x": 2, "stride_y": 3, "pad": 1})]) == [
        (4, 8, 12)
    ]
    assert shapes(24, [("maxpool", {"maxpool_depth": 1, "out_channels": 2})]) == [(2, 24, 24)]
    grid = {"side": 7, "num": 2, "coords": 4, "classes": 20}
    assert shapes(14, [("connected", {"output": 49 * 30}), ("detection", grid)])[-1] == (49 * 30,)


def test_weights_by_hand():
    rows = report(
        24, [("local", {"filters": 4, "size": 3, "stride": 2}), ("connected", {"output": 5, "batch_normalize": 1})]
    ).rows
    assert rows[1].params.total == 11 * 11 * 4 * 3 * 9 + 4 * 11 * 11
    assert rows[2].params.total == 4 * 11 * 11 * 5 + 2 * 5
    weighted: list[Section] = [
        conv(8),
        conv(8),
        conv(8),
        ("shortcut", {"from": "-2, -3", "weights_type": "per_channel"}),
    ]
    assert report(24, weighted).rows[4].params.total == 3 * 8


def test_sections_that_keep_a_state():
    """Of one step, as darknet's own files for texts have them: inputs are numbers, one for each letter."""

    def step(section: Section) -> tuple[object, ...]:
        """Shape, parameters, buffers and MACs."""
        body = networks.text(1, [section]).partition("\n\n")[2]
        model = cnnsum.loads(f"[net]\ninputs={n}\ntime_steps=576\n\n{body}", "own.cfg")
        assert not model.diagnostics, [str(one) for one in model.diagnostics]
        report = cnnsum.summarize(model)
        shape = report.outputs[0].shape
        return shape[1:], report.totals.params.total, report.totals.buffers.total, report.totals.macs  # type: ignore[index]

    out, n = 1024, 256
    products = n * out + out * out
    # Scales and biases of every layer; mean and variance, and PyTorch's count.
    assert step(("gru", {"output": out, "batch_normalize": 1})) == (
        *((out, 1, 1), 3 * products + 6 * 2 * out, 6 * (2 * out + 1), 3 * products),
    )
    assert step(("lstm", {"output": out})) == ((out, 1, 1), 4 * products + 8 * out, 0, 4 * products)
    kernels = n * 64 + 64 * 64 + 64 * 32
    said = {"output": 32, "hidden": 64, "activation": "leaky"}
    assert step(("rnn", said)) == ((32, 1, 1), kernels + 64 + 64 + 32, 0, kernels)
    assert step(("rnn", {"output": 32}))[1] == n * 32 + 2 * 32 * 32 + 3 * 32


def test_convolutions_that_keep_a_state():
    crnn = ("crnn", {"output": 8, "hidden": 4, "size": 3, "pad": 1, "batch_normalize": 1, "activation": "leaky"})
    found = report(12, [conv(6), crnn, ("history", {"history_size": 3}), conv(2)]).rows[2:]
    assert [row.outputs[0].shape[1:] for row in found] == [(8, 12, 12), (24, 12, 12), (2, 12, 12)]  # type: ignore[index]
    kernels = 9 * (6 * 4 + 4 * 4 + 4 * 8)
    assert found[0].params.total == kernels + 2 * (4 + 4 + 8)
    assert found[0].macs == kernels * 144
    lstm = ("conv_lstm", {"output": 5, "size": 3, "pad": 1, "peephole": 1})
    (row,) = report(12, [lstm]).rows[1:]
    assert row.params.total == 4 * (9 * 3 * 5 + 5) + 7 * (9 * 5 * 5 + 5)
    assert report(12, [("implicit", {"filters": 7, "atoms": 2})]).rows[1].params.total == 14
    assert report(12, [conv(52), ("iseg", {})]).rows[2].outputs[0].shape[1:] == (52, 12, 12)  # type: ignore[index]


def test_a_shortcut_of_other_depth_or_size_is_told():
    model = cnnsum.loads(networks.text(24, [conv(8), conv(16, 3, 2), ("shortcut", {"from": 0})]), "own.cfg")
    assert not model.wrong
    assert [(one.code, one.severity, one.span.line) for one in model.diagnostics if one.span] == [
        ("SHP202", "warning", 24)
    ]
    assert "2 times as large" in model.diagnostics[0].message
    assert cnnsum.summarize(model).rows[3].outputs[0].shape[1:] == (16, 12, 12)  # type: ignore[index]


def test_sizes_are_found():
    (height, _width) = cnnsum.sizes(cnnsum.loads(networks.text(416, networks.yolov3_tiny()), "own.cfg")).axes
    assert height.record.condition is not None
    accepted = [
        size
        for size in range(30, 100, 3)
        if not cnnsum.loads(networks.text(416, networks.yolov3_tiny()), "own.cfg", inputs=(size, 416)).wrong
    ]
    # The map that is enlarged must be as large as that of layer 8, which is ceil(size / 16).
    assert accepted == [size for size in range(30, 100, 3) if 2 * -(-size // 32) == -(-size // 16)]


TEXT = networks.text(32, [conv(16, 3, 2), conv(16), networks.add(-2), pool(), route(-1, 1), last(255), yolo(0, 1, 2)])

#: An edit, the line and column and code of the first finding, and words of its message or mend.
FAULTS = [
    ("[net]", "[nett]", (1, 1), "SPC031", "first section"),
    ("width=32\n", "", (1, 1), "CFG101", "width"),
    ("width=32", "width=wide", (4, 7), "CFG102", "'wide'"),
    ("[maxpool]", "[maxpol]", (27, 1), "UNK701", "maxpool"),
    ("filters=16", "filter=16", (9, 1), "CFG103", "filters"),
    ("filters=16", "filters=0", (9, 9), "CFG102", "positive"),
    ("filters=16", "filters=16\nfilters=17", (10, 1), "SPC015", "first one counts"),
    ("size=3", "size=-3", (10, 6), "CFG102", "positive"),
    ("stride=2", "stride=two", (11, 8), "CFG102", "'two'"),
    ("activation=leaky", "activation=leeky", (13, 12), "CFG102", "leaky"),
    ("activation=leaky", "activation leaky", (13, 1), "SPC008", "key = value"),
    ("from=-2", "from=-7", (24, 6), "GRF302", "layers before it are 0 to 1"),
    ("from=-2\n", "", (23, 1), "CFG101", "from"),
    ("layers=-1, 1", "layers=-1, 9", (32, 12), "GRF302", "layer 9"),
    ("layers=-1, 1", "layers=-1, x", (32, 12), "CFG102", "whole numbers"),
    ("layers=-1, 1", "layers=-1, 1\ngroups=3", (33, 8), "SHP203", "3 groups"),
    ("layers=-1, 1", "layers=-1, 1\ngroups=2\ngroup_id=2", (34, 10), "CFG102", "below"),
    ("filters=255", "filters=75", (41, 1), "SHP202", "filters = 255"),
    ("classes=80", "classes=20", (41, 1), "SHP202", "filters = 75"),
    ("[maxpool]", "[maxpool", (27, 1), "SPC008", "brackets"),
    ("[maxpool]", "[crn]", (27, 1), "UNK701", "crnn"),
    ("stride=2\n\n[route]", "stride=2\n\n[crnn]\nstride=2\n\n[route]", (32, 8), "CFG102", "must be 1"),
    ("pad=1\n", "pad=1\nantialiasing=1\n", (7, 1), "UNK701", "antialiasing"),
]


@each("fault", FAULTS)
def test_a_mistake_is_found_at_its_line(fault: tuple[str, str, tuple[int, int], str, str]):
    old, new, where, code, words = fault
    assert old in TEXT
    assert_told(TEXT.replace(old, new, 1), "own.cfg", code, where, words)


def test_maps_of_different_sizes_are_found_where_they_are_put_together():
    text = TEXT.replace("layers=-1, 1", "layers=-1, 0")
    assert not [one for one in cnnsum.loads(text, "own.cfg").diagnostics if one.code != "SHP207"]
    (found,) = cnnsum.loads(text, "own.cfg").diagnostics
    assert (found.span.line, found.span.column) == (32, 8)  # type: ignore[union-attr]


def test_what_is_not_read_is_said_and_can_be_declared(tmp_path):
    text = networks.text(32, [conv(16), ("my_rnn", {"output": 8}), conv(4)])
    model = cnnsum.loads(text, "own.cfg")
    assert [one.code for one in model.diagnostics] == ["UNK701"]
    assert cnnsum.summarize(model).rows[2].status == "unknown"
    types = tmp_path / "types.yaml"
    types.write_text(
        "layer_types: {my_rnn: {fields: {output: }, input: [c, h, w], output: [output, h, w], weights: {w: [c]}}}\n"
    )
    known = cnnsum.loads(text, "own.cfg", layer_types=[str(types)])
    assert not known.wrong
    assert cnnsum.summarize(known).rows[2].params.total == 16


@each("text", ["[project]\nname = 'x'\n", "# c\n[tool.x]\na = 1\n", "[net]\n", "", "[]", "[[1, 2]]", "[conv, [net]]"])
def test_other_texts_are_no_networks(text: str):
    with pytest.raises(cnnsum.UnusableError):
        cnnsum.loads(text, "own.cfg")


def test_comments_and_other_names_of_sections():
    text = "# one\n; two\n\n [network] # three\n width = 8 # four\nheight=8\r\nchannels=1\n"
    text += "[conv]\nfilters=2\n[max]\nstride=2\n"
    model = cnnsum.loads(text, "own.cfg")
    assert not model.diagnostics
    assert [row.type for row in cnnsum.summarize(model).rows] == ["InputLayer", "convolutional", "maxpool"]


def test_files_at_random_are_read_or_refused_with_places():
    draw = random.Random(7)
    texts = (sections.text(sections.sections(draw), draw) for _ in range(examples(160)))
    assert_read_or_refused(texts, "own.cfg", 2)
