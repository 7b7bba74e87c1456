"""What is in memory while a model runs: every storage from its making to its last use, and the live bytes of each call.

`liveness.peak` folds the same lifetimes into one number; this is the whole story, for those who ask for
it. Numbers are bytes at one batch size, or formulas. Knows calls and the numbers of values, and gives them no names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.liveness import lifetimes
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.infer import Call, Inference
from cnnsum.typed import NamedTuple


class Storage(NamedTuple):
    """Bytes that hold one value, or several one after the other.

    values: those that are in it: the one that it was made for, views of that, and what was written over it, in order.
    first: the step whose call makes it, -1 for an input of the model. last: the last step whose call uses it; the
    number of steps for what lives to the end.
    """

    values: tuple[int, ...]
    bytes: Dim
    first: int
    last: int

    def alive(self, step: int) -> bool:
        """Whether it is there while the call of this step runs."""
        return self.first <= step <= self.last


class Step(NamedTuple):
    """One call, and the live bytes before it, while it runs (its outputs and inner tensors included), and after it.

    scratch: the bytes of each of its inner tensors, which are there only while it runs.
    """

    call: Call
    before: Dim
    during: Dim
    after: Dim
    scratch: tuple[Dim, ...]


class Timeline(NamedTuple):
    """The storages of a program in the order in which they are made, and its steps.

    at_first: the live bytes before anything has run, which are those of the model's inputs.
    """

    storages: tuple[Storage, ...]
    steps: tuple[Step, ...]
    at_first: Dim

    @property
    def peak(self) -> tuple[int, int] | None:
        """The most live bytes and the first step that has them (-1: the inputs alone); None for a formula."""
        most, at = self.at_first, -1
        for number, step in enumerate(self.steps):
            if not isinstance(step.during, int) or not isinstance(most, int):
                return None
            if step.during > most:
                most, at = step.during, number
        return (most, at) if isinstance(most, int) else None

    def alive(self, step: int) -> tuple[Storage, ...]:
        """The storages that are there while the call of a step runs."""
        return tuple(storage for storage in self.storages if storage.alive(step))


def timeline(
    inference: Inference, sizes: Sequence[Dim], counter: Counter, order: Iterable[int] | None = None
) -> Timeline:
    """The storages and the steps of a program.

    sizes: the bytes of every value, from `value_bytes`. order: the calls in the order in which they run, by their place
    among `inference.calls`, each after those whose outputs it reads; None runs them as they are listed.
    """
    calls = inference.calls if order is None else [inference.calls[number] for number in order]
    lives = lifetimes(inference, sizes, calls)
    values: dict[int, list[int]] = {owner: [owner] for owner in (*lives.inputs, *lives.made)}
    for call in calls:
        for number in call.outputs:
            owner = lives.storage[number]
            if owner != number and owner in values:
                values[owner].append(number)
    storages = tuple(
        Storage(tuple(held), sizes[owner], lives.made.get(owner, -1), lives.last[owner])
        for owner, held in values.items()
    )
    appearing: list[list[Dim]] = [[] for _ in range(len(calls) + 1)]  # the inputs of the model at -1
    vanishing: list[list[Dim]] = [[] for _ in range(len(calls) + 1)]
    for storage in storages:
        appearing[storage.first].append(storage.bytes)
        vanishing[storage.last].append(storage.bytes)
    live = _Sum()
    live.add(appearing[-1])
    at_first = live.value
    steps: list[Step] = []
    for number, call in enumerate(calls):
        before = live.value
        scratch = tuple([counter.bytes(shape, call.layer.policy.compute) for shape in call.facts.scratch])
        live.add(appearing[number])
        live.add(scratch)
        during = live.value
        live.remove(scratch)
        live.remove(vanishing[number])
        steps.append(Step(call, before, during, live.value, scratch))
    return Timeline(storages, tuple(steps), at_first)


class _Sum:
    """A sum that is known again once everything unknown has left it."""

    __slots__ = ("_known", "_unknown")

    def __init__(self) -> None:
        self._known: Dim = 0
        self._unknown = 0

    @property
    def value(self) -> Dim:
        return UNKNOWN if self._unknown else self._known

    def add(self, sizes: Iterable[Dim]) -> None:
        for size in sizes:
            if size is UNKNOWN:
                self._unknown += 1
            else:
                self._known = self._known + size

    def remove(self, sizes: Iterable[Dim]) -> None:
        for size in sizes:
            if size is UNKNOWN:
                self._unknown -= 1
            else:
                self._known = self._known - size
