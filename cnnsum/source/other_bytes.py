"""What files of other programs begin with, where that is more than a mark: tables of their formats, as far as the first
64 KiB go. Asked by `cnnsum.source.others`; knows no name of any file.
"""

from __future__ import annotations

import re

_LONGEST_HEAD = 2**31
#: The least that a tar archive has: the header of an entry, and where its mark stands.
_TAR_BLOCK, _TAR_MARK = 512, slice(257, 262)
_WORD = re.compile(rb"[\w./\-:^ ]+\Z")
_SHORT = 0x80


def is_safetensors(head: bytes) -> bool:
    """The length of a header in JSON, then the header."""
    size = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 2 <= size < _LONGEST_HEAD and b'"data_offsets"' in head


def is_saved_model(head: bytes) -> bool:
    """`saved_model_schema_version` 1, then a graph with its tags and operations (tensorflow/saved_model.proto)."""
    marks = (b"serve", b"Placeholder", b"saver_filename", b"VarHandleOp", b"StatefulPartitionedCall")
    return head.startswith(b"\x08\x01\x12") and any(mark in head for mark in marks)


def is_core_ml(head: bytes) -> bool:
    """`specificationVersion`, then a description, whose first field is an input (coremltools: Model.proto)."""
    return re.match(rb"\x08[\x01-\x1f]\x12[\x80-\xff]{0,4}[\x00-\x7f]\x0a", head) is not None


def is_graph_def(head: bytes) -> bool:
    """Nodes, each with a name and then an operation in words (tensorflow/node_def.proto)."""
    node = _first_field(head)
    name = _first_field(node)
    at = len(name) + 2
    if not name or len(name) >= _SHORT or _WORD.match(name) is None or node[at : at + 1] != b"\x12":
        return False
    size, start = _number(node, at + 1)
    op = node[start : start + size]
    return len(op) == size and re.match(rb"[A-Z_]\w*\Z", op) is not None


def is_caffemodel(head: bytes) -> bool:
    """A name, then layers, each with a name and a type in words (caffe.proto: `layer` has the number 100)."""
    name = _first_field(head)
    rest = head[len(name) + 2 :] if name and len(name) < _SHORT else head
    if not rest.startswith(b"\xa2\x06"):
        return False
    _, at = _number(rest, 2)
    layer = rest[at : at + 512]
    inner = _first_field(layer)
    return bool(inner) and layer[len(inner) + 2 : len(inner) + 3] == b"\x12"


def is_paddle(head: bytes) -> bool:
    """Blocks, the first of which has the number 0 and none above it (framework.proto of PaddlePaddle)."""
    return re.match(rb"\x0a[\x80-\xff]{0,4}[\x00-\x7f]\x08\x00\x10\xff{9}\x01\x1a", head) is not None


def is_flax(head: bytes) -> bool:
    """A map of MessagePack, at whose beginning parameters are named."""
    names = rb"[\xa4-\xa9](?:params|kernel|bias|scale|embedding|model)"
    return _SHORT < head[0] < 0x90 and re.search(names, head) is not None


def is_cntk(head: bytes) -> bool:
    """A dictionary of CNTK 2 (CNTK.proto), or the mark of CNTK 1 in letters of 16 bits."""
    return head.startswith(b"B\0C\0N\0") or (head.startswith(b"\x08\x01\x12") and b"CompositeFunction" in head)


def is_torch7(head: bytes) -> bool:
    """An object with its number, and the version of its class as a text."""
    return head[4:8] == b"\1\0\0\0" and b"\3\0\0\0V 1" in head[:24]


def is_mnn(head: bytes) -> bool:
    """A table of FlatBuffers that names the converter's own product."""
    return head[2:4] == b"\0\0" and b"\3\0\0\0MNN\0" in head


def is_executorch(head: bytes) -> bool:
    """The mark of a file of FlatBuffers."""
    return re.match(rb"ET\d\d", head[4:8]) is not None


def names_in_tar(head: bytes) -> list[str]:
    """The names of the first entries of a tar archive, as far as its beginning has them; none for another file."""
    names, at = [], 0
    while head[at + _TAR_MARK.start : at + _TAR_MARK.stop] == b"ustar":
        names.append(head[at : at + 100].rstrip(b"\0").decode(errors="replace"))
        digits = head[at + 124 : at + 136].strip(b"\0 ")
        if re.fullmatch(rb"[0-7]+", digits) is None:
            break
        at += _TAR_BLOCK * (1 + -(-int(digits, 8) // _TAR_BLOCK))
    return names


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number as protocol buffers write it, and where it ends; 0 where it does not end."""
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < _SHORT:
            return value, at
    return 0, at


def _first_field(data: bytes) -> bytes:
    """What the first field of a message holds, where its number is 1 and it is not an integer; else b""."""
    if not data.startswith(b"\x0a"):
        return b""
    size, at = _number(data, 1)
    return data[at : at + size]
