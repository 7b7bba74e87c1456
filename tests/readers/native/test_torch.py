"""Specs in PyTorch's words: `framework: torch` at the top."""

from __future__ import annotations

import cnnsum
from tests.thorough import each

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


def test_values_of_a_lazy_layer_begin_behind_what_follows_from_the_input():
    spec = SMALL.replace("Conv2d: [3, 16, 3]", "nn.LazyConv2d: [16, 3]") + "  - LazyBatchNorm2d: 0.25\n"
    model = cnnsum.loads(spec)
    assert cnnsum.summarize(model).rows[0].params.total == 3 * 16 * 9 + 16
    (norm,) = [layer for layer in model.graph.layers if layer.type_name == "BatchNorm2d"]
    assert norm.fields["eps"] == 0.25
    (found,) = cnnsum.summarize(cnnsum.loads(spec.replace("[16, 3]", "[16, -3]"))).diagnostics
    assert found.message.startswith("`kernel_size` ")
    assert found.span.column == spec.splitlines()[3].index("3]") + 1


@each(
    ("old", "new", "code", "words"),
    [
        ("[3, 16, 3]", "[4, 16, 3]", "SHP202", "Conv2d was made for in_channels 4"),
        ("nn.Conv2d", "Conv2D", "UNK701", "unknown layer type `Conv2D`"),
        ("out_channels", "filters", "CFG103", "Conv2d has no field `filters`"),
        ("padding: same", "padding: same, stride: 2", "CFG116", "with stride 1 only"),
        ("padding: 1, ", "padding: 2, ", "CFG116", "half of its kernel_size"),
        ("framework: torch", "framework: pytorch", "CFG102", "must be one of keras, torch"),
        ("framework: torch", "framework: [torch]", "CFG102", "must be one of keras, torch"),
        ("framework: torch", "framework: torch\ndata_format: channels_last", "CFG103", "a word of Keras"),
    ],
)
def test_what_is_wrong_is_said_in_its_words(old: str, new: str, code: str, words: str):
    assert old in SMALL
    report = cnnsum.summarize(cnnsum.loads(SMALL.replace(old, new)))
    found = [one for one in report.diagnostics if one.code == code]
    assert found, report.diagnostics
    assert words in found[0].message or words in str(found[0])


RESIDUAL = """\
framework: torch
input: [16, 8, 8]
layers:
  - Conv2d: {out_channels: 16, kernel_size: 3, padding: 1, bias: false, name: conv1}
  - BatchNorm2d: {name: bn1}
  - relu
  - Conv2d: {out_channels: 16, kernel_size: 3, padding: 1, bias: false}
  - BatchNorm2d: {num_features: 16, name: bn2}
  - add: {from: [bn2, input], name: sum}
  - ReLU: {inplace: true}
  - mean: {dim: [2, 3]}
  - flatten: 1
  - Linear: [16, 10]
"""


def test_a_residual_network_has_parameters_and_buffers():
    model = cnnsum.loads(RESIDUAL)
    assert [str(found) for found in model.diagnostics] == []
    totals = cnnsum.summarize(model).totals
    assert [row.outputs[0].shape[1:] for row in cnnsum.summarize(model).rows] == [
        *[(16, 8, 8)] * 8,  # the input is a row of its own
        (16,),
        (16,),
        (10,),
    ]
    assert totals.params.total == totals.params.trainable == 2 * 16 * 16 * 9 + 2 * 2 * 16 + 16 * 10 + 10
    assert totals.buffers.total == 2 * (16 + 16 + 1)
    assert totals.buffers.bytes == 2 * (16 * 4 + 16 * 4 + 8)
    assert totals.macs == 2 * 64 * 16 * 16 * 9 + 160


@each("loss", ["CrossEntropyLoss", "nn.MSELoss", "CTCLoss"])
def test_a_loss_is_refused_with_the_reason(loss: str):
    report = cnnsum.summarize(cnnsum.loads(f"{SMALL}  - {loss}\n"))
    (found,) = report.diagnostics
    assert (found.code, found.help) == (
        "UNK701",
        "a loss is not a layer of the network, but of its training: leave it out",
    )


def test_a_size_that_another_is_divided_by_may_be_nothing():
    """`H//2` is 0 for 1, which no reshape accepts: where memory is compared at some sizes, that is none of them."""
    layers = "[{reshape: {shape: [-1, H//2]}}, ReLU, {reshape: {shape: [-1, H//3]}}, ReLU]"
    report = cnnsum.summarize(cnnsum.loads(f"framework: torch\ninput: [6, H]\nlayers: {layers}\n"))
    assert [str(row.outputs[0].shape[-1]) for row in report.rows] == ["H//2", "H//2", "H//3", "H//3"]


def test_whole_numbers_keep_their_dtypes():
    text = "framework: torch\ninputs: {a: {shape: [4], dtype: int64}, b: {shape: [4], dtype: int64}}\n"
    layers = "[{add: {from: [a, b]}}, {div: {from: [add, b]}}]"
    report = cnnsum.summarize(cnnsum.loads(f"{text}layers: {layers}\noutputs: [add, div]\n"))
    assert [one.dtype for one in report.outputs] == ["int64", "float32"]
