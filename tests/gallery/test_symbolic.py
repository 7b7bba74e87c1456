"""The gallery with its sizes set free: formulas, and the sizes that are accepted, against inference with numbers."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from symbolic import compare

from cnnsum.readers import How, read
from cnnsum.source import read as read_document
from tests.thorough import some

SPECS = Path(__file__).resolve().parents[2] / "specs"
NAMES = [path.stem for path in sorted(SPECS.glob("*.yaml")) if path.stem != "resnet_blocks"]
FREE = How(free=frozenset(("spatial", "declared")))
#: All sizes up to 200 where time allows, else the small ones, at which networks are refused, and some of the others.
EVERY = "CNNSUM_EXAMPLES" in os.environ


def sizes(name: str) -> list[int]:
    if EVERY:
        return list(range(1, 201))
    random = Random(name)
    return [*range(1, 17), *random.sample(range(17, 201), 8)]


@pytest.mark.parametrize("name", some(NAMES, 2))
def test_formulas_and_numbers_agree(name: str) -> None:
    graph, _ = read(read_document(str(SPECS / f"{name}.yaml")), FREE)
    symbols = [symbol for symbol in graph.symbols if symbol != str(graph.batch)]
    random = Random(name)
    points = [dict.fromkeys(symbols, size) for size in sizes(name)]
    points += [{symbol: random.randrange(1, 400) for symbol in symbols} for _ in range(8)]
    if name == "m5_audio":
        points += [dict.fromkeys(symbols, random.randrange(2_000, 9_000)) for _ in range(20)]
    if name == "fcn":
        points += [dict.fromkeys(symbols, random.randrange(1, 600)) for _ in range(20)]
    accepted, _ = compare(graph, points)
    assert accepted >= min(len(points) // 10, 3)
