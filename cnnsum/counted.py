"""Numbers with what they count, as in `1 file` and `2 files`, which all others may use. Knows nothing of cnnsum."""

from __future__ import annotations


def counted(number: object, noun: str, plural: str | None = None) -> str:
    """A number with its noun; a formula and what is not known have the plural, as all but one have.

    >>> counted(1, "file"), counted(1_200, "file"), counted(0, "entry", "entries")
    ('1 file', '1,200 files', '0 entries')
    """
    shown = f"{number:,}" if type(number) is int else f"{number}"
    return f"{shown} {noun}" if shown == "1" else f"{shown} {plural or f'{noun}s'}"
