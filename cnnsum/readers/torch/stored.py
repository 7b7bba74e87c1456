"""Which parameters and buffers of an exported program are one tensor under several names.

A program lists a tensor once for each name that modules have for it, and uses one of them, or, as PyTorch 2.5 writes
it, each. Its archive says in which file each is stored; that is read, the files are not. Archives of PyTorch 2.5 and
2.6 say so in a pickle, which is not read: there the sizes of the files tell how many tensors are one. Knows no
operation and no graph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.source.containers import Weights


def stored_as(weights: Weights | None) -> dict[str, tuple[str, ...]]:
    """By the name of a parameter or buffer, its file and what part of it; empty where the archive does not say.

    >>> from cnnsum.source.containers import Weights
    >>> said = b'{"config": {"a.weight": {"path_name": "weight_0"}, "b.weight": {"path_name": "weight_0"}}}'
    >>> found = stored_as(Weights(None, stored=said))
    >>> found["a.weight"] == found["b.weight"]
    True
    """
    if weights is None or not weights.stored:
        return {}
    import json

    try:
        said = json.loads(weights.stored)
    except (ValueError, RecursionError):
        return {}  # the program is sound all the same
    listed = said.get("config") if isinstance(said, dict) else None
    found = {}
    for name, one in listed.items() if isinstance(listed, dict) else ():
        if isinstance(one, dict) and isinstance(one.get("path_name"), str):
            meta = one.get("tensor_meta")
            parts = [meta.get(key) for key in ("sizes", "strides", "storage_offset")] if isinstance(meta, dict) else []
            found[name] = (one["path_name"], *map(repr, parts))
    return found


def stored_by_size(sizes: tuple[int, ...], tensors: Mapping[str, tuple[tuple[int, ...], str]]) -> dict[str, str]:
    """By the name of a parameter or buffer the name that it is stored under, its own for most; empty where files of
    these sizes do not tell.

    tensors: the shape and dtype of each name, in their order. Where there are fewer files of a size than names, those
    of one shape and dtype stand for one tensor: the last of them for the first.

    >>> table, other = ((11, 6), "float32"), ((6,), "float32")
    >>> stored_by_size((264, 24), {"in.weight": table, "bias": other, "out.weight": table})
    {'in.weight': 'in.weight', 'bias': 'bias', 'out.weight': 'in.weight'}
    >>> stored_by_size((264, 24, 264), {"in.weight": table, "bias": other, "out.weight": table})["out.weight"]
    'out.weight'
    >>> stored_by_size((264,), {"in.weight": table, "bias": other})
    {}
    """
    files = Counter(sizes)
    names: dict[int, list[str]] = {}
    for name, (shape, dtype) in tensors.items():
        names.setdefault(_bytes(shape, dtype), []).append(name)
    if set(files) != set(names) or any(files[size] > len(found) for size, found in names.items()):
        return {}
    stored = {name: name for name in tensors}
    for size, found in names.items():
        alike: dict[object, list[str]] = {}
        for name in found:
            alike.setdefault(tensors[name], []).append(name)
        over = len(found) - files[size]
        for group in sorted(alike.values(), key=len, reverse=True):
            for name in group[max(1, len(group) - over) :]:
                stored[name] = group[0]
                over -= 1
        if over:
            return {}
    return stored


def _bytes(shape: tuple[int, ...], dtype: str) -> int:
    bits = re.search(r"\d+", dtype)
    each = 1 if bits is None else int(bits[0]) // 8
    for length in shape:
        each *= length
    return each
