"""Sweeps as a table, CSV, markdown and JSON (`cnnsum.sweep/1`): a variant to a line, written as they come.

Sees plain records and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

from cnnsum.answers import rows
from cnnsum.answers.measures import MEASURES as EVERY
from cnnsum.answers.sweep.records import Swept
from cnnsum.answers.variants.costs import MEASURES
from cnnsum.counted import counted
from cnnsum.ink import markdown
from cnnsum.render import units
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span

SCHEMA = "cnnsum.sweep/1"

_LINES_PER_CHUNK = 1_000
_Line = list[Span]

#: The measures that a table shows.
_SHOWN = ("params", "macs", "peak", "training")
_WIDTH = 12


def lines(swept: Swept, _width: int) -> Iterator[_Line]:
    """The table as lines of styled spans."""
    head = swept.head
    yield [(f'Model: "{printable(head.model)}"', "bold")]
    batch = " for each batch" if head.batch is None else f" for a batch of {head.batch:,}"
    yield [(f" {counted(head.variants, 'variant')}; memory{batch}; training with {printable(head.optimizer)}", "")]
    yield []
    widths = []
    places = []
    place = 0
    for names, values in head.columns:
        longest = max(
            len(units.value(value)) for value in (values if len(values) <= 100 else (*values[:100], values[-1]))
        )
        widths.append(max(len("=".join(names)), longest))
        places.append(place)
        place += len(names)
    titles = "".join(f"  {'='.join(names):>{width}}" for (names, _), width in zip(head.columns, widths, strict=True))
    yield [(titles[1:] + "".join(f"{title:>{_WIDTH}}" for title in [EVERY[name].head for name in _SHOWN]), "bold")]
    for values, outcome in swept.variants():
        line = "".join(
            [f"  {units.value(values[place]):>{width}}" for place, width in zip(places, widths, strict=True)]
        )[1:]
        if outcome.costs is None:
            what = "not accepted" if outcome.status == "illegal" else "error"
            yield [(line, NUMBER), (f"  {what}: {printable(outcome.why)}", "")]
            continue
        costs = outcome.costs._asdict()
        cells = ["?" if costs[name] is None else EVERY[name].short(costs[name]) for name in _SHOWN]
        yield [(line, NUMBER), ("".join([f"{cell:>{_WIDTH}}" for cell in cells]), "")]


def csv_chunks(swept: Swept) -> Iterator[str]:
    """CSV (RFC 4180); what is not known is left empty."""
    return rows.csv_chunks(swept.table)


def jsonl_chunks(swept: Swept) -> Iterator[str]:
    """JSON, a variant to a line."""
    return rows.jsonl_chunks(swept.table)


def parquet_chunks(swept: Swept) -> Iterator[bytes]:
    """A file of Parquet."""
    return rows.parquet_chunks(swept.table)


def markdown_chunks(swept: Swept) -> Iterator[str]:
    """A table in markdown with exact numbers."""
    head = swept.head
    titles = (*map(markdown, head.names), *MEASURES, "why")
    yield f"| {' | '.join(titles)} |\n|{' ---: |' * (len(titles) - 1)} :--- |\n"
    for values, outcome in swept.variants():
        costs = ["" if cost is None else f"{cost:,}" for cost in outcome.costs or (None,) * len(MEASURES)]
        cells = [*(markdown(units.value(value)) for value in values), *costs, markdown(outcome.why)]
        yield f"| {' | '.join(cells)} |\n"


def json_chunks(swept: Swept) -> Iterator[str]:
    """One JSON object; a variant is one line of it."""
    head = swept.head
    encode = json.JSONEncoder(check_circular=False).encode
    start = {
        "schema": SCHEMA,
        "model": head.model,
        "names": list(head.names),
        "batch": head.batch,
        "optimizer": head.optimizer,
        "count": head.variants,
    }
    yield "{\n" + "".join(f" {encode(name)}: {encode(value)},\n" for name, value in start.items())
    yield ' "variants": ['
    separator = "\n"
    remaining = swept.variants()
    while chunk := list(islice(remaining, _LINES_PER_CHUNK)):
        lines = []
        for values, outcome in chunk:
            costs = outcome.costs or (None,) * len(MEASURES)
            record = {
                "values": dict(zip(head.names, values, strict=True)),
                "status": outcome.status,
                **dict(zip(MEASURES, costs, strict=True)),
                "why": outcome.why or None,
            }
            lines.append(f"{separator}  {encode(record)}")
            separator = ",\n"
        yield "".join(lines)
    yield "]\n}\n" if separator == "\n" else "\n ]\n}\n"
