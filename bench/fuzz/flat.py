"""FlatBuffers, written: plain values by the reader's own table, but each field's bytes are made here.

Whatever stands in a value is written somehow: what is not of the kind that the field has is left out.
"""

from __future__ import annotations

import struct
from typing import Any

from cnnsum.source.flatbuffer import Slot, Tables

_CODES = {"bool": "?", "int8": "b", "uint8": "B", "int32": "i", "uint32": "I", "uint64": "Q", "float": "f"}


class _Writer:
    """Parts of a file, each behind those that name it: offsets count forwards."""

    def __init__(self, tables: Tables, unions: dict[int, str]) -> None:
        self.tables = tables
        self.unions = unions
        self.data = bytearray(8)

    def place(self, alignment: int = 4) -> int:
        """Where the next part stands, filled up to a multiple."""
        while len(self.data) % alignment:
            self.data.append(0)
        return len(self.data)

    def point(self, at: int, to: int) -> None:
        """Write at a place that something stands at another."""
        struct.pack_into("<I", self.data, at, to - at)

    def table(self, value: dict[str, Any], name: str) -> int:
        """A table, and then what its fields name; gives its place."""
        slots = {number: slot for number, slot in sorted(self.tables[name].items()) if slot.name in value}
        vtable = self.place(2)
        count = max(slots, default=-1) + 1
        self.data += bytes(4 + 2 * count)
        start = self.place(8)
        self.data += struct.pack("<i", start - vtable)
        waiting: list[tuple[int, Slot]] = []
        for number, slot in slots.items():
            code = None if slot.many else _CODES.get(slot.kind)
            if code is None:
                at = self.place()
                self.data += bytes(4)
                waiting.append((at, slot))
            else:
                at = self.place(struct.calcsize(code))
                self.data += _number(code, value[slot.name])
            struct.pack_into("<H", self.data, vtable + 4 + 2 * number, at - start)
        struct.pack_into("<HH", self.data, vtable, 4 + 2 * count, len(self.data) - start)
        for at, slot in waiting:
            found = self.part(value[slot.name], slot, value)
            if found is not None:
                self.point(at, found)
            else:
                number = next(number for number, one in slots.items() if one is slot)
                struct.pack_into("<H", self.data, vtable + 4 + 2 * number, 0)
        return start

    def part(self, value: Any, slot: Slot, around: dict[str, Any]) -> int | None:
        """A list, a text, contents or a table; gives its place, None for what cannot be written."""
        kind = slot.kind
        if kind == "union":
            number = around.get(slot.by)
            name = self.unions.get(number) if isinstance(number, int) else None
            return self.table(value, name) if name is not None and isinstance(value, dict) else None
        if kind in self.tables and not slot.many:
            return self.table(value, kind) if isinstance(value, dict) else None
        if kind == "text":
            data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""
            at = self.place()
            self.data += struct.pack("<I", len(data)) + data + b"\0"
            return at
        if kind == "bytes":
            if not isinstance(value, bytes):
                return None
            while (len(self.data) + 4) % 16:  # as the runtime wants contents aligned
                self.data.append(0)
            at = len(self.data)
            self.data += struct.pack("<I", len(value)) + value
            return at
        items = value if isinstance(value, list) else [value]
        if kind in self.tables:
            tables = [item for item in items if isinstance(item, dict)]
            at = self.place()
            self.data += struct.pack("<I", len(tables)) + bytes(4 * len(tables))
            for index, item in enumerate(tables):
                self.point(at + 4 + 4 * index, self.table(item, kind))
            return at
        code = "f" if kind == "count" else _CODES[kind]
        while (len(self.data) + 4) % struct.calcsize(code):
            self.data.append(0)
        at = self.place()
        self.data += struct.pack("<I", len(items)) + b"".join(_number(code, item) for item in items)
        return at


def _number(code: str, value: Any) -> bytes:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        value = 0 if not isinstance(value, bool) else int(value)
    try:
        return struct.pack(f"<{code}", value if code == "f" else bool(value) if code == "?" else int(value))
    except (OverflowError, struct.error, ValueError):
        return struct.pack(f"<{code}", 0)


def encode(value: Any, tables: Tables, name: str, unions: dict[int, str], identifier: bytes) -> bytes:
    """The bytes of a file whose root is a table of that name."""
    writer = _Writer(tables, unions)
    writer.data[4:8] = identifier
    writer.point(0, writer.table(value if isinstance(value, dict) else {}, name))
    return bytes(writer.data)
