"""The numbers of a model that are limited by a budget, held against a baseline, or compared with another model.

One name for each, the same everywhere. Takes reports; knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnsum.answers.measures import MEASURES as EVERY
from cnnsum.answers.summary.records import Row, Totals
from cnnsum.dims import Dim

#: Sums over a model that the totals of its report hold, by name.
MEASURES = {name: measure for name, measure in EVERY.items() if name != "inference"}


def measured(totals: Totals) -> dict[str, Dim]:
    """The measures of a model, in the order of MEASURES: numbers, formulas, or UNKNOWN."""
    values = (
        totals.params.total,
        totals.params.trainable,
        totals.macs,
        totals.flops,
        totals.weights.total,
        totals.peak.bytes,
        totals.training.total,
    )
    return dict(zip(MEASURES, values, strict=True))


def share(row: Row, measure: str) -> Dim:
    """What a layer adds to a measure; 0 for the peak, which is not a sum over layers."""
    by_name: Mapping[str, Dim] = {
        "params": row.params.total,
        "trainable": row.params.trainable,
        "macs": row.macs,
        "flops": row.flops,
        "weights": row.memory.weights,
        "training": row.memory.saved,
    }
    return by_name.get(measure, 0)


def largest(rows: tuple[Row, ...], measure: str, most: int = 3) -> list[tuple[str, int]]:
    """The layers that add most to a measure, with what they add; those inside nested models by their path."""
    found = [(name, number) for name, row in opened(rows) if isinstance(number := share(row, measure), int) and number]
    return sorted(found, key=lambda pair: -pair[1])[:most]


def opened(rows: tuple[Row, ...], path: str = "") -> Iterator[tuple[str, Row]]:
    """Every layer by its path, those of nested models in the place of the model."""
    for row in rows:
        if row.rows:
            yield from opened(row.rows, f"{path}{row.name}/")
        else:
            yield path + row.name, row


def percent(part: float, whole: float) -> str:
    """A part of a whole in percent; nothing where that would say nothing.

    >>> percent(1, 3), percent(20636712, 5000000), percent(1, 10**9), percent(10**9 - 1, 10**9)
    ('33.3%', '413%', '<0.1%', '>99.9%')
    >>> percent(1, 0), percent(10**9, 1)
    ('', '')
    """
    if not whole or part > 100 * whole:
        return ""
    rate = 100 * part / whole
    if 0 < rate < 0.1:
        return "<0.1%"
    if 99.9 < rate < 100:
        return ">99.9%"
    return f"{rate:,.1f}%" if rate < 100 else f"{rate:,.0f}%"
