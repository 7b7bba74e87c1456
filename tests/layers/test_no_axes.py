"""Every layer type and operation on tensors of every rank, none at all included: facts or a finding, never a fault."""

from __future__ import annotations

from random import Random
from typing import Any

from bench.fuzz.nets import fields_of, layer_types
from cnnsum.diagnostics import Problem
from cnnsum.dims import Symbol
from cnnsum.layers.base import LayerType
from tests.thorough import each

N, H = Symbol("N", anonymous=True).dim, Symbol("H").dim
FAMILIES = sorted({type.rule.__module__ for type in layer_types().values()})


class Reading:
    """What a reader lends to the kinds: no formulas, and no layers in fields."""

    def number(self, _text: str) -> Any:
        raise Problem("CFG102", "no number")

    def sublayer(self, _raw: object) -> Any:
        raise Problem("CFG102", "no layer")


def tried(type: LayerType, rank: int, chance: Random) -> None:
    fields, problems = type.bind(fields_of(type, chance), Reading())
    if problems:
        return
    schema = type.schema
    sizes = [chance.choice((0, 1, 2, 3, 8, H)) for _ in range(rank)]
    shape: tuple[Any, ...] = (N, *sizes[1:]) if rank and chance.random() < 0.5 else tuple(sizes)
    count = chance.randint(schema.least, min(schema.most or 3, schema.least + 1))
    others = [tuple(chance.choice((1, 2, 3)) for _ in range(chance.randrange(5))) for _ in range(count - 1)]
    shapes = [shape] * count if chance.random() < 0.7 else [shape, *others]
    try:
        type.apply(shapes, fields)
    except Problem:
        pass
    except Exception as error:
        raise AssertionError(f"{type.key} on {shapes} with {fields}") from error


@each("family", FAMILIES)
def test_every_rank(family: str) -> None:
    for key, type in layer_types().items():
        if type.rule.__module__ == family:
            chance = Random(key)
            for rank in (0, 0, 1, 2, 3, 4, 5, 6):
                for _ in range(3):
                    tried(type, rank, chance)


@each("kind", ["Max", "Nanmax", "Nanprod", "Sum", "Prod", "Mean", "Trace"])
def test_no_elements_cost_nothing_and_not_less(kind: str) -> None:
    type = layer_types()[f"keras.src.ops.numpy.{kind}"]
    fields, _problems = type.bind({}, Reading())
    facts = type.apply([(0, 3)], fields)
    assert isinstance(facts.ops, int)
    assert facts.ops >= 0
