"""Parameters and weight bytes: elements of all weights, a shared weight once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from operator import mul

from cnnsum.analyses.counting import bytes_of
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.graph.infer import Call
from cnnsum.graph.model import Layer
from cnnsum.layers.facts import Facts, Weight
from cnnsum.typed import NamedTuple


class Weights(NamedTuple):
    """What a layer's own weights amount to: elements and bytes, split by whether training changes them.

    Buffers, which are not parameters, are apart. unread_bytes: of the trainable ones, those that have no gradient,
    since nothing reads them that asks for one.
    """

    trainable: Dim
    non_trainable: Dim
    trainable_bytes: Dim
    non_trainable_bytes: Dim
    buffers: Dim = 0
    buffer_bytes: Dim = 0
    unread_bytes: Dim = 0

    @property
    def parameters(self) -> Dim:
        """Elements of all parameters."""
        return self.trainable + self.non_trainable

    @property
    def elements(self) -> Dim:
        """Elements of all that is stored, buffers included."""
        return self.parameters + self.buffers

    @property
    def gradient_bytes(self) -> Dim:
        """Bytes of the gradients of those that training changes, where a gradient comes to the layer."""
        return self.trainable_bytes - self.unread_bytes

    @property
    def bytes(self) -> Dim:
        """Bytes of all that is stored, buffers included."""
        return self.trainable_bytes + self.non_trainable_bytes + self.buffer_bytes

    def __add__(self, other: object) -> Weights:
        if not isinstance(other, Weights):
            return NotImplemented
        return Weights(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


NO_WEIGHTS = Weights(0, 0, 0, 0)
_UNKNOWN_WEIGHTS = Weights(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)


def weights_of(facts: Facts, variable_dtype: str, *, trainable: bool) -> Weights:
    """The weights that one layer owns. `trainable`: whether it, and the model, are to be trained."""
    if not facts.weights:
        return NO_WEIGHTS
    if facts.status == "unknown" and not facts.has_known_weights:
        return _UNKNOWN_WEIGHTS
    return _sum(facts.weights, variable_dtype, trainable=trainable)


def _sum(weights: Iterable[Weight], variable_dtype: str, *, trainable: bool) -> Weights:
    counts: list[Dim] = [0, 0, 0]
    sizes: list[Dim] = [0, 0, 0]
    unread: Dim = 0
    for weight in weights:
        kind = 2 if weight.buffer else 0 if weight.trainable and trainable else 1
        elements = prod(weight.shape)
        counts[kind] += elements
        size = bytes_of(elements, weight.dtype or variable_dtype)
        sizes[kind] += size
        if kind == 0 and not weight.read:
            unread += size
    return Weights(counts[0], counts[1], sizes[0], sizes[1], counts[2], sizes[2], unread)


def each_once(calls: list[Call], *, shares: bool = True) -> Iterator[tuple[Layer, int, tuple[Weight, ...]]]:
    """Every layer with weights once, with the number of its first call and those of its weights that no layer before it
    has. shares: whether any may have them: a file may say that an object stands in two places.
    """
    layers: set[Layer] = set()
    met: set[tuple[object, str]] = set()
    for step, call in enumerate(calls):
        layer, weights = call.layer, call.facts.weights
        if not weights or layer in layers:
            continue
        layers.add(layer)
        if shares:
            weights = _new(layer, weights, met)
        yield layer, step, weights


def _new(layer: Layer, weights: tuple[Weight, ...], met: set[tuple[object, str]]) -> tuple[Weight, ...]:
    """Those of a layer's weights that were not met, which they are then."""
    new = []
    for weight in weights:
        if (weight.one or (layer, weight.name)) not in met:
            new.append(weight)
            if weight.one is not None:
                met.add(weight.one)
    # Names within a layer need not differ.
    met.update([(layer, weight.name) for weight in weights if weight.one is None])
    return tuple(new)


class Params:
    """The weights of every layer of a program, by layer; layers called again are counted once.

    trainable: the switch of the model itself. That of a nested model has been handed on to its layers where it was
    turned, and some of them may have been turned back since, so it does not count.
    by_layer: all weights that a layer has. counted: those of them that the total has with it, which are fewer where a
    layer before it has them too. shares: whether weights may be one with those of other layers.
    """

    __slots__ = ("_cache", "by_layer", "counted", "shares", "total", "trainable")

    def __init__(self, calls: list[Call], *, trainable: bool) -> None:
        self.trainable = trainable
        self.by_layer: dict[Layer, Weights] = {}
        self._cache: dict[tuple[int, str, bool], Weights] = {}
        self.shares = False
        by_layer = self.by_layer
        for call in calls:
            layer = call.layer
            if layer not in by_layer:
                by_layer[layer] = self._weights(call) if call.facts.weights else NO_WEIGHTS
        self.counted = by_layer if not self.shares else self._once(calls)
        # Most layers share what is said of their weights with others.
        owned = [found for found in self.counted.values() if found is not NO_WEIGHTS]
        said = {id(found): found for found in owned}
        times = Counter(map(id, owned)).values()
        sums = [sum(map(mul, counts, times)) for counts in zip(*said.values(), strict=True)]
        self.total = Weights(*sums) if sums else NO_WEIGHTS

    def _weights(self, call: Call) -> Weights:
        trainable = self.trainable and not call.layer.freezes
        key = (id(call.facts), call.layer.policy.variable, trainable)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = weights_of(call.facts, call.layer.policy.variable, trainable=trainable)
            self.shares = self.shares or any(weight.one is not None for weight in call.facts.weights)
        return found

    def _once(self, calls: list[Call]) -> dict[Layer, Weights]:
        found = dict(self.by_layer)
        for layer, step, weights in each_once(calls):
            if len(weights) < len(calls[step].facts.weights):
                trainable = self.trainable and not layer.freezes
                found[layer] = _sum(weights, layer.policy.variable, trainable=trainable)
        return found

    def of(self, calls: list[Call]) -> Weights:
        """The weights of the layers that these calls run, each layer once."""
        if len(calls) == 1:
            return self.by_layer[calls[0].layer]
        if self.shares:
            return Params(calls, trainable=self.trainable).total
        total = NO_WEIGHTS
        for layer in dict.fromkeys(call.layer for call in calls):
            total += self.by_layer[layer]
        return total
