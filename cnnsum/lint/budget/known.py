"""What can be said of a model's numbers where not all of them are known: the part that is, and why the rest is not.

Takes models and their reports. Knows no budget, no baseline and no screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.answers.summary.cells import known_sum
from cnnsum.answers.summary.measured import MEASURES, measured, share
from cnnsum.answers.summary.records import Report, Row
from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.model import Model

#: Measures that are sums over layers: what is known of some of them is a part of the whole.
_SUMS = ("params", "trainable", "macs", "flops", "weights")
_MOST_NAMED = 3


def numbers_of(model: Model, report: Report) -> dict[str, Dim]:
    """The measures of a model; UNKNOWN where its file could not be read to its end.

    What a reader refuses (an included file that is missing, a doubled key, a number of repetitions) is in no graph, and
    in no sum over it, so that the sum seems whole.
    """
    if is_whole(model):
        return measured(report.totals)
    return dict.fromkeys(MEASURES, UNKNOWN)


def is_whole(model: Model) -> bool:
    """Whether all that a file says is in the graph that was read of it."""
    return not any(one.severity == "error" for one in model.graph.diagnostics)


def least_of(report: Report, measure: str) -> Dim:
    """What is known of a measure that is not known as a whole, which is at least as much; 0 for nothing."""

    def part(row: Row) -> Dim:
        return share(row, measure)

    return known_sum(report.rows, part) if measure in _SUMS else 0


def because_of(errors: Sequence[Diagnostic]) -> str | None:
    """The errors that leave something unknown, as a help: they may be shown nowhere."""
    if not errors:
        return None
    named = [_named(one) for one in errors[:_MOST_NAMED]]
    more = f", and {len(errors) - _MOST_NAMED:,} more" if len(errors) > _MOST_NAMED else ""
    return f"what is wrong with the file is silenced, and leaves it open: {'; '.join(named)}{more}"


def _named(error: Diagnostic) -> str:
    at = "" if error.span is None else f" in line {error.span.line:,}"
    return f"{error.code}{at} ({error.message})"
