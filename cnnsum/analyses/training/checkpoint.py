"""Activation checkpoints: where they may be set, and where they are best set.

What a step costs with them is in `step`. The definitions are in docs/measures.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from itertools import accumulate
from math import isqrt

from cnnsum.analyses.memory.activations import Keeping
from cnnsum.dims import UNKNOWN, Dim, Symbol, substitute, symbols_of
from cnnsum.graph.infer import Inference

#: In place of names of layers: the best places.
AUTO = "auto"

#: What a size of no number is taken to be, where the best of several places depends on it.
_TYPICAL = 224


def places(inference: Inference) -> dict[str, list[int]]:
    """The calls that end with a layer's output, by the name of the layer; a nested model's last call stands for it."""
    found: dict[str, list[int]] = {}
    outer: tuple[str, ...] = ()
    for at, call in enumerate(inference.calls):
        found.setdefault(call.layer.name, []).append(at)
        path = tuple([layer.name for layer in call.path])
        for name in path:
            if name in outer:
                found[name][-1] = at
            else:
                found.setdefault(name, []).append(at)
        outer = path
    return found


def cuts_at(inference: Inference, keeping: Keeping, sizes: list[Dim], wanted: Collection[str]) -> tuple[int, ...]:
    """The calls that end a segment: those of the named layers, and for "auto" those that `automatic` chooses."""
    known = places(inference)
    found: set[int] = set()
    for name in wanted:
        found.update(known[name] if name in known or name != AUTO else automatic(inference, keeping, sizes))
    # After the last call there is nothing to come back from.
    return tuple(sorted(at for at in found if at + 1 < len(inference.calls)))


def names_of(inference: Inference, cuts: tuple[int, ...], wanted: Collection[str]) -> tuple[str, ...]:
    """The layers that end a segment, as they were named or chosen, in the order in which they run."""
    ends = {at: name for name, calls in places(inference).items() if name in wanted for at in calls}
    return tuple(dict.fromkeys(ends.get(at, inference.calls[at].layer.name) for at in cuts))


def automatic(inference: Inference, keeping: Keeping, sizes: list[Dim]) -> tuple[int, ...]:
    """Calls after which to keep the output, and nothing else; none where that saves nothing.

    Only at cut points: calls whose output is all that later calls read of what was made before. Of 2, 3, ... segments,
    each as large as another in what its calls keep, those are chosen for which the outputs that are kept and the
    largest segment take least together. For a chain of n equal layers that are the square root of n segments
    (Chen et al., 2016, https://arxiv.org/abs/1604.06174).
    """
    count = len(inference.calls)
    amounts = [0] * count
    for at, amount in keeping.amounts(0, count, {}):
        number = _number(amount)
        if number is None:
            return ()
        amounts[at] = number
    points = list(_cut_points(inference, keeping, sizes).items())
    before = [0, *accumulate(amounts)]
    ends = [before[at + 1] for at, _ in points]
    best: tuple[int, ...] = ()
    least = total = before[-1]
    for segments in range(2, 2 * isqrt(count) + 2):
        share = -(-total // segments)
        cuts: list[int] = []
        kept = largest = start = place = 0
        # A segment ends at the first cut point at which it holds its share.
        while (place := bisect_left(ends, start + share, place)) < len(ends):
            at, size = points[place]
            cuts.append(at)
            kept += size
            largest = max(largest, ends[place] - start)
            start = ends[place]
            place += 1
        largest = max(largest, total - start)
        if kept + largest < least:
            least = kept + largest
            best = tuple(cuts)
    return best


def _cut_points(inference: Inference, keeping: Keeping, sizes: list[Dim]) -> dict[int, int]:
    """The calls whose output is all that later calls read of what was made before, and its bytes."""
    storage = keeping.storage
    made = {storage[number]: 0 for number in inference.inputs}
    last_use: dict[int, int] = {}
    for at, call in enumerate(inference.calls):
        for number in call.inputs:
            last_use[storage[number]] = at
        for number in call.outputs:
            made.setdefault(storage[number], at)
    crossing = [0] * (len(inference.calls) + 1)
    for origin, at in last_use.items():
        crossing[made.get(origin, 0)] += 1
        crossing[at] -= 1
    points: dict[int, int] = {}
    across = 0
    for at, call in enumerate(inference.calls):
        across += crossing[at]
        if across != 1 or not keeping.active[at]:
            continue
        for number in call.outputs:
            if storage[number] == number and last_use.get(number, at) > at:
                size = _number(sizes[number])
                if size is not None:
                    points[at] = size
    return points


def _number(amount: Dim) -> int | None:
    """A number, or what a formula gives for inputs of a usual size; None for what is not known."""
    if type(amount) is int:
        return amount
    if amount is UNKNOWN:
        return None
    found = substitute(amount, {symbol.name: _typical(symbol) for symbol in symbols_of(amount)})
    return found if isinstance(found, int) else None


def _typical(symbol: Symbol) -> int:
    least = max(_TYPICAL, symbol.minimum)
    return -(-least // symbol.multiple_of) * symbol.multiple_of
