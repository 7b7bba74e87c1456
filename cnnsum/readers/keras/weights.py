"""The weights that stand beside a Keras model's config, given to the layers that they belong to.

Keras 3 names the group of a layer by its class and its number among the layers of that class, in the order of the
file (keras/src/saving/saving_lib.py); Keras 2 names it by the layer's name. Shapes are only given to layers here: which
of them are used, and which compared, is not known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from cnnsum.graph.model import Graph, Layer
from cnnsum.graph.names import snake_case
from cnnsum.layers.facts import Weight
from cnnsum.readers.how import How
from cnnsum.readers.keras.classes import shown
from cnnsum.source import Document
from cnnsum.source.arrays import Array, Group

#: What Keras calls the list of a model's layers; and what it did up to 2.13, where layers with weights stand twice.
_LAYERS = "layers"
_DEPENDENCIES = "_layer_checkpoint_dependencies"
#: The group of an object's own weights.
_OWN = "vars"
_NUMBERED = re.compile(r"_\d+$")
#: Names that people give batch normalisations; only looked at where the shapes are those of one.
_NORMALIZES = re.compile(r"norm|(^|[^a-z])bn|bn($|[^a-z])", re.IGNORECASE)
_SPECTRAL = "spectral_normalization"
#: Where a wrapper's config has the layer inside, by the group that its weights stand in.
_INSIDE = {"layer": "layer", "forward_layer": "layer", "backward_layer": "backward_layer", "cell": "cell"}


def attach(graph: Graph, document: Document, how: How, objects: Collection[Layer] = ()) -> None:
    """Give every layer of a model, and of the models in it, the weights that its file holds.

    objects: the layers that are, or hold, what stands in several places: the file has its weights in one of them.
    """
    weights = document.weights
    if weights is None or weights.root is None:
        return
    if how.inputs or how.settings or how.free:
        return  # they may be of other shapes on other inputs
    names: dict[str, int] = {}
    for model in graph.models():
        for layer in model.layers:
            names[layer.name] = names.get(layer.name, 0) + 1
    found = _Weights(document, names, objects, casts=how.dtype is not None)
    if weights.by_layer:
        found.by_name(graph, weights.root)
    else:
        found.by_class(graph, weights.root)


class _Weights:
    """names: how many layers of the file have a name. casts: whether the caller asks for another dtype than the file's,
    which floating-point weights then have.
    """

    def __init__(self, document: Document, names: dict[str, int], objects: Collection[Layer], *, casts: bool) -> None:
        self._document = document
        self._names = names
        self._objects = {*objects}
        for layer in objects:
            if layer.graph is not None:
                self._objects.update(*[model.layers for model in layer.graph.models()])
        self._casts = casts

    # As Keras 3 writes them.

    def by_class(self, graph: Graph, group: Group | None) -> None:
        """Find the group of each layer of a model in the model's own."""
        if group is None:
            return
        container = group.groups.get(_LAYERS)
        if container is None:
            if _DEPENDENCIES in group.groups:
                self._by_rank(graph, group.groups[_DEPENDENCIES])
            return
        by_name: dict[str, Group] = {}
        for one in container.groups.values():
            if _OWN in one.groups and one.groups[_OWN].name:
                by_name.setdefault(one.groups[_OWN].name, one)
        used: dict[str, int] = {}
        for layer, raw, stem in self._listed(graph):
            count = used[stem] = used.get(stem, -1) + 1
            found = container.groups.get(f"{stem}_{count}" if count else stem)
            if by_name and (found is None or _OWN not in found.groups or found.groups[_OWN].name != layer.name):
                # Newer files name each group's layer; the order of theirs may be another than that of the config.
                found = by_name.get(layer.name)
            elif found is None and not by_name and self._names.get(layer.name) == 1:
                # Without such names Keras writes no group for a layer without weights; nor for one that it has written
                # as a part of another model.
                found = Group()
            self._give(layer, raw, found)

    def _by_rank(self, graph: Graph, container: Group) -> None:
        """Numbers have gaps here, and every layer has a group: the first of a class is the one of the lowest number."""
        layers: dict[str, list[tuple[Layer, dict[str, object]]]] = {}
        for layer, raw, stem in self._listed(graph):
            layers.setdefault(stem, []).append((layer, raw))
        groups: dict[str, list[tuple[int, Group]]] = {}
        for name, group in container.groups.items():
            stem, number = name, 0
            if name not in layers:
                stem, _, digits = name.rpartition("_")
                number = int(digits) if digits.isdecimal() else 0
            groups.setdefault(stem, []).append((number, group))
        for stem, listed in layers.items():
            found = sorted(groups.get(stem, []), key=lambda one: one[0])
            if len(found) == len(listed):
                for (layer, raw), (_, group) in zip(listed, found, strict=True):
                    self._give(layer, raw, group)

    def _listed(self, graph: Graph) -> Iterator[tuple[Layer, dict[str, object], str]]:
        """What Keras takes for the layers of a model, with what their groups are named by."""
        for layer in graph.layers:
            raw = self._raw(layer)
            if raw is None or layer.is_operation or (graph.sequential and layer is graph.layers[0] and layer.spec):
                continue
            yield layer, raw, snake_case(shown(str(raw.get("class_name"))))

    def _give(self, layer: Layer, raw: dict[str, object], group: Group | None) -> None:
        if layer.graph is not None:
            self.by_class(layer.graph, group)
        elif group is not None and layer.spec is None:
            stored = self._of_group(layer, raw, group)
            if layer not in self._objects:
                layer.stored = stored
            elif layer.type is None:
                # With another place of its the file has them; where there is a rule, that tells them.
                layer.stored = stored or layer.stored

    def _of_group(self, layer: Layer, raw: dict[str, object], group: Group) -> tuple[Weight, ...]:
        weights: list[Weight] = []
        for path, inner in group.walk():
            own = inner.groups.get(_OWN)
            if own is None or not own.arrays or _is_seed(path, own):
                continue
            # The names are numbers, in the order in which the object has its weights.
            named = sorted(own.arrays.items(), key=lambda one: (len(one[0]), one[0]))
            hints = (path.rpartition("/")[2], own.name)
            if _SPECTRAL in _classes(hints) and "layer" in inner.groups:
                named = named[-1:]  # the vector; the kernel of the layer inside is written once more
            trainable = _trainable(hints, [array for _, array in named])
            frozen = layer.type is None and _is_frozen(raw, path.partition("/")[0])
            for (name, array), trains in zip(named, trainable, strict=True):
                full = f"{path}/{name}" if path else name
                weights.append(self._weight(layer, full, array, trains=trains and not frozen))
        return tuple(weights)

    # As Keras 2 writes them.

    def by_name(self, graph: Graph, group: Group) -> None:
        """Find the arrays of each layer of a model in the group of its name, and in the list of them there."""
        for layer in graph.layers:
            found: Group | None = group
            for part in layer.name.split("/"):
                found = None if found is None else found.groups.get(part)
            raw = self._raw(layer)
            if raw is None or found is None or found.listed is None or layer.spec is not None:
                continue
            arrays = [(path, found.find(path)) for path in found.listed]
            whole = [(path, array) for path, array in arrays if array is not None]
            if len(whole) < len(arrays):
                continue
            if layer.graph is None:
                layer.stored = self._of_list(layer, raw, whole)
            else:
                self._inside(layer.graph, whole)

    def _inside(self, graph: Graph, arrays: list[tuple[str, Array]]) -> None:
        """The arrays of a nested model, which stand in one list: those of a layer have its name in their path.

        Only where each of them can be told to be of one layer does a layer without any have none.
        """
        leaves: dict[str, list[Layer]] = {}
        for model in graph.models():
            for layer in model.layers:
                if layer.graph is None and layer.spec is None and not layer.is_operation:
                    leaves.setdefault(layer.name, []).append(layer)
        owned: dict[str, list[tuple[str, Array]]] = {}
        for path, array in arrays:
            owner = next((part for part in path.split("/")[:-1] if part in leaves), None)
            if owner is None or len(leaves[owner]) > 1:
                return
            owned.setdefault(owner, []).append((path, array))
        for name, (layer, *others) in leaves.items():
            raw = self._raw(layer)
            if raw is not None and not others:
                layer.stored = self._of_list(layer, raw, owned.get(name, []))

    def _of_list(self, layer: Layer, raw: dict[str, object], arrays: list[tuple[str, Array]]) -> tuple[Weight, ...]:
        groups: dict[str, list[tuple[str, Array]]] = {}
        for path, array in arrays:
            groups.setdefault(path.rpartition("/")[0], []).append((path, array))
        trains: dict[str, bool] = {}
        for owner, own in groups.items():
            hints = (owner.rpartition("/")[2],)
            found = _trainable(hints, [array for _, array in own])
            for (path, _), one in zip(own, found, strict=True):
                trains[path] = one and "moving_" not in path.rpartition("/")[2]
        frozen = layer.type is None and _is_frozen(raw, "layer")
        return tuple(self._weight(layer, path, array, trains=trains[path] and not frozen) for path, array in arrays)

    # Both.

    def _weight(self, layer: Layer, name: str, array: Array, *, trains: bool) -> Weight:
        dtype: str | None = array.dtype
        is_float = "float" in array.dtype
        if is_float and (self._casts or array.dtype == layer.policy.variable):
            dtype = None
        return Weight(name, array.shape, trains and is_float, dtype)

    def _raw(self, layer: Layer) -> dict[str, object] | None:
        """What the file has of a layer."""
        if layer.place is None:
            return None
        value = self._document.at(layer.place.path)
        return value if isinstance(value, dict) else None


def _is_seed(path: str, own: Group) -> bool:
    """Whether a group holds the state of a generator of random numbers, which Keras counts among no weights."""
    (first, *more) = own.arrays.values()
    if more or first.shape != (2,) or "int" not in first.dtype:
        return False
    return first.dtype == "uint32" or "seed_generator" in path.rpartition("/")[2] or "seed_generator" in own.name


def _trainable(hints: tuple[str, ...], arrays: list[Array]) -> list[bool]:
    """Which weights of one object train, as far as its class can be told from names and shapes: else all of them.

    >>> _trainable(("bn1",), [Array((8,), "float32")] * 4)
    [True, True, False, False]
    """
    classes = _classes(hints)
    shapes = {array.shape for array in arrays}
    count = len(arrays)
    is_vector = len(shapes) == 1 and all(len(shape) == 1 for shape in shapes)
    batch = "batch_normalization" in classes or "sync_batch_normalization" in classes
    if is_vector and ((batch and 2 <= count <= 4) or (count == 4 and any(map(_NORMALIZES.search, hints)))):
        # The mean and the variance come last, behind a scale and an offset where it has them.
        return [True] * (count - 2) + [False, False]
    if _SPECTRAL in classes:
        return [False] * count
    if count == 3 and arrays[2].shape == () and "int" in arrays[2].dtype and arrays[0] == arrays[1]:
        return [False] * count  # Normalization: a mean, a variance, and what they are of
    return [True] * count


def _classes(hints: tuple[str, ...]) -> set[str]:
    """Names of classes that an object may have: automatic names are made from that of the class."""
    return {_NUMBERED.sub("", hint) for hint in hints}


def _is_frozen(raw: dict[str, object], part: str) -> bool:
    """Whether the layer inside a wrapper whose weights stand in `part` is frozen; a layer's own switch is its own."""
    config = raw.get("config")
    key = _INSIDE.get(part)
    inside = config.get(key) if key is not None and isinstance(config, dict) else None
    config = inside.get("config") if isinstance(inside, dict) else None
    return isinstance(config, dict) and config.get("trainable") is False
