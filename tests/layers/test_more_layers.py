"""Preprocessing, augmentation, spectrograms, cells and convolutional recurrent layers, with numbers worked by hand."""

from __future__ import annotations

import json
from typing import Any

from applying import N, apply, bound, refusal

from cnnsum import convert, loads, summarize
from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.layers.base import find
from cnnsum.layers.facts import Facts, Weight
from cnnsum.layers.inner import Inner
from cnnsum.layers.kinds import PlainReading
from tests.thorough import each

H = Symbol("H").dim


def inner(name: str, **fields: Any) -> Inner:
    layer_type = find(name)
    assert layer_type is not None
    typed, problems = layer_type.bind(fields, None)  # type: ignore[arg-type]  # no texts and no layers in these fields
    assert problems == []
    return Inner(layer_type, typed, name.lower())


def params(facts: Facts) -> int:
    total = 0
    for weight in facts.weights:
        count = 1
        for dim in weight.shape:
            assert isinstance(dim, int)
            count *= dim
        total += count
    return total


def test_random_changes_are_nothing_at_inference() -> None:
    facts = apply("RandomRotation", (N, H, 20, 3), factor=0.2)
    assert (facts.outputs, facts.macs, facts.ops, facts.alias, facts.weights) == (((N, H, 20, 3),), 0, 0, "bypass", ())
    assert apply("RandomCrop", (N, 3, H, 20), height=5, width=6, data_format="channels_first").outputs == (
        (N, 3, 5, 6),
    )


def wrong(name: str, **fields: Any) -> list[str]:
    layer_type = find(name)
    assert layer_type is not None
    return [f"{one.code} {one}" for one in layer_type.bind(fields, PlainReading())[1]]


def test_random_changes_have_the_fields_of_keras() -> None:
    assert wrong("RandomRotation") == ["CFG101 RandomRotation needs `factor`"]
    assert wrong("RandomTranslation", height_factor=0.1) == ["CFG101 RandomTranslation needs `width_factor`"]
    assert wrong("RandomFlip", fill_mode=7) == ["CFG103 RandomFlip has no field `fill_mode`"]
    assert wrong("RandomRotation", factor=0.1, fill_mode=7, seed=0.5) == [
        "CFG102 `fill_mode` must be one of reflect, wrap, constant, nearest, got 7",
        "CFG102 `seed` must be an integer, got 0.5",
    ]
    assert wrong("RandomZoom", height_factor=-1) == [
        "CFG102 `height_factor` must be a number above -1, up to 1, or a list of two, got -1"
    ]
    assert wrong("RandomContrast", factor=[0.5]) == [
        "CFG102 `factor` must be a number from 0 to 1, or a list of two, got [0.5]"
    ]
    assert wrong("RandomGrayscale", factor=2) == ["CFG102 `factor` must be a number from 0 to 1, got 2"]
    assert wrong("RandomGaussianBlur", kernel_size=4) == ["CFG102 `kernel_size` must be an odd positive integer, got 4"]
    assert wrong("RandomHeight", factor=-2) == [
        "CFG102 `factor` must be a number of at least -1, or a list of two, got -2"
    ]
    assert wrong("RandomErasing", fill_value=[1, 2]) == [
        "CFG102 `fill_value` must be a number, or a list of three, got [1, 2]"
    ]
    assert inner("RandomGaussianBlur", kernel_size=5).fields["kernel_size"] == (5, 5)
    assert inner("RandomErasing", fill_value=[1, 2, 3], value_range=[0, 1]).fields["fill_value"] == (1, 2, 3)
    assert inner("RandomShear", x_factor=[-0.5, 0.5]).fields["x_factor"] == 0.5  # as Keras writes 0.5


def test_fields_that_change_no_number_are_read() -> None:
    assert wrong("Dropout", rate=0.5, seed="x") == ["CFG102 `seed` must be a number, got 'x'"]
    assert wrong("LSTM", units=3, use_cudnn="never") == ["CFG102 `use_cudnn` must be true, false or auto, got 'never'"]
    assert wrong("SpectralNormalization", layer=0, power_iterations=0)[-1] == (
        "CFG102 `power_iterations` must be a positive integer, got 0"
    )
    assert wrong("Hashing", num_bins=3, salt=[1, 2, 3]) == [
        "CFG102 `salt` must be an integer, or a list of two, got [1, 2, 3]"
    ]
    assert wrong("MelSpectrogram", window=3) == [
        "CFG102 `window` must be the name of a window, as hann, or a list of numbers, got 3"
    ]
    assert wrong("TextVectorization", standardize="upper")[0].startswith("CFG102 `standardize` must be one of lower_")
    assert inner("LSTM", units=3, use_cudnn=False, seed=7).fields["use_cudnn"] is False
    assert inner("Hashing", num_bins=3, salt=[1, 2], mask_value="").fields["salt"] == (1, 2)
    own = {"class_name": "function", "config": "mine"}
    text = inner("TextVectorization", standardize=own, split=None)
    assert text.type.schema.fields["standardize"].kind.spelled(text.fields["standardize"]) == own
    assert hash(text) == hash(inner("TextVectorization", standardize=dict(own), split=None))


def test_a_pipeline() -> None:
    steps = [inner("RandomFlip"), inner("RandomCrop", height=4, width=4), inner("Rescaling", scale=0.5)]
    facts = find("Pipeline").rule((N, 9, 9, 3), layers=tuple(steps))  # type: ignore[union-attr]
    assert (facts.outputs, facts.ops) == (((N, 4, 4, 3),), 4 * 4 * 3)


@each(
    ("mode", "shape", "expected"),
    [
        ("one_hot", (N, 5), (N, 5, 7)),
        ("one_hot", (N, 5, 1), (N, 5, 7)),
        ("multi_hot", (N, 5), (N, 7)),
        ("count", (N, 3, 5), (N, 3, 7)),
    ],
)
def test_codes_of_categories(mode: str, shape: Any, expected: Any) -> None:
    assert apply("CategoryEncoding", shape, num_tokens=7, output_mode=mode).outputs == (expected,)
    assert apply("Hashing", shape, num_bins=7, output_mode=mode).outputs == (expected,)


def test_tables() -> None:
    words = ["a", "b", "c"]
    assert apply("StringLookup", (N, 5), vocabulary=words, output_mode="multi_hot").outputs == ((N, 4),)
    assert apply("StringLookup", (N, 5), vocabulary=words).outputs == ((N, 5),)
    assert apply("IntegerLookup", (N, 5), max_tokens=9, pad_to_max_tokens=True, output_mode="count").outputs == (
        (N, 9),
    )
    # A table that is adapted later: its size is not in the file.
    facts = apply("StringLookup", (N, 5), output_mode="multi_hot")
    assert (facts.outputs, facts.status) == (((N, UNKNOWN),), "unknown")
    assert apply("TextVectorization", (N, 1), output_sequence_length=12).outputs == ((N, 12),)
    assert apply("TextVectorization", (N, 1)).status == "unknown"


def test_bins() -> None:
    assert apply("Discretization", (N, 5), bin_boundaries=[0.0, 1.0], output_mode="one_hot").outputs == ((N, 5, 3),)
    assert apply("Discretization", (N, 5), bin_boundaries=[0.0], num_bins=2, output_mode="one_hot").outputs == (
        (N, 5, 2),
    )
    assert apply("Discretization", (N, 5), bin_boundaries=[], output_mode="one_hot").outputs == ((N, 5, 1),)
    assert refusal("Discretization", (N, 5)).code == "CFG116"
    assert refusal("Discretization", (N, 5), bin_boundaries=3).code == "CFG102"
    assert apply("HashedCrossing", (N, 1), (N, 1), num_bins=9, output_mode="one_hot").outputs == ((N, 9),)
    assert refusal("HashedCrossing", (N, 1), num_bins=9).code == "GRF303"


def test_a_spectrogram() -> None:
    facts = apply("STFTSpectrogram", (N, 100, 2), frame_length=16, frame_step=4, fft_length=32)
    # floor((100 - 16) / 4) + 1 frames of 17 bins for each of two channels; two parts.
    assert facts.outputs == ((N, 22, 34),)
    assert facts.weights == (Weight("real_kernel", (16, 1, 17)), Weight("imag_kernel", (16, 1, 17)))
    assert facts.macs == 2 * 22 * 17 * 16 * 2
    assert apply("STFTSpectrogram", (N, 100, 2), mode="real", frame_length=16).weights == (
        Weight("real_kernel", (16, 1, 9)),
    )
    # Without `fft_length` the next power of two, as Keras has it.
    for length, bins in ((2, 2), (3, 3), (16, 9), (17, 17), (100, 65)):
        facts = apply("STFTSpectrogram", (N, 100, 2), mode="real", frame_length=length)
        assert facts.weights == (Weight("real_kernel", (length, 1, bins)),)
    assert apply("STFTSpectrogram", (N, 1000, 1), frame_length=100, frame_step=40).outputs == ((N, 23, 65),)
    length = Symbol("L").dim
    assert refusal("STFTSpectrogram", (N, 100, 2), frame_length=length).code == "UNK704"
    assert apply("STFTSpectrogram", (N, 100, 2), frame_length=length, fft_length=64).weights[0].shape == (length, 1, 33)
    assert refusal("STFTSpectrogram", (N, 100, 2), frame_length=1).code == "CFG102"
    assert apply("STFTSpectrogram", (N, 100, 2), frame_length=1, frame_step=1).outputs == ((N, 100, 2),)
    assert refusal("STFTSpectrogram", (N, 100, 2), frame_length=16, frame_step=17).code == "CFG102"
    assert refusal("STFTSpectrogram", (N, 100, 2), frame_length=16, fft_length=15).code == "CFG102"
    assert apply("MelSpectrogram", (N, 16000)).outputs == ((N, 128, 32),)
    assert refusal("MelSpectrogram", (N, 16000), fft_length=64, sequence_length=65).code == "CFG102"


def test_cells_are_the_layers_of_one_step() -> None:
    rnn, lstm = apply("RNN", (N, 7, 3), cell=inner("LSTMCell", units=5)), apply("LSTM", (N, 7, 3), units=5)
    assert (rnn.outputs, rnn.macs, rnn.ops, params(rnn)) == (lstm.outputs, lstm.macs, lstm.ops, params(lstm))
    step = apply("LSTMCell", (N, 3), units=5)
    assert (step.outputs, 7 * step.macs) == (((N, 5),) * 3, lstm.macs)  # type: ignore[operator]


def test_cells_one_upon_the_other() -> None:
    cells = (inner("LSTMCell", units=5), inner("GRUCell", units=4))
    facts = find("RNN").rule((N, 7, 3), cell=cells, return_state=True)  # type: ignore[union-attr]
    assert facts.outputs == ((N, 4), (N, 5), (N, 5), (N, 4))
    assert params(facts) == 4 * 5 * (3 + 5 + 1) + 3 * 4 * (5 + 4 + 2)
    assert facts.macs == 7 * (4 * 5 * (3 + 5) + 3 * 4 * (5 + 4))
    problem = refusal("RNN", (N, 7, 3), cell=inner("Dense", units=3))
    assert (problem.code, str(problem)) == ("CFG102", "`cell` must be a cell, got Dense")


@each(
    ("layer", "problem", "help"),
    [
        ("RNN: {cell: LSTM}", "`cell` must be a cell, got LSTM", "did you mean `LSTMCell`?"),
        ("RNN: {cell: {Dense: 3}}", "`cell` must be a cell, got Dense", "`LSTMCell`, and `StackedRNNCells` of these"),
        ("RNN: {cell: [{GRUCell: 3}, GRU]}", "`cell` must be a cell, got GRU", "did you mean `GRUCell`?"),
        ("RNN: {cell: {StackedRNNCells: [[SimpleRNN]]}}", "`cells` must be a cell, got SimpleRNN", "`SimpleRNNCell`?"),
    ],
)
def test_a_layer_is_no_cell(layer: str, problem: str, help: str) -> None:
    (found,) = loads(f"input: [7, 3]\nlayers:\n  - {layer}\n").diagnostics
    assert (found.code, found.span.line) == ("CFG102", 3)  # type: ignore[union-attr]  # it has a place
    assert found.message.endswith(problem)
    assert help in (found.help or "")


def test_a_convolutional_lstm() -> None:
    facts = apply("ConvLSTM2D", (N, 5, 20, 21, 3), filters=4, kernel_size=3, return_sequences=True, return_state=True)
    assert facts.outputs == ((N, 5, 18, 19, 4), (N, 18, 19, 4), (N, 18, 19, 4))
    assert params(facts) == 9 * 3 * 16 + 9 * 4 * 16 + 16
    assert facts.macs == 5 * 18 * 19 * 9 * 16 * (3 + 4)
    assert refusal("ConvLSTM2D", (N, 20, 21, 3), filters=4, kernel_size=3).code == "SHP204"
    assert refusal("ConvLSTM1D", (N, 5, 20, 3), filters=4, kernel_size=3, strides=2, dilation_rate=2).code == "CFG111"


def test_spectral_normalization() -> None:
    facts = find("SpectralNormalization").rule((N, 9, 9, 3), layer=inner("Conv2D", filters=4, kernel_size=3))  # type: ignore[union-attr]
    assert [(weight.name, weight.shape, weight.trainable) for weight in facts.weights] == [
        ("conv2d/kernel", (3, 3, 3, 4), True),
        ("vector_u", (1, 4), False),
        ("conv2d/bias", (4,), True),
    ]
    assert refusal("SpectralNormalization", (N, 9), layer=inner("Flatten")).code == "CFG102"


def test_masking_and_the_way_back() -> None:
    assert apply("Masking", (N, 10, 3)).ops == 3 * 30
    table = {"input_dim": 50, "output_dim": 8}
    there = apply("ReversibleEmbedding", (N, 9), **table)
    back = apply("ReversibleEmbedding", (N, 9, 8), **table, reverse=True)
    assert (there.outputs, there.macs, params(there)) == (((N, 9, 8),), 0, 400)
    assert (back.outputs, back.macs, params(back)) == (((N, 9, 50),), 9 * 8 * 50, 400)
    assert params(apply("ReversibleEmbedding", (N, 9), input_dim=50, output_dim=8, tie_weights=False)) == 800


def test_layers_of_images_and_signals_on_other_ranks_do_what_keras_declares() -> None:
    assert apply("RandomCrop", (N, 8, 9), height=3, width=4).outputs == ((3, 4, 9),)
    assert apply("RandomCrop", (N, 8, 9, 3), height=3, width=4).outputs == ((N, 3, 4, 3),)
    assert apply("RandomCrop", (N, 3, 8, 9), height=3, width=4, data_format="channels_first").outputs == ((N, 3, 3, 4),)
    signal = apply("MelSpectrogram", (400,), sequence_stride=16, fft_length=64, num_mel_bins=8)
    assert signal.outputs == ((8, 26),)
    assert signal.macs == 26 * 33 * 8


def _held_in(dtype: str, name: str, *, trainable: bool = True, **fields: Any) -> Inner:
    return Inner(find(name), bound(name, **fields), "", trainable, dtype)  # type: ignore[arg-type]  # there is one


def test_weights_are_in_the_dtype_of_the_layer_that_has_them() -> None:
    """So Keras makes them, whatever dtype the layer around has."""
    normalization = find("SpectralNormalization")
    assert normalization is not None
    spectral = normalization.rule((N, 9), layer=_held_in("float16", "Dense", units=4))
    assert {(own.name.rpartition("/")[2], own.dtype) for own in spectral.weights} == {
        *(("kernel", "float16"), ("vector_u", "float16"), ("bias", "float16")),
    }
    cells = (_held_in("float16", "GRUCell", units=3), inner("LSTMCell", units=2))
    rnn = find("RNN").rule((N, 7, 3), cell=cells)  # type: ignore[union-attr]
    assert [own.dtype for own in rnn.weights] == ["float16"] * 3 + [None] * 3


def test_the_switch_of_a_layer_that_holds_others_does_not_freeze_them_in_keras() -> None:
    rnn = _held_in("float32", "RNN", trainable=False, cell=inner("LSTMCell", units=3))
    facts = find("Bidirectional").rule((N, 7, 3), layer=rnn)  # type: ignore[union-attr]
    assert all(own.trainable for own in facts.weights)


def test_the_switch_of_a_layer_that_holds_others_freezes_them_in_pytorch() -> None:
    text = """
framework: torch
input: [10, 16]
layers:
  - TransformerEncoder:
      encoder_layer: {TransformerEncoderLayer: {d_model: 16, nhead: 4, batch_first: true}}
      num_layers: 2
      trainable: false
"""
    assert summarize(loads(text)).totals.params.trainable == 0


def test_a_frozen_block_freezes_what_its_layers_hold() -> None:
    """One use of it, and neither the other nor the same layer outside."""
    text = """
input: [10, 4]
blocks:
  b: {layers: [Bidirectional: {layer: {LSTM: 2}}]}
layers:
  - Bidirectional: {layer: {LSTM: 2}, name: outside}
  - b: {name: trained, from: input}
  - b: {name: frozen, from: input, trainable: false}
outputs: [outside, trained, frozen]
"""
    model = loads(text)
    assert [row.params.trainable for row in summarize(model).rows if row.params.total] == [112, 112, 0]
    assert summarize(loads(convert(model, "yaml").text)).totals.params.trainable == 224


def test_a_frozen_model_of_a_keras_file_whose_wrapper_holds_what_trains_is_not_frozen_in_a_spec() -> None:
    text = """
input: [10, 4]
layers:
  - Functional:
      inputs: {x: [10, 4]}
      layers: [TimeDistributed: {layer: {Dense: 2}, trainable: false}]
"""
    config = json.loads(convert(loads(text), "keras").text)
    config["config"]["layers"][-1]["config"]["trainable"] = False
    model = loads(json.dumps(config))
    assert summarize(model).totals.params.trainable == 10
    assert summarize(loads(convert(model, "yaml").text)).totals.params.trainable == 10
