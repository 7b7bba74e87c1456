"""The entries of an archive within an archive: their names and sizes, of which nothing is read.

PyTorch 2.5 and 2.6 write the weights of an exported program so: an archive of a pickle, which is never read, and of a
file for each tensor. Knows no model.
"""

from __future__ import annotations

import io
import struct

from cnnsum.typed import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from zipfile import ZipInfo

#: Of the list of entries at the end of the inner archive; one of a thousand tensors has 100 kB.
MOST_ENTRIES = 100_000
_HEAD = 30


class _Part(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file, self._start, self._length, self._at = file, start, length, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(offset + (0, self._at, self._length)[whence], 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(self._length - self._at, 0)
        self._file.seek(self._start + self._at)
        found = self._file.read(left if size < 0 else min(size, left))
        self._at += len(found)
        return found


def sizes_within(file: BinaryIO, info: ZipInfo, folder: str, most: int) -> tuple[int, ...]:
    """Bytes of the entries in a folder of the archive that is stored as this entry; empty where it is not an archive.

    most: bytes of the list of entries that are read. Raises what reading a damaged archive raises.
    """
    from zipfile import ZIP_STORED, ZipFile, is_zipfile

    if info.compress_type != ZIP_STORED or info.flag_bits & 1:
        return ()
    file.seek(info.header_offset)
    head = file.read(_HEAD)
    if len(head) < _HEAD or not head.startswith(b"PK\x03\x04"):
        return ()
    name, extra = struct.unpack_from("<HH", head, 26)
    part = _Part(file, info.header_offset + _HEAD + name + extra, info.file_size)
    if not is_zipfile(part) or _list_of(part) > most:
        return ()
    with ZipFile(part) as archive:
        if len(archive.filelist) > MOST_ENTRIES:
            return ()
        return tuple(
            [one.file_size for one in archive.filelist if f"/{one.filename}".rpartition("/")[0].endswith(folder)]
        )


def _list_of(part: _Part) -> int:
    """Bytes of the list of entries at the end, as its end record gives them."""
    part.seek(-min(65_557, part.seek(0, 2)), 2)
    tail = part.read()
    at = tail.rfind(b"PK\x05\x06")
    return int(struct.unpack_from("<L", tail, at + 12)[0]) if 0 <= at <= len(tail) - 22 else 0
