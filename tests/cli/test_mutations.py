"""Spoilt files, at random: whatever is done to a spec or a Keras file, cnnsum says so and ends, soon and in order.

`CNNSUM_EXAMPLES` multiplies the number of files. A failure prints its seed and the text; `mutated(seed)` or
`restructured(seed)` makes it again.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from calling import call

from tests.thorough import each, examples

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 2.0
COUNT = examples(int(200 * float(os.environ.get("CNNSUM_EXAMPLES", "1"))))

_TENSOR = {
    "class_name": "__keras_tensor__",
    "config": {"shape": [None, 32, 32, 3], "dtype": "float32", "keras_history": ["image", 0, 0]},
}


def _keras() -> str:
    """A small Functional model as Keras 3 writes it."""

    def layer(class_name: str, name: str, *inputs: str, **config: object) -> dict[str, object]:
        tensors = [
            {**_TENSOR, "config": {"shape": [None], "dtype": "float32", "keras_history": [one, 0, 0]}} for one in inputs
        ]
        calls = [{"args": tensors if len(tensors) < 2 else [tensors], "kwargs": {}}] if tensors else []
        return {
            "module": "keras.layers",
            "class_name": class_name,
            "config": {"name": name, "dtype": "float32", **config},
            "registered_name": None,
            "name": name,
            "inbound_nodes": calls,
        }

    layers = [
        layer("InputLayer", "image", batch_shape=[None, 32, 32, 3], sparse=False),
        layer("Conv2D", "stem", "image", filters=8, kernel_size=[3, 3], strides=[1, 1], padding="same"),
        layer("BatchNormalization", "norm", "stem", axis=3, momentum=0.9, epsilon=0.001),
        layer("Conv2D", "arm", "image", filters=8, kernel_size=[1, 1], padding="valid", activation="relu"),
        layer("Add", "sum", "norm", "arm"),
        layer("Flatten", "flat", "sum", data_format="channels_last"),
        layer("Dense", "score", "flat", units=10, activation="softmax", use_bias=True),
    ]
    config = {"name": "model", "layers": layers, "input_layers": [["image", 0, 0]], "output_layers": [["score", 0, 0]]}
    return json.dumps({"module": "keras", "class_name": "Functional", "config": config}, indent=1)


BASES = [*(path.read_text(encoding="utf-8") for path in sorted((ROOT / "specs").glob("*.yaml"))), _keras()]
ODD = [
    *("0", "-1", "1e309", "0.5", "10**12", "9**9**9", "99999999999999999999", "true", "null", "~", "''", "[]", "{}"),
    *(
        "[1, 2, 3]",
        "{a: 1}",
        "H",
        "input",
        "index",
        "$x",
        "$index",
        "*a",
        "&a",
        "!!python/name:os.system",
        "<<",
        "x: y",
    ),
    *("Conv2D", "Dense", "from", "name", "repeat", "when", "share", "-", ":", "(", "]", "}", '"', "\t", "\u202e", "é"),
    *("x" * 3000, "(" * 300, "[" * 300, "-" * 300, "1+" * 300 + "1", "max(1, 2)", "1 if x else 2", "1/0", "2**0.5"),
]


def mutated(seed: int) -> str:
    """A file of the gallery with some mistakes in it."""
    chance = random.Random(seed)
    text = chance.choice(BASES)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        text = chance.choice((_line, _token, _token, _number, _character, _splice))(text, chance)
    return text


def _line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[first]
        case 1:
            lines.insert(second, lines[first])
        case 2:
            lines[first], lines[second] = lines[second], lines[first]
        case 3:
            lines[first] = " " * chance.randrange(6) + lines[first].strip()
        case _:
            lines = lines[:first]
    return "\n".join(lines)


def _token(text: str, chance: random.Random) -> str:
    found = list(re.finditer(r"[\w.]+|[^\w\s]", text))
    if len(found) < 2:
        return text + chance.choice(ODD)
    one, two = chance.choice(found), chance.choice(found)
    new = chance.choice(("", two.group(), chance.choice(ODD), one.group() * 2, one.group().swapcase()))
    return text[: one.start()] + new + text[one.end() :]


def _number(text: str, chance: random.Random) -> str:
    found = list(re.finditer(r"\d+", text))
    if not found:
        return text
    one = chance.choice(found)
    number = int(one.group()[:18])
    new = chance.choice((number + 1, number - 1, -number, number * 1000, number**9, number / 2, "many", f"'{number}'"))
    return text[: one.start()] + str(new) + text[one.end() :]


def _character(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(("", " ", "\n", "\0", "\r", "\u2028", "{", "'", "#", ",")) + text[at + 1 :]


def _splice(text: str, chance: random.Random) -> str:
    other = chance.choice(BASES)
    at = chance.randrange(len(text) + 1)
    start = chance.randrange(len(other))
    return text[:at] + other[start : start + chance.randrange(200)] + text[at:]


VALUES = [
    *(None, True, False, 0, 1, -1, 3, 0.5, -2.5, 1e308, 10**30, "", "x", "relu", "input", "image", "H", "2*H", "$x"),
    *([], [1], [None], [-1, 2], [[1, 2], [3]], ["image", 0, 0], {}, {"a": 1}, {"class_name": "Dense"}, _TENSOR),
]


def restructured(seed: int) -> str:
    """A file of the gallery as JSON, sound as such, with some values that are not what they should be."""
    chance = random.Random(seed)
    value = [yaml.load(chance.choice((*BASES, *[BASES[-1]] * len(BASES))), Loader=yaml.CSafeLoader)]
    for _ in range(chance.choice((1, 1, 2, 4))):
        at, step = chance.choice(list(_places(value)))
        match chance.randrange(4):
            case 0 if at is not value:
                del at[step]
            case 1:
                other, there = chance.choice(list(_places(value)))
                at[step] = json.loads(json.dumps(other[there]))
            case _:
                at[step] = json.loads(json.dumps(chance.choice(VALUES)))
    return json.dumps(value[0])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list or mapping, with an index or a key of it."""
    steps = range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, dict) else ()
    for step in steps:
        yield value, step
        yield from _places(value[step])


@each("part", range(4))
@each("spoilt", [mutated, restructured])
def test_mutations(spoilt: Callable[[int], str], part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "specs")
    monkeypatch.setenv("CNNSUM_TRACEBACK", "1")
    formats = ("table", "json", "csv", "markdown", "mermaid", "dot")
    for seed in range(part * COUNT // 4, (part + 1) * COUNT // 4):
        text = spoilt(seed)
        start = time.perf_counter()
        try:
            result = call("-", "--format", formats[seed % 6], stdin=text.encode("utf-8", "surrogatepass"))
        except Exception as error:
            raise AssertionError(f"seed {seed}\n{text}") from error
        # A repeat may become a large one, which is not a mistake: then every line of the output may take its time.
        assert time.perf_counter() - start < SECONDS + 1e-4 * result.out.count("\n"), f"seed {seed}\n{text}"
        assert result.code in (0, 1, 2), f"seed {seed}\n{text}"
        assert (result.code == 2) == (not result.out), f"seed {seed}\n{text}"
        assert result.code == 0 or re.search(r"\b[A-Z]{3}\d{3} ", result.err), f"seed {seed}\n{text}"
