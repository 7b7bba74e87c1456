"""What the formats of a chart are given. Knows no format and no screen."""

from __future__ import annotations

from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.answers.summary.records import Report


class Charted(NamedTuple):
    """A report as a chart. what: "memory" (of a report with a plan), "params" or "macs"."""

    report: Report
    what: str
