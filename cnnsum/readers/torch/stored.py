"""Which parameters and buffers of an exported program are one tensor under several names.

A program lists a tensor once for each name that modules have for it, and uses one of them. Its archive says in which
file each is stored; that is read, the files are not. Knows no operation and no graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
