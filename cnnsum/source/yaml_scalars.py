"""The core schema of YAML 1.2: what a scalar without quotes stands for.

https://yaml.org/spec/1.2.2/#103-core-schema. PyYAML's own resolver is that of YAML 1.1, in which `on` is true,
`1:30` is 90, `010` is 8 and `1_0` is 10; here they are two texts, the number 10, and a text.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_NAMED: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + name: float("inf") for sign in ("", "+") for name in (".inf", ".Inf", ".INF")},
    **{"-" + name: float("-inf") for name in (".inf", ".Inf", ".INF")},
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
#: Compiled where a text may be one: few specs have fractions.
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_MAY_START_NUMBER = frozenset("0123456789+-.")


def resolve(text: str, digits: int) -> Scalar:
    """The value of a plain scalar.

    Raises `OverflowError` for an integer of more than `digits` digits: reading one takes long.

    >>> [resolve(text, 9) for text in ("", "true", "on", "010", "0x1f", "1_0", "1:30", "1e3", "1.")]
    [None, True, 'on', 10, 31, '1_0', '1:30', 1000.0, 1.0]
    """
    if text in _NAMED:
        return _NAMED[text]
    if text[0] not in _MAY_START_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        if len(text.lstrip("+-")) > digits:
            raise OverflowError
        prefix = text[:2]
        return int(text, 8) if prefix == "0o" else int(text, 16) if prefix == "0x" else int(text)
    return float(text) if re.fullmatch(_FLOAT, text) else text
