"""The fields of a layer as its report has them: by name in the order of its type, defaults filled in; and those that
say how a kernel moves, whatever a framework calls them. Knows layers and no format.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.answers.summary.records import Fields, Window
from cnnsum.dims import Dim
from cnnsum.graph.model import Layer
from cnnsum.layers.base import LayerType
from cnnsum.layers.inner import Inner
from cnnsum.layers.meanings import Meaning, field_with, said

#: Where no stride is said, windows do not overlap.
_POOLING = ("max pooling", "mean pooling")


def config_of(layer: Layer) -> Fields | None:
    """The fields of a layer; None of a nested model, and of a type that is not known."""
    return None if layer.type is None else _fields(layer.type, layer.fields)


def _fields(type: LayerType, fields: Mapping[str, object]) -> Fields:
    known = type.schema.fields
    return Fields(tuple([(name, _plain(known[name].kind.spelled(fields[name]))) for name in known if name in fields]))


def _plain(value: object) -> object:
    """A value of numbers, texts, formulas, and tuples and `Fields` of them."""
    if isinstance(value, Inner):
        inner = _fields(value.type, value.fields)
        name = (("name", value.name),) if value.name else ()
        return Fields((("type", value.type.name), *name, ("config", inner)))
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    graph = getattr(value, "graph", None)  # a nested model may stand in a field, too
    return value if graph is None else Fields((("type", "Model"), ("name", graph.name)))


def window_of(layer: Layer) -> Window | None:
    """How a layer's kernel moves, and what is applied to its result; None where its type is not known."""
    type = layer.type
    if type is None:
        return None

    def field(meaning: Meaning) -> object:
        name = field_with(type, meaning)
        return layer.fields.get(name) if name else None

    kernel = _axes(said(layer, "kernel"))
    activation = field("activation") or type.function or None
    return Window(
        kernel,
        _axes(said(layer, "stride")) or (kernel if type.role in _POOLING else None),
        None if kernel is None else _alike(field("padding")),
        said(layer, "groups"),
        _axes(said(layer, "dilation")),
        activation if isinstance(activation, str) and activation != "linear" else None,
    )


def _alike(padding: object) -> object:
    """Numbers by axis, where both sides of each have the same."""
    if not isinstance(padding, tuple) or not all(isinstance(one, tuple) and len(set(one)) == 1 for one in padding):
        return padding
    return tuple([one[0] for one in padding])


def _axes(value: Dim | tuple[Dim, ...] | None) -> tuple[Dim, ...] | None:
    return None if value is None else value if isinstance(value, tuple) else (value,)
