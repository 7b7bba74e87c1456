"""Objects of an HDF5 file: groups and datasets, from the messages of their headers.

Follows addresses from message to message; what is reached twice on one way is refused, and everything is counted.
The data of a dataset is never read.
"""

from __future__ import annotations

from cnnsum.source.hdf5 import messages
from cnnsum.source.hdf5.heaps import FractalHeap, GlobalHeap, LocalHeap, records
from cnnsum.source.hdf5.messages import Attribute, Datatype, Link, shown
from cnnsum.source.hdf5.store import Cursor, DamagedError, Store
from cnnsum.typed import NamedTuple

_SHARED = 2
#: Blocks of one object header.
_MOST_BLOCKS = 1_000
#: Levels of the tree that lists an old group.
_MOST_LEVELS = 16
_HEAD_OF_LEAF = 8


class Message(NamedTuple):
    """One message of a header: its type (`messages.LINK`), its flags, and its bytes."""

    type: int
    flags: int
    body: Cursor


class TooLargeError(Exception):
    """A value is larger than the caller wants it."""


class Object:
    """A group, a dataset or a datatype with a name of its own."""

    def __init__(self, store: Store, heap: GlobalHeap, address: int) -> None:
        self._store = store
        self._heap = heap
        self.address = address
        self._messages = header(store, address)
        self._links: dict[str, Link] | None = None

    @property
    def is_group(self) -> bool:
        """Whether it holds links to others."""
        return any(one.type in (messages.SYMBOL_TABLE, messages.LINK_INFO, messages.LINK) for one in self._messages)

    @property
    def is_dataset(self) -> bool:
        """Whether it is an array."""
        return self._find(messages.DATASPACE) is not None and self._find(messages.LAYOUT) is not None

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Of a dataset; None where it holds nothing."""
        found = self._find(messages.DATASPACE)
        if found is None:
            raise DamagedError("a dataset has no shape", self.address)
        return messages.dataspace(_restarted(self._resolved(found)))

    @property
    def dtype(self) -> Datatype:
        """Of a dataset's elements."""
        found = self._find(messages.DATATYPE)
        if found is None:
            raise DamagedError("a dataset has no datatype", self.address)
        return messages.datatype(_restarted(self._resolved(found)))

    def _find(self, type: int) -> Message | None:
        return next((one for one in self._messages if one.type == type), None)

    def _resolved(self, message: Message) -> Cursor:
        """The bytes of a message, which may stand in the header of another object."""
        if not message.flags & _SHARED:
            return message.body
        return self._shared(_restarted(message.body), message.type)

    def _shared(self, cursor: Cursor, type: int) -> Cursor:
        address = messages.shared(cursor)
        for found in header(self._store, address):
            if found.type == type:
                if found.flags & _SHARED:
                    found.body.fail("is shared by way of another")
                return found.body
        raise DamagedError("an object has no message of the kind that is shared", address)

    # Links.

    @property
    def links(self) -> dict[str, Link]:
        """Of a group: where each of its names leads."""
        if self._links is None:
            self._links = {}
            for message in self._messages:
                if message.type == messages.SYMBOL_TABLE:
                    self._old_links(_restarted(message.body), self._links)
                elif message.type == messages.LINK:
                    name, found = messages.link(_restarted(message.body))
                    self._links[name] = found
                elif message.type == messages.LINK_INFO:
                    self._dense_links(_restarted(message.body), self._links)
        return self._links

    def _dense_links(self, cursor: Cursor, found: dict[str, Link]) -> None:
        cursor.version(0)
        cursor.skip(8 if cursor.number(1) & 1 else 0)
        heap_at, tree = cursor.address(), cursor.address()
        if heap_at is None or tree is None:
            return
        heap = FractalHeap(self._store, heap_at)
        for record in records(self._store, tree, (5,)):
            record.skip(4)
            name, leads = messages.link(heap.get(record))
            found[name] = leads

    def _old_links(self, cursor: Cursor, found: dict[str, Link]) -> None:
        store = self._store
        tree, heap = cursor.some_address("a B-tree"), LocalHeap(store, cursor.some_address("a local heap"))
        size = 2 * store.offset_size + 24
        seen: set[int] = set()

        def leaf(at: int) -> None:
            head = store.cursor(at, _HEAD_OF_LEAF, "a list of symbols")
            head.expect(b"SNOD")
            head.version(1)
            head.skip(1)
            count = head.number(2)
            entries = store.cursor(at + _HEAD_OF_LEAF, count * size, "a list of symbols")
            for _ in range(count):
                store.spend(entries.place)
                entry = entries.part(size, "a symbol")
                name = messages.text(heap.text(entry.number(store.offset_size)))
                address = entry.address()
                if entry.number(4) == 2:
                    entry.skip(4)
                    found[name] = Link(None, messages.text(heap.text(entry.number(4))))
                elif address is None:
                    entry.fail(f"`{shown(name)}` has no address")
                else:
                    found[name] = Link(address)

        def node(at: int, level: int | None) -> None:
            store.spend(at)
            if at in seen:
                raise DamagedError("a node of a B-tree is reached twice", at)
            seen.add(at)
            if level == -1:
                leaf(at)
                return
            what = "a node of a B-tree"
            head = store.cursor(at, 8, what)
            head.expect(b"TREE")
            if head.number(1):
                head.fail("is not one of a group", 1)
            height, count = head.number(1), head.number(2)
            if height > _MOST_LEVELS or (level is not None and height != level):
                head.fail(f"is of level {height}, which cannot be here", 3)
            length = count * (store.length_size + store.offset_size)
            children = store.cursor(at + 8 + 2 * store.offset_size, length, what)
            for _ in range(count):
                children.skip(store.length_size)
                node(children.some_address("a node"), height - 1)

        node(tree, None)

    # Attributes.

    def attributes(self) -> dict[str, Attribute]:
        """By name. A damaged one is an error: what stands behind it cannot be told."""
        found: dict[str, Attribute] = {}
        for message in self._messages:
            if message.type == messages.ATTRIBUTE:
                if message.flags & _SHARED:
                    message.body.fail("is kept in a table of shared messages, which is not read")
                name, one = self._attribute(_restarted(message.body))
                found[name] = one
            elif message.type == messages.ATTRIBUTE_INFO:
                cursor = _restarted(message.body)
                cursor.version(0)
                cursor.skip(2 if cursor.number(1) & 1 else 0)
                heap_at, tree = cursor.address(), cursor.address()
                if heap_at is None or tree is None:
                    continue
                heap = FractalHeap(self._store, heap_at)
                for record in records(self._store, tree, (8,)):
                    id = record.part(heap.id_size, "a reference to an attribute")
                    if record.number(1) & _SHARED:
                        record.fail("is kept in a table of shared messages, which is not read", 1)
                    name, one = self._attribute(heap.get(id))
                    found[name] = one
        return found

    def _attribute(self, cursor: Cursor) -> tuple[str, Attribute]:
        self._store.spend(cursor.place)
        version = cursor.version(1, 2, 3)
        flags = cursor.number(1) if version > 1 else 0 * cursor.number(1)
        sizes = [cursor.number(2) for _ in range(3)]
        if version == 3:
            cursor.skip(1)
        parts = []
        for size, what in zip(sizes, ("an attribute's name", "a datatype", "a dataspace"), strict=True):
            parts.append(cursor.part(size, what))
            if version == 1:
                cursor.skip(-size % 8)
        name = messages.text(parts[0].data.split(b"\0", 1)[0])
        types = self._shared(parts[1], messages.DATATYPE) if flags & 1 else parts[1]
        spaces = self._shared(parts[2], messages.DATASPACE) if flags & 2 else parts[2]
        dtype = messages.datatype(_restarted(types))
        shape = messages.dataspace(_restarted(spaces))
        found = Attribute(shape, dtype, cursor)
        size = found.elements * dtype.size
        if size > cursor.left:
            cursor.fail(f"`{shown(name)}` says that it has {size} bytes, and has {cursor.left}")
        return name, found._replace(value=cursor.part(size, f"the attribute `{shown(name)}`"))

    def texts(self, attributes: dict[str, Attribute], name: str, most: int) -> list[str] | None:
        """The texts of the attribute of that name, as `strings`; None where there is none."""
        found = attributes.get(name)
        texts = None if found is None else self.strings(found, most)
        return None if texts is None else [messages.text(text) for text in texts]

    def strings(self, attribute: Attribute, most: int) -> list[bytes] | None:
        """The texts that an attribute holds, as its encoding has them; None where it does not hold text.

        Raises TooLargeError where they have more than `most` bytes together.
        """
        dtype, cursor = attribute.dtype, _restarted(attribute.value)
        if dtype.name != "string" or attribute.shape is None:
            return None
        store = self._store
        found: list[bytes] = []
        if not dtype.variable:
            if attribute.elements * dtype.size > most:
                raise TooLargeError
            for _ in range(attribute.elements):
                store.spend(cursor.place)
                found.append(_unfilled(cursor.take(dtype.size), dtype.padding))
            return found
        for _ in range(attribute.elements):
            store.spend(cursor.place)
            length = cursor.number(4)
            address = cursor.address()
            number = cursor.number(4)
            if not length or address is None:
                found.append(b"")
                continue
            at, held = self._heap.find(address, number)
            if length > held:
                cursor.fail(f"says that a string has {length} bytes, of which {held} are there")
            most -= length
            if most < 0:
                raise TooLargeError
            # Reading stops at a NUL, as C does.
            found.append(store.read(at, length, "a string").split(b"\0", 1)[0])
        return found


def _unfilled(data: bytes, padding: int) -> bytes:
    if padding == 0:
        return data.split(b"\0", 1)[0]
    return data.rstrip(b" " if padding == 2 else b"\0")


def _restarted(cursor: Cursor) -> Cursor:
    """A cursor at the beginning of the same bytes."""
    found = Cursor(cursor.store, cursor.data, cursor.start, cursor.what)
    found.end = cursor.end
    return found


def header(store: Store, address: int) -> list[Message]:
    """The messages of the object at an address, those of its continuations included."""
    store.spend(address)
    if store.read(address, 4, "an object's header") == b"OHDR":
        return _new_header(store, address)
    head = store.cursor(address, 16, "an object's header")
    head.version(1)
    head.skip(1)
    count = head.number(2)
    head.skip(4)
    length = head.number(4)
    found: list[Message] = []
    blocks = [(address + 16, length)]
    for at, length in blocks:
        cursor = store.cursor(at, length, "an object's header")
        while cursor.left >= 8 and len(found) < count:
            store.spend(cursor.place)
            type, size, flags = cursor.number(2), cursor.number(2), cursor.number(1)
            cursor.skip(3)
            message = Message(type, flags, cursor.part(size, _name(type)))
            found.append(message)
            if type == messages.CONTINUATION:
                _continue(message.body, blocks)
    if len(found) < count:
        raise DamagedError(f"an object's header has {len(found)} messages of {count}", address)
    return found


def _new_header(store: Store, address: int) -> list[Message]:
    what = "an object's header"
    # The first bytes say how long it is.
    head = store.cursor(address, min(34, store.size - address), what)
    head.expect(b"OHDR")
    head.version(2)
    flags = head.number(1)
    head.skip((16 if flags & 32 else 0) + (4 if flags & 16 else 0))
    length = head.number(1 << (flags & 3))
    prefix = head.at
    found: list[Message] = []
    blocks = [(address, prefix + length + 4)]
    for number, (at, size) in enumerate(blocks):
        cursor = store.signed(at, size, b"OCHK" if number else b"OHDR", what)
        if not number:
            cursor.skip(prefix - 4)
        while cursor.left >= (6 if flags & 4 else 4):
            store.spend(cursor.place)
            type, length, marks = cursor.number(1), cursor.number(2), cursor.number(1)
            if flags & 4:
                cursor.skip(2)
            message = Message(type, marks, cursor.part(length, _name(type)))
            found.append(message)
            if type == messages.CONTINUATION:
                _continue(message.body, blocks)
    return found


def _continue(cursor: Cursor, blocks: list[tuple[int, int]]) -> None:
    where = cursor.some_address("a block"), cursor.length()
    if where in blocks or len(blocks) >= _MOST_BLOCKS:
        cursor.fail("leads back to a block that was read" if where in blocks else "is one of too many")
    blocks.append(where)


def _name(type: int) -> str:
    names = {
        messages.DATASPACE: "a dataspace",
        messages.DATATYPE: "a datatype",
        messages.LINK: "a link",
        messages.LINK_INFO: "a list of links",
        messages.ATTRIBUTE: "an attribute",
        messages.ATTRIBUTE_INFO: "a list of attributes",
        messages.CONTINUATION: "a header's continuation",
        messages.SYMBOL_TABLE: "a table of symbols",
    }
    return names.get(type, "a message of a header")
