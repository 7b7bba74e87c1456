"""How wide the terminal is, for those who write to it and for --help, which needs nothing else of them."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # what mypy takes for typing's
if TYPE_CHECKING:
    from typing import TextIO


def terminal_columns() -> int:
    """Columns of the terminal as Keras takes them: COLUMNS first, else the terminal of standard output, else 80."""
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        columns = 0
    return columns if columns > 0 else columns_of(sys.__stdout__)


def columns_of(stream: TextIO | None) -> int:
    """Columns of the terminal that a stream is; 80 of what is not a terminal, or does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80  # type: ignore[union-attr]  # None is caught
    except (AttributeError, ValueError, OSError):
        return 80
