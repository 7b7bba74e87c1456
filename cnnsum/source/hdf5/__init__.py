"""HDF5 files: the names in them, the shapes of arrays, and attributes that are text. Never the data of an array.

Reads what h5py and Keras write, of all versions of the file format; needs no library. A damaged file is a
`DamagedError` with the place in it, and takes no more time than a sound one of its size. Knows no model.
"""

from __future__ import annotations

from cnnsum.source.hdf5.heaps import GlobalHeap
from cnnsum.source.hdf5.messages import shown
from cnnsum.source.hdf5.objects import Object, TooLargeError
from cnnsum.source.hdf5.store import DamagedError, Store
from cnnsum.typed import BinaryIO

__all__ = ["SIGNATURE", "DamagedError", "File", "Object", "TooLargeError", "shown"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"

#: Soft links that lead to soft links.
_MOST_SOFT = 16
_MOST_PARTS = 100


class File:
    """An HDF5 file in the bytes of another: `size` of them from `start` on. `root` is its outermost group.

    Raises DamagedError.
    """

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        store = self._store = Store(file, start, size)
        address = _superblock(store)
        self._heap = GlobalHeap(store)
        self._objects: dict[int, Object] = {}
        self.root = self.at(address)

    def at(self, address: int) -> Object:
        """The object at an address."""
        found = self._objects.get(address)
        if found is None:
            found = self._objects[address] = Object(self._store, self._heap, address)
        return found

    def find(self, path: str, base: Object | None = None) -> Object | None:
        """The object at a path such as "layers/dense/vars", from `base` on; None where there is none."""
        return self._find(path, self.root if base is None else base, _MOST_SOFT)

    def _find(self, path: str, base: Object, soft: int) -> Object | None:
        found = self.root if path.startswith("/") else base
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if len(parts) > _MOST_PARTS:
            return None
        for part in parts:
            self._store.spend(found.address)
            link = found.links.get(part) if found.is_group else None
            if link is None:
                return None
            if link.address is not None:
                found = self.at(link.address)
                continue
            if link.path is None or not soft:
                return None
            led = self._find(link.path, found, soft - 1)
            if led is None:
                return None
            found = led
        return found


def find_start(head: bytes) -> int | None:
    """Where a file that begins with `head` turns to HDF5: at 0, or behind a block of the user's; None if nowhere."""
    at = 0
    while at < len(head):
        if head.startswith(SIGNATURE, at):
            return at
        at = at * 2 or 512
    return None


def _superblock(store: Store) -> int:
    """Read the superblock; gives the address of the outermost group."""
    cursor = store.cursor(0, min(128, store.size), "the superblock")
    cursor.expect(SIGNATURE)
    version = cursor.version(0, 1, 2, 3)
    if version < 2:
        cursor.skip(4)
    sizes = cursor.number(1), cursor.number(1)
    if not set(sizes) <= {2, 4, 8}:
        cursor.fail(f"says that addresses and lengths have {sizes[0]} and {sizes[1]} bytes", 2)
    store.offset_size, store.length_size = sizes
    cursor.skip({0: 9, 1: 13}.get(version, 1))
    base = cursor.number(store.offset_size)
    cursor.skip(store.offset_size)
    end = cursor.number(store.offset_size) - base
    if end > store.size:
        cursor.fail(f"says that the file has {end} bytes, and it has {store.size}: it is cut off", store.offset_size)
    if version < 2:
        cursor.skip(2 * store.offset_size)
        return cursor.some_address("the outermost group")
    found = cursor.some_address("the outermost group")
    store.signed(0, cursor.at + 4, SIGNATURE, "the superblock")
    return found
