"""Files that are messages and no texts: how they are read, block by block, where the parts stand, how one is refused.

A message is a mapping of its fields by name that knows its bytes in the file. What is not looked at (weights) is not
read. Knows no format: a module for each has the way from bytes to a message.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from cnnsum.diagnostics import Diagnostic, Span, UnusableError
from cnnsum.typed import Any, BinaryIO, NamedTuple, NoReturn

#: Bytes that are read at once.
BLOCK = 32_768
#: Bytes that are put into the sum at once.
_PIECE = 1 << 20


class Message(dict[str, Any]):
    """The fields of a message that are there, by name; `start` and `end` are its bytes in the file."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        super().__init__()
        self.start = start
        self.end = end


class BadMessageError(Exception):
    """The bytes are not a message; `what` says why, `offset` where. too_large: whether only a limit is passed."""

    def __init__(self, what: str, offset: int, *, too_large: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.offset = offset
        self.too_large = too_large


class MessagePlaces:
    """Where the parts of a message are in the file: a field that is not a message stands where its message does."""

    def __init__(self, root: Message) -> None:
        self._root = root

    def find(self, path: tuple[str | int, ...], *, key: bool = False) -> tuple[int, int]:  # noqa: ARG002 - no keys here
        """The bytes of the innermost message on the way to a path."""
        value: Any = self._root
        found = self._root
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(value, Message):
                found = value
        return found.start, found.end

    def path_at(self, offset: int) -> tuple[tuple[str | int, ...], bool]:  # noqa: ARG002 - nobody points into bytes
        """The whole: no editor shows a message."""
        return (), False


class Blocks:
    """The bytes of a file, of which a block is in memory: what is not asked for is not read.

    A file that is mapped into memory would do as well, but counts whole as memory of the process where the system maps
    more around what is looked at; and one that somebody cuts meanwhile would end the process.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        self._start = 0
        self._block = b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, key: int | slice) -> Any:
        """A byte, or those between two places."""
        if isinstance(key, int):
            at = key - self._start
            return self._block[at] if 0 <= at < len(self._block) else self._read(key, key + 1)[0]
        start, end = int(key.start or 0), self._size if key.stop is None else int(key.stop)
        at = start - self._start
        if at >= 0 and end - self._start <= len(self._block):
            return self._block[at : end - self._start]
        return self._read(start, end)

    def _read(self, start: int, end: int) -> bytes:
        """The bytes from a place on, whose block is kept; raises BadMessageError where the file has become shorter."""
        self._file.seek(start)
        self._start, self._block = start, self._file.read(max(BLOCK, end - start))
        if len(self._block) < end - start:
            raise BadMessageError("the file has become shorter while it was read", start)
        return self._block[: end - start]


#: From the bytes of a file to its message, and the places (start, end) of what was left out. Raises BadMessageError.
Decode = Callable[[Blocks], tuple[Message, list[tuple[int, int]]]]


class Read(NamedTuple):
    """A file that was read: the name of its format, its message, and the SHA-256 of all bytes but those that were left
    out.
    """

    format: str
    message: Message
    sha256: str


def read_message(file: BinaryIO, path: str, format: str, what: str, decode: Decode) -> Read:
    """What a file holds, which must be one that can be moved in. what: how a finding calls it ("ONNX file").

    Raises UnusableError for one that is damaged or passes a limit, at the byte, counted from 1 as a column of line 1.
    """
    blocks = Blocks(file)
    try:
        message, left = decode(blocks)
        digest = sha256()
        at = 0
        for start, end in (*sorted(left), (len(blocks), len(blocks))):
            for piece in range(at, start, _PIECE):
                digest.update(blocks[piece : min(piece + _PIECE, start)])
            at = max(at, end)  # what is left out may overlap in a damaged file
    except BadMessageError as error:
        refuse(error, path, what)
    return Read(format, message, digest.hexdigest())


def refuse(error: BadMessageError, path: str, what: str) -> NoReturn:
    """Say what is wrong with the bytes of a file, which a finding calls `what`, and where. Raises UnusableError."""
    span = Span(path, 1, error.offset + 1, 1, error.offset + 2)
    how = "is too much" if error.too_large else "is damaged"
    message = f"the {what} {how}: at byte {error.offset:,}, {error.what}"
    from cnnsum.source.broken_off import again

    raise UnusableError(Diagnostic("SPC067", message, span, help=None if error.too_large else again(path))) from None
