"""What a caller gives: the values that texts stand for, how large they may be, and the words that there are.

Light, for the command line reads it at every start. Knows no model and no answer.
"""

from __future__ import annotations

from operator import index

#: More samples than that fit into no memory, and the numbers would not help anyone.
MOST_SAMPLES = 10**9
#: Sizes that are looked at one by one for a list of those that are accepted.
MOST_LISTED = 1_000_000
#: What `convert` writes.
CONVERTED = ("keras", "yaml", "json", "torch", "keras-py")
#: Those of them that are specs, and in whose words it writes one.
SPECS = ("yaml", "json")
FRAMEWORKS = ("keras", "torch")
#: The checkpoints that `diff` compares weights for: Keras 3's own (`.weights.h5`, `.keras`), and the older `.h5`, whose
#: layers are found by their order or by their names.
CHECKPOINTS = ("keras", "h5", "h5-by-name")
#: What `sizes` sets free on request, beyond sizes of images and lengths of sequences.
FREED = ("channels", "batch")
#: What `explain` tells alone: the topics of `answers.explain`.
EXPLAINED = ("shapes", "parameters", "macs", "memory", "field")
# A number of more digits is not a size; and Python itself refuses to read a few thousand.
_MOST_DIGITS = 18


def whole(value: object) -> int | None:
    """A whole number that code gives, also of a library of arrays, as Python's own; None for what is not one.

    >>> whole(3), whole(True), whole(3.0), whole("3")
    (3, None, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        return index(value)  # type: ignore[arg-type]  # what has no index is not a whole number
    except TypeError:
        return None


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


def named(text: str) -> tuple[tuple[str, ...], str]:
    """The names before a value, and the text of the value, which may compare.

    >>> named("H=W=224"), named("deep=a==b"), named("224")
    ((('H', 'W'), '224'), (('deep',), 'a==b'), ((), '224'))
    """
    names = []
    name, separator, rest = text.partition("=")
    while separator and name.isidentifier() and not rest.startswith("="):
        names.append(name)
        text = rest
        name, separator, rest = text.partition("=")
    return tuple(names), text


def is_not_finite(text: str) -> bool:
    """Whether a text is a number beyond all that there are, or none at all.

    >>> [text for text in ("nan", "-inf", "1e999", "1e3", "relu") if is_not_finite(text)]
    ['nan', '-inf', '1e999']
    """
    try:
        return float(text) - float(text) != 0
    except ValueError:
        return False


def integer(text: str) -> int | None:
    """The whole number in a text; None where it holds anything else, or too many digits."""
    digits = text.removeprefix("-")
    return int(text) if digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS else None
