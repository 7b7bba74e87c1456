"""What the page's own tests (page/tests) are held to, as JSON: `python tests/browser/page_cases.py [formulas ...]`.

Formulas with their values, as `cnnsum.dims` prints and evaluates them; numbers as `cnnsum.render.units` writes them;
pages of networks. Whole numbers are written as texts: JavaScript would read large ones as floats.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]

import cnnsum  # noqa: E402 - found by that path
from cnnsum.analyses.memory.liveness import Story, told  # noqa: E402
from cnnsum.answers.page.ask import page  # noqa: E402
from cnnsum.answers.page.data import document  # noqa: E402
from cnnsum.answers.summary.json_format import document as report_document  # noqa: E402
from cnnsum.dims import Dim, Expr, Symbol, ceil_div, maximum, minimum, substitute, symbols_of  # noqa: E402
from cnnsum.render.units import count, exact, memory  # noqa: E402

FORMULAS = 10_000
NUMBERS = 4_000
STORIES = 1_000

SYMBOLS = tuple(Symbol(name) for name in ("H", "W", "B", "T2", "Größe"))

#: Networks of every kind of grouping: blocks, repeated stages, modules, models in models, and none.
NETWORKS = (
    "specs/unet.yaml",
    "specs/resnet50.yaml",
    "specs/siamese.yaml",
    "specs/inception_v3.yaml",
    "specs/torch/yolo_like.yaml",
    "specs/torch/vit_b16.yaml",
    "tests/readers/keras_json/files/nested.json",
    "tests/readers/keras_json/archives/containers.keras",
    "tests/readers/pt2/coat_lite_tiny.pt2",
    "tests/readers/pt2/pair.pt2",
)


def formula(draw: random.Random, depth: int) -> Dim:
    """A formula such as layers make of sizes, and then some that they do not."""
    if depth == 0 or draw.random() < 0.1:
        return draw.choice(SYMBOLS).dim if draw.random() < 0.7 else draw.choice((1, 2, 3, 7, 64, 1000, -1, -3, 10**12))
    one = formula(draw, depth - 1)
    kind = draw.randrange(10)
    if kind < 2:
        return one + formula(draw, depth - 1) * draw.choice((1, 1, 1, -1, 4))
    if kind < 4:
        return one * formula(draw, depth - 1)
    by = draw.choice((2, 2, 3, 4, 8, 32, 7, 13, -2, -5))
    if kind < 5:
        return (one + draw.randrange(-40, 40)) // by
    if kind < 6:
        return ceil_div(one - draw.randrange(9), by)
    if kind < 7:
        return one % by
    if kind < 8:
        return draw.choice((maximum, minimum))(one, formula(draw, depth - 1))
    if kind < 9:
        return one * one if draw.random() < 0.7 else one * one * one
    other = formula(draw, depth - 1)
    # A divisor that is a formula: sizes of pooled windows, groups of channels.
    return one // maximum(other, 1)


def value(draw: random.Random) -> int:
    """A size: mostly as people choose it, at times one that no float holds."""
    top = draw.choice((4, 40, 300, 2_000, 10**5, 2**31, 2**53, 10**18, 10**30))
    return draw.randrange(1, top)


def formulas(count: int = FORMULAS) -> list[dict[str, Any]]:
    draw = random.Random(14)
    found = []
    while len(found) < count:
        dim = formula(draw, draw.randrange(1, 5))
        if not isinstance(dim, Expr):
            continue
        text = str(dim)
        if len(text) > 2_000:
            continue
        for _ in range(4):
            values = {symbol.name: value(draw) for symbol in symbols_of(dim)}
            found.append(
                {
                    "formula": text,
                    "values": {name: str(size) for name, size in values.items()},
                    "value": str(substitute(dim, values)),
                }
            )
    return found


def numbers(count_of: int = NUMBERS) -> list[dict[str, str]]:
    """Numbers of all magnitudes, those near to where a unit ends among them."""
    draw = random.Random(15)
    whole = [0, 1, 5, 999, 1000, 1023, 1024, 999_994, 999_995, 999_999, 2**53 - 1, 2**53, 2**53 + 1]
    for base in (1000, 1024):
        for power in range(1, 13):
            whole += [base**power + offset for offset in (-1, 0, 1)]
            whole += [base**power * 99_999 // 100_000, base**power * 999_995 // 1_000_000, base**power * 5 // 1000]
    # What is in the middle between two decimals: eighths of a unit.
    whole += [
        base**power * eighths // 8 for base in (1000, 1024) for power in range(1, 12) for eighths in range(9, 80, 7)
    ]
    whole += [10**45, 10**99 + 7, 10**400, 2**1023, 2**1024, 2**1025]
    whole += [-one for one in whole[::7]]
    while len(whole) < count_of:
        whole.append(draw.randrange(10 ** draw.randrange(1, 60)))
    return [{"number": str(one), "memory": memory(one), "count": count(one), "exact": exact(one)} for one in whole]


def networks() -> list[dict[str, Any]]:
    """Pages of networks, with what a report says of them at their own sizes."""
    found = []
    for name in NETWORKS:
        model = cnnsum.load(str(ROOT / name))
        report = cnnsum.summarize(model)
        found.append({"page": document(page(model, report)), "report": report_document(report)["totals"]})
    return found


def stories(count_of: int = STORIES) -> list[dict[str, Any]]:
    """Lifetimes of storages, some of which take over others where they are of one size, and what is told of them."""
    draw = random.Random(16)
    found = []
    for _ in range(count_of):
        steps = draw.randrange(1, 12)
        largest = draw.choice((3, 40, 2**50))
        storages = []
        for made in range(-1, steps):
            for at in range(draw.choice((0, 1, 1, 1, 2))):
                last = min(steps, made + draw.randrange(0, 5) if made >= 0 else draw.randrange(0, steps + 1))
                storages.append((f"{made}.{at}", draw.randrange(1, largest), made, last))
        # One is taken over by what is made at its last step, in the order of the steps.
        merges = [
            (former, output)
            for output, (_, _, made, _) in enumerate(storages)
            for former, (_, _, _, last) in enumerate(storages)
            if former < output and last == made >= 0 and draw.random() < 0.7
        ]
        inner = tuple(draw.choice((0, 0, draw.randrange(largest))) for _ in range(steps))
        layers = tuple(f"layer{step}" for step in range(steps))
        story = Story(tuple(storages), inner, layers, tuple(merges))
        told_of_it = told(story)
        assert told_of_it is not None
        peak, layer, alive = told_of_it
        found.append({"story": story._asdict(), "peak": peak, "layer": layer, "alive": alive})
    return found


if __name__ == "__main__":
    makers = {"formulas": formulas, "numbers": numbers, "networks": networks, "stories": stories}
    json.dump({name: makers[name]() for name in sys.argv[1:] or makers}, sys.stdout)
