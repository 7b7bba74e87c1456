"""What is alive in the forward pass, at the loss, and in the backward pass of a training step, moment by moment.

Knows calls and the bytes of their values; no optimizer, and no item of the total.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from cnnsum.analyses.counting import Counter, bytes_of
from cnnsum.analyses.memory.activations import Keeping, owners_of
from cnnsum.analyses.memory.liveness import Largest
from cnnsum.dims import Dim, prod
from cnnsum.graph.infer import Inference
from cnnsum.graph.promotion import DIFFERENTIABLE
from cnnsum.layers.facts import Weight


def largest(amounts: Iterable[Dim], of_formulas: Largest) -> Dim:
    """The largest of many amounts, 0 for none; `of_formulas` finds that of formulas, as for `liveness.peak`."""
    different = dict.fromkeys(amounts)
    most = max([0, *[amount for amount in different if type(amount) is int]])
    formulas = [amount for amount in different if type(amount) is not int]
    if not formulas:
        return most
    return of_formulas([most, *formulas] if most else formulas)[0]


class Lives:
    """From when to when each storage lives in the forward pass of a step, by the value that it was made for.

    made: the call that makes it, -1 for the model's inputs. dying: for each call the storages that nothing uses after
    it. read: the model's inputs that a call reads or that are outputs: others take no part in a step.
    """

    __slots__ = ("dying", "made", "read")

    def __init__(self, inference: Inference, keeping: Keeping) -> None:
        storage, calls = keeping.storage, inference.calls
        made = self.made = {storage[number]: -1 for number in inference.inputs}
        last: dict[int, int] = {}
        for at, call in enumerate(calls):
            for number in call.outputs:
                origin = storage[number]
                made.setdefault(origin, at)
                last[origin] = at
            for number in call.inputs:
                last[storage[number]] = at
        for number in inference.outputs:
            last[storage[number]] = len(calls)
        self.read = [number for number, at in made.items() if at < 0 and number in last]
        dying: list[list[int]] = [[] for _ in range(len(calls) + 1)]
        for number, at in last.items():
            dying[at].append(number)
        self.dying = dying


def forward(
    inference: Inference,
    keeping: Keeping,
    sizes: list[Dim],
    counter: Counter,
    lives: Lives,
    kept: Collection[object],
) -> Iterator[Dim]:
    """Bytes that are alive in each call of the forward pass and that nothing keeps, and at last those after it.

    kept: storages that stay for the backward pass, which are not part of it.
    """
    storage = keeping.storage
    live: Dim = 0
    for number in lives.read:
        if number not in kept:
            live = live + sizes[number]
    for at, call in enumerate(inference.calls):
        for number in call.outputs:
            if storage[number] == number and number not in kept:
                live = live + sizes[number]
        yield live + counter.inner(call.facts, call.layer.policy.compute) if call.facts.scratch else live
        for number in lives.dying[at]:
            if number not in kept:
                live = live - sizes[number]
    yield live


def losses(inference: Inference, keeping: Keeping, sizes: list[Dim], live: Dim) -> list[Dim]:
    """What is alive while the loss is made of one output after the other, which takes as much again as the output.

    live: what the forward pass leaves. Where no output has a gradient there is no loss.
    """
    if not any(keeping.wanted[number] for number in inference.outputs):
        return []
    values = inference.values
    taken = {sizes[number]: None for number in inference.outputs if values[number].dtype in DIFFERENTIABLE}
    return [live + size for size in taken]


def gradients(
    inference: Inference, keeping: Keeping, sizes: list[Dim], counter: Counter, pool: Pool | None = None
) -> Iterator[tuple[int, Dim]]:
    """Run the backward pass: the calls that it runs through, last first, and what gradients of activations take then.

    A call may come several times, once for every moment that may be the largest. First comes the number of calls, with
    what the gradients of the outputs take: each is there before the first call is run through, that of the last output
    first. What is alive follows PyTorch's engine:

    - A call's backward reads the gradients of its outputs and makes one for every input that needs it. Then the first
      are let go. A view hands its gradient on to what it is a view of.
    - An addition hands its gradient on to every input of the same shape, without a copy, and a concatenation hands on
      parts of it. Storage is free when nothing refers to it any more.
    - Where an input has a gradient already, from another reader, the two are added: into the one of them that nobody
      else refers to, or else into a third tensor.
    - Gradients of weights are not part of it, but when a shared layer has them from another call already, the new ones
      are there beside those until they are added.
    - The gradient of a factor that was broadcast is a product of the full size before it is summed; where both factors
      were, both products are there at once.
    """
    calls, values, wanted = inference.calls, inference.values, keeping.wanted
    if pool is None:
        pool = Pool()
    of = pool.of
    same = _same(inference)
    for number in reversed(inference.outputs):
        if wanted[number]:
            taken = pool.take(sizes[number])
            most = pool.held
            pool.add(same[number], taken, sizes[number])
            if pool.held != most:
                yield len(calls), most
    yield len(calls), pool.held
    met: set[object] = set()
    for step in range(len(calls) - 1, -1, -1):
        if not keeping.active[step]:
            continue
        call = calls[step]
        facts, layer = call.facts, call.layer
        outputs = list(filter(of.__contains__, call.outputs))
        if facts.alias == "view":
            origins = dict(call.views())
            for number in outputs:
                origin = same[origins[number]]
                if not wanted[origin]:
                    pool.free(of.pop(number))
                elif pool.add(origin, of.pop(number), sizes[origin]):
                    yield step, pool.held
                    pool.settle()
            continue
        pool.settled = pool.held
        if facts.activated and outputs:
            # The activation comes first: its gradient is a tensor of its own.
            through = pool.take(sizes[outputs[0]])
            yield step, pool.held
            pool.free(of[outputs[0]])
            of[outputs[0]] = through
        inner = counter.inner(facts, layer.policy.compute) if facts.scratch else 0
        if facts.keeps_input == "factors" and facts.macs == 0:
            whole = call.outputs[0]
            full = values[whole].shape
            stretched = [n for n in call.inputs if wanted[n] and values[n].shape != full]
            if stretched:
                inner = inner + sizes[whole]
            if len(stretched) == 2 == len(call.inputs):
                # Both products are made before the first is summed, and that is gone when the second is.
                inner = inner + sizes[whole] - sizes[stretched[1]]
        if keeping.trains[step]:
            one = layer if layer.one is None else layer.one
            if one in met:
                inner = inner + _another_gradient(facts.weights, layer.policy.variable)
            if layer.borrows:
                again = [weight for owner, weight in layer.borrows if owner in met]
                inner = inner + _another_gradient(again, layer.policy.variable)
                met.update(owners_of(layer))
            met.add(one)
        made: list[tuple[int, int]] = []
        # A layer with weights (attention) reads a repeated input once.
        for number in call.inputs if not facts.weights else dict.fromkeys(call.inputs):
            if not wanted[number]:
                continue
            if outputs and (
                (facts.gradient == "same" and values[number].shape == values[call.outputs[0]].shape)
                or facts.gradient == "parts"
            ):
                made.append((same[number], pool.share(of[outputs[0]])))
            else:
                made.append((same[number], pool.take(sizes[number])))
        yield step, pool.held + inner
        for number in outputs:
            pool.free(of.pop(number))
        for number, buffer in made:
            if pool.add(number, buffer, sizes[number]):
                yield step, pool.held
                pool.settle()


def _same(inference: Inference) -> list[int]:
    """For every value the one that it is: a layer that does nothing gives the very tensor, no view of it."""
    same = list(range(len(inference.values)))
    for call in inference.calls:
        if call.facts.alias == "view":
            for number, origin in call.views():
                if inference.values[number].shape == inference.values[origin].shape:
                    same[number] = same[origin]
    return same


def _another_gradient(weights: Iterable[Weight], variable_dtype: str) -> Dim:
    """Bytes of the gradients of shared weights that are added to those of another call.

    PyTorch adds a matrix's into a third tensor: the gradient of a linear layer is the transpose of what it computes.
    """
    total: Dim = 0
    for weight in weights:
        if weight.trainable:
            size = bytes_of(prod(weight.shape), weight.dtype or variable_dtype)
            total = total + (2 * size if len(weight.shape) == 2 else size)
    return total


class Pool:
    """Storage of gradients: how large each is, and how many refer to it.

    of: the storage of the gradient of each value. held: bytes of all of it. settled: the same as the last call left it.
    """

    __slots__ = ("_pending", "_references", "_sizes", "held", "of", "settled")

    def __init__(self) -> None:
        self.held: Dim = 0
        self.settled: Dim = 0
        self.of: dict[int, int] = {}
        self._sizes: list[Dim] = []
        self._references: list[int] = []
        self._pending: tuple[int, int] = (0, 0)

    def take(self, size: Dim) -> int:
        """New storage."""
        self._sizes.append(size)
        self._references.append(1)
        self.held = self.held + size
        return len(self._sizes) - 1

    def share(self, buffer: int) -> int:
        """Refer to storage once more."""
        self._references[buffer] += 1
        return buffer

    def free(self, buffer: int) -> None:
        """Refer to storage once less."""
        self._references[buffer] -= 1
        if not self._references[buffer]:
            self.held = self.held - self._sizes[buffer]

    def add(self, origin: int, buffer: int, size: Dim) -> bool:
        """Add to the gradient of a value; whether that took a third tensor, beside the two until `settle`."""
        old = self.of.get(origin)
        if old is None:
            self.of[origin] = buffer
        elif self._alone(old, size):
            self.free(buffer)
        elif self._alone(buffer, size):
            self.of[origin] = buffer
            self.free(old)
        else:
            self.of[origin] = self.take(size)
            self._pending = old, buffer
            return True
        return False

    def settle(self) -> None:
        """Let go of what was added."""
        for buffer in self._pending:
            self.free(buffer)

    def _alone(self, buffer: int, size: Dim) -> bool:
        """Whether the storage is one gradient's alone and no part of a larger one."""
        return self._references[buffer] == 1 and self._sizes[buffer] == size
