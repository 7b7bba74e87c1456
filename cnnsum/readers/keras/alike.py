"""What was read of a layer's class and config, kept for the layers that say the same under another name.

A network repeats its blocks, and the files of a hub repeat one another's: most layers were read before, of this file or
of one before it. Knows no other fact of a layer than what its config says: not its name, its place or its calls.
"""

from __future__ import annotations

from marshal import dumps
from typing import Any

from cnnsum.graph.model import Layer, Place, Policy
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import Sublayer, SublayerOrList, Sublayers
from cnnsum.tuples import NamedTuple

_ANNOTATED: tuple[Any, ...] = (Sublayer, SublayerOrList, Sublayers)
_HOLDING = tuple(annotated.__metadata__[0] for annotated in _ANNOTATED)
#: Configs that are kept, of less than a kB each. A network has some dozens that differ; a hub may have any number.
_MOST = 2_048
#: A form of `marshal` in which what is equal is written alike, whoever else holds it.
_VERSION = 2


class Read(NamedTuple):
    """What a class and a config say."""

    type: LayerType
    fields: dict[str, Any]
    policy: Policy
    trainable: bool

    def layer(self, name: str, place: Place) -> Layer:
        """A layer of it; its fields are its own, since a call may add to them."""
        return Layer(name, self.type, self.fields.copy(), place=place, policy=self.policy, trainable=self.trainable)


def written(key: str, config: dict[str, object], dtype: str | None) -> tuple[object, ...]:
    """What stands for a class and a config but for the name in it. dtype: the policy that the caller sets."""
    return key, dtype, dumps({**config, "name": None} if "name" in config else config, _VERSION)


def keep(known: tuple[object, ...], layer: Layer) -> None:
    """Keep what was read of a layer whose config has nothing wrong in it; not where it holds other layers, which have
    places of their own.
    """
    type = layer.type
    if type is None or any(field.kind in _HOLDING for field in type.schema.fields.values()):
        return
    if len(READ) >= _MOST:
        READ.clear()
    READ[known] = Read(type, layer.fields.copy(), layer.policy, layer.trainable)


READ: dict[tuple[object, ...], Read] = {}
