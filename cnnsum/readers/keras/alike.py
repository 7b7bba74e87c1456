"""What was read of a layer's class and config, kept for the layers that say the same under another name.

A network repeats its blocks, and the files of a hub repeat one another's: most layers were read before, of this file or
of one before it. Knows no other fact of a layer than what its config says: not its name, its place or its calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from marshal import dumps
from operator import itemgetter

from cnnsum.graph.model import Layer, Place, Policy
from cnnsum.layers.base import LayerType
from cnnsum.layers.keras.fields import CellOrCells, Cells
from cnnsum.layers.kinds import Sublayer, Sublayers, kind_in
from cnnsum.typed import Any, NamedTuple

_HOLDING = tuple(map(kind_in, (Sublayer, Sublayers, CellOrCells, Cells)))
#: Names in a config that say something of a layer of any type.
_OF_EVERY_LAYER = ("dtype", "trainable")
#: Configs that are kept, of less than a kB each. A network has some dozens that differ; a hub may have any number.
_MOST = 2_048
#: A form of `marshal` in which what is equal is written alike, whoever else holds it.
_VERSION = 2


class Read(NamedTuple):
    """What a class and a config say."""

    type: LayerType
    fields: Mapping[str, object]
    key: tuple[object, ...]
    policy: Policy
    trainable: bool

    def layer(self, name: str, place: Place) -> Layer:
        """A layer of it."""
        type, fields, key, policy, trainable = self
        return Layer(name, type, fields, key=key, place=place, policy=policy, trainable=trainable)


class Kind(NamedTuple):
    """A class whose config has certain names. telling: gives those values of a config that say what a layer is; none of
    the others (initializers, regularizers) is read. read: what was read, by these values.
    """

    telling: Callable[[dict[str, Any]], Any]
    read: dict[bytes, Read]


def kind_of(raw: dict[str, Any], config: dict[str, object], dtype: str | None) -> tuple[object, ...] | None:
    """What a layer's kind is found by in `KINDS`; None of a model, and of a layer whose class has no module.

    dtype: the policy that the caller sets.
    """
    module, registered = raw.get("module"), raw.get("registered_name")
    if not isinstance(module, str) or "layers" in config or not (registered is None or isinstance(registered, str)):
        return None
    return raw["class_name"], module, registered, dtype, *config


def known(kind: tuple[object, ...] | None, config: dict[str, object]) -> Read | None:
    """What was read of another layer that says the same; None where there was none."""
    found = KINDS.get(kind)
    return None if found is None else found.read.get(_said(found, config))


def keep(kind: tuple[object, ...], config: dict[str, object], layer: Layer) -> None:
    """Keep what was read of a layer whose config has nothing wrong in it; not where it holds other layers, which have
    places of their own.
    """
    type = layer.type
    if type is None or any(field.kind in _HOLDING for field in type.schema.fields.values()):
        return
    if sum([len(one.read) for one in KINDS.values()]) >= _MOST:
        KINDS.clear()
    found = KINDS.get(kind)
    if found is None:
        fields = type.schema.fields
        names = [name for name in config if name in fields or name in _OF_EVERY_LAYER]
        found = KINDS[kind] = Kind(itemgetter(*names) if names else tuple, {})
    found.read[_said(found, config)] = Read(type, layer.fields, layer.key, layer.policy, layer.trainable)


def _said(kind: Kind, config: dict[str, object]) -> bytes:
    return dumps(kind.telling(config), _VERSION)


KINDS: dict[tuple[object, ...] | None, Kind] = {}
