"""The arena against the four sequences in which buffers may be placed, each placed by trying every gap."""

from __future__ import annotations

import random

from cnnsum.analyses.memory.arena import Buffer, plan
from tests.thorough import each, examples


def alive(one: Buffer) -> set[int]:
    return set(range(one.first, one.last + 1))


def placed(needed: list[Buffer], sequence: list[int]) -> tuple[list[int], int]:
    """Byte by byte: each buffer into the smallest gap that it fits, the lowest of equal ones, or behind the others."""
    offsets = [0] * len(needed)
    done: list[int] = []
    for number in sequence:
        size = needed[number].bytes
        if not size:
            continue
        beside = [other for other in done if alive(needed[other]) & alive(needed[number])]
        taken = {byte for other in beside for byte in range(offsets[other], offsets[other] + needed[other].bytes)}
        end = max(taken, default=-1) + 1
        gaps = []  # their length and where they begin
        at = 0
        while at < end:
            length = 0
            while at + length not in taken and at + length < end:
                length += 1
            if length >= size:
                gaps.append((length, at))
            at += max(length, 1)
        offsets[number] = min(gaps)[1] if gaps else end
        done.append(number)
    return offsets, max((offsets[one] + needed[one].bytes for one in done), default=0)


def expected(needed: list[Buffer]) -> tuple[list[int], int, int, str]:
    numbers = range(len(needed))
    steps = range(-1, max(one.last for one in needed) + 1)
    at_once = {step: sum(one.bytes for one in needed if step in alive(one)) for step in steps}
    least = max(at_once.values())

    def largest_first(order: list[int]) -> list[int]:
        return sorted(order, key=lambda number: needed[number].bytes, reverse=True)

    by_start = sorted(numbers, key=lambda number: needed[number].first)
    by_size = largest_first([*numbers])
    sequences = {
        "size": largest_first(by_start),
        "breadth": sorted(by_size, key=lambda one: max(at_once[step] for step in alive(needed[one])), reverse=True),
        "duration": sorted(by_size, key=lambda one: len(alive(needed[one])), reverse=True),
        "step": sorted(by_size, key=lambda one: needed[one].first),
    }
    tried = []
    for by, sequence in sequences.items():
        offsets, end = placed(needed, sequence)
        tried.append((offsets, end, least, by))
        if end == least:  # no other is smaller
            break
    return min(tried, key=lambda one: one[1])


def drawn(seed: int) -> list[Buffer]:
    draw = random.Random(seed)
    longest = draw.choice((0, 1, 3, 9))  # lives of one step, too, of which many are placed before
    found = []
    for _ in range(draw.randint(1, 30)):
        first = draw.randint(-1, 12)
        found.append(Buffer(draw.choice((0, 1, 2, 3, 5, 8)), first, max(first + draw.randint(0, longest), 0)))
    return found


@each("seed", range(examples(1200)))
def test_the_best_of_four_sequences(seed: int) -> None:
    needed = drawn(seed)
    offsets, end, least, by = expected(needed)
    assert plan(needed) == (tuple(offsets), end, least, by)


def test_each_sequence_is_the_best_of_some() -> None:
    assert {expected(drawn(seed))[3] for seed in range(300)} == {"size", "breadth", "duration", "step"}
