"""cnnsum as a process of its own: in a shell, and on a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = [sys.executable, "-m", "cnnsum"]
_UNUSUAL = {"COLUMNS", "NO_COLOR", "TERM", "PAGER", "LESS", "PYTHONUNBUFFERED", "PYTHONIOENCODING", "CNNSUM_TRACEBACK"}
#: How long a command took so far, which a busy machine shows.
_PROGRESS = re.compile(r"(?:\r[^\r\n]*)+\r")


def environment(**more: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name not in _UNUSUAL}, **more}


def shell(script: str, **more: str) -> tuple[int, str, str]:
    """Run a line of shell in which `cnnsum` is the command."""
    command = ["sh", "-c", f'cnnsum() {{ "{sys.executable}" -m cnnsum "$@"; }}; {script}']
    done = subprocess.run(command, cwd=ROOT, env=environment(**more), capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout.decode(errors="ignore"), done.stderr.decode()


def on_a_terminal(
    *arguments: str, columns: int = 100, lines: int = 40, command: Sequence[str] = COMMAND, **more: str
) -> tuple[int, str]:
    """The exit code, and everything that a process writes to a terminal; without a pager but for CNNSUM_PAGER."""
    fcntl: Any = pytest.importorskip("fcntl")
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    more = {"TERM": "xterm-256color", "CNNSUM_PAGER": "", **more}
    with subprocess.Popen(
        [*command, *arguments], cwd=ROOT, env=environment(**more), stdin=theirs, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # Linux says so that the other side is gone
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return running.returncode, _PROGRESS.sub("", b"".join(parts).decode().replace("\r\n", "\n"))
