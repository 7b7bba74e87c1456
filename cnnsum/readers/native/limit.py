"""How many layers a spec would make, known before any is made."""

from __future__ import annotations

from typing import Any

from cnnsum.readers.native.entry import SPECIAL, Types, parse
from cnnsum.readers.native.faults import Findings, Site
from cnnsum.readers.native.scope import Scope
from cnnsum.source import Document

MAX_LAYERS = 1_000_000


def within_limit(items: list[Any], document: Document, types: Types, scope: Scope, findings: Findings) -> bool:
    """Whether these items stay within the limit; where they do not, says which item goes beyond it."""
    total = len(items)
    counted = []
    if types.blocks or any(_repeats(item) for item in items):
        for index, item in enumerate(items):
            if isinstance(item, str) and item in types.blocks:
                counted.append(index)
            elif isinstance(item, dict) and (_repeats(item) or not types.blocks.keys().isdisjoint(item)):
                counted.append(index)
    if counted:
        from cnnsum.readers.native.blocks import Counter

        counter = Counter(scope)
        quiet = Findings()
        for index in counted:
            entry = parse(items[index], document, ("layers", index), types, quiet)
            if entry is None:
                continue
            total += counter.count([entry], scope) - 1
            if total > MAX_LAYERS:
                break
    else:
        index = 0
    if total <= MAX_LAYERS:
        return True
    message = f"this makes the network larger than {MAX_LAYERS:,} layers"
    findings.add("SPC039", message, Site(document, ("layers", index)))
    return False


def _repeats(item: Any) -> bool:
    if type(item) is not dict:
        return False
    return any(type(fields) is dict and "repeat" in fields for fields in item.values())


__all__ = ["MAX_LAYERS", "SPECIAL", "within_limit"]
