"""Strides: a reshape is a view exactly where strides can say it, held to the places of the elements one by one."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random

import pytest

import cnnsum
from cnnsum.analyses.memory import strides
from cnnsum.dims import Symbol

PROGRAMS = Path(__file__).parents[1] / "readers" / "pt2"


def dense(shape: tuple[int, ...]) -> tuple[int, ...]:
    return strides._dense(shape, range(len(shape)))  # type: ignore[return-value]  # of plain numbers only plain ones are made


def places(shape: tuple[int, ...], steps: tuple[int, ...]) -> list[int]:
    """Where each element is, row by row."""
    return [sum(map(int.__mul__, at, steps)) for at in product(*map(range, shape))]


def said(shape: tuple[int, ...], found: list[int]) -> tuple[int, ...] | None:
    """The strides with which elements are at these places, if there are any."""
    steps = []
    for axis, length in enumerate(shape):
        beside = 1
        for dim in shape[axis + 1 :]:
            beside *= dim
        steps.append(found[beside] - found[0] if length > 1 else 1)
    return tuple(steps) if places(shape, tuple(steps)) == [one - found[0] for one in found] else None


def split(random: Random, count: int) -> tuple[int, ...]:
    """Sizes of so many elements in all."""
    sizes = []
    while count > 1:
        factor = random.choice([one for one in range(2, count + 1) if count % one == 0])
        sizes.append(factor)
        count //= factor
    for _ in range(random.randrange(2)):
        sizes.insert(random.randrange(len(sizes) + 1), 1)
    return tuple(sizes)


@pytest.mark.parametrize("seed", range(10))
def test_a_reshape_is_a_view_where_strides_say_it(seed: int) -> None:
    for number in range(30):
        held_to_places(Random(30 * seed + number))


def held_to_places(random: Random) -> None:
    """Some part of some permuted tensor in some other shape."""
    whole = tuple(random.choice([1, 2, 2, 3, 4]) for _ in range(random.randrange(1, 5)))
    steps = dense(whole)
    order = random.sample(range(len(whole)), len(whole))
    if random.random() < 0.3:
        order.sort()
    shape = [whole[axis] for axis in order]
    steps = tuple([steps[axis] for axis in order])
    at = random.randrange(len(shape))
    kind = random.random()
    if kind < 0.2:
        shape[at] = max(shape[at] - 1, 1)
    elif kind < 0.4 and shape[at] == 1:
        shape[at], steps = 3, (*steps[:at], 0, *steps[at + 1 :])
    given = tuple(shape)
    total = len(places(given, steps))
    target = split(random, total)
    found = strides._reshaped(given, steps, target)
    expected = said(target, places(given, steps))
    assert (found is None) == (expected is None), (given, steps, target)
    if found is not None:
        assert places(target, found) == places(given, steps)  # type: ignore[arg-type]  # as in `dense`


def test_what_depends_on_a_symbol_is_left_open() -> None:
    size = Symbol("H", minimum=2).dim
    assert strides._reshaped((size, 3, 4), (12, 4, 1), (size, 12)) is not None
    assert strides._reshaped((size, 4, 3), (12, 1, 4), (size, 12)) is None
    with pytest.raises(strides._Open):
        strides._reshaped((Symbol("H").dim, 4), (1, 4), (4 * Symbol("H").dim,))  # a view for H = 1


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        ([((48, 1, 12), (2, 12, 4)), ("rows", ())], (48, 1, 12)),
        ([((96, 1, 12), (2, 12, 4))], (48, 1, 12)),  # gaps are closed
        ([("rows", (2, 12, 4)), ((48, 1, 12), (2, 12, 4))], "rows"),  # the first one decides
        ([("rows", (4,)), ((48, 1, 12), (2, 12, 4))], (48, 1, 12)),  # but not on axes that it is repeated along
        ([(None, (2, 12, 4))], None),
    ],
)
def test_elementwise(operands: list[tuple[strides.Lies, tuple[int, ...]]], expected: strides.Lies) -> None:
    assert strides._elements([*operands], (2, 12, 4)) == expected


def test_windows_of_a_program() -> None:
    """Copies of queries, keys and values, and not the storage that they are parts of: two windows of 16 positions and 8
    channels.
    """
    report = cnnsum.summarize(cnnsum.load(PROGRAMS / "windows.pt2"))
    rows = {row.name: row.memory.saved for row in report.rows}
    one = 2 * 16 * 8 * 4
    assert rows["matmul"] == 2 * one
    assert rows["matmul_1"] == one  # the scores are softmax's
    assert report.totals.saved == 9216  # as PyTorch's hooks of saved tensors have it


def test_a_copy_is_explained() -> None:
    text = " ".join(str(cnnsum.explain(cnnsum.load(PROGRAMS / "windows.pt2"), "matmul_1")).split())
    assert "Here: a copy of its input." in text
