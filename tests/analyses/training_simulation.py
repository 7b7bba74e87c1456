"""A training step played through with objects: every tensor is one, and alive is what something still refers to.

Slow, and written without a look at how the estimate counts: it knows what a layer keeps (`Facts`) and how the backward
pass runs (docs/measures.md), and at every moment adds up the distinct objects that are referred to.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from cnnsum.analyses.counting import Counter
from cnnsum.graph.infer import Call
from cnnsum.model import Model

FLOATS = {"float16", "bfloat16", "float32", "float64"}


class Tensor:
    """Storage. `whole` is the tensor that this one is a part of."""

    def __init__(self, size: Any, whole: Tensor | None = None) -> None:
        self.size = int(size)
        self.whole = whole

    @property
    def storage(self) -> Tensor:
        return self if self.whole is None else self.whole.storage


def total(tensors: Iterable[Tensor]) -> int:
    return sum(one.size for one in {tensor.storage for tensor in tensors})


class Result(NamedTuple):
    saved: int
    transient: int
    peak: int


class Simulation:
    """One step of a model. `ends`: numbers of the calls that end a segment."""

    def __init__(self, model: Model, batch: int, ends: tuple[int, ...] = ()) -> None:
        self.inference = model.inference
        self.calls: list[Call] = model.inference.calls
        self.counter = Counter(model.graph.batch, batch)
        self.tensors: dict[int, Tensor] = {}
        for number, value in enumerate(self.inference.values):
            self.tensors[number] = Tensor(self.counter.bytes(value.shape, value.dtype))
        for call in self.calls:
            if call.facts.alias == "view":
                for number in call.outputs:
                    self.tensors[number] = self.tensors[call.inputs[0]]
        #: What is the same tensor, and no view of it.
        self.same: dict[int, int] = {}
        for call in self.calls:
            for number in call.outputs:
                alike = self.inference.values[number].shape == self.inference.values[call.inputs[0]].shape
                if call.facts.alias == "view" and alike:
                    self.same[number] = self.same.get(call.inputs[0], call.inputs[0])
        self.trained = {call.layer: self._weights(call) for call in self.calls}
        self.inner = {call: [self._inner(item, call) for item in call.facts.kept] for call in self.calls}
        self.through = [call for number, call in enumerate(self.calls) if self._goes_back(number)]
        bounds = [0, *[end + 1 for end in ends], len(self.calls)]
        self.segments = [self.calls[a:b] for a, b in pairwise(bounds)]
        self.most = 0
        self.most_transient = 0
        #: Layers whose weights have a gradient already, from a later call.
        self.met: set[Any] = set()

    def _weights(self, call: Call) -> int:
        return sum(
            int(self.counter.bytes(weight.shape, weight.dtype or call.layer.policy.variable))
            for weight in call.facts.weights
            if weight.trainable and call.layer.trainable
        )

    def _gradients_of_weights(self, call: Call) -> list[Tensor]:
        """What the gradients of a layer's weights take beside those that another call of it has left.

        They are added to them; those of a matrix into a tensor of its own, for they are turned round.
        """
        made: list[Tensor] = []
        if self.trained[call.layer] and call.layer in self.met:
            for weight in call.facts.weights:
                if weight.trainable:
                    size = self.counter.bytes(weight.shape, weight.dtype or call.layer.policy.variable)
                    made.append(Tensor(size))
                    if len(weight.shape) == 2:
                        made.append(Tensor(size))
        self.met.add(call.layer)
        return made

    def _stretched(self, call: Call) -> list[int]:
        """Factors that were stretched: the gradient of each is a product of the full size, and then summed."""
        values = self.inference.values
        if call.facts.keeps_input != "factors" or call.facts.macs != 0:
            return []
        return [n for n in call.inputs if self._wanted(n) and values[n].shape != values[call.outputs[0]].shape]

    def _inner(self, item: Any, call: Call) -> tuple[Tensor, str]:
        return Tensor(self.counter.bytes(item.shape, item.dtype or call.layer.policy.compute)), item.use

    def _depends_on_weights(self, number: int) -> bool:
        """Whether training changes this value."""
        return any(
            self.trained[call] > 0 or any(map(self._depends_on_weights, call_.inputs))
            for call_ in self.calls
            if number in call_.outputs
            for call in (call_.layer,)
        )

    def _matters(self, number: int) -> bool:
        """Whether an output of the model depends on this value."""
        return number in self.inference.outputs or any(
            self._matters(made) for call in self.calls if number in call.inputs for made in call.outputs
        )

    def _wanted(self, number: int) -> bool:
        return self._depends_on_weights(number) and self._matters(number)

    def _goes_back(self, index: int) -> bool:
        return any(map(self._wanted, self.calls[index].outputs))

    def _kept_by(self, call: Call) -> list[Tensor]:
        if call not in self.through:
            return []
        facts, trains = call.facts, self.trained[call.layer] > 0
        kept: list[Tensor] = []
        if facts.keeps_input is True or (facts.keeps_input == "weights" and trains):
            kept += [self.tensors[number] for number in call.inputs]
        elif facts.keeps_input == "factors":
            for place, number in enumerate(call.inputs):
                others = [other for at, other in enumerate(call.inputs) if at != place]
                if any(map(self._wanted, others)):
                    kept.append(self.tensors[number])
        if facts.keeps_output is True or (facts.keeps_output == "weights" and trains):
            kept += [self.tensors[number] for number in call.outputs]
        return kept + [tensor for tensor, use in self.inner[call] if trains or use != "weights"]

    def _for_activation(self, call: Call) -> list[Tensor]:
        """What a call keeps for its activation, which is over before the rest of it."""
        if not call.facts.activated:
            return []
        made = [self.tensors[number] for number in call.outputs]
        return [*made, *(tensor for tensor, use in self.inner[call] if use == "activation")]

    def _scratch(self, call: Call) -> list[Tensor]:
        return [Tensor(self.counter.bytes(shape, call.layer.policy.compute)) for shape in call.facts.scratch]

    def _moment(self, alive: Iterable[Tensor], weights: int = 0) -> int:
        size = total(alive) + weights
        self.most = max(self.most, size)
        return size

    def _beyond(self, alive: Iterable[Tensor], boundary: set[Tensor]) -> None:
        """A moment of the forward pass or the loss: what is alive and is not kept, neither now nor later."""
        kept = {tensor.storage for tensor in self._last_kept() | boundary}
        beyond = total([tensor for tensor in alive if tensor.storage not in kept])
        self.most_transient = max(self.most_transient, beyond)

    def _read_from(self, index: int) -> list[Tensor]:
        """What the calls from that one on still read, and the outputs of the model that are there by then."""
        read = [self.tensors[number] for call in self.calls[index:] for number in call.inputs]
        there = set(self.inference.inputs) | {number for call in self.calls[:index] for number in call.outputs}
        outputs = [self.tensors[number] for number in self.inference.outputs if number in there]
        made = {self.tensors[number] for number in there}
        return [tensor for tensor in read if tensor in made] + outputs

    def run(self) -> Result:
        # What segments that are run again read from outside is kept for them.
        again = [segment for segment in self.segments[:-1] if any(call in self.through for call in segment)]
        self.reads: list[tuple[list[Call], set[Tensor]]] = []
        for segment in again:
            inside = {self.tensors[n] for call in segment for n in call.outputs if call.facts.alias != "view"}
            self.reads.append((segment, {self.tensors[n] for call in segment for n in call.inputs} - inside))
        boundary = {tensor for _, read in self.reads for tensor in read}
        kept: list[Tensor] = []
        there = {self.tensors[number] for number in self.inference.inputs}
        for index, call in enumerate(self.calls):
            if call in self.segments[-1]:
                kept += self._kept_by(call)
            there |= {self.tensors[number] for number in call.outputs}
            alive = [*kept, *self._read_from(index), *(self.tensors[number] for number in call.outputs)]
            # An input of the model is there from the start, as far as anything needs it.
            alive += [one for one in there if one in boundary or one in self._last_kept()]
            self._moment([*alive, *self._scratch(call)])
            self._beyond([*alive, *self._scratch(call)], boundary)
        saved = total([*kept, *boundary])
        self._backward(kept, boundary)
        return Result(saved, self.most_transient, self.most)

    def _last_kept(self) -> set[Tensor]:
        return {tensor for call in self.segments[-1] for tensor in self._kept_by(call)}

    def _backward(self, kept: list[Tensor], boundary: set[Tensor]) -> None:
        # By value: a view has its own until it is handed on.
        gradients: dict[int, Tensor] = {}
        if any(map(self._wanted, self.inference.outputs)):
            # The loss: an output times a constant, which is let go before the next one.
            outputs = [self.tensors[number] for number in self.inference.outputs]
            for number in self.inference.outputs:
                if self.inference.values[number].dtype in FLOATS:
                    made = Tensor(self.tensors[number].size)
                    self._moment([*kept, *boundary, *outputs, made])
                    self._beyond([*outputs, made], boundary)
        for number in reversed(self.inference.outputs):
            if self._wanted(number):
                made = Tensor(self.tensors[number].size)
                self._moment([*kept, *boundary, *gradients.values(), made])
                self.most_transient = max(self.most_transient, total([*gradients.values(), made]))
                self._met([(number, made)], gradients)
        weights: dict[Any, int] = {}
        for segment in reversed(self.segments):
            last = segment is self.segments[-1]
            fresh = last
            for place in range(len(segment) - 1, -1, -1):
                call = segment[place]
                if call not in self.through:
                    continue
                before = sum(weights.values())
                # Of what was kept, only what calls up to this one keep is needed still.
                mine = [tensor for one in segment[: place + 1] for tensor in self._kept_by(one)]
                rest = [*boundary] if not last else [*boundary, *mine]
                if call.facts.alias == "view":
                    if self.trained[call.layer]:
                        weights[call.layer] = self.trained[call.layer]
                    for number in call.outputs:
                        if number in gradients:
                            handed = [(call.inputs[0], gradients.pop(number))]
                            there = mine if fresh else []
                            extra = [] if last else [tensor for tensor in there if tensor not in boundary]
                            for alive in self._met(handed, gradients):
                                self._moment([*rest, *there, *alive], sum(weights.values()))
                                self.most_transient = max(self.most_transient, total([*alive, *extra]))
                    continue
                if not fresh:
                    fresh = True
                    self._again(segment, boundary, [*gradients.values()], before)
                for alive, past_activation in self._through(call, gradients):
                    if past_activation:
                        weights[call.layer] = self.trained[call.layer]
                        mine = [tensor for one in segment[:place] for tensor in self._kept_by(one)]
                        mine += [tensor for tensor in self._kept_by(call) if tensor not in self._for_activation(call)]
                        rest = [*boundary] if not last else [*boundary, *mine]
                    self._moment([*rest, *mine, *alive], sum(weights.values()))
                    extra = [] if last else [tensor for tensor in mine if tensor not in boundary]
                    self.most_transient = max(self.most_transient, total([*alive, *extra]))
            for one, read in self.reads:
                if one is segment:
                    needed = {tensor for other, others in self.reads if other is not one for tensor in others}
                    boundary -= read - needed
                    read.clear()
        self._moment([], sum(weights.values()))

    def _again(self, segment: list[Call], boundary: set[Tensor], gradients: list[Tensor], weights: int) -> None:
        """The forward pass of a segment, with what it keeps this time."""
        start = self.calls.index(segment[0])
        kept: list[Tensor] = []
        inside = {self.tensors[n] for call in segment for n in call.outputs if call.facts.alias != "view"}
        will_keep = {tensor for call in segment for tensor in self._kept_by(call)}
        made: set[Tensor] = set()
        for place, call in enumerate(segment):
            made |= {self.tensors[number] for number in call.outputs}
            kept += [tensor for tensor in self._kept_by(call) if tensor not in inside]
            alive = [tensor for tensor in self._read_from(start + place) if tensor in inside and tensor in made]
            alive += [self.tensors[n] for n in self.inference.outputs if self.tensors[n] in made & inside]
            alive += [self.tensors[n] for n in call.outputs if self.tensors[n] in inside]
            alive += [tensor for tensor in made & inside if tensor in will_keep]
            alive = [tensor for tensor in alive if tensor not in boundary]
            own = [tensor for tensor in kept if tensor not in boundary]
            alive = [*alive, *own, *gradients, *self._scratch(call)]
            self._moment([*boundary, *alive], weights)
            self.most_transient = max(self.most_transient, total(alive))

    def _through(self, call: Call, gradients: dict[int, Tensor]) -> list[tuple[list[Tensor], bool]]:
        """The backward pass of one call: the gradients alive at each of its moments. Changes `gradients`.

        With each, whether the gradient has passed the layer's activation, so that those of its weights are made.
        """
        moments: list[tuple[list[Tensor], bool]] = []
        facts = call.facts
        outputs = [number for number in call.outputs if number in gradients]
        if facts.activated and outputs:
            through = Tensor(gradients[outputs[0]].size)
            moments.append(([*gradients.values(), through], False))
            gradients[outputs[0]] = through
        made: list[tuple[int, Tensor]] = []
        inputs = call.inputs if not facts.weights else tuple(dict.fromkeys(call.inputs))
        values = self.inference.values
        for number in inputs:
            if not self._wanted(number):
                continue
            alike = values[number].shape == values[call.outputs[0]].shape
            if outputs and facts.gradient == "same" and alike:
                made.append((number, gradients[outputs[0]]))
            elif outputs and facts.gradient == "parts":
                made.append((number, Tensor(self.tensors[number].size, gradients[outputs[0]])))
            else:
                made.append((number, Tensor(self.tensors[number].size)))
        new = [gradient for _, gradient in made]
        inner = [*self._scratch(call), *self._gradients_of_weights(call)]
        stretched = self._stretched(call)
        if stretched:
            wanted = [number for number in inputs if self._wanted(number)]
            sums = [gradient for number, gradient in zip(wanted, new, strict=True) if number in stretched]
            plain = [gradient for gradient in new if gradient not in sums]
            products = [Tensor(self.tensors[call.outputs[0]].size) for _ in stretched]
            # They are made together, and summed one after another.
            moments += [
                ([*gradients.values(), *plain, *inner, *sums[: at + 1], *products[at:]], True)
                for at in range(len(products))
            ]
        moments.append(([*gradients.values(), *new, *inner], True))
        for number in outputs:
            del gradients[number]
        return [*moments, *((alive, True) for alive in self._met(made, gradients))]

    def _met(self, made: list[tuple[int, Tensor]], gradients: dict[int, Tensor]) -> list[list[Tensor]]:
        """Put gradients to those that are there; what is alive where two are added into a third. Changes both."""
        moments: list[list[Tensor]] = []
        while made:
            number, gradient = made.pop(0)
            number = self.same.get(number, number)
            old = gradients.pop(number, None)
            others = [*gradients.values(), *(other for _, other in made)]
            if old is None:
                gradients[number] = gradient
                continue

            def alone(one: Tensor, *rest: Tensor, size: int = gradient.size) -> bool:
                return one.storage.size == size and one.storage not in {other.storage for other in rest}

            if alone(old, gradient, *others):
                gradients[number] = old
            elif alone(gradient, old, *others):
                gradients[number] = gradient
            else:
                gradients[number] = Tensor(gradient.size)
                moments.append([*others, old, gradient, gradients[number]])
        return moments
