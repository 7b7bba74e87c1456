"""The best of several names varied at once, as text and as JSON, `cnnsum.best/1`. Sees the plain records only."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cnnsum.answers.fit.formats import cost, costs_object, costs_within, refused
from cnnsum.answers.fit.records import Best
from cnnsum.counted import counted
from cnnsum.render import units
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span

SCHEMA = "cnnsum.best/1"

#: From here on numbers are told with a unit, and rounded.
_ROUNDED = 1_000


def lines(found: Best, _width: int) -> Iterator[list[Span]]:
    """The answer as lines of styled spans."""
    yield [(f'Model: "{printable(found.model)}"', "bold")]
    yield []
    what = printable("=".join(found.maximized))
    if found.values is not None and found.costs is not None:
        yield [(f" The most {what}:", "bold")]
        values = dict(zip(found.names, found.values, strict=True))
        for names in found.axes:
            value = values[names[0]]
            yield [(f"   {printable('='.join(names))} = ", ""), (units.value(value), NUMBER)]
        yield []
        yield from costs_within(found.costs, found.limits, found.optimizer)
        if found.maximized[0] in found.costs._fields:
            number = found.costs._asdict()[found.maximized[0]]
            yield cost(what, found.maximized[0], number, units.exact(number) if number >= _ROUNDED else "")
    else:
        yield [(" Nothing is within the limits.", "bold")]
        for limit, least in zip(found.limits, found.least, strict=True):
            text = "no variant is accepted" if least is None else f"the least of {limit.measure} is {least:,}"
            yield [(f"   --{limit.name} {limit.most:,}: {text}", "")]
    yield []
    seen = counted(found.variants, "variant was", "variants were")
    yield [
        (f" {seen} looked at: {counted(found.accepted, 'is', 'are')} accepted, {found.within:,} within the limits.", "")
    ]
    yield from refused(found.recorded)


def document(found: Best) -> dict[str, object]:
    """The answer as plain dictionaries and lists."""
    return {
        "schema": SCHEMA,
        "model": found.model,
        "optimizer": found.optimizer,
        "vary": list(found.names),
        "maximize": found.maximized[0],
        "status": "nothing" if found.values is None else "found",
        "values": None if found.values is None else dict(zip(found.names, found.values, strict=True)),
        "costs": costs_object(found.costs),
        "limits": [
            {"name": limit.name, "measure": limit.measure, "most": limit.most, "least": least}
            for limit, least in zip(found.limits, found.least, strict=True)
        ],
        "variants": found.variants,
        "accepted": found.accepted,
        "within": found.within,
        **({} if found.recorded is None else {"recorded": found.recorded}),
    }


def json_chunks(found: Best) -> Iterator[str]:
    """The answer as JSON."""
    yield json.dumps(document(found), indent=1, ensure_ascii=True) + "\n"
