"""Values of fields, back from the form that rules receive to plain ones: numbers, texts, lists, mappings.

Knows kinds of fields and no format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnsum.dims import Expr
from cnnsum.graph.model import FLOAT32, Layer, Policy
from cnnsum.layers.base import Field
from cnnsum.layers.inner import Inner
from cnnsum.source import Document

WriteInner = Callable[[Inner], object]


def plain(value: object, inner: WriteInner) -> object:
    """A value without tuples, formulas as texts, and layers as `inner` writes them.

    >>> plain(((1, 2), (3, 4)), lambda layer: layer)
    [[1, 2], [3, 4]]
    """
    if isinstance(value, Inner):
        return inner(value)
    if isinstance(value, (tuple, list)):
        return [plain(item, inner) for item in value]
    return str(value) if isinstance(value, Expr) else value


def has_formula(value: object) -> bool:
    """Whether a value depends on a symbol."""
    if isinstance(value, Inner):
        return any(map(has_formula, value.fields.values()))
    return any(map(has_formula, value)) if isinstance(value, (tuple, list)) else isinstance(value, Expr)


def shortest(value: object, field: Field, inner: WriteInner | None = None) -> object:
    """The plain value of a field, one number where the field reads that for the whole of it.

    inner: how layers in it are written, where it may hold one.
    """
    value = field.kind.spelled(value)
    found = plain(value, inner if inner is not None else _refuse)
    if isinstance(value, tuple) and value and all(type(one) is int and one == value[0] for one in value):
        try:
            if field.kind.read(value[0], None) == value:  # type: ignore[arg-type]  # an integer needs no reader
                return value[0]
        except Exception:  # noqa: BLE001 - it is not a value of this kind by itself
            return found
    return found


def _refuse(inner: Inner) -> object:
    raise TypeError(inner.type.key)


def raw_fields(layer: Layer) -> Mapping[str, object]:
    """The fields as a Keras file has them; none for a layer of a spec."""
    place = layer.place
    if place is None or place.positional is not None or not _is_keras(place.document):
        return {}
    value = place.document.at(place.fields)
    return value if isinstance(value, dict) else {}


def _is_keras(document: Document) -> bool:
    value: object = document.value
    return isinstance(value, dict) and any(key in value for key in ("class_name", "modelTopology", "model_config"))


def policy_name(policy: Policy) -> str:
    """What a dtype policy is called.

    >>> policy_name(Policy("float16", "float32")), policy_name(Policy("float64", "float64"))
    ('mixed_float16', 'float64')
    """
    if policy.compute == policy.variable:
        return policy.compute
    return f"mixed_{policy.compute}" if policy.variable == FLOAT32.variable else policy.variable


def held_policy(inner: Inner, policy: Policy) -> Policy:
    """The dtype policy of a layer that one of this policy holds: its own, where its weights are in another dtype."""
    return policy if inner.dtype in (None, policy.variable) else Policy(inner.dtype, inner.dtype)
