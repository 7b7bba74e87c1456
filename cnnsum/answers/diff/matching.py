"""Which layers of two models are the same ones: by name, then by the longest order that both have in common.

Knows names and what layers do; no numbers, no format and no screen.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

from cnnsum.answers.summary.records import Row
from cnnsum.graph.model import Graph, Layer
from cnnsum.graph.names import snake_case
from cnnsum.layers.base import LayerType
from cnnsum.layers.inner import Inner
from cnnsum.typed import NamedTuple

_NUMBERED = re.compile(r"_\d+$")


class Item(NamedTuple):
    """A layer with its row; its name begins with those of the nested models that it is in, a `/` after each."""

    name: str
    layer: Layer
    row: Row

    @property
    def does(self) -> Hashable:
        """Equal for layers of the same type with the same fields."""
        layer = self.layer
        does = tuple([meant(layer.type, *field) for field in layer.fields.items()])
        return layer.type_name, does, layer.policy, layer.trainable

    @property
    def is_named(self) -> bool:
        """Whether somebody gave it its name: Keras's automatic names count layers, and say no more than that."""
        return _NUMBERED.sub("", self.name) != snake_case(self.layer.type_name)


def meant(type: LayerType | None, name: str, value: object) -> object:
    """A value of a field, with one form for what may be said in two ways."""
    if isinstance(value, Inner):
        return value.with_fields(**{field: meant(value.type, field, one) for field, one in value.fields.items()})
    if isinstance(value, tuple):
        return tuple([meant(None, name, one) for one in value])
    field = None if type is None else type.schema.fields.get(name)
    return value if field is None else field.kind.means(value)


def items(graph: Graph, rows: Sequence[Row], path: str = "") -> Iterator[Item]:
    """The layers of a model in the order of its rows, those of nested models in the place of the model."""
    by_name = {layer.name: layer for layer in graph.layers}
    for row in rows:
        layer = by_name.get(row.name)
        if layer is None:
            if row.rows:
                yield from items(graph, row.rows, path)  # the operations of a module
            continue  # an input that the file does not have, and its reader adds
        if layer.graph is not None and row.rows:
            yield from items(layer.graph, row.rows, f"{path}{row.name}/")
        else:
            yield Item(path + row.name, layer, row)


def matched(old: Sequence[Item], new: Sequence[Item]) -> list[tuple[Item, Item]]:
    """The layers that are the same in both, in the order of the old ones.

    First those whose given names and types are the same; then, of the others, the longest common subsequence of layers
    that do the same; then those that are the only ones of their type behind the same layer; at last those of the same
    name, whatever they are.
    """
    pairs = _by_name([one for one in old if one.is_named], [one for one in new if one.is_named], same_type=True)
    left, right = _rest(old, new, pairs)
    pairs += [(left[i], right[j]) for i, j in common([one.does for one in left], [one.does for one in right])]
    pairs += _by_place(old, new, pairs)
    pairs += _by_name(*_rest(old, new, pairs), same_type=False)
    place = {one.name: at for at, one in enumerate(old)}
    return sorted(pairs, key=lambda pair: place[pair[0].name])


def _by_name(old: Sequence[Item], new: Sequence[Item], *, same_type: bool) -> list[tuple[Item, Item]]:
    by_name = {one.name: one for one in new}
    return [
        (one, other)
        for one in old
        if (other := by_name.get(one.name)) is not None
        and (not same_type or one.layer.type_name == other.layer.type_name)
    ]


def _by_place(old: Sequence[Item], new: Sequence[Item], pairs: list[tuple[Item, Item]]) -> list[tuple[Item, Item]]:
    """Layers that are left, the only ones of their type between a layer that is matched and the next."""
    left = _gaps(old, {one.name: other.name for one, other in pairs})
    right = _gaps(new, {other.name: other.name for _, other in pairs})
    return [(some[0], right[key][0]) for key, some in left.items() if len(some) == len(right.get(key, ())) == 1]


def _gaps(layers: Sequence[Item], names: dict[str, str]) -> dict[tuple[str, str], list[Item]]:
    """Layers that are not matched, by the new name of the one before them that is, and by their type."""
    found: dict[tuple[str, str], list[Item]] = {}
    before = ""
    for one in layers:
        if one.name in names:
            before = names[one.name]
        else:
            found.setdefault((before, one.layer.type_name), []).append(one)
    return found


def _rest(old: Sequence[Item], new: Sequence[Item], pairs: list[tuple[Item, Item]]) -> tuple[list[Item], list[Item]]:
    left = {one.name for one, _ in pairs}
    right = {other.name for _, other in pairs}
    return [one for one in old if one.name not in left], [one for one in new if one.name not in right]


def common(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """A longest common subsequence, as pairs of places.

    The rows of the usual table are the bits of whole numbers, one operation each (M. Crochemore, C. Iliopoulos,
    Y. Pinzon, J. Reid, "A fast and practical bit-vector algorithm for the longest common subsequence problem", 2001):
    a bit is 0 where the row grows by one.

    >>> common("abcde", "xbdce")
    [(1, 1), (3, 2), (4, 4)]
    """
    start = 0
    end = min(len(old), len(new))
    while start < end and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < end - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    pairs = [(at, at) for at in range(start)]
    pairs += [(i + start, j + start) for i, j in _common(old[start : len(old) - tail], new[start : len(new) - tail])]
    return pairs + [(len(old) - at, len(new) - at) for at in range(tail, 0, -1)]


def _common(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    places: dict[Hashable, int] = {}
    for at, one in enumerate(new):
        places[one] = places.get(one, 0) | 1 << at
    full = (1 << len(new)) - 1
    row = full
    rows = []
    for one in old:
        same = row & places.get(one, 0)
        row = ((row + same) | (row - same)) & full
        rows.append(row)
    pairs = []
    i, j = len(old), len(new)
    while i and j:
        if rows[i - 1] >> (j - 1) & 1:
            j -= 1  # the row is as long without this one
        elif i > 1 and not rows[i - 2] >> (j - 1) & 1:
            i -= 1  # the row above is as long already
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]
