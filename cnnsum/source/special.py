"""Paths that are not plain files: pipes, terminals, devices, sockets. One that would never answer is refused.

Loaded for such a path only. Knows the file system, and nothing of what is read or written.
"""

from __future__ import annotations

import io
import os
import stat
import time

from cnnsum.source.raw import NotAFileError
from cnnsum.typed import BinaryIO

#: Seconds in which the other end of a named pipe must be opened; a shell that was started with us takes a moment.
PATIENCE = 1.0
_PAUSE = 0.01
_HEAD = 65_536


def open_special(path: str) -> BinaryIO:
    """Open what is not a plain file to be read: a pipe that something writes to, a terminal, or /dev/null.

    Raises NotAFileError for all else, and OSError. A pipe whose writer is there is waited for as standard input is.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISFIFO(mode):
        return _open_pipe(path)
    _refuse_others(path, mode)
    if path == os.devnull or os.path.samefile(path, os.devnull):
        return open(path, "rb")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    if not os.isatty(descriptor):
        os.close(descriptor)
        raise NotAFileError(f"`{path}` is a device")
    os.set_blocking(descriptor, True)
    return open(descriptor, "rb")


def open_special_to_write(path: str) -> BinaryIO:
    """Open what is not a plain file to be written: a pipe that something reads from, or a device that is not a disk."""
    mode = os.stat(path).st_mode
    if stat.S_ISFIFO(mode):
        return open(_descriptor_to_write(path), "wb")
    if not stat.S_ISCHR(mode):
        _refuse_others(path, mode)
    return open(path, "wb")


def _refuse_others(path: str, mode: int) -> None:
    if stat.S_ISSOCK(mode):
        raise NotAFileError(f"`{path}` is a socket")
    if stat.S_ISBLK(mode):
        raise NotAFileError(f"`{path}` is a device")


def _open_pipe(path: str) -> BinaryIO:
    raw = io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    end = time.monotonic() + PATIENCE
    # b"": nobody has opened it to write; None: somebody has, and wrote nothing yet.
    while (head := raw.read(_HEAD)) == b"":
        if time.monotonic() > end:
            raw.close()
            raise NotAFileError(f"`{path}` is a pipe that nothing writes to")
        time.sleep(_PAUSE)
    os.set_blocking(raw.fileno(), True)
    return io.BufferedReader(_Begun(head or b"", raw))


def _descriptor_to_write(path: str) -> int:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if time.monotonic() > end:
                raise NotAFileError("it is a pipe that nothing reads from") from error
            time.sleep(_PAUSE)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


class _Begun(io.RawIOBase):
    """A stream of which the beginning was read."""

    def __init__(self, head: bytes, rest: io.FileIO) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # what BufferedReader passes
        """Read the beginning first."""
        if not self._head:
            return self._rest.readinto(buffer)
        count = min(len(buffer), len(self._head))
        buffer[:count] = self._head[:count]
        self._head = self._head[count:]
        return count

    def close(self) -> None:
        """Close the stream, too."""
        self._rest.close()
        super().close()
