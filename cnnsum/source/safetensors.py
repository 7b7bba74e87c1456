"""Files of safetensors: weights alone, and a header that names them. Says what is in one, in a finding.

Reads the header, never a value; its size is bounded. The layout is that of the format's own documentation: 8 bytes of
the header's length, little-endian, then JSON of `{"name": {"dtype": ..., "shape": [...], "data_offsets": [a, b]}}`.
"""

from __future__ import annotations

import json
from math import prod

from cnnsum.counted import counted
from cnnsum.source.others import EXPORT, Other
from cnnsum.typed import BinaryIO

#: Of the header; that of a model of 100,000 tensors has 12 MB.
MAX_HEADER = 32 * 2**20
_MOST_NAMES = 8
_MOST_LETTERS = 60
_MOST_AXES = 15


def told(file: BinaryIO, head: bytes, other: Other) -> Other:
    """What a file holds, with its tensors, their shapes and how many elements they have; `other` where it is damaged.

    head: the first bytes of the file, which stands behind them.
    """
    size = int.from_bytes(head[:8], "little")
    if size > MAX_HEADER:
        return other
    text = head[8 : 8 + size]
    text += file.read(max(0, size - len(text)))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return other
    if not isinstance(found, dict):
        return other
    shapes = {str(name): _shape(one) for name, one in found.items() if name != "__metadata__"}
    known = [(name, shape) for name, shape in shapes.items() if shape is not None]
    if len(known) < len(shapes):
        return other
    dtypes = sorted({str(found[name].get("dtype"))[:_MOST_LETTERS] for name in shapes})
    count = sum(prod(shape) for _, shape in known)
    what = f"{other.what}: {counted(len(known), 'tensor')} of {count:,} elements"
    listed = ", ".join(f"`{name[:_MOST_LETTERS]}` {shape}" for name, shape in known[:_MOST_NAMES])
    more = f" and {len(known) - _MOST_NAMES:,} more" if len(known) > _MOST_NAMES else ""
    kinds = ", ".join(dtypes[:_MOST_NAMES])
    way = f"they are {listed}{more} ({kinds}); names say no layers: {EXPORT}" if known else other.way
    return other._replace(what=what, way=way)


def _shape(value: object) -> list[int] | None:
    shape = value.get("shape") if isinstance(value, dict) else None
    if not isinstance(shape, list) or not all(type(one) is int and 0 <= one < 1 << 63 for one in shape):
        return None
    return shape if len(shape) <= _MOST_AXES else None
