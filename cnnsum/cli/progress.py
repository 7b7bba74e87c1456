"""How far a command is: one line of the terminal, once it takes longer than a second, gone when anything is written.

There is one such line for the process. Knows neither what is done nor where results go.
"""

from __future__ import annotations

import os
import sys
from time import monotonic

#: Seconds until something is said, and between two times.
_PATIENCE = 1.0
_PAUSE = 0.25


class _Line:
    """What stands in the line, and since when."""

    def __init__(self) -> None:
        self.shown = False
        self.begun = self.due = 0.0
        self.what = self.count = ""
        self.width = 0

    def draw(self) -> None:
        """Write the line anew, as wide as the terminal at most: a broken line could not be taken back."""
        self.due = monotonic() + _PAUSE
        told = " ".join(filter(None, (self.count or self.what, f"({monotonic() - self.begun:.0f} s)")))
        from cnnsum.cli.terminal import columns_of

        told = told[: columns_of(sys.stderr) - 1]
        self._put(f"\r{told:<{self.width}}")
        self.width = len(told)

    def clear(self) -> None:
        """Leave an empty line."""
        if self.width:
            self._put(f"\r{'':{self.width}}\r")
            self.width = 0

    def _put(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):  # full, or closed
            self.shown = False
            _every(0)


_LINE = _Line()


def begin(what: str, *, quiet: bool = False) -> None:
    """From now on say what is done, and for how long, if it takes longer than a second and there is a terminal."""
    end()
    if quiet or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return
    from cnnsum.ink import harmless  # --help needs none

    _LINE.shown = True
    _LINE.begun = monotonic()
    _LINE.due = _LINE.begun + _PATIENCE
    _LINE.what, _LINE.count = harmless(what), ""
    _every(_PATIENCE)


def count(done: int, every: int | None, what: str) -> None:
    """Say how many of all are done; `what` is counted. every: None where nobody knows how many there will be."""
    if not _LINE.shown:
        return
    _LINE.count = f"{done:,} {what}" if every is None else f"{done:,} of {every:,} {what}"
    if monotonic() >= _LINE.due:
        _LINE.draw()


def end() -> None:
    """Say nothing more, and take the line back."""
    if not _LINE.shown:
        return
    _LINE.shown = False
    _every(0)
    _LINE.clear()


def _every(first: float) -> None:
    """Have the line drawn after that many seconds and from then on again and again; 0 for no more.

    By a signal and not by a thread, which would stand in the way of processes that are copies of this one. Where there
    are no such signals, the line is drawn when something is counted.
    """
    import _signal as signals  # type: ignore[import-not-found]  # `signal` takes its time to load

    if not hasattr(signals, "setitimer"):
        return
    try:
        signals.signal(signals.SIGALRM, _tick if first else signals.SIG_DFL)
    except ValueError:  # not in the main thread
        return
    signals.setitimer(signals.ITIMER_REAL, first, _PAUSE if first else 0)


def _tick(_number: int, _frame: object) -> None:
    if _LINE.shown:
        _LINE.draw()
