"""The text of a cfg as darknet reads it: sections in their order, which may have the same name, of `key = value`.

    [convolutional]
    filters = 32   # a comment

becomes `[{"convolutional": {"filters": "32"}}]`. Values stay texts, since what they mean is for the section to say. A
line that begins with `#` or `;` is a comment, and so is what follows a `#` in a value. Knows no section.
"""

from __future__ import annotations

import re

from cnnsum.source.findings import (
    MAX_FINDINGS,
    MAX_VALUES,
    BadTextError,
    Finding,
    duplicate_key,
    empty,
    shown,
    too_many,
)
from cnnsum.source.kept_places import KeptPlaces, Member, Place
from cnnsum.typed import Any

# The first line that is neither empty nor a comment is a section's head.
_BEGINS = re.compile(r"(?:[ \t\r\n]|[#;][^\n]*\n)*\[[ \t]*[A-Za-z_]\w*[ \t]*\][ \t]*(?:[#;][^\n]*)?\r?(?:\n|\Z)")
# Many files of settings begin so; in those of networks a section has one of these names.
_NETWORK = re.compile(r"^[ \t]*\[[ \t]*(?:net|network|conv|convolutional|conn|connected)[ \t]*\]", re.MULTILINE)
_LINE = re.compile(r"[^\r\n]+")


def is_cfg(text: str) -> bool:
    """Whether a text is a cfg, by its first lines and the names of its sections."""
    return _BEGINS.match(text) is not None and _NETWORK.search(text) is not None


def load(text: str) -> tuple[Any, KeptPlaces, list[Finding]]:
    """The sections of a cfg, their places, and what is wrong beside; raises BadTextError where lines are not read."""
    sections: list[dict[str, dict[str, str]]] = []
    places: list[Place] = []
    wrong: list[Finding] = []
    doubled: list[Finding] = []
    values: dict[str, str] = {}
    members: dict[str, Member] = {}
    count = 0
    for match in _LINE.finditer(text):
        line = match.group()
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        start = match.start() + line.index(bare)
        count += 1
        if count > MAX_VALUES:
            raise BadTextError(too_many(start))
        if bare[0] == "[":
            head = re.sub(r"\s*[#;].*", "", bare)
            end = start + len(head)
            name = head[1:-1].strip()
            if head[-1] != "]" or not name:
                wrong.append(Finding("SPC008", "a section begins with its name in brackets: `[name]`", start, end))
            values, members = {}, {}
            sections.append({name: values})
            places.append((start, end, {name: (start, end, (start, end, members))}))
            continue
        key, equals, value = bare.partition("=")
        key = key.strip()
        end = start + len(key)
        if not equals or not key:
            message = f"{shown(bare)} is neither a section, `[name]`, nor `key = value`"
            wrong.append(Finding("SPC008", message, start, start + len(bare)))
        elif not sections:
            wrong.append(Finding("SPC008", f"{shown(key)} stands before the first section", start, end))
        elif key in members:
            doubled.append(
                duplicate_key(key, start, end, members[key][:2], counts="first")._replace(severity="warning")
            )
        else:
            said = value.partition("#")[0].strip()
            at = start + len(bare) - len(value)
            at += len(value) - len(value.lstrip())
            values[key] = said
            members[key] = (start, end, (at, at + len(said), None))
    if wrong:
        raise BadTextError(*wrong[:MAX_FINDINGS], offset=wrong[0].start)
    if not sections:
        raise BadTextError(empty())
    return sections, KeptPlaces((places[0][0], places[0][1], places)), doubled[:MAX_FINDINGS]
