"""How far a command is: a line of the terminal after a second, which is gone when anything is written."""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any

import pytest

from cnnsum.cli import progress

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")


class Terminal(io.StringIO):
    """What a process takes for a terminal, of 40 columns."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.number


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    fcntl: Any = pytest.importorskip("fcntl")
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    stream = Terminal(theirs)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_PATIENCE", 0.01)
    monkeypatch.setattr(progress, "_PAUSE", 0.01)
    yield stream
    progress.end()
    os.close(ours)
    os.close(theirs)


def test_what_takes_long_is_said_by_itself(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        progress.begin("reading\x1b[31m a.onnx")
        deadline = time.monotonic() + 60
        while not terminal.getvalue() and time.monotonic() < deadline:
            pass  # the command is busy, and does not know of the line
        assert re.match(r"\rreading\\x1b\[31m a.onnx \(\d+ s\)", terminal.getvalue())
        progress.end()
        drawn = terminal.getvalue()
        assert drawn.endswith(f"\r{' ' * len(drawn.rsplit(chr(13), 3)[1])}\r")
        time.sleep(0.05)
        assert terminal.getvalue() == drawn


def test_counts(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with redirect_stderr(terminal):
        progress.begin("looking")
        time.sleep(0.02)
        progress.count(1200, 40_000, "files")
        progress.count(3, None, "tries")
        progress.count(3, None, "tries of a very long name that breaks")
        time.sleep(0.02)
        said = [line.rstrip() for line in terminal.getvalue().split("\r")]
        assert "3 tries of a very long name that breaks" in said  # 39 columns: the last one would break the line
        assert max(map(len, said)) == 39


@pytest.mark.parametrize("how", ["quiet", "dumb", "no terminal"])
def test_where_nothing_is_said(how: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with redirect_stderr(terminal):
        if how == "dumb":
            monkeypatch.setenv("TERM", "dumb")
        if how == "no terminal":
            monkeypatch.setattr(Terminal, "isatty", lambda _self: False)
        progress.begin("reading", quiet=how == "quiet")
        time.sleep(0.03)
        progress.count(1, 2, "files")
        progress.end()
        assert terminal.getvalue() == ""


def test_what_is_written_takes_its_place(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        from cnnsum.cli.output import say

        progress.begin("reading")
        time.sleep(0.05)
        say("done")
        time.sleep(0.05)
        assert terminal.getvalue().endswith("\rdone\n")
        assert terminal.getvalue().count("done") == 1


def test_a_line_that_cannot_be_written_is_not_tried_again(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with redirect_stderr(terminal):
        tries: list[str] = []

        def full(text: str) -> int:
            tries.append(text)
            raise OSError("no space left")

        monkeypatch.setattr(terminal, "write", full)
        progress.begin("reading")
        time.sleep(0.1)
        assert len(tries) == 1
