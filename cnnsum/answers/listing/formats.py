"""A list of models as a table, CSV, JSON lines, Parquet, JSON (`cnnsum.list/1`) and markdown.

Sees plain records and nothing else. A table is laid out when all models are known; the other formats are written as
they come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from cnnsum.answers import rows
from cnnsum.answers.listing.records import COLUMNS, USUAL, Listed, Listing
from cnnsum.answers.measures import MEASURES
from cnnsum.answers.rows import Table, parts_of
from cnnsum.ink import markdown
from cnnsum.render import units
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span, cell_length, fold_spans
from cnnsum.typed import TypeVar

SCHEMA = "cnnsum.list/1"

T = TypeVar("T")

#: What a table shows by default; beside it stands what is wrong with a model.
_SHOWN = ("path", "format", "params", "macs", "weights", "peak", "training")
#: What it can do without, and leaves out first where a terminal is narrow.
_LEAST = ("weights", "format", "peak", "macs", "training")
#: What stands between two columns, and before a status that stands below its line.
_BETWEEN, _BELOW = "  ", "    "
_LINES_PER_CHUNK = 1_000


def lines(listing: Listing, _width: int, room: int | None = None) -> Iterator[list[Span]]:
    """The table as lines of styled spans. Behind the columns stands the status of what is not "ok", and why.

    room: columns of the terminal, None for as many as it takes. A status without room in its line stands below; of the
    columns that nobody asked for, those that say least are left out, and named.
    """
    models = list(listing)
    names = listing.columns or _SHOWN
    table = {name: [_cell(name, model.values()[name]) for model in models] for name in names}
    titles = {name: MEASURES[name].head if name in MEASURES else name.capitalize() for name in names}
    widths = {name: max(map(cell_length, (titles[name], *cells))) for name, cells in table.items()}
    left_out = [] if room is None or listing.columns is not None else _without_room(widths, room)
    told = not {"status", "why"} & {*names}
    yield [(_line(titles, widths).rstrip(), "bold")]
    for number, model in enumerate(models):
        row = {name: cells[number] for name, cells in table.items()}
        # Of an error there are no numbers: it stands in their place.
        alone = told and model.status == "error" and names[0] == "path"
        line = row["path"] if alone else _line(row, widths)
        if not told or model.status == "ok":
            yield [(line.rstrip(), NUMBER)]
            continue
        why = f"{model.status}: {printable(model.why)}"
        if room is None or cell_length(line) + 2 + cell_length(why) <= room:
            yield [(f"{line}  ", NUMBER), (why, "")]
        else:
            yield [(line.rstrip(), NUMBER)]
            for part in fold_spans([(why, "")], max(room - len(_BELOW), 20)):
                yield [(_BELOW, ""), *part]
    if listing.batch is not None:
        batch = f"Memory for a batch of {listing.batch:,}"
        yield []
        yield [(f" {batch}; training with {printable(listing.optimizer)}", "")]
    if left_out:
        yield []
        yield [(f" Without room in {room} columns: {', '.join(left_out)}", "")]


def _without_room(widths: dict[str, int], room: int) -> list[str]:
    """Take columns out until the others have room; those that were taken out."""
    taken = []
    for name in _LEAST:
        if sum(widths.values()) + len(_BETWEEN) * (len(widths) - 1) <= room:
            break
        del widths[name]
        taken.append(name)
    return taken


def _line(row: Mapping[str, str], widths: Mapping[str, int]) -> str:
    padded = []
    for name, width in widths.items():
        space = " " * (width - cell_length(row[name]))
        padded.append(space + row[name] if COLUMNS[name] is int else row[name] + space)
    return _BETWEEN.join(padded)


def _cell(name: str, value: int | str | None) -> str:
    if isinstance(value, str):
        return printable(value)
    if value is None:
        return "?"
    return MEASURES[name].short(value) if name in MEASURES else units.count(value)


def _values(model: Listed, names: Sequence[str]) -> dict[str, int | str | None]:
    values = model.values()
    return {name: values[name] for name in names}


def _table(listing: Listing) -> Table:
    names = listing.columns or USUAL
    records = ([*_values(model, names).values()] for model in listing)
    return Table({name: COLUMNS[name] for name in names}, parts_of(records, len(names)))


def csv_chunks(listing: Listing) -> Iterator[str]:
    """CSV (RFC 4180): exact numbers, empty where they are not known."""
    return rows.csv_chunks(_table(listing))


def jsonl_chunks(listing: Listing) -> Iterator[str]:
    """An object a line; null where a number is not known."""
    return rows.jsonl_chunks(_table(listing))


def parquet_chunks(listing: Listing) -> Iterator[bytes]:
    """A file of Parquet."""
    return rows.parquet_chunks(_table(listing))


def json_chunks(listing: Listing) -> Iterator[str]:
    """One JSON object; a model is one line of it."""
    start = {"schema": SCHEMA, "batch": listing.batch, "optimizer": listing.optimizer}
    yield "{\n" + "".join(f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in start.items())
    yield ' "models": ['
    separator = "\n"
    for chunk in _chunks(_objects(listing)):
        yield separator + ",\n".join([f"  {one}" for one in chunk])
        separator = ",\n"
    yield "]\n}\n" if separator == "\n" else "\n ]\n}\n"


def _objects(listing: Listing) -> Iterator[str]:
    names = listing.columns or USUAL
    encode = json.JSONEncoder(check_circular=False).encode
    return (encode(_values(model, names)) for model in listing)


def markdown_chunks(listing: Listing) -> Iterator[str]:
    """A table in markdown with exact numbers."""
    names = listing.columns or (*_SHOWN, "status", "why")
    sides = ["---:" if COLUMNS[name] is int else ":---" for name in names]
    yield f"| {' | '.join(names)} |\n| {' | '.join(sides)} |\n"
    for model in listing:
        cells = [
            "" if value is None else f"{value:,}" if isinstance(value, int) else markdown(value)
            for value in _values(model, names).values()
        ]
        yield f"| {' | '.join(cells)} |\n"


def _chunks(items: Iterator[T]) -> Iterator[list[T]]:
    """What comes, a part of it at a time: the first by itself, as a reader may wait for it."""
    count = 1
    while chunk := list(islice(items, count)):
        yield chunk
        count = _LINES_PER_CHUNK
