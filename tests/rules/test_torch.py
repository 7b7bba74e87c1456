"""Advice on specs in PyTorch's words: the same rules, which name PyTorch's fields and mend them."""

from __future__ import annotations

from advising import advice_on, codes_of

from cnnsum.model import loads
from tests.thorough import each

HEAD = "framework: torch\n"
IMAGE = HEAD + "input: [3, 32, 32]\nlayers:\n"
WIDE = HEAD + "input: [16, 32, 32]\nlayers:\n"
ROW = HEAD + "input: [100]\nlayers:\n"

#: By code: what is wrong, a part of the message or the help, and the same without the fault.
FAULTS = {
    "bias before batch norm": (
        "ARC401",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - BatchNorm2d: 16\n  - ReLU\n",
        "`bias: false`",
        IMAGE + "  - Conv2d: {out_channels: 16, kernel_size: 3, bias: false}\n  - BatchNorm2d: 16\n  - ReLU\n",
    ),
    "bias before a group norm of single channels": (
        "ARC401",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - GroupNorm: [16, 16]\n",
        "`bias: false`",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - GroupNorm: [4, 16]\n",
    ),
    "norm of one element": (
        "ARC402",
        HEAD + "input: [8, 1]\nlayers:\n  - LayerNorm: 1\n",
        "nothing of its input is left",
        HEAD + "input: [8, 4]\nlayers:\n  - LayerNorm: 4\n",
    ),
    "norm twice": (
        "ARC403",
        IMAGE + "  - BatchNorm2d\n  - BatchNorm2d\n",
        "has just normalised",
        IMAGE + "  - BatchNorm2d\n  - ReLU\n",
    ),
    "dropout before batch norm": (
        "ARC404",
        ROW + "  - Linear: [100, 10]\n  - Dropout: 0.5\n  - BatchNorm1d\n  - Linear: [10, 5]\n",
        "shifts the variance",
        ROW + "  - Linear: [100, 10]\n  - BatchNorm1d\n  - Dropout: 0.5\n  - Linear: [10, 5]\n",
    ),
    "momentum of Keras": (
        "ARC406",
        IMAGE + "  - BatchNorm2d: {momentum: 0.99}\n",
        "Keras's momentum 0.99 is 0.01 here",
        IMAGE + "  - BatchNorm2d: {momentum: null}\n",
    ),
    "layer norm along rows": (
        "ARC407",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - LayerNorm: 30\n",
        "axis 3; the channels of `conv2d` are axis 1",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - LayerNorm: [16, 30, 30]\n",
    ),
    "softmax twice": (
        "ARC411",
        ROW + "  - Linear: [100, 10]\n  - Softmax: 1\n  - Softmax: 1\n",
        "leave one of the two out",
        ROW + "  - Linear: [100, 10]\n  - Softmax: 1\n",
    ),
    "softmax of one": (
        "ARC413",
        ROW + "  - Linear: [100, 1]\n  - Softmax: {dim: 1}\n",
        "it always gives 1",
        ROW + "  - Linear: [100, 2]\n  - Softmax: {dim: 1}\n",
    ),
    "answer through relu": (
        "ARC418",
        ROW + "  - Linear: [100, 50]\n  - ReLU\n  - Linear: [50, 10]\n  - ReLU\n",
        "none of them is below 0",
        ROW + "  - Linear: [100, 50]\n  - ReLU\n  - Linear: [50, 10]\n",
    ),
    "softmax along a row": (
        "ARC419",
        IMAGE + "  - Conv2d: [3, 5, 3]\n  - Softmax: -1\n",
        "`Softmax: {dim: 1}`",
        IMAGE + "  - Conv2d: [3, 5, 3]\n  - Softmax: 1\n",
    ),
    "positions that nobody reads": (
        "ARC421",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - ReLU\n  - Conv2d: [16, 32, 1, 2]\n",
        "1 is never read",
        IMAGE + "  - Conv2d: [3, 16, 3, 2]\n  - ReLU\n  - Conv2d: [16, 32, 1]\n",
    ),
    "a border that falls off": (
        "ARC422",
        IMAGE + "  - Conv2d: [3, 16, 4]\n  - MaxPool2d: 2\n",
        "does not read the last 1 of 29 positions",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - MaxPool2d: 2\n",
    ),
    "an even kernel and same": (
        "ARC423",
        IMAGE + "  - Conv2d: {out_channels: 16, kernel_size: 4, padding: same}\n",
        "an odd kernel",
        IMAGE + "  - Conv2d: {out_channels: 16, kernel_size: 3, padding: same}\n",
    ),
    "pooling of one": (
        "ARC424",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - MaxPool2d: 1\n",
        "a `kernel_size` of at least 2",
        IMAGE + "  - Conv2d: [3, 16, 3]\n  - MaxPool2d: 2\n",
    ),
    "dilation of one position": (
        "ARC425",
        WIDE + "  - Conv2d: {out_channels: 16, kernel_size: 1, dilation: 2}\n",
        "the dilation of `conv2d` has no effect",
        WIDE + "  - Conv2d: {out_channels: 16, kernel_size: 3, dilation: 2}\n",
    ),
    "checkerboard": (
        "ARC431",
        WIDE + "  - ConvTranspose2d: [16, 8, 3, 2]\n",
        "or `Upsample` and a convolution",
        WIDE + "  - ConvTranspose2d: [16, 8, 4, 2]\n",
    ),
    "an upsampling by 1": (
        "ARC442",
        WIDE + "  - Upsample: {scale_factor: 1}\n",
        "it enlarges by 1",
        WIDE + "  - Upsample: {scale_factor: 2}\n",
    ),
    "a border of 0": (
        "ARC442",
        WIDE + "  - ZeroPad2d: 0\n",
        "it pads by 0",
        WIDE + "  - ZeroPad2d: [0, 1, 0, 0]\n",
    ),
    "an order that stays": (
        "ARC442",
        WIDE + "  - permute: [[0, 1, 2, 3]]\n",
        "the axes stay",
        WIDE + "  - permute: [[0, 2, 3, 1]]\n",
    ),
    "channels last": (
        "ARC447",
        HEAD + "input: [64, 64, 3]\nlayers:\n  - Conv2d: {out_channels: 16, kernel_size: 3, padding: 1}\n",
        "`[3, 64, 64]`",
        HEAD + "input: [3, 64, 64]\nlayers:\n  - Conv2d: {out_channels: 16, kernel_size: 3, padding: 1}\n",
    ),
    "rows out of reach": (
        "ARC454",
        HEAD + "inputs: {x: {shape: [32], dtype: uint8}}\nlayers:\n  - Embedding: [30000, 16]\n",
        "reach only 256",
        HEAD + "inputs: {x: {shape: [32], dtype: int32}}\nlayers:\n  - Embedding: [30000, 16]\n",
    ),
    "one feature inside": (
        "ARC456",
        ROW + "  - Linear: [100, 1]\n  - ReLU\n  - Linear: [1, 10]\n",
        "more out_features",
        ROW + "  - Linear: [100, 10]\n  - ReLU\n  - Linear: [10, 1]\n",
    ),
    "maps along the batch": (
        "ARC467",
        IMAGE + "  - Conv2d: {out_channels: 8, kernel_size: 3, from: input, name: a}\n"
        "  - Conv2d: {out_channels: 8, kernel_size: 3, from: input, name: b}\n  - cat: {from: [a, b]}\n",
        "axis 0, the batch",
        IMAGE + "  - Conv2d: {out_channels: 8, kernel_size: 3, from: input, name: a}\n"
        "  - Conv2d: {out_channels: 8, kernel_size: 3, from: input, name: b}\n  - cat: {dim: 1, from: [a, b]}\n",
    ),
    "a dropout of everything": (
        "ARC471",
        ROW + "  - Linear: [100, 10]\n  - Dropout: 1\n  - Linear: [10, 2]\n",
        "drops everything",
        ROW + "  - Linear: [100, 10]\n  - Dropout: 0.5\n  - Linear: [10, 2]\n",
    ),
    "a rate to keep": (
        "ARC472",
        ROW + "  - Linear: [100, 10]\n  - Dropout: 0.9\n  - Linear: [10, 2]\n",
        "`p: 0.1`",
        ROW + "  - Linear: [100, 10]\n  - Dropout: 0.1\n  - Linear: [10, 2]\n",
    ),
}

#: Sequences: the features of a linear layer are the last axis, and not the steps.
STEPS = HEAD + "dtype: bfloat16\ninput: [10, 16]\nlayers:\n"


def test_the_steps_of_a_sequence_are_no_features() -> None:
    said = advice_on(loads(STEPS + "  - Linear: [16, 25]\n  - ReLU\n  - Linear: [25, 8]\n"), "ARC484")
    assert [one.message for one in said] == ["`linear` has 25 out_features, no multiple of 8, in bfloat16"]
    assert codes_of(STEPS + "  - Linear: [16, 24]\n  - ReLU\n  - Linear: [24, 8]\n", "ARC484") == []


def test_linear_layers_in_a_row_are_merged_along_their_features() -> None:
    (found,) = advice_on(loads(STEPS + "  - Linear: [16, 24]\n  - Linear: [24, 16]\n"), "ARC415")
    assert "808 weights, one layer can do with 272" in found.message


def test_statistics_of_steps_leave_the_bias_of_features() -> None:
    assert codes_of(STEPS + "  - Linear: [16, 24]\n  - BatchNorm1d: 10\n  - ReLU\n", "ARC401") == []


@each(("code", "bad", "words", "good"), FAULTS.values(), ids=FAULTS)
def test_it_is_found_and_only_where_it_is(code, bad, words, good):
    found = [one for one in advice_on(loads(bad), code) if one.code == code]
    assert len(found) == 1, found
    assert words in f"{found[0].message} {found[0].help}"
    assert found[0].span is not None
    assert code not in codes_of(good, code)


def test_numbers_are_no_single_input():
    assert codes_of(ROW + "  - Linear: [100, 10]\n  - add: 1\n  - mul: 0.5\n", "ARC442") == []


def test_a_stride_by_its_place_is_how_pytorch_is_written():
    assert codes_of(IMAGE + "  - Conv2d: [3, 16, 3, 3]\n", "ARC426") == []


def test_a_mend_writes_the_field_of_pytorch():
    text = IMAGE + "  - Conv2d: [3, 16, 3]\n  - BatchNorm2d: 16\n"
    (found,) = advice_on(loads(text), "ARC401")
    assert found.mend is not None
    assert (found.mend.field, found.mend.value) == ("bias", "false")
