"""Seeded mistakes: specs with one usual mistake each, the finding that names it, and their sisters.

What a file seeds stands in its first line. A mistake is named by a code at the line where it was made.
"""

from pathlib import Path

from advising import advice_on, codes_of

from cnnsum.lint import check
from cnnsum.model import load, loads
from tests.thorough import each

FOLDER = Path(__file__).parent / "faults"

NAMED = {
    "f01_missing_act": [("ARC415", 5), ("ARC415", 9)],
    "f02_softmax_hidden": [("ARC413", 6)],
    "f03_skip_wrong": [("ARC465", 6)],
    "f04_dead": [("GRF305", 5)],
    "f05_stride": [("ARC426", 4), ("ARC426", 6)],
    "f06_nchw": [("ARC447", 2)],
    "f07_dense4d": [("ARC417", 7)],
    "f08_bn_frozen": [("ARC473", 7)],
    "f09_dropout": [("ARC472", 6)],
    "f10_lstm": [("SHP204", 5)],
    "f11_oddsize": [("ARC422", 5), ("ARC421", 6), ("ARC421", 7)],
    "f12_doublerelu": [("ARC411", 5), ("ARC412", 8)],
    "f13_unused_var": [("ARC493", 3), ("ARC493", 6)],
    "f14_embed": [("ARC444", 6), ("ARC451", 6)],
    "f15_linear_out": [("ARC466", 5), ("ARC466", 7), ("ARC418", 9)],
}


@each("name", NAMED)
def test_the_mistake_is_named(name):
    found = {(one.code, one.span.line) for one in check(FOLDER / f"{name}.yaml")}
    assert set(NAMED[name]) <= found


def test_every_file_is_expected():
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMED)


def spec(shape, *items, top=""):
    return f"{top}input: {shape}\nlayers:\n" + "".join(f"  - {item}\n" for item in items)


FIRST = "data_format: channels_first\n"
CONV = "Conv2D: {filters: 8, kernel_size: 3, padding: same}"

SPEAKS = {
    # Channels before space, in every rank, behind what keeps places, and where the spec has errors that come of it.
    "nchw/grey": ("ARC447", spec([1, 28, 28], CONV)),
    "nchw/rgba": ("ARC447", spec([4, 64, 64], CONV)),
    "nchw/not square": ("ARC447", spec([3, 480, 640], CONV)),
    "nchw/rescaled": ("ARC447", spec([3, 64, 64], "Rescaling: 0.5", CONV)),
    "nchw/pooled": ("ARC447", spec([3, 64, 64], "MaxPooling2D: {pool_size: 2}", "ReLU")),
    "nchw/1x1": ("ARC447", spec([3, 64, 64], "Conv2D: [8, 1]")),
    "ncdhw": ("ARC447", spec([1, 32, 64, 64], "Conv3D: {filters: 4, kernel_size: 3, padding: same}")),
    "ncw": ("ARC447", spec([1, 16000], "Conv1D: {filters: 4, kernel_size: 3, padding: same}")),
    "nchw/named input": ("ARC447", "inputs: {x: [3, 64, 64]}\nlayers:\n  - " + CONV + "\n"),
    # Strides by position, of every layer that has them behind a kernel.
    "stride/depthwise": ("ARC426", spec([32, 32, 3], "DepthwiseConv2D: [3, 3]")),
    "stride/separable": ("ARC426", spec([32, 32, 3], "SeparableConv2D: [8, 3, 3]")),
    "stride/transposed": ("ARC426", spec([32, 32, 3], "Conv2DTranspose: [8, 3, 3]")),
    "stride/3D": ("ARC426", spec([16, 16, 16, 3], "Conv3D: [8, 3, 3]")),
    "stride/5": ("ARC426", spec([32, 32, 3], "Conv2D: [8, 5, 5]")),
    "stride/5x3": ("ARC426", spec([32, 32, 3], "Conv2D: [8, 5, 3]")),
    "stride/in a block": (
        "ARC426",
        "blocks: {b: {args: {f: 8}, layers: [Conv2D: [f, 3, 3]]}}\n" + spec([32, 32, 3], "b: 16", "b: 8"),
    ),
    # What nothing uses.
    "unused/var": ("ARC493", "vars: {width: 8}\n" + spec([32, 32, 3], "Conv2D: [8, 3]")),
    "unused/var of its own name only": ("ARC493", "vars: {width: 8}\n" + spec([9], "Dense: {units: 3, name: widths}")),
    "unused/key is no use": ("ARC493", "vars: {rate: 0.5}\n" + spec([9], "Dropout: {rate: 0.3}")),
    "unused/block": ("ARC493", "blocks: {b: {layers: [ReLU]}}\n" + spec([9], "Dense: 3")),
    "unused/argument": (
        "ARC493",
        "blocks: {b: {args: {f: 8, s: 1}, layers: [Dense: f]}}\n" + spec([9], "b: {f: 2, s: 2}"),
    ),
    "unused/default": ("ARC493", "defaults: {Conv2D: {padding: same}}\n" + spec([9], "Dense: 3")),
    "unused/symbol": ("ARC493", "symbols: {H: {min: 8}}\n" + spec([9], "Dense: 3")),
    "unused/type": (
        "ARC493",
        "layer_types: {Mine: {input: [n], output: [n]}}\n" + spec([9], "Dense: 3"),
    ),
    # Answers.
    "answer/relu layer": ("ARC418", spec([9], "Dense: [16, relu]", "Dense: 4", "ReLU")),
    "answer/relu6": ("ARC418", spec([9], "Dense: [16, relu]", "Dense: [4, relu6]")),
    "answer/behind an LSTM": ("ARC418", spec([9, 4], "LSTM: 16", "Dense: [4, relu]")),
    "answer/normalised": ("ARC408", spec([9], "Dense: [4, sigmoid]", "BatchNormalization")),
    "answer/normalised, layer": ("ARC408", spec([9], "Dense: 4", "Softmax", "LayerNormalization")),
    "answer/sigmoid of softmax": ("ARC412", spec([9], "Dense: [4, softmax]", "Activation: sigmoid")),
    "answer/mask of one": ("ARC413", spec([8, 8, 3], "Conv2D: {filters: 1, kernel_size: 1, activation: softmax}")),
    "softmax/columns": ("ARC419", spec([3, 32, 32], CONV[:-1] + ", activation: softmax}", top=FIRST)),
    "softmax/layer": ("ARC419", spec([3, 32, 32], CONV, "Softmax", top=FIRST)),
    "softmax/rows": ("ARC419", spec([32, 32, 3], CONV, "Softmax: {axis: 1}")),
    # Skips to the wrong level.
    "skip/pooled": (
        "ARC465",
        spec([8, 8, 4], "ReLU: {name: x}", "MaxPooling2D: {pool_size: 8, name: p}", "Average: {from: [x, p]}"),
    ),
    "skip/channels first": (
        "ARC465",
        spec([4, 8, 8], "Conv2D: {filters: 1, kernel_size: 1, name: a}", "Add: {from: [input, a]}", top=FIRST),
    ),
}

SILENT = {
    "nchw/said": ("ARC447", spec([3, 64, 64], CONV, top=FIRST)),
    "nchw/strip": ("ARC447", spec([1, 128, 64], "Conv2D: {filters: 8, kernel_size: [1, 5]}")),
    "nchw/small map": ("ARC447", spec([4, 4, 256], CONV)),
    "nchw/last": ("ARC447", spec([64, 64, 3], CONV)),
    "nchw/flattened": ("ARC447", spec([3, 64, 64], "Flatten", "Dense: 4")),
    "nchw/permuted": ("ARC447", spec([3, 64, 64], "Permute: {dims: [2, 3, 1]}", CONV)),
    "ncw/words": ("ARC447", spec([3, 128], "Conv1D: {filters: 4, kernel_size: 2}")),
    "ncw/text": ("ARC447", spec([300, 128], "Conv1D: {filters: 4, kernel_size: 3}")),
    "stride/by name": ("ARC426", spec([32, 32, 3], "Conv2D: {filters: 8, kernel_size: 3, strides: 3}")),
    "stride/patches": ("ARC426", spec([32, 32, 3], "Conv2D: [8, 4, 4]")),
    "stride/2": ("ARC426", spec([32, 32, 3], "Conv2D: [8, 3, 2]")),
    "stride/1D": ("ARC426", spec([81, 3], "Conv1D: [8, 3, 3]")),
    "stride/a list": ("ARC426", spec([32, 32, 3], "Conv2D: [8, [3, 3], 3]")),
    "stride/a name": ("ARC426", "vars: {k: 3}\n" + spec([32, 32, 3], "Conv2D: [8, k, k]")),
    "stride/of a pooling": ("ARC426", spec([32, 32, 3], "MaxPooling2D: [3, 3]")),
    "used/in an expression": ("ARC493", "vars: {w: 8}\n" + spec([9], 'Dense: "w * 2"')),
    "used/by another var": ("ARC493", "vars: {w: 8, v: w * 2}\n" + spec([9], "Dense: v")),
    "used/behind a when": (
        "ARC493",
        "vars: {norm: false, part: 0.9}\n" + spec([9], "BatchNormalization: {when: norm, momentum: part}", "Dense: 3"),
    ),
    "used/in a shape": ("ARC493", "vars: {w: 8}\n" + spec("[w]", "Dense: 3")),
    "used/by a block that is used": (
        "ARC493",
        "vars: {w: 8}\nblocks: {a: {layers: [Dense: w]}, b: {layers: [a]}}\n" + spec([9], "b"),
    ),
    "used/by a layer held in a var": (
        "ARC493",
        "vars: {x: {Dense: 3}}\ndefaults: {Dense: {use_bias: false}}\n" + spec([5, 9], "TimeDistributed: {layer: $x}"),
    ),
    "used/by a layer held in a default": (
        "ARC493",
        "defaults: {Dense: {units: 3}, TimeDistributed: {layer: Dense}}\n" + spec([5, 9], "TimeDistributed"),
    ),
    "used/in a wrapper": (
        "ARC493",
        "defaults: {Dense: {use_bias: false}}\n" + spec([5, 9], "TimeDistributed: {layer: {Dense: 3}}"),
    ),
    "used/symbol": ("ARC493", "symbols: {H: {min: 8}}\n" + spec("[H, 32, 3]", CONV)),
    "answer/one number": ("ARC418", spec([9], "Dense: [16, relu]", "Dense: [1, relu]")),
    "answer/first weights": ("ARC418", spec([9], "Dense: [16, relu]")),
    "answer/features of several outputs": (
        "ARC418",
        "outputs: [a, b]\n"
        + spec([9], "Dense: [4, relu]", "Dense: {units: 4, activation: relu, name: a}", "Dense: {units: 2, name: b}"),
    ),
    "softmax/channels": ("ARC419", spec([3, 32, 32], CONV, "Softmax: {axis: 1}", top=FIRST)),
    "softmax/attention": ("ARC419", spec([32, 32, 3], CONV, "Softmax: {axis: [1, 2]}")),
    "softmax/last": ("ARC419", spec([32, 32, 3], CONV[:-1] + ", activation: softmax}")),
}


@each(("code", "text"), SPEAKS.values(), ids=SPEAKS)
def test_speaks(code, text):
    assert codes_of(text, code) == [code]


@each(("code", "text"), SILENT.values(), ids=SILENT)
def test_is_silent(code, text):
    assert codes_of(text, code) == []


@each(("code", "text"), [*SPEAKS.values(), *SILENT.values()], ids=[*SPEAKS, *SILENT])
def test_cases_are_models_without_errors(code, text):
    del code
    assert [str(found) for found in loads(text).diagnostics if found.severity == "error"] == []


def test_the_strip_of_another_layout_is_named_beside_the_error_that_comes_of_it(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(spec([1, 28, 28], "Conv2D: [8, 3]", "Flatten", "Dense: 10"))
    assert [one.code for one in check(path)] == ["ARC447", "SHP201"]
    assert [one.code for one in check(path, ignore=["ARC447"])] == ["SHP201"]


def test_the_input_is_told_as_it_should_be():
    (found,) = advice_on(loads(spec([3, 48, 64], CONV)), "ARC447")
    assert found.help == "`[48, 64, 3]`, or `data_format: channels_first`"
    assert codes_of(spec([48, 64, 3], CONV), "ARC447") == []


def test_what_an_included_file_uses_is_used(tmp_path):
    (tmp_path / "parts.yaml").write_text(
        "vars: {width: 4, depth: 2}\nblocks:\n  part: {layers: [Dense: width]}\n  other: {layers: [ReLU]}\n"
    )
    path = tmp_path / "net.yaml"
    path.write_text("include: parts.yaml\nvars: {width: 8}\n" + spec([9], "part"))
    assert advice_on(load(path), "ARC493") == []
    path.write_text("include: [parts.yaml]\n" + spec([9], "Dense: 3"))
    (found,) = advice_on(load(path), "ARC493")
    assert (found.message, found.span.line, found.span.column) == ("nothing of `parts.yaml` is used", 1, 11)


def test_each_thing_is_named_at_its_place():
    text = (
        "input: [9]\nvars:\n  width: 8\n  depth: 2\nblocks:\n  unit:\n    args: {n: 3, m: 4}\n"
        "    layers: [Dense: n]\ndefaults:\n  Conv2D: {filters: 3}\nlayers:\n  - unit: {repeat: depth}\n"
    )
    found = advice_on(loads(text), "ARC493")
    assert [(one.message, one.span.line) for one in found] == [
        ("the var `width` is not used", 3),
        ("the argument `m` of block `unit` is not used", 7),
        ("the default of `Conv2D` is not used", 10),
    ]
