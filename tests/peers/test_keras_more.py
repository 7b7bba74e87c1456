"""Preprocessing, augmentation, cells, convolutional recurrent layers and the rest against real Keras, by its JSON."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_loading import loads

import cnnsum

keras = pytest.importorskip("keras")

from keras import Input, Model, layers  # noqa: E402 - needs Keras

pytestmark = pytest.mark.filterwarnings("ignore")

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))
some = settings(
    max_examples=25 * EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 1,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def agree(make: Any, *shapes: tuple[int | None, ...], dtype: str = "float32") -> None:
    """One call of a layer: shapes and dtypes of outputs, weights and what of them trains."""
    keras.backend.clear_session()
    inputs = [Input(shape, dtype=dtype) for shape in shapes]
    made = make()
    outputs = made(inputs[0] if len(inputs) == 1 else inputs)
    model = Model(inputs, outputs)
    read = loads(model.to_json())
    assert [str(found) for found in read.diagnostics] == []
    row = next(row for row in cnnsum.summarize(read).rows if row.name == made.name)
    theirs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    assert len(row.outputs) == len(theirs)
    for mine, their in zip(row.outputs, theirs, strict=True):
        assert tuple(None if not isinstance(dim, int) else dim for dim in mine.shape or ()) == tuple(their.shape)
        assert mine.dtype == their.dtype
    weights = [(tuple(weight.shape), weight.trainable) for weight in made.weights]
    assert [(weight.shape, weight.trainable) for weight in row.weights] == weights


#: Layers that need no fields, and those that need a factor.
PLAIN = (
    *("AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix", "Equalization", "MixUp"),
    *("RandAugment", "RandomColorJitter", "RandomElasticTransform", "RandomErasing", "RandomFlip"),
    *("RandomGaussianBlur", "RandomGrayscale", "RandomInvert", "RandomPerspective", "RandomShear", "Solarization"),
)
FACTORS = (
    *("RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomHue", "RandomRotation"),
    *("RandomSaturation", "RandomSharpness"),
)
AUGMENTATION: dict[str, dict[str, Any]] = {
    **{name: {} for name in PLAIN},
    **{name: {"factor": 0.2} for name in FACTORS},
    "RandomPosterization": {"factor": 4},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.1},
    "RandomCrop": {"height": 5, "width": 6},
}


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("name", AUGMENTATION)
def test_augmentation(name: str, dtype: str) -> None:
    if name == "Equalization":
        pytest.skip("Keras 3.15 cannot write a model with it: the output is the input's own tensor")
    agree(lambda: getattr(layers, name)(**AUGMENTATION[name]), (16, 12, 3), dtype=dtype)


@given(st.sampled_from(["one_hot", "multi_hot", "count"]), st.lists(st.integers(1, 5), min_size=1, max_size=2))
@some
def test_codes(mode: str, shape: list[int]) -> None:
    agree(lambda: layers.CategoryEncoding(num_tokens=7, output_mode=mode), tuple(shape), dtype="int32")
    agree(lambda: layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0], output_mode=mode), tuple(shape))
    agree(lambda: layers.Discretization(bin_boundaries=[0.0, 1.0], output_mode="int"), tuple(shape))


@given(
    st.sampled_from(["log", "magnitude", "psd", "real", "imag", "angle", "stft"]),
    st.integers(2, 20),
    st.none() | st.integers(1, 20),
    st.none() | st.integers(20, 40),
    st.sampled_from(["valid", "same"]),
    st.booleans(),
    st.integers(1, 3),
    st.integers(20, 60),
)
@some
def test_spectrograms(
    mode: str, length: int, step: int | None, fft: int | None, padding: str, expand: bool, channels: int, samples: int
) -> None:
    step = None if step is None else min(step, length)
    agree(
        lambda: layers.STFTSpectrogram(
            mode=mode, frame_length=length, frame_step=step, fft_length=fft, padding=padding, expand_dims=expand
        ),
        (samples, channels),
    )


@given(st.integers(1000, 5000), st.integers(1, 300))
@some
def test_mel(samples: int, stride: int) -> None:
    agree(lambda: layers.MelSpectrogram(fft_length=512, sequence_stride=stride, num_mel_bins=20), (samples,))


CELLS = {
    "SimpleRNNCell": layers.SimpleRNNCell,
    "GRUCell": layers.GRUCell,
    "LSTMCell": layers.LSTMCell,
}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(CELLS)), st.integers(1, 6), st.booleans()), min_size=1, max_size=3),
    st.booleans(),
    st.integers(2, 5),
)
@some
def test_cells(cells: list[tuple[str, int, bool]], sequences: bool, depth: int) -> None:
    def make() -> Any:
        made = [CELLS[name](units, use_bias=bias) for name, units, bias in cells]
        return layers.RNN(made if len(made) > 1 else made[0], return_sequences=sequences)

    agree(make, (7, depth))
    agree(lambda: layers.Bidirectional(make()), (7, depth))


@pytest.mark.parametrize("name", CELLS)
def test_states_of_a_cell(name: str) -> None:
    def make() -> Any:
        return layers.RNN(CELLS[name](4), return_state=True, return_sequences=True)

    agree(make, (7, 3))
    agree(lambda: layers.Bidirectional(make()), (7, 3))
    agree(lambda: layers.Bidirectional(make(), merge_mode=None), (7, 3))


@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from(["valid", "same"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
@some
def test_convolutional_recurrent(
    axes: int, filters: int, kernel: int, strides: int, padding: str, sequences: bool, state: bool, bias: bool
) -> None:
    agree(
        lambda: getattr(layers, f"ConvLSTM{axes}D")(
            filters,
            kernel,
            strides=strides,
            padding=padding,
            return_sequences=sequences,
            return_state=state,
            use_bias=bias,
        ),
        (3, *(7, 6, 5)[:axes], 2),
    )


def test_the_rest() -> None:
    agree(lambda: layers.Masking(1.0), (10, 3))
    agree(lambda: layers.SpectralNormalization(layers.Conv2D(4, 3)), (9, 9, 3))
    agree(lambda: layers.SpectralNormalization(layers.Dense(4, use_bias=False)), (9,))
    agree(lambda: layers.SpectralNormalization(layers.Embedding(10, 4)), (9,))
    agree(lambda: layers.ReversibleEmbedding(50, 8), (9,), dtype="int32")
    agree(lambda: layers.ReversibleEmbedding(50, 8, tie_weights=False), (9,), dtype="int32")
    agree(lambda: layers.MaxNumBoundingBoxes(5), (9, 4))


def test_an_embedding_there_and_back() -> None:
    keras.backend.clear_session()
    words = Input((9,), dtype="int32")
    table = layers.ReversibleEmbedding(50, 8, name="table")
    out = table(layers.Dense(8)(table(words)), reverse=True)
    model = Model(words, out)
    report = cnnsum.summarize(loads(model.to_json()))
    assert report.diagnostics == ()
    assert report.outputs[0].shape[1:] == (9, 50)
    assert report.totals.params.total == model.count_params() == 400 + 72
    assert report.totals.macs == 9 * 8 * 8 + 9 * 8 * 50
