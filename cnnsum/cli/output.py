"""Where results and diagnostics go: standard output or a file, written whole or not at all; standard error for the
rest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from cnnsum.diagnostics import Diagnostic

_RANK = {"error": 0, "warning": 1, "note": 2}


def wants_color(choice: str, stream: TextIO) -> bool:
    """Whether to use colours on a stream: as chosen, else on a terminal without NO_COLOR."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def terminal_columns() -> int:
    """Columns of the terminal as Keras takes them: COLUMNS first, else the terminal of standard output, else 80."""
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr]  # None is caught
        except (AttributeError, ValueError, OSError):
            columns = 80
    return columns or 80


def write_colored(lines: Iterable[list[tuple[str, str]]], stream: TextIO) -> None:
    """Write styled lines through rich, which knows what the terminal can show."""
    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=stream,
        force_terminal=True,
        color_system="auto" if stream.isatty() else "256",
        highlight=False,
        markup=False,
    )
    for line in lines:
        console.print(Text.assemble(*line), soft_wrap=True)


def write_plain(chunks: Iterable[str], stream: TextIO) -> None:
    """Write text as it is; what the stream's encoding cannot write is replaced."""
    for chunk in chunks:
        try:
            stream.write(chunk)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(chunk.encode(encoding, "replace").decode(encoding))


def write_file(path: str, chunks: Iterable[str]) -> None:
    """Write a file whole or not at all: beside it first, then in its place.

    What is not a plain file (a pipe, /dev/null) is written to directly. Raises OSError.
    """
    if os.path.lexists(path) and not os.path.isfile(path):
        with open(path, "w", encoding="utf-8", newline="") as stream:
            stream.writelines(chunks)
        return
    target = os.path.realpath(path)
    draft = f"{target}.{os.getpid()}.tmp"
    try:
        with open(draft, "x", encoding="utf-8", newline="") as stream:
            stream.writelines(chunks)
        if os.path.exists(target):
            os.chmod(draft, os.stat(target).st_mode & 0o7777)
        os.replace(draft, target)
    except BaseException:
        if os.path.exists(draft):
            os.unlink(draft)
        raise


def report_diagnostics(
    found: Iterable[Diagnostic],
    line_of: Callable[[str, int], str | None],
    *,
    color: str = "auto",
    quiet: bool = False,
    verbose: bool = False,
) -> None:
    """Write diagnostics to standard error: errors and warnings, or only errors, or notes too."""
    limit = 0 if quiet else 2 if verbose else 1
    shown = [diagnostic for diagnostic in found if _RANK[diagnostic.severity] <= limit]
    if not shown:
        return
    from cnnsum.report import diagnose

    sys.stdout.flush()
    if wants_color(color, sys.stderr):
        write_colored(diagnose.segments(shown, line_of), sys.stderr)
    else:
        write_plain((line + "\n" for line in diagnose.render(shown, line_of)), sys.stderr)


class Sources:
    """Lines of the files that diagnostics speak of: those already read, others read again when they are needed."""

    def __init__(self, documents: Iterable[Any] = ()) -> None:
        self._line: dict[str, Callable[[int], str]] = {document.path: document.line for document in documents}

    def __call__(self, path: str, number: int) -> str | None:
        """The text of a line, or None where the file cannot be read."""
        line = self._line.get(path)
        if line is None:
            line = self._line[path] = _reader(path)
        return line(number)


def _reader(path: str) -> Callable[[int], str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            lines = stream.read(16 * 2**20).split("\n")
    except (OSError, ValueError):
        lines = []
    return lambda number: lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""
