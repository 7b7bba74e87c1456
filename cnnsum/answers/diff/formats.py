"""The differences between two models as text, as Markdown for pull requests, and as JSON, `cnnsum.diff/1`.

Sees the plain records and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cnnsum.answers.diff.ask import Change, Delta, Diff, Fitting, LayerNote, WeightNote, alike
from cnnsum.answers.summary.measured import MEASURES, percent
from cnnsum.answers.summary.records import Shape
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.ink import markdown
from cnnsum.render import units
from cnnsum.render.style import NO, NUMBER, YES, printable
from cnnsum.render.units import plain_shape
from cnnsum.render.wrap import Span

SCHEMA = "cnnsum.diff/1"

_Line = list[Span]
_MOST_LISTED = 12
_PLAIN = ""


# --- the words that text and Markdown share ---------------------------------------------------------------------------


def _shape(shape: Shape | None) -> str:
    """A shape with its batch left out, which is the same in both models."""
    return "?" if shape is None else f"({', '.join(map(str, shape[1:]))})"


def _whole(shape: Shape | None) -> str:
    return "?" if shape is None else f"({', '.join(map(str, shape))})"


def _amount(measure: str, number: Dim) -> str:
    return "not known" if number is UNKNOWN else MEASURES[measure].exact(number)


def _change(delta: Delta) -> str:
    """How much more or less: "+1,000 (+2.5%)"."""
    if delta.old is UNKNOWN or delta.new is UNKNOWN:
        return "not known" if delta.old is delta.new else ""
    if delta.old == delta.new:
        return "same"
    difference = delta.new - delta.old
    if not isinstance(difference, int):
        return "" if difference is UNKNOWN else f"{difference}"
    sign = "+" if difference > 0 else "-"
    rate = percent(abs(difference), delta.old) if isinstance(delta.old, int) else ""
    if rate.startswith("<"):
        return f"{sign}{MEASURES[delta.measure].exact(abs(difference))} ({rate})"
    return f"{sign}{MEASURES[delta.measure].exact(abs(difference))}{f' ({sign}{rate})' if rate else ''}"


def _params(number: Dim) -> str:
    if number == 0:
        return "no parameters"
    return "parameters not known" if number is UNKNOWN else f"{units.exact(number)} parameters"


def _details(change: Change) -> list[str]:
    """What is different about a layer, a part each."""
    found = [f"{field} {old} -> {new}" for field, old, new in change.fields]
    if not alike(*change.output):
        found.append(f"output {_shape(change.output[0])} -> {_shape(change.output[1])}")
    if not alike(*change.params):
        found.append(f"parameters {units.exact(change.params[0])} -> {units.exact(change.params[1])}")
    if not found:
        found.append(f"MACs {units.exact(change.macs[0])} -> {units.exact(change.macs[1])}")
    return found


def _layer_counts(found: Diff) -> str:
    counts = [
        (len(found.added), "added"),
        (len(found.removed), "removed"),
        (len(found.changed), "changed"),
        (len(found.affected), "with other shapes or numbers because of that"),
        (len(found.renamed), "renamed"),
    ]
    said = [f"{count:,} {what}" for count, what in counts if count]
    return ", ".join([*said, f"{found.same:,} as before"])


def _titles(found: Diff) -> tuple[str, str]:
    """What the two models are called: by their names, or by their files where those are the same."""
    old, new = map(printable, found.names)
    if old != new:
        return old, new
    old, new = map(printable, found.paths)
    return (old, new) if old != new else ("old", "new")


#: What a checkpoint of the old model is called, by its format.
_CHECKPOINTS = {
    "keras": "a .weights.h5 of the old one (by the order of each class)",
    "h5": "a legacy .h5 of the old one (by the order of layers)",
    "h5-by-name": "a legacy .h5 of the old one (by name)",
}


def _weights_said(found: Diff) -> list[str]:
    """What a checkpoint of the old model is for the new one."""
    fitting = found.weights
    unknown = len(fitting.unknown)
    layers = f"{unknown:,} layer{'s' * (unknown != 1)}"
    not_known = [f"nothing is known of the weights of {layers} of the new model"] if unknown else []
    if not fitting.total:
        return not_known or ["the new model has no weights"]
    rate = ""
    if isinstance(fitting.fit_params, int) and isinstance(fitting.total_params, int):
        rate = f", {percent(fitting.fit_params, fitting.total_params)} of its parameters"
    fit = "all" if fitting.fit == fitting.total else f"{fitting.fit:,} of {fitting.total:,}"
    if not fitting.fit:
        fit, rate = "none of the", ""
    said = [f"{fit} weights of the new model are loaded from {_CHECKPOINTS[fitting.format]}{rate}"]
    if fitting.refused:
        said.append(f"Keras refuses it: {fitting.refused}")
    parts = (
        (fitting.reshaped, "in it with another shape"),
        (fitting.skipped, "left out with a layer whose other weights do not fit"),
        (fitting.missing, "not in it"),
        (fitting.left_over, "in it, and no longer needed"),
    )
    said += [f"{len(notes):,} {'is' if len(notes) == 1 else 'are'} {what}" for notes, what in parts if notes]
    if fitting.renamed:
        layers = f"{len(fitting.renamed):,} layer{'s' * (len(fitting.renamed) != 1)}"
        said.append(f"those of {layers} would fit under the old name")
    return said + not_known


def _unfit(fitting: Fitting) -> tuple[WeightNote, ...]:
    return (*fitting.reshaped, *fitting.skipped, *fitting.missing)


def _size_rows(found: Diff) -> list[tuple[str, str, bool]]:
    """Each symbol, what it must fulfil, and whether that is as before."""
    rows = []
    for one in found.sizes:
        if one.old == one.new:
            rows.append((one.symbol, f"{one.new}, as before", True))
        else:
            missing = ["no such size" if known else "not known" for known in one.known]
            rows.append((one.symbol, f"{one.old or missing[0]} -> {one.new or missing[1]}", False))
    return rows


# --- text -------------------------------------------------------------------------------------------------------------


def lines(found: Diff, _width: int, *, verbose: bool = False) -> Iterator[_Line]:
    """The differences as lines of styled spans. verbose: every layer and weight, however many there are."""
    most = None if verbose else _MOST_LISTED
    old, new = _titles(found)
    yield [(f"{old} -> {new}", "bold")]
    yield []
    if found.is_empty:
        known = all(one.old is not UNKNOWN for one in found.totals)
        of = "" if known else " in what is known"
        yield [(f" No difference{of}: {found.same:,} layers are the same.", _PLAIN)]
        yield []
    yield from _table(found, old, new)
    yield []
    yield [(" Layers", "bold"), (f"  {found.layers[0]:,} -> {found.layers[1]:,}: {_layer_counts(found)}", _PLAIN)]
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
        for symbol, text, same in _size_rows(found):
            yield [(f"   {printable(symbol)}  ", "bold"), (text, _PLAIN if same else NUMBER)]
    yield []
    yield [(" Weights", "bold")]
    for said in _weights_said(found):
        yield [(f"   {said}", _PLAIN)]
    notes = [[("     ", _PLAIN), (_weight(note), _PLAIN)] for note in _unfit(found.weights)]
    yield from _limited(notes, most, "")


def _layer_lines(found: Diff) -> list[list[_Line]]:
    """A line for each layer: added, removed, changed, affected, and renamed with nothing else to be said of it."""
    told = {one.name for one in (*found.changed, *found.affected)}

    def note(mark: str, style: str, one: LayerNote) -> _Line:
        text = f"  {printable(one.type)}, {_params(one.params)}, output {_shape(one.output)}"
        return [(f"   {mark} {printable(one.name)}", style), (text, _PLAIN)]

    def change(one: Change) -> _Line:
        name = (
            printable(one.name) if one.name == one.new_name else f"{printable(one.name)} -> {printable(one.new_name)}"
        )
        details = "; ".join(map(printable, _details(one)))
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


def _table(found: Diff, old: str, new: str) -> Iterator[_Line]:
    rows = [
        (
            MEASURES[one.measure].title,
            _amount(one.measure, one.old),
            _amount(one.measure, one.new),
            _change(one),
        )
        for one in found.totals
    ]
    titles = max(len(row[0]) for row in rows)
    # Formulas are too long for columns.
    if any(not isinstance(number, int) and number is not UNKNOWN for one in found.totals for number in one[1:]):
        for title, before, after, change in rows:
            text = f"{after}, as before" if change == "same" else f"{before} -> {after}"
            yield [(f" {title:<{titles}}  ", _PLAIN), (text, NUMBER)]
        yield [(f" {_notes(found)}", _PLAIN)]
        return
    left = max(len(old) if len(old) <= _MOST_TITLE else 3, *[len(row[1]) for row in rows])
    right = max(len(new) if len(new) <= _MOST_TITLE else 3, *[len(row[2]) for row in rows])
    heads = (old, new) if max(len(old), len(new)) <= _MOST_TITLE else ("old", "new")
    yield [(f" {'':<{titles}}  {heads[0]:>{left}}  {heads[1]:>{right}}", "bold")]
    for title, before, after, change in rows:
        yield [
            (f" {title:<{titles}}  ", _PLAIN),
            (f"{before:>{left}}  {after:>{right}}", NUMBER),
            (f"  {change}" if change else "", _PLAIN),
        ]
    yield [(f" {_notes(found)}", _PLAIN)]


_MOST_TITLE = 24


def _notes(found: Diff) -> str:
    """What memory is estimated for."""
    old, new = map(units.exact, found.batches)
    batch = f"a batch of {new}" if old == new else f"batches of {old} and {new}"
    return f"Memory for {batch}; training with {found.optimizer}; MACs and FLOPs per sample."


def _weight(note: WeightNote) -> str:
    name = f"{printable(note.layer)}/{printable(note.weight)}"
    if note.old is None or note.new is None or note.old == note.new:
        return f"{name} {_whole(note.new if note.old is None else note.old)}"
    return f"{name} {_whole(note.old)} -> {_whole(note.new)}"


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown_chunks(found: Diff) -> Iterator[str]:
    """The differences as Markdown (GitHub's), long lists folded."""
    old, new = map(markdown, _titles(found))
    yield f"### {old} → {new}\n\n"
    yield f"|  | {old} | {new} | change |\n| --- | ---: | ---: | ---: |\n"
    for one in found.totals:
        title = MEASURES[one.measure].title
        cells = (_amount(one.measure, one.old), _amount(one.measure, one.new), _change(one))
        yield f"| {title} | {' | '.join(map(markdown, cells))} |\n"
    yield f"\n{markdown(_notes(found))}\n"
    yield f"\n**Layers** {found.layers[0]:,} → {found.layers[1]:,}: {markdown(_layer_counts(found))}\n"
    titles = ("added", "removed", "changed", "with other shapes or numbers because of that", "renamed")
    for title, some in zip(titles, _layer_lines(found), strict=True):
        language = "diff" if title in ("added", "removed") else "text"
        items = ["".join(text for text, _ in line).strip() for line in some]
        yield from _folded(f"{len(some):,} {title}", items, language)
    if found.sizes:
        yield "\n**Legal sizes**\n\n"
        for symbol, text, same in _size_rows(found):
            shown = markdown(text)
            yield f"- {markdown(printable(symbol))}: {shown if same else f'**{shown}**'}\n"
    yield "\n**Weights**\n\n"
    for said in _weights_said(found):
        yield f"- {markdown(said)}\n"
    notes = _unfit(found.weights)
    yield from _folded(f"{len(notes):,} that do not fit", [_weight(note) for note in notes])


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


def document(found: Diff) -> dict[str, Any]:
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


def _delta_object(one: Delta) -> dict[str, Any]:
    known = one.old is not UNKNOWN and one.new is not UNKNOWN
    return {
        "old": units.plain_number(one.old),
        "new": units.plain_number(one.new),
        "change": units.plain_number(one.new - one.old) if known else None,
    }


def _note_object(one: LayerNote) -> dict[str, Any]:
    return {
        "name": one.name,
        "type": one.type,
        "params": units.plain_number(one.params),
        "output": plain_shape(one.output),
    }


def _change_object(one: Change) -> dict[str, Any]:
    return {
        "name": one.name,
        "new_name": one.new_name,
        "type": one.type,
        "fields": {field: {"old": old, "new": new} for field, old, new in one.fields},
        "output": {"old": plain_shape(one.output[0]), "new": plain_shape(one.output[1])},
        "params": {"old": units.plain_number(one.params[0]), "new": units.plain_number(one.params[1])},
        "macs": {"old": units.plain_number(one.macs[0]), "new": units.plain_number(one.macs[1])},
    }


def _weight_objects(notes: Iterable[WeightNote]) -> list[dict[str, Any]]:
    return [
        {"layer": one.layer, "weight": one.weight, "old": plain_shape(one.old), "new": plain_shape(one.new)}
        for one in notes
    ]
