"""Tables of FlatBuffers, from the bytes alone: a reader by a list of the fields that are wanted.

A table knows by its vtable where each of its fields stands; fields that the list lacks are never looked at, nor are
contents that are longer than their field's limit (weights). Every place is checked against the file before it is read,
and what is read is bounded: tables may share their parts, so that a small file can stand for a large one. Knows no
format. Source of the layout: FlatBuffers' own description ("FlatBuffer Internals").
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from cnnsum.source.messages import BLOCK, BadMessageError, Blocks, Message
from cnnsum.typed import Any, NamedTuple

#: Tables, fields and numbers of lists of a file; 64 bytes of a text or of contents are one more. A network of 1,000
#: operations has 20,000.
MAX_VALUES = 1_000_000
#: Bytes of a text: names of operations and tensors.
MAX_TEXT = 4_096

_NUMBERS = {
    "bool": struct.Struct("<?"),
    "int8": struct.Struct("<b"),
    "uint8": struct.Struct("<B"),
    "int32": struct.Struct("<i"),
    "uint32": struct.Struct("<I"),
    "uint64": struct.Struct("<Q"),
    "float": struct.Struct("<f"),
}
_OFFSET, _PLACE, _BACK = struct.Struct("<I"), struct.Struct("<H"), struct.Struct("<i")
_BYTES_OF_A_VALUE = 64
#: Blocks that are held: what belongs together may stand far apart.
_HELD = 64


class Slot(NamedTuple):
    """A field of a table.

    kind: a number ("bool", "int8", "uint8", "int32", "uint32", "uint64", "float"), "text", "bytes", "count" (how many
    a list has, whatever they are), the name of a table, or "union", whose table is told by the number in the field
    `by`. many: whether it is a list. most: what has more bytes than that is left out, and stands as None; None for no
    limit but those of all.
    """

    name: str
    kind: str
    many: bool = False
    most: int | None = None
    by: str = ""


#: The fields of each table, by the name of the table and the number of the field.
Tables = Mapping[str, Mapping[int, Slot]]


def decode(
    data: bytes | Blocks, tables: Tables, name: str, unions: Mapping[int, str]
) -> tuple[Message, list[tuple[int, int]]]:
    """The table of that name that the file is, and which bytes were left out. Raises BadMessageError.

    unions: the tables that a union may be, by number; what is another is left out.
    """
    reader = _Reader(data, tables, unions)
    return reader.table(reader.follow(0), name), reader.left


class _Reader:
    def __init__(self, data: bytes | Blocks, tables: Tables, unions: Mapping[int, str]) -> None:
        self.data = data
        self.end = len(data)
        self._blocks: dict[int, bytes] = {}
        self.tables = tables
        self.unions = unions
        self.left: list[tuple[int, int]] = []
        self._count = 0

    def _number(self, of: struct.Struct, at: int) -> Any:
        """The number at a place, which must be one in the file."""
        return of.unpack(self._bytes(at, at + of.size))[0]

    def _bytes(self, start: int, end: int) -> bytes:
        """The bytes between two places in the file."""
        offset = start % BLOCK
        begin = start - offset
        block = self._blocks.get(begin)
        if block is None:
            block = self.data[begin : min(begin + BLOCK, self.end)]
            if len(self._blocks) >= _HELD:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[begin] = block
        found: bytes = block[offset : end - begin] if end - begin <= BLOCK else self.data[start:end]
        return found

    def follow(self, at: int) -> int:
        """The place that the number at a place names, which counts from there."""
        if at + 4 > self.end:
            raise BadMessageError("a place is beyond the end", at)
        offset: int = self._number(_OFFSET, at)
        if offset == 0 or at + offset + 4 > self.end:
            raise BadMessageError("a place is beyond the end", at)
        return at + offset

    def table(self, start: int, name: str) -> Message:
        """The table at a place."""
        number_at = self._number
        self._take(1, start)
        back = number_at(_BACK, start)
        fields = start - back
        if not 0 <= fields <= self.end - 4:
            raise BadMessageError("the list of a table's fields is outside of the file", start)
        listed, length = number_at(_PLACE, fields), number_at(_PLACE, fields + 2)
        if listed < 4 or fields + listed > self.end or length < 4 or start + length > self.end:
            raise BadMessageError("a table is longer than the file", start)
        found = Message(start, start + length)
        for number, slot in self.tables[name].items():
            entry = 4 + 2 * number
            if entry + 2 > listed:
                continue
            offset = number_at(_PLACE, fields + entry)
            if offset:
                self._take(1, start)
                self._put(found, slot, start + offset)
        return found

    def _put(self, found: Message, slot: Slot, at: int) -> None:
        """A field of a table, which stands at a place."""
        kind = slot.kind
        number = _NUMBERS.get(kind)
        width = 4 if number is None or slot.many else number.size
        if at + width > found.end:
            raise BadMessageError(f"the field `{slot.name}` is beyond its table", at)
        if number is not None and not slot.many:
            found[slot.name] = self._number(number, at)
            return
        start = self.follow(at)
        if kind == "union":
            table = self.unions.get(found.get(slot.by, 0))
            if table is not None:
                found[slot.name] = self.table(start, table)
        elif kind in self.tables and not slot.many:
            found[slot.name] = self.table(start, kind)
        else:
            found[slot.name] = self._list(slot, start)

    def _list(self, slot: Slot, at: int) -> Any:
        """A list, a text or contents at a place: the number of elements, and then these."""
        kind = slot.kind
        count: int = self._number(_OFFSET, at)
        first = at + 4
        number = _NUMBERS.get(kind)
        width = number.size if number is not None else 4 if kind in self.tables else 1
        if count * width > self.end - first:
            raise BadMessageError(f"the list `{slot.name}` is longer than the file", at)
        if kind == "count":
            return count
        if slot.most is not None and count * width > slot.most:
            self.left.append((first, first + count * width))
            return None
        if kind in ("text", "bytes"):
            if kind == "text" and count > MAX_TEXT:
                raise BadMessageError(f"a name has more than {MAX_TEXT:,} bytes", at, too_large=True)
            self._take(count // _BYTES_OF_A_VALUE, at)
            found = self._bytes(first, first + count)
            return found if kind == "bytes" else found.decode("utf-8", "replace")
        self._take(count, at)
        if number is not None:
            return list(struct.unpack(f"<{count}{number.format[-1]}", self._bytes(first, first + count * width)))
        return [self.table(self.follow(first + 4 * index), kind) for index in range(count)]

    def _take(self, count: int, at: int) -> None:
        self._count += count
        if self._count > MAX_VALUES:
            raise BadMessageError(f"it has more than {MAX_VALUES:,} values", at, too_large=True)
