"""What is wrong, where, and under which code.

Everything that cnnsum has to say about an input is a `Diagnostic`. This module knows no format, no layer and no
screen: it holds the records, and the one way to say "did you mean".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# Every code and its title. A code is never reused for something else.
CODES: dict[str, str] = {
    "SPC001": "file not found",
    "SPC002": "not a file",
    "SPC003": "file cannot be read",
    "SPC004": "empty file",
    "SPC005": "not a text file",
    "SPC006": "not UTF-8",
    "SPC007": "file too large",
    "SPC008": "syntax error",
    "SPC009": "text ends too early",
    "SPC010": "nested too deep",
    "SPC011": "aliases stand for too much",
    "SPC012": "alias within its own value",
    "SPC013": "alias without an anchor",
    "SPC014": "more than one document",
    "SPC015": "key given twice",
    "SPC016": "key is not text",
    "SPC017": "number too long",
    "SPC018": "number not finite",
    "SPC019": "unknown or wrong tag",
    "SPC020": "merge of something that is no mapping",
    "SPC021": "character not allowed",
    "SAF601": "tag that asks for a program to be run",
}


class Span(NamedTuple):
    """A place in a text: lines and columns count from 1; the end column is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Related(NamedTuple):
    """A second place that explains a diagnostic ("the other arm is made here")."""

    span: Span
    message: str


class Diagnostic(NamedTuple):
    """One finding. `severity` is "error", "warning" or "note"; `help` says how to mend it."""

    code: str
    message: str
    span: Span | None = None
    severity: str = "error"
    help: str | None = None
    related: tuple[Related, ...] = ()

    def __str__(self) -> str:
        place = "" if self.span is None else f"{self.span.path}:{self.span.line}:{self.span.column}: "
        return f"{place}{self.code} {self.message}"


class Problem(Exception):
    """Raised by the part that detects a fault and does not know where it stands; others add the place.

    `field` is the path, within the layer's fields, of the value at fault (("kernel_size", 1)), or ().
    """

    def __init__(
        self, code: str, message: str, field: str | tuple[str | int, ...] = (), *, help: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = (field,) if isinstance(field, str) else field
        self.help = help


class UnusableError(Exception):
    """The file cannot be used at all (not found, unreadable, not a model): exit code 2."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that `name` was probably meant to be, or None.

    >>> nearest("Conv2d", ["Dense", "Conv2D"])
    'Conv2D'
    >>> nearest("kernal_size", ["kernel_size", "strides"])
    'kernel_size'
    """
    folded: dict[str, str] = {}
    for choice in choices:
        folded.setdefault(_fold(choice), choice)
    wanted = _fold(name)
    if wanted in folded:
        return folded[wanted]
    from difflib import get_close_matches

    found = get_close_matches(wanted, folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else None


def did_you_mean(name: str, choices: Iterable[str]) -> str | None:
    """The help line "did you mean X?", or None where nothing is near."""
    near = nearest(name, choices)
    return None if near is None else f"did you mean `{near}`?"


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
