"""Numbers as people read them: Keras's memory sizes, and cnnsum's own bytes and counts.

Knows numbers and formulas, no report. Keras divides by 1024 and writes KB, MB, GB; its part of the table keeps that.
cnnsum's own lines write KiB, MiB, GiB for bytes (powers of 1024) and K, M, G for counts (powers of 1000).
"""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Dim

_KERAS_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_DECIMAL_UNITS = ("", "K", "M", "G", "T", "P", "E")


def keras_memory(size: Dim) -> str:
    """Return `size` bytes as Keras's `readable_memory_size` writes them; a formula keeps the unit B.

    >>> keras_memory(10470660), keras_memory(0)
    ('9.99 MB', '0.00 B')
    """
    if not isinstance(size, int):
        return "?" if size is UNKNOWN else f"{size} B"
    scaled = _quotient(size, 1)
    for unit in _KERAS_UNITS:
        if scaled / 1024 < 1:
            return f"{scaled:.2f} {unit}"
        scaled /= 1024
    return f"{scaled:.2f} {_KERAS_UNITS[-1]}"


def exact(number: Dim) -> str:
    """Return a number with its thousands set apart, a formula in the spec language, or "?" for what is not known.

    >>> exact(2617665)
    '2,617,665'
    """
    return f"{number:,}" if type(number) is int else str(number)


def memory(size: Dim) -> str:
    """Return `size` bytes in B, KiB, MiB, and so on.

    >>> memory(1004), memory(10470660)
    ('1,004 B', '9.99 MiB')
    """
    return _scaled(size, 1024, _BINARY_UNITS)


def count(number: Dim) -> str:
    """Return a count in thousands (K), millions (M), and so on.

    >>> count(896), count(8297856)
    ('896', '8.30 M')
    """
    return _scaled(number, 1000, _DECIMAL_UNITS)


def plain_number(number: Dim) -> int | str | None:
    """Return what a file format holds: the exact integer, a formula as text, or None for what is not known."""
    if type(number) is int:
        return number
    return None if number is UNKNOWN else str(number)


def _scaled(number: Dim, base: int, units: tuple[str, ...]) -> str:
    if not isinstance(number, int):
        return "?" if number is UNKNOWN else f"{number} {units[0]}".rstrip()
    power = 0
    # 999,999 is 1.00 M, not 1000.00 K: what rounds up to the next unit is written in it.
    while power < len(units) - 1 and round(_quotient(abs(number), base**power), 2) >= base:
        power += 1
    if power == 0:
        return f"{number:,} {units[0]}".rstrip()
    return f"{_quotient(number, base**power):,.2f} {units[power]}"


def _quotient(number: int, divisor: int) -> float:
    try:
        return number / divisor
    except OverflowError:  # more than 308 digits
        return float("inf")
