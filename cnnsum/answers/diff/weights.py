"""Which weights of a checkpoint Keras loads into another model, by the formats in which it writes checkpoints.

What is loaded is what `model.load_weights(path, skip_mismatch=True)` of Keras 3 loads. Sees layers and the shapes of
their weights; reads no checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnsum.answers.summary.records import Row, Shape
from cnnsum.counted import counted
from cnnsum.dims import UNKNOWN
from cnnsum.graph.model import Graph
from cnnsum.typed import NamedTuple

#: A layer by its name, which begins with those of the nested models it is in, and a weight by its own.
Key = tuple[str, str]


class Held(NamedTuple):
    """A weight in a checkpoint. shape: None where nothing is known of the layer's weights."""

    key: Key
    shape: Shape | None
    trained: bool


class Loaded(NamedTuple):
    """What becomes of a checkpoint: for every weight of the new model the old one that stands in its place, if there is
    one; those that are loaded; and why Keras refuses the file, where it does.
    """

    places: dict[Key, Held | None]
    loaded: frozenset[Key]
    refused: str = ""


def weights_of(row: Row, path: str, *, frozen: bool = False) -> list[Held]:
    """The weights of a layer, in the order in which it makes them; those of one name are numbered."""
    found: dict[str, Held] = {}
    for weight in row.weights:
        name, number = weight.name, 1
        while name in found:
            number += 1
            name = f"{weight.name}:{number}"
        shape = None if UNKNOWN in weight.shape else weight.shape
        found[name] = Held((path + row.name, name), shape, weight.trainable is not False and not frozen)
    if not found and row.params.total is UNKNOWN:
        return [Held((path + row.name, "?"), None, trained=True)]
    return [*found.values()]


def load(old: tuple[Graph, Sequence[Row]], new: tuple[Graph, Sequence[Row]], format: str) -> Loaded:
    """What Keras loads of a checkpoint of the old model into the new one, each a graph with the rows of its report."""
    before, after = (list(_stores(*side)) if format == "keras" else list(_layers(*side)) for side in (old, new))
    places: dict[Key, Held | None] = {one.key: None for _, held in after for one in held}
    loaded: set[Key] = set()
    if format == "h5":
        if len(before) != len(after):
            said = f"it has {counted(len(before), 'layer')} with weights, and the new model {len(after):,}"
            return Loaded(places, frozenset(), said)
        pairs = [(one[1], other[1], other[0]) for one, other in zip(before, after, strict=True)]
    else:
        there = dict(before)
        pairs = [(there[address], held, address) for address, held in after if address in there]
    for stored, wanted, address in pairs:
        places.update(zip([one.key for one in wanted], stored, strict=False))
        if len(stored) != len(wanted):
            if format == "h5":
                said = f"layer {address} has {counted(len(wanted), 'weight')}, and in its place it has {len(stored):,}"
                return Loaded(places, frozenset(), said)
            continue
        for one, other in zip(stored, wanted, strict=True):
            if one.shape is not None and one.shape == other.shape:
                loaded.add(other.key)
            elif format == "keras":
                break  # which raises, and what comes after it is not loaded
    return Loaded(places, frozenset(loaded))


def _stores(graph: Graph, rows: Sequence[Row], path: str = "", above: str = "") -> Iterator[tuple[str, list[Held]]]:
    """The groups of a `.weights.h5`: layers are numbered by class, parts of a layer (its projections) have their own.

    The names of the layers, which may be automatic, take no part in it.
    """
    by_name = {layer.name: layer for layer in graph.layers}
    counts: dict[str, int] = {}
    for row in rows:
        layer = by_name.get(row.name)
        if layer is None:
            continue
        kind = layer.type_name if layer.type is None else layer.type.name
        is_wrapper = layer.type is not None and layer.type.role == "bidirectional"
        counts[kind] = number = counts.get(kind, -1) + 1
        address = f"{above}{kind}_{number}/"
        if layer.graph is not None and row.rows:
            yield from _stores(layer.graph, row.rows, f"{path}{row.name}/", address)
            continue
        parts: dict[str, list[Held]] = {}
        for held in weights_of(row, path):
            part = held.key[1].rpartition("/")[0]
            # A wrapper's two layers are called after their class, too, and stored by their side.
            parts.setdefault(part.partition("_")[0] if is_wrapper else part, []).append(held)
        for part, some in parts.items():
            yield address + part, [*(one for one in some if one.trained), *(one for one in some if not one.trained)]


def _layers(graph: Graph, rows: Sequence[Row]) -> Iterator[tuple[str, list[Held]]]:
    """The groups of a legacy `.h5`: the layers that have weights, a nested model with all of its own being one.

    Of each come the weights that are trained, and then the others.
    """
    by_name = {layer.name: layer for layer in graph.layers}
    for row in rows:
        if row.name in by_name:
            found = list(_all(graph, [row], "", frozen=False))
            if found:
                yield row.name, [*(one for one in found if one.trained), *(one for one in found if not one.trained)]


def _all(graph: Graph, rows: Sequence[Row], path: str, *, frozen: bool) -> Iterator[Held]:
    by_name = {layer.name: layer for layer in graph.layers}
    for row in rows:
        layer = by_name.get(row.name)
        if layer is None:
            continue
        fixed = frozen or layer.freezes
        if layer.graph is not None and row.rows:
            yield from _all(layer.graph, row.rows, f"{path}{row.name}/", frozen=fixed)
        else:
            yield from weights_of(row, path, frozen=fixed)
