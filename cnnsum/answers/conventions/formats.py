"""A reconciliation with another tool as text and as JSON, `cnnsum.convention/1`. Sees the plain records only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from textwrap import wrap

from cnnsum.answers.conventions.ask import ConventionReport, Reason
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.units import plain_number
from cnnsum.render.wrap import Span

SCHEMA = "cnnsum.convention/1"

#: Lines of layers' names that a reason may take.
_MOST_LINES = 3

_Line = list[Span]


def lines(report: ConventionReport, width: int) -> Iterator[_Line]:
    """The reconciliation as a sum: cnnsum's MACs, a summand per reason with its layers, the tool's number."""
    amounts = [_number(report.ours), *[_signed(reason.amount) for reason in report.reasons], _number(report.theirs)]
    longest = max(map(len, amounts))
    column = max(13, longest + 1) if longest <= width // 2 else 13
    room = max(width - column - 3, 30)
    yield [(f'Model: "{printable(report.model)}"', "bold")]
    yield []
    yield from _summand(amounts[0], ["MACs per sample"], column)
    for reason, amount in zip(report.reasons, amounts[1:-1], strict=True):
        yield from _summand(amount, wrap(reason.reason, room), column)
        yield from ([(f"{'':{column}}    {line}", "")] for line in _layers(reason, room - 2))
    yield [(f" {'-' * (column - 1)}", "")]
    yield from _summand(amounts[-1], wrap(f"{report.unit} as {report.tool} counts", room), column)
    if report.theirs is UNKNOWN:
        text = f"at least {_number(report.known)}: the sum of what is known"
        yield [(f"{'':{column}}  {text}", "")]
    for note in (*_formulas(report), report.says, *report.notes):
        if note:
            yield []
            yield from ([(f" {line}", "")] for line in wrap(f"Note: {note}.", width - 1))


def _formulas(report: ConventionReport) -> Iterator[str]:
    if not isinstance(report.ours, int) and report.ours is not UNKNOWN:
        yield "the numbers depend on the size of the input: give it with --input"


def json_chunks(report: ConventionReport) -> Iterator[str]:
    """The reconciliation as JSON."""
    yield json.dumps(document(report), indent=1, ensure_ascii=True) + "\n"


def document(report: ConventionReport) -> dict[str, object]:
    """The reconciliation as plain dictionaries and lists: of every layer ours, theirs, and each difference."""
    return {
        "schema": SCHEMA,
        "model": report.model,
        **total(report),
        "ours": plain_number(report.ours),
        "reasons": [
            {
                "reason": reason.reason,
                "amount": plain_number(reason.amount),
                "layers": [name for name, _ in reason.rows],
            }
            for reason in report.reasons
        ],
        "layers": [
            {
                "name": row.name,
                "type": row.type,
                "ours": plain_number(row.ours),
                "theirs": plain_number(row.theirs),
                "differences": [
                    {"reason": difference.reason, "amount": plain_number(difference.amount)}
                    for difference in row.differences
                ],
            }
            for row in report.rows
        ],
        "notes": [note for note in (report.says, *report.notes) if note],
    }


def total(report: ConventionReport) -> dict[str, object]:
    """The tool's number alone, and whether it is known in full."""
    return {
        "convention": report.name,
        "tool": report.tool,
        "unit": report.unit,
        "theirs": plain_number(report.theirs),
        "known": plain_number(report.known),
    }


def _number(value: Dim) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _signed(value: Dim) -> str:
    return f"{value:+,}" if isinstance(value, int) else str(value)


def _summand(amount: str, words: Sequence[str], column: int) -> Iterator[_Line]:
    """A number at the right of its column and words beside it; a number too long for the column has its own line."""
    if len(amount) >= column:
        yield [(f" {amount}", NUMBER)]
        amount = ""
    for index, part in enumerate(words):
        number = "" if index else amount
        yield [(" " * (column - len(number)), ""), (number, NUMBER), (f"  {part}", "")]


def _layers(reason: Reason, room: int) -> list[str]:
    """The layers that a reason concerns, in as many lines as there may be, the rest as a number."""
    reserve = len(f" and {len(reason.rows):,} more")
    found: list[str] = []
    line = ""
    for index, (name, _) in enumerate(reason.rows):
        own = printable(name)
        if len(own) > room - reserve:
            own = f"{own[: room - reserve - 1]}…"
        rest = len(reason.rows) - index
        last = len(found) == _MOST_LINES - 1
        longer = f"{line}, {own}" if line else own
        if not line or len(longer) <= room - (reserve if last and rest > 1 else 1):
            line = longer
        elif last:
            return [*found, f"{line} and {rest:,} more"]
        else:
            found.append(f"{line},")
            line = own
    return [*found, line]
