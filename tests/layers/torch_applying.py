"""Applying a layer type of PyTorch's vocabulary in a test: `apply("Linear", (N, 8), out_features=4) -> Facts`."""

from __future__ import annotations

from typing import Any

from applying import Reading as Words

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.inner import Inner
from cnnsum.layers.vocabulary import TORCH


class Reading(Words):
    """Layers in fields are mappings of a type to its fields."""

    def sublayer(self, raw: Any) -> Inner:
        ((name, fields),) = raw.items()
        return Inner(*bound(name, fields))


def bound(name: str, fields: dict[str, Any]) -> tuple[LayerType, dict[str, Any]]:
    """The type with its typed fields; raises the first Problem."""
    found = TORCH.find(name)
    assert found is not None, name
    typed, problems = found.bind(fields, Reading())
    if problems:
        raise problems[0]
    return found, typed


def apply(name: str, *shapes: Shape | None, keywords: tuple[str, ...] = (), **fields: Any) -> Facts:
    """The facts of one call; raises Problem for bad fields and bad shapes."""
    found, typed = bound(name, fields)
    return found.apply(shapes, typed, keywords)


def refusal(name: str, *shapes: Shape | None, **fields: Any) -> Problem:
    """The Problem that the call must raise."""
    try:
        facts = apply(name, *shapes, **fields)
    except Problem as problem:
        return problem
    raise AssertionError(f"{name} {fields} accepts {shapes}: {facts.outputs}")


def weights(facts: Facts) -> dict[str, Shape]:
    """The shapes of the weights by name."""
    return {one.name: one.shape for one in facts.weights}
