"""An arena: one piece of memory with a fixed place in it for every tensor of an inference.

Buffers are placed one after the other, each into the smallest gap that it fits. By size, the largest first, that is
"Greedy by Size for Offset Calculation" of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
Inference" (arXiv 2001.03288), as in TensorFlow Lite and XNNPACK; where gaps remain, other sequences are tried too, and
the smallest arena is kept. Works on numbers only. Knows sizes and lifetimes, and nothing of layers.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from itertools import accumulate

from cnnsum.analyses.memory.timeline import Timeline
from cnnsum.typed import NamedTuple


class Buffer(NamedTuple):
    """Bytes that are needed from one step to another, both included."""

    bytes: int
    first: int
    last: int


_Placed = tuple[int, int, int, int]  # offset, end, first step, last step


class Arena(NamedTuple):
    """Where each buffer begins, and the bytes of all together.

    lower_bound: the most that is needed at one step, which no arena goes below. by: the sequence in which the buffers
    were placed: "size", "breadth", "duration" or "step".
    """

    offsets: tuple[int, ...]
    bytes: int
    lower_bound: int
    by: str


def buffers(timeline: Timeline) -> list[Buffer] | None:
    """The buffers of a timeline: its storages in their order, then the inner tensors of its steps in theirs.

    None where a size is not a number.
    """
    found: list[Buffer] = []
    for storage in timeline.storages:
        if not isinstance(storage.bytes, int):
            return None
        found.append(Buffer(storage.bytes, storage.first, storage.last))
    for number, step in enumerate(timeline.steps):
        for size in step.scratch:
            if not isinstance(size, int):
                return None
            found.append(Buffer(size, number, number))
    return found


def plan(buffers: Sequence[Buffer]) -> Arena:
    """A place for every buffer, so that buffers needed at the same step never overlap.

    >>> plan([Buffer(4, 0, 1), Buffer(2, 1, 2), Buffer(4, 2, 3)])
    Arena(offsets=(0, 4, 0), bytes=6, lower_bound=6, by='size')
    """
    totals = _totals(buffers)
    least = max(totals, default=0)

    def breadth(one: Buffer) -> int:
        """The most bytes that are needed at one of the buffer's steps."""
        return max(totals[one.first + 1 : one.last + 2])

    keys: dict[str, Callable[[Buffer], tuple[int, ...]]] = {
        "size": lambda one: (-one.bytes, one.first),
        "breadth": lambda one: (-breadth(one), -one.bytes),
        "duration": lambda one: (one.first - one.last, -one.bytes),
        "step": lambda one: (one.first, -one.bytes),
    }
    crowded = totals.index(least) - 1
    best: Arena | None = None
    for by, key in keys.items():
        sequence = sorted(range(len(buffers)), key=lambda number: key(buffers[number]))
        offsets, total = _placed(buffers, sequence, crowded)
        if best is None or total < best.bytes:
            best = Arena(offsets, total, least, by)
        if total == least:
            break
    assert best is not None
    return best


def _placed(buffers: Sequence[Buffer], sequence: Sequence[int], crowded: int) -> tuple[tuple[int, ...], int]:
    """The offsets of the buffers, and the end of the last one, when they are placed in a sequence.

    Each goes into the smallest gap that it fits between those placed before it and needed at one of its steps, else
    behind the last of them. crowded: the step at which the most bytes are needed.
    """
    placed: list[_Placed] = []
    # Those with short lives by the step, and those with long ones.
    at: list[list[_Placed]] = [[] for _ in range(max([one.last for one in buffers], default=0) + 2)]
    lasting: list[_Placed] = []
    # Below that nothing is free at the crowded step: what is needed there, too, looks no lower, but for others that
    # begin lower and reach further, of which this is the largest.
    solid = largest = 0
    offsets = [0] * len(buffers)
    for number in sequence:
        size, first, last = buffers[number]
        if not size:
            continue
        place, smallest, end = -1, -1, 0
        beside = placed
        is_crowded = first <= crowded <= last
        if is_crowded:
            end = solid
            beside = placed[bisect_left(placed, (solid - largest, 0, 0, 0)) :]
        if (last - first) * 8 < len(beside):  # many buffers with short lives
            beside = sorted({one for step in range(first + 1, last + 2) for one in at[step]}.union(lasting))
        for other, other_end, other_first, other_last in beside:
            if other_first > last or other_last < first:
                continue
            gap = other - end
            if gap >= size and (place < 0 or gap < smallest):
                place, smallest = end, gap
            end = max(end, other_end)
        offsets[number] = end if place < 0 else place
        taken = (offsets[number], offsets[number] + size, first, last)
        insort(placed, taken)
        if not is_crowded:
            largest = max(largest, size)
        elif taken[0] <= solid:
            solid = max(solid, taken[1])
        if (last - first) * 8 >= len(buffers):
            lasting.append(taken)
        else:
            for step in range(first + 1, last + 2):
                at[step].append(taken)
    return tuple(offsets), max([end for _, end, _, _ in placed], default=0)


def _totals(buffers: Sequence[Buffer]) -> list[int]:
    """The bytes that are needed before the first step, and at each."""
    changes = [0] * (max([one.last for one in buffers], default=0) + 3)
    for size, first, last in buffers:
        changes[first + 1] += size
        changes[last + 2] -= size
    return [*accumulate(changes)]
