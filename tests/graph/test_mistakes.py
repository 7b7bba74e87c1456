"""What is wrong with fields by themselves is found behind a layer that failed, and more than once in a layer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from cnnsum import UnusableError, loads
from cnnsum.codes import cfg
from cnnsum.diagnostics import Problem
from cnnsum.dims import Symbol
from cnnsum.graph import mistakes
from cnnsum.layers.base import REQUIRED, LayerType
from cnnsum.layers.facts import Shape
from cnnsum.layers.vocabulary import KERAS, TORCH
from tests.thorough import each, examples

N = Symbol("N").dim


def found(text: str) -> list[tuple[str, int | None]]:
    """The codes of what is wrong, each with its line."""
    try:
        diagnostics = loads(dedent(text)).diagnostics
    except UnusableError as error:
        diagnostics = [*error.diagnostics]
    told = [(one.span and one.span.line, one.code) for one in diagnostics if one.severity == "error"]
    return [(code, line) for line, code in sorted(told)]


def test_behind_a_layer_that_failed() -> None:
    text = """\
        framework: torch
        input: [3, 224, 224]
        layers:
          - Conv2d: {out_channels: 64, kernel_size: 7, strides: 2}
          - Conv2d: {out_channels: 64, kernel_size: 3, stride: 2, padding: same}
          - MaxPool2d: {kernel_size: 3, stride: 2, padding: 2}
          - Conv2d: {in_channels: 64, out_channels: 30, kernel_size: 3, groups: 4}
          - MultiheadAttention: {embed_dim: 10, num_heads: 3, from: [max_pool2d, max_pool2d, max_pool2d]}
    """
    assert found(text) == [("CFG103", 4), ("CFG116", 5), ("CFG116", 6), ("CFG110", 7), ("CFG116", 8)]


def test_several_in_a_layer() -> None:
    text = """\
        input: [8, 8, 3]
        layers:
          - Conv2D: {filters: 4, kernel_size: 3, strides: 2, groups: 3, dilation_rate: 2}
    """
    assert found(text) == [("CFG110", 3), ("CFG111", 3)]


def test_besides_what_is_wrong_with_the_input() -> None:
    text = """\
        input: [3]
        layers:
          - STFTSpectrogram: {frame_length: 4, frame_step: 5}
    """
    assert found(text) == [("CFG102", 3), ("SHP204", 3)]


def test_a_mistake_is_told_once_of_a_layer_that_is_called_twice() -> None:
    text = """\
        input: [8, 8, 3]
        layers:
          - Nothing
          - Conv2D: {filters: 3, kernel_size: 1, strides: 2, dilation_rate: 2, name: a}
          - Conv2D: {share: a}
    """
    assert found(text) == [("UNK701", 3), ("CFG111", 4)]


def test_what_depends_on_sizes_waits_for_them() -> None:
    text = """\
        input: [8, 8, 3]
        layers:
          - Nothing
          - Conv2D: {filters: 4, kernel_size: 9}
          - Conv2D: {filters: 4, kernel_size: 1, groups: 4}
          - Dense: 3
          - Reshape: [[7, 7]]
          - Permute: [[3, 1, 2]]
    """
    assert found(text) == [("UNK701", 3)]


def broken(specs: str) -> Iterator[tuple[str, str]]:
    """Codes with the specs that the reference has for them, behind a layer that is not known."""
    for code, text in re.findall(r"## (CFG\d+)\n(.*?)(?=\n## |\Z)", specs, re.DOTALL):
        for example in re.findall(r"Fails:\n\n((?:    .*\n|\n)+)", text):
            spec = dedent(example)
            yield code, spec.replace("layers:\n", "layers:\n  - Nothing\n").replace("layers: [", "layers: [Nothing, ")


@each(("code", "spec"), list(broken(Path(cfg.__file__).read_text(encoding="utf-8"))))
def test_every_code_of_fields(code: str, spec: str) -> None:
    assert {code, "UNK701"} <= {one for one, _ in found(spec)}


#: Of every form that a field may have.
VALUES = (
    *(0, 1, 2, 3, 4, 7, 8, -1, -2, 0.5, 1.5, True, False, "same", "valid", "causal", "relu", "mean", "reflect", "sum"),
    *([], [0], [1], [1, 2], [2, 1], [1, 2, 3], [0, 0], [0.5, 0.5], [1, 2, 3, 4], [None, 2], [[1, 2], [3, 4]]),
    *("abc,cd->abd", "ab,bc->ac"),
)


class Plain:
    """A reading without formulas and layers."""

    def number(self, text: str) -> Any:
        raise Problem("CFG102", text)

    def sublayer(self, raw: object) -> Any:
        raise Problem("CFG102", str(raw))


def read(type: LayerType, name: str, values: tuple[object, ...]) -> list[object]:
    """What a field makes of those of the values that it takes."""
    kept = []
    for value in values:
        try:
            kept.append(type.read_field(name, value, Plain()))
        except Problem:
            continue
    return kept


def fields_of(type: LayerType, chance: random.Random) -> dict[str, object] | None:
    """Fields, each of which may be; None where one that is needed cannot be drawn."""
    drawn = {}
    for name, field in type.schema.fields.items():
        if field.default is not REQUIRED and chance.random() > 0.4:
            drawn[name] = field.default
            continue
        values = read(type, name, (*VALUES, *field.kind.choices[:6]))
        if not values and field.default is REQUIRED:
            return None
        drawn[name] = chance.choice(values) if values else field.default
    return drawn


def is_taken(type: LayerType, fields: Mapping[str, object], count: int, chance: random.Random) -> list[Shape] | None:
    """Shapes that a layer with these fields accepts, of a hundred that were tried."""
    for _ in range(100):
        sizes = [chance.choice((1, 2, 3, 4, 8, 12, 16, 32)) for _ in range(chance.randint(0, 5))]
        shapes: list[Shape] = [(N, *sizes)] * count
        try:
            type.apply(shapes, fields)
        except Problem:
            continue
        return shapes
    return None


def test_no_layer_with_a_mistake_of_its_own_takes_any_input() -> None:
    """Fields of all layers at random. What is found after another mistake is one whatever that one's field says."""
    chance = random.Random(20261201)
    types = {id(one): one for own in (KERAS, TORCH) for one in own.all_types().values()}.values()
    types = [one for one in types if not one.is_operation and not one.rule.__module__.endswith(".applications")]
    seen = several = 0
    for _ in range(examples(16_000)):
        type = chance.choice(types)
        fields = fields_of(type, chance)
        count = type.schema.least or 1
        if fields is None:
            continue
        own = mistakes.own_mistakes(type, object(), fields, (None,) * count, ())
        if not own:
            continue
        seen += 1
        assert is_taken(type, fields, count, chance) is None, (type.name, fields, own)
        for first in own[:-1]:
            several += 1
            name = str(first.field[0])
            for value in read(type, name, VALUES):
                other = {**fields, name: value}
                assert mistakes.own_mistakes(type, object(), other, (None,) * count, ()), (type.name, other, own)
    assert seen > examples(16_000) / 60
    assert several > 10
