"""The longest common subsequence, held against the usual table; and which layers are taken for the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

import cnnsum
from cnnsum.answers.diff.matching import common, items, matched

words = st.lists(st.integers(0, 3), max_size=12)


def longest(a: list[int], b: list[int]) -> int:
    """The length by the table of Wagner and Fischer."""
    row = [0] * (len(b) + 1)
    for one in a:
        before = row
        row = [0]
        for at, other in enumerate(b):
            row.append(before[at] + 1 if one == other else max(before[at + 1], row[at]))
    return row[-1]


@given(words, words)
def test_a_longest_common_subsequence(a: list[int], b: list[int]) -> None:
    pairs = common(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == longest(a, b)


def same(old: str, new: str) -> list[tuple[str, str]]:
    """Pairs of names of layers that are taken for the same, inputs left out."""
    sides = []
    for text in (old, new):
        model = cnnsum.loads(f"{{input: [32, 32, 3], layers: [{text}]}}")
        assert not model.diagnostics
        sides.append([*items(model.graph, cnnsum.summarize(model).rows)])
    pairs = [(one.name, other.name) for one, other in matched(*sides)]
    return [pair for pair in pairs if pair != ("input", "input")]


def test_given_names_count_before_what_layers_do() -> None:
    old = "Conv2D: {filters: 8, kernel_size: 3, name: a}, Conv2D: {filters: 4, kernel_size: 3, name: b}"
    new = "Conv2D: {filters: 4, kernel_size: 3, name: a}, Conv2D: {filters: 8, kernel_size: 3, name: b}"
    assert same(old, new) == [("a", "a"), ("b", "b")]


def test_automatic_names_do_not() -> None:
    """A layer that is put in first moves all numbers."""
    assert same("Conv2D: [8, 3], Conv2D: [4, 3]", "Conv2D: [2, 3], Conv2D: [8, 3], Conv2D: [4, 3]") == [
        ("conv2d", "conv2d_1"),
        ("conv2d_1", "conv2d_2"),
    ]


def test_a_layer_that_was_changed_is_still_the_same() -> None:
    assert same("Conv2D: [8, 3], ReLU, Flatten", "Conv2D: [9, 3], ReLU, Flatten") == [
        ("conv2d", "conv2d"),
        ("re_lu", "re_lu"),
        ("flatten", "flatten"),
    ]
    # Its number has moved, but it stands where it stood.
    assert same("ReLU, Conv2D: [8, 3], Flatten", "Conv2D: [2, 3], ReLU, Conv2D: [9, 3], Flatten") == [
        ("re_lu", "re_lu"),
        ("conv2d", "conv2d_1"),
        ("flatten", "flatten"),
    ]


def test_a_given_name_with_another_type_is_matched_last() -> None:
    old = "Conv2D: {filters: 8, kernel_size: 3, name: a}, ReLU"
    assert same(old, "DepthwiseConv2D: {kernel_size: 3, name: a}, ReLU") == [("a", "a"), ("re_lu", "re_lu")]
    assert same(old, "Conv2D: {filters: 8, kernel_size: 3, name: b}, ReLU: {name: a}") == [("a", "b"), ("re_lu", "a")]
