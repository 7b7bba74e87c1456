"""What the readers of YAML and JSON have to say about a text, in offsets.

A reader sees a text and nothing else: it knows neither the file's name nor lines and columns. `document` turns
findings into diagnostics.
"""

from __future__ import annotations

from cnnsum.diagnostics import SMALLEST_SPEC
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.diagnostics import Severity

# Limits on what a text may hold, so that no input takes long or breaks a later part.

# No network nests deeper: a model within a model takes three levels, and what reads the values may recurse.
MAX_DEPTH = 100
# More than any size, and few enough for products of them to be printed (Python refuses to print 4,300 digits).
MAX_DIGITS = 100
# Values that aliases stand for: ten levels of ten aliases each would stand for ten thousand million.
MAX_EXPANDED = 100_000
#: Numbers, texts, lists and mappings in a text, all together: 10,000 layers of Keras have 600,000.
MAX_VALUES = 1_000_000
# A file with more findings of one kind is not helped by a longer list.
MAX_FINDINGS = 100


class Finding(NamedTuple):
    """A diagnostic whose places are still offsets into the text; `end` is exclusive, `related` is a second place."""

    code: str
    message: str
    start: int
    end: int
    help: str | None = None
    related: tuple[int, int, str] | None = None
    severity: Severity = "error"


class BadTextError(Exception):
    """The text cannot be read. `offset` is where the reader had to stop, or None where the text is too much."""

    def __init__(self, *findings: Finding, offset: int | None = None) -> None:
        super().__init__(findings[0].message)
        self.findings = findings
        self.offset = offset


def shown(text: str, longest: int = 40) -> str:
    """A piece of the text as a message shows it: in backquotes, and cut when long.

    >>> shown("name")
    '`name`'
    """
    return f"`{text}`" if len(text) <= longest else f"`{text[:longest]}...`"


def empty(message: str = "the file is empty", help: str = SMALLEST_SPEC) -> Finding:
    """The finding for a text without a value."""
    return Finding("SPC004", message, 0, 0, help=help)


def duplicate_key(key: str, start: int, end: int, first: tuple[int, int], *, counts: str = "last") -> Finding:
    """The finding for the second of two equal keys in one mapping. counts: which of them does."""
    return Finding(
        "SPC015",
        f"the key {shown(key)} stands here for the second time; the {counts} one counts",
        start,
        end,
        help="remove or rename one of the two",
        related=(*first, "it stands here first"),
    )


def long_number(start: int, end: int) -> Finding:
    """The finding for an integer of more than `MAX_DIGITS` digits."""
    return Finding("SPC017", f"a number of {end - start} digits is too long (at most {MAX_DIGITS})", start, end)


def not_finite(text: str, start: int, end: int) -> Finding:
    """The warning for a number that is infinite or no number. Keras writes such into JSON, so reading goes on."""
    return Finding("SPC018", f"{shown(text)} is not a finite number", start, end, severity="warning")


def too_many(start: int) -> Finding:
    """The finding for a text with more than `MAX_VALUES` values."""
    return Finding("SPC007", f"the file holds too much: more than {MAX_VALUES:,} values", start, start + 1)


def too_deep(start: int) -> Finding:
    """The finding for a bracket, or a block, that opens a level too many."""
    return Finding("SPC010", f"nested too deep: more than {MAX_DEPTH} levels of lists and mappings", start, start + 1)
