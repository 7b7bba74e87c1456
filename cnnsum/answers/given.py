"""What a caller gives as a text: the values that texts stand for, and how large they may be."""

from __future__ import annotations

#: More samples than that fit into no memory, and the numbers would be no help to anyone.
MOST_SAMPLES = 10**9
#: Sizes that are looked at one by one for a list of those that are accepted.
MOST_LISTED = 1_000_000
# A number of more digits is not a size; and Python itself refuses to read a few thousand.
_MOST_DIGITS = 18


def setting(text: str) -> int | float | bool | str:
    """The value that a text stands for.

    >>> setting("3"), setting("0.5"), setting("true"), setting("relu")
    (3, 0.5, True, 'relu')
    """
    if text in {"true", "false"}:
        return text == "true"
    number = integer(text)
    if number is not None:
        return number
    try:
        real = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        real = None
    return text if real is None or real != real or abs(real) == float("inf") else real  # noqa: PLR0124 - NaN


def integer(text: str) -> int | None:
    """The whole number in a text; None where it holds anything else, or too many digits."""
    digits = text.removeprefix("-")
    return int(text) if digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS else None
