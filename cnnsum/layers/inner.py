"""A layer held in a field of another: what TimeDistributed and Bidirectional wrap.

A reader makes an `Inner` where a field's kind is `Sublayer`: `Reading.sublayer(raw)` finds the type, binds the fields,
and returns `Inner(type, fields, name, trainable)`. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Shape, Status, Weight


class Inner:
    """A wrapped layer, ready to be applied inside its wrapper's rule.

    type: its type. fields: its fields as `LayerType.bind` returned them, every one of them and without problems.
    name: its name in the file, "" where it has none. trainable: False freezes its weights. dtype: of its weights, None
    for that of the wrapper's. one: what stands for the object that it is, of which the file says that it stands in
    several places; None for one of its own.

    Immutable, and equal by value: calls of equal wrappers are inferred once. Anything else with the same attributes and
    `apply` may stand in a field in its place (a nested model).
    """

    __slots__ = ("_hash", "dtype", "fields", "name", "one", "trainable", "type")

    def __init__(
        self,
        type: LayerType,
        fields: Mapping[str, object],
        name: str = "",
        trainable: bool = True,
        dtype: str | None = None,
        one: object = None,
    ) -> None:
        self.type = type
        self.fields = fields
        self.name = name
        self.trainable = trainable
        self.dtype = dtype
        self.one = one
        self._hash = hash((type.key, name, trainable, dtype, tuple(fields.items())))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Inner)
            and self._hash == other._hash
            and self.type is other.type
            and self.name == other.name
            and self.trainable == other.trainable
            and self.dtype == other.dtype
            and self.one is other.one
            and self.fields == other.fields
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Inner({self.type.key}, {dict(self.fields)}, {self.name!r}, trainable={self.trainable})"

    def with_fields(self, **fields: object) -> Inner:
        """The same layer with some fields changed."""
        return Inner(self.type, {**self.fields, **fields}, self.name, self.trainable, self.dtype, self.one)

    def frozen(self) -> Inner:
        """The same layer with its switch off, and those of all that it holds in turn."""
        return Inner(self.type, freeze_held(self.type, self.fields), self.name, False, self.dtype, self.one)

    def apply(self, *shapes: Shape | None) -> Facts:
        """The facts of one call of the layer, for the rule of its wrapper.

        Conditions on dims that cannot be decided are recorded for the wrapper's call. Raises Problem, whose field
        begins inside this layer: the wrapper adds the name of its own field (`within`).
        """
        self.type.check_inputs(len(shapes))
        # Not `type.apply`: that would forget the needs of the wrapper's rule.
        facts = self.type.rule(*shapes, **self.fields)
        facts.weights = self.own(facts.weights)
        return facts

    def own(self, weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
        """The weights that its rule gives as this layer's own: in its dtype, frozen with it, one with its object's."""
        if not self.trainable or self.dtype is not None:
            trainable = self.trainable or not freezes(self.type, self.fields)
            weights = tuple(
                [
                    Weight(w.name, w.shape, w.trainable and trainable, w.dtype or self.dtype, w.cast, one=w.one)
                    for w in weights
                ]
            )
        return weights if self.one is None else as_of(self.one, weights)


def freezes(type: LayerType | None, fields: Mapping[str, object]) -> bool:
    """Whether the switch of a layer keeps its weights from training: they may be those of a layer that it holds, which
    in Keras has a switch of its own.
    """
    return (type is not None and type.vocabulary.freezes_held) or not any(map(_holds, fields.values()))


def held_by(fields: Mapping[str, object]) -> list[Inner]:
    """The layers that one of these fields holds, but not those that they hold in turn."""
    values = [one for value in fields.values() for one in (value if isinstance(value, tuple) else (value,))]
    return [one for one in values if isinstance(one, Inner)]


def _holds(value: object) -> bool:
    return isinstance(value, Inner) or (isinstance(value, tuple) and any(isinstance(one, Inner) for one in value))


def freeze_held(type: LayerType, fields: Mapping[str, object]) -> Mapping[str, object]:
    """The fields of a layer with the switches of all that it holds off; as they are where its own reaches those."""
    if freezes(type, fields):
        return fields
    return {name: _frozen(value) if _holds(value) else value for name, value in fields.items()}


def _frozen(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(map(_frozen, value))
    return value.frozen() if isinstance(value, Inner) else value


def as_of(one: object, weights: Iterable[Weight]) -> tuple[Weight, ...]:
    """The same weights as an object's that a file has in several places; those of such an object within stay its."""
    return tuple([own if own.one is not None else own._replace(one=(one, own.name)) for own in weights])


def chained(layers: Sequence[Inner], x: Shape, field: str) -> Facts:
    """The facts of layers that run one after another, all inside one layer; what is between them is kept inside."""
    shape: Shape | None = x
    weights: list[Weight] = []
    kept: list[Kept] = []
    macs: Dim = 0
    ops: Dim = 0
    status: Status = "exact"
    dtype: str | None = "input"
    plain = True
    for number, inner in enumerate(layers):
        try:
            facts = inner.apply(shape)
        except Problem as problem:
            problem.field = (number, *problem.field)
            raise within(problem, field) from None
        name = inner.name or inner.type.name.lower()
        weights += [Weight(f"{name}/{own.name}", *own[1:]) for own in facts.weights]
        kept += [Kept(f"{name} {own.name}", *own[1:]) for own in facts.kept]
        if facts.keeps_input and number and shape is not None:
            kept.append(Kept(f"input of {name}", shape, use="weights" if facts.keeps_input == "weights" else ""))
        macs = macs + facts.macs
        ops = ops + facts.ops
        shape = facts.outputs[0]
        plain = plain and facts.alias in ("view", "bypass")
        dtype = facts.dtype if facts.dtype != "input" else dtype
        status = facts.status if facts.status != "exact" else status
    return Facts(
        shape,
        weights=tuple(weights),
        macs=macs,
        ops=ops,
        kept=tuple(kept),
        alias="bypass" if plain else "",
        window=NOT_FOLLOWED,
        dtype=dtype,
        status=status,
    )


def within(problem: Problem, field: str) -> Problem:
    """The same problem, of a layer that stands in this field of its wrapper."""
    problem.field = (field, *problem.field)
    return problem
