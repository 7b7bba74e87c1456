"""A layer held in a field of another: what TimeDistributed and Bidirectional wrap.

A reader makes an `Inner` where a field's kind is `Sublayer`: `Reading.sublayer(raw)` finds the type, binds the fields,
and returns `Inner(type, fields, name, trainable)`. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Facts, Shape, Weight


class Inner:
    """A wrapped layer, ready to be applied inside its wrapper's rule.

    type: its type. fields: its fields as `LayerType.bind` returned them, every one of them and without problems.
    name: its name in the file, "" where it has none. trainable: False freezes its weights. dtype: of its weights, None
    for that of the wrapper's.

    Immutable, and equal by value: calls of equal wrappers are inferred once. Anything else with the same attributes and
    `apply` may stand in a field in its place (a nested model).
    """

    __slots__ = ("_hash", "dtype", "fields", "name", "trainable", "type")

    def __init__(
        self,
        type: LayerType,
        fields: Mapping[str, Any],
        name: str = "",
        trainable: bool = True,
        dtype: str | None = None,
    ) -> None:
        self.type = type
        self.fields = fields
        self.name = name
        self.trainable = trainable
        self.dtype = dtype
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
            and self.fields == other.fields
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Inner({self.type.key}, {dict(self.fields)}, {self.name!r}, trainable={self.trainable})"

    def with_fields(self, **fields: Any) -> Inner:
        """The same layer with some fields changed."""
        return Inner(self.type, {**self.fields, **fields}, self.name, self.trainable, self.dtype)

    def apply(self, *shapes: Shape | None) -> Facts:
        """The facts of one call of the layer, for the rule of its wrapper.

        Conditions on dims that cannot be decided are recorded for the wrapper's call. Raises Problem, whose field
        begins inside this layer: the wrapper adds the name of its own field (`within`).
        """
        self.type.check_inputs(len(shapes))
        # Not `type.apply`: that would forget the needs of the wrapper's rule.
        facts = self.type.rule(*shapes, **self.fields)
        if not self.trainable or self.dtype is not None:
            facts.weights = tuple(
                [
                    Weight(w.name, w.shape, w.trainable and self.trainable, w.dtype or self.dtype, w.cast)
                    for w in facts.weights
                ]
            )
        return facts


def within(problem: Problem, field: str) -> Problem:
    """The same problem, of a layer that stands in this field of its wrapper."""
    problem.field = (field, *problem.field)
    return problem
