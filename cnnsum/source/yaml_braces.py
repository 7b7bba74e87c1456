"""Lists that were written in braces: `{8, 3}`, which YAML reads as a mapping of 8 and 3 to nothing.

Imported only once a key of such a mapping was found wrong.
"""

from __future__ import annotations

import re

from cnnsum.source.findings import BadTextError, Finding
from cnnsum.source.kept_places import KeptPlaces, Place
from cnnsum.source.yaml_text import load
from cnnsum.typed import Any

#: The findings that the keys of such a mapping give rise to: no text, or given twice.
_OF_KEYS = ("SPC015", "SPC016")
_BRACES = re.compile(r"\{([^{}:&*]{1,200})\}")


def list_in_braces(text: str, start: int, findings: list[Finding]) -> tuple[list[Any], Place, list[Finding]] | None:
    """The list that was meant by the mapping at `start`, its place, and the findings with one for all of its keys.

    None where the mapping is not one of these, or nothing is wrong with its keys.
    """
    match = _BRACES.match(text, start)
    if match is None:
        return None
    rest = [one for one in findings if one.start < start or one.code not in _OF_KEYS]
    if not any(one.code == "SPC016" and one.start >= start for one in findings):
        return None
    try:
        value, places, _ = load(f"[{match[1]}]")
    except BadTextError:
        return None
    advice = f"write `[{match[1].strip(' ,')}]`"
    finding = Finding("SPC016", "a list stands in square brackets", start, match.end(), help=advice)
    return value, _place(value, places, (), start), [*rest, finding]


def _place(value: Any, places: KeptPlaces, path: tuple[int, ...], by: int) -> Place:
    """The place of a value, lists alone, that stands `by` further on in the text."""
    start, end = places.find(path)
    items = (
        [_place(item, places, (*path, index), by) for index, item in enumerate(value)]
        if isinstance(value, list)
        else None
    )
    return start + by, end + by, items
