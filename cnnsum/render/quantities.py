"""Quantities as people write them: 8GiB, 512MB, 5M, 1.5G, 100000.

The inverse of what `cnnsum.render.units` writes. All is exact: fractions of a byte are refused, not rounded. Knows
texts and numbers, and nothing of what is measured.
"""

from __future__ import annotations

import re

from cnnsum.render.units import PREFIXES
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

#: Counts, in powers of 1000.
COUNTS = {prefix: 1000**power for power, prefix in enumerate(PREFIXES)}
#: Bytes: KiB, MiB, and so on in powers of 1024, KB and MB in powers of 1000.
BYTES = {f"{prefix}B": 1000**power for power, prefix in enumerate(PREFIXES)} | {
    f"{prefix}iB": 1024**power for power, prefix in enumerate(PREFIXES) if prefix
}

_NUMBER = re.compile(r"(\d[\d_,]*\.?\d*|\.\d+)\s*([A-Za-z]*)", re.ASCII)
_MOST_LENGTH = 40


class QuantityError(ValueError):
    """A text that is not a quantity of the wanted kind; the message says what to write."""


def memory(text: str) -> int:
    """The bytes that a text stands for; a number alone is bytes.

    Raises QuantityError.

    >>> memory("8GiB"), memory("8 GB"), memory("512MiB"), memory("1.5kib"), memory("4096")
    (8589934592, 8000000000, 536870912, 1536, 4096)
    >>> memory("8G")
    Traceback (most recent call last):
    cnnsum.render.quantities.QuantityError: `8G` can be 8GiB (8,589,934,592 bytes) or 8GB (8,000,000,000): write which
    """
    number, unit = _parts(text, "an amount of memory", "8GiB, 512MB or a number of bytes")
    known = {name.lower(): size for name, size in BYTES.items()}
    if unit.upper() in PREFIXES[1:]:
        prefix = unit.upper()
        binary, decimal = number * BYTES[f"{prefix}iB"], number * BYTES[f"{prefix}B"]
        digits = text.strip()[: -len(unit)].strip()
        raise QuantityError(
            f"`{text}` can be {digits}{prefix}iB ({_shown(binary)} bytes) or {digits}{prefix}B "
            f"({_shown(decimal)}): write which"
        )
    if unit and unit.lower() not in known:
        raise QuantityError(f"`{text}`: there is no unit of memory `{unit}` (they are {', '.join(BYTES)})")
    return _whole(number * (known[unit.lower()] if unit else 1), text, " bytes")


def count(text: str) -> int:
    """The number that a text stands for.

    Raises QuantityError.

    >>> count("5M"), count("1.5G"), count("25,000"), count("0.5k")
    (5000000, 1500000000, 25000, 500)
    """
    number, unit = _parts(text, "a count", "5M, 1.5G or 25000")
    if unit.upper() not in COUNTS:
        raise QuantityError(f"`{text}`: there is no unit `{unit}` of counts (they are {', '.join(PREFIXES[1:])})")
    return _whole(number * COUNTS[unit.upper()], text)


def _parts(text: str, what: str, example: str) -> tuple[Fraction, str]:
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= _MOST_LENGTH else None
    if match is None:
        raise QuantityError(f"`{text[:_MOST_LENGTH]}` is not {what}: write {example}")
    from fractions import Fraction  # which takes longer to load than the rest of this module

    digits = match[1].replace(",", "").replace("_", "")
    return Fraction(digits.removesuffix(".")), match[2]


def _whole(amount: Fraction, text: str, unit: str = "") -> int:
    if amount.denominator != 1:
        is_one = text.strip()[-1] in "0123456789."  # written without a unit
        raise QuantityError(f"`{text}` is not a whole number{'' if is_one else f': it is {float(amount):,}{unit}'}")
    if not amount:
        raise QuantityError(f"`{text}` is nothing: a limit is more than 0")
    return amount.numerator


def _shown(amount: Fraction) -> str:
    return f"{amount.numerator:,}" if amount.denominator == 1 else f"{float(amount):,}"
