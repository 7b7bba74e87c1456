"""Messages of Protocol Buffers, from the bytes alone: a reader of the wire, by a table of the fields that are wanted.

A message is a mapping of its fields by name that knows its bytes in the file; fields that the table lacks are skipped,
and contents that are longer than their field's limit (weights) are never looked at. Everything is bounded: levels,
fields, texts. Knows no format.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from cnnsum.source.findings import MAX_DEPTH
from cnnsum.source.messages import BLOCK, BadMessageError, Blocks, Message
from cnnsum.typed import Any, NamedTuple

#: Fields of a file, those that are skipped included. A network of 6,000 operations has 80,000.
MAX_FIELDS = 4_000_000
#: Bytes of a text: names of operations and tensors.
MAX_TEXT = 4_096

_FIXED = {"float": ("f", 4), "double": ("d", 8)}
_WIRES = {"int": 0, "float": 5, "double": 1}


class Field(NamedTuple):
    """A field of a message.

    kind: "int" (of 64 bits, with its sign), "float", "double", "text", "bytes", or the name of a message. many: whether
    it is a list. most: what has more bytes than that is left out, and stands as None; None for no limit but that of a
    text.
    """

    name: str
    kind: str
    many: bool = False
    most: int | None = None


#: The fields of each message, by the name of the message and the number of the field.
Schema = Mapping[str, Mapping[int, Field]]


def decode(data: bytes | Blocks, schema: Schema, name: str) -> tuple[Message, list[tuple[int, int]]]:
    """The message of that name that the bytes are, and which of them were left out. Raises BadMessageError."""
    reader = _Reader(data, schema)
    return reader.message(0, len(data), name, 0), reader.left


class _Reader:
    def __init__(self, data: bytes | Blocks, schema: Schema) -> None:
        #: What places are looked up in, less `_base`: all bytes, or those of a short message.
        self.data = data
        self._base = 0
        self.schema = schema
        self.left: list[tuple[int, int]] = []
        self._count = 0

    def message(self, start: int, end: int, name: str, depth: int) -> Message:
        """The message between two bytes, which a short one is put into memory for."""
        if depth > MAX_DEPTH:
            raise BadMessageError(f"messages are nested deeper than {MAX_DEPTH}", self._base + start, too_large=True)
        if isinstance(self.data, bytes) or end - start > BLOCK:
            return self._message(start, end, name, depth)
        blocks = self.data
        self.data, self._base = blocks[start:end], start
        found = self._message(0, end - start, name, depth)
        self.data, self._base = blocks, 0
        return found

    def _message(self, start: int, end: int, name: str, depth: int) -> Message:
        data, fields, varint = self.data, self.schema[name], self._varint
        found = Message(self._base + start, self._base + end)
        at = start
        while at < end:
            began = at
            tag = data[at]
            at += 1
            if tag >= 0x80:
                tag, at = varint(began, end)
            self._count += 1
            number, wire = tag >> 3, tag & 7
            field = fields.get(number)
            if wire == 2:
                length = data[at] if at < end else 0x80
                if length >= 0x80:
                    length, at = varint(at, end)
                else:
                    at += 1
                if length > end - at:
                    raise BadMessageError("a field is longer than what holds it", self._base + began)
                if field is not None:
                    self._put(found, field, at, at + length, depth)
                at += length
            elif wire == 0:
                value, at = varint(at, end)
                if field is not None:
                    self._number(found, field, value if value < 1 << 63 else value - (1 << 64), 0, began)
            elif wire in (1, 5):
                width = 8 if wire == 1 else 4
                if width > end - at:
                    raise BadMessageError("a number ends too early", self._base + began)
                if field is not None:
                    (number_of,) = struct.unpack("<d" if wire == 1 else "<f", data[at : at + width])
                    self._number(found, field, number_of, wire, began)
                at += width
            else:
                raise BadMessageError(f"a field is of the kind {wire}, which nothing writes", self._base + began)
        if self._count > MAX_FIELDS:
            raise BadMessageError(f"it has more than {MAX_FIELDS:,} fields", self._base + start, too_large=True)
        return found

    def _put(self, found: Message, field: Field, start: int, end: int, depth: int) -> None:
        """A field that has a length: a message, a text, or numbers that are packed."""
        kind = field.kind
        value: Any
        if field.most is not None and end - start > field.most:
            self.left.append((self._base + start, self._base + end))
            found[field.name] = None
            return
        if kind == "text":
            if end - start > MAX_TEXT:
                raise BadMessageError(f"a name has more than {MAX_TEXT:,} bytes", self._base + start, too_large=True)
            value = bytes(self.data[start:end]).decode("utf-8", "replace")
        elif kind == "bytes":
            value = bytes(self.data[start:end])
        elif kind in _WIRES:
            self._packed(found, field, start, end)
            return
        else:
            value = self.message(start, end, kind, depth + 1)
        if field.many:
            found.setdefault(field.name, []).append(value)
        else:
            found[field.name] = value

    def _packed(self, found: Message, field: Field, start: int, end: int) -> None:
        if not field.many:
            raise BadMessageError("a list stands where one number does", self._base + start)
        values: list[int | float] = []
        if field.kind == "int":
            at = start
            while at < end:
                value, at = self._varint(at, end)
                values.append(value if value < 1 << 63 else value - (1 << 64))
        else:
            code, width = _FIXED[field.kind]
            if (end - start) % width:
                raise BadMessageError("a list of numbers ends too early", self._base + start)
            values += struct.unpack(f"<{(end - start) // width}{code}", self.data[start:end])
        self._count += len(values)
        held = found.setdefault(field.name, [])
        if held is not None:
            held += values

    def _number(self, found: Message, field: Field, value: float, wire: int, at: int) -> None:
        if _WIRES.get(field.kind) != wire:
            raise BadMessageError(f"`{field.name}` is a number, and should be none of this kind", self._base + at)
        if not field.many:
            found[field.name] = value
            return
        held = found.setdefault(field.name, [])
        if held is not None:
            held.append(value)
            if field.most is not None and len(held) * 8 > field.most:
                found[field.name] = None  # weights, each by itself

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """A number of up to 64 bits, 7 in each byte, and the byte after it."""
        data = self.data
        value = shift = 0
        began = at
        while True:
            if at >= end or shift > 63:
                what = "a number ends too early" if at >= end else "a number is too long"
                raise BadMessageError(what, self._base + began)
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, at
            shift += 7
