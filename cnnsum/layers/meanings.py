"""What the fields of layers mean: values under words that no framework owns, for whoever asks roles and not types.

Each vocabulary says in its `meanings` module which of its fields has which meaning, and computes what it says in
another way (a momentum that is what is replaced is 1 less what is kept). Knows no type and no framework.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from cnnsum.dims import Dim
from cnnsum.layers.base import LayerType, Role
from cnnsum.typed import Literal, NamedTuple, Protocol, TypeVar, get_args, overload

T = TypeVar("T")

#: bias: whether there is one. kernel, stride, dilation: numbers by axis. padding: "valid" (none), "same", or
#: "explicit". channels: how many a layer gives. groups: those of a convolution. rate: the part that is dropped. axes:
#: those that are normalised, summed over or joined. parts: the groups of a group normalisation. kept: the part of
#: moving statistics that stays. rows: those of a table. heads, head width: of an attention. factors: of an enlargement,
#: by axis. order: of axes. sides: what a padding or cropping puts on or takes off, by axis and side. activation: of a
#: layer with weights. affine: whether a batch normalisation scales or shifts. epsilon: what keeps from dividing by 0.
#: interpolation: of an enlargement. enlargement: its factors as they are given, one for all axes or one for each.
#: layout: where the channels are, of a layer that says so. multiplier: filters for each channel. rewritten: whether
#: weights are adapted or packed, so that they are not those of a plain layer. scales, shifts: whether a normalisation
#: has such a weight. root mean square: whether it does without the mean. upper bound, slope below, threshold: of a
#: rectifier. result: the sizes of what an einsum or an attention gives. inner: the layer in a wrapper; backward: the
#: one for the other direction.
#: Of attention: value width: of a head's values. score: what compares a query with a key; weighs scores: whether by a
#: learned factor. causal: whether later keys are hidden. gated: whether the result is. reach: how far a query sees.
#: gives scores: whether they are an output. appends keys: whether there are more than those of the input. batch first:
#: whether the batch is the first axis.
#: Of recurrences: states: numbers that are handed on from step to step, in all layers and directions. gate activation:
#: the function of the gates. reset after: whether a product comes before the reset gate. projected: the size that
#: states are made into, 0 for none. every step: whether each gives an output. fast kernel: the fields that one kernel
#: for all steps depends on, with the values that it needs.
Meaning = Literal[
    "bias",
    "kernel",
    "stride",
    "dilation",
    "padding",
    "channels",
    "groups",
    "rate",
    "axes",
    "parts",
    "kept",
    "rows",
    "heads",
    "head width",
    "factors",
    "order",
    "sides",
    "activation",
    "affine",
    "epsilon",
    "interpolation",
    "enlargement",
    "layout",
    "multiplier",
    "rewritten",
    "scales",
    "shifts",
    "root mean square",
    "upper bound",
    "slope below",
    "threshold",
    "result",
    "inner",
    "backward",
    "value width",
    "score",
    "weighs scores",
    "causal",
    "gated",
    "reach",
    "gives scores",
    "appends keys",
    "batch first",
    "states",
    "gate activation",
    "reset after",
    "projected",
    "every step",
    "fast kernel",
]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)

#: Computes a value from the fields of a layer and the rank of its input, with the batch.
Compute = Callable[[Mapping[str, object], int], object]


class Meanings(NamedTuple):
    """What a vocabulary's fields mean.

    fields: the names that a meaning has, of which a type has one. values: by role and meaning, where the value is
    computed; the role "" stands for all others. phrases: what a mend calls something that each framework has in a way
    of its own. weights: the names that a weight has: the kernel of a product, its bias, scale and shift of a
    normalisation, the slope of an activation, the table of an embedding, the two kernels of a separable convolution,
    the kernel that a recurrence multiplies its state with. singular: what a field with a number for each axis is called
    where one of them is meant.
    """

    fields: Mapping[Meaning, tuple[str, ...]]
    values: Mapping[tuple[Role, Meaning], Compute]
    phrases: Mapping[str, str]
    weights: Mapping[str, tuple[str, ...]]
    singular: Mapping[str, str] = {}


@lru_cache(1 << 12)
def field_with(type: LayerType, meaning: Meaning) -> str:
    """The field of a type that has this meaning; "" where it has none."""
    known = type.schema.fields
    return next((name for name in type.vocabulary.meanings().fields.get(meaning, ()) if name in known), "")


def meant(type: LayerType, fields: Mapping[str, object], meaning: Meaning, rank: int = 0) -> object:
    """The value with this meaning; None where the type has none. rank: of the input, where axes are asked for."""
    field, compute = _reading(type, meaning)
    return fields.get(field) if compute is None else compute(fields, rank)


@lru_cache(1 << 12)
def _reading(type: LayerType, meaning: Meaning) -> tuple[str, Compute | None]:
    """The field of a type that has this meaning, and what computes the value where the field does not say it."""
    values = type.vocabulary.meanings().values
    return field_with(type, meaning), values.get((type.role, meaning), values.get(("", meaning)))


def axes_in(fields: Mapping[str, object], _rank: int) -> object:
    """The axes of a field `axis`, which holds one or several; None where it holds none."""
    axis = fields.get("axis")
    return axis if axis is None or isinstance(axis, tuple) else (axis,)


class Typed(Protocol):
    """What has a type, and fields of it: a layer of a network."""

    @property
    def type(self) -> LayerType | None:
        """None where it is not known."""

    @property
    def fields(self) -> Mapping[str, object]:
        """As `LayerType.bind` returns them."""


@overload
def said(of: Typed, meaning: Literal["bias", "affine"]) -> bool | None: ...
@overload
def said(of: Typed, meaning: Literal["kernel", "stride", "dilation"]) -> tuple[Dim, ...] | None: ...
@overload
def said(of: Typed, meaning: Literal["channels", "groups", "parts", "rows", "heads", "head width"]) -> Dim | None: ...
@overload
def said(of: Typed, meaning: Literal["rate", "kept", "epsilon"]) -> float | None: ...
@overload
def said(of: Typed, meaning: Literal["factors"]) -> tuple[Dim | float, ...] | None: ...
@overload
def said(of: Typed, meaning: Literal["axes", "order"], rank: int = 0) -> tuple[int, ...] | None: ...
@overload
def said(of: Typed, meaning: Literal["sides"]) -> list[Dim] | None: ...
@overload
def said(of: Typed, meaning: Literal["padding", "activation", "interpolation"]) -> str | None: ...
@overload
def said(of: Typed, meaning: Literal["fast kernel"]) -> Mapping[str, object] | None: ...
@overload
def said(of: Typed, meaning: Meaning, rank: int = 0) -> object: ...
def said(of: Typed, meaning: Meaning, rank: int = 0) -> object:
    """The same of a layer; None where its type is not known."""
    type = of.type
    if type is None:
        return None
    field, compute = _reading(type, meaning)  # as `meant` has it: rules ask this of each layer
    return of.fields.get(field) if compute is None else compute(of.fields, rank)


def promised(value: T | None) -> T:
    """A value that every type of a role has, as the tests of the vocabularies hold them to it."""
    assert value is not None
    return value
