"""How Keras 3 writes the call of a layer: `{"args": [...], "kwargs": {...}}` with tensors as `__keras_tensor__`
objects.

Turns one call into references, constants and options; resolves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.graph.model import Constant
from cnnsum.layers.facts import Shape
from cnnsum.typed import Any

Path = tuple[str | int, ...]
#: Layer name, number of the call, number of its output.
Reference = tuple[str, int, int]
Tensors = list[tuple[Reference, "tuple[int | None, ...] | None", Path]]

#: What Keras's layers call their first input, where it is given by name. Rules take it by place.
_FIRST = frozenset(("inputs", "sequences"))
#: How arrays are written.
_ARRAYS = ("__tensor__", "__numpy__")


#: One call: its tensors (reference, recorded shape and place of each), the keywords that the last of them have, its
#: constants, its options. A plain tuple, since there is one for each call and it is taken apart at once.
Arguments = tuple[Tensors, tuple[str, ...], tuple[Constant, ...], dict[str, Any]]


def flatten_call(call: object, *, keep_constants: bool) -> Arguments | None:
    """The arguments of a call in Keras's order, or None where it is not written as Keras 3 writes it.

    `keep_constants`: numbers among the positional arguments are inputs too (operations), not options to be ignored. An
    array in a list of tensors is an input of whatever is called.
    """
    if not isinstance(call, dict):
        return None
    args = call.get("args", [])
    kwargs = call.get("kwargs", {})
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return None
    tensors: Tensors = []
    constants: list[Constant] = []
    options: dict[str, Any] = {}
    named: list[tuple[str, object]] = []
    try:
        for index, value in enumerate(args):
            if keep_constants and not _has_tensor(value):
                _keep(value, tensors, constants)
            else:
                _collect(value, ("args", index), tensors, constants)
        # Keras lists arguments by name in the order of their names; most have no value.
        given: list[tuple[bool, str, object]] = []
        for name, value in kwargs.items():
            if value is not None:
                given.append((name not in _FIRST, name, value))
        given.sort()
        for _, name, value in given:
            if not _has_tensor(value):
                options[name] = value
            elif _is_tensor(value) and name not in _FIRST:
                named.append((name, value))
            else:
                # Several tensors under one name (`initial_state`) follow the positional ones.
                _collect(value, ("kwargs", name), tensors, constants)
        for name, value in named:
            _collect(value, ("kwargs", name), tensors, constants)
    except (TypeError, ValueError, KeyError, IndexError):
        return None
    keywords = tuple([name for name, _ in named]) if named else ()
    return tensors, keywords, tuple(constants), options


def is_of_one(call: object) -> bool:
    """Whether a call, as Keras 3 writes it, is on a tensor by itself, and not in a list."""
    return isinstance(call, dict) and isinstance(call.get("args"), list) and any(map(_is_tensor, call["args"][:1]))


def references(value: object, path: Path) -> Iterator[tuple[Reference, Path]]:
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


def _is_tensor(value: object) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _has_tensor(value: object) -> bool:
    if isinstance(value, list):
        return any(_has_tensor(item) for item in value)
    if isinstance(value, dict):
        return _is_tensor(value) or any(_has_tensor(item) for item in value.values())
    return False


def _collect(value: Any, path: Path, tensors: Tensors, constants: list[Constant]) -> None:
    if isinstance(value, dict):
        kind = value.get("class_name")
        if kind == "__keras_tensor__":
            config = value["config"]
            name, index, output = config["keras_history"]
            if not isinstance(name, str) or type(index) is not int or type(output) is not int:
                raise ValueError(name)
            shape = config.get("shape")
            tensors.append(((name, index, output), tuple(shape) if isinstance(shape, list) else None, path))
        elif kind in _ARRAYS:
            _keep(value, tensors, constants)
        else:
            for key in sorted(value):
                _collect(value[key], (*path, key), tensors, constants)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _collect(item, (*path, index), tensors, constants)


def _keep(value: object, tensors: Tensors, constants: list[Constant]) -> None:
    """Take what is a constant for the next input."""
    shape = constant_shape(value)
    if shape is not None:
        constants.append(Constant(len(tensors) + len(constants), shape, value))


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
