"""The objects that a .keras archive has in several places: the first is read, and stands for the others.

Keras gives a number to what it writes again (`shared_object_id`), and makes one object of all that have it. It does so
for archives alone (`ObjectSharingScope` in keras/src/saving/saving_lib.py): `model_from_json` makes an object for each
place. Knows nothing of configs.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.diagnostics import Problem
from cnnsum.graph.model import Graph, Layer, Place, Policy
from cnnsum.layers.inner import Inner
from cnnsum.readers.keras.classes import shown
from cnnsum.typed import Any


class Objects:
    """Those of one archive. Nothing is read of what was met before: what it holds is one with what the first holds.

    policy: makes a policy of what a config says of its dtype. holders: the layers that are such objects, or wrap one.
    again: those of them that are not the first.
    """

    def __init__(self, policy: Callable[[object, Place], Policy]) -> None:
        self._policy = policy
        self.holders: set[Layer] = set()
        self.again: list[Layer] = []
        self._first: dict[object, Layer | Inner] = {}
        #: How many wrapped ones were met, and how many of these were met before.
        self._wrapped = self._wrapped_again = 0
        #: Whether what is read stands within one that is wrapped.
        self._is_within = False

    def layer(self, raw: dict[str, Any], name: str, place: Place, make: Callable[[], Layer]) -> Layer:
        """A layer of a model; make: reads it."""
        number = _number_of(raw)
        first = None if number is None else self._first.get(number)
        if first is not None:
            layer = _same(first, name, self._policy(raw["config"].get("dtype"), place), raw, place)
            self.again.append(layer)
            self.holders.add(layer)
            return layer
        wrapped, again = self._wrapped, self._wrapped_again
        layer = make()
        is_model = layer.graph is not None
        if number is not None or (self._wrapped > wrapped and not is_model):
            self.holders.add(layer)
        if self._wrapped_again > again and not is_model:
            self.again.append(layer)
        if number is not None and layer.spec is None:
            self._first[number] = layer
        return layer

    def inner(self, raw: dict[str, Any], make: Callable[[object], Inner]) -> Inner:
        """A layer within a wrapper; make: reads it, as one that has what it is given as `Inner.one`. Raises Problem."""
        number = _number_of(raw)
        if number is None:
            return make(object() if self._is_within else None)
        self._wrapped += 1
        first = self._first.get(number)
        if first is not None:
            self._wrapped_again += 1
            return first if isinstance(first, Inner) else _wrapped(first, raw)
        outer, self._is_within = self._is_within, True
        try:
            inner = self._first[number] = make(object())
        finally:
            self._is_within = outer
        return inner


def _number_of(raw: dict[str, Any]) -> object:
    """What the archive knows an object by that stands in several places; None for any other."""
    number = raw.get("shared_object_id")
    return number if isinstance(number, (int, str)) and "module" in raw else None


def _wrapped(first: Layer, raw: dict[str, Any]) -> Inner:
    if first.graph is not None:
        from cnnsum.graph.inside import InnerModel

        return InnerModel(first.graph, raw["class_name"])
    if first.type is None:
        raise Problem("UNK701", f"wraps a layer of an unknown type, `{shown(raw['class_name'])}`")
    return Inner(first.type, first.fields, first.name, first.trainable, first.policy.variable, first)


def _same(first: Layer | Inner, name: str, policy: Policy, raw: dict[str, Any], place: Place) -> Layer:
    graph: Graph | None = getattr(first, "graph", None)
    layer = Layer(
        *(name, None if graph is not None else first.type, dict(first.fields)),
        type_name=shown(raw["class_name"]),
        place=place,
        policy=policy,
        trainable=first.trainable,
        graph=graph,
        weightless=isinstance(first, Layer) and first.weightless,
    )
    # The layers of a model are there once already: the models are one graph.
    layer.one = None if graph is not None else first if isinstance(first, Layer) else first.one
    return layer
