"""Messages of Protocol Buffers: whatever wire a field comes on, it is read as what it is or named as damaged."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsum.source.messages import BadMessageError
from cnnsum.source.protobuf import Field, decode

KINDS = ("int", "float", "double", "text", "bytes", "inner")
SCHEMA = {
    "outer": {number: Field(kind, kind) for number, kind in enumerate(KINDS, 1)}
    | {number: Field(f"{kind}s", kind, many=True) for number, kind in enumerate(KINDS, 1 + len(KINDS))},
    "inner": {1: Field("number", "float")},
}
#: What stands on each wire: a varint, 8 bytes, bytes with their length, 4 bytes.
WIRES = {0: b"\x07", 1: struct.pack("<d", 0.5), 2: b"\x05\x0d" + struct.pack("<f", 2.5), 5: struct.pack("<f", 1.5)}
#: The wire that each kind is written on, and what is read there of `WIRES`. Numbers in lists may be packed (wire 2).
RIGHT = {
    ("int", 0): 7,
    ("float", 5): 1.5,
    ("double", 1): 0.5,
    ("text", 2): "\r\x00\x00 @",
    ("bytes", 2): WIRES[2][1:],
    ("inner", 2): {"number": 2.5},
    ("ints", 2): [13, 0, 0, 32, 64],
}


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("number", range(1, len(KINDS) + 1))
def test_every_kind_of_field_on_every_wire(number: int, wire: int, many: bool) -> None:
    """A float of 8 bytes ended as a fault in cnnsum, a text of 4 was passed over in silence."""
    data = bytes([(number + len(KINDS) * many) << 3 | wire]) + WIRES[wire]
    name = KINDS[number - 1] + "s" * many
    value: Any = RIGHT.get((name, wire))
    if many and value is None and (KINDS[number - 1], wire) in RIGHT:
        value = [RIGHT[KINDS[number - 1], wire]]
    if value is None:
        with pytest.raises(BadMessageError):
            decode(data, SCHEMA, "outer")
    else:
        assert decode(data, SCHEMA, "outer")[0] == {name: value}


@given(st.lists(st.sampled_from([*range(8), 9, 10, 13, 15, 18, 90, 97, 111, 255]) | st.integers(0, 255)).map(bytes))
def test_any_bytes_are_a_message_or_a_damaged_one(data: bytes) -> None:
    try:
        found, _ = decode(data, SCHEMA, "outer")
    except BadMessageError as error:
        found, place = {}, error.offset
    else:
        place = 0
    assert set(found) <= {field.name for field in SCHEMA["outer"].values()}
    assert 0 <= place <= len(data)
