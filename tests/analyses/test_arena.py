"""Arena plans: nothing overlaps, and nothing is smaller than what is alive at once."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from memory_simulation import load, programs, sizes_of

from cnnsum.analyses.memory.arena import Buffer, buffers, plan
from cnnsum.analyses.memory.liveness import peak
from cnnsum.analyses.memory.timeline import timeline


def check(needed: list[Buffer]) -> None:
    found = plan(needed)
    assert len(found.offsets) == len(needed)
    assert all(
        0 <= offset <= offset + one.bytes <= found.bytes for offset, one in zip(found.offsets, needed, strict=True)
    )
    for (a, first), (b, second) in combinations(zip(found.offsets, needed, strict=True), 2):
        if first.first <= second.last and second.first <= first.last:
            assert a + first.bytes <= b or b + second.bytes <= a
    steps = range(-1, max([one.last for one in needed], default=0) + 1)
    at_once = [sum(one.bytes for one in needed if one.first <= step <= one.last) for step in steps]
    assert found.lower_bound == max(at_once)
    assert found.lower_bound <= found.bytes <= sum(one.bytes for one in needed)


lives = st.tuples(st.integers(0, 9), st.integers(-1, 8), st.integers(0, 5)).map(
    lambda one: Buffer(one[0], one[1], max(one[1] + one[2], 0))
)


@given(st.lists(lives, max_size=14))
def test_no_two_overlap(needed: list[Buffer]) -> None:
    check(needed)


@given(programs())
@settings(max_examples=60)
def test_of_a_network(program: dict[str, Any]) -> None:
    model = load(program)
    sizes, counter = sizes_of(model)
    needed = buffers(timeline(model.inference, sizes, counter))
    assert needed is not None
    check(needed)
    assert plan(needed).lower_bound == peak(model.inference, list(sizes), counter).bytes


def test_by_size_as_published() -> None:
    """Largest first, each into the smallest gap that it fits."""
    # 8 over all steps; 4 and 4 beside it one after the other; 2 fits the gap that 4 leaves at the second step.
    found = plan([Buffer(8, 0, 2), Buffer(4, 0, 0), Buffer(4, 2, 2), Buffer(2, 1, 1)])
    assert found == ((0, 8, 8, 8), 12, 12, "size")


def test_another_sequence_where_size_leaves_gaps() -> None:
    # Largest first: 3 at 0, then 2 and 2 (they meet) at 0 and 2, so that 3 and 2 lie at 0..3 and 2..4 with a hole.
    needed = [Buffer(3, 0, 0), Buffer(2, 0, 1), Buffer(2, 1, 2), Buffer(3, 2, 2)]
    check(needed)
    assert plan(needed).bytes == 5


def test_nothing() -> None:
    assert plan([]) == ((), 0, 0, "size")


def test_formulas_have_no_place() -> None:
    model = load({"input": ["H", 8, 3], "layers": [{"Conv2D": [2, 1]}]})
    from cnnsum.analyses.counting import Counter
    from cnnsum.analyses.memory.activations import value_bytes

    counter = Counter(model.graph.batch, 1)
    assert buffers(timeline(model.inference, value_bytes(model.inference, counter), counter)) is None
