"""What can be read of a text that cannot be read as a whole, each value where it stands in the text.

Lines of YAML that keep it from being read are read as empty ones; JSON is read up to its fault, with what is open
closed there. Knows no model.
"""

from __future__ import annotations

import re

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.source import Document, read_text

#: Faults that are looked past, and characters that are read for them in all.
_MOST_FAULTS = 8
_MOST = 1 << 20
_JSON = re.compile(r'[{}\[\],:]|"(?:[^"\\n]|\\.)*"|[^\s{}\[\],:"]+')


def readable(text: str, path: str) -> Document | None:
    r"""A document of what can be read of a text, with the places of the text; None where that is nothing.

    >>> found = readable("input: [8]\nlayers:\n  - Dense: {units: 4\n  - Flatten\n", "<text>")
    >>> found.value, found.offsets(("layers", 0))
    ({'input': [8], 'layers': ['Flatten']}, (44, 51))
    """
    if text.lstrip()[:1] in ("{", "["):
        found = _attempt(_closed(text), path)
        if isinstance(found, Document):
            return found
    return _without_lines(text, path)


def _attempt(text: str, path: str) -> Document | Diagnostic | None:
    """The document, or what is wrong first; None where it has no place."""
    try:
        return read_text(text, path)
    except UnusableError as error:
        return next((one for one in error.diagnostics if one.span is not None), None)


def _without_lines(text: str, path: str) -> Document | None:
    """The document without the lines at fault."""
    fault = _attempt(text, path)
    if isinstance(fault, Document):
        return fault
    left = _MOST // (len(text) + 1)
    for _ in range(_MOST_FAULTS):
        if not isinstance(fault, Diagnostic):
            break
        farthest: tuple[int, str, Diagnostic] | None = None
        for line in _suspects(text, fault):
            if left < 0:
                return None
            left -= 1
            shorter = _blanked(text, line)
            found = _attempt(shorter, path)
            if isinstance(found, Document):
                return found
            if found is not None and found.span is not None and (farthest is None or found.span.line > farthest[0]):
                farthest = found.span.line, shorter, found
        if farthest is None:
            break
        _, text, fault = farthest
    return None


def _suspects(text: str, fault: Diagnostic) -> list[int]:
    """The lines, from 1, of which one may be at fault: where something was opened, the line itself, the one before."""
    assert fault.span is not None
    lines = [one.span.line for one in fault.related if one.span.path == fault.span.path]
    lines.append(fault.span.line)
    before = text.split("\n")[: fault.span.line - 1]
    lines += [number for number in range(len(before), max(len(before) - 4, 0), -1) if before[number - 1].strip()][:1]
    written = text.split("\n")
    return [line for line in dict.fromkeys(lines) if line <= len(written) and written[line - 1].strip()]


def _blanked(text: str, line: int) -> str:
    lines = text.split("\n")
    lines[line - 1] = " " * len(lines[line - 1])
    return "\n".join(lines)


def _closed(text: str) -> str:
    """A text that begins as JSON does, up to the last value before its fault, and what is open there closed."""
    opened: list[str] = []
    keyed = False  # whether a key of the innermost mapping waits for its value
    safe = at = 0
    for match in _JSON.finditer(text):
        sign = match.group()
        if text[at : match.start()].strip():
            break
        at = match.end()
        if sign in "{[":
            if opened and opened[-1] == "}" and not keyed:
                break
            opened.append("}" if sign == "{" else "]")
            keyed = False
        elif sign in "}]":
            if not opened or opened[-1] != sign:
                break
            opened.pop()
            keyed = False
        elif sign == ":":
            keyed = True
            continue
        elif sign == "," or (opened and opened[-1] == "}" and not keyed):
            continue
        else:
            keyed = False
        safe = at
        if not opened:
            break
    return text[:safe] + "".join(reversed(opened))
