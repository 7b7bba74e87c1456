"""What the formats draw of a picture: which boxes are shown, what they say, what flows between them.

Knows pictures and cells of the summary; no syntax of any format.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from cnnsum.answers.picture.ask import lifted
from cnnsum.answers.picture.records import Box, Edge, Picture
from cnnsum.answers.summary.cells import TextCells
from cnnsum.answers.summary.columns import COLUMNS, parse_columns, scale_bars
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report, TensorRecord
from cnnsum.render.style import printable
from cnnsum.render.units import exact
from cnnsum.render.wrap import Cell, join
from cnnsum.typed import Literal, NamedTuple

_DEFAULT = "layer,type,params"
#: Of longer texts the rest is left out.
_LONGEST = 60

#: What a box is to the eye: where something comes in, what computes with weights, where several tensors meet, any other
#: layer, a closed group, and where there is an error.
Role = Literal["input", "weights", "meeting", "layer", "group", "wrong"]

#: The colours of a role: of the border, and of the inside.
COLOURS: dict[Role, tuple[str, str]] = {
    "input": ("#6b7280", "#f3f4f6"),
    "weights": ("#2563eb", "#dbeafe"),
    "meeting": ("#b45309", "#fef3c7"),
    "layer": ("#9ca3af", "#ffffff"),
    "group": ("#4338ca", "#e0e7ff"),
    "wrong": ("#b91c1c", "#fee2e2"),
}


class Shown(NamedTuple):
    """What there is to draw of a picture.

    steps: what happens from the first box to the last: one is drawn, a group is opened, or the one opened last closed
        (None). number: of every box that is drawn, by its id.
    folded: whether more is closed than was asked for.
    """

    steps: tuple[tuple[Literal["box", "open", "close"], Box | None], ...]
    number: dict[str, int]
    edges: tuple[Edge, ...]
    roles: dict[str, Role]
    folded: bool


def shown(picture: Picture, most: int | None = None) -> Shown:
    """What is to be drawn; groups are closed from within until there are no more than `most` boxes."""
    open, folded = _open(picture, most)
    steps: list[tuple[Literal["box", "open", "close"], Box | None]] = []
    number: dict[str, int] = {}
    wrong = set(picture.wrong)
    bad: set[str] = set()
    waiting: list[Box | None] = [*reversed(picture.boxes)]
    while waiting:
        box = waiting.pop()
        if box is None:
            steps.append(("close", None))
        elif box.boxes and box.id in open:
            frame = box.kind != "run"  # a chain needs none
            if frame:
                steps.append(("open", box))
                waiting.append(None)
            waiting += reversed(box.boxes)
        else:
            number[box.id] = len(number)
            steps.append(("box", box))
            if wrong and (box.id in wrong or any(one in wrong for one in _layers(box))):
                bad.add(box.id)
    edges = lifted(picture, open)
    coming: dict[str, int] = {}
    for edge in edges:
        coming[edge.target] = coming.get(edge.target, 0) + 1
    roles = {box.id: _role(box, coming.get(box.id, 0), bad) for step, box in steps if step == "box" and box is not None}
    return Shown(tuple(steps), number, edges, roles, folded)


def _open(picture: Picture, most: int | None) -> tuple[Collection[str], bool]:
    """The groups that are open, and whether there are fewer than the picture has."""
    open: set[str] = set()
    level = [*picture.boxes]
    count = len(level)
    while level:
        opened = [box for box in level if box.boxes and not box.folded]
        count += sum(len(box.boxes) - 1 for box in opened)
        if most is not None and count > most:
            return open, bool(opened)
        open.update(box.id for box in opened)
        level = [inner for box in opened for inner in box.boxes]
    return open, False


def _layers(box: Box) -> Iterator[str]:
    waiting = [box]
    while waiting:
        one = waiting.pop()
        waiting += one.boxes
        if not one.boxes:
            yield one.id


def _role(box: Box, coming: int, wrong: Collection[str]) -> Role:
    if box.id in wrong:
        return "wrong"
    if box.boxes:
        return "group"
    if box.kind == "input":
        return "input"
    if not (isinstance(box.row.params.total, int) and box.row.params.total == 0):
        return "weights"
    return "meeting" if coming > 1 else "layer"


class Texts:
    """What boxes and edges say, as the options have it: a line for each column, the shapes along the edges.

    Raises OptionError for columns that there are not.
    """

    def __init__(self, report: Report, options: Options, shown: Shown) -> None:
        text = _DEFAULT if options.columns is None else options.columns
        self._names = parse_columns(f"{_DEFAULT},{text}" if text.strip().startswith("+") else text, report)
        self._report = report
        self._cells = TextCells(symbolic=options.symbolic, format=report.source.format)
        self._draw: list[Callable[..., Cell]] = [COLUMNS[name].cell for name in self._names]
        rows = [box.row for step, box in shown.steps if step == "box" and box is not None]
        scale_bars(self._names, self._draw, rows, ascii=False)

    def lines(self, box: Box) -> tuple[str | None, list[str]]:
        """The name of a box, None where it is not among the columns; and its other lines."""
        found = []
        for name, draw in zip(self._names, self._draw, strict=True):
            if name == "type":
                found.append(_cut(_title(box)))
            elif name == "params":
                if box.row.params.total != 0:
                    found.append(_cut(f"{join(self._cells.params(box.row))} params"))
            elif name != "layer":
                text = join(draw(self._cells, box.row, 0, self._report))
                if text not in ("", "-"):
                    found.append(_cut(f"{COLUMNS[name].header}: {text}"))
        return (_cut(printable(box.name)) if "layer" in self._names else None), found

    def frame(self, box: Box) -> str:
        """The title of an open group."""
        return _cut(f"{printable(box.name)} ({_title(box)})")

    def tensor(self, tensor: TensorRecord | None) -> str:
        """What stands at an edge: the shape, nothing where that is not known."""
        return "" if tensor is None or tensor.shape is None else _cut(self._cells.shape(tensor.shape))


def _title(box: Box) -> str:
    if not box.boxes or box.kind in ("run", "stage"):
        return printable(box.title)
    layers = sum(1 for _ in _layers(box))
    return f"{printable(box.title)}, {exact(layers)} layer{'s' * (layers != 1)}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
