"""What other tools count: their own figures, measured; and that every difference is accounted for.

MEASURED holds what the tools printed for the networks of `torch_zoo` (PyTorch 2.13.0, fvcore 0.1.5.post20221221,
torchinfo 1.8.0, thop 0.1.1.post2209072238, ptflops 0.7.5, in evaluation mode, one sample), and what keras-flops 0.1.2
printed with TensorFlow 2.5.0 for the networks of keras.applications. tests/peers/test_torch_conventions.py measures
again.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from conventions_specs import SPECS

import cnnsum
from cnnsum.analyses.conventions.layer_pieces import pieces_of
from cnnsum.analyses.conventions.tools import CONVENTIONS, count
from cnnsum.answers.conventions.ask import reconcile
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import UNKNOWN
from cnnsum.model import Model
from tests.thorough import each

GALLERY = Path(__file__).resolve().parent.parent.parent / "specs"

#: torch, fvcore, torchinfo, thop, ptflops.
MEASURED = {
    "alexnet": (714_188_480, 714_188_480, 714_682_664, 714_188_480, 716_422_696),
    "vgg16": (15_470_264_320, 15_470_264_320, 15_483_821_032, 15_470_267_319, 15_523_176_400),
    "resnet18": (1_814_073_344, 1_819_065_856, 1_814_083_944, 1_824_033_792, 1_825_371_624),
    "resnet50": (3_857_973_248, 3_879_247_872, 3_868_614_504, 3_900_427_191, 3_909_764_560),
    "mobilenet_v2": (300_774_272, 314_193_216, 300_809_384, 327_553_719, 320_363_728),
    "densenet121": (2_834_161_664, 2_865_546_752, 2_834_246_312, 2_897_061_303, 2_900_002_256),
    "squeezenet": (349_151_936, 349_320_936, 351_741_288, 349_321_936, 359_982_728),
    "unet": (48_167_387_136, 48_231_350_272, 54_617_779_712, 54_737_764_352, 48_318_971_904),
    "encoder": (1_703_936, 1_593_344, 33_344, 1_064_960, 1_748_992),
    "attention_with_scores": (655_360, 655_360, 0, 0, 804_864),
    "by_hand": (655_360, 655_360, 16_640, 527_328, 664_576),
    "lstm": (44_800, 1_792, 45_064, 48_384, 48_888),
    "gru": (68_096, 3_584, 67_720, 73_920, 73_976),
    "rnn": (10_752, 0, 11_200, 11_424, 11_424),
    "generator": (6_864_896, 7_097_344, 13_184_096, 13_553_408, 7_060_480),
    "activations": (1_768, 2_056, 1_933, 2_438, 3_506),
}
KERAS_FLOPS = {
    "vgg16": 30_960_211_824,
    "resnet50": 7_755_299_312,
    "mobilenet_v2": 615_292_208,
    "densenet121": 5_702_474_160,
    "inception_v3": 11_469_006_896,
    "xception": 16_773_724_144,
    "mobilenet_v1": 1_147_687_920,
    "efficientnet_b0": 796_892_203,
}


@cache
def model(name: str) -> Model:
    found = cnnsum.loads(SPECS[name]) if name in SPECS else cnnsum.load(GALLERY / f"{name}.yaml")
    assert not found.diagnostics
    return found


@each("name", MEASURED)
def test_the_figures_of_tools_for_pytorch(name: str) -> None:
    tools = ("torch", "fvcore", "torchinfo", "thop", "ptflops")
    assert tuple(reconcile(model(name), tool).theirs for tool in tools) == MEASURED[name]


def test_the_table_of_the_page() -> None:
    """It has the measured figures, and ours are those of FlopCounterMode."""
    page = (GALLERY.parent / "docs" / "conventions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [\w -]+ \| (\d[\d,]+(?: \| [\d,]+){5}) \|$", page, re.MULTILINE)
    figures = [tuple(int(cell.replace(",", "")) for cell in row.split(" | ")) for row in rows]
    assert len(figures) == 11
    for exact, *others in figures:
        assert exact == others[0]
        assert tuple(others) in MEASURED.values()


@each("name", KERAS_FLOPS)
def test_the_figures_of_keras_flops(name: str) -> None:
    assert reconcile(model(name), "keras-flops").theirs == KERAS_FLOPS[name]


@each("convention", CONVENTIONS)
@each("name", ["encoder", "generator", "gru", "resnet18", "vit_b16"])
def test_differences_add_up(name: str, convention: str) -> None:
    """Ours and the reasons make theirs; the rows make the sums; no reason is without an amount."""
    report = reconcile(model(name), convention)
    for row in report.rows:
        if row.theirs is not UNKNOWN:
            assert row.theirs == row.ours + sum(found.amount for found in row.differences)
            assert all(found.amount != 0 for found in row.differences)
    known = [row for row in report.rows if row.theirs is not UNKNOWN]
    assert report.known == sum(row.theirs for row in known)
    assert report.ours == sum(row.ours for row in report.rows)
    for reason in report.reasons:
        if reason.amount is not UNKNOWN:
            assert reason.amount == sum(amount for _, amount in reason.rows)
    if report.theirs is not UNKNOWN:
        assert report.theirs == report.known == report.ours + sum(reason.amount for reason in report.reasons)


@each("name", [path.stem for path in sorted(GALLERY.glob("*.yaml")) if path.stem != "resnet_blocks"] + [*SPECS])
def test_pieces_leave_nothing_out(name: str) -> None:
    """The MACs of the pieces of every call are those of the call."""
    inference = model(name).inference
    for call in inference.calls:
        pieces = pieces_of(call, inference.values)
        assert sum(piece.macs * piece.times for piece in pieces) == call.facts.macs, call.layer.name
        assert all(piece.kind != "unknown" for piece in pieces), call.layer.name


#: Layers of Keras 2.5, what keras-flops printed for each: the layer, the shape of a sample, the figure.
KERAS_LAYERS = [
    ("Dense: 4", (6,), 52),
    ("Dense: {units: 4, use_bias: false}", (6,), 48),
    ("Dense: 4", (5, 6), 260),
    ("Conv1D: {filters: 8, kernel_size: 3, padding: causal}", (10, 3), 1_520),
    ("Conv2D: {filters: 8, kernel_size: 3, groups: 2, use_bias: false}", (10, 10, 4), 18_432),
    ("Conv3D: {filters: 8, kernel_size: 3}", (10, 10, 10, 3), 667_648),
    ("DepthwiseConv2D: 3", (10, 10, 6), 7_296),
    ("SeparableConv2D: {filters: 8, kernel_size: 3}", (10, 10, 6), 13_568),
    ("Conv2DTranspose: {filters: 8, kernel_size: 2, strides: 2}", (10, 10, 3), 22_400),
    ("EinsumDense: {equation: 'abc,cd->abd', output_shape: [null, 4], bias_axes: d}", (5, 6), 20),
    ("BatchNormalization", (4, 4, 6), 228),
    ("BatchNormalization: {center: false, scale: false}", (4, 4, 6), 228),
    ("BatchNormalization", (4, 4, 4, 6), 804),
    ("BatchNormalization", (6,), 48),
    ("BatchNormalization: {scale: false}", (5, 6), 90),
    ("BatchNormalization: {center: false}", (5, 6), 96),
    ("LayerNormalization", (6,), 14),
    ("LayerNormalization", (5, 6), 63),
    ("LayerNormalization", (4, 4, 6), 196),
    ("LayerNormalization: {center: false, scale: false}", (5, 6), 3),
    ("LayerNormalization: {epsilon: 1.0e-6}", (5, 6), 285),
    ("MaxPooling2D: {pool_size: 3, strides: 2, padding: same}", (9, 9, 6), 1_350),
    ("MaxPooling1D: 2", (8, 6), 48),
    ("MaxPooling3D: 2", (8, 8, 8, 6), 0),
    ("AveragePooling2D: 2", (8, 8, 6), 384),
    ("GlobalAveragePooling3D", (4, 4, 4, 6), 384),
    ("GlobalMaxPooling1D", (8, 6), 42),
    ("PReLU", (7, 4), 112),
    ("Activation: gelu", (7, 4), 112),
    ("Activation: swish", (7, 4), 28),
    ("Activation: hard_sigmoid", (7, 4), 112),
    ("Softmax", (7, 4), 140),
    ("Activation: tanh", (7, 4), 0),
    ("UpSampling2D: 2", (8, 8, 6), 2),
    ("UpSampling1D: 2", (8, 6), 0),
    ("Rescaling: 0.1", (7, 4), 56),
    ("Average: {from: [input, input, input]}", (7, 4), 84),
    ("Maximum: {from: [input, input]}", (7, 4), 28),
    ("Dot: {axes: 2, from: [input, input]}", (5, 8), 400),
    ("Attention: {from: [input, input]}", (5, 8), 925),
    ("MultiHeadAttention: {num_heads: 2, key_dim: 4, from: [input, input]}", (5, 8), 450),
    ("MultiHeadAttention: {num_heads: 2, key_dim: 4, use_bias: false, from: [input, input]}", (5, 8), 290),
    ("LSTM: 5", (7, 6), 0),
    ("GRU: 5", (7, 6), 0),
    ("SimpleRNN: 5", (7, 6), 65),
    ("SimpleRNN: {units: 5, use_bias: false}", (7, 6), 60),
    ("Bidirectional: {layer: {SimpleRNN: 5}}", (7, 6), 130),
    ("TimeDistributed: {layer: {Conv2D: {filters: 8, kernel_size: 3}}}", (5, 10, 10, 3), 140_800),
]


@each(("layer", "shape", "measured"), KERAS_LAYERS)
def test_layers_of_keras_flops(layer: str, shape: tuple[int, ...], measured: int) -> None:
    item = f"{{{layer}}}" if ":" in layer else layer
    assert total(f"{{input: {list(shape)}, layers: [{item}]}}", "keras-flops") == measured


#: torch, fvcore, torchinfo, thop, ptflops.
RESIZING = [
    ("LPPool1d: [2, 3]", (4, 12), (0, 0, 0, 0, 80)),
    ("LPPool2d: {norm_type: 2, kernel_size: 3, stride: 2, ceil_mode: true}", (4, 13, 12), (0, 0, 0, 0, 912)),
    ("LPPool3d: [2, 2]", (4, 6, 6, 6), (0, 0, 0, 0, 1_080)),
    ("Upsample: {size: [7, 5]}", (3, 4, 4), (0, 105, 0, 105, 210)),
    ("Upsample: {scale_factor: 1.5}", (3, 5, 5), (0, 147, 0, 147, 315)),
    ("Upsample: {scale_factor: [1.5, 2]}", (3, 4, 4), (0, 144, 0, 144, 240)),
    ("Upsample: {scale_factor: 2, mode: linear}", (3, 4), (0, 0, 0, 120, 48)),
    ("Upsample: {scale_factor: 2, mode: trilinear}", (3, 4, 4, 4), (0, 0, 0, 0, 3_072)),
    ("Upsample: {scale_factor: 2, mode: nearest-exact}", (3, 4, 4), (0, 0, 0, 0, 384)),
    ("Upsample: {size: 2, mode: area}", (3, 4, 4), (0, 48, 0, 0, 72)),
    ("UpsamplingNearest2d: {scale_factor: 2}", (3, 4, 4), (0, 192, 0, 192, 192)),
    ("UpsamplingBilinear2d: {scale_factor: 2}", (3, 4, 4), (0, 768, 0, 2_112, 192)),
    ("interpolate: {size: 7}", (3, 4, 4), (0, 147, 0, 0, 147)),
    ("interpolate: {scale_factor: 1.5}", (3, 5, 5), (0, 147, 0, 0, 168)),
    ("interpolate: {scale_factor: [1.5, 2]}", (3, 4, 4), (0, 144, 0, 0, 96)),
    ("interpolate: {scale_factor: 2, mode: bilinear, antialias: true}", (3, 4, 4), (0, 0, 0, 0, 192)),
    ("interpolate: {size: 2, mode: area}", (3, 4, 4), (0, 48, 0, 0, 60)),
]


@each(("layer", "shape", "measured"), RESIZING)
def test_pooling_by_norms_and_resizing(layer: str, shape: tuple[int, ...], measured: tuple[int, ...]) -> None:
    text = f"{{framework: torch, input: {list(shape)}, layers: [{{{layer}}}]}}"
    assert tuple(total(text, tool) for tool in ("torch", "fvcore", "torchinfo", "thop", "ptflops")) == measured


def test_resizing_of_open_sizes() -> None:
    text = "{framework: torch, input: [3, H, 4], layers: [{interpolate: {scale_factor: 2}}]}"
    assert str(total(text, "ptflops")) == "48*H"
    assert total(text.replace("2", "1.5"), "ptflops") is UNKNOWN


def total(text: str, convention: str) -> object:
    found = cnnsum.loads(text)
    assert not found.diagnostics
    return reconcile(found, convention).theirs


def test_steps_that_a_wrapper_folds_into_the_batch() -> None:
    """`x.view(-1, 6)` before a module: its parameters are then counted once per step."""
    spec = "{input: [5, 6], layers: [{TimeDistributed: {layer: {Dense: 4}}}]}"
    assert total(spec, "torchinfo") == 5 * (6 * 4 + 4)
    assert total(spec, "keras-flops") == 260  # measured


@each(
    ("layer", "unknown"),
    [
        ("Dense: {units: 4, lora_rank: 2}", set(CONVENTIONS)),
        ("Dense: {units: 4, quantization: int8}", set(CONVENTIONS)),
        ("MultiHeadAttention: {num_heads: 2, key_dim: 3, quantization: int8, from: [input, input]}", set(CONVENTIONS)),
        ("LSTM: {units: 4, recurrent_activation: hard_sigmoid}", set(CONVENTIONS) - {"torch"}),
        ("EinsumDense: {equation: 'abc,cd->abd', output_shape: [null, 4]}", {"torchinfo", "thop", "ptflops"}),
        (
            "GroupedQueryAttention: {head_dim: 4, num_query_heads: 4, num_key_value_heads: 2, from: [input, input]}",
            {"torchinfo", "thop", "ptflops", "keras-flops"},
        ),
        ("GroupNormalization: {groups: 2, center: false}", set(CONVENTIONS)),
        ("UnitNormalization", {"keras-flops"}),
        ("EinsumDense: {equation: 'abc,cd->abd', output_shape: [null, 4], lora_rank: 2}", set(CONVENTIONS)),
    ],
)
def test_what_is_not_known_is_unknown(layer: str, unknown: set[str]) -> None:
    item = f"{{{layer}}}" if ":" in layer else layer
    found = cnnsum.loads(f"{{input: [5, 6], layers: [{item}]}}")
    assert not found.diagnostics
    for name in CONVENTIONS:
        report = reconcile(found, name)
        assert (report.theirs is UNKNOWN) == (name in unknown), name
        assert (report.known == 0) or name not in unknown


@each("layer", ["Conv1d: [6, 4, 1]", "GRU: {hidden_size: 4}", "Linear: {out_features: 4}"])
def test_a_tool_counts_networks_of_its_own_framework(layer: str) -> None:
    found = cnnsum.loads(f"{{framework: torch, input: [6, 5], layers: [{{{layer}}}]}}")
    assert not found.diagnostics
    for name in CONVENTIONS:
        report = reconcile(found, name)
        assert (report.theirs is UNKNOWN) == (name == "keras-flops")
    assert reconcile(found, "keras-flops").reasons[0].reason == "keras-flops counts no networks of PyTorch"


def test_a_type_of_the_spec_with_the_name_of_a_known_one() -> None:
    """Only its author knows what it does."""
    own = "layer_types: {Cell: {input: [n, d], output: [n, d], macs: n * d}}"
    found = cnnsum.loads(f"{{input: [5, 6], {own}, layers: [Cell]}}")
    for name in CONVENTIONS:
        report = reconcile(found, name)
        assert report.ours == 30
        assert report.theirs is UNKNOWN
        assert report.reasons[0].rows[0][0] == "cell"


def test_an_activation_of_the_author() -> None:
    source = {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, 6]}}
    own = {"class_name": "function", "config": "mine", "module": "builtins", "registered_name": "function"}
    dense = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 4, "activation": own}}
    file = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [source, dense]}}
    report = reconcile(cnnsum.loads(json.dumps(file)), "thop")
    assert report.ours == 24
    assert report.theirs is UNKNOWN


def test_a_mask_is_no_key() -> None:
    spec = """
    inputs: {x: [5, 8], m: [5, 5]}
    layers:
      - MultiHeadAttention: {num_heads: 2, key_dim: 4, from: {query: x, value: x, attention_mask: m}}
    """
    # The figure of nn.MultiheadAttention without a mask (need_weights=False), measured: a mask costs nothing there.
    assert total(spec, "ptflops") == 1_930
    assert total(spec, "keras-flops") is UNKNOWN


def test_sums_are_unknown_where_the_model_is_wrong_or_has_no_input() -> None:
    for text in ("{input: [8, 8, 3], layers: [{Conv2D: [4, 9]}, Flatten, {Dense: 3}]}", "{layers: [{Dense: 3}]}"):
        report = reconcile(cnnsum.loads(text), "fvcore")
        assert report.ours is UNKNOWN
        assert report.theirs is UNKNOWN


def test_a_formula() -> None:
    found = cnnsum.loads("{input: [H, 4, 3], layers: [{Conv2D: {filters: 2, kernel_size: 1}}]}")
    assert str(reconcile(found, "ptflops").theirs) == "32*H"  # 4 * H * (3 * 2) MACs and 4 * H * 2 for the bias


def test_the_calls_of_a_shared_layer_are_one_row() -> None:
    found = cnnsum.load(GALLERY / "siamese.yaml")
    report = reconcile(found, "torchinfo")
    names = [row.name for row in report.rows]
    assert len(names) == len(set(names))
    counts, _ = count(found.inference, CONVENTIONS["torchinfo"])
    assert len(counts) > len(names)
    assert report.theirs == sum(found.theirs for found in counts)


def test_an_unknown_convention() -> None:
    with pytest.raises(UnusableError) as caught:
        reconcile(model("rnn"), "fvcor")
    (found,) = caught.value.diagnostics
    assert found.code == "SPC059"
    assert found.help is not None
    assert found.help.startswith("did you mean `fvcore`? Or choose from fvcore, torchinfo")
    assert reconcile(model("rnn"), "FVCore").name == "fvcore"


def test_the_inputs_of_an_attention_are_in_the_order_of_its_framework() -> None:
    """Keras has the value before the key, PyTorch behind it."""
    model = cnnsum.loads(
        "framework: torch\ninputs: {q: [5, 8], k: [7, 6], v: [7, 4]}\nlayers:\n"
        "  - MultiheadAttention: {embed_dim: 8, num_heads: 2, kdim: 6, vdim: 4, from: [q, k, v]}\n"
    )
    (piece,) = pieces_of(model.inference.calls[-1], model.inference.values)
    assert (piece.more["key depth"], piece.more["value depth"]) == (6, 4)
