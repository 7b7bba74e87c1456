"""The parts of a spec, one within the other: inputs, vars, symbols, blocks, layers; of other files, the layers."""

from __future__ import annotations

from cnnsum.layers.facts import show_shape
from cnnsum.server.analysis import Analysis
from cnnsum.server.language import Path
from cnnsum.server.layers import Made, made_by
from cnnsum.source import Document
from cnnsum.typed import Literal, NamedTuple

Kind = Literal["input", "var", "symbol", "block", "layer", "type", "part"]
_MOST = 20_000


class Part(NamedTuple):
    """One part: from `start` to `end`, named from `name_start` to `name_end`."""

    name: str
    detail: str
    kind: Kind
    start: int
    end: int
    name_start: int
    name_end: int
    parts: tuple[Part, ...] = ()


def outline(analysis: Analysis) -> list[Part]:
    """The parts of a text, in their order; of one that cannot be read, of what can be."""
    whole = analysis.around
    document = whole.document
    if document is None or not (analysis.is_model or _declares(document.value)):
        return []
    made = {} if whole.model is None else made_by(whole.model)
    if whole.language is None or not isinstance(document.value, dict):
        return _of_rows(document, made)
    found: list[Part] = []
    for key, value in document.value.items():
        members: list[Part] = []
        if key == "layers":
            members = _layers(document, (key,), value, made)
        elif key in _MEMBERS and isinstance(value, dict):
            members = [_member(document, key, name, one, made) for name, one in value.items()]
        elif key not in ("input", "outputs", "include"):
            continue
        kind: Kind = "input" if key == "input" else "part"
        found.append(_part(document, (key,), key, "", kind, tuple(members)))
    found.sort(key=lambda part: part.start)
    return found


def _declares(value: object) -> bool:
    return isinstance(value, dict) and ("blocks" in value or "layer_types" in value)


_MEMBERS: dict[str, Kind] = {
    "inputs": "input",
    "vars": "var",
    "symbols": "symbol",
    "blocks": "block",
    "layer_types": "type",
    "defaults": "type",
}


def _member(document: Document, key: str, name: str, value: object, made: dict[Path, list[Made]]) -> Part:
    layers: list[Part] = []
    if key == "blocks" and isinstance(value, dict):
        layers = _layers(document, (key, name, "layers"), value.get("layers"), made)
    detail = str(value)[:60] if key in ("vars", "inputs") and not isinstance(value, dict) else ""
    return _part(document, (key, name), name, detail, _MEMBERS[key], tuple(layers))


def _layers(document: Document, path: Path, items: object, made: dict[Path, list[Made]]) -> list[Part]:
    found = []
    for number, item in enumerate((items if isinstance(items, list) else [])[:_MOST]):
        here = (*path, number)
        type_name = item if isinstance(item, str) else next(iter(item)) if isinstance(item, dict) and item else "?"
        first = made[here][0] if here in made else None
        fields = item.get(type_name) if isinstance(item, dict) else None
        given = fields.get("name") if isinstance(fields, dict) else None
        name = given if isinstance(given, str) else None if first is None else first.name
        inner: list[Part] = []
        if isinstance(fields, dict) and isinstance(fields.get("layers"), list):
            inner = _layers(document, (*here, type_name, "layers"), fields["layers"], made)
        shape = first.outputs[0] if first is not None and first.outputs else None
        detail = type_name if shape is None else f"{type_name} {show_shape(shape)}"
        found.append(_part(document, here, name or type_name, detail, "layer", tuple(inner), key=False))
    return found


def _part(
    document: Document, path: Path, name: str, detail: str, kind: Kind, parts: tuple[Part, ...], *, key: bool = True
) -> Part:
    start, end = document.offsets(path)
    name_start, name_end = document.offsets(path, key=True) if key else (start, end)
    if key and name_end <= start:
        start = name_start
    elif not name_start <= name_end <= end or name_start < start:
        name_start, name_end = start, min(start + 1, end)
    return Part(name or "?", detail, kind, start, max(end, name_end), name_start, name_end, parts)


def _of_rows(document: Document, made: dict[Path, list[Made]]) -> list[Part]:
    """The layers of a file that is not a spec, those of models within it too."""
    found = []
    for path, layers in made.items():
        first = layers[0]
        start, end = document.offsets(path)
        shape = first.outputs[0] if first.outputs else None
        detail = first.type if shape is None else f"{first.type} {show_shape(shape)}"
        found.append(Part(first.name or "?", detail, "layer", start, end, start, min(start + 1, end)))
    found.sort(key=lambda part: (part.start, -part.end))
    return found[:_MOST]
