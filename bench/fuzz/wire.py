"""Messages of Protocol Buffers, written and damaged: plain values by the reader's own table, but each field's bytes are
made here.

Whatever stands in a value is written somehow: what is not of the kind that the field has is left out.
"""

from __future__ import annotations

import math
import struct
from random import Random
from typing import Any, NamedTuple

from bench.fuzz.mutate import flipped
from cnnsum.source.protobuf import Field, Schema

_NUMBERS = {"float": (5, "<f"), "double": (1, "<d")}


def varint(number: int) -> bytes:
    """A number of up to 64 bits, 7 in each byte."""
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def field(number: int, data: bytes) -> bytes:
    """A field that has a length."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(value: Any, schema: Schema, name: str) -> bytes:
    """The bytes of a message of that name."""
    found = bytearray()
    if not isinstance(value, dict):
        return b""
    for number, one in sorted(schema[name].items()):
        if one.name not in value:
            continue
        held = value[one.name]
        items = held if one.many and isinstance(held, list) else [held]
        if one.many and one.kind in ("int", "float", "double") and len(items) > 1:
            found += field(number, b"".join(_number(item, one)[1] for item in items))
            continue
        for item in items:
            found += _one(item, number, one, schema)
    return bytes(found)


def _number(item: Any, of: Field) -> tuple[int, bytes]:
    if isinstance(item, bool) or not isinstance(item, (int, float)):
        item = 0
    if of.kind == "int":
        return 0, varint(int(item) if isinstance(item, int) or math.isfinite(item) else 0)
    wire, code = _NUMBERS[of.kind]
    try:
        return wire, struct.pack(code, item)
    except (OverflowError, struct.error):
        return wire, struct.pack(code, 0.0)


def _one(item: Any, number: int, of: Field, schema: Schema) -> bytes:
    if of.kind in ("int", "float", "double"):
        wire, data = _number(item, of)
        return varint(number << 3 | wire) + data
    if of.kind == "text":
        return field(number, item.encode("utf-8", "surrogatepass")) if isinstance(item, str) else b""
    if of.kind == "bytes":
        return field(number, item) if isinstance(item, bytes) else b""
    return field(number, encode(item, schema, of.kind)) if isinstance(item, dict) else b""


# --- damage -----------------------------------------------------------------------------------------------------------

#: Numbers that a length or a value should not be.
_EXTREMES = (0, 1, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1)


class _Part(NamedTuple):
    """A field of a message: its number, how it stands on the wire, and its bytes, without the length."""

    number: int
    wire: int
    data: bytes

    def written(self, length: int | None = None) -> bytes:
        """The bytes of the field; length: what it says of its own."""
        tag = varint(self.number << 3 | self.wire)
        if self.wire != 2:
            return tag + self.data
        return tag + varint(len(self.data) if length is None else length) + self.data


def damaged(data: bytes, chance: Random) -> bytes:
    """Bytes flipped as in any file, or one field at any depth that is not what it was, in a file that is sound else."""
    return flipped(data, chance) if chance.random() < 0.4 else _damaged(data, chance, 12)


def _damaged(data: bytes, chance: Random, depth: int) -> bytes:
    parts = _parts(data)
    if not parts:
        return flipped(data, chance)
    at = chance.randrange(len(parts))
    part = parts[at]
    before, after = (b"".join(one.written() for one in some) for some in (parts[:at], parts[at + 1 :]))
    if part.wire == 2 and depth and chance.random() < 0.75 and _parts(part.data):
        return before + part._replace(data=_damaged(part.data, chance, depth - 1)).written() + after
    return before + _another(part, chance) + after


def _another(part: _Part, chance: Random) -> bytes:
    """What stands in the place of a field."""
    match chance.randrange(8):
        case 0:  # a length that is not true
            return part.written(chance.choice((*_EXTREMES, len(part.data) + 1, max(len(part.data) - 1, 0))))
        case 1:  # another kind on the wire, two of which are long gone
            return part._replace(wire=chance.choice((0, 1, 2, 3, 4, 5, 6, 7))).written()
        case 2:
            return part.written() * chance.choice((2, 3, 64, 1000))
        case 3:
            return b""
        case 4:
            return part._replace(
                number=chance.choice((0, 1, 2, 5, 9, 15, 16, 2**29 - 1, chance.randrange(64)))
            ).written()
        case 5:  # a message in itself, again and again
            for _ in range(chance.choice((2, 20, 120))):
                part = part._replace(wire=2, data=part.written()[:100_000])
            return part.written()
        case 6:
            return part._replace(wire=0, data=varint(chance.choice(_EXTREMES))).written()
        case _:  # a number that has no end
            return part._replace(wire=0, data=b"\xff" * chance.choice((9, 10, 11, 300))).written()


def _parts(data: bytes) -> list[_Part]:
    """The fields of a message; none where the bytes are not a message."""
    found: list[_Part] = []
    at = 0
    while at < len(data):
        tag, at = _read(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 2:
            length, at = _read(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            length = _read(data, at)[1] - at
        if not number or wire in (3, 4, 6, 7) or at + length > len(data):
            return []
        found.append(_Part(number, wire, data[at : at + length]))
        at += length
    return found


def _read(data: bytes, at: int) -> tuple[int, int]:
    """A number at a place, and the place behind it; at the end of the data it ends there."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            break
    return value, at
