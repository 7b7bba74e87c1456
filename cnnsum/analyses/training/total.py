"""Training memory: weights, gradients, optimizer slots, what backpropagation keeps, and what comes and goes in a step.

Works on the flat program of an inference; the numbers are bytes at one batch size. The definitions are in
docs/measures.md. What a step costs with checkpoints, and from moment to moment, is in `step`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from cnnsum.analyses.counting import Counter, bytes_of
from cnnsum.analyses.memory.activations import Keeping
from cnnsum.analyses.params import Params
from cnnsum.analyses.training.optimizers import Optimizer
from cnnsum.dims import Dim, Symbol, prod
from cnnsum.graph.infer import Call, Inference
from cnnsum.graph.model import Layer
from cnnsum.graph.promotion import FLOATS
from cnnsum.layers.facts import Shape, Weight

#: Dtype policies that `--precision` takes.
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16", "bfloat16")


class Checkpoints(NamedTuple):
    """The layers that end a segment, all whose outputs are kept between segments, how many segments there are, and the
    MACs per sample of what the backward pass runs again.
    """

    layers: tuple[str, ...]
    kept: tuple[str, ...]
    segments: int
    extra_macs: Dim


class Training(NamedTuple):
    """Bytes of one training step; `total` is the sum of the six items.

    weights: what the layers compute with. master_weights: the variables behind them, where those are of another dtype.
    gradients: of the trainable weights. optimizer: its slots. saved: kept from the forward pass to the backward pass.
    transient: the most that any moment of the step holds beyond all this, in the forward pass, the loss or the backward
    pass. peak_step: the most at any moment of the step: never more than the total, and less where not all items are at
    their largest at the same time.
    """

    total: Dim
    weights: Dim
    gradients: Dim
    optimizer: Dim
    saved: Dim
    transient: Dim
    master_weights: Dim
    peak_step: Dim | None = None
    checkpoint: Checkpoints | None = None


def training(
    inference: Inference,
    keeping: Keeping,
    sizes: list[Dim],
    counter: Counter,
    params: Params,
    saved: Dim,
    optimizer: Optimizer,
    checkpoint: Collection[str] | None = None,
    *,
    step: bool = False,
    known: Callable[[], Mapping[str, Symbol]] = dict,
) -> Training:
    """The memory of a training step with an optimizer; gradients and slots have the dtype of the variables.

    saved: what is kept without checkpoints. checkpoint: names of layers that end a segment, or "auto"; each must be
    among `checkpoint.places`. step: also `peak_step`, which takes as long as all the rest. known: gives
    what is known of symbols, as `liveness.peak` takes it.
    """
    variables = params.total.trainable_bytes + params.total.non_trainable_bytes
    gradients_of_weights = params.total.trainable_bytes
    copies, master = _casts(inference)
    weights = variables - master + copies
    slots = optimizer.slots * gradients_of_weights if not optimizer.rule else _slots(inference, params, optimizer)
    peak: Dim | None = None
    checkpoints: Checkpoints | None = None
    if step or checkpoint is not None:
        from cnnsum.analyses.training.checkpoint import cuts_at, names_of
        from cnnsum.analyses.training.step import step as run

        cuts = () if checkpoint is None else cuts_at(inference, keeping, sizes, checkpoint)
        found = run(inference, keeping, sizes, counter, params, cuts, known)
        peak = weights + master + slots + found.peak
        saved, held = found.saved, found.transient
        if checkpoint is not None:
            checkpoints = Checkpoints(
                names_of(inference, cuts, checkpoint), found.kept, len(cuts) + 1, found.extra_macs
            )
    else:
        held = transient(inference, keeping, sizes, counter, known)
    total = weights + gradients_of_weights + slots + saved + held + master
    return Training(total, weights, gradients_of_weights, slots, saved, held, master, peak, checkpoints)


def _layers(inference: Inference) -> Iterator[tuple[Layer, int]]:
    """Every layer once, with the step of its first call."""
    seen: set[Layer] = set()
    for step, call in enumerate(inference.calls):
        if call.facts.weights and call.layer not in seen:
            seen.add(call.layer)
            yield call.layer, step


def _casts(inference: Inference) -> tuple[Dim, Dim]:
    """Bytes of the copies in the compute dtype that layers of a mixed policy compute with, and of their variables."""
    copies: Dim = 0
    variables: Dim = 0
    if all(call.layer.policy.compute == call.layer.policy.variable for call in inference.calls):
        return copies, variables
    for layer, step in _layers(inference):
        compute, variable = layer.policy
        if compute == variable:
            continue
        for weight in inference.calls[step].facts.weights:
            if weight.cast and (weight.dtype or variable) in FLOATS and (weight.dtype or variable) != compute:
                elements = prod(weight.shape)
                copies = copies + bytes_of(elements, compute)
                variables = variables + bytes_of(elements, weight.dtype or variable)
    return copies, variables


def _slots(inference: Inference, params: Params, optimizer: Optimizer) -> Dim:
    """Bytes of the slots of an optimizer whose slots depend on the shapes of the weights."""
    total: Dim = 0
    for layer, step in _layers(inference):
        if not params.trainable or layer.freezes:
            continue
        call = inference.calls[step]
        for weight in call.facts.weights:
            if weight.trainable:
                shape = _as_torch(weight, call) if optimizer.is_torch else weight.shape
                is_embedding = "embedding" in layer.name.lower() or "embedding" in weight.name
                elements = optimizer.elements(shape, is_embedding=is_embedding)
                total = total + bytes_of(elements, weight.dtype or layer.policy.variable)
    return total


def _as_torch(weight: Weight, call: Call) -> Shape:
    """The shape that torch.nn gives a weight: the axes of a convolution's kernel come behind those of its channels."""
    window = call.facts.window
    if not isinstance(window, tuple) or len(weight.shape) != len(window) + 2:
        return weight.shape
    *lengths, seen, made = weight.shape
    if "depthwise" in f"{weight.name} {call.layer.type_name}".lower():
        seen, made = 1, seen * made
    return (made, seen, *lengths)


def largest(amounts: Iterable[Dim], known: Callable[[], Mapping[str, Symbol]]) -> Dim:
    """The largest of many amounts, 0 for none; `known` gives what is known of symbols, as for `liveness.peak`."""
    most = 0
    formulas: dict[Dim, None] = {}
    for amount in amounts:
        if type(amount) is not int:
            formulas[amount] = None
        elif amount > most:
            most = amount
    if not formulas:
        return most
    from cnnsum.analyses.sizes.envelope import largest_of

    return largest_of([most, *formulas] if most else [*formulas], known())[0]


def transient(
    inference: Inference,
    keeping: Keeping,
    sizes: list[Dim],
    counter: Counter,
    known: Callable[[], Mapping[str, Symbol]] = dict,
) -> Dim:
    """The most bytes alive at any moment of a step beyond weights, their gradients and what the backward pass needs.

    In the forward pass that is what nothing keeps: outputs that a later call still reads, and inner tensors. Where no
    gradient passes, as in a frozen part, it may be more than the backward pass ever holds.
    """
    kept: dict[object, None] = {}
    for _ in keeping.amounts(0, len(inference.calls), kept):
        pass
    *moments, after = forward(inference, keeping, sizes, counter, Lives(inference, keeping), kept)
    moments += losses(inference, keeping, sizes, after)
    moments += [held for _, held in gradients(inference, keeping, sizes, counter)]
    return largest(moments, known)


class Lives:
    """From when to when each storage lives in the forward pass of a step, by the value that it was made for.

    made: the call that makes it, -1 for the model's inputs. dying: for each call the storages that nothing uses after
    it. read: the model's inputs that a call reads or that are outputs: others take no part in a step.
    """

    __slots__ = ("dying", "made", "read")

    def __init__(self, inference: Inference, keeping: Keeping) -> None:
        storage, calls = keeping.storage, inference.calls
        self.made = {storage[number]: -1 for number in inference.inputs}
        last: dict[int, int] = {}
        for at, call in enumerate(calls):
            for number in call.outputs:
                self.made.setdefault(storage[number], at)
                last[storage[number]] = at
            for number in call.inputs:
                last[storage[number]] = at
        for number in inference.outputs:
            last[storage[number]] = len(calls)
        self.read = [number for number, at in self.made.items() if at < 0 and number in last]
        self.dying: list[list[int]] = [[] for _ in range(len(calls) + 1)]
        for number, at in last.items():
            self.dying[at].append(number)


def forward(
    inference: Inference,
    keeping: Keeping,
    sizes: list[Dim],
    counter: Counter,
    lives: Lives,
    kept: Collection[object],
) -> Iterator[Dim]:
    """Bytes that are alive in each call of the forward pass and that nothing keeps, and at last those after it.

    kept: storages that stay for the backward pass, which are no part of it.
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
        inner: Dim = 0
        for shape in call.facts.scratch:
            inner = inner + counter.bytes(shape, call.layer.policy.compute)
        yield live + inner
        for number in lives.dying[at]:
            if number not in kept:
                live = live - sizes[number]
    yield live


def losses(inference: Inference, keeping: Keeping, sizes: list[Dim], live: Dim) -> list[Dim]:
    """What is alive while the loss is made of one output after the other, which takes as much again as the output.

    live: what the forward pass leaves. Where no output has a gradient there is no loss.
    """
    if not any(keeping.wanted[keeping.storage[number]] for number in inference.outputs):
        return []
    values = inference.values
    taken = {sizes[number]: None for number in inference.outputs if values[number].dtype in FLOATS}
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
    - Gradients of weights are no part of it, but when a shared layer has them from another call already, the new ones
      are there beside those until they are added.
    - The gradient of a factor that was broadcast is a product of the full size before it is summed; where both factors
      were, both products are there at once.
    """
    calls, storage, wanted = inference.calls, keeping.storage, keeping.wanted
    if pool is None:
        pool = Pool()
    same = _same(inference)
    for number in reversed(inference.outputs):
        if wanted[storage[number]]:
            taken = pool.take(sizes[number])
            most = pool.held
            pool.add(same[number], taken, sizes[number])
            if pool.held != most:
                yield len(calls), most
    yield len(calls), pool.held
    met: set[Layer] = set()
    for step in range(len(calls) - 1, -1, -1):
        if not keeping.active[step]:
            continue
        call = calls[step]
        facts = call.facts
        outputs = [number for number in call.outputs if number in pool.of]
        if facts.alias == "view":
            origin = same[call.inputs[0]]
            for number in outputs:
                if pool.add(origin, pool.of.pop(number), sizes[origin]):
                    yield step, pool.held
                    pool.settle()
            continue
        pool.settled = pool.held
        if facts.activated and outputs:
            # The activation comes first: its gradient is a tensor of its own.
            through = pool.take(sizes[outputs[0]])
            yield step, pool.held
            pool.free(pool.of[outputs[0]])
            pool.of[outputs[0]] = through
        inner: Dim = 0
        for shape in facts.scratch:
            inner = inner + counter.bytes(shape, call.layer.policy.compute)
        if facts.keeps_input == "factors" and facts.macs == 0:
            whole = call.outputs[0]
            full = inference.values[whole].shape
            stretched = [n for n in call.inputs if wanted[storage[n]] and inference.values[n].shape != full]
            if stretched:
                inner = inner + sizes[whole]
            if len(stretched) == 2 == len(call.inputs):
                # Both products are made before the first is summed, and that is gone when the second is.
                inner = inner + sizes[whole] - sizes[stretched[1]]
        if keeping.trains[step]:
            if call.layer in met:
                inner = inner + _another_gradient(call)
            met.add(call.layer)
        made: list[tuple[int, int]] = []
        # A layer with weights (attention) reads a repeated input once.
        for number in call.inputs if not facts.weights else dict.fromkeys(call.inputs):
            if not wanted[storage[number]]:
                continue
            if outputs and (
                (facts.gradient == "same" and inference.values[number].shape == inference.values[call.outputs[0]].shape)
                or facts.gradient == "parts"
            ):
                made.append((same[number], pool.share(pool.of[outputs[0]])))
            else:
                made.append((same[number], pool.take(sizes[number])))
        yield step, pool.held + inner
        for number in outputs:
            pool.free(pool.of.pop(number))
        for number, buffer in made:
            if pool.add(number, buffer, sizes[number]):
                yield step, pool.held
                pool.settle()


def _same(inference: Inference) -> list[int]:
    """For every value the one that it is: a layer that does nothing gives the very tensor, no view of it."""
    same = list(range(len(inference.values)))
    for call in inference.calls:
        if call.facts.alias == "view":
            origin = call.inputs[0]
            for number in call.outputs:
                if inference.values[number].shape == inference.values[origin].shape:
                    same[number] = same[origin]
    return same


def _another_gradient(call: Call) -> Dim:
    """Bytes of the gradients of a shared layer's weights that are added to those of another of its calls.

    PyTorch adds a matrix's into a third tensor: the gradient of a linear layer is the transpose of what it computes.
    """
    total: Dim = 0
    for weight in call.facts.weights:
        if weight.trainable:
            size = bytes_of(prod(weight.shape), weight.dtype or call.layer.policy.variable)
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
