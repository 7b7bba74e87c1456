"""Memory of activations: the bytes of every value, and what backpropagation keeps of them.

Works on the flat program of an inference; the numbers are bytes at one batch size. The definitions are in
docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.params import NO_WEIGHTS, Weights
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.infer import Call, Inference
from cnnsum.graph.model import Layer
from cnnsum.graph.promotion import DIFFERENTIABLE, FLOATS
from cnnsum.layers.facts import Shape
from cnnsum.typed import NamedTuple


def value_bytes(inference: Inference, counter: Counter) -> list[Dim]:
    """Bytes of every value."""
    # Many layers give the very shape that they are given.
    cache: dict[tuple[int, str], Dim] = {}
    sizes: list[Dim] = []
    for shape, dtype in inference.values:
        key = id(shape), dtype
        size = cache.get(key)
        if size is None:
            size = cache[key] = counter.bytes(shape, dtype)
        sizes.append(size)
    return sizes


def owners_of(layer: Layer) -> tuple[Layer, ...]:
    """The layers that own the weights which a layer's calls read: itself, and those that it borrows from."""
    return (layer, *[owner for owner, _ in layer.borrows]) if layer.borrows else (layer,)


class KeptByCalls(NamedTuple):
    """What calls keep for the backward pass: the bytes that each keeps and none before it does, by the number of the
    call; and which tensors those are, as `Keeping.amounts` has them.
    """

    amounts: list[tuple[int, Dim]]
    tensors: dict[object, None]


class Copy(NamedTuple):
    """A copy of an input that a call makes and keeps: the place among the call's inputs, `~place` among the rule's of a
    constant; its dtype and bytes.
    """

    at: int
    dtype: str
    bytes: Dim


class Keeping:
    """What the backward pass goes through, and which tensors it needs for that.

    storage: for every value the value whose storage it is in training (views share one). wanted: for every value
    whether its gradient is computed: training changes it, and an output depends on it. active: for every call whether
    the backward pass runs through it; trains: whether weights that it reads are trained. moved: the layers to whose
    weights a gradient comes. held: storages of constants, which nothing needs to keep.
    """

    __slots__ = (
        *("_all", "_counter", "_inference", "_own", "_sizes", "_taken"),
        "held",
        *("active", "moved", "storage", "trains", "wanted"),
    )

    def __init__(self, inference: Inference, sizes: list[Dim], counter: Counter, weights: dict[Layer, Weights]) -> None:
        self._inference = inference
        self._sizes = sizes
        self._counter = counter
        self._own: dict[tuple[int, str, bool, bool], Dim] = {}
        self._all: KeptByCalls | None = None
        calls, values = inference.calls, inference.values
        copied: Collection[int] = ()
        self.held: Collection[int] = ()
        self._taken: Mapping[int, Mapping[int, Shape]] = {}
        if any(call.facts.strides is not None and call.layer.is_operation for call in calls):
            from cnnsum.analyses.memory.strides import Followed

            followed = Followed(inference, counter.fill)
            copied, self._taken, self.held = followed.copied, followed.taken, followed.held
        storage = self.storage = list(range(len(values)))
        wanted = [False] * len(values)
        active = self.active = [False] * len(calls)
        trains = self.trains = [False] * len(calls)
        for step, call in enumerate(calls):
            facts = call.facts
            layer = call.layer
            own = weights[layer]
            moves = own is not NO_WEIGHTS and _some(own.gradient_bytes)
            if layer.borrows:
                moves = any(_some(weights[owner].gradient_bytes) for owner in owners_of(layer))
            trains[step] = moves
            if not moves:
                for number in call.inputs:
                    moves = moves or wanted[number]
            if facts.alias == "view" and step not in copied:
                for number, origin in call.views():
                    storage[number] = storage[origin]
            if moves and facts.gradient != "none":
                active[step] = True
                for number in call.outputs:
                    # Whole numbers (the index of a maximum) have no gradient.
                    if values[number].dtype in DIFFERENTIABLE or values[number].shape is None:
                        wanted[number] = True
        # What no output depends on has no gradient either.
        reached = [False] * len(values)
        for number in inference.outputs:
            reached[number] = wanted[number]
        for step in range(len(calls) - 1, -1, -1):
            if active[step]:
                call = calls[step]
                leads = False
                for number in call.outputs:
                    leads = leads or reached[number]
                active[step] = leads
                if leads:
                    for number in call.inputs:
                        reached[number] = wanted[number]
        self.wanted = reached
        self.moved = {
            owner for step, call in enumerate(calls) if active[step] and trains[step] for owner in owners_of(call.layer)
        }

    def kept_inputs(self, step: int) -> Sequence[int]:
        """Places of those inputs of a call that backpropagation needs."""
        call = self._inference.calls[step]
        uses = call.facts.keeps_input
        places = range(len(call.inputs))
        if not uses or (uses == "weights" and not self.trains[step]):
            return ()
        if uses == "rest":
            return places[1:]
        if uses != "factors" and not isinstance(uses, tuple):
            return places
        moved: set[int | None] = {at for at, number in enumerate(call.inputs) if self.wanted[number]}
        if self.trains[step]:
            moved |= _trained(call.layer)
        if uses == "factors":
            return [at for at in places if moved - {at}]
        return [at for at, needing in enumerate(uses) if None in moved or not moved.isdisjoint(needing)]

    def kept_copies(self, step: int) -> list[Copy]:
        """The copies of its inputs that a call makes and keeps in their stead, constants included."""
        taken = self._taken.get(step)
        call = self._inference.calls[step]
        strides = call.facts.strides
        if taken is None or strides is None:
            return []
        kept = self.kept_inputs(step)
        found: list[Copy] = []
        for place, shape in taken.items():
            at = strides.operands[place].at
            if at >= 0:
                if at not in kept:
                    continue
                dtype = self._inference.values[call.inputs[at]].dtype
            else:
                at = ~place
                if not self._needs_constant(step, at):
                    continue
                dtype = _dtype_of(call.layer, place)
            found.append(Copy(at, dtype, self._counter.bytes(shape, dtype)))
        return found

    def _needs_constant(self, step: int, at: int) -> bool:
        """Whether the gradient of another factor than a constant needs that."""
        call = self._inference.calls[step]
        if call.facts.keeps_input != "factors":
            return False
        moved: set[int | None] = {one for one, number in enumerate(call.inputs) if self.wanted[number]}
        if self.trains[step]:
            moved |= _trained(call.layer)
        return bool(moved - {at})

    @property
    def all(self) -> KeptByCalls:
        """What all calls keep, without checkpoints."""
        if self._all is None:
            kept: dict[object, None] = {}
            self._all = KeptByCalls(list(self.amounts(0, len(self.active), kept)), kept)
        return self._all

    def amounts(self, start: int, end: int, kept: dict[object, None]) -> Iterator[tuple[int, Dim]]:
        """Bytes that each call from `start` to `end` keeps and none before it does; `kept` is what is kept already.

        Whatever is kept is needed last by the first call that keeps it, since the backward pass runs the calls from the
        last to the first: these are also the bytes that are free again after that call's part of it.
        """
        storage, sizes, active = self.storage, self._sizes, self.active
        calls, values = self._inference.calls, self._inference.values
        for step in range(start, end):
            if not active[step]:
                continue
            call = calls[step]
            facts = call.facts
            amount: Dim = 0 if facts.status != "unknown" else UNKNOWN
            trains = self.trains[step]
            if facts.keeps_input:
                compute = call.layer.policy.compute
                places = self.kept_inputs(step)
                if step in self._taken:
                    copies = self.kept_copies(step)
                    for copy in copies:
                        kept[step, copy.at] = None
                        amount = amount + copy.bytes
                    instead = [copy.at for copy in copies]
                    places = [at for at in places if at not in instead]
                for at in places:
                    number = call.inputs[at]
                    key: object = storage[number]
                    size = sizes[storage[number]] if key not in self.held else 0
                    dtype = values[number].dtype
                    if dtype != compute and dtype in FLOATS and call.layer.casts:
                        # The layer casts it, and keeps what it casts it to; under autocast each call each anew.
                        key = (key, compute, step, at) if call.layer.autocast else (key, compute)
                        size = self._counter.bytes(values[number].shape, compute)
                    if key not in kept:
                        kept[key] = None
                        amount = amount + size
            if facts.keeps_output and (facts.keeps_output != "weights" or trains):
                for number in facts.kept_outputs(call.outputs):
                    origin = storage[number]
                    if origin not in kept:
                        kept[origin] = None
                        amount = amount + sizes[origin]
            if facts.kept:
                amount = amount + self._inner(call, trains=trains)
            yield step, amount

    def _inner(self, call: Call, *, trains: bool) -> Dim:
        """Bytes of what a call keeps besides its inputs and outputs."""
        compute = call.layer.policy.compute
        given = not call.layer.autocast or any(self.wanted[number] for number in call.inputs)
        key = (id(call.facts), compute, trains, given)
        found = self._own.get(key)
        if found is None:
            found = 0
            for item in call.facts.kept:
                if (trains or item.use != "weights") and (given or item.use != "inputs"):
                    found = found + self._counter.bytes(item.shape, item.dtype or compute)
            self._own[key] = found
        return found


def _dtype_of(layer: Layer, place: int) -> str:
    """The dtype of the constant at a place of the rule: of a weight that is there."""
    weights = (*(layer.owned or ()), *[weight for _, weight in layer.borrows])
    found = next((one.dtype for one in weights if one.place == place), None)
    return found or layer.policy.compute


def _trained(layer: Layer) -> set[int | None]:
    """The weights that a layer's calls read and train, as `Facts.keeps_input` counts them; None for one whose place is
    not known.
    """
    if layer.owned is None:
        return {None}
    weights = (*layer.owned, *[weight for _, weight in layer.borrows])
    return {None if one.place < 0 else ~one.place for one in weights if one.trainable}


def saved(inference: Inference, keeping: Keeping) -> tuple[dict[Layer, Dim], Dim]:
    """What backpropagation keeps of the forward pass, by layer and in all; each tensor once, with the first that
    keeps it.

    A layer that trains nothing and reads nothing that training changes keeps nothing, and neither does one that no
    output depends on.
    """
    by_layer: dict[Layer, Dim] = {}
    total: Dim = 0
    calls = inference.calls
    for step, amount in keeping.all.amounts:
        layer = calls[step].layer
        by_layer[layer] = by_layer.get(layer, 0) + amount
        total = total + amount
    return by_layer, total


def _some(amount: Dim) -> bool:
    """Whether a count is anything but a plain 0."""
    return not isinstance(amount, int) or amount > 0
