"""What is known of all items of `layers` before any layer is made: names given by hand, and how many layers come."""

from __future__ import annotations

from cnnsum.graph.model import MAX_LAYERS
from cnnsum.readers.native.entry import Types, parse
from cnnsum.readers.native.faults import Findings, Site
from cnnsum.readers.native.scope import Scope
from cnnsum.typed import Any


def survey(items: list[Any], blocks: dict[str, Any]) -> tuple[set[str], list[int]]:
    """The names that items are given, and which items may make more than one layer."""
    names: set[str] = set()
    several = []
    for index, item in enumerate(items):
        if type(item) is dict:
            more = len(item) > 1  # a fault, but what stands beside the layer may be a `repeat`
            for key, fields in item.items():
                if type(fields) is dict:
                    if "name" in fields:
                        name = fields["name"]
                        if type(name) is str:
                            names.add(name)
                    if "repeat" in fields:
                        more = True
                        break
                if key in blocks:
                    more = True
                    break
            if more:
                several.append(index)
        elif type(item) is str and item in blocks:
            several.append(index)
    return names, several


class Room:
    """How many layers may still be made; -1 after more were asked for, which is reported."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_LAYERS


def within_limit(
    items: list[object], several: list[int], site: Site, types: Types, scope: Scope, findings: Findings, room: Room
) -> bool:
    """Whether the layers of one model, whose list stands at `site`, find room, which they then take.

    If not, the item that goes beyond it is reported.
    """
    total = len(items)
    index = room.left
    if several:
        from cnnsum.readers.native.blocks import Counter

        counter = Counter(scope)
        quiet = Findings()
        named: dict[str, tuple[int, int]] = {}
        for index in several:
            entry = parse(items[index], site.document, (*site.path, index), types, quiet)
            if entry is not None:
                total += counter.count([entry], scope, named) - 1
            if total > room.left:
                break
    if total <= room.left:
        room.left -= total
        return True
    room.left = -1
    findings.add("SPC039", f"this makes the network larger than {MAX_LAYERS:,} layers", site.below(index))
    return False
