"""Damage: to bytes, to texts and to trees of values. Nothing here knows a format of models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

#: Values that are not what a place is for. Some must be refused, some are merely unusual.
ARSENAL: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        7,
        -7,
        0.5,
        -2.5,
        1e308,
        -1e308,
        1e-320,
        10**6,
        2**31,
        2**63,
        10**30,
        -(10**30),
    ),
    *(float("nan"), float("inf"), float("-inf"), "", " ", "x", "relu", "input", "image", "n0", "H", "2*H", "H*W", "$x"),
    *("index", "H//0", "H**99", "0", "-1", "1e5", "nan", "null", "a.b", "a/b", "a:0", "a:99", "$index", "same", "SAME"),
    *(
        "\x1b[31mred\x1b[0m",
        "::error::x",
        "##[error]x",
        "=1+1",
        "+1",
        "@x",
        "-x",
        "a\nb",
        "a\r\nb",
        "a\tb",
        "\u202eabc",
    ),
    *("\u200b", "\ufeffx", "\u2028", "\x85", "\x9b31m", "é" * 5, "\U0001f600", "\ud800", "</svg>", "<b>&amp;", "]]>"),
    *(
        "`a`",
        "| a |",
        "[x](y)",
        "x" * 300,
        "x" * 5000,
        "日本語",
        "İ",
        "ǅ",
        "\0",
        "a" * 40 + "!",
        "%s",
        "{0}",
        "%0A::warning::x",
    ),
    *(
        [],
        [1],
        [None],
        [-1, 2],
        [[1, 2], [3]],
        [1, 2, 3, 4, 5],
        ["image", 0, 0],
        ["n0"],
        [[["n0", 0, 0, {}]]],
        [0],
        [[]],
    ),
    *({}, {"a": 1}, {"class_name": "Dense"}, {"class_name": "Dense", "config": {"units": 2}}, {"name": "x"}, {"": 1}),
    {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "keras_history": ["n0", 0, 0]}},
    {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}, "module": "keras", "registered_name": None},
    *({"shape": [4, 4], "dtype": "float32"}, {"Dense": 3}, {"class_name": "__tuple__", "items": [1, 2]}),
    {"class_name": "__numpy__", "config": {"value": [1], "dtype": "int32"}},
    {"class_name": "__tensor__", "config": {"value": [[1.0, 2.0]], "dtype": "float32"}},
)
#: Texts for places of a text.
TOKENS: tuple[str, ...] = (
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
        "&a a",
        "!!python/name:os.system",
        "!!binary x",
    ),
    *(
        "<<",
        "x: y",
        "? x",
        "- - -",
        "|",
        ">",
        "%YAML 1.1",
        "---",
        "...",
        "# c",
        "!x",
        "!!set {a}",
        "0x1F",
        "0o17",
        "1_000",
        "1:30",
    ),
    *(
        "Conv2D",
        "Dense",
        "from",
        "name",
        "repeat",
        "when",
        "share",
        "-",
        ":",
        "(",
        "]",
        "}",
        '"',
        "'",
        "\t",
        "\u202e",
        "é",
        "NaN",
    ),
    *(
        "x" * 3000,
        "(" * 300,
        "[" * 300,
        "{" * 200,
        "-" * 300,
        "1+" * 300 + "1",
        "max(1, 2)",
        "1 if x else 2",
        "1/0",
        "2**0.5",
    ),
    *(
        "include: a.yaml",
        "cnnsum: ignore[SHP]",
        "# cnnsum: ignore[SHP201]",
        "\x00",
        "\ufeff",
        "\x1b[1m",
        "\\u0000",
        "\\ud800",
        "\r",
    ),
)


# --- bytes ------------------------------------------------------------------------------------------------------------


def flipped(data: bytes, chance: Random) -> bytes:
    """Some bytes changed, taken away, put in or cut off."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        if not found:
            return bytes(found)
        at = chance.randrange(len(found))
        match chance.randrange(9):
            case 0:
                del found[at : at + chance.choice((1, 2, 8, 64))]
            case 1:
                found[at:at] = chance.randbytes(chance.choice((1, 2, 8, 64)))
            case 2 if chance.random() < 0.3:
                del found[at:]
            case 3:
                found[at] = chance.choice((0, 0xFF, 0x7F, 0x80))
            case 4:
                found[at : at + 4] = chance.choice((0, 1, 2**31 - 1, 2**32 - 1, 65536)).to_bytes(4, "little")
            case 5:
                found[at : at + 8] = chance.choice((0, at, 2**63 - 1, 2**64 - 1)).to_bytes(8, "little")
            case 6:
                other = chance.randrange(len(found))
                found[at : at + 8] = found[other : other + 8]
            case _:
                found[at] ^= 1 << chance.randrange(8)
    return bytes(found)


# --- texts ------------------------------------------------------------------------------------------------------------


def _line(text: str, chance: Random) -> str:
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


def _spot(pattern: re.Pattern[str], text: str, chance: Random) -> re.Match[str] | None:
    """A match somewhere: from a random place on, or else the first."""
    return pattern.search(text, chance.randrange(len(text) + 1)) or pattern.search(text)


_TOKEN = re.compile(r"[\w.]+|[^\w\s]")
_NUMBER = re.compile(r"\d+")


def _token(text: str, chance: Random) -> str:
    one, two = _spot(_TOKEN, text, chance), _spot(_TOKEN, text, chance)
    if one is None or two is None:
        return text + chance.choice(TOKENS)
    new = chance.choice(
        ("", two.group(), chance.choice(TOKENS), chance.choice(TOKENS), one.group() * 2, one.group().swapcase())
    )
    return text[: one.start()] + new + text[one.end() :]


def _number(text: str, chance: Random) -> str:
    one = _spot(_NUMBER, text, chance)
    if one is None:
        return text
    number = int(one.group()[:18])
    # A repeat may be what is changed, and a network of a million layers is a case of its own.
    new = chance.choice(
        (number + 1, number - 1, -number, number * 10, number**9, number / 2, "many", f"'{number}'", 10**7)
    )
    return text[: one.start()] + str(new) + text[one.end() :]


def _character(text: str, chance: Random) -> str:
    at = chance.randrange(len(text) + 1)
    new = chance.choice(("", " ", "\n", "\0", "\r", "\u2028", "\x85", "\ufeff", "\x1b", "{", "'", '"', "#", ",", "\\"))
    return text[:at] + new + text[at + chance.randrange(2) :]


def _splice(text: str, chance: Random) -> str:
    at, start = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
    return text[:at] + text[start : start + chance.randrange(200)] + text[at:]


def spoilt(text: str, chance: Random) -> str:
    """A text with some places that are not as they were."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        text = chance.choice((_line, _token, _token, _token, _number, _character, _splice))(text, chance)
    return text


# --- trees ------------------------------------------------------------------------------------------------------------


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list or mapping, with an index or a key of it."""
    steps = range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, dict) else ()
    for step in steps:
        yield value, step
        yield from _places(value[step])


def _copy(value: Any) -> Any:
    # Loops, for a comprehension is a frame of its own: a tree of 800 levels must be copied within Python's 1,000.
    if isinstance(value, dict):
        copied = {}
        for key, item in value.items():
            copied[key] = _copy(item)
        return copied
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(_copy(item))  # noqa: PERF401 - see above
        return items
    return value


def _nested(chance: Random) -> Any:
    value: Any = 1
    for _ in range(chance.choice((3, 30, 90, 400))):
        value = [value] if chance.random() < 0.5 else {"a": value}
    return value


def restructured(tree: Any, chance: Random) -> Any:
    """A tree of values, changed at some places. The tree given stays as it is."""
    root = [_copy(tree)]
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = list(_places(root))
        at, step = chance.choice(places)
        other, there = chance.choice(places)
        match chance.randrange(9):
            case 0 if at is not root:
                del at[step]
            case 1:
                at[step] = _copy(other[there])
            case 2:
                at[step], other[there] = _copy(other[there]), _copy(at[step])
            case 3 if isinstance(at, dict):
                at[chance.choice((f"{step}x", str(step).upper(), "", "name", "from", "module", "x" * 100))] = at.pop(
                    step
                )
            case 4 if isinstance(at, list) and at is not root:
                at.insert(step, _copy(other[there]))
            case 5 if chance.random() < 0.2:
                at[step] = _nested(chance)
            case 6 if isinstance(at[step], list):
                at[step] = at[step] * chance.choice((0, 2, 3))
            case 7 if isinstance(at, dict):
                key = chance.choice(("extra", "build_config", "config", "dtype", "shared_object_id"))
                at[key] = _copy(chance.choice(ARSENAL))
            case _:
                at[step] = _copy(chance.choice(ARSENAL))
        if _weight(root) > 20_000 or _depth(root) > 400:
            break
    return root[0]


def _weight(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_weight, value.values()))
    return 1 + sum(map(_weight, value)) if isinstance(value, list) else 1


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def json_text(value: Any, chance: Random) -> str:
    """JSON as a person, a program or Keras writes it."""
    indent = chance.choice((None, None, 1, 2, 4))
    return json.dumps(value, indent=indent, ensure_ascii=chance.random() < 0.5)
