"""How what was meant is written: a call of Python, a list of mappings, values in no list. Texts and values alone."""

from __future__ import annotations

import re

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import show
from cnnsum.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnsum.readers.native.entry import Entry, Types

#: A comma between the arguments of a call, and none within brackets; an argument by its name.
_OUTER_COMMA = re.compile(r",(?![^(\[{]*[)\]}])")
_ARGUMENT = re.compile(r"(\w+)\s*=\s*(\S.*)")
_IS_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
_IS_ASSIGNMENT = re.compile(r"\w+ *=[^=]")


def as_item(name: str, types: Types) -> str | None:
    """How a call such as `Conv2D(32, 3)`, or what has no colon, `Conv2D [32, 3]`, is written as an item."""
    head, bracket, rest = name.partition(next((sign for sign in name if sign in "([{"), "("))
    head = head.strip()
    if not bracket or types.find(head) is None:
        return None
    if bracket != "(":
        return f"write `{head}: [{rest}`" if bracket == "[" else f"write `{head}: {{...}}`"
    if not rest.endswith(")"):
        return None
    type = types.find(head)
    names = type.by_position(head) if isinstance(type, LayerType) else []
    values = [*map(str.strip, _OUTER_COMMA.split(rest[:-1]))] if rest[:-1].strip() else []
    fields = [_ARGUMENT.fullmatch(value) for value in values]
    if not any(fields):
        return f"write `{head}: [{', '.join(map(_as_yaml, values))}]`" if values else f"write `{head}`"
    if len(values) > len(names) and not all(fields):
        return None
    said = [
        f"{field[1]}: {_as_yaml(field[2])}" if field else f"{names[at]}: {_as_yaml(value)}"
        for at, (value, field) in enumerate(zip(values, fields, strict=True))
    ]
    return f"write `{head}: {{{', '.join(said)}}}`"


def _as_yaml(value: str) -> str:
    """A value of a call in Python as a spec has it: `(3, 3)` is `[3, 3]`, `True` `true`, `"relu"` `relu`."""
    if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]:
        return value[1:-1]
    if value.startswith("(") and value.endswith(")"):
        return f"[{value[1:-1].rstrip(', ')}]"
    return {"True": "true", "False": "false", "None": "null"}.get(value, value)


def by_position(entry: Entry, value: Any, names: list[str]) -> tuple[str, str, str | None] | None:
    """What is wrong with fields given as a list of values, or the first as a single value: a code, what to say, and
    how what was meant is written. None where nothing is.

    value: as it stands in the file. names: of the fields that have a position, in order.
    """
    values = value if isinstance(value, list) else [value]
    if isinstance(value, str) and _IS_ASSIGNMENT.match(value):
        help = f"write `{entry.type_name}: {{{value.replace('=', ': ')}}}`"
        return "SPC027", "fields stand in a mapping, each with a colon", help
    if isinstance(value, str) and _IS_GROUPED.fullmatch(value):
        return (
            "SPC025",
            f"`{value}` is not a number: digits have no commas between",
            f"write `{value.replace(',', '')}`",
        )
    listed = _list_without_brackets(value) if isinstance(value, str) else None
    if listed is not None:
        help = "a formula that holds a comma stands in quotes" if "(" in listed else f"write `[{listed}]`"
        return "SPC022", "a list of fields stands in square brackets", help
    if values and all(isinstance(one, dict) and len(one) == 1 and next(iter(one)) in names for one in values):
        help = f"leave the dashes out: fields are a mapping, `{entry.type_name}: {{{', '.join(map(_inner, values))}}}`"
        return "SPC022", "fields stand in a mapping, and not in a list of mappings", help
    if len(values) <= len(names):
        return None
    block = entry.block
    what, kind = (entry.type_name, "fields") if block is None else (f"`{block.name}`", "arguments")
    has = f"it has {len(names)}: {', '.join(names)}" if names else f"it has no {kind}"
    plural = f"{len(values)} values" if len(values) > 1 else "a value"
    meant = None if entry.type is None else _meant_by_values(entry.type, values)
    return "CFG104", f"{what} got {plural} but {has}", meant


def _inner(item: dict[str, object]) -> str:
    """A mapping without its braces."""
    return ", ".join(f"{name}: {show(value)}" for name, value in item.items())


def _meant_by_values(type: LayerType, values: list[object]) -> str | None:
    """What a list of more values than fields was meant for: the inputs of a merge, or one value that is a list."""
    listed = f"[{', '.join(map(str, values))}]"
    if type.schema.most is None and all(isinstance(one, str) for one in values):
        return f"what it merges stands in `from`: `{type.name}: {{from: {listed}}}`"
    if len(type.schema.fields) == 1 and all(isinstance(one, (int, str)) for one in values):
        (field,) = type.schema.fields.values()
        whole = [one for one in values if isinstance(one, int)]
        try:
            field.kind.read(whole, None)  # type: ignore[arg-type]  # integers need no reader
        except (Problem, AttributeError):  # also of a kind that asks the reader
            return None
        return f"a list that is one value stands in brackets of its own: `{type.name}: [{listed}]`"
    return None


def _list_without_brackets(text: str) -> str | None:
    """The inside of the list that was meant by `8, 3` or `(8, 3)`; None for any other text, an equation included."""
    inside = text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text
    depth = 0
    outside: list[str] = []
    for part in re.split(r"([()])", inside):
        if part in ("(", ")"):
            depth += 1 if part == "(" else -1
            if depth < 0:
                return None
        elif not depth:
            outside.append(part)
    outer = "".join(outside)
    if depth or "," not in outer or re.search("[^\\w\\s,.+*/$-]|->", outer):
        return None
    return inside.strip(" ,")
