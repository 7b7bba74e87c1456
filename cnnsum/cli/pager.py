"""The pager: what is longer than the terminal's screen is read in it, as in git.

Knows streams and processes, not what is written to them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from cnnsum.cli import progress
from cnnsum.typed import IO, TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from subprocess import Popen

#: What git gives less, too: it ends at once where all fits, passes colours on, and leaves the screen as it is.
_LESS = "FRX"
#: The exit code of a pager that an interrupt ended, and characters that no pipe holds unless somebody reads it.
_INTERRUPTED, _READ = 130, 1 << 20
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def page(chunks: Iterable[str], terminal: TextIO) -> Iterable[str]:
    """Have what is longer than the screen read in the pager; gives what is left to be written to the terminal.

    That is all of it where it fits the screen, or where there is no pager. Returns when the reader is done; one who
    leaves early has seen enough.
    """
    try:
        size = os.get_terminal_size(terminal.fileno())
    except (OSError, ValueError):
        return chunks
    command = _command()
    if not command or size.lines == 0:
        return chunks
    remaining = iter(chunks)
    first: list[str] = []
    rows = 0
    for chunk in remaining:
        first.append(chunk)
        rows += _rows(chunk, size.columns or 80)
        if rows >= size.lines:  # the prompt stands below
            return _left_by(command, chain(first, remaining), terminal)
    return first


def _command() -> list[str]:
    """The words of the pager's call; none where there is no pager, or none is wanted."""
    asked = os.environ.get("CNNSUM_PAGER", os.environ.get("PAGER"))
    if asked is not None and asked.strip() in ("", "cat"):
        return []
    import shlex
    from shutil import which

    try:
        words = ["less", f"-{_LESS}"] if asked is None else shlex.split(asked)
    except ValueError:  # a quote that is not closed
        return []
    program = which(words[0]) if words else None
    return [] if program is None else [program, *words[1:]]


def _rows(text: str, columns: int) -> int:
    """Rows of the screen that lines take."""
    lines = _COLOR.sub("", text).split("\n")
    return len(lines) - 1 + sum((len(line) - 1) // columns for line in lines if line)


def _left_by(command: list[str], chunks: Iterator[str], terminal: TextIO) -> Iterable[str]:
    """Give a text to the pager and wait for its reader; gives what is left to be written: all of it where the pager
    could not be started, or failed before anyone can have read it.
    """
    import subprocess

    environment = {"LESS": _LESS, "LV": "-c", **os.environ}
    terminal.flush()
    progress.end()
    try:
        pager = subprocess.Popen(  # noqa: S603 - the user's own choice, as in every program with a pager
            command,
            stdin=subprocess.PIPE,
            env=environment,
            text=True,
            encoding=terminal.encoding,
            errors="replace",
        )
    except OSError:
        return chunks
    assert pager.stdin is not None
    given: list[str] = []
    try:
        _give(chunks, pager.stdin, given)
    finally:
        _wait(pager)
    failed = pager.returncode > 0 and pager.returncode != _INTERRUPTED
    return chain(given, chunks) if failed and sum(map(len, given)) < _READ else ()


def _give(chunks: Iterable[str], pipe: IO[str], given: list[str]) -> None:
    """Write until the reader is gone, or interrupts what is being made: what is there can still be read.

    given: is told what was written, up to where somebody must be reading.
    """
    written = 0
    try:
        with pipe:
            for chunk in chunks:
                if written < _READ:
                    written += len(chunk)
                    given.append(chunk)
                pipe.write(chunk)
    except (BrokenPipeError, KeyboardInterrupt):
        pass


def _wait(pager: Popen[str]) -> None:
    """Wait for the reader. An interrupt is for the pager, which knows what it means there."""
    while True:
        try:
            pager.wait()
        except KeyboardInterrupt:
            continue
        return
