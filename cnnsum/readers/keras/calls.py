"""How Keras 3 writes the call of a layer: `{"args": [...], "kwargs": {...}}` with tensors as `__keras_tensor__`
objects.

Turns one call into references, constants and options; resolves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cnnsum.graph.model import Constant
from cnnsum.layers.facts import Shape

Path = tuple[str | int, ...]
#: Layer name, number of the call, number of its output.
Reference = tuple[str, int, int]

#: What Keras's layers call their first input, where it is given by name. Rules take it by place.
_FIRST = frozenset(("inputs", "sequences"))


class Arguments(NamedTuple):
    """One call. tensors: reference, recorded shape and place of each; the last ones have `keywords`."""

    tensors: list[tuple[Reference, tuple[int | None, ...] | None, Path]]
    keywords: tuple[str, ...]
    constants: tuple[Constant, ...]
    options: dict[str, Any]


def flatten_call(call: Any, *, keep_constants: bool) -> Arguments | None:
    """The arguments of a call in Keras's order, or None where it is not written as Keras 3 writes it.

    `keep_constants`: numbers among the positional arguments are inputs too (operations), not options to be ignored.
    """
    if not isinstance(call, dict):
        return None
    args = call.get("args", [])
    kwargs = call.get("kwargs", {})
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return None
    found = Arguments([], (), (), {})
    constants: list[Constant] = []
    try:
        count = 0
        for index, value in enumerate(args):
            if keep_constants and not _has_tensor(value):
                shape = constant_shape(value)
                if shape is not None:
                    constants.append(Constant(count, shape, value))
                    count += 1
                continue
            _collect(value, ("args", index), found)
            count = len(found.tensors) + len(constants)
        named: list[tuple[str, Any]] = []
        # Keras lists arguments by name in the order of their names.
        for name in sorted(kwargs, key=lambda name: (name not in _FIRST, name)):
            value = kwargs[name]
            if not _has_tensor(value):
                found.options[name] = value
            elif _is_tensor(value) and name not in _FIRST:
                named.append((name, value))
            else:
                # Several tensors under one name (`initial_state`) follow the positional ones.
                _collect(value, ("kwargs", name), found)
        for name, value in named:
            _collect(value, ("kwargs", name), found)
    except (TypeError, ValueError, KeyError, IndexError):
        return None
    return found._replace(keywords=tuple([name for name, _ in named]), constants=tuple(constants))


def references(value: Any, path: Path) -> Iterator[tuple[Reference, Path]]:
    """The references of `input_layers` or `output_layers`: one, a list, or a mapping by name (which Keras sorts)."""
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and all(type(item) is int for item in value[1:]):
            yield (value[0], value[1], value[2]), path
        else:
            for index, item in enumerate(value):
                yield from references(item, (*path, index))
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from references(value[key], (*path, key))


def _is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _has_tensor(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_tensor(item) for item in value)
    if isinstance(value, dict):
        return _is_tensor(value) or any(_has_tensor(item) for item in value.values())
    return False


def _collect(value: Any, path: Path, found: Arguments) -> None:
    if _is_tensor(value):
        config = value["config"]
        name, index, output = config["keras_history"]
        if not isinstance(name, str) or type(index) is not int or type(output) is not int:
            raise ValueError(name)
        shape = config.get("shape")
        found.tensors.append(((name, index, output), tuple(shape) if isinstance(shape, list) else None, path))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _collect(item, (*path, index), found)
    elif isinstance(value, dict):
        for key in sorted(value):
            _collect(value[key], (*path, key), found)


def constant_shape(value: Any) -> Shape | None:
    """The shape of a constant: () of a number or truth value, lengths of nested lists, that of an array; None of
    anything else.
    """
    if isinstance(value, dict):
        config = value.get("config")
        return constant_shape(config.get("value")) if isinstance(config, dict) else None
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape) if shape or isinstance(value, (int, float)) else None
