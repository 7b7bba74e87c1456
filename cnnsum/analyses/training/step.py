"""A training step from moment to moment, with activation checkpoints where they are asked for.

Between checkpoints nothing is kept in the forward pass; the backward pass runs the forward pass of a segment again
before it goes through it. The definitions are in docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.activations import Keeping, owners_of
from cnnsum.analyses.memory.liveness import Largest, largest_formula
from cnnsum.analyses.params import Params
from cnnsum.analyses.training.alive import Lives, Pool, forward, gradients, largest, losses
from cnnsum.dims import Dim
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Layer
from cnnsum.typed import NamedTuple


class Step(NamedTuple):
    """What a step takes in bytes, beside the weights and the optimizer's slots.

    saved: kept from the forward pass to the backward pass. transient: the most that any moment holds beyond it and
    beyond gradients of weights: what nothing keeps of the forward pass, the loss, gradients of activations, and what a
    segment that was run again keeps. peak: the most at any moment, gradients of weights included. extra_macs: per
    sample, of what is run again.
    kept: the names of the layers whose outputs stay for a later segment; so may inputs of the model.
    """

    saved: Dim
    transient: Dim
    peak: Dim
    extra_macs: Dim
    kept: tuple[str, ...]


class _Segment:
    """Calls from `start` to `end`. `again`: whether the backward pass runs them again. `amounts`: what each keeps,
    and `activations`: how much of that is for its activation alone.
    """

    __slots__ = ("activations", "again", "amounts", "end", "inner", "kept", "reads", "start")

    def __init__(self, start: int, end: int, *, again: bool) -> None:
        self.start = start
        self.end = end
        self.again = again
        self.amounts: dict[int, Dim] = {}
        self.activations: dict[int, Dim] = {}
        #: Storages that it keeps, what a call keeps that is not a storage, and storages from outside that it reads.
        self.kept: set[object] = set()
        self.inner: dict[int, Dim] = {}
        self.reads: dict[int, None] = {}


def step(
    inference: Inference,
    keeping: Keeping,
    sizes: list[Dim],
    counter: Counter,
    params: Params,
    cuts: tuple[int, ...] = (),
    of_formulas: Largest = largest_formula,
) -> Step:
    """Run a step. `cuts`: the calls that end a segment, in order and without the last call of all; what comes after the
    last cut is not run again. of_formulas: finds the largest, as for `liveness.peak`.
    """
    return _Run(inference, keeping, sizes, counter, params, cuts).step(of_formulas)


class _Run:
    """One run of a step."""

    def __init__(
        self,
        inference: Inference,
        keeping: Keeping,
        sizes: list[Dim],
        counter: Counter,
        params: Params,
        cuts: tuple[int, ...],
    ) -> None:
        self.inference = inference
        self.keeping = keeping
        self.sizes = sizes
        self.counter = counter
        self.params = params
        calls = inference.calls
        self.lives = Lives(inference, keeping)
        ends = [*(cut + 1 for cut in cuts), len(calls)]
        starts = [0, *ends[:-1]]
        self.segments = [
            _Segment(start, end, again=end < len(calls) and any(keeping.active[start:end]))
            for start, end in zip(starts, ends, strict=True)
        ]
        #: What is kept of the forward pass for segments that are run again, and how many of them still need it.
        self.boundary: dict[int, int] = {}
        # When a segment is run again, those after it are done: only what it and those before it read is still there.
        for segment in self.segments:
            self._read(segment)
            self._keep(segment)

    def _read(self, segment: _Segment) -> None:
        if not segment.again:
            return
        storage = self.keeping.storage
        for call in self.inference.calls[segment.start : segment.end]:
            for number in call.inputs:
                if self.lives.made.get(storage[number], -1) < segment.start:
                    segment.reads[storage[number]] = None
        for origin in segment.reads:
            self.boundary[origin] = self.boundary.get(origin, 0) + 1

    def _keep(self, segment: _Segment) -> None:
        """What the calls of a segment keep while the backward pass goes through it."""
        if not segment.again and segment.end < len(self.inference.calls):
            return
        kept: dict[object, None] = dict.fromkeys(self.boundary)
        before = len(kept)
        for at, amount in self.keeping.amounts(segment.start, segment.end, kept):
            call = self.inference.calls[at]
            for_activation: Dim = 0
            segment.amounts[at] = segment.inner[at] = amount
            for key in islice(reversed(kept), len(kept) - before):
                if isinstance(key, int):
                    segment.inner[at] = segment.inner[at] - self.sizes[key]
                    if key in call.outputs:
                        for_activation = for_activation + self.sizes[key]
            if call.facts.activated:
                for item in call.facts.kept:
                    if item.use == "activation":
                        size = self.counter.bytes(item.shape, item.dtype or call.layer.policy.compute)
                        for_activation = for_activation + size
                segment.activations[at] = for_activation
            before = len(kept)
        segment.kept = set(kept)

    def _forward(self, last: _Segment) -> tuple[list[Dim], list[Dim], Dim, Dim]:
        """The forward pass: all that each call finds alive and what of it nothing keeps; and both after the last call.

        last: the segment that is not run again; what its calls keep stays, and what others read from outside.
        """
        kept = self.boundary.keys() | last.kept
        stays: Dim = 0
        for number in self.lives.read:
            if number in kept:
                stays = stays + self.sizes[number]
        moments: list[Dim] = []
        *beyond, after = forward(self.inference, self.keeping, self.sizes, self.counter, self.lives, kept)
        storage = self.keeping.storage
        for at, (call, held) in enumerate(zip(self.inference.calls, beyond, strict=True)):
            for number in call.outputs:
                if storage[number] == number and number in kept:
                    stays = stays + self.sizes[number]
            stays = stays + last.inner.get(at, 0)
            moments.append(stays + held)
        return moments, beyond, stays + after, after

    def _again(self, segment: _Segment, live: Dim) -> Iterator[Dim]:
        """Bytes alive during each call of a segment that is run again, where `live` is what is there before it.

        What its calls keep stays alive. Storages made before the segment are not part of it.
        """
        storage = self.keeping.storage
        for at in range(segment.start, segment.end):
            call = self.inference.calls[at]
            for number in call.outputs:
                if storage[number] == number:
                    live = live + self.sizes[number]
            live = live + segment.inner.get(at, 0)
            yield live + self.counter.inner(call.facts, call.layer.policy.compute)
            for origin in self.lives.dying[at]:
                if self.lives.made.get(origin, -1) >= segment.start and origin not in segment.kept:
                    live = live - self.sizes[origin]

    def step(self, of_formulas: Largest) -> Step:
        """The numbers of the step."""
        last = self.segments[-1]
        saved: Dim = 0
        for origin in self.boundary:
            saved = saved + self.sizes[origin]
        for amount in last.amounts.values():
            saved = saved + amount
        moments, transient, live, beyond = self._forward(last)
        # The loss is made; then nothing needs the outputs any more but what keeps them.
        moments += losses(self.inference, self.keeping, self.sizes, live)
        transient += losses(self.inference, self.keeping, self.sizes, beyond)
        weights = self._backward(saved, last, moments, transient)
        moments.append(weights)
        extra: Dim = 0
        for segment in self.segments:
            if segment.again:
                for call in self.inference.calls[segment.start : segment.end]:
                    extra = extra + call.facts.macs
        extra = self.counter.fill(extra)
        return Step(saved, largest(transient, of_formulas), largest(moments, of_formulas), extra, self._names())

    def _backward(self, saved: Dim, last: _Segment, moments: list[Dim], transient: list[Dim]) -> Dim:
        """Run the backward pass; returns the bytes of the gradients of weights when it is over."""
        count = len(self.inference.calls)
        pool = Pool()
        before: dict[int, Dim] = {}
        during: dict[int, list[Dim]] = {}
        for at, held in gradients(self.inference, self.keeping, self.sizes, self.counter, pool):
            before.setdefault(at, pool.settled)
            during.setdefault(at, []).append(held)
        transient += during[count]
        moments += [saved + held for held in during[count]]
        weights: Dim = 0
        owners: set[Layer] = set()
        needed = dict(self.boundary)
        for segment in reversed(self.segments):
            extra: Dim = 0
            there = not segment.again
            for at in range(segment.end - 1, segment.start - 1, -1):
                if at in during and not there and self.inference.calls[at].facts.alias != "view":
                    there = True
                    alive = [*self._again(segment, before[at])]
                    transient += alive
                    moments += [saved + weights + amount for amount in alive]
                    for amount in segment.amounts.values():
                        extra = extra + amount
                call = self.inference.calls[at]
                held_then = during.get(at, [])
                used: Dim = 0
                if call.facts.activated and len(held_then) > 1:
                    # The gradient passes the activation before any of a weight is made.
                    held = held_then.pop(0)
                    transient.append(extra + held)
                    moments.append(saved + extra + held + weights)
                    used = segment.activations.get(at, 0)
                    saved, extra = (saved - used, extra) if segment is last else (saved, extra - used)
                if self.keeping.active[at] and self.keeping.trains[at]:
                    for owner in owners_of(call.layer):
                        if owner not in owners:
                            owners.add(owner)
                            weights = weights + self.params.counted[owner].gradient_bytes
                for held in held_then:
                    transient.append(extra + held)
                    moments.append(saved + extra + held + weights)
                rest = segment.amounts.get(at, 0) - used
                saved, extra = (saved - rest, extra) if segment is last else (saved, extra - rest)
            for origin in segment.reads:
                needed[origin] -= 1
                if not needed[origin]:
                    saved = saved - self.sizes[origin]
        return weights

    def _names(self) -> tuple[str, ...]:
        """The layers whose outputs one segment makes and another needs, in the order in which they run."""
        last = self.segments[-1]
        kept = {*self.boundary, *(origin for origin in last.kept if isinstance(origin, int))}
        found = sorted(
            {self.lives.made[origin] for origin in kept if 0 <= self.lives.made.get(origin, -1) < last.start}
        )
        return tuple(self.inference.calls[at].layer.name for at in found)
