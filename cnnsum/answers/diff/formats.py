"""The differences between two models as text, as Markdown for pull requests, and as JSON, `cnnsum.diff/1`.

Sees the plain records and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from cnnsum.answers.diff import words
from cnnsum.answers.diff.ask import Change, Delta, Diff, LayerNote, WeightNote
from cnnsum.answers.summary.measured import MEASURES
from cnnsum.counted import counted
from cnnsum.dims import UNKNOWN
from cnnsum.ink import markdown
from cnnsum.render import units
from cnnsum.render.style import NO, NUMBER, YES, printable
from cnnsum.render.units import plain_shape
from cnnsum.render.wrap import Span, wrap_plain

SCHEMA = "cnnsum.diff/1"

_Line = list[Span]
_MOST_LISTED = 12
#: Columns that sentences are broken at, at least.
_LEAST_WIDTH = 40
_PLAIN = ""


# --- text -------------------------------------------------------------------------------------------------------------


def lines(found: Diff, width: int, *, verbose: bool = False, room: int | None = None) -> Iterator[_Line]:
    """The differences as lines of styled spans. verbose: every layer and weight, however many there are.

    room: columns of the terminal, None for as many as it takes. Numbers of both models that have no room beside each
    other stand one below the other.
    """
    most = None if verbose else _MOST_LISTED
    old, new = words.titles(found)
    yield [(f"{old} -> {new}", "bold")]
    yield []
    if found.is_empty:
        known = all(one.old is not UNKNOWN for one in found.totals)
        of = "" if known else " in what is known"
        yield [(f" No difference{of}: {counted(found.same, 'layer is', 'layers are')} the same.", _PLAIN)]
        yield []
    yield from _table(found, old, new, room)
    yield []
    yield [(" Layers", "bold"), (f"  {found.layers[0]:,} -> {found.layers[1]:,}: {words.layer_counts(found)}", _PLAIN)]
    added, removed, changed, affected, renamed = _layer_lines(found)
    for title, some in (("added", added), ("removed", removed), ("changed", changed)):
        yield from _limited(some, most, f"{title} ")
    if affected:
        yield [("   because of that", _PLAIN)]
        yield from _limited(affected, most, "")
    if renamed:
        yield [("   renamed", _PLAIN)]
        yield from _limited(renamed, most, "")
    if found.sizes:
        yield []
        yield [(" Legal sizes", "bold")]
        for symbol, text, same in words.size_rows(found):
            yield [(f"   {printable(symbol)}  ", "bold"), (text, _PLAIN if same else NUMBER)]
    yield []
    yield [(" Weights", "bold")]
    for said in words.weights_said(found):
        for number, line in enumerate(wrap_plain(said, max(width, _LEAST_WIDTH) - 5, "left")):
            yield [(f"   {'  ' * (number > 0)}{line.rstrip()}", _PLAIN)]
    notes = [[("     ", _PLAIN), (_weight(note), _PLAIN)] for note in words.unfit(found.weights)]
    yield from _limited(notes, most, "")


def _layer_lines(found: Diff) -> list[list[_Line]]:
    """A line for each layer: added, removed, changed, affected, and renamed with nothing else to be said of it."""
    told = {one.name for one in (*found.changed, *found.affected)}

    def note(mark: str, style: str, one: LayerNote) -> _Line:
        text = f"  {printable(one.type)}, {words.parameters(one.params)}, output {words.shape(one.output)}"
        return [(f"   {mark} {printable(one.name)}", style), (text, _PLAIN)]

    def change(one: Change) -> _Line:
        name = (
            printable(one.name) if one.name == one.new_name else f"{printable(one.name)} -> {printable(one.new_name)}"
        )
        details = "; ".join(map(printable, words.details(one)))
        return [(f"   ~ {name}", "bold"), (f"  {printable(one.type)}: {details}", _PLAIN)]

    return [
        [note("+", YES, one) for one in found.added],
        [note("-", NO, one) for one in found.removed],
        [*map(change, found.changed)],
        [*map(change, found.affected)],
        [[(f"   = {printable(one)} -> {printable(other)}", _PLAIN)] for one, other in found.renamed if one not in told],
    ]


def _limited(some: Sequence[_Line], most: int | None, what: str) -> Iterator[_Line]:
    """The first lines, and how many more there are: one line more is not worth a line that says so."""
    if most is None or len(some) <= most + 1:
        yield from some
        return
    yield from some[:most]
    yield [(f"     ... and {len(some) - most:,} more {what}(-v lists them)", _PLAIN)]


def _table(found: Diff, old: str, new: str, room: int | None) -> Iterator[_Line]:
    rows = [
        (
            MEASURES[one.measure].title,
            words.amount(one.measure, one.old),
            words.amount(one.measure, one.new),
            words.change(one),
        )
        for one in found.totals
    ]
    titles = max(len(row[0]) for row in rows)
    # Formulas are too long for columns.
    if any(not isinstance(number, int) and number is not UNKNOWN for one in found.totals for number in one[1:]):
        for title, before, after, change in rows:
            text = f"{after}, as before" if change == "same" else f"{before} -> {after}"
            yield [(f" {title:<{titles}}  ", _PLAIN), (text, NUMBER)]
        yield [(f" {words.notes(found)}", _PLAIN)]
        return
    left = max(len(old) if len(old) <= _MOST_TITLE else 3, *[len(row[1]) for row in rows])
    right = max(len(new) if len(new) <= _MOST_TITLE else 3, *[len(row[2]) for row in rows])
    heads = (old, new) if max(len(old), len(new)) <= _MOST_TITLE else ("old", "new")
    changes = max(len(row[3]) for row in rows)
    if room is not None and titles + left + right + changes + 7 > room:
        yield from _stacked(rows, heads)
        yield [(f" {words.notes(found)}", _PLAIN)]
        return
    yield [(f" {'':<{titles}}  {heads[0]:>{left}}  {heads[1]:>{right}}", "bold")]
    for title, before, after, change in rows:
        yield [
            (f" {title:<{titles}}  ", _PLAIN),
            (f"{before:>{left}}  {after:>{right}}", NUMBER),
            (f"  {change}" if change else "", _PLAIN),
        ]
    yield [(f" {words.notes(found)}", _PLAIN)]


def _stacked(rows: Sequence[tuple[str, str, str, str]], heads: tuple[str, str]) -> Iterator[_Line]:
    """The measures with both models below each other."""
    names = max(map(len, heads))
    numbers = max(len(number) for row in rows for number in row[1:3])
    for title, before, after, change in rows:
        yield [(f" {title}", _PLAIN)]
        yield [(f"   {heads[0]:<{names}}  ", _PLAIN), (f"{before:>{numbers}}", NUMBER)]
        yield [(f"   {heads[1]:<{names}}  ", _PLAIN), (f"{after:>{numbers}}", NUMBER)]
        if change:
            yield [(f"   {change}", _PLAIN)]


_MOST_TITLE = 24


def _weight(note: WeightNote) -> str:
    name = f"{printable(note.layer)}/{printable(note.weight)}"
    if note.old is None or note.new is None or note.old == note.new:
        return f"{name} {words.whole(note.new if note.old is None else note.old)}"
    return f"{name} {words.whole(note.old)} -> {words.whole(note.new)}"


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown_chunks(found: Diff) -> Iterator[str]:
    """The differences as Markdown (GitHub's), long lists folded."""
    old, new = map(markdown, words.titles(found))
    yield f"### {old} → {new}\n\n"
    yield f"|  | {old} | {new} | change |\n| --- | ---: | ---: | ---: |\n"
    for one in found.totals:
        title = MEASURES[one.measure].title
        cells = (words.amount(one.measure, one.old), words.amount(one.measure, one.new), words.change(one))
        yield f"| {title} | {' | '.join(map(markdown, cells))} |\n"
    yield f"\n{markdown(words.notes(found))}\n"
    yield f"\n**Layers** {found.layers[0]:,} → {found.layers[1]:,}: {markdown(words.layer_counts(found))}\n"
    titles = ("added", "removed", "changed", "with other shapes or numbers because of that", "renamed")
    for title, some in zip(titles, _layer_lines(found), strict=True):
        language = "diff" if title in ("added", "removed") else "text"
        items = ["".join(text for text, _ in line).strip() for line in some]
        yield from _folded(f"{len(some):,} {title}", items, language)
    if found.sizes:
        yield "\n**Legal sizes**\n\n"
        for symbol, text, same in words.size_rows(found):
            shown = markdown(text)
            yield f"- {markdown(printable(symbol))}: {shown if same else f'**{shown}**'}\n"
    yield "\n**Weights**\n\n"
    for said in words.weights_said(found):
        yield f"- {markdown(said)}\n"
    notes = words.unfit(found.weights)
    yield from _folded(f"{counted(len(notes), 'that does', 'that do')} not fit", [_weight(note) for note in notes])


def _folded(title: str, items: Sequence[str], language: str = "text") -> Iterator[str]:
    """A list in code, folded where it is long."""
    if not items:
        return
    text = "\n".join(items)
    ticks = "```"
    while ticks in text:
        ticks += "`"
    block = f"\n{ticks}{language}\n{text}\n{ticks}\n"
    if len(items) <= _MOST_LISTED:
        yield f"\n{title}:\n{block}"
    else:
        yield f"\n<details><summary>{title}</summary>\n{block}\n</details>\n"


# --- JSON -------------------------------------------------------------------------------------------------------------


def document(found: Diff) -> dict[str, object]:
    """The differences as plain dictionaries and lists. A formula is a text, and what is not known is null."""
    models = zip(found.names, found.paths, found.layers, found.batches, strict=True)
    old, new = [
        {"name": name, "path": path, "layers": count, "batch": units.plain_number(batch)}
        for name, path, count, batch in models
    ]
    fitting = found.weights
    return {
        "schema": SCHEMA,
        "old": old,
        "new": new,
        "optimizer": found.optimizer,
        "totals": {one.measure: _delta_object(one) for one in found.totals},
        "layers": {
            "added": [*map(_note_object, found.added)],
            "removed": [*map(_note_object, found.removed)],
            "changed": [*map(_change_object, found.changed)],
            "affected": [*map(_change_object, found.affected)],
            "renamed": [{"old": one, "new": other} for one, other in found.renamed],
            "same": found.same,
        },
        "sizes": [{"symbol": one.symbol, "old": one.old, "new": one.new} for one in found.sizes],
        "weights": {
            "format": fitting.format,
            "fit": fitting.fit,
            "fit_params": units.plain_number(fitting.fit_params),
            "total": fitting.total,
            "total_params": units.plain_number(fitting.total_params),
            "reshaped": _weight_objects(fitting.reshaped),
            "skipped": _weight_objects(fitting.skipped),
            "missing": _weight_objects(fitting.missing),
            "left_over": _weight_objects(fitting.left_over),
            "renamed": [{"old": one, "new": other} for one, other in fitting.renamed],
            "unknown": list(fitting.unknown),
            "refused": fitting.refused or None,
        },
    }


def json_chunks(found: Diff) -> Iterator[str]:
    """The differences as JSON."""
    yield json.dumps(document(found), indent=1, ensure_ascii=True) + "\n"


def _delta_object(one: Delta) -> dict[str, object]:
    known = one.old is not UNKNOWN and one.new is not UNKNOWN
    return {
        "old": units.plain_number(one.old),
        "new": units.plain_number(one.new),
        "change": units.plain_number(one.new - one.old) if known else None,
    }


def _note_object(one: LayerNote) -> dict[str, object]:
    return {
        "name": one.name,
        "type": one.type,
        "params": units.plain_number(one.params),
        "output": plain_shape(one.output),
    }


def _change_object(one: Change) -> dict[str, object]:
    return {
        "name": one.name,
        "new_name": one.new_name,
        "type": one.type,
        "fields": {field: {"old": old, "new": new} for field, old, new in one.fields},
        "output": {"old": plain_shape(one.output[0]), "new": plain_shape(one.output[1])},
        "params": {"old": units.plain_number(one.params[0]), "new": units.plain_number(one.params[1])},
        "macs": {"old": units.plain_number(one.macs[0]), "new": units.plain_number(one.macs[1])},
    }


def _weight_objects(notes: Iterable[WeightNote]) -> list[dict[str, object]]:
    return [
        {"layer": one.layer, "weight": one.weight, "old": plain_shape(one.old), "new": plain_shape(one.new)}
        for one in notes
    ]
