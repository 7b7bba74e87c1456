"""Inlay hints: what each layer gives and how many parameters it has, behind its line."""

from __future__ import annotations

import re

from cnnsum.dims import Dim
from cnnsum.layers.facts import Shape, show_shape
from cnnsum.render import units
from cnnsum.server.analysis import Analysis
from cnnsum.server.layers import Made, Path, made_by
from cnnsum.server.text import Text
from cnnsum.source import Document
from cnnsum.typed import NamedTuple

#: Shapes of one layer, and characters of a hint: a formula may be long.
_MOST_SHAPES = 3
_LONGEST = 100
#: What may stand between the end of a layer and the end of its line.
_CLOSING = re.compile(r"[ \t,\]}]*")


class Hint(NamedTuple):
    """A text behind the place `at`; `more` is shown when it is pointed at."""

    at: int
    text: str
    more: str = ""


def hints(analysis: Analysis, text: Text) -> list[Hint]:
    """The hints of a text, in the order of their places.

    Where the text cannot be read, those of the layers above the fault, if all that they need stands elsewhere.
    """
    whole = analysis.around
    model = whole.model
    if model is None or whole.document is None:
        return []
    until = len(text) if whole is analysis else _until(analysis, whole)
    found: dict[int, Hint] = {}
    texts: dict[tuple[tuple[Shape | None, ...], Dim], str] = {}  # most layers are one of a few kinds
    for path, made in made_by(model).items():
        first = made[0]
        if whole is not analysis and (first.layer is None or first.layer.block):
            continue
        start, end = whole.document.offsets(path)
        if end > until or not any(shape is not None for shape in first.outputs):
            continue
        line = text.line_of(start)
        is_long = text.line_of(end) != line
        line_end = text.end_of(text.line_of(_type_at(whole.document, path)) if is_long else line)
        # Where more than one layer stands on a line, each has its hint behind it.
        at = line_end if is_long or _is_last(text, end, line_end) else end
        while at in found and at < end:
            at = end
        if at not in found:
            what = (first.outputs, first.parameters)
            said = texts.get(what)
            if said is None:
                said = texts[what] = _said(first)
            found[at] = Hint(at, said, _more(made))
    return [found[at] for at in sorted(found)]


def _is_last(text: Text, end: int, line_end: int) -> bool:
    """Whether nothing but brackets is between two places; a line may be a whole file, of which no part is copied."""
    closing = _CLOSING.match(text.text, end, line_end)
    return closing is None or closing.end() >= line_end


def _type_at(document: Document, path: Path) -> int:
    """The place of the type of a layer, whose line is the layer's: at its beginning, but in Keras's files."""
    value = document.at(path)
    is_keras = isinstance(value, dict) and "class_name" in value
    return document.offsets((*path, "class_name"))[1] if is_keras else document.offsets(path)[0]


def _until(analysis: Analysis, whole: Analysis) -> int:
    """Up to where hints hold for a text that cannot be read: its fault, if that is in the network's own layers."""
    document = whole.document
    assert document is not None
    blank = next((at for at, (a, b) in enumerate(zip(analysis.text, whole.text, strict=False)) if a != b), None)
    fault = min(len(whole.text), len(analysis.text)) if blank is None else blank
    keys = list(document.value) if isinstance(document.value, dict) else []
    above = [(document.offsets((key,), key=True)[0], key) for key in keys]
    last = max((one for one in above if one[0] <= fault), default=(0, ""))
    return fault if last[1] == "layers" else 0


def _said(made: Made) -> str:
    shapes = [("?" if shape is None else show_shape(shape)) for shape in made.outputs[:_MOST_SHAPES]]
    text = ", ".join(shapes) + (", ..." if len(made.outputs) > _MOST_SHAPES else "")
    if made.parameters != 0:
        text += f" \N{MIDDLE DOT} {units.exact(made.parameters)} params"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _more(made: list[Made]) -> str:
    if len(made) == 1:
        return made[0].name
    alike = all(one.outputs == made[0].outputs and one.parameters == made[0].parameters for one in made)
    return f"{made[0].name}, the first of {len(made):,}" + (", which are alike" if alike else "")
