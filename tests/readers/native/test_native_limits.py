"""Networks that would be too large are refused before they are made."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

import time

from tests.readers.native.spec_reading import found, good, names
from tests.thorough import each


def nested(depth: int, width: str) -> str:
    blocks = "".join(f"  b{index}: {{layers: [{{b{index - 1}: {{repeat: {width}}}}}]}}\n" for index in range(1, depth))
    return (
        f"input: [8]\nvars: {{two: 2}}\nblocks:\n  b0: {{layers: [{{Dense: 8}}]}}\n{blocks}layers:\n  - b{depth - 1}\n"
    )


@each(
    "text",
    [
        "input: [8]\nlayers:\n  - Dense: {units: 8, repeat: 1000000000000}\n",
        "input: [8]\nvars: {n: 2**62}\nlayers:\n  - Dense: {units: 8, repeat: n, when: false}\n",
        "input: [8]\nblocks: {b: {layers: [{Dense: {units: 8, repeat: 1000}}]}}\nlayers:\n  - b: {repeat: 1001}\n",
        "input: [8]\nblocks: {b: {args: {n: }, layers: [{Dense: {units: 8, repeat: n}}]}}\nlayers:\n  - b: {n: 10 * index, repeat: 10000}\n",
        "input: [8]\nblocks: {b: {layers: [{Dense: {units: 8, repeat: 10 * index}}]}}\nlayers:\n  - b: {repeat: 10000}\n",
        "input: [8]\nblocks: {b: {layers: [{Dense: {units: 8, when: false}}]}}\nlayers:\n  - b: {repeat: 100001}\n",
        "input: [8]\nblocks: {b: {layers: [{Dense: {units: 8, repeat: 60000}}]}}\nlayers:\n  - b: {name: x}\n  - b: {share: x}\n",
        "input: [8]\nlayers:\n  - {Dense: {units: 2}, repeat: 10000000}\n",
        "input: [8]\nlayers:\n  - {repeat: 10000000, Dense: {units: 2}}\n",
        "input: [8]\nlayers:\n  - {Dense: [2], repeat: 10000000, when: false}\n",
        "input: [8]\nblocks: {b: {layers: [{Dense: {units: 8, repeat: 1000}}]}}\nlayers:\n  - b: {name: x, repeat: 2}\n  - b: {share: x.1, repeat: 1000}\n",
        nested(45, "2"),
        nested(45, "two"),
        nested(45, "two + index"),
    ],
)
def test_what_would_be_too_large_is_refused_at_once(text):
    start = time.process_time()
    (problem,) = found(text)
    assert "SPC039 this makes the network larger than 100,000 layers" in problem
    assert time.process_time() - start < 2


def test_copies_of_all_different_sizes_are_counted_within_bounds():
    blocks = "".join(
        f"  b{index}: {{args: {{n: }}, layers: [{{b{index - 1}: {{n: 2*n + index, repeat: 2}}}}]}}\n"
        for index in range(1, 40)
    )
    text = (
        "input: [8]\nblocks:\n  b0: {args: {n: }, layers: [{Dense: {units: 8, repeat: n % 2}}]}\n"
        f"{blocks}layers:\n  - b39: {{n: 1}}\n"
    )
    start = time.process_time()
    (problem,) = found(text)
    assert "SPC039" in problem
    assert time.process_time() - start < 10


def test_copies_that_share_a_copy_each_are_counted_once():
    block = "input: [8]\nblocks: {b: {layers: [ReLU, ReLU]}}\nlayers:\n"
    model = good(block + "  - b: {name: x, repeat: 400}\n  - b: {share: x, repeat: 400}\n  - b: {share: x.3}\n")
    assert len(names(model)) == 800


def test_blocks_that_are_left_out_do_not_count():
    text = (
        "input: [8]\nblocks: {b: {args: {go: }, layers: [{Dense: {units: 8, repeat: 1000000, when: go}}]}}\nlayers:\n"
    )
    text += "  - b: {go: true, when: false}\n  - ReLU\n"
    assert names(good(text)) == ["re_lu"]


def test_blocks_nested_too_deep():
    assert found(nested(52, "1")) == ["54:3-6 SPC033 block `b50` holds blocks within blocks more than 50 deep"]
    assert names(good(nested(50, "1")))[0].endswith(".b0.0.dense")
