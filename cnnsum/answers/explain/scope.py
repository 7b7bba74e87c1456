"""A program with what the analyses say of it, and its layers found by name, by pattern and by type.

Knows how layers are called, and nothing of formulas.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.field.fields import misaligned_merges, receptive_fields
from cnnsum.analyses.memory.activations import Keeping, saved, value_bytes
from cnnsum.analyses.params import Params
from cnnsum.answers.explain.images import images_of
from cnnsum.answers.explain.kept import kept_by_layer
from cnnsum.diagnostics import did_you_mean, folded
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Layer, Node
from cnnsum.ink import harmless

_LISTED = 6  # names of layers in a message


class NoLayerError(LookupError):
    """No layer has the name that was asked for; `help` says what may have been meant."""

    def __init__(self, name: str, help: str) -> None:
        super().__init__(harmless(f"there is no layer `{name}` ({help})"))
        self.help = help


class Scope:
    """A program and what the analyses say of it; a nested model is one of its own."""

    def __init__(self, inference: Inference, counter: Counter, *, trainable: bool) -> None:
        self.inference = inference
        self.trainable = trainable
        self.counter = counter
        self._nested: dict[Layer, Scope] = {}
        self.sizes = value_bytes(inference, counter)
        self.params = Params(inference.calls, trainable=trainable)
        keeping = Keeping(inference, self.sizes, counter, self.params.by_layer)
        self.saved, _ = saved(inference, keeping)
        self.kept = kept_by_layer(inference, keeping, self.sizes, counter)
        self.fields = receptive_fields(inference)
        self.misaligned = {id(found.call): found for found in misaligned_merges(inference, self.fields)}
        self.images = images_of(inference)
        self.step_of = {id(call): step for step, call in enumerate(inference.calls)}

    def nested(self, layer: Layer) -> Scope | None:
        """The program of a nested model."""
        inner = self.inference.nested.get(layer)
        if inner is None:
            return None
        if layer not in self._nested:
            self._nested[layer] = Scope(inner, self.counter, trainable=self.trainable)
        return self._nested[layer]

    def layers(self, *, nested: bool) -> list[Layer]:
        """The layers in the order of the summary."""
        return [
            layer
            for layer in self.inference.order.layers
            if not (nested and layer.is_operation) and not layer.counts_sizes
        ]

    def everything(self, path: str) -> Iterator[tuple[str, Scope, Layer]]:
        """All layers with those of nested models, each with its path."""
        for layer in self.layers(nested=bool(path)):
            own = f"{path}{layer.name}"
            yield own, self, layer
            inner = None if layer.graph is None else self.nested(layer)
            if inner is not None:
                yield from inner.everything(f"{own}/")

    def count(self, layer: Layer) -> int:
        """A layer, with those of the nested model that it is."""
        return 1 + _count_inside(self.inference, layer)

    def nodes(self, layer: Layer) -> list[Node]:
        """The calls of a layer that the outputs depend on."""
        if not self.inference.inputs:
            return []
        order = self.inference.order
        if not order.connected:
            return layer.nodes
        return [node for node in layer.nodes if 0 <= node.position < len(order.nodes) and _at(order.nodes, node)]


def _count_inside(inference: Inference, layer: Layer) -> int:
    inner = None if layer.graph is None else inference.nested.get(layer)
    if inner is None:
        return 0
    return sum(1 + _count_inside(inner, one) for one in inner.order.layers if not one.is_operation)


def _at(nodes: list[Node], node: Node) -> bool:
    return nodes[node.position] is node


def chosen(scope: Scope, wanted: str) -> list[tuple[Scope, Layer]]:
    """The layers that a name, a pattern or a type chooses, nested models included, each with its program."""
    from fnmatch import fnmatchcase

    known = [(path, inside, one) for path, inside, one in scope.everything("")]
    exact = [(inside, one) for path, inside, one in known if wanted in (one.name, path)]
    # A row of the summary may be a block or a module, which stands for the layers in it.
    found = exact or [(inside, one) for _, inside, one in known if wanted in _parts(one)]
    found = found or [
        (inside, one) for path, inside, one in known if fnmatchcase(one.name, wanted) or fnmatchcase(path, wanted)
    ]
    return found or [(inside, one) for _, inside, one in known if folded(wanted) in map(folded, _types(one))]


def _parts(layer: Layer) -> set[str]:
    """What a layer is part of, by the names that rows have: `conv2`, `conv2.bottleneck`, a module's path."""
    paths = [layer.block] if layer.module is None else [layer.block, layer.module[0]]
    return {".".join(path[:count]) for path in paths for count in range(1, len(path) + 1)}


def _types(layer: Layer) -> tuple[str, ...]:
    """Its type, and the class of the module that it is an operation of."""
    return (layer.type_name,) if layer.module is None else (layer.type_name, layer.module[1])


def unknown(scope: Scope, wanted: str) -> NoLayerError:
    """What to raise where nothing is chosen: with what may have been meant."""
    names = [one.name for _, _, one in scope.everything("")]
    types = dict.fromkeys(name for _, _, one in scope.everything("") for name in _types(one))
    listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
    return NoLayerError(wanted, did_you_mean(wanted, [*names, *types]) or f"the layers are {listed}")
