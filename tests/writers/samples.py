"""A spec with one call of a layer type, from the samples that `explain` is tried on."""

from __future__ import annotations

import json
from typing import Any

from cnnsum.layers.base import LayerType, find
from tests.analyses.explain_samples import SAMPLES, Constant


def sample_spec(key: str, **more: Any) -> str:
    """A spec with one call of a layer type. more: further fields."""
    shapes, fields = SAMPLES.get(key) or SAMPLES[find_type(key).name]
    inputs = {f"in{i}": [*shape] for i, shape in enumerate(shapes) if not isinstance(shape, Constant)}
    listed = [numbers(shape) if isinstance(shape, Constant) else f"in{i}" for i, shape in enumerate(shapes)]
    return json.dumps({"inputs": inputs, "layers": [{key: {**as_spec(fields), **more, "from": listed}}]})


def as_spec(value: Any) -> Any:
    """Fields of a sample, in which a layer is a mapping with its `type`, as a spec has them."""
    if isinstance(value, dict) and "type" in value:
        return {value["type"]: {name: as_spec(item) for name, item in value.items() if name != "type"}}
    if isinstance(value, dict):
        return {name: as_spec(item) for name, item in value.items()}
    return [as_spec(item) for item in value] if isinstance(value, list) else value


def numbers(shape: tuple[int, ...]) -> Any:
    return [numbers(shape[1:]) for _ in range(shape[0])] if shape else 1


def find_type(key: str) -> LayerType:
    found = find(key)
    assert found is not None
    return found
