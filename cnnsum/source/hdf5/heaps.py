"""Where HDF5 keeps what has no fixed size: local heaps of names, the global heap of strings, and fractal heaps.

A heap gives bytes for a reference to them. Knows B-trees of version 2 as far as a heap is indexed by one.
"""

from __future__ import annotations

from cnnsum.source.hdf5.store import Cursor, DamagedError, Store, checksum

#: Levels of a tree or of indirect blocks: a tree of eight levels indexes more than a disk can hold.
_MOST_LEVELS = 16


class LocalHeap:
    """The names of a group's entries."""

    def __init__(self, store: Store, address: int) -> None:
        head = store.cursor(address, 8 + 2 * store.length_size + store.offset_size, "a local heap")
        head.expect(b"HEAP")
        head.version(0)
        head.skip(3)
        size = head.length()
        head.length()
        self._start = head.some_address("its data")
        self._data = store.read(self._start, size, "the data of a local heap")

    def text(self, offset: int) -> bytes:
        """The bytes from `offset` up to the next NUL."""
        end = self._data.find(b"\0", offset)
        if offset >= len(self._data) or end < 0:
            raise DamagedError("a name lies outside of its local heap", self._start + offset)
        return self._data[offset:end]


class GlobalHeap:
    """Objects of any size, by the collection that they stand in and a number."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._collections: dict[int, dict[int, tuple[int, int]]] = {}

    def find(self, address: int, number: int) -> tuple[int, int]:
        """Where in the file an object stands, and its bytes."""
        if address not in self._collections:
            self._collections[address] = self._objects(address)
        found = self._collections[address].get(number)
        if found is None:
            raise DamagedError(f"the global heap's collection has no object {number}", address)
        return found

    def _objects(self, address: int) -> dict[int, tuple[int, int]]:
        store = self._store
        what = "a collection of the global heap"
        head = store.cursor(address, 8 + store.length_size, what)
        head.expect(b"GCOL")
        head.version(1)
        head.skip(3)
        size = head.length()
        end = address + size
        if end > store.size:
            raise DamagedError(f"{what} goes beyond the end of the file", address)
        found: dict[int, tuple[int, int]] = {}
        at = address + 8 + store.length_size
        step = 8 + store.length_size
        while at + step <= end:
            store.spend(at)
            entry = store.cursor(at, step, what)
            number = entry.number(2)
            entry.skip(6)
            length = entry.length()
            if number == 0:
                break  # the rest is free
            if at + step + length > end:
                raise DamagedError(f"the object {number} goes beyond its collection in the global heap", at)
            found[number] = (at + step, length)
            at += step + -(-length // 8) * 8
        return found


def records(store: Store, address: int, kinds: tuple[int, ...]) -> list[Cursor]:
    """The records of a B-tree of version 2, in their order; its type must be among `kinds`."""
    what = "a B-tree's header"
    head = store.signed(address, 22 + store.offset_size + store.length_size, b"BTHD", what)
    head.version(0)
    kind = head.number(1)
    if kind not in kinds:
        head.fail(f"has the type {kind}, which does not belong here", 1)
    node_size, record_size, depth = head.number(4), head.number(2), head.number(2)
    head.skip(2)
    root, count = head.address(), head.number(2)
    if depth > _MOST_LEVELS or node_size < 10 + record_size or record_size == 0:
        raise DamagedError(f"{what} has sizes that cannot be", address)
    # How many records a node of each level can hold, and how long numbers up to that are.
    most = [(node_size - 10) // record_size]
    number_size = _bytes_for(most[0])
    total, totals = most[0], [0]
    for level in range(1, depth + 1):
        pointer = store.offset_size + number_size + totals[level - 1]
        most.append(max(0, (node_size - 10 - pointer) // (record_size + pointer)))
        total = (most[level] + 1) * total + most[level]
        totals.append(min(8, _bytes_for(total)))
    found: list[Cursor] = []
    seen: set[int] = set()

    def node(at: int, count: int, level: int) -> None:
        store.spend(at)
        if at in seen:
            raise DamagedError("a node of a B-tree is reached twice", at)
        seen.add(at)
        if count > most[level]:
            raise DamagedError(f"a node of a B-tree holds {count} records, and has room for {most[level]}", at)
        pointer = store.offset_size + number_size + totals[level - 1] if level else 0
        length = 10 + count * record_size + (count + 1) * pointer
        cursor = store.signed(at, length, b"BTIN" if level else b"BTLF", "a node of a B-tree")
        cursor.version(0)
        if cursor.number(1) != kind:
            cursor.fail("is of another tree", 1)
        own = []
        for _ in range(count):
            store.spend(at)
            own.append(cursor.part(record_size, "a record of a B-tree"))
        if not level:
            found.extend(own)
            return
        for number in range(count + 1):
            child = cursor.some_address("a node")
            held = cursor.number(number_size)
            cursor.skip(totals[level - 1])
            node(child, held, level - 1)
            found.extend(own[number : number + 1])

    if root is not None and count:
        node(root, count, depth)
    return found


class FractalHeap:
    """The heap of a group with many links, or of an object with many or large attributes."""

    def __init__(self, store: Store, address: int) -> None:
        self._store = store
        offset, length = store.offset_size, store.length_size
        self._what = "a fractal heap"
        head = store.signed(address, 26 + 3 * offset + 12 * length, b"FRHP", self._what)
        head.version(0)
        self.id_size = head.number(2)
        if head.number(2):
            head.fail("is compressed, which is not read", 2)
        self._has_checksums = bool(head.number(1) & 2)
        largest = head.number(4)
        head.skip(length)
        self._huge_tree = head.address()
        head.skip(length + offset + 8 * length)
        self._width = head.number(2)
        self._first = head.length()
        self._last = head.length()
        bits = head.number(2)
        head.skip(2)
        self._root = head.address()
        self._rows = head.number(2)
        for size in (self._width, self._first, self._last):
            if size < 1 or size & (size - 1):
                raise DamagedError(f"{self._what} has blocks of {size} bytes or columns", address)
        if bits > 64 or self._last < self._first or self._last > 2**32 or not 1 <= self.id_size <= 4096:
            raise DamagedError(f"{self._what} has sizes that cannot be", address)
        self._offset_size = -(-bits // 8)
        self._length_size = min(-(-(self._last.bit_length() - 1) // 8), _bytes_for(largest))
        self._direct_rows = self._last.bit_length() - self._first.bit_length() + 2
        self._huge: dict[int, tuple[int, int]] | None = None
        self._blocks: dict[int, bytes] = {}
        self._head = address

    def get(self, id: Cursor) -> Cursor:
        """The object that an ID of the heap refers to."""
        store = self._store
        start = id.place
        store.spend(start)
        first = id.number(1)
        kind = first >> 4 & 3
        if first >> 6:
            id.fail(f"has the version {first >> 6}, which is not known", 1)
        if kind == 0:
            offset, length = id.number(self._offset_size), id.number(self._length_size)
            return self._managed(offset, length, start)
        if kind == 1:
            at, length = self._huge_object(id)
            return store.cursor(at, length, "an object of a fractal heap")
        if kind == 3:
            id.fail("refers to an object of no kind that there is", 1)
        length = (first & 15) + 1 if self.id_size <= 17 else ((first & 15) << 8 | id.number(1)) + 1
        return id.part(length, "an object of a fractal heap")

    def _huge_object(self, id: Cursor) -> tuple[int, int]:
        store = self._store
        if self.id_size - 1 >= store.offset_size + store.length_size:
            return id.some_address("an object"), id.length()
        if self._huge is None:
            self._huge = {}
            if self._huge_tree is None:
                raise DamagedError(f"{self._what} has no list of its large objects", self._head)
            for record in records(store, self._huge_tree, (1,)):
                at, length = record.some_address("an object"), record.length()
                self._huge[record.length()] = (at, length)
        number = id.number(min(self.id_size - 1, store.length_size))
        found = self._huge.get(number)
        if found is None:
            id.fail(f"refers to the large object {number}, which is not there")
        return found

    def _managed(self, offset: int, length: int, place: int) -> Cursor:
        if self._root is None:
            raise DamagedError(f"{self._what} is empty, and is referred to", place)
        address, begin, size = self._root, 0, self._first
        rows = self._rows
        for _ in range(_MOST_LEVELS):
            if not rows:
                break
            address, begin, size, rows = self._child(address, begin, rows, offset, place)
        if rows or not begin <= offset <= offset + length <= begin + size:
            raise DamagedError(f"an object lies outside of the blocks of {self._what}", place)
        block = self._block(address, size)
        at = offset - begin
        return Cursor(self._store, block[at : at + length], address + at, "an object of a fractal heap")

    def _child(self, address: int, begin: int, rows: int, offset: int, place: int) -> tuple[int, int, int, int]:
        """The block below an indirect block that holds `offset`: its address, where it begins, its size, its rows."""
        store = self._store
        store.spend(address)
        row, start, size = 0, begin, self._first
        while offset >= start + self._width * size:
            start += self._width * size
            row += 1
            size = self._first << max(0, row - 1)
            if row >= rows:
                raise DamagedError(f"an object lies outside of the blocks of {self._what}", place)
        column = (offset - start) // size
        direct = min(rows, self._direct_rows) * self._width
        entries = rows * self._width
        prefix = 5 + store.offset_size + self._offset_size
        what = "an indirect block of a fractal heap"
        block = store.signed(address, prefix + entries * store.offset_size + 4, b"FHIB", what)
        block.skip(prefix - 4)
        number = row * self._width + column
        block.skip(number * store.offset_size)
        child = block.some_address("a block")
        start += column * size
        if number < direct:
            return child, start, size, 0
        return child, start, size, (size // (self._first * self._width)).bit_length()

    def _block(self, address: int, size: int) -> bytes:
        """A direct block, whole: offsets count from its first byte."""
        found = self._blocks.get(address)
        if found is None or len(found) != size:
            store = self._store
            found = self._blocks[address] = store.read(address, size, "a block of a fractal heap")
            if not found.startswith(b"FHDB"):
                raise DamagedError("a block of a fractal heap does not begin with FHDB", address)
            if self._has_checksums:
                _check_block(store, found, address, 5 + store.offset_size + self._offset_size)
        return found


def _check_block(store: Store, block: bytes, address: int, at: int) -> None:
    """Compare the checksum of a direct block, which is made as if the checksum itself were 0."""
    store.spend(address, 1 + len(block) // 32)
    cleared = block[:at] + bytes(4) + block[at + 4 :]
    if int.from_bytes(block[at : at + 4], "little") != checksum(cleared):
        raise DamagedError("the checksum of a block of a fractal heap is wrong", address)


def _bytes_for(number: int) -> int:
    """Bytes that HDF5 takes for numbers up to this."""
    return (max(number, 1).bit_length() - 1) // 8 + 1
