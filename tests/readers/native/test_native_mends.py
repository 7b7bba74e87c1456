"""Mistakes that are made at first, and the mend that belongs to the message."""

from __future__ import annotations

import pytest

import cnnsum
from tests.cli.calling import call
from tests.thorough import each

IMAGE = "input: [64, 64, 3]\nlayers:\n"


@each(
    ("text", "code", "help"),
    [
        ("input: [64, 64]\nlayers:\n  - Conv2D: [8, 3]\n", "SHP204", "channels are an axis of their own: [64, 64, 1]?"),
        ("input: [T]\nlayers:\n  - LSTM: 8\n", "SHP204", "channels are an axis of their own: [T, 1]?"),
        (
            "input: [32, 64, 64, 3]\nlayers:\n  - Conv2D: [8, 3]\n",
            "SHP204",
            "the batch is not an axis of an input: [64, 64, 3]?",
        ),
        (IMAGE + "  - Conv1D: [8, 3]\n", "SHP204", "`Conv2D` takes what is there"),
        (
            IMAGE + "  - Flatten\n  - Conv2D: [8, 3]\n",
            "SHP204",
            "put it before `flatten`, which leaves no axes of space",
        ),
        (
            IMAGE + "  - GlobalMaxPooling2D\n  - MaxPooling2D: 2\n",
            "SHP204",
            "put it before `global_max_pooling2d`, which leaves no axes of space",
        ),
        (
            "input: [9, 3]\nlayers:\n  - GRU: 8\n  - LSTM: 8\n",
            "SHP204",
            "`return_sequences: true` in `gru`, which gives its last step alone",
        ),
        (IMAGE + "  - Conv2D: [8, 3, same]\n", "SPC026", "at this place stands `strides`; by name: `padding: same`"),
        (
            IMAGE + "  - Conv2D: [8, 3, 1, relu]\n",
            "CFG102",
            "at this place stands `padding`; by name: `activation: relu`",
        ),
        (IMAGE + "  - Conv2D: [8, 3, pad]\n", "SPC026", "declare it in `vars`"),
        (
            IMAGE + "  - ReLU: {name: a}\n  - Concatenate: [a, input]\n",
            "CFG104",
            "what it merges stands in `from`: `Concatenate: {from: [a, input]}`",
        ),
        (
            IMAGE + "  - ReLU: {name: a}\n  - Add: {inputs: [a, input]}\n",
            "CFG103",
            "what it reads stands in `from`: `from: [a, input]`",
        ),
        (
            IMAGE + "  - Reshape: [32, 32, 12]\n",
            "CFG104",
            "a list that is one value stands in brackets of its own: `Reshape: [[32, 32, 12]]`",
        ),
        (IMAGE + "  - Flatten: [1, 2, 3]\n", "CFG104", None),
        (
            IMAGE + "  - ReLU\n  - Add: {from: [-1, 6]}\n",
            "CFG102",
            "layers have names, also automatic ones, and are not counted: `from: conv2d_1`",
        ),
        (IMAGE + "  - enc1: Flatten\n", "UNK701", "write `Flatten: {name: enc1}`"),
        (
            "blocks: {b: {layers: [Flatten]}}\n" + IMAGE + "  - b: {filters: 3}\n",
            "CFG103",
            "it has no arguments: declare it there, `args: {filters: }`",
        ),
    ],
)
def test_the_mend(text: str, code: str, help: str | None) -> None:
    (found,) = cnnsum.loads(text).errors
    assert (found.code, found.help) == (code, help)


@pytest.mark.parametrize("key", ["type", "class_name"])
def test_the_key_that_was_written_is_named(key: str) -> None:
    (found,) = cnnsum.loads(f"{IMAGE}  - Flatten\n  - {key}: ReLU\n    name: a\n").errors
    assert found.message == f"a layer is not written with the key `{key}`"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{input: [8, 8, 3], layers: [Conv2D: {filters: 2, kernel_size: 3, kernal_size: 5}]}", "kernel_size"),
        ("{input: [8, 8, 3], layers: [Conv2D: {filters: 2, kernel_size: 3, out_channels: 5}]}", "filters"),
        ("{input: [8], imput: [8], layers: [ReLU]}", "input"),
        ("{input: [8], blocks: {b: {args: {}, arg: {}, layers: [ReLU]}}, layers: [b]}", "args"),
        (
            "{input: [8], blocks: {b: {args: {units: }, layers: [Dense: units]}}, layers: [b: {units: 2, unit: 3}]}",
            "units",
        ),
        ("{input: [8], lint: {ignore: [], ignor: []}, layers: [ReLU]}", "ignore"),
    ],
)
def test_what_is_given_already_is_not_meant_a_second_time(text: str, word: str) -> None:
    """The mend was the word that stood there, and led to the next error."""
    done = call("check", "-", stdin=text.encode())
    assert f"  help: remove it: `{word}` is given already\n" in done.out
