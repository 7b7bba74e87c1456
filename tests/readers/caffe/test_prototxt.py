"""Networks of Caffe: published counts, shapes by Caffe's own formulas, mistakes at their places."""

from __future__ import annotations

import random
from math import ceil
from typing import Any

import pytest

import cnnsum
from bench.fuzz import messages
from cnnsum.answers.summary.json_format import document
from tests.readers.caffe import networks
from tests.readers.caffe.networks import Net
from tests.readers.translating import assert_read_or_refused, assert_told
from tests.thorough import each, examples


def text(net: Net) -> str:
    return messages.text(net.value, random.Random(1))


#: Networks with the parameters and MACs that are published of them (Netscope's of the authors' files, and theirs).
PUBLISHED = [
    ("vgg16", networks.vgg16(), 138_357_544, 15_470_264_320),
    ("googlenet", networks.googlenet(), 6_998_552, 1_582_671_872),
    ("resnet50", networks.resnet50(), 25_557_096, 3_857_973_248),
    ("mobilenet", networks.mobilenet(), 4_231_976, 568_740_352),
    ("alexnet", networks.alexnet(), 60_965_224, 724_406_816),
]


@each("known", PUBLISHED)
def test_counts_are_those_that_are_published(known: tuple[str, Net, int, int]):
    _name, net, params, macs = known
    model = cnnsum.loads(text(net), "deploy.prototxt")
    assert not model.diagnostics
    totals = cnnsum.summarize(model).totals
    assert (totals.params.total, totals.macs) == (params, macs)


def test_rows_are_layers_by_their_names():
    report = cnnsum.summarize(cnnsum.loads(text(networks.mobilenet()), "deploy.prototxt"))
    assert [(row.name, row.type) for row in report.rows[:6]] == [
        *(("data", "InputLayer"), ("conv1", "Convolution"), ("bn_conv1", "BatchNorm"), ("scale_conv1", "Scale")),
        *(("relu_conv1", "ReLU"), ("conv2/dw", "Convolution")),
    ]
    assert document(report)["source"]["format"] == "caffe"
    # Mean and variance of every channel, and the one number by which Caffe divides both.
    assert report.totals.buffers.total == 21_915
    assert report.totals.buffers.bytes == 4 * 21_915
    assert [one.shape[1:] for one in report.outputs] == [(1000, 1, 1)]  # type: ignore[index]


def shapes(*layers: tuple[str, dict[str, Any]], size: tuple[int, int, int] = (3, 20, 20)) -> list[Any]:
    net, blob = Net(size[0], size[1]), "data"
    for number, (type, params) in enumerate(layers):
        blob = net.layer(type, blob, f"l{number}", **params)
    model = cnnsum.loads(text(net), "deploy.prototxt")
    assert not model.wrong, [str(one) for one in model.diagnostics]
    return [row.outputs[0].shape[1:] for row in cnnsum.summarize(model).rows[1:]]  # type: ignore[index]


@each("window", [(3, 2, 0), (3, 2, 1), (2, 2, 0), (2, 3, 0), (1, 3, 0), (3, 3, 1), (5, 2, 2), (2, 4, 1)])
def test_convolutions_round_down_and_pooling_up(window: tuple[int, int, int]):
    size, stride, pad = window
    fields = {"kernel_size": size, "stride": stride, "pad": pad}
    for height in range(7, 16):
        down = (height + 2 * pad - size) // stride + 1
        # pooling_layer.cpp: with a pad, a window that begins behind the picture and its first pad is left out.
        up = ceil((height + 2 * pad - size) / stride) + 1
        if pad and (up - 1) * stride >= height + pad:
            up -= 1
        found = shapes(("Convolution", {"convolution_param": {"num_output": 4, **fields}}), size=(3, height, height))
        assert found == [(4, down, down)]
        for how in ("MAX", "AVE"):
            params = {"pooling_param": {"pool": messages.Word(how), **fields}}
            assert shapes(("Pooling", params), size=(3, height, height)) == [(3, up, up)], (how, height)


def test_shapes_by_hand():
    assert shapes(
        ("Deconvolution", {"convolution_param": {"num_output": 2, "kernel_size": 4, "stride": 2, "pad": 1}})
    ) == [(2, 40, 40)]
    assert shapes(
        ("Convolution", {"convolution_param": {"num_output": 2, "kernel_h": 3, "kernel_w": 1, "pad_h": 1}})
    ) == [(2, 20, 20)]
    assert shapes(("Convolution", {"convolution_param": {"num_output": 2, "kernel_size": [3, 5], "dilation": 2}})) == [
        (2, 16, 12)
    ]
    reshaped = ("Reshape", {"reshape_param": {"shape": {"dim": [0, 0, -1]}}})
    ordered = ("Permute", {"permute_param": {"order": [0, 2, 3, 1]}})
    assert shapes(ordered, reshaped, ("Flatten", {})) == [(20, 20, 3), (20, 60), (1200,)]
    assert shapes(("Flatten", {"flatten_param": {"axis": 2}}), ("Softmax", {}), ("PReLU", {})) == [(3, 400)] * 3
    assert shapes(("InnerProduct", {"inner_product_param": {"num_output": 7}}), ("ReLU", {}))[-1] == (7,)


def test_the_boxes_of_ssd():
    """W. Liu et al., "SSD", 2016: 4 or 6 boxes at each place of six maps, 8,732 in all for pictures of 300 by 300."""
    net, told, seen = Net(3, 300), [], []
    for number, (size, ratios) in enumerate(((38, 2), (19, 3), (10, 3), (5, 3), (3, 2), (1, 2))):
        params = {"kernel_size": 300 - size + 1}
        blob = net.layer("Convolution", "data", f"m{number}", convolution_param={"num_output": 1, **params})
        sizes = {"min_size": 30.0, "max_size": 60.0, "aspect_ratio": [2, 3][: ratios - 1]}
        told.append(net.layer("PriorBox", [blob, "data"], f"boxes{number}", prior_box_param=sizes))
        channels = 4 * (4 if ratios == 2 else 6)
        sides = net.layer(
            "Convolution", blob, f"s{number}", convolution_param={"num_output": channels, "kernel_size": 1}
        )
        seen.append(net.layer("Flatten", sides, f"f{number}"))
    boxes = net.layer("Concat", told, "boxes", concat_param={"axis": 2})
    sides = net.layer("Concat", seen, "sides")
    wanted = {"num_classes": 21, "keep_top_k": 200}
    net.layer("DetectionOutput", [sides, sides, boxes], "out", detection_output_param=wanted)
    model = cnnsum.loads(text(net), "deploy.prototxt")
    assert not model.diagnostics, [str(one) for one in model.diagnostics]
    rows = {row.name: row.outputs[0].shape[1:] for row in cnnsum.summarize(model).rows}  # type: ignore[index]
    assert (rows["boxes"], rows["sides"]) == ((2, 8732 * 4), (8732 * 4,))
    assert rows["out"] == (1, 200, 7)


#: A layer over (3, 20, 20), what it gives, and its parameters.
ADDITIONS = [
    ("Interp", {"interp_param": {"zoom_factor": 8}}, (3, 153, 153), 0),
    ("Interp", {"interp_param": {"height": 60, "width": 61}}, (3, 60, 61), 0),
    ("Interp", {"interp_param": {"shrink_factor": 4, "pad_end": -1}}, (3, 5, 5), 0),
    ("Upsample", {"upsample_param": {"scale": 2}}, (3, 40, 40), 0),
    ("Upsample", {"upsample_param": {"upsample_h": 30, "upsample_w": 31}}, (3, 30, 31), 0),
    ("SPP", {"spp_param": {"pyramid_height": 3}}, (3 * 21,), 0),
    ("ConvolutionDepthwise", {"convolution_param": {"num_output": 3, "kernel_size": 3}}, (3, 18, 18), 27 + 3),
    ("Im2col", {"convolution_param": {"kernel_size": 3, "stride": 2, "pad": 1}}, (27, 10, 10), 0),
    ("Embed", {"embed_param": {"input_dim": 50, "num_output": 4}}, (3, 20, 20, 4), 50 * 4 + 4),
    ("ArgMax", {"argmax_param": {"axis": 1}}, (1, 20, 20), 0),
    ("ArgMax", {"argmax_param": {"top_k": 5, "out_max_val": True}}, (2, 5), 0),
    ("Reduction", {"reduction_param": {"axis": 2}}, (3,), 0),
    ("Reduction", {"reduction_param": {"axis": 1}}, (), 0),
    ("Tile", {"tile_param": {"axis": 2, "tiles": 3}}, (3, 60, 20), 0),
]


@pytest.mark.parametrize("case", ADDITIONS, ids=lambda case: case[0])
def test_additions_by_hand(case: tuple[str, dict[str, Any], tuple[int, ...], int]):
    type, params, shape, count = case
    net = Net(3, 20)
    net.layer(type, "data", "made", **params)
    model = cnnsum.loads(text(net), "deploy.prototxt")
    assert not model.diagnostics, [str(one) for one in model.diagnostics]
    row = cnnsum.summarize(model).rows[1]
    assert (row.outputs[0].shape[1:], row.params.total) == (shape, count)  # type: ignore[index]


def test_regions_and_steps_of_time_by_hand() -> None:
    """The end of Faster R-CNN over VGG-16 (S. Ren et al., 2015), and of LRCN (J. Donahue et al., 2015)."""
    net = Net(3, 64)
    maps = net.layer("Convolution", "data", "maps", convolution_param={"num_output": 512, "kernel_size": 3})
    regions = net.layer("Proposal", [maps, maps], "rois")
    pooled = net.layer("ROIPooling", [maps, regions], "pool5", roi_pooling_param={"pooled_w": 7, "pooled_h": 7})
    net.layer("InnerProduct", pooled, "fc6", inner_product_param={"num_output": 4096})
    parts = net.layer("Convolution", maps, "parts", convolution_param={"num_output": 9 * 21, "kernel_size": 1})
    position = {"output_dim": 21, "group_size": 3}
    net.layer("PSROIPooling", [parts, regions], "seen", psroi_pooling_param=position)
    model = cnnsum.loads(text(net), "deploy.prototxt")
    assert [(one.code, one.severity) for one in model.diagnostics] == [("UNK708", "warning")]
    rows = {row.name: row for row in cnnsum.summarize(model).rows}
    assert rows["rois"].outputs[0].shape[1:] == (5,)  # type: ignore[index]
    assert rows["pool5"].outputs[0].shape[1:] == (512, 7, 7)  # type: ignore[index]
    assert rows["seen"].outputs[0].shape[1:] == (21, 3, 3)  # type: ignore[index]
    # 102,764,544 parameters, as VGG-16 itself has there.
    assert (rows["fc6"].params.total, rows["fc6"].macs) == (102_764_544, 25_088 * 4096)


@pytest.mark.parametrize(
    ("kind", "params", "macs"),
    [("LSTM", 4 * (32 * 40 + 32 * 32 + 32), 4 * (32 * 40 + 32 * 32)), ("RNN", 1280 + 32 + 2 * 1024 + 32, 1280 + 2048)],
)
def test_recurrent_layers_by_hand(kind: str, params: int, macs: int) -> None:
    source = """
    input: "x" input_shape { dim: 7 dim: 16 dim: 40 } input: "cont" input_shape { dim: 7 dim: 16 }
    layer { name: "r" type: "KIND" bottom: "x" bottom: "cont" top: "r" recurrent_param { num_output: 32 } }
    """
    model = cnnsum.loads(source.replace("KIND", kind), "deploy.prototxt")
    assert [one.code for one in model.diagnostics] == ["UNK708"]
    row = cnnsum.summarize(model).rows[-1]
    assert (row.outputs[0].shape[1:], row.params.total, row.macs) == ((16, 32), params, 16 * macs)  # type: ignore[index]


def test_slices_splits_crops_and_weights_of_two_layers():
    net = Net(3, 20)
    net.layer("Slice", "data", "cut", ["a", "b"], slice_param={"slice_point": 1})  # type: ignore[arg-type]
    for blob, name in (("a", "left"), ("b", "right")):
        net.layer("Split", blob, f"split_{name}", [f"{name}1", f"{name}2"])  # type: ignore[arg-type]
    for blob in ("left1", "left2"):
        shared = [{"name": "w"}, {"name": "b"}]
        net.layer("Convolution", blob, f"c_{blob}", param=shared, convolution_param={"num_output": 4, "kernel_size": 3})
    net.layer("Crop", ["right1", "c_left1"], "crop", crop_param={"axis": 2})
    report = cnnsum.summarize(cnnsum.loads(text(net), "deploy.prototxt"))
    assert report.totals.params.total == 4 * 9 + 4
    found = {row.name: [one.shape[1:] for one in row.outputs] for row in report.rows}  # type: ignore[index]
    assert found["cut"] == [(1, 20, 20), (2, 20, 20)]
    assert found["crop"] == [(2, 18, 18)]


def cropped(param: dict[str, Any]) -> cnnsum.Model:
    net = Net(3, 20)
    net.layer("Pooling", "data", "small", pooling_param={"kernel_size": 3})
    net.layer("Crop", ["data", "small"], "crop", crop_param=param)
    return cnnsum.loads(text(net), "deploy.prototxt")


@each(
    "param",
    [{}, {"offset": 2}, {"axis": -2, "offset": [1, 2]}, {"axis": 3, "offset": 2}, {"axis": 1, "offset": [0, 2, 0]}],
)
def test_a_crop_within_the_edge(param: dict[str, Any]):
    model = cropped(param)
    assert not model.diagnostics
    (out,) = cnnsum.summarize(model).rows[-1].outputs
    assert out.shape is not None
    assert out.shape[1:] == ((3, 20, 18) if param.get("axis") == 3 else (3, 18, 18))


@each(
    "case",
    [
        ({"offset": 3}, "axis 2 of 20", "18 from 3 on"),
        ({"offset": [2, 3]}, "axis 3 of 20", "18 from 3 on"),
        ({"axis": 1, "offset": [1, 0, 0]}, "axis 1 of 3", "3 from 1 on"),
    ],
)
def test_a_crop_beyond_the_edge(case: tuple[dict[str, Any], str, str]):
    param, axis, part = case
    (found,) = cropped(param).diagnostics
    message = f"crop.crop: Crop reaches beyond the edge: {part}, along {axis}"
    assert (found.code, found.severity, found.message) == ("SHP201", "error", message)
    assert found.span is not None


def test_offsets_of_a_crop_are_one_or_one_for_each_axis():
    (found,) = cropped({"offset": [1, 1, 1]}).diagnostics
    assert (found.code, found.message) == ("CFG102", "`offset` is one number or 2 from axis 2 on, got 3")


def test_weights_by_hand():
    net = Net(3, 20)
    net.layer("PReLU", "data", "prelu")
    net.layer("PReLU", "prelu", "shared", prelu_param={"channel_shared": True})
    net.layer("Normalize", "shared", "norm", norm_param={"channel_shared": False})
    net.layer("Scale", "norm", "scale")
    net.layer("Bias", "scale", "bias")
    rows = cnnsum.summarize(cnnsum.loads(text(net), "deploy.prototxt")).rows
    assert [row.params.total for row in rows[1:]] == [3, 1, 3, 3, 3]


OLDER = """\
name: "LeNet"
input: "data"
input_dim: 64
input_dim: 1
input_dim: 28
input_dim: 28
layers {
  name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1" blobs_lr: 1 blobs_lr: 2
  convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } }
}
layers { name: "pool1" type: POOLING bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layers { name: "conv2" type: CONVOLUTION bottom: "pool1" top: "conv2" convolution_param <num_output:50 kernel_size:5>}
layers { name: "pool2" type: POOLING bottom: "conv2" top: "pool2" pooling_param { pool: 0 kernel_size: 2 stride: 2 } }
layers { name: "ip1" type: INNER_PRODUCT bottom: "pool2" top: "ip1" inner_product_param { num_output: 500 } }
layers { name: "relu1" type: RELU bottom: "ip1" top: "ip1" }
layers { name: "ip2" type: INNER_PRODUCT bottom: "ip1" top: "ip2" inner_product_param { num_output: 10 } }
layers { name: "accuracy" type: ACCURACY bottom: "ip2" bottom: "label" top: "accuracy" include: { phase: TEST } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "ip2" bottom: "label" top: "loss" include { phase: TRAIN } }
"""


def test_the_older_kind_of_layers():
    model = cnnsum.loads(OLDER, "lenet.prototxt")
    assert not model.diagnostics
    report = cnnsum.summarize(model)
    assert report.totals.params.total == 431_080  # Y. LeCun et al., 1998, as Caffe's example has it
    assert [row.type for row in report.rows[1:]] == [
        *("Convolution", "Pooling", "Convolution", "Pooling", "InnerProduct", "ReLU", "InnerProduct"),
    ]
    assert cnnsum.summarize(cnnsum.loads(OLDER, "lenet.prototxt", inputs=(32, 32))).rows[0].outputs[0].shape[1:] == (
        1,
        32,
        32,
    )  # type: ignore[index]


def test_pictures_from_files_have_to_be_said():
    data = (
        'layer { name: "d" type: "Data" top: "data" top: "label" transform_param { crop_size: 224 } data_param { } }\n'
    )
    body = (
        'layer { name: "c" type: "Convolution" bottom: "data" convolution_param {num_output:4 kernel_size:3} }\n'
        'layer { name: "l" type: "SoftmaxWithLoss" bottom: "c" bottom: "label" }\n'
    )
    with pytest.raises(cnnsum.UnusableError) as caught:
        cnnsum.loads(data + body, "train.prototxt")
    assert caught.value.diagnostics[0].help == "say it: `-i 3,224,224`"
    report = cnnsum.summarize(cnnsum.loads(data + body, "train.prototxt", inputs=(3, 224, 224)))
    assert [row.name for row in report.rows] == ["data", "c"]


#: An edit, the line and column and code of the first finding, and words of its message or mend.
FAULTS = [
    ("input_dim: 64\n", "", (3, 12), "SPC042", "batch first"),
    ('bottom: "data"', 'bottom: "dat"', (8, 43), "GRF302", "data"),
    ('bottom: "data" ', "", (7, 8), "CFG101", "bottom"),
    ("type: CONVOLUTION", "type: CONVOLUTON", (8, 23), "UNK701", "Convolution"),
    ("type: CONVOLUTION ", "", (7, 8), "CFG101", "type"),
    ("num_output: 20", "num_outputs: 20", (9, 23), "CFG103", "num_output"),
    ("num_output: 20", "num_output: 20 bias_term: 1.0", (9, 49), "CFG102", "true or false"),
    ("num_output: 20", "num_output: 0", (9, 35), "CFG102", "positive"),
    ("kernel_size: 5 weight", "weight", (9, 21), "CFG101", "kernel_size"),
    ("kernel_size: 5 weight", 'kernel_size: "5" weight', (9, 51), "CFG102", "whole number"),
    ("kernel_size: 5 weight", "kernel_size: 50 weight", (8, 9), "SHP201", "kernel_size 50"),
    ("pool: MAX", "pool: MAXI", (11, 89), "CFG102", "MAX"),
    ("num_output: 20", "num_output: 20 group: 3", (9, 45), "CFG110", "groups"),
    ("num_output: 20", "num_output 20", (9, 34), "SPC008", "expected `:`"),
    ("  convolution_param {", "  convolution_param {{", (9, 22), "SPC008", "name of a field"),
    ("type: RELU", "type: PYTHON", (15, 30), "UNK701", "not known to cnnsum"),
    ('name: "relu1"', 'nam: "relu1"', (15, 10), "CFG103", "name"),
    ('"LeNet"', '"LeNet', (1, 7), "SPC008", "cannot read"),
    ("num_output: 20", "num_output: 20 num_output: 20", (9, 50), "SPC015", "`num_output` stands here for the second"),
    ("num_output: 20", "num_output: [20, 30]", (9, 40), "SPC015", "remove one of the two"),
    ("convolution_param {", "convolution_param {} convolution_param {", (9, 42), "SPC015", "`convolution_param`"),
    ("type: RELU", "type: RELU type: RELU", (15, 41), "SPC015", "`type`"),
    ('name: "LeNet"', 'name: "LeNet" name: "LeNet"', (1, 21), "SPC015", "`name`"),
    ('type: "xavier"', 'type: "xavier" type: "msra"', (9, 90), "SPC015", "`type`"),
    ('type: "xavier"', "std: 1 mean: 0 std: 1", (9, 89), "SPC015", "`std`"),
    ("phase: TEST", "phase: TEST phase: TRAIN", (17, 118), "SPC015", "`phase`"),
    (
        "phase: TEST",
        "phase: TEST not_stage: 'a' not_stage: 'b' max_level: 1 max_level: 1",
        (17, 165),
        "SPC015",
        "`max_level`",
    ),
    ("type: RELU", "type: RELU param { lr_mult: 0 lr_mult: 1 }", (15, 63), "SPC015", "`lr_mult`"),
    (
        "type: RELU",
        "type: RELU transform_param { mean_value: 1 mean_value: 2 scale: 1 scale: 1 }",
        (15, 97),
        "SPC015",
        "`scale`",
    ),
    ("type: RELU", "type: RELU sigmoid_param { engine: CAFFE engine: CAFFE }", (15, 73), "SPC015", "`engine`"),
    ("type: RELU", "type: RELU reshape_param { shape {} shape {} }", (15, 66), "SPC015", "`shape`"),
    ("input_dim: 64", "state { stage: 'a' stage: 'b' level: 1 level: 1 } input_dim: 64", (3, 47), "SPC015", "`level`"),
    (
        "kernel_size: 5 weight",
        "kernel_size: 5 kernel_h: 5 weight",
        (9, 51),
        "CFG116",
        "`kernel_size`, or `kernel_h` and",
    ),
    ("kernel_size: 5 weight", "kernel_h: 5 weight", (9, 48), "CFG101", "`kernel_h` needs `kernel_w`"),
    (
        "kernel_size: 5 weight",
        "kernel_size: 5 pad: 1 pad_w: 1 weight",
        (9, 58),
        "CFG116",
        "`pad`, or `pad_h` and `pad_w`",
    ),
    ("kernel_size: 5 weight", "kernel_size: 5 stride: 1 stride_h: 1 weight", (9, 61), "CFG116", "`stride`, or"),
    ("kernel_size: 5 weight", "kernel_size: 5 stride_w: 1 weight", (9, 63), "CFG101", "`stride_w` needs `stride_h`"),
    ("stride: 2", "stride: 2 kernel_h: 2 kernel_w: 2", (11, 106), "CFG116", "`kernel_size`, or"),
    ("stride: 2", "stride: 2 pad_h: 1", (11, 125), "CFG101", "`pad_h` needs `pad_w`"),
    ("stride: 2", "stride: 2 global_pooling: true", (11, 106), "CFG116", "`global_pooling` or `kernel_size`"),
    ("kernel_size: 2 stride: 2", "stride: 2 global_pooling: true", (11, 101), "CFG116", "`stride` can only be 1"),
    ("type: RELU", "type: CONCAT concat_param { axis: 1 concat_dim: 1 }", (15, 72), "CFG116", "`axis` or `concat_dim`"),
    ("type: RELU", "type: SLICE slice_param { axis: 1 slice_dim: 1 }", (15, 69), "CFG116", "`axis` or `slice_dim`"),
    ("include: {", "exclude {} include: {", (17, 88), "CFG116", "`include` or `exclude`"),
]


@each("fault", FAULTS)
def test_a_mistake_is_found_at_its_place(fault: tuple[str, str, tuple[int, int], str, str]):
    old, new, where, code, words = fault
    assert old in OLDER
    assert_told(OLDER.replace(old, new, 1), "own.prototxt", code, where, words)


def test_what_is_no_contradiction():
    """A convolution may be padded along one axis alone, and pooling that has a size for both looks no further."""
    pooled = "pool: MAX kernel_size: 2 kernel_h: 9 stride_h: 2 stride_w: 2"
    net = OLDER.replace("kernel_size: 5 weight", "kernel_size: 5 pad_h: 1 weight", 1)
    net = net.replace("pool: MAX kernel_size: 2 stride: 2", pooled, 1)
    model = cnnsum.loads(net, "own.prototxt")
    assert not model.diagnostics
    shapes = [row.outputs[0].shape or () for row in cnnsum.summarize(model).rows[1:3]]
    assert [shape[1:] for shape in shapes] == [(20, 26, 24), (20, 13, 12)]


@each(
    "edit",
    [
        ("num_output: 20", "num_output: 20.5"),
        ("num_output: 20", "num_outptu: 20"),
        ("num_output: 20", ""),
        ("kernel_size: 5 weight", "kernel_size: 5.5 weight"),
        ("kernel_size: 5 weight", "weight"),
        ("kernel_size: 5 weight", "kernel_size: 5 stride: 0 weight"),
        ("kernel_size: 5 weight", "kernel_size: 5 kernel_h: 5 weight"),
        ("kernel_size: 5 weight", "kernel_size: 5 bias_term: 2 weight"),
        ("input_dim: 28", "input_dim: 28.5"),
        ('bottom: "data"', 'bottom: "dat"'),
    ],
)
def test_what_is_said_wrong_is_not_known(edit: tuple[str, str]):
    model = cnnsum.loads(OLDER.replace(*edit, 1), "own.prototxt")
    assert [one.code for one in model.diagnostics] in (
        ["CFG102"],
        ["CFG103"],
        ["CFG101"],
        ["CFG116"],
        ["SPC042"],
        ["GRF302"],
    )
    report = cnnsum.summarize(model)
    assert all(output.shape is None for row in report.rows[1:4] for output in row.outputs)
    assert str(report.rows[1].params.total) in ("?", "0")


def test_lists_may_be_given_one_by_one():
    window = "pad: 0 pad: 1 stride: 1 stride: 1 kernel_size: 5 kernel_size: 3"
    net = OLDER.replace("kernel_size: 5 weight", f"{window} weight", 1)
    assert not cnnsum.loads(net, "own.prototxt").diagnostics


ONE_LAYER = """\
name: "n"
input: "data" input_shape { dim: [1, 3], dim: 010 dim: 0x8 }
layer { name: "c" type: "Convolution" bottom: 'data' top: "c"
convolution_param { num_output: 4 kernel_size: 3 bias_term: f } }
"""
#: The same text otherwise: all of it is legal.
SPELLINGS = {
    "in lines": lambda text: text,
    "on one line": lambda text: " ".join(text.splitlines()),
    "on one line, with a name in pieces": lambda text: " ".join(text.splitlines()).replace('"n"', "'n' 'layer {'"),
    "signs on lines of their own": lambda text: text.replace("{", "\n{\n").replace("}", "\n}\n"),
    "comments": lambda text: "# layer { }\n" + text.replace("layer {", "layer # {\n{"),
    "other brackets": lambda text: text.replace("{", "<").replace("}", ">"),
    "other brackets on one line": lambda text: " ".join(text.splitlines()).replace("{", "<").replace("}", ">"),
    "a colon": lambda text: text.replace(" {", ": {"),
    "a list": lambda text: text.replace("layer {", "layer: [{", 1) + "]",
    "a layer first": lambda text: "layer{name:'d'type:'Silence'bottom:'data'}" + " ".join(text.splitlines()),
}


@each("way", [*SPELLINGS])
def test_a_network_is_one_however_it_is_spelt(way: str):
    report = cnnsum.summarize(cnnsum.loads(SPELLINGS[way](ONE_LAYER), "own.prototxt"))
    assert not report.diagnostics
    assert [(str(one[0]), *one[1:]) for row in report.rows if (one := row.outputs[0].shape)] == [
        ("N", 3, 8, 8),
        ("N", 4, 6, 6),
    ]
    assert report.totals.params.total == 3 * 4 * 9


@each(
    "text",
    [
        "input: [8, 8, 3]\nlayers: [{Conv2D: [8, 3]}]\n",
        "input: [8, 8, 3]\nlayers: # layer { name: x }\n  - Conv2D: [8, 3]\n",
        "name: 'layer { name: x }'\ninput: [8, 8, 3]\nlayers:\n  - Conv2D: {filters: 8, kernel_size: 3}\n",
        "name: see layer {8}\ninput: [8, 8, 3]\nlayers:\n  - Conv2D: [8, 3]\n",
        "name: |\n  layer <name>\ninput: [8, 8, 3]\nlayers:\n  - Conv2D: [8, 3]\n",
    ],
)
def test_a_spec_is_none(text: str):
    model = cnnsum.loads(text, "own.prototxt")
    assert not [one for one in model.diagnostics if one.severity == "error"]
    assert cnnsum.summarize(model).rows[-1].type == "Conv2D"


@each("word", ["true", "True", "t", "1", "false", "False", "f", "0"])
def test_words_of_truth(word: str):
    model = cnnsum.loads(ONE_LAYER.replace("bias_term: f", f"bias_term: {word}"), "own.prototxt")
    assert not model.diagnostics
    assert cnnsum.summarize(model).totals.params.total == 108 + 4 * (word in ("true", "True", "t", "1"))


@each("number", ["010", "0x8", "8", "- -8", "08", "1f", "8.0", "-8", "1e1", "inf"])
def test_numbers_are_octal_hexadecimal_or_refused(number: str):
    text = ONE_LAYER.replace("num_output: 4", f"num_output: {number}")
    if number in ("010", "0x8", "8"):
        assert cnnsum.summarize(cnnsum.loads(text, "own.prototxt")).totals.params.total == 8 * 27
        return
    code = "SPC008" if number in ("08", "- -8") else "CFG102"
    assert_told(text, "own.prototxt", code, (4, 33), "digits from 0 to 7" if number == "08" else "")


def test_a_text_that_ends_too_early():
    with pytest.raises(cnnsum.UnusableError) as caught:
        cnnsum.loads(OLDER.rstrip().removesuffix("}"), "own.prototxt")
    assert caught.value.diagnostics[0].code == "SPC009"
    assert "line 18" in caught.value.diagnostics[0].message


def test_files_at_random_are_read_or_refused_with_places():
    draw = random.Random(3)
    texts = (messages.text(messages.network(draw), draw) for _ in range(examples(160)))
    assert_read_or_refused(texts, "own.prototxt", 2)
