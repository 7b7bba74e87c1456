"""Numbers as people read them: Keras's memory sizes, and cnnsum's own bytes and counts.

Knows numbers and formulas, no report. Keras divides by 1024 and writes KB, MB, GB; its part of the table keeps that.
cnnsum's own lines write KiB, MiB, GiB for bytes (powers of 1024) and K, M, G for counts (powers of 1000).
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.dims import UNKNOWN, Dim, is_anonymous

_KERAS_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
#: Prefixes of units, each a thousand (or 1,024) times the one before: the SI has no larger ones.
PREFIXES = ("", "K", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q")
_BINARY_UNITS = ("B", *(f"{prefix}iB" for prefix in PREFIXES[1:]))
_DECIMAL_UNITS = PREFIXES
#: Of integers that a float holds.
_MOST_BITS = 1_023
#: From here on a number in a table is a power of ten.
_LONG = 10**18
#: From here on Python writes a float with an exponent.
_WRITTEN_OUT = 1e16


def keras_memory(size: Dim) -> str:
    """Return `size` bytes as Keras's `readable_memory_size` writes them; a formula keeps the unit B.

    Keras fails on what no float holds; here that is a power of ten.

    >>> keras_memory(10470660), keras_memory(0)
    ('9.99 MB', '0.00 B')
    """
    if not isinstance(size, int):
        return "?" if size is UNKNOWN else f"{size} B"
    if abs(size).bit_length() > _MOST_BITS:
        return f"{_power_of_ten(size)} B"
    scaled = float(size)
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


def in_table(number: Dim) -> str:
    """The same for a column of a table, where what has more than 18 digits is a power of ten: nobody can use it
    digit by digit, and takes the room of all other columns.

    >>> in_table(10**18 - 1), in_table(2**62)
    ('999,999,999,999,999,999', '4.61e18')
    """
    return _power_of_ten(number) if isinstance(number, int) and abs(number) >= _LONG else exact(number)


def value(given: object) -> str:
    """Return a value of a name as a table has it: a whole number with its thousands set apart, also as a decimal.

    >>> value(2617665), value(1e10), value(0.25), value(1e24), value(True), value("relu")
    ('2,617,665', '10,000,000,000', '0.25', '1e+24', 'true', 'relu')
    """
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, float) and given.is_integer() and abs(given) < _WRITTEN_OUT:
        given = int(given)
    return f"{given:,}" if isinstance(given, (int, float)) else str(given)


def memory(size: Dim) -> str:
    """Return `size` bytes in B, KiB, MiB, and so on up to QiB (1024**10), and beyond as a power of ten.

    >>> memory(1004), memory(10470660), memory(2**100), memory(2**200)
    ('1,004 B', '9.99 MiB', '1.00 QiB', '1.61e60 B')
    """
    return _scaled(size, 1024, _BINARY_UNITS)


def count(number: Dim) -> str:
    """Return a count in thousands (K), millions (M), and so on up to Q (1000**10), and beyond as a power of ten.

    >>> count(896), count(8297856), count(25 * 10**32), count(10**400)
    ('896', '8.30 M', '2.50e33', '1.00e400')
    """
    return _scaled(number, 1000, _DECIMAL_UNITS)


def plain_number(number: Dim) -> int | str | None:
    """Return what a file format holds: the exact integer, a formula as text, or None for what is not known."""
    if type(number) is int:
        return number
    return None if number is UNKNOWN else str(number)


def plain_shape(shape: Sequence[Dim] | None) -> list[int | str | None] | None:
    """Return a shape as a file format holds it: None where it is unknown, and for dims that are or have no name."""
    if shape is None:
        return None
    return [dim if type(dim) is int else None if is_anonymous(dim) else plain_number(dim) for dim in shape]


def _scaled(number: Dim, base: int, units: tuple[str, ...]) -> str:
    if not isinstance(number, int):
        return "?" if number is UNKNOWN else f"{number} {units[0]}".rstrip()
    size = abs(number)
    # The first power that may do; integers have no largest, floats do.
    power = max((size.bit_length() - 1) // base.bit_length() - 1, 0)
    # 999,999 is 1.00 M, not 1000.00 K: what rounds up to the next unit is written in it.
    while power < len(units) and round(size / base**power, 2) >= base:
        power += 1
    if power == 0:
        return f"{number:,} {units[0]}".rstrip()
    if power >= len(units):
        return f"{_power_of_ten(number)} {units[0]}".rstrip()
    return f"{number / base**power:,.2f} {units[power]}"


def _power_of_ten(number: int) -> str:
    """A number with two decimals and a power of ten, however many digits it has."""
    size = abs(number)
    power = max((size.bit_length() - 1) * 30_102 // 100_000 - 1, 0)  # log10(2), rounded down
    while round(size / 10**power, 2) >= 10:
        power += 1
    return f"{number / 10**power:.2f}e{power}"
