"""Applying a layer type in a test: `apply("Conv2D", (N, 32, 32, 3), filters=8, kernel_size=3) -> Facts`."""

from __future__ import annotations

from typing import Any

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, Expr, Symbol, Unknown, substitute
from cnnsum.layers.base import find
from cnnsum.layers.facts import Facts, Kept, Need, Shape, Weight, Window

#: The batch axis and the symbols that texts in fields may use.
N = Symbol("N").dim
NAMES: dict[str, Dim] = {name: Symbol(name).dim for name in ("C", "H", "W", "T", "k", "n")}


class Reading:
    """What a reader lends to the kinds: expressions over `NAMES`, and layers as mappings `{type, ...fields}`."""

    def number(self, text: str) -> Any:
        from cnnsum.dims import evaluate

        return evaluate(text, NAMES)

    def sublayer(self, raw: object) -> Any:
        return raw


def bound(name: str, **fields: Any) -> dict[str, Any]:
    """The typed fields of a layer; raises the first Problem."""
    layer_type = find(name)
    assert layer_type is not None, name
    typed, problems = layer_type.bind(fields, Reading())
    if problems:
        raise problems[0]
    return typed


def apply(name: str, *shapes: Shape | None, keywords: tuple[str, ...] = (), **fields: Any) -> Facts:
    """The facts of one call; raises Problem for bad fields and bad shapes."""
    layer_type = find(name)
    assert layer_type is not None, name
    return layer_type.apply(shapes, bound(name, **fields), keywords)


def refusal(name: str, *shapes: Shape | None, **fields: Any) -> Problem:
    """The Problem that the call must raise."""
    try:
        facts = apply(name, *shapes, **fields)
    except Problem as problem:
        return problem
    raise AssertionError(f"{name} {fields} accepts {shapes}: {facts.outputs}")


def put(value: Any, **numbers: int) -> Any:
    """Numbers put in for symbols, in a dim, a shape, weights, windows, or all that Facts say about numbers."""
    if isinstance(value, Expr):
        return substitute(value, dict(numbers))
    if isinstance(value, Facts):
        return {name: put(getattr(value, name), **numbers) for name in NUMBERS}
    if isinstance(value, (Weight, Kept, Window, Need)):
        return type(value)(*(put(item, **numbers) for item in value))
    if isinstance(value, tuple):
        return tuple(put(item, **numbers) for item in value)
    return value


#: The members of Facts that hold dims, and those that must not depend on them.
NUMBERS = (
    "outputs", "weights", "macs", "ops", "keeps_input", "keeps_output", "kept", "alias", "scratch", "window", "dtype",
    "status",
)  # fmt: skip


def count(facts: Facts, *, trainable: bool | None = None) -> Any:
    """Elements of all the weights, or of the trainable or the other ones."""
    total: Any = 0
    for weight in facts.weights:
        if trainable is None or weight.trainable is trainable:
            elements: Any = 1
            for dim in weight.shape:
                elements = elements * dim
            total = total + elements
    return total


def holds(need: Need, **numbers: int) -> bool:
    """Whether a recorded condition holds with these numbers."""
    left, right = put(need.left, **numbers), put(need.right, **numbers)
    assert not isinstance(left, (Expr, Unknown)), left
    assert not isinstance(right, (Expr, Unknown)), right
    if need.relation == "==":
        return bool(left == right)
    if need.relation == "broadcast":
        return left == right or 1 in (left, right)
    return bool(left >= right) if need.relation == ">=" else left % right == 0
