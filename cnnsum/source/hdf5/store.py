"""The bytes of an HDF5 file, and how much of them may be looked at.

Every structure is read through a `Store`, which knows where the file ends and counts what was read: no damaged or
hostile file makes a reader run longer than one of its size can need. Knows numbers, addresses and checksums, and
nothing of what they mean.
"""

from __future__ import annotations

import struct

from cnnsum.typed import BinaryIO, NoReturn

#: Structures (messages, entries, records) that a file may hold, beyond those that its size speaks for; and at most.
_FREE_STEPS = 20_000
_BYTES_PER_STEP = 8
_MOST_STEPS = 1_000_000
#: Bytes that are read at most, weights not among them: most structures once, their beginnings twice.
_FREE_BYTES = 65_536
_BYTES_PER_BYTE = 4
_MOST_BYTES = 192 * 2**20
#: Bytes of a checksum that count as one step.
_CHECKED_PER_STEP = 32


class DamagedError(Exception):
    """A structure that cannot be as it stands; `offset` is its place in the file, in bytes."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(f"at byte {offset}: {what}")
        self.what = what
        self.offset = offset


class Store:
    """A file's bytes from `start` on, `size` of them.

    Places count from `start`, as addresses do. offset_size, length_size: bytes of an address, and of a length; the
    superblock says them.
    """

    __slots__ = ("_bytes", "_file", "_steps", "length_size", "offset_size", "size", "start")

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self.start = start
        self.size = size
        self.offset_size = 8
        self.length_size = 8
        self._steps = min(_FREE_STEPS + size // _BYTES_PER_STEP, _MOST_STEPS)
        self._bytes = min(_FREE_BYTES + _BYTES_PER_BYTE * size, _MOST_BYTES)

    def spend(self, at: int, steps: int = 1) -> None:
        """Count structures that were looked at; DamagedError once they are more than the file can hold."""
        self._steps -= steps
        if self._steps < 0:
            raise DamagedError("more structures than a file of this size can hold", at)

    def read(self, at: int, length: int, what: str) -> bytes:
        """The `length` bytes at the place `at`; DamagedError where the file does not have them."""
        if at < 0 or at + length > self.size:
            raise DamagedError(f"{what} is beyond the end of the file, which has {self.size} bytes", at)
        self._bytes -= length
        if self._bytes < 0:
            raise DamagedError(f"{what}: more is to be read than a file of this size can hold", at)
        self._file.seek(self.start + at)
        found = self._file.read(length)
        while 0 < len(found) < length:
            more = self._file.read(length - len(found))
            if not more:
                break
            found += more
        if len(found) < length:
            raise DamagedError(f"{what} is cut off by the end of the file", at)
        return found

    def cursor(self, at: int, length: int, what: str) -> Cursor:
        """A cursor at the first of the `length` bytes at the place `at`."""
        return Cursor(self, self.read(at, length, what), at, what)

    def signed(self, at: int, length: int, signature: bytes, what: str) -> Cursor:
        """A cursor behind the signature of the structure at `at`, whose last four bytes must be its checksum."""
        found = self.cursor(at, length, what)
        found.expect(signature)
        self.spend(at, 1 + length // _CHECKED_PER_STEP)
        end = length - 4
        if end < 4 or checksum(found.data[:end]) != int.from_bytes(found.data[end:], "little"):
            raise DamagedError(f"the checksum of {what} is wrong", at)
        found.end = end
        return found


class Cursor:
    """A place in bytes that were read; `start` is where in the file the first of them stands."""

    __slots__ = ("at", "data", "end", "start", "store", "what")

    def __init__(self, store: Store, data: bytes, start: int, what: str) -> None:
        self.store = store
        self.data = data
        self.start = start
        self.what = what
        self.at = 0
        self.end = len(data)

    @property
    def place(self) -> int:
        """Where in the file it stands."""
        return self.start + self.at

    @property
    def left(self) -> int:
        """Bytes that follow."""
        return self.end - self.at

    def fail(self, problem: str, back: int = 0) -> NoReturn:
        """Refuse what stands `back` bytes before."""
        raise DamagedError(f"{self.what} {problem}", self.place - back)

    def take(self, length: int) -> bytes:
        """The next bytes."""
        at = self.at
        if length > self.end - at:
            self.fail("ends too early")
        self.at = at + length
        return self.data[at : self.at]

    def skip(self, length: int) -> None:
        """Pass over bytes."""
        if length > self.end - self.at:
            self.fail("ends too early")
        self.at += length

    def number(self, size: int) -> int:
        """The next number, of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def length(self) -> int:
        """The next length."""
        return int.from_bytes(self.take(self.store.length_size), "little")

    def address(self) -> int | None:
        """The next address, as a place in the file; None for one that is not defined."""
        raw = self.take(self.store.offset_size)
        return None if raw.count(255) == len(raw) else int.from_bytes(raw, "little")

    def some_address(self, what: str) -> int:
        """The next address, which must be defined."""
        found = self.address()
        if found is None:
            self.fail(f"has no address of {what}", self.store.offset_size)
        return found

    def expect(self, signature: bytes) -> None:
        """Pass over a signature, which must be the one given."""
        if self.take(len(signature)) != signature:
            self.fail(f"does not begin with {signature.decode()}", len(signature))

    def version(self, *known: int) -> int:
        """The version that stands next, one of those known."""
        found = self.number(1)
        if found not in known:
            self.fail(f"has the version {found}, which is not known", 1)
        return found

    def part(self, length: int, what: str) -> Cursor:
        """A cursor over the next bytes alone, which this one passes over."""
        start = self.place
        return Cursor(self.store, self.take(length), start, what)


def checksum(data: bytes) -> int:
    """The checksum of HDF5's metadata: Jenkins's lookup3 of the bytes, with the initial value 0.

    >>> hex(checksum(b"Four score and seven years ago"))
    '0x17770551'
    """
    mask = 0xFFFFFFFF
    a = b = c = (0xDEADBEEF + len(data)) & mask
    if not data:
        return c
    blocks = (len(data) - 1) // 12
    x: int
    y: int
    z: int
    for x, y, z in struct.iter_unpack("<III", data[: blocks * 12]):
        a, b, c = a + x, b + y, c + z & mask
        a = (a - c ^ (c << 4 | c >> 28)) & mask
        c = c + b & mask
        b = (b - a ^ (a << 6 | a >> 26)) & mask
        a = a + c & mask
        c = (c - b ^ (b << 8 | b >> 24)) & mask
        b = b + a & mask
        a = (a - c ^ (c << 16 | c >> 16)) & mask
        c = c + b & mask
        b = (b - a ^ (a << 19 | a >> 13)) & mask
        a = a + c & mask
        c = (c - b ^ (b << 4 | b >> 28)) & mask
        b = b + a & mask
    x, y, z = struct.unpack("<III", data[blocks * 12 :].ljust(12, b"\0"))
    a, b, c = a + x & mask, b + y & mask, c + z & mask
    c = (c ^ b) - (b << 14 | b >> 18) & mask
    a = (a ^ c) - (c << 11 | c >> 21) & mask
    b = (b ^ a) - (a << 25 | a >> 7) & mask
    c = (c ^ b) - (b << 16 | b >> 16) & mask
    a = (a ^ c) - (c << 4 | c >> 28) & mask
    b = (b ^ a) - (a << 14 | a >> 18) & mask
    return (c ^ b) - (b << 24 | b >> 8) & mask
