"""Values of fields as Keras writes them -> values as rules read them.

Keras wraps what JSON has no words for (`{"class_name": "__tensor__", ...}`), and takes for a truth value whatever
Python does. Knows kinds of fields, and neither layers nor calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.base import LayerType
from cnnsum.layers.keras.fields import Activation
from cnnsum.layers.kinds import Flag, Kind, Rate, Real, kind_in
from cnnsum.readers.keras.classes import function_of, hub_function, key_of
from cnnsum.typed import Any

_FLAG, _ACTIVATION, *_NUMBERS = map(kind_in, (Flag, Activation, Real, Rate))

#: Fields of a type by the kinds that are read in another way than a spec's.
_by_kind: dict[LayerType, tuple[tuple[str, Kind], ...]] = {}


def plain(value: Any) -> Any:
    """A wrapped value as what it stands for, other values as they are: arrays and tuples are lists, bytes a text.

    >>> plain({"class_name": "__tensor__", "config": {"value": [0.0], "dtype": "float32"}})
    [0.0]
    >>> plain({"class_name": "__tuple__", "items": [1, {"class_name": "__numpy__", "config": {"value": [2]}}]})
    [1, [2]]
    """
    if isinstance(value, list):
        return [plain(item) for item in value] if any(isinstance(item, (dict, list)) for item in value) else value
    if not isinstance(value, dict):
        return value
    name, config = value.get("class_name"), value.get("config")
    if name in ("__tensor__", "__numpy__", "__bytes__") and isinstance(config, dict) and "value" in config:
        return config["value"]
    if name in ("__tuple__", "TensorShape") and "items" in value:
        return plain(value["items"])
    return value


def fields_of(type: LayerType, config: dict[str, object]) -> dict[str, object]:
    """A layer's config with its values as the rule of its type reads them; the same mapping where nothing changes."""
    changed: dict[str, Any] = {}
    for name in type.schema.fields:  # of the others (initializers, policies) no value is read
        value = config.get(name)
        if isinstance(value, (dict, list)):
            found = plain(value)
            if found is not value:
                changed[name] = found
    for name, kind in _special(type):
        if name not in config:
            continue
        value = changed.get(name, config[name])
        if kind is _FLAG:
            if value is None and not type.schema.fields[name].optional:
                changed[name] = False
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                changed[name] = bool(value)
        elif kind is _ACTIVATION:
            found = _function(value)
            if found is not value:
                changed[name] = found
        elif isinstance(value, list):
            # An array where a number is wanted: it is broadcast, and no shape depends on it.
            while isinstance(value, list) and value:
                value = value[0]
            changed[name] = value
    return {**config, **changed} if changed else config


def own_functions(type: LayerType, fields: Mapping[str, object]) -> Iterator[str]:
    """The fields of a layer that hold an activation whose work is not known, since it is not Keras's."""
    for name, kind in _special(type):
        if kind is _ACTIVATION and fields.get(name) is not None and fields[name] not in FUNCTIONS:
            yield name


def _special(type: LayerType) -> tuple[tuple[str, Kind], ...]:
    found = _by_kind.get(type)
    if found is None:
        kinds = (_FLAG, _ACTIVATION, *_NUMBERS)
        found = _by_kind[type] = tuple(
            (name, field.kind) for name, field in type.schema.fields.items() if field.kind in kinds
        )
    return found


def _function(value: object) -> object:
    """An activation; one that is not Keras's as the kind reads a function of the author's own."""
    if isinstance(value, str):
        return value if value in FUNCTIONS else _own(value)
    if not isinstance(value, dict):
        return value
    name = function_of(value)
    if name is not None and (known := hub_function(name)) is not None:
        return known
    if name is None and isinstance(value.get("class_name"), str) and value["class_name"] != "function":
        key = key_of(value)
        return value if key == value["class_name"] else {**value, "class_name": key}
    return value if name is None else _own(name)


def _own(name: str) -> dict[str, Any]:
    return {"class_name": "function", "config": f"Custom>{name}" if name in FUNCTIONS else name}
