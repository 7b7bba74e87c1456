"""Code as text: calls and lists that are broken over lines where one is too short, in the way of common formatters.

Knows Python's syntax; no framework, no graph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Columns of a line.
WIDTH = 100
_INDENT = "    "


class Bare(str):
    """A piece of code that stands on one line: a name, an expression of names and numbers."""

    __slots__ = ()


class Listed:
    """A call, a list or a tuple: what stands before its items, the items, what stands behind.

    items: each with the name of the argument before it, or "". broken: whether each item has a line of its own, however
    short. notes: comments behind the items, which break it too; remarks: lines of comments above them.
    """

    def __init__(
        self,
        opening: str,
        items: Sequence[tuple[str, Code]],
        closing: str = ")",
        *,
        broken: bool = False,
        notes: Sequence[str] = (),
        remarks: Sequence[Sequence[str]] = (),
    ) -> None:
        self.opening = opening
        self.items = items
        self.closing = closing
        self.broken = broken or any(notes) or any(remarks)
        self.notes = notes
        self.remarks = remarks


class Repeated:
    """So many new ones of a thing, in a list that is unpacked: `*[Block(64) for _ in range(3)]`."""

    def __init__(self, item: Code, count: str) -> None:
        self.item = item
        self.count = count


Code = Bare | Listed | Repeated


def call(function: str, *items: Code, **named: Code) -> Listed:
    """A call, with arguments by place and by name."""
    return Listed(f"{function}(", [*[("", item) for item in items], *named.items()])


def literal(value: object) -> Code:
    r"""A plain value as code: None, numbers, texts, tuples and lists of them.

    Raises TypeError for any other: nothing else of a file may become code.

    >>> flat(literal((1, 2.5))), flat(literal([True, None])), flat(literal('a"b')), flat(literal(float("inf")))
    ('(1, 2.5)', '[True, None]', '"a\\"b"', 'float("inf")')
    """
    if value is None or isinstance(value, (bool, int)):
        return Bare(repr(value))
    if isinstance(value, float):
        return Bare(repr(value)) if math.isfinite(value) else Bare(f'float("{value!r}")')
    if isinstance(value, str):
        return Bare('"' + "".join(map(_quoted, value)) + '"')
    if isinstance(value, list):
        return Listed("[", [("", literal(item)) for item in value], "]")
    if isinstance(value, tuple):
        items = [("", literal(item)) for item in value]
        return Listed("(", items, ")") if len(items) != 1 else Bare(f"({flat(items[0][1])},)")
    raise TypeError(type(value).__name__)


def _quoted(sign: str) -> str:
    return "\\" + sign if sign in '"\\' else ascii(sign)[1:-1] if sign != "'" else sign


def flat(code: Code) -> str:
    """The code on one line."""
    if isinstance(code, Listed):
        items = ", ".join([f"{name}={flat(item)}" if name else flat(item) for name, item in code.items])
        return f"{code.opening}{items}{code.closing}"
    if isinstance(code, Repeated):
        return f"*[{flat(code.item)} for _ in range({code.count})]"
    return code


def _stays(code: Code) -> bool:
    """Whether nothing in it must be broken."""
    if isinstance(code, Listed):
        return not code.broken and all(_stays(item) for _, item in code.items)
    return _stays(code.item) if isinstance(code, Repeated) else True


def lines(code: Code, indent: int = 0, before: str = "", behind: str = "", note: str = "") -> list[str]:
    """The code on as many lines as it needs, with what stands before and behind it, and a comment at its end.

    A comment that is too long for that stands above.
    """
    found = _broken(code, indent, before, behind)
    if not note:
        return found
    if len(found[-1]) + 4 + len(note) > WIDTH:
        return [f"{_INDENT * indent}# {note}", *found]
    found[-1] += f"  # {note}"
    return found


def _broken(code: Code, indent: int, before: str, behind: str) -> list[str]:
    space = _INDENT * indent
    if _stays(code):
        one = f"{space}{before}{flat(code)}{behind}"
        if len(one) <= WIDTH or isinstance(code, Bare):
            return [one]
    inner = _INDENT * (indent + 1)
    if isinstance(code, Repeated):
        ends = [f"{space}{before}*[", f"{space}]{behind}"]
        return [
            ends[0],
            *_broken(code.item, indent + 1, "", ""),
            f"{inner}for _ in range({code.count})",
            ends[1],
        ]
    assert isinstance(code, Listed)
    found = [f"{space}{before}{code.opening}"]
    if _stays(code):
        row = ", ".join([f"{name}={flat(item)}" if name else flat(item) for name, item in code.items])
        if len(inner) + len(row) <= WIDTH and not _splits_elements(code):
            return [*found, inner + row, f"{space}{code.closing}{behind}"]
    notes = [*code.notes, *[""] * (len(code.items) - len(code.notes))]
    remarks = [*code.remarks, *[()] * (len(code.items) - len(code.remarks))]
    for (name, item), note, remark in zip(code.items, notes, remarks, strict=True):
        found += [f"{inner}# {line}" for line in remark]
        found += lines(item, indent + 1, f"{name}=" if name else "", ",", note)
    return [*found, f"{space}{code.closing}{behind}"]


def _splits_elements(code: Listed) -> bool:
    """Whether a formatter gives each item a line of its own: a single argument that is a list is broken itself."""
    return len(code.items) == 1 and isinstance(code.items[0][1], Repeated)


__all__ = ["WIDTH", "Bare", "Code", "Listed", "Repeated", "call", "flat", "lines", "literal"]
