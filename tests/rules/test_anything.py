"""Whatever the model, the rules answer: with a place and a mend, in the words of the style, and never with an error."""

import os
import re
from pathlib import Path

from advising import advice_on
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.diagnostics import UnusableError
from cnnsum.model import load, loads
from tests.thorough import each

CORPUS = sorted((Path(__file__).resolve().parent.parent / "corpus").rglob("*.*"))
EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "40"))

PIECES = (
    *("ReLU", "Softmax", "Flatten", "BatchNormalization", "LayerNormalization", "GlobalAveragePooling2D", "Identity"),
    *("Activation: sigmoid", "Activation: relu", "Dropout: 0", "Dropout: 0.9", "AlphaDropout: 0.5", "UpSampling2D: 1"),
    *("MaxPooling2D: 2", "MaxPooling2D: {pool_size: 1, strides: 2}", "AveragePooling2D: {pool_size: 2, padding: same}"),
    *("Conv2D: [8, 3]", "Conv2D: [1, 1, 3]", "Conv2D: {filters: 4, kernel_size: 5, padding: same, dilation_rate: 2}"),
    *("Conv2DTranspose: [4, 3, 2]", "DepthwiseConv2D: {kernel_size: 3, padding: same}", "ZeroPadding2D: 1"),
    *("Cropping2D: 1", "Dense: {units: 1, activation: softmax}", "Dense: 8", "Permute: {dims: [3, 2, 1]}"),
    *("Reshape: {target_shape: [-1, 4]}", "GroupNormalization: -1", "LSTM: {units: 4, activation: relu}"),
    *(
        "Conv2D: {filters: 4, kernel_size: 3, data_format: channels_first}",
        "Embedding: [300, 4]",
        "Add: {from: [input]}",
    ),
    *("Concatenate: {from: [input, input]}", "Subtract: {from: [input, input]}"),
)
INPUTS = ("[32, 32, 3]", "[H, W, 8]", "[1, 1, 4]", "[5, 4]", "[7]", "[null, null, 3]", "[]")


def check(found):
    for one in found:
        assert one.span is not None, one
        assert one.help, one
        assert one.severity in {"warning", "note"}
        assert not re.search(r"None|Expr|\{|\}|\.$", one.message), one.message


@each("path", CORPUS, ids=lambda path: path.name)
def test_corpus(path):
    try:
        model = load(path)
    except UnusableError:
        return
    check(advice_on(model))


@settings(max_examples=EXAMPLES)
@given(
    st.sampled_from(INPUTS),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8),
    st.sampled_from(("", "dtype: mixed_float16\n", "data_format: channels_first\n", "trainable: false\n")),
)
def test_chains(shape, items, top):
    text = f"# params: 7, macs: 3k\n{top}input: {shape}\nlayers:\n" + "".join(
        f"  - {item}  # params: 12\n" for item in items
    )
    try:
        model = loads(text)
    except UnusableError:
        return
    check(advice_on(model))


def test_numbers_beyond_floats():
    """What no float can hold is compared all the same."""
    wide = "1" + "0" * 90
    text = (
        f"input: [{wide}, {wide}, {wide}, 3]\nlayers: [Flatten, {{Dense: {wide}}}, {{Dense: {wide}}}, {{Dense: 3}}]\n"
    )
    check(advice_on(loads(text)))
