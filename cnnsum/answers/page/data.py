"""A page as the object that its front end reads, `cnnsum.page/1`: `page/src/data.ts` has the same as types.

Formulas and long texts stand in tables, once each: the layers of a network say the same over and over. A number is
itself or `[place of its formula]`, null where it is not known. What is too long is cut here.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from cnnsum.answers.explain.explaining import Explained
from cnnsum.answers.explain.steps import Step
from cnnsum.answers.page.records import Page
from cnnsum.answers.picture.records import Box
from cnnsum.answers.summary.records import ReceptiveField, TrainingMemory
from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import UNKNOWN, Dim, Expr
from cnnsum.ink import drawn, harmless
from cnnsum.layers.facts import Shape

SCHEMA = "cnnsum.page/1"

#: Longer names and texts are cut: what a megabyte of name says, its beginning says.
MOST_OF_A_NAME = 300
MOST_OF_A_TEXT = 4_000

#: More layers than that make no page that opens: of the others the sums of their groups remain.
MOST_ROWS = 20_000

#: The largest whole number that JavaScript's numbers hold exactly; larger ones stand in the table of formulas.
_MOST = 2**53 - 1


def document(page: Page) -> dict[str, object]:
    """Return the page as plain dictionaries and lists."""
    return _Writer(page).document()


def encoded(page: Page) -> str:
    """Return the page as JSON that may stand in a script element of HTML, and that no server takes for a command.

    What ends an element, begins a comment or is not ASCII is written as an escape.
    """
    text = json.dumps(document(page), separators=(",", ":"), ensure_ascii=True, check_circular=False)
    for character in "<>&#":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


class _Table:
    """Texts in the order in which they were first met."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._places: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        place = self._places.get(text)
        if place is None:
            place = self._places[text] = len(self.texts)
            self.texts.append(_cut(text, MOST_OF_A_TEXT))
        return place


class _Writer:
    """Writes one page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._formulas: dict[Expr | int, int] = {}
        self._texts = _Table()
        self._explained: dict[str, int] = {}
        self._all_explained: list[dict[str, object]] = []
        self._of: dict[str, Explained] = dict(_by_path(page.explained, ""))
        self._rows: list[dict[str, object]] = []
        self._places: dict[str, int] = {}
        self._starts: list[tuple[int, int, int]] = []
        self._ends: dict[int, tuple[int, int]] = {}

    def document(self) -> dict[str, object]:
        page = self._page
        report = page.report
        boxes = self._boxes(page.picture.boxes)
        self._starts.sort()
        edges = [
            {"source": source, "target": target, "shape": None if tensor is None else self._shape(tensor.shape)}
            for one, other, tensor in page.picture.edges
            if (source := self._places.get(one)) is not None and (target := self._places.get(other)) is not None
        ]
        return {
            "schema": SCHEMA,
            "version": report.version,
            "name": _cut(report.name),
            "path": _cut(report.source.path),
            "format": report.source.format,
            "dtype": report.dtype,
            "fields": [field._asdict() for field in page.fields],
            "conditions": [
                {
                    "layer": _cut(one.layer),
                    "relation": one.need.relation,
                    "left": self._number(one.need.left),
                    "right": self._number(one.need.right),
                    "reason": _cut(one.need.reason, MOST_OF_A_TEXT),
                }
                for one in report.conditions
            ],
            "inputs": [self._named(*one) for one in report.inputs],
            "outputs": [self._named(*one) for one in report.outputs],
            "rows": self._rows,
            "boxes": boxes,
            "edges": edges,
            "left_out": page.picture.layers - len(self._rows),
            "totals": self._totals(),
            "story": self._story(),
            "findings": [self._finding(one) for one in page.findings],
            "explained": self._all_explained,
            "source": None if page.source is None else "\n".join(map(drawn, page.source.splitlines())),
            "changes": self._changes(),
            **({"batches": True} if page.batches else {}),
            "notes": [*page.notes, *self._left_out()],
            # Last, when all that stands in them was met.
            "formulas": [str(one) for one in self._formulas],
            "texts": self._texts.texts,
        }

    def _left_out(self) -> Iterator[str]:
        more = self._page.picture.layers - len(self._rows)
        if more > 0:
            yield f"The page has the first {len(self._rows):,} layers; of {more:,} more it has the totals only."

    # --- numbers ---

    def _number(self, number: Dim) -> int | list[int] | None:
        if type(number) is int and -_MOST <= number <= _MOST:
            return number
        if number is UNKNOWN or not isinstance(number, (int, Expr)):
            return None
        return [self._formulas.setdefault(number, len(self._formulas))]

    def _shape(self, shape: Shape | None) -> list[object] | None:
        return None if shape is None else [self._number(dim) for dim in shape]

    def _tensor(self, shape: Shape | None, dtype: str) -> dict[str, object]:
        return {"shape": self._shape(shape), "dtype": dtype}

    def _named(self, name: str, shape: Shape | None, dtype: str) -> dict[str, object]:
        return {"name": _cut(name), **self._tensor(shape, dtype)}

    def _changes(self) -> dict[str, object] | None:
        changes = self._page.changes
        if changes is None:
            return None
        rows = {id: place for id, place in self._places.items() if id in changes.marks or id in changes.details}
        return {
            "names": [_cut(name) for name in changes.names],
            "totals": [list(map(_cut, total)) for total in changes.totals],
            "notes": changes.notes,
            "layers": changes.layers,
            "sizes": [_cut(text, MOST_OF_A_TEXT) for text in changes.sizes],
            "weights": list(changes.weights),
            "marks": {place: changes.marks[id] for id, place in rows.items() if id in changes.marks},
            "details": {
                place: [_cut(text, MOST_OF_A_TEXT) for text in changes.details[id]]
                for id, place in rows.items()
                if id in changes.details
            },
        }

    # --- layers ---

    def _boxes(self, boxes: Sequence[Box]) -> list[dict[str, object]]:
        """The tree of boxes, without recursion: models nest deeper than Python calls."""
        lines = self._page.lines
        top: list[dict[str, object]] = []
        waiting = [(iter(boxes), top)]
        while waiting:
            inside, into = waiting[-1]
            box = next(inside, None)
            if box is None:
                waiting.pop()
                continue
            inner: list[dict[str, object]] = []
            own: dict[str, object] = {
                "name": _cut(box.name),
                "title": _cut(box.title),
                "kind": box.kind,
                "folded": box.folded,
                "row": None,
                "boxes": inner,
            }
            if lines is not None and box.id in lines:
                own["lines"] = [*map(_cut, lines[box.id])]
            if box.boxes:
                waiting.append((iter(box.boxes), inner))
            elif len(self._rows) < MOST_ROWS:
                own["row"] = self._places[box.id] = len(self._rows)
                self._rows.append(self._row(box))
            else:
                continue
            into.append(own)
        return top

    def _row(self, box: Box) -> dict[str, object]:
        row = box.row
        number = self._number
        line = None if row.place is None else row.place[0]
        if row.place is not None:
            self._starts.append((*row.place, len(self._rows)))
            if row.end is not None:
                self._ends[len(self._rows)] = row.end
        return {
            "name": _cut(row.name),
            "type": _cut(row.type),
            "outputs": [self._tensor(*output) for output in row.outputs],
            "params": number(row.params.total),
            "trainable": number(row.params.trainable),
            "macs": number(row.macs),
            "flops": number(row.flops),
            "weights_memory": number(row.memory.weights),
            "output_memory": number(row.memory.output),
            "saved_memory": number(row.memory.saved),
            "weights": [
                {"name": _cut(one.name), "shape": self._shape(one.shape), "trainable": one.trainable}
                for one in row.weights
            ],
            "field": _field(row.receptive_field),
            "line": line,
            "status": row.status,
            "explained": self._explanation(box),
        }

    # --- totals ---

    def _totals(self) -> dict[str, object]:
        totals, number = self._page.report.totals, self._number
        return {
            "params": number(totals.params.total),
            "trainable": number(totals.params.trainable),
            "non_trainable": number(totals.params.non_trainable),
            "buffers": number(totals.buffers.total),
            "macs": number(totals.macs),
            "flops": number(totals.flops),
            "weights": number(totals.weights.total),
            "outputs": number(totals.outputs),
            "saved": number(totals.saved),
            "peak": number(totals.peak.bytes),
            "training": self._training(totals.training, totals.optimizer),
        }

    def _training(self, found: TrainingMemory, optimizer: str) -> dict[str, object]:
        number = self._number
        return {
            "optimizer": optimizer,
            "weights": number(found.weights),
            "gradients": number(found.gradients),
            "optimizer_state": number(found.optimizer),
            "saved": number(found.saved),
            "master_weights": number(found.master_weights),
            **self._held(found),
            "where_equal": None if found.where_equal is None else self._held(found.where_equal),
            "at_first": None if self._page.training is None else self._held(self._page.training),
        }

    def _held(self, found: TrainingMemory) -> dict[str, object]:
        """What is not the same at all sizes, and the pairs of sizes where it is not known."""
        number = self._number
        return {
            "total": number(found.total),
            "transient": number(found.transient),
            "less_where": [[number(one), number(other)] for one, other in found.less_where],
        }

    def _story(self) -> dict[str, object] | None:
        story = self._page.story
        if story is None:
            return None
        return {
            "storages": [[_cut(name), self._number(size), first, last] for name, size, first, last in story.storages],
            "inner": [self._number(size) for size in story.inner],
            "layers": [_cut(name) for name in story.layers],
            "merges": [list(pair) for pair in story.merges],
        }

    # --- what is said ---

    def _finding(self, found: Diagnostic) -> dict[str, object]:
        own = found.span is not None and found.span.path == self._page.report.source.path
        line = found.span.line if own and found.span is not None else None
        column = found.span.column if own and found.span is not None else None
        return {
            "code": found.code,
            "severity": found.severity,
            "message": _cut(found.message, MOST_OF_A_TEXT),
            "help": None if found.help is None else _cut(found.help, MOST_OF_A_TEXT),
            "line": line,
            "column": column,
            "row": None if line is None or column is None else self._near(line, column),
        }

    def _near(self, line: int, column: int) -> int | None:
        """The layer that a finding stands in, or on the line of which; of the uses of a block the first."""
        at = bisect_right(self._starts, (line, column, MOST_ROWS)) - 1
        if at < 0:
            return None
        begins, indent, row = self._starts[at]
        end = self._ends.get(row)
        if begins != line and (column <= indent if end is None else end <= (line, column)):
            return None
        # Copies of a block begin at one place: the first of them stands for all.
        return self._starts[bisect_left(self._starts, (begins, indent, 0))][2]

    def _explanation(self, box: Box) -> int | None:
        found = self._of.get(box.id) or self._of.get(box.row.name)
        if found is None:
            return None
        record = {
            "what": self._texts(found.what),
            "note": self._texts(found.note),
            "like": _cut(found.like),
            "inputs": [self._shape(shape) for shape in found.inputs],
            "settings": [[self._texts(name), self._texts(value)] for name, value in found.settings],
            "steps": [self._step(step) for step in found.steps],
        }
        key = json.dumps(record)
        place = self._explained.get(key)
        if place is None:
            place = self._explained[key] = len(self._all_explained)
            self._all_explained.append(record)
        return place

    def _step(self, step: Step) -> dict[str, object]:
        return {
            "measure": self._texts(step.measure),
            "formula": None if step.formula is None else self._texts(step.formula),
            "numbers": None if step.with_numbers is None else self._texts(step.with_numbers),
            "value": "all" if step.value is None else self._number(step.value),
            "unit": self._texts(step.unit),
            "why": self._texts(step.why),
            "symbols": [[self._texts(name), self._number(value)] for name, value in step.symbols],
        }


def _by_path(explained: Iterable[Explained], before: str) -> Iterator[tuple[str, Explained]]:
    """Every layer that is explained, by the id that its box has."""
    for one in explained:
        yield f"{before}{one.name}", one
        yield from _by_path(one.layers, f"{before}{one.name}/")


def _field(field: ReceptiveField | None) -> str:
    """The receptive field in a few words."""
    if field is None or all(size is UNKNOWN for size in field.size):
        return ""
    if any(size is None for size in field.size):
        return "all of the input"
    size = "x".join(map(str, field.size))
    return f"{size}, stride {'x'.join(map(str, field.stride))}{'' if field.exact else ' (at most)'}"


def _cut(text: str, most: int = MOST_OF_A_NAME) -> str:
    """A text as one may show it, no longer than `most` characters."""
    return harmless(text if len(text) <= most else f"{text[: most - 1]}…")
